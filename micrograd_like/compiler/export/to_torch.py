"""A program as a PyTorch module: the loss, and where it begins with a stack of layers, that as a `Sequential`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from ...ops import OPS
from ..extra import numpy as np, package
from ..printing.algebra import Equation, lines
from .arrays import Export
from .library import Library, Tensor

ROWS = re.compile(r"(?P<x>\w+) @ (?P<w>\w+)(?P<turned>\.T)?( \+ (?P<b>\w+))?")  # of examples, or one alone
ONE = re.compile(r"(?P<w>\w+) @ (?P<x>\w+)( \+ (?P<b>\w+))?")
CALL = re.compile(r"(?P<op>\w+)\((?P<x>\w+)(, (?P<number>[\d.]+))?\)")
ACTIVATIONS = {"relu": "ReLU", "tanh": "Tanh", "sigmoid": "Sigmoid", "gelu": "GELU", "silu": "SiLU",
               "softplus": "Softplus", "leaky_relu": "LeakyReLU"}  # fmt: skip
OUTPUT = "ŷ", "Ŷ"  # of a network: what is done to it is not a layer


class Linear(NamedTuple):
    """A layer's weights and biases, by the names of their arrays; `columns` if a column is a neuron."""

    w: str
    b: str
    columns: bool


class TorchActivation(NamedTuple):
    """An activation, and the number that belongs to it."""

    op: str
    number: str


def stack(export: Export) -> list[Linear | TorchActivation]:
    """Return the layers with which the equations begin: each reads nothing but the one before."""
    known = lines(export.plan, export.names)
    shapes = {p.name: p.shape for p in export.parameters}
    found = [_following(known, line.name, shapes) for line in known if line.block.kind == "number"]
    return max(found, key=len, default=[])


def _following(known: list[Equation], x: str, shapes: Mapping[str, Sequence[int]]) -> list[Linear | TorchActivation]:
    """Return the layers that begin with reading x."""
    layers: list[Linear | TorchActivation] = []
    while True:
        readers = [line for line in known if re.search(rf"(?<!\w){re.escape(x)}(?!\w)", line.formula)]
        found = [(kind.fullmatch(line.formula), line) for line in readers for kind in (ROWS, ONE)]
        linear = [(m, line) for m, line in found if m and m["x"] == x and {m["w"], m["b"] or m["w"]} <= shapes.keys()]
        if linear:
            made, line = linear[0]
            assert made
            matrix = len(shapes[made["w"]]) == 2
            layers.append(Linear(made["w"], made["b"] or "", matrix and made.re is ROWS and not made["turned"]))
        elif layers and isinstance(layers[-1], Linear) and len(readers) == 1 and x not in OUTPUT:
            [line] = readers
            call = CALL.fullmatch(line.formula)
            if not call or call["op"] not in ACTIVATIONS:
                return layers
            layers.append(TorchActivation(call["op"], call["number"] or ""))
        else:
            return layers
        x = line.name


def module(export: Export) -> Any:
    """Return the module."""
    torch = package("torch", "to_torch", "torch")
    library, arrays = torch_library(torch), {name: torch.tensor(x) for name, x in export.arrays().items()}
    layers, shapes = stack(export), {p.name: p.shape for p in export.parameters}
    inside = {name for made in layers if isinstance(made, Linear) for name in (made.w, made.b)}
    taken = {*dir(torch.nn.Module()), *(["network"] if layers else [])}
    own = {name: _free(name, taken, arrays) for name in arrays if name not in inside}

    def layer(made: Linear | TorchActivation) -> Any:
        if isinstance(made, TorchActivation):
            options = {"softplus": (1, 40), "leaky_relu": (float(made.number or 0),)}  # from 40 on it is its input
            return getattr(torch.nn, ACTIVATIONS[made.op])(*options.get(made.op, ()))
        weight = torch.atleast_2d(arrays[made.w])
        weight = weight.T if made.columns else weight
        linear = torch.nn.Linear(*reversed(weight.shape), bias=bool(made.b), dtype=torch.float64)
        linear.weight = torch.nn.Parameter(weight.clone())
        if made.b:
            linear.bias = torch.nn.Parameter(arrays[made.b].reshape(-1).clone())
        return linear

    class Exported(torch.nn.Module):  # type: ignore[misc,name-defined]
        """The loss of a compiled program."""

        def __init__(self) -> None:
            super().__init__()
            if layers:
                self.network = torch.nn.Sequential(*map(layer, layers))
            for name, free in own.items():
                self.register_parameter(free, torch.nn.Parameter(arrays[name]))

        def forward(self, *inputs: Any) -> Any:
            named = {name: getattr(self, free) for name, free in own.items()}
            for i, made in enumerate(layers):
                if isinstance(made, Linear):
                    weight = self.network[i].weight
                    named[made.w] = (weight.T if made.columns else weight).reshape(shapes[made.w])
                    named[made.b] = self.network[i].bias
            return export.loss(library, named, [torch.as_tensor(x, dtype=torch.float64) for x in inputs])

    return Exported()


def _free(name: str, taken: Collection[str], arrays: Collection[str]) -> str:
    """Return the name, with _ behind it where a module has something else of that name."""
    free = name
    while free in taken or (free != name and free in arrays):
        free += "_"
    return free


def torch_library(torch: Any) -> Library:
    class Torch(Library):
        def permute(self, x: Tensor, axes: Sequence[int]) -> Tensor:
            return x.permute(tuple(axes))

        def constant(self, numbers: Any) -> Tensor:
            return torch.as_tensor(np().asarray(numbers))

        def sum(self, x: Tensor, axes: Sequence[int]) -> Tensor:
            return x.sum(tuple(axes))

        def detach(self, x: Tensor) -> Tensor:
            return x.detach()

        def whole(self, numbers: Tensor) -> Tensor:
            return numbers.long()

    functions = {op.name: f for op in OPS.values() if (f := op.found_in("torch", torch))}

    def tensors(function: Any) -> Any:
        return lambda *xs: function(*[torch.as_tensor(x, dtype=torch.float64) for x in xs])

    named = {name: tensors(function) for name, function in functions.items()}
    return Torch(torch, named)
