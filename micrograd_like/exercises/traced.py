"""What an engine that a learner built does, step by step: each gradient that is read or written is recorded.

So a mistake is named from what the code did, not from a number that several mistakes may give.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isclose
from types import FrameType
from typing import Any

from .engines import Blueprint

MISSING = object()


@dataclass(frozen=True)
class Touched:
    """A gradient that is read, or written where `new` is not None; by which call, and how deep that lies."""

    node: Any
    number: float
    new: float | None
    call: FrameType | None
    depth: int


@dataclass(frozen=True)
class PassedBack:
    """One contribution, from the node at place `user` to that at `to`; -1 where no gradient above it was read."""

    user: int
    to: int
    amount: float
    upstream: float  # the user's gradient as it was read
    before: float  # what the contribution is added to, or replaces
    assigned: bool  # whether it is written without reading what stood there
    read: frozenset[int]  # the places of all gradients that were read for it
    depth: int


@dataclass(frozen=True)
class FirstDifference:
    """The first thing that is done otherwise than it should be; `name` is that of the mistake, "" if it has none."""

    name: str
    did: str
    edge: tuple[int, int] | None = None  # (user, input)
    grads: tuple[float, ...] = ()  # of all nodes in the end


def _depth(frame: FrameType | None) -> int:
    count = 0
    while frame:
        frame, count = frame.f_back, count + 1
    return count


@contextmanager
def watched(cls: type) -> Iterator[list[Touched]]:
    """Record how the gradients of a class's objects are read and written; nothing if it has a property for them."""
    events: list[Touched] = []
    before = cls.__dict__.get("grad", MISSING)
    first = next((vars(base)["grad"] for base in cls.__mro__ if "grad" in vars(base)), MISSING)  # maybe inherited
    slot: Any = first if hasattr(first, "__set__") else None
    if isinstance(first, property):
        yield events
        return

    def held(self: Any) -> Any:
        if slot:
            return slot.__get__(self, cls)
        if "grad" not in self.__dict__ and first is MISSING:
            raise AttributeError("grad")
        return self.__dict__.get("grad", first)

    def note(self: Any, old: Any, new: Any) -> None:
        call = sys._getframe(2)
        events.append(Touched(self, float(old or 0.0), new, call, _depth(call)))

    def read(self: Any) -> Any:
        number = held(self)
        note(self, number, None)
        return number

    def write(self: Any, number: Any) -> None:
        with suppress(TypeError, ValueError):
            note(self, getattr(self, "__dict__", {}).get("grad", 0.0) if not slot else _slot(slot, self, cls), number)
        if slot:
            slot.__set__(self, number)
        else:
            self.__dict__["grad"] = number

    cls.grad = property(read, write)  # type: ignore[attr-defined]
    try:
        yield events
    finally:
        if before is MISSING:
            del cls.grad  # type: ignore[attr-defined]
        else:
            cls.grad = before  # type: ignore[attr-defined]


def _slot(slot: Any, node: Any, cls: type) -> Any:
    try:
        return slot.__get__(node, cls)
    except AttributeError:
        return 0.0


def difference(cls: type, plan: Blueprint, patience: Callable[[], Any]) -> FirstDifference | None:
    """Return the first thing that a class does otherwise than it should on a graph of sums and products.

    None if nothing is, or nothing can be seen. `patience` ends code that does not end.
    """
    if any(name not in ("add", "mul") for name, *_ in plan.steps):
        return None
    with watched(cls) as events, patience():
        nodes = plan.nodes([cls(x) for x in plan.leaves])
        events.clear()
        nodes[-1].backward()
        happened = list(events)
    read = _given(happened, nodes)
    found = TracedPass(plan, *read, nodes).first() if read else None
    return replace(found, grads=tuple(float(x.grad or 0.0) for x in nodes)) if found else None


def first_difference(
    cls: type, plans: Iterable[Blueprint], patience: Callable[[], Any]
) -> tuple[Blueprint, FirstDifference] | None:
    """Return the first graph on which a class does something otherwise, and what; None if nothing is seen."""
    found: list[tuple[Blueprint, FirstDifference]] = []
    for plan in plans:
        try:
            seen = difference(cls, plan, patience)
        except Exception:  # of the learner's code, of which others tell
            return None
        if seen:
            found.append((plan, seen))
            if seen.name not in ("breadth_first", "first_reach"):
                break
    return next((x for x in found if x[1].name == "first_reach"), found[0]) if found else None


