"""Training: the plain loop and no more, reproducible, resumable, and stopped before it spoils anything."""

import gc
import io
import json
import math
import os
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from sizes import long, only_long

from micrograd_like import _engine, ieee
from micrograd_like.checkpoint import load_model, read, save_model, write
from micrograd_like.data import Standardize, digits, iris, moons, train_val_split, xor
from micrograd_like.losses import accuracy, hinge, l2, mse
from micrograd_like.nn import MLP, LogisticRegression, Module, Parameter
from micrograd_like.optim import SGD, Adam, TrainingDivergedError
from micrograd_like.train import TrainingHistory, evaluate, fit, learn

X, Y = moons(12, labels=(-1, 1))


slow_in_python = only_long("the engine in Python takes half a minute") if _engine.NAME != "C" else long


def small(**options: Any) -> Any:
    return MLP(2, [3, 1], **{"rng": 1, **options})


def numbers(model: Any) -> Any:
    return [p.data for p in model.parameters()]


# The loop.


def test_fit_is_the_plain_loop_to_the_bit() -> None:
    ours, plain = small(), small()
    history = fit(ours, X, Y, "hinge", lr=lambda k: 1.0 - 0.9 * k / 10, epochs=10, l2=1e-4)
    for k in range(10):
        outputs = [plain(x) for x in X]
        cost = hinge(outputs, Y) + l2(plain.parameters(), 1e-4)
        plain.zero_grad()
        cost.backward()
        for p in plain.parameters():
            p.data -= (1.0 - 0.9 * k / 10) * p.grad
    assert numbers(ours) == numbers(plain)
    assert history.loss[-1] == hinge([ours(x) for x in X], Y).data
    assert history.accuracy[-1] == accuracy([ours(x) for x in X], Y)


@pytest.mark.parametrize("batch_size, updates", [(None, 1), (1, 12), (5, 3), (100, 1)])
def test_epochs_and_updates_are_counted_apart(batch_size: Any, updates: Any) -> None:
    history = fit(small(), X, Y, "hinge", epochs=2, batch_size=batch_size)
    assert history.column("epoch") == [0, 1, 2] and history.column("updates") == [0, updates, 2 * updates]


def test_the_optimizer_counts_the_epochs_that_are_done() -> None:
    model = small()
    optimizer = SGD(model.parameters(), lambda epoch: 0.1 / (epoch + 1))
    history = fit(model, X, Y, "hinge", 3, optimizer=optimizer)
    assert optimizer.epoch == 3 and optimizer.lr == 0.1 / 4 and history.lr[1:] == [0.1, 0.05, 0.1 / 3]


def test_a_seed_gives_the_same_bits() -> None:
    def weights(seed: int) -> Any:
        model = small()
        fit(model, X, Y, "hinge", epochs=2, batch_size=3, seed=seed)
        return numbers(model)

    assert weights(1) == weights(1) != weights(2)


def test_the_history_begins_before_training_and_follows_what_it_is_asked_to() -> None:
    model = small()
    first = model.predict(X[3])
    history = fit(
        model,
        X,
        Y,
        "hinge",
        lr=lambda k: 0.1 / (k + 1),
        epochs=4,
        validation=(X[:4], Y[:4]),
        watch=[3],
        record_weights=True,
    )
    assert history.epochs == 4 and all(len(history.column(name)) == 5 for name in ("loss", "val_loss", "lr"))
    assert history.predictions == {3: history.predictions[3]} and history.predictions[3][0] == first
    assert history.predictions[3][-1] == model.predict(X[3])
    assert history.weights[0] == numbers(small()) and history.weights[-1] == numbers(model)
    assert history.lr == [None, 0.1, 0.05, 0.1 / 3, 0.025]
    assert (history.val_loss[-1], history.val_accuracy[-1]) == evaluate(model, X[:4], Y[:4], hinge)
    assert history.stopped == "epochs" and "4 epochs" in repr(history)


def test_what_was_not_measured_is_none() -> None:
    history = fit(small(), X, Y, "mse", epochs=1)
    assert history.accuracy == history.val_loss == history.val_accuracy == [None, None]


