"""Build the engine yourself: the learner's code is run, held against ours, and its bug is named.

The code runs as a notebook runs it: in this process, with all its rights; it is not a sandbox. Only a loop in Python
that does not end is ended.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from math import isclose, isfinite
from pathlib import Path
from traceback import extract_tb
from types import FunctionType
from typing import Any

from ..engine import Value, topological_order
from ..graph.gradcheck import Slope, compare, grade
from ..mistakes.mistake import MISTAKES, RIGHT, LocalRule
from ..mistakes.passes import grads
from ..ops import OPS, Op
from ..ops.notation import short
from . import engines
from .bugs import GRAPHS, IDEAS, NUMBERS, MakesGraph, Nodes, alike, outcome
from .concepts import SMALL, Dice
from .exercise import Exercise
from .marking import Mark, Marking
from .messages import Message, briefly, idea_of

Gradients = Callable[[MakesGraph, Iterable[float], Nodes, float], dict[str, float]]
MOST_STEPS = 5  # of a graph on which every order is tried
MOST_LINES = 100_000  # of the learner's in one run, for the graphs are small
HELPERS = ("backward", "backward_steps", "chain_rule", "gradients", "grads")  # what does the work for a learner
BROKEN = "Repair this first: gradients are looked at once the code runs and its values are right."
LIBRARIES = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
NOT_THEIRS = (str(Path(__file__).parent.parent), "<frozen ", *LIBRARIES)  # where files are not the learner's
RAISED = {  # what is in an error, and the bug behind it
    "_backward() takes": "takes_parameters", "_backward() missing": "takes_parameters",
    "'NoneType' object is not callable": "called_at_once", "RecursionError": "endless_recursion",
    "EndlessError": "endless",
}  # fmt: skip


class EndlessError(Exception):
    """Raised in a learner's code that has run for too long."""


class WrongError(Exception):
    """Raised with (bug or "", what was done) where there are no gradients to look at."""


def _theirs(file: str) -> bool:
    return not file.startswith(NOT_THEIRS)


@contextmanager
def patience() -> Iterator[None]:
    """Raise EndlessError after MOST_LINES lines of a learner's code."""
    left, before = MOST_LINES, sys.gettrace()

    def trace(frame: Any, event: str, argument: object) -> Any:
        nonlocal left
        if not _theirs(frame.f_code.co_filename):
            return None
        left -= 1
        if left < 0:
            raise EndlessError(f"{MOST_LINES:,} lines have run, and there is no end")
        return trace

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def _crash(key: str, error: Exception, bug: str = "") -> tuple[Mark, Message]:
    """Return the mark of code that raised, and a message that says where."""
    kind = type(error).__name__
    if isinstance(error, WrongError):
        bug, did = error.args
    else:
        bug = bug or next((bug for part, bug in RAISED.items() if part in f"{kind}: {error}"), "")
        lines = [x for x in extract_tb(error.__traceback__) if _theirs(x.filename)]
        at = f", in {lines[-1].name}, line {lines[-1].lineno}" if lines else ""
        did = f"It raised {kind}: {error}{at}."
    mark = Mark(key, "wrong", "" if isinstance(error, WrongError) else kind)
    return mark, _message([key], [bug], did, f"Run {key} again.")


def _message(keys: Iterable[str], mistakes: Iterable[str], did: str, redo: str, idea: str = BROKEN) -> Message:
    named = tuple(filter(None, mistakes))
    did += f" Another possible cause: {'; or '.join(briefly(MISTAKES[x]) for x in named[1:4])}." * (len(named) > 1)
    idea = (IDEAS.get(named[0]) or idea_of(named[0])) if named else idea
    return Message(tuple(keys), named, did, idea, redo, "known" if named else "unknown")


def _together(told: Iterable[Message]) -> list[Message]:
    """Return one message for those that have the same idea."""
    groups: dict[str, list[Message]] = {}
    for x in told:
        groups.setdefault(x.idea, []).append(x)
    return [replace(same[0], keys=tuple(key for x in same for key in x.keys)) for same in groups.values()]


def _text(found: Mapping[str, float]) -> str:
    return ", ".join(f"{name}.grad = {short(x)}" for name, x in found.items())


def _right(root: Value, nodes: Nodes) -> dict[str, float]:
    right = grads(root)
    return {name: right[node] for name, node in nodes.items()}


