"""Build the engine yourself: the learner's code is run, held against ours, and its bug is named.

The code runs as a notebook runs it: in this process, with all its rights; it is not a sandbox. Only a loop in Python
that does not end is ended.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from math import isclose, isfinite
from types import FunctionType
from typing import Any

from ..engine import Value
from ..graph.gradcheck import Slope, compare, grade
from ..mistakes.mistake import MISTAKES, LocalRule
from ..ops import OPS, Op
from ..ops.notation import short
from . import engines
from .bugs import GRAPHS, MakesGraph, Nodes
from .concepts import SMALL, Dice
from .exercise import Exercise
from .marking import Mark, Marking
from .running import NOT_THEIRS, WrongError, crash, message_of, patience
from .whole_class import check_class, check_value, failed, first_failure, on_graphs

HELPERS = ("backward", "backward_steps", "chain_rule", "gradients", "grads")  # what does the work for a learner


class Skeleton:
    """A Value of the lecture without its multiplication, for the learner to write."""

    data: float
    grad: float

    def __init__(self, data: float, _children: Iterable[Skeleton] = (), _op: str = "") -> None:
        self.data, self.grad, self._prev, self._op = float(data), 0.0, tuple(_children), _op
        self._backward: Callable[[], None] = lambda: None

    def __add__(self, other: Any) -> Any:
        other = other if isinstance(other, Skeleton) else type(self)(other)
        out = type(self)(self.data + other.data, (self, other), "+")

        def _backward() -> None:
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    __radd__ = __add__

    def backward(self) -> None:
        """Hand the gradients on, each node after all of its uses."""
        order: list[Skeleton] = []
        seen: set[Skeleton] = set()
        todo: list[tuple[Skeleton, bool]] = [(self, False)]
        while todo:
            node, ready = todo.pop()
            if ready:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                todo += [(node, True), *[(x, False) for x in node._prev]]
        self.grad = 1.0
        for node in reversed(order):
            node._backward()


def check_mul(mul: Callable[[Any, Any], Any]) -> Marking:
    """Mark a `__mul__` in the lecture's style, written for a class that has all else, `Skeleton`.

    The name Value means that class in it.
    """
    cls: Any = type("Value", (Skeleton,), {})
    if isinstance(mul, FunctionType):
        names = mul.__globals__ | {"Value": cls}
        mul = FunctionType(mul.__code__, names, mul.__name__, mul.__defaults__, mul.__closure__)
    cls.__mul__ = cls.__rmul__ = mul
    return check_class(cls, [key for key in GRAPHS if "*" in key], ["a * 2"])


def check_backward(backward: Callable[[Value], object]) -> Marking:
    """Mark a function that fills in the `grad` of every node, from `inputs` and `local_grads` alone.

    It is given the output of a graph of our Values, whose gradients are all 0.
    """

    def gradients(program: MakesGraph, data: Iterable[float], nodes: Nodes, value: float) -> dict[str, float]:
        leaves = {name: Value(x, name) for name, x in zip("ab", data)}
        out = program(*leaves.values())
        with no_help():
            backward(out)
        return {name: float((leaves | {"out": out})[name].grad) for name in nodes}

    def run(plan: engines.Blueprint, salt: int) -> tuple[float, dict[str, float]]:
        leaves = [Value(x) for x in plan.leaves]
        out = plan.build(leaves)
        with patience(), no_help():
            backward(out)
        return out.data, {name: float(x.grad) for name, x in zip(engines.LETTERS, leaves)}

    marking = on_graphs(GRAPHS, gradients)
    if not marking:
        return marking
    key = f"{engines.GRAPHS} random graphs"
    failure = first_failure(run, ["sub", "tanh", "relu", "pow"])
    marks = [*marking.marks.values(), Mark(key, "wrong" if failure else "right", "", "not looked at: a second call")]
    return Marking(marks, [failed(key, *failure)] if failure else [])


@contextmanager
def no_help() -> Iterator[None]:
    """Refuse code that calls the library's own backward pass instead of doing it."""
    called = False
    before = sys.getprofile()

    def watch(frame: Any, event: str, argument: Any) -> None:
        nonlocal called
        name = getattr(argument, "__name__", "") if event == "c_call" else frame.f_code.co_name
        ours = event == "c_call" or (event == "call" and frame.f_code.co_filename.startswith(NOT_THEIRS[0]))
        called |= ours and name in HELPERS

    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(before)
    if called:
        raise WrongError("", "It calls the library's own backward pass. Write the chain rule yourself.")


