"""The forward and the backward pass, one event at a time.

>>> from micrograd_like import Value
>>> a, b = Value(2.0), Value(-3.0)
>>> y = a * b + a
>>> print(walk(y))
forward, read down       | backward, read up
-------------------------+---------------------------------------
a = 2                    |
b = -3                   |
v1 = a*b = 2*(-3) = -6   | b.grad = a · 1 = 2 · 1 = 2
                         | a.grad = 1 + b · 1 = 1 + (-3) · 1 = -2
y = v1 + a = -6 + 2 = -4 | a.grad = 1 · 1 = 1
                         | v1.grad = 1 · 1 = 1
                         | y.grad = 1
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from math import isclose
from os import PathLike
from pathlib import Path
from typing import Any, overload

from ..engine import Value
from ..graph.names import Graph, changed_after_use
from ..mistakes.mistake import MISTAKES, RIGHT, Gradient, Mistake, mistake_named
from ..mistakes.passes import Pass, grads
from ..ops.notation import ATOM, PRODUCT, LaTeX, MathML, Text, Written, latex_name, mathml_name, short
from ..shows import SHOWS
from .formulas import at_numbers, in_numbers, in_symbols, numbers_of, rounded, slope_formula
from .source_lines import Code, Line

NAMING = {LaTeX: latex_name, MathML: mathml_name}


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One step of a walk: `index` in it, and the node whose turn it is."""

    walk: Walk = field(repr=False)
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
        return self.equation() + self.note

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.equation(LaTeX)}$"

    def _result(self, number: float, kind: type[Written]) -> str:
        text = short(number, self.walk.digits)
        return text if kind is Text else str(kind(float(text)))

    def names(self, kind: type[Written] = Text) -> list[str]:
        """Return what the node and its inputs are called in a notation."""
        write = NAMING.get(kind, str)
        return [write(self.walk.graph.name(x)) for x in (self.node, *self.node.inputs)]


@dataclass(frozen=True, slots=True, eq=False)
class Forward(Event):
    """A node gets its value."""

    @property
    def value(self) -> float:
        """The node's value."""
        return self.node.data

    def equation(self, kind: type[Written] = Text) -> str:
        node, (name, *inputs) = self.node, self.names(kind)
        parts = [name]
        if node.op is not None:
            parts.append(str(node.op(*[kind(x.data if x.constant else text) for x, text in zip(node.inputs, inputs)])))
            if not changed_after_use(node):
                numbers = rounded([x.data for x in node.inputs], node.op, self.walk.digits)
                parts.append(str(in_numbers(kind, node.op, numbers)))
        return " = ".join(dict.fromkeys([*parts, self._result(node.data, kind)]))


@dataclass(frozen=True, slots=True, eq=False)
class Backward(Event):
    """A node hands one contribution on to one of its inputs: local derivative times upstream gradient."""

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
        return self.walk._waiting(self.input, self.arrival + 1)

    @property
    def reason(self) -> str:
        """Why the node can be handled now: all its uses are done."""
        if self.node is self.walk.root:
            return f"{self.name} is the output, and d{self.name}/d{self.name} = 1."
        graph = self.walk.graph
        if waiting := self.walk._waiting(self.node, self.walk._turns[self.node]):
            late = ", ".join(map(graph.name, dict.fromkeys(waiting)))
            return f"{self.name} is handled too early: what comes from {late} is still missing."
        uses = list(map(graph.name, dict.fromkeys(reversed(graph.uses[self.node]))))
        return f"{self.name} is complete: all its uses ({', '.join(uses)}) have handed on to it."

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

        if not self._has_formula or changed_after_use(self.node):
            before, upstream, slope = rounded([self.before, self.upstream, self.local_grad], chain_rule, digits)
            return kind(slope), upstream, before
        formula = slope_formula(self.node, position, self.walk.rule)
        before, upstream, *numbers = rounded(
            [self.before, self.upstream, *numbers_of(self.node)],
            lambda x, y, *z: chain_rule(x, y, at_numbers(formula, position, z)),
            digits,
        )
        return in_numbers(kind, lambda *z: formula(*z)[position], numbers), upstream, before

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


