"""What is said about an answer: what seems to have been done, the idea, the step to redo; hints, and reasons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..engine import Value
from ..graph.names import changed_after_use
from ..mistakes.mistake import MISTAKES, RIGHT, Mistake
from ..ops.notation import PRODUCT, Text, short
from ..steps.formulas import in_symbols, value_text
from .diagnosis import Diagnosis, Slip, Suspicion
from .questions import Task

UNREACHED = "A node from which no path leads to the output cannot move it: its gradient is 0."
MOST_KEYS = 6
EACH_USE = "Each use has an effect of its own: the gradient is the sum over all of them."
TWO = "A node holds two numbers: its value, and its gradient, which tells how the output moves with it."
IDEAS = {"unreached": UNREACHED, "forgot_path": EACH_USE, "value": TWO}
NONE = "None of the known mistakes gives {}."
TYPED = "Look for a slip of arithmetic, and type four significant digits."
EVERYWHERE = "{s} is what comes down if this is done at every node"
SLOPE = "{s} comes out if {slope}"  # for every mistake in a local derivative
DID = {  # {s} is what was typed
    "overwrite": "{s} is the contribution through {last} alone; what came through {others} was overwritten",
    "first_path": "{s} is the contribution through {first} alone",
    "square_once": "{s} counts one use of {name}, where {uses} has it as both factors",
    "multiply": "{s} = {times}: the contributions were multiplied",
    "no_upstream": "{s} is {slopes}the local derivative, without the upstream gradient of {uses}",
    "no_local": "{s} is {upstream}the upstream gradient of {uses}, without the local derivative",
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
    "value": "{s} is the value of {name}, not its gradient",
    "unreached": "{s} was given to {name}, from which {output} was not made",
    "no_zero": "{s} is the gradient together with that of an earlier pass",
    "no_zero_inside": "{s} is what comes down if inner nodes still hold the gradients of an earlier pass",
    "no_zero_anywhere": "{s} is what comes down if all nodes still hold the gradients of an earlier pass",
    "diagonal_only": "{s} is what comes down if a score moves no probability but its own",
    "target_forgotten": "{s} is what comes down if nothing is subtracted for the target",
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
        return " ".join(filter(None, [f"{self.where}:", self.did, self.idea, self.redo]))

    @property
    def where(self) -> str:
        """The keys, of many the first."""
        more = len(self.keys) - MOST_KEYS
        return ", ".join(self.keys[:MOST_KEYS]) + f" and {more} more" * (more > 0)


def of_slips(diagnosis: Diagnosis) -> list[Message]:
    """Return a message for each mistake, wherever it was made."""
    groups: dict[object, list[Slip]] = {}
    for slip in diagnosis.slips:
        groups.setdefault(slip.suspicions[0].names if slip.suspicions else slip.verdict, []).append(slip)
    return [_of_group(diagnosis, slips) for slips in groups.values()]


def _of_group(diagnosis: Diagnosis, slips: Sequence[Slip]) -> Message:
    task, slip = diagnosis.task, slips[0]
    keys = tuple(task.gradient(x.node).key for x in slips)
    places = dict.fromkeys(_place(task, x) for x in slips)
    redo = "Redo: " + "; ".join(with_blank(diagnosis, x) for x in list(places)[:3]) + "."
    if not slip.suspicions:
        typed = ", ".join(f"{key} = {x.answer.text}" for key, x in zip(keys, slips))
        if slip.verdict == "arithmetic":
            return Message(keys, (), near(typed), TYPED, redo, slip.verdict)
        return Message(keys, (), NONE.format(f"your {typed}"), RIGHT.idea, redo, slip.verdict)
    first = slip.suspicions[0]
    names = tuple(dict.fromkeys(x.name for x in slip.suspicions))
    parts = {_did(diagnosis, x, x.suspicions[0], "{s}"): x for x in reversed(slips)}  # each is said once
    did = " ".join(_did(diagnosis, x, x.suspicions[0], x.answer.text) for x in list(parts.values())[:-4:-1])
    if len(names) > 1:
        did += f" It may as well have been: {'; or '.join(map(said, names[1:4]))}."
    return Message(keys, names, did, " ".join(map(idea_of, first.names)), redo, slip.verdict)


def near(typed: str) -> str:
    """Return what is said about answers that are a little off."""
    return f"Your {typed} {'are' if ', ' in typed else 'is'} close to what the right method gives."


def said(names: str) -> str:
    """Return what was done wrong in a few words: how the idea of a mistake begins."""
    words = [re.split("[:;.] |[.]$", idea_of(name))[0] for name in names.split(" + ")]
    return " and ".join(text[0].lower() + text[1:] if text[1:2].islower() else text for text in words)


def idea_of(name: str) -> str:
    """Return the idea that a mistake misses, in one sentence."""
    return IDEAS.get(name) or MISTAKES[name].idea


def _did(diagnosis: Diagnosis, slip: Slip, suspicion: Suspicion, typed: str) -> str:
    task, key = diagnosis.task, diagnosis.task.gradient(slip.node).key if typed != "{s}" else ""
    parts = [_part(diagnosis, slip, suspicion, i, "it" if i else typed) for i in range(len(suspicion.names))]
    if suspicion.node is not slip.node:
        place = task.names[suspicion.node]
        return f"Your {key} = {typed} would follow from a slip at {place}, which was not asked: {parts[0]}."
    text = f"Your {key} = {', and '.join(parts)}."
    return text if slip.certain else f"Perhaps two things at once. {text}"


def _part(diagnosis: Diagnosis, slip: Slip, suspicion: Suspicion, which: int, typed: str) -> str:
    task, node, mistake = diagnosis.task, suspicion.node, suspicion.names[which]
    template = EVERYWHERE if mistake in DID and _is_compound(diagnosis, slip, suspicion) else DID.get(mistake, SLOPE)
    edges = task.edges_of(node)
    uses = [task.names[use] for use, _ in edges]
    pairs = [(use.local_grads[i], diagnosis.upstream[use]) for use, i in edges]
    return template.format_map(fields(task, node) | {
        "s": typed, "times": " · ".join(f"({value_text(x, 4)} · {value_text(y, 4)})" for x, y in pairs),
        "upstream": several([y for _, y in pairs]),
        "kept": _and(x for i, x in enumerate(uses) if i not in suspicion.lost),
        "lost": _and(uses[i] for i in suspicion.lost),
        "slope": "" if mistake in DID else wrong_slope(task, suspicion.rules[which], node),
    })  # fmt: skip


def fields(task: Task, node: Value) -> dict[str, str]:
    """Return what the templates of DID say about a node, whatever the learner typed."""
    edges = task.edges_of(node)
    uses = [task.names[use] for use, _ in edges]
    return {
        "name": task.names[node], "uses": _and(dict.fromkeys(uses)), "formula": task.graph.formula(node),
        "first": (uses or [""])[-1], "last": (uses or [""])[0], "others": _and(dict.fromkeys(uses[1:])),
        "slopes": several([use.local_grads[i] for use, i in edges]), "data": short(node.data), "lr": short(task.lr),
        "output": task.names[task.root], "value": short(task.root.data),
    }  # fmt: skip


def several(numbers: Sequence[float]) -> str:
    """Return numbers as a sum, if there is more than one."""
    return f"{' + '.join(value_text(x, 4) if i else short(x) for i, x in enumerate(numbers))}: " * (len(numbers) > 1)


def _is_compound(diagnosis: Diagnosis, slip: Slip, suspicion: Suspicion) -> bool:
    """Tell whether the mistake gives the number only if it was made further up as well."""
    if len(suspicion.rules) != 1 or suspicion.rules[0].is_whole or suspicion.node is not slip.node:
        return False
    once = diagnosis.by(suspicion.rules[0], slip.node)
    return not slip.answer.means(once, 1e-3 * abs(once))


def _and(names: Iterable[str]) -> str:
    return " and ".join(names)


def _place(task: Task, slip: Slip) -> Value:
    """Return the node whose gradient is to be redone: where the mistake was made, which may be further up."""
    if not slip.suspicions or slip.suspicions[0].node is not slip.node:
        return slip.suspicions[0].node if slip.suspicions else slip.node
    first = slip.suspicions[0]
    differs = _differs(task, first.rules[0], slip.node) if first.names[0] not in DID and len(first.names) == 1 else None
    return differs[0].inputs[differs[1]] if differs else slip.node


def _differs(task: Task, rule: Mistake, node: Value) -> tuple[Value, int, float] | None:
    """Return where a rule has another local derivative, and which: at a use of the node, or else further up."""
    for use in [*(use for use, _ in task.edges_of(node)), *task.nodes]:
        for i, (x, wrong) in enumerate(zip(use.inputs, rule.slopes(use))):
            if wrong != use.local_grads[i] and (x is node or node not in use.inputs):
                return use, i, wrong
    return None


def wrong_slope(task: Task, rule: Mistake, node: Value) -> str:
    """Say which local derivative was used instead of the right one."""
    differs = _differs(task, rule, node)
    if not differs:
        return said(rule.name)
    use, i, wrong = differs
    names, number = task.names, short(wrong)
    symbols = str(in_symbols(Text, use, i, [names[x] for x in (use, *use.inputs)], rule) if rule.written(use) else "")
    formula = f"{folded(symbols)} = " if symbols not in ("", number) and "step(" not in symbols else ""
    return f"d{names[use]}/d{names[use.inputs[i]]} is taken as {formula}{number}"


def folded(text: str) -> str:
    """Return a formula with whole exponents computed: v for v ** (2 - 1)."""
    lower = re.sub(r" \*\* \((\d+) - 1\)", lambda match: f" ** {int(match[1]) - 1}", text)
    return re.sub(r" \*\* 1\b(?![.\d])", "", lower)


def factor(task: Task, node: Value, position: int) -> str:
    """Return a local derivative in the names of the graph, as a factor of a product.

    One that was computed from numbers that have been changed since is that of before.
    """
    slope = in_symbols(Text, node, position, [task.names[x] for x in (node, *node.inputs)])
    text = folded(f"({slope})" if str(slope).startswith("-") else slope.within(PRODUCT))
    return f"({text} before the change)" if changed_after_use(node) and not text.isdigit() else text


def terms(task: Task, node: Value, upstream: Mapping[Value, float] | None = None) -> list[str]:
    """Return each contribution to a node's gradient as "b · v1.grad", or with the upstream numbers in."""
    return [
        f"{factor(task, use, i)} · {f'{task.names[use]}.grad' if upstream is None else value_text(upstream[use], 4)}"
        for use, i in task.edges_of(node)
    ]


def with_blank(diagnosis: Diagnosis, node: Value) -> str:
    """Return the sum to redo for a node, with the learner's upstream numbers and a blank for the result."""
    task = diagnosis.task
    key = task.gradient(node).key
    if node is task.root:
        return f"{key}.grad = d{key}/d{key} = ___"
    if node.constant:
        return f"can {short(node.data)} move? Its gradient is ___"
    if node not in task.reached:
        return f"does {task.names[task.root]} move if {key} does? {key}.grad = ___"
    return explained(f"{key}.grad = {' + '.join(terms(task, node, diagnosis.upstream))} = ___")


def explained(text: str) -> str:
    """Return a formula with a word on step, which no textbook calls so."""
    return f"{text}, where step is 1 above 0, else 0" if "step(" in text else text
