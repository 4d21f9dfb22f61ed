"""What an entry for a mistake is: what shows it, and the lines that would mend it.

An entry proposes changed copies of the script; `examine` runs them and believes only what takes the symptom away.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .source import Script

Watched = dict[str, Any]
Proposal = tuple[int, str, str]  # the line, what to write there, and the script with it


@dataclass(frozen=True)
class Entry:
    """A mistake."""

    id: str
    idea: str
    remedy: str
    symptoms: tuple[str, ...]  # one of them was seen, and must be gone with the change
    propose: Callable[[Script, Watched], Iterator[Proposal]]
    static: bool = False  # the text alone is proof; the change must only run


ENTRIES: dict[str, Entry] = {}


def mistake(id: str, idea: str, remedy: str, *symptoms: str, static: bool = False) -> Callable[[Any], Any]:
    """Enter a function that proposes changes."""

    def enter(propose: Callable[[Script, Watched], Iterator[Proposal]]) -> Any:
        ENTRIES[id] = Entry(id, idea, remedy, symptoms, propose, static)
        return propose

    return enter


UNTRAINED = ("unchanged", "idle", "kept", "growing", "stale", "lost", "elsewhere")


def together(source: Script, changes: list[tuple[Any, str]]) -> Iterator[Proposal]:
    """Propose all the changes at once, where there are several."""
    text = source
    for s, line in reversed(changes if len(changes) > 1 else []):
        twin = next(t for t in text.all(type(s)) if (t.lineno, t.col_offset) == (s.lineno, s.col_offset))
        text = Script(text.replaced(twin, line))
    if len(changes) > 1:
        yield changes[0][0].lineno, "; ".join([line for _, line in changes]), text.text


def loops_around(source: Script, node: ast.AST) -> list[Any]:
    found, loop = [], source.above(node, ast.For, ast.While)
    while loop is not None:
        found.append(loop)
        loop = source.above(loop, ast.For, ast.While)
    return [*found, None]


def places_of_update(source: Script) -> Iterator[ast.stmt]:
    """Yield the statements that update: calls of step, and loops over parameters with an update in them."""
    seen = set()
    for call in source.calls("step"):
        yield source.statement(call)
    for s, _, _ in source.updates():
        top, loop = s, source.training_loop(s)
        while source.parent.get(top) is not loop and isinstance(source.parent.get(top), ast.stmt):
            top = source.parent[top]
        if top not in seen:
            seen.add(top)
            yield top


def in_line(source: Script, node: ast.AST, text: str) -> str:
    """Return the line of a part, with other text in its place."""
    changed = source.replaced(node, text).split("\n")
    return changed[node.lineno - 1].strip()  # type: ignore[attr-defined]
