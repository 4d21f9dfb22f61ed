"""The `native` backend: instructions as words for the loops in C."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import prod
from typing import Any

from ...ops import OPS
from ..extra import loops, numpy as np
from ..lower.contraction import contraction
from ..lower.expression import Expr, in_order
from ..lower.plan import Instruction, View
from ..vectorize.strides import collapsed

Array = Any
MAP, FUSED, PRODUCT = range(3)
DIRECT, SAME, WALKED, LISTED = range(4)
MOST_STEPS, MOST_VIEWS, MOST_LOOPS, MOST_FUSED = 64, 16, 6, 8


class TooWideError(ValueError):
    """An instruction has more operands, steps or loops than the loops in C hold."""


class Native:
    """Runs lists of instructions in C."""

    c: Any
    memory: Array
    codes: dict[Any, int]
    lists: Any
    words: list[Array]

    def __init__(self, memory: Array, *lists: Sequence[Instruction]) -> None:
        self.c, self.memory = loops(), memory
        self.codes = {name: i for i, name in enumerate(self.c.OPS)}
        self.listed: list[Array] = []  # places, one list behind the other
        self.views: list[tuple[View, int]] = []
        self.lists = np().zeros(0, dtype=np().int64)
        self.words = [self.written(instructions) for instructions in lists]
        self.update_lists()

    def define(self, number: int, instructions: Sequence[Instruction]) -> None:
        """Set one of the lists."""
        self.words[number:] = [self.written(instructions)]
        self.update_lists()

    def update_lists(self) -> None:
        """Take over the places that the views have now."""
        size = sum([view.index.size for view, _ in self.views])
        if len(self.lists) != size:
            flat = [view.index.reshape(-1) for view, _ in self.views]
            self.lists = np().concatenate(flat).astype(np().int64)
        for view, at in self.views:
            if view.table is not None:
                self.lists[at : at + view.index.size] = view.index.reshape(-1)

    def run(self, number: int) -> bool:
        """Run one of the lists, and tell whether an operation overflowed, divided by 0 or had no result."""
        unusual: bool = self.c.run(self.memory, self.words[number], self.lists)
        return unusual

    def train(self, places: Array, data: Array, losses: Array, loss: int) -> int:
        """Put each row of data at the places, run all lists, and keep the loss; return how many rows went well."""
        places, data = np().ascontiguousarray(places, dtype=np().int64), np().ascontiguousarray(data)
        done: int = self.c.train(self.memory, self.lists, places, data, losses, loss, *self.words)
        return done

    def written(self, instructions: Sequence[Instruction]) -> Array:
        """Return the words of all instructions."""
        words: list[int] = []
        together: list[tuple[int, list[int]]] = []  # maps over the same lanes, each place by place

        before: list[tuple[int, int, bool]] = []

        def finish() -> None:
            if len(together) > 1:
                inner = [x for _, made in together for x in made]
                words.extend([FUSED, 4 + len(inner), together[0][0], len(together), *inner])
            elif together:
                words.extend([MAP, 2 + len(together[0][1]), *together[0][1]])
            together.clear()

        for instruction in instructions:
            if found := contraction(instruction):
                finish()
                m, n, k = found.m, found.n, found.k
                sizes = [m[0], n[0], k[0], m[1], k[1], n[2], k[2], m[3], n[3]]
                batch = [x for loop in found.batch for x in loop]
                if len(found.batch) > 2:
                    raise TooWideError("a product of matrices in more than two loops")
                made = [int(instruction.add), *found.offsets, *sizes, len(found.batch), *batch]
                words += [PRODUCT, 2 + len(made), *made]
                continue
            lanes, made, alone = self.map(instruction)
            touched = _touched(instruction, lanes)
            if (
                alone
                or not together
                or together[0][0] != lanes
                or len(together) == MOST_FUSED
                or _cross(before, touched)
            ):
                finish()
                before = []
            together.append((lanes, made))
            before += touched
            if alone:
                finish()
        finish()
        return np().array(words, dtype=np().int64)

    def map(self, instruction: Instruction) -> tuple[int, list[int], bool]:
        """Return the lanes of one instruction, its words, and whether it must run by itself."""
        views = [instruction.out, *instruction.views]
        plain = [v for v in views if v.index is None]
        if len(plain) == len(views):
            shape, strides = _ordered(instruction.shape, [v.strides for v in plain])
        else:
            shape, strides = instruction.shape, [v.strides for v in plain]
        rest = iter(strides)
        if len(shape) > MOST_LOOPS or len(views) > MOST_VIEWS:
            raise TooWideError(f"{len(shape)} loops over {len(views)} arrays")
        seen = [self.view(v, shape, next(rest) if v.index is None else ()) for v in views]
        lanes = prod(shape)
        numbers: list[float] = []
        steps: list[int] = []
        register: dict[Any, int] = {}
        every = in_order(instruction.expr)
        gates = {x: _gate(x) for x in every}
        needed = {x for y in every for x in gates[y] or y.inputs} | {instruction.expr}
        for x in every:
            if x not in needed:
                continue
            if isinstance(x.key, int):
                register[x] = x.key
            elif x.op is None:
                numbers.append(x.key)
                register[x] = -len(numbers)
            else:
                if x.op.name not in self.codes:
                    raise TooWideError(f"{x.op.name} is not one of the operations in C")
                inputs, code = (gates[x], len(self.codes)) if gates[x] else (x.inputs, self.codes[x.op.name])
                steps += [code, register[inputs[0]], register[inputs[-1]]]
                register[x] = len(instruction.views) + len(steps) // 3 - 1
        if len(steps) // 3 > MOST_STEPS:
            raise TooWideError(f"{len(steps) // 3} steps in one expression")
        summed = int(instruction.out.index is None and any(n > 1 and not s for n, s in zip(shape, strides[0])))
        made = [len(shape), lanes, int(instruction.add), summed, len(seen) - 1, len(steps) // 3, len(numbers), *shape]
        for view in seen:
            made += view
        made += steps + [struct.unpack("q", struct.pack("d", x))[0] for x in numbers]
        alone = lanes == 1 or any(view[0] not in (DIRECT, SAME) for view in seen) or seen[0][0] != DIRECT
        return lanes, made, alone

    def view(self, view: View, shape: tuple[int, ...], strides: tuple[int, ...]) -> list[int]:
        if view.index is not None:
            at = sum([v.index.size for v, _ in self.views])
            self.views.append((view, at))
            return [LISTED, at, *[0] * len(shape)]
        inside = [prod(shape[d + 1 :]) for d in range(len(shape))]
        kind = SAME if not any(strides) else DIRECT if [*strides] == inside else WALKED
        return [kind, view.offset, *strides]


def _gate(x: Expr) -> tuple[Expr, ...]:
    """Return a and b where the expression is step(a) * b, which is b or nothing."""
    if x.op is OPS["mul"]:
        for a, b in (x.inputs, x.inputs[::-1]):
            if a.op is OPS["step"]:
                return a.inputs[0], b
    return ()


def _touched(instruction: Instruction, lanes: int) -> list[tuple[int, int, bool]]:
    """Return from where to where each view of a map over one piece reaches, and whether it is written."""
    views = [instruction.out, *instruction.views]
    return [(v.offset, v.offset + (lanes if any(v.strides) else 1), v is instruction.out) for v in views]


def _cross(before: Sequence[tuple[int, int, bool]], now: Sequence[tuple[int, int, bool]]) -> bool:
    """Tell whether what is written and what is read overlap without being the same places."""
    return any((x[2] or y[2]) and x[0] < y[1] and y[0] < x[1] and x[:2] != y[:2] for x in before for y in now)


def _ordered(
    shape: tuple[int, ...], strides: Sequence[tuple[int, ...]]
) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """Return the loops with the one innermost that walks step by step, and those made one that can be."""
    best = max(range(len(shape)), key=lambda d: (sum([s[d] == 1 for s in strides]), shape[d]), default=None)
    order = [d for d in range(len(shape)) if d != best] + ([best] if best is not None else [])
    direct = collapsed(shape, strides)
    if len(direct[0]) <= 1:
        return direct
    return collapsed(tuple([shape[d] for d in order]), [tuple([s[d] for d in order]) for s in strides])
