"""The training loop: the six steps of the recipe, and what one wants around them."""

from __future__ import annotations

import csv
import io
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from math import isfinite
from random import Random
from typing import Any, NamedTuple

from .checkpoint import Path, parameters_of, read, restore, understood, write, write_whole
from .checks import count, named, not_negative, table, targets
from .data import batches
from .engine import Value
from .graph.columns import collector_off
from .losses import LOSSES, Loss, accuracy, check_lengths, l2 as penalty
from .nn import Module
from .ops import DomainError
from .optim import SGD, LearningRate, Optimizer, TrainingDivergedError, clip_gradients, diverged
from .shows import SHOWS

__all__ = ["TrainingHistory", "Row", "TrainingDivergedError", "evaluate", "fit", "learn"]

Cost = Callable[[Sequence[Any], Sequence[Any]], Any]


class Row(NamedTuple):
    """What was seen after an epoch; None where it was not measured."""

    epoch: int  # passes over the training set so far
    updates: int  # steps of the optimizer so far, also called iterations
    lr: float | None  # the learning rate of this epoch
    loss: float
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    predictions: list[Any]  # of the watched examples
    weights: list[float]  # of all parameters, if asked for
    gradients: list[float]  # with which the last update was made, if asked for
    memory: list[list[float]]  # what the optimizer remembers of each parameter, if asked for


@dataclass
class TrainingHistory:
    """One `Row` for each epoch, the first one before any training; losses are without the l2 penalty."""

    watch: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    best: int = 0  # the epoch of the lowest loss, in validation if there was one
    stopped: str = ""  # what ended it: "epochs", "patience", "goal" or "interrupted"
    about: Any = field(default=None, repr=False, compare=False)  # (model, X, y, optimizer), for `save`

    def column(self, name: str) -> list[Any]:
        """Return one field of all rows."""
        return [getattr(row, name) for row in self.rows]

    @property
    def epochs(self) -> int: return len(self.rows) - 1

    @property
    def lr(self) -> list[float | None]: return self.column("lr")

    @property
    def loss(self) -> list[float]: return self.column("loss")

    @property
    def accuracy(self) -> list[float | None]: return self.column("accuracy")

    @property
    def val_loss(self) -> list[float | None]: return self.column("val_loss")

    @property
    def val_accuracy(self) -> list[float | None]: return self.column("val_accuracy")

    @property
    def weights(self) -> list[list[float]]: return self.column("weights")

    def score(self, epoch: int = -1) -> float:
        """Return the loss after that epoch, in validation if there was one."""
        row = self.rows[epoch]
        return row.loss if row.val_loss is None else row.val_loss

    @property
    def predictions(self) -> dict[int, list[Any]]:
        """For each watched example, its outputs over the epochs."""
        return {i: [row.predictions[k] for row in self.rows] for k, i in enumerate(self.watch)}

    def plot(self, **options: Any) -> Any:
        """Draw the loss curves."""
        from .drawing.plots import curves

        return curves(self, **options)

    def to_csv(self, path: Path) -> None:
        """Write one line for each epoch."""
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow([*Row._fields[:7], *[f"prediction {i}" for i in self.watch]])
        lines.writerows([[*row[:7], *row.predictions] for row in self.rows])
        write_whole(path, text.getvalue())

    def save(self, path: Path) -> Any:
        """Write a page on which one moves through the epochs: boundary, losses, each weight and its update.

        `fit` must have been called with record_weights=True.
        """
        return SHOWS["training as a page"](self, path)

    def __repr__(self) -> str:
        return f"<TrainingHistory of {self.epochs} epochs: loss {self.loss[0]:.4g} -> {self.loss[-1]:.4g}>"


def learn(
    model: Module,
    X: Sequence[Any],
    y: Sequence[Any],
    loss: Cost,
    optimizer: Optimizer,
    clip: float | None = None,
) -> float:
    """Do steps 2 to 4 of the recipe with one batch, and return its cost before the update.

    Raises TrainingDivergedError, before the update, if the cost or a gradient is not finite.
    """
    with _diverging(optimizer), collector_off():
        outputs = [model(x) for x in X]  # 2. send the inputs through the network
        cost = loss(outputs, y)  # 3. compare the outputs with the expected ones
        if not isfinite(cost.data):
            raise diverged(f"The loss is {cost.data}", optimizer)
        optimizer.zero_grad()
        cost.backward()  # 4. propagate the error back ...
        if clip is not None:
            clip_gradients(optimizer.parameters, clip)
        optimizer.step()  # ... and set the weights according to it
    return float(cost.data)


