"""What an engine that a learner built does on graphs that bring mistakes to light, and the smallest on which it fails.

Graphs are plans: leaves with numbers, and steps of operations, which any engine can follow. They have inner nodes that
are reached at two depths, nodes that are used again, equal numbers, diamonds and long chains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from math import isclose, isfinite
from random import Random
from typing import Any

from ..engine import Value
from ..mistakes.mistake import MISTAKES
from ..mistakes.passes import grads
from ..ops import OPS
from .hypotheses.formulas import others

GRAPHS, SALTS = 200, 3  # random graphs, and orders of sets under which each is run
LETTERS = "abcdefgh"
SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
METHODS = {
    "add": "__add__",
    "sub": "__sub__",
    "mul": "__mul__",
    "div": "__truediv__",
    "neg": "__neg__",
    "pow": "__pow__",
}
SAMPLES = {"log": (0.7, 2.5), "sqrt": (0.7, 2.5), "relu": (-1.3, 0.7), "exp": (-0.6, 0.8), "tanh": (-0.6, 0.9)}
Step = tuple[str, int, int]  # operation, and the places of its operands; of a power the second is the exponent


@dataclass(frozen=True)
class Blueprint:
    """A graph to be built: the numbers of its leaves, and its steps, each of which makes one more node."""

    leaves: tuple[float, ...]
    steps: tuple[Step, ...]

    def build(self, leaves: Sequence[Any]) -> Any:
        """Return the output of the graph on these leaves, whatever kind of number they are."""
        return self.nodes(leaves)[-1]

    def nodes(self, leaves: Sequence[Any]) -> list[Any]:
        """Return these leaves, and what the steps make of them."""
        nodes = list(leaves)
        for step in self.steps:
            nodes.append(applied(step, nodes))
        return nodes

    @property
    def used(self) -> set[int]:
        """The places of the leaves and steps from which the output is made."""
        found = {len(self.leaves) + len(self.steps) - 1}
        for i in range(len(self.steps) - 1, -1, -1):
            name, x, y = self.steps[i]
            if i + len(self.leaves) in found:
                found |= {x} if name not in SIGNS else {x, y}
        return found

    @property
    def inner(self) -> range:
        """The places of what the steps make."""
        return range(len(self.leaves), len(self.leaves) + len(self.steps))

    def inputs(self, place: int) -> tuple[int, ...]:
        """Return the places from which a step makes its node."""
        name, x, y = self.steps[place - len(self.leaves)]
        return (x, y) if name in SIGNS else (x,)

    @property
    def written(self) -> tuple[list[str], list[str]]:
        """The lines of the graph that give a name, and what each node is called or how it is written."""
        names = list(LETTERS[: len(self.leaves)])
        uses = [x for place in self.inner if place in self.used for x in self.inputs(place)]
        letters, lines = iter(LETTERS[len(names) :] + "klmnpqrstuvwxyz"), []
        for i, (name, x, y) in enumerate(self.steps):
            place = len(self.leaves) + i
            text = _text(name, names[x], names[y] if name in SIGNS else str(y))
            if place in self.used and uses.count(place) > 1:
                letter = next(letters, f"v{i}")
                lines.append(f"{letter} = {text}")
                text = letter
            elif name in SIGNS and i < len(self.steps) - 1:
                text = f"({text})"
            names.append(text)
        return lines, names

    def __str__(self) -> str:
        """Write the graph as lines: c = a*b; c + c*b."""
        lines, names = self.written
        return "; ".join([*lines, names[-1]])

    @property
    def numbers(self) -> str:
        """The leaves with their numbers, as in a=2, b=3."""
        return ", ".join(f"{name}={x:g}" for i, (name, x) in enumerate(zip(LETTERS, self.leaves)) if i in self.used)


def _text(name: str, x: str, y: str) -> str:
    if name in SIGNS:
        return f"{x} {SIGNS[name]} {y}"
    return f"{x}**{y}" if name == "pow" else f"-{x}" if name == "neg" else f"{name}({x})"


def applied(step: Step, nodes: Sequence[Any]) -> Any:
    """Return what a step makes of the nodes before it."""
    name, i, j = step
    x = nodes[i]
    match name:
        case "add":
            return x + nodes[j]
        case "sub":
            return x - nodes[j]
        case "mul":
            return x * nodes[j]
        case "div":
            return x / nodes[j]
        case "neg":
            return -x
        case "pow":
            return x**j
    return getattr(x, name)()


def ours(plan: Blueprint) -> tuple[float, dict[str, float]]:
    """Return what the engine gives: the value, and the gradients of the leaves by letter."""
    leaves = [Value(x) for x in plan.leaves]
    root = plan.build(leaves)
    found = grads(root)
    return root.data, {name: found[x] for name, x in zip(LETTERS, leaves) if x in found}


def agree(mine: tuple[float, Mapping[str, float]], theirs: tuple[float, Mapping[str, float]]) -> bool:
    """Tell whether two engines give the same."""
    pairs = [(mine[0], theirs[0]), *((g, theirs[1].get(name, 0.0)) for name, g in mine[1].items())]
    return all(isclose(x, y, rel_tol=1e-6, abs_tol=1e-9) for x, y in pairs)


FIRST = (  # what a class must do before all else
    Blueprint((2.0, -3.5), (("add", 0, 1),)), Blueprint((2.5, -3.0), (("mul", 0, 1),)),
    Blueprint((3.0,), (("add", 0, 0),)),
    Blueprint((3.0,), (("mul", 0, 0),)),
)  # fmt: skip
TELLING = (  # each shows one idea: two depths, a use again after it, equal numbers, a diamond, a square, a fan
    Blueprint((2.0, 3.0), (("mul", 0, 1), ("mul", 2, 1), ("add", 2, 3))),
    Blueprint((2.0, 3.0), (("mul", 0, 1), ("mul", 2, 1), ("add", 3, 2))),
    Blueprint((2.0, 2.0), (("mul", 0, 1), ("mul", 1, 1), ("add", 2, 3))),
    Blueprint((2.0, 2.0), (("add", 0, 0), ("add", 1, 1), ("mul", 2, 3))),
    Blueprint((2.0, 3.0), (("add", 0, 1), ("mul", 2, 2), ("add", 3, 2))),
    Blueprint((1.5, 2.0), (("mul", 0, 1), ("add", 2, 0), ("mul", 3, 2), ("add", 4, 3))),
    Blueprint((1.5, 0.5), (("add", 0, 1), ("mul", 2, 0), ("mul", 3, 3), ("add", 4, 3), ("mul", 5, 4))),
    Blueprint((0.5, 1.1), (("add", 0, 1), *[("mul" if i % 3 else "add", i + 1, 1) for i in range(1, 60)])),
)


def plans(ops: Sequence[str], seed: int = 0) -> Iterator[Blueprint]:
    """Yield random graphs of these operations, and of sums and products, all of whose numbers are moderate."""
    rng = Random(seed)
    while True:
        leaves = tuple(rng.choice([2.0, 2.0, 3.0, 0.5, -1.5, 1.5, -0.7]) for _ in range(rng.randint(2, 4)))
        nodes: list[float] = list(leaves)
        steps: list[Step] = []
        for _ in range(rng.randint(3, 12)):
            name = rng.choice(["add", "mul", "add", "mul", *ops])
            near = range(max(0, len(nodes) - 4), len(nodes))
            i, j = (rng.choice(near) if rng.random() < 0.7 else rng.randrange(len(nodes)) for _ in "xy")
            step = name, i, rng.choice([2, 3]) if name == "pow" else j
            number = _number(step, nodes)
            if number is not None:
                nodes.append(number)
                steps.append(step)
        if steps:
            yield Blueprint(leaves, tuple(steps))


def _number(step: Step, nodes: Sequence[float]) -> float | None:
    """Return the number that a step gives, or None if that is none to compute with."""
    name, i, j = step
    if name in ("relu", "abs") and abs(nodes[i]) < 0.05:
        return None
    try:
        x = float(OPS[name](nodes[i], *([float(j)] if name == "pow" else [nodes[j]] if name in SIGNS else [])))
    except (ArithmeticError, ValueError):
        return None
    return x if isfinite(x) and (abs(x) < 60.0) and (name != "div" or abs(nodes[j]) > 0.2) else None


def smaller(plan: Blueprint) -> Iterator[Blueprint]:
    """Yield graphs that are a little smaller: without the last step, or with one step left out."""
    n = len(plan.leaves)
    if len(plan.steps) > 1:
        yield Blueprint(plan.leaves, plan.steps[:-1])
    for k, (_, x, y) in enumerate(plan.steps[:-1]):
        for instead in dict.fromkeys([x, y if plan.steps[k][0] in SIGNS else x]):
            yield Blueprint(
                plan.leaves, (*plan.steps[:k], *[_without(step, n + k, instead) for step in plan.steps[k + 1 :]])
            )
    for k, (name, x, y) in enumerate(plan.steps):
        if name not in ("add", "mul"):
            yield replace(plan, steps=(*plan.steps[:k], ("add", x, y if name in SIGNS else x), *plan.steps[k + 1 :]))
    for k in range(n):
        if k not in plan.used and n > 1:
            moved = tuple((name, x - (x > k), y - (y > k and name != "pow")) for name, x, y in plan.steps)
            yield Blueprint((*plan.leaves[:k], *plan.leaves[k + 1 :]), moved)


def _without(step: Step, gone: int, instead: int) -> Step:
    name, *xs = step
    x, y = ((instead if z == gone else z - (z > gone)) for z in xs)
    return name, x, xs[1] if name not in SIGNS else y


def smallest(plan: Blueprint, fails: Callable[[Blueprint], bool]) -> Blueprint:
    """Return the smallest graph that fails too, found by making a failing one smaller as long as it fails."""
    for _ in range(60):
        for other in smaller(plan):
            if fails(other):
                plan = other
                break
        else:
            return plan
    return plan


@contextmanager
def order_of_sets(cls: type, salt: int) -> Iterator[bool]:
    """Let sets hold the objects of a class in another order, if their hash is their own; tells whether it could."""
    births, numbers = count(1), dict[int, int]()
    if cls.__hash__ is not object.__hash__ or not salt:  # type: ignore[comparison-overlap]
        yield False
        return

    def hashed(self: Any) -> int:
        number = numbers.setdefault(id(self), next(births))
        return (number * (2654435761 + 40503 * salt) ^ (salt * 97)) % 1021

    try:
        cls.__hash__ = hashed  # type: ignore[method-assign,assignment]
    except TypeError:
        yield False
        return
    try:
        yield True
    finally:
        del cls.__hash__


def operations_of(cls: type) -> list[str]:
    """Return the operations beyond + and * that a class has, by their names in the table."""
    signs = [name for name in ("neg", "sub", "div", "pow") if hasattr(cls, METHODS[name])]
    names = [name for name, op in OPS.items() if op.arity == 1 and name not in METHODS]
    return signs + [name for name in names if callable(getattr(cls, name, None))]


def not_looked_at(cls: type) -> list[str]:
    """Return the public methods of a class that no check calls."""
    known = {*OPS, "backward", "zero_grad", "item"}
    return [
        name for name in vars(cls) if not name.startswith("_") and name not in known and callable(getattr(cls, name))
    ]


def singles(ops: Iterable[str]) -> Iterator[tuple[str, list[Blueprint]]]:
    """Yield each operation with graphs of it alone."""
    for name in ops:
        if name in SIGNS:
            yield name, [Blueprint(x, ((name, 0, 1),)) for x in ((3.0, 2.0), (-1.5, 2.5))]
        elif name == "pow":
            yield name, [Blueprint((x,), (("pow", 0, n),)) for x, n in ((2.5, 2), (-1.5, 3), (0.7, 2))]
        else:
            yield (
                name,
                [
                    Blueprint((x,), ((name, 0, 0),))
                    for x in SAMPLES.get(name, (0.3, 0.6))
                    if _number((name, 0, 0), (x,)) is not None
                ],
            )


def wrong_rule(name: str, plans: Sequence[Blueprint], found: Sequence[Mapping[str, float]]) -> tuple[str, str]:
    """Return (name, words) of the local derivative that gives what was found for an operation alone, or two blanks."""
    op = OPS[name]
    listed = [(key, "", x.local_rules[name]) for key, x in MISTAKES.items() if name in x.local_rules]
    invented = [(f"{name}_as_{x.key}", f"The slope of {name} is taken {x.words}.", x.rule) for x in others(op)]
    for key, words, rule in [*listed, *invented]:
        if all(_gives(rule, op, plan, got) for plan, got in zip(plans, found)):
            return key, words
    return "", ""


def _gives(rule: Callable[..., Sequence[float]], op: Any, plan: Blueprint, got: Mapping[str, float]) -> bool:
    numbers = [*plan.leaves, *([float(plan.steps[0][2])] if op.name == "pow" else [])]
    try:
        slopes = rule(op.value(*numbers), *numbers)
        return all(isclose(float(s), got[name], rel_tol=1e-6, abs_tol=1e-9) for name, s in zip(got, slopes))
    except (ArithmeticError, ValueError, KeyError):
        return False
