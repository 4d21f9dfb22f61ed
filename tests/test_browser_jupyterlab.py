"""In a real JupyterLab, keys pressed in our views never reach the notebook: no cell is cut, deleted or inserted."""

import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from browser import PATIENCE, chromium as chromium
from sizes import only_long

ROOT = Path(__file__).parent.parent
CELLS = [
    "from micrograd_like import Value, walk\na, b = Value(2.0), Value(-3.0)\nL = (a * b + a).tanh()\nwalk(L)",
    "from micrograd_like.exercises.exercise import Exercise\nExercise(L)",
    "from IPython.display import HTML\nfrom pathlib import Path\nHTML(Path('training.html').read_text())",
    "1",
    "2",
]
FOCUSABLE = """root => {
  const open = (x) => x.checkVisibility() && !x.disabled;
  const found = [root, ...root.querySelectorAll("*")].filter((x) => x.tabIndex >= 0 && open(x));
  found.forEach((x, i) => x.setAttribute("data-focus", i));
  return found.length;
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a JupyterLab with a notebook of our views, and a training's page beside it."""
    pytest.importorskip("jupyterlab")
    pytest.importorskip("ipykernel")
    from micrograd_like import MLP, SGD, fit
    from micrograd_like.data import moons

    folder = tmp_path_factory.mktemp("lab")
    X, y = moons(12, 0.1, labels=(-1, 1))
    model = MLP(2, [2, 1], rng=1)
    steps = SGD(model.parameters(), lr=0.1)
    fit(model, X, y, "hinge", 2, optimizer=steps, record_weights=True, progress=False).save(folder / "training.html")
    cells = [
        {"cell_type": "code", "source": x, "metadata": {}, "outputs": [], "execution_count": None, "id": f"cell{i}"}
        for i, x in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}
    (folder / "lesson.ipynb").write_text(json.dumps(notebook), "utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    home = {name: str(folder / ".jupyter") for name in own}
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1",
        "--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={folder}",
    ]  # fmt: skip
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    server = subprocess.Popen(
        command, env={**os.environ, **home, "PYTHONPATH": path}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address, end = f"http://127.0.0.1:{port}", monotonic() + PATIENCE / 1000
    try:
        while True:
            try:
                urllib.request.urlopen(f"{address}/api", timeout=2).close()
                break
            except OSError:
                if server.poll() is not None or monotonic() > end:
                    pytest.skip("JupyterLab does not start here")
                sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(20)


@only_long("JupyterLab takes its time to start")
def test_no_key_reaches_the_notebook(chromium: Any, lab: str) -> None:
    page = chromium.new_page(viewport={"width": 1400, "height": 1000})
    page.goto(f"{lab}/lab/tree/lesson.ipynb")
    page.set_default_timeout(PATIENCE)
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    if (dialog := page.locator(".jp-Dialog button.jp-mod-reject, .jp-Dialog button.jp-mod-accept")).count():
        dialog.first.click()
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Run All Cells")).click()
    page.wait_for_function("document.querySelectorAll('.mgl').length === 3")
    page.wait_for_timeout(500)
    cells = page.locator(".jp-Notebook .jp-Cell")
    before, reached = cells.count(), 0
    assert before == len(CELLS)
    for root in page.locator(".mgl").all():
        root.scroll_into_view_if_needed()
        for i in range(root.evaluate(FOCUSABLE)):
            part = root.locator(f"[data-focus='{i}']") if i else root
            if not part.count():  # what was pressed before has drawn it anew
                root.evaluate(FOCUSABLE)
            if not part.count():
                continue
            part.evaluate("x => { x.scrollIntoView({ block: 'center' }); x.focus({ preventScroll: true }); }")
            told = part.evaluate("x => x.outerHTML.slice(0, 120)")
            if part.evaluate("x => document.activeElement === x && !x.matches('input.blank, input.answer')"):
                for key in ("x", "d", "d", "a", "b", "m"):
                    page.keyboard.press(key)
            reached += 1
            assert cells.count() == before, told
    assert reached > 25
    page.close()
