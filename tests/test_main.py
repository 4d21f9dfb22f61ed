"""The command line, as a person uses it."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from micrograd_like.__main__ import main, version_line

ROOT = Path(__file__).parent.parent
QUICK = ["--epochs", "3", "--hidden", "4"]


def test_train_leaves_a_network_its_history_and_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "folder"
    assert main(["train", "moons", "--epochs", "40", "--hidden", "8,8", "--out", str(out)]) == 0
    printed = capsys.readouterr()
    names = ["boundary.svg", "graph.svg", "history.csv", "loss.svg", "model.json"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert all(f"wrote {out / name}" in printed.out for name in names)
    assert printed.err == ""
    json.loads((out / "model.json").read_text(encoding="utf-8"))
    assert len((out / "history.csv").read_text(encoding="utf-8").splitlines()) == 42
    for name in names[:2]:
        ET.parse(out / name)


def test_without_arguments_the_first_minute(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("micrograd_like.__main__.run_train", lambda options: asked.append(options.data))
    assert main([]) == 0
    assert asked == ["moons"]
    assert 'walk "(a*b + c).tanh()"' in capsys.readouterr().out


def test_predict_names_the_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flowers = Path(ROOT, "micrograd_like", "iris.csv")
    assert main(["train", "iris", "--epochs", "3", "--validation", "0.2", "--out", str(tmp_path)]) == 0
    assert "validation accuracy" in capsys.readouterr().out
    assert not (tmp_path / "boundary.svg").exists()
    assert main(["predict", str(tmp_path / "model.json"), str(flowers)]) == 0
    guesses = capsys.readouterr().out.splitlines()
    truth = [line.rsplit(",", 1)[1] for line in flowers.read_text(encoding="utf-8").splitlines()[1:]]
    assert sum(a == b for a, b in zip(guesses, truth)) > 100


def test_a_csv_of_numbers_is_learnt_in_its_own_units(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, bare = tmp_path / "line.csv", tmp_path / "bare.csv"
    table.write_text("x,price\n" + "".join(f"{x},{1000.5 + 200 * x}\n" for x in range(20)), encoding="utf-8")
    assert main(["train", str(table), "--hidden", "", "--epochs", "60", "--out", str(tmp_path)]) == 0
    bare.write_text("5\n10\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["predict", str(tmp_path / "model.json"), str(bare)]) == 0
    assert [float(line) for line in capsys.readouterr().out.split()] == pytest.approx([2000.5, 3000.5], rel=0.01)


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert main(["train", "xor", *QUICK, "--seed", "7", "--out", str(tmp_path / name)]) == 0
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_draw_writes_a_picture_and_says_the_gradients(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "g.svg"
    assert main(["draw", "(a*b + c).tanh()", "a=2", "b=-3", "c=10", "-o", str(target)]) == 0
    ET.parse(target)
    assert "a.grad = -0.00402285" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "nosuch"], "There is no data set 'nosuch'"),
        (["train", "missing.csv"], "missing.csv"),
        (["train", "moons", "--epochs", "0"], "epochs"),
        (["train", "moons", "--batch-size", "0"], "batch_size"),
        (["train", "moons", "--lr", "-1"], "-1"),
        (["train", "moons", "--lr", "nan"], "nan"),
        (["train", "moons", "--activation", "rellu"], "relu"),
        (["train", "moons", "--validation", "1.5"], "validation"),
        (["train", "moons", "--out", "/proc/nowhere/out"], "/proc/nowhere"),
        (["train", "moons", "--hidden", "0"], "0"),
        (["predict", "missing.json", "x.csv"], "missing.json"),
        (["draw", "tnah(a)", "a=1"], "Did you mean tanh?"),
        (["draw", "a*b", "a=1"], "Give it one, as in b=2"),
        (["draw", "log(a)", "a=-1"], "log(maximum(a, 1e-12))"),
        (["draw", "a*2", "a=1", "-o", "g.tiff"], "tiff"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_on_stderr(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    error = capsys.readouterr().err.strip()
    assert message in error and "\n" not in error and error.startswith("micrograd-like: ")
    assert not list(tmp_path.glob("**/model.json"))


@pytest.mark.parametrize("arguments", [["train"], ["draw", "a", "a"], ["draw", "a", "a=x"], ["nosuch"]])
def test_what_cannot_be_understood_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit:
        main(arguments)
    assert exit.value.code == 2


def test_runs_as_a_module_and_says_its_version() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "micrograd_like", "--version"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert result.stdout.strip() == version_line()
    assert "engine in " in result.stdout
