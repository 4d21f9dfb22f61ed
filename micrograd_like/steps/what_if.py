"""A recorded graph computed again with other numbers: nudge a leaf, or ask what if.

>>> from micrograd_like import Value
>>> a, b = Value(2.0), Value(-3.0)
>>> y = a * b + a
>>> what_if(y, {a: 3.0}).data, y.data
(-6.0, -4.0)
>>> print(nudge(y, b))
y moves by 2 for each unit of b: measured 2, computed by backward 2.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import copysign, isfinite
from typing import Any

from ..engine import Value, ieee
from ..graph.copies import make
from ..graph.names import Graph, as_value
from ..mistakes.passes import grads
from ..ops import real
from ..ops.notation import short, visible


def values(nodes: Sequence[Value], changes: Mapping[Value, float]) -> dict[Value, float]:
    """Return what every node of a graph would be if some had these values; the graph stays as it is."""
    found: dict[Value, float] = {}
    for node in nodes:
        if node in changes:
            found[node] = changes[node]
        else:
            found[node] = node.op.at([found[x] for x in node.inputs], node.inputs) if node.op else node.data
    return found


def what_if(output: Value, changes: Mapping[Value, object], *, names: Mapping[str, Any] | None = None) -> Value:
    """Return the output of a new graph like this one, in which some of the values are others.

    What the learner's program decided by comparing numbers stays decided as it was. Raises ValueError where the
    output was not made from a value that is to change, and TypeError where one is not a Value.
    """
    graph = Graph(as_value(output, "what_if"), names=names)
    numbers = _checked(graph, changes)
    copies: dict[Value, Any] = {}
    for node in graph.nodes:
        if node.constant:
            copies[node] = node.data
            continue
        if node.op is None or node in numbers:
            copies[node] = make(type(node), (), numbers.get(node, node.data), 0.0, None, (), graph.name(node))
        else:
            copies[node] = node.op(*[copies[x] for x in node.inputs])
            copies[node].label = graph.name(node)
    return copies[output]  # type: ignore[no-any-return]


def _checked(graph: Graph, changes: Mapping[Value, object]) -> dict[Value, float]:
    known = next((graph.name(x) for x in graph.nodes if not x.constant), "a")
    if not isinstance(changes, Mapping):
        raise TypeError(f"The changes are a dictionary from values to numbers. Write {{{known}: 3.0}}.")
    for node in changes:
        if not isinstance(node, Value):
            raise TypeError(f"{visible(repr(node))} is not a Value. Change one of the graph, as in {{{known}: 3.0}}.")
        if node not in graph.uses or node.constant:
            raise ValueError(
                f"{visible(repr(node))} is not among the values that {graph.name(graph.outputs[0])} was made from. "
                f"Change one of them, as in {{{known}: 3.0}}."
            )
    return {node: real(number) for node, number in changes.items()}


@dataclass(frozen=True, repr=False)
class Nudge:
    """A slope measured by moving a leaf by h to both sides, beside the gradient that backward computes."""

    graph: Graph
    leaf: Value
    h: float
    measured: float
    gradient: float
    crossed: list[Value]  # nodes whose local derivative jumps on the way

    def curve(self, count: int = 81) -> list[tuple[float, float]]:
        """Return points of the output over the leaf, as far as it moves a few times its size."""
        x0, reach = self.leaf.data, max(8 * self.h, 0.75 * max(1.0, abs(self.leaf.data)))
        points = []
        for i in range(count):
            x = x0 + reach * (2 * i / (count - 1) - 1)
            with ieee():
                y = values(self.graph.nodes, {self.leaf: x})[self.graph.outputs[0]]
            if isfinite(y):
                points.append((x, y))
        return points

    def __str__(self) -> str:
        leaf, output = self.graph.name(self.leaf), self.graph.name(self.graph.outputs[0])
        text = (
            f"{output} moves by {short(self.measured)} for each unit of {leaf}: "
            f"measured {short(self.measured, 6)}, computed by backward {short(self.gradient, 6)}."
        )
        if self.crossed:
            kinks = ", ".join(f"{self.graph.name(x)} = {self.graph.formula(x)}" for x in self.crossed)
            text += f" A kink was crossed, so the slope measured belongs to neither side: {kinks}."
        return text

    @property
    def svg(self) -> str:
        """The output over the leaf, with its tangent."""
        points, (x0, y0) = self.curve(), (self.leaf.data, self.graph.outputs[0].data)
        xs, ys = [x for x, _ in points] or [x0], [y for _, y in points] or [y0]
        left, right, low, high = min(xs), max(xs), min(ys), max(ys)
        low, high = (low, high) if high > low else (low - 1.0, high + 1.0)

        def place(x: float, y: float) -> tuple[float, float]:
            return 40 + 320 * (x - left) / ((right - left) or 1.0), 200 - 180 * (y - low) / (high - low)

        def line(pairs: Sequence[tuple[float, float]], kind: str) -> str:
            drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*pair) for pair in pairs))
            return f'<polyline class="{kind}" points="{drawn}"/>'

        ends = [(x, y0 + self.gradient * (x - x0)) for x in (left, right)]
        (dot_x, dot_y), names = place(x0, y0), [escape(self.graph.name(x)) for x in (self.leaf, self.graph.outputs[0])]
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 380 240" width="380" height="240" role="img" '
            f'font-family="sans-serif" font-size="12"><title>{names[1]} over {names[0]}</title><style>'
            ".box{fill:none;stroke:#888}text{fill:#333}polyline{fill:none;stroke-width:2;clip-path:url(#c)}"
            ".curve{stroke:#06c}.tangent{stroke:#b40;stroke-dasharray:6 4}.dot{fill:#b40}"
            "@media(prefers-color-scheme:dark){text{fill:#ddd}.curve{stroke:#6bf}.tangent{stroke:#fa6}.dot{fill:#fa6}}"
            '</style><clipPath id="c"><rect x="40" y="20" width="320" height="180"/></clipPath>'
            '<rect class="box" x="40" y="20" width="320" height="180"/>'
            f"{line(points, 'curve')}{line(ends, 'tangent')}"
            f'<circle class="dot" cx="{dot_x:.1f}" cy="{dot_y:.1f}" r="4"/>'
            f'<text x="40" y="216">{short(left)}</text><text x="360" y="216" text-anchor="end">{short(right)}</text>'
            f'<text x="200" y="232" text-anchor="middle">{names[0]} (dashed: slope {short(self.gradient)})</text>'
            f'<text x="40" y="14">{names[1]} from {short(low)} to {short(high)}</text></svg>'
        )

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        picture = b64encode(self.svg.encode()).decode()
        return f'<p>{escape(str(self))}</p><img alt="curve and tangent" src="data:image/svg+xml;base64,{picture}">'


def nudge(output: Value, wrt: Value, h: float | None = None, *, names: Mapping[str, Any] | None = None) -> Nudge:
    """Measure d(output)/d(wrt): move wrt by h to both sides in a replay of the recorded graph.

    Without h it is 1e-4 times the size of wrt, and 1e-4 at least. Raises ValueError where the output was not made
    from wrt, or h is not a number above 0.
    """
    root, leaf = as_value(output, "nudge"), as_value(wrt, "nudge")
    graph = Graph(root, names=names)
    _checked(graph, {leaf: leaf.data})
    h = real(h) if h is not None else 1e-4 * max(1.0, abs(leaf.data))
    if not (isfinite(h) and h > 0):
        raise ValueError(f"h = {h} is not a step. Give a small number above 0, as in h=0.001.")
    below, above = [values(graph.nodes, {leaf: leaf.data + side * h}) for side in (-1, 1)]
    crossed = []
    for node in graph.nodes:
        if node.op and node.op.kink and node is not leaf:
            sides = [node.op.kink(*[found[x] for x in node.inputs]) for found in (below, above)]
            if sides[0] != sides[1] and (0.0 in sides or copysign(1.0, sides[0]) != copysign(1.0, sides[1])):
                crossed.append(node)
    measured = (above[root] - below[root]) / (2 * h)
    return Nudge(graph, leaf, h, measured, grads(root)[leaf], crossed)
