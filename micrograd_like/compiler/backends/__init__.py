"""What can run a plan's instructions."""

from __future__ import annotations

from typing import Any

from ..extra import loops
from .native import Native
from .whole import Whole

BACKENDS: dict[str, Any] = {"numpy": Whole}
if loops():
    BACKENDS["native"] = Native


def best() -> str:
    """Return the fastest backend that is there."""
    return "native" if "native" in BACKENDS else "numpy"
