"""Questions that Moodle computes, with fresh numbers for everyone: the right answer and the mistakes as formulas."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..engine import Value
from ..exercises.concepts import Concept
from ..exercises.credit import credit
from ..exercises.exercise import Exercise
from ..exercises.generator import generate
from ..ops.notation import ATOM, C, short
from ..steps.symbols import in_symbols

KNOWN = {"add", "sub", "mul", "div", "neg", "exp", "log", "tanh", "pow"}  # operations that Moodle can compute
SETS, LOOKED_AT = 20, 120
FUNCTIONS = {name: getattr(math, name) for name in ("exp", "log", "tanh", "pow")}


@dataclass(frozen=True)
class FormulaReply:
    """A formula in {a}, {b}, ..., which share of the points its number earns, and what is said to it."""

    formula: str
    share: float
    said: str

    def at(self, numbers: Mapping[str, float]) -> float:
        """Return its number."""
        return float(
            eval(self.formula.replace("{", "").replace("}", ""), {"__builtins__": {}} | FUNCTIONS, dict(numbers))
        )


@dataclass(frozen=True)
class Calculated:
    """One gradient, asked with numbers that the LMS draws: `numbers` are those of each leaf, set by set."""

    title: str
    program: str
    asked: str
    replies: list[FormulaReply]
    numbers: dict[str, list[float]]


def calculated(concept: Concept, difficulty: int = 1, seed: int = 0) -> list[Calculated]:
    """Return a question for each leaf of an exercise; none if it has an operation that Moodle cannot compute."""
    first = generate(concept, difficulty, seed)
    nodes = first.task.graph.nodes
    if first.kinds != {"gradient"} or not {x.op.name for x in nodes if x.op} <= KNOWN:
        return []
    alike = [first]
    for k in range(seed + 1, seed + LOOKED_AT):
        if len(alike) < SETS and _shape(other := generate(concept, difficulty, k)) == _shape(first):
            alike.append(other)
    leaves = [x.label for x in nodes if not x.inputs and not x.constant]
    if len(alike) < 2 or not all(name.isidentifier() for name in leaves):
        return []
    numbers = {name: [_leaf(ex, name).data for ex in alike] for name in leaves}
    forward = _forward(first)
    program = "\n".join(
        f"{first.task.names[x]} = {first.task.graph.formula(x) if x.op else '{' + x.label + '}'}"
        for x in nodes if not x.constant
    )  # fmt: skip
    return [
        Calculated(
            f"{first.title}: {name}", program, first.questions[name].asked, _replies(alike, name, forward), numbers
        )
        for name in leaves
    ]


def _shape(ex: Exercise) -> list[str]:
    return [f"{ex.task.names[x]} = {ex.task.graph.formula(x)}" for x in ex.task.graph.nodes if x.op]


def _leaf(ex: Exercise, name: str) -> Value:
    return next(x for x in ex.task.graph.nodes if x.label == name)


def _forward(ex: Exercise) -> dict[Value, str]:
    """Return the value of each node as a formula of the leaves."""
    found: dict[Value, str] = {}
    for x in ex.task.graph.nodes:
        if x.op:
            found[x] = f"({_moodle(x.op(*[C(found[i], ATOM) for i in x.inputs]))})"
        else:
            found[x] = f"({x.data!r})" if x.constant else f"{{{x.label}}}"
    return found


def _moodle(text: object) -> str:
    """Return a formula in C as Moodle writes it: pow for op_pow."""
    return re.sub(r"\bop_(\w+)\(", r"\1(", str(text))


def _terms(ex: Exercise, forward: Mapping[Value, str], x: Value, above: Mapping[Value, str]) -> list[tuple[str, str]]:
    """Return (local derivative, upstream gradient) of each use, as formulas."""
    return [
        (f"({_moodle(in_symbols(C, use, i, [forward[y] for y in (use, *use.inputs)]))})", above[use])
        for use, i in ex.task.edges_of(x)
    ]


def _replies(alike: list[Exercise], name: str, forward: Mapping[Value, str]) -> list[FormulaReply]:
    ex = alike[0]
    above = {ex.root: "1"}
    for x in ex.task.nodes:
        if x is not ex.root:
            above[x] = f"({' + '.join(f'{slope}*{upstream}' for slope, upstream in _terms(ex, forward, x, above))})"
    leaf = _leaf(ex, name)
    terms = _terms(ex, forward, leaf, above)
    tried = [f"{slope}*{upstream}" for slope, upstream in terms] if len(terms) > 1 else []
    tried += [f"0 - {above[leaf]}", " + ".join(slope for slope, _ in terms), " + ".join(up for _, up in terms)]
    found = [FormulaReply(above[leaf], 1.0, "Right.")]
    for formula in tried:
        reply = _diagnosed(alike, name, formula, found)
        found += [reply] if reply else []
    return found


def _diagnosed(alike: list[Exercise], name: str, formula: str, found: list[FormulaReply]) -> FormulaReply | None:
    """Return a wrong formula with what is said of it whatever the numbers; None if it is right for some numbers."""
    plain = FormulaReply(formula, 0.0, "")
    for ex in alike:
        numbers = {x.label: x.data for x in ex.task.graph.nodes if not x.inputs and not x.constant}
        mine = plain.at(numbers)
        if any(math.isclose(mine, x.at(numbers), rel_tol=2e-3, abs_tol=1e-9) for x in found):
            return None
    made = credit(alike[0], {name: short(plain.at({x.label: x.data for x in alike[0].task.graph.nodes if not x.op}))})
    alike[0]._tries.clear()
    told = [x for x in made.marking.messages if x.mistakes]
    earned = next(x for x in made.points if x.key == name)
    return FormulaReply(formula, earned.earned / earned.of, told[0].idea) if told else None
