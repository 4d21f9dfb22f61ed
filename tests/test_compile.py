"""A compiled program computes what the engine computes, finds the matrices, and never takes a stale branch."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sizes import long, many

pytest.importorskip("numpy")

import itertools

from micrograd_like import MLP, SGD, Adam, Value, _engine, losses, softmax, topological_order
from micrograd_like.compiler import Program, RefusedError, Rows, compile
from micrograd_like.compiler.backends import BACKENDS
from micrograd_like.data import moons, one_hot
from micrograd_like.nn import Parameter
from micrograd_like.ops import OPS, DivisionByZeroError, DomainError

RANDOM = runpy.run_path(str(Path(__file__).parent.parent / "benchmarks" / "exact.py"))
each_backend = pytest.mark.parametrize("backend", BACKENDS)


def examples(n: int, nin: int, seed: int = 1) -> list[list[float]]:
    rng = Random(seed)
    return [[rng.uniform(-1, 1) for _ in range(nin)] for _ in range(n)]


def close(a: float, b: float, scale: float = 1.0) -> bool:
    return abs(a - b) <= 1e-12 * max(abs(b), scale)


def same_as_eager(program: Program, function: Any, *inputs: Any) -> None:
    loss = program(*inputs)
    found = [p.grad for p in program.parameters]
    eager = function(*inputs)
    for p in program.parameters:
        p.grad = 0.0
    eager.backward()
    scale = max(abs(p.grad) for p in program.parameters)
    assert close(loss, eager.data)
    assert all(close(a, p.grad, scale) for a, p in zip(found, program.parameters))


def network(nin: int = 2, nouts: tuple[int, ...] = (4, 3, 1), **options: Any) -> tuple[MLP, Any]:
    model = MLP(nin, nouts, **{"rng": 1, **options})

    def loss(X: Any, y: Any) -> Any:
        return losses.mse([model(x) for x in X], y) + losses.l2(model.parameters(), 0.01)

    return model, loss


@each_backend
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "gelu", "silu", "softplus", "leaky_relu", "sin"])
def test_networks_get_the_gradients_of_the_engine(backend: str, activation: str) -> None:
    _, loss = network(activation=activation)
    X, y = examples(7, 2), [x[0] for x in examples(7, 1, seed=2)]
    program = compile(loss, X, y, backend=backend)
    same_as_eager(program, loss, X, y)
    same_as_eager(program, loss, examples(7, 2, seed=3), y)


@each_backend
@pytest.mark.parametrize("name", OPS)
def test_every_operation_of_the_table_compiles(backend: str, name: str) -> None:
    op, rng = OPS[name], Random(5)
    ends = [(max(low, -20.0), min(high, 20.0)) for low, high in op.sample]
    rows = [[Parameter(rng.uniform(*interval)) for interval in ends] for _ in range(5)]

    def loss() -> Any:
        return sum((op(*row) * (i + 1) for i, row in enumerate(rows)), Value(0.0))

    same_as_eager(compile(loss, backend=backend), loss)


@each_backend
def test_softmax_and_cross_entropy_are_only_lanes(backend: str) -> None:
    model = MLP(5, [6, 4])

    def loss(X: Any, y: Any) -> Any:
        return losses.cross_entropy([model(x) for x in X], y)

    X, y = examples(9, 5), [one_hot(i % 4, 4) for i in range(9)]
    program = compile(loss, X, y, backend=backend)
    same_as_eager(program, loss, X, y)
    same_as_eager(program, loss, examples(9, 5, 2), y[::-1])
    assert len(program.now.plan.forward) < 40


def test_the_equations_are_those_of_a_textbook() -> None:
    _model, loss = network(nouts=(4, 1), activation="tanh")
    program = compile(loss, examples(7, 2), [0.0] * 7)
    assert str(program).splitlines()[:4] == [
        "Z1 = X @ W1.T + b1                7×4",
        "A1 = tanh(Z1)                     7×4",
        "ŷ = A1 @ w2 + b2                  7",
        "v1 = ŷ - y                        7",
    ]
    assert {name: g.shape for name, g in program.gradients.items()} == {"W1": (4, 2), "b1": (4,), "w2": (4,), "b2": ()}


def test_the_moons_graph_becomes_a_dozen_arrays() -> None:
    X, y = moons(20, labels=(-1, 1))
    model = MLP(2, [16, 16, 1])
    cost = losses.hinge([model(x) for x in X], y) + losses.l2(model.parameters())
    program = compile(cost)
    assert "Z2 = A1 @ W2.T + b2" in str(program)
    assert sum(block.kind == "lanes" for block in program.now.told.blocks) == 13
    assert close(program(), cost.data)


@each_backend
@pytest.mark.parametrize("seed", range(40))
def test_irregular_graphs_compile_too(backend: str, seed: int) -> None:
    def build() -> Any:
        rng, nodes = Random(seed), list(leaves)
        for _ in range(30):
            a, b = rng.choice(nodes), rng.choice(nodes)
            nodes.append(rng.choice([a + b, a * b, a - 2.0 * b, a.tanh(), a.relu()]))
        return sum(nodes[-8:], Value(0.0))

    leaves = [Parameter(Random(seed + i).uniform(-1, 1)) for i in range(4)]
    same_as_eager(compile(build, backend=backend), build)


@each_backend
@pytest.mark.parametrize("make", [
    lambda ps: SGD(ps, 0.1), lambda ps: SGD(ps, 0.1, momentum=0.9, weight_decay=0.01), lambda ps: Adam(ps, 0.05),
])  # fmt: skip
def test_steps_are_those_of_the_optimizer(backend: str, make: Any) -> None:
    (model, loss), (twin, twins_loss) = network(), network()
    X, y = examples(8, 2), [x[0] for x in examples(8, 1, seed=2)]
    ours, theirs = make(model.parameters()), make(twin.parameters())
    program = compile(loss, X, y, backend=backend)
    for _ in range(5):
        eager = twins_loss(X, y)
        theirs.zero_grad()
        eager.backward()
        theirs.step()
        assert close(program.step(ours, X, y), eager.data)
        assert all(close(p.data, q.data) for p, q in zip(model.parameters(), twin.parameters()))
    assert ours.steps == 5
    assert all(close(ours.delta[p], theirs.delta[q]) for p, q in zip(model.parameters(), twin.parameters()))


@each_backend
def test_fit_learns_in_batches_of_which_the_last_is_smaller(backend: str) -> None:
    model, loss = network()
    X, y = examples(10, 2), [x[0] for x in examples(10, 1, seed=2)]
    program = compile(loss, X[:4], y[:4], backend=backend)
    seen = program.fit(X, y, optimizer=SGD(model.parameters(), 0.1), epochs=30, batch_size=4, seed=1)
    assert len(seen) == 90 and sum(seen[-3:]) < sum(seen[:3])
    same_as_eager(program, loss, X, y)


@pytest.mark.parametrize("lr", [0.05, lambda epoch: 0.05 / (1 + epoch)])
def test_epochs_learnt_together_are_epochs_learnt_one_by_one(lr: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = moons(20, labels=(-1, 1))
    found = []
    for numbers in (1, 10**6):
        monkeypatch.setattr("micrograd_like.compiler.program.IN_ONE_CALL", numbers)
        model = MLP(2, [4, 1], rng=1)
        program = compile(lambda X, y, model=model: losses.hinge([model(x) for x in X], y), X[:5], y[:5])
        optimizer = SGD(model.parameters(), lr, momentum=0.5)
        found.append(program.fit(X, y, optimizer=optimizer, epochs=7, batch_size=5, seed=3))
        assert (optimizer.epoch, optimizer.steps) == (6, 28)
    assert found[0] == found[1] and found[0][-1] < found[0][0]


def test_a_parameter_that_the_learner_sets_is_seen() -> None:
    model, loss = network()
    X, y = examples(3, 2), [1.0, 2.0, 3.0]
    program = compile(loss, X, y)
    model.parameters()[0].data = 0.75
    same_as_eager(program, loss, X, y)


def test_functions_may_call_methods_of_their_inputs() -> None:
    w = Parameter(0.5)
    program = compile(lambda xs: sum([(w * x.tanh()).exp() for x in xs]), [1.0, 2.0])
    assert close(program([0.0, 0.0]), 2.0) and len(topological_order(program.graph())) == 12


def test_a_total_from_which_is_subtracted_is_a_sum() -> None:
    w = [Parameter(0.5), Parameter(-0.3)]

    def loss(X: Any) -> Any:
        total = 0.0
        for x in X:
            total -= (w[0] * x + w[1]).tanh()
        return total

    X = [0.1, 0.2, 0.3, 0.4]
    program = compile(loss, X)
    assert str(program).splitlines()[-1].endswith("= sum(-v3)")
    same_as_eager(program, loss, X[::-1])


def test_what_is_taken_off_in_turns_is_found_in_one_pass() -> None:
    w = Parameter(0.5)

    def loss(X: Any) -> Any:
        total = w * 1.0
        for x in X:
            total = total - w * x - (w + x).tanh()
        return total

    X = [0.001 * i for i in range(2000)]
    program = compile(loss, X)
    same_as_eager(program, loss, X[::-1])


def test_an_empty_input_is_no_new_graph() -> None:
    w = Parameter(0.5)
    program = compile(lambda x, rest: w * x + sum(rest, 0.0), 1.0, [])
    assert program(2.0, []) == 1.0 and sum(map(len, program.variants.values())) == 1


@pytest.mark.parametrize("source", [None, 3.0, "loss"])
def test_what_is_no_loss_is_refused(source: Any) -> None:
    with pytest.raises(TypeError, match="Give it a loss, one Value, or a function that returns one"):
        compile(source)


def test_another_branch_is_recorded_again() -> None:
    w = Parameter(0.5)

    def loss(x: Any) -> Any:
        return w * x if x > 0 else w - x

    program = compile(loss, 2.0)
    assert program(2.0) == 1.0 and w.grad == 2.0
    assert program(-2.0) == 2.5 and w.grad == 1.0
    assert program(3.0) == 1.5 and sum(map(len, program.variants.values())) == 2


def test_a_branch_on_what_was_computed_is_recorded_again() -> None:
    w = Parameter(0.5)

    def loss(x: Any) -> Any:
        z = w * x
        return z if z > 0 else z * 0.1

    program = compile(loss, 2.0)
    w.data = -0.5
    assert program(2.0) == pytest.approx(-0.1) and w.grad == pytest.approx(0.2)


def test_labels_that_are_only_checked_are_data() -> None:
    model = MLP(2, [3, 1])

    def loss(X: Any, y: Any) -> Any:
        return losses.hinge([model(x) for x in X], y)

    X, y = moons(8, labels=(-1, 1))
    program = compile(loss, X, y)
    same_as_eager(program, loss, X, [-k for k in y])
    assert sum(map(len, program.variants.values())) == 1
    with pytest.raises(ValueError, match="labels -1 and 1"):
        program(X, [0] * 8)


def test_rows_that_an_input_chooses_are_data() -> None:
    table = Rows([[Parameter(0.1 * i + j) for j in range(3)] for i in range(5)])

    def loss(tokens: Any) -> Any:
        chosen = [Rows(softmax(table[before]))[token] for before, token in itertools.pairwise(tokens)]
        return -sum((p.log() for p in chosen), Value(0.0))

    program = compile(loss, [0, 1, 2, 1])
    same_as_eager(program, loss, [0, 1, 2, 1])
    same_as_eager(program, loss, [2, 2, 0, 1])
    assert sum(map(len, program.variants.values())) == 1


def test_a_plain_list_that_an_input_chose_from_is_recorded_again() -> None:
    table = [Parameter(1.0), Parameter(2.0)]

    def loss(k: Any) -> Any:
        return table[k] * 3.0

    program = compile(loss, 0)
    assert program(1) == 6.0 and table[1].grad == 3.0


def test_domain_errors_are_those_of_the_engine() -> None:
    w = Parameter(2.0, "w")
    program = compile(lambda x: (w - x).log(), 1.0)
    with pytest.raises(DomainError, match="logarithm"):
        program(3.0)
    program = compile(lambda x: w / x, 1.0)
    with pytest.raises(DivisionByZeroError, match="w"):
        program(0.0)
    for rest in (lambda x: w % x, lambda x: w // x):
        with pytest.raises(DivisionByZeroError, match="w"):
            compile(rest, 1.0)(0.0)


def test_nan_in_the_inputs_names_its_place() -> None:
    _, loss = network()
    program = compile(loss, examples(3, 2), [0.0] * 3)
    with pytest.raises(ValueError, match=r"X\[0\]\[1\] is nan"):
        compile(network()[1], [[0.0, float("nan")]], [0.0])
    with pytest.raises(ValueError, match=r"X\[1\]\[0\] is nan"):
        program([[0.0, 1.0], [float("nan"), 1.0], [0.0, 0.0]], [0.0] * 3)


def test_a_graph_cannot_be_given_other_shapes() -> None:
    model = MLP(2, [1])
    X = [[Value(1.0), Value(2.0)]]
    program = compile(model(X[0]), X)
    assert program([[0.5, 0.5]]) == model([0.5, 0.5]).data
    with pytest.raises(ValueError, match="compile a function"):
        program([[0.5, 0.5], [1.0, 1.0]])


def test_a_changed_parameter_before_compiling_is_refused() -> None:
    w = Parameter(2.0)
    y = w * 3.0
    w.data = 1.0
    with pytest.raises(RefusedError, match="Record the loss again"):
        compile(y)


def test_a_function_that_is_random_is_run_by_the_engine() -> None:
    rng, twin, w = Random(1), Random(1), Parameter(2.0)
    with pytest.warns(UserWarning, match="leaves this to the engine: it draws random numbers"):
        program = compile(lambda x: w * x * rng.random(), 1.0)
    assert [program(3.0) for _ in range(3)] == [2.0 * 3.0 * twin.random() for _ in range(3)]


@long
@pytest.mark.parametrize(
    ("backend", "plain", "most"), [("auto", 400, 10_000 if _engine.c else 1000), ("source", 100, 300)]
)
def test_exact_keeps_every_bit_of_random_programs(backend: str, plain: int, most: int) -> None:
    assert RANDOM["differing"](many(plain, most), backend) == 0


@each_backend
def test_random_programs_are_right_in_arrays_too(backend: str) -> None:
    for seed in range(100):
        for ours, eager in RANDOM["outcomes"](Random(seed), backend=backend):
            assert len(ours) == len(eager)
            if len(eager) == 1:
                assert ours == eager, seed
            else:
                found, right = map(float.fromhex, ours), [*map(float.fromhex, eager)]
                assert all(abs(a - b) <= 1e-9 * max(map(abs, right)) for a, b in zip(found, right)), seed


@pytest.mark.parametrize("backend", ["auto", "source"])
def test_exact_trains_as_the_engine_does_to_the_bit(backend: str) -> None:
    (model, loss), (twin, twins_loss) = network(), network()
    X, y = examples(8, 2), [x[0] for x in examples(8, 1, seed=2)]
    ours, theirs = Adam(model.parameters(), 0.05), Adam(twin.parameters(), 0.05)
    program = compile(loss, X, y, backend=backend, exact=True)
    program.fit(X, y, optimizer=ours, epochs=5)
    for _ in range(5):
        eager = twins_loss(X, y)
        theirs.zero_grad()
        eager.backward()
        theirs.step()
    assert [p.data for p in model.parameters()] == [q.data for q in twin.parameters()]


def test_exact_needs_no_dependency() -> None:
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "from micrograd_like import Value\nfrom micrograd_like.compiler import compile\n"
        "x = Value(3.0)\np = compile(lambda k: x * k, 2.0, backend='source')\nassert p(4.0) == 12.0 and x.grad == 4.0\n"
        "try: compile(x * 2.0)\n"
        "except ImportError as error: assert 'pip install \"micrograd-like[arrays]\"' in str(error), error\n"
        "else: raise AssertionError\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("backend", ["auto", "source"])
def test_exact_has_branches_rows_and_errors_too(backend: str) -> None:
    w, table = Parameter(2.0, "w"), Rows([Parameter(1.0), Parameter(2.0)])
    program = compile(lambda x: w * OPS["sqrt"](x), 1.0, backend=backend, exact=True)
    assert program(0.0) == 0.0 and w.grad == 0.0
    program = compile(lambda x: w * x if x > 0 else w - x, 2.0, backend=backend, exact=True)
    assert program(-1.0) == 3.0 and program(1.0) == 2.0
    program = compile(lambda k: table[k] * 3.0, 0, backend=backend, exact=True)
    assert program(1) == 6.0 and table[1].grad == 3.0 and len(program.variants) == 1
    program = compile(lambda x: (w - x).log(), 1.0, backend=backend, exact=True)
    with pytest.raises(DomainError, match="logarithm"):
        program(3.0)


@pytest.mark.parametrize("exact", [False, True])
def test_a_number_read_from_data_is_computed_again_and_passes_no_gradient(exact: bool) -> None:
    w = Parameter(2.0)

    def loss(x: Any) -> Any:
        y = w * x
        return y * 3.0 - y.data

    program = compile(loss, 1.5, exact=exact)
    w.data = 4.0
    same_as_eager(program, loss, 2.5)
    assert program(2.5) == 20.0 and w.grad == 7.5 and not program.reason


@pytest.mark.parametrize("exact", [False, True])
def test_a_number_read_from_data_behind_a_branch_is_computed_again_too(exact: bool) -> None:
    w = Parameter(2.0)

    def loss(X: Any) -> Any:
        first = w * X[0] if X[0] < X[1] else w - X[0]
        return first * first.data

    program = compile(loss, [1.0, 3.0], exact=exact)
    for X in ([2.0, 3.0], [5.0, 3.0], [1.0, 4.0]):
        same_as_eager(program, loss, X)


@pytest.mark.parametrize("exact", [False, True])
def test_outputs_are_seen_beside_the_loss(exact: bool) -> None:
    model, _ = network(nouts=(4, 2))

    def loss(X: Any, y: Any) -> Any:
        outputs = [model(x) for x in X]
        return losses.mse(outputs, y), [outputs, outputs[0][0] * 2.0]

    X, y = examples(3, 2), [[0.0, 1.0]] * 3
    program = compile(loss, X, y, exact=exact)
    before = [p.grad for p in model.parameters()]
    cost = program.forward(X[::-1], y)
    assert close(cost, loss(X[::-1], y)[0].data) and [p.grad for p in model.parameters()] == before
    predicted, twice = program.outputs
    assert [close(a, b) for x, row in zip(X[::-1], predicted) for a, b in zip(model.predict(x), row)] == [True] * 6
    assert twice == 2.0 * predicted[0][0] and program(X, y) and close(program.outputs[0][2][1], predicted[0][1])
    program(X[:2], y[:2]), program(X, y)
    assert len(program.outputs[0]) == 3
    with pytest.raises(TypeError, match=r"Let it return the loss, one Value, or \(loss, outputs\)"):
        compile(lambda x: [x], 1.0)


def test_a_plain_number_that_meets_many_weights_is_one_number() -> None:
    W, b = [[Parameter(0.1 * i - j) for i in range(3)] for j in range(4)], [Parameter(0.5) for _ in range(4)]
    X, y = examples(5, 3), [1.0, -1.0, 1.0, 1.0, -1.0]

    def loss(X: Any, y: Any) -> Any:
        rows = [[sum([w * x for w, x in zip(row, xs)], bias).tanh() for row, bias in zip(W, b)] for xs in X]
        return sum([(yi - sum(row)) ** 2 for row, yi in zip(rows, y)])

    cost = loss(X, y)
    program = compile(cost)
    assert str(program).startswith("V1 = C1 @ W.T + b") and [p.data for p in program.parameters[:1]] == [-0.0]
    same_as_eager(program, loss, X[::-1], y[::-1])
    assert program.graph() is cost and close(cost.data, loss(X[::-1], y[::-1]).data)
    assert {n.data for n in topological_order(cost) if n.constant} == {0.0, 2.0, *y, *itertools.chain(*X)}


def test_the_largest_of_data_is_an_operation_whichever_it_is() -> None:
    model, _ = network()

    def loss(X: Any, y: Any) -> Any:
        outputs = [model(x) for x in X]
        largest = max(o.data for o in outputs)
        return sum((o - largest) ** 2 for o in outputs)

    program = compile(loss, examples(3, 2), [0.0] * 3)
    for seed in range(5):
        same_as_eager(program, loss, examples(3, 2, seed), [0.0] * 3)
    assert sum(map(len, program.variants.values())) == 1


def test_nothing_is_noted_when_nobody_records() -> None:
    before = {sign: getattr(Value, sign) for sign in ("__lt__", "__le__", "__gt__", "__ge__", "__eq__")}
    _, loss = network()
    compile(loss, examples(3, 2), [0.0] * 3)
    assert {sign: getattr(Value, sign) for sign in before} == before


def test_an_optimizer_may_have_parameters_that_this_loss_does_not_reach() -> None:
    rows = [[Parameter(float(i)) for i in range(3)] for _ in range(2)]

    def loss(x: Any) -> Any:
        return sum([(w * a) ** 2 for w, a in zip(rows[0], x)], Value(0.0))

    everything = [w for row in rows for w in row]
    program = compile(loss, [1.0, 2.0, 3.0])
    program.step(SGD(everything, 0.01), [1.0, 2.0, 3.0])
    assert program.now.updates and len(program.parameters) == 6
    assert [w.data for w in rows[1]] == [0.0, 1.0, 2.0] and rows[0][1].data == pytest.approx(0.92)


def test_the_explanation_names_scalars_and_draws_them() -> None:
    _, loss = network(nouts=(4, 1))
    explained = compile(loss, examples(3, 2), [0.0] * 3).explain()
    assert "Z1 = X @ W1.T + b1" in str(explained) and "12 scalars: z1[0], z1[1], z1[2], ..." in str(explained)
    assert explained.picture.svg.startswith("<svg") and "<img" in explained._repr_html_()


@pytest.mark.parametrize("exact", [False, True])
def test_values_and_gradients_flow_back_into_the_graph(exact: bool) -> None:
    model = MLP(2, [3, 1], activation="tanh")
    X = [[Value(0.5), Value(-1.0)]]
    cost = model(X[0]) ** 2
    program = compile(cost, X, exact=exact)
    program.step(SGD(model.parameters(), 0.1), [[1.5, 2.0]])
    assert program.graph() is cost
    fresh = model([1.5, 2.0]) ** 2
    assert cost.data == fresh.data and X[0][0].data == 1.5
    gradient, _ = cost.inputs[0].grad, fresh.backward()
    assert gradient == fresh.inputs[0].grad
    ours, theirs = ([n.local_grads for n in topological_order(x) if n.op] for x in (cost, fresh))
    assert ours == theirs


def test_memory_is_at_most_24_bytes_a_scalar() -> None:
    model, loss = network(nouts=(16, 16, 1))
    program = compile(loss, examples(20, 2), [0.0] * 20)
    assert program.now.memory.nbytes <= 24 * len(program.now.graph) + 48 * len(model.parameters())
    compile(sum([Parameter(float(i)) for i in range(100)], Value(0.0)))


def test_a_large_irregular_graph_is_replayed_one_by_one() -> None:
    rng, nodes = Random(3), [Parameter(0.1), Parameter(0.2)]
    for _ in range(9000):
        nodes.append((nodes[-1] * rng.choice(nodes[-9:]) + rng.choice(nodes[-99:])).tanh())
    cost = nodes[-1]
    program = compile(cost)
    cost.backward()
    expected = [p.grad for p in program.parameters]
    assert program() == cost.data and [p.grad for p in program.parameters] == expected and program.exact


def test_compile_is_a_function_of_the_package_whatever_was_imported() -> None:
    code = (
        "import micrograd_like as m\nimport micrograd_like.compiler\nw = m.Value(2.0)\n"
        "assert m.compile(lambda x: w * x, 3.0)(4.0) == 8.0 and w.grad == 4.0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