class Walk(Sequence[Event]):
    """The events of a forward and a backward pass through the graph of `root`, taken from it as they are asked for.

    No grad of the graph changes. `rule` is the right one, or the name of a mistake: see MISTAKES. `position` is the
    index of the event that `next`, `back`, `goto` and `until` have come to, -1 before the first one.
    """

    def __init__(
        self,
        root: Value,
        rule: str | Mistake = RIGHT,
        *,
        names: Mapping[str, Any] | None = None,
        code: str | None = None,
        digits: int = 4,
    ) -> None:
        self.root, self.rule, self.digits, self.position = root, mistake_named(rule), digits, -1
        self.graph = Graph(root, names=names)
        self._code = Code(code, root)
        self._pass = Pass(root, self.rule, self.graph.nodes)
        self._arrivals: dict[Value, list[Value]] = {}  # for each input, the nodes it got something from
        self._turns: dict[Value, int] = {}  # how much had arrived at a node when it first handed on
        self._events: list[Event] = []
        self._rest = self._run()

    def _run(self) -> Iterator[Event]:
        index = 0
        for node in self.graph.nodes:
            if not node.constant:
                yield Forward(self, index, node)
                index += 1
        steps, shadows = self._pass, self._pass.shadows
        befores = {node: shadow.grad for node, shadow in shadows.items()}
        for node, input, position, local_grad, shadow in steps:
            if input.constant and not local_grad:
                continue
            before, after = befores[input], shadow.grad
            befores[input] = after
            contribution = 0.0 if after is before else after.contribution
            self._turns.setdefault(node, len(self._arrivals.get(node, ())))
            arrived = self._arrivals.setdefault(input, [])
            yield Backward(
                self, index, node, input, position, local_grad, float(shadows[node].grad), contribution,
                float(before), float(after), len(arrived),
            )  # fmt: skip
            arrived.append(node)
            index += 1

    def _waiting(self, node: Value, arrived: int) -> list[Value]:
        there = Counter(self._arrivals.get(node, [])[:arrived])
        waiting = []
        for use in reversed(self.graph.uses[node]):
            if there[use]:
                there[use] -= 1
            else:
                waiting.append(use)
        return waiting

    def __iter__(self) -> Iterator[Event]:
        index = 0
        while self._reach(index):
            yield self._events[index]
            index += 1

    def _reach(self, index: int) -> bool:
        """Take events until this one is there, and tell whether there is such a one."""
        self._events.extend(islice(self._rest, max(index + 1 - len(self._events), 0)))
        return index < len(self._events)

    def __len__(self) -> int:
        self._events.extend(self._rest)
        return len(self._events)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        if isinstance(index, slice) or index < 0 or not self._reach(index):
            _ = len(self)
        return self._events[index]

    @property
    def forward(self) -> list[Forward]:
        """The events of the forward pass."""
        return [event for event in self if isinstance(event, Forward)]

    @property
    def backward(self) -> list[Backward]:
        """The events of the backward pass, one for each contribution."""
        return [event for event in self if isinstance(event, Backward)]

    def next(self) -> Event:
        """Go one event on, or stay at the last one, and return it."""
        return self.goto(self.position + 1 if self._reach(self.position + 1) else self.position)

    def back(self) -> Event:
        """Go one event back, or stay at the first one, and return it."""
        return self.goto(max(self.position - 1, 0))

    def goto(self, index: int) -> Event:
        """Go to an event by its index and return it; a negative one counts from the end."""
        event = self[index]
        self.position = event.index
        return event

    def until(self, node: Value) -> Event:
        """Go on to the next event in which the node takes part, and return it; stay if there is none."""
        index = self.position + 1
        while self._reach(index):
            event = self._events[index]
            if event.node is node or (isinstance(event, Backward) and event.input is node):
                return self.goto(index)
            index += 1
        return self.goto(self.position)

    @cached_property
    def lines(self) -> dict[Value, Line]:
        """The line of the learner's code that made each node, where it is known."""
        return self._code.lines(self.graph.nodes)

    @cached_property
    def grads(self) -> dict[Value, float]:
        """What the rule gives for each node in the end."""
        _ = len(self)
        return {node: grad for node, grad in self._pass.grads().items() if not node.constant or grad}

    @cached_property
    def differences(self) -> dict[Value, tuple[float, float]]:
        """The nodes for which a wrong rule goes wrong: (right, wrong)."""
        return _differences(grads(self.root), self.grads)

    @property
    def agrees(self) -> bool:
        """Whether a wrong rule happens to give the right gradients on this graph."""
        return not self.differences

    def __str__(self) -> str:
        """Return the trace table as printed by Baydin et al., JMLR 18 (153), 2018, tables 2 and 3."""
        left, right = ["forward, read down"], ["backward, read up"]
        steps: dict[Value, list[str]] = {}
        for step in self.backward:
            steps.setdefault(step.node, []).append(str(step))
        for event in self.forward:
            beside = steps.pop(event.node, [])[::-1]
            if event.node is self.root:
                beside.append(f"{event.name}.grad = {short(self._seed, self.digits)}")
            left += [str(event), *[""] * (len(beside) - 1)]
            right += beside or [""]
        width = max(map(len, left))
        rows = [f"{x:{width}} | {y}".rstrip() for x, y in zip(left, right)]
        rows.insert(1, "-" * width + "-+-" + "-" * max(map(len, right)))
        return "\n".join(rows if self.rule is RIGHT else [*self._heading(), "", *rows, "", *self.side_by_side()])

    @property
    def _seed(self) -> float:
        return next((e.upstream for e in self.backward if e.node is self.root), 1.0)

    def _heading(self) -> list[str]:
        rule = self.rule
        return [f"Wrong on purpose: {rule.name}. {rule.idea}", f"It agrees with the right rule where {rule.harmless}."]

    def side_by_side(self) -> list[str]:
        """Return the lines of a table of right and wrong gradients, with a mark where they differ."""
        rows = [("node", "right", self.rule.name, "")]
        for node, right in reversed(grads(self.root).items()):
            wrong = self.grads.get(node, 0.0)
            mark = "<- differs" if node in self.differences else ""
            rows.append((self.graph.name(node), short(right, self.digits), short(wrong, self.digits), mark))
        widths = [max(map(len, column)) for column in zip(*rows)]
        table = ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths)).rstrip() for row in rows]
        return [*table, *(["", "On this graph it happens to give the right gradients."] if self.agrees else [])]

    def save(self, path: str | PathLike[str], title: str | None = None) -> Path:
        """Write the walk as one page that steps through it, and return its path."""
        return Path(SHOWS["walk as a page"](self, path, title))

    def animation(self, path: str | PathLike[str] | None = None) -> Any:
        """Return the walk as a moving SVG picture that needs no script, and write it to `path`, ending in .svg."""
        return SHOWS["walk as a film"](self, path)

    def widget(self) -> Any:
        """Return the live view as an anywidget, whose `step` and `leaves` can be observed and set from Python."""
        return SHOWS["walk as a widget"](self)

    def _repr_html_(self) -> str:
        return str(SHOWS["walk in a notebook"](self))

    def __repr__(self) -> str:
        return f"<Walk of {self.graph.name(self.root)}, {len(self.graph)} nodes, rule {self.rule.name!r}>"


