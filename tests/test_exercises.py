"""Exercises: what is asked, what is accepted, which mistake is named, and what is said about it."""

import json
import re
from random import Random

import pytest
from hypothesis import assume, example, given, settings, strategies as st
from random_graphs import random_graph

from micrograd_like import Value, topological_order
from micrograd_like.exercises.answers import read
from micrograd_like.exercises.concepts import CONCEPTS
from micrograd_like.exercises.exercise import Exercise
from micrograd_like.exercises.generator import generate
from micrograd_like.exercises.marking import Marking
from micrograd_like.exercises.progress import Progress
from micrograd_like.mistakes.passes import grads


def lesson(**options: object) -> Exercise:
    """a * b + a, of which a is used twice."""
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    v = a * b
    v.label = "v"
    root = v + a
    root.label = "L"
    return Exercise(root, names={}, **options)


def messages_of(marking: Marking) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(message.keys, message.mistakes) for message in marking.messages]


def test_all_right_is_true_and_each_answer_has_its_reason() -> None:
    marking = lesson().check(L=1, v=1, a=-2, b=2)
    assert marking and not marking.messages and marking.score == 1
    assert marking["a"].note == "a.grad = -2 = -3 (through v = a*b: b · 1) + 1 (through L = v + a: 1 · 1)"


def test_what_is_not_answered_is_not_yet_done() -> None:
    marking = lesson().check(a=-2)
    assert not marking and [mark.verdict for mark in marking.marks.values()].count("not yet") == 3
    assert not lesson().check(...) and not lesson().check()


@pytest.mark.parametrize("typed", [-2, -2.0, "-2", "-4/2", "b + 1", "-2.000", "−2", "-(4 - 2)", "b*1 + 1", True - 3])
def test_numbers_fractions_and_expressions(typed: object) -> None:
    assert lesson(ask="a").check(a=typed)


@pytest.mark.parametrize("typed", ["two", "b +", "1/0", "__import__('os').getcwd()", "nan", "inf"])
def test_one_cell_that_cannot_be_read_leaves_the_others_marked(typed: object) -> None:
    marking = lesson().check(a=typed, b=2)
    assert marking["b"].verdict == "right" and marking["a"].verdict == "not yet" and not marking
    [message] = marking.messages
    assert message.keys == ("a",) and message.verdict == "unreadable" and str(message).startswith("a: ")


SPOKEN = [("–½ · 4", -2), ("1 × −2", -2), ("−1½ - ½", -2), ("-2,0", -2), ("-4 ÷ 2", -2), ("2·b²", 18),
          ("b · 1 + 1 · 1", -2), ("Redo: a.grad = b · 1 + 1 · 1 = ___.", -2),
          ("a.grad = b · v.grad + 1 · L.grad = ___", -2)]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), SPOKEN)
def test_the_signs_of_paper_and_the_line_to_redo_are_read(text: str, number: float) -> None:
    marking = lesson().check({"L": 1, "v": 1, "a": text})
    assert (marking["a"].verdict == "right") == (number == -2), marking
    assert not any(message.verdict == "unreadable" for message in marking.messages)


@pytest.mark.parametrize(("digits", "typed", "right"), [(4, "0.33", False), (2, "0.33", True), (3, "0.333", True)])
def test_a_teacher_says_how_many_digits_are_wanted(digits: int, typed: str, right: bool) -> None:
    x, y = Value(1.0, "x"), Value(3.0, "y")
    marking = Exercise(x / y, ask=[x], names={}, digits=digits).check(x=typed)
    assert bool(marking) == right
    if not right:
        assert "right to two digits; four are wanted" in str(marking.messages[0])


def test_a_number_that_was_not_asked_may_be_given_and_shows_where_the_slip_is() -> None:
    x, w = Value(0.7, "x"), Value(1.3, "w")
    z = w * x
    z.label = "z"
    ex = Exercise(z.tanh() * 2.5, ask=[w], names={})
    wrong = 2.5 * 0.437
    assert ex.check(w=wrong * 0.7).messages[0].redo.startswith(("What did you get for z.grad?", "Redo"))
    assert ex.check({"w": wrong * 0.7, "z.grad": wrong}).messages[0].keys == ("z",)


def test_a_question_that_is_not_asked_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"'z' is not asked here\. Answer L, v, b, a"):
        lesson().check(z=1)


