"""Rules that write themselves: numbers whose operations leave a text, in Python, LaTeX, MathML, C or JavaScript.

>>> from micrograd_like.ops import OPS
>>> [str(slope) for slope in OPS["tanh"].textbook(Python("out"), Python("a"))]
['1 - out ** 2']
>>> print(LaTeX("x") ** 2 / (1 + LaTeX("y")))
\\frac{x^{2}}{1 + y}
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from html import escape
from typing import Any, ClassVar, Self

from . import OPS, Number, Op

COMPARED, SUM, CALL, PRODUCT, SIGN, POWER, ATOM = range(-1, 6)  # how tightly a text holds together, loosest first
ABOVE, BELOW = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"), str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
KNOWN: dict[float, Callable[..., Any]] = {  # numbers that formulas contain, and how people write them
    math.pi: lambda sqrt, log, pi: pi,
    math.sqrt(2.0): lambda sqrt, log, pi: sqrt(2.0),
    math.sqrt(math.pi): lambda sqrt, log, pi: sqrt(pi),
    math.sqrt(2.0 * math.pi): lambda sqrt, log, pi: sqrt(2.0 * pi),
    2.0 / math.sqrt(math.pi): lambda sqrt, log, pi: 2.0 / sqrt(pi),
    math.log(2.0): lambda sqrt, log, pi: log(2.0),
    math.log(10.0): lambda sqrt, log, pi: log(10.0),
}


class Written(Number):
    """A number that is a text; an operation on it leaves a longer text.

    The text computes in the order in which it was written, so that it gives the same bits: a + (b + c) keeps
    its parentheses.
    """

    tightness: ClassVar[dict[str, int]] = {
        "add": SUM, "sub": SUM, "mul": PRODUCT, "div": PRODUCT, "floordiv": PRODUCT, "mod": PRODUCT,
        "neg": SIGN, "pow": POWER,
    }  # fmt: skip

    minus: ClassVar[str] = "-"  # how a negative number begins
    pi: ClassVar[str] = ""  # what pi is called in a notation for people; then √2 is not written as 1.4142...
    compared: ClassVar[int] = COMPARED  # how tightly a comparison holds together
    sides: tuple[str, str] | None = None  # of a difference
    text: str
    holds: int

    def __init__(self, text: object, holds: int = ATOM) -> None:
        if isinstance(text, int | float):
            if self.pi and (known := KNOWN.get(abs(float(text)))):
                text, holds = self._known(known, float(text) < 0.0)
            else:
                text = self.number(float(text))
        self.text = str(text)
        self.holds = SIGN if self.text.startswith(self.minus) and holds == ATOM else holds

    def _known(self, known: Any, negative: bool) -> tuple[str, int]:
        kind = type(self)
        sqrt, log = (lambda x, op=OPS[name]: op(x if isinstance(x, Written) else kind(x)) for name in ("sqrt", "log"))
        written = known(sqrt, log, kind(self.pi))
        written = -written if negative else written
        return written.text, written.holds

    def apply(self, op: Op, *operands: Any) -> Self:
        if any(isinstance(x, Exact) for x in operands):
            return next(x for x in operands if isinstance(x, Exact)).apply(op, *operands)  # type: ignore[no-any-return]
        texts = [x if isinstance(x, Written) else type(self)(x) for x in operands]
        if op.name == "step" and self.pi:
            return type(self)(self.above(*(texts[0].sides or (str(texts[0]), self.number(0.0)))), self.compared)
        written = type(self)(self.write(op, *texts), self.tightness.get(op.name, ATOM))
        if op.name == "sub":
            written.sides = str(texts[0]), str(texts[1])
        return written

    def above(self, left: str, right: str) -> str:
        """Return the text of 1 if the left side is above the right one, else 0."""
        return f"{left} > {right}"

    def write(self, op: Op, *operands: Written) -> str:
        """Return the text of `op` on operands: with its sign if it has one, else as a call."""
        if op.name not in self.tightness:
            return self.call(op, *map(str, operands))
        own, (first, *rest) = self.tightness[op.name], operands
        if not rest:
            return op.sign + first.within(own)
        if op.name == "pow":  # it holds its right side first, and a minus on its left is not its own
            return f"{first.within(ATOM)} ** {rest[0].within(SIGN)}"
        return f"{first.within(own)} {op.sign} {rest[0].within(own + 1)}"

    def call(self, op: Op, *operands: str) -> str:
        """Return the text of an operation that has no sign in this notation."""
        return op.write(*operands)

    def number(self, number: float) -> str:
        """Return how a plain number is written."""
        return repr(number)

    def within(self, tightness: int) -> str:
        """Return the text for a place that asks for this tightness: in parentheses if it is looser."""
        return self.text if self.holds >= tightness else f"({self.text})"

    def __str__(self) -> str:
        return self.text


class Python(Written):
    """Python source, in which operations without a sign have the names of the table."""

    def number(self, number: float) -> str:
        if not math.isfinite(number):
            return f'float("{number}")'
        text = repr(number)
        return text if text == "-0.0" else text.removesuffix(".0")  # the integer -0 has no sign


class Formula(Python):
    """Python source as people write it: the constants by their names, a comparison for a step."""

    pi = "pi"


class Text(Formula):
    """Python source as a line of explanation holds it: a*b + (c / d)."""

    tightness: ClassVar[dict[str, int]] = Written.tightness | {"div": SUM}

    def number(self, number: float) -> str:
        return super().number(number) if math.isfinite(number) else str(number)

    def write(self, op: Op, *operands: Written) -> str:
        if op.sign and operands[-1].text.startswith("-"):  # 2*(-3) and -(-3)
            operands = *operands[:-1], type(self)(f"({operands[-1]})")
        if op.name not in ("mul", "div"):
            return super().write(op, *operands)
        sign = "*" if op.name == "mul" else " / "
        return f"{operands[0].within(PRODUCT)}{sign}{operands[1].within(PRODUCT + 1)}"


class Exact(Number):
    """A constant of a formula, in a notation: 3 - 1 is written as 2, but log(2) as it stands."""

    constant = True
    folded: frozenset[str] = frozenset(["add", "sub", "mul", "neg", "abs", "step", "maximum", "minimum"])
    number: float
    kind: type[Written]

    def __init__(self, number: float, kind: type[Written]) -> None:
        self.number, self.kind = number, kind

    def apply(self, op: Op, *operands: Any) -> Any:
        numbers = [x.number if isinstance(x, Exact) else x for x in operands]
        if not any(isinstance(x, Written) for x in numbers):
            if op.name in self.folded:
                return Exact(op(*numbers), self.kind)
            return self.kind(numbers[0]).apply(op, *numbers)
        if op.name == "pow" and numbers[1] == 1.0:
            return numbers[0]
        return next(x for x in numbers if isinstance(x, Written)).apply(op, *numbers)

    def __str__(self) -> str:
        return str(self.kind(self.number))


class JavaScript(Written):
    """JavaScript source, in which an operation without a sign of JavaScript's is a function with its name."""

    tightness: ClassVar[dict[str, int]] = {
        "add": SUM,
        "sub": SUM,
        "mul": PRODUCT,
        "div": PRODUCT,
        "neg": ATOM,
        "pow": POWER,
    }

    def write(self, op: Op, *operands: Written) -> str:
        return f"(-{operands[0].within(ATOM)})" if op.name == "neg" else super().write(op, *operands)

    def call(self, op: Op, *operands: str) -> str:
        return f"{op.name}({', '.join(operands)})"

    def number(self, number: float) -> str:
        return repr(number).removesuffix(".0").replace("inf", "Infinity").replace("nan", "NaN")


