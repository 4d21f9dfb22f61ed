"""The house as its imports show it: which module imports which, and what would be a circle or a climb.

`tests/test_layers.py` asks it, `docs/architecture.py` draws it, and `python docs/house.py` counts.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parent.parent
NAME = "micrograd_like"

# Below stands first: a module may import what stands before it in its line, and rooms before its own.
ORDER = {
    "": """
        ops base engine _engine graph
        functions losses optim recipe data nn checkpoint train
        drawing mistakes steps exercises course compiler views classroom __init__ __main__
    """,
    "ops": "errors methods number advice op numerics gates protocols table __init__ notation",
    "base": "shows atomic files checks",
    "recipe": "module tables history bar requests",
    "_engine": "generate choose",
    "graph": "columns copies textbook names gradients forward decimals certain gradcheck parse",
    "drawing": "layering rows layout picture boxes fold draw plots",
    "mistakes": "mistake passes whole_pass slopes script",
    "steps": "source_lines symbols differences events walk explain what_if answer_key doctor migrate",
    "steps.doctor": "source entry updates rates graphs examples networks wholes strange watch trial examine",
    "exercises": """
        progress questions answers hypotheses diagnosis messages marking confusions exercise concepts generator codes
        practise credit exam bugs engines traced sides running whole_class build apart
    """,
    "exercises.hypotheses": "sheet formulas quantities changes elsewhere grammar search for_pages",
    "course": "asked misconceptions drawn early inventory late chapters lesson",
    "compiler": """
        extra cost trace vectorize lower printing backends guards executable replay update leaves recorder computing
        export program learning
    """,
    "compiler.trace": "own tracked tracer inputs recording calls likeness world",
    "compiler.vectorize": "strides lanes",
    "compiler.lower": "expression plan contraction",
    "compiler.printing": "naming reading algebra explanation stages",
    "compiler.backends": "tape straight whole native exchange",
    "compiler.export": "library arrays frames to_jax to_torch to_onnx to_source",
    "views": """
        bundle javascript still walk_page animation playground training widget terminal landscape blanks practice
        worksheets filmstrip terminal_exercise lessons learn course
    """,
    "classroom": """
        records analysis class_page kits notebooks assignment sealed submissions grading items calculated moodle qti
        cartridge commands
    """,
}


@dataclass(frozen=True)
class Import:
    """One import of a module of ours by another: modules are named from the package down, as in "graph.names"."""

    source: str
    target: str
    line: int
    where: str  # "module", "function", or "types" for what only a type checker imports

    def __str__(self) -> str:
        return f"{self.source}:{self.line} imports {self.target}"


@cache
def modules() -> dict[str, Path]:
    """Return the path of every module; a package's own module ends in ".__init__"."""
    base = ROOT / NAME
    return {".".join(path.relative_to(base).with_suffix("").parts): path for path in sorted(base.rglob("*.py"))}


@cache
def imports(source: str) -> tuple[Import, ...]:
    """Return what a module imports from the house, in functions too."""
    known = modules()

    def visit(node: ast.AST, where: str) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ImportFrom):
                for target in _targets(child, source, known):
                    yield Import(source, target, child.lineno, where)
            inner = where
            if where == "module" and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                inner = "function"
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                inner = "types"
            yield from visit(child, inner)

    return tuple(visit(ast.parse(known[source].read_text(encoding="utf-8")), "module"))


def _targets(node: ast.ImportFrom, source: str, known: dict[str, Path]) -> list[str]:
    """Return the modules that a `from ... import ...` loads."""
    parts = source.split(".")
    if node.level:
        base = parts[: len(parts) - node.level] + (node.module.split(".") if node.module else [])
    elif node.module and node.module.split(".")[0] == NAME:
        base = node.module.split(".")[1:]
    else:
        return []
    found = []
    for alias in node.names:
        full = ".".join([*base, alias.name])
        if full in known or f"{full}.__init__" in known:
            found.append(full if full in known else f"{full}.__init__")
        elif ".".join(base) in known:
            found.append(".".join(base))
        else:
            found.append(".".join([*base, "__init__"]))
    return sorted(set(found) - {source})


