"""The training loop: the six steps of the recipe, and what one wants around them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from random import Random
from typing import Any, Literal

from .base.atomic import all_or_nothing, until_done
from .base.checks import listed, named, numbers, warn, whole
from .base.files import FilePath
from .base.shows import SHOWS
from .checkpoint import Parameters, parameters_of, read, understood, write
from .data import batches
from .engine import Value
from .graph.columns import collector_off
from .losses import LOSSES, Loss, LossName, accuracy, l2 as penalty
from .nn import Module
from .ops import DomainError
from .optim import LearningRate, Optimizer, TrainingDivergedError, clip_gradients, diverged
from .recipe.bar import Bar
from .recipe.history import Row, TrainingHistory
from .recipe.requests import check_model, check_options, check_output, examples_of, only_loss, optimizer_of, pair

__all__ = ["Row", "Trainer", "TrainingDivergedError", "TrainingHistory", "evaluate", "fit", "learn"]

Cost = Callable[[Sequence[Any], Sequence[Any]], Any]

SURELY = 1e6  # times the loss at the start, above which no training comes back
RISEN = 10.0  # times the loss at the start, above which the end is worth a warning


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
        outputs = forward(model, X)
        cost = compare(outputs, y, loss)
        propagate(cost, optimizer, clip)
    return float(cost.data)


def forward(model: Module, X: Sequence[Any]) -> list[Any]:
    """Step 2: send the inputs through the network."""
    return [model(x) for x in X]


def compare(outputs: Sequence[Any], y: Sequence[Any], loss: Cost) -> Value:
    """Step 3: compare the outputs with the expected ones."""
    cost = loss(outputs, y)
    if not isinstance(cost, Value):
        raise TypeError(
            f"The loss gave {cost!r:.60}, which is not a Value, so it has no graph to send the error back through. "
            "Compute it from the outputs themselves, without .data and float()."
        )
    return cost


def propagate(cost: Value, optimizer: Optimizer, clip: float | None = None) -> None:
    """Step 4: propagate the error back, and set the weights according to it."""
    if not isfinite(cost.data):
        raise diverged(f"The loss is {cost.data}", optimizer)
    optimizer.zero_grad()
    cost.backward()
    if clip is not None:
        clip_gradients(optimizer.parameters, clip)
    optimizer.step()


def evaluate(
    model: Module, X: Sequence[Any], y: Sequence[Any], loss: Cost, outputs: Sequence[Any] | None = None
) -> tuple[float, float | None]:
    """Return the cost and, where targets are classes, the accuracy; no graph of the network is recorded."""
    outputs = outputs or [model.predict(x) for x in X]
    nodes = [[Value(a) for a in output] if isinstance(output, list) else Value(output) for output in outputs]
    right = accuracy(outputs, y, loss.threshold) if isinstance(loss, Loss) and loss.classes else None
    return float(compare(nodes, y, loss).data), right


def fit(
    model: Module,
    X: Any,
    y: Any,
    loss: LossName | Cost | None = None,
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
    checkpoint: FilePath | None = None,
    resume: bool = False,
    progress: bool | None = None,
    compile: Literal["auto"] | None = None,
) -> TrainingHistory:
    """Train the network on the examples, and return how it went.

    `loss` is a name from LOSSES or a function (outputs, targets) -> Value; it can be left out where y holds numbers
    to come near to ("mse"), and must be named where y holds classes. l2 * Σ p² is added to it. The optimizer is SGD
    with lr=0.1 unless `optimizer` or `lr` is given. Each epoch deals the examples, shuffled by `seed`, into batches;
    batch_size=None is batch gradient descent. Some call only batch_size=1, some every smaller batch stochastic
    gradient descent. `clip` bounds the length of the gradient.

    Stops early once the loss, that of the (X, y) in `validation` if given, is at most `goal`, or has not
    fallen by more than `tol` for `patience` epochs. Then, and after Ctrl-C, network and optimizer are as they were
    after the epoch `history.best`. Raises TrainingDivergedError, with the history and with that network, when the
    loss is not finite or a million times what it was; warns if it ends ten times above its start.

    Follows the predictions for the examples in `watch`, which `live(...)` shows in a notebook while it learns;
    with `record_weights` also every parameter, its gradient and what the optimizer remembers of it.
    `checkpoint` is written after each epoch; where it exists, resume=True goes on from it, bit for bit.

    compile="auto" lets repeated graphs run as arrays. They add up in another order, so each step's numbers agree with
    the engine's to a relative 1e-12, and usually stay that near; but training can magnify a last digit, for example
    where a relu is exactly at 0, and then two trainings drift apart like two with another seed.
    """
    return Trainer(**locals()).train()


class Trainer:
    """The recipe around `learn`: `every_batch` is its step 5, `every_epoch` its step 6; `fit` says what each option is.

    Step 1, weights drawn at random, was done when the network was made.
    """

    model: Module
    y: list[Any]
    parameters: list[Value]
    epochs: int
    options: dict[str, Any]
    optimizer: Optimizer
    held_out: tuple[list[list[float]], list[Any]] | None
    rng: Random
    best: _Snapshot
    history: TrainingHistory
    penalized: Cost
    first: _Snapshot

    def __init__(self, model: Module, X: Any, y: Any, loss: Any, epochs: int, **options: Any) -> None:
        check_model(model)
        self.model, (self.X, self.y) = model, examples_of(X, y, model)
        self.parameters, self.epochs, self.options = model.parameters(), epochs, options
        self.optimizer = optimizer_of(model, epochs, options["optimizer"], options["lr"])
        self.cost: Cost = named(LOSSES, loss or only_loss(self.y, model), "loss")
        check_output(model, self.cost)
        validation = options["validation"]
        self.held_out = examples_of(*pair(validation), model) if validation is not None else None
        check_options(epochs, len(self.X), options)
        self.rng, self.history = Random(options["seed"]), TrainingHistory(list(options["watch"]))
        self.history.about = model, self.X, self.y, self.optimizer
        named_loss = self.cost.name if isinstance(self.cost, Loss) else ""
        self.history.cost = named_loss, options["l2"], options["batch_size"], options["clip"]
        self.best = self._snapshot()
        self.penalized = _penalized(self.cost, self.parameters, options["l2"])
        self.compiled: Any = None
        if options["compile"]:
            train_compiled = SHOWS["training as a program"]
            self.compiled = train_compiled(model, self.cost, self.penalized, self.optimizer, learn)

    def train(self) -> TrainingHistory:
        """Train until something ends it, and return how it went."""
        history, path = self.history, self.options["checkpoint"]
        if path is not None and self.options["resume"] and os.path.exists(path):
            self.resume(path)
        else:
            self.measure()
            self.save()  # a place where nothing can be written shows now, not after the first epoch
        begun, self.first = len(history.rows), self._snapshot()
        updates = -(-len(self.X) // (self.options["batch_size"] or len(self.X)))
        with Bar(history.epochs, self.epochs, updates, self.options["progress"]) as report:
            try:
                self.every_epoch(report)
            except KeyboardInterrupt:
                until_done(lambda: self.end_with_best("interrupted"))
            except TrainingDivergedError as error:
                until_done(lambda: self.end_with_best("diverged"))
                error.history = history
                raise
        if history.stopped == "epochs" and len(history.rows) > begun:
            self._report()
        return history

    def every_epoch(self, report: Callable[[float], None]) -> None:
        """Step 6: when the entire training set has been sent through, repeat."""
        while not self.finished():
            self.optimizer.epoch = self.history.epochs
            self.every_batch(report)
            with _diverging(self.optimizer):
                self.measure(self.optimizer.lr)
            self.save()
        self.history.stopped = self.finished()
        if self.history.stopped == "patience":
            self.end_with_best("patience")
        self._show()

    def every_batch(self, report: Callable[[float], None]) -> None:
        """Step 5: repeat steps 2 to 4 for every batch."""
        for X, y in batches(self.X, self.y, self.options["batch_size"], self.rng):
            if self.compiled:
                report(self.compiled(X, y, self.options["clip"]))
            else:
                report(learn(self.model, X, y, self.penalized, self.optimizer, self.options["clip"]))

    def measure(self, lr: float | None = None) -> None:
        """Add a row to the history, and keep the weights if they are the best so far."""
        history = self.history
        seen = self._score(self.X, self.y)
        later = self._score(*self.held_out) if self.held_out else (None, None)
        if not isfinite(seen[0] + (later[0] or 0.0)):
            raise diverged(f"The loss is {seen[0]}, in validation {later[0]}", self.optimizer)
        watched = [self.model.predict(self.X[i]) for i in history.watch]
        row = Row._make((len(history.rows), self.optimizer.steps, lr, *seen, *later, watched, *self._recorded()))
        n, before = len(history.rows), (history.best, self.best, self.optimizer.epoch)
        score = row.loss if row.val_loss is None else row.val_loss

        def note() -> None:
            self.optimizer.epoch = n if lr is not None else self.optimizer.epoch
            history.rows.append(row)
            if score < history.score(history.best) - self.options["tol"] or not n:
                history.best, self.best = n, self._snapshot()

        def undo() -> None:
            del history.rows[n:]
            history.best, self.best, self.optimizer.epoch = before

        all_or_nothing(note, undo)
        self._show()
        if self._risen(seen[0], SURELY):
            raise diverged(f"The loss rose from {history.loss[0]:.4g} to {seen[0]:.4g}", self.optimizer)

    def finished(self) -> str:
        """Return what ends the training now, or ""."""
        history, goal, patience = self.history, self.options["goal"], self.options["patience"]
        if goal is not None and history.score() <= goal:
            return "goal"
        if patience is not None and history.epochs - history.best >= patience:
            return "patience"
        return "epochs" if history.epochs >= self.epochs else ""

    def end_with_best(self, why: str) -> None:
        """Bring network and optimizer to where they were after the best epoch."""
        self.history.stopped = why
        self.best.restore(self.parameters, self.optimizer)

    # checkpoints

    def save(self) -> None:
        """Write all that is needed to go on, if a checkpoint was asked for."""
        if self.options["checkpoint"] is None:
            return
        past = {name: getattr(self.history, name) for name in ("watch", "rows", "best")}
        contents = {
            **parameters_of(self.parameters),
            "optimizer": self.optimizer.state_dict(),
            "best": self.best.contents(self.optimizer),
            "rng": self.rng.getstate(),
            "history": past,
            "compiled": self.compiled.state_dict() if self.compiled else None,
        }
        write(self.options["checkpoint"], "checkpoint", contents)

    def resume(self, path: FilePath) -> None:
        """Bring all into the state that the file holds, or raise CheckpointError and change nothing."""
        saved = read(path, "checkpoint")
        with understood(path):
            parameters = Parameters.of(saved, len(self.parameters))
            history = TrainingHistory.of(saved["history"], len(self.X), len(self.parameters))
            rng, now = _generator_of(saved["rng"]), self._snapshot()
            wanted = _Snapshot.of(parameters.data, saved["optimizer"], self.optimizer)
            best = saved["best"]
            best = _Snapshot.of(Parameters.of({**best, "frozen": []}, len(parameters.data)).data,
                                best["optimizer"], self.optimizer)  # fmt: skip
            compiled = self.compiled and self.compiled.read_state_dict(saved["compiled"])
        frozen = [getattr(p, "frozen", None) for p in self.parameters]

        def change() -> None:
            parameters.give(self.parameters)
            wanted.restore(self.parameters, self.optimizer)

        def undo() -> None:
            now.restore(self.parameters, self.optimizer)
            for p, was in zip(self.parameters, frozen):
                if was is not None and p.frozen != was:  # type: ignore[attr-defined]
                    p.frozen = was  # type: ignore[attr-defined]

        all_or_nothing(change, undo)
        self.rng, self.best = rng, best
        self.history.watch, self.history.rows, self.history.best = history.watch, history.rows, history.best
        if self.compiled:
            self.compiled.seen, self.compiled.eager = compiled

    # what is looked at

    def _score(self, X: Any, y: Any) -> tuple[float, float | None]:
        return evaluate(self.model, X, y, self.cost, self.compiled.predict(X) if self.compiled else None)

    def _recorded(self) -> tuple[list[Any], list[Any], list[Any]]:
        if not self.options["record_weights"]:
            return [], [], []
        memory = [list(self.optimizer.remembered.get(p, ())) for p in self.parameters]
        return [p.data for p in self.parameters], [p.grad for p in self.parameters], memory

    def _snapshot(self) -> _Snapshot:
        epoch, steps, remembered = self.optimizer.epoch, self.optimizer.steps, self.optimizer.remembered.copy()
        return _Snapshot([p.data for p in self.parameters], epoch, steps, remembered)

    def _show(self) -> None:
        if show := getattr(self.options["watch"], "show", None):
            show(self.history)

    def _risen(self, loss: float, times: float) -> bool:
        return not self.optimizer.maximize and loss > times * max(abs(self.history.rows[0].loss), 1.0)

    def _report(self) -> None:
        """Warn of a training that made the loss larger, or changed nothing."""
        rows = self.history.rows
        if rows[-1].loss and [p.data for p in self.parameters] == self.first.weights:
            warn(
                "fit changed no parameter: all are frozen, the learning rate is 0, or every gradient is 0 because all "
                'relus are shut. Write activation="leaky_relu", p.freeze(False) or a larger lr.'
            )
        if self._risen(rows[-1].loss, RISEN):
            warn(
                f"The loss rose from {rows[0].loss:.4g} to {rows[-1].loss:.4g}: learning overshot. "
                f"Try lr={self.optimizer.lr / 10:.4g}, or standardize the inputs."
            )


@dataclass
class _Snapshot:
    """The parameters, and all that the optimizer has of them, at one moment."""

    weights: list[float]
    epoch: int
    steps: int
    remembered: dict[Value, tuple[float, ...]]

    @classmethod
    def of(cls, weights: list[float], state: dict[str, Any], optimizer: Optimizer) -> _Snapshot:
        epoch, steps, remembered = optimizer.read_state_dict(state)
        return cls(weights, epoch, steps, remembered)

    def contents(self, optimizer: Optimizer) -> dict[str, Any]:
        memory = [list(self.remembered[p]) for p in optimizer.parameters]
        state = {"kind": type(optimizer).__name__, "epoch": self.epoch, "steps": self.steps, "memory": memory}
        return {"parameters": self.weights, "optimizer": state}

    def restore(self, parameters: Sequence[Value], optimizer: Optimizer) -> None:
        for p, number in zip(parameters, self.weights):
            p.data = number
        optimizer.epoch, optimizer.steps, optimizer.remembered = self.epoch, self.steps, dict(self.remembered)


def _penalized(cost: Cost, parameters: list[Value], l2: float) -> Cost:
    """Return what is made small, the loss and the penalty: a function that depends on nothing else of a training."""

    def penalized(outputs: Sequence[Any], targets: Sequence[Any]) -> Any:
        average = cost(outputs, targets)
        return average + penalty(parameters, l2) if l2 else average

    return penalized


def _generator_of(saved: Any) -> Random:
    version, words, gauss = listed(saved)
    if gauss is not None:
        numbers([gauss])
    rng = Random()
    rng.setstate((whole(version), tuple([whole(word, 2**32) for word in listed(words)]), gauss))
    return rng


@contextmanager
def _diverging(optimizer: Optimizer) -> Iterator[None]:
    """An operation that fails within this context, after a step that was too large, is training that diverged."""
    try:
        yield
    except TrainingDivergedError:
        raise
    except (ArithmeticError, DomainError) as error:
        if not optimizer.steps:  # nothing was learnt, so nothing overshot
            raise
        raise diverged(str(error).split(". ")[0], optimizer) from error
