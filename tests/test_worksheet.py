"""Worksheets hide what is asked, keys tell it; the commands make them."""

import argparse
import re
import shutil
from html import unescape
from pathlib import Path

import pytest

from micrograd_like import Value
from micrograd_like.__main__ import main
from micrograd_like.exercises.codes import exercise_of
from micrograd_like.exercises.concepts import CONCEPTS
from micrograd_like.exercises.credit import credit
from micrograd_like.exercises.exercise import Exercise
from micrograd_like.exercises.generator import generate
from micrograd_like.views.blanks import sketch
from micrograd_like.views.worksheets import add_commands, qr, worksheet


def run(*words: str) -> None:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    options = parser.parse_args(words)
    options.run(options)


@pytest.mark.parametrize("concept", CONCEPTS)
def test_the_drawing_does_not_tell_what_is_asked(concept: str) -> None:
    ex = generate(concept, 2, 4)
    blank, full = sketch(ex).svg, sketch(ex, answers=True).svg
    assert blank.count("_______") == sum(not x.node.constant and x.kind != "order" for x in ex.questions.values())
    assert "_______" not in full
    data = {f"{node.data:.4g}" for node in ex.task.graph.nodes} | {f"{node.data:.6g}" for node in ex.task.graph.nodes}
    for key, number in ex.answers.items():
        if number not in data | {"0", "1", "-1"} and not ex.questions[key].node.constant:
            assert f">{number}<" not in blank, key
            assert f">{number}<" in full, key


def test_values_that_are_asked_hide_what_follows_from_them() -> None:
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    ex = Exercise(a * b * b, ask="values", names={})
    blank, full = sketch(ex).svg, sketch(ex, answers=True).svg
    assert ">18<" not in blank and ">-6<" not in blank and ">18<" in full and ">-6<" in full


@pytest.mark.parametrize("ending", ["html", "md"])
def test_a_worksheet_and_its_key(ending: str, tmp_path: Path) -> None:
    exercises = [generate("fan-out", seed=7), generate("momentum", seed=7)]
    sheet, key = worksheet(exercises, tmp_path / f"sheet.{ending}", students=["Ada Lovelace"])
    blank, full = sheet.read_text("utf-8"), key.read_text("utf-8")
    assert "Name: Ada Lovelace" in blank and "Name: ____" in blank
    for ex in exercises:
        assert all(ex.reason(question).split(" (")[0] in full for question in ex.questions)
        assert all(str(step) in unescape(full) and str(step) not in blank for step in ex.walk.backward)
    if ending == "html":
        assert "Space to calculate" in blank and "size: A4" in blank and blank.count("<section") == 2


def test_what_is_typed_into_a_roster_is_not_markup(tmp_path: Path) -> None:
    sheet, _ = worksheet([generate("chain")], tmp_path / "sheet.html", students=["<script>alert(1)</script>"])
    assert "<script>" not in sheet.read_text("utf-8")


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Write one of: A4, Letter"):
        worksheet([generate("chain")], tmp_path / "sheet.html", paper="A0")
    with pytest.raises(ValueError, match="Write 'sheet"):
        worksheet([generate("chain")], tmp_path / "sheet.docx")
    with pytest.raises(ValueError, match="no exercise to print"):
        worksheet([], tmp_path / "sheet.html")


