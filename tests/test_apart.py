"""Code of learners in a process of its own: marked from outside, whatever it does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from test_engines import BREADTH, ITERATIVE, LECTURE

from micrograd_like.exercises.apart import check_code, isolation, user

pytestmark = pytest.mark.skipif(os.name == "nt", reason="limits are those of Unix")


def changed(changes: list[tuple[str, str]]) -> str:
    source = LECTURE
    for old, new in changes:
        source = source.replace(old, new)
    return source


def test_a_right_class_is_right() -> None:
    assert check_code(LECTURE) and check_code(changed(ITERATIVE))


def test_a_wrong_one_is_wrong_and_named() -> None:
    marking = check_code(changed(BREADTH))
    assert not marking and "breadth_first" in marking.mistakes


HOSTILE = {  # what it does: (code, what is said)
    "a loop on one line": ("while True: pass", "did not end within 2 seconds"),
    "a loop that catches": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass", "did not end|used more"
    ),
    "an exit": ("raise SystemExit(0)", "ended before it had answered"),
    "a hard exit": ("import os; os._exit(0)", "ended before it had answered"),
    "much memory": ("x = bytearray(10**10)", "exit code|used more|MB"),
    "much output": ("import os\nwhile True: os.write(1, b'x' * 10**6)", "did not end|used more|before it had answered"),
    "forged answers": (
        "import os\nfor _ in range(10**4): os.write(3, b'[1.0, [1.0]]\\n')\nos._exit(0)",
        "it gave|answered|exit",
    ),
    "the library's engine": ("from micrograd_like import Value", "exit code"),
    "nothing": ("x = 1", "exit code"),
    "a class that is no engine": ("class Value: pass", "TypeError"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_code_is_marked_wrong_by_name(name: str) -> None:
    import re

    code, told = HOSTILE[name]
    endless = "while" in code  # the others end by themselves, also where the machine is busy
    marking = check_code(code, seconds=2 if endless else 60, megabytes=600)
    assert not marking
    assert re.search(told, str(marking)), marking


def test_it_runs_in_an_empty_folder_without_the_graders_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSWERS", "secret")
    code = LECTURE + "\nimport os\nassert 'ANSWERS' not in os.environ and os.listdir('.') in ([], ['out'])\n"
    assert check_code(code), sys.executable


SPIES = {  # what reads or does more than it should, and would be right if it could
    "the library, found again": "import sys\ndel sys.modules['micrograd_like']\nfrom micrograd_like import Value",
    "another process": "import os\nif os.fork(): os._exit(0)\n" + LECTURE,
}


@pytest.mark.parametrize("name", SPIES)
def test_what_goes_around_the_library_is_not_right(name: str) -> None:
    if name == "another process" and user() is None:
        pytest.skip("only root can keep code from starting processes")
    assert not check_code(SPIES[name], seconds=5)


def test_code_cannot_read_the_files_of_the_one_who_marks(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("violin-river-1879", encoding="utf-8")
    secret.chmod(0o600)
    code = f"open({str(secret)!r}).read()\n" + LECTURE
    if user() is None:
        assert "can read what you can" in isolation()
    else:
        assert not check_code(code, seconds=5) and "cannot read your files" in isolation()
    assert check_code(LECTURE), "the secret is what makes the difference"
