"""The doctor names each mistake of a beginner's loop, proves it, and says nothing of loops that are right."""

import contextlib
import io
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from loops import LECTURE, OURS, RIGHT, SUSPICIOUS, WRONG, wrong
from loops_right import RIGHT as MANY_RIGHT
from loops_wrong import WRONG as MANY_WRONG

from micrograd_like import MLP, SGD, engine, losses
from micrograd_like.optim import Optimizer
from micrograd_like.steps.doctor import ENTRIES, doctor, main
from micrograd_like.steps.doctor.examine import NO_PROOF_NEEDED, SEEN, examine
from micrograd_like.steps.doctor.source import Script

ROOT = Path(__file__).parent.parent


def examined(text: str, folder: Path) -> Any:
    script = folder / "script.py"
    script.write_text(text, "utf-8")
    return examine(str(script))


MISTAKES = [case for case in WRONG if case[3]]


@pytest.mark.parametrize(
    "which, old, new, id", MISTAKES, ids=[f"{case[0]}-{case[3]}-{i}" for i, case in enumerate(MISTAKES)]
)
def test_a_mistake_is_named_and_proved(which: str, old: str, new: str, id: str, tmp_path: Path) -> None:
    findings, trouble = examined(wrong(which, old, new), tmp_path)
    assert not trouble and id in [finding.id for finding in findings]
    [finding] = [finding for finding in findings if finding.id == id]
    assert finding.proved == (id != "error")
    assert finding.line > 0 and finding.seen and finding.why and finding.write


@pytest.mark.parametrize("name", [*RIGHT, *SUSPICIOUS])
def test_nothing_is_said_of_a_right_loop(name: str, tmp_path: Path) -> None:
    assert examined({**RIGHT, **SUSPICIOUS}[name], tmp_path) == ([], "")


NEW = {id: name for name, (id, _) in reversed(MANY_WRONG.items()) if id not in {case[3] for case in WRONG}}


@pytest.mark.parametrize("id", sorted(NEW))
def test_a_mistake_in_another_style_is_named_and_proved(id: str, tmp_path: Path) -> None:
    findings, trouble = examined(MANY_WRONG[NEW[id]][1], tmp_path)
    assert not trouble and [finding.proved for finding in findings if finding.id == id] == [True]


@pytest.mark.parametrize("name", sorted(MANY_RIGHT)[::5])  # `python -m benchmarks doctor` takes all
def test_nothing_is_said_of_a_right_loop_that_looks_wrong(name: str, tmp_path: Path) -> None:
    assert examined(MANY_RIGHT[name], tmp_path) == ([], "")


@pytest.mark.parametrize("path", [*sorted(ROOT.glob("notebooks/0[346]*.ipynb"))], ids=lambda path: path.stem)
def test_nothing_is_said_of_the_lessons(path: Path) -> None:
    assert examine(str(path)) == ([], "")


def test_every_entry_has_a_loop_that_it_is_tried_on() -> None:
    assert {id for *_, id in MISTAKES} - {"error"} | set(NEW) == set(ENTRIES)
    known = {symptom for entry in ENTRIES.values() for symptom in entry.symptoms} - {"error"}
    assert known <= set(SEEN) and set(NO_PROOF_NEEDED) <= known and set(NO_PROOF_NEEDED.values()) <= set(ENTRIES)


def test_two_mistakes_in_one_script_are_both_named(tmp_path: Path) -> None:
    text = OURS.replace("    optimizer.zero_grad()\n", "").replace(
        "loss.backward()", "loss.backward()\n    loss.backward()"
    )
    findings, _ = examined(text, tmp_path)
    assert {finding.id for finding in findings} == {"gradients of the step before", "backward twice"}


def test_the_exit_status_says_whether_something_was_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "loop.py"
    script.write_text(LECTURE, "utf-8")
    assert main(str(script)) == 0 and "no mistake was seen" in capsys.readouterr().out
    script.write_text(LECTURE.replace("p.data += -0.05", "p -= 0.05"), "utf-8")
    assert main(str(script)) == 1
    said = capsys.readouterr().out
    for part in ("loop.py, line 46: loop variable", "20 backward passes", "Write: p.data -= 0.05 * p.grad", "is gone"):
        assert part in said
    assert main(str(tmp_path / "none.py")) == 2 and "There is no file" in capsys.readouterr().out
    script.write_text("import a_package_that_nobody_has", "utf-8")
    assert main(str(script)) == 2


