"""The recording half of a program: each graph that a loss turns out to have, compiled and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from inspect import signature
from typing import Any

from ..engine import Value, topological_order
from .backends import BACKENDS, best
from .backends.replay import Replay
from .executable import Ends, Executable, IrregularError, RefusedError
from .extra import numpy as np
from .trace.calls import check_again, eager_loss, recorded_call
from .trace.inputs import Chosen, shape
from .trace.recording import Recording, record


class Recorder:
    """Records a loss, given as a graph or as a function, and keeps a `variant` for each graph and shape of inputs."""

    def __init__(self, parameters: Any, backend: str, exact: bool) -> None:
        self.backend = best() if backend == "auto" else backend
        self.exact = exact or backend == "source"
        if self.backend not in (known := [*BACKENDS, "source"]):
            raise ValueError(f"There is no backend {backend!r} here. Write one of: {', '.join(map(repr, known))}.")
        self.wanted = None if parameters is None else list(dict.fromkeys(flat(parameters)))
        self.parameters: list[Value] = []
        self.variants: dict[str, list[Executable | Replay]] = {}
        self.function: Callable[..., Any] | None = None

    def record(self, function: Callable[..., Any], examples: Sequence[Any]) -> Executable | Replay:
        """Return the compiled graph of a function, whose arguments are given anew with each call."""
        if not callable(function):
            raise TypeError(
                f"compile was given {function!r:.60}. Give it a loss, one Value, or a function that returns one."
            )
        self.function, names = function, [*signature(function).parameters]
        self.names = names if len(names) == len(examples) else [f"x{i}" for i in range(len(examples))]
        return self.captured_call(examples)

    def captured_graph(self, loss: Value, inputs: Sequence[Any]) -> Executable | Replay:
        """Return the compiled graph of a loss, whose leaves in `inputs` are given anew with each call."""
        nodes = topological_order(loss)
        changed = max([getattr(x, "_changed", 0) for x in nodes if x.op is None], default=0)
        if changed > next((x._born for x in nodes if x.op), changed):
            late = [x for x in nodes if any(getattr(y, "_changed", 0) > x._born for y in x.inputs)]
            if late:
                raise RefusedError(
                    f"{late[0]!r} was made before one of its inputs was changed. Record the loss again, then compile."
                )
        leaves = list(dict.fromkeys(x for argument in inputs for x in flat(argument)))
        self.shapes = [shape(argument) for argument in inputs]
        given = set(leaves)
        parameters = self.wanted or _parameters(nodes, given)
        graph = record(loss, also=[*leaves, *parameters])
        made = self.capture(graph, Ends(graph.numbers(parameters), graph.numbers(leaves)), loss.data)
        if not leaves and isinstance(made, Executable):
            order = [i for b in made.plan.blocks if b.kind == "number" for i in b.nodes.tolist()]
            made.inputs, made.input_nodes = made.plan.place[np().array(order, dtype=int)], order
            self.shapes = [b.shape for b in made.plan.blocks if b.kind == "number"]
        self.names = [f"inputs[{i}]" for i in range(len(self.shapes))]
        self.variants[str(self.shapes)] = [made]
        return made

    def captured_call(self, examples: Sequence[Any]) -> Executable | Replay:
        """Run the function on examples, and return what it recorded, compiled."""
        assert self.function
        shapes = str([shape(argument) for argument in examples])
        loss, nested, leaves, guards = recorded_call(self.function, examples, self.names)
        outputs, compared = list(flat(nested)), [x for g in guards for x in (g.left, g.right) if isinstance(x, Value)]
        graph = record(loss, also=[*leaves, *compared, *(self.wanted or self.parameters), *outputs])
        found = self.wanted or self.parameters or _parameters(graph.nodes, set(leaves))
        eager = eager_loss(self.function, examples, self.names)
        ends = Ends(graph.numbers(found), graph.numbers(leaves), graph.numbers(outputs), guards, nested)
        made = self.capture(graph, ends, eager.data, eager)
        if not self.variants:
            check_again(self.function, examples, graph, found)
        self.variants.setdefault(shapes, []).append(made)
        return made

    def capture(self, graph: Recording, ends: Ends, loss: float, eager: Any = None) -> Executable | Replay:
        """Compile one graph, and hold it against the engine."""
        made: Executable | Replay
        if not self.exact:
            try:
                made = Executable(graph, ends, self._arrays(graph), self.backend)
            except IrregularError:
                self.exact = not self.variants
                if not self.exact:
                    raise RefusedError(
                        "With these inputs hardly two scalars do the same. Write compile(..., exact=True), which "
                        "replays them one by one."
                    ) from None
        if self.exact:
            made = Replay(graph, ends, self.backend)
            self.parameters = [graph.nodes[i] for i in ends.parameters]
        elif isinstance(made, Executable):
            self.parameters = self.parameters or [graph.nodes[i] for i in made.plan.parameters]
        root = graph.nodes[graph.roots[0]] if eager is None else eager
        with _gradients_of(root, self.parameters) as grads:
            made.check(loss, grads)
        return made

    def _arrays(self, graph: Recording) -> list[Any]:
        """Return the arrays of parameters of the first graph, in which every other one must have them too."""
        if not self.parameters:
            return []
        earliest = next(iter(self.variants.values()))[0]
        assert isinstance(earliest, Executable)
        first = earliest.plan
        blocks = [b for b in first.blocks if b.kind == "parameter"]
        return [np().array(graph.numbers([first.graph.nodes[i] for i in b.nodes])) for b in blocks]


def flat(parts: Any) -> Iterator[Value]:
    if isinstance(parts, Value):
        yield parts
    elif hasattr(parts, "parameters"):
        yield from parts.parameters()
    else:
        for part in parts:
            yield from flat(part)


def _parameters(nodes: Sequence[Value], inputs: set[Value]) -> list[Value]:
    leaves = [x for x in nodes if x.op is None and not x.constant and x not in inputs and type(x) is not Chosen]
    return [x for x in leaves if getattr(x, "parameter", False)] or leaves


@contextmanager
def _gradients_of(loss: Value, parameters: Sequence[Value]) -> Iterator[list[float]]:
    """Give the engine's gradients, and leave those that are there as they were."""
    before = [p.grad for p in parameters]
    for p in parameters:
        p.grad = 0.0
    try:
        loss.backward()
        yield [p.grad for p in parameters]
    finally:
        for p, grad in zip(parameters, before):
            p.grad = grad
