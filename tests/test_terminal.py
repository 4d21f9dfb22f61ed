"""`micrograd-like walk` and `explain`, with and without a terminal."""

import argparse
import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from micrograd_like.exercises import generate
from micrograd_like.exercises.concepts import CONCEPTS
from micrograd_like.graph.parse import parse
from micrograd_like.steps.walk import Walk
from micrograd_like.views import terminal_exercise
from micrograd_like.views.terminal import Stepper, screen
from micrograd_like.views.terminal_exercise import ask_all

EXPRESSION = ["(a*b + c).tanh()", "a=2", "b=-3", "c=10"]
ROOT = Path(__file__).parent.parent


def run(*arguments: str, **environment: str) -> str:
    command = [sys.executable, "-m", "micrograd_like", *arguments]
    here = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    result = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", check=True, stdin=subprocess.DEVNULL,
        env=here | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"} | environment,
    )  # fmt: skip
    return result.stdout


def example(rule: str = "right") -> Walk:
    root, names = parse(EXPRESSION[0], {"a": 2, "b": -3, "c": 10})
    return Walk(root, rule, names=names | {"out": root}, code=EXPRESSION[0])


def test_without_a_terminal_it_prints_the_table() -> None:
    text = run("walk", *EXPRESSION)
    assert text == f"{example()}\n"
    assert "\x1b" not in text


def test_a_mistake_beside_the_right_rule() -> None:
    assert "<- differs" in run("walk", "a*a", "a=3", "--rule", "overwrite")


def test_a_page(tmp_path: Path) -> None:
    path = tmp_path / "lesson.html"
    assert run("walk", *EXPRESSION, "--html", str(path)) == f"wrote {path}\n"
    assert "<!doctype html>" in path.read_text(encoding="utf-8")


def test_explain_prints_every_ledger() -> None:
    lines = run("explain", "a*b + a", "a=2", "b=3").splitlines()
    assert lines[0] == "out.grad = 1 (the output: dout/dout = 1)"
    assert "a.grad = 4 = 3 (through v1 = a*b: b · 1) + 1 (through out = v1 + a: 1 · 1)" in lines


def test_a_screen_marks_the_piece_of_code_and_says_what_is_pending(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = example()
    monkeypatch.delenv("NO_COLOR", raising=False)
    event = walk.backward[1]
    coloured = "\n".join(screen(walk, event))
    assert "\x1b[1ma*b + c\x1b[0m" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    plain = "\n".join(screen(walk, event))
    assert "\x1b" not in plain
    assert plain == re.sub(r"\x1b\[\d*m", "", coloured)
    assert "v1 is complete now." in plain


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_arrow_keys_step() -> None:
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "micrograd_like", "walk", *EXPRESSION], stdin=theirs, stdout=theirs,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    os.close(theirs)

    def wait_for(text: str) -> None:
        seen, end = b"", time.monotonic() + 300
        while text not in seen.decode(errors="replace"):
            assert time.monotonic() < end, seen
            if select.select([ours], [], [], 1)[0]:
                seen += os.read(ours, 65536)

    wait_for("step 1 of 12, forward")
    os.write(ours, b"\x1b[C")
    wait_for("step 2 of 12")
    os.write(ours, b"\x1b[F")
    wait_for("step 12 of 12, backward")
    os.write(ours, b"\x1b[D")
    wait_for("step 11 of 12")
    os.write(ours, b"q")
    assert process.wait(timeout=300) == 0
    os.close(ours)


def stepper() -> Stepper:
    root, names = parse("a*b + a", {"a": 2, "b": 3})
    return Stepper(Walk(root, names=names | {"out": root}, code="a*b + a"), names | {"out": root}, "a*b + a")


def type_in(steps: Stepper, text: str) -> str:
    for letter in text:
        assert steps.press(letter.encode())
    return "\n".join(steps.screen())


def test_every_letter_can_be_typed_while_a_number_is_awaited() -> None:
    steps = stepper()
    type_in(steps, "pnn")
    place = steps.event.index
    for letter in "abcdefghijklmnopqrstuvwxyz":
        type_in(steps, letter)
        assert steps.hidden and steps.event.index == place and steps.typed.endswith(letter)


