"""Functions of one or two numbers as landscapes, and the way that a descent takes over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import hypot, isfinite
from typing import Any

from ..drawing.picture import Picture, text, visible
from ..drawing.plots import CELLS, Plane, area_of, mark, pictured
from ..engine import Value
from ..graph.forward import OfValues
from ..ops import OPS, Op, ieee
from ..optim import SGD, Optimizer

LEVELS, STEPS, FLAT = 12, 160, 0.05


def descend(
    f: OfValues,
    start: Sequence[float],
    optimizer: Callable[[list[Value]], Optimizer] = lambda parameters: SGD(parameters, lr=0.1),
    steps: int = 20,
) -> list[list[float]]:
    """Run an optimizer on `f` from `start`, and return the places it was at, the start among them.

    >>> descend(lambda x: x * x, [1.0], steps=2)
    [[1.0], [0.8], [0.64]]
    """
    parameters = [Value(x) for x in start]
    descent, path = optimizer(parameters), [list(start)]
    for _ in range(steps):
        descent.zero_grad()
        f(*parameters).backward()
        descent.step()
        path.append([p.data for p in parameters])
    return path


def slope(f: OfValues, *numbers: float) -> tuple[float, list[float]]:
    """Return the value of `f` at numbers, and its gradient there.

    >>> slope(lambda x, y: x * y, 2.0, 3.0)
    (6.0, [3.0, 2.0])
    """
    leaves = [Value(x) for x in numbers]
    out = f(*leaves)
    out.backward()
    return out.data, [x.grad for x in leaves]


def valley(
    f: Callable[[Any], Value],
    path: Sequence[Sequence[float]],
    interval: tuple[float, float] | None = None,
    title: str = "",
) -> Picture:
    """Draw the curve of `f`, each place of a descent on it with its tangent, and a ball that moves along.

    Where the tangent falls to the right, its slope is negative and the ball goes to the right. The curve spans
    `interval`, or else the descent and half as much again.
    """
    xs = [x for (x,) in path]
    around = (max(xs) - min(xs) or 1.0) / 2
    low, high = interval or (min(xs) - around, max(xs) + around)
    grid = [low + (high - low) * i / STEPS for i in range(STEPS + 1)]
    with ieee():
        curve = [(x, y) for x in grid if isfinite(y := f(Value(x)).data)]
    at = [slope(f, x) for x in xs]
    plane = Plane(grid, [y for _, y in curve] + [y for y, _ in at], 520.0, 300.0)
    parts = [*plane.axes(title, "x", "f(x)"), line([plane.at(x, y) for x, y in curve])]
    reach = (high - low) / 14
    frames = []
    for x, (y, (gradient,)) in zip(xs, at):
        (x0, y0), (x1, y1) = plane.at(x - reach, y - reach * gradient), plane.at(x + reach, y + reach * gradient)
        frames.append((*plane.at(x, y), x0, y0, x1, y1))
        parts.append(line([(x0, y0), (x1, y1)], colour=1, width=1.0))
        parts.append(mark(*plane.at(x, y), 1))
    parts.append(_ball(frames))
    told = f"from x = {xs[0]:.4g}, slope {at[0][1][0]:.4g}, to x = {xs[-1]:.4g}, slope {at[-1][1][0]:.4g}"
    return pictured(parts, (plane.left + plane.width + 20, plane.top + plane.height + 48), title or told, told)


def contour(
    f: Callable[[Any, Any], Value],
    paths: Mapping[str, Sequence[Sequence[float]]],
    title: str = "",
    margin: float = 0.4,
) -> Picture:
    """Draw a function of two numbers as areas that darken downhill, and each descent on it as a line.

    An arrow at each start points along the negative gradient.
    """
    places = [place for path in paths.values() for place in path]
    sides = [(min(column), max(column)) for column in zip(*places)]
    x, y = [(low - margin * (high - low or 1.0), high + margin * (high - low or 1.0)) for low, high in sides]
    plane = Plane(x, y, 460.0, 400.0)
    with ieee():
        corners = [[plane.inside(i / CELLS, j / CELLS) for i in range(CELLS + 1)] for j in range(CELLS + 1)]
        field = [[f(*map(Value, corner)).data for corner in row] for row in corners]
    ranked = sorted(z for row in field for z in row if isfinite(z))
    parts = []
    for k in range(1, LEVELS):
        level = ranked[k * len(ranked) // LEVELS]
        area, border = area_of([[level - z for z in row] for row in field], plane)
        parts.append(f'<path class="area0" opacity="0.2" d="{area}"/><path class="grid" fill="none" d="{border}"/>')
    parts += plane.axes(title, "x", "y")
    legend = plane.left
    for colour, (name, path) in enumerate(paths.items(), 1):
        parts.append(line([plane.at(*place) for place in path], colour))
        parts += [mark(*plane.at(*place), colour) for place in path]
        parts.append(_arrow(f, path[0], plane, min(x[1] - x[0], y[1] - y[0]) / 6))
        below_axes = plane.top + plane.height + 34
        parts.append(mark(legend + 5, below_axes - 4, colour) + text(legend + 15, below_axes, visible(name), "ink", 11))
        legend += 7.0 * len(name) + 40
    told = "; ".join(f"{name} ends at ({path[-1][0]:.4g}, {path[-1][1]:.4g})" for name, path in paths.items())
    return pictured(parts, (plane.left + plane.width + 20, plane.top + plane.height + 48), title or told, told)


def activation(op: str | Op, low: float = -6.0, high: float = 6.0) -> Picture:
    """Draw an activation and its derivative; where the derivative is nearly 0 the activation is saturated."""
    op = OPS[op] if isinstance(op, str) else op
    grid = [low + (high - low) * i / STEPS for i in range(STEPS + 1)]
    at = [slope(op, x) for x in grid]
    plane = Plane(grid, [number for y, (gradient,) in at for number in (y, gradient)], 420.0, 260.0)
    parts = [*plane.axes(op.name, "x", "")]
    for colour, (name, numbers) in enumerate(
        ((op.name, [y for y, _ in at]), ("its derivative", [gradient for _, (gradient,) in at]))
    ):
        parts.append(line([plane.at(x, y) for x, y in zip(grid, numbers)], colour))
        x, y = plane.left + 150 * colour, plane.top + plane.height + 34
        parts += [line([(x, y - 4), (x + 24, y - 4)], colour), text(x + 30, y, name, "ink", 11)]
    steepest = max(abs(gradient) for _, (gradient,) in at)
    flat = [(x, y) for x, (y, (gradient,)) in zip(grid, at) if abs(gradient) < FLAT * steepest]
    if flat:
        gap = 1.5 * (high - low) / STEPS
        starts = [i for i, (x, _) in enumerate(flat) if i == 0 or x - flat[i - 1][0] > gap]
        parts += [line([plane.at(*point) for point in flat[i:j]], 2, 7.0) for i, j in pairwise([*starts, len(flat)])]
        x, y = plane.left, plane.top + plane.height + 54
        told = f"flat (saturated): the slope is below {FLAT:.0%} of its steepest"
        parts += [line([(x, y - 4), (x + 24, y - 4)], 2, 7.0), text(x + 30, y, told, "ink", 11)]
    return pictured(parts, (plane.left + plane.width + 20, plane.top + plane.height + 68), op.name, op.why)


def line(points: Sequence[tuple[float, float]], colour: int = 0, width: float = 2.0) -> str:
    """Return a line through points of the picture."""
    steps = " ".join([f"{x:.1f} {y:.1f}" for x, y in points])
    return f'<path class="line{colour}" fill="none" stroke-width="{width}" d="M{steps}"/>'


def _arrow(f: Any, place: Sequence[float], plane: Plane, reach: float) -> str:
    gradient = slope(f, *place)[1]
    length = hypot(*gradient) or 1.0
    x, y = (p - reach * g / length for p, g in zip(place, gradient))
    (x0, y0), (x1, y1) = plane.at(*place), plane.at(x, y)
    across = [(x1 + s * (y1 - y0) * 0.2 - (x1 - x0) * 0.2, y1 - s * (x1 - x0) * 0.2 - (y1 - y0) * 0.2) for s in (1, -1)]
    return line([(x0, y0), (x1, y1), across[0], (x1, y1), across[1]], 0, 1.5)


def _ball(frames: Sequence[tuple[float, ...]]) -> str:
    """Return a ball with its tangent that stands at each place in turn; where nothing moves, at the last one."""

    def attributes(names: str, first: int) -> tuple[str, str]:
        columns = {name: [frame[first + i] for frame in frames] for i, name in enumerate(names.split())}
        still = " ".join(f'{name}="{column[-1]:.1f}"' for name, column in columns.items())
        moving = "".join(
            f'<animate attributeName="{name}" dur="{0.5 * len(frames):g}s" repeatCount="indefinite" '
            f'calcMode="discrete" values="{";".join(f"{x:.1f}" for x in column)}"/>'
            for name, column in columns.items()
        )
        return still, moving

    ball, rolls = attributes("cx cy", 0)
    tangent, turns = attributes("x1 y1 x2 y2", 2)
    return (
        f'<line class="line1" stroke-width="3" {tangent}>{turns}</line>'
        f'<circle class="output output-edge" stroke-width="2" r="7" {ball}>{rolls}</circle>'
    )
