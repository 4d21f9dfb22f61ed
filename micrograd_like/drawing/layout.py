"""Where the boxes and curves of a drawing go: a layered layout of a graph without cycles, for `draw`.

After Sugiyama, Tagawa and Toda (1981) and Gansner et al. (1993): `layering` finds a rank for each node and
an order in each rank, this module the coordinates. An edge that passes ranks gets a dummy node in each,
so that its curve goes around the boxes. *Depth* runs along the flow of the data, *across* at right angles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import inf

from .layering import Edge, Layers, ordered, ranks
from .rows import Pair, Stop, Wrapped, straight

LEAF = 0.05  # how much a leaf pulls at its only use


@dataclass(frozen=True)
class Layout:
    """The size of the whole; for each node its centre; for each edge its curve and the centre of its label.

    A route of 3 k + 1 points is a chain of k cubic Bézier curves.
    """

    size: Pair
    centres: list[Pair]
    routes: list[list[Pair]]
    labels: list[Pair]


def layout(
    sizes: Sequence[Pair],
    edges: Sequence[Edge],
    labels: Sequence[Pair] = (),
    *,
    vertical: bool = False,
    rank_gap: float = 40.0,
    node_gap: float = 16.0,
    ratio: float = inf,
) -> Layout:
    """Lay out boxes of these (width, height) and edges (tail, head), of which several may join the same two.

    A label, of which `labels` gives (width, height) for each edge, stands where the edge enters its head; a
    box as high as its labels together keeps them apart. Data flow to the right, or downward if `vertical`. What
    would be more than `ratio` times as long as it is across goes on in another row, as a text does.
    Raises ValueError where the edges form a cycle.
    """
    labels = labels or [(0.0, 0.0)] * len(edges)
    centres: dict[int, Pair] = {}
    routes: dict[int, list[Pair]] = {}
    places: dict[int, Pair] = {}
    depth = across = 0.0

    def turned(pair: Pair) -> Pair:
        return (pair[1], pair[0]) if vertical else pair

    def placed(point: Pair) -> Pair:
        return turned((point[0], point[1] + across))

    for nodes, inner in _components(len(sizes), edges):
        number = {node: i for i, node in enumerate(nodes)}
        part = _connected(
            [turned(sizes[node]) for node in nodes],
            [(number[edges[i][0]], number[edges[i][1]]) for i in inner],
            [turned(labels[i]) for i in inner],
            rank_gap,
            node_gap,
            ratio,
        )
        centres.update(zip(nodes, map(placed, part.centres)))
        routes.update(zip(inner, [[placed(point) for point in route] for route in part.routes]))
        places.update(zip(inner, map(placed, part.labels)))
        depth, across = max(depth, part.size[0]), across + part.size[1] + node_gap
    return Layout(
        turned((depth, max(across - node_gap, 0.0))),
        [centres[node] for node in range(len(sizes))],
        [routes[i] for i in range(len(edges))],
        [places[i] for i in range(len(edges))],
    )


def _components(count: int, edges: Sequence[Edge]) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the nodes and the numbers of the edges of each connected part."""
    at: list[list[int]] = [[] for _ in range(count)]
    for i, edge in enumerate(edges):
        for node in edge:
            at[node].append(i)
    seen: set[int] = set()
    for node in range(count):
        if node not in seen:
            seen.add(node)
            nodes = [node]
            for x in nodes:  # the list grows while it is read
                for other in {y for i in at[x] for y in edges[i]} - seen:
                    seen.add(other)
                    nodes.append(other)
            yield sorted(nodes), sorted({i for x in nodes for i in at[x]})


