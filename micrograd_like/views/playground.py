"""What a page needs to train a network by itself: the recorded graph of one example's loss, and what an update does.

The page runs the graph over all examples at once, with the operations' own JavaScript; no Python is needed then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..drawing.picture import visible
from ..engine import Value
from ..losses import LOSSES, Loss
from ..nn import name_of
from ..ops import OPS
from ..optim import SGD, Adam
from ..steps.walk import Walk, walk
from .javascript import is_written
from .walk_page import lesson

LARGEST, LABELS = 4000, 6  # nodes of the graph of one example, and classes
MOST = 2000  # examples on the plane
OTHERS = ("relu", "tanh", "sigmoid", "softplus", "gelu", "sin")  # that one may put in the activation's place


def refusal(history: Any) -> str:
    """Return why a page cannot train a network by itself, "" where it can."""
    if history.about is None or history.cost is None:
        return "This history was read from a file, without its network. Save the page where it was trained."
    model, X, y, optimizer = history.about
    cost, labels = LOSSES.get(history.cost[0]), _labels(y)
    if len(X[0]) != 2:
        return f"The page shows a plane, and an example has {len(X[0])} numbers. Give examples of two numbers each."
    if len(X) > MOST:
        return f"The page shows at most {MOST:,} examples, and there are {len(X):,}. Give fewer."
    if not cost or not cost.classes or not labels:
        return f"The page trains with a loss of ours for at most {LABELS} classes. Write loss='hinge', or another name."
    if type(optimizer) not in (SGD, Adam):
        return f"The page knows SGD and Adam, and was given {type(optimizer).__name__}. Give one of these two."
    if not hasattr(model, "layers"):
        return "The page shows layers, and this model has none. Give an MLP, as in MLP(2, [8, 1])."
    return _refused_graph(
        [[_recorded(model, cost, X[i], label) for i in _first_and_last(y, label)] for label in labels]
    )


def _refused_graph(pairs: Sequence[Sequence[Walk]]) -> str:
    """Return why a page cannot run these graphs, of the first and last example of each class, "" where it can."""
    if any(_shape(first) != _shape(last) for first, last in pairs):
        return "The graph of this loss differs from example to example, and the page has one for all of a class."
    nodes = [node for first, _ in pairs for node in first.graph.nodes]
    unknown = [node.op.name for node in nodes if node.op and not is_written(node.op)]
    if unknown:
        return f"The operation {unknown[0]} cannot be written in JavaScript. Use one of the table of operations."
    if (size := len(pairs[0][0].graph)) > LARGEST:
        return f"One example's graph has {size:,} nodes, and the page takes {LARGEST:,}. Make the network smaller."
    return ""


def programs(history: Any) -> dict[str, Any] | None:
    """Return the graphs of a training's loss and its settings, or None where `refusal` has a reason."""
    if refusal(history):
        return None
    model, X, y, optimizer = history.about
    name, l2, batch_size, clip = history.cost
    cost, labels = LOSSES[name], _labels(y)
    recorded = [_recorded(model, cost, X[y.index(label)], label) for label in labels]
    moved = set(optimizer.parameters)
    return {
        "programs": _programs(model, recorded, labels),
        "labels": labels,
        "threshold": cost.threshold,
        "activations": _activations(model),
        "batch": batch_size,
        "l2": l2,
        "clip": clip,
        "lr": optimizer.lr,
        "start": history.rows[0].weights,
        "free": [i for i, p in enumerate(model.parameters()) if p in moved and not getattr(p, "frozen", False)],
        "now": history.rows[-1].weights,  # which the model may have left since
        "memory": history.rows[-1].memory,
    }


def _labels(y: Sequence[Any]) -> list[Any]:
    """Return the classes, [] where targets are not numbers or there are too many of them."""
    numbers = all(isinstance(label, int | float) for label in y)
    return found if numbers and len(found := sorted(set(y))) <= LABELS else []


def _first_and_last(y: Sequence[Any], label: Any) -> tuple[int, int]:
    return y.index(label), len(y) - 1 - y[::-1].index(label)


def _recorded(model: Any, cost: Loss, x: Sequence[float], label: Any) -> Walk:
    """Return a walk through the loss of one example, whose inputs are leaves."""
    inputs = [Value(number, f"x[{i}]") for i, number in enumerate(x)]
    loss = cost.one(model(inputs), label)
    loss.label = "loss"
    return walk(loss)


def _shape(walked: Walk) -> list[Any]:
    """Return what must be alike for one graph to stand for all examples of a class."""
    number = {node: i for i, node in enumerate(walked.graph.nodes)}
    return [
        (node.op.name, [number[x] for x in node.inputs])
        if node.op
        else (node.data if node.constant else visible(node.label))
        for node in walked.graph.nodes
    ]


def _programs(model: Any, recorded: Sequence[Walk], labels: Sequence[float]) -> list[dict[str, Any]]:
    """Return a program for the labels with the same graph, in which constants may differ from label to label."""
    found: list[dict[str, Any]] = []
    alike: list[Any] = []
    place = {p: i for i, p in enumerate(model.parameters())}
    for walked, label in zip(recorded, labels):
        shape = [part if isinstance(part, tuple | str) else "constant" for part in _shape(walked)]
        constants = {i: node.data for i, node in enumerate(walked.graph.nodes) if node.constant}
        if shape in alike:
            program = found[alike.index(shape)]
            program["labels"].append(label)
            program["constants"].append(constants)
            continue
        alike.append(shape)
        nodes = walked.graph.nodes
        inner = {*_inside(model, walked)}
        found.append({
            "lesson": lesson(walked),
            "labels": [label],
            "constants": [constants],
            "parameters": {i: place[node] for i, node in enumerate(nodes) if node in place},
            "inputs": [next((i for i, x in enumerate(nodes) if x.label == f"x[{k}]"), None) for k in range(2)],
            "hidden": [i for i, node in enumerate(nodes) if node in inner],
        })  # fmt: skip
    return found


def _inside(model: Any, walked: Walk) -> list[Value]:
    """Return the nodes that are activations of hidden neurons."""
    names = [layer.activation.name for layer in model.layers[:-1] if layer.activation in OPS.values()]
    outputs = {str(neuron.labels[1]) for layer in model.layers[:-1] for neuron in layer.neurons}
    return [node for node in walked.graph.nodes if node.op and node.op.name in names and str(node.label) in outputs]


def _activations(model: Any) -> list[str]:
    """Return the activation of the hidden layers, and others that may stand in its place."""
    used = {name_of(layer.activation) for layer in model.layers[:-1]}
    if len(used) != 1 or (name := used.pop()) not in OPS or OPS[name].arity != 1:
        return []
    return [name, *[other for other in OTHERS if other != name]]
