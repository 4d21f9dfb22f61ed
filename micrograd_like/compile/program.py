"""A compiled loss: new inputs, gradients, steps and whole trainings at the speed of arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from inspect import signature
from math import isfinite
from random import Random
from typing import Any

from ..capture import collector_off
from ..engine import Value, history
from ..graph import callers_variables, named_values
from ..ops import in_ieee
from ..optim import Optimizer, diverged
from . import exchange
from .algebra import algebra, block_names
from .backends import BACKENDS, best
from .capture import record
from .captured import UPDATE, Captured, Irregular, Refused
from .explanation import Explanation
from .export import Export
from .extra import numpy as np
from .guards import BranchChanged
from .inputs import Chosen, as_inputs, given, joined, numbers, shape
from .plan import MEMORY
from .replay import Replay
from .second import check_again, loss_and_outputs, recorded_call
from .straight import source
from .update import RATE, STEPS, Remembered, instructions

BETWEEN_STEPS = {"remembered", "steps", "epoch", "parameters", "lr"}  # what the update itself does not depend on


class Program:
    """The arrays that were found in a graph of scalars, and what runs them.

    Calling it computes the loss of new inputs, and every parameter's gradient. `print` shows the equations.
    """

    def __init__(self, source: Any, examples: Sequence[Any], parameters: Any, backend: str, exact: bool) -> None:
        self.backend = best() if backend == "auto" else backend
        self.exact = exact or backend == "source"
        if self.backend not in (known := [*BACKENDS, "source"]):
            raise ValueError(f"There is no backend {backend!r} here. Write one of: {', '.join(map(repr, known))}.")
        self.function: Callable[..., Value] | None = None if isinstance(source, Value) else source
        self.wanted = None if parameters is None else list(dict.fromkeys(_flat(parameters)))
        self.parameters: list[Value] = []
        self.variants: dict[Any, list[Captured | Replay]] = {}
        self.optimizer: Optimizer | None = None
        self.steps = -1
        self.fitted: Any = None  # the graph that the last epoch was learnt with, and of which batches
        self.fitted_size = 0
        self.nested: Any = []  # the outputs as Values, in the lists in which the function returned them
        self.inputs: Sequence[Any] = examples
        if self.function is None:
            self.now = self.captured_graph(source, examples)
        else:
            names = [*signature(self.function).parameters]
            self.names = names if len(names) == len(examples) else [f"x{i}" for i in range(len(examples))]
            self.now = self.captured_call(examples)

    # what was recorded

    def captured_graph(self, loss: Value, inputs: Sequence[Any]) -> Captured | Replay:
        """Return the compiled graph of a loss, whose leaves in `inputs` are given anew with each call."""
        nodes = history(loss)
        changed = max([getattr(x, "_changed", 0) for x in nodes if x.op is None], default=0)
        if changed > next((x._born for x in nodes if x.op), changed):
            late = [x for x in nodes if any(getattr(y, "_changed", 0) > x._born for y in x.inputs)]
            if late:
                raise Refused(
                    f"{late[0]!r} was made before one of its inputs was changed. Record the loss again, then compile."
                )
        leaves = list(dict.fromkeys(x for argument in inputs for x in _flat(argument)))
        self.shapes = [shape(argument) for argument in inputs]
        given = set(leaves)
        parameters = self.wanted or _parameters(nodes, given)
        graph = record(loss, also=[*leaves, *parameters])
        made = self.capture(graph, parameters, leaves, [], [], loss.data)
        if not leaves and isinstance(made, Captured):
            order = [i for b in made.plan.blocks if b.kind == "number" for i in b.nodes.tolist()]
            made.inputs, made.input_nodes = made.plan.place[np().array(order, dtype=int)], order
            self.shapes = [b.shape for b in made.plan.blocks if b.kind == "number"]
        self.names = [f"inputs[{i}]" for i in range(len(self.shapes))]
        self.variants[str(self.shapes)] = [made]
        return made

    def captured_call(self, examples: Sequence[Any]) -> Captured | Replay:
        """Run the function on examples, and return what it recorded, compiled."""
        assert self.function
        shapes = str([shape(argument) for argument in examples])
        loss, self.nested, leaves, guards = recorded_call(self.function, examples, self.names)
        outputs = list(_flat(self.nested))
        nodes = history(loss)
        found = self.wanted or self.parameters or _parameters(nodes, set(leaves))
        also = [x for g in guards for x in (g.left, g.right) if isinstance(x, Value)]
        graph = record(loss, also=[*leaves, *also, *found, *outputs])
        found = self.wanted or self.parameters or _parameters(graph.nodes, set(leaves))
        eager, _ = loss_and_outputs(self.function(*examples))
        made = self.capture(graph, found, leaves, guards, outputs, eager.data, eager)
        if not self.variants:
            check_again(self.function, examples, graph, found)
        self.variants.setdefault(shapes, []).append(made)
        return made

    def capture(
        self,
        graph: Any,
        parameters: Sequence[Value],
        leaves: Sequence[Value],
        guards: Any,
        outputs: Sequence[Value],
        loss: float,
        eager: Any = None,
    ) -> Captured | Replay:
        """Compile one graph, and hold it against the engine."""
        number = graph.number
        theta = []
        if self.parameters and not self.exact:
            earliest = next(iter(self.variants.values()))[0]
            assert isinstance(earliest, Captured)
            first = earliest.plan
            theta = [
                np().array([number(first.graph.nodes[i]) for i in b.nodes])
                for b in first.blocks
                if b.kind == "parameter"
            ]
        inputs, places, seen = [[number(x) for x in nodes] for nodes in (leaves, parameters, outputs)]
        made: Captured | Replay
        if not self.exact:
            try:
                made = Captured(graph, places, inputs, guards, theta, seen, self.backend)
            except Irregular:
                self.exact = not self.variants
                if not self.exact:
                    raise Refused(
                        "With these inputs hardly two scalars do the same. Write compile(..., exact=True), which "
                        "replays them one by one."
                    ) from None
        if self.exact:
            made = Replay(graph, places, inputs, guards, seen, self.backend)
            self.parameters = list(parameters)
        elif isinstance(made, Captured):
            self.parameters = self.parameters or [graph.nodes[i] for i in made.plan.parameters]
        root = graph.nodes[graph.roots[0]] if eager is None else eager
        with _gradients_of(root, self.parameters) as grads:
            made.check(loss, grads)
        return made

    # what it computes

    def __call__(self, *inputs: Any) -> float:
        """Compute the loss of these inputs, or of those of before, and put each gradient into its parameter."""
        self.accept(inputs)
        self.run()
        self.write()
        return self.loss

    @property
    def loss(self) -> float:
        """The loss of the last run."""
        return self.now.loss

    def forward(self, *inputs: Any) -> float:
        """Compute the loss of these inputs, and the outputs, but no gradient."""
        self.accept(inputs)
        self.run(backward=False)
        return self.loss

    @property
    def outputs(self) -> Any:
        """What the function returned beside the loss, with the numbers of the last run."""
        return as_inputs(self.nested, self.now.outputs)

    @property
    def gradients(self) -> dict[str, Any]:
        """The gradient of the loss by each array of parameters, under its name in the equations."""
        if isinstance(self.now, Replay):
            return {p.label or f"p[{i}]": p.grad for i, p in enumerate(self.parameters)}
        plan, made = self.now.plan, {}
        for name, block in zip(block_names(plan, self._variables()), plan.blocks):
            if block.kind == "parameter":
                start = block.offset + block.shift
                made[name] = self.now.memory[start : start + block.size].reshape(block.shape).copy()
        return made

    def accept(self, inputs: Sequence[Any]) -> None:
        """Take new inputs, and the parameters as they are now; record again where the graph would be another."""
        if inputs:
            self.inputs = inputs
            found = [given(argument) for argument in inputs]
            shapes = [lengths for _, lengths in found]
            if self.function is None and shapes != self.shapes:
                raise ValueError(
                    f"The program was recorded with inputs of the shapes {self.shapes}, and was given {shapes}. "
                    "Give as many, or compile a function, which is recorded again for each shape."
                )
            flat = joined([part for part, _ in found])
            _check_finite(inputs, self.names, flat)
            self.switch(str(shapes), flat, inputs)
        exchange.read(self.parameters, self.now.memory)

    def switch(self, shapes: str, flat: Any, inputs: Sequence[Any]) -> None:
        """Find or record the graph of these inputs, and hand it the optimizer's numbers."""
        before = self.now
        failed = ""
        for made in self.variants.get(shapes, ()):
            failed = made.accept(flat)
            if not failed:
                break
        else:
            if self.function is None:
                raise BranchChanged(f"The recorded graph does not hold: {failed}. Record it again.")
            made = self.captured_call(inputs)
        if made is not before:
            made.memory[: made.state] = before.memory[: made.state]
            self.now = made
            if self.optimizer and isinstance(self.optimizer.remembered, Remembered):
                self.optimizer.remembered.memory = made.memory  # the numbers have come along
                self.bind(self.optimizer)

    def run(self, backward: bool = True) -> None:
        """Compute; where a comparison now comes out otherwise, record again and compute that."""
        if failed := self.now.run(backward):
            if self.function is None:
                raise BranchChanged(f"The recorded graph does not hold: {failed}. Record it again.")
            before = self.now
            self.now = self.captured_call(self.inputs)
            self.now.memory[: self.now.state] = before.memory[: self.now.state]
            self.now.run(backward)

    def write(self) -> None:
        """Put parameters and gradients of the program into the learner's Values."""
        exchange.write(self.parameters, self.now.memory)

    def graph(self) -> Value:
        """Return the loss as a graph of scalars as of now, with every value and gradient, to draw and to walk."""
        self.accept(())
        if self.function is not None:
            loss, _ = loss_and_outputs(self.function(*self.inputs))
            for p in self.parameters:
                p.grad = 0.0
            loss.backward()
            return loss
        data, grads = self.now.eagerly()
        recorded = self.now.graph
        for i, (node, op) in enumerate(zip(recorded.nodes, recorded.ops)):
            node._data = data[i]
            if not node.constant:
                node.grad = grads[i]
            if op:
                slopes = op.local_grads(data[i], *[data[x] for x in recorded.inputs[i]])
                node.local_grads = tuple([0.0 if x.constant else slope for x, slope in zip(node.inputs, slopes)])
        return recorded.nodes[recorded.roots[0]]

    # how it learns

    def step(self, optimizer: Optimizer, *inputs: Any) -> float:
        """Compute the loss and let the optimizer set the parameters; return the loss before that."""
        self.adopt(optimizer)
        self.accept(inputs)
        self.run()
        loss = self.loss
        if not isfinite(loss):
            raise diverged(f"The loss is {loss}", optimizer)
        if self.bind(optimizer) and isinstance(self.now, Captured):
            self.now.runner.run(UPDATE)
            optimizer.steps = self.steps = self.steps + 1
            self.write()
        else:
            self.write()
            optimizer.step()
            exchange.read(self.parameters, self.now.memory)
        return loss

    def adopt(self, optimizer: Optimizer) -> None:
        """Record again with all parameters of the optimizer, if it has more of them than this loss reaches."""
        if self.function is None or self.optimizer is optimizer:
            return
        if set(self.parameters) < set(optimizer.parameters):
            self.wanted, self.parameters, self.variants = list(optimizer.parameters), [], {}
            self.now = self.captured_call(self.inputs)

    def bind(self, optimizer: Optimizer) -> bool:
        """Take over what the optimizer remembers; tell whether its update is one that the program can do."""
        now = self.now
        if isinstance(now, Replay):
            return False
        memory = optimizer.remembered
        mine = isinstance(memory, Remembered) and memory.memory is now.memory
        settings = {k: v for k, v in vars(optimizer).items() if k not in BETWEEN_STEPS}
        if now.updates_by != (optimizer, settings):
            if set(optimizer.parameters) != set(self.parameters):
                return False
            made = instructions(optimizer, now.size)
            now.updates_by = (optimizer, settings)
            now.updates = made is not None
            if made is not None:
                now.runner.define(UPDATE, made)
        if not now.updates:
            return False
        if not mine or self.steps != optimizer.steps:
            remembered = Remembered(self.parameters, now.memory, optimizer.memory)
            for p in self.parameters:
                remembered[p] = memory[p]
            optimizer.remembered = remembered  # type: ignore[assignment]
            self.optimizer, self.steps = optimizer, optimizer.steps
        hyper = (2 + MEMORY) * now.size
        now.memory[hyper + RATE], now.memory[hyper + STEPS] = optimizer.rate, optimizer.steps
        return True

    def fit(
        self,
        *data: Any,
        optimizer: Optimizer,
        epochs: int = 1,
        batch_size: int | None = None,
        seed: int | None = None,
    ) -> list[float]:
        """Train on the examples, and return the loss of each step before it was made.

        Each epoch deals the examples into batches, shuffled by `seed` if given, as `train.fit` does.
        """
        columns = [argument.tolist() if hasattr(argument, "tolist") else list(argument) for argument in data]
        count = len(columns[0]) if columns else 1
        size, rng = min(batch_size or count, count), Random(seed)
        losses: list[float] = []
        self.fitted = None
        self.adopt(optimizer)
        tables = [] if self.exact else [np().array([numbers(x) for x in column]) for column in columns]
        for epoch in range(epochs):
            optimizer.epoch = epoch
            order = list(range(count))
            if seed is not None:
                rng.shuffle(order)
            batches = [order[start : start + size] for start in range(0, count, size)]
            losses += self._epoch(optimizer, columns, tables, batches)
        return losses

    def _epoch(self, optimizer: Optimizer, columns: Any, tables: Any, batches: list[list[int]]) -> list[float]:
        """Make a step with each batch: those of one size by the backend alone, where nothing has to be looked at."""
        losses: list[float] = []
        size = len(batches[0])
        whole = [batch for batch in batches if len(batch) == size]
        first = [[column[i] for i in whole[0]] for column in columns]
        if self.fitted is self.now and self.fitted_size == size:
            exchange.read(self.parameters, self.now.memory)
        else:
            self.accept(first)
        self.fitted, self.fitted_size = self.now, size
        if self.now.whole_runs and self.bind(optimizer) and isinstance(self.now, Captured):
            chosen = np().array(whole)
            rows = np().concatenate([table[chosen].reshape(len(whole), -1) for table in tables], axis=1)
            if not self.now.guards.fail_for(self.now.memory, self.now.inputs, rows):
                losses = self.now.train(rows).tolist()
                self.steps = optimizer.steps = optimizer.steps + len(losses)
                self.write()
        for batch in batches[len(losses) :]:
            losses.append(self.step(optimizer, *[[column[i] for i in batch] for column in columns]))
        return losses

    # where else it runs

    def to_jax(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        """Return a pure function (parameters, *inputs) -> loss for JAX to jit, derive and shard; and the parameters."""
        return Export(self.now, self._variables(), [shape(x) for x in self.inputs]).to_jax()

    def to_torch(self) -> Any:
        """Return a torch.nn.Module whose forward(*inputs) is the loss, with the same weights in float64."""
        return Export(self.now, self._variables(), [shape(x) for x in self.inputs]).to_torch()

    def to_onnx(self) -> Any:
        """Return an onnx.ModelProto from the inputs to the loss, for onnxruntime and Netron."""
        return Export(self.now, self._variables(), [shape(x) for x in self.inputs]).to_onnx(self.names)

    # what it shows

    def _variables(self) -> dict[Value, str]:
        return named_values(callers_variables(), {*self.parameters})

    def explain(self) -> Explanation:
        """Say which scalars became which array; `.picture` is the folded graph, which a notebook shows."""
        if isinstance(self.now, Replay):
            raise Refused("An exact program has no arrays to explain. Compile without exact=True.")
        return Explanation(self.now.plan, self._variables())

    def __str__(self) -> str:
        if isinstance(self.now, Replay):
            return source(self.now.graph)
        return algebra(self.now.plan, self._variables())

    def __repr__(self) -> str:
        if isinstance(self.now, Replay):
            return f"<Program of {len(self.now.graph)} scalars in the recorded order>"
        arrays = sum([block.kind == "lanes" for block in self.now.plan.blocks])
        return f"<Program of {arrays} arrays for {len(self.now.graph)} scalars, on {self.backend}>"


def compile(
    loss: Any,
    *examples: Any,
    inputs: Sequence[Any] = (),
    parameters: Any = None,
    backend: str = "auto",
    exact: bool = False,
) -> Program:
    """Find the arrays in a recorded loss, or in what a function records on examples; return them as a program.

    `loss` is a Value, whose leaves in `inputs` (nested lists of Values) are given anew with each call; or a function
    of the `examples`, which is run on Values in the place of their numbers; what it returns beside the loss, as in
    `return loss, outputs`, is `program.outputs` after each run. Parameters are those of the networks
    that take part, or all leaves that are not inputs, unless given. exact=True, and the backend "source", replay in
    the recorded order, with the bits of the engine.

    >>> from micrograd_like import MLP, losses
    >>> model = MLP(2, [3, 1], activation="tanh")
    >>> def loss(X, y):
    ...     return losses.mse([model(x) for x in X], y)
    >>> program = compile(loss, [[0.0, 1.0], [1.0, 0.5], [1.0, 1.0]], [0.0, 1.0, 1.0])
    >>> print(program)
    Z1 = X @ W1.T + b1   3×3
    A1 = tanh(Z1)        3×3
    ŷ = A1 @ w2 + b2     3
    v1 = ŷ - y           3
    v2 = sum(v1 ** 2)
    v3 = v2 / 3
    """
    with collector_off():
        return Program(loss, examples or inputs, parameters, backend, exact)


def _flat(parts: Any) -> Iterator[Value]:
    if isinstance(parts, Value):
        yield parts
    elif hasattr(parts, "parameters"):
        yield from parts.parameters()
    else:
        for part in parts:
            yield from _flat(part)


def _parameters(nodes: Sequence[Value], inputs: set[Value]) -> list[Value]:
    leaves = [x for x in nodes if x.op is None and not x.constant and x not in inputs and type(x) is not Chosen]
    return [x for x in leaves if getattr(x, "parameter", False)] or leaves


def _check_finite(inputs: Sequence[Any], names: Sequence[str], flat: Any) -> None:
    if in_ieee.get() or not ((flat != flat).any() if hasattr(flat, "any") else any(x != x for x in flat)):
        return

    def find(name: str, part: Any) -> Iterator[str]:
        if hasattr(part, "__len__"):
            for i, x in enumerate(part):
                yield from find(f"{name}[{i}]", x)
        elif part != part:
            yield name

    where = next(place for name, argument in zip(names, inputs) for place in find(name, argument))
    raise ValueError(f"{where} is nan, and so would be everything. Correct it, or leave that example out.")


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
