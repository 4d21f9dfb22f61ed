"""A recorded graph computed again in the order in which it was recorded, with the bits of the engine."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import isfinite

from ...ops import NoFiniteGradientError, in_ieee
from ..trace.own import DETACH
from ..trace.recording import Recording


def forward(graph: Recording, numbers: Sequence[float]) -> list[float]:
    """Return every node's number; `numbers` holds those of the leaves. Raises where the engine raises."""
    data = list(numbers)
    for i, op in enumerate(graph.ops):
        if op:
            data[i] = op.at([data[x] for x in graph.inputs[i]], graph.nodes[i].inputs)
        elif i in graph.choices:
            by, candidates, _ = graph.choices[i]
            data[i] = data[candidates[int(data[by])]]
    return data


def made_of_numbers(graph: Recording, inputs: Collection[int]) -> list[bool]:
    """Tell of each node whether only plain numbers and inputs lead to it: nobody asks for its gradient."""
    made: list[bool] = []
    for i, op in enumerate(graph.ops):
        if op is DETACH:
            made.append(True)
        else:
            made.append(all(made[x] for x in graph.inputs[i]) if op else graph.constant(i) or i in inputs)
    return made


def backward(graph: Recording, data: Sequence[float], numbers: Sequence[bool] = ()) -> list[float]:
    """Return every node's gradient but those of `numbers`, or raise NoFiniteGradientError as the engine does."""
    slopes, numbers = [], numbers or made_of_numbers(graph, ())
    for i, op in enumerate(graph.ops):
        there = op.local_grads(data[i], *[data[x] for x in graph.inputs[i]]) if op else ()
        slopes.append([0.0 if numbers[x] else s for x, s in zip(graph.inputs[i], there)])
        if op and not in_ieee.get() and not all(map(isfinite, (data[i], *slopes[i]))):
            raise op.failure(NoFiniteGradientError, [data[x] for x in graph.inputs[i]], graph.nodes[i].inputs)
    grads = [0.0] * len(graph)
    grads[graph.roots[0]] = 1.0
    for i in range(len(graph) - 1, -1, -1):
        op = graph.ops[i]
        if op:
            for x, slope in zip(graph.inputs[i], slopes[i]):
                if slope != 0.0 or not op.gate:
                    grads[x] += slope * grads[i]
        elif i in graph.choices:
            by, candidates, _ = graph.choices[i]
            grads[candidates[int(data[by])]] += grads[i]
    return grads