def _connected(
    sizes: Sequence[Pair],
    edges: Sequence[Edge],
    labels: Sequence[Pair],
    rank_gap: float,
    node_gap: float,
    ratio: float,
) -> Layout:
    """Lay out a connected graph in (depth, across)."""
    rank = ranks(len(sizes), edges)
    layers: Layers = [[] for _ in range(max(rank) + 1)]
    for node, r in enumerate(rank):
        layers[r].append(node)
    tails: Layers = [[] for _ in sizes]
    heads: Layers = [[] for _ in sizes]
    paths = []
    for tail, head in edges:
        dummies = range(len(tails), len(tails) + rank[head] - rank[tail] - 1)
        tails += [[] for _ in dummies]
        heads += [[] for _ in dummies]
        for r, dummy in enumerate(dummies, rank[tail] + 1):
            layers[r].append(dummy)
        paths.append([tail, *dummies, head])
        for x, y in pairwise(paths[-1]):
            heads[x].append(y)
            tails[y].append(x)
    layers = ordered(layers, tails, heads, len(sizes))
    across = _across(layers, tails, heads, paths, [y for _, y in sizes], node_gap)

    room = [0.0] * len(layers)  # for labels, before each layer
    for (_, head), (depth, _) in zip(edges, labels):
        room[rank[head]] = max(room[rank[head]], depth)
    spans: list[Pair] = []  # of each layer's depth, with the room before it
    for layer, before in zip(layers, room):
        start = spans[-1][1] + rank_gap if spans else 0.0
        spans.append((start, start + before + max([sizes[x][0] for x in layer if x < len(sizes)])))
    extents = [_extent(layer, across, [y for _, y in sizes]) for layer in layers]
    rows = Wrapped.fitting(spans, extents, [(rank[tail], rank[head]) for tail, head in edges], ratio)
    centres = [((spans[r][0] + room[r] + spans[r][1]) / 2, across[x]) for x, r in enumerate(rank)]
    leaving = _ports([(e[0], across[path[1]], 10.0) for e, path in zip(edges, paths)], sizes)
    entering = _ports([(e[1], across[path[-2]], y) for e, path, (_, y) in zip(edges, paths, labels)], sizes)
    routes, places = [], []
    for (tail, head), path, out, into, (depth, _) in zip(edges, paths, leaving, entering, labels):
        begin, end = centres[tail][0] + sizes[tail][0] / 2, centres[head][0] - sizes[head][0] / 2
        stops = [Stop(rank[tail], begin, spans[rank[tail]][1], across[tail] + out)]
        stops += [Stop(r, *spans[r], across[x]) for r, x in enumerate(path[1:-1], rank[tail] + 1)]
        stops += [Stop(rank[head], spans[rank[head]][0], end, across[head] + into)]
        routes.append(rows.route(stops, _curve))
        places.append(rows.moved(rank[head], (end - depth / 2, across[head] + into)))
    centres = [rows.moved(r, centre) for r, centre in zip(rank, centres)]
    return Layout(rows.size, centres, routes, places)


def _extent(layer: list[int], across: list[float], extents: list[float]) -> Pair:
    """Return from where to where a layer reaches across, its dummies included."""
    halves = [extents[x] / 2 if x < len(extents) else 0.0 for x in layer]
    places = [across[x] for x in layer]
    return min(map(float.__sub__, places, halves)), max(map(float.__add__, places, halves))


def _across(
    layers: Layers, tails: Layers, heads: Layers, paths: Layers, extents: list[float], gap: float
) -> list[float]:
    """Return how far across each node is, dummies included: near its neighbours, in the order of its layer.

    Each layer in turn moves to where the squares of its edges are least; edges between dummies weigh most.
    """
    real, count = len(extents), len(tails)
    extents = extents + [0.0] * (count - real)
    across = [0.0] * count
    steps = [
        [(extents[x] + extents[y] + (gap if x >= real <= y else 2 * gap)) / 2 for x, y in pairwise(layer)]
        for layer in layers
    ]
    for layer, step in zip(layers, steps):
        for x, place in zip(layer, accumulate(step, initial=-sum(step) / 2)):
            across[x] = place
    alone = [not before and len(after) == 1 for before, after in zip(tails, heads)]  # a leaf comes to its only use
    for turn in range(16):
        onward = turn % 2 == 0
        for layer, step in zip(layers, steps) if onward else zip(layers[::-1], steps[::-1]):
            wanted, weights = [], []
            for x in layer:
                near = tails[x] + heads[x] if turn >= 8 else tails[x] if onward else heads[x]
                pulls = [
                    8.0 if x >= real <= y else 2.0 if real <= max(x, y) else LEAF if alone[y] else 1.0 for y in near
                ]
                weights.append(sum(pulls) or 0.01)
                pulled = [pull * across[y] for pull, y in zip(pulls, near)]
                wanted.append(sum(pulled) / weights[-1] if near else across[x])
            for x, place in zip(layer, _apart(wanted, weights, step)):
                across[x] = place
    _straighten(paths, layers, steps, across)
    top = min([place - extent / 2 for place, extent in zip(across, extents)])
    return [place - top for place in across]


