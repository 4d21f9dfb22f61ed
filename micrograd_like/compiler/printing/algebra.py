"""A program as a textbook writes it: `Z1 = X @ W1.T + b1`.

Each line is what NumPy computes, but that arrays in one pair of brackets lie side by side; or, where no line of NumPy
says it, what one element is: `v1[i] = sum(x[i + j] * k[j] for j in range(3))`. Three dots stand for places without a
pattern.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

from ...ops import Op
from ...ops.notation import Python
from ..lower.contraction import PRODUCT
from ..lower.expression import Expr
from ..lower.plan import Block, Instruction, Plan
from ..trace.own import FIRST
from .naming import Names, array_shapes, block_names
from .reading import LETTERS, Read, Reader, refined

CHAINS = {"maximum": "max", "minimum": "min"}


def algebra(plan: Plan, names: Names) -> str:
    """Return a line for each array that is computed, with its shape, under the equations' own names."""
    rows = [(line.text, line.shape) for line in lines(plan, names) if line.block.lanes]
    width = max([len(text) for text, _ in rows], default=0)
    return "\n".join([f"{text:{width}}   {shape}".rstrip() for text, shape in rows])


class Equation(NamedTuple):
    """An array: its name and shape, and how it is computed, which is empty for a leaf."""

    block: Block
    name: str
    formula: str
    shape: str

    @property
    def text(self) -> str:
        return f"{self.name} = {self.formula}" if self.formula else self.name


def lines(plan: Plan, names: Names) -> list[Equation]:
    """Return a line for each array that has a name."""
    inner, shapes = steps(plan), array_shapes(plan, names)
    writer = Writer(plan, Reader(plan, block_names(plan, names, inner), shapes), inner)
    return [
        Equation(block, *writer.equation(number), "×".join(map(str, shape)))
        for number, (block, shape) in enumerate(zip(plan.blocks, shapes))
        if number not in inner
    ]


def sources(plan: Plan, block: Block) -> list[Block]:
    """Return the arrays that an array is computed from, and instead of steps on the way those of these."""
    inner, reader = steps(plan), Reader(plan, [], [])

    def visit(block: Block) -> Iterator[int]:
        for made in block.forward:
            for view in made.views:
                for number in reader.numbers(view, made.shape):
                    yield from visit(plan.blocks[number]) if number in inner else [number]

    return [plan.blocks[number] for number in dict.fromkeys(visit(block))]


def steps(plan: Plan) -> set[int]:
    """Return the arrays that are only steps on the way to a maximum or minimum of more than two."""
    reader = Reader(plan, [], [])
    readers: dict[int, list[Instruction]] = {}
    for made in plan.forward:
        for view in made.views:
            for number in reader.numbers(view, made.shape):
                readers.setdefault(number, []).append(made)
    found = set()
    for number, block in enumerate(plan.blocks):
        if len(readers.get(number, ())) == 1 and len(block.forward) == 1:
            [[made], [next_]] = block.forward, readers[number]
            mine = [v for v in next_.views if v.offset == block.offset and v.strides == next_.out.strides]
            same = next_.expr is made.expr and made.expr.op is not None and made.expr.op.name in CHAINS
            if same and mine and made.shape == next_.shape:
                found.add(number)
    return found


