"""The engine in C, put in the place of `engine`'s before any other module sees it; docs/native.md says how and why.

MICROGRAD_LIKE_PURE=1 leaves `engine` as it reads, and so does an installation that found no compiler.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

from .. import engine, ops

F = TypeVar("F", bound=Callable[..., Any])
AS_THEY_ARE = ("__doc__", "__bool__", "__float__", "__format__", "__repr__", "constant", "_prev", "_op")


def _load() -> Any:
    if os.environ.get("MICROGRAD_LIKE_PURE", "0") not in ("", "0"):
        return None
    try:
        return import_module("._engine", __name__)
    except ImportError:
        return None


def _install(c: Any) -> None:
    """Put the types and functions of the module in C into `engine`, whose own it calls for what is not ordinary."""
    Value, Constant = c.setup(engine, ops.OPS)
    for name in AS_THEY_ARE:
        setattr(Value, name, vars(engine.Value)[name])
    Constant.constant, Constant.__doc__ = True, engine.Constant.__doc__
    vars(engine).update(Value=Value, Constant=Constant, new=c.new, tick=c.tick, topological_order=c.topological_order)


def twin(function: F) -> F:
    """Return the function of this name in C; where there is none, the function itself."""
    return getattr(c, f"twin_of_{function.__name__}")(function) if c else function


def updated(optimizer: Any, parameters: list[Any], rate: float) -> bool:
    """Do and count an SGD's or Adam's step in C and return True, or False where a number is not finite or the like."""
    kind = type(optimizer)
    if c is None or kind.__module__ != "micrograd_like.optim" or kind.__name__ not in ("SGD", "Adam"):
        return False
    return bool(c.update(optimizer, kind.__name__, parameters, rate))


def passes() -> int:
    """Return how many backward passes there were so far, of either engine and of compiled programs."""
    return engine.passes[0] + (c.passes() if c else 0)


c = _load()
NAME = "C" if c else "Python"
if c:
    _install(c)
