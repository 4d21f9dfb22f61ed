# ruff: noqa: E501  the changes to a source stand as they are in it
"""Engines that learners build: none that is wrong is accepted, none that is right refused, in any order of sets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from micrograd_like import Value
from micrograd_like.exercises.build import check_backward, check_value

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import blind_engines as measured

LECTURE = """
import math
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
            self.grad += out.grad
            other.grad += out.grad
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

    def __pow__(self, n):
        out = Value(self.data ** n, (self,))
        def _backward():
            self.grad += n * self.data ** (n - 1) * out.grad
        out._backward = _backward
        return out

    def tanh(self):
        t = math.tanh(self.data)
        out = Value(t, (self,))
        def _backward():
            self.grad += (1 - t * t) * out.grad
        out._backward = _backward
        return out

    def relu(self):
        out = Value(max(0.0, self.data), (self,))
        def _backward():
            self.grad += (out.data > 0) * out.grad
        out._backward = _backward
        return out

    def exp(self):
        out = Value(math.exp(self.data), (self,))
        def _backward():
            self.grad += out.data * out.grad
        out._backward = _backward
        return out

    def __neg__(self): return self * -1
    def __sub__(self, other): return self + (-other)
    def __truediv__(self, other): return self * other ** -1
    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other

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
TOPO = LECTURE[LECTURE.index("        topo = []") :]
ADDED = "self.grad += out.grad\n            other.grad += out.grad"
MULTIPLIED = "self.grad += other.data * out.grad\n            other.grad += self.data * out.grad"


def begun(body: str) -> list[tuple[str, str]]:
    return [(TOPO, f"        self.grad = 1.0\n{body}\n")]


BREADTH = begun("""
        queue, seen = [self], {self}
        for v in queue:
            v._backward()
            for child in v._prev:
                if child not in seen:
                    seen.add(child)
                    queue.append(child)""")
STACK = begun("""
        todo, seen = [self], set()
        while todo:
            v = todo.pop()
            if v in seen: continue
            seen.add(v)
            v._backward()
            todo.extend(v._prev)""")
