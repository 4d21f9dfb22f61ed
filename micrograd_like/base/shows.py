"""What shows an object, by name: `views`, which stands above all that it shows, puts it in here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

SHOWS: dict[str, Callable[..., Any]] = {}


def shown_by(name: str, module: str, function: str) -> None:
    """Let a function of a module show what asks for this name; the module is imported when it is needed."""

    def show(*arguments: Any, **options: Any) -> Any:
        return getattr(import_module(module), function)(*arguments, **options)

    SHOWS[name] = show
