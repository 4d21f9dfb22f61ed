"""Copies and pickles of graphs of any depth: `deepcopy` and `pickle` follow creation order, not the depth."""

from __future__ import annotations

from copy import deepcopy
from operator import getitem
from typing import Any
from weakref import WeakSet

from ..engine import Value, tick, topological_order

Own = tuple[dict[str, Any], dict[str, Any]]


class Pickled(list[Value]):
    """A list of nodes that pickles column by column.

    A pickle keeps its recordings alive while it is written, so that nodes which several pickled objects share
    are found again in `live` and written once.
    """

    position: dict[Value, int]

    live: WeakSet[Pickled] = WeakSet()
    __hash__ = object.__hash__  # type: ignore[assignment]

    def __init__(self, nodes: list[Value]) -> None:
        super().__init__(nodes)
        self.position = {node: i for i, node in enumerate(nodes)}
        self.live.add(self)

    def __reduce__(self) -> tuple[Any, ...]:
        inputs = [tuple([self.position.get(x, x) for x in node.inputs]) for node in self]
        rows = [(type(x), i, *_fields(x)) for x, i in zip(self, inputs)]
        return Restored, tuple(map(list, zip(*rows))), {i: own(x) for i, x in enumerate(self) if any(own(x))}


class Restored(list[Value]):
    """What a Pickled list is read back as."""

    def __init__(self, *columns: list[Any]) -> None:
        for kind, inputs, *fields in zip(*columns):
            self.append(make(kind, tuple([self[x] if type(x) is int else x for x in inputs]), *fields))

    def __setstate__(self, attributes: dict[int, Own]) -> None:
        for i, found in attributes.items():
            give(self[i], found)


def make(
    kind: type[Value], inputs: tuple[Value, ...], data: float, grad: float, op: Any, slopes: Any, label: str
) -> Value:
    """Return a node with these fields, born now."""
    node: Value = kind.__new__(kind)
    node._data, node.grad, node.op, node.inputs, node.local_grads = data, grad, op, inputs, slopes
    node.label, node._born = label, tick()
    return node


def own(x: Value) -> Own:
    """Return a node's attributes of a learner's own: those in its dictionary, and those in slots of its class."""
    slots = {}
    for kind in type(x).__mro__[: type(x).__mro__.index(Value)]:
        names = vars(kind).get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            hidden = name.startswith("__") and not name.endswith("__")
            place = f"_{kind.__name__.lstrip('_')}{name}" if hidden else name
            if name not in ("__dict__", "__weakref__") and hasattr(x, place):
                slots[place] = getattr(x, place)
    return vars(x), slots


def give(x: Value, attributes: Own) -> None:
    """Give a node the attributes of another."""
    vars(x).update(attributes[0])
    for name, attribute in attributes[1].items():
        setattr(x, name, attribute)


def _fields(x: Value) -> tuple[Any, ...]:
    return x.data, x.grad, x.op, x.local_grads, x.label


def _reduce(self: Value, protocol: int) -> tuple[Any, ...]:
    for recording in Pickled.live:
        if self in recording.position:
            break
    else:
        others = list(Pickled.live)
        recording = Pickled([x for x in topological_order(self) if not any(x in other.position for other in others)])
    return getitem, (recording, recording.position[self])


def _deepcopy(self: Value, memo: dict[int, Any]) -> Value:
    for x in topological_order(self):
        if id(x) not in memo:
            inputs = tuple([memo[id(i)] for i in x.inputs])
            memo[id(x)] = make(type(x), inputs, *_fields(x))
            if any(own(x)):
                give(memo[id(x)], deepcopy(own(x), memo))
    return memo[id(self)]  # type: ignore[no-any-return]


def _copy(x: Value) -> Value:
    copy = make(type(x), x.inputs, *_fields(x))
    give(copy, own(x))
    return copy


for _name, _function in (("__reduce_ex__", _reduce), ("__deepcopy__", _deepcopy), ("__copy__", _copy)):
    setattr(Value, _name, _function)
