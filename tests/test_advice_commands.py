"""What the command line advises is typed, and works: a missing file, a wrong option, a wrong value, by query."""

import argparse
import ast
import re
import shlex
from pathlib import Path

import pytest

import micrograd_like
from micrograd_like.__main__ import called, main, make_parser

ROOT = Path(micrograd_like.__file__).parent
SEARCHED = ["__main__.py", "views/terminal.py", "views/terminal_exercise.py", "views/learn.py"]
# In a line, {} is where the advice goes that the machine finds in the message; without it, the case does by hand what
# the message says in words.
CASES = [
    ("train no.csv", "train {} --epochs 1"),
    ("train nodata", "train iris --epochs 1"),
    ("train iris --regression", "train iris --epochs 1"),
    ("train moons --epochs 1", "train moons --epochs 1 {}"),
    ("train one.csv", "train two.csv --target c --epochs 2"),
    ("train two.csv --target zz", "train two.csv --target c --epochs 1"),
    ("train iris --hidden a", "train iris --epochs 1 {}"),
    ("train iris --hidden 0", "train iris --epochs 1 {}"),
    ("train iris --epochs 0", "train iris {} --batch-size 50"),
    ("train iris --epochs 1 --batch-size 0", "train iris --epochs 1 {}"),
    ("train iris --epochs 1 --lr -1", "train iris --epochs 1 {}"),
    ("train iris --epochs 1 --momentum 1", "train iris --epochs 1 {}"),
    ("train iris --epochs 1 --validation 2", "train iris --epochs 1 {}"),
    ("train iris --epochs 1 --validation 0.001", "train iris --epochs 1 {}"),
    ("train iris --epochs 1 --activation Relu", "train iris --epochs 1 --activation {}"),
    ("train iris --epochs 2 --lr 1e5", "train iris --epochs 2 {}"),
    ("train iris --epochs 2 --lr 1e5 --momentum 0.5", "train iris --epochs 2 {}"),
    ("train empty.csv", "train two.csv --epochs 1"),
    ("train column.csv", "train two.csv --epochs 1"),
    ("train iris --epochs 1 --out s.py", "train iris --epochs 1 --out another"),
    ("predict no.json iris", "{}"),
    ("predict bad.json iris", "train iris --epochs 1"),
    ("predict nomodel iris", "predict model.json iris"),
    ("predict model.json no.csv", "predict model.json {}"),
    ("draw 'a*' a=2", "draw {} a=2 b=3 c=4"),
    ("draw 'a*b' a=2", "draw 'a*b' a=2 {}"),
    ("draw 'a/b' a=2 b=0", "draw '{}' a=2 b=0"),
    ("draw 'a/(b-3)' a=2 b=3", "draw '{}' a=2 b=3"),
    ("draw '(a-1)/(b-3)' a=2 b=3", "draw '{}' a=2 b=3"),
    ("draw 'log(a*b-7)' a=2 b=3", "draw '{}' a=2 b=3"),
    ("draw 'sqrt(a*b-6)' a=2 b=3", "draw '{}' a=2 b=3"),
    ("draw '(a*b-7).log()' a=2 b=3", "draw '{}' a=2 b=3"),
    ("draw '(a-3)**b' a=2 b=0.5", "draw '{}' a=2 b=0.5"),
    ("draw 'exp(a*1000)' a=2", "draw '{}' a=2"),
    ("draw 'foo(a)' a=1", "draw 'floor(a)' a=1"),
    ("draw 'a*2' a=2 -o x.jpg", "draw 'a*2' a=2 -o {}"),
    ("draw 'a*2' a=2 -o nowhere/x.svg", "draw 'a*2' a=2 -o x.svg"),
    ("draw 'a*2' a=2 a=3", "draw 'a*2' {}"),
    ("draw 'a*2' a=x", "draw 'a*2' {}"),
    ("explain 'a*2' a", "explain 'a*2' {}"),
    ("explain 'log(a-3)' a=2", "explain '{}' a=2"),
    ("walk 'a*b' a=2", "walk 'a*b' a=2 {}"),
    ("walk 'a*2' a=2 --html x.txt", "walk 'a*2' a=2 --html {}"),
    ("walk 'a*2' a=2 --html nowhere/x.html", "walk 'a*2' a=2 --html x.html"),
    ("doctor no.py", "doctor s.py"),
    ("learn 99", "learn {} --in terminal"),
    ("exercise nothing", "exercise {}"),
    ("exercise chain --hint zz", "exercise chain --hint a"),
    ("exercise chain --hint a 9", "exercise chain {}"),
    ("exercise chain --check a", "exercise chain --check {}"),
    ("exercise chain --check zz=1", "exercise chain --check a=1"),
    ("worksheet --format md --concepts nothing", "worksheet --format md --force --concepts {}"),
    ("worksheet --format md --count 0", "worksheet --format md {}"),
    ("worksheet --format md --students no.csv", "worksheet --format md --force --students roster.csv"),
    ("worksheet --format md --students empty.csv", "worksheet --format md --students roster.csv"),
    ("worksheet --format md --students roster.csv --count 1", "worksheet --format md --students roster.csv"),
    ("worksheet --format md --out there", "worksheet --format md {}"),
    ("assignment new a1 --students no.csv", "assignment new a1 --students roster.csv"),
    ("assignment new a2 --students roster.csv --concepts x", "assignment new a2 --students roster.csv --concepts {}"),
    ("assignment mark made nowhere", "assignment mark made full"),
    ("assignment mark nowhere full", "{}"),
    ("lms gift --concepts chain --count 0", "lms gift --concepts chain {}"),
    ("lms gift --concepts nothing", "lms gift --count 1 --concepts {}"),
    ("lms gift --concepts chain --count 1 --out nowhere/q.gift", "lms gift --concepts chain --count 1 --out q.gift"),
    ("class nowhere", "class answers"),
    ("mark no.csv", "mark typed.csv"),
    ("mark roster.csv", "mark typed.csv"),
    ("key nothing", "key {}"),
    ("key fan-out/9/7", "key {}"),
    ("migrate no.py", "migrate s.py"),
]  # fmt: skip


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with files of each kind."""
    folder = tmp_path_factory.mktemp("files")
    files = {
        "one.csv": "a,b,c\n1,2,x\n3,4,x\n", "two.csv": "a,b,c\n1,2,x\n3,4,y\n", "roster.csv": "name\nAda\nBob\n",
        "empty.csv": "", "column.csv": "a\n1\n2\n", "bad.json": "{}", "s.py": "x = 1\n",
        "typed.csv": "code,student,a\nfan-out/1/7,Ada,1\n",
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def run(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run a command line; return its exit code and all that it wrote."""
    try:
        code = main(shlex.split(line))
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def advised(message: str, template: str) -> list[str]:
    """Return the command lines that a message advises."""
    if meant := re.search(r"Did you mean '(\S+)'\? Write", message):
        return [template.replace("{}", meant[1])]
    text = re.split(
        r"Write |Give it one, as in |, as in (?=\S*/)|or the name of a data set, such as |Make one: ", message
    )[-1]
    text = re.sub(r"^.* (?:as|ends) in (?!a format)(.*)", r"\1", text.strip()).rstrip(".")
    if choices := re.match(r"(?:one|some) of: (.*)", text):
        return [template.replace("{}", choice.strip("'")) for choice in choices[1].split(", ")[:1]]
    text = re.split(r" first: | to keep it| once$|, up to|, or |, with |, such as | and leave| to (?=\d)", text)[0]
    for words in (f"{called()} ", "micrograd-like ", "a number from ", "one as "):
        text = text.removeprefix(words)
    return [template.replace("{}", text)]


