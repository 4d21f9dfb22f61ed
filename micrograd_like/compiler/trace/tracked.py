"""Numbers that know where they came from: each decision taken from one while a function is recorded is a guard.

While a thread records, `.data` gives a `Tracked` number, and so do the examples. A comparison of it is a guard once
somebody asks for its truth; arithmetic on it is part of the graph, without a gradient; every other way out (`float`,
`hash`, text, an index) is the guard that the number is what it was.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ...engine import Value
from ...ops import OPS, Op, ieee
from .own import DETACH

WHOLE = 2**53  # from here on a float does not hold every whole number
PACKAGE = str(Path(__file__).parent.parent.parent)  # whose own code takes any kind of number


def _same_bits(a: Any, b: Any) -> Any:
    """Tell whether numbers are equal and no zero has another sign; of floats or of arrays."""
    copysign = math.copysign if isinstance(a, float) and isinstance(b, float) else sys.modules["numpy"].copysign
    return (a == b) & (copysign(1.0, a) == copysign(1.0, b))


SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
    "&": operator.and_, "|": operator.or_, "^": operator.xor, "whole": lambda a, b: a == a // 1 + b, "is": _same_bits,
}  # fmt: skip


class Test(NamedTuple):
    """A question to two numbers, or to two such questions: `left sign right`."""

    left: Any  # a Value, a plain number, or a Test
    sign: str
    right: Any

    def form(self) -> str:
        """Return the question without its numbers, as in "(?>?)|(?==?)"."""
        parts = [x.form() if isinstance(x, Test) else "?" for x in (self.left, self.right)]
        return f"({parts[0]}{self.sign}{parts[1]})"

    def operands(self) -> list[Any]:
        """Return what stands in the places of the question marks."""
        return [y for x in (self.left, self.right) for y in (x.operands() if isinstance(x, Test) else [x])]

    def answer(self, numbers: Iterator[Any]) -> Any:
        """Return the answer for these numbers in the places of the question marks, or for arrays of them."""
        left, right = [x.answer(numbers) if isinstance(x, Test) else next(numbers) for x in (self.left, self.right)]
        return SIGNS[self.sign](left, right)


class Guard(NamedTuple):
    """A question that was decided while recording, the decision, and in which line it was taken.

    A `check` is one of the package's own, which only raises an error where the answer is another.
    """

    test: Test
    outcome: bool
    line: str
    check: bool = False


class Tracked(Value):
    """A plain number of the learner's program while it is recorded, and the node that stands for it.

    To `isinstance` it is the int, float or bool that it stands for; C code that reads it asks `__float__`.
    """

    number: Any
    tracer: Any
    source: Value | None  # the Value whose `.data` it is
    test: Test | None  # the question whose answer it is

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        if not sys._getframe(1).f_code.co_filename.startswith(PACKAGE):
            self.tracer.kind_matters(self)
        return type(self.number)

    @property
    def operand(self) -> Value:
        """What a question about this number is asked of."""
        return self.source if self.source is not None else self

    def left(self) -> Any:
        """Return the plain number to code that cannot be watched: it must be the same in another call."""
        if not self.tracer.active:
            return self.number
        if self.test is not None:
            return bool(self)
        self.tracer.kind_matters(self)
        operand = self.operand
        if self.number == 0 and type(self.number) is float:
            self.tracer.guard(Test(operand, "is", self.number), True)
            if operand.op is not None:
                self.tracer.give_up("it looks at a number that is 0 where its sign could be seen")
        elif self.number == self.number:
            self.tracer.guard(Test(operand, "==", float(self.number)), True)
        else:
            self.tracer.guard(Test(operand, "==", operand), False)
        return self.number

    # arithmetic stays in the graph

    def combined(self, function: Callable[..., Any], op: Op, *operands: Any) -> Any:
        """Return what a function of numbers gives, tracked; the operation `op` is what the function does."""
        numbers = [x.number if type(x) is Tracked else x for x in operands]
        try:
            result = function(*numbers)
        except (ArithmeticError, ValueError):
            self.unseen(operands)
            raise
        kept = isinstance(result, float | int) and not (type(result) is int and abs(result) > WHOLE)
        if not (kept and self.tracer.active):
            self.unseen(operands)
            return result
        node = applied(op, *[x if type(x) is Tracked else float(x) for x in operands])
        if node._data != result and result == result:
            self.unseen(operands)
            return result
        return self.tracer.number(result, node)

    def unseen(self, operands: Any) -> None:
        for x in operands:
            if type(x) is Tracked:
                x.left()

    def binary(self, other: Any, op: Op, function: Callable[..., Any], swapped: bool = False) -> Any:
        if type(other) is not Tracked:
            if isinstance(other, Value):
                return op(other, self) if swapped else op(self, other)
            if not _is_number(other):
                return NotImplemented
        return self.combined(function, op, *((other, self) if swapped else (self, other)))

    def __add__(self, other: Any) -> Any:
        return self.binary(other, OPS["add"], operator.add)

    def __radd__(self, other: Any) -> Any:
        return self.binary(other, OPS["add"], operator.add, True)

    def __sub__(self, other: Any) -> Any:
        return self.binary(other, OPS["sub"], operator.sub)

    def __rsub__(self, other: Any) -> Any:
        return self.binary(other, OPS["sub"], operator.sub, True)

    def __mul__(self, other: Any) -> Any:
        return self.binary(other, OPS["mul"], operator.mul)

    def __rmul__(self, other: Any) -> Any:
        return self.binary(other, OPS["mul"], operator.mul, True)

    def __truediv__(self, other: Any) -> Any:
        return self.binary(other, OPS["div"], operator.truediv)

    def __rtruediv__(self, other: Any) -> Any:
        return self.binary(other, OPS["div"], operator.truediv, True)

    def __floordiv__(self, other: Any) -> Any:
        return self.binary(other, OPS["floordiv"], operator.floordiv)

    def __rfloordiv__(self, other: Any) -> Any:
        return self.binary(other, OPS["floordiv"], operator.floordiv, True)

    def __mod__(self, other: Any) -> Any:
        return self.binary(other, OPS["mod"], operator.mod)

    def __rmod__(self, other: Any) -> Any:
        return self.binary(other, OPS["mod"], operator.mod, True)

    def __pow__(self, other: Any) -> Any:  # type: ignore[override]
        return self.binary(other, OPS["pow"], operator.pow)

    def __rpow__(self, other: Any) -> Any:
        return self.binary(other, OPS["pow"], operator.pow, True)

    def __neg__(self) -> Any:
        return self.combined(operator.neg, OPS["neg"], self)

    def __abs__(self) -> Any:
        return self.combined(operator.abs, OPS["abs"], self)

    def __pos__(self) -> Any:
        return self if type(self.number) is not bool else self + 0

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    # comparisons are questions, and become guards when their truth is wanted

    def compared(self, sign: str, other: Any) -> Any:
        return compare(self.tracer, self, sign, other)

    def __lt__(self, other: Any) -> Any:
        return self.compared("<", other)

    def __le__(self, other: Any) -> Any:
        return self.compared("<=", other)

    def __gt__(self, other: Any) -> Any:
        return self.compared(">", other)

    def __ge__(self, other: Any) -> Any:
        return self.compared(">=", other)

    def __eq__(self, other: Any) -> Any:
        return self is other if of_the_graph() else self.compared("==", other)

    def __ne__(self, other: Any) -> Any:
        return self is not other if of_the_graph() else self.compared("!=", other)

    def __hash__(self) -> int:
        return object.__hash__(self) if of_the_graph() else hash(self.left())

    def __bool__(self) -> bool:
        test = Test(self.operand, "!=", 0.0) if self.test is None else self.test
        self.tracer.guard(test, bool(self.number))
        return bool(self.number)

    def logical(self, other: Any, sign: str, function: Callable[..., Any]) -> Any:
        test = Test(float(other), "!=", 0.0) if type(other) is bool else getattr(other, "test", None)
        if self.test is None or test is None or not self.tracer.active:
            return function(self.left(), other.left() if type(other) is Tracked else other)
        number = function(self.number, other if type(other) is bool else other.number)
        return self.tracer.answer(number, Test(self.test, sign, test))

    def __and__(self, other: Any) -> Any:
        return self.logical(other, "&", operator.and_)

    def __rand__(self, other: Any) -> Any:
        return self.logical(other, "&", operator.and_)

    def __or__(self, other: Any) -> Any:
        return self.logical(other, "|", operator.or_)

    def __ror__(self, other: Any) -> Any:
        return self.logical(other, "|", operator.or_)

    def __xor__(self, other: Any) -> Any:
        return self.logical(other, "^", operator.xor)

    def __rxor__(self, other: Any) -> Any:
        return self.logical(other, "^", operator.xor)

    # whole numbers: what they are rounded from may move as far as the rounding allows

    def between(self, low: float, high: float, closed: tuple[bool, bool], whole: int) -> int:
        if type(self.number) is not float or abs(self.number) > WHOLE:
            self.left()
        else:
            self.tracer.guard(Test(self.operand, ">=" if closed[0] else ">", low), True)
            self.tracer.guard(Test(self.operand, "<=" if closed[1] else "<", high), True)
        return whole

    def __floor__(self) -> int:
        k = math.floor(self.number)
        return self.between(k, k + 1, (True, False), k)

    def __ceil__(self) -> int:
        k = math.ceil(self.number)
        return self.between(k - 1, k, (False, True), k)

    def __trunc__(self) -> int:
        k = math.trunc(self.number)
        return self.between(k - (k <= 0), k + (k >= 0), (k > 0, k < 0), k)

    __int__ = __trunc__

    def __round__(self, digits: Any = None) -> Any:
        if digits is not None:
            return round(self.left(), digits)
        k = round(self.number)
        return self.between(k - 0.5, k + 0.5, (k % 2 == 0, k % 2 == 0), k)

    # every other way out

    def __index__(self) -> int:
        return operator.index(self.left())

    def __float__(self) -> float:
        return float(self.left())

    def __complex__(self) -> complex:
        return complex(self.left())

    def __str__(self) -> str:
        return str(self.left())

    def __repr__(self) -> str:
        return repr(self.left())

    def __format__(self, spec: str) -> str:
        return format(self.left(), spec)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self.number), (self.left(),)

    def __copy__(self) -> Tracked:
        return self

    def __deepcopy__(self, memo: Any) -> Tracked:
        return self

    def __lshift__(self, other: Any) -> Any:
        return self.left() << other

    def __rlshift__(self, other: Any) -> Any:
        return other << self.left()

    def __rshift__(self, other: Any) -> Any:
        return self.left() >> other

    def __rrshift__(self, other: Any) -> Any:
        return other >> self.left()

    def __invert__(self) -> Any:
        return ~self.left()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(type(self.number), name):
            raise AttributeError(f"{type(self.number).__name__!r} object has no attribute {name!r}")
        return getattr(self.left(), name)


class _OfValues:
    """An attribute that Values have and plain numbers do not."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, x: Any, kind: Any) -> Any:
        if x is None or not x.tracer.active:
            return getattr(super(Tracked, Tracked), self.name)
        return x.__getattr__(self.name)


