"""What the site makes before Sphinx reads it: cells with their results, a page for every mistake and every error."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from micrograd_like import Value, walk
from micrograd_like.course import Asked
from micrograd_like.course.drawn import draw
from micrograd_like.exercises.concepts import CONCEPTS
from micrograd_like.mistakes.mistake import MISTAKES, Mistake, none_shut
from micrograd_like.mistakes.passes import Pass
from micrograd_like.ops import OPS
from micrograd_like.views.bundle import asset, bundle, classic, script_json
from micrograd_like.views.javascript import operations, primitives
from micrograd_like.views.lessons import execute

KINDS = {  # Diátaxis: what a page is for, and how to read it
    "Tutorial": ("learn by doing, from top to bottom", ["course/*", "lessons/*"]),
    "How-to": ("one task at a time", ["howto", "walk", "exercises", "classrooms", "doctor", "playground"]),
    "Explanation": ("read it to understand why", [
        "course", "architecture", "trust", "compile", "native", "compiled", "eager", "look",
    ]),
    "Reference": ("look it up", ["operations", "mistakes", "mistakes/*", "errors", "glossary", "reference"]),
}  # fmt: skip
SHARED = ("walk.js", "exercise.js", "asked.js")  # scripts that many views of a site hold
STYLES = ("walk.css", "exercise.css", "asked.css")
PICTURE = re.compile(r'src="data:image/svg\+xml;base64,([^"]+)"')
PICTURES: dict[str, bytes] = {}  # by name, the pictures that pages show
VIEWS: dict[str, bytes] = {}  # by name, what the views of pages are about, compressed
SHORT = 400  # characters of a script that need no packing
PACKED = re.compile(r'<script type="module">\nconst packed = "([^"]+)";.*?</script>', re.DOTALL)


def kind_of(page: str) -> tuple[str, str]:
    """Return which of the four kinds a page is, and how to read it."""
    for kind, (words, pages) in KINDS.items():
        if page in pages or f"{page.rpartition('/')[0]}/*" in pages:
            return kind, words
    return "", ""


def shared(folder: Path) -> None:
    """Write the scripts and styles of all views once, for the whole site."""
    for name in SHARED:
        (folder / name).write_text(bundle(name), encoding="utf-8")
    names = ", ".join(sorted(primitives()))
    rules = {name: about for name, x in MISTAKES.items() if (about := _offered(x))}
    (folder / "ops.js").write_text(
        f'import {{ primitives }} from "./walk.js";\nconst {{ {names} }} = primitives;\n'
        f"export const ops = {operations(OPS)};\nexport const rules = {script_json(rules)};\n",
        encoding="utf-8",
    )
    (folder / "views.css").write_text("\n".join(map(asset, STYLES)), encoding="utf-8")


def _offered(mistake: Mistake) -> dict[str, Any]:
    """Return what the playground knows of a mistake that needs nothing of the graph but its operations."""
    if (
        mistake.is_reported
        or mistake.shut is not none_shut
        or mistake.shut_around
        or mistake.changed
        or mistake.constants
    ):
        return {}
    return {"idea": mistake.idea, "harmless": mistake.harmless, "ops": [*mistake.local_rules]}


def lean(html: str, depth: int) -> str:
    """Return HTML of views without the scripts and styles that the site has once."""
    static = f"{'../' * depth or './'}_static"

    def script(found: re.Match[str]) -> str:
        text = zlib.decompress(b64decode(found[1])).decode("utf-8")
        for name in SHARED:
            whole = classic(bundle(name))
            if text.startswith(whole):
                start = "start" if name == "asked.js" else "mount"
                rest = text[len(whole) :].strip()
                if len(rest) < SHORT:
                    return f'<script type="module">import {{ {start} }} from "{static}/{name}";\n{rest}\n</script>'
                data = zlib.compress(rest.encode(), 9)
                file = f"{crc32(data):08x}.z"
                VIEWS[file] = data
                load = f'import {{ unpack }} from "{static}/packed.js";\nunpack("{file}", "{start}", "{name}");'
                return f'<script type="module">{load}</script>'
        return found[0]

    for name in STYLES:
        html = html.replace(f"<style>{asset(name)}</style>", "")
    html = html.replace(f"<style>{asset('walk.css')}{asset('exercise.css')}</style>", "")

    def picture(found: re.Match[str]) -> str:
        data = b64decode(found[1])
        name = f"{crc32(data):08x}.svg"
        PICTURES[name] = data
        return f'loading="lazy" src="{static}/pictures/{name}"'

    return PICTURE.sub(picture, PACKED.sub(script, html))


def pictures(folder: Path) -> None:
    """Write the pictures of all pages, and what their views are about, each once."""
    for place, files in (("pictures", PICTURES), ("views", VIEWS)):
        (folder / place).mkdir(exist_ok=True)
        for name, data in files.items():
            (folder / place / name).write_bytes(data)


def run_notebook(path: Path, depth: int) -> None:
    """Execute a notebook in this process, as it stands, and write what each cell shows into it."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    space: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        shown = execute("".join(cell["source"]), space, f"<{path.stem}, cell {number}>")
        if shown.html:
            data = {"text/html": lean(shown.html, depth), "text/plain": shown.text[:200]}
            cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
    path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")


