"""The comparisons that were made while recording, asked again of other numbers."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from ..engine import Value
from .extra import numpy as np
from .lower.plan import Plan
from .trace.inputs import Guard, Input

Path = tuple[tuple[str, float, bool], ...]


class Guards:
    """Finds whether a comparison now comes out otherwise.

    What was asked of an input alone, one question after the other, is a way; every way that one of the inputs of
    an array went is open to the others, for they all led to the same operations.
    """

    def __init__(self, guards: Sequence[Guard], plan: Plan, inputs: Sequence[int]) -> None:
        number, which = plan.graph.number, {place: i for i, place in enumerate(inputs)}
        ways: dict[int, list[tuple[str, float, bool]]] = {}
        between: dict[tuple[str, bool, bool], list[tuple[int, Any]]] = {}
        for left, sign, right, outcome in guards:
            if type(left) is Input and not isinstance(right, Value):
                ways.setdefault(int(plan.place[number(left)]), []).append((sign, float(right), outcome))
            else:
                two = isinstance(right, Value)
                there = plan.place[number(right)] if two else float(right)
                between.setdefault((sign, two, outcome), []).append((plan.place[number(left)], there))
        used = {int(p) for b in plan.blocks for p in range(b.offset, b.offset + b.size) if b.kind == "number"}
        used -= {int(plan.place[i]) for i in plan.unused}
        together: dict[Any, tuple[list[int], set[Path]]] = {}
        for place, way in ways.items():
            key = plan.source(place).offset if place in used else tuple(way)
            asked, paths = together.setdefault(key, ([], set()))
            asked.append(which[place])
            paths.add(tuple(way))
        self.ways = [(np().array(asked), sorted(paths)) for asked, paths in together.values()]
        self.between = [
            (sign, outcome, np().array([a for a, _ in pairs]), np().array([b for _, b in pairs]), two)
            for (sign, two, outcome), pairs in between.items()
        ]

    def inputs_hold(self, numbers: Any) -> bool:
        """Tell whether the numbers of all inputs, or many rows of them, lead to this graph."""
        for inputs, paths in self.ways:
            asked = numbers[..., inputs]
            open_ = np().zeros(asked.shape, dtype=bool)
            for path in paths:
                here = np().ones(asked.shape, dtype=bool)
                for sign, number, outcome in path:
                    here &= getattr(operator, sign)(asked, number) == outcome
                open_ |= here
            if not open_.all():
                return False
        return True

    def values_hold(self, memory: Any) -> bool:
        """Tell whether what was computed leads to this graph."""
        return all(
            (getattr(operator, sign)(memory[left], memory[right] if two else right) == outcome).all()
            for sign, outcome, left, right, two in self.between
        )
