"""Papers of an exam, variants that are alike in work and in nothing else, and what is practised next."""

import json

import pytest

from micrograd_like.exercises.concepts import CONCEPTS
from micrograd_like.exercises.exam import Paper, mark, paper
from micrograd_like.exercises.generator import effort_of, generate, variants
from micrograd_like.exercises.practise import next_exercise
from micrograd_like.exercises.progress import Attempt, Progress

SECRET = "violin-river-1879"


def test_a_paper_holds_no_answers_and_is_marked_with_the_secret() -> None:
    mine = paper("17", SECRET)
    for number, concept in enumerate(mine.concepts):
        right = _right("17", number)
        assert not any(name in vars(mine) or hasattr(mine, name) for name in ("check", "hint", "questions", "task"))
        assert str(right) not in mine.to_json() and concept
        mine.answer(number + 1, right)
    assert all(mark(mine.to_json(), SECRET))
    mine.answer(1, dict.fromkeys(mine.exercises[0]["asked"], "0"))
    assert not mark(mine, SECRET)[0] and mark(mine, SECRET)[1].score == 1


def _right(student: str, number: int) -> dict[str, str]:
    from micrograd_like.exercises.exam import _exercises

    return _exercises(student, SECRET, ("chain", "fan-out"), 1)[number].answers


def test_another_secret_a_changed_paper_and_a_short_secret_are_refused() -> None:
    mine = paper("17", SECRET)
    with pytest.raises(ValueError, match="is not the one that was given out"):
        mark(mine, "another-secret")
    text = json.loads(mine.to_json())
    text["exercises"][0]["asked"] = {"a": "?"}
    with pytest.raises(ValueError, match="is not the one that was given out"):
        mark(Paper(**text), SECRET)
    with pytest.raises(ValueError, match="8 letters or more"):
        paper("17", "short")
    with pytest.raises(ValueError, match="is not asked in exercise 1"):
        mine.answer(1, zebra=1)


@pytest.mark.parametrize("concept", ["chain", "square", "fan-out"])
def test_variants_differ_and_ask_for_as_much_work(concept: str) -> None:
    made = variants(concept, 1, 0, [f"student {i}" for i in range(40)])
    assert len({ex.program() for ex in made}) == 40
    assert {effort_of(ex) for ex in made} == {effort_of(generate(concept, 1, 0))}


def attempts(concept: str, right: str) -> list[Attempt]:
    return [Attempt(concept, f"{concept} {i}", "a", "1", "right" if x == "+" else "wrong") for i, x in enumerate(right)]


def test_mastery_is_four_of_five_at_once() -> None:
    assert Progress(attempts("chain", "-++++")).mastered("chain")
    assert not Progress(attempts("chain", "-+++-")).mastered("chain")
    assert not Progress(attempts("chain", "+++")).mastered("chain")


def test_what_was_mastered_comes_back_spaced() -> None:
    mine = Progress(attempts("chain", "+++++"))
    assert mine.next_concept(["chain", "fan-out"]) == ("fan-out", "fan-out is new.")
    mine.extend(attempts("fan-out", "-+-+"))
    concept, why = mine.next_concept(["chain", "fan-out"])
    assert concept == "chain" and "does it still hold" in why


def test_the_next_exercise_tells_the_likeliest_mistakes_apart() -> None:
    mine = Progress([Attempt("fan-out", "fan-out 1", "a", "3", "wrong", (x,)) for x in ("overwrite", "first_path")])
    ex, why = next_exercise(mine, list(CONCEPTS)[:2])
    assert ex.concept == "chain" and why.startswith("chain is new")
    ex, why = next_exercise(mine, ["fan-out"])
    assert "tell overwrite from first_path" in why or "tell first_path from overwrite" in why
    ex.check(ex.answers)
    assert next_exercise(mine, ["fan-out"])[0].title != ex.title
