"""What is done by modules above those that ask for it, by name: they show an object, or train it by a program.

`views` and the package itself put in here what stands above its users, so that no import climbs.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

SHOWS: dict[str, Callable[..., Any]] = {}


def shown_by(name: str, module: str, function: str) -> None:
    """Let a function of a module do what is asked for by this name; the module is imported when it is needed."""

    def show(*arguments: Any, **options: Any) -> Any:
        return getattr(import_module(module), function)(*arguments, **options)

    SHOWS[name] = show
