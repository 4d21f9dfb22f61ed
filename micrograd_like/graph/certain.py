"""How many digits of each value and gradient are certain: both passes again, in decimals that know their error.

>>> from micrograd_like import Value
>>> x = Value(1e-9, "x")
>>> y = ((x + 1.0) - 1.0) / x
>>> y.data, certain(y)[y].value
(1.000000082740371, 6)
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from math import isfinite
from types import SimpleNamespace
from typing import Any, NamedTuple

from ..engine import Value, chain_rule, topological_order
from ..ops import Op
from .decimals import UNKNOWN, Bounded, constant, context
from .names import changed_after_use

DIGITS = 50, 200, 800  # one after the other, while an error is too large to tell
MOST = 16  # digits that a float can have; one that is exact counts as having one more


class Certain(NamedTuple):
    """How many significant digits of a node's value and of its gradient are right: 16 at most, or 17 if exact."""

    value: int
    grad: int


EXACT = Certain(MOST + 1, MOST + 1)


def digits_certain(digits: int) -> str:
    """Say how many digits are certain."""
    if digits > MOST:
        return "exact"
    return f"{digits} digits certain" if digits != 1 else "1 digit certain"


class _Exact:
    """Stands for a node in both passes; the chain rule is the engine's."""

    def __init__(self, node: Value, inputs: Sequence[_Exact]) -> None:
        self.op: Op | None = node.op
        self.inputs: list[_Exact] = []
        self.local_grads: list[Bounded] = []
        self.grad: Any = Bounded(Decimal(0))
        if node.op is None:
            self.value = Bounded(Decimal(node.data)) if isfinite(node.data) else UNKNOWN
            return
        operands = [x.value for x in inputs]
        self.value = node.op(*operands)
        for x, stand, slope in zip(node.inputs, inputs, node.op.rule(self.value, *operands)):
            if not x.constant:
                self.inputs.append(stand)
                self.local_grads.append(slope if isinstance(slope, Bounded) else constant(slope))


def certain(output: Value) -> dict[Value, Certain]:
    """Return for each node how many digits of its value are certain, and of d(output)/d(node) as backward gives it.

    Leaves count as exact. Where an input was changed after it was used, or an operation is not known to this
    arithmetic, nothing is claimed: 0 digits.
    """
    nodes = topological_order(output)
    grads = _floats(output, nodes)
    found: dict[Value, Certain] = {}
    for digits in DIGITS:
        before, doubt = found, False
        with localcontext(context(digits)):
            found = {}
            for node, stand in _replayed(output, nodes).items():
                value, unsure = _right(node.data, stand.value)
                grad, unsure_too = _right(grads[node], stand.grad)
                found[node] = Certain(value, grad)
                doubt = doubt or unsure or unsure_too
        if not doubt or found == before:
            break
    return {node: claim for node, claim in found.items() if not node.constant}


def _replayed(output: Value, nodes: Sequence[Value]) -> dict[Value, _Exact]:
    stands: dict[Value, _Exact] = {}
    for node in nodes:
        stands[node] = _Exact(node, [stands[x] for x in node.inputs])
        if changed_after_use(node):
            stands[node].value = UNKNOWN
            stands[node].local_grads = [UNKNOWN] * len(stands[node].inputs)
    stands[output].grad = Bounded(Decimal(1))
    for _ in chain_rule(reversed(stands.values())):
        pass
    return stands


def _floats(output: Value, nodes: Sequence[Value]) -> dict[Value, float]:
    """Return the gradients that backward gives, and leave those of the nodes as they are."""
    stands: dict[Value, SimpleNamespace] = {}
    for node in nodes:
        inputs = [stands[x] for x in node.inputs]
        stands[node] = SimpleNamespace(op=node.op, inputs=inputs, local_grads=node.local_grads, grad=0.0)
    stands[output].grad = 1.0
    for _ in chain_rule(reversed(stands.values())):
        pass
    return {node: stand.grad for node, stand in stands.items()}


def _right(number: float, exact: Bounded) -> tuple[int, bool]:
    """Return how many digits of a float are certain, and whether more digits of the exact number could tell more."""
    if not isfinite(number) or not exact.error.is_finite():
        return 0, isfinite(number)
    true, wrong = Decimal(number), exact.error
    off = abs(true - exact.number) + wrong
    if off == 0:
        return MOST + 1, False
    least = abs(exact.number) - wrong
    if not least > 0:
        return 0, bool(wrong)
    relative = off / least
    claimed = min(max(-relative.adjusted() - 1, 0), MOST)
    while claimed and 2 * relative > Decimal(10) ** -claimed:
        claimed -= 1
    return claimed, wrong * 1000 > off
