"""Run programs written for micrograd with this library in its place, and show what differs.

Each program runs twice, in two processes: once as it stands, once with `micrograd` meaning `micrograd_like`, or
with our Value where it has a class Value of its own. Both draw the same random numbers. What they print is
compared: words as they are, numbers to a relative 1e-9.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

SECONDS, MOST_SHOWN = 60.0, 10
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|inf|nan)(?![\w.])", re.IGNORECASE)
WORKER = """
import ast, json, random, sys
asked = json.loads(sys.stdin.readline())
sys.path[:1] = asked["paths"]
sys.path.append(asked["home"])
sys.argv = [asked["path"]]
tree = ast.parse(asked["source"], asked["path"])
if asked["ours"]:
    import micrograd_like, micrograd_like.engine, micrograd_like.nn
    micrograd_like.nn._weights = random._inst  # micrograd draws its weights from Python's own generator
    for name in ("", ".engine", ".nn"):
        sys.modules["micrograd" + name] = sys.modules["micrograd_like" + name]
    for i, node in enumerate(tree.body):
        if isinstance(node, ast.ClassDef) and node.lineno == asked["value_class"]:
            swapped = ast.parse("from micrograd_like import Value").body[0]
            tree.body[i] = ast.copy_location(swapped, node)
try:
    import numpy
    numpy.random.seed(1337)
except ImportError:
    pass
random.seed(1337)
names = {"__name__": "__main__", "__file__": asked["path"], "__builtins__": __builtins__}
exec(compile(ast.fix_missing_locations(tree), asked["path"], "exec"), names)
"""


@dataclass
class Run:
    """What a program printed, and the last line of the error that ended it, if one did."""

    lines: list[str]
    error: str = ""


@dataclass
class Comparison:
    """How a program does with this library: what to write, and what it then prints otherwise."""

    path: Path
    swaps: list[str] = field(default_factory=list)
    verdict: str = ""
    differences: list[str] = field(default_factory=list)
    same: bool = False

    def __str__(self) -> str:
        shown = self.differences[:MOST_SHOWN]
        more = len(self.differences) - len(shown)
        rest = [f"  ... and {more:,} lines more that differ"] * bool(more)
        return "\n".join([f"{self.path}: {self.verdict}", *[f"  {text}" for text in self.swaps + shown], *rest])


def migrate(path: str | Path, seconds: float = SECONDS) -> Comparison:
    """Run one program both ways, and return what differs.

    Raises ValueError for a file that is not a program, and OSError for one that cannot be read.
    """
    path = Path(path)
    source = path.read_text(encoding="utf-8")
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise ValueError(f"{path} is not a program of this Python: line {error.lineno}, {error.msg}.") from None
    found = Comparison(path, _swaps(tree, source.splitlines()))
    if not found.swaps:
        found.verdict, found.same = "nothing to swap: it imports no micrograd, and has no class Value", True
        return found
    own_class = _own_class(tree)
    place = path.resolve()
    asked = {"source": source, "path": str(place), "paths": [str(place.parent)], "home": str(Path(__file__).parents[2])}
    ours = _run({**asked, "ours": True, "value_class": own_class and own_class.lineno}, seconds)
    theirs = _run({**asked, "ours": False}, seconds)
    if "No module named 'micrograd'" in theirs.error:
        missing = "micrograd is not installed, so only ours ran. To compare, type: pip install micrograd"
        found.verdict = f"ours fails: {ours.error}" if ours.error else f"ours runs. {missing}"
        found.same = not ours.error
        return found
    _compare(found, ours, theirs)
    return found


def _swaps(tree: ast.Module, lines: list[str]) -> list[str]:
    """Return each line of the program that names micrograd, with what to write in its place."""
    found = []
    for node in ast.walk(tree):
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if any(name.partition(".")[0] == "micrograd" for name in modules):
            assert isinstance(node, ast.Import | ast.ImportFrom)
            written = re.sub(r"\bmicrograd\b", "micrograd_like", lines[node.lineno - 1].strip())
            if isinstance(node, ast.Import) and any(x.asname is None for x in node.names):
                written = "import micrograd_like as micrograd, micrograd_like.engine, micrograd_like.nn"
            found.append(f"line {node.lineno}: write {written}")
    if not found and (own := _own_class(tree)):
        found.append(f"lines {own.lineno} to {own.end_lineno}: write from micrograd_like import Value")
    return found


def _own_class(tree: ast.Module) -> ast.ClassDef | None:
    """Return the program's own class Value, as in the lecture."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == "Value" and not node.bases:
            return node
    return None


