"""The mistakes: each gives the number that learners of backpropagation reported, and runs on every graph."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from random_graphs import random_graph

from micrograd_like import Value
from micrograd_like.functions import softmax
from micrograd_like.losses import cross_entropy, nll
from micrograd_like.mistakes.mistake import MISTAKES, RIGHT
from micrograd_like.mistakes.passes import grad_from, grads
from micrograd_like.ops import OPS


def wrong(make, numbers, rule):
    """Return the gradients of the leaves at these numbers."""
    leaves = [Value(x) for x in numbers]
    found = grads(make(*leaves), rule)
    return [found[x] for x in leaves]


def fan_out(a):  # karpathy/micrograd#64
    b = a + a
    return b + b


CASES = [
    ("overwrite", lambda x: x * x, [3.0], [3.0]),
    ("first_path", lambda x, y: x * y + x, [2.0, 3.0], [1.0, 2.0]),
    ("multiply", lambda x, y: x * y + x, [2.0, 3.0], [3.0, 2.0]),
    ("no_upstream", lambda x: (x * 2.0).tanh(), [0.0], [2.0]),
    ("no_local", lambda x: (x * x) ** 2.0, [3.0], [2.0]),
    ("depth_first", fan_out, [1.0], [8.0]),
    ("no_visited", fan_out, [1.0], [8.0]),
    ("first_reach", lambda a: (a * a) * 2.0 + a, [3.0], [13.0]),
    ("not_reversed", fan_out, [1.0], [0.0]),
    ("no_zero", lambda x: x * 3.0, [1.0], [6.0]),
    ("no_zero_inside", lambda x: x * x * x, [3.0], [45.0]),  # karpathy/micrograd#102
    ("no_zero_anywhere", lambda x: x * x * x, [3.0], [72.0]),
    ("no_seed", lambda x: x * 3.0, [1.0], [0.0]),
    ("seed_is_value", lambda x: x * 3.0, [2.0], [18.0]),
    ("negated", lambda x: x * 3.0, [1.0], [-3.0]),
    ("update", lambda x: x * 3.0, [1.0], [-0.30000000000000004]),
    ("updated", lambda x: x * 3.0, [1.0], [0.7]),
    ("inverted", lambda x: x * 4.0, [1.0], [0.25]),
    ("step_too_far", lambda x: x**2.0, [3.0], [6.0]),
    ("times_n", lambda x, y: (x * x + y * y) / 2.0, [3.0, 1.0], [6.0, 2.0]),
    ("over_n", lambda x, y: (x * x + y * y) / 2.0, [3.0, 1.0], [1.5, 0.5]),
    ("double", lambda x: x * 3.0, [1.0], [6.0]),
    ("half", lambda x: x * 3.0, [1.0], [1.5]),
    ("square_once", lambda x: x * x, [3.0], [3.0]),
    ("mul_own", lambda x, y: x * y, [2.0, 3.0], [2.0, 3.0]),
    ("add_like_mul", lambda x, y: x + y, [2.0, 3.0], [3.0, 2.0]),
    ("add_own", lambda x, y: x + y, [2.0, 3.0], [2.0, 3.0]),
    ("sub_sign", lambda x, y: x - y, [2.0, 3.0], [1.0, 1.0]),
    ("sub_flipped", lambda y: (y - 1.0) ** 2.0, [3.0], [-4.0]),  # 2(t - y)
    ("neg_sign", lambda x: -x, [2.0], [1.0]),
    ("pow_keeps_power", lambda x: x**3.0, [2.0], [24.0]),
    ("pow_no_factor", lambda x: x**3.0, [2.0], [4.0]),
    ("exp_input", lambda x: x.exp(), [2.0], [2.0]),
    ("exp_power_rule", lambda x: x.exp(), [1.0], [1.0]),
    ("log_itself", lambda x: x.log(), [1.0], [0.0]),
    ("log_over_output", lambda x: x.log(), [7.38905609893065], [0.5]),
    ("tanh_of_input", lambda x: x.tanh(), [2.0], [-3.0]),
    ("tanh_no_square", lambda x: x.tanh(), [0.0], [1.0]),
    ("tanh_square_only", lambda x: x.tanh(), [0.0], [0.0]),
    ("tanh_twice", lambda x: x.tanh(), [0.0], [1.0]),
    ("sigmoid_itself", lambda x: x.sigmoid(), [0.0], [0.5]),
    ("sigmoid_of_input", lambda x: x.sigmoid(), [2.0], [-2.0]),
    ("relu_open", lambda x: x.relu(), [-2.0], [1.0]),
    ("relu_reversed", lambda x: x.relu(), [2.0], [0.0]),
    ("relu_scaled", lambda x: x.relu(), [2.0], [2.0]),
    ("max_both", lambda x, y: x.maximum(y), [2.0, 3.0], [1.0, 1.0]),
    ("div_sign", lambda x, y: x / y, [6.0, 2.0], [0.5, 1.5]),
    ("div_no_square", lambda x, y: x / y, [6.0, 2.0], [0.5, -3.0]),
    ("div_divisor_fixed", lambda x, y: x / y, [6.0, 2.0], [0.5, 0.0]),
    ("abs_corner", lambda x: abs(x), [0.0], [1.0]),
]


@pytest.mark.parametrize("rule, make, numbers, expected", CASES, ids=[case[0] for case in CASES])
def test_the_mistake_gives_its_number(rule, make, numbers, expected):
    assert wrong(make, numbers, rule) == expected


def test_every_mistake_has_a_case() -> None:
    others = {"constants", "changed", "diagonal_only", "target_forgotten"}  # below
    page = (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    of_a_stranger = set(re.findall(r'enter\(\s*"(\w+)"', page))  # which tests/stranger.sh enters
    assert len(of_a_stranger) >= 2
    assert {case[0] for case in CASES} | others == set(MISTAKES) - of_a_stranger


def test_constants_get_a_gradient() -> None:
    x = Value(3.0)
    y = x * 2.0
    assert grads(y, "constants")[y.inputs[1]] == 3.0
    assert y.inputs[1] not in grads(y)


def test_changed_takes_the_slope_at_the_new_number() -> None:
    x = Value(3.0)
    y = x * x
    x.data = 10.0
    assert (grads(y)[x], grads(y, "changed")[x]) == (6.0, 20.0)


def test_softmax_with_cross_entropy() -> None:
    zs = [Value(1.0), Value(2.0), Value(0.5)]
    p = softmax([1.0, 2.0, 0.5])
    loss = cross_entropy([zs], [0])
    assert [grads(loss, "target_forgotten")[z] for z in zs] == pytest.approx(p)
    assert [grads(loss, "negated")[z] for z in zs] == pytest.approx([1 - p[0], -p[1], -p[2]])
    for output in (loss, nll([softmax(zs)], [0])):
        found = grads(output, "diagonal_only")
        assert found[zs[0]] == pytest.approx(p[0] - 1)
        assert found[zs[2]] == pytest.approx(0.0)


def test_each_has_an_idea_a_source_and_a_place_where_it_does_no_harm() -> None:
    for rule in (RIGHT, *MISTAKES.values()):
        assert rule.idea.endswith((".", "x")) and rule.source and (rule.harmless or rule.name == "right")
        assert set(rule.local_rules) <= set(OPS)


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_every_mistake_runs_on_every_graph(seed: int) -> None:
    output, _ = random_graph(seed, 8)
    right = grads(output)
    for rule in MISTAKES:
        try:
            assert right.keys() <= grads(output, rule).keys()
        except OverflowError as error:
            assert "needs more than" in str(error)


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_from_the_right_upstream_gradients_the_right_rule_gives_the_right_gradient(seed: int) -> None:
    output, _ = random_graph(seed)
    right = grads(output)
    uses = {node: [] for node in right}
    for use in sorted(right, key=lambda node: node._born):
        for x in use.inputs:
            if x in uses:
                uses[x].append(use)
    for node in right:
        assert grad_from("right", node, uses[node], right, output) == right[node]


def test_a_mistake_is_seen_from_the_learners_own_upstream() -> None:
    a, b = Value(2.0), Value(3.0)
    c = a * b
    y = c * 2.0
    assert grad_from("mul_own", a, [c], {c: 5.0}, y) == 10.0  # 2 * 5, not 2 * 2


def test_a_pass_along_every_path_ends_with_a_word() -> None:
    x = Value(1.0)
    for _ in range(40):
        x = x + x
    with pytest.raises(OverflowError, match="goes along every path"):
        grads(x, "depth_first")


def test_a_pass_along_too_many_paths_is_refused_and_never_cut() -> None:
    x = y = Value(1.01, "x")
    for _ in range(20):
        y = (y + y) * 0.5
    for rule in ("no_visited", "depth_first"):
        with pytest.raises(OverflowError, match="along every path"):
            grads(y, rule)
    assert grads(y)[x] == 1.0
