"""Which column each node of a drawing stands in, and in what order: the first half of `layout`."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import inf
from random import Random

SMALL = 400  # nodes, places where long edges pass among them: beyond, sifting takes too long
TRIES, IDLE = 300, 170  # less one for each node, how often an order is disturbed, and how often for nothing
Edge = tuple[int, int]
Layers = list[list[int]]
Neighbours = Sequence[Sequence[int]]


def ranks(count: int, edges: Sequence[Edge]) -> list[int]:
    """Return a rank for each node of a connected graph: all edges go forward, and together are shortest.

    Network simplex, after Gansner, Koutsofios, North and Vo, "A technique for drawing directed graphs", 1993.
    Moving some nodes on by one makes the total longer by the edges that enter them less those that leave, so
    what cutting a tree edge would gain is a sum over the nodes on one side. Raises ValueError at a cycle.
    """
    rank = longest_paths(count, edges)
    excess = [0] * count  # edges that leave less edges that enter
    for tail, head in edges:
        excess[tail] += 1
        excess[head] -= 1
    tree = _tight_tree(count, edges, rank)
    for _ in range(8 * count):  # many times what is needed; in theory simplex can go round in a circle
        above, order = _rooted(count, edges, tree)
        total = excess[:]
        for node in reversed(order[1:]):
            tail, head = edges[above[node]]
            total[tail + head - node] += total[node]
        cuts = [(total[x] if edges[above[x]][0] == x else -total[x], x) for x in order[1:]]
        cut, node = min(cuts, default=(0, 0))
        if cut >= 0:
            break
        backward = edges[above[node]][0] == node
        moved = {node}
        for x in order[order.index(node) + 1 :]:
            if sum(edges[above[x]]) - x in moved:
                moved.add(x)
        slack, entering = min(
            [
                (rank[head] - rank[tail] - 1, i)
                for i, (tail, head) in enumerate(edges)
                if (tail not in moved and head in moved if backward else tail in moved and head not in moved)
            ]
        )
        for x in moved:
            rank[x] += -slack if backward else slack
        tree.remove(above[node])
        tree.add(entering)
    first = min(rank, default=0)
    return [r - first for r in rank]


def longest_paths(count: int, edges: Sequence[Edge]) -> list[int]:
    """Return for each node the number of edges on the longest path that leads to it."""
    heads: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for tail, head in edges:
        heads[tail].append(head)
        waiting[head] += 1
    rank = [0] * count
    ready = [node for node in range(count) if not waiting[node]]
    for node in ready:  # the list grows while it is read
        for head in heads[node]:
            rank[head] = max(rank[head], rank[node] + 1)
            waiting[head] -= 1
            if not waiting[head]:
                ready.append(head)
    if len(ready) < count:
        raise ValueError("The edges form a cycle, and a layout needs a graph without one. Remove an edge.")
    return rank


def _tight_tree(count: int, edges: Sequence[Edge], rank: list[int]) -> set[int]:
    """Move ranks until edges of length 1 span the graph, and return these edges."""
    tree: set[int] = set()
    inside = {0} if count else set()
    while len(inside) < count:
        out = [i for i, (tail, head) in enumerate(edges) if (tail in inside) != (head in inside)]
        slack, i = min([(rank[edges[i][1]] - rank[edges[i][0]] - 1, i) for i in out])
        for node in inside if slack else ():
            rank[node] += slack if edges[i][0] in inside else -slack
        for i in out:
            tail, head = edges[i]
            if rank[head] - rank[tail] == 1 and (tail in inside) != (head in inside):
                inside |= {tail, head}
                tree.add(i)
    return tree


def _rooted(count: int, edges: Sequence[Edge], tree: set[int]) -> tuple[list[int], list[int]]:
    """Return for each node the tree edge towards node 0, and all nodes in an order that starts there."""
    at: list[list[int]] = [[] for _ in range(count)]
    for i in sorted(tree):
        for node in edges[i]:
            at[node].append(i)
    above, order = [-1] * count, [0] if count else []
    for node in order:  # the list grows while it is read
        for i in at[node]:
            if i != above[node]:
                other = sum(edges[i]) - node
                above[other] = i
                order.append(other)
    return above, order


def ordered(layers: Layers, tails: Neighbours, heads: Neighbours, real: int | None = None) -> Layers:
    """Return the layers with their nodes in an order that makes few edges cross.

    Sweeps of medians and means with exchanges between neighbours, from four starts; the fewest crossings win, and
    single nodes then look for better places. Nodes from `real` on are where long edges pass.
    """
    best, fewest = layers, crossings(layers, tails)
    small = len(tails) <= SMALL
    onward = _walk(layers, layers, heads)
    around = _walk(layers, layers[::-1], [[*x, *y] for x, y in zip(tails, heads)])
    for start, first in (onward, 0), (_mirrored(onward), 2), (around, 0), (_mirrored(around), 1):
        layers, least, idle = start, inf, 0
        for turn in range(first, 40):
            if fewest == 0 or idle > 7:
                break
            layers = _exchanged(layers, tails, heads, ties=turn % 4 < 2)
            if small:
                layers = _sifted(layers, tails, heads, {*range(len(layers))})
            count = crossings(layers, tails)
            least, idle = (count, 0) if count < least else (least, idle + 1)
            if count < fewest:
                best, fewest = layers, count
            middle = _median if turn % 4 < 2 else _mean
            layers = _sweep(layers, tails, middle) if turn % 2 else _sweep(layers[::-1], heads, middle)[::-1]
    return _searched(best, tails, heads, len(tails) if real is None else real) if small else best


def crossings(layers: Layers, tails: Neighbours) -> int:
    """Return how many pairs of edges cross, where every edge joins two layers that follow each other."""
    count = 0
    for above, layer in pairwise(layers):
        place = {x: i for i, x in enumerate(above)}
        seen: list[int] = []
        for x in layer:
            places = [place[tail] for tail in tails[x]]
            count += sum([len(seen) - bisect_right(seen, p) for p in places])
            for p in places:
                insort(seen, p)
    return count


def _walk(layers: Layers, roots: Layers, neighbours: Neighbours) -> Layers:
    """Return the layers in the order in which a walk, depth first, comes by: no tree then crosses itself."""
    layer_of = {x: i for i, layer in enumerate(layers) for x in layer}
    walked: Layers = [[] for _ in layers]
    ahead = [x for layer in reversed(roots) for x in reversed(layer)]
    seen = set()
    while ahead:
        x = ahead.pop()
        if x not in seen:
            seen.add(x)
            walked[layer_of[x]].append(x)
            ahead += reversed(neighbours[x])
    return walked


def _mirrored(layers: Layers) -> Layers:
    return [layer[::-1] for layer in layers]


def _sweep(layers: Layers, neighbours: Neighbours, middle: Callable[[list[int]], float]) -> Layers:
    """Sort each layer by the middle of its neighbours in the one before; nodes without any stay in place."""
    swept = layers[:1]
    for layer in layers[1:]:
        place = {x: i for i, x in enumerate(swept[-1])}
        key = {x: middle(sorted([place[y] for y in neighbours[x]])) for x in layer if neighbours[x]}
        rest = iter(sorted(key, key=key.__getitem__))
        swept.append([next(rest) if x in key else x for x in layer])
    return swept


def _mean(places: list[int]) -> float:
    return sum(places) / len(places)


def _median(places: list[int]) -> float:
    """Return the middle place, or one between the two in the middle, nearer to the closer others."""
    half = len(places) // 2
    if len(places) % 2:
        return places[half]
    left, right = places[half - 1] - places[0], places[-1] - places[half]
    if left == right:
        return (places[half - 1] + places[half]) / 2
    return (places[half - 1] * right + places[half] * left) / (left + right)


def _exchanged(layers: Layers, tails: Neighbours, heads: Neighbours, ties: bool) -> Layers:
    """Exchange nodes side by side while that removes crossings; with `ties` also once where it adds none."""
    layers = [layer[:] for layer in layers]
    place = {x: i for layer in layers for i, x in enumerate(layer)}
    todo = set(range(len(layers)))
    for turn in range(10):
        improved = set()
        for i in sorted(todo):
            layer = layers[i]
            before = {x: sorted([place[y] for y in tails[x]]) for x in layer}
            after = {x: sorted([place[y] for y in heads[x]]) for x in layer}
            for k in range(len(layer) - 1):
                x, y = layer[k : k + 2]
                gain = _inversions(before[x], before[y]) + _inversions(after[x], after[y])
                if gain > 0 or (ties and gain == turn == 0):
                    layer[k : k + 2] = y, x
                    if gain:
                        improved.add(i)
            place.update({x: k for k, x in enumerate(layer)})
        todo = {j for i in improved for j in (i - 1, i, i + 1) if 0 <= j < len(layers)}
    return layers


def _searched(layers: Layers, tails: Neighbours, heads: Neighbours, real: int) -> Layers:
    """Move nodes at random and sift again, as long as nothing gets worse; the same on every run.

    What counts is how many pairs of edges cross, and how often. Small graphs get many tries, which they are worth:
    a learner looks at them for minutes.
    """
    rng = Random(1)
    wide = [i for i, layer in enumerate(layers) if len(layer) > 1]
    layers = _sifted(layers, tails, heads, {*wide})
    edge_of = _edges(layers, heads, real)
    gaps = [_crossing(above, layer, heads, edge_of) for above, layer in pairwise(layers)]
    fewest = len(frozenset().union(*gaps)), sum(map(len, gaps))
    idle = 0
    for _ in range(max(TRIES - len(tails), 0)):
        idle += 1
        if not fewest[0] or idle > IDLE:
            break
        moved = [layer[:] for layer in layers]
        touched = set()
        for _ in range(rng.randint(1, 3)):
            i = rng.choice(wide)
            x = moved[i].pop(rng.randrange(len(moved[i])))
            moved[i].insert(rng.randrange(len(moved[i]) + 1), x)
            touched |= {j for j in (i - 1, i, i + 1) if 0 <= j < len(layers)}
        moved = _sifted(moved, tails, heads, touched)
        now = [
            gaps[i] if (above, layer) == (layers[i], layers[i + 1]) else _crossing(above, layer, heads, edge_of)
            for i, (above, layer) in enumerate(pairwise(moved))
        ]
        count = len(frozenset().union(*now)), sum(map(len, now))
        if count <= fewest:
            idle = idle if count == fewest else 0
            layers, gaps, fewest = moved, now, count
    return layers


def _edges(layers: Layers, heads: Neighbours, real: int) -> dict[Edge, int]:
    """Return for each step from a layer to the next one the number of the edge that makes it."""
    edge_of: dict[Edge, int] = {}
    passing: dict[int, int] = {}  # for each place where a long edge passes, the edge's number
    for layer in layers:
        for x in layer:
            for y in heads[x]:
                number = edge_of[x, y] = passing[x] if x >= real else len(edge_of)
                if y >= real:
                    passing[y] = number
    return edge_of


def _crossing(above: list[int], layer: list[int], heads: Neighbours, edge_of: Mapping[Edge, int]) -> frozenset[Edge]:
    """Return the pairs of edges that cross between two layers."""
    place = {x: i for i, x in enumerate(layer)}
    found: list[Edge] = []
    seen: list[Edge] = []  # (place, edge)
    for x in above:
        steps = sorted([(place[y], edge_of[x, y]) for y in heads[x]])
        for at, edge in steps:
            found += [(min(edge, other), max(edge, other)) for there, other in seen if there > at]
        seen += steps
    return frozenset(found)


def _sifted(layers: Layers, tails: Neighbours, heads: Neighbours, todo: set[int]) -> Layers:
    """Put each node of these layers, and of layers beside one that changed, where it crosses least.

    Sifting: Matuszewski, Schönfeld and Molitor, "Using sifting for k-layer straightline crossing minimization", 1999.
    """
    layers = [layer[:] for layer in layers]
    place = {x: i for layer in layers for i, x in enumerate(layer)}
    for _ in range(6):
        improved = set()
        for i in sorted(todo):
            layer = layers[i]
            before = {x: sorted([place[y] for y in tails[x]]) for x in layer}
            after = {x: sorted([place[y] for y in heads[x]]) for x in layer}
            for x in layer[:]:
                k = layer.index(x)
                best, there = 0, k
                for way in (range(k - 1, -1, -1), range(k + 1, len(layer))):
                    gain = 0
                    for j in way:
                        y = layer[j]
                        worse = _inversions(before[x], before[y]) + _inversions(after[x], after[y])
                        gain += worse if j < k else -worse
                        if gain < best:
                            best, there = gain, j
                if there != k:
                    layer.insert(there, layer.pop(k))
                    improved.add(i)
            place.update({x: k for k, x in enumerate(layer)})
        todo = {j for i in improved for j in (i - 1, i, i + 1) if 0 <= j < len(layers)}
        if not todo:
            break
    return layers


def _inversions(places: list[int], others: list[int]) -> int:
    """Return how many pairs are in the wrong order less those in the right one."""
    return sum([bisect_left(others, p) + bisect_right(others, p) - len(others) for p in places])
