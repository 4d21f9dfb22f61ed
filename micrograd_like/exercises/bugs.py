"""What bugs of engine builders give: each is run on the graphs on which a learner's code was run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import permutations, product
from math import isclose
from typing import Any

from ..engine import Value, topological_order
from ..mistakes.mistake import MISTAKES
from ..mistakes.passes import grads

Steps = Iterable[tuple[Value, int]]  # nodes that pass back, and the places of the inputs to which they do
Nodes = Mapping[str, Value]
MakesGraph = Callable[..., Any]
GRAPHS: dict[str, tuple[MakesGraph, tuple[float, ...]]] = {  # each shows one idea at numbers without coincidences
    "a + b": (lambda a, b: a + b, (2.0, -3.5)),
    "a * b": (lambda a, b: a * b, (2.5, -3.0)),
    "a + a": (lambda a, b: a + a, (3.0, 7.0)),
    "a * a": (lambda a, b: a * a, (3.0, 7.0)),
    "a * b + a": (lambda a, b: a * b + a, (2.5, -3.0)),
    "(a * b) * (a + b)": (lambda a, b: (a * b) * (a + b), (1.5, -4.0)),
    "c = a * b; (c + a) * (c * b)": (lambda a, b: (lambda c: (c + a) * (c * b))(a * b), (1.5, 2.5)),
    "c = a + a; d = c * c; d + d": (lambda a, b: (lambda d: d + d)((lambda c: c * c)(a + a)), (1.5, 2.0)),
}
NUMBERS: dict[str, tuple[MakesGraph, float, tuple[str, str, str]]] = {  # with a plain number; the bugs that it shows
    "a + 2": (lambda a: a + 2.0, 1.0, ("not_wrapped", "not_wrapped", "")),
    "2 + a": (lambda a: 2.0 + a, 1.0, ("no_radd", "not_wrapped", "radd_recursion")),
    "sum([a, a])": (lambda a: sum([a, a]), 2.0, ("no_radd", "not_wrapped", "radd_recursion")),
    "a * 2": (lambda a: a * 2.0, 2.0, ("not_wrapped", "not_wrapped", "")),
    "2 * a": (lambda a: 2.0 * a, 2.0, ("no_rmul", "not_wrapped", "rmul_recursion")),
}
IDEAS = {
    "not_attached": "The closure never runs: write `out._backward = _backward` beside its `def`, not inside it.",
    "breadth_first": "By distance a node passes back before all has arrived: it must come after all of its uses.",
    "by_number": "Two nodes may hold the same number: tell them apart by `is`, not by their data.",
    "not_passed": "Every node that was made passes back: it is in the list, its `_prev` holds all its inputs, and "
    "`out._backward` is set.",
    "contribution_dropped": "Each input gets its part: write one line for each, `self.grad += ...; other.grad += ...`.",
    "seed": "The pass starts from d(output)/d(output), which is 1: `self.grad = 1.0`.",
    "halved": "Each input gets its whole part, local derivative times upstream gradient; nothing is shared out.",
    "doubled": "Each use gives its part once: local derivative times upstream gradient.",
    "one_use": "a + a uses a twice and gives it two parts; a set of inputs holds it once.",
    "not_proportional": "A local derivative depends on values alone: a gate looks at its input, not at the gradient.",
    "kept_over_calls": "backward() begins anew each time: make the list, and the set of visited nodes, inside it.",
    "constant_cuts": "Also with a plain number the result keeps its inputs: make a Value of the number, and go on.",
    "root_skipped": "The output's own _backward is not called, so that nothing starts.",
    "read_too_early": "`out.grad` is read when the operation runs, where it is still 0: read it inside `_backward`.",
    "reads_grad": "A product is scaled by the other factor's `data`; its `grad` is not that number.",
    "turned_round": "The gradient goes from the output to the inputs: `self.grad += ... * out.grad`.",
    "order_of_a_set": "The result depends on the order in which a set gives its elements: keep the inputs in a tuple.",
    "called_at_once": "Write `out._backward = _backward`: with () it is called at once, and its None is kept.",
    "wired_to_self": "The closure belongs to what was made: `out._backward = _backward`, not self._backward.",
    "takes_parameters": "`_backward` is called without arguments: it finds self, other and out where it was defined.",
    "not_wrapped": "A plain number came: begin with other = other if isinstance(other, Value) else Value(other).",
    "no_radd": "A number on the left, as in sum([a, b]), asks for __radd__: write one that returns self + other.",
    "radd_recursion": "__radd__ as other + self asks for __radd__ again, for ever: return self + other.",
    "no_rmul": "A number on the left, as in 2 * a, asks for __rmul__: write one that returns self * other.",
    "rmul_recursion": "__rmul__ as other * self asks for __rmul__ again, for ever: return self * other.",
    "returns_nothing": "Nothing is returned: end with `return`, as in `return out`.",
    "self_returned": "An operation makes a new Value: `out = Value(...)`, and the inputs stay as they are.",
    "endless": "A loop that does not end: does each turn take something off the list, or mark a node as visited?",
    "endless_recursion": "A function calls itself for ever: in some case it must return without calling itself.",
    "too_few": "An operation has a local derivative for each of its inputs: return one number for each.",
}
WHOLE = [  # what may be wrong with a whole pass, the likeliest first
    "overwrite", "first_path", "multiply", "no_upstream", "no_local", "no_visited", "depth_first", "first_reach",
    "not_reversed", "no_seed", "seed_is_value", "add_like_mul", "add_own", "mul_own", "square_once", "negated",
    "double", "half", "breadth_first", "by_number",
]  # fmt: skip


def outcome(expected: Mapping[str, tuple[Value, Nodes]], found: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return the mistakes that give all that was found, for each graph the gradients by name."""
    named = set(WHOLE)
    for key, numbers in found.items():
        root, nodes = expected[key]
        named &= {bug for bug, way in ways(root) if alike({name: way[x] for name, x in nodes.items()}, numbers)}
    return [bug for bug in WHOLE if bug in named]


