"""Mistakes in what is not a gradient: a local derivative, a contribution, a value, an updated weight, the order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite, nan

from ..engine import Value
from ..mistakes.mistake import MISTAKES
from ..ops import OPS
from ..ops.notation import short
from .answers import Answer
from .diagnosis import SMALL_SLIP, corner, is_right
from .messages import ARITHMETIC, NONE, Message, explained, factor, listed, wrong_slope
from .questions import CORNERS, Question, Task

Candidate = tuple[str, float, str, str]  # mistake, the number that it gives, what was done, the idea
SIMILAR: dict[str, tuple[str, ...]] = {  # operations that are taken for one another, in the forward pass
    "add": ("mul", "sub"), "sub": ("add", "mul"), "mul": ("add", "div"), "div": ("mul", "sub"), "pow": ("mul",),
    "exp": ("expm1",), "log": ("log1p",), "tanh": ("sigmoid",), "sigmoid": ("tanh",), "maximum": ("minimum",),
    "minimum": ("maximum",), "relu": ("abs",),
}  # fmt: skip
PARTS = "The gradient of an input is built of contributions: local derivative times upstream gradient, for each use."
FORWARD = "A value follows from the values of the inputs, by the operation that stands at the node."
STEP = "Gradient descent subtracts lr times the gradient."
MOMENTUM = "Gradient descent subtracts lr times the gradient; momentum adds a part of the last step."
ORDER = "A node may pass back once all its uses have passed back to it: then its gradient is complete."


def mark(
    task: Task, question: Question, answer: Answer, answers: Mapping[str, Answer], wanted: int = 4
) -> tuple[str, Message | None]:
    """Return "right", "carried" or "wrong" for one number, and what to say about a wrong one.

    `answers` are all of the learner's: what follows from them is not held against this one.
    """
    if is_right(answer, question.right, abs(question.right), wanted) or _on_a_corner(question, answer):
        return "right", None
    own = _own(task, question, answers)
    if own != question.right and (answer.means(own) or is_right(answer, own)):
        return "carried", None
    key = (question.key,)
    found = [
        x
        for x in candidates(task, question, own, _grad(task, question, answers))
        if isfinite(x[1]) and x[1] != own and answer.means(x[1])
    ]
    if found:
        did = "; or ".join(dict.fromkeys(did for _, _, did, _ in found[:3]))
        mistakes = tuple(dict.fromkeys(mistake for mistake, *_ in found))
        said = f"Your {question.key} = {answer.text} is {did}."
        return "wrong", Message(key, mistakes, said, found[0][3], _redo(task, question))
    close, typed = abs(answer.number - own) <= SMALL_SLIP * abs(own), f"{question.key} = {answer.text}"
    did = (
        f"Your {ARITHMETIC['close'][0].format(s=typed)}"
        if close
        else NONE.format(f"Your {typed}").replace(" fit ", " fits ")
    )
    kind = "arithmetic" if close else "unknown"
    return "wrong", Message(key, (), did, idea(task, question), _redo(task, question), kind)


def _grad(task: Task, question: Question, answers: Mapping[str, Answer]) -> float | None:
    """Return the learner's own gradient of the weight that is updated, if it was typed."""
    answer = answers.get(task.names[question.node]) if question.kind == "update" else None
    return None if answer is None or is_right(answer, task.right[question.node]) else answer.number


def together(told: Sequence[Message]) -> list[Message]:
    """Return one message for those that say the same of several updated weights."""
    groups: dict[object, list[Message]] = {}
    for x in told:
        same = x.keys[0].endswith(".new") and bool(x.mistakes)
        groups.setdefault((x.mistakes, x.did.partition(" is ")[2]) if same else id(x), []).append(x)
    return [_joined(same) if len(same) > 1 else same[0] for same in groups.values()]


def _joined(same: Sequence[Message]) -> Message:
    typed = listed([x.did.removeprefix("Your ").partition(" is ")[0] for x in same])
    did = f"Your {typed} are each {same[0].did.partition(' is ')[2]}"
    return replace(same[0], keys=tuple(key for x in same for key in x.keys), did=did)


def _on_a_corner(question: Question, answer: Answer) -> bool:
    node = question.node
    return question.kind == "local" and corner(node) and 0 <= answer.number <= CORNERS[node.op.name]  # type: ignore[union-attr]


def _own(task: Task, question: Question, answers: Mapping[str, Answer]) -> float:
    """Return what follows from the learner's other answers."""
    node = question.node

    def typed(key: str, right: float) -> float:
        return right if key not in answers or is_right(answers[key], right) else answers[key].number

    if question.kind == "value":
        inputs = [x.data if x.constant else typed(f"{task.names[x]}.data", x.data) for x in node.inputs]
        return _at(node.op.name, inputs) if node.op else node.data
    if question.kind == "contribution":
        slope = typed("d{}/d{}".format(*question.key.split("->")), _slope(question))
        return slope * typed(task.names[node], task.right[node])
    if question.kind == "update":
        return task.updated(node, typed(task.names[node], task.right[node]))
    return question.right


def _slope(question: Question) -> float:
    return question.node.local_grads[question.position]


def _at(op: str, inputs: Sequence[float]) -> float:
    try:
        return OPS[op](*inputs)
    except (ArithmeticError, ValueError):
        return nan


