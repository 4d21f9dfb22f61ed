"""The `source` backend: a recorded graph as straight-line Python, with the bits of the engine and no dependency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ...ops import OPS
from ...ops.notation import Python
from ..trace.recording import Recording
from .tape import made_of_numbers

NAMESPACE: dict[str, Any] = {name: op.value for name, op in OPS.items()} | {"inf": float("inf"), "nan": float("nan")}


class Spelled(Python):
    """Python in which a power is a call: the sign gives complex numbers."""

    tightness: ClassVar[dict[str, int]] = {name: tight for name, tight in Python.tightness.items() if name != "pow"}

    def call(self, op: Any, *operands: str) -> str:
        return f"{op.name}({', '.join(operands)})"

    def number(self, number: float) -> str:
        return repr(number)


def source(graph: Recording, numbers: Sequence[bool] = ()) -> str:
    """Return the text of `forward(d)` and `backward(d, g)`, which fill lists with each node's number and gradient.

    >>> from micrograd_like import Value
    >>> from micrograd_like.compiler.trace.recording import record
    >>> x = Value(3.0)
    >>> print(source(record(x.relu() * x)))
    def forward(d):
        v0, = d[0],
        v1 = relu(v0)
        v2 = v1 * v0
        d[:] = v0, v1, v2,
    <BLANKLINE>
    def backward(d, g):
        v0, v1, v2, = d
        g0 = g1 = 0.0
        g2 = 1.0
        g1 += v0 * g2
        g0 += v1 * g2
        s = step(v0)
        if s != 0.0: g0 += s * g1
        g[:] = g0, g1, g2,
    """
    ops, inputs, n = graph.ops, graph.inputs, len(graph)
    numbers = numbers or made_of_numbers(graph, ())
    constants = {i: repr(graph.data[i]) for i in range(n) if graph.constant(i)}
    names = [constants.get(i, f"v{i}") for i in range(n)]
    every = "".join([f"{name}, " for name in names]).rstrip()
    leaves = [i for i in range(n) if ops[i] is None and i not in constants]
    lines = ["def forward(d):", f"    {_each('v', leaves)} = {''.join([f'd[{i}], ' for i in leaves]).rstrip()}"]
    back = ["def backward(d, g):", f"    {_each('v', range(n))} = d"]
    root = graph.roots[0]
    learning = [i for i in range(n) if not numbers[i] and i != root]
    if learning:
        back.append(f"    {' = '.join([f'g{i}' for i in learning])} = 0.0")
    back.append(f"    g{root} = 1.0")
    for i, op in enumerate(ops):
        if op:
            lines.append(f"    v{i} = {_value(op, [names[x] for x in inputs[i]])}")
    for i in range(n - 1, -1, -1):
        op = ops[i]
        if op is None or (numbers[i] and i != root):
            continue
        operands = [Spelled(names[x]) for x in inputs[i]]
        for x, slope in zip(inputs[i], op.rule(Spelled(names[i]), *operands)):
            if numbers[x]:
                continue
            text = slope if isinstance(slope, Python) else Spelled(repr(slope))
            if op.gate:
                back += [f"    s = {text}", f"    if s != 0.0: g{x} += s * g{i}"]
            else:
                back.append(f"    g{x} += {text.within(2)} * g{i}")
    lines.append(f"    d[:] = {every}")
    grads = [f"g{i}" if i == root or not numbers[i] else "0.0" for i in range(n)]
    back.append(f"    g[:] = {', '.join(grads)},")
    return "\n".join([*lines, "", *back])


def _value(op: Any, names: list[str]) -> str:
    return str(Spelled("").apply(op, *[Spelled(name) for name in names]))


def _each(letter: str, numbers: Any) -> str:
    return "".join([f"{letter}{i}, " for i in numbers]).rstrip()


def functions(
    graph: Recording, numbers: Sequence[bool] = ()
) -> tuple[Callable[[list[float]], None], Callable[[list[float], list[float]], None]]:
    """Return both functions."""
    made: dict[str, Any] = NAMESPACE | {op.name: op.value for op in graph.ops if op}
    exec(source(graph, numbers), made)
    return made["forward"], made["backward"]
