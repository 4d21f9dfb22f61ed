"""Examples to learn from: shapes, well-known tables, CSV files; and what one does to them before training."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from math import cos, fsum, isfinite, pi, sin, sqrt
from os import PathLike, fspath
from random import Random
from typing import Any

from .ops import real

Point = tuple[float, float]


@dataclass(frozen=True)
class Dataset:
    """Inputs `X`, one row an example, and what is wanted of each, `y`: a class counted from 0, or a number.

    >>> X, y = moons(100)
    """

    name: str
    X: list[list[float]]
    y: list[Any]
    features: list[str]  # what each column of X is called
    classes: list[str] = field(default_factory=list)  # what each class is called; empty where y holds numbers

    def __iter__(self) -> Iterator[list[Any]]:
        return iter((self.X, self.y))


# Shapes. Coordinates are rounded, so that every machine makes the same numbers, whatever its sin and cos.


def _shape(
    name: str, n: int, noise: float, seed: int, labels: Sequence[int], point: Callable[[int, float], Point]
) -> Dataset:
    """Sample `n` points, shuffled: `point(k, t)` is the place of class k at t, which runs from 0 to 1."""
    if count("n", n, 100) < len(labels):
        raise ValueError(
            f"{name} has {len(labels)} classes, so n = {n} points are too few. Write n={50 * len(labels)}."
        )
    if not (isfinite(noise) and noise >= 0):
        raise ValueError(f"noise = {noise} is not a standard deviation, which is 0 or more. Write noise=0.1.")
    rng, rows = Random(seed), []
    for k, label in enumerate(labels):
        size = (n + k) // len(labels)
        for i in range(size):
            x, y = point(k, i / max(size - 1, 1))
            rows.append(([round(x + rng.gauss(0, noise), 6), round(y + rng.gauss(0, noise), 6)], label))
    rng.shuffle(rows)
    X, targets = [row for row, _ in rows], [label for _, label in rows]
    return Dataset(name, X, targets, ["x", "y"], [str(label) for label in labels])


def moons(n: int = 100, noise: float = 0.1, seed: int = 1, labels: Sequence[int] = (0, 1)) -> Dataset:
    """Two half circles, each reaching into the other; `labels=(-1, 1)` is what the hinge loss wants.

    >>> X, y = moons(4, noise=0, labels=(-1, 1))
    >>> sorted(zip(y, X))
    [(-1, [-1.0, 0.0]), (-1, [1.0, 0.0]), (1, [0.0, 0.5]), (1, [2.0, 0.5])]
    """

    def point(k: int, t: float) -> Point:
        return (1 - cos(pi * t), 0.5 - sin(pi * t)) if k else (cos(pi * t), sin(pi * t))

    return _shape("moons", n, noise, seed, labels, point)


def circles(n: int = 100, noise: float = 0.05, seed: int = 1, labels: Sequence[int] = (0, 1)) -> Dataset:
    """One ring around another, of half its radius."""

    def point(k: int, t: float) -> Point:
        return cos(2 * pi * t) / (k + 1), sin(2 * pi * t) / (k + 1)

    return _shape("circles", n, noise, seed, labels, point)


def spirals(
    n: int = 100, noise: float = 0.02, seed: int = 1, labels: Sequence[int] = (0, 1), turns: float = 1.0
) -> Dataset:
    """As many spiral arms as there are labels, wound around each other for so many turns."""

    def point(k: int, t: float) -> Point:
        angle = 2 * pi * (turns * t + k / len(labels))
        return (0.1 + t) * cos(angle), (0.1 + t) * sin(angle)

    return _shape("spirals", n, noise, seed, labels, point)


def xor(n: int = 100, noise: float = 0.1, seed: int = 1, labels: Sequence[int] = (0, 1)) -> Dataset:
    """Four clouds at the corners of a square; diagonal ones share their class: no line parts them."""

    def point(k: int, t: float) -> Point:
        return (1.0, 0.0 if k else 1.0) if t > 0.5 else (0.0, 1.0 if k else 0.0)

    return _shape("xor", n, noise, seed, labels, point)


GLYPHS = {
    "L": "#.... #.... #.... #.... #####",
    "O": ".###. #...# #...# #...# .###.",
    "T": "##### ..#.. ..#.. ..#.. ..#..",
    "X": "#...# .#.#. ..#.. .#.#. #...#",
}


def glyphs(n: int = 100, noise: float = 0.05, seed: int = 1) -> Dataset:
    """Letters of 5 x 5 pixels, 0 or 1, row by row; each pixel is turned over with probability `noise`."""
    if not 0 <= noise <= 1:
        raise ValueError(f"noise = {noise} is not a probability. Write noise=0.05.")
    rng, letters = Random(seed), list(GLYPHS)
    y = [i % len(letters) for i in range(count("n", n, 100))]
    rng.shuffle(y)
    pictures = [GLYPHS[letters[k]].replace(" ", "") for k in y]
    X = [[float((pixel == "#") != (rng.random() < noise)) for pixel in picture] for picture in pictures]
    return Dataset("glyphs", X, y, [f"pixel {i // 5},{i % 5}" for i in range(25)], letters)


# Well-known tables.


def iris() -> Dataset:
    """150 flowers of 3 species, 4 lengths in cm (Fisher, Annals of Eugenics 7, 1936), as in scikit-learn."""
    from importlib import resources  # a package may lie in a zip file; slow to import

    with resources.as_file(resources.files(__package__) / "iris.csv") as path:
        return read_csv(path)


def _from_sklearn(name: str) -> Dataset:
    try:
        found = getattr(import_module("sklearn.datasets"), f"load_{name}")()
    except ImportError:
        raise ImportError(
            f"The data set {name} comes with scikit-learn, which is not installed. "
            "Type: pip install 'micrograd-like[data]'"
        ) from None
    features, classes = [[str(x) for x in names] for names in (found.feature_names, found.target_names)]
    return Dataset(name, found.data.tolist(), found.target.tolist(), features, classes)


def digits() -> Dataset:
    """1797 handwritten digits, 8 x 8 pixels of 0 to 16 row by row; needs scikit-learn."""
    return _from_sklearn("digits")


def wine() -> Dataset:
    """178 wines of three growers, 13 chemical measurements; needs scikit-learn."""
    return _from_sklearn("wine")


def breast_cancer() -> Dataset:
    """569 tumours, malignant or benign, 30 measurements; needs scikit-learn."""
    return _from_sklearn("breast_cancer")


DATASETS: dict[str, Callable[..., Dataset]] = {
    make.__name__: make for make in (moons, circles, spirals, xor, glyphs, iris, digits, wine, breast_cancer)
}


# CSV files.


def read_csv(
    path: str | PathLike[str],
    target: str | int | None = -1,
    features: Sequence[str] | None = None,
    regression: bool = False,
) -> Dataset:
    """Read rows of numbers; the column `target`, a name or an index or None, holds what to learn.

    The first line is a header unless it is all numbers, the target aside. Targets are classes, sorted, unless they
    are numbers, not all whole or of more than 20 kinds, or `regression` says so. `features` picks columns by name.
    """
    lines, name = _lines(path), fspath(path)
    width = len(lines[0][1])
    position = _position(target, lines[0][1], name)
    header = any(not _is_number(cell) for i, cell in enumerate(lines[0][1]) if i != position)
    columns = [cell.strip() for cell in lines[0][1]] if header else [f"x{i}" for i in range(width)]
    lines = lines[header:]
    if not lines:
        raise ValueError(f"{name} has a header and no rows. Add one line of {width} cells for each example.")
    if missing := [feature for feature in features or () if feature not in columns]:
        raise ValueError(f"{name} has no column {missing[0]!r}. Its columns are: {', '.join(columns)}.")
    chosen = [columns.index(feature) for feature in features or ()]
    chosen = chosen or [i for i in range(width) if i != position]
    X, targets = [], []
    for number, cells in lines:
        if len(cells) != width:
            raise ValueError(
                f"{name}, line {number} has {len(cells)} cells, and the first line has {width}. "
                "Make them agree."
            )
        X.append([_number(cells[i], f"{name}, line {number}, column {columns[i]!r}") for i in chosen])
        if position is not None:
            targets.append(cells[position].strip())
            if not targets[-1]:
                raise ValueError(
                    f"{name}, line {number}, column {columns[position]!r} is empty. "
                    "Fill it in, or drop the line."
                )
    places = [f"{name}, line {number}, column {columns[position or 0]!r}" for number, _ in lines]
    y, classes = _targets(targets, places, regression)
    return Dataset(name, X, y, [columns[i] for i in chosen], classes)


def _lines(path: str | PathLike[str]) -> list[tuple[int, list[str]]]:
    """Return the lines that are not empty, each with its number."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=max(",;\t", key=first.count))
            lines = [(reader.line_num, cells) for cells in reader if any(cells)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            f"{fspath(path)} is not a CSV text in UTF-8 ({error}). Save it as CSV, UTF-8, first."
        ) from None
    if not lines:
        raise ValueError(
            f"{fspath(path)} is empty. Give it one line for each example, numbers first and the class last."
        )
    return lines


