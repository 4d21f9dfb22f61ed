"""The walk: what its events say, that they are the engine's own, and that nothing of the graph changes."""

import re
from math import isclose, pi

import pytest
from hypothesis import given, settings, strategies as st
from random_graphs import random_graph

from micrograd_like import Value, topological_order
from micrograd_like.nn import MLP
from micrograd_like.ops import OPS, NoFiniteGradientError, log, sin
from micrograd_like.ops.notation import short
from micrograd_like.steps.walk import Backward, Forward, Seed, Walk, compare, walk

seeds = st.integers(0, 10**6)


def diamond():
    a, b = Value(2.0), Value(3.0)
    c = a * b
    L = c + a
    return a, b, c, L


def test_one_forward_event_a_node_and_one_backward_event_a_contribution() -> None:
    a, b = Value(2.0), Value(3.0)
    c = a * b
    L = c + a
    w = walk(L)
    assert [(type(e), e.name) for e in w] == [
        (Forward, "a"), (Forward, "b"), (Forward, "c"), (Forward, "L"),
        (Seed, "L"), (Backward, "L"), (Backward, "L"), (Backward, "c"), (Backward, "c"),
    ]  # fmt: skip
    assert len(w) == 9
    assert str(w[4]) == "L.grad = 1"
    assert w[4]._repr_latex_() == r"$\displaystyle \frac{\partial L}{\partial L} = 1$"
    assert (len(w.forward), len(w.backward)) == (4, 4)
    assert w[-1] is w[8]
    assert w[5:7] == w.backward[:2]


def test_an_event_knows_the_whole_contribution() -> None:
    a, b, c, L = diamond()
    assert b.data == 3.0
    event = walk(L).backward[2]
    assert (event.node, event.input, event.position) == (c, a, 0)
    assert (event.local_grad, event.upstream, event.contribution) == (3.0, 1.0, 3.0)
    assert (event.before, event.after) == (1.0, 4.0)
    assert (str(event.symbols()), str(event.numbers()[0])) == ("b", "3")
    assert str(event) == "a.grad = 1 + b · 1 = 1 + 3 · 1 = 4"
    assert event.pending == []
    assert event.reason == "c is complete: all its uses (L) have passed back to it."
    assert event.why == OPS["mul"].why
    assert event.line is not None and str(event.line).endswith("a, b, c, L = diamond()")


def test_a_notebook_shows_a_step_as_latex() -> None:
    a, b = Value(2.0), Value(-3.0)
    c = a * b
    L = c + a
    w = walk(L)
    assert w[2]._repr_latex_() == r"$\displaystyle c = a \cdot b = 2 \cdot \left(-3\right) = -6$"
    latex = w.backward[2]._repr_latex_()
    assert latex == (
        r"$\displaystyle \frac{\partial L}{\partial a} = 1 + b \cdot 1 = 1 + \left(-3\right) \cdot 1 = -2$"
    )


def test_what_is_still_to_come_is_told() -> None:
    a, _b, c, L = diamond()
    root_event = walk(L).backward[1]
    assert (root_event.input, root_event.pending) == (a, [c])
    assert root_event.reason == "L is the output, and dL/dL = 1."


def test_both_edges_of_a_square_are_steps() -> None:
    a = Value(3.0)
    y = a * a
    assert [(e.position, e.before, e.after, e.pending) for e in walk(y).backward] == [
        (0, 0.0, 3.0, [y]),
        (1, 3.0, 6.0, []),
    ]


def test_constants_are_no_targets() -> None:
    a = Value(3.0)
    y = 2 * a
    assert [e.name for e in walk(y)] == ["a", "y", "y", "y"]


def test_moving_about() -> None:
    a, _b, c, L = diamond()
    w = walk(L)
    assert w.next().index == 0
    assert w.until(c).index == 2
    assert w.until(c).index == 5
    assert w.goto(-1) is w[8]
    assert w.next() is w[8]
    assert w.back() is w[7]
    assert w.goto(0) is w.back()
    assert w.until(a).index == 6


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_the_walk_is_the_engines_backward_and_leaves_the_graph_alone(seed: int) -> None:
    output, _ = random_graph(seed)
    nodes = topological_order(output)
    for node in nodes:
        node.grad = 7.0
    w = walk(output)
    events = list(w)
    assert [node.grad for node in nodes] == [7.0] * len(nodes)
    for node in nodes:
        node.grad = 0.0
    output.backward()
    assert all(w.grads[node] == node.grad for node in nodes if not node.constant)
    assert all(e.before + e.contribution == e.after for e in events if isinstance(e, Backward))


def evaluate(text, names):
    return eval(text.replace("·", "*"), {name: OPS[name] for name in OPS if name != "abs"} | {"pi": pi} | names)


@given(seeds)
@settings(max_examples=150, deadline=None)
def test_every_formula_gives_the_engines_number_when_its_numbers_are_put_in(seed: int) -> None:
    output, _ = random_graph(seed)
    check_formulas(walk(output))


@given(
    seeds, st.sampled_from(["overwrite", "first_path", "multiply", "no_upstream", "no_local", "mul_own", "div_sign"])
)
@settings(max_examples=60, deadline=None)
def test_so_do_the_formulas_of_a_mistake(seed: int, rule: str) -> None:
    output, _ = random_graph(seed)
    check_formulas(walk(output, rule))


