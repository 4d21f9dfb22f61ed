"""Random graphs of random operations, for tests that must hold for every graph."""

from __future__ import annotations

from math import isfinite
from random import Random

from micrograd_like import Value
from micrograd_like.ops import OPS


def random_graph(seed: int, size: int = 12) -> tuple[Value, list[Value]]:
    """Return an output made with about `size` operations, and the leaves; every value and slope is tame."""
    rng = Random(seed)
    leaves = [Value(round(rng.uniform(-3.0, 3.0), 2) or 1.0, label) for label in "abcd"[: rng.randint(1, 4)]]
    nodes: list[Value] = list(leaves)
    while len(nodes) < size:
        op = rng.choice(list(OPS.values()))
        operands = [
            float(rng.choice([0.5, 2, 3])) if i and rng.random() < 0.2 else rng.choice(nodes[-8:])
            for i in range(op.arity)
        ]
        try:
            node = op(*operands)
        except (ArithmeticError, ValueError):
            continue
        numbers = [node.data, *node.local_grads]
        if all(isfinite(x) and abs(x) < 50 for x in numbers) and any(abs(x) > 0.01 for x in node.local_grads):
            nodes.append(node)
    output = nodes[-1]
    for node in nodes[len(leaves) : -1]:  # let every branch reach the output, so that nodes are used more than once
        if rng.random() < 0.3:
            output = output + node
    return output, leaves
