"""Nodes that do the same to other numbers: each signature's nodes are the lanes of one array.

The signature of a node is its op and the signatures of its inputs, where all parameters count as one, and all
other leaves as another. A chain of additions is one sum; products that only a sum uses are part of it.
"""

from __future__ import annotations

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
    signature = [NUMBER] * len(graph)
    for i in parameters:
        signature[i] = PARAMETER
    known: dict[Any, int] = {}
    members: list[list[int]] = []
    used_once = [count == 1 for count in uses]
    for i, op in enumerate(ops):
        key: Any
        if absorbed[i] or (op is None and i not in graph.choices):
            continue
        if op is None:
            candidates = graph.choices[i][1]
            key = "choice", signature[candidates[0]], len(candidates)
        elif i in sums:
            key = "sum", *[(signature[t], used_once[t]) for t in sums[i]]
        elif op is POW and graph.nodes[inputs[i][1]].constant:
            key = op, signature[inputs[i][0]], str(graph.data[inputs[i][1]])
        else:
            key = op, *[signature[x] for x in inputs[i]]
        number = known.setdefault(key, len(members))
        if number == len(members):
            members.append([])
        members[number].append(i)
        signature[i] = number + 2
    parts = [_parts(graph, nodes, sums, signature, used_once) for nodes in members]
    gone = np().zeros(len(graph), dtype=bool)
    for found in parts:
        for _, fused in found:
            if fused is not None:
                gone[fused] = True
    made = []
    for nodes, found in zip(members, parts):
        left = np().array(nodes)
        keep = ~gone[left]
        if keep.all():
            made.append(Lanes(left, [part for part, _ in found]))
        elif keep.any():
            made.append(Lanes(left[keep], [Part(part.op, [c[keep] for c in part.operands]) for part, _ in found]))
    return made


Found = list[tuple[Part, Any]]  # each part of a group, and the products that are fused into it


def _parts(
    graph: Recording, nodes: list[int], sums: dict[int, list[int]], signature: list[int], used_once: list[bool]
) -> Found:
    """Return what the lanes of one signature are made of."""
    if nodes[0] in graph.choices:
        inputs, tables, now = zip(*[graph.choices[i] for i in nodes])
        taken = [table[k] for table, k in zip(tables, now)]
        return [(Part(None, [np().array(taken)[:, None]], np().array(tables), np().array(inputs)), None)]
    if nodes[0] not in sums:
        columns = zip(*[graph.inputs[i] for i in nodes])
        return [(Part(graph.ops[nodes[0]], [np().array(column)[:, None] for column in columns]), None)]
    terms = np().array([sums[i] for i in nodes])
    classes: dict[int, list[int]] = {}
    for place, t in enumerate(terms[0].tolist()):
        classes.setdefault(signature[t], []).append(place)
    made: Found = []
    for places in classes.values():
        column = terms[:, places]
        firsts = column[0].tolist()
        if len(places) > 1 and graph.ops[firsts[0]] is MUL and all(used_once[t] for t in firsts):
            pairs = np().array([graph.inputs[t] for t in column.reshape(-1).tolist()]).reshape(*column.shape, 2)
            made.append((Part(MUL, [pairs[:, :, 0], pairs[:, :, 1]]), column.reshape(-1)))
        else:
            made.append((Part(None, [column]), None))
    return sorted(made, key=lambda part: part[0].op is None)


def _uses(graph: Recording, kept: Collection[int]) -> list[int]:
    uses = [0] * len(graph)
    for inputs in graph.inputs:
        for x in inputs:
            uses[x] += 1
    for x in (*kept, *graph.roots):
        uses[x] += 1
    return uses


def _product(graph: Recording, i: int, uses: list[int]) -> bool:
    return graph.ops[i] is MUL and uses[i] == 1


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
            elif ops[term] or graph.data[term] or not graph.nodes[term].constant:  # Python's sum() starts with 0
                terms.append(term)
        if terms[::-1] == [*inputs[i]] and not (_product(graph, terms[0], uses) and _product(graph, terms[1], uses)):
            continue
        terms.reverse()
        sums[i] = terms
    return sums, absorbed
