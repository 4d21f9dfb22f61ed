"""What a learner typed as a number: decimals, fractions, expressions, and how exactly it was meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor, isfinite, log10

from ..graph.parse import ExpressionError, parse
from ..ops import real

DIGITS = 4  # significant ones, to which an answer must be right
FLOOR = 1e-12  # so far from a number, rounding may lead
DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """A number as it was typed; it may stand for any number within `slack`, half a unit of its last digit."""

    text: str
    number: float
    slack: float

    def means(self, number: float, more: float = 0.0) -> bool:
        """Tell whether the answer, or a number `more` away from it, was rounded from `number`."""
        return abs(self.number - number) <= self.slack + more + 1e-9 * abs(number) + FLOOR


def read(typed: object, names: Mapping[str, float] | None = None) -> Answer:
    """Return an answer given as a number or as text, in which `names` stand for their numbers.

    >>> [read(text, {"b": 3.0}).number for text in (14, "-3/2", "2*b + 1", "0,25")]
    [14.0, -1.5, 7.0, 0.25]
    """
    if not isinstance(typed, str):
        return _exact(f"{typed:.15g}" if isinstance(typed, float) else str(typed), real(typed))
    text = typed.strip().replace("\N{MINUS SIGN}", "-").replace("^", "**")
    plain = re.sub(r"^([+-]?\d+),(\d+)$", r"\1.\2", text)
    if DECIMAL.fullmatch(plain):
        return _exact(typed, float(plain))
    if re.fullmatch(r"[+-]?\d+\s*/\s*\d*[1-9]\d*", text):
        number = float(Fraction(text.replace(" ", "")))
        return Answer(typed, number, 1e-12 * abs(number))
    values = {name: number for name, number in (names or {}).items() if name.isidentifier()}
    try:
        number = parse(f"({text}) + _", values | {"_": 0.0})[0].data
    except (ExpressionError, ArithmeticError, ValueError) as error:
        reason = "" if f"({text}" in str(error) else f" {str(error).split('. ')[0]}."
        raise ExpressionError(
            f"{typed!r} is no number.{reason} Type one, as in -1.5, a fraction as -3/2, or an expression as 2*3 + 1."
        ) from None
    return _exact(text, number)


def _exact(text: str, number: float) -> Answer:
    """Return the answer with its slack: of what was typed in decimals, at least DIGITS digits are believed."""
    if not isfinite(number):
        raise ExpressionError(f"{text} is no finite number. Type one, as in -1.5.")
    digits = len(re.sub(r"^[+-]?[0.]*|e.*|\.", "", text)) if DECIMAL.fullmatch(text) else DIGITS
    return Answer(text, number, 0.5 * unit(number, max(digits, DIGITS)))


def unit(number: float, digits: int = DIGITS) -> float:
    """Return one unit of the last of so many significant digits."""
    return 10.0 ** (floor(log10(abs(number))) + 1 - digits) if number else 0.0
