"""Code of learners is run, held against the engine, and its bug is named."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from micrograd_like.engine import Value, topological_order
from micrograd_like.exercises.build import check_backward, check_manual, check_mul, check_rule, check_value

ROOT = Path(__file__).parent.parent
LECTURE = """
class Value:
    def __init__(self, data, _children=(), _op=""):
        self.data = data
        self.grad = 0.0
        self._backward = lambda: None
        self._prev = set(_children)

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))
        def _backward():
            self.grad += 1.0 * out.grad
            other.grad += 1.0 * out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def backward(self):
        topo = []
        visited = set()
        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()
"""


def written(*changes: tuple[str, str]) -> Any:
    """The class of the lecture, with changes to its source."""
    source = LECTURE
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    names: dict[str, Any] = {}
    exec(source, names)
    return names["Value"]


def test_the_class_of_the_lecture_is_right() -> None:
    marking = check_value(written())
    assert marking and not marking.messages


WRAP = "other = other if isinstance(other, Value) else Value(other)"
RADD = "    def __radd__(self, other):\n        return self + other\n"
MUL = "self.grad += other.data * out.grad\n            other.grad += self.data"
TOPO = LECTURE[LECTURE.index("        topo = []") :]
RECURSION = """
        def send(v):
            v._backward()
            for child in v._prev:
                send(child)
        self.grad = 1.0
        send(self)
