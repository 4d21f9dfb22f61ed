"""What arrays are called: as the scalars in them are, without their indices; a letter with two axes in upper case."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from math import prod
from typing import NamedTuple

from ...engine import Value
from ..lower.plan import Block, Plan

TYPED = re.compile(r"layers\[(\d+)\]\.neurons\[\d+\]\.([wb])")
SAMPLE, FEW = 50, 4
Names = Mapping[Value, str]
Index = tuple[int, ...]
Label = tuple[str, Index]  # a name, and the indices behind it


def block_names(plan: Plan, names: Names, nameless: Collection[int] = ()) -> list[str]:
    """Return a name for each array, and the empty text for those that need none.

    Arrays that are only used together are one: `[Wq, Wk, Wv]`. A part of one has its index: `X[:, 1]`.
    """
    stems = [[*dict.fromkeys([stem for stem, _ in _labels(plan, block, names, SAMPLE)])] for block in plan.blocks]
    leaves = [(block, found) for block, found in zip(plan.blocks, stems) if not block.lanes]
    made: list[str] = []
    count: Counter[str] = Counter()
    for number, (block, found) in enumerate(zip(plan.blocks, stems)):
        name = ""
        if "" not in found and len(found) == 1:
            name = _cased(found[0], len(block.shape))
        if "" not in found and len(found) <= FEW and not block.lanes:
            sharing = [b for b, others in leaves if {*found} & {*others}]
            if len(found) > 1 or len(sharing) > 1:
                everywhere = [label for b in sharing for label in _labels(plan, b, names)]
                name = _together(_labels(plan, block, names), everywhere) or ("" if everywhere[0][1] else name)
        if number in nameless:
            made.append("")
        elif name and name not in made:
            made.append(name)
        else:
            stem = name or {"parameter": "p", "number": "c"}.get(block.kind, "v")
            count[stem] += 1 + (count[stem] == 0 and stem == name)
            made.append(_cased(f"{stem}{'_' * stem[-1].isdigit()}{count[stem]}", len(block.shape)))
    return made


def parts_of(name: str) -> list[str]:
    """Return the names within brackets.

    >>> parts_of("[Wq, c[0, 1]]"), parts_of("W[0, 1]")
    (['Wq', 'c[0, 1]'], ['W[0, 1]'])
    """
    return re.findall(r"\w+(?:\[[^]]*\])?", name) if name[:1] == "[" else [name]


class ParameterArray(NamedTuple):
    """Parameters that have one name, from which place on they lie."""

    name: str
    offset: int
    shape: tuple[int, ...]


def parameter_arrays(plan: Plan, names: Names) -> list[ParameterArray]:
    """Return all arrays of parameters; those that are only used together one by one."""
    made = []
    for name, block in zip(block_names(plan, names), plan.blocks):
        if block.kind == "parameter":
            parts = parts_of(name)
            first, *rest = block.shape or (1,)
            lengths = (first // len(parts), *rest) if first > len(parts) else tuple(rest)
            shape = lengths if len(parts) > 1 else block.shape
            step = block.size // len(parts)
            made += [ParameterArray(part, block.offset + i * step, shape) for i, part in enumerate(parts)]
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
    alike = indices == everywhere and len({stem for stem, _ in labels}) == 1
    return tuple([n for n in shape if n > 1]) if alike else ()


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
    return stem.capitalize() if axes > 1 and re.fullmatch(r"\D\d*", stem) else stem


def _together(labels: Sequence[Label], everywhere: Sequence[Label]) -> str:
    """Return the names of the arrays, or of their parts, that lie in one: the empty text if they are not alike."""
    parts = []
    for stem, group in itertools.groupby(labels, lambda label: label[0]):
        mine = [index for _, index in group]
        everything = [index for other, index in everywhere if other == stem]
        slices = _slices(mine, everything)
        if slices is None:
            return ""
        parts.append((_cased(stem, len(mine[0])) + slices, len(mine)))
    names, sizes = zip(*parts)
    if len({*names}) < len(names) or len({*sizes}) > 1 or len(names) > FEW:
        return ""
    return f"[{', '.join(names)}]" if len(names) > 1 else str(names[0])


def _slices(mine: Sequence[Index], everything: Sequence[Index]) -> str | None:
    """Return the brackets that choose some of all indices, or None where none do."""
    if [*mine] == [*everything]:
        return ""
    if len({*everything}) < len(everything) or len({len(index) for index in everything}) > 1:
        return None
    there = [sorted({*places}) for places in zip(*mine)]
    if [*mine] != [*itertools.product(*there)]:
        return None
    slices = []
    for places, every in zip(there, zip(*everything)):
        start, stop = places[0], places[-1] + 1
        if len(places) != stop - start:
            return None
        full = len(places) == len({*every})
        slices.append(":" if full else str(start) if len(places) == 1 else f"{start or ''}:{stop}")
    while slices and slices[-1] == ":":
        slices.pop()
    return f"[{', '.join(slices)}]" if slices else ""
