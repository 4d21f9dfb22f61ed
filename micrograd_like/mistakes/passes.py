"""A backward pass with a mistake in it, or with none, that leaves the nodes alone.

The chain rule itself stays the engine's; what a mistake changes is said in its entry, in `mistake`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..engine import Value, backward_steps, chain_rule, topological_order
from ..ops.protocols import let_go
from .mistake import RIGHT, Gradient, Mistake, Order, made_by, mistake_named

MOST_STEPS = 100_000  # a pass without memory takes as many steps as there are paths
KEPT: dict[str, Callable[[Value], bool]] = {
    "leaves": lambda node: not node.inputs,
    "inner": lambda node: bool(node.inputs),
    "all": lambda node: True,
}


class Shadow:
    """Stands for a node in a backward pass, so that the node's own grad stays as it is."""

    node: Value
    op: Any
    inputs: tuple[Shadow, ...]
    number: type[Gradient]
    local_grads: tuple[float, ...]
    constant: bool
    label: str

    __slots__ = ("node", "op", "inputs", "local_grads", "constant", "label", "number", "_data", "_born", "_grad")

    def __init__(self, node: Value, inputs: tuple[Shadow, ...], number: type[Gradient]) -> None:
        self.node, self.op, self.inputs, self.number = node, node.op, inputs, number
        self.local_grads = node.local_grads
        self.constant, self.label, self._data, self._born = node.constant, node.label, node.data, node._born
        self._grad = number()

    @property
    def grad(self) -> Any:
        return self._grad

    @grad.setter
    def grad(self, number: float) -> None:
        self._grad = number if isinstance(number, Gradient) else self.number(number)


if sys.platform == "emscripten":  # a browser's Python has a small stack
    Shadow.__del__ = let_go  # type: ignore[attr-defined]


def _depth_first(root: Shadow, once: bool) -> Iterator[Shadow]:
    seen: set[Shadow] = set()
    todo = [root]
    while todo:
        node = todo.pop()
        if node not in seen or not once:
            seen.add(node)
            yield node
            todo.extend(reversed(node.inputs))


def _every_path(root: Shadow) -> Iterable[Shadow] | None:
    """Return the postorder reversed, with a node once for each path to it, or None if there are too many paths."""
    listed: list[Shadow] = []
    todo: list[tuple[Shadow, bool]] = [(root, False)]
    while todo and len(listed) <= MOST_STEPS:
        node, ready = todo.pop()
        if ready:
            listed.append(node)
        else:
            todo.append((node, True))
            todo.extend([(x, False) for x in reversed(node.inputs)])
    return None if todo else reversed(listed)


def ordered(order: Order, nodes: Sequence[Shadow]) -> Iterable[Shadow] | None:
    """Return the nodes, given inputs first, in the order in which they pass back; None if there are too many paths."""
    if order == "forward":
        return nodes
    if order == "every path":
        return _every_path(nodes[-1])
    if order == "complete first":
        return reversed(nodes)
    return _depth_first(nodes[-1], once=order == "first reach")