for _name in [name for name in dir(Value) if not name.startswith("_")]:
    if _name not in ("op", "inputs", "local_grads", "label", "grad", "constant", "apply", "data"):
        setattr(Tracked, _name, _OfValues(_name))


def compare(tracer: Any, left: Any, sign: str, other: Any) -> Any:
    """Return the answer to `left sign other`, tracked."""
    if isinstance(other, Value):
        right: Any = other.operand if type(other) is Tracked else other
        number: Any = other.number if type(other) is Tracked else other._data
    elif _is_number(other):
        right = number = float(other)
        if number != other and other == other:
            return SIGNS[sign](left.left(), other)
    else:
        return NotImplemented
    mine = left.number if type(left) is Tracked else left._data
    answer = bool(SIGNS[sign](mine, number))
    if not tracer.active:
        return answer
    return tracer.answer(answer, Test(left.operand if type(left) is Tracked else left, sign, right))


def of_the_graph() -> bool:
    """Tell whether the caller's caller is the package, which keeps nodes in sets and dicts."""
    name = sys._getframe(2).f_globals.get("__name__", "")
    if name == f"{__package__}.tracer":  # there it is `max` of what a learner's code compares
        return False
    return bool(name.startswith(("micrograd_like.graph", "micrograd_like.engine", "micrograd_like.compiler")))


