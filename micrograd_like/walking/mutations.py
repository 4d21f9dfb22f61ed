"""The classical mistakes in a backward pass: each one changes a single part of the right rule, and runs on any graph.

The chain rule itself stays the engine's. A mistake is another kind of number for the gradients, another order,
another local derivative, another start, or another number written down in the end. To see one at work, read `walk`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from math import nan
from typing import Any, ClassVar

from ..engine import Value, backward_steps, chain_rule, history
from ..ops import exp, step, tanh

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
        near = get_close_matches(str(rule), RULES, 1) or ["overwrite"]
        raise ValueError(f"There is no rule {rule!r}. Write rule={near[0]!r}, or one of: {', '.join(RULES)}.")
    return RULES[rule]


class Pass:
    """A backward pass from `root` under a rule; iterating yields (node, input, position, local_grad, shadow of input).

    With `nodes`, the history of root, it need not be found again. Raises NoFiniteGradient as `backward` does.
    """

    def __init__(self, root: Value, rule: str | Rule = RIGHT, nodes: Sequence[Value] | None = None) -> None:
        self.root, self.rule = root, rule_named(rule)
        self.shadows: dict[Value, Shadow] = {}
        shadows = self.shadows
        for node in history(root) if nodes is None else nodes:
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
                raise OverflowError(
                    f"The rule {self.rule.name!r} needs more than {most} steps on this graph, for it goes along "
                    "every path. Use a smaller graph."
                )
        report, root = self.rule.report, self.root
        return {
            node: float(report(node, float(shadow.grad), root))
            for node, shadow in self.shadows.items()
            if not node.constant or shadow.grad
        }


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


# What is done with the contributions


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
    for node in reversed(history(root)):
        if (_is(node, "div") or _is(node, "mul")) and node.inputs[1].constant:
            n = node.inputs[1].data if _is(node, "div") else 1.0 / (node.inputs[1].data or 1.0)
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


# Which local derivatives


class Constants(Rule):
    name = "constants"
    idea = "A constant got a gradient; nothing can move it, so it has none."
    source = "karpathy/micrograd#17, on the exponent of a power"
    harmless = "there is no constant"

    def slopes(self, node: Value) -> tuple[float, ...]:
        slopes = node.op.local_grads(node.data, *[x.data for x in node.inputs]) if node.op else ()
        return tuple([new if x.constant else old for x, new, old in zip(node.inputs, slopes, node.local_grads)])


class Changed(Rule):
    name = "changed"
    idea = "The local derivatives were taken at numbers that were set afterwards; those of the forward pass count."
    source = "measured on micrograd, whose closures read .data during backward()"
    harmless = "no number was changed after it was used"

    def slopes(self, node: Value) -> tuple[float, ...]:
        slopes = node.op.local_grads(node.data, *[x.data for x in node.inputs]) if node.op else ()
        return tuple([0.0 if x.constant else slope for x, slope in zip(node.inputs, slopes)])


class SquareOnce(Rule):
    name = "square_once"
    idea = "a * a uses a twice: each use gives a contribution of a, together 2 * a."
    source = "karpathy/micrograd#72, #77"
    harmless = "no product has the same factor twice"

    def slopes(self, node: Value) -> tuple[float, ...]:
        same = _is(node, "mul") and node.inputs[0] is node.inputs[1]
        return (node.local_grads[0], 0.0) if same else node.local_grads


class DiagonalOnly(Rule):
    name = "diagonal_only"
    idea = "In a softmax every score moves every probability, for all share one sum; only its own was counted."
    source = "makemore, part 4, exercise 2"
    harmless = "no exponential is divided by a sum with others"

    def start(self, shadows: Mapping[Value, Shadow], root: Value) -> None:
        """Let nothing pass from a sum of exponentials to those of its terms that stand in it only."""
        uses: dict[Value, list[Value]] = {node: [] for node in shadows}
        for node in shadows:
            for x in node.inputs:
                uses[x].append(node)
        for node, shadow in shadows.items():
            if _is(node, "add") and all(map(_exponentials, node.inputs)):
                terms = zip(node.inputs, node.local_grads)
                shadow.local_grads = tuple(
                    [0.0 if _is(x, "exp") and not _stands_out(x, uses) else slope for x, slope in terms]
                )


def _is(node: Value, name: str) -> bool:
    return node.op is not None and node.op.name == name


def _exponentials(node: Value) -> bool:
    while _is(node, "add") and _is(node.inputs[1], "exp"):
        node = node.inputs[0]
    return _is(node, "exp")


def _stands_out(term: Value, uses: Mapping[Value, list[Value]]) -> bool:
    """Tell whether an exponential is divided, as in a softmax, or its score subtracted, as in cross-entropy."""
    [power] = term.inputs
    score = power.inputs[0] if _is(power, "sub") else power
    return any(_is(use, "div") for use in uses[term]) or any(
        _is(use, "sub") and use.inputs[1] is score for use in uses[score]
    )


class TargetForgotten(Rule):
    name = "target_forgotten"
    idea = "The part of the target is missing: for softmax with cross-entropy this gives p for p - y."
    source = "makemore, part 4, exercise 2"
    harmless = "no target is subtracted or picked out"

    def slopes(self, node: Value) -> tuple[float, ...]:
        if _is(node, "sub") and not _is(node.inputs[1], "maximum"):  # softmax subtracts the maximum for itself
            return (node.local_grads[0], 0.0)
        if _is(node, "div") and _is(node.inputs[0], "exp"):
            return (0.0, node.local_grads[1])
        return node.local_grads


class WrongSlope(Rule):
    """Another local derivative for an operation, written as the table writes its own."""

    operations: ClassVar[tuple[str, ...]] = ()
    rule: ClassVar[Callable[..., tuple[Any, ...]]]

    def written(self, node: Value) -> Callable[..., tuple[Any, ...]] | None:
        return type(self).rule if node.op and node.op.name in self.operations else None

    def slopes(self, node: Value) -> tuple[float, ...]:
        if not (rule := self.written(node)):
            return node.local_grads
        try:
            slopes = rule(node.data, *[x.data for x in node.inputs])
        except (ArithmeticError, ValueError):
            slopes = (nan,) * len(node.inputs)
        return tuple([0.0 if x.constant else float(slope) for x, slope in zip(node.inputs, slopes)])


def _wrong(
    name: str, operations: str, rule: Callable[..., tuple[Any, ...]], idea: str, source: str, harmless: str = ""
) -> None:
    harmless = harmless or f"there is no {' or '.join(operations.split())}"
    type(name, (WrongSlope,), {
        "name": name, "operations": tuple(operations.split()), "rule": staticmethod(rule),
        "idea": idea, "source": source, "harmless": harmless,
    })  # fmt: skip


# fmt: off
_wrong("mul_own", "mul", lambda out, a, b: (a, b),
    "Each factor was scaled by itself; the derivative of a product by one factor is the other one.",
    "gradients swapped", "both factors are equal")
_wrong("add_like_mul", "add", lambda out, a, b: (b, a),
    "A sum was treated as a product; a sum hands its gradient on unchanged.", "mul's rule pasted into add")
_wrong("add_own", "add", lambda out, a, b: (a, b),
    "A sum was scaled by its own terms; a sum hands its gradient on unchanged.", "mul's rule pasted into add")
_wrong("sub_sign", "sub", lambda out, a, b: (1.0, 1.0),
    "What is subtracted got a plus; raising it lowers the result.", "karpathy/micrograd#57, #58")
_wrong("sub_flipped", "sub", lambda out, a, b: (-1.0, 1.0),
    "Both signs are turned: for an error y - t this gives 2(t - y).", "2(t - y) for 2(y - t)")
_wrong("neg_sign", "neg", lambda out, a: (1.0,),
    "The minus was lost on the way back; a negation turns the sign of the gradient too.", "karpathy/micrograd#57")
_wrong("pow_keeps_power", "pow", lambda out, a, b: (b * a ** b, out),
    "The exponent came down, but one must be taken off above: n * x ** (n - 1).", "a distractor of calculus tests")
_wrong("pow_no_factor", "pow", lambda out, a, b: (a ** (b - 1.0), out),
    "One was taken off the exponent, but it must also come down as a factor: n * x ** (n - 1).",
    "a distractor of calculus tests; e for 2e in a squared error")
_wrong("exp_input", "exp", lambda out, a: (a,),
    "The input was taken; the slope of the exponential is its output.", "nn-zero-to-hero#52")
_wrong("exp_power_rule", "exp", lambda out, a: (a * exp(a - 1.0),),
    "The rule for powers was used; here the variable is above, and the slope is the output itself.",
    "a distractor of calculus tests")
_wrong("log_itself", "log", lambda out, a: (out,),
    "The logarithm itself was taken; its slope is one over the input.", "exp's rule pasted into log")
_wrong("log_over_output", "log", lambda out, a: (1.0 / out,),
    "One over the output was taken; the slope is one over the input.", "output and input exchanged")
_wrong("tanh_of_input", "tanh", lambda out, a: (1.0 - a ** 2,),
    "1 - t² wants the output t, not the input.", "not 1 - x²")
_wrong("tanh_no_square", "tanh", lambda out, a: (1.0 - out,),
    "The square is missing: the slope is 1 - t².", "tanh derivative as 1 - h")
_wrong("tanh_square_only", "tanh", lambda out, a: (out ** 2,),
    "The 1 - is missing: the slope is 1 - t².", "t² for 1 - t²")
_wrong("tanh_twice", "tanh", lambda out, a: (1.0 - tanh(out) ** 2,),
    "tanh was taken once more of what was a tanh already: the slope is 1 - t².", "1 - tanh(y)² with y the output")
_wrong("sigmoid_itself", "sigmoid", lambda out, a: (out,),
    "The output was handed back; the slope is s * (1 - s).", "just pass s(z) backward")
_wrong("sigmoid_of_input", "sigmoid", lambda out, a: (a * (1.0 - a),),
    "s * (1 - s) wants the output s, not the input.", "x * (1 - x)")
_wrong("relu_open", "relu", lambda out, a: (1.0,),
    "The gate was taken as open; at and below 0 nothing passes.",
    "pytorch/tutorials#269", "no relu is shut")
_wrong("relu_reversed", "relu", lambda out, a: (step(-a),),
    "The gate was taken the wrong way round: it is open above 0.", "blocks at z > 0")
_wrong("relu_scaled", "relu", lambda out, a: (out,),
    "The gradient was multiplied by the value; an open gate passes it whole.", "multiplies by z")
_wrong("max_both", "maximum minimum", lambda out, a, b: (1.0, 1.0),
    "Both got the gradient; only the one that won moves the result.", "gradient to both inputs of a max")
_wrong("div_sign", "div", lambda out, a, b: (1.0 / b, a / b ** 2),
    "The minus is missing: a larger divisor makes the quotient smaller.", "the sign in the quotient rule")
_wrong("div_no_square", "div", lambda out, a, b: (1.0 / b, -a / b),
    "The square is missing: by the divisor the slope is -a / b².", "the square in the quotient rule")
_wrong("div_divisor_fixed", "div", lambda out, a, b: (1.0 / b, 0.0),
    "The divisor was taken as fixed; it moves the quotient too, by -a / b².", "only the numerator was derived")
_wrong("abs_corner", "abs", lambda out, a: (step(a) - step(-a) + (1.0 - step(abs(a))),),
    "At the corner, 0, the slope was taken as 1; it is taken as 0, between -1 and 1.",
    "KhawajaAbaid/micrograd_c#4", "no input of abs is 0")
# fmt: on
