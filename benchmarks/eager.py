"""The engine beside others: `python -m benchmarks eager` measures, prints, and writes docs/eager.md.

All run in one process on one core, in turns, so that a noisy machine is as noisy for each; medians of processor time
are compared. Memory is that of a fresh process for each engine.
"""

from __future__ import annotations

import gc
import math
import os
import platform
import random
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from micrograd_like import MLP, SGD, Adam, Value, data
from micrograd_like.losses import hinge, l2

from .peers import Micrograd, Ours, Peer, Torch, Xad, importable

ROOT = Path(__file__).parent.parent
GPT = ROOT / "examples" / "gpt.py"
OURS = "ours, in C"
PATIENCE = 5.0  # seconds for each engine and task, beyond three turns
SIZES = (2, 16, 16, 1)
LOOP = "10^5 nodes of mul, add, tanh, exp in a plain loop: build and backward"
SMALL = "BurTorch's graph of 7 operations: build and backward"
MOONS = "A step on moons: MLP 2-16-16-1, 100 points, hinge and L2, backward, update"
LESSON = "A step of examples/gpt.py, 7.5 positions"
MEMORY = "Memory of the loop's graph"
MUST = {  # at most, and how many times less than micrograd
    LOOP: (45, 120),
    SMALL: (0.6, 0),
    MOONS: (6, 100),
    LESSON: (8, 0),
    MEMORY: (80, 0),
}
Measured = tuple[str, str, dict[str, float]]


# ---- what is measured ----


