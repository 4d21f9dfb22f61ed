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


def zeroed(leaves: list[Value], before: Any) -> Any:
    """Set every gradient to 0, and return what they were, in `before` if it is large enough."""
    if SAME_NODES and c.zero(leaves, before, Value):
        return before
    before = [x.grad for x in leaves]
    for x in leaves:
        x.grad = 0.0
    return before


def stepped(optimizer: Any) -> bool:
    """Let an optimizer step in C right after a backward pass; tell whether it could."""
    if not (SAME_NODES and c.bare(optimizer.parameters, Value, "frozen")):
        return False
    done = _engine.updated(optimizer, optimizer.parameters, optimizer.lr)
    if done:
        optimizer.passes = _engine.passes()
    return done


def write(parameters: list[Value], memory: Any) -> None:
    """Give the parameters what the memory holds; what changed is noted as changed, as by an assignment."""
    if SAME_NODES and c.write(parameters, memory, Value, engine.tick()):
        return
    size = len(parameters)
    for p, data, grad in zip(parameters, memory[:size].tolist(), memory[size : 2 * size].tolist()):
        if p.data != data:
            p.data = data
        p.grad = grad
