"""Mark what a class handed in: each submission is marked or refused by name, and none harms another."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..base.files import write_whole
from ..exercises import apart
from ..exercises.credit import Credit, credit
from ..exercises.exam import Paper, credits, key
from ..exercises.marking import Marking
from ..exercises.progress import Attempt, Progress
from .assignment import Assignment
from .records import attempts_of
from .submissions import Submission, claimed, files, read

if TYPE_CHECKING:
    from concurrent.futures import Future

SECONDS, MEGABYTES = 5.0, 512  # of code, for each of the two processes that look at it
UNSAFE = re.compile(r"[^\w.@+-]+")


@dataclass
class Result:
    """What became of one submission: marked, or refused with the reason."""

    path: str
    student: str
    points: float = 0.0
    of: int = 0
    refused: str = ""
    lines: list[str] = field(default_factory=list)
    tests: list[tuple[str, float, int, str]] = field(default_factory=list)  # name, points, of, what is said
    attempts: list[Attempt] = field(default_factory=list)


def mark_file(made: Assignment, path: Path, folder: Path, seconds: float = SECONDS) -> Result:
    """Return what one file earned."""
    name = claimed(path, made.students, folder)
    shown = str(path.relative_to(folder) if folder in path.parents else path.name)
    try:
        given = read(path)
        student = _student(given, name, made)
        paper = made.paper_of(student)
        assert paper is not None
        result = Result(shown, student, of=made.points)
        for i, (concept, found) in enumerate(zip(made.concepts, _credits(made, paper, given)), 1):
            text = "\n".join([*map(str, found.points), *map(str, found.marking.messages)])
            result.tests.append((f"Exercise {i}: {concept}", found.earned, found.of, text))
            result.attempts += attempts_of(concept, f"exercise {i}", found)
    except ValueError as error:
        return Result(shown, name, of=made.points, refused=str(error))
    if made.code_points:
        result.tests.append(_marked_code(given.code, made.code_points, seconds))
    result.points = round(sum([earned for _, earned, _, _ in result.tests]), 2)
    return result


def _student(given: Submission, name: str, made: Assignment) -> str:
    known = {x.strip().casefold(): x for x in made.students}
    written = known.get(given.student.strip().casefold(), "")
    if given.student.strip() and not written:
        raise ValueError(f"{given.student[:60]!r} is not in the list of students.")
    if name and written and name != written:
        raise ValueError(f"The file is that of {name}, and in it stands {written}. Ask both.")
    if not (name or written):
        raise ValueError("It does not say whose it is: `student =` is empty, and so is the name of the file.")
    return written or name


def _credits(made: Assignment, paper: Paper, given: Submission) -> list[Credit]:
    if given.paper is not None:
        return credits(given.paper, made.secret, student=paper.student, concepts=made.concepts)
    exercises = key(paper, made.secret)
    asked = [{k: x for k, x in given.answers.get(i, {}).items() if k in ex._keys} for i, ex in enumerate(exercises, 1)]
    return [credit(ex, answers) for ex, answers in zip(exercises, asked)]


def _marked_code(code: str, most: int, seconds: float) -> tuple[str, float, int, str]:
    if not code:
        return "class Value", 0.0, most, "There is no cell with a class Value."
    marking = apart.check_code(code, seconds=seconds, megabytes=MEGABYTES)
    return "class Value", round(most * _share(marking), 1), most, "\n".join(map(str, marking.messages)) or "right"


def _share(marking: Marking) -> float:
    if marking:
        return 1.0
    [mark] = marking.marks.values()
    counts = re.findall(r"\d+", f"{mark.typed} {mark.key}")
    return 0.5 * int(counts[0]) / int(counts[1]) if len(counts) > 1 else 0.0


_made: Assignment | None = None  # of a process that marks


def _begin(folder: str) -> None:
    global _made
    _made = Assignment.load(folder)


def _one(path: str, folder: str, seconds: float) -> Result:
    assert _made is not None
    try:
        return mark_file(_made, Path(path), Path(folder), seconds)
    except Exception as error:  # whatever it is, it is about this submission only
        why = f"It could not be marked: {type(error).__name__}: {str(error)[:200]}"
        return Result(path, claimed(Path(path), _made.students, Path(folder)), of=_made.points, refused=why)


def mark_all(
    folder: str | os.PathLike[str],
    submissions: str | os.PathLike[str],
    *,
    seconds: float = SECONDS,
    processes: int | None = None,
) -> list[Result]:
    """Return what each submission earned, in the order of the files; two of one student are both refused.

    `seconds` limits the code of each, `processes` is how many are marked at once (default: as many as cores).
    """
    place = Path(submissions)
    if not place.exists():
        raise ValueError(f"There is no folder {place}. Write the folder that holds what was handed in.")
    made = Assignment.load(folder)
    found = files(place)
    if not found:
        raise ValueError(f"{place} is empty. Write the folder that holds what was handed in.")
    many = min(processes or os.cpu_count() or 1, len(found))
    results = _in_pool(str(folder), found, place, seconds, many)
    left = [path for path, result in zip(found, results) if result is None]
    for path in left:  # one of these ended the process that marked it: each is marked in one of its own
        [alone] = _in_pool(str(folder), [path], place, seconds, 1)
        name = claimed(path, made.students, place)
        broken = Result(str(path), name, of=made.points, refused="It ended the process that read it.")
        results[found.index(path)] = alone or broken
    return _single([x for x in results if x is not None], found, made, place)


def _in_pool(folder: str, found: Sequence[Path], place: Path, seconds: float, many: int) -> list[Result | None]:
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor  # a browser's Python has no processes
    from multiprocessing import get_context

    def got(waiting: Future[Result]) -> Result | None:
        try:
            return waiting.result()
        except BrokenExecutor:
            return None

    with ProcessPoolExecutor(many, get_context("spawn"), _begin, (folder,)) as pool:
        waiting = [pool.submit(_one, str(path), str(place), seconds) for path in found]
        return [got(x) for x in waiting]


def _single(results: list[Result], found: Sequence[Path], made: Assignment, place: Path) -> list[Result]:
    """Refuse all submissions of a student that has several, but the one that lies under the student's own name."""
    for student in {x.student for x in results if not x.refused}:
        same = [(x, path) for x, path in zip(results, found) if x.student == student and not x.refused]
        own = [x for x, path in same if claimed(path, made.students, place) == student]
        for x, _ in same if len(same) > 1 else []:
            if len(own) != 1 or x is not own[0]:
                x.refused = f"There are {len(same)} submissions of {student}. Leave one of them in the folder."
                x.points, x.tests, x.attempts = 0.0, [], []
    return results


