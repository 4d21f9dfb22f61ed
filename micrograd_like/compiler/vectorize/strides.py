"""Index lists written as loops: which strides, over which lengths, visit these places in this order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..extra import numpy as np

Array = Any


def affine(sequences: Sequence[Array]) -> tuple[tuple[int, ...], list[tuple[int, ...]]] | None:
    """Return lengths and, for each sequence of places, the strides with which nested loops visit it; or None.

    All sequences are visited by the same loops, the last one the innermost.

    >>> import numpy
    >>> affine([numpy.array([0, 1, 2, 0, 1, 2]), numpy.array([5, 5, 5, 9, 9, 9])])
    ((2, 3), [(0, 1), (4, 0)])
    """
    shape: list[int] = []
    strides: list[list[int]] = [[] for _ in sequences]
    n = len(sequences[0])
    while n > 1:
        steps = [np().diff(s) for s in sequences]
        breaks = [np().flatnonzero(step != step[0]) for step in steps]
        inner = min([int(b[0]) + 1 for b in breaks if len(b)], default=n)
        if n % inner:
            return None
        for i, (s, step) in enumerate(zip(sequences, steps)):
            rows = s.reshape(-1, inner)
            if inner > 1 and (rows != rows[:, :1] + int(step[0]) * np().arange(inner)).any():
                return None
            strides[i].append(int(step[0]) if inner > 1 else 0)
        shape.append(inner)
        sequences = [s.reshape(-1, inner)[:, 0] for s in sequences]
        n //= inner
    return tuple(reversed(shape)), [tuple(reversed(s)) for s in strides]


def injective(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Tell whether loops visit each place once, apart from those of stride 0."""
    reach = 0
    for stride, length in sorted([(abs(s), n) for s, n in zip(strides, shape) if s]):
        if stride <= reach:
            return False
        reach += stride * (length - 1)
    return True


def collapsed(
    shape: tuple[int, ...], strides: Sequence[tuple[int, ...]]
) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """Return the same loops with those made one that can be: rows that follow each other are one long row."""
    dims = [(n, tuple([s[i] for s in strides])) for i, n in enumerate(shape) if n > 1]
    made: list[tuple[int, tuple[int, ...]]] = []
    for n, step in dims:
        if made and all(before == after * n for before, after in zip(made[-1][1], step)):
            made[-1] = (made[-1][0] * n, step)
        else:
            made.append((n, step))
    return tuple([n for n, _ in made]), [tuple([step[i] for _, step in made]) for i in range(len(strides))]
