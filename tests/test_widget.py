"""What a notebook shows: the picture that a script replaces, and the widget with two-way traffic."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from browser import chromium as chromium

from micrograd_like import Value, walk
from micrograd_like.views.bundle import asset, bundle


def example() -> Any:
    a, b = Value(2.0), Value(3.0)
    L = a * b + a
    return walk(L)


def test_without_scripts_a_notebook_shows_the_picture() -> None:
    html = example()._repr_html_()
    bare = re.sub(r"<script.*?</script>|<style.*?</style>", "", html, flags=re.S)
    assert re.fullmatch(r'<div id="[\w-]+"><img alt="[^"]*" src="data:image/svg\+xml;base64,[\w+/=]+"></div>', bare)


def test_the_script_puts_the_live_view_in_its_place(chromium: Any, tmp_path: Path) -> None:
    path = tmp_path / "output.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{example()._repr_html_()}{example()._repr_html_()}", "utf-8")
    page = chromium.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector(".mgl .bar")
    page.wait_for_function("document.querySelectorAll('.mgl').length === 2")
    assert page.locator("img").count() == 0
    for root in page.locator(".mgl").all():
        root.focus()
        page.keyboard.press("End")
        assert root.locator(".counter").text_content() == "9 / 9"
    page.close()


def test_a_dark_notebook_is_dark(chromium: Any, tmp_path: Path) -> None:
    path = tmp_path / "output.html"
    path.write_text(f'<body data-jp-theme-light="false">{example()._repr_html_()}', "utf-8")
    page = chromium.new_page(color_scheme="light")
    page.goto(path.as_uri())
    page.wait_for_selector(".mgl .bar")
    assert page.evaluate("getComputedStyle(document.querySelector('.mgl')).backgroundColor") == "rgb(15, 20, 26)"
    page.close()


def test_the_widget_is_set_and_observed_from_python() -> None:
    pytest.importorskip("anywidget")
    from traitlets import TraitError

    widget = example().widget()
    seen: list[int] = []
    widget.observe(lambda change: seen.append(change.new), "step")
    widget.step = 5
    assert seen == [5]
    assert (widget.leaves, widget.value, widget.grads) == ({"a": 2.0, "b": 3.0}, 8.0, {"a": 4.0, "b": 2.0})
    widget.leaves = {"a": 5}
    assert (widget.leaves, widget.value, widget.grads) == ({"a": 5.0, "b": 3.0}, 20.0, {"a": 4.0, "b": 5.0})
    with pytest.raises(TraitError, match="Name one of: a, b"):
        widget.leaves = {"c": 1.0}


def test_the_widget_and_its_model_follow_each_other(chromium: Any, tmp_path: Path) -> None:
    pytest.importorskip("anywidget")
    widget = example().widget()
    (tmp_path / "index.html").write_text("<!doctype html><div id=here></div>", "utf-8")
    page = chromium.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    state = {"lesson": widget.lesson, "step": 2, "leaves": widget.leaves}
    page.evaluate(
        """async ([source, state]) => {
          const { default: view } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
          window.state = state;
          window.heard = [];
          const follow = [];
          window.tell = (changes) => { Object.assign(state, changes); follow.forEach((each) => each()); };
          const model = { get: (key) => state[key], set: (key, value) => { state[key] = value; },
            save_changes: () => heard.push(state.step), on: (_, each) => follow.push(each), off: () => {} };
          view.render({ model, el: document.getElementById("here") });
        }""",
        [widget._esm, json.loads(json.dumps(state))],
    )
    counter = page.locator(".counter")
    assert counter.text_content() == "2 / 9"
    page.locator(".mgl").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("[state.step, heard.at(-1)]") == [3, 3]
    page.locator("input[aria-label=a]").fill("5")
    assert page.evaluate("state.leaves") == {"a": 5, "b": 3}
    page.evaluate("tell({ step: 9, leaves: { a: 1, b: 1 } })")
    assert counter.text_content() == "9 / 9"
    assert page.locator("input[aria-label=a]").input_value() == "1"
    page.close()


def test_without_anywidget_one_sentence_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    from micrograd_like.views import widget

    widget._kind.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ImportError, match=r"pip install 'micrograd-like\[notebook\]'"):
        example().widget()
    widget._kind.cache_clear()


def test_the_module_has_no_import_and_no_address() -> None:
    scripts = [bundle(name) for name in ("walk.js", "exercise.js", "training.js")]
    for name in (*scripts, *map(asset, ("walk.css", "exercise.css", "training.css", "page.css"))):
        text = name.replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"\bimport\b|https?:|@import|url\(", text), name
