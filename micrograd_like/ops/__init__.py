"""Every operation of the library, one entry each: all calculus lives in this table.

A rule is ordinary arithmetic, so it means something to every kind of `Number`: floats compute with it, a
`Value` records it, and the written kinds of `notation` turn it into LaTeX, Python or C. To see rules at work,
read `engine`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from math import copysign, inf, nan, pi
from typing import Any, Self, TypeVar, overload

from .methods import Methods

OPS: dict[str, Op] = {}
N = TypeVar("N", bound="Number")
in_ieee = ContextVar("in_ieee", default=False)


class DomainError(ValueError):
    """The operation has no real value at these numbers."""


class DivisionByZeroError(ZeroDivisionError):
    """The operation divides by zero at these numbers."""


class TooLargeError(OverflowError):
    """The result is larger than any float."""


class NoFiniteGradientError(ArithmeticError):
    """A value or a local derivative is infinite or undefined, so no gradient can pass through it."""


class ieee:
    """Within this context nothing raises: results are IEEE's inf and nan, as PyTorch's float64 gives them.

    >>> with ieee():
    ...     log(0.0)
    -inf
    """

    def __enter__(self) -> None:
        self.token = in_ieee.set(True)

    def __exit__(self, *exception: object) -> None:
        in_ieee.reset(self.token)


def real(number: object) -> float:
    """Return `number` as a float, or raise a TypeError that says what it was."""
    if type(number) is float:
        return number
    kind, shown = type(number).__name__, repr(number)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    if isinstance(number, Number):
        remedy = "It can be used as it is; its plain number is its .data."
    elif isinstance(number, str | bytes | bytearray):
        remedy = "Convert it first, as in float('1.5')."
    elif isinstance(number, complex) or kind.startswith("complex"):
        remedy = "Take its real part, as in (1+2j).real."
    elif hasattr(number, "__len__") or hasattr(number, "__iter__"):
        remedy = "Take its numbers one by one, as in [2 * x for x in [1.0, 2.0]]."
    elif hasattr(number, "__float__") or hasattr(number, "__index__"):
        try:
            return float(number)  # type: ignore[arg-type]
        except OverflowError:
            raise TooLargeError(f"{shown} is larger than any float. Scale it, as in 10**400 // 10**395.") from None
    else:
        remedy = "Give a number, as in 0.0."
    raise TypeError(f"One real number was expected, and {shown} is of type {kind}. {remedy}")


class Op:
    """One operation: its value at floats, its local derivatives, why they are so, and how it is written.

    `rule(out, *operands)` gives the local derivatives in plain arithmetic, without `if`; `textbook` is the
    form that books print, where `rule` is another one that keeps its digits. `definition` says what the
    operation means in terms of others; one without is a primitive of Python or of its `math` module. `kink`
    changes sign where the derivative jumps. A `gate` that is shut passes nothing, not even 0 * inf. `beyond`
    is what IEEE arithmetic gives where Python raises; `fails` says, for each exception, why not and what to
    type instead. `sample` holds an interval for each operand, from which the tests draw.
    """

    def __init__(
        self,
        name: str,
        value: Callable[..., Any] | None,
        rule: Callable[..., tuple[Any, ...]],
        *,
        latex: str,
        why: str,
        sample: Sequence[tuple[float, float]],
        definition: Callable[..., Any] | None = None,
        textbook: Callable[..., tuple[Any, ...]] | None = None,
        sign: str = "",
        defaults: tuple[float, ...] = (),
        kink: Callable[..., Any] | None = None,
        gate: bool = False,
        beyond: Callable[..., float] = lambda *_: nan,
        fails: Mapping[type[Exception], tuple[str, str]] | None = None,
    ) -> None:
        self.name, self.rule, self.latex, self.why, self.sample = name, rule, latex, why, sample
        self.value: Callable[..., float] = value or definition  # type: ignore[assignment]
        self.definition, self.textbook = definition, textbook or rule
        self.sign, self.defaults = sign, defaults
        self.kink, self.gate, self.beyond, self.fails = kink, gate, beyond, fails or {}
        self.arity = len(sample)
        OPS[name] = self

    @overload
    def __call__(self, *operands: float) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, *operands: N | float) -> N: ...
    def __call__(self, *operands: Any) -> Any:
        """Apply the operation: floats give a float, and any other kind of number gives that kind."""
        if len(operands) < self.arity:
            operands += self.defaults
        if len(operands) != self.arity:
            raise TypeError(f"{self.name} is an operation on {self.arity}, and was given {len(operands)} numbers.")
        for operand in operands:
            if isinstance(operand, Number):
                return operand.apply(self, *operands)
        return self.at([real(operand) for operand in operands])

    def at(self, numbers: Sequence[float], operands: Sequence[Any] = ()) -> float:
        """Return the value at floats; where Python raises, raise the error that teaches, or in ieee go on."""
        try:
            return self.value(*numbers)
        except (ArithmeticError, ValueError) as error:
            if in_ieee.get():
                return self.beyond(*numbers)
            raise self.failure(type(error), numbers, operands) from None

    def local_grads(self, out: float, *numbers: float) -> tuple[float, ...]:
        """Return the local derivatives at floats, inf or nan where they are infinite or do not exist."""
        if out != out:
            return (nan,) * self.arity
        try:
            return self.rule(out, *numbers)
        except (ArithmeticError, ValueError):
            return tuple([float(slope) for slope in self.rule(*map(Ieee, (out, *numbers)))])

    def write(self, *operands: str) -> str:
        """Return the Python expression that applies the operation to `operands`."""
        if not self.sign:
            return f"{self.name}({', '.join(operands)})"
        return f" {self.sign} ".join(operands) if self.arity == 2 else self.sign + operands[0]

    def failure(
        self, kind: type[Exception], numbers: Sequence[float], operands: Sequence[Any] = ()
    ) -> Exception:
        """Return the exception to raise: what was asked, why not, what to type instead."""
        names = [repr(number) for number in numbers]
        for i, (operand, letter) in enumerate(zip(operands, "xyz")):
            if not operand.constant:
                names[i] = operand.label or letter
        where = " and ".join(f"{name} = {x!r}" for name, x in zip(names, numbers) if name != repr(x))
        likely = ZeroDivisionError if 0.0 in numbers else ValueError if min(numbers) < 0.0 else OverflowError
        known = self.fails.get(kind) or self.fails.get(likely) or next(iter(self.fails.values()), None)
        why, instead = known or ("the result or its slope is not a finite number there", "")
        taught = {ValueError: DomainError, ZeroDivisionError: DivisionByZeroError, OverflowError: TooLargeError}
        return taught.get(kind, kind)(
            f"{self.write(*names)}{' with ' if where else ''}{where}: {why}. "
            f"{f'Write {instead.format(*names)}' if instead else 'Use smaller numbers'}, "
            "or compute inside `with ieee():` to get inf and nan as PyTorch does."
        )

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _named, (self.name,)


def _named(name: str) -> Op:
    return OPS[name]


class Number(Methods):
    """Python's arithmetic signs for any kind of number that says what it is to `apply` an operation."""

    __slots__ = ()
    __array_ufunc__ = None  # NumPy's scalars and arrays on the left hand the operation over to us

    def apply(self, op: Op, *operands: Any) -> Self:
        """Return the result of `op` on `operands`, of which at least one is of this kind."""
        raise NotImplementedError

    def __add__(self, other: Any) -> Self: return self.apply(add, self, other)
    def __radd__(self, other: Any) -> Self: return self.apply(add, other, self)
    def __sub__(self, other: Any) -> Self: return self.apply(sub, self, other)
    def __rsub__(self, other: Any) -> Self: return self.apply(sub, other, self)
    def __mul__(self, other: Any) -> Self: return self.apply(mul, self, other)
    def __rmul__(self, other: Any) -> Self: return self.apply(mul, other, self)
    def __truediv__(self, other: Any) -> Self: return self.apply(div, self, other)
    def __rtruediv__(self, other: Any) -> Self: return self.apply(div, other, self)
    def __floordiv__(self, other: Any) -> Self: return self.apply(floordiv, self, other)
    def __rfloordiv__(self, other: Any) -> Self: return self.apply(floordiv, other, self)
    def __mod__(self, other: Any) -> Self: return self.apply(mod, self, other)
    def __rmod__(self, other: Any) -> Self: return self.apply(mod, other, self)
    def __pow__(self, other: Any) -> Self: return self.apply(power, self, other)
    def __rpow__(self, other: Any) -> Self: return self.apply(power, other, self)
    def __neg__(self) -> Self: return self.apply(neg, self)
    def __pos__(self) -> Self: return self
    def __abs__(self) -> Self: return self.apply(absolute, self)


