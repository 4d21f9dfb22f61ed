"""The learner's Values and the program's memory: parameters first, then their gradients."""

from __future__ import annotations

from array import array
from typing import Any

from ... import _engine, engine
from ...engine import Value
from ..extra import loops

c: Any = loops()
SAME_NODES = bool(c and _engine.c) and Value.__basicsize__ == c.NODE_SIZE


def read(parameters: list[Value], memory: Any) -> None:
    """Put the data of the parameters into the memory."""
    if not (SAME_NODES and c.read(parameters, memory, Value)):
        memory[: len(parameters)] = array("d", [p.data for p in parameters])


def frozen(parameters: list[Value]) -> list[Value]:
    """Return those that are not to be trained."""
    if SAME_NODES and c.bare(parameters, Value, "frozen"):
        return []
    return [p for p in parameters if getattr(p, "frozen", False)]


def write(parameters: list[Value], memory: Any) -> None:
    """Give the parameters what the memory holds; what changed is noted as changed, as by an assignment."""
    if SAME_NODES and c.write(parameters, memory, Value, engine.tick()):
        return
    size = len(parameters)
    for p, data, grad in zip(parameters, memory[:size].tolist(), memory[size : 2 * size].tolist()):
        if p.data != data:
            p.data = data
        p.grad = grad
