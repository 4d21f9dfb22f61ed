"""A question with one answer, a number or a choice, that knows which answers mistakes give and says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..base.shows import SHOWS
from ..exercises.answers import read
from ..exercises.marking import Mark, Marking
from ..exercises.messages import Message
from ..graph.parse import ExpressionError

CLOSE = 0.005  # an answer of three digits is as far from the right one at most
KEY = "answer"


@dataclass(frozen=True)
class WrongAnswer:
    """An answer that a mistake gives, and what is said of it."""

    mistake: str
    answer: float | str
    told: str


@dataclass(frozen=True)
class Asked:
    """One question. With `choices` the answer is one of them, else a number of three significant digits.

    >>> ask = Asked("What is 2 · 3?", 6.0, "Two threes.", (WrongAnswer("added", 5.0, "You added."),))
    >>> bool(ask.check(6)), ask.check("2*3")["answer"].verdict
    (True, 'right')
    >>> ask.check(5).mistakes
    ['added']
    """

    text: str
    right: float | str
    why: str
    slips: tuple[WrongAnswer, ...] = ()
    choices: tuple[str, ...] = ()
    program: str = ""
    title: str = ""

    def __post_init__(self) -> None:
        kept = [slip for slip in self.slips if not self.means(slip.answer)]
        object.__setattr__(self, "slips", tuple(kept))
        wrong = [x for x in (self.right, *[slip.answer for slip in kept]) if self.choices and x not in self.choices]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is not among the choices. Write it into choices=.")

    def means(self, answer: float | str) -> bool:
        """Tell whether an answer, as a number or a choice, is the right one."""
        return same(answer, self.right)

    def by(self, mistake: str) -> float | str | None:
        """Return what who makes this mistake answers, or None where the mistake changes nothing."""
        return next((slip.answer for slip in self.slips if slip.mistake == mistake), None)

    def check(self, answer: object) -> Marking:
        """Mark an answer: a number, a fraction or an expression, or one of the choices."""
        typed = f"{answer}".strip()
        try:
            given = self._read(answer)
        except (ExpressionError, TypeError, ValueError) as error:
            told = Message((KEY,), (), f'"{typed}" cannot be read.', "", str(error), "unreadable")
            return Marking([Mark(KEY, "not yet", typed)], [told])
        if self.means(given):
            return Marking([Mark(KEY, "right", typed, self.why)], [])
        for slip in self.slips:
            if same(given, slip.answer):
                told = Message((KEY,), (slip.mistake,), f"Your answer is {typed}.", slip.told, "Try again.")
                return Marking([Mark(KEY, "wrong", typed)], [told])
        told = Message((KEY,), (), f"Your answer is {typed}.", "It fits no mistake that I know.", "Try again.")
        return Marking([Mark(KEY, "wrong", typed)], [told])

    def _read(self, answer: object) -> float | str:
        if not self.choices:
            return read(answer).number
        text = str(answer).strip()
        if text.isdigit() and 1 <= int(text) <= len(self.choices) and text not in self.choices:
            return self.choices[int(text) - 1]
        if text not in self.choices:
            raise ValueError(f"Write one of: {', '.join(self.choices)}.")
        return text

    def called(self, title: str) -> Asked:
        """Return the same question under a title."""
        return replace(self, title=title)

    def told(self) -> dict[str, Any]:
        """Return what a page needs to know."""
        return {
            "text": self.text, "program": self.program, "right": self.right, "why": self.why,
            "choices": list(self.choices),
            "slips": [[slip.answer, slip.told] for slip in self.slips],
        }  # fmt: skip

    def __str__(self) -> str:
        rows = [f"  {i}. {choice}" for i, choice in enumerate(self.choices, 1)]
        return "\n".join(filter(None, [self.title, self.text, self.program, *rows]))

    def _repr_html_(self) -> str:
        return str(SHOWS["question in a notebook"](self))


def same(one: float | str, other: float | str) -> bool:
    """Tell whether two answers would be typed alike."""
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return abs(one - other) <= CLOSE * abs(other) + 1e-9
