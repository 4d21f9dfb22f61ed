"""A history of attempts, concept by concept, for those who want one kept."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

Name = TypeVar("Name", bound=str)

ENOUGH, LAST = 4, 5  # exercises right at once, of the last so many: mastery


@dataclass(frozen=True)
class Attempt:
    """One answer of one check: `mistakes` are those that it was thought to show."""

    concept: str
    exercise: str
    key: str
    typed: str
    verdict: str
    mistakes: tuple[str, ...] = ()


@dataclass(repr=False)
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

    def tries(self, concept: str) -> list[bool]:
        """Return, for each exercise of a concept in the order of its first try, whether all was right at once."""
        found: dict[str, dict[str, bool]] = {}
        for x in self.attempts:
            if x.concept == concept and x.verdict != "not yet":
                found.setdefault(x.exercise, {}).setdefault(x.key, x.verdict == "right")
        return [all(keys.values()) for keys in found.values()]

    def mastered(self, concept: str) -> bool:
        """Tell whether 4 of the last 5 exercises of a concept, on fresh numbers, were right at once."""
        last = self.tries(concept)[-LAST:]
        return sum(last) >= ENOUGH

    def next_concept(self, concepts: Sequence[Name]) -> tuple[Name, str]:
        """Return the concept to practise next, and why: what is open first, and what was mastered again and again.

        A mastered concept comes back after 4 exercises of others, then after 8, 16 and so on.
        """
        order = list(dict.fromkeys((x.concept, x.exercise) for x in self.attempts))
        for concept in concepts:
            if self.mastered(concept):
                since = len(order) - 1 - max(i for i, (name, _) in enumerate(order) if name == concept)
                more = len(self.tries(concept)) - LAST
                if since >= 4 * 2 ** max(more, 0):
                    return concept, f"{concept} was mastered {since} exercises ago: does it still hold?"
        for concept in concepts:
            if not self.mastered(concept):
                last = self.tries(concept)[-LAST:]
                if not last:
                    return concept, f"{concept} is new."
                done = f"{sum(last)} of the last {len(last)} on {concept} were right at once"
                return concept, f"{done}; {ENOUGH} of {LAST} is mastery."
        return concepts[0], "All is mastered; this one comes back first."

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [("concept", "answers", "right at once", "right now", "mistakes")]
        for name, counts in self.concepts().items():
            named = ", ".join(f"{x} {n}x" for x, n in self.mistakes(name).most_common(3))
            rows.append((name or "-", *map(str, counts), named))
        widths = [max(map(len, column)) for column in zip(*rows)]
        return "\n".join("  ".join(f"{x:{width}}" for x, width in zip(row, widths)).rstrip() for row in rows)

    def __repr__(self) -> str:
        return str(self)

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