class Ieee(Number):
    """A float whose operations never raise."""

    def __init__(self, number: float) -> None:
        self.number = number

    def apply(self, op: Op, *operands: Any) -> Ieee:
        numbers = [float(operand) for operand in operands]
        try:
            return Ieee(op.value(*numbers))
        except (ArithmeticError, ValueError):
            return Ieee(op.beyond(*numbers))

    def __float__(self) -> float:
        return self.number


def _power(a: Any, b: Any) -> Any:
    out = a**b
    if isinstance(out, complex):  # Python's own answer to (-8) ** (1/3)
        raise ValueError
    return out


def _power_beyond(a: float, b: float) -> float:
    return nan if a < 0 and b % 1 else copysign(inf, a) if b % 2 == 1 else inf


def _sigmoid(a: float) -> float:
    tail = math.exp(-abs(a))
    return (tail if a < 0.0 else 1.0) / (1.0 + tail)


def _quotient_beyond(a: float, b: float) -> float:
    return nan if a == 0 or a != a else copysign(inf, a) * copysign(1.0, b)


def _clip(a: Any, bound: float) -> Any:
    return maximum(-bound, minimum(a, bound))


def _upper_bits(a: Any) -> Any:
    return 134217729.0 * a - (134217729.0 * a - a)


def _product_error(a: Any, b: Any) -> Any:
    """Return what rounding took from a * b, exactly (Dekker, Numerische Mathematik 18, 1971)."""
    a1, b1 = _upper_bits(a), _upper_bits(b)
    a2, b2 = a - a1, b - b1
    return ((a1 * b1 - a * b) + a1 * b2 + a2 * b1) + a2 * b2