def labelled(source: Path) -> None:
    """Say on each page which of the four kinds it is."""
    for path in sorted(source.rglob("*")):
        kind, words = kind_of(path.relative_to(source).with_suffix("").as_posix())
        if not kind or path.suffix not in (".md", ".ipynb"):
            continue
        line = f"*{kind}: {words}.*"
        if path.suffix == ".md":
            text = path.read_text(encoding="utf-8")
            path.write_text(re.sub(r"^(# .*)$", rf"\1\n\n{line}", text, count=1, flags=re.M), encoding="utf-8")
            continue
        notebook = json.loads(path.read_text(encoding="utf-8"))
        head = "".join(notebook["cells"][0]["source"])
        notebook["cells"][0]["source"] = re.sub(r"^(# .*)$", rf"\1\n\n{line}", head, count=1, flags=re.M)
        path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")


def small_graphs() -> Iterator[tuple[str, Value]]:
    """Yield graphs to show a mistake on, the smallest first, each with its program."""
    programs = [
        "a * b", "a + b", "a - b", "-a * b", "a / b", "a**3", "a.exp()", "a.log()", "a.tanh()", "a.sigmoid()",
        "c.relu()", "a.relu()", "a.maximum(b)", "abs(z)", "a * a", "a * b + a", "(a + b) * k", "(a - b) * k",
        "(a * b).tanh()", "(a * b).sigmoid() * k", "(a * b).exp() * k", "(a * b + k).log()", "((c * b).relu() + a) * k",
        "(a * b).maximum(c) * k", "(a * b) ** 3 * k", "(a - b) / 4.0", "v * c + v", "v * (v + c)", "(v + c) * v * a",
        "-(a.exp() / (a.exp() + b.exp())).log()", "(a.exp() + b.exp()).log() - a", "abs(z) * a + b", "(a - b) ** 2",
    ]  # fmt: skip
    for program in programs:
        names = {"a": Value(2.0), "b": Value(3.0), "c": Value(-4.0), "k": Value(5.0), "z": Value(0.0)}
        space = dict(names)
        if "v" in program:
            space["v"] = names["a"] * names["b"]
            space["v"].label = "v"
        yield (f"v = a * b\nL = {program}" if "v" in space else f"L = {program}"), _named(program, space, names)


def _named(program: str, space: dict[str, Value], names: dict[str, Value]) -> Value:
    root: Value = eval(program, dict(space))
    for name, leaf in names.items():
        leaf.label = name
    root.label = "L"
    return root


def shows(mistake: Mistake, root: Value) -> bool:
    """Tell whether a mistake gives a wrong number on a graph."""
    try:
        right, gives = Pass(root).grads(), Pass(root, mistake).grads()
    except (ArithmeticError, OverflowError):
        return False
    named = [x for x in right if not x.constant or mistake.constants]
    return any(abs(gives.get(x, 0.0) - right[x]) > 1e-9 for x in named)


@cache
def questions() -> list[Asked]:
    """Return one gradient of a graph of each concept, for several kinds of mistake."""
    found = [draw(f"of {concept}", seed, [*MISTAKES]) for concept in CONCEPTS for seed in (1, 2)]
    return [ask for ask in found if isinstance(ask, Asked)]


def exercise_for(name: str) -> Asked | None:
    """Return a question whose answer is wrong with this mistake, and which tells it from others where it can."""
    fit = [ask for ask in questions() if ask.by(name) is not None]
    if not fit:
        again = [draw(f"of {concept}", 1, [name]) for concept in ("relu", "max", "corner", "two-layer-mse 2", "powers")]
        fit = [ask for ask in again if isinstance(ask, Asked) and ask.by(name) is not None]
    named = [ask for ask in fit if ask.check(ask.by(name)).mistakes == [name]]
    return next(iter(named or fit), None)


def mistake_page(mistake: Mistake) -> str:
    """Return the page of one mistake: what it is, why it is tempting, where it shows, an exercise."""
    parts = [
        f"# {mistake.idea.partition(':')[0].rstrip('.')}",
        f"In the library this mistake is called `{mistake.name}`.",
    ]
    parts += ["## What goes wrong", mistake.idea, "## Why it is tempting"]
    parts += [f"It gives the right numbers where {mistake.harmless}. So a test on such a graph does not see it."]
    parts += [f"Seen: {mistake.source}."]
    for program, root in small_graphs():
        if shows(mistake, root):
            parts += ["## The smallest graph that shows it", f"```python\n{program}\n```"]
            parts += [_raw(lean(walk(root, rule=mistake.name)._repr_html_(), 1))]
            break
    if ex := exercise_for(mistake.name):
        parts += ["## An exercise in which it would show", _raw(lean(ex._repr_html_(), 1))]
    parts += ["All of them: [Wrong on purpose](../mistakes.md)."]
    return "\n\n".join(parts) + "\n"


def _raw(html: str) -> str:
    return f"```````{{raw}} html\n{html}\n```````"


def write_mistakes(source: Path) -> None:
    """Write a page for every mistake, and link the table to them."""
    folder = source / "mistakes"
    folder.mkdir()
    for name, mistake in MISTAKES.items():
        (folder / f"{name}.md").write_text(f"---\norphan: true\n---\n\n{mistake_page(mistake)}", encoding="utf-8")
    table = (source / "mistakes.md").read_text(encoding="utf-8")
    linked = re.sub(r"^\| `(\w+)` \|", r"| [`\1`](mistakes/\1.md) |", table, flags=re.M)
    (source / "mistakes.md").write_text(linked, encoding="utf-8")
