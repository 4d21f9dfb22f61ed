"""What becomes of answers: a mark for each question, and a message for each mistake; as text and as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from .messages import Message

SIGNS = {
    verdict: f'<svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true"><path d="{path}" fill="none" '
    f'stroke="{colour}" stroke-width="2"/></svg>'
    for verdict, path, colour in (
        ("right", "M1 6 L5 10 L11 2", "#1a7f37"), ("wrong", "M2 2 L10 10 M10 2 L2 10", "#c2410c"),
        ("not yet", "M2 6 L10 6", "#5a6470"),
    )
}  # fmt: skip


@dataclass(frozen=True, repr=False)
class Mark:
    """What became of one question: `verdict` is "right", "wrong", or "not yet", also for what follows from a slip."""

    key: str
    verdict: str
    typed: str = ""
    note: str = ""

    def __str__(self) -> str:
        typed = f"  {self.typed}" if self.typed else ""
        return f"{self.key}{typed}: {self.verdict}{'. ' * bool(self.note)}{self.note}"

    def __repr__(self) -> str:
        return str(self)


class Marking:
    """A mark for each question, and a message for each mistake; true if all is right."""

    marks: dict[str, Mark]
    messages: list[Message]

    def __init__(self, marks: Iterable[Mark], messages: Iterable[Message]) -> None:
        self.marks = {mark.key: mark for mark in marks}
        self.messages = list(messages)

    def __bool__(self) -> bool:
        return all(mark.verdict == "right" for mark in self.marks.values())

    def __getitem__(self, key: str) -> Mark:
        return self.marks[key]

    @property
    def score(self) -> float:
        """The share of the questions that are right."""
        return sum(mark.verdict == "right" for mark in self.marks.values()) / len(self.marks)

    @property
    def mistakes(self) -> list[str]:
        """The likeliest mistake of each message that knows one."""
        return [message.mistakes[0] for message in self.messages if message.mistakes]

    def __str__(self) -> str:
        return "\n".join(map(str, [*self.marks.values(), *self.messages]))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th scope='row' style='text-align:left'>{escape(mark.key)}</th><td>{escape(mark.typed)}</td>"
            f"<td>{SIGNS[mark.verdict]} {mark.verdict}</td><td style='text-align:left'>{escape(mark.note)}</td></tr>"
            for mark in self.marks.values()
        )
        told = "".join(
            f"<p><b>{escape(m.where)}</b> {escape(m.did)}<br><i>{coded(m.idea)}</i><br>{escape(m.redo)}</p>{m.picture}"
            for m in self.messages
        )
        head = "<tr><td></td><th>typed</th><td></td><th style='text-align:left'>why</th></tr>"
        return f"<table><caption>{self._count()}</caption><thead>{head}</thead><tbody>{rows}</tbody></table>{told}"

    def _count(self) -> str:
        right = sum(mark.verdict == "right" for mark in self.marks.values())
        return f"{right} of {len(self.marks)} right"


def coded(text: str) -> str:
    """Return a text as HTML, in which what stands in `these` is code."""
    return re.sub("`([^`]*)`", r"<code>\1</code>", escape(text))
