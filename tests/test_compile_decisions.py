"""A compiled function decides as the engine would, whatever it decides by."""

from __future__ import annotations

import functools
import math
import os
import runpy
import sys
import threading
import types
import warnings
import weakref
from array import array
from collections import UserDict
from contextvars import ContextVar
from operator import attrgetter
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from sizes import long, many

pytest.importorskip("numpy")

from benchmarks.decisions import count
from micrograd_like import MLP, OPS, SGD, Op, Value, gradients, ieee
from micrograd_like.compiler import AuditError, Program, RefusedError, Rows, compile
from micrograd_like.data import Standardize

pytestmark = pytest.mark.filterwarnings("ignore:compile leaves this to the engine")
both = pytest.mark.parametrize("exact", [False, True])


def outcome(call: Any, leaves: list[Value]) -> Any:
    for leaf in leaves:
        leaf.grad = 0.0
    try:
        return [call(), *[leaf.grad for leaf in leaves]]
    except (ArithmeticError, ValueError, TypeError, IndexError) as error:
        return type(error).__name__


def holds(program: Program, function: Any, leaves: list[Value], *inputs: Any) -> bool:
    """Tell whether the program and the engine give the same loss and gradients, or the same kind of error."""

    def engine() -> float:
        out = function(*inputs)
        out = out[0] if isinstance(out, tuple) else out
        out.backward()
        return float(out.data)

    ours, right = outcome(lambda: program(*inputs), leaves), outcome(engine, leaves)
    return bool(ours == (right if isinstance(right, str) else pytest.approx(right, rel=1e-9, abs=1e-12)))


