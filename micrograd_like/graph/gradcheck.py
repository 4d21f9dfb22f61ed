"""Slopes measured by nudging: is a gradient right, and to how many digits?

>>> print(gradcheck(lambda a, b: a * b + a, [2.0, -3.0]))
d/da = -2 at a = 2, b = -3: right, 0.0 ULP off
d/db = 2 at a = 2, b = -3: right, 0.0 ULP off
"""

from __future__ import annotations

import contextlib
import importlib.util
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from ..engine import Value
from ..ops import Number, Op, ieee, real
from ..ops.notation import Python, short
from ..ops.op import Rule
from .certain import EXACT, certain, digits_certain
from .forward import OfValues

Sides = tuple[float, float] | None
DIGITS = 50  # of a measured slope; eight times as many are carried, for slopes as small as 1e-300


class Precise(Number):
    """A number of 50 digits, through mpmath."""

    constant = True

    def __init__(self, number: Any) -> None:
        self.number = number

    def apply(self, op: Op, *operands: Any) -> Precise:
        import mpmath

        numbers = [x.number if isinstance(x, Precise) else mpmath.mpf(x) for x in operands]
        if op.definition:
            return op.definition(*map(Precise, numbers))  # type: ignore[no-any-return]
        if op.name == "floordiv":
            return Precise(mpmath.floor(numbers[0] / numbers[1]))
        function = None if op.sign else op.found_in("mpmath", mpmath)
        return Precise((function or op.value)(*numbers))

    def __lt__(self, other: Any) -> bool:
        return bool(self.number < getattr(other, "number", other))

    def __le__(self, other: Any) -> bool:
        return bool(self.number <= getattr(other, "number", other))

    def __gt__(self, other: Any) -> bool:
        return bool(self.number > getattr(other, "number", other))

    def __ge__(self, other: Any) -> bool:
        return bool(self.number >= getattr(other, "number", other))


@dataclass(frozen=True, repr=False)
class Slope:
    """One derivative: the claim, the slopes that nudging measured, and on a kink those of its two sides."""

    name: str
    at: str
    claimed: float
    measured: float
    sides: Sides
    ulps: float | None
    tolerance: float
    digits: int | None = None  # how many are certain, where that was asked

    def __bool__(self) -> bool:
        """Whether the claim is right; on a kink, whether it lies between the slopes of both sides."""
        low, high = sorted(self.sides or (self.measured, self.measured))
        slack = self.tolerance * max(abs(low), abs(high), abs(self.claimed), 1e-3)
        return low - slack <= self.claimed <= high + slack

    def __str__(self) -> str:
        place = f"d/d{self.name} = {self.claimed:.6g} at {self.at}"
        if self.sides:
            verdict = "right on a kink" if self else "wrong on a kink"
            return f"{place}: {verdict} with slopes {self.sides[0]:.6g} and {self.sides[1]:.6g} beside it"
        if self:
            certain = "" if self.digits is None else f", {digits_certain(self.digits)}"
            return f"{place}: right" + ("" if self.ulps is None else f", {self.ulps:.1f} ULP off") + certain
        return f"{place}: wrong, claimed {self.claimed!r}, measured {self.measured:.12g}"

    def __repr__(self) -> str:
        return str(self)


class Report(list[Slope]):
    """The slopes that were checked; true if every one is right."""

    def __bool__(self) -> bool:
        return all(self)

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        head = "<tr><th>derivative</th><th>at</th><th>by backward</th><th>by nudging</th><td></td></tr>"
        rows = [
            f"<tr><td>d/d{escape(x.name)}</td><td>{escape(x.at)}</td><td>{short(x.claimed, 6)}</td>"
            f"<td>{' and '.join(short(y, 6) for y in x.sides or [x.measured])}</td>"
            f"<td>{escape(str(x).partition(': ')[2])}</td></tr>"
            for x in self
        ]
        return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def gradcheck(f: OfValues, xs: float | Sequence[float], tolerance: float = 1e-6, *, certify: bool = False) -> Report:
    """Hold the gradients of your own function against its slopes, measured by nudging one number at a time.

    `f` takes as many Values as there are numbers in `xs`, which may be one number, and returns one Value. Where
    mpmath is installed and `f` is made of this library's operations, the slopes are measured on 50-digit numbers,
    and errors come in ULP, units in the last place of a float. `tolerance` is relative. On a kink any slope between
    its sides' is right.

    With certify=True each line says how many digits of the gradient are certain: both passes are computed again in
    decimals that know their error.

    >>> print(gradcheck(lambda a: (a + 1.0).log() - a, 0.0009765625, certify=True))
    d/da = -0.00097561 at a = 0.0009765625: right, 8.0 ULP off, 14 digits certain
    """
    if not callable(f) or isinstance(f, Value):
        raise TypeError(f"gradcheck needs a function, and was given {f!r}. Write gradcheck(lambda a: a * 2, [3.0]).")
    numbers = [real(x) for x in xs] if isinstance(xs, Iterable) and not isinstance(xs, str) else [real(xs)]
    names = _names(f, len(numbers))
    leaves = [Value(x, name) for x, name in zip(numbers, names)]
    out = f(*leaves)
    if not isinstance(out, Value):
        raise TypeError(f"f gave {out!r}, and a gradient needs a Value. Return one, as lambda a: a * 2 does.")
    out.backward()
    report = compare([x.grad for x in leaves], f, numbers, names, tolerance)
    if certify:
        digits = certain(out)
        report[:] = [replace(slope, digits=digits.get(x, EXACT).grad) for slope, x in zip(report, leaves)]
    return report


