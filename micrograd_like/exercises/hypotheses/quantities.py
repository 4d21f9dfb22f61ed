"""Other quantities written down for a gradient: a multiple, a value, a number from elsewhere on the sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import nan, sqrt
from typing import Any

from ...engine import Value
from .sheet import Form, Hypothesis, Sheet, finite

MANY = 20  # nodes, from which on only what is likelier is tried: a check of 30 nodes must be quick


@dataclass(frozen=True)
class _Written:
    """A node's gradient, as it follows from the learner's answers, written down otherwise."""

    made: Callable[[float, Value, Sheet], float]

    def of(self, g: float, x: Value, sheet: Sheet) -> float:
        """Return what is written down for this gradient."""
        return float(finite(self.made, g, x, sheet))

    def __call__(self, x: Value, sheet: Sheet, answers: Mapping[Value, float]) -> float:
        return self.of(sheet.own[x].at(answers), x, sheet)


def _slope(x: Value) -> float:
    return next((s for y, s in zip(x.inputs, x.local_grads) if not y.constant), nan)


WRITTEN: tuple[tuple[str, str, float, Callable[[float, Value, Sheet], float]], ...] = (
    ("times_value", "the gradient times the node's own value", 5.0, lambda g, x, sheet: g * x.data),
    ("over_value", "the gradient divided by the node's own value", 6.0, lambda g, x, sheet: g / x.data),
    ("plus_value", "the gradient plus the node's value", 5.5, lambda g, x, sheet: g + x.data),
    ("minus_value", "the gradient minus the node's value", 6.5, lambda g, x, sheet: g - x.data),
    ("value_minus", "the node's value minus the gradient", 6.0, lambda g, x, sheet: x.data - g),
    ("value_over", "the node's value divided by the gradient", 7.0, lambda g, x, sheet: x.data / g),
    ("value", "the value, not the gradient", 4.0, lambda g, x, sheet: x.data),
    ("minus_the_value", "the value with its sign turned", 6.5, lambda g, x, sheet: -x.data),
    ("uphill", "the value after a step uphill", 5.0, lambda g, x, sheet: x.data + sheet.task.lr * g),
    ("downhill", "the value after a step of descent", 5.0, lambda g, x, sheet: x.data - sheet.task.lr * g),
    ("minus_lr_times", "minus the learning rate times the gradient", 5.0, lambda g, x, sheet: -sheet.task.lr * g),
    ("value_minus_lr", "the value minus the learning rate", 6.5, lambda g, x, sheet: x.data - sheet.task.lr),
    ("minus_gradient_plus", "1 minus the gradient", 7.0, lambda g, x, sheet: 1.0 - g),
    ("over_lr", "the gradient divided by the learning rate", 7.0, lambda g, x, sheet: g / sheet.task.lr),
    ("minus_the_output", "the gradient minus the output's value", 7.5, lambda g, x, sheet: g - sheet.root.data),
    ("lr_times", "the learning rate times the gradient", 5.0, lambda g, x, sheet: sheet.task.lr * g),
    ("absolute_gradient", "the gradient without its sign", 5.5, lambda g, x, sheet: abs(g)),
    ("gradient_squared", "the gradient squared", 6.0, lambda g, x, sheet: g * g),
    ("gradient_root", "the root of the gradient", 7.0, lambda g, x, sheet: sqrt(abs(g))),
    ("times_output", "the gradient times the output's value", 5.5, lambda g, x, sheet: g * sheet.root.data),
    ("over_output", "the gradient divided by the output's value", 6.0, lambda g, x, sheet: g / sheet.root.data),
    ("minus_one", "the gradient minus 1", 7.0, lambda g, x, sheet: g - 1.0),
    ("plus_one", "the gradient plus 1", 6.5, lambda g, x, sheet: g + 1.0),
    ("from_ops", "the pass started from the number of operations", 7.0, lambda g, x, s: g * len(s.ops)),
    ("slope_of_its_own", "the derivative of the node's own operation", 5.5, lambda g, x, sheet: _slope(x)),
    ("minus_inverse", "minus one over the gradient", 7.0, lambda g, x, sheet: -1.0 / g),
)
TIMES = {  # plain factors: bits, words
    2.0: (4.0, "twice the gradient"), 0.5: (4.0, "half the gradient"), -1.0: (3.5, "the gradient with its sign turned"),
    -2.0: (5.5, "-2 times the gradient"), -0.5: (5.5, "minus half the gradient"), 4.0: (5.5, "4 times the gradient"),
    0.25: (5.5, "a quarter of the gradient"), 3.0: (5.5, "3 times the gradient"),
    1 / 3: (5.5, "a third of the gradient"),
    10.0: (5.0, "10 times the gradient: the decimal point"), 0.1: (5.0, "a tenth of the gradient: the decimal point"),
    100.0: (6.5, "100 times the gradient: the decimal point"), 0.01: (6.5, "a hundredth: the decimal point"),
    1.5: (7.0, "1.5 times the gradient"), 5.0: (7.0, "5 times the gradient"), 6.0: (7.0, "6 times the gradient"),
}  # fmt: skip


def reports(sheet: Sheet) -> Iterator[Hypothesis]:
    """Yield other quantities that may be written down for a gradient, at one answer or at all."""
    times = [
        (f"times_{k:.3g}".replace("-", "minus_").replace(".", "_"), words, bits, lambda g, x, sheet, k=k: k * g)
        for k, (bits, words) in TIMES.items()
    ]
    for key, words, bits, made in (*WRITTEN, *times):
        whole = {x: finite(made, sheet.right[x], x, sheet) for x in sheet.known}
        yield Hypothesis(key, key, bits, whole, {x: _Written(made) for x in sheet.asked}, words, quantity=True)


def copies(sheet: Sheet) -> Iterator[Hypothesis]:
    """Yield numbers of other places on the sheet that may have been copied into an answer."""
    for x in sheet.asked:
        below: list[tuple[str, str, float, Any]] = []
        for y in sheet.nodes:
            if y is not x and not y.constant:
                near = y in x.inputs or x in y.inputs
                if not near and len(sheet.nodes) > MANY:
                    continue
                circular = x in sheet.given[y].factors or y in sheet.whole_effects[x]  # it follows from this answer
                above = Form(sheet.right[y]) if circular else sheet.given[y]
                below.append((f"gradient_of@{sheet.place[y]}", "gradient", 5.6 if near else 7.0, above))
                below.append((f"value_of@{sheet.place[y]}", "value", 5.6 if near else 7.0, Form(y.data)))
        for node, i, y in sheet.edges:
            if y is x or node is x:
                below.append((f"slope@{sheet.place[node]}.{i}", "slope", 5.6, Form(node.local_grads[i])))
        for key, kind, bits, form in below:
            other = sheet.nodes[int(key.partition("@")[2].partition(".")[0])]
            whole = {x: form.at(sheet.right)}
            own = {x: form}
            yield Hypothesis(f"{key}->{sheet.place[x]}", f"copied_{kind}", bits, whole, own, kind, other, x)
