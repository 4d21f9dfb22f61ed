"""The site: built by one command, live without Python, each cell run in the page, nothing asked of anybody else."""

import functools
import gzip
import http.server
import importlib.util
import re
import runpy
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_browser_everybody import AXE

from micrograd_like.mistakes.mistake import MISTAKES

ROOT = Path(__file__).parent.parent
SITE = ROOT / "build" / "site"
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks" / "course").glob("*.ipynb"))


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


PAGES = [*(f"lessons/{x}" for x in LESSONS), *(f"course/{x}" for x in CHAPTERS), "howto", "errors", "mistakes",
         "mistakes/overwrite", "mistakes/depth_first", "mistakes/sub_sign",
         "de/index", "de/course/01_nudge"]  # fmt: skip


def finished(page: Any) -> None:
    page.wait_for_timeout(200)
    page.wait_for_function("!document.querySelector('.running')", timeout=120_000)


def test_the_site_is_small(address: str) -> None:
    files = [path for path in SITE.rglob("*") if path.is_file()]
    python = sum(path.stat().st_size for path in files if path.parent.name == "python")
    total = sum(path.stat().st_size for path in files)
    assert python < 20e6 and total - python < 7.2e6 and total < 25e6
    home = sum(len(gzip.compress(path.read_bytes())) for path in [SITE / "index.html", *first_load()])
    assert home < 150e3, "what the first page loads, as servers send it"


def first_load() -> list[Path]:
    """The files that the first page asks for."""
    text = (SITE / "index.html").read_text(encoding="utf-8")
    names = re.findall(r'(?:src|href)="(_static/[^"?]+\.(?:js|css|svg))', text)
    return [SITE / name for name in {*names, "_static/walk.js", "_static/packed.js"}]


def test_pages_load_nothing_from_elsewhere_and_have_no_errors(address: str, page: Any) -> None:
    for name in ("index", "playground", "course", "operations", "reference", *PAGES):
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


EXPRESSIONS = {  # what is typed, and the value and the gradients of the inputs
    "a*b + a": (-4.0, {"a": -2.0, "b": 2.0}),
    "-x**2": (-4.0, {"x": -4.0}),
    "a = 2\nb = 3\nc = a*b\nd = c*c + c": (42.0, {"a": 39.0, "b": 26.0}),
    "max(a, b) - 1/a": (1.5, {"a": 1.25, "b": 0.0}),
    "a.tanh().exp() ^ 2": (6.876124, {"a": 0.9716}),
}


def test_an_expression_is_walked_without_python_and_kept_in_the_address(address: str, page: Any) -> None:
    page.goto(f"{address}/playground.html")
    page.wait_for_selector("#graph svg")
    field, button = page.locator("#expression textarea"), page.get_by_role("button", name="Show the graph")
    for text, (value, grads) in EXPRESSIONS.items():
        field.fill(text)
        button.click()
        page.locator("#graph").get_by_role("slider").first.press("End")
        nodes = page.evaluate(
            """async (text) => (await import("./_static/expressions.js")).lessonOf(text, "x").nodes""", text
        )
        assert abs(nodes[-1]["data"] - value) < 1e-4
        shown = page.locator("#graph .graph").first.text_content()
        for name, grad in grads.items():
            assert name in shown and f"{abs(grad):.4g}"[:4] in shown, (text, name, grad)
    again = page.url
    page.goto("about:blank")
    page.goto(again)
    assert page.locator("#expression textarea").input_value() == text
    for text, told in {
        "a +": "missing",
        "foo(a)": "no operation foo",
        "log(0-1)": "not a finite",
        "exp(a, b)": "takes 1",
    }.items():
        field.fill(text)
        button.click()
        assert told in page.locator("#expression [role=status]").inner_text()
    assert page.seen["errors"] == [] and not any("/python/" in url for url in page.seen["requests"])


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


