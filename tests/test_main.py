"""The command line, as a person uses it."""

import json
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from micrograd_like import MLP, Value, data as sets, load_model, losses
from micrograd_like.__main__ import as_command_line, main, version_line

ROOT = Path(__file__).parent.parent
DATASETS = sets.DATASETS
QUICK = ["--epochs", "3", "--hidden", "4"]


def topological(root: Value) -> list[Value]:
    """The nodes of a graph, inputs first; in this test's own way."""
    found: dict[Value, None] = {}

    def visit(node: Value) -> None:
        if node not in found:
            for x in node.inputs:
                visit(x)
            found[node] = None

    visit(root)
    return list(found)


def parts_of(model: MLP) -> list[list[Value]]:
    """The weights of each layer, and its biases, as the picture folds them."""
    layers = [([w for neuron in x.neurons for w in neuron.w], [neuron.b for neuron in x.neurons]) for x in model.layers]
    return [part for pair in layers for part in pair]


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
    monkeypatch.setattr(sys, "orig_argv", ["python3", "-m", "micrograd_like"])  # however long the path of this one is
    assert main([]) == 0
    assert asked == ["moons"]
    shown = capsys.readouterr().out
    assert 'walk "(a*b + c).tanh()"' in shown and max(map(len, shown.splitlines())) < 80


@pytest.mark.parametrize("way", [[sys.executable, "-m", "micrograd_like"], ["./micrograd-like"]])
def test_what_comes_next_is_printed_as_the_program_was_called(way: list[str], tmp_path: Path) -> None:
    script = tmp_path / "micrograd-like"
    script.write_text(f"#!{sys.executable}\nimport sys\nfrom micrograd_like.__main__ import main\nsys.exit(main())\n")
    script.chmod(0o755)
    command, environment = [*way, "exercise", "chain"], {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    shown = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment).stdout
    advice = shlex.split(next(line for line in shown.splitlines() if "--hint" in line).partition(":")[2])
    assert advice[: len(way)] == way
    told = subprocess.run(advice, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment).stdout
    assert told.startswith("Hint 1 of 4:")


@pytest.mark.parametrize("data", ["moons", "circles", "xor"])
def test_the_first_picture_shows_the_gradients_of_one_example(data: str, tmp_path: Path) -> None:
    """Against the engine: of one example alone, whose loss is not 0, with gates open and shut."""
    assert main(["train", data, "--out", str(tmp_path), "--epochs", "12"]) == 0
    shown = re.findall(r"<text[^>]*>([^<]*)</text>", (tmp_path / "graph.svg").read_text(encoding="utf-8"))
    spans = [re.findall(r"-?\d[\d.]*(?:e-?\d+)?", shown[i + 1]) for i, text in enumerate(shown) if text == "grad"]
    drawn = {float(number) for numbers in spans for number in numbers}
    trained = load_model(tmp_path / "model.json")
    X, y = DATASETS[data]()
    matches = 0
    for x, label in zip(trained.standardize(X), y):
        loss = losses.hinge([trained.model(x)], [2 * label - 1])
        trained.model.zero_grad()
        loss.backward()
        grads = [node.grad for node in topological(loss)]
        ends = {f(p.grad for p in part) for part in parts_of(trained.model) for f in (min, max)}
        gates = {node.local_grads[0] for node in topological(loss)[:-1] if node.op is not None and node.op.gate}
        seen = all(any(number == pytest.approx(grad, rel=5e-3) for number in drawn) for grad in ends)
        if seen and loss.data > 0:  # where it is 0, so is every gradient
            matches += gates == {0.0, 1.0}
            assert all(any(number == pytest.approx(grad, rel=5e-3) for grad in grads) for number in drawn)
    assert matches == 1


