"""Names, straight-line programs, gradients as graphs, checks of one's own functions, typed expressions."""

import ast
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from micrograd_like import Value, xlogy
from micrograd_like.graph.gradcheck import gradcheck, grade
from micrograd_like.graph.gradients import gradients
from micrograd_like.graph.names import Graph, changed_after_use
from micrograd_like.graph.parse import ExpressionError, parse
from micrograd_like.nn import MLP, Neuron
from micrograd_like.ops import OPS, NoFiniteGradientError, sin, tanh
from micrograd_like.ops.notation import C, LaTeX, Python, Written, latex_name


def test_a_node_is_named_by_the_variable_that_holds_it() -> None:
    a, b = Value(2.0), Value(-3.0)
    e = a * b
    assert str(Graph(e)) == "a = 2\nb = -3\ne = a * b   # -6"


def test_a_label_wins_and_what_has_no_name_is_numbered() -> None:
    a = Value(2.0, label="left")
    L = (a + 1.0) * (a + 1.0)
    assert list(Graph(L).names.values()) == ["left", "1", "v1", "1", "v2", "L"]


def test_lists_dicts_and_networks_of_the_learners_own_name_what_they_hold() -> None:
    class Net:
        def __init__(self) -> None:
            self.w = [Value(1.0), Value(2.0)]

        def parameters(self) -> list[Value]:
            return self.w

    net, xs, table = Net(), [Value(3.0), Value(4.0)], {"bias": [[Value(5.0)]]}
    out = net.w[0] * xs[0] + net.w[1] * xs[1] + table["bias"][0][0]
    assert list(Graph(out).names.values())[:5] == ["net.w[0]", "net.w[1]", "xs[0]", "xs[1]", "table['bias'][0][0]"]


def test_networks_name_their_parameters_and_what_their_layers_compute() -> None:
    model = MLP(2, [2, 1], activation="tanh")
    for p in model.parameters():
        assert p.grad == 0.0
    names = set(Graph(model([1.0, 2.0])).names.values())
    assert {"layers[0].neurons[1].w[0]", "layers[1].neurons[0].b", "z1[0]", "a1[1]"} <= names
    prediction = model([1.0, 2.0])
    assert Graph(prediction).name(prediction) == "prediction"


def test_names_are_unique() -> None:
    model = Neuron(1)
    total = model([1.0]) + model([2.0]) + Value(1.0, "v1") * 2.0
    names = [name for node, name in Graph(total).names.items() if not node.constant]
    assert len(set(names)) == len(names)


@given(st.recursive(st.sampled_from("abc"), lambda x: st.tuples(st.sampled_from(list(OPS)), x, x, x), max_leaves=12))
def test_written_python_computes_what_was_written(tree: object) -> None:
    def build(tree: object, letters: dict[str, object]) -> object:
        if isinstance(tree, str):
            return letters[tree]
        op = OPS[tree[0]]  # type: ignore[index]
        return op(*[build(x, letters) for x in tree[1 : 1 + op.arity]])  # type: ignore[index]

    numbers = {"a": 0.7, "b": -1.3, "c": 2.0}
    try:
        expected = build(tree, numbers)
    except (ArithmeticError, ValueError):
        return
    text = str(build(tree, {x: Python(x) for x in "abc"}))
    got = eval(text, numbers | dict(OPS))
    assert got == expected or math.isnan(got)


def test_latex_and_c_keep_the_order_of_evaluation() -> None:
    def f(kind: type[Written]) -> str:
        a, b = kind("a"), kind("b")
        return str((a + b) * -a / (a - (b - 1.0)) ** 2 - -a)

    assert f(LaTeX) == (
        r"\frac{\left(a + b\right) \cdot \left(-a\right)}{\left(a - \left(b - 1\right)\right)^{2}} - \left(-a\right)"
    )
    assert f(C) == "(a + b) * (-a) / op_pow(a - (b - 1.0), 2.0) - (-a)"


@pytest.mark.parametrize("name", ["a_b", "50%", "{x}", "back\\slash", "#1", "x^2~"])
def test_latex_names_are_escaped(name: str) -> None:
    assert latex_name(name).startswith(r"\mathrm{")
    assert latex_name(name).count("{") == latex_name(name).count("}")


def test_program_lines_are_python() -> None:
    x, y = Value(0.5), Value(2.0)
    out = (x * y - 3) ** 2 / tanh(y)
    scope: dict[str, object] = dict(OPS)
    exec(str(Graph(out)), scope)
    assert scope["out"] == out.data
    assert ast.parse(str(Graph(out)))


def test_uses_are_counted_by_edge() -> None:
    a = Value(1.0)
    total = a + a
    assert Graph(total).uses == {a: [total, total], total: []}


def test_a_change_after_use_is_noticed() -> None:
    a = Value(1.0)
    before = a * 2.0
    a.data = 5.0
    assert changed_after_use(before)
    assert not changed_after_use(a * 2.0)


def test_gradients_of_what_does_not_depend_are_0_and_nothing_is_written() -> None:
    x, other = Value(2.0), Value(3.0)
    slope, zero = gradients(x**3 + 1, [x, other])
    assert (slope.data, zero.data, x.grad, other.grad) == (12.0, 0.0, 0.0, 0.0)
    [one] = gradients(x, [x])
    assert one.data == 1.0


def test_gradients_refuse_an_infinite_slope_unless_nobody_asks_for_it() -> None:
    x, y = Value(0.0), Value(1.0)
    out = x.sqrt() * y
    with pytest.raises(NoFiniteGradientError, match="sqrt"):
        gradients(out, [x])
    assert gradients(out, [y])[0].data == 0.0


