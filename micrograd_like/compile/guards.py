"""The comparisons that were made while recording, asked again of other numbers."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from ..engine import Value
from .extra import numpy as np
from .inputs import Guard, Input
from .plan import Plan

Path = tuple[tuple[str, float, bool], ...]


class BranchChanged(RuntimeError):
    """With these numbers the function would have taken another way than the one that was recorded."""


class Guards:
    """Finds the first comparison that now comes out otherwise.

    What was asked of an input alone, one question after the other, is a way; every way that one of the inputs of
    an array went is open to the others, for they all led to the same operations.
    """

    def __init__(self, guards: Sequence[Guard], plan: Plan) -> None:
        number = plan.graph.number
        ways: dict[int, list[tuple[str, float, bool]]] = {}
        between: dict[tuple[str, bool, bool], list[tuple[int, Any]]] = {}
        for left, sign, right, outcome in guards:
            if type(left) is Input and not isinstance(right, Value):
                ways.setdefault(int(plan.place[number(left)]), []).append((sign, float(right), outcome))
            else:
                two = isinstance(right, Value)
                there = plan.place[number(right)] if two else float(right)
                between.setdefault((sign, two, outcome), []).append((plan.place[number(left)], there))
        self.ways: list[tuple[Any, list[Path]]] = []
        used = {int(p) for b in plan.blocks for p in range(b.offset, b.offset + b.size) if b.kind == "number"}
        used -= {int(plan.place[i]) for i in plan.unused}
        together: dict[Any, tuple[list[int], set[Path]]] = {}
        for place, way in ways.items():
            key = plan.source(place).offset if place in used else tuple(way)
            places, paths = together.setdefault(key, ([], set()))
            places.append(place)
            paths.add(tuple(way))
        self.ways = [(np().array(places), sorted(paths)) for places, paths in together.values()]
        self.between = [
            (sign, outcome, np().array([a for a, _ in pairs]), np().array([b for _, b in pairs]), two)
            for (sign, two, outcome), pairs in between.items()
        ]

    def inputs_fail(self, memory: Any) -> str:
        """Return what is otherwise in the inputs, or ""."""
        for places, paths in self.ways:
            numbers = memory[places]
            open_ = np().zeros(len(places), dtype=bool)
            for path in paths:
                here = np().ones(len(places), dtype=bool)
                for sign, number, outcome in path:
                    here &= getattr(operator, sign)(numbers, number) == outcome
                open_ |= here
            if not open_.all():
                return f"the input {numbers[~open_][0]:g} was compared with {paths[0][0][1]:g}"
        return ""

    def fail_for(self, memory: Any, places: Any, rows: Any) -> str:
        """Return what is otherwise in one of many rows of inputs, or ""."""
        if not self.ways:
            return ""
        before = memory[places].copy()
        try:
            for row in rows:
                memory[places] = row
                if failed := self.inputs_fail(memory):
                    return failed
        finally:
            memory[places] = before
        return ""

    def values_fail(self, memory: Any) -> str:
        """Return what is otherwise in what was computed, or ""."""
        for sign, outcome, left, right, two in self.between:
            a, b = memory[left], memory[right] if two else right
            wrong = getattr(operator, sign)(a, b) != outcome
            if wrong.any():
                return f"{a[wrong][0]:g} was compared with {b[wrong][0]:g}"
        return ""