def _gaussian(a: Any, rate: float) -> Any:
    """Return exp(-rate * a * a): the rounding of a * a, which exp would magnify, is put back."""
    a = _clip(a, 40.0)
    return exp(-rate * (a * a)) * (1.0 - rate * _product_error(a, a))


def _normal_cdf(a: Any) -> Any:
    """Return erfc(-a / sqrt(2)) / 2: the rounding of a / sqrt(2), which erfc would magnify, is put back."""
    a = _clip(a, 40.0)
    scale, rest = 0.7071067811865476, -4.833646656726457e-17  # together 1/sqrt(2) to 32 digits
    error = _product_error(a, scale) + a * rest
    return 0.5 * erfc(-a * scale) + error * _gaussian(a, 0.5) / math.sqrt(pi)


def _normal_pdf(a: Any) -> Any:
    return _gaussian(a, 0.5) / math.sqrt(2 * pi)


ANY, POSITIVE, UNIT, OFF_ZERO = (-9.0, 9.0), (0.01, 9.0), (-0.99, 0.99), (0.2, 5.0)
OVERFLOW, NO_QUOTIENT = "the result is larger than any float", "nothing can be divided by 0"

# fmt: off
add = Op("add", operator.add, lambda out, a, b: (1.0, 1.0), sign="+", latex="{a} + {b}", sample=(ANY, ANY),
    why="Each input moves the sum one for one: a sum hands its gradient to both inputs unchanged.")
