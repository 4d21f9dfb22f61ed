"""What a number is: anything that says what it is to apply an operation has Python's arithmetic signs."""

from __future__ import annotations

from typing import Any, Self

from .errors import TooLargeError
from .methods import Methods

OPS: dict[str, Any] = {}  # every operation by its name; `table` fills it


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
    elif getattr(number, "shape", None) == () and hasattr(number, "item") and kind == "ndarray":
        remedy = "Take its one number, as in np.array(1.5).item()."
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


class Number(Methods):
    """Python's arithmetic signs for any kind of number that says what it is to `apply` an operation."""

    __slots__ = ()
    __array_ufunc__: Any = None  # NumPy's scalars and arrays on the left leave the operation to us

    def apply(self, op: Any, *operands: Any) -> Self:
        """Return the result of `op` on `operands`, of which at least one is of this kind."""
        raise NotImplementedError

    # fmt: off
    def __add__(self, other: Any) -> Self: return self.apply(OPS["add"], self, other)
    def __radd__(self, other: Any) -> Self: return self.apply(OPS["add"], other, self)
    def __sub__(self, other: Any) -> Self: return self.apply(OPS["sub"], self, other)
    def __rsub__(self, other: Any) -> Self: return self.apply(OPS["sub"], other, self)
    def __mul__(self, other: Any) -> Self: return self.apply(OPS["mul"], self, other)
    def __rmul__(self, other: Any) -> Self: return self.apply(OPS["mul"], other, self)
    def __truediv__(self, other: Any) -> Self: return self.apply(OPS["div"], self, other)
    def __rtruediv__(self, other: Any) -> Self: return self.apply(OPS["div"], other, self)
    def __floordiv__(self, other: Any) -> Self: return self.apply(OPS["floordiv"], self, other)
    def __rfloordiv__(self, other: Any) -> Self: return self.apply(OPS["floordiv"], other, self)
    def __mod__(self, other: Any) -> Self: return self.apply(OPS["mod"], self, other)
    def __rmod__(self, other: Any) -> Self: return self.apply(OPS["mod"], other, self)
    def __rpow__(self, other: Any) -> Self: return self.apply(OPS["pow"], other, self)
    def __neg__(self) -> Self: return self.apply(OPS["neg"], self)
    def __pos__(self) -> Self: return self
    def __abs__(self) -> Self: return self.apply(OPS["abs"], self)
    # fmt: on

    def __pow__(self, other: Any, modulus: Any = None) -> Self:
        if modulus is not None:
            raise TypeError("pow of a Value takes two numbers. Write x ** 2 % 3.")
        return self.apply(OPS["pow"], self, other)


class Ieee(Number):
    """A float whose operations never raise."""

    def __init__(self, number: float) -> None:
        self.number = number

    def apply(self, op: Any, *operands: Any) -> Ieee:
        numbers = [float(operand) for operand in operands]
        try:
            return Ieee(op.value(*numbers))
        except (ArithmeticError, ValueError):
            return Ieee(op.beyond(*numbers))

    def __float__(self) -> float:
        return self.number
