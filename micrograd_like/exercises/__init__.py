"""Exercises that name the mistake: asked on any graph, typed by hand, generated, printed.

`exercise` is what one uses; `diagnosis` finds which mistake gives a number, and `messages` says so.
"""

from .exercise import Exercise, Mark, Marking
from .generator import CONCEPTS, generate
from .progress import Progress
from .worksheets import worksheet

__all__ = ["CONCEPTS", "Exercise", "Mark", "Marking", "Progress", "generate", "worksheet"]
