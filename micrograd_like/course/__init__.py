"""The course: what every chapter has in common, so that a chapter is its content only.

>>> here = chapter(4)
>>> len(here.exercises()), len(here.self_check())
(6, 5)
"""

from .asked import Asked, WrongAnswer
from .chapters import CHAPTERS, Chapter, Questions, SelfCheck, chapter
from .lesson import Fading, Prediction, fading, predict

__all__ = [
    "CHAPTERS", "Asked", "Chapter", "Fading", "Prediction", "Questions", "SelfCheck", "WrongAnswer", "chapter",
    "fading", "predict",
]  # fmt: skip
