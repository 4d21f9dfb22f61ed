"""Large graphs made small: nodes that do the same to other numbers become one group, for `draw`.

Two nodes have the same *signature* if the same operation made them from inputs with the same signatures, where a
parameter is itself and any other leaf is just a number. They are lanes of what could be one operation on arrays.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from math import inf

from ..engine import Value
from ..ops import add, mul


@dataclass
class Link:
    """The edges from one group to one place of another, and between what numbers their local derivatives lie."""

    low: float
    high: float
    count: int = 0

    def add(self, local_grad: float) -> None:
        self.count += 1
        self.low, self.high = min(self.low, local_grad), max(self.high, local_grad)


@dataclass
class Group:
    """Nodes drawn as one: the lanes of `what`, an operation's name, "sum", "dot" (of products) or "leaf"; or "more"."""

    nodes: list[Value]
    what: str
    inside: list[Value] = field(default_factory=list)  # the operations on the way to sums
    links: dict[tuple[int, int], Link] = field(default_factory=dict)  # by (number of the input's group, place)

    def link(self, source: int, place: int, local_grad: float) -> None:
        self.links.setdefault((source, place), Link(local_grad, local_grad)).add(local_grad)


def opened(label: str, keep: int) -> str:
    """Return a label that leaves open which, with its first `keep` indices (below 0: all but so many last).

    >>> opened("z1[3]", 0), opened("layers[0].neurons[2].w[1]", 1)
    ('z1[·]', 'layers[0].neurons[·].w[·]')
    """
    parts = re.split(r"\[[^\[\]]*\]", label)
    indices = re.findall(r"\[[^\[\]]*\]", label)
    keep = keep + len(indices) if keep < 0 else keep
    return "".join([part + index for part, index in zip(parts, indices[:keep] + ["[·]"] * len(indices[keep:]) + [""])])


ROLES: list[Callable[[Value], Hashable]] = [  # parameters with the same role count as the same
    lambda parameter: parameter,
    lambda parameter: opened(parameter.label, -1),  # a neuron's weights
    lambda parameter: opened(parameter.label, 1),  # a layer's
    lambda parameter: None,
]


def unfolded(nodes: Sequence[Value]) -> list[Group]:
    """Return a group for each node."""
    number = {node: i for i, node in enumerate(nodes)}
    groups = []
    for node in nodes:
        group = Group([node], node.op.name if node.op else "leaf")
        for place, (x, local_grad) in enumerate(zip(node.inputs, node.local_grads)):
            group.link(number[x], place, local_grad)
        groups.append(group)
    return groups


def folded(nodes: Sequence[Value], most: int) -> list[Group]:
    """Return about `most` groups or fewer for all nodes, which are in creation order.

    Lanes where that is enough; else the parameters of a neuron, of a layer, or all of them count as the same too;
    else the first and the last operations stand alone, and one group for what lies between.
    """
    sums = _sums(nodes)
    for role in ROLES:
        if groups := lanes(nodes, sums, role, most):
            return groups
    return _ends(nodes, most)


@dataclass
class Sum:
    """Several additions in a row, read as one: what is added up, and the operations on the way.

    A product that goes nowhere else is such a step too, although it is a term.
    """

    terms: list[Value]
    steps: list[Value]


def _sums(nodes: Sequence[Value]) -> dict[Value, Sum]:
    """Return every sum of several additions, by its last one."""
    only: dict[Value, Value | None] = {}  # what alone uses a node
    for node in nodes:
        for x in node.inputs:
            only[x] = None if x in only else node
    sums: dict[Value, Sum] = {}
    within: set[Value] = set()
    for node in reversed(nodes):
        if node.op is not add or node in within:
            continue
        found, ahead = Sum([], []), [*reversed(node.inputs)]
        while ahead:
            term = ahead.pop()
            inner = not term.label and only[term] is not None
            if inner and term.op is add:
                ahead += reversed(term.inputs)
                found.steps.append(term)
            elif not (term.constant and term.data == 0.0):  # where Python's sum() starts
                found.terms.append(term)
                found.steps += [term] if inner and term.op is mul else []
        if any(step.op is add for step in found.steps):
            sums[node] = found
            within.update(found.steps)
    return sums


