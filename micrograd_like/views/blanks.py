"""The graph of an exercise as a drawing with blanks, or with the answers in."""

from __future__ import annotations

from ..drawing import boxes as written
from ..drawing.boxes import Arrow, Box
from ..drawing.draw import Drawing
from ..drawing.picture import shortened, visible
from ..engine import Value
from ..exercises.exercise import Exercise
from ..graph.names import changed_after_use
from ..ops.notation import short

BLANK = "_______"


def sketch(ex: Exercise, answers: bool = False, vertical: bool = False) -> Drawing:
    """Draw an exercise: blanks for what is asked, numbers for what is given; with `answers`, all numbers.

    Neither the tooltips nor the text for readers of the screen tell what is asked.
    """
    task, known = ex.task, ex.answers
    given = {name: short(number) for name, number in ex.given_numbers().items()}
    asked = {(question.kind, question.node, question.position) for question in ex.questions.values()}

    def filled(kind: str, node: Value, position: int, key: str) -> str:
        return (known[key] if answers else BLANK) if (kind, node, position) in asked else ""

    def box(node: Value) -> Box:
        name = task.names[node]
        kind = "op" if node.op else "constant" if node.constant else "input"
        kind = "parameter" if getattr(node, "parameter", False) else "output" if node is ex.root else kind
        late = "value" in ex.kinds and node.op is not None
        data = filled("value", node, 0, f"{name}.data") or (BLANK if late and not answers else short(node.data, 6))
        grad = filled("gradient", node, 0, task.gradient(node).key) or given.get(name, "")
        rows = [("data", data), ("grad", grad), ("new", filled("update", node, 0, f"{name}.new"))]
        op = (node.op.sign or node.op.name) if node.op else ""
        stale, shown = bool(changed_after_use(node)), "" if node.constant else shortened(visible(name), 26)
        return Box(kind, op, shown, "", [row for row in rows if row[1]], stale, name)

    def arrow(node: Value, i: int) -> Arrow:
        x = node.inputs[i]
        if x.constant:
            return Arrow(number[x], number[node], "", "")
        edge = next((which for use, k, which in task.edges() if use is node and k == i), "")
        ends = task.names[node], f"{task.names[x]}{edge}"
        parts = [filled("local", node, i, "d{}/d{}".format(*ends))]
        parts.append(filled("contribution", node, i, "{}->{}".format(*ends)))
        shown = short(node.local_grads[i]) if (answers or "local" in ex.given) and not parts[0] else ""
        return Arrow(number[x], number[node], "  ".join(filter(None, [shown, *parts])), "")

    nodes = task.graph.nodes
    number = {node: i for i, node in enumerate(nodes)}
    drawn = [box(node) for node in nodes]
    arrows = [arrow(node, i) for node in nodes for i in range(len(node.inputs))]
    notes = ["on the edges: local derivatives"] if "local" in {*ex.kinds, *ex.given} or answers else []
    notes += ["on the edges: contributions"] if "contribution" in ex.kinds else []
    notes += ["dashed: an input was changed after this was computed"] if any(x.stale for x in drawn) else []
    title, text = visible(ex.title), visible(ex.program().replace("\n", "; "))
    svg = written.svg(drawn, arrows, notes, vertical, title, text)
    return Drawing(svg, title, written.dot(drawn, arrows, notes, vertical))
