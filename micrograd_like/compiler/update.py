"""What an optimizer does to one parameter, as instructions that do it to all."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from copy import copy
from typing import Any

from ..engine import Value
from ..optim import Optimizer
from .lower.expression import Expr, constant, operand, places
from .lower.plan import HYPER, MEMORY, Instruction, View

RATE, STEPS = 0, 1  # where they stand among the numbers that are the same for all parameters


class _Parameter:
    """One parameter, of which it is not said which."""

    label, frozen = "p", False

    def __init__(self) -> None:
        self.data, self.grad = operand(0), operand(1)


def instructions(optimizer: Optimizer, size: int) -> list[Instruction] | None:
    """Return what `optimizer.step()` does to `size` parameters, or None where its update is not plain arithmetic."""
    memory = optimizer.memory
    if memory > MEMORY or any(getattr(p, "frozen", False) for p in optimizer.parameters):
        return None
    p, traced = _Parameter(), copy(optimizer)
    traced.remembered = {p: tuple([operand(2 + i) for i in range(memory)])}  # type: ignore[dict-item,misc]
    traced.steps = operand(2 + MEMORY + STEPS)  # type: ignore[assignment]
    try:
        updates: Sequence[Any] = traced.update(p, operand(2 + MEMORY + RATE))  # type: ignore[arg-type]
    except (TypeError, AttributeError):
        return None
    views = [View(i * size, (1,)) for i in range(2 + MEMORY)]
    views += [View((2 + MEMORY) * size + i, (0,)) for i in range(HYPER)]
    made = []
    for i, update in enumerate(updates):
        expr = update if isinstance(update, Expr) else constant(update)
        if any(2 <= x < 2 + i for x in places(expr)):
            return None
        made.append(Instruction((size,), views[2 + i], expr, views))
    made.append(Instruction((size,), views[0], operand(0), [views[2]], add=True))
    made.append(Instruction((), View((2 + MEMORY) * size + STEPS, ()), constant(1.0), [], add=True))
    return made


class Remembered(MutableMapping[Value, tuple[float, ...]]):
    """What an optimizer remembers of each parameter, where the program has it."""

    number: dict[Value, int]
    memory: Any
    count: int

    def __init__(self, parameters: Sequence[Value], memory: Any, count: int) -> None:
        self.number = {p: i for i, p in enumerate(parameters)}
        self.memory, self.count = memory, count

    def _places(self, p: Value) -> slice:
        size = len(self.number)
        start = 2 * size + self.number[p]
        return slice(start, start + size * self.count, size)

    def __getitem__(self, p: Value) -> tuple[float, ...]:
        return tuple(self.memory[self._places(p)].tolist())

    def __setitem__(self, p: Value, numbers: tuple[float, ...]) -> None:
        self.memory[self._places(p)] = numbers

    def copy(self) -> dict[Value, tuple[float, ...]]:
        """Return it as a dict, which stays when the program goes on."""
        size = len(self.number)
        columns = [self.memory[(2 + i) * size : (3 + i) * size].tolist() for i in range(self.count)]
        return dict(zip(self.number, zip(*columns)))

    def __delitem__(self, p: Value) -> None:
        raise TypeError("A compiled program's optimizer keeps all its parameters. Make a new optimizer instead.")

    def __iter__(self) -> Iterator[Value]:
        return iter(self.number)

    def __len__(self) -> int:
        return len(self.number)
