"""The chapters: which mistakes each one cures, and what it asks. What it says stands in notebooks/course."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from ..base.shows import SHOWS
from ..exercises.exercise import Exercise
from ..exercises.marking import Marking
from . import early as early, inventory as inventory, late as late  # which enter their questions
from .asked import KEY, Asked
from .drawn import Item, draw
from .misconceptions import idea

NEED = 4  # of the five of a self-check, right at once
SETS = 3  # of fresh numbers that a page holds without Python


@dataclass(frozen=True)
class Questions:
    """Some questions in a row, each an `Exercise` or one with a single answer.

    >>> questions = chapter(4).exercises()
    >>> questions.check(1, questions[0].answers)
    1. right
    """

    title: str
    items: tuple[Item, ...]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Item:
        return self.items[index]

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def check(self, number: int, answer: object = None, /, **named: object) -> Verdict:
        """Mark the answer, or answers, to question 1, 2, ..."""
        if not 1 <= number <= len(self.items):
            raise ValueError(f"There is no question {number}. Write a number from 1 to {len(self.items)}.")
        return Verdict(number, mark(self.items[number - 1], named or answer))

    def __str__(self) -> str:
        rows = [f"{i}. {str(item).replace(chr(10), chr(10) + '   ')}" for i, item in enumerate(self.items, 1)]
        return "\n\n".join([self.title, *rows])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return str(SHOWS["questions in a notebook"](self))


@dataclass(frozen=True, repr=False)
class Verdict:
    """What became of one question of several."""

    number: int
    marking: Marking

    def __bool__(self) -> bool:
        return bool(self.marking)

    def __repr__(self) -> str:
        told = " ".join(map(str, self.marking.messages))
        note = next((x.note for x in self.marking.marks.values() if x.key == KEY and x.note), "")
        return f"{self.number}. {'right' if self else 'not yet'}{f'. {told or note}' if told or note else ''}"

    def _repr_html_(self) -> str:
        return self.marking._repr_html_()


@dataclass(frozen=True, repr=False)
class SelfCheck(Questions):
    """Five questions. It is passed if four are right at the first answer; else try again with fresh numbers.

    >>> check = chapter(9).self_check(seed=1)
    >>> check.passed([item.right for item in check])
    True
    """

    chapter: int = 0
    more: tuple[tuple[Asked, ...], ...] = field(default=(), repr=False)

    def passed(self, answers: Sequence[object]) -> bool:
        """Tell whether these first answers, one for each question, are enough."""
        return sum(bool(mark(item, x)) for item, x in zip(self.items, answers)) >= NEED


def mark(item: Item, answer: Any) -> Marking:
    """Mark an answer to a question, or the answers to an exercise."""
    if isinstance(item, Exercise):
        if not isinstance(answer, Mapping):
            raise TypeError(f"This exercise has several answers. Write them by name: {', '.join(item.questions)}.")
        return item.check(answer)
    return item.check(answer)


@dataclass(frozen=True)
class Chapter:
    """One chapter: the mistakes that it cures, four kinds of exercise, two that return, and its self-check.

    An item is a name of `drawn.MAKERS`, a concept of the exercises with a difficulty, or "of" one of its gradients.
    """

    number: int
    slug: str
    cures: tuple[str, ...]
    exercise: tuple[str, ...]
    returns: tuple[str, ...] = ()
    check: tuple[str, ...] = ()
    drawn: Iterator[int] = field(default_factory=lambda: count(1), repr=False, compare=False)

    @property
    def file(self) -> str:
        """The name of its notebook, without the ending."""
        return f"{self.number:02}_{self.slug}"

    def exercises(self, seed: int = 1) -> Questions:
        """Return six exercises, the last two from earlier chapters; another seed has other numbers."""
        specs = [*self.exercise, *self.returns]
        items = [draw(spec, 10 * seed + i, self.cures) for i, spec in enumerate(specs)]
        return Questions(f"Exercises to chapter {self.number}", tuple(items))

    def self_check(self, seed: int | None = None) -> SelfCheck:
        """Return five questions, with fresh numbers each time that it is called, or those of a seed."""
        first = next(self.drawn) if seed is None else seed
        sets = [self._five(first + 97 * i) for i in range(SETS if seed is None else 1)]
        return SelfCheck(f"Self-check of chapter {self.number}", sets[0], self.number, tuple(sets[1:]))

    def _five(self, seed: int) -> tuple[Asked, ...]:
        items = [draw(spec, 5000 + 10 * seed + i, self.cures) for i, spec in enumerate(self.check)]
        return tuple([item for item in items if isinstance(item, Asked)])

    def beliefs(self) -> dict[str, str]:
        """Return the mistakes that the chapter cures, each with what to say of it."""
        return {name: idea(name) for name in self.cures}

    def __str__(self) -> str:
        return "\n".join([f"Chapter {self.number}", *[f"  {name}: {text}" for name, text in self.beliefs().items()]])


def _chapter(number: int, slug: str, cures: str, exercise: str, returns: str = "", check: str = "") -> Chapter:
    parts = [tuple([x.strip() for x in text.split(",") if x.strip()]) for text in (exercise, returns, check)]
    return Chapter(number, slug, tuple(cures.split()), parts[0], parts[1], parts[2])


EIGHT = ", ".join(f"inventory {i}" for i in range(1, 9))
CHAPTERS = [
    _chapter(0, "before_you_start", "", EIGHT),
    _chapter(1, "nudge", "upside_down not_divided smallest_h", "ratio, secant, moves, best h",
             "inventory 1, inventory 7", "ratio, secant, moves, best h, why worse"),
    _chapter(2, "one_gate", "mul_own max_both shared_out", "local, product gate, sum gate, max",
             "ratio, moves", "product gate, max gate, sum gate, max gate, product gate"),
    _chapter(3, "chains", "slopes_added outer_alone outer_at_input", "chain, chain rule, three in a row, functions",
             "max gate, secant", "chain rule, three in a row, chain rule, three in a row, chain rule"),
    _chapter(4, "fan_out", "overwrite first_path multiply", "fan-out, square, fan-out 2, unreached",
             "chain, product gate", "of fan-out, of fan-out, of fan-out 2, of fan-out, of fan-out 2"),
    _chapter(5, "order", "depth_first first_reach not_reversed", "order, diamond, too early, diamond 2",
             "fan-out, chain rule", "too early, of diamond, too early, of diamond 2, too early"),
    _chapter(6, "build_your_own", "harmless_bug", "bug, bug, signs, powers",
             "too early, of fan-out", "bug, bug, bug, bug, bug"),
    _chapter(7, "neuron", "tanh_of_input bias_forgotten flat_learns", "neuron, neuron out, relu, logistic",
             "diamond, chain rule", "neuron slope, neuron out, saturated, neuron weight, saturated"),
    _chapter(8, "losses", "target_forgotten error_itself log_sign", "two-layer-mse, softmax, p minus y, surprise",
             "neuron slope, square", "squared error, p minus y, surprise, p minus y, squared error"),
    _chapter(9, "descent", "uphill momentum_forgotten adam_scales", "sgd, momentum, adam, which way",
             "p minus y, three in a row", "step, rolling step, adam, rolling step, adam"),
    _chapter(10, "training", "cleared_by_itself epoch_is_update training_judges",
             "updates, second pass, stop, piled up",
             "step, squared error", "updates, piled up, stop, second pass, stop"),
    _chapter(11, "depth", "layers_add one_layer skip_forgotten", "vanishing, spread, around, vanishing",
             "saturated, adam", "vanishing, around, vanishing, around, spread"),
    _chapter(12, "matrices", "transposed averaged one_example", "outer, bias, shape, two-layer-mse 2",
             "updates, of fan-out", "outer, bias, shape, outer, bias"),
    _chapter(13, "forward_and_reverse", "modes_swapped speed_is_value", "passes, speed, passes, chain 2",
             "outer, vanishing", "passes, speed, passes, speed, passes"),
    _chapter(14, "again", "first_again curvature_forgotten diagonal_hessian", "curvature, newton, hessian, powers",
             "passes, rolling step",
             "curvature, newton on a cube, hessian, newton, hessian"),
    _chapter(15, "attention", "mean_fixed own_score_only values_unweighted", "centred, shared sum, mixed, softmax 2",
             "bias, curvature", "centred, attention score, shared sum, mixed, centred"),
    _chapter(16, "gpt", "use_forgotten target_forgotten log_of_share", "guess, letter twice, next letter, softmax",
             "mixed, adam", "guess, letter twice, next letter, two places, untrained"),
    _chapter(17, "diagnose", "first_bug_seen", "diagnose, diagnose, diamond 2, changed",
             "bug, letter twice", "diagnose, diagnose, diagnose, diagnose, diagnose"),
]  # fmt: skip


def chapter(number: int) -> Chapter:
    """Return a chapter by its number, 0 to 17."""
    if number not in range(len(CHAPTERS)):
        raise ValueError(f"There is no chapter {number!r}. Write a number from 0 to {len(CHAPTERS) - 1}.")
    return CHAPTERS[number]
