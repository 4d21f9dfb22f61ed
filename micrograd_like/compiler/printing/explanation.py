"""Which scalars became which array."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from html import escape

from ...drawing.boxes import Arrow, Box, dot, svg
from ...drawing.draw import Drawing
from ...drawing.picture import shortened
from ...engine import Value
from ...ops.notation import short
from ..lower.plan import Plan
from .algebra import Equation, lines, sources


class Equations:
    """A line for each array, printed; in a notebook a box for each above it."""

    plan: Plan
    names: Mapping[Value, str]
    lines: list[Equation]

    def __init__(self, plan: Plan, names: Mapping[Value, str]) -> None:
        self.plan, self.names = plan, names
        self.lines = lines(plan, names)

    @cached_property
    def picture(self) -> Drawing:
        """The recorded graph with one box for each array."""
        place = {id(line.block): i for i, line in enumerate(self.lines)}
        arrows = [
            Arrow(place[id(source)], head, "", "")
            for head, line in enumerate(self.lines)
            for source in sources(self.plan, line.block)
        ]
        boxes = [self._box(line) for line in self.lines]
        title = f"{len(self.plan.graph):,} scalars in {len(boxes)} arrays"
        told = "\n".join([line.text for line in self.lines])
        graphviz = dot(boxes, arrows, [title], vertical=True)
        return Drawing(svg(boxes, arrows, [title], vertical=True, title=title, description=told), title, graphviz)

    def _box(self, line: Equation) -> Box:
        data = [self.plan.graph.data[i] for i in line.block.nodes.tolist()]
        low, high = short(min(data), 3), short(max(data), 3)
        kind = {"lanes": "op", "parameter": "parameter", "number": "input"}[line.block.kind]
        kind = "output" if self.plan.graph.roots[0] in line.block.nodes else kind
        rows = [("", shortened(f"= {line.formula}", 40))] if line.formula else []
        rows.append(("data", low if low == high else f"{low} … {high}"))
        return Box(kind, "", line.name, line.shape, rows, False, f"{line.text}\n{line.block.size} scalars")

    def __str__(self) -> str:
        graph, made = self.plan.graph, []
        for line in self.lines:
            block = line.block
            few = [graph.nodes[i] for i in block.nodes[:3].tolist()]
            labels = [str(self.names.get(x) or x.label or f"{x.data:.4g}") for x in few]
            shown = ", ".join(labels) + (", ..." if block.size > 3 else "")
            kind = {"lanes": "scalars", "parameter": "parameters", "number": "numbers"}[block.kind]
            made.append(f"{line.text}   {line.shape}".rstrip())
            made.append(f"    {block.size} {kind if block.size > 1 else kind[:-1]}: {shown}")
        inside = len(graph) - sum([block.size for block in self.plan.blocks])
        return "\n".join([*made, f"and {inside} scalars on the way: terms of sums, and numbers in the text."])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f'{self.picture._repr_html_()}<pre style="font-family: monospace">{escape(str(self))}</pre>'
