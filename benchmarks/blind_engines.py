# ruff: noqa: E501  the changes to a source stand as they are in it
"""Wrong engines, written before the checks of engines were last worked on; they are only measured on.

`python -m benchmarks blind_engines` tells of each whether it was accepted, and what was said of it; and whether right
ones, of many styles, are accepted in every one of 20 processes.
Each is the class below with one thing changed, and words of which one must be in what is said, if it is true.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

BASE = """import math

class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = data
        self.grad = 0
        self._backward = lambda: None
        self._prev = set(_children)
        self._op = _op

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), '+')
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), '*')
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def __pow__(self, other):
        out = Value(self.data**other, (self,), '**')
        def _backward():
            self.grad += (other * self.data**(other-1)) * out.grad
        out._backward = _backward
        return out

    def relu(self):
        out = Value(0 if self.data < 0 else self.data, (self,), 'ReLU')
        def _backward():
            self.grad += (out.data > 0) * out.grad
        out._backward = _backward
        return out

    def tanh(self):
        t = math.tanh(self.data)
        out = Value(t, (self,), 'tanh')
        def _backward():
            self.grad += (1 - t**2) * out.grad
        out._backward = _backward
        return out

    def exp(self):
        out = Value(math.exp(self.data), (self,), 'exp')
        def _backward():
            self.grad += out.data * out.grad
        out._backward = _backward
        return out

    def log(self):
        out = Value(math.log(self.data), (self,), 'log')
        def _backward():
            self.grad += out.grad / self.data
        out._backward = _backward
        return out

    def sigmoid(self):
        s = 1 / (1 + math.exp(-self.data))
        out = Value(s, (self,), 'sigmoid')
        def _backward():
            self.grad += s * (1 - s) * out.grad
        out._backward = _backward
        return out

    def backward(self):
        topo = []
        visited = set()
        def build_topo(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build_topo(child)
                topo.append(v)
        build_topo(self)
        self.grad = 1
        for v in reversed(topo):
            v._backward()

    def __neg__(self):
        return self * -1

    def __radd__(self, other):
        return self + other

    def __sub__(self, other):
        return self + (-other)

    def __rsub__(self, other):
        return other + (-self)

    def __rmul__(self, other):
        return self * other

    def __truediv__(self, other):
        return self * other**-1

    def __rtruediv__(self, other):
        return other * self**-1
"""

BACKWARD = BASE[BASE.index("    def backward") : BASE.index("    def __neg__")]
ADD = BASE[BASE.index("    def __add__") : BASE.index("    def __mul__")]

# name: ((what stands there, what stands there instead), ..., words that a true message has)
WRONG: dict[str, tuple[tuple[tuple[str, str], ...], str]] = {
    "queue, each node once": (
        (
            (
                BACKWARD,
                """    def backward(self):
        self.grad = 1
        queue, seen = [self], {self}
        while queue:
            v = queue.pop(0)
            v._backward()
            for child in v._prev:
                if child not in seen:
                    seen.add(child)
                    queue.append(child)

""",
            ),
        ),
        "before order level breadth complete",
    ),
    "queue, without seen": (
        (
            (
                BACKWARD,
                """    def backward(self):
        self.grad = 1
        queue = [self]
        while queue:
            v = queue.pop(0)
            v._backward()
            queue.extend(v._prev)

""",
            ),
        ),
        "again twice more once visited several",
    ),
    "recursion": (
        (
            (
                BACKWARD,
                """    def backward(self):
        self.grad = 1
        self._pass()

    def _pass(self):
        self._backward()
        for child in self._prev:
            child._pass()

""",
            ),
        ),
        "again recursion each before visited once several",
    ),
    "recursion, stopped where there is a gradient": (
        (
            (
                BACKWARD,
                """    def backward(self, first=True):
        if first:
            self.grad = 1
        self._backward()
        for child in self._prev:
            if not getattr(child, 'done', False):
                child.done = True
                child.backward(False)

""",
            ),
        ),
        "before complete order depth second",
    ),
    "sorted by data": (
        (("for v in reversed(topo):", "for v in sorted(topo, key=lambda n: n.data, reverse=True):"),),
        "before order",
    ),
    "visited by data": (
        (("if v not in visited:", "if v.data not in visited:"), ("visited.add(v)", "visited.add(v.data)")),
        "number data equal same",
    ),
    "= in mul, other": (
        (("other.grad += self.data * out.grad", "other.grad = self.data * out.grad"),),
        "= overwr replace",
    ),
    "= in add, self": (
        (
            (
                "            self.grad += out.grad\n            other",
                "            self.grad = out.grad\n            other",
            ),
        ),
        "= overwr replace",
    ),
    "minus with plus's rule": (
        (
            (
                "        return self + (-other)",
                """        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data - other.data, (self, other), '-')
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out""",
            ),
        ),
        "sign subtract minus -1",
    ),
    "power n x^n": ((("self.data**(other-1)", "self.data**other"),), "exponent power"),
    "power without the upstream": (
        (("(other * self.data**(other-1)) * out.grad", "other * self.data**(other-1)"),),
        "upstream above",
    ),
    "tanh of the input": ((("(1 - t**2) * out.grad", "(1 - self.data**2) * out.grad"),), "output input"),
    "tanh 1 - t": ((("(1 - t**2) * out.grad", "(1 - t) * out.grad"),), "square t²"),
    "exp of the input": ((("out.data * out.grad", "self.data * out.grad"),), "input output exp"),
    "relu always open": (
        (("(out.data > 0) * out.grad", "(out.data >= 0) * out.grad"),),
        "relu gate below closed open 0",
    ),
    "relu by the gradient's sign": (
        (("(out.data > 0) * out.grad", "(out.grad > 0) * out.grad"),),
        "not at the gradient",
    ),
    "log 1/out": ((("out.grad / self.data", "out.grad / out.data"),), "output input 1/x"),
    "sigmoid of the input": ((("s * (1 - s) * out.grad", "self.data * (1 - self.data) * out.grad"),), "input output"),
    "not reversed": ((("reversed(topo)", "topo"),), "revers order"),
    "appended before the children": (
        (
            (
                (
                    "                for child in v._prev:\n                    build_topo(child)\n                topo.append(v)",
                    "                topo.append(v)\n                for child in v._prev:\n                    build_topo(child)",
                )
            ),
            ("reversed(topo)", "topo"),
        ),
        "before after order append",
    ),
    "starts at its own value": ((("        self.grad = 1\n", "        self.grad = self.data\n"),), "seed start 1"),
    "other.grad in mul": (
        (("self.grad += other.data * out.grad", "self.grad += other.grad * out.grad"),),
        "other.grad `data`",
    ),
    "visited kept over calls": (
        (
            ("        visited = set()\n        def build_topo(v):", "        def build_topo(v, visited=Value.seen):"),
            ("class Value:", "class Value:\n    seen = set()"),
        ),
        "second kept again visited anew",
    ),
    "a + a loses one": (
        (
            (
                "            self.grad += out.grad\n            other.grad += out.grad",
                "            for child in out._prev:\n                child.grad += out.grad",
            ),
        ),
        "set once twice a + a",
    ),
    "a * a forgets the 2": (
        (
            (
                "            self.grad += other.data * out.grad\n            other",
                "            if self is other:\n                self.grad += self.data * out.grad\n                return\n            self.grad += other.data * out.grad\n            other",
            ),
        ),
        "a * a twice second both",
    ),
    "constants leave the graph": (
        (
            (
                "        other = other if isinstance(other, Value) else Value(other)\n        out = Value(self.data + other.data",
                "        if not isinstance(other, Value):\n            return Value(self.data + other)\n        out = Value(self.data + other.data",
            ),
        ),
        "constant number input path",
    ),
    "divided by the number of children": (
        (
            (
                "            self.grad += out.grad\n            other.grad += out.grad",
                "            self.grad += out.grad / 2\n            other.grad += out.grad / 2",
            ),
        ),
        "half sum add",
    ),
    "leaves' gradients not added where they have one": (
        (
            (
                "            self.grad += other.data * out.grad",
                "            self.grad = self.grad or other.data * out.grad",
            ),
        ),
        "first later add",
    ),
}


BY_BIRTH = """    def backward(self):
        nodes, todo = {self}, [self]
        while todo:
            for child in todo.pop()._prev:
                if child not in nodes:
                    nodes.add(child)
                    todo.append(child)
        self.grad = 1
        for v in sorted(nodes, key=lambda v: -v.born):
            v._backward()

