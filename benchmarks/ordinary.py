"""Thirty ordinary programs, compiled and by the engine: `python -m benchmarks ordinary [name ...]`.

Each makes 300 steps with an optimizer, every one on other numbers, once as a loop of one's own and once by
`program.step`, the time to compile included. None is to take more than 1.2 times the engine's time, however often it
decides, and however short its sequences are. Medians of processor time, in turns.
"""

from __future__ import annotations

import gc
import itertools
import random
import sys
import warnings
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

from micrograd_like import MLP, SGD, Value, losses
from micrograd_like.compiler import Program, compile

STEPS, TURNS = 300, 5
Made = tuple[Callable[..., Any], list[Value], Callable[[random.Random], tuple[Any, ...]]]
PROGRAMS: dict[str, Callable[[], Made]] = {}


def program(make: Callable[[], Made]) -> Callable[[], Made]:
    """Add what makes a loss, its parameters, and the inputs of a step."""
    PROGRAMS[make.__name__.replace("_", " ")] = make
    return make


def numbers(rng: random.Random, *lengths: int) -> Any:
    """Return a nested list of these lengths."""
    if not lengths:
        return rng.uniform(-1.0, 1.0)
    return [numbers(rng, *lengths[1:]) for _ in range(lengths[0])]


def values(*lengths: int) -> Any:
    """Return a nested list of Values."""
    rng = random.Random(1)

    def made(part: Any) -> Any:
        return [made(x) for x in part] if isinstance(part, list) else Value(part)

    return made(numbers(rng, *lengths))


def flat(rows: list[list[Value]]) -> list[Value]:
    return [x for row in rows for x in row]


def labels(rng: random.Random, count: int, classes: int) -> list[int]:
    return [rng.randrange(classes) for _ in range(count)]


def dot(ws: Any, xs: Any) -> Any:
    return sum([w * x for w, x in zip(ws, xs)])


@program
def a_line() -> Made:
    w, b = values(2)
    return lambda x, y: (w * x + b - y) ** 2, [w, b], lambda rng: (numbers(rng), numbers(rng))


@program
def a_line_through_32_points() -> Made:
    w, b = values(2)

    def loss(xs: Any, ys: Any) -> Any:
        return sum([(w * x + b - y) ** 2 for x, y in zip(xs, ys)]) / len(xs)

    return loss, [w, b], lambda rng: (numbers(rng, 32), numbers(rng, 32))


@program
def rosenbrock() -> Made:
    x, y = values(2)
    return lambda: (1 - x) ** 2 + 100 * (y - x * x) ** 2, [x, y], lambda rng: ()


@program
def a_polynomial() -> Made:
    cs = values(5)

    def loss(xs: Any, ys: Any) -> Any:
        return sum([(sum([c * x**i for i, c in enumerate(cs)]) - y) ** 2 for x, y in zip(xs, ys)])

    return loss, cs, lambda rng: (numbers(rng, 20), numbers(rng, 20))


@program
def logistic_regression() -> Made:
    ws = values(5)

    def loss(X: Any, ys: Any) -> Any:
        return sum([((dot(ws, [*x, 1.0]) * -y).exp() + 1).log() for x, y in zip(X, ys)]) / len(X)

    return loss, ws, lambda rng: (numbers(rng, 16, 4), [rng.choice([-1, 1]) for _ in range(16)])


def layers(width: int, relu: Callable[[Any], Any]) -> Made:
    W, b, v = values(width, 2), values(width), values(width)

    def loss(X: Any, ys: Any) -> Any:
        total = 0.0
        for x, y in zip(X, ys):
            h = [relu(dot(w, x) + c) for w, c in zip(W, b)]
            total = total + (dot(v, h) - y) ** 2
        return total / len(X)

    return loss, [*flat(W), *b, *v], lambda rng: (numbers(rng, 16, 2), numbers(rng, 16))


@program
def relu_by_if() -> Made:
    return layers(4, lambda z: z if z > 0 else 0 * z)


@program
def relu_by_data() -> Made:
    return layers(8, lambda z: z if z.data > 0 else 0.0)


@program
def leaky_relu_by_if() -> Made:
    return layers(8, lambda z: z if z > 0 else 0.1 * z)


@program
def relu_by_max() -> Made:
    return layers(8, lambda z: max(z, 0.0))


@program
def the_largest_of_six() -> Made:
    ws = values(6)
    return lambda X: sum([max([w * a for w, a in zip(ws, x)]) for x in X]), ws, lambda rng: (numbers(rng, 8, 6),)


@program
def huber_by_if() -> Made:
    w, b = values(2)

    def loss(xs: Any, ys: Any) -> Any:
        total = 0.0
        for x, y in zip(xs, ys):
            d = w * x + b - y
            total = total + (d * d * 0.5 if abs(d.data) < 0.5 else 0.5 * (abs(d) - 0.25))
        return total

    return loss, [w, b], lambda rng: (numbers(rng, 16), numbers(rng, 16))


