"""What a learner gave, checked: numbers, counts, names and tables, each with an error that says what to write."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from math import isfinite
from typing import Any, TypeGuard

from ..ops import Number, real


class MicrogradLikeWarning(UserWarning):
    """Something that Python allows and that is certainly not what was meant; shown once for each line of a program."""


def warn(message: str) -> None:
    """Give the warning at the line of the learner's program that led here."""
    frame, depth = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").split(".")[0] == __name__.split(".")[0]:
        frame, depth = frame.f_back, depth + 1
    warnings.warn(message, MicrogradLikeWarning, stacklevel=depth)


def plain(numbers: Any) -> Any:
    """Return arrays and their rows as lists, and everything else as it is."""
    return numbers.tolist() if hasattr(numbers, "tolist") else numbers


def is_function(x: object) -> TypeGuard[Callable[..., Any]]:
    """Tell whether it can be called; a Value only says that it cannot."""
    return callable(x) and not isinstance(x, Number)


def listing(xs: Any, write: str) -> Any:
    """Return a list or the like as it is, or raise a TypeError with what to write."""
    if not hasattr(xs, "__len__") or isinstance(xs, str | bytes):
        raise TypeError(f"A list was expected, and {xs!r:.60} is of type {type(xs).__name__}. Write {write}.")
    return xs


def named(choices: dict[str, Any], name: Any, what: str) -> Any:
    """Return the choice of that name, or an error that lists all names; a function is its own choice."""
    if is_function(name):
        return name
    if isinstance(name, str) and name in choices:
        return choices[name]
    from difflib import get_close_matches

    spelled = {choice.lower(): choice for choice in choices}
    near = [spelled[match] for match in get_close_matches(str(name).lower(), spelled, 1)]
    meant = f"Did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"There is no {what} {name!r}. {meant}Write one of: {', '.join(map(repr, choices))}.")


def count(name: str, number: Any, example: int) -> int:
    """Return the number if it is whole and at least 1, or raise an error that says what to write."""
    if not isinstance(number, int) or number < 1:
        raise ValueError(f"{name} = {number!r} is not a whole number from 1 up. Write {name}={example}.")
    return number


def not_negative(name: str, number: object, example: float) -> float:
    """Return the number as a float if it is finite and not below 0."""
    try:
        checked = real(number)
    except TypeError:
        raise TypeError(
            f"{name} = {number!r} is of type {type(number).__name__}, not a number. Write {name}={example}."
        ) from None
    if not (isfinite(checked) and checked >= 0):
        raise ValueError(f"{name} = {number!r} is not a finite number from 0 up. Write {name}={example}.")
    return checked


def finite(number: float, where: str) -> float:
    """Return the number, or raise an error that names the place where it is not finite."""
    if not isfinite(number):
        raise ValueError(f"{where} is {number}, and only finite numbers can be learnt. Drop the row.")
    return number


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


def table(X: Any, name: str = "X") -> list[list[float]]:
    """Return `X` as rows of floats of one width, or raise an error that names the row and the column.

    >>> table([[1, 2], [3, float("nan")]])
    Traceback (most recent call last):
        ...
    ValueError: X[1][1] (row 1, column 1) is nan, and only finite numbers can be learnt. Drop the row.
    """
    if not _holds_others(X):
        raise TypeError(f"{name} is {X!r:.60}, and rows of numbers were expected. Write {name} as [[0.5, 1.0], ...].")
    rows: list[list[float]] = []
    for i, row in enumerate(plain(X)):
        row = plain(row)
        if not _holds_others(row):
            raise TypeError(
                f"{name}[{i}] is {row!r}, and a row of numbers was expected. Write {name} as [[0.5, 1.0], ...]."
            )
        rows.append([_cell(x, f"{name}[{i}][{j}] (row {i}, column {j})") for j, x in enumerate(row)])
        if len(rows[-1]) != len(rows[0]):
            raise ValueError(
                f"{name}[{i}] (row {i}) has {len(rows[-1])} numbers, and row 0 has {len(rows[0])}. "
                "Make all rows equally long."
            )
    if not rows:
        raise ValueError(f"{name} is empty, so there is nothing to learn from. Give at least one row.")
    return rows


def targets(y: Any) -> list[Any]:
    """Return `y` as whole numbers, floats or rows of floats, or raise an error that names the place."""
    if not _holds_others(y):
        raise TypeError(f"y is {y!r:.60}, and one target for each row of X was expected. Write y as [1, 0, ...].")
    y = list(plain(y))
    if y and all(map(_holds_others, y)):
        return table(y, "y")
    return [int(t) if hasattr(t, "__index__") else _target(t, f"y[{i}]") for i, t in enumerate(y)]


def _holds_others(x: object) -> bool:
    return hasattr(x, "__iter__") and not isinstance(x, str | bytes | Number)


def _target(target: object, where: str) -> float:
    if isinstance(target, str) and not _is_number(target):
        raise TypeError(
            f"{where} is the name {target!r}, and a network learns numbers. Number the classes from 0: "
            "write names = sorted(set(y)) and y = [names.index(k) for k in y]."
        )
    return _cell(target, where)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _cell(x: object, where: str) -> float:
    if type(x) is float and x - x == 0.0:
        return x
    if isinstance(x, str) and not _is_number(x):
        raise TypeError(f"{where} is the text {x!r}, and a number was expected. Write a number, or drop the column.")
    try:
        return finite(real(x), where)
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from None


# What a file may hold.


def listed(items: Any) -> list[Any]:
    """Return a list as it is."""
    if type(items) is not list:
        raise ValueError(f"{items!r:.60} stands where a list belongs")
    return items


def numbers(items: Any) -> list[float]:
    """Return a list of finite decimal numbers as it is."""
    return [number(item) for item in listed(items)]


def number(item: Any) -> float:
    """Return a finite decimal number as it is."""
    if type(item) is not float or not isfinite(item):
        raise ValueError(f"{item!r:.60} stands where a decimal number belongs")
    return item


def whole(item: Any, below: int = 2**53) -> int:
    """Return a whole number as it is."""
    if type(item) is not int or not 0 <= item < below:
        raise ValueError(f"{item!r:.60} stands where a whole number belongs")
    return item