def evaluate(
    model: Module, X: Sequence[Any], y: Sequence[Any], loss: Cost, outputs: Sequence[Any] | None = None
) -> tuple[float, float | None]:
    """Return the cost and, where targets are classes, the accuracy; no graph of the network is recorded."""
    outputs = outputs or [model.predict(x) for x in X]
    nodes = [[Value(a) for a in output] if isinstance(output, list) else Value(output) for output in outputs]
    right = accuracy(outputs, y, loss.threshold) if isinstance(loss, Loss) and loss.classes else None
    return float(loss(nodes, y).data), right


def fit(
    model: Module,
    X: Any,
    y: Any,
    loss: str | Cost = "mse",
    epochs: int = 100,
    *,
    optimizer: Optimizer | None = None,
    lr: LearningRate | None = None,
    batch_size: int | None = None,
    validation: tuple[Any, Any] | None = None,
    seed: int = 1,
    l2: float = 0.0,
    clip: float | None = None,
    patience: int | None = None,
    tol: float = 0.0,
    goal: float | None = None,
    watch: Sequence[int] = (),
    record_weights: bool = False,
    checkpoint: Path | None = None,
    resume: bool = False,
    progress: bool | None = None,
    compile: str | None = None,
) -> TrainingHistory:
    """Train the network on the examples, and return how it went.

    `loss` is a name from LOSSES or a function (outputs, targets) -> Value; l2 * Σ p² is added to it. The
    optimizer is SGD with lr=0.1 unless given. Each epoch deals the examples, shuffled by `seed`, into batches;
    batch_size=None is batch gradient descent. Some call only 1, some every smaller batch stochastic gradient
    descent. `clip` bounds the gradient's length.

    Stops early once the loss, that of the (X, y) in `validation` if given, is at most `goal`, or has not
    fallen by more than `tol` for `patience` epochs; then, as after Ctrl-C, the network has its best weights.
    Follows the predictions for the examples in `watch`, which `live(...)` shows in a notebook while it learns;
    with `record_weights` also every parameter, its gradient and what the optimizer remembers of it.
    `checkpoint` is written after each epoch; where it exists, resume=True goes on from it, bit for bit.
    compile="auto" lets repeated graphs run as arrays, whose sums may round otherwise in the last digits.
    """
    if compile not in (None, "auto"):
        raise ValueError(f'compile = {compile!r} is no way to run a graph. Write compile="auto", or leave it out.')
    cost: Cost = named(LOSSES, loss, "loss")
    optimizer = optimizer or SGD(model.parameters(), 0.1 if lr is None else lr)
    X, y = _examples(X, y)
    held_out = _examples(*_pair(validation)) if validation is not None else None
    not_negative("l2", l2, 1e-4)
    count("epochs", epochs, 100)
    if clip is not None:
        not_negative("clip", clip, 1.0)
    for name, size in ("batch_size", batch_size), ("patience", patience):
        if size is not None:
            count(name, size, 10)
    if unknown := [i for i in watch if i not in range(len(X))]:
        raise ValueError(f"watch names example {unknown[0]!r}. Write numbers from 0 to {len(X) - 1}.")
    parameters, rng, history = model.parameters(), Random(seed), TrainingHistory(list(watch))
    history.about = model, X, y, optimizer
    show = getattr(watch, "show", lambda history: None)
    best = [p.data for p in parameters]  # 1. drawn at random, when the network was made

    def penalised(outputs: Sequence[Any], targets: Sequence[Any]) -> Any:
        average = cost(outputs, targets)
        return average + penalty(parameters, l2) if l2 else average

    def step(X_batch: Sequence[Any], y_batch: Sequence[Any]) -> float:
        if compiled:
            return compiled(X_batch, y_batch, clip)
        return learn(model, X_batch, y_batch, penalised, optimizer, clip)

    def measure(lr: float | None = None) -> None:
        def score(X: Any, y: Any) -> tuple[float, float | None]:
            return evaluate(model, X, y, cost, compiled.predict(X) if compiled else None)

        seen, later = score(X, y), score(*held_out) if held_out else (None, None)
        if not isfinite(seen[0] + (later[0] or 0.0)):
            raise diverged(f"The loss is {seen[0]}, in validation {later[0]}", optimizer)
        watched, weights = [model.predict(X[i]) for i in watch], [p.data for p in parameters]
        recorded: tuple[list[Any], ...] = ([], [], [])
        if record_weights:
            memory = [list(optimizer.remembered.get(p, ())) for p in parameters]
            recorded = weights, [p.grad for p in parameters], memory
        row = (len(history.rows), optimizer.steps, lr, *seen, *later, watched, *recorded)
        history.rows.append(Row._make(row))
        if history.score() < history.score(history.best) - tol:
            history.best, best[:] = history.epochs, weights
        show(history)

    compiled = None
    if compile:
        from .compiler.learning import Learner

        compiled = Learner(model, cost, penalised, optimizer, learn)

    def save() -> None:
        if checkpoint is not None:
            past = {name: getattr(history, name) for name in ("watch", "rows", "best")}
            contents = {"optimizer": optimizer.state_dict(), "rng": rng.getstate(), "history": past}
            write(checkpoint, "checkpoint", {**parameters_of(parameters), "best": best, **contents})

    def finished() -> str:
        if goal is not None and history.score() <= goal:
            return "goal"
        if patience is not None and history.epochs - history.best >= patience:
            return "patience"
        return "epochs" if history.epochs >= epochs else ""

    if checkpoint is not None and resume and os.path.exists(checkpoint):
        _resume(checkpoint, parameters, optimizer, best, rng, history)
    else:
        measure()
        save()  # a place where nothing can be written shows now, not after the first epoch
    with Bar(history.epochs, epochs, -(-len(X) // (batch_size or len(X))), progress) as report:
        try:
            while not finished():  # 6. when the entire training set has been sent through, repeat
                optimizer.epoch = history.epochs
                for X_batch, y_batch in batches(X, y, batch_size, rng):  # 5. repeat for every batch
                    report(step(X_batch, y_batch))  # steps 2 to 4
                with _diverging(optimizer):
                    measure(optimizer.lr)
                save()
            history.stopped = finished()
            show(history)
        except KeyboardInterrupt:
            history.stopped = "interrupted"
        except TrainingDivergedError as error:
            error.history = history
            raise
    if history.stopped in ("patience", "interrupted"):
        for p, number in zip(parameters, best):
            p.data = number
    return history


def _pair(validation: Any) -> tuple[Any, Any]:
    try:
        X, y = validation
    except (TypeError, ValueError):
        raise TypeError(
            f"validation = {validation!r:.60} is not a pair (X, y). "
            "Write train, validation = train_val_split(X, y, 0.2) and fit(model, *train, validation=validation)."
        ) from None
    return X, y


def _examples(X: Any, y: Any) -> tuple[list[list[float]], list[Any]]:
    X, y = table(X), targets(y)
    check_lengths(X, y)
    return X, y


def _resume(
    path: Path,
    parameters: Sequence[Value],
    optimizer: Optimizer,
    best: list[float],
    rng: Random,
    history: TrainingHistory,
) -> None:
    """Bring all into the state that the file holds, or raise an error and leave network and optimizer."""
    saved = read(path, "checkpoint")
    with understood(path):
        version, words, gauss = saved["rng"]
        rng.setstate((version, tuple(words), gauss))
        past = saved["history"]
        rows = [Row._make(row) for row in past["rows"]]
        copy(optimizer).load_state_dict(saved["optimizer"])  # raises before anything is changed
        restore(parameters, saved)
        optimizer.load_state_dict(saved["optimizer"])
        history.watch, history.rows, history.best = past["watch"], rows, past["best"]
        best[:] = saved["best"]


@contextmanager
def _diverging(optimizer: Optimizer) -> Iterator[None]:
    """An operation that fails within this context, as a number grew too large, is training that diverged."""
    try:
        yield
    except TrainingDivergedError:
        raise
    except (ArithmeticError, DomainError) as error:
        raise diverged(str(error).split(". ")[0], optimizer) from error


class Bar:
    """A bar on the terminal, at most ten times a second; nothing where the errors do not go to a terminal."""

    def __init__(self, epoch: int, epochs: int, updates: int, shown: bool | None = None) -> None:
        self.epochs, self.updates = epochs, updates  # the latter in each epoch
        self.first = self.done = epoch * updates
        self.shown = sys.stderr.isatty() if shown is None else shown
        self.start = self.last = time.monotonic()

    def __enter__(self) -> Bar:
        return self

    def __call__(self, loss: float) -> None:
        """Count one update, after which the loss was this."""
        self.done += 1
        now = time.monotonic()
        if not self.shown or now < self.last + 0.1:
            return
        self.last, total = now, self.epochs * self.updates
        bar = ("#" * (20 * self.done // total)).ljust(20, ".")
        left = (now - self.start) / (self.done - self.first) * (total - self.done)
        epoch = -(-self.done // self.updates)
        self._show(f"epoch {epoch}/{self.epochs} [{bar}] loss {loss:.4g}, {left:.0f} s left")

    def __exit__(self, *exception: object) -> None:
        if self.shown:
            self._show("")

    def _show(self, text: str) -> None:
        sys.stderr.write(f"\r{text}\x1b[K")
        sys.stderr.flush()
