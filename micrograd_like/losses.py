"""Losses: how wrong one output is, and the average over the data set, which training makes small."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from typing import Any, Literal

from .base.checks import class_index, listing, plain, warn
from .engine import Value
from .functions import logsumexp, mean
from .ops import div, exp, log, relu, sigmoid, softplus

LossName = Literal["mse", "hinge", "bce", "bce_with_logits", "cross_entropy", "nll"]
LOSSES: dict[str, Loss] = {}


class Loss:
    """`loss.one(output, target)` is the loss of one example, `loss(outputs, targets)` the average, or cost.

    `classes` says that targets are classes; one output above `threshold` means the positive class.
    """

    function: Any
    threshold: float
    classes: bool
    name: str

    def __init__(self, one: Callable[..., Any], threshold: float, classes: bool) -> None:
        self.function, self.threshold, self.classes = one, threshold, classes
        self.name, self.__doc__ = one.__name__, one.__doc__
        LOSSES[self.name] = self

    def one(self, output: Any, target: Any, **options: Any) -> Any:
        """Return the loss of one example, whose output and target may be a row of an array."""
        return self.function(plain(output), plain(target), **options)

    def each(self, outputs: Sequence[Any], targets: Sequence[Any], **options: Any) -> list[Any]:
        """Return the loss of each example."""
        for name, given in ("outputs", outputs), ("targets", targets):
            if not hasattr(given, "__len__") or isinstance(given, str):
                raise TypeError(
                    f"{self.name} averages over examples, and its {name} are {given!r:.60}, not a list. "
                    f"Write {self.name}([output], [target]), or {self.name}.one(output, target) for one example."
                )
        check_lengths(outputs, targets)
        outputs, targets, losses = plain(outputs), plain(targets), []
        for i, (output, target) in enumerate(zip(outputs, targets)):
            try:
                losses.append(self.one(output, target, **options))
            except (TypeError, ValueError) as error:
                if type(error) in (TypeError, ValueError):  # an operation's own say where
                    raise type(error)(f"Example {i}: {error}") from None
                raise
        return losses

    def __call__(self, outputs: Sequence[Any], targets: Sequence[Any], **options: Any) -> Any:
        """Return the average loss, added up in the order of the examples."""
        return mean(self.each(outputs, targets, **options))

    def __repr__(self) -> str:
        return f"<loss {self.name}>"


def loss(threshold: float = 0.5, classes: bool = False) -> Callable[[Callable[..., Any]], Loss]:
    """Make a `Loss` of a function of one example, and enter it into LOSSES."""
    return lambda one: Loss(one, threshold, classes)


_ENDS = {"sigmoid": (-0.5, 1.5, "between 0 and 1"), "tanh": (-1.5, 1.5, "between -1 and 1")}


def _check_reach(output: Any, target: Any) -> None:
    """Warn of a target that the activation at the end never gives; a half beyond its range may be noise."""
    name = getattr(getattr(output, "op", None), "name", "")
    if name not in _ENDS or type(target) not in (int, float):
        return
    low, high, where = _ENDS[name]
    if not low <= target <= high:
        warn(
            f"{name} gives numbers {where}, and the target is {target}, so mse cannot come near 0. "
            "Scale the targets, or leave out the activation of the output."
        )


@loss()
def mse(output: Any, target: Any, half: bool = False) -> Any:
    """Squared error ‖output - target‖², of one number or added up over a vector.

    The average is 1/n Σ‖·‖²; with half=True it is 1/2n Σ‖·‖², whose derivative has no factor 2. PyTorch's
    mse_loss divides by the length of the vector as well.

    >>> mse([1.0, 2.0], [0.0, 4.0]), mse([[1.0, 2.0]], [[0.0, 4.0]], half=True)
    (2.5, 2.5)
    """
    pairs = [*zip(*_vectors(output, target))]
    for a, t in pairs:
        _check_reach(a, t)
    errors = [a - t for a, t in pairs]
    total = reduce(add, [error * error for error in errors])
    return total * 0.5 if half else total


@loss(threshold=0.0, classes=True)
def hinge(score: Any, label: Any) -> Any:
    """max(0, 1 - label * score): 0 once the score has the label's sign, -1 or 1, by a margin of 1."""
    _check_score(score, label, "hinge")
    if not (label == -1) | (label == 1):
        raise ValueError(
            f"hinge wants labels -1 and 1, and {label!r} was given. Write [2 * k - 1 for k in y] for classes 0 and 1."
        )
    return relu(1 - label * score)


