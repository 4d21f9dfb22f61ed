"""Boxes and arrows written as SVG and as Graphviz's DOT; `draw` says what stands in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .layout import Layout, around, layout
from .picture import escaped, framed, text, text_width
from .rows import LONG, Pair

PAD, HEAD, ROW, MARGIN, SMALL = 9.0, 23.0, 15.0, 16.0, 10.0
RATIO = 3.0  # of length to width, from which on a drawing goes on in another row
FAR, MANY = 160.0, 3  # from a leaf to a use, and uses: beyond, a long drawing names the leaf again beside each use
LEGEND = {"input": "input", "parameter": "parameter", "op": "operation", "output": "output"}
DOT_STYLES = {
    "input": 'shape=ellipse style=filled fillcolor="#dff5e5"',
    "parameter": 'shape=octagon style=filled fillcolor="#fff1d0"',
    "constant": 'shape=plaintext fontsize=9 fontcolor="#5a6470"',
    "op": 'shape=box style="rounded,filled" fillcolor="#eef2f7"',
    "output": 'shape=box peripheries=2 style="rounded,filled" fillcolor="#dbe9ff"',
    "more": 'shape=box style="rounded,dashed"',
}


@dataclass
class Box:
    """What one box says; `kind`, a key of DOT_STYLES, is its shape and colour."""

    kind: str
    op: str
    name: str
    lanes: str  # "×100" where it stands for 100 nodes
    rows: list[tuple[str, str]]
    stale: bool  # an input was changed after this was computed
    tip: str
    again: bool = False  # the name alone, of a leaf that has its box elsewhere

    @property
    def pill(self) -> float:
        """The width of the frame around the operation's name."""
        return text_width(self.op, 12) + 12 if self.op else 0.0

    @property
    def letters(self) -> float:
        """The size of the name's letters."""
        return 13.0 if len(self.name) < 15 else 11.0

    @property
    def left(self) -> float:
        """Where the text begins: leaves have their own shape on the left, where nothing enters."""
        return PAD + 8 if self.kind in ("input", "parameter") else PAD

    def size(self, least: Pair = (0.0, 0.0)) -> Pair:
        """Return the width and height for the text, and at least what the labels before the box need."""
        if self.kind == "constant":
            return text_width(self.rows[0][1] + self.lanes, 11) + 14, 22.0
        if self.again:
            return text_width(self.name, 11) + self.left + PAD, 20.0
        head = self.pill + text_width(self.name, self.letters) + text_width(self.lanes, 10) + 12
        rows = [text_width(label, 10) + text_width(content, 12) + 12 for label, content in self.rows]
        return max(max(head, *rows) + self.left + PAD, least[0]), max(HEAD + ROW * len(self.rows) + 6, least[1])

    def svg(self, width: float, height: float, x: float, y: float) -> str:
        """Return the box of this size around (x, y)."""
        if self.kind == "constant":
            return text(x, y + 4, f"{self.rows[0][1]} {self.lanes}".strip(), "dim", 11, "middle")
        left, right, top = x - width / 2 + self.left, x + width / 2 - PAD, y - height / 2
        parts = [self.outline(width, height, x - width / 2, top)]
        if self.again:
            parts.append(text(left, y + 4, self.name, "ink", 11))
            return f'<g class="again"><title>{escaped(self.tip)}</title>{"".join(parts)}</g>'
        if self.op:
            frame = f'x="{left:.1f}" y="{top + 5:.1f}" width="{self.pill:.1f}" height="17" rx="8.5"'
            parts.append(f'<rect class="{self.kind}-edge paper" {frame}/>')
            parts.append(text(left + self.pill / 2, top + 17.5, self.op, "ink", 12, "middle"))
        parts.append(text(left + (self.pill + 6 if self.op else 0), top + 18, self.name, "ink strong", self.letters))
        parts.append(text(right, top + 17, self.lanes, "dim", 10, "end"))
        for i, (label, content) in enumerate(self.rows):
            base = top + HEAD + ROW * (i + 0.8)
            parts.append(text(left, base, label, "dim", 10))
            parts.append(text(right, base, content, "slope" if label == "grad" else "ink", 12, "end"))
        return f"<g><title>{escaped(self.tip)}</title>{''.join(parts)}</g>"

    def outline(self, width: float, height: float, x: float, y: float) -> str:
        """Return the shape of this size below and right of (x, y)."""
        edge = "warn-edge dashed" if self.stale else f"{self.kind}-edge"
        path = f'<path class="{self.kind} {edge}" d="{_outline(self.kind, x, y, width, height)}"/>'
        if self.lanes:  # others behind it
            path = path.replace("<path", '<path transform="translate(4 4)"') + path
        if self.kind == "output":
            path += f'<path class="{edge}" fill="none" d="{_outline("op", x + 3, y + 3, width - 6, height - 6)}"/>'
        return path