@pytest.mark.parametrize("arguments", [["iris", "--lr", "1e9"], ["moons", "--lr", "400"], ["xor", "--lr", "1e4"]])
def test_a_training_that_rises_is_a_failure_and_its_advice_works(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", *arguments, "--epochs", "3", "--out", str(tmp_path)]
    assert main(command) == 1
    error = capsys.readouterr().err
    assert "Write --lr" in error and not (tmp_path / "model.json").exists()
    rate = re.findall(r"--lr (\S+)\.", error)[-1]
    assert main([*command, "--lr", rate]) == 0


def test_predict_takes_the_name_of_a_data_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "iris", "--epochs", "2", "--out", str(tmp_path)]) == 0
    capsys.readouterr()
    assert main(["predict", str(tmp_path / "model.json"), "iris"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 150


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


def test_whole_numbers_are_taken_as_classes_with_a_word_and_as_numbers_where_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "rooms.csv"
    table.write_text("x,rooms\n" + "".join(f"{x},{x % 4 + 1}\n" for x in range(20)), encoding="utf-8")
    call = ["train", str(table), "--epochs", "2", "--out", str(tmp_path)]
    said = {}
    for option in ([], ["--classes"], ["--regression"]):
        assert main([*call, *option]) == 0
        said[" ".join(option)] = capsys.readouterr().out
    assert "whole numbers of 4 kinds, so they are taken as classes" in said[""] and "add --regression" in said[""]
    assert "[16, 16, 4]" in said[""] and "[16, 16, 4]" in said["--classes"] and "kinds" not in said["--classes"]
    assert "[16, 16, 1]" in said["--regression"] and "accuracy" not in said["--regression"]
    assert main(["train", "iris", "--classes"]) == 1 and "for files, and iris is not one" in capsys.readouterr().err


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
        (["train", "moons", "--batch-size", "0"], "Write --batch-size 16."),
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
        (["draw", "a*2", "a=1", "-o", "nowhere/g.svg"], "no folder"),
        (["draw", "a*2", "a=1", "a=3"], "two numbers"),
        (["predict", "model.csv", "x.csv"], "no file"),
        (["train", "one.csv"], "one class only, 'x', so there is nothing to tell apart"),
        (["train", "moons", "--momentum", "1"], "Write --momentum 0.9."),
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
    Path("one.csv").write_text("a,b,class\n1,2,x\n2,3,x\n", "utf-8")
    assert main(arguments) == 1
    error = capsys.readouterr().err.strip()
    assert not re.search(r"`|\w+=(?!\d)|\w+\(\)|batch_size|MLP\(", error), "a command line advises command lines"
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


@pytest.mark.parametrize(
    ("python", "words"),
    [
        ("lr = -1 is below 0. Write lr=0.1.", "--lr -1 is below 0. Write --lr 0.1."),
        ("Write MLP(2, [16, 1]).", "Write --hidden 16."),
        ("Write MLP(2, [16, 8, 1]) or epochs=20.", "Write --hidden 16,8 or --epochs 20."),
    ],
)
def test_advice_in_python_becomes_options(python: str, words: str) -> None:
    assert as_command_line(python) == words


def test_the_boundary_that_train_draws_is_the_one_that_its_accuracy_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "moons", "--out", str(tmp_path)]) == 0
    accuracy = float(re.findall(r"accuracy ([\d.]+)%", capsys.readouterr().out)[-1]) / 100
    drawn = (tmp_path / "boundary.svg").read_text(encoding="utf-8")
    area = re.findall(r'class="area1" d="([^"]*)"', drawn)[0]
    shapes = [[[*map(float, p.split())] for p in part[1:].split("L")] for part in area.rstrip("z").split("z")]

    def inside(x: float, y: float) -> bool:
        def crossed(shape: list[list[float]]) -> int:
            sides = zip(shape, shape[1:] + shape[:1])
            return sum((a[1] > y) != (b[1] > y) and x < a[0] + (y - a[1]) * (b[0] - a[0]) / (b[1] - a[1])
                       for a, b in sides)  # fmt: skip

        return any(crossed(shape) % 2 for shape in shapes)

    marks = re.findall(r'class="mark(\d)"[^>]* d="M([\d.]+) ([\d.]+)', drawn)[:100]
    right = sum(inside(float(x), float(y)) == (k == "1") for k, x, y in marks)
    assert len(marks) == 100 and right == round(100 * accuracy)


def test_one_class_is_nothing_to_tell_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    csv = tmp_path / "one.csv"
    csv.write_text("h,w,kind\n1,2,cat\n2,3,cat\n", encoding="utf-8")
    assert main(["train", str(csv), "--out", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert "has one class only, 'cat'" in told.err and "--target" in told.err and not told.out


def test_one_of_a_thing_is_not_called_several(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["train", "xor", "--epochs", "1", "--out", str(tmp_path)])
    shown = capsys.readouterr().out
    assert "1 epoch." in shown and "1 epoch:" in shown and "1 epochs" not in shown


def test_a_boundary_has_the_names_of_the_file(tmp_path: Path) -> None:
    csv = tmp_path / "pets.csv"
    csv.write_text("height,weight,kind\n1,2,cat\n2,3,dog & co\n1.5,2.2,cat\n2.5,3.1,dog & co\n", encoding="utf-8")
    assert main(["train", str(csv), "--epochs", "5", "--out", str(tmp_path)]) == 0
    shown = ["".join(x.itertext()) for x in ET.parse(tmp_path / "boundary.svg").iter() if x.tag.endswith("}text")]
    assert {"height", "weight", "cat", "dog & co"} <= set(shown)


def test_an_answer_without_a_number_says_how_to_write_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exercise", "fan-out", "--check", "L=1", "a"]) == 1
    assert "'a' gives no name a number. Write it as in L=1." in capsys.readouterr().err