def test_the_history_becomes_a_table(tmp_path: Path) -> None:
    model = MLP(4, [3], init="xavier")
    flowers, kinds = iris()
    history = fit(model, flowers, kinds, "cross_entropy", epochs=1, batch_size=50, watch=[7])
    history.to_csv(tmp_path / "history.csv")
    header, before, after = (tmp_path / "history.csv").read_text().splitlines()
    assert header == "epoch,updates,lr,loss,accuracy,val_loss,val_accuracy,prediction 7"
    assert before.startswith(f"0,0,,{history.loss[0]!r},") and after.startswith(f"1,3,0.1,{history.loss[1]!r},")


def test_any_function_that_gives_a_value_is_a_loss() -> None:
    model = small()
    history = fit(model, X, Y, lambda outputs, targets: sum((a - t).abs() for a, t in zip(outputs, targets)), epochs=5)
    assert history.loss[-1] < history.loss[0]


def test_a_network_of_ones_own_learns() -> None:
    class Line(Module):
        def __init__(self) -> None:
            self.slope, self.start = Parameter(0.0), Parameter(0.0)

        def __call__(self, x: Any) -> Any:
            return self.slope * x[0] + self.start

    line = Line()
    fit(line, [[0], [1], [2]], [1, 3, 5], epochs=300)
    assert numbers(line) == pytest.approx([2, 1], abs=1e-3)


def test_vector_targets_learn_and_arrays_serve_as_data() -> None:
    numpy = pytest.importorskip("numpy")
    model = MLP(2, [2], rng=3)
    history = fit(model, numpy.array(X), numpy.array(X), mse, lr=0.5, epochs=100)
    assert history.loss[-1] < 1e-3


def test_gradients_are_clipped() -> None:
    model = small()
    before = numbers(model)
    fit(model, X, Y, "hinge", lr=1.0, epochs=1, clip=0.01)
    assert math.dist(before, numbers(model)) == pytest.approx(0.01)


def test_a_frozen_weight_stays_through_training() -> None:
    model = small()
    model.layers[0].W[0][0].prune()
    fit(model, X, Y, "hinge", epochs=3)
    assert model.layers[0].W[0][0].data == 0.0


# Stopping.


def test_patience_ends_training_with_the_best_weights() -> None:
    model = small()
    lr = [0.1, 0.1, -0.0, 30.0, 0.0, 0.0, 0.0, 0.0]
    history = fit(model, X, Y, "hinge", lr=lr.__getitem__, epochs=8, validation=(X, Y), patience=3)
    assert (history.stopped, history.best, history.epochs) == ("patience", 2, 5)
    assert evaluate(model, X, Y, hinge)[0] == min(history.val_loss) < history.val_loss[-1]


def test_tol_says_how_much_is_progress() -> None:
    assert fit(small(), X, Y, "hinge", epochs=50, patience=2, tol=1e9).epochs == 2


def test_goal_ends_training() -> None:
    history = fit(small(), X, Y, "hinge", epochs=500, goal=0.5)
    assert history.stopped == "goal" and history.loss[-1] <= 0.5 < history.loss[-2]


def test_ctrl_c_ends_training_with_the_best_weights() -> None:
    calls = iter(range(100))

    def impatient(outputs: Any, targets: Any) -> Any:
        if next(calls) == 8:  # 1 before training, 5 in each epoch: amid the second one
            raise KeyboardInterrupt
        return hinge(outputs, targets)

    model = small()
    history = fit(model, X, Y, impatient, epochs=50, batch_size=3)
    assert history.stopped == "interrupted" and history.epochs == 1
    assert hinge([model(x) for x in X], Y).data == min(history.loss)


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT to send to one process")
def test_ctrl_c_at_the_terminal_leaves_a_history() -> None:
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell ignores it\n"
        "from micrograd_like.data import moons; from micrograd_like.nn import MLP\n"
        "from micrograd_like.train import fit\n"
        "print('begun', flush=True)\n"
        "print(fit(MLP(2, [4, 1]), *moons(labels=(-1, 1)), 'hinge', epochs=10**6).stopped)\n"
    )
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", program], stdout=pipe, stderr=pipe, text=True)
    assert process.stdout.readline() == "begun\n"
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=300) == ("interrupted\n", "")
    finally:
        process.kill()


