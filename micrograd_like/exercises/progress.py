"""A history of attempts, concept by concept, for those who want one kept."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Attempt:
    """One answer of one check: `mistakes` are those that it was thought to show."""

    concept: str
    exercise: str
    key: str
    typed: str
    verdict: str
    mistakes: tuple[str, ...] = ()


@dataclass
class Progress:
    """Attempts in the order in which they were made; nothing about who made them, or when.

    Give one Progress to several exercises, as keep=progress.
    """

    attempts: list[Attempt] = field(default_factory=list)

    def concepts(self) -> dict[str, tuple[int, int, int]]:
        """Return, for each concept: answers asked for, right at the first try, right in the end."""
        first: dict[tuple[str, str, str], str] = {}
        last: dict[tuple[str, str, str], str] = {}
        for x in self.attempts:
            if x.verdict != "not yet":
                first.setdefault((x.concept, x.exercise, x.key), x.verdict)
                last[x.concept, x.exercise, x.key] = x.verdict
        names = dict.fromkeys(concept for concept, _, _ in first)
        return {
            name: (
                sum(key[0] == name for key in first),
                sum(key[0] == name and x == "right" for key, x in first.items()),
                sum(key[0] == name and x == "right" for key, x in last.items()),
            )
            for name in names
        }

    def mistakes(self, concept: str | None = None) -> Counter[str]:
        """Return how often each mistake was named, in one concept or in all."""
        found = [x.mistakes[0] for x in self.attempts if x.mistakes and concept in (None, x.concept)]
        return Counter(found)

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [("concept", "answers", "right at once", "right now", "mistakes")]
        for name, counts in self.concepts().items():
            named = ", ".join(f"{x} {n}x" for x, n in self.mistakes(name).most_common(3))
            rows.append((name or "-", *map(str, counts), named))
        widths = [max(map(len, column)) for column in zip(*rows)]
        return "\n".join("  ".join(f"{x:{width}}" for x, width in zip(row, widths)).rstrip() for row in rows)

    def to_json(self, path: str | os.PathLike[str] | None = None, **about: str) -> str:
        """Return the attempts as JSON for a teacher, and write them to `path` if given.

        Nothing personal is in it but what is given here, as in to_json("mine.json", student="17").
        """
        text = json.dumps({**about, "attempts": [asdict(x) for x in self.attempts]}, indent=1, ensure_ascii=False)
        if path is not None:
            Path(path).write_text(text + "\n", encoding="utf-8")
        return text

    @classmethod
    def from_json(cls, text: str) -> Progress:
        """Return the attempts that `to_json` wrote."""
        return cls([Attempt(**x | {"mistakes": tuple(x["mistakes"])}) for x in json.loads(text)["attempts"]])

    def extend(self, attempts: Iterable[Attempt]) -> None:
        """Add attempts at the end."""
        self.attempts.extend(attempts)