@program
def hinge_by_if() -> Made:
    w, b = values(2)

    def loss(xs: Any, ys: Any) -> Any:
        total = 0.01 * w * w
        for x, y in zip(xs, ys):
            margin = 1 - y * (w * x + b)
            if margin > 0:
                total = total + margin
        return total

    return loss, [w, b], lambda rng: (numbers(rng, 16), [rng.choice([-1, 1]) for _ in range(16)])


@program
def clipped_by_if() -> Made:
    w, b = values(2)

    def clip(z: Any) -> Any:
        return z if -0.5 < z.data < 0.5 else z * 0 + (0.5 if z.data > 0 else -0.5)

    return lambda xs: sum([clip(w * x + b) for x in xs]), [w, b], lambda rng: (numbers(rng, 16),)


@program
def absolute_by_if() -> Made:
    w, b = values(2)

    def loss(xs: Any) -> Any:
        ds = [w * x + b for x in xs]
        return sum([d if d > 0 else -d for d in ds])

    return loss, [w, b], lambda rng: (numbers(rng, 16),)


@program
def cross_entropy_by_index() -> Made:
    W = values(4, 3)

    def loss(X: Any, ks: Any) -> Any:
        total = 0.0
        for x, k in zip(X, ks):
            zs = [dot(w, x) for w in W]
            most = max([z.data for z in zs])
            es = [(z - most).exp() for z in zs]
            total = total - (es[k] / sum(es)).log()
        return total / len(X)

    return loss, flat(W), lambda rng: (numbers(rng, 16, 3), labels(rng, 16, 4))


@program
def one_example_of_a_classifier() -> Made:
    W = values(10, 8)

    def loss(x: Any, k: int) -> Any:
        es = [dot(w, x).exp() for w in W]
        return -(es[k] / sum(es)).log()

    return loss, flat(W), lambda rng: (numbers(rng, 8), rng.randrange(10))


@program
def a_perceptron() -> Made:
    ws = values(3)

    def loss(x: Any, y: int) -> Any:
        z = dot(ws, [*x, 1.0])
        return -y * z if y * z.data <= 0 else 0 * z

    return loss, ws, lambda rng: (numbers(rng, 2), rng.choice([-1, 1]))


@program
def a_network_one_example_at_a_time() -> Made:
    model = MLP(2, [8, 8, 1], seed=1)
    return lambda x, y: (model(x) - y) ** 2, model.parameters(), lambda rng: (numbers(rng, 2), numbers(rng))


@program
def a_network_and_a_batch() -> Made:
    model = MLP(2, [8, 8, 1], seed=1)

    def loss(X: Any, y: Any) -> Any:
        return losses.mse([model(x) for x in X], y)

    return loss, model.parameters(), lambda rng: (numbers(rng, 16, 2), numbers(rng, 16))


@program
def a_network_on_the_same_data() -> Made:
    model, rng = MLP(2, [4, 1], seed=1), random.Random(2)
    X, y = numbers(rng, 10, 2), numbers(rng, 10)
    return lambda: losses.mse([model(x) for x in X], y), model.parameters(), lambda rng: ()


@program
def accuracy_beside_the_loss() -> Made:
    model = MLP(2, [4, 1], seed=1)

    def loss(X: Any, y: Any) -> Any:
        scores = [model(x) for x in X]
        right = [(s.data > 0) == (t > 0) for s, t in zip(scores, y)]
        return losses.hinge(scores, y), sum(right) / len(right)

    return loss, model.parameters(), lambda rng: (numbers(rng, 16, 2), [rng.choice([-1, 1]) for _ in range(16)])


@program
def dropout() -> Made:
    ws, rng = values(16), random.Random(3)

    def loss(X: Any) -> Any:
        return sum([sum([w * a * 2 for w, a in zip(ws, x) if rng.random() < 0.5], ws[0] * 0) ** 2 for x in X])

    return loss, ws, lambda rng: (numbers(rng, 8, 16),)


@program
def a_batch_drawn_inside() -> Made:
    model, rng, data = MLP(2, [4, 1], seed=1), random.Random(4), numbers(random.Random(5), 100, 3)

    def loss() -> Any:
        batch = rng.sample(data, 8)
        return sum([(model([a, b]) - y) ** 2 for a, b, y in batch]) / len(batch)

    return loss, model.parameters(), lambda rng: ()


@program
def sums_of_any_length() -> Made:
    w, b = values(2)
    return lambda xs: sum([(w * x + b).tanh() for x in xs]), [w, b], lambda rng: (numbers(rng, rng.randint(4, 40)),)


