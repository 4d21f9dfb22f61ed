"""Mistakes of learners, written as programs of their own and not from the package's list, to measure the checker.

DEVELOPED is the list that the checker was developed on. MEASURED was written first and only measured on.
Each is a backward pass of this file, in which one thing is done otherwise; nothing here uses `micrograd_like.mistakes`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import cos, exp, log, nan, sqrt, tanh
from typing import Any

from micrograd_like import Value
from micrograd_like.engine import topological_order

Grads = dict[Value, float]
Mistake = Callable[[Value], Grads]


def run(
    root: Value,
    slope: Callable[[Value, int], float] = lambda node, i: node.local_grads[i],
    give: Callable[[float, float, Value, int], float] = lambda s, g, node, i: s * g,
    gather: Callable[[Sequence[float]], float] = sum,
    seed: float = 1.0,
    report: Callable[[Value, float, Value], float] = lambda x, g, root: g,
) -> Grads:
    """Return gradients of a pass with other slopes, contributions, sums, start or reports."""
    nodes = topological_order(root)
    parts: dict[Value, list[float]] = {x: [] for x in nodes}
    found: Grads = {}
    for node in reversed(nodes):
        if node is root:
            found[node] = seed
        else:
            found[node] = gather(parts[node]) if parts[node] else 0.0
        for i, x in enumerate(node.inputs):
            if not x.constant:
                try:
                    parts[x].append(give(slope(node, i), found[node], node, i))
                except (ArithmeticError, ValueError):
                    parts[x].append(nan)
    return {x: report(x, g, root) for x, g in found.items() if not x.constant}


def op(node: Value) -> str:
    """Return the name of what made a node, "" for a leaf."""
    return node.op.name if node.op else ""


def at(name: str, wrong: Callable[..., Any]) -> Mistake:
    """Return a mistake in the slope of an operation, from (output, *inputs)."""

    def slope(node: Value, i: int) -> float:
        if op(node) not in name.split():
            return node.local_grads[i]
        found = wrong(node.data, *[x.data for x in node.inputs])
        return float(found[i] if isinstance(found, tuple) else found)

    return lambda root: run(root, slope)


def giving(wrong: Callable[[float, float, Value, int], float], where: str = "") -> Mistake:
    """Return a mistake in the contributions, of some operations or all."""
    return lambda root: run(
        root, give=lambda s, g, node, i: wrong(s, g, node, i) if not where or op(node) in where.split() else s * g
    )


def gathering(wrong: Callable[[Sequence[float]], float]) -> Mistake:
    """Return a mistake in what is done with several contributions."""
    return lambda root: run(root, gather=lambda parts: wrong(parts) if len(parts) > 1 else parts[0])


def reporting(wrong: Callable[[Value, float, Value], float]) -> Mistake:
    """Return a mistake in what is written down."""
    return lambda root: run(root, report=wrong)


def seeded(wrong: Callable[[Value], float]) -> Mistake:
    """Return a mistake in the output's own gradient."""
    return lambda root: run(root, seed=wrong(root))


def once(mistake: Callable[[Value, int], float | None], which: int) -> Mistake:
    """Return a mistake in one slope only: of the places where `mistake` gives one, the first (0) or the last (-1)."""

    def made(root: Value) -> Grads:
        places = [
            (node, i)
            for node in topological_order(root)
            for i, x in enumerate(node.inputs)
            if not x.constant and mistake(node, i) is not None
        ]
        chosen = places[which] if places else None
        return run(root, lambda n, i: mistake(n, i) if (n, i) == chosen else n.local_grads[i])  # type: ignore[return-value,arg-type]

    return made


def breadth_first(root: Value) -> Grads:
    """Each node passes back once, in the order of its distance from the output."""
    order, seen = [root], {root}
    for node in order:
        for x in node.inputs:
            if x not in seen:
                seen.add(x)
                order.append(x)
    found = dict.fromkeys(order, 0.0) | {root: 1.0}
    for node in order:
        for i, x in enumerate(node.inputs):
            found[x] += node.local_grads[i] * found[node]
    return {x: g for x, g in found.items() if not x.constant}


def one_path(root: Value, which: int) -> Grads:
    """Only the first (0) or the last (-1) use of each node was followed."""
    nodes = topological_order(root)
    uses: dict[Value, list[tuple[Value, int]]] = {x: [] for x in nodes}
    for node in nodes:
        for i, x in enumerate(node.inputs):
            uses[x].append((node, i))
    found: Grads = {root: 1.0}
    for x in reversed(nodes[:-1]):
        use, i = uses[x][which]
        found[x] = use.local_grads[i] * found[use]
    return {x: g for x, g in found.items() if not x.constant}


