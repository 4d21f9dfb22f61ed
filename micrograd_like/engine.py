"""A number that remembers how it was made, and the chain rule run backward over that memory."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import count, repeat
from operator import attrgetter
from typing import Any

from .ops import Op, add, ieee as ieee, mul, real
from .ops.gates import behind_shut_gates
from .ops.protocols import Protocols, Stepwise, checked, fill_in, let_go


class Value(Protocols):
    """One real number, recorded in a computation graph.

    >>> a, b = Value(2.0), Value(-3.0)
    >>> (a * b + a).backward()
    >>> a.grad, b.grad
    (-2.0, 2.0)
    """

    __slots__ = ("_data", "grad", "op", "inputs", "local_grads", "label", "_born", "__dict__", "__weakref__")
    grad: float  # d(output)/d(this), after output.backward()
    op: Op | None  # what made it; None for a leaf
    inputs: tuple[Value, ...]  # what it was made from, in order, both kept for a + a
    local_grads: tuple[float, ...]  # d(this)/d(input) for each input, computed when the op ran
    label: str  # what a drawing calls it
    constant = False
    engine = "Python"  # which engine runs: the one that you are reading, or its twin in C

    def __init__(
        self, data: object, label: str = "", op: Any = None, inputs: Any = (), local_grads: Any = (), **lecture: Any
    ) -> None:
        self._data, self.grad, self.label = data if type(data) is float else real(data), 0.0, label
        self.op, self.inputs, self.local_grads, self._born = op, inputs, local_grads, tick()
        if lecture or not isinstance(label, str):
            fill_in(self, label, op, inputs, **lecture)  # Value(8.0, (a, b), '+'), as lectures write it

    # fmt: off
    def __add__(self, other: Any) -> Value: return self.apply(add, self, other)
    def __mul__(self, other: Any) -> Value: return self.apply(mul, self, other)
    # fmt: on

    def apply(self, op: Op, *operands: Any) -> Value:
        """Return a new node: `op` of the operands, of which plain numbers become constants."""
        try:
            numbers = [*map(number_of, operands)]
            data = op.value(*numbers)
            local_grads = op.rule(data, *numbers) if data == data and not op.corner else op.local_grads(data, *numbers)
        except (AttributeError, ArithmeticError, ValueError):  # a plain number takes part, or there is no result
            operands, data, local_grads = with_constants(op, operands)
        return Value(data, "", op, operands, local_grads)

    def backward(self) -> None:
        """Put d(self)/d(node) into every node's grad: leaves add up over calls, the others start afresh.

        Raises NoFiniteGradientError where a value or local derivative is not finite. An error or Ctrl-C leaves
        every grad as it was.
        """
        order = topological_order(self)
        before = [node.grad for node in order]
        if None in before:
            raise TypeError("A gradient is a number, and None is none. Write x.grad = 0.0.")
        try:
            for _ in backward_steps(self, order):
                pass
        except BaseException:
            deque(map(setattr, order, repeat("grad"), before), maxlen=0)  # one call, which no Ctrl-C cuts in two
            raise

    @property
    def data(self) -> float:
        """The number. Setting it changes what is computed from now on, nothing that was computed before."""
        return self._data

    @data.setter
    def data(self, number: object) -> None:
        self._data = real(number)
        self._changed = tick()

    @property
    def _backward(self) -> Callable[[], None]:  # the lecture's name for the chain rule at one node
        return lambda: deque(chain_rule([self]), maxlen=0).clear()

    @_backward.setter
    def _backward(self, function: object) -> None:
        raise TypeError("backward() reads local_grads. Write out.local_grads = (1 - t**2,), one number for each input.")


if sys.platform == "emscripten":  # a browser's Python has a small stack
    Value.__del__ = let_go  # type: ignore[attr-defined]


class Constant(Value):
    """A plain number that met a Value: drawn small, and never given a gradient."""

    __slots__ = ()
    constant = True


def with_constants(op: Op, operands: tuple[Any, ...]) -> tuple[tuple[Value, ...], float, tuple[float, ...]]:
    """Do what `apply` does where a plain number takes part, or where there is no result."""
    inputs = tuple([x if isinstance(x, Value) else Constant(x) for x in operands])
    numbers = [x._data for x in inputs]
    data = op.at(numbers, inputs)  # raises an error that says what to type instead
    slopes = zip(inputs, op.local_grads(data, *numbers))
    return inputs, data, tuple([0.0 if x.constant else slope for x, slope in slopes])  # constants stay put


tick = globals().get("tick", count(1).__next__)  # one clock, that a reload leaves running: inputs are older than nodes
number_of, born = attrgetter("_data"), attrgetter("_born")
passes: list[int] = globals().get("passes", [0])  # how many backward passes were made


def topological_order(*roots: Value) -> list[Value]:
    """Return the roots and every node they were made from, inputs before what is made from them."""
    seen = set(checked(roots))
    nodes = list(seen)
    for node in nodes:  # the list grows while it is read
        for x in node.inputs:
            if x not in seen:
                seen.add(x)
                nodes.append(x)
    nodes.sort(key=born)
    return nodes


def chain_rule(order: Iterable[Any], unreached: Collection[Any] = ()) -> Iterator[tuple[Any, Any, Any]]:
    """Pass each node's gradient back to its inputs, pausing with (node, input, local_grad) after each one."""
    for node in order:
        for input, local_grad in zip(node.inputs, node.local_grads):
            if node not in unreached and (local_grad != 0.0 or not node.op.gate):  # a shut gate: not even 0 * inf
                input.grad += local_grad * node.grad  # the chain rule
            yield node, input, local_grad


def backward_steps(root: Value, order: Sequence[Value] = ()) -> Iterator[tuple[Value, Value, float]]:
    """Start a backward pass from root and return its steps: each advance uses the chain rule once."""
    order = order or topological_order(root)
    unreached = behind_shut_gates(order)
    passes[0] += 1
    for node in order:
        if node.inputs:
            node.grad = 0.0
    root.grad += 1.0
    return Stepwise(chain_rule(reversed(order), unreached), "steps: for node, input, local_grad in backward_steps(L)")
