"""Losses: their values, slopes and guards, held against formulas and PyTorch."""

from math import exp, log
from typing import Any

import pytest
from hypothesis import given, strategies as st

from micrograd_like import Value
from micrograd_like.functions import softmax
from micrograd_like.losses import (
    LOSSES,
    accuracy,
    argmax,
    bce,
    bce_with_logits,
    cross_entropy,
    decide,
    hinge,
    l2,
    mse,
    nll,
)
from micrograd_like.ops import DomainError, sigmoid

scores = st.floats(-20, 20)


def test_mean_squared_error_of_numbers_and_of_vectors_with_and_without_the_half() -> None:
    assert mse([1.0, 2.0], [3.0, 2.0]) == 2.0
    assert mse([1.0, 2.0], [3.0, 2.0], half=True) == 1.0
    assert mse([[1.0, 2.0], [0.0, 0.0]], [[3.0, 5.0], [0.0, 1.0]]) == (4 + 9 + 1) / 2


def test_the_half_takes_the_2_from_the_derivative() -> None:
    outputs = [Value(1.0), Value(2.0)]
    mse(outputs, [3.0, 2.5], half=True).backward()
    assert [a.grad for a in outputs] == [-1.0, -0.25]


@pytest.mark.parametrize("score, label, value", [(2.0, 1, 0.0), (0.5, 1, 0.5), (0.5, -1, 1.5), (-3.0, -1, 0.0)])
def test_hinge_wants_the_sign_with_a_margin_of_1(score: float, label: Any, value: float) -> None:
    assert hinge.one(score, label) == value


@given(scores, st.sampled_from([0, 1, 0.25]))
def test_cross_entropy_of_a_probability_or_of_the_score_before_the_sigmoid(z: Any, y: Any) -> None:
    p = sigmoid(z)
    assert bce.one(p, y) == pytest.approx(bce_with_logits.one(z, y), rel=1e-6, abs=1e-8)
    assert bce.one(p, y) == pytest.approx(-(y * log(p) + (1 - y) * log(1 / (1 + exp(z)))), rel=1e-6, abs=1e-8)


@given(st.lists(scores, min_size=2, max_size=5), st.data())
def test_cross_entropy_of_a_class_or_of_a_distribution(zs: Any, data: Any) -> None:
    k = data.draw(st.integers(0, len(zs) - 1))
    one_hot = [float(i == k) for i in range(len(zs))]
    by_hand = log(sum(exp(z - zs[k]) for z in zs))
    assert cross_entropy.one(zs, k) == pytest.approx(by_hand)
    assert cross_entropy.one(zs, one_hot) == cross_entropy.one(zs, k)
    assert nll.one(softmax(zs), k) == nll.one(softmax(zs), one_hot) == pytest.approx(by_hand, abs=1e-9)
    even = [1 / len(zs)] * len(zs)
    assert cross_entropy.one(zs, even) == pytest.approx(nll.one(softmax(zs), even), abs=1e-9)


def test_logits_have_a_finite_loss_and_slope_however_large() -> None:
    for loss, output, target, value in [
        (bce_with_logits, Value(-1e4), 1, 1e4),
        (bce_with_logits, Value(1e4), 1, 0.0),
        (cross_entropy, [Value(0.0), Value(1e4)], 0, 1e4),
    ]:
        node = loss([output], [target])
        node.backward()
        assert node.data == value


def test_the_slope_of_cross_entropy_is_p_less_y() -> None:
    z, zs = Value(0.7), [Value(x) for x in (0.3, -1.2, 2.0)]
    bce_with_logits([z], [1]).backward()
    cross_entropy([zs], [2]).backward()
    assert z.grad == pytest.approx(sigmoid(0.7) - 1)
    p = softmax([x.data for x in zs])
    assert [x.grad for x in zs] == pytest.approx([p[0], p[1], p[2] - 1])


def test_against_pytorch() -> None:
    torch = pytest.importorskip("torch")
    f, T = torch.nn.functional, lambda x: torch.tensor(x, dtype=torch.float64)
    zs, ks, z, y = [[0.3, -1.2, 2.0], [5.0, 0.1, 0.2]], [2, 1], [0.4, -2.0, 7.0], [1.0, 0.0, 0.3]
    soft = [[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]]
    assert cross_entropy(zs, ks) == pytest.approx(f.cross_entropy(T(zs), torch.tensor(ks)).item())
    assert cross_entropy(zs, soft) == pytest.approx(f.cross_entropy(T(zs), T(soft)).item())
    assert bce_with_logits(z, y) == pytest.approx(f.binary_cross_entropy_with_logits(T(z), T(y)).item())
    assert bce([0.2, 0.9, 0.5], y) == pytest.approx(f.binary_cross_entropy(T([0.2, 0.9, 0.5]), T(y)).item())
    assert mse(z, y) == pytest.approx(f.mse_loss(T(z), T(y)).item())