def _given(events: Sequence[Touched], nodes: Sequence[Any]) -> tuple[list[PassedBack], float] | None:
    """Return the contributions, and the gradient from which the pass starts; None if other nodes take part."""
    place = {id(x): i for i, x in enumerate(nodes)}
    given: list[PassedBack] = []
    since: list[Touched] = []  # what was read since something was written
    source: Touched | None = None
    start = 0.0
    for event in events:
        if event.new is None:
            since.append(event)
            continue
        others = [x for x in since if x.node is not event.node]
        own = len(others) < len(since)
        source = others[-1] if others else source if source and source.call is event.call else None
        at_root = event.node is nodes[-1] and not given
        if at_root and source is None:
            start = float(event.new)
        elif source is not None or own:  # else it is set to a plain number, such as 0
            user = place.get(id(source.node), -2) if source else -1
            if user == -2 or id(event.node) not in place:
                return None
            amount = float(event.new) - (event.number if own else 0.0)
            read = frozenset(place.get(id(x.node), -2) for x in others)
            upstream = source.number if source else 0.0
            given.append(
                PassedBack(user, place[id(event.node)], amount, upstream, event.number, not own, read, event.depth)
            )
        since = []
    return given, start


class TracedPass:
    """The contributions of one pass, held against those of the right one."""

    plan: Blueprint
    given: Sequence[PassedBack]
    start: float
    data: list[float]
    names: list[str]
    root: int
    edges: list[tuple[int, int]]
    passes: list[tuple[int, list[PassedBack]]]

    def __init__(self, plan: Blueprint, given: Sequence[PassedBack], start: float, nodes: Sequence[Any]) -> None:
        self.plan, self.given, self.start = plan, given, start
        self.data = [float(x.data) for x in nodes]
        self.names = plan.written[1]
        self.root = len(nodes) - 1
        self.edges = [(place, x) for place in plan.inner if place in plan.used for x in plan.inputs(place)]
        self.passes = self._passes()

    def _passes(self) -> list[tuple[int, list[PassedBack]]]:
        """Return what each node passed back, each time that it did."""
        found: list[tuple[int, list[PassedBack]]] = []
        for x in self.given:
            most = len(self.plan.inputs(x.user)) if x.user >= len(self.plan.leaves) else 2
            new = not found or found[-1][0] != x.user or len(found[-1][1]) >= most
            if new:
                found.append((x.user, []))
            found[-1][1].append(x)
        return found

    def called(self, place: int) -> str:
        """Return what a node is called in the text of the graph, the output by this word."""
        name = self.names[place]
        if place == self.root and len(name) > 1:
            return "the output"
        return name[1:-1] if name.startswith("(") else name

    def grad(self, place: int) -> str:
        """Return what the gradient of a node is called."""
        return "the output's grad" if self.called(place) == "the output" else f"{self.called(place)}.grad"

    def first(self) -> FirstDifference | None:
        """Return the first difference."""
        if not self.given:
            return None
        for x in self.given:
            if x.user == -1 and not (x.before and not x.amount):
                did = f"a part of {self.grad(x.to)} is computed without the grad of what was made from it"
                return FirstDifference("no_upstream", did)
            if 0 <= x.user < x.to:
                did = f"{self.grad(x.to)} is computed from {self.grad(x.user)}, the wrong way round"
                return FirstDifference("turned_round", did)
            if x.before and not x.amount and not x.assigned:
                return FirstDifference("first_path", f"{self.grad(x.to)} stays at {x.before:g} when another part comes")
        if not isclose(self.start, 1.0) and self.passes[0][0] == self.root:
            name = "no_seed" if self.start == 0.0 else "seed_is_value" if isclose(self.start, self.data[-1]) else "seed"
            return FirstDifference(name, f"the output's own grad is {self.start:g} when it passes back, and 1 is right")
        done: list[int] = []
        if found := self._again():
            return found
        for user, given in self.passes:
            if found := self._order(user, given, done) or self._amounts(user, given):
                return found
            done.append(user)
        return self._missing(done)

    def _again(self) -> FirstDifference | None:
        """Return a node that passes back more than once: by recursion, or because a list holds it as often."""
        users = [user for user, _ in self.passes]
        twice = next((user for user in users if users.count(user) > 1), None)
        if twice is None:
            return None
        name = "depth_first" if len({x.depth for x in self.given}) > 1 else "no_visited"
        return FirstDifference(name, f"{self.called(twice)} passes back {users.count(twice)} times")

    def _order(self, user: int, given: Sequence[PassedBack], done: Sequence[int]) -> FirstDifference | None:
        order = [x for x, _ in self.passes]
        waiting = list(self._waiting(user, done))
        if not waiting:
            return None
        never = next((x for x in waiting if x not in order), None)
        if never is not None:
            return self._never(never, order)
        name = self.called(user)
        if not done:
            return FirstDifference("not_reversed", f"{name} passes back first, before {self.called(waiting[0])}")
        far = self._distances()
        by_distance = all(far[x] <= far[y] for x, y in pairwise(order))
        part = f"before {self.called(waiting[0])} has given its part"
        did = f"{name} passes back when its grad is {given[0].upstream:g}, {part}"
        return FirstDifference("breadth_first" if by_distance else "first_reach", did, (user, given[0].to))

    def _never(self, place: int, order: Sequence[int]) -> FirstDifference:
        """Return that a node never passes back; if another one with the same data does, that is why."""
        same = [x for x in order if isclose(self.data[x], self.data[place])]
        if same:
            did = f"{self.called(place)} never passes back; {self.called(same[0])} does, which has the same data"
            return FirstDifference("by_number", did)
        return FirstDifference("not_passed", f"{self.called(place)} never passes back")

    def _distances(self) -> dict[int, int]:
        """Return how many steps each node lies from the output, at the least."""
        far = {self.root: 0}
        for place in sorted(self.plan.inner, reverse=True):
            for x in self.plan.inputs(place) if place in far else ():
                far[x] = min(far.get(x, far[place] + 1), far[place] + 1)
        return far

    def _waiting(self, user: int, done: Sequence[int]) -> Iterator[int]:
        """Yield the uses of a node that have not passed back to it."""
        return (place for place, x in self.edges if x == user and place not in done)

    def _amounts(self, user: int, given: Sequence[PassedBack]) -> FirstDifference | None:
        """Return the first contribution of a node that differs, or that replaced what was there."""
        name, inputs = self.plan.steps[user - len(self.plan.leaves)][0], self.plan.inputs(user)
        slopes = (1.0, 1.0) if name == "add" else (self.data[inputs[1]], self.data[inputs[0]])
        left = list(zip(inputs, slopes))
        here = f"the {'sum' if name == 'add' else 'product'} {self.called(user)}"
        here = here if self.called(user) != "the output" else f"{here[: here.index(' the output')]} at the output"
        for x in given:
            expected = next((pair for pair in left if pair[0] == x.to), None)
            if expected is None:
                return FirstDifference("", f"{here} gives to {self.called(x.to)}, which is not one of its inputs")
            left.remove(expected)
            to, slope = self.called(x.to), expected[1]
            both = inputs[0] == inputs[1] and isclose(x.amount, 2.0 * slope * x.upstream)  # in one go
            if both:
                left.clear()
            elif not isclose(x.amount, slope * x.upstream, rel_tol=1e-9, abs_tol=1e-12):
                return self._wrong(x, slope, here, to)
            if x.assigned and x.before != 0.0:
                return self._replaced(x, here, to, slope)
        if not left:
            return None
        to = self.called(left[0][0])
        if inputs[0] == inputs[1]:
            return FirstDifference(
                "square_once" if name == "mul" else "one_use",
                f"{here} gives one part to {to}, which it uses twice",
                (user, left[0][0]),
            )
        return FirstDifference("contribution_dropped", f"{here} gives nothing to {to}", (user, left[0][0]))

    def _replaced(self, x: PassedBack, here: str, to: str, slope: float) -> FirstDifference:
        """Return the difference of a contribution that is not added to what was there."""
        if isclose(x.amount, slope * x.upstream, rel_tol=1e-9, abs_tol=1e-12):
            did = f"{here} writes {x.amount:g} into {to}.grad, where {x.before:g} stood: `=` for `+=`"
            return FirstDifference("overwrite", did, (x.user, x.to))
        return self._wrong(x, slope, here, to)

    def _wrong(self, x: PassedBack, slope: float, here: str, to: str) -> FirstDifference:
        """Return the difference of a contribution of another size."""
        name, inputs = self.plan.steps[x.user - len(self.plan.leaves)][0], self.plan.inputs(x.user)
        other = inputs[1] if x.to == inputs[0] else inputs[0]
        did = f"{here} gives {x.amount:g} to {to} when its own grad is {x.upstream:g}, "
        did += f"and {slope * x.upstream:g} is right"
        if other in x.read and other != x.to:
            return FirstDifference("reads_grad", f"{did}; {self.grad(other)} is read for it", (x.user, x.to))
        g = x.upstream
        ways = [
            ("no_local", g), ("mul_own" if name == "mul" else "add_own", self.data[x.to] * g),
            ("add_like_mul", self.data[other] * g), ("negated", -slope * g), ("halved", 0.5 * slope * g),
            ("doubled", 2.0 * slope * g),
        ]  # fmt: skip
        found = [key for key, number in ways if isclose(x.amount, number, rel_tol=1e-9, abs_tol=1e-12)]
        return FirstDifference(found[0] if len(found) == 1 else "", did, (x.user, x.to))

    def _missing(self, done: Sequence[int]) -> FirstDifference | None:
        """Return a node that never passes back though something reaches it."""
        left = [place for place in reversed(self.plan.inner) if place in self.plan.used and place not in done]
        return self._never(left[0], done) if left else None
