"""Mistakes of the learning rate, and of what it does: leaps, crawls, dead relus, flat ends of curves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from . import updates as updates  # whose mistakes are looked for first
from .entry import Proposal, Watched, in_line, mistake
from .source import Script, targets


def rates(source: Script, factors: tuple[float, ...]) -> Iterator[Proposal]:
    """Propose other learning rates: times a factor each, wherever a learning rate is written as a number."""
    numbers = written_rates(source)
    several = sorted(numbers, key=lambda n: (n.lineno, n.col_offset), reverse=True)
    for factor in factors:
        changed = {n: f"{min(n.value, 10.0) * factor:.3g}" for n in numbers}
        for n, rate in changed.items():
            yield n.lineno, in_line(source, n, rate), source.replaced(n, rate)
        text = source
        for n in several if 1 < len(several) < 5 else ():
            text = Script(text.replaced(n, changed[n]))
        if text is not source:
            first = several[-1].lineno
            yield first, f"{text.lines[first - 1].strip()}, and the others likewise", text.text


def written_rates(source: Script) -> list[Any]:
    """Return the numbers in the script that are learning rates, or what they are computed from."""
    places: list[Any] = []
    for call in source.all(ast.Call):
        kind = source.of(call.func).split(".")[-1]
        places += [k.value for k in call.keywords if k.arg in ("lr", "learning_rate")]
        if kind in ("SGD", "Adam") and len(call.args) > 1:
            places.append(call.args[1])
    called = r"(^|\.)(lr|alpha|eta|rate|learning_rate|step_size|LR|h)$"
    for s in source.all(ast.Assign, ast.AnnAssign):
        if s.value is not None and any(re.search(called, source.of(t)) for t in targets(s)):
            places.append(s.value)
    places += [s.value for s, _, _ in source.updates()]
    found = [n for place in places for n in ast.walk(place) if isinstance(n, ast.Constant)]
    return [n for n in dict.fromkeys(found) if type(n.value) in (int, float) and n.value]


@mistake(
    "dead relus",
    "Every relu is shut for every example, so no gradient comes through and nothing can learn.",
    "Use leaky_relu or tanh, or start with smaller weights and a lower learning rate.",
    "dead",
)
def dead(source: Script, record: Watched) -> Iterator[Proposal]:
    yield from rates(source, (0.1, 0.01, 0.001))
    for call in source.calls("relu"):
        if isinstance(call.func, ast.Attribute) and not call.args:
            line = f"{source.of(call.func.value)}.leaky_relu()"
            yield call.lineno, line, source.replaced(call, line)
    for kind in "MLP", "Layer", "Neuron":
        for call in source.calls(kind):
            text = source.of(call)
            linear = re.sub(r",\s*output\s*=\s*['\"]relu['\"]", "", text)
            if linear != text:
                yield call.lineno, linear, source.replaced(call, linear)
            changed = re.sub(r"activation\s*=\s*['\"]relu['\"]", 'activation="leaky_relu"', text)
            if "activation" not in text:
                changed = f'{text[:-1]}, activation="leaky_relu")'
            if changed != text:
                yield call.lineno, changed, source.replaced(call, changed)


@mistake(
    "learning rate below 0",
    "The formula falls below 0 in a later step, and then each step climbs.",
    "Keep it above 0: lr = max(0.01, 1.0 - 0.9 * k / 100).",
    "climbing", "rising", "diverged",
)  # fmt: skip
def below_zero(source: Script, record: Watched) -> Iterator[Proposal]:
    for s in source.all(ast.Assign):
        rate = re.search(r"(^|\.)(lr|alpha|eta|rate|learning_rate|step_size)$", source.of(targets(s)[0]))
        if rate and isinstance(s.value, ast.BinOp) and "-" in source.of(s.value):
            line = f"{source.of(targets(s)[0])} = max(0.01, {source.of(s.value)})"
            yield s.lineno, line, source.replaced(s, line)


@mistake(
    "learning rate too large",
    "Each step leaps over the valley to a higher place on the other side, so the loss grows without end.",
    "Write a smaller learning rate.",
    "rising", "diverged", "stuck",
)  # fmt: skip
def too_large(source: Script, record: Watched) -> Iterator[Proposal]:
    yield from rates(source, (0.1, 0.01, 0.001, 1e-5, 1e-8))
    for s in source.all(ast.keyword):
        if s.arg == "momentum" and isinstance(s.value, ast.Constant):
            yield s.value.lineno, in_line(source, s.value, "0.9"), source.replaced(s.value, "0.9")


@mistake(
    "learning rate of 0",
    "With a learning rate of 0 no step changes anything; // drops what comes after the point.",
    "Write lr=0.1, or / for //.",
    "unchanged",
)
def zero_rate(source: Script, record: Watched) -> Iterator[Proposal]:
    for n in source.all(ast.BinOp):
        if isinstance(n.op, ast.FloorDiv):
            line = f"{source.of(n.left)} / {source.of(n.right)}"
            yield n.lineno, in_line(source, n, line), source.replaced(n, line)
    for n in source.all(ast.Constant):
        holder = source.parent.get(n)
        named = isinstance(holder, ast.keyword) and holder.arg in ("lr", "learning_rate")
        given = isinstance(holder, ast.Assign) and re.search(r"lr|rate|alpha|eta|step", source.of(targets(holder)[0]))
        if type(n.value) in (int, float) and n.value == 0 and (named or given):
            yield n.lineno, in_line(source, n, "0.1"), source.replaced(n, "0.1")


@mistake(
    "learning rate too small",
    "Each step is so short that the loss stays where it is.",
    "Write a larger learning rate.",
    "tiny",
)
def too_small(source: Script, record: Watched) -> Iterator[Proposal]:
    yield from rates(source, (100.0, 1e4, 1e6))


@mistake(
    "saturated",
    "Nearly every tanh or sigmoid is at the flat end of its curve, where its slope is 0, so no gradient comes through.",
    "Write a smaller learning rate, or standardize the inputs.",
    "saturated",
)
def saturated(source: Script, record: Watched) -> Iterator[Proposal]:
    yield from rates(source, (0.1, 0.01))
    seen = set()
    for made in source.all(ast.ListComp):
        over = made.generators[0].iter
        called = isinstance(made.elt, ast.Call) and isinstance(over, ast.Name) and over.id not in seen
        given = [s for s in source.tree.body if called and s in source.assigned(over.id)]
        if called and given and source.above(made, ast.FunctionDef) is None:
            seen.add(over.id)
            line = f"{over.id} = Standardize.fit({over.id})({over.id})"
            text = source.appended(given[-1], f"from micrograd_like.data import Standardize; {line}")
            yield given[-1].lineno, line, text