def test_decimals_are_believed_to_the_digits_typed() -> None:
    assert read("0.7071").means(0.70710678) and not read("0.7071").means(0.7073)
    assert read("1/3").means(1 / 3) and not read("1/3").means(0.33334)
    assert read("1.23456").means(1.234561) and not read("1.23456").means(1.2346)


MISTAKES = [  # the answers to a * b + a at 2, -3, whose gradients are L 1, v 1, a -2, b 2
    ({"L": 1, "v": 1, "a": -3, "b": 2}, ["overwrite"], ("a",)),
    ({"L": 1, "v": 1, "a": 1, "b": 2}, ["first_path"], ("a",)),
    ({"L": 0, "v": 0, "a": 0, "b": 0}, ["no_seed"], ("L",)),
    ({"L": -4, "v": -4, "a": 8, "b": -8}, ["seed_is_value"], ("L",)),
    ({"L": -1, "v": -1, "a": 2, "b": -2}, ["negated"], ("L",)),
    ({"L": 1, "v": 1, "a": -4, "b": 4}, ["no_zero"], ("b", "a")),
    ({"L": 1, "v": 1, "a": 3, "b": -3}, ["mul_own"], ("b", "a")),
    ({"L": 1, "v": 1, "a": -2, "b": -2}, ["negated"], ("b",)),
    ({"L": 1, "v": 1, "a": 117.3, "b": 2}, [], ("a",)),
]


@pytest.mark.parametrize(("answers", "mistakes", "keys"), MISTAKES)
def test_the_mistake_is_named_where_it_was_made(
    answers: dict[str, float], mistakes: list[str], keys: tuple[str, ...]
) -> None:
    marking = lesson().check(answers)
    [(found_keys, found)] = messages_of(marking)
    assert (list(found[:1]), found_keys) == (mistakes, keys)


def test_a_message_says_what_was_done_with_the_numbers_the_idea_and_the_step_to_redo() -> None:
    [message] = lesson().check(L=1, v=1, b=2, a=-3).messages
    assert message.did.startswith(
        "Your a = -3 is the contribution through v alone; what came through L was overwritten."
    )
    assert message.idea.startswith("`=` for `+=`")
    assert message.redo == "Redo a: local derivative times upstream gradient, for each of its 2 uses."
    assert len(str(message)) <= 200


def test_the_step_to_redo_gives_away_nothing_at_first_and_never_what_was_not_typed() -> None:
    ex = lesson()
    first, second = [ex.check(a=-3).messages[0].redo for _ in range(2)]
    assert not any(sign in first for sign in "·=_")
    assert second == "Redo: a.grad = b · v.grad + 1 · L.grad = ___."
    assert ex.check(v=1, L=1, a=-3).messages[0].redo == "Redo: a.grad = b · 1 + 1 · 1 = ___."


def test_zero_is_what_rounding_leaves_of_it() -> None:
    w, x, y = Value(-0.8, "w"), Value(-0.2, "x"), Value(-0.5, "y")
    one, two = w * x, w * y
    ex = Exercise(-(one.exp() / (one.exp() + two.exp())).log(), ask=[w, x, y], names={})
    wrong = grads(ex.root, "mul_own")
    assert 0 < abs(wrong[w]) < 1e-12
    [message] = ex.check(w=0, x=wrong[x], y=wrong[y]).messages
    assert message.mistakes == ("mul_own",) and message.keys == ("y", "x", "w")


def test_an_error_is_carried_forward() -> None:
    marking = lesson().check(L=1, v=5, b=10, a=-14)
    assert messages_of(marking) == [(("v",), ())]
    assert [marking[key].verdict for key in "Lvba"] == ["right", "wrong", "not yet", "not yet"]
    assert "follows from a number of yours" in marking["a"].note


def test_a_mistake_made_at_every_node_is_said_to_be_so() -> None:
    a, b, c = Value(4.0, "a"), Value(5.0, "b"), Value(3.0, "c")
    [message] = Exercise(a * b * c, ask=["v2", "a"], names={}).check(v2=1, a=1).messages
    assert message.mistakes[0] == "no_local" and "left out at every node" in message.did


