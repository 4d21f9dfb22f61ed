"""Where a gradient comes from: the ledger of its contributions, and the paths that they stand for.

>>> from micrograd_like import Value
>>> a, b = Value(2.0), Value(3.0)
>>> c = a * b
>>> L = c + a
>>> print(explain(a))
a.grad = 4 = 3 (through c = a*b: b · 1) + 1 (through L = c + a: 1 · 1)
>>> print(paths(L, a))
L <- c <- a: dL/dc · dc/da = 1 · b = 1 · 3 = 3
L <- a: dL/da = 1
a.grad = 3 + 1 = 4
Path by path, the gradients of all leaves take 2 multiplications, one sweep backward 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import islice, pairwise
from math import prod
from typing import Any

from ..engine import Value, topological_order
from ..graph.names import Graph, callers_variables
from ..mistakes.passes import grads
from ..ops.notation import PRODUCT, LaTeX, MathML, Text, Written, latex_name, short
from .formulas import in_symbols, product, value_text
from .walk import Backward, Walk

SHOWN = 20  # of a list that may be endless


@dataclass(frozen=True)
class Ledger:
    """One gradient as the sum of its contributions, in the order in which the uses were made."""

    walk: Walk
    node: Value
    entries: list[Backward]

    @property
    def name(self) -> str:
        """What the node is called."""
        return self.walk.graph.name(self.node)

    @property
    def total(self) -> float:
        """The gradient."""
        return self.walk.grads[self.node]

    def _through(self, event: Backward, kind: type[Written]) -> str:
        return f"{event.names(kind)[0]} = {_made(event, kind)}"

    def _number(self, number: float) -> str:
        return short(number, self.walk.digits)

    def __str__(self) -> str:
        start, digits = f"{self.name}.grad = {self._number(self.total)}", self.walk.digits
        if not self.entries:
            return f"{start} (the output: d{self.name}/d{self.name} = 1)"
        ways = [f"(through {self._through(e, Text)}: {_product(e, Text)}){e.note}" for e in self.entries]
        if len(ways) == 1:
            return f"{start} {ways[0]}"
        numbers = [self._number(self.entries[0].contribution)]
        numbers += [value_text(e.contribution, digits) for e in self.entries[1:]]
        return f"{start} = {' + '.join(map(' '.join, zip(numbers, ways)))}"

    @property
    def latex(self) -> str:
        """The ledger as LaTeX, without dollar signs."""
        output, node = latex_name(self.walk.graph.name(self.walk.root)), latex_name(self.name)
        sums = [rf"\underbrace{{{_product(e, LaTeX)}}}_{{{self._through(e, LaTeX)}}}" for e in self.entries]
        total = str(LaTeX(float(self._number(self.total))))
        return rf"\frac{{\partial {output}}}{{\partial {node}}} = {' = '.join([' + '.join(sums), total][not sums :])}"

    @property
    def html(self) -> str:
        """The ledger as a table whose formulas are MathML."""
        cells = [
            (
                f"<math>{_equation(e)}</math>",
                f"<math>{_product(e, MathML)}</math>",
                self._number(e.contribution) + e.note,
            )
            for e in self.entries
        ]
        rows = "".join(f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in cells)
        return (
            f"<table><caption>{escape(self.name)}.grad = {short(self.total, self.walk.digits)}</caption>"
            "<thead><tr><th>through</th><th>local derivative · upstream gradient</th><th>contribution</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )


class Explanation(list[Ledger]):
    """Ledgers; printed, as LaTeX, and as HTML."""

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    @property
    def latex(self) -> str:
        """All ledgers as LaTeX, one line each."""
        return r" \\ ".join(ledger.latex.replace(" = ", " &= ", 1) for ledger in self)

    @property
    def html(self) -> str:
        """All ledgers as HTML tables."""
        return "".join(ledger.html for ledger in self)

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle\begin{{aligned}} {self.latex} \end{{aligned}}$"


def explain(node: Value, output: Value | None = None, *, names: Mapping[str, Any] | None = None) -> Explanation:
    """Return where the gradient of a node comes from; for the output, where all of them come from.

    The output is the last value made from the node that a variable of the caller holds, unless given.
    """
    variables = callers_variables() if names is None else names
    root = _output(node, variables) if output is None else output
    walk = Walk(root, names=variables)
    if node not in walk.grads:
        what = "a constant has no gradient" if node.constant else "it does not reach the output"
        raise ValueError(f"{node!r} has nothing to explain: {what}. Give a node that the output was made from.")
    arrived: dict[Value, list[Backward]] = {}
    for event in walk.backward:
        arrived.setdefault(event.input, []).append(event)
    wanted = [x for x in reversed(walk.graph.nodes) if not x.constant] if node is root else [node]
    ordered = [sorted(arrived.get(x, ()), key=lambda e: (e.node._born, e.position)) for x in wanted]
    return Explanation([Ledger(walk, x, events) for x, events in zip(wanted, ordered)])


def _output(node: Value, variables: Mapping[str, Any]) -> Value:
    held = {x: name for name, x in variables.items() if isinstance(x, Value)}
    reached = {node}
    ends = {node}
    for x in topological_order(node, *held):
        if not reached.isdisjoint(x.inputs):
            reached.add(x)
            ends = (ends - set(x.inputs)) | ({x} if x in held else set())
    if len(ends - {node}) > 1:
        known = [held[x] for x in ends]
        raise ValueError(f"More than one output was made from it: {', '.join(known)}. Write explain(x, {known[0]}).")
    return (ends - {node} or {node}).pop()


def _product(event: Backward, kind: type[Written]) -> str:
    return product(event.symbols(kind), event.numbers(kind)[1])


def _made(event: Backward, kind: type[Written]) -> str:
    node, (_, *inputs) = event.node, event.names(kind)
    assert node.op is not None
    return str(node.op(*[kind(x.data if x.constant else text) for x, text in zip(node.inputs, inputs)]))


def _equation(event: Backward) -> str:
    return f"{event.names(MathML)[0]}<mo>=</mo>{_made(event, MathML)}"


@dataclass(frozen=True)
class Path:
    """One way from the output down to a leaf: nodes, and for each step down the input's position."""

    graph: Graph
    nodes: tuple[Value, ...]
    positions: tuple[int, ...]

    @property
    def product(self) -> float:
        """The product of the local derivatives along the path."""
        return prod(node.local_grads[i] for node, i in zip(self.nodes, self.positions))

    def __str__(self) -> str:
        names = list(map(self.graph.name, self.nodes))
        slopes = [f"d{u}/d{x}" for u, x in pairwise(names)]
        symbols, numbers = [], []
        for node, i in zip(self.nodes, self.positions):
            text = in_symbols(Text, node, i, list(map(self.graph.name, (node, *node.inputs))))
            symbols.append(f"({text})" if text.text.startswith("-") else text.within(PRODUCT))
            numbers.append(value_text(node.local_grads[i], 4))
        texts = [" · ".join(slopes), " · ".join(symbols), " · ".join(numbers), short(self.product)]
        return f"{' <- '.join(names)}: {' = '.join(dict.fromkeys(texts))}"


