"""What is watched while a thread records a function, and for that thread alone: reads, comparisons, `max`, `math`."""

from __future__ import annotations

import builtins
import io
import math
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, reduce, wraps
from pathlib import Path
from typing import Any

from ... import engine
from ...engine import Value
from ...ops import OPS, Op, protocols
from .own import DETACH, FIRST
from .tracked import WHOLE, Guard, Test, Tracked, _as_number, compare

PACKAGE = str(Path(__file__).parent.parent.parent)
COMPILER = str(Path(__file__).parent.parent)
GRAPH = str(Path(PACKAGE) / "graph")
HERE = threading.local()  # .tracer is that of this thread, if it records
_lock = threading.RLock()
_recording = 0  # how many threads record
_before: list[tuple[Any, str, Any]] = []  # what stood where the watched attributes stand
ABSENT = object()


def tracer() -> Tracer | None:
    """Return what records in this thread, or None."""
    found: Tracer | None = getattr(HERE, "tracer", None)
    return found if found and found.active else None


class Tracer:
    """What one run of a function did: the numbers it was given, the decisions it took, and why it cannot be compiled.

    `reason` is empty, or says in a few words what only the engine can do.
    """

    active: bool
    reason: str
    births: int

    def __init__(self, exact: bool = False) -> None:
        self.exact = exact  # the order in which gradients are added up must be the engine's
        self.active, self.reason, self.births = True, "", Value(0.0)._born
        self.guards: dict[Any, Guard] = {}
        self.pending: list[tuple[Value, Tracked]] = []
        self.read: dict[int, Tracked] = {}
        self.kinds: dict[int, Tracked] = {}  # numbers of which the program may see whether they are int, float or bool

    def give_up(self, reason: str) -> None:
        """Note that only the engine can run this function."""
        self.reason = self.reason or f"{reason}{line()}"

    def guard(self, test: Test, outcome: bool) -> None:
        """Note a decision: in another call it must be the same."""
        key = test.form(), outcome, *[id(x) if isinstance(x, Value) else float(x) for x in test.operands()]
        if self.active and key not in self.guards and any(isinstance(x, Value) for x in test.operands()):
            check = test.sign == "&" or (of_the_package() and test.sign not in ("==", "!=", "is"))
            self.guards[key] = Guard(test, outcome, line(), check)

    def tracked(self, number: Any, node: Value | None = None, source: Any = None, test: Any = None) -> Tracked:
        """Return a number that stands in the graph as the node does."""
        made = Tracked.__new__(Tracked)
        Value.__init__(made, float(number))
        made.number, made.tracer, made.source, made.test = number, self, source, test
        if type(number) is int and abs(number) > WHOLE:
            self.give_up("it was given a whole number that no float can hold")
        if node is not None and node.op is not None:
            made.op, made.inputs, made.local_grads = node.op, node.inputs, node.local_grads
        return made

    def kind_matters(self, number: Any) -> None:
        """Note that the program has seen of what kind a number is, and so those that it was computed from."""
        ahead = [number] if self.active else []
        while ahead:
            x = ahead.pop()
            if type(x) is Tracked and id(x) not in self.kinds:
                self.kinds[id(x)] = x
                ahead += x.inputs

    def number(self, number: Any, node: Value) -> Tracked:
        return self.tracked(number, node)

    def answer(self, answer: bool, test: Test) -> Tracked:
        return self.tracked(answer, _as_number(test), test=test)

    def data(self, value: Value) -> Tracked:
        """Return the number of a Value."""
        if type(value) is Tracked:
            return value
        if id(value) not in self.read:
            made = self.tracked(value._data, source=value)
            made.op, made.inputs, made.local_grads = DETACH, (value,), (0.0,)
            self.read[id(value)] = made
        return self.read[id(value)]

    def finish(self) -> None:
        """Stop, and let each Value that was made from a tracked number have it as its input."""
        self.active = False
        for value, number in self.pending:
            value.op, value.inputs, value.local_grads = DETACH, (number,), (0.0,)