class MathML(Written):
    """Presentation MathML, as browsers show it. Names go through `mathml_name` first."""

    tightness: ClassVar[dict[str, int]] = Written.tightness | {"div": ATOM, "exp": POWER, "sqrt": ATOM}
    signs: ClassVar[dict[str, str]] = {"mul": "·", "sub": "−", "neg": "−", "mod": "mod"}
    minus = "<mo>−</mo>"
    pi: ClassVar[str] = "<mi>π</mi>"
    compared: ClassVar[int] = ATOM

    def above(self, left: str, right: str) -> str:
        return _row(f"<mo>(</mo>{left}<mo>&gt;</mo>{right}<mo>)</mo>")

    def write(self, op: Op, *operands: Written) -> str:
        a, b = operands[0], operands[-1]
        if op.name in ("div", "pow", "exp"):
            base = "<mi>e</mi>" if op.name == "exp" else a.within(ATOM if op.name == "pow" else SUM)
            tag = "mfrac" if op.name == "div" else "msup"
            return f"<{tag}>{_row(base)}{_row(str(b))}</{tag}>"
        if op.name == "sqrt":
            return f"<msqrt>{a}</msqrt>"
        if op.name == "abs":
            return _row(f"<mo>|</mo>{a}<mo>|</mo>")
        if op.name not in self.tightness:
            return self.call(op, *map(str, operands))
        own, sign = self.tightness[op.name], f"<mo>{self.signs.get(op.name, op.sign)}</mo>"
        right = ATOM + 1 if b.text.startswith(self.minus) else own + (op.name not in ("add", "neg"))
        return (a.within(own) if len(operands) == 2 else "") + sign + b.within(right)

    def call(self, op: Op, *operands: str) -> str:
        return f"<mi>{op.name}</mi><mo>(</mo>{'<mo>,</mo>'.join(operands)}<mo>)</mo>"

    def number(self, number: float) -> str:
        return f"<mn>{_digits(number)}</mn>" if number >= 0 else f"{self.minus}<mn>{_digits(-number)}</mn>"

    def within(self, tightness: int) -> str:
        return self.text if self.holds >= tightness else f"<mo>(</mo>{self.text}<mo>)</mo>"


