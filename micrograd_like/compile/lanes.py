"""Nodes that do the same to other numbers: each signature's nodes are the lanes of one array.

The signature of a node is its op and the signatures of its inputs, where all parameters count as one, and all
other leaves as another. A chain of additions is one sum; products that only a sum uses are part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ..ops import OPS, Op
from .capture import Recording
from .extra import numpy as np

Array = Any
PARAMETER, NUMBER = 0, 1  # the signatures of leaves
ADD, MUL, POW = OPS["add"], OPS["mul"], OPS["pow"]


@dataclass
class Part:
    """One addend of each lane: op(operands), added up over the terms; an op of None takes what is there.

    `operands[p][lane, term]` is the number of a node. Where an input chooses, it is `table[lane, input]`, and
    `chosen[lane]` is the input's number.
    """

    op: Op | None
    operands: list[Array]
    table: Array = None
    chosen: Array = None


@dataclass
class Lanes:
    """The nodes with one signature, in creation order."""

    nodes: Array
    parts: list[Part]


def find(graph: Recording, parameters: Collection[int], kept: Collection[int]) -> list[Lanes]:
    """Return every operation of the graph as a lane of an array; `kept` nodes must have a place of their own."""
    ops, inputs = graph.ops, graph.inputs
    uses = _uses(graph, kept)
    sums, absorbed = _sums(graph, uses)
    signature = [0] * len(graph)
    known: dict[Any, int] = {PARAMETER: 0, NUMBER: 1}
    members: dict[int, list[int]] = {}
    shapes: dict[int, list[tuple[int, bool]]] = {}  # of a sum: (signature of the terms, whether they are products)
    products: set[int] = set()
    is_parameter = bytearray(len(graph))
    for i in parameters:
        is_parameter[i] = 1
    for i, op in enumerate(ops):
        if op is None and i not in graph.choices:
            signature[i] = PARAMETER if is_parameter[i] else NUMBER
            continue
        if absorbed[i]:
            continue
        key: Any
        if op is None:
            _, candidates, _ = graph.choices[i]
            key = "choice", signature[candidates[0]], len(candidates)
        elif i in sums:
            classes: dict[int, list[int]] = {}
            for term in sums[i]:
                classes.setdefault(signature[term], []).append(term)
            shape = []
            for kind, terms in classes.items():
                fused = ops[terms[0]] is MUL and len(terms) > 1 and all(uses[t] == 1 for t in terms)
                if fused:
                    products.update(terms)
                shape.append((kind, fused))
            key = "sum", *[(k, f, len(t)) for (k, f), t in zip(shape, classes.values())]
            if len(sums[i]) == len(inputs[i]) == 2 and not shape[0][1]:
                del sums[i]
                key = "add", *[signature[x] for x in inputs[i]]
        elif op is POW and nodes_number(graph, inputs[i][1]) is not None:
            key = op.name, signature[inputs[i][0]], str(nodes_number(graph, inputs[i][1]))
        else:
            key = op.name, *[signature[x] for x in inputs[i]]
        number = signature[i] = known.setdefault(key, len(known))
        if number in members:
            members[number].append(i)
        else:
            members[number] = [i]
            if i in sums:
                shapes[number] = shape
    found = []
    for number, nodes in members.items():
        if ops[nodes[0]] is MUL:
            nodes = [i for i in nodes if i not in products]
        if nodes:
            if number in shapes:
                parts = _sum(graph, nodes, sums, signature, shapes[number])
            elif nodes[0] in graph.choices:
                parts = _choice(graph, nodes)
            else:
                parts = _plain(graph, nodes)
            found.append(Lanes(np().array(nodes), parts))
    return found


def nodes_number(graph: Recording, i: int) -> float | None:
    """Return a constant's number."""
    node = graph.nodes[i]
    return node.data if node.constant else None


def _uses(graph: Recording, kept: Collection[int]) -> list[int]:
    counted = Counter([x for inputs in graph.inputs for x in inputs])
    counted.update(kept)
    counted.update(graph.roots)
    return [counted[i] for i in range(len(graph))]


def _sums(graph: Recording, uses: list[int]) -> tuple[dict[int, list[int]], bytearray]:
    """Return the terms of each chain of additions, and which additions are only steps on the way."""
    ops, inputs, absorbed = graph.ops, graph.inputs, bytearray(len(graph))
    sums: dict[int, list[int]] = {}
    for i in range(len(graph) - 1, -1, -1):
        if ops[i] is not ADD or absorbed[i]:
            continue
        terms, ahead = [], [*inputs[i]]
        while ahead:
            term = ahead.pop()
            if ops[term] is ADD and uses[term] == 1:
                absorbed[term] = 1
                ahead += inputs[term]
            elif not (ops[term] is None and nodes_number(graph, term) == 0.0):  # where Python's sum() starts
                terms.append(term)
        terms.reverse()
        sums[i] = terms
    return sums, absorbed


def _plain(graph: Recording, nodes: list[int]) -> list[Part]:
    columns = zip(*[graph.inputs[i] for i in nodes])
    return [Part(graph.ops[nodes[0]], [np().array(column)[:, None] for column in columns])]


def _choice(graph: Recording, nodes: list[int]) -> list[Part]:
    inputs, tables, now = zip(*[graph.choices[i] for i in nodes])
    taken = [table[k] for table, k in zip(tables, now)]
    return [Part(None, [np().array(taken)[:, None]], np().array(tables), np().array(inputs))]


def _sum(
    graph: Recording,
    nodes: list[int],
    sums: dict[int, list[int]],
    signature: list[int],
    shape: list[tuple[int, bool]],
) -> list[Part]:
    parts = []
    for kind, fused in shape:
        terms = [[t for t in sums[i] if signature[t] == kind] for i in nodes]
        if fused:
            pairs = np().array([[graph.inputs[t] for t in row] for row in terms])
            parts.append(Part(MUL, [pairs[:, :, 0], pairs[:, :, 1]]))
        else:
            parts.append(Part(None, [np().array(terms)]))
    return sorted(parts, key=lambda part: part.op is None)
