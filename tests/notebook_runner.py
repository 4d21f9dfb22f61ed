"""Run the cells of a notebook in this process, as they stand or with one constant changed."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import linecache
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

LOOKS = {"interval", "title", "x_label", "y_label", "log", "vertical", "digits", "margin"}  # how a picture looks


class Cell(NamedTuple):
    source: str
    is_check: bool  # asserts what the text claims, and is hidden from a learner


class Mutant(NamedTuple):
    cell: int
    line: int
    before: str
    after: str
    source: str


def code_cells(path: Path) -> list[Cell]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [
        Cell("".join(cell["source"]), "check" in cell["metadata"].get("tags", ()))
        for cell in cells
        if cell["cell_type"] == "code"
    ]


def run(sources: Sequence[str], name: str = "notebook") -> dict[str, Any]:
    """Execute cells in one namespace, as a notebook does; a last expression is shown, and what is printed is kept."""
    space: dict[str, Any] = {"__name__": "__main__"}
    quiet = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        warnings.simplefilter("ignore")
        for number, source in enumerate(sources):
            file = f"<{name} {number}>"
            linecache.cache[file] = len(source), None, source.splitlines(True), file
            space["In"] = [*sources[: number + 1]]  # where IPython keeps what ran, and `walk` finds the learner's lines
            tree = ast.parse(source)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, file, "exec"), space)
            if last:
                space["_"] = eval(compile(ast.Expression(last.value), file, "eval"), space)
    return space


def mutants(cells: Sequence[Cell]) -> Iterator[Mutant]:
    """Every number of the lesson's own cells made larger and smaller; not where it only says how something looks."""
    for number, cell in enumerate(cells):
        if cell.is_check:
            continue
        lines = cell.source.splitlines(True)
        for node in _numbers(ast.parse(cell.source)):
            if node.lineno != node.end_lineno:
                continue
            line = lines[node.lineno - 1].encode()
            before = line[node.col_offset : node.end_col_offset].decode()
            for after in _others(node.value):
                changed = (line[: node.col_offset] + after.encode() + line[node.end_col_offset :]).decode()
                source = "".join([*lines[: node.lineno - 1], changed, *lines[node.lineno :]])
                yield Mutant(number, node.lineno, before, after, source)


def _others(number: float) -> list[str]:
    """Return a larger number and a smaller one, whole if it is whole."""
    if isinstance(number, int):
        return [repr(number + 1), repr(number - 1 if number else 2)]
    return [repr(number * 1.25 + 0.125), repr(number * 0.8 - 0.05)]


def _numbers(node: ast.AST) -> Iterator[ast.Constant]:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            yield node
    elif isinstance(node, ast.JoinedStr):
        return  # the numbers of a format
    elif isinstance(node, ast.If) and all(_called(part) == "print" for part in node.body):
        return  # when to print
    elif _called(node) == "round":
        yield from _numbers(node.args[0])  # type: ignore[attr-defined]
    elif not (isinstance(node, ast.keyword) and node.arg in LOOKS):
        for child in ast.iter_child_nodes(node):
            yield from _numbers(child)


def _called(node: ast.AST) -> str:
    """The name of the function that is called here, if one is."""
    call = node.value if isinstance(node, ast.Expr) else node
    return call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""


def survives(cells: Sequence[Cell], mutant: Mutant) -> bool:
    """Tell whether no cell noticed that a constant was changed."""
    sources = [cell.source for cell in cells]
    sources[mutant.cell] = mutant.source
    try:
        run(sources, f"mutant {mutant.cell} {mutant.line}")
    except Exception:
        return False
    return True
