"""Functions of many numbers: the same on floats and on Values, and safe where the textbook form overflows."""

from math import exp, inf, log
from typing import Any

import pytest
from hypothesis import given, strategies as st

from micrograd_like import Value
from micrograd_like.functions import dot, logsumexp, mean, softmax
from micrograd_like.graph.gradcheck import gradcheck

numbers = st.lists(st.floats(-30, 30), min_size=1, max_size=6)


@given(numbers)
def test_floats_and_values_give_the_same_bits(xs: Any) -> None:
    values = [Value(x) for x in xs]
    assert mean(values).data == mean(xs)
    assert logsumexp(values).data == logsumexp(xs)
    assert [p.data for p in softmax(values)] == softmax(xs)
    assert dot(values, xs, 0.5).data == dot(xs, xs, 0.5)


def test_dot_adds_the_products_from_the_left() -> None:
    b, w, x = Value(3.0), [Value(1.0), Value(2.0)], [Value(5.0), Value(7.0)]
    total = dot(w, x, b)
    (first, last), (start, product) = total.inputs, total.inputs[0].inputs
    assert start is b and product.inputs == (w[0], x[0]) and last.inputs == (w[1], x[1])
    assert first.inputs[0] is b and total.data == 22.0
    assert dot([], []) == 0.0


def test_dot_of_different_lengths_is_refused() -> None:
    with pytest.raises(ValueError, match=r"2 weights and 3 inputs. Give one input for each weight"):
        dot([1.0, 2.0], [1.0, 2.0, 3.0])


@pytest.mark.parametrize("function", [mean, logsumexp, softmax])
def test_of_no_number_there_is_none(function: Any) -> None:
    with pytest.raises(ValueError, match=r"Give at least one"):
        function([])


@given(numbers)
def test_softmax_is_a_distribution_and_logsumexp_the_logarithm_of_its_divisor(xs: Any) -> None:
    assert sum(softmax(xs)) == pytest.approx(1) and min(softmax(xs)) > 0
    assert logsumexp(xs) == pytest.approx(log(sum(map(exp, xs))))


@pytest.mark.parametrize(
    "xs, value", [([1000.0, 1000.0], 1000 + log(2)), ([-1000.0, 0.0], 0.0), ([inf, 0.0], inf), ([-inf, -inf], -inf)]
)
def test_logsumexp_never_overflows(xs: Any, value: float) -> None:
    assert logsumexp(xs) == logsumexp([Value(x) for x in xs]).data == value


def test_the_derivative_of_softmax_is_p_times_delta_less_p() -> None:
    xs = [Value(x) for x in (0.3, -1.2, 2.0)]
    p = softmax(xs)
    p[0].backward()
    assert [x.grad for x in xs] == pytest.approx([p[0].data * ((i == 0) - q.data) for i, q in enumerate(p)])


@pytest.mark.parametrize("function", [lambda *xs: mean(xs), lambda *xs: logsumexp(xs), lambda *xs: softmax(xs)[1]])
def test_derivatives_are_those_that_nudging_measures(function: Any) -> None:
    assert gradcheck(function, [0.3, -1.2, 2.0])