def loop(count: int) -> Callable[[Peer, Sequence[Any]], Any]:
    """Return a program of `count` operations, in turn mul, add, tanh, exp."""

    def task(peer: Peer, leaves: Sequence[Any]) -> Any:
        x, w, b = leaves
        if isinstance(peer, Ours | Micrograd | Torch):  # methods, as people write them
            for _ in range(count // 4):
                x = x * w
                x = x + b
                x = x.tanh()
                x = x.exp()
            return x
        tanh, exp = peer.function("tanh"), peer.function("exp")
        for _ in range(count // 4):
            x = x * w
            x = x + b
            x = tanh(x)
            x = exp(x)
        return x

    return task


def loop_on_floats(count: int) -> None:
    x, w, b, tanh, exp = 0.5, 0.9, 0.1, math.tanh, math.exp
    for _ in range(count // 4):
        x = x * w
        x = x + b
        x = tanh(x)
        x = exp(x)


def small_graph(peer: Peer, leaves: Sequence[Any]) -> Any:
    """The graph of 7 operations in Burlachenko and Richtárik, BurTorch, 2025."""
    a, b = leaves
    e = (a + b) - (a * b + b**3)
    return e**2 / 2


def small_step(number: Any) -> Any:
    """The same without a detour, for those that are to be measured in tenths of microseconds."""
    a, b = number(-41.0), number(2.0)
    e = (a + b) - (a * b + b**3)
    (e**2 / 2).backward()
    return a.grad, b.grad


class LectureMLP:
    """A network as the lecture writes it."""

    def __init__(self, number: Any, sizes: Sequence[int] = SIZES) -> None:
        rng = random.Random(1337)
        self.layers = [
            [([number(rng.uniform(-1, 1)) for _ in range(nin)], number(0.0)) for _ in range(nout)]
            for nin, nout in pairwise(sizes)
        ]

    def __call__(self, x: Sequence[Any]) -> Any:
        for layer in self.layers:
            x = [sum((wi * xi for wi, xi in zip(w, x)), b) for w, b in layer]
            if layer is not self.layers[-1]:
                x = [z.relu() for z in x]
        return x[0]

    def parameters(self) -> list[Any]:
        return [p for layer in self.layers for w, b in layer for p in [*w, b]]


def lecture_step(number: Any, model: Any, X: Sequence[Sequence[float]], y: Sequence[int], step: int) -> float:
    """One step of micrograd's moons demonstration."""
    inputs = [list(map(number, row)) for row in X]
    scores = list(map(model, inputs))
    margins = [(1 + -yi * score).relu() for yi, score in zip(y, scores)]
    data_loss = sum(margins) * (1.0 / len(margins))
    reg_loss = 1e-4 * sum(p * p for p in model.parameters())
    total_loss = data_loss + reg_loss
    for p in model.parameters():
        p.grad = 0.0
    total_loss.backward()
    rate = 1.0 - 0.9 * step / 100
    for p in model.parameters():
        p.data -= rate * p.grad
    return float(total_loss.data)


def our_step(model: MLP, optimizer: SGD, X: Sequence[Sequence[float]], y: Sequence[int]) -> float:
    """The same step with our network, loss and optimizer."""
    cost = hinge([model(x) for x in X], y) + l2(model.parameters())
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
    return float(cost.data)


def moons_loss(X: Sequence[Sequence[float]], y: Sequence[int]) -> Callable[[Peer, Sequence[Any]], Any]:
    """Return the same loss as a function of the parameters, for engines whose numbers do not change."""

    def task(peer: Peer, leaves: Sequence[Any]) -> Any:
        p, relu, margins = iter(leaves), peer.function("relu"), []
        layers = [[([next(p) for _ in range(nin)], next(p)) for _ in range(nout)] for nin, nout in pairwise(SIZES)]
        for row, yi in zip(X, y):
            x: Sequence[Any] = row
            for layer in layers:
                x = [sum([wi * xi for wi, xi in zip(w, x)], b) for w, b in layer]
                if layer is not layers[-1]:
                    x = [relu(z) for z in x]
            margins.append(relu(1 - yi * x[0]))
        first, *others = leaves
        return sum(margins[1:], margins[0]) * (1.0 / len(X)) + 1e-4 * sum([w * w for w in others], first * first)

    return task


class Gpt:
    """examples/gpt.py with another import; a call learns from two names, of 7 and of 8 positions."""

    def __init__(self, number: Any, adam: Any = None) -> None:
        gpt: dict[str, Any] = {"Value": number, "Rows": list, "__name__": "gpt", "__file__": str(GPT)}
        source = GPT.read_text(encoding="utf-8").splitlines(keepends=True)
        exec(compile("".join([line for line in source if "micrograd_like" not in line[:20]]), str(GPT), "exec"), gpt)
        names = gpt["read_names"](GPT.with_name("names.txt"))
        self.names = [next(name for name in names if len(name) == size) for size in (6, 7)]
        self.letters, self.train_step = gpt["alphabet"](names), gpt["train_step"]
        self.model = gpt["new_model"](self.letters, random.Random(42))
        self.optimizer = (adam or gpt["Adam"])(gpt["parameters"](self.model))

    def __call__(self) -> None:
        for name in self.names:
            self.train_step(name, self.model, self.letters, self.optimizer, 0.01)


class OurAdam:
    """Our optimizer, called as the lesson calls its own."""

    def __init__(self, params: list[Any]) -> None:
        self.adam = Adam(params, lr=0.01, betas=(0.85, 0.99))

    def step(self, lr: float) -> None:
        self.adam.step()
        self.adam.zero_grad()


# ---- measuring ----


def timed(act: Callable[[], Any], calls: int = 1) -> float:
    """Return the seconds of a call, on average over `calls`."""
    start = process_time()
    for _ in range(calls):
        act()
    return (process_time() - start) / calls


def in_turns(contenders: dict[str, Callable[[], Any]], unit: float) -> dict[str, float]:
    """Return the median time of a call in units of a second. The fast are called often, the slow have fewer turns."""
    calls, times = {}, {}
    for name, act in contenders.items():
        try:
            calls[name], times[name] = 1 + int(0.1 / timed(act)), list[float]()
        except (Exception, RecursionError) as error:
            print(f"  {name}: {type(error).__name__}: {str(error)[:90]}")
    for turn in range(15):
        for name, count in calls.items():
            if turn < 3 or sum(times[name]) * count < PATIENCE:
                times[name].append(timed(contenders[name], count))
    return {name: median(seconds) / unit for name, seconds in times.items()}


def measure_loop(peers: list[Peer]) -> Measured:
    count = 10**5
    contenders: dict[str, Callable[[], Any]] = {
        peer.name: partial(peer.run, loop(count), [0.5, 0.9, 0.1]) for peer in peers
    }
    contenders["Python floats, no gradient"] = partial(loop_on_floats, count)
    return LOOP, "ns a node", in_turns(contenders, 1e-9 * count)


def measure_small(peers: list[Peer]) -> Measured:
    contenders: dict[str, Callable[[], Any]] = {
        peer.name: partial(small_step, peer.number)
        if isinstance(peer, Ours | Micrograd)
        else partial(peer.run, small_graph, [-41.0, 2.0])
        for peer in peers
    }
    return SMALL, "µs", in_turns(contenders, 1e-6)


def measure_moons(peers: list[Peer]) -> Measured:
    X, y = data.moons(100, labels=(-1, 1))
    weights = [p.data for p in LectureMLP(Value).parameters()]
    contenders: dict[str, Callable[[], Any]] = {
        peer.name: partial(lecture_step, peer.number, LectureMLP(peer.number), X, y, 50)
        if isinstance(peer, Ours | Micrograd)
        else partial(peer.run, moons_loss(X, y), weights)
        for peer in peers
    }
    model = MLP(2, [16, 16, 1], rng=1)
    contenders["ours in C, with our nn, loss and SGD"] = partial(our_step, model, SGD(model.parameters(), 0.55), X, y)
    return MOONS, "ms", in_turns(contenders, 1e-3)


def measure_gpt(peers: list[Peer]) -> Measured:
    contenders: dict[str, Callable[[], Any]] = {
        peer.name: Gpt(peer.number) for peer in peers if isinstance(peer, Ours | Micrograd)
    }
    contenders["ours in C, with our Adam"] = Gpt(Value, OurAdam)
    return LESSON, "ms", in_turns(contenders, 2e-3)


# ---- memory, in a process for each ----


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def bytes_a_node(name: str) -> None:
    """Print the memory of a graph, a node; run in a process of its own."""
    peer = next(peer for peer in importable() if peer.name == name)
    count = 10**6 if name == OURS else 10**5
    leaves = [peer.number(x) for x in (0.5, 0.9, 0.1)]
    before = resident()
    kept = loop(count)(peer, leaves)
    print((resident() - before) / count if kept is not None else 0)


def ten_million() -> None:
    """Print the seconds to build, run backward and free 10^7 nodes, and the most memory that took, in GB."""
    seconds = timed(partial(Ours(OURS, Value).run, loop(10**7), [0.5, 0.9, 0.1]))
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)


def in_a_process(call: str) -> list[float]:
    """Return the numbers that a function of this module prints when it has a process to itself."""
    code = f"from benchmarks import eager; eager.{call}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    return [*map(float, done.stdout.splitlines()[-1].split())] if done.returncode == 0 else []


def measure_memory(peers: list[Peer]) -> Measured:
    asked = [peer.name for peer in peers if peer.number and peer.name != Xad.name]  # a tape takes its memory at once
    answers = {name: in_a_process(f"bytes_a_node({name!r})") for name in asked}
    return MEMORY, "bytes a node", {name: answer[0] for name, answer in answers.items() if answer}


# ---- the report ----


def table(title: str, unit: str, rows: dict[str, float]) -> str:
    """Return a Markdown table, fastest first, with how many times as much as ours each takes."""
    (most, times), ours = MUST[title], rows[OURS]
    goal = f"To reach: {most} {unit}" + (f", and {times} times less than micrograd." if times else ".")
    lines = [f"## {title}", "", goal, "", f"| | {unit} | × ours in C |", "|---|--:|--:|"]
    for name, x in sorted(rows.items(), key=lambda row: row[1]):
        lines.append(f"| {name} | {shown(x)} | {shown(x / ours)} |")
    return "\n".join(lines) + "\n"


def shown(x: float) -> str:
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    sys.setrecursionlimit(10**6)  # micrograd recurses
    peers = importable()
    gc.collect()
    gc.freeze()  # what was imported is nobody's to search for cycles while he is timed
    parts = [
        "# How fast the engine is\n\n"
        "`python -m benchmarks eager` wrote this page: one process, one core, in turns, medians of processor time.\n"
        f"Python {platform.python_version()} on {platform.machine()} {platform.system()}.\n"
    ]
    for measure in (measure_loop, measure_small, measure_moons, measure_gpt, measure_memory):
        parts.append(table(*measure(peers)))
        print(parts[-1], flush=True)
    seconds, gigabytes = in_a_process("ten_million()")
    parts.append(
        "## 10^7 nodes built, run backward and freed\n\nTo reach: 2 s, under 1 GB.\n\n"
        f"Ours in C: {shown(seconds)} s, at most {shown(gigabytes)} GB.\n"
    )
    print(parts[-1])
    (ROOT / "docs" / "eager.md").write_text("\n".join(parts), encoding="utf-8")
