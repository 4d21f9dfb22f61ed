"""What is strange about backward passes that were watched: losses, leaves, and the networks behind them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from math import isfinite
from typing import Any

from ...recipe.module import Parameter

Symptoms = dict[str, dict[str, Any]]


def of_losses(passes: Sequence[Any]) -> Symptoms:
    """Return what is strange about the losses at each line that calls backward()."""
    found: Symptoms = {}
    for line in {seen.line for seen in passes}:
        losses = [seen.loss for seen in passes if seen.line == line]
        for name in _course(losses) if len(losses) > 2 else ():
            found[name] = {"first": losses[0], "last": losses[-1], "steps": len(losses), "line": line}
    return found


def _course(losses: Sequence[float]) -> list[str]:
    """Return what a course of losses looks like: it may be called several things."""
    first, last, n, found = abs(losses[0]), losses[-1], len(losses), []
    third = n // 3
    if not isfinite(last) or last > 100 * max(first, 1.0):
        found.append("rising")
    elif n >= 10 and len({*losses}) > 2 and min(losses[n // 2 :]) >= 0.9 * losses[0] > 0:
        found.append("stuck")
    if n >= 10 and 0 < abs(losses[0] - last) < 0.002 * first and max(losses) - min(losses) < 0.01 * first:
        found.append("tiny")
    faster = losses[2 * third] - last > losses[third] - losses[2 * third]
    if third > 2 and last < -10 * max(first, 1.0) and faster:
        found.append("bottomless")
    if n >= 4 and losses[0] >= 0 and all(b > a for a, b in itertools.pairwise(losses)):
        found.append("climbing")
    return found


def of_rest(passes: Sequence[Any], last: int) -> Symptoms:
    """Return whether nothing changed after the time `last` though gradients went on, where there is one loop."""
    rest = [seen for seen in passes if seen.time > last]
    if not last or len(passes) < 10 or len(rest) < len(passes) / 2 or len({seen.line for seen in passes}) > 1:
        return {}
    first, end = [max(map(abs, seen.after.values()), default=0.0) for seen in (passes[0], passes[-1])]
    if not end > 0.01 * first > 0:
        return {}
    return {"stopped": {"times": len(rest) - 1, "of": len(passes), "line": rest[0].line}}


def of_leaves(close: Sequence[Any], passes: Sequence[Any], changed: set[Any], wanted: set[Any]) -> Symptoms:
    """Return what is strange about the leaves of passes that were looked at closely.

    `changed` are those whose number changed, `wanted` those that an optimizer is to change.
    """
    if not close:
        return {}
    found = _of_reach(close, passes, changed, wanted)
    line = {"line": close[0].line}
    counts = Counter([p for seen in close for p in set(seen.leaves)])
    usual = [p for p, times in counts.items() if times >= 2]
    felt = {p for p in usual if any(seen.after.get(p) for seen in close)}
    shut = [p for p in usual if p not in felt]
    mine = [p for p in usual if p in wanted or p in changed or p in shut]
    dead = _dead(close, len(shut), len(mine)) or _dying(close, len(usual))
    if dead:
        found["dead"] = dead | line
    if len(close) < 3:
        return found
    found |= _of_some(close, usual, felt, changed)
    return found | (of_networks(close, passes, usual) if len(close) > 3 else {})


def _of_reach(close: Sequence[Any], passes: Sequence[Any], changed: set[Any], wanted: set[Any]) -> Symptoms:
    """Return what is strange about which leaves the passes reach."""
    found: Symptoms = {}
    per_pass = [set(seen.leaves) for seen in close]
    reached = set().union(*per_pass)
    line = {"line": close[0].line}
    if (missed := [p for p in wanted if p not in reached]) and len(missed) < len(wanted):
        found["unreached"] = {"count": len(missed), "of": len(wanted), "names": _labels(missed)} | line
    if not reached:
        found["no parameter"] = {"passes": len(passes)} | line
    lost = all(per_pass) and not any(a & b for a, b in itertools.pairwise(per_pass))
    if len(close) >= 3 and lost and changed:
        found["lost"] = {"passes": len(close)} | line
    return found


def _of_some(close: Sequence[Any], usual: Sequence[Any], felt: set[Any], changed: set[Any]) -> Symptoms:
    """Return what is strange where some leaves change: others that have gradients and stay, or never have one."""
    found: Symptoms = {}
    kept, shut = [p for p in felt if p not in changed], [p for p in usual if p not in felt]
    if kept and changed.intersection(usual):
        found["kept"] = {"count": len(kept), "of": len(usual), "line": close[0].line}
    if shut and changed:
        names = {"names": _labels(shut), "count": len(shut)}
        found["flat"] = names | {"passes": len(close), "line": close[0].line}
    return found


def _labels(leaves: Sequence[Any]) -> list[str]:
    return sorted([p.label for p in leaves if p.label])[:3]


def _dead(close: Sequence[Any], shut: int, mine: int) -> dict[str, Any]:
    """Return the numbers of relus that let no gradient through from the beginning, if it is so."""
    relus = [x for seen in close for x in seen.relus]
    zero = relus.count(0.0)
    many = zero * 2 >= len(relus) or (shut == mine and zero)
    if len(close) < 3 or not relus or not many or not all(seen.loss for seen in close) or shut <= 0.9 * mine:
        return {}
    return {"relus": zero, "of": len(relus), "count": shut, "passes": len(close)}


def _dying(close: Sequence[Any], leaves: int) -> dict[str, Any]:
    """Return the numbers of relus that let no gradient through in the end, if it is so."""
    ends = [seen for seen in close[-2:] if seen.loss and 0.0 in seen.relus and not any(seen.after.values())]
    if len(ends) < 2:
        return {}
    relus = ends[1].relus
    return {"relus": relus.count(0.0), "of": len(relus), "count": leaves, "passes": len(ends)}


def of_networks(close: Sequence[Any], passes: Sequence[Any], usual: Sequence[Any]) -> Symptoms:
    """Return what is strange about the networks: made anew, saturated, of neurons that are all alike."""
    found: Symptoms = {}
    line = {"line": close[0].line}
    known, fresh = set(close[0].leaves), []
    for seen in close[1:]:
        fresh.append([p for p in seen.leaves if isinstance(p, Parameter) and p not in known])
        known.update(seen.leaves)
    if all(fresh):
        found["fresh"] = {"passes": len(close), "count": len(fresh[0])} | line
    first, last = close[0].loss, passes[-1].loss
    for seen in close[2], close[-1]:
        flat = [slope for slope in seen.slopes if slope < 1e-3]
        if len(flat) > 0.75 * len(seen.slopes) > 0 and last > 0.1 * first > 0:
            found["saturated"] = {"flat": len(flat), "of": len(seen.slopes), "last": last} | line
    courses = Counter([(p.data, *[seen.after.get(p, 0.0) for seen in close]) for p in usual])
    bent = close[0].relus or close[0].slopes  # else there is one layer, in which likeness does no harm
    twins = sum([n for n in courses.values() if n > 1])
    if len(usual) > 5 and twins > len(usual) // 2 and bent and any(any(seen.after.values()) for seen in close):
        found["twins"] = {"count": twins, "of": len(usual)} | line
    return found
