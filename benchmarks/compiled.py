"""Compiled programs beside others: `python -m benchmarks compiled [--large]` measures and prints.

All run in one process on one core with one thread, in turns, in float64; medians of the wall clock. Everybody's loss
and gradients agree to 1e-9 before a clock starts. --large adds the network of 256 neurons, whose scalar graph has
four million nodes.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import random  # noqa: E402
import runpy  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from statistics import median  # noqa: E402
from time import perf_counter  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from micrograd_like import MLP, SGD, Adam, data, losses, softmax  # noqa: E402
from micrograd_like.compile import Program, Rows, compile  # noqa: E402

GPT = Path(__file__).parent.parent / "examples" / "gpt.py"
LR = 0.01
Weights = list[Any]
Runs = dict[str, tuple[Callable[[], Any], int]]  # what to run, and how many steps it makes


def relu(xp: Any) -> Callable[[Any], Any]:
    """Return what a library calls relu, whose slope at 0 is 0."""
    if xp.__name__ == "torch":
        return xp.relu  # type: ignore[no-any-return]
    if xp.__name__ == "jax.numpy":
        return sys.modules["jax"].nn.relu  # type: ignore[no-any-return]
    return lambda a: a * (a > 0)


class Network:
    """A relu network and a loss on some examples, for everybody the same."""

    def __init__(self, sizes: list[int], X: Any, y: Any, kind: str, l2: float = 0.0) -> None:
        self.sizes, self.X, self.y, self.kind, self.l2 = sizes, np.array(X), np.array(y, dtype=float), kind, l2
        self.model = MLP(sizes[0], sizes[1:], rng=1, init="he")
        self.weights: Weights = []
        for layer in self.model.layers:
            self.weights += [np.array([[w.data for w in row] for row in layer.W]), np.array([b.data for b in layer.b])]

    def scalars(self, X: Any, y: Any) -> Any:
        """Return the loss as a learner writes it."""
        outputs = [self.model(x) for x in X]
        loss: Any = losses.hinge(outputs, y) if self.kind == "hinge" else losses.cross_entropy(outputs, y)
        return loss + losses.l2(self.model.parameters(), self.l2) if self.l2 else loss

    def arrays(self, weights: Weights, X: Any, y: Any, xp: Any) -> Any:
        """Return the loss in the arrays of a library."""
        a = X
        for i in range(0, len(weights), 2):
            a = a @ weights[i].T + weights[i + 1]
            if i + 2 < len(weights):
                a = relu(xp)(a)
        if self.kind == "hinge":
            loss = relu(xp)(1.0 - y * a[:, 0]).mean()
        else:
            shifted = a - a.max(1)[:, None] if xp is np else a - xp.amax(a, 1)[:, None]
            loss = (xp.log(xp.exp(shifted).sum(1)) - (shifted * y).sum(1)).mean()
        return loss + self.l2 * sum([(w * w).sum() for w in weights]) if self.l2 else loss

    def by_hand(self, weights: Weights, X: Any, y: Any) -> tuple[Any, Weights]:
        """Return loss and gradients as one writes them with NumPy."""
        inputs, sums, a = [], [], X
        for i in range(0, len(weights), 2):
            inputs.append(a)
            z = a @ weights[i].T + weights[i + 1]
            sums.append(z)
            a = np.maximum(z, 0.0) if i + 2 < len(weights) else z
        if self.kind == "hinge":
            margin = 1.0 - y * a[:, 0]
            loss, g = np.maximum(margin, 0.0).mean(), (-1.0 * (margin > 0) * y / len(y))[:, None]
        else:
            e = np.exp(a - a.max(1, keepdims=True))
            total = e.sum(1, keepdims=True)
            loss = (np.log(total[:, 0]) + a.max(1) - (a * y).sum(1)).mean()
            g = (e / total - y) / len(y)
        gradients: Weights = [None] * len(weights)
        for i in range(len(weights) - 2, -1, -2):
            gradients[i], gradients[i + 1] = g.T @ inputs[i // 2], g.sum(0)
            if i:
                g = (g @ weights[i]) * (sums[i // 2 - 1] > 0)
        if self.l2:
            loss += self.l2 * sum([(w * w).sum() for w in weights])
            gradients = [g + 2 * self.l2 * w for g, w in zip(gradients, weights)]
        return loss, gradients

    def compiled(self) -> tuple[Program, float, float]:
        """Return the program, and the seconds to build the graph and to compile it."""
        start = perf_counter()
        loss = self.scalars(self.X.tolist(), self.targets())
        built = perf_counter()
        return compile(loss), built - start, perf_counter() - built

    def targets(self) -> Any:
        return [int(k) for k in self.y] if self.kind == "hinge" else self.y.tolist()

    def agree(self, name: str, loss: Any, gradients: Any) -> None:
        """Demand that somebody's loss and gradients are those by hand."""
        expected, right = self.by_hand(self.weights, self.X, self.y)
        assert abs(float(loss) - expected) < 1e-9, (name, float(loss), expected)
        for g, r in zip(gradients, right):
            assert np.allclose(np.asarray(g).reshape(r.shape), r, rtol=1e-9, atol=1e-12), name

    def peers(self, loop: int) -> Runs:
        """Return a step by each library that is here: called from Python, and with `loop` steps in one call."""
        runs: Runs = {}
        weights = [w.copy() for w in self.weights]

        def numpy_step() -> None:
            _, gradients = self.by_hand(weights, self.X, self.y)
            for w, g in zip(weights, gradients):
                w -= LR * g

        runs["NumPy by hand"] = numpy_step, 1
        for add in (self._torch, self._jax, self._autograd):
            try:
                add(runs, loop)
            except ImportError:
                continue
        return runs

    def _torch(self, runs: Runs, loop: int) -> None:
        import torch

        torch.set_num_threads(1)
        X, y = torch.tensor(self.X), torch.tensor(self.y)
        weights = [torch.tensor(w, requires_grad=True) for w in self.weights]
        optimizer = torch.optim.SGD(weights, lr=LR)

        def step() -> None:
            optimizer.zero_grad()
            self.arrays(weights, X, y, torch).backward()
            optimizer.step()

        loss = self.arrays(weights, X, y, torch)
        self.agree("torch", loss.detach(), torch.autograd.grad(loss, weights))
        runs["PyTorch"] = step, 1

    def _jax(self, runs: Runs, loop: int) -> None:
        import jax  # type: ignore[import-not-found,unused-ignore]

        jax.config.update("jax_enable_x64", True)
        X, y = jax.numpy.array(self.X), jax.numpy.array(self.y)
        both = jax.value_and_grad(lambda w: self.arrays(w, X, y, jax.numpy))

        @jax.jit
        def step(weights: Weights) -> Weights:
            return [w - LR * g for w, g in zip(weights, both(weights)[1])]

        @jax.jit
        def many(weights: Weights) -> Weights:
            return jax.lax.scan(lambda w, _: (step(w), None), weights, None, length=loop)[0]

        state = {"weights": [jax.numpy.array(w) for w in self.weights]}
        self.agree("jax", *both(state["weights"]))

        def run(function: Any) -> Callable[[], None]:
            def call() -> None:
                state["weights"] = jax.block_until_ready(function(state["weights"]))

            return call

        runs["JAX jit"], runs["JAX scan"] = (run(step), 1), (run(many), loop)

    def _autograd(self, runs: Runs, loop: int) -> None:
        import autograd
        import autograd.numpy as anp

        if self.kind != "hinge":
            return
        gradient = autograd.grad(lambda w: self.arrays(w, self.X, self.y, anp))
        weights = [w.copy() for w in self.weights]
        self.agree("autograd", self.arrays(weights, self.X, self.y, anp), gradient(weights))

        def step() -> None:
            for w, g in zip(weights, gradient(weights)):
                w -= LR * g

        runs["autograd"] = step, 1


