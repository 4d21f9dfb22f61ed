"""Values and local derivatives as formulas: in the names of a graph's nodes, and with the numbers put in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isclose
from typing import TypeVar

from ..engine import Value, ieee
from ..graph.names import changed_after_use
from ..graph.textbook import SlopeFormula, agrees, at_numbers, in_notation, numbers_of, only_digits_lost
from ..mistakes.mistake import RIGHT, Mistake
from ..ops.notation import PRODUCT, Text, Written, short

W = TypeVar("W", bound=Written)


def slope_formula(node: Value, position: int, rule: Mistake = RIGHT, *, exact: bool = True) -> SlopeFormula | None:
    """Return what writes a node's local derivatives as books print them, or None where that is not the number.

    At a corner or a tie the table takes a number that no formula of a book gives. With exact=False a formula is
    enough that has only lost its digits there, or whose numbers have changed since.
    """
    assert node.op is not None
    if wrong := rule.written(node):
        return wrong
    book, slope = at_numbers(node.op.textbook, position, numbers_of(node)), rule.slopes(node)[position]
    enough = not exact and (only_digits_lost(book, slope) or bool(changed_after_use(node)))
    return node.op.textbook if enough or agrees(book, slope) else None


def in_symbols(kind: type[W], node: Value, position: int, names: Sequence[str], rule: Mistake = RIGHT) -> W:
    """Write a local derivative in names for (output, *inputs); a constant is its number."""
    formula = slope_formula(node, position, rule, exact=False)
    return in_notation(kind, formula, position, node, names) if formula else kind(rule.slopes(node)[position])


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