class Writer:
    """Writes the equation of each array."""

    plan: Plan
    reader: Reader
    inner: set[int]

    def __init__(self, plan: Plan, reader: Reader, inner: set[int]) -> None:
        self.plan, self.reader, self.inner = plan, reader, inner

    def equation(self, number: int) -> tuple[str, str]:
        """Return the two sides of one array's equation, of which a leaf has the left one only."""
        block, name = self.plan.blocks[number], self.reader.named[number]
        if not block.forward:
            return name, ""
        if chained := self.chain(block):
            return name, chained
        parts = [self.part(block, place) for place in range(len(block.forward))]
        if all(part.indexable for part in parts) and not all(part.sliceable for part in parts):
            return parts[0].out.element(), " + ".join([part.element() for part in parts])
        return name, " + ".join([part.array() for part in parts])

    def part(self, block: Block, place: int) -> Addend:
        """Return one instruction in the words of its loops."""
        assert block.lanes
        made, part = block.forward[place], block.lanes.parts[place]
        numbers = [
            None if self.plan.place[i] >= 0 else float(self.plan.graph.data[i])
            for i in [int(column.flat[0]) for column in part.operands]
        ]
        views = [made.out, *made.views]
        shapes = [self.reader.shape(view) for view in views]
        for arrays in ([()] * len(views), shapes) if made.expr is PRODUCT else (shapes,):
            lengths, strides = refined(made, arrays)
            out, *operands = [self.reader.read(view, steps, lengths) for view, steps in zip(views, strides)]
            addend = Addend(made, part.op, numbers, lengths, out, operands)
            reshaped = sum([bool(read.piece) or read.reshaped for read in operands])
            if not (out.piece or out.reshaped) and reshaped < 2 and addend.sliceable and addend.product():
                break  # a whole matrix may stand for a vector there
        return addend

    def chain(self, block: Block) -> str:
        """Return the maximum or minimum of more than two, or the empty text."""
        [made, *_] = block.forward
        reads, op = self.chained(block), made.expr.op
        if len(reads) == len(made.views) or not op:
            return ""
        columns = [read.axes or [] for read in reads]
        for place, axis in enumerate(columns[0]):
            others = [axes[:place] + axes[place + 1 :] for axes in columns]
            here = [axes[place].start for axes in columns]
            if not axis.moves and here == [*range(axis.size)] and others.count(others[0]) == len(others):
                return f"{CHAINS[op.name]}({reads[0].name}, axis={place})"
        loops = [*range(len(reads[0].lengths))]
        return f"{op.name}({', '.join([read.array(loops) for read in reads])})"

    def chained(self, block: Block) -> list[Read]:
        """Return what the first instruction reads, and instead of steps on the way what those read."""
        found = []
        for view, read in zip(block.forward[0].views, self.part(block, 0).operands):
            number = self.reader.number(view.offset) if view.index is None else -1
            found += self.chained(self.plan.blocks[number]) if number in self.inner else [read]
        return found


