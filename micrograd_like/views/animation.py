"""A walk as one moving picture: both passes in a loop, as an SVG file that needs no script and no video.

It moves by the style sheet in it, so that a README can show it as an image. Where a reader prefers reduced motion,
or nothing moves at all, it is a still picture of the end: every value, every gradient, every local derivative.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from ..drawing.boxes import Box
from ..drawing.layout import Layout, layout
from ..drawing.picture import FONT, PALETTE, Picture, escaped, text, text_width, visible
from ..drawing.rows import Pair
from ..engine import Value
from ..graph.names import Graph
from ..ops.notation import short
from ..steps.walk import Backward, Forward, Seed, Walk

FORWARD, SEED, BACKWARD, END = 0.7, 1.6, 3.2, 4.0  # seconds that one step takes, and the end stands
MOST = 60  # steps in a picture; more would not be watched
WIDTH, HEIGHT, MARGIN, EQUATION = 118.0, 78.0, 18.0, 64.0
# What a colour means: a gradient, a local derivative, a number above 0, a number below 0.
MEANING = {
    "grad": ("#6d28d9", "#c4b5fd"), "local": ("#0f766e", "#5eead4"), "plus": ("#1d4ed8", "#79a8ff"),
    "minus": ("#c2410c", "#fb923c"),
}  # fmt: skip


@dataclass
class Film:
    """The picture as it is made: shapes, and for how long each of them is seen."""

    length: float
    parts: list[str] = field(default_factory=list)
    rules: dict[str, str] = field(default_factory=dict)

    def _percent(self, seconds: float) -> str:
        return f"{100 * min(max(seconds / self.length, 0.0), 1.0):.2f}%"

    def seen(self, shape: str, start: float, end: float | None = None) -> None:
        """Add a shape that is seen from a second on, to an end or for good; what is seen last, stands still too."""
        name = f"s{round(start * 100)}" + ("" if end is None else f"-{round(end * 100)}")
        off = "" if end is None else f"{self._percent(end)}{{opacity:0}}"
        self.rules[name] = f"0%{{opacity:0}}{self._percent(start)}{{opacity:1}}{off}"
        still = "" if end is None else " passing"
        self.parts.append(f'<g class="{name} step{still}">{shape}</g>')

    def hidden(self, shape: str, spans: Sequence[Pair]) -> None:
        """Add a shape that is seen but between these seconds."""
        name = f"h{len(self.rules)}"
        frames = [f"{self._percent(a)}{{opacity:0}}{self._percent(b)}{{opacity:1}}" for a, b in spans]
        self.rules[name] = f"0%{{opacity:1}}{''.join(frames)}"
        self.parts.append(f'<g class="{name} step">{shape}</g>')

    def moved(self, shape: str, stops: Sequence[tuple[float, Pair]]) -> None:
        """Add a shape that is at each of these places at its second, and seen only between the first and the last."""
        name = f"m{len(self.rules)}"
        start, end = stops[0][0], stops[-1][0]
        frames = [f"0%,{self._percent(start - 0.01)}{{opacity:0}}"]
        for second, (x, y) in stops:
            frames.append(f"{self._percent(second)}{{opacity:1;transform:translate({x:.0f}px,{y:.0f}px)}}")
        frames.append(f"{self._percent(end + 0.01)},100%{{opacity:0}}")
        self.rules[name] = "".join(frames)
        self.parts.append(f'<g class="{name} glide passing">{shape}</g>')

    @property
    def style(self) -> str:
        """The style sheet of what moves."""
        time = f"{self.length:g}s infinite"
        names = [
            f".{name}{{animation-name:{name}}}@keyframes {name}{{{frames}}}" for name, frames in self.rules.items()
        ]
        return (
            f".passing{{opacity:0}}.step{{animation:{time} step-end}}.glide{{animation:{time} linear}}{''.join(names)}"
            "@media(prefers-reduced-motion:reduce),print{.step,.glide{animation:none}}"
        )


def animation(walk: Walk, path: str | os.PathLike[str] | None = None) -> Picture:
    """Return the walk as a moving picture, and write it to `path` if there is one, which ends in .svg.

    Raises ValueError for a walk of more than 60 steps, which nobody would watch.
    """
    if len(walk) > MOST:
        raise ValueError(
            f"A moving picture of {len(walk)} steps would take minutes. Write walk(...).save('lesson.html'), or "
            f"animate a graph with at most {MOST} steps."
        )
    picture = Picture(_svg(walk), f"A walk through {visible(walk.graph.name(walk.root))}")
    if path is not None:
        if Path(path).suffix.lower() != ".svg":
            raise ValueError(f"{str(path)!r} is not an SVG file. Write a name that ends in .svg, as in 'walk.svg'.")
        picture.save(path)
    return picture


def staged(walk: Walk) -> Scene:
    """Return the scene of a walk, laid out and with the second at which each step begins."""
    graph, nodes = walk.graph, walk.graph.nodes
    number = {node: i for i, node in enumerate(nodes)}
    sizes = [_size(graph, node) for node in nodes]
    edges = [(number[x], number[node]) for node in nodes for x in node.inputs]
    rooms = [(text_width(short(s, 3), 13) + 26, 18.0) for node in nodes for s in node.local_grads]
    placed = layout(sizes, edges, rooms, rank_gap=34.0)
    steps: list[float] = [FORWARD] * len(walk.forward) + [SEED] + [BACKWARD] * len(walk.backward)
    return Scene(walk, number, placed, sizes, [0.6 + t for t in accumulate(steps, initial=0.0)])


def _svg(walk: Walk) -> str:
    scene = staged(walk)
    film = Film(scene.starts[-1] + END)
    width, height = scene.draw(film)
    title = f"Backpropagation through {visible(walk.graph.name(walk.root))}, step by step"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" font-family="{FONT}"><title>{escaped(title)}</title>'
        f"<desc>{escaped(visible(str(walk)))}</desc><style>{colours()}{film.style}</style>\n"
        f'<rect class="paper" width="100%" height="100%"/>\n{"".join(film.parts)}\n</svg>\n'
    )


def _size(graph: Graph, node: Value) -> Pair:
    if node.constant:
        return text_width(short(node.data), 13) + 14, 24.0
    sign = (node.op.sign or node.op.name) if node.op else ""
    return max(WIDTH, text_width(visible(graph.name(node)), 15) + text_width(sign, 13) + 46), HEIGHT


def colours() -> str:
    """Return the colours, light and dark."""
    names: tuple[str, ...] = ("paper", "ink", "dim", "line", "head", "op", "input", "parameter", "output")
    names += ("op-edge", "input-edge", "parameter-edge", "output-edge")
    light, dark = (
        "".join([f".{x}{{{PALETTE[x][0]}:{PALETTE[x][mode]}}}" for x in names])
        + "".join([f".{x}{{fill:{both[mode - 1]}}}.{x}-line{{stroke:{both[mode - 1]}}}" for x, both in MEANING.items()])
        for mode in (1, 2)
    )
    return f".strong{{font-weight:600}}{light}@media(prefers-color-scheme:dark){{{dark}}}"


class Scene:
    """What the film shows: boxes whose numbers come one by one, and tokens that go back along the edges."""

    walk: Walk
    number: dict[Value, int]
    placed: Layout
    sizes: list[Pair]
    film: Film
    starts: list[float]
    most: float
    widest: float

    def __init__(
        self, walk: Walk, number: dict[Value, int], placed: Layout, sizes: list[Pair], starts: list[float]
    ) -> None:
        self.walk, self.number, self.placed, self.sizes = walk, number, placed, sizes
        self.film, self.starts = Film(0.0), starts
        self.edge: dict[tuple[Value, int], int] = {}
        for node in walk.graph.nodes:
            for i in range(len(node.inputs)):
                self.edge[node, i] = len(self.edge)
        most = max([abs(e.after) for e in walk.backward] + [abs(e.upstream) for e in walk.backward] + [1e-300])
        self.most, self.widest = most, 0.0

    def name(self, node: Value) -> str:
        """Return what a node is called."""
        return visible(self.walk.graph.name(node))

    def draw(self, film: Film) -> Pair:
        """Draw all into a film, the edges below the boxes and what moves above them; return width and height."""
        self.film = film
        turned: dict[int, list[Pair]] = {}
        for i, step in enumerate(self.walk.backward, len(self.walk.forward) + 1):
            turned.setdefault(self.edge[step.node, step.position], []).append(
                (self.starts[i], self.starts[i] + BACKWARD)
            )
        for i, route in enumerate(self.placed.routes):
            line, tip = _arrow(route)
            self.film.parts.append(line)
            self.film.hidden(tip, turned.get(i, []))
        for node in self.walk.graph.nodes:
            self._box(node)
        for i, computed in enumerate(self.walk.forward):
            self._forward(computed, i)
        self._seed(len(self.walk.forward))
        last: dict[Value, Backward] = {step.input: step for step in self.walk.backward}
        for i, step in enumerate(self.walk.backward, len(self.walk.forward) + 1):
            self._backward(step, i, last[step.input] is step)
        name = self.name(self.walk.root)
        end = [(f"∂{name}/∂node", "grad"), (" for every node, in one backward pass", "ink")]
        self._equation(end, len(self.starts) - 1)
        width = max(self.placed.size[0], self.widest) + 2 * MARGIN
        return width, self.placed.size[1] + 2 * MARGIN + EQUATION

    def _corner(self, node: Value) -> Pair:
        x, y = self.placed.centres[self.number[node]]
        width, height = self.sizes[self.number[node]]
        return x - width / 2 + MARGIN, y - height / 2 + MARGIN

    def _box(self, node: Value) -> None:
        x, y = self._corner(node)
        width, height = self.sizes[self.number[node]]
        if node.constant:
            self.film.parts.append(text(x + width / 2, y + 17, short(node.data), "dim", 13, "middle"))
            return
        kind = "op" if node.op else "parameter" if getattr(node, "parameter", False) else "input"
        kind = "output" if node is self.walk.root else kind
        sign = (node.op.sign or node.op.name) if node.op else ""
        left = x + (18 if kind in ("input", "parameter") else 10)
        self.film.parts += [
            Box(kind, "", "", "", [], False, "").outline(width, height, x, y),
            text(left, y + 20, self.name(node), "ink strong", 15),
            text(x + width - 10, y + 20, sign, "dim", 13, "end"),
            text(left, y + 40, "data", "dim", 11),
            text(left, y + 58, "grad", "dim", 11),
        ]

    def _forward(self, step: Forward, i: int) -> None:
        x, y = self._corner(step.node)
        width = self.sizes[self.number[step.node]][0]
        self.film.seen(text(x + width - 10, y + 40, short(step.node.data), "ink", 14, "end"), self.starts[i])
        for position, x_in in enumerate(step.node.inputs):
            if not x_in.constant:
                at = self.placed.labels[self.edge[step.node, position]]
                slope = step.node.local_grads[position]
                label = text(at[0] + MARGIN - 3, at[1] + MARGIN - 3, short(slope, 3), "local", 13, "middle")
                self.film.seen(label, self.starts[i])
        self._glow(step.node, i, "output-edge")
        self._equation([(step.equation(), "ink")], i, FORWARD)

    def _glow(self, node: Value, i: int, kind: str) -> None:
        x, y = self._corner(node)
        width, height = self.sizes[self.number[node]]
        shape = (
            f'<rect class="{kind}" x="{x - 4:.0f}" y="{y - 4:.0f}" width="{width + 8:.0f}" height="{height + 8:.0f}"'
        )
        self.film.seen(f'{shape} rx="10" fill="none" stroke-width="3"/>', self.starts[i], self.starts[i + 1])

    def _seed(self, i: int) -> None:
        root, name = self.walk.root, self.name(self.walk.root)
        first = next(event.after for event in self.walk if isinstance(event, Seed))
        self._ledger(root, first, self.starts[i] + 0.3, None)
        self._glow(root, i, "grad-line")
        self._equation([(f"∂{name}/∂{name}", "grad"), (f" = {short(first)}: here backward begins", "ink")], i, SEED)

    def _ledger(self, node: Value, grad: float, start: float, end: float | None, missing: bool = False) -> None:
        x, y = self._corner(node)
        width = self.sizes[self.number[node]][0]
        kind = "plus" if grad >= 0 else "minus"
        long = (width - 24) * min(abs(grad) / self.most, 1.0)
        bar = f'<rect class="{kind}" x="{x + 12:.1f}" y="{y + 65:.1f}" width="{max(long, 1.5):.1f}" height="7" rx="2"/>'
        if missing:
            hatch = f'x1="{x + 12 + long + 4:.1f}" y1="{y + 68.5:.1f}" x2="{x + width - 12:.1f}" y2="{y + 68.5:.1f}"'
            bar += f'<line class="line" {hatch} stroke-width="7" stroke-dasharray="2 4"/>'
        self.film.seen(text(x + width - 10, y + 58, short(grad, 3), "grad strong", 14, "end") + bar, start, end)

    def _backward(self, step: Backward, i: int, last: bool) -> None:
        start, length = self.starts[i], BACKWARD
        route = _points(self.placed.routes[self.edge[step.node, step.position]])[::-1]
        route = [(x + MARGIN, y + MARGIN) for x, y in route]
        middle = max(1, len(route) // 4)
        there, back = route[: middle + 1], route[middle:]
        turned = "M" + " ".join(f"{x:.0f} {y:.0f}" for x, y in route)
        thick = 2.0 + 6.0 * min(abs(step.contribution) / self.most, 1.0)
        flow = f'<path class="grad-line" fill="none" stroke-opacity=".45" stroke-width="{thick:.1f}" d="{turned}"/>'
        self.film.seen(flow + _tip(route), start, start + length)
        self._glow(step.node, i, "grad-line")
        up, product = short(step.upstream, 3), short(step.contribution, 3)
        leaves, meets, lands = start + 0.5, start + 1.1, start + 2.5
        stops = [(leaves + (meets - leaves) * k / (len(there) - 1 or 1), p) for k, p in enumerate(there)]
        self.film.moved(_token(up), [(start + 0.05, there[0]), *stops, (meets + 0.35, there[-1])])
        factor = f"{up} × {short(step.local_grad, 3)}"
        self.film.moved(_token(factor), [(meets + 0.36, there[-1]), (meets + 0.8, there[-1])])
        stops = [(meets + 0.81 + (lands - meets - 0.81) * k / (len(back) - 1 or 1), p) for k, p in enumerate(back)]
        self.film.moved(_token(product), [*stops, (lands + 0.1, back[-1])])
        following = [s.index for s in self.walk.backward if s.input is step.input and s.index > step.index]
        gone = self.starts[following[0]] + 2.5 if following else None
        self._ledger(step.input, step.after, lands, gone, bool(step.pending))
        root, node, target = self.name(self.walk.root), self.name(step.node), self.name(step.input)
        upstream = f"({up})" if up.startswith("-") else up
        self._equation([
            (f"∂{root}/∂{target}", "grad"), (" += ", "ink"), (f"∂{node}/∂{target}", "local"), (" · ", "ink"),
            (f"∂{root}/∂{node}", "grad"), (" = ", "ink"), (short(step.local_grad, 3), "local"), (" · ", "ink"),
            (upstream, "grad"), (f" = {product}", "ink"),
        ], i, length)  # fmt: skip

    def _equation(self, parts: Sequence[tuple[str, str]], i: int, length: float | None = None) -> None:
        whole = "".join([words for words, _ in parts])
        self.widest = max(self.widest, text_width(whole, 20) * 0.9)
        y = self.placed.size[1] + 2 * MARGIN + EQUATION / 2
        spans = "".join([f'<tspan class="{kind}">{escaped(visible(words))}</tspan>' for words, kind in parts])
        line = f'<text class="ink" x="{MARGIN:g}" y="{y:.0f}" font-size="20" xml:space="preserve">{spans}</text>'
        self.film.seen(line, self.starts[i], None if length is None else self.starts[i] + length)


def _arrow(route: Sequence[Pair]) -> tuple[str, str]:
    """Return an arrow's line and its point."""
    shifted = [(x + MARGIN, y + MARGIN) for x, y in route]
    (x, y), (end_x, end_y) = shifted[0], shifted[-1]
    curve = f"M{x:.1f} {y:.1f}C" + " ".join(f"{x:.1f} {y:.1f}" for x, y in shifted[1:])
    tip = f'<path class="head" d="M{end_x:.1f} {end_y:.1f}l-8 -4.5v9z"/>'
    return f'<path class="line" fill="none" stroke-width="1.4" d="{curve}"/>', tip


def _tip(route: Sequence[Pair]) -> str:
    """Return the point of the turned arrow, where a gradient enters an input."""
    x, y = route[-1]
    return f'<path class="grad" d="M{x:.1f} {y:.1f}l10 -6v12z"/>'


def _points(route: Sequence[Pair], each: int = 6) -> list[Pair]:
    """Return places along a chain of Bézier curves."""
    found = [route[0]]
    for i in range(1, len(route), 3):
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = route[i - 1 : i + 3]
        for k in range(1, each + 1):
            t = k / each
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            found.append((a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3))
    return found


def _token(content: str) -> str:
    """Return a number on the move, around the origin."""
    width = text_width(content, 14) + 16
    shape = f'<rect class="grad" x="{-width / 2:.1f}" y="-13" width="{width:.1f}" height="26" rx="13"/>'
    return f'{shape}<text class="paper strong" y="5" font-size="14" text-anchor="middle">{escaped(content)}</text>'
