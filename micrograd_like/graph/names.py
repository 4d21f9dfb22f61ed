"""The recorded computation as a list with names, and as a program.

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

import keyword
import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any
from unicodedata import normalize

from ..engine import Value, topological_order
from ..ops import OPS
from ..ops.notation import Formula, Python, visible
from .textbook import in_notation

LINES = 60  # of a program that shows itself
RESERVED = frozenset([*keyword.kwlist, "__debug__", "float", "pi"])


class Graph:
    """Everything that `outputs` were made from: nodes in creation order, each under a unique name.

    A node's name is its own `label`, else the caller's variable that holds it, else the label that its
    network gave it, else v1, v2, ... Pass `names`, a mapping like `locals()`, to name by other variables.
    Printed, a graph is a Python program with a line for each value; its names are then made identifiers.
    Raises TypeError where an output is not a Value.
    """

    outputs: tuple[Value, ...]
    nodes: list[Value]

    def __init__(self, *outputs: Value, names: Mapping[str, Any] | None = None) -> None:
        self.outputs = tuple([as_value(x, "Graph") for x in outputs])
        self.nodes = topological_order(*self.outputs)
        variables = callers_variables() if names is None else names
        self._held = named_values(variables, set(self.nodes))  # and not the variables, which hold more than this graph

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
        given = self.given_names(list(dict.fromkeys(x for x in self._shown + self.nodes if not x.constant)))
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
        return {node: given.get(node) or str(Python(node.data)) for node in self.nodes} | given

    def given_names(self, nodes: Sequence[Value]) -> dict[Value, str]:
        """Return what the nodes are called by label, variable or network; the empty string where they are not.

        Control characters are shown as signs that do nothing.
        """
        return {node: visible(_given_name(node, self._held)) for node in nodes}

    def name(self, node: Value) -> str:
        """Return the name of one node."""
        return self.names[node]

    def formula(self, node: Value) -> str:
        """Return what made a node as Python writes it, in the names of its inputs; for a leaf, its number."""
        if node.op is None:
            return str(Python(node.data))
        return str(node.op(*(Python(node_name) for node_name in map(self.name, node.inputs))))

    def identifiers(self, nodes: Iterable[Value], taken: Collection[str] = (), also: str = "") -> dict[Value, str]:
        """Return a Python name for each node, made from its own one, such that no two are alike.

        With also="d" none is another's with a "d" before it either. What is `taken` is left alone.
        """
        used = RESERVED | OPS.keys() | set(taken)
        found = {}
        for node in nodes:
            stem = name = identifier(self.names[node])
            count = 1
            while name in used or (also and also + name in used):
                count += 1
                name = f"{stem}_{count}"
            used |= {name, also + name}
            found[node] = name
        return found

    @cached_property
    def _shown(self) -> list[Value]:
        """Return the nodes that a program has a line for: not what a recorded local derivative is made of."""
        if not any(map(_book, self.nodes)):
            return [node for node in self.nodes if not node.constant]
        seen = set(self.outputs)
        ahead = list(seen)
        for node in ahead:  # the list grows while it is read
            for x in _read(node):
                if x not in seen and not x.constant:
                    seen.add(x)
                    ahead.append(x)
        return sorted(ahead, key=lambda node: node._born)

    def program(self) -> list[tuple[Value, str, str]]:
        """Return (node, its Python name, what it is computed as) for each line of the program.

        A local derivative that `gradients` recorded is one line, in the form that textbooks print.
        """
        nodes = self._shown
        names = self.identifiers(nodes)

        def written(node: Value) -> str:
            if node.op is None:
                return str(Python(node.data))
            if book := _book(node):
                return _in_books(*book, [names.get(x, "") for x in (book[0], *book[0].inputs)])
            return str(node.op(*[Python(x.data if x.constant else names[x]) for x in node.inputs]))

        return [(node, names[node], written(node)) for node in nodes]

    def __str__(self) -> str:
        """Write the graph as a straight-line program, with each value behind its line."""
        lines = [(node, f"{name} = {text}") for node, name, text in self.program()]
        width = max([len(line) for node, line in lines if node.op], default=0)
        return "\n".join([f"{line:{width}}   # {x.data:.6g}" if x.op else line for x, line in lines])

    def __repr__(self) -> str:
        outputs = ", ".join([visible(self.name(x)) for x in self.outputs[:3]])
        return f"<Graph of {outputs}, {len(self):,} nodes: print(...) shows it as a program>"

    def _repr_html_(self) -> str:
        lines = str(self).split("\n") if len(self) <= LINES else [repr(self)]
        return f"<pre>{escape(chr(10).join(lines))}</pre>"


def _book(node: Value) -> tuple[Value, int] | None:
    """Return (node, place) if this is a local derivative of that node, recorded, which textbooks write otherwise."""
    return getattr(node, "_book", None)


def _in_books(made: Value, place: int, operands: Sequence[str]) -> str:
    assert made.op is not None
    return str(in_notation(Formula, made.op.textbook, place, made, operands))


def _read(node: Value) -> list[Value]:
    """Return the nodes that a node's line of the program reads."""
    if not (book := _book(node)):
        return list(node.inputs)
    known = book[0], *book[0].inputs
    text = _in_books(*book, [f"@{i}@" for i in range(len(known))])
    return [x for i, x in enumerate(known) if f"@{i}@" in text]


def as_value(x: object, asked: str) -> Value:
    """Return x if it is a Value, or raise a TypeError that says what to give to the function asked."""
    if isinstance(x, Value):
        return x
    shown = visible(repr(x))
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    if isinstance(x, list | tuple) and x and isinstance(x[0], Value):
        remedy = f"Give one Value, as in {asked}(sum(values))"
    elif isinstance(x, int | float):
        remedy = f"It was computed from plain numbers. Start from Values, as in a = Value(3.0); {asked}(a * 2)"
    else:
        remedy = f"Give the Value that came out, as in L = a * b; {asked}(L)"
    raise TypeError(f"{asked} needs a Value, and {shown} is of type {type(x).__name__}. {remedy}.")


def identifier(name: str) -> str:
    """Return the nearest name that Python takes.

    >>> identifier("w[0]"), identifier("2nd"), identifier("my label"), identifier("∂")
    ('w_0', 'v2nd', 'my_label', 'v')
    """
    stem = re.sub(r"\W+", "_", normalize("NFKC", name)).strip("_") or "v"
    stem = stem if stem.isidentifier() else f"v{stem}"
    return stem if stem.isidentifier() else "v"


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
    held = frame.f_locals
    variables = {**frame.f_globals, **held}
    if sys.version_info < (3, 13) and frame.f_code.co_flags & 1:  # a function's: a copy that Python would keep, and
        held.clear()  # with it the graphs in it, although the function deletes them
    return variables


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
    """Return the inputs whose data was set after the node was made from them."""
    return [x for x in node.inputs if getattr(x, "_changed", 0) > node._born]
