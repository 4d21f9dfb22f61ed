"""Run what a learner wrote, with an end to endless loops, and say where it raised."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from traceback import extract_tb
from typing import Any

from ..mistakes.mistake import MISTAKES
from ..ops.notation import short
from .bugs import IDEAS
from .marking import Mark
from .messages import Message, briefly, idea_of

MOST_LINES = 100_000  # of the learner's in one run, for the graphs are small
BROKEN = "Repair this first: gradients are looked at once the code runs and its values are right."
LIBRARIES = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
NOT_THEIRS = (str(Path(__file__).parent.parent), "<frozen ", *LIBRARIES)  # where files are not the learner's
RAISED = {  # what is in an error, and the bug behind it
    "_backward() takes": "takes_parameters", "_backward() missing": "takes_parameters",
    "'NoneType' object is not callable": "called_at_once", "RecursionError": "endless_recursion",
    "EndlessError": "endless",
}  # fmt: skip


class EndlessError(Exception):
    """Raised in a learner's code that has run for too long."""


class WrongError(Exception):
    """Raised with (bug or "", what was done) where there are no gradients to look at."""


def theirs(file: str) -> bool:
    return not file.startswith(NOT_THEIRS)


@contextmanager
def patience() -> Iterator[None]:
    """Raise EndlessError after MOST_LINES lines of a learner's code."""
    left, before = MOST_LINES, sys.gettrace()

    def trace(frame: Any, event: str, argument: object) -> Any:
        nonlocal left
        if not theirs(frame.f_code.co_filename):
            return None
        left -= 1
        if left < 0:
            raise EndlessError(f"{MOST_LINES:,} lines have run, and there is no end")
        return trace

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def crash(key: str, error: Exception, bug: str = "") -> tuple[Mark, Message]:
    """Return the mark of code that raised, and a message that says where."""
    kind = type(error).__name__
    if isinstance(error, WrongError):
        bug, did = error.args
    else:
        bug = bug or next((bug for part, bug in RAISED.items() if part in f"{kind}: {error}"), "")
        lines = [x for x in extract_tb(error.__traceback__) if theirs(x.filename)]
        at = f", in {lines[-1].name}, line {lines[-1].lineno}" if lines else ""
        did = f"It raised {kind}: {error}{at}."
    mark = Mark(key, "wrong", "" if isinstance(error, WrongError) else kind)
    return mark, message_of([key], [bug], did, f"Run {key} again.")


def message_of(keys: Iterable[str], mistakes: Iterable[str], did: str, redo: str, idea: str = BROKEN) -> Message:
    named = tuple(filter(None, mistakes))
    did += f" Another possible cause: {'; or '.join(briefly(MISTAKES[x]) for x in named[1:4])}." * (len(named) > 1)
    idea = (IDEAS.get(named[0]) or idea_of(named[0])) if named else idea
    return Message(tuple(keys), named, did, idea, redo, "known" if named else "unknown")


def together(told: Iterable[Message]) -> list[Message]:
    """Return one message for those that have the same idea."""
    groups: dict[str, list[Message]] = {}
    for x in told:
        groups.setdefault(x.idea, []).append(x)
    return [replace(same[0], keys=tuple(key for x in same for key in x.keys)) for same in groups.values()]


def gradients_text(found: Mapping[str, float]) -> str:
    return ", ".join(f"{name}.grad = {short(x)}" for name, x in found.items())
