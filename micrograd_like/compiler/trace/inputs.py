"""What a function that is being recorded is given for its numbers, and what it did with them.

While `compile` runs it, comparisons are noted; at all other times there is nothing that could note them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from ...engine import Value
from ...ops import in_ieee

COMPARISONS = "__lt__", "__le__", "__gt__", "__ge__", "__eq__"
noted: list[list[Guard]] = []  # one list for each recording that is under way


class Guard(NamedTuple):
    """A comparison that was made, and how it came out."""

    left: Value
    sign: str
    right: Any
    outcome: bool


class Input(Value):
    """A number of an example; as an index of a plain list it is noted that the list was read there."""

    def __index__(self) -> int:
        k = int(self.data)
        if k != self.data:
            raise TypeError(f"{self.data} is not a whole number, and cannot choose from a list.")
        if noted:
            noted[-1].append(Guard(self, "__eq__", k, True))
        return k

    __int__ = __index__


class Chosen(Value):
    """What an input chose from `Rows`."""

    by: Input
    candidates: list[Value]


class Rows(list[Any]):
    """A list from which an input may choose: `rows[token]` is then data of a compiled program, not its structure.

    >>> table = Rows([[Value(1.0)], [Value(2.0)]])
    >>> table[1][0].data
    2.0
    """

    def __getitem__(self, i: Any) -> Any:
        if not (isinstance(i, Input) and noted):
            return super().__getitem__(i)
        k = int(i.data)
        row = super().__getitem__(k)
        if not isinstance(row, list | tuple):
            return _chosen(i, row, list(self))
        columns = list(zip(*self))
        return [_chosen(i, x, list(column)) for x, column in zip(row, columns)]


def _chosen(by: Input, value: Value, candidates: list[Value]) -> Chosen:
    node = Chosen(value.data)
    node.by, node.candidates = by, candidates
    return node


@contextmanager
def comparisons_noted() -> Iterator[list[Guard]]:
    """Note every comparison on Values, within this context only."""
    log: list[Guard] = []
    noted.append(log)
    plain = {sign: getattr(Value, sign) for sign in COMPARISONS}
    if len(noted) == 1:
        for sign, method in plain.items():
            setattr(Value, sign, _noting(sign, method))
    try:
        yield log
    finally:
        noted.pop()
        if not noted:
            for sign, method in plain.items():
                setattr(Value, sign, method)


def _noting(sign: str, method: Any) -> Any:
    def compare(self: Value, other: Any) -> Any:
        outcome = method(self, other)
        if outcome is not NotImplemented and not (sign == "__eq__" and isinstance(other, Value)):
            noted[-1].append(Guard(self, sign, other, bool(outcome)))
        return outcome

    return compare


def numbers(argument: Any) -> list[float]:
    """Return the numbers of a nested list, row by row."""
    if hasattr(argument, "tolist"):
        argument = argument.tolist()
    if isinstance(argument, list | tuple):
        return [x for part in argument for x in numbers(part)]
    return [argument.data if isinstance(argument, Value) else float(argument)]


def shape(argument: Any) -> Any:
    """Return how long the lists are, as deep as they go; a list of unequal lists has the shape of each."""
    if not hasattr(argument, "__len__"):
        return ()
    inner = [shape(part) for part in argument]
    return (len(inner), *(inner[0] if inner.count(inner[0]) == len(inner) else [inner])) if inner else (0,)


def given(argument: Any) -> tuple[Any, Any]:
    """Return the numbers and the shape of a nested list, by NumPy where it is in use anyway."""
    numpy = sys.modules.get("numpy")
    if numpy and hasattr(argument, "__len__"):
        try:
            array = numpy.array(argument, dtype=float)
            return array.reshape(-1), array.shape
        except (TypeError, ValueError):  # Values, or lists of unequal length
            pass
    return numbers(argument), shape(argument)


def joined(parts: Sequence[Any]) -> Any:
    """Return the numbers of several arguments, one after the other."""
    numpy = sys.modules.get("numpy")
    return numpy.concatenate(parts) if numpy else [x for part in parts for x in part]


def check_finite(inputs: Sequence[Any], names: Sequence[str], flat: Any) -> None:
    """Raise an error that names the place of the first nan in the inputs, if there is one."""
    if in_ieee.get() or not ((flat != flat).any() if hasattr(flat, "any") else any(x != x for x in flat)):
        return

    def find(name: str, part: Any) -> Iterator[str]:
        if hasattr(part, "__len__"):
            for i, x in enumerate(part):
                yield from find(f"{name}[{i}]", x)
        elif part != part:
            yield name

    where = next(place for name, argument in zip(names, inputs) for place in find(name, argument))
    raise ValueError(f"{where} is nan, and so would be everything. Correct it, or leave that example out.")


def as_inputs(argument: Any, leaves: Sequence[Any]) -> Any:
    """Return the nested list with these leaves, row by row, in the place of its numbers."""
    rest = iter(leaves)

    def filled(part: Any) -> Any:
        return [filled(x) for x in part] if hasattr(part, "__len__") else next(rest)

    return filled(argument)