def line() -> str:
    """Return the learner's line that is being run."""
    frame = sys._getframe(1)
    while frame and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back  # type: ignore[assignment]
    return f" ({frame.f_code.co_filename}, line {frame.f_lineno})" if frame else ""


def of_the_package() -> bool:
    """Tell whether the package itself asks, in losses and the like."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename.startswith(COMPILER):
        frame = frame.f_back  # type: ignore[assignment]
    return frame.f_code.co_filename.startswith(PACKAGE)


@contextmanager
def watched(tracer: Tracer) -> Iterator[None]:
    """Let this thread's numbers be tracked within this context."""
    global _recording
    outer = getattr(HERE, "tracer", None)
    with _lock:
        _recording += 1
        if _recording == 1:
            _install()
    HERE.tracer = tracer
    try:
        yield
    finally:
        HERE.tracer = outer
        tracer.finish()
        with _lock:
            _recording -= 1
            if not _recording:
                _restore()


def _install() -> None:
    for owner, name, made in _watching():
        _before.append((owner, name, vars(owner).get(name, ABSENT)))
        setattr(owner, name, made)


@cache
def _watching() -> list[tuple[Any, str, Any]]:
    """Return what is put instead of which attribute: all of it looks first whether this thread records."""
    made: list[tuple[Any, str, Any]] = [(Value, name, x) for name, x in _attributes().items()]
    made += [(engine, "real", _real(vars(engine)["real"])), (Op, "failure", _failure(Op.failure))]
    made += [(builtins, name, _largest(getattr(builtins, name), OPS[f"{name}imum"])) for name in ("max", "min")]
    reads = "it reads a file, which may be another one at each call"
    made += [(module, "open", _giving_up(module.open, reads)) for module in (builtins, io)]
    for name, op in OPS.items():
        function = getattr(math, name, None)
        if function and op.value is function:
            made.append((math, name, _of_numbers(function, op)))
    made += [(math, x, _question(x, getattr(math, x))) for x in ("isnan", "isinf", "isfinite", "copysign", "fabs")]
    return made


def _restore() -> None:
    while _before:
        owner, name, old = _before.pop()
        if old is ABSENT:
            delattr(owner, name)
        else:
            setattr(owner, name, old)


