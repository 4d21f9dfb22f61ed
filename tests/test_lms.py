"""Questions for an LMS: valid, and each number in them earns and is told what the checker says."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import zipfile
from html import unescape
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from schemas import schema

from micrograd_like.__main__ import main
from micrograd_like.classroom import cartridge, moodle, qti
from micrograd_like.classroom.calculated import calculated
from micrograd_like.classroom.items import Cloze, items
from micrograd_like.exercises.credit import credit
from micrograd_like.exercises.generator import generate


@pytest.fixture(scope="module")
def made() -> list[Cloze]:
    return items([generate("fan-out", 1, 3), generate("sgd", 1, 3)])


def test_every_number_is_told_and_earns_what_the_checker_says(made: list[Cloze]) -> None:
    for x in made:
        for part in x.parts:
            assert part.replies[0].share == 1 and part.replies[0].text == x.exercise.answers[part.key]
            assert len(part.replies) >= 4, "few mistakes have a diagnosis"
            for reply in part.replies[1:]:
                x.exercise._tries.clear()
                found = credit(x.exercise, {part.key: reply.text})
                [points] = [y for y in found.points if y.key == part.key]
                assert points.earned == pytest.approx(reply.share * points.of)
                assert any(str(message) == reply.said for message in found.marking.messages)
    [a] = [part for part in made[0].parts if part.key == "a"]
    assert {reply.mistake: reply.share for reply in a.replies}["overwrite"] == 0.5


def test_no_tolerance_covers_two_replies(made: list[Cloze]) -> None:
    for x in made:
        for part in x.parts:
            spans = sorted((reply.number - reply.tolerance, reply.number + reply.tolerance) for reply in part.replies)
            assert all(one[1] < two[0] for one, two in zip(spans, spans[1:])), part.key  # noqa: RUF007


def blanks(text: str) -> list[list[tuple[float, str, str, str]]]:
    """Read the blanks of a cloze text as Moodle does: (share, number, tolerance, feedback)."""
    found = []
    for body in re.findall(r"(?<!\\)\{\d+:NUMERICAL:((?:\\.|[^}\\])*)\}", text):
        rows = re.split(r"(?<!\\)~", body)
        fields = [re.fullmatch(r"%([\d.]+)%([^:#]*):?([^#]*)#(.*)", row, re.DOTALL) for row in rows]
        found.append([(float(m[1]), m[2], m[3], unescape(re.sub(r"\\(.)", r"\1", m[4]))) for m in fields if m])
        assert all(fields), body
    return found


def test_moodle_reads_what_was_meant(made: list[Cloze]) -> None:
    top = ET.fromstring(moodle.xml(made, calculated("fan-out")))
    kinds = [question.get("type") for question in top]
    assert kinds == ["category", "cloze", "cloze", "calculated", "calculated", "calculated"]
    for x, question in zip(made, top.findall("question[@type='cloze']")):
        read = blanks(question.findtext("questiontext/text") or "")
        assert len(read) == len(x.parts)
        for part, rows in zip(x.parts, read):
            assert [(row[1], row[3]) for row in rows[:-1]] == [(reply.text, reply.said) for reply in part.replies]
            assert rows[0][0] == 100 and rows[-1][1] == "*" and all(row[0] in moodle.SHARES for row in rows)
    for answer in top.iter("answer"):
        assert float(answer.get("fraction", "")) in moodle.SHARES


@pytest.mark.parametrize("concept", ["chain", "fan-out", "diamond", "powers", "division"])
def test_moodle_calculates_what_the_engine_does(concept: str) -> None:
    found = calculated(concept)
    assert found and not calculated("relu")
    ex = generate(concept)
    for x in found:
        key = x.title.rpartition(": ")[2]
        sets = [{name: numbers[i] for name, numbers in x.numbers.items()} for i in range(len(x.numbers[key]))]
        assert x.replies[0].at(sets[0]) == pytest.approx(ex.questions[key].right, rel=1e-9)
        assert len(sets) > 1 and x.replies[0].share == 1
        for wrong in x.replies[1:]:
            assert all(wrong.at(one) != pytest.approx(x.replies[0].at(one), rel=1e-3) for one in sets)
            assert wrong.said and "Your" not in wrong.said, "what is said holds for all numbers"
    assert "**" not in moodle.xml([], found).replace("# **", "") or concept == "powers"
    assert not any("**" in reply.formula for x in found for reply in x.replies)


def test_gift_is_read_by_a_parser(made: list[Cloze], tmp_path: Path) -> None:
    text = moodle.gift(made)
    assert text.count("::") == 2 * sum(len(x.parts) for x in made)
    place = os.environ.get("GIFT_PEGJS", "")  # a folder in which `npm install gift-pegjs` was run
    if not (place and shutil.which("node")):
        pytest.skip("GIFT_PEGJS does not name a folder with gift-pegjs")
    (tmp_path / "questions.gift").write_text(text, encoding="utf-8")
    script = 'import {parse} from "gift-pegjs"; import fs from "fs"; console.log(JSON.stringify(parse(fs.readFileSync('
    script += f"{json.dumps(str(tmp_path / 'questions.gift'))}, 'utf8'))))"
    done = subprocess.run(["node", "--input-type=module", "-e", script], cwd=place, capture_output=True, text=True)
    found = [x for x in json.loads(done.stdout) if x["type"] == "Numerical"]
    parts = [part for x in made for part in x.parts]
    assert len(found) == len(parts)
    for part, question in zip(parts, found):
        rows = [x for x in question["choices"] if x["text"].get("number") is not None]
        assert [x["text"]["number"] for x in rows] == [float(reply.text) for reply in part.replies]
        assert [unescape(x["feedback"]["text"]) for x in rows] == [reply.said for reply in part.replies]


@pytest.mark.parametrize("version", ["2.1", "3.0"])
def test_qti_is_valid(version: str, made: list[Cloze]) -> None:
    known = schema(version)
    from lxml import etree

    for i, x in enumerate(made, 1):
        assert known.validate(etree.fromstring(qti.question(x, i, version).encode())), known.error_log


@pytest.mark.parametrize("version", ["2.1", "3.0"])
def test_qti_scores_as_the_checker_does(version: str, made: list[Cloze]) -> None:
    with zipfile.ZipFile(io.BytesIO(qti.package(made, version))) as archive:
        names = archive.namelist()
        top = ET.fromstring(archive.read(names[0]))
        manifest = archive.read("imsmanifest.xml").decode()
    assert all(f'href="{name}"' in manifest for name in names if name.startswith("items/"))
    for element in top.iter():
        element.tag = element.tag.rpartition("}")[2].removeprefix("qti-").replace("-", "").lower()
    conditions = top.findall("responseprocessing/responsecondition")
    for part, condition in zip(made[0].parts, conditions):
        branches = [x for x in condition if x.tag != "responseelse"]
        assert len(branches) == len(part.replies)
        for reply, branch in zip(part.replies, branches):
            score = branch.find("setoutcomevalue/sum/basevalue")
            assert float(branch.findtext("equal/basevalue") or "nan") == float(reply.text)
            assert float(score.text or 0) if score is not None else pytest.approx(reply.share * part.points) == 0


def test_a_cartridge_has_the_pages_and_the_quiz_that_its_manifest_names(made: list[Cloze]) -> None:
    with zipfile.ZipFile(io.BytesIO(cartridge.chapter(made))) as archive:
        manifest = ET.fromstring(archive.read("imsmanifest.xml"))
        named = {x.get("href") for x in manifest.iter() if x.tag.endswith("}file")}
        assert named == {*archive.namelist()} - {"imsmanifest.xml"}
        quiz = ET.fromstring(archive.read("quiz/quiz.xml"))
        page = archive.read("pages/1.html").decode()
    assert "<script" in page and made[0].title in page
    asked = [x for x in quiz.iter() if x.tag.endswith("}item")]
    assert len(asked) == sum(len(x.parts) for x in made)
    for x in asked:
        links = {y.get("linkrefid") for y in x.iter() if y.tag.endswith("}displayfeedback")}
        assert links == {y.get("ident") for y in x.iter() if y.tag.endswith("}itemfeedback")}


@pytest.mark.parametrize(("kind", "ending"), [("moodle", "xml"), ("gift", "gift"), ("qti2", "zip"), ("qti3", "zip"),
                                              ("cartridge", "imscc")])  # fmt: skip
def test_the_command(kind: str, ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"questions.{ending}"
    assert main(["lms", kind, "--concepts", "chain", "--count", "1", "--out", str(path)]) == 0
    assert "1 exercise" in capsys.readouterr().out and path.stat().st_size > 1000
    assert main(["lms", kind, "--concepts", "zebra", "--out", str(path)]) == 1
    assert "no concept 'zebra'" in capsys.readouterr().err
