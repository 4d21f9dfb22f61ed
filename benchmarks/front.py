"""The numbers on the front page: `python -m benchmarks front` measures them, and prints what README.md says.

One process, one core, in turns; the median of processor time. Needs micrograd (pip install micrograd) and NumPy.
"""

from __future__ import annotations

import gc
import random
import runpy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import process_time
from typing import Any

from micrograd_like import MLP, SGD, Value, data, losses
from micrograd_like.compiler import compile

from .eager import GPT, Gpt, LectureMLP, lecture_step
from .peers import Micrograd

TURNS = 5
WAYS = "in micrograd", "in micrograd without its garbage collector", "with the import changed", "compiled"


@contextmanager
def no_collector() -> Iterator[None]:
    """Switch the garbage collector off: it walks through micrograd's graph again and again while it grows."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def seconds(run: Callable[[], object], repeat: int = 1) -> float:
    """Return the processor time of one run."""
    gc.collect()
    start = process_time()
    for _ in range(repeat):
        run()
    return (process_time() - start) / repeat


def moons() -> dict[str, list[float]]:
    """Measure a step of micrograd's demo: a network 2-16-16-1, 100 points, hinge loss and L2, backward, update."""
    X, y = data.moons(100, labels=(-1, 1))
    other, ours, network = LectureMLP(Micrograd().number), LectureMLP(Value), MLP(2, [16, 16, 1], rng=1)
    optimizer = SGD(network.parameters(), lr=0.01)

    def loss(X: Any, y: Any) -> Any:
        return losses.hinge([network(x) for x in X], y) + losses.l2(network.parameters())

    program = compile(loss, X, y)
    found: dict[str, list[float]] = {name: [] for name in WAYS}
    number = Micrograd().number
    for _ in range(TURNS):
        found[WAYS[0]].append(seconds(lambda: lecture_step(number, other, X, y, 99)))
        with no_collector():
            found[WAYS[1]].append(seconds(lambda: lecture_step(number, other, X, y, 99)))
        found[WAYS[2]].append(seconds(lambda: lecture_step(Value, ours, X, y, 99), 5))
        found[WAYS[3]].append(seconds(lambda: program.step(optimizer, X, y), 200))
    return found


def gpt() -> dict[str, list[float]]:
    """Measure a training step of examples/gpt.py on a name of six letters."""
    lesson = runpy.run_path(str(GPT), run_name="lesson")
    names = lesson["read_names"](GPT.with_name("names.txt"))
    letters, name = lesson["alphabet"](names), next(name for name in names if len(name) == 6)
    slow, model = Gpt(Micrograd().number), lesson["new_model"](letters, random.Random(42))
    fast, compiled = lesson["Adam"](lesson["parameters"](model)), lesson["compiled_step"](model)
    compiled(name, model, letters, None, 0.001)
    found: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(TURNS):
        found[WAYS[0]].append(seconds(slow) / 2)  # it learns from two names
        with no_collector():
            found[WAYS[1]].append(seconds(slow) / 2)
        found[WAYS[2]].append(seconds(lambda: lesson["train_step"](name, model, letters, fast, 0.001), 3))
        found[WAYS[3]].append(seconds(lambda: compiled(name, model, letters, None, 0.001), 100))
    return found


def told(what: str, found: dict[str, list[float]]) -> str:
    """Return the medians as one sentence."""
    parts = [f"{median(times) * 1000:.3g} ms {name}" for name, times in found.items()]
    return f"{what}: {', '.join(parts)}."


def main() -> None:
    print(told("A step of micrograd's moons demo", moons()))
    print(told("A step of a GPT in scalars", gpt()))