def test_a_chapter_asks_before_it_shows_and_counts_what_is_right(address: str, page: Any) -> None:
    page.goto(f"{address}/course/04_fan_out.html")
    first = page.locator(".mgl.asked").first
    look = page.locator("details.then").first
    assert look.get_attribute("open") is None
    first.locator("input").fill("9")
    first.get_by_role("button", name="Check").click()
    assert "multiplied" in first.locator(".said").inner_text() and look.get_attribute("open") is None
    first.locator("input").fill("6")
    first.get_by_role("button", name="Check").click()
    assert "Right" in first.locator(".said").inner_text() and look.get_attribute("open") is not None
    check = page.locator(".selfcheck")
    for question in check.locator(".asked").all():
        right = question.evaluate("x => JSON.parse(x.dataset.asked).right")
        question.locator("input").fill(f"{right:.6g}")
        question.get_by_role("button", name="Check").click()
    assert "Chapter 4 is passed" in check.locator(":scope > .said").inner_text()
    before = check.locator("pre").first.inner_text()
    check.get_by_role("button", name="Fresh numbers").click()
    assert check.locator(".asked").count() == 5 and check.locator("pre").first.inner_text() != before
    page.reload()
    assert "passed this with 5 of 5" in page.locator(".selfcheck > .said").inner_text()
    assert page.seen["errors"] == []


def test_a_message_leads_to_the_page_of_its_mistake(address: str, page: Any) -> None:
    page.goto(f"{address}/course/04_fan_out.html")
    exercise = page.locator(".mgl-set .mgl:not(.asked)").first
    for field in exercise.locator("svg input, foreignObject input").all():
        field.fill("7.7777")
    exercise.get_by_role("button", name="Check").click()
    links = page.locator(".card a[href*='/mistakes/']")
    assert links.count() == page.locator('.card[data-mistake]:not([data-mistake=""])').count()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_pages_of_each_kind(address: str, page: Any, scheme: str) -> None:
    script = next((Path(x) for x in AXE if x and Path(x).exists()), None)
    if script is None:
        pytest.skip("axe-core is not here: npm install axe-core, or AXE=path/axe.min.js")
    page.emulate_media(color_scheme=scheme)
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for name in ("index", "course/03_chains", "lessons/05_exercises", "mistakes/sub_sign", "howto", "playground"):
            page.goto(f"{address}/{name}.html")
            page.wait_for_timeout(400)
            page.add_script_tag(path=str(script))
            found = page.evaluate("axe.run().then((x) => x.violations.map((v) => [v.id, v.nodes[0].html]))")
            assert found == [], (name, width)


def test_a_cell_that_needs_numpy_says_so_and_keeps_what_it_showed(address: str, page: Any) -> None:
    page.goto(f"{address}/course/12_matrices.html")
    cell = page.locator("div.cell", has_text="import numpy as np").first
    before = cell.locator(".cell_output").inner_text()
    cell.get_by_role("button", name="Run").click()
    finished(page)
    assert "needs NumPy" in cell.locator(".cell-bar [role=status]").inner_text()
    assert cell.locator(".cell_output").inner_text() == before
    assert page.seen["errors"] == []


def test_every_link_within_the_site_leads_somewhere(address: str) -> None:
    dead = []
    for path in SITE.rglob("*.html"):
        text = re.sub(r"<script.*?</script>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for link in re.findall(r'<a [^>]*href="([^"#?:]+)(?:#[^"]*)?"', text):
            target = (path.parent / link).resolve()
            if not (target.is_file() or (target / "index.html").is_file()):
                dead.append(f"{path.relative_to(SITE)} -> {link}")
    assert not dead, dead[:20]


def test_the_first_five_chapters_are_there_in_german(address: str) -> None:
    pages = sorted((SITE / "de" / "course").glob("*.html"))
    assert len(pages) == 5
    text = (SITE / "de" / "course" / "01_nudge.html").read_text(encoding="utf-8")
    assert 'lang="de"' in text and "Eine Steigung ist ein" in text and "A slope is a" not in text.split("<pre")[0]
    assert not (SITE / "de" / "_static").exists()


def test_every_mistake_has_a_page(address: str) -> None:
    for name, mistake in MISTAKES.items():
        text = (SITE / "mistakes" / f"{name}.html").read_text(encoding="utf-8")
        assert "Why it is tempting" in text and f">{name}<" in text, mistake


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
