"""Every sentence that a page says of a step is true of the pass that runs: all mistakes, on random graphs."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from random_graphs import random_graph

from micrograd_like import Value, walk
from micrograd_like.ops import OPS
from micrograd_like.ops.notation import short
from micrograd_like.views.bundle import bundle
from micrograd_like.views.javascript import operations
from micrograd_like.views.walk_page import lesson

GRAPHS = int(os.environ.get("GRAPHS", "30"))  # with all mistakes on each


def graphs() -> list[Value]:
    """Return random graphs, and some in which nodes are used again and again."""
    a = Value(1.0, "a")
    b = a + a
    b.label = "b"
    shared = b + b
    x, w = Value(0.6, "x"), Value(-1.4, "w")
    z = x * w
    square = (z * z + z.tanh()) / 2.0 + z.exp() * x
    return [shared, square, *[random_graph(seed, 7)[0] for seed in range(GRAPHS)]]


def check(lesson: Any, case: Any) -> set[str]:
    """Hold each sentence against the events; return which kinds of sentence there were."""
    names = [node["name"] for node in lesson["nodes"]]
    number = {name: i for i, name in enumerate(names)}
    uses: list[Counter[int]] = [Counter() for _ in names]
    for i, node in enumerate(lesson["nodes"]):
        for x in node["inputs"]:
            uses[x][i] += 1
    events, kinds = case["events"], set()
    for at, (event, said) in enumerate(zip(events, case["said"])):
        if event.get("input") is None:
            continue
        node, target = event["node"], event["input"]
        first = at
        while (
            events[first - 1]["node"] == node
            and (events[first - 1].get("k") or 0) < events[first]["k"]
            and events[first - 1].get("input") is not None
        ):
            first -= 1
        here = [e for e in events[case["forward"] : first] if e.get("input") is not None]
        there = Counter(e["node"] for e in here if e["input"] == node)
        missing = uses[node] - there
        got = Counter(e["node"] for e in events[: at + 1] if e.get("input") == target)
        later = Counter(e["node"] for e in events[at + 1 :] if e.get("input") == target)
        lacking = uses[target] - got
        told = f"{case['rule']}, step {at}: {said}"

        def listed(text: str) -> set[int]:
            return {number[name] for name in text.split(", ")}

        if match := re.search(r"(\S+) passes back again", said):
            kinds.add("again")
            assert number[match[1]] == node and any(e["node"] == node for e in here), told
        if match := re.search(r"(\S+) passes back too early: what comes from (.+?) is still missing", said):
            kinds.add("early")
            assert number[match[1]] == node and listed(match[2]) == set(missing), told
        if match := re.search(r"(\S+) is complete: all its uses \((.+?)\) have passed back", said):
            kinds.add("complete")
            assert (
                number[match[1]] == node and not missing and there == uses[node] and listed(match[2]) == set(there)
            ), told
        if match := re.search(r"(\S+) has got (\d+) contributions for (\d+) uses", said):
            assert int(match[2]) == there.total() > int(match[3]) == uses[node].total(), told
        if re.search(r"(\S+) is the output: backward begins", said):
            assert node == len(names) - 1 and not any(e["node"] == node for e in here), told
        if match := re.search(r"(\S+) still waits for (.+?)\.$", said):
            kinds.add("waits")
            assert number[match[1]] == target and listed(match[2]) <= set(lacking) & set(later), told
        if match := re.search(r"(\S+) is complete now\.$", said):
            kinds.add("now")
            assert number[match[1]] == target and not later and got == uses[target], told
        if match := re.search(r"(\S+) has something from each of its uses, but more will come", said):
            kinds.add("more")
            assert number[match[1]] == target and later and not lacking & later, told
        if match := re.search(r"(\S+) never gets what comes from (.+?)\.$", said):
            assert number[match[1]] == target and not later and listed(match[2]) == set(lacking), told
        if match := re.search(r"(\S+) is finished, with (\d+) contributions for (\d+) uses", said):
            kinds.add("finished")
            assert not later and int(match[2]) == got.total() > uses[target].total() == int(match[3]), told
        kinds |= mistaken(case, event, said, told)
    return kinds


def mistaken(case: Any, event: Any, said: str, told: str) -> set[str]:
    """Hold what is said of the mistake against the right step from the same numbers."""
    slope = case["slopes"][event["node"]][event["k"]]
    numbers = [slope, event["before"], event["upstream"], event["after"], event["slope"]]
    if any(isinstance(x, str) or x is None for x in numbers):
        return set()
    right = event["before"] + slope * event["upstream"] if slope else event["before"]

    def alike(x: float, y: float) -> bool:
        return x == y or abs(x - y) <= 1e-9 * max(abs(x), abs(y))

    kinds = set()
    assert ("The local derivative is taken as" in said) == (
        case["rule"] is not None and not case["report"] and not alike(event["slope"], slope)
    ), told
    if match := re.search(r"the right step gives (\S+); the mistake gives (\S+)\.", said):
        kinds.add("differs")
        assert not alike(right, event["after"]) and (match[1], match[2]) == (short(right), short(event["after"])), told
    elif not case["report"]:
        assert alike(right, event["after"]), told
    if "Here the mistake makes no difference" in said:
        assert alike(right, event["after"]), told
    if case["rule"] is None:
        assert "mistake" not in said, told
    return kinds


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_every_sentence_is_true_of_the_pass_that_runs(tmp_path: Path) -> None:
    lessons = [lesson(walk(output)) for output in graphs()]
    (tmp_path / "lessons.json").write_text(json.dumps(lessons), "utf-8")
    (tmp_path / "walk.mjs").write_text(f"{bundle('walk.js')}\nexport const ops = {operations(OPS)};\n", "utf-8")
    script = Path(__file__).with_name("sentences.test.mjs")
    run = subprocess.run(["node", str(script), str(tmp_path)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    cases = json.loads((tmp_path / "said.json").read_text("utf-8"))
    kinds: set[str] = set()
    for told, found in zip(lessons, cases, strict=True):
        for case in found:
            kinds |= check(told, case)
    assert kinds >= {"again", "early", "complete", "waits", "now", "more", "finished", "differs"}
    assert len({case["rule"] for found in cases for case in found}) > 45


def test_the_documented_example_says_that_it_sends_again(tmp_path: Path) -> None:
    """depth_first on b = a + a, c = b + b once said "a is complete now", and then added twice more."""
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    (tmp_path / "lessons.json").write_text(json.dumps([lesson(walk(graphs()[0]))]), "utf-8")
    (tmp_path / "walk.mjs").write_text(f"{bundle('walk.js')}\nexport const ops = {operations(OPS)};\n", "utf-8")
    subprocess.run(["node", str(Path(__file__).with_name("sentences.test.mjs")), str(tmp_path)], check=True)
    [found] = json.loads((tmp_path / "said.json").read_text("utf-8"))
    [case] = [case for case in found if case["rule"] == "depth_first"]
    text = " ".join(case["said"])
    assert text.count("a is complete now") == 0 and "what it sent before is sent once more" in text
    assert "a is finished, with 4 contributions for 2 uses" in text
