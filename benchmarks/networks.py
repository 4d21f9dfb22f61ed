"""What is learnt when compiled programs are measured: each task in scalars, in arrays, and by hand in NumPy."""

from __future__ import annotations

import random
import runpy
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from micrograd_like import MLP, SGD, Adam, Value, losses
from micrograd_like.optim import Optimizer

from .eager import GPT

Arrays = list[Any]


class Sgd:
    """w - lr * gradient, on the arrays of any library."""

    memory, lr = 0, 0.01

    def update(self, w: Any, g: Any, t: Any) -> Any:
        return (w - self.lr * g,)

    def slope(self, before: Any, after: Any) -> Any:
        """Return the gradient that made the first step."""
        return (before - after[0]) / self.lr

    def ours(self, parameters: list[Value]) -> Optimizer:
        return SGD(parameters, lr=self.lr)


class AdamRule:
    """The same with means of the gradients and of their squares."""

    memory, lr, betas = 2, 0.001, (0.85, 0.99)

    def update(self, w: Any, g: Any, t: Any, m: Any, v: Any) -> Any:
        a, b = self.betas
        m, v = a * m + (1 - a) * g, b * v + (1 - b) * (g * g)
        return w - self.lr * (m / (1 - a**t)) / ((v / (1 - b**t)) ** 0.5 + 1e-8), m, v

    def slope(self, before: Any, after: Any) -> Any:
        return after[1] / (1 - self.betas[0])

    def ours(self, parameters: list[Value]) -> Optimizer:
        return Adam(parameters, lr=self.lr, betas=self.betas)


class Task:
    """A loss of some weights on examples, for everybody the same.

    `values` are the weights as Values, one behind the other; `plain` are the examples as lists, for `scalars`, `given`
    as a compiled program takes them fastest, and `examples` as arrays, for `arrays` and `by_hand`. A loop inside a
    program goes `loop` times over them.
    """

    def __init__(self, values: list[Value], shapes: Sequence[tuple[int, ...]], rule: Any, loop: int) -> None:
        self.values, self.shapes, self.rule, self.loop = values, shapes, rule, loop
        self.weights = self.split(np.array([value.data for value in values]))
        self.plain: list[tuple[Any, ...]] = []
        self.examples: list[tuple[Any, ...]] = []
        self.given: list[tuple[Any, ...]] = []

    def split(self, flat: Any) -> Arrays:
        """Return the parts of one long array as those of the weights."""
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        return [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), self.shapes)]

    def scalars(self, *example: Any) -> Any:
        """Return the loss as a learner writes it."""
        raise NotImplementedError

    def arrays(self, xp: Any, weights: Arrays, *example: Any) -> Any:
        """Return the loss in the arrays of a library."""
        raise NotImplementedError

    def by_hand(self, weights: Arrays, out: Arrays, *example: Any) -> float:
        """Return the loss, and put its gradients into `out`, as one writes them with NumPy."""
        raise NotImplementedError

    def agree(self, name: str, loss: Any, gradients: Any) -> None:
        """Demand that somebody's loss and gradients of the first example are those by hand."""
        right = [np.zeros(shape) for shape in self.shapes]
        expected = self.by_hand(self.weights, right, *self.examples[0])
        assert abs(float(loss) - expected) < 1e-9, (name, float(loss), expected)
        for g, r in zip(gradients, right):
            assert np.allclose(np.asarray(g).reshape(r.shape), r, rtol=1e-9, atol=1e-11), name


def relu(xp: Any) -> Callable[[Any], Any]:
    """Return what a library calls relu, whose slope at 0 is 0."""
    if xp.__name__ == "jax.numpy":
        return sys.modules["jax"].nn.relu  # type: ignore[no-any-return]
    return getattr(xp, "relu", lambda a: a * (a > 0))


def linear(xp: Any, a: Any, w: Any, b: Any) -> Any:
    return xp.nn.functional.linear(a, w, b) if xp.__name__ == "torch" else a @ w.T + b


