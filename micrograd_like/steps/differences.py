"""Right and wrong gradients beside each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from html import escape
from math import isclose

from ..engine import Value
from ..graph.names import Graph
from ..ops.notation import brief, short


class Differences(dict[Value, tuple[float, float]]):
    """The nodes whose gradients two passes give differently, as (right, wrong); printed, a table by their names."""

    graph: Graph
    rule: str

    def __init__(self, graph: Graph, rule: str, right: Mapping[Value, float], wrong: Mapping[Value, float]) -> None:
        pairs = {node: (grad, wrong.get(node, 0.0)) for node, grad in right.items()}
        pairs |= {node: (0.0, grad) for node, grad in wrong.items() if node not in right}
        super().__init__({node: pair for node, pair in pairs.items() if not isclose(*pair, rel_tol=1e-12)})
        self.graph, self.rule = graph, rule

    def __repr__(self) -> str:
        return brief("\n".join(table(self.graph, self.rule, self))) if self else "no difference"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


def table(
    graph: Graph, rule: str, pairs: Mapping[Value, tuple[float, float]], marked: Collection[Value] = ()
) -> list[str]:
    """Return the lines of a table of (right, wrong) gradients, the output first."""
    rows = [("node", "right", rule, "")]
    for node, pair in reversed(list(pairs.items())):
        rows.append((graph.name(node), short(pair[0]), short(pair[1]), "<- differs" if node in marked else ""))
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths)).rstrip() for row in rows]
