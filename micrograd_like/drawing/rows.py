"""A layout that would be too long goes on in another row, as the lines of a text do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

Pair = tuple[float, float]  # a size, or a point with y downward; here (depth, across)
GAP, TRACK, LONG = 28.0, 8.0, 900.0  # between rows, between the edges that go round, and the length that needs no row


class Stop(NamedTuple):
    """A straight piece of an edge: in which layer, from where to where, and how far across."""

    layer: int
    begin: float
    end: float
    across: float


def straight(begin: Pair, end: Pair) -> list[Pair]:
    """Return the three points with which a Bézier curve goes straight on to an end."""
    (x, y), (u, v) = begin, end
    return [(x + (u - x) / 3, y + (v - y) / 3), (x + (u - x) * 2 / 3, y + (v - y) * 2 / 3), end]


@dataclass
class Wrapped:
    """Which layers stand in which row, and where each row begins."""

    row_of: list[int]  # of each layer
    starts: list[Pair]  # of each row, before it is moved
    tops: list[float]  # where each row's top comes
    bottoms: list[float]
    margins: list[float]  # left of each row and right of it, for the edges that go round
    size: Pair
    tracks: dict[int, int]  # for each row, how many edges have left it for the next one

    @classmethod
    def fitting(
        cls, spans: Sequence[Pair], extents: Sequence[Pair], edges: Sequence[tuple[int, int]], ratio: float
    ) -> Wrapped:
        """Return as few rows as bring the length down to `ratio` times the extent across.

        `spans` say where each layer begins and ends, `extents` how far it reaches across, and `edges` from which
        layer to which each edge goes.
        """
        best = cls.cut(spans, extents, edges, [0] * len(spans))
        count = 1
        while best.size[0] > max(ratio * best.size[1], LONG) and count < len(spans):
            count += 1
            best = cls.cut(spans, extents, edges, _row_of(spans, edges, count))
        return best

    @classmethod
    def cut(
        cls, spans: Sequence[Pair], extents: Sequence[Pair], edges: Sequence[tuple[int, int]], row_of: list[int]
    ) -> Wrapped:
        """Return the rows in which these layers stand."""
        count = row_of[-1] + 1
        crossing = [0] * count  # edges from each row to later ones
        for tail, head in edges:
            for row in range(row_of[tail], row_of[head]):
                crossing[row] += 1
        margin = GAP + TRACK * max(crossing) if count > 1 else 0.0
        starts, lows, highs, length = [], [], [], 0.0
        for row in range(count):
            inside = [i for i, r in enumerate(row_of) if r == row]
            low = min([extents[i][0] for i in inside])
            starts.append((spans[inside[0]][0], low))
            lows.append(low)
            highs.append(max([extents[i][1] for i in inside]))
            length = max(length, spans[inside[-1]][1] - spans[inside[0]][0])
        tops, bottoms, top = [], [], 0.0
        for row in range(count):
            tops.append(top)
            bottoms.append(top + highs[row] - lows[row])
            top = bottoms[-1] + 2 * GAP + TRACK * crossing[row]
        if count == 1:
            starts = [(0.0, 0.0)]
            bottoms = [max(highs)]
        margins = [margin, margin + length]
        return cls(row_of, starts, tops, bottoms, margins, (2 * margin + length, bottoms[-1]), {})

    def moved(self, layer: int, point: Pair) -> Pair:
        """Return where a point of a layer comes."""
        row = self.row_of[layer]
        start = self.starts[row]
        return self.margins[0] + point[0] - start[0], self.tops[row] + point[1] - start[1]

    def route(self, stops: Sequence[Stop], curve: Callable[[Sequence[Stop]], list[Pair]]) -> list[Pair]:
        """Return the curve of an edge: forward in each row, and round the end of it to the next one."""
        parts: list[list[Stop]] = []
        for stop in stops:
            if parts and self.row_of[parts[-1][-1].layer] == self.row_of[stop.layer]:
                parts[-1].append(stop)
            else:
                parts.append([stop])
        route: list[Pair] = []
        for part in parts:
            moved = [self.moved(part[0].layer, point) for point in curve(part)]
            if route:
                route += self._round(self.row_of[part[0].layer] - 1, route[-1], moved[0])[1:]
                moved = moved[1:]
            route += moved
        return route

    def _round(self, row: int, begin: Pair, end: Pair) -> list[Pair]:
        """Return the way from the end of a row to the beginning of the next one, on a track of its own."""
        track = self.tracks[row] = self.tracks.get(row, -1) + 1
        beside = TRACK * (track + 1)
        right, left = self.margins[1] + beside, self.margins[0] - beside
        between = self.bottoms[row] + GAP + TRACK * track
        corners = [begin, (right, begin[1]), (right, between), (left, between), (left, end[1]), end]
        route = [begin]
        for here, corner, after in zip(corners, corners[1:], corners[2:]):
            near = _towards(corner, here)
            route += straight(route[-1], near)
            route += [corner, corner, _towards(corner, after)]
        return route + straight(route[-1], end)


def _row_of(spans: Sequence[Pair], edges: Sequence[tuple[int, int]], count: int) -> list[int]:
    """Return the row of each layer: about so many rows, nearly as long as each other, cut where few edges pass."""
    layers, passing = len(spans), [0] * (len(spans) + 1)  # edges that pass from before a layer to it or beyond it
    for tail, head in edges:
        passing[tail + 1] += 1
        passing[head + 1] -= 1
    for i in range(1, layers + 1):
        passing[i] += passing[i - 1]
    wanted = spans[-1][1] / count
    least: list[tuple[float, int]] = [(0.0, 0)]  # of the rows before a layer, the cost and where the last one begins
    for end in range(1, layers + 1):
        found = (inf, end - 1)
        for start in range(end - 1, -1, -1):
            length = spans[end - 1][1] - spans[start][0]
            cost = least[start][0] + 6.0 * (length / wanted - 1.0) ** 2 + (passing[start] if start else 0)
            found = min(found, (cost, start))
            if length > 1.5 * wanted:
                break
        least.append(found)
    row_of, end, row = [0] * layers, layers, 0
    while end:
        start = least[end][1]
        row_of[start:end] = [row] * (end - start)
        end, row = start, row + 1
    return [row - 1 - r for r in row_of]


def _towards(corner: Pair, other: Pair, radius: float = 6.0) -> Pair:
    """Return the point near a corner on the way to another one."""
    (x, y), (u, v) = corner, other
    far = max(abs(u - x), abs(v - y))
    part = min(radius / far, 0.5) if far else 0.0
    return x + (u - x) * part, y + (v - y) * part
