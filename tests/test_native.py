"""The engine in C is the engine of `engine.py`: the same bits, errors and order, only faster and smaller."""

import copy
import gc
import itertools
import math
import os
import pickle
import random
import signal
import subprocess
import sys
import weakref
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import sizes
from hypothesis import given, settings, strategies as st
from sequences import CALLS, load_pure, played, program as numbered

from micrograd_like import SGD, Adam, Value, _engine, dot, engine, ieee, topological_order
from micrograd_like._engine.generate import header
from micrograd_like.graph.columns import KINDS, capture
from micrograd_like.nn import Parameter
from micrograd_like.ops import OPS, Number, Op

pytestmark = pytest.mark.skipif(_engine.NAME != "C", reason="the engine in C is not there, or switched off")
ROOT = Path(__file__).parent.parent
AWKWARD = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, 1e-320, 5e-324, 1e-12, -1e-12, 19.0, 37.0, -37.0, 40.5, 355.0,
    -355.0, 709.8, -745.2, 800.5, 1e22, 1e154, 1e200, -1e200, 1.7976931348623157e308, math.inf, -math.inf, math.nan,
]  # fmt: skip
numbers = st.sampled_from(AWKWARD) | st.floats(-5, 5) | st.floats(allow_nan=False)


pure = load_pure()


def outcome(act: Any, *arguments: Any) -> tuple[Any, Any]:
    """Return what `act` gives, and the kind and text of what it raises."""
    try:
        return act(*arguments), None
    except Exception as error:
        return None, (type(error), str(error))


def bits(x: float) -> str:
    return "nan" if x != x else x.hex()  # the sign and payload of a nan are nobody's promise


def seen(node: Any) -> tuple[Any, ...]:
    """Return all that a node holds, but for its inputs."""
    slopes = tuple(map(bits, node.local_grads))
    return bits(node.data), bits(node.grad), node.op, slopes, node.label, node.constant, node._op, repr(node)


def same_graphs(ours: list[Any], theirs: list[Any]) -> None:
    a, b = engine.topological_order(*ours), pure.topological_order(*theirs)
    assert [*map(seen, a)] == [*map(seen, b)]
    at, bt = {x: i for i, x in enumerate(a)}, {x: i for i, x in enumerate(b)}
    assert [[at[x] for x in node.inputs] for node in a] == [[bt[x] for x in node.inputs] for node in b]


def asked(op: Op, operands: list[Any], way: str) -> Any:
    """Apply an operation by its sign, as a method or as a function."""
    if way == "sign" and op.sign:
        return eval(op.write(*"xy"[: op.arity]), dict(zip("xy", operands)))
    if way == "method" and isinstance(operands[0], Number):
        return getattr(operands[0], op.name)(*operands[1:])
    return op(*operands)


def play(Value: Any, leaves: list[float], program: list[tuple[Any, ...]]) -> tuple[list[Any], list[Any]]:
    """Run a random program, and return its nodes and its errors."""
    nodes, errors = [Value(x, f"x{i}" if i % 2 else "") for i, x in enumerate(leaves)], []
    for name, places, plain, way, also in program:
        op = OPS[name]
        operands = [nodes[i % len(nodes)] for i in places[: op.arity]]
        if also == "set":
            operands[-1].data = operands[0].data / 2
        if plain is not None and op.arity == 2:
            operands[places[0] % 2] = plain
        node, error = outcome(asked, op, operands, way)
        nodes += [] if node is None else [node]
        errors += [error, outcome(nodes[-1].backward)[1] if also == "backward" else None]
    return nodes, [*errors, outcome(nodes[-1].backward)[1]]


wrong = st.sampled_from(["a", None, 1j, [1.0], 10**400])
plain = st.none() | numbers | st.integers() | st.booleans() | st.fractions() | wrong
lines = st.tuples(
    st.sampled_from(list(OPS)), st.tuples(*[st.integers(0, 99)] * 2), plain, st.sampled_from(["sign", "method", "op"]),
    st.sampled_from(["", "", "", "set", "backward"]),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=4), st.lists(lines, min_size=1, max_size=25), st.booleans())
def test_random_programs_give_the_same_bits_and_the_same_errors(
    leaves: list[float], program: list[tuple[Any, ...]], quiet: bool
) -> None:
    with ieee() if quiet else nullcontext():
        ours, our_errors = play(Value, leaves, program)
        theirs, their_errors = play(pure.Value, leaves, program)
    assert our_errors == their_errors
    same_graphs(ours, theirs)