W, U = Value(2.0), Value(-0.5)
NUMBERS = [1.0, -1.0, 0.3, -2.5, 0.0, 3.0, 2.0, 1.0]
DECIDING: dict[str, Any] = {
    "a branch on each input": lambda xs: sum((W if x > 0 else U) * x for x in xs),
    "relu by .data": lambda xs: sum(z if z.data > 0 else 0 * z for z in [W * x for x in xs]),
    "relu by the Value": lambda xs: sum(z if z > 0 else 0.1 * z for z in [W * x + U for x in xs]),
    "not equal": lambda xs: W * (5 if xs[0] != 1 else 1),
    "a set": lambda xs: W * len({*xs}),
    "a dict": lambda xs: W * {1.0: 2.0, 3.0: 4.0}.get(xs[0], 7.0),
    "in a list": lambda xs: W * (xs[1] in [1.0, 2.0]) + U,
    "where it stands": lambda xs: W * sorted(xs).index(xs[0]),
    "an index by a comparison": lambda xs: [W, U][xs[0] > 0.5] * xs[1],
    "sorted": lambda xs: sum(i * z for i, z in enumerate(sorted([W * x for x in xs]))),
    "argmax by key": lambda xs: (zs := [W * x for x in xs])[max(range(len(xs)), key=lambda i: zs[i].data)] * 2,
    "the largest Value": lambda xs: max(W * x for x in xs) + min(U * x for x in xs),
    "the largest number": lambda xs: sum((W * x - max((W * y).data for y in xs)).exp() for x in xs),
    "round": lambda xs: W * round(xs[0]) + U * int(xs[1]) * math.floor(xs[0]) + W * math.ceil(xs[1]),
    "math": lambda xs: W * math.exp(xs[0]) + U * math.copysign(1.0, xs[1]) * math.hypot(*xs),
    "a number of a comparison": lambda xs: W * sum(x > 0 for x in xs) + (W.data > 1) * U,
    "a Value of .data": lambda xs: sum((W * x - Value((W * x * 0.5).data)) ** 2 for x in xs),
    "arithmetic on .data": lambda xs: sum(W * x * (U * x).data for x in xs) - W.data,
    "text": lambda xs: W * len(f"{xs[0]:g}"),
    "float": lambda xs: W * float(xs[0]),
    "a range": lambda xs: sum(W * i for i in range(int(abs(xs[0])) + 1)),
    "break": lambda xs: functools.reduce(lambda total, x: total if x < 0 else total + W * x, xs, U * 1.0),
    "two questions": lambda xs: W * xs[0] if 0 < xs[0] < 2 or xs[1] < 0 else U * xs[1],
    "divmod": lambda xs: W * (xs[0] // 2) + U * (xs[1] % 2),
}


@both
@pytest.mark.parametrize("name", DECIDING)
def test_what_a_function_decides_by_is_followed(name: str, exact: bool) -> None:
    function = DECIDING[name]
    program = compile(function, [1.0, -1.0], parameters=[W, U], exact=exact)
    rng = Random(1)
    for _ in range(12):
        assert holds(program, function, [W, U], [rng.choice(NUMBERS), rng.choice(NUMBERS)])


@long
@pytest.mark.parametrize(("programs", "options"), [
    (500, {}), (500, {"exact": True}), (250, {"backend": "numpy"}), (250, {"backend": "source"}),
    (250, {"in_ieee": True}), (250, {"in_ieee": True, "exact": True}),
])  # fmt: skip
def test_random_programs_with_decisions_never_differ_in_silence(programs: int, options: Any) -> None:
    assert count(range(many(programs // 5, programs)), **options)["different"] == 0


scale = 1.0


def scaled(x: Any) -> Any:
    return x * scale


def test_what_surrounds_a_function_is_looked_at_before_each_call() -> None:
    global scale
    net = SimpleNamespace(w=Value(2.0), k=3.0, on=True, layers=[lambda z: z * 2, lambda z: z.tanh()])
    rates, factor = [0.5], 2.0

    def function(x: Any, more: Any = [1.0]) -> Any:  # noqa: B006
        z = net.w * x * net.k
        for layer in net.layers:
            z = layer(z)
        return (z if net.on else z * 0.5) + scaled(net.w) * rates[0] * factor * more[0]

    program = compile(function, 0.3)
    changes: list[Any] = [
        lambda: rates.append(1.0), lambda: rates.__setitem__(0, 0.7), lambda: setattr(net, "k", 5.0),
        net.layers.reverse,
        lambda: setattr(net, "on", False), lambda: setattr(net, "w", Value(-1.0)), lambda: setattr(net, "other", 1),
        lambda: function.__defaults__[0].__setitem__(0, 9.0), lambda: net.layers.append(lambda z: z**2),
    ]  # fmt: skip
    for change in changes:
        change()
        assert holds(program, function, [net.w], 0.3), change
    scale, factor = 2.0, 4.0
    assert holds(program, function, [net.w], 0.3)
    scale = 1.0


def test_effects_happen_once_a_call_because_the_engine_runs_such_a_function() -> None:
    w, mean = Value(2.0), [0.0]

    def function(x: Any) -> Any:
        z = w * x
        mean[0] = 0.9 * mean[0] + 0.1 * z.data
        return z - mean[0]

    program = compile(function, 1.0)
    mean[0] = 0.0
    assert [program(1.0), program(1.0)] == [1.8, 2.0 - 0.38] and mean[0] == pytest.approx(0.38)
    assert "changes what it depends on" in program.reason and "engine" in str(program) and "engine" in repr(program)


def test_gradients_are_set_and_not_added_up() -> None:
    w = Value(2.0)
    program = compile(lambda x: w * x, 3.0)
    assert [(program(3.0), w.grad), (program(4.0), w.grad)] == [(6.0, 3.0), (8.0, 4.0)]


def test_rows_that_come_later_are_parameters_too() -> None:
    rows = [Value(1.0), Value(2.0), Value(3.0)]
    program = compile(lambda ks: sum(rows[k] ** 2 for k in ks), [0, 1])
    assert [outcome(lambda ks=ks: program(ks), rows)[1:] for ks in ([0, 1], [2, 2], [2, 2], [0, 1])] == [
        [2.0, 4.0, 0.0], [0.0, 0.0, 12.0], [0.0, 0.0, 12.0], [2.0, 4.0, 0.0],
    ]  # fmt: skip


def test_values_made_in_a_function_are_no_parameters() -> None:
    w = Value(2.0)

    def function(xs: Any) -> Any:
        total, h = Value(0), [Value(0.0)] * 2
        for x in xs:
            total, h = total + w * x, [(a + w * x).tanh() for a in h]
        return total + sum(h)

    program = compile(function, [1.0, 2.0])
    assert program.parameters == [w] and holds(program, function, [w], [0.5, -1.0]) and not program.reason


def test_a_value_that_is_no_parameter_may_be_set() -> None:
    from micrograd_like.nn import Parameter

    w, rate = Parameter(2.0), Value(0.5)
    program = compile(lambda x: w * x * rate, 1.0)
    rate.data = 3.0
    assert program(1.0) == 6.0 and program.parameters == [w]


def test_a_part_that_was_made_outside_is_as_old_as_the_engine_has_it() -> None:
    w = Value(2.0)
    penalty = w * w
    program = compile(lambda x: w * x + penalty, 1.0)
    w.data = 5.0
    assert program(1.0) == 9.0 and "made outside" in program.reason


def test_an_error_that_is_caught_is_a_decision() -> None:
    w = Value(2.0)

    def function(x: Any) -> Any:
        try:
            return w / x
        except ZeroDivisionError:
            return w * 7

    for first in (1.0, 0.0):
        program = compile(function, first)
        assert all(holds(program, function, [w], x) for x in (0.0, 2.0, 0.0, -1.0))


def test_a_function_that_clips_its_weights_clips_them() -> None:
    w = Value(2.0)

    def function(x: Any) -> Any:
        w.data = max(-1.0, min(1.0, w.data))
        return w * x

    program = compile(function, 1.0)
    w.data = 3.0
    assert program(2.0) == 2.0 and w.data == 1.0


def test_a_compiled_program_in_another_is_computed_again() -> None:
    w, u = Value(2.0), Value(3.0)
    inner = compile(lambda x: u * x, 1.0)
    program = compile(lambda x: w * inner(x), 1.0)
    assert program(3.0) == 18.0 and w.grad == 9.0


def test_a_gradient_that_cancels_is_no_difference() -> None:
    a, b = Value(0.1), Value(0.3)
    function = lambda x: (a * x + b * x) - (b * x + a * x) + a * 0.0  # noqa: E731
    assert holds(compile(function, 0.7), function, [a, b], 0.9)


@both
def test_what_is_not_finite_is_the_engines(exact: bool) -> None:
    k, a, b = Value(2.0), Value(math.inf), Value(math.inf)
    with ieee():
        program = compile(lambda x: (k * x).log(), 3.0, exact=exact)
        assert math.isnan(program(-3.0)) and math.isnan(k.grad)
        assert math.isnan(compile(lambda: a - b, exact=exact)())
    program = compile(lambda x: (k * x).tanh() * k, 3.0, exact=exact)
    assert holds(program, lambda x: (k * x).tanh() * k, [k], math.inf)


def test_a_frozen_weight_stays() -> None:
    w, u = Value(1.8), Value(1.0)
    program, optimizer = compile(lambda x: (w * x + u) ** 2, 1.0), SGD([w, u], 0.1)
    program.step(optimizer, 1.0)
    before, w.frozen = w.data, True
    program.step(optimizer, 1.0)
    assert w.data == before
    w.frozen = False
    program.step(optimizer, 1.0)
    assert w.data != before


def test_two_optimizers_in_turn_keep_what_they_remember() -> None:
    def learn(compiled: bool) -> float:
        w = Value(1.0)
        function = lambda x: (w * x - 1) ** 2  # noqa: E731
        optimizers = [SGD([w], 0.1, momentum=0.9), SGD([w], 0.01, momentum=0.5)]
        program = compile(function, 2.0)
        for i in range(6):
            if compiled:
                program.step(optimizers[i % 2], 2.0)
            else:
                optimizers[i % 2].zero_grad()
                function(2.0).backward()
                optimizers[i % 2].step()
        return w.data

    assert learn(True) == pytest.approx(learn(False), rel=1e-12)


def test_threads_do_not_disturb_each_other() -> None:
    before, wrong = {name: vars(Value).get(name) for name in ("__lt__", "__ne__", "data", "grad")}, []

    def record(start: float) -> None:
        for _ in range(20):
            w = Value(start)
            program = compile(lambda x: w * x if x > 0 else w - x, 1.0)  # noqa: B023
            wrong.extend([x for x in (2.0, -1.0) if program(x) != (start * x if x > 0 else start - x)])

    shared = Value(2.0)
    program = compile(lambda x: (shared * x).tanh(), 1.0)

    def call(x: float) -> None:
        wrong.extend([x for _ in range(200) if abs(program(x) - math.tanh(2 * x)) > 1e-12])

    threads = [threading.Thread(target=record, args=(1.0 + i,)) for i in range(3)]
    threads += [threading.Thread(target=call, args=(i / 10,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and Value(1.0) < Value(2.0)
    assert {name: vars(Value).get(name) for name in before} == before


def test_the_audit_finds_what_cannot_be_seen() -> None:
    w, limit = Value(2.0), sys.getrecursionlimit()
    program = compile(lambda x: w * x * (sys.getrecursionlimit() - limit + 1), 1.0)
    line = sys._getframe().f_lineno - 1
    assert [program(1.0) for _ in range(3)] == [2.0] * 3
    here = rf"\({__file__}, line {line}\)"
    told = rf"In call 4 .* loss 2, and the engine 6: the number 1 became 3 {here}\. Until call 2 they agreed\."
    try:
        sys.setrecursionlimit(limit + 2)
        with pytest.raises(AuditError, match=told):
            program(1.0)
        assert program(1.0) == 6.0
    finally:
        sys.setrecursionlimit(limit)


def test_the_environment_and_files_can_be_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    w, file = Value(2.0), tmp_path / "rate"
    monkeypatch.setenv("RATE", "1.0")
    file.write_text("1.0")
    by_environment: Any = lambda x: w * x * float(os.environ["RATE"])  # noqa: E731
    by_file: Any = lambda x: w * x * float(file.read_text())  # noqa: E731
    programs = [(compile(function, 1.0), function) for function in (by_environment, by_file)]
    for _ in range(4):
        assert all(holds(program, function, [w], 1.0) for program, function in programs)
    monkeypatch.setenv("RATE", "3.0")
    file.write_text("3.0")
    assert all(holds(program, function, [w], 1.0) for program, function in programs), "call 5, which no audit sees"
    assert "reads a file" in programs[1][0].reason and not programs[0][0].reason


def test_an_export_of_one_branch_is_refused_with_its_line() -> None:
    w, a = Value(1.0), Value(2.0)
    program = compile(lambda x: w * x if x > 0 else a * x * x, 1.0)
    for export in (program.to_torch, program.to_jax, program.to_onnx):
        with pytest.raises(RefusedError, match=rf"decides by its numbers \({__file__}, line \d+\)"):
            export()


def test_an_operation_of_ones_own_runs_on_every_backend() -> None:
    op = Op("cubed", lambda a: a**3, lambda out, a: (3 * a * a,), latex="{a}^3", why="", sample=[(-2.0, 2.0)])
    try:
        w = Value(2.0)
        for options in ({}, {"backend": "numpy"}, {"backend": "source"}, {"exact": True}):
            program = compile(lambda x: op(w * x), 1.5, **options)
            assert holds(program, lambda x: op(w * x), [w], -1.0) and not program.reason
    finally:
        del OPS["cubed"]


@pytest.mark.parametrize("backend", ["auto", "numpy", "source"])
def test_an_operation_of_ones_own_that_raises_raises_what_the_engine_does(backend: str) -> None:
    op = Op("halflog", lambda a: math.log(a) / 2, lambda out, a: (0.5 / a,), latex="", why="", sample=[(1.0, 2.0)])
    try:
        w = Value(2.0)
        function = lambda x: op(w * x)  # noqa: E731
        program = compile(function, 1.5, backend=backend)
        assert holds(program, function, [w], 3.0) and holds(program, function, [w], -1.0)
    finally:
        del OPS["halflog"]


def test_a_place_that_is_no_whole_number_chooses_nothing() -> None:
    table = Rows([[Value(1.0)], [Value(2.0)]])
    function = lambda k: table[k][0] * 1.0  # noqa: E731
    program = compile(function, 0)
    assert holds(program, function, [x for row in table for x in row], 1)
    with pytest.raises(TypeError):
        program(1.5)


def test_programs_of_many_ways_are_left_to_the_engine_and_keep_few_graphs() -> None:
    w, rng = Value(1.0), Random(1)
    function = lambda xs: sum((z if z > 0 else 0.1 * z) * i for i, z in enumerate([w * x for x in xs]))  # noqa: E731
    program = compile(function, [1.0] * 20)
    for _ in range(100):
        assert holds(program, function, [w], [rng.choice([-1.0, 1.0]) for _ in range(20)])
    assert sum(map(len, program.variants.values())) <= 4 and program.recorded <= 4


def test_a_warning_says_that_the_engine_runs() -> None:
    w, rng = Value(1.0), Random(1)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        compile(lambda x: w * x * rng.random(), 1.0)
    assert [str(x.message) for x in said] == ["compile leaves this to the engine: it draws random numbers."]
    assert said[0].filename == __file__


def test_the_loss_of_a_notebook_compiles_as_it_is() -> None:
    lesson = runpy.run_path(str(Path(__file__).parent.parent / "examples" / "moons.py"))
    parameters, found = lesson["model"].parameters(), []
    start = [p.data for p in parameters]
    for compiled in (False, True):
        for p, number in zip(parameters, start):
            p.data = number
        optimizer = SGD(parameters, 0.5)
        program = compile(lesson["loss"]) if compiled else None
        for _ in range(5):
            found.append((program.step(optimizer), program.outputs) if program else lesson["eager_step"](optimizer))
        assert program is None or program.uses == 5
    assert found[5:] == [pytest.approx(pair, rel=1e-9) for pair in found[:5]]


@pytest.mark.parametrize(("first", "then"), [("a", "b"), ({"k": 1.0}, {"k": 2.0}), (None, 3.0)])
def test_an_argument_that_is_no_number_is_the_engines(first: Any, then: Any) -> None:
    function = lambda x, more: W * x if more in ("a", None) else U * x * len(str(more))  # noqa: E731
    program = compile(function, 1.0, first)
    assert all(holds(program, function, [W, U], 2.0, more) for more in (first, then))


def test_gradients_of_gradients_are_compiled() -> None:
    def function(x: Any) -> Any:
        y = (W * x) ** 3
        [slope] = gradients(y, [W])
        return slope * slope + y

    program = compile(function, 1.0)
    assert holds(program, function, [W], 2.0) and not program.reason


class Held:
    """What a learner's class may keep, read by names that only run time knows."""

    def __init__(self) -> None:
        self.k = 1.0

    def all(self) -> float:
        return float(sum(vars(self).values()))


def reached() -> dict[str, tuple[Any, Any]]:
    """Return functions of nothing that read a number, and what changes that number."""

    import numpy

    def scaled(*, k: float = 1.0) -> float:
        return k

    def counted() -> Any:
        return counted.k  # type: ignore[attr-defined]

    counted.k = 1.0  # type: ignore[attr-defined]
    table, row, held, weight = {"k": 1.0, "l": 0.0}, [1.0], Held(), Value(1.0)
    own: Any = type("Own", (list,), {})([1.0])
    own.k, weight.k = 1.0, 1.0  # type: ignore[attr-defined]
    module, view, get, item = types.ModuleType("settings"), table.values(), table.get, row.__getitem__
    module.k = 1.0  # type: ignore[attr-defined]
    numpy_number, numbers, proxy = numpy.array(1.0), array("d", [1.0]), types.MappingProxyType(table)
    user, chosen, link, context = UserDict(k=1.0), attrgetter("k"), weakref.ref(held), ContextVar("k", default=1.0)
    kind = type("Kind", (type,), {"k": 1.0})("Made", (), {})
    optimizer, standardize = SGD([Value(0.0)], lr=1.0), Standardize([0.0], [1.0])
    order = {"a": 2.0, "b": 1.0}
    return {
        "a keyword's default": (lambda: scaled(), lambda: (scaled.__kwdefaults__ or {}).update(k=2.0)),
        "a function's attribute": (lambda: counted(), lambda: setattr(counted, "k", 2.0)),
        "a method of a dict": (lambda: get("k"), lambda: table.update(k=3.0)),
        "a view of a dict": (lambda: sum(view), lambda: table.update(k=4.0)),
        "a proxy of a dict": (lambda: proxy["k"], lambda: table.update(k=5.0)),
        "a method of a list": (lambda: item(0), lambda: row.append(row.pop() + 1.0)),
        "vars": (held.all, lambda: setattr(held, "k", 2.0)),
        "getattr": (lambda: getattr(held, "".join(["k"])), lambda: setattr(held, "k", 3.0)),
        "attrgetter": (lambda: chosen(held), lambda: setattr(held, "k", 4.0)),
        "a weak reference": (lambda: link().k, lambda: setattr(held, "k", 5.0)),  # type: ignore[union-attr]
        "a subclass of list": (lambda: own.k, lambda: setattr(own, "k", 2.0)),
        "a Value's attribute": (lambda: weight.k, lambda: setattr(weight, "k", 2.0)),  # type: ignore[attr-defined]
        "a module in a closure": (lambda: module.k, lambda: setattr(module, "k", 2.0)),
        "an array without an axis": (lambda: float(numpy_number), lambda: numpy_number.fill(2.0)),
        "an array of Python": (lambda: numbers[0], lambda: numbers.append(numbers.pop(0) + 1.0)),
        "a UserDict": (lambda: user["k"], lambda: user.update(k=2.0)),
        "a context": (lambda: context.get(), lambda: context.set(2.0)),
        "a metaclass": (lambda: kind.k, lambda: setattr(type(kind), "k", 2.0)),  # type: ignore[attr-defined]
        "a learning rate": (lambda: optimizer.lr, lambda: setattr(optimizer, "lr", 2.0)),
        "a scale of the package": (lambda: standardize([[1.0]])[0][0], lambda: standardize.scales.append(
            standardize.scales.pop() + 1.0)),
        "the order of a dict": (lambda: next(iter(order.values())), lambda: order.update(a=order.pop("a"))),
    }  # fmt: skip


@pytest.mark.parametrize("name", reached())
def test_whatever_it_can_reach_is_compared_before_each_call(name: str) -> None:
    read, change = reached()[name]
    w = Value(3.0)

    def loss(x: float) -> Value:
        return w * x * read()

    program = compile(loss, 1.0)
    for _ in range(4):
        assert holds(program, loss, [w], 1.0)
    change()
    assert holds(program, loss, [w], 1.0), "call 5, which no audit sees"


def test_a_hidden_pass_leaves_every_gradient_as_it_was() -> None:
    model, other = MLP(2, [2, 1], seed=3), Value(2.0)
    program = compile(lambda x: model([x, 1.0]) + other, 1.0, parameters=model.parameters())
    other.grad = 7.0
    for _ in range(9):
        program(1.0)
    assert other.grad == 7.0


class Unit(float):
    """A number with an attribute, as a learner may make one."""

    unit = 1.0


KINDS: dict[str, tuple[Any, list[Any]]] = {
    "isinstance": (lambda x: W * x if isinstance(x, int) else U * x, [1, 1.0, 2.5, 3]),
    "bool or int": (lambda x: W * x if isinstance(x, bool) else U * x, [True, 1, 1.0]),
    "text": (lambda x: W * len(str(x)), [1, 1.0, 10]),
    "a computed one": (lambda x: W * len(str(x * 2)), [1, 1.0, 2]),
    "list or tuple": (
        lambda xs: W * xs[0] if isinstance(xs, tuple) else U * xs[1],
        [[1.0, 2.0], (1.0, 2.0), [3.0, 4.0]],
    ),
    "rows": (
        lambda xs: sum(W * r[0] if isinstance(r, tuple) else U * r[0] for r in xs),
        [[[1.0]] * 2, [[1.0], (2.0,)]],
    ),
    "a number or nothing": (lambda x: W * (2.0 if x is None else x), [1.0, None, 3.0]),
    "large": (lambda x: W * (x % 10), [7, 2**53 + 1, 2**60 + 7, 8]),
    "ties of tuples": (lambda xs: W * max(zip(xs, range(3)))[1], [[1.0, -1.0, 0.5], [2.5, 2.5, -3.0], [0.0, 0.0, 0.0]]),
    "the sign of zero": (lambda x: W * math.copysign(2.0, x), [1.0, 0.0, -0.0, -1.0]),
}


@both
@pytest.mark.parametrize("name", KINDS)
def test_the_kind_of_an_input_is_a_decision_where_it_is_seen(name: str, exact: bool) -> None:
    function, inputs = KINDS[name]
    program = compile(function, inputs[0], parameters=[W, U], exact=exact)
    for x in [*inputs, *reversed(inputs)]:
        assert holds(program, function, [W, U], x), x


SIGN: Any = lambda x: math.copysign(1.0, x)  # noqa: E731
REPLACED: dict[str, Any] = {
    "a zero": (lambda c: SIGN(c[0]), [0.0], lambda c: c.__setitem__(0, -0.0)),
    "True for 1": (lambda c: 5.0 if c[0] is True else 1.0, [1], lambda c: c.__setitem__(0, True)),
    "a whole number": (lambda c: len(repr(c["a"])), {"a": 1.0}, lambda c: c.__setitem__("a", 1)),
    "a key": (lambda c: len(repr(c)), {1: 2.0}, lambda c: (c.clear(), c.update({True: 2.0}))),
    "in a tuple": (lambda c: SIGN(c[0][0]), [(0.0,)], lambda c: c.__setitem__(0, (-0.0,))),
    "a frozen set": (lambda c: len(repr(c[0])), [frozenset([1.0])], lambda c: c.__setitem__(0, frozenset([1]))),
    "an attribute": (lambda c: SIGN(c.k), SimpleNamespace(k=0.0), lambda c: setattr(c, "k", -0.0)),
    "of a float": (lambda c: c[0].unit, [Unit(3.0)], lambda c: setattr(c[0], "unit", 4.0)),
    "a label": (lambda c: 2.0 if c.label == "a" else 1.0, Value(1.0, "a"), lambda c: setattr(c, "label", "b")),
    "a later attribute": (lambda c: 2.0 if hasattr(c, "k") else 1.0, Value(1.0), lambda c: setattr(c, "k", 1.0)),
}


@pytest.mark.parametrize("name", REPLACED)
def test_equal_is_not_the_same(name: str) -> None:
    read, held, change = REPLACED[name]
    w = Value(3.0)
    function = lambda x: w * x * read(held)  # noqa: E731
    program = compile(function, 1.0)
    for _ in range(4):
        assert holds(program, function, [w], 1.0)
    change(held)
    assert holds(program, function, [w], 1.0), "call 5, which no audit sees"


def test_an_array_with_another_zero_is_another_one() -> None:
    import numpy

    numbers, w = numpy.array([0.0]), Value(2.0)
    function = lambda x: w * x * math.copysign(1.0, numbers[0])  # noqa: E731
    program = compile(function, 1.0)
    assert [program(1.0) for _ in range(4)] == [2.0] * 4
    numbers[0] = -0.0
    assert holds(program, function, [w], 1.0)


def test_a_value_whose_gradient_is_not_computed_is_named() -> None:
    model, temperature = MLP(1, [1], seed=1), Value(0.5)
    with pytest.warns(UserWarning, match="computes no gradient of temperature, because the parameters are those"):
        compile(lambda x: model([x]) / temperature, 1.0)
    function = lambda x: model([x]) / temperature  # noqa: E731
    leaves = [*model.parameters(), temperature]
    assert holds(compile(function, 1.0, parameters=leaves), function, leaves, 2.0)


@pytest.mark.parametrize("name", ["pow", "atan2", "hypot"])
def test_at_an_agreed_corner_gradients_are_those_of_backward(name: str) -> None:
    with ieee():
        a, b = Value(0.0), Value(0.0)
        OPS[name](a, b).backward()
        assert [x.data for x in gradients(OPS[name](a, b), [a, b])] == [a.grad, b.grad] == [0.0, 0.0]


def test_max_and_min_decide_nothing_and_the_first_of_equal_ones_has_the_gradient() -> None:
    ws, rng = [Value(0.3 * i - 1) for i in range(6)], Random(1)

    def batch() -> list[list[float]]:
        return [[rng.choice([-1.0, 0.0, 1.0, 0.5, 0.5]) for _ in ws] for _ in range(8)]

    def function(X: Any) -> Any:
        rows = [[w * a for w, a in zip(ws, x)] for x in X]
        return sum([max(row) + min(0.0, row[0]) + max(row[1], 0.0) + max(row[2], row[2]) for row in rows])

    program = compile(function, batch(), parameters=ws)
    for _ in range(50):
        assert holds(program, function, ws, batch())
    assert program.recorded == 1 and program.uses == 50 and "maximum(V1[:, 1], 0)" in str(program)


@pytest.mark.parametrize("library", ["jax", "torch"])
def test_an_export_gives_the_first_of_equal_ones_the_gradient_too(library: str) -> None:
    module, w, u = pytest.importorskip(library), Value(1.0), Value(1.0)
    program = compile(lambda x: max(w * x, u) * 3 + min(u, w), 1.0, parameters=[w, u])
    assert [program(1.0), w.grad, u.grad] == [4.0, 3.0, 1.0]
    if library == "jax":
        loss, parameters = program.to_jax()
        found = {name: array.ravel().tolist() for name, array in module.grad(loss)(parameters, 1.0).items()}
    else:
        exported = program.to_torch()
        exported(1.0).backward()
        found = {name: p.grad.ravel().tolist() for name, p in exported.named_parameters()}
    assert found == {name: gradient.ravel().tolist() for name, gradient in program.gradients.items()}


def test_adding_and_taking_off_in_turn_is_one_sum() -> None:
    w, u = Value(0.5), Value(-0.3)

    def function(xs: Any) -> Any:
        total: Any = 0.0
        for x in xs:
            total = total + (w * x).exp() - (u * x).tanh()
        return total

    program = compile(function, [0.1 * i for i in range(30)])
    assert len(str(program).splitlines()) <= 4
    assert holds(program, function, [w, u], [0.2 * i - 3 for i in range(30)])


def test_a_sum_of_the_same_number_is_printed() -> None:
    ws = [Value(0.1 * i - 0.35) for i in range(8)]
    function = lambda x: sum([z if z.data > 0 else 0.0 for z in [w * x for w in ws]])  # noqa: E731
    program = compile(function, 1.0)
    assert str(program) and holds(program, function, ws, 2.0)
