"""The equations that a program prints are those of a textbook, and they are true."""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import math
import re
import runpy
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from micrograd_like import MLP, Value, exp, log, losses, softmax, tanh
from micrograd_like.compiler import Program, Rows, compile
from micrograd_like.compiler.backends.whole import function
from micrograd_like.compiler.executable import Executable
from micrograd_like.compiler.printing.algebra import lines
from micrograd_like.compiler.printing.naming import parts_of
from micrograd_like.data import one_hot
from micrograd_like.nn import Parameter
from micrograd_like.ops import OPS

np = pytest.importorskip("numpy")
rng = Random(1)
LESSONS: dict[str, tuple[Callable[[], Program], str]] = {}


def numbers(*shape: int) -> Any:
    return [numbers(*shape[1:]) for _ in range(shape[0])] if shape else rng.uniform(-1, 1)


def parameters(*shape: int) -> Any:
    return [parameters(*shape[1:]) for _ in range(shape[0])] if shape else Parameter(rng.uniform(-1, 1))


def dot(a: Any, b: Any) -> Any:
    return sum(p * q for p, q in zip(a, b))


def lesson(make: Callable[[], Program]) -> Callable[[], Program]:
    """Expect of a program the equations that its function's docstring says."""
    LESSONS[make.__name__] = make, inspect.cleandoc(make.__doc__ or "")
    return make


@lesson
def cross_entropy() -> Program:
    """
    Z1 = X @ W1.T + b1        8×5
    A1 = relu(Z1)             8×5
    Ŷ = A1 @ W2.T + b2        8×4
    v1 = max(Ŷ, axis=1)       8
    V2 = Ŷ - v1[:, None]      8×4
    V3 = exp(V2)              8×4
    v4 = sum(V3, axis=1)      8
    v5 = log(v4)              8
    v6 = v1 + v5              8
    v7 = sum(Y * Ŷ, axis=1)   8
    v8 = v6 - v7              8
    v9 = sum(v8)
    v10 = v9 / 8
    """
    model = MLP(6, [5, 4])

    def loss(X: Any, Y: Any) -> Any:
        return losses.cross_entropy([model(x) for x in X], Y)

    return compile(loss, numbers(8, 6), [one_hot(i % 4, 4) for i in range(8)])


@lesson
def one_example() -> Program:
    """
    z1 = W1 @ x + b1    4
    a1 = tanh(z1)       4
    z2 = W2 @ a1 + b2   4
    a2 = tanh(z2)       4
    ŷ = w3 @ a2 + b3
    """
    return compile(MLP(3, [4, 4, 1], activation="tanh")([2.0, 3.0, -1.0]))


@lesson
def neuron() -> Program:
    """
    v1 = [x1, x2] @ [w1, w2] + b
    v2 = tanh(v1)
    """
    x1, x2, w1, w2, b = (Value(number, label) for number, label in zip(numbers(5), ("x1", "x2", "w1", "w2", "b")))
    return compile(tanh(x1 * w1 + x2 * w2 + b))


@lesson
def logistic_regression() -> Program:
    """
    v1 = X @ w + b          10
    v2 = sigmoid(v1)        10
    v3 = log(v2)            10
    v4 = 1 - y              10
    v5 = 1 - v2             10
    v6 = log(v5)            10
    v7 = y @ v3 + v4 @ v6
    v8 = -v7
    v9 = v8 / 10
    """
    w, b = parameters(3), parameters()

    def loss(X: Any, y: Any) -> Any:
        p = [OPS["sigmoid"](dot(w, x) + b) for x in X]
        return -sum(yi * log(pi) + (1 - yi) * log(1 - pi) for yi, pi in zip(y, p)) / len(X)

    return compile(loss, numbers(10, 3), [float(i % 2) for i in range(10)])


@lesson
def misra1a() -> Program:
    """
    v1 = -b2       14
    v2 = v1 * x    14
    v3 = exp(v2)   14
    v4 = 1 - v3    14
    v5 = b1 * v4   14
    v6 = y - v5    14
    v7 = v6 ** 2   14
    v8 = sum(v7)
    """
    b1, b2 = parameters(), parameters()

    def loss(x: Any, y: Any) -> Any:
        return sum((yi - b1 * (1 - exp(-b2 * xi))) ** 2 for xi, yi in zip(x, y))

    return compile(loss, numbers(14), numbers(14))


@lesson
def polynomial() -> Program:
    """
    v1 = c[3] * x       12
    v2 = v1 + c[2]      12
    v3 = v2 * x         12
    v4 = v3 + c[1]      12
    v5 = v4 * x         12
    v6 = v5 + c[0]      12
    v7 = v6 - y         12
    v8 = sum(v7 ** 2)
    v9 = v8 / 12
    """
    c = parameters(4)

    def horner(x: Any) -> Any:
        out = c[3]
        for k in (2, 1, 0):
            out = out * x + c[k]
        return out

    return compile(lambda x, y: losses.mse([horner(a) for a in x], y), numbers(12), numbers(12))


