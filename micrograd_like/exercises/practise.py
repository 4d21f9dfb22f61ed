"""The next exercise: of the concept that needs it most, with numbers that tell the likeliest mistakes apart."""

from __future__ import annotations

from collections.abc import Sequence

from .concepts import CONCEPTS, Concept
from .exercise import Exercise
from .generator import generate, outcomes, same
from .progress import Progress

LOOKED_AT = 20  # exercises, of which one is taken that tells the two likeliest mistakes apart


def next_exercise(
    progress: Progress,
    concepts: Sequence[Concept] = tuple(CONCEPTS),
    difficulty: int = 1,
    seed: int = 0,
    student: str = "",
) -> tuple[Exercise, str]:
    """Return the next exercise for a learner, and why it is that one.

    `seed` starts the numbers, of which each `student` has others; what was tried already is passed over. Attempts are
    kept in `progress`.
    """
    concept, why = progress.next_concept(concepts)
    tried = {x.exercise for x in progress.attempts}
    likely = [name for name, _ in progress.mistakes().most_common() if name != "seed"][:2]
    first: Exercise | None = None
    for k in range(seed, seed + LOOKED_AT + len(tried)):
        ex = generate(concept, difficulty, k, keep=progress, student=student)
        if ex.title in tried:
            continue
        first = first or ex
        if len(likely) < 2 or _apart(ex, *likely):
            more = f" Its numbers tell {likely[0]} from {likely[1]}." if len(likely) == 2 else ""
            return ex, why + more
    assert first is not None
    return first, why


def _apart(ex: Exercise, one: str, two: str) -> bool:
    """Tell whether two mistakes give different numbers for an answer, of which one at least is wrong."""
    found = outcomes(ex.task, ex.asked)
    if one not in found or two not in found:
        return False
    return any(not same(x, y) for x, y in zip(found[one], found[two]))
