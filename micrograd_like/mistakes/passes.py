"""What a rule of the backward pass is, the right one or a wrong one, and a pass under it that leaves the nodes alone.

The chain rule itself stays the engine's. A wrong rule is another kind of number for the gradients, another order,
another local derivative, another start, or another number written down in the end: see `mutations`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..engine import Value, backward_steps, chain_rule, topological_order

RULES: dict[str, Rule] = {}
MOST_STEPS = 100_000  # a pass without memory takes as many steps as there are paths


class Gradient(float):
    """A gradient in the making: a sum that knows the contribution added last."""

    __slots__ = ("contribution",)
    contribution: float

    def __add__(self, contribution: float) -> Gradient:
        return self.become(float(self) + contribution, contribution)

    @staticmethod
    def written(before: str, slope: str, upstream: str) -> str:
        """Write how the next gradient is computed; `before` is "" if there was none."""
        return f"{before} + {slope} · {upstream}" if before else f"{slope} · {upstream}"

    def become(self, number: float, contribution: float) -> Gradient:
        """Return the gradient that follows this one."""
        gradient = type(self)(number)
        gradient.contribution = contribution
        return gradient


class Shadow:
    """Stands for a node in a backward pass, so that the node's own grad stays as it is."""

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


class Rule:
    """The right rule. A mistake says in one sentence what its idea is, who made it, and where it does no harm."""

    name: str = "right"
    idea: str = "Each node's gradient is the sum, over its uses, of local derivative times upstream gradient."
    source: str = "Rumelhart, Hinton and Williams, Nature 323, 1986"
    harmless: str = ""  # "It agrees with the right rule where ..."
    number: type[Gradient] = Gradient

    def __init_subclass__(cls) -> None:
        if cls.name != Rule.name:
            RULES[cls.name] = cls()

    def order(self, nodes: Sequence[Shadow]) -> Iterable[Shadow] | None:
        """Return the nodes in the order in which they hand on their gradients, or None for the engine's own."""
        return None

    def slopes(self, node: Value) -> tuple[float, ...]:
        """Return the local derivatives used for a node."""
        return node.local_grads

    def written(self, node: Value) -> Callable[..., tuple[Any, ...]] | None:
        """Return how this rule writes a node's local derivatives, or None for the table's own."""
        return None

    def start(self, shadows: Mapping[Value, Shadow], root: Value) -> None:
        """Set the gradients from which the pass starts, where they are not 0, and 1 for the root."""

    def report(self, node: Value, grad: float, root: Value) -> float:
        """Return what is written down for a node in the end."""
        return grad

    def __repr__(self) -> str:
        return f"<rule {self.name}: {self.idea}>"


RIGHT = RULES["right"] = Rule()


def rule_named(rule: str | Rule) -> Rule:
    """Return the rule of this name; an unknown one is refused with those that are known."""
    if isinstance(rule, Rule):
        return rule
    if rule not in RULES:
        from difflib import get_close_matches

        near = get_close_matches(str(rule), RULES, 1) or ["overwrite"]
        raise ValueError(f"There is no rule {rule!r}. Write rule={near[0]!r}, or one of: {', '.join(RULES)}.")
    return RULES[rule]


def made_by(node: Value, name: str) -> bool:
    """Tell whether an operation of this name made the node."""
    return node.op is not None and node.op.name == name


class Pass:
    """A backward pass from `root` under a rule; iterating yields (node, input, position, local_grad, shadow of input).

    With `nodes`, its topological order, that need not be found again. Raises NoFiniteGradientError as `backward` does.
    """

    def __init__(self, root: Value, rule: str | Rule = RIGHT, nodes: Sequence[Value] | None = None) -> None:
        self.root, self.rule = root, rule_named(rule)
        self.shadows: dict[Value, Shadow] = {}
        shadows = self.shadows
        for node in topological_order(root) if nodes is None else nodes:
            shadows[node] = Shadow(node, tuple([shadows[x] for x in node.inputs]), self.rule.number)
        stand: Any = shadows[root]
        self._steps: Iterator[tuple[Any, Any, float]] = backward_steps(stand)  # what it refuses, no mistake repairs
        if self.rule is not RIGHT:
            for node, shadow in shadows.items():
                shadow.local_grads = self.rule.slopes(node)
            self.rule.start(shadows, root)
            if order := self.rule.order(list(shadows.values())):
                self._steps = chain_rule(order)

    def __iter__(self) -> Iterator[tuple[Value, Value, int, float, Shadow]]:
        last, position = self.shadows[self.root], -1
        for shadow, input, local_grad in self._steps:
            position = position + 1 if shadow is last and position + 1 < len(shadow.inputs) else 0
            last = shadow
            yield shadow.node, input.node, position, local_grad, input

    def upstream(self, node: Value) -> float:
        """Return the gradient that a node hands on now."""
        return float(self.shadows[node].grad)

    def grads(self) -> dict[Value, float]:
        """Return what the rule gives for every node that can have a gradient, running to the end."""
        most = max(MOST_STEPS, sum([len(node.inputs) for node in self.shadows]))
        for i, _ in enumerate(self):
            if i >= most:
                raise along_every_path(self.rule, most)
        report, root = self.rule.report, self.root
        return {
            node: float(report(node, float(shadow.grad), root))
            for node, shadow in self.shadows.items()
            if not node.constant or shadow.grad
        }


def along_every_path(rule: Rule, most: int = MOST_STEPS) -> OverflowError:
    """Return the error for a rule that takes a step for each path, where there are too many."""
    return OverflowError(
        f"The rule {rule.name!r} needs more than {most} steps on this graph, because it goes along every path. "
        "Use a smaller graph."
    )


def grads(root: Value, rule: str | Rule = RIGHT) -> dict[Value, float]:
    """Return d(root)/d(node) for every node as a rule gives it; no grad of the nodes changes.

    >>> x = Value(3.0)
    >>> grads(x * x)[x], grads(x * x, "overwrite")[x]
    (6.0, 3.0)
    """
    return Pass(root, rule).grads()


def grad_from(
    rule: str | Rule, node: Value, uses: Sequence[Value], upstream: Mapping[Value, float], root: Value
) -> float:
    """Return what a rule gives for one node whose uses have these upstream gradients, right or not.

    `uses` are what was made from the node, in creation order. So an error made further up is not held against it.
    """
    rule = rule_named(rule)
    own, aside = Shadow(node, (), rule.number), Shadow(node, (), rule.number)
    own.grad = 1.0 if node is root else 0.0
    parts = []
    for use in reversed(list(dict.fromkeys(uses))):
        parts.append(Shadow(use, tuple([own if x is node else aside for x in use.inputs]), rule.number))
        parts[-1].local_grads, parts[-1].grad = rule.slopes(use), upstream[use]
    for _ in chain_rule(parts):
        pass
    return float(rule.report(node, float(own.grad), root))
