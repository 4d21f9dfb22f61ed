"""A program in the words of another library: each array's equation, which that library then derives by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from math import prod
from operator import add
from typing import Any

from ..engine import Value
from ..ops import Number, Op
from .captured import FORWARD, Captured, Refused
from .expression import operand
from .extra import numpy as np, package
from .lanes import MUL
from .naming import block_names
from .plan import Block, View
from .whole import evaluate

Tensor = Any


class Library:
    """What an export asks of a library: a handful of operations on its arrays. NumPy's names are the default."""

    def __init__(self, module: Any, named: Mapping[str, Any]) -> None:
        self.module, self.named = module, named

    def constant(self, numbers: Any) -> Tensor:
        return self.module.asarray(numbers)

    def reshape(self, x: Tensor, lengths: Sequence[int]) -> Tensor:
        return self.module.reshape(x, tuple(lengths))

    def permute(self, x: Tensor, axes: Sequence[int]) -> Tensor:
        return self.module.transpose(x, tuple(axes))

    def slice(self, x: Tensor, start: int, stop: int) -> Tensor:
        return x[start:stop]

    def take(self, x: Tensor, index: Any) -> Tensor:
        return x[self.constant(index)]

    def choose(self, x: Tensor, table: Any, numbers: Tensor) -> Tensor:
        rows = self.constant(np().arange(len(table)))
        return x[self.constant(table)[rows, self.whole(numbers)]]

    def whole(self, numbers: Tensor) -> Tensor:
        return numbers.astype(int)

    def concat(self, parts: Sequence[Tensor]) -> Tensor:
        return self.module.concatenate(list(parts))

    def einsum(self, letters: str, a: Tensor, b: Tensor) -> Tensor:
        return self.module.einsum(letters, a, b)

    def sum(self, x: Tensor, axes: Sequence[int]) -> Tensor:
        return self.module.sum(x, tuple(axes))

    def broadcast(self, x: Tensor, lengths: Sequence[int]) -> Tensor:
        return self.module.broadcast_to(x, tuple(lengths))

    def apply(self, op: Op, *xs: Tensor) -> Tensor:
        """Apply an operation: the library's own, or else what the table says it means."""
        if op.name in self.named:
            return self.named[op.name](*xs)
        if op.definition:
            out = op.definition(*[Foreign(self, x) for x in xs])
            return out.tensor if isinstance(out, Foreign) else out
        raise Refused(f"The program uses {op.name}, which that library has not. Write it in other operations.")


class Checking(Library):
    """NumPy by our own table of operations, which says whether the equations are those of the program."""

    def apply(self, op: Op, *xs: Tensor) -> Tensor:
        return evaluate(op(*map(operand, range(len(xs)))), xs)


class Foreign(Number):
    """An array of another library."""

    def __init__(self, library: Library, tensor: Tensor) -> None:
        self.library, self.tensor = library, tensor

    def apply(self, op: Op, *operands: Any) -> Foreign:
        return Foreign(
            self.library, self.library.apply(op, *[x.tensor if isinstance(x, Foreign) else x for x in operands])
        )


