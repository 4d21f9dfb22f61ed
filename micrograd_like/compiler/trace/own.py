"""The compiler's own operations, which are in no table: the number of a Value, and Python's max and min."""

from __future__ import annotations

from typing import Any

from ...ops import OPS, Op


def _detach() -> Op:
    """Return the operation that gives the number of a Value and no gradient; it is not one of the table."""
    op = Op("detach", lambda a: a, lambda out, a: (0.0,), latex="{a}", sample=[(-9.0, 9.0)], listed=False,
            why="The number of a Value, taken out of its graph.")  # fmt: skip
    op.definition = op.value
    return op


DETACH = _detach()


def _first(name: str, op: str, sign: float) -> Op:
    """Return the maximum or minimum as Python has it: of equal ones the first, which gets the whole gradient."""

    def both(a: Any, b: Any) -> Any:
        return OPS[op](a, b)

    def rule(out: Any, a: Any, b: Any) -> tuple[Any, ...]:
        second = OPS["step"]((b - a) * sign)
        return 1.0 - second, second

    made = Op(name, both, rule, sample=[(-9.0, 9.0), (-9.0, 9.0)], gate=True, listed=False,
              why="Python's own: the second only where it goes beyond the first.")  # fmt: skip
    made.definition = both
    return made


FIRST = {"max": _first("larger", "maximum", 1.0), "min": _first("smaller", "minimum", -1.0)}