def _attributes() -> dict[str, Any]:
    """Return the attributes of Value that a watched thread sees."""
    signs = {"__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">=", "__eq__": "==", "__ne__": "!="}
    made: dict[str, Any] = {name: _comparison(sign, getattr(Value, name)) for name, sign in signs.items()}
    made["data"] = _attribute(vars(Value)["data"], lambda t, x: t.data(x), "it sets the .data of a Value")
    made["grad"] = _attribute(vars(Value)["grad"], None, "it reads or sets a gradient")
    made["backward"] = _giving_up(vars(Value)["backward"], "it calls backward()")
    for name in ("__repr__", "__format__"):
        made[name] = _text(getattr(Value, name))
    return made


def _comparison(sign: str, plain: Any) -> Any:
    def compared(self: Value, other: Any) -> Any:
        now = tracer()
        if now is None or (sign in ("==", "!=") and isinstance(other, Value) and type(other) is not Tracked):
            return plain(self, other)
        return compare(now, self, sign, other)

    return compared


def _attribute(plain: Any, read: Callable[[Tracer, Value], Any] | None, reason: str) -> property:
    def get(self: Value) -> Any:
        now = tracer()
        if now is None or _engine_asks():
            return plain.__get__(self)
        if read is None:
            now.give_up(reason)
            return plain.__get__(self)
        return read(now, self)

    def put(self: Value, number: Any) -> None:
        now = tracer()
        if now is not None and not _engine_asks():
            now.give_up(reason)
            number = number.number if type(number) is Tracked else number
        plain.__set__(self, number)

    return property(get, put)


def _engine_asks() -> bool:
    """Tell whether it is the engine that makes a node, or the package that walks a graph."""
    return sys._getframe(2).f_code.co_filename.startswith((str(engine.__file__), str(protocols.__file__), GRAPH))


def _giving_up(plain: Any, reason: str) -> Any:
    @wraps(plain)
    def called(*given: Any, **options: Any) -> Any:
        if now := tracer():
            now.give_up(reason)
        return plain(*given, **options)

    return called


def _text(plain: Any) -> Any:
    @wraps(plain)
    def shown(self: Value, *rest: Any) -> Any:
        if now := tracer():
            now.give_up("it writes a Value as text")
        return plain(self, *rest)

    return shown


def _real(plain: Any) -> Any:
    """Let `Value(number)` of a tracked number be a Value that depends on it, and passes nothing back."""

    @wraps(plain)
    def real(number: Any) -> float:
        now = tracer()
        if now is None or type(number) is not Tracked:
            return plain(number)  # type: ignore[no-any-return]
        made = sys._getframe(1).f_locals.get("self")
        if isinstance(made, Value) and made is not number:
            now.pending.append((made, number))
        else:
            number.left()
        return float(number._data)

    return real


def _failure(plain: Any) -> Any:
    """An error may be caught: that it is raised is then a decision of the numbers."""

    @wraps(plain)
    def failure(self: Op, kind: Any, numbers: Any, operands: Sequence[Any] = ()) -> Any:
        if now := tracer():
            for x in operands:
                if isinstance(x, Value) and not x.constant:
                    now.data(x).left()
        return plain(self, kind, numbers, operands)

    return failure


def _largest(plain: Any, op: Op) -> Any:
    """Let the largest of numbers or Values be an operation, where which one it is decides nothing else."""
    first = FIRST[plain.__name__]

    @wraps(plain)
    def largest(*items: Any, **options: Any) -> Any:
        now = tracer()
        if now is None or options.get("key") is not None:
            return plain(*items, **options)
        if len(items) == 1:
            items = (list(items[0]),)
        found = items[0] if len(items) == 1 else items
        if len(found) < 2 or not any(isinstance(x, Value) for x in found) or not all(map(_real_number, found)):
            return plain(*items, **options)
        numbers = [x._data if isinstance(x, Value) else float(x) for x in found]
        plainly = all(type(x) is Tracked or not isinstance(x, Value) for x in found)
        zeros = {str(x) for x in numbers if not x} if plainly else ()  # a plain number's sign may be asked for
        if any(x != x for x in numbers) or len(zeros) > 1:
            return plain(*items, **options)
        if plainly:
            chosen = plain([x.number if type(x) is Tracked else x for x in found])
            return now.number(chosen, reduce(op, found))
        if now.exact:
            return plain(*items, **options)
        best = found[0]
        for x in found[1:]:
            best = first(best, x) if isinstance(best, Value) or isinstance(x, Value) else plain(best, x)
        return best

    return largest


def _real_number(x: Any) -> bool:
    return isinstance(x, Value | float | int)


def _of_numbers(plain: Any, op: Op) -> Any:
    """Let a function of `math` take tracked numbers."""

    @wraps(plain)
    def function(*numbers: Any) -> Any:
        mine = next((x for x in numbers if type(x) is Tracked), None)
        if mine is None or len(numbers) != op.arity or not all(isinstance(x, float | int) for x in numbers):
            return plain(*numbers)
        return mine.combined(plain, op, *numbers)

    return function


def _question(name: str, plain: Any) -> Any:
    """Let a question of `math` about a tracked number be a guard, or an operation on it."""

    @wraps(plain)
    def asked(x: Any, *rest: Any) -> Any:
        if type(x) is not Tracked and not (rest and type(rest[0]) is Tracked):
            return plain(x, *rest)
        if name == "isnan":
            return x != x
        if name == "isinf":
            return abs(x) == math.inf
        if name == "isfinite":
            return abs(x) < math.inf
        if name == "fabs":
            return abs(x) * 1.0
        sign = rest[0].number if type(rest[0]) is Tracked else rest[0]
        if sign > 0 and rest[0] > 0:
            return abs(x) * 1.0
        if sign < 0 and rest[0] < 0:
            return -abs(x) * 1.0
        return plain(x, *rest)  # the sign of a zero cannot be asked for by a comparison

    return asked
