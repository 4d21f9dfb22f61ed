"""Which scalars became which array."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from html import escape
from typing import Any

from ..engine import Value
from .algebra import lines
from .plan import Plan


class Explanation:
    """A line for each array, printed; in a notebook the folded graph above it."""

    def __init__(self, plan: Plan, names: Mapping[Value, str]) -> None:
        self.plan, self.names = plan, names

    @cached_property
    def picture(self) -> Any:
        """The recorded graph with one box for what is done alike."""
        from ..drawing.draw import draw

        return draw(self.plan.graph.nodes[self.plan.graph.roots[0]], fold=True, names={})

    def __str__(self) -> str:
        graph, made = self.plan.graph, []
        for block, text, shape in lines(self.plan, self.names):
            few = [graph.nodes[i] for i in block.nodes[:3].tolist()]
            labels = [str(self.names.get(x) or x.label or f"{x.data:.4g}") for x in few]
            shown = ", ".join(labels) + (", ..." if block.size > 3 else "")
            kind = {"lanes": "scalars", "parameter": "parameters", "number": "numbers"}[block.kind]
            made.append(f"{text}   {shape}".rstrip())
            made.append(f"    {block.size} {kind if block.size > 1 else kind[:-1]}: {shown}")
        inside = len(graph) - sum([block.size for block in self.plan.blocks])
        return "\n".join([*made, f"and {inside} scalars on the way: terms of sums, and numbers in the text."])

    def _repr_html_(self) -> str:
        return f"{self.picture._repr_html_()}<pre>{escape(str(self))}</pre>"
