"""What a call of a compiled function computes, by the graph that is right for it or by the engine, and the audit."""

from __future__ import annotations

import threading
import warnings
from array import array
from collections.abc import Sequence
from typing import Any

from ..engine import Value
from ..graph.columns import collector_off
from ..graph.names import named_values, variables_of
from ..optim import Optimizer
from .backends import exchange
from .cost import HORIZON
from .executable import Executable, RefusedError
from .extra import ordinary
from .leaves import gradients_of
from .recorder import Recorder
from .replay import Replay
from .trace.calls import difference
from .trace.inputs import check_finite, given, has_large_whole, held_as, joined, numbers
from .trace.tracer import tracer
from .trace.world import World
from .update import Remembered

PATIENCE = 8  # calls in a row for which no graph was right; then the graphs are tried more rarely


class AuditError(RuntimeError):
    """The compiled program no longer computes what the engine does: something that it cannot see has changed."""


class Computer(Recorder):
    """Finds the graph that is right for some inputs, and runs it; where there is none, the engine runs the function."""

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
    strange: int
    before: array[float]
    waiting: bool

    def __init__(self, parameters: Any, backend: str, exact: bool) -> None:
        super().__init__(parameters, backend, exact)
        self.lock = threading.RLock()
        self.optimizer: Optimizer | None = None
        self.adopted: Any = None  # the optimizer of the last step, with all its parameters
        self.steps = -1
        self.missed = 0  # calls in a row that were the engine's
        self.strange = 0  # all calls for which there was no graph
        self.reached: tuple[Any, int, list[Value]] | None = None  # Values that the function reaches, but parameters
        self.calls = self.agreed = 0  # until which call the engine has been seen to agree
        self.fitted: Any = None  # the graph that the last epoch was learnt with, and of which batches
        self.fitted_size = 0
        self.inputs: Sequence[Any] = ()
        self.given: tuple[Any, Any, Any] | None = None  # the shapes of the last inputs, all numbers, kinds of lists
        self.before = array("d")  # the gradients before a backward pass of the engine
        self.engine: tuple[float, Any] | None = None  # loss and outputs, where the last run was the engine's
        self._now: Executable | Replay | None = None

    @property
    def now(self) -> Executable | Replay:
        """The graph of the last run."""
        if self._now is None and self.function and not self.reason:  # the engine has been as fast so far
            with collector_off():
                self._now = self.captured_call(self.inputs, World(self.function))
            if self._now is not None:
                exchange.read(self.parameters, self._now.memory)
        if self._now is None:
            raise RefusedError(f"There are no arrays here: the engine runs this function, because {self.reason}.")
        return self._now

    def compute(self, inputs: Sequence[Any], backward: bool = True) -> bool:
        """Compute with the parameters as they are; tell whether the arrays did, and not the engine."""
        if inputs:
            self.inputs = inputs
        self.ran, outer = None, tracer()
        self.calls += 1
        if outer:
            outer.give_up("it calls another compiled program")
        elif self.reason or self.waiting:
            account = self.account
            account.left += account.allowance
            if self.reason or account.left < account.needed:
                self._by_engine(backward)
                return False
            self.waiting = False
        rest = 1 if self.missed < PATIENCE else PATIENCE if self.missed < PATIENCE**2 else PATIENCE**2
        found = None if outer or self.calls % rest else self._found(inputs, backward)
        if found is None:
            self.account.in_vain()
            self.missed, self.strange = self.missed + 1, self.strange + 1
            self._by_engine(backward)
            return False
        self.account.by_arrays()
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

    def bind(self, optimizer: Optimizer) -> bool:
        """Take over what the optimizer remembers; tell whether its update is one that the program can do."""
        raise NotImplementedError

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
        self.waiting = not self.account.pays_within(HORIZON)
        self.adopted = None
        super().forget()

    def _by_engine(self, backward: bool) -> None:
        """Let the engine run the function, or what was recorded of a graph."""
        if self.function is None:
            data, grads = self.now.eagerly()
            self.now.set(data, grads)
            self.engine = None
            self.write()
            return
        try:
            loss, nested = self.ran or self.engine_call(self.inputs)
            self.ran = None  # a function with effects has them once a call
            if backward:
                self._backward(loss)
        except (ArithmeticError, ValueError):
            self._given(self.inputs)  # which names a nan among the inputs
            raise
        self.engine = loss._data, nested

    def _backward(self, loss: Value) -> None:
        """Set the gradients as the engine computes them: all of them, or none where it raises."""
        rest: list[Value] = self._rest() if self.wanted is None else []
        everything = [*self.parameters, *rest] if rest else self.parameters
        if len(self.before) < len(everything):
            self.before = array("d", bytes(8 * len(everything)))
        before = exchange.zeroed(everything, self.before)
        try:
            loss.backward()
        except BaseException:
            for p, grad in zip(everything, before):
                p.grad = grad
            raise
        if not rest:
            return
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
            known, world = {*map(id, self.parameters)}, self.first_world or World(self.function)
            self.first_world = None
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
            "does not let one see, such as a clock: give it as an input. The engine runs it now."
        )

    def write(self) -> None:
        """Put parameters and gradients of the program into the learner's Values."""
        exchange.write(self.parameters, self.now.memory)


def due(calls: int, sealed: bool) -> bool:
    """Tell whether the engine is to run beside the program in this call: at 2, 4, 8, ... and every thousandth.

    Of a function that can reach nothing but what is compared before each call, the powers of two are enough.
    """
    return calls > 1 and (calls & (calls - 1) == 0 or (not sealed and calls % 1000 == 0))


def release(optimizer: Optimizer) -> None:
    """Give an optimizer back what it remembers, which a program had in its memory."""
    if isinstance(optimizer.remembered, Remembered):
        optimizer.remembered = dict(optimizer.remembered)
