"""Leaves of a recorded graph: which of them are parameters, and their gradients by the engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..engine import Value, topological_order
from .trace.inputs import Chosen, Input
from .trace.tracked import Guard, Tracked


def is_array(x: Any) -> bool:
    return hasattr(x, "tolist") and hasattr(x, "__len__")


def flat(parts: Any) -> Iterator[Value]:
    if isinstance(parts, Value):
        yield parts
    elif hasattr(parts, "parameters"):
        yield from parts.parameters()
    else:
        for part in parts:
            yield from flat(part)


def with_numbers(nested: Any, numbers: Iterator[float]) -> Any:
    """Return the nested lists with the next of these numbers for each Value, as the kind of number that it was."""
    if isinstance(nested, list | tuple):
        return [with_numbers(part, numbers) for part in nested]
    if not isinstance(nested, Value):
        return nested
    number = next(numbers)
    return type(nested.number)(number) if type(nested) is Tracked else number


def leaves_before(nodes: Sequence[Value], births: int, inputs: set[Value] = set()) -> list[Value]:  # noqa: B006
    """Return the leaves that were there before the function ran, but its inputs."""
    return [
        x for x in nodes
        if x.op is None and not x.constant and x._born < births
        and type(x) not in (Chosen, Input, Tracked) and x not in inputs
    ]  # fmt: skip


def parameters_of(nodes: Sequence[Value], births: int, inputs: set[Value] = set()) -> list[Value]:  # noqa: B006
    """Return the leaves that training may change: those of networks, or else all that were there before."""
    leaves = leaves_before(nodes, births, inputs)
    return [x for x in leaves if getattr(x, "parameter", False)] or leaves


@contextmanager
def gradients_of(loss: Value, parameters: Sequence[Value]) -> Iterator[list[float]]:
    """Give the engine's gradients, and leave those that are there as they were, of every leaf."""
    leaves = list({*parameters, *[x for x in topological_order(loss) if x.op is None]})
    before = [x.grad for x in leaves]
    for p in parameters:
        p.grad = 0.0
    try:
        loss.backward()
        yield [p.grad for p in parameters]
    finally:
        for x, grad in zip(leaves, before):
            x.grad = grad


def of_inputs_alone(guards: Sequence[Guard], leaves: Sequence[Value]) -> list[Guard]:
    """Return the guards that ask for what is computed from inputs, but not for inputs themselves alone."""
    known = {id(x): True for x in leaves}

    def derived(node: Value) -> bool:
        ahead = [node]
        while ahead:
            x = ahead[-1]
            missing = [y for y in x.inputs if id(y) not in known]
            if id(x) in known or not missing or any(known.get(id(y)) is False for y in x.inputs):
                ahead.pop()
                known.setdefault(id(x), x.constant or (bool(x.inputs) and all(known.get(id(y)) for y in x.inputs)))
            else:
                ahead.append(missing[0])
        return known[id(node)]

    made = []
    for guard in guards:
        operands = [x for x in guard.test.operands() if isinstance(x, Value)]
        if any(x.op for x in operands) and all(map(derived, operands)):
            made.append(guard)
    return made
