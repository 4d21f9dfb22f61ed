"""Packages that are there only where somebody installed them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any


class NotInstalledError(ImportError):
    """A package that this needs is not there."""


@cache
def package(name: str, what: str, extra: str) -> Any:
    """Return the package, or raise one sentence that says what to type."""
    try:
        return import_module(name)
    except ImportError:
        raise NotInstalledError(
            f"{what} needs {name.partition('.')[0]}, which is not installed. "
            f'Write pip install "micrograd-like[{extra}]".',
            name=name,
        ) from None


def numpy() -> Any:
    return package("numpy", "compile", "arrays")


@cache
def loops() -> Any:
    """Return the module in C, or None where it was not built."""
    try:
        return import_module("micrograd_like.compiler._loops")
    except ImportError:
        return None


def all_finite(array: Any) -> bool:
    """Tell whether no number of a flat array is inf or nan."""
    c = loops()
    return bool(c.finite(array) if c and array.flags.forc else numpy().isfinite(array).all())


def ordinary(numbers: Any) -> bool:
    """Tell whether all numbers are finite and so small that floats hold every whole one."""
    if not hasattr(numbers, "dtype"):
        return all(abs(x) <= 2.0**53 for x in numbers)
    c = loops()
    return bool(c.finite(numbers, 53) if c and numbers.flags.forc else (abs(numbers) < 2.0**53).all())