@lesson
def convolution() -> Program:
    """
    V1[i, j, k] = sum(K[i, l, m] * X[j + l, k + m] for l in range(3) for m in range(3))   2×6×6
    V2 = relu(V1)                                                                         2×6×6
    v3 = sum(V2)
    v4 = v3 / 72
    """
    K = parameters(2, 3, 3)

    def loss(X: Any) -> Any:
        made = [
            sum(kernel[p][q] * X[i + p][j + q] for p in range(3) for q in range(3)).relu()
            for kernel in K
            for i in range(6)
            for j in range(6)
        ]
        return sum(made) / 72

    return compile(loss, numbers(8, 8))


@lesson
def attention() -> Program:
    """
    V1 = X @ [Wq, Wk, Wv].mT   3×5×4
    V2 = V1[0] @ V1[1].T       5×5
    V3 = V2 / 2                5×5
    v4 = max(V3, axis=1)       5
    V5 = V3 - v4[:, None]      5×5
    V6 = exp(V5)               5×5
    v7 = sum(V6, axis=1)       5
    V8 = V6 / v7[:, None]      5×5
    V9 = V8 @ V1[2]            5×4
    V10 = V9 ** 2              5×4
    v11 = sum(V10)
    """
    Wq, Wk, Wv = parameters(4, 6), parameters(4, 6), parameters(4, 6)

    def loss(X: Any) -> Any:
        Q, K, V = ([[dot(w, x) for w in W] for x in X] for W in (Wq, Wk, Wv))
        weights = [softmax([dot(q, k) / math.sqrt(4) for k in K]) for q in Q]
        return sum(dot(w, column) ** 2 for w in weights for column in zip(*V))

    return compile(loss, numbers(5, 6))


@lesson
def recurrent() -> Program:
    """
    V1 = X[:, 0] @ Wx.T + b               3×4
    V2 = tanh(V1)                         3×4
    V3 = X[:, 1] @ Wx.T + V2 @ Wh.T + b   3×4
    V4 = tanh(V3)                         3×4
    V5 = X[:, 2] @ Wx.T + V4 @ Wh.T + b   3×4
    V6 = tanh(V5)                         3×4
    v7 = V6 @ out                         3
    v8 = v7 - y                           3
    v9 = v8 ** 2                          3
    v10 = sum(v9)
    """
    Wx, Wh, b, out = parameters(4, 2), parameters(4, 4), parameters(4), parameters(4)

    def loss(X: Any, y: Any) -> Any:
        total = 0.0
        for sequence, target in zip(X, y):
            h: list[Any] = []
            for x in sequence:
                h = [tanh(dot(wx, x) + dot(wh, h) + bias) for wx, wh, bias in zip(Wx, Wh, b)]
            total = total + (dot(out, h) - target) ** 2
        return total

    return compile(loss, numbers(3, 3, 2), numbers(3))


@lesson
def penalties() -> Program:
    """
    v1 = abs([w1, b1])        4
    v2 = sum(v1)
    ŷ = X @ w1 + b1           5
    v3 = ŷ - y                5
    v4 = sum(v3 ** 2)
    v5 = v4 / 5
    v6 = 0.1 * v2
    v7 = sum([w1, b1] ** 2)
    v8 = 0.01 * v7
    v9 = v5 + v6 + v8
    """
    model = MLP(3, [1])

    def loss(X: Any, y: Any) -> Any:
        l1 = sum(abs(p) for p in model.parameters())
        return losses.mse([model(x) for x in X], y) + 0.1 * l1 + 0.01 * sum(p * p for p in model.parameters())

    return compile(loss, numbers(5, 3), numbers(5))


@lesson
def batch_norm() -> Program:
    """
    V1 = X @ W.T                 6×3
    v2 = sum(V1, axis=0)         3
    v3 = v2 / 6                  3
    V4 = V1.T - v3[:, None]      3×6
    V5 = V4 ** 2                 3×6
    v6 = sum(V5, axis=1)         3
    v7 = v6 / 6                  3
    v8 = v7 + 1e-05              3
    v9 = v8 ** 0.5               3
    V10 = scale[:, None] * V4    3×6
    V11 = V10 / v9[:, None]      3×6
    V12 = V11 + shift[:, None]   3×6
    V13 = tanh(V12)              3×6
    v14 = sum(V13)
    """
    W, scale, shift = parameters(3, 4), parameters(3), parameters(3)

    def loss(X: Any) -> Any:
        total = 0.0
        for j, column in enumerate(zip(*[[dot(w, x) for w in W] for x in X])):
            mean = sum(column) / len(column)
            centred = [z - mean for z in column]
            deviation = (sum(z**2 for z in centred) / len(column) + 1e-5) ** 0.5
            total = total + sum(tanh(scale[j] * z / deviation + shift[j]) for z in centred)
        return total

    return compile(loss, numbers(6, 4))


@lesson
def irregular() -> Program:
    """
    v1 = [a, c] * [b, c]   2
    v2 = v1[0] + c
    v3 = tanh(v2)
    v4 = v3 * x
    v5 = b * x
    v6 = a - v5
    v7 = exp(v6)
    v8 = v1[1] + 1
    v9 = v7 / v8
    v10 = v4 + v9
    """
    a, b, c = (Parameter(number, label) for number, label in zip(numbers(3), "abc"))
    return compile(lambda x: tanh(a * b + c) * x + exp(a - b * x) / (c * c + 1), 0.3)


