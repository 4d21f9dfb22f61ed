"""What an operation is. The operations themselves stand in `table`."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import isfinite, nan
from typing import Any, TypeVar, overload

from . import number
from .advice import explained
from .errors import TAUGHT, in_ieee
from .methods import Methods
from .number import Ieee, Number, real

OPS: dict[str, Op] = number.OPS  # every operation by its name; `table` fills it
N = TypeVar("N", bound=Number)
# A function of one to three numbers of any kind, and one of the output and these: an editor knows them in a lambda.
Definition = Callable[[Any], Any] | Callable[[Any, Any], Any] | Callable[[Any, Any, Any], Any]
Rule = (
    Callable[[Any, Any], tuple[Any, ...]]
    | Callable[[Any, Any, Any], tuple[Any, ...]]
    | Callable[[Any, Any, Any, Any], tuple[Any, ...]]
)
TAKEN = ("data", "grad", "op", "inputs", "local_grads", "label", "backward", "apply", "constant", "engine")


class Op:
    """One operation: its value at floats, its local derivatives, why they are so, and how it is written.

    `rule(out, *operands)` gives the local derivatives in plain arithmetic, without `if`; `textbook` is the
    form that books print, where `rule` is another one that keeps its digits. `definition` says what the
    operation means in terms of others; one without is a primitive of Python or of its `math` module. `kink`
    changes sign where the derivative jumps. A `gate` that is shut passes nothing, not even 0 * inf. `beyond`
    is what IEEE arithmetic gives where Python raises, and `corner` the slopes that it gives at a point where
    there are none. `fails` lists what can be wrong: where it is so, why not, and what to type instead.
    `sample` holds an interval for each operand, from which the tests draw, and `domain` those of all numbers
    that it takes; near `rough`, a zero of the slope and a distance, the slope's error is only small beside 1.
    `spelled` says how other libraries (numpy, torch, jax, mpmath) call the operation, where not by its name:
    another name, "" for not at all, or a function of the library and the operands. What ONNX computes is named.
    For javascript it is the body of a function of a, b, c.

    An operation made at run time is a function, and a method of every Value. One whose name is taken is
    refused, unless `replace` asks for it. One that is not `listed` is neither in OPS nor a method.
    """

    name: str
    rule: Callable[..., tuple[Any, ...]]
    why: str
    sample: Sequence[tuple[float, float]]
    definition: Callable[..., Any] | None
    textbook: Callable[..., tuple[Any, ...]]
    domain: Sequence[tuple[float, float]]
    sign: str
    defaults: tuple[float, ...]
    arity: int
    kink: Callable[..., Any] | None
    gate: bool
    rough: tuple[float, float] | None
    beyond: Callable[..., float]
    corner: Mapping[tuple[float, ...], tuple[float, ...]]
    fails: Sequence[tuple[Callable[..., Any], str, str]]
    spelled: Mapping[str, Any]
    latex: str

    def __init__(
        self,
        name: str,
        value: Definition | None,
        rule: Rule,
        *,
        latex: str = "",
        why: str = "",
        sample: Sequence[tuple[float, float]] = ((-1.0, 1.0),),
        domain: Sequence[tuple[float, float]] = (),
        definition: Definition | None = None,
        textbook: Rule | None = None,
        sign: str = "",
        defaults: tuple[float, ...] = (),
        kink: Definition | None = None,
        gate: bool = False,
        rough: tuple[float, float] | None = None,
        beyond: Callable[..., float] = lambda *_: nan,
        corner: Mapping[tuple[float, ...], tuple[float, ...]] | None = None,
        fails: Sequence[tuple[Definition, str, str]] = (),
        spelled: Mapping[str, Any] | None = None,
        replace: bool = False,
        listed: bool = True,
    ) -> None:
        _refuse_name(name, replace)
        if value is None and definition is None:
            raise TypeError(f"Op({name!r}) has no value. Give a function, as in math.sinh, or definition=.")
        self.name, self.rule, self.why, self.sample = name, rule, why, sample
        self.value: Callable[..., float] = value or definition  # type: ignore[assignment]
        self.definition, self.textbook, self.domain = definition, textbook or rule, domain or sample
        self.sign, self.defaults, self.arity = sign, defaults, len(sample)
        self.kink, self.gate, self.rough, self.beyond = kink, gate, rough, beyond
        self.corner, self.fails, self.spelled = corner or {}, fails, spelled or {}
        letters = ", ".join([f"{{{{{letter}}}}}" for letter in "abc"[: self.arity]])
        self.latex = latex or rf"\operatorname{{{name.replace('_', chr(92) + '_')}}}\left({letters}\right)"
        if listed:
            OPS[name] = self
            _add_method(self)

    @overload
    def __call__(self, *operands: float) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, *operands: N | float) -> N: ...
    def __call__(self, *operands: Any) -> Any:
        """Apply the operation: floats give a float, and any other kind of number gives that kind."""
        if len(operands) < self.arity:
            operands += self.defaults[len(self.defaults) - self.arity + len(operands) :]
        if len(operands) != self.arity:
            raise TypeError(f"{self.name} is an operation on {self.arity}, and was given {len(operands)} numbers.")
        for operand in operands:
            if isinstance(operand, Number):
                return operand.apply(self, *operands)
        return self.at([real(operand) for operand in operands])

    def at(self, numbers: Sequence[float], operands: Sequence[Any] = ()) -> float:
        """Return the value at floats; where Python raises, raise the error that teaches, or in ieee go on."""
        try:
            return self.value(*numbers)
        except (ArithmeticError, ValueError) as error:
            if in_ieee.get():
                return self.beyond(*numbers)
            raise self.failure(type(error), numbers, operands) from None

    def local_grads(self, out: float, *numbers: float) -> tuple[float, ...]:
        """Return the local derivatives at floats, inf or nan where they are infinite or do not exist."""
        if out != out:
            return (nan,) * self.arity
        try:
            slopes = self.rule(out, *numbers)
        except (ArithmeticError, ValueError):
            slopes = tuple([float(slope) for slope in self.rule(*map(Ieee, (out, *numbers)))])
        if self.corner and numbers in self.corner and in_ieee.get():
            slopes = tuple([x if isfinite(x) else corner for x, corner in zip(slopes, self.corner[numbers])])
        return slopes

    def found_in(self, library: str, *modules: Any) -> Callable[..., Any] | None:
        """Return another library's function for the operation, looked for in its modules, or None."""
        spelled = self.spelled.get(library, self.name)
        if callable(spelled):
            return partial(spelled, modules[0])
        return next((getattr(module, spelled) for module in modules if spelled and hasattr(module, spelled)), None)

    def write(self, *operands: str) -> str:
        """Return the Python expression that applies the operation to `operands`."""
        if not self.sign:
            return f"{self.name}({', '.join(operands)})"
        return f" {self.sign} ".join(operands) if self.arity == 2 else self.sign + operands[0]

    def failure(self, kind: type[Exception], numbers: Sequence[float], operands: Sequence[Any] = ()) -> Exception:
        """Return the exception to raise: what was asked, why not, what to type instead."""
        return TAUGHT.get(kind, kind)(explained(self, numbers, operands))

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _named, (self.name,)


def _named(name: str) -> Op:
    if name not in OPS:
        raise ValueError(f"There is no operation {name!r} here. Define it first, as in Op({name!r}, ...).")
    return OPS[name]


def _refuse_name(name: Any, replace: bool) -> None:
    """Raise unless an operation may have this name: it becomes a method, and a word of generated programs."""
    if type(name) is not str or not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise ValueError(f"An operation cannot be called {name!r}. Write a name of letters and digits, as in 'cube'.")
    if name in TAKEN:
        raise ValueError(f"Every Value has a .{name} already. Write another name, as in '{name}_of'.")
    if name in OPS and not replace:
        raise ValueError(
            f"There is an operation {name!r} already. Write another name, or replace=True to put yours in its place."
        )


def _add_method(op: Op) -> None:
    def method(*operands: Any) -> Any:
        return op(*operands)

    method.__name__, method.__qualname__, method.__doc__ = op.name, f"Methods.{op.name}", op.why
    kinds = [Methods]
    for kind in kinds:  # the engine in C has methods of its own
        kinds += kind.__subclasses__()
        if kind is Methods or kind.__dict__.get(op.name):
            setattr(kind, op.name, method)
