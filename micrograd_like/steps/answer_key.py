"""Both passes as straight-line Python, in the learner's names: what one would have to write by hand.

>>> from micrograd_like import Value
>>> a, b = Value(2.0), Value(-3.0)
>>> L = (a * b + a).tanh()
>>> print(answer_key(L))
from math import tanh
from micrograd_like.ops import sigmoid
<BLANKLINE>
a = 2.0
b = -3.0
v1 = a * b
v2 = v1 + a
L = tanh(v2)
<BLANKLINE>
dL = 1.0
dv2 = dL * (4.0 * sigmoid(2.0 * v2) * sigmoid(-2.0 * v2))
dv1 = dv2
da = dv2
da += dv1 * b
db = dv1 * a
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Mapping
from math import copysign
from typing import Any

from ..engine import Value
from ..graph.names import Graph
from ..mistakes.passes import Pass
from ..ops import OPS
from ..ops.notation import ATOM, PRODUCT, Written
from .formulas import at_numbers, numbers_of


class Source(Written):
    """Python source whose numbers are floats."""

    def number(self, number: float) -> str:
        return repr(number) if math.isfinite(number) else f'float("{number}")'


def answer_key(root: Value, *, names: Mapping[str, Any] | None = None) -> str:
    """Return a program that computes the forward and the backward pass, with the engine's grads to the bit.

    The gradient of `h` is called `dh`.
    """
    graph = Graph(root, names=names)
    name = _identifiers(graph)

    def written(node: Value) -> Source:
        return Source(node.data) if node.constant else Source(name[node])

    forward, backward = [], [f"d{name[root]} = 1.0"]
    for node in graph.nodes:
        if not node.constant:
            made = node.op(*map(written, node.inputs)) if node.op else Source(node.data)
            forward.append(f"{name[node]} = {made}")
    begun = set()
    before: dict[Value, float] = {}
    steps = Pass(root, nodes=graph.nodes)
    for node, input, i, slope, shadow in steps:
        shut = node.op is not None and node.op.gate and slope == 0.0
        if not input.constant and not shut:
            zero = slope * steps.upstream(node)
            term = _term(node, i, slope, f"d{name[node]}", written)
            if input not in begun and zero == 0.0 and copysign(1.0, zero) < 0:
                term = f"0.0 + {term}"  # the engine starts from 0.0, and 0.0 + -0.0 is 0.0
            backward.append(f"d{name[input]} {'+=' if input in begun else '='} {term}")
            begun.add(input)
            before[input] = float(shadow.grad)
    unreached = [f"d{name[x]} = 0.0" for x in graph.nodes if not x.constant and x not in begun and x is not root]
    return "\n".join([*_imports(forward + backward), *forward, "", *_placed(backward, unreached)])


def _placed(backward: list[str], unreached: list[str]) -> list[str]:
    """Put the gradients that stay 0 before the lines that may read them."""
    return [backward[0], *unreached, *backward[1:]]


def _term(node: Value, i: int, slope: float, upstream: str, written: Any) -> str:
    assert node.op is not None
    if slope in (1.0, -1.0):
        return upstream if slope == 1.0 else f"-{upstream}"
    same = at_numbers(node.op.textbook, i, numbers_of(node)) == slope
    formula = node.op.textbook if same else node.op.rule
    if at_numbers(formula, i, numbers_of(node)) != slope:  # an input was changed after it was used
        return f"{upstream} * {Source(slope).within(ATOM)}"
    text = formula(written(node), *map(written, node.inputs))[i]
    text = text if isinstance(text, Source) else Source(text)
    return f"{upstream} * {text.within(PRODUCT + 1)}"


def _identifiers(graph: Graph) -> dict[Value, str]:
    """Return a Python name for each node, such that no name is another's gradient."""
    taken = {*keyword.kwlist, *OPS, "float"}
    names = {}
    for node in reversed(graph.nodes):
        if not node.constant:
            stem = re.sub(r"\W+", "_", graph.name(node)).strip("_") or "v"
            stem = name = stem if stem.isidentifier() else f"v{stem}"
            count = 1
            while name in taken or f"d{name}" in taken:
                count += 1
                name = f"{stem}_{count}"
            taken |= {name, f"d{name}"}
            names[node] = name
    return names


def _imports(lines: list[str]) -> list[str]:
    """Return the imports for the functions that the lines call."""
    called = {x for line in lines for x in re.findall(r"\b(\w+)\(", line)} & OPS.keys() - {"abs"}
    ours = sorted(x for x in called if OPS[x].value is not getattr(math, x, None))
    found = [("math", sorted(called - set(ours))), ("micrograd_like.ops", ours)]
    imports = [f"from {module} import {', '.join(names)}" for module, names in found if names]
    return [*imports, ""] if imports else []
