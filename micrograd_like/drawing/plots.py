"""Pictures of training: curves, a network as columns of neurons, and what a model makes of the plane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import ceil, floor, inf, log10
from typing import Any

from ..ops import ieee
from ..ops.notation import short, short_name
from .picture import SERIES, Picture, escaped, framed, shortened, text, text_width, visible

Point = tuple[float, float]
DASHES = ["", "6 3", "2 3", "8 3 2 3", "12 4", "4 2 1 2"]  # lines differ in this as well as in colour
MARKS = [  # circle, square, triangle, diamond, triangle upside down, cross
    "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0",
    "m-3.6 -3.6h7.2v7.2h-7.2z",
    "m0 -4.8l4.6 8h-9.2z",
    "m0 -5l5 5l-5 5l-5 -5z",
    "m0 4.8l4.6 -8h-9.2z",
    "m-5 -1.6h3.4v-3.4h3.2v3.4h3.4v3.2h-3.4v3.4h-3.2v-3.4h-3.4z",
]
LARGEST = 1e150  # beyond, and at nan, a curve is interrupted
CELLS = 60  # in each direction, in which the model's output is looked at


class Plane:
    """A rectangle of a picture, with numbers along its sides."""

    left: float
    top: float
    x: Point
    y: Point
    width: float
    height: float

    left, top = 64.0, 44.0

    def __init__(self, x: Sequence[float], y: Sequence[float], width: float, height: float) -> None:
        self.x, self.y, self.width, self.height = _span(x), _span(y), width, height

    def at(self, x: float, y: float) -> Point:
        """Return where in the picture a point is."""
        (x0, x1), (y0, y1) = self.x, self.y
        return self.left + (x - x0) / (x1 - x0) * self.width, self.top + (y1 - y) / (y1 - y0) * self.height

    def inside(self, right: float, up: float) -> Point:
        """Return the point at these parts of the sides."""
        (x0, x1), (y0, y1) = self.x, self.y
        return x0 + right * (x1 - x0), y0 + up * (y1 - y0)

    def axes(self, title: str, x_label: str, y_label: str, log: bool = False) -> Iterator[str]:
        """Yield a grid with its numbers (y may be a logarithm) and the texts around it."""
        right, bottom = self.left + self.width, self.top + self.height
        for x in ticks(*self.x):
            place = self.at(x, self.y[0])[0]
            yield f'<path class="grid" d="M{place:.1f} {self.top:.1f}V{bottom:.1f}"/>'
            yield text(place, bottom + 16, short(x), "dim", 11, "middle")
        for y in powers(*self.y) if log else ticks(*self.y):
            place = self.at(self.x[0], y)[1]
            yield f'<path class="grid" d="M{self.left:.1f} {place:.1f}H{right:.1f}"/>'
            yield text(self.left - 7, place + 4, short(10**y if log else y, 3), "dim", 11, "end")
        yield text(self.left, 22, visible(title), "ink strong", 14)
        yield text(right, bottom + 34, visible(x_label), "dim", 11, "end")
        yield text(self.left - 7, self.top - 8, visible(y_label), "dim", 11, "end")


def _span(numbers: Sequence[float]) -> Point:
    """Return the range of the numbers and a little more."""
    low, high = min(numbers), max(numbers)
    margin = (high - low) * 0.04 or abs(high) * 0.1 or 1.0
    return low - margin, high + margin


def ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Return at most so many round numbers between two numbers, and one more if they fit exactly.

    >>> ticks(0.0, 0.47), ticks(-3.0, 120.0)
    ([0.0, 0.1, 0.2, 0.3, 0.4], [0.0, 20.0, 40.0, 60.0, 80.0, 100.0, 120.0])
    """
    if high - low < 1e-290:  # too near to 0 for round numbers
        return [low, high]
    power = 10.0 ** floor(log10((high - low) / most))
    step = next(k * power for k in (1.0, 2.0, 5.0, 10.0) if k * power * most >= high - low)
    return [float(f"{k * step:.12g}") for k in range(ceil(low / step), floor(high / step) + 1)]


def powers(low: float, high: float) -> list[float]:
    """Return the logarithms of 1, 2, 5, 10, ... between two of them, of many only those of whole powers of ten.

    >>> [round(10**y, 9) for y in powers(-1.2, 0.8)]
    [0.1, 0.2, 0.5, 1.0, 2.0, 5.0]
    """
    decades = range(floor(low), ceil(high))
    marks = [k + log10(m) for k in decades for m in (1, 2, 5) if low <= k + log10(m) <= high]
    return marks if 1 < len(marks) < 9 else ticks(low, high)