def _position(target: str | int | None, cells: list[str], name: str) -> int | None:
    """Return the index of the target's column."""
    if target is None:
        return None
    if isinstance(target, str):
        names = [cell.strip() for cell in cells]
        if target in names:
            return names.index(target)
    elif -len(cells) <= target < len(cells):
        return target % len(cells)
    raise ValueError(f"{name} has no column {target!r}. Its first line is: {', '.join(cells)}.")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell: str, where: str) -> float:
    if not cell.strip() or not _is_number(cell):
        raise ValueError(f"{where} is {cell!r}, which is not a number. Write a number, or drop the line.")
    return _finite(float(cell), where)


def _finite(number: float, where: str) -> float:
    if not isfinite(number):
        raise ValueError(f"{where} is {number}, and only finite numbers can be learnt. Drop the row.")
    return number


def _targets(cells: list[str], places: list[str], regression: bool) -> tuple[list[Any], list[str]]:
    """Return the targets as numbers, or as indices into the sorted names of the classes, and these."""
    numeric = all(map(_is_number, cells))
    classes = sorted(set(cells), key=float if numeric else None)
    if regression or (numeric and (len(classes) > 20 or any(float(cell) % 1 for cell in classes))):
        return [_number(cell, place) for cell, place in zip(cells, places)], []
    return [classes.index(cell) for cell in cells], classes


