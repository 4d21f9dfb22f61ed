"""Check a class that a learner wrote: on a few graphs, each operation alone, then on random graphs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from math import isclose
from typing import Any

from ..engine import Value, topological_order
from ..mistakes.mistake import MISTAKES, RIGHT
from ..mistakes.passes import grads
from ..ops import OPS
from ..ops.notation import short
from . import engines, traced
from .bugs import GRAPHS, IDEAS, NUMBERS, MakesGraph, Nodes, alike, outcome
from .marking import Mark, Marking
from .messages import Message, idea_of
from .running import WrongError, crash, gradients_text, message_of, patience, together
from .sides import sides

Gradients = Callable[[MakesGraph, Iterable[float], Nodes, float], dict[str, float]]
MOST_STEPS = 5  # of a graph on which every order is tried


def _right(root: Value, nodes: Nodes) -> dict[str, float]:
    right = grads(root)
    return {name: right[node] for name, node in nodes.items()}


EARLY = "looked at + and * alone; the other operations come when these are right"


def on_graphs(keys: Iterable[str], gradients: Gradients, cls: type | None = None) -> Marking:
    """Mark the gradients that a learner's code gives on graphs; what a class does can be traced."""
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
            mark, message = crash(key, error)
            told.append(message)
        else:
            expected[key], found[key] = (root, nodes), got
            mark = Mark(key, "right" if alike(_right(root, nodes), got) else "wrong", gradients_text(got))
        marks.append(mark)
    if not told and (wrong := [key for key in found if not alike(_right(*expected[key]), found[key])]):
        first, redo = wrong[0], f"Redo {wrong[0]}: {gradients_text(_right(*expected[wrong[0]]))} is right."
        traced_message = _traced(cls, wrong) if cls else None
        if traced_message:
            told = [traced_message]
        else:
            seen = _closures(cls) if cls else ""
            singles = [found[key] for key in wrong if key in ("a + b", "a * b")]
            idle = [x for x in singles if x["out"] == 1.0 and x["a"] == x["b"] == 0.0]
            bugs = [seen] if seen else ["not_attached"] * bool(idle and not cls) or outcome(expected, found)
            told = [message_of(wrong, bugs, f"{first} gave {gradients_text(found[first])}.", redo, RIGHT.idea)]
    return Marking(marks, together([x for x in told if x.mistakes] or told))


def _traced(cls: type, keys: Iterable[str]) -> Message | None:
    """Return a message on what a class does otherwise, from what it reads and writes, if that can be seen."""
    if _closures(cls):
        return None
    seen = traced.first_difference(cls, (*engines.FIRST, *engines.TELLING[:-1]), patience)
    return _of_difference(keys, *seen) if seen else None


def _of_difference(keys: Iterable[str], plan: engines.Blueprint, seen: traced.FirstDifference) -> Message:
    known = (seen.name,) * bool(seen.name)
    idea = (IDEAS.get(seen.name) or idea_of(seen.name)) if seen.name else RIGHT.idea
    did = f"On {plan} with {plan.numbers}, {seen.did}."
    picture = sides(plan, seen.grads, seen.edge) if len(plan.steps) <= MOST_STEPS else ""
    return Message(tuple(keys), known, did, idea, f"Redo {plan}.", "known" if known else "unknown", picture=picture)


def check_value(cls: type) -> Marking:
    """Mark a whole class `Value` with `data`, `grad`, + and * and `backward()`, as in the lecture.

    Every other operation that it has is looked at too, alone and in 200 random graphs, under several orders of sets.
    """
    if isinstance(cls, type) and issubclass(cls, Value):
        raise ValueError("This is the engine of the library. Give check_value the class that you wrote.")
    marking = check_class(cls, GRAPHS, NUMBERS)
    return _deeper(marking, cls) if all(marking.marks[key].verdict == "right" for key in GRAPHS) else marking


def _runs(cls: type, plan: engines.Blueprint) -> tuple[float, dict[str, float]]:
    """Return what a learner's class gives on a graph."""
    with patience():
        leaves = [cls(x) for x in plan.leaves]
        out = plan.build(leaves)
        out.backward()
    return float(out.data), {name: float(x.grad or 0.0) for name, x in zip(engines.LETTERS, leaves)}