def _on_graphs(keys: Iterable[str], gradients: Gradients, wired: Callable[[], str] | None = None) -> Marking:
    """Mark the gradients that a learner's code gives on graphs."""
    marks, told = [], list[Message]()
    expected: dict[str, tuple[Value, Nodes]] = {}
    found: dict[str, dict[str, float]] = {}
    for key in keys:
        program, data = GRAPHS[key]
        leaves = {name: Value(x, name) for name, x in zip("ab", data)}
        root = program(*leaves.values())
        nodes = {name: x for name, x in leaves.items() if x in topological_order(root)} | {"out": root}
        try:
            with patience():
                got = gradients(program, data, nodes, root.data)
        except Exception as error:
            mark, message = _crash(key, error)
            told.append(message)
        else:
            expected[key], found[key] = (root, nodes), got
            mark = Mark(key, "right" if alike(_right(root, nodes), got) else "wrong", _text(got))
        marks.append(mark)
    if not told and (wrong := [key for key in found if not alike(_right(*expected[key]), found[key])]):
        first, redo = wrong[0], f"Redo {wrong[0]}: {_text(_right(*expected[wrong[0]]))} is right."
        singles = [found[key] for key in wrong if key in ("a + b", "a * b")]
        idle = [x for x in singles if x["out"] == 1.0 and x["a"] == x["b"] == 0.0]
        seen = wired() if wired else ""
        bugs = [seen] if seen else ["not_attached"] * bool(idle and not wired) or outcome(expected, found)
        told = [_message(wrong, bugs, f"{first} gave {_text(found[first])}.", redo, RIGHT.idea)]
    return Marking(marks, _together([x for x in told if x.mistakes] or told))


def check_value(cls: type) -> Marking:
    """Mark a whole class `Value` with `data`, `grad`, + and * and `backward()`, as in the lecture.

    Every other operation that it has is looked at too, alone and in 200 random graphs, under several orders of sets.
    """
    if isinstance(cls, type) and issubclass(cls, Value):
        raise ValueError("This is the engine of the library. Give check_value the class that you wrote.")
    marking = _check_class(cls, GRAPHS, NUMBERS)
    return _deeper(marking, cls) if all(marking.marks[key].verdict == "right" for key in GRAPHS) else marking


def _runs(cls: type, plan: engines.Blueprint) -> tuple[float, dict[str, float]]:
    """Return what a learner's class gives on a graph."""
    with patience():
        leaves = [cls(x) for x in plan.leaves]
        out = plan.build(leaves)
        out.backward()
    return float(out.data), {name: float(x.grad) for name, x in zip(engines.LETTERS, leaves)}


def _deeper(marking: Marking, cls: type) -> Marking:
    """Look at each operation alone, and at random graphs; say what was not looked at."""
    ops = engines.operations_of(cls)
    marks, told = list(marking.marks.values()), list(marking.messages)
    sound = []
    for name, plans in engines.singles(ops):
        bad, message = _single(cls, name, plans)
        marks.append(Mark(f"{name} alone", "wrong" if message else "right", bad))
        told += [message] if message else []
        sound += [] if message else [name]
    key = f"{engines.GRAPHS} random graphs"
    failure = _first_failure(lambda plan, salt: _salted(cls, plan, salt), sound)
    marks.append(Mark(key, "wrong" if failure else "right", "", _scope(cls, ops)))
    told += [_failed(key, *failure)] if failure else []
    return Marking(marks, [x for x in told if x.mistakes] or told)


def _scope(cls: type, ops: Sequence[str]) -> str:
    """Return what was looked at, and what not."""
    left = engines.not_looked_at(cls)
    more = (
        f"; not at {', '.join(left)}, a second backward(), or how fast it is"
        if left
        else "; not at a second backward()"
    )
    return f"looked at +, *{''.join(f', {x}' for x in ops)}{more}"


def _single(cls: type, name: str, plans: Sequence[engines.Blueprint]) -> tuple[str, Message | None]:
    """Return what an operation alone gives, and a message if that is wrong."""
    found, key = [], f"{name} alone"
    for plan in plans:
        try:
            got = _runs(cls, plan)
        except Exception as error:
            return "", _crash(key, error)[1]
        found.append(got[1])
        mine = engines.ours(plan)
        if not isclose(got[0], mine[0], rel_tol=1e-9, abs_tol=1e-12):
            did = f"{plan} with {plan.numbers} is {short(got[0])}, and {short(mine[0])} is right."
            return short(got[0]), _message([key], [], did, f"Redo {name}.", OPS[name].why)
    bad = [
        (plan, grads)
        for plan, grads in zip(plans, found)
        if not engines.agree((0.0, engines.ours(plan)[1]), (0.0, grads))
    ]
    if not bad:
        return _text(found[0]), None
    plan, gave = bad[0]
    mistake, words = engines.wrong_rule(name, plans, found)
    did = f"{plan} with {plan.numbers} gave {_text(gave)}; {_text(engines.ours(plan)[1])} is right. {words}".strip()
    return _text(gave), Message((key,), (mistake,) * bool(mistake), did, OPS[name].why, f"Redo {name}.")