def check_formulas(w: Walk) -> None:
    values = {w.graph.name(node): node.data for node in w.graph.nodes if not node.constant}
    for event in w:
        if isinstance(event, Seed):
            assert str(event) == f"{event.name}.grad = {short(event.after)}"
        elif isinstance(event, Forward):
            *formulas, result = str(event).split(" = ")[1:]
            for text in formulas:
                assert isclose(evaluate(text, values), event.value, rel_tol=5.01e-4), str(event)
            assert isclose(float(result), event.value, rel_tol=5.01e-4, abs_tol=1e-12)
        else:
            assert isclose(evaluate(str(event.symbols()), values), event.local_grad, rel_tol=1e-9, abs_tol=1e-9)
            cancelled = 1e-12 * (abs(event.before) + abs(event.contribution))
            printed = evaluate(str(event).split(" = ")[-2], values)
            assert isclose(printed, event.after, rel_tol=5.01e-4, abs_tol=cancelled), str(event)


def test_cancelling_terms_get_the_digits_they_need() -> None:
    x = Value(9.0)
    y = x.tanh()
    [event] = walk(y).backward
    text = str(event)
    assert re.search(r"1 - 0\.99999\d+ \*\* 2", text), text


def test_a_walk_is_lazy() -> None:
    x = Value(1.0)
    y = x
    for _ in range(30_000):
        y = y * 0.999 + x
    w = walk(y)
    assert w.next().node is x
    assert len(w._events) == 1


def test_what_the_engine_refuses_is_refused() -> None:
    x = Value(0.0)
    with pytest.raises(NoFiniteGradientError):
        walk(x.sqrt())


def test_an_unknown_rule_is_refused_with_a_near_one() -> None:
    with pytest.raises(ValueError, match="Write rule='overwrite'"):
        walk(Value(1.0) + 1, "overwriting")


def test_the_line_that_made_each_node() -> None:
    xs = [Value(1.0), Value(2.0)]
    total = xs[0] * 2
    for x in xs:
        total += x.tanh()
    y = total - 1
    pieces = {e.name: e.line.text[e.line.start : e.line.end] for e in walk(y).forward if e.line}
    assert pieces["xs[0]"] == "Value(1.0)"
    assert pieces["y"] == "total - 1"
    assert pieces["total"] == "total += x.tanh()"
    assert pieces["v1"] == "xs[0] * 2"


def made_elsewhere() -> Value:
    x = Value(2.0)
    inner = x * 3
    return inner.tanh() + inner


def test_code_of_a_function_is_found_as_far_as_it_can_be() -> None:
    y = made_elsewhere()
    lines = {e.name: e.line and e.line.text.strip() for e in walk(y).forward}
    assert lines["y"] == "y = made_elsewhere()"


def test_code_may_be_given() -> None:
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    w = walk((a * b).tanh(), code="(a * b).tanh()")
    assert [str(e.line) for e in w.forward][2:] == ["line 1: (a * b).tanh()"] * 2


def test_a_value_changed_after_use_keeps_its_recorded_slope() -> None:
    a = Value(2.0)
    y = a * a
    a.data = 5.0
    assert [e.local_grad for e in walk(y).backward] == [2.0, 2.0]
    assert str(walk(y).backward[0]) == "a.grad = a · 1 = 2 · 1 = 2 (as computed, before an input was changed)"
    assert str(walk(y).forward[1]) == "y = a*a = 4 (as computed, before an input was changed)"


def test_baydins_trace() -> None:
    x1, x2 = Value(2.0), Value(5.0)
    y = log(x1) + x1 * x2 - sin(x2)
    w = walk(y)
    assert [round(e.value, 3) for e in w.forward] == [2, 5, 0.693, 10, 10.693, -0.959, 11.652]
    assert (w.grads[x1], round(w.grads[x2], 3)) == (5.5, 1.716)
    # The contributions of table 3, from the bottom up.
    assert [round(e.contribution, 3) for e in w.backward] == [1, -1, -0.284, 1, 1, 5, 2, 0.5]


def test_a_wrong_rule_is_shown_beside_the_right_one() -> None:
    a = Value(1.0)
    b = a + a
    c = b + b
    w = walk(c, rule="depth_first")
    assert w.differences == {a: (4.0, 8.0)}
    text = str(w)
    assert "a     4      8            <- differs" in text
    assert "agrees with the right rule where no inner node is used more than once" in text


def test_a_wrong_rule_may_happen_to_agree() -> None:
    a = Value(1.0)
    w = walk(a.tanh(), rule="overwrite")
    assert w.agrees
    assert "On this graph it happens to give the right gradients." in str(w)
    assert [name for name, wrong in compare(a.tanh()).items() if wrong][:2] == ["no_local", "no_zero"]


def test_too_early_is_told() -> None:
    a = Value(1.0)
    b = a + a
    c = b * 2
    d = c + b
    [first, *_] = [e for e in walk(d, rule="first_reach").backward if e.node is b]
    assert first.reason.startswith("b is complete") or "too early" in first.reason
    events = walk(d, rule="not_reversed").backward
    assert "too early: what comes from d, c is still missing" in events[0].reason


def test_a_network_walks() -> None:
    model = MLP(2, [3, 1], rng=0)
    loss = (model([1.0, -2.0]) - 1.0) ** 2
    names = [e.name for e in walk(loss).forward]
    assert "model.layers[0].neurons[0].w[0]" in names or "layers[0].neurons[0].w[0]" in names
