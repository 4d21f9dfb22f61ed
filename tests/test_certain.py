"""How many digits are certain, never more than there are; and forward mode beside backward."""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings, strategies as st
from random_graphs import random_graph

from micrograd_like import Value, gradcheck, gradients, topological_order, walk
from micrograd_like.engine import chain_rule
from micrograd_like.graph.certain import MOST, certain
from micrograd_like.graph.forward import Moving, hessian, jacobian
from micrograd_like.graph.gradcheck import Precise
from micrograd_like.ops import OPS

seeds = st.integers(0, 10**6)


class Oracle(Precise):
    """A number of mpmath's that the engine's chain rule can use."""

    def __init__(self, number: object) -> None:
        import mpmath

        super().__init__(mpmath.mpf(number))

    def apply(self, op, *operands):
        import mpmath

        number = super().apply(op, *operands).number
        return Oracle(mpmath.nan if isinstance(number, mpmath.mpc) else number)  # the log of a base below 0

    def __ne__(self, other: object) -> bool:
        return bool(self.number != getattr(other, "number", other))

    __hash__ = None  # type: ignore[assignment]


def truth(output: Value) -> dict[Value, tuple[object, object]]:
    """Each node's value and gradient as mpmath has them, from the same leaves by the same table."""
    stands: dict[Value, SimpleNamespace] = {}
    for node in topological_order(output):
        inputs = [stands[x] for x in node.inputs]
        value = node.op(*[x.value for x in inputs]) if node.op else Oracle(node.data)
        slopes = node.op.rule(value, *[x.value for x in inputs]) if node.op else ()
        slopes = [x if isinstance(x, Precise) else Oracle(x) for x in slopes]
        stands[node] = SimpleNamespace(op=node.op, inputs=inputs, local_grads=slopes, grad=Oracle(0.0), value=value)
    stands[output].grad = Oracle(1.0)
    for _ in chain_rule(reversed(stands.values())):
        pass
    return {node: (stand.value.number, stand.grad.number) for node, stand in stands.items()}


@given(seeds, st.integers(5, 25))
@settings(max_examples=40, deadline=None)
def test_no_digit_is_claimed_that_is_wrong(seed: int, size: int) -> None:
    mpmath = pytest.importorskip("mpmath")
    output, _ = random_graph(seed, size)
    claims = certain(output)
    for x in topological_order(output):
        x.grad = 0.0
    output.backward()
    with mpmath.workdps(900):
        true = truth(output)
        for node, claim in claims.items():
            for number, exact, digits in zip((node.data, node.grad), true[node], claim):
                off = abs(mpmath.mpf(number) - exact)
                assert off == 0 if digits > MOST else not digits or off <= mpmath.mpf(10) ** -digits * abs(exact)


def test_most_digits_are_claimed() -> None:
    claims = [digits for seed in range(30) for claim in certain(random_graph(seed)[0]).values() for digits in claim]
    assert sum(digits >= 14 for digits in claims) > 0.85 * len(claims)


@pytest.mark.parametrize(
    ("f", "x", "most"),
    [
        (lambda x: ((x + 1.0) - 1.0) / x, 1e-9, 7),
        (lambda x: (x + 1e200) - 1e200, 1.0, 0),  # all of x is lost, and in fifty digits too
        (lambda x: (1.0 - x.cos()) / (x * x), 1e-8, 0),
        (lambda x: x.tanh() * x.sigmoid(), 0.3, 17),
    ],
)
def test_lost_digits_are_seen(f, x: float, most: int) -> None:
    y = f(Value(x))
    assert certain(y)[y].value <= most


def test_what_is_not_known_is_not_claimed() -> None:
    x = Value(2.0)
    y = x * x
    x.data = 5.0
    assert certain(y)[y] == (0, 17)  # the output's own gradient is 1
    tie = Value(0.1) + Value(0.2)
    top = tie.maximum(0.30000000000000004)
    assert certain(top)[tie].grad == 0  # a tie of floats only: 0.1 + 0.2 is a little less


def test_asking_leaves_the_graph_alone() -> None:
    x = Value(2.0)
    y = x * x
    x.grad = 7.0
    certain(y)
    assert (x.grad, y.grad) == (7.0, 0.0)


def test_gradcheck_and_walk_say_it() -> None:
    assert str(gradcheck(lambda a, b: a * b, [2.0, 3.0], certify=True)).endswith("exact")
    assert "certain" not in str(gradcheck(lambda a, b: a.tanh() * b, [2.0, 3.0]))
    assert "digits certain" in str(gradcheck(lambda a, b: a.tanh() * b, [2.0, 3.0], certify=True))
    x = Value(1e-9)
    y = ((x + 1.0) - 1.0) / x
    w = walk(y, certify=True)
    assert "(6 digits certain)" in str(w.forward[-1]) and w.certain[y].value == 6
    assert "certain" not in str(walk(y))


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_forward_mode_agrees_with_backward(seed: int) -> None:
    output, leaves = random_graph(seed)
    for x in topological_order(output):
        x.grad = 0.0
    output.backward()
    for leaf in leaves:
        stands: dict[Value, Moving] = {}
        for node in topological_order(output):
            inputs = [stands[x] for x in node.inputs]
            stands[node] = node.op(*inputs) if node.op else Moving(node.data, float(node is leaf))
        grad = leaf.grad if leaf in stands else 0.0
        got = stands[output].speed
        assert got == pytest.approx(grad, rel=1e-6, abs=1e-9)
        assert stands[output].number == output.data


def test_jacobian_and_hessian() -> None:
    rows = jacobian(lambda a, b: (a * b, a / b, 3.0), [2.0, 4.0])
    assert rows == [[4.0, 2.0], [0.25, -0.125], [0.0, 0.0]]
    assert jacobian(lambda a: OPS["exp"](a), [0.0]) == [[1.0]]
    assert hessian(lambda a, b: a**3 * b, [2.0, 5.0]) == [[60.0, 12.0], [12.0, 0.0]]
    x = Value(2.0)
    [second] = gradients(gradients(x**3, x)[0], x)
    assert hessian(lambda a: a**3, [2.0]) == [[second.data]]
