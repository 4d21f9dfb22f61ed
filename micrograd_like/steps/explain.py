"""Where a gradient comes from: the ledger of its contributions, and the paths that they stand for.

>>> from micrograd_like import Value
>>> a, b = Value(2.0), Value(3.0)
>>> c = a * b
>>> L = c + a
>>> print(explain(a))
a.grad = 4 = 3 (through c = a*b: b · 1) + 1 (through L = c + a: 1 · 1)
No backward yet: L.backward() would give this. a.grad is 0 now.
>>> L.backward()
>>> print(explain(a))
a.grad = 4 = 3 (through c = a*b: b · 1) + 1 (through L = c + a: 1 · 1)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import islice, pairwise
from math import isclose, prod
from typing import Any

from ..engine import Value, topological_order
from ..graph.names import Graph, as_value, callers_variables
from ..graph.parse import ExpressionError, read
from ..mistakes.passes import grads
from ..ops.notation import PRODUCT, LaTeX, MathML, Text, Written, brief, latex_name, short, visible
from .source_lines import backward_calls
from .symbols import in_symbols, product, value_text
from .walk import Backward, Walk

SHOWN = 20  # of a list that may be endless


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        return brief(str(self))

    def _repr_html_(self) -> str:
        return self.html

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

    @property
    def note(self) -> str:
        """What the grads now say otherwise: that no backward was run, or that an earlier one is left in them."""
        root, graph = self[0].walk.root, self[0].walk.graph
        if root.grad == 0.0:
            more = "" if len(self) > 1 else f" {self[0].name}.grad is 0 now."
            more = more if self[0].node.grad == 0.0 else ""
            return f"No backward yet: {graph.name(root)}.backward() would give this.{more}"
        left = [x for x in self if x.node.grad and not isclose(x.node.grad, x.total, rel_tol=1e-9)]
        if not left:
            return ""
        ledger = left[0]
        return (
            f"{ledger.name}.grad is {short(ledger.node.grad)} now, not {short(ledger.total)}: "
            f"another backward pass wrote to it. Set it to 0, then call {graph.name(root)}.backward()."
        )

    def __str__(self) -> str:
        return "\n".join([*map(str, self), *([self.note] if self.note else [])])

    def __repr__(self) -> str:
        return brief(str(self))

    @property
    def latex(self) -> str:
        """All ledgers as LaTeX, one line each."""
        return r" \\ ".join(ledger.latex.replace(" = ", " &= ", 1) for ledger in self)

    @property
    def html(self) -> str:
        """All ledgers as HTML tables."""
        return "".join(ledger.html for ledger in self) + (f"<p>{escape(self.note)}</p>" if self.note else "")

    def _repr_html_(self) -> str:
        return self.html if len(self) <= SHOWN else f"<pre>{escape(repr(self))}</pre>"

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle\begin{{aligned}} {self.latex} \end{{aligned}}$"


def explain(output: Value, wrt: Value | None = None, *, names: Mapping[str, Any] | None = None) -> Explanation:
    """Return where d(output)/d(wrt) comes from: explain(L, a), or explain(a), which looks for the output by itself.

    explain(L) of the output itself tells it of every node. The output looked for is the last value made from the
    node that a variable of the caller holds, else the expression on which the caller's code called backward(),
    computed again. The two may change places. Raises ValueError where there is no output, or more than one, or
    where the node has no gradient.
    """
    variables = callers_variables() if names is None else names
    node = as_value(output if wrt is None else wrt, "explain")
    root = _output(node, variables) if wrt is None else as_value(output, "explain")
    if wrt is not None and root in topological_order(node):
        node, root = root, node
    walk = Walk(root, names=variables)
    if node not in walk.grads:
        name = walk.graph.names.get(node) or _name(node, variables)
        what = "a constant has no gradient" if node.constant else f"{walk.graph.name(root)} was not made from it"
        raise ValueError(f"{name} has nothing to explain: {what}. Give a node that the output was made from.")
    arrived: dict[Value, list[Backward]] = {}
    for event in walk.backward:
        arrived.setdefault(event.input, []).append(event)
    wanted = [x for x in reversed(walk.graph.nodes) if not x.constant] if node is root else [node]
    ordered = [sorted(arrived.get(x, ()), key=lambda e: (e.node._born, e.position)) for x in wanted]
    return Explanation([Ledger(walk, x, events) for x, events in zip(wanted, ordered)])


def _output(node: Value, variables: Mapping[str, Any]) -> Value:
    """Return the output that a node's gradient belongs to."""
    held = {x: name for name, x in variables.items() if isinstance(x, Value)}
    ends, on_the_way = _made_from(node, held)
    if len(ends) > 1 and node.grad:  # the only one on which backward was called
        ends = [x for x in ends if x.grad] if sum(x.grad != 0.0 for x in ends) == 1 else ends
    if len(ends) > 1:
        known = [held[x] for x in ends]
        raise ValueError(
            f"More than one output was made from it: {', '.join(known)}. "
            f"Write explain({known[0]}, {_name(node, variables)})."
        )
    if ends and (ends[0].grad or not node.grad):
        return ends[0]
    for x in reversed(on_the_way):  # one that something else was made from since
        if x.grad == 1.0 and isclose(grads(x).get(node, 0.0), node.grad):
            return x
    unnamed = _unnamed(node, variables)
    if unnamed is not None:
        return unnamed
    return ends[0] if ends else _alone(node, _name(node, variables))


