"""Random programs, replayed and by the engine, bit against bit: `python -m benchmarks exact [how many]`, else 10^6.

Every operation of the table takes part, with constants, whole exponents, ties, comparisons between what was computed,
and nodes that are used a hundred times. Each program is then given other numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from math import isfinite
from random import Random
from typing import Any

from micrograd_like import OPS, Value
from micrograd_like.compiler import compile

Step = tuple[Any, list[int | float]]  # an operation, and its operands: places (int) or constants (float)
CONSTANTS = [0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -2.0, 1e-3, 0.1]


def distance(a: Any, b: Any) -> Any:
    """Return |a - b| as a learner may write it: only a comparison decides what is recorded."""
    return a - b if a > b else b - a


OPERATIONS: list[tuple[Any, int]] = [*[(op, op.arity) for op in OPS.values()], (distance, 2)]


def apply(step: Step, nodes: list[Any]) -> Any:
    op, operands = step
    return op(*[nodes[x] if isinstance(x, int) else x for x in operands])


def random_steps(rng: Random, numbers: list[Value]) -> list[Step]:
    """Return 4 to 24 steps, now and then a hundred, that are tame at these numbers."""
    nodes, steps = list(numbers), []
    hub, size = rng.randrange(len(numbers)), 100 if rng.random() < 0.01 else rng.randint(4, 24)
    while len(steps) < size:
        op, arity = rng.choice(OPERATIONS)
        operands: list[int | float] = [
            hub if rng.random() < 0.2 else len(nodes) - rng.randint(1, 4) for _ in range(arity)
        ]
        if arity == 2 and rng.random() < 0.2:
            operands[rng.randrange(2)] = rng.choice(CONSTANTS)
        try:
            node = apply((op, operands), nodes)
        except (ArithmeticError, ValueError):
            continue
        if all(isfinite(x) and abs(x) < 1e6 for x in (node.data, *node.local_grads)):
            steps.append((op, operands))
            nodes.append(node)
    return steps


def bits(loss: Callable[[], float], parameters: list[Value]) -> list[str]:
    """Return loss and gradients in hexadecimal, or what kind of error there was."""
    try:
        return [x.hex() for x in (loss(), *[p.grad for p in parameters])]
    except (ArithmeticError, ValueError) as error:
        return [type(error).__name__]


def random_numbers(rng: Random) -> list[float]:
    return [round(rng.uniform(-2, 2), rng.choice([0, 1, 17])) for _ in range(4)]


def random_loss(rng: Random) -> tuple[Callable[[Any], Any], Value, list[Value]]:
    """Return a function, its input and its parameters."""
    x, *parameters = map(Value, random_numbers(rng))
    steps = random_steps(rng, [x, *parameters])

    def loss(x: Any) -> Any:
        nodes = [x, *parameters]
        for step in steps:
            nodes.append(apply(step, nodes))
        return sum(nodes, 0.0)

    return loss, x, parameters


def outcomes(rng: Random, **options: Any) -> Iterator[tuple[list[str], list[str]]]:
    """Give what a random program computes and what the engine does: as recorded, and with other numbers."""
    loss, x, parameters = random_loss(rng)

    def eagerly() -> float:
        for p in parameters:
            p.grad = 0.0
        out = loss(x.data)
        out.backward()
        return float(out.data)

    program = compile(loss, x.data, parameters=parameters, **options)
    for _ in range(2):
        yield bits(lambda: program(x.data), parameters), bits(eagerly, parameters)
        for value, number in zip((x, *parameters), random_numbers(rng)):
            value.data = number


def differing(count: int, backend: str = "auto") -> int:
    """Return how many of `count` random programs differ in a bit of the loss or of a gradient."""
    programs = (outcomes(Random(i), exact=True, backend=backend) for i in range(count))
    return sum([any(ours != eager for ours, eager in program) for program in programs])


def main() -> None:
    count = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10**6
    print(f"{differing(count)} of {count} programs differ in a bit")


if __name__ == "__main__":
    main()