@pytest.mark.parametrize("lr", [1e6, 1e200, 1e308])
def test_divergence_stops_with_finite_weights_and_says_what_to_try(lr: float) -> None:
    model = small()
    with pytest.raises(TrainingDivergedError, match=r"learning overshot, .* Try lr=.*standardize the inputs") as error:
        fit(model, X, Y, "mse", lr=lr, epochs=500)
    assert all(map(math.isfinite, numbers(model)))
    assert isinstance(error.value.history, TrainingHistory) and error.value.history.epochs < 500


def test_divergence_stops_under_ieee_rules_too() -> None:
    model = small()
    with ieee(), pytest.raises(TrainingDivergedError, match=r"The loss is (inf|nan)"):
        learn(model, [[1e200, 1e200]], [0.0], mse, SGD(model.parameters(), 0.1))
    assert numbers(model) == numbers(small())


# Memory.


def test_200_steps_without_the_collector_end_with_the_memory_they_began_with() -> None:
    model = small()
    optimizer = SGD(model.parameters(), 0.01)

    def steps(n: int) -> None:
        for _ in range(n):
            cost = hinge([model(x) for x in X], Y)
            optimizer.zero_grad()
            cost.backward()
            optimizer.step()

    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        growth = []
        for _ in range(4):  # Python's own free lists and caches fill up, and what stays a step grows in every round
            before, objects = tracemalloc.get_traced_memory()[0], len(gc.get_objects())
            steps(200)
            growth.append((tracemalloc.get_traced_memory()[0] - before, len(gc.get_objects()) - objects))
        assert min(growth)[0] < 200 * 16 and min(more for _, more in growth) < 5  # the smallest object has 16 bytes
    finally:
        tracemalloc.stop()
        gc.enable()


def test_the_collector_is_left_as_it_was() -> None:
    fit(small(), X, Y, "hinge", epochs=1)
    assert gc.isenabled()
    gc.disable()
    fit(small(), X, Y, "hinge", epochs=1)
    try:
        assert not gc.isenabled()
    finally:
        gc.enable()


# Checkpoints.


def train(model: Any, epochs: Any, path: Any = None, make: Any = SGD, **options: Any) -> Any:
    return fit(
        model,
        X,
        Y,
        "hinge",
        optimizer=make(model.parameters(), lr=0.1),
        epochs=epochs,
        batch_size=5,
        validation=(X[:4], Y[:4]),
        watch=[1],
        record_weights=True,
        checkpoint=path,
        **options,
    )