def _made_from(node: Value, held: Mapping[Value, str]) -> tuple[list[Value], list[Value]]:
    """Return what variables hold and was made from a node: the ends, and all of it."""
    reached, ends = {node}, {node}
    found = []
    for x in topological_order(node, *held):
        if not reached.isdisjoint(x.inputs):
            reached.add(x)
            ends -= set(x.inputs)
            if x in held:
                ends.add(x)
                found.append(x)
    return [x for x in found if x in ends], found


def _name(node: Value, variables: Mapping[str, Any]) -> str:
    return visible(node.label or next((name for name, x in variables.items() if x is node), "x"))


def _unnamed(node: Value, variables: Mapping[str, Any]) -> Value | None:
    """Return the output of (x * x).backward(), which nobody keeps: computed again, where it gives the same gradient."""
    if node.grad == 0.0:
        return None
    newest = Value(0.0)._born
    for expression in reversed(backward_calls()):
        try:
            made = read(expression, variables)
        except (ExpressionError, ArithmeticError, ValueError, TypeError):
            continue
        if isinstance(made, Value) and made._born > newest and isclose(grads(made).get(node, 0.0), node.grad):
            made.grad = 1.0  # as the learner's own had
            return made
    return None


def _alone(node: Value, name: str) -> Value:
    """Return a node as its own output, or raise an error where its grad says that there was another one."""
    if node.grad not in (0.0, 1.0) or node.op is None:
        seen = f"{name}.grad is {short(node.grad)}, and" if node.grad else f"No backward yet: {name}.grad is 0, and"
        raise ValueError(
            f"{seen} no variable holds the output that was made from {name}. "
            f"Give it a name: L = ...; L.backward(); explain(L, {name})."
        )
    return node


def _product(event: Backward, kind: type[Written]) -> str:
    return product(event.symbols(kind), event.numbers(kind)[1])


def _made(event: Backward, kind: type[Written]) -> str:
    node, (_, *inputs) = event.node, event.names(kind)
    assert node.op is not None
    return str(node.op(*[kind(x.data if x.constant else text) for x, text in zip(node.inputs, inputs)]))


def _equation(event: Backward) -> str:
    return f"{event.names(MathML)[0]}<mo>=</mo>{_made(event, MathML)}"


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        return brief(str(self))


class Paths:
    """All paths from an output to a leaf: to be iterated, counted without that, and printed.

    `multiplications` is what the gradients of all leaves cost path by path, each product on its own; `sweep` is
    what one sweep backward costs. In both the output's own 1 costs nothing.
    """

    output: Value
    leaf: Value
    graph: Graph
    sweep: int
    count: int
    multiplications: int

    def __init__(self, output: Value, wrt: Value, names: Mapping[str, Any] | None = None) -> None:
        self.output, self.leaf = as_value(output, "paths"), as_value(wrt, "paths")
        self.graph = Graph(output, names=names)
        if wrt not in self.graph.uses:
            name = visible(wrt.label) or repr(wrt)
            raise ValueError(
                f"{self.graph.name(output)} was not made from {name}. Give one of the nodes that it was made from."
            )
        count = dict.fromkeys(self.graph.nodes, 0)
        steps = dict.fromkeys(self.graph.nodes, 0)  # of all paths to a node together
        count[output], self.sweep = 1, 0
        for node in reversed(self.graph.nodes):
            for x in node.inputs:
                if not x.constant:
                    count[x] += count[node]
                    steps[x] += steps[node] + count[node]
                    self.sweep += node is not output
        leaves = [x for x in self.graph.nodes if not x.inputs and not x.constant]
        self.count = count[wrt]
        self.multiplications = sum(max(steps[x] - count[x], 0) for x in leaves)

    def __iter__(self) -> Iterator[Path]:
        leading = {self.leaf}
        for node in self.graph.nodes:
            if not leading.isdisjoint(node.inputs):
                leading.add(node)
        todo: list[tuple[tuple[Value, ...], tuple[int, ...]]] = [((self.output,), ())]
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
        return grads(self.output)[self.leaf]

    def __str__(self) -> str:
        shown = list(islice(self, SHOWN))
        lines = list(map(str, shown))
        sums = [value_text(path.product, 4) if i else short(path.product) for i, path in enumerate(shown)]
        if self.count > SHOWN:
            lines.append(f"... and {self.count - SHOWN:,} paths more")
            sums.append("...")
        total = " = ".join(dict.fromkeys([" + ".join(sums), short(self.total)]))
        lines.append(f"{self.graph.name(self.leaf)}.grad = {total}")
        lines.append(
            "Multiplications for the gradients of all leaves: "
            f"{self.multiplications:,} path by path, {self.sweep:,} in one sweep backward."
        )
        if self.multiplications == self.sweep:
            lines.append("On this graph they are as many; where paths share more steps, the sweep needs fewer.")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return brief(str(self))

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


def paths(output: Value, wrt: Value, *, names: Mapping[str, Any] | None = None) -> Paths:
    """Return every path from the output to a node, each with the product of its local derivatives.

    >>> a, b = Value(2.0), Value(3.0)
    >>> c = a * b
    >>> L = c + a
    >>> paths(L, a)
    L <- c <- a: dL/dc · dc/da = 1 · b = 1 · 3 = 3
    L <- a: dL/da = 1
    a.grad = 3 + 1 = 4
    Multiplications for the gradients of all leaves: 2 path by path, 2 in one sweep backward.
    On this graph they are as many; where paths share more steps, the sweep needs fewer.
    """
    return Paths(output, wrt, names)