# Before training.


def targets(y: Any) -> list[Any]:
    """Return `y` as whole numbers, floats or rows of floats, or raise an error that names the place."""
    y = list(y)
    if y and all(hasattr(target, "__iter__") and not isinstance(target, str) for target in y):
        return table(y, "y")
    return [int(t) if hasattr(t, "__index__") else _cell(t, f"y[{i}]") for i, t in enumerate(y)]


def table(X: Any, name: str = "X") -> list[list[float]]:
    """Return `X` as rows of floats of one width, or raise an error that names the row and the column.

    >>> table([[1, 2], [3, float("nan")]])
    Traceback (most recent call last):
        ...
    ValueError: X[1][1] (row 1, column 1) is nan, and only finite numbers can be learnt. Drop the row.
    """
    rows = []
    for i, row in enumerate(X):
        if not hasattr(row, "__iter__") or isinstance(row, str):
            raise TypeError(
                f"{name}[{i}] is {row!r}, and a row of numbers was expected. "
                f"Write {name} as [[0.5, 1.0], ...]."
            )
        rows.append([_cell(x, f"{name}[{i}][{j}] (row {i}, column {j})") for j, x in enumerate(row)])
        if len(rows[-1]) != len(rows[0]):
            raise ValueError(
                f"{name}[{i}] (row {i}) has {len(rows[-1])} numbers, and row 0 has {len(rows[0])}. "
                "Make all rows equally long."
            )
    if not rows:
        raise ValueError(f"{name} is empty, and there is nothing to learn from no example. Give at least one row.")
    return rows


def _cell(x: object, where: str) -> float:
    if type(x) is float and x - x == 0.0:
        return x
    try:
        return _finite(real(x), where)
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from None


