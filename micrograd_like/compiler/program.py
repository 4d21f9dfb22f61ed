"""A compiled loss: new inputs, gradients, steps and whole trainings at the speed of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite, prod
from random import Random
from typing import Any

from .. import engine
from ..engine import Value
from ..graph.columns import collector_off
from ..graph.names import callers_variables, named_values, variables_of
from ..optim import Optimizer, diverged
from .backends import exchange
from .backends.replay import Replay
from .backends.straight import source
from .executable import UPDATE, Executable, RefusedError
from .export.arrays import Export
from .extra import numpy as np
from .lower.plan import MEMORY
from .printing.algebra import algebra
from .printing.explanation import Explanation
from .printing.naming import parameter_arrays
from .recorder import Recorder
from .trace.calls import eager_loss
from .trace.inputs import as_inputs, check_finite, given, joined, shape
from .update import RATE, STEPS, Remembered, instructions

AT_ONCE = 2**18  # numbers of examples that the backend is handed in one call
# What the update itself does not depend on.
BETWEEN_STEPS = {"remembered", "steps", "epoch", "parameters", "schedule", "passes"}


class Program(Recorder):
    """The arrays that were found in a graph of scalars, and what runs them.

    Calling it computes the loss of new inputs, and every parameter's gradient. `print` shows the equations.
    """

    def __init__(self, source: Any, examples: Sequence[Any], parameters: Any, backend: str, exact: bool) -> None:
        super().__init__(parameters, backend, exact)
        self.optimizer: Optimizer | None = None
        self.steps = -1
        self.fitted: Any = None  # the graph that the last epoch was learnt with, and of which batches
        self.fitted_size = 0
        self.inputs: Sequence[Any] = examples
        self.now = self.captured_graph(source, examples) if isinstance(source, Value) else self.record(source, examples)

    # what it computes

    def __call__(self, *inputs: Any) -> float:
        """Compute the loss of these inputs, or of those of before, and put each gradient into its parameter."""
        self.accept(inputs)
        self.run()
        self.write()
        engine.passes[0] += 1
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
        return as_inputs(self.now.nested, self.now.outputs)

    @property
    def gradients(self) -> dict[str, Any]:
        """The gradient of the loss by each array of parameters, under its name in the equations."""
        if isinstance(self.now, Replay):
            return {p.label or f"p[{i}]": p.grad for i, p in enumerate(self.parameters)}
        memory, size = self.now.memory, self.now.size  # the gradients lie behind the parameters
        return {
            name: memory[size + offset : size + offset + prod(shape)].reshape(shape).copy()
            for name, offset, shape in parameter_arrays(self.now.plan, self._variables())
        }

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
            check_finite(inputs, self.names, flat)
            self.switch(str(shapes), flat, inputs)
        exchange.read(self.parameters, self.now.memory)

    def switch(self, shapes: str, flat: Any, inputs: Sequence[Any]) -> None:
        """Find or record the graph of these inputs."""
        for made in self.variants.get(shapes, ()):
            if made.accept(flat):
                break
        else:
            made = self.captured_call(inputs)
        if made is not self.now:
            self.become(made)

    def become(self, made: Executable | Replay) -> None:
        """Go on with this graph, and hand it the parameters and the optimizer's numbers."""
        made.memory[: made.state] = self.now.memory[: made.state]
        self.now = made
        if self.optimizer and isinstance(self.optimizer.remembered, Remembered):
            self.optimizer.remembered.memory = made.memory  # the numbers have come along
            self.bind(self.optimizer)

    def run(self, backward: bool = True) -> None:
        """Compute; where a comparison now comes out otherwise, record again and compute that."""
        if not self.now.run(backward):
            self.become(self.captured_call(self.inputs))
            self.now.run(backward)

    def write(self) -> None:
        """Put parameters and gradients of the program into the learner's Values."""
        exchange.write(self.parameters, self.now.memory)

    def graph(self) -> Value:
        """Return the loss as a graph of scalars as of now, with every value and gradient, to draw and to walk."""
        self.accept(())
        if self.function is not None:
            loss = eager_loss(self.function, self.inputs, self.names)
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
        if self.bind(optimizer) and isinstance(self.now, Executable):
            self.now.runner.run(UPDATE)
            optimizer.steps = self.steps = self.steps + 1
            self.write()
        else:
            self.write()
            engine.passes[0] += 1
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
        now.memory[hyper + RATE], now.memory[hyper + STEPS] = optimizer.lr, optimizer.steps
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
        tables = [] if self.exact else [np().asarray(given(column)[0]).reshape(count, -1) for column in columns]
        even = not (count % size or callable(optimizer.schedule))  # then several epochs are learnt like one
        together = max(1, AT_ONCE // sum([table.size for table in tables] or [AT_ONCE])) if even else 1
        for first in range(0, epochs, together):
            batches = []
            for epoch in range(first, min(first + together, epochs)):
                optimizer.epoch = epoch
                order = list(range(count))
                if seed is not None:
                    rng.shuffle(order)
                batches += [order[start : start + size] for start in range(0, count, size)]
            losses += self._learn(optimizer, columns, tables, batches)
        return losses

    def _learn(self, optimizer: Optimizer, columns: Any, tables: Any, batches: list[list[int]]) -> list[float]:
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
        if self.now.whole_runs and self.bind(optimizer) and isinstance(self.now, Executable):
            chosen = np().array(whole)
            rows = np().concatenate([table[chosen].reshape(len(whole), -1) for table in tables], axis=1)
            if self.now.guards.inputs_hold(rows):
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
        """Return a torch.nn.Module whose forward(*inputs) is the loss, with the same weights in float64.

        Where the program begins with a stack of layers, `.network` is it as a torch.nn.Sequential, which predicts.
        """
        return Export(self.now, self._variables(), [shape(x) for x in self.inputs]).to_torch()

    def to_onnx(self) -> Any:
        """Return an onnx.ModelProto from the inputs to the loss, for onnxruntime and Netron."""
        return Export(self.now, self._variables(), [shape(x) for x in self.inputs]).to_onnx(self.names)

    # what it shows

    def _variables(self) -> dict[Value, str]:
        return named_values(variables_of(self.function) | callers_variables(), {*self.parameters})

    def explain(self) -> Explanation:
        """Say which scalars became which array; `.picture` is the folded graph, which a notebook shows."""
        if isinstance(self.now, Replay):
            raise RefusedError("An exact program has no arrays to explain. Compile without exact=True.")
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
