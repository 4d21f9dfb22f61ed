"""Written by `python docs/make.py` from the table in ops.py."""

from typing import Any, Literal, Self

OfOne = Literal['neg', 'abs', 'step', 'exp', 'exp2', 'expm1', 'log', 'log2', 'log10', 'log1p', 'sqrt', 'cbrt', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'asinh', 'acosh', 'atanh', 'tanh', 'erf', 'erfc', 'lgamma', 'digamma', 'floor', 'ceil', 'trunc', 'round', 'sign', 'rsqrt', 'sigmoid', 'logsigmoid', 'relu', 'relu6', 'hardtanh', 'leaky_relu', 'elu', 'softplus', 'silu', 'mish', 'gelu']

class Methods:
    def add(self, b: Any) -> Self:
        """Each input moves the sum one for one: a sum passes its gradient back to both inputs unchanged."""
    def sub(self, b: Any) -> Self:
        """Raising what is subtracted lowers the result: the second input's gradient turns its sign."""
    def mul(self, b: Any) -> Self:
        """Each input is scaled by the other one: the gradient of one input is multiplied by the other."""
    def div(self, b: Any) -> Self:
        """A larger divisor makes each unit count for less, and makes the quotient shrink with its square."""
    def neg(self) -> Self:
        """Up becomes down: the gradient turns its sign."""
    def pow(self, b: Any) -> Self:
        """The power comes down as a factor and one is left above; the exponent acts through the base's log."""
    def floordiv(self, b: Any) -> Self:
        """Between its jumps a rounded quotient does not move at all, so no gradient passes."""
    def mod(self, b: Any) -> Self:
        """Between its jumps the remainder is a minus a fixed number of b's."""
    def abs(self) -> Self:
        """The slope is the sign of the input; at the corner, 0, it is taken as 0."""
    def maximum(self, b: Any) -> Self:
        """Only the winner moves the result, so it gets the whole gradient; in a tie both get half."""
    def minimum(self, b: Any) -> Self:
        """Only the smaller one moves the result, so it gets the whole gradient; in a tie both get half."""
    def step(self) -> Self:
        """Flat on both sides of its jump: no gradient passes."""
    def exp(self) -> Self:
        """The exponential is its own slope: the local derivative is the output itself."""
    def exp2(self) -> Self:
        """Each step doubles: the slope is the output times the logarithm of 2."""
    def expm1(self) -> Self:
        """Shifting by 1 does not change a slope: it is that of exp, without losing the digits near 0."""
    def log(self) -> Self:
        """Near 0 a small change is a large factor: the slope is one over the input."""
    def log2(self) -> Self:
        """How often 1 is doubled to reach a: the natural logarithm in other units, and so is its slope."""
    def log10(self) -> Self:
        """How many digits a has: the natural logarithm in other units, and so is its slope."""
    def log1p(self) -> Self:
        """The slope of the logarithm at 1 + a, without losing the digits near 0."""
    def sqrt(self) -> Self:
        """The larger the root, the flatter it gets: half of one over the output."""
    def cbrt(self) -> Self:
        """Real below 0 too, and vertical at 0: one over three times the square of the output."""
    def sin(self) -> Self:
        """The slope of a wave is the same wave a quarter turn ahead."""
    def cos(self) -> Self:
        """A quarter turn ahead of the cosine stands the sine turned over."""
    def tan(self) -> Self:
        """Never flatter than 1, and ever steeper towards its poles."""
    def asin(self) -> Self:
        """Vertical at -1 and 1, where the sine it undoes is flat."""
    def acos(self) -> Self:
        """The arcsine turned over: both angles add up to a right angle."""
    def atan(self) -> Self:
        """Steepest at 0, and flat far out, where the angle has nearly stopped turning."""
    def atan2(self, b: Any) -> Self:
        """Moving the point across its ray turns the angle, and the less the further out it is."""
    def sinh(self) -> Self:
        """As with the exponentials it is made of, its slope is its partner's height."""
    def cosh(self) -> Self:
        """Flat at the bottom of its hanging chain, then ever steeper on both sides."""
    def asinh(self) -> Self:
        """A line near 0 and a logarithm far out: never steeper than 1, and ever flatter."""
    def acosh(self) -> Self:
        """Vertical at 1, where the bottom of the hanging chain that it undoes is flat."""
    def atanh(self) -> Self:
        """It grows without end towards -1 and 1, where the tanh that it undoes is nearly flat."""
    def hypot(self, b: Any) -> Self:
        """Each leg pulls as much as it points along the hypotenuse."""
    def tanh(self) -> Self:
        """Steepest at 0, flat at both ends: a saturated tanh lets almost no gradient through."""
    def erf(self) -> Self:
        """It adds up a bell curve from left to right, so its slope is the bell curve."""
    def erfc(self) -> Self:
        """What is left of the bell curve: it falls as fast as the curve is high."""
    def lgamma(self) -> Self:
        """The logarithm of a factorial, for all numbers between too: its slope is called digamma."""
    def digamma(self, b: Any = 0.0) -> Self:
        """The slope of lgamma, about the logarithm; a second number differentiates it so many times more."""
    def floor(self) -> Self:
        """Flat between its jumps at whole numbers: no gradient passes."""
    def ceil(self) -> Self:
        """Flat between its jumps at whole numbers, like floor one step higher: no gradient passes."""
    def trunc(self) -> Self:
        """What stands before the point: it only jumps, so no gradient passes."""
    def round(self) -> Self:
        """The nearest whole number, the even one of two: it only jumps, so no gradient passes."""
    def fmod(self, b: Any) -> Self:
        """The remainder with the sign of a, as in C: between its jumps, a minus a fixed number of b's."""
    def copysign(self, b: Any) -> Self:
        """The size of a with the sign of b: the slope is 1 if a has that sign already, else -1."""
    def sign(self) -> Self:
        """Only the sign is left of the number, and it does not change between jumps: no gradient passes."""
    def rsqrt(self) -> Self:
        """The larger the number, the smaller and flatter: it falls by half of itself for each share that a grows."""
    def xlogy(self, b: Any) -> Self:
        """A weight times a logarithm, and 0 where the weight is 0: what entropy and cross-entropy are made of."""
    def sigmoid(self) -> Self:
        """Steepest in the middle, at most 1/4: a sure sigmoid, near 0 or 1, lets almost no gradient through."""
    def logsigmoid(self) -> Self:
        """The logarithm of a probability from its score: the slope is what the probability lacks to 1."""
    def logaddexp(self, b: Any) -> Self:
        """A maximum with a rounded corner: the gradient is shared by how much each one adds to the sum."""
    def relu(self) -> Self:
        """Open above 0, shut at and below it: the gradient passes whole or not at all."""
    def relu6(self) -> Self:
        """A relu that is shut from 6 on as well: the gradient passes between 0 and 6."""
    def hardtanh(self) -> Self:
        """A line between -1 and 1, and flat outside: the gradient passes whole or not at all."""
    def clamp_min(self, b: Any) -> Self:
        """The number as long as it keeps to its lower bound, and at it too; below, the gradient is the bound's."""
    def clamp_max(self, b: Any) -> Self:
        """The number as long as it keeps to its upper bound, and at it too; above, the gradient is the bound's."""
    def leaky_relu(self, b: Any = 0.01) -> Self:
        """Open above 0, a little open below it, so that no unit is ever quite dead."""
    def elu(self, b: Any = 1.0) -> Self:
        """A relu that goes on below 0 as an exponential, down to -1: it passes gradient there as long as it moves."""
    def softplus(self) -> Self:
        """A relu with a rounded corner: its slope is the sigmoid, going from 0 to 1."""
    def silu(self) -> Self:
        """The input gated by its own sigmoid: the slope is the gate plus what moving the gate does."""
    def mish(self) -> Self:
        """The input gated by the tanh of its softplus: the slope is the gate plus what moving the gate does."""
    def gelu(self) -> Self:
        """The input gated by the share of a bell curve below it: the gate plus what moving the gate does."""
