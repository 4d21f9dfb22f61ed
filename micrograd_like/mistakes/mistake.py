"""What a mistake in a backward pass is: one entry, from which its Python, its JavaScript and its text are written.

An entry says in one sentence what its idea is, who made it and where it does no harm, and changes one part of the
right backward pass. What it computes is written in plain arithmetic, as the rules of the operations are, so that
numbers, formulas and the page can run it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite, nan
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from ..engine import Value
from ..ops import Op
from ..ops.notation import Written

Order = Literal["complete first", "depth first", "first reach", "forward", "every path"]
LocalRule = Callable[..., tuple[Any, ...]]  # local derivatives of an operation at (out, *inputs)
MISTAKES: dict[str, Mistake] = {}


class Dotted(Written):
    """A formula as a ledger holds it: 2 + b · 1."""

    def write(self, op: Op, *operands: Written) -> str:
        if op.name != "mul":
            return super().write(op, *operands)
        return " · ".join(x.within(self.tightness["mul"]) for x in operands)


class Gradient(float):
    """A gradient in the making: a sum that knows the contribution added last."""

    __slots__ = ("contribution",)
    contribution: float

    def __add__(self, contribution: float) -> Gradient:
        return self.become(float(self) + contribution, contribution)

    def become(self, number: float, contribution: float) -> Gradient:
        """Return the gradient that follows this one."""
        gradient = type(self)(number)
        gradient.contribution = contribution
        return gradient

    before: ClassVar[str] = "{before} + {product}"  # how the next gradient is computed from the one before
    product: ClassVar[str] = "{slope} · {upstream}"

    @classmethod
    def written(cls, before: str, slope: str, upstream: str) -> str:
        """Write how the next gradient is computed; `before` is "" if there was none."""
        product = cls.product.format(slope=slope, upstream=upstream)
        return cls.before.format(before=before, product=product) if before else product


def added(before: Any, contribution: Any) -> Any:
    """Return what becomes of a gradient to which a contribution comes, by the right rule."""
    return before + contribution


def multiplied(slope: Any, upstream: Any) -> Any:
    """Return a contribution, by the right rule."""
    return slope * upstream


def one(value: Any) -> Any:
    """Return the output's own gradient, by the right rule."""
    return value * 0.0 + 1.0


def unchanged(grad: Any, slope: Any, data: Any, lr: Any, n: Any) -> Any:
    """Return what is written down for a gradient, by the right rule."""
    return grad


def none_shut(node: Value) -> Iterable[int]:
    """Return the places of a node's inputs to which nothing passes, by the right rule."""
    return ()


