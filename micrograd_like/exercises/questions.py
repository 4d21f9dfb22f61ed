"""What an exercise can ask about a graph, under which key, and what is right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..engine import Value
from ..graph.names import Graph
from ..mistakes.passes import grads
from ..ops.notation import ATOM, Text, Written, short
from ..optim import SGD

LONGEST = 24  # letters of a formula that stands for a name
CORNERS = {"relu": 1.0, "maximum": 1.0, "minimum": 1.0}  # at a kink, any slope from 0 to this is a subgradient


@dataclass(frozen=True)
class Question:
    """One blank: its `key` in answers, and its `right` number; the right order of steps is a text.

    `node` is what the question is about, or for an edge the node that was made from `input`.
    """

    kind: str
    key: str
    node: Value
    right: float
    asked: str  # in words
    position: int = 0

    @property
    def input(self) -> Value:
        """The lower end of the edge that is asked about."""
        return self.node.inputs[self.position]


class Task:
    """A graph with everything that can be asked about it: the right gradients, the uses, the step of descent.

    `deltas` are the last updates of weights, of which momentum carries on a part: Δθ = momentum * Δθ - lr * gradient.
    """

    root: Value
    lr: float
    momentum: float
    deltas: dict[Value, float]
    graph: Graph
    names: dict[Value, str]
    uses: dict[Value, list[Value]]
    right: dict[Value, float]
    reached: set[Value]
    scale: float

    def __init__(
        self,
        root: Value,
        *others: Value,
        lr: float = 0.1,
        momentum: float = 0.0,
        deltas: Mapping[Value, float] | None = None,
        names: Mapping[str, Any] | None = None,
    ) -> None:
        self.root, self.lr, self.momentum, self.deltas = root, lr, momentum, dict(deltas or {})
        self.graph = Graph(root, *others, names=names)
        self.names, self.uses = self.graph.names, self.graph.uses
        self.right = dict.fromkeys(self.graph.nodes, 0.0) | grads(root)
        self.reached = set(grads(root))
        self.scale = max(map(abs, self.right.values()))

    @cached_property
    def spoken(self) -> dict[Value, str]:
        """What a learner calls each node: by its name, or where it has none by its formula if that is short."""
        given = self.graph.given_names(self.graph.nodes)
        found: dict[Value, str] = {}
        for node in self.graph.nodes:
            text = self.names[node]
            if node.op and not given[node] and node is not self.root:
                formula = str(node.op(*[Spoken(found[x], _holds(x, found[x], given)) for x in node.inputs]))
                text = formula if len(formula) <= LONGEST else text
            found[node] = text
        return found

    @property
    def nodes(self) -> list[Value]:
        """The nodes that can have a gradient, the output first."""
        return [node for node in reversed(self.graph.nodes) if not node.constant]

    @property
    def weights(self) -> list[Value]:
        """The leaves that a step of descent changes: parameters if there are any, else all."""
        leaves = [node for node in self.graph.nodes if not node.inputs and not node.constant]
        return [x for x in leaves if getattr(x, "parameter", False) or x in self.deltas] or leaves

    def updated(self, node: Value, grad: float) -> float:
        """Return what a step of gradient descent makes of a weight with this gradient."""
        stand, sgd = self._sgd(node, grad)
        return node.data + sgd.update(stand, self.lr)[0]

    def equation(self, node: Value, grad: float) -> str:
        """Return the step of gradient descent with its numbers."""
        stand, sgd = self._sgd(node, grad)
        return sgd.equation(stand)

    def _sgd(self, node: Value, grad: float) -> tuple[Value, SGD]:
        stand = Value(node.data, self.names[node])
        stand.grad = grad
        sgd = SGD([stand], self.lr, self.momentum)
        sgd.remembered[stand] = (self.deltas.get(node, 0.0),)
        return stand, sgd

    def questions(self, ask: Any) -> list[Question]:
        """Return what is asked: kinds of question, keys, and nodes whose gradient is meant."""
        asked = [ask] if isinstance(ask, str | Value) else list(ask)
        found: dict[str, Question] = {}
        for item in asked:
            if isinstance(item, Value):
                item = self.gradient(item).key
            several = self._kind(item) if item in KINDS else [self.one(item)]
            found |= {question.key: question for question in several}
        if not found:
            raise ValueError("Nothing is asked. Write ask='gradients', or give nodes, as in ask=[a, b].")
        return list(found.values())

    def one(self, key: str) -> Question:
        """Return the question of this key, however its signs are written: dc/da, dc_da."""
        every = [question for kind in KINDS for question in self._kind(kind)]
        for question in every:
            if key == question.key or key in spellings(question.key):
                return question
        keys = [question.key for question in every if question.kind == "gradient"]
        raise ValueError(
            f"There is nothing called {key!r} to ask. Ask for {', '.join(KINDS)}, or for one of: {', '.join(keys)}."
        )

    def _kind(self, kind: str) -> Iterable[Question]:
        return KINDS[kind](self)

    def gradient(self, node: Value) -> Question:
        """Return the question for the gradient of a node."""
        if node not in self.uses:
            raise ValueError(f"{node!r} is not in the graph of the output. Give a node that the output was made from.")
        name, output = self.names[node], self.names[self.root]
        key = f"{name} in {self.names[self.uses[node][0]]}" if node.constant else name
        return Question("gradient", key, node, self.right[node], f"d{output}/d{name}, the gradient of {name}")

    def edges_of(self, node: Value) -> list[tuple[Value, int]]:
        """Return (use, position) for each edge on which a node reaches the output, in the order of its uses."""
        uses = dict.fromkeys(use for use in self.uses[node] if use in self.reached)
        return [(use, i) for use in uses for i, x in enumerate(use.inputs) if x is node]

    def edges(self) -> Iterator[tuple[Value, int, str]]:
        """Yield (node, position, number of the edge among equal ones, as it stands in keys)."""
        for node in self.nodes:
            for i, x in enumerate(node.inputs):
                if not x.constant and node in self.reached:
                    same = [k for k, other in enumerate(node.inputs) if other is x]
                    yield node, i, f"#{same.index(i) + 1}" if len(same) > 1 else ""

    def locals(self) -> Iterator[Question]:
        """Yield the questions for the local derivatives."""
        for node, i, which in self.edges():
            above, below = self.names[node], self.names[node.inputs[i]]
            asked = f"d{above}/d{below}{which}, the local derivative of {above} = {self.graph.formula(node)}"
            yield Question("local", f"d{above}/d{below}{which}", node, node.local_grads[i], asked, i)

    def contributions(self) -> Iterator[Question]:
        """Yield the questions for what each node passes back to each input."""
        for node, i, which in self.edges():
            above, below = self.names[node], self.names[node.inputs[i]]
            shut = node.op is not None and node.op.gate and node.local_grads[i] == 0.0
            number = 0.0 if shut else node.local_grads[i] * self.right[node]
            asked = f"what {above} = {self.graph.formula(node)} contributes to the gradient of {below}"
            yield Question("contribution", f"{above}->{below}{which}", node, number, asked, i)

    def values(self) -> Iterator[Question]:
        """Yield the questions for the forward pass."""
        for node in reversed(self.nodes):
            if node.op:
                name = self.names[node]
                yield Question(
                    "value", f"{name}.data", node, node.data, f"the value of {name} = {self.graph.formula(node)}"
                )

    def updates(self) -> Iterator[Question]:
        """Yield the questions for the weights after one step of gradient descent."""
        for node in self.weights:
            name = self.names[node]
            momentum = f", momentum {short(self.momentum)} and last step {short(self.deltas.get(node, 0.0))}" * bool(
                self.momentum
            )
            asked = f"{name} after one step of gradient descent with lr {short(self.lr)}{momentum}"
            yield Question("update", f"{name}.new", node, self.updated(node, self.right[node]), asked)


class Spoken(Text):
    """A formula as a learner reads it aloud, of names and formulas."""


def _holds(node: Value, text: str, given: Mapping[Value, str]) -> int:
    """Return how tightly a text holds together that stands for a node."""
    if node.op is None or given.get(node) or text.isidentifier():
        return ATOM
    return Written.tightness.get(node.op.name, ATOM)


KINDS: dict[str, Callable[[Task], Iterable[Question]]] = {
    "gradients": lambda task: map(task.gradient, task.nodes),
    "leaves": lambda task: [task.gradient(node) for node in reversed(task.nodes) if not node.inputs],
    "constants": lambda task: [task.gradient(node) for node in task.graph.nodes if node.constant],
    "local": Task.locals,
    "contributions": Task.contributions,
    "values": Task.values,
    "updates": Task.updates,
    "order": lambda task: [
        Question("order", "order", task.root, 0.0, "the order in which the nodes pass back their gradients, as names")
    ],
}


def spellings(key: str) -> set[str]:
    """Return how else a key may be written: as a Python name, for check(dc_da=2), and with quotes left out."""
    return {re.sub(r"\W+", "_", key.replace("->", "_to_")).strip("_"), key.replace(" ", "")}