def lanes(
    nodes: Sequence[Value], sums: Mapping[Value, Sum], role: Callable[[Value], Hashable], most: float = inf
) -> list[Group] | None:
    """Return a group for each signature, or None where there are more than `most`.

    Leaves that are just numbers are told apart by what uses them.
    """

    within = {step for found in sums.values() for step in found.steps}
    number_of: dict[Value, int] = {}  # of the signature
    numbers: dict[Hashable, int] = {}
    uses: dict[Value, frozenset[tuple[int, int]]] = {}  # of a leaf, the signatures and the places
    known: dict[frozenset[tuple[int, int]], frozenset[tuple[int, int]]] = {}  # one object for all leaves alike
    for node in nodes:
        if node in within:
            continue
        signature: tuple[Hashable, ...]
        if node.op is None:
            signature = "leaf", node.constant, role(node) if getattr(node, "parameter", False) else ""
            uses[node] = frozenset()
        elif node in sums:
            factors = [term.inputs if term in within else (term,) for term in sums[node].terms]
            signature = "sum", *Counter([tuple([number_of[x] for x in term]) for term in factors]).items()
        else:
            signature = node.op.name, *[number_of[x] for x in node.inputs]
        number_of[node] = number = numbers.setdefault(signature, len(numbers))
        if number > most:
            return None
        for place, x, _ in _edges(node, sums, within):
            if x.op is None and (number, place) not in uses[x]:
                use = uses[x] | {(number, place)}
                uses[x] = known.setdefault(use, use)
    places: dict[Hashable, int] = {}
    groups: list[Group] = []
    for node, number in number_of.items():
        if node.constant and not uses[node]:  # where Python's sum() starts
            continue
        number_of[node] = place = places.setdefault((number, uses.get(node)), len(groups))
        if place == len(groups):
            groups.append(Group([], node.op.name if node.op else "leaf"))
        group = groups[place]
        group.nodes.append(node)
        if node in sums:
            group.what = "dot" if any(step.op is mul for step in sums[node].steps) else "sum"
            group.inside += sums[node].steps
        for i, x, local_grad in _edges(node, sums, within):
            group.link(number_of[x], i, local_grad)
    return groups if len(groups) <= most else None


def _edges(node: Value, sums: Mapping[Value, Sum], within: Collection[Value]) -> Iterator[tuple[int, Value, float]]:
    """Yield (place, input, local derivative); of a product in a sum, the two factors."""
    if node not in sums:
        yield from zip(count(), node.inputs, node.local_grads)
        return
    for term in sums[node].terms:
        if term in within:
            yield from zip(count(1), term.inputs, term.local_grads)
        else:
            yield 0, term, 1.0


def _ends(nodes: Sequence[Value], most: int) -> list[Group]:
    """Return a group for each of the first and the last operations and their leaves, and one for all others."""
    operations = [node for node in nodes if node.op]
    apart = {*operations[: most // 15], *operations[-max(most // 8, 1) :]}
    apart |= {x for node in apart for x in node.inputs if x.op is None}
    number_of: dict[Value, int] = {}
    groups = [Group([], "more")]
    for node in nodes:
        if node in apart:
            number_of[node] = len(groups)
            groups.append(Group([node], node.op.name if node.op else "leaf"))
        else:
            groups[0].nodes.append(node)
    for node in nodes:
        here = number_of.get(node, 0)
        for place, (x, local_grad) in enumerate(zip(node.inputs, node.local_grads)):
            there = number_of.get(x, 0)
            if here or there:
                groups[here].link(there, place if here else 0, local_grad)
    return groups
