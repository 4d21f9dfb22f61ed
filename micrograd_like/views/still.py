"""A walk for who has no script: the graph with all its numbers, and every step with its equation, as plain HTML.

It stands in the page before the script puts the live view in its place, in the same shapes and colours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ..drawing.picture import visible
from ..ops.notation import short
from ..steps.events import Event, Forward
from ..steps.walk import Walk

STEPS = 120  # of the forward pass; of more, the script alone tells


def still(walk: Walk, lesson: Mapping[str, Any]) -> str:
    """Return the lesson of a walk as HTML that needs no script."""
    drawing = f'<div class="graph">{_drawing(walk, lesson)}</div>'
    if len(lesson["nodes"]) > STEPS:
        told = f"The {len(walk.graph):,} nodes of this graph are stepped through by a script, which does not run here."
        return f'<div class="mgl">{drawing}<p>{told}</p></div>'
    try:
        forward, backward = _rows(walk.forward), _rows([event for event in walk if not isinstance(event, Forward)])
    except OverflowError as error:  # a mistake that goes along every path
        return f'<div class="mgl">{drawing}<p>{escape(str(error))}</p></div>'
    return (
        f'<div class="mgl">{drawing}<h2>Forward: each node gets its value</h2><table><tbody>{forward}</tbody></table>'
        "<h2>Backward: local derivative times upstream gradient, added up in each input</h2>"
        f"<table><tbody>{backward}</tbody></table></div>"
    )


def _rows(events: Sequence[Event]) -> str:
    return "".join([f"<tr><td>{i}</td><td>{escape(visible(event))}</td></tr>" for i, event in enumerate(events, 1)])


def _drawing(walk: Walk, lesson: Mapping[str, Any]) -> str:
    """Draw what the script would draw: boxes, edges, and the numbers at the end of both passes."""
    nodes, plan, graph = lesson["nodes"], lesson["layouts"]["wide"], walk.graph.nodes
    groups = lesson.get("groups") or [{"nodes": [i], "kind": node["kind"]} for i, node in enumerate(nodes)]
    try:
        grads = walk.grads
    except OverflowError:
        grads = {}
    parts = []
    for route, end, (_, head, place), at in zip(plan["routes"], plan["ends"], lesson["edges"], plan["labels"]):
        parts.append(f'<path class="wire" d="{route}"/><path class="tip" d="M{end[0]} {end[1]}l-7 -4v8z"/>')
        if "groups" not in lesson and not graph[head].inputs[place].constant:
            slope = short(graph[head].local_grads[place], 3)
            parts.append(f'<text class="slope" x="{at[0]}" y="{at[1] - 4}">{slope}</text>')
    for group, (x, y), (w, h) in zip(groups, plan["centres"], lesson["sizes"]):
        node, many = graph[group["nodes"][0]], len(group["nodes"]) > 1
        if group["kind"] == "constant":
            title = escape(group.get("title") or short(node.data))
            parts.append(f'<text class="constant" x="{x}" y="{y + 4}">{title}</text>')
            continue
        left, top, right = x - w / 2 + 9, y - h / 2, x + w / 2 - 9
        name = group.get("title") or nodes[group["nodes"][0]].get("shown") or nodes[group["nodes"][0]]["name"]
        sign = (node.op.sign or node.op.name) if node.op and not many else group.get("what", "")
        box = f'<rect class="shape" x="{left - 9:g}" y="{top:g}" width="{w}" height="{h}" rx="6"/>'
        lines = [f'<text class="name" x="{left:g}" y="{top + 18:g}">{escape(visible(name))} {escape(sign)}</text>']
        for row, (what, number) in enumerate([("data", node.data), ("grad", grads.get(node))] if not many else []):
            base = f'y="{top + 36 + 15 * row:g}"'
            if number is not None:
                lines.append(f'<text class="what" x="{left:g}" {base}>{what}</text>')
                lines.append(f'<text class="value {what}" x="{right:g}" {base}>{short(number)}</text>')
        parts.append(f'<g class="{group["kind"]}">{box}{"".join(lines)}</g>')
    width, height = plan["size"]
    title = escape(visible(walk.graph.name(walk.root)))
    label = f"Graph of {title}, with all values and gradients; the steps are below"
    box = f'viewBox="-8 -8 {width + 16} {height + 16}" width="{width + 16}"'
    return f'<svg {box} role="img" aria-label="{label}">{"".join(parts)}</svg>'
