"""From lanes to a program: one kind of instruction, which is a loop over places in one long array of floats.

`out[...] = f(a[...], b[...])`, added up where the loop visits the same place of `out` again: that is `relu` of a
whole layer, a sum, a dot product and a product of matrices, and the gradient of each of them.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

from ..extra import numpy as np
from ..trace.recording import Recording
from ..vectorize.lanes import Lanes, Part
from ..vectorize.strides import affine, injective
from .expression import Expr, constant, operand, places

Array = Any


@dataclass(eq=False)
class View:
    """The places that loops visit: offset + strides, or, where there is no such pattern, those of `index`.

    Where inputs choose, the places are `table[lane, number]`, the numbers standing at the places `chosen`.
    """

    offset: int
    strides: tuple[int, ...]
    index: Array = None
    table: Array = None
    chosen: Array = None

    def moved(self, distance: int) -> View:
        index = None if self.index is None else self.index + distance
        table = None if self.table is None else self.table + distance
        return View(self.offset + distance, self.strides, index, table, self.chosen)

    def listed(self, shape: tuple[int, ...]) -> View:
        """Return the same places one by one: loops must not visit a place twice to add to it."""
        steps = np().meshgrid(*[np().arange(n) * s for n, s in zip(shape, self.strides)], indexing="ij")
        return View(self.offset, self.strides, self.offset + sum(steps))

    def choose(self, memory: Array) -> None:
        """Look up what the inputs choose now."""
        lanes = np().arange(len(self.table))
        self.index[...] = self.table[lanes, memory[self.chosen].astype(int)].reshape(self.index.shape)

    def key(self) -> tuple[Any, ...]:
        return self.offset, self.strides, None if self.index is None else self.index.tobytes()


@dataclass(eq=False)
class Instruction:
    """out = expr(views), over loops of these lengths; += if `add`. The sum over loops of stride 0 of `out`."""

    shape: tuple[int, ...]
    out: View
    expr: Expr
    views: list[View]
    add: bool = False
    lanes: int = -1  # for which array it is

    def __post_init__(self) -> None:
        used = places(self.expr)
        if len(used) < len(self.views):
            self.expr = substituted(self.expr, {old: operand(new) for new, old in enumerate(used)})
            self.views = [self.views[i] for i in used]


def substituted(expr: Expr, by: dict[int, Expr]) -> Expr:
    """Return the expression with other operands."""
    if isinstance(expr.key, int):
        return by.get(expr.key, expr)
    return expr.op(*[substituted(x, by) for x in expr.inputs]) if expr.op else expr


@dataclass(eq=False)
class Block:
    """One array: `size` places from `offset` on, for these nodes; its gradient, if it has one, `shift` further on."""

    nodes: Array
    offset: int
    kind: str  # "parameter", "number" or "lanes"
    shift: int = 0
    shape: tuple[int, ...] = ()
    lanes: Lanes | None = None
    forward: list[Instruction] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.nodes)


@dataclass(eq=False)
class Plan:
    """What to compute, in which places: parameters first, then their gradients and what an optimizer remembers."""

    graph: Recording
    blocks: list[Block]
    size: int
    parameters: list[int]  # the nodes, in the order of their places, which start at 0
    forward: list[Instruction]
    backward: list[Instruction]
    loss: int
    place: Array  # of each node, -1 for one that has none
    unused: list[int]  # inputs that no operation reads

    def source(self, place: int) -> Block:
        """Return the array in which a place is."""
        return next(b for b in self.blocks if b.offset <= place < b.offset + b.size)

    def without_guards(self, outputs: Sequence[int]) -> Plan:
        """Return the plan of what leads to the loss and these outputs, without what only guards ask for."""
        offsets = [b.offset for b in self.blocks]
        wanted = {bisect(offsets, int(place)) - 1 for place in (self.loss, *outputs)}
        for number in range(len(self.blocks) - 1, -1, -1):
            block = self.blocks[number]
            if block.kind != "lanes":
                wanted.add(number)
            if number in wanted:
                for made in block.forward:
                    wanted = wanted.union(*[_visited(view, made.shape, offsets) for view in made.views])
        if len(wanted) == len(self.blocks):
            return self
        blocks = [b for number, b in enumerate(self.blocks) if number in wanted]
        return replace(self, blocks=blocks, forward=[made for b in blocks for made in b.forward])

    @property
    def choices(self) -> list[View]:
        """The views in which inputs choose."""
        views = [v for i in (*self.forward, *self.backward) for v in (i.out, *i.views)]
        return list({id(v): v for v in views if v.table is not None}.values())


def _visited(view: View, shape: tuple[int, ...], offsets: list[int]) -> set[int]:
    """Return the numbers of the blocks that loops of these lengths see, and perhaps some between them."""
    if view.index is not None:
        seen = [x for x in (view.index, view.table, view.chosen) if x is not None]
        return {bisect(offsets, place) - 1 for places in seen for place in np().unique(places).tolist()}
    reach = [stride * (n - 1) for stride, n in zip(view.strides, shape)]
    low, high = view.offset + sum([min(r, 0) for r in reach]), view.offset + sum([max(r, 0) for r in reach])
    return {*range(bisect(offsets, low) - 1, bisect(offsets, high))}


MEMORY, HYPER = 3, 8  # numbers that an optimizer remembers of each parameter, and those it has for all


def state_size(parameters: int) -> int:
    """Return how many places parameters, gradients and the optimizer's numbers take."""
    return (2 + MEMORY) * parameters + HYPER