def train_val_split(
    X: Sequence[Any], y: Sequence[Any], validation: float = 0.2, seed: int = 1
) -> tuple[Any, Any]:
    """Shuffle, and put the share `validation` aside: returns (X, y) to train on and (X, y) to validate with.

    >>> train, held_out = train_val_split(*iris())
    >>> len(train[0]), len(held_out[0])
    (120, 30)
    """
    if len(X) != len(y):
        raise ValueError(f"There are {len(X)} rows in X and {len(y)} targets in y. Give one target for each row.")
    size = round(len(X) * validation) if 0 < validation < 1 else 0
    if not 0 < size < len(X):
        raise ValueError(
            f"validation = {validation} of {len(X)} examples leaves none on one side. "
            "Write validation=0.2, with 5 examples or more."
        )
    order = list(range(len(X)))
    Random(seed).shuffle(order)
    held_out, train = [([X[i] for i in part], [y[i] for i in part]) for part in (order[:size], order[size:])]
    return train, held_out


@dataclass(frozen=True)
class Standardise:
    """Shift and scale columns to mean 0 and standard deviation 1, as measured on the rows it was fitted to.

    >>> standardise = Standardise.fit([[1, 5], [3, 5]])
    >>> standardise([[1, 5], [3, 5], [5, 6]])
    [[-1.0, 0.0], [1.0, 0.0], [3.0, 1.0]]
    """

    means: list[float]
    scales: list[float]

    def __post_init__(self) -> None:
        if len(self.means) != len(self.scales) or not all(scale > 0 for scale in self.scales):
            raise ValueError("One positive scale is needed for each mean. Write Standardise.fit(X).")

    @classmethod
    def fit(cls, X: Any) -> Standardise:
        """Measure the columns; one that never changes is only shifted."""
        columns = list(zip(*table(X)))
        means = [fsum(column) / len(column) for column in columns]
        deviations = [sqrt(fsum([(x - m) ** 2 for x in xs]) / len(xs)) for xs, m in zip(columns, means)]
        return cls(means, [s if min(xs) < max(xs) else 1.0 for s, xs in zip(deviations, columns)])

    def __call__(self, X: Any) -> list[list[float]]:
        """Return the rows, shifted and scaled."""
        rows = table(X)
        if len(rows[0]) != len(self.means):
            raise ValueError(
                f"The rows have {len(rows[0])} columns, and {len(self.means)} were measured. "
                "Give the columns it was fitted to."
            )
        return [[(x - mean) / scale for x, mean, scale in zip(row, self.means, self.scales)] for row in rows]


def one_hot(k: int, n: int) -> list[float]:
    """Return class `k` of `n` as a distribution: 1 at its place, 0 elsewhere.

    >>> one_hot(2, 4)
    [0.0, 0.0, 1.0, 0.0]
    """
    return [float(i == class_index(k, n)) for i in range(n)]


def class_index(k: Any, n: int) -> int:
    """Return the label `k` as a list index, or raise an error if it is not one of n classes."""
    if not (isinstance(k, int) or (isinstance(k, float) and k.is_integer()) or hasattr(k, "__index__")):
        raise TypeError(f"The label {k!r} is not a class. Classes are counted from 0: write a whole number below {n}.")
    if not 0 <= k < n:
        raise ValueError(
            f"The label {k} is outside the {n} classes, which are counted from 0 to {n - 1}. "
            "Correct it, or add outputs."
        )
    return int(k)


def batches(
    X: Sequence[Any], y: Sequence[Any], batch_size: int | None = None, rng: Random | None = None
) -> Iterator[tuple[list[Any], list[Any]]]:
    """Deal the examples into batches; the last may be smaller. None is all at once, 1 is one by one.

    With an `rng` the examples are shuffled first. One call deals one epoch.
    """
    size = len(X) or 1 if batch_size is None else count("batch_size", batch_size, 16)
    order = list(range(len(X)))
    if rng and batch_size:
        rng.shuffle(order)
    chosen = [order[start : start + size] for start in range(0, len(order), size)]
    return (([X[i] for i in batch], [y[i] for i in batch]) for batch in chosen)


def count(name: str, number: Any, example: int) -> int:
    """Return the number if it is whole and at least 1, or raise an error that says what to write."""
    if not isinstance(number, int) or number < 1:
        raise ValueError(f"{name} = {number!r} is not a whole number from 1 up. Write {name}={example}.")
    return number
