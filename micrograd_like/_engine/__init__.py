"""The engine in C, put instead of `engine`'s before any other module sees it; docs/native.md says how and why.

MICROGRAD_LIKE_PURE=1 leaves `engine` as it reads, and so does an installation that found no compiler.
`which()` says which of the two runs, and why.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any, TypeVar

from .. import engine, ops

F = TypeVar("F", bound=Callable[..., Any])
AS_THEY_ARE = ("__doc__", "constant", "_backward")
IN_C = "engine in C"


def _load() -> tuple[Any, str]:
    """Return the module in C with its types put in place, or None and the reason."""
    if os.environ.get("MICROGRAD_LIKE_PURE", "0") not in ("", "0"):
        return None, "MICROGRAD_LIKE_PURE is set"
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return None, "this Python runs without the GIL, which the one in C needs"
    if not _in_main_interpreter():
        return None, "this is a subinterpreter, and the one in C serves the main one"
    try:
        c = import_module("._engine", __name__)
    except ImportError as error:
        if any(Path(__file__).with_name(f"_engine{suffix}").exists() for suffix in EXTENSION_SUFFIXES):
            return None, f"the one in C cannot be loaded: {error}"
        return None, "the one in C was not built: no C compiler was found, or it failed"
    if not _install(c):
        return None, "the package is imported once more in this process, and the one in C serves the first import"
    return c, ""


def _in_main_interpreter() -> bool:
    """Tell whether this is the interpreter that the process began with."""
    for name in ("_interpreters", "_xxsubinterpreters"):  # since Python 3.13, and before
        try:
            known = import_module(name)
        except ImportError:
            continue
        return bool(known.get_current() == known.get_main())
    return True


def _install(c: Any) -> bool:
    """Put the types and functions of the module in C into `engine`, whose own it calls for what is not ordinary."""
    types = c.setup(engine, ops)
    if types is None:
        return False
    Value, Constant = types
    for name in AS_THEY_ARE:
        setattr(Value, name, vars(engine.Value)[name])
    Value.engine, Constant.constant, Constant.__doc__ = "C", True, engine.Constant.__doc__
    Value.__doc__ += '\n    It runs in C. `micrograd_like.use("python")` runs what engine.py reads instead.\n    '
    Value.__module__ = Constant.__module__ = __name__  # so repr(Value) says it, and nobody is shown another's source
    vars(engine).update(Value=Value, Constant=Constant, tick=c.tick, topological_order=c.topological_order)
    return True


def which() -> str:
    """Return which engine runs, and if it is not the one in C, why: a line for `--version`."""
    return IN_C if c else f"engine in Python, because {REASON}"


def made() -> bool:
    """Tell whether a Value was made so far."""
    return bool(c.clock()) if c else repr(engine.tick.__self__) != "count(1)"


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


c, REASON = _load()
NAME = "C" if c else "Python"
Value, Constant = engine.Value, engine.Constant
