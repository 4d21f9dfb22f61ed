"""The code of an exercise, which stands on its sheet: concept, difficulty, seed and whose it is.

>>> exercise_of("fan-out/1/7").title
'fan-out, number 7'
"""

from __future__ import annotations

from .concepts import CONCEPTS, NUMBERS
from .exercise import Exercise
from .generator import VARIANT, generate, variant


def exercise_of(code: str) -> Exercise:
    """Return the exercise of a code; ValueError if there is none."""
    concept, difficulty, seed, student = (*code.strip().split("/", 3), "", "", "", "")[:4]
    number = seed.strip().removesuffix(VARIANT)
    if concept not in CONCEPTS or difficulty not in map(str, NUMBERS) or not number.lstrip("-").isdecimal():
        raise ValueError(f"{code!r} is not a code. It stands below the QR code of a sheet, as in fan-out/1/7v/Ada.")
    made = variant if seed.strip().endswith(VARIANT) else None
    if made:
        return variant(concept, int(difficulty), student, int(number))
    return generate(concept, int(difficulty), int(number), student=student)
