"""Numbers that know how wrong they may be: decimals with a bound on their error, one more kind of number for the table.

The bound follows the arithmetic: what rounding takes, and what an error before it becomes. So nothing that was
lost by cancellation or absorption goes unnoticed, as it would in twice as many digits alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, Rounded, getcontext, localcontext
from functools import cache
from typing import Any

from ..ops import OPS, Number, Op

ONE, TWO, INFINITE = Decimal(1), Decimal(2), Decimal("Infinity")
MOST = 1e-6  # an error, relative, with which a slope at the number still says what becomes of it


def context(digits: int) -> Context:
    """Return the arithmetic of so many digits, with exponents far beyond those of floats, in which nothing raises."""
    return Context(prec=digits, Emax=10**8, Emin=-(10**8), traps=[])


class Bounded(Number):
    """A decimal and a bound on how far it is from the true number; compute with it inside `localcontext(...)`."""

    error: Decimal

    constant = True

    def __init__(self, number: Decimal, error: Decimal = Decimal(0)) -> None:
        self.number = number
        self.error = error if error.is_finite() and number.is_finite() else INFINITE

    def apply(self, op: Op, *operands: Any) -> Bounded:
        x = [y if isinstance(y, Bounded) else constant(y) for y in operands]
        if op.name in ARITHMETIC:
            return ARITHMETIC[op.name](*x)
        if op.name in FUNCTIONS:
            return _function(op, x)
        if op.definition:
            made = op.definition(*x)
            return made if isinstance(made, Bounded) else constant(made)
        return UNKNOWN

    def side(self) -> int | None:
        """Return whether the true number is above (1), at (0) or below 0 (-1), or None where the error hides it."""
        if self.error == 0:
            return (self.number > 0) - (self.number < 0)
        return None if abs(self.number) <= self.error else 1 if self.number > 0 else -1

    def __eq__(self, other: object) -> bool:
        return not self != other

    def __ne__(self, other: object) -> bool:  # what is certainly 0 is told from the rest: a shut gate
        return not (other == 0.0 and self.side() == 0)

    def __hash__(self) -> int:
        return id(self)


UNKNOWN = Bounded(Decimal("NaN"), INFINITE)


def constant(number: float) -> Bounded:
    """Return a number of a formula: floats exactly, and what stands for a root or for pi with its own rounding."""
    known: dict[float, Callable[[], Decimal]] = {
        math.pi: _pi, math.sqrt(math.pi): lambda: _pi().sqrt(), math.sqrt(2 * math.pi): lambda: (2 * _pi()).sqrt(),
        2 / math.sqrt(math.pi): lambda: 2 / _pi().sqrt(),
        math.log(2.0): TWO.ln, math.log(10.0): Decimal(10).ln, 1 / math.log(2.0): lambda: 1 / TWO.ln(),
        1 / math.log(10.0): lambda: 1 / Decimal(10).ln(),
    }  # fmt: skip
    exactly = Decimal(number)
    if compute := known.get(abs(number)):
        meant = compute().copy_sign(exactly)
        return Bounded(meant, 2 * abs(meant - exactly))
    return Bounded(exactly)


def _last_place(number: Decimal) -> Decimal:
    """Return one unit in the last place of a result of the present arithmetic."""
    return Decimal(0) if not number else ONE.scaleb(number.adjusted() - _digits() + 1)


def _digits() -> int:
    return getcontext().prec


def _rounded(number: Decimal, units: int = 8) -> Bounded:
    return Bounded(number, _last_place(number) * units)


def _exactly(compute: Callable[[], Decimal]) -> tuple[Decimal, Decimal]:
    """Return a result of one operation of decimals and a bound on its own rounding, 0 where it was exact."""
    flags = getcontext().flags
    flags[Inexact] = flags[Rounded] = False
    number = compute()
    return number, _last_place(number) if flags[Inexact] else Decimal(0)


def _add(a: Bounded, b: Bounded) -> Bounded:
    number, own = _exactly(lambda: a.number + b.number)
    return Bounded(number, a.error + b.error + own)


def _neg(a: Bounded) -> Bounded:
    return Bounded(a.number.copy_negate(), a.error)


def _mul(a: Bounded, b: Bounded) -> Bounded:
    number, own = _exactly(lambda: a.number * b.number)
    return Bounded(number, abs(a.number) * b.error + abs(b.number) * a.error + a.error * b.error + own)


def _div(a: Bounded, b: Bounded) -> Bounded:
    least = abs(b.number) - b.error
    if not least > 0:
        return UNKNOWN
    number, own = _exactly(lambda: a.number / b.number)
    return Bounded(number, (a.error + abs(number) * b.error) / least * 2 + own)


def _step(a: Bounded) -> Bounded:
    sign = a.side()
    return UNKNOWN if sign is None else Bounded(Decimal(sign > 0))


def _abs(a: Bounded) -> Bounded:
    return Bounded(abs(a.number), a.error)


def _maximum(a: Bounded, b: Bounded) -> Bounded:
    return Bounded(max(a.number, b.number), max(a.error, b.error)) if _known(a, b) else UNKNOWN


def _minimum(a: Bounded, b: Bounded) -> Bounded:
    return Bounded(min(a.number, b.number), max(a.error, b.error)) if _known(a, b) else UNKNOWN


def _known(*numbers: Bounded) -> bool:
    return all(x.number.is_finite() and x.error.is_finite() for x in numbers)


def _floor(a: Bounded) -> Bounded:
    if not _known(a):
        return UNKNOWN
    low, high = math.floor(a.number - a.error), math.floor(a.number + a.error)
    return Bounded(Decimal(low)) if low == high else UNKNOWN


def _floordiv(a: Bounded, b: Bounded) -> Bounded:
    return _floor(_div(a, b))


def _mod(a: Bounded, b: Bounded) -> Bounded:
    return _add(a, _neg(_mul(_floordiv(a, b), b)))


def _trunc(a: Bounded) -> Bounded:
    return _floor(a) if a.number > 0 else _neg(_floor(_neg(a)))


def _round(a: Bounded) -> Bounded:
    if not _known(a):
        return UNKNOWN
    low, high = ((a.number + side * a.error).to_integral_value(ROUND_HALF_EVEN) for side in (-1, 1))
    return Bounded(low) if low == high else UNKNOWN


def _fmod(a: Bounded, b: Bounded) -> Bounded:
    return _add(a, _neg(_mul(_trunc(_div(a, b)), b)))


def _copysign(a: Bounded, b: Bounded) -> Bounded:
    known = b.side() or (b.number.is_signed() and -1) or 1 if b.error == 0 else b.side()
    return UNKNOWN if known is None else Bounded(abs(a.number) * known, a.error)


def _pow(a: Bounded, b: Bounded) -> Bounded:
    whole = b.error == 0 and b.number == b.number.to_integral_value() and abs(b.number) <= 64
    if whole:
        made = Bounded(ONE)
        for _ in range(int(abs(b.number))):
            made = _mul(made, a)
        return made if b.number >= 0 else _div(Bounded(ONE), made)
    if a.side() == 0 and b.side() == 1:
        return Bounded(Decimal(0))
    if a.side() != 1:
        return UNKNOWN
    return OPS["exp"](_mul(b, OPS["log"](a)))


ARITHMETIC: dict[str, Callable[..., Bounded]] = {
    "add": _add, "sub": lambda a, b: _add(a, _neg(b)), "mul": _mul, "div": _div, "neg": _neg, "pow": _pow,
    "step": _step, "abs": _abs, "maximum": _maximum, "minimum": _minimum, "floordiv": _floordiv, "mod": _mod,
    "floor": _floor, "ceil": lambda a: _neg(_floor(_neg(a))), "trunc": _trunc, "round": _round, "fmod": _fmod,
    "copysign": _copysign, "hypot": lambda a, b: OPS["sqrt"](_add(_mul(a, a), _mul(b, b))),
}  # fmt: skip


def _function(op: Op, x: list[Bounded]) -> Bounded:
    """Return a function at decimals: with more digits than are kept, and an error that grows by its slope."""
    if not _known(*x):
        return UNKNOWN
    kept = _digits()
    with localcontext(context(kept + 12)):
        number = FUNCTIONS[op.name](*[y.number for y in x])
    if not number.is_finite():
        return UNKNOWN
    made = _rounded(+number)
    if all(y.error == 0 for y in x):
        return made
    exact = [Bounded(y.number) for y in x]
    for y, slope in zip(x, op.rule(Bounded(made.number), *exact)):
        if y.error:
            slope = slope if isinstance(slope, Bounded) else constant(slope)
            far = y.error > Decimal(MOST) * min(ONE, _room(op.name, x, made.number))
            steep = abs(slope.number) + slope.error
            if far or not steep.is_finite():
                return UNKNOWN
            curved = (ONE + abs(y.number)) * y.error * steep  # twice the slope, and room for how it bends nearby
            made = Bounded(made.number, made.error + 2 * steep * y.error + curved * Decimal(MOST))
    return made


def _room(name: str, x: list[Bounded], out: Decimal) -> Decimal:
    """Return how far away the next place is at which a function is infinitely steep, or 1."""
    at = x[0].number
    if name in ("log", "sqrt", "log10", "log2", "cbrt"):
        return abs(at)
    if name == "log1p":
        return abs(1 + at)
    if name in ("asin", "acos", "atanh", "acosh"):
        return abs(1 - abs(at))
    if name == "tan":
        return 1 / (1 + abs(out))
    return abs(at) + abs(x[1].number) if name == "atan2" else ONE


def _more(digits: float) -> Any:
    return localcontext(context(_digits() + max(int(digits), 0) + 5))


@cache
def _pi_to(digits: int) -> Decimal:
    with localcontext(context(digits + 10)):  # Gauss and Legendre
        a, b, t, p = ONE, ONE / TWO.sqrt(), ONE / 4, ONE
        for _ in range(digits.bit_length() + 2):
            a, b, t, p = (a + b) / 2, (a * b).sqrt(), t - p * ((a - b) / 2) ** 2, 2 * p
        return (a + b) ** 2 / (4 * t)


def _pi() -> Decimal:
    return +_pi_to(_digits() + 5)


def _series(first: Decimal, after: Callable[[Decimal, int], Decimal]) -> Decimal:
    """Return the sum of terms, each made from the one before, until they no longer count."""
    total, term, n = first, first, 0
    while True:
        n += 1
        term = after(term, n)
        longer = total + term
        if longer == total:
            return total
        total = longer


def _expm1(x: Decimal) -> Decimal:
    with _more(-x.adjusted() if x else 0):
        return x.exp() - 1


def _log1p(x: Decimal) -> Decimal:
    with _more(-x.adjusted() if x else 0):
        return (1 + x).ln()


def _sin_cos(x: Decimal) -> tuple[Decimal, Decimal]:
    with _more(2 * abs(x.adjusted()) if x else 0):
        turn = 2 * _pi()
        x = x - turn * (x / turn).to_integral_value()
        square = x * x
        sine = _series(x, lambda term, n: -term * square / (2 * n * (2 * n + 1)))
        cosine = _series(ONE, lambda term, n: -term * square / (2 * n * (2 * n - 1)))
        return sine, cosine


def _tan(x: Decimal) -> Decimal:
    sine, cosine = _sin_cos(x)
    return sine / cosine


def _atan(x: Decimal) -> Decimal:
    if abs(x) > 1:
        return (_pi() / 2).copy_sign(x) - _atan(1 / x)
    with _more(10):
        halvings = 0
        while abs(x) > Decimal("0.05"):
            x, halvings = x / (1 + (1 + x * x).sqrt()), halvings + 1
        square, power = x * x, x
        total, n = x, 1
        while x and power.adjusted() > total.adjusted() - _digits():
            power, n = -power * square, n + 2
            total += power / n
        return Decimal(total * 2**halvings)


def _asin(x: Decimal) -> Decimal:
    if abs(x) == 1:
        return (_pi() / 2).copy_sign(x)
    return _atan(x / ((1 - x) * (1 + x)).sqrt())


def _acos(x: Decimal) -> Decimal:
    return _pi() if x == -1 else 2 * _atan(((1 - x) / (1 + x)).sqrt())


def _atan2(y: Decimal, x: Decimal) -> Decimal:
    if x > 0:
        return _atan(y / x)
    if y:
        return (_pi() / 2).copy_sign(y) - _atan(x / y)
    return _pi().copy_sign(y) if x or x.is_signed() else y


def _sinh(x: Decimal) -> Decimal:
    more = _expm1(abs(x))
    return ((more + more / (more + 1)) / 2).copy_sign(x)


def _tanh(x: Decimal) -> Decimal:
    more = _expm1(-2 * abs(x))
    return (-more / (more + 2)).copy_sign(x)


def _erf(x: Decimal) -> Decimal:
    if abs(x) > 60:
        return ONE.copy_sign(x)
    square = x * x
    return 2 / _pi().sqrt() * (-square).exp() * _series(x, lambda term, n: 2 * term * square / (2 * n + 1))


def _erfc(x: Decimal) -> Decimal:
    with _more(float(x * x) / 2.3 + 5 if 0 < x < 60 else 0):
        return 1 - _erf(x) if x < 60 else Decimal("NaN")


def _cbrt(x: Decimal) -> Decimal:
    return (abs(x).ln() / 3).exp().copy_sign(x) if x else x


def _asinh(x: Decimal) -> Decimal:
    y = abs(x)
    return _log1p(y + y * y / (1 + (1 + y * y).sqrt())).copy_sign(x)


def _acosh(x: Decimal) -> Decimal:
    more = x - 1
    return _log1p(more + (more * (more + 2)).sqrt())


def _atanh(x: Decimal) -> Decimal:
    return _log1p(2 * x / (1 - x)) / 2


FUNCTIONS: dict[str, Callable[..., Decimal]] = {
    "exp": Decimal.exp, "log": Decimal.ln, "sqrt": Decimal.sqrt, "expm1": _expm1, "log1p": _log1p,
    "log10": Decimal.log10, "sin": lambda x: _sin_cos(x)[0], "cos": lambda x: _sin_cos(x)[1], "tan": _tan,
    "asin": _asin, "acos": _acos, "atan": _atan, "atan2": _atan2, "sinh": _sinh,
    "cosh": lambda x: (x.exp() + (-x).exp()) / 2, "tanh": _tanh, "erf": _erf, "erfc": _erfc,
    "exp2": lambda x: (x * TWO.ln()).exp(), "log2": lambda x: x.ln() / TWO.ln(), "cbrt": _cbrt, "asinh": _asinh,
    "acosh": _acosh, "atanh": _atanh,
}  # fmt: skip
