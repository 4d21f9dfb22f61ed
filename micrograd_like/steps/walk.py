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
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from itertools import islice
from math import isclose
from os import PathLike
from pathlib import Path
from typing import Any, Literal, overload

from ..engine import Value
from ..graph.certain import Certain, certain, digits_certain
from ..graph.names import Graph, as_value, changed_after_use
from ..graph.textbook import at_numbers, in_notation, numbers_of
from ..mistakes.mistake import MISTAKES, RIGHT, Gradient, Mistake, mistake_named
from ..mistakes.passes import Pass, grads
from ..ops.notation import ATOM, PRODUCT, LaTeX, MathML, Text, Written, check_digits, latex_name, mathml_name, short
from ..shows import SHOWS
from .formulas import in_symbols, rounded, slope_formula
from .source_lines import Code, Line

NAMING = {LaTeX: latex_name, MathML: mathml_name}


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


class Walk(Sequence[Event]):
    """The events of a forward and a backward pass through the graph of `root`, taken from it as they are asked for.

    No grad of the graph changes. `rule` is the right one, or the name of a mistake: see MISTAKES. `position` is the
    index of the event that `next`, `back`, `goto` and `until` have come to, -1 before the first one.
    """

    root: Value
    rule: Mistake
    digits: int
    position: int
    graph: Graph

    def __init__(
        self,
        root: Value,
        rule: str | Mistake = RIGHT,
        *,
        names: Mapping[str, Any] | None = None,
        code: str | None = None,
        digits: int = 4,
        certify: bool = False,
    ) -> None:
        as_value(root, "walk")
        check_digits(digits)
        self.root, self.rule, self.digits, self.position = root, mistake_named(rule), digits, -1
        self.graph = Graph(root, names=names)
        self._record = Record(root, self.rule, digits, self.graph, Code(code, root), certify)
        self._pass = Pass(root, self.rule, self.graph.nodes)
        self._events: list[Event] = []
        self.named_stops: list[tuple[Any, ...]] = []
        self._rest = _run(self._record, self._pass)

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
            most = len(self)
            if not (isinstance(index, slice) or -most <= index < most):
                raise IndexError(f"There is no event {index}: this walk has {most}. Write w.goto({most - 1}) or below.")
        return self._events[index]

    @property
    def forward(self) -> list[Forward]:
        """The events of the forward pass."""
        return [event for event in self if isinstance(event, Forward)]

    @property
    def backward(self) -> list[Backward]:
        """The events of the backward pass after its seed, one for each contribution."""
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

    @property
    def lines(self) -> dict[Value, Line]:
        """The line of the learner's code that made each node, where it is known."""
        return self._record.lines

    @property
    def certain(self) -> dict[Value, Certain]:
        """How many digits of each node's value and of its right gradient are certain."""
        return self._record.certain

    @cached_property
    def grads(self) -> dict[Value, float]:
        """What the rule gives for each node in the end."""
        _ = len(self)
        return {node: grad for node, grad in self._pass.grads().items() if not node.constant or grad}

    @cached_property
    def differences(self) -> Differences:
        """The nodes for which a wrong rule goes wrong: (right, wrong)."""
        return Differences(self.graph, self.rule.name, grads(self.root), self.grads)

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
        return next(event.after for event in self if isinstance(event, Seed))

    def _heading(self) -> list[str]:
        rule = self.rule
        return [f"Wrong on purpose: {rule.name}. {rule.idea}", f"It agrees with the right rule where {rule.harmless}."]

    def side_by_side(self) -> list[str]:
        """Return the lines of a table of right and wrong gradients, with a mark where they differ."""
        right = {node: (grad, self.grads.get(node, 0.0)) for node, grad in grads(self.root).items()}
        table = _table(self.graph, self.rule.name, right, self.differences)
        return [*table, *(["", "On this graph it happens to give the right gradients."] if self.agrees else [])]

    def save(
        self, path: str | PathLike[str], title: str | None = None, *, assets: Literal["inside", "files"] = "inside"
    ) -> Path:
        """Write the walk as one page that steps through it, and return its path.

        With assets="files", script and style are files beside it, as a strict Content-Security-Policy wants them.
        """
        return Path(SHOWS["walk as a page"](self, path, title, assets=assets))

    def stops(self, *stops: tuple[str, int] | tuple[str, int, str]) -> Walk:
        """Name the steps at which a lesson stops, each (title, index of its event) and perhaps a note; return the walk.

        >>> x = Value(3.0)
        >>> walk(x * x).stops(("The seed", 2), ("Two uses", 3, "x is used twice, so it gets two contributions."))
        <Walk of v1, 2 nodes, rule 'right'>
        """
        for title, index, *_ in stops:
            if index not in range(len(self)):
                raise IndexError(f"The stop {title!r} is at event {index}. Write an index from 0 to {len(self) - 1}.")
        self.named_stops = [(title, index, *note) for title, index, *note in stops]
        return self

    def slides(self, path: str | PathLike[str], title: str | None = None) -> Path:
        """Write the walk as slides for a lecture, large, one for each stop, and return the path.

        Page Down and Page Up, which a presenter sends, go from stop to stop; the arrow keys go step by step.
        """
        return Path(SHOWS["walk as slides"](self, path, title))

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


