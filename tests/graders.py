"""Try docs/classrooms.md: `python tests/graders.py` in an environment with otter-grader and nbgrader.

A right and a wrong submission go through both, and must get all points and none. pytest leaves this out.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

EXERCISE = 'from micrograd_like.exercises import generate\n\nex = generate("fan-out", seed=7)\nex'
TESTS = "marking = ex.check(answers)\nassert marking, marking"
ANSWERS = {"right": "answers = ex.answers", "wrong": 'answers = ex.answers | {"a": "-7"}'}
BIN = Path(sys.executable).parent


def run(folder: Path, *words: object) -> str:
    """Run a command of the virtual environment in a folder, and return what it prints."""
    path = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}  # as in an activated environment
    command = [str(BIN / str(words[0])), *map(str, words[1:])]
    done = subprocess.run(command, cwd=folder, env=os.environ | path, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{words} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def write(path: Path, *cells: Any) -> None:
    """Write a notebook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=list(cells), metadata=kernel), path)


def submit(source: Path, target: Path, answers: str) -> None:
    """Copy a student's notebook with these answers in its empty cell."""
    book = nbformat.read(source, 4)
    [cell] = [x for x in book.cells if "answers = ..." in x.source or "NotImplementedError" in x.source]
    cell.source = answers
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, target)


def otter(folder: Path) -> dict[str, float]:
    """Return the scores, of 2 points."""
    raw = map(new_raw_cell, [
        "# ASSIGNMENT CONFIG\nsolutions_pdf: false\nexport_cell: false\ngenerate: true\nrun_tests: true",
        "# BEGIN QUESTION\nname: fanout\npoints: 2", "# BEGIN SOLUTION", "# END SOLUTION", "# BEGIN TESTS",
        "# END TESTS", "# END QUESTION",
    ])  # fmt: skip
    write(
        folder / "demo.ipynb", next(raw), new_code_cell(EXERCISE), next(raw),
        new_markdown_cell("Fill in the gradients."), next(raw), new_code_cell(f"{ANSWERS['right']}  # SOLUTION"),
        next(raw), next(raw), new_code_cell(TESTS), *raw,
    )  # fmt: skip
    run(folder, "otter", "assign", "demo.ipynb", "dist")
    [grader] = (folder / "dist" / "autograder").glob("demo-autograder_*.zip")
    scores = {}
    for kind, answers in ANSWERS.items():
        submit(folder / "dist" / "student" / "demo.ipynb", folder / f"{kind}.ipynb", answers)
        (folder / kind).mkdir()
        run(folder, "otter", "run", "-a", grader, "-o", folder / kind, f"{kind}.ipynb")
        results = json.loads((folder / kind / "results.json").read_text())
        scores[kind] = sum(test["score"] for test in results["tests"] if "score" in test)
    return scores


def nbgrader(folder: Path) -> dict[str, float]:
    """Return the scores, of 2 points."""

    def cell(source: str, name: str, **fields: Any) -> Any:
        kind = {"grade": False, "solution": False, "locked": False, "task": False} | fields
        return new_code_cell(source, metadata={"nbgrader": {"grade_id": name, "schema_version": 3, **kind}})

    solution = f"### BEGIN SOLUTION\n{ANSWERS['right']}\n### END SOLUTION"
    (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'course'\n")
    write(
        folder / "source" / "ps1" / "p1.ipynb", new_code_cell(EXERCISE), cell(solution, "answers", solution=True),
        cell(TESTS, "tests", grade=True, locked=True, points=2),
    )  # fmt: skip
    run(folder, "nbgrader", "generate_assignment", "ps1")
    for kind, answers in ANSWERS.items():
        submit(folder / "release" / "ps1" / "p1.ipynb", folder / "submitted" / kind / "ps1" / "p1.ipynb", answers)
    run(folder, "nbgrader", "autograde", "ps1")
    run(folder, "nbgrader", "generate_feedback", "ps1")
    run(folder, "nbgrader", "export")
    rows = list(csv.DictReader((folder / "grades.csv").open()))
    told = (folder / "feedback" / "wrong" / "ps1" / "p1.html").read_text()
    assert "was overwritten" in told, "the feedback does not name the mistake"
    return {row["student_id"]: float(row["score"]) for row in rows}


if __name__ == "__main__":
    for grader in (otter, nbgrader):
        with tempfile.TemporaryDirectory() as folder:
            scores = grader(Path(folder))
        print(f"{grader.__name__}: {scores} of 2 points")
        assert scores == {"right": 2.0, "wrong": 0.0}