@lesson
def chosen_rows() -> Program:
    """
    V1 = table[tokens]   4×3
    V2 = tanh(V1)        4×3
    v3 = sum(V2 * V1)
    """
    table = Rows(parameters(5, 3))

    def loss(tokens: Any) -> Any:
        return sum(tanh(x) * x for t in tokens for x in table[t])

    return compile(loss, [0, 1, 2, 1])


@pytest.mark.parametrize("name", LESSONS)
def test_the_equations_are_those_of_a_textbook(name: str) -> None:
    make, expected = LESSONS[name]
    assert str(make()) == expected


def total(x: Any, axis: Any = None) -> Any:
    return np.sum(x, axis=axis) if hasattr(x, "ndim") else sum(x)


def side_by_side(*arrays: Any) -> Any:
    alike = len({np.shape(a) for a in arrays}) == 1
    return np.stack(arrays) if alike else np.concatenate([np.ravel(a) for a in arrays])


class Lists(ast.NodeTransformer):
    """Makes one array of arrays in brackets, but for those that are an index."""

    def visit_List(self, node: ast.List) -> ast.Call:
        return ast.Call(ast.Name("side_by_side", ast.Load()), [self.visit(x) for x in node.elts], [])

    def visit_Subscript(self, node: ast.Subscript) -> ast.Subscript:
        node.value = self.visit(node.value)
        return node


def evaluated(text: str, scope: dict[str, Any]) -> Any:
    tree = ast.fix_missing_locations(Lists().visit(ast.parse(text, mode="eval")))
    return eval(builtins.compile(tree, text, "eval"), scope)


def truth(program: Program) -> tuple[int, int]:
    """Compute every printed equation from the arrays that it names; return how many, and how many had no pattern."""
    assert isinstance(program.now, Executable)
    program.now.run()
    scope: dict[str, Any] = {name: function(op) for name, op in OPS.items()}
    scope |= {name: functools.partial(functools.reduce, scope[name]) for name in ("maximum", "minimum")}
    scope |= {name: lambda *xs, op=scope[name]: op(xs) for name in ("maximum", "minimum")}
    scope |= {"max": np.max, "min": np.min, "sum": total, "side_by_side": side_by_side, "array": np.array}
    known: dict[str, str] = {}  # under which name of its own an array is in the scope
    written = without_pattern = 0
    for number, line in enumerate(lines(program.now.plan, program._variables())):
        block, left, right, size = line
        shape = tuple(map(int, size.split("×"))) if size else ()
        value = program.now.memory[block.offset : block.offset + block.size].reshape(shape)
        scope[f"known{number}"] = value.astype(int) if program.now.choices and block.kind == "number" else value
        name, _, letters = re.fullmatch(r"(.*?)(\[([a-z](, [a-z])*)\])?", left).group(1, 2, 3)  # type: ignore[union-attr]
        for other in sorted(known, key=len, reverse=True):
            right = re.sub(rf"(?<![\w.]){re.escape(other)}(?!\w)", known[other], right)
        if "..." in right:
            without_pattern += 1
        elif right:
            for letter, n in reversed([*zip(letters.split(", "), shape)] if letters else []):
                right = f"array([{right} for {letter} in range({n})])"
            assert np.allclose(evaluated(right, scope), value, rtol=1e-12, atol=1e-12), line.text
            written += 1
        known[name] = f"known{number}"
        if name.startswith("["):
            known |= {part: f"known{number}[{i}]" for i, part in enumerate(parts_of(name))}
    return written, without_pattern


@pytest.mark.parametrize("name", LESSONS)
def test_the_equations_are_true(name: str) -> None:
    make, expected = LESSONS[name]
    assert truth(make()) == (expected.count(" = "), 0)


def test_the_picture_has_a_box_for_each_array() -> None:
    explained = LESSONS["one_example"][0]().explain()
    assert all(line.formula in explained.picture.svg for line in explained.lines)
    assert explained.picture.dot.count(" -> ") == 3 + 1 + 3 + 1 + 3


def test_the_equations_of_random_programs_are_true() -> None:
    random_loss = runpy.run_path(str(Path(__file__).parent.parent / "benchmarks" / "exact.py"))["random_loss"]
    written = without_pattern = 0
    for seed in range(40):
        loss, x, parameters = random_loss(Random(seed))
        found, rest = truth(compile(loss, x.data, parameters=parameters, backend="numpy"))
        written, without_pattern = written + found, without_pattern + rest
    assert written > 400 and without_pattern < 10


def test_the_equations_of_random_matrices_are_true() -> None:
    random_program = pytest.importorskip("test_compile_random").random_program
    counts = [truth(random_program(Random(seed), "numpy")[0]) for seed in range(30)]
    written, without_pattern = (sum(column) for column in zip(*counts))
    assert written > 5 * without_pattern > 0
