"""Optimizers: how the gradients change the parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import hypot, isfinite, sqrt
from typing import Any

from ._engine import updated
from .engine import Value
from .ops import real

LearningRate = float | Callable[[int], float]


class TrainingDivergedError(ArithmeticError):
    """The loss or a gradient is no longer a finite number; no parameter was changed by it.

    `history` is what `fit` had seen until then.
    """

    history: Any = None


class Optimizer:
    """Parameters, and a learning rate: a number, or a function of `epoch`, which `fit` counts up.

    A kind of optimizer says only what `update` is. `maximise=True` climbs instead of descending.
    """

    memory = 1  # how many numbers are remembered for each parameter, the last update first

    def __init__(self, parameters: Iterable[Value], lr: LearningRate, maximise: bool = False) -> None:
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError("There is no parameter to train. Give model.parameters().")
        self.remembered = dict.fromkeys(self.parameters, (0.0,) * self.memory)
        if len(self.remembered) < len(self.parameters):
            twice = next(p for i, p in enumerate(self.parameters) if p in self.parameters[:i])
            raise ValueError(f"{twice!r} is given more than once, and would be updated so. Give each parameter once.")
        self.lr, self.maximise, self.epoch, self.steps = lr, maximise, 0, 0
        _ = self.rate  # is it one?

    @property
    def rate(self) -> float:
        """The learning rate of this epoch."""
        return not_negative("lr", self.lr(self.epoch) if callable(self.lr) else self.lr, 0.1)

    @property
    def delta(self) -> dict[Value, float]:
        """What the last step added to each parameter, Δθ."""
        return {p: numbers[0] for p, numbers in self.remembered.items()}

    def update(self, p: Value, rate: float) -> tuple[float, ...]:
        """Return what `step` would add to the parameter now, and what else to remember of it."""
        raise NotImplementedError

    def formula(self, p: Value) -> str:
        """Return what `step` would compute for the parameter now, with its numbers."""
        raise NotImplementedError

    def equation(self, p: Value) -> str:
        """Return what `step` would do to the parameter now, as in "w = 0.5 - 0.1 * 2 = 0.3"."""
        name = p.label or "p"
        if getattr(p, "frozen", False):
            return f"{name} = {p.data:.4g}, frozen"
        return f"{name} = {self.formula(p)} = {p.data + self.update(p, self.rate)[0]:.4g}"

    def zero_grad(self) -> None:
        """Set every gradient to 0, for the next backward pass adds to it."""
        for p in self.parameters:
            p.grad = 0.0

    def step(self) -> None:
        """Add its update to every parameter that is not frozen.

        Raises TrainingDivergedError, before anything is changed, if a gradient or a new value is not finite.
        """
        rate = self.rate
        free = [p for p in self.parameters if not getattr(p, "frozen", False)]
        if updated(self, free, rate):
            self.steps += 1
            return
        check_gradients(free, self)
        updates = [self.update(p, rate) for p in free]
        for p, numbers in zip(free, updates):
            if not all(map(isfinite, (p.data + numbers[0], *numbers))):
                raise diverged(f"{p.label or repr(p)} would become {p.data + numbers[0]}", self)
        for p, numbers in zip(free, updates):
            p.data += numbers[0]
            self.remembered[p] = numbers
        self.steps += 1

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint must hold for the optimizer to go on as if it had never stopped."""
        memory = [list(self.remembered[p]) for p in self.parameters]
        return {"kind": type(self).__name__, "epoch": self.epoch, "steps": self.steps, "memory": memory}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()`; an optimizer of another kind or for other parameters is refused."""
        memory, kind = state["memory"], type(self).__name__
        fits = len(memory) == len(self.parameters) and all(len(row) == self.memory for row in memory)
        if state["kind"] != kind or not fits:
            raise ValueError(
                f"The state is of {state['kind']} with {len(memory)} parameters, and this is {kind} with "
                f"{len(self.parameters)}. Use the optimizer and the model that it was saved from."
            )
        self.epoch, self.steps = state["epoch"], state["steps"]
        self.remembered = {p: tuple(row) for p, row in zip(self.parameters, memory)}


class SGD(Optimizer):
    """Gradient descent: Δθ = momentum * Δθ - lr * gradient.

    With momentum 0 it is `p.data -= lr * p.grad`, to the bit. weight_decay adds weight_decay * p to each gradient.

    >>> w = Value(0.5, "w")
    >>> w.grad = 2.0
    >>> SGD([w], lr=0.1).equation(w)
    'w = 0.5 - 0.1 * 2 = 0.3'
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: LearningRate,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        maximise: bool = False,
    ) -> None:
        super().__init__(parameters, lr, maximise)
        self.momentum = not_negative("momentum", momentum, 0.9)
        self.weight_decay = not_negative("weight_decay", weight_decay, 0.0001)

    def update(self, p: Value, rate: float) -> tuple[float, ...]:
        gradient = -p.grad if self.maximise else p.grad
        if self.weight_decay:
            gradient += self.weight_decay * p.data
        delta = -(rate * gradient)
        return (delta + self.momentum * self.remembered[p][0] if self.momentum else delta,)

    def formula(self, p: Value) -> str:
        text = f"{p.data:.4g} {'+' if self.maximise else '-'} {self.rate:.4g} * {p.grad:.4g}"
        if self.weight_decay:
            text += f" - {self.rate:.4g} * {self.weight_decay:.4g} * {p.data:.4g}"
        return text + (f" + {self.momentum:.4g} * {self.remembered[p][0]:.4g}" if self.momentum else "")


class Adam(Optimizer):
    """Each parameter at its own pace: the running mean of its gradient over the root of that of its square.

    Algorithm 1 of Kingma and Ba, ICLR 2015, with the correction for running means that start from 0.
    """

    memory = 3  # Δθ, mean, mean of squares

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: LearningRate = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximise: bool = False,
    ) -> None:
        super().__init__(parameters, lr, maximise)
        self.betas = (not_negative("betas[0]", betas[0], 0.9), not_negative("betas[1]", betas[1], 0.999))
        self.eps = not_negative("eps", eps, 1e-8)
        if max(self.betas) >= 1 or not self.eps:
            raise ValueError(f"betas = {betas} must be below 1, and eps = {eps} above 0. Leave both out.")

    def means(self, p: Value) -> tuple[float, float, float, float]:
        """Return both running means after this step, and both corrected for their start."""
        gradient = -p.grad if self.maximise else p.grad
        (beta1, beta2), (_, mean, square), t = self.betas, self.remembered[p], self.steps + 1
        mean = beta1 * mean + (1 - beta1) * gradient
        square = beta2 * square + (1 - beta2) * gradient * gradient
        return mean, square, mean / (1 - beta1**t), square / (1 - beta2**t)

    def update(self, p: Value, rate: float) -> tuple[float, ...]:
        mean, square, corrected_mean, corrected_square = self.means(p)
        return -(rate * corrected_mean / (sqrt(corrected_square) + self.eps)), mean, square

    def formula(self, p: Value) -> str:
        _, _, mean, square = self.means(p)
        return f"{p.data:.4g} - {self.rate:.4g} * {mean:.4g} / (sqrt({square:.4g}) + {self.eps:.4g})"


def clip_gradients(parameters: Iterable[Value], max_norm: float) -> float:
    """Shrink all gradients together to a vector of length `max_norm` at most, and return its length before.

    >>> w = Value(0.5)
    >>> w.grad = 8.0
    >>> clip_gradients([w], 1.0), w.grad
    (8.0, 1.0)
    """
    parameters, max_norm = list(parameters), not_negative("max_norm", max_norm, 1.0)
    check_gradients(parameters)
    norm = hypot(*[p.grad for p in parameters])
    if norm > max_norm:
        for p in parameters:
            p.grad *= max_norm / norm
    return norm


def check_gradients(parameters: Iterable[Value], optimizer: Optimizer | None = None) -> None:
    """Raise TrainingDivergedError if a gradient is not finite."""
    for p in parameters:
        if not isfinite(p.grad):
            raise diverged(f"The gradient of {p.label or repr(p)} is {p.grad}", optimizer)


def diverged(what: str, optimizer: Optimizer | None = None) -> TrainingDivergedError:
    """Return the error to raise before an update that would spoil the parameters."""
    lower = f"lr={optimizer.rate / 10:.4g}" if optimizer else "a lower learning rate"
    return TrainingDivergedError(
        f"{what}: learning overshot, and stopped before it spoilt the parameters. "
        f"Try {lower}, standardise the inputs, or clip the gradients."
    )


def not_negative(name: str, number: object, example: float) -> float:
    try:
        checked = real(number)
    except TypeError as error:
        raise TypeError(f"{name} = {number!r}: {error} Write {name}={example}.") from None
    if not (isfinite(checked) and checked >= 0):
        raise ValueError(f"{name} = {number!r} is not a finite number from 0 up. Write {name}={example}.")
    return checked