def measure(runs: Runs, patience: float = 0.3) -> dict[str, float]:
    """Return the median seconds of a step of each, run in turns."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    repeats = {}
    for name, (run, _) in runs.items():
        run()
        start = perf_counter()
        run()
        repeats[name] = max(1, int(0.005 / max(perf_counter() - start, 1e-7)))
    for _ in range(max(5, int(patience / 0.005 / max(len(runs), 1)))):
        for name, (run, steps) in runs.items():
            start = perf_counter()
            for _ in range(repeats[name]):
                run()
            times[name].append((perf_counter() - start) / repeats[name] / steps)
    return {name: median(seconds) for name, seconds in times.items()}


def show(title: str, measured: dict[str, float], unit: float, target: float, ours: str, note: str = "") -> None:
    """Print a table: everybody's time, and how many times ours that is."""
    name = {1e6: "µs", 1e3: "ms"}[unit]
    print(f"\n{title}{note}")
    for who, seconds in sorted(measured.items(), key=lambda row: row[1]):
        goal = f"   to reach: {target:g}" if who == ours else ""
        print(f"  {who:24} {seconds * unit:10.2f} {name}   {seconds / measured[ours]:7.2f} x{goal}")


def looped(program: Any, optimizer: Any, count: int, rows: Any = None) -> Callable[[], Any]:
    """Return a run of many steps inside the backend."""
    program.step(optimizer)
    given = np.repeat(program.now.memory[program.now.inputs][None], count, 0) if rows is None else rows
    return lambda: program.now.train(given)