def _deeper(marking: Marking, cls: type) -> Marking:
    """Look at each operation alone, and at random graphs; say what was not looked at."""
    ops = engines.operations_of(cls)
    marks, told = list(marking.marks.values()), list(marking.messages)
    key = f"{engines.GRAPHS} random graphs"
    run = lambda plan, salt: _salted(cls, plan, salt)  # noqa: E731
    failure = first_failure(run, [], 40)  # first of sums and products alone: what is wrong there is wrong everywhere
    sound: list[str] = []
    early = failure is not None
    if not failure:
        singles, sound = _singles(cls, ops)
        marks += [mark for mark, _ in singles]
        told += [message for _, message in singles if message]
        failure = first_failure(run, sound)
    marks.append(Mark(key, "wrong" if failure else "right", "", _scope(cls, ops) if not early else EARLY))
    told += [failed(key, *failure, cls=cls)] if failure else []
    if not failure:
        again, message = _again(cls)
        marks.append(again)
        told += [message] if message else []
    return Marking(marks, [x for x in told if x.mistakes] or told)


def _singles(cls: type, ops: Sequence[str]) -> tuple[list[tuple[Mark, Message | None]], list[str]]:
    """Return a mark and a message for each operation alone, and the operations that are right.

    Of a difference or quotient nothing is said where the negation or power, of which it may be made, is wrong.
    """
    found, sound = [], []
    parts = {"sub": {"neg"}, "div": {"pow"}}
    for name, plans in engines.singles(sorted(ops, key=lambda x: x in parts)):
        bad, message = _single(cls, name, plans)
        sound += [] if message else [name]
        follows = message and parts.get(name, set()) & {*ops} - {*sound}
        found.append((Mark(f"{name} alone", "wrong" if message else "right", bad), None if follows else message))
    return found, sound


def _again(cls: type) -> tuple[Mark, Message | None]:
    """Run backward() a second time, and of a second output, after every gradient was set to 0."""
    key = "a second backward()"
    for plan in engines.TELLING[:4]:
        for other in (False, True):
            right = plan.nodes([Value(x) for x in plan.leaves])
            wanted = grads(right[-1] * right[0] if other else right[-1])
            try:
                with patience():
                    nodes = plan.nodes([cls(x) for x in plan.leaves])
                    nodes[-1].backward()
                    out = nodes[-1] * nodes[0] if other else nodes[-1]
                    for x in (*nodes, out):
                        x.grad = 0.0
                    out.backward()
            except Exception:  # it may refuse on purpose
                continue
            got = {name: float(x.grad) for name, x, _ in zip(engines.LETTERS, nodes, plan.leaves)}
            best = {name: wanted[x] for name, x, _ in zip(engines.LETTERS, right, plan.leaves)}
            if not alike(best, got):
                what = f"of ({plan}) * a, after one of {plan}" if other else f"of {plan}, after a first one"
                did = f"A backward() {what}, with every grad set to 0 between, gave {gradients_text(got)}; "
                did += f"{gradients_text(best)} is right."
                return Mark(key, "wrong"), message_of([key], ["kept_over_calls"], did, f"Redo {plan}, twice.")
    return Mark(key, "right"), None


def _scope(cls: type, ops: Sequence[str]) -> str:
    """Return what was looked at, and what not."""
    left = [*engines.not_looked_at(cls), "gradients that add up over calls", "how fast it is"]
    return f"looked at +, *{''.join(f', {x}' for x in ops)}; not at {', '.join(left[:-1])} or {left[-1]}"


def _single(cls: type, name: str, plans: Sequence[engines.Blueprint]) -> tuple[str, Message | None]:
    """Return what an operation alone gives, and a message if that is wrong."""
    found, key = [], f"{name} alone"
    for plan in plans:
        try:
            got = _runs(cls, plan)
        except Exception as error:
            return "", crash(key, error)[1]
        found.append(got[1])
        mine = engines.ours(plan)
        if not isclose(got[0], mine[0], rel_tol=1e-9, abs_tol=1e-12):
            did = f"{plan} with {plan.numbers} is {short(got[0])}, and {short(mine[0])} is right."
            return short(got[0]), message_of([key], [], did, f"Redo {name}.", OPS[name].why)
    bad = [
        (plan, grads)
        for plan, grads in zip(plans, found)
        if not engines.agree((0.0, engines.ours(plan)[1]), (0.0, grads))
    ]
    if not bad:
        return gradients_text(found[0]), _upstream(cls, name, plans[0])
    plan, gave = bad[0]
    mistake, words = engines.wrong_rule(name, plans, found)
    did = f"{plan} with {plan.numbers} gave {gradients_text(gave)}; "
    did += f"{gradients_text(engines.ours(plan)[1])} is right. {words}".rstrip()
    scaled = replace(plan, leaves=(*plan.leaves, -1.5), steps=_under(plan))
    under = {x: g for x, g in _runs(cls, scaled)[1].items() if x in gave}
    if not all(isclose(under[x], -1.5 * g, rel_tol=1e-9, abs_tol=1e-12) for x, g in gave.items()):
        mistake = "no_upstream" if under == gave else "not_proportional"
        more = f"with -1.5 from above it gave {gradients_text(under)}"
        did = f"{plan} with {plan.numbers} gave {gradients_text(gave)}; {more}."
    idea = IDEAS.get(mistake) or (idea_of(mistake) if mistake in MISTAKES else OPS[name].why)
    return gradients_text(gave), Message((key,), (mistake,) * bool(mistake), did, idea, f"Redo {name}.")