def _salted(cls: type, plan: engines.Blueprint, salt: int) -> tuple[float, dict[str, float]]:
    with engines.order_of_sets(cls, salt):
        return _runs(cls, plan)


def _first_failure(
    run: Callable[[engines.Blueprint, int], tuple[float, dict[str, float]]], ops: Sequence[str]
) -> tuple[engines.Blueprint, Any, bool, list[Any]] | None:
    """Return (the smallest graph that fails, what it gave, whether that depends on the order of sets, more), or None.

    More are small graphs with what they gave, by which the mistake is told from others.
    """

    def fails(plan: engines.Blueprint, salt: int) -> Any:
        try:
            mine = engines.ours(plan)
        except (ArithmeticError, ValueError):
            return None
        try:
            got = run(plan, salt)
        except Exception as error:
            return error
        return None if engines.agree(mine, got) else got

    random = islice(engines.plans([x for x in ops if x not in ("div",)]), engines.GRAPHS)
    for i, plan in enumerate([*engines.TELLING, *random]):
        for salt in (*range(1, 1 + engines.SALTS), 0) if i < 60 else (0,):  # Python's own order last: it varies
            if fails(plan, salt) is not None:
                least = engines.smallest(plan, lambda p, salt=salt: fails(p, salt) is not None)  # type: ignore[misc]
                found = [fails(least, x) for x in (salt, *range(1, 8))]
                wrong = [x for x in found if x is not None]
                if wrong:
                    return least, wrong[0], len(wrong) < len(found), list(_small(run, ops, salt))
    return None


def _small(
    run: Callable[[engines.Blueprint, int], Any], ops: Sequence[str], salt: int
) -> Iterator[tuple[engines.Blueprint, Any]]:
    """Yield small graphs with what a learner's code gives on them."""
    random = islice(engines.plans([x for x in ops if x in ("sub",)], seed=1), 120)
    few = [plan for plan in [*engines.TELLING, *random] if len(plan.steps) <= MOST_STEPS]
    for plan in few[:12]:
        with suppress(Exception):
            yield plan, run(plan, salt)


def _failed(key: str, plan: engines.Blueprint, got: Any, by_chance: bool, others: Sequence[Any] = ()) -> Message:
    """Return the message about the smallest graph that fails."""
    if isinstance(got, Exception):
        message = _crash(key, got)[1]
        return replace(message, did=f"On {plan} with {plan.numbers}: {message.did}")
    expected: dict[str, tuple[Value, Nodes]] = {}
    found: dict[str, dict[str, float]] = {}
    for i, (small, given) in enumerate([(plan, got), *others]):
        leaves = {name: Value(x, name) for name, x in zip(engines.LETTERS, small.leaves)}
        root = small.build([*leaves.values()])
        nodes = {name: x for name, x in leaves.items() if x in topological_order(root)}
        if len(small.steps) <= MOST_STEPS:
            expected[str(i)], found[str(i)] = (root, nodes), {name: given[1][name] for name in nodes}
    bugs = outcome(expected, found) if expected else []
    bugs += ["order_of_a_set"] * by_chance
    wrong = next(name for name, g in engines.ours(plan)[1].items() if not isclose(g, got[1][name], rel_tol=1e-6))
    right = engines.ours(plan)[1][wrong]
    did = f"The smallest graph that fails is {plan} with {plan.numbers}: "
    did += f"{wrong}.grad is {short(got[1][wrong])}, and {short(right)} is right."
    return _message([key], bugs[:1], did, f"Redo {plan}.", RIGHT.idea)