"""
RMUL = "    def __rmul__(self, other):\n        return self * other\n"
PASSED = "self.grad += 1.0 * out.grad\n            other.grad += 1.0"
SCALED = "self.grad += other.data * out.grad\n            other.grad += self.data"
OWN = "self.grad += self.data * out.grad\n            other.grad += other.data"
BUGS = [
    ("overwrite", [("+=", "=")]),
    ("overwrite", [(MUL, MUL.replace("+=", "="))]),
    ("not_reversed", [("reversed(topo)", "topo")]),
    ("no_visited", [("if v not in visited:", "if True:"), ("set(_children)", "tuple(_children)")]),
    ("no_visited", [("if v not in visited:", "if True:")]),  # each input once, in whatever order a set has
    ("depth_first", [(TOPO, RECURSION)]),
    ("no_seed", [("self.grad = 1.0", "pass")]),
    ("seed_is_value", [("self.grad = 1.0", "self.grad = self.data")]),
    ("not_attached", [("        out._backward = _backward\n", "")]),
    ("not_attached", [("\n        out._backward = _backward", "\n            out._backward = _backward")]),
    ("called_at_once", [("out._backward = _backward", "out._backward = _backward()")]),
    ("wired_to_self", [("out._backward = _backward", "self._backward = _backward")]),
    ("takes_parameters", [("def _backward():", "def _backward(out):")]),
    ("add_like_mul", [(PASSED, SCALED)]),
    ("mul_own", [(SCALED, OWN)]),
    ("no_upstream", [(" * out.grad", "")]),
    ("no_upstream", [("other.data * out.grad", "other.data"), ("self.data * out.grad", "self.data")]),
    ("not_wrapped", [(WRAP, "pass")]),
    ("no_radd", [(RADD, "")]),
    ("radd_recursion", [("return self + other", "return other + self")]),
    ("no_rmul", [(RMUL, "")]),
    ("returns_nothing", [("return out", "pass")]),
]  # fmt: skip


@pytest.mark.parametrize(("bug", "changes"), BUGS)
def test_each_bug_of_engine_builders_is_named(bug: str, changes: list[tuple[str, str]]) -> None:
    marking = check_value(written(*changes))
    assert not marking and len(marking.messages) == 1 and bug in marking.messages[0].mistakes[:2]


BROKEN = [  # (changes, what is said)
    ([("+= other.data", "+= othre.data")], "NameError: name 'othre' is not defined, in _backward, line 22"),
    ([("def backward(", "def backwards(")], "has no attribute 'backward'"),
    ([("self.data * other.data, (", "self.data + other.data, (")], "The value is -0.5, and -7.5 is right"),
    ([("for v in reversed(topo):", "v = self\n        while topo:")], "lines have run, and there is no end"),
    ([("if v not in visited:", "if True:"), ("build(child)", "build(v)")], "A function calls itself for ever"),
]


@pytest.mark.parametrize(("changes", "told"), BROKEN)
def test_code_that_does_not_run_is_told_where(changes: list[tuple[str, str]], told: str) -> None:
    before = sys.gettrace()
    marking = check_value(written(*changes))
    assert not marking and len(marking.messages) == 1 and told in str(marking.messages[0])
    assert sys.gettrace() is before


def mul(self: Any, other: Any) -> Any:
    other = other if isinstance(other, type(self)) else type(self)(other)
    out = type(self)(self.data * other.data, (self, other), "*")

    def _backward() -> None:
        self.grad += other.data * out.grad
        other.grad += self.data * out.grad

    out._backward = _backward
    return out


def test_a_multiplication() -> None:
    assert check_mul(mul)

    def swapped(self: Any, other: Any) -> Any:
        other = other if isinstance(other, type(self)) else type(self)(other)
        out = type(self)(self.data * other.data, (self, other), "*")

        def _backward() -> None:
            self.grad += self.data * out.grad
            other.grad += other.data * out.grad

        out._backward = _backward
        return out

    assert check_mul(swapped).mistakes == ["mul_own"]

    def assigned(self: Any, other: Any) -> Any:
        other = other if isinstance(other, type(self)) else type(self)(other)
        out = type(self)(self.data * other.data, (self, other), "*")

        def _backward() -> None:
            self.grad = other.data * out.grad
            other.grad = self.data * out.grad

        out._backward = _backward
        return out

    assert check_mul(assigned).mistakes == ["overwrite"]


def test_value_means_the_class_that_is_built() -> None:
    def mul(self: Any, other: Any) -> Any:
        out = Value(self.data * other.data, (self, other))  # our Value has no such second argument

        def _backward() -> None:
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    assert check_mul(mul).mistakes == ["not_wrapped"] and mul.__globals__["Value"] is Value


def backward(root: Value) -> None:
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        for x, slope in zip(node.inputs, node.local_grads):
            x.grad += slope * node.grad


def test_a_backward_pass() -> None:
    assert check_backward(backward)

    def recursive(node: Value, grad: float = 1.0) -> None:
        node.grad += grad
        for x, slope in zip(node.inputs, node.local_grads):
            recursive(x, slope * grad)

    assert check_backward(recursive)  # path by path is slow, and right

    def depth_first(node: Value) -> None:
        def send(node: Value) -> None:
            for x, slope in zip(node.inputs, node.local_grads):
                x.grad += slope * node.grad
                send(x)

        node.grad = 1.0
        send(node)

    assert check_backward(depth_first).mistakes == ["depth_first"]

    def assigned(root: Value) -> None:
        root.grad = 1.0
        for node in reversed(topological_order(root)):
            for x, slope in zip(node.inputs, node.local_grads):
                x.grad = slope * node.grad

    assert check_backward(assigned).mistakes == ["overwrite"]
    assert "ZeroDivisionError" in str(check_backward(lambda root: 1 / 0))


RULES_OF_LEARNERS = [
    ("tanh", lambda out, a: 1 - out**2, []),
    ("tanh", lambda out, a: (1 - a**2,), ["tanh_of_input"]),
    ("mul", lambda out, a, b: (a, b), ["mul_own"]),
    ("div", lambda out, a, b: (1 / b, a / b**2), ["div_sign"]),
    ("sigmoid", lambda out, a: out, ["sigmoid_itself"]),
    ("exp", lambda out, a: 17.0, []),
    ("mul", lambda out, a, b: b, ["too_few"]),
    ("relu", lambda out, a: None, ["returns_nothing"]),
]


@pytest.mark.parametrize(("op", "rule", "mistakes"), RULES_OF_LEARNERS)
def test_a_local_derivative(op: str, rule: Any, mistakes: list[str]) -> None:
    marking = check_rule(op, rule)
    assert bool(marking) == (op == "tanh" and not mistakes) and marking.mistakes == mistakes
    if mistakes == ["tanh_of_input"]:
        assert marking.messages[0].did == "At a = 0.5 your d/da is 0.75, and nudging measures 0.7864."


def test_what_a_library_does_is_not_counted_as_the_learners_time() -> None:
    """In a process of its own: the first check imports mpmath, and the lines of an import are not the learner's."""
    code = (
        "import sys; from micrograd_like.exercises import build, running; running.MOST_LINES = 200\n"
        "def rule(out, a):\n"
        "    import decimal, fractions, tarfile\n"
        "    return 1 - out * out\n"
        "print(build.check_rule('tanh', rule), 'mpmath' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=True).stdout
    assert "Endless" not in told and "right" in told


def test_a_rule_that_does_not_end_is_ended() -> None:
    def rule(out: float, a: float) -> float:
        while a:
            out = out * a
        return out

    assert check_rule("tanh", rule).mistakes == ["endless"]


def test_a_manual_backward_pass_of_a_network() -> None:
    def by_hand(v: dict[str, float]) -> dict[str, float]:
        de = 2 * v["e"]
        dh = de * v["w3"]
        dz = dh * (1 - v["h"] ** 2)
        weights = {"w1": dz * v["x1"], "w2": dz * v["x2"], "b1": dz, "w3": de * v["h"], "b2": de}
        return weights | {"e": de, "y": de, "h": dh, "z": dz}

    assert check_manual(by_hand)

    def slipped(v: dict[str, float]) -> dict[str, float]:
        return by_hand(v | {"h": v["z"]}) | {"w3": 2 * v["e"] * v["h"]}

    assert check_manual(slipped).mistakes == ["tanh_of_input"]
    assert "KeyError: 'z1'" in str(check_manual(lambda v: {"w1": v["z1"]}))


def test_it_is_said_that_the_code_runs_in_this_process() -> None:
    from micrograd_like.exercises import build

    assert re.search("in this process", build.__doc__ or "")
