"""Every kind of page and picture, at three widths and in both schemes: python -m benchmarks gallery [FOLDER].

Writes the pages, a picture of each and an index.html, to be looked at as a designer would, then from the last row of a
lecture hall, then with the eyes closed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from micrograd_like import MLP, SGD, Value, draw, fit, walk
from micrograd_like.data import moons
from micrograd_like.drawing.plots import curves, decision_boundary, diagram
from micrograd_like.exercises.exercise import Exercise
from micrograd_like.views import practice
from micrograd_like.views.training import strips

from .live_view import FLAGS, graph, small

WIDTHS = (390, 768, 1280)
PRESSED = {  # what is pressed by pointer
    "playground": [".recipe .bar :nth-child(7)"] * 4,
    "why": [".pull"],
    "matrix": [".box:has(.behind)"],
}
KEYS: dict[str, list[str]] = {  # what is pressed before the picture is taken
    "walk": ["ArrowRight"] * 12,
    "walk_of_25_nodes": ["ArrowRight"] * 30,
    "wrong": ["ArrowRight"] * 11,
    "folded": ["End"],
    "lecture": ["f", *["ArrowRight"] * 11],
}


def example() -> Value:
    """Return a graph in which one input is used twice."""
    a, b = Value(2.0, "a"), Value(-0.5, "b")
    c = a * b
    c.label = "c"
    loss = (c + a).tanh() * a
    loss.label = "L"
    return loss


def trained() -> Any:
    """Return the history of a small training."""
    X, y = moons(60, 0.1, labels=(-1, 1))
    model = MLP(2, [6, 1], rng=1)
    optimizer = SGD(model.parameters(), lr=0.3)
    return fit(model, X, y, "hinge", optimizer=optimizer, epochs=20, record_weights=True, watch=[2], progress=False)


def outputs(folder: Path) -> dict[str, Callable[[Path], object]]:
    """Return what writes each page or picture, by its name."""
    history = trained()
    model, X, y, _ = history.about

    def stopped(path: Path) -> None:
        walk(example()).stops(("The seed", 7), ("Flat", 9, "A saturated tanh lets little through.")).slides(path)

    return {
        "walk.html": walk(example()).save,
        "walk_of_25_nodes.html": small().save,
        "wrong.html": walk(example(), "overwrite").save,
        "folded.html": graph(19, 6).save,
        "lecture.html": walk(example()).save,
        "slides.html": stopped,
        "exercise.html": lambda path: practice.save(Exercise(example(), names={}), path),
        "training.html": history.save,
        "playground.html": history.save,
        "why.html": history.save,
        "matrix.html": graph(19, 16).save,
        "strip.svg": walk(example()).filmstrip,
        "film.svg": walk(example()).animation,
        "drawing.svg": draw(example()).save,
        "curves.svg": curves(history).save,
        "boundary.svg": decision_boundary(model, X, y, threshold=None).save,
        "network.svg": diagram(model).save,
        "strips.svg": lambda path: path.write_text(strips(model), "utf-8"),
    }


def main() -> None:
    """Write the gallery, and print where it is."""
    from playwright.sync_api import sync_playwright

    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "out/gallery")
    folder.mkdir(parents=True, exist_ok=True)
    made = outputs(folder)
    for name, write in made.items():
        write(folder / name)
    rows = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for name in made:
            stem, cells = name.split(".")[0], []
            for scheme in ("light", "dark"):
                for width in WIDTHS:
                    size = {"width": width, "height": 800}
                    page = browser.new_page(viewport=size, color_scheme=scheme, reduced_motion="reduce")
                    page.goto((folder / name).resolve().as_uri())
                    page.wait_for_timeout(300)
                    for place in PRESSED.get(stem, []):
                        page.locator(place).first.dispatch_event("click")
                    for key in KEYS.get(stem, []):
                        page.keyboard.press(key)
                    image = f"{stem}-{scheme}-{width}.png"
                    page.screenshot(path=folder / image)
                    page.close()
                    told = f"{escape(stem)}, {scheme}, {width} px"
                    cells.append(f'<td><img src="{image}" alt="{told}" width="{width / 3:.0f}">')
            rows.append(f'<tr><th><a href="{name}">{escape(stem)}</a></th>{"".join(cells)}')
        browser.close()
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Gallery</title><h1>Gallery</h1>'
    index = f"{head}<table>{''.join(rows)}</table>"
    (folder / "index.html").write_text(index, "utf-8")
    print(f"{folder / 'index.html'}: {len(made)} kinds of output, {6 * len(made)} pictures")


if __name__ == "__main__":
    main()
