"""A walk as a moving picture: every number in it is the walk's, and it stands still where motion is not wanted."""

import re
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from browser import chromium as chromium

from micrograd_like import Value, walk
from micrograd_like.ops.notation import short


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
