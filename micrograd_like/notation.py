"""Rules that write themselves: numbers whose operations leave a text, in Python, LaTeX or C.

>>> from micrograd_like.ops import OPS
>>> [str(slope) for slope in OPS["tanh"].textbook(Python("out"), Python("a"))]
['1 - out ** 2']
>>> print(LaTeX("x") ** 2 / (1 + LaTeX("y")))
\\frac{x^{2}}{1 + y}
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, Self

from .ops import Number, Op

SUM, CALL, PRODUCT, SIGN, POWER, ATOM = range(6)  # how tightly a text holds together, loosest first


class Written(Number):
    """A number that is a text; an operation on it leaves a longer text.

    The text computes in the order in which it was written, so that it gives the same bits: a + (b + c) keeps
    its parentheses.
    """

    tightness: ClassVar[dict[str, int]] = {
        "add": SUM, "sub": SUM, "mul": PRODUCT, "div": PRODUCT, "floordiv": PRODUCT, "mod": PRODUCT,
        "neg": SIGN, "pow": POWER,
    }  # fmt: skip

    def __init__(self, text: object, holds: int = ATOM) -> None:
        self.text = self.number(float(text)) if isinstance(text, int | float) else str(text)
        self.holds = SIGN if self.text.startswith("-") and holds == ATOM else holds

    def apply(self, op: Op, *operands: Any) -> Self:
        texts = [x if isinstance(x, Written) else type(self)(x) for x in operands]
        return type(self)(self.write(op, *texts), self.tightness.get(op.name, ATOM))

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
        return repr(number).removesuffix(".0")


class C(Written):
    """C source, in which an operation without a sign of C's is a function named `op_` and its name."""

    tightness = {"add": SUM, "sub": SUM, "mul": PRODUCT, "div": PRODUCT, "neg": ATOM}

    def call(self, op: Op, *operands: str) -> str:
        return f"op_{op.name}({', '.join(operands)})"

    def write(self, op: Op, *operands: Written) -> str:
        return f"(-{operands[0].within(ATOM)})" if op.name == "neg" else super().write(op, *operands)


class LaTeX(Written):
    """LaTeX source. Names go through `latex_name` first."""

    tightness = Written.tightness | {"neg": CALL, "div": POWER, "exp": POWER, "expm1": SUM}

    def apply(self, op: Op, *operands: Any) -> Self:
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

        return type(self)(re.sub(r"\{\{([abc])\}\}|\{([abc])\}", place, op.latex), own)

    def number(self, number: float) -> str:
        digits, _, exponent = repr(number).removesuffix(".0").partition("e")
        factor = "" if digits == "1" else rf"{digits} \cdot "
        return f"{factor}10^{{{int(exponent)}}}" if exponent else digits

    def within(self, tightness: int) -> str:
        return self.text if self.holds >= tightness else rf"\left({self.text}\right)"


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
