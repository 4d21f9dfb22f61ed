"""What happens in a walk: a node gets its value, the output its 1, an input one contribution to its gradient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from ..engine import Value
from ..graph.certain import Certain, certain, digits_certain
from ..graph.names import Graph, changed_after_use
from ..graph.textbook import at_numbers, in_notation, numbers_of
from ..mistakes.mistake import RIGHT, Gradient, Mistake
from ..mistakes.passes import Pass
from ..ops.notation import ATOM, PRODUCT, LaTeX, MathML, Text, Written, latex_name, mathml_name, short
from .source_lines import Code, Line
from .symbols import in_symbols, rounded, slope_formula

NAMING: dict[type[Written], Callable[[str], str]] = {LaTeX: latex_name, MathML: mathml_name}


@dataclass
class Record:
    """What the events of one walk share. It knows no event, so that a walk is freed without the garbage collector."""

    root: Value
    rule: Mistake
    digits: int
    graph: Graph
    code: Code
    certify: bool = False
    arrivals: dict[Value, list[Value]] = field(default_factory=dict)  # for each input, what it got something from
    turns: dict[Value, int] = field(default_factory=dict)  # how much had arrived at a node when it first passed back

    @cached_property
    def lines(self) -> dict[Value, Line]:
        """The line of the learner's code that made each node, where it is known."""
        return self.code.lines(self.graph.nodes)

    @cached_property
    def certain(self) -> dict[Value, Certain]:
        """How many digits of each node's value and of its right gradient are certain."""
        return certain(self.root)

    def waiting(self, node: Value, arrived: int) -> list[Value]:
        """Return from what a node still waits for a contribution after so many, twice for a + a."""
        there = Counter(self.arrivals.get(node, [])[:arrived])
        waiting = []
        for use in reversed(self.graph.uses[node]):
            if there[use]:
                there[use] -= 1
            else:
                waiting.append(use)
        return waiting


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Event:
    """One step of a walk: `index` in it, and the node whose turn it is."""

    walk: Record
    index: int
    node: Value

    @property
    def name(self) -> str:
        """What the node is called."""
        return self.walk.graph.name(self.node)

    @property
    def line(self) -> Line | None:
        """The line of the learner's code that made the node, where that is known."""
        return self.walk.lines.get(self.node)

    @property
    def why(self) -> str:
        """Why the local derivatives are what they are, in one sentence."""
        return self.node.op.why if self.node.op else "A leaf was not made from anything: here the graph ends."

    @property
    def note(self) -> str:
        """What else must be said: that a number on which the node rests has changed since."""
        return " (as computed, before an input was changed)" if changed_after_use(self.node) else ""

    def equation(self, kind: type[Written] = Text) -> str:
        """Return what happens in a notation: in symbols, with the numbers in, and the result."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.equation() + self.digits + self.note

    @property
    def digits(self) -> str:
        """How many digits of the result are certain, in a walk with certify=True."""
        return ""

    def __repr__(self) -> str:
        return str(self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.equation(LaTeX)}$"

    def _result(self, number: float, kind: type[Written]) -> str:
        text = short(number, self.walk.digits)
        return text if kind is Text else str(kind(float(text)))

    def names(self, kind: type[Written] = Text) -> list[str]:
        """Return what the node and its inputs are called in a notation."""
        write = NAMING.get(kind, str)
        return [write(self.walk.graph.name(x)) for x in (self.node, *self.node.inputs)]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Forward(Event):
    """A node gets its value."""

    @property
    def value(self) -> float:
        """The node's value."""
        return self.node.data

    @property
    def digits(self) -> str:
        record = self.walk
        return f" ({digits_certain(record.certain[self.node].value)})" if record.certify and self.node.op else ""

    def equation(self, kind: type[Written] = Text) -> str:
        node, (name, *inputs) = self.node, self.names(kind)
        parts = [name]
        if node.op is not None:
            parts.append(str(node.op(*[kind(x.data if x.constant else text) for x, text in zip(node.inputs, inputs)])))
            if not changed_after_use(node):
                numbers = rounded([x.data for x in node.inputs], node.op, self.walk.digits)
                parts.append(str(node.op(*map(kind, numbers))))
        return " = ".join(dict.fromkeys([*parts, self._result(node.data, kind)]))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Seed(Event):
    """Where the backward pass begins: the output's own gradient, d(output)/d(output) = 1."""

    after: float  # the output's gradient; a mistake may set another one

    @property
    def why(self) -> str:
        """Why it is 1, in one sentence."""
        name = self.name
        return f"Backward begins here: if {name} grows by 1, {name} grows by 1, so d{name}/d{name} = 1."

    def equation(self, kind: type[Written] = Text) -> str:
        name = self.names(kind)[0]
        left = rf"\frac{{\partial {name}}}{{\partial {name}}}" if kind is LaTeX else name
        return f"{f'{name}.grad' if kind is Text else left} = {self._result(self.after, kind)}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Backward(Event):
    """A node passes one contribution back to one of its inputs: local derivative times upstream gradient."""

    input: Value
    position: int  # of the input among the node's inputs
    local_grad: float  # d(node)/d(input)
    upstream: float  # the node's own gradient
    contribution: float
    before: float  # the input's gradient
    after: float
    arrival: int  # how many contributions had reached the input

    @property
    def target(self) -> str:
        """What the input is called."""
        return self.walk.graph.name(self.input)

    @property
    def pending(self) -> list[Value]:
        """The nodes from which the input still waits for a contribution, twice for a + a."""
        return self.walk.waiting(self.input, self.arrival + 1)

    @property
    def reason(self) -> str:
        """Why the node can be handled now: all its uses are done."""
        if self.node is self.walk.root:
            return f"{self.name} is the output, and d{self.name}/d{self.name} = 1."
        graph = self.walk.graph
        if waiting := self.walk.waiting(self.node, self.walk.turns[self.node]):
            late = ", ".join(map(graph.name, dict.fromkeys(waiting)))
            return f"{self.name} is handled too early: what comes from {late} is still missing."
        uses = list(map(graph.name, dict.fromkeys(reversed(graph.uses[self.node]))))
        return f"{self.name} is complete: all its uses ({', '.join(uses)}) have passed back to it."

    @property
    def digits(self) -> str:
        if not self.walk.certify or self.pending or self.walk.rule is not RIGHT or self.input.constant:
            return ""
        return f" ({digits_certain(self.walk.certain[self.input].grad)})"

    def symbols(self, kind: type[Written] = Text) -> Written:
        """Return the local derivative in the names of the nodes."""
        if self._has_formula:
            return in_symbols(kind, self.node, self.position, self.names(kind), self.walk.rule)
        return kind(self.local_grad)

    @property
    def _has_formula(self) -> bool:
        rule = self.walk.rule
        return rule.written(self.node) is not None or self.local_grad == self.node.local_grads[self.position]

    @property
    def _number(self) -> type[Gradient]:
        """The kind of number that the input's gradient is; a shut gate adds nothing under any rule."""
        shut = self.node.op is not None and self.node.op.gate and self.local_grad == 0.0
        return Gradient if shut else self.walk.rule.number

    def numbers(self, kind: type[Written] = Text) -> tuple[Written, float, float]:
        """Return the local derivative with the numbers in, the upstream gradient, and the input's gradient before.

        All are rounded only so far that what is computed from them as it stands there is right.
        """
        position, number, digits = self.position, self._number, self.walk.digits

        def chain_rule(before: float, upstream: float, slope: float) -> float:
            return float(number(before) + slope * number(upstream))

        formula = slope_formula(self.node, position, self.walk.rule) if self._has_formula else None
        if formula is None or changed_after_use(self.node):
            before, upstream, slope = rounded([self.before, self.upstream, self.local_grad], chain_rule, digits)
            return kind(slope), upstream, before
        before, upstream, *numbers = rounded(
            [self.before, self.upstream, *numbers_of(self.node)],
            lambda x, y, *z: chain_rule(x, y, at_numbers(formula, position, z)),
            digits,
        )
        return in_notation(kind, formula, position, self.node, numbers), upstream, before

    def equation(self, kind: type[Written] = Text) -> str:
        slope, upstream, before = self.numbers(kind)
        write = self._number.written
        added = self.arrival and self._number is Gradient  # then even to 0
        start = str(kind(before)) if self.before or added else ""
        up, sums = kind(upstream), []
        for x in (self.symbols(kind), slope):
            factor = x.within(ATOM + 1 if start and str(x).startswith("-") else PRODUCT)
            sums.append(write(start, factor, up.within(ATOM + 1) if upstream < 0 else str(up)))
        name, dot = self.target, "·"
        if kind is LaTeX:
            name, dot = (
                rf"\frac{{\partial {latex_name(self.walk.graph.name(self.walk.root))}}}{{\partial {latex_name(name)}}}",
                r"\cdot",
            )
        left = f"{name}.grad" if kind is Text else name
        return " = ".join(
            [left, *dict.fromkeys(text.replace("·", dot) for text in sums), self._result(self.after, kind)]
        )


def events(record: Record, steps: Pass) -> Iterator[Event]:
    """Yield the events of both passes, and note in the record what has arrived where."""
    index = 0
    for node in record.graph.nodes:
        if not node.constant:
            yield Forward(record, index, node)
            index += 1
    shadows = steps.shadows
    befores = {node: shadow.grad for node, shadow in shadows.items()}
    yield Seed(record, index, record.root, float(befores[record.root]))
    index += 1
    for node, input, position, local_grad, shadow in steps:
        if input.constant and not local_grad:
            continue
        before, after = befores[input], shadow.grad
        befores[input] = after
        contribution = 0.0 if after is before else after.contribution
        record.turns.setdefault(node, len(record.arrivals.get(node, ())))
        arrived = record.arrivals.setdefault(input, [])
        arrived.append(node)
        yield Backward(
            record, index, node, input, position, local_grad, float(shadows[node].grad), contribution,
            float(before), float(after), len(arrived) - 1,
        )  # fmt: skip
        index += 1
