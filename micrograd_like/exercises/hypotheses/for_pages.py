"""All hypotheses about a sheet as data, from which a page searches as `search` does, without a second calculus."""

from __future__ import annotations

from collections.abc import Callable
from math import isclose
from typing import Any

from ...engine import Value
from .search import Search
from .sheet import Form, Hypothesis, Sheet

SHAPES: dict[str, Callable[[float], float]] = {  # of what is written down for a gradient, but for a factor
    "inverse": lambda g: 1.0 / g, "square": lambda g: g * g, "abs": abs, "root": lambda g: abs(g) ** 0.5,
}  # fmt: skip
SAMPLES = (-3.0, -1.0, 0.5, 2.0)


def table(search: Search, said: Callable[[Hypothesis, Value, bool], str], idea: Callable[[Hypothesis], str]) -> Any:
    """Return what a page needs: for each asked node its own form, and all hypotheses in order.

    `said` tells what was done, as a text that goes on from the number typed; `idea` the idea that is missed.
    """
    sheet = search.sheet
    place = {x: i for i, x in enumerate(sheet.asked)}
    classes: dict[object, int] = {}
    rows = []
    for h in search.hypotheses:
        own = {place[x]: entry for x, made in h.own.items() if (entry := _entry(made, x, sheet, place)) is not None}
        whole = [_short(h.whole[x]) if x in h.whole and h.whole[x] == h.whole[x] else None for x in sheet.asked]
        kind = classes.setdefault(search.signature(h), len(classes))
        where = [x for x in sheet.asked if x in h.own or x in h.whole]
        near, far = [[said(h, x, everywhere) for x in where] for everywhere in (False, True)]
        rows.append(
            {"name": h.name, "bits": h.bits, "listed": h.listed, "site": h.site is not None, "kind": kind,
             "spoils": search.spoils_shown(h),
             "whole": whole, "own": own, "idea": idea(h),
             "said": _once(near, where, place), "several": _once(far, where, place)}
        )  # fmt: skip
    return {
        "typical": search.typical,
        "own": [_row(sheet.own[x], place) for x in sheet.asked],
        "parts": [[_row(part, place) for part in sheet.parts[x]] for x in sheet.asked],
        "rows": _packed(rows),
    }


def _packed(rows: list[dict[str, Any]]) -> Any:
    """Return rows as lists, with each text written once."""
    texts: dict[str, int] = {}

    def number(text: Any) -> Any:
        if isinstance(text, dict):
            return {place: number(x) for place, x in text.items()}
        return texts.setdefault(text, len(texts))

    words = ("name", "idea", "several", "said")
    listed = [[number(value) if key in words else value for key, value in row.items()] for row in rows]
    return {"fields": list(rows[0]) if rows else [], "words": list(words), "list": listed, "texts": list(texts)}


def _once(texts: list[str], where: list[Value], place: dict[Value, int]) -> Any:
    return (texts or [""])[0] if len(set(texts)) < 2 else {place[x]: text for x, text in zip(where, texts)}


def _row(form: Form, place: dict[Value, int]) -> list[float]:
    return [_short(form.number), *(y for x, k in form.factors.items() for y in (place[x], _short(k)))]


def _short(number: float) -> float:
    return float(f"{number:.13g}") + 0.0


def _entry(made: Any, x: Value, sheet: Sheet, place: dict[Value, int]) -> Any:
    """Return one rule of a hypothesis: a form, a way to gather, or what is written down for the own gradient."""
    if isinstance(made, Form):
        return _row(made, place)
    if hasattr(made, "key"):
        return {"gather": made.key}
    points = [made.of(g, x, sheet) for g in SAMPLES]
    slope = (points[3] - points[2]) / 1.5
    if all(isclose(y, points[3] + slope * (g - 2.0), rel_tol=1e-9, abs_tol=1e-12) for g, y in zip(SAMPLES, points)):
        return {"times": _short(slope), "plus": _short(points[3] - 2.0 * slope)}
    for shape, at in SHAPES.items():
        factor = points[3] / at(2.0)
        if all(isclose(y, factor * at(g), rel_tol=1e-9) for g, y in zip(SAMPLES, points)):
            return {"shape": shape, "times": _short(factor)}
    return None
