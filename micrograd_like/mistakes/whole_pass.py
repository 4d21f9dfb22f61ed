"""The classical mistakes in a backward pass: each one changes a single part of the right rule, and runs on any graph.

Those in a local derivative are in `wrong_slopes`. To see one at work, read `walk`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import nan

from ..engine import Value, topological_order
from .passes import MOST_STEPS, Gradient, Pass, Rule, Shadow, along_every_path, made_by

# What is done with the contributions


class Overwritten(Gradient):
    def __add__(self, contribution: float) -> Gradient:
        return self.become(contribution, contribution)

    @staticmethod
    def written(before: str, slope: str, upstream: str) -> str:
        return f"{slope} · {upstream}"


class Kept(Gradient):
    def __add__(self, contribution: float) -> Gradient:
        return self.become(float(self) if self else contribution, contribution)

    @staticmethod
    def written(before: str, slope: str, upstream: str) -> str:
        return before or f"{slope} · {upstream}"


class Multiplied(Gradient):
    def __add__(self, contribution: float) -> Gradient:
        return self.become(float(self) * contribution if self else contribution, contribution)

    @staticmethod
    def written(before: str, slope: str, upstream: str) -> str:
        return f"{before} · {slope} · {upstream}" if before else f"{slope} · {upstream}"


class WithoutUpstream(Gradient):
    def __rmul__(self, local_grad: float) -> float:
        return local_grad

    @staticmethod
    def written(before: str, slope: str, upstream: str) -> str:
        return f"{before} + {slope}" if before else slope


class WithoutLocal(Gradient):
    def __rmul__(self, local_grad: float) -> float:
        return float(self)

    @staticmethod
    def written(before: str, slope: str, upstream: str) -> str:
        return f"{before} + {upstream}" if before else upstream


class Overwrite(Rule):
    name = "overwrite"
    idea = "`=` for `+=`: a later contribution replaces the earlier ones, though each use adds to the effect."
    source = "CS231n notes, Backpropagation: use += instead of =, otherwise we would overwrite it"
    harmless = "no node is used more than once"
    number = Overwritten


class FirstPath(Rule):
    name = "first_path"
    idea = "Stopped at the first use found: the effect through the other uses is missing."
    source = "PyTorch forum 107728; forgetting to sum over the uses is a common error"
    harmless = "no node is used more than once"
    number = Kept


class Multiply(Rule):
    name = "multiply"
    idea = "Contributions were multiplied with each other; along a path one multiplies, over the paths one adds."
    source = "karpathy/micrograd#72"
    harmless = "no node is used more than once"
    number = Multiplied


class NoUpstream(Rule):
    name = "no_upstream"
    idea = "Only the local derivative: it must still be multiplied by the gradient that comes from above."
    source = "a frequent error in lecture notes on backpropagation; micrograd's `out.grad` left out"
    harmless = "every upstream gradient happens to be 1"
    number = WithoutUpstream


class NoLocal(Rule):
    name = "no_local"
    idea = "The gradient was passed straight through; it must be multiplied by the local derivative."
    source = "triwei.ai: forgetting to multiply by the activation derivative"
    harmless = "every local derivative happens to be 1, as in a sum"
    number = WithoutLocal


# In which order


def _depth_first(root: Shadow, once: bool) -> Iterator[Shadow]:
    seen: set[Shadow] = set()
    todo = [root]
    while todo:
        node = todo.pop()
        if node not in seen or not once:
            seen.add(node)
            yield node
            todo.extend(reversed(node.inputs))


class DepthFirst(Rule):
    name = "depth_first"
    idea = "Each node hands on at once, every time something arrives: what arrived before is sent again."
    source = "karpathy/micrograd#64, #68, #91, #96; SethHWeidman/DLFS_code#13 (28 for 24)"
    harmless = "no inner node is used more than once"

    def order(self, nodes: Sequence[Shadow]) -> Iterable[Shadow]:
        return _depth_first(nodes[-1], once=False)


class FirstReach(Rule):
    name = "first_reach"
    idea = "Each node hands on once, but when it is first reached: what arrives later is not handed on any more."
    source = "karpathy/micrograd#21, #23"
    harmless = "no inner node is used more than once"

    def order(self, nodes: Sequence[Shadow]) -> Iterable[Shadow]:
        return _depth_first(nodes[-1], once=True)


class NotReversed(Rule):
    name = "not_reversed"
    idea = "The nodes were taken in the forward order: each hands on before anything has arrived."
    source = "the topological list of micrograd's backward() without reversed()"
    harmless = "there is a single operation"

    def order(self, nodes: Sequence[Shadow]) -> Iterable[Shadow]:
        return nodes


class NoVisited(Rule):
    name = "no_visited"
    idea = "The list of nodes holds a node once for each path to it: it hands on as often."
    source = "tinygrad#165: remove `visited`; it can have diamonds"
    harmless = "no inner node is used more than once"

    def order(self, nodes: Sequence[Shadow]) -> Iterable[Shadow]:
        """Yield the postorder reversed: by (node, or None before its inputs)."""
        listed: list[Shadow] = []
        todo: list[tuple[Shadow, bool]] = [(nodes[-1], False)]
        while todo and len(listed) <= MOST_STEPS:
            node, ready = todo.pop()
            if ready:
                listed.append(node)
            else:
                todo.append((node, True))
                todo.extend([(x, False) for x in reversed(node.inputs)])
        if todo:
            raise along_every_path(self)
        return reversed(listed)


# From where it starts


def _rest(shadows: Mapping[Value, Shadow], root: Value, keep: Callable[[Value], bool]) -> None:
    """Leave the gradients of an earlier pass in the nodes to keep."""
    for node, grad in Pass(root, nodes=list(shadows)).grads().items():
        if node is not root and keep(node):
            shadows[node].grad = grad


class NoZero(Rule):
    name = "no_zero"
    idea = "The gradients of the pass before were not cleared: backward() adds to what it finds in a leaf."
    source = "karpathy/micrograd#53, #63: 1.0 becomes 3.0; PyTorch forum 107728"
    harmless = "the gradients from before are 0"

    def start(self, shadows: Mapping[Value, Shadow], root: Value) -> None:
        _rest(shadows, root, lambda node: not node.inputs)


class NoZeroInside(Rule):
    name = "no_zero_inside"
    idea = "Leaves were cleared, but inner nodes kept their gradients from the pass before and send them again."
    source = "karpathy/micrograd#102: zero_grad() only zeros the leaf nodes; x*x*x at 3 gives 45 for 27"
    harmless = "no inner node lies between the leaves and the output"

    def start(self, shadows: Mapping[Value, Shadow], root: Value) -> None:
        _rest(shadows, root, lambda node: bool(node.inputs))


class NoZeroAnywhere(Rule):
    name = "no_zero_anywhere"
    idea = "Nothing was cleared, neither leaves nor inner nodes: old gradients stay, and are sent again."
    source = "micrograd's backward() called twice"
    harmless = "the gradients from before are 0"

    def start(self, shadows: Mapping[Value, Shadow], root: Value) -> None:
        _rest(shadows, root, lambda node: True)


class NoSeed(Rule):
    name = "no_seed"
    idea = "The output's own gradient was not set to 1, so that every product is 0."
    source = "karpathy/micrograd#30; nn-zero-to-hero#40"
    harmless = "every gradient is 0 anyway"

    def start(self, shadows: Mapping[Value, Shadow], root: Value) -> None:
        shadows[root].grad = 0.0


class SeedIsValue(Rule):
    name = "seed_is_value"
    idea = "The pass started from the output's value; it starts from dL/dL, which is 1."
    source = "nn-zero-to-hero#80, #81"
    harmless = "the output happens to be 1"

    def start(self, shadows: Mapping[Value, Shadow], root: Value) -> None:
        shadows[root].grad = root.data


# What is written down in the end


class Negated(Rule):
    name = "negated"
    idea = "The sign is turned: a minus was lost, or that of the descent was built in, which the update puts there."
    source = "karpathy/micrograd#57"
    harmless = "every gradient is 0"

    def report(self, node: Value, grad: float, root: Value) -> float:
        return -grad


class Update(Rule):
    name = "update"
    idea = "This is the step -lr * grad, which gradient descent takes; the gradient itself has no learning rate."
    source = "the gradient mistaken for the update"
    harmless = "every gradient is 0"

    def __init__(self, lr: float = 0.1) -> None:
        self.lr = lr

    def report(self, node: Value, grad: float, root: Value) -> float:
        return -self.lr * grad


class Updated(Update):
    name = "updated"
    idea = "This is the value after the step, x - lr * grad; the gradient is only what the step is made of."
    source = "the gradient mistaken for the updated weight"
    harmless = "it never agrees, but by chance"

    def report(self, node: Value, grad: float, root: Value) -> float:
        return node.data - self.lr * grad


class Inverted(Rule):
    name = "inverted"
    idea = "The wrong way round: how the node would follow the output, not how the output follows the node."
    source = "the chain rule written upside down, dx/dL for dL/dx"
    harmless = "every gradient is 1 or -1"

    def report(self, node: Value, grad: float, root: Value) -> float:
        return 1.0 / grad if grad else nan


class StepTooFar(Rule):
    name = "step_too_far"
    idea = "The node's own local derivative was multiplied on as well: that belongs to the gradient of its input."
    source = "the gradient of a node confused with the derivative of its own operation"
    harmless = "every local derivative is 1"

    def report(self, node: Value, grad: float, root: Value) -> float:
        slopes = [slope for x, slope in zip(node.inputs, node.local_grads) if not x.constant]
        return grad * slopes[0] if slopes else grad


def examples(root: Value) -> float:
    """Return over how many the output is a mean: the whole constant that it is last divided by, else 1."""
    for node in reversed(topological_order(root)):
        if (made_by(node, "div") or made_by(node, "mul")) and node.inputs[1].constant:
            n = node.inputs[1].data if made_by(node, "div") else 1.0 / (node.inputs[1].data or 1.0)
            if n > 1.0 and abs(n - round(n)) < 1e-9:
                return float(round(n))
    return 1.0


class ForgotMean(Rule):
    name = "times_n"
    idea = "The 1/n of the mean is missing: this is the gradient of the sum."
    source = "forgetting the 1/n of a mean loss"
    harmless = "the output is not divided by a whole number"

    def report(self, node: Value, grad: float, root: Value) -> float:
        return grad * examples(root)


class MeanTwice(Rule):
    name = "over_n"
    idea = "Divided by n once more than the loss does."
    source = "texts disagree whether a loss is a sum or a mean"
    harmless = "the output is not divided by a whole number"

    def report(self, node: Value, grad: float, root: Value) -> float:
        return grad / examples(root)


class Twice(Rule):
    name = "double"
    idea = "A factor 2 too many: the 1/2 that some write before a squared error cancels it, or is not in this loss."
    source = "texts disagree: 1/2, 1/n or 1/2n before the sum of squares"
    harmless = "every gradient is 0"

    def report(self, node: Value, grad: float, root: Value) -> float:
        return 2.0 * grad


class Half(Rule):
    name = "half"
    idea = "The factor 2 of a square is missing, as if the loss had a 1/2 before it."
    source = "half the right size: the 1/2 of another text's squared error"
    harmless = "every gradient is 0"

    def report(self, node: Value, grad: float, root: Value) -> float:
        return grad / 2.0
