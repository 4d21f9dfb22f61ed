"""A script as its text and its tree: where it updates, computes and calls, and copies of it with a line changed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any

Loop = ast.For | ast.While


class Script:
    """The text of a script, and where things stand in it."""

    text: str
    lines: list[str]
    tree: ast.Module

    def __init__(self, text: str) -> None:
        self.text, self.lines, self.tree = text, text.split("\n"), ast.parse(text)
        self.parent: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(self.tree):
            for inner in ast.iter_child_nodes(node):
                self.parent[inner] = node

    def of(self, node: Any) -> str:
        """Return the text of a part."""
        return ast.get_source_segment(self.text, node) or ""

    def all(self, *kinds: Any) -> Iterator[Any]:
        """Yield the parts of these kinds in the order of their lines."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, kinds)]
        return iter(sorted(found, key=lambda node: (node.lineno, node.col_offset)))

    def above(self, node: ast.AST, *kinds: Any) -> Any:
        """Return the nearest part around this one that is of these kinds, or None."""
        inner = self.parent.get(node)
        while inner is not None and not isinstance(inner, kinds):
            inner = self.parent.get(inner)
        return inner

    def statement(self, node: ast.AST) -> ast.stmt:
        """Return the statement that a part belongs to."""
        found = node if isinstance(node, ast.stmt) else self.above(node, ast.stmt)
        assert isinstance(found, ast.stmt)
        return found

    def block(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return the statements among which it stands."""
        for _, field in ast.iter_fields(self.parent[statement]):
            if isinstance(field, list) and statement in field:
                return field
        return [statement]

    # copies with a change

    def replaced(self, node: Any, text: str) -> str:
        """Return the script with other text instead of a part."""
        data = [line.encode() for line in self.lines]
        first, last = node.lineno - 1, node.end_lineno - 1
        before, after = data[first][: node.col_offset], data[last][node.end_col_offset :]
        return b"\n".join([*data[:first], before + text.encode() + after, *data[last + 1 :]]).decode()

    def inserted(self, statement: ast.stmt, text: str) -> str:
        """Return the script with lines before a statement."""
        indent, i = " " * statement.col_offset, statement.lineno - 1
        if self.lines[i][: statement.col_offset].strip():  # it shares its line
            return self.replaced(statement, f"{text}; {self.of(statement)}")
        return "\n".join([*self.lines[:i], *[indent + line for line in text.split("\n")], *self.lines[i:]])

    def appended(self, statement: ast.stmt, text: str) -> str:
        """Return the script with lines after a statement, in its block."""
        indent, i = " " * statement.col_offset, statement.end_lineno or statement.lineno
        return "\n".join([*self.lines[:i], *[indent + line for line in text.split("\n")], *self.lines[i:]])

    def removed(self, statement: ast.stmt) -> str:
        """Return the script without a statement."""
        return self.replaced(statement, "pass")

    def moved(self, statements: Sequence[ast.stmt], before: ast.stmt) -> str:
        """Return the script with whole statements moved to before another one, in its block."""
        lines, taken = list(self.lines), []
        for statement in statements:
            first, last = statement.lineno - 1, statement.end_lineno or statement.lineno
            cut = " " * statement.col_offset
            taken += [line[len(cut) :] if line.startswith(cut) else line.lstrip() for line in lines[first:last]]
        for statement in statements:
            for i in range(statement.lineno - 1, statement.end_lineno or statement.lineno):
                lines[i] = " " * statement.col_offset + "pass"
        indent, place = " " * before.col_offset, before.lineno - 1
        return "\n".join([*lines[:place], *[indent + line for line in taken], *lines[place:]])

    # what stands in it

    def calls(self, name: str) -> Iterator[ast.Call]:
        """Yield the calls of a function or method of that name."""
        for call in self.all(ast.Call):
            if name == getattr(call.func, "attr", getattr(call.func, "id", "")):
                yield call

    def assigned(self, name: str) -> list[ast.stmt]:
        """Return the statements that give a name something."""
        return [
            s for s in self.all(ast.Assign, ast.AugAssign, ast.AnnAssign)
            if name in [n.id for t in targets(s) for n in ast.walk(t) if isinstance(n, ast.Name)]
        ]  # fmt: skip

    def updates(self) -> Iterator[tuple[Any, Any, str]]:
        """Yield (statement, target, base) of each assignment whose right side uses `base.grad`."""
        for s in self.all(ast.Assign, ast.AugAssign):
            for read in ast.walk(s.value):
                if isinstance(read, ast.Attribute) and read.attr == "grad":
                    yield s, targets(s)[0], self.of(read.value)
                    break

    def training_loop(self, node: ast.AST) -> Loop | None:
        """Return the innermost loop around a part that is not a loop over parameters."""
        loop = self.above(node, ast.For, ast.While)
        while loop is not None and isinstance(loop, ast.For) and "param" in self.of(loop.iter):
            loop = self.above(loop, ast.For, ast.While)
        return loop if isinstance(loop, ast.For | ast.While) else None

    def trains(self) -> bool:
        """Whether something in it is meant to change parameters."""
        update = any(self.calls("step")) or any(self.calls("fit")) or any(True for _ in self.updates())
        return update or bool(re.search(r"\.step\b|\b(SGD|Adam)\(|= *\w+\.data - ", self.text))


def targets(statement: Any) -> list[ast.expr]:
    """Return what a statement assigns to."""
    return list(statement.targets) if isinstance(statement, ast.Assign) else [statement.target]


def names(node: ast.AST) -> set[str]:
    """Return the names that a part uses."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def parts(node: ast.AST) -> list[Any]:
    """Return a part and all that is in it."""
    return list(ast.walk(node))
