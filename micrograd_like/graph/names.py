"""The recorded computation as a list with names, and gradients that are graphs themselves.

>>> from micrograd_like import Value
>>> a, b = Value(2.0), Value(-3.0)
>>> L = (a * b + a).tanh()
>>> print(Graph(L))
a = 2
b = -3
v1 = a * b     # -6
v2 = v1 + a    # -4
L = tanh(v2)   # -0.999329
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import isfinite
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

from ..engine import Value, chain_rule, topological_order
from ..ops import NoFiniteGradientError, ieee, in_ieee
from ..ops.notation import Python


class Graph:
    """Everything that `outputs` were made from: nodes in creation order, each under a unique name.

    A node's name is its own `label`, else the caller's variable that holds it, else the label that its
    network gave it, else v1, v2, ... Pass `names`, a mapping like `locals()`, to name by other variables.
    """

    def __init__(self, *outputs: Value, names: Mapping[str, Any] | None = None) -> None:
        self.outputs = outputs
        self.nodes = topological_order(*outputs)
        self._variables = dict(callers_variables() if names is None else names)

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[Value]:
        return iter(self.nodes)

    @cached_property
    def uses(self) -> dict[Value, list[Value]]:
        """What was made from each node, in order, twice for a + a."""
        uses: dict[Value, list[Value]] = {node: [] for node in self.nodes}
        for node in self.nodes:
            for x in node.inputs:
                uses[x].append(node)
        return uses

    @cached_property
    def names(self) -> dict[Value, str]:
        """Every node's name; only a constant's, which is its number, need not be unique."""
        given = self.given_names([node for node in self.nodes if not node.constant])
        taken: set[str] = set()
        counts: dict[str, int] = {}
        for node in sorted(given, key=lambda node: not given[node]):  # v1, v2, ... take what the others leave
            stem = given[node]
            name = stem or "v1"
            while name in taken:
                counts[stem] = counts.get(stem, 1) + 1
                name = f"{stem}_{counts[stem]}" if stem else f"v{counts[stem]}"
            taken.add(name)
            given[node] = name
        return {node: given.get(node) or str(Python(node.data)) for node in self.nodes}

    def given_names(self, nodes: Sequence[Value]) -> dict[Value, str]:
        """Return what the nodes are called by label, variable or network; the empty string where they are not."""
        variables = named_values(self._variables, set(nodes))
        return {node: _given_name(node, variables) for node in nodes}

    def name(self, node: Value) -> str:
        """Return the name of one node."""
        return self.names[node]

    def formula(self, node: Value) -> str:
        """Return what made a node as Python writes it, in the names of its inputs; for a leaf, its number."""
        if node.op is None:
            return str(Python(node.data))
        return str(node.op(*(Python(node_name) for node_name in map(self.name, node.inputs))))

    def __str__(self) -> str:
        """Write the graph as a straight-line program, with each value behind its line."""
        shown = [node for node in self.nodes if not node.constant]
        lines = [f"{self.name(node)} = {self.formula(node)}" for node in shown]
        width = max(map(len, (line for line, node in zip(lines, shown) if node.op)), default=0)
        return "\n".join(f"{x:{width}}   # {n.data:.6g}" if n.op else x for x, n in zip(lines, shown))

    def __repr__(self) -> str:
        return f"<Graph of {len(self)} nodes>"


def _given_name(node: Value, variables: Mapping[Value, str]) -> str:
    if type(node.label) is str and node.label:  # what a network labels by itself is of a type of its own
        return node.label
    return str(node.label) if getattr(node, "parameter", False) else variables.get(node, str(node.label))


def callers_frame() -> FrameType:
    """Return the frame of the code that called this package."""
    package = str(Path(__file__).parent.parent) + os.sep
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(package):
        frame = frame.f_back
    return frame


def callers_variables() -> dict[str, Any]:
    """Return the variables of the code that called this package: its globals, then its locals."""
    frame = callers_frame()
    return frame.f_globals | frame.f_locals


def variables_of(function: Any) -> dict[str, Any]:
    """Return the variables that a function sees from outside of it, and those that functions among them see."""
    found: dict[str, Any] = {}
    todo = [function]
    for f in todo:
        if isinstance(f, FunctionType):
            known = {name: f.__globals__[name] for name in f.__code__.co_names if name in f.__globals__}
            cells = zip(f.__code__.co_freevars, f.__closure__ or ())
            known |= {name: cell.cell_contents for name, cell in cells}
            todo += [x for name, x in known.items() if name not in found]
            found = known | found
    return found


def named_values(variables: Mapping[str, Any], nodes: set[Value]) -> dict[Value, str]:
    """Return the first name by which variables hold each node: `x`, `x[0]`, `weights['out'][1]`, `n.w[1]`."""
    found: dict[Value, str] = {}
    hidden = {"In", "Out"}  # of IPython
    todo = [(name, x) for name, x in variables.items() if name[:1] not in "_@" and name not in hidden]
    for _ in range(8):  # enough for model.layers[0].neurons[2].w[1], and an end for a list within itself
        for name, x in todo:
            if isinstance(x, Value) and x in nodes:
                found.setdefault(x, name)
        todo = [part for name, x in todo for part in _parts(name, x)]
    return found


def _parts(name: str, x: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(x, list | tuple) and x and _may_hold_values(x[0]):
        yield from ((f"{name}[{i}]", part) for i, part in enumerate(x))
    elif isinstance(x, dict) and x and _may_hold_values(next(iter(x.values()))):
        yield from ((f"{name}[{key!r}]", part) for key, part in x.items())
    elif _is_network(x):
        yield from ((f"{name}.{key}", part) for key, part in vars(x).items())


def _may_hold_values(x: Any) -> bool:
    return isinstance(x, Value | list | tuple | dict) or _is_network(x)


def _is_network(x: Any) -> bool:
    return hasattr(type(x), "parameters") and hasattr(x, "__dict__")


def changed_after_use(node: Value) -> list[Value]:
    """Return the inputs whose data was set after the node was made from them: the node is of before."""
    return [x for x in node.inputs if getattr(x, "_changed", 0) > node._born]


class _Nothing(float):
    """The sum of no contributions: 0, and the first one that is added to it takes its place."""

    def __add__(self, other: Any) -> Any:
        return other


def _refuse_stale(node: Value, slope: Any) -> None:
    """Raise if the slope would be recorded from a number that was set after the node was made."""
    stale = [x for x in (node, *node.inputs) if getattr(x, "_changed", 0) > node._born]
    recorded = set(topological_order(slope)) if stale and isinstance(slope, Value) else set()
    for x in stale:
        if x in recorded:
            graph = Graph(node)
            raise ValueError(
                f"{graph.name(x)}.data was set after {graph.formula(node)} was computed, so the number at which to "
                "take its slope is gone. Compute the output again, then ask for its gradients."
            )


class _Shadow:
    """Stands for a node in a backward pass whose gradients are Values, so that the pass is recorded too."""

    def __init__(self, node: Value, inputs: dict[Value, _Shadow]) -> None:
        self.op = node.op
        self.grad: Any = _Nothing()
        self.inputs: list[_Shadow] = []
        self.local_grads: list[Any] = []
        if self.op is None:
            return
        with ieee():  # a slope that nobody asks for may be infinite
            slopes = self.op.rule(node, *node.inputs)
        for x, slope, number in zip(node.inputs, slopes, node.local_grads):
            if x in inputs:
                if not (isfinite(number) or in_ieee.get()):
                    raise self.op.failure(NoFiniteGradientError, [x.data for x in node.inputs], node.inputs)
                _refuse_stale(node, slope)
                self.inputs.append(inputs[x])
                self.local_grads.append(slope)


def gradients(output: Value, wrt: Sequence[Value]) -> list[Value]:
    """Return d(output)/d(x) for each x of `wrt` as Values, recorded, so that they can be derived again.

    >>> x = Value(3.0)
    >>> [slope] = gradients(x**3, [x])
    >>> [curvature] = gradients(slope, [x])
    >>> slope.data, curvature.data
    (27.0, 18.0)
    """
    shadows: dict[Value, _Shadow] = {}
    asked = set(wrt)
    for node in topological_order(output):
        if node in asked or any(x in shadows for x in node.inputs):
            shadows[node] = _Shadow(node, shadows)
    if output in shadows:
        shadows[output].grad = 1.0
    for _ in chain_rule(reversed(shadows.values())):
        pass
    grads = [shadows[x].grad if x in shadows else 0.0 for x in wrt]
    return [x if isinstance(x, Value) else Value(x) for x in grads]