class Paths:
    """All paths from an output to a leaf: to be iterated, counted without that, and printed."""

    def __init__(self, root: Value, leaf: Value, names: Mapping[str, Any] | None = None) -> None:
        self.root, self.leaf, self.graph = root, leaf, Graph(root, names=names)
        if leaf not in self.graph.uses:
            raise ValueError(f"{leaf!r} does not reach the output. Give a node that the output was made from.")
        count = dict.fromkeys(self.graph.nodes, 0)
        steps = dict.fromkeys(self.graph.nodes, 0)  # of all paths to a node together
        count[root], self.sweep = 1, 0
        for node in reversed(self.graph.nodes):
            for x in node.inputs:
                if not x.constant:
                    count[x] += count[node]
                    steps[x] += steps[node] + count[node]
                    self.sweep += 1
        leaves = [x for x in self.graph.nodes if not x.inputs and not x.constant]
        self.count = count[leaf]
        self.multiplications = sum(max(steps[x] - count[x], 0) for x in leaves)

    def __iter__(self) -> Iterator[Path]:
        leading = {self.leaf}
        for node in self.graph.nodes:
            if not leading.isdisjoint(node.inputs):
                leading.add(node)
        todo: list[tuple[tuple[Value, ...], tuple[int, ...]]] = [((self.root,), ())]
        while todo:
            nodes, positions = todo.pop()
            if nodes[-1] is self.leaf:
                yield Path(self.graph, nodes, positions)
                continue
            for i, x in reversed(list(enumerate(nodes[-1].inputs))):
                if x in leading:
                    todo.append(((*nodes, x), (*positions, i)))

    @property
    def total(self) -> float:
        """The sum over the paths, which is the gradient."""
        return grads(self.root)[self.leaf]

    def __str__(self) -> str:
        shown = list(islice(self, SHOWN))
        lines = list(map(str, shown))
        sums = [value_text(path.product, 4) if i else short(path.product) for i, path in enumerate(shown)]
        if self.count > SHOWN:
            lines.append(f"... and {self.count - SHOWN} paths more")
            sums.append("...")
        total = " = ".join(dict.fromkeys([" + ".join(sums), short(self.total)]))
        lines.append(f"{self.graph.name(self.leaf)}.grad = {total}")
        lines.append(
            f"Path by path, the gradients of all leaves take {self.multiplications} multiplications, "
            f"one sweep backward {self.sweep}."
        )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<{self.count} paths from {self.graph.name(self.root)} to {self.graph.name(self.leaf)}>"


def paths(root: Value, leaf: Value, *, names: Mapping[str, Any] | None = None) -> Paths:
    """Return every path from the output to a leaf, each with the product of its local derivatives."""
    return Paths(root, leaf, names)