@pytest.mark.parametrize("quiet", [False, True], ids=["raising", "ieee"])
@pytest.mark.parametrize("op", OPS.values(), ids=list(OPS))
def test_every_operation_at_awkward_points(op: Op, quiet: bool) -> None:
    draw = random.Random(op.name)
    points = list(itertools.product(AWKWARD, repeat=op.arity))
    points += [[draw.uniform(*interval) for interval in op.sample] for _ in range(500)]
    for point in points:
        for constants in itertools.product([False, True], repeat=op.arity):
            if all(constants):
                continue
            with ieee() if quiet else nullcontext():
                ours, theirs = (
                    outcome(op, *[x if constant else kind(x) for x, constant in zip(point, constants)])
                    for kind in (Value, pure.Value)
                )
                assert ours[1] == theirs[1], point
                if ours[0] is not None:
                    assert outcome(ours[0].backward) == outcome(theirs[0].backward), point
                    same_graphs([ours[0]], [theirs[0]])


def test_the_header_is_fresh() -> None:
    digest = header().rsplit('"', 2)[1]
    assert digest == _engine.c.RULES_DIGEST, "ops.py has changed: python setup.py build_ext --inplace"


def test_every_operation_of_the_table_has_its_rule_in_c() -> None:
    assert all(f"op_{name}(" in header() for name in OPS)


def test_a_new_entry_is_written_to_the_header_or_else_done_in_python() -> None:
    try:
        once = {"latex": "", "why": "", "sample": ((-1, 1),)}
        Op("third_power", None, lambda out, a: (3.0 * a * a,), definition=lambda a: a * a * a, **once)
        three = once | {"sample": ((-1, 1),) * 3}
        middle = Op("middle", lambda *xs: sorted(xs)[1], lambda out, *xs: tuple([float(x == out) for x in xs]), **three)
        assert "return 3.0 * a * a; }" in header() and "op_middle" not in header()
        leaves = [Value(3.0), Value(1.0), Value(2.0)]
        node = middle(*leaves)
        (node * 2.0).backward()
        assert (node.data, node.inputs, [x.grad for x in leaves]) == (2.0, tuple(leaves), [0.0, 0.0, 2.0])
        assert list(capture(node).input) == [0, 1, 2]
    finally:
        del OPS["third_power"], OPS["middle"]


def dot_as_a_loop(ws: list[Any], xs: list[Any], total: Any) -> Any:
    for w, x in zip(ws, xs):
        total = w * x if total is None else total + w * x
    return 0.0 if total is None else total


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 8), st.booleans())
def test_dot_records_the_nodes_that_the_loop_records(seed: int, size: int, start: bool) -> None:
    draw = random.Random(seed)
    recorded = []
    for kind, act in ((Value, dot), (pure.Value, dot_as_a_loop)):
        draw.seed(seed)
        ws, xs = ([draw.choice([kind, float])(draw.uniform(-2, 2)) for _ in range(size)] for _ in "wx")
        recorded.append(act(ws, xs, kind(0.5) if start else None))
    ours, theirs = recorded
    if isinstance(ours, Value):
        same_graphs([ours], [theirs])
    else:
        assert ours == theirs