def _under(plan: engines.Blueprint) -> tuple[engines.Step, ...]:
    """Return the step of a plan and a product of it with one more leaf."""
    [(name, x, y)] = plan.steps
    n = len(plan.leaves)
    return (name, x, y), ("mul", n + 1, n)


def _upstream(cls: type, name: str, plan: engines.Blueprint) -> Message | None:
    """Return a message if an operation leaves out the gradient from above, or what its input has got already."""
    out, one = len(plan.leaves), _runs(cls, plan)[1]
    ways = [("no_upstream", (out, out), one), ("overwrite", (out, 0), one), ("overwrite", (0, out), one)]
    for mistake, (x, y), gives in ways:
        more = replace(plan, steps=(*plan.steps, ("add", x, y)))
        got, right = _runs(cls, more)[1], engines.ours(more)[1]
        if all(isclose(got[x], g, rel_tol=1e-9, abs_tol=1e-12) for x, g in right.items()):
            continue
        same = isclose(got["a"], gives["a"], rel_tol=1e-9, abs_tol=1e-12) or (
            mistake == "overwrite" and isclose(got["a"], 1.0)
        )
        did = f"{more} with {more.numbers} gave {gradients_text(got)}; {gradients_text(right)} is right."
        return message_of([f"{name} alone"], [mistake] * same, did, f"Redo {name}.", OPS[name].why)
    return None


def _salted(cls: type, plan: engines.Blueprint, salt: int) -> tuple[float, dict[str, float]]:
    with engines.order_of_sets(cls, salt):
        return _runs(cls, plan)


def first_failure(
    run: Callable[[engines.Blueprint, int], tuple[float, dict[str, float]]],
    ops: Sequence[str],
    many: int = engines.GRAPHS,
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

    random = islice(engines.plans([x for x in ops if x not in ("div",)]), many)
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


def failed(
    key: str, plan: engines.Blueprint, got: Any, by_chance: bool, others: Sequence[Any] = (), cls: type | None = None
) -> Message:
    """Return the message about the smallest graph that fails."""
    if isinstance(got, Exception):
        message = crash(key, got)[1]
        return replace(message, did=f"On {plan} with {plan.numbers}: {message.did}")
    right = engines.ours(plan)[1]
    wrong = next(name for name, g in right.items() if not isclose(g, got[1][name], rel_tol=1e-6))
    did = f"The smallest graph that fails is {plan} with {plan.numbers}: "
    did += f"{wrong}.grad is {short(got[1][wrong])}, and {short(right[wrong])} is right"
    chance = ". With another order of its sets it comes out right." if by_chance else "."
    for salt in range(1, 1 + 4 * engines.SALTS) if cls else ():
        with engines.order_of_sets(cls, salt):  # type: ignore[arg-type]
            seen = traced.first_difference(cls, (plan, *engines.TELLING[:-1]), patience)  # type: ignore[arg-type]
        if seen:
            message = _of_difference([key], *seen)
            there = "" if str(seen[0]) == str(plan) else f"on {seen[0]} with {seen[0].numbers}, "
            return replace(message, did=f"{did}: {there}{seen[1].did}{chance}")
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
    return message_of([key], bugs[:1], did + chance, f"Redo {plan}.", RIGHT.idea)


def check_class(cls: type, graphs: Iterable[str], numbers: Iterable[str]) -> Marking:
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

    marking = on_graphs(graphs, gradients, cls)
    if not all(".grad = " in mark.typed for mark in marking.marks.values()):
        return marking
    results = [_with_number(cls, key) for key in numbers]
    marks = [*marking.marks.values(), *(mark for mark, _ in results)]
    more = [message for _, message in results if message and _is_new(message, marking)]
    return Marking(marks, together([*marking.messages, *more]))


def _is_new(message: Message, marking: Marking) -> bool:
    """Tell whether a message about plain numbers says more than those about graphs."""
    return not marking.messages or (bool(message.mistakes) and message.mistakes != ("constant_cuts",))


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
        return crash(key, error, bugs.get(type(error), ""))
    text = f"a.grad = {short(float(a.grad))}"
    if isclose(float(a.grad), slope):
        return Mark(key, "right", text), None
    return Mark(key, "wrong", text), message_of(
        [key], ["constant_cuts"] * (not a.grad), f"{key} gave {text}, and {short(slope)} is right.", f"Redo {key}."
    )