def test_a_sure_mistake_has_no_finite_loss_and_the_error_says_so() -> None:
    assert nll([[0.0, 1.0]], [[0.0, 1.0]]) == 0.0
    with pytest.raises(DomainError, match=r"logarithm"):
        bce([Value(0.0, "p")], [1])
    assert bce([1.0], [1]) == 0.0


def test_the_loss_of_each_example_and_their_cost_are_nodes_of_one_graph() -> None:
    losses = hinge.each([Value(0.5), Value(-0.5)], [1, 1])
    assert [node.data for node in losses] == [0.5, 1.5]
    cost = hinge([Value(0.5), Value(-0.5)], [1, 1])
    assert cost.data == 1.0 and cost.op.name == "div" and [x.data for x in cost.inputs[0].inputs] == [0.5, 1.5]


@pytest.mark.parametrize(
    "loss, output, target, message",
    [
        (hinge, 0.3, 0, r"hinge wants labels -1 and 1, and 0 was given. Write \[2 \* k - 1 for k in y\]"),
        (hinge, [0.3, 0.4], 1, "hinge takes one output, and 2 were given"),
        (bce, 0.3, -1, r"target -1 is not 0, 1 or a probability between. Write \[\(k \+ 1\) / 2 for k in y\]"),
        (bce, 1.7, 1, "bce takes a probability, and 1.7 was given. Use output='sigmoid', or bce_with_logits"),
        (bce_with_logits, 0.3, 2, "target 2 is not 0, 1"),
        (cross_entropy, [0.1, 0.2, 0.3], 3, "label 3 is outside the 3 classes, which are counted from 0 to 2"),
        (cross_entropy, [0.1, 0.2, 0.3], -1, "label -1 is outside the 3 classes"),
        (cross_entropy, [0.1, 0.2], [0.5, 0.6], r"\[0.5, 0.6\] is not a distribution over 2 classes"),
        (cross_entropy, [0.1, 0.2], [1.0], "is not a distribution over 2 classes"),
        (cross_entropy, 0.1, 0, "cross_entropy takes one output for each class"),
        (mse, [0.1, 0.2], 1.0, "network has 2 outputs, and the target is 1.0. Give one number for each output"),
        (mse, 0.1, [1.0, 2.0], "network has one output"),
    ],
)
def test_targets_that_do_not_fit_are_refused(loss: Any, output: Any, target: Any, message: str) -> None:
    with pytest.raises(ValueError, match=rf"Example 0: .*{message}"):
        loss([output], [target])


@pytest.mark.parametrize("loss", LOSSES.values(), ids=str)
def test_no_example_has_no_average_and_each_output_needs_a_target(loss: Any) -> None:
    with pytest.raises(ValueError, match=r"no examples to average over"):
        loss([], [])
    with pytest.raises(ValueError, match=r"1 outputs and 2 targets"):
        loss([0.5], [1, 1])


def test_l2_is_the_scaled_sum_of_squares() -> None:
    p = [Value(3.0), Value(-1.0)]
    penalty = l2(p, 0.5)
    penalty.backward()
    assert penalty.data == 5.0 and [x.grad for x in p] == [3.0, -1.0]


def test_accuracy_decides_and_compares() -> None:
    assert accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1]) == 0.5
    assert accuracy([[0.1, 0.9], [0.8, 0.2]], [[0.0, 1.0], [0.9, 0.1]]) == 1.0
    assert accuracy([Value(0.3), Value(-0.3)], [1, -1]) == accuracy([0.7, 0.2], [1, 0], threshold=0.5) == 1.0
    assert decide([0.1, 0.3, 0.3]) == argmax([0.1, 0.3, 0.3]) == 1
    with pytest.raises(ValueError, match=r"no examples to average"):
        accuracy([], [])
    with pytest.raises(ValueError, match=r"label 2 is outside the 2 classes"):
        accuracy([[0.1, 0.2]], [2])


@pytest.mark.parametrize("name", LOSSES)
def test_rows_of_arrays_are_lists(name: str) -> None:
    numpy = pytest.importorskip("numpy")
    many = name in ("mse", "cross_entropy", "nll")
    outputs: Any = [[0.25, 0.75], [0.5, 0.5]] if many else [0.25, 0.75]
    wanted: Any = [[0.0, 1.0], [1.0, 0.0]] if many else [1, -1] if name == "hinge" else [1, 0]
    expected = LOSSES[name](outputs, wanted)
    for dtype in float, int if all(isinstance(w, int) for w in wanted) else float:
        rows = numpy.array(wanted, dtype=dtype)
        assert LOSSES[name](outputs, rows) == LOSSES[name](outputs, [*rows]) == expected
        assert LOSSES[name].one(outputs[0], rows[0]) == LOSSES[name].one(outputs[0], wanted[0])
        assert accuracy(outputs, rows) == accuracy(outputs, wanted)
