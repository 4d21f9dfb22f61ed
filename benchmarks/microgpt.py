"""A training step of microgpt as it was published, and with the import changed: `python -m benchmarks microgpt [FILE]`.

FILE is microgpt.py; without it, it is downloaded from where its author published it. It is not part of this repository.
"""

from __future__ import annotations

import ast
import gc
import os
import random
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any
from urllib.request import urlopen

PUBLISHED = "https://gist.githubusercontent.com/karpathy/8627fe009c40f57531cb18360106ce95/raw/microgpt.py"
NAMES = Path(__file__).parent.parent / "examples" / "names.txt"
STEPS = 6


def program(text: str, import_ours: bool) -> ast.Module:
    """Return the script up to the end of its training, of few steps; with our Value in place of its own if asked."""
    tree = ast.parse(text)
    body: list[ast.stmt] = []
    for statement in tree.body:
        if import_ours and isinstance(statement, ast.ClassDef) and statement.name == "Value":
            statement = ast.parse("from micrograd_like import Value").body[0]
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "num_steps":
            statement = ast.parse(f"num_steps = {STEPS}").body[0]
        body.append(statement)
        if isinstance(statement, ast.For) and ast.unparse(statement.target) == "step":
            break
    tree.body = body
    return ast.fix_missing_locations(tree)


def milliseconds(text: str, import_ours: bool) -> tuple[float, list[str]]:
    """Run it on examples/names.txt; return the median processor time of a step, and the losses that it printed."""
    seen: list[tuple[float, str]] = []

    def told(*words: Any, **_: Any) -> None:
        line = " ".join(map(str, words))
        if line.startswith("step"):
            seen.append((process_time(), line.rpartition("loss ")[2]))

    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "input.txt").write_text(NAMES.read_text("utf-8"), "utf-8")
        os.chdir(folder)
        try:
            random.seed(42)
            exec(compile(program(text, import_ours), "microgpt.py", "exec"), {"__name__": "__main__", "print": told})
        finally:
            os.chdir(before)
            gc.collect()
    times = [later - earlier for (earlier, _), (later, _) in pairwise(seen)]
    return median(times) * 1000, [loss for _, loss in seen]


def main() -> None:
    """Print both times, and whether both programs learn the same."""
    text = Path(sys.argv[1]).read_text("utf-8") if sys.argv[1:] else urlopen(PUBLISHED).read().decode()
    published, theirs = milliseconds(text, import_ours=False)
    changed, ours = milliseconds(text, import_ours=True)
    same = "the same losses" if ours == theirs else f"losses that differ: {ours} and {theirs}"
    print(f"A step of microgpt: {published:.3g} ms as published, {changed:.3g} ms with the import changed, {same}.")