def _row(text: str) -> str:
    return f"<mrow>{text}</mrow>"


def _digits(number: float) -> str:
    return repr(number).removesuffix(".0")


class C(Written):
    """C source, in which an operation without a sign of C's is a function named `op_` and its name."""

    tightness: ClassVar[dict[str, int]] = {"add": SUM, "sub": SUM, "mul": PRODUCT, "div": PRODUCT, "neg": ATOM}

    def call(self, op: Op, *operands: str) -> str:
        return f"op_{op.name}({', '.join(operands)})"

    def write(self, op: Op, *operands: Written) -> str:
        return f"(-{operands[0].within(ATOM)})" if op.name == "neg" else super().write(op, *operands)


class LaTeX(Written):
    """LaTeX source. Names go through `latex_name` first."""

    tightness: ClassVar[dict[str, int]] = Written.tightness | {"neg": CALL, "div": POWER, "exp": POWER, "expm1": SUM}
    pi: ClassVar[str] = r"\pi"
    compared: ClassVar[int] = ATOM

    def above(self, left: str, right: str) -> str:
        return rf"\left[{left} > {right}\right]"

    def apply(self, op: Op, *operands: Any) -> Self:
        if op.name == "step" or any(isinstance(x, Exact) for x in operands):
            return super().apply(op, *operands)
        texts = [x if isinstance(x, Written) else type(self)(x) for x in operands]
        own = self.tightness.get(op.name, CALL if op.latex.endswith(" {a}") else ATOM)

        def place(match: re.Match[str]) -> str:
            whole, beside = match.groups()
            if whole:  # {{a}} is a place of its own, {a} stands beside other signs
                return f"{{{texts['abc'.index(whole)]}}}"
            x = texts["abc".index(beside)]
            if match.start() and x.text.startswith("-"):
                return x.within(ATOM + 1)
            tight = own + 1 if beside == "b" and op.name != "add" else own
            return x.within(ATOM if op.name == "pow" or op.latex.endswith(" {a}") else min(tight, ATOM))

        written = type(self)(re.sub(r"\{\{([abc])\}\}|\{([abc])\}", place, op.latex), own)
        written.sides = (str(texts[0]), str(texts[1])) if op.name == "sub" else None
        return written

    def number(self, number: float) -> str:
        digits, _, exponent = repr(number).removesuffix(".0").partition("e")
        factor = "" if digits == "1" else rf"{digits} \cdot "
        return f"{factor}10^{{{int(exponent)}}}" if exponent else digits

    def within(self, tightness: int) -> str:
        return self.text if self.holds >= tightness else rf"\left({self.text}\right)"


def short(number: float, digits: int = 4) -> str:
    """Return a number for people to read: `digits` significant digits, and whole numbers below a million whole.

    >>> short(0.70710678), short(-3.0), short(24704.08), short(1e-9), short(0.1 + 0.2, 17)
    ('0.7071', '-3', '24700', '1e-9', '0.30000000000000004')
    """
    if digits >= 17:  # all that a float has
        return repr(number + 0.0).removesuffix(".0")
    text = f"{number + 0.0:.{digits}g}"
    mantissa, e, exponent = text.partition("e")
    return f"{float(text):.0f}" if 0 <= int(exponent or -1) < 6 else f"{mantissa}e{int(exponent)}" if e else text


