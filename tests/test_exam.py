"""Papers of an exam, variants that are alike in work and in nothing else, and what is practised next."""

import json

import pytest

from micrograd_like import Value
from micrograd_like.exercises.concepts import CONCEPTS
from micrograd_like.exercises.credit import CARRIED, EMPTY, credit
from micrograd_like.exercises.exam import Paper, credits, key, mark, paper, papers
from micrograd_like.exercises.exercise import Exercise
from micrograd_like.exercises.generator import effort_of, usual_effort, variants
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

    return _exercises(student, SECRET, ("chain", "fan-out"), 1, (0, 0))[number].answers


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
    assert {effort_of(ex) for ex in made} == {usual_effort(concept, 1, 0)}


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


def test_papers_of_a_class_differ_and_ask_for_as_much_work() -> None:
    made = papers([f"student {i}" for i in range(60)], SECRET, ["fan-out"])
    assert len({x.exercises[0]["program"] for x in made}) == 60
    assert any(sum(x.draws) for x in made), "no number was drawn twice: the test needs more students"
    assert {effort_of(key(x, SECRET)[0]) for x in made} == {usual_effort("fan-out", 1)}
    last = max(made, key=lambda x: sum(x.draws))
    last.answer(1, key(last, SECRET)[0].answers)
    assert all(mark(Paper.from_json(last.to_json()), SECRET))
    with pytest.raises(ValueError, match="in the list twice"):
        papers(["Ada", "Ada"], SECRET)


CHEATS = {  # one line each, with a paper in `mine`
    "the answers of the exercise": "mine.answer(1, mine.ex.answers)",
    "no question is left": "mine.exercises[0]['asked'].clear()",
    "an exercise less": "del mine.exercises[0], mine.concepts[0], mine.draws[0], mine.answers[0]",
    "another's paper": "mine = paper('18', SECRET); mine.answer(1, key(mine, SECRET)[0].answers)",
    "an easier exercise": "mine = paper('17', 'a guessed secret', ['chain', 'chain'])",
    "other numbers drawn": "mine.draws[0] = 1",
    "a negative draw": "mine.draws[0] = -1",
    "a score of one's own": "mine.score = 1.0",
    "the commitment as the answer": "mine.answer(1, a=mine.exercises[0]['commitment'])",
    "the formulas, unsolved": "mine.answer(1, a='a.grad', b='b.grad', c='c.grad', L='L.grad')",
    "nothing but zeros": "mine.answer(1, dict.fromkeys(mine.exercises[0]['asked'], 0))",
    "not a number": "mine.answer(1, dict.fromkeys(mine.exercises[0]['asked'], 'nan'))",
}  # fmt: skip


@pytest.mark.parametrize("cheat", CHEATS)
def test_one_line_cheats_earn_nothing(cheat: str) -> None:
    names = {"mine": paper("17", SECRET), "Paper": Paper, "paper": paper, "key": key, "SECRET": SECRET}
    try:
        exec(CHEATS[cheat], names)
        got = credits(names["mine"].to_json(), SECRET, student="17", concepts=["chain", "fan-out"])  # type: ignore[attr-defined]
    except (ValueError, AttributeError):
        return
    assert sum(x.earned for x in got) == 0


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "[" * 100_000, '{"student": "17"}', "1e999"],
)
def test_what_is_not_a_paper_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="not a paper"):
        Paper.from_json(text)


def test_an_answer_that_is_no_text_or_too_long_is_refused() -> None:
    mine = paper("17", SECRET)
    mine.answers = [{"a": "1" * 201}, {}]
    with pytest.raises(ValueError, match="at most 200 letters"):
        credits(mine.to_json(), SECRET)
    mine.answers = [[1, 2], {}]  # type: ignore[list-item]
    with pytest.raises(ValueError, match="an answer is a text"):
        credits(mine.to_json(), SECRET)


def graph() -> Exercise:
    a, b, c = Value(2.0, "a"), Value(-3.0, "b"), Value(5.0, "c")
    v = a * b
    v.label = "v"
    return Exercise(v * c + a, names={})


def test_an_error_carried_forward_earns_its_marks() -> None:
    ex = graph()
    assert ex.answers == {"v2": "1", "v1": "1", "v": "5", "c": "-6", "b": "10", "a": "-14"} | ex.answers
    found = credit(ex, ex.answers)
    assert found.earned == found.of == 7  # a has two contributions
    wrong = credit(ex, ex.answers | {"v": "7", "b": "14", "a": "-20"})  # v is wrong, b and a follow from it
    points = {x.key: x for x in wrong.points}
    assert (points["v"].earned, points["b"].earned, points["a"].earned) == (0, 1, 2)
    assert points["a"].why == CARRIED and wrong.earned == 6


def test_each_right_contribution_earns_a_point() -> None:
    ex = graph()
    for typed, earned in {"-15": 1, "1": 1, "-16": 1, "16": 1, "-13": 1, "-12": 0, "-14": 2}.items():
        [a] = [x for x in credit(ex, {"v": 5, "a": typed}).points if x.key == "a"]
        assert a.earned == earned, a


def test_zeros_that_follow_from_a_zero_earn_nothing() -> None:
    found = credit(graph(), dict.fromkeys(graph().answers, "0"))
    assert found.earned == 0 and {x.why for x in found.points} <= {"", EMPTY}
