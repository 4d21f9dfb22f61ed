"""The pages in Firefox and in WebKit: the same frames, the same numbers, by the same keys as in Chromium."""

from pathlib import Path
from typing import Any

import pytest
import sizes
from browser import chromium as chromium, opened as opened
from other_browsers import browser as browser, wait_for
from test_browser_everybody import graph, save

from micrograd_like import MLP, SGD, Value, fit, walk
from micrograd_like.data import moons
from micrograd_like.losses import hinge

pytestmark = [sizes.long, pytest.mark.skipif(not sizes.LONG, reason="two more browsers: pytest --long")]
READY = "Boolean(document.querySelector('.mgl .bar'))"
FRAME = """['.counter', '.graph', '.tell', '.side']
  .map((part) => [...document.querySelectorAll(part)].at(-1).textContent)"""


def start(browser: Any, path: Path, more: str = "", ready: str = READY) -> None:
    """Open a page, and note what goes wrong in it from now on."""
    browser.open(path.as_uri() + more)
    wait_for(browser, ready)
    browser.run("(window.wrong = [], addEventListener('error', (e) => wrong.push(e.message)), 0)")


def test_an_address_opens_the_same_frame(browser: Any, opened: Any, tmp_path: Path) -> None:
    path, address = save("walk", tmp_path / "page.html"), "#step=7&mode=wrong&rule=overwrite&a=3"
    start(browser, path, address)
    page = opened(path, ".mgl .bar")
    page.goto(path.as_uri() + address)
    page.reload()
    page.wait_for_selector(".mgl .bar")
    assert browser.run(FRAME) == page.evaluate(FRAME)
    assert browser.run("location.hash") == address


def test_keys_step_and_the_gradients_are_the_engines(browser: Any, tmp_path: Path) -> None:
    w = walk(graph())
    start(browser, w.save(tmp_path / "page.html"))
    browser.press("ArrowRight", "ArrowRight", "ArrowLeft")
    assert browser.run("document.querySelector('.counter').textContent") == f"1 / {len(w)}"
    browser.press("End")
    assert browser.run("document.querySelector('.counter').textContent") == f"{len(w)} / {len(w)}"
    grads = browser.run("document.getElementById('walk').walk.grads")
    expected = {w.graph.name(node): grad for node, grad in w.grads.items() if not node.constant}
    assert grads == pytest.approx(expected, rel=1e-12)
    browser.press("f")
    assert browser.run("document.querySelectorAll('.mgl.lecture').length") == 1
    assert browser.run("document.querySelectorAll('.chain mfrac').length") >= 3
    assert browser.run("wrong") == []


def test_an_exercise_is_marked(browser: Any, tmp_path: Path) -> None:
    start(browser, save("exercise", tmp_path / "page.html"), ready="Boolean(document.querySelector('input.blank'))")
    browser.run("(document.querySelector('input.blank[aria-label^=\"L:\"]').focus(), 0)")
    browser.press("7", "Enter")
    told = browser.run("document.querySelector('.told').textContent")
    assert "the pass starts from dL/dL, which is 1" in told
    assert browser.run("wrong") == []


def test_training_on_gives_the_engines_weights(browser: Any, tmp_path: Path) -> None:
    X, y = moons(20, 0.1, labels=(-1, 1))
    model = MLP(2, [3, 1], rng=1, activation="tanh")
    optimizer = SGD(model.parameters(), lr=0.3)
    history = fit(model, X, y, "hinge", 2, optimizer=optimizer, record_weights=True, progress=False)
    start(browser, history.save(tmp_path / "page.html"), ready="Boolean(document.querySelector('.train button'))")
    browser.run(
        "([...document.querySelectorAll('.train button')].find((x) => x.textContent === 'One epoch').click(), 0)"
    )
    now = browser.run("[...document.getElementById('training').training.source.at(-1).columns[0]]")
    for p in model.parameters():
        p.grad = 0.0
    hinge([model(x) for x in X], y).backward()
    optimizer.step()
    assert now == pytest.approx([p.data for p in model.parameters()], rel=1e-12)
    browser.run("(document.querySelector('.pull').click(), 0)")
    assert browser.run("document.querySelectorAll('.walked .chain .term').length") == 3
    assert browser.run("wrong") == []


def test_a_folded_graph_opens_down_to_a_scalar(browser: Any, tmp_path: Path) -> None:
    model, loss = MLP(2, [8, 1], rng=1), Value(0.0)
    for i in range(12):
        loss = loss + model([0.1 * i, -0.2 * i]) ** 2
    start(browser, walk(loss).save(tmp_path / "page.html"))
    browser.press("End")
    browser.run("(document.querySelector('.box .behind').closest('.box').dispatchEvent(new Event('click')), 0)")
    assert "stands for" in browser.run("document.querySelector('.group').textContent")
    browser.run("(document.querySelector('.members button').click(), 0)")
    assert "gradient" in browser.run("document.querySelector('.group h3').textContent")
    assert browser.run("wrong") == []
