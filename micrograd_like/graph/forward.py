"""Forward mode: a number that carries how fast it moves, one more kind of number for the same table.

One pass gives the derivatives of all outputs by one input; backward gives those of one output by all inputs.

>>> jacobian(lambda a, b: [a * b, a / b], [2.0, 4.0])
[[4.0, 2.0], [0.25, -0.125]]
>>> hessian(lambda a, b: a * a * b, [2.0, 3.0])
[[6.0, 4.0], [4.0, 0.0]]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..engine import Value
from ..ops import Number, Op, real
from .gradients import gradients

# A function of so many Values, spelled out, so that an editor knows the operands of a lambda.
OfValues = (
    Callable[[Value], Any]
    | Callable[[Value, Value], Any]
    | Callable[[Value, Value, Value], Any]
    | Callable[[Value, Value, Value, Value], Any]
    | Callable[[Value, Value, Value, Value, Value], Any]
    | Callable[[Value, Value, Value, Value, Value, Value], Any]
)


class Moving(Number):
    """A number and its speed: d(this)/dt, while the inputs move with speeds of their own."""

    number: float
    speed: float

    constant = True

    def __init__(self, number: float, speed: float = 0.0) -> None:
        self.number, self.speed = real(number), speed

    def apply(self, op: Op, *operands: Any) -> Moving:
        x = [y if isinstance(y, Moving) else Moving(y) for y in operands]
        numbers = [y.number for y in x]
        out = op.at(numbers)
        slopes = zip(x, op.local_grads(out, *numbers))
        return Moving(out, sum([slope * y.speed for y, slope in slopes if y.speed], 0.0))  # the chain rule, forward

    def __lt__(self, other: Any) -> bool:
        return bool(self.number < getattr(other, "number", other))

    def __le__(self, other: Any) -> bool:
        return bool(self.number <= getattr(other, "number", other))

    def __gt__(self, other: Any) -> bool:
        return bool(self.number > getattr(other, "number", other))

    def __ge__(self, other: Any) -> bool:
        return bool(self.number >= getattr(other, "number", other))


def jacobian(f: OfValues, xs: Sequence[float]) -> list[list[float]]:
    """Return d(output i)/d(input j) in row i and column j, by one forward pass for each input.

    `f` takes as many numbers as `xs` has and returns one or a list.
    """
    columns = []
    for moved in range(len(xs)):
        moving: list[Any] = [Moving(x, float(i == moved)) for i, x in enumerate(xs)]
        out = f(*moving)
        outputs = out if isinstance(out, list | tuple) else [out]
        columns.append([y.speed if isinstance(y, Moving) else 0.0 for y in outputs])
    return [list(row) for row in zip(*columns)]


def hessian(f: OfValues, xs: Sequence[float]) -> list[list[float]]:
    """Return the second derivatives of a function with one output: gradients of the recorded gradients."""
    leaves = [Value(x) for x in xs]
    out = f(*leaves)
    if not isinstance(out, Value):
        raise TypeError(f"f gave {out!r}, and a hessian needs one Value. Return one, as lambda a: a * a does.")
    return [[second.data for second in gradients(first, leaves)] for first in gradients(out, leaves)]
