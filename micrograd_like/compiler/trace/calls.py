"""One run of the learner's function: by the engine, or with numbers that are tracked."""

from __future__ import annotations

import sys
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from types import FrameType
from typing import Any, NamedTuple

from ...engine import Value
from ...nn import AutoLabel
from .inputs import Input, check_finite, filled, numbers, numbers_of
from .recording import Recording, record
from .tracer import PACKAGE, Tracer, watched
from .tracked import Guard, Tracked

Function = Callable[..., Any]


class Trace(NamedTuple):
    """What a run with tracked numbers gave; `reason` says why it cannot be compiled, if so."""

    loss: Value
    nested: Any
    leaves: list[Value]
    guards: list[Guard]
    births: int  # Values that were born later were made by the function
    kinds: list[tuple[int, type]]  # leaves whose kind the function has seen, and whether it was int, float or bool
    reason: str


def traced(
    function: Function, examples: Sequence[Any], names: Sequence[str], as_values: bool, exact: bool = False
) -> Trace:
    """Run the function on numbers that are tracked, or on Values if it calls their methods."""
    tracer = Tracer(exact)
    arguments, leaves = with_leaves(examples, names, None if as_values else tracer)
    with watched(tracer):
        result = function(*arguments)
        loss, nested = loss_and_outputs(result)
        for x in numbers_of(nested):
            tracer.kind_matters(x)
    kinds = [(i, type(x.number)) for i, x in enumerate(leaves) if type(x) is Tracked and id(x) in tracer.kinds]
    return Trace(loss, nested, leaves, [*tracer.guards.values()], tracer.births, kinds, tracer.reason)


def eager(
    function: Function, examples: Sequence[Any], names: Sequence[str], as_values: bool | None
) -> tuple[Any, bool]:
    """Return what the engine makes of it, and whether the function wants Values for its numbers (None: find out)."""
    if not as_values:
        try:
            return function(*examples), False
        except (AttributeError, TypeError):  # it calls x.exp(), say
            if as_values is False:
                raise
    return function(*with_leaves(examples, names, None)[0]), True


def with_leaves(examples: Sequence[Any], names: Sequence[str], tracer: Tracer | None) -> tuple[list[Any], list[Value]]:
    """Return the examples with leaves instead of their numbers, and these."""
    leaves: list[Value] = []
    arguments = []
    for name, argument in zip(names, examples):
        mine: list[Value] = []
        for x, place in zip(numbers(argument), _places(name, argument)):
            leaf = tracer.tracked(x) if tracer else Input(x, AutoLabel(place))
            leaf.label = AutoLabel(place)
            mine.append(leaf)
        leaves += mine
        arguments.append(filled(argument, mine))
    return arguments, leaves


def _places(name: str, argument: Any) -> Iterator[str]:
    """Give the name of each number in a nested list: X[0][0], X[0][1], ..."""
    if hasattr(argument, "__len__"):
        for i, part in enumerate(argument):
            yield from _places(name and f"{name}[{i}]", part)
    else:
        yield name


def loss_and_outputs(result: Any) -> tuple[Value, Any]:
    """Return the loss that a function returned, and what it returned beside it, [] if that is nothing."""
    loss: Any = result
    outputs: Any = []
    if isinstance(result, tuple) and len(result) > 1:
        loss, outputs = result[0], result[1] if len(result) == 2 else list(result[1:])
    if not isinstance(loss, Value) or type(loss) is Tracked:
        raise TypeError(
            f"compile was given a function that returned {loss!r:.60}. Let it return the loss, one Value, or "
            "(loss, outputs)."
        )
    return loss, outputs


def checked(examples: Sequence[Any], names: Sequence[str]) -> None:
    check_finite(examples, names, [x for argument in examples for x in numbers(argument)])


def difference(
    function: Function, examples: Sequence[Any], names: Sequence[str], as_values: bool, before: Recording
) -> str:
    """Return the line and the first number that differ from what was recorded before, as far as they can be found."""
    lines: list[tuple[int, str]] = []
    try:
        with lines_noted(lines):
            trace = traced(function, examples, names, as_values)
        after = record(trace.loss)
    except (ArithmeticError, ValueError, TypeError, AttributeError, IndexError):
        return ""
    kept = [i for i in range(len(before)) if before.ops[i] or before.constant(i)]
    others = [i for i in range(len(after)) if after.ops[i] or after.constant(i)]
    for i, j in zip(kept, others):
        if before.ops[i] is not after.ops[j]:
            return f": its graph is another one{_line_of(after, j, lines)}"
        if before.constant(i) and before.data[i] != after.data[j]:
            return f": the number {before.data[i]:g} became {after.data[j]:g}{_line_of(after, j, lines)}"
    return ""


@contextmanager
def lines_noted(lines: list[tuple[int, str]]) -> Iterator[None]:
    """Note which line of the learner's is run, beside the birth of the last Value that was there before it."""
    outer = sys.gettrace()

    def follow(frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename.startswith(PACKAGE):
            return None
        now = frame.f_back if event == "return" else frame  # after a call, the line that called goes on
        if event != "call" and now and not now.f_code.co_filename.startswith(PACKAGE):
            lines.append((Value(0.0)._born, f" ({now.f_code.co_filename}, line {now.f_lineno})"))
        return follow

    sys.settrace(follow)
    try:
        yield
    finally:
        sys.settrace(outer)


def _line_of(graph: Recording, i: int, lines: list[tuple[int, str]]) -> str:
    """Return the line in which a node was made, or nothing."""
    found = bisect(lines, graph.nodes[i]._born, key=itemgetter(0))
    return lines[found - 1][1] if found else ""
