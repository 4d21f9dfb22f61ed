"""Mistakes in what learns: parameters that stay, neurons that are alike or saturated, the wrong optimizer."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from . import examples as examples  # whose mistakes are looked for first
from .entry import Proposal, Watched, in_line, mistake
from .source import Script, names, parts, targets

STAYS = r"froz|freez|fixed|on purpose|fine.?tun|\bhead\b"  # a script that says so keeps parameters as they are


@mistake(
    "parameter never updated",
    "The update leaves out parameters that have gradients, so they stay as they were in the beginning.",
    "Update them like the others: b.data -= lr * b.grad.",
    "kept",
)
def never_updated(source: Script, record: Watched) -> Iterator[Proposal]:
    if re.search(STAYS, source.text, re.IGNORECASE):
        return
    updates = [(s, base) for s, target, base in source.updates() if source.of(target) == f"{base}.data"]
    moved = {base for _, base in updates}
    for name in [name for name in _meant(source, record) if name not in moved]:
        for s, base in updates[-1:]:
            line = re.sub(rf"(?<![\w.]){re.escape(base)}(?!\w)", name, source.of(s))
            if source.above(s, ast.For) is None or (base.isidentifier() and base not in _bound(source, s)):
                yield s.lineno, line, source.appended(s, line)
    for s, base in updates:
        yield from _beside(source, s, base)
    for loop in source.all(ast.For):
        head = source.of(loop.iter)
        whole = re.sub(r"\[:-1\]", "", re.sub(r"range\(len\((\w+)\) - 1\)", r"range(len(\1))", head))
        if whole != head and any(s in parts(loop) for s, _ in updates):
            yield loop.lineno, in_line(source, loop.iter, whole), source.replaced(loop.iter, whole)


def _bound(source: Script, s: Any) -> set[str]:
    found, loop = set(), source.above(s, ast.For)
    while loop is not None:
        found |= names(loop.target)
        loop = source.above(loop, ast.For)
    return found


def _meant(source: Script, record: Watched) -> list[str]:
    """Return the names of leaves that are meant to be trained: their gradient is cleared, or they are called so."""
    leaves = [name for name, reached in record.get("names", {}).get("leaves", {}).items() if reached]
    cleared = {
        source.of(t.value) for s in source.all(ast.Assign) for t in targets(s)
        if isinstance(t, ast.Attribute) and t.attr == "grad"
    }  # fmt: skip
    usual = r"(w|b|W|B|bias|weight|theta|slope|intercept)\w{0,2}"
    return [name for name in leaves if name in cleared or re.fullmatch(usual, name)]


def _beside(source: Script, s: Any, base: str) -> Iterator[Proposal]:
    """Propose to update what the same object has beside the weights that a loop goes over: its bias."""
    place, loop = re.match(r"(.+)\.(\w+)\[", base), source.above(s, ast.For)
    if loop is None:
        return
    if not place and isinstance(loop.iter, ast.Attribute) and source.of(loop.target) == base:
        place = re.match(r"(.+)\.(\w+)$", source.of(loop.iter))
    if not place:
        return
    owner, attribute = place.groups()
    others = {"b"} if attribute == "w" else set()
    for kind in source.all(ast.ClassDef):
        made = [t for t in ast.walk(kind) if isinstance(t, ast.Assign) and source.of(targets(t)[0]).startswith("self.")]
        of_one = [t for t in made if re.match(r"(Value|Parameter)\(", source.of(t.value))]
        if any(source.of(targets(t)[0]) == f"self.{attribute}" for t in made):
            others |= {source.of(targets(t)[0])[5:] for t in of_one}
    for other in sorted(others):
        if not any(source.of(target).endswith(f".{other}.data") for _, target, _ in source.updates()):
            line = source.of(s).replace(base, f"{owner}.{other}")
            yield loop.lineno, line, source.appended(loop, line)


@mistake(
    "gradient of another parameter",
    "A parameter is moved by the gradient of another one, which says nothing of it.",
    "Use its own gradient: b.data -= lr * b.grad.",
    static=True,
)
def anothers_gradient(source: Script, record: Watched) -> Iterator[Proposal]:
    leaves = {name for name, reached in record.get("names", {}).get("leaves", {}).items() if reached}
    roots = {source.of(c.func.value) for c in source.calls("backward") if isinstance(c.func, ast.Attribute)}
    for s, target, base in source.updates():
        own = source.of(target).removesuffix(".data")
        text = source.of(s.value)
        if (
            own != base
            and {own, base} <= leaves | roots
            and own in leaves
            and f"{own}.grad" not in text
            and not _bound(source, s) & {own, base}
        ):
            line = source.of(s).replace(f"{base}.grad", f"{own}.grad")
            yield s.lineno, line, source.replaced(s, line)


@mistake(
    "one momentum for all",
    "All parameters share one number, so each is also moved by the gradients of those before it.",
    "Keep one number for each parameter: v[p] = 0.9 * v[p] - lr * p.grad.",
    static=True,
)
def shared_momentum(source: Script, record: Watched) -> Iterator[Proposal]:
    for loop in source.all(ast.For):
        bound = names(loop.target)
        for s in loop.body:
            if not isinstance(s, ast.Assign) or not isinstance(targets(s)[0], ast.Name) or len(bound) != 1:
                continue
            name, p = source.of(targets(s)[0]), next(iter(bound))
            used = any(
                name in names(t.value) and source.of(target) == f"{p}.data" for t, target, _ in _moves(source, loop)
            )
            start = [t for t in source.assigned(name) if t.lineno < loop.lineno and isinstance(t, ast.Assign)]
            own = name in names(s.value) and f"{p}.grad" in source.of(s.value)
            if own and used and start and isinstance(start[-1].value, ast.Constant):
                per = re.compile(rf"(?<![\w.]){name}(?!\w)")
                line = per.sub(f"{name}[{p}]", source.of(s))
                text = source.replaced(loop, per.sub(f"{name}[{p}]", source.of(loop)))
                begin = f"{name} = dict.fromkeys({source.of(loop.iter)}, 0.0)"
                yield s.lineno, f"{begin}, then {line}", Script(text).replaced(start[-1], begin)


def _moves(source: Script, loop: Any) -> Iterator[tuple[Any, Any, str]]:
    for s in parts(loop):
        if isinstance(s, ast.Assign | ast.AugAssign):
            yield s, targets(s)[0], ""


@mistake(
    "optimizer without a step",
    "An optimizer was made and step() of it is never called, so its parameters stay as they were.",
    "Call step() of the optimizer whose parameters are to move.",
    "unstepped", "unchanged",
)  # fmt: skip
def unstepped(source: Script, record: Watched) -> Iterator[Proposal]:
    for name in record.get("names", {}).get("unstepped", []):
        for call in reversed([*source.calls("step")]):
            s = source.statement(call)
            if isinstance(call.func, ast.Attribute) and source.block(s).index(s):
                yield s.lineno, f"{name}.step()", source.replaced(call.func.value, name)
        only = f"{name}.zero_grad(" in source.text and not any(source.calls("step"))
        for call in source.calls("backward") if only and "unchanged" in record["symptoms"] else ():
            s = source.statement(call)
            yield s.lineno, f"{source.of(s)}; {name}.step()", source.replaced(s, f"{source.of(s)}; {name}.step()")


@mistake(
    "everything frozen",
    "Frozen parameters are not changed by a step, and all are frozen.",
    "Leave freeze() out for what is to learn: p.freeze(False).",
    "unchanged",
)
def frozen(source: Script, record: Watched) -> Iterator[Proposal]:
    for call in source.calls("freeze"):
        if not call.args and not call.keywords and isinstance(call.func, ast.Attribute):
            line = f"{source.of(call.func)}(False)"
            yield call.lineno, line, source.replaced(call, line)
    for s in source.all(ast.Assign):
        if source.of(targets(s)[0]).endswith(".frozen") and source.of(s.value) == "True":
            yield s.lineno, in_line(source, s.value, "False"), source.replaced(s.value, "False")


@mistake(
    "neurons all alike",
    "Neurons that begin with the same weights get the same gradients, and stay one neuron for ever.",
    "Draw the weights at random.",
    "twins",
)
def alike(source: Script, record: Watched) -> Iterator[Proposal]:
    for kind in "MLP", "Layer", "Neuron":
        for call in source.calls(kind):
            for given in call.keywords:
                if given.arg == "init":
                    yield call.lineno, 'init="uniform"', source.replaced(given.value, '"uniform"')
    for call in [*source.calls("Value"), *source.calls("Parameter")]:
        many = source.above(call, ast.ListComp)
        if many is not None and call.args and isinstance(call.args[0], ast.Constant):
            random = "__import__('random').uniform(-1, 1)"
            yield (
                call.lineno,
                in_line(source, call.args[0], "random.uniform(-1, 1)"),
                source.replaced(call.args[0], random),
            )


@mistake(
    "made anew in every call",
    "Each call makes parameters of its own and forgets them, so nothing is learnt in them.",
    "Make them once, in __init__, and use self.out in the call.",
    "fresh",
)
def made_in_call(source: Script, record: Watched) -> Iterator[Proposal]:
    for kind in source.all(ast.ClassDef):
        methods: dict[str, Any] = {f.name: f for f in kind.body if isinstance(f, ast.FunctionDef)}
        init, call = methods.get("__init__"), methods.get("__call__") or methods.get("forward")
        if not init or not call:
            continue
        for s in call.body:
            made = isinstance(s, ast.Assign) and isinstance(s.value, ast.Call) and isinstance(targets(s)[0], ast.Name)
            if made and re.match(r"(\w+\.)*[A-Z]\w*\(", source.of(s.value)) and not names(s.value) & {"x"}:
                name, line = source.of(targets(s)[0]), source.of(s)
                body = re.sub(rf"(?<![\w.]){name}(?!\w)", f"self.{name}", source.of(call))
                body = body.replace(f"self.{line}", "pass", 1)
                text = source.replaced(call, body) if call.lineno > init.lineno else source.text
                text = Script(text).appended(init.body[-1], f"self.{line}")
                yield s.lineno, f"self.{line} in __init__", text


@mistake(
    "kept without a copy",
    "The best parameters are kept as the same objects that go on learning, so putting them back changes nothing.",
    "Keep the numbers: best = [p.data for p in model.parameters()].",
    static=True,
)
def not_copied(source: Script, record: Watched) -> Iterator[Proposal]:
    for s in source.all(ast.Assign):
        pairs = [(targets(s)[0], s.value)]
        if isinstance(targets(s)[0], ast.Tuple) and isinstance(s.value, ast.Tuple):
            pairs = list(zip(targets(s)[0].elts, s.value.elts))  # type: ignore[attr-defined]
        for target, value in pairs:
            text = source.of(value)
            alias = re.fullmatch(r"(list\()?([\w.]+\.parameters\(\)|params|parameters)\)?(\[:\]|\.copy\(\))?", text)
            if not alias or source.above(s, ast.If) is None or source.training_loop(s) is None:
                continue
            for back in source.all(ast.For):
                over = back.iter
                if isinstance(over, ast.Call) and source.of(over.func) == "zip" and len(over.args) == 2:
                    puts = [t for t in back.body if re.fullmatch(r"(\w+)\.data = (\w+)\.data", source.of(t))]
                    if source.of(over.args[1]) == source.of(target) and puts:
                        fixed = source.of(puts[0])[:-5]
                        line = f"[p.data for p in {alias[2]}]"
                        changed = Script(source.replaced(puts[0], fixed)).replaced(value, line)
                        yield s.lineno, f"{source.of(target)} = {line}, and later {fixed}", changed


@mistake(
    "clipped too early",
    "Before backward() there is nothing to clip, and what backward() puts there afterwards is not clipped.",
    "Clip between backward() and step().",
    static=True,
)
def clipped_early(source: Script, record: Watched) -> Iterator[Proposal]:
    for call in source.calls("clip_gradients"):
        s = source.statement(call)
        after = source.block(s)[source.block(s).index(s) + 1 :]
        kinds = [next((k for k in ("backward(", "step(") if k in source.of(t)), "") for t in after]
        order = [kind for kind in kinds if kind]
        if order[:2] == ["backward(", "step("]:
            step = after[kinds.index("step(")]
            yield s.lineno, f"{source.of(s)} before {source.of(step)}", source.moved([s], step)


@mistake(
    "made before the network",
    "The optimizer has the parameters of a network that another one has replaced.",
    "Make the optimizer after the network.",
    "elsewhere",
    "unchanged",
)
def too_early(source: Script, record: Watched) -> Iterator[Proposal]:
    for s in source.all(ast.Assign):
        if not isinstance(s.value, ast.Call) or source.of(s.value.func).split(".")[-1] not in ("SGD", "Adam"):
            continue
        block = source.block(s)
        for t in block[block.index(s) + 1 :]:
            again = isinstance(t, ast.Assign) and set(examples.named(targets(t)[0])) & names(s.value)
            rest = block[block.index(t) + 1 :]
            if again and rest:
                yield s.lineno, f"{source.of(s)} after {source.of(t)}", source.moved([s], rest[0])


@mistake(
    "softmax twice",
    "cross_entropy applies softmax itself; of what is a distribution already it makes one that is nearly flat.",
    "Write losses.nll, or leave the softmax out.",
    "softmax again",
)
def softmax_twice(source: Script, record: Watched) -> Iterator[Proposal]:
    yield from _other_loss(source, "cross_entropy", "nll")


@mistake(
    "sigmoid twice",
    "bce_with_logits applies sigmoid itself, so the probability that it sees lies between 0.5 and 0.73.",
    "Write losses.bce, or leave the sigmoid out.",
    "sigmoid again",
)
def sigmoid_twice(source: Script, record: Watched) -> Iterator[Proposal]:
    yield from _other_loss(source, "bce_with_logits", "bce")


def _other_loss(source: Script, was: str, instead: str) -> Iterator[Proposal]:
    for call in source.calls(was):
        name = re.sub(rf"{was}$", instead, source.of(call.func))
        if isinstance(call.func, ast.Name):
            name = f"__import__('micrograd_like').losses.{instead}"
        yield (
            call.lineno,
            in_line(source, call.func, name.replace("__import__('micrograd_like').", "")),
            source.replaced(call.func, name),
        )
    for text in [n for n in source.all(ast.Constant) if n.value == was]:
        yield text.lineno, in_line(source, text, repr(instead)), source.replaced(text, repr(instead))


@mistake(
    "numbers for the optimizer",
    "A plain number has no gradient, so an optimizer cannot change it.",
    "Give Values: SGD(model.parameters()), or w = Value(0.5) and SGD([w]).",
    "error",
)
def plain_numbers(source: Script, record: Watched) -> Iterator[Proposal]:
    if "is not a Value" not in record.get("message", ""):
        return
    models = [f"{name}.parameters()" for name in record.get("names", {}).get("models", {})]
    for kind in "SGD", "Adam":
        for call in source.calls(kind):
            for first in call.args[:1]:
                wrapped = f"[Value(number) for number in {source.of(first)}]"
                for given in [*models, wrapped]:
                    yield call.lineno, in_line(source, first, given), source.replaced(first, given)


@mistake(
    "state cleared in every step",
    "What one step of the sequence found out is thrown away before the next, so nothing is remembered.",
    "Set it before the loop over the sequence.",
    "flat",
)
def cleared_state(source: Script, record: Watched) -> Iterator[Proposal]:
    for loop in source.all(ast.For):
        for s in loop.body:
            start = isinstance(s, ast.Assign) and re.fullmatch(r"(Value\()?0(\.0)?\)?", source.of(s.value))
            name = source.of(targets(s)[0]) if start else ""
            uses = [
                t for t in loop.body if isinstance(t, ast.Assign) and source.of(targets(t)[0]) == name and t is not s
            ]
            if start and any(name in names(t.value) for t in uses) and source.above(loop, ast.For, ast.While):
                yield s.lineno, f"{source.of(s)} before the loop", source.moved([s], loop)


@mistake(
    "target out of reach",
    "The activation at the end gives no number like this target, so the loss cannot come near 0.",
    "Use tanh for targets between -1 and 1, and no activation for others.",
    "reach",
)
def out_of_reach(source: Script, record: Watched) -> Iterator[Proposal]:
    for call in source.calls("sigmoid"):
        if isinstance(call.func, ast.Attribute) and not call.args:
            line = f"{source.of(call.func.value)}.tanh()"
            yield call.lineno, in_line(source, call, line), source.replaced(call, line)
    for text in [n for n in source.all(ast.Constant) if n.value in ("sigmoid", "tanh")]:
        for other in '"tanh"', '"linear"':
            if source.of(text)[1:-1] != other[1:-1]:
                yield text.lineno, in_line(source, text, other), source.replaced(text, other)
