"""A walk as a moving picture: every number in it is the walk's, and it stands still where motion is not wanted."""

import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from browser import chromium as chromium

from micrograd_like import Value, walk
from micrograd_like.ops.notation import short
from micrograd_like.steps.walk import Backward


def example() -> Any:
    a, b = Value(2.0), Value(-3.0)
    c = a * b
    L = c + a
    return walk(L)


def test_the_film_says_every_step_and_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    w = example()
    picture = w.animation(tmp_path / "walk.svg")
    svg = (tmp_path / "walk.svg").read_text("utf-8")
    assert svg == picture.svg and len(svg) < 60_000
    texts = ["".join(x.itertext()) for x in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    for step in w.forward:
        assert str(step) in texts
    for step in w.backward:
        upstream = short(step.upstream, 3)
        factor = f"({upstream})" if step.upstream < 0 else upstream
        numbers = f"{short(step.local_grad, 3)} · {factor} = {short(step.contribution, 3)}"
        assert f"∂L/∂{step.target} += ∂{step.name}/∂{step.target} · ∂L/∂{step.name} = {numbers}" in texts
        assert f"{upstream} × {short(step.local_grad, 3)}" in texts
        assert short(step.after, 3) in texts
    assert any(text.startswith("∂L/∂L = 1") for text in texts)
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg)|<script|url\(", svg)


def test_it_stands_still_where_motion_is_not_wanted(chromium: Any, tmp_path: Path) -> None:
    w = example()
    w.animation(tmp_path / "walk.svg")
    page = chromium.new_page(reduced_motion="reduce")
    page.goto((tmp_path / "walk.svg").as_uri())
    assert page.evaluate("document.getAnimations().length") == 0
    seen = """[...document.querySelectorAll("text")].filter((x) => {
      for (let y = x; y.getAttribute; y = y.parentNode) if (getComputedStyle(y).opacity === "0") return false;
      return true;
    }).map((x) => x.textContent)"""
    texts = page.evaluate(seen)
    for node, grad in w.grads.items():
        assert short(node.data) in texts and short(grad, 3) in texts
    assert texts.count("-2") == 1 and "-3 · 1" not in " ".join(texts)  # the end, not a step on the way
    page.close()
    page = chromium.new_page()
    page.goto((tmp_path / "walk.svg").as_uri())
    assert page.evaluate("document.getAnimations().length") > 10
    page.close()


def test_what_cannot_be_a_film_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"walk\.svg"):
        example().animation(tmp_path / "walk.gif")
    x = Value(1.0)
    for _ in range(40):
        x = x * 1.01
    with pytest.raises(ValueError, match="at most 60 steps"):
        walk(x).animation()
    hostile = Value(2.0, '<script>"&\ud800')
    assert "<script" not in unescape(walk(hostile * hostile).animation().svg.split("<desc>")[0])
    ElementTree.fromstring(walk(hostile * hostile).animation().svg)


def strip_of(path: Path) -> list[str]:
    """Return the text of each frame of a film strip."""
    text = path.read_text("utf-8")
    return ["".join(re.findall(r">([^<]+)<", part)).strip() for part in re.split(r"step \d+ of \d+", text)[1:]]


def test_a_film_strip_has_a_frame_for_each_step_that_tells_it_alone(tmp_path: Path) -> None:
    a, b = Value(2.0, "a"), Value(-0.5, "b")
    L = (a * b + a).tanh()
    L.label = "L"
    w = walk(L)
    path = w.filmstrip(tmp_path / "strip.svg")
    ElementTree.parse(path)
    frames = strip_of(path)
    assert len(frames) == len(w)
    for event, frame in zip(w, frames):
        if isinstance(event, Backward):
            root, node, target = "L", w.graph.name(event.node), w.graph.name(event.input)
            assert f"∂{root}/∂{target} += ∂{node}/∂{target} · ∂{root}/∂{node}" in frame
            assert frame.endswith(f" = {short(event.contribution, 3)}") and short(event.after, 3) in frame
    assert "animation" not in path.read_text("utf-8")
    w.stops(("The seed", 5), ("Into a", 8))
    assert [frame[-40:] for frame in strip_of(w.filmstrip(path))] == [frames[5][-40:], frames[8][-40:]]


def test_a_film_strip_is_refused_with_a_sentence(tmp_path: Path) -> None:
    x = Value(0.5, "x")
    y = x
    for _ in range(40):
        y = y * x
    with pytest.raises(ValueError, match=r"walk\(\.\.\.\)\.stops"):
        walk(y).filmstrip(tmp_path / "strip.svg")
    with pytest.raises(ValueError, match=r"Write 'strip\.svg'"):
        walk(x * x).filmstrip(tmp_path / "strip.gif")


def test_a_film_strip_on_paper_has_a_page_for_each_frame(tmp_path: Path) -> None:
    if not (shutil.which("chromium") and shutil.which("pdftotext")):
        pytest.skip("chromium or pdftotext is not here")
    x = Value(3.0, "x")
    path = walk(x * x).filmstrip(tmp_path / "strip.pdf")
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
    pages = text.split("\f")[:-1]
    assert len(pages) == len(walk(x * x)) and "+=" in pages[-1]
