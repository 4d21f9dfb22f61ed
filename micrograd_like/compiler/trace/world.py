"""What a function depends on besides its arguments, as far as Python lets one see it: compared before each call."""

from __future__ import annotations

import builtins
import dis
import os
import random
import sys
import types
import weakref
from array import array
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import partial
from operator import attrgetter, itemgetter, methodcaller
from typing import Any

from ...engine import Value
from ...nn import Module
from ...ops import in_ieee
from ...optim import Optimizer
from ..extra import loops
from .likeness import CONTAINERS, HEAP_TYPE, PLAIN, alike, is_library, is_plain, same_array, same_contents

MOST = 2_000_000  # objects that are looked at; a function that can reach more is left to the engine
BOUND = (types.BuiltinMethodType, types.MethodWrapperType)  # as in get = table.get
WRAPPERS = (types.MethodType, partial, staticmethod, classmethod, property, *BOUND)
GETTERS = (itemgetter, attrgetter, methodcaller)
HELD_AS: dict[type, Any] = dict.fromkeys((type({}.values()), type({}.keys()), type({}.items()), bytearray, array), list)
HELD_AS |= {types.MappingProxyType: lambda x: list(x.items()), memoryview: lambda x: x.tolist()}
HELD = tuple(HELD_AS)
IMPORT = dis.opmap["IMPORT_NAME"]
OPEN = {"open", "input", "__import__", "eval", "exec", "load", "loadtxt", "fromfile", "genfromtxt", "memmap"}
ENVIRONMENT = {"environ", "getenv", "environb"}
KNOWN = {"math", "operator", "itertools", "functools", "random", "numpy", "micrograd_like"}  # they read no world
BUILTINS = {name for name in dir(builtins) if name[0].islower()}
BY_NAME = {"globals", "locals"}
DYNAMIC = {"getattr", "hasattr", "vars", "dir", "eval", "exec", "globals", "locals", "__dict__", "setattr",
           "attrgetter"}  # fmt: skip