def _run(asked: dict[str, object], seconds: float) -> Run:
    """Run a program in a process of its own, in its own folder, and return what it printed."""
    here = os.environ | {"MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8", "PYTHONHASHSEED": "0"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", WORKER], input=json.dumps(asked) + "\n", capture_output=True, text=True,
            encoding="utf-8", errors="replace", env=here, cwd=Path(str(asked["path"])).parent, timeout=seconds,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        text = late.stdout.decode("utf-8", "replace") if isinstance(late.stdout, bytes) else late.stdout or ""
        return Run(text.splitlines(), f"it did not end within {seconds:g} seconds")
    error = ""
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"it ended with exit code {done.returncode}"])[-1]
        places = re.findall(rf'File "{re.escape(str(asked["path"]))}", line (\d+)', done.stderr)
        error = f"line {places[-1]}: {last}" if places else last
    return Run(done.stdout.splitlines(), error)


def _compare(found: Comparison, ours: Run, theirs: Run) -> None:
    """Say what differs between what two runs printed."""
    otherwise = 0
    for number, (mine, yours) in enumerate(zip_longest(ours.lines, theirs.lines), 1):
        if mine is None or yours is None or not same_line(mine, yours):
            found.differences.append(f"line {number} of the output: " + _shown(mine, yours))
        else:
            otherwise += mine != yours
    count = len(theirs.lines)
    if ours.error and not theirs.error:
        found.verdict = f"ours fails: {ours.error}"
    elif theirs.error and not ours.error:
        found.verdict = f"ours runs, and the original fails: {theirs.error}"
        found.differences.clear()
    elif theirs.error:
        found.verdict = f"both fail. Ours: {ours.error}. The original: {theirs.error}"
    elif found.differences:
        found.verdict = f"{len(found.differences):,} of {count:,} lines of output differ"
    else:
        written = f", in {otherwise:,} a number is written otherwise, as 0.0 for 0" if otherwise else ""
        found.verdict, found.same = f"the same: {count:,} lines of output{written}", True


def same_line(mine: str, yours: str) -> bool:
    """Tell whether two lines say the same, with numbers that are equal to a relative 1e-9.

    >>> same_line("Value(data=2.0, grad=0.0)", "Value(data=2, grad=0)"), same_line("loss 1.5", "loss 1.6")
    (True, False)
    """
    if NUMBER.sub("#", mine) != NUMBER.sub("#", yours):
        return False
    pairs = zip(map(float, NUMBER.findall(mine)), map(float, NUMBER.findall(yours)))
    return all(
        a == b or (a != a and b != b) or abs(a - b) <= 1e-9 * min(max(abs(a), abs(b), 1e-6), 1e300) for a, b in pairs
    )


def _shown(mine: str | None, yours: str | None) -> str:
    ours, theirs = (
        ("nothing" if text is None else text if len(text) < 200 else text[:197] + "...") for text in (mine, yours)
    )
    return f"ours {ours}\n      original {theirs}"


def programs(paths: list[str]) -> list[Path]:
    """Return the programs that are meant: files as they are, and of folders every .py file that is not hidden."""
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.exists():
            raise ValueError(f"There is no file or folder {path}. Write the path of a program, or of a folder of them.")
        inside = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        found += [x for x in inside if not any(part.startswith(".") for part in x.relative_to(path).parts)]
    if not found:
        raise ValueError(f"There is no program in {', '.join(paths)}. Write the path of a .py file, or of a folder.")
    return found


def add_commands(commands: Any) -> None:
    """Add `migrate` to the commands of an argument parser."""
    command = commands.add_parser("migrate", help="run programs written for micrograd, and show what differs")
    command.add_argument("paths", nargs="+", metavar="PATH", help="a program, or a folder of them; each is run twice")
    command.add_argument("--seconds", type=float, default=SECONDS, help="the most for one run (default: %(default)g)")
    command.set_defaults(run=run_migrate)


def run_migrate(options: argparse.Namespace) -> int:
    """Compare each program, and print how it went; the exit code is 1 if one is not the same."""
    scripts, bad = programs(options.paths), 0
    for script in scripts:
        try:
            found = migrate(script, options.seconds)
        except (ValueError, UnicodeDecodeError) as error:
            found = Comparison(script, verdict=str(error))
        bad += not found.same
        print(found)
    if len(scripts) > 1:
        print(f"{len(scripts) - bad} of {len(scripts)} programs need no more than this change")
    return int(bad > 0)
