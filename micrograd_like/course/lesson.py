"""The parts of a lesson: a prediction before what it is about is shown, and a worked example that fades."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.shows import SHOWS
from ..engine import Value
from ..exercises.exercise import Exercise
from .asked import Asked, WrongAnswer


@dataclass(frozen=True)
class Prediction:
    """A question, and what is shown once it was answered."""

    asked: Asked
    then: Any = None

    @property
    def numbers(self) -> tuple[float | str, ...]:
        """The right answer and the wrong ones, rounded."""
        answers = [self.asked.right, *[slip.answer for slip in self.asked.slips]]
        return tuple([x if isinstance(x, str) else round(x, 4) for x in answers])

    def check(self, answer: object) -> Any:
        """Mark what was predicted."""
        return self.asked.check(answer)

    def __str__(self) -> str:
        return f"Predict: {self.asked}"

    def _repr_html_(self) -> str:
        return str(SHOWS["prediction in a notebook"](self))


def predict(
    text: str,
    right: float | str,
    why: str,
    wrong: Mapping[float | str, str] | None = None,
    then: Any = None,
) -> Prediction:
    """Ask before something is shown: a number, or where `right` is a text a choice among it and the wrong ones.

    `wrong` says of each other answer why one may think so; `then` is what is shown after it, anything that a notebook
    can show.

    >>> ask = predict("3 · 2?", 6.0, "Two threes.", {5.0: "You added."})
    >>> ask.check(5).messages[0].idea
    'You added.'
    """
    slips = tuple([WrongAnswer("", answer, told) for answer, told in (wrong or {}).items()])
    choices = tuple(sorted([right, *[str(x) for x in wrong or {}]])) if isinstance(right, str) else ()
    return Prediction(Asked(text, right, why, slips, choices), then)


@dataclass(frozen=True)
class Fading:
    """One worked example three times: whole, with a few blanks, and empty; each with numbers of its own."""

    whole: Exercise
    blanks: Exercise
    empty: Exercise
    numbers: tuple[tuple[float, ...], ...] = ()

    def __str__(self) -> str:
        solved = [self.whole.program(), "", *map(self.whole.reason, self.whole.questions)]
        return "\n".join(
            ["1. Read it.", *solved, "", "2. Fill in.", str(self.blanks), "", "3. Alone.", str(self.empty)]
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return str(SHOWS["worked example in a notebook"](self))


def fading(
    make: Callable[..., Value | Mapping[str, Value]],
    whole: Sequence[float],
    two: Sequence[float],
    empty: Sequence[float],
    *,
    blanks: Sequence[str],
    ask: Any = "gradients",
    **options: Any,
) -> Fading:
    """Return an example that fades: `make` builds its graph, from numbers whose names are those of its parameters.

    It returns the output, or `locals()`, whose last Value is the output; so the steps have the names of the program.

    >>> def product(a, b):
    ...     L = a * b + a
    ...     return locals()
    >>> example = fading(product, (2, 3), (4, 5), (6, 7), blanks=["a", "b"])
    >>> list(example.blanks.questions), example.whole.reason("a")
    (['a', 'b'], 'a.grad = 4 = 3 (through v1 = a*b: b · 1) + 1 (through L = v1 + a: 1 · 1)')
    """
    return Fading(
        _made(make, whole, ask, "Read it", options),
        _made(make, two, list(blanks), "Fill in the blanks", options),
        _made(make, empty, ask, "Do it alone", options),
        tuple(map(tuple, (whole, two, empty))),
    )


def _made(
    make: Callable[..., Any], numbers: Sequence[float], ask: Any, title: str, options: Mapping[str, Any]
) -> Exercise:
    names = list(inspect.signature(make).parameters)
    leaves = [Value(x, label=name) for x, name in zip(numbers, names, strict=True)]
    made = make(*leaves)
    if isinstance(made, Mapping):
        values = {name: x for name, x in made.items() if isinstance(x, Value)}
        for name, value in values.items():
            value.label = value.label or name
        made = list(values.values())[-1]
    made.label = made.label or "L"
    return Exercise(made, ask, title=title, names={}, **options)
