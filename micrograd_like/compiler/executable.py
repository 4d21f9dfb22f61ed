"""One recorded graph, ready to run on other numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, prod
from typing import Any, NamedTuple

from ..engine import Value
from .backends import BACKENDS, tape
from .backends.native import TooWideError
from .extra import all_finite, numpy as np
from .guards import Guards
from .lower.plan import Plan, Planner, View, state_size
from .trace.recording import Recording
from .trace.tracked import Guard
from .vectorize.lanes import MUL, NEG, find

FORWARD, BACKWARD, UPDATE = 0, 1, 2


class RefusedError(ValueError):
    """The graph cannot be compiled so that it stays right."""


class IrregularError(Exception):
    """Hardly two nodes do the same, and a replay in recorded order is as fast as can be."""


class Ends(NamedTuple):
    """The nodes at which numbers go in and out, by their numbers, and the comparisons that must come out the same.

    `nested` are the outputs as Values, in the lists in which the function returned them.
    """

    parameters: list[int]
    inputs: list[int]
    outputs: Sequence[int] = ()
    guards: Sequence[Guard] = ()
    nested: Any = ()
    others: Sequence[int] = ()  # leaves that are neither parameters nor inputs, and may be set between two calls
    checks: Any = None  # an Executable that decides what is asked of inputs alone


class Executable:
    """The graph of one loss in arrays: a memory of floats, in which the parameters come first."""

    shapes: tuple[Any, ...] = ()  # of the inputs that it was recorded with
    kinds: Sequence[tuple[int, type]] = ()  # inputs whose kind the function has seen
    graph: Recording
    nested: Any
    finite: bool
    accepted: Any
    recorded: Any
    plan: Plan
    size: int
    state: int
    memory: Any
    inputs: Any
    input_nodes: list[int]
    others: list[Value]
    other_places: Any
    output_nodes: list[int]
    output_places: Any
    told: Plan
    choices: list[View]
    recorded_guards: Sequence[Guard]
    guards: Guards
    runner: Any

    def __init__(self, graph: Recording, ends: Ends, theta: Sequence[Any], backend: str) -> None:
        self.graph, self.nested = graph, ends.nested
        self.updates_by: tuple[Any, ...] = ()  # the optimizer that the program can do the step of, and its settings
        self.updates = False
        self.finite, self.accepted = True, None
        self.recorded = np().array(graph.data)
        kept = [graph.number(x) for g in ends.guards for x in g.test.operands() if isinstance(x, Value)]
        kept += [x for _, table, _ in graph.choices.values() for x in table]
        found = find(graph, ends.parameters, [*kept, *ends.outputs])
        if len(found) > max(2000, len(graph) // 4):
            raise IrregularError
        self.plan = Planner(graph, found, ends.parameters, [*ends.inputs, *ends.others], theta).plan()
        self.size, self.state = len(self.plan.parameters), state_size(len(self.plan.parameters))
        self.memory = aligned(self.plan.size)
        for block in self.plan.blocks:
            if block.kind != "lanes":
                numbers = self.recorded[block.nodes]
                self.memory[block.offset : block.offset + block.size] = numbers
        self.inputs, self.input_nodes = self.plan.place[np().array(ends.inputs, dtype=int)], ends.inputs
        self.checks: Executable | None = ends.checks
        self.others = [graph.nodes[i] for i in ends.others]
        self.other_places = self.plan.place[np().array(ends.others, dtype=int)]
        self.output_nodes = [*ends.outputs]
        self.output_places = self.plan.place[np().array(ends.outputs, dtype=int)]
        if (self.output_places < 0).any():
            raise RefusedError(
                "An output is not computed from anything. Return Values beside the loss, not plain numbers."
            )
        self.told = self.plan.without_guards(self.output_places.tolist())
        self.choices = self.plan.choices
        self.recorded_guards = ends.guards
        self.guards = Guards(ends.guards, self.plan, ends.inputs, of_inputs_alone=not ends.parameters)
        lists = self.plan.forward, self.plan.backward
        try:
            self.runner = BACKENDS[backend](self.memory, *lists)
        except TooWideError:
            self.runner = BACKENDS["numpy"](self.memory, *lists)

    @property
    def loss(self) -> float:
        return float(self.memory[self.plan.loss])

    @property
    def outputs(self) -> list[float]:
        return self.memory[self.output_places].tolist()  # type: ignore[no-any-return]

    def accept(self, numbers: Any) -> bool:
        """Put these numbers into the inputs; tell whether they lead to this graph."""
        if numbers is self.accepted:
            return True
        self.accepted = None
        given, numbers = numbers, np().asarray(numbers, dtype=float)
        self.memory[self.inputs] = numbers
        self.finite = all_finite(numbers)  # no flag of the processor tells of an inf that comes in
        if not self.guards.inputs_hold(numbers):
            return False
        if self.checks and not (self.checks.accept(numbers) and not self.checks.run(backward=False)):
            return False
        for view in self.choices:
            view.choose(self.memory)
        if self.choices:
            self.runner.update_lists()
        self.accepted = given
        return True

    def train(self, rows: Any) -> Any:
        """Learn from each row of inputs; return their losses, fewer than rows where something unusual happened."""
        losses, self.accepted = np().zeros(len(rows)), None
        done = self.runner.train(self.inputs, rows, losses, self.plan.loss)
        return losses[:done]

    @property
    def whole_runs(self) -> bool:
        """Whether nothing has to be looked at between two steps."""
        return not (self.choices or self.guards.of_values or self.guards.of_derived)

    def rows_hold(self, rows: Any) -> bool:
        """Tell whether many rows of inputs all lead to this graph."""
        return self.guards.inputs_hold(rows) and (not self.checks or self.checks.guards.rows_hold(rows))

    def read_others(self) -> None:
        """Take over the numbers of leaves that are neither parameters nor inputs."""
        if self.others:
            self.memory[self.other_places] = [x._data for x in self.others]
            self.finite = self.finite and all_finite(self.memory[self.other_places])

    def run(self, backward: bool = True) -> str:
        """Compute values and gradients. Return "", or "other" if another graph would have been recorded.

        "engine" says that something overflowed, divided by 0 or was not finite, which is the engine's business.
        """
        if self.runner.run(FORWARD) or not (self.finite and isfinite(self.memory[self.plan.loss])):
            return "engine"
        if not self.guards.values_hold(self.memory):
            return "other"
        if (backward and self.runner.run(BACKWARD)) or not all_finite(self.memory[: 2 * self.size]):
            return "engine"
        return ""

    def set(self, data: Sequence[float], grads: Sequence[float]) -> None:
        """Let the loss, outputs and gradients be these, of each node."""
        for i in (self.graph.roots[0], *self.output_nodes):
            self.memory[self.plan.place[i]] = data[i]
        self.memory[self.size : 2 * self.size] = [grads[i] for i in self.plan.parameters]

    def eagerly(self) -> tuple[list[float], list[float]]:
        """Compute with the engine's own operations, which raise what there is to raise."""
        leaves = self.recorded.tolist()
        for block in self.plan.blocks:
            if block.kind != "lanes":
                for i, number in zip(
                    block.nodes.tolist(), self.memory[block.offset : block.offset + block.size].tolist()
                ):
                    leaves[i] = number
        for copy, i in self.graph.same.items():
            leaves[copy] = leaves[i]
        data = tape.forward(self.graph, leaves)
        return data, tape.backward(self.graph, data)

    def check(self, loss: float, grads: Sequence[float], tolerance: float = 1e-12) -> None:
        """Run once, and refuse if values or gradients are not those of the engine."""
        with np().errstate(all="ignore"):
            self._check(loss, grads, tolerance)

    def _check(self, loss: float, grads: Sequence[float], tolerance: float) -> None:
        self.runner.run(FORWARD), self.runner.run(BACKWARD)
        sizes = np().zeros(len(self.graph))
        for block in self.plan.blocks:
            eager = self.recorded[block.nodes]
            part = self.memory[block.offset : block.offset + block.size]
            sizes[block.nodes] = self._size(block, sizes)
            self._compare("value", block, part, eager, tolerance * sizes[block.nodes[0]])
        if abs(self.loss - loss) > tolerance * abs(loss):
            raise RefusedError(
                f"the recorded graph has the loss {self.loss}, and the function itself {loss}: it does not compute "
                "the same each time it is called"
            )
        eager = np().array(grads)
        found = self.memory[self.size : 2 * self.size]
        allowed = tolerance * _largest(eager)
        if not (abs(found - eager) <= allowed).all():  # gradients may cancel: measure against what was added up
            allowed = tolerance * max(allowed, max(self._added_up(), default=0.0))
        for block in self.plan.blocks:
            if block.kind == "parameter":
                part = slice(block.offset, block.offset + block.size)
                self._compare("gradient", block, found[part], eager[part], allowed)

    def _added_up(self) -> list[float]:
        """Return, for each parameter, the sum of the sizes of the contributions to its gradient."""
        columns = self.graph.columns
        start, inputs, slopes = columns.start, columns.input, columns.local_grad
        sizes = [0.0] * len(self.graph)
        sizes[self.graph.roots[0]] = 1.0
        for i in range(len(sizes) - 1, -1, -1):
            if sizes[i]:
                for k in range(start[i], start[i + 1]):
                    sizes[inputs[k]] += abs(slopes[k]) * sizes[i] if slopes[k] else 0.0
        return [sizes[i] for i in self.plan.parameters]

    def _size(self, block: Any, sizes: Any) -> float:
        """Return how large the numbers are whose rounding is in an array; `sizes` has that of all nodes before it."""
        size, columns = _largest(self.recorded[block.nodes]), self.graph.columns
        for part in block.lanes.parts if block.lanes else ():
            of = [max(sizes[column.flat[0]], _largest(self.recorded[column])) for column in part.operands]
            if part.op in (None, MUL, NEG):
                size = max(size, part.operands[0].shape[1] * prod(of))
            else:
                first = np().asarray(columns.start)[block.nodes]
                slopes = [_largest(np().asarray(columns.local_grad)[first + i]) for i in range(len(of))]
                size = max(size, *[slope * x for slope, x in zip(slopes, of)])
        return size

    def _compare(self, what: str, block: Any, found: Any, eager: Any, tolerance: float) -> None:
        same = (found == eager) | (abs(found - eager) <= tolerance) | ((found != found) & (eager != eager))
        if same.all():
            return
        i = int(np().flatnonzero(~same)[0])
        node = self.graph.nodes[int(block.nodes[i])]
        made = node.op.name if node.op else "leaf"
        raise RefusedError(
            f"The {what} of lane {i} of {block.size} in the array of {node.label or made!r}, made by {made}, "
            f"came out as {float(found[i])!r}, and the engine has {float(eager[i])!r}. Write compile(..., exact=True), "
            "which keeps the engine's order, and report this graph."
        )


def _largest(numbers: Any) -> float:
    return float(abs(numbers[np().isfinite(numbers)]).max(initial=0.0))


def aligned(size: int) -> Any:
    """Return zeros that start at a multiple of 64 bytes."""
    memory = np().zeros(size + 8)
    skip = -memory.ctypes.data % 64 // 8
    return memory[skip : skip + size]