def number_of_ops(root: Value) -> int:
    """Return how many operations a graph has."""
    return sum(1 for x in topological_order(root) if x.inputs)


def sigmoid(x: float) -> float:
    """Return 1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + exp(-x))


def other_sign(name: str, place: int) -> Callable[[Value, int], float | None]:
    """Return the slope with its sign turned at one place of an operation."""
    return lambda node, i: -node.local_grads[i] if op(node) == name and i == place else None


MEASURED: dict[str, Mistake] = {
    # slopes, made wherever the operation stands
    "tanh as sigmoid of its input": at("tanh", lambda y, a: sigmoid(a) * (1 - sigmoid(a))),
    "tanh as y(1-y)": at("tanh", lambda y, a: y * (1 - y)),
    "tanh as y itself": at("tanh", lambda y, a: y),
    "tanh as 1 + y²": at("tanh", lambda y, a: 1 + y * y),
    "tanh as y² - 1": at("tanh", lambda y, a: y * y - 1),
    "tanh as 1": at("tanh", lambda y, a: 1.0),
    "tanh as cos of the input": at("tanh", lambda y, a: cos(a)),
    "sigmoid as 1 - s²": at("sigmoid", lambda y, a: 1 - y * y),
    "sigmoid as s²": at("sigmoid", lambda y, a: y * y),
    "sigmoid as 1 - s": at("sigmoid", lambda y, a: 1 - y),
    "sigmoid as s(1 + s)": at("sigmoid", lambda y, a: y * (1 + y)),
    "sigmoid as 1": at("sigmoid", lambda y, a: 1.0),
    "sigmoid as s(s - 1)": at("sigmoid", lambda y, a: y * (y - 1)),
    "exp as 1": at("exp", lambda y, a: 1.0),
    "exp as 1/x": at("exp", lambda y, a: 1 / a),
    "exp as -exp": at("exp", lambda y, a: -y),
    "exp taken twice": at("exp", lambda y, a: exp(y)),
    "log as x": at("log", lambda y, a: a),
    "log as -1/x": at("log", lambda y, a: -1 / a),
    "log as 1/x²": at("log", lambda y, a: 1 / a**2),
    "log as 1": at("log", lambda y, a: 1.0),
    "relu as its input": at("relu", lambda y, a: a),
    "relu as -1 below 0": at("relu", lambda y, a: 1.0 if a > 0 else -1.0),
    "relu shut everywhere": at("relu", lambda y, a: 0.0),
    "power as n": at("pow", lambda y, a, n: (n, 0.0)),
    "power as n * x": at("pow", lambda y, a, n: (n * a, 0.0)),
    "power as x": at("pow", lambda y, a, n: (a, 0.0)),
    "power as (n-1) * x**(n-1)": at("pow", lambda y, a, n: ((n - 1) * a ** (n - 1), 0.0)),
    "power with a minus": at("pow", lambda y, a, n: (-n * a ** (n - 1), 0.0)),
    "power as 1": at("pow", lambda y, a, n: (1.0, 0.0)),
    "product with a minus": at("mul", lambda y, a, b: (-b, -a)),
    "product as a sum": at("mul", lambda y, a, b: (1.0, 1.0)),
    "product as its output": at("mul", lambda y, a, b: (y, y)),
    "product as a + b": at("mul", lambda y, a, b: (a + b, a + b)),
    "product as 1/other": at("mul", lambda y, a, b: (1 / b, 1 / a)),
    "sum halved": at("add", lambda y, a, b: (0.5, 0.5)),
    "sum as its output": at("add", lambda y, a, b: (y, y)),
    "sum as a difference": at("add", lambda y, a, b: (1.0, -1.0)),
    "difference: nothing for what is subtracted": at("sub", lambda y, a, b: (1.0, 0.0)),
    "difference as a product": at("sub", lambda y, a, b: (b, a)),
    "quotient: a/b² without minus, 1/b squared": at("div", lambda y, a, b: (1 / b**2, -a / b**2)),
    "quotient as a product": at("div", lambda y, a, b: (b, a)),
    "quotient: both 1/b": at("div", lambda y, a, b: (1 / b, 1 / b)),
    "quotient: by b as -1/b²": at("div", lambda y, a, b: (1 / b, -1 / b**2)),
    "quotient turned over": at("div", lambda y, a, b: (b, -a / b**2)),
    "negation dropped to 0": at("neg", lambda y, a: 0.0),
    "maximum: to the loser": at("maximum minimum", lambda y, a, b: (float(y == b), float(y == a))),
    "maximum: halves": at("maximum minimum", lambda y, a, b: (0.5, 0.5)),
    # contributions and sums
    "contributions averaged": gathering(lambda parts: sum(parts) / len(parts)),
    "largest contribution only": gathering(lambda parts: max(parts, key=abs)),
    "contributions subtracted": gathering(lambda parts: parts[0] - sum(parts[1:])),
    "absolute values added": gathering(lambda parts: sum(map(abs, parts))),
    "only the last use": lambda root: one_path(root, -1),
    "slope added to upstream": giving(lambda s, g, node, i: s + g),
    "upstream divided by the slope": giving(lambda s, g, node, i: g / s, "mul div pow tanh sigmoid exp log"),
    "slope squared": giving(lambda s, g, node, i: s * s * g),
    "upstream squared": giving(lambda s, g, node, i: s * g * g),
    "upstream forgotten at products": giving(lambda s, g, node, i: s, "mul"),
    "value of the node multiplied on": giving(lambda s, g, node, i: s * g * node.data, "tanh sigmoid exp relu"),
    # one place only
    "one minus lost at the last difference": once(other_sign("sub", 1), -1),
    "one minus too many at the first product": once(other_sign("mul", 0), 0),
    "own factor at the last product": once(lambda n, i: n.inputs[i].data if op(n) == "mul" else None, -1),
    "local derivative left out at the last function": once(
        lambda n, i: 1.0 if op(n) in ("tanh", "sigmoid", "exp", "log", "relu", "pow") else None, -1
    ),
    # start and report
    "started from 2": seeded(lambda root: 2.0),
    "started from -1": seeded(lambda root: -1.0),
    "started from the number of operations": seeded(number_of_ops),
    "value times gradient": reporting(lambda x, g, root: x.data * g),
    "gradient plus value": reporting(lambda x, g, root: x.data + g),
    "absolute gradient": reporting(lambda x, g, root: abs(g)),
    "gradient squared": reporting(lambda x, g, root: g * g),
    "gradient divided by the output": reporting(lambda x, g, root: g / root.data if root.data else nan),
    "uphill step": reporting(lambda x, g, root: x.data + 0.1 * g),
    "step without a sign": reporting(lambda x, g, root: 0.1 * g),
    "a third": reporting(lambda x, g, root: g / 3),
    "the value itself": reporting(lambda x, g, root: x.data),
    "breadth first": breadth_first,
}

DEVELOPED: dict[str, Mistake] = {
    "tanh at the output": at("tanh", lambda y, a: 1 - tanh(y) ** 2),
    "tanh as 1 - a²": at("tanh", lambda y, a: 1 - a * a),
    "tanh as 1 - y": at("tanh", lambda y, a: 1 - y),
    "tanh as y²": at("tanh", lambda y, a: y * y),
    "tanh as exp": at("tanh", lambda y, a: exp(a)),
    "tanh as relu": at("tanh", lambda y, a: float(a > 0)),
    "tanh as sigmoid's s(1-s) at the output": at("tanh", lambda y, a: sigmoid(y) * (1 - sigmoid(y))),
    "tanh slope doubled": at("tanh", lambda y, a: 2 * (1 - y * y)),
    "tanh slope negative": at("tanh", lambda y, a: -(1 - y * y)),
    "tanh slope inverted": at("tanh", lambda y, a: 1 / (1 - y * y)),
    "tanh as a": at("tanh", lambda y, a: a),
    "tanh as 0": at("tanh", lambda y, a: 0.0),
    "sigmoid as tanh": at("sigmoid", lambda y, a: 1 - tanh(a) ** 2),
    "sigmoid as exp": at("sigmoid", lambda y, a: exp(a)),
    "sigmoid at its output": at("sigmoid", lambda y, a: sigmoid(y) * (1 - sigmoid(y))),
    "sigmoid as s": at("sigmoid", lambda y, a: y),
    "sigmoid as a(1-a)": at("sigmoid", lambda y, a: a * (1 - a)),
    "sigmoid negative": at("sigmoid", lambda y, a: -y * (1 - y)),
    "sigmoid halved": at("sigmoid", lambda y, a: y * (1 - y) / 2),
    "exp as a": at("exp", lambda y, a: a),
    "exp as a exp(a-1)": at("exp", lambda y, a: a * exp(a - 1)),
    "exp as 0": at("exp", lambda y, a: 0.0),
    "exp as a exp(a)": at("exp", lambda y, a: a * y),
    "log as exp": at("log", lambda y, a: exp(a)),
    "log as log": at("log", lambda y, a: y),
    "log as 1/out": at("log", lambda y, a: 1 / y),
    "log as a - 1": at("log", lambda y, a: log(a) / a),
    "relu open": at("relu", lambda y, a: 1.0),
    "relu reversed": at("relu", lambda y, a: float(a <= 0)),
    "relu scaled": at("relu", lambda y, a: y),
    "power keeps": at("pow", lambda y, a, n: (n * a**n, 0.0)),
    "power without factor": at("pow", lambda y, a, n: (a ** (n - 1), 0.0)),
    "power at the output": at("pow", lambda y, a, n: (n * y ** (n - 1), 0.0)),
    "power itself": at("pow", lambda y, a, n: (y, 0.0)),
    "power halved": at("pow", lambda y, a, n: (n * a ** (n - 1) / 2, 0.0)),
    "product own": at("mul", lambda y, a, b: (a, b)),
    "product squared": at("mul", lambda y, a, b: (b * b, a * a)),
    "product doubled": at("mul", lambda y, a, b: (2 * b, 2 * a)),
    "product first": at("mul", lambda y, a, b: (b, 0.0)),
    "sum as mul": at("add", lambda y, a, b: (b, a)),
    "sum own": at("add", lambda y, a, b: (a, b)),
    "sum doubled": at("add", lambda y, a, b: (2.0, 2.0)),
    "sum first only": at("add", lambda y, a, b: (1.0, 0.0)),
    "sub plus": at("sub", lambda y, a, b: (1.0, 1.0)),
    "sub flipped": at("sub", lambda y, a, b: (-1.0, 1.0)),
    "neg lost": at("neg", lambda y, a: 1.0),
    "div sign": at("div", lambda y, a, b: (1 / b, a / b**2)),
    "div no square": at("div", lambda y, a, b: (1 / b, -a / b)),
    "div fixed": at("div", lambda y, a, b: (1 / b, 0.0)),
    "div swapped": at("div", lambda y, a, b: (-a / b**2, 1 / b)),
    "max both": at("maximum minimum", lambda y, a, b: (1.0, 1.0)),
    "overwritten": gathering(lambda parts: parts[-1]),
    "first kept": gathering(lambda parts: parts[0]),
    "multiplied": gathering(lambda parts: parts[0] * parts[1]),
    "root mean square": gathering(lambda parts: sqrt(sum(x * x for x in parts))),
    "no upstream": giving(lambda s, g, node, i: s),
    "no local": giving(lambda s, g, node, i: g),
    "no local at functions": giving(lambda s, g, node, i: g, "tanh sigmoid exp log relu"),
    "no upstream at sums": giving(lambda s, g, node, i: s, "add sub"),
    "slope minus upstream": giving(lambda s, g, node, i: s - g),
    "last plus turned": once(other_sign("add", 1), -1),
    "last product turned": once(other_sign("mul", 1), -1),
    "first function negative": once(lambda n, i: -n.local_grads[i] if len(n.inputs) == 1 else None, 0),
    "last product doubled": once(lambda n, i: 2 * n.local_grads[i] if op(n) == "mul" else None, -1),
    "one term dropped": once(lambda n, i: 0.0 if op(n) == "add" else None, 0),
    "started from the value": seeded(lambda root: root.data),
    "started from 1/2": seeded(lambda root: 0.5),
    "negative": reporting(lambda x, g, root: -g),
    "twice": reporting(lambda x, g, root: 2 * g),
    "half": reporting(lambda x, g, root: g / 2),
    "update": reporting(lambda x, g, root: -0.1 * g),
    "updated": reporting(lambda x, g, root: x.data - 0.1 * g),
    "inverted": reporting(lambda x, g, root: 1 / g if g else nan),
    "times the output": reporting(lambda x, g, root: g * root.data),
    "gradient minus value": reporting(lambda x, g, root: g - x.data),
    "ten times": reporting(lambda x, g, root: 10 * g),
    "gradient over value": reporting(lambda x, g, root: g / x.data if x.data else nan),
}
