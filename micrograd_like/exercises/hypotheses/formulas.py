"""Other local derivatives: those of every other operation, and the right one at the wrong number or changed.

They are taken from the table of operations, so that an operation that is added there is also taken for others here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ...ops import OPS, Op

LocalRule = Callable[..., tuple[Any, ...]]
SCHOOL = ("exp", "log", "tanh", "sigmoid", "relu", "sqrt", "sin", "cos", "abs", "neg")
PAIRS = ("mul", "add", "sub", "div", "pow", "maximum")


@dataclass(frozen=True)
class Wrong:
    """A local derivative that is taken for another: `key` names it, `bits` say how far-fetched it is."""

    key: str
    words: str  # "the slope of exp is taken as ..."
    rule: LocalRule
    bits: float = 6.0


def others(op: Op) -> Iterator[Wrong]:
    """Yield the local derivatives that may be taken for those of an operation, the likeliest first."""
    if op.arity == 1:
        yield from _changed(op)
        yield from _of_one(op)
    elif op.arity == 2:
        yield from _changed(op)
        yield from _of_two(op)


def _changed(op: Op) -> Iterator[Wrong]:
    """The right rule with a sign, a factor or a square too many or too few."""

    def each(change: Callable[[Any], Any]) -> LocalRule:
        return lambda out, *xs: tuple(change(s) for s in op.textbook(out, *xs))

    yield Wrong("negative", "with the sign turned", each(lambda s: -s), 4.0)
    yield Wrong("doubled", "doubled", each(lambda s: 2.0 * s), 5.0)
    yield Wrong("halved", "halved", each(lambda s: s / 2.0), 5.0)
    yield Wrong("upside_down", "upside down, as 1 over it", each(lambda s: 1.0 / s), 5.5)
    yield Wrong("squared", "squared", each(lambda s: s * s), 6.0)


def _of_one(op: Op) -> Iterator[Wrong]:
    book = op.textbook

    def wrong(key: str, words: str, slope: Callable[[Any, Any], Any], bits: float = 5.0) -> Wrong:
        return Wrong(key, words, lambda out, a: (slope(out, a),), bits - 1.0)

    yield wrong("one", "as 1, as if the function were not there", lambda out, a: 1.0, 4.0)
    yield wrong("zero", "as 0", lambda out, a: 0.0, 5.0)
    yield wrong("output", "as its output", lambda out, a: out, 4.5)
    yield wrong("input", "as its input", lambda out, a: a, 4.5)
    yield wrong("at_output", "at the output instead of the input", lambda out, a: book(op.value(out), out)[0], 5.0)
    yield wrong("input_for_output", "with the input where the output belongs", lambda out, a: book(a, a)[0], 5.0)
    yield wrong("output_for_input", "with the output where the input belongs", lambda out, a: book(out, out)[0], 5.0)
    yield wrong("one_minus_output", "as 1 minus the output", lambda out, a: 1.0 - out)
    yield wrong("one_minus_input", "as 1 minus the input", lambda out, a: 1.0 - a)
    yield wrong("output_squared", "as its output squared", lambda out, a: out * out)
    yield wrong("one_minus_square", "as 1 minus the output squared", lambda out, a: 1.0 - out * out)
    yield wrong("one_plus_square", "as 1 plus the output squared", lambda out, a: 1.0 + out * out, 6.0)
    yield wrong("output_one_plus", "as out · (1 + out)", lambda out, a: out * (1.0 + out), 6.0)
    yield wrong("output_one_minus", "as out · (1 - out)", lambda out, a: out * (1.0 - out))
    yield wrong("input_squared", "as its input squared", lambda out, a: a * a, 6.0)
    yield wrong("one_over_input", "as 1 over its input", lambda out, a: 1.0 / a, 5.5)
    yield wrong("minus_one_over_input", "as -1 over its input", lambda out, a: -1.0 / a, 6.5)
    yield wrong("one_over_output", "as 1 over its output", lambda out, a: 1.0 / out, 5.5)
    yield wrong("one_over_square", "as 1 over its input squared", lambda out, a: 1.0 / (a * a), 6.5)
    yield wrong("input_times_output", "as input times output", lambda out, a: a * out, 6.0)
    yield wrong("output_over_input", "as output over input", lambda out, a: out / a, 6.5)
    yield wrong("output_twice", "as the function of its output", lambda out, a: op.value(out), 6.0)
    yield wrong("sign", "as 1 above 0 and -1 below", lambda out, a: 1.0 if a > 0 else -1.0, 6.5)
    for name in [*SCHOOL, *(x for x in OPS if x not in SCHOOL)]:
        other, far = OPS[name], 0.0 if name in SCHOOL else 2.5
        if other.arity != 1 or other is op:
            continue
        yield wrong(f"{name}_at_input", f"as that of {name}, at the input", _at_input(other), 5.5 + far)
        yield wrong(f"{name}_formula", f"by the formula of {name}", _formula(other), 6.0 + far)
        yield wrong(f"{name}_at_output", f"as that of {name}, at the output", _at_output(other), 7.0 + far)
        yield wrong(f"{name}_itself", f"as {name} of the input", _itself(other), 7.0 + far)


def _at_input(other: Op) -> Callable[[Any, Any], Any]:
    return lambda out, a: other.textbook(other.value(a), a)[0]


def _formula(other: Op) -> Callable[[Any, Any], Any]:
    return lambda out, a: other.textbook(out, a)[0]


def _at_output(other: Op) -> Callable[[Any, Any], Any]:
    return lambda out, a: other.textbook(other.value(out), out)[0]


def _itself(other: Op) -> Callable[[Any, Any], Any]:
    return lambda out, a: other.value(a)


def _of_two(op: Op) -> Iterator[Wrong]:
    book = op.textbook
    yield Wrong("own", "as the input itself", lambda out, a, b: (a, b), 4.0)
    yield Wrong("other", "as the other input", lambda out, a, b: (b, a), 4.0)
    yield Wrong("ones", "as 1 for both", lambda out, a, b: (1.0, 1.0), 4.5)
    yield Wrong("swapped", "with the two exchanged", lambda out, a, b: book(out, a, b)[::-1], 4.5)
    yield Wrong("first_only", "with nothing for the second", lambda out, a, b: (book(out, a, b)[0], 0.0), 5.0)
    yield Wrong("second_only", "with nothing for the first", lambda out, a, b: (0.0, book(out, a, b)[1]), 5.5)
    yield Wrong("output", "as the output", lambda out, a, b: (out, out), 5.0)
    yield Wrong("halves", "as 1/2 for each, shared out", lambda out, a, b: (0.5, 0.5), 5.2)
    yield Wrong("one_minus_one", "as 1 and -1", lambda out, a, b: (1.0, -1.0), 5.0)
    yield Wrong("both_sum", "as the sum of both", lambda out, a, b: (a + b, a + b), 6.0)
    yield Wrong("one_over_other", "as 1 over the other", lambda out, a, b: (1.0 / b, 1.0 / a), 6.0)
    yield Wrong("one_over_own", "as 1 over the input itself", lambda out, a, b: (1.0 / a, 1.0 / b), 6.5)
    yield Wrong("squares", "as the other one squared", lambda out, a, b: (b * b, a * a), 6.5)
    yield Wrong("second_negative", "with a minus for the second", lambda out, a, b: _second(book(out, a, b)), 5.0)
    if op.name == "pow":
        yield Wrong("exponent", "as the exponent", lambda out, a, b: (b, 0.0), 5.0)
        yield Wrong("base", "as the base", lambda out, a, b: (a, 0.0), 5.0)
        yield Wrong("factor_only", "as exponent times base", lambda out, a, b: (b * a, 0.0), 5.5)
        yield Wrong("one_less", "with the factor n - 1 for n", lambda out, a, b: ((b - 1) * a ** (b - 1), 0.0), 6.0)
        yield Wrong("one_more", "with the power n + 1", lambda out, a, b: (b * a ** (b + 1), 0.0), 7.0)
        yield Wrong("at_output", "at the output", lambda out, a, b: (b * out ** (b - 1), 0.0), 6.0)
        yield Wrong("integral", "as the integral", lambda out, a, b: (a ** (b + 1) / (b + 1), 0.0), 7.0)
    if op.name == "div":
        yield Wrong("both_over", "as 1 over the divisor for both", lambda out, a, b: (1 / b, 1 / b), 6.0)
        yield Wrong("no_numerator", "as -1/b² by the divisor", lambda out, a, b: (1 / b, -1 / b**2), 5.5)
        yield Wrong("first_squared", "with 1/b² by the first", lambda out, a, b: (1 / b**2, -a / b**2), 6.0)
        yield Wrong("first_over", "as b by the first", lambda out, a, b: (b, -a / b**2), 6.5)
        yield Wrong("plain_quotient", "as a/b by the divisor", lambda out, a, b: (1 / b, a / b), 6.5)
    if op.name in ("maximum", "minimum"):
        yield Wrong("loser", "for the one that lost", lambda out, a, b: (float(out == b), float(out == a)), 4.5)
    for name in PAIRS:
        other = OPS[name]
        if other is not op:
            yield Wrong(f"{name}_rule", f"by the rule of {name}", other.textbook, 5.5)


def _second(pair: tuple[Any, ...]) -> tuple[Any, ...]:
    return pair[0], -pair[1]
