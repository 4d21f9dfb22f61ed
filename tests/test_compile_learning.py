"""Training that compiles itself learns what eager training learns."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numpy")

import numpy as np

from micrograd_like import MLP, SGD, Adam, Value, fit, losses
from micrograd_like.compiler import Program, compile
from micrograd_like.compiler.backends import exchange
from micrograd_like.compiler.extra import all_finite
from micrograd_like.compiler.learning import MOST_GRAPHS, Learner
from micrograd_like.data import batches
from micrograd_like.nn import Parameter
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


class Guarded(Parameter):
    __slots__ = ()

    @property
    def frozen(self) -> bool:  # type: ignore[override]
        return True


class Answering(Value):
    __slots__ = ()

    def __getattr__(self, name: str) -> bool:
        return name == "frozen"


class Open(Value):
    frozen = True


@pytest.mark.parametrize("kind", [Value, Parameter, Guarded, Answering, Open])
def test_frozen_parameters_are_found_however_they_say_so(kind: type[Value]) -> None:
    values = [kind(1.0), Parameter(2.0), Value(3.0)]
    assert exchange.frozen(values) == [x for x in values if getattr(x, "frozen", False)]
    values[1].frozen = values[2].frozen = True  # type: ignore[attr-defined]
    assert exchange.frozen(values) == [x for x in values if getattr(x, "frozen", False)]
    values[1].frozen = values[2].frozen = False  # type: ignore[attr-defined]
    assert exchange.frozen(values) == [x for x in values if getattr(x, "frozen", False)]


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_one_number_that_is_not_finite_is_found_among_many(number: float) -> None:
    numbers = np.full(40, 1e300)
    assert all_finite(numbers) and all_finite(numbers[::2]) and all_finite(numbers[:0])
    numbers[38] = number
    assert not all_finite(numbers) and not all_finite(numbers[::2])


def test_a_long_training_is_compared_with_the_engine_ever_more_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    w = Parameter(0.5)
    program = compile(lambda xs, ys: sum([(w * x - y) ** 2 for x, y in zip(xs, ys)]), [1.0, 2.0], [2.0, 4.0])
    audit = Program.audit

    def audited(self: Program) -> None:
        calls.append(self.calls)
        audit(self)

    monkeypatch.setattr(Program, "audit", audited)
    for _ in range(100):
        program.fit([1.0, 2.0], [2.0, 4.0], optimizer=SGD([w], lr=0.01), epochs=3)
    assert calls[0] == 3 and 3 <= len(calls) <= 5 and all(b >= 4 * a for a, b in itertools.pairwise(calls))


def test_what_cannot_be_seen_is_found_after_the_first_steps_of_a_training(tmp_path: Path) -> None:
    (file := tmp_path / "scale").write_text("2.0")
    w = Parameter(0.5)

    def loss(xs: list[float]) -> Value:
        return sum([(w * x * float(file.read_text()) - 1) ** 2 for x in xs], Value(0.0))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = compile(loss, [1.0, 2.0])
        file.write_text("3.0")
        try:
            program.fit([1.0, 2.0], optimizer=SGD([w], lr=0.01), epochs=50)
        except RuntimeError as error:
            assert "agreed" in str(error)
        else:
            assert program.reason  # the engine ran it
