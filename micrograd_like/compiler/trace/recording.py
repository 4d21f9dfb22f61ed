"""A recorded graph as flat lists: what each node is made by and from, in creation order."""

from __future__ import annotations

import itertools
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cached_property

from ...engine import Value, born
from ...graph.columns import KINDS, Capture, capture
from ...ops import Op
from .inputs import Chosen

Inputs = tuple[int, ...]
CONSTANT = KINDS.index("constant")


class Recording:
    """The graph of some roots: node i is `nodes[i]`, its number `data[i]`, and `columns` say what it is made from.

    A leaf that an input chose is in `choices`: the input, the nodes to choose from, which one it was. `same` names
    the constants that are copies, and of which.
    """

    columns: Capture
    nodes: list[Value]
    data: array[float]
    roots: list[int]

    def __init__(self, columns: Capture, roots: Sequence[Value]) -> None:
        self.columns, self.nodes, self.data = columns, columns.nodes, columns.data
        self.roots = [self.number(root) for root in roots]
        self.choices: dict[int, tuple[int, list[int], int]] = {
            i: (self.number(x.by), [self.number(y) for y in x.candidates], int(x.by.data))
            for i, x in enumerate(self.nodes)
            if type(x) is Chosen
        }
        self.same: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.nodes)

    def number(self, node: Value) -> int:
        """Return the number of one of the nodes, which are in the order of their birth."""
        return bisect_left(self.nodes, node._born, key=born)

    def numbers(self, nodes: Iterable[Value]) -> list[int]:
        """Return the number of each of these nodes."""
        return [self.number(node) for node in nodes]

    def constant(self, i: int) -> bool:
        """Tell whether node i is a plain number that met a Value."""
        return self.columns.kind[i] == CONSTANT

    @cached_property
    def ops(self) -> list[Op | None]:
        """What each node is made by; None for a leaf."""
        table = [*self.columns.ops, None]
        return [table[code] for code in self.columns.op]

    @cached_property
    def inputs(self) -> list[Inputs]:
        """The numbers of the nodes that each one is made from."""
        flat = self.columns.input.tolist()
        return [tuple(flat[a:b]) for a, b in itertools.pairwise(self.columns.start)]


def record(*roots: Value, also: Sequence[Value] = ()) -> Recording:
    """Return the graph of the roots; `also` are nodes that have a number even if the roots do not use them."""
    everything = [*roots, *also]
    columns = capture(*everything)
    while missing := _missing(columns.nodes, everything):
        everything += missing
        columns = capture(*everything)
    return Recording(columns, roots)


def _missing(nodes: Sequence[Value], everything: Sequence[Value]) -> list[Value]:
    chosen = [x for x in nodes if type(x) is Chosen]
    if not chosen:
        return []
    there = set(nodes)
    return [x for node in chosen for x in (node.by, *node.candidates) if x not in there]
