"""Neurons, layers and networks of `Value`s; `train` teaches them, `data` has something to learn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from random import Random
from typing import Any, Literal

from .base.checks import named
from .engine import Value
from .functions import dot, softmax
from .ops import OPS, Op, real
from .ops.methods import OfOne
from .recipe.module import (
    AutoLabel as AutoLabel,
    Module as Module,
    Parameter as Parameter,
    label_parameters as label_parameters,
)

Activation = Callable[[Any], Any]
_weights = Random(1)  # draws the weights of every network that is not given an rng or a seed of its own
Init = Callable[[int, int, Random], float]
InitName = Literal["uniform", "xavier", "he"]
BiasName = Literal["zero", "random"]
ActivationName = OfOne | Literal["linear", "identity", "softmax"]

INITS: dict[str, Init] = {
    "uniform": lambda nin, nout, rng: rng.uniform(-1.0, 1.0),  # as micrograd
    # Glorot and Bengio, AISTATS 2010
    "xavier": lambda nin, nout, rng: rng.uniform(-1.0, 1.0) * sqrt(6 / (nin + nout)),
    # He et al., ICCV 2015, for relu
    "he": lambda nin, nout, rng: rng.uniform(-1.0, 1.0) * sqrt(6 / nin),
}


def seed(number: int = 1) -> None:
    """Start the generator of all weights anew: the same networks are then drawn in the same order.

    Every process starts as if by `seed(1)`, so a program draws the same weights each time it runs.

    >>> seed(7)
    >>> first, second = Neuron(2), Neuron(2)
    >>> seed(7)
    >>> again = Neuron(2)
    >>> first.w[0].data == again.w[0].data != second.w[0].data
    True
    """
    _weights.seed(_whole_seed(number))


class Neuron(Module):
    """activation(w0*x0 + w1*x1 + ... + b): a weighted sum, passed through a function that bends it.

    `nonlin=False` leaves the function out. `nout` is the size of its layer, which init="xavier" asks for.

    >>> neuron = Neuron(2, activation="tanh")
    >>> neuron.w[0].data, neuron.w[1].data, neuron.b.data = -3.0, 1.0, 6.88
    >>> neuron([2.0, 0.0]).data
    0.7064193203972353
    """

    activation: Activation | None
    w: list[Parameter]
    b: Parameter
    labels: tuple[AutoLabel, AutoLabel]

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        activation: ActivationName | Activation = "relu",
        init: InitName | Init = "uniform",
        bias: BiasName = "zero",
        rng: Random | int | None = None,
        nout: int = 1,
        *,
        seed: int | None = None,
    ) -> None:
        _check_sizes([nin, nout])
        rng, draw = _generator(rng, seed), named(INITS, init, "init")
        biased = named({"zero": False, "random": True}, bias, "bias")
        self.activation = activation_named(activation) if nonlin else None
        self.w = [Parameter(draw(nin, nout, rng)) for _ in range(nin)]
        self.b = Parameter(draw(nin, nout, rng) if biased else 0.0)
        self.labels = AutoLabel("z"), AutoLabel("a")  # of the weighted sum and of the output
        label_parameters(self)

    def weighted_sum(self, x: Sequence[Any]) -> Any:
        """Return z = b + w0*x0 + w1*x1 + ..., before the activation."""
        z = dot(self.w, x, self.b)
        z.label = self.labels[0]
        return z

    def activate(self, z: Any) -> Any:
        """Return a = activation(z)."""
        a = self.activation(z) if self.activation else z
        try:
            a.label = self.labels[1]
        except AttributeError:
            raise TypeError(
                f"The activation {name_of(self.activation)!r} gave {a!r}, which is not a Value. "
                "Write it with operations on Values, as in activation=lambda z: z.exp() - 1."
            ) from None
        return a

    def __call__(self, x: Sequence[Any]) -> Any:
        return self.activate(self.weighted_sum(as_inputs(x, len(self.w), self)))

    def number(self, x: Sequence[float]) -> float:
        """Return what `activate(weighted_sum(x))` has, without recording how it was made."""
        z = dot([w.data for w in self.w], x, self.b.data)
        return self.activation(z) if self.activation else z

    def _predicted(self, x: Sequence[Any]) -> float:
        return self.number(as_numbers(x, len(self.w), self))

    def __repr__(self) -> str:
        return f"Neuron({len(self.w)}, activation={name_of(self.activation)!r})"


class Layer(Module):
    """`nout` neurons that see the same `nin` inputs; the options are those of `Neuron`.

    activation="softmax" takes all weighted sums at once and gives a distribution.
    """

    together: bool
    neurons: list[Neuron]

    def __init__(
        self,
        nin: int,
        nout: int,
        activation: ActivationName | Activation = "relu",
        rng: Random | int | None = None,
        *,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        _check_sizes([nin, nout])
        rng, self.together = _generator(rng, seed), activation in ("softmax", softmax)
        one_by_one = "linear" if self.together else activation
        options |= {"activation": one_by_one, "rng": rng, "nout": nout}
        self.neurons = [Neuron(nin, **options) for _ in range(nout)]
        self.label("z", "a")
        label_parameters(self)

    def label(self, z: str, a: str) -> None:
        """Say what drawings call the weighted sums and the outputs, of which there may be one or many."""
        for k, neuron in enumerate(self.neurons):
            index = f"[{k}]" if len(self.neurons) > 1 or a != "ŷ" else ""
            neuron.labels = AutoLabel(z + f"[{k}]"), AutoLabel(a + index)

    @property
    def W(self) -> list[list[Parameter]]:
        """The weights as a matrix: one row a neuron, one column an input."""
        return [neuron.w for neuron in self.neurons]

    @property
    def b(self) -> list[Parameter]:
        """The biases as a vector."""
        return [neuron.b for neuron in self.neurons]

    @property
    def activation(self) -> Activation | None:
        return softmax if self.together else self.neurons[0].activation

    def weighted_sums(self, x: Sequence[Any]) -> list[Any]:
        """Return z = W x + b, one number a neuron."""
        return [neuron.weighted_sum(x) for neuron in self.neurons]

    def activate(self, z: Sequence[Any]) -> list[Any]:
        """Return a = activation(z), one number a neuron."""
        if self.together:
            z = softmax(z)
        return [neuron.activate(number) for neuron, number in zip(self.neurons, z)]

    def __call__(self, x: Sequence[Any]) -> Any:
        x = as_inputs(x, len(self.neurons[0].w), self)
        return _one_or_many(self.activate(self.weighted_sums(x)))

    def numbers(self, x: Sequence[float]) -> list[float]:
        """Return what `activate(weighted_sums(x))` has, without recording how it was made."""
        a = [neuron.number(x) for neuron in self.neurons]
        return softmax(a) if self.together else a

    def _predicted(self, x: Sequence[Any]) -> Any:
        return _one_or_many(self.numbers(as_numbers(x, len(self.W[0]), self)))

    def __repr__(self) -> str:
        return f"Layer({len(self.W[0])}, {len(self.W)}, activation={name_of(self.activation)!r})"


class MLP(Module):
    """A multi-layer perceptron, ŷ = f3(f2(f1(x))): each layer sees what the one before it gives.

    `MLP(2, [16, 16, 1])` is micrograd's: 2 inputs, two hidden layers of 16 relus, 1 linear output. One output
    gives a Value, several give a list. Any operation on one number can be an activation, softmax an output.
    init is "uniform" in (-1, 1), "xavier", "he", or a function (nin, nout, rng) -> float; bias is "zero", or
    "random" to draw it like a weight. Every network draws other weights, from one generator that the function
    `seed` starts anew; seed=1 gives a network a generator of its own, and so does rng, a seed or a random.Random.

    >>> model = MLP(2, [3, 1], activation="tanh", output="sigmoid")
    >>> print(model.summary())
    MLP(2, [3, 1], activation='tanh', output='sigmoid'):  ŷ = f2(f1(x))
    f1  a1 = tanh(W1·x + b1)      W1 3×2  b1 3   9 parameters
    f2  ŷ  = sigmoid(W2·a1 + b2)  W2 1×3  b2 1   4 parameters
    13 parameters
    """

    layers: list[Layer]

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: ActivationName | Activation = "relu",
        output: ActivationName | Activation = "linear",
        init: InitName | Init = "uniform",
        bias: BiasName = "zero",
        rng: Random | int | None = None,
        *,
        seed: int | None = None,
    ) -> None:
        if isinstance(nouts, str) or not isinstance(nouts, Sequence) or not nouts:
            raise TypeError(
                f"{nouts!r} are not the sizes of layers. Write a list, the outputs last, as in MLP({nin!r}, [16, 1])."
            )
        sizes, rng = [nin, *nouts], _generator(rng, seed)
        _check_sizes(sizes)
        self.layers = [
            Layer(before, size, activation if i < len(nouts) else output, rng, init=init, bias=bias)
            for i, (before, size) in enumerate(zip(sizes, nouts), 1)
        ]
        for i, layer in enumerate(self.layers, 1):
            layer.label(f"z{i}", f"a{i}" if i < len(nouts) else "ŷ")
        label_parameters(self)

    @property
    def sizes(self) -> list[int]:
        """The number of inputs, then that of neurons in each layer."""
        return [len(self.layers[0].neurons[0].w), *[len(layer.neurons) for layer in self.layers]]

    def trace(self, x: Sequence[Any]) -> list[tuple[list[Any], list[Any]]]:
        """Return (z, a) of each layer for the example `x`: the weighted sums, and what is made of them."""
        steps = []
        x = as_inputs(x, self.sizes[0], self)
        for layer in self.layers:
            z = layer.weighted_sums(x)
            x = layer.activate(z)
            steps.append((z, x))
        return steps

    def __call__(self, x: Sequence[Any]) -> Any:
        return _one_or_many(self.trace(x)[-1][1])

    def _predicted(self, x: Sequence[Any]) -> Any:
        numbers = as_numbers(x, self.sizes[0], self)
        for layer in self.layers:
            numbers = layer.numbers(numbers)
        return _one_or_many(numbers)

    def summary(self) -> str:
        n, rows = len(self.layers), []
        for i, layer in enumerate(self.layers, 1):
            nin, nout = len(layer.W[0]), len(layer.W)
            z = f"W{i}·{f'a{i - 1}' if i > 1 else 'x'} + b{i}"
            a = f"{name_of(layer.activation)}({z})" if layer.activation else z
            out = f"a{i}" if i < n else "ŷ"
            count = f"{nout * (nin + 1)} parameters"
            rows.append([f"f{i}", f"{out:2} = {a}", f"W{i} {nout}×{nin}", f"b{i} {nout} ", count])
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = ["  ".join([cell.ljust(width) for cell, width in zip(row, widths)]).rstrip() for row in rows]
        composed = "(".join([f"f{i}" for i in range(n, 0, -1)]) + "(x" + ")" * n
        return "\n".join([f"{self!r}:  ŷ = {composed}", *lines, self._count()])

    def __repr__(self) -> str:
        nin, *nouts = self.sizes
        hidden = name_of(self.layers[0].activation) if len(nouts) > 1 else "relu"
        return f"MLP({nin}, {nouts}, activation={hidden!r}, output={name_of(self.layers[-1].activation)!r})"


class LogisticRegression(MLP):
    """A network of one layer with one sigmoid neuron: the probability of class 1."""

    def __init__(self, nin: int, **options: Any) -> None:
        super().__init__(nin, [1], output="sigmoid", **options)


def activation_named(name: ActivationName | Activation) -> Activation | None:
    """Return the operation of that name that takes one number; None for "linear", which changes nothing."""
    if isinstance(name, Value):
        raise TypeError(f"activation = {name!r} is a number, not a function. Write activation='tanh'.")
    if isinstance(name, Op) and name.arity - len(name.defaults) > 1:
        raise ValueError(
            f"The activation {name.name!r} takes {name.arity} numbers, and a neuron has one. Write 'relu'."
        )
    if callable(name):
        return name
    takes_one: dict[str, Op | None] = {op.name: op for op in OPS.values() if op.arity - len(op.defaults) == 1}
    activation: Activation | None = named({**takes_one, "linear": None, "identity": None}, name, "activation")
    return activation


def name_of(activation: Activation | None) -> Any:
    """Return what `activation_named` was given."""
    if activation is None:
        return "linear"
    return activation.name if isinstance(activation, Op) else getattr(activation, "__name__", repr(activation))


def as_inputs(x: Sequence[Any], nin: int, module: Module) -> list[Any]:
    """Return x as nodes, plain numbers as new leaves, or raise an error if there are not `nin` of them."""
    _check_width(x, nin, module)
    return [a if isinstance(a, Value) else Value(a, AutoLabel(f"x[{i}]")) for i, a in enumerate(x)]


def as_numbers(x: Sequence[Any], nin: int, module: Module) -> list[float]:
    """Return x as plain numbers, or raise an error if there are not `nin` of them."""
    _check_width(x, nin, module)
    return [a.data if isinstance(a, Value) else real(a) for a in x]


def _check_width(x: Any, nin: int, module: Module) -> None:
    if not hasattr(x, "__len__") or isinstance(x, str):
        raise TypeError(f"{module!r} was called on {x!r}. Give a list of its {nin} inputs, as in model([0.5, -1.0]).")
    if len(x) and isinstance(x[0], str):
        raise TypeError(
            f"{module!r} was called on texts, such as {x[0]!r}, and takes numbers. Write [float(text) for text in x]."
        )
    if len(x) and hasattr(x[0], "__len__"):
        raise TypeError(
            f"{module!r} takes one example at a time, and several were given. "
            "Write [model(row) for row in X], or model.predict(X) for numbers."
        )
    if len(x) != nin:
        raise ValueError(
            f"{module!r} takes {nin} inputs, and {len(x)} were given. Give {nin}, or make the first number {len(x)}."
        )


def _check_sizes(sizes: Sequence[Any]) -> None:
    for size in sizes:
        if not isinstance(size, int) or size < 1:
            raise ValueError(
                f"{size!r} is not a number of inputs or neurons. Write a whole number from 1 up, as in MLP(2, [16, 1])."
            )


def _generator(rng: Random | int | None, seed: int | None = None) -> Random:
    if rng is not None and seed is not None:
        raise TypeError(f"rng = {rng!r} and seed = {seed!r} were both given. Give one of them, as in seed=1.")
    if isinstance(rng, Random):
        return rng
    return _weights if rng is None and seed is None else Random(_whole_seed(seed if rng is None else rng))


def _whole_seed(number: Any) -> int:
    if not hasattr(number, "__index__"):
        raise TypeError(f"{number!r} is not a seed. Write a whole number, as in seed=1, or rng=random.Random(1).")
    return int(number)


def _one_or_many(outputs: list[Any]) -> Any:
    return outputs[0] if len(outputs) == 1 else outputs
