"""All hypotheses about a sheet: what may have been done, from the likeliest to the most far-fetched.

A hypothesis is one thing done otherwise: a listed mistake, another local derivative at every node of a kind or at one
node, another contribution on one edge or everywhere, another way to put contributions together, another start, another
quantity written down. Each gives a number for every answer: if all else is right, and from the learner's own answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from math import isfinite, nan, prod, sqrt
from typing import Any

from ...engine import Value
from ...mistakes.mistake import MISTAKES, Mistake, added, made_by
from ...mistakes.passes import Pass
from ...mistakes.script import can_bite
from ...ops import OPS
from .changes import both, forms, once, picked
from .elsewhere import factors, misplaced
from .formulas import Wrong, others
from .quantities import MANY, copies, reports
from .sheet import Form, Given, Hypothesis, Sheet, finite

UNLIKELY = ["update", "updated", "negated", "double", "half", "inverted"]
LIKELY = [  # of the mistakes that give the same number, the first comes first; the unlikely ones come last
    "square_once", "overwrite", "first_path", "sub_sign", "neg_sign", "mul_own", "no_upstream", "no_local", "times_n",
    "over_n", "pow_no_factor", "seed_is_value", "no_seed",
]  # fmt: skip
FAR = 5.5  # bits of what is left out then
Gather = Callable[[Sequence[float]], float]


def hypotheses(sheet: Sheet) -> list[Hypothesis]:
    """Return all hypotheses, the likeliest first; of those that give the same numbers, beside the listed ones, one."""
    families = (listed, structures, slopes, edges, contributions, gathered, misplaced, reports, copies, factors)
    found = [h for family in families for h in family(sheet)]
    seen: set[object] = set()
    return [h for h in sorted(found, key=lambda h: h.bits) if h.listed or _is_new(h, sheet, seen)]


def _is_new(h: Hypothesis, sheet: Sheet, seen: set[object]) -> bool:
    """Tell whether no likelier hypothesis gives the same numbers, and enter it."""
    own = [
        (
            sheet.place[x],
            f"{made.number:.9g}",
            *sorted((sheet.place[y], f"{k:.9g}") for y, k in made.factors.items() if k),
        )
        if isinstance(made, Form)
        else (sheet.place[x], h.key)
        for x, made in h.own.items()
    ]
    numbers = tuple(sorted(own)), tuple([f"{h.whole.get(x, 0.0) + 0.0:.9g}" for x in sheet.known])
    new = numbers not in seen
    seen.add(numbers)
    return new


# The listed mistakes


def listed(sheet: Sheet) -> Iterator[Hypothesis]:
    """Yield the mistakes of the list that can be made on this graph."""
    bite = {name: replace(x, lr=sheet.task.lr) for name, x in MISTAKES.items() if can_bite(sheet.nodes, x)}
    for order, (name, mistake) in zip(count(), sorted(bite.items(), key=lambda pair: likelihood(pair[0]))):
        try:
            grads = Pass(sheet.root, mistake, sheet.nodes).grads()
        except OverflowError:
            continue
        whole = {x: grads.get(x, 0.0) for x in sheet.known}
        own = {} if mistake.is_whole else _own(sheet, mistake)
        if name in BETWEEN:
            reached = _between(sheet, name)
            if not reached:
                continue
            own = {x: made for x, made in own.items() if x in reached}
        yield Hypothesis(name, name, 2.0 + order / 50, whole, own, listed=True)
        if mistake.local_rules or mistake.shut(sheet.root) or name in ("square_once", "target_forgotten"):
            yield from once(sheet, name, 3.0 + order / 50, mistake.slopes, listed=True)


def likelihood(name: str) -> int:
    """Return the place of a mistake among those that give the same number."""
    if name in LIKELY:
        return LIKELY.index(name)
    return len(LIKELY) + (1 + UNLIKELY.index(name) if name in UNLIKELY else 0)


def _own(sheet: Sheet, mistake: Mistake) -> dict[Value, Any]:
    if mistake.is_reported:
        return {x: _Reported(mistake) for x in sheet.asked}
    if mistake.accumulate is not added:
        made = mistake.accumulate
        return {x: _Gathered(_folded(made), mistake.name) for x in sheet.asked if len(sheet.parts[x]) > 1}
    if mistake.number.__name__ != "Gradient":
        changed = {node: [Given(s, mistake.contribution) for s in node.local_grads] for node in sheet.ops}
        return forms(sheet, changed)
    return forms(sheet, {x: new for x in sheet.ops if (new := mistake.slopes(x)) != x.local_grads})


@dataclass(frozen=True)
class _Reported:
    """Another number is written down for a gradient that follows from the learner's answers."""

    mistake: Mistake

    def of(self, g: float, x: Value, sheet: Sheet) -> float:
        """Return what is written down for this gradient."""
        return self.mistake.reported(x, g, sheet.n)

    def __call__(self, x: Value, sheet: Sheet, answers: Mapping[Value, float]) -> float:
        return self.of(sheet.own[x].at(answers), x, sheet)