class Addend:
    """One instruction: what is read, along which loops, and over which of them it is added up.

    `op` is what the learner wrote; of its operands those that are not read are `numbers`.
    """

    made: Instruction
    op: Op | None
    numbers: Sequence[float | None]
    lengths: Sequence[int]
    out: Read
    operands: Sequence[Read]
    loops: list[int]
    summed: list[int]

    def __init__(
        self,
        made: Instruction,
        op: Op | None,
        numbers: Sequence[float | None],
        lengths: Sequence[int],
        out: Read,
        operands: Sequence[Read],
    ) -> None:
        self.made, self.op, self.numbers = made, op, numbers
        self.lengths, self.out, self.operands = lengths, out, operands
        self.loops = [*range(len(lengths))]
        self.summed = [loop for loop in self.loops if loop not in out.loops]

    @property
    def seen(self) -> list[int]:
        """The loops but those over which the same is added again and again."""
        moving = {*self.out.loops}.union(*[read.loops for read in self.operands])
        return [loop for loop in self.loops if loop in moving]

    def axes(self, order: Sequence[int]) -> list[int]:
        """Return over which axes arrays are added up whose axes follow these loops; the first may be broadcast."""
        ahead = next((i for i, loop in enumerate(order) if any(loop in read.loops for read in self.operands)), 0)
        return [place - ahead for place, loop in enumerate(order) if loop in self.summed]

    @property
    def sliceable(self) -> bool:
        """Whether NumPy computes it from slices of whole arrays."""
        kept = [loop for loop in self.loops if loop in self.out.loops]
        return self.out.loops == kept and all(read.sliceable for read in (self.out, *self.operands))

    @property
    def indexable(self) -> bool:
        """Whether every operand has a pattern, so that one element can be written down."""
        plain = self.out.sliceable and not self.out.piece
        return plain and all(read.axes is not None for read in self.operands)

    def written(self, operands: Sequence[str]) -> Python:
        """Return the operation on these texts: as the learner wrote it, or else as it was simplified."""
        if self.numbers.count(None) == len(operands) and self.op not in FIRST.values():
            texts = iter(operands)
            every = [Python(next(texts) if number is None else number) for number in self.numbers]
            return Python("").apply(self.op, *every) if self.op else every[0]
        return _simplified(self.made.expr, operands)

    def element(self) -> str:
        """Return one element of the result."""
        text = self.written([read.element() for read in self.operands])
        loops = " ".join([f"for {LETTERS[loop]} in range({self.lengths[loop]})" for loop in self.summed])
        return f"sum({text} {loops})" if loops else str(text)

    def array(self) -> str:
        """Return the whole result, in the shape in which it is kept."""
        text = self.axis_by_axis()
        if not self.out.piece:
            return text
        if not {*self.out.loops} <= {loop for read in self.operands for loop in read.loops}:
            return str(self.written([f"{read.name}[...]" for read in self.operands]))
        size = [axis.size for axis in self.out.axes or ()]
        return f"({text})" + (f".reshape({', '.join(map(str, size))})" if len(size) > 1 else ".ravel()")

    def axis_by_axis(self) -> str:
        """Return the result with an axis for each loop."""
        if not self.summed:
            return str(self.written([read.array(self.loops) for read in self.operands]))
        if not self.operands:  # one number, again and again
            times, made = prod([self.lengths[loop] for loop in self.summed]), self.written([])
            return str(times * made if times > 1 else made)
        a, b = self.made.views[0], self.made.views[-1]
        squares = self.made.expr is PRODUCT and a.key() == b.key()
        if self.sliceable and not squares and (product := self.product()):
            return str(product)
        seen = self.seen
        first = self.operands[0].loops
        if sorted(first) == seen and [x for x in first if x not in self.summed] == sorted({*seen} - {*self.summed}):
            seen = first  # so that it need not be turned
        texts = [read.array(seen) for read in self.operands]
        made = Python(texts[0]) ** 2 if squares else self.written(texts)
        axes = [*map(str, self.axes(seen))]
        times = prod([self.lengths[loop] for loop in self.summed if loop not in seen])
        if any(read.axes is None for read in self.operands):
            return f"sum({made}, axis=-1)" if self.out.loops else f"sum({made})"
        if axes:
            axis = axes[0] if len(axes) == 1 else f"({', '.join(axes)})"
            made = Python(f"sum({made})" if len(axes) == len(seen) else f"sum({made}, axis={axis})")
        return str(times * made if times > 1 else made)

    def product(self) -> Product | None:
        """Return the product of matrices or vectors that it is, if it is one."""
        kept = [loop for loop in self.loops if loop not in self.summed]
        if self.made.expr is not PRODUCT or len(self.summed) != 1:
            return None
        [k], (a, b) = self.summed, self.operands
        if k not in a.loops or k not in b.loops:
            return None
        for left, right in ((a, b), (b, a)):
            of_left, of_right = {*left.loops} - {k}, {*right.loops} - {k}
            if not of_right and of_left == {*kept}:
                if kept and left.loops == [k, *kept]:
                    return Product(right, [k], left, [k, *kept])
                return Product(left, [*kept, k], right, [k])
            if len(kept) > 1:
                *batch, row, column = kept
                if row in of_left - of_right and column in of_right - of_left:
                    return Product(left, [*batch, row, k], right, [*batch, k, column])
        return None


class Product(NamedTuple):
    """Two arrays, and which loops their axes follow."""

    left: Read
    rows: list[int]
    right: Read
    columns: list[int]

    def __str__(self) -> str:
        return f"{self.left.array(self.rows)} @ {self.right.array(self.columns)}"


def _simplified(expr: Expr, operands: Sequence[str]) -> Python:
    if isinstance(expr.key, int):
        return Python(operands[expr.key])
    return Python("").apply(expr.op, *[_simplified(x, operands) for x in expr.inputs]) if expr.op else Python(expr.key)
