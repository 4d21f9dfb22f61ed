"""Copies and pickles of graphs of any depth: `deepcopy` and `pickle` follow creation order, not the depth."""

from __future__ import annotations

from copy import deepcopy
from operator import getitem
from typing import Any
from weakref import WeakSet

from ..engine import Value, tick, topological_order


class Recording(list[Value]):
    """A list of nodes that pickles column by column.

    A pickle keeps its recordings alive while it is written, so that nodes which several pickled objects share
    are found again in `live` and written once.
    """

    position: dict[Value, int]

    live: WeakSet[Recording] = WeakSet()
    __hash__ = object.__hash__  # type: ignore[assignment]

    def __init__(self, nodes: list[Value]) -> None:
        super().__init__(nodes)
        self.position = {node: i for i, node in enumerate(nodes)}
        self.live.add(self)

    def __reduce__(self) -> tuple[Any, ...]:
        inputs = [tuple([self.position.get(x, x) for x in node.inputs]) for node in self]
        rows = [(type(x), i, *_fields(x)) for x, i in zip(self, inputs)]
        return Restored, tuple(map(list, zip(*rows))), {i: vars(x) for i, x in enumerate(self) if vars(x)}


class Restored(list[Value]):
    """What a Recording is read back as."""

    def __init__(self, *columns: list[Any]) -> None:
        for kind, inputs, *fields in zip(*columns):
            self.append(make(kind, tuple([self[x] if type(x) is int else x for x in inputs]), *fields))

    def __setstate__(self, attributes: dict[int, dict[str, Any]]) -> None:
        for i, own in attributes.items():
            vars(self[i]).update(own)


def make(
    kind: type[Value], inputs: tuple[Value, ...], data: float, grad: float, op: Any, slopes: Any, label: str
) -> Value:
    """Return a node with these fields, born now."""
    node: Value = kind.__new__(kind)
    node._data, node.grad, node.op, node.inputs, node.local_grads = data, grad, op, inputs, slopes
    node.label, node._born = label, tick()
    return node


def _fields(x: Value) -> tuple[Any, ...]:
    return x.data, x.grad, x.op, x.local_grads, x.label


def _reduce(self: Value, protocol: int) -> tuple[Any, ...]:
    for recording in Recording.live:
        if self in recording.position:
            break
    else:
        others = list(Recording.live)
        recording = Recording([x for x in topological_order(self) if not any(x in other.position for other in others)])
    return getitem, (recording, recording.position[self])


def _deepcopy(self: Value, memo: dict[int, Any]) -> Value:
    for x in topological_order(self):
        if id(x) not in memo:
            inputs = tuple([memo[id(i)] for i in x.inputs])
            memo[id(x)] = make(type(x), inputs, *_fields(x))
            if vars(x):
                vars(memo[id(x)]).update(deepcopy(vars(x), memo))
    return memo[id(self)]  # type: ignore[no-any-return]


def _copy(x: Value) -> Value:
    copy = make(type(x), x.inputs, *_fields(x))
    vars(copy).update(vars(x))
    return copy


for _name, _function in (("__reduce_ex__", _reduce), ("__deepcopy__", _deepcopy), ("__copy__", _copy)):
    setattr(Value, _name, _function)
