"""A program in the words of another library: each array's equation, whose gradients that library computes itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from math import prod
from operator import add
from typing import Any

from ...engine import Value
from ...ops import Op
from ..executable import FORWARD, Executable, RefusedError
from ..extra import numpy as np
from ..lower.plan import Block, Instruction, Plan, View
from ..printing.algebra import Addend, Writer
from ..printing.naming import ParameterArray, array_shapes, block_names, parameter_arrays
from ..printing.reading import Read, Reader
from ..vectorize.lanes import MUL
from .library import Checking, Library, Tensor


class Export:
    """The forward equations of a program."""

    captured: Executable
    plan: Plan
    names: Mapping[Value, str]
    shapes: Sequence[Any]
    parameters: list[ParameterArray]
    shapes_of: list[tuple[int, ...]]
    reader: Reader
    writer: Writer

    def __init__(self, captured: Any, names: Mapping[Value, str], shapes: Sequence[Any]) -> None:
        if not isinstance(captured, Executable):
            raise RefusedError(
                'An exact program has no arrays to export. Compile without exact=True, and not for "source".'
            )
        self.captured, self.plan, self.names, self.shapes = captured, captured.told, names, shapes
        self.parameters, self.shapes_of = parameter_arrays(self.plan, names), array_shapes(self.plan, names)
        self.reader = Reader(self.plan, block_names(self.plan, names), self.shapes_of)
        self.writer = Writer(self.plan, self.reader, set())
        captured.runner.run(FORWARD)
        given, inputs = captured.memory[captured.inputs], []
        for lengths in shapes:
            inputs.append(given[: prod(lengths)].reshape(lengths))
            given = given[prod(lengths) :]
        found = float(self.loss(Checking(np(), {}), self.arrays(), inputs))
        if abs(found - captured.loss) > 1e-9 * abs(captured.loss):
            raise RefusedError(
                f"Whole arrays give the loss {found}, and the program {captured.loss}. Report this graph."
            )

    def arrays(self) -> dict[str, Any]:
        """Return the parameters as they are now."""
        memory = self.captured.memory
        return {p.name: memory[p.offset : p.offset + prod(p.shape)].reshape(p.shape).copy() for p in self.parameters}

    def loss(self, library: Library, parameters: Mapping[str, Tensor], inputs: Sequence[Tensor]) -> Tensor:
        """Write every equation in the library, and return the loss; inputs of other shapes are refused."""
        for x, lengths in zip(inputs, self.shapes):
            found = tuple(getattr(x, "shape", lengths))
            if found != tuple(lengths):
                raise RefusedError(
                    f"The program was recorded with inputs of the shape {tuple(lengths)}, and its export was given "
                    f"{found}: it would divide by the number of examples that was recorded. Call the program once "
                    "with examples of that shape, and export it again."
                )
        arrays = Arrays(self, library, parameters, inputs)
        for number, block in enumerate(self.plan.blocks):
            if block.lanes:
                arrays.compute(number)
        return library.reshape(arrays[self.reader.number(self.plan.loss)], [])


class Arrays(dict[int, Tensor]):
    """The arrays of a program in a library, by their numbers; each is made when it is first asked for."""

    export: Export
    plan: Plan
    library: Library
    parameters: Mapping[str, Tensor]
    inputs: Sequence[Tensor]
    order: dict[int, int]

    def __init__(
        self, export: Export, library: Library, parameters: Mapping[str, Tensor], inputs: Sequence[Tensor]
    ) -> None:
        self.export, self.plan, self.library = export, export.plan, library
        self.parameters, self.inputs = parameters, inputs
        places = export.captured.inputs.tolist() if inputs else []  # a graph alone has its own numbers
        self.order = {int(place): i for i, place in enumerate(places)}

    def __missing__(self, number: int) -> Tensor:
        block, shape = self.plan.blocks[number], self.export.shapes_of[number]
        self[number] = made = self._parameter(block, shape) if block.kind == "parameter" else self._number(block, shape)
        return made

    def _shaped(self, x: Tensor, before: Sequence[int], after: Sequence[int]) -> Tensor:
        return x if tuple(before) == tuple(after) else self.library.reshape(x, after)

    def _parameter(self, block: Block, shape: Sequence[int]) -> Tensor:
        parts = [p for p in self.export.parameters if block.offset <= p.offset < block.offset + block.size]
        if len(parts) == 1:
            return self._shaped(self.parameters[parts[0].name], parts[0].shape, shape)
        flat = [self._shaped(self.parameters[p.name], p.shape, [prod(p.shape)]) for p in parts]
        return self._shaped(self.library.concat(flat), [block.size], shape)

    def _number(self, block: Block, shape: Sequence[int]) -> Tensor:
        """Return leaves that are not parameters: inputs where they are given, else as recorded."""
        given = [self.order.get(place, -1) for place in range(block.offset, block.offset + block.size)]
        if min(given) < 0:
            numbers = self.export.captured.memory[block.offset : block.offset + block.size]
            return self.library.constant(numbers.reshape(shape).copy())
        start = 0
        for x, lengths in zip(self.inputs, self.export.shapes):
            size = prod(lengths)
            if given == [*range(start, start + size)]:
                return self._shaped(x, lengths, shape)
            start += size
        return self._shaped(self.library.take(self.all_inputs, np().array(given)), [block.size], shape)

    @property
    def all_inputs(self) -> Tensor:
        """Every number that is given, one after the other."""
        flat = [self.library.reshape(x, [prod(lengths)]) for x, lengths in zip(self.inputs, self.export.shapes)]
        return self.library.concat(flat) if len(flat) > 1 else flat[0]

    def compute(self, number: int) -> None:
        """Write the equation of one array: with whole arrays as it is printed, else place by place."""
        block, shape = self.plan.blocks[number], self.export.shapes_of[number]
        parts = [self.export.writer.part(block, place) for place in range(len(block.forward))]
        if all(part.sliceable and not part.out.piece and all(map(_plain, part.operands)) for part in parts):
            full = any({*part.out.loops} <= {x for read in part.operands for x in read.loops} for part in parts)
            made = reduce(add, [self.whole(part) for part in parts])
            made = made if full else self.library.broadcast(made, shape)
        else:
            flat = [self.by_place(part.made, part.op, part.numbers) for part in parts]
            made = reduce(add, [self.library.reshape(x, [block.size]) for x in flat])
            made = self._shaped(made, [block.size], shape)
        self[number] = self.library.call(made, self.export.reader.named[number])

    def whole(self, part: Addend) -> Tensor:
        """Return one addend as a product of matrices, or an operation on arrays and a sum over axes."""
        library = self.library
        if product := part.product():
            left, right = self.read(product.left, product.rows), self.read(product.right, product.columns)
            return library.matmul(left, right)
        seen = part.seen
        operands = iter([self.read(read, seen) for read in part.operands])
        xs = [next(operands) if number is None else library.constant(number) for number in part.numbers]
        made = library.apply(part.op, *xs) if part.op else xs[0]
        axes = part.axes(seen)
        made = library.sum(made, axes) if axes else made
        times = prod([part.lengths[loop] for loop in part.summed if loop not in seen])
        return library.apply(MUL, library.constant(float(times)), made) if times > 1 else made

    def read(self, read: Read, wanted: Sequence[int]) -> Tensor:
        """Return slices of an array, its axes turned so that they follow the wanted loops."""
        assert read.source
        number, axes = read.source
        x, lengths = self[number], [axis.size for axis in axes]
        for place, axis in enumerate(axes):
            stop = axis.start + (read.lengths[axis.moves[0][0]] if axis.moves else 1)
            if (axis.start, stop) != (0, axis.size):
                x, lengths[place] = self.library.slice(x, axis.start, stop, place), stop - axis.start
        moving = [read.lengths[loop] for loop in read.loops]
        x = self._shaped(x, lengths, moving)
        order = [read.loops.index(loop) for loop in wanted if loop in read.loops]
        x = x if order == sorted(order) else self.library.permute(x, order)
        turned = [moving[place] for place in order]
        final = [read.lengths[loop] if loop in read.loops else 1 for loop in wanted]
        while final[len(turned) :] and final[0] == 1:
            final.pop(0)  # what NumPy adds by itself
        return self._shaped(x, turned, final)

    def by_place(self, made: Instruction, op: Op | None, numbers: Sequence[float | None]) -> Tensor:
        """Return one addend with each operand taken place by place."""
        views = iter(made.views)
        xs = [self.taken(next(views), made.shape) if n is None else self.library.constant(n) for n in numbers]
        x = self.library.apply(op, *xs) if op else xs[0]
        x = self.library.broadcast(x, made.shape) if prod(made.shape) > 1 else self.library.reshape(x, made.shape)
        summed = [loop for loop, step in enumerate(made.out.strides) if not step]
        return self.library.sum(x, summed) if summed else x

    def taken(self, view: View, lengths: Sequence[int]) -> Tensor:
        """Return what a view sees, of one array or several."""
        index = view.listed(tuple(lengths)).index if view.index is None else view.index
        places = np().asarray(index if view.table is None else view.table)
        there, end, parts = np().zeros_like(places), 0, []
        for number, block in enumerate(self.plan.blocks):
            inside = (block.offset <= places) & (places < block.offset + block.size)
            if inside.any():
                there = np().where(inside, places - block.offset + end, there)
                parts.append(self._shaped(self[number], self.export.shapes_of[number], [block.size]))
                end += block.size
        base = self.library.concat(parts) if len(parts) > 1 else parts[0]
        if view.table is None:
            whole = there.shape == (end,) and (there == np().arange(end)).all()
            return base if whole else self.library.take(base, there)
        numbers = np().array([self.order[int(p)] for p in view.chosen])
        return self.library.choose(base, there, self.library.take(self.all_inputs, numbers))


def _plain(read: Read) -> bool:
    """Tell whether it is slices in steps of one."""
    return read.source is not None and not read.piece and all(step == 1 for _, step in _moves(read))


def _moves(read: Read) -> list[tuple[int, int]]:
    return [move for axis in read.axes or () for move in axis.moves]
