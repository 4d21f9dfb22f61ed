"""Training that compiles itself learns what eager training learns."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numpy")

from micrograd_like import MLP, SGD, Adam, fit, losses
from micrograd_like.compiler.learning import MOST_GRAPHS, Learner
from micrograd_like.data import batches
from micrograd_like.train import learn

X = [[(7 * i + 3 * j) % 11 / 5 - 1 for j in range(3)] for i in range(10)]


@pytest.mark.parametrize("clip", [None, 0.1])
@pytest.mark.parametrize("name", ["cross_entropy", "mse", "hinge"])
def test_compiled_steps_are_eager_steps(name: str, clip: float | None) -> None:
    cost: Any = losses.LOSSES[name]
    y: list[Any] = [i % 2 for i in range(10)] if name != "hinge" else [2 * (i % 2) - 1 for i in range(10)]
    models = [MLP(3, [4, 2 if name == "cross_entropy" else 1], activation="tanh", rng=1) for _ in range(2)]
    optimizers = [SGD(model.parameters(), 0.1, momentum=0.5) for model in models]
    learner = Learner(models[0], cost, cost, optimizers[0], learn)
    for _ in range(4):
        for rows, targets in batches(X, y, 4):
            ours = learner(rows, targets, clip)
            assert ours == pytest.approx(learn(models[1], rows, targets, cost, optimizers[1], clip), rel=1e-12)
    assert learner.program and not learner.eager
    for p, q in zip(models[0].parameters(), models[1].parameters()):
        assert p.data == pytest.approx(q.data, rel=1e-10)
    assert optimizers[0].steps == optimizers[1].steps


def test_other_classes_in_the_next_batch_are_no_other_graph() -> None:
    model, cost = MLP(3, [3]), losses.cross_entropy
    learner = Learner(model, cost, cost, SGD(model.parameters(), 0.1), learn)
    for k in range(4):
        learner(X[:2], [k % 3, k // 2])
    assert learner.program and [*map(len, learner.program.variants.values())] == [1]


def test_a_graph_that_changes_from_batch_to_batch_goes_on_eagerly_with_one_line() -> None:
    model = MLP(1, [1])

    def cost(outputs: Any, targets: Any) -> Any:
        return outputs[0] ** 2 * (int(targets[0]) + 1.0)

    learner = Learner(model, cost, cost, SGD(model.parameters(), 0.001), learn)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for k in range(MOST_GRAPHS + 5):
            learner([[1.0]], [k])
    assert [str(w.message) for w in said] == [
        "The graph changes from batch to batch, so training goes on without compiling."
    ]


def test_fit_compiles_by_itself() -> None:
    y = [2 * (i % 2) - 1 for i in range(10)]
    histories = []
    for way in (None, "auto"):
        model = MLP(3, [4, 1], activation="tanh", rng=1)
        optimizer = SGD(model.parameters(), 0.1)
        histories.append(fit(model, X, y, "hinge", optimizer=optimizer, epochs=5, batch_size=4, l2=1e-3, compile=way))
    assert histories[1].loss == pytest.approx(histories[0].loss, rel=1e-9)
    with pytest.raises(ValueError, match='Write compile="auto"'):
        fit(model, X, y, "hinge", compile="yes")


WAYS = {"mse": 1, "hinge": 1, "bce_with_logits": 1, "cross_entropy": 2}


@pytest.mark.parametrize("size", [None, 3, 4])
@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.1, momentum=0.9), Adam], ids=["SGD", "Adam"])
@pytest.mark.parametrize("name", WAYS)
def test_a_compiled_training_goes_on_from_a_checkpoint_bit_for_bit(
    name: Any, make: Any, size: int | None, tmp_path: Path
) -> None:
    y = [2 * (i % 2) - 1 if name == "hinge" else i % 2 for i in range(10)]

    def train(model: MLP, epochs: int, **options: Any) -> Any:
        return fit(model, X, y, name, epochs, optimizer=make(model.parameters()), batch_size=size, l2=1e-3, **options)

    for stop in 1, 2:
        path = tmp_path / f"{stop}.json"
        models = [MLP(3, [4, WAYS[name]], rng=seed) for seed in (1, 1, 2)]
        whole = train(models[0], 5, compile="auto")
        train(models[1], stop, checkpoint=path, compile="auto")
        resumed = train(models[2], 5, checkpoint=path, resume=True, compile="auto")
        assert [p.data for p in models[2].parameters()] == [p.data for p in models[0].parameters()]
        assert resumed == whole
