"""Compiled programs beside others: `python -m benchmarks compiled [--large]` measures, and writes docs/compiled.md.

All run in one process on one core with one thread, in turns, in float64; medians of processor time. Everybody's loss
and gradients agree to 1e-9 before a clock starts. --large adds the network of 256 neurons, whose scalar graph has
eight million nodes.
"""

from __future__ import annotations

import os
from ctypes.util import find_library
from tempfile import mkdtemp

CACHE = mkdtemp()  # where nothing is compiled yet
LINKER = "cvm,blas__ldflags=-lopenblas" if find_library("openblas") else "numba"
for _name, _value in {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",
    "TORCHINDUCTOR_CACHE_DIR": CACHE,
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "PYTENSOR_FLAGS": f"linker={LINKER},base_compiledir={CACHE}",
}.items():
    os.environ.setdefault(_name, _value)

import gc  # noqa: E402
import logging  # noqa: E402
import platform  # noqa: E402
import random  # noqa: E402
import shutil  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable, Sequence  # noqa: E402
from contextlib import suppress  # noqa: E402
from statistics import median  # noqa: E402
from time import process_time  # noqa: E402
from typing import Any, NamedTuple  # noqa: E402

import numpy as np  # noqa: E402

from micrograd_like import data  # noqa: E402
from micrograd_like.compiler.extra import loops  # noqa: E402
from micrograd_like.drawing.plots import curves  # noqa: E402

from . import eager  # noqa: E402
from .array_peers import LIBRARIES, ArrayPeer, CasADi, Jax, JaxScan, NumPy, Torch  # noqa: E402
from .eager import ROOT, in_turns, shown, timed  # noqa: E402
from .networks import Letters, Network, Task  # noqa: E402
from .peers import Micrograd  # noqa: E402
from .programs import Ours, OursFit, OursLooped  # noqa: E402

LARGE = "--large" in sys.argv
SIZES = {4: 0, 8: 0, 16: 6, 32: 0, 64: 45, 128: 0, 256: 650}  # microseconds to reach, where there is such a number
PRODUCTS = "of that, products of matrices"
DRAWN = {  # who is drawn over n
    "ours": OursLooped.name, "JAX scan": JaxScan.name, "PyTensor": "PyTensor", "by hand": NumPy.name,
}  # fmt: skip


class Result(NamedTuple):
    """The median seconds of a step, and those of compiling."""

    step: float
    compiled: float | None


Results = dict[str, Result]


def spent() -> float:
    """Return the processor time of this process and of those that it called and that have ended."""
    return process_time() + os.times().children_user + os.times().children_system


def contest(task: Task, kinds: Sequence[type[ArrayPeer]]) -> tuple[Results, dict[str, Any]]:
    """Let all who are importable learn the task, in turns; return what was measured, and the peers."""
    here: dict[str, Any] = {}
    compiled: dict[str, float | None] = {}
    for kind in kinds:
        try:
            start = spent()
            peer = kind(task)
        except ImportError:
            continue
        peer.run()
        compiled[kind.name] = spent() - start - timed(peer.run) if peer.compiles else peer.seconds
        task.agree(kind.name, *peer.first())
        here[kind.name] = peer
    gc.collect()
    gc.freeze()
    medians = in_turns({name: peer.run for name, peer in here.items()}, 1.0)
    gc.unfreeze()
    return {name: Result(seconds / here[name].steps, compiled[name]) for name, seconds in medians.items()}, here


def alone(act: Callable[[], Any]) -> float:
    """Return the seconds of one call, in which what was there before is nobody's to search for cycles."""
    gc.collect()
    gc.freeze()
    seconds = timed(act)
    gc.unfreeze()
    return seconds


# ---- tables ----


def table(title: str, results: Results, ours: str, unit: float, name: str, goal: float, said: str) -> str:
    """Return a Markdown table, fastest first, with how many times as much as ours each takes."""
    lines = [f"## {title}\n\nTo reach: {goal:g} {name}.\n", f"| | {name} | × ours | compile, ms |", "|---|--:|--:|--:|"]
    for who, (step, seconds) in sorted(results.items(), key=lambda row: row[1].step):
        compiled = "" if seconds is None else shown(seconds * 1e3)
        lines.append(f"| {who} | {shown(step * unit)} | {shown(step / results[ours].step)} | {compiled} |")
    return "\n".join([*lines, "", said, ""])


def by_size(title: str, rows: dict[str, dict[int, float | None]], goals: dict[int, int]) -> str:
    """Return a Markdown table with a column for each n."""
    columns = list(goals)
    lines = [f"| {title} | {' | '.join([f'n = {n}' for n in columns])} |", f"|---|{'--:|' * len(columns)}"]
    for who, cells in rows.items():
        numbers = [cells.get(n) for n in columns]
        lines.append(f"| {who} | {' | '.join(['' if x is None else shown(x) for x in numbers])} |")
    return "\n".join(lines) + "\n"


# ---- what is measured ----


