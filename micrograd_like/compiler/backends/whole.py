"""The `numpy` backend: each instruction on whole arrays, with the table's definitions and rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ...ops import Ieee, Op
from ..extra import numpy as np
from ..lower.contraction import contraction
from ..lower.expression import Expr, in_order
from ..lower.plan import Instruction, View
from ..trace.own import FIRST

Array = Any


def function(op: Op) -> Callable[..., Array]:
    """Return the operation on whole arrays: NumPy's, or else the table's own on each number."""
    if op.name == "detach":
        return lambda a: a
    if op is FIRST["max"] or op is FIRST["min"]:
        return np().maximum if op is FIRST["max"] else np().minimum  # type: ignore[no-any-return]
    if op.name == "step":
        return lambda a: np().where(a != a, a, np().where(a > 0.0, 1.0, 0.0))
    if op.name == "relu":
        return lambda a: np().maximum(a, 0.0)
    return op.found_in("numpy", np()) or np().vectorize(partial(_in_ieee, op), otypes=[float])


def _in_ieee(op: Op, *numbers: float) -> float:
    """Return the operation on floats, as IEEE has it where Python raises."""
    return float(Ieee(0.0).apply(op, *numbers))


def evaluate(expr: Expr, operands: Sequence[Array]) -> Array:
    """Return the expression of whole arrays."""
    values: dict[Expr, Array] = {}
    for x in in_order(expr):
        if x.op:
            values[x] = function(x.op)(*[values[i] for i in x.inputs])
        else:
            values[x] = operands[x.key] if isinstance(x.key, int) else x.key
    return values[expr]


def strided(memory: Array, view: View, shape: tuple[int, ...]) -> Array:
    """Return what a view sees, with an axis of length 1 where it stands still."""
    lengths = [n if s else 1 for n, s in zip(shape, view.strides)]
    strides = [s * memory.itemsize for s in view.strides]
    return np().lib.stride_tricks.as_strided(memory[view.offset :], lengths, strides)


def compiled(memory: Array, instruction: Instruction) -> Callable[[], Any]:
    """Return a function that runs the instruction on the memory."""
    shape, out = instruction.shape, instruction.out
    found = contraction(instruction)
    if found:
        a, b, c = found.arrays(memory)
        if instruction.add:
            return lambda: np().add(c, a @ b, out=c)
        return lambda: np().matmul(a, b, out=c)
    reads = [_reader(memory, view, shape) for view in instruction.views]
    summed = tuple([i for i, s in enumerate(out.strides) if not s]) if out.index is None else ()

    def value() -> Array:
        result = evaluate(instruction.expr, [read() for read in reads])
        return np().broadcast_to(result, shape).sum(summed, keepdims=True) if summed else result

    if out.index is not None:
        return lambda: np().add.at(memory, out.index, value())
    target = strided(memory, out, shape)
    if instruction.add:
        return lambda: np().add(target, value(), out=target)
    return lambda: np().copyto(target, value())


def _reader(memory: Array, view: View, shape: tuple[int, ...]) -> Callable[[], Array]:
    if view.index is not None:
        return lambda: memory[view.index]
    seen = strided(memory, view, shape)
    return lambda: seen


class Whole:
    """Runs instructions one after the other; None if the numbers stayed finite."""

    lists: list[list[Callable[[], Any]]]

    def __init__(self, memory: Array, *lists: Sequence[Instruction]) -> None:
        self.lists = [[compiled(memory, i) for i in instructions] for instructions in lists]

        self.memory = memory

    def define(self, number: int, instructions: Sequence[Instruction]) -> None:
        """Set one of the lists."""
        self.lists[number:] = [[compiled(self.memory, i) for i in instructions]]

    def update_lists(self) -> None:
        """Nothing is kept of the places that inputs choose."""

    def train(self, places: Array, data: Array, losses: Array, loss: int) -> int:
        """Put each row of data at the places, run all lists, and keep the loss; return how many rows went well."""
        for i, row in enumerate(data):
            self.memory[places] = row
            unusual = self.run(0) | self.run(1)
            losses[i] = self.memory[loss]
            if unusual:
                return i
            self.run(2)
        return len(data)

    def run(self, number: int) -> bool:
        """Run one of the lists, and tell whether an operation overflowed, divided by 0 or had no result."""
        happened = []
        with np().errstate(
            over="call", divide="call", invalid="call", under="ignore", call=lambda *a: happened.append(a)
        ):
            try:
                for run in self.lists[number]:
                    run()
            except (ArithmeticError, ValueError):  # as the learner's own operation may raise
                return True
        return bool(happened)
