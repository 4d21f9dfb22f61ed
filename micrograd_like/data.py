"""Examples to learn from: shapes, well-known tables, CSV files; and what one does to them before training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from math import cos, fsum, isfinite, pi, sin, sqrt
from random import Random
from typing import Any

from .base.checks import (
    class_index as class_index,
    count as count,
    listing as listing,
    table as table,
    targets as targets,
)
from .ops.protocols import Stepwise
from .recipe.tables import Dataset, read_csv

__all__ = [
    "DATASETS", "Dataset", "GLYPHS", "Standardize", "batches", "breast_cancer", "circles", "digits", "glyphs", "iris",
    "moons", "one_hot", "read_csv", "spirals", "train_val_split", "wine", "xor",
]  # fmt: skip

Point = tuple[float, float]


# Shapes. Coordinates are rounded, so that every machine makes the same numbers, whatever its sin and cos.


def _shape(
    name: str,
    n: int,
    noise: float,
    seed: int,
    labels: Sequence[int],
    point: Callable[[int, float], Point],
    closed: bool = False,
) -> Dataset:
    """Sample `n` points, shuffled: `point(k, t)` is the place of class k at t, which runs from 0 to 1.

    On a closed curve t = 1 is where t = 0 was, and is left out.
    """
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
            x, y = point(k, i / max(size - (not closed), 1))
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

    return _shape("circles", n, noise, seed, labels, point, closed=True)


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
        return replace(read_csv(path), name="iris")


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


# Before training.


def train_val_split(X: Sequence[Any], y: Sequence[Any], validation: float = 0.2, seed: int = 1) -> tuple[Any, Any]:
    """Shuffle, and put the share `validation` aside: returns (X, y) to train on and (X, y) to validate with.

    >>> train, held_out = train_val_split(*iris())
    >>> len(train[0]), len(held_out[0])
    (120, 30)
    """
    _check_pairs(X, y, "train_val_split(X, y)")
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


def _check_pairs(X: Any, y: Any, write: str) -> None:
    if len(listing(X, write)) != len(listing(y, write)):
        raise ValueError(f"There are {len(X)} rows in X and {len(y)} targets in y. Give one target for each row.")


@dataclass(frozen=True, repr=False)
class Standardize:
    """Shift and scale columns to mean 0 and standard deviation 1, as measured on the rows it was fitted to.

    >>> standardize = Standardize.fit([[1, 5], [3, 5]])
    >>> standardize([[1, 5], [3, 5], [5, 6]])
    [[-1.0, 0.0], [1.0, 0.0], [3.0, 1.0]]
    """

    means: list[float]
    scales: list[float]

    def __post_init__(self) -> None:
        if len(self.means) != len(self.scales) or not all(scale > 0 for scale in self.scales):
            raise ValueError("One positive scale is needed for each mean. Write Standardize.fit(X).")

    @classmethod
    def fit(cls, X: Any) -> Standardize:
        """Measure the columns; one that never changes is only shifted."""
        columns = list(zip(*table(X)))
        means = [fsum(column) / len(column) for column in columns]
        deviations = [sqrt(fsum([(x - m) ** 2 for x in xs]) / len(xs)) for xs, m in zip(columns, means)]
        return cls(means, [s if min(xs) < max(xs) else 1.0 for s, xs in zip(deviations, columns)])

    def __repr__(self) -> str:
        shown = [f"{m:.4g} ± {s:.4g}" for m, s in list(zip(self.means, self.scales))[:4]]
        more = ", ..." * (len(self.means) > 4)
        return f"<Standardize {len(self.means)} columns: mean ± deviation {', '.join(shown)}{more}>"

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


def batches(
    X: Sequence[Any], y: Sequence[Any], batch_size: int | None = None, rng: Random | None = None
) -> Iterator[tuple[list[Any], list[Any]]]:
    """Deal the examples into batches; the last may be smaller. None is all at once, 1 is one by one.

    With an `rng` the examples are shuffled first. One call deals one epoch.
    """
    _check_pairs(X, y, "batches(X, y, 16)")
    size = len(X) or 1 if batch_size is None else count("batch_size", batch_size, 16)
    order = list(range(len(X)))
    if rng and batch_size:
        rng.shuffle(order)
    chosen = [order[start : start + size] for start in range(0, len(order), size)]
    dealt = (([X[i] for i in batch], [y[i] for i in batch]) for batch in chosen)
    return Stepwise(dealt, f"{len(chosen)} batches: for inputs, targets in batches(X, y, {batch_size})")
