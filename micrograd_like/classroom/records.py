"""What a class answered, from progress files, typed tables and exports of an LMS, as attempts of each student."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..exercises.codes import exercise_of
from ..exercises.credit import Credit, credit
from ..exercises.exercise import Exercise
from ..exercises.progress import Attempt, Progress

CODE, STUDENT = "code", ("student", "name", "id")
RESPONSE = re.compile(r"(?:response|antwort)\s*(\d+)", re.IGNORECASE)
PART = re.compile(r"\b(?:part|teil)\s+(\d+):\s*([^;]*)", re.IGNORECASE)
FIRST, LAST = ("first name", "vorname"), ("last name", "surname", "nachname")


@dataclass
class StudentRecord:
    """One student's attempts."""

    student: str
    attempts: list[Attempt]


@dataclass
class TypedRow:
    """One line of a typed table, marked."""

    student: str
    code: str
    found: Credit


def attempts_of(concept: str, title: str, found: Credit) -> list[Attempt]:
    """Return what was answered as attempts, each with the mistakes that it was thought to show."""
    blamed = {k: message.mistakes for message in found.marking.messages for k in message.keys}
    carried = {x.key for x in found.points if x.why}
    return [
        Attempt(concept, title, x.key, x.typed, "carried" if x.key in carried and x.verdict == "not yet"
                else x.verdict, blamed.get(x.key, ()))
        for x in found.marking.marks.values()
    ]  # fmt: skip


def marked(path: Path) -> list[TypedRow]:
    """Mark a typed table: a line for each sheet, with its `code`, the `student`, and a column for each answer."""
    found = []
    for number, row in enumerate(_rows(path), 2):
        if not row.get(CODE):
            raise ValueError(f"{path}, line {number}: there is no code. It stands below the QR code of the sheet.")
        try:
            ex = exercise_of(row[CODE])
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from None
        student = next((row[name] for name in STUDENT if row.get(name)), row[CODE].rpartition("/")[2])
        found.append(TypedRow(student, row[CODE], credit(ex, {k: x for k, x in row.items() if x and k in ex._keys})))
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    """Return the lines of a table by the names of its columns; commas or semicolons stand between them."""
    text = path.read_text("utf-8-sig")
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    rows = list(csv.reader(text.splitlines(), delimiter=delimiter))
    head = [x.strip() for x in rows[0]] if rows else []
    head = [x.lower() if x.lower() in (CODE, *STUDENT) else x for x in head]
    return [dict(zip(head, (x.strip() for x in row))) for row in rows[1:] if any(x.strip() for x in row)]


def collected(folder: Path, exercises: Sequence[Exercise] = ()) -> tuple[list[StudentRecord], list[str]]:
    """Return the records of a file or of all files in a folder, and what could not be read, with the reason.

    `exercises` are those of an LMS export in the order of its questions: an export does not name them.
    """
    if not folder.exists():
        raise ValueError(f"There is no folder {folder}. Write the folder that holds the answers of the class.")
    paths = [folder] if folder.is_file() else sorted(x for x in folder.rglob("*") if x.suffix in (".json", ".csv"))
    merged: dict[str, StudentRecord] = {}
    refused = []
    for path in paths:
        try:
            for x in _of_file(path, exercises):
                merged.setdefault(x.student.casefold(), StudentRecord(x.student, [])).attempts.extend(x.attempts)
        except (ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
            refused.append(
                f"{path.name}: {error}" if isinstance(error, ValueError) else f"{path.name} is not readable."
            )
    return list(merged.values()), refused


def _of_file(path: Path, exercises: Sequence[Exercise]) -> Iterable[StudentRecord]:
    if path.suffix == ".json":
        found = json.loads(path.read_text("utf-8"))
        attempts = Progress.from_json(json.dumps(found)).attempts
        texts = [text for x in attempts for text in (x.concept, x.exercise, x.key, x.typed, x.verdict, *x.mistakes)]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("it is not what Progress.to_json wrote.")
        return [StudentRecord(str(found.get("student") or path.stem), attempts)]
    rows = _rows(path)
    if rows and any(RESPONSE.fullmatch(name) for name in rows[0]):
        return [_of_export(row, exercises) for row in rows]
    if rows and CODE not in rows[0]:
        raise ValueError("it has no column called code, and none called Response 1.")
    return [
        StudentRecord(x.student, attempts_of(name, f"{name}, by its code", x.found))
        for x in marked(path)
        for name in [x.code.partition("/")[0]]
    ]  # fmt: skip


def _of_export(row: Mapping[str, Any], exercises: Sequence[Exercise]) -> StudentRecord:
    """Return the record of a line of Moodle's report of responses, of multi-answer questions."""
    named = {name.lower(): text for name, text in row.items()}
    parts = [next((named[x] for x in names if named.get(x)), "") for names in (FIRST, LAST)]
    made = StudentRecord(" ".join(filter(None, parts)) or next(iter(row.values())), [])
    for name, text in row.items():
        column = RESPONSE.fullmatch(name)
        if column is None:
            continue
        if int(column[1]) > len(exercises):
            raise ValueError(f"{name} is of an exercise that was not named. Give --concepts and --count as for lms.")
        ex = exercises[int(column[1]) - 1]
        keys = [key for key, x in ex.questions.items() if x.kind != "order"]
        typed = {keys[int(k) - 1]: x.strip() for k, x in PART.findall(text) if x.strip() and int(k) <= len(keys)}
        ex._tries.clear()
        made.attempts += attempts_of(ex.concept, ex.title, credit(ex, typed))
    return made
