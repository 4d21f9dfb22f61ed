"""How much a test tries: a part of it in the plain run, and all with `pytest --long`, a step of its own in CI.

A test whose size depends on it is marked with `long`, so that `pytest --long -m long` runs these and no others.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest

LONG = False  # conftest sets it before any test is read
long = pytest.mark.long
T = TypeVar("T")


def many(plain: int, long: int) -> int:
    """Return how many to try: `long` of them with --long, else `plain`."""
    return long if LONG else plain


def only_long(why: str) -> Callable[[T], T]:
    """Leave a test out of the plain run."""
    return lambda test: long(pytest.mark.skipif(not LONG, reason=f"{why}: pytest --long")(test))


def some(items: Iterable[T], plain: int) -> list[T]:
    """Return all items with --long, else so many of them, from all over."""
    found = list(items)
    return found if LONG or plain >= len(found) else [found[i * len(found) // plain] for i in range(plain)]
