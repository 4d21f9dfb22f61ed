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


def difference(a: Any, b: Any) -> Any:
    """Return a - b, which for two infinities of one sign is 0."""
    return clip(a, -LARGEST, LARGEST) - clip(b, -LARGEST, LARGEST)


def share(a: Any, b: Any) -> Any:
    """Return exp(a) / (exp(a) + exp(b)): the rounding of a - b, which exp would magnify, is put back."""
    gap = OPS["minimum"](a, LARGEST) - OPS["minimum"](b, LARGEST)  # of two masks, -inf, there is no share
    near, other = clip(a, -1e300, 1e300), clip(b, -1e300, 1e300)
    less = near - other
    back = less - near
    error = (near - (less - back)) - (other + back)  # Knuth's two-sum
    return OPS["sigmoid"](gap) * (1.0 + error * OPS["sigmoid"](-gap))


def digamma(a: float, order: float) -> float:
    """Return the slope of lgamma, differentiated `order` times (Abramowitz and Stegun, 6.4.6, 6.4.7, 6.4.11).

    From 16 on by its series, below by its recurrence, and below 0 by reflection; prelude.h does the same in C.
    """
    if not 0.0 <= order <= 20.0 or order % 1.0 or a == -inf or (a <= 0.0 and a % 1.0 == 0.0):
        raise ValueError
    n = int(order)
    if a != a or a == inf:
        return a if a != a or n == 0 else 0.0
    if a < 0.0:
        mirrored = digamma(1.0 - a, order)
        cotangent = 1.0 / math.tan(pi * (a - float(round(a))))
        out = (-mirrored if n % 2 else mirrored) - _raised(pi, n + 1) * _cotangent_slope(cotangent, n)
    else:
        out = _log_slopes(a) if n == 0 else _power_slopes(a, n)
    if not math.isfinite(out):  # next to 0
        raise OverflowError
    return out


def digamma_beyond(a: float, order: float) -> float:
    whole = 0.0 <= order <= 20.0 and order % 1.0 == 0.0
    return nan if not whole or abs(a) >= 1.0 else inf if order % 2 else copysign(inf, -a)


def _log_slopes(a: float) -> float:
    """Return digamma: the terms of its recurrence, then those of its series."""
    terms, k = [], 0
    while (far := a + k) < 16.0:
        terms.append(-1.0 / far)
        k += 1
    series = [b * (-1.0 / (2 * i)) / _raised(far, 2 * i) for i, b in enumerate(BERNOULLI, 1)]
    return _added([*terms, math.log(far), -0.5 / far, *series])


def _power_slopes(a: float, n: int) -> float:
    """Return digamma differentiated n times, in the same way."""
    whole, k, terms = _factors(2, n), 0, []
    while (far := a + k) < 16.0 + n:
        terms.append(whole / _raised(far, n + 1))
        k += 1
    series = [b * _factors(2 * i + 1, 2 * i + n - 1) / _raised(far, 2 * i + n) for i, b in enumerate(BERNOULLI, 1)]
    out = _added([*terms, whole / n / _raised(far, n), 0.5 * whole / _raised(far, n + 1), *series])
    return out if n % 2 else -out


def _factors(first: int, last: int) -> float:
    """Return first * ... * last."""
    out = 1.0
    for j in range(first, last + 1):
        out *= j
    return out


BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)


def _raised(a: float, n: int) -> float:
    out = a
    for _ in range(n - 1):
        out *= a
    return out


def _added(terms: list[float]) -> float:
    """Return a sum to nearly all its digits (Neumaier, Zeitschrift für Angewandte Mathematik und Mechanik 54, 1974)."""
    total = rest = 0.0
    for term in terms:
        longer = total + term
        rest += (total - longer) + term if abs(total) >= abs(term) else (term - longer) + total
        total = longer
    return total + rest


def _cotangent_slope(cotangent: float, n: int) -> float:
    """Return the cotangent differentiated n times, a polynomial in itself: its slope is -(1 + cotangent**2)."""
    factors = [0.0, 1.0] + [0.0] * 22
    for degree in range(2, n + 2):
        slope = [(k + 1) * factors[k + 1] for k in range(degree)]
        for k in range(degree + 1):
            factors[k] = -((slope[k] if k < degree else 0.0) + (slope[k - 2] if k > 1 else 0.0))
    out = 0.0
    for k in range(n + 1, -1, -1):
        out = out * cotangent + factors[k]
    return out


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
