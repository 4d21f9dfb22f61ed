"""Where gradient flows: not behind a shut gate, and not through a number that is not finite."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from .errors import NoFiniteGradientError, in_ieee


def behind_shut_gates(order: Sequence[Any]) -> set[Any]:
    """Return the nodes that no gradient reaches, and raise where one arrives that cannot pass.

    A slope must be finite wherever gradient arrives; a value, such as the -inf of a mask, only where it is not 0.
    """
    if all(isfinite(node._data) and all(map(isfinite, node.local_grads)) for node in order if node.op):
        return set()  # gates or not, 0 times a finite number is 0
    reached, moved, stuck = {order[-1]}, {order[-1]}, None
    for node in [x for x in reversed(order) if x.op]:
        passes = all(map(isfinite, node.local_grads)) and (isfinite(node._data) or node not in moved)
        if node in reached and not passes:
            stuck = node
        for x, slope in zip(node.inputs, node.local_grads):
            if node in reached and (slope != 0.0 or not node.op.gate):
                reached.add(x)
            if node in moved and slope != 0.0:
                moved.add(x)
    if stuck is not None and not in_ieee.get():
        raise stuck.op.failure(NoFiniteGradientError, [x._data for x in stuck.inputs], stuck.inputs)
    return set(order) - reached
