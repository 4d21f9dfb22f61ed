"""What Python and NumPy ask of a number: to compare it, print it, convert it; and the names that lectures use."""

from __future__ import annotations

import dis
import operator
import sys
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from .number import OPS, Number, real

COMPARE = {"less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge", "equal": "eq", "not_equal": "ne"}
T = TypeVar("T")


class NoSequenceError(TypeError, AttributeError):
    """A Value is one number. As an AttributeError too, so that `hasattr(x, "__len__")` says no."""


class Stepwise(Iterator[T]):
    """An iterator that shows how it is used, where a cell of a notebook ends with it."""

    def __init__(self, steps: Iterator[T], use: str) -> None:
        self._steps, self._use = steps, use

    def __iter__(self) -> Iterator[T]:
        return self._steps  # itself, so that a loop runs as fast as over the generator

    def __next__(self) -> T:
        return next(self._steps)

    def __repr__(self) -> str:
        return f"<{self._use}>"


class _Refused:
    """A method that is looked for and not there: it says what to type instead."""

    def __init__(self, advice: str) -> None:
        self.advice = advice

    def __get__(self, value: Any, kind: type) -> Any:
        raise NoSequenceError(f"A Value {self.advice}")  # which one is not said: `hasattr` asks, and is often asked


class _Misspelt(_Refused):
    """An attribute one slip away from one that there is: it can be set as little as read."""

    def __set__(self, value: Any, number: object) -> None:
        self.__get__(value, type(value))


class Protocols(Number):
    """What a Value answers, beside arithmetic, when Python asks."""

    __slots__ = ()
    _data: float
    grad: float
    label: str
    inputs: tuple[Any, ...]
    op: Any
    if TYPE_CHECKING:

        def __hash__(self) -> int: ...

    else:
        __hash__ = object.__hash__  # the node itself, as fast as Python can

    def __eq__(self, other: object) -> bool:
        """Two Values are equal if they are the same node; a plain number is compared with the data."""
        return self is other if isinstance(other, Protocols) else self._data == other

    # fmt: off
    def __lt__(self, other: Any) -> bool: return bool(self._data < getattr(other, "_data", other))
    def __le__(self, other: Any) -> bool: return bool(self._data <= getattr(other, "_data", other))
    def __gt__(self, other: Any) -> bool: return bool(self._data > getattr(other, "_data", other))
    def __ge__(self, other: Any) -> bool: return bool(self._data >= getattr(other, "_data", other))
    # fmt: on

    def __repr__(self) -> str:
        return f"Value(data={self._data!r}, grad={self.grad!r}{self.label and f', label={self.label!r}'})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def __bool__(self) -> bool:
        raise TypeError(f"{self} is neither true nor false. Write x.data != 0, or x is not None.")

    def __float__(self) -> float:
        name = _function_called(sys._getframe(1))
        if name and OPS[name].arity == 1:
            instead = f"x.{name}() instead of math.{name}(x)"
        elif name:
            instead = f"x.{name}(y) instead of math.{name}(x, y)"
        else:
            instead = "x.exp() instead of math.exp(x), and so on for " + ", ".join(_UNARY)
        raise TypeError(f"{self} as a float would forget how it was made. Write x.data for its number, or {instead}.")

    def __int__(self) -> int:
        raise TypeError(f"{self} as an int would forget how it was made. Write int(x.data), or x.trunc() for a Value.")

    __trunc__ = __int__

    def __round__(self, digits: int | None = None) -> Any:
        rest = "" if digits is None else f", {digits}"
        raise TypeError(f"{self} rounded has no slope. Write round(x.data{rest}) for a number, x.round() for a Value.")

    def __divmod__(self, other: Any) -> Any:
        raise TypeError("divmod of a Value is not one Value. Write x // y and x % y.")

    __rdivmod__ = __divmod__

    def __iter__(self) -> Any:
        raise NoSequenceError(
            "A Value is one number and holds no others. Write for x in xs, with a list of Values, xs = [x, y]."
        )

    def __contains__(self, other: object) -> bool:
        raise NoSequenceError("A Value is one number and holds no others. Write x.data == 1, or x in [x, y].")

    def __matmul__(self, other: Any) -> Any:
        raise TypeError("A Value is one number, and @ multiplies matrices. Write x * y, or dot([x, y], [1, 2]).")

    def __xor__(self, other: Any) -> Any:
        raise TypeError("^ is not a power in Python, and a Value has no bits. Write x ** 2.")

    def __dir__(self) -> list[str]:
        return [name for name in object.__dir__(self) if name not in _NOT_HERE]

    def __rmatmul__(self, other: Any) -> Any:
        return self @ other

    def __rxor__(self, other: Any) -> Any:
        return self ^ other

    __call__: _Refused = _Refused(
        "is a number, and was called like a function. Write * to multiply, as in x * (y + 1)."
    )
    __getitem__: _Refused = _Refused("is one number and has no parts. Write xs[0], with a list of Values, xs = [x, y].")
    __len__: _Refused = _Refused("is one number and has no length. Write len([x, y]), with a list of Values.")

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        """Do what NumPy was asked with a Value and NumPy's scalars; refuse its arrays."""
        name = ufunc.__name__
        plain = [x.item() if getattr(x, "shape", None) == () else x for x in operands]
        numbers = [x if isinstance(x, Number) else real(x) for x in plain]
        if method != "__call__" or options:
            raise TypeError(f"np.{name} with options takes no Value. Write loops over lists of Values.")
        if name in COMPARE:
            return getattr(operator, COMPARE[name])(*numbers)
        for op in OPS.values():
            if op.spelled.get("numpy", op.name) == name and op.arity == len(numbers):
                return op(*numbers)
        raise TypeError(f"np.{name} takes no Value. The operations on Values are: {', '.join(OPS)}.")

    @property
    def _prev(self) -> set[Any]:  # as the lecture's notebooks call it
        return set(self.inputs)

    @property
    def _op(self) -> str:
        return (self.op.sign or self.op.name) if self.op else ""