class Pass:
    """A backward pass from `root`; iterating yields (node, input, position, local_grad, shadow of input).

    With `nodes`, its topological order, that need not be found again. Raises NoFiniteGradientError as `backward` does.
    """

    root: Value
    mistake: Mistake

    def __init__(self, root: Value, mistake: str | Mistake = RIGHT, nodes: Sequence[Value] | None = None) -> None:
        self.root, self.mistake = root, mistake_named(mistake)
        self.shadows: dict[Value, Shadow] = {}
        shadows = self.shadows
        for node in topological_order(root) if nodes is None else nodes:
            shadows[node] = Shadow(node, tuple([shadows[x] for x in node.inputs]), self.mistake.number)
        stand: Any = shadows[root]
        self._steps: Iterator[tuple[Any, Any, float]] = backward_steps(stand)  # what it refuses, no mistake repairs
        if self.mistake is not RIGHT:
            self._begin()

    def _begin(self) -> None:
        mistake, shadows, root = self.mistake, self.shadows, self.root
        for node, shadow in shadows.items():
            shadow.local_grads = mistake.slopes(node)
        for node, i in shut_edges(mistake, [*shadows]) if mistake.shut_around else ():
            slopes = shadows[node].local_grads
            shadows[node].local_grads = *slopes[:i], 0.0, *slopes[i + 1 :]
        if mistake.keeps:
            for node, grad in Pass(root, nodes=[*shadows]).grads().items():
                if node is not root and KEPT[mistake.keeps](node):
                    shadows[node].grad = grad
        if mistake.seed is not RIGHT.seed:
            shadows[root].grad = mistake.seed(root.data)
        if mistake.order != RIGHT.order:
            self._steps = self._in_order()

    def _in_order(self) -> Iterator[tuple[Any, Any, float]]:
        """Yield the steps in the mistake's order; where there are too many paths, that is said at the first step."""
        order = ordered(self.mistake.order, list(self.shadows.values()))
        if order is None:
            raise along_every_path(self.mistake)
        yield from chain_rule(order)

    def __iter__(self) -> Iterator[tuple[Value, Value, int, float, Shadow]]:
        last, position = self.shadows[self.root], -1
        for shadow, input, local_grad in self._steps:
            position = position + 1 if shadow is last and position + 1 < len(shadow.inputs) else 0
            last = shadow
            yield shadow.node, input.node, position, local_grad, input

    def upstream(self, node: Value) -> float:
        """Return the gradient that a node passes back now."""
        return float(self.shadows[node].grad)

    def grads(self) -> dict[Value, float]:
        """Return what the mistake gives for every node that can have a gradient, running to the end."""
        most = max(MOST_STEPS, sum([len(node.inputs) for node in self.shadows]))
        for i, _ in enumerate(self):
            if i >= most:
                raise along_every_path(self.mistake, most)
        n = examples(self.root) if self.mistake.is_reported else 1.0
        return {
            node: self.mistake.reported(node, float(shadow.grad), n)
            for node, shadow in self.shadows.items()
            if not node.constant or shadow.grad
        }


def along_every_path(mistake: Mistake, most: int = MOST_STEPS) -> OverflowError:
    """Return the error for a mistake that takes a step for each path, where there are too many."""
    return OverflowError(
        f"The rule {mistake.name!r} needs more than {most} steps on this graph, because it goes along every path. "
        "Use a smaller graph."
    )


def shut_edges(mistake: Mistake, nodes: Sequence[Value]) -> list[tuple[Value, int]]:
    """Return (node, place of input) for each edge on which a mistake lets nothing pass, whatever the numbers."""
    uses: dict[Value, list[Value]] = {node: [] for node in nodes}
    for node in nodes:
        for x in node.inputs:
            uses[x].append(node)
    around = mistake.shut_around or (lambda node, uses: ())
    return [(node, i) for node in nodes for i in sorted({*mistake.shut(node), *around(node, uses)})]


def examples(root: Value) -> float:
    """Return over how many the output is a mean: the whole constant that it is last divided by, else 1."""
    for node in reversed(topological_order(root)):
        if (made_by(node, "div") or made_by(node, "mul")) and node.inputs[1].constant:
            n = node.inputs[1].data if made_by(node, "div") else 1.0 / (node.inputs[1].data or 1.0)
            if n > 1.0 and abs(n - round(n)) < 1e-9:
                return float(round(n))
    return 1.0


def grads(root: Value, mistake: str | Mistake = RIGHT) -> dict[Value, float]:
    """Return d(root)/d(node) for every node as a pass with this mistake gives it; no grad of the nodes changes.

    >>> x = Value(3.0)
    >>> grads(x * x)[x], grads(x * x, "overwrite")[x]
    (6.0, 3.0)
    """
    return Pass(root, mistake).grads()


def grad_from(
    mistake: str | Mistake, node: Value, uses: Sequence[Value], upstream: Mapping[Value, float], root: Value
) -> float:
    """Return what a mistake gives for one node whose uses have these upstream gradients, right or not.

    `uses` are what was made from the node, in creation order. So an error made further up is not held against it.
    """
    mistake = mistake_named(mistake)
    own, aside = Shadow(node, (), mistake.number), Shadow(node, (), mistake.number)
    own.grad = 1.0 if node is root else 0.0
    parts = []
    for use in reversed(list(dict.fromkeys(uses))):
        parts.append(Shadow(use, tuple([own if x is node else aside for x in use.inputs]), mistake.number))
        parts[-1].local_grads, parts[-1].grad = mistake.slopes(use), upstream[use]
    for _ in chain_rule(parts):
        pass
    return mistake.reported(node, float(own.grad), examples(root) if mistake.is_reported else 1.0)
