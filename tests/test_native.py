"""The engine in C is the engine of `engine.py`: the same bits, errors and order, only faster and smaller."""

import copy
import gc
import importlib.util
import itertools
import math
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import weakref
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from micrograd_like import Value, _native, engine, history, ieee
from micrograd_like._native.generate import header
from micrograd_like.capture import KINDS, capture
from micrograd_like.nn import Parameter
from micrograd_like.ops import OPS, Number, Op

pytestmark = pytest.mark.skipif(_native.NAME != "C", reason="the engine in C is not there, or switched off")
ROOT = Path(__file__).parent.parent
AWKWARD = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, 1e-320, 5e-324, 1e-12, -1e-12, 19.0, 37.0, -37.0, 40.5, 355.0,
    -355.0, 709.8, -745.2, 800.5, 1e22, 1e154, 1e200, -1e200, 1.7976931348623157e308, math.inf, -math.inf, math.nan,
]  # fmt: skip
numbers = st.sampled_from(AWKWARD) | st.floats(-5, 5) | st.floats(allow_nan=False)


def load_pure() -> ModuleType:
    """Return engine.py as it reads, loaded a second time."""
    spec = importlib.util.spec_from_file_location("micrograd_like.pure", ROOT / "micrograd_like" / "engine.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
    a, b = engine.history(*ours), pure.history(*theirs)
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
