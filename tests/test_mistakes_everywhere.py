"""Every mistake of the list gives the same gradients in Python, in the notebook's view and in the page."""

import json
import re
import shutil
import subprocess
import zlib
from base64 import b64decode
from math import isfinite
from pathlib import Path
from typing import Any

import pytest

from micrograd_like import Value, walk
from micrograd_like.losses import mse
from micrograd_like.mistakes.mistake import MISTAKES
from micrograd_like.nn import MLP
from micrograd_like.ops import OPS
from micrograd_like.views import walk_page
from micrograd_like.views.bundle import bundle
from micrograd_like.views.javascript import operations
from micrograd_like.views.walk_page import lesson

SCRIPT = """
import { readFileSync } from "node:fs";
import { walk, recorded, mistakeNamed, ops } from "./walk.mjs";
const lessons = JSON.parse(readFileSync("lessons.json", "utf8"));
const found = lessons.map(({ nodes, rule, rules }) => {
  const now = recorded(nodes, ops);
  return walk(nodes, ops, now, rule ? mistakeNamed(rule, rules) : {}).grads.map(String);
});
console.log(JSON.stringify(found));
"""


def small() -> Value:
    """Return the lecture's kind of expression: each name used once, but one."""
    a, b, c = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c")
    return (a * b + c + a).tanh()


def diamond() -> Value:
    """Return a graph in which nodes are used again and again, by all operations that mistakes speak of."""
    x, y = Value(0.6, "x"), Value(-1.4, "y")
    z = x * y
    s = z - x / y
    t = s.exp() + (x + 1.0).log() + abs(y) + z.sigmoid() + s.relu() + (-x)
    return t * t + s**3.0 + s.maximum(y) + t.tanh() * 2.0 + s**2.0


def network() -> Value:
    """Return the loss of a network with more than 30 named nodes."""
    model = MLP(2, [4, 4, 1], activation="tanh", seed=3)
    return mse([model([0.5, -1.0]), model([-0.3, 0.8])], [1.0, -1.0])


def changed() -> Value:
    """Return a graph one of whose numbers was changed after it was used."""
    w = Value(1.5, "w")
    loss = (w * 2.0 + w) ** 2.0
    w.data = 0.5
    return loss


GRAPHS = [small, diamond, network, changed]


def alike(mine: str, theirs: float, scale: float) -> bool:
    x = float(mine.replace("Infinity", "inf"))
    return not isfinite(x) if not isfinite(theirs) else abs(x - theirs) <= 1e-11 * max(abs(theirs), scale)


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
@pytest.mark.parametrize("make", GRAPHS, ids=[make.__name__ for make in GRAPHS])
def test_every_mistake_is_the_same_in_python_and_in_what_notebook_and_page_run(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("_whole", "_folded"):  # where the boxes go is slow to find, and changes no number
        monkeypatch.setattr(walk_page, part, lambda *_: {})
    output = make()
    ways, lessons = [], []
    for name in [None, *MISTAKES]:
        way = walk(output, rule=name) if name else walk(output)
        try:
            shown = lesson(way)  # what the widget and the page are given
        except ValueError as refused:
            assert re.search(r"\. [A-Z].*\.$", str(refused)), f"{name}: {refused}"
            continue
        assert shown["rule"] == name and (name is None or name in shown["rules"])
        ways.append(way)
        lessons.append(shown)
    if make is network:
        assert sum(bool(node.label) for node in ways[0].graph.nodes) > 30
    refused = {*MISTAKES} - {way.rule.name for way in ways}
    assert refused == ({"changed"} if make is changed else set())
    (tmp_path / "lessons.json").write_text(json.dumps(lessons), "utf-8")
    (tmp_path / "walk.mjs").write_text(f"{bundle('walk.js')}\nexport const ops = {operations(OPS)};\n", "utf-8")
    (tmp_path / "run.mjs").write_text(SCRIPT, "utf-8")
    run = subprocess.run(["node", "run.mjs"], capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    for way, found in zip(ways, json.loads(run.stdout), strict=True):
        theirs = [way.grads.get(node, 0.0) for node in way.graph.nodes]
        scale = max([abs(x) for x in theirs if isfinite(x)], default=0.0)
        for node, x, y in zip(way.graph.nodes, found, theirs, strict=True):
            assert node.constant or alike(x, y, scale), (
                f"{way.rule.name}, {way.graph.name(node)}: {x} in the page, {y} in Python"
            )


def test_every_mistake_is_in_the_saved_page_or_refused(tmp_path: Path) -> None:
    output = small()
    for name in MISTAKES:
        path = tmp_path / f"{name}.html"
        try:
            walk(output, rule=name).save(path)
        except ValueError as refused:
            assert re.search(r"\. [A-Z].*\.$", str(refused)), f"{name}: {refused}"
            assert not path.exists()
        else:
            packed = max(re.findall(r"[A-Za-z0-9+/=]{100,}", path.read_text("utf-8")), key=len)
            page = zlib.decompress(b64decode(packed)).decode()
            assert re.search(rf'"rule": ?"{name}"', page), f"{name} is not what the page shows"
