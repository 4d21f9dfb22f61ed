"""How much a test tries: a part of it in the plain run, and all with `pytest --long`, a step of its own in CI.

A test whose size depends on it is marked with `long`, so that `pytest --long -m long` runs these and no others.
"""

import pytest

LONG = False  # conftest sets it before any test is read
long = pytest.mark.long


def many(plain: int, long: int) -> int:
    """Return how many to try: `long` of them with --long, else `plain`."""
    return long if LONG else plain


def only_long(why: str) -> pytest.MarkDecorator:
    """Leave a test out of the plain run."""
    return pytest.mark.skipif(not LONG, reason=f"{why}: pytest --long")
