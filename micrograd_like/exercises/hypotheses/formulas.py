"""Other local derivatives: those of every other operation, and the right one at the wrong number or changed.

They are taken from the table of operations, so that an operation that is added there is also taken for others here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import log
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
    for name, words, x in (("output", "its output", _out), ("input", "its input", _in)):
        for key, text, made, bits in OF_A_NUMBER:
            if x is _in and key in ("square_minus_one_of_", "product_turned_of_"):
                continue  # these are two mistakes at once: the input for the output, and the sign
            yield wrong(f"{key}{name}", f"as {text.format(words)}", _of(made, x), bits)
    yield wrong("at_output", "at the output instead of the input", lambda out, a: book(op.value(out), out)[0], 5.0)
    yield wrong("input_for_output", "with the input where the output belongs", lambda out, a: book(a, a)[0], 5.0)
    yield wrong("output_for_input", "with the output where the input belongs", lambda out, a: book(out, out)[0], 5.0)
    yield wrong("input_times_output", "as input times output", lambda out, a: a * out, 6.0)
    yield wrong("output_over_input", "as output over input", lambda out, a: out / a, 6.5)
    yield wrong("sum_of_both", "as input plus output", lambda out, a: a + out, 7.0)
    yield wrong("output_twice", "as the function of its output", lambda out, a: op.value(out), 6.0)
    yield wrong("of_minus_input", "as the function of minus the input", lambda out, a: op.value(-a), 6.5)
    yield wrong("at_minus_input", "at minus the input", lambda out, a: book(op.value(-a), -a)[0], 6.5)
    yield wrong("at_square", "at the square of the input", lambda out, a: book(op.value(a * a), a * a)[0], 7.0)
    yield wrong("times_input", "times the input once more", lambda out, a: a * book(out, a)[0], 5.5)
    yield wrong("times_output", "times the output once more", lambda out, a: out * book(out, a)[0], 5.5)
    yield wrong("one_minus", "as 1 minus the slope", lambda out, a: 1.0 - book(out, a)[0], 6.0)
    yield wrong("one_plus", "as 1 plus the slope", lambda out, a: 1.0 + book(out, a)[0], 7.0)
    yield wrong("sign", "as 1 above 0 and -1 below", lambda out, a: 1.0 if a > 0 else -1.0, 6.0)
    yield wrong("shut", "as 1 below 0 and 0 above", lambda out, a: float(a < 0), 7.0)
    for below in (0.01, 0.1):
        yield wrong(f"leaky_{below}", f"as 1 above 0 and {below} below", _leaky(below), 6.0)
    for name in [*SCHOOL, *(x for x in OPS if x not in SCHOOL)]:
        other, far = OPS[name], 0.0 if name in SCHOOL else 2.5
        if other.arity != 1 or other is op:
            continue
        yield wrong(f"{name}_at_input", f"as that of {name}, at the input", _at_input(other), 5.5 + far)
        yield wrong(f"{name}_formula", f"by the formula of {name}", _formula(other), 6.0 + far)
        yield wrong(f"{name}_at_output", f"as that of {name}, at the output", _at_output(other), 7.0 + far)
        yield wrong(f"{name}_itself", f"as {name} of the input", _itself(other), 7.0 + far)


def _out(out: Any, a: Any) -> Any:
    return out


def _in(out: Any, a: Any) -> Any:
    return a


def _of(made: Callable[[Any], Any], number: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda out, a: made(number(out, a))


def _leaky(below: float) -> Callable[[Any, Any], Any]:
    return lambda out, a: 1.0 if a > 0 else below


OF_A_NUMBER: tuple[tuple[str, str, Callable[[Any], Any], float], ...] = (  # of the output, and of the input
    ("", "{}", lambda x: x, 4.5),
    ("one_minus_", "1 minus {}", lambda x: 1.0 - x, 5.0),
    ("square_of_", "the square of {}", lambda x: x * x, 5.0),
    ("one_minus_square_of_", "1 minus the square of {}", lambda x: 1.0 - x * x, 5.0),
    ("product_with_rest_of_", "x · (1 - x), with {} for x", lambda x: x * (1.0 - x), 5.0),
    ("one_over_", "1 over {}", lambda x: 1.0 / x, 5.5),
    ("minus_", "minus {}", lambda x: -x, 5.5),
    ("twice_", "twice {}", lambda x: 2.0 * x, 5.5),
    ("minus_rest_of_", "{} minus 1", lambda x: x - 1.0, 6.0),
    ("one_plus_", "1 plus {}", lambda x: 1.0 + x, 6.0),
    ("square_minus_one_of_", "the square of {} minus 1", lambda x: x * x - 1.0, 6.0),
    ("one_plus_square_of_", "1 plus the square of {}", lambda x: 1.0 + x * x, 6.0),
    ("product_with_more_of_", "x · (1 + x), with {} for x", lambda x: x * (1.0 + x), 6.0),
    ("product_turned_of_", "x · (x - 1), with {} for x", lambda x: x * (x - 1.0), 6.0),
    ("minus_one_over_", "-1 over {}", lambda x: -1.0 / x, 6.5),
    ("one_over_square_of_", "1 over the square of {}", lambda x: 1.0 / (x * x), 6.5),
    ("half_", "half {}", lambda x: 0.5 * x, 6.5),
    ("one_minus_twice_", "1 minus twice {}", lambda x: 1.0 - 2.0 * x, 6.5),
    ("square_of_rest_of_", "the square of 1 minus {}", lambda x: (1.0 - x) ** 2, 6.5),
    ("one_minus_size_of_", "1 minus the size of {}", lambda x: 1.0 - abs(x), 7.0),
    ("twice_product_of_", "2x · (1 - x), with {} for x", lambda x: 2.0 * x * (1.0 - x), 7.0),
    ("minus_square_of_", "minus the square of {}", lambda x: -x * x, 7.0),
    ("minus_one_over_square_of_", "-1 over the square of {}", lambda x: -1.0 / (x * x), 7.0),
    ("cube_of_", "the cube of {}", lambda x: x**3, 7.5),
    ("root_of_", "the root of {}", lambda x: x**0.5, 7.5),
)


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
    yield Wrong("minus_other", "as minus the other input", lambda out, a, b: (-b, -a), 6.0)
    yield Wrong("minus_both", "as -1 for both", lambda out, a, b: (-1.0, -1.0), 6.0)
    yield Wrong("difference", "as the difference of the two", lambda out, a, b: (a - b, b - a), 7.0)
    yield Wrong("twos", "as 2 for both", lambda out, a, b: (2.0, 2.0), 6.5)
    yield Wrong("other_and_one", "as the other input plus 1", lambda out, a, b: (b + 1.0, a + 1.0), 7.0)
    yield Wrong("first_negative", "with a minus for the first", lambda out, a, b: _first(book(out, a, b)), 6.0)
    yield Wrong("second_negative", "with a minus for the second", lambda out, a, b: _second(book(out, a, b)), 5.0)
    if op.name == "pow":
        yield from _of_power()
    if op.name == "div":
        yield from _of_quotient()
    if op.name in ("maximum", "minimum"):
        yield Wrong("loser", "for the one that lost", lambda out, a, b: (float(out == b), float(out == a)), 4.5)
    for name in PAIRS:
        other = OPS[name]
        if other is not op:
            yield Wrong(f"{name}_rule", f"by the rule of {name}", other.textbook, 5.5)


def _of_power() -> Iterator[Wrong]:
    yield Wrong("exponent", "as the exponent", lambda out, a, b: (b, 0.0), 5.0)
    yield Wrong("base", "as the base", lambda out, a, b: (a, 0.0), 5.0)
    yield Wrong("factor_only", "as exponent times base", lambda out, a, b: (b * a, 0.0), 5.5)
    yield Wrong("one_less", "with the factor n - 1 for n", lambda out, a, b: ((b - 1) * a ** (b - 1), 0.0), 6.0)
    yield Wrong("one_more", "with the power n + 1", lambda out, a, b: (b * a ** (b + 1), 0.0), 7.0)
    yield Wrong("at_output", "at the output", lambda out, a, b: (b * out ** (b - 1), 0.0), 6.0)
    yield Wrong("own_power", "as the power itself", lambda out, a, b: (out, 0.0), 5.0)
    yield Wrong("factor_less", "as (n - 1) · x^n", lambda out, a, b: ((b - 1) * out, 0.0), 6.5)
    yield Wrong("plus", "as n + x^(n - 1)", lambda out, a, b: (b + a ** (b - 1), 0.0), 6.5)
    yield Wrong("two_less", "with the power n - 2", lambda out, a, b: (b * a ** (b - 2), 0.0), 6.5)
    yield Wrong("factor_squared", "with the factor n²", lambda out, a, b: (b * b * a ** (b - 1), 0.0), 7.0)
    yield Wrong("over_n", "divided by n, not multiplied", lambda out, a, b: (a ** (b - 1) / b, 0.0), 6.5)
    yield Wrong("second", "differentiated twice", lambda out, a, b: (b * (b - 1) * a ** (b - 2), 0.0), 6.5)
    yield Wrong("log", "as x^n · log x", lambda out, a, b: (out * log(a), 0.0), 7.0)
    yield Wrong("keeps", "as n · x^n", lambda out, a, b: (b * out, 0.0), 5.0)
    yield Wrong("bare", "as x^(n - 1)", lambda out, a, b: (a ** (b - 1), 0.0), 5.0)
    yield Wrong("integral", "as the integral", lambda out, a, b: (a ** (b + 1) / (b + 1), 0.0), 7.0)


def _of_quotient() -> Iterator[Wrong]:
    yield Wrong("both_over", "as 1 over the divisor for both", lambda out, a, b: (1 / b, 1 / b), 6.0)
    yield Wrong("no_numerator", "as -1/b² by the divisor", lambda out, a, b: (1 / b, -1 / b**2), 5.5)
    yield Wrong("first_squared", "with 1/b² by the first", lambda out, a, b: (1 / b**2, -a / b**2), 6.0)
    yield Wrong("first_over", "as b by the first", lambda out, a, b: (b, -a / b**2), 6.5)
    yield Wrong("no_minus", "as a/b² by the divisor", lambda out, a, b: (1 / b, a / b**2), 5.0)
    yield Wrong("no_square", "as -a/b by the divisor", lambda out, a, b: (1 / b, -a / b), 5.0)
    yield Wrong("numerator", "as a by the divisor", lambda out, a, b: (1 / b, a), 6.5)
    yield Wrong("over_numerator", "as -b/a² by the divisor", lambda out, a, b: (1 / b, -b / a**2), 7.0)
    yield Wrong("cube", "as -a/b³ by the divisor", lambda out, a, b: (1 / b, -a / b**3), 7.5)
    yield Wrong("plain_quotient", "as a/b by the divisor", lambda out, a, b: (1 / b, a / b), 6.5)


def _first(pair: tuple[Any, ...]) -> tuple[Any, ...]:
    return -pair[0], pair[1]


def _second(pair: tuple[Any, ...]) -> tuple[Any, ...]:
    return pair[0], -pair[1]
