"""A walk as something to touch: in a notebook, or as a page of its own without network or server."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from math import isfinite
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote
from uuid import uuid4

from ..drawing.draw import Drawing, common_name, draw
from ..drawing.layout import layout
from ..drawing.picture import text_width
from ..drawing.rows import Pair
from ..engine import Value
from ..graph.names import Graph, changed_after_use
from ..mistakes.mistake import RIGHT
from ..mistakes.script import told
from ..ops import OPS
from ..ops.notation import short, short_name
from ..steps.walk import Walk
from .bundle import asset, bundle, classic, packed, script_json, whole
from .javascript import SIGNS, is_written, operations
from .still import still

LATE = "An input was changed after this was computed: the numbers are those of that moment."
PICTURED = 60  # nodes of a graph on whose edges the operations' curves are drawn
WHOLE, BOXES = 300, 60  # a graph of more nodes is folded, to about so many boxes
PRIVATE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def walk_script() -> str:
    """Return the module of the live view, with all that it imports."""
    return bundle("walk.js")


def lesson(walk: Walk, id: str = "walk", step: int = 0) -> dict[str, Any]:
    """Return what walk.js needs to know of a walk: the graph, where its boxes go, the code, the mistakes."""
    graph = walk.graph
    number = {node: i for i, node in enumerate(graph.nodes)}
    lines = walk.lines
    code = list(dict.fromkeys((line.number, line.text.rstrip()) for line in map(lines.get, graph.nodes) if line))
    row = {line: i for i, line in enumerate(code)}
    indent = min([len(text) - len(text.lstrip()) for _, text in code], default=0)
    nodes = []
    for node in graph.nodes:
        fields: dict[str, Any] = {
            "name": graph.name(node),
            "data": _number(node.data),
            "inputs": [number[x] for x in node.inputs],
        }
        late = changed_after_use(node)
        if node.op and (late or not is_written(node.op)):
            fields["slopes"] = list(map(_number, node.local_grads))
            fields["late"] = LATE if late else ""
        fields["kind"] = _kind(node, walk.root)
        if node.op:
            fields["op"] = node.op.name
        if node.constant:
            fields["constant"] = True
        lane = re.fullmatch(r"(.*\])_(\d+)", fields["name"])
        brief = f"{short_name(lane[1])} ({lane[2]})" if lane else short_name(fields["name"])
        brief = brief if len(brief) <= 24 else f"{brief[:10]}…{brief[-13:]}"
        if brief != fields["name"]:
            fields["shown"] = brief
        if line := lines.get(node):
            fields["line"] = [row[line.number, line.text.rstrip()], line.start - indent, line.end - indent]
        nodes.append(fields)
    found = {
        "id": id,
        "step": step,
        "rule": None if walk.rule is RIGHT else walk.rule.name,
        "nodes": nodes,
        "code": [(number, text[indent:]) for number, text in code],
        "rules": told(graph.nodes, walk.rule),
    }
    if walk.named_stops:
        keys = ("step", "title", "note")
        found["stops"] = [dict(zip(keys, (index + 1, title, *note))) for title, index, *note in walk.named_stops]
    return found | (_whole(graph, nodes) if len(nodes) <= WHOLE else _folded(graph, nodes, number))


def _number(x: float) -> float | str:
    """Return what JSON can hold, and JavaScript reads as this number."""
    return x if isfinite(x) else "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"


def _kind(node: Value, root: Value) -> str:
    if node.constant:
        return "constant"
    if node.op:
        return "output" if node is root else "op"
    return "parameter" if getattr(node, "parameter", False) else "input"


def _size(title: str, sign: str, kind: str, least: float = 118.0) -> Pair:
    """Return room for a title, and below it for the longest number of four digits."""
    if kind == "constant":
        return text_width(title, 11) + 14, 22.0
    head = text_width(title, 13) + text_width(sign, 13) + 36
    return max(head, least), 62.0


def arranged(
    sizes: list[Pair], edges: list[tuple[int, int, int]], rooms: list[Pair], tall: list[Pair] | None = None
) -> dict[str, Any]:
    """Return the places of boxes and curves: flowing to the right, and downward for a narrow screen.

    `rooms` are the sizes of what stands on the edges (tail, head, place), `tall` those where the flow is downward.
    """
    found = {}
    for name, vertical in (("wide", False), ("tall", True)):
        ends = [(tail, head) for tail, head, _ in edges]
        placed = layout(sizes, ends, tall if tall and vertical else rooms, vertical=vertical, rank_gap=30.0)
        found[name] = {
            "size": _rounded(placed.size),
            "centres": list(map(_rounded, placed.centres)),
            "labels": list(map(_rounded, placed.labels)),
            "routes": [_path(list(map(_rounded, route))) for route in placed.routes],
            "ends": [_rounded(route[-1]) for route in placed.routes],
        }
    return {"sizes": list(map(_rounded, sizes)), "edges": edges, "layouts": found}


def _rounded(point: Pair) -> list[int]:
    return [round(x) for x in point]


def _path(points: list[list[int]]) -> str:
    """Write a chain of Bézier curves as an SVG path, whose straight pieces are lines."""
    path = "M{} {}".format(*points[0])
    for i in range(1, len(points), 3):
        (x0, y0), (x1, y1), (x2, y2), (x, y) = points[i - 1 : i + 3]
        if y0 == y1 == y2 == y:
            path += f"H{x}"
        elif x0 == x1 == x2 == x:
            path += f"V{y}"
        else:
            path += f"C{x1} {y1} {x2} {y2} {x} {y}"
    return path


def _whole(graph: Graph, nodes: list[dict[str, Any]]) -> dict[str, Any]:
    titles = [short(x["data"]) if x["kind"] == "constant" else x.get("shown", x["name"]) for x in nodes]
    sizes = [_size(title, _sign(x.get("op", "")), x["kind"]) for title, x in zip(titles, nodes)]
    edges = [(tail, head, place) for head, x in enumerate(nodes) for place, tail in enumerate(x["inputs"])]
    bare = [nodes[tail]["kind"] == "constant" for tail, _, _ in edges]
    drawn = len(nodes) <= PICTURED  # a curve below the wire, its slope above it; or on both sides of it
    wide = [(10.0, 14.0) if x else (62.0, 38.0 if drawn else 14.0) for x in bare]
    tall = [(10.0, 14.0) if x else (100.0, 22.0) for x in bare]
    return arranged(sizes, edges, wide, tall)


def _folded(graph: Graph, nodes: list[dict[str, Any]], number: Mapping[Value, int]) -> dict[str, Any]:
    """Draw what is done alike to many numbers as one box, which opens on a click."""
    from ..drawing.fold import folded

    groups, sizes, edges = [], [], []
    for head, group in enumerate(folded(graph.nodes, BOXES)):
        ordered, rows = _matrix(group.nodes)
        members = [number[node] for node in ordered]
        first = nodes[members[0]]
        many = len(members) > 1
        title = f"{common_name(group.nodes)} ×{len(members):,}".strip() if many else first.get("shown", first["name"])
        what = _sign(group.what) if group.what != "leaf" else ""
        groups.append({"nodes": members, "kind": first["kind"], "what": what, "title": title})
        if rows:
            groups[-1]["rows"] = rows
        sizes.append(_size(title, what, first["kind"], 118.0 if len(members) == 1 else 160.0))
        edges += [(tail, head, place) for tail, place in group.links]
    return {"groups": groups} | arranged(sizes, edges, [(10.0, 14.0)] * len(edges))


def _matrix(nodes: list[Value]) -> tuple[list[Value], list[str]]:
    """Return the nodes of a box row by row, and the rows' names: a row is a neuron's weights, or one name's lanes."""
    labels = [str(node.label) for node in nodes]
    alone = len(set(labels)) == len(labels)
    rows: dict[str, list[Value]] = {}
    for node, label in zip(nodes, labels):
        rows.setdefault(re.sub(r"\[\d+\]$", "", label) if alone else label, []).append(node)
    if len(rows) < 2 or len({len(row) for row in rows.values()}) > 1:
        return nodes, []
    return [node for row in rows.values() for node in row], list(map(short_name, rows))


