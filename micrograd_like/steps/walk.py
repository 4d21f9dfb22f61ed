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

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any, Literal, overload

from ..base.shows import SHOWS
from ..engine import Value
from ..graph.certain import Certain
from ..graph.names import Graph, as_value
from ..mistakes.mistake import MISTAKES, RIGHT, Mistake, mistake_named
from ..mistakes.passes import Pass, grads
from ..ops.notation import check_digits, short
from .differences import Differences, table
from .events import Backward as Backward, Event as Event, Forward as Forward, Record, Seed as Seed, events
from .source_lines import Code, Line


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
        self._rest = events(self._record, self._pass)

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
        if not isinstance(index, int):
            raise TypeError(f"An event is asked for by its index, as in w.goto(3), and {index!r} is not one.")
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
        lines = table(self.graph, self.rule.name, right, self.differences)
        return [*lines, *(["", "On this graph it happens to give the right gradients."] if self.agrees else [])]

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

    def filmstrip(self, path: str | PathLike[str]) -> Path:
        """Write a frame for each stop, or for each step, as one .svg or as the pages of a .pdf; return the path."""
        return Path(SHOWS["walk as a strip"](self, path))

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
    certify: bool = False,
) -> Walk:
    """Return the walk through the graph of `root`: its forward pass, then its backward pass, event by event.

    Nodes are named as in `Graph`. `code` is the program that made the graph, if it is not the caller's own. With
    certify=True each event says how many digits of its result are certain; `walk(...).certain` has them all.
    """
    return Walk(root, rule, names=names, code=code, digits=digits, certify=certify)


def compare(output: Value, *, names: Mapping[str, Any] | None = None) -> dict[str, Differences]:
    """Return, for each mistake, the nodes whose gradient it gets wrong, as (right, wrong); none where it agrees.

    >>> x = Value(3.0)
    >>> [name for name, wrong in compare(x * 2.0).items() if not wrong][:4]
    ['overwrite', 'first_path', 'multiply', 'no_upstream']
    """
    right, graph = grads(output), Graph(output, names=names)
    return {name: Differences(graph, name, right, grads(output, rule)) for name, rule in MISTAKES.items()}
