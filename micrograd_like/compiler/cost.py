"""What runs cost, in microseconds, as far as it can be told before: by which compile lets the engine go on, or not.

A graph that is small is run by the engine in less time than a call of arrays takes; one that is never met again does
not earn back its recording. Only counts are looked at, and never a clock: the same program takes the same way always.
"""

from __future__ import annotations

from math import inf

from .. import _engine
from .extra import loops

HORIZON = 100  # steps after which compiling is to have paid for itself
MORE = 0.2  # the part of the engine's time that may be lost until then
BETWEEN = 14.0  # what a step does not need where the loop is inside
AT_ONCE = False  # compile whatever it costs, as tests of what is compiled want it


def of_engine(scalars: int, parameters: int, of_networks: bool = False) -> float:
    """Return what the engine needs for a step: the function runs, back it goes, and an optimizer updates."""
    each = (0.12 if of_networks else 0.06) if _engine.c else 1.5  # a layer's neurons are calls of Python too
    return 2.0 + each * scalars + 0.1 * parameters


def of_call(scalars: int, numbers: int, instructions: int = 15, decisions: int = 0) -> float:
    """Return what a compiled step needs: the call, reading its numbers, and each instruction."""
    return 16.0 + 0.15 * numbers + (0.1 if loops() else 3.0) * instructions + 0.002 * scalars + 0.06 * decisions


def of_compiling(scalars: int, decisions: int = 0) -> float:
    """Return what it costs to record a graph, to find its arrays, and to hold them against the engine."""
    return 4000.0 + 2.5 * scalars + 60.0 * decisions


class Account:
    """What a program may still spend on being compiled, out of what it has saved."""

    left: float
    engine: float
    call: float
    compiling: float
    allowance: float
    needed: float

    def __init__(self) -> None:
        self.left = 0.0
        self.engine, self.call, self.compiling = 0.0, 0.0, 0.0  # of the last graph
        self.allowance, self.needed = 0.0, inf  # what each of the engine's calls adds, and what another graph takes

    def measure(self, engine: float, scalars: int, numbers: int, instructions: int = 15, decisions: int = 0) -> None:
        """Take over how large a graph is, and what the engine needs for it."""
        self.engine = engine
        self.call = of_call(scalars, numbers, instructions, decisions)
        self.costs(of_compiling(scalars, decisions))

    def costs(self, compiling: float) -> None:
        self.compiling, self.allowance = compiling, MORE * self.engine
        self.needed = -inf if AT_ONCE else compiling if self.call < self.engine else inf

    def pays_within(self, steps: int) -> bool:
        """Tell whether compiling now is worth it, if so many steps are to come."""
        return AT_ONCE or steps * ((1.0 + MORE) * self.engine - self.call) >= self.compiling

    def pays_by_fit(self, steps: int) -> bool:
        """Tell it where the loop is inside, in which a step is not a call."""
        return AT_ONCE or steps * ((1.0 + MORE) * self.engine - self.call + BETWEEN) >= self.compiling

    @property
    def affords(self) -> bool:
        """Whether enough was saved for another graph."""
        return self.left >= self.needed

    def in_vain(self) -> None:
        """Count a call for which no graph was right."""
        self.left += self.allowance - self.call

    def by_arrays(self, steps: int = 1, inside: bool = False) -> None:
        """Count steps that the arrays made, perhaps with the loop inside."""
        self.left += steps * ((1.0 + MORE) * self.engine - self.call + (BETWEEN if inside else 0.0))

    def compiled(self) -> None:
        self.left -= self.compiling
