"""`micrograd-like walk` and `explain`, with and without a terminal."""

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from micrograd_like.graph.parse import parse
from micrograd_like.steps.walk import Walk
from micrograd_like.views.terminal import screen

EXPRESSION = ["(a*b + c).tanh()", "a=2", "b=-3", "c=10"]
ROOT = Path(__file__).parent.parent


def run(*arguments: str, **environment: str) -> str:
    command = [sys.executable, "-m", "micrograd_like", *arguments]
    result = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", check=True, stdin=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"} | environment,
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
        seen, end = b"", time.monotonic() + 60
        while text not in seen.decode(errors="replace"):
            assert time.monotonic() < end, seen
            if select.select([ours], [], [], 1)[0]:
                seen += os.read(ours, 65536)

    wait_for("step 1 of 11, forward")
    os.write(ours, b"\x1b[C")
    wait_for("step 2 of 11")
    os.write(ours, b"\x1b[F")
    wait_for("step 11 of 11, backward")
    os.write(ours, b"\x1b[D")
    wait_for("step 10 of 11")
    os.write(ours, b"q")
    assert process.wait(timeout=60) == 0
    os.close(ours)
