"""The other files of an assignment: rubric, keys, the instructor's note, and what the graders need."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

from ..exercises.exercise import Exercise

NBGRADER_CONFIG = "c = get_config()\nc.CourseDirectory.course_id = 'course'\n"
GRADESCOPE = {
    "setup.sh": "#!/usr/bin/env bash\napt-get update -qq && apt-get install -y -qq python3 python3-pip\n"
    "pip install --quiet micrograd-like || pip install --quiet --break-system-packages micrograd-like\n",
    "run_autograder": "#!/usr/bin/env bash\ncd /autograder/source\n"
    "python3 -m micrograd_like assignment mark . /autograder/submission "
    "--gradescope /autograder/results/results.json\n",
}
NOTE = """# {name}: the instructor's note

{students} students, {points} points each. All papers differ, and ask for as much work: the same operations, the same
products, as many answers, numbers as long.

| give out | keep |
|---|---|
| `release/`: the notebook, and all exercises without answers | `sealed/` (the secret), `solutions/`, `rubric.md` |

Put what was handed in into one folder, as your LMS gives it, and mark it:

    micrograd-like assignment mark {name} submissions/

This writes `marks/marks.csv`, a feedback file for each student, and `marks/answers/`, of which
`micrograd-like class marks/answers/` makes the page of the class.

## What is promised

- Answers are read from the notebook or the JSON file as text. Of a notebook, only the cell with `class Value` is run.
- That cell runs in a process of its own, in an empty folder, with limits of time, memory and output. If it never ends,
  fills the memory or ends the process, it gets no points for it and is named; no other submission is touched.
- If root marks, as in the container of Gradescope, the code runs as a user of its own: it cannot read `sealed/` and
  cannot start other processes.
- The notebook holds no answers. Without the secret nobody can make the answers, or change the exercises unseen.

## What is not promised

- A student can type the program into an engine. Against that, only a room without computers helps.
- Code may use the network. Mark in a container without one.
- If you mark as yourself, code can read what you can. The command says which of the two it is.
- In their own runs otter and nbgrader run the student's cells in the process that marks: who wants to can forge points
  there. Use them for feedback, and for marks run `assignment mark` on the same files.

## otter, nbgrader, Gradescope

- otter: `otter assign otter/{name}.ipynb dist`. Each point of an exercise is a hidden test.
- nbgrader: `cd nbgrader && nbgrader generate_assignment {name}`. `points(mine, 1)` gives partial credit.
- Gradescope: upload `gradescope/autograder.zip`. It marks sealed, as the command above.
"""
RUBRIC = """# Rubric

| exercise | points |
|---|---:|
{rows}
| **all** | **{all}** |

- A gradient has one point for each contribution, every other answer has one.
- What follows from the student's own wrong number further up earns full points: an error is carried forward. A 0 that
  follows only from a 0 earns nothing.
- In a gradient with several contributions, those that are right count: one left out, counted twice or with its
  sign lost does not spoil the others.
- A slip of arithmetic (one digit, the decimal point, too few digits) earns half.
- A class `Value` that is right on all graphs earns all of its points; a wrong one half of its share of right graphs.
"""


def rubric(concepts: Sequence[str], points: Sequence[int], code_points: int) -> str:
    """Return the rubric of an assignment."""
    rows = [f"| {i}. {concept} | {most} |" for i, (concept, most) in enumerate(zip(concepts, points), 1)]
    rows += [f"| class Value | {code_points} |"] if code_points else []
    return RUBRIC.format(rows="\n".join(rows), all=sum(points) + code_points)


def note(name: str, students: int, points: int) -> str:
    """Return the instructor's note."""
    return NOTE.format(name=name, students=students, points=points)


def keys(papers: Sequence[tuple[str, Sequence[Exercise]]]) -> str:
    """Return the keys of all papers, with the reason of each answer."""
    parts = ["# Keys"]
    for student, exercises in papers:
        parts += ["", f"## {student}"]
        for i, ex in enumerate(exercises, 1):
            answers = "\n".join(f"{name} = {text}" for name, text in ex.answers.items())
            parts += ["", f"Exercise {i}", "", "```", ex.program(), "", answers, "```"]
    return "\n".join(parts) + "\n"


def zipped(path: Path, folder: Path, sealed: Path) -> None:
    """Write the archive that Gradescope takes, whose scripts may be run."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(file.name)
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, file.read_text("utf-8"))
        archive.writestr("sealed/assignment.json", sealed.read_text("utf-8"))