def test_gradcheck_says_which_derivative_is_wrong_where_and_by_how_much() -> None:
    report = gradcheck(lambda a, b: a * b.data + b * b, [2.0, 3.0])
    right, wrong = report
    assert right and not wrong and not report
    assert str(wrong) == "d/db = 6 at a = 2, b = 3: wrong, claimed 6.0, measured 8"


@pytest.mark.parametrize("precise", [True, False])
def test_gradcheck_with_and_without_mpmath(precise: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if precise:
        pytest.importorskip("mpmath")
    else:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    report = gradcheck(lambda x, y: (x * y).tanh() / y + abs(x), [0.0, 0.7])
    assert report
    assert report[0].sides == pytest.approx((0.0, 2.0), abs=1e-3)
    assert [slope.ulps is not None for slope in report] == [False, precise]
    assert gradcheck(sin, [1.0])[0].name == "x1"


def test_gradcheck_needs_a_value() -> None:
    with pytest.raises(TypeError, match="a gradient needs a Value"):
        gradcheck(lambda a: a.data, [1.0])
    assert gradcheck(lambda a: a * 2, [1.0])


def test_grading_a_rule_of_ones_own() -> None:
    assert grade(OPS["mul"], lambda out, a, b: (b, a))
    assert not grade(OPS["mul"], lambda out, a, b: (a, b))


def test_expressions_compute_what_python_would() -> None:
    text = "(-a * b + c % 2) ** 2 / maximum(abs(b), 1) - sin(pi * a).exp()"
    values = {"a": 0.5, "b": -3.0, "c": 10.0}
    root, variables = parse(text, values)
    expected = (-0.5 * -3.0 + 10.0 % 2) ** 2 / 3.0 - math.exp(math.sin(math.pi * 0.5))
    assert root.data == expected
    assert [v.label for v in variables.values()] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a +", "is not an expression"),
        ("a * z", "z has no number. Give it one, as in z=2."),
        ("tnah(a)", "Did you mean tanh?"),
        ("__import__('os')", "There is no operation __import__"),
        ("a.data", "'a.data' is not arithmetic"),
        ("a if a else a", "is not arithmetic"),
        ("'a' * 2", "is not arithmetic"),
        ("1 + 2", "has no variable"),
        ("a\0b", "is not an expression"),
        ("(" * 500 + "a" + ")" * 500, "is not an expression"),
        ("tanh(a, a)", "operation on 1"),
        ("a < 1", "is not arithmetic"),
    ],
)
def test_expressions_that_cannot_be_read_say_what_to_type(text: str, message: str) -> None:
    with pytest.raises((ExpressionError, TypeError)) as caught:
        parse(text, {"a": 2.0})
    assert message in str(caught.value)


def test_a_deep_expression_is_computed_or_refused_in_a_sentence() -> None:
    try:  # how deep Python itself reads depends on its version
        root, _ = parse("-" * 5000 + "a", {"a": 2.0})
    except ExpressionError as error:
        assert len(str(error)) < 500
    else:
        assert root.data == 2.0


@pytest.mark.parametrize(
    "make",
    [lambda x, w: x * x * x, lambda x, w: w.exp() * x, lambda x, w: (x + w) ** 3, lambda x, w: x.maximum(w) * x],
)
def test_gradients_after_data_was_set_are_those_of_before_or_refused(make: Callable[..., Value]) -> None:
    x, w = Value(2.0, "x"), Value(0.5, "w")
    y = make(x, w)
    x.data = 10.0
    y.backward()
    try:
        [slope] = gradients(y, [x])
    except ValueError as error:
        assert "x.data was set to 10.0 after" in str(error) and "Compute the output again" in str(error)
    else:
        assert slope.data == x.grad
    [slope] = gradients(make(x, w), [x])
    x.grad = 0.0
    make(x, w).backward()
    assert slope.data == x.grad


def test_gradients_that_no_changed_number_enters_are_given() -> None:
    x, w = Value(2.0), Value(0.5)
    y = x * w + x
    x.data = 10.0
    assert gradients(y, [x])[0].data == 1.5
    with pytest.raises(ValueError, match="was set to"):
        gradients(y, [w])
    middle = x.exp()
    middle.data = 5.0
    with pytest.raises(ValueError, match=r"data was set to 5.0 after"):
        gradients(middle * 2.0, [x])


THIRD = [  # where a formula has a corner that the function itself does not have
    (lambda x: x.tanh(), -2.0), (lambda x: x.sigmoid(), -0.125), (lambda x: x.silu(), 0.0),
    (lambda x: x.softplus(), 0.0), (lambda x: x.logsigmoid(), 0.0), (lambda x: xlogy(x, x * x + 1.0), 6.0),
    (lambda x: (x * x).sigmoid() * x, 1.5), (lambda x: (2.0 * x).tanh(), -16.0),
]  # fmt: skip


@pytest.mark.parametrize("function, third", THIRD)
def test_the_third_derivative_at_0(function: Any, third: float) -> None:
    x = Value(0.0)
    slope = function(x)
    for _ in range(3):
        [slope] = gradients(slope, [x])
    assert slope.data == pytest.approx(third, abs=1e-12)


def test_a_weight_of_0_has_the_slope_of_its_logarithm() -> None:
    weight, p = Value(0.0), Value(2.0)
    [by_p] = gradients(xlogy(weight, p), [p])
    assert gradients(by_p, [weight])[0].data == 0.5
