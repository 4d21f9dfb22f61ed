"""Mistakes of the loop itself: what is called, cleared and updated, in which order, and by how much."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from .entry import UNTRAINED, Proposal, Watched, in_line, loops_around, mistake, places_of_update, together
from .source import Script, names, parts, targets


@mistake(
    "not called",
    "A method without () is only looked up, and not called, so nothing happens.",
    "Write the () behind it.",
    static=True,
)
def not_called(source: Script, record: Watched) -> Iterator[Proposal]:
    for s in source.all(ast.Expr):
        if isinstance(s.value, ast.Attribute) and s.value.attr in ("backward", "step", "zero_grad"):
            line = f"{source.of(s.value)}()"
            yield s.lineno, line, source.replaced(s, line)


def _data_of(source: Script, s: Any, base: str) -> tuple[str, str]:
    """Return an update of a Value as one of its number, and the script with it."""
    target, value = targets(s)[0], source.of(s.value)
    if isinstance(s, ast.Assign):
        value = re.sub(rf"(?<![\w.]){re.escape(base)}(?![\w.(\[])", f"{base}.data", value)
        line = f"{source.of(target)}.data = {value}"
    else:
        line = source.of(s).replace(source.of(target), f"{source.of(target)}.data", 1)
    return line, source.replaced(s, line)


def _value_updates(source: Script, loop_variable: bool) -> Iterator[Proposal]:
    found = []
    for s, target, base in source.updates():
        made = isinstance(s.value, ast.Call) and source.of(s.value.func).endswith("Value") and len(s.value.args) == 1
        if (isinstance(s.value, ast.Call) and not made) or source.of(target) != base:
            continue
        around = source.above(s, ast.For)
        of_loop = isinstance(target, ast.Name) and around is not None and target.id in names(around.target)
        if of_loop == loop_variable:
            line, text = _data_of(source, s, base)
            if made:
                line = f"{source.of(target)}.data = {source.of(s.value.args[0])}"
                text = source.replaced(s, line)
            yield s.lineno, line, text
            found.append((s, line))
    yield from together(source, found)
    for s in source.all(ast.Assign) if not loop_variable else ():  # a name that is never read: p_data = p.data - ...
        target, value = targets(s)[0], s.value
        read = {n.id for n in source.all(ast.Name) if isinstance(n.ctx, ast.Load)}
        less = (
            isinstance(value, ast.BinOp) and isinstance(value.op, ast.Sub) and source.of(value.left).endswith(".data")
        )
        if less and isinstance(target, ast.Name) and target.id not in read and source.above(s, ast.For) is not None:
            line = f"{source.of(value.left)} = {source.of(value)}"
            yield s.lineno, line, source.replaced(s, line)


@mistake(
    "loop variable",
    "The name of the loop is bound to a new Value, and the parameter in the network stays as it was.",
    "Change the number of the parameter: p.data -= lr * p.grad.",
    *UNTRAINED,
)
def loop_variable(source: Script, record: Watched) -> Iterator[Proposal]:
    yield from _value_updates(source, True)
    for made in source.all(ast.ListComp):
        each, update, whole = made.generators[0], source.of(made.elt), source.statement(made)
        if isinstance(made.elt, ast.BinOp) and isinstance(made.elt.op, ast.Sub) and ".grad" in update:
            name = source.of(each.target)
            line = f"for {name} in {source.of(each.iter)}: {name}.data -= {source.of(made.elt.right)}"
            yield made.lineno, line, source.replaced(whole, line)


@mistake(
    "update in the graph",
    "The update itself is recorded: the parameter becomes a node that was computed from it, and the graph grows.",
    "Change the number of the parameter: w.data -= lr * w.grad.",
    *UNTRAINED,
)
def update_in_the_graph(source: Script, record: Watched) -> Iterator[Proposal]:
    yield from _value_updates(source, False)


@mistake(
    "wrong side of the update",
    "An update takes a part of the gradient from the number; here something else is changed.",
    "Write p.data -= lr * p.grad.",
    static=True,
)
def wrong_side(source: Script, record: Watched) -> Iterator[Proposal]:
    for s, target, base in source.updates():
        gradient = isinstance(s, ast.AugAssign) and isinstance(target, ast.Attribute) and target.attr == "grad"
        own = gradient and isinstance(s.op, ast.Sub) and source.of(target.value) == base
        if own and ".data" not in source.of(s.value):
            line = source.of(s).replace(".grad", ".data", 1)
            yield s.lineno, line, source.replaced(s, line)
        same = isinstance(target, ast.Attribute) and target.attr == "data" and source.of(target.value) == base
        value = source.of(s.value)
        if isinstance(s, ast.Assign) and same and ".data" not in value:
            flip = isinstance(s.value, ast.BinOp) and value.lstrip().startswith("-")
            bare = value.lstrip().removeprefix("-").strip()
            if isinstance(s.value, ast.UnaryOp) or flip or isinstance(s.value, ast.BinOp):
                line = f"{source.of(target)} -= {bare}"
                if isinstance(_product(s.value), ast.Mult):
                    yield s.lineno, line, source.replaced(s, line)
    for s in source.all(ast.AugAssign):
        itself = source.of(s.target) in source.of(s.value) and source.of(s.target).endswith(".data")
        if itself and ".grad" not in re.sub(r"\.grad\s*=", "", source.text) and not any(source.calls("step")):
            line = source.of(s)[:-5] + ".grad" if source.of(s).endswith(".data") else source.of(s)
            yield s.lineno, line, source.replaced(s, line)
    for s in source.all(ast.Expr):
        less = (
            isinstance(s.value, ast.BinOp) and isinstance(s.value.op, ast.Sub) and ".grad" in source.of(s.value.right)
        )
        if less and isinstance(s.value.left, ast.Attribute) and s.value.left.attr == "data":
            line = f"{source.of(s.value.left)} -= {source.of(s.value.right)}"
            yield s.lineno, line, source.replaced(s, line)


def _product(value: Any) -> Any:
    value = value.operand if isinstance(value, ast.UnaryOp) else value
    return value.op if isinstance(value, ast.BinOp) else None


@mistake(
    "misspelt attribute",
    "Python lets a new attribute be set on a Value, so the one that was meant stays as it was.",
    "Spell it grad or data.",
    static=True,
)
def misspelt(source: Script, record: Watched) -> Iterator[Proposal]:
    from difflib import SequenceMatcher

    for s in source.all(ast.Assign, ast.AugAssign):
        for target in targets(s):
            if not isinstance(target, ast.Attribute) or target.attr in ("grad", "data") or names(target) & {"self"}:
                continue
            for right in "grad", "data":
                near = SequenceMatcher(None, target.attr.lower(), right).ratio() >= 0.75
                if near and target.attr.strip("_s").lower() != "date":
                    line = source.of(s).replace(f".{target.attr}", f".{right}", 1)
                    yield s.lineno, line, source.replaced(s, line)


@mistake(
    "no backward pass",
    "A step uses the gradients, and nothing computed them for this loss.",
    "Call backward() on the loss before the step.",
    "idle", "unchanged", "no pass",
)  # fmt: skip
def no_backward(source: Script, record: Watched) -> Iterator[Proposal]:
    for place in places_of_update(source):
        loop = source.training_loop(place)
        if (
            any(loop in loops_around(source, call) for call in source.calls("backward"))
            and "idle" not in record["symptoms"]
        ):
            continue
        body = loop.body if loop is not None else source.block(place)
        given = [
            n.id for s in body if s.lineno < place.lineno and isinstance(s, ast.Assign | ast.AugAssign)
            for t in targets(s) for n in ast.walk(t) if isinstance(n, ast.Name)
        ]  # fmt: skip
        likely = sorted(dict.fromkeys(reversed(given)), key=lambda n: not re.search(r"loss|cost|err|^L$", n))
        for name in likely[:4]:
            line = f"{name}.backward()"
            yield place.lineno, line, source.inserted(place, line)


@mistake(
    "parameters of another network",
    "The update goes through the parameters of a network that the loss does not use.",
    "Give the parameters of the network that computes the loss.",
    "elsewhere", "unchanged", "kept", "error",
)  # fmt: skip
def another_network(source: Script, record: Watched) -> Iterator[Proposal]:
    models = record.get("names", {}).get("models", {})
    listed = re.findall(r"(?:SGD|Adam)\((\w+)\.parameters\(\)", source.text)
    for twice in {
        name for name in listed if listed.count(name) > 1
    }:  # two optimizers for one network, none for another
        for call in source.calls("parameters") if "kept" in record["symptoms"] else ():
            for other in [name for name in models if name not in listed]:
                if isinstance(call.func, ast.Attribute) and source.of(call.func.value) == twice:
                    yield call.lineno, in_line(source, call.func.value, other), source.replaced(call.func.value, other)
    if not record["symptoms"].keys() & {"elsewhere", "unchanged"} and record.get("ended") == "end":
        return
    others = [name for name, reached in models.items() if reached]
    if record.get("ended") == "ValueError" and "belongs to this network" in record["message"]:
        others = list(models)
    elif record.get("ended") not in ("end", "enough"):
        return
    for call in source.calls("parameters"):
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
            for other in others:
                given = re.search(rf"(SGD|Adam)\({other}\.parameters\(\)", source.text)
                if other != call.func.value.id and not given:
                    line = (
                        source.of(source.statement(call))
                        .split("\n")[0]
                        .replace(source.of(call), f"{other}.parameters()")
                    )
                    yield call.lineno, line, source.replaced(call.func.value, other)


@mistake(
    "gradients of the step before",
    "backward() adds to the gradients, and they still hold those of the step before.",
    "Set the gradients to 0 before backward().",
    "accumulated",
)
def not_zeroed(source: Script, record: Watched) -> Iterator[Proposal]:
    for call in source.calls("backward"):
        inner = source.training_loop(call)
        within = {s for s in places_of_update(source) if inner is not None and s in parts(inner)}
        apart = inner is not None and source.above(inner, ast.For, ast.While) is not None and not within
        place = inner if apart else source.statement(call)  # several passes for one step: clear before the first
        for line in dict.fromkeys(_clearing(source, record)):
            yield place.lineno, line, source.inserted(place, line)  # type: ignore[union-attr, arg-type]


def _clearing(source: Script, record: Watched) -> list[str]:
    """Return lines that may set the gradients to 0 in this script."""
    clear: list[str] = []
    for s in source.all(ast.Assign):
        if isinstance(s.value, ast.Call) and source.of(s.value.func).split(".")[-1] in ("SGD", "Adam"):
            clear += [f"{name}.zero_grad()" for name in sorted(names(targets(s)[0]))]
    for s, target, _ in source.updates():
        around = source.above(s, ast.For)
        each = around is not None and names(around.target) & names(target)
        if each and source.of(target).endswith(".data"):
            clear.append(
                f"for {source.of(around.target)} in {source.of(around.iter)}: {source.of(target)[:-5]}.grad = 0.0"
            )
        elif source.of(target).endswith(".data"):
            clear.append(f"{source.of(target)[:-5]}.grad = 0.0")
    clear += [f"{name}.zero_grad()" for name, reached in record["names"]["models"].items() if reached]
    single = [line for line in clear if line.endswith(".grad = 0.0") and not line.startswith("for ")]
    if len(single) > 1:
        clear.insert(0, "; ".join(dict.fromkeys(single)))
    return clear


@mistake(
    "backward twice",
    "The second backward() adds every gradient once more, so each step is twice as long.",
    "Call backward() once for each loss.",
    "doubled",
)
def twice(source: Script, record: Watched) -> Iterator[Proposal]:
    calls = [source.statement(call) for call in source.calls("backward")]
    for i, s in enumerate(calls):
        if any(source.of(s) == source.of(t) and source.block(s) is source.block(t) for t in calls[:i]):
            yield s.lineno, "nothing: remove this second backward()", source.removed(s)
    for s in calls:
        if sum([source.of(s) == source.of(t) for t in calls]) > 1:
            yield s.lineno, "nothing: remove this backward()", source.removed(s)
    for s in calls[:-1]:
        if any(t in source.block(s) and t.lineno > s.lineno for t in calls):
            yield s.lineno, f"nothing: remove {source.of(s)}", source.removed(s)
    for s in calls:
        loop = source.above(s, ast.For, ast.While)
        if loop is not None and loop.body == [s]:
            yield loop.lineno, source.of(s), source.replaced(loop, source.of(s))


@mistake(
    "gradients cleared before the step",
    "The gradients are set to 0 between backward() and the step, so the step has nothing to go by.",
    "Clear first, then backward(), then step.",
    "wiped", "unchanged",
)  # fmt: skip
def cleared(source: Script, record: Watched) -> Iterator[Proposal]:
    for call in source.calls("backward"):
        s = source.statement(call)
        block = source.block(s)
        for t in block[block.index(s) + 1 :]:
            clears = "zero_grad" in source.of(t) or re.search(r"\.grad\s*=\s*(0|None)", source.of(t))
            if clears and ".data" not in source.of(t):
                yield t.lineno, f"{source.of(t)} before {source.of(s)}", source.moved([t], s)
        earlier = [t for t in places_of_update(source) if t in block and t.lineno < s.lineno]
        if "unchanged" in record["symptoms"] and earlier:
            yield s.lineno, f"{source.of(s)} before {source.of(earlier[0])}", source.moved([s], earlier[0])


ON_PURPOSE = r"ascen[td]|maximi|adversar|attack|fgsm|dream|reward|objective|likelihood|utility|fool"


@mistake(
    "wrong sign",
    "The gradient points uphill, so adding it makes the loss larger with every step.",
    "Subtract the gradient: p.data -= lr * p.grad.",
    "climbing", "rising", "diverged",
)  # fmt: skip
def wrong_sign(source: Script, record: Watched) -> Iterator[Proposal]:
    if re.search(ON_PURPOSE, source.text, re.IGNORECASE) or "kept" in record["symptoms"]:
        return  # only some of the leaves are moved uphill, as for an input that is to fool the network
    found = []
    for s, target, _ in source.updates():
        text, value = source.of(s), source.of(s.value)
        if isinstance(s, ast.AugAssign) and isinstance(s.op, ast.Add) and not value.strip().startswith("-"):
            line = text.replace("+=", "-=", 1)
        elif isinstance(s, ast.AugAssign) and isinstance(s.op, ast.Sub) and value.strip().startswith("-"):
            line = text.replace("-=", "+=", 1)
        elif isinstance(s, ast.Assign) and isinstance(s.value, ast.BinOp) and isinstance(s.value.op, ast.Add):
            line = f"{source.of(target)} = {source.of(s.value.left)} - {source.of(s.value.right)}"
        else:
            continue
        yield s.lineno, line, source.replaced(s, line)
        found.append((s, line))
    yield from together(source, found)
    for call in source.calls("backward"):
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.UnaryOp):
            line = f"{source.of(call.func.value.operand)}.backward()"
            yield call.lineno, line, source.replaced(call, line)
    for s in source.all(ast.Assign):
        negative = isinstance(s.value, ast.UnaryOp) and isinstance(s.value.op, ast.USub)
        if negative and re.search(r"loss|cost", source.of(targets(s)[0])):
            line = f"{source.of(targets(s)[0])} = {source.of(s.value.operand)}"
            yield s.lineno, line, source.replaced(s, line)


@mistake(
    "penalty with the wrong sign",
    "A penalty that is subtracted rewards large parameters, so the loss falls without end.",
    "Add it: loss + 0.001 * sum(p * p).",
    "bottomless",
)
def penalty_sign(source: Script, record: Watched) -> Iterator[Proposal]:
    for n in source.all(ast.BinOp):
        squares = re.search(r"(\w+) ?\* ?\1\b|\*\* ?2|l2\(|reg|penalty|decay", source.of(n.right))
        if isinstance(n.op, ast.Sub) and squares:
            line = f"{source.of(n.left)} + {source.of(n.right)}"
            yield n.lineno, in_line(source, n, line), source.replaced(n, line)


@mistake(
    "update after the loop",
    "The update stands behind the loop, so every pass of the loop computes the same, and there is one step in all.",
    "Indent the update, so that it is made in every pass.",
    "late", "unchanged",
)  # fmt: skip
def after_the_loop(source: Script, record: Watched) -> Iterator[Proposal]:
    for loop in source.all(ast.For, ast.While):
        block = source.block(loop)
        if not any("backward" in source.of(s) for s in loop.body):
            continue
        after = block[block.index(loop) + 1 :]
        places = [s for s in places_of_update(source) if s in after]
        if places:
            first = places[0]
            indent = " " * loop.body[0].col_offset
            text = "\n".join(
                indent + part.strip() if i == 0 else indent + part
                for i, part in enumerate(source.of(first).split("\n"))
            )
            lines = source.removed(first).split("\n")
            end = loop.end_lineno or loop.lineno
            yield (
                first.lineno,
                f"{source.of(first).splitlines()[0]} inside the loop",
                "\n".join([*lines[:end], text, *lines[end:]]),
            )
