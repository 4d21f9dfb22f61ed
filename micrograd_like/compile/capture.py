"""A recorded graph as flat lists: what each node is made by and from, in creation order."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..capture import capture
from ..engine import Value
from ..ops import Op
from .inputs import Chosen

Inputs = tuple[int, ...]


@dataclass
class Recording:
    """Node i is `nodes[i]`, made by `ops[i]` (None for a leaf) from the nodes with the numbers `inputs[i]`.

    A leaf that an input chose is in `choices`: the input, the nodes to choose from, which one it was.
    """

    nodes: list[Value]
    ops: list[Op | None]
    inputs: list[Inputs]
    number: dict[Value, int]
    roots: list[int]
    data: Sequence[float]
    choices: dict[int, tuple[int, list[int], int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.nodes)


def record(*roots: Value, also: Sequence[Value] = ()) -> Recording:
    """Return the graph of the roots; `also` are nodes that have a number even if the roots do not use them."""
    everything = [*roots, *also]
    columns = capture(*everything)
    while missing := _missing(columns.nodes, everything):
        everything += missing
        columns = capture(*everything)
    nodes, flat, start = columns.nodes, columns.input.tolist(), columns.start.tolist()
    table = [*columns.ops, None]
    ops = [table[code] for code in columns.op]
    inputs = [tuple(flat[a:b]) for a, b in itertools.pairwise(start)]
    number = {node: i for i, node in enumerate(nodes)}
    choices = {
        number[x]: (number[x.by], [number[y] for y in x.candidates], int(x.by.data)) for x in nodes if type(x) is Chosen
    }
    return Recording(nodes, ops, inputs, number, [number[root] for root in roots], columns.data, choices)


def _missing(nodes: Sequence[Value], everything: Sequence[Value]) -> list[Value]:
    chosen = [x for x in nodes if type(x) is Chosen]
    if not chosen:
        return []
    there = set(nodes)
    return [x for node in chosen for x in (node.by, *node.candidates) if x not in there]
