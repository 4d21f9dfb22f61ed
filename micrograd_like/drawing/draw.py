"""`draw(L)`: the graph that computes L as a picture, one box a node, the local derivative on each edge."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from typing import Any, Literal

from ..engine import Value
from ..graph.names import Graph, changed_after_use
from ..ops.notation import ABOVE, check_digits, short, short_name
from . import boxes as written
from .boxes import Arrow, Box
from .fold import Group, Link, folded, opened, unfolded
from .picture import NoConverterError, Picture, found, run, shortened, visible

WHOLE, BOXES = 300, 60  # a graph of more nodes is folded, to about so many boxes


class Drawing(Picture):
    """A picture of a graph: `.svg`, `.dot`, and `.save("graph.svg")` or .png, .html, .dot."""

    source: str

    formats: tuple[str, ...] = ("svg", "png", "html", "dot")

    def __init__(self, svg: str, title: str, dot: str) -> None:
        super().__init__(svg, title)
        self.dot = self.source = dot

    @property
    def png(self) -> bytes:
        try:
            return super().png
        except NoConverterError:
            if found("dot"):
                return run(["dot", "-Tpng"], self.dot)
            raise

    def render(self, filename: str = "graph", format: str = "svg", **options: Any) -> str:
        """Save as filename.format and return the path, as a graphviz.Digraph does."""
        return str(self.save(f"{filename}.{format}"))


def draw(
    *roots: Any,
    digits: int = 4,
    vertical: bool = False,
    fold: bool | None = None,
    engine: Literal["own", "dot"] = "own",
    names: Mapping[str, Any] | None = None,
) -> Drawing:
    """Draw what the roots were made from, with numbers of at most so many significant digits.

    Up to 300 nodes have a box each; in a larger graph, or with fold=True, what is done alike to many numbers is
    one box. engine="dot" has Graphviz place the boxes. Nodes are named as in `Graph`.

    >>> from micrograd_like import Value
    >>> a = Value(3.0)
    >>> L = a * a
    >>> draw(L)
    <Drawing: L = 9, a graph of 2 nodes>
    """
    if engine not in ("own", "dot"):
        raise ValueError(f'There is no engine {engine!r}. Write engine="dot", or leave it out.')
    check_digits(digits)
    graph = Graph(*_values(roots), names=names)
    fold = len(graph) > WHOLE if fold is None else fold
    groups = folded(graph.nodes, BOXES) if fold else unfolded(graph.nodes)
    name_of = _names_alone(graph, groups) if fold else graph.names
    reached = any(node.grad != 0.0 for node in graph.nodes)
    late = {x for node in graph.nodes for x in changed_after_use(node)}
    boxes = [_box(group, graph, name_of, digits, reached, late) for group in groups]
    arrows = [
        _arrow(groups, boxes, tail, head, link, digits)
        for head, group in enumerate(groups)
        for (tail, _), link in group.links.items()
    ]
    notes = ["on the edges: local derivatives"] if any(arrow.label for arrow in arrows) else []
    notes += [] if reached else ["no backward yet"]
    notes += ["dashed: an input was changed after this was computed"] if any(box.stale for box in boxes) else []
    outputs = ", ".join([f"{name_of.get(x) or 'output'} = {short(x.data, digits)}" for x in graph.outputs[:3]])
    title = visible(f"{outputs}, a graph of {len(graph):,} nodes")
    dot = written.dot(boxes, arrows, notes, vertical)
    if engine == "dot":
        if not found("dot"):
            raise NoConverterError(
                'engine="dot" needs the program dot of Graphviz, which is not installed. Leave engine out, or '
                "type sudo apt install graphviz (Debian), brew install graphviz (macOS)."
            )
        return Drawing(run(["dot", "-Tsvg"], dot).decode(), title, dot)
    told = [box.tip.partition("\n")[0] for box in boxes] if fold else f"{graph}".split("\n")
    return Drawing(written.svg(boxes, arrows, notes, vertical, title, "\n".join(map(visible, told))), title, dot)


def draw_dot(root: Any, format: str = "svg", rankdir: Literal["LR", "RL", "TB", "BT"] = "LR", **options: Any) -> Any:
    """Return a graphviz.Digraph of the graph, or our own `Drawing` where Graphviz is not installed."""
    drawing = draw(root, vertical=rankdir in ("TB", "BT"), **options)
    try:
        from graphviz import Digraph
    except ImportError:
        return drawing
    if not found("dot"):
        return drawing
    return Digraph(format=format, body=[line + "\n" for line in drawing.dot.splitlines()[1:-1]])


def _values(roots: Sequence[Any]) -> list[Value]:
    given = [root.outputs if isinstance(root, Graph) else root for root in roots]
    values = [x for root in given for x in (root if isinstance(root, list | tuple) else [root])]
    for x in values or [None]:
        if not isinstance(x, Value):
            raise TypeError(f"draw was given {x!r}, which has no graph. Give a Value, as in draw(2 * Value(3.0)).")
    return values


def _names_alone(graph: Graph, groups: Sequence[Group]) -> dict[Value, str]:
    """Return the given names of nodes that have a box of their own; v1, v2, ... would count what is not seen."""
    return graph.given_names([group.nodes[0] for group in groups if len(group.nodes) == 1])


def _box(group: Group, graph: Graph, name_of: Mapping[Value, str], digits: int, reached: bool, late: Set[Value]) -> Box:
    nodes, first = group.nodes, group.nodes[0]
    if group.what == "more":
        counts = Counter([node.op.name if node.op else "leaf" for node in nodes]).most_common(5)
        name = f"… {len(nodes):,} more"
        return Box("more", "", name, "", [(what, f"{count:,}") for what, count in counts], False, f"{name} nodes")
    kind = "op" if first.op else "constant" if first.constant else "input"
    kind = "parameter" if getattr(first, "parameter", False) else kind
    kind = "output" if first in graph.outputs else kind
    op = group.what if group.inside else (first.op.sign or first.op.name) if first.op else ""
    name = visible(name_of.get(first, "") if len(nodes) == 1 else _common(nodes))
    data, grads = [node.data for node in nodes], [node.grad for node in nodes]
    name = name or (kind if not first.op else "")
    digits = digits if len(nodes) == 1 else min(digits, 3)
    rows = [("data" if late.isdisjoint(nodes) else "new data", _span(data, digits))]
    tip = [name or op or kind, f"data {_span(data, 17)}"]
    if kind != "constant":
        rows.append(("grad", _span(grads, digits) if reached else "–"))
        tip.append(f"grad {_span(grads, 17)}" if reached else "no backward yet")
    if first.op and not group.inside:
        tip.append(first.op.why)
    stale = any(map(changed_after_use, nodes + group.inside))
    return Box(kind, op, shortened(short_name(name), 26), _lanes(nodes), rows, stale, "\n".join(tip))


def _arrow(groups: Sequence[Group], boxes: Sequence[Box], tail: int, head: int, link: Link, digits: int) -> Arrow:
    ends = boxes[tail], boxes[head]
    if ends[0].kind == "constant" or "more" in (ends[0].kind, ends[1].kind):
        return Arrow(tail, head, "", "")
    below, above = (box.tip.partition("\n")[0] for box in ends)
    slopes = [link.low, link.high]
    times = link.count // (len(groups[tail].nodes) * len(groups[head].nodes))  # from each to each
    digits = digits if link.count == 1 else min(digits, 2)
    label = _span(slopes, digits) + (f" ×{times:,}" if times > 1 else "")
    return Arrow(tail, head, label, f"∂({above})/∂({below}) = {_span(slopes, 17)}")


def _span(numbers: Sequence[float], digits: int) -> str:
    """Return the number, or from which number to which several reach."""
    low, high = short(min(numbers), digits), short(max(numbers), digits)
    return low if low == high else f"{low} … {high}"


def _common(nodes: Sequence[Value]) -> str:
    """Return the label of all nodes, with the indices left open in which they differ."""
    labels = {str(node.label) for node in nodes}
    for keep in (9, -1, 1, 0):
        alike = {opened(label, keep) for label in labels}
        if len(alike) == 1:
            return alike.pop()
    return ""


def common_name(nodes: Sequence[Value]) -> str:
    """Return how a picture names several nodes together, "" where their labels have nothing in common.

    >>> from micrograd_like import MLP
    >>> layer = MLP(2, [3, 1]).layers[0]
    >>> common_name([w for neuron in layer.neurons for w in neuron.w]), common_name(layer.b)
    ('w¹', 'b¹')
    """
    name = _common(nodes)
    if match := re.fullmatch(r"(?:\w+\.)?layers\[(\d+)\]\.neurons\[[·\d]+\]\.([a-z]+)(?:\[[·\d]+\])?", name):
        return match[2] + str(int(match[1]) + 1).translate(ABOVE)
    if match := re.fullmatch(r"([za])(\d+)\[·\]", name):
        return match[1] + match[2].translate(ABOVE)
    return shortened(short_name(name.replace("[·]", "")), 16)


def _lanes(nodes: Sequence[Value]) -> str:
    """Return how many nodes there are, as a product where every label is there equally often."""
    many, labels = len(nodes), len({node.label for node in nodes})
    if 1 < labels < many and many % labels == 0:
        return f"×{labels:,} ×{many // labels:,}"
    return f"×{many:,}" if many > 1 else ""