WRONG: dict[str, list[tuple[str, str]]] = {
    "breadth first": BREADTH,
    "depth first, each once": STACK,
    "recursion": begun("        def go(v):\n            v._backward()\n            for c in v._prev: go(c)\n        go(self)"),
    "visited by number": [("v not in visited", "v.data not in visited"), ("visited.add(v)", "visited.add(v.data)")],
    "equal by number": [("    def __neg__", "    def __eq__(self, o): return self.data == o.data\n    def __hash__(self): return hash(self.data)\n    def __neg__")],
    "sub is add": [("return self + (-other)", "return self + other")],
    "sub turned": [("return self + (-other)", "return other + (-self)")],
    "neg lost": [("return self * -1", "return self * 1")],
    "power keeps": [("self.data ** (n - 1) * out", "self.data ** n * out")],
    "power without n": [("n * self.data ** (n - 1)", "self.data ** (n - 1)")],
    "power value": [("Value(self.data ** n,", "Value(self.data * n,")],
    "tanh of input": [("1 - t * t", "1 - self.data ** 2")],
    "tanh no square": [("(1 - t * t)", "(1 - t)")],
    "tanh as sigmoid": [("(1 - t * t)", "t * (1 - t)")],
    "relu open": [("(out.data > 0) * out.grad", "out.grad")],
    "relu reversed": [("(out.data > 0)", "(out.data <= 0)")],
    "relu scaled": [("(out.data > 0)", "out.data")],
    "exp of input": [("self.grad += out.data * out.grad", "self.grad += self.data * out.grad")],
    "exp one": [("self.grad += out.data * out.grad", "self.grad += out.grad")],
    "div turned": [("self * other ** -1", "other * self ** -1")],
    "mul own": [(MULTIPLIED, MULTIPLIED.replace("other.data", "x.data").replace("self.data", "other.data").replace("x.data", "self.data"))],
    "mul reads grad": [("self.grad += other.data *", "self.grad += other.grad *"), ("other.grad += self.data *", "other.grad += self.grad *")],
    "mul turned round": [(MULTIPLIED, "out.grad += other.data * self.grad\n            out.grad += self.data * other.grad")],
    "mul one side": [("            other.grad += self.data * out.grad\n", "")],
    "mul assigned": [(MULTIPLIED, MULTIPLIED.replace("+=", "="))],
    "mul no upstream": [(MULTIPLIED, MULTIPLIED.replace(" * out.grad", ""))],
    "mul negative": [("other.grad += self.data", "other.grad -= self.data")],
    "add assigned for self": [("self.grad += out.grad\n            other", "self.grad = out.grad\n            other")],
    "add assigned for other": [("other.grad += out.grad", "other.grad = out.grad")],
    "add one": [(ADDED, ADDED.replace("out.grad", "1.0"))],
    "add halved": [(ADDED, ADDED.replace("out.grad", "0.5 * out.grad"))],
    "add negative": [("other.grad += out.grad", "other.grad -= out.grad")],
    "add scaled": [(ADDED, ADDED.replace("+= out.grad", "+= out.data * out.grad"))],
    "all assigned": [("+=", "=")],
    "read too early": [(f"        def _backward():\n            {MULTIPLIED}", f"        g = out.grad\n        def _backward():\n            {MULTIPLIED.replace('out.grad', 'g')}")],
    "not reversed": [("reversed(topo)", "topo")],
    "root skipped": [("reversed(topo)", "reversed(topo[:-1])")],
    "no visited": [("if v not in visited:", "if True:")],
    "no seed": [("self.grad = 1.0", "pass")],
    "seed is data": [("self.grad = 1.0", "self.grad = self.data")],
    "seed two": [("self.grad = 1.0", "self.grad = 2.0")],
    "never wired": [("        out._backward = _backward\n        return out\n\n    def __mul__", "        return out\n\n    def __mul__")],
    "wired to self": [("out._backward = _backward", "self._backward = _backward")],
    "called at once": [("out._backward = _backward", "out._backward = _backward()")],
    "children lost": [("(self, other))\n        def _backward():\n            self.grad += out.grad", "(self,))\n        def _backward():\n            self.grad += out.grad")],
    "one child of a list": [("for child in v._prev", "for child in list(v._prev)[:1]")],
    "appended before": [("                for child in v._prev:\n                    build(child)\n                topo.append(v)", "                topo.append(v)\n                for child in v._prev:\n                    build(child)")],
    "sorted by data": [("reversed(topo)", "sorted(topo, key=lambda v: -abs(v.data))")],
}  # fmt: skip
ITERATIVE = [(TOPO, """        order, seen, todo = [], set(), [(self, False)]
        while todo:
            v, ready = todo.pop()
            if ready: order.append(v)
            elif id(v) not in seen:
                seen.add(id(v))
                todo += [(v, True), *[(c, False) for c in v._prev]]
        self.grad = 1.0
        for v in order[::-1]: v._backward()
""")]  # fmt: skip
BY_COUNT = [(TOPO, """        waits, todo, nodes = {}, [self], {self}
        while todo:
            for c in todo.pop()._prev:
                waits[c] = waits.get(c, 0) + 1
                if c not in nodes: nodes.add(c); todo.append(c)
        self.grad, ready = 1.0, [self]
        while ready:
            v = ready.pop()
            v._backward()
            for c in v._prev:
                waits[c] -= 1
                if not waits[c]: ready.append(c)
""")]  # fmt: skip
RIGHT: dict[str, list[tuple[str, str]]] = {
    "as in the lecture": [],
    "a tuple of inputs": [("set(_children)", "tuple(_children)")],
    "a list of inputs": [("set(_children)", "list(_children)")],
    "iterative": ITERATIVE,
    "by counting": BY_COUNT,
    "inputs turned": [("for child in v._prev", "for child in list(v._prev)[::-1]")],
    "gradients cleared first": [("        self.grad = 1.0\n", "        for v in topo: v.grad = 0.0\n        self.grad = 1.0\n")],
    "a seed of one": [("self.grad = 1.0", "self.grad = 1")],
    "slots": [("class Value:\n", 'class Value:\n    __slots__ = ("data", "grad", "_backward", "_prev")\n')],
    "sorted by birth": [("reversed(topo)", "sorted(topo, key=topo.index, reverse=True)")],
    "only sums and products": [(LECTURE[LECTURE.index("    def __pow__") : LECTURE.index("    def __neg__")], ""), ("    def __truediv__(self, other): return self * other ** -1\n", "")],
    "floats": [("self.data = data", "self.data = float(data)")],
}  # fmt: skip


def written(changes: list[tuple[str, str]]) -> Any:
    """Return the class of the lecture, with changes to its source."""
    source = LECTURE
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    names: dict[str, Any] = {}
    exec(source, names)
    return names["Value"]


@pytest.mark.parametrize("name", WRONG)
def test_no_wrong_engine_is_accepted(name: str) -> None:
    marking = check_value(written(WRONG[name]))
    assert not marking, name
    assert marking.messages and all(message.did for message in marking.messages)


@pytest.mark.parametrize("name", RIGHT)
def test_no_right_engine_is_refused(name: str) -> None:
    marking = check_value(written(RIGHT[name]))
    assert marking, marking
    assert "not at a second backward" in str(marking) or "not at" in str(marking)