def moons() -> None:
    X, y = data.moons(100, labels=(-1, 1))
    net = Network([2, 16, 16, 1], X, y, "hinge", 1e-4)
    _, built, seconds = net.compiled()
    best = min([net.compiled()[2] for _ in range(5)])
    program, *_ = net.compiled()
    program()
    net.agree(
        "ours",
        program.loss,
        [
            np.array([[w.grad for w in row] for row in layer.W]) if k == 0 else np.array([b.grad for b in layer.b])
            for layer in net.model.layers
            for k in (0, 1)
        ],
    )
    optimizer = SGD(net.model.parameters(), lr=LR)
    runs = {"ours, one call a step": (lambda: program.step(optimizer), 1)} | net.peers(1000)
    scan = runs.pop("JAX scan", None)
    show("Moons step, one call from Python", measure(runs), 1e6, 15, "ours, one call a step")
    loops: Runs = {"ours, the loop inside": (looped(program, optimizer, 1000), 1000)}
    show(
        "Moons step, the loop inside",
        measure(loops | ({"JAX scan": scan} if scan else {})),
        1e6,
        8,
        "ours, the loop inside",
    )
    print(
        f"\nMoons: building the scalar graph {built * 1e3:.0f} ms, capture and compile {best * 1e3:.0f} ms "
        f"(to reach: 150; the first time in a process {seconds * 1e3:.0f})"
    )


