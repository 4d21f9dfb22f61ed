"""One recorded graph replayed in the order in which it was recorded: the bits of the engine, value and gradient."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import isfinite
from typing import Any

from ..engine import Value
from .backends import tape
from .backends.straight import functions
from .executable import Ends, RefusedError
from .extra import loops
from .lower.plan import state_size
from .trace.own import DETACH
from .trace.recording import Recording
from .trace.tracked import Guard, Test


class Replay:
    """What `Executable` is, without arrays: the parameters come first in a list of floats."""

    updates_by: tuple[Any, ...] = ()
    shapes: tuple[Any, ...] = ()  # of the inputs that it was recorded with
    kinds: Sequence[tuple[int, type]] = ()  # inputs whose kind the function has seen
    updates = whole_runs = False
    graph: Recording
    nested: Any
    parameters: list[int]
    input_nodes: list[int]
    output_nodes: Sequence[int]
    recorded_guards: Sequence[Guard]
    guards: list[tuple[Test, bool, list[int | None], list[Any]]]
    others: list[Value]
    other_nodes: Sequence[int]
    size: int
    state: int
    memory: array[float]
    data: array[float]
    grads: array[float]
    numbers: list[bool]
    words: Any | None
    straight: Any

    def __init__(self, graph: Recording, ends: Ends, backend: str) -> None:
        self.graph, self.nested = graph, ends.nested
        self.parameters, self.input_nodes, self.output_nodes = ends.parameters, ends.inputs, ends.outputs
        self.recorded_guards = ends.guards
        self.guards = [
            (guard.test, guard.outcome, [graph.number(x) if isinstance(x, Value) else None for x in operands], operands)
            for guard in ends.guards
            for operands in [guard.test.operands()]
        ]
        self.others, self.other_nodes = [graph.nodes[i] for i in ends.others], ends.others
        self.size, self.state = len(self.parameters), state_size(len(self.parameters))
        self.memory = array("d", [graph.data[i] for i in self.parameters] + [0.0] * (self.state - self.size))
        self.data, self.grads = array("d", graph.data), array("d", bytes(8 * len(graph)))
        self.c = loops() if backend != "source" and not graph.choices else None
        if self.c and any(op and op is not DETACH and op.name not in self.c.OPS for op in graph.ops):
            self.c = None  # the learner's own operation
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
        return True

    def read_others(self) -> None:
        """Take over the numbers of leaves that are neither parameters nor inputs."""
        for i, x in zip(self.other_nodes, self.others):
            self.data[i] = x._data

    def run(self, backward: bool = True) -> str:
        """Compute values and gradients, wanted or not. Return what `Executable.run` does."""
        for i, number in zip(self.parameters, self.memory):
            self.data[i] = number
        if not (self._ran() and isfinite(sum(self.data)) and isfinite(sum(self.grads))):
            return "engine"
        self.memory[self.size : 2 * self.size] = array("d", [self.grads[i] for i in self.parameters])
        return "" if self._holds() else "other"

    def set(self, data: Sequence[float], grads: Sequence[float]) -> None:
        """Let the loss, outputs and gradients be these, of each node."""
        self.data[:] = array("d", data)
        self.memory[self.size : 2 * self.size] = array("d", [grads[i] for i in self.parameters])

    def _ran(self) -> bool:
        """Run as fast as can be; tell whether all went well, for else the engine's own operations must say what not."""
        if self.c:
            return bool(self.c.replay(self.data, self.grads, self.words))
        if not self.straight:
            return self._taped()
        data, grads = self.data.tolist(), [0.0]
        try:
            self.straight[0](data)
            if not all(map(isfinite, data)):
                return False
            self.straight[1](data, grads)
        except (ArithmeticError, ValueError, TypeError):
            return False
        self.data[:], self.grads[:] = array("d", data), array("d", grads)
        return all(map(isfinite, grads))

    def _taped(self) -> bool:
        """Run with the engine's own operations; tell whether none of them failed."""
        try:
            data, grads = self.eagerly()
        except (ArithmeticError, ValueError):
            return False
        self.data[:], self.grads[:] = array("d", data), array("d", grads)
        return True

    def _holds(self) -> bool:
        """Tell whether every decision would be the same."""
        return all(
            bool(test.answer(iter([x if i is None else self.data[i] for i, x in zip(nodes, operands)]))) == outcome
            for test, outcome, nodes, operands in self.guards
        )

    def eagerly(self) -> tuple[list[float], list[float]]:
        """Compute with the engine's own operations, which raise what there is to raise."""
        for i, number in zip(self.parameters, self.memory):
            self.data[i] = number
        data = tape.forward(self.graph, self.data)
        return data, tape.backward(self.graph, data)

    def check(self, loss: float, grads: Sequence[float]) -> None:
        """Run once, and refuse if a bit of the loss or of a gradient differs from the engine's."""
        self.run()
        if (self.loss, *self.memory[self.size : 2 * self.size]) != (loss, *grads):
            raise RefusedError(
                f"the replay has the loss {self.loss!r}, and the function itself {loss!r}: it does not compute the "
                "same each time it is called"
            )


def _words(graph: Recording, names: Sequence[str], numbers: Sequence[bool]) -> Any:
    """Return what the loop in C reads: for each node its op, its inputs or -1, and which of them have a gradient."""
    code = {name: i for i, name in enumerate(names)}
    words = array("i", [graph.roots[0]])
    for op, inputs in zip(graph.ops, graph.inputs):
        a, b = (*inputs, -1, -1)[:2]
        learns = [x >= 0 and not numbers[x] for x in (a, b)]
        if op is DETACH:  # maximum(a, a) is a, to the bit
            words.extend([code["maximum"], a, a, 0])
        else:
            words.extend([code[op.name] if op else -1, a, b, learns[0] + 2 * learns[1]])
    return words
