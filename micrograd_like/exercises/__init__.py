"""Exercises that name the mistake: asked on any graph, typed by hand, generated, printed.

`exercise` is what one uses; `diagnosis` finds which mistake gives a number, and `messages` says so.
"""

from .concepts import CONCEPTS
from .exercise import Exercise
from .generator import generate
from .marking import Mark, Marking
from .progress import Progress

__all__ = ["CONCEPTS", "Exercise", "Mark", "Marking", "Progress", "generate"]
