"""The table as JavaScript computes what Python computes."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from math import isfinite
from pathlib import Path
from typing import Any

import pytest
from random_graphs import random_graph

from micrograd_like import Value, topological_order
from micrograd_like.mistakes.mistake import MISTAKES
from micrograd_like.mistakes.passes import Pass, grads
from micrograd_like.mistakes.script import about
from micrograd_like.ops import OPS
from micrograd_like.ops.notation import MathML
from micrograd_like.views.bundle import bundle
from micrograd_like.views.javascript import is_written, operations
from micrograd_like.views.walk_page import walk_script

node = pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")


def described(output: Value, seed: int, mistakes: Iterable[str]) -> dict[str, Any]:
    """Return a graph, what Python computes on it, and how large the terms of each gradient are."""
    nodes = topological_order(output)
    number = {x: i for i, x in enumerate(nodes)}
    scales = dict.fromkeys(nodes, 0.0)
    steps = Pass(output)
    for x, input, _, slope, _ in steps:
        scales[input] += abs(slope * steps.upstream(x))
    right = steps.grads()
    wrong = {name: grads(output, name) for name in mistakes}
    return {
        "seed": seed,
        "nodes": [
            {"op": x.op.name if x.op else None, "inputs": [number[i] for i in x.inputs], "data": x.data}
            | ({"constant": True} if x.constant else {})
            for x in nodes
        ],
        "data": [x.data for x in nodes],
        "slopes": [x.local_grads for x in nodes],
        "grads": [right.get(x, 0.0) for x in nodes],
        "scales": [scales[x] for x in nodes],
        "wrong": {
            name: {
                "about": about(nodes, MISTAKES[name]),
                "grads": [y if isfinite(y := found.get(x, 0.0)) else None for x in nodes],
            }
            for name, found in wrong.items()
        },
    }


def steady(output: Value) -> bool:
    """Tell whether small errors stay small: whether 1e-13 more in every node is at most 200 times that anywhere."""
    copies: dict[Value, Any] = {}
    nodes = topological_order(output)
    for x in nodes:
        made = x.op(*[copies[i] for i in x.inputs]) if x.op else x.data if x.constant else Value(x.data)
        copies[x] = made * (1 + 1e-13) if isinstance(made, Value) else made
    before, after = grads(output), grads(copies[output])
    pairs = [(before[x], after[copies[x]]) for x in nodes if not x.constant]
    pairs += [(x.data, copies[x].data) for x in nodes if x.op]
    return all(abs(x - y) <= 2e-11 * abs(x) for x, y in pairs)


@node
def test_a_thousand_random_graphs(tmp_path: Path) -> None:
    graphs: list[dict[str, Any]] = []
    seed = 0
    while len(graphs) < 1000:
        output, _ = random_graph(seed, 8)
        if steady(output):
            graphs.append(described(output, seed, MISTAKES if seed % 20 == 0 else ()))
        seed += 1
    (tmp_path / "graphs.json").write_text(json.dumps(graphs))
    (tmp_path / "walk.mjs").write_text(f"{walk_script()}\nexport const ops = {operations(OPS)};\n", "utf-8")
    script = Path(__file__).with_name("walk.test.mjs")
    run = subprocess.run(["node", str(script), str(tmp_path)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert max(json.loads(run.stdout).values()) <= 1e-12


FORMULAS = """
import { readFileSync } from "node:fs";
import { formula, ops } from "./walk.mjs";
const asked = JSON.parse(readFileSync("asked.json", "utf8"));
console.log(JSON.stringify(asked.map(([name, k, numbers, slope]) => formula(ops[name], k, numbers, slope).text)));
"""


@node
def test_a_page_shows_the_textbook_form_of_every_local_derivative(tmp_path: Path) -> None:
    asked, books = [], []
    for op in filter(is_written, OPS.values()):
        point = [
            low + (0.37 + 0.2 * i) * (high - low) if high - low < 100 else 1.7
            for i, (low, high) in enumerate(op.sample)
        ]
        out = op(*map(Value, point))
        names = [f"{{{x}}}" for x in "abc"[: op.arity]]
        for k, book in enumerate(op.textbook(MathML("{out}"), *map(MathML, names))):
            asked.append([op.name, k, [out.data, *point], out.local_grads[k]])
            books.append(str(book if isinstance(book, MathML) else MathML(book)))
    assert len(asked) > 60
    (tmp_path / "asked.json").write_text(json.dumps(asked))
    (tmp_path / "walk.mjs").write_text(f"{walk_script()}\nexport const ops = {operations(OPS)};\n", "utf-8")
    (tmp_path / "run.mjs").write_text(FORMULAS, "utf-8")
    run = subprocess.run(["node", "run.mjs"], capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    for (name, k, *_), shown, book in zip(asked, json.loads(run.stdout), books, strict=True):
        assert shown == book, f"{name}, operand {k}: the page shows {shown} in place of {book}"


@node
def test_a_page_shows_the_number_where_no_book_has_it(tmp_path: Path) -> None:
    asked = [["maximum", 0, [2.0, 2.0, 2.0], 0.5], ["abs", 0, [0.0, 0.0], 0.0], ["tanh", 0, [1.0, 20.0], 1.7e-17]]
    (tmp_path / "asked.json").write_text(json.dumps(asked))
    (tmp_path / "walk.mjs").write_text(f"{walk_script()}\nexport const ops = {operations(OPS)};\n", "utf-8")
    (tmp_path / "run.mjs").write_text(FORMULAS, "utf-8")
    run = subprocess.run(["node", "run.mjs"], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert json.loads(run.stdout) == ["", "", ""]


def test_only_what_a_graph_uses_is_written() -> None:
    text = operations(["mul"])
    assert "mul:" in text and "tanh" not in text
    assert "const sigmoid =" in operations(["softplus"])
    assert "const exp2 = (a) => 2 ** a" in operations(["exp2"])


MODULES = sorted((Path(__file__).parent.parent / "micrograd_like/views/assets").glob("*.js"))


def functions(text: str) -> dict[str, int]:
    """Return how many lines each function has whose end stands below its beginning, as a formatter writes it."""
    lines, found = text.splitlines(), {}
    for i, line in enumerate(lines):
        begins = re.search(r"function\*? ?\w*\(|=> \{$|^\s+\w+\(.*\) \{$", line) and line.endswith("{")
        if begins and not re.match(r"\s*(if|for|while|switch)\b", line):
            indent = line[: len(line) - len(line.lstrip())]
            end = next((j for j in range(i + 1, len(lines)) if lines[j].startswith(indent + "}")), i)
            found[line.strip()] = end - i + 1
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_is_short_and_imports_without_circles(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 400
    assert {name: length for name, length in functions(text).items() if length > 60} == {}
    assert bundle(path.name)  # raises for a circle
    for names, other in re.findall(r'import \{([^}]*)\} from "\./([\w.]+)";', text):
        source = bundle(other)
        for name in filter(None, map(str.strip, names.split(","))):
            assert re.search(rf"^export (async )?(const|function\*?) \{{?[^;]*\b{name}\b", source, flags=re.M), name


@node
@pytest.mark.parametrize("entry", ["walk.js", "exercise.js", "training.js"])
def test_a_bundle_is_one_module_in_which_no_name_is_used_twice(tmp_path: Path, entry: str) -> None:
    (tmp_path / "bundle.mjs").write_text(bundle(entry), "utf-8")
    subprocess.run(["node", "--check", str(tmp_path / "bundle.mjs")], check=True)