def _is_number(x: Any) -> bool:
    return isinstance(x, float | int) or (hasattr(x, "__float__") and not hasattr(x, "__len__") and not _is_array(x))


def _is_array(x: Any) -> bool:
    return getattr(x, "ndim", 0) != 0


def applied(op: Op, *operands: Any) -> Value:
    """Return the node of an operation on numbers, which is right or infinite but does not raise."""
    if op is DETACH:
        return detached(operands[0])
    if not any(isinstance(x, Value) for x in operands):
        with ieee():
            return Value(op.at([float(x) for x in operands]))
    try:
        return op(*operands)  # type: ignore[no-any-return]
    except (ArithmeticError, ValueError):
        with ieee():
            return op(*operands)  # type: ignore[no-any-return]


def detached(source: Value) -> Value:
    """Return a new node that has the number of the source, and passes nothing back to it."""
    node = Value(source._data)
    node.op, node.inputs, node.local_grads = DETACH, (source,), (0.0,)
    return node


def _as_number(test: Test) -> Value:
    """Return the node that is 1 where the answer is yes, and 0 where it is no."""
    left, right = [_as_number(x) if isinstance(x, Test) else x for x in (test.left, test.right)]
    left, right = [detached(x) if isinstance(x, Value) and type(x) is Value else x for x in (left, right)]

    def above(a: Any, b: Any) -> Any:
        return applied(OPS["step"], applied(OPS["sub"], a, b))

    match test.sign:
        case ">":
            return above(left, right)  # type: ignore[no-any-return]
        case "<":
            return above(right, left)  # type: ignore[no-any-return]
        case ">=":
            return 1.0 - above(right, left)  # type: ignore[no-any-return]
        case "<=":
            return 1.0 - above(left, right)  # type: ignore[no-any-return]
        case "!=" | "^":
            return above(left, right) + above(right, left)  # type: ignore[no-any-return]
        case "&":
            return applied(OPS["mul"], left, right)
        case "|":
            return applied(OPS["maximum"], left, right)
    return 1.0 - above(left, right) - above(right, left)  # type: ignore[no-any-return]