@dataclass(frozen=True)
class _Gathered:
    """The contributions that follow from the learner's answers are put together otherwise."""

    how: Gather
    key: str

    def __call__(self, x: Value, sheet: Sheet, answers: Mapping[Value, float]) -> float:
        return self.how([part.at(answers) for part in sheet.parts[x]])


def _folded(accumulate: Callable[[Any, Any], Any]) -> Gather:
    def how(parts: Sequence[float]) -> float:
        found = 0.0
        for part in parts:
            found = accumulate(found, part) if found else part
        return found

    return how


BETWEEN = ("half", "double", "times_n", "over_n")  # only said where a square, or a division by n, lies between


def _between(sheet: Sheet, name: str) -> set[Value]:
    """Return the asked nodes between which and the next answer above lies a square, or the division by n."""
    found: set[Value] = set()
    for node in sheet.ops:
        same = made_by(node, "mul") and node.inputs[0] is node.inputs[-1]
        square = same or (made_by(node, "pow") and node.inputs[1].constant and node.inputs[1].data == 2.0)
        mean = node.inputs[-1].constant and node.inputs[-1].data in (sheet.n, 1.0 / sheet.n)
        if square if name in ("half", "double") else mean and made_by(node, "div", "mul"):
            found |= sheet.effects[node.inputs[0]].keys()
    return found


# Local derivatives


def slopes(sheet: Sheet) -> Iterator[Hypothesis]:
    """Yield other local derivatives, at every node of an operation and at each of them alone."""
    for kind in dict.fromkeys(node.op.name for node in sheet.ops if node.op):
        for wrong in others(OPS[kind]):
            if wrong.bits > FAR and len(sheet.nodes) > MANY:
                continue
            key = f"{kind}_as_{wrong.key}"
            words = f"the slope of {kind} is taken {wrong.words}"
            changed = {x: new for x in sheet.ops if x.op and x.op.name == kind and (new := _slopes(x, wrong))}
            if not changed:
                continue
            yield Hypothesis(key, key, wrong.bits, *both(sheet, changed), words, wrong=next(iter(changed)))
            if len(changed) > 1 and (wrong.bits <= 5.0 or len(sheet.nodes) <= MANY):
                yield from once(sheet, key, wrong.bits + 1.0, picked(changed), words)


def _slopes(node: Value, wrong: Wrong) -> tuple[float, ...] | None:
    found = finite(_sloped, node, wrong)
    if found != found or found == node.local_grads:
        return None
    return found  # type: ignore[no-any-return]


def _sloped(node: Value, wrong: Wrong) -> Any:
    new = wrong.rule(node.data, *[x.data for x in node.inputs])
    new = tuple([0.0 if x.constant else float(s) for x, s in zip(node.inputs, new)])
    return _All(new) if all(map(isfinite, new)) else nan


class _All(tuple):  # type: ignore[type-arg]
    """Local derivatives that are all finite, which `finite` lets through."""

    def __float__(self) -> float:
        return 0.0


# Contributions


ON_EDGE: tuple[tuple[str, str, float, Callable[[float, Any, Value, Value], Any]], ...] = (
    ("sign", "with the wrong sign", 4.0, lambda s, g, node, x: -s * g),
    ("dropped", "missing", 4.0, lambda s, g, node, x: 0.0 * g),
    ("twice", "counted twice", 5.5, lambda s, g, node, x: 2.0 * s * g),
    ("halved", "halved", 5.5, lambda s, g, node, x: 0.5 * s * g),
    ("own_factor", "with {name}'s own value as the factor", 4.5, lambda s, g, node, x: x.data * g),
    ("no_local", "without the local derivative", 4.5, lambda s, g, node, x: 1.0 * g),
    ("no_upstream", "without the upstream gradient", 4.5, lambda s, g, node, x: Form(s) if isinstance(g, Form) else s),
    ("own_value", "with the value of {use} as the factor", 6.0, lambda s, g, node, x: node.data * g),
)  # fmt: skip
MADE: tuple[tuple[str, str, float, Callable[[Any, Any], Any]], ...] = (
    ("slope_plus", "the local derivative is added to the upstream gradient", 6.0, lambda s, g: s + g),
    ("slope_minus", "the upstream gradient is subtracted from the local derivative", 7.0, lambda s, g: s - g),
    ("divided", "the upstream gradient is divided by the local derivative", 6.0, lambda s, g: g / s),
    ("slope_squared", "the local derivative is multiplied on twice", 6.0, lambda s, g: s * s * g),
    ("upstream_squared", "the upstream gradient is multiplied on twice", 6.5, lambda s, g: s * (g * g)),
    ("both_halved", "each contribution is halved", 6.0, lambda s, g: 0.5 * s * g),
    ("both_negative", "each contribution has the wrong sign", 6.0, lambda s, g: -s * g),
    ("no_local", "the gradient is passed on without the local derivative", 4.5, lambda s, g: 1.0 * g),
    ("no_upstream", "the local derivative is taken without the upstream gradient", 4.5, lambda s, g: s + 0.0 * g),
)


