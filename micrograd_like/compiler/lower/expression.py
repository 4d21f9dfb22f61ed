"""Rules as expressions: a number that keeps what was done to it, for a backend to do to whole arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...ops import OPS, Number, Op

INTERNED: dict[Any, Expr] = {}


class Expr(Number):
    """An operand (its number in `key`), a plain number, or a primitive operation on expressions.

    Equal expressions are one object, so that what two rules share is computed once.

    >>> x = operand(0)
    >>> 1.0 * x is x, x.sigmoid() is x.sigmoid()
    (True, True)
    """

    __slots__ = ("op", "key", "inputs")
    op: Op | None
    key: Any
    inputs: tuple[Expr, ...]

    def __init__(self, op: Op | None, key: Any, inputs: tuple[Expr, ...]) -> None:
        self.op, self.key, self.inputs = op, key, inputs

    def apply(self, op: Op, *operands: Any) -> Expr:
        return applied(op, operands)

    @property
    def number(self) -> float | None:
        """The plain number that it is, if it is one."""
        return self.key if self.op is None and isinstance(self.key, float) else None


def interned(op: Op | None, key: Any, inputs: tuple[Expr, ...] = ()) -> Expr:
    name = (op and op.name, type(key), str(key), inputs)
    return INTERNED.setdefault(name, Expr(op, key, inputs))


def operand(place: int) -> Expr:
    """Return the expression that is an instruction's operand at this place."""
    return interned(None, place)


def constant(number: float) -> Expr:
    return interned(None, float(number))


def applied(op: Op, operands: Sequence[Any]) -> Expr:
    """Return `op` of expressions and numbers, simplified where that keeps every bit but the sign of a zero."""
    inputs = tuple([x if isinstance(x, Expr) else constant(x) for x in operands])
    numbers = [x.number for x in inputs]
    if all(x is not None for x in numbers):
        return constant(op.at([x for x in numbers if x is not None]))
    if op.definition is op.value:
        made: Expr = op.definition(*inputs)
        return made
    match op.name, numbers:
        case ("mul", [1.0, _]) | ("add", [0.0, _]):
            return inputs[1]
        case ("mul", [_, 1.0]) | ("div", [_, 1.0]) | ("add" | "sub", [_, 0.0]) | ("pow", [_, 1.0]):
            return inputs[0]
        case ("mul", [-1.0, _]):
            return applied(OPS["neg"], inputs[1:])
        case ("mul", [_, -1.0]):
            return applied(OPS["neg"], inputs[:1])
        case ("mul", [0.0, _] | [_, 0.0]):
            return constant(0.0)
        case ("pow", [_, 2.0]):
            return applied(OPS["mul"], (inputs[0], inputs[0]))
        case ("pow", [_, 0.5]):
            return applied(OPS["sqrt"], inputs[:1])
        case ("pow", [_, -0.5]):
            return applied(OPS["div"], (1.0, applied(OPS["sqrt"], inputs[:1])))
        case ("pow", [_, -1.0]):
            return applied(OPS["div"], (1.0, inputs[0]))
        case ("neg", _) if inputs[0].op is OPS["neg"]:
            return inputs[0].inputs[0]
    return interned(op, None, inputs)


def in_order(*exprs: Expr) -> list[Expr]:
    """Return each expression once, after those it is made from."""
    order: dict[Expr, None] = {}

    def visit(x: Expr) -> None:
        if x not in order:
            for part in x.inputs:
                visit(part)
            order[x] = None

    for x in exprs:
        visit(x)
    return list(order)


def places(expr: Expr) -> list[int]:
    """Return the operands that an expression uses, in order."""
    return sorted([x.key for x in in_order(expr) if isinstance(x.key, int)])
