"""Try docs/classrooms.md: `python tests/graders.py` in an environment with otter-grader and nbgrader.

The folder of an assignment goes through both, with a right, a half right and a wrong submission. pytest leaves it out.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import nbformat

from micrograd_like.classroom import assignment, grading
from micrograd_like.exercises.exam import key

BIN = Path(sys.executable).parent
STUDENTS = {"right": 7.0, "half": 6.0, "wrong": 0.0}


def run(folder: Path, *words: object) -> str:
    """Run a command of the virtual environment in a folder, and return what it prints."""
    path = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}  # as in an activated environment
    command = [str(BIN / str(words[0])), *map(str, words[1:])]
    done = subprocess.run(command, cwd=folder, env=os.environ | path, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{words} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def answers(made: assignment.Assignment, student: str) -> dict[str, str]:
    """Return the answers of a student: all right, one slip from which others follow, or none right."""
    paper = made.paper_of(student)
    assert paper is not None
    [ex] = key(paper, made.secret)
    right = ex.answers
    if student == "wrong":
        return {name: f"{0.7318 * (i + 1.3) ** 2:.5f}" for i, name in enumerate(right)}
    inner = next(x for x in ex.task.nodes if x is not ex.root)
    slip = {ex.task.names[inner]: "123.5"} if student == "half" else {}
    return {**right, **slip} if not slip else _carried(made, paper.student, slip)


def _carried(made: assignment.Assignment, student: str, slip: Mapping[str, str]) -> dict[str, str]:
    """Return answers with one slip, from which the others follow."""
    paper = made.paper_of(student)
    assert paper is not None
    [ex] = key(paper, made.secret)
    found = {ex.root: 1.0}
    typed = {"L": "1"}
    for node in ex.task.nodes[1:]:
        name = ex.task.names[node]
        found[node] = sum([use.local_grads[i] * found[use] for use, i in ex.task.edges_of(node)])
        if name in slip:
            found[node] = float(slip[name])
        typed[name] = repr(found[node])
    return typed


def submit(source: Path, target: Path, student: str, typed: Mapping[str, str]) -> None:
    """Copy a student's notebook with these answers."""
    book = nbformat.read(source, 4)
    filled = 0
    for cell in book.cells:
        empty = "YOUR CODE HERE" in cell.source
        if 'student = ""' in cell.source or (empty and filled == 0):
            cell.source, filled = f"student = {student!r}", 1
        elif cell.cell_type == "code" and ("mine.answer(1" in cell.source or empty or cell.source == "..."):
            cell.source = f"mine.answer(1, {dict(typed)!r})"
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, target)
    shutil.copy(source.parent / "papers.json", target.parent / "papers.json")


def otter(folder: Path, made: assignment.Assignment) -> dict[str, float]:
    """Return the points of each student."""
    root = folder / made.name / "otter"
    run(root, "otter", "assign", f"{made.name}.ipynb", "dist")
    [grader] = (root / "dist" / "autograder").glob("*-autograder_*.zip")
    scores = {}
    for student in made.students:
        place = folder / "otter-submissions" / student
        submit(root / "dist" / "student" / f"{made.name}.ipynb", place / "ps.ipynb", student, answers(made, student))
        run(place, "otter", "run", "-a", grader, "-o", place, "ps.ipynb")
        results = json.loads((place / "results.json").read_text())
        scores[student] = sum([test["score"] for test in results["tests"] if "score" in test])
    return scores


def nbgrader(folder: Path, made: assignment.Assignment) -> dict[str, float]:
    """Return the points of each student."""
    root = folder / made.name / "nbgrader"
    run(root, "nbgrader", "generate_assignment", made.name)
    release = root / "release" / made.name / f"{made.name}.ipynb"
    for student in made.students:
        submit(release, root / "submitted" / student / made.name / release.name, student, answers(made, student))
    run(root, "nbgrader", "autograde", made.name)
    run(root, "nbgrader", "export")
    rows = csv.DictReader((root / "grades.csv").open())
    return {row["student_id"]: float(row["score"]) for row in rows}


def sealed(folder: Path, made: assignment.Assignment) -> dict[str, float]:
    """Return the points of each student by our own command, of the files that nbgrader collected."""
    results = grading.mark_all(folder / made.name, folder / made.name / "nbgrader" / "submitted")
    return {x.student: x.points for x in results}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        made = assignment.new(Path(place) / "ps1", [*STUDENTS], ["chain"])
        for grader in (otter, nbgrader, sealed):
            scores = grader(Path(place), made)
            print(f"{grader.__name__}: {scores} of 7 points")
            assert scores == STUDENTS
