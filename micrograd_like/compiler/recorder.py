"""The recording half of a program: each graph that a loss turns out to have, compiled and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any

from ..base.checks import is_function
from ..engine import Value, topological_order
from . import cost
from .backends import BACKENDS, best
from .cost import HORIZON, Account
from .executable import Ends, Executable, IrregularError, RefusedError
from .extra import NotInstalledError, numpy as np
from .leaves import flat, gradients_of, is_array, leaves_before, of_inputs_alone, parameters_of
from .replay import Replay
from .trace.calls import Trace, checked, eager, loss_and_outputs, traced
from .trace.inputs import held_as, numbers, numbers_of, shape
from .trace.recording import Recording, record
from .trace.tracked import Guard
from .trace.world import World

FREE, FEW = 2, 8  # graphs that may be recorded without having used the others, after at most so many decisions
USES = 100  # for each further one the graphs must have served so often
MET = 2  # a shape is recorded when it was met more often
MOST = 16  # graphs that are kept


class Recorder:
    """Records a loss, given as a graph or as a function, and keeps a `variant` for each graph and shape of inputs.

    `reason` is empty, or says why the engine runs the function.
    """

    backend: str
    exact: bool
    wanted: list[Value] | None
    reason: str
    as_values: bool
    listed: bool
    of_networks: bool
    recorded: int
    names: list[str]
    nested: Any
    account: Account
    hasty: bool
    doubted: bool
    waiting: bool

    def __init__(self, parameters: Any, backend: str, exact: bool) -> None:
        self.backend = best() if backend == "auto" else backend
        self.exact = exact or backend == "source"
        if self.backend not in (known := [*BACKENDS, "source"]):
            raise ValueError(f"There is no backend {backend!r} here. Write one of: {', '.join(map(repr, known))}.")
        self.wanted = None if parameters is None else list(dict.fromkeys(flat(parameters)))
        self.parameters: list[Value] = list(self.wanted or [])
        self.variants: dict[Any, list[Executable | Replay]] = {}
        self.worlds: list[World] = []
        self.function: Callable[..., Any] | None = None
        self.reason, self.as_values, self.listed = "", False, True
        self.ran: tuple[Value, Any] | None = None  # what the engine made of these inputs already, while recording
        self.of_networks = False  # whether the parameters are those of networks, and other leaves are none
        self.others: list[Value] = []  # leaves that take part beside the parameters of networks
        self.calls = 0
        self.account = Account()
        self.hasty = exact or backend != "auto"  # asked for what it is, and not for the time that it saves
        self.first_world: World | None = None
        self.doubted = False  # whether so many decisions were met that the engine went on
        self.waiting = False  # for as long as the engine is faster than what it would cost to compile
        self.recorded = self.uses = 0
        self.met = MET
        self.seen: dict[Any, int] = {}  # how often shapes were met that have no graph

    # what a run of the function is

    def set_function(self, function: Callable[..., Any], examples: Sequence[Any]) -> None:
        if not is_function(function):
            raise TypeError(
                f"compile was given {function!r:.60}. Give it a loss, one Value, or a function that returns one."
            )
        try:
            names = [*signature(function).parameters]
        except ValueError:
            names = []
        self.function = function
        self.names = names if len(names) == len(examples) else [f"x{i}" for i in range(len(examples))]

    def first_call(self, function: Callable[..., Any], examples: Sequence[Any]) -> Executable | Replay | None:
        """Run the function once, and compile it unless the engine must run it; each call gives its arguments anew."""
        self.set_function(function, examples)
        try:
            for argument in examples:
                numbers(argument)
        except (TypeError, ValueError):
            self.reason = "an argument is not made of numbers"
        else:
            checked(examples, self.names)
        self.listed = not any(map(is_array, examples))
        world, births = World(function), Value(0.0)._born
        self.reason = self.reason or world.reason
        result = self._first_run(examples)
        loss, self.nested = loss_and_outputs(result)
        nodes = topological_order(loss)
        if not self.parameters:
            self.parameters = parameters_of(nodes, births)
        self.of_networks = any(getattr(x, "parameter", False) for x in self.parameters)
        if self.of_networks and self.wanted is None:
            self.others = [x for x in leaves_before(nodes, births) if not getattr(x, "parameter", False)]
        self.reason = self.reason or self._changes(world, nodes, births)
        if self.reason:
            world.restore_random()  # to compile draws nothing
            return None
        count = sum([len(numbers(argument)) for argument in examples])
        engine = cost.of_engine(len(nodes), len(self.parameters), self.of_networks)
        self.account.measure(engine, len(nodes), count)
        if not (self.hasty or self.account.pays_within(HORIZON)):
            self.waiting, self.first_world = True, world
            return None
        made = self.captured_call(examples, world, loss)
        if world.random_states() != world.states:
            world.restore_random()
        return made

    def _first_run(self, examples: Sequence[Any]) -> Any:
        """Run the engine, and find out what the function takes: arrays or lists, numbers or Values."""
        assert self.function
        try:
            result, self.as_values = eager(self.function, examples, self.names, None)
        except (TypeError, ValueError, AttributeError):
            if self.listed:
                raise
            self.listed = True
            result, self.as_values = eager(self.function, self.arguments(examples), self.names, None)
        return result

    def arguments(self, examples: Sequence[Any]) -> list[Any]:
        """Return the examples as the function takes them."""
        return [x.tolist() if self.listed and is_array(x) else x for x in examples]

    def engine_call(self, examples: Sequence[Any]) -> tuple[Value, Any]:
        """Return the loss of these examples as the engine records it, and what the function returned beside it."""
        assert self.function
        if not self.as_values:
            try:
                result = self.function(*(self.arguments(examples) if self.listed else examples))
            except (AttributeError, TypeError):  # it calls x.exp(), say, as it did not before
                result, self.as_values = eager(self.function, self.arguments(examples), self.names, None)
        else:
            result, self.as_values = eager(self.function, self.arguments(examples), self.names, True)
        return (result, []) if type(result) is Value else loss_and_outputs(result)

    def _changes(self, world: World, nodes: list[Value], births: int) -> str:
        """Return what the function changed by being run, for which the engine must run it each time; or nothing."""
        if world.random_states() != world.states:
            return "it draws random numbers"
        if not world.same():
            return "it changes what it depends on"
        if any(x.op is None and getattr(x, "_changed", 0) > births for x in nodes):
            return "it sets the .data of a Value"
        if any(x.op and x._born < births for x in nodes):
            return "a part of its graph was made outside of it, and is not computed again"
        return ""

    def captured_call(
        self, examples: Sequence[Any], world: World, loss: Value | None = None
    ) -> Executable | Replay | None:
        """Run the function on tracked numbers, and return what it recorded; None where the engine must run it."""
        assert self.function
        if loss is None:
            births, world.states = Value(0.0)._born, world.random_states()
            self.ran = self.engine_call(examples)
            loss = self.ran[0]
            self.reason = self._changes(world, topological_order(loss), births)
            if self.reason:
                return None
        try:
            trace = traced(self.function, self.arguments(examples), self.names, self.as_values, self.exact)
        except Exception as error:  # what the engine can do and a tracked number cannot
            self.reason = f"it does what cannot be followed: {error!s:.100}"
            return None
        if not world.same():
            trace = trace._replace(reason="it changes what it depends on")
        if trace.reason:
            self.reason = trace.reason
            return None
        if self._doubtful(trace):
            return None
        self.recorded += 1
        try:
            made = self._compiled(trace, loss)
        except NotInstalledError:
            raise
        except (RefusedError, IrregularError) as error:
            self.reason = str(error) or "hardly two of its scalars do the same"
            return None
        made.kinds = trace.kinds
        self._count(made)
        self._keep(made, examples, world)
        return made

    def _doubtful(self, trace: Trace) -> bool:
        """Tell whether a first graph decides so often that others may hardly ever go its way: then the engine waits."""
        asked = [guard for guard in trace.guards if not guard.check]
        decisions = len(asked)
        one_number = any(guard.test.sign in ("==", "is") and guard.outcome for guard in asked)  # as an index is
        if self.hasty or cost.AT_ONCE or self.doubted or self.variants or not (decisions > FEW or one_number):
            return False
        self.doubted = self.waiting = True
        self.account.costs(self.account.compiling + cost.of_compiling(0, decisions))
        self.account.left -= self.account.compiling / 2  # it was recorded, but not compiled
        return True

    def _count(self, made: Executable | Replay) -> None:
        """Let the account know what the new graph costs, and what a run of it does."""
        count = len(made.plan.forward) + len(made.plan.backward) if isinstance(made, Executable) else 15
        engine = cost.of_engine(len(made.graph), len(self.parameters), self.of_networks)
        self.account.measure(engine, len(made.graph), len(made.input_nodes), count, len(made.recorded_guards))
        self.account.compiled()

    def _compiled(self, trace: Trace, loss: Value) -> Executable | Replay:
        outputs = [x for x in numbers_of(trace.nested) if isinstance(x, Value)]
        guards, checks = trace.guards, None
        if not self.exact and (asked := of_inputs_alone(guards, trace.leaves)):
            checks = self._checks(asked, trace.leaves)
            there = {*map(id, asked)} if checks else set()
            guards = [guard for guard in guards if id(guard) not in there]
        compared = [x for guard in guards for x in guard.test.operands() if isinstance(x, Value)]
        graph = record(trace.loss, also=[*trace.leaves, *compared, *self.parameters, *outputs])
        if self.wanted is None:
            missing = set(parameters_of(graph.nodes, trace.births)) - set(self.parameters)
            if missing and self.variants:
                self.forget()
            self.parameters += [x for x in graph.nodes if x in missing] if missing else []
        known = {*map(id, self.parameters), *map(id, trace.leaves)}
        others = [
            i for i, (x, op) in enumerate(zip(graph.nodes, graph.ops))
            if op is None and x._born < trace.births and id(x) not in known and not x.constant
        ]  # fmt: skip
        ends = Ends(graph.numbers(self.parameters), graph.numbers(trace.leaves), graph.numbers(outputs), guards,
                    trace.nested, others, checks)  # fmt: skip
        return self.capture(graph, ends, loss.data, loss)

    def _checks(self, guards: list[Guard], leaves: list[Value]) -> Executable | None:
        """Compile what is asked of numbers that are computed from inputs alone: it has no place among the equations."""
        operands = [x for guard in guards for x in guard.test.operands() if isinstance(x, Value)]
        graph = record(operands[0], also=[*operands[1:], *leaves])
        try:
            return Executable(graph, Ends([], graph.numbers(leaves), guards=guards), [], self.backend)
        except IrregularError:
            return None

    def forget(self) -> None:
        """Let all graphs go, as the parameters are others now."""
        self.variants.clear()

    def _keep(self, made: Executable | Replay, examples: Sequence[Any], world: World) -> None:
        if world not in self.worlds:
            self.worlds.append(world)
        key = tuple([shape(argument) for argument in examples]), id(world), tuple(map(held_as, examples))
        made.shapes = key[0]
        self.variants.setdefault(key, []).insert(0, made)
        if sum(map(len, self.variants.values())) > MOST:
            oldest = next(k for k in self.variants if k != key or len(self.variants) == 1)
            self.variants[oldest].pop()
            if not self.variants[oldest]:
                del self.variants[oldest]
                self.worlds = [w for w in self.worlds if w is world or any(k[1] == id(w) for k in self.variants)]

    def may_record(self, shapes: Any) -> bool:
        """Tell whether another graph is likely to be worth its recording."""
        if self.reason or len(self.seen) > MOST:
            return False
        known = [made for key, variants in self.variants.items() if key[0] == shapes for made in variants]
        if not self.variants:
            return self.recorded <= MOST
        if not known:  # perhaps it is met only once, or a world that changes at each call
            self.seen[shapes] = met = self.seen.get(shapes, 0) + 1
            often = (
                self.hasty
                or self.account.affords
                or self.account.pays_within(3 * cost.HORIZON * met // (self.calls or 1))
            )
            return met > self.met and often and self.recorded <= MOST
        if not (self.hasty or self.account.affords):
            return False
        decisions = len([guard for guard in known[0].recorded_guards if not guard.check])
        extra = self.recorded - len({key[0] for key in self.variants}) - (FREE if decisions <= FEW else 0)
        return extra < 0 or self.uses >= USES * (extra + 1) ** 2

    # a graph

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
        self.shapes: Any = tuple([shape(argument) for argument in inputs])
        given = set(leaves)
        parameters = self.wanted or parameters_of(nodes, loss._born + 1, given)
        graph = record(loss, also=[*leaves, *parameters])
        known = {*map(id, parameters), *map(id, leaves)}
        others = [i for i, x in enumerate(graph.nodes) if not (graph.ops[i] or x.constant or id(x) in known)]
        ends = Ends(graph.numbers(parameters), graph.numbers(leaves), others=others)
        made = self.capture(graph, ends, loss.data)
        if not leaves and isinstance(made, Executable):
            order = [i for b in made.plan.blocks if b.kind == "number" for i in b.nodes.tolist()]
            made.inputs, made.input_nodes = made.plan.place[np().array(order, dtype=int)], order
            self.shapes = tuple([b.shape for b in made.plan.blocks if b.kind == "number"])
        self.names = [f"inputs[{i}]" for i in range(len(self.shapes))]
        made.shapes = self.shapes if leaves else ()
        self.variants[self.shapes, 0, ()] = [made]
        return made

    def capture(self, graph: Recording, ends: Ends, loss: float, eager: Any = None) -> Executable | Replay:
        """Compile one graph, and hold it against the engine."""
        made: Executable | Replay
        root = graph.nodes[graph.roots[0]] if eager is None else eager
        if not self.exact:
            try:
                made = Executable(graph, ends, self._arrays(graph), self.backend)
            except IrregularError:
                self.exact = not self.variants
                if not self.exact:
                    raise RefusedError("with some inputs hardly two of its scalars do the same") from None
        if self.exact:
            made = Replay(graph, ends, self.backend)
            self.parameters = [graph.nodes[i] for i in ends.parameters]
        elif isinstance(made, Executable) and not self.variants:
            self.parameters = [graph.nodes[i] for i in made.plan.parameters]
        with gradients_of(root, self.parameters) as grads:
            made.check(loss, grads)
        return made

    def _arrays(self, graph: Recording) -> list[Any]:
        """Return the arrays of parameters of the first graph, in which every other one must have them too."""
        earliest = next((made for variants in self.variants.values() for made in variants), None)
        if not isinstance(earliest, Executable):
            return []
        first = earliest.plan
        blocks = [b for b in first.blocks if b.kind == "parameter"]
        return [np().array(graph.numbers([first.graph.nodes[i] for i in b.nodes])) for b in blocks]