def _outline(kind: str, x: float, y: float, width: float, height: float) -> str:
    """Return the path of a box: an input is round on the left, a parameter pointed, all others rounded."""
    if kind == "parameter":
        return f"M{x + 10:.1f} {y:.1f}h{width - 10:.1f}v{height:.1f}h{10 - width:.1f}l-10 {-height / 2:.1f}z"
    bend, corner = (min(height / 2, 20.0), 0.0) if kind == "input" else (6.0, 6.0)
    return (
        f"M{x + bend:.1f} {y:.1f}h{width - bend - corner:.1f}q{corner:g} 0 {corner:g} {corner:g}"
        f"v{height - 2 * corner:.1f}q0 {corner:g} {-corner:g} {corner:g}h{bend + corner - width:.1f}"
        f"q{-bend:g} 0 {-bend:g} {-bend:g}v{2 * bend - height:.1f}q0 {-bend:g} {bend:g} {-bend:g}z"
    )


@dataclass
class Arrow:
    """An edge from one box to another, and its local derivative, which is not written for a constant."""

    tail: int
    head: int
    label: str
    tip: str

    def size(self, vertical: bool) -> Pair:
        """Return the room that the label needs before the box, the point of the arrow included."""
        width = text_width(self.label, SMALL)
        return (width + 6, 24.0 if self.label else 10.0) if vertical else (width + 16 if width else 10.0, 13.0)

    def svg(self, route: Sequence[Pair], at: Pair, vertical: bool) -> str:
        """Return the arrow along a chain of Bézier curves, with its label in a gap of the line around `at`."""
        x, y = (at[0], at[1] - 4) if vertical else (at[0] - 3, at[1])  # clear of the point
        width = text_width(self.label, SMALL)
        gap = ((0.0, 13.0) if vertical else (width + 4, 0.0)) if self.label else (0.0, 0.0)
        pieces = around(route, (x, y), gap)
        curve = "".join(
            f"M{piece[0][0]:.1f} {piece[0][1]:.1f}C" + " ".join(f"{u:.1f} {v:.1f}" for u, v in piece[1:])
            for piece in pieces
        )
        end_x, end_y = route[-1]
        point = f"M{end_x:.1f} {end_y:.1f}" + ("l-4 -7h8z" if vertical else "l-7 -4v8z")
        return (
            f'<g><title>{escaped(self.tip)}</title><path class="line" fill="none" d="{curve}"/>'
            f'<path class="head" d="{point}"/>{text(x, y + 3.5, self.label, "slope halo", SMALL, "middle")}</g>'
        )


def svg(
    boxes: Sequence[Box], arrows: Sequence[Arrow], notes: Sequence[str], vertical: bool, title: str, description: str
) -> str:
    """Return the drawing as an SVG file, laid out by `layout`, with a legend and notes below."""
    boxes, arrows, sizes, placed = _placed(boxes, arrows, vertical)
    parts = [f'<g transform="translate({MARGIN:g} {MARGIN:g})">']
    parts += [arrow.svg(route, at, vertical) for arrow, route, at in zip(arrows, placed.routes, placed.labels)]
    parts += [box.svg(*size, *centre) for box, size, centre in zip(boxes, sizes, placed.centres)]
    parts.append("</g>")
    x, y, width = MARGIN, placed.size[1] + 2 * MARGIN + 12, placed.size[0] + MARGIN
    for kind, word in LEGEND.items():
        if any(box.kind == kind for box in boxes):
            parts.append(Box(kind, "", "", "", [], False, "").outline(22, 14, x, y - 11))
            parts.append(text(x + 28, y, word, "dim", 10))
            x += text_width(word, 10) + 40
            width = max(width, x)
    for note in notes:
        if x + text_width(note, 10) > width:
            x, y = MARGIN, y + 16
        parts.append(text(x, y, note, "dim", 10))
        x += text_width(note, 10) + 14
        width = max(width, x)
    return framed("\n".join(parts), (width + MARGIN, y + MARGIN), title, description)


