"""Expressions that people type: read with `ast` against the table of operations, never run as Python."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping

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
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"{text!r} is no expression. Write one as '(a*b + c).tanh()'.") from None
    variables = {name: Value(number, name) for name, number in values.items()}
    try:
        root = _read(tree, variables)
    except RecursionError:
        raise ExpressionError("The expression is nested too deeply to be read. Split it in two.") from None
    if isinstance(root, float):
        raise ExpressionError(f"{text!r} has no variable to derive it by. Name one, as in 'a * 2' with a=3.")
    return root, variables


def _read(tree: ast.AST, variables: Mapping[str, Value]) -> Value | float:
    match tree:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name):
            if name not in variables and name not in CONSTANTS:
                raise ExpressionError(f"{name} has no number. Give it one, as in {name}=2.")
            return variables.get(name, CONSTANTS.get(name, 0.0))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _read(operand, variables)
        case ast.UnaryOp(op=sign, operand=operand) if type(sign) in SIGNS:
            return OPS[SIGNS[type(sign)]](_read(operand, variables))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in SIGNS:
            return OPS[SIGNS[type(sign)]](_read(left, variables), _read(right, variables))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return _operation(name)(*[_read(x, variables) for x in args])
        case ast.Call(func=ast.Attribute(value=x, attr=name), args=args, keywords=[]):
            return _operation(name)(_read(x, variables), *[_read(y, variables) for y in args])
    raise ExpressionError(
        f"{ast.unparse(tree)!r} is not arithmetic. "
        f"Use numbers, names, + - * / // % ** and {', '.join(_functions())}."
    )


def _functions() -> list[str]:
    return [name for name, op in OPS.items() if not op.sign]


def _operation(name: str) -> Op:
    if name not in OPS:
        from difflib import get_close_matches

        near = get_close_matches(name, OPS, n=1)
        guess = f" Did you mean {near[0]}?" if near else ""
        raise ExpressionError(f"There is no operation {name}.{guess} There are {', '.join(_functions())}.")
    return OPS[name]
