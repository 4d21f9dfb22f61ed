"""A further list of mistakes of learners, written before the search was last worked on; it is only measured on.

Each is a backward pass of its own, as in `benchmarks/learners.py`: one thing is done otherwise than it should be.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import copysign, exp, log, prod, tanh

from micrograd_like import Value
from micrograd_like.engine import topological_order

from .learners import Grads, Mistake, at, gathering, giving, once, op, reporting, run, seeded

LR = 0.1  # with which the exercises are measured


def uses(root: Value) -> dict[Value, list[tuple[Value, int]]]:
    """Return where each node is used: the user, and as which input."""
    found: dict[Value, list[tuple[Value, int]]] = {}
    for node in topological_order(root):
        for i, x in enumerate(node.inputs):
            found.setdefault(x, []).append((node, i))
    return found


def terms(node: Value, place: dict[Value, list[tuple[Value, int]]]) -> list[Value]:
    """Return the products that are added up together with this product, from left to right."""
    top = node
    while place.get(top) and len(place[top]) == 1 and op(place[top][0][0]) == "add":
        top = place[top][0][0]
    found, stack = [], [top]
    while stack:
        x = stack.pop()
        if op(x) == "add":
            stack += reversed(x.inputs)
        elif op(x) == "mul":
            found.append(x)
    return found


def neighbour(root: Value) -> Grads:
    """In a sum of products, each weight is given the input of the next product."""
    place = uses(root)

    def slope(node: Value, i: int) -> float:
        row = terms(node, place) if op(node) == "mul" else []
        if len(row) < 2 or i or node not in row:
            return node.local_grads[i]
        return row[(row.index(node) + 1) % len(row)].inputs[1].data

    return run(root, slope)


def updated_first(root: Value) -> Grads:
    """The leaves are changed by their step before the gradient is passed back through them."""
    right = run(root)

    def slope(node: Value, i: int) -> float:
        if op(node) != "mul":
            return node.local_grads[i]
        other = node.inputs[1 - i]
        return other.data - (LR * right.get(other, 0.0) if not other.inputs else 0.0)

    return run(root, slope)


def two_factors(root: Value) -> Grads:
    """Only the last two local derivatives of each path are multiplied."""
    place = uses(root)
    found = {root: 1.0}
    for x in topological_order(root):
        if x is not root and not x.constant:
            found[x] = 0.0
            for node, i in place.get(x, []):
                above = sum(up.local_grads[j] for up, j in place.get(node, [])) if node is not root else 1.0
                found[x] += node.local_grads[i] * above
    return found


def root_only(root: Value) -> Grads:
    """What comes through the output's own operation is used as the upstream gradient everywhere."""
    first = root.local_grads[0] if root.local_grads else 1.0
    return run(root, give=lambda s, g, node, i: s * (1.0 if node is root else first))


def sums_multiplied(root: Value) -> Grads:
    """All local derivatives are added, all upstream gradients are added, and the two sums multiplied."""
    place, found = uses(root), {root: 1.0}
    for x in reversed(topological_order(root)):
        if x is not root and not x.constant:
            used = place.get(x, [])
            found[x] = sum(n.local_grads[i] for n, i in used) * sum(found[n] for n in {n: 0 for n, _ in used})
    return found


def path(root: Value, longest: bool) -> Grads:
    """Only the longest, or shortest, path to each node is followed."""
    depth: dict[Value, int] = {}
    for x in topological_order(root):
        depth[x] = 1 + max((depth[y] for y in x.inputs), default=0)
    place, found, far = uses(root), {root: 1.0}, {root: 0}
    for x in reversed(topological_order(root)):
        if x is root or not place.get(x):
            continue
        node, i = (max if longest else min)(place[x], key=lambda use: far[use[0]])
        far[x] = far[node] + 1
        found[x] = node.local_grads[i] * found[node]
    return {x: g for x, g in found.items() if not x.constant}


def bias_as_weight(root: Value) -> Grads:
    """What is added to a product is treated as if it were multiplied by the product's second factor, too."""

    def slope(node: Value, i: int) -> float:
        other = node.inputs[1 - i] if len(node.inputs) == 2 else node
        if op(node) == "add" and not node.inputs[i].inputs and op(other) == "mul":
            return other.inputs[1].data
        return node.local_grads[i]

    return run(root, slope)


