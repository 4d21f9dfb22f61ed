"""What docs/architecture.md shows of the house: its picture from the imports, and ways through it from real runs.

`python docs/architecture.py` writes the page and the picture anew; it needs the engine in C.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterable

import house

ROOMS = {  # what each room is for, where a package's first line does not say it shortly
    "ops": "the table of operations: all calculus",
    "engine": "Value, the order, the chain rule: read this first",
    "_engine": "its twin in C, written from the table",
    "graph": "what was recorded: names, gradients, copies",
    "recipe": "nn, losses, optim, data, train",
    "drawing": "graphs laid out, folded and drawn",
    "mistakes": "one entry each",
    "steps": "both passes as events",
    "exercises": "questions, diagnosis, marking",
    "course": "chapters, their questions and beliefs",
    "compiler": "the matrices in the scalars",
    "views": "pages, widgets, terminal",
    "classroom": "assignments, and marking a class",
    "__main__": "the command line",
}

# Runs code and prints, for the first call of each place that is looked for, the calls that led there.
TRACER = """
import sys
wanted, shown = {wanted!r}, []
def name(frame):
    module = frame.f_globals.get("__name__", "")
    return f"{{module}}:{{getattr(frame.f_code, 'co_qualname', frame.f_code.co_name)}}"
def stack(frame):
    found = []
    while frame:
        if frame.f_globals.get("__name__", "").startswith("micrograd_like") and "<" not in frame.f_code.co_name:
            found.append(name(frame))
        frame = frame.f_back
    return found[::-1]
def watch(frame, event, argument):
    if event == "call" and wanted and name(frame).endswith(wanted[0]):
        print("STACK", *stack(frame)); wanted.pop(0)
    loop = event == "c_call" and argument.__name__ == "run" and "_loops" in str(argument.__module__)
    if loop and wanted and wanted[0] == "C":
        print("STACK", *stack(frame), f"micrograd_like.compiler._loops:{{argument.__name__}}"); wanted.pop(0)
    if event == "call" and frame.f_globals.get("__name__", "").startswith("micrograd_like.compiler."):
        module = frame.f_globals["__name__"]
        if module not in shown and "<" not in frame.f_code.co_name:
            shown.append(module); print("FIRST", name(frame))
{code}
sys.setprofile(watch)
{run}
sys.setprofile(None)
"""
FIT = (
    "from micrograd_like import MLP, SGD, fit\nmodel = MLP(2, [2, 1])\nX, y = [[1.0, 2.0]], [1.0]\n"
    "optimizer = SGD(model.parameters(), lr=0.1)",
    'fit(model, X, y, "mse", optimizer=optimizer, epochs=1, progress=False)',
)
COMPILE = (
    "from micrograd_like import MLP, compile, data, losses\n"
    "X, y = data.moons(20, labels=(-1, 1))\nmodel = MLP(2, [4, 1])",
    "compile(lambda X, y: losses.hinge([model(x) for x in X], y), X, y)(X, y)",
)


def room_of(module: str) -> str:
    """Return the room a module is drawn in."""
    first = module.split(".")[0]
    return first if first in ROOMS else "" if first in ("__init__", "base") else "recipe"


def edges() -> set[tuple[str, str]]:
    """Return (user, used) for each two rooms of which one imports the other, without what follows from others."""
    pairs = {(room_of(x.source), room_of(x.target)) for x in house.all_imports()}
    found = {(a, b) for a, b in pairs if a and b and a != b and not (a == "recipe" and b in ("drawing", "compiler"))}

    def reached(start: str, without: tuple[str, str]) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            room = todo.pop()
            for a, b in found:
                if a == room and (a, b) != without and b not in seen:
                    seen.add(b)
                    todo.append(b)
        return seen

    return {edge for edge in found if edge[1] not in reached(edge[0], edge)}


def picture() -> str:
    """Return docs/architecture.svg: the rooms as our own drawing of a graph, from the imported to who imports it."""
    from micrograd_like.drawing.boxes import Arrow, Box, svg

    rooms = list(ROOMS)
    boxes = [Box("op", "", room, "", [("", what)], False, what) for room, what in ROOMS.items()]
    arrows = [Arrow(rooms.index(b), rooms.index(a), "", f"{a} imports {b}") for a, b in sorted(edges())]
    told = "\n".join(f"{a} imports {b}" for a, b in sorted(edges()))
    notes = ["an arrow leads from a room to those that import it"]
    return svg(boxes, arrows, notes, True, "the rooms of the house", told)


def run(code: tuple[str, str], wanted: Iterable[str], pure: str) -> list[list[str]]:
    """Return what the tracer printed, line by line."""
    program = TRACER.format(wanted=list(wanted), code=code[0], run=code[1])
    env = os.environ | {"MICROGRAD_LIKE_PURE": pure, "PYTHONPATH": str(house.ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=env, text=True, capture_output=True, check=True)
    return [line.split() for line in done.stdout.splitlines() if line.startswith(("STACK", "FIRST"))]


def told(place: str) -> str:
    """Return the row of a table for "module:function": a link to its file, and the first line of its docstring."""
    module, _, function = place.partition(":")
    path = house.ROOT / (module.replace(".", "/") + ".py")
    if not path.exists():
        path = house.ROOT / module.replace(".", "/") / "__init__.py"
    if not path.exists():
        return f"| `{module.partition('.')[2]}.{function}` | the loop in C |"
    tree: ast.AST | None = ast.parse(path.read_text(encoding="utf-8"))
    for part in function.split("."):
        kinds = (ast.FunctionDef, ast.ClassDef)
        tree = next((x for x in ast.walk(tree) if isinstance(x, kinds) and x.name == part), None) if tree else None
    docstring = ast.get_docstring(tree) if isinstance(tree, ast.FunctionDef | ast.ClassDef) else ""
    says = (docstring or "").partition("\n")[0]
    file = path.relative_to(house.ROOT).as_posix()
    return f"| [`{module.partition('.')[2]}.{function}`](../{file}) | {says.replace('|', '&#124;')} |"


def ways() -> dict[str, str]:
    """Return the tables of docs/architecture.md by their names."""
    _, forward, backward = (stack[1:] for stack in run(FIT, [":learn", "Value.apply", "chain_rule"], "1"))
    compiled = run(COMPILE, ["C"], "0")
    head = "| where | what it does |\n|---|---|\n"
    firsts = [line[1] for line in compiled if line[0] == "FIRST"]
    called = [line[1:] for line in compiled if line[0] == "STACK"]
    return {
        "forward": head + "\n".join(map(told, forward)),
        "backward": head + "\n".join(map(told, backward)),
        "compile": head + "\n".join(map(told, firsts)),
        "loop": head + "\n".join(told(place) for stack in called[:1] for place in stack),
    }


def page() -> str:
    """Return docs/architecture.md with its tables written anew."""
    text = (house.ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for name, table in ways().items():
        begin, end = f"<!-- {name}: python docs/architecture.py -->", f"<!-- end of {name} -->"
        before, rest = text.split(begin)
        text = f"{before}{begin}\n\n{table}\n\n{end}{rest.split(end)[1]}"
    return text


if __name__ == "__main__":
    (house.ROOT / "docs" / "architecture.md").write_text(page(), encoding="utf-8")
    (house.ROOT / "docs" / "architecture.svg").write_text(picture(), encoding="utf-8")
