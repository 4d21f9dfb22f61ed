"""Assignments: what is in the folder, and that each submission is marked or refused and harms no other."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import classroom as played
from micrograd_like.__main__ import main
from micrograd_like.classroom import assignment, grading, notebooks, submissions
from micrograd_like.exercises.exam import key

STUDENTS = ["Ada Lovelace", "Blaise", "17"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[assignment.Assignment, Path]:
    folder = tmp_path_factory.mktemp("class") / "ps1"
    return assignment.new(folder, STUDENTS, ["chain"], code=True, secret="violin-river-1879"), folder


def test_what_is_given_out_holds_no_answer_and_no_secret(made: tuple[assignment.Assignment, Path]) -> None:
    ps, folder = made
    for path in [*(folder / "release").iterdir(), *(folder / "otter").iterdir(), *(folder / "nbgrader").rglob("*.*")]:
        text = path.read_text("utf-8")
        if path == folder / "otter" / "assignment.json":
            continue
        assert ps.secret not in text
        for paper in ps.papers:
            answers = key(paper, ps.secret)[0].answers
            assert json.dumps(answers) not in text and repr(answers) not in text, path
    assert (folder / "sealed" / "assignment.json").stat().st_mode & 0o077 == 0 or os.name == "nt"
    assert ps.points == assignment.Assignment.load(folder).points == 17
    assert ps.equal() and len({x.exercises[0]["program"] for x in ps.papers}) == 3


def test_the_solution_earns_everything_and_the_empty_notebook_nothing(
    made: tuple[assignment.Assignment, Path], tmp_path: Path
) -> None:
    ps, folder = made
    solution = grading.mark_file(ps, folder / "solutions" / "ps1-solution.ipynb", folder)
    assert (solution.points, solution.refused) == (17, "") and solution.student == "Ada Lovelace"
    empty = tmp_path / "Blaise.ipynb"
    empty.write_text((folder / "release" / "ps1.ipynb").read_text("utf-8"), encoding="utf-8")
    assert grading.mark_file(ps, empty, tmp_path).points == 0


def handed_in(ps: assignment.Assignment, student: str, folder: Path, name: str, **changes: str) -> Path:
    paper = ps.paper_of(student)
    assert paper is not None
    answers = dict(key(paper, ps.secret)[0].answers) | changes
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    made = notebooks.solved("ps1", [answers], student, False)
    path.write_text(notebooks.written(made), encoding="utf-8")
    return path


def test_whose_it_is(made: tuple[assignment.Assignment, Path], tmp_path: Path) -> None:
    ps, folder = made
    handed_in(ps, "Ada Lovelace", tmp_path, "Ada Lovelace_123_assign/ps1.ipynb")
    handed_in(ps, "Blaise", tmp_path, "17_ps1.ipynb")  # another's name inside
    handed_in(ps, "Ada Lovelace", tmp_path, "x.ipynb")  # a second one, not under her name
    (tmp_path / "notes.txt").write_text("hello", encoding="utf-8")
    results = {x.path: x for x in grading.mark_all(folder, tmp_path, processes=1)}
    good = results.pop(os.path.join("Ada Lovelace_123_assign", "ps1.ipynb"))
    assert not good.refused and good.points == 7
    told = {path: x.refused for path, x in results.items()}
    assert "that of 17, and in it stands Blaise" in told["17_ps1.ipynb"]
    assert "2 submissions of Ada Lovelace" in told["x.ipynb"] and results["x.ipynb"].points == 0
    assert "not a notebook" in told["notes.txt"]


def test_a_paper_as_json_and_answers_by_name(made: tuple[assignment.Assignment, Path], tmp_path: Path) -> None:
    ps, _ = made
    paper = ps.paper_of("17")
    assert paper is not None
    paper.answer(1, key(paper, ps.secret)[0].answers)
    path = tmp_path / "17.json"
    path.write_text(paper.to_json(), encoding="utf-8")
    paper.answers = [{}]
    assert grading.mark_file(ps, path, tmp_path).points == 7
    text = path.read_text("utf-8").replace('"difficulty": 1', '"difficulty": 2')
    path.write_text(text, encoding="utf-8")
    assert "not the one that was given out" in grading.mark_file(ps, path, tmp_path).refused
    source = 'student = "17"\nmine.answer(1, L=1, v1=-3/2, a="2*3 + 1")\nprint(mine.answer(1, {"b": 0.25}))'
    cells = [{"cell_type": "code", "source": [line + "\n"]} for line in source.splitlines()]
    found = submissions.of_notebook({"cells": [*cells, {"cell_type": "code", "source": "mine.answer(1, **x) %"}]})
    assert found.answers == {1: {"L": "1", "v1": "-3 / 2", "a": "2*3 + 1", "b": "0.25"}} and found.student == "17"


def test_a_class_may_rely_on_imports_of_another_cell_and_is_told_what_it_raised(
    made: tuple[assignment.Assignment, Path], tmp_path: Path
) -> None:
    ps, _ = made
    value = notebooks.VALUE.replace("        self.data = data\n", "        self.data = math.fsum([data])\n")
    for student, first in (("17", "import math\nfrom micrograd_like import Value as V"), ("Blaise", "import numpy")):
        cells = [{"cell_type": "code", "source": text} for text in (f"student = {student!r}", first, value)]
        if student == "Blaise":
            cells[-1]["source"] = f"import zebra\n{value}"
        (tmp_path / f"{student}.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert grading.mark_file(ps, tmp_path / "17.ipynb", tmp_path).points == 10
    result = grading.mark_file(ps, tmp_path / "Blaise.ipynb", tmp_path)
    assert result.points == 0 and "No module named 'zebra'" in grading.feedback(result)


def test_two_names_that_are_alike_as_files_keep_their_feedback(tmp_path: Path) -> None:
    grading.write_marks([grading.Result("a", name, 1.0, 2) for name in ("A/B", "A-B", "a-b")], tmp_path)
    assert len([*(tmp_path / "feedback").iterdir()]) == len([*(tmp_path / "answers").iterdir()]) == 3


def test_a_small_class_with_hostile_submissions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(played, "EVERY", 2)
    folder = tmp_path / "ps"
    ps = assignment.new(folder, [f"student {i}" for i in range(12)], code=True)
    kinds = played.hand_in(tmp_path / "in", ps, seed=3)
    results = grading.mark_all(folder, tmp_path / "in", seconds=2, processes=2)
    assert played.wrong(results, kinds) == [] and len(results) == 12
    grading.write_marks(results, folder / "marks")
    rows = (folder / "marks" / "marks.csv").read_text("utf-8").splitlines()
    assert len(rows) == 13 and len([*(folder / "marks" / "feedback").iterdir()]) == 12


@pytest.mark.parametrize("kind", played.BROKEN)
def test_what_cannot_be_read_is_refused_by_name(
    kind: str, made: tuple[assignment.Assignment, Path], tmp_path: Path
) -> None:
    path = tmp_path / "Blaise_1_ps.ipynb"
    path.write_text(played.BROKEN[kind], encoding="utf-8")
    result = grading.mark_file(made[0], path, tmp_path)
    assert result.refused and result.student == "Blaise" and result.points == 0


@pytest.mark.parametrize("kind", played.ANSWERS)
def test_no_one_line_cheat_earns_a_point(kind: str, made: tuple[assignment.Assignment, Path], tmp_path: Path) -> None:
    text = notebooks.written(notebooks.solved("ps1", [{}], "Blaise", False))
    path = tmp_path / "Blaise.ipynb"
    line = json.dumps(f"mine.answer(1, {played.ANSWERS[kind]})")[1:-1]
    path.write_text(text.replace("mine.answer(1, {})", line), encoding="utf-8")
    assert line in path.read_text("utf-8")
    assert grading.mark_file(made[0], path, tmp_path).points == 0


def test_a_process_that_ends_costs_only_its_own_submission(
    made: tuple[assignment.Assignment, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ps, folder = made
    for student in STUDENTS:
        handed_in(ps, student, tmp_path, f"{student}.ipynb")
    in_pool = grading._in_pool

    def broken(folder: str, found: list[Path], *rest: object) -> list[grading.Result | None]:
        return (
            [None]
            if found[0].stem == "Blaise" and len(found) == 1
            else (
                in_pool(folder, found, *rest) if len(found) == 1 else [None] * len(found)  # type: ignore[arg-type]
            )
        )

    monkeypatch.setattr(grading, "_in_pool", broken)
    results = {x.student: x for x in grading.mark_all(folder, tmp_path, processes=1)}
    assert "ended the process" in results["Blaise"].refused
    assert [results[x].points for x in ("17", "Ada Lovelace")] == [7, 7]


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("name\nAda\nBlaise\n", encoding="utf-8")
    folder = tmp_path / "ps"
    assert main(["assignment", "new", str(folder), "--students", str(roster), "--concepts", "chain"]) == 0
    assert "2 of 2 exercises differ; all ask for as much work: yes" in capsys.readouterr().out
    assert main(["assignment", "new", str(folder), "--students", str(roster)]) == 1
    assert "nothing was written" in capsys.readouterr().err
    assert main(["assignment", "mark", str(folder), str(folder / "solutions")]) == 0
    assert "1 marked" in capsys.readouterr().out
    results = tmp_path / "results.json"
    words = ["assignment", "mark", str(folder), str(folder / "solutions"), "--gradescope", str(results)]
    assert main(words) == 0 and json.loads(results.read_text("utf-8"))["score"] == 7
    assert main(["assignment", "mark", str(tmp_path), str(folder)]) == 1
    assert "assignment new" in capsys.readouterr().err
