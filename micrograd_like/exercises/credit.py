"""Points for answers: one for each contribution of a gradient, and full ones for what follows from an earlier slip.

>>> from micrograd_like import Value
>>> from micrograd_like.exercises.exercise import Exercise
>>> a, b = Value(2.0), Value(-3.0)
>>> v = a * b
>>> L = v + a
>>> print(credit(Exercise(L), dict(L=1, v=2, b=4, a="-6")))
L  1: 1 of 1
v  2: 0 of 1
b  4: 1 of 1, follows from an earlier slip
a  -6: 1 of 2, 1 of 2 contributions
3 of 5 points
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from ..engine import Value
from .answers import Answer
from .diagnosis import Diagnosis, is_right
from .exercise import FOLLOWS, Exercise
from .marking import Mark, Marking
from .questions import Question

SLIP = 0.5  # of a point, where the method is right and the number is not
FACTORS = (1, 0, -1, 2)  # what may have become of a contribution: taken, left out, its sign lost, counted twice
MOST = 5  # contributions of which every combination is looked at
CARRIED = "follows from an earlier slip"
EMPTY = "0 follows from 0 without any work"
ARITHMETIC = "a slip of arithmetic"


@dataclass(frozen=True)
class Points:
    """What one answer earned, of how much, and why it is not all or nothing."""

    key: str
    typed: str
    earned: float
    of: int
    why: str = ""

    def __str__(self) -> str:
        return f"{self.key}  {self.typed or '-'}: {self.earned:g} of {self.of}{', ' * bool(self.why)}{self.why}"


@dataclass(frozen=True)
class Credit:
    """The points of every answer of an exercise, and the marking with its diagnoses."""

    points: list[Points]
    marking: Marking = field(repr=False)

    @property
    def earned(self) -> float:
        """The sum of the points."""
        return sum([x.earned for x in self.points])

    @property
    def of(self) -> int:
        """How many points there are."""
        return sum([x.of for x in self.points])

    def __str__(self) -> str:
        return "\n".join([*map(str, self.points), f"{self.earned:g} of {self.of} points"])


def credit(ex: Exercise, answers: Mapping[str, object]) -> Credit:
    """Return the points of answers to an exercise.

    A gradient has a point for each contribution, everything else has one. What follows from the student's own wrong
    number further up earns full points (error carried forward), unless it is 0 only because that number is 0. Where
    some contributions are right, those count. A slip of arithmetic earns half.
    """
    marking = ex.check(answers)
    gradients = {node: ex.task.gradient(node).key for node in ex.asked}
    found = ex._read({key: marking[key].typed for key in gradients.values() if marking[key].typed}, [])
    given = {node: found[key] for node, key in gradients.items() if key in found}
    diagnosis = Diagnosis(ex.task, given, ex.search, ex.digits)
    slips = {key for x in marking.messages if x.verdict == "arithmetic" for key in x.keys}
    points = []
    for key, question in ex.questions.items():
        node = question.node if question.kind == "gradient" else None
        of = points_of(ex, question)
        empty = question.right != 0.0 and node in given and given[question.node].number == 0.0
        share, why = _share(marking[key], key in slips, empty)
        if not share and not why and node in given and of > 1:
            right = contributions(diagnosis, question.node, given[question.node])
            share, why = right / of, f"{right} of {of} contributions" if right else ""
        points.append(Points(key, marking[key].typed, share * of, of, why))
    return Credit(points, marking)


def points_of(ex: Exercise, question: Question) -> int:
    """Return how many points an answer is worth: a gradient has one for each contribution, everything else has one."""
    return max(len(ex.task.edges_of(question.node)), 1) if question.kind == "gradient" else 1


def _share(mark: Mark, slip: bool, empty: bool) -> tuple[float, str]:
    """Return which share of its points an answer earns as a whole, and why; `empty` is a 0 that should be none."""
    if mark.verdict == "right":
        return 1.0, ""
    if mark.note == FOLLOWS:
        return (0.0, EMPTY) if empty else (1.0, CARRIED)
    return (SLIP, ARITHMETIC) if slip else (0.0, "")


def contributions(diagnosis: Diagnosis, node: Value, answer: Answer) -> int:
    """Return how many contributions to a gradient are right in an answer, from the student's own upstream numbers."""
    terms = [slope * diagnosis.upstream[use] for use, slope in diagnosis.edges(node)]
    best = 0
    for factors in _factors(len(terms)):
        right = sum(factor == 1 for factor in factors)
        number = sum([factor * x for factor, x in zip(factors, terms)])
        if number and right > best and (answer.means(number) or is_right(answer, number)):
            best = right
    return best


def _factors(many: int) -> Iterator[tuple[int, ...]]:
    """Yield what may have become of each contribution, where they are many of one at a time."""
    if many <= MOST:
        yield from product(FACTORS, repeat=many)
    else:
        for i in range(many):
            yield from ((1,) * i + (factor,) + (1,) * (many - 1 - i) for factor in FACTORS)