@program
def a_recurrent_network_of_any_length() -> Made:
    w, u, v = values(3)

    def loss(xs: Any) -> Any:
        h = Value(0.0)
        for x in xs:
            h = (w * x + u * h).tanh()
        return (v * h - 1) ** 2

    return loss, [w, u, v], lambda rng: (numbers(rng, rng.randint(10, 40)),)


@program
def newton_until_it_is_close() -> Made:
    a = Value(2.0)

    def loss(xs: Any) -> Any:
        total = 0.0
        for x in xs:
            y = a * x * x + 1
            z = y * 0.5
            while abs((z * z - y).data) > 1e-9:
                z = (z + y / z) * 0.5
            total = total + z
        return total

    return loss, [a], lambda rng: (numbers(rng, 8),)


@program
def k_means() -> Made:
    centres = values(3)

    def loss(xs: Any) -> Any:
        return sum([min([(x - c) ** 2 for c in centres]) for x in xs])

    return loss, centres, lambda rng: (numbers(rng, 16),)


@program
def k_means_by_key() -> Made:
    centres = values(3)

    def loss(xs: Any) -> Any:
        return sum([(min(centres, key=lambda c: abs(c.data - x)) - x) ** 2 for x in xs])

    return loss, centres, lambda rng: (numbers(rng, 16),)


@program
def a_bigram_model() -> Made:
    table = values(6, 6)

    def loss(tokens: Any) -> Any:
        total = 0.0
        for a, b in itertools.pairwise(tokens):
            es = [v.exp() for v in table[a]]
            total = total - (es[b] / sum(es)).log()
        return total / (len(tokens) - 1)

    return loss, flat(table), lambda rng: (labels(rng, rng.randint(4, 12), 6),)


@program
def q_learning() -> Made:
    Q = values(6, 4)

    def loss(transitions: Any) -> Any:
        total = 0.0
        for state, action, reward, after in transitions:
            total = total + (Q[state][action] - (reward + 0.9 * max([q.data for q in Q[after]]))) ** 2
        return total

    return loss, flat(Q), lambda rng: (
        [(rng.randrange(6), rng.randrange(4), rng.random(), rng.randrange(6)) for _ in range(8)],
    )  # fmt: skip


@program
def a_number_that_changes() -> Made:
    ws, rate = values(8), {"l2": 1.0}

    def loss(x: Any) -> Any:
        return (dot(ws, x) - 1) ** 2 + rate["l2"] * dot(ws, ws)

    def inputs(rng: random.Random) -> tuple[Any, ...]:
        return (numbers(rng, 8),)

    def annealed(x: Any) -> Any:
        out = loss(x)
        rate["l2"] *= 0.99
        return out

    return annealed, ws, inputs


def by_engine(make: Callable[[], Made], steps: int = STEPS) -> tuple[float, list[float]]:
    """Return the seconds of a loop as one writes it, and where the parameters end."""
    loss, parameters, inputs = make()
    rng, optimizer = random.Random(5), SGD(parameters, lr=0.001)
    given = [inputs(rng) for _ in range(steps)]
    start = process_time()
    for numbers in given:
        result = loss(*numbers)
        out = result[0] if isinstance(result, tuple) else result
        optimizer.zero_grad()
        out.backward()
        optimizer.step()
    return process_time() - start, [p.data for p in parameters]


def by_program(make: Callable[[], Made], steps: int = STEPS) -> tuple[float, list[float], Program]:
    """Return the seconds of the same steps compiled, the parameters, and the program."""
    loss, parameters, inputs = make()
    rng, optimizer = random.Random(5), SGD(parameters, lr=0.001)
    given = [inputs(rng) for _ in range(steps)]
    start = process_time()
    made = compile(loss, *given[0])
    for numbers in given:
        made.step(optimizer, *numbers)
    return process_time() - start, [p.data for p in parameters], made


def main() -> None:
    names = [name for name in PROGRAMS if not sys.argv[1:] or any(part in name for part in sys.argv[1:])]
    warnings.simplefilter("ignore")
    by_program(PROGRAMS["a network and a batch"])  # so that NumPy is there
    ratios = []
    print(f"{'':36}× the engine's, the engine's ms, graphs, steps of arrays")
    for name in names:
        engine, ours, made = [], [], None
        for _ in range(TURNS):
            gc.collect()
            engine.append(by_engine(PROGRAMS[name])[0])
            gc.collect()
            seconds, _, made = by_program(PROGRAMS[name])
            ours.append(seconds)
        ratios.append(median(ours) / median(engine))
        assert made
        print(f"{name:36}{ratios[-1]:8.2f}{median(engine) * 1e3:10.1f}{made.recorded:6}{made.uses:6}")
    slow = [name for name, ratio in zip(names, ratios) if ratio > 1.2]
    print(f"median {median(ratios):.2f}; above 1.2: {', '.join(slow) or 'none'}")


if __name__ == "__main__":
    main()
