"""One recorded graph replayed in the order in which it was recorded: the bits of the engine, value and gradient."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import isfinite
from typing import Any

from ...engine import Value
from ...ops import ieee, in_ieee
from ..executable import Ends, RefusedError
from ..lower.plan import state_size
from ..trace.inputs import Input
from ..trace.recording import Recording
from . import tape
from .native import loops
from .straight import functions


class Replay:
    """What `Executable` is, without arrays: the parameters come first in a list of floats."""

    updates_by: tuple[Any, ...] = ()
    updates = whole_runs = False

    def __init__(self, graph: Recording, ends: Ends, backend: str) -> None:
        self.graph, self.nested = graph, ends.nested
        self.parameters, self.input_nodes, self.output_nodes = ends.parameters, ends.inputs, ends.outputs
        self.guards = [
            (graph.number(left), sign, graph.number(right) if isinstance(right, Value) else None, right, outcome)
            for left, sign, right, outcome in ends.guards
        ]
        self.size, self.state = len(self.parameters), state_size(len(self.parameters))
        self.memory = array("d", [graph.data[i] for i in self.parameters] + [0.0] * (self.state - self.size))
        self.data, self.grads = array("d", graph.data), array("d", bytes(8 * len(graph)))
        self.c = loops() if backend != "source" and not graph.choices else None
        self.numbers = tape.made_of_numbers(graph, {*ends.inputs} - {*ends.parameters})
        self.words = _words(graph, self.c.OPS, self.numbers) if self.c else None
        self.straight = None if self.c or graph.choices else functions(graph, self.numbers)

    @property
    def loss(self) -> float:
        return self.data[self.graph.roots[0]]

    @property
    def outputs(self) -> list[float]:
        return [self.data[i] for i in self.output_nodes]

    def accept(self, numbers: Sequence[float]) -> bool:
        """Put these numbers into the inputs; tell whether they lead to this graph."""
        for i, number in zip(self.input_nodes, numbers):
            self.data[i] = number
        return self._holds(of_inputs=True)

    def run(self, backward: bool = True) -> bool:
        """Compute values and gradients, wanted or not; tell whether it is this graph that would have been recorded."""
        for i, number in zip(self.parameters, self.memory):
            self.data[i] = number
        if not self._ran():
            with ieee():  # an error may lie on a branch that these numbers do not take
                self.data[:] = array("d", tape.forward(self.graph, self.data))
            if not self._holds(of_inputs=False):
                return False
            self.data[:] = array("d", tape.forward(self.graph, self.data))
            self.grads[:] = array("d", tape.backward(self.graph, self.data, self.numbers))
        self.memory[self.size : 2 * self.size] = array("d", [self.grads[i] for i in self.parameters])
        return self._holds(of_inputs=False)

    def _ran(self) -> bool:
        """Run as fast as can be; tell whether all went well, for else the engine's own operations must say what not."""
        if self.c:
            return bool(self.c.replay(self.data, self.grads, self.words))
        if not self.straight:
            return False
        data, grads = self.data.tolist(), [0.0]
        try:
            self.straight[0](data)
            if not all(map(isfinite, data)) and not in_ieee.get():
                return False
            self.straight[1](data, grads)
        except (ArithmeticError, ValueError, TypeError):
            return False
        self.data[:], self.grads[:] = array("d", data), array("d", grads)
        return all(map(isfinite, grads))

    def _holds(self, of_inputs: bool) -> bool:
        for left, sign, other, right, outcome in self.guards:
            a, b = self.data[left], right if other is None else self.data[other]
            asked_of_input = type(self.graph.nodes[left]) is Input and other is None
            if asked_of_input == of_inputs and getattr(float, sign)(a, b) != outcome:
                return False
        return True

    def eagerly(self) -> tuple[list[float], list[float]]:
        """Compute with the engine's own operations, which raise what there is to raise."""
        for i, number in zip(self.parameters, self.memory):
            self.data[i] = number
        data = tape.forward(self.graph, self.data)
        return data, tape.backward(self.graph, data)

    def check(self, loss: float, grads: Sequence[float]) -> None:
        """Run once, and refuse if a bit of the loss or of a gradient is another than the engine's."""
        self.run()
        if (self.loss, *self.memory[self.size : 2 * self.size]) != (loss, *grads):
            raise RefusedError(
                f"The replay has the loss {self.loss!r}, and the function itself {loss!r}. It does not compute the "
                "same each time it is called: give it its random numbers as inputs."
            )


def _words(graph: Recording, names: Sequence[str], numbers: Sequence[bool]) -> Any:
    """Return what the loop in C reads: for each node its op, its inputs or -1, and which of them have a gradient."""
    code = {name: i for i, name in enumerate(names)}
    words = array("i", [graph.roots[0]])
    for op, inputs in zip(graph.ops, graph.inputs):
        a, b = (*inputs, -1, -1)[:2]
        learns = [x >= 0 and not numbers[x] for x in (a, b)]
        words.extend([code[op.name] if op else -1, a, b, learns[0] + 2 * learns[1]])
    return words