@pytest.mark.parametrize("make", [SGD, lambda p, lr: SGD(p, lr, 0.9), Adam])
def test_training_goes_on_from_a_checkpoint_bit_for_bit(make: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    straight, halted, resumed = small(), small(), small(rng=9)
    for model in straight, halted:
        model.layers[0].W[1][1].prune()
    whole = train(straight, 6, make=make)
    train(halted, 3, path, make)
    history = train(resumed, 6, path, make, resume=True)
    assert numbers(resumed) == numbers(straight) and history == whole
    assert resumed.layers[0].W[1][1].frozen


def test_the_best_weights_outlive_an_interruption(tmp_path: Path) -> None:
    lr = [0.1, 9.0, 0.0, 0.0, 0.0].__getitem__
    straight, halted = small(), small()
    whole = fit(straight, X, Y, "hinge", lr=lr, epochs=5, patience=3)
    fit(halted, X, Y, "hinge", lr=lr, epochs=3, checkpoint=tmp_path / "run.json")
    optimizer = SGD(halted.parameters(), lr)
    assert (
        fit(
            halted,
            X,
            Y,
            "hinge",
            optimizer=optimizer,
            epochs=5,
            patience=3,
            checkpoint=tmp_path / "run.json",
            resume=True,
        )
        == whole
    )
    assert whole.best == 1 and numbers(halted) == numbers(straight)


def test_resume_without_a_file_begins_and_a_finished_run_stays(tmp_path: Path) -> None:
    model = small()
    first = train(model, 2, tmp_path / "run.json", resume=True)
    weights = numbers(model)
    assert train(model, 2, tmp_path / "run.json", resume=True) == first and numbers(model) == weights
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


def damage(path: Any, change: Any) -> None:
    """Rewrite the file with a change to its contents, or to its text."""
    if isinstance(change, bytes):
        path.write_bytes(change)
    elif isinstance(change, int):
        path.write_bytes(path.read_bytes()[:change])
    else:
        contents = json.loads(path.read_text())
        kind = contents.pop("format").split()[1]
        del contents["version"], contents["sha256"]
        change(contents)
        write(path, kind, contents)


DAMAGE = [
    (0, "it is cut short, or not JSON"),
    (100, "it is cut short, or not JSON"),
    (-2, "it is cut short, or not JSON"),
    (b"[]", "it is not a micrograd-like"),
    (b'{"format": "other"}', "it is not a micrograd-like"),
    (b"\xff\xfe", "it is cut short, or not JSON"),
    (b"[" * 100_000, "it is not arranged as one .maximum recursion depth"),
    (lambda contents: contents["parameters"].pop(), "parameters"),
    (lambda contents: contents.pop("parameters"), "it is not arranged as one .'parameters'"),
    (lambda contents: contents.update(parameters=None), "None stands where a list belongs"),
    (lambda contents: contents.update(parameters=["1"] * 13), "'1' stands where a decimal number belongs"),
    (lambda contents: contents.update(frozen=[10**6]), "1000000 stands where a whole number belongs"),
    (lambda contents: contents.update(frozen=[-1]), "-1 stands where a whole number belongs"),
]


@pytest.mark.parametrize(
    "change, message",
    [
        *DAMAGE,
        (lambda contents: contents["rng"].pop(), "not enough values to unpack"),
        (lambda contents: contents["history"]["rows"][0].pop(), "it is not arranged as one"),
        (lambda contents: contents["optimizer"].update(kind="Adam"), "The state is of Adam"),
    ],
)
def test_a_damaged_checkpoint_is_refused_and_everything_stays(change: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    train(small(), 1, path)
    damage(path, change)
    model, damaged = small(rng=5), path.read_bytes()
    optimizer = SGD(model.parameters(), 0.1)
    before = numbers(model), optimizer.state_dict()
    with pytest.raises(ValueError, match=rf"run.json cannot be used: .*{message}"):
        fit(model, X, Y, "hinge", optimizer=optimizer, epochs=2, checkpoint=path, resume=True)
    assert (numbers(model), optimizer.state_dict()) == before and path.read_bytes() == damaged


@pytest.mark.parametrize(
    "old, new, message",
    [
        ('"version": 1', '"version": 2', "it is of version 2"),
        ("0.", "1.", "it was changed after"),
        ('"sha256": "', '"sha256": "0', "it was changed after"),
    ],
)
def test_a_file_edited_by_hand_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    save_model(path, small())
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(ValueError, match=rf"model.json cannot be used: {message}"):
        load_model(path)


def test_numbers_that_json_does_not_have_are_never_written_nor_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        write(tmp_path / "bad.json", "model", {"x": math.nan})
    (tmp_path / "bad.json").write_text('{"format": "micrograd-like model", "version": 1, "x": NaN, "sha256": ""}')
    with pytest.raises(ValueError, match=r"bad.json cannot be used"):
        read(tmp_path / "bad.json", "model")


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.json"
    save_model(path, small())
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device, so nothing was written. Give a place .*model.json"):
        save_model(path, small(rng=5))
    assert path.read_bytes() == before and [entry.name for entry in tmp_path.iterdir()] == ["model.json"]


def test_an_unwritable_checkpoint_shows_before_training(tmp_path: Path) -> None:
    model = small()
    before = numbers(model)
    with pytest.raises(FileNotFoundError, match=r"so nothing was written. Give a place where you may write"):
        train(model, 5, tmp_path / "missing" / "run.json")
    assert numbers(model) == before


# Models.


def test_a_model_is_saved_with_all_that_its_use_needs(tmp_path: Path) -> None:
    flowers = iris()
    standardize = Standardize.fit(flowers.X)
    model = MLP(4, [5, 3], activation="tanh", rng=4)
    model.layers[0].W[0][0].prune()
    save_model(
        tmp_path / "m.json",
        model,
        loss="cross_entropy",
        classes=flowers.classes,
        features=flowers.features,
        standardize=standardize,
    )
    loaded = load_model(tmp_path / "m.json")
    assert numbers(loaded.model) == numbers(model) and repr(loaded.model) == repr(model)
    assert loaded.model.layers[0].W[0][0].frozen and loaded.features == flowers.features
    outputs = [model.predict(x) for x in standardize(flowers.X)]
    assert loaded.predict(flowers.X) == [flowers.classes[out.index(max(out))] for out in outputs]


@pytest.mark.parametrize("model, loss, score", [(small(rng=2), "hinge", 0.0), (LogisticRegression(2), "bce", 0.5)])
def test_one_output_decides_between_two_classes(model: Any, loss: Any, score: float, tmp_path: Path) -> None:
    save_model(tmp_path / "m.json", model, loss=loss, classes=["no", "yes"])
    expected = ["yes" if model.predict(x) > score else "no" for x in X]
    assert load_model(tmp_path / "m.json").predict(X) == expected and set(expected) == {"no", "yes"}


def test_without_classes_the_prediction_is_the_output(tmp_path: Path) -> None:
    model = small()
    save_model(tmp_path / "m.json", model)
    assert load_model(tmp_path / "m.json").predict(X) == [model.predict(x) for x in X]


@pytest.mark.parametrize("change, message", [
    *DAMAGE,
    (lambda contents: contents.update(sizes=[10**9, 10**9]), "its sizes .* do not go with 13 parameters"),
    (lambda contents: contents.update(sizes=[]), "do not go with"),
    (lambda contents: contents.update(sizes=[2.0, 3, 1]), "2.0 stands where a whole number belongs"),
    (lambda contents: contents.update(activation="system"), "There is no activation 'system'"),
    (lambda contents: contents.update(loss="other"), "there is no loss 'other'"),
    (lambda contents: contents.update(classes=["one"]), "1 classes do not go with 1 outputs"),
    (lambda contents: contents.update(features=["x"]), "1 features do not go with 2 inputs"),
    (lambda contents: contents.update(classes=[1, 2]), "1 stands where a name belongs"),
    (lambda contents: contents.update(standardize={"means": [0.0], "scales": [0.0]}), "One positive scale"),
    (lambda contents: contents.update(standardize={"means": [0.0], "scales": [1.0]}), "1 means do not go with"),
])  # fmt: skip
def test_a_damaged_model_is_refused(change: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    save_model(path, small())
    damage(path, change)
    with pytest.raises(ValueError, match=rf"model.json cannot be used: .*{message}"):
        load_model(path)


def test_a_model_with_a_function_of_ones_own_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"There is no activation 'mine'"):
        save_model(tmp_path / "m.json", small(activation=type("mine", (), {"__call__": abs, "__name__": "mine"})()))
    assert not list(tmp_path.iterdir())


# What cannot be.


@pytest.mark.parametrize("arguments, error, message", [
    ({"X": []}, ValueError, "X is empty"),
    ({"X": [[1.0, math.nan]], "y": [1]}, ValueError, r"X\[0\]\[1\] \(row 0, column 1\) is nan"),
    ({"X": [[1.0, 2.0], [1.0]], "y": [1, 1]}, ValueError, r"X\[1\] \(row 1\) has 1 numbers, and row 0 has 2"),
    ({"X": [[1.0, 2.0, 3.0]], "y": [1]}, ValueError, "takes 2 inputs, and 3 were given"),
    ({"X": X[:3]}, ValueError, "There are 3 examples in X and 12 targets in y"),
    ({"y": [math.inf] * 12}, ValueError, r"y\[0\] is inf"),
    ({"y": ["cat"] * 12}, TypeError, r"y\[0\] is the name 'cat'.* names = sorted"),
    ({"y": [1] * 11 + [0]}, ValueError, "Example 11: hinge wants labels -1 and 1"),
    ({"loss": "hing"}, ValueError, r"There is no loss 'hing'. Did you mean 'hinge'\? Write one of: 'mse', 'hinge'"),
    ({"loss": "cross_entropy"}, ValueError, "one output for each class, and one was given"),
    ({"epochs": 0}, ValueError, "epochs = 0 is not a whole number from 1 up. Write epochs=100"),
    ({"epochs": 1.5}, ValueError, "epochs = 1.5"),
    ({"batch_size": 0}, ValueError, "batch_size = 0 is not a whole number from 1 up"),
    ({"patience": 0}, ValueError, "patience = 0"),
    ({"watch": [12]}, ValueError, "watch names example 12. Write numbers from 0 to 11"),
    ({"validation": 0.2}, TypeError, r"validation = 0.2 .* train_val_split"),
    ({"validation": ([], [])}, ValueError, "X is empty"),
    ({"validation": ([[1.0, 2.0]], [7])}, ValueError, "Example 0: hinge wants labels"),
    ({"l2": -1.0}, ValueError, "l2 = -1.0"),
    ({"clip": math.nan}, ValueError, "clip = nan"),
])  # fmt: skip
def test_what_cannot_be_learnt_is_refused(arguments: Any, error: type[Exception], message: str) -> None:
    model = small()
    optimizer = SGD(model.parameters(), 0.1, 0.9)
    before = numbers(model), optimizer.state_dict()
    with pytest.raises(error, match=message):
        fit(model, **{"X": X, "y": Y, "loss": "hinge", "optimizer": optimizer, "epochs": 3} | arguments)
    assert (numbers(model), optimizer.state_dict()) == before


# The bar.


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", iter(range(10**6)).__next__)
    for stream, shown in (Terminal(), True), (io.StringIO(), False):
        monkeypatch.setattr(sys, "stderr", stream)
        fit(small(), X, Y, "hinge", epochs=4)
        assert ("\repoch 3/4 [###############.....] loss 0." in stream.getvalue()) == shown
        assert stream.getvalue().endswith("\r\x1b[K") == shown


# The main jobs.


def test_xor_is_learnt_by_a_hidden_layer_and_not_without_one() -> None:
    points, labels = xor(40, labels=(-1, 1))
    deep, flat = MLP(2, [8, 1], activation="tanh"), MLP(2, [1])
    for model in deep, flat:
        fit(model, points, labels, "hinge", lr=0.5, epochs=100)
    assert evaluate(deep, points, labels, hinge)[1] == 1.0 and evaluate(flat, points, labels, hinge)[1] < 0.8


@slow_in_python
def test_moons_are_told_apart_in_100_steps() -> None:
    points, labels = moons(100, noise=0.1, labels=(-1, 1))
    model = MLP(2, [16, 16, 1])
    history = fit(
        model,
        points,
        labels,
        "hinge",
        lr=lambda k: 1.0 - 0.9 * k / 100,
        epochs=100,
        l2=1e-4,
    )
    assert history.accuracy[-1] == 1.0 and history.rows[-1].updates == 100


@slow_in_python
def test_digits_are_read_after_one_epoch() -> None:
    pytest.importorskip("sklearn")
    (train_X, train_y), (val_X, val_y) = train_val_split(*digits(), validation=0.2)
    standardize = Standardize.fit(train_X)
    model = MLP(64, [32, 10], activation="tanh", init="xavier")
    history = fit(
        model,
        standardize(train_X),
        train_y,
        "cross_entropy",
        lr=0.1,
        epochs=1,
        batch_size=8,
        validation=(standardize(val_X), val_y),
    )
    assert history.val_accuracy[-1] >= 0.93
