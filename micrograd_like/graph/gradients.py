"""Gradients that are Values: the backward pass recorded too, so that it can be differentiated again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

from ..engine import Value, chain_rule, topological_order
from ..ops import NoFiniteGradientError, ieee, in_ieee
from ..ops.gates import behind_shut_gates
from .names import as_value, changed_after_use
from .textbook import agrees, at_numbers, numbers_of


class _Nothing(float):
    """The sum of no contributions: 0, and the first one that is added to it takes its place."""

    def __add__(self, other: Any) -> Any:
        return other


class _LocalDerivative:
    """A recorded local derivative; times an upstream gradient of 1 it is itself, without another node."""

    def __init__(self, number: Any) -> None:
        self.number = number

    def __ne__(self, other: object) -> bool:  # a shut gate is told by its number
        return bool(self.number != other)

    def __mul__(self, upstream: Any) -> Any:
        if type(upstream) is float and upstream == 1.0:
            return self.number
        if type(self.number) is float and abs(self.number) == 1.0:
            return upstream if self.number == 1.0 else -upstream
        return self.number * upstream


class _Recorded:
    """Stands for a node in a backward pass whose gradients are Values, so that the pass is recorded too."""

    def __init__(self, node: Value, inputs: dict[Value, _Recorded]) -> None:
        self.op = node.op
        self.grad: Any = _Nothing()
        self.inputs: list[_Recorded] = []
        self.local_grads: list[_LocalDerivative] = []
        if self.op is None:
            return
        for x, number in zip(node.inputs, node.local_grads):
            if x in inputs and not (isfinite(number) or in_ieee.get()):
                raise self.op.failure(NoFiniteGradientError, [x.data for x in node.inputs], node.inputs)
        for i, (x, slope) in enumerate(zip(node.inputs, _slopes(node))):
            if x in inputs:
                _refuse_stale(node, slope)
                self.inputs.append(inputs[x])
                self.local_grads.append(_LocalDerivative(_in_books(node, i, slope)))


def _slopes(node: Value) -> tuple[Any, ...]:
    """Return a node's local derivatives, recorded where they depend on anything: 3 - 1 is a plain 2."""
    assert node.op is not None
    if in_ieee.get() and (agreed := node.op.corner.get(tuple([x.data for x in node.inputs]))):
        return agreed
    with ieee():  # a slope that nobody asks for may be infinite
        try:
            return node.op.rule(node, *[x.data if x.constant else x for x in node.inputs])
        except (ArithmeticError, ValueError):  # in plain numbers Python raises even so
            return node.op.rule(node, *node.inputs)


def _refuse_stale(node: Value, slope: Any) -> None:
    """Raise if the slope would be recorded from a number that was set after the node was made."""
    changed = [*changed_after_use(node), *([node] if getattr(node, "_changed", 0) > node._born else [])]
    recorded = set(topological_order(slope)) if changed and isinstance(slope, Value) else set()
    for x in changed:
        if x in recorded:
            name = x.label or "x"
            raise ValueError(
                f"{name}.data was set to {x.data!r} after it was used, and gradients() would mix old and new numbers. "
                "Compute the output again, then take its gradients."
            )


def _in_books(node: Value, position: int, slope: Any) -> Any:
    """Note on a recorded local derivative of which node it is one, if textbooks write it in another form."""
    assert node.op is not None
    if isinstance(slope, Value) and slope.op and slope is not node and slope not in node.inputs:
        book = node.op.textbook
        if book is not node.op.rule and agrees(at_numbers(book, position, numbers_of(node)), slope.data):
            slope._book = node, position  # type: ignore[attr-defined]
    return slope


def gradients(output: Value, wrt: Value | Sequence[Value]) -> list[Value]:
    """Return d(output)/d(x) for each x of `wrt` as Values, recorded, so that you can differentiate them again.

    >>> x = Value(3.0)
    >>> [slope] = gradients(x**3, [x])
    >>> [curvature] = gradients(slope, [x])
    >>> slope.data, curvature.data
    (27.0, 18.0)

    Raises NoFiniteGradientError as `backward` does, ValueError where the data of a node was set after it was used,
    and TypeError where something is not a Value.
    """
    asked_for = [wrt] if isinstance(wrt, Value | str) or not isinstance(wrt, Iterable) else wrt
    wanted = [as_value(x, "gradients") for x in asked_for]
    stand: dict[Value, _Recorded] = {}
    asked = set(wanted)
    order = topological_order(as_value(output, "gradients"))
    with ieee():
        unreached = behind_shut_gates(order)
    for node in order:
        if node in unreached:
            continue
        if node in asked or not stand.keys().isdisjoint(node.inputs):
            stand[node] = _Recorded(node, stand)
    if output in stand:
        stand[output].grad = 1.0
    for _ in chain_rule(reversed(stand.values())):
        pass
    grads = [stand[x].grad if x in stand else 0.0 for x in wanted]
    return [x if isinstance(x, Value) else Value(x) for x in grads]
