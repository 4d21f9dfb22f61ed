"""What an export asks of a library of arrays: a handful of operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...ops import OPS, Number, Op
from ..backends.whole import evaluate
from ..executable import RefusedError
from ..extra import numpy as np
from ..lower.expression import operand
from ..trace.own import DETACH, FIRST

Tensor = Any


class Library:
    """What an export asks of a library: a handful of operations on its arrays. NumPy's names are the default."""

    module: Any
    named: Mapping[str, Any]

    def __init__(self, module: Any, named: Mapping[str, Any]) -> None:
        self.module, self.named = module, named

    def constant(self, numbers: Any) -> Tensor:
        return self.module.asarray(numbers)

    def reshape(self, x: Tensor, lengths: Sequence[int]) -> Tensor:
        return self.module.reshape(x, tuple(lengths))

    def permute(self, x: Tensor, axes: Sequence[int]) -> Tensor:
        return self.module.transpose(x, tuple(axes))

    def slice(self, x: Tensor, start: int, stop: int, axis: int = 0) -> Tensor:
        return x[(slice(None),) * axis + (slice(start, stop),)]

    def matmul(self, a: Tensor, b: Tensor) -> Tensor:
        return self.module.matmul(a, b)

    def call(self, x: Tensor, name: str) -> Tensor:
        """Give an array the name of its equation, where a library has names."""
        return x

    def take(self, x: Tensor, index: Any) -> Tensor:
        return x[self.constant(index)]

    def choose(self, x: Tensor, table: Any, numbers: Tensor) -> Tensor:
        rows = self.constant(np().arange(len(table)))
        return x[self.constant(table)[rows, self.whole(numbers)]]

    def whole(self, numbers: Tensor) -> Tensor:
        return numbers.astype(int)

    def concat(self, parts: Sequence[Tensor]) -> Tensor:
        return self.module.concatenate(list(parts))

    def sum(self, x: Tensor, axes: Sequence[int]) -> Tensor:
        return self.module.sum(x, tuple(axes))

    def broadcast(self, x: Tensor, lengths: Sequence[int]) -> Tensor:
        return self.module.broadcast_to(x, tuple(lengths))

    def detach(self, x: Tensor) -> Tensor:
        """Return the same numbers, through which no gradient passes back."""
        return x

    def apply(self, op: Op, *xs: Tensor) -> Tensor:
        """Apply an operation: the library's own, or else what the table says it means."""
        if op is DETACH:
            return self.detach(xs[0])
        if op in FIRST.values():  # a library shares a tie
            a, b = [Foreign(self, x) for x in xs]
            second = self.detach(OPS["step"](b - a if op is FIRST["max"] else a - b).tensor)
            return (a * (1.0 - Foreign(self, second)) + b * Foreign(self, second)).tensor
        if op.name in self.named:
            return self.named[op.name](*xs)
        if op.definition:
            out = op.definition(*[Foreign(self, x) for x in xs])
            return out.tensor if isinstance(out, Foreign) else out
        raise RefusedError(f"The program uses {op.name}, which that library has not. Write it in other operations.")


class Checking(Library):
    """NumPy by our own table of operations, which says whether the equations are those of the program."""

    def apply(self, op: Op, *xs: Tensor) -> Tensor:
        return evaluate(op(*map(operand, range(len(xs)))), xs)


class Foreign(Number):
    """An array of another library."""

    library: Library
    tensor: Tensor

    def __init__(self, library: Library, tensor: Tensor) -> None:
        self.library, self.tensor = library, tensor

    def apply(self, op: Op, *operands: Any) -> Foreign:
        return Foreign(
            self.library, self.library.apply(op, *[x.tensor if isinstance(x, Foreign) else x for x in operands])
        )
