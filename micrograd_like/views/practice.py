"""An exercise as something to type into: in a notebook, as a page of its own, or as a widget that Python marks.

It is the front end of `walk`: the graph is drawn by walk.js, and exercise.js puts blanks into it.
"""

from __future__ import annotations

import os
from base64 import b64encode
from functools import cache
from html import escape
from math import isfinite
from pathlib import Path
from typing import Any
from uuid import uuid4

from ..drawing.picture import text_width
from ..engine import Value
from ..exercises import confusions, messages
from ..exercises.diagnosis import Diagnosis, corner
from ..exercises.exercise import Exercise
from ..exercises.hypotheses.for_pages import table
from ..exercises.marking import Marking
from ..exercises.questions import CORNERS, Question
from ..mistakes.mistake import RIGHT
from ..ops import OPS
from ..ops.notation import short
from .blanks import sketch
from .bundle import asset, bundle, packed, whole
from .javascript import operations
from .walk_page import arranged, document, lesson as graph_lesson, mounted, written
from .widget import anywidget_needed

ROW = 28


def lesson(ex: Exercise, id: str = "exercise", remote: bool = False) -> dict[str, Any]:
    """Return what the page needs to know: the graph, the blanks with their hints, and all hypotheses about them."""
    task, nodes = ex.task, ex.walk.graph.nodes
    number = {node: i for i, node in enumerate(nodes)}
    found = graph_lesson(ex.walk, id)
    given, asked_values = ex.given_numbers(), "value" in ex.kinds
    ex_lesson = {
        "title": ex.title,
        "remote": remote,
        "digits": ex.digits,
        "blanks": [_blank(ex, question, number) for question in ex.questions.values()],
        "local": [list(node.local_grads) for node in nodes],
        "tables": {
            "right": [task.right[node] for node in nodes],
            "scale": task.scale,
            "corners": {number[node]: True for node in nodes if corner(node)},
            "ideas": {name: messages.idea_of(name) for name in ("constants", "unreached")} | {"right": RIGHT.idea},
            "messages": {
                "none": messages.NONE.replace("{}", "{s}"), "arithmetic": messages.ARITHMETIC, "seed": messages.SEED,
                "counts": messages.COUNTS, "rounded": messages.ROUNDED, "unread": messages.UNREAD,
            },
        },
        "search": None if remote else _search(ex, number),
        "shown": ["" if asked_values and node.op else short(node.data, 6) for node in nodes],
        "given": {number[node]: short(given[name]) for node, name in task.names.items() if name in given},
        "slopes": _slopes(ex),
    }  # fmt: skip
    return found | {"exercise": ex_lesson, "code": [], "rules": {}} | _roomy(ex, found)


def _search(ex: Exercise, number: dict[Any, int]) -> dict[str, Any]:
    search = ex.search
    said = lambda h, x, everywhere: messages.said(ex.task, h, x, everywhere)  # noqa: E731
    found: dict[str, Any] = table(search, said, messages.missed)
    return found | {"nodes": [number[x] for x in search.sheet.asked]}


def _blank(ex: Exercise, question: Question, number: dict[Any, int]) -> dict[str, Any]:
    task, node = ex.task, question.node
    fields: dict[str, Any] = {
        "key": question.key,
        "kind": question.kind if node in number else "outside",
        "node": number.get(node, -1),
        "position": question.position,
        "right": question.right,
        "asked": question.asked,
        "hints": ex.hints(question.key),
        "reason": ex.reason(question.key),
        "known": [x for x in confusions.candidates(task, question, question.right) if isfinite(x[1])],
    }
    if question.kind == "gradient":
        fields |= _told(ex, node, number)
    if question.kind == "local" and corner(node) and node.op:
        fields |= {"low": 0.0, "high": CORNERS[node.op.name]}
    if question.kind == "order":
        fields["uses"] = {
            name: {"after": [task.names[use] for use in task.uses[x] if use in task.reached], "inner": bool(x.inputs)}
            for x, name in task.names.items()
            if x in task.reached and not x.constant
        }
    return fields


def _told(ex: Exercise, node: Value, number: dict[Any, int]) -> dict[str, Any]:
    """Return what a page says of a gradient: what to do again, and the sum with its blank."""
    task = ex.task
    edges = task.edges_of(node)
    found: dict[str, Any] = {
        "again": messages.again(task, node),
        "redo": messages.with_blank(Diagnosis(task, {}, ex.search), node),
        "uses": [(task.names[use], number[use]) for use, _ in edges],
        "back": [(task.names[x], number[x]) for x in ex.search.asks_back(node)] if node in ex.search.sheet.own else [],
    }
    if node is not task.root and edges and not node.constant:
        terms = [(messages.factor(task, use, i), task.names[use], number[use]) for use, i in edges]
        found["sum"] = {"terms": terms, "step": any("step(" in text for text, *_ in terms)}
    else:
        name = "constants" if node.constant else "unreached"
        found["outside"] = messages.DID[name].format_map(messages.fields(task, node) | {"s": "{s}"})
    return found


