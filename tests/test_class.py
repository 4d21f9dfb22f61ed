"""The page of a class, typed tables and codes of sheets."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from micrograd_like.__main__ import main
from micrograd_like.classroom import class_page, records
from micrograd_like.classroom.analysis import Analysis
from micrograd_like.exercises.codes import exercise_of
from micrograd_like.exercises.generator import generate, outcomes, variant
from micrograd_like.exercises.progress import Attempt, Progress
from micrograd_like.ops.notation import short

HABITS = {"overwrite": 9, "mul_own": 6, "no_local": 4, "right": 11}
CONCEPTS = ("chain", "fan-out", "diamond")


def answered(folder: Path) -> None:
    """Write a progress file for each of 30 students, of whom each has a habit."""
    folder.mkdir(exist_ok=True)
    habits = [name for name, many in HABITS.items() for _ in range(many)]
    for i, habit in enumerate(habits):
        mine = Progress()
        for concept in CONCEPTS:
            ex = generate(concept, 1, i % 3, keep=mine)
            found = outcomes(ex.task, ex.asked)
            numbers = found.get(habit if (i + len(concept)) % 4 else "right", found["right"])
            ex.check({ex.task.gradient(x).key: short(number) for x, number in zip(ex.asked, numbers)})
        mine.to_json(folder / f"{i}.json", student=f"student {i} <b>")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class") / "answers"
    answered(folder)
    return folder


def test_the_page_says_what_the_class_does(room: Path) -> None:
    found, refused = records.collected(room)
    assert len(found) == 30 and refused == []
    made = Analysis(found)
    monday = made.monday()
    assert {"overwrite", "mul_own", "no_local"} <= {*made.heat} and len(monday) == 3
    assert made.heat["overwrite"]["fan-out"] >= 5 and made.heat["overwrite"].get("chain", 0) == 0
    for x in monday:
        assert x.idea and x.exercise.concept == x.concept and "comes out as" in x.shows
    right = {f"student {i} <b>" for i in range(19, 30)}
    assert not right & {x.student for x in made.help} and made.help
    for item in made.items:
        assert 0 <= item.difficulty <= 1 and (item.discrimination is None or -1 <= item.discrimination <= 1)
    assert any((item.discrimination or 0) > 0.2 for item in made.items)


def test_discrimination_is_the_correlation_with_the_rest() -> None:
    rows = [(1, 1, 1), (1, 1, 0), (1, 0, 1), (0, 0, 1), (0, 0, 0), (0, 1, 0)]
    found = []
    for i, row in enumerate(rows):
        attempts = [Attempt("chain", "one", key, "1", "right" if x else "wrong") for key, x in zip("abc", row)]
        found.append(records.StudentRecord(str(i), attempts))
    item = next(x for x in Analysis(found).items if x.key == "a")
    rest = [(b + c) / 2 for _, b, c in rows]
    xs = [float(a) for a, _, _ in rows]
    mean = lambda values: sum(values) / len(values)  # noqa: E731
    cov = mean([x * y for x, y in zip(xs, rest)]) - mean(xs) * mean(rest)
    spread = (mean([x * x for x in xs]) - mean(xs) ** 2) ** 0.5 * (mean([y * y for y in rest]) - mean(rest) ** 2) ** 0.5
    assert item.discrimination == pytest.approx(cov / spread) and item.difficulty == 0.5


class Tables(HTMLParser):
    """What a reader of the screen hears: captions, and headings with a scope."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.bare = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.bare += tag == "th" and "scope" not in dict(attrs)
        self.bare += tag == "img" and not dict(attrs).get("alt")


