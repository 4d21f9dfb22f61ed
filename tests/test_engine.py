"""What the engine promises, case by case."""

import copy
import gc
import math
import os
import pickle
import random
import subprocess
import sys
import weakref
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sizes
from hypothesis import given, settings, strategies as st

from micrograd_like import Value, _engine, ieee, topological_order
from micrograd_like.engine import backward_steps
from micrograd_like.ops import OPS, Op, exp, relu

ROOT = Path(__file__).parent.parent


def test_an_input_that_is_used_twice_gets_two_contributions() -> None:
    a = Value(3.0)
    assert (a + a).inputs == (a, a)
    assert [(x, slope) for _, x, slope in backward_steps(a + a)] == [(a, 1.0), (a, 1.0)]
    assert a.grad == 2.0
    a.grad = 0.0
    (a * a).backward()
    assert a.grad == 6.0


def test_diamond() -> None:
    a = Value(1.0)
    b = a + a
    (b + b).backward()
    assert (a.grad, b.grad) == (4.0, 2.0)


def test_leaves_add_up_and_the_rest_starts_afresh() -> None:
    x = Value(3.0)
    y = x * x * x
    for times in (1, 2, 3):
        y.backward()
        assert x.grad == times * 27.0
        assert y.grad == 1.0
    x.backward()
    assert x.grad == 82.0


def test_a_second_loss_that_shares_nodes_is_right() -> None:
    x = Value(2.0)
    h = x * x
    (h * 5.0).backward()
    x.grad = 0.0
    (h * h).backward()
    assert x.grad == 4 * 2.0**3


def test_backward_can_be_paused_after_each_contribution() -> None:
    a, b = Value(2.0), Value(-3.0)
    c = a * b
    total = c + a
    steps = [(node, x, slope, x.grad) for node, x, slope in backward_steps(total)]
    assert steps == [(total, c, 1.0, 1.0), (total, a, 1.0, 1.0), (c, a, -3.0, -2.0), (c, b, 2.0, 2.0)]


def test_the_gradient_is_that_of_the_moment_the_operation_ran() -> None:
    x, y = Value(2.0), Value(5.0)
    product = x * y
    x.data = 100.0
    product.backward()
    assert (product.data, y.grad) == (10.0, 2.0)


def test_adding_in_place_makes_a_new_node() -> None:
    a = before = Value(1.0)
    a += 2.0
    assert a is not before
    assert (a.data, before.data) == (3.0, 1.0)


def test_a_plain_number_becomes_a_constant_without_a_gradient() -> None:
    x = Value(-2.0)
    y = 3.0 * x**2
    three, square = y.inputs
    assert (three.constant, square.constant, x.constant) == (True, False, False)
    y.backward()
    assert (x.grad, three.grad, square.inputs[1].grad) == (-12.0, 0.0, 0.0)


@pytest.mark.parametrize("number", [1, True, 0.5, Fraction(1, 2)])
def test_any_one_real_number_is_data(number: float) -> None:
    for value in (Value(number), Value(0.0) + number):
        assert type(value.data) is float
        assert value.data == float(number)


def test_numpy_scalars_work_on_both_sides_and_arrays_are_refused() -> None:
    np = pytest.importorskip("numpy")
    x = Value(3.0)
    two = np.float64(2.0)
    assert [y.data for y in (two * x, two + x, two - x, two / x, two**x, x * two)] == [6.0, 5.0, -1.0, 2 / 3, 8.0, 6.0]
    assert two < x
    assert Value(np.int8(100)).data + 100 == 200.0
    for wrong in (lambda: np.array([1.0]) * x, lambda: x * np.array([1.0]), lambda: Value(np.array([1.0]))):
        with pytest.raises(TypeError, match="one by one, as in"):
            wrong()
    with pytest.raises(TypeError, match=r"Take its one number, as in np.array\(1.5\).item\(\)"):
        Value(np.array(1.5))  # there is nothing to go through
    assert Value(np.array(1.5).item()).data == 1.5


