"""What becomes of the gradients on a sheet if some local derivatives are others: at one node, or at several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from ...engine import Value
from .sheet import Form, Hypothesis, Sheet


def picked(changed: Mapping[Value, Sequence[float]]) -> Callable[[Value], Sequence[float]]:
    """Return the slopes of each node: the changed ones, or its own."""
    return lambda x: changed.get(x, x.local_grads)


def once(
    sheet: Sheet, name: str, bits: float, new: Callable[[Value], Sequence[float]], words: str = "", listed: bool = False
) -> Iterator[Hypothesis]:
    """Yield what is done otherwise at one node only, for each node at which that changes something."""
    sites = [x for x in sheet.ops if tuple(new(x)) != x.local_grads and all(map(isfinite, new(x)))]
    for x in sites if len(sites) > 1 else ():
        whole, own = at_one(sheet, {x: new(x)})
        yield Hypothesis(f"{name}@{sheet.place[x]}", name, bits, whole, own, words, x, x, listed)


def both(sheet: Sheet, changed: Mapping[Value, Sequence[Any]]) -> tuple[dict[Value, float], dict[Value, Form]]:
    """Return the numbers of a change, all else being right, and its forms in the learner's answers."""
    if len(changed) == 1:
        return at_one(sheet, changed)
    grads = sheet.run(changed)
    return {x: grads[x] for x in sheet.known}, forms(sheet, changed)


def at_one(sheet: Sheet, changed: Mapping[Value, Sequence[Any]]) -> tuple[dict[Value, float], dict[Value, Form]]:
    """Return both for a change at one node, by its effects on what lies below."""
    [(node, new)] = changed.items()
    whole = {x: sheet.right[x] for x in sheet.known}
    own: dict[Value, Form] = {}
    for x, slope, before in zip(node.inputs, new, node.local_grads):
        if x.constant or slope == before:
            continue
        change = slope * sheet.right[node] - before * sheet.right[node]
        for y, k in sheet.whole_effects[x].items():
            whole[y] += k * change
        moved = slope * sheet.given[node] + -before * sheet.given[node]
        for y, k in sheet.effects[x].items():
            own[y] = own.get(y, sheet.own[y]) + k * moved
    return whole, own


def forms(sheet: Sheet, changed: Mapping[Value, Sequence[Any]]) -> dict[Value, Any]:
    """Return the forms of a change in the learner's answers, where they differ."""
    if len(sheet.asked) == len([x for x in sheet.nodes if not x.constant]):  # nothing lies between two answers
        own: dict[Value, Any] = {}
        for node, new in changed.items():
            for y, form in at_one(sheet, {node: new})[1].items():
                own[y] = own.get(y, sheet.own[y]) + (form - sheet.own[y])
        return own
    try:
        made = sheet.run(changed, cut=True)
    except TypeError:  # it is not a sum of answers
        return {}
    found = {x: made[x] if isinstance(made[x], Form) else Form(made[x]) for x in sheet.asked}
    return {x: form for x, form in found.items() if not form.is_like(sheet.own[x])}