NAMED = [
    ("breadth first", "breadth_first", "b"), ("visited by number", "by_number", ""), ("tanh of input", "tanh_of_input", ""),
    ("power keeps", "pow_keeps_power", ""), ("relu open", "relu_open", ""), ("exp of input", "exp_input", ""),
    ("mul reads grad", "reads_grad", ""), ("mul turned round", "turned_round", ""), ("root skipped", "root_skipped", ""),
    ("read too early", "read_too_early", ""), ("no seed", "no_seed", ""), ("never wired", "not_attached", ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "mistake", "_"), NAMED)
def test_what_is_wrong_is_named_from_what_the_code_did(name: str, mistake: str, _: str) -> None:
    marking = check_value(written(WRONG[name]))
    assert any(mistake in message.mistakes for message in marking.messages), marking
    assert "not_attached" not in {x for m in marking.messages for x in m.mistakes} - {mistake}


def test_the_smallest_graph_that_fails_is_shown() -> None:
    [message] = check_value(written(BREADTH)).messages
    assert "The smallest graph that fails is c = a * b; c" in message.did
    assert "and" in message.did and "is right" in message.did


def test_the_verdict_is_the_same_in_every_process() -> None:
    """Sets of objects are in another order in each process: a verdict must not be."""
    code = "import sys; sys.path.insert(0, 'tests'); import test_engines as t; from micrograd_like.exercises.build import check_value\n"
    code += "print([bool(check_value(t.written(x))) for x in (t.RIGHT['as in the lecture'], t.STACK, t.BREADTH)])"
    root = Path(__file__).parent.parent
    for seed in range(3):
        env = os.environ | {"PYTHONHASHSEED": str(seed), "PYTHONPATH": str(root)}
        run = subprocess.run(
            [sys.executable, "-c", code], cwd=root, env=env, capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == "[True, False, False]"


def test_the_librarys_own_pass_is_not_the_learners() -> None:
    assert not check_backward(lambda out: out.backward())
    with pytest.raises(ValueError, match="the class that you wrote"):
        check_value(Value)


def test_a_pass_by_distance_is_refused() -> None:
    def breadth(root: Value) -> None:
        root.grad, order = 1.0, [root]
        for node in order:
            order += [x for x in node.inputs if not any(x is y for y in order)]
            for x, slope in zip(node.inputs, node.local_grads):
                x.grad += slope * node.grad

    marking = check_backward(breadth)
    assert not marking and "breadth_first" in marking.messages[0].mistakes


@pytest.mark.parametrize("name", measured.WRONG)
def test_what_a_wrong_engine_does_is_said(name: str) -> None:
    accepted, named, said = measured.told(name)
    assert not accepted and named, said


@pytest.mark.parametrize("name", measured.RIGHT)
def test_right_engines_of_every_style_are_accepted(name: str) -> None:
    marking = check_value(measured.built(measured.RIGHT[name]))
    assert marking and marking["a second backward()"].verdict == "right", marking


def test_the_objects_of_a_class_are_as_before_when_they_were_watched() -> None:
    for name in ("as in micrograd", "slots", "local derivatives"):
        cls = measured.built(measured.RIGHT[name])
        before = vars(cls).get("grad", "none")
        check_value(cls)
        assert vars(cls).get("grad", "none") is before
        a = cls(2.0)
        (a * a).backward()
        assert a.grad == 4.0


def test_the_first_edge_that_differs_is_said() -> None:
    source = measured.BASE.replace("other.grad += self.data * out.grad", "other.grad -= self.data * out.grad")
    [message] = check_value(measured.built(source)).messages[:1]
    assert message.mistakes == ("negated",)
    assert "the product at the output gives -2.5 to b when its own grad is 1, and 2.5 is right" in message.did


def test_theirs_is_drawn_beside_the_right_one() -> None:
    marking = check_value(written(BREADTH))
    [message] = marking.messages
    shown = marking._repr_html_()
    assert "yours: the first edge that differs leads from c to" in message.picture
    assert message.picture in shown and shown.count("<figure") == 2
    assert "looked at + and * alone" in marking["200 random graphs"].note


def test_a_function_that_assigns_is_named_and_gradients_may_be_none_at_first() -> None:
    source = measured.BASE.replace("self.grad += (1 - t**2) * out.grad", "self.grad = (1 - t**2) * out.grad")
    [message] = check_value(measured.built(source)).messages
    assert message.mistakes == ("overwrite",) and "a + tanh(a)" in message.did.replace("tanh(a) + a", "a + tanh(a)")
    late = "        for v in topo: v.grad = 0.0\n        self.grad = 1\n"
    source = measured.BASE.replace("        self.grad = 0\n", "        self.grad = None\n")
    assert check_value(measured.built(source.replace("        self.grad = 1\n", late)))
