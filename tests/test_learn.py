"""`micrograd-like learn`: all lessons, in JupyterLab, in a browser, in the terminal."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from micrograd_like.__main__ import main
from micrograd_like.views import learn
from micrograd_like.views.lessons import Lesson, execute, lessons, page, to_html

COURSE = lessons()


def test_the_list_names_each_lesson_and_its_minutes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", "1", "--in", "terminal"]) == 0
    shown = capsys.readouterr().out
    assert [lesson.number for lesson in COURSE] == list(range(1, len(COURSE) + 1))
    for lesson in COURSE:
        assert f"{lesson.number}. {lesson.title}, {lesson.minutes} minutes" in shown and lesson.minutes.isdecimal()
    assert "-> 1." in shown and "A `Value` is a number" in shown and "Value(data=4.0, grad=0.0)" in shown
    assert "learn 2" in shown.splitlines()[-1] and "assert" not in shown


def test_the_learners_copies_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("jupyterlab")
    ran: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **options: ran.append(command))
    mine = tmp_path / COURSE[0].path.name
    mine.write_text("my work", encoding="utf-8")
    assert main(["learn", "3", "--in", "jupyter", "--to", str(tmp_path)]) == 0
    assert mine.read_text(encoding="utf-8") == "my work"
    for lesson in COURSE[1:]:
        assert (tmp_path / lesson.path.name).read_bytes() == lesson.path.read_bytes()
    assert ran == [[sys.executable, "-m", "jupyterlab", str(tmp_path / COURSE[2].path.name)]]


@pytest.mark.parametrize("lesson", [COURSE[0], COURSE[2]], ids=lambda lesson: lesson.path.stem)
def test_a_page_has_text_code_results_and_live_views(lesson: Lesson) -> None:
    html = page(lesson, COURSE)
    assert f"<h1>{lesson.number}. {lesson.title}</h1>" in html and "<svg" not in html.partition("<script")[0][:200]
    assert "data:image/svg+xml;base64," in html and ("mount(" in html or "<script" in html)
    assert f'href="{COURSE[lesson.number].path.stem}.html"' in html
    assert "http" not in re.sub(r'"http://www\.w3\.org/[^"]*"', "", html).replace("http-equiv", "")


def test_a_browser_opens_the_first_page_and_all_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(learn.webbrowser, "open", lambda uri: opened.append(uri) or True)
    monkeypatch.setattr(learn, "lessons", lambda: COURSE[2:4])
    assert main(["learn", "4", "--in", "browser", "--to", str(tmp_path)]) == 0
    assert opened == [(tmp_path / f"{COURSE[3].path.stem}.html").as_uri()]
    assert {path.stem for path in tmp_path.iterdir()} == {lesson.path.stem for lesson in COURSE[2:4]}


def test_a_number_that_is_no_lesson(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", "99"]) == 1
    assert f"Write a number from 1 to {len(COURSE)}." in capsys.readouterr().err


def test_a_learner_may_try_things_between_the_cells(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = iter(["a.data + 1", "1/0", ""])
    monkeypatch.setattr("builtins.input", lambda prompt: next(typed))
    space: dict[str, object] = {}
    execute("from micrograd_like import Value\na = Value(2.0)", space)
    assert learn.try_things(space)
    shown = capsys.readouterr().out
    assert "3.0" in shown and "ZeroDivisionError" in shown


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("# A `b`", "<h1>A <code>b</code></h1>"),
        ("a *b* **c** `*d*`", "<p>a <i>b</i> <b>c</b> <code>*d*</code></p>"),
        ("2 * 3 * 4 < 5", "<p>2 * 3 * 4 &lt; 5</p>"),
        ("> a\n> b", "<blockquote>a b</blockquote>"),
        ("1. a\n2. b\n   c", "<ol><li>a</li><li>b\n   c</li></ol>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("    x += 1", "<pre>x += 1</pre>"),
        ("[a](b.html)", '<p><a href="b.html">a</a></p>'),
    ],
)
def test_markdown(markdown: str, html: str) -> None:
    assert to_html(markdown) == html


def test_the_advice_after_every_lesson_can_be_typed(capsys: pytest.CaptureFixture[str]) -> None:
    for last in False, True:
        learn.in_terminal(COURSE[0], "micrograd-like", Path("unused"), last)
        advice = capsys.readouterr().out.splitlines()[-1].partition("  micrograd-like ")[2].split()
        assert advice[0] == ("exercise" if last else "learn") and main(advice) == 0
        capsys.readouterr()


def test_a_terminal_saves_pictures_lets_answer_exercises_and_prints_walks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    start = "from micrograd_like import Value, draw, walk\nfrom micrograd_like.exercises import Exercise\n"
    start += "a, b = Value(2.0), Value(-3.0)\nL = a*b + a\n"
    learn.present(execute(f"{start}draw(L)", {}), tmp_path / "new" / "1-2.svg")
    assert f"open {tmp_path / 'new' / '1-2.svg'}" in capsys.readouterr().out
    assert (tmp_path / "new" / "1-2.svg").read_text(encoding="utf-8").startswith("<svg")
    typed = iter(["-2", "2"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(typed))
    learn.present(execute(f"{start}Exercise(L, ask=[a, b])", {}), tmp_path / "1-3.svg")
    assert "2 of 2 right" in capsys.readouterr().out
    learn.present(execute(f"{start}print('first')\nwalk(L)", {}), None)
    shown = capsys.readouterr().out
    assert shown.startswith("first") and "a.grad = 1 + b · 1" in shown and "<Walk" not in shown


def test_what_a_lesson_prints_is_never_a_bare_object() -> None:
    space: dict[str, object] = {}
    shown = [cell for lesson in COURSE[5:7] for *_, cell in lesson.run(space) if cell]
    assert not [cell.text for cell in shown if " object at 0x" in cell.text]


@pytest.mark.parametrize("there", [True, False])
def test_a_terminal_says_where_the_code_can_be_changed(
    there: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(learn.importlib.util, "find_spec", lambda name: there or None)
    learn.in_terminal(COURSE[5], "micrograd-like", Path("unused"))
    first = capsys.readouterr().out.partition("# 6.")[0]
    assert "micrograd-like learn 6 --in jupyter" in first and ("pip install jupyterlab" in first) != there