@pytest.mark.parametrize(("paper", "size"), [("A4", (595, 842)), ("Letter", (612, 792))])
def test_a_pdf_has_a_page_for_each_exercise(paper: str, size: tuple[int, int], tmp_path: Path) -> None:
    if not shutil.which("chromium"):
        pytest.skip("chromium is not installed")
    sheet, _ = worksheet([generate("chain"), generate("fan-out")], tmp_path / "sheet.pdf", paper=paper)
    content = sheet.read_bytes()
    boxes = [tuple(map(float, x.split())) for x in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", content)]
    assert len(boxes) == 2 and all({round(w), round(h)} == {*size} for _, _, w, h in boxes)


def test_the_worksheet_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("id,name\n1,Ada\n2,Blaise\n", encoding="utf-8")
    out = tmp_path / "out"
    run("worksheet", "--concepts", "chain,fan-out", "--count", "3", "--students", str(roster), "--out", str(out))
    assert "3 sheets, 6 exercises" in capsys.readouterr().out
    text = (out / "sheets.html").read_text("utf-8")
    assert text.count("<section") == 6 and text.count("Name: Ada") == 2 and text.count("Name: ____") == 2
    assert len(set(re.findall(r'alt="([^"]*)"', text)) - {"QR code"}) == 6
    assert [(out / name).read_text("utf-8").count("sheet 3") for name in ("sheets.html", "sheets-key.html")] == [4, 4]
    # once in the title of each exercise, and once in its code
    with pytest.raises(ValueError, match="less than the 2 students"):
        run("worksheet", "--count", "1", "--students", str(roster), "--out", str(out))


def test_sheets_that_repeat_answers_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [
        "worksheet",
        "--concepts",
        "fan-out",
        "--count",
        "60",
        "--format",
        "md",
        "--out",
        str(tmp_path / "sheets"),
    ]
    assert main(command) == 0 and "repeat the answers" not in capsys.readouterr().out
    monkeypatch.setattr("micrograd_like.exercises.generator.AGAIN", 1)  # and so nobody's numbers are drawn again
    assert main([*command, "--force"]) == 0 and "sheets repeat the answers of another" in capsys.readouterr().out


def test_sheets_are_not_written_over_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    run("worksheet", "--out", str(out))
    assert "1 sheet, 2 exercises" in capsys.readouterr().out
    before = (out / "sheets.html").read_bytes()
    with pytest.raises(ValueError, match="there already") as error:
        run("worksheet", "--seed", "5", "--out", str(out))
    assert (out / "sheets.html").read_bytes() == before
    [other] = re.findall(r"--out (\S+)", str(error.value))
    run("worksheet", "--seed", "5", "--out", other)
    run("worksheet", "--seed", "5", "--out", str(out), "--force")
    assert (out / "sheets.html").read_bytes() == Path(other, "sheets.html").read_bytes() != before


@pytest.mark.parametrize(("arguments", "message"), [(["--count", "0"], "--count 1"), (["--count", "-1"], "--count 1")])
def test_no_sheet_is_no_worksheet(arguments: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        run("worksheet", *arguments, "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_class_list_needs_a_student(tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("id,name\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no student below"):
        run("worksheet", "--students", str(roster), "--out", str(tmp_path / "out"))


@pytest.mark.parametrize(
    ("text", "told"),
    [(None, "There is no file"), ("class,name\n7a,Ada\n7b\n", "the line '7b' has no cell below name. Fill it in.")],
)
def test_a_roster_that_cannot_be_read_says_what_to_write(
    text: str | None, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roster = tmp_path / "class.csv"
    if text:
        roster.write_text(text, encoding="utf-8")
    assert main(["worksheet", "--students", str(roster), "--out", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert told in error and "data set" not in error


def test_each_sheet_carries_its_code_by_which_it_is_made_again(tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("name\nAda Lovelace\nBlaise\n", encoding="utf-8")
    run("worksheet", "--students", str(roster), "--out", str(tmp_path / "out"))
    text = unescape((tmp_path / "out" / "sheets.html").read_text("utf-8"))
    codes = re.findall(r'<span class="code">([^<]*)<', text)
    assert len(set(codes)) == 4 and codes[1].startswith("fan-out/1/0v/Ada")
    programs = [x for x in re.findall(r'alt="([^"]*)"', text) if x != "QR code"]
    assert [exercise_of(code).program() for code in codes] == programs


def test_a_sheet_has_points_a_date_and_a_blank_for_each_answer(tmp_path: Path) -> None:
    ex = generate("sgd", seed=7)
    sheet, _ = worksheet([ex], tmp_path / "sheet.html")
    text = sheet.read_text("utf-8")
    assert text.count("<i></i>") == len(ex.questions) and "Date: ____" in text
    assert f"____ of {credit(ex, {}).of} points" in text and "One step of gradient descent" in text


def test_the_qr_code_is_an_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("micrograd_like.views.worksheets.segno", lambda: None)
    run("worksheet", "--out", str(tmp_path / "out"))
    assert "pip install 'micrograd-like[paper]'" in capsys.readouterr().out
    text = (tmp_path / "out" / "sheets.html").read_text("utf-8")
    assert "QR code" not in text and "chain/1/0" in text
    monkeypatch.undo()
    segno = pytest.importorskip("segno")
    assert segno.make("chain/1/0", error="m", micro=False).svg_data_uri(scale=4, border=2)[:60] in unescape(
        qr("chain/1/0")
    )
