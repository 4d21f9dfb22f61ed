"""What is said about an answer: what seems to have been done, the idea, the step to redo; hints, and reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..engine import Value
from ..notation import PRODUCT, Text, short
from ..walking.formulas import in_symbols, value_text
from ..walking.mutations import RULES, Rule
from .diagnosis import Diagnosis, Slip, Suspicion, is_whole
from .questions import Task

UNREACHED = "A node from which no path leads to the output cannot move it: its gradient is 0."
EACH_USE = "Each use has an effect of its own: the gradient is the sum over all of them."
IDEAS = {"unreached": UNREACHED, "forgot_path": EACH_USE}
NONE = "This number is none of those that the known mistakes give."
DID = {
    "overwrite": "{s} is the contribution through {last} alone; what came through {others} was overwritten",
    "first_path": "{s} is the contribution through {first} alone",
    "square_once": "{s} counts one use of {name}, where {uses} has it as both factors",
    "multiply": "{s} = {times}: the contributions were multiplied",
    "no_upstream": "{s} = {slopes}: the local derivative without the upstream gradient of {uses}",
    "no_local": "{s} = {upstream}: the upstream gradient of {uses} without the local derivative",
    "forgot_path": "{s} is what comes through {kept}; what comes through {lost} is missing",
    "negated": "{s} has the right size and the wrong sign",
    "update": "{s} = -{lr} · gradient: the step of an update",
    "updated": "{s} = {data} - {lr} · gradient: the value after an update",
    "inverted": "{s} is one over the gradient",
    "step_too_far": "{s} is the gradient times the derivative of {name}'s own operation, {formula}",
    "times_n": "{s} is n times the gradient, where n is what the output is divided by",
    "over_n": "{s} is the gradient divided by n, by which the output is divided already",
    "double": "{s} is twice the gradient",
    "half": "{s} is half the gradient",
    "constants": "{s} was given to the constant {data}",
    "unreached": "{s} was given to {name}, which {output} was not made from",
    "no_zero": "{s} is the gradient together with that of an earlier pass",
    "no_seed": "{s} is what comes down if d{output}/d{output} is 0",
    "seed_is_value": "{s} is what comes down if the pass starts with {output} = {value}",
    "not_reversed": "{s} had arrived when the nodes were taken in the forward order",
    "depth_first": "{s} is what comes down if every node hands on each time that something arrives",
    "first_reach": "{s} is what comes down if a node hands on before all has arrived",
    "no_visited": "{s} is what comes down if a node that is used twice hands on twice",
    "changed": "{s} comes from local derivatives at numbers that were set later",
}


@dataclass(frozen=True)
class Message:
    """What to tell the learner about one or several answers: three parts, and the mistakes it names, if any."""

    keys: tuple[str, ...]
    mistakes: tuple[str, ...]
    did: str
    idea: str
    redo: str
    verdict: str = "known"

    def __str__(self) -> str:
        return " ".join(filter(None, [f"{', '.join(self.keys)}:", self.did, self.idea, self.redo]))


def of_slips(diagnosis: Diagnosis) -> list[Message]:
    """Return a message for each mistake, wherever it was made."""
    groups: dict[object, list[Slip]] = {}
    for i, slip in enumerate(diagnosis.slips):
        groups.setdefault(slip.suspicions[0].names if slip.suspicions else i, []).append(slip)
    return [_of_group(diagnosis, slips) for slips in groups.values()]


def _of_group(diagnosis: Diagnosis, slips: Sequence[Slip]) -> Message:
    task, slip = diagnosis.task, slips[0]
    keys = tuple(task.gradient(x.node).key for x in slips)
    redo = "Redo: " + "; ".join(with_blank(diagnosis, x.node) for x in slips[:3]) + "."
    if not slip.suspicions:
        near = slip.verdict == "arithmetic"
        did = f"Your {keys[0]} = {slip.answer.text} is close to what the right method gives." if near else NONE
        idea = "Look for a slip of arithmetic, and type four significant digits." if near else RULES["right"].idea
        return Message(keys, (), did, idea, redo, slip.verdict)
    first = slip.suspicions[0]
    names = tuple(dict.fromkeys(x.name for x in slip.suspicions))
    did = " ".join(_did(diagnosis, x, x.suspicions[0]) for x in slips[:3])
    if len(names) > 1:
        did += f" It may as well have been: {'; or '.join(said(name) for name in names[1:4])}."
    return Message(keys, names, did, " ".join(map(idea_of, first.names)), redo, slip.verdict)


def said(name: str) -> str:
    """Return the name of a mistake in words."""
    return name.replace("_", " ")


def idea_of(name: str) -> str:
    """Return the idea that a mistake misses, in one sentence."""
    return IDEAS.get(name) or RULES[name].idea


def _did(diagnosis: Diagnosis, slip: Slip, suspicion: Suspicion) -> str:
    task, name = diagnosis.task, diagnosis.task.names[slip.node]
    key = task.gradient(slip.node).key
    parts = [_part(diagnosis, slip, suspicion, which) for which in range(len(suspicion.names))]
    if suspicion.node is not slip.node:
        place = task.names[suspicion.node]
        return f"Your {key} = {slip.answer.text} would follow from a slip at {place}, which was not asked: {parts[0]}."
    text = f"Your {key} = " + ", and ".join(parts) + "."
    return text if slip.certain or not name else f"Perhaps two things at once. {text}"


def _part(diagnosis: Diagnosis, slip: Slip, suspicion: Suspicion, which: int) -> str:
    task, node, mistake = diagnosis.task, suspicion.node, suspicion.names[which]
    edges = diagnosis.edges(node)
    names = task.names
    uses = [names[use] for use, _ in edges]
    numbers = [(short(slope), short(diagnosis.upstream[use])) for use, slope in edges]
    terms = [f"{value_text(slope, 4)} · {value_text(diagnosis.upstream[use], 4)}" for use, slope in edges]
    if mistake in DID and _is_compound(diagnosis, slip, suspicion):
        return f"{slip.answer.text} is what comes down if this is done at every node"
    if mistake not in DID:
        return f"{slip.answer.text} comes out if {_wrong_slope(diagnosis, suspicion.rules[which], node)}"
    kept = [i for i in range(len(edges)) if i not in suspicion.lost]
    fields = {
        "s": slip.answer.text if which == 0 else "it", "name": names[node], "uses": _and(dict.fromkeys(uses)),
        "first": (uses or [""])[-1], "last": (uses or [""])[0], "others": _and(dict.fromkeys(uses[1:])),
        "times": " · ".join(f"({term})" for term in terms), "slopes": " + ".join(x for x, _ in numbers),
        "upstream": " + ".join(x for _, x in numbers), "data": short(node.data), "lr": short(task.lr),
        "kept": _and(uses[i] for i in kept), "lost": _and(uses[i] for i in suspicion.lost),
        "formula": task.graph.formula(node), "output": names[task.root], "value": short(task.root.data),
    }  # fmt: skip
    return DID[mistake].format_map(fields)


def _is_compound(diagnosis: Diagnosis, slip: Slip, suspicion: Suspicion) -> bool:
    """Tell whether the mistake gives the number only if it was made further up as well."""
    if len(suspicion.rules) != 1 or is_whole(suspicion.rules[0]) or suspicion.node is not slip.node:
        return False
    once = diagnosis.by(suspicion.rules[0], slip.node)
    return not slip.answer.means(once, 1e-3 * abs(once))


def _and(names: Iterable[str]) -> str:
    return " and ".join(names)


def _wrong_slope(diagnosis: Diagnosis, rule: Rule, node: Value) -> str:
    """Say which local derivative was used instead, in the first place where the rule differs: a use, or further up."""
    names = diagnosis.task.names
    for use in [*(use for use, _ in diagnosis.edges(node)), *diagnosis.task.nodes]:
        for i, (x, wrong) in enumerate(zip(use.inputs, rule.slopes(use))):
            if wrong != use.local_grads[i] and (x is node or node not in use.inputs):
                symbols = (
                    in_symbols(Text, use, i, [names[y] for y in (use, *use.inputs)], rule) if rule.written(use) else ""
                )
                number = short(wrong)
                formula = f"{symbols} = " if str(symbols) not in ("", number) else ""
                return f"d{names[use]}/d{names[x]} is taken as {formula}{number}"
    return said(rule.name)


def factor(task: Task, node: Value, position: int) -> str:
    """Return a local derivative in the names of the graph, as a factor of a product."""
    slope = in_symbols(Text, node, position, [task.names[x] for x in (node, *node.inputs)])
    return f"({slope})" if str(slope).startswith("-") else slope.within(PRODUCT)


def terms(task: Task, node: Value, upstream: Mapping[Value, float] | None = None) -> list[str]:
    """Return each contribution to a node's gradient as "b · v1.grad", or with the upstream numbers in."""
    texts = []
    for use in dict.fromkeys(task.uses[node]):
        for i, x in enumerate(use.inputs):
            if x is node and use in task.reached:
                number = f"{task.names[use]}.grad" if upstream is None else value_text(upstream[use], 4)
                texts.append(f"{factor(task, use, i)} · {number}")
    return texts


def with_blank(diagnosis: Diagnosis, node: Value) -> str:
    """Return the sum to redo for a node, with the learner's upstream numbers and a blank for the result."""
    task = diagnosis.task
    key = task.gradient(node).key
    if node is task.root:
        return f"{key}.grad = d{key}/d{key} = ___"
    if node.constant or node not in task.reached:
        return f"how does {task.names[task.root]} move if {task.names[node]} could move? {key}.grad = ___"
    return f"{key}.grad = {' + '.join(terms(task, node, diagnosis.upstream))} = ___"
