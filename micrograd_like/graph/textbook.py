"""Which form of a local derivative people see: the textbook's, where it gives the number that the engine computed.

What runs is the form of the table that keeps its digits, as 4·σ(2x)·σ(-2x) for the slope of tanh; what books
print, and what is shown, is 1 - y².
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isclose
from typing import Any, TypeVar

from ..engine import Value
from ..ops import Ieee
from ..ops.notation import Exact, Written

W = TypeVar("W", bound=Written)
SlopeFormula = Callable[..., tuple[Any, ...]]


def numbers_of(node: Value) -> list[float]:
    """Return a node's value and those of its inputs."""
    return [node.data, *[x.data for x in node.inputs]]


def at_numbers(formula: SlopeFormula, position: int, numbers: Sequence[float]) -> float:
    """Return one local derivative at (output, *operands), inf or nan where it is not finite."""
    return float(formula(*map(Ieee, numbers))[position])


def agrees(book: float, slope: float) -> bool:
    """Tell whether a textbook's form gives the engine's number, but for the last digits."""
    return book == slope or isclose(book, slope, rel_tol=1e-9, abs_tol=1e-300)


def only_digits_lost(book: float, slope: float) -> bool:
    """Tell whether a textbook's form is right and has merely lost its digits, as 1 - y² has where y is nearly 1."""
    return abs(book - slope) <= 1e-9


def in_notation(kind: type[W], formula: SlopeFormula, position: int, node: Value, operands: Sequence[object]) -> W:
    """Write one local derivative of a node, with these texts or numbers for (output, *inputs); constants fold."""
    inputs = zip(node.inputs, operands[1:])
    written = [Exact(x.data, kind) if x.constant else kind(operand) for x, operand in inputs]
    result = formula(kind(operands[0]), *written)[position]
    return result if isinstance(result, kind) else kind(result.number if isinstance(result, Exact) else result)