"""
BY_WAITING = """    def backward(self):
        waits, todo = {self: 0}, [self]
        while todo:
            for child in todo.pop()._prev:
                if child not in waits:
                    waits[child] = 0
                    todo.append(child)
                waits[child] += 1
        self.grad, ready = 1, [self]
        while ready:
            v = ready.pop()
            v._backward()
            for child in v._prev:
                waits[child] -= 1
                if not waits[child]:
                    ready.append(child)

"""
SLOPES = """import math

class Value:
    def __init__(self, data, inputs=(), slopes=()):
        self.data, self.grad, self.inputs, self.slopes = float(data), 0.0, tuple(inputs), tuple(slopes)

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t * t,))

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        order, seen = [], set()
        def visit(v):
            if v not in seen:
                seen.add(v)
                for x in v.inputs:
                    visit(x)
                order.append(v)
        visit(self)
        for v in order:
            v.grad = 0.0
        self.grad = 1.0
        for v in reversed(order):
            for x, slope in zip(v.inputs, v.slopes):
                x.grad += slope * v.grad
"""
TAPE = """class Value:
    tape = []

    def __init__(self, data, rule=None, inputs=()):
        self.data, self.grad, self.rule, self.inputs = data, 0.0, rule, inputs
        Value.tape.append(self)

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, lambda g: (g, g), (self, other))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, lambda g: (g * other.data, g * self.data), (self, other))

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def backward(self):
        self.grad = 1.0
        for node in Value.tape[::-1]:
            if node.rule and node.grad:
                for x, part in zip(node.inputs, node.rule(node.grad)):
                    x.grad = x.grad + part
