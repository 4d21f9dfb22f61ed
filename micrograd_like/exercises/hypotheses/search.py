"""Which hypotheses explain the wrong numbers, and which of them may be spoken.

A hypothesis is ranked by how many of the learner's numbers it explains, to how many digits, and by how far-fetched it
is. It is spoken if that many digits are not hit by chance by one of so many likelier ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import isclose, log2, nan, sqrt
from statistics import median

from ...engine import Value
from ...steps.what_if import what_if
from ..answers import Answer, digits, typed_digits
from ..questions import Task
from .grammar import hypotheses
from .sheet import Hypothesis, Sheet

A_DIGIT = 3.32  # bits
MARGIN = 7.3  # bits by which what is explained must exceed chance: one false accusation in 160
RIVAL = 1.01  # bits; what is that near is of equal rank
SPOILS = 1.5  # bits for what would change a gradient that is shown
AGAINST = 3.0  # bits for each right answer that a hypothesis would have made wrong
PAIRED = 6.1  # bits of what may be combined with a factor
TWICE = {-1.0: ("negated", "the sign turned"), 2.0: ("double", "a factor 2 too many"), 0.5: ("half", "halved")}
ASKED = 5.7  # bits of what may be asked of few digits
TOLERANCE = 5.0001e-4  # of a right answer, relative: half a unit of the fourth digit of 1.000


@dataclass(frozen=True)
class Explained:
    """What explains some wrong answers, the likeliest first; none if nothing does."""

    nodes: tuple[Value, ...]
    rivals: tuple[Hypothesis, ...]
    asks: bool = False  # whether too few digits speak for it, so that it is only asked


@dataclass(frozen=True)
class Sighting:
    """What a learner's answers are, node by node: `wrong` do not follow from the others."""

    answers: Mapping[Value, Answer]
    upstream: Mapping[Value, float]  # what is passed back from each asked node, as the learner has it
    wrong: Sequence[Value]
    right: frozenset[Value]
    blur: Callable[[Value, float], float]  # how far a number may be off because those above it are rounded


def _entropy(weights: Iterable[float]) -> float:
    """Return how uncertain something is that comes out in ways of these weights, in bits."""
    found = [w for w in weights if w]
    return -sum([w / sum(found) * log2(w / sum(found)) for w in found])