def all_imports() -> list[Import]:
    """Return every import within the house that happens when it runs."""
    return [x for source in modules() for x in imports(source) if x.where != "types"]


def place(module: str) -> tuple[float, ...]:
    """Return where a module stands in the ORDER, floor by floor; KeyError with advice where it has no place."""
    found: list[float] = []
    room = ""
    for part in module.split("."):
        order = ORDER.get(room, "").split()
        if part == "__init__" and part not in order:  # what a package gives to others stands above its own modules
            return (*found, float(len(order)))
        if part not in order:
            raise KeyError(f"{module} has no place in ORDER of docs/house.py: write {part!r} into ORDER[{room!r}].")
        found.append(float(order.index(part)))
        room = f"{room}.{part}".strip(".")
    return tuple(found)


def climbs(found: list[Import]) -> list[Import]:
    """Return the imports that do not point down."""
    return [x for x in found if place(x.target) >= place(x.source)]


def circles(found: list[Import]) -> list[list[str]]:
    """Return the groups of modules that import each other, a group sorted by name (Tarjan, SIAM J. Comput. 1, 1972)."""
    after: dict[str, list[str]] = {}
    for x in found:
        after.setdefault(x.source, []).append(x.target)
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for target in after.get(module, []):
            if target not in index:
                visit(target)
                low[module] = min(low[module], low[target])
            elif target in stack:
                low[module] = min(low[module], index[target])
        if low[module] == index[module]:
            group = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(group) > 1:
                groups.append(sorted(group))

    for module in modules():
        if module not in index:
            visit(module)
    return groups


CHAIN_RULE = re.compile(r"(\+=|share =|added =).*\b(slopes?|local_grad)\b(\[[^]]*\])* \* .*\b(grads?|upstream)\b")


def figures() -> dict[str, str]:
    """Return what can be counted about the house, in words and numbers: `python docs/house.py` prints it."""
    found = all_imports()
    sources = [path for kind in ("py", "js", "c", "h") for path in sorted((ROOT / NAME).rglob(f"*.{kind}"))]
    lines = {path: path.read_text(encoding="utf-8").splitlines() for path in sources if "build" not in path.parts}
    functions = [
        ((node.end_lineno or node.lineno) - node.lineno + 1, f"{path.name}:{node.name}")
        for path in modules().values()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    package, mistake = import_module(NAME), import_module(f"{NAME}.mistakes")
    names = [x for x in mistake.MISTAKES if "_" in x]  # one word alone may mean anything
    touched = [sum(f'"{name}"' in "\n".join(text) for text in lines.values()) for name in names]
    rules = [f"{path.relative_to(ROOT / NAME)}:{i}" for path in lines for i, line in enumerate(lines[path], 1)
             if CHAIN_RULE.search(line) and 'f"' not in line and "notebook" not in path.name]  # fmt: skip
    longest = max(lines, key=lambda path: len(lines[path]))
    return {
        "modules": f"{len(modules())}",
        "circles of imports": f"{len(circles(found))}",
        "imports that climb": f"{len(climbs(found))}",
        "longest file": f"{len(lines[longest])} lines, {longest.name}",
        "longest function in Python": "{} lines, {}".format(*max(functions)),
        "lines over 100 characters": f"{sum(len(line) > 100 for text in lines.values() for line in text)}",
        "public names": f"{len(package.__all__)}, and {len(package.OPS)} operations",
        "statements of the chain rule": f"{len(rules)}: {', '.join(rules)}",
        "files that name a mistake": f"{sum(touched) / len(touched):.1f} on average, {max(touched)} at most",
    }


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    for what, counted in figures().items():
        print(f"{what:<30}{counted}")