def columns(lesson: Mapping[str, Any]) -> dict[str, Any]:
    """Return a lesson whose nodes are columns, which repeat from example to example and so become small when packed.

    A name is a stem and, of v1, v2, ..., how much its number grew; an input is how far back it is, or minus its
    place where it is a leaf. Values are those of the leaves: the page computes the others with the same operations.
    """
    nodes = lesson["nodes"]
    stems: dict[str, int] = {}
    found: dict[str, Any] = {key: [] for key in ("stem", "number", "op", "kind", "inputs", "line")}
    written = {op: i for i, op in enumerate(dict.fromkeys([node["op"] for node in nodes if "op" in node]), 1)}
    kinds = {kind: i for i, kind in enumerate(dict.fromkeys([node["kind"] for node in nodes]))}
    lines = {line: i for i, line in enumerate(dict.fromkeys([tuple(x["line"]) for x in nodes if "line" in x]), 1)}
    arity, before = {}, 0
    for i, node in enumerate(nodes):
        match = re.fullmatch(r"v([1-9]\d{0,8})", node["name"])
        grown = int(match[1]) - before if match else 0
        stem = "v" if grown else node["name"]
        before += grown
        found["stem"].append(stems.setdefault(stem, len(stems)))
        found["number"].append(grown)
        found["op"].append(written.get(node.get("op"), 0))
        found["kind"].append(kinds[node["kind"]])
        found["inputs"] += [i - x if nodes[x]["inputs"] or not x else -x for x in node["inputs"]]
        found["line"].append(lines[tuple(node["line"])] if "line" in node else 0)
        arity[node.get("op")] = len(node["inputs"])
    late = {i: {key: node[key] for key in ("slopes", "late")} for i, node in enumerate(nodes) if "slopes" in node}
    found |= {
        "stems": list(stems),
        "kinds": list(kinds),
        "written": list(written),
        "arity": [arity[op] for op in written],
        "lines": list(lines),
        "late": late,
        "shown": {node["name"]: node["shown"] for node in nodes if "shown" in node},
        "data": [node["data"] for node in nodes if late or "op" not in node],
    }
    return {key: value for key, value in lesson.items() if key != "nodes"} | {"flat": found}


