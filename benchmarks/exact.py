"""Random graphs, replayed and by the engine, bit against bit: `python -m benchmarks exact [how many]`, else 10^6."""

from __future__ import annotations

import sys
from random import Random
from typing import Any

from micrograd_like import OPS, Value
from micrograd_like.compile import compile

OPERATIONS = [op for op in OPS.values() if op.name not in ("floordiv", "mod", "acosh", "gamma", "lgamma")]


def random_loss(leaves: list[Any], rng: Random) -> Any:
    """Return a loss of a dozen operations, all within what they are defined on."""
    nodes = list(leaves)
    for _ in range(rng.randint(3, 12)):
        op, a, b = rng.choice(OPERATIONS), rng.choice(nodes), rng.choice(nodes)
        nodes.append(op(*[0.4 * a.tanh() + 0.5, 0.4 * b.sigmoid() + 0.5][: op.arity]))
    return nodes[-1] * nodes[-2] + nodes[-3]


def differing(count: int, seed: int = 1) -> int:
    """Return in how many of `count` random graphs a bit of the loss or of a gradient is another."""
    wrong, rng = 0, Random(seed)
    for _ in range(count):
        leaves = [Value(rng.uniform(-2, 2)) for _ in range(3)]
        loss = random_loss(leaves, rng)
        program = compile(loss, parameters=leaves, exact=True)
        for p in leaves:
            p.grad = 0.0
        loss.backward()
        eager = [loss.data, *[p.grad for p in leaves]]
        replayed = [program(), *[p.grad for p in leaves]]
        wrong += [x.hex() for x in eager] != [x.hex() for x in replayed]
    return wrong


def main() -> None:
    count = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10**6
    print(f"{differing(count)} of {count} graphs differ in a bit")


if __name__ == "__main__":
    main()
