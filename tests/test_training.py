"""The page of a training and the live view: every number on them is the history's."""

import re
from pathlib import Path
from typing import Any

import pytest
from browser import chromium as chromium

from micrograd_like import MLP, SGD, Adam, fit
from micrograd_like.data import moons
from micrograd_like.nn import LogisticRegression
from micrograd_like.optim import Optimizer
from micrograd_like.views.training import strips

ROOT = Path(__file__).parent.parent


def trained(optimizer: type[Optimizer] = SGD, hidden: int = 3, epochs: int = 6, **options: Any) -> Any:
    X, y = moons(30, 0.1, labels=(-1, 1))
    model = MLP(2, [hidden, 1], rng=1)
    steps = optimizer(model.parameters(), lr=0.1, **options)
    return fit(model, X, y, "hinge", optimizer=steps, epochs=epochs, record_weights=True, watch=[2], progress=False)


def test_a_hundred_epochs_of_moons_are_under_200_kilobytes(tmp_path: Path) -> None:
    X, y = moons(100, 0.1, labels=(-1, 1))
    model = MLP(2, [16, 16, 1], rng=1)
    for optimizer in (SGD(model.parameters(), lr=0.5, momentum=0.5), Adam(model.parameters(), lr=0.02)):
        history = fit(
            model, X[::25], y[::25], "hinge", optimizer=optimizer, epochs=100, record_weights=True, progress=False
        )
        assert history.save(tmp_path / "training.html").stat().st_size < 200_000


def number(text: str) -> float:
    return float(text.replace("−", "-"))


@pytest.mark.parametrize(
    "optimizer, options, columns",
    [
        (SGD, {}, ["value", "gradient", "Δθ"]),
        (SGD, {"momentum": 0.9, "weight_decay": 0.01}, ["value", "gradient", "Δθ"]),
        (SGD, {"maximize": True, "weight_decay": 0.01}, ["value", "gradient", "Δθ"]),
        (Adam, {}, ["value", "gradient", "Δθ", "m", "v"]),
    ],
)
def test_every_number_is_the_historys(
    chromium: Any, tmp_path: Path, optimizer: type[Optimizer], options: Any, columns: list[str]
) -> None:
    history = trained(optimizer, **options)
    problems: list[str] = []
    page = chromium.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "request", lambda request: request.url.startswith(("file:", "data:", "blob:")) or problems.append(request.url)
    )
    page.goto(history.save(tmp_path / "training.html").as_uri())
    page.wait_for_selector(".weights")
    assert page.locator(".weights thead th").all_text_contents() == ["weight", *columns]
    page.locator(".mgl").focus()
    page.keyboard.press("Home")
    for epoch in range(4):
        assert page.locator(".counter").text_content() == f"epoch {epoch}"
        row = history.rows[epoch]
        loss = re.search(r"Loss ([-\d.e]+)", page.locator("[role=status]").text_content())
        assert loss and number(loss[1].rstrip(".")) == pytest.approx(row.loss, rel=1e-3)
        texts = page.locator(".weights tbody tr").evaluate_all(
            "rows => rows.map(r => [...r.cells].map(c => c.textContent))"
        )
        for i, (_name, value, *others) in enumerate(texts):
            assert number(value) == pytest.approx(row.weights[i], rel=2e-3)
            if epoch:
                expected = [row.gradients[i], *row.memory[i]]
                assert list(map(number, others)) == pytest.approx(expected, rel=3e-3, abs=1e-12)
        if epoch:
            left, result = page.locator(".equation").text_content().split(" = ")[1:]
            python = re.sub(r"√([\d.e+-]+)", r"(\1)**0.5", left.replace("−", "-").replace("·", "*"))
            assert eval(python) == pytest.approx(number(result), abs=2e-3)
        assert "example 2" in page.locator(".watched").text_content()
        page.keyboard.press("ArrowRight")
    page.locator(".where").fill("1")
    assert page.locator(".counter").text_content() == "epoch 1"
    assert problems == []
    page.close()


def test_the_boundary_is_the_networks(chromium: Any, tmp_path: Path) -> None:
    history = trained(epochs=3)
    model = history.about[0]
    page = chromium.new_page()
    page.goto(history.save(tmp_path / "training.html").as_uri())
    page.wait_for_selector("canvas")
    colours = page.evaluate("""() => {
      const data = document.querySelector("canvas").getContext("2d").getImageData(0, 0, 320, 320).data;
      const at = (x, y) => [...data.slice(4 * (y * 320 + x), 4 * (y * 320 + x) + 3)].join();
      return [at(7, 7), at(312, 312), at(7, 312), at(312, 7)];
    }""")
    xs, ys = zip(*history.about[1])
    x0, x1, y0, y1 = min(xs), max(xs), min(ys), max(ys)
    wide, high = 0.1 * (x1 - x0), 0.1 * (y1 - y0)
    corners = [(x0 - wide, y1 + high), (x1 + wide, y0 - high), (x0 - wide, y0 - high), (x1 + wide, y1 + high)]
    signs = [model.predict(corner) > 0 for corner in corners]
    assert [colour == colours[0] for colour in colours] == [sign == signs[0] for sign in signs]
    page.close()


def test_without_weights_there_is_no_page(tmp_path: Path) -> None:
    X, y = moons(10, labels=(0, 1))
    history = fit(LogisticRegression(2), X, y, "bce", epochs=1, progress=False)
    with pytest.raises(ValueError, match="record_weights=True"):
        history.save(tmp_path / "training.html")
    with pytest.raises(ValueError, match="ends in"):
        trained(epochs=1).save(tmp_path / "training.svg")


def test_the_strips_are_one_bar_a_parameter() -> None:
    model = MLP(2, [3, 1], rng=1)
    assert strips(model).count("<rect") == 1 + 2 * len(model.parameters())


def test_the_live_view_is_one_output_whose_last_frame_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    code = """
from micrograd_like import MLP, SGD, fit
from micrograd_like.data import moons
from micrograd_like.views.training import live
X, y = moons(20, labels=(-1, 1))
model = MLP(2, [3, 1], rng=1)
history = fit(model, X, y, "hinge", 12, lr=0.1, watch=live([4]), progress=False)
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(notebook, timeout=600).execute()
    [output] = notebook.cells[0].outputs
    html = output["data"]["text/html"]
    assert "Epoch 12: loss" in html and "example 4:" in html
    assert html.count('<img src="data:image/svg+xml;base64,') == 3
