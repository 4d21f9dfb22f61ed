"""A data set, and how it is read from a CSV file, within limits that keep a hostile file from taking all memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from os import PathLike, fspath
from typing import Any, TextIO

from ..base.checks import finite

LONGEST = 1_000_000  # characters in one row: more is a file of another kind


@dataclass(frozen=True)
class Dataset:
    """Inputs `X`, one row an example, and what is wanted of each, `y`: a class counted from 0, or a number.

    >>> from micrograd_like.data import moons
    >>> X, y = moons(100)
    """

    name: str
    X: list[list[float]]
    y: list[Any]
    features: list[str]  # what each column of X is called
    classes: list[str] = field(default_factory=list)  # what each class is called; empty where y holds numbers

    def __iter__(self) -> Iterator[list[Any]]:
        return iter((self.X, self.y))

    def __repr__(self) -> str:
        features = f"{len(self.features)} feature{'s' * (len(self.features) != 1)} ({_some(self.features)})"
        wanted = f"{len(self.classes)} classes ({_some(self.classes)})" if self.classes else "y a number"
        return f"<{self.name}: {len(self.X)} examples, {features}, {wanted if self.y else 'no y'}>"

    def _repr_html_(self) -> str:
        named = [self.classes[k] if self.classes else f"{k}" for k in self.y[:5]] or [""] * len(self.X)
        rows = [[*(f"{x:.4g}" for x in row[:8]), *["…"] * (len(row) > 8), name] for row, name in zip(self.X[:5], named)]
        head = [*self.features[:8], *["…"] * (len(self.features) > 8), "y" * bool(self.y)]
        lines = [f"<th>{'</th><th>'.join(map(escape, head))}</th>"]
        lines += [f"<td>{'</td><td>'.join(map(escape, row))}</td>" for row in rows]
        table = "".join(f"<tr>{line}</tr>" for line in lines)
        return f"<code>{escape(repr(self))}</code>. The first {len(rows)}:<table>{table}</table>"


def _some(names: Sequence[str]) -> str:
    shown = [name if len(name) <= 20 else f"{name[:19]}…" for name in names[:4]]
    return ", ".join(shown) + (", ..." if len(names) > 4 else "")


def read_csv(
    path: str | PathLike[str],
    target: str | int | None = -1,
    features: Sequence[str] | None = None,
    regression: bool | None = None,
) -> Dataset:
    """Read rows of numbers; the column `target`, a name or an index or None, holds what to learn.

    The first line is a header unless it is all numbers, the target aside, or `target` or `features` name columns.
    Targets are numbers to come near to if all are numbers, and not all whole or of more than 20 kinds; otherwise they
    are classes, sorted. regression=True or False says which they are. `features` picks columns by name. Raises
    ValueError, with the line and the column, where it cannot be read. A row has at most a million characters, and a
    cell 131,072.
    """
    import csv  # slow to import

    name = str(fspath(path))
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return _Reader(name, _rows(file, name), target, features).read(regression)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{name} is not a CSV text in UTF-8 ({error}). Save it as CSV, UTF-8, first.") from None


def _rows(file: TextIO, name: str) -> Iterator[tuple[int, list[str]]]:
    """Read the rows that are not empty, each with its line number, and never more than one at a time."""
    from csv import reader as read

    length = 0

    def lines() -> Iterator[str]:
        nonlocal length
        while line := file.readline(LONGEST + 1):
            length += len(line)
            if length > LONGEST:
                raise ValueError(
                    f"{name} has a row of more than {LONGEST:,} characters. "
                    "Write one line for each example, and close every quotation mark."
                )
            yield line

    first = file.readline(LONGEST + 1)
    file.seek(0)
    reader = read(lines(), delimiter=max(",;\t", key=first.count))
    for cells in reader:
        length = 0
        if any(cells):
            yield reader.line_num, cells


class _Reader:
    def __init__(
        self,
        name: str,
        rows: Iterator[tuple[int, list[str]]],
        target: str | int | None,
        features: Sequence[str] | None,
    ) -> None:
        self.name, self.rows = name, rows
        first = next(rows, None)
        if first is None:
            raise ValueError(f"{name} is empty. Give it one line for each example, numbers first and the class last.")
        self.width, names = len(first[1]), [cell.strip() for cell in first[1]]
        self.target = self._position(target, names)
        inputs = [i for i in range(self.width) if i != self.target]
        if not inputs:
            raise ValueError(
                f"{name} has one column, and a target needs inputs beside it. "
                "Put commas between the cells, or write target=None to read inputs alone."
            )
        by_name = isinstance(target, str) or bool(features)
        self.header = by_name or not all(_is_number(names[i]) for i in inputs)
        self.columns = names if self.header else [f"x{i}" for i in range(self.width)]
        self.first = None if self.header else first
        if missing := [feature for feature in features or () if feature not in names]:
            raise ValueError(f"{name} has no column {missing[0]!r}. Its columns are: {', '.join(self.columns):.500}.")
        self.chosen = [names.index(feature) for feature in features or ()] or inputs

    def _position(self, target: str | int | None, names: list[str]) -> int | None:
        """Return the index of the target's column."""
        if target is None:
            return None
        if isinstance(target, str):
            if target in names:
                return names.index(target)
        elif -len(names) <= target < len(names):
            return target % len(names)
        raise ValueError(f"{self.name} has no column {target!r}. Its first line is: {', '.join(names):.500}.")

    def read(self, regression: bool | None) -> Dataset:
        X, cells, lines = [], [], []
        known: dict[str, float] = {}  # one float for all cells that are spelled alike
        for number, row in self._all():
            if len(row) != self.width:
                raise ValueError(
                    f"{self.name}, line {number} has {len(row)} cells, and the first line has {self.width}. "
                    "Make them agree."
                )
            X.append([known[c] if (c := row[i]) in known else self._number(c, number, i, known) for i in self.chosen])
            if self.target is not None:
                lines.append(number)
                cells.append(row[self.target].strip())
                if not cells[-1]:
                    raise ValueError(f"{self._place(number, self.target)} is empty. Fill it in, or drop the line.")
        if not X:
            raise ValueError(
                f"{self.name} has a header and no rows. Add one line of {self.width} cells for each example."
            )
        y, classes = self._targets(cells, lines, regression)
        name = os.path.splitext(os.path.basename(self.name))[0]
        return Dataset(name, X, y, [self.columns[i] for i in self.chosen], classes)

    def _all(self) -> Iterator[tuple[int, list[str]]]:
        if self.first:
            yield self.first
        yield from self.rows

    def _place(self, line: int, column: int) -> str:
        return f"{self.name}, line {line}, column {self.columns[column][:80]!r}"

    def _number(self, cell: str, line: int, column: int, known: dict[str, float] | None = None) -> float:
        if not cell.strip() or not _is_number(cell):
            shown = cell if len(cell) <= 60 else f"{cell[:60]}..."
            what, write = f"{shown!r}, which is not a number", "Write a number, or drop the line"
            if not cell.strip():
                what, write = "empty", "Fill it in, or drop the line"
            elif _is_number(cell.replace(",", ".")):
                write = f"Write {cell.strip().replace(',', '.')}, with a point"
            elif column != self.target:
                write += " or the column"
            raise ValueError(f"{self._place(line, column)} is {what}. {write}.")
        number = finite(float(cell), self._place(line, column))
        if known is not None and len(known) < 10_000:
            known[cell] = number
        return number

    def _targets(self, cells: list[str], lines: list[int], regression: bool | None) -> tuple[list[Any], list[str]]:
        """Return the targets as numbers, or as indices into the sorted names of the classes, and these."""
        if self.target is None:
            return [], []
        numeric = all(map(_is_number, cells))
        classes = sorted(set(cells), key=float if numeric else None)
        if regression is None:
            regression = numeric and (len(classes) > 20 or any(float(cell) % 1 for cell in classes))
        if regression:
            return [self._number(cell, line, self.target) for cell, line in zip(cells, lines)], []
        index = {cell: k for k, cell in enumerate(classes)}
        return [index[cell] for cell in cells], classes


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
