"""The ledger, the paths, the replay and the answer key."""

import struct
from math import isclose

import pytest
from hypothesis import given, settings, strategies as st
from random_graphs import random_graph

from micrograd_like import Value, topological_order
from micrograd_like.steps.answer_key import answer_key
from micrograd_like.steps.explain import explain, paths
from micrograd_like.steps.walk import walk
from micrograd_like.steps.what_if import nudge, what_if

seeds = st.integers(0, 10**6)


def test_the_ledger_of_a_diamond() -> None:
    a, b = Value(2.0), Value(3.0)
    c = a * b
    L = c + a
    ledger = "a.grad = 4 = 3 (through c = a*b: b · 1) + 1 (through L = c + a: 1 · 1)"
    assert str(explain(a)) == f"{ledger}\nNo backward yet: L.backward() would give this. a.grad is 0 now."
    L.backward()
    assert str(explain(a)) == str(explain(L, a)) == str(explain(a, L)) == ledger
    assert explain(a).latex == (
        r"\frac{\partial L}{\partial a} &= "
        r"\underbrace{b \cdot 1}_{c = a \cdot b} + \underbrace{1 \cdot 1}_{L = c + a} = 4"
    )
    assert explain(a)._repr_latex_().startswith(r"$\displaystyle\begin{aligned} \frac{\partial L}")
    assert explain(a).html.count("<tr>") == 3


def test_the_output_explains_all() -> None:
    a, b = Value(2.0), Value(3.0)
    L = a * b + a
    assert str(explain(L)).splitlines()[:2] == [
        "L.grad = 1 (the output: dL/dL = 1)",
        "v1.grad = 1 (through L = v1 + a: 1 · 1)",
    ]


def test_explaining_changes_no_grad() -> None:
    a = Value(2.0)
    L = a * a
    explain(a)
    assert (a.grad, L.grad) == (0.0, 0.0)


def test_two_outputs_are_asked_about() -> None:
    a = Value(2.0)
    first = a * 2
    second = a * 3
    with pytest.raises(ValueError, match=r"Write explain\((first|second), a\)"):
        explain(a)
    second.backward()
    assert str(explain(second, a)) == str(explain(a)) == "a.grad = 3 (through second = a*3: 3 · 1)"
    assert first.data == 4.0


def test_a_hostile_label_stays_text() -> None:
    a = Value(2.0, "<script>alert(1)</script>")
    L = a * 3
    assert "<script>" not in explain(a, L).html


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_contributions_add_up(seed: int) -> None:
    output, leaves = random_graph(seed)
    reached = set(topological_order(output))
    for leaf in reached & set(leaves):
        [ledger] = explain(leaf, output)
        assert isclose(sum(e.contribution for e in ledger.entries), ledger.total, rel_tol=1e-9, abs_tol=1e-12)


def test_paths_and_what_they_cost() -> None:
    a, b = Value(2.0), Value(3.0)
    c = a * b
    L = c + a
    found = list(paths(L, a))
    assert [path.product for path in found] == [3.0, 1.0]
    assert str(found[0]) == "L <- c <- a: dL/dc · dc/da = 1 · b = 1 · 3 = 3"
    p = paths(L, a)
    assert (p.count, p.total, p.multiplications, p.sweep) == (2, 4.0, 2, 2)


def test_paths_too_many_to_list_are_counted() -> None:
    x = Value(1.0)
    y = x
    for _ in range(100):
        y = y + y
    p = paths(y, x)
    assert (p.count, p.sweep) == (2**100, 198)
    assert p.multiplications == 99 * 2**100
    assert f"and {2**100 - 20:,} paths more" in str(p)


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_the_sum_over_the_paths_is_the_gradient(seed: int) -> None:
    output, leaves = random_graph(seed, 9)
    for leaf in set(topological_order(output)) & set(leaves):
        p = paths(output, leaf)
        products = [path.product for path in p]
        assert len(products) == p.count
        assert isclose(sum(products), p.total, rel_tol=1e-9, abs_tol=1e-9 * sum(map(abs, products)))


def test_nudging_measures_what_backward_computes() -> None:
    a, b = Value(2.0), Value(-3.0)
    y = (a * b + 10.0).tanh()
    seen = nudge(y, a)
    assert isclose(seen.measured, seen.gradient, rel_tol=1e-6)
    assert not seen.crossed
    assert (a.data, a.grad, y.grad) == (2.0, 0.0, 0.0)
    assert "<svg" in seen.svg and "<img" in seen._repr_html_()


def test_a_crossed_kink_is_told() -> None:
    x = Value(0.5)
    y = x.relu() * 2
    assert not nudge(y, x, h=0.4).crossed
    seen = nudge(y, x, h=1.0)
    assert len(seen.crossed) == 1
    assert "A kink was crossed" in str(seen) and "relu(x)" in str(seen)


def test_a_step_must_be_a_step() -> None:
    x = Value(0.5)
    with pytest.raises(ValueError, match=r"h=0\.001"):
        nudge(x * 2, x, h=0.0)


def test_what_if_is_a_new_graph() -> None:
    a, b = Value(2.0), Value(-3.0)
    y = a * b + a
    other = what_if(y, {a: 3.0})
    assert (other.data, y.data, a.data) == (-6.0, -4.0, 2.0)
    other.backward()
    assert (a.grad, b.grad) == (0.0, 0.0)
    assert [e.name for e in walk(other).forward][:3] == ["a", "b", "v1"]
    with pytest.raises(ValueError, match="Change one of them"):
        what_if(y, {Value(1.0): 3.0})


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_a_replay_with_no_change_has_the_same_bits(seed: int) -> None:
    output, _ = random_graph(seed)
    again = what_if(output, {})
    assert [x.data for x in topological_order(again)] == [x.data for x in topological_order(output)]
    assert [x.local_grads for x in topological_order(again)] == [x.local_grads for x in topological_order(output)]


def bits(x):
    return struct.pack("d", x)


@given(seeds)
@settings(max_examples=120, deadline=None)
def test_the_answer_key_gives_the_same_grads_to_the_bit(seed: int) -> None:
    output, leaves = random_graph(seed)
    program = answer_key(output, exact=True)
    found = {}
    exec(program, found)
    for node in topological_order(output):
        node.grad = 0.0
    output.backward()
    for leaf in set(topological_order(output)) & set(leaves):
        assert bits(found[f"d{leaf.label}"]) == bits(leaf.grad), program


def test_the_answer_key_reads_like_the_learners_own() -> None:
    dlogits_of, w = Value(2.0), Value(3.0)
    h = dlogits_of * w
    logits = h * w
    key = answer_key(logits).splitlines()
    assert "dh = dlogits * w" in key
    assert "dw += dh * dlogits_of" in key


def test_names_that_python_would_not_take() -> None:
    a = Value(2.0, "x[0]; import os")
    b = Value(3.0, "lambda")
    c = Value(4.0, "d")
    d = Value(5.0, "dd")
    found = {}
    exec(answer_key(a * b + c * d + c.tanh()), found)
    assert found["x_0_import_os"] == 2.0


def test_a_number_that_changed_since_is_not_passed_off_as_the_one_that_counted() -> None:
    a, b = Value(3.0, "a"), Value(4.0, "b")
    y = a * b
    a.data = 10.0
    y.backward()
    [ledger] = explain(y, b, names={})
    assert str(ledger).endswith("(as computed, before an input was changed)")
    assert "before an input was changed" in ledger.html
