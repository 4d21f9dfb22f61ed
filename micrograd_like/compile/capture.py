"""A recorded graph as flat lists: what each node is made by and from, in creation order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from ..engine import Value, history
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
    roots: list[int]
    choices: dict[int, tuple[int, list[int], int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.nodes)


def record(*roots: Value, also: Sequence[Value] = ()) -> Recording:
    """Return the graph of the roots; `also` are nodes that have a number even if the roots do not use them."""
    everything = [*roots, *also]
    nodes = history(*everything)
    while missing := _missing(nodes, everything):
        everything += missing
        nodes = history(*everything)
    number = dict(zip(nodes, range(len(nodes)))).__getitem__
    ops = [node.op for node in nodes]
    inputs = [node.inputs for node in nodes]
    flat = iter(list(map(number, chain.from_iterable(inputs))))
    numbered = [tuple(islice(flat, len(x))) for x in inputs]
    choices = {
        number(x): (number(x.by), list(map(number, x.candidates)), int(x.by.data)) for x in nodes if type(x) is Chosen
    }
    return Recording(nodes, ops, numbered, [number(root) for root in roots], choices)


def _missing(nodes: Sequence[Value], everything: Sequence[Value]) -> list[Value]:
    chosen = [x for x in nodes if type(x) is Chosen]
    if not chosen:
        return []
    there = set(nodes)
    return [x for node in chosen for x in (node.by, *node.candidates) if x not in there]
