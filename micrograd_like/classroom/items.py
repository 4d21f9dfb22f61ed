"""Exercises as questions for an LMS: each wrong number that a known mistake gives has its diagnosis and its share.

What is said and what is earned is the checker's own word: every number is given to it as a student's answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite

from ..exercises import confusions
from ..exercises.answers import read
from ..exercises.credit import credit, points_of
from ..exercises.diagnosis import is_right
from ..exercises.exercise import Exercise
from ..exercises.questions import Question
from ..ops.notation import short

MOST = 10  # wrong numbers of a question
BITS = 7.0  # a more far-fetched hypothesis is left to the checker
TOLERANCE = 5e-4  # relative: half a unit of the fourth digit
WRONG = "Not yet right. The gradient of a node is the sum, over its uses, of local derivative times upstream gradient."


@dataclass(frozen=True)
class Reply:
    """A number that a student may type, which share of the points it earns, and what is said to it."""

    number: float
    share: float
    said: str
    mistake: str = ""

    @property
    def text(self) -> str:
        """The number, to as many digits as are asked, without an exponent, which not every LMS reads."""
        return plain(self.number)

    @property
    def tolerance(self) -> float:
        """How far another number may be from it, and still be taken for it."""
        return float(f"{TOLERANCE * abs(self.number):.2g}") or 1e-9

    @property
    def margin(self) -> str:
        """The tolerance as text."""
        return plain(self.tolerance)


def plain(number: float) -> str:
    """Return a number to four significant digits as a decimal: 0.000012, not 1.2e-05."""
    return format(Decimal(short(number)), "f")


@dataclass(frozen=True)
class Blank:
    """One blank: the right answer stands first among the replies."""

    key: str
    asked: str
    points: int
    replies: list[Reply]


@dataclass(frozen=True)
class Cloze:
    """An exercise as a question with several blanks."""

    title: str
    program: str
    parts: list[Blank]
    exercise: Exercise = field(repr=False)

    @property
    def points(self) -> int:
        """How many points there are."""
        return sum([part.points for part in self.parts])


def item(ex: Exercise, most: int = MOST) -> Cloze:
    """Return an exercise as a question, with at most so many diagnosed wrong numbers for each blank."""
    parts = [_part(ex, key, x, most) for key, x in ex.questions.items() if x.kind != "order"]
    return Cloze(ex.title, ex.program(), parts, ex)


def _part(ex: Exercise, key: str, question: Question, most: int) -> Blank:
    points = points_of(ex, question)
    replies = [Reply(question.right, 1.0, f"Right. {ex.reason(key)}")]
    seen = {short(question.right)}
    names: set[str] = set()
    for number in _numbers(ex, question):
        if len(replies) > most:
            break
        text = short(number)
        near = any(abs(number - x.number) <= 3 * (x.tolerance + TOLERANCE * abs(number)) for x in replies)
        if text in seen or near or is_right(read(text), question.right, abs(question.right)):
            continue
        seen.add(text)
        ex._tries.clear()  # what is said at the first try gives nothing away
        found = credit(ex, {key: text})
        told = [x for x in found.marking.messages if key in x.keys and x.mistakes and x.verdict == "known"]
        if told and told[0].mistakes[0] not in names:
            names.add(told[0].mistakes[0])
            earned = next(x.earned for x in found.points if x.key == key)
            replies.append(Reply(number, earned / points, str(told[0]), told[0].mistakes[0]))
    ex._tries.clear()
    return Blank(key, question.asked, points, replies)


def _numbers(ex: Exercise, question: Question) -> Iterator[float]:
    """Yield the numbers that mistakes give, those of the likeliest first."""
    node = question.node
    if question.kind != "gradient":
        yield from (x[1] for x in confusions.candidates(ex.task, question, question.right) if isfinite(x[1]))
        return
    search = ex.search
    for h in search.hypotheses:
        if h.bits > BITS and not h.listed:
            continue
        if node in h.own:
            number = h.at(node, search.sheet, ex.task.right)
            if isfinite(number):
                yield number
        if (whole := h.whole.get(node)) is not None and isfinite(whole):
            yield whole


def items(exercises: Sequence[Exercise], most: int = MOST) -> list[Cloze]:
    """Return exercises as questions."""
    return [item(ex, most) for ex in exercises]