@dataclass(frozen=True, eq=False)
class Mistake:
    """One part of the backward pass that is done otherwise; with none of the fields below `harmless`, the right pass.

    `accumulate` tells what becomes of a gradient, no longer 0, to which a contribution comes. `contribution` is made of
    the local derivative and the upstream gradient. `order` is the one in which nodes pass back. `keeps` names the nodes
    that still hold the gradient of a pass before. `seed` is the output's own gradient, made of its value. `report`
    is what is written down in the end, made of (gradient, own local derivative, value, lr, n examples).
    `local_rules` are other local derivatives, by operation; `shut` gives the inputs of a node to which nothing passes,
    `shut_around` likewise for what can be seen only with the uses of each node.
    """

    name: str
    idea: str
    source: str
    harmless: str = ""  # "It agrees with the right rule where ..."
    accumulate: Callable[[Any, Any], Any] = added
    contribution: Callable[[Any, Any], Any] = multiplied
    order: Order = "complete first"
    keeps: Literal["", "leaves", "inner", "all"] = ""
    seed: Callable[[Any], Any] = one
    report: Callable[[Any, Any, Any, Any, Any], Any] = unchanged
    local_rules: Mapping[str, LocalRule] = field(default_factory=lambda: MappingProxyType({}))
    shut: Callable[[Value], Iterable[int]] = none_shut
    shut_around: Callable[[Value, Mapping[Value, list[Value]]], Iterable[int]] | None = None
    constants: bool = False  # whether constants get a gradient
    changed: bool = False  # whether numbers count that were set after they were used
    lr: float = 0.1

    @property
    def is_whole(self) -> bool:
        """Whether it is one of the whole pass, its order or its start, and cannot be made at one node."""
        return bool(self.order != "complete first" or self.keeps or self.seed is not one or self.shut_around)

    @property
    def is_reported(self) -> bool:
        """Whether all is done rightly, and another number written down in the end."""
        return self.report is not unchanged

    @cached_property
    def number(self) -> type[Gradient]:
        """The kind of number that a gradient is."""
        if self.accumulate is added and self.contribution is multiplied:
            return Gradient
        accumulate, contribution = self.accumulate, self.contribution

        def add(self: Gradient, given: float) -> Gradient:
            return self.become(float(accumulate(float(self), given)) if self else given, given)

        def scaled(self: Gradient, slope: float) -> float:
            return float(contribution(slope, float(self)))

        texts = {
            "before": str(accumulate(Dotted("{before}"), Dotted("{product}"))),
            "product": str(contribution(Dotted("{slope}"), Dotted("{upstream}"))),
        }
        return type(self.name, (Gradient,), {"__slots__": (), "__add__": add, "__rmul__": scaled, **texts})

    def slopes(self, node: Value) -> tuple[float, ...]:
        """Return the local derivatives used for a node, as far as they do not depend on the graph around it."""
        slopes = node.local_grads
        if node.op is None:
            return slopes
        numbers = node.data, *[x.data for x in node.inputs]
        if self.constants or self.changed:
            now = node.op.local_grads(*numbers)
            slopes = tuple([x if i.constant is self.constants else y for i, x, y in zip(node.inputs, now, slopes)])
        elif rule := self.local_rules.get(node.op.name):
            try:
                found = rule(*numbers)
            except (ArithmeticError, ValueError):
                found = (nan,) * len(node.inputs)
            slopes = tuple([0.0 if x.constant else float(slope) for x, slope in zip(node.inputs, found)])
        if places := [*self.shut(node)]:
            slopes = tuple([0.0 if i in places else slope for i, slope in enumerate(slopes)])
        return slopes

    def written(self, node: Value) -> LocalRule | None:
        """Return how the mistake writes a node's local derivatives, or None for the table's own."""
        return self.local_rules.get(node.op.name) if node.op else None

    def reported(self, node: Value, grad: float, n: float = 1.0) -> float:
        """Return what is written down for a node in the end; nan if that cannot be computed."""
        if self.report is unchanged:
            return grad
        own = next((slope for x, slope in zip(node.inputs, node.local_grads) if not x.constant), 1.0)
        try:
            number = float(self.report(grad, own, node.data, self.lr, n))
        except ArithmeticError:
            return nan
        return number if isfinite(number) else nan

    def __repr__(self) -> str:
        return f"<mistake {self.name}: {self.idea}>"


RIGHT = Mistake(
    "right", "Each node's gradient is the sum, over its uses, of local derivative times upstream gradient.",
    "Rumelhart, Hinton and Williams, Nature 323, 1986",
)  # fmt: skip


def enter(name: str, idea: str, source: str, harmless: str, **parts: Any) -> None:
    """Enter a mistake into the list, under its name."""
    if name in MISTAKES or name == RIGHT.name:
        raise ValueError(f"There is a mistake called {name!r} already. Give this one another name.")
    MISTAKES[name] = Mistake(name, idea, source, harmless, **parts)


def mistake_named(mistake: str | Mistake) -> Mistake:
    """Return the mistake of this name, "right" for none; an unknown one is refused with those that are known."""
    if isinstance(mistake, Mistake):
        return mistake
    if mistake == RIGHT.name:
        return RIGHT
    if mistake not in MISTAKES:
        from difflib import get_close_matches

        near = get_close_matches(str(mistake), MISTAKES, 1) or ["overwrite"]
        raise ValueError(
            f"There is no rule {mistake!r}. Write rule={near[0]!r}, or one of: {', '.join([RIGHT.name, *MISTAKES])}."
        )
    return MISTAKES[mistake]


def made_by(node: Value, *names: str) -> bool:
    """Tell whether an operation of this name, or of one of these names, made the node."""
    return node.op is not None and node.op.name in names
