"""A compiled loss: new inputs, gradients, steps and whole trainings at the speed of arrays."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from math import isfinite, prod
from pathlib import Path
from random import Random
from typing import Any, Literal

from .. import engine
from ..engine import Value
from ..graph.columns import collector_off
from ..graph.names import callers_variables, named_values, variables_of
from ..optim import Optimizer, diverged
from .backends import exchange
from .backends.straight import source
from .computing import Computer, due, release
from .executable import UPDATE, Executable, RefusedError
from .export import to_jax, to_onnx, to_source, to_torch
from .export.arrays import Export
from .extra import numpy as np
from .leaves import with_numbers
from .lower.plan import MEMORY
from .printing.algebra import algebra
from .printing.explanation import Equations
from .printing.naming import parameter_arrays
from .printing.stages import stages
from .recorder import MET
from .replay import Replay
from .trace.inputs import given, numbers_of, shape
from .update import RATE, STEPS, Remembered, instructions

IN_ONE_CALL = 2**18  # numbers of examples that the backend is handed in one call
# What the update itself does not depend on.
BETWEEN_STEPS = dict.fromkeys(["remembered", "steps", "epoch", "parameters", "schedule", "passes"])


class Program(Computer):
    """The arrays that were found in a graph of scalars, and what runs them.

    Calling it computes the loss of new inputs, and every parameter's gradient. `print` shows the equations. What
    cannot be compiled so that it stays right is run by the engine; `reason` then says why.
    """

    waiting: bool

    def __init__(self, source: Any, examples: Sequence[Any], parameters: Any, backend: str, exact: bool) -> None:
        super().__init__(parameters, backend, exact)
        self.inputs = examples
        if isinstance(source, Value):
            self._now = self.captured_graph(source, examples)
        else:
            self._now = self.first_call(source, examples)
        if self.reason:
            warnings.warn(f"compile leaves this to the engine: {self.reason}.", stacklevel=3)
        elif self.others:
            warnings.warn(self._without_gradient(), stacklevel=3)

    # what it computes

    def __call__(self, *inputs: Any) -> float:
        """Compute the loss of these inputs, or of those of before, and set the gradient of each parameter to it."""
        with self.lock:
            if self.compute(inputs):
                self.write()
                engine.passes[0] += 1
            return self.loss

    @property
    def loss(self) -> float:
        """The loss of the last run."""
        return self.engine[0] if self.engine else self.now.loss

    def forward(self, *inputs: Any) -> float:
        """Compute the loss of these inputs, and the outputs, but no gradient."""
        with self.lock:
            self.compute(inputs, backward=False)
            return self.loss

    @property
    def outputs(self) -> Any:
        """What the function returned beside the loss, with the numbers of the last run."""
        if self.engine:
            outputs = self.engine[1]
            return with_numbers(outputs, iter([x._data for x in numbers_of(outputs) if isinstance(x, Value)]))
        return with_numbers(self.now.nested, iter(self.now.outputs))

    @property
    def gradients(self) -> dict[str, Any]:
        """The gradient of the loss by each array of parameters, under its name in the equations."""
        if self.reason or not isinstance(self.now, Executable):
            return {p.label or f"p[{i}]": p.grad for i, p in enumerate(self.parameters)}
        grads = np().array([p.grad for p in self.parameters])
        return {
            name: grads[offset : offset + prod(shape)].reshape(shape)
            for name, offset, shape in parameter_arrays(self.now.told, self._variables())
        }

    def graph(self) -> Value:
        """Return the loss as a graph of scalars as of now, with every value and gradient, to draw and to walk."""
        if self.function is not None:
            loss, _ = self.engine_call(self.inputs)
            self._backward(loss)
            return loss
        exchange.read(self.parameters, self.now.memory)
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
        with self.lock:
            if self.adopted is not optimizer:
                self.adopt(optimizer)
            compiled = self.compute(inputs)
            loss = self.loss
            if not isfinite(loss):
                raise diverged(f"The loss is {loss}", optimizer)
            if compiled and isinstance(self.now, Executable) and self.bind(optimizer):
                self.now.runner.run(UPDATE)
                optimizer.steps = self.steps = self.steps + 1
                self.write()
            else:
                if compiled:
                    self.write()
                    engine.passes[0] += 1
                release(optimizer)  # what the program remembers of parameters one by one takes long
                if compiled or not exchange.stepped(optimizer):
                    optimizer.step()
                if compiled:
                    exchange.read(self.parameters, self.now.memory)
            return loss

    def adopt(self, optimizer: Optimizer) -> None:
        """Record again with all parameters of the optimizer, if it has more of them than this loss reaches."""
        if self.function is None or self.optimizer is optimizer:
            return
        self.adopted = optimizer
        if set(self.parameters) < set(optimizer.parameters):
            self.forget()
            self.wanted = self.parameters = list(optimizer.parameters)

    def bind(self, optimizer: Optimizer) -> bool:
        """Take over what the optimizer remembers; tell whether its update is one that the program can do."""
        now = self.now
        if isinstance(now, Replay):
            return False
        if self.optimizer and self.optimizer is not optimizer:
            release(self.optimizer)
        memory = optimizer.remembered
        mine = isinstance(memory, Remembered) and memory.memory is now.memory
        settings = {**vars(optimizer), **BETWEEN_STEPS, "frozen": exchange.frozen(optimizer.parameters)}
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
        with self.lock:
            return self._fit(data, optimizer, epochs, batch_size, seed)

    def _fit(
        self, data: Sequence[Any], optimizer: Optimizer, epochs: int, batch_size: int | None, seed: int | None
    ) -> list[float]:
        columns = [*map(as_list, data)]
        count = len(columns[0]) if columns else 1
        size, rng = min(batch_size or count, count), None if seed is None else Random(seed)
        losses: list[float] = []
        self.fitted = None
        self.adopt(optimizer)
        tables = [] if self.exact else [np().asarray(given(column)[0]).reshape(count, -1) for column in columns]
        self.waiting = self.waiting and not self.account.pays_by_fit(epochs * -(-count // size))
        together = 1
        if not (count % size or callable(optimizer.schedule)):  # then several epochs are learnt like one
            together = max(1, IN_ONE_CALL // sum([table.size for table in tables] or [IN_ONE_CALL]))
        for first in range(0, epochs, together):
            batches = []
            for epoch in range(first, min(first + together, epochs)):
                optimizer.epoch = epoch
                batches += dealt(count, size, rng)
            losses += self._learn(optimizer, columns, tables, batches)
        if self.fitted is not None and self.fitted is not self._now:  # the last batch may have been a smaller one
            self.become(self.fitted)
            self.inputs, self.given = [[column[i] for i in range(size)] for column in columns], None
        return losses

    def _learn(self, optimizer: Optimizer, columns: Any, tables: Any, batches: list[list[int]]) -> list[float]:
        """Make a step with each batch: those of one size by the backend alone, where nothing has to be looked at."""
        losses: list[float] = []
        size = len(batches[0])
        whole = [batch for batch in batches if len(batch) == size]
        first = [[column[i] for i in whole[0]] for column in columns]
        if len(whole) > MET:  # it is worth a graph
            self.seen[tuple([shape(part) for part in first])] = MET
        arrays = not (self.reason or self.waiting) and self._ready(first, size) and self.bind(optimizer)
        if arrays and isinstance(self.now, Executable):
            chosen = np().array(whole)
            rows = np().concatenate([table[chosen].reshape(len(whole), -1) for table in tables], axis=1)
            if self.now.whole_runs and np().isfinite(rows).all() and self.now.rows_hold(rows):
                losses = self.now.train(rows).tolist()
                self.engine = None
                self.steps = optimizer.steps = optimizer.steps + len(losses)
                self.calls, before = self.calls + len(losses), self.calls
                self.uses += len(losses)
                self.account.by_arrays(len(losses), inside=True)
                self.write()
                if losses and self.function and self._audit_due(before):
                    self._audit_batch([[column[i] for i in whole[len(losses) - 1]] for column in columns])
        for batch in batches[len(losses) :]:
            losses.append(self.step(optimizer, *[[column[i] for i in batch] for column in columns]))
        return losses

    def _ready(self, first: list[Any], size: int) -> bool:
        """Tell whether there is a graph for batches of this size, with the parameters in it."""
        if self.fitted is not None and self.fitted is self._now and self.fitted_size == size and self._world():
            exchange.read(self.parameters, self.now.memory)
            self.now.read_others()
            return True
        self.inputs = first
        if self._found(first, backward=False) is None:
            return False
        self.fitted, self.fitted_size = self.now, size
        return True

    def _audit_due(self, before: int) -> bool:
        """Tell whether the engine is to run after many steps at once, between which no code of the learner ran.

        A sealed function is compared once the calls are four times those of the last comparison, as an audit takes as
        long as hundreds of steps; any other one whenever a call was due.
        """
        if self.sealed:
            return self.calls >= 4 * self.agreed
        return any(due(call, sealed=False) for call in range(before + 1, self.calls + 1))

    def _audit_batch(self, batch: list[Any]) -> None:
        """Compare with the engine on one batch, with the parameters as they are now."""
        self.inputs = batch
        if self._found(batch, backward=True):
            self.audit()

    # where else it runs

    def _export(self) -> Export:
        self._same_way_for_all()
        exchange.read(self.parameters, self.now.memory)
        return Export(self.now, self._variables(), self.now.shapes)

    def _same_way_for_all(self) -> None:
        """Refuse to export one branch of several."""
        for guard in self.now.recorded_guards:
            if not guard.check:
                raise RefusedError(
                    f"The function decides by its numbers{guard.line}, and an export would go one way for good. "
                    "Write the decision as an operation, such as maximum(a, b) or relu(a)."
                )

    def to_jax(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        """Return a pure function (parameters, *inputs) -> loss for JAX to differentiate, and the parameters."""
        return to_jax.function(self._export())

    def to_torch(self) -> Any:
        """Return a torch.nn.Module whose forward(*inputs) is the loss, with the same weights in float64.

        Where the program begins with a stack of layers, `.network` is it as a torch.nn.Sequential, which predicts.
        """
        return to_torch.module(self._export())

    def to_onnx(self) -> Any:
        """Return an onnx.ModelProto from the inputs to the loss, for onnxruntime and Netron."""
        return to_onnx.model(self._export(), self.names)

    def save(self, path: str | Path) -> Path:
        """Write it as a file that runs alone: "step.py" needs NumPy, "step.c" a C compiler. Return the file's path.

        The first has a function step(*inputs, rate) and the gradients; the second a main that trains on a CSV. Both
        begin with the parameters as they are now. Raises RefusedError where the function decides by its numbers.
        """
        self._same_way_for_all()
        exchange.read(self.parameters, self.now.memory)
        if isinstance(self.now, Replay):
            raise RefusedError("An exact program has no arrays to save. Compile without exact=True.")
        return to_source.save(self.now, path, self._variables(), self.names)

    # what it shows

    def stages(self) -> str:
        """Return what each stage of the compiler made of it: trace, decisions, groups, loops and equations."""
        if isinstance(self.now, Replay):
            raise RefusedError("An exact program has no stages. Compile without exact=True.")
        return stages(self.now.plan, self.now.recorded_guards, self._variables())

    def _variables(self) -> dict[Value, str]:
        return named_values(variables_of(self.function) | callers_variables(), {*self.parameters})

    def explain(self) -> Equations:
        """Say which scalars became which array; `.picture` is the folded graph, which a notebook shows."""
        if isinstance(self.now, Replay):
            raise RefusedError("An exact program has no arrays to explain. Compile without exact=True.")
        return Equations(self.now.told, self._variables())

    def __str__(self) -> str:
        if self.reason and self._now is None:
            return f"The engine runs this function, because {self.reason}."
        if isinstance(self.now, Replay):
            return source(self.now.graph)
        return algebra(self.now.told, self._variables())

    def _repr_html_(self) -> str | None:
        return self.explain()._repr_html_() if not self.reason and isinstance(self.now, Executable) else None

    def __repr__(self) -> str:
        if self.reason and self._now is None:
            return f"<Program run by the engine, because {self.reason}>"
        if isinstance(self.now, Replay):
            return f"<Program of {len(self.now.graph)} scalars in the recorded order>"
        arrays = sum([block.kind == "lanes" for block in self.now.told.blocks])
        return f"<Program of {arrays} arrays for {len(self.now.graph)} scalars, on {self.backend}>"


def as_list(column: Any) -> list[Any]:
    return column.tolist() if hasattr(column, "tolist") else list(column)


def dealt(count: int, size: int, rng: Random | None) -> list[list[int]]:
    """Return the places of `count` examples in batches of `size`, shuffled by `rng` if there is one."""
    order = list(range(count))
    if rng:
        rng.shuffle(order)
    return [order[start : start + size] for start in range(0, count, size)]


# A function of so many examples, spelled out, so that an editor knows the operands of a lambda.
LossFunction = (
    Callable[[], Any]
    | Callable[[Any], Any]
    | Callable[[Any, Any], Any]
    | Callable[[Any, Any, Any], Any]
    | Callable[[Any, Any, Any, Any], Any]
)


def compile(
    loss: Value | LossFunction,
    *examples: Any,
    inputs: Sequence[Any] = (),
    parameters: Any = None,
    backend: Literal["auto", "native", "numpy", "source"] = "auto",
    exact: bool = False,
) -> Program:
    """Find the arrays in a recorded loss, or in what a function records on examples; return them as a program.

    `loss` is a Value, whose leaves in `inputs` (nested lists of Values) are given anew with each call; or a function
    of the `examples`, which is run on Values instead of their numbers; what it returns beside the loss, as in
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
