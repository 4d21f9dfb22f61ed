"""The site: built by one command, live without Python, each cell run in the page, nothing asked of anybody else."""

import functools
import http.server
import importlib.util
import runpy
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
SITE = ROOT / "build" / "site"
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The site, built and served."""
    for module in ("sphinx", "myst_nb", "furo", "numpy"):
        pytest.importorskip(module)
    if not (shutil.which("npm") or any((ROOT / "build").glob("pyodide-*.tgz"))):
        pytest.skip("npm is not installed")
    program = runpy.run_path(str(ROOT / "docs" / "site.py"))
    (ROOT / "build").mkdir(exist_ok=True)
    program["build"]()
    handler = functools.partial(program["Handler"], directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def page(address: str) -> Iterator[Any]:
    """A page of Chromium; what it asked for, and its errors, are kept in `seen`."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as run:
        browser = run.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.seen = {"errors": [], "requests": []}
        page.on("console", lambda x: page.seen["errors"].append(x.text) if x.type == "error" else None)
        page.on("pageerror", lambda x: page.seen["errors"].append(str(x)))
        page.on("request", lambda x: page.seen["requests"].append(x.url))
        yield page
        browser.close()


def finished(page: Any) -> None:
    page.wait_for_timeout(200)
    page.wait_for_function("!document.querySelector('.running')", timeout=120_000)


def test_the_site_is_small(address: str) -> None:
    files = [path for path in SITE.rglob("*") if path.is_file()]
    python = sum(path.stat().st_size for path in files if path.parent.name == "python")
    assert python < 20e6 and sum(path.stat().st_size for path in files) - python < 6e6


def test_pages_load_nothing_from_elsewhere_and_have_no_errors(address: str, page: Any) -> None:
    for name in ("index", "playground", "course", "operations", "reference", *[f"lessons/{x}" for x in LESSONS]):
        assert page.goto(f"{address}/{name}.html").status == 200
        page.wait_for_timeout(200)
    assert page.seen["errors"] == []
    assert all(url.startswith((address, "data:", "blob:")) for url in page.seen["requests"])
    assert not any("/python/" in url for url in page.seen["requests"]), "Python is loaded only when it is asked for"


def test_the_home_page_is_live_without_python(address: str, page: Any) -> None:
    page.goto(address)
    page.get_by_role("button", name="Step", exact=True).first.click()
    assert not any("/python/" in url for url in page.seen["requests"])


def test_a_changed_cell_runs_in_the_page_and_stays(address: str, page: Any) -> None:
    page.goto(f"{address}/lessons/{LESSONS[0]}.html")
    cell = page.locator("div.cell").nth(1)
    cell.locator("pre[contenteditable]").fill("a, b, c = Value(5.0), Value(-3.0), Value(10.0)\ne = a * b\nL = e + c\nL")
    cell.get_by_role("button", name="Run").click()
    finished(page)
    assert "-5.0" in cell.locator(".cell_output").inner_text()
    page.locator("div.cell").nth(4).get_by_role("button", name="Run").click()
    finished(page)
    page.reload()
    assert "Value(5.0)" in cell.locator("pre[contenteditable]").inner_text()
    page.get_by_role("button", name="Reset this page").click()
    assert "Value(2.0)" in cell.locator("pre[contenteditable]").inner_text()
    assert page.seen["errors"] == []


def test_a_loop_without_end_can_be_stopped_and_an_error_is_shown(address: str, page: Any) -> None:
    page.goto(f"{address}/playground.html")
    code, cell = page.locator("pre[contenteditable]").first, page.locator("div.cell").first
    code.fill("while True: pass")
    cell.get_by_role("button", name="Run").click()
    page.wait_for_timeout(500)
    cell.get_by_role("button", name="Stop").click()
    code.fill("from micrograd_like import Value\nValue(-1.0).log()")
    cell.get_by_role("button", name="Run").click()
    finished(page)
    assert "only numbers above 0 have a logarithm" in cell.locator(".cell_output").inner_text()


def test_it_works_with_the_network_cut(address: str, page: Any) -> None:
    page.goto(address)
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("caches.open('micrograd-like').then(c => c.keys()).then(k => k.length > 30)", timeout=30_000)
    page.context.set_offline(True)
    page.goto(f"{address}/lessons/{LESSONS[3]}.html")
    assert "Why this order" in page.locator("h1").inner_text()


def test_docs_are_an_extra() -> None:
    assert 'docs = ["sphinx' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert importlib.util.spec_from_file_location("site_of_docs", ROOT / "docs" / "site.py")