def _sign(operation: str) -> str:
    """Return what a box says of its operation."""
    op = OPS.get(operation)
    return SIGNS.get(operation, (op.sign or operation) if op else operation)


def mounted(code: str, graph: Graph, lesson: Mapping[str, Any]) -> str:
    """Return the script that mounts a lesson on a graph, once its element is there."""
    used = list({node.op.name: node.op for node in graph.nodes if node.op}.values())
    lesson = columns(lesson) if len(graph) > WHOLE and "exercise" not in lesson else lesson
    return (
        f"{classic(code)}\nconst ops = {operations(used)};\nconst lesson = {script_json(lesson)};\n"
        "const start = (turns) => { const root = document.getElementById(lesson.id);\n"
        "  if (root) { root.replaceChildren(); root.walk = mount(root, lesson, ops); } else if (turns) "
        "requestAnimationFrame(() => start(turns - 1)); };\nstart(200);"
    )


def page(walk: Walk, title: str | None = None) -> str:
    """Return a page that needs nothing else."""
    title = title or f"Walk through {walk.graph.name(walk.root)}"
    told = lesson(walk) | {"address": True}
    script = packed(mounted(walk_script(), walk.graph, told))
    return document(title, asset("walk.css"), "walk", script, still(walk, told))


def document(title: str, style: str, id: str, script: str, still: str) -> str:
    """Return a page that asks for nothing from elsewhere, in which a script puts a live view instead of `still`.

    Without a script, on paper and for who only reads, what stands still is the lesson.
    """
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{PRIVATE}">\n<style>{asset("page.css")}{style}</style>'
        f'</head><body>\n<main><h1>{escape(title)}</h1>\n<div id="{id}">{still}</div></main>\n'
        f'<script type="module">\n{script}\n</script></body></html>\n'
    )


