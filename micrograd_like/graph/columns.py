"""A whole graph as columns of numbers, for layers that look at millions of nodes without touching each one."""

from __future__ import annotations

import gc
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .. import _engine
from ..engine import Value, topological_order
from ..ops import Op

KINDS = ("inner", "leaf", "constant", "parameter")


@dataclass(frozen=True)
class Capture:
    """The nodes that some roots were made from, inputs before what is made from them.

    Node i has `kind[i]`, a position in KINDS, `data[i]`, `grad[i]`, and was made by `ops[op[i]]`; a leaf has op
    -1. Its inputs are the nodes `input[start[i]:start[i + 1]]`, and `local_grad` runs beside `input`.
    """

    nodes: list[Value]
    ops: list[Op]
    op: array[int]
    kind: array[int]
    data: array[float]
    grad: array[float]
    start: array[int]
    input: array[int]
    local_grad: array[float]


@contextmanager
def collector_off() -> Iterator[None]:
    """Stop the cyclic garbage collector, which would look at every node again and again, and graphs have no cycles."""
    was_on = gc.isenabled()
    try:
        gc.disable()
        yield
    finally:
        if was_on:
            gc.enable()


def capture(*roots: Value) -> Capture:
    """Return the graph of the roots as columns.

    >>> a = Value(3.0)
    >>> columns = capture(a * a + 1.0)
    >>> columns.ops, list(columns.op), list(columns.input)
    ([<op mul>, <op add>], [-1, 0, -1, 1], [0, 0, 1, 2])
    """
    with collector_off():
        columns = _engine.c.capture(*roots) if _engine.c else None
        if columns is None:
            columns = _columns(*roots)
    nodes, ops, *numbers = columns
    return Capture(nodes, list(ops), *[array(code, column) for code, column in zip("ibddiid", numbers)])


def _columns(*roots: Value) -> tuple[Any, ...]:
    """Return what the C engine returns."""
    nodes = topological_order(*roots)
    position = {node: i for i, node in enumerate(nodes)}
    ops: dict[Op, int] = {}
    start = [0]
    for node in nodes:
        start.append(start[-1] + len(node.inputs))
    return (
        nodes,
        ops,
        [ops.setdefault(node.op, len(ops)) if node.op else -1 for node in nodes],
        [_kind(node) for node in nodes],
        [node.data for node in nodes],
        [node.grad for node in nodes],
        start,
        [position[x] for node in nodes for x in node.inputs],
        [slope for node in nodes for slope in node.local_grads],
    )


def _kind(node: Value) -> int:
    if node.op:
        return 0
    return 2 if node.constant else 3 if getattr(node, "parameter", False) else 1
