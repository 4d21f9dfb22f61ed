"""Mistakes that only the whole script shows: what a sum leaves out, labels of another loss, who moves whom, when."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from . import networks as networks  # whose mistakes are looked for first
from .entry import Proposal, Watched, in_line, mistake
from .source import Script, names, parts, targets

RATE = r"(^|\.)(lr|alpha|eta|rate|learning_rate|step_size|LR)$"


@mistake(
    "returned too early",
    "The return stands inside the loop, so the function ends with the first example and leaves the others out.",
    "Put the return behind the loop.",
    static=True,
)
def returned_early(source: Script, record: Watched) -> Iterator[Proposal]:
    for loop in source.all(ast.For):
        back = loop.body[-1]
        if not isinstance(back, ast.Return) or back.value is None or source.above(loop, ast.FunctionDef) is None:
            continue
        wanted = names(back.value)
        adds = any(
            names(s.target) & wanted if isinstance(s, ast.AugAssign)
            else source.of(targets(s)[0]) in wanted & names(s.value) if isinstance(s, ast.Assign)
            else wanted and re.match(rf"({'|'.join(wanted)})\.append\(", source.of(s))
            for s in loop.body
        )  # fmt: skip
        if adds and not any(isinstance(s, ast.If | ast.Break | ast.Continue) for s in loop.body):
            cut, end = source.removed(back).split("\n"), loop.end_lineno or loop.lineno
            line = source.of(back)
            text = "\n".join([*cut[:end], " " * loop.col_offset + line, *cut[end:]])
            yield back.lineno, f"{line} behind the loop", text


@mistake(
    "difference not squared",
    "Without a square a difference falls below 0 without end, so the outputs run away from the targets.",
    "Square it: (output - target)**2.",
    static=True,
)
def not_squared(source: Script, record: Watched) -> Iterator[Proposal]:
    roots = {source.of(c.func.value) for c in source.calls("backward") if isinstance(c.func, ast.Attribute)}
    for s in source.all(ast.Assign, ast.AugAssign):
        text = source.of(s.value)
        if source.of(targets(s)[0]) not in roots or re.search(r"\*|abs|log|relu|max|exp|sqrt", text):
            continue
        for n in [n for n in parts(s.value) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Sub)]:
            made = source.above(n, ast.GeneratorExp, ast.ListComp, ast.For)
            sums = made is not None and (isinstance(made, ast.For) or made in parts(s.value))
            bound = _zipped(source, made) if sums else {}
            other = n.left if source.of(n.right) in bound else n.right
            if len(bound) > 1 and {source.of(n.left), source.of(n.right)} & set(bound) and _computed(other, bound):
                line = f"({source.of(n)})**2"
                yield n.lineno, in_line(source, n, line), source.replaced(n, line)


def _computed(node: Any, bound: dict[str, str]) -> bool:
    """Whether a part is an output: a call, or another name of the same zip."""
    return isinstance(node, ast.Call) or (isinstance(node, ast.Name) and node.id in bound)


def _zipped(source: Script, made: Any) -> dict[str, str]:
    """Return {name of the loop: list that it goes through}, of a loop or a comprehension."""
    found: dict[str, str] = {}
    loops = [made] if isinstance(made, ast.For) else getattr(made, "generators", [])
    for loop in loops:
        over = loop.iter
        if isinstance(over, ast.Call) and source.of(over.func) == "zip" and isinstance(loop.target, ast.Tuple):
            found |= {source.of(t): source.of(x) for t, x in zip(loop.target.elts, over.args)}
        elif isinstance(loop.target, ast.Name):
            found[loop.target.id] = source.of(over)
    return found


@mistake(
    "labels of another loss",
    "The hinge loss wants labels -1 and 1, and the cross-entropy 0 and 1; with the others it has another meaning.",
    "Change the labels: y = [2 * t - 1 for t in y], or back: y = [(t + 1) / 2 for t in y].",
    static=True,
)
def other_labels(source: Script, record: Watched) -> Iterator[Proposal]:
    labels: dict[str, str] = record.get("names", {}).get("labels", {})
    for n in source.all(ast.BinOp):
        minus = isinstance(n.op, ast.Sub) or source.of(n.right).startswith("-")
        if source.of(n.left) not in ("1", "1.0") or not minus:
            continue
        product = n.right.operand if isinstance(n.right, ast.UnaryOp) else n.right
        shut = re.search(r"relu|max\(|hinge", source.of(source.statement(n)))
        if isinstance(product, ast.BinOp) and isinstance(product.op, ast.Mult) and shut:
            factors = {source.of(x).lstrip("-") for x in (product.left, product.right)}
            yield from _relabelled(source, n, factors, labels, "01", "2 * {0} - 1")
        elif isinstance(n.right, ast.Name) and re.search(r"log\(", source.of(source.statement(n))):
            yield from _relabelled(source, n, {n.right.id}, labels, "-1 1", "({0} + 1) / 2")


@mistake(
    "hinge with the wrong sign",
    "The hinge is 0 where label and score have one sign; with a plus it rewards the wrong side.",
    "Write (1 - label * score).relu().",
    static=True,
)
def hinge_sign(source: Script, record: Watched) -> Iterator[Proposal]:
    labels: dict[str, str] = record.get("names", {}).get("labels", {})
    for n in source.all(ast.BinOp):
        one, product = source.of(n.left) in ("1", "1.0") and isinstance(n.op, ast.Add), n.right
        around = source.parent.get(n)
        shut = isinstance(around, ast.Attribute) and around.attr == "relu"
        if not one or not shut or not isinstance(product, ast.BinOp) or not isinstance(product.op, ast.Mult):
            continue
        through = _zipped(source, source.above(n, ast.GeneratorExp, ast.ListComp, ast.For))
        if any(labels.get(through.get(source.of(x), source.of(x))) == "-1 1" for x in (product.left, product.right)):
            line = f"{source.of(n.left)} - {source.of(product)}"
            yield n.lineno, in_line(source, n, line), source.replaced(n, line)


def _relabelled(
    source: Script, n: Any, used: set[str], labels: dict[str, str], kind: str, form: str
) -> Iterator[Proposal]:
    made = source.above(n, ast.GeneratorExp, ast.ListComp, ast.For)
    through = {over for name, over in _zipped(source, made).items() if name in used} | used
    for name in sorted(through):
        given = source.assigned(name)
        if name not in labels and len(given) == 1:  # a part of the labels: yb = [y[i] for i in chosen]
            value = source.of(given[0].value)  # type: ignore[attr-defined]
            plain = not re.search(r"\b[12]\b|\bif\b|float|lambda", value)
            name = next((of for of in labels if plain and re.search(rf"\b{of}\b", value)), name)
            given = source.assigned(name)
        before = [s for s in given if source.parent[s] is source.tree]
        if labels.get(name) == kind and before:
            line = f"{name} = [{form.format('t')} for t in {name}]"
            yield n.lineno, line, source.appended(before[-1], line)


@mistake(
    "learning rate 0 too soon",
    "The schedule arrives at 0 long before the end, and from then on no step changes anything.",
    "Keep it above 0, or let it fall more slowly: lr = max(0.01, ...).",
    "stopped",
)
def schedule(source: Script, record: Watched) -> Iterator[Proposal]:
    least = 0.1 * max([n.value for n in _numbers(source) if 0 < n.value <= 1], default=0.1)
    floor = f"max({least:.3g}, {{}})"
    for s in source.all(ast.Assign, ast.AugAssign):
        target = source.of(targets(s)[0])
        if not re.search(RATE, target) or source.above(s, ast.For, ast.While, ast.FunctionDef) is None:
            continue
        if isinstance(s, ast.Assign):
            line = f"{target} = {floor.format(source.of(s.value))}"
            yield s.lineno, line, source.replaced(s, line)
        else:
            signs = {ast.Mult: "*", ast.Sub: "-", ast.Div: "/", ast.Pow: "**"}
            lower = f"{target} {signs.get(type(s.op), '*')} ({source.of(s.value)})"
            line = f"{target} = {floor.format(lower)}"
            yield s.lineno, line, source.replaced(s, line)
    for given in source.all(ast.keyword, ast.Lambda):
        body = given.body if isinstance(given, ast.Lambda) else None
        if body is not None:
            line = floor.format(source.of(body))
            yield given.lineno, in_line(source, body, line), source.replaced(body, line)
    for f in source.all(ast.FunctionDef):
        backs = [n for n in parts(f) if isinstance(n, ast.Return) and n.value is not None]
        for back in backs if re.search(r"lr|rate|schedule|decay|anneal", f.name, re.IGNORECASE) else ():
            line = floor.format(source.of(back.value))
            yield back.lineno, f"return {line}", source.replaced(back.value, line)
    for call in source.calls("max"):
        for zero in [x for x in call.args if source.of(x) in ("0", "0.0")]:
            yield call.lineno, in_line(source, zero, f"{least:.3g}"), source.replaced(zero, f"{least:.3g}")


def _numbers(source: Script) -> list[Any]:
    return [n for s in source.all(ast.Assign, ast.AugAssign, ast.keyword, ast.Lambda) for n in parts(s)
            if isinstance(n, ast.Constant) and type(n.value) in (int, float)
            and re.search(r"lr|rate|eta|alpha|\.grad", source.of(s))]  # fmt: skip


@mistake(
    "one optimizer for two players",
    "Two networks that play against each other have one optimizer, so each step also moves the other one, "
    "in the direction that helps its opponent.",
    "Make two optimizers, and let each network's loss be followed by the step of its own.",
    static=True,
)
def two_players(source: Script, record: Watched) -> Iterator[Proposal]:
    game = re.search(r"real|fake|discrim|critic|\bgan\b|advers", source.text, re.IGNORECASE)
    if not game or re.search(r"freez|frozen|\.grad\s*=", source.text):
        return
    for s in source.all(ast.Assign):
        made, name = s.value, source.of(targets(s)[0])
        if not isinstance(made, ast.Call) or source.of(made.func).split(".")[-1] not in ("SGD", "Adam"):
            continue
        first = made.args[0] if made.args else None
        if isinstance(first, ast.Name) and (given := source.assigned(first.id)):
            first = given[-1].value  # type: ignore[attr-defined]
        players = re.findall(r"(\w+)\.parameters\(\)", source.of(first)) if first is not None else []
        steps = [c for c in source.calls("step") if source.of(c.func) == f"{name}.step"]
        if (
            len(players) != 2
            or not _against(source, players)
            or len(steps) != 2
            or source.training_loop(steps[0]) is not source.training_loop(steps[1])
        ):
            continue
        players.sort(key=lambda player: not re.match(r"d|c", player, re.IGNORECASE))
        own = [_loss_before(source, step) for step in steps]
        last = steps[1] if "real" in own[0] or "real" not in own[1] else steps[0]
        text = Script(source.replaced(last.func, f"{name}_2.step"))
        for call in reversed([*text.calls("zero_grad")]):
            if text.of(call) == f"{name}.zero_grad()":
                text = Script(text.replaced(call, f"{name}.zero_grad(), {name}_2.zero_grad()"))
        rest = source.of(made)[len(source.of(made.func)) + 1 + len(source.of(made.args[0])) :]
        both = [f"{source.of(made.func)}({player}.parameters(){rest}" for player in players]
        line = f"{name} = {both[0]}; {name}_2 = {both[1]}"
        twin = next(t for t in text.all(ast.Assign) if t.lineno == s.lineno and t.col_offset == s.col_offset)
        yield s.lineno, f"{line}, and {name}_2.step() in line {last.lineno}", text.replaced(twin, line)


def _against(source: Script, players: list[str]) -> bool:
    """Whether one network is given what the other one made: D([G(z)]), also by a name."""
    for one, other in (players, players[::-1]):
        made = {n for s in source.all(ast.Assign) if any(c in parts(s.value) for c in source.calls(other))
                for t in targets(s) for n in names(t)}  # fmt: skip
        through = {
            n for m in source.all(ast.GeneratorExp, ast.ListComp, ast.For)
            for n, over in _zipped(source, m).items() if over in made
        }  # fmt: skip
        for call in source.calls(one):
            if any(c in parts(call) for c in source.calls(other)) or names(call) & (made | through):
                return True
    return False


def _loss_before(source: Script, step: Any) -> str:
    """Return the text of the loss whose backward pass comes last before a step."""
    passes = [c for c in source.calls("backward") if (c.lineno, c.col_offset) < (step.lineno, step.col_offset)]
    if not passes or not isinstance(passes[-1].func, ast.Attribute):
        return ""
    root = source.of(passes[-1].func.value)
    given = [s for s in source.assigned(root) if s.lineno <= passes[-1].lineno]
    return " ".join([source.of(s) for s in given[-1:]])


@mistake(
    "always the same row",
    "The loop goes over the examples and takes one row of the table each time, so the others are never learnt.",
    "Take the row of the example: table[i].",
    "one row",
)
def same_row(source: Script, record: Watched) -> Iterator[Proposal]:
    for table in record.get("names", {}).get("tables", []):
        for n in source.all(ast.Subscript):
            fixed = isinstance(n.slice, ast.Constant) and source.of(n.value).split(".")[-1] == table
            around = source.above(n, ast.For, ast.ListComp, ast.GeneratorExp, ast.FunctionDef)
            while fixed and around is not None:
                for free in sorted(_unread(source, around)):
                    yield n.lineno, in_line(source, n.slice, free), source.replaced(n.slice, free)
                around = source.above(around, ast.For, ast.ListComp, ast.GeneratorExp, ast.FunctionDef)


def _unread(source: Script, around: Any) -> set[str]:
    """Return the names that a loop or a function binds and never reads."""
    read = {n.id for n in parts(around) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    if isinstance(around, ast.FunctionDef):
        bound = {a.arg for a in around.args.args} - {"self"}
    else:
        loops = [around] if isinstance(around, ast.For) else around.generators
        bound = {n for loop in loops for n in names(loop.target)}
    return bound - read - {"_"}


@mistake(
    "weights all set alike",
    "Weights that begin with the same number get the same gradients, and with 0 hardly any.",
    "Leave the weights as they were drawn, or draw them at random.",
    "dead", "twins",
)  # fmt: skip
def set_alike(source: Script, record: Watched) -> Iterator[Proposal]:
    for s in source.all(ast.Assign):
        loop, target = source.above(s, ast.For), targets(s)[0]
        same = isinstance(s.value, ast.Constant) and isinstance(target, ast.Attribute) and target.attr == "data"
        if same and loop is not None and not source.of(target).endswith((".b.data", ".bias.data")):
            if loop.body == [s]:
                yield s.lineno, "nothing: leave the weights as they were drawn", source.removed(loop)
            line = f"{source.of(target)} = random.uniform(-0.5, 0.5)"
            yield s.lineno, line, source.replaced(s.value, "__import__('random').uniform(-0.5, 0.5)")
