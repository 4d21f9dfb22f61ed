"""Build the engine yourself: the learner's code is run, held against ours, and its bug is named.

The code runs as a notebook runs it: in this process, with all its rights, and for as long as it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import permutations
from math import isclose, isfinite
from typing import Any

from ..check import Slope, compare, grade
from ..engine import Value, history
from ..notation import short
from ..ops import OPS, Op
from ..walking.mutations import RIGHT, RULES, WrongSlope, grads
from .exercise import Exercise, Mark, Marking
from .messages import Message, idea_of

BUGS = {
    "not_attached": "The closure never runs: write `out._backward = _backward` beside its `def`, not inside it.",
    "wired_to_self": "The closure belongs to what was made: `out._backward = _backward`, not self._backward.",
    "takes_parameters": "`_backward` is called without arguments: it finds self, other and out where it was defined.",
    "not_wrapped": "A plain number came: begin with other = other if isinstance(other, Value) else Value(other).",
    "no_radd": "A number on the left, as in sum([a, b]), asks for __radd__: write one that returns self + other.",
    "radd_recursion": "__radd__ as other + self asks for __radd__ again, for ever: return self + other.",
    "no_rmul": "A number on the left, as in 2 * a, asks for __rmul__: write one that returns self * other.",
    "rmul_recursion": "__rmul__ as other * self asks for __rmul__ again, for ever: return self * other.",
    "returns_nothing": "Nothing is returned: end with `return out`.",
    "self_returned": "An operation makes a new Value: `out = Value(...)`, and the inputs stay as they are.",
}
Program = Callable[..., Any]
GRAPHS: dict[str, tuple[Program, tuple[float, ...]]] = {  # each shows one idea at numbers without coincidences
    "a + b": (lambda a, b: a + b, (2.0, -3.5)),
    "a * b": (lambda a, b: a * b, (2.5, -3.0)),
    "a + a": (lambda a, b: a + a, (3.0, 7.0)),
    "a * a": (lambda a, b: a * a, (3.0, 7.0)),
    "a * b + a": (lambda a, b: a * b + a, (2.5, -3.0)),
    "(a * b) * (a + b)": (lambda a, b: (a * b) * (a + b), (1.5, -4.0)),
    "c = a * b; (c + a) * (c * b)": (lambda a, b: (lambda c: (c + a) * (c * b))(a * b), (1.5, 2.5)),
    "c = a + a; d = c * c; d + d": (lambda a, b: (lambda d: d + d)((lambda c: c * c)(a + a)), (1.5, 2.0)),
}
WHOLE = [  # what may be wrong with a whole pass, the likeliest first
    "overwrite", "first_path", "multiply", "no_upstream", "no_local", "depth_first", "first_reach", "not_reversed",
    "no_visited", "no_seed", "seed_is_value", "add_like_mul", "add_own", "mul_own", "square_once", "negated",
    "double", "half",
]  # fmt: skip


def _outcome(
    expected: Mapping[str, tuple[Value, Mapping[str, Value]]], found: Mapping[str, Mapping[str, float]]
) -> list[str]:
    """Return the mistakes that give all that was found, for each graph the gradients by name."""
    named = [rule for rule in WHOLE if all(_alike(_by(rule, *expected[key]), found[key]) for key in found)]
    for assigning in ({"add", "mul"}, {"mul"}, {"add"}):
        ways = {key: _overwritten(*expected[key], assigning) for key in found}
        if not named and all(any(_alike(way, found[key]) for way in ways[key]) for key in found):
            named = ["overwrite"]
    return named


def _overwritten(root: Value, nodes: Mapping[str, Value], assigning: set[str]) -> Iterator[dict[str, float]]:
    """Yield what `=` for `+=` in some operations gives, in each order in which the nodes can hand on."""
    ops = [node for node in history(root) if node.inputs]
    for order in permutations(ops):
        place = {node: i for i, node in enumerate(order)}
        if all(place[node] < place[x] for node in ops for x in node.inputs if x in place):
            numbers = dict.fromkeys(history(root), 0.0) | {root: 1.0}
            for node in order:
                for x, slope in zip(node.inputs, node.local_grads):
                    kept = 0.0 if node.op and node.op.name in assigning else numbers[x]
                    numbers[x] = kept + slope * numbers[node]
            yield {name: numbers[node] for name, node in nodes.items()}


def _by(rule: str, root: Value, nodes: Mapping[str, Value]) -> dict[str, float]:
    numbers = grads(root, rule)
    return {name: numbers[node] for name, node in nodes.items()}


def _alike(numbers: Mapping[str, float], others: Mapping[str, float]) -> bool:
    return all(isclose(numbers[name], x, rel_tol=1e-9, abs_tol=1e-12) for name, x in others.items())


def _text(found: Mapping[str, float]) -> str:
    return ", ".join(f"{name}.grad = {short(x)}" for name, x in found.items())


def _message(keys: Iterable[str], mistakes: Iterable[str], did: str, redo: str) -> Message:
    named = tuple(mistakes)
    idea = (BUGS.get(named[0]) or idea_of(named[0])) if named else RIGHT.idea
    return Message(tuple(keys), named, did, idea, redo, "known" if named else "unknown")


def check_value(cls: type) -> Marking:
    """Mark a whole class `Value` with `data`, `grad`, + and * and `backward()`, as in the lecture."""
    return _check_class(cls, list(GRAPHS), [*NUMBERS])


NUMBERS: dict[str, tuple[Program, float, tuple[str, str, str]]] = {  # with a plain number; the bugs that it shows
    "a + 2": (lambda a: a + 2.0, 1.0, ("not_wrapped", "not_wrapped", "")),
    "2 + a": (lambda a: 2.0 + a, 1.0, ("no_radd", "not_wrapped", "radd_recursion")),
    "sum([a, a])": (lambda a: sum([a, a]), 2.0, ("no_radd", "not_wrapped", "radd_recursion")),
    "a * 2": (lambda a: a * 2.0, 2.0, ("not_wrapped", "not_wrapped", "")),
    "2 * a": (lambda a: 2.0 * a, 2.0, ("no_rmul", "not_wrapped", "rmul_recursion")),
}


def _check_class(cls: type, graphs: Iterable[str], numbers: Iterable[str]) -> Marking:
    marks: list[Mark] = []
    told: list[Message] = []
    expected: dict[str, tuple[Value, Mapping[str, Value]]] = {}
    found: dict[str, dict[str, float]] = {}
    for key in graphs:
        program, data = GRAPHS[key]
        ours = {name: Value(x, name) for name, x in zip("ab", data)}
        root = program(*ours.values())
        ours = {name: node for name, node in ours.items() if node in history(root)} | {"out": root}
        try:
            theirs = {name: cls(x) for name, x in zip("ab", data)}
            out = program(*theirs.values())
            if bug := _bad_result(out, theirs.values(), root.data):
                marks.append(Mark(key, "wrong", f"{out!r}"))
                told.append(_message([key], [bug[0]] if bug[0] else [], bug[1], f"Redo {key}."))
                continue
            out.backward()
        except Exception as error:
            marks.append(Mark(key, "wrong", f"{type(error).__name__}: {error}"))
            bugs = ["takes_parameters"] if "positional argument" in str(error) and "_backward" in str(error) else []
            told.append(_message([key], bugs, f"{key} raised {type(error).__name__}: {error}.", f"Redo {key}."))
            continue
        got = {name: float((theirs | {"out": out})[name].grad) for name in ours}
        expected[key], found[key] = (root, ours), got
        right = _alike(_by("right", root, ours), got)
        marks.append(Mark(key, "right" if right else "wrong", _text(got), "" if not right else "as nudging gives"))
    told += _named(expected, found, ["wired_to_self"] if _wired_to_self(cls) else [])
    for key in numbers:
        mark, message = _with_number(cls, key)
        marks.append(mark)
        told += [message] if message and message.mistakes not in [m.mistakes for m in told] else []
    return Marking(marks, told)


def _bad_result(out: Any, inputs: Iterable[Any], data: float) -> tuple[str, str] | None:
    if out is None:
        return "returns_nothing", "The operation returned None."
    if any(out is x for x in inputs):
        return "self_returned", "The operation returned one of its inputs."
    if not isclose(float(out.data), data, rel_tol=1e-9):
        return "", f"The value is {short(float(out.data))}, and {short(data)} is right."
    return None


def _named(
    expected: Mapping[str, tuple[Value, Mapping[str, Value]]],
    found: Mapping[str, dict[str, float]],
    seen: Iterable[str] = (),
) -> list[Message]:
    """Say what is wrong with gradients: a closure that never runs, or a mistake that gives all that was found."""
    wrong = [key for key in found if not _alike(_by("right", *expected[key]), found[key])]
    if not wrong:
        return []
    first, redo = wrong[0], f"Redo {wrong[0]}: {_text(_by('right', *expected[wrong[0]]))} is right."
    did = f"{first} gave {_text(found[first])}."
    singles = [key for key in wrong if key in ("a + b", "a * b") and found[key]["out"] == 1.0]
    if singles and all(found[key]["a"] == found[key]["b"] == 0.0 for key in singles):
        return [_message(wrong, ["not_attached"], did, redo)]
    return [_message(wrong, [*seen] or _outcome(expected, found), did, redo)]


def _wired_to_self(cls: type) -> bool:
    """Tell whether an operation changes the closure of its input."""
    with suppress(Exception):
        a, b = cls(2.0), cls(3.0)
        before = a._backward
        _ = a + b, a * b
        return a._backward is not before
    return False


def _with_number(cls: type, key: str) -> tuple[Mark, Message | None]:
    program, slope, (unsupported, no_attribute, recursion) = NUMBERS[key]
    a = cls(3.0)
    try:
        out = program(a)
        out.backward()
        if isclose(float(a.grad), slope):
            return Mark(key, "right", f"a.grad = {short(slope)}"), None
        return Mark(key, "wrong", f"a.grad = {short(float(a.grad))}"), None
    except RecursionError as error:
        bugs, raised = [recursion], error
    except AttributeError as error:
        bugs, raised = [no_attribute], error  # type: ignore[assignment]
    except TypeError as error:
        bugs, raised = [unsupported if "unsupported operand" in str(error) else no_attribute], error  # type: ignore[assignment]
    except Exception as error:
        bugs, raised = [], error  # type: ignore[assignment]
    did = f"{key} raised {type(raised).__name__}: {raised}."
    return Mark(key, "wrong", type(raised).__name__), _message([key], filter(None, bugs), did, f"Try {key} again.")


class Skeleton:
    """A Value of the lecture without its multiplication, for the learner to write."""

    def __init__(self, data: float, _children: Iterable[Skeleton] = (), _op: str = "") -> None:
        self.data, self.grad, self._prev, self._op = float(data), 0.0, tuple(_children), _op
        self._backward: Callable[[], None] = lambda: None

    def __add__(self, other: Any) -> Any:
        other = other if isinstance(other, Skeleton) else type(self)(other)
        out = type(self)(self.data + other.data, (self, other), "+")

        def _backward() -> None:
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    __radd__ = __add__

    def backward(self) -> None:
        """Hand the gradients on, each node after all of its uses."""
        order: list[Skeleton] = []
        seen: set[Skeleton] = set()
        todo: list[tuple[Skeleton, bool]] = [(self, False)]
        while todo:
            node, ready = todo.pop()
            if ready:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                todo += [(node, True), *[(x, False) for x in node._prev]]
        self.grad = 1.0
        for node in reversed(order):
            node._backward()


def check_mul(mul: Callable[[Any, Any], Any]) -> Marking:
    """Mark a `__mul__` in the lecture's style, written for a class that has all else; see `Skeleton`.

    It may call the class by type(self)(...).
    """
    cls = type("Value", (Skeleton,), {"__mul__": mul, "__rmul__": mul})
    with suppress(AttributeError):
        mul.__globals__.setdefault("Value", cls)  # for a learner who writes Value(...)
    return _check_class(cls, [key for key in GRAPHS if "*" in key], ["a * 2"])


def check_backward(backward: Callable[[Value], object]) -> Marking:
    """Mark a function that fills in the `grad` of every node, from `inputs` and `local_grads` alone.

    It is given the output of a graph of our Values, whose gradients are all 0.
    """
    marks, told = [], list[Message]()
    expected: dict[str, tuple[Value, Mapping[str, Value]]] = {}
    found: dict[str, dict[str, float]] = {}
    for key, (program, data) in GRAPHS.items():
        leaves = {name: Value(x, name) for name, x in zip("ab", data)}
        root = program(*leaves.values())
        nodes = {name: x for name, x in leaves.items() if x in history(root)} | {"out": root}
        try:
            backward(root)
        except Exception as error:
            marks.append(Mark(key, "wrong", f"{type(error).__name__}: {error}"))
            told.append(_message([key], [], f"{key} raised {type(error).__name__}: {error}.", f"Redo {key}."))
            continue
        expected[key], found[key] = (root, nodes), {name: float(node.grad) for name, node in nodes.items()}
        right = _alike(_by("right", root, nodes), found[key])
        marks.append(Mark(key, "right" if right else "wrong", _text(found[key])))
    return Marking(marks, told + _named(expected, found))


def check_rule(op: str | Op, rule: Callable[..., Any]) -> Marking:
    """Mark local derivatives of an operation, a function of (output, *inputs): nudging decides.

    >>> print(check_rule("tanh", lambda out, a: 1 - a**2).mistakes)
    ['tanh_of_input']
    """
    op = OPS[op] if isinstance(op, str) else op

    def slopes(out: float, *numbers: float) -> tuple[Any, ...]:
        found = rule(out, *numbers)
        return tuple(found) if isinstance(found, tuple | list) else (found,)

    try:
        simple = [max(min(x, high), low) for x, (low, high) in zip((0.5, 1.5, 2.5), op.sample)]
        report = compare(slopes(op.value(*simple), *simple), op, simple, "abc")
        report.extend(grade(op, slopes))
    except Exception as error:
        said = f"The rule raised {type(error).__name__}: {error}."
        return Marking([Mark(op.name, "wrong", type(error).__name__)], [_message([op.name], [], said, "Redo it.")])
    wrong = next((slope for slope in report if not slope), None)
    if wrong is None:
        return Marking([Mark(op.name, "right", "", op.why)], [])
    samples = [[low + (high - low) * t for (low, high), t in zip(op.sample, (p, 1 - p, p))] for p in (0.23, 0.41, 0.77)]
    names = [name for name, x in RULES.items() if isinstance(x, WrongSlope) and op.name in x.operations]
    alike = [name for name in names if _same_rule(RULES[name], op, slopes, samples)]
    redo = f"Redo {op.name}: {op.why}"
    return Marking([Mark(op.name, "wrong")], [_message([op.name], alike, _told(wrong), redo)])


def _told(slope: Slope) -> str:
    """Return what nudging found where a claim is wrong."""
    return (
        f"At {slope.at} your d/d{slope.name} is {short(slope.claimed)}, and nudging measures {short(slope.measured)}."
    )


def _same_rule(wrong: Any, op: Op, slopes: Callable[..., tuple[Any, ...]], samples: Iterable[list[float]]) -> bool:
    for numbers in samples:
        with suppress(ArithmeticError, ValueError):
            out = op.value(*numbers)
            pairs = zip(slopes(out, *numbers), type(wrong).rule(out, *numbers))
            if not all(isclose(x, y, rel_tol=1e-9) for x, y in pairs if isfinite(y)):
                return False
    return True


def mlp(seed: int = 0) -> Exercise:
    """Return the graph of a two-layer network with one example, tanh(w1*x1 + w2*x2 + b1) * w3 + b2, squared error."""
    from .generator import SMALL, Dice

    leaves = Dice(3, "mlp", seed).leaves("x1 x2 w1 w2 b1 w3 b2 t", SMALL | {3: (*SMALL[2], *SMALL[3])})
    x1, x2, w1, w2, b1, w3, b2, t = leaves
    z = w1 * x1 + w2 * x2 + b1
    h = z.tanh()
    y = h * w3 + b2
    e = y - t
    loss = e * e
    for label, node in {"z": z, "h": h, "y": y, "e": e, "loss": loss}.items():
        node.label = label
    return Exercise(loss, [w1, w2, b1, w3, b2, z, h, y, e], title="a manual backward pass", names={})


def check_manual(backward: Callable[[dict[str, float]], Mapping[str, float]]) -> Marking:
    """Mark a backward pass written by hand for the network of `mlp`, at three sets of numbers.

    It is given all values of the forward pass by name, and returns gradients by name: those of w1, w2, b1, w3 and
    b2, and if it likes those of z, h, y and e, which help to find a slip.
    """
    marking = Marking([Mark("w1", "not yet")], [])
    for seed in range(3):
        ex = mlp(seed)
        found = backward({name: node.data for node, name in ex.task.names.items()})
        wanted = ["w1", "w2", "b1", "w3", "b2"]
        ask = [*wanted, *(name for name in found if name not in wanted and name in ex.questions)]
        known = {name: float(found[name]) for name in ask if name in found}
        marking = Exercise(ex.root, ask, title=ex.title, names={}).check(known)
        if not marking:
            return marking
    return marking


__all__ = ["Skeleton", "check_backward", "check_manual", "check_mul", "check_rule", "check_value", "mlp"]
