"""Steps of training that become arrays by themselves, once a batch's graph repeats; for `train.fit`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from ..base.checks import listed, whole
from ..data import one_hot
from ..losses import LOSSES
from ..nn import Module
from ..optim import Optimizer, clip_gradients
from .executable import RefusedError
from .extra import NotInstalledError
from .leaves import flat
from .program import Program, compile

MOST_GRAPHS = 8  # of so many different ones we say that they change from batch to batch
BATCH = 32  # examples in a graph that only predicts
Cost = Callable[[Sequence[Any], Sequence[Any]], Any]
Learn = Callable[..., float]


class Learner:
    """Does what `train.learn` does with a batch: eagerly at first, and compiled where that is possible.

    `cost` is the loss as `fit` was given it, `penalised` what is made small. With numbers for classes, the targets of
    cross_entropy and nll become distributions, so that they are data of the program.
    """

    model: Module
    penalised: Cost
    optimizer: Optimizer
    learn: Learn
    classes: bool
    eager: bool

    def __init__(self, model: Module, cost: Cost, penalised: Cost, optimizer: Optimizer, learn: Learn) -> None:
        self.model, self.penalised, self.optimizer, self.learn = model, penalised, optimizer, learn
        self.classes = any(cost is LOSSES[name] for name in ("cross_entropy", "nll"))
        self.seen: set[int] = set()
        self.program: Program | None = None
        self.predictor: Program | None = None
        self.eager = False

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint must hold for the next batch to be computed as it would be now."""
        return {"seen": sorted(self.seen), "eager": self.eager}

    def read_state_dict(self, state: Any) -> tuple[set[int], bool]:
        """Return `seen` and `eager` of a `state_dict()`; None is of a training that was not compiled."""
        if state is None:
            return set(), False
        if type(state["eager"]) is not bool:
            raise ValueError(f"{state['eager']!r:.60} stands where true or false belongs")
        return {whole(size) for size in listed(state["seen"])}, state["eager"]

    def predict(self, X: Sequence[Any]) -> list[Any]:
        """Return the outputs for all examples: a batch of arrays at a time, once training is compiled."""
        if self.program and not self.eager:
            with suppress(RefusedError):
                return self._predict(X)
        return [self.model.predict(x) for x in X]

    def _predict(self, X: Sequence[Any]) -> list[Any]:
        size = min(len(X), BATCH)
        self.predictor = self.predictor or compile(_outputs(self.model), X[:size], parameters=self.model.parameters())
        made: list[Any] = []
        for start in range(0, len(X), size):
            part = X[start : start + size]
            self.predictor.forward([*part, *[part[-1]] * (size - len(part))])
            made += self.predictor.outputs[: len(part)]
        return made

    def __call__(self, X: Sequence[Any], y: Sequence[Any], clip: float | None = None) -> float:
        """Learn from one batch, and return its cost before the update."""
        if self.eager or len(X) not in self.seen:
            self.seen.add(len(X))
            return self.learn(self.model, X, y, self.penalised, self.optimizer, clip)
        if self.classes and not isinstance(y[0], list | tuple):
            outputs = self.model.predict(X[0])
            y = [one_hot(int(k), len(outputs)) for k in y]
        try:
            self.program = self.program or compile(_loss(self.model, self.penalised), X, y)
            self.program.met = 0  # `seen` has sizes that were met only once
            loss = self._step(X, y, clip)
        except (RefusedError, NotInstalledError) as reason:
            return self._give_up(X, y, clip, str(reason).split(". ")[0])
        if not self.program.reason and self.program.strange > MOST_GRAPHS:
            self.eager = True
            warnings.warn("The graph changes from batch to batch, so training goes on without compiling.", stacklevel=4)
        return loss

    def _step(self, X: Any, y: Any, clip: float | None) -> float:
        assert self.program
        if clip is None:
            return self.program.step(self.optimizer, X, y)
        loss = self.program(X, y)
        clip_gradients(self.optimizer.parameters, clip)
        self.optimizer.step()
        return loss

    def _give_up(self, X: Any, y: Any, clip: float | None, reason: str) -> float:
        self.eager = True
        warnings.warn(f"Training goes on without compiling: {reason}.", stacklevel=4)
        return self.learn(self.model, X, y, self.penalised, self.optimizer, clip)


def _loss(model: Module, penalised: Cost) -> Callable[..., Any]:
    """Return the loss as a function of a batch, which depends on the network and on nothing else of the training."""

    def loss(X: Any, y: Any) -> Any:
        return penalised([model(x) for x in X], y)

    return loss


def _outputs(model: Module) -> Callable[..., Any]:
    """Return a function that gives a number that depends on all outputs, which are what is wanted, and these."""

    def outputs(X: Any) -> Any:
        made = [model(x) for x in X]
        return sum(flat(made)), made

    return outputs