def alike(numbers: Mapping[str, float], others: Mapping[str, float]) -> bool:
    """Tell whether gradients are equal, but for rounding."""
    return all(isclose(numbers[name], x, rel_tol=1e-9, abs_tol=1e-12) for name, x in others.items())


def ways(root: Value) -> Iterator[tuple[str, Mapping[Value, float]]]:
    """Yield mistakes with what they give, in each way in which a learner's code may go through the graph."""
    for rule in WHOLE:
        if rule in MISTAKES:
            yield rule, grads(root, rule)
    ops = [node for node in topological_order(root) if node.inputs]
    uses = {x: {node for node in ops if x in node.inputs} for x in ops}
    orders = [order for order in permutations(ops) if all(uses[x] <= {*order[:i]} for i, x in enumerate(order))]
    for where in ({"add", "mul"}, {"mul"}, {"add"}):
        for order in orders:
            yield "overwrite", handed_on(root, whole(order), assigning=where)
        yield "no_upstream", handed_on(root, whole(orders[0]), lambda slope, _: slope, where)
        yield "no_local", handed_on(root, whole(orders[0]), lambda _, upstream: upstream, where)
    for merged in (True, False):  # a set of inputs holds each once, in any order
        for turns in product((1, -1), repeat=len(ops)):
            inputs = {x: (list(dict.fromkeys(x.inputs)) if merged else x.inputs)[::t] for x, t in zip(ops, turns)}
            first = before(root, inputs)
            yield "no_visited", handed_on(root, whole(after(root, inputs)[::-1]))
            yield "depth_first", handed_on(root, whole(first))
            yield "first_reach", handed_on(root, whole(dict.fromkeys(first)))
            yield "breadth_first", handed_on(root, whole(breadth_first(root, inputs, last=False)))
            yield "breadth_first", handed_on(root, whole(breadth_first(root, inputs, last=True)))
    yield "depth_first", handed_on(root, along(root))
    yield "by_number", handed_on(root, whole(seen_by_number(root)))
    yield "by_number", handed_on(root, whole(seen_by_number(root, turn=-1)))


def breadth_first(root: Value, inputs: Mapping[Value, Sequence[Value]], last: bool) -> list[Value]:
    """Return nodes by their distance from the output, each once: at the shortest, or at the `last` time it is met."""
    order = [root]
    for node in order:
        order += [x for x in inputs.get(node, ()) if last or x not in order]
    return order if not last else [x for i, x in enumerate(order) if x not in order[i + 1 :]]


def seen_by_number(root: Value, turn: int = 1) -> list[Value]:
    """Return nodes as a topological order has them that takes equal numbers for the same node."""
    order: list[Value] = []
    seen: set[float] = set()

    def visit(node: Value) -> None:
        if node.data not in seen:
            seen.add(node.data)
            for x in node.inputs[::turn]:
                visit(x)
            order.append(node)

    visit(root)
    return order[::-1]


def handed_on(
    root: Value,
    steps: Steps,
    contribution: Callable[[float, float], float] | None = None,
    where: Iterable[str] = (),
    assigning: Iterable[str] = (),
) -> dict[Value, float]:
    """Return the gradients of these steps; ops of the names in `where` contribute otherwise, `assigning` overwrites."""
    numbers = dict.fromkeys(topological_order(root), 0.0) | {root: 1.0}
    for node, i in steps:
        x, slope, name = node.inputs[i], node.local_grads[i], node.op.name if node.op else ""
        given = contribution(slope, numbers[node]) if contribution and name in where else slope * numbers[node]
        numbers[x] = given if name in assigning else numbers[x] + given
    return numbers


def whole(order: Iterable[Value]) -> Steps:
    """Return the steps of nodes that pass back to all their inputs at a time."""
    return [(node, i) for node in order for i in range(len(node.inputs))]


def along(node: Value) -> Steps:
    """Return the steps of a recursion that goes on from each input at once."""
    return [step for i, x in enumerate(node.inputs) for step in [(node, i), *along(x)]]


def before(node: Value, inputs: Mapping[Value, Sequence[Value]]) -> list[Value]:
    """Return nodes once for each path to them, each before its inputs."""
    return [node, *(y for x in inputs.get(node, ()) for y in before(x, inputs))]


def after(node: Value, inputs: Mapping[Value, Sequence[Value]]) -> list[Value]:
    """Return nodes once for each path to them, each after its inputs."""
    return [*(y for x in inputs.get(node, ()) for y in after(x, inputs)), node]
