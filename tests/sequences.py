"""All sequences of calls on a small graph, on the engine in C and on the one in Python: `python tests/sequences.py 5`.

After each call both must hold the same nodes, to the bit, and have raised the same error. `python tests/sequences.py 6
--sample 100000` plays so many of them, and `--programs 100000` long random programs of every operation at any numbers.
Each has a number: `--only 4711` plays that one, and prints what both engines hold.
"""

import argparse
import importlib.util
import math
import random
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
MOST = 4  # nodes


def load_pure() -> ModuleType:
    """Return engine.py as it reads, loaded a second time."""
    spec = importlib.util.spec_from_file_location("micrograd_like.pure", ROOT / "micrograd_like" / "engine.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def grown(make: Callable[[list[Any]], Any]) -> Callable[[list[Any]], None]:
    """Return the call that adds a node, or where there are enough takes the place of the last."""

    def call(nodes: list[Any]) -> None:
        node = make(nodes)
        nodes[len(nodes) - (len(nodes) >= MOST) :] = [node]

    return call


def zeroed(nodes: list[Any]) -> None:
    for node in nodes:
        node.grad = 0.0


CALLS: dict[str, Callable[[list[Any]], Any]] = {
    "add": grown(lambda n: n[-1] + n[0]),
    "mul": grown(lambda n: n[-1] * n[-2]),
    "times 2": grown(lambda n: 2.0 * n[-1]),
    "maximum": grown(lambda n: n[-1].maximum(n[0])),
    "sqrt": grown(lambda n: n[0].sqrt()),
    "backward": lambda n: n[-1].backward(),
    "of before": lambda n: n[-2].backward(),
    "zero": zeroed,
    "set 0": lambda n: setattr(n[0], "data", 0.0),
    "set -inf": lambda n: setattr(n[1], "data", -float("inf")),
    "slopes": lambda n: setattr(n[-1], "local_grads", n[-1].local_grads),
    "drop": lambda n: n.pop() if len(n) > 2 else None,
    "own": lambda n: setattr(n[-1], "note", len(n)),
}


NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.5, 3.0, 1e-320, 1e200, -1e200, 710.0, math.inf, -math.inf, math.nan]


def of_number(number: int, length: int) -> list[str]:
    """Return the sequence of this number: the calls are its digits."""
    names = list(CALLS)
    return [names[number // len(names) ** i % len(names)] for i in reversed(range(length))]


def program(number: int) -> list[Any]:
    """Return the random program of this number: calls, and operations with places and plain numbers as operands."""
    from micrograd_like.ops import OPS

    draw = random.Random(number)
    steps: list[Any] = []
    for _ in range(draw.randint(4, 20)):
        kind = draw.random()
        if kind < 0.35:
            steps.append(draw.choice(list(CALLS)))
        elif kind < 0.45:
            steps.append(("set", draw.randrange(4), draw.choice(NUMBERS)))
        else:
            op = draw.choice(list(OPS.values()))
            operands = [draw.choice(NUMBERS) if draw.random() < 0.2 else draw.randrange(4) for _ in range(op.arity)]
            if all(isinstance(x, float) for x in operands):
                operands[0] = 0
            steps.append((op.name, *operands))
    return steps


def call_of(step: Any) -> Callable[[list[Any]], Any]:
    """Return what a step does to the nodes: a whole number means the node at that place, a float itself."""
    if isinstance(step, str):
        return CALLS[step]
    name, *operands = step
    if name == "set":
        return lambda n: setattr(n[operands[0] % len(n)], "data", operands[1])
    from micrograd_like.ops import OPS

    return grown(lambda n: OPS[name](*[n[x % len(n)] if isinstance(x, int) else x for x in operands]))


def seen(nodes: list[Any], module: Any) -> list[Any]:
    order = module.topological_order(*nodes)
    place = {node: i for i, node in enumerate(order)}
    return [
        (repr(x.data), repr(x.grad), x.op, repr(x.local_grads), [place[i] for i in x.inputs], vars(x).get("note"))
        for x in order
    ] + [place[x] for x in nodes]


def played(module: Any, names: Iterable[Any]) -> list[Any]:
    """Return what there is to see after each call."""
    nodes, story = [module.Value(0.25), module.Value(-3.0)], []
    for name in names:
        try:
            call_of(name)(nodes)
            error = ""
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
        story.append((name, error, seen(nodes, module)))
    return story


def main() -> int:
    """Play what is asked for; the exit code is 1 where the engines differ."""
    from micrograd_like import engine

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("length", type=int, nargs="?", default=4)
    parser.add_argument("--sample", type=int, help="so many, drawn")
    parser.add_argument("--programs", type=int, help="so many random programs in place of sequences")
    parser.add_argument("--only", type=int, help="the number of one")
    options = parser.parse_args()
    pure, all_of_them = load_pure(), len(CALLS) ** options.length
    numbers: Iterable[int] = range(options.programs or all_of_them)
    if options.sample:
        numbers = [random.Random(i).randrange(all_of_them) for i in range(options.sample)]
    if options.only is not None:
        numbers = [options.only]
    count = different = 0
    for number in numbers:
        steps = of_number(number, options.length) if options.programs is None else program(number)
        ours, theirs = played(engine, steps), played(pure, steps)
        count += 1
        if ours != theirs:
            different += 1
            print(f"number {number}: {steps}", *next((a, b) for a, b in zip(ours, theirs) if a != b), sep="\n  ")
        elif options.only is not None:
            print(*ours, sep="\n")
    what = "random programs" if options.programs is not None else f"sequences of {options.length} calls"
    print(f"{count:,} {what}, {different} differences")
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