def write_marks(results: Iterable[Result], out: Path) -> None:
    """Write marks.csv, feedback for each student, and the answers with their diagnoses for the page of the class."""
    results = list(results)
    for name in ("feedback", "answers"):
        (out / name).mkdir(parents=True, exist_ok=True)
    with (out / "marks.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["student", "points", "of", "refused", "file"])
        table.writerows([plain(x.student), x.points, x.of, plain(x.refused), plain(x.path)] for x in results)
    owners: dict[str, str] = {}  # two names may be the same for a file
    for i, x in enumerate(results):
        name = UNSAFE.sub("-", x.student)[:80] or f"unknown-{i + 1}"
        name = name if owners.setdefault(name.casefold(), x.student) == x.student else f"{name}-{i + 1}"
        write_whole(out / "feedback" / f"{name}{f'-{i + 1}' if x.refused else ''}.md", feedback(x))
        if not x.refused:
            write_whole(out / "answers" / f"{name}.json", Progress(x.attempts).to_json(student=x.student))


def plain(text: str) -> str:
    """Return a text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t" and text else text


def feedback(x: Result) -> str:
    """Return what a student is told."""
    head = f"# {x.student or x.path}: {x.points:g} of {x.of} points"
    if x.refused:
        return f"{head}\n\nRefused: {x.refused}\n"
    parts = [f"## {name}: {earned:g} of {of}\n\n```\n{said}\n```" for name, earned, of, said in x.tests]
    return "\n\n".join([head, *parts]) + "\n"


def for_gradescope(x: Result) -> str:
    """Return the results.json of Gradescope."""
    tests = [{"name": name, "score": earned, "max_score": of, "output": said} for name, earned, of, said in x.tests]
    text = f"Refused: {x.refused}" if x.refused else f"{x.points:g} of {x.of} points"
    return json.dumps({"score": x.points, "output": text, "visibility": "after_published", "tests": tests}, indent=1)
