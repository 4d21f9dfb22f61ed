"""A number that remembers how it was made, and the chain rule run backward over that memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from math import isfinite
from operator import attrgetter
from typing import Any

from .ops import NoFiniteGradientError, Number, Op, ieee as ieee, in_ieee, real

new, born, passes = object.__new__, attrgetter("_born"), [0]  # so many backward passes were made
tick = count(1).__next__  # one clock for births and changes: creation order is a topological order


class Value(Number):
    """One real number, recorded in a computation graph.

    >>> a, b = Value(2.0), Value(-3.0)
    >>> (a * b + a).backward()
    >>> a.grad, b.grad
    (-2.0, 2.0)
    """

    __slots__ = ("_data", "grad", "op", "inputs", "local_grads", "label", "_born", "__dict__", "__weakref__")
    __hash__ = object.__hash__
    constant = False

    def __init__(self, data: object, label: str = "") -> None:
        self._data = real(data)
        self.grad = 0.0  # d(output)/d(this), after output.backward()
        self.op: Op | None = None  # what made it; None for a leaf
        self.inputs: tuple[Value, ...] = ()  # what it was made from, in order, both kept for a + a
        self.local_grads: tuple[float, ...] = ()  # d(this)/d(input) for each input, computed when the op ran
        self.label = label  # what a drawing calls it
        self._born = tick()

    @property
    def data(self) -> float:
        """The number. Setting it changes what is computed from now on, nothing that was computed before."""
        return self._data

    @data.setter
    def data(self, number: object) -> None:
        self._data = real(number)
        self._changed = tick()

    def apply(self, op: Op, *operands: Any) -> Value:
        """Return a new node: `op` of the operands, of which plain numbers become constants."""
        try:
            numbers = [x._data for x in operands]
            data = op.value(*numbers)
            local_grads = op.rule(data, *numbers)
            if data != data:
                raise ValueError
        except (AttributeError, ArithmeticError, ValueError):
            operands, data, local_grads = carefully(op, operands)
        node = new(Value)
        node._data = data
        node.grad = 0.0
        node.op = op
        node.inputs = operands
        node.local_grads = local_grads
        node.label = ""
        node._born = tick()
        return node

    def backward(self) -> None:
        """Put d(self)/d(node) into every node's grad: leaves add up over calls, the others start afresh.

        Raises NoFiniteGradientError, before any grad is written, where a value or local derivative is not finite.
        """
        for _ in backward_steps(self):
            pass

    def __eq__(self, other: object) -> bool:
        """Two Values are equal if they are the same node; a plain number is compared with the data."""
        return self is other if isinstance(other, Value) else self._data == other

    def __lt__(self, other: Any) -> bool: return bool(self._data < getattr(other, "_data", other))
    def __le__(self, other: Any) -> bool: return bool(self._data <= getattr(other, "_data", other))
    def __gt__(self, other: Any) -> bool: return bool(self._data > getattr(other, "_data", other))
    def __ge__(self, other: Any) -> bool: return bool(self._data >= getattr(other, "_data", other))

    def __bool__(self) -> bool:
        raise TypeError(f"{self} is neither true nor false. Write x.data != 0, or x is not None.")

    def __float__(self) -> float:
        raise TypeError(f"{self} as a float has no history. Write x.data, or x.exp() instead of math.exp(x).")

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def __repr__(self) -> str:
        return f"Value(data={self._data!r}, grad={self.grad!r}{self.label and f', label={self.label!r}'})"

    _prev = property(lambda self: set(self.inputs))  # as the lecture notebooks call them
    _op = property(lambda self: (self.op.sign or self.op.name) if self.op else "")


class Constant(Value):
    """A plain number that met a Value: drawn small, and never given a gradient."""

    __slots__ = ()
    constant = True


def carefully(op: Op, operands: tuple[Any, ...]) -> tuple[tuple[Value, ...], float, tuple[float, ...]]:
    """Do what `apply` does where a plain number takes part or something is not finite."""
    inputs = tuple([x if isinstance(x, Value) else Constant(x) for x in operands])
    numbers = [x._data for x in inputs]
    data = op.at(numbers, inputs)
    slopes = zip(inputs, op.local_grads(data, *numbers))
    return inputs, data, tuple([0.0 if x.constant else slope for x, slope in slopes])  # constants stay put


def topological_order(*roots: Value) -> list[Value]:
    """Return the roots and every node they were made from, inputs before what is made from them."""
    seen = set(roots)
    nodes = list(seen)
    for node in nodes:  # the list grows while it is read
        for x in node.inputs:
            if x not in seen:
                seen.add(x)
                nodes.append(x)
    nodes.sort(key=born)
    return nodes


def chain_rule(order: Iterable[Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Send each node's gradient on to its inputs, pausing with (node, input, local_grad) after each one."""
    for node in order:
        for input, local_grad in zip(node.inputs, node.local_grads):
            if local_grad != 0.0 or not node.op.gate:  # a shut gate passes nothing, not even 0 * inf
                input.grad += local_grad * node.grad  # the chain rule
            yield node, input, local_grad


def backward_steps(root: Value) -> Iterator[tuple[Value, Value, float]]:
    """Start a backward pass from root and return its steps: each advance uses the chain rule once."""
    order, passes[0] = topological_order(root), passes[0] + 1
    for node in order if not in_ieee.get() else ():
        if node.op and not (isfinite(node._data) and all(map(isfinite, node.local_grads))):
            raise node.op.failure(NoFiniteGradientError, [x._data for x in node.inputs], node.inputs)
    for node in order:
        if node.inputs:
            node.grad = 0.0
    root.grad += 1.0
    return chain_rule(reversed(order))
