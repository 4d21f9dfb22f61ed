"""The mistakes as JavaScript, written from their entries, for the pages that compute in the reader's browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import signature
from typing import Any

from ..engine import Value
from ..graph.names import changed_after_use
from ..ops.notation import JavaScript, MathML
from .mistake import MISTAKES, RIGHT, Mistake
from .passes import examples, shut_edges


def script(names: Iterable[str] = MISTAKES) -> str:
    """Return a JavaScript object with these mistakes: what each does otherwise than the right pass.

    Its fields are those of an entry: accumulate, contribution, seed and report as functions, order and keeps as words,
    `sum` and `product` as MathML with places to fill in. Local derivatives come with the operations.
    """
    written = {name: _fields(MISTAKES[name]) for name in names}
    return f"{{{', '.join(f'{name}: {{{fields}}}' for name, fields in written.items() if fields)}}}"


def _fields(mistake: Mistake) -> str:
    fields: dict[str, str] = {}
    for part in ("accumulate", "contribution", "seed", "report"):
        made = getattr(mistake, part)
        if made is not getattr(RIGHT, part):
            fields[part] = _function(made)
    for part in ("order", "keeps", "constants"):
        if (word := getattr(mistake, part)) != getattr(RIGHT, part):
            fields[part] = json.dumps(word)
    if "accumulate" in fields:
        fields["sum"] = _template(mistake.accumulate, "before", "product")
    if "contribution" in fields:
        fields["product"] = _template(mistake.contribution, "slope", "upstream")
    return ", ".join(f"{key}: {text}" for key, text in fields.items())


def _function(made: Callable[..., Any]) -> str:
    names = list(signature(made).parameters)
    text = str(made(*map(JavaScript, names)))
    last = max((i for i, name in enumerate(names, 1) if name in re.findall(r"\w+", text)), default=0)
    return f"({', '.join(names[:last])}) => {text}"


def _template(made: Callable[..., Any], *names: str) -> str:
    return json.dumps(str(made(*[MathML(f"{{{name}}}") for name in names])), ensure_ascii=False)


def about(nodes: Sequence[Value], mistake: Mistake) -> dict[str, Any]:
    """Return what a page must know of a mistake on this graph, inputs first: its words, and where nothing passes."""
    found: dict[str, Any] = {"idea": mistake.idea, "harmless": mistake.harmless}
    if mistake.shut is not RIGHT.shut or mistake.shut_around:
        place = {node: i for i, node in enumerate(nodes)}
        found["shut"] = [(place[node], i) for node, i in shut_edges(mistake, nodes)]
    if mistake.is_reported:
        found |= {"lr": mistake.lr, "n": examples(nodes[-1])}
    return found


def told(nodes: Sequence[Value], chosen: Mistake = RIGHT) -> Mapping[str, dict[str, Any]]:
    """Return the mistakes that a page offers for a graph, with what it must know of each.

    Left out is what concerns something that is not there. What a page cannot show is refused if it was `chosen`.
    """
    late = any(map(changed_after_use, nodes))
    if chosen.changed and late:
        raise ValueError(
            "A page computes everything anew from its inputs, so that no number is changed after it was used. "
            f"Write print(walk(..., rule={chosen.name!r})) to see this mistake as a table."
        )
    offered = {name: mistake for name, mistake in MISTAKES.items() if can_bite(nodes, mistake)}
    if chosen is not RIGHT:
        offered[chosen.name] = chosen
    return {name: about(nodes, mistake) for name, mistake in offered.items()}


def can_bite(nodes: Sequence[Value], mistake: Mistake) -> bool:
    """Tell whether there is anything on a graph, inputs first, about which a mistake can be made."""
    if mistake.local_rules:
        return not mistake.local_rules.keys().isdisjoint(node.op.name for node in nodes if node.op)
    if mistake.shut is not RIGHT.shut or mistake.shut_around:
        return bool(shut_edges(mistake, nodes))
    if mistake.constants or mistake.changed:
        return any(node.constant if mistake.constants else changed_after_use(node) for node in nodes)
    about_n = mistake.is_reported and mistake.report(1.0, 1.0, 1.0, 1.0, 2.0) != mistake.report(1.0, 1.0, 1.0, 1.0, 3.0)
    return not about_n or examples(nodes[-1]) != 1.0
