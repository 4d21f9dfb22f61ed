"""The line of the learner's code that made each node, found by reading that code, not by recording it."""

from __future__ import annotations

import ast
import linecache
import re
import sys
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any, NamedTuple

from ..engine import Value
from ..graph.names import callers_frame, callers_variables
from ..graph.parse import SIGNS
from ..ops import OPS


class Line(NamedTuple):
    """A line of code, and from where to where the piece that made the node reaches."""

    number: int
    text: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"line {self.number}: {self.text.strip()}"


class Code:
    """The learner's program as far as it ran: what was assigned, where, and what the names hold now."""

    variables: dict[str, Any]
    texts: Any
    last: int | Any
    function: str

    def __init__(self, text: str | None = None, output: Value | None = None) -> None:
        """Read the code that called this package, or `text`, whose last expression made `output`."""
        frame = callers_frame()
        variables = callers_variables() if text is None else {"": output}
        self.variables = {name: y for name, x in variables.items() if (y := _only_values(x)) is not None}
        cells = frame.f_globals.get("In") if text is None else None
        here = linecache.getlines(frame.f_code.co_filename, frame.f_globals) if text is None else text.splitlines(True)
        here = here or _of_command_line(frame.f_code.co_filename)
        self.texts = [*(cells[:-1] if isinstance(cells, list) else ()), *_before(frame), "".join(here)]
        self.last = frame.f_lineno if text is None else len(here)
        self.function = frame.f_code.co_name

    def statements(self) -> Iterator[tuple[str, ast.expr, list[str]]]:
        """Yield (target, expression, lines of the text) for every assignment so far, in order."""
        for text in self.texts:
            try:
                tree = ast.parse(text)
            except (SyntaxError, ValueError):  # a cell with %magic, or a null byte
                continue
            last = self.last if text is self.texts[-1] else len(text)
            own = [x for x in ast.walk(tree) if getattr(x, "name", "") == self.function]
            for scope in [tree, *[x for x in own if x.lineno <= last <= (x.end_lineno or 0)]]:  # type: ignore[attr-defined]
                for part in _statements(scope):
                    if part.lineno <= last:
                        for target, value in _assignments(part):
                            yield target, value, text.splitlines()

    def lines(self, nodes: Sequence[Value]) -> dict[Value, Line]:
        """Return the line of each node that was made by code which can be read."""
        assigned: dict[str, list[tuple[ast.expr, list[str]]]] = {}
        for target, value, text in self.statements():
            assigned.setdefault(target, []).append((value, text))
        mine = set(nodes)
        found: dict[Value, Line] = {}
        for name, statements in assigned.items():
            todo = [(name, len(statements) - 1, statements[-1][0], self.variables.get(name))]
            while todo:
                name, turn, part, made = todo.pop()
                if isinstance(made, list | tuple) and isinstance(part, ast.List | ast.Tuple):
                    todo += [(name, turn, x, y) for x, y in zip(part.elts, made)]
                elif isinstance(made, Value) and made in mine and made not in found:
                    if isinstance(part, ast.Name):  # what it held then: one statement, or one turn of a loop, before
                        earlier = assigned.get(part.id, [])
                        last = turn if part.id == name else len(earlier)
                        turns = [*range(last - 1, -1, -1), *([turn] if part.id == name else [])]
                        matching = [i for i in turns if _made(earlier[i][0], made)]
                        todo += [(part.id, i, earlier[i][0], made) for i in matching[:1]]
                    elif (operands := _operands(part, made)) is not None:
                        found[made] = _line(part, assigned[name][turn][1])
                        todo += [(name, turn, x, y) for x, y in zip(operands, made.inputs)]
        for node in reversed(nodes):  # what a function made on the way belongs to the line that called it
            if node in found:
                for x in node.inputs:
                    if x.op:
                        found.setdefault(x, found[node])
        return found


def backward_calls() -> list[ast.expr]:
    """Return the expressions on which the caller's code has called backward() so far, in order."""
    calls = [value.func for _, value, _ in Code().statements() if isinstance(value, ast.Call)]
    return [x.value for x in calls if isinstance(x, ast.Attribute) and x.attr == "backward"]


def _of_command_line(filename: str) -> list[str]:
    """Return the lines of `python -c "..."`."""
    words = sys.orig_argv
    if filename != "<string>" or "-c" not in words[:-1]:
        return []
    return words[words.index("-c") + 1].splitlines(True)


def _before(frame: FrameType) -> list[str]:
    """Return the earlier examples of a doctest, each of which is a text of its own."""
    match = re.fullmatch(r"(<doctest .*\[)(\d+)(\]>)", frame.f_code.co_filename)
    if not match:
        return []
    start, count, end = match.groups()
    return ["".join(linecache.getlines(f"{start}{i}{end}")) for i in range(int(count))]


def _only_values(x: Any) -> Any:
    """Return x if it is a Value or a list of Values; a list is copied, because it may hold this walk some day."""
    if isinstance(x, Value):
        return x
    if isinstance(x, list | tuple) and x and isinstance(x[0], Value | list | tuple) and x[0] is not x:
        return [y if isinstance(y, Value) else None for y in x]
    return None


def _statements(scope: ast.AST) -> Iterator[ast.stmt]:
    """Yield what is done in a module or function itself, not in the functions that it defines."""
    for part in ast.iter_child_nodes(scope):
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(part, ast.stmt):
            yield part
        yield from _statements(part)


def _assignments(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(statement, ast.Expr):
        yield "", statement.value
    elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        left = ast.copy_location(ast.Name(statement.target.id, ast.Load()), statement)
        whole = ast.BinOp(left, statement.op, statement.value)
        yield statement.target.id, ast.copy_location(whole, statement)
    elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
        for target in statement.targets if isinstance(statement, ast.Assign) else [statement.target]:
            if isinstance(target, ast.Name):
                yield target.id, statement.value
            elif isinstance(target, ast.Tuple):
                apart = isinstance(statement.value, ast.Tuple)
                values = statement.value.elts if apart else [statement.value] * len(target.elts)  # type: ignore[attr-defined]
                yield from [(name.id, value) for name, value in zip(target.elts, values) if isinstance(name, ast.Name)]


def _made(part: ast.expr, node: Value) -> bool:
    """Tell whether a piece of code is seen to make the node, not only that it could."""
    operands = _operands(part, node)
    return bool(operands) or (operands is not None and node.op is None)


def _operands(part: ast.expr, node: Value) -> list[ast.expr] | None:
    """Return the pieces of code for the node's inputs, or None if this piece did not make the node."""
    if isinstance(part, ast.Call):
        called = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
        if called in OPS:
            method = isinstance(part.func, ast.Attribute) and getattr(part.func.value, "id", "") != "math"
            operands = [part.func.value, *part.args] if method else part.args  # type: ignore[attr-defined]
            return operands if node.op and node.op.name == called else None
        return None if called[:1].isupper() and node.op else []  # Value(2.0), or a function we cannot see into
    if isinstance(part, ast.BinOp | ast.UnaryOp):
        if not node.op or node.op.name != SIGNS.get(type(part.op)):
            return None
        return [part.left, part.right] if isinstance(part, ast.BinOp) else [part.operand]
    return None


def _line(part: ast.expr, text: list[str]) -> Line:
    row = text[part.lineno - 1]

    def column(offset: int) -> int:  # ast counts bytes
        return len(row.encode()[:offset].decode(errors="ignore"))

    end = column(part.end_col_offset or 0) if part.end_lineno == part.lineno else len(row)
    return Line(part.lineno, row, column(part.col_offset), end)