def _run(record: Record, steps: Pass) -> Iterator[Event]:
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


def walk(
    root: Value,
    rule: str | Mistake = RIGHT,
    *,
    names: Mapping[str, Any] | None = None,
    code: str | None = None,
    digits: int = 4,
    certify: bool = False,
) -> Walk:
    """Return the walk through the graph of `root`: its forward pass, then its backward pass, event by event.

    Nodes are named as in `Graph`. `code` is the program that made the graph, if it is not the caller's own. With
    certify=True each event says how many digits of its result are certain; `walk(...).certain` has them all.
    """
    return Walk(root, rule, names=names, code=code, digits=digits, certify=certify)


class Differences(dict[Value, tuple[float, float]]):
    """The nodes whose gradients two passes give differently, as (right, wrong); printed, a table by their names."""

    graph: Graph
    rule: str

    def __init__(self, graph: Graph, rule: str, right: Mapping[Value, float], wrong: Mapping[Value, float]) -> None:
        pairs = {node: (grad, wrong.get(node, 0.0)) for node, grad in right.items()}
        pairs |= {node: (0.0, grad) for node, grad in wrong.items() if node not in right}
        super().__init__({node: pair for node, pair in pairs.items() if not isclose(*pair, rel_tol=1e-12)})
        self.graph, self.rule = graph, rule

    def __repr__(self) -> str:
        return "\n".join(_table(self.graph, self.rule, self)) if self else "no difference"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


def _table(
    graph: Graph, rule: str, pairs: Mapping[Value, tuple[float, float]], marked: Collection[Value] = ()
) -> list[str]:
    """Return the lines of a table of (right, wrong) gradients, the output first."""
    rows = [("node", "right", rule, "")]
    for node, pair in reversed(list(pairs.items())):
        rows.append((graph.name(node), short(pair[0]), short(pair[1]), "<- differs" if node in marked else ""))
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths)).rstrip() for row in rows]


def compare(output: Value, *, names: Mapping[str, Any] | None = None) -> dict[str, Differences]:
    """Return, for each mistake, the nodes whose gradient it gets wrong, as (right, wrong); none where it agrees.

    >>> x = Value(3.0)
    >>> [name for name, wrong in compare(x * 2.0).items() if not wrong][:4]
    ['overwrite', 'first_path', 'multiply', 'no_upstream']
    """
    right, graph = grads(output), Graph(output, names=names)
    return {name: Differences(graph, name, right, grads(output, rule)) for name, rule in MISTAKES.items()}
