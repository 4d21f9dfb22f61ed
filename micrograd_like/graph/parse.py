"""Expressions that people type: read with `ast` against the table of operations, never run as Python."""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..engine import Value
from ..ops import OPS, Op

SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.FloorDiv: "floordiv", ast.Mod: "mod",
    ast.Pow: "pow", ast.USub: "neg",
}  # fmt: skip
CONSTANTS = {"pi": math.pi, "e": math.e}


class ExpressionError(ValueError):
    """The expression cannot be read; the message says which part, and what can be written instead."""


def parse(text: str, values: Mapping[str, float]) -> tuple[Value, dict[str, Value]]:
    """Return the Value of an expression like "(a*b + c).tanh()" at these values, and its variables by name.

    >>> root, variables = parse("(a*b + c).tanh()", {"a": 2, "b": -3, "c": 10})
    >>> round(root.data, 6), list(variables)
    (0.999329, ['a', 'b', 'c'])
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # Python warns of 1if, and an error follows
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        raise ExpressionError(f"{_part(text)} is not an expression. Write one as '(a*b + c).tanh()'.") from None
    except (RecursionError, MemoryError):
        raise ExpressionError("The expression is nested too deeply to be read. Split it in two.") from None
    variables = {name: Value(number, name) for name, number in values.items()}
    root = read(tree, variables, text.strip())
    if isinstance(root, float):
        raise ExpressionError(
            f"{_part(text)} has no variable to differentiate with respect to. Name one, as in 'a * 2' with a=3."
        )
    return root, variables


def read(tree: ast.expr, variables: Mapping[str, Any], text: str = "") -> Value | float:
    """Compute an expression of numbers, of names for Values or numbers, and of the table's operations.

    Raises ExpressionError where there is anything else in it. `text` is what the tree was read from.
    """
    made: list[Value | float] = []
    todo: list[ast.expr | tuple[Op, int, ast.expr]] = [tree]
    while todo:
        part = todo.pop()
        if isinstance(part, tuple):  # its operands have been computed
            op, count, whole = part
            operands = made[len(made) - count :]
            del made[len(made) - count :]
            try:
                made.append(op(*operands))
            except TypeError as error:
                raise ExpressionError(str(error)) from None
            if text and isinstance(out := made[-1], Value) and out.op and not hasattr(out, "_source"):
                out._source = _Source(text, whole)  # type: ignore[attr-defined]
        elif (number := _number(part, variables)) is not None:
            made.append(number)
        elif (called := _call(part)) is not None:
            op, inner = called
            todo.append((op, len(inner), part))
            todo += reversed(inner)
        else:
            shown = ast.get_source_segment(text, part) or "A part of the expression"
            raise ExpressionError(
                f"{_part(shown)} is not arithmetic. Use numbers, names, + - * / // % ** and {', '.join(_functions())}."
            )
    return made[0]


class _Source(NamedTuple):
    """Where a part of an expression was typed, cut out only when an error asks for it."""

    text: str
    part: ast.expr

    def __str__(self) -> str:
        return ast.get_source_segment(self.text, self.part) or ""


def _number(part: ast.expr, variables: Mapping[str, Any]) -> Value | float | None:
    """Return what a part of an expression is if it is a number or a name."""
    match part:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            try:
                return float(number)
            except OverflowError:
                digits = f"{int(number).bit_length() * 0.30103:.0f}"
                raise ExpressionError(f"A number of {digits} digits is larger than any float.") from None
        case ast.Name(id=name):
            x = variables.get(name, CONSTANTS.get(name))
            if isinstance(x, Value | float | int) and not isinstance(x, bool):
                return x if isinstance(x, Value) else float(x)
            name = _part(name)[1:-1]
            raise ExpressionError(f"{name} has no number. Give it one, as in {name}=2.")
    return None


def _call(part: ast.expr) -> tuple[Op, list[ast.expr]] | None:
    """Return the operation that a part of an expression asks for, and its operands."""
    match part:
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _same, [operand]  # type: ignore[return-value]
        case ast.UnaryOp(op=sign, operand=operand) if type(sign) in SIGNS:
            return OPS[SIGNS[type(sign)]], [operand]
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in SIGNS:
            return OPS[SIGNS[type(sign)]], [left, right]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return _operation(name), args
        case ast.Call(func=ast.Attribute(value=x, attr=name), args=args, keywords=[]):
            return _operation(name), [x, *args]
    return None


def _same(x: Value | float) -> Value | float:
    return x


def _part(text: str) -> str:
    """Return a piece of what was typed for an error, and not all of it where it is long."""
    shown = repr(text)
    return shown if len(shown) <= 62 else f"{shown[:56]}...'"


def _functions() -> list[str]:
    return [name for name, op in OPS.items() if not op.sign]


def _operation(name: str) -> Op:
    if name not in OPS:
        from difflib import get_close_matches

        near = get_close_matches(name[:60], OPS, n=1)
        guess = f" Did you mean {near[0]}?" if near else ""
        raise ExpressionError(f"There is no operation {_part(name)[1:-1]}.{guess} There are {', '.join(_functions())}.")
    return OPS[name]
