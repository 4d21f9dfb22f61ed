"""An assignment as a folder: what is given out, what is sealed, and the way into otter, nbgrader and Gradescope."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..base.files import write_whole
from ..exercises.concepts import CONCEPTS, NUMBERS, Concept
from ..exercises.credit import points_of
from ..exercises.exam import Paper, key, new_secret, papers
from ..exercises.generator import effort_of
from . import kits, notebooks

CODE_POINTS = 10


@dataclass
class Assignment:
    """What was set, for whom; with the secret, all papers can be made again."""

    name: str
    students: list[str]
    concepts: list[Concept]
    difficulty: int
    code_points: int
    secret: str = field(repr=False)
    papers: list[Paper] = field(default_factory=list, repr=False)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Assignment:
        """Return the assignment of a folder; ValueError if it is none."""
        path = Path(folder) / "sealed" / "assignment.json"
        if not path.exists():
            make = f"micrograd-like assignment new {folder} --students FILE.csv"
            raise ValueError(f"{folder} is not an assignment. Make one: {make}")
        return cls.of_file(path)

    @classmethod
    def of_file(cls, path: Path) -> Assignment:
        """Return the assignment of a file as it is sealed."""
        found = json.loads(path.read_text("utf-8"))
        found["papers"] = [Paper(**x) for x in found["papers"]]
        return cls(**found)

    def paper_of(self, student: str) -> Paper | None:
        """Return the paper of a student as it was given out, None if there is no such student."""
        return next((x for x in self.papers if x.student == student), None)

    @property
    def points(self) -> int:
        """How many points there are; all papers have as many."""
        return sum(number_of_points(self)) + self.code_points

    def equal(self) -> bool:
        """Tell whether all papers ask for as much work: operations, products, answers and length of numbers."""
        efforts = {tuple(effort_of(ex) for ex in key(paper, self.secret)) for paper in self.papers}
        return len(efforts) == 1


def number_of_points(made: Assignment) -> list[int]:
    """Return the points of each exercise: a gradient has one for each contribution, everything else has one."""
    return [sum([points_of(ex, x) for x in ex.questions.values()]) for ex in key(made.papers[0], made.secret)]


def new(
    folder: str | os.PathLike[str],
    students: Sequence[str],
    concepts: Sequence[Concept] = ("chain", "fan-out"),
    difficulty: int = 1,
    code: bool = False,
    secret: str = "",
) -> Assignment:
    """Write a new assignment into a folder, which must not be there yet, and return it.

    Each student gets numbers that nobody else has. With `code`, a class `Value` is asked for too.
    """
    root = Path(folder)
    if (root / "sealed").exists():
        raise ValueError(f"{root} is an assignment already, and nothing was written. Write the name of a new folder.")
    if strange := [x for x in concepts if x not in CONCEPTS]:
        raise ValueError(f"There is no concept {strange[0]!r}. Write some of: {', '.join(CONCEPTS)}.")
    if difficulty not in NUMBERS:
        raise ValueError(f"There is no difficulty {difficulty!r}. Write 1, 2 or 3.")
    if not students:
        raise ValueError("There is no student. Give a list of names, as --students roster.csv.")
    secret = secret or new_secret()
    points = CODE_POINTS if code else 0
    made = Assignment(root.name, [*students], [*concepts], difficulty, points, secret)
    made.papers = papers(made.students, secret, made.concepts, difficulty)
    write(made, root)
    return made


def write(made: Assignment, root: Path) -> None:
    """Write the folder of an assignment."""
    sealed = root / "sealed"
    sealed.mkdir(parents=True)
    os.chmod(sealed, 0o700)
    for place in (sealed, root / "otter"):  # otter packs what lies beside its notebook into the grader only
        place.mkdir(exist_ok=True)
        write_whole(place / "assignment.json", json.dumps(asdict(made), ensure_ascii=False))
        os.chmod(place / "assignment.json", 0o600)
    code = made.code_points > 0
    release = notebooks.release(made.name, len(made.concepts), code)
    public = json.dumps([asdict(x) for x in made.papers], indent=1, ensure_ascii=False)
    solved = notebooks.solved(
        made.name, [ex.answers for ex in key(made.papers[0], made.secret)], made.students[0], code
    )
    points = number_of_points(made)
    files = {
        f"release/{made.name}.ipynb": notebooks.written(release),
        "release/papers.json": public,
        f"solutions/{made.name}-solution.ipynb": notebooks.written(solved),
        "solutions/keys.md": kits.keys([(paper.student, key(paper, made.secret)) for paper in made.papers]),
        "rubric.md": kits.rubric(made.concepts, points, made.code_points),
        "README.md": kits.note(made.name, len(made.students), made.points),
        f"otter/{made.name}.ipynb": notebooks.written(notebooks.otter(made.name, points, made.code_points)),
        f"otter/{notebooks.PAPERS}": public,
        f"nbgrader/source/{made.name}/{made.name}.ipynb": notebooks.written(
            notebooks.nbgrader(made.name, points, made.code_points)
        ),
        f"nbgrader/source/{made.name}/{notebooks.PAPERS}": public,
        "nbgrader/nbgrader_config.py": kits.NBGRADER_CONFIG,
        **{f"gradescope/autograder/{name}": text for name, text in kits.GRADESCOPE.items()},
    }
    if code:
        files["solutions/value.py"] = notebooks.VALUE
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    kits.zipped(root / "gradescope" / "autograder.zip", root / "gradescope" / "autograder", sealed / "assignment.json")