def compare(
    claims: Sequence[float],
    f: Callable[..., Any],
    xs: Sequence[float],
    names: Sequence[str],
    tolerance: float = 1e-6,
) -> Report:
    """Hold claimed derivatives of `f` at `xs` against its slopes there."""
    at = ", ".join(f"{name} = {Python(x)}" for name, x in zip(names, xs))
    report = Report()
    for i, (name, claim) in enumerate(zip(names, claims)):
        measured, sides, exact = _slopes(f, xs, i)
        ulps = None if exact is None or sides else float(abs(exact - claim)) / math.ulp(float(exact))
        report.append(Slope(name, at, claim, measured, sides, ulps, tolerance))
    return report


def grade(op: Op, rule: Rule | None = None, samples: int = 20, seed: int = 0) -> Report:
    """Check a rule for the local derivatives of `op`, its own or a learner's, where the table samples it.

    >>> from micrograd_like.ops import OPS
    >>> bool(grade(OPS["tanh"])), bool(grade(OPS["tanh"], lambda out, a: (1 - a**2,)))
    (True, False)
    """
    draw, report = random.Random(seed), Report()
    for _ in range(samples):
        numbers = [draw.uniform(*interval) for interval in op.sample]
        claims = (rule or op.rule)(op.value(*numbers), *numbers)
        report.extend(compare(claims, op, numbers, "abc"))
    return report


def _slopes(f: Callable[..., Any], xs: Sequence[float], i: int) -> tuple[float, Sides, Any]:
    """Return the slope of f along xs[i], those of its sides on a kink, and the slope to 50 digits or None."""
    if importlib.util.find_spec("mpmath"):
        import mpmath

        with mpmath.workdps(8 * DIGITS), contextlib.suppress(TypeError, AttributeError):
            exact = [mpmath.mpf(x) for x in xs]
            h = mpmath.mpf(10) ** -DIGITS * max(abs(exact[i]), 1)
            slope, sides = _nudge(lambda *numbers: f(*map(Precise, numbers)).number, exact, i, h)
            return float(slope), sides, slope
    step = 1e-3 * (abs(xs[i]) or 1.0)
    with ieee():
        slope, sides = _nudge(lambda *numbers: f(*map(Value, numbers)).data, xs, i, step)
    return slope, sides, None


def _nudge(f: Callable[..., Any], xs: Sequence[Any], i: int, h: Any) -> tuple[Any, Sides]:
    """Return the central difference to fourth order, and the slopes of both sides if they stay apart."""

    def at(nudge: Any) -> Any:
        return f(*[x + nudge if k == i else x for k, x in enumerate(xs)])

    wide = (at(h) - at(-h)) / (2 * h)
    narrow = (at(h / 2) - at(-h / 2)) / h
    sides = (at(0) - at(-h / 8)) / (h / 8), (at(h / 8) - at(0)) / (h / 8)
    far = (at(0) - at(-h)) / h, (at(h) - at(0)) / h
    jump, before = abs(sides[1] - sides[0]), abs(far[1] - far[0])
    is_kink = jump > before / 2 and jump > 1e-6 * max(abs(sides[0]), abs(sides[1]), abs(at(0)) / 1e6)
    return (4 * narrow - wide) / 3, (float(sides[0]), float(sides[1])) if is_kink else None


def _names(f: Callable[..., Any], count: int) -> list[str]:
    import inspect

    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):  # a function written in C may not tell
        return [f"x{i + 1}" for i in range(count)]
    try:
        signature.bind(*range(count))
    except TypeError:
        asked = len(signature.parameters)
        example = ", ".join(["1.0"] * asked)
        raise TypeError(f"f takes {asked} numbers, and xs has {count}. Write gradcheck(f, [{example}]).") from None
    names = [p.name for p in signature.parameters.values() if p.kind is not p.VAR_POSITIONAL]
    return names if len(names) == count else [f"x{i + 1}" for i in range(count)]
