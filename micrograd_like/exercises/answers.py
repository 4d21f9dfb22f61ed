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


SIGNS = {
    "\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{EM DASH}": "-", "\N{MIDDLE DOT}": "*", "\N{DOT OPERATOR}": "*",
    "\N{BULLET}": "*", "\N{MULTIPLICATION SIGN}": "*", "\N{DIVISION SIGN}": "/", "\N{FRACTION SLASH}": "/", "^": "**",
    "\N{NO-BREAK SPACE}": " ", "\N{THIN SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ",
    "\N{SUPERSCRIPT TWO}": "**2", "\N{SUPERSCRIPT THREE}": "**3",
}  # fmt: skip
PARTS = {"\N{VULGAR FRACTION ONE HALF}": "1/2", "\N{VULGAR FRACTION ONE QUARTER}": "1/4",
         "\N{VULGAR FRACTION THREE QUARTERS}": "3/4", "\N{VULGAR FRACTION ONE THIRD}": "1/3",
         "\N{VULGAR FRACTION TWO THIRDS}": "2/3"}  # fmt: skip


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
    text = plain = spoken(typed)
    if DECIMAL.fullmatch(plain):
        return _exact(plain, float(plain), typed)
    if re.fullmatch(r"[+-]?\d+\s*/\s*\d*[1-9]\d*", text):
        number = float(Fraction(text.replace(" ", "")))
        return Answer(typed, number, 1e-12 * abs(number))
    values = {name: number for name, number in (names or {}).items() if name.isidentifier()}
    for name in sorted((x for x in names or {} if x.endswith(".grad")), key=len, reverse=True):
        if name in text:  # as in the sum that the tool itself prints
            stand = f"grad_{len(values)}_"
            text = re.sub(rf"(?<![\w.]){re.escape(name)}(?!\w)", stand, text)
            values[stand] = (names or {})[name]
    try:
        number = parse(f"({text}) + _", values | {"_": 0.0})[0].data
    except (ExpressionError, ArithmeticError, ValueError) as error:
        reason = "" if f"({text}" in str(error) else f" {str(error).split('. ')[0]}."
        raise ExpressionError(
            f"{typed!r} is not a number.{reason} Type one, as in -1.5, a fraction as -3/2, or an expression as 2*3 + 1."
        ) from None
    return _exact(text, number)


def spoken(typed: str) -> str:
    """Return what was typed with the signs of Python for those of paper: · × – ½, a decimal comma, a line to redo.

    >>> spoken("–½ · 3"), spoken("0,25"), spoken("Redo: a.grad = b · 2 + 1 = ___.")
    ('-(1/2) * 3', '0.25', 'b * 2 + 1')
    """
    text = typed.strip().removeprefix("Redo:").strip()
    for sign, plain in SIGNS.items():
        text = text.replace(sign, plain)
    for sign, plain in PARTS.items():
        text = re.sub(rf"(\d)\s*{sign}", rf"(\1+{plain})", text).replace(sign, f"({plain})")
    text = re.sub(r"\s*=?\s*_*\.?$", "", text) if "_" in text or "=" in text else text
    text = text.rpartition("=")[2].strip() if re.fullmatch(r"[^=]*=[^=]*", text) else text
    if not re.search(r"[^\W\d]\s*\(", text):  # no function, whose inputs stand between commas
        text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    return text


def _exact(text: str, number: float, typed: str = "") -> Answer:
    """Return the answer with its slack: of what was typed in decimals, at least DIGITS digits are believed."""
    if not isfinite(number):
        raise ExpressionError(f"{text} is not a finite number. Type one, as in -1.5.")
    many = len(re.sub(r"^[+-]?[0.]*|e.*|\.", "", text)) if DECIMAL.fullmatch(text) else DIGITS
    return Answer(typed or text, number, 0.5 * unit(number, max(many, DIGITS)))


def digits(number: float) -> int:
    """Return how many significant digits a number has, zeros at its ends not counted.

    >>> digits(120.0), digits(0.305)
    (2, 3)
    """
    return len(f"{abs(number):.12e}".partition("e")[0].replace(".", "").strip("0"))


def typed_digits(answer: Answer) -> int:
    """Return how many significant digits were typed; of an expression, those of its number."""
    text = spoken(answer.text).lower()
    if not answer.number:
        return DIGITS  # that something is exactly 0 is not an accident
    if not DECIMAL.fullmatch(text):
        return digits(answer.number)
    mantissa = re.sub(r"^[+-]?[0.]*|e.*", "", text)
    return len(mantissa.replace(".", "") if "." in text else mantissa.rstrip("0"))


def unit(number: float, digits: int = DIGITS) -> float:
    """Return one unit of the last of so many significant digits."""
    return 10.0 ** (floor(log10(abs(number))) + 1 - digits) if number else 0.0