class Planner:
    """Gives each node a place, and writes the instructions."""

    graph: Recording
    lanes: Sequence[Lanes]
    inputs: set[int]
    place: Any
    varied: Any
    end: int
    unused: list[int]
    block_of: Any

    def __init__(
        self,
        graph: Recording,
        lanes: Sequence[Lanes],
        parameters: Iterable[int],
        inputs: Iterable[int],
        theta: Sequence[Array] = (),
    ) -> None:
        self.graph, self.lanes = graph, lanes
        self.inputs = set(inputs)
        self.place = np().full(len(graph), -1)
        self.blocks: list[Block] = []
        self.learning: dict[int, bool] = {}  # nodes through which a gradient passes
        wanted = dict.fromkeys(parameters)
        kind = np().where(np().asarray(graph.columns.op) >= 0, 0, 2)
        kind[[*graph.choices]] = 0
        kind[list(wanted)] = 1
        self.varied = np().zeros(len(graph), dtype=bool)  # leaves that need a place, for their lanes differ in them
        segments = self.segments(kind)
        if not theta:
            theta = [s for s in segments if kind[s[0]] == 1]
            seen = {int(i) for s in theta for i in s}
            rest = [i for i in wanted if i not in seen]
            theta += [np().array(rest)] if rest else []
        self.end = 0
        for nodes in theta:
            self.block(nodes, "parameter", len(wanted))
        self.end = state_size(len(wanted))
        for nodes in segments:
            if self.varied[nodes[0]]:
                self.block(nodes, "number", 0)
        self.unused = [i for i in self.inputs if self.place[i] < 0]
        if self.unused:
            self.block(np().array(self.unused), "number", 0)
        for found in lanes:
            self.block(found.nodes, "lanes", 0, found)
        for block in self.blocks:
            if block.kind == "lanes" and self.learns(block):
                self.align()
                block.shift, self.end = self.end - block.offset, self.end + block.size
        self.block_of = np().full(len(graph), -1)
        for i, block in enumerate(self.blocks):
            self.block_of[block.nodes] = i

    def align(self) -> None:
        self.end += -self.end % 8

    def block(self, nodes: Array, kind: str, shift: int, lanes: Lanes | None = None) -> None:
        if kind != "parameter":
            self.align()
        self.place[nodes] = np().arange(self.end, self.end + len(nodes))
        self.blocks.append(Block(nodes, self.end, kind, shift, lanes=lanes))
        self.end += len(nodes)

    def segments(self, kind: Array) -> list[Array]:
        """Return the leaves that the same operations use, in the order in which those come to them."""
        use = np().zeros(len(kind), dtype=np().int64)
        parts = [part for found in self.lanes for part in found.parts]
        columns = [c for part in parts for c in (part.operands if part.table is None else [part.table, part.chosen])]
        columns = [c for c in columns if kind[c.flat[0]]]
        for number, column in enumerate(columns, 1):
            leaves = np().unique(column)
            use[leaves] = use[leaves] * 1000003 + number
            self.varied[leaves] |= kind[leaves[0]] == 2 and not self.one_constant(leaves)
        made, done = [], np().zeros(len(kind), dtype=bool)
        for column in columns:
            leaves = np().unique(column)
            leaves = leaves[~done[leaves]]
            done[leaves] = True
            for u in dict.fromkeys(use[leaves].tolist()):
                made.append(leaves[use[leaves] == u])
        return made

    def one_constant(self, leaves: Array) -> bool:
        """Tell whether all these leaves are the same number of the program's text."""
        there = leaves.tolist()
        return all(self.graph.constant(i) for i in there) and len({str(self.graph.data[i]) for i in there}) == 1

    def learns(self, block: Block) -> bool:
        """Tell whether a gradient passes through."""
        assert block.lanes
        for part in block.lanes.parts:
            for column in part.operands:
                i = int(column.flat[0])
                if self.learning.get(i) or self.is_parameter(column):
                    self.learning.update(dict.fromkeys(block.nodes.tolist(), True))
                    return True
        return False

    def is_parameter(self, column: Array) -> bool:
        first = self.blocks[0]
        return first.kind == "parameter" and 0 <= int(self.place[column.flat[0]]) < first.shift

    def plan(self) -> Plan:
        """Write the instructions, forward and backward."""
        forward: list[Instruction] = []
        loops = {}
        for number, block in enumerate(self.blocks):
            if block.lanes:
                for i, part in enumerate(block.lanes.parts):
                    shape, out, views = loops[number, i] = self.loops(block, part)
                    ready = [operand(0), *self.operands(part)]
                    expr = part.op(*ready[1:]) if part.op else ready[1]
                    made = Instruction(shape, out, expr, [out, *views], i > 0, number)
                    block.forward.append(made)
                    forward.append(made)
        self.shapes()
        root = self.graph.roots[0]
        backward = self.backward(loops, root)
        parameters = [i for b in self.blocks if b.kind == "parameter" for i in b.nodes.tolist()]
        return Plan(
            self.graph, self.blocks, self.end, parameters, forward, backward, int(self.place[root]), self.place,
            self.unused,
        )  # fmt: skip

    def operands(self, part: Part) -> list[Expr]:
        """Return an expression for each operand of a part: its number from 1 on, or a plain number."""
        return [
            operand(p + 1) if self.place[column.flat[0]] >= 0 else constant(self.graph.data[column.flat[0]])
            for p, column in enumerate(part.operands)
        ]

    def loops(self, block: Block, part: Part) -> tuple[tuple[int, ...], View, list[View]]:
        """Return the loops that visit all lanes and terms, the view of the result and those of the operands."""
        lanes, terms = part.operands[0].shape
        if part.table is not None:
            out, index = self.place[block.nodes], self.place[part.operands[0][:, 0]]
            view = View(0, (), index, self.place[part.table], self.place[part.chosen])
            return (lanes,), View(int(out[0]), (1,)), [view]
        out = np().repeat(self.place[block.nodes], terms)
        columns = [self.place[c] for c in part.operands]
        sequences = [c.reshape(-1) for c in columns]
        found = affine([out, *sequences])
        if found is None and terms > 1:  # in which order terms are added is free
            order = np().lexsort([c[0] for c in reversed(columns)])
            sequences = [c[:, order].reshape(-1) for c in columns]
            found = affine([out, *sequences])
        if found:
            shape, strides = found
            out_view, *views = [View(int(s[0]), st) for s, st in zip([out, *sequences], strides)]
            return shape, out_view, views
        plain = [s for s in sequences if affine([out, s])]
        found = affine([out, *plain]) or affine([out])
        assert found
        shape, strides = found
        regular = {id(s): View(int(s[0]), st) for s, st in zip(plain, strides[1:])}
        views = [regular.get(id(s)) or View(0, (), s.reshape(shape)) for s in sequences]
        return shape, View(int(out[0]), strides[0]), views

    def shapes(self) -> None:
        """Find the shape of each array in how it is used: that of a result first, then that of what is read."""
        for block in self.blocks:
            for made in block.forward:
                lengths = tuple([n for n, s in zip(made.shape, made.out.strides) if s and n > 1])
                for chosen in [view.chosen for view in made.views if view.chosen is not None]:
                    rows = len({*chosen.tolist()})
                    lengths = (rows, block.size // rows) if 1 < rows < block.size else lengths
                if len(lengths) > len(block.shape) and prod(lengths) == block.size:
                    block.shape = lengths
            block.shape = block.shape or ((block.size,) if block.size > 1 else ())
            for made in block.forward:
                for view in made.views:
                    source = None if view.index is not None else self.source(view.offset)
                    if source is None:
                        continue
                    order = sorted([(-s, n) for n, s in zip(made.shape, view.strides) if s > 0])
                    lengths = tuple([n for _, n in order])
                    if source.kind == "lanes" and prod(lengths) == source.size == block.size:
                        if len(source.shape) > len(block.shape) and made.out.strides == (1,) == view.strides:
                            block.shape = source.shape
                    elif prod(lengths) == source.size and len(lengths) > len(source.shape):
                        source.shape = lengths
        for block in self.blocks:
            block.shape = block.shape or ((block.size,) if block.size > 1 else ())

    def source(self, place: int) -> Block | None:
        return next((b for b in self.blocks if b.offset <= place < b.offset + b.size), None)

    def backward(self, loops: dict[Any, Any], root: int) -> list[Instruction]:
        """Write the chain rule for every array, the last one first."""
        made: list[Instruction] = []
        written: set[int] = set()
        start = self.blocks[self.block_of[root]]
        if not start.shift:
            return []
        self.add(made, written, Instruction((), View(int(self.place[root]) + start.shift, ()), constant(1.0), []))
        for number in range(len(self.blocks) - 1, -1, -1):
            block = self.blocks[number]
            if not block.lanes or not block.shift:
                continue
            if number not in written:
                self.clear(made, written, number)
            for i, part in enumerate(block.lanes.parts):
                shape, out, views = loops[number, i]
                inputs = self.operands(part)
                upstream = operand(len(views) + 1)
                slopes = part.op.rule(operand(0), *inputs) if part.op else (1.0,)
                targets: dict[Any, tuple[View, Expr]] = {}
                for column, view, slope in zip(part.operands, views, slopes):
                    source = self.blocks[self.block_of[column.flat[0]]]
                    if not source.shift or self.block_of[column.flat[0]] < 0:
                        continue
                    target = view.moved(source.shift)
                    if target.index is None and not injective(shape, target.strides):
                        target = target.listed(shape)
                    share = slope * upstream
                    if share.number == 0.0:
                        continue
                    key = target.key()
                    targets[key] = target, targets[key][1] + share if key in targets else share
                for target, share in targets.values():
                    views_ = [out, *views, out.moved(block.shift)]
                    self.add(made, written, Instruction(shape, target, share, views_, lanes=number))
        for number, block in enumerate(self.blocks):
            if block.kind == "parameter" and number not in written:
                self.clear(made, written, number)
        return made

    def clear(self, made: list[Instruction], written: set[int], number: int) -> None:
        block = self.blocks[number]
        out = View(block.offset + block.shift, (1,))
        made.append(Instruction((block.size,), out, constant(0.0), [], lanes=number))
        written.add(number)

    def add(self, made: list[Instruction], written: set[int], instruction: Instruction) -> None:
        """Append what adds to a gradient: the first one writes it, if it writes the whole of it."""
        shape, out = instruction.shape, instruction.out
        reach = [s * (n - 1) for s, n in zip(out.strides, shape)]
        low, high = out.offset + sum([min(r, 0) for r in reach]), out.offset + sum([max(r, 0) for r in reach])
        if out.index is not None:
            visited = out.index if out.table is None else out.table
            low, high = int(visited.min()), int(visited.max())
        hit = [i for i, b in enumerate(self.blocks)
               if b.shift and b.offset + b.shift <= high and low < b.offset + b.shift + b.size]  # fmt: skip
        count = prod([n for n, s in zip(shape, out.strides) if s])
        whole = out.index is None and injective(shape, out.strides) and count == sum([self.blocks[i].size for i in hit])
        if whole and not any(i in written for i in hit):
            written.update(hit)
        else:
            for i in hit:
                if i not in written:
                    self.clear(made, written, i)
            instruction.add = True
        made.append(instruction)
