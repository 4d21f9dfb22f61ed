"""Our pages for everybody: no finding of axe, no script, no colour of one's own, on paper, and from a link."""

import math
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from browser import chromium as chromium, opened as opened
from sizes import long, some

from micrograd_like import MLP, SGD, Value, fit, ieee, walk
from micrograd_like.data import moons
from micrograd_like.exercises.exercise import Exercise
from micrograd_like.ops import OPS, Op
from micrograd_like.ops.notation import short
from micrograd_like.views import practice

AXE = [os.environ.get("AXE", ""), "node_modules/axe-core/axe.min.js", "../node_modules/axe-core/axe.min.js"]


def graph() -> Value:
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    c = a * b
    c.label = "c"
    L = (c + a).tanh() + a
    L.label = "L"
    return L


def save(kind: str, path: Path) -> Path:
    """Write a page of this kind."""
    if kind == "exercise":
        return practice.save(Exercise(graph(), names={}), path)
    if kind == "training":
        X, y = moons(20, 0.1, labels=(-1, 1))
        model = MLP(2, [2, 1], rng=1)
        optimizer = SGD(model.parameters(), lr=0.1)
        history = fit(model, X, y, "hinge", optimizer=optimizer, epochs=2, record_weights=True, progress=False)
        return Path(history.save(path))
    if kind == "network walk":
        model = MLP(2, [8, 1], rng=1)
        loss = Value(0.0)
        for i in range(12):
            loss = loss + model([0.1 * i, -0.2 * i]) ** 2
        return walk(loss).save(path)
    if kind == "folded walk":
        x = Value(0.5, "x")
        loss = x
        for _ in range(200):
            loss = loss * 0.9 + x
        return walk(loss).save(path)
    return walk(graph(), "overwrite" if kind == "wrong walk" else "right").save(path)


