"""What the generated exercises are about: for each concept, graphs with numbers that are drawn by `Dice`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from ..engine import Value

NUMBERS: dict[int, Sequence[float]] = {
    1: (2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0),
    2: (2.0, 3.0, 5.0, 7.0, 1.5, 2.5, 3.5, 0.5),
    3: (2.5, 3.5, 1.2, 0.7, 1.6, 2.2, 3.1, 4.3, 0.9),
}
SMALL: dict[int, Sequence[float]] = {
    1: (0.5, 1.5, 2.0, 3.0, 0.2, 0.4, 2.5, 0.8, 0.6),
    2: (0.3, 0.6, 1.2, 1.4, 0.7, 1.7, 0.9, 2.1),
    3: (0.35, 0.85, 1.15, 0.65, 1.45, 0.55, 1.35),
}


class Dice:
    """Choices drawn from `Random.random()` alone, the one method whose numbers Python promises to keep."""

    random: Any
    difficulty: int

    def __init__(self, difficulty: int, *seed: object) -> None:
        digest = hashlib.sha256(repr((difficulty, *seed)).encode()).digest()
        self.random, self.difficulty = Random(int.from_bytes(digest[:8], "big")).random, difficulty

    def pick(self, items: Sequence[Any]) -> Any:
        """Return one of the items."""
        return items[int(self.random() * len(items))]

    def leaf(self, name: str, numbers: dict[int, Sequence[float]] = NUMBERS, positive: bool = False) -> Value:
        """Return a leaf with a number that a hand can compute with."""
        number = self.pick(numbers[self.difficulty])
        return Value(number if positive or self.random() < 0.6 else -number, name)

    def leaves(self, names: str, numbers: dict[int, Sequence[float]] = NUMBERS) -> list[Value]:
        """Return leaves, no two of which have the same size."""
        found: list[Value] = []
        for name in names.split():
            leaf = self.leaf(name, numbers)
            while any(abs(leaf.data) == abs(x.data) for x in found) and len(found) < len(numbers[self.difficulty]):
                leaf = self.leaf(name, numbers)
            found.append(leaf)
        return found


@dataclass
class Draft:
    """What a concept makes of the dice: the output, and what is asked about its graph."""

    root: Value
    ask: Any = "gradients"
    note: str = ""
    options: dict[str, Any] = field(default_factory=dict)


Concept = Literal[
    "chain", "fan-out", "diamond", "square", "signs", "division", "powers", "functions", "relu", "corner", "unreached",
    "max", "neuron", "two-layer-mse", "logistic", "softmax", "sgd", "momentum", "changed",
]  # fmt: skip
CONCEPTS: dict[Concept, Callable[[Dice], Draft]] = {}


def concept(name: Concept) -> Callable[[Callable[[Dice], Draft]], Callable[[Dice], Draft]]:
    """Enter a function under a name among the concepts."""

    def enter(make: Callable[[Dice], Draft]) -> Callable[[Dice], Draft]:
        CONCEPTS[name] = make
        return make

    return enter


@concept("chain")
def chain(dice: Dice) -> Draft:
    """Products and sums, each node used once."""
    a, b, c, d, e = dice.leaves("a b c d e")
    v = a * b + c
    return Draft(v * d if dice.difficulty == 1 else (v * d + e if dice.random() < 0.5 else (v + e) * d))


@concept("fan-out")
def fan_out(dice: Dice) -> Draft:
    """A leaf used two or three times."""
    a, b, c, d = dice.leaves("a b c d")
    shapes = [
        lambda: a * b + a * c, lambda: (a * b + c) * a, lambda: (a + b) * (a * c),
        lambda: (a * b + a) * (a + c), lambda: a * b + (a + c) * (a * d), lambda: (a * b) * (a + d) + a * c,
    ]  # fmt: skip
    return Draft(dice.pick(shapes[:3] if dice.difficulty == 1 else shapes[2:])())


@concept("diamond")
def diamond(dice: Dice) -> Draft:
    """An inner node used two or three times, so that the order matters."""
    a, b, c, d, e = dice.leaves("a b c d e")
    v = a * b
    shapes = [
        lambda: (v * c) * (v + d), lambda: v * c + (v + d) * v, lambda: (v + c) * v,
        lambda: (v * c + d) * (v + e) * v, lambda: ((v + c) * (v * d)) + v * e,
    ]  # fmt: skip
    return Draft(dice.pick(shapes[:3] if dice.difficulty == 1 else shapes[2:])())


@concept("square")
def square(dice: Dice) -> Draft:
    """a * a: one node is both factors."""
    a, b, c, d = dice.leaves("a b c d")
    shapes = [
        lambda: a * a * b + a * c, lambda: (a * a + b) * (a * c), lambda: (a * b + c) * (a * a),
        lambda: (a * a) * (a + b) + c * d,
    ]  # fmt: skip
    return Draft(dice.pick(shapes)())


@concept("signs")
def signs(dice: Dice) -> Draft:
    """Differences and negations."""
    a, b, c, d = dice.leaves("a b c d")
    shapes = [
        lambda: (a - b) * c - (-d), lambda: (-a) * b - (c - d) * b, lambda: a * (b - c) * (-d) + b * c,
        lambda: (a - b * c) * (-d) - a * b,
    ]  # fmt: skip
    return Draft(dice.pick(shapes)())


@concept("division")
def division(dice: Dice) -> Draft:
    """Quotients."""
    a, b, c, d = dice.leaves("a b c d")
    shapes = [lambda: (a + b) / c * d, lambda: a * b / (c + d), lambda: a / b + c / d * a, lambda: (a / b + c) * d]
    return Draft(dice.pick(shapes)())


@concept("powers")
def powers(dice: Dice) -> Draft:
    """Powers with constant exponents, of which the gradient is asked too."""
    a, b, c = dice.leaves("a b c", SMALL)
    n = dice.pick([3, 4] if dice.difficulty == 1 else [3, 4, 5])
    shapes = [lambda: (a + b) ** n * c, lambda: (a * b + c) ** n * b, lambda: a**n * b + c * a]
    return Draft(dice.pick(shapes)(), ["gradients", "constants"])


@concept("functions")
def functions(dice: Dice) -> Draft:
    """Two of exp, log, tanh and sigmoid."""
    a, b, c, d = dice.leaves("a b c d", SMALL)
    first, second = dice.pick(
        [("exp", "tanh"), ("log", "sigmoid"), ("tanh", "log"), ("sigmoid", "exp"), ("exp", "log")]
    )
    inner = a * b + c if dice.random() < 0.5 else a * b * c
    out, other = getattr(inner, first)(), getattr(d, second)()
    return Draft(out * other if dice.difficulty == 1 else out * other - c * d)


@concept("relu")
def relu(dice: Dice) -> Draft:
    """One gate open and one shut."""
    a, b, c, d, e, f = dice.leaves("a b c d e f", SMALL)
    one, other = (a * b + c).relu(), (d * e).relu()
    if not one.data > other.data == 0.0:
        raise ArithmeticError("the gates are not as wanted")
    return Draft((one * f + other) * c)


@concept("corner")
def corner(dice: Dice) -> Draft:
    """The corner of abs, where the slope is a matter of agreement."""
    x, (a, b, c) = Value(0.0, "x"), dice.leaves("a b c")
    return Draft((x.abs() * a + b) * c if dice.random() < 0.5 else (x.abs() + a) * b + c)


@concept("unreached")
def unreached(dice: Dice) -> Draft:
    """A number that takes no part in the output."""
    a, b, c, d = dice.leaves("a b c d")
    return Draft((a * b + c) * a, ["gradients", dice.pick([d, d * c])])


@concept("max")
def maximum(dice: Dice) -> Draft:
    """The larger, or the smaller, of two passes."""
    a, b, c, d, e = dice.leaves("a b c d e")
    shapes = [lambda: (a * b).maximum(c) * d + d * e, lambda: (a * b).minimum(c) * (d + e) * e]
    return Draft(dice.pick(shapes)())


@concept("neuron")
def neuron(dice: Dice) -> Draft:
    """tanh of a weighted sum."""
    w1, w2, b, x1, x2, k = dice.leaves("w1 w2 b x1 x2 k", SMALL)
    out = (w1 * x1 + w2 * x2 + b).tanh()
    return Draft(out * k if dice.difficulty == 1 else (out + k) * out)


@concept("two-layer-mse")
def two_layer_mse(dice: Dice) -> Draft:
    """A neuron behind a neuron, squared error; from difficulty 2 on its mean over three examples."""
    w1, b1, w2, b2 = dice.leaves("w1 b1 w2 b2", SMALL)
    n = 1 if dice.difficulty == 1 else 3
    losses, errors, gates = [], [], []
    for i in range(n):
        x, t = (dice.leaf(f"{name}[{i}]" if n > 1 else name, SMALL) for name in "xt")
        gates.append((w1 * x + b1).relu())
        errors.append(w2 * gates[-1] + b2 - t)
        losses.append(errors[-1] ** 2)
    if not all(gate.data for gate in gates):  # of what a shut gate contributes, 0, no mistake makes another number
        raise ArithmeticError("a gate is shut")
    total = losses[0]
    for loss in losses[1:]:
        total = total + loss
    root = total if n == 1 else total / n
    return Draft(root, "gradients" if n == 1 else [root, *errors, w1, b1, w2, b2])


@concept("logistic")
def logistic(dice: Dice) -> Draft:
    """A sigmoid neuron with cross-entropy: minus the log of the probability of class 1, or 0."""
    w1, w2, b, x1, x2 = dice.leaves("w1 w2 b x1 x2", SMALL)
    z = w1 * x1 + w2 * x2 + b
    return Draft(-(z if dice.random() < 0.5 else -z).sigmoid().log())


@concept("softmax")
def softmax(dice: Dice) -> Draft:
    """Cross-entropy of a softmax of scores, which are products with a weight."""
    w, *xs = dice.leaves("w x0 x1" if dice.difficulty == 1 else "w x0 x1 x2", SMALL)
    scores = [w * x for x in xs]
    powers = [z.exp() for z in scores]
    total = powers[0]
    for power in powers[1:]:
        total = total + power
    k = int(dice.random() * len(scores))
    return Draft(total.log() - scores[k] if dice.random() < 0.5 else -(powers[k] / total).log())


@concept("sgd")
def sgd(dice: Dice) -> Draft:
    """One step of gradient descent on a squared error."""
    w, x, b, t = dice.leaves("w x b t")
    error = w * x + b - t
    return Draft(error**2, ["gradients", "w.new", "b.new"], options={"lr": dice.pick([0.1, 0.01, 0.05, 0.2])})


@concept("momentum")
def momentum(dice: Dice) -> Draft:
    """One step of gradient descent that carries on a part of the last one."""
    w, x, b, t = dice.leaves("w x b t")
    error = w * x + b - t
    deltas = {w: dice.pick([0.2, -0.3, 0.4, -0.6]), b: dice.pick([0.1, -0.2, 0.5, -0.7])}
    options = {"lr": dice.pick([0.1, 0.01, 0.05]), "momentum": dice.pick([0.9, 0.5, 0.8]), "deltas": deltas}
    return Draft(error**2, ["gradients", "w.new", "b.new"], options=options)


@concept("changed")
def changed(dice: Dice) -> Draft:
    """A number that was set after it was used: the forward pass counts."""
    a, b, c, d = dice.leaves("a b c d")
    root = (a * b + c) * d
    x = dice.pick([a, b, d])
    before, x.data = x.data, dice.pick(NUMBERS[dice.difficulty]) + 4.0
    return Draft(root, note=f": {x.label} was {before:g} in the forward pass, and was set to {x.data:g} after it")
