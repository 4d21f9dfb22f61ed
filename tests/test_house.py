"""How large files and functions may be, in Python, JavaScript and C. What is larger today may only become smaller.

Ruff holds the branches and statements of functions in Python: C901, PLR0912 and PLR0915 in pyproject.toml.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILE, FUNCTION, BRANCHES = 400, 60, 15
KNOWN: dict[str, dict[str, int]] = json.loads((Path(__file__).parent / "house.json").read_text(encoding="utf-8"))
SOURCES = sorted(
    path
    for pattern in ("*.py", "*.js", "*.css", "*.c", "*.h")
    for path in (ROOT / "micrograd_like").rglob(pattern)
    if "build" not in path.parts
)


def of_python(path: Path) -> Iterator[tuple[str, int, int]]:
    """Yield (name, lines, 0) of each function: the branches of Python are counted by ruff."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(x.lineno for x in node.decorator_list)])
            yield node.name, (node.end_lineno or first) - first + 1, 0


def without_texts(source: str) -> str:
    """Return JavaScript or C with its comments and strings blanked out, line by line the same."""
    pattern = r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`"""
    return re.sub(pattern, lambda match: re.sub(r"[^\n]", " ", match[0]), source, flags=re.DOTALL)


def of_braces(path: Path) -> Iterator[tuple[str, int, int]]:
    """Yield (name, lines, complexity) of each function of JavaScript or C, its inner functions included.

    The complexity is McCabe's (IEEE Trans. Softw. Eng. 2, 1976), counted as ruff's C901 counts that of Python.
    """
    text = without_texts(path.read_text(encoding="utf-8"))
    heads = (
        r"(?:function\*?\s+(\w+)[^{};]*\{|(\w+)\s*=\s*(?:async\s*)?(?:\([^;{}]*\)|\w+)\s*=>\s*\{|^\s+(\w+)\([^;{}]*\)\s*\{"
        if path.suffix == ".js"
        else r"(?:^[\w\s*]*?\b(\w+)\([^;{}]*\)\s*\{"
    )
    for match in re.finditer(heads + ")", text, re.MULTILINE):
        name = next(filter(None, match.groups()), "")
        if name in ("if", "for", "while", "switch", "catch"):
            continue
        depth, at = 1, match.end()
        while depth and at < len(text):
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 1
        body = text[match.start() : at].lstrip("\n")
        yield name, body.count("\n") + 1, len(re.findall(r"\b(?:if|for|while|case|catch)\b", body)) + 1


def measured() -> dict[str, dict[str, int]]:
    """Return what is over the limits: lengths of files, lengths and branches of functions."""
    found: dict[str, dict[str, int]] = {"file": {}, "function": {}, "branches": {}}
    for path in SOURCES:
        name, source = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        lines = source.splitlines()
        if len(lines) > FILE:
            found["file"][name] = len(lines)
        if path.suffix not in (".css", ".pyi"):
            for function, length, branches in (of_python if path.suffix == ".py" else of_braces)(path):
                if length > FUNCTION:
                    found["function"][f"{name}:{function}"] = length
                if branches > BRANCHES:
                    found["branches"][f"{name}:{function}"] = branches
    return found


@pytest.mark.parametrize(
    ("kind", "limit"),
    [
        ("file", f"{FILE} lines a file"),
        ("function", f"{FUNCTION} lines a function"),
        ("branches", f"{BRANCHES} branches a function"),
    ],
)
def test_nothing_grows_over_its_limit(kind: str, limit: str) -> None:
    found = measured()[kind]
    allowed = {"file": FILE, "function": FUNCTION, "branches": BRANCHES}[kind] * 5 // 4  # a little over is no alarm
    grown = {name: size for name, size in found.items() if size > max(KNOWN[kind].get(name, 0) * 5 // 4, allowed)}
    assert not grown, f"{limit}: {grown}. What is larger already is in tests/house.json, and may only shrink."


def test_functions_are_found_in_every_language() -> None:
    path = ROOT / "micrograd_like"
    assert {name for name, _, _ in of_python(path / "engine.py")} >= {"backward", "topological_order"}
    assert "multiply" in {name for name, _, _ in of_braces(path / "compiler" / "_loops.c")}
    scripts = [path for path in SOURCES if path.suffix == ".js"]
    assert scripts and all(list(of_braces(path)) for path in scripts if "function" in path.read_text(encoding="utf-8"))
    text = "if (a) { x = '}' } // }\n/* { */ y = `{`"
    assert without_texts(text).count("{") == without_texts(text).count("}") == 1


if __name__ == "__main__":
    place = Path(__file__).parent / "house.json"
    place.write_text(json.dumps(measured(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
