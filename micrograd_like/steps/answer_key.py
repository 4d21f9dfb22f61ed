"""Both passes as straight-line Python, in the learner's names: what one would have to write by hand.

>>> from micrograd_like import Value
>>> a, b = Value(2.0), Value(-3.0)
>>> L = (a * b + a).tanh()
>>> print(answer_key(L))
from math import tanh
<BLANKLINE>
a = 2.0
b = -3.0
v1 = a * b
v2 = v1 + a
L = tanh(v2)
<BLANKLINE>
dL = 1.0
dv2 = dL * (1.0 - L ** 2.0)
dv1 = dv2
da = dv2
da += dv1 * b
db = dv1 * a
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from math import copysign
from typing import Any, ClassVar

from ..engine import Value
from ..graph.names import Graph, as_value
from ..graph.textbook import agrees, at_numbers, in_notation, numbers_of, only_digits_lost
from ..mistakes.passes import Pass
from ..ops import OPS
from ..ops.notation import ATOM, PRODUCT, Formula, Written, brief


class Source(Written):
    """Python source whose numbers are floats."""

    def number(self, number: float) -> str:
        return repr(number) if math.isfinite(number) else f'float("{number}")'


class Book(Source):
    """Python source as one writes it by hand: sqrt(2.0) as that, and (v > 0.0) for 1 above 0, else 0."""

    pi: ClassVar[str] = Formula.pi


class AnswerKey(str):
    """A program; it shows itself as one in a notebook and in a terminal."""

    def __repr__(self) -> str:
        return brief(str(self), 100)

    def _repr_markdown_(self) -> str:
        return f"```python\n{brief(str(self), 100)}\n```"


def answer_key(output: Value, *, exact: bool = False, names: Mapping[str, Any] | None = None) -> AnswerKey:
    """Return both passes as a program, as one would write it by hand; the gradient of `h` is called `dh`.

    Local derivatives stand as textbooks print them. With exact=True they stand as the engine computes them, and
    the program gives the engine's gradients to the last bit; by hand the last digits may differ, and where an
    activation is saturated all of them.
    """
    root = as_value(output, "answer_key")
    graph = Graph(root, names=names)
    nodes = [node for node in reversed(graph.nodes) if not node.constant]
    name = graph.identifiers(nodes, also="d")

    def written(node: Value) -> Source:
        return Source(node.data) if node.constant else Source(name[node])

    forward, backward = [], [f"d{name[root]} = 1.0"]
    for node in graph.nodes:
        if not node.constant:
            made = node.op(*map(written, node.inputs)) if node.op else Source(node.data)
            forward.append(f"{name[node]} = {made}")
    begun = set()
    steps = Pass(root, nodes=graph.nodes)
    for node, input, i, slope, _ in steps:
        if input.constant or (term := _term(node, i, slope, f"d{name[node]}", written, exact)) is None:
            continue
        zero = slope * steps.upstream(node)
        if exact and input not in begun and zero == 0.0 and copysign(1.0, zero) < 0:
            term = f"0.0 + {term}"  # the engine starts from 0.0, and 0.0 + -0.0 is 0.0
        backward.append(f"d{name[input]} {'+=' if input in begun else '='} {term}")
        begun.add(input)
    unreached = [f"d{name[x]} = 0.0" for x in graph.nodes if not x.constant and x not in begun and x is not root]
    return AnswerKey("\n".join([*_imports(forward + backward), *forward, "", *_placed(backward, unreached)]))


def _placed(backward: list[str], unreached: list[str]) -> list[str]:
    """Put the gradients that stay 0 before the lines that may read them."""
    return [backward[0], *unreached, *backward[1:]]


def _term(
    node: Value, i: int, slope: float, upstream: str, written: Callable[[Value], Source], exact: bool
) -> str | None:
    """Return local derivative times upstream gradient, or None where a gate is shut and nothing is added."""
    op = node.op
    assert op is not None
    text = None if exact else _by_hand(node, i, slope, written)
    if text is None and op.gate and slope == 0.0:
        return None
    if text is None and slope in (1.0, -1.0):
        text = str(slope)
    if text in ("1.0", "-1.0"):
        return upstream if text == "1.0" else f"-{upstream}"
    if text is None and exact:
        for formula in (op.textbook, op.rule):
            if at_numbers(formula, i, numbers_of(node)) == slope:
                made = formula(written(node), *map(written, node.inputs))[i]
                text = (made if isinstance(made, Source) else Source(made)).within(PRODUCT + 1)
                break
    return f"{upstream} * {text or Source(slope).within(ATOM)}"  # a number where an input was changed after use


def _by_hand(node: Value, i: int, slope: float, written: Callable[[Value], Source]) -> str | None:
    """Return the textbook's form of a local derivative, or None where it does not give the number."""
    assert node.op is not None
    book = at_numbers(node.op.textbook, i, numbers_of(node))
    if not (agrees(book, slope) or only_digits_lost(book, slope)):
        return None
    operands = [written(x).text for x in (node, *node.inputs)]
    return in_notation(Book, node.op.textbook, i, node, operands).within(PRODUCT + 1)


def _imports(lines: list[str]) -> list[str]:
    """Return the imports for the functions that the lines call."""
    called = {x for line in lines for x in re.findall(r"\b(\w+)\(", line)} & OPS.keys() - {"abs"}
    ours = sorted(x for x in called if OPS[x].value is not getattr(math, x, None))
    constants = {"pi"} if any(re.search(r"\bpi\b", line) for line in lines) else set()
    found = [("math", sorted((called - set(ours)) | constants)), ("micrograd_like", ours)]
    imports = [f"from {module} import {', '.join(names)}" for module, names in found if names]
    return [*imports, ""] if imports else []