def moons() -> str:
    X, y = data.moons(100, labels=(-1, 1))
    task = Network([2, 16, 16, 1], [(X, y)], "hinge", 1e-4, loop=1000)
    results, here = contest(task, [Ours, OursLooped, OursFit, JaxScan, *LIBRARIES])
    graph = captured(task)
    inner = {name: results.pop(name) for name in (OursLooped.name, OursFit.name, JaxScan.name) if name in results}
    with suppress(ImportError):
        results["micrograd, once"] = Result(micrograd_moons(X, y, task), None)
    count, products, rest = here[Ours.name].parts()
    outside = results[Ours.name].step - inner[OursLooped.name].step
    steps = (
        f"What limits it: {outside * 1e6:.1f} µs are the call, in which parameters and gradients go from and to their "
        f"Values, {products * 1e6:.1f} µs products of matrices, {rest * 1e6:.1f} µs all else, lane by lane."
    )
    inside = (
        f"What limits it: {count} instructions, none of which has more than 1,600 lanes, so that starting one costs as "
        "much as what it computes. `program.fit` deals the examples into batches in Python."
    )
    title = "Moons: MLP 2-16-16-1, 100 points, hinge + L2, SGD"
    return "\n".join(
        [
            table(f"{title}, one call from Python a step", results, Ours.name, 1e6, "µs", 15, steps),
            table(f"{title}, the loop inside", inner, OursLooped.name, 1e6, "µs", 8, inside),
            graph,
        ]
    )


def captured(task: Network) -> str:
    """Return how long it takes to find the arrays in the unrolled graph."""
    times = []
    for _ in range(7):
        Ours.compiled.cache_clear()
        ours = Ours(task)
        times.append((ours.built, ours.seconds))
    built, seconds = [median(column) * 1e3 for column in zip(*times)]
    return (
        "## Capture and compile\n\nTo reach: 150 ms for the graph of the moons step, on top of building it.\n\n"
        f"Its {len(ours.program.now.graph):,} scalars take {shown(built)} ms to build, and then {shown(seconds)} ms to "
        "capture, to find the arrays in, to compile and to hold against the engine.\nWhat limits it: finding lanes, a "
        "pass over the scalars in Python.\n\n"
        f"## Memory\n\nTo reach: 24 bytes a scalar and lane. The same program runs in {shown(ours.bytes_a_node())}.\n"
    )


def micrograd_moons(X: Any, y: Any, task: Task) -> float:
    """Return the seconds of one step of micrograd, whose gradients must be the same."""
    values: list[Any] = task.model.parameters()  # type: ignore[attr-defined]
    number = {value: i for i, value in enumerate(task.values)}
    numbers = np.concatenate([w.ravel() for w in task.weights])[[number[value] for value in values]]
    slopes: list[float] = []
    seconds = alone(lambda: slopes.extend(Micrograd().run(eager.moons_loss(X, y), numbers.tolist())))
    flat = np.zeros(len(values))
    flat[[number[value] for value in values]] = slopes
    right = [np.zeros(shape) for shape in task.shapes]
    task.agree("micrograd", task.by_hand(task.weights, right, *task.examples[0]), task.split(flat))
    return seconds


def digits() -> str:
    X, y = data.digits()
    X, targets = [[pixel / 16 for pixel in row] for row in X], [data.one_hot(int(k), 10) for k in y]
    order = list(range(len(X)))
    random.Random(1).shuffle(order)
    chosen = [order[start : start + 32] for start in range(0, len(X) - 31, 32)]
    task = Network([64, 32, 10], [([X[i] for i in b], [targets[i] for i in b]) for b in chosen], "softmax")
    results, here = contest(task, [OursLooped, OursFit, Ours, JaxScan, *[k for k in LIBRARIES if k is not CasADi]])
    epochs = {name: Result(len(chosen) * step, seconds) for name, (step, seconds) in results.items()}
    said = (
        f"An epoch is {len(chosen)} steps. Ours, JAX scan and `program.fit` go over the batches inside; the others are "
        "called for each. `program.fit` is called for 20 epochs, reads the data first, and deals them out in Python. "
        f"What limits it: {here[Ours.name].parts()[1] * len(chosen) * 1e3:.2f} ms are products of matrices."
    )
    title = "Digits: MLP 64-32-10, softmax cross-entropy, minibatches of 32, one epoch"
    return table(title, epochs, OursLooped.name, 1e3, "ms", 1.0, said)


def multiply_adds(n: int) -> int:
    """Return how many a step of n-n-n-1 needs on 32 examples: forward, by weights, and by inputs but the first."""
    return 32 * (2 * n * n + n) * 3 - 32 * n * n


