"""Written by `python docs/make.py` from the table in ops.py."""

from typing import Any, Self

class Methods:
    def add(self, b: Any) -> Self:
        """Each input moves the sum one for one: a sum hands its gradient to both inputs unchanged."""
    def sub(self, b: Any) -> Self:
        """Raising what is subtracted lowers the result: the second input's gradient turns its sign."""
    def mul(self, b: Any) -> Self:
        """Each input is scaled by the other one: the gradient of one input is multiplied by the other."""
    def div(self, b: Any) -> Self:
        """A larger divisor makes each unit count for less, and makes the quotient shrink with its square."""
    def floordiv(self, b: Any) -> Self:
        """Between its jumps a rounded quotient does not move at all, so no gradient passes."""
    def mod(self, b: Any) -> Self:
        """Between its jumps the remainder is a minus a fixed number of b's."""
    def pow(self, b: Any) -> Self:
        """The power comes down as a factor and one is left above; the exponent acts through the base's log."""
    def neg(self) -> Self:
        """Up becomes down: the gradient turns its sign."""
    def exp(self) -> Self:
        """The exponential is its own slope: the local derivative is the output itself."""
    def expm1(self) -> Self:
        """Shifting by 1 does not change a slope: it is that of exp, without losing the digits near 0."""
    def log(self) -> Self:
        """Near 0 a small change is a large factor: the slope is one over the input."""
    def log1p(self) -> Self:
        """The slope of the logarithm at 1 + a, without losing the digits near 0."""
    def sqrt(self) -> Self:
        """The larger the root, the flatter it gets: half of one over the output."""
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
    def tanh(self) -> Self:
        """Steepest at 0, flat at both ends: a saturated tanh lets almost no gradient through."""
    def sigmoid(self) -> Self:
        """Steepest in the middle, at most 1/4: a sure sigmoid, near 0 or 1, lets almost no gradient through."""
    def relu(self) -> Self:
        """Open above 0, shut at and below it: the gradient passes whole or not at all."""
    def leaky_relu(self, b: Any = 0.01) -> Self:
        """Open above 0, a little open below it, so that no unit is ever quite dead."""
    def softplus(self) -> Self:
        """A relu with a rounded corner: its slope is the sigmoid, going from 0 to 1."""
    def silu(self) -> Self:
        """The input gated by its own sigmoid: the slope is the gate plus what moving the gate does."""
    def gelu(self) -> Self:
        """The input gated by the share of a bell curve below it: the gate plus what moving the gate does."""
    def erf(self) -> Self:
        """It adds up a bell curve from left to right, so its slope is the bell curve."""
    def erfc(self) -> Self:
        """What is left of the bell curve: it falls as fast as the curve is high."""
    def abs(self) -> Self:
        """The slope is the sign of the input; at the corner, 0, it is taken as 0."""
    def maximum(self, b: Any) -> Self:
        """Only the winner moves the result, so it gets the whole gradient; in a tie both get half."""
    def minimum(self, b: Any) -> Self:
        """Only the smaller one moves the result, so it gets the whole gradient; in a tie both get half."""
    def step(self) -> Self:
        """Flat on both sides of its jump: no gradient passes."""
    def hypot(self, b: Any) -> Self:
        """Each leg pulls as much as it points along the hypotenuse."""
