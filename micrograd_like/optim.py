"""Optimizers: how the gradients change the parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from math import hypot, isfinite
from typing import Any

from ._engine import passes, updated
from .base.atomic import all_or_nothing
from .base.checks import is_function, not_negative, warn
from .engine import Value
from .ops import sqrt

LearningRate = float | Callable[[int], float]


class TrainingDivergedError(ArithmeticError):
    """The loss or a gradient is no longer a finite number; no parameter was changed by it.

    `history` is what `fit` had seen until then.
    """

    history: Any = None


class Optimizer:
    """Parameters, and a learning rate: a number, or a function of `epoch`, which `fit` counts up.

    A kind of optimizer says only what `update` is. `maximize=True` climbs instead of descending.
    `lr` is the learning rate of this epoch; a new one may be assigned at any time.
    """

    parameters: list[Value]
    remembered: dict[Value, tuple[float, ...]]
    maximize: bool
    epoch: int
    steps: int
    passes: int

    memory = 1  # how many numbers are remembered for each parameter, the last update first

    def __init__(self, parameters: Iterable[Value], lr: LearningRate = 0.1, maximize: bool = False) -> None:
        self.parameters = _leaves(parameters, type(self).__name__)
        self.remembered = dict.fromkeys(self.parameters, (0.0,) * self.memory)
        if len(self.remembered) < len(self.parameters):
            twice = next(p for i, p in enumerate(self.parameters) if p in self.parameters[:i])
            raise ValueError(
                f"{twice!r} is given more than once, and would be updated more than once in a step. "
                "Give each parameter once."
            )
        self.maximize, self.epoch, self.steps = maximize, 0, 0
        self.passes = passes()  # backward passes of the process before the last step
        self.lr = lr

    @property
    def lr(self) -> float:
        """The learning rate of this epoch."""
        return not_negative("lr", self.schedule(self.epoch) if is_function(self.schedule) else self.schedule, 0.1)

    @lr.setter
    def lr(self, lr: LearningRate) -> None:
        self.schedule, before = lr, getattr(self, "schedule", None)
        try:
            _ = self.lr  # is it one?
        except BaseException:
            self.schedule = before  # type: ignore[assignment]
            raise

    @property
    def delta(self) -> dict[Value, float]:
        """What the last step added to each parameter, Δθ."""
        return {p: numbers[0] for p, numbers in self.remembered.items()}

    def update(self, p: Value, lr: float) -> tuple[float, ...]:
        """Return what `step` would add to the parameter now, and what else to remember of it."""
        raise NotImplementedError(
            f"{type(self).__name__} does not say what its update is. "
            "Write def update(self, p, lr): return (-lr * p.grad,)"
        )

    def formula(self, p: Value) -> str:
        """Return what `step` would compute for the parameter now, with its numbers."""
        change = self.update(p, self.lr)[0]
        return f"{p.data:.4g} {'-' if change < 0 else '+'} {abs(change):.4g}"

    def equation(self, p: Value) -> str:
        """Return what `step` would do to the parameter now, as in "w = 0.5 - 0.1 * 2 = 0.3"."""
        name = p.label or "p"
        if getattr(p, "frozen", False):
            return f"{name} = {p.data:.4g}, frozen"
        return f"{name} = {self.formula(p)} = {p.data + self.update(p, self.lr)[0]:.4g}"

    def zero_grad(self) -> None:
        """Set every gradient to 0, because the next backward pass adds to it."""
        for p in self.parameters:
            p.grad = 0.0

    def step(self) -> None:
        """Add its update to every parameter that is not frozen.

        All of it or nothing: Ctrl-C at any moment leaves parameters, memory and `steps` as they were, or all
        updated. Raises TrainingDivergedError, before anything is changed, if a gradient or a new value is not finite.
        """
        self._check_pass()
        lr = self.lr
        free = [p for p in self.parameters if not getattr(p, "frozen", False)]
        if updated(self, free, lr):
            return
        check_gradients(free, self)
        updates = [self.update(p, lr) for p in free]
        for p, numbers in zip(free, updates):
            if not all(map(isfinite, (p.data + numbers[0], *numbers))):
                raise diverged(f"{p.label or repr(p)} would become {p.data + numbers[0]}", self)
        self._move(free, updates)

    def _check_pass(self) -> None:
        """Warn where there was no backward pass since the last step, and no gradient."""
        now = passes()
        if now == self.passes and not any(p.grad for p in self.parameters):
            warn(
                "step() changed nothing, because every gradient is 0: there was no backward pass before it. "
                "Write loss.backward() between zero_grad() and step()."
            )
        self.passes = now

    def _move(self, free: list[Value], updates: list[tuple[float, ...]]) -> None:
        steps, before = self.steps, [(p, p.data, self.remembered[p]) for p in free]

        def undo() -> None:
            self.steps = steps
            for p, number, numbers in before:
                p.data, self.remembered[p] = number, numbers

        def change() -> None:
            for p, numbers in zip(free, updates):
                p.data += numbers[0]
                self.remembered[p] = numbers
            self.steps += 1

        all_or_nothing(change, undo)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint must hold for the optimizer to go on as if it had never stopped."""
        memory = [list(self.remembered[p]) for p in self.parameters]
        return {"kind": type(self).__name__, "epoch": self.epoch, "steps": self.steps, "memory": memory}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict()`; one of another kind, for other parameters or damaged is refused as a whole."""
        wanted, before = self.read_state_dict(state), (self.epoch, self.steps, self.remembered)

        def change() -> None:
            self.epoch, self.steps, self.remembered = wanted

        def undo() -> None:
            self.epoch, self.steps, self.remembered = before

        all_or_nothing(change, undo)

    def read_state_dict(self, state: dict[str, Any]) -> tuple[int, int, dict[Value, tuple[float, ...]]]:
        """Return epoch, steps and memory of a `state_dict()`, or raise a ValueError that says why they do not fit."""
        mine = type(self).__name__
        rows = state.get("memory") if isinstance(state, dict) else None
        if not isinstance(state, dict) or not isinstance(rows, list | tuple):
            raise ValueError("The state is not one that state_dict() returned. Give what state_dict() returned.")
        kind = state.get("kind")
        fits = [isinstance(row, list | tuple) and len(row) == self.memory for row in rows]
        if kind != mine or len(rows) != len(self.parameters) or not all(fits):
            raise ValueError(
                f"The state is of {kind!s:.40} with {len(rows)} parameters, and this is {mine} with "
                f"{len(self.parameters)}. Use the optimizer and the model that it was saved from."
            )
        counts = [state.get("epoch"), state.get("steps")]
        fine = all(type(n) is int and 0 <= n < 2**53 for n in counts)
        numeric = all(type(number) in (int, float) and abs(number) < 1e308 for row in rows for number in row)
        remembered = {p: tuple(map(float, row)) for p, row in zip(self.parameters, rows)} if numeric else {}
        if not fine or not numeric or not all(map(self.possible, remembered.values())):
            raise ValueError("The state holds numbers that no optimizer has. Use one that state_dict() returned.")
        return counts[0], counts[1], remembered  # type: ignore[return-value]

    def possible(self, numbers: tuple[float, ...]) -> bool:
        """Whether an optimizer of this kind may remember these numbers of a parameter."""
        return all(map(isfinite, numbers))

    def settings(self) -> dict[str, Any]:
        """What it was made with, besides the parameters."""
        return {"maximize": True} if self.maximize else {}

    def __repr__(self) -> str:
        lr = "a function of the epoch" if is_function(self.schedule) else f"{self.lr:g}"
        options = "".join([f", {name}={setting}" for name, setting in self.settings().items()])
        n, steps = len(self.parameters), self.steps
        done = f"{steps} step{'s' * (steps != 1)} made" if steps else "no step made yet"
        return f"{type(self).__name__}({n} parameter{'s' * (n != 1)}, lr={lr}{options}): {done}"

    def _repr_html_(self) -> str | None:
        if type(self).update is Optimizer.update:
            return None
        lines = [self.equation(p) for p in self.parameters[:3]] + ["…"] * (len(self.parameters) > 3)
        return f"<code>{escape(repr(self))}</code>. The next step:<pre>{escape(chr(10).join(lines))}</pre>"


def _leaves(parameters: Any, kind: str) -> list[Value]:
    """Return the parameters as a list, or raise an error that says what was given instead."""
    leaves = values_of(parameters, kind, ", lr=0.1")
    for i, p in enumerate(leaves):
        if p.op is not None or p.constant:
            raise ValueError(
                f"Parameter {i}, {p!r}, was computed from others, so a step would not change what it is computed from. "
                "Give the Values that it is made of."
            )
    if not leaves:
        raise ValueError("There is no parameter to train. Give model.parameters().")
    return leaves


def values_of(parameters: Any, kind: str, rest: str = "") -> list[Value]:
    """Return Values as a list, or raise an error that says what `kind` was given instead of model.parameters()."""
    write = f"Write {kind}(model.parameters(){rest})."
    if hasattr(parameters, "parameters"):
        raise TypeError(f"{kind} was given {parameters!r:.60}, which is not a list of parameters. {write}")
    if isinstance(parameters, Value):
        raise TypeError(f"{kind} was given one Value, and takes a list of them. Write {kind}([w]{rest}).")
    if callable(parameters):
        raise TypeError(f"{kind} was given a function that was not called: () is missing. {write}")
    if not hasattr(parameters, "__iter__") or isinstance(parameters, str | bytes | dict):
        raise TypeError(f"{kind} was given {parameters!r:.60}, which is not a list of parameters. {write}")
    leaves = list(parameters)
    for i, p in enumerate(leaves):
        if isinstance(p, list | tuple):
            raise TypeError(f"Parameter {i} is {p!r:.60}, a list. {write}")
        if not isinstance(p, Value):
            raise TypeError(
                f"Parameter {i} is {p!r:.60}, which has no gradient because it is not a Value. "
                "Write w = Value(0.5) and give w."
            )
    return leaves


class SGD(Optimizer):
    """Gradient descent: Δθ = momentum * Δθ - lr * gradient.

    With momentum 0 it is `p.data -= lr * p.grad`, to the bit. weight_decay adds weight_decay * p to each gradient.

    >>> w = Value(0.5, "w")
    >>> w.grad = 2.0
    >>> SGD([w], lr=0.1).equation(w)
    'w = 0.5 - 0.1 * 2 = 0.3'
    """

    momentum: float
    weight_decay: float

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: LearningRate = 0.1,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(parameters, lr, maximize)
        self.momentum = not_negative("momentum", momentum, 0.9)
        self.weight_decay = not_negative("weight_decay", weight_decay, 0.0001)

    def settings(self) -> dict[str, Any]:
        given = {"momentum": self.momentum, "weight_decay": self.weight_decay}
        return {name: number for name, number in given.items() if number} | super().settings()

    def update(self, p: Value, lr: float) -> tuple[float, ...]:
        gradient = -p.grad if self.maximize else p.grad
        if self.weight_decay:
            gradient += self.weight_decay * p.data
        delta = -(lr * gradient)
        return (delta + self.momentum * self.remembered[p][0] if self.momentum else delta,)

    def formula(self, p: Value) -> str:
        text = f"{p.data:.4g} {'+' if self.maximize else '-'} {self.lr:.4g} * {p.grad:.4g}"
        if self.weight_decay:
            text += f" - {self.lr:.4g} * {self.weight_decay:.4g} * {p.data:.4g}"
        return text + (f" + {self.momentum:.4g} * {self.remembered[p][0]:.4g}" if self.momentum else "")


class Adam(Optimizer):
    """Each parameter at its own pace: the running mean of its gradient over the root of that of its square.

    Algorithm 1 of Kingma and Ba, ICLR 2015, with the correction for running means that start from 0.
    """

    betas: tuple[float, float]
    eps: float

    memory = 3  # Δθ, mean, mean of squares

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: LearningRate = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        super().__init__(parameters, lr, maximize)
        self.betas = (not_negative("betas[0]", betas[0], 0.9), not_negative("betas[1]", betas[1], 0.999))
        self.eps = not_negative("eps", eps, 1e-8)
        if max(self.betas) >= 1 or not self.eps:
            raise ValueError(f"betas = {betas} must be below 1, and eps = {eps} above 0. Leave both out.")

    def settings(self) -> dict[str, Any]:
        return {"betas": self.betas} | super().settings()

    def possible(self, numbers: tuple[float, ...]) -> bool:
        return super().possible(numbers) and numbers[2] >= 0  # a mean of squares

    def means(self, p: Value) -> tuple[float, float, float, float]:
        """Return both running means after this step, and both corrected for their start."""
        gradient = -p.grad if self.maximize else p.grad
        (beta1, beta2), (_, mean, square), t = self.betas, self.remembered[p], self.steps + 1
        mean = beta1 * mean + (1 - beta1) * gradient
        square = beta2 * square + (1 - beta2) * gradient * gradient
        return mean, square, mean / (1 - beta1**t), square / (1 - beta2**t)

    def update(self, p: Value, lr: float) -> tuple[float, ...]:
        mean, square, corrected_mean, corrected_square = self.means(p)
        return -(lr * corrected_mean / (sqrt(corrected_square) + self.eps)), mean, square

    def formula(self, p: Value) -> str:
        _, _, mean, square = self.means(p)
        return f"{p.data:.4g} - {self.lr:.4g} * {mean:.4g} / (sqrt({square:.4g}) + {self.eps:.4g})"


def clip_gradients(parameters: Iterable[Value], max_norm: float) -> float:
    """Shrink all gradients together to a vector of length `max_norm` at most, and return its length before.

    >>> w = Value(0.5)
    >>> w.grad = 8.0
    >>> clip_gradients([w], 1.0), w.grad
    (8.0, 1.0)
    """
    parameters, max_norm = values_of(parameters, "clip_gradients", ", 1.0"), not_negative("max_norm", max_norm, 1.0)
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
    lower = f"lr={min(optimizer.lr / 10, 0.1):.4g}" if optimizer else "a lower learning rate"
    return TrainingDivergedError(
        f"{what}: learning overshot, and stopped before it spoilt the parameters. "
        f"Try {lower}, standardize the inputs, or clip the gradients."
    )
