"""The graph of an exercise as a learner has it on the sheet, on which hypotheses are run.

What is asked cuts the graph: below an answer, the learner goes on with the number that was typed. So the gradient of
a node is a form in the answers above it, `a + b * typed + ...`, and a hypothesis is a different form.
The chain rule is the engine's: it runs on forms as on numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite, nan
from typing import Any

from ...engine import Value, chain_rule, topological_order
from ...mistakes.passes import examples
from ...ops import Op
from ..questions import Task

Slopes = Mapping[Value, Sequence[Any]]  # other local derivatives, of some nodes; or what is done there otherwise


class Form:
    """A sum of answers, each with a factor, and a number: arithmetic with plain numbers keeps it one."""

    __radd__: Any
    __mul__: Any
    factors: dict[Value, float]
    number: float

    __slots__ = ("factors", "number")

    def __init__(self, number: float = 0.0, factors: Mapping[Value, float] | None = None) -> None:
        self.number, self.factors = number, dict(factors or {})

    def __add__(self, other: Any) -> Form:
        if not isinstance(other, Form):
            return Form(self.number + other, self.factors)
        factors = self.factors | {x: self.factors.get(x, 0.0) + k for x, k in other.factors.items()}
        return Form(self.number + other.number, factors)

    def __rmul__(self, number: float) -> Form:
        return Form(number * self.number, {x: number * k for x, k in self.factors.items()})

    __radd__, __mul__ = __add__, __rmul__

    def __neg__(self) -> Form:
        return self.__rmul__(-1.0)

    def __sub__(self, other: Any) -> Form:
        return self.__add__(-other)

    def __rsub__(self, other: float) -> Form:
        return -self + other

    def __truediv__(self, number: float) -> Form:
        return (1.0 / number) * self

    def at(self, numbers: Mapping[Value, float]) -> float:
        """Return the number that it is for these answers."""
        return self.number + sum([k * numbers[x] for x, k in self.factors.items()])

    def is_like(self, other: Form) -> bool:
        """Tell whether two forms are the same, but for rounding."""
        ends = [(self.number, other.number)]
        ends += [(self.factors.get(x, 0.0), other.factors.get(x, 0.0)) for x in self.factors | other.factors]
        return all(abs(x - y) <= 1e-12 * max(abs(x), abs(y)) for x, y in ends)


class Given:
    """Stands for a local derivative where something else is done with it than to multiply: f(slope, upstream)."""

    made: Any
    slope: float

    __slots__ = ("made", "slope")

    def __init__(self, slope: float, made: Callable[[Any, Any], Any]) -> None:
        self.slope, self.made = slope, made

    def __mul__(self, upstream: Any) -> Any:
        return self.made(self.slope, upstream.value if isinstance(upstream, Gathered) else upstream)


class Gathered:
    """Contributions that are not simply added: the gradient is made of the list of them."""

    how: Any
    parts: list[float]

    __slots__ = ("how", "parts")

    def __init__(self, how: Callable[[Sequence[float]], float]) -> None:
        self.how, self.parts = how, list[float]()

    def __add__(self, contribution: float) -> Gathered:
        self.parts.append(contribution)
        return self

    def __rmul__(self, slope: float) -> float:
        return slope * self.value

    @property
    def value(self) -> float:
        """The gradient."""
        return self.how(self.parts) if len(self.parts) > 1 else sum(self.parts)


class Cell:
    """A node in a pass: its own gradient as it is passed back."""

    grad: float
    local_grads: Sequence[Any]
    op: Op | None

    __slots__ = ("grad", "inputs", "local_grads", "op")

    def __init__(self, op: Op | None, local_grads: Sequence[Any]) -> None:
        self.op, self.local_grads, self.grad = op, local_grads, 0.0
        self.inputs: Sequence[Cell] = ()


class Sheet:
    """A task with what is asked of it; `asked` are the nodes whose gradients cut the graph, `shown` are told."""

    task: Task
    root: Value
    nodes: list[Value]
    place: dict[Value, int]
    asked: list[Value]
    shown: list[Value]
    right: dict[Value, float]
    n: float

    def __init__(self, task: Task, asked: Iterable[Value], shown: Iterable[Value] = ()) -> None:
        self.task, self.root = task, task.root
        self.nodes = topological_order(task.root)  # inputs first
        self.place = {node: i for i, node in enumerate(self.nodes)}
        self.asked = [x for x in asked if x in self.place and not x.constant]
        self.shown = [x for x in shown if x in self.place and not x.constant and x not in self.asked]
        self.right = {x: task.right[x] for x in self.nodes}
        self.n = examples(task.root)

    @property
    def known(self) -> list[Value]:
        """The nodes whose gradients are on the sheet: asked, or shown."""
        return [*self.asked, *self.shown]

    @cached_property
    def ops(self) -> list[Value]:
        """The nodes that an operation made."""
        return [node for node in self.nodes if node.op]

    @cached_property
    def edges(self) -> list[tuple[Value, int, Value]]:
        """(node, place, input) for each edge on which a gradient is passed back."""
        return [(node, i, x) for node in self.ops for i, x in enumerate(node.inputs) if not x.constant]

    def run(
        self,
        slopes: Slopes,
        start: Any = 1.0,
        cut: bool = False,
        gather: Callable[[Sequence[float]], float] | None = None,
    ) -> dict[Value, Any]:
        """Return the gradients of a pass with other local derivatives; with `cut`, as forms in the answers."""
        sinks = {node: Cell(node.op, slopes.get(node, node.local_grads)) for node in self.nodes}
        heads = dict(sinks)
        for node in self.asked if cut else ():
            heads[node] = Cell(node.op, sinks[node].local_grads)
            heads[node].grad = Form(0.0, {node: 1.0})  # type: ignore[assignment]
        for node, cell in sinks.items():
            if gather:
                cell.grad = Gathered(gather)  # type: ignore[assignment]
            heads[node].inputs = [sinks[x] for x in node.inputs]
        sinks[self.root].grad += start
        for _ in chain_rule([heads[node] for node in reversed(self.nodes) if node.op]):
            pass
        found: dict[Value, Any] = {x: cell.grad for x, cell in sinks.items() if not x.constant}
        return {x: made.value for x, made in found.items()} if gather else found

    @cached_property
    def own(self) -> dict[Value, Form]:
        """The gradient of each node as a form in the answers above it, if all is done rightly."""
        return {x: _form(made) for x, made in self.run({}, cut=True).items()}

    @cached_property
    def given(self) -> dict[Value, Form]:
        """What each node passes back: its answer where it is asked, else its gradient."""
        return self.own | {x: Form(0.0, {x: 1.0}) for x in self.asked}

    @cached_property
    def parts(self) -> dict[Value, list[Form]]:
        """The contributions to each node, from its last use to its first, as forms in the answers."""
        found: dict[Value, list[Form]] = {x: [] for x in self.nodes}
        for node, i, x in reversed(self.edges):
            found[x].append(node.local_grads[i] * self.given[node])
        return found

    @cached_property
    def effects(self) -> dict[Value, dict[Value, float]]:
        """By how much the gradient of each asked node moves with that of a node, through what is not asked."""
        found = {}
        for node in self.nodes:
            if not node.constant:
                inner = self._below(node, cut=True)
                found[node] = {x: k for x in self.asked if (k := inner.get(x, 0.0))}
        return found

    @cached_property
    def whole_effects(self) -> dict[Value, dict[Value, float]]:
        """By how much the gradient of each node on the sheet moves with that of a node, whatever is asked."""
        found = {}
        for node in self.nodes:
            if not node.constant:
                inner = self._below(node, cut=False)
                found[node] = {x: k for x in self.known if (k := inner.get(x, 0.0))}
        return found

    def _below(self, top: Value, cut: bool) -> dict[Value, float]:
        asked = set(self.asked) if cut else set()
        if top in asked:
            return {top: 1.0}
        reach = self.nodes[: self.place[top] + 1]
        cells = {node: Cell(node.op, node.local_grads) for node in reach}
        for node, cell in cells.items():
            cell.inputs = [cells[x] for x in node.inputs]
        cells[top].grad = 1.0
        for _ in chain_rule(cells[node] for node in reversed(reach) if node.op and node not in asked):
            pass
        return {node: cell.grad for node, cell in cells.items()}


def _form(made: Any) -> Form:
    return made if isinstance(made, Form) else Form(float(made))


def finite(compute: Callable[..., Any], *numbers: Any) -> Any:
    """Return what a formula gives, nan where it gives no finite number."""
    try:
        number = compute(*numbers)
    except (ArithmeticError, ValueError, TypeError):
        return nan
    return number if isinstance(number, Form) or isfinite(number) else nan


@dataclass(eq=False)
class Hypothesis:
    """One thing done otherwise. `key` is its own, `name` that of the mistake; `bits` say how far-fetched it is.

    `whole` holds the numbers if all else is right, `own` those from the learner's answers: a form in them, or how the
    node's own contributions are gathered, or how its gradient is changed.
    """

    key: str
    name: str
    bits: float
    whole: Mapping[Value, float] = field(default_factory=dict)
    own: Mapping[Value, Any] = field(default_factory=dict)
    words: str = ""  # what was done, where the name does not say it
    site: Value | None = None  # the one node at which it was done
    wrong: Value | None = None  # the node whose local derivative differs
    listed: bool = False
    parts: tuple[Any, ...] = ()  # of two things at once: (the first, words for the second); of a factor: (its node,)
    quantity: bool = False  # whether the words say what the number is, not what was done

    def at(self, x: Value, sheet: Sheet, answers: Mapping[Value, float]) -> float:
        """Return what it gives for a node, from the learner's answers; nan if it says nothing about it."""
        made = self.own.get(x)
        if made is None:
            return nan
        if isinstance(made, Form):
            return made.at(answers)
        return float(finite(made, x, sheet, answers))
