"""Nodes that do the same to other numbers: each signature's nodes are the lanes of one array.

The signature of a node is its op and the signatures of its inputs, where all parameters count as one, and all
other leaves as another. A chain of additions is one sum; products that only a sum uses are part of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...ops import OPS, Op
from ..extra import numpy as np
from ..trace.recording import CONSTANT, Recording
from .strides import affine

Array = Any
PARAMETER, NUMBER = 0, 1  # the signatures of leaves
LONG = 6  # so often must adding and taking off change for a chain to be one sum
ADD, SUB, NEG, MUL, POW = OPS["add"], OPS["sub"], OPS["neg"], OPS["mul"], OPS["pow"]


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


class SignedSum(NamedTuple):
    """What a chain of additions, of subtractions as in `total -= x`, or of both in turn comes to."""

    terms: list[int]
    added: int  # so many of the terms are added, and the others are subtracted

    def keys(self, signature: Sequence[int]) -> list[Hashable]:
        """Return what tells the terms apart: the signature of each, and whether it is subtracted."""
        return [(signature[t], place >= self.added) for place, t in enumerate(self.terms)]


class Columns:
    """The nodes of a graph as arrays: the code of each one's op, its inputs (-1 for none), whether it is used once."""

    graph: Recording
    op: Any
    data: Any
    constant: Any
    first: Any
    second: Any
    once: Any

    def __init__(self, graph: Recording, kept: Collection[int]) -> None:
        self.graph, given = graph, graph.columns
        self.op, self.data = np().asarray(given.op), np().asarray(given.data)
        self.constant = np().asarray(given.kind) == CONSTANT
        start, flat = np().asarray(given.start), np().append(np().asarray(given.input), -1)
        count = np().diff(start)
        self.first = np().where(count > 0, flat[start[:-1]], -1)
        self.second = np().where(count > 1, flat[np().minimum(start[:-1] + 1, len(flat) - 1)], -1)
        self.once = np().bincount([*given.input, *kept, *graph.roots], minlength=len(graph)) == 1

    def code(self, op: Op) -> int:
        """Return the code of an operation, or one that no node has."""
        table = self.graph.columns.ops
        return table.index(op) if op in table else len(table)


def find(graph: Recording, parameters: Collection[int], kept: Collection[int]) -> list[Lanes]:
    """Return every operation of the graph as a lane of an array; `kept` nodes must have a place of their own."""
    columns = Columns(graph, kept)
    sums, absorbed = _sums(columns)
    todo = (columns.op >= 0) & ~absorbed
    todo[[*graph.choices]] = True
    signature = [NUMBER] * (len(graph) + 1)  # the last one is that of no input
    for i in parameters:
        signature[i] = PARAMETER
    known: dict[Any, int] = {}
    members: list[list[int]] = []
    once, power = columns.once.tolist(), columns.code(POW)
    rows = [column[todo].tolist() for column in (np().arange(len(graph)), columns.op, columns.first, columns.second)]
    for i, op, a, b in zip(*rows):
        key: Any = op, signature[a], signature[b]
        if i in sums:
            terms = sums[i].terms[: sums[i].added]
            key = "sum", *sums[i].keys(signature), *[once[t] for t in terms]
        elif op < 0:
            candidates = graph.choices[i][1]
            key = "choice", signature[candidates[0]], len(candidates)
        elif op == power and columns.constant[b]:
            key = *key, str(graph.data[b])
        number = known.setdefault(key, len(members))
        if number == len(members):
            members.append([])
        members[number].append(i)
        signature[i] = number + 2
    parts = [_parts(columns, nodes, sums, signature) for nodes in members]
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


def _parts(columns: Columns, nodes: list[int], sums: dict[int, SignedSum], signature: list[int]) -> Found:
    """Return what the lanes of one signature are made of."""
    choices = columns.graph.choices
    if nodes[0] in choices:
        inputs, tables, now = zip(*[choices[i] for i in nodes])
        taken = [table[k] for table, k in zip(tables, now)]
        return [(Part(None, [np().array(taken)[:, None]], np().array(tables), np().array(inputs)), None)]
    if nodes[0] not in sums:
        op = columns.graph.columns.ops[columns.op[nodes[0]]]
        return [(Part(op, _operands(columns, np().array(nodes)[:, None])), None)]
    first, terms = sums[nodes[0]], np().array([sums[i].terms for i in nodes])
    classes: dict[Hashable, list[int]] = {}
    for place, key in enumerate(first.keys(signature)):
        classes.setdefault(key, []).append(place)
    made: Found = []
    for places in classes.values():
        column = terms[:, places]
        if places[0] >= first.added:
            made.append((Part(NEG, [column]), None))
        elif len(places) > 1 and columns.op[column[0, 0]] == columns.code(MUL) and columns.once[column[0]].all():
            made.append((Part(MUL, _operands(columns, column)), column.reshape(-1)))
        else:
            made.append((Part(None, [column]), None))
    return sorted(made, key=lambda part: part[0].op is None)


