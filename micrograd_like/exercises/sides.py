"""A learner's gradients beside the right ones, as two drawings of the same graph."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..drawing.draw import draw
from ..engine import Value
from .engines import LETTERS, Blueprint


def sides(plan: Blueprint, theirs: Sequence[float], edge: tuple[int, int] | None = None) -> str:
    """Return HTML: the graph with the gradients of a learner's engine, node by node, and with the right ones.

    `edge` is the first on which they differ: (place of the node that passes back, place of its input).
    """
    names = plan.written[1]
    right, yours = (plan.nodes([Value(x, name) for x, name in zip(plan.leaves, LETTERS)]) for _ in "xy")
    for node, other, name in zip(right, yours, names):
        node.label = other.label = name if name.isidentifier() else ""
    right[-1].label = yours[-1].label = "out"
    right[-1].backward()
    yours[-1].backward()
    for node, grad in zip(yours, theirs):
        node.grad = grad
    where = f": the first edge that differs leads from {names[edge[0]]} to {names[edge[1]]}" if edge else ""
    drawings = ((f"yours{where}", yours[-1]), ("right", right[-1]))
    figures = [
        f'<figure style="display:inline-block;vertical-align:top;margin:0 1.5em 0 0">'
        f"<figcaption>{escape(title)}</figcaption>{draw(root)._repr_html_()}</figure>"
        for title, root in drawings
    ]
    return "".join(figures)
