"""ONNX as a library that writes down what it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from ...ops import OPS, Op
from ..extra import numpy as np, package
from .arrays import Export
from .library import Library


class OnnxTensor:
    """The name of a tensor in the graph; a sign between two of them is a node."""

    library: Onnx
    name: str

    def __init__(self, library: Onnx, name: str) -> None:
        self.library, self.name = library, name

    def __add__(self, other: OnnxTensor) -> OnnxTensor:
        return self.library.node("Add", self, other)


class Onnx(Library):
    """Collects nodes; a number or an index is an initializer."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: list[Any] = []
        super().__init__(None, {op.name: self._written(op) for op in OPS.values() if "onnx" in op.spelled})

    def _written(self, op: Op) -> Any:
        spelled = op.spelled["onnx"]
        return partial(spelled, self) if callable(spelled) else partial(self.node, spelled)

    def node(self, kind: str, *xs: Any, **attributes: Any) -> OnnxTensor:
        names = [x.name if isinstance(x, OnnxTensor) else self.constant(x).name for x in xs]
        out = f"t{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, names, [out], **attributes))
        return OnnxTensor(self, out)

    def constant(self, numbers: Any, name: str = "") -> OnnxTensor:
        name = name or f"c{len(self.constants)}"
        numbers = np().asarray(numbers)
        self.constants.append(self.onnx.numpy_helper.from_array(numbers, name))
        return OnnxTensor(self, name)

    def input(self, name: str, lengths: Any) -> OnnxTensor:
        self.inputs.append(self.onnx.helper.make_tensor_value_info(name, self.onnx.TensorProto.DOUBLE, list(lengths)))
        return OnnxTensor(self, name)

    def reshape(self, x: OnnxTensor, lengths: Sequence[int]) -> OnnxTensor:
        return self.node("Reshape", x, self.constant(np().array(lengths, dtype=np().int64)))

    def permute(self, x: OnnxTensor, axes: Sequence[int]) -> OnnxTensor:
        return self.node("Transpose", x, perm=list(axes))

    def slice(self, x: OnnxTensor, start: int, stop: int, axis: int = 0) -> OnnxTensor:
        return self.node("Slice", x, *[self.constant(np().array([i], dtype=np().int64)) for i in (start, stop, axis)])

    def matmul(self, a: OnnxTensor, b: OnnxTensor) -> OnnxTensor:
        return self.node("MatMul", a, b)

    def call(self, x: OnnxTensor, name: str) -> OnnxTensor:
        last = self.nodes[-1]
        if x.name != last.output[0]:
            return x
        last.output[0] = last.name = name
        return OnnxTensor(self, name)

    def take(self, x: OnnxTensor, index: Any) -> OnnxTensor:
        return self.node("Gather", x, self.constant(np().asarray(index, dtype=np().int64)))

    def concat(self, parts: Sequence[OnnxTensor]) -> OnnxTensor:
        return self.node("Concat", *parts, axis=0)

    def sum(self, x: OnnxTensor, axes: Sequence[int]) -> OnnxTensor:
        return self.node("ReduceSum", x, self.constant(np().array(axes, dtype=np().int64)), keepdims=0)

    def broadcast(self, x: OnnxTensor, lengths: Sequence[int]) -> OnnxTensor:
        return self.node("Expand", x, self.constant(np().array(lengths, dtype=np().int64)))

    def choose(self, x: OnnxTensor, table: Any, numbers: OnnxTensor) -> OnnxTensor:
        index = self.node("Cast", numbers, to=self.onnx.TensorProto.INT64)
        places = self.node("Reshape", index, self.constant(np().array([-1, 1], dtype=np().int64)))
        chosen = self.node("GatherElements", self.constant(np().asarray(table, dtype=np().int64)), places, axis=1)
        return self.node("Gather", x, self.reshape(chosen, [-1]))

    def model(self, loss: OnnxTensor) -> Any:
        """Return the whole graph."""
        self.nodes.append(self.onnx.helper.make_node("Identity", [loss.name], ["loss"]))
        out = self.onnx.helper.make_tensor_value_info("loss", self.onnx.TensorProto.DOUBLE, [])
        graph = self.onnx.helper.make_graph(self.nodes, "program", self.inputs, [out], self.constants)
        opset = [self.onnx.helper.make_opsetid("", 18)]
        model = self.onnx.helper.make_model(graph, opset_imports=opset, ir_version=9)
        self.onnx.checker.check_model(model)
        return model


def model(export: Export, names: Sequence[str]) -> Any:
    """Return an onnx.ModelProto from inputs of these names to the loss."""
    library = Onnx(package("onnx", "to_onnx", "onnx"))
    parameters = {name: library.constant(numbers, name) for name, numbers in export.arrays().items()}
    inputs = [library.input(name, lengths) for name, lengths in zip(names, export.shapes)]
    return library.model(export.loss(library, parameters, inputs))