class World:
    """Globals, closures, defaults and attributes that a function can reach, with what they held.

    `reason` says why the function cannot be compiled, if it can reach what changes by being read.
    """

    reason: str
    ieee: bool
    sealed: bool
    states: list[Any]

    def __init__(self, function: Callable[..., Any]) -> None:
        self.reason, self.ieee, self.sealed = "", in_ieee.get(), True
        self.names: set[str] = set()
        self.randoms: dict[int, Any] = {id(random._inst): random._inst}
        known = -1
        while known < len(self.names):  # attributes count where a name in the code may read them
            known = len(self.names)
            self.values: list[Value] = []  # leaves that it can reach
            self.seen: dict[int, Any] = {}
            self.live: list[Any] = []
            self.copies: list[Any] = []
            self.readers: list[tuple[Callable[[], Any], Any]] = []
            self.arrays: list[tuple[Any, Any]] = []
            self.objects: dict[int, bool] = {}  # attributes, and whether code that is not looked at may read all
            self._walk(function)
        self.states = self.random_states()

    def random_states(self) -> list[Any]:
        """Return the states of all generators of random numbers that it can reach."""
        states = [generator.getstate() for generator in self.randoms.values()]
        numpy = sys.modules.get("numpy")
        if numpy:
            state = numpy.random.get_state()
            states.append((state[1].tobytes(), *state[2:]))
        return states

    def restore_random(self) -> None:
        """Give all generators the states that they had, so that recording has drawn nothing."""
        for generator, state in zip(self.randoms.values(), self.states):
            generator.setstate(state)
        numpy = sys.modules.get("numpy")
        if numpy and len(self.states) > len(self.randoms):
            bytes_, *rest = self.states[-1]
            numpy.random.set_state(("MT19937", numpy.frombuffer(bytes_, dtype=numpy.uint32), *rest))

    def same(self) -> bool:
        """Tell whether everything is as it was."""
        if self.ieee != in_ieee.get():
            return False
        try:
            c = loops()
            if not (c and c.alike(self.live, self.copies)) and not self._same_where_read():
                return False
            for read, old in self.readers:
                if (new := read()) is not old and not alike(new, old):
                    return False
        except (ValueError, RecursionError):  # an array was compared with another one
            return False
        return all(same_array(array, copy) for array, copy in self.arrays)

    def same_values(self) -> bool:
        """Tell whether the same Values can be reached: where only plain numbers have changed, take those over."""
        c = loops()
        if c and c.alike(self.live, self.copies) and all([read() is old for read, old in self.readers]):  # noqa: C419, a list is faster
            return True
        try:
            for i, (live, copy) in enumerate(zip(self.live, self.copies)):
                if not same_contents(live, copy):
                    if not (_plainly(live) and _plainly(copy)):
                        return False
                    self.copies[i] = live.copy()
            for i, (read, old) in enumerate(self.readers):
                new = read()
                if not alike(new, old):
                    if not (is_plain(new) and is_plain(old)):
                        return False
                    self.readers[i] = read, new
        except (ValueError, TypeError):
            return False
        return True

    def _same_where_read(self) -> bool:
        """Compare again, number by number, and without the attributes that no code reads."""
        for i, (live, copy) in enumerate(zip(self.live, self.copies)):
            if not same_contents(live, copy):
                if self.objects.get(id(live), True):
                    return False
                if any(not alike(live.get(k, self), v) for k, v in copy.items() if k in self.names):
                    return False
                if any(k in self.names for k in live.keys() - copy.keys()):
                    return False
            self.copies[i] = live.copy()
        return True

    def _walk(self, function: Any) -> None:
        ahead: list[Any] = [function]
        while ahead:
            x = ahead.pop()
            if is_plain(x) or id(x) in self.seen:
                continue
            self.seen[id(x)] = x
            if len(self.seen) > MOST:
                self.reason = "it can reach too many objects to compare them before each call"
                return
            ahead += self._parts(x)

    def _keep(self, live: Any, copy: Any) -> None:
        self.live.append(live)
        self.copies.append(copy)

    def _parts(self, x: Any) -> Iterator[Any]:
        """Yield what can be reached from something, and note what of it is compared before each call."""
        if isinstance(x, Value):
            yield from self._of_value(x)
        elif isinstance(x, WRAPPERS):
            yield from _wrapped(x)
        elif isinstance(x, types.FunctionType):
            yield from self._of_function(x)
        elif isinstance(x, CONTAINERS):
            yield from self._of_container(x)
        elif isinstance(x, (*GETTERS, *HELD, weakref.ref, ContextVar)):
            yield from self._of_holder(x)
        elif isinstance(x, type):
            yield from self._of_class(x)
        elif isinstance(x, random.Random):
            self.randoms[id(x)] = x
        elif isinstance(x, types.ModuleType):
            yield from () if is_library(x) else self._of_module(x)
        else:
            yield from self._of_object(x)

    def _of_value(self, x: Value) -> Iterator[Any]:
        if x.op is None and not x.constant:
            self.values.append(x)
        if not DYNAMIC.isdisjoint(self.names):
            self._keep(vars(x), dict(vars(x)))
            self._read(partial(getattr, x, "label"))
        elif "label" in self.names:
            self._read(partial(getattr, x, "label"))
        for name in [name for name in vars(x) if name in self.names and not name.startswith("_")]:
            self._read(partial(getattr, x, name, None))
            yield getattr(x, name)

    def _of_holder(self, x: Any) -> Iterator[Any]:
        """Yield what is held by something other than a container: it is read again before each call."""
        if isinstance(x, GETTERS):
            yield from (rest := x.__reduce__()[1])
            self.names.update([part for name in rest if isinstance(name, str) for part in name.split(".")])
        elif isinstance(x, HELD):
            self._read(partial(HELD_AS[type(x)], x))
            yield from HELD_AS[type(x)](x)
        else:
            read = partial(x.get, None) if isinstance(x, ContextVar) else x
            self._read(read)
            yield read()

    def _read(self, read: Callable[[], Any]) -> None:
        self.readers.append((read, read()))

    def _of_container(self, x: Any) -> Iterator[Any]:
        """Compare what it holds, a dictionary in its order, and the attributes of one of a learner's own class."""
        if not isinstance(x, tuple | frozenset):
            self._keep(x, x.copy())
        yield from x.values() if isinstance(x, dict) else x
        if type(x) not in CONTAINERS:
            yield from self._attributes(x)

    def _attributes(self, x: Any) -> Iterator[Any]:
        """Compare the attributes of an object: those that code may read, or all where that code is not looked at."""
        kind, attributes = type(x), getattr(x, "__dict__", None)
        if type(attributes) is dict:
            unseen = is_library(sys.modules.get(kind.__module__)) and not isinstance(x, Module | Optimizer)
            every = unseen or bool(self.names & DYNAMIC)
            self._keep(attributes, dict(attributes))
            self.objects[id(attributes)] = every
            yield from [v for k, v in attributes.items() if every or isinstance(x, Module) or k in self.names]
            for name in self.names if unseen or isinstance(x, Optimizer) else ():
                if isinstance(getattr(kind, name, None), property):
                    self._read(partial(getattr, x, name, None))
        for name in [name for base in kind.__mro__ for name in _slots(base) if hasattr(x, name)]:
            self._read(partial(getattr, x, name, None))
            yield getattr(x, name)
        yield kind

    def _of_object(self, x: Any) -> Iterator[Any]:
        kind = type(x)
        if kind.__module__ == "numpy" and isinstance(x, PLAIN):
            return
        if kind.__module__ == "numpy" and hasattr(x, "tobytes"):
            if hasattr(x, "setflags") and x.dtype != object:
                self.arrays.append((x, x.copy()))
            elif x.dtype == object:
                self.readers.append((x.tolist, x.tolist()))
                yield from x.ravel().tolist()
            return
        if kind.__module__.startswith("numpy.random"):
            self.reason = self.reason or "it can reach a generator of random numbers of NumPy"
            return
        if kind.__module__ != "micrograd_like" and not kind.__module__.startswith("micrograd_like."):
            self.sealed = self.sealed and bool(kind.__flags__ & HEAP_TYPE)
        if hasattr(kind, "__next__"):
            self.reason = self.reason or f"it can reach {x!r:.60}, which changes by being read"
            return
        if kind.__module__.startswith("micrograd_like.compiler"):
            self.reason = self.reason or "it calls another compiled program"
            return
        yield from self._attributes(x)

    def _of_class(self, kind: type) -> Iterator[Any]:
        own = kind.__module__ == "builtins" and kind.__flags__ & HEAP_TYPE  # made by code that has no module
        if own or not is_library(sys.modules.get(kind.__module__)):
            attributes = dict(vars(kind))
            self.readers.append((lambda: dict(vars(kind)), attributes))
            yield from [v for k, v in attributes.items() if k not in ("__dict__", "__weakref__")]
            yield from kind.__bases__
            yield type(kind)

    def _of_function(self, f: types.FunctionType) -> Iterator[Any]:
        yield from (f.__defaults__, f.__kwdefaults__)
        for name in ("__code__", "__defaults__", "__kwdefaults__"):
            self._read(partial(getattr, f, name))
        for cell in f.__closure__ or ():
            self.readers.append((partial(_content, cell), _content(cell)))
            yield _content(cell)
        if not (f.__module__ or "").startswith("micrograd_like."):
            yield from self._attributes(f)
            if not BY_NAME.isdisjoint(f.__code__.co_names):
                self.reason = self.reason or "it reads or sets variables by names that are computed"
            yield from self._of_code(f.__code__, f.__globals__)

    def _of_code(self, code: types.CodeType, space: dict[str, Any]) -> Iterator[Any]:
        self.names.update(code.co_names)
        if "label" in code.co_names and not _reads_label(code):
            self.names.discard("label")
        if not OPEN.isdisjoint(code.co_names) or IMPORT in code.co_code[::2]:
            self.sealed = False
        if not ENVIRONMENT.isdisjoint(code.co_names):
            self._keep(environment := vars(os.environ).get("_data", {}), dict(environment))
        for name in code.co_names:
            if name in BUILTINS and name not in space:  # it may be hidden by a global of that name
                self._read(partial(space.get, name))
            if name in space:
                x = space[name]
                self._read(partial(space.get, name))
                self.sealed = self.sealed and (not isinstance(x, types.ModuleType) or _is_sealed(x))
                yield x
        for x in code.co_consts:
            if isinstance(x, types.CodeType):
                yield from self._of_code(x, space)

    def _of_module(self, module: types.ModuleType) -> Iterator[Any]:
        for name in [name for name in self.names if name in vars(module)]:
            self._read(partial(vars(module).get, name))
            yield vars(module)[name]


