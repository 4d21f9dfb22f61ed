"""Whether a program could tell two things apart: 1 is not True, 0.0 is not -0.0, and a dictionary has an order."""

from __future__ import annotations

import sys
import sysconfig
import types
from collections import deque
from math import copysign
from operator import is_
from typing import Any

PLAIN = (int, float, complex, str, bytes, bool, type(None), type(...), range, slice)
WRITTEN = {float, complex, range, slice}  # kinds whose equal ones may differ in what they show
EQUAL = {int, str, bytes, bool}
CONTAINERS = (list, set, dict, deque, tuple, frozenset)
LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
HEAP_TYPE = 1 << 9  # a class that was made while the program runs (CPython's Py_TPFLAGS_HEAPTYPE)


def is_plain(x: Any) -> bool:
    """Tell whether it is a number or text of Python's own kinds, which can hold nothing else."""
    return type(x) in PLAIN


def alike(a: Any, b: Any) -> bool:
    """Tell whether no program could tell them apart, but by asking which object it is."""
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b):
        return False
    if kind is float:
        return (a == b and copysign(1.0, a) == copysign(1.0, b)) or bool(a != a and b != b)
    if kind in EQUAL:
        return a == b  # type: ignore[no-any-return]
    if kind in WRITTEN:
        return repr(a) == repr(b)
    if isinstance(a, CONTAINERS):
        return same_contents(a, b)
    if isinstance(a, types.MethodType):
        return a.__self__ is b.__self__ and a.__func__ is b.__func__
    return not says_itself_what_is_equal(kind) and bool(a == b)


def same_contents(container: Any, copy: Any) -> bool:
    """Tell whether a container, of whatever class, holds what its copy does."""
    if isinstance(container, dict):
        return alike(list(container), list(copy)) and alike([*container.values()], [*copy.values()])
    return len(container) == len(copy) and (all(map(is_, container, copy)) or all(map(alike, container, copy)))


def same_array(a: Any, b: Any) -> bool:
    """Tell whether two arrays of NumPy have the same shape, kind and bits."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.flags.c_contiguous and b.flags.c_contiguous and a.size:
        return memoryview(a.reshape(-1)).cast("B") == memoryview(b.reshape(-1)).cast("B")
    return a.tobytes() == b.tobytes()  # type: ignore[no-any-return]


def says_itself_what_is_equal(kind: type) -> bool:
    if not kind.__flags__ & HEAP_TYPE:
        return False
    own = any("__eq__" in vars(base) for base in kind.__mro__[:-1] if base not in PLAIN)
    return own and not is_library(sys.modules.get(kind.__module__))


def is_library(module: types.ModuleType | None) -> bool:
    """Tell whether a module is Python's own, installed, or of this package: what it does is left to the audit."""
    if module is None or module.__name__ == "__main__":
        return False
    file = getattr(module, "__file__", None)
    if file is None:
        return getattr(module.__spec__, "origin", None) in ("built-in", "frozen")
    return module.__name__.startswith("micrograd_like") or file.startswith(LIBRARIES)
