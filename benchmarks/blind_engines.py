# ruff: noqa: E501  the changes to a source stand as they are in it
"""Wrong engines, written before the checks of engines were last worked on; they are only measured on.

`python -m benchmarks blind_engines` tells of each whether it was accepted, and what was said of it.
Each is the class below with one thing changed, and words of which one must be in what is said, if it is true.
"""

from __future__ import annotations

import sys

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
        "upstream out.grad",
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
        "gradient gate relu sign",
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
        "other.grad other.data gradient",
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
        "constant number input arrive path",
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


def source(name: str) -> str:
    """Return the class with one thing changed."""
    text = BASE
    for there, instead in WRONG[name][0]:
        assert there in text, (name, there)
        text = text.replace(there, instead)
    return text


def main() -> None:
    """Check each and print what is said."""
    from micrograd_like.exercises.build import check_value

    accepted, named = 0, 0
    for name, (_, words) in WRONG.items():
        space: dict[str, object] = {}
        sys.modules.pop("learner", None)
        exec(compile(source(name), f"<{name}>", "exec"), space)
        marking = check_value(space["Value"])
        said = " ".join(f"{m.did} {m.idea} {m.redo}" for m in marking.messages)
        true = any(word in said for word in words.split())
        accepted, named = accepted + bool(marking), named + true
        print(f"{'ACCEPTED' if marking else 'named   ' if true else 'unnamed '} {name}: {said[:400]}\n")
    print(f"{accepted} of {len(WRONG)} accepted, {named} named")