sub = Op("sub", operator.sub, lambda out, a, b: (1.0, -1.0), sign="-", latex="{a} - {b}", sample=(ANY, ANY),
    why="Raising what is subtracted lowers the result: the second input's gradient turns its sign.")
mul = Op("mul", operator.mul, lambda out, a, b: (b, a), sign="*", latex=r"{a} \cdot {b}", sample=(ANY, ANY),
    why="Each input is scaled by the other one: the gradient of one input is multiplied by the other.")
div = Op("div", operator.truediv, lambda out, a, b: (1.0 / b, -out / b), sign="/",
    latex=r"\frac{{a}}{{b}}", sample=(ANY, OFF_ZERO), textbook=lambda out, a, b: (1.0 / b, -a / b ** 2),
    beyond=_quotient_beyond, fails={ZeroDivisionError: (NO_QUOTIENT, "{0} / ({1} + 1e-12)")},
    why="A larger divisor makes each unit count for less, and makes the quotient shrink with its square.")
floordiv = Op("floordiv", operator.floordiv, lambda out, a, b: (0.0, 0.0), sign="//", gate=True,
    latex=r"\left\lfloor\frac{{a}}{{b}}\right\rfloor", sample=(ANY, OFF_ZERO),
    kink=lambda a, b: sin(pi * a / b),
    beyond=_quotient_beyond, fails={ZeroDivisionError: (NO_QUOTIENT, "{0} // ({1} + 1e-12)")},
    why="Between its jumps a rounded quotient does not move at all, so no gradient passes.")