def weights_only_delta(root: Value) -> Grads:
    """A leaf factor is given the upstream gradient as it is; inner ones are treated rightly."""
    return run(root, lambda n, i: 1.0 if op(n) == "mul" and not n.inputs[i].inputs else n.local_grads[i])


def weights_once_more(root: Value) -> Grads:
    """The leaves' gradients are multiplied by their own values, once more."""
    return run(root, report=lambda x, g, _: g * x.data if not x.inputs else g)


def skipped(root: Value) -> Grads:
    """A function of one input is passed by as if it were not there, where its input is a sum."""

    def slope(node: Value, i: int) -> float:
        hidden = len(node.inputs) == 1 and op(node.inputs[0]) in ("add", "sub")
        return 1.0 if hidden else node.local_grads[i]

    return run(root, slope)


def second_less(parts: Sequence[float]) -> float:
    return parts[0] - sum(parts[1:])


def power(wrong: str) -> Mistake:
    """Return a mistake in the slope of x**n for a fixed n."""
    rules = {
        "out": lambda x, n: x**n,
        "n-1": lambda x, n: (n - 1) * x**n,
        "sum": lambda x, n: n + x ** (n - 1),
        "integral": lambda x, n: x ** (n + 1) / (n + 1),
        "down": lambda x, n: n * x ** (n - 2) if x else 0.0,
        "minus": lambda x, n: -n * x ** (n - 1),
        "base": lambda x, n: n,
        "sixth": lambda x, n: n * n * x ** (n - 1),
    }
    return at("pow", lambda out, a, n=2.0: rules[wrong](a, n))


def square(wrong: str) -> Mistake:
    """Return a mistake in the slope of a square, however it is written."""

    def slope(node: Value, i: int) -> float:
        squared = op(node) == "square" or (op(node) == "pow" and node.inputs[1].data == 2)
        x = node.inputs[0].data
        rules = {"twice the square": 2 * node.data, "four": 4 * x, "plus 2": x + 2, "2": 2.0, "swapped": -2 * x}
        return rules[wrong] if squared and i == 0 else node.local_grads[i]

    return lambda root: run(root, slope)


