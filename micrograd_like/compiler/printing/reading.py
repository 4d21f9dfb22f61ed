"""What the loops of an instruction read of an array, as NumPy writes it: `Z1[:, 0]`, `v1[:, None]`, `W1.T`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

from ..extra import numpy as np
from ..lower.plan import Instruction, Plan, View
from .naming import parts_of

FEW = 6  # places that are written one by one
LETTERS = "ijklmnopqrst"
Shape = tuple[int, ...]


class Axis(NamedTuple):
    """Where reading starts, how long the axis is, and which loops move along it, in what steps."""

    start: int
    size: int
    moves: list[tuple[int, int]]

    def within(self, lengths: Sequence[int]) -> bool:
        """Tell whether the loops stay on the axis."""
        ends = [step * (lengths[loop] - 1) for loop, step in self.moves]
        return (
            self.start + sum([min(0, x) for x in ends]) >= 0 and self.start + sum([max(0, x) for x in ends]) < self.size
        )

    def sliced(self, lengths: Sequence[int]) -> str:
        """Return the one place or the slice."""
        if not self.moves:
            return str(self.start)
        [(loop, step)] = self.moves
        stop = self.start + step * lengths[loop]
        first = "" if self.start == (0 if step > 0 else self.size - 1) else self.start
        last = "" if stop < 0 or stop >= self.size else stop
        return f"{first}:{last}" + (f":{step}" if step != 1 else "")

    def indexed(self) -> str:
        """Return the place, which depends on where the loops are: `2*i + j + 1`."""
        terms = [{1: "", -1: "-"}.get(step, f"{step}*") + LETTERS[loop] for loop, step in self.moves]
        if self.start or not terms:
            terms.append(str(self.start))
        return " + ".join(terms).replace("+ -", "- ")


@dataclass
class Read:
    """An array and its axes as the loops see them; None where there is no pattern."""

    name: str
    axes: list[Axis] | None
    lengths: Sequence[int]
    piece: Read | None = None  # the same in one piece, in another shape
    reshaped: bool = False
    source: tuple[int, list[Axis]] | None = None  # the number of the array and all its axes, where that is all

    @property
    def loops(self) -> list[int]:
        """The loops that move, axis by axis."""
        return [loop for axis in self.axes or () for loop, _ in axis.moves]

    @property
    def sliceable(self) -> bool:
        """Whether it is a slice of each axis: no two loops move along one, and none along two."""
        moving = [axis for axis in self.axes or () if axis.moves]
        return self.piece is not None or len(moving) == len(self.loops) == len({*self.loops})

    def element(self) -> str:
        """Return what is read in one round of the loops, whose places are i, j, ...: `x[i + j]`."""
        places = ", ".join([axis.indexed() for axis in self.axes or ()])
        return f"{self.name}[{places}]" if places else self.name

    def array(self, wanted: Sequence[int]) -> str:
        """Return all that is read, such that NumPy broadcasts it to an axis for each of the wanted loops."""
        if self.piece:
            return self.piece.array(wanted)
        if self.axes is None or not self.sliceable:
            return self.name if self.name.endswith("...]") else f"{self.name}[...]"
        order = [loop for loop in wanted if loop in self.loops]
        rest = wanted[wanted.index(order[0]) :] if order else []
        slices = [axis.sliced(self.lengths) for axis in self.axes]
        if order == self.loops:
            ahead = list(rest)
            for place, axis in reversed([*enumerate(self.axes)]):
                while axis.moves and ahead.pop() != axis.moves[0][0]:
                    slices.insert(place + 1, "None")
            return self.name + _brackets(slices)
        places = [self.loops.index(loop) for loop in order]
        turned = f".transpose({', '.join(map(str, places))})"
        if len(places) == 2:
            turned = ".T"
        elif places[:-2] == [*range(len(places) - 2)]:
            turned = ".mT"
        return self.name + _brackets(slices) + turned + _brackets([":" if x in order else "None" for x in rest])


def _brackets(slices: list[str]) -> str:
    while slices and slices[-1] == ":":
        slices = slices[:-1]
    return f"[{', '.join(slices)}]" if slices else ""


def _rows(shape: Sequence[int]) -> Shape:
    """Return how many places lie between neighbours along each axis."""
    return tuple([prod(shape[i + 1 :]) for i in range(len(shape))])


def refined(made: Instruction, shapes: Sequence[Shape]) -> tuple[list[int], list[list[int]]]:
    """Return lengths of loops, and strides for out and each operand, such that no loop goes on in the next row.

    `shapes` are those of the arrays.
    """
    lengths: list[int] = []
    strides: list[list[int]] = [[] for _ in shapes]
    for loop, n in enumerate(made.shape):
        steps = [view.strides[loop] if view.index is None else 0 for view in (made.out, *made.views)]
        cuts = sorted({cut for step, shape in zip(steps, shapes) for cut in _cuts(n, step, shape)})
        if any(after % before for before, after in pairwise([1, *cuts, n])):
            cuts = []
        for inner, outer in reversed([*pairwise([1, *cuts, n])]):
            if outer > inner:
                lengths.append(outer // inner)
                for mine, step in zip(strides, steps):
                    mine.append(step * inner)
    return lengths, strides


def _cuts(n: int, step: int, shape: Shape) -> list[int]:
    """Return after how many of n steps a loop has passed a row, a matrix, ..."""
    sizes = [prod(shape[i:]) for i in range(len(shape))]
    return [size // abs(step) for size in sizes if step and size % step == 0 and 1 < size // abs(step) < n]


class Reader:
    """Says what views see, by the names of the arrays."""

    plan: Plan
    named: Sequence[str]
    shapes: Sequence[Shape]
    offsets: list[int]

    def __init__(self, plan: Plan, named: Sequence[str], shapes: Sequence[Shape]) -> None:
        self.plan, self.named, self.shapes = plan, named, shapes
        self.offsets = [block.offset for block in plan.blocks]

    def number(self, place: Any) -> int:
        """Return which array holds a place."""
        return bisect_right(self.offsets, int(place)) - 1

    def numbers(self, view: View, shape: Shape) -> list[int]:
        """Return which arrays loops of these lengths read."""
        if view.table is not None:
            return [self.number(view.table.flat[0]), *{self.number(place): None for place in view.chosen.tolist()}]
        places = view.listed(shape).index if view.index is None else view.index
        offsets = np().asarray(self.offsets)
        return (np().unique(np().searchsorted(offsets, places, side="right")) - 1).tolist()  # type: ignore[no-any-return]

    def element(self, place: Any) -> str:
        """Return one place by its name: `b2`, `v3[1]`."""
        return self.read(View(int(place), ()), [], []).array([])

    def shape(self, view: View) -> Shape:
        """Return the shape of the array that is read, if it is one alone."""
        return self.shapes[self.number(view.offset)] if view.index is None else ()

    def read(self, view: View, strides: Sequence[int], lengths: Sequence[int]) -> Read:
        """Return what loops of these lengths see."""
        if view.chosen is not None:
            tables = [self.named[self.number(place)] for place in (view.table.flat[0], view.table.flat[-1])]
            table = tables[0] if tables[0] == tables[1] else tables[0].partition("[")[0]  # it may lie in parts
            whole = [Axis(0, n, [(loop, 1)]) for loop, n in enumerate(lengths)]
            return Read(f"{table}[{self._chosen([*dict.fromkeys(view.chosen.tolist())])}]", whole, lengths)
        if view.index is None:
            reach = [(min(0, s * (n - 1)), max(0, s * (n - 1))) for s, n in zip(strides, lengths)]
            low, high = (view.offset + sum([ends[side] for ends in reach]) for side in (0, 1))
        else:
            low, high = view.index.min(), view.index.max()
        first, last = self.number(low), self.number(high)
        if first == last and view.index is None:
            return self._one(first, view.offset - self.offsets[first], strides, lengths)
        return self._listed(view, strides, lengths, first, last)

    def _one(self, number: int, at: int, strides: Sequence[int], lengths: Sequence[int]) -> Read:
        """Return what is seen of a single array."""
        shape, name = self.shapes[number], self.named[number]
        axes = [Axis(int(start), n, []) for start, n in zip(np().unravel_index(at, shape or (1,)), shape)]
        for loop, step in enumerate(strides):
            for axis, row in zip(axes, _rows(shape)):
                if moved := int(step / row):
                    axis.moves.append((loop, moved))
                    step -= moved * row
        read = Read(name, axes, lengths, source=(number, axes))
        if all(axis.within(lengths) for axis in axes):
            parts = parts_of(name)
            if axes and not axes[0].moves and name[0] == "[" and len(parts) == axes[0].size:
                return Read(parts[axes[0].start], axes[1:], lengths, source=(number, axes))
            if read.sliceable:
                return read
        else:
            read = Read(f"{name}[...]", None, lengths)
        moving = [loop for loop, step in enumerate(strides) if step]
        long = [lengths[loop] for loop in moving]
        if tuple(strides[loop] for loop in moving) == _rows(long):
            piece = f"{name}.ravel()[{at}:{at + prod(long)}]" if len(shape) > 1 else f"{name}[{at}:{at + prod(long)}]"
            text = f"{name if prod(long) == prod(shape) else piece}.reshape({', '.join(map(str, long))})"
            text = f"{name}.ravel()" if long == [prod(shape)] else text
            whole = Read(text, [Axis(0, lengths[loop], [(loop, 1)]) for loop in moving], lengths, reshaped=True)
            if read.axes is None:
                return whole
            read.piece = whole
        return read

    def _listed(self, view: View, strides: Sequence[int], lengths: Sequence[int], first: int, last: int) -> Read:
        """Return places without a pattern, or of several arrays."""
        names = self.named[first : last + 1]
        places = (
            view.index.reshape(lengths)
            if view.index is not None
            else (View(view.offset, tuple(strides)).listed(tuple(lengths)).index)
        )
        moving = [loop for loop in range(len(lengths)) if np().diff(places, axis=loop).any()]
        places = places[tuple([slice(None) if loop in moving else 0 for loop in range(len(lengths))])]
        axes = [Axis(0, lengths[loop], [(loop, 1)]) for loop in moving]
        whole = sum([block.size for block in self.plan.blocks[first : last + 1]]) == places.size
        if len(moving) == 1 and whole and (np().diff(places) == 1).all():
            return Read(f"[{', '.join(names)}]", axes, lengths)
        if len(moving) == 1 and len(places) <= FEW:
            if first < last:
                return Read(f"[{', '.join(map(self.element, places))}]", axes, lengths)
            found = np().unravel_index(places - self.offsets[first], self.shapes[first])
            texts = [str(x[0]) if len({*x.tolist()}) == 1 else str(x.tolist()) for x in found]
            return Read(f"{names[0]}[{', '.join(texts)}]", axes, lengths)
        if first < last:
            touched = dict.fromkeys([self.number(x) for x in np().unique(places)])
            return Read(f"[{', '.join([self.named[x] for x in touched])}][...]", None, lengths)
        return Read(f"{names[0]}[...]", None, lengths)

    def _chosen(self, places: list[int]) -> str:
        """Return the inputs that choose, by their own names."""
        blocks = [self.plan.blocks[self.number(place)] for place in places]
        labels = [self.plan.graph.nodes[b.nodes[place - b.offset]].label for b, place in zip(blocks, places)]
        stem, first = str(labels[0]).rstrip("]").rpartition("[")[::2]
        if len(labels) == 1 or not first.isdigit():
            return str(labels[0]) if len(labels) == 1 else "..."
        start, stop = int(first), int(first) + len(labels)
        if self.named[self.number(places[0])] == stem and len(labels) == blocks[0].size:
            return stem
        return f"{stem}[{start or ''}:{stop}]" if labels == [f"{stem}[{i}]" for i in range(start, stop)] else "..."
