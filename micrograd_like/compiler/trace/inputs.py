"""What a function that is being recorded is given for its numbers, and lists from which they may choose."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from ...engine import Value
from ...ops import in_ieee
from ..extra import all_finite
from .tracer import tracer
from .tracked import WHOLE, Test, Tracked


class Input(Value):
    """A number of an example, given as a Value to a function that calls methods of it."""

    def __index__(self) -> int:
        k = int(self._data)
        if k != self._data:
            raise TypeError(f"{self._data} is not a whole number, and cannot choose from a list.")
        if now := tracer():
            now.guard(Test(self, "==", float(k)), True)
        return k

    __int__ = __index__


class Chosen(Value):
    """What an input chose from `Rows`."""

    by: Value
    candidates: list[Value]


class Rows(list[Any]):
    """A list from which an input may choose: `rows[token]` is then data of a compiled program, not its structure.

    >>> table = Rows([[Value(1.0)], [Value(2.0)]])
    >>> table[1][0].data
    2.0
    """

    def __getitem__(self, i: Any) -> Any:
        now = tracer()
        if now is None or not _may_choose(i) or not 0 <= i._data < len(self):
            return super().__getitem__(i)
        row = super().__getitem__(int(i._data))
        columns = list(zip(*self)) if isinstance(row, list | tuple) else [self]
        if not all(isinstance(x, Value) for column in columns for x in column):
            return super().__getitem__(i)
        inside = Test(Test(i, ">=", 0.0), "&", Test(i, "<", float(len(self))))
        now.guard(Test(inside, "&", Test(i, "whole", 0.0)), True)
        if columns[0] is self:
            return _chosen(i, row, list(self))
        return [_chosen(i, x, list(column)) for x, column in zip(row, columns)]


def _may_choose(i: Any) -> bool:
    """Tell whether it is a whole number of an example: a computed one is a decision, and 1.0 chooses from no list."""
    return (type(i) is Input and i._data % 1 == 0) or (type(i) is Tracked and i.op is None and type(i.number) is int)


def _chosen(by: Value, value: Value, candidates: list[Value]) -> Chosen:
    node = Chosen(value._data)
    node.by, node.candidates = by, candidates
    return node


def numbers(argument: Any) -> list[Any]:
    """Return the numbers of a nested list, row by row."""
    if hasattr(argument, "tolist"):
        argument = argument.tolist()
    if isinstance(argument, list | tuple):
        return [x for part in argument for x in numbers(part)]
    if isinstance(argument, Value):
        return [argument.data]
    if isinstance(argument, str | bytes):
        raise TypeError(f"{argument!r:.60} is not a number.")
    return [argument if type(argument) in (int, bool) else float(argument)]


def shape(argument: Any) -> Any:
    """Return how long the lists are, as deep as they go; a list of unequal lists has the shape of each."""
    if not hasattr(argument, "__len__"):
        return ()
    inner = [shape(part) for part in argument]
    return (len(inner), *(inner[0] if inner.count(inner[0]) == len(inner) else [tuple(inner)])) if inner else (0,)


def numbers_of(nested: Any) -> Iterator[Any]:
    """Give what stands at the ends of nested lists."""
    if isinstance(nested, list | tuple):
        for part in nested:
            yield from numbers_of(part)
    else:
        yield nested


def held_as(argument: Any) -> Any:
    """Return the kinds of the lists, as deep as they go: a function may ask whether one is a tuple."""
    if not isinstance(argument, list | tuple):
        return type(argument) if hasattr(argument, "__len__") else None
    kinds = {*map(type, argument)}
    if kinds.isdisjoint((list, tuple)):
        return type(argument)
    if len(kinds) == 1 and argument[0] and not isinstance(argument[0][0], list | tuple):
        return type(argument), *kinds
    return type(argument), *map(held_as, argument)


def has_large_whole(argument: Any) -> bool:
    """Tell whether it has a whole number that no float may hold."""
    return any(type(x) is int and abs(x) > WHOLE for x in numbers(argument))


def given(argument: Any) -> tuple[Any, Any]:
    """Return the numbers and the shape of a nested list, by NumPy where it is in use anyway."""
    numpy = sys.modules.get("numpy")
    if numpy and hasattr(argument, "__len__"):
        try:
            array = numpy.array(argument)
            if array.dtype.kind in "fiub":
                return array.astype(float, copy=False).reshape(-1), array.shape
        except (TypeError, ValueError):  # Values, or lists of unequal length
            pass
    return numbers(argument), shape(argument)


def joined(parts: Sequence[Any]) -> Any:
    """Return the numbers of several arguments, one after the other."""
    numpy = sys.modules.get("numpy")
    return (
        numpy.concatenate([numpy.asarray(part, float) for part in parts])
        if numpy and parts
        else [x for part in parts for x in part]
    )


def check_finite(inputs: Sequence[Any], names: Sequence[str], flat: Any) -> None:
    """Raise an error that names the place of the first nan in the inputs, if there is one."""
    if in_ieee.get() or (all_finite(flat) if hasattr(flat, "dot") else not any(x != x for x in flat)):
        return
    if hasattr(flat, "any") and not (flat != flat).any():  # inf is an input like others
        return

    def find(name: str, part: Any) -> Iterator[str]:
        if hasattr(part, "__len__"):
            for i, x in enumerate(part):
                yield from find(f"{name}[{i}]", x)
        elif part != part:
            yield name

    where = next(place for name, argument in zip(names, inputs) for place in find(name, argument))
    raise ValueError(f"{where} is nan, and so would be everything. Correct it, or leave that example out.")


def filled(argument: Any, leaves: Sequence[Any]) -> Any:
    """Return the nested list, tuple or array with these leaves, row by row, instead of its numbers."""
    rest = iter(leaves)

    def fill(part: Any) -> Any:
        if hasattr(part, "tolist") and hasattr(part, "__len__"):
            made = sys.modules["numpy"].empty(part.shape, dtype=object)
            flat = made.reshape(-1)
            for i in range(flat.size):
                flat[i] = next(rest)
            return made
        if hasattr(part, "__len__"):
            return tuple(map(fill, part)) if isinstance(part, tuple) else list(map(fill, part))
        return next(rest)

    return fill(argument)
