"""Programs of random array-like steps, written in scalars: compiled, they compute what the engine computes."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

pytest.importorskip("numpy")

from micrograd_like import OPS, Value
from micrograd_like.compiler import Program, compile
from micrograd_like.compiler.backends import BACKENDS
from micrograd_like.nn import Parameter

Matrix = list[list[Any]]
ONE: list[Callable[[Any], Any]] = [
    lambda a: a.tanh(), lambda a: (0.3 * a).exp(), lambda a: a.relu(), lambda a: a * a, lambda a: a**3, abs,
    lambda a: a - 0.5, lambda a: -a, lambda a: a.softplus(),
]  # fmt: skip
TWO: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - b, lambda a, b: a / (b * b + 1.0),
    OPS["maximum"], OPS["minimum"],
]  # fmt: skip


def broadcast(f: Any, A: Matrix, B: Matrix) -> Matrix:
    rows, columns = range(max(len(A), len(B))), range(max(len(A[0]), len(B[0])))
    return [[f(A[i % len(A)][j % len(A[0])], B[i % len(B)][j % len(B[0])]) for j in columns] for i in rows]


def product(A: Matrix, B: Matrix) -> Matrix:
    return [[sum([a * b for a, b in zip(x, y)]) for y in B] for x in A]


def slid(A: Matrix, B: Matrix) -> Matrix:
    """Slide the first row of B along each row of A."""
    width = min(len(A[0]), len(B[0]))
    steps = range(len(A[0]) - width + 1)
    return [[sum([row[j + t] * B[0][t] for t in range(width)], B[-1][-1]) for j in steps] for row in A]


def taken_off(A: Matrix) -> Matrix:
    """Take what stands in each row off 0.5, one number after the other."""
    made = []
    for row in A:
        total = 0.5
        for a in row:
            total = total - a
        made.append([total])
    return made


def random_loss(rng: Random, W: Matrix, b: Matrix) -> Callable[[Matrix], Any]:
    """Return a function of random steps, the same ones at each call."""
    steps: list[tuple[Any, float, float]] = []
    for _ in range(rng.randint(2, 7)):
        one, two = rng.choice(ONE), rng.choice(TWO)
        step = rng.choice([
            lambda A, B, f=one: [[f(a) for a in row] for row in A],
            lambda A, B, f=two: broadcast(f, A, B),
            lambda A, B, f=two: broadcast(f, A, B),
            lambda A, B: product(A, B),
            lambda A, B: slid(A, B),
            lambda A, B: [list(column) for column in zip(*A)],
            lambda A, B: [[sum(row) / len(row)] for row in A],
            lambda A, B: taken_off(A),
            lambda A, B: [[0.5 * a for a in row[::-1]] for row in A],
        ])  # fmt: skip
        steps.append((step, rng.random(), rng.random()))

    def loss(X: Matrix) -> Any:
        made = [X, W, b]
        for step, one, two in steps:
            new = step(made[int(one * len(made))], made[int(two * len(made))])
            if len(new) * len(new[0]) <= 60:
                made.append(new)
        return sum([(0.1 * a).tanh() for matrix in made for row in matrix for a in row])

    return loss


def numbers(rng: Random, rows: int, columns: int, kind: Any = float) -> Matrix:
    return [[kind(rng.uniform(-1, 1)) for _ in range(columns)] for _ in range(rows)]


def random_program(rng: Random, backend: str = "auto") -> tuple[Program, Callable[[Matrix], Any], Matrix]:
    """Return a program, its function, and what it was recorded with."""
    X = numbers(rng, rng.randint(1, 5), rng.randint(1, 5))
    W, b = numbers(rng, rng.randint(1, 4), len(X[0]), Parameter), numbers(rng, 1, rng.randint(1, 4), Parameter)
    loss = random_loss(rng, W, b)
    return compile(loss, X, parameters=W + b, backend=backend), loss, X


@pytest.mark.parametrize("backend", BACKENDS)
@given(seed=st.integers(0, 10**9))
@settings(max_examples=40)
def test_they_compute_what_the_engine_computes(backend: str, seed: int) -> None:
    rng = Random(seed)
    program, loss, X = random_program(rng, backend)
    parameters = program.parameters
    for _ in range(2):
        X = numbers(rng, len(X), len(X[0]))
        for p in parameters:
            p.data = rng.uniform(-1, 1)
        cost, found = program(X), [p.grad for p in parameters]
        for p in parameters:
            p.grad = 0.0
        eager = loss([[Value(x) for x in row] for row in X])
        eager.backward()
        assert cost == pytest.approx(eager.data, rel=1e-10, abs=1e-10)
        assert found == pytest.approx([p.grad for p in parameters], rel=1e-10, abs=1e-10)
    assert str(program) and program.explain().picture.svg


@given(seed=st.integers(0, 10**9))
@settings(max_examples=20)
def test_exported_they_compute_the_same(seed: int) -> None:
    torch = pytest.importorskip("torch")
    program, _, X = random_program(Random(seed))
    cost, gradients, module = program(X), program.gradients, program.to_torch()
    exported = module(torch.tensor(X, dtype=torch.float64))
    assert float(exported.detach()) == pytest.approx(cost, rel=1e-10)
    exported.backward()
    found = sorted([x for p in module.parameters() for x in p.grad.numpy().ravel().tolist()])
    assert found == pytest.approx(sorted([x for g in gradients.values() for x in g.ravel().tolist()]), 1e-9, 1e-9)
