"""Values and local derivatives as formulas: in the names of a graph's nodes, and with the numbers put in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isclose
from typing import Any, TypeVar

from ..engine import Value, ieee
from ..mistakes.mistake import RIGHT, Mistake
from ..ops import Ieee
from ..ops.notation import PRODUCT, Text, Written, short

W = TypeVar("W", bound=Written)
Formula = Callable[..., tuple[Any, ...]]


def numbers_of(node: Value) -> list[float]:
    """Return a node's value and those of its inputs."""
    return [node.data, *[x.data for x in node.inputs]]


def slope_formula(node: Value, position: int, rule: Mistake = RIGHT) -> Formula:
    """Return what writes a node's local derivatives: as books print them, if that gives the engine's number.

    Where the textbook's form has lost its digits, it is the engine's own.
    """
    assert node.op is not None
    if wrong := rule.written(node):
        return wrong
    book = at_numbers(node.op.textbook, position, numbers_of(node))
    exact = isclose(book, rule.slopes(node)[position], rel_tol=1e-9, abs_tol=1e-300)
    return node.op.textbook if exact else node.op.rule


def at_numbers(formula: Formula, position: int, numbers: Sequence[float]) -> float:
    """Return one local derivative at (output, *operands), inf or nan where it is not finite."""
    return float(formula(*map(Ieee, numbers))[position])


def in_symbols(kind: type[W], node: Value, position: int, names: Sequence[str], rule: Mistake = RIGHT) -> W:
    """Write a local derivative in names for (output, *inputs); a constant is its number."""
    operands = [kind(x.data if x.constant else name) for x, name in zip((node, *node.inputs), names)]
    return _written(kind, slope_formula(node, position, rule)(*operands)[position])


def in_numbers(kind: type[W], formula: Callable[..., Any], numbers: Sequence[float]) -> W:
    """Write a formula with these numbers put in."""
    return _written(kind, formula(*map(kind, numbers)))


def rounded(numbers: Sequence[float], compute: Callable[..., float], digits: int = 4) -> list[float]:
    """Return numbers with no more digits than it takes to compute the right result, to `digits` digits, from them.

    1 - 0.99996² needs more of them than 1 - 0.76².
    """
    with ieee():
        right = compute(*numbers)
        for enough in range(digits, 17):
            fewer = [float(f"{x:.{enough}g}") for x in numbers]
            if isclose(compute(*fewer), right, rel_tol=0.5 * 10.0 ** (1 - digits)):
                return fewer
    return list(numbers)


def product(slope: Written, upstream: float) -> str:
    """Write local derivative times upstream gradient, as in "b · 1"."""
    return f"{slope.within(PRODUCT)} · {value_text(upstream)}" if type(slope) is Text else str(slope * upstream)


def value_text(number: float, digits: int = 17) -> str:
    """Write a number as a later term of a sum or factor of a product has it: a negative one in parentheses."""
    text = str(Text(number)) if digits == 17 else short(number, digits)
    return f"({text})" if text.startswith("-") else text


def _written(kind: type[W], formula: Any) -> W:
    return formula if isinstance(formula, kind) else kind(formula)