def test_a_number_can_be_predicted_and_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    steps = stepper()
    shown = type_in(steps, "pnn")
    assert "v1 = a*b = ___" in shown and "6" not in shown
    assert "It is not 5." in type_in(steps, "5\r") and steps.hidden
    assert "Your number first" in (steps.press(b"\x1b[C"), "\n".join(steps.screen()))[1]
    assert "Right." in type_in(steps, "2*3\r") and not steps.hidden
    shown = type_in(steps, "nx\r")
    assert "x has no number" in shown
    assert "= 8" in type_in(steps, "\x7f\x7f?") or "= 8" in type_in(steps, "?")
    steps.press(b"n")
    steps.press(b"\x1b")
    assert not steps.hidden and not steps.predicting
    assert steps.press(b"q") is False


def test_every_number_hides_until_it_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    steps = stepper()
    type_in(steps, "p")
    asked = 0
    while steps.event.index < len(steps.walk) - 1:
        shown = type_in(steps, "n")
        if steps.hidden:
            asked += 1
            event = steps.event
            equation = str(event).rpartition(" = ")
            assert equation[0].partition(" = ")[0] in shown and f"{equation[0]} = {equation[2]}" not in shown
            type_in(steps, f"{getattr(event, 'after', event.node.data):g}\r")
            assert not steps.hidden
    assert asked == 7  # two values, the seed, and four contributions


def test_mistakes_can_be_made_on_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    steps = stepper()
    steps.press(b"\x1b[F")
    first = type_in(steps, "m")
    assert "Wrong on purpose: overwrite" in first and "<- differs" in first
    for _ in steps.rules[1:]:
        type_in(steps, "m")
    assert steps.walk.rule.name == "right" and "Wrong" not in "\n".join(steps.screen())


@pytest.mark.parametrize("rule", ["right", "overwrite", "depth_first"])
def test_a_narrow_terminal_can_be_read(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    walk = example(rule)
    assert all(len(line) <= 60 for event in walk for text in screen(walk, event) for line in text.splitlines())
    for command in (["walk", *EXPRESSION], ["explain", *EXPRESSION], ["exercise", "fan-out", "--seed", "7"]):
        lines = [line for line in run(*command, COLUMNS="60").splitlines() if "micrograd_like" not in line]
        assert all(len(line) <= 60 for line in lines)


def too_long(shown: str) -> list[str]:
    return [line for line in shown.splitlines() if len(line) > 60]


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")


LONG_NAME = "weight_of_the_first_layer"


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("expression", ["(a*b + c).tanh()", f"softplus({LONG_NAME}*a) + {LONG_NAME}**2"])
def test_every_screen_of_a_walk_fits_60_columns(expression: str) -> None:
    names = {"a": -2e-7, "b": -3.0, "c": 10.0, LONG_NAME: 1.23456789}
    root, found = parse(expression, {name: number for name, number in names.items() if name in expression})
    steps = Stepper(Walk(root, names=found | {"out": root}, code=expression), found | {"out": root}, expression)
    for _ in steps.rules:
        for keys in ["", "p", "x" * 70, "\r", "?"]:
            shown = type_in(steps, keys)
            while steps.event.index < len(steps.walk) - 1:
                assert not too_long(shown)
                shown = type_in(steps, "n" if not steps.hidden else "?")
            assert not too_long(shown)
            steps.press(b"\x1b[H")
        type_in(steps, "m")


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("concept", CONCEPTS)
def test_all_that_an_exercise_says_fits_60_columns(concept: str, capsys: pytest.CaptureFixture[str]) -> None:
    ex = generate(concept, difficulty=3, seed=3)
    keys = list(ex.questions)
    typed = ["1/0", "99", "?", "?", "a word that is no number", "?", "?", ex.answers[keys[0]], *["s"] * len(keys)]
    prompts: list[str] = []
    assert ask_all(ex, lambda prompt: (prompts.append(prompt), typed.pop(0))[1])
    assert not too_long(capsys.readouterr().out) and not too_long("\n".join([f"{x}-1.234567" for x in prompts]))


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("command", "typed"),
    [(["exercise", "fan-out", "--seed", "7"], "99\n?\ns\nq\n"), (["walk", *EXPRESSION], "q")],
)
def test_a_terminal_of_60_columns_is_asked_how_wide_it_is(command: list[str], typed: str) -> None:
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    here = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "micrograd_like", *command], stdin=theirs, stdout=theirs, stderr=theirs,
        env=here | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    os.close(theirs)
    seen, asked, end = b"", False, time.monotonic() + 300
    while (process.poll() is None and time.monotonic() < end) or select.select([ours], [], [], 0)[0]:
        if not asked and (b"step 1 of" in seen or seen.endswith(b" = ")):
            asked = bool(os.write(ours, typed.encode()))  # what is typed before it listens is lost
        if select.select([ours], [], [], 1)[0]:
            try:
                part = os.read(ours, 65536)
            except OSError:  # what Linux says at the end
                break
            seen += part
            if not part:
                break
    os.close(ours)
    assert process.wait(timeout=300) in (0, 1)
    shown = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", seen.decode())
    assert len(shown) > 150 and not too_long(shown)


