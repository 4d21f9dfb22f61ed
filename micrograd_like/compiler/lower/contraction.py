"""Products of matrices among the instructions: out[m, n] = Σ a[m, k] * b[k, n], for each of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..extra import numpy as np
from ..vectorize.strides import collapsed
from .expression import operand
from .plan import Instruction

PRODUCT = operand(0) * operand(1)


@dataclass(frozen=True)
class Contraction:
    """Lengths and strides: (length, of a, of b, of out) of the loops, of length 1 where there is none."""

    offsets: tuple[int, int, int]
    batch: tuple[tuple[int, int, int, int], ...]
    m: tuple[int, int, int, int]
    n: tuple[int, int, int, int]
    k: tuple[int, int, int, int]

    def arrays(self, memory: Any) -> tuple[Any, Any, Any]:
        """Return a, b and out as views whose last two axes are matrices."""

        def view(which: int, *axes: tuple[int, int, int, int]) -> Any:
            every = [*self.batch, *axes]
            lengths, strides = [x[0] for x in every], [x[which + 1] * memory.itemsize for x in every]
            return np().lib.stride_tricks.as_strided(memory[self.offsets[which] :], lengths, strides)

        return view(0, self.m, self.k), view(1, self.k, self.n), view(2, self.m, self.n)


def contraction(instruction: Instruction) -> Contraction | None:
    """Return the product of matrices that an instruction is, if it is one that adds up something."""
    if instruction.expr is not PRODUCT or any(v.index is not None for v in (instruction.out, *instruction.views)):
        return None
    a, b = instruction.views
    shape, strides = collapsed(instruction.shape, [a.strides, b.strides, instruction.out.strides])
    loops = [(n, *step) for n, *step in zip(shape, *strides)]
    kinds: dict[str, list[Any]] = {"batch": [], "m": [], "n": [], "k": []}
    for loop in loops:
        match [bool(s) for s in loop[1:]]:
            case [True, True, False]:
                kinds["k"].append(loop)
            case [True, False, True]:
                kinds["m"].append(loop)
            case [False, True, True]:
                kinds["n"].append(loop)
            case [True, True, True]:
                kinds["batch"].append(loop)
            case _:
                return None
    if not kinds["k"] or max(len(kinds["k"]), len(kinds["m"]), len(kinds["n"])) > 1:
        return None
    one = (1, 0, 0, 0)
    m, n, k = [(*kinds[x], one)[0] for x in "mnk"]
    return Contraction((a.offset, b.offset, instruction.out.offset), tuple(kinds["batch"]), m, n, k)
