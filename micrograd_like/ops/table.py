"""Every operation of the library, one entry each: all calculus lives in this table. `Op` says what each field means.

A rule is ordinary arithmetic, so it means something to every kind of `Number`: floats compute with it, a
`Value` records it, and the written kinds of `notation` turn it into LaTeX, Python or C. To see rules at work,
read `engine`. Operations of Python and of its `math` come first, then those that are defined by others.
"""

import math
import operator
from math import copysign, inf, nan, pi

from . import numerics as n
from .op import Op

ANY, POSITIVE, UNIT, OFF_ZERO = (-9.0, 9.0), (0.01, 9.0), (-0.99, 0.99), (0.2, 5.0)
ALL, ABOVE_0, TRIG = (-1e308, 1e308), (0.0, 1e308), (-1e6, 1e6)
TOO_LARGE = "the result is larger than any float"
OUTSIDE, STEEP_END = "its input must lie between -1 and 1", "at -1 and 1 its slope is infinite"

# fmt: off
add = Op("add", operator.add, lambda out, a, b: (1.0, 1.0), sign="+", latex="{a} + {b}", sample=(ANY, ANY),
    domain=(ALL, ALL),
    spelled={"onnx": "Add"},
    why="Each input moves the sum one for one: a sum passes its gradient back to both inputs unchanged.")
sub = Op("sub", operator.sub, lambda out, a, b: (1.0, -1.0), sign="-", latex="{a} - {b}", sample=(ANY, ANY),
    domain=(ALL, ALL), spelled={"onnx": "Sub", "numpy": "subtract"},
    why="Raising what is subtracted lowers the result: the second input's gradient turns its sign.")
mul = Op("mul", operator.mul, lambda out, a, b: (b, a), sign="*", latex=r"{a} \cdot {b}", sample=(ANY, ANY),
    domain=(ALL, ALL), spelled={"onnx": "Mul", "numpy": "multiply"},
    why="Each input is scaled by the other one: the gradient of one input is multiplied by the other.")
div = Op("div", operator.truediv, lambda out, a, b: (1.0 / b, -out / b), sign="/",
    latex=r"\frac{{a}}{{b}}", sample=(ANY, OFF_ZERO), textbook=lambda out, a, b: (1.0 / b, -a / b ** 2),
    domain=(ALL, ALL), beyond=n.quotient_beyond, spelled={"onnx": "Div", "numpy": "divide"},
    fails=((lambda a, b: b == 0, "nothing can be divided by 0", "{0} / ({1} + 1e-12)"),
           (lambda a, b: abs(b) < 1e-150, "so small a divisor makes the slope larger than any float",
               "{0} / ({1} + 1e-12)")),
    why="A larger divisor makes each unit count for less, and makes the quotient shrink with its square.")
neg = Op("neg", operator.neg, lambda out, a: (-1.0,), sign="-", latex="-{a}", sample=(ANY,), domain=(ALL,),
    spelled={"onnx": "Neg", "numpy": "negative"}, why="Up becomes down: the gradient turns its sign.")
power = Op("pow", n.power, sign="**", latex="{a}^{{b}}", sample=(POSITIVE, (-3.0, 3.0)),
    domain=(ABOVE_0, (-300.0, 300.0)),
    rule=lambda out, a, b: (  # x ** 0 has the slope 0, at 0 too, and so has 0 ** y
        b * a ** (b - step(abs(b))) * n.clip(abs(a), 1e-300, 1e300) ** n.power_rest(b),
        out * log(a + (1.0 - step(abs(a) + abs(out))))),
    textbook=lambda out, a, b: (b * a ** (b - 1.0), out * log(a)), beyond=n.power_beyond,
    corner={(0.0, 0.0): (0.0, 0.0)},
    fails=((lambda a, b: a < 0 and b % 1, "below 0, only constant whole exponents give real powers", "abs({0}) ** {1}"),
           (lambda a, b: a < 0, "below 0, only constant whole exponents give real powers", "abs({0}) ** {1}"),
           (lambda a, b: a == 0 and b < 0, "0 has no power with an exponent below 0", "({0} + 1e-12) ** {1}"),
           (lambda a, b: a == 0, "at 0 this power has no finite slope", "({0} + 1e-12) ** {1}"),
           (lambda a, b: 0 < a < 1e-9 and b < 1, "so close to 0 the slope is larger than any float",
            "({0} + 1e-12) ** {1}"),
           (lambda a, b: b * math.log(a) > 709, TOO_LARGE, "exp(minimum({1} * log(abs({0})), 700))")),
    spelled={"onnx": "Pow", "numpy": "power", "mpmath": "power"},
    why="The power comes down as a factor and one is left above; the exponent acts through the base's log.")