@loss(classes=True)
def bce(probability: Any, target: Any) -> Any:
    """Binary cross-entropy -(y ln p + (1 - y) ln(1 - p)) of the probability of class 1, a sigmoid's output.

    A sure mistake has no finite loss; `bce_with_logits` takes the number before the sigmoid, and has one.
    """
    _check_score(probability, target, "bce")
    _check_probability(target)
    if not 0 <= probability <= 1:
        raise ValueError(
            f"bce takes a probability, and {probability:.4g} was given. Use output='sigmoid', or bce_with_logits."
        )
    if target == 1:
        return -log(probability)
    if target == 0:
        return -log(1.0 - probability)
    return -(target * log(probability) + (1.0 - target) * log(1.0 - probability))


@loss(threshold=0.0, classes=True)
def bce_with_logits(score: Any, target: Any) -> Any:
    """`bce(sigmoid(score), target)` in a form that never overflows: softplus(score) - y * score."""
    _check_score(score, target, "bce_with_logits")
    if isinstance(score, Value) and score.op is sigmoid:
        warn(
            "bce_with_logits was given the output of a sigmoid, and applies sigmoid itself, so it learns slowly. "
            "Leave the sigmoid out, or write losses.bce."
        )
    _check_probability(target)
    return softplus(score) - target * score


@loss(classes=True)
def cross_entropy(scores: Sequence[Any], target: Any) -> Any:
    """-Σ t ln softmax(scores), from scores as a linear layer gives them, in a form that never overflows.

    The target is a class, counted from 0, or a distribution over the classes, one-hot or any other.

    >>> cross_entropy([[2.0, 0.0]], [0]) == cross_entropy([[2.0, 0.0]], [[1.0, 0.0]])
    True
    """
    target = _class_or_distribution(scores, target, "cross_entropy")
    if _are_softmax(scores):
        warn(
            "cross_entropy was given the outputs of a softmax, and applies softmax itself, so it learns slowly. "
            "Leave the softmax out, or write losses.nll."
        )
    return logsumexp(scores) - (scores[target] if isinstance(target, int) else _expectation(scores, target))


@loss(classes=True)
def nll(probabilities: Sequence[Any], target: Any) -> Any:
    """Negative log-likelihood -Σ t ln p: `cross_entropy` from probabilities, a softmax's output."""
    target = _class_or_distribution(probabilities, target, "nll")
    if isinstance(target, int):
        return -log(probabilities[target])
    certain = [(log(p), t) for p, t in zip(probabilities, target) if t]  # 0 ln 0 is 0
    return -_expectation([x for x, _ in certain], [t for _, t in certain])


def _are_softmax(scores: Sequence[Any]) -> bool:
    """Whether the scores are e / total for exponentials e: they are a distribution already."""
    if not all(isinstance(s, Value) and s.op is div and s.inputs[0].op is exp for s in scores):
        return False
    return len(scores) > 1 and len({s.inputs[1] for s in scores}) == 1


def l2(parameters: Sequence[Any], strength: float = 1e-4) -> Any:
    """Return strength * Σ p²: added to the cost it keeps the parameters small."""
    return strength * reduce(add, [p * p for p in listing(parameters, "l2(model.parameters())")])