def candidates(task: Task, question: Question, own: float, typed_grad: float | None = None) -> Iterator[Candidate]:
    """Yield what known mistakes give for a question that is not about a gradient; `own` would be right."""
    node, i, kind = question.node, question.position, question.kind
    if kind == "value" and node.op:
        inputs = [x.data for x in node.inputs]
        for similar in SIMILAR.get(node.op.name, ()):
            yield f"taken_for_{similar}", _at(similar, inputs), f"what {similar} gives", FORWARD
        if len(inputs) == 2:
            yield "swapped", _at(node.op.name, inputs[::-1]), "what the inputs give the other way round", FORWARD
        for x in node.inputs:
            yield "input", x.data, f"the value of {task.names[x]} unchanged", FORWARD
        yield "negated", -own, "the right size with the wrong sign", FORWARD
    elif kind == "update":
        step = _step(task)
        grad, lr, last = task.right[node] if typed_grad is None else typed_grad, task.lr, task.deltas.get(node, 0.0)
        yield "ascent", task.updated(node, -grad), "a step up: the gradient was added", step
        yield "no_momentum", node.data - lr * grad, "the step without momentum", step
        yield (
            "whole_last_step",
            node.data - lr * grad + last,
            "with the whole of the last step, not momentum times it",
            step,
        )
        yield "momentum_sign", node.data - lr * grad - task.momentum * last, "with the last step subtracted", step
        yield "no_lr", node.data - grad, "a step without the learning rate", step
        yield "step_only", own - node.data, "the step itself, not yet added to the weight", step
        yield "gradient", grad, "the gradient, not the weight after the step", step
        yield "lr_only", node.data - lr, "a step of lr, whatever the gradient", step
        yield "lr_only", node.data + lr, "a step of lr, whatever the gradient", step
        yield "not_moved", node.data, "the weight before the step", step
        yield "divided_by_lr", node.data - grad / lr if lr else nan, "a step of the gradient divided by lr", step
        yield "times_step", node.data * (1.0 - lr * grad), "the weight times 1 - lr · gradient", step
    elif kind in ("local", "contribution"):
        times = task.right[node] if kind == "contribution" else 1.0
        for name, rule in MISTAKES.items():
            if rule.written(node):
                did = f"what comes out if {wrong_slope(task, rule, node.inputs[i], node)}"
                yield name, rule.slopes(node)[i] * times, did, rule.idea
        slope, upstream = _slope(question), task.right[node]
        if kind == "local":
            yield (
                "contribution",
                slope * upstream,
                "the contribution: the upstream gradient is multiplied in already",
                PARTS,
            )
        else:
            yield "no_upstream", slope, "the local derivative alone", PARTS
            yield "no_local", upstream, "the upstream gradient alone", PARTS
            yield "whole_gradient", task.right[question.input], "the whole gradient, of which this is one part", PARTS
        for k, (x, other) in enumerate(zip(node.inputs, node.local_grads)):
            if k != i:
                yield "other_input", other * times, f"that of the other input, {task.names[x]}", PARTS
        yield "negated", -own, "the right size with the wrong sign", MISTAKES["negated"].idea
        yield "inverted", 1.0 / own if own else nan, "one over the right one", MISTAKES["inverted"].idea


def idea(task: Task, question: Question) -> str:
    """Return the rule behind a question that is not about a gradient."""
    if question.kind == "local":
        return question.node.op.why if question.node.op else ""
    return {"value": FORWARD, "update": _step(task), "contribution": PARTS}[question.kind]


def _step(task: Task) -> str:
    return MOMENTUM if task.momentum else STEP


def _redo(task: Task, question: Question) -> str:
    return f"Redo: {blank(task, question)}."


def blank(task: Task, question: Question) -> str:
    """Return the step for a question as an equation with a blank for the result."""
    node, name = question.node, task.names[question.node]
    if question.kind == "value":
        return f"{name} = {task.graph.formula(node)} = ___"
    if question.kind == "update":
        last, blank_last = (" + momentum · last step", " + ___") if task.momentum else ("", "")
        return f"{name} - lr · {name}.grad{last} = {short(node.data)} - {short(task.lr)} · ___{blank_last} = ___"
    slope = factor(task, node, question.position)
    return explained(f"{question.key} = {slope}{f' · {name}.grad' if question.kind == 'contribution' else ''} = ___")


def mark_order(task: Task, typed: str | Iterable[object]) -> tuple[str, Message | None]:
    """Mark an order in which the nodes pass back: a text of names, or a list of names or nodes."""
    words = typed.replace(",", " ").replace("->", " ").split() if isinstance(typed, str) else list(typed)
    names = [task.names[x] if isinstance(x, Value) and x in task.names else str(x) for x in words]
    by_name = {name: node for node, name in task.names.items()}
    nodes = [by_name[name] for name in names if name in by_name]
    must = {node for node in task.reached if node.inputs}
    said = f"Your order is {' '.join(names)}"

    def wrong(mistakes: tuple[str, ...], did: str, redo: str = "") -> tuple[str, Message]:
        redo = redo or f"Redo: start at {task.names[task.root]}, and take only nodes all of whose uses are done."
        return "wrong", Message(("order",), mistakes, did, ORDER, redo, "known" if mistakes else "unknown")

    if strange := [name for name in names if name not in by_name]:
        return wrong((), f"{said}, in which {', '.join(strange)} is not a node.")
    if twice := [name for i, name in enumerate(names) if name in names[:i] and by_name[name].inputs]:
        return wrong(("depth_first",), f"{said}, in which {twice[0]} passes back twice.")
    done: set[Value] = set()
    for node in nodes:
        waiting = [use for use in task.uses[node] if use in task.reached and use not in done]
        if waiting and node.inputs:
            forward = node is nodes[0] and task.root is not node
            mistake = "not_reversed" if forward else "first_reach"
            missing = task.names[waiting[0]]
            return wrong(
                (mistake,), f"{said}, in which {task.names[node]} passes back before {missing} has passed back to it."
            )
        done.add(node)
    if missed := must - done:
        return wrong((), f"{said}, in which {' and '.join(sorted(task.names[x] for x in missed))} is missing.")
    return "right", None
