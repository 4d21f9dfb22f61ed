"""The course: every chapter is whole, runs, asserts what it claims, and stops who believes what it cures."""

import ast
import json
import re
from pathlib import Path
from random import Random

import pytest
from notebook_runner import code_cells, mutants, run, survives

from micrograd_like.course import CHAPTERS, Asked, Chapter, WrongAnswer, chapter, fading, predict
from micrograd_like.course.chapters import NEED
from micrograd_like.course.drawn import draw, wrong
from micrograd_like.course.misconceptions import OWN, idea
from micrograd_like.exercises import Exercise
from micrograd_like.mistakes.mistake import MISTAKES

FOLDER = Path(__file__).parent.parent / "notebooks" / "course"
WRITTEN = [x for x in CHAPTERS if (FOLDER / f"{x.file}.ipynb").exists()]
SAMPLED = 1  # constants changed in each chapter
SLOW = ("here.exercises()", "here.self_check()", "print(here)")
each = pytest.mark.parametrize("here", WRITTEN, ids=lambda x: x.file)
checked = pytest.mark.parametrize("here", CHAPTERS[1:], ids=lambda x: x.file)


def cells(here: Chapter) -> list[dict]:  # type: ignore[type-arg]
    found: list[dict] = json.loads((FOLDER / f"{here.file}.ipynb").read_text(encoding="utf-8"))["cells"]  # type: ignore[type-arg]
    return found


@each
def test_a_chapter_runs_and_a_changed_constant_is_noticed(here: Chapter) -> None:
    found = code_cells(FOLDER / f"{here.file}.ipynb")
    if any("compile" in cell.source for cell in found):
        pytest.importorskip("numpy")
    if any("data.digits" in cell.source for cell in found):
        pytest.importorskip("sklearn")
    run([cell.source for cell in found], here.file)
    quick = [cell for cell in found if cell.source.strip() not in SLOW]
    every = [*mutants(quick)]
    missed = [m for m in Random(here.file).sample(every, min(SAMPLED, len(every))) if survives(quick, m)]
    assert not missed, [(m.before, m.source.splitlines()[m.line - 1]) for m in missed]


@each
def test_a_chapter_is_whole(here: Chapter) -> None:
    found = cells(here)
    text = "\n".join("".join(x["source"]) for x in found if x["cell_type"] == "markdown")
    code = "\n".join("".join(x["source"]) for x in found if x["cell_type"] == "code")
    tags = [tag for x in found for tag in x["metadata"].get("tags", ())]
    head = "".join(found[0]["source"])
    assert head.startswith(f"# {here.number}. ") and re.search(r"\*\*\d+ minutes", head)
    assert "You need" in head and "Afterwards you can" in head and "**Next:**" in text
    assert "For the teacher" in text and "predict" in (text + code).lower() and "check" in tags
    assert tags.count("picture") == 1 and "live" in tags, "one picture that carries it, and something live"
    assert f"chapter({here.number})" in code and "here.exercises()" in code
    if here.number:
        assert "fading(" in code and "here.self_check()" in code and "print(here)" in code
    for x in found:
        assert not x.get("outputs") and not x.get("execution_count")


@checked
def test_six_exercises_of_which_two_return(here: Chapter) -> None:
    before = {spec for x in CHAPTERS[: here.number] for spec in (*x.exercise, *x.check)}
    assert len(here.exercise) == 4 and len(here.returns) == 2 and here.cures
    assert {*here.returns} <= before, "they come from earlier chapters"
    six = here.exercises()
    assert len(six) == 6
    for item in six:
        right = item.answers if isinstance(item, Exercise) else item.right
        assert item.check(right), item
        if isinstance(item, Asked):
            for slip in item.slips:
                assert not item.check(slip.answer)
    assert str(here.exercises(1)) == str(six) and (here.number == 1 or str(here.exercises(2)) != str(six))


@checked
def test_no_learner_passes_who_believes_what_a_chapter_cures(here: Chapter) -> None:
    """Each seeded misconception, on many fresh sets of numbers: the self-check names it and lets it not pass."""
    for seed in range(1, 4):
        check = here.self_check(seed)
        assert len(check) == 5 and check.passed([item.right for item in check])
        for belief in here.cures:
            answers = [item.right if wrong(item, belief) is None else wrong(item, belief) for item in check]
            assert not check.passed(answers), (belief, seed)
            named = [item.check(x).mistakes for item, x in zip(check, answers) if wrong(item, belief) is not None]
            assert len(named) > 5 - NEED and any(belief in found for found in named), (belief, named)