mod = Op("mod", operator.mod, lambda out, a, b: (1.0, -(a // b)), sign="%",
    latex=r"{a} \bmod {b}", sample=(ANY, OFF_ZERO), kink=lambda a, b: sin(pi * a / b),
    fails={ZeroDivisionError: ("there is no remainder by 0", "{0} % ({1} + 1e-12)")},
    why="Between its jumps the remainder is a minus a fixed number of b's.")
power = Op("pow", _power, sign="**", latex="{a}^{{b}}", sample=(POSITIVE, (-3.0, 3.0)),
    rule=lambda out, a, b: (b * a ** (b - step(abs(b))),                # x ** 0 has the slope 0, at 0 too,
                            out * log(a + (1.0 - step(abs(out))))),     # and 0 ** y as well
    textbook=lambda out, a, b: (b * a ** (b - 1.0), out * log(a)), beyond=_power_beyond,
    fails={ValueError: ("below 0, only constant whole exponents give real powers", "abs({0}) ** {1}"),
           ZeroDivisionError: ("0 has no such power, or no slope there", "({0} + 1e-12) ** {1}"),
           OverflowError: (OVERFLOW, "exp(minimum({1} * log(abs({0})), 700))")},
    why="The power comes down as a factor and one is left above; the exponent acts through the base's log.")
neg = Op("neg", operator.neg, lambda out, a: (-1.0,), sign="-", latex="-{a}", sample=(ANY,),
    why="Up becomes down: the gradient turns its sign.")

exp = Op("exp", math.exp, lambda out, a: (out,), latex="e^{{a}}", sample=((-700.0, 700.0),),
    beyond=lambda a: inf, fails={OverflowError: (OVERFLOW, "exp(minimum({0}, 700))")},
    why="The exponential is its own slope: the local derivative is the output itself.")
expm1 = Op("expm1", math.expm1, lambda out, a: (exp(a),), latex="e^{{a}} - 1", sample=((-700.0, 700.0),),
    beyond=lambda a: inf, fails={OverflowError: (OVERFLOW, "expm1(minimum({0}, 700))")},
    why="Shifting by 1 does not change a slope: it is that of exp, without losing the digits near 0.")
log = Op("log", math.log, lambda out, a: (1.0 / a,), latex=r"\ln {a}", sample=((1e-6, 1e6),),
    beyond=lambda a: nan if a else -inf,
    fails={ValueError: ("only numbers above 0 have a logarithm", "log(maximum({0}, 1e-12))")},
    why="Near 0 a small change is a large factor: the slope is one over the input.")
log1p = Op("log1p", math.log1p, lambda out, a: (1.0 / (1.0 + a),), latex=r"\ln\left(1 + {{a}}\right)",
    sample=((-0.99, 1e3),), beyond=lambda a: nan if a != -1 else -inf,
    fails={ValueError: ("1 + x must be above 0 to have a logarithm", "log1p(maximum({0}, -0.999999))")},
    why="The slope of the logarithm at 1 + a, without losing the digits near 0.")
sqrt = Op("sqrt", math.sqrt, lambda out, a: (0.5 / out,), latex=r"\sqrt{{a}}", sample=((1e-6, 1e6),),
    fails={ValueError: ("only numbers above 0 have a root with a finite slope", "sqrt(maximum({0}, 1e-12))")},
    why="The larger the root, the flatter it gets: half of one over the output.")

sin = Op("sin", math.sin, lambda out, a: (cos(a),), latex=r"\sin {a}", sample=((-30.0, 30.0),),
    why="The slope of a wave is the same wave a quarter turn ahead.")
cos = Op("cos", math.cos, lambda out, a: (-sin(a),), latex=r"\cos {a}", sample=((-30.0, 30.0),),
    why="A quarter turn ahead of the cosine stands the sine turned over.")
tan = Op("tan", math.tan, lambda out, a: (1.0 + out * out,), latex=r"\tan {a}", sample=((-1.5, 1.5),),
    why="Never flatter than 1, and ever steeper towards its poles.")
asin = Op("asin", math.asin, lambda out, a: (1.0 / sqrt((1.0 - a) * (1.0 + a)),),
    latex=r"\arcsin {a}", sample=(UNIT,), textbook=lambda out, a: (1.0 / sqrt(1.0 - a ** 2),),
    fails={ValueError: ("its input must lie between -1 and 1, where its slope is still finite",
                        "asin(maximum(-0.999999, minimum({0}, 0.999999)))")},
    why="Vertical at -1 and 1, where the sine it undoes is flat.")
acos = Op("acos", math.acos, lambda out, a: (-1.0 / sqrt((1.0 - a) * (1.0 + a)),),
    latex=r"\arccos {a}", sample=(UNIT,), textbook=lambda out, a: (-1.0 / sqrt(1.0 - a ** 2),),
    fails={ValueError: ("its input must lie between -1 and 1, where its slope is still finite",
                        "acos(maximum(-0.999999, minimum({0}, 0.999999)))")},
    why="The arcsine turned over: both angles add up to a right angle.")
atan = Op("atan", math.atan, lambda out, a: (1.0 / hypot(1.0, a) / hypot(1.0, a),),
    latex=r"\arctan {a}", sample=(ANY,), textbook=lambda out, a: (1.0 / (1.0 + a ** 2),),  # a ** 2 overflows
    why="Steepest at 0, and flat far out, where the angle has nearly stopped turning.")
atan2 = Op("atan2", math.atan2,
    latex=r"\operatorname{atan2}\left({{a}}, {{b}}\right)", sample=(OFF_ZERO, ANY),
    rule=lambda out, a, b: (b / hypot(a, b) / hypot(a, b), -a / hypot(a, b) / hypot(a, b)),
    textbook=lambda out, a, b: (b / (a ** 2 + b ** 2), -a / (a ** 2 + b ** 2)),  # a*a over- and underflows
    fails={ZeroDivisionError: ("at (0, 0) the angle turns infinitely fast", "atan2({0}, {1} + 1e-12)")},
    why="Moving the point across its ray turns the angle, and the less the further out it is.")
sinh = Op("sinh", math.sinh, lambda out, a: (cosh(a),), latex=r"\sinh {a}", sample=((-700.0, 700.0),),
    fails={OverflowError: (OVERFLOW, "sinh(maximum(-700, minimum({0}, 700)))")},
    beyond=lambda a: copysign(inf, a),
    why="As with the exponentials it is made of, its slope is its partner's height.")
cosh = Op("cosh", math.cosh, lambda out, a: (sinh(a),), latex=r"\cosh {a}", sample=((-700.0, 700.0),),
    beyond=lambda a: inf, fails={OverflowError: (OVERFLOW, "cosh(maximum(-700, minimum({0}, 700)))")},
    why="Flat at the bottom of its hanging chain, then ever steeper on both sides.")

tanh = Op("tanh", math.tanh, lambda out, a: (4.0 * sigmoid(2.0 * a) * sigmoid(-2.0 * a),), latex=r"\tanh {a}",
    sample=((-300.0, 300.0),), textbook=lambda out, a: (1.0 - out ** 2,),  # 1 - out*out is 0 from 19 on
    why="Steepest at 0, flat at both ends: a saturated tanh lets almost no gradient through.")
sigmoid = Op("sigmoid", _sigmoid, lambda out, a: (out * sigmoid(-a),), latex=r"\sigma\left({{a}}\right)",
    definition=lambda a: exp(minimum(a, 0.0)) / (1.0 + exp(-abs(a))),  # 1 / (1 + exp(-a)) overflows at -710
    sample=((-700.0, 700.0),), textbook=lambda out, a: (out * (1.0 - out),),  # 1 - out is 0 from 37 on
    why="Steepest in the middle, at most 1/4: a sure sigmoid, near 0 or 1, lets almost no gradient through.")
relu = Op("relu", lambda a: a if a > 0.0 or a != a else 0.0, lambda out, a: (step(a),), gate=True,
    definition=lambda a: maximum(a, 0.0), kink=lambda a: a,
    latex=r"\operatorname{relu}\left({{a}}\right)", sample=(ANY,),
    why="Open above 0, shut at and below it: the gradient passes whole or not at all.")
leaky_relu = Op("leaky_relu", None,
    rule=lambda out, a, slope: (step(a) + slope * (1.0 - step(a)), minimum(a, 0.0)),
    definition=lambda a, slope: maximum(a, 0.0) + slope * minimum(a, 0.0), defaults=(0.01,),
    latex=r"\operatorname{leaky}_{{b}}\left({{a}}\right)", sample=(ANY, (0.01, 0.5)), kink=lambda a, slope: a,
    why="Open above 0, a little open below it, so that no unit is ever quite dead.")
softplus = Op("softplus", None, lambda out, a: (sigmoid(a),),
    definition=lambda a: maximum(a, 0.0) + log1p(exp(-abs(a))),  # log(1 + exp(a)) overflows at 710
    latex=r"\operatorname{softplus}\left({{a}}\right)", sample=((-700.0, 700.0),),
    why="A relu with a rounded corner: its slope is the sigmoid, going from 0 to 1.")
silu = Op("silu", None, lambda out, a: (sigmoid(a) * (1.0 + _clip(a, 800.0) * sigmoid(-a)),),
    definition=lambda a: maximum(a, -800.0) * sigmoid(a),  # sigmoid(-800) is 0, and -inf * 0 is not a number
    textbook=lambda out, a: (sigmoid(a) + out * (1.0 - sigmoid(a)),),
    latex=r"\operatorname{silu}\left({{a}}\right)", sample=((-1.0, 700.0),),
    why="The input gated by its own sigmoid: the slope is the gate plus what moving the gate does.")
gelu = Op("gelu", None, lambda out, a: (_normal_cdf(a) + _clip(a, 40.0) * _normal_pdf(a),),
    definition=lambda a: maximum(a, -40.0) * _normal_cdf(a),
    textbook=lambda out, a: ((1.0 + erf(a / sqrt(2.0))) / 2.0 + a * exp(-a ** 2 / 2.0) / sqrt(2.0 * pi),),
    latex=r"\operatorname{gelu}\left({{a}}\right)", sample=((-0.6, 30.0),),
    why="The input gated by the share of a bell curve below it: the gate plus what moving the gate does.")
erf = Op("erf", math.erf, lambda out, a: (2.0 / math.sqrt(pi) * _gaussian(a, 1.0),),
    textbook=lambda out, a: (2.0 / sqrt(pi) * exp(-a ** 2),),
    latex=r"\operatorname{erf}\left({{a}}\right)", sample=((-25.0, 25.0),),
    why="It adds up a bell curve from left to right, so its slope is the bell curve.")
erfc = Op("erfc", math.erfc, lambda out, a: (-2.0 / math.sqrt(pi) * _gaussian(a, 1.0),),
    textbook=lambda out, a: (-2.0 / sqrt(pi) * exp(-a ** 2),),
    latex=r"\operatorname{erfc}\left({{a}}\right)", sample=((-5.0, 25.0),),
    why="What is left of the bell curve: it falls as fast as the curve is high.")

absolute = Op("abs", abs, lambda out, a: (step(a) - step(-a),), kink=lambda a: a,
    latex=r"\left|{{a}}\right|", sample=(ANY,), textbook=lambda out, a: (a / out,),
    why="The slope is the sign of the input; at the corner, 0, it is taken as 0.")
maximum = Op("maximum", lambda a, b: a if a > b or a != a else b, gate=True, kink=lambda a, b: a - b,
    rule=lambda out, a, b: ((1.0 + step(a - b) - step(b - a)) / 2.0, (1.0 + step(b - a) - step(a - b)) / 2.0),
    textbook=lambda out, a, b: (step(a - b), step(b - a)),
    latex=r"\max\left({{a}}, {{b}}\right)", sample=(ANY, ANY),
    why="Only the winner moves the result, so it gets the whole gradient; in a tie both get half.")
minimum = Op("minimum", lambda a, b: a if a < b or a != a else b, gate=True, kink=lambda a, b: a - b,
    rule=lambda out, a, b: ((1.0 + step(b - a) - step(a - b)) / 2.0, (1.0 + step(a - b) - step(b - a)) / 2.0),
    textbook=lambda out, a, b: (step(b - a), step(a - b)),
    latex=r"\min\left({{a}}, {{b}}\right)", sample=(ANY, ANY),
    why="Only the smaller one moves the result, so it gets the whole gradient; in a tie both get half.")
step = Op("step", lambda a: 1.0 if a > 0.0 else 0.0 if a <= 0.0 else a, lambda out, a: (0.0,), gate=True,
    latex=r"\left[{{a}} > 0\right]", sample=(ANY,), kink=lambda a: a,
    why="Flat on both sides of its jump: no gradient passes.")
hypot = Op("hypot", math.hypot, latex=r"\sqrt{{a}^2 + {b}^2}", sample=(ANY, ANY),
    rule=lambda out, a, b: (a / maximum(out, 5e-324), b / maximum(out, 5e-324)),  # 0 at (0, 0)
    textbook=lambda out, a, b: (a / out, b / out),
    why="Each leg pulls as much as it points along the hypotenuse.")
# fmt: on


def _method(op: Op) -> Callable[..., Any]:
    def method(*operands: Any) -> Any:
        return op(*operands)

    method.__name__, method.__qualname__, method.__doc__ = op.name, f"Methods.{op.name}", op.why
    return method


for _op in OPS.values():
    setattr(Methods, _op.name, _method(_op))