class Search:
    """All hypotheses about a task with these gradients asked, built once, and asked again for each check."""

    sheet: Sheet

    def __init__(self, task: Task, asked: Iterable[Value], shown: Iterable[Value] = ()) -> None:
        self.sheet = Sheet(task, asked, shown)

    @cached_property
    def hypotheses(self) -> list[Hypothesis]:
        """All hypotheses, the likeliest first."""
        return hypotheses(self.sheet)

    @cached_property
    def typical(self) -> float:
        """How many digits the numbers of this exercise have, at most 4: with round ones, much is hit by chance."""
        return median([min(digits(self.sheet.right[x]), 4) for x in self.sheet.asked] or [4])

    @cached_property
    def twin_sheet(self) -> Sheet:
        """The same graph with other numbers."""
        task, nodes = self.sheet.task, self.sheet.nodes
        leaves = [x for x in nodes if not x.inputs and not x.constant]
        others = {x: x.data * (1 + 0.007 * sqrt(i + 2)) for i, x in enumerate(leaves)}
        twin = Task(what_if(task.root, others, names={}), lr=task.lr * 1.0123, names={})
        there = dict(zip(nodes, Sheet(twin, ()).nodes))
        return Sheet(twin, *[[there[x] for x in nodes] for nodes in (self.sheet.asked, self.sheet.shown)])

    @cached_property
    def twin(self) -> dict[str, Hypothesis]:
        """The hypotheses about the same graph with other numbers, by key."""
        return {h.key: h for h in hypotheses(self.twin_sheet)}

    @cached_property
    def _hidden(self) -> Search:
        """The same search with the numbers of all nodes, also of those that are neither asked nor shown."""
        return Search(self.sheet.task, self.sheet.asked, self.sheet.nodes)

    def asks_back(self, x: Value, typed: Container[Value] = ()) -> list[Value]:
        """Return the nodes above a node that are not typed, those not shown first, of these the one that tells most.

        That is the one whose number would be the least certain: the entropy over all hypotheses that change the
        gradient of `x`, of which each weighs 2 to the power of minus its bits.
        """
        sheet, shown = self.sheet, set(self.sheet.shown)
        above = [y for y in self._above(x) if y not in typed]
        if len(above) < 2:
            return above
        weights: dict[Value, Counter[str]] = {y: Counter() for y in above}
        for h in self._hidden.hypotheses:
            if x in h.whole and not isclose(h.whole[x], sheet.right[x], rel_tol=1e-9):
                for y in above:
                    weights[y][f"{h.whole.get(y, sheet.right[y]):.4g}"] += 2.0**-h.bits
        called, names = sheet.task.spoken, sheet.task.names  # those with a name of their own come first
        return sorted(
            above,
            key=lambda y: (y in shown, called[y] != names[y], -round(_entropy(weights[y].values()), 6), sheet.place[y]),
        )

    def _above(self, x: Value) -> list[Value]:
        """Return the nodes that are made from a node, but for the output, inputs first."""
        found = {x}
        for node in self.sheet.ops:
            if not found.isdisjoint(node.inputs):
                found.add(node)
        return [y for y in self.sheet.ops if y in found and y not in (x, self.sheet.root)]

    def differ(self, one: Hypothesis, two: Hypothesis) -> bool:
        """Tell whether two hypotheses are different programs, or only other words for the same one."""
        return self.signature(one) != self.signature(two)

    def signature(self, h: Hypothesis) -> tuple[str, ...]:
        """Return what a hypothesis gives on the twin, by which different programs are told apart."""
        there = self.twin.get(h.key)
        return tuple(f"{y + 0.0:.6g}" for y in there.whole.values()) if there else (h.key,)

    def explain(self, seen: Sighting) -> list[Explained]:
        """Return what explains the wrong answers, the best first, and then what nothing explains."""
        left, found = list(seen.wrong), list[Explained]()
        scored = self._scored(seen) if left else []
        while left:
            best = self._best(scored, left)
            if not best:
                break
            nodes = tuple(x for x in left if x in best[0][1])
            found.append(Explained(nodes, tuple(h for h, _, _ in best)))
            left = [x for x in left if x not in nodes]
        return [*found, *[self._guess(x, seen) for x in left]]

    def _guess(self, x: Value, seen: Sighting) -> Explained:
        """Return two things at once for an answer of many digits, for one of few what is to be asked, or nothing."""
        answer, own = seen.answers[x], self.sheet.own[x].at(seen.upstream)
        if pair := tuple(self._pair(x, seen)):
            return Explained((x,), pair)
        if self.telling(answer) >= 4:
            return Explained((x,), ())
        numbers = [(h, h.at(x, self.sheet, seen.upstream)) for h in self.hypotheses if x in h.own and h.bits < ASKED]
        hit = [h for h, y in numbers if not isclose(y, own, rel_tol=1e-9) and answer.means(y, seen.blur(x, y))]
        equal = {h.name: h for h in hit[::-1] if h.bits <= hit[0].bits + RIVAL}
        return Explained((x,), tuple(sorted(equal.values(), key=lambda h: h.bits)), asks=True)

    def _pair(self, x: Value, seen: Sighting) -> Iterator[Hypothesis]:
        """Yield two things at once: something done otherwise, and then the sign turned, or a factor 2."""
        answer, tried = seen.answers[x], 0
        for h in self.hypotheses:
            number = h.at(x, self.sheet, seen.upstream) if x in h.own and h.bits < PAIRED else nan
            for factor, (name, words) in TWICE.items() if number == number and number else ():
                tried += 1
                if answer.means(factor * number) and A_DIGIT * self.telling(answer) - log2(tried) >= MARGIN:
                    yield replace(h, key=f"{h.key} + {name}", name=f"{h.name} + {name}", words=words, parts=(h, words))
                    return

    def _best(
        self, scored: Sequence[tuple[Hypothesis, frozenset[Value], float]], left: Sequence[Value]
    ) -> list[tuple[Hypothesis, frozenset[Value], float]]:
        """Return the best hypothesis for what is left, with those of equal rank that are other programs or names."""
        alive = [(h, nodes, score) for h, nodes, score in scored if nodes & {*left}]
        if not alive:
            return []
        top = max(alive, key=lambda x: (len(x[1] & {*left}), x[2]))
        equal = [x for x in alive if x[1] & {*left} >= top[1] & {*left} and x[2] >= top[2] - RIVAL]
        names: dict[str, tuple[Hypothesis, frozenset[Value], float]] = {}
        for x in sorted(equal, key=lambda x: -x[2]):
            names.setdefault(x[0].name, x)
        return [top, *(x for x in names.values() if x[0].name != top[0].name)]

    def _scored(self, seen: Sighting) -> list[tuple[Hypothesis, frozenset[Value], float]]:
        """Return the hypotheses that may be spoken, with what they explain and their score."""
        found = []
        weight = {x: A_DIGIT * self.telling(seen.answers[x]) for x in seen.wrong}
        tried: dict[Value, set[float]] = {x: set() for x in seen.wrong}  # the numbers that might have been hit so far
        for place, h in enumerate(self.hypotheses, 1):
            nodes = set()
            for x, number in self._numbers(h, seen).items():
                own, answer = self.sheet.own[x].at(seen.upstream), seen.answers[x]
                if number != number or isclose(number, own, rel_tol=1e-9, abs_tol=1e-12):
                    continue
                if 0.25 <= number / (answer.number or nan) <= 4.0:  # what chance might hit
                    tried[x].add(float(f"{number:.9e}"))
                if answer.means(number, seen.blur(x, number)):
                    nodes.add(x)
            everywhere = self._gives_all(h, seen)
            explained = frozenset(seen.wrong) if everywhere else frozenset(nodes)
            if not explained:
                continue
            against = 0 if everywhere else self._against(h, seen, explained)
            if against and h.site is not None and not h.listed:
                continue
            several = len(explained) > 1
            chances = place if several else len(tried[next(iter(explained))])
            bits = sum([weight[x] for x in explained])
            if h.listed or self._telling(seen, explained, bits - log2(max(chances, 1))):
                only_whole = everywhere and len(nodes) < len(explained)
                score = bits - h.bits - AGAINST * against + (everywhere and several)
                found.append((h, explained, score - SPOILS * (only_whole and self.spoils_shown(h))))
        return found

    def spoils_shown(self, h: Hypothesis) -> bool:
        """Tell whether a gradient that the learner is shown would be another, had this been done everywhere."""
        right = self.sheet.right
        return any(not isclose(h.whole.get(x, right[x]), right[x], rel_tol=1e-9) for x in self.sheet.shown)

    def _telling(self, seen: Sighting, explained: frozenset[Value], more: float) -> bool:
        """Tell whether what is explained is more than chance: two answers, or four digits."""
        return more >= MARGIN and (len(explained) > 1 or self.telling(seen.answers[next(iter(explained))]) >= 4)

    def telling(self, answer: Answer) -> float:
        """Return to how many digits an answer is known to be hit or missed."""
        return max(typed_digits(answer), self.typical)

    def _numbers(self, h: Hypothesis, seen: Sighting) -> dict[Value, float]:
        """Return what a hypothesis gives for the wrong answers, from the learner's own numbers."""
        if len(seen.answers) >= len(self.sheet.asked):
            return {x: h.at(x, self.sheet, seen.upstream) for x in seen.wrong if x in h.own}
        upstream = dict(seen.upstream)  # what was not typed follows from the hypothesis
        found = {}
        for x in self.sheet.asked:
            number = h.at(x, self.sheet, upstream) if x in h.own else self.sheet.own[x].at(upstream)
            if x not in seen.answers:
                upstream[x] = number
            elif x in seen.wrong:
                found[x] = number
        return found

    def _gives_all(self, h: Hypothesis, seen: Sighting) -> bool:
        """Tell whether a hypothesis gives all of the learner's numbers, if all else is right."""
        for x, answer in seen.answers.items():
            number = h.whole.get(x)
            if number is None or number != number:
                return False
            if not answer.means(number, TOLERANCE * abs(number) * (x in seen.right)):
                return False
        return bool(seen.wrong)

    def _against(self, h: Hypothesis, seen: Sighting, explained: frozenset[Value]) -> int:
        """Return how many right answers a hypothesis would have made wrong."""
        if not all(isinstance(made, type(self.sheet.own[x])) for x, made in h.own.items()):
            return 0
        count = 0
        for x in h.own:
            if x in seen.answers and x not in explained:
                number = h.at(x, self.sheet, seen.upstream)
                count += not seen.answers[x].means(number, max(seen.blur(x, number), TOLERANCE * abs(number)))
        return count
