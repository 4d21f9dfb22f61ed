"""An exercise in a real browser: filled in by keyboard, a wrong number, the hints, then right."""

import sys
from math import isfinite
from pathlib import Path
from random import Random
from typing import Any

import pytest
from browser import chromium as chromium, opened as opened
from sizes import long, some

from micrograd_like import Value
from micrograd_like.exercises.concepts import CONCEPTS
from micrograd_like.exercises.exercise import Exercise
from micrograd_like.exercises.generator import generate
from micrograd_like.mistakes.passes import grads
from micrograd_like.views.practice import lesson, notebook, save

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.learners import DEVELOPED


@pytest.fixture
def shown(opened: Any, tmp_path: Path) -> Any:
    """Return a function that shows an exercise in a new page."""
    return lambda ex, *width, **options: opened(save(ex, tmp_path / "exercise.html"), "input.blank", *width, **options)


def lecture() -> Exercise:
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    v = a * b
    v.label = "v"
    root = v + a
    root.label = "L"
    return Exercise(root, names={})


def field(page: Any, key: str) -> Any:
    return page.locator(f'input.blank[aria-label^="{key}:"]')


def test_by_keyboard_a_wrong_number_the_ladder_of_hints_then_right(shown: Any) -> None:
    page = shown(lecture())
    page.locator("input.blank").first.focus()
    for text in ("1", "1", "6/3", "-3"):  # the output first, and a at last
        page.keyboard.type(text)
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert "3 of 4 right" in page.inner_text(".counter")
    assert page.get_attribute(".told .card", "data-mistake") == "overwrite"
    assert "Redo a: local derivative times upstream gradient, for each of its 2 uses." in page.inner_text(".told")
    assert field(page, "a").get_attribute("aria-invalid") == "true"
    for level in range(1, 5):
        page.keyboard.press("?")
        assert f"a, hint {level}:" in page.inner_text(".hint")
    assert "a.grad = -2" in page.inner_text(".hint") and field(page, "a").input_value() == "-3"
    for _ in range(2):
        page.keyboard.press("Backspace")
    page.keyboard.type("b + 1")
    page.keyboard.press("Enter")
    assert "4 of 4 right" in page.inner_text(".counter") and "All right." in page.inner_text(".told")


def test_an_error_is_carried_forward_on_the_page(shown: Any) -> None:
    page = shown(lecture())
    for key, text in {"L": "1", "v": "5", "b": "10", "a": "-14"}.items():
        field(page, key).fill(text)
    page.click("text=Check")
    assert page.locator(".told .card").count() == 1 and "v:" in page.inner_text(".told .card")
    assert field(page, "a").get_attribute("data-verdict") == "carried"


def test_what_is_no_number_is_said(shown: Any) -> None:
    page = shown(lecture())
    field(page, "a").fill("two")
    page.click("text=Check")
    assert '"two" is not a number. Type one' in page.inner_text(".told")


def same(theirs: Any, ex: Any, typed: dict[str, str]) -> None:
    """Assert that the page says to the letter what Python says at a first try."""
    ex._tries.clear()
    ours = ex.check(typed)
    verdicts = {k: "not yet" if v == "carried" else v for k, v in theirs["verdicts"].items()}
    assert verdicts == {k: mark.verdict for k, mark in ours.marks.items() if mark.typed}
    for part in ("keys", "mistakes", "did", "idea", "redo"):
        found = [m[part] for m in theirs["told"]]
        assert found == [list(x) if isinstance(x := getattr(m, part), tuple) else x for m in ours.messages], typed


@long
@pytest.mark.parametrize("concept", some(CONCEPTS, 5))
def test_the_page_marks_as_python_does(concept: str, shown: Any) -> None:
    ex, rng = generate(concept, 2, 4), Random(0)
    page = shown(ex)
    mark = "texts => document.querySelector('.mgl').walk.practice.diagnose(texts)"
    found = page.evaluate(mark, ex.answers)
    assert set(found["verdicts"].values()) == {"right"} and not found["told"]
    for mistake in ("overwrite", "no_upstream", "negated", "mul_own", "no_zero", "depth_first", "seed_is_value"):
        numbers = grads(ex.root, mistake)
        typed = {ex.task.gradient(x).key: f"{numbers.get(x, 0.0):.4g}" for x in ex.asked if x in ex.task.reached}
        same(page.evaluate(mark, typed), ex, typed)
    typed = {ex.task.gradient(x).key: f"{x.data:.6g}" for x in ex.asked if x in ex.task.reached}
    same(page.evaluate(mark, typed), ex, typed)
    leaves = [x for x in ex.asked if not x.inputs and x in ex.task.reached]
    for name in sorted(DEVELOPED)[:: 9 if concept != "functions" else 2]:
        numbers = DEVELOPED[name](ex.root)
        for nodes in (ex.asked, leaves):
            typed = {ex.task.gradient(x).key: f"{y:.4g}" for x in nodes if isfinite(y := numbers.get(x, 0.0))}
            same(page.evaluate(mark, typed), ex, typed)
    for _ in range(8):
        key = rng.choice([key for key, x in ex.questions.items() if x.kind == "gradient" and x.node in ex.task.reached])
        typed = ex.answers | {key: f"{ex.questions[key].right * rng.uniform(1.3, 3) + 0.1234:.4g}"}
        same(page.evaluate(mark, typed), ex, typed)


def test_every_kind_of_question_has_its_blank(shown: Any) -> None:
    root = lecture().root
    kinds = ["gradients", "local", "contributions", "values", "updates", "order"]
    ex = Exercise(root, kinds, names={})
    page = shown(ex)
    assert page.locator("input.blank").count() == len(ex.questions)
    for key, answer in ex.answers.items():
        field(page, key).fill(answer)
    page.click("text=Check")
    assert "All right." in page.inner_text(".told")


def test_a_hostile_label_is_text(shown: Any) -> None:
    x = Value(2.0, "<img src=x onerror=alert(1)>")
    page = shown(Exercise(x * x, names={}))
    assert page.locator("img").count() == 0


def test_at_the_width_of_a_phone_no_field_is_cut(shown: Any) -> None:
    page = shown(generate("fan-out", 1, 3), width=390)
    assert page.evaluate("document.documentElement.scrollWidth <= 390")


def test_a_large_graph_is_shown_from_its_output(shown: Any) -> None:
    page = shown(generate("two-layer-mse", 2, 1), width=390)
    page.wait_for_function("document.querySelector('.mgl svg').parentElement.scrollTop > 0")
    place, frame = field(page, "L").bounding_box(), page.locator(".mgl svg").first.locator("..").bounding_box()
    assert frame["y"] < place["y"] < frame["y"] + frame["height"] and 0 < place["x"] < 390


def test_in_a_notebook_the_drawing_stays_where_scripts_are_taken_out() -> None:
    ex = lecture()
    html = ex._repr_html_()
    assert html.count("<img") == 1 and "data:image/svg+xml;base64," in html
    assert notebook(ex).count("<script") == 1 and lesson(ex)["exercise"]["blanks"]


def test_python_marks_what_is_typed_into_the_widget() -> None:
    pytest.importorskip("anywidget")
    from micrograd_like.views.practice import widget

    w = widget(lecture())
    w.answers = {"L": "1", "v": "1", "b": "2", "a": "-3"}
    assert w.marking.mistakes == ["overwrite"] and w.marked["verdicts"]["a"] == "wrong"
    w.answers = {"L": "1", "v": "1", "b": "2", "a": "-2"}
    assert w.marking and not w.marked["told"]
