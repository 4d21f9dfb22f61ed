"""Papers for an exam: no hints, no messages and no answers in what a student holds; marked with the teacher's secret.

A paper is made from a secret and the student's name, so that nobody else can make it again. It carries the text of the
exercises and, for each, a commitment: a digest of the right answers under the secret, by which a teacher can show later
that the key was not changed. Without the secret it tells nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .concepts import Concept
from .exercise import Exercise
from .generator import variant
from .marking import Marking

SHORTEST = 8  # letters of a secret


def digest(secret: str, *parts: object) -> str:
    """Return a digest under a secret; ValueError if that is too short to keep anything."""
    if len(secret) < SHORTEST:
        raise ValueError(f"A secret has {SHORTEST} letters or more. Write one as 'violin-river-1879' and keep it.")
    return hmac.new(secret.encode(), json.dumps(parts, ensure_ascii=False).encode(), hashlib.sha256).hexdigest()


@dataclass
class Paper:
    """What a student holds: the exercises as text, a place for the answers, and nothing to find them with."""

    student: str
    concepts: list[Concept]
    difficulty: int
    exercises: list[dict[str, Any]]
    answers: list[dict[str, str]] = field(default_factory=list)

    def answer(self, number: int, answers: Mapping[str, object] | None = None, /, **named: object) -> str:
        """Write answers to exercise 1, 2, ... into the paper, and say what is still open."""
        if number not in range(1, len(self.exercises) + 1):
            raise ValueError(f"There is no exercise {number}. Write a number from 1 to {len(self.exercises)}.")
        asked = self.exercises[number - 1]["asked"]
        given = {**(answers or {}), **named}
        if strange := [key for key in given if key not in asked]:
            raise ValueError(f"{strange[0]!r} is not asked in exercise {number}. Answer {', '.join(asked)}.")
        self.answers[number - 1].update({key: str(x) for key, x in given.items()})
        left = [key for key in asked if key not in self.answers[number - 1]]
        return f"Written down. Still open in exercise {number}: {', '.join(left) or 'nothing'}."

    def to_json(self) -> str:
        """Return the paper with its answers as JSON, to be handed in."""
        return json.dumps(vars(self), indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Paper:
        """Return the paper that `to_json` wrote."""
        return cls(**json.loads(text))

    def __str__(self) -> str:
        parts = [f"Paper of {self.student}"]
        for i, x in enumerate(self.exercises, 1):
            asked = [f"{key} = ?   {text}" for key, text in x["asked"].items()]
            parts += ["", f"Exercise {i}", "", x["program"], "", *asked]
        return "\n".join(parts)


def paper(student: str, secret: str, concepts: Sequence[Concept] = ("chain", "fan-out"), difficulty: int = 1) -> Paper:
    """Return the paper of a student; everyone's has other numbers, and asks for as much work.

    >>> mine = paper("17", "violin-river-1879")
    >>> "answers" in mine.exercises[0], hasattr(mine, "check"), hasattr(mine, "hint")
    (False, False, False)
    """
    written = []
    for i, ex in enumerate(_exercises(student, secret, concepts, difficulty)):
        asked = {key: question.asked for key, question in ex.questions.items()}
        commitment = digest(secret, "key", student, i, ex.answers)
        written.append({"program": ex.program(), "asked": asked, "commitment": commitment})
    return Paper(student, list(concepts), difficulty, written, [{} for _ in written])


def _exercises(student: str, secret: str, concepts: Iterable[Any], difficulty: int) -> list[Exercise]:
    return [
        variant(concept, difficulty, digest(secret, "paper", student, i, concept)) for i, concept in enumerate(concepts)
    ]


def mark(handed_in: Paper | str, secret: str) -> list[Marking]:
    """Mark a paper that was handed in, exercise by exercise, with its diagnoses; `score` of each is the share right.

    ValueError if the paper is not one that this secret made: if its exercises or commitments were changed.
    """
    given = Paper.from_json(handed_in) if isinstance(handed_in, str) else handed_in
    made = paper(given.student, secret, given.concepts, given.difficulty)
    if made.exercises != given.exercises:
        raise ValueError(f"The paper of {given.student} is not the one that was given out. Compare its exercises.")
    exercises = _exercises(given.student, secret, given.concepts, given.difficulty)
    return [ex.check(answers) for ex, answers in zip(exercises, given.answers)]
