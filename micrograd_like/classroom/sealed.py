"""Points inside otter and nbgrader, where the secret lies beside the grader and never with the student."""

from __future__ import annotations

import os
from pathlib import Path

from ..exercises.exam import Paper, credits
from .assignment import Assignment

PLACE = "MICROGRAD_LIKE_SEALED"


def points(mine: Paper, number: int) -> float:
    """Return the points of one exercise of a paper; FileNotFoundError where the secret is not, as with a student.

    The secret is that of the folder in the variable MICROGRAD_LIKE_SEALED, of this folder, or of one above it.
    """
    made = Assignment.of_file(_place())
    return credits(Paper.from_json(mine.to_json()), made.secret, concepts=made.concepts)[number - 1].earned


def _place() -> Path:
    here = Path.cwd()
    found = [Path(os.environ[PLACE]) / "assignment.json"] if PLACE in os.environ else []
    found += [here / "assignment.json", *(x / "sealed" / "assignment.json" for x in (here, *here.parents))]
    for path in found:
        if path.exists():
            return path
    raise FileNotFoundError(f"Points are given where the assignment was made. Put its folder sealed into {PLACE}.")
