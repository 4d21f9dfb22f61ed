"""How soon the live view answers: load, a step and a dragged leaf in Chromium, and the start of a long walk."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from micrograd_like import MLP, Value, walk
from micrograd_like.data import moons
from micrograd_like.steps.walk import Walk
from micrograd_like.views.training import playground

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu"]
MEASURE = """async () => {
  const root = document.getElementById("walk");
  const key = (key) => root.dispatchEvent(new KeyboardEvent("keydown", { key }));
  const median = (all) => all.sort((a, b) => a - b)[all.length >> 1];
  const timed = (action) => {
    const start = performance.now();
    action();
    void root.getBoundingClientRect().height;  // with the layout that follows
    return performance.now() - start;
  };
  const [entry] = performance.getEntriesByType("navigation");
  const steps = Array.from({ length: 60 }, () => timed(() => key("ArrowRight")));
  const field = root.querySelector("input[type=number]");
  const drags = Array.from({ length: 20 }, (_, i) => timed(() => {
    field.value = 0.1 * i;
    field.dispatchEvent(new Event("input"));
  }));
  const ready = window.ready - entry.responseEnd;
  return { ready, step: median(steps), slowest: Math.max(...steps), drag: median(drags) };
}"""


READY = """new MutationObserver(() => {
  if (!window.ready && document.querySelector(".mgl .box")) window.ready = performance.now();
}).observe(document, { childList: true, subtree: true });"""


def graph(examples: int, hidden: int) -> Walk:
    """Return a walk through the loss of a small network."""
    model = MLP(2, [hidden, 1], activation="tanh", rng=1)
    loss = Value(0.0)
    for i in range(examples):
        loss = loss + (model([0.1 * i, 1.0 - 0.2 * i]) - 1.0) ** 2
    return walk(loss)


def small() -> Walk:
    """Return a walk through 25 nodes."""
    first, second = MLP(2, [2], activation="tanh", rng=1)([1.0, -2.0])
    return walk((first - second) ** 2 + first / (1 + second.exp() * first))


def trains(browser: Any, path: Path) -> str:
    """Return how many steps of batch gradient descent a page makes in a second, on micrograd's moons network."""
    X, y = moons(100, 0.1, labels=(-1, 1))
    playground(path, MLP(2, [16, 16, 1], rng=1), X, y, "hinge", lr=0.1)
    page = browser.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector(".train")
    page.get_by_label("Speed").select_option(label="as fast as it goes")
    page.get_by_role("button", name="Train on").click()
    page.wait_for_timeout(4000)
    page.get_by_role("button", name="Stop training").click()
    told = page.locator(".speed").text_content()
    page.close()
    return f"training in the page, 100 moons, MLP(2, [16, 16, 1]), {path.stat().st_size:,} bytes: {told}"


def main() -> None:
    """Print the figures."""
    from playwright.sync_api import sync_playwright

    with TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for name, w in (("25 nodes", small()), ("1,000 nodes", graph(19, 6))):
            path = w.save(Path(folder) / "lesson.html")
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.add_init_script(READY)
            page.goto(path.as_uri())
            page.wait_for_selector(".mgl .bar")
            found = page.evaluate(MEASURE)
            print(
                f"{name:12} ({len(w.graph)} nodes, {len(w)} events, {path.stat().st_size:,} bytes): "
                f"interactive {found['ready']:.0f} ms after load, a step {found['step']:.1f} ms "
                f"(slowest {found['slowest']:.1f}), a moved leaf {found['drag']:.1f} ms"
            )
            page.close()
        print(trains(browser, Path(folder) / "training.html"))
        browser.close()
    x = loss = Value(1.0)
    for _ in range(33_333):
        loss = loss * 0.999 + x
    start = time.perf_counter()
    w = walk(loss)
    w.next()
    first = time.perf_counter() - start
    print(f"a walk over {len(w.graph):,} nodes starts in {first:.2f} s", end="")
    print(f", all {len(w):,} events take {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