def _slips(name: str) -> set[str]:
    """Return what a slip of the finger makes of a name: letters swapped, left out after the first, or doubled."""
    places = range(1, len(name))
    swapped = {name[: i - 1] + name[i] + name[i - 1] + name[i + 1 :] for i in places}
    left_out = {name[:i] + name[i + 1 :] for i in places}
    doubled = {name[:i] + name[i - 1] + name[i:] for i in places}
    return (swapped | left_out | doubled | {name + name[-1], name.title(), name.upper()}) - {name}


_ELSEWHERE = {
    "item": "Write x.data for its number.",
    "numpy": "Write x.data for its number.",
    "tolist": "Write x.data for its number.",
    "detach": "Write Value(x.data) for a new Value that no gradient passes through.",
    "requires_grad": "Every Value gets a gradient; for a plain number write 2.0.",
    "zero_grad": "Write x.grad = 0.0, or model.zero_grad().",
}  # what a Value of another library has
_NOT_HERE: dict[str, Any] = {
    **{name: _Refused(f"has no {name}. {advice}") for name, advice in _ELSEWHERE.items()},
    **{slip: _Misspelt(f"has no attribute {slip!r}. Write x.{name}.")
       for name in ("grad", "data", "label") for slip in _slips(name)},
}  # fmt: skip
for _name, _answer in _NOT_HERE.items():
    setattr(Protocols, _name, _answer)

_dropped: list[Any] = []  # inputs of nodes that are gone
_dropping: list[bool] = []


def let_go(self: Any) -> None:
    """Let go of a node's inputs one after the other: a graph of any depth is taken apart without recursion.

    It is the `__del__` of Values where the interpreter recurses to free what is nested, and has a small stack.
    """
    _dropped.append(getattr(self, "inputs", ()))  # a Value that could not be made has none
    self.inputs = ()
    if not _dropping:
        _dropping.append(True)
        try:
            while _dropped:
                _dropped.pop()
        finally:
            _dropping.clear()


_UNARY = ["log", "sqrt", "sin", "cos", "tanh"]


def _function_called(frame: FrameType) -> str:
    """Return which operation's namesake this frame is calling now, as in math.tanh(x), or ""."""
    code, places = frame.f_code, list(frame.f_code.co_positions())
    start = places[frame.f_lasti // 2][:1] + places[frame.f_lasti // 2][2:3]
    for instruction in dis.get_instructions(code):
        place = places[instruction.offset // 2]
        if place[:1] + place[2:3] == start and None not in start and instruction.argval in OPS:
            return str(instruction.argval)
    return ""


def checked(roots: Iterable[Any]) -> Iterable[Any]:
    """Return Values as they are, or raise a TypeError that says which of them is none."""
    for x in roots:
        if not hasattr(x, "inputs"):  # a learner's own engine is welcome
            raise TypeError(f"A Value was expected, and {x!r:.60} was given. Write x = Value(3.0), and give x.")
    return roots


def fill_in(
    value: Any, label: Any, op: Any, last: Any, _children: tuple[Any, ...] = (), _op: str = "", **unknown: Any
) -> None:
    """Make a Value what Value(data, (a, b), '+') means in the micrograd lecture: a node made of a and b."""
    if unknown:
        raise TypeError(f"Value takes no {', '.join(unknown)}. Write Value(2.0) or Value(2.0, label='a').")
    if not isinstance(label, str | tuple):
        raise TypeError(
            f"The second argument of Value is its label, a text, and {label!r:.60} was given. "
            f"Write Value({value._data!r}), or Value({value._data!r}, label='a')."
        )
    children, sign = (label, op or _op) if type(label) is tuple else (tuple(_children), _op or op or "")
    value.label = label if type(label) is str else last if type(last) is str else ""
    value.op, value.inputs = None, ()
    if not children:
        return
    name = str(sign).lower()
    op = next((op for op in OPS.values() if name in (op.sign, op.name) and op.arity == len(children)), None)
    if op is None:
        raise TypeError(
            f"There is no operation {sign!r} on {len(children)}, so Value({value._data!r}, ..., {sign!r}) has no local "
            "derivatives. Write the operation itself, as in a + b or a.tanh(), or make one with Op."
        )
    numbers = [real(x) if not isinstance(x, Protocols) else x._data for x in children]
    expected = op.at(numbers, children)
    if not abs(value._data - expected) <= 1e-6 * max(1.0, abs(expected)):
        raise ValueError(
            f"{op.write(*map(repr, numbers))} is {expected!r}, and not {value._data!r}. Write the operation itself, "
            f"as in {op.write(*'ab'[: op.arity])}."
        )
    value.op, value.inputs, value.local_grads = op, children, tuple(op.local_grads(expected, *numbers))