def _straighten(paths: Layers, layers: Layers, steps: list[list[float]], across: list[float]) -> None:
    """Move the dummies of each long edge to as few levels as their neighbours allow."""
    where = {x: (layer, step, k) for layer, step in zip(layers, steps) for k, x in enumerate(layer)}

    def level(run: list[int], low: float, high: float) -> None:
        middle = sum([across[x] for x in run]) / (len(run) or 1)
        for x in run:
            across[x] = min(max(middle, low), high)

    for path in paths:
        run: list[int] = []
        low, high = -inf, inf
        for x in path[1:-1]:
            layer, step, k = where[x]
            lowest = across[layer[k - 1]] + step[k - 1] if k else -inf
            highest = across[layer[k + 1]] - step[k] if k < len(step) else inf
            if max(low, lowest) > min(high, highest):
                level(run, low, high)
                run, low, high = [], -inf, inf
            run.append(x)
            low, high = max(low, lowest), min(high, highest)
        level(run, low, high)


def _apart(wanted: list[float], weights: list[float], steps: list[float]) -> list[float]:
    """Return the places at least these steps apart that are nearest to the wanted ones, by weighted squares.

    Isotonic regression by pooling adjacent violators: Barlow, Bartholomew, Bremner and Brunk, 1972.
    """
    offsets = list(accumulate(steps, initial=0.0))
    blocks: list[tuple[float, float, int]] = []  # place, weight, number of nodes
    for want, weight, offset in zip(wanted, weights, offsets):
        block = want - offset, weight, 1
        while blocks and blocks[-1][0] >= block[0]:
            place, mass, size = blocks.pop()
            total = mass + block[1]
            block = (place * mass + block[0] * block[1]) / total, total, size + block[2]
        blocks.append(block)
    places = [place for place, _, size in blocks for _ in range(size)]
    return [place + offset for place, offset in zip(places, offsets)]


def _ports(ends: Sequence[tuple[int, float, float]], sizes: Sequence[Pair]) -> list[float]:
    """Return how far from its box's middle each edge ends, given (node, across of the other end, room)."""
    at: dict[int, list[int]] = {}
    for i in sorted(range(len(ends)), key=lambda i: ends[i][1]):
        at.setdefault(ends[i][0], []).append(i)
    ports = [0.0] * len(ends)
    for node, inner in at.items():
        step = min(max([ends[i][2] for i in inner]), sizes[node][1] / len(inner))
        for k, i in enumerate(inner):
            ports[i] = step * (k - (len(inner) - 1) / 2)
    return ports


def _curve(stops: Sequence[Stop]) -> list[Pair]:
    """Return a chain of Bézier curves through straight pieces."""
    route = [(stops[0].begin, stops[0].across)]
    for _, start, end, across in stops:
        (depth, before) = route[-1]
        half = (depth + start) / 2
        if start > depth:
            route += [(half, before), (half, across), (start, across)]
        if end > start:
            route += straight((start, across), (end, across))
    return route


def around(route: Sequence[Pair], centre: Pair, size: Pair) -> list[list[Pair]]:
    """Return a curve in two pieces, such that a label of this size has its place on it to itself."""
    begin, end = route[-4], route[-1]
    axis = 1 if begin[0] == end[0] and begin[1] != end[1] else 0
    if not size[axis]:
        return [list(route)]

    def at(depth: float) -> Pair:
        return (depth, end[1]) if axis == 0 else (end[0], depth)

    first, last = centre[axis] - size[axis] / 2, centre[axis] + size[axis] / 2
    pieces = [list(route[:-3])]
    if first > begin[axis]:
        pieces[0] += straight(begin, at(first))
    return [piece for piece in pieces if len(piece) > 1] + [[at(last), *straight(at(last), end)]]