def sizes(speed: float) -> str:
    rng = random.Random(1)
    goals = {n: goal for n, goal in SIZES.items() if LARGE or n < 256}
    steps: dict[str, dict[int, float | None]] = {"to reach": {n: goal or None for n, goal in goals.items()}}
    steps |= {OursLooped.name: {}, PRODUCTS: {}}
    compiled: dict[str, dict[int, float | None]] = {}
    for n in goals:
        X = [[rng.gauss(0, 1) for _ in range(n)] for _ in range(32)]
        batch = X, [rng.choice([-1, 1]) for _ in range(32)]
        task = Network([n, n, n, 1], [batch], "hinge", loop=200 if n < 100 else 20)
        kinds = [OursLooped, Ours, JaxScan, *[k for k in LIBRARIES if k is not CasADi]]
        results, here = contest(task, kinds)
        steps[PRODUCTS][n] = here[Ours.name].parts()[1] * 1e6
        for name, (step, seconds) in results.items():
            steps.setdefault(name, {})[n] = step * 1e6
            if seconds is not None and name != OursLooped.name:
                compiled.setdefault(name, {})[n] = seconds * 1e3
    rates = {
        label: [1e3 * (steps[name][n] or 0) / multiply_adds(n) for n in goals]
        for label, name in DRAWN.items()
        if name in steps
    }
    title, below = "A step of n-n-n-1: ns a multiply-add", "x, for n = 4 · 2^x"
    curves(rates, title=title, x_label=below, y_label="ns", log=True).save(ROOT / "docs" / "compiled.svg")
    ours: dict[int, float | None] = {n: 1 / rate for n, rate in zip(goals, rates["ours"])}
    return (
        "## MLP n-n-n-1, batch 32, hinge, SGD: one step\n\n"
        + by_size("µs", steps, goals)
        + f"\nIn {OursLooped.name}, and JAX scan many steps are one call; the others are called for each.\n\n"
        + "![Nanoseconds a multiply-add, over n](compiled.svg)\n\n"
        + by_size("G multiply-adds a second", {OursLooped.name: ours}, goals)
        + "\nWhat limits it: where n is small, starting instructions; then the products of matrices, for which NumPy's "
        f"{shown(speed)} is the measure;\nand where n is large, also the update, which passes over all weights. "
        "A call from Python reads and writes the Value of each weight.\n\n"
        + by_size("capture or compile, ms", compiled, goals)
    )


def letters() -> str:
    task = Letters()
    results, here = contest(task, [Ours, NumPy, Torch, Jax, CasADi])
    with suppress(ImportError):
        results["micrograd, once, 7.5 positions"] = Result(alone(eager.Gpt(Micrograd().number)) / 2, None)
    count, products, rest = here[Ours.name].parts()
    graphs = sum(map(len, here[Ours.name].program.variants.values()))
    said = (
        f"Names of {', '.join(map(str, task.lengths))} letters in turn, {task.positions:g} positions on average. "
        f"Ours is one program with {graphs} graphs, one for each length, in which a letter is data. JAX compiles for "
        f"each length too, CasADi for each name. What limits it: {count} small instructions, "
        f"{(products + rest) * 1e3:.2f} ms for the last name, and the call, which reads and writes the Values of "
        f"{len(task.values):,} parameters."
    )
    return table("A step of examples/gpt.py, with Adam", results, Ours.name, 1e3, "ms", 0.25, said)


def warm_up() -> None:
    """Let everybody compile something small, because what is done once on a machine is not to be measured."""
    batch = [[0.5, -1.0], [1.0, 2.0]], [1, -1]
    _, here = contest(Network([2, 3, 1], [batch], "hinge", loop=2), [Ours, JaxScan, *LIBRARIES])
    for kind in LIBRARIES:
        if kind.name not in here:
            print(f"{kind.name} is not installed, and left out.")


def main() -> None:
    if not loops():
        sys.exit("The loops in C are not built. Write: python setup.py build_ext --inplace")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    sys.setrecursionlimit(10**6)  # micrograd recurses
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    warm_up()
    A = np.random.default_rng(1).normal(size=(512, 512))
    speed = 512**3 / min([timed(lambda: A @ A) for _ in range(20)]) / 1e9
    loop = min([timed(lambda: eager.loop_on_floats(10**5)) for _ in range(9)]) * 1e4
    command = f"python -m benchmarks compiled{' --large' * LARGE}"
    parts = [
        "# How fast compiled programs are\n\n"
        f"`{command}` wrote this page: one process, one core, one thread, in turns, float64, medians of processor\n"
        "time. Everybody's loss and gradients agreed to 1e-9 before. A step is loss, gradients and update.\n"
        "Compile time is processor time too, with that of the compilers that are called; caches on disk start empty.\n"
        f"Python {platform.python_version()} on {platform.machine()} {platform.system()}. To compare machines: "
        f"here a loop of Python floats takes {shown(loop)} ns an operation,\nand NumPy's product of two 512×512 "
        f"matrices makes {shown(speed)} G multiply-adds a second.\n"
    ]
    print(parts[0], flush=True)
    measures: list[Callable[[], str]] = [moons, digits, lambda: sizes(speed), letters]
    for measure in measures:
        parts.append(measure())
        print(parts[-1], flush=True)
    (ROOT / "docs" / "compiled.md").write_text("\n".join(parts), encoding="utf-8")
    shutil.rmtree(CACHE)