READY = {"exercise": "input.blank", "training": ".weights"}
OPENED = {"network walk": [".box:has(.behind)"], "training": [".recipe .bar :nth-child(4)", ".pull"]}  # by pointer
KINDS = ["walk", "wrong walk", "folded walk", "network walk", "exercise", "training"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing(opened: Any, tmp_path: Path, kind: str, scheme: str) -> None:
    script = next((Path(x) for x in AXE if x and Path(x).exists()), None)
    if script is None:
        pytest.skip("axe-core is not here: npm install axe-core, or AXE=path/axe.min.js")
    path = save(kind, tmp_path / "page.html")
    for width in (390, 768, 1280):
        page = opened(path, READY.get(kind, ".mgl .bar"), width, color_scheme=scheme, bypass_csp=True)
        page.add_script_tag(path=str(script))
        for key in ([], ["End"])[kind.endswith("walk")]:
            page.locator(".mgl").focus()
            page.keyboard.press(key)
        for place in OPENED.get(kind, []):
            page.locator(place).first.dispatch_event("click")
        found = page.evaluate("axe.run().then(({ violations }) => violations)")
        told = [(x["id"], [node["html"][:120] for node in x["nodes"][:3]]) for x in found]
        assert told == [], width


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_without_a_script_is_already_a_lesson(chromium: Any, tmp_path: Path, kind: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(save(kind, tmp_path / "page.html").as_uri())
    text = page.locator("main").inner_text()
    assert page.locator("h1").count() == 1 and page.locator("main svg, main img").first.is_visible()
    if kind == "walk":
        w = walk(graph())
        for event in w:
            assert str(event) in text
        shown = page.locator("main svg").text_content()
        assert all(short(node.data) in shown and short(grad) in shown for node, grad in w.grads.items())
    context.close()


@pytest.mark.parametrize("kind", ["walk", "exercise", "training"])
@long
@pytest.mark.parametrize("paper", some(["A4", "Letter"], 1))
def test_no_page_of_paper_is_empty_and_no_box_is_cut(opened: Any, tmp_path: Path, kind: str, paper: str) -> None:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not here: apt-get install poppler-utils")
    page = opened(save(kind, tmp_path / "page.html"), READY.get(kind, ".mgl .bar"))
    if kind == "walk":
        page.locator(".mgl").focus()
        page.keyboard.press("End")
    page.emulate_media(media="print")
    page.pdf(path=str(tmp_path / "page.pdf"), format=paper)
    text = subprocess.run(["pdftotext", tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True).stdout
    pages = text.split("\f")[:-1]
    assert len(pages) <= 2 and all(len(text.split()) > 15 for text in pages), pages
    if kind == "walk":
        assert all(name in pages[0] for name in ("tanh", "L", "grad"))


def test_an_address_opens_the_same_frame(opened: Any, tmp_path: Path) -> None:
    path = save("walk", tmp_path / "page.html")
    page = opened(path, ".mgl .bar")
    page.locator("[value=wrong]").check()
    page.locator("select[aria-label=Mistake]").select_option("overwrite")
    page.locator("input[aria-label=a]").fill("3")
    page.locator(".mgl").focus()
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    address = page.evaluate("location.hash")
    assert address == "#step=7&mode=wrong&rule=overwrite&a=3"
    other = opened(path, ".mgl .bar")
    other.goto(path.as_uri() + address)
    other.reload()
    other.wait_for_selector(".mgl .bar")
    for part in (".counter", ".graph", ".tell", ".side"):
        assert other.locator(part).last.text_content() == page.locator(part).last.text_content(), part
    other.goto(path.as_uri() + "#step=999999&mode=none&rule=__proto__&a=x&step=-1")
    other.reload()
    other.wait_for_selector(".mgl .bar")  # what makes no sense is passed over
    assert other.locator(".mgl").get_attribute("data-mode") == "step"


def test_for_the_lecture_hall(opened: Any, tmp_path: Path) -> None:
    page = opened(save("walk", tmp_path / "page.html"), ".mgl .bar")
    page.keyboard.press("f")
    assert page.locator(".mgl.lecture").count() == 1
    for _ in range(8):
        page.keyboard.press("PageDown")  # a presenter
    assert page.locator(".counter").text_content().startswith("8 /")
    smallest = """Math.min(...[...document.querySelectorAll(".tell math *")]
      .filter((x) => !x.children.length && x.textContent.trim())
      .map((x) => parseFloat(getComputedStyle(x).fontSize)))"""
    assert page.evaluate(smallest) >= 16
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('.chain .number')).fontSize)") >= 28
    page.keyboard.press("PageUp")
    page.keyboard.press("Escape")
    assert page.locator(".mgl.lecture").count() == 0


def test_the_equation_and_the_graph_light_each_other(opened: Any, tmp_path: Path) -> None:
    page = opened(save("walk", tmp_path / "page.html"), ".mgl .bar")
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    page.locator(".chain .local").focus()
    assert page.locator(".graph .edge.linked").count() == 1
    page.locator(".chain .upstream").hover()
    assert page.locator(".graph .box.linked").count() >= 1
    page.locator(".graph .box.linked").first.hover(force=True)
    assert page.locator(".chain .linked").count() >= 1
    numbers = page.evaluate("""[...document.querySelectorAll(".big mn")]
      .filter((x) => !x.closest("[data-node], [data-edge]")).map((x) => x.textContent)""")
    assert numbers == []
    sizes = page.evaluate(
        "[...document.querySelectorAll('.chain mi, .chain mn')].map(x => parseFloat(getComputedStyle(x).fontSize))"
    )
    assert min(sizes) >= 16


def test_a_backward_step_turns_its_edge_and_shows_both_factors(opened: Any, tmp_path: Path) -> None:
    w = walk(graph())
    page = opened(save("walk", tmp_path / "page.html"), ".mgl .bar", reduced_motion="reduce")
    for event in w:
        page.keyboard.press("ArrowRight")
        station = page.locator(".station text").all_text_contents()
        if not hasattr(event, "upstream"):
            assert station == []
            continue
        added = event.local_grad * event.upstream
        assert station == [short(event.upstream, 3), f"× {short(event.local_grad, 3)}", f"= {short(added, 3)}"]
        assert page.locator(".edge.active .back").is_visible() and not page.locator(".edge.active .tip").is_visible()
        assert page.locator(".token").count() == 0  # it stands still
        assert page.locator(".edge.active.minus").count() == (added < 0)
        box = page.locator(f".box[aria-label^='{event.target}:'] .ledger")
        assert box.locator(".plus, .minus, .zero").count() == event.arrival + 1
        assert box.locator(".missing").count() == len(event.pending)


class Strict(SimpleHTTPRequestHandler):
    """Serves a folder under the strictest of usual policies."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", "default-src 'self'")
        super().end_headers()

    def do_GET(self) -> None:
        if self.path == "/favicon.ico":  # what every browser asks for
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Strict, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_strict_policy_lets_the_page_of_files_run(chromium: Any, tmp_path: Path, strict: str) -> None:
    walk(graph()).save(tmp_path / "lesson.html", assets="files")
    assert {x.name for x in tmp_path.iterdir()} == {"lesson.html", "lesson.js", "lesson.css"}
    page, problems = chromium.new_page(), []
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    page.goto(f"{strict}/lesson.html")
    page.wait_for_selector(".mgl .bar")
    page.keyboard.press("End")
    assert page.locator(".counter").text_content().split(" / ")[0] != "0"
    assert problems == []
    page.close()


def test_wrong_stands_beside_right_in_step(opened: Any, tmp_path: Path) -> None:
    page = opened(save("walk", tmp_path / "page.html"), ".mgl .bar", reduced_motion="reduce")
    page.locator("[value=wrong]").check()
    options = page.locator("select[aria-label=Mistake] > option").all()
    assert len(options) > 20  # those that change nothing here stand apart
    page.locator("select[aria-label=Mistake]").select_option("overwrite")
    assert not page.locator(".compare").count()  # the surprise is kept
    right, wrong = walk(graph()), walk(graph(), "overwrite")
    first = next(i for i, (x, y) in enumerate(zip(right, wrong)) if getattr(x, "after", 0) != getattr(y, "after", 0))
    page.locator(".mgl").focus()
    for at, event in enumerate(right):
        page.keyboard.press("ArrowRight")
        told = page.locator(".parting").text_content()
        assert bool(told) == (at == first)
        if told:
            numbers = short(event.after), short(wrong[at].after)
            assert "right is {}.grad = {}, and this one has {}".format(event.target, *numbers) in told
    boxes = page.locator(".beside .box[aria-label^='a:']").get_attribute("aria-label")
    assert boxes.endswith(f"grad {short(right.grads[right.graph.nodes[0]])}")
    assert page.locator(".compare tbody tr").count() == len(right.forward)


def test_stops_and_slides(opened: Any, tmp_path: Path) -> None:
    w = walk(graph()).stops(("The seed", 5), ("Through tanh", 7, "Flat: little passes."))
    page = opened(w.save(tmp_path / "page.html"), ".stops button")
    page.get_by_role("button", name="Through tanh").click()
    assert page.locator(".counter").text_content().startswith("8 /") and "Flat" in page.locator(".note").text_content()
    page = opened(w.slides(tmp_path / "deck.html"), ".mgl.lecture")
    page.keyboard.press("PageDown")
    assert page.locator(".counter").text_content().startswith("6 /")
    page.keyboard.press("PageDown")
    assert page.locator(".counter").text_content().startswith("8 /")
    page.keyboard.press("PageUp")
    assert page.locator(".counter").text_content().startswith("6 /")
    with pytest.raises(IndexError, match="from 0 to"):
        walk(graph()).stops(("nowhere", 999))


def test_what_was_changed_or_is_not_known_here_is_shown_as_recorded(opened: Any, tmp_path: Path) -> None:
    x = Value(2.0, "x")
    y = x * x
    x.data = 5.0
    page = opened(walk(y).save(tmp_path / "page.html"), ".mgl .bar")
    grads = page.evaluate("document.getElementById('walk').walk.grads")
    assert grads["x"] == 4.0  # of the moment when it was computed
    page.keyboard.press("End")
    assert "An input was changed after this was computed" in page.locator(".tell").text_content()


@pytest.mark.parametrize("kind", ["infinite", "own operation", "odd labels"])
def test_a_page_that_meets_what_it_does_not_know_stays_alive(opened: Any, tmp_path: Path, kind: str) -> None:
    with ieee():
        if kind == "infinite":
            x = Value(0.0, "x")
            y = ((x + 1.0) / x) * 2.0
        elif kind == "own operation":
            x = Value(2.5, "x")
            own = Op("own_gamma", math.gamma, lambda out, a: (0.5,), why="Only Python knows it.", sample=[(1.0,)])
            y = own(x) * 2.0 + x
        else:
            x, other = Value(2.0, "__proto__"), Value(3.0, "constructor")
            y = x * other + Value(1.0, "half \ud800 <b>")
        page = opened(walk(y).save(tmp_path / "page.html"), ".mgl .bar")
    for mode in ("predict", "nudge", "wrong", "step"):
        page.locator(f"[value={mode}]").check()
        page.locator(".mgl").focus()
        for key in ("Home", *["ArrowRight"] * 4, "End"):
            page.keyboard.press(key)
    if kind == "own operation":
        assert "no JavaScript for own_gamma" in page.locator(".leaves").text_content()
        assert page.evaluate("document.getElementById('walk').walk.grads").get("x") == 2.0
    if kind == "infinite":
        assert "∞" in page.locator(".graph").last.text_content()
    OPS.pop("own_gamma", None)