def _check_class(cls: type, graphs: Iterable[str], numbers: Iterable[str]) -> Marking:
    def gradients(program: MakesGraph, data: Iterable[float], nodes: Nodes, value: float) -> dict[str, float]:
        theirs = {name: cls(x) for name, x in zip("ab", data)}
        out = program(*theirs.values())
        if out is None:
            raise WrongError("returns_nothing", "The operation returned None.")
        if any(out is x for x in theirs.values()):
            raise WrongError("self_returned", "The operation returned one of its inputs.")
        if not isclose(float(out.data), value, rel_tol=1e-9):
            raise WrongError("", f"The value is {short(float(out.data))}, and {short(value)} is right.")
        out.backward()
        return {name: float((theirs | {"out": out})[name].grad) for name in nodes}

    marking = _on_graphs(graphs, gradients, lambda: _closures(cls))
    if not all(".grad = " in mark.typed for mark in marking.marks.values()):
        return marking
    results = [_with_number(cls, key) for key in numbers]
    marks = [*marking.marks.values(), *(mark for mark, _ in results)]
    more = [message for _, message in results if message and (message.mistakes or not marking.messages)]
    return Marking(marks, _together([*marking.messages, *more]))


def _closures(cls: type) -> str:
    """Return what is wrong with the closures of a class as the lecture writes it, "" if nothing can be seen.

    It is seen from what they do: whether they are there, whether they run, which numbers they read and write.
    """
    with suppress(Exception), patience():
        for multiplies in (True, False):
            a, b = cls(2.0), cls(5.0)
            before = a._backward
            out = a * b if multiplies else a + b
            if a._backward is not before:
                return "wired_to_self"
            own, idle = out._backward, cls(1.0)._backward
            if own is None or getattr(own, "__code__", own) is getattr(idle, "__code__", idle):
                return "not_attached"
            a.grad, b.grad, out.grad = 10.0, 100.0, 1.0
            own()
            if (a.grad, b.grad) == (10.0, 100.0):
                return "turned_round" if out.grad != 1.0 else "read_too_early"
            if multiplies and (a.grad, b.grad) in ((110.0, 110.0), (110.0, 210.0)):
                return "reads_grad"  # each had the other's gradient added
        if (a.grad, b.grad) == (11.0, 101.0) and not _root_runs(cls):
            return "root_skipped"
    return ""


def _root_runs(cls: type) -> bool:
    """Tell whether backward() calls the output's own closure."""
    out, ran = cls(2.0) * cls(5.0), []
    inner = out._backward
    out._backward = lambda: (ran.append(1), inner())[1]  # type: ignore[func-returns-value]
    out.backward()
    return bool(ran)


def _with_number(cls: type, key: str) -> tuple[Mark, Message | None]:
    program, slope, (unsupported, no_attribute, recursion) = NUMBERS[key]
    a = cls(3.0)
    try:
        with patience():
            out = program(a)
            out.backward()
    except Exception as error:
        bugs = {RecursionError: recursion, AttributeError: no_attribute}
        bugs[TypeError] = unsupported if "unsupported operand" in str(error) else no_attribute
        return _crash(key, error, bugs.get(type(error), ""))
    text = f"a.grad = {short(float(a.grad))}"
    if isclose(float(a.grad), slope):
        return Mark(key, "right", text), None
    return Mark(key, "wrong", text), _message(
        [key], [], f"{key} gave {text}, and {short(slope)} is right.", f"Redo {key}."
    )


class Skeleton:
    """A Value of the lecture without its multiplication, for the learner to write."""

    data: float
    grad: float

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
    """Mark a `__mul__` in the lecture's style, written for a class that has all else, `Skeleton`.

    The name Value means that class in it.
    """
    cls: Any = type("Value", (Skeleton,), {})
    if isinstance(mul, FunctionType):
        names = mul.__globals__ | {"Value": cls}
        mul = FunctionType(mul.__code__, names, mul.__name__, mul.__defaults__, mul.__closure__)
    cls.__mul__ = cls.__rmul__ = mul
    return _check_class(cls, [key for key in GRAPHS if "*" in key], ["a * 2"])


def check_backward(backward: Callable[[Value], object]) -> Marking:
    """Mark a function that fills in the `grad` of every node, from `inputs` and `local_grads` alone.

    It is given the output of a graph of our Values, whose gradients are all 0.
    """

    def gradients(program: MakesGraph, data: Iterable[float], nodes: Nodes, value: float) -> dict[str, float]:
        leaves = {name: Value(x, name) for name, x in zip("ab", data)}
        out = program(*leaves.values())
        with no_help():
            backward(out)
        return {name: float((leaves | {"out": out})[name].grad) for name in nodes}

    def run(plan: engines.Blueprint, salt: int) -> tuple[float, dict[str, float]]:
        leaves = [Value(x) for x in plan.leaves]
        out = plan.build(leaves)
        with patience(), no_help():
            backward(out)
        return out.data, {name: float(x.grad) for name, x in zip(engines.LETTERS, leaves)}

    marking = _on_graphs(GRAPHS, gradients)
    if not marking:
        return marking
    key = f"{engines.GRAPHS} random graphs"
    failure = _first_failure(run, ["sub", "tanh", "relu", "pow"])
    marks = [*marking.marks.values(), Mark(key, "wrong" if failure else "right", "", "not looked at: a second call")]
    return Marking(marks, [_failed(key, *failure)] if failure else [])


