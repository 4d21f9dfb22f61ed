"""The right rule with numbers from elsewhere: the neighbour's factor, a changed weight, a value for a gradient.

Each is done at every place at once where it can be done, or on one edge; both give forms in the learner's answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from ...engine import Value
from ...mistakes.mistake import made_by
from .changes import both, forms, once, picked
from .quantities import MANY
from .sheet import Form, Given, Hypothesis, Sheet, finite

Changed = Mapping[Value, Sequence[Any]]


def misplaced(sheet: Sheet) -> Iterator[Hypothesis]:
    """Yield other slopes that depend on more than one node, everywhere and at one place only."""
    for key, words, bits, made in WAYS:
        changed = {node: new for node, new in made(sheet).items() if tuple(new) != node.local_grads}
        if not changed or not all(isfinite(s) for new in changed.values() for s in new):
            continue
        yield Hypothesis(key, key, bits, *both(sheet, changed), words)
        if len(changed) > 1 and len(sheet.nodes) <= MANY:
            yield from once(sheet, key, bits + 1.0, picked(changed), words)
    yield from _upstream(sheet)
    yield from _sums(sheet)


def _products(sheet: Sheet) -> list[list[Value]]:
    """Return the products that are added up together, sum by sum, from left to right."""
    inner = {x for node in sheet.ops if made_by(node, "add") for x in node.inputs if made_by(x, "add")}
    found = []
    for top in sheet.ops:
        if made_by(top, "add") and top not in inner:
            row: list[Value] = []
            todo = [top]
            while todo:
                node = todo.pop()
                if made_by(node, "add"):
                    todo += node.inputs[::-1]
                elif made_by(node, "mul"):
                    row.append(node)
            found += [row] if len(row) > 1 else []
    return found


def _neighbour(turn: int) -> Callable[[Sheet], Changed]:
    def made(sheet: Sheet) -> Changed:
        changed = {}
        for row in _products(sheet):
            for i, node in enumerate(row):
                one, two = row[(i + turn) % len(row)].inputs
                changed[node] = _kept(node, (two.data, one.data))
        return changed

    return made


def _next_example(sheet: Sheet) -> Changed:
    """Each use of a factor takes the other factor of its next use."""
    changed: dict[Value, Sequence[float]] = {}
    for x in sheet.nodes:
        uses = [(node, i) for node, i, y in sheet.edges if y is x and made_by(node, "mul") and not x.inputs]
        for k, (node, i) in enumerate(uses if len(uses) > 1 else ()):
            other, j = uses[(k + 1) % len(uses)]
            new = list(changed.get(node, node.local_grads))
            new[i] = other.inputs[1 - j].data
            changed[node] = new
    return changed


def _kept(node: Value, new: Sequence[float]) -> Sequence[float]:
    return tuple([0.0 if x.constant else s for x, s in zip(node.inputs, new)])


def _updated(sheet: Sheet) -> Changed:
    def after(x: Value) -> float:
        return x.data if x.inputs or x.constant else x.data - sheet.task.lr * sheet.right[x]

    products = [x for x in sheet.ops if made_by(x, "mul")]
    return {x: _kept(x, (after(x.inputs[1]), after(x.inputs[0]))) for x in products}


def _scaled_too(sheet: Sheet) -> Changed:
    """What is added to a product is scaled by a factor of it."""
    changed = {}
    for node in sheet.ops:
        if made_by(node, "add"):
            new = list(node.local_grads)
            for i, x in enumerate(node.inputs):
                other = node.inputs[1 - i]
                while made_by(other, "add"):  # w1*x1 + w2*x2 + b: the product next to it
                    other = other.inputs[1]
                if not x.inputs and not x.constant and made_by(other, "mul"):
                    new[i] = other.inputs[1].data
            changed[node] = new
    return changed


def _leaves_as_they_are(sheet: Sheet) -> Changed:
    return {
        x: [1.0 if not y.inputs and not y.constant else s for y, s in zip(x.inputs, x.local_grads)]
        for x in sheet.ops
        if made_by(x, "mul")
    }


def _passed_by(sheet: Sheet) -> Changed:
    return {x: (1.0,) for x in sheet.ops if len(x.inputs) == 1 and not made_by(x, "neg")}


def _functions_after_a_sum(sheet: Sheet) -> Changed:
    return {x: new for x, new in _passed_by(sheet).items() if made_by(x.inputs[0], "add", "sub")}


def _without_signs(sheet: Sheet) -> Changed:
    return {x: [abs(s) for s in x.local_grads] for x in sheet.ops}


WAYS: tuple[tuple[str, str, float, Callable[[Sheet], Changed]], ...] = (
    ("neighbour", "each product takes the factor of the next product", 5.0, _neighbour(1)),
    ("neighbour_before", "each product takes the factor of the product before it", 5.5, _neighbour(-1)),
    ("next_example", "each use takes the factor of the next use", 5.0, _next_example),
    ("updated_factor", "the weights are changed by their step before they are used as factors", 5.0, _updated),
    ("scaled_too", "what is added is scaled like the factor of the product beside it", 5.5, _scaled_too),
    ("leaves_bare", "factors that are leaves get the upstream gradient as it is", 5.0, _leaves_as_they_are),
    ("functions_passed_by", "all functions of one input are passed by as if they were not there", 5.0, _passed_by),
    ("function_of_sum", "the function of a sum is passed by as if it were not there", 5.5, _functions_after_a_sum),
    ("without_signs", "all local derivatives are taken without their signs", 6.0, _without_signs),
)  # fmt: skip


def _upstream(sheet: Sheet) -> Iterator[Hypothesis]:
    """Yield another number for the upstream gradient, at every node."""
    first = next((s for s, x in zip(sheet.root.local_grads, sheet.root.inputs) if not x.constant), 1.0)
    ways: tuple[tuple[str, str, float, Callable[[Value], float]], ...] = (
        ("upstream_value", "the value of each node is taken for its gradient", 5.5, lambda node: node.data),
        ("upstream_of_root", "what the output passes back is taken for every upstream gradient", 5.5,
         lambda node: 1.0 if node is sheet.root else first),
    )  # fmt: skip
    for key, words, bits, number in ways:
        changed = {node: [_instead(s, number(node)) for s in node.local_grads] for node in sheet.ops}
        grads = sheet.run(changed)
        whole = {x: float(grads[x]) for x in sheet.known}
        yield Hypothesis(key, key, bits, whole, forms(sheet, changed), words)


def _instead(slope: float, number: float) -> Given:
    return Given(slope, lambda s, g: s * number + 0.0 * g)


def _sums(sheet: Sheet) -> Iterator[Hypothesis]:
    """Yield what comes out if slopes are added, upstream gradients are added, and the two sums are multiplied."""
    uses: dict[Value, list[tuple[Value, int]]] = {}
    for node, i, x in sheet.edges:
        uses.setdefault(x, []).append((node, i))
    if all(len({node for node, _ in found}) < 2 for found in uses.values()):
        return
    whole, own = {sheet.root: 1.0}, dict[Value, Any]()
    for x in reversed(sheet.nodes):
        if x in uses:
            slopes = sum([node.local_grads[i] for node, i in uses[x]])
            above = dict.fromkeys(node for node, _ in uses[x])
            whole[x] = slopes * sum([whole[node] for node in above])
            if x in sheet.asked and len(above) > 1:
                own[x] = slopes * sum([sheet.given[node] for node in above], Form())
    words = "the local derivatives are added, the upstream gradients too, and the two sums multiplied"
    whole = {x: whole[x] for x in sheet.known if x in whole}
    yield Hypothesis("sums_multiplied", "sums_multiplied", 5.5, whole, own, words)


def factors(sheet: Sheet) -> Iterator[Hypothesis]:
    """Yield contributions with another number on the sheet as the factor, or as the upstream gradient."""
    asked = set(sheet.asked)
    if len(sheet.nodes) > MANY:
        return
    for node, i, x in sheet.edges:
        slope, upstream = node.local_grads[i], sheet.given[node]
        near = dict.fromkeys([node, *node.inputs, *x.inputs, *[z for y in node.inputs for z in y.inputs]])
        for y in near:
            for kind, bits, moved in (
                ("factor", 6.6, y.data * upstream if y is not x else None),
                ("also", 6.8, y.data * slope * upstream),
                ("data", 6.8, Form(slope * y.data)),
                ("grad", 7.0, slope * sheet.given[y] if _above(sheet, y, x) and y is not node else None),
            ):
                if moved is None:
                    continue
                change = moved + -slope * upstream
                own = {z: sheet.own[z] + k * change for z, k in sheet.effects[x].items() if z in asked}
                whole = {z: sheet.right[z] for z in sheet.known}
                for z, k in sheet.whole_effects[x].items():
                    whole[z] += k * finite(change.at, sheet.right)
                key = f"{kind}_of@{sheet.place[node]}.{i}.{sheet.place[y]}"
                yield Hypothesis(key, f"factor_{kind}", bits, whole, own, TAKEN[kind], node, x, parts=(y,))


TAKEN = {
    "factor": "{other} as the factor", "also": "{other} as one more factor",
    "data": "{other} instead of the upstream gradient",
    "grad": "the gradient of {other} instead of that of {use}",
}  # fmt: skip


def _above(sheet: Sheet, y: Value, x: Value) -> bool:
    """Tell whether the gradient of y does not depend on that of x."""
    return not y.constant and (sheet.place[y] > sheet.place[x]) and x not in sheet.given[y].factors