def cross_entropy(xp: Any, scores: Any, targets: Any) -> Any:
    """Return the mean over rows of scores; targets are classes or distributions."""
    if xp.__name__ == "torch":
        return xp.nn.functional.cross_entropy(scores, targets)
    highest = (xp.amax(scores, 1) if hasattr(xp, "amax") else xp.max(scores, axis=1))[:, None]
    chosen = scores[xp.arange(len(targets)), targets] if targets.ndim == 1 else (scores * targets).sum(1)
    return (highest[:, 0] + xp.log(xp.exp(scores - highest).sum(1)) - chosen).mean()


class Network(Task):
    """A relu network on batches (X, y): hinge loss of labels -1 and 1, or cross-entropy of distributions."""

    def __init__(self, sizes: Sequence[int], batches: Sequence[Any], kind: str, l2: float = 0.0, loop: int = 1) -> None:
        self.kind, self.l2 = kind, l2
        self.model = MLP(sizes[0], list(sizes[1:]), rng=1, init="he")
        values = [x for layer in self.model.layers for row in [*layer.W, layer.b] for x in row]
        shapes = [shape for m, n in pairwise(sizes) for shape in ((n, m), (n,))]
        super().__init__(values, shapes, Sgd(), loop)
        self.plain = [tuple(batch) for batch in batches]
        self.examples = self.given = [(np.array(X), np.array(y, dtype=float)) for X, y in batches]

    def scalars(self, X: Any, y: Any) -> Any:
        outputs = [self.model(x) for x in X]
        loss: Any = losses.hinge(outputs, y) if self.kind == "hinge" else losses.cross_entropy(outputs, y)
        return loss + losses.l2(self.model.parameters(), self.l2) if self.l2 else loss

    def arrays(self, xp: Any, weights: Arrays, X: Any, y: Any) -> Any:
        a = X
        for i in range(0, len(weights), 2):
            a = linear(xp, a, weights[i], weights[i + 1])
            if i + 2 < len(weights):
                a = relu(xp)(a)
        loss = relu(xp)(1.0 - y * a[:, 0]).mean() if self.kind == "hinge" else cross_entropy(xp, a, y)
        return loss + self.l2 * sum([(w * w).sum() for w in weights]) if self.l2 else loss

    def by_hand(self, weights: Arrays, out: Arrays, X: Any, y: Any) -> float:
        inputs, sums, a = [], [], X
        for i in range(0, len(weights), 2):
            inputs.append(a)
            z = a @ weights[i].T + weights[i + 1]
            sums.append(z)
            a = np.maximum(z, 0.0) if i + 2 < len(weights) else z
        if self.kind == "hinge":
            margin = 1.0 - y * a[:, 0]
            loss, g = np.maximum(margin, 0.0).mean(), ((margin > 0) * y / -len(y))[:, None]
        else:
            highest = a.max(1, keepdims=True)
            e = np.exp(a - highest)
            total = e.sum(1, keepdims=True)
            loss, g = (np.log(total) + highest).mean() - (a * y).sum() / len(y), (e / total - y) / len(y)
        for i in range(len(weights) - 2, -1, -2):
            np.matmul(g.T, inputs[i // 2], out=out[i])
            g.sum(0, out=out[i + 1])
            if i:
                g = (g @ weights[i]) * (sums[i // 2 - 1] > 0)
        if self.l2:
            loss += self.l2 * sum([(w * w).sum() for w in weights])
            for slope, w in zip(out, weights):
                slope += 2 * self.l2 * w
        return float(loss)


class Letters(Task):
    """examples/gpt.py on names of 5, 6, 6, 7 and 7 letters: 7.2 positions on average, with the end of the name."""

    lengths = 5, 6, 6, 7, 7

    def __init__(self) -> None:
        self.lesson = runpy.run_path(str(GPT), run_name="lesson")
        names = self.lesson["read_names"](GPT.with_name("names.txt"))
        letters = self.lesson["alphabet"](names)
        self.model = self.lesson["new_model"](letters, random.Random(42))
        shapes = [(len(rows), len(rows[0])) for rows in self.model.values()]
        super().__init__(self.lesson["parameters"](self.model), shapes, AdamRule(), 1)
        chosen = [[name for name in names if len(name) == size].pop(i) for i, size in enumerate(self.lengths)]
        texts = [self.lesson["tokens"](name, letters) for name in chosen]
        self.positions = sum([len(text) - 1 for text in texts]) / len(texts)
        self.plain = self.given = [(text,) for text in texts]
        self.examples = [
            (np.array(text[:-1]), np.array(text[1:]), np.triu(np.full((len(text) - 1,) * 2, -1e30), 1))
            for text in texts
        ]

    def scalars(self, text: Any) -> Any:
        return self.lesson["loss_of"](text, self.model)

    def arrays(self, xp: Any, weights: Arrays, tokens: Any, following: Any, later: Any) -> Any:
        token, place, query, key, value, heard, wide, narrow, after = weights
        count, width = len(tokens), self.lesson["DIMENSIONS"] // self.lesson["HEADS"]

        def norm(x: Any) -> Any:
            return x * ((x * x).mean(1)[:, None] + 1e-5) ** -0.5

        x = norm(token[tokens] + place[:count])
        q, k, v = [(norm(x) @ w.T).reshape(count, -1, width) for w in (query, key, value)]
        odds = xp.exp(xp.einsum("ihd,jhd->hij", q, k) / width**0.5 + later)  # the scores are small
        x = x + xp.einsum("hij,jhd->ihd", odds / odds.sum(2)[:, :, None], v).reshape(count, -1) @ heard.T
        x = x + relu(xp)(norm(x) @ wide.T) @ narrow.T
        return cross_entropy(xp, x @ after.T, following)

    def by_hand(self, weights: Arrays, out: Arrays, tokens: Any, following: Any, later: Any) -> float:
        token, place, query, key, value, heard, wide, narrow, after = weights
        count, width = len(tokens), self.lesson["DIMENSIONS"] // self.lesson["HEADS"]

        def norm(x: Any) -> tuple[Any, Any]:
            scale = ((x * x).mean(1, keepdims=True) + 1e-5) ** -0.5
            return x * scale, scale

        def through_norm(g: Any, y: Any, scale: Any) -> Any:
            return scale * (g - y * (g * y).mean(1, keepdims=True))

        def heads(x: Any) -> Any:
            return x.reshape(count, -1, width).transpose(1, 0, 2)

        def together(x: Any) -> Any:
            return x.transpose(1, 0, 2).reshape(count, -1)

        x1, scale0 = norm(token[tokens] + place[:count])
        y1, scale1 = norm(x1)
        q, k, v = heads(y1 @ query.T), heads(y1 @ key.T), heads(y1 @ value.T)
        odds = np.exp(q @ k.transpose(0, 2, 1) / width**0.5 + later)
        odds /= odds.sum(2, keepdims=True)
        mixed = together(odds @ v)
        x2 = x1 + mixed @ heard.T
        y2, scale2 = norm(x2)
        z = y2 @ wide.T
        hidden = np.maximum(z, 0.0)
        x3 = x2 + hidden @ narrow.T
        scores = x3 @ after.T
        e = np.exp(scores - scores.max(1, keepdims=True))
        p, rows = e / e.sum(1, keepdims=True), np.arange(count)
        loss = -np.log(p[rows, following]).mean()

        p[rows, following] -= 1.0
        p /= count
        np.matmul(p.T, x3, out=out[8])
        g = p @ after
        np.matmul(g.T, hidden, out=out[7])
        g_z = (g @ narrow) * (z > 0)
        np.matmul(g_z.T, y2, out=out[6])
        g = g + through_norm(g_z @ wide, y2, scale2)
        np.matmul(g.T, mixed, out=out[5])
        g_mixed = heads(g @ heard)
        g_odds = g_mixed @ v.transpose(0, 2, 1)
        g_scores = odds * (g_odds - (g_odds * odds).sum(2, keepdims=True)) / width**0.5
        parts = g_scores @ k, g_scores.transpose(0, 2, 1) @ q, odds.transpose(0, 2, 1) @ g_mixed
        g_y1: Any = 0.0
        for i, (part, w) in enumerate(zip(parts, (query, key, value))):
            g_part = together(part)
            np.matmul(g_part.T, y1, out=out[2 + i])
            g_y1 = g_y1 + g_part @ w
        g = through_norm(g + through_norm(g_y1, y1, scale1), x1, scale0)
        out[0][:] = out[1][:] = 0.0
        np.add.at(out[0], tokens, g)
        out[1][:count] = g
        return float(loss)
