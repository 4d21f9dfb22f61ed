"""All sequences of calls on a small graph, on the engine in C and on the one in Python: `python tests/sequences.py 6`.

After each call both must hold the same nodes, to the bit, and have raised the same error.
"""

import importlib.util
import itertools
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


def seen(nodes: list[Any], module: Any) -> list[Any]:
    order = module.topological_order(*nodes)
    place = {node: i for i, node in enumerate(order)}
    return [
        (repr(x.data), repr(x.grad), x.op, repr(x.local_grads), [place[i] for i in x.inputs], vars(x).get("note"))
        for x in order
    ] + [place[x] for x in nodes]


def played(module: Any, names: Iterable[str]) -> list[Any]:
    """Return what there is to see after each call."""
    nodes, story = [module.Value(0.25), module.Value(-3.0)], []
    for name in names:
        try:
            CALLS[name](nodes)
            error = ""
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
        story.append((name, error, seen(nodes, module)))
    return story


def main() -> None:
    """Play all sequences of so many calls."""
    from micrograd_like import engine

    pure, length = load_pure(), int(sys.argv[1]) if len(sys.argv) > 1 else 4
    different = 0
    for names in itertools.product(CALLS, repeat=length):
        ours, theirs = played(engine, names), played(pure, names)
        if ours != theirs:
            different += 1
            print(names, next((a, b) for a, b in zip(ours, theirs) if a != b))
    print(f"{len(CALLS) ** length:,} sequences of {length} calls, {different} differences")


if __name__ == "__main__":
    main()
