"""The text of an error that teaches: what was asked, why not, what to type. Advice that would fail is not given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from math import isfinite, isinf
from typing import Any

from .number import OPS, Ieee, Number

GO_ON = "compute inside `with ieee():` to get inf and nan as PyTorch does."


def explained(op: Any, numbers: Sequence[float], operands: Sequence[Any] = ()) -> str:
    """Return why `op` has no finite value or slope at these numbers, in the learner's own names, and what to type."""
    names = _names(numbers, operands)
    seen = dict(zip(names, numbers))
    where = " and ".join([f"{name} = {x!r}" for name, x in seen.items() if name != repr(x)])
    why, instead = _cause(op, numbers, names)
    if instead and _works(instead, numbers, operands):
        what = f"Write {_filled(instead, names)}, or {GO_ON}"
    elif "larger than any float" in why:
        what = f"Use smaller numbers, or {GO_ON}"
    else:
        what = f"Use other numbers, or {GO_ON}"
    asked = op.write(*map(_whole, names)) if op.sign else op.write(*names)
    return f"{asked}{' with ' if where else ''}{where}: {why}. {what}"


def _names(numbers: Sequence[float], operands: Sequence[Any]) -> list[str]:
    """Return what each operand is called: by its label, a constant by its number, two different ones differently."""
    owners: dict[str, Any] = {}
    names = []
    for i, number in enumerate(numbers):
        operand = operands[i] if i < len(operands) else None
        if operand is None or operand.constant:
            names.append(repr(number))
            continue
        labels = [str(x.label) for x in operands if x is not operand]
        stem = str(operand.label) or typed(operand) or next(letter for letter in "xyzuvw" if letter not in labels)
        name, count = stem, 1
        while owners.setdefault(name, operand) is not operand:
            count += 1
            name = f"{stem}_{count}"
        names.append(name)
    return names


class Typed(str):
    """What a learner typed for a node: a name for it in an error, in parentheses where it is an operand."""


def typed(operand: Any) -> Typed | None:
    """Return what was typed for a node, if it was read from an expression."""
    source = getattr(operand, "_source", None)
    return Typed(source) if source else None


def _whole(name: str) -> str:
    return f"({name})" if isinstance(name, Typed) else name


def _filled(advice: str, names: Sequence[str]) -> str:
    """Put names into an advice; what stands alone within parentheses needs none of its own."""
    alone = re.sub(r"(?<=\()\{(\d)\}(?=[,)])", lambda found: names[int(found[1])], advice)
    return re.sub(r"\{(\d)\}", lambda found: _whole(names[int(found[1])]), alone)


def _cause(op: Any, numbers: Sequence[float], names: Sequence[str]) -> tuple[str, str]:
    """Return what is so at these numbers and explains the failure, and what to type instead if there is something."""
    for is_so, why, instead in op.fails:
        with suppress(ArithmeticError, ValueError):
            if is_so(*numbers):
                return why, instead
    for name, number in zip(names, numbers):
        if number != number:
            return f"{name} is nan, which is not a number" if name != "nan" else "nan is not a number", ""
    for name, number in zip(names, numbers):
        if isinf(number):
            return f"{name} is infinite" if name != repr(number) else f"{name} is not a finite number", ""
    out = Ieee(0.0).apply(op, *numbers)
    if isinf(float(out)):
        return "the result is larger than any float", ""
    if isfinite(float(out)):
        slopes = [float(slope) for slope in op.rule(out, *map(Ieee, numbers))]
        if any(map(isinf, slopes)):
            return "its slope there is larger than any float", ""
    return "the result or its slope is not a finite number there", ""


class Dual(Number):
    """A number with its slope: both are finite where an advice works."""

    data: float
    slope: float

    def __init__(self, data: float, slope: float) -> None:
        self.data, self.slope = data, slope

    def apply(self, op: Any, *operands: Any) -> Dual:
        numbers = [float(getattr(x, "data", x)) for x in operands]
        out = op.value(*numbers)
        pairs = zip(operands, op.rule(out, *numbers))
        parts = [x.slope * slope for x, slope in pairs if isinstance(x, Dual) and (slope or not op.gate)]
        return Dual(out, sum(parts))


def _works(instead: str, numbers: Sequence[float], operands: Sequence[Any]) -> bool:
    """Tell whether an advice has a finite value, and finite slopes by all that is not constant."""
    free = [i for i, x in enumerate(operands) if not x.constant] or range(len(numbers))
    for i in free:
        letters = {x: Dual(number, float(x == "abc"[i])) for x, number in zip("abc", numbers)}
        for k in set(range(len(numbers))) - set(free):
            letters["abc"[k]] = numbers[k]  # type: ignore[assignment]
        try:
            found = eval(instead.format(*"abc"), {"__builtins__": {}}, {**OPS, **letters})
        except (ArithmeticError, ValueError):
            return False
        if not isinstance(found, Dual):  # it holds constants only
            found = Dual(float(found), 0.0)
        if not (isfinite(found.data) and isfinite(found.slope)):
            return False
    return True
