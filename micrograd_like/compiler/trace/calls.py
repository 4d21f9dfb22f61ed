"""A second run of the function on other numbers: what it changes besides the inputs, no graph has recorded.

A number that was read from `.data` and used in arithmetic is a constant of the graph, and would stay as it was.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ...engine import Value
from ...nn import AutoLabel
from ..executable import RefusedError
from .inputs import Guard, Input, as_inputs, check_finite, comparisons_noted, numbers
from .recording import Recording, record


def recorded_call(
    function: Callable[..., Any], examples: Sequence[Any], names: Sequence[str]
) -> tuple[Value, Any, list[Value], list[Guard]]:
    """Return the loss, what else the function returned, the Values that it was given, the comparisons that it made."""
    check_finite(examples, names, [x for argument in examples for x in numbers(argument)])
    arguments, leaves = with_values(examples, names)
    with comparisons_noted() as guards:
        loss, outputs = loss_and_outputs(function(*arguments))
    return loss, outputs, leaves, guards


def eager_loss(function: Callable[..., Any], examples: Sequence[Any], names: Sequence[str]) -> Value:
    """Return the loss as the engine records it: of plain numbers, which need no gradient, if they will do."""
    try:
        result = function(*examples)
    except (AttributeError, TypeError):  # it calls x.exp(), say
        result = function(*with_values(examples, names)[0])
    return loss_and_outputs(result)[0]


def with_values(examples: Sequence[Any], names: Sequence[str]) -> tuple[list[Any], list[Value]]:
    """Return the examples with Values in the place of their numbers, and these."""
    leaves: list[Value] = []
    arguments = []
    for name, argument in zip(names, examples):
        mine = [Input(x, AutoLabel(place)) for x, place in zip(numbers(argument), _places(name, argument))]
        leaves += mine
        arguments.append(as_inputs(argument, mine))
    return arguments, leaves


def _places(name: str, argument: Any) -> Iterator[str]:
    """Give the name of each number in a nested list: X[0][0], X[0][1], ..."""
    if hasattr(argument, "__len__"):
        for i, part in enumerate(argument):
            yield from _places(name and f"{name}[{i}]", part)
    else:
        yield name


def loss_and_outputs(result: Any) -> tuple[Value, Any]:
    """Return the loss that a function returned, and the nested list of Values beside it, [] if there was none."""
    loss, outputs = result if isinstance(result, tuple) and len(result) == 2 else (result, [])
    if not isinstance(loss, Value):
        raise TypeError(
            f"compile was given a function that returned {loss!r:.60}. Let it return the loss, one Value, or "
            "(loss, outputs)."
        )
    return loss, outputs


def check_again(
    function: Callable[..., Any], examples: Sequence[Any], first: Recording, parameters: Sequence[Value]
) -> None:
    """Run the function on slightly other numbers, and refuse it if a constant of the graph became another."""
    names = [""] * len(examples)
    kept = [i for i in range(len(first)) if first.ops[i] or first.constant(i)]
    with _moved(parameters):
        for others in ([_turned(x) for x in examples], examples):  # the second where the first takes another branch
            start = Value(0.0)._born
            try:
                loss, *_ = recorded_call(function, others, names)
            except (ArithmeticError, ValueError, IndexError, TypeError):
                continue  # other numbers may be wrong for this function
            second = record(loss)
            other = [i for i in range(len(second)) if second.ops[i] or second.constant(i)]
            if [first.ops[i] for i in kept] == [second.ops[i] for i in other]:
                break
        else:
            return  # guards watch the branches
        for i, j in zip(kept, other):
            if first.constant(i) and first.data[i] != second.data[j]:
                line = _line(lambda: recorded_call(function, others, names), second.nodes[j]._born - start)
                raise RefusedError(
                    f"The number {first.data[i]:g} became {second.data[j]:g} when other numbers were given, but no "
                    f"operation recorded how{line}. Use the Value itself there, not its "
                    ".data, or make the number an input of the function."
                )


def _turned(argument: Any) -> Any:
    """Return the examples in the opposite order: numbers that the function must be able to take."""
    argument = argument.tolist() if hasattr(argument, "tolist") else argument
    return argument[::-1] if isinstance(argument, list | tuple) else argument


@contextmanager
def _moved(parameters: Sequence[Value]) -> Iterator[None]:
    """Let every parameter be a little larger within this context."""
    before = [p.data for p in parameters]
    changed = [getattr(p, "_changed", None) for p in parameters]
    for p, data in zip(parameters, before):
        p._data = data * 1.0001 + 1e-6
    try:
        yield
    finally:
        for p, data in zip(parameters, before):
            p._data = data
        assert [getattr(p, "_changed", None) for p in parameters] == changed


def _line(run: Callable[[], Any], count: int) -> str:
    """Return which of the learner's lines makes so many Values after the first, by running it once more."""
    package, found, last, probes, start = __file__.rpartition("compile")[0], "", "", 0, Value(0.0)._born

    def watch(frame: Any, event: str, _: Any) -> Any:
        nonlocal found, last, probes
        if frame.f_code.co_filename.startswith(package):
            return None
        probes += 1
        if not found and Value(0.0)._born - start - probes >= count:
            found = last
        here = frame.f_back if event == "return" else frame
        if here and not here.f_code.co_filename.startswith(package):
            last = f" ({here.f_code.co_filename}, line {here.f_lineno})"
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        run()
    finally:
        sys.settrace(before)
    return found or last