def test_a_slip_of_arithmetic_is_called_so() -> None:
    x = Value(12.34, "x")
    [message] = Exercise(x * x * 10.0, ask=[x], names={}).check(x=246.1).messages
    assert message.verdict == "arithmetic" and not message.mistakes and "one digit differs" in message.did


def test_of_two_mistakes_that_give_the_same_number_both_are_named() -> None:
    x = Value(3.0, "x")
    marking = Exercise(x * x, ask=[x], names={}).check(x=3)
    assert {"overwrite", "square_once"} <= set(marking.messages[0].mistakes)


def test_a_value_typed_for_a_gradient_is_called_so() -> None:
    x, c = Value(0.7, "x"), Value(2.5, "c")
    [message] = Exercise(x.tanh() * c, ask=[x], names={}).check(x=0.7).messages
    assert message.mistakes == ("value",) and message.did == "Your x = 0.7 is the value, not the gradient."


def test_two_mistakes_at_once_are_a_guess() -> None:
    x, c = Value(0.7, "x"), Value(2.5, "c")
    ex = Exercise(x.tanh() * c, ask=[x], names={})
    number = -(1 - 0.7**2) * 2.5  # 1 - x² for 1 - t², and the sign turned
    [message] = ex.check(x=number).messages
    assert "two things at once" in message.did and "tanh_of_input" in message.mistakes[0]


def test_a_mistake_at_a_node_that_was_not_asked_is_looked_for() -> None:
    a, b, c = Value(1.3, "a"), Value(0.7, "b"), Value(2.1, "c")
    ex = Exercise((a * b).tanh() * c, ask=[a], names={})
    [message] = ex.check(a=(1 - 0.91**2) * 2.1 * 0.7).messages
    assert message.mistakes[0] == "tanh_of_input"
    assert message.did == "Your a = 0.252693 comes out if d(tanh(a*b))/d(a*b) is taken as 1 - (a*b) ** 2 = 0.1719."
    ex = Exercise(((a * b).tanh() * c).tanh(), ask=[a], names={})
    inner = 1 - 0.91**2  # of the two tanh, only at this one
    outer = ex.root.local_grads[0]
    [message] = ex.check(a=inner * outer * 2.1 * 0.7).messages
    assert message.mistakes[0] == "tanh_of_input" and "(tanh(a*b))/d(a*b)" in message.did


@pytest.mark.parametrize("slope", [0, 0.3, 1])
def test_at_the_corner_of_relu_any_slope_between_is_right(slope: float) -> None:
    x, a = Value(0.0, "x"), Value(3.0, "a")
    ex = Exercise(x.relu() * a, ask=["x", "dv1/dx"], names={})
    assert ex.check({"x": 3 * slope, "dv1/dx": slope})
    assert not ex.check({"x": 3 * slope + 1, "dv1/dx": slope + 1.5})


def test_the_corner_of_abs_has_no_slope_1() -> None:
    x, a = Value(0.0, "x"), Value(3.0, "a")
    assert Exercise(abs(x) * a, ask=[x], names={}).check(x=3).mistakes == ["abs_corner"]


def test_what_does_not_reach_the_output_and_constants_have_no_gradient() -> None:
    a, z = Value(2.0, "a"), Value(5.0, "z")
    ex = Exercise(a**3.0, ask=["a", "constants", z], names={})
    assert ex.check({"a": 12, "3 in v1": 0, "z": 0})
    assert ex.check({"a": 12, "3 in v1": 5.545, "z": 1}).mistakes == ["unreached", "constants"]


KINDS = ["gradients", "local", "contributions", "values", "updates", "order"]


def test_every_kind_of_question() -> None:
    ex = lesson(ask=KINDS, lr=0.5)
    right = {
        "L": 1, "v": 1, "a": -2, "b": 2, "dL/dv": 1, "dL/da": 1, "dv/da": -3, "dv/db": 2, "L->v": 1, "L->a": 1,
        "v->a": -3, "v->b": 2, "v.data": -6, "L.data": -4, "a.new": 3, "b.new": -4, "order": "L v",
    }  # fmt: skip
    assert ex.check(right) and ex.questions.keys() == right.keys()
    assert lesson(ask=["dv/da", "v->a", "a.new"], lr=0.5).check(dv_da=-3, v_to_a=-3, a_new=3)