def digits() -> None:
    X, y = data.digits()
    X = [[pixel / 16 for pixel in row] for row in X]
    targets = [data.one_hot(int(k), 10) for k in y]
    net = Network([64, 32, 10], X[:32], targets[:32], "softmax")
    start = perf_counter()
    program = compile(net.scalars, X[:32], targets[:32])
    seconds = perf_counter() - start
    optimizer = SGD(net.model.parameters(), lr=LR)
    order = list(range(len(X)))
    random.Random(1).shuffle(order)
    batches = np.array(order[: len(X) // 32 * 32]).reshape(-1, 32)
    A, B = np.array(X), np.array(targets)
    rows = np.concatenate([A[batches].reshape(len(batches), -1), B[batches].reshape(len(batches), -1)], axis=1)
    runs: Runs = {"ours": (looped(program, optimizer, 0, rows), 1)}
    weights = [w.copy() for w in net.weights]

    def by_hand() -> None:
        for batch in batches:
            _, gradients = net.by_hand(weights, A[batch], B[batch])
            for w, g in zip(weights, gradients):
                w -= LR * g

    runs["NumPy by hand"] = by_hand, 1
    try:
        import jax  # type: ignore[import-not-found,unused-ignore]

        jax.config.update("jax_enable_x64", True)
        gradient = jax.grad(lambda w, x, t: net.arrays(w, x, t, jax.numpy))
        step = lambda w, b: ([v - LR * g for v, g in zip(w, gradient(w, jA[b], jB[b]))], None)  # noqa: E731
        jA, jB, jb = jax.numpy.array(A), jax.numpy.array(B), jax.numpy.array(batches)
        epoch = jax.jit(lambda w: jax.lax.scan(step, w, jb)[0])
        state = {"w": [jax.numpy.array(w) for w in net.weights]}
        runs["JAX scan"] = lambda: state.update(w=jax.block_until_ready(epoch(state["w"]))), 1
    except ImportError:
        pass
    show(
        "Digits, one epoch of 56 minibatches of 32",
        measure(runs),
        1e3,
        1.0,
        "ours",
        f" (compile {seconds * 1e3:.0f} ms)",
    )


def sizes(large: bool) -> None:
    rng = random.Random(1)
    for n, target in [(4, 0), (8, 0), (16, 6), (32, 0), (64, 45), *([(256, 650)] if large else [])]:
        X = [[rng.gauss(0, 1) for _ in range(n)] for _ in range(32)]
        net = Network([n, n, n, 1], X, [rng.choice([-1, 1]) for _ in range(32)], "hinge")
        program, _, seconds = net.compiled()
        optimizer = SGD(net.model.parameters(), lr=LR)
        loop = 20 if n > 100 else 200
        runs: Runs = {"ours": (looped(program, optimizer, loop), loop)}
        runs |= {k: v for k, v in net.peers(loop).items() if k in ("NumPy by hand", "JAX scan")}
        work = 32 * (2 * n * n + n) * 3 - 32 * n * n
        took = measure(runs)
        show(
            f"MLP {n}-{n}-{n}-1, batch 32, one step",
            took,
            1e6,
            target,
            "ours",
            f" (compile {seconds * 1e3:.0f} ms, {work / took['ours'] / 1e9:.1f} G multiply-adds/s)",
        )


def gpt() -> None:
    lesson = runpy.run_path(str(GPT), run_name="lesson")
    names = lesson["read_names"](GPT.with_name("names.txt"))
    letters = lesson["alphabet"](names)
    model = lesson["new_model"](letters, random.Random(42))
    model["token"] = Rows(model["token"])
    predict = lesson["predict"]
    predict.__globals__["softmax"] = softmax  # whose largest number is recorded, as the compiled graph must have it

    def loss(text: Any) -> Any:
        keys: list[Any] = []
        values: list[Any] = []
        surprises = []
        for place in range(len(text) - 1):
            odds = Rows(softmax(predict(text[place], place, model, keys, values)))
            surprises.append(-odds[text[place + 1]].log())
        return sum(surprises[1:], surprises[0]) / len(surprises)

    texts = [lesson["tokens"](name, letters)[:17] for name in names[:40]]
    start = perf_counter()
    program = compile(loss, texts[0])
    for text in texts:
        program(text)
    seconds, made = perf_counter() - start, sum(map(len, program.variants.values()))
    optimizer = Adam(lesson["parameters"](model), lr=0.001, betas=(0.85, 0.99))

    def ours() -> None:
        for text in texts:
            program.step(optimizer, text)

    positions = sum([len(text) - 1 for text in texts]) / len(texts)
    show(
        f"Scalar GPT, a step on a name of {positions:.1f} positions",
        measure({"ours": (ours, len(texts))}),
        1e3,
        0.25,
        "ours",
        f" ({made} lengths compiled in {seconds:.1f} s)",
    )


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    moons()
    digits()
    sizes("--large" in sys.argv)
    gpt()