def test_a_learner_who_makes_every_mistake_is_met_by_a_chapter_for_each() -> None:
    """Through the whole course: first with each belief, then cured of it, chapter by chapter."""
    beliefs = {name for here in CHAPTERS for name in here.cures}
    held, passed = set(beliefs), []
    for here in CHAPTERS[1:]:
        seeds = iter(range(1, 50))

        def answers(seed: int, here: Chapter = here) -> bool:
            check = here.self_check(seed)
            told = [next((x for name in here.cures if name in held and (x := wrong(i, name)) is not None), i.right)
                    for i in check]  # fmt: skip
            return check.passed(told)

        for belief in here.cures:
            if belief in held:
                assert not answers(next(seeds))
            held.discard(belief)  # the message said what is wrong with it
        assert answers(next(seeds))
        passed.append(here.number)
    assert not held and passed == [*range(1, 18)]


def test_the_eight_questions_each_know_what_one_may_believe() -> None:
    eight = chapter(0).exercises()
    assert len(eight) == 8
    for item in eight:
        assert isinstance(item, Asked) and item.check(item.right) and item.slips
        assert all(item.check(slip.answer).mistakes == [slip.mistake] for slip in item.slips)


def test_every_belief_has_a_name_and_a_sentence() -> None:
    assert not {*OWN} & {*MISTAKES}
    for here in CHAPTERS:
        for name in here.cures:
            assert idea(name).endswith(".")


def test_fresh_numbers_each_time() -> None:
    one, two = chapter(9).self_check(), chapter(9).self_check()
    assert str(one) != str(two) and len(one.more) == 2
    assert str(chapter(9).self_check(3)) == str(chapter(9).self_check(3))


def test_answers_may_be_typed_as_people_type_them() -> None:
    ask = Asked("half of -3?", -1.5, "Half.", (WrongAnswer("added", -1.0, "You added."),))
    for typed in (-1.5, "-1.5", "-3/2", "−1,5", " -1.5 "):
        assert ask.check(typed), typed
    assert ask.check("-1").mistakes == ["added"] and ask.check("x")["answer"].verdict == "not yet"
    both = Asked("?", "left", "So.", (WrongAnswer("uphill", "right", "No."),), ("left", "right"))
    assert both.check("left") and both.check(1) and not both.check("2") and both.check("up").messages[0].redo
    with pytest.raises(ValueError, match="not among the choices"):
        Asked("?", "left", "So.", (), ("right",))


def test_what_is_asked_of_a_course_wrongly_is_told() -> None:
    with pytest.raises(ValueError, match="There is no chapter 99"):
        chapter(99)
    with pytest.raises(ValueError, match="There is no question 7"):
        chapter(4).exercises().check(7, 1)
    with pytest.raises(TypeError, match="several answers"):
        chapter(4).exercises().check(1, 3)


def test_a_notebook_shows_questions_that_answer_and_fold_away_what_comes_after() -> None:
    shown = predict("2 · 3?", 6.0, "Two threes.", {5.0: "You added."}, then="the result")._repr_html_()
    assert "data-asked" in shown and '<details class="then">' in shown and "the result" in shown
    check = chapter(9).self_check(1)._repr_html_()
    assert check.count("data-asked") == 5 and "data-check" in check
    assert chapter(3).exercises()._repr_html_().count("<li><details") == 6

    def product(a, b):  # type: ignore[no-untyped-def]
        L = a * b
        return locals()

    example = fading(product, (2, 3), (4, 5), (6, 7), blanks=["a", "b"])
    assert {*example.blanks.questions} == {"a", "b"} and "a.grad = 3" in str(example)
    assert "1. Read it" in example._repr_html_() and example.numbers == ((2, 3), (4, 5), (6, 7))


def test_a_question_is_the_same_on_every_machine() -> None:
    assert draw("step", 1).right == draw("step", 1).right
    assert [round(item.right, 6) for item in chapter(11).self_check(1) if isinstance(item.right, float)][:2] == [
        round(item.right, 6) for item in chapter(11).self_check(1)
    ][:2]


def joined(strings: str) -> str:
    """The text of a message that a catalogue writes in several lines."""
    return "".join(map(ast.literal_eval, strings.strip().split("\n")))


def test_every_paragraph_of_the_first_five_chapters_is_translated() -> None:
    """Else a chapter that was changed would stand there in two languages."""
    po = (FOLDER.parent.parent / "docs" / "locale" / "de" / "LC_MESSAGES" / "course.po").read_text(encoding="utf-8")
    entries = re.findall(r'^msgid ((?:".*"\s)+)msgstr ((?:".*"\s)+)', po, flags=re.M)
    known = {joined(one): joined(other) for one, other in entries}
    for here in CHAPTERS[:5]:
        for cell in cells(here):
            for block in "".join(cell["source"]).split("\n\n") if cell["cell_type"] == "markdown" else ():
                parts = block.replace("\n", " | ").split("|") if block.startswith("|") else [block]
                for part in parts:
                    text = " ".join(part.split()).lstrip("#").strip()
                    if re.search("[a-z]{2}", text) and not text.startswith("---"):
                        assert known.get(text), text
