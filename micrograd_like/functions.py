"""Functions of many numbers, composed of the table's operations: floats give a float, Values record it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import inf, isinf
from operator import add
from typing import Any, TypeVar, overload

from ._engine import twin
from .base.checks import listing
from .ops import OPS, Number, exp, ieee, log, maximum

N = TypeVar("N", bound=Number)


@overload
def dot(ws: Sequence[float], xs: Sequence[float], start: float | None = None) -> float: ...
@overload
def dot(ws: Sequence[N], xs: Sequence[N | float], start: N | float | None = None) -> N: ...
@twin
def dot(ws: Sequence[Any], xs: Sequence[Any], start: Any = None) -> Any:
    """Return start + w0*x0 + w1*x1 + ..., added from the left.

    >>> dot([1.0, 2.0], [3.0, 4.0], start=0.5)
    11.5
    """
    if len(listing(ws, "dot([w], [x])")) != len(listing(xs, "dot([w], [x])")):
        raise ValueError(f"dot got {len(ws)} weights and {len(xs)} inputs. Give one input for each weight.")
    total = start
    for w, x in zip(ws, xs):
        total = w * x if total is None else total + w * x
    return 0.0 if total is None else total


@overload
def mean(xs: Sequence[float]) -> float: ...
@overload
def mean(xs: Sequence[N]) -> N: ...
def mean(xs: Sequence[Any]) -> Any:
    """Return the sum, added from the left, divided by how many there are."""
    if not len(listing(xs, "mean([a, b, c])")):
        raise ValueError("The mean of no number does not exist. Give at least one.")
    return _total(xs) / len(xs)


@overload
def logsumexp(xs: Sequence[float]) -> float: ...
@overload
def logsumexp(xs: Sequence[N]) -> N: ...
def logsumexp(xs: Sequence[Any]) -> Any:
    """Return log(exp(x0) + exp(x1) + ...), a smooth maximum.

    The largest is taken out first, so that no exp overflows.
    """
    highest, shifted = _shift(xs)
    if getattr(highest, "_data", highest) == -inf:  # of nothing but masks: there is no slope
        with ieee():
            return log(_total([exp(x) for x in xs]))
    if isinf(getattr(highest, "_data", highest)):
        return highest  # inf - inf is not a number
    return highest + log(_total([exp(x) for x in shifted]))


@overload
def softmax(xs: Sequence[float]) -> list[float]: ...
@overload
def softmax(xs: Sequence[N]) -> list[N]: ...
def softmax(xs: Sequence[Any]) -> list[Any]:
    """Return the distribution proportional to exp(x): all positive, adding up to 1.

    >>> softmax([1000.0, 1000.0])
    [0.5, 0.5]
    """
    exps = [exp(x) for x in _shift(xs)[1]]
    total = _total(exps)
    return [e / total for e in exps]


@overload
def clamp(x: float, low: float, high: float) -> float: ...
@overload
def clamp(x: N, low: float, high: float) -> N: ...
def clamp(x: Any, low: Any, high: Any) -> Any:
    """Return x, but at least `low` and at most `high`; at the bounds themselves the gradient still passes.

    >>> clamp(3.0, -1.0, 1.0), clamp(0.5, -1.0, 1.0)
    (1.0, 0.5)
    """
    if not low <= high:
        raise ValueError(f"clamp needs a lower bound and a higher one, and got {low}, {high}. Write clamp(x, -1, 1).")
    return OPS["clamp_max"](OPS["clamp_min"](x, low), high)


def where(condition: bool, a: N | float, b: N | float) -> N | float:
    """Return a if the condition holds, else b; the branch not taken is not part of the graph.

    >>> where(2.0 > 1.0, 10.0, 20.0)
    10.0
    """
    if isinstance(condition, Number):
        raise TypeError(f"where needs True or False, and got {condition}. Write where(x > 0, a, b).")
    return a if condition else b


def _shift(xs: Sequence[Any]) -> tuple[Any, list[Any]]:
    """Return the largest of xs, recorded so that the graph holds for other numbers too, and xs less it."""
    if not hasattr(xs, "__len__"):
        raise TypeError(
            f"softmax and logsumexp take a list of numbers, and {xs!r:.60} was given. Write softmax([a, b, c])."
        )
    if not len(xs):
        raise ValueError("softmax and logsumexp of no number do not exist. Give at least one.")
    highest = reduce(maximum, xs)
    return highest, [x - highest for x in xs]


def _total(xs: Sequence[Any]) -> Any:
    return reduce(add, xs)
