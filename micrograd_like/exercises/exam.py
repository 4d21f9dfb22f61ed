"""Papers for an exam: no hints, no messages and no answers in what a student holds; marked with the teacher's secret.

A paper is made from a secret and the student's name, so that nobody else can make it again. It carries the text of the
exercises and, for each, a commitment: a digest of the right answers under the secret, by which a teacher can show later
that the key was not changed. Without the secret it tells nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

from .concepts import Concept
from .credit import Credit, credit
from .exercise import Exercise
from .generator import AGAIN, variant
from .marking import Marking

SHORTEST = 8  # letters of a secret
LONGEST = 200  # letters of an answer
FIELDS = {"student": str, "concepts": list, "difficulty": int, "exercises": list, "answers": list, "draws": list}


def new_secret() -> str:
    """Return a secret that nobody guesses."""
    return token_hex(16)


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
    draws: list[int] = field(default_factory=list)

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
        """Return the paper that `to_json` wrote; ValueError if the text is none."""
        try:
            found = json.loads(text)
        except RecursionError:
            raise ValueError("This is not a paper: it is nested too deeply. Hand in what to_json() wrote.") from None
        except ValueError as error:
            raise ValueError(f"This is not a paper: {error}. Hand in what to_json() wrote.") from None
        for name, kind in FIELDS.items():
            if not isinstance(found, dict) or not isinstance(found.get(name), kind):
                raise ValueError(f"This is not a paper: it has no {name}. Hand in what to_json() wrote.")
        paper = cls(**{name: found[name] for name in FIELDS})
        for answers in paper.answers:
            for key, typed in answers.items() if isinstance(answers, dict) else [("", None)]:
                if not isinstance(typed, str) or len(typed) > LONGEST:
                    raise ValueError(f"{key}: an answer is a text of at most {LONGEST} letters. Write it as '-1.5'.")
        return paper

    @classmethod
    def find(cls, path: str | os.PathLike[str], student: str) -> Paper:
        """Return a student's paper from a file of papers; ValueError if there is none."""
        found = [cls(**x) for x in json.loads(Path(path).read_text("utf-8"))]
        mine = [x for x in found if x.student.strip().casefold() == student.strip().casefold()]
        if not mine:
            raise ValueError(f"There is no paper of {student!r}. Write student = as your name stands in the list.")
        return mine[0]

    def __str__(self) -> str:
        parts = [f"Paper of {self.student}"]
        for i, x in enumerate(self.exercises, 1):
            asked = [f"{key} = ?   {text}" for key, text in x["asked"].items()]
            parts += ["", f"Exercise {i}", "", x["program"], "", *asked]
        return "\n".join(parts)


def paper(
    student: str,
    secret: str,
    concepts: Sequence[Concept] = ("chain", "fan-out"),
    difficulty: int = 1,
    draws: Sequence[int] = (),
) -> Paper:
    """Return the paper of a student; everyone's has other numbers, and asks for as much work.

    `draws` counts the numbers that were passed over for each exercise, because another student has them.

    >>> mine = paper("17", "violin-river-1879")
    >>> "answers" in mine.exercises[0], hasattr(mine, "check"), hasattr(mine, "hint")
    (False, False, False)
    """
    draws = [*draws] or [0] * len(concepts)
    exercises = _exercises(student, secret, concepts, difficulty, draws)
    written = [_written(ex, student, secret, i) for i, ex in enumerate(exercises)]
    return Paper(student, list(concepts), difficulty, written, [{} for _ in written], draws)


def papers(
    students: Sequence[str], secret: str, concepts: Sequence[Concept] = ("chain", "fan-out"), difficulty: int = 1
) -> list[Paper]:
    """Return a paper for each student, in which no exercise is anyone else's too."""
    if again := [name for name in students if students.count(name) > 1]:
        raise ValueError(f"{again[0]!r} stands in the list twice. Give each student one line, and a name of its own.")
    seen: set[str] = set()
    found = []
    for student in students:
        draws, written = [], []
        for i, concept in enumerate(concepts):
            for draw in range(AGAIN):
                ex = _exercise(student, secret, concept, difficulty, i, draw)
                if ex.program() not in seen:
                    break
            else:
                raise ValueError(
                    f"{concept} has too few numbers for {len(students)} students. Write --difficulty 2, or another one."
                )
            seen.add(ex.program())
            draws.append(draw)
            written.append(_written(ex, student, secret, i))
        found.append(Paper(student, list(concepts), difficulty, written, [{} for _ in written], draws))
    return found


def _written(ex: Exercise, student: str, secret: str, i: int) -> dict[str, Any]:
    asked = {key: question.asked for key, question in ex.questions.items()}
    return {"program": ex.program(), "asked": asked, "commitment": digest(secret, "key", student, i, ex.answers)}


def _exercise(student: str, secret: str, concept: Concept, difficulty: int, i: int, draw: int) -> Exercise:
    words = (student, i, concept, draw) if draw else (student, i, concept)
    return variant(concept, difficulty, digest(secret, "paper", *words))


def _exercises(
    student: str, secret: str, concepts: Sequence[Concept], difficulty: int, draws: Sequence[int]
) -> list[Exercise]:
    return [
        _exercise(student, secret, concept, difficulty, i, draw)
        for i, (concept, draw) in enumerate(zip(concepts, draws, strict=True))
    ]


def credits(
    handed_in: Paper | str, secret: str, *, student: str | None = None, concepts: Sequence[str] | None = None
) -> list[Credit]:
    """Return the points and diagnoses of a paper that was handed in, exercise by exercise.

    ValueError if the paper is not one that this secret made: if its exercises or commitments were changed, if some are
    missing that `concepts` names, or if it is that of another student than `student`.
    """
    given = Paper.from_json(handed_in) if isinstance(handed_in, str) else handed_in
    if student is not None and given.student != student:
        raise ValueError(f"{student} handed in the paper of {given.student}. Ask both of them.")
    changed = f"The paper of {given.student} is not the one that was given out. Compare its exercises."
    if concepts is not None and given.concepts != [*concepts]:
        raise ValueError(changed)
    if len(given.draws) != len(given.concepts) or not all(isinstance(x, int) and 0 <= x < AGAIN for x in given.draws):
        raise ValueError(changed)
    exercises = _exercises(given.student, secret, given.concepts, given.difficulty, given.draws)
    made = [_written(ex, given.student, secret, i) for i, ex in enumerate(exercises)]
    if made != given.exercises or len(given.answers) != len(made):
        raise ValueError(changed)
    for i, (ex, answers) in enumerate(zip(exercises, given.answers), 1):
        if strange := [key for key in answers if key not in ex.questions]:
            raise ValueError(f"{strange[0]!r} is not asked in exercise {i}. Answer {', '.join(ex.questions)}.")
    return [credit(ex, answers) for ex, answers in zip(exercises, given.answers)]


def mark(handed_in: Paper | str, secret: str) -> list[Marking]:
    """Mark a paper that was handed in, exercise by exercise, with its diagnoses; errors as for `credits`."""
    return [x.marking for x in credits(handed_in, secret)]


def key(given: Paper, secret: str) -> list[Exercise]:
    """Return the exercises of a paper, with answers and hints, for the teacher."""
    return _exercises(given.student, secret, given.concepts, given.difficulty, given.draws)