"""
RIGHT: dict[str, str] = {
    "as in micrograd": BASE,
    "a tuple of inputs": BASE.replace("set(_children)", "tuple(_children)"),
    "a list of inputs": BASE.replace("set(_children)", "list(_children)"),
    "a frozen set": BASE.replace("set(_children)", "frozenset(_children)"),
    "slots": BASE.replace("class Value:\n", "class Value:\n    __slots__ = 'data grad _backward _prev _op'.split()\n"),
    "by birth": BASE.replace(BACKWARD, BY_BIRTH)
    .replace(
        "        self.data = data\n", "        self.data, self.born, Value.count = data, Value.count, Value.count + 1\n"
    )
    .replace("class Value:\n", "class Value:\n    count = 0\n"),
    "by waiting": BASE.replace(BACKWARD, BY_WAITING).replace("set(_children)", "tuple(_children)"),
    "seen by id": BASE.replace("v not in visited", "id(v) not in visited").replace(
        "visited.add(v)", "visited.add(id(v))"
    ),
    "seen by is": BASE.replace("v not in visited", "not any(v is x for x in visited)")
    .replace("visited = set()", "visited = []")
    .replace("visited.add(v)", "visited.append(v)"),
    "cleared first": BASE.replace(
        "        self.grad = 1\n", "        for v in topo:\n            v.grad = 0\n        self.grad = 1\n"
    ),
    "the list turned in place": BASE.replace("reversed(topo)", "topo[::-1]"),
    "children turned": BASE.replace("for child in v._prev", "for child in sorted(v._prev, key=id, reverse=True)"),
    "written out": BASE.replace("self.grad += out.grad\n", "self.grad = self.grad + 1.0 * out.grad\n"),
    "out.grad read once": BASE.replace(
        "            self.grad += other.data * out.grad\n            other.grad += self.data * out.grad",
        "            g = out.grad\n            self.grad += other.data * g\n            other.grad += self.data * g",
    ),
    "right side first": BASE.replace(
        "            self.grad += out.grad\n            other.grad += out.grad",
        "            other.grad += out.grad\n            self.grad += out.grad",
    ),
    "__radd__ is __add__": BASE.replace(
        "    def __radd__(self, other):\n        return self + other\n", "    __radd__ = __add__\n"
    ),
    "own subtraction": BASE.replace(
        "        return self + (-other)",
        """        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data - other.data, (self, other), '-')
        def _backward():
            self.grad += out.grad
            other.grad -= out.grad
        out._backward = _backward
        return out""",
    ),
    "a subclass": BASE + "\nclass Leaf(Value):\n    pass\n",
    "local derivatives": SLOPES,
    "a tape": TAPE,
}


def source(name: str) -> str:
    """Return the class with one thing changed."""
    text = BASE
    for there, instead in WRONG[name][0]:
        assert there in text, (name, there)
        text = text.replace(there, instead)
    return text


def built(text: str) -> type:
    """Return the class of a source."""
    space: dict[str, type] = {}
    exec(compile(text, "<learner>", "exec"), space)  # type: ignore[arg-type]
    return space["Value"]


def told(name: str) -> tuple[bool, bool, str]:
    """Return (accepted, named truly, what is said) of a wrong engine."""
    from micrograd_like.exercises.build import check_value

    marking = check_value(built(source(name)))
    said = " ".join(f"{m.did} {m.idea} {m.redo}" for m in marking.messages)
    return bool(marking), any(word in said for word in WRONG[name][1].split()), said


def main() -> None:
    """Check each and print what is said; then the right ones, in as many processes as are asked for."""
    from micrograd_like.exercises.build import check_value

    if sys.argv[1:] == ["--right"]:
        print([name for name, text in RIGHT.items() if not check_value(built(text))])
        return
    accepted, named = 0, 0
    for name in WRONG:
        right, true, said = told(name)
        accepted, named = accepted + right, named + true
        print(f"{'ACCEPTED' if right else 'named   ' if true else 'unnamed '} {name}: {said}\n")
    print(f"{accepted} of {len(WRONG)} wrong ones accepted, {named} named")
    processes = int(sys.argv[1]) if sys.argv[1:] else 20
    refused = Counter[str]()
    for seed in range(processes):
        command = [sys.executable, "-m", "benchmarks", "blind_engines", "--right"]
        env = os.environ | {"PYTHONHASHSEED": str(seed)}
        refused[subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.strip()] += 1
    print(f"{len(RIGHT)} right ones in {processes} processes; refused: {dict(refused)}")
