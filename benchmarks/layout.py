"""Our layout beside Graphviz's `dot` on the same boxes: crossings, edge length, time.

Crossings are counted, and lengths measured, on the curves as drawn, each sampled as straight pieces.
"""

import json
import random
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable
from itertools import combinations, pairwise
from math import dist
from time import perf_counter

from micrograd_like.drawing.layout import layout
from micrograd_like.engine import topological_order
from micrograd_like.nn import MLP

Edge = tuple[int, int]
Point = tuple[float, float]
Curves = list[list[Point]]
WIDTH, HEIGHT, RANK_GAP, NODE_GAP = 90.0, 40.0, 40.0, 16.0


def network(nin: int, nouts: list[int]) -> tuple[int, list[Edge]]:
    """Return the number of nodes and the edges of an MLP's squared error at one example."""
    out = MLP(nin, nouts, activation="tanh", rng=1)([0.5] * nin)
    outputs = out if isinstance(out, list) else [out]
    nodes = topological_order(sum((y - 1.0) ** 2 for y in outputs[1:]) + (outputs[0] - 1.0) ** 2)
    number = {node: i for i, node in enumerate(nodes)}
    return len(nodes), [(number[x], number[node]) for node in nodes for x in node.inputs]


def expression(count: int, seed: int) -> tuple[int, list[Edge]]:
    """Return `count` nodes, each made from one or two of the twelve before it."""
    rng = random.Random(seed)
    return count, [
        (rng.randrange(max(0, head - 12), head), head) for head in range(1, count) for _ in range(rng.choice([1, 1, 2]))
    ]


def ours(count: int, edges: list[Edge]) -> Curves:
    return layout([(WIDTH, HEIGHT)] * count, edges, rank_gap=RANK_GAP, node_gap=NODE_GAP).routes


def dots(count: int, edges: list[Edge]) -> Curves:
    """Return dot's curves; its start-up, about 5 ms, is in the time."""
    source = (
        f"digraph {{ rankdir=LR; ranksep={RANK_GAP / 72}; nodesep={NODE_GAP / 72}; edge [arrowhead=none];"
        f'node [shape=box, fixedsize=true, label="", width={WIDTH / 72}, height={HEIGHT / 72}];'
        + "".join(f"{tail} -> {head};" for tail, head in edges)
        + "}"
    )
    run = subprocess.run(["dot", "-Tjson"], input=source, capture_output=True, text=True, check=True)
    drawn = [edge["pos"].split() for edge in json.loads(run.stdout)["edges"]]
    return [[(float(x), float(y)) for x, y in (point.split(",") for point in points)] for points in drawn]


def sampled(route: list[Point], pieces: int = 16) -> list[Point]:
    """Return points along a chain of Bézier curves."""
    points = [route[0]]
    for i in range(1, len(route), 3):
        p, q, r, s = route[i - 1 : i + 3]
        for t in [(k + 1) / pieces for k in range(pieces)]:
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            points.append(
                (
                    sum(w * a[0] for w, a in zip(weights, (p, q, r, s))),
                    sum(w * a[1] for w, a in zip(weights, (p, q, r, s))),
                )
            )
    return points


def crossings(curves: Curves) -> int:
    """Return how many pairs of edges cross."""
    cells = defaultdict(list)
    for number, curve in enumerate(curves):
        for (ax, ay), (bx, by) in pairwise(sampled(curve)):
            for i in range(int(min(ax, bx) // 20), int(max(ax, bx) // 20) + 1):
                for j in range(int(min(ay, by) // 20), int(max(ay, by) // 20) + 1):
                    cells[i, j].append((number, (ax, ay), (bx, by)))
    found = set()
    for cell in cells.values():
        for (e, a, b), (f, c, d) in combinations(cell, 2):
            if e != f and (e, f) not in found and cross(a, b, c, d):
                found |= {(e, f), (f, e)}
    return len(found) // 2


def cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    def side(p: Point, q: Point, r: Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) < 0 > side(c, d, a) * side(c, d, b)


def length(curves: Curves) -> float:
    """Return the length of all edges together, in widths of a box."""
    return sum(dist(a, b) for curve in curves for a, b in pairwise(sampled(curve))) / WIDTH


def row(draw: Callable[[int, list[Edge]], Curves], count: int, edges: list[Edge]) -> str:
    times = []
    for _ in range(3):
        start = perf_counter()
        curves = draw(count, edges)
        times.append(perf_counter() - start)
    return f"{crossings(curves):9} {length(curves):8.0f} {min(times) * 1e3:8.1f}"


def main() -> None:
    """Print one row a graph."""
    sizes = [1, 1], [2, 3, 1], [2, 8, 1], [2, 4, 4, 1], [4, 5, 3], [6, 4, 2], [5, 5, 5, 1], [3, 8, 6, 1]
    graphs = [(f"network {'-'.join(map(str, size))}", network(size[0], size[1:])) for size in sizes]
    graphs += [(f"random, seed {seed}", expression(n, seed)) for n in (10, 25, 100, 300) for seed in (0, 1)]
    columns = f"{'crossings':>9} {'length':>8} {'ms':>8}"
    with_dot = shutil.which("dot") is not None
    print(f"{'':18} {'nodes':>5} {'edges':>5} {columns}" + (f"   dot: {columns}" if with_dot else ""))
    for name, (count, edges) in graphs:
        line = f"{name:18} {count:5} {len(edges):5} {row(ours, count, edges)}"
        print(line + (f"        {row(dots, count, edges)}" if with_dot else ""))
    if not with_dot:
        print("There is no `dot` to compare with. On Debian: sudo apt install graphviz.")


if __name__ == "__main__":
    main()