def _slopes(ex: Exercise) -> list[str]:
    """Return what is shown on the edges: local derivatives, if they are given."""
    shown = "local" in ex.given and not ex.kinds & {"value", "local"}
    return [
        short(slope) if shown and not x.constant else ""
        for node in ex.walk.graph.nodes
        for x, slope in zip(node.inputs, node.local_grads)
    ]


def _roomy(ex: Exercise, found: dict[str, Any]) -> dict[str, Any]:
    """Return the layout again, with room for a field in each blank."""
    nodes, kinds = ex.walk.graph.nodes, {(x.kind, x.node) for x in ex.questions.values()}
    given, blanks = ex.given_numbers(), len(ex.kinds & {"local", "contribution"})
    sizes = []
    for node, fields in zip(nodes, found["nodes"]):
        rows = 1 + (("gradient", node) in kinds or fields["name"] in given) + (("update", node) in kinds)
        head = text_width(fields.get("shown", fields["name"]), 13) + text_width(fields.get("op", ""), 13) + 36
        title = text_width(short(node.data), 11) + 14
        sizes.append((title, 22.0) if node.constant else (max(head, 140.0), max(34.0 + ROW * rows, 2.2 * ROW * blanks)))
    edges = [(tail, head, place) for head, x in enumerate(found["nodes"]) for place, tail in enumerate(x["inputs"])]
    room = (96.0, float(ROW * blanks)) if blanks else (44.0, 14.0)
    return arranged(sizes, edges, [room] * len(edges))


def script(ex: Exercise, id: str) -> str:
    """Return the script that puts the exercise into the element with this id."""
    return packed(mounted(bundle("exercise.js"), ex.walk.graph, lesson(ex, id)))


def style() -> str:
    """Return the style sheet."""
    return asset("walk.css") + asset("exercise.css")


def notebook(ex: Exercise) -> str:
    """Return HTML for a notebook: the graph with its blanks, in which a script lets the reader type."""
    id = f"mgl-{uuid4().hex[:12]}"
    shown = f'<div id="{id}"><b>{escape(ex.title)}</b><br>{still(ex)}</div>'
    return whole(f'{shown}<style>{style()}</style><script type="module">\n{script(ex, id)}\n</script>')


def still(ex: Exercise) -> str:
    """Return the exercise as HTML that needs no script: the graph with its blanks, and what is asked."""
    data = b64encode(sketch(ex).svg.encode()).decode()
    asked = "".join(f"<li><code>{escape(key)}</code>: {escape(x.asked)}</li>" for key, x in ex.questions.items())
    return f'<img alt="{escape(ex.program())}" src="data:image/svg+xml;base64,{data}"><ul>{asked}</ul>'


def save(ex: Exercise, path: str | os.PathLike[str]) -> Path:
    """Write a page that needs nothing else, in which the exercise is done, and return its path.

    The answers stand in the page, for it marks without a server: it is for practice, not for a test.
    """
    return written(path, document(ex.title, style(), "exercise", script(ex, "exercise"), still(ex)))


RENDER = """
export default { render({ model, el }) {
  const root = document.createElement("div");
  el.append(root);
  const told = ({ answers }) => { model.set("answers", answers); model.save_changes(); };
  const view = mount(root, model.get("lesson"), ops, told);
  const follow = () => view.practice.mark(model.get("marked"));
  model.on("change:marked", follow);
  return () => model.off("change:marked", follow);
} };
"""


def widget(ex: Exercise) -> Any:
    """Return a widget marked by Python: its `answers` as typed, and `marking`, the `Marking` of the last check."""
    return _kind()(ex)


@cache
def _kind() -> Any:
    """Return the class, once anywidget is needed."""
    with anywidget_needed("the exercise"):
        import anywidget
        import traitlets

    class ExerciseWidget(anywidget.AnyWidget):
        _esm = f"{bundle('exercise.js')}\nconst ops = {operations(OPS)};\n{RENDER}"
        _css = style()
        lesson = traitlets.Dict().tag(sync=True)
        answers = traitlets.Dict().tag(sync=True)
        marked = traitlets.Dict().tag(sync=True)

        def __init__(self, ex: Exercise) -> None:
            self.exercise = ex
            self.marking: Marking | None = None
            super().__init__(lesson=lesson(ex, "widget", remote=True))

        @traitlets.observe("answers")
        def _check(self, change: Any) -> None:
            self.marking = marking = self.exercise.check(change["new"])
            words = {"right": "right", "wrong": "wrong"}
            unread = {key: "wrong" for x in marking.messages if x.verdict == "unreadable" for key in x.keys}
            self.marked = {
                "verdicts": {key: words.get(x.verdict, "carried") for key, x in marking.marks.items() if x.typed}
                | unread,
                "told": [
                    {"keys": x.keys, "mistakes": x.mistakes, "did": x.did, "idea": x.idea, "redo": x.redo}
                    for x in marking.messages
                ],
            }

    return ExerciseWidget


__all__ = ["lesson", "notebook", "save", "widget"]