def _reads_label(code: types.CodeType) -> bool:
    return any(x.argval == "label" and x.opname.startswith("LOAD") for x in dis.get_instructions(code))


def _plainly(container: Any) -> bool:
    return all(is_plain(x) for x in (container.values() if isinstance(container, dict) else container))


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing is in it yet
        return None


def _slots(kind: type) -> Iterator[str]:
    """Give the names by which slots are reached: __x of a class A is _A__x."""
    slots = vars(kind).get("__slots__", ())
    for name in [slots] if isinstance(slots, str) else slots:
        if not name.startswith("__"):
            yield name
        elif not name.endswith("__"):
            yield f"_{kind.__name__.lstrip('_')}{name}"


def _is_sealed(module: types.ModuleType) -> bool:
    """Tell whether a module reads no world, or what it holds is compared."""
    return module.__name__ in KNOWN or not is_library(module)


def _wrapped(x: Any) -> tuple[Any, ...]:
    """Return what is inside of something that does nothing but wrap it."""
    if isinstance(x, types.MethodType):
        return x.__self__, x.__func__
    if isinstance(x, partial):
        return x.func, *x.args, *x.keywords.values()
    if isinstance(x, staticmethod | classmethod):
        return (x.__func__,)
    return (x.fget,) if isinstance(x, property) else (x.__self__,)