BLIND: dict[str, Mistake] = {
    # slopes of functions
    "power: the output again": power("out"),
    "power: (n - 1) x^n": power("n-1"),
    "power: n + x^(n-1)": power("sum"),
    "power: integrated": power("integral"),
    "power: exponent down by two": power("down"),
    "power: a minus too many": power("minus"),
    "power: n alone": power("base"),
    "power: n squared": power("sixth"),
    "square: 2 times the square": square("twice the square"),
    "square: 4x": square("four"),
    "square: x + 2": square("plus 2"),
    "square: 2": square("2"),
    "square: t - y": square("swapped"),
    "exp: slope 1": at("exp", lambda out, a: 1.0),
    "exp: minus": at("exp", lambda out, a: -out),
    "exp: of minus the input": at("exp", lambda out, a: exp(-a)),
    "exp: output squared": at("exp", lambda out, a: out * out),
    "log: 1 over log": at("log", lambda out, a: 1.0 / out),
    "log: the input": at("log", lambda out, a: a),
    "log: minus 1/x": at("log", lambda out, a: -1.0 / a),
    "log: 1": at("log", lambda out, a: 1.0),
    "tanh: 1 - |t|": at("tanh", lambda out, a: 1 - abs(out)),
    "tanh: 1 - 2t": at("tanh", lambda out, a: 1 - 2 * out),
    "tanh: t² - 1": at("tanh", lambda out, a: out * out - 1),
    "tanh: (1 - t)²": at("tanh", lambda out, a: (1 - out) ** 2),
    "tanh: 2t": at("tanh", lambda out, a: 2 * out),
    "tanh: 1 - tanh(t)²": at("tanh", lambda out, a: 1 - tanh(out) ** 2),
    "tanh: 1 - t² of the input's square": at("tanh", lambda out, a: 1 - tanh(a * a)),
    "tanh: t": at("tanh", lambda out, a: out),
    "sigmoid: s(s - 1)": at("sigmoid", lambda out, a: out * (out - 1)),
    "sigmoid: 1 - s": at("sigmoid", lambda out, a: 1 - out),
    "sigmoid: s²": at("sigmoid", lambda out, a: out * out),
    "sigmoid: s": at("sigmoid", lambda out, a: out),
    "sigmoid: 1 - s²": at("sigmoid", lambda out, a: 1 - out * out),
    "sigmoid: x(1 - x)": at("sigmoid", lambda out, a: a * (1 - a)),
    "relu: -1 below 0": at("relu", lambda out, a: copysign(1.0, a)),
    "relu: 0.01 below 0": at("relu", lambda out, a: 1.0 if a > 0 else 0.01),
    "relu: its value": at("relu", lambda out, a: out),
    "relu: of the gradient": giving(lambda s, g, node, i: max(g, 0.0), "relu"),
    # slopes of arithmetic
    "division: the numerator's slope is b": at("truediv div", lambda out, a, b: (b, -a / b**2)),
    "division: -a/b": at("truediv div", lambda out, a, b: (1 / b, -a / b)),
    "division: the two exchanged": at("truediv div", lambda out, a, b: (-a / b**2, 1 / b)),
    "division: 1/b for both": at("truediv div", lambda out, a, b: (1 / b, 1 / b)),
    "division: as a product": at("truediv div", lambda out, a, b: (b, a)),
    "product: the sum of both": at("mul", lambda out, a, b: (a + b, a + b)),
    "product: the product again": at("mul", lambda out, a, b: (out, out)),
    "product: as a sum": at("mul", lambda out, a, b: (1.0, 1.0)),
    "product: minus the other": at("mul", lambda out, a, b: (-b, -a)),
    "product: the other squared": at("mul", lambda out, a, b: (b * b, a * a)),
    "product: divided by the other": at("mul", lambda out, a, b: (1 / b, 1 / a)),
    "difference: exchanged": at("sub", lambda out, a, b: (-1.0, 1.0)),
    "difference: minus for both": at("sub", lambda out, a, b: (-1.0, -1.0)),
    "sum: half each": at("add", lambda out, a, b: (0.5, 0.5)),
    "sum: scaled by the other": at("add", lambda out, a, b: (b, a)),
    "sum: scaled by the output": at("add", lambda out, a, b: (out, out)),
    "max: to the loser": at("maximum", lambda out, a, b: (float(a < b), float(b < a))),
    "max: half each": at("maximum", lambda out, a, b: (0.5, 0.5)),
    "product: the first factor's sign lost, once": once(
        lambda n, i: -n.local_grads[i] if op(n) == "mul" and n.local_grads[i] else None, 0
    ),
    "product: own factor, at the last only": once(
        lambda n, i: n.inputs[i].data if op(n) == "mul" and i == 0 else None, -1
    ),
    # the pass
    "two factors of the chain only": two_factors,
    "upstream: always that of the output's operation": root_only,
    "upstream: the user's value": giving(lambda s, g, node, i: s * node.data),
    "upstream added to the slope": giving(lambda s, g, node, i: s + g),
    "upstream over the slope": giving(lambda s, g, node, i: g / s),
    "upstream squared": giving(lambda s, g, node, i: s * g * g),
    "negative gradients stopped everywhere": giving(lambda s, g, node, i: s * max(g, 0.0)),
    "absolute slopes": giving(lambda s, g, node, i: abs(s) * g),
    "contributions: the second subtracted": gathering(second_less),
    "contributions: the largest": gathering(max),
    "contributions: averaged": gathering(lambda parts: sum(parts) / len(parts)),
    "contributions: multiplied": gathering(prod),
    "contributions: times their number": gathering(lambda parts: sum(parts) * len(parts)),
    "sum of slopes times sum of upstreams": sums_multiplied,
    "the longest path only": lambda root: path(root, True),
    "the shortest path only": lambda root: path(root, False),
    "start: minus 1": seeded(lambda root: -1.0),
    "start: a half": seeded(lambda root: 0.5),
    "start: the output": seeded(lambda root: root.data),
    "start: the output's logarithm": seeded(lambda root: log(abs(root.data) + 1)),
    "written: one over the gradient": reporting(lambda x, g, root: 1.0 / g),
    "written: times lr": reporting(lambda x, g, root: LR * g),
    "written: minus": reporting(lambda x, g, root: -g if x is not root else g),
    "written: gradient plus value": reporting(lambda x, g, root: g + x.data),
    "written: the size only": reporting(lambda x, g, root: abs(g)),
    "leaves: once more times their own value": weights_once_more,
    "weights: the upstream as it is": weights_only_delta,
    "the neighbour's input": neighbour,
    "weights updated before they are used": updated_first,
    "what is added scaled as the weight": bias_as_weight,
    "a function of a sum passed by": skipped,
}
