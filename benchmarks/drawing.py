"""How long a drawing takes: whole up to 300 nodes, folded beyond, and how many boxes a person then sees."""

import random
from time import perf_counter

from micrograd_like import MLP, Value, draw


def network(nin: int, nouts: list[int]) -> Value:
    """Return the squared error of a network at one example."""
    error: Value = MLP(nin, nouts, activation="tanh", rng=1)([0.5] * nin) - 1.0
    return error * error


def moons() -> Value:
    """Return micrograd's loss for 100 examples: hinge and L2."""
    rng = random.Random(1)
    model = MLP(2, [16, 16, 1], rng=1)
    rows = [[Value(rng.uniform(-1, 2)), Value(rng.uniform(-1, 1))] for _ in range(100)]
    losses = [(1 + -rng.choice([-1, 1]) * model(row)).relu() for row in rows]
    return sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())


def chain(length: int) -> Value:
    """Return the last of so many operations in a row."""
    x, w = Value(0.5), Value(1.0001)
    for i in range(length):
        x = x.tanh() if i % 2 else x * w
    return x


def main() -> None:
    """Print one row a graph."""
    graphs = [
        (f"network {nin}, {nouts}", network(nin, nouts)) for nin, nouts in ((2, [3, 1]), (2, [4, 4, 1]), (3, [8, 6, 1]))
    ]
    graphs += [("moons, 100 examples", moons()), ("chain", chain(1_000_000))]
    for name, root in graphs:
        start = perf_counter()
        drawing = draw(root)
        seconds = perf_counter() - start
        print(f"{name:24} {drawing.title.split()[-2]:>9} nodes {drawing.dot.count('shape='):4} boxes {seconds:7.3f} s")


if __name__ == "__main__":
    main()
