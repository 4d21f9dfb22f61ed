"""What keeps the digits of some rules: plain arithmetic, as the rules are, so that it records and writes itself."""

from __future__ import annotations

import math
from math import copysign, inf, nan, pi
from typing import Any

from .number import OPS

LARGEST = 1.7976931348623157e308


def power(a: Any, b: Any) -> Any:
    """Return a**b where it is real."""
    out = a**b
    if isinstance(out, complex):  # Python's own answer to (-8) ** (1/3)
        raise ValueError
    return out


def power_beyond(a: float, b: float) -> float:
    return nan if a < 0 and b % 1 else copysign(inf, a) if b % 2 == 1 else inf


def quotient_beyond(a: float, b: float) -> float:
    return nan if a == 0 or a != a else copysign(inf, a) * copysign(1.0, b)


def logistic(a: float) -> float:
    tail = math.exp(-abs(a))
    return (tail if a < 0.0 else 1.0) / (1.0 + tail)


def rounded_to_even(a: float) -> float:
    return copysign(float(round(a)), a)


def clip(a: Any, low: float, high: float) -> Any:
    return OPS["maximum"](low, OPS["minimum"](a, high))


def above(a: Any, b: Any) -> Any:
    """Return 1 where a > b, else 0: two infinities are a tie, though inf - inf is not a number."""
    return OPS["step"](clip(a, -LARGEST, LARGEST) - clip(b, -LARGEST, LARGEST))


def logistic_slope(a: Any) -> Any:
    """Return sigmoid(a) * sigmoid(-a), of which neither factor loses its digits."""
    tail = OPS["exp"](a * (1.0 - 2.0 * OPS["step"](a)))  # exp(-abs(a)), without the corner of abs at 0
    return tail / (1.0 + tail) / (1.0 + tail)


def power_rest(b: Any) -> Any:
    """Return what rounding took from b - 1, exactly (Knuth's two-sum)."""
    b = clip(b, -1e300, 1e300)
    less = b - 1.0
    one = less - b
    return (b - (less - one)) + (-1.0 - one)


def upper_bits(a: Any) -> Any:
    return 134217729.0 * a - (134217729.0 * a - a)


def product_error(a: Any, b: Any) -> Any:
    """Return what rounding took from a * b, exactly (Dekker, Numerische Mathematik 18, 1971)."""
    a1, b1 = upper_bits(a), upper_bits(b)
    a2, b2 = a - a1, b - b1
    return ((a1 * b1 - a * b) + a1 * b2 + a2 * b1) + a2 * b2


def gaussian(a: Any, rate: float) -> Any:
    """Return exp(-rate * a * a): the rounding of a * a, which exp would magnify, is put back."""
    a = clip(a, -40.0, 40.0)
    return OPS["exp"](-rate * (a * a)) * (1.0 - rate * product_error(a, a))


def normal_cdf(a: Any) -> Any:
    """Return erfc(-a / sqrt(2)) / 2: the rounding of a / sqrt(2), which erfc would magnify, is put back."""
    a = clip(a, -40.0, 40.0)
    scale, rest = 0.7071067811865476, -4.833646656726457e-17  # together 1/sqrt(2) to 32 digits
    error = product_error(a, scale) + a * rest
    return 0.5 * OPS["erfc"](-a * scale) + error * gaussian(a, 0.5) / math.sqrt(pi)


def normal_pdf(a: Any) -> Any:
    return gaussian(a, 0.5) / math.sqrt(2 * pi)


def silu_slope(a: Any) -> Any:
    """Return sigmoid(a) * (1 + a * sigmoid(-a)) to all its digits, near its zero too.

    It is sigmoid(a) * sigmoid(-a) * (1 + a + exp(a)). Near the zero the sum is taken less what it is there;
    further out `rest` is added, which has the sign of the sum.
    """
    a = clip(a, -800.0, 700.0)
    zero, digits = -1.2784645427610737, -1.0946994183093437e-16  # together the zero, to 32 digits
    near = clip(a, -3.0, 0.0)
    beside = (near - zero) - digits
    rest = (a - near) + (OPS["exp"](a) - OPS["exp"](near))
    return logistic_slope(a) * (beside + 0.2784645427610738 * OPS["expm1"](beside) + rest)