@pytest.fixture
def inside(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """Work in a folder with files of each kind, a model and an assignment."""
    for path in prepared.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    for name in ("there/sheets.md", "full/Ada.txt", "answers/typed.csv"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text((prepared / "typed.csv").read_text())
    return tmp_path


def prepare(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Make what a line needs besides the files."""
    if "model.json" in line:
        assert main(["train", "iris", "--epochs", "1", "--out", "."]) == 0
    if "made" in line:
        assert main(["assignment", "new", "made", "--students", "roster.csv"]) == 0
    capsys.readouterr()


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(("wrong", "right"), CASES, ids=[wrong for wrong, _ in CASES])
def test_advice_is_a_command_line_that_succeeds(wrong: str, right: str, capsys: pytest.CaptureFixture[str]) -> None:
    prepare(wrong + right, capsys)
    code, message = run(wrong, capsys)
    assert code, f"{wrong} succeeds: {message}"
    assert not re.search(r"\b(ieee|None|import)\b|[a-z]=\[", message), f"Python is advised: {message}"
    for line in advised(message, right) if "{}" in right else [right]:
        code, told = run(line.replace("FILE.csv", "roster.csv"), capsys)
        assert code == 0, f"{message}\nso it is typed: {line}\n{told}"


def commands(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> list[str]:
    """Return each command, and each one of its kinds."""
    inner = [x.choices for x in parser._actions if isinstance(x, argparse._SubParsersAction)]
    return [y for names in inner for name, x in names.items() for y in commands(x, (*words, name))] or [" ".join(words)]


@pytest.mark.parametrize("command", commands(make_parser()))
def test_a_wrong_option_is_named_and_what_is_missing_too(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert any(wrong.startswith(f"{command} ") for wrong, _ in CASES), f"{command} has no case above"
    code, message = run(f"{command} --nonsense", capsys)
    assert code == 2 and ("--nonsense" in message or "required" in message)


@pytest.mark.usefixtures("inside")
def test_every_error_of_a_command_has_a_case(capsys: pytest.CaptureFixture[str]) -> None:
    prepare("made model.json", capsys)
    seen = "".join([run(wrong, capsys)[1] for wrong, _ in CASES])
    for name in SEARCHED:
        for node in ast.walk(ast.parse((ROOT / name).read_text("utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                texts = [
                    x.value for x in ast.walk(node.exc) if isinstance(x, ast.Constant) and isinstance(x.value, str)
                ]
                longest = max(texts, key=len)
                assert longest in seen or "JupyterLab is not" in longest, f"{name}:{node.lineno} has no case: {longest}"
