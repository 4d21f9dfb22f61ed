"""The decisions that were taken while recording, asked again of other numbers: each of every lane by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..engine import Value
from .backends.whole import function
from .extra import numpy as np
from .lower.plan import Plan
from .trace.recording import Recording
from .trace.tracked import Guard, Test

Array = Any


class SameGuards(NamedTuple):
    """Guards of one form: for each place of a number in it, all those numbers, or where they stand."""

    test: Test
    outcome: bool
    nodes: list[list[int] | None]  # their numbers in the graph
    places: list[Any]  # where they stand in the memory; plain numbers stand here themselves

    which: list[Any]  # where they stand among the inputs, if all of them do

    def holds(self, columns: Sequence[Any]) -> bool:
        answer = self.test.answer(iter(columns))
        return bool(answer.all() if self.outcome else not answer.any())


class Guards:
    """Finds whether a decision has another result now."""

    graph: Recording
    which: dict[int, int]

    def __init__(self, guards: Sequence[Guard], plan: Plan, inputs: Sequence[int], of_inputs_alone: bool) -> None:
        self.graph = plan.graph
        self.which = {node: i for i, node in enumerate(inputs)}
        together: dict[Any, list[Guard]] = {}
        for guard in guards:
            kinds = tuple([isinstance(x, Value) for x in guard.test.operands()])
            together.setdefault((guard.test.form(), kinds, guard.outcome), []).append(guard)
        self.of_inputs: list[SameGuards] = []  # asked of inputs as they are given
        self.of_derived: list[SameGuards] = []  # asked of what is computed from inputs alone
        self.of_values: list[SameGuards] = []
        for (_, kinds, outcome), members in together.items():
            columns = list(zip(*[guard.test.operands() for guard in members]))
            nodes = [self.graph.numbers(x) if value else None for x, value in zip(columns, kinds)]
            places = [plan.place[found] if found else np().array(x, dtype=float) for x, found in zip(columns, nodes)]
            every = [i for found in nodes if found for i in found]
            given = all(i in self.which for i in every)
            which = [np().array([self.which[i] for i in found]) if found and given else None for found in nodes]
            computed = self.of_derived if of_inputs_alone else self.of_values
            (self.of_inputs if given else computed).append(SameGuards(members[0].test, outcome, nodes, places, which))

    def inputs_hold(self, numbers: Array) -> bool:
        """Tell whether the numbers of all inputs lead to this graph, as far as they alone say."""
        return all(
            asked.holds([places if w is None else numbers[..., w] for w, places in zip(asked.which, asked.places)])
            for asked in self.of_inputs
        )

    def rows_hold(self, rows: Array) -> bool:
        """Tell it of many rows of inputs, for everything that depends on inputs alone."""
        if not self.inputs_hold(rows):
            return False
        known = {node: rows[:, i] for node, i in self.which.items()}
        return all(
            question.holds([
                np().stack([self._computed(i, known) for i in found], axis=-1) if found else places
                for found, places in zip(question.nodes, question.places)
            ])
            for question in self.of_derived
        )  # fmt: skip

    def _computed(self, node: int, known: dict[int, Array]) -> Array:
        ahead = [node]
        while ahead:
            i = ahead[-1]
            missing = [x for x in self.graph.inputs[i] if x not in known]
            if i in known or not missing:
                ahead.pop()
                if i not in known:
                    op, rows = self.graph.ops[i], len(next(iter(known.values())))
                    numbers = [known[x] for x in self.graph.inputs[i]]
                    known[i] = function(op)(*numbers) if op else np().full(rows, self.graph.data[i])
            else:
                ahead += missing
        return known[node]

    def values_hold(self, memory: Array) -> bool:
        """Tell whether what was computed leads to this graph."""
        return all(
            question.holds([memory[x] if found else x for found, x in zip(question.nodes, question.places)])
            for question in (*self.of_derived, *self.of_values)
        )