def walk(
    root: Value,
    rule: str | Mistake = RIGHT,
    *,
    names: Mapping[str, Any] | None = None,
    code: str | None = None,
    digits: int = 4,
) -> Walk:
    """Return the walk through the graph of `root`: its forward pass, then its backward pass, event by event.

    Nodes are named as in `Graph`. `code` is the program that made the graph, if it is not the caller's own.
    """
    return Walk(root, rule, names=names, code=code, digits=digits)


def compare(root: Value) -> dict[str, dict[Value, tuple[float, float]]]:
    """Return, for each mistake, the nodes whose gradient it gets wrong, as (right, wrong); none where it agrees.

    >>> x = Value(3.0)
    >>> [name for name, wrong in compare(x * 2.0).items() if not wrong][:4]
    ['overwrite', 'first_path', 'multiply', 'no_upstream']
    """
    right = grads(root)
    return {name: _differences(right, grads(root, rule)) for name, rule in MISTAKES.items()}


def _differences(right: dict[Value, float], wrong: dict[Value, float]) -> dict[Value, tuple[float, float]]:
    pairs = {node: (grad, wrong.get(node, 0.0)) for node, grad in right.items()}
    pairs |= {node: (0.0, grad) for node, grad in wrong.items() if node not in right}
    return {node: pair for node, pair in pairs.items() if not isclose(*pair, rel_tol=1e-12)}