@pytest.mark.parametrize(
    "line, write",
    [
        ("for p in MLP(2, [1]).parameters:\n    print(p)", "Write: model.parameters()"),
        ("sum([1.0, 2.0]).backward()", "Write: Start from a = Value(3.0)."),
    ],
)
def test_errors_of_python_itself_are_told_in_our_words(
    line: str, write: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "loop.py"
    script.write_text(f"from micrograd_like import MLP\n{line}\n", "utf-8")
    assert main(str(script)) == 1 and write in capsys.readouterr().out


def test_a_trial_writes_no_file_of_the_learners(tmp_path: Path) -> None:
    text = f"open({str(tmp_path / 'runs')!r}, 'a').write('x')\n" + OURS.replace("    optimizer.zero_grad()\n", "")
    findings, _ = examined(text, tmp_path)
    assert [finding.id for finding in findings] == ["gradients of the step before"]
    assert (tmp_path / "runs").read_text() == "x", "only the learner's own run wrote"


def test_a_script_that_does_not_end_is_watched_for_a_while_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from micrograd_like.steps.doctor import trial

    source = Path(trial.__file__).read_text("utf-8")
    assert "signal.alarm(SECONDS)" in source and trial.SECONDS <= 30


# In a program of one's own.


def loop(forget: bool) -> None:
    model = MLP(2, [3, 1], rng=1)
    optimizer = SGD(model.parameters(), 0.1)
    for _ in range(4):
        loss = losses.mse([model([1.0, 2.0])], [1.0])
        if not forget:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def test_a_context_watches_and_leaves_everything_as_it_was() -> None:
    methods = engine.Value.backward, Optimizer.step, Optimizer.zero_grad, MLP.zero_grad
    for forget in False, True:
        with contextlib.redirect_stdout(io.StringIO()) as said, doctor() as seen:
            loop(forget)
        assert ("gradients of the step before" in said.getvalue()) == forget == bool(seen.findings)
        assert (engine.Value.backward, Optimizer.step, Optimizer.zero_grad, MLP.zero_grad) == methods
    assert "Nothing to say" in repr(doctor(quiet=True))


def test_an_error_inside_goes_on_its_way() -> None:
    with pytest.raises(ZeroDivisionError), doctor(quiet=True):
        raise ZeroDivisionError
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loop(False)


def test_copies_of_a_script_are_made_line_by_line() -> None:
    source = Script("for i in range(3):\n    a = 1\n    b = 'ü' + a\nc = 2\n")
    loop = next(source.all(__import__("ast").For))
    assert (
        source.inserted(loop.body[1], "x()\ny()")
        == "for i in range(3):\n    a = 1\n    x()\n    y()\n    b = 'ü' + a\nc = 2\n"
    )
    assert source.removed(loop.body[0]) == "for i in range(3):\n    pass\n    b = 'ü' + a\nc = 2\n"
    assert source.moved([loop.body[0]], loop) == "a = 1\nfor i in range(3):\n    pass\n    b = 'ü' + a\nc = 2\n"
    assert source.replaced(loop.body[1].value.right, "z") == "for i in range(3):\n    a = 1\n    b = 'ü' + z\nc = 2\n"


def test_the_doctor_costs_nothing_when_it_is_not_asked() -> None:
    program = "import sys, micrograd_like; assert not any('doctor' in name for name in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("text", ["print('hello')\n", "from micrograd_like import Value\nValue(2.0) * 3\n"])
def test_a_script_without_a_backward_pass_is_not_called_healthy(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "script.py"
    script.write_text(text, encoding="utf-8")
    assert main(str(script)) == 0
    assert capsys.readouterr().out == "No backward pass of a Value was seen, so there was nothing to judge.\n"
