"""The operations: what one is (`op`), all of them (`table`), and how they are written (`notation`)."""

from .errors import DivisionByZeroError, DomainError, NoFiniteGradientError, TooLargeError, ieee, in_ieee
from .number import Ieee, Number, real
from .op import OPS, Op
from .table import (
    absolute,
    add,
    div,
    erf,
    erfc,
    exp,
    hypot,
    log,
    maximum,
    minimum,
    mul,
    neg,
    power,
    relu,
    sigmoid,
    sin,
    softplus,
    sqrt,
    step,
    sub,
    tanh,
)

__all__ = [
    "OPS", "DivisionByZeroError", "DomainError", "Ieee", "NoFiniteGradientError", "Number", "Op", "TooLargeError",
    "absolute", "add", "div", "erf", "erfc", "exp", "hypot", "ieee", "in_ieee", "log", "maximum", "minimum", "mul",
    "neg", "power", "real", "relu", "sigmoid", "sin", "softplus", "sqrt", "step", "sub", "tanh",
]  # fmt: skip
