"""A compiled loss: new inputs, gradients, steps and whole trainings at the speed of arrays."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Sequence
from math import isfinite, prod
from random import Random
from typing import Any, Literal

from .. import engine
from ..engine import Value
from ..graph.columns import collector_off
from ..graph.names import callers_variables, named_values, variables_of
from ..optim import Optimizer, diverged
from .backends import exchange
from .backends.straight import source
from .executable import UPDATE, Executable, RefusedError
from .export import to_jax, to_onnx, to_torch
from .export.arrays import Export
from .extra import numpy as np, ordinary
from .lower.plan import MEMORY
from .printing.algebra import algebra
from .printing.explanation import Explanation
from .printing.naming import parameter_arrays
from .recorder import MET, Recorder, gradients_of, with_numbers
from .replay import Replay
from .trace.calls import difference
from .trace.inputs import check_finite, given, has_large_whole, held_as, joined, numbers, numbers_of, shape
from .trace.watch import tracer
from .trace.world import World
from .update import RATE, STEPS, Remembered, instructions

PATIENCE = 8  # calls in a row for which no graph was right; then the graphs are tried more rarely
AT_ONCE = 2**18  # numbers of examples that the backend is handed in one call
# What the update itself does not depend on.
BETWEEN_STEPS = dict.fromkeys(["remembered", "steps", "epoch", "parameters", "schedule", "passes"])


class AuditError(RuntimeError):
    """The compiled program no longer computes what the engine does: something that it cannot see has changed."""


class Program(Recorder):
    """The arrays that were found in a graph of scalars, and what runs them.

    Calling it computes the loss of new inputs, and every parameter's gradient. `print` shows the equations. What
    cannot be compiled so that it stays right is run by the engine; `reason` then says why.
    """

    lock: Any
    steps: int
    missed: int
    calls: int
    agreed: int
    fitted_size: int
    ran: Any
    uses: int
    parameters: list[Value]
    wanted: Any

    def __init__(self, source: Any, examples: Sequence[Any], parameters: Any, backend: str, exact: bool) -> None:
        super().__init__(parameters, backend, exact)
        self.lock = threading.RLock()
        self.optimizer: Optimizer | None = None
        self.steps = -1
        self.missed = 0  # calls in a row that were the engine's
        self.reached: tuple[Any, int, list[Value]] | None = None  # Values that the function reaches, but parameters
        self.calls = self.agreed = 0  # until which call the engine has been seen to agree
        self.fitted: Any = None  # the graph that the last epoch was learnt with, and of which batches
        self.fitted_size = 0
        self.inputs: Sequence[Any] = examples
        self.given: tuple[Any, Any, Any] | None = None  # the shapes of the last inputs, all numbers, kinds of lists
        self.engine: tuple[float, Any] | None = None  # loss and outputs, where the last run was the engine's
        self._now: Executable | Replay | None
        if isinstance(source, Value):
            self._now = self.captured_graph(source, examples)
        else:
            self._now = self.first_call(source, examples)
        if self.reason:
            warnings.warn(f"compile leaves this to the engine: {self.reason}.", stacklevel=3)
        elif self.others and self._now:
            warnings.warn(self._without_gradient(), stacklevel=3)

    @property
    def now(self) -> Executable | Replay:
        """The graph of the last run."""
        if self._now is None:
            raise RefusedError(f"There are no arrays here: the engine runs this function, because {self.reason}.")
        return self._now

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
        if self.engine or not isinstance(self._now, Executable):
            return {p.label or f"p[{i}]": p.grad for i, p in enumerate(self.parameters)}
        memory, size = self._now.memory, self._now.size  # the gradients lie behind the parameters
        return {
            name: memory[size + offset : size + offset + prod(shape)].reshape(shape).copy()
            for name, offset, shape in parameter_arrays(self._now.told, self._variables())
        }

    def compute(self, inputs: Sequence[Any], backward: bool = True) -> bool:
        """Compute with the parameters as they are; tell whether the arrays did, and not the engine."""
        self.inputs, self.ran = inputs or self.inputs, None
        outer = tracer()
        if outer:
            outer.give_up("it calls another compiled program")
        self.calls += 1
        rest = 1 if self.missed < PATIENCE else PATIENCE if self.missed < PATIENCE**2 else PATIENCE**2
        found = None if outer or self.reason or self.calls % rest else self._found(inputs, backward)
        if found is None:
            self.missed += 1
            self._by_engine(backward)
            return False
        self.engine = self.ran = None
        self.uses, self.missed = self.uses + 1, 0
        if backward and due(self.calls, self.sealed):
            self.audit()
        return True

    def _found(self, inputs: Sequence[Any], backward: bool) -> Executable | Replay | None:
        """Return the graph of these inputs, after it has run; None where the engine must."""
        given = self._given(inputs)
        if given is None:
            return None
        shapes, flat, held = given
        world = self._world()
        if world is None and self.function and not self.may_record(shapes):
            return None
        candidates = self.variants.get((shapes, id(world) if world else 0, held), [])
        for made in candidates[:4]:
            if not (self._same_kinds(made) and made.accept(flat)):
                continue
            self.become(made)
            result = made.run(backward)
            if not result:
                if made is not candidates[0]:
                    candidates.remove(made)
                    candidates.insert(0, made)
                return made
            if result == "engine":
                return None
        if self.function is None or not self.may_record(shapes):
            return None
        return self._recorded(world, flat, backward)

    def _recorded(self, world: World | None, flat: Any, backward: bool) -> Executable | Replay | None:
        assert self.function
        made = self.captured_call(self.inputs, world or World(self.function))
        if made is None:
            if self.reason:
                warnings.warn(f"compile leaves this to the engine from now on: {self.reason}.", stacklevel=5)
            return None
        made.accept(flat)
        self.become(made)
        return None if made.run(backward) else made

    def _given(self, inputs: Sequence[Any]) -> tuple[Any, Any, Any] | None:
        """Return the shapes of the inputs, all their numbers, and the kinds of lists; None if they are no numbers."""
        if not inputs and self.function is None:
            now = self.now
            if isinstance(now, Executable):
                return self.shapes, now.memory[now.inputs].copy(), ()
            return self.shapes, [now.data[i] for i in now.input_nodes], ()
        if not inputs and self.given:
            return self.given
        try:
            parts = [given(argument) for argument in self.inputs]
        except (TypeError, ValueError, OverflowError):
            if self.function is None:
                raise
            return None
        shapes = tuple([lengths for _, lengths in parts])
        if self.function is None and shapes != self.shapes:
            raise ValueError(
                f"The program was recorded with inputs of the shapes {self.shapes}, and was given {shapes}. "
                "Give as many, or compile a function, which is recorded again for each shape."
            )
        flat = joined([part for part, _ in parts])
        if not ordinary(flat):
            check_finite(self.inputs, self.names, flat)
            if any(map(has_large_whole, self.inputs)):
                return None
        self.given = shapes, flat, tuple(map(held_as, self.inputs)) if self.function else ()
        return self.given

    def _same_kinds(self, made: Executable | Replay) -> bool:
        """Tell whether the inputs are int, float or bool where the function has seen that."""
        if not made.kinds:
            return True
        flat = [x for argument in self.inputs for x in numbers(argument)]
        return all(type(flat[i]) is kind for i, kind in made.kinds)

    def _world(self) -> World | None:
        """Return what the function depends on, if it is as it was when a graph was recorded."""
        for world in self.worlds:
            if world.same():
                if world is not self.worlds[0]:
                    self.worlds.remove(world)
                    self.worlds.insert(0, world)
                return world
        return None

    @property
    def sealed(self) -> bool:
        """Whether the function can reach nothing but what is compared before each call."""
        return bool(self.worlds) and self.worlds[0].sealed

    def _without_gradient(self) -> str:
        """Say which Values take part but are no parameters."""
        named = named_values(variables_of(self.function), {*self.others})
        names = [named.get(x) or x.label or repr(x) for x in self.others[:3]]
        more = f" and {len(self.others) - 3} more" if len(self.others) > 3 else ""
        return (
            f"compile computes no gradient of {', '.join(names)}{more}, because the parameters are those of the "
            "networks that take part. Write compile(..., parameters=[...]) with all Values whose gradient you want."
        )

    def become(self, made: Executable | Replay) -> None:
        """Go on with this graph, and hand it the parameters and the optimizer's numbers."""
        before, self._now = self._now, made
        if before is not None and before is not made:
            made.memory[: made.state] = before.memory[: made.state]
            if self.optimizer and isinstance(self.optimizer.remembered, Remembered):
                self.optimizer.remembered.memory = made.memory  # the numbers have come along
                self.bind(self.optimizer)
        exchange.read(self.parameters, made.memory)
        made.read_others()

    def forget(self) -> None:
        if self.optimizer:
            release(self.optimizer)
        self.optimizer, self._now, self.fitted = None, None, None
        super().forget()

    def _by_engine(self, backward: bool) -> None:
        """Let the engine run the function, or what was recorded of a graph."""
        if self.function is None:
            data, grads = self.now.eagerly()
            self.now.set(data, grads)
            self.engine = None
            self.write()
            return
        loss, nested = self.ran or self.engine_call(self.inputs)
        self.ran = None  # a function with effects has them once a call
        if backward:
            self._backward(loss)
        self.engine = loss.data, nested

    def _backward(self, loss: Value) -> None:
        """Set the gradients as the engine computes them: all of them, or none where it raises."""
        rest: list[Value] = self._rest() if self.wanted is None else []
        everything = [*self.parameters, *rest]
        before = [p.grad for p in everything]
        for p in everything:
            p.grad = 0.0
        try:
            loss.backward()
        except BaseException:
            for p, grad in zip(everything, before):
                p.grad = grad
            raise
        missing = [x for x in rest if x.grad != 0.0]
        for x, grad in zip(rest, before[len(self.parameters) :]):
            if x.grad == 0.0:
                x.grad = grad
        missing = [x for x in missing if getattr(x, "parameter", False)] or ([] if self.of_networks else missing)
        if missing:
            self.forget()
            self.parameters += missing

    def _rest(self) -> list[Value]:
        """Return the leaves that the function can reach and that are no parameters yet."""
        assert self.function
        if self.reached is None or self.reached[1] != len(self.parameters) or not self.reached[0].same_values():
            known, world = {*map(id, self.parameters)}, World(self.function)
            self.reached = world, len(known), [x for x in world.values if id(x) not in known]
        return self.reached[2]

    def audit(self) -> None:
        """Let the engine run too, and raise an error if it computes something else."""
        if self.function is None:
            return
        now = self.now
        with collector_off():
            loss, _ = self.engine_call(self.inputs)
            with gradients_of(loss, self.parameters) as grads:
                found = now.memory[now.size : 2 * now.size].tolist()
        scale = max([1e-300, *map(abs, grads)])
        if abs(now.loss - loss.data) <= 1e-9 * abs(loss.data) and all(
            abs(a - b) <= 1e-9 * scale for a, b in zip(found, grads)
        ):
            self.agreed = self.calls
            return
        data, again = now.eagerly()
        order = now.parameters if isinstance(now, Replay) else now.plan.parameters
        if data[now.graph.roots[0]] == loss.data and [again[i] for i in order] == grads:
            self.agreed = self.calls  # rounding that the program magnifies
            return
        self.reason = "it once computed something else than its arrays"
        since = f"Until call {self.agreed} they agreed." if self.agreed else "They agreed when it was recorded."
        where = difference(self.function, self.arguments(self.inputs), self.names, self.as_values, now.graph)
        raise AuditError(
            f"In call {self.calls} the compiled program has the loss {now.loss:g}, and the engine "
            f"{loss.data:g}{where}. {since} The function depends on something that Python "
            "does not let one see, such as a file or a clock: give it as an input. The engine runs it now."
        )

    def write(self) -> None:
        """Put parameters and gradients of the program into the learner's Values."""
        exchange.write(self.parameters, self.now.memory)

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
                optimizer.step()
                if compiled:
                    exchange.read(self.parameters, self.now.memory)
            return loss

    def adopt(self, optimizer: Optimizer) -> None:
        """Record again with all parameters of the optimizer, if it has more of them than this loss reaches."""
        if self.function is None or self.optimizer is optimizer:
            return
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
        columns = [argument.tolist() if hasattr(argument, "tolist") else list(argument) for argument in data]
        count = len(columns[0]) if columns else 1
        size, rng = min(batch_size or count, count), None if seed is None else Random(seed)
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
        if not self.reason and self._ready(first, size) and self.bind(optimizer) and isinstance(self.now, Executable):
            chosen = np().array(whole)
            rows = np().concatenate([table[chosen].reshape(len(whole), -1) for table in tables], axis=1)
            if self.now.whole_runs and np().isfinite(rows).all() and self.now.rows_hold(rows):
                losses = self.now.train(rows).tolist()
                self.engine = None
                self.steps = optimizer.steps = optimizer.steps + len(losses)
                self.calls, before = self.calls + len(losses), self.calls
                self.uses += len(losses)
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

    # what it shows

    def _variables(self) -> dict[Value, str]:
        return named_values(variables_of(self.function) | callers_variables(), {*self.parameters})

    def explain(self) -> Explanation:
        """Say which scalars became which array; `.picture` is the folded graph, which a notebook shows."""
        if isinstance(self.now, Replay):
            raise RefusedError("An exact program has no arrays to explain. Compile without exact=True.")
        return Explanation(self.now.told, self._variables())

    def __str__(self) -> str:
        if self._now is None:
            return f"The engine runs this function, because {self.reason}."
        if isinstance(self.now, Replay):
            return source(self.now.graph)
        return algebra(self.now.told, self._variables())

    def _repr_html_(self) -> str | None:
        return self.explain()._repr_html_() if isinstance(self._now, Executable) else None

    def __repr__(self) -> str:
        if self._now is None:
            return f"<Program run by the engine, because {self.reason}>"
        if isinstance(self.now, Replay):
            return f"<Program of {len(self.now.graph)} scalars in the recorded order>"
        arrays = sum([block.kind == "lanes" for block in self.now.told.blocks])
        return f"<Program of {arrays} arrays for {len(self.now.graph)} scalars, on {self.backend}>"


def dealt(count: int, size: int, rng: Random | None) -> list[list[int]]:
    """Return the places of `count` examples in batches of `size`, shuffled by `rng` if there is one."""
    order = list(range(count))
    if rng:
        rng.shuffle(order)
    return [order[start : start + size] for start in range(0, count, size)]


def due(calls: int, sealed: bool) -> bool:
    """Tell whether the engine is to run beside the program in this call: at 2, 4, 8, ... and every thousandth.

    Of a function that can reach nothing but what is compared before each call, the powers of two are enough.
    """
    return calls > 1 and (calls & (calls - 1) == 0 or (not sealed and calls % 1000 == 0))


def release(optimizer: Optimizer) -> None:
    """Give an optimizer back what it remembers, which a program had in its memory."""
    if isinstance(optimizer.remembered, Remembered):
        optimizer.remembered = dict(optimizer.remembered)


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