@contextmanager
def no_help() -> Iterator[None]:
    """Refuse code that calls the library's own backward pass instead of doing it."""
    called = False
    before = sys.getprofile()

    def watch(frame: Any, event: str, argument: Any) -> None:
        nonlocal called
        name = getattr(argument, "__name__", "") if event == "c_call" else frame.f_code.co_name
        ours = event == "c_call" or (event == "call" and frame.f_code.co_filename.startswith(NOT_THEIRS[0]))
        called |= ours and name in HELPERS

    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(before)
    if called:
        raise WrongError("", "It calls the library's own backward pass. Write the chain rule yourself.")


def check_rule(op: str | Op, rule: Callable[..., Any]) -> Marking:
    """Mark local derivatives of an operation, a function of (output, *inputs): nudging decides.

    >>> print(check_rule("tanh", lambda out, a: 1 - a**2).mistakes)
    ['tanh_of_input']
    """
    op = OPS[op] if isinstance(op, str) else op

    def slopes(out: float, *numbers: float) -> tuple[Any, ...]:
        with patience():  # around nothing else: what we import and compute is not the learner's time
            found = rule(out, *numbers)
        found = tuple(found) if isinstance(found, tuple | list) else (found,)
        if None in found:
            raise WrongError("returns_nothing", "The rule returned None.")
        if len(found) != len(numbers):
            raise WrongError("too_few", f"The rule returned {len(found)} for {len(numbers)} inputs.")
        return found

    try:
        simple = [max(min(x, high), low) for x, (low, high) in zip((0.5, 1.5, 2.5), op.sample)]
        report = compare(slopes(op.value(*simple), *simple), op, simple, "abc")
        report.extend(grade(op, slopes))
    except Exception as error:
        mark, message = _crash(op.name, error)
        return Marking([mark], [message])
    bad = next((slope for slope in report if not slope), None)
    if bad is None:
        return Marking([Mark(op.name, "right", "", op.why)], [])
    samples = [[low + (high - low) * t for (low, high), t in zip(op.sample, (p, 1 - p, p))] for p in (0.23, 0.41, 0.77)]
    wrongs = {name: wrong for name, x in MISTAKES.items() if (wrong := x.local_rules.get(op.name))}
    named = [name for name, wrong in wrongs.items() if _same_rule(wrong, op, slopes, samples)]
    return Marking([Mark(op.name, "wrong")], [_message([op.name], named, _told(bad), f"Redo {op.name}.", op.why)])


def _told(slope: Slope) -> str:
    """Return what nudging found where a claim is wrong."""
    return (
        f"At {slope.at} your d/d{slope.name} is {short(slope.claimed)}, and nudging measures {short(slope.measured)}."
    )


def _same_rule(wrong: LocalRule, op: Op, slopes: LocalRule, samples: Iterable[list[float]]) -> bool:
    for numbers in samples:
        with suppress(ArithmeticError, ValueError):
            out = op.value(*numbers)
            pairs = zip(slopes(out, *numbers), wrong(out, *numbers))
            if not all(isclose(x, y, rel_tol=1e-9) for x, y in pairs if isfinite(y)):
                return False
    return True


def mlp(seed: int = 0) -> Exercise:
    """Return the graph of a two-layer network with one example, tanh(w1*x1 + w2*x2 + b1) * w3 + b2, squared error."""
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
        wanted = ["w1", "w2", "b1", "w3", "b2"]
        try:
            with patience():
                found = dict(backward({name: node.data for node, name in ex.task.names.items()}) or {})
            known = {name: float(x) for name, x in found.items() if name in ex.questions}
        except Exception as error:
            mark, message = _crash("backward", error)
            return Marking([mark], [message])
        ask = [*wanted, *(name for name in known if name not in wanted)]
        marking = Exercise(ex.root, ask, title=ex.title, names={}).check(known)
        if not marking:
            return marking
    return marking


__all__ = ["Skeleton", "check_backward", "check_manual", "check_mul", "check_rule", "check_value", "mlp"]