CONFUSED = [
    ("dv/da", 2, "mul_own"), ("dv/da", 3, "negated"), ("dv/da", "-1/3", "inverted"), ("v->a", 3, "negated"),
    ("v.data", -1, "taken_for_add"), ("L.data", -8, "taken_for_sub"), ("a.new", 1, "ascent"), ("a.new", 4, "no_lr"),
    ("a.new", 1.5, "lr_only"), ("b.new", -1, "step_only"), ("order", "v L", "not_reversed"),
    ("order", "L L v", "depth_first"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "typed", "mistake"), CONFUSED)
def test_mistakes_in_what_is_not_a_gradient(key: str, typed: object, mistake: str) -> None:
    assert lesson(ask=KINDS, lr=0.5).check({key: typed}).mistakes == [mistake]


def test_of_confusions_with_the_same_number_all_are_named() -> None:
    w, x = Value(2.0, "w"), Value(5.0, "x")
    [message] = Exercise(w * x, ask="dv1/dw", names={}).check({"dv1/dw": 2}).messages
    assert message.mistakes == ("mul_own", "other_input") and "; or that of the other input, x" in message.did


def test_momentum_carries_on_a_part_of_the_last_step() -> None:
    w = Value(2.0, "w")
    ex = Exercise(w * 3.0, ask="updates", lr=0.1, momentum=0.5, deltas={w: 0.4}, names={})
    assert ex.check({"w.new": 2 - 0.3 + 0.2})
    assert ex.check({"w.new": 1.7}).mistakes == ["no_momentum"]
    assert ex.check({"w.new": 2.1}).mistakes == ["whole_last_step"]
    assert ex.reason("w.new") == "w = 2 - 0.1 * 3 + 0.5 * 0.4 = 1.9"


def test_values_are_marked_against_the_learners_own() -> None:
    marking = lesson(ask="values").check({"v.data": -1, "L.data": 1})
    assert marking["L.data"].verdict == "not yet" and len(marking.messages) == 1


def test_an_order_may_be_any_in_which_all_uses_come_first() -> None:
    a = Value(2.0, "a")
    p, q = a * 3.0, a + 1.0
    p.label, q.label = "p", "q"
    ex = Exercise(p * q, ask="order", names={})
    assert ex.check(order="v1 p q") and ex.check(order=["v1", q, p]) and ex.check(order="v1, q, p, a")
    assert not ex.check(order="v1 p") and not ex.check(order="p v1 q") and not ex.check(order="v1 p zebra")


def test_the_ladder_of_hints() -> None:
    ex = lesson()
    ladder = [ex.hint("a") for _ in range(4)]
    assert ladder[0] == "a is used in v = a * b and L = v + a: 2 contributions."
    assert "scaled by the other" in ladder[1] and "one for one" in ladder[1]
    assert ladder[2] == "a.grad = b · v.grad + 1 · L.grad = ___"
    assert ladder[3].startswith("a.grad = -2 =") and ex.hint("a") == ladder[3]
    assert ex.hint("a", level=1) == ladder[0]


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_right_answers_to_four_digits_are_accepted_on_every_graph(seed: int) -> None:
    root, _ = random_graph(seed, 10)
    ex = Exercise(root, ask=KINDS, names={})
    marking = ex.check(ex.answers)
    assert marking, [mark for mark in marking.marks.values() if mark.verdict != "right"]
    for key in ex.questions:
        assert all(ex.hints(key)) and len(ex.hints(key)) == 4


@given(st.integers(0, 10**6), st.sampled_from(["overwrite", "no_upstream", "no_zero", "mul_own", "seed_is_value"]))
@example(245, "mul_own")  # one number is off by no more than its upstream may have been rounded
@settings(max_examples=25, deadline=None)
def test_a_mistake_made_everywhere_is_among_those_named(seed: int, mistake: str) -> None:
    root, _ = random_graph(seed, 8)
    ops = [(node.op, [x.data for x in node.inputs]) for node in topological_order(root) if node.op]
    kinks = [op.kink(*numbers) for op, numbers in ops if op.kink]
    assume(all(kinks))  # on a corner any slope between those of its sides is right
    ex = Exercise(root, names={})
    wrong = grads(root, mistake)
    marking = ex.check({ex.task.gradient(node).key: wrong[node] for node in ex.asked})
    assert marking or any(mistake in message.mistakes for message in marking.messages)


