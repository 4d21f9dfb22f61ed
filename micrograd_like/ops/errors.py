"""What operations raise, and `ieee`, within which they do not."""

from __future__ import annotations

from contextvars import ContextVar, Token

in_ieee: ContextVar[bool] = ContextVar("in_ieee", default=False)


class DomainError(ValueError):
    """The operation has no real value at these numbers."""


class DivisionByZeroError(ZeroDivisionError):
    """The operation divides by zero at these numbers."""


class TooLargeError(OverflowError):
    """The result is larger than any float."""


class NoFiniteGradientError(ArithmeticError):
    """A value or a local derivative is infinite or undefined, so no gradient can pass through it."""


TAUGHT: dict[type[Exception], type[Exception]] = {
    ValueError: DomainError,
    ZeroDivisionError: DivisionByZeroError,
    OverflowError: TooLargeError,
}


class ieee:
    """Within this context nothing raises: results are IEEE's inf and nan, as PyTorch's float64 gives them.

    >>> from micrograd_like.ops import OPS
    >>> with ieee():
    ...     OPS["log"](0.0)
    -inf
    """

    def __init__(self) -> None:
        self.tokens: list[Token[bool]] = []

    def __repr__(self) -> str:
        return "ieee()"

    def __enter__(self) -> None:
        self.tokens.append(in_ieee.set(True))

    def __exit__(self, *exception: object) -> None:
        in_ieee.reset(self.tokens.pop())
