"""Mistakes in what is learnt from: parts that are mixed up, batches that are used up, targets that are lost."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from . import graphs as graphs  # whose mistakes are looked for first
from .entry import Proposal, Watched, in_line, mistake
from .source import Script, names, parts, targets

CLEARS = r"zero_grad\(|\.grad = 0"
HELD_OUT = re.compile(r"(^|_)(val|valid|validation|test|held|heldout|dev)(_|$)|^[xXyY]_?(v|va|te)$", re.IGNORECASE)


def named(node: Any) -> list[str]:
    """Return the names that a target binds."""
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]


def cuts(source: Script) -> dict[str, dict[str, Any]]:
    """Return, for each list that the script cuts up, the names of its parts and the statements that make them."""
    found: dict[str, dict[str, Any]] = {}
    for s in source.all(ast.Assign):
        for target in targets(s):
            pairs = [(target, s.value)]
            if isinstance(target, ast.Tuple) and isinstance(s.value, ast.Tuple):
                pairs = list(zip(target.elts, s.value.elts))
            for part, value in pairs:
                whole = _whole(value)
                if whole and isinstance(part, ast.Name):
                    found.setdefault(whole, {})[part.id] = s
            call = s.value
            if isinstance(call, ast.Call) and source.of(call.func).endswith("train_val_split"):
                for pair in target.elts if isinstance(target, ast.Tuple) and len(target.elts) == 2 else ():
                    for x, part in zip(call.args, pair.elts if isinstance(pair, ast.Tuple) else ()):
                        if isinstance(x, ast.Name) and isinstance(part, ast.Name):
                            found.setdefault(x.id, {})[part.id] = s
    return {whole: made for whole, made in found.items() if len(made) > 1}


def _whole(value: Any) -> str:
    """Return the name of the list that an expression takes a part of: X[:80], or [X[i] for i in chosen]."""
    if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Slice) and isinstance(value.value, ast.Name):
        return value.value.id
    if not isinstance(value, ast.ListComp) or not isinstance(value.elt, ast.Subscript):
        return ""
    chosen = isinstance(value.generators[0].iter, ast.Name | ast.Subscript)
    return value.elt.value.id if chosen and isinstance(value.elt.value, ast.Name) else ""


def unused_parts(source: Script) -> dict[str, tuple[str, int]]:
    """Return {whole: (part, line)} where the training part is never read, the other one is, and the whole is too."""
    found = {}
    for whole, made in cuts(source).items():
        last = max([s.end_lineno or 0 for s in made.values()])
        after = [n for n in source.all(ast.Name) if isinstance(n.ctx, ast.Load) and n.lineno > last]
        read = {n.id for n in source.all(ast.Name) if isinstance(n.ctx, ast.Load)}
        idle = [part for part in made if part not in read and part != whole and not HELD_OUT.search(part)]
        if len(idle) == 1 and any(part in read for part in made) and whole in [n.id for n in after]:
            found[whole] = idle[0], last
    return found


@mistake(
    "validation data in training",
    "The examples to validate with are among those to train on, so validation says nothing about new data.",
    "Train on the first part that train_val_split returns: fit(model, *train, validation=held_out).",
    "leak",
    "whole",
)
def leak(source: Script, record: Watched) -> Iterator[Proposal]:
    swapped = unused_parts(source)
    if swapped:
        lines = list(source.lines)
        for whole, (part, last) in swapped.items():
            for i in range(last, len(lines)):
                lines[i] = re.sub(rf"(?<![\w.'\"]){whole}(?!\w|\s*=[^=])", part, lines[i])
        first = next((i for i, line in enumerate(lines) if line != source.lines[i]), 0)
        yield first + 1, lines[first].strip(), "\n".join(lines)
    for s in source.all(ast.Assign):
        if isinstance(s.value, ast.Call) and source.of(s.value.func).endswith("train_val_split"):
            parts = targets(s)[0]
            if not isinstance(parts, ast.Tuple) or len(parts.elts) != 2:
                continue
            train = parts.elts[0]
            given = [source.of(x) for x in train.elts] if isinstance(train, ast.Tuple) else [f"*{source.of(train)}"]
            for call in source.calls("fit"):
                if len(call.args) >= 3:
                    text = source.of(call)
                    old = f"{source.of(call.args[1])}, {source.of(call.args[2])}"
                    line = text.replace(old, ", ".join(given), 1)
                    yield call.lineno, line, source.replaced(call, line)


@mistake(
    "training on validation data",
    "backward() on the loss of the validation lets the parameters learn what they are to be tested with.",
    "Only look at that loss: print(loss.data), without backward() and step().",
    static=True,
)
def learns_validation(source: Script, record: Watched) -> Iterator[Proposal]:
    calls = [source.statement(call) for call in source.calls("backward")]
    held = []
    for call in source.calls("backward"):
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
            given = [s for s in source.assigned(call.func.value.id) if s.lineno < call.lineno]
            if given and any(HELD_OUT.search(name) for name in names(given[-1].value)):  # type: ignore[attr-defined]
                held.append(source.statement(call))
    for s in held if len(held) < len(calls) else ():
        block = source.block(s)
        after = block[block.index(s) + 1 :]
        steps = [t for t in after[:1] if re.search(r"\.step\(|\.grad", source.of(t))]
        text = source.text
        for t in [*steps, s]:  # the later one first, so that the places stay
            text = Script(text).removed(_twin(Script(text), t))
        yield s.lineno, f"nothing: remove {source.of(s)}" + " and the step after it" * bool(steps), text


def _twin(source: Script, statement: Any) -> Any:
    places = [s for s in source.all(type(statement)) if s.lineno == statement.lineno]
    return next(s for s in places if s.col_offset == statement.col_offset)


@mistake(
    "one network for all folds",
    "A network that has seen a fold in training knows its examples, so testing on them says too much.",
    "Make the network and its optimizer anew for each fold.",
    static=True,
)
def folds(source: Script, record: Watched) -> Iterator[Proposal]:
    for loop in source.all(ast.For):
        head = f"{source.of(loop.target)} {source.of(loop.iter)}"
        trains = any(call in parts(loop) for call in source.calls("backward"))
        if not re.search(r"fold", head, re.IGNORECASE) or not trains or loop not in source.tree.body:
            continue
        if re.search(r"load_state_dict|deepcopy|\.data = |reset", source.of(loop)):
            continue
        bound = {n.id for n in parts(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        networks = set(record.get("names", {}).get("models", {})) | set(record.get("names", {}).get("optimizers", []))
        made = [
            s for s in source.tree.body[: source.tree.body.index(loop)]
            if isinstance(s, ast.Assign) and set(named(targets(s)[0])) & networks
        ]  # fmt: skip
        used = [s for s in made if set(named(targets(s)[0])) & names(loop)]
        if used and not set(networks) & bound:
            yield used[0].lineno, f"{source.of(used[0])} inside the loop", source.moved(used, loop.body[0])


@mistake(
    "batches used up",
    "It gives its batches once: the second time the loop goes over it, nothing is left, and nothing is learnt.",
    "Make it anew inside the outer loop, or make a list of it.",
    static=True,
)
def used_up(source: Script, record: Watched) -> Iterator[Proposal]:
    yields = {f.name for f in source.all(ast.FunctionDef) if any(isinstance(n, ast.Yield) for n in parts(f))}
    once = {"batches", "zip", "map", "filter", "iter", "enumerate", "reversed", "islice"} | yields
    for s in source.all(ast.Assign):
        made = isinstance(s.value, ast.Call) and source.of(s.value.func).split(".")[-1] in once
        if not (made or isinstance(s.value, ast.GeneratorExp)) or not isinstance(targets(s)[0], ast.Name):
            continue
        for loop in source.all(ast.For):
            outer = source.above(loop, ast.For, ast.While)
            read = source.of(loop.iter) == source.of(targets(s)[0])
            again = outer is not None and s not in parts(outer) and len(source.assigned(source.of(targets(s)[0]))) == 1
            if read and again and not any(isinstance(n, ast.Break) for n in parts(loop)):
                yield s.lineno, f"{source.of(s)} inside the loop", source.moved([s], outer.body[0])


@mistake(
    "only the last batch",
    "The gradients are cleared for each batch, and the step comes after all of them, so it sees the last one only.",
    "Indent the step, so that it is made for each batch.",
    static=True,
)
def last_batch(source: Script, record: Watched) -> Iterator[Proposal]:
    for loop in source.all(ast.For):
        lines = [source.of(s) for s in loop.body]
        fed = any("backward(" in line for line in lines) and any(re.search(CLEARS, line) for line in lines)
        if not fed or any(".step(" in line or ".grad *" in line for line in lines):
            continue
        block = source.block(loop)
        for s in block[block.index(loop) + 1 :][:1]:
            if ".step(" in source.of(s) and source.above(loop, ast.For, ast.While) is not None:
                moved = " " * loop.body[0].col_offset + source.of(s)
                cut = source.removed(s).split("\n")
                end = loop.end_lineno or loop.lineno
                yield s.lineno, f"{source.of(s)} inside the loop", "\n".join([*cut[:end], moved, *cut[end:]])


@mistake(
    "always the same example",
    "The loop goes over the examples, and computes with one of them each time.",
    "Compute with the example of the loop.",
    static=True,
)
def same_example(source: Script, record: Watched) -> Iterator[Proposal]:
    for made in source.all(ast.ListComp, ast.GeneratorExp):
        over = made.generators[0]
        if not isinstance(over.iter, ast.Name) or not isinstance(over.target, ast.Name):
            continue
        fixed = [
            n for n in parts(made.elt)
            if isinstance(n, ast.Subscript) and source.of(n.value) == over.iter.id and isinstance(n.slice, ast.Constant)
        ]  # fmt: skip
        if over.target.id not in names(made.elt) and fixed and over.target.id != "_":
            line = in_line(source, fixed[0], over.target.id)
            yield made.lineno, line, source.replaced(fixed[0], over.target.id)


@mistake(
    "labels shuffled alone",
    "The labels and the examples are put in different orders, so each example has another one's label.",
    "Shuffle both together: pairs = list(zip(X, y)); random.shuffle(pairs); X, y = zip(*pairs).",
    static=True,
)
def shuffled_alone(source: Script, record: Watched) -> Iterator[Proposal]:
    calls = [c for c in source.calls("shuffle") if len(c.args) == 1 and isinstance(c.args[0], ast.Name)]
    shuffled = {c.args[0].id for c in calls}  # type: ignore[attr-defined]
    if re.search(r"permut|null|random.?label|control", source.text, re.IGNORECASE):
        return
    for call in calls:
        name = source.of(call.args[0])
        for other in _partners(source, name) - {name}:
            if other in shuffled or any(_made_of(s, other, name) for s in source.assigned(other)):
                continue
            how = source.of(call.func)
            line = f"pairs = list(zip({other}, {name})); {how}(pairs); {other}, {name} = map(list, zip(*pairs))"
            yield call.lineno, line, source.replaced(source.statement(call), line)


def _made_of(s: Any, name: str, other: str) -> bool:
    """Whether a statement computes one list from the other, and not each from something else."""
    pairs = [(targets(s)[0], s.value)]
    if isinstance(pairs[0][0], ast.Tuple) and isinstance(s.value, ast.Tuple):
        pairs = list(zip(pairs[0][0].elts, s.value.elts))
    return any(name in names(target) and other in names(value) for target, value in pairs)


def _partners(source: Script, name: str) -> set[str]:
    """Return the lists that a script goes through side by side with this one."""
    found = set()
    for call in source.all(ast.Call):
        given = [x for x in call.args if isinstance(x, ast.Name)]
        if source.of(call.func) == "zip" and name in [x.id for x in given]:
            found |= {x.id for x in given}
        kind = source.of(call.func).split(".")[-1]
        compares = kind in ("mse", "hinge", "bce", "bce_with_logits", "cross_entropy", "nll") and len(call.args) == 2
        if compares and isinstance(call.args[0], ast.ListComp) and isinstance(call.args[1], ast.Name):
            both = names(call.args[0].generators[0].iter) | {call.args[1].id}
            found |= both if name in both else set()
    return found


@mistake(
    "target lost",
    "The target is replaced, or left out of the comparison, so the loss is 0 whatever the network does.",
    "Compare the output with the target of the data.",
    "unchanged",
    "no parameter",
)
def target_lost(source: Script, record: Watched) -> Iterator[Proposal]:
    for loop in source.all(ast.For):
        for s in loop.body:
            again = isinstance(s, ast.Assign) and isinstance(loop.target, ast.Tuple)
            if again and set(named(targets(s)[0])) & set(named(loop.target)) and len(loop.body) > 1:
                yield s.lineno, f"nothing: remove {source.of(s)}", source.removed(s)
    lists = {
        n for s in source.all(ast.Assign) if s in source.tree.body
        for t in targets(s) for n in named(t)
        if isinstance(s.value, ast.List | ast.ListComp | ast.Call | ast.Tuple)
    }  # fmt: skip
    for call in source.calls("zip"):
        given = [source.of(x) for x in call.args]
        for other in sorted(lists - set(given)) if len(given) == 2 and given[0] == given[1] else ():
            yield call.lineno, in_line(source, call.args[1], other), source.replaced(call.args[1], other)
