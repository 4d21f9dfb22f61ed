"""What is drawn can be read: no text on a wire, in no direction, and nothing much longer than wide."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings, strategies as st
from random_graphs import random_graph
from sizes import long, many

from micrograd_like import MLP, Value, draw
from micrograd_like.drawing.picture import text_width

SVG = "{http://www.w3.org/2000/svg}"


def rectangles(svg: ElementTree.Element) -> list[tuple[str, float, float, float, float]]:
    """Each text and the room it takes, by the same guess of its width that places it."""
    found = []
    for text in svg.iter(f"{SVG}text"):
        x, y, size = (float(text.get(key) or 0) for key in ("x", "y", "font-size"))
        width = text_width(text.text or "", size)
        left = x - {"start": 0.0, "middle": width / 2, "end": width}[text.get("text-anchor") or "start"]
        found.append((text.text or "", left, y - 0.75 * size, left + width, y + 0.2 * size))
    return found


def wires(svg: ElementTree.Element) -> list[list[tuple[float, float]]]:
    """Points along every piece of every edge."""
    found = []
    for path in svg.iter(f"{SVG}path"):
        if path.get("class") == "line":
            for piece in (path.get("d") or "").split("M")[1:]:
                numbers = [float(x) for x in re.findall(r"-?[\d.]+", piece)]
                points = list(zip(numbers[::2], numbers[1::2]))
                drawn = [points[0]]
                for i in range(1, len(points), 3):
                    p, q, r, s = points[i - 1 : i + 3]
                    for t in [k / 8 for k in range(1, 9)]:
                        weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
                        drawn.append(tuple(sum(w * a[k] for w, a in zip(weights, (p, q, r, s))) for k in (0, 1)))
                found.append(drawn)
    return found


def overlaps(svg: str) -> list[str]:
    """The texts that a wire touches, and the pairs of texts that touch each other."""
    root = ElementTree.fromstring(svg)
    [drawing] = [g for g in root.iter(f"{SVG}g") if (g.get("transform") or "").startswith("translate(16")][:1]
    texts, lines = rectangles(drawing), wires(drawing)
    found = []
    for text, left, top, right, bottom in texts:
        for line in lines:
            for (x, y), (u, v) in pairwise(line):
                beside = min(x, u) >= right - 0.5 or max(x, u) <= left + 0.5
                if not (beside or min(y, v) >= bottom - 0.5 or max(y, v) <= top + 0.5):
                    found.append(text)
    for i, (text, *a) in enumerate(texts):
        for other, *b in texts[:i]:
            if a[0] < b[2] - 0.5 and b[0] < a[2] - 0.5 and a[1] < b[3] - 0.5 and b[1] < a[3] - 0.5:
                found.append(f"{text} and {other}")
    return found


def size(svg: str) -> tuple[float, float]:
    width, height = re.findall(r'(?:width|height)="([\d.]+)', svg)[:2]
    return float(width), float(height)


@given(st.integers(0, 10**6), st.integers(3, 24), st.booleans())
@settings(max_examples=6, deadline=None)
def test_no_wire_runs_through_a_text(seed: int, count: int, vertical: bool) -> None:
    output, _ = random_graph(seed, count)
    output.backward()
    assert not overlaps(draw(output, vertical=vertical, names={}).svg)


@pytest.mark.parametrize("vertical", [False, True])
@pytest.mark.parametrize("sizes", [[1, 1], [2, 3, 1], [3, 4, 1]])
def test_networks_are_readable(sizes: list[int], vertical: bool) -> None:
    out = MLP(sizes[0], sizes[1:])([0.5] * sizes[0])
    drawing = draw(out, vertical=vertical)
    assert not overlaps(drawing.svg)
    assert ">w¹₀₀<" in drawing.svg and not re.search(">[^<]*neurons[^<]*</text>", drawing.svg)


def chain(steps: int) -> Value:
    x, w = Value(0.5, "x"), Value(0.9, "w")
    for _ in range(steps):
        x = (x * w).tanh()
    return x


def recurrence(steps: int) -> Value:
    h, w, u = Value(0.0), Value(0.9, "w"), Value(0.3, "u")
    for i in range(steps):
        h = (h * w + Value(i / 10.0) * u).tanh()
    return h


def total(count: int) -> Value:
    return sum([Value(i + 1.0) * Value(2.0 - i) for i in range(count)], Value(0.0))


@pytest.mark.parametrize("vertical", [False, True])
@long
@pytest.mark.parametrize("steps", [5, many(15, 25)])
@pytest.mark.parametrize("graph", [chain, recurrence, total])
def test_what_is_long_goes_on_in_another_row(graph, steps: int, vertical: bool) -> None:
    drawing = draw(graph(steps), vertical=vertical, names={})
    width, height = size(drawing.svg)
    assert max(width, height) <= max(3 * min(width, height), 1000)
    assert not overlaps(drawing.svg)
