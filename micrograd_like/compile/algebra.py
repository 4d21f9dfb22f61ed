"""A program as a textbook writes it: `Z1 = X @ W1.T + b1`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from math import prod

from ..engine import Value
from ..notation import Python
from .contraction import PRODUCT
from .expression import Expr
from .plan import Block, Instruction, Plan, View

TYPED = re.compile(r"layers\[(\d+)\]\.neurons\[\d+\]\.([wb])")


def algebra(plan: Plan, names: Mapping[Value, str]) -> str:
    """Return a line for each array that is computed, with its shape, under the equations' own names."""
    named = block_names(plan, names)
    rows = []
    for number, block in enumerate(plan.blocks):
        if block.lanes:
            rows.append((f"{named[number]} = {_sum(plan, named, block)}", _shape(block)))
    width = max([len(line) for line, _ in rows], default=0)
    return "\n".join([f"{line:{width}}   {shape}".rstrip() for line, shape in rows])


def _shape(block: Block) -> str:
    return "×".join(map(str, block.shape))


def block_names(plan: Plan, names: Mapping[Value, str]) -> list[str]:
    """Return a name for each array: that of its nodes without their indices, a matrix's in upper case."""
    made: list[str] = []
    taken: Counter[str] = Counter()
    for block in plan.blocks:
        few = [plan.graph.nodes[i] for i in block.nodes[:: max(1, block.size // 50)].tolist()]
        stems = Counter([_stem(str(x.label if TYPED.search(x.label) else names.get(x) or x.label)) for x in few])
        (stem, count), *_ = stems.most_common()
        if not stem or count < len(few):
            stem = {"parameter": "p", "number": "c"}.get(block.kind, "v")
        stem = stem[0].upper() + stem[1:] if len(block.shape) > 1 else stem
        taken[stem] += 1
        unsure = taken[stem] > 1 or stem in ("p", "c", "v", "P", "C", "V")
        name = f"{stem}{taken[stem]}" if unsure else stem
        while name in made:
            taken[stem] += 1
            name = f"{stem}_{taken[stem]}"
        made.append(name)
    return made


def _stem(label: str) -> str:
    if found := TYPED.search(label):
        return f"{found[2]}{int(found[1]) + 1}"
    return re.sub(r"\[[^\]]*\]", "", label).rpartition(".")[2]


def _sum(plan: Plan, named: list[str], block: Block) -> str:
    texts = [_instruction(plan, named, block, made) for made in block.forward]
    return " + ".join(texts)


def _instruction(plan: Plan, named: list[str], block: Block, made: Instruction) -> str:
    summed = [not s for s in made.out.strides]
    if made.expr is PRODUCT and any(summed) and all(v.index is None for v in made.views):
        a, b = made.views
        if a.key() == b.key() and all(summed):
            return f"sum({_read(plan, named, block, made, a)} ** 2)"
        return _product(plan, named, made, a, b)
    operands = [Python(_read(plan, named, block, made, v)) for v in made.views]
    text = str(_written(made.expr, operands))
    if not any(summed):
        return text
    kept = len(made.shape) - sum(summed)
    return f"sum({text})" if not kept else f"sum({text}, axis={next(i for i, s in enumerate(summed) if s)})"


def _written(expr: Expr, operands: list[Python]) -> Python:
    if isinstance(expr.key, int):
        return operands[expr.key]
    if expr.op is None:
        return Python(expr.key)
    return Python("").apply(expr.op, *[_written(x, operands) for x in expr.inputs])


def _product(plan: Plan, named: list[str], made: Instruction, a: View, b: View) -> str:
    """Return a product of matrices, the one that has the rows of the result on the left."""
    rows = [i for i, s in enumerate(made.out.strides) if s]
    if rows and a.strides[rows[0]] == 0 and b.strides[rows[0]] != 0:
        a, b = b, a
    inner = [i for i, s in enumerate(made.out.strides) if not s]
    left, right = _name(plan, named, a), _name(plan, named, b)
    of_a = [i for i in rows if a.strides[i]]
    of_b = [i for i in rows if b.strides[i]]
    if len(inner) == 1 and len(of_a) <= 1 and len(of_b) <= 1 and not set(of_a) & set(of_b):
        ta = ".T" if of_a and abs(a.strides[inner[0]]) > abs(a.strides[of_a[0]]) else ""
        tb = ".T" if of_b and abs(b.strides[inner[0]]) < abs(b.strides[of_b[0]]) else ""
        return f"{left}{ta} @ {right}{tb}"
    letters = "ijklmnop"
    index = ["".join([x for x, s in zip(letters, v.strides) if s]) for v in (a, b, made.out)]
    return f"einsum('{index[0]},{index[1]}->{index[2]}', {left}, {right})"


def _name(plan: Plan, named: list[str], view: View) -> str:
    if view.index is not None:
        view = View(int(view.index.flat[0]), ())
    return named[plan.blocks.index(plan.source(view.offset))]


def _read(plan: Plan, named: list[str], block: Block, made: Instruction, view: View) -> str:
    name = _name(plan, named, view)
    source = plan.source(int(view.index.flat[0]) if view.index is not None else view.offset)
    if view.chosen is not None:
        return f"{name}[{_name(plan, named, View(int(view.chosen[0]), ()))}]"
    if view.index is not None:
        return f"{name}[...]"
    seen = prod([n for n, s in zip(made.shape, view.strides) if s])
    if seen == source.size:
        standing = [s == 0 for n, s in zip(made.shape, view.strides)]
        if len(standing) > 1 and standing[-1] and not all(standing) and made.out.strides[-1]:
            return f"{name}[:, None]"
        return name
    if seen > source.size:  # more than one array, side by side
        places = view.listed(made.shape).index
        parts = [n for n, b in zip(named, plan.blocks) if ((b.offset <= places) & (places < b.offset + b.size)).any()]
        return f"[{', '.join(parts)}]"
    at = view.offset - source.offset
    if seen == 1:
        return f"{name}[{', '.join(map(str, _indices(at, source.shape)))}]"
    return f"{name}[{at}:{at + seen}]" if len(source.shape) < 2 else f"{name}[...]"


def _indices(at: int, shape: tuple[int, ...]) -> list[int]:
    indices = []
    for n in reversed(shape):
        at, i = divmod(at, n)
        indices.append(i)
    return indices[::-1]