def brief(text: str, lines: int = 20, width: int = 180) -> str:
    """Return the beginning of a long text, for what shows itself without having been asked to print all."""
    rows = text.split("\n")
    shown = [row if len(row) <= width else f"{row[: width - 1]}…" for row in rows[:lines]]
    return "\n".join(shown + [f"… and {len(rows) - lines:,} lines more: print(...) shows all"] * (len(rows) > lines))


def check_digits(digits: object) -> None:
    """Raise ValueError where a number cannot be shown with so many digits."""
    if not isinstance(digits, int) or isinstance(digits, bool) or digits < 1:
        raise ValueError(f"digits={digits!r} shows nothing: a number has one digit or more. Write digits=4.")


def short_name(name: str) -> str:
    """Return a name as a picture writes it: indices small, of a network's the layer above and the place below.

    >>> short_name("layers[0].neurons[2].w[1]"), short_name("layers[1].neurons[0].b"), short_name("z1[0]")
    ('w¹₂₁', 'b²₀', 'z¹₀')
    >>> short_name("x[3]"), short_name("w[10][2]"), short_name("rate"), short_name("z1[·]")
    ('x₃', 'w₁₀,₂', 'rate', 'z1[·]')
    """
    above, letter, places = "", name, ""
    if match := re.fullmatch(r"(?:\w+\.)?layers\[(\d+)\]\.neurons\[(\d+)\]\.([a-z]+)((?:\[\d+\])?)", name):
        above, letter, places = str(int(match[1]) + 1), match[3], f"[{match[2]}]{match[4]}"
    elif match := re.fullmatch(r"([za])(\d+)(\[\d+\])", name):
        letter, above, places = match.groups()
    elif match := re.fullmatch(r"([^\W\d]+)((?:\[\d+\])+)", name):
        letter, places = match.groups()
    indices = re.findall(r"\d+", places)
    below = ("," if any(len(index) > 1 for index in indices) else "").join(indices)
    return letter + above.translate(ABOVE) + below.translate(BELOW)


def visible(text: object) -> str:
    """Return text in which control characters are seen and do nothing, so that every format can hold it."""

    def shown(match: re.Match[str]) -> str:
        code = ord(match[0])
        return chr(0x2400 + code) if code < 32 else "\u2421" if code == 127 else "\ufffd"

    return re.sub("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]", shown, str(text))


def mathml_name(name: str) -> str:
    """Return a name as MathML: letters as they are, what stands in brackets or after a letter as an index.

    >>> mathml_name("w[1]"), mathml_name("x2"), mathml_name("<b>")
    ('<msub><mi>w</mi><mn>1</mn></msub>', '<msub><mi>x</mi><mn>2</mn></msub>', '<mi>&lt;b&gt;</mi>')
    """
    if match := re.fullmatch(r"(\w*[^\W\d])\[?(\d+)\]?", name):
        letter, index = match.groups()
        return f"<msub><mi>{letter}</mi><mn>{index}</mn></msub>"
    return f"<mi>{escape(name)}</mi>"


def latex_name(name: str) -> str:
    r"""Return a name as mathematics writes it.

    >>> latex_name("z1[0]"), latex_name("x2"), latex_name("ŷ"), latex_name("learning_rate")
    ('z^{[1]}_{0}', 'x_{2}', '\\hat{y}', '\\mathrm{learning\\_rate}')
    """
    if match := re.fullmatch(r"([A-Za-z]|ŷ)(\d*)((?:\[\d+\])*)", name):
        letter, number, places = match.groups()
        indices = re.findall(r"\d+", places)
        layer = f"^{{[{number}]}}" if number and indices and letter in "za" else ""
        lower = ",".join(([] if layer or not number else [number]) + indices)
        return letter.replace("ŷ", r"\hat{y}") + layer + (f"_{{{lower}}}" if lower else "")
    special = {"\\": r"\backslash ", "~": r"\sim ", "^": r"\wedge "} | {x: f"\\{x}" for x in "{}$&#%_"}
    return rf"\mathrm{{{''.join(special.get(letter, letter) for letter in name)}}}"