def test_the_graph_of_the_learner_is_left_alone() -> None:
    a, b = Value(2.0, "a"), Value(3.0, "b")
    L = a * b
    L.backward()
    Exercise(L, names={}).check(a=1, b=1)
    assert (a.grad, b.grad, L.grad, a.data) == (3.0, 2.0, 1.0, 2.0)


def test_attempts_are_kept_only_if_asked() -> None:
    with pytest.raises(ValueError, match="keep=True"):
        lesson().progress()
    ex = lesson(keep=True, concept="fan-out")
    ex.check(a=-3, b=2)
    ex.check(a=-2, b=2)
    assert ex.progress().concepts() == {"fan-out": (2, 1, 2)}
    assert ex.progress().mistakes() == {"overwrite": 1}
    assert "fan-out" in str(ex.progress())


def test_attempts_as_json_tell_nothing_about_the_person(tmp_path: object) -> None:
    mine = Progress()
    lesson(keep=mine, concept="fan-out").check(a=-3)
    content = json.loads(mine.to_json())
    assert content.keys() == {"attempts"}
    assert content["attempts"][0].keys() == {"concept", "exercise", "key", "typed", "verdict", "mistakes"}
    assert json.loads(mine.to_json(student="17"))["student"] == "17"
    assert Progress.from_json(mine.to_json()) == mine


def test_shown_in_a_notebook_nothing_typed_is_markup() -> None:
    x = Value(2.0, "<b>x</b>")
    marking = Exercise(x * x, ask=[x], names={}).check({"<b>x</b>": 3})
    assert "<b>x</b>" not in marking._repr_html_() and "&lt;b&gt;x" in marking._repr_html_()


def test_nothing_to_ask_is_said() -> None:
    with pytest.raises(ValueError, match="There is nothing called 'zebra' to ask"):
        lesson(ask="zebra")
    with pytest.raises(ValueError, match="Nothing is asked"):
        lesson(ask=[])


def test_of_a_difference_that_is_no_cross_entropy_no_target_is_said() -> None:
    p, q = Value(1.5, "p"), Value(0.7, "q")
    d = p + q
    marking = Exercise(d * d - p, [p], names={}).check(p=2 * d.data)
    assert "target_forgotten" not in {x for message in marking.messages for x in message.mistakes}


@pytest.mark.parametrize("concept", ["square", "diamond", "fan-out", "functions", "softmax"])
def test_a_thousandth_off_is_not_right(concept: str) -> None:
    for seed in range(4):
        ex = generate(concept, 1 + seed % 3, seed)
        for node in ex.asked:
            key, right = ex.task.gradient(node).key, ex.task.right[node]
            assert not right or ex.check({key: right * 1.001})[key].verdict == "wrong", (seed, key)


def test_what_is_asked_back_is_the_number_that_tells_most_of_those_not_typed() -> None:
    w, x, b, t = Value(0.3, "w"), Value(1.7, "x"), Value(0.2, "b"), Value(0.9, "t")
    z = w * x + b
    z.label = "z"
    h = z.tanh()
    h.label = "h"
    e = h - t
    ex = Exercise(e * e, [w], names={"e": e}, given=())
    assert ex.check(w=0.12345).messages[0].redo == "What did you get for z.grad?"
    z_right = ex.task.right[z]
    assert ex.check(w=0.12345, z=z_right).messages[0].redo in (
        "What did you get for h.grad?",
        "What did you get for e.grad?",
    )


@pytest.mark.parametrize("concept", CONCEPTS)
def test_messages_are_short_at_first_and_no_redo_tells_a_number(concept: str) -> None:
    ex, rng = generate(concept, 2, 5), Random(1)
    for mistake in ("overwrite", "no_upstream", "mul_own", "depth_first", "step_too_far"):
        numbers = grads(ex.root, mistake)
        for keys in (ex.asked, [rng.choice(ex.asked)]):
            ex._tries.clear()
            answers = {ex.task.gradient(x).key: f"{numbers.get(x, 0.0):.4g}" for x in keys if x in ex.task.reached}
            for message in ex.check(answers).messages:
                assert len(str(message)) <= 200 or str(message) == message.did, message
                assert not re.search(r"\d\.\d", message.redo), message