def test_the_page_needs_nothing_else_and_can_be_heard(room: Path, tmp_path: Path) -> None:
    (room / "broken.json").write_text("{", encoding="utf-8")
    found, refused = records.collected(room)
    text = class_page.page(Analysis(found), refused)
    (room / "broken.json").unlink()
    heard = Tables()
    heard.feed(text)
    assert heard.tags.count("table") == heard.tags.count("caption") == 3 and heard.bare == 0
    assert "<script" not in text and not re.search(r'(?:src|href)="(?!data:)', text)
    assert "&lt;b&gt;" in text and "<b>&" not in text
    assert "prefers-color-scheme: dark" in text and "@media print" in text and "broken.json" in text


def test_a_typed_table_is_marked_with_diagnoses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "typed.csv"
    path.write_text("Code;Name;L;v1;v2;a;b;c\nfan-out/1/7;Ada;1;1;1;-8;3;3\nfan-out/1/7;=Eve;1;1;1;-15;3;3\n", "utf-8")
    assert main(["mark", str(path)]) == 0
    assert "Ada: 6 of 7 points" in capsys.readouterr().out
    rows = list(csv.DictReader((tmp_path / "typed-marked.csv").open(encoding="utf-8")))
    assert "contribution through" in rows[0]["diagnoses"] and rows[1]["points"] == "7"
    assert rows[1]["student"] == "'=Eve", "a spreadsheet would take it for a formula"
    path.write_text("code,L\nfan-out/1,1\n", "utf-8")
    assert main(["mark", str(path)]) == 1
    assert "line 2" in capsys.readouterr().err
    assert main(["mark", str(tmp_path / "none.csv")]) == 1
    assert "There is no file" in (error := capsys.readouterr().err) and "data set" not in error


def test_an_export_of_moodle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ex = generate("chain", 1, 0)
    right = [*ex.answers.values()]
    parts = "; ".join(f"part {i}: {x}" for i, x in enumerate(right, 1))
    wrong = parts.replace(f"part {len(right)}: {right[-1]}", f"part {len(right)}: {float(right[-1]) * -1:g}")
    path = tmp_path / "responses.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(["Last name", "First name", "Email address", "Response 1"])
        table.writerows([["Lovelace", "Ada", "a@b", parts], ["Pascal", "Blaise", "b@b", wrong]])
    out = tmp_path / "class.html"
    words = ["class", str(path), "--concepts", "chain", "--count", "1", "--out", str(out)]
    assert main(words) == 0 and "2 students" in capsys.readouterr().out
    text = out.read_text("utf-8")
    assert "negated" in text
    assert main(["class", str(path), "--out", str(out)]) == 1
    assert "Give --concepts" in capsys.readouterr().out


@pytest.mark.parametrize(
    "code", ["fan-out/1/7", "fan-out/1/7/Ada / Bea", "chain/2/-3v/student 7, again", "neuron/1/0v"]
)
def test_a_code_makes_its_exercise_again(code: str) -> None:
    ex = exercise_of(code)
    assert ex.code == code and exercise_of(ex.code).program() == ex.program()
    assert variant("chain", 1, "Ada").code == "chain/1/0v/Ada"


@pytest.mark.parametrize("code", ["", "fan-out", "fan-out/1", "zebra/1/7", "fan-out/9/7", "fan-out/1/x"])
def test_what_is_no_code_is_refused(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", code]) == 1
    assert "is not a code" in capsys.readouterr().err


def test_the_key_of_a_sheet(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", "fan-out/1/7"]) == 0
    out = capsys.readouterr().out
    assert "fan-out, number 7" in out and "a.grad = -15" in out


def test_a_folder_without_answers_says_what_to_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["class", str(tmp_path)]) == 1
    assert "assignment mark" in capsys.readouterr().err
    bad = {"concept": "chain", "exercise": "1", "key": "a", "typed": 1, "verdict": "wrong", "mistakes": [["x"]]}
    (tmp_path / "y.json").write_text(json.dumps({"attempts": [bad]}), encoding="utf-8")
    (tmp_path / "x.json").write_text(json.dumps([1]), encoding="utf-8")
    assert main(["class", str(tmp_path)]) == 1
    assert "x.json is not readable" in capsys.readouterr().out