def _operands(columns: Columns, nodes: Array) -> list[Array]:
    """Return the inputs of nodes; a plain number that meets a row of others is one node, not one for each it met."""
    first, second = columns.first[nodes], columns.second[nodes]
    if second[0, 0] < 0:
        return [first]
    return [_once(columns, first, second), _once(columns, second, first)]


def _once(columns: Columns, numbers: Array, others: Array) -> Array:
    """Return the same numbers, without the copies of those that are repeated along the axes of the others."""
    data = columns.data[numbers]
    if not columns.constant[numbers[0, 0]] or columns.constant[others[0, 0]] or (data == data[0, 0]).all():
        return numbers
    found = affine([np().repeat(np().arange(len(numbers)), numbers.shape[1]), others.reshape(-1)])
    if found is None:
        return numbers
    shape, (lane, met) = found
    first, data = numbers.reshape(shape), data.reshape(shape)
    for axis in [axis for axis in range(len(shape)) if lane[axis] and met[axis]]:
        if (data == data.take([0], axis)).all():
            first = np().broadcast_to(first.take([0], axis), shape)
    first = first.reshape(numbers.shape)
    copies = numbers != first
    columns.graph.same.update(zip(numbers[copies].tolist(), first[copies].tolist()))
    return first


def _sums(columns: Columns) -> tuple[dict[int, SignedSum], Array]:
    """Return the terms of each chain of additions or subtractions, and which of these are only steps on the way."""
    add, absorbed = columns.code(ADD), bytearray(len(columns.graph))
    step = ((columns.op == add) & columns.once).tolist()
    product = ((columns.op == columns.code(MUL)) & columns.once).tolist()
    nothing = (columns.constant & (columns.data == 0.0)).tolist()  # Python's sum() starts with 0
    first, second = columns.first.tolist(), columns.second.tolist()
    sums = _in_turn(columns, absorbed)
    for i in np().flatnonzero(columns.op == add)[::-1].tolist():
        if absorbed[i] or i in sums:
            continue
        terms, ahead = [], [first[i], second[i]]
        while ahead:
            term = ahead.pop()
            if step[term]:
                absorbed[term] = 1
                ahead += first[term], second[term]
            elif not nothing[term]:
                terms.append(term)
        terms.reverse()
        if terms != [first[i], second[i]] or (product[terms[0]] and product[terms[1]]):
            sums[i] = SignedSum(terms, len(terms))
    minus, ops = columns.op == columns.code(SUB), columns.op.tolist()
    step = (minus & columns.once).tolist()
    for i in np().flatnonzero(minus)[::-1].tolist():
        if absorbed[i] or i in sums:
            continue
        chain, start = [i], first[i]
        while step[start] and ops[second[start]] == ops[second[i]]:  # a run of one kind, so that none is read twice
            chain.append(start)
            start = first[start]
        if len(chain) > 2:
            added = [] if nothing[start] else [start]
            sums[i] = SignedSum([*added, *[second[t] for t in reversed(chain)]], len(added))
            for t in chain[1:]:
                absorbed[t] = 1
    return sums, np().frombuffer(absorbed, dtype=bool)


def _in_turn(columns: Columns, absorbed: bytearray) -> dict[int, SignedSum]:
    """Return the terms of long chains in which something is added and something taken off, again and again."""
    plus, minus = columns.op == columns.code(ADD), columns.op == columns.code(SUB)
    if not (plus.any() and minus.any()):
        return {}
    step, taken = ((plus | minus) & columns.once).tolist(), minus.tolist()
    first, second, constant = columns.first.tolist(), columns.second.tolist(), columns.constant.tolist()
    sums: dict[int, SignedSum] = {}
    for i in np().flatnonzero(plus | minus)[::-1].tolist():
        if absorbed[i]:
            continue
        chain, start = [i], first[i]
        while step[start]:
            chain.append(start)
            start = first[start]
        changes = sum([taken[a] != taken[b] for a, b in itertools.pairwise(chain)])
        if changes < LONG:
            continue
        chain.reverse()
        nothing = constant[start] and columns.data[start] == 0.0
        added = [*([] if nothing else [start]), *[second[t] for t in chain if not taken[t]]]
        sums[i] = SignedSum([*added, *[second[t] for t in chain if taken[t]]], len(added))
        for t in chain[:-1]:
            absorbed[t] = 1
    return sums
