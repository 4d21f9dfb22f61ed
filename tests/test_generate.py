"""Generated exercises: the same everywhere, computable by hand, and never ambiguous."""

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings, strategies as st

from micrograd_like.exercises.concepts import CONCEPTS
from micrograd_like.exercises.exercise import Exercise
from micrograd_like.exercises.generator import answers_of, coincidences, generate, outcomes, variants
from micrograd_like.mistakes.mistake import MISTAKES
from micrograd_like.mistakes.passes import Pass

each = pytest.mark.parametrize("concept", CONCEPTS)


@each
@pytest.mark.parametrize("difficulty", [1, 2, 3])
def test_every_concept_gives_an_exercise_for_the_hand(concept: str, difficulty: int) -> None:
    ex = generate(concept, difficulty, seed=5)
    assert ex.check(ex.answers)
    assert all(node.data == 0 or 0.002 < abs(node.data) <= 200 for node in ex.task.graph.nodes)


@given(st.sampled_from([*CONCEPTS]), st.sampled_from([1, 2, 3]), st.integers(0, 10**6), st.text(max_size=3))
@settings(max_examples=40, deadline=None)
def test_no_mistake_gives_the_right_number_by_chance_nor_two_the_same(
    concept: str, difficulty: int, seed: int, student: str
) -> None:
    ex = generate(concept, difficulty, seed, student=student)
    assert not coincidences(ex.task, ex.asked)
    found: dict[tuple[float, ...], str] = {}
    for name in MISTAKES:
        numbers = Pass(ex.root, name).grads()
        answers = tuple(round(numbers.get(x, 0.0), 9) for x in ex.asked)
        if answers != tuple(round(ex.task.right[x], 9) for x in ex.asked):
            assert found.setdefault(answers, name) == name


@each
def test_the_same_seed_gives_the_same_exercise(concept: str) -> None:
    one, other = generate(concept, 2, 11), generate(concept, 2, 11)
    assert str(one) == str(other) and one.answers == other.answers
    assert str(generate(concept, 2, 12)) != str(one)


def test_the_same_seed_gives_the_same_exercise_in_every_process() -> None:
    program = "from micrograd_like.exercises import *; print(*[generate(x, 2, 3, student='17') for x in CONCEPTS])"
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1] and all(concept.encode() in runs[0] for concept in CONCEPTS)


def test_each_student_has_a_variant() -> None:
    programs = {generate("chain", seed=1, student=f"s{i}").program() for i in range(12)}
    assert len(programs) == 12


def test_ambiguous_numbers_are_given_if_asked() -> None:
    assert any(
        coincidences(ex.task, ex.asked) for ex in (generate("chain", seed=seed, ambiguous=True) for seed in range(12))
    )


def test_what_there_is_not_is_said() -> None:
    with pytest.raises(ValueError, match=r"There is no concept 'zebra'\. Write one of: chain, fan-out"):
        generate("zebra")
    with pytest.raises(ValueError, match="Write 1, 2 or 3"):
        generate("chain", 9)


def test_a_concept_asks_for_what_it_is_about() -> None:
    assert {"w.new", "b.new"} <= generate("momentum").questions.keys()
    assert any(" in " in key for key in generate("powers").questions)
    assert isinstance(generate("softmax"), Exercise)


def test_a_class_gets_as_many_answer_sheets_as_students() -> None:
    for concept in "fan-out", "chain":
        found = variants(concept, 1, 0, [f"student {i}" for i in range(60)])
        assert len({answers_of(ex) for ex in found}) == 60


@pytest.mark.parametrize("concept", CONCEPTS)
def test_the_line_to_redo_gives_no_gradient_away_that_was_not_typed(concept: str) -> None:
    ex = generate(concept, seed=1)
    known = {f"{x.data:.4g}" for x in ex.task.graph.nodes} | {"0", "1", "-1", "2"}
    for wrong in outcomes(ex.task, list(ex.asked)).values():
        typed = {ex.task.names[x]: number for x, number in zip(ex.asked, wrong) if abs(number) < 1e9}
        typed = {name: number for name, number in typed.items() if name in ex.questions}
        hidden = {f"{number:.4g}" for x, number in ex.task.right.items() if ex.task.names[x] not in typed} - known
        for message in ex.check(typed).messages if typed else ():
            assert not hidden & set(re.findall(r"(?<![\w.])-?\d+\.?\d*", message.redo.replace("−", "-")))
