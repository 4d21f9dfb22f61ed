"""Programs written for micrograd, run with ours in its place."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from micrograd_like.__main__ import main
from micrograd_like.steps.migrate import migrate, programs, same_line

PROGRAMS = sorted((Path(__file__).parent / "programs_for_micrograd").glob("*.py"))
OTHERWISE = {"trace": "'relu']"}  # micrograd calls it ReLU
HELD = bool(find_spec("micrograd"))


def test_there_are_enough() -> None:
    assert len(PROGRAMS) >= 16


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_the_import_is_all_that_changes(path: Path) -> None:
    found = migrate(path)
    assert found.swaps, found
    if not HELD and path.stem != "lecture":  # which brings its own Value
        assert found.same and "only ours ran. To compare, type: pip install micrograd" in found.verdict, found
    elif path.stem in OTHERWISE:
        assert not found.same and OTHERWISE[path.stem] in str(found), found
    else:
        assert found.same and found.verdict.startswith("the same: "), found


def test_what_is_advised_runs(tmp_path: Path) -> None:
    for name in ("whole", "alias", "xor"):
        [path] = [x for x in PROGRAMS if x.stem == name]
        lines = path.read_text().splitlines()
        for swap in migrate(path).swaps:
            place, _, written = swap.partition(": write ")
            lines[int(place.split()[1]) - 1] = written
        (tmp_path / path.name).write_text("\n".join(lines))
        ran = subprocess.run([sys.executable, tmp_path / path.name], capture_output=True, text=True, cwd=tmp_path,
                             env={"PYTHONPATH": str(Path(__file__).parent.parent)})  # fmt: skip
        assert ran.returncode == 0 and ran.stdout, ran.stderr


LECTURE = next(path for path in PROGRAMS if path.stem == "lecture").read_text()


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        (LECTURE + "print(o._backward)\n", "1 of 3 lines of output differ"),
        (LECTURE + "print(o.retain)\n", "both fail"),
        (LECTURE + "assert type(o).__module__ == '__main__'\n", "ours fails: line \\d+: AssertionError"),
        (LECTURE + "assert type(o).__module__ != '__main__'\n", "ours runs, and the original fails: line \\d+"),
        ("print(1)", "nothing to swap"),
    ],
)
def test_what_differs_is_said(source: str, verdict: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(source)
    found = migrate(tmp_path / "program.py")
    assert re.search(verdict, found.verdict) and found.same == ("nothing" in verdict), found


def test_a_program_that_does_not_end_is_ended(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(LECTURE + "while True: pass\n")
    assert "it did not end within 3 seconds" in migrate(tmp_path / "program.py", seconds=3).verdict


def test_numbers_are_compared_as_numbers_and_words_as_words() -> None:
    assert same_line("loss 0.1, x2 = -3", "loss 0.10000000000001, x2 = -3.0") and same_line("nan inf", "nan inf")
    assert not same_line("a 1.0", "b 1.0") and not same_line("1 2", "1") and not same_line("inf", "-inf")
    assert not same_line("x1", "x2") and not same_line("0.1", "0.1000001")


def test_the_command_takes_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "no.py").write_text("from micrograd.engine import Value")
    (tmp_path / "a.py").write_text(LECTURE)
    (tmp_path / "deep" / "b.py").write_text("print 1")
    assert len(programs([str(tmp_path)])) == 2
    assert main(["migrate", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "1 of 2 programs need no more than this change" in said and "line 1, Missing parentheses" in said
    assert main(["migrate", str(tmp_path / "deep" / "none.py")]) == 1
    assert "There is no file or folder" in capsys.readouterr().err