floordiv = Op("floordiv", operator.floordiv, lambda out, a, b: (0.0, 0.0), sign="//", gate=True,
    latex=r"\left\lfloor\frac{{a}}{{b}}\right\rfloor", sample=(ANY, OFF_ZERO), kink=lambda a, b: sin(pi * a / b),
    beyond=n.quotient_beyond, spelled={"numpy": "floor_divide", "torch": "floor_divide"},
    fails=((lambda a, b: b == 0, "nothing can be divided by 0", "{0} // ({1} + 1e-12)"),),
    why="Between its jumps a rounded quotient does not move at all, so no gradient passes.")
mod = Op("mod", operator.mod, lambda out, a, b: (1.0, -(a // b)), sign="%",
    latex=r"{a} \bmod {b}", sample=(ANY, OFF_ZERO), kink=lambda a, b: sin(pi * a / b),
    spelled={"numpy": "remainder", "torch": "remainder"},
    fails=((lambda a, b: b == 0, "there is no remainder by 0", "{0} % ({1} + 1e-12)"),),
    why="Between its jumps the remainder is a minus a fixed number of b's.")
absolute = Op("abs", abs, lambda out, a: (step(a) - step(-a),), kink=lambda a: a, domain=(ALL,),
    latex=r"\left|{{a}}\right|", sample=(ANY,), textbook=lambda out, a: (a / out,),
    spelled={"onnx": "Abs", "numpy": "absolute"},
    why="The slope is the sign of the input; at the corner, 0, it is taken as 0.")
maximum = Op("maximum", lambda a, b: a if a > b or a != a else b, gate=True, kink=lambda a, b: a - b,
    rule=lambda out, a, b: ((1.0 + n.above(a, b) - n.above(b, a)) / 2.0, (1.0 + n.above(b, a) - n.above(a, b)) / 2.0),
    textbook=lambda out, a, b: (step(a - b), step(b - a)), domain=(ALL, ALL),
    latex=r"\max\left({{a}}, {{b}}\right)", sample=(ANY, ANY),
    spelled={"onnx": "Max"},
    why="Only the winner moves the result, so it gets the whole gradient; in a tie both get half.")
minimum = Op("minimum", lambda a, b: a if a < b or a != a else b, gate=True, kink=lambda a, b: a - b,
    rule=lambda out, a, b: ((1.0 + n.above(b, a) - n.above(a, b)) / 2.0, (1.0 + n.above(a, b) - n.above(b, a)) / 2.0),
    textbook=lambda out, a, b: (step(b - a), step(a - b)), domain=(ALL, ALL),
    latex=r"\min\left({{a}}, {{b}}\right)", sample=(ANY, ANY),
    spelled={"onnx": "Min"},
    why="Only the smaller one moves the result, so it gets the whole gradient; in a tie both get half.")
step = Op("step", lambda a: 1.0 if a > 0.0 else 0.0 if a <= 0.0 else a, lambda out, a: (0.0,), gate=True, domain=(ALL,),
    latex=r"\left[{{a}} > 0\right]", sample=(ANY,), kink=lambda a: a,
    spelled={"onnx": lambda onnx, a: onnx.node("Cast", onnx.node("Greater", a, onnx.constant(0.0)), to=11),
             "numpy": "", "jax": "", "torch": lambda torch, a: torch.heaviside(a, torch.zeros_like(a)).detach()},
    why="Flat on both sides of its jump: no gradient passes.")

exp = Op("exp", math.exp, lambda out, a: (out,), latex="e^{{a}}", sample=((-700.0, 700.0),),
    beyond=lambda a: inf, fails=((lambda a: a > 709, TOO_LARGE, "exp(minimum({0}, 700))"),),
    spelled={"onnx": "Exp"},
    why="The exponential is its own slope: the local derivative is the output itself.")
exp2 = Op("exp2", math.exp2, lambda out, a: (out * math.log(2.0),), latex="2^{{a}}", sample=((-1000.0, 1000.0),),
    beyond=lambda a: inf, fails=((lambda a: a > 1023, TOO_LARGE, "exp2(minimum({0}, 1000))"),),
    textbook=lambda out, a: (out * log(2.0),), spelled={"mpmath": lambda mp, a: mp.power(2, a), "javascript": "2 ** a"},
    why="Each step doubles: the slope is the output times the logarithm of 2.")
expm1 = Op("expm1", math.expm1, lambda out, a: (exp(a),), latex="e^{{a}} - 1", sample=((-700.0, 700.0),),
    beyond=lambda a: inf, fails=((lambda a: a > 709, TOO_LARGE, "expm1(minimum({0}, 700))"),),
    why="Shifting by 1 does not change a slope: it is that of exp, without losing the digits near 0.")
log = Op("log", math.log, lambda out, a: (1.0 / a,), latex=r"\ln {a}", sample=((1e-6, 1e6),), domain=(ABOVE_0,),
    beyond=lambda a: nan if a else -inf,
    fails=((lambda a: a <= 0, "only numbers above 0 have a logarithm", "log(maximum({0}, 1e-12))"),
           (lambda a: a < 1e-300, "so close to 0 the slope is larger than any float", "log(maximum({0}, 1e-12))")),
    spelled={"onnx": "Log"},
    why="Near 0 a small change is a large factor: the slope is one over the input.")
log2 = Op("log2", math.log2, lambda out, a: (1.0 / a / math.log(2.0),), latex=r"\log_2 {a}", sample=((1e-6, 1e6),),
    domain=(ABOVE_0,), beyond=lambda a: nan if a else -inf, textbook=lambda out, a: (1.0 / (a * log(2.0)),),
    fails=((lambda a: a <= 0, "only numbers above 0 have a logarithm", "log2(maximum({0}, 1e-12))"),
           (lambda a: a < 1e-300, "so close to 0 the slope is larger than any float", "log2(maximum({0}, 1e-12))")),
    spelled={"mpmath": lambda mp, a: mp.log(a, 2)},
    why="How often 1 is doubled to reach a: the natural logarithm in other units, and so is its slope.")
log10 = Op("log10", math.log10, lambda out, a: (1.0 / a / math.log(10.0),), latex=r"\log_{10} {a}",
    sample=((1e-6, 1e6),),
    domain=(ABOVE_0,), beyond=lambda a: nan if a else -inf, textbook=lambda out, a: (1.0 / (a * log(10.0)),),
    fails=((lambda a: a <= 0, "only numbers above 0 have a logarithm", "log10(maximum({0}, 1e-12))"),
           (lambda a: a < 1e-300, "so close to 0 the slope is larger than any float", "log10(maximum({0}, 1e-12))")),
    why="How many digits a has: the natural logarithm in other units, and so is its slope.")
log1p = Op("log1p", math.log1p, lambda out, a: (1.0 / (1.0 + a),), latex=r"\ln\left(1 + {{a}}\right)",
    sample=((-0.99, 1e3),), domain=((-0.999999, 1e308),), beyond=lambda a: nan if a != -1 else -inf,
    fails=((lambda a: a <= -1, "1 + x must be above 0 to have a logarithm", "log1p(maximum({0}, -0.999999))"),),
    spelled={"onnx": lambda onnx, a: onnx.node("Log", onnx.node("Add", onnx.constant(1.0), a))},
    why="The slope of the logarithm at 1 + a, without losing the digits near 0.")
sqrt = Op("sqrt", math.sqrt, lambda out, a: (0.5 / out,), latex=r"\sqrt{{a}}", sample=((1e-6, 1e6),), domain=(ABOVE_0,),
    fails=((lambda a: a < 0, "only numbers from 0 on have a real root", "sqrt(maximum({0}, 1e-12))"),
           (lambda a: a == 0, "at 0 the slope of the root is infinite", "sqrt(maximum({0}, 1e-12))")),
    spelled={"onnx": "Sqrt"},
    why="The larger the root, the flatter it gets: half of one over the output.")
cbrt = Op("cbrt", math.cbrt, lambda out, a: (out / a / 3.0,), corner={(0.0,): (inf,)},
    latex=r"\sqrt[3]{{a}}", sample=((0.01, 1e6),),
    domain=(ABOVE_0,), spelled={"torch": "", "mpmath": lambda mp, a: mp.sign(a) * mp.cbrt(abs(a))},
    textbook=lambda out, a: (1.0 / (3.0 * out ** 2),),
    fails=((lambda a: a == 0, "at 0 the slope of the root is infinite", "cbrt({0} + 1e-12)"),),
    why="Real below 0 too, and vertical at 0: one over three times the square of the output.")

sin = Op("sin", math.sin, lambda out, a: (cos(a),), latex=r"\sin {a}", sample=((-30.0, 30.0),), domain=(TRIG,),
    spelled={"onnx": "Sin"},
    why="The slope of a wave is the same wave a quarter turn ahead.")
cos = Op("cos", math.cos, lambda out, a: (-sin(a),), latex=r"\cos {a}", sample=((-30.0, 30.0),), domain=(TRIG,),
    spelled={"onnx": "Cos"},
    why="A quarter turn ahead of the cosine stands the sine turned over.")
tan = Op("tan", math.tan, lambda out, a: (1.0 + out * out,), latex=r"\tan {a}", sample=((-1.5, 1.5),), domain=(TRIG,),
    why="Never flatter than 1, and ever steeper towards its poles.")
asin = Op("asin", math.asin, lambda out, a: (1.0 / sqrt((1.0 - a) * (1.0 + a)),),
    latex=r"\arcsin {a}", sample=(UNIT,), domain=((-1.0, 1.0),), textbook=lambda out, a: (1.0 / sqrt(1.0 - a ** 2),),
    fails=((lambda a: abs(a) > 1, OUTSIDE, "asin(maximum(-0.999999, minimum({0}, 0.999999)))"),
           (lambda a: abs(a) == 1, STEEP_END, "asin(maximum(-0.999999, minimum({0}, 0.999999)))")),
    spelled={"numpy": "arcsin"}, why="Vertical at -1 and 1, where the sine it undoes is flat.")
acos = Op("acos", math.acos, lambda out, a: (-1.0 / sqrt((1.0 - a) * (1.0 + a)),),
    latex=r"\arccos {a}", sample=(UNIT,), domain=((-1.0, 1.0),), textbook=lambda out, a: (-1.0 / sqrt(1.0 - a ** 2),),
    fails=((lambda a: abs(a) > 1, OUTSIDE, "acos(maximum(-0.999999, minimum({0}, 0.999999)))"),
           (lambda a: abs(a) == 1, STEEP_END, "acos(maximum(-0.999999, minimum({0}, 0.999999)))")),
    spelled={"numpy": "arccos"}, why="The arcsine turned over: both angles add up to a right angle.")
atan = Op("atan", math.atan, lambda out, a: (1.0 / hypot(1.0, a) / hypot(1.0, a),), domain=(ALL,),
    latex=r"\arctan {a}", sample=(ANY,), textbook=lambda out, a: (1.0 / (1.0 + a ** 2),),  # a ** 2 overflows
    spelled={"numpy": "arctan"}, why="Steepest at 0, and flat far out, where the angle has nearly stopped turning.")
atan2 = Op("atan2", math.atan2,
    latex=r"\operatorname{atan2}\left({{a}}, {{b}}\right)", sample=(OFF_ZERO, ANY),
    domain=((-1e150, 1e150), (-1e150, 1e150)),
    rule=lambda out, a, b: (b / hypot(a, b) / hypot(a, b), -a / hypot(a, b) / hypot(a, b)),
    textbook=lambda out, a, b: (b / (a ** 2 + b ** 2), -a / (a ** 2 + b ** 2)),  # a*a over- and underflows
    corner={(0.0, 0.0): (0.0, 0.0)}, spelled={"numpy": "arctan2"},
    fails=((lambda a, b: a == b == 0, "at (0, 0) the angle turns infinitely fast", "atan2({0}, {1} + 1e-12)"),),
    why="Moving the point across its ray turns the angle, and the less the further out it is.")
sinh = Op("sinh", math.sinh, lambda out, a: (cosh(a),), latex=r"\sinh {a}", sample=((-700.0, 700.0),),
    fails=((lambda a: abs(a) > 709, TOO_LARGE, "sinh(maximum(-700, minimum({0}, 700)))"),),
    beyond=lambda a: copysign(inf, a), why="As with the exponentials it is made of, its slope is its partner's height.")
cosh = Op("cosh", math.cosh, lambda out, a: (sinh(a),), latex=r"\cosh {a}", sample=((-700.0, 700.0),),
    beyond=lambda a: inf, fails=((lambda a: abs(a) > 709, TOO_LARGE, "cosh(maximum(-700, minimum({0}, 700)))"),),
    why="Flat at the bottom of its hanging chain, then ever steeper on both sides.")
asinh = Op("asinh", math.asinh, lambda out, a: (1.0 / hypot(1.0, a),), domain=(ALL,),  # a ** 2 overflows
    latex=r"\operatorname{arsinh} {a}", sample=(ANY,), textbook=lambda out, a: (1.0 / sqrt(1.0 + a ** 2),),
    spelled={"numpy": "arcsinh"}, why="A line near 0 and a logarithm far out: never steeper than 1, and ever flatter.")
acosh = Op("acosh", math.acosh, lambda out, a: (1.0 / (sqrt(a - 1.0) * sqrt(a + 1.0)),), domain=((1.0, 1e308),),
    latex=r"\operatorname{arcosh} {a}", sample=((1.01, 9.0),), textbook=lambda out, a: (1.0 / sqrt(a ** 2 - 1.0),),
    fails=((lambda a: a < 1, "its input must be 1 or larger", "acosh(maximum({0}, 1.000001))"),
           (lambda a: a == 1, "at 1 its slope is infinite", "acosh(maximum({0}, 1.000001))")),
    spelled={"numpy": "arccosh"}, why="Vertical at 1, where the bottom of the hanging chain that it undoes is flat.")
atanh = Op("atanh", math.atanh, lambda out, a: (1.0 / ((1.0 - a) * (1.0 + a)),), domain=((-1.0, 1.0),),
    latex=r"\operatorname{artanh} {a}", sample=(UNIT,), textbook=lambda out, a: (1.0 / (1.0 - a ** 2),),
    beyond=lambda a: copysign(inf, a) if abs(a) == 1 else nan, spelled={"numpy": "arctanh"},
    fails=((lambda a: abs(a) >= 1, "its input must lie between -1 and 1, both left out",
            "atanh(maximum(-0.999999, minimum({0}, 0.999999)))"),),
    why="It grows without end towards -1 and 1, where the tanh that it undoes is nearly flat.")
hypot = Op("hypot", math.hypot, latex=r"\sqrt{{a}^2 + {b}^2}", sample=(ANY, ANY),
    domain=((-1e300, 1e300), (-1e300, 1e300)),
    rule=lambda out, a, b: (a / maximum(out, 5e-324), b / maximum(out, 5e-324)),  # 0 at (0, 0)
    textbook=lambda out, a, b: (a / out, b / out),
    why="Each leg pulls as much as it points along the hypotenuse.")

tanh = Op("tanh", math.tanh, lambda out, a: (4.0 * n.logistic_slope(2.0 * a),), latex=r"\tanh {a}",
    sample=((-300.0, 300.0),), textbook=lambda out, a: (1.0 - out ** 2,),  # 1 - out*out is 0 from 19 on
    spelled={"onnx": "Tanh"},
    why="Steepest at 0, flat at both ends: a saturated tanh lets almost no gradient through.")
erf = Op("erf", math.erf, lambda out, a: (2.0 / math.sqrt(pi) * n.gaussian(a, 1.0),),
    textbook=lambda out, a: (2.0 / sqrt(pi) * exp(-a ** 2),),
    latex=r"\operatorname{erf}\left({{a}}\right)", sample=((-25.0, 25.0),),
    spelled={"onnx": "Erf", "jax": "erf", "numpy": ""},
    why="It adds up a bell curve from left to right, so its slope is the bell curve.")
erfc = Op("erfc", math.erfc, lambda out, a: (-2.0 / math.sqrt(pi) * n.gaussian(a, 1.0),),
    textbook=lambda out, a: (-2.0 / sqrt(pi) * exp(-a ** 2),),
    latex=r"\operatorname{erfc}\left({{a}}\right)", sample=((-5.0, 25.0),),
    spelled={"onnx": lambda onnx, a: onnx.node("Sub", onnx.constant(1.0), onnx.node("Erf", a)),
             "jax": "erfc", "numpy": ""},
    why="What is left of the bell curve: it falls as fast as the curve is high.")
lgamma = Op("lgamma", math.lgamma, lambda out, a: (digamma(a, 0.0),),
    latex=r"\ln\left|\Gamma\left({{a}}\right)\right|", sample=((10.0, 170.0),),
    domain=((10.0, 1e300),),  # below 10 Python's own is right to about 1e-15 beside 1
    beyond=lambda a: inf, spelled={"numpy": "", "jax": "", "mpmath": lambda mp, a: mp.log(abs(mp.gamma(a)))},
    fails=((lambda a: a <= 0 and a % 1 == 0, "at 0, -1, -2, ... it is infinite", "lgamma({0} + 1e-6)"),
           (lambda a: a > 1e305, TOO_LARGE, "lgamma(minimum({0}, 1e300))")),
    why="The logarithm of a factorial, for all numbers between too: its slope is called digamma.")
digamma = Op("digamma", n.digamma, lambda out, a, order: (digamma(a, order + 1.0), 0.0),
    latex=r"\psi^{({b})}\left({{a}}\right)", sample=((3.0, 100.0), (1.0, 1.0)), defaults=(0.0,),
    domain=((3.0, 1e10), (1.0, 1.0)),
    spelled={"numpy": "", "jax": "", "torch": lambda torch, a, b: torch.polygamma(int(b), a),
             "mpmath": lambda mp, a, b: mp.psi(int(mp.nint(b)), a)},
    fails=((lambda a, b: not 0 <= b <= 20 or b % 1, "how often to differentiate is a whole number from 0 to 20",
            "digamma({0}, 0)"),
           (lambda a, b: a <= 0 and a % 1 == 0, "at 0, -1, -2, ... it is infinite", "digamma({0} + 1e-6, {1})"),
           (lambda a, b: abs(a) < 1e-9, TOO_LARGE, "digamma({0} + 1e-6, {1})")), beyond=n.digamma_beyond,
    why="The slope of lgamma, about the logarithm; a second number differentiates it so many times more.")
floor = Op("floor", lambda a: copysign(math.floor(a), a), lambda out, a: (0.0,), gate=True, beyond=lambda a: a,
    latex=r"\left\lfloor {{a}} \right\rfloor", sample=(ANY,), kink=lambda a: sin(pi * a),
    why="Flat between its jumps at whole numbers: no gradient passes.")
ceil = Op("ceil", lambda a: copysign(math.ceil(a), a), lambda out, a: (0.0,), gate=True, beyond=lambda a: a,
    latex=r"\left\lceil {{a}} \right\rceil", sample=(ANY,), kink=lambda a: sin(pi * a),
    why="Flat between its jumps at whole numbers, like floor one step higher: no gradient passes.")
trunc = Op("trunc", lambda a: copysign(math.trunc(a), a), lambda out, a: (0.0,), gate=True, beyond=lambda a: a,
    latex=r"\operatorname{trunc}\left({{a}}\right)", sample=(ANY,), kink=lambda a: sin(pi * a),
    spelled={"mpmath": lambda mp, a: mp.sign(a) * mp.floor(abs(a))},
    why="What stands before the point: it only jumps, so no gradient passes.")
rounding = Op("round", n.rounded_to_even, lambda out, a: (0.0,), gate=True, beyond=lambda a: a,
    latex=r"\operatorname{round}\left({{a}}\right)", sample=((2.6, 3.4),), kink=lambda a: cos(pi * a),
    spelled={"numpy": "rint", "mpmath": "nint",
             "javascript": "Math.abs(a % 1) === 0.5 ? 2 * Math.round(a / 2) : Math.round(a)"},
    why="The nearest whole number, the even one of two: it only jumps, so no gradient passes.")
fmod = Op("fmod", math.fmod, lambda out, a, b: (1.0, -trunc(a / b)),
    latex=r"\operatorname{fmod}\left({{a}}, {{b}}\right)",
    sample=(ANY, OFF_ZERO), kink=lambda a, b: sin(pi * a / b),
    spelled={"mpmath": lambda mp, a, b: a - b * mp.sign(a / b) * mp.floor(abs(a / b)), "javascript": "a % b"},
    fails=((lambda a, b: b == 0, "there is no remainder by 0", "fmod({0}, {1} + 1e-12)"),),
    why="The remainder with the sign of a, as in C: between its jumps, a minus a fixed number of b's.")
signed = Op("copysign", math.copysign, lambda out, a, b: (sign(a) * sign(out), 0.0), gate=True,
    latex=r"\left|{{a}}\right| \operatorname{sign}\left({{b}}\right)", sample=(ANY, ANY), kink=lambda a, b: a * b,
    spelled={"mpmath": lambda mp, a, b: abs(a) * (1 if b >= 0 else -1),
             "javascript": "Math.abs(a) * (b < 0 || Object.is(b, -0) ? -1 : 1)"},
    why="The size of a with the sign of b: the slope is 1 if a has that sign already, else -1.")

sign = Op("sign", None, lambda out, a: (0.0,), definition=lambda a: step(a) - step(-a), gate=True, domain=(ALL,),
    latex=r"\operatorname{sign}\left({{a}}\right)", sample=(ANY,), kink=lambda a: a,
    why="Only the sign is left of the number, and it does not change between jumps: no gradient passes.")
rsqrt = Op("rsqrt", None, lambda out, a: (-0.5 * out / a,), definition=lambda a: 1.0 / sqrt(a), domain=(ABOVE_0,),
    latex=r"\frac{1}{\sqrt{{a}}}", sample=((1e-6, 1e6),), beyond=lambda a: nan if a else copysign(inf, a),
    textbook=lambda out, a: (-out / (2.0 * a),), spelled={"numpy": ""},
    fails=((lambda a: a < 0, "only numbers above 0 have a root to divide by", "rsqrt(maximum({0}, 1e-12))"),
           (lambda a: a < 1e-200, "so close to 0 there is no root to divide by, or no slope",
            "rsqrt(maximum({0}, 1e-12))")),
    why="The larger the number, the smaller and flatter: it falls by half of itself for each share that a grows.")
xlogy = Op("xlogy", None,
    rule=lambda out, a, b: (log(b), a / (b + (1.0 - step(abs(a))) * (1.0 - step(abs(b))))),  # 0 at (0, 0)
    definition=lambda a, b: a * log(b ** maximum(step(abs(a)), n.clip(b, 0.0, 0.0))),  # nan at nan
    latex=r"{a} \ln {b}", sample=(ANY, POSITIVE), textbook=lambda out, a, b: (log(b), a / b),
    beyond=lambda a, b: -copysign(inf, a) if b == 0 else nan, spelled={"numpy": ""},
    fails=((lambda a, b: b <= 0, "only numbers above 0 have a logarithm", "xlogy({0}, maximum({1}, 1e-12))"),),
    why="A weight times a logarithm, and 0 where the weight is 0: what entropy and cross-entropy are made of.")
sigmoid = Op("sigmoid", n.logistic, lambda out, a: (n.logistic_slope(a),), latex=r"\sigma\left({{a}}\right)",
    definition=lambda a: exp(minimum(a, 0.0)) / (1.0 + exp(-abs(a))),  # 1 / (1 + exp(-a)) overflows at -710
    sample=((-700.0, 700.0),), textbook=lambda out, a: (out * (1.0 - out),),  # 1 - out is 0 from 37 on
    spelled={"onnx": "Sigmoid", "jax": "sigmoid"},
    why="Steepest in the middle, at most 1/4: a sure sigmoid, near 0 or 1, lets almost no gradient through.")
logsigmoid = Op("logsigmoid", None, lambda out, a: (sigmoid(-a),),
    definition=lambda a: minimum(a, 0.0) - log1p(exp(-abs(a))), textbook=lambda out, a: (1.0 - sigmoid(a),),
    latex=r"\ln \sigma\left({{a}}\right)", sample=((-700.0, 700.0),),
    why="The logarithm of a probability from its score: the slope is what the probability lacks to 1.")
logaddexp = Op("logaddexp", None, lambda out, a, b: (n.share(a, b), n.share(b, a)),
    definition=lambda a, b: maximum(a, b) + log1p(exp(-abs(n.difference(a, b)))),  # exp(a) overflows at 710
    textbook=lambda out, a, b: (sigmoid(a - b), sigmoid(b - a)), domain=((0.2, 700.0), (-700.0, 700.0)),
    latex=r"\ln\left(e^{{a}} + e^{{b}}\right)", sample=((0.2, 9.0), ANY),
    spelled={"mpmath": lambda mp, a, b: mp.log(mp.exp(a) + mp.exp(b))},
    why="A maximum with a rounded corner: the gradient is shared by how much each one adds to the sum.")
relu = Op("relu", lambda a: a if a > 0.0 or a != a else 0.0, lambda out, a: (step(a),), gate=True, domain=(ALL,),
    definition=lambda a: maximum(a, 0.0), kink=lambda a: a,
    latex=r"\operatorname{relu}\left({{a}}\right)", sample=(ANY,),
    spelled={"onnx": "Relu", "jax": "relu"},
    why="Open above 0, shut at and below it: the gradient passes whole or not at all.")
relu6 = Op("relu6", None, lambda out, a: (step(a) * step(6.0 - a),), gate=True, domain=(ALL,),
    definition=lambda a: minimum(maximum(a, 0.0), 6.0), kink=lambda a: a * (a - 6.0),
    latex=r"\operatorname{relu6}\left({{a}}\right)", sample=(ANY,),
    why="A relu that is shut from 6 on as well: the gradient passes between 0 and 6.")
hardtanh = Op("hardtanh", None, lambda out, a: (step(a + 1.0) * step(1.0 - a),), gate=True, domain=(ALL,),
    definition=lambda a: maximum(-1.0, minimum(a, 1.0)), kink=lambda a: (a + 1.0) * (a - 1.0),
    latex=r"\operatorname{hardtanh}\left({{a}}\right)", sample=(ANY,),
    why="A line between -1 and 1, and flat outside: the gradient passes whole or not at all.")
clamp_min = Op("clamp_min", None, lambda out, a, b: (1.0 - n.above(b, a), n.above(b, a)),
    definition=lambda a, b: maximum(a, b), gate=True, kink=lambda a, b: a - b, domain=(ALL, ALL),
    latex=r"\max\left({{a}}, {{b}}\right)", sample=(ANY, ANY),
    textbook=lambda out, a, b: (1.0 - step(b - a), step(b - a)),
    spelled={"numpy": "", "torch": lambda torch, a, b: torch.maximum(a, b)},
    why="The number as long as it keeps to its lower bound, and at it too; below, the gradient is the bound's.")
clamp_max = Op("clamp_max", None, lambda out, a, b: (1.0 - n.above(a, b), n.above(a, b)),
    definition=lambda a, b: minimum(a, b), gate=True, kink=lambda a, b: a - b, domain=(ALL, ALL),
    latex=r"\min\left({{a}}, {{b}}\right)", sample=(ANY, ANY),
    textbook=lambda out, a, b: (1.0 - step(a - b), step(a - b)),
    spelled={"numpy": "", "torch": lambda torch, a, b: torch.minimum(a, b)},
    why="The number as long as it keeps to its upper bound, and at it too; above, the gradient is the bound's.")
leaky_relu = Op("leaky_relu", None,
    rule=lambda out, a, slope: (step(a) + slope * (1.0 - step(a)), minimum(a, 0.0)),
    definition=lambda a, slope: maximum(a, 0.0) + slope * minimum(a, 0.0), defaults=(0.01,),
    latex=r"\operatorname{leaky}_{{b}}\left({{a}}\right)", sample=(ANY, (0.01, 0.5)), kink=lambda a, slope: a,
    spelled={"torch": lambda torch, a, b: torch.where(a > 0, a, a * b),
        "jax": lambda jax, a, b: jax.numpy.where(a > 0, a, a * b)},
    why="Open above 0, a little open below it, so that no unit is ever quite dead.")
elu = Op("elu", None, rule=lambda out, a, scale: (step(a) + scale * exp(minimum(a,
    0.0)) * (1.0 - step(a)), expm1(minimum(a, 0.0))),
    definition=lambda a, scale: maximum(a, 0.0) + scale * expm1(minimum(a, 0.0)), defaults=(1.0,),
    kink=lambda a, scale: a,
    latex=r"\operatorname{elu}_{{b}}\left({{a}}\right)", sample=(ANY, (0.5, 2.0)),
    spelled={"torch": lambda torch, a, b: torch.where(a > 0, a, b * torch.expm1(torch.clamp(a, max=0)))},
    why="A relu that goes on below 0 as an exponential, down to -1: it passes gradient there as long as it moves.")
softplus = Op("softplus", None, lambda out, a: (sigmoid(a),),
    definition=lambda a: maximum(a, 0.0) + log1p(exp(-abs(a))),  # log(1 + exp(a)) overflows at 710
    latex=r"\operatorname{softplus}\left({{a}}\right)", sample=((-700.0, 700.0),), spelled={"jax": "softplus"},
    why="A relu with a rounded corner: its slope is the sigmoid, going from 0 to 1.")
silu = Op("silu", None, lambda out, a: (n.silu_slope(a),),
    definition=lambda a: maximum(a, -800.0) * sigmoid(a),  # sigmoid(-800) is 0, and -inf * 0 is not a number
    textbook=lambda out, a: (sigmoid(a) + out * (1.0 - sigmoid(a)),),
    latex=r"\operatorname{silu}\left({{a}}\right)", sample=((-700.0, 700.0),), spelled={"jax": "silu"},
    why="The input gated by its own sigmoid: the slope is the gate plus what moving the gate does.")
mish = Op("mish", None, lambda out, a: (tanh(softplus(a)) + n.clip(a, -800.0, 800.0) * sigmoid(a) * 4.0
                                        * n.logistic_slope(2.0 * softplus(a)),),
    definition=lambda a: maximum(a, -800.0) * tanh(softplus(a)), rough=(-1.1924312145154952, 2.0),
    textbook=lambda out, a: (tanh(softplus(a)) + a * sigmoid(a) * (1.0 - tanh(softplus(a)) ** 2),),
    latex=r"\operatorname{mish}\left({{a}}\right)", sample=((0.5, 700.0),), domain=((-700.0, 700.0),),
    why="The input gated by the tanh of its softplus: the slope is the gate plus what moving the gate does.")
gelu = Op("gelu", None, lambda out, a: (n.normal_cdf(a) + n.clip(a, -40.0, 40.0) * n.normal_pdf(a),),
    definition=lambda a: maximum(a, -40.0) * n.normal_cdf(a), rough=(-0.7517915246935645, 1.0),
    textbook=lambda out, a: ((1.0 + erf(a / sqrt(2.0))) / 2.0 + a * exp(-a ** 2 / 2.0) / sqrt(2.0 * pi),),
    latex=r"\operatorname{gelu}\left({{a}}\right)", sample=((-0.6, 30.0),), domain=((-36.0, 30.0),),
    why="The input gated by the share of a bell curve below it: the gate plus what moving the gate does.")
# fmt: on