@pytest.mark.parametrize("wrong", ["1.5", b"1", None, 1j, [1.0], {1.0}, object(), Value(1.0)], ids=repr)
def test_what_is_not_one_real_number_is_refused_by_name(wrong: object) -> None:
    with pytest.raises(TypeError, match=f"of type {type(wrong).__name__}"):
        Value(wrong)
    x = Value(1.0)
    if not isinstance(wrong, Value):
        with pytest.raises(TypeError):
            x * wrong  # type: ignore[operator]
        with pytest.raises(TypeError):
            x.data = wrong  # type: ignore[assignment]
        assert x.data == 1.0


def test_advice_of_type_errors_works() -> None:
    assert Value(float("1.5")).data == 1.5
    assert [2 * x for x in [1.0, 2.0]] == [2.0, 4.0]
    assert Value((1 + 2j).real).data == 1.0
    with pytest.raises(OverflowError, match="larger than any float"):
        Value(10**400)
    assert Value(10**400 // 10**395).data == 1e5


def test_comparisons_are_of_numbers_and_equality_of_nodes() -> None:
    a, b = Value(1.0), Value(2.0)
    assert a == 1.0 and a != 2 and a != Value(1.0) and a == a
    assert a < b <= 2.0 < Value(3.0) and b > a >= 1
    assert max(a, b) is b and sorted([b, a]) == [a, b]
    assert {a: "first", b: "second"}[a] == "first"
    assert a != "text" and a is not None


@pytest.mark.parametrize("ask", [bool, float, math.exp, lambda x: not x])
def test_truth_and_float_of_a_value_are_refused_with_what_was_meant(ask: object) -> None:
    x = Value(0.5)
    with pytest.raises(TypeError, match=r"Write x\.data"):
        ask(x)  # type: ignore[operator]
    assert (x.data != 0, x is not None, x.exp().data) == (True, True, math.exp(0.5))


def test_reads_as_text() -> None:
    assert repr(Value(2.0)) == "Value(data=2.0, grad=0.0)"
    assert repr(Value(2.0, "a")) == "Value(data=2.0, grad=0.0, label='a')"
    assert f"{Value(2.0):.3f}" == "2.000"
    big = sum((Value(1.0) for _ in range(10**4)), Value(0.0))
    assert len(repr(big)) < 60


def test_a_learner_may_set_any_attribute_and_lectures_find_their_names() -> None:
    a, b = Value(1.0), Value(2.0)
    a.momentum = 0.5
    product = a * b
    assert (a.momentum, product._prev, product._op, product.tanh()._op, a._op) == (0.5, {a, b}, "*", "tanh", "")


def test_leaky_relu_has_its_usual_slope() -> None:
    assert Value(-2.0).leaky_relu().data == -0.02
    assert Value(-2.0).leaky_relu(0.5).data == -1.0
    with pytest.raises(TypeError, match="operation on 1, and was given 2"):
        exp(1.0, 2.0)


def test_memory_is_free_at_once_without_the_garbage_collector() -> None:
    gc.disable()
    try:
        x = Value(0.5)
        y = (x * 2.0).tanh() + x
        y.backward()
        inner = weakref.ref(y.inputs[0])
        del y
        assert inner() is None
    finally:
        gc.enable()


LENGTH = 10**6 if sizes.LONG or _engine.NAME == "C" else 10**5


@sizes.long
def test_a_chain_of_a_million_operations() -> None:
    leaf = end = Value(1.0)
    for _ in range(LENGTH):
        end = -end
    end.backward()
    assert leaf.grad == 1.0


@sizes.long
def test_a_copy_of_a_chain_of_a_million_operations() -> None:
    length = sizes.many(10**5, 10**6)
    leaf = end = Value(1.0)
    for _ in range(length):
        end = -end
    end.backward()
    assert leaf.grad == 1.0
    twin = copy.deepcopy(end)
    assert len(topological_order(twin)) == length + 1 and twin is not end
    restored = pickle.loads(pickle.dumps(end))
    restored.backward()
    first = topological_order(restored)[0]
    assert (first.op, first.grad, restored.data) == (None, 2.0, end.data)
    assert topological_order(end)[0] is leaf


@sizes.long
def test_a_fan_out_of_a_million() -> None:
    x = Value(1.0)
    total = x
    for _ in range(LENGTH // 2):
        total = total + x
    total.backward()
    assert x.grad == LENGTH // 2 + 1


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_keep_what_is_shared_and_can_go_on(copied: object) -> None:
    class_free = Value(2.0, "a")
    class_free.note = "mine"
    half = class_free * 0.5
    total = half + class_free
    total.backward()
    half2, total2, a2, again = copied([half, total, class_free, total])  # type: ignore[operator]
    assert total2 is again and total2.inputs == (half2, a2) and half2.inputs[0] is a2
    assert (a2.note, a2.label, a2.grad, half2.op, half2.inputs[1].constant) == ("mine", "a", 1.5, OPS["mul"], True)
    (total2 * a2).backward()
    assert class_free.grad == 1.5 and a2.grad == 1.5 + 6.0


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_keep_what_a_subclass_keeps_in_slots(copied: object) -> None:
    x = Slotted(2.0)
    x.note = "mine"  # type: ignore[attr-defined]
    twin = copied(x * 1.0 if copied is not copy.copy else x)  # type: ignore[operator]
    twin = twin.inputs[0] if twin.inputs else twin
    assert (type(twin), twin.memory, twin.hidden(), twin.note) == (Slotted, [1.0], 3, "mine")


class Slotted(Value):
    __slots__ = ("__mine", "memory")

    def __init__(self, data: float) -> None:
        super().__init__(data, _children=())
        self.memory, self.__mine = [1.0], 3

    def hidden(self) -> int:
        return self.__mine


def test_nodes_as_the_lecture_writes_them() -> None:
    a, b = Value(2.0, label="a"), Value(-3.0)
    c = Value(a.data * b.data, (a, b), "*")
    o = Value(c.tanh().data, (c,), "tanh")
    assert (c._op, o._op, c._prev, Value(1.0, _children=(), _op="", label="x").label) == ("*", "tanh", {a, b}, "x")
    o.grad = 1.0
    o._backward()
    c._backward()
    by_hand = a.grad, b.grad, c.grad
    a.grad = b.grad = 0.0
    o.backward()
    assert by_hand == (a.grad, b.grad, c.grad) and a.grad != 0.0
    with pytest.raises(TypeError, match=r"There is no operation 'f' on 2"):
        Value(1.0, (a, b), "f")
    with pytest.raises(ValueError, match=r"2\.0 \+ -3\.0 is -1\.0, and not 7\.0"):
        Value(7.0, (a, b), "+")
    with pytest.raises(TypeError, match=r"Write out\.local_grads = "):
        o._backward = lambda: None  # type: ignore[method-assign]


@pytest.mark.parametrize(("ask", "advice"), [
    (lambda x: math.tanh(x), "x.tanh() instead of math.tanh(x)"),
    (lambda x: math.pow(x, math.exp(1.0)), "x.pow(y) instead of math.pow"), (lambda x: int(x), "int(x.data)"),
    (lambda x: round(x, 2), "round(x.data, 2)"), (lambda x: divmod(x, 2), "x // y and x % y"),
    (lambda x: len(x), "len([x, y])"), (lambda x: float(x), "x.data"),
])  # fmt: skip
def test_what_python_asks_of_a_number_is_answered_with_what_to_type(ask: object, advice: str) -> None:
    with pytest.raises(TypeError) as caught:
        ask(Value(0.5))  # type: ignore[operator]
    assert advice in str(caught.value)
    assert not hasattr(Value(1.0), "__len__")


def test_a_gradient_of_none_is_refused_with_what_to_type() -> None:
    x = Value(2.0)
    with pytest.raises(TypeError, match=r"Write x\.grad = 0\.0"):
        x.grad = None  # type: ignore[assignment]
        (x * x).backward()


def test_numpy_functions_of_a_value_are_its_operations() -> None:
    np = pytest.importorskip("numpy")
    x = Value(0.5)
    y = np.exp(x)
    y.backward()
    assert (y.data, x.grad, np.arcsin(x).op.name) == (math.exp(0.5), math.exp(0.5), "asin")
    with pytest.raises(TypeError, match=r"np\.isnan takes no Value"):
        np.isnan(x)


@pytest.mark.parametrize(
    "use, message",
    [
        (lambda x: x[0], r"one number and has no parts. Write xs\[0\]"),
        (lambda x: x[1:], r"one number and has no parts"),
        (lambda x: len(x), r"one number and has no length. Write len"),
        (lambda x: int(x), r"Write int\(x\.data\)"),
        (lambda x: math.trunc(x), r"x\.trunc\(\) for a Value"),
        (lambda x: math.floor(x), r"x\.floor\(\) instead of"),
        (lambda x: round(x, 2), r"Write round\(x\.data, 2\)"),
        (lambda x: divmod(x, 2), r"Write x // y and x % y"),
    ],
)
def test_what_python_does_with_other_objects_is_refused_with_what_to_type(use: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        use(Value(2.0))
    assert not hasattr(Value(2.0), "__getitem__") and not hasattr(Value(2.0), "__len__")


def test_numpy_holds_a_value_as_one_number() -> None:
    np = pytest.importorskip("numpy")
    x = Value(2.0)
    assert np.array([x, x]).shape == (2,) and np.array(x).shape == () and np.sum([x, x]).data == 4.0


def test_a_shallow_copy_shares_its_inputs() -> None:
    x = Value(1.0)
    y = x * 2.0
    assert copy.copy(y).inputs == y.inputs


def test_a_subclass_may_have_its_own_ways() -> None:
    class Loud(Value):
        def __repr__(self) -> str:
            return "LOUD"

    x = Loud(2.0)
    (x * x).backward()
    assert (repr(x), x.grad, type(copy.deepcopy(x))) == ("LOUD", 4.0, Loud)


def test_ieee_ends_with_its_block_even_on_an_error() -> None:
    with pytest.raises(KeyError), ieee():
        raise KeyError
    with pytest.raises(ZeroDivisionError):
        Value(1.0) / 0.0


def test_overflow_is_caught_by_backward_and_named() -> None:
    big = Value(1e200, "big")
    with pytest.raises(ArithmeticError, match=r"big \* 1e\+200 with big = 1e\+200"):
        (big * 1e200).backward()


SMOOTH = [op for op in OPS.values() if op.kink is None and op.name in ("add", "sub", "mul", "tanh", "sin", "sigmoid")]


def random_graph(draw: random.Random, leaves: list[Value], size: int) -> Value:
    nodes = list(leaves)
    for _ in range(size):
        op = draw.choice(SMOOTH)
        nodes.append(op(*[draw.choice(nodes[-6:]) for _ in range(op.arity)]))
    return nodes[-1]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 30))
def test_random_graphs_have_the_slopes_that_nudging_measures(seed: int, size: int) -> None:
    numbers = [random.Random(seed).uniform(-1, 1) for _ in range(3)]
    leaves = [Value(x) for x in numbers]
    random_graph(random.Random(seed), leaves, size).backward()
    for i, leaf in enumerate(leaves):
        h = 1e-6
        up, down = (
            random_graph(random.Random(seed), [Value(x + s * (k == i)) for k, x in enumerate(numbers)], size).data
            for s in (h, -h)
        )
        assert leaf.grad == pytest.approx((up - down) / (2 * h), rel=1e-4, abs=1e-5)


def test_same_program_same_bits_in_any_process() -> None:
    code = (
        "import random, sys; sys.path.append('tests')\n"
        "from micrograd_like import Value; from test_engine import random_graph\n"
        "x = [Value(0.3), Value(-0.7), Value(1.1)]; random_graph(random.Random(5), x, 200).backward()\n"
        "print([v.grad.hex() for v in x])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed}, cwd=ROOT, text=True,
            capture_output=True, check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(outputs) == 1


def test_a_new_operation_is_one_entry() -> None:
    try:
        parts = {"latex": "{a}^3", "sample": ((-1, 1),), "why": ""}
        cube = Op("third_power", lambda a: a * a * a, lambda out, a: (3.0 * a * a,), **parts)
        x = Value(2.0)
        cube(x).backward()
        assert (x.grad, cube(2.0)) == (12.0, 8.0)
    finally:
        del OPS["third_power"]


def test_functions_give_floats_for_floats() -> None:
    assert relu(-1) == 0.0
    assert type(relu(2)) is float