def argmax(xs: Sequence[Any]) -> int:
    """Return the index of the largest, the first of several.

    >>> argmax([0.1, 0.7, 0.2])
    1
    """
    if not len(listing(xs, "argmax([0.1, 0.7, 0.2])")):
        raise ValueError("argmax needs at least one number. Give a list that is not empty.")
    return max(range(len(xs)), key=lambda i: xs[i])


def accuracy(outputs: Sequence[Any], targets: Sequence[Any], threshold: float = 0.0) -> float:
    """Return the share of examples decided as their target is: a class, a distribution, or 1, 0 or -1.

    >>> accuracy([0.3, -2.0, 0.1], [1, -1, -1])
    0.6666666666666666
    """
    check_lengths(outputs, targets)
    outputs, targets = [plain(output) for output in plain(outputs)], [plain(target) for target in plain(targets)]
    right = [decide(output, threshold) == _label(target, output) for output, target in zip(outputs, targets)]
    return sum(right) / len(right)


def decide(output: Any, threshold: float = 0.0) -> int:
    """Return the class: the index of the largest of several outputs, or whether one is above `threshold`."""
    return argmax(output) if isinstance(output, list | tuple) else int(output > threshold)


def _label(target: Any, output: Any) -> int:
    if isinstance(target, list | tuple):
        return argmax(target)
    return class_index(target, len(output)) if isinstance(output, list | tuple) else int(target > 0)


def check_lengths(outputs: Sequence[Any], targets: Sequence[Any]) -> None:
    """Raise an error unless there is one target for each output, and at least one."""
    for xs in outputs, targets:
        listing(xs, "[output] and [target], also for one example")
    if len(outputs) != len(targets):
        raise ValueError(f"There are {len(outputs)} outputs and {len(targets)} targets. Give one target for each.")
    if not len(outputs):
        raise ValueError("There are no examples to average over. Give at least one output and its target.")


def _vectors(output: Any, target: Any) -> tuple[Sequence[Any], Sequence[Any]]:
    many, wanted = isinstance(output, list | tuple), isinstance(target, list | tuple)
    if not many and not wanted:
        return [output], [target]
    if many and wanted and len(output) == len(target) > 0:
        return output, target
    shown = f"{len(output)} outputs" if many else "one output"
    raise ValueError(f"The network has {shown}, and the target is {target!r}. Give one number for each output.")


def _check_score(score: Any, target: Any, name: str) -> None:
    if isinstance(score, list | tuple):
        raise ValueError(
            f"{name} takes one output, and {len(score)} were given. Use cross_entropy, or a last layer of 1 neuron."
        )
    if isinstance(target, list | tuple):
        raise ValueError(
            f"{name} takes one target for an example, and {target!r:.40} was given. "
            "Write [row[0] for row in y] in place of y, where y is a column."
        )


def _check_probability(target: Any) -> None:
    if not 0 <= target <= 1:
        raise ValueError(
            f"The target {target!r} is not 0, 1 or a probability between. Write [(k + 1) / 2 for k in y] for -1 and 1."
        )


def _class_or_distribution(scores: Any, target: Any, name: str) -> Any:
    """Return the target as an int, if it is a class, or as it is."""
    if not isinstance(scores, list | tuple):
        raise ValueError(
            f"{name} takes one output for each class, and one was given. Use bce, or a last layer of 2 neurons or more."
        )
    if not isinstance(target, list | tuple):
        return class_index(target, len(scores))
    numbers = [t.data if isinstance(t, Value) else t for t in target]  # floats, so that no comparison is a branch
    if len(numbers) != len(scores) or abs(sum(numbers) - 1) > 1e-9 or min(numbers) < 0:
        advice = "Give as many numbers, adding up to 1."
        if len(numbers) == 1:
            advice = "Where y is a column of classes, write [int(row[0]) for row in y] in place of y."
        raise ValueError(f"The target {target!r} is not a distribution over {len(scores)} classes. {advice}")
    return target


def _expectation(xs: Sequence[Any], weights: Sequence[float]) -> Any:
    return reduce(add, [t * x for x, t in zip(xs, weights)])