def edges(sheet: Sheet) -> Iterator[Hypothesis]:
    """Yield what may be done otherwise with one contribution."""
    asked = set(sheet.asked)
    for node, i, x in sheet.edges:
        slope = node.local_grads[i]
        for kind, words, bits, made in ON_EDGE:
            change = finite(made, slope, sheet.right[node], node, x) - slope * sheet.right[node]
            alone = x in asked and len(sheet.parts[x]) == 1  # then it is the whole gradient, of which `reports` tell
            if change != change or (alone and kind in ("sign", "twice", "halved")):
                continue
            whole = {y: sheet.right[y] for y in sheet.known}
            for y, k in sheet.whole_effects[x].items():
                whole[y] += k * change
            moved = made(slope, sheet.given[node], node, x) + -slope * sheet.given[node]
            own = {y: sheet.own[y] + k * moved for y, k in sheet.effects[x].items()}
            key = f"{kind}@{sheet.place[node]}.{i}"
            yield Hypothesis(key, f"contribution_{kind}", bits, whole, own, words, node, x)


def contributions(sheet: Sheet) -> Iterator[Hypothesis]:
    """Yield what may be done otherwise with all contributions, or with those of one operation."""
    kinds = list(dict.fromkeys(node.op.name for node in sheet.ops if node.op))
    for key, words, bits, made in MADE:
        for kind in ("", *kinds) if len(kinds) > 1 else ("",):
            nodes = [x for x in sheet.ops if x.op and kind in ("", x.op.name)]
            changed = {x: [Given(s, made) for s in x.local_grads] for x in nodes}
            grads = finite(lambda changed=changed: _Numbers(sheet.run(changed)))
            if grads != grads:
                continue
            where = f" at every {kind}" if kind else ""
            own = forms(sheet, changed) if key != "upstream_squared" else {}
            name = f"{key}_{kind}".strip("_")
            whole = {x: grads[x] for x in sheet.known}
            if kind or key not in ("no_local", "no_upstream"):
                yield Hypothesis(f"all:{name}", name, bits + bool(kind), whole, own, words + where)


class _Numbers(dict):  # type: ignore[type-arg]
    """Numbers by node, which `finite` lets through."""

    def __float__(self) -> float:
        return 0.0


GATHERS: tuple[tuple[str, str, float, Gather], ...] = (
    ("averaged", "the contributions are averaged, not added", 5.0, lambda parts: sum(parts) / len(parts)),
    ("largest", "only the largest contribution is counted", 5.5, lambda parts: max(parts, key=abs)),
    ("smallest", "only the smallest contribution is counted", 6.5, lambda parts: min(parts, key=abs)),
    ("subtracted", "the later contributions are subtracted from the first", 5.5, lambda p: p[0] - sum(p[1:])),
    ("subtracted_turned", "the first contributions are subtracted from the last", 5.5, lambda p: p[-1] - sum(p[:-1])),
    ("absolute", "the contributions are added without their signs", 6.0, lambda parts: sum(map(abs, parts))),
    ("squares", "the root of the sum of squares is taken", 7.0, lambda parts: sqrt(sum([x * x for x in parts]))),
    ("product", "the contributions are multiplied", 6.0, prod),
)


def gathered(sheet: Sheet) -> Iterator[Hypothesis]:
    """Yield other ways to put the contributions to a node together."""
    if not any(len(parts) > 1 for parts in sheet.parts.values()):
        return
    for key, words, bits, how in GATHERS:
        grads = sheet.run({}, gather=how)
        whole = {x: grads[x] for x in sheet.known}
        own = {x: _Gathered(how, key) for x in sheet.asked if len(sheet.parts[x]) > 1}
        yield Hypothesis(key, key, bits, whole, own, words)


STRUCTURES = (
    Mistake("order_forward", "the nodes pass back in the forward order", "", order="forward"),
    Mistake("order_depth_first", "a node passes back each time that something arrives", "", order="depth first"),
    Mistake("order_first_reach", "a node passes back before all has arrived", "", order="first reach"),
    Mistake("order_every_path", "a node passes back once for each path to it", "", order="every path"),
    Mistake("kept_leaves", "old gradients stay in the leaves", "", keeps="leaves"),
    Mistake("kept_inner", "old gradients stay in the inner nodes", "", keeps="inner"),
    Mistake("kept_all", "old gradients stay in all nodes", "", keeps="all"),
)


def structures(sheet: Sheet) -> Iterator[Hypothesis]:
    """Yield other orders in which nodes pass back, and other rests of a pass before."""
    for made in STRUCTURES:
        try:
            grads = Pass(sheet.root, made, sheet.nodes).grads()
        except OverflowError:
            continue
        yield Hypothesis(made.name, made.name, 5.0, {x: grads.get(x, 0.0) for x in sheet.known}, {}, made.idea)