def curves(
    series: Mapping[str, Sequence[float | None]] | Any,
    *,
    title: str | None = None,
    x_label: str = "epoch",
    y_label: str = "loss",
    log: bool = False,
) -> Picture:
    """Draw numbers over 0, 1, 2, ..., one line for each name; None, nan and inf interrupt a line.

    A training history stands for its losses. With log=True the y axis is logarithmic.
    """
    if not isinstance(series, Mapping):
        title = "Loss over the epochs" if title is None else title
        series = {"training": series.loss, "validation": series.val_loss}
    lines = {visible(name): pieces for name, numbers in series.items() if (pieces := _pieces(numbers, log))}
    points = [point for pieces in lines.values() for piece in pieces for point in piece]
    if not points:
        raise ValueError("There is no number to draw. Give some for each name, as in curves({'loss': [2.0, 1.5]}).")
    plane = Plane([x for x, _ in points], [y for _, y in points], 520.0, 280.0)
    title = title or ""
    parts = list(plane.axes(title, x_label, y_label, log))
    legend_x, below, right = plane.left, plane.top + plane.height + 54, plane.left + plane.width
    told = []
    for i, (name, pieces) in enumerate(lines.items()):
        dash, colour = DASHES[(i + i // len(SERIES)) % len(DASHES)], i % len(SERIES)  # never both alike
        line = f'<path class="line{colour}" fill="none" stroke-width="2" stroke-dasharray="{dash}" d="M'
        for piece in pieces:
            places = [plane.at(*point) for point in piece]
            parts.append(f'{line}{" ".join([f"{x:.1f} {y:.1f}" for x, y in places])}"/>')
            if len(places) == 1:
                parts.append(mark(*places[0], colour))
        if legend_x > plane.left and legend_x + 30 + text_width(shortened(name, 30), 11) > right:
            legend_x, below = plane.left, below + 18
        parts.append(f'{line}{legend_x:.1f} {below - 4:.1f}h24"/>')
        parts.append(text(legend_x + 30, below, shortened(name, 30), "ink", 11))
        legend_x += text_width(shortened(name, 30), 11) + 46
        span = max([abs(y) for piece in pieces for _, y in piece])
        ends = [10**y if log else y if abs(y) > 1e-9 * span else 0.0 for _, y in (pieces[0][0], pieces[-1][-1])]
        told.append(f"{name} from {short(ends[0])} to {short(ends[1])}")
    size = right + 20, below + 14
    return pictured(parts, size, title or "; ".join(told), "; ".join(told))


def _pieces(numbers: Sequence[float | None], log: bool) -> list[list[Point]]:
    """Return the stretches of a line in which there are numbers."""
    pieces: list[list[Point]] = [[]]
    for i, y in enumerate(numbers):
        if y is not None and abs(y) < LARGEST and (y > 0 or not log):
            pieces[-1].append((float(i), log10(y) if log else float(y)))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def diagram(model: Any, *, most: int = 16) -> Picture:
    """Draw the inputs and neurons in columns; a connection is as thick as its weight is large, below 0 dashed.

    Of a layer with more than `most` neurons the first ones are drawn.
    """
    layers = getattr(model, "layers", [model])
    matrices = [layer.W if hasattr(layer, "W") else [layer.w] for layer in layers]
    biases = [layer.b if isinstance(layer.b, list) else [layer.b] for layer in layers]
    names = [f"a{i}" for i in range(1, len(layers))] + ["ŷ"]
    counts = [len(matrices[0][0]), *[len(matrix) for matrix in matrices]]
    rows, apart = min(max(counts), most), 44.0
    largest = max([abs(w.data) for matrix in matrices for row in matrix for w in row]) or 1.0

    def place(column: int, i: int) -> Point:
        return 60.0 + 170.0 * column, 60.0 + apart * (i + (rows - min(counts[column], most)) / 2)

    drawn = [
        (abs(w.data) / largest, w, place(column, j), place(column + 1, i))
        for column, matrix in enumerate(matrices)
        for i, row in enumerate(matrix[:most])
        for j, w in enumerate(row[:most])
    ]
    dense = min(1.0, (90 / len(drawn)) ** 0.5)  # where lines are many, only large weights stand out
    order = sorted(drawn, key=lambda line: line[0]) if dense < 1 else drawn
    parts = [_connection(w, size, dense, start, end) for size, w, start, end in order]
    for column, count in enumerate(counts):
        kind = "input" if column == 0 else "output" if column == len(matrices) else "op"
        name = names[column - 1] if column else "x"
        for i in range(min(count, most)):
            x, y = place(column, i)
            label = name if count == 1 and kind == "output" else short_name(f"{name}[{i}]")
            bias = f", bias {biases[column - 1][i].data!r}" if column else ""
            parts.append(
                f'<g><title>{label}{bias}</title><circle class="{kind} {kind}-edge" cx="{x:.1f}" cy="{y:.1f}" r="17"/>'
                f"{text(x, y + 4, label, 'ink', min(13.0, 56 / len(label)), 'middle')}</g>"
            )
        x, y = place(column, min(count, most))
        parts.append(text(x, y, f"⋮ {count - most:,} more" if count > most else "", "dim", 11, "middle"))
        parts.append(text(x, 26, activation(layers[column - 1]) if column else "inputs", "dim", 11, "middle"))
    bottom = 60.0 + apart * (rows + 0.6)
    parts.append(f'<path class="line0" stroke-width="2.5" d="M43 {bottom - 4:.1f}h24"/>')
    parts.append(text(73, bottom, "weight above 0", "dim", 11))
    parts.append(f'<path class="line1" stroke-width="2.5" stroke-dasharray="5 3" d="M183 {bottom - 4:.1f}h24"/>')
    parts.append(text(213, bottom, f"below 0; the thickest is {short(largest, 3)}", "dim", 11))
    size = max(120.0 + 170.0 * len(matrices), 450.0), bottom + 16
    return pictured(parts, size, repr(model), " then ".join([f"{count:,}" for count in counts]) + " in columns")


def _connection(w: Any, size: float, dense: float, start: Point, end: Point) -> str:
    """Return the line of a weight, whose size is its share of the largest one."""
    sign = 'class="line0"' if w.data >= 0 else 'class="line1" stroke-dasharray="5 3"'
    strong = size ** (1 / dense)
    return (
        f'<path {sign} fill="none" stroke-width="{0.3 + 4 * strong * dense:.2f}" '
        f'opacity="{0.3 * dense**2 + 0.6 * strong:.2f}" d="M{start[0] + 17:.1f} {start[1]:.1f}'
        f'L{end[0] - 17:.1f} {end[1]:.1f}"><title>{escaped(visible(w.label))} = {w.data!r}</title></path>'
    )


def activation(layer: Any) -> str:
    """Return the name of what a layer does to its weighted sums."""
    name = getattr(layer.activation, "name", None) or getattr(layer.activation, "__name__", "linear")
    return str(name)


def decision_boundary(
    model: Any, X: Sequence[Sequence[float]], y: Sequence[Any], *, threshold: float | None = None, title: str = "",
    classes: Sequence[str] = (), features: Sequence[str] = ("x[0]", "x[1]"),
) -> Picture:  # fmt: skip
    """Draw the examples, and the area that the model gives to each class in the colour of the class.

    For two inputs `model` (its `predict`, if it has one) gives a list with one number for each class, or one
    number: the label that is nearest to it, or with a `threshold` the second of two labels above that.
    `classes` are names for the labels, from the smallest on, and `features` for the two inputs.
    """
    if not len(X) or len(X) != len(y):
        raise ValueError(f"There are {len(X)} examples and {len(y)} labels. Give at least one, each with its label.")
    if wrong := [i for i, x in enumerate(X) if len(x) != 2]:
        raise ValueError(
            f"Example {wrong[0]} has {len(X[wrong[0]])} inputs, and a plane has 2. Write [row[:2] for row in X]."
        )
    points = [(_plain(x[0]), _plain(x[1])) for x in X]
    given = [list(label).index(max(label)) if hasattr(label, "__len__") else _plain(label) for label in y]
    labels = sorted(set(given))
    middles = [(a + b) / 2 for a, b in pairwise(labels)] if threshold is None else [threshold]
    plane = Plane([x for x, _ in points], [y for _, y in points], 420.0, 420.0)
    predict = getattr(model, "predict", model)
    with ieee():
        corners = [[plane.inside(i / CELLS, j / CELLS) for i in range(CELLS + 1)] for j in range(CELLS + 1)]
        outputs = [[predict(list(corner)) for corner in row] for row in corners]
    leads = [[_leads(out, middles) for out in row] for row in outputs]
    by_class = isinstance(outputs[0][0], list)
    number_of = {label: int(label) if by_class else k for k, label in enumerate(labels)}
    right, bottom = plane.left + plane.width, plane.top + plane.height
    parts = [f'<path class="area0" d="M{plane.left} {plane.top}H{right}V{bottom}H{plane.left}z"/>']
    for k in range(1, len(leads[0][0])):
        area, border = area_of([[lead[k] for lead in row] for row in leads], plane)
        parts.append(f'<path class="area{k % len(SERIES)}" d="{area}"/>')
        parts.append(f'<path class="line" fill="none" stroke-width="1.5" d="{border}"/>')
    parts += plane.axes(title, features[0], features[1])
    for point, label in list(zip(points, given))[:: len(X) // 3000 + 1]:
        parts.append(mark(*plane.at(*point), number_of[label]))
    x = plane.left + 6
    for name, k in zip(classes or map(short, labels), number_of.values()):
        parts.append(mark(x, bottom + 30, k) + text(x + 10, bottom + 34, visible(name), "ink", 11))
        x += text_width(name, 11) + 34
    told = f"{len(X):,} examples of {len(labels)} classes, and the area that the model gives to each"
    return pictured(parts, (right + 20, bottom + 48), title or told, told)


def _plain(x: Any) -> float:
    return float(getattr(x, "data", x))


def _leads(out: Any, middles: Sequence[float]) -> list[float]:
    """Return for each class how far the output is on its side of the border to another class."""
    if isinstance(out, list):
        numbers = [_plain(x) for x in out]
        return [x - max([*numbers[:k], *numbers[k + 1 :]], default=-inf) for k, x in enumerate(numbers)]
    return [min(_plain(out) - low, high - _plain(out)) for low, high in pairwise([-inf, *middles, inf])]


def area_of(field: list[list[float]], plane: Plane) -> tuple[str, str]:
    """Return the paths of the area in which a field on the grid is not negative, and of its border.

    Marching squares: where the sign changes along a side of a cell, the border crosses it.
    """
    area, border = [], []

    def at(i: float, j: float) -> str:
        x, y = plane.at(*plane.inside(i / CELLS, j / CELLS))
        return f"{x:.1f} {y:.1f}"

    for j in range(CELLS):
        start = 0  # of the cells that are wholly inside
        for i in range(CELLS):
            cell = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
            inside = [field[b][a] >= 0 for a, b in cell]
            if not all(inside):
                if start < i:
                    area.append(f"M{at(start, j)}L{at(i, j)}L{at(i, j + 1)}L{at(start, j + 1)}z")
                start = i + 1
                if any(inside):
                    shape, crossings = [], []
                    for (a, b), (c, d) in zip(cell, cell[1:] + cell[:1]):
                        here, there = field[b][a], field[d][c]
                        if here >= 0:
                            shape.append(at(a, b))
                        if (here >= 0) != (there >= 0):
                            part = here / (here - there) if abs(here) < inf > abs(there) else 0.5
                            shape.append(at(a + part * (c - a), b + part * (d - b)))
                            crossings.append(shape[-1])
                    area.append("M" + "L".join(shape) + "z")
                    border += [f"M{a}L{b}" for a, b in zip(crossings[::2], crossings[1::2])]
        if start < CELLS:
            area.append(f"M{at(start, j)}L{at(CELLS, j)}L{at(CELLS, j + 1)}L{at(start, j + 1)}z")
    return "".join(area), "".join(border)


def mark(x: float, y: float, k: int) -> str:
    """Return a small sign for class k, with a shape and a colour of its own."""
    shape = f"M{x:.1f} {y:.1f}{MARKS[k % len(MARKS)]}"
    return f'<path class="mark{k % len(SERIES)}" style="stroke:#fff;stroke-width:0.8" d="{shape}"/>'


def pictured(parts: Sequence[str], size: Point, title: str, description: str) -> Picture:
    return Picture(framed("\n".join(filter(None, parts)), size, visible(title), visible(description)), visible(title))