def test_an_exercise_asks_marks_hints_and_asks_again(capsys: pytest.CaptureFixture[str]) -> None:
    ex = generate("fan-out", seed=7)
    key = next(iter(ex.questions))
    typed = iter(["99", "?", "?", "what", ex.answers[key], *[ex.answers[x] for x in list(ex.questions)[1:]]])
    assert ask_all(ex, lambda prompt: next(typed))
    shown = capsys.readouterr().out
    assert shown.index("99") < shown.index(ex.hints(key)[0]) < shown.index(ex.hints(key)[1]) < shown.index("Right.")
    assert ex.hints(key)[3] not in shown.partition("Right.")[0]
    assert f"{len(ex.questions)} of {len(ex.questions)} right, {len(ex.questions) - 1} of them at once" in shown


def test_an_exercise_names_the_mistake_and_can_be_left(capsys: pytest.CaptureFixture[str]) -> None:
    ex = generate("fan-out", seed=7)
    typed = iter(["1", "s", "1", "s", "q"])
    assert not ask_all(ex, lambda prompt: next(typed))
    shown = capsys.readouterr().out
    assert "Skipped." in shown


def test_hint_skip_and_quit_may_be_typed_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    ex = generate("fan-out", seed=7)
    typed = iter(["hint", "Help", "skip", "quit"])
    assert not ask_all(ex, lambda prompt: next(typed))
    shown = capsys.readouterr().out
    key = next(iter(ex.questions))
    assert ex.hints(key)[0] in shown and ex.hints(key)[1] in shown and "Skipped." in shown
    assert "is not a number" not in shown


def test_what_comes_next_follows_from_what_was_right_and_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = generate("fan-out", seed=7)
    keys = list(first.questions)
    typed = iter(["s", *[first.answers[x] for x in keys[1:]], "", "q"])
    monkeypatch.setattr(terminal_exercise, "_typed", lambda prompt: next(typed))
    options = argparse.Namespace(concept="fan-out,diamond", difficulty=1, seed=7, student="")
    terminal_exercise.practise(options)
    shown = capsys.readouterr().out
    assert "0 of the last 1 on fan-out were right at once; 4 of 5 is mastery." in shown
    assert shown.count("fan-out, number") == 2 and next(typed, None) is None


def test_the_end_of_input_leaves_an_exercise(capsys: pytest.CaptureFixture[str]) -> None:
    answers = iter([None, "q"])
    assert not ask_all(generate("fan-out", seed=7), lambda prompt: next(answers))
    assert next(answers) == "q"


def test_hints_come_one_at_a_time() -> None:
    ladder = generate("fan-out", seed=7).hints("a")
    for level, hint in enumerate(ladder, 1):
        shown = run("exercise", "fan-out", "--seed", "7", "--hint", "a", *([str(level)] if level > 1 else []))
        assert hint in shown and not any(other in shown for other in ladder if other != hint)


def test_the_exercise_command() -> None:
    ex = generate("fan-out", seed=7)
    shown = run("exercise", "fan-out", "--seed", "7")
    assert ex.program() in shown and "a = ?" in shown
    answers = [f"{key}={number}" for key, number in ex.answers.items()]
    assert "wrong" not in run("exercise", "fan-out", "--seed", "7", "--check", *answers)
    assert "forward, read down" in run("exercise", "fan-out", "--seed", "7", "--key")