def _placed(
    boxes: Sequence[Box], arrows: Sequence[Arrow], vertical: bool
) -> tuple[Sequence[Box], Sequence[Arrow], list[Pair], Layout]:
    """Return boxes and arrows, the size of each box, and where all come; in a long drawing with leaves named again."""
    labels = [arrow.size(vertical) for arrow in arrows]
    least = [(0.0, 0.0)] * len(boxes)
    rooms: dict[int, list[float]] = {}
    for arrow, (width, _) in zip(arrows, labels):
        rooms.setdefault(arrow.head, []).append(width)
    for head, widths in rooms.items():
        least[head] = (max(widths) * len(widths), 0.0) if vertical else (0.0, 14.0 * len(widths))
    sizes = [box.size(room) for box, room in zip(boxes, least)]
    edges = [(arrow.tail, arrow.head) for arrow in arrows]
    placed = layout(sizes, edges, labels, vertical=vertical, rank_gap=30.0)
    length, across = placed.size[::-1] if vertical else placed.size
    if length <= max(RATIO * across, LONG):
        return boxes, arrows, sizes, placed
    flow, seen = 1 if vertical else 0, Counter[int]()
    uses = Counter([arrow.tail for arrow in arrows])
    boxes, arrows = list(boxes), list(arrows)
    for i, (arrow, route) in enumerate(zip(arrows, placed.routes)):
        seen[arrow.tail] += 1
        far = route[-1][flow] - route[0][flow] > FAR or (uses[arrow.tail] > MANY and seen[arrow.tail] > 1)
        if far and boxes[arrow.tail].kind in ("input", "parameter"):
            arrows[i] = replace(arrow, tail=len(boxes))
            boxes.append(replace(boxes[arrow.tail], again=True))
            sizes.append(boxes[-1].size())
    edges = [(arrow.tail, arrow.head) for arrow in arrows]
    return boxes, arrows, sizes, layout(sizes, edges, labels, vertical=vertical, rank_gap=30.0, ratio=RATIO)


def dot(boxes: Sequence[Box], arrows: Sequence[Arrow], notes: Sequence[str], vertical: bool) -> str:
    """Return the drawing as a program for Graphviz."""
    lines = [
        "digraph {",
        f"  rankdir={'TB' if vertical else 'LR'}; label={_string('; '.join(notes))}; fontsize=10;",
        '  node [fontname="sans-serif" fontsize=11];',
        '  edge [fontname="sans-serif" fontsize=9 fontcolor="#6d28d9" color="#7d8793"];',
    ]
    for i, box in enumerate(boxes):
        head = "  ".join(filter(None, [box.op, box.name, box.lanes]))
        rows = [f"{label} {content}" for label, content in box.rows]
        label = [box.rows[0][1]] if box.kind == "constant" else [head, *rows]
        stale = ' color="#c2410c" style="filled,dashed"' if box.stale else ""
        lines.append(f"  n{i} [label={_string(*label)} {DOT_STYLES[box.kind]}{stale} tooltip={_string(box.tip)}];")
    for arrow in arrows:
        lines.append(f"  n{arrow.tail} -> n{arrow.head} [label={_string(arrow.label)} tooltip={_string(arrow.tip)}];")
    return "\n".join([*lines, "}", ""])


def _string(*lines: str) -> str:
    """Return lines of text as a string of DOT, in which backslashes and HTML entities mean something."""
    safe = [line.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + "\\n".join(safe).replace("\n", "\\n") + '"'
