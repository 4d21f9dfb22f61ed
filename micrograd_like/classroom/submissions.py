"""What was handed in, read as text: nothing of it is run here. Files, folders and archives as an LMS gives them."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..exercises.exam import LONGEST, Paper

LARGEST = 5_000_000  # bytes of a file
MOST_CODE = 100_000  # letters of a cell
KINDS = (".ipynb", ".json")
TOO_DEEP = "It is nested too deeply to be read."


class UnreadableError(ValueError):
    """What was handed in cannot be read; the message says why."""


@dataclass
class Submission:
    """Who handed in what: answers to exercise 1, 2, ... as typed, and the source of a class."""

    student: str
    answers: dict[int, dict[str, str]] = field(default_factory=dict)
    code: str = ""
    paper: Paper | None = None  # where the paper itself was handed in


def files(folder: Path) -> list[Path]:
    """Return the files that may be submissions, sorted; of a folder with none, the folder itself."""
    if folder.is_file():
        return [folder]
    return sorted(_files(folder))


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            inner = [x for x in path.rglob("*") if x.suffix in KINDS and x.is_file() and not x.is_symlink()]
            inner = [x for x in inner if not x.name.startswith((".", "papers."))]
            yield from inner or [path]
        elif path.name != "submission_metadata.json" and not path.name.startswith("papers."):
            yield path


def claimed(path: Path, students: list[str], folder: Path) -> str:
    """Return the student whose name a file or its folder has, as LMSs write it: "Ada Lovelace_123_file.ipynb"."""
    known = {x.strip().casefold(): x for x in students}
    inside = path.relative_to(folder).parts if folder in path.parents else (path.name,)
    for part in (*inside[:-1], Path(inside[-1]).stem):
        for text in (part, part.partition("_")[0]):
            if text.strip().casefold() in known:
                return known[text.strip().casefold()]
    return ""


def read(path: Path) -> Submission:
    """Return what a file holds; UnreadableError where that is not possible."""
    if path.is_dir() or path.suffix not in KINDS:
        raise UnreadableError(f"It is not a notebook (.ipynb) or a paper (.json): {path.name}.")
    if path.stat().st_size > LARGEST:
        raise UnreadableError(f"It is larger than {LARGEST // 10**6} MB.")
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(f"It cannot be read as text: {type(error).__name__}.") from None
    try:
        if path.suffix == ".ipynb":
            return of_notebook(json.loads(text))
        paper = Paper.from_json(text)
    except (RecursionError, MemoryError):
        raise UnreadableError(TOO_DEEP) from None
    except UnreadableError:
        raise
    except ValueError as error:
        raise UnreadableError(str(error) if path.suffix == ".json" else "It is not a notebook.") from None
    return Submission(paper.student, dict(enumerate(paper.answers, 1)), "", paper)


def of_notebook(found: Any) -> Submission:
    """Return what a notebook says: `student = ...`, `mine.answer(1, ...)`, and the cell with `class Value`."""
    made = Submission("")
    cells = found.get("cells") if isinstance(found, dict) else None
    if not isinstance(cells, list):
        raise UnreadableError("It is not a notebook: it has no cells.")
    imports: list[str] = []
    for x in cells:
        if not isinstance(x, dict) or x.get("cell_type") != "code":
            continue
        source = x.get("source", "")
        source = "".join(map(str, source)) if isinstance(source, list) else str(source)
        if len(source) > MOST_CODE:
            raise UnreadableError(f"A cell has more than {MOST_CODE} letters.")
        for statement in _statements(source):
            _take(made, statement, source)
            imports += _imports(statement)
    made.code = "\n".join([*dict.fromkeys(imports), made.code]) if made.code else ""
    return made


def _imports(statement: ast.stmt) -> list[str]:
    """Return what an import takes from the standard library, on which a class in another cell may rely."""
    if isinstance(statement, ast.ImportFrom):
        names = [statement.module or ""]
    elif isinstance(statement, ast.Import):
        names = [x.name for x in statement.names]
    else:
        return []
    known = all(name.partition(".")[0] in sys.stdlib_module_names for name in names)
    return [ast.unparse(statement)] if known and statement.col_offset == 0 else []


def _statements(source: str) -> list[ast.stmt]:
    """Return the statements of a cell, none if it is not Python: the notebook has it, but nobody ran it so."""
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError):
        return []


def _take(made: Submission, statement: ast.stmt, source: str) -> None:
    match statement:
        case ast.ClassDef(name="Value"):
            made.code = "" if "..." in source and len(source) < 40 else source
        case ast.Assign(targets=[ast.Name(id="student")], value=ast.Constant(value=name)):
            made.student = str(name)
        case (
            ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=[ast.Call() as call]))
            | ast.Expr(value=ast.Call() as call)
        ):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "answer" and call.args:
                _answers(made, call)


def _answers(made: Submission, call: ast.Call) -> None:
    number = call.args[0].value if isinstance(call.args[0], ast.Constant) else None
    if not isinstance(number, int) or isinstance(number, bool):
        return
    pairs: list[tuple[str, ast.expr]] = [(x.arg, x.value) for x in call.keywords if x.arg]
    for given in call.args[1:]:
        if isinstance(given, ast.Dict):
            pairs += [(str(k.value), x) for k, x in zip(given.keys, given.values) if isinstance(k, ast.Constant)]
    typed = made.answers.setdefault(number, {})
    for key, value in pairs:
        text = value.value if isinstance(value, ast.Constant) else ast.unparse(value)
        if text is not None and text is not ...:
            typed[key] = str(text)[:LONGEST]
