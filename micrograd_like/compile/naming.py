"""What arrays are called: as the scalars in them are, without their indices; from two axes on in upper case."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from math import prod

from ..engine import Value
from .plan import Block, Plan

TYPED = re.compile(r"layers\[(\d+)\]\.neurons\[\d+\]\.([wb])")
SAMPLE, FEW = 50, 4
Names = Mapping[Value, str]
Label = tuple[str, tuple[int, ...]]  # a name, and the indices behind it


def block_names(plan: Plan, names: Names, nameless: Collection[int] = ()) -> list[str]:
    """Return a name for each array, and the empty text for those that need none.

    Arrays that are only used together are one: `[Wq, Wk, Wv]`. A part of one has its index: `X[:, 1]`.
    """
    stems = [[*dict.fromkeys([stem for stem, _ in _labels(plan, block, names, SAMPLE)])] for block in plan.blocks]
    leaves = [None if block.lanes else tuple(found) for block, found in zip(plan.blocks, stems)]
    made: list[str] = []
    count: Counter[str] = Counter()
    for number, (block, found) in enumerate(zip(plan.blocks, stems)):
        name = ""
        if len(found) == 1 and found[0]:
            name = _cased(found[0], len(block.shape))
            parts = [b for b, leaf in zip(plan.blocks, leaves) if leaf == tuple(found)] if not block.lanes else []
            if len(parts) > 1:
                name = _part([_labels(plan, b, names) for b in parts], parts.index(block)) or name
        elif not block.lanes and 1 < len(found) <= FEW and "" not in found:
            name = _together(_labels(plan, block, names))
        if number in nameless:
            made.append("")
        elif name and name not in made:
            made.append(name)
        else:
            stem = name or {"parameter": "p", "number": "c"}.get(block.kind, "v")
            count[stem] += 1 + (count[stem] == 0 and stem == name)
            made.append(_cased(f"{stem}{'_' * stem[-1].isdigit()}{count[stem]}", len(block.shape)))
    return made


def array_shapes(plan: Plan, names: Names) -> list[tuple[int, ...]]:
    """Return the shape of each array: as it is used, or where that does not tell as the learner's lists are nested."""
    return [_nested(plan, block, names) or block.shape for block in plan.blocks]


def _nested(plan: Plan, block: Block, names: Names) -> tuple[int, ...]:
    if block.lanes or len(block.shape) != 1 or len(_labels(plan, block, names, 1)[0][1]) < 2:
        return ()
    labels = _labels(plan, block, names)
    indices = [index for _, index in labels]
    shape = tuple([max(places) + 1 for places in zip(*indices)])
    everywhere = [*itertools.product(*[range(n) for n in shape])] if prod(shape) == block.size else []
    return shape if indices == everywhere and len({stem for stem, _ in labels}) == 1 else ()


def _labels(plan: Plan, block: Block, names: Names, most: int = 0) -> list[Label]:
    """Return what the nodes of an array are called, or only some of them."""
    nodes = block.nodes[:: max(1, block.size // most)] if most else block.nodes
    made: list[Label] = []
    for node in [plan.graph.nodes[i] for i in nodes.tolist()]:
        label = str(node.label)
        if found := TYPED.search(label):
            made.append((f"{found[2]}{int(found[1]) + 1}", ()))
            continue
        label = names.get(node) or label
        stem = re.sub(r"(\[\d+\])+$", "", label)
        index = tuple([int(i) for i in re.findall(r"\[(\d+)\]", label[len(stem) :])])
        key = re.search(r"\['(\w+)'\]$", stem)  # of a dictionary of parameters
        made.append((key[1] if key else re.sub(r"\[[^\]]*\]", "", stem).rpartition(".")[2], index))
    return made


def _cased(stem: str, axes: int) -> str:
    return stem[0].upper() + stem[1:] if axes > 1 else stem


def _part(parts: Sequence[Sequence[Label]], which: int) -> str:
    """Return the array of this name with the slices that lead to one of its parts, or the empty text."""
    indices = [[index for _, index in part] for part in parts]
    everything = [*itertools.chain.from_iterable(indices)]
    ranks = {len(index) for index in everything}
    if len({*everything}) < len(everything) or ranks == {0} or len(ranks) > 1:
        return ""
    mine = indices[which]
    there = [sorted({*places}) for places in zip(*mine)]
    if mine != [*itertools.product(*there)]:
        return ""
    slices = []
    for places, total in zip(there, zip(*everything)):
        start, stop = places[0], places[-1] + 1
        if len(places) != stop - start:
            return ""
        full = len(places) == len({*total})
        slices.append(":" if full else str(start) if len(places) == 1 else f"{start or ''}:{stop}")
    while slices and slices[-1] == ":":
        slices.pop()
    name = _cased(parts[0][0][0], max(ranks))
    return f"{name}[{', '.join(slices)}]" if slices else name


def _together(labels: Sequence[Label]) -> str:
    """Return the names of arrays of one size that follow each other, or the empty text."""
    groups = [(stem, [index for _, index in part]) for stem, part in itertools.groupby(labels, lambda x: x[0])]
    if len({len(part) for _, part in groups}) > 1 or len({stem for stem, _ in groups}) < len(groups):
        return ""
    return f"[{', '.join([_cased(stem, len(part[0])) for stem, part in groups])}]"