class Export:
    """The forward equations of a program."""

    def __init__(self, captured: Any, names: Mapping[Value, str], shapes: Sequence[Any]) -> None:
        if not isinstance(captured, Captured):
            raise Refused('An exact program has no arrays to export. Compile without exact=True, and not for "source".')
        self.captured, self.plan, self.shapes = captured, captured.plan, shapes
        named = block_names(self.plan, names)
        self.parameters = {n: b for n, b in zip(named, self.plan.blocks) if b.kind == "parameter"}
        captured.runner.run(FORWARD)
        found = float(self.loss(Checking(np(), {}), self.arrays(), [captured.memory[captured.inputs]]))
        if abs(found - captured.loss) > 1e-9 * abs(captured.loss):
            raise Refused(f"Whole arrays give the loss {found}, and the program {captured.loss}. Report this graph.")

    def arrays(self) -> dict[str, Any]:
        """Return the parameters as they are now."""
        memory = self.captured.memory
        return {n: memory[b.offset : b.offset + b.size].reshape(b.shape).copy() for n, b in self.parameters.items()}

    def loss(self, library: Library, parameters: Mapping[str, Tensor], inputs: Sequence[Tensor]) -> Tensor:
        """Write every equation in the library, and return the loss."""
        flat = [library.reshape(parameters[name], [block.size]) for name, block in self.parameters.items()]
        theta = library.concat(flat) if flat else None
        size = self.captured.size
        given = [library.reshape(x, [-1]) for x in inputs]
        rest = library.concat(given) if len(given) > 1 else given[0] if given else None
        value: dict[int, Tensor] = {}
        order = {int(p): i for i, p in enumerate(self.captured.inputs.tolist())}

        def whole(number: int) -> Tensor:
            if number not in value:
                value[number] = self._numbers(library, self.plan.blocks[number], rest, order)
            return value[number]

        spans: list[tuple[int, int, Callable[[], Tensor]]] = [(0, size, lambda: theta)]
        for number, block in enumerate(self.plan.blocks):
            if block.kind != "parameter":
                spans.append((block.offset, block.size, partial(whole, number)))

        def read(view: View, lengths: Sequence[int]) -> Tensor:
            kept = tuple([n if s else 1 for n, s in zip(lengths, view.strides)])
            index = view.listed(kept).index if view.index is None else view.index
            places = np().asarray(index if view.table is None else view.table)
            hit = [span for span in spans if ((span[0] <= places) & (places < span[0] + span[1])).any()]
            if view.index is None and len(hit) == 1:
                return _strided(library, hit[0][2](), view.offset - hit[0][0], view.strides, lengths)
            there, end = np().zeros_like(places), 0
            for start, length, _ in hit:
                there = np().where((start <= places) & (places < start + length), places - start + end, there)
                end += length
            base = library.concat([tensor() for _, _, tensor in hit]) if len(hit) > 1 else hit[0][2]()
            if view.table is None:
                return library.take(base, there)
            numbers = [order[int(p)] for p in view.chosen]
            return library.choose(base, there, library.take(rest, np().array(numbers)))

        for number, block in enumerate(self.plan.blocks):
            if block.lanes:
                parts = []
                for part, made in zip(block.lanes.parts, block.forward):
                    views = iter(made.views)
                    xs = [
                        read(next(views), made.shape) if self.plan.place[c.flat[0]] >= 0
                        else library.constant(self.plan.graph.data[c.flat[0]])
                        for c in part.operands
                    ]  # fmt: skip
                    summed = [i for i, s in enumerate(made.out.strides) if not s] if made.out.index is None else []
                    addend = _reduced(library, part.op, xs, made.shape, made.out, summed, made.views)
                    parts.append(library.reshape(addend, [block.size]))
                value[number] = reduce(add, parts)
        return library.reshape(whole(self.plan.blocks.index(self.plan.source(self.plan.loss))), [])

    def _numbers(self, library: Library, block: Block, rest: Tensor, order: Mapping[int, int]) -> Tensor:
        """Return an array of leaves that are not parameters: inputs where they are given, else as recorded."""
        places = range(block.offset, block.offset + block.size)
        given = [order.get(p, -1) for p in places]
        if rest is not None and min(given) >= 0:
            start = given[0]
            if given == list(range(start, start + block.size)):
                return library.slice(rest, start, start + block.size)
            return library.take(rest, np().array(given))
        return library.constant(self.captured.memory[block.offset : block.offset + block.size].copy())

    def to_jax(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        jax = package("jax", "to_jax", "jax")
        if not jax.config.jax_enable_x64:
            jax.config.update("jax_enable_x64", True)
        jnp, special = jax.numpy, jax.scipy.special
        names = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "pow": "power",
                 "add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negative",
                 "mod": "mod", "floordiv": "floor_divide"}  # fmt: skip
        same = ["abs", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "maximum",
                "minimum", "hypot"]  # fmt: skip
        named = {op: getattr(jnp, name) for op, name in [*names.items(), *zip(same, same)]}
        named |= {"erf": special.erf, "erfc": special.erfc, "sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}
        named |= {"step": lambda a: jnp.where(a > 0, 1.0, 0.0), "softplus": jax.nn.softplus, "silu": jax.nn.silu}
        library = Library(jnp, named)
        parameters = {name: jnp.asarray(numbers) for name, numbers in self.arrays().items()}
        return lambda parameters, *inputs: self.loss(library, parameters, [jnp.asarray(x) for x in inputs]), parameters

    def to_torch(self) -> Any:
        torch = package("torch", "to_torch", "torch")
        export, library = self, _torch_library(torch)

        class Exported(torch.nn.Module):  # type: ignore[misc,name-defined]
            """The loss of a compiled program."""

            def __init__(self) -> None:
                super().__init__()
                for name, numbers in export.arrays().items():
                    self.register_parameter(name, torch.nn.Parameter(torch.tensor(numbers)))

            def forward(self, *inputs: Any) -> Any:
                given = [torch.as_tensor(x, dtype=torch.float64) for x in inputs]
                return export.loss(library, dict(self.named_parameters()), given)

        return Exported()

    def to_onnx(self, names: Sequence[str]) -> Any:
        onnx = package("onnx", "to_onnx", "onnx")
        from .onnx_library import Onnx

        library = Onnx(onnx)
        parameters = {name: library.constant(numbers, name) for name, numbers in self.arrays().items()}
        inputs = [library.input(name, lengths) for name, lengths in zip(names, self.shapes)]
        return library.model(self.loss(library, parameters, inputs))


def _torch_library(torch: Any) -> Library:
    class Torch(Library):
        def permute(self, x: Tensor, axes: Sequence[int]) -> Tensor:
            return x.permute(tuple(axes))

        def constant(self, numbers: Any) -> Tensor:
            return torch.as_tensor(np().asarray(numbers))

        def sum(self, x: Tensor, axes: Sequence[int]) -> Tensor:
            return x.sum(tuple(axes))

        def whole(self, numbers: Tensor) -> Tensor:
            return numbers.long()

    names = {"add": "add", "sub": "sub", "mul": "mul", "div": "div", "neg": "neg", "pow": "pow", "mod": "remainder",
             "floordiv": "floor_divide"}  # fmt: skip
    same = ["abs", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh",
            "cosh", "tanh", "sigmoid", "relu", "erf", "erfc", "maximum", "minimum", "hypot"]  # fmt: skip
    functions = {op: getattr(torch, name) for op, name in [*names.items(), *zip(same, same)]}

    def tensors(function: Any) -> Any:
        return lambda *xs: function(*[torch.as_tensor(x, dtype=torch.float64) for x in xs])

    named = {name: tensors(function) for name, function in functions.items()}
    named["step"] = tensors(lambda a: (a > 0).to(a.dtype))
    return Torch(torch, named)


def _strided(library: Library, base: Tensor, offset: int, strides: Sequence[int], lengths: Sequence[int]) -> Tensor:
    """Return what a view sees of an array: a slice, turned, where that is enough, else taken place by place."""
    moving = sorted([d for d, s in enumerate(strides) if s], key=lambda d: -strides[d])
    inner = 1
    for d in reversed(moving):
        if strides[d] != inner:
            kept = [n if s else 1 for n, s in zip(lengths, strides)]
            return library.take(base, View(offset, tuple(strides)).listed(tuple(kept)).index)
        inner *= lengths[d]
    part = library.slice(base, offset, offset + inner)
    if not moving:
        return library.reshape(part, [])
    part = library.reshape(part, [lengths[d] for d in moving])
    if moving != sorted(moving):
        part = library.permute(part, [moving.index(d) for d in sorted(moving)])
    return library.reshape(part, [n if s else 1 for n, s in zip(lengths, strides)])


def _reduced(
    library: Library,
    op: Op | None,
    xs: list[Tensor],
    lengths: Sequence[int],
    out: View,
    summed: Sequence[int],
    views: Sequence[View],
) -> Tensor:
    """Return one addend, added up over the loops on which the result stands still."""
    if op is MUL and summed and all(v.index is None for v in views) and len(views) == 2:
        letters = "abcdefgh"
        texts, tensors = [], []
        for view, x in zip(views, xs):
            moving = [d for d, s in enumerate(view.strides) if s]
            texts.append("".join([letters[d] for d in moving]))
            tensors.append(library.reshape(x, [lengths[d] for d in moving]))
        kept = "".join([letters[d] for d, s in enumerate(out.strides) if s])
        if not set(kept) <= {*texts[0], *texts[1]}:
            return _broadcast_sum(library, library.apply(op, *xs), lengths, summed)
        return library.einsum(f"{texts[0]},{texts[1]}->{kept}", *tensors)
    return _broadcast_sum(library, library.apply(op, *xs) if op else xs[0], lengths, summed)


def _broadcast_sum(library: Library, x: Tensor, lengths: Sequence[int], summed: Sequence[int]) -> Tensor:
    if prod(lengths) == 1:
        return library.reshape(x, [])
    x = library.broadcast(x, lengths)
    return library.sum(x, summed) if summed else x