def check_rule(op: str | Op, rule: Callable[..., Any]) -> Marking:
    """Mark local derivatives of an operation, a function of (output, *inputs): nudging decides.

    >>> print(check_rule("tanh", lambda out, a: 1 - a**2).mistakes)
    ['tanh_of_input']
    """
    op = OPS[op] if isinstance(op, str) else op

    def slopes(out: float, *numbers: float) -> tuple[Any, ...]:
        with patience():  # around nothing else: what we import and compute is not the learner's time
            found = rule(out, *numbers)
        found = tuple(found) if isinstance(found, tuple | list) else (found,)
        if None in found:
            raise WrongError("returns_nothing", "The rule returned None.")
        if len(found) != len(numbers):
            raise WrongError("too_few", f"The rule returned {len(found)} for {len(numbers)} inputs.")
        return found

    try:
        simple = [max(min(x, high), low) for x, (low, high) in zip((0.5, 1.5, 2.5), op.sample)]
        report = compare(slopes(op.value(*simple), *simple), op, simple, "abc")
        report.extend(grade(op, slopes))
    except Exception as error:
        mark, message = crash(op.name, error)
        return Marking([mark], [message])
    bad = next((slope for slope in report if not slope), None)
    if bad is None:
        return Marking([Mark(op.name, "right", "", op.why)], [])
    samples = [[low + (high - low) * t for (low, high), t in zip(op.sample, (p, 1 - p, p))] for p in (0.23, 0.41, 0.77)]
    wrongs = {name: wrong for name, x in MISTAKES.items() if (wrong := x.local_rules.get(op.name))}
    named = [name for name, wrong in wrongs.items() if _same_rule(wrong, op, slopes, samples)]
    return Marking([Mark(op.name, "wrong")], [message_of([op.name], named, _told(bad), f"Redo {op.name}.", op.why)])


def _told(slope: Slope) -> str:
    """Return what nudging found where a claim is wrong."""
    return (
        f"At {slope.at} your d/d{slope.name} is {short(slope.claimed)}, and nudging measures {short(slope.measured)}."
    )


def _same_rule(wrong: LocalRule, op: Op, slopes: LocalRule, samples: Iterable[list[float]]) -> bool:
    for numbers in samples:
        with suppress(ArithmeticError, ValueError):
            out = op.value(*numbers)
            pairs = zip(slopes(out, *numbers), wrong(out, *numbers))
            if not all(isclose(x, y, rel_tol=1e-9) for x, y in pairs if isfinite(y)):
                return False
    return True


def mlp(seed: int = 0) -> Exercise:
    """Return the graph of a two-layer network with one example, tanh(w1*x1 + w2*x2 + b1) * w3 + b2, squared error."""
    leaves = Dice(3, "mlp", seed).leaves("x1 x2 w1 w2 b1 w3 b2 t", SMALL | {3: (*SMALL[2], *SMALL[3])})
    x1, x2, w1, w2, b1, w3, b2, t = leaves
    z = w1 * x1 + w2 * x2 + b1
    h = z.tanh()
    y = h * w3 + b2
    e = y - t
    loss = e * e
    for label, node in {"z": z, "h": h, "y": y, "e": e, "loss": loss}.items():
        node.label = label
    return Exercise(loss, [w1, w2, b1, w3, b2, z, h, y, e], title="a manual backward pass", names={})


def check_manual(backward: Callable[[dict[str, float]], Mapping[str, float]]) -> Marking:
    """Mark a backward pass written by hand for the network of `mlp`, at three sets of numbers.

    It is given all values of the forward pass by name, and returns gradients by name: those of w1, w2, b1, w3 and
    b2, and if it likes those of z, h, y and e, which help to find a slip.
    """
    marking = Marking([Mark("w1", "not yet")], [])
    for seed in range(3):
        ex = mlp(seed)
        wanted = ["w1", "w2", "b1", "w3", "b2"]
        try:
            with patience():
                found = dict(backward({name: node.data for node, name in ex.task.names.items()}) or {})
            known = {name: float(x) for name, x in found.items() if name in ex.questions}
        except Exception as error:
            mark, message = crash("backward", error)
            return Marking([mark], [message])
        ask = [*wanted, *(name for name in known if name not in wanted)]
        marking = Exercise(ex.root, ask, title=ex.title, names={}).check(known)
        if not marking:
            return marking
    return marking


__all__ = ["Skeleton", "check_backward", "check_manual", "check_mul", "check_rule", "check_value", "mlp"]
