"""The lessons, notebooks that also run without Jupyter: cell by cell, and as pages that show what each cell gives."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import linecache
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent.parent
STYLE = """
:root { color-scheme: light dark; background: light-dark(#ffffff, #0f141a); color: light-dark(#1b1f24, #e8edf2); }
body { max-width: 860px; margin: 12px auto; padding: 0 8px; font-family: system-ui, sans-serif; line-height: 1.55; }
pre { overflow-x: auto; padding: 8px 12px; border-radius: 6px; background: light-dark(#f3f5f7, #1a2129);
  font: 0.87rem/1.45 ui-monospace, monospace; }
pre.code { border-left: 4px solid light-dark(#1d4ed8, #79a8ff); }
.shown { overflow-x: auto; margin: 0 0 1rem; }
img { max-width: 100%; }
blockquote { border-left: 4px solid light-dark(#c9d1da, #3a4552); margin-left: 0; padding-left: 1rem; }
nav { display: flex; justify-content: space-between; gap: 1rem; margin: 1rem 0; }
a { color: light-dark(#1d4ed8, #79a8ff); }
table { border-collapse: collapse; } td, th { padding: 2px 8px; text-align: left; }
"""


@dataclass(frozen=True)
class Shown:
    """What a cell gives: its text, as HTML where there is such a form, and the value of its last line."""

    text: str
    html: str = ""
    value: Any = None


@dataclass(frozen=True)
class Lesson:
    """One notebook: markdown and code, in order."""

    path: Path

    @cached_property
    def cells(self) -> list[dict[str, Any]]:
        """The cells as nbformat 4 has them."""
        found: list[dict[str, Any]] = json.loads(self.path.read_text(encoding="utf-8"))["cells"]
        return found

    @property
    def number(self) -> int:
        """Its place in the course."""
        return int(self.path.stem.partition("_")[0])

    @cached_property
    def head(self) -> str:
        """Its first cell: title, time, what one needs."""
        return "".join(self.cells[0]["source"])

    @property
    def title(self) -> str:
        """Its first line, without the number."""
        return self.head.partition("\n")[0].lstrip("# ").partition(". ")[2]

    @property
    def minutes(self) -> str:
        """How long it takes, as it says."""
        found = re.search(r"\*\*(\d+) minutes", self.head)
        return found[1] if found else "?"

    def run(self, space: dict[str, Any]) -> Iterator[tuple[str, str, Shown | None]]:
        """Execute the cells in a namespace, and yield for each its kind, its source and what it gives.

        Cells that check what the text claims are executed, and not shown.
        """
        space.setdefault("__name__", "__main__")
        for number, cell in enumerate(self.cells):
            source = "".join(cell["source"])
            if cell["cell_type"] == "code":
                shown = execute(source, space, f"<lesson {self.number}, cell {number}>")
                if "check" not in cell["metadata"].get("tags", ()):
                    yield "code", source, shown
            else:
                yield "markdown", source, None


def lessons() -> list[Lesson]:
    """Return all lessons: those of the checkout, or else those that were installed with the package."""
    for folder in (PACKAGE.parent / "notebooks", PACKAGE / "lessons"):
        if found := sorted(folder.glob("[0-9][0-9]_*.ipynb")):
            return [Lesson(path) for path in found]
    raise FileNotFoundError("The lessons are missing from this installation. Install micrograd-like again.")


def execute(source: str, space: dict[str, Any], file: str = "<you>") -> Shown:
    """Execute Python in a namespace, as a notebook does, and return what it prints and its last expression."""
    space.setdefault("In", [""]).append(source)  # where IPython keeps it, and `walk` looks for the learner's lines
    linecache.cache[file] = len(source), None, source.splitlines(True), file
    tree = ast.parse(source, file)
    last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    tree.body[-1:] = [] if last else tree.body[-1:]
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, file, "exec"), space)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), file, "eval"), space)
    text = printed.getvalue()
    html = f"<pre>{escape(text)}</pre>" if text else ""
    if value is not None:
        text += f"{value!r}\n"
        rich = getattr(value, "_repr_html_", None)
        html += rich() if rich else f"<pre>{escape(repr(value))}</pre>"
    return Shown(text, html, value)


def page(lesson: Lesson, course: list[Lesson]) -> str:
    """Return a lesson as a page: what it says, its code, and what the code gives, with live views."""
    parts = []
    for _, source, shown in lesson.run({}):
        if shown:
            parts.append(f'<pre class="code">{escape(source)}</pre><div class="shown">{shown.html}</div>')
        else:
            parts.append(to_html(source))
    place = course.index(lesson)
    links = [
        f'<a href="{course[i].path.stem}.html">{words}: {course[i].number}. {escape(course[i].title)}</a>'
        if 0 <= i < len(course) else "<span></span>"
        for i, words in ((place - 1, "Before"), (place + 1, "Next"))
    ]  # fmt: skip
    note = "<p><small>To change the code and run it again, open the lessons in JupyterLab.</small></p>"
    body = f"{note}{''.join(parts)}<nav>{''.join(links)}</nav>"
    title = escape(f"{lesson.number}. {lesson.title}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{STYLE}</style></head>\n'
        f"<body>{body}</body></html>\n"
    )


INLINE = (
    (r"`([^`]+)`", r"<code>\1</code>"),
    (r"\*\*([^*]+)\*\*", r"<b>\1</b>"),
    (r"(?<![\w*])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w*])", r"<i>\1</i>"),
    (r"\[([^\]]+)\]\(([^)\s]+)\)", r'<a href="\2">\1</a>'),
)


def to_html(markdown: str) -> str:
    """Return Markdown as HTML, as far as the lessons use it: headings, lists, quotes, code, paragraphs."""
    blocks = []
    for block in re.split(r"\n\s*\n", markdown.strip("\n")):
        lines = block.splitlines()
        if found := re.match(r"(#{1,4}) (.*)", block):
            level = len(found[1])
            blocks.append(f"<h{level}>{_inline(found[2])}</h{level}>")
            lines = lines[1:]
        if not lines:
            continue
        if all(line.startswith("    ") for line in lines):
            blocks.append(f"<pre>{escape(chr(10).join(line[4:] for line in lines))}</pre>")
        elif all(line.startswith(">") for line in lines):
            quoted = " ".join(line[1:].strip() for line in lines)
            blocks.append(f"<blockquote>{_inline(quoted)}</blockquote>")
        elif re.match(r"[-*] |\d+\. ", lines[0]):
            kind = "ul" if lines[0][0] in "-*" else "ol"
            items = re.split(r"\n(?=[-*] |\d+\. )", "\n".join(lines))
            rows = "".join(f"<li>{_inline(re.sub(r'^([-*]|[0-9]+[.]) ', '', item))}</li>" for item in items)
            blocks.append(f"<{kind}>{rows}</{kind}>")
        else:
            blocks.append(f"<p>{_inline(' '.join(lines))}</p>")
    return "\n".join(blocks)


def _inline(text: str) -> str:
    """Return a line with its code, emphasis and links; what stands in code is left as it is."""
    pieces = re.split(r"(`[^`]+`)", escape(text, quote=False))
    for i, piece in enumerate(pieces):
        for pattern, html in INLINE[:1] if piece.startswith("`") else INLINE[1:]:
            pieces[i] = piece = re.sub(pattern, html, piece)
    return "".join(pieces)


def write_pages(folder: Path, first: Lesson, course: list[Lesson]) -> Iterator[Path]:
    """Write each lesson as a page, the first one first, and yield each path once it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    for lesson in [first, *[x for x in course if x is not first]]:
        path = folder / f"{lesson.path.stem}.html"
        try:
            path.write_text(page(lesson, course), encoding="utf-8")
        except ImportError as error:  # a lesson that needs an extra
            print(f"Lesson {lesson.number} is left out: {error}", file=sys.stderr)
            continue
        yield path