@pytest.mark.parametrize("make", [
    lambda p: SGD(p, 0.1), lambda p: SGD(p, 0.1, momentum=0.9, weight_decay=0.01), lambda p: SGD(p, 0.1, maximize=True),
    lambda p: Adam(p, 0.1), lambda p: Adam(p, 0.1, maximize=True),
])  # fmt: skip
@pytest.mark.parametrize("last", [0.25, math.inf, math.nan, 1e308])
def test_optimizers_step_to_the_same_bits(make: Any, last: float, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = []
    for in_c in (True, False):
        if not in_c:
            monkeypatch.setattr(_engine, "c", None)
        params = [Value(0.1 * i, f"p{i}") for i in range(5)]
        optimizer = make(params)
        errors = []
        for grad in (1.0, -0.3, last):
            for p in params:
                p.grad = grad * (1.0 + p.data)
            errors.append(outcome(optimizer.step)[1])
        outcomes.append(([bits(p.data) for p in params], str(optimizer.state_dict()), errors))
    assert outcomes[0] == outcomes[1]


def program() -> Value:
    x, w = Value(0.5, "x"), Parameter(2.0, "w")
    w.note = "mine"
    y = (x * w + 1.0).tanh() - x / 3.0
    y.backward()
    return y * y


def test_capture_is_the_history_as_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    root = program()
    columns = capture(root)
    assert columns.nodes == topological_order(root)
    for i, node in enumerate(columns.nodes):
        made = [columns.nodes[k] for k in columns.input[columns.start[i] : columns.start[i + 1]]]
        assert tuple(made) == node.inputs
        assert tuple(columns.local_grad[columns.start[i] : columns.start[i + 1]]) == node.local_grads
        assert (columns.data[i], columns.grad[i]) == (node.data, node.grad)
        assert (columns.ops[columns.op[i]] if node.op else None) is node.op
    assert {KINDS[k] for k in columns.kind} == set(KINDS)
    monkeypatch.setattr(_engine, "c", None)
    assert capture(root) == columns


def test_nodes_are_read_and_written_as_those_of_the_engine_that_one_reads() -> None:
    y = program()
    again = pickle.loads(pickle.dumps(y))
    twins = [[*map(seen, topological_order(x))] for x in (y, again, copy.deepcopy(y))]
    assert twins[0] == twins[1] == twins[2]
    y.local_grads, y.label = (0.5, math.inf), "loss"
    with pytest.raises(ArithmeticError, match="not a finite number"):
        y.backward()
    y.op, y.inputs, y.local_grads = None, (), ()
    y.backward()
    assert (y.grad, y.inputs, y.label) == (1.0, (), "loss")
    with pytest.raises(TypeError, match="inputs of a node are Values"):
        y.inputs = (1.0,)  # type: ignore[assignment]


def test_inputs_born_later_are_run_as_in_the_engine_that_one_reads() -> None:
    code = (
        "from micrograd_like import Value\n"
        "a, b = Value(2.0), Value(3.0); y = a * a; z = b * b; y.inputs = (z, a); (y + z).backward()\n"
        "print(a.grad, b.grad, z.grad)"
    )
    outputs = [
        subprocess.run([sys.executable, "-c", code], env=os.environ | {"MICROGRAD_LIKE_PURE": pure}, cwd=ROOT,
                       text=True, capture_output=True, check=True).stdout
        for pure in ("0", "1")
    ]  # fmt: skip
    assert outputs[0] == outputs[1]


def test_old_and_young_nodes_in_one_graph() -> None:
    x = Value(1.5)
    old = x * 2.0
    chain = old
    for i in range(200_000):  # further than a backward pass looks at a time
        chain = chain + 0.0 if i % 2 else -chain
        if i % 50_000 == 0:
            old = old * chain
    (chain * old).backward()
    theirs = x.grad
    x.grad = 0.0
    for _ in engine.backward_steps(chain * old):
        pass
    assert x.grad == theirs


def test_attributes_of_the_learners_own_hide_methods_but_not_data() -> None:
    class Slotted(Value):
        __slots__ = ()

    for kind in (Slotted, Parameter, Value):
        x, other = kind(1.0), kind(2.0)
        assert not hasattr(x, "m")
        x.m, x.tanh = 0.5, "mine"
        assert (x.m, x.tanh, vars(x)) == (0.5, "mine", {"m": 0.5, "tanh": "mine"})
        assert other.tanh().data == math.tanh(2.0) and not hasattr(other, "m")
        x.__dict__["data"] = 7.0
        assert x.data == 1.0
        del x.tanh
        assert x.tanh().data == math.tanh(1.0)
        with pytest.raises(AttributeError):
            del x.tanh
        later = type("Later", (kind,), {"__slots__": ()})(3.0)
        later.m = 1.5
        assert later.m == 1.5


def test_a_node_takes_80_bytes() -> None:
    assert Value.__basicsize__ == 80
    assert not gc.is_tracked(Value(1.0) * 2.0)


def test_memory_is_flat_over_many_graphs_and_free_at_once() -> None:
    def work() -> None:
        y = program()
        y.label, y.note = "loss", [y.data]
        copy.deepcopy(y).tanh().label = "more"
        with pytest.raises(ValueError):
            (y - y).log()
        weak = weakref.ref(y)
        assert weak() is y

    work()
    gc.collect()  # what other tests left
    watched = (Value, Parameter, "loss", OPS["add"])
    counts, before = [*map(sys.getrefcount, watched)], resident()
    for _ in range(3000):
        work()
    assert [*map(sys.getrefcount, watched)] == counts
    for _ in range(10**5):
        Value(1.0) * 2.0 + 1.0
    assert resident() - before < 2 << 20
    kept = Value(1.0)
    for _ in range(3 * 10**6):
        kept = -kept
    assert resident() - before > 150 << 20
    del kept
    assert resident() - before < 70 << 20  # what the next graph will want


def resident() -> int:
    if not Path("/proc/self/statm").exists():
        pytest.skip("no /proc to read the memory from")
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer that could interrupt")
def test_a_signal_stops_backward_and_the_next_one_is_whole() -> None:
    leaf = end = Value(1.0)
    for _ in range(3 * 10**6):
        end = -end
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, 2e-3)
            end.backward()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert leaf.grad == 0.0
    end.backward()
    assert leaf.grad == 1.0


@sizes.long
def test_random_programs_of_every_operation_leave_the_same_nodes() -> None:
    for number in range(sizes.many(400, 30_000)):
        steps = numbered(number)
        assert played(engine, steps) == played(pure, steps), f"python tests/sequences.py --programs 0 --only {number}"


@sizes.long
def test_sequences_of_calls_leave_the_same_nodes() -> None:
    draw = random.Random(3)
    for _ in range(sizes.many(400, 30_000)):
        names = [draw.choice(list(CALLS)) for _ in range(6)]
        assert played(engine, names) == played(pure, names)