def save(
    walk: Walk, path: str | os.PathLike[str], title: str | None = None, *, assets: Literal["inside", "files"] = "inside"
) -> Path:
    """Write the page to a file that ends in .html, and return its path.

    With assets="files", the script and the style are files beside it, `lesson.js` and `lesson.css` for `lesson.html`:
    then the page runs under a Content-Security-Policy that allows nothing but files of its own site.
    """
    if assets == "inside":
        return written(path, page(walk, title))
    if assets != "files":
        raise ValueError(f"assets = {assets!r}: a page has its script inside, or in files. Write assets='files'.")
    title = title or f"Walk through {walk.graph.name(walk.root)}"
    told = lesson(walk) | {"address": True}
    path = written(path, _linked(title, Path(path).stem, still(walk, told)))
    path.with_suffix(".js").write_text(whole(f"(() => {{ {mounted(walk_script(), walk.graph, told)} }})();\n"), "utf-8")
    path.with_suffix(".css").write_text(asset("page.css") + asset("walk.css"), "utf-8")
    return path


def slides(walk: Walk, path: str | os.PathLike[str], title: str | None = None) -> Path:
    """Write the walk as slides: large from the start, from stop to stop; where none was named, every step is one."""
    title = title or f"Walk through {walk.graph.name(walk.root)}"
    told = lesson(walk) | {"address": True, "deck": True}
    told.setdefault("stops", [{"step": event.index + 1, "title": str(event.index + 1)} for event in walk])
    script = packed(mounted(walk_script(), walk.graph, told))
    return written(path, document(title, asset("walk.css"), "walk", script, still(walk, told)))


def _linked(title: str, name: str, still: str) -> str:
    """Return a page whose script and style are files of this name."""
    name = quote(name)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="stylesheet" href="{name}.css"></head><body>\n'
        f'<main><h1>{escape(title)}</h1>\n<div id="walk">{still}</div></main>\n'
        f'<script src="{name}.js" defer></script></body></html>\n'
    )


def written(path: str | os.PathLike[str], text: str) -> Path:
    """Write a page to a file that ends in .html, and return its path."""
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"{str(path)!r} is not a page. Write a name that ends in .html, as in 'lesson.html'.")
    path.write_text(whole(text), "utf-8")
    return path


def notebook(walk: Walk) -> str:
    """Return HTML for a notebook: the drawing, which a script replaces by the live view.

    Where scripts are taken out, as in a notebook that is not trusted, the drawing stays.
    """
    id = f"mgl-{uuid4().hex[:12]}"
    script = packed(mounted(walk_script(), walk.graph, lesson(walk, id)))
    return whole(
        f'<div id="{id}">{picture(walk)}</div><style>{asset("walk.css")}</style>'
        f'<script type="module">\n{script}\n</script>'
    )


def drawn(walk: Walk) -> Drawing:
    """Return the drawing of a walk's graph, with the names of the walk."""
    return draw(walk.root, names={walk.graph.name(node): node for node in walk.graph.nodes if not node.constant})


def picture(walk: Walk) -> str:
    """Return the drawing of a walk's graph as an <img>."""
    data = b64encode(drawn(walk).svg.encode()).decode()
    return f'<img alt="{escape(str(walk.graph))}" src="data:image/svg+xml;base64,{data}">'
