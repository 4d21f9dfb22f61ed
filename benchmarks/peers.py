"""The engines to compare with, each behind the same few functions; one that is not installed is left out."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import micrograd_like
from micrograd_like import Value, _engine

Task = Callable[["Peer", Sequence[Any]], Any]


class Peer:
    """An engine whose numbers have `.data`, `.grad` and `.backward()`, and functions as methods."""

    name = ""
    number: Any = None

    def __init__(self, number: Any) -> None:
        self.number = number  # makes a leaf of a float

    def function(self, name: str) -> Callable[[Any], Any]:
        return lambda x: getattr(x, name)()

    def run(self, task: Task, numbers: Sequence[float]) -> list[float]:
        """Build what the task says, and return the gradient of each of the numbers."""
        leaves = [self.number(x) for x in numbers]
        task(self, leaves).backward()
        return [float(x.grad) for x in leaves]


class Ours(Peer):
    """This library, by one of its engines."""

    def __init__(self, name: str, number: Any) -> None:
        super().__init__(number)
        self.name = name

    def function(self, name: str) -> Callable[[Any], Any]:
        return getattr(self.number, name)  # type: ignore[no-any-return]


class Micrograd(Peer):
    name = "micrograd"

    def __init__(self) -> None:
        from micrograd.engine import Value  # type: ignore[import-not-found]

        def function(value: Callable[[float], float], slope: Callable[[float, float], float]) -> Any:
            def method(self: Any) -> Any:  # as the lecture adds them
                out = Value(value(self.data), (self,))

                def backward() -> None:
                    self.grad += slope(out.data, self.data) * out.grad

                out._backward = backward
                return out

            return method

        Value.exp = function(math.exp, lambda out, x: out)
        Value.log = function(math.log, lambda out, x: 1 / x)
        Value.tanh = function(math.tanh, lambda out, x: 1 - out * out)
        super().__init__(Value)


class Torch(Peer):
    name = "PyTorch scalars"

    def __init__(self) -> None:
        import torch

        torch.set_num_threads(1)
        super().__init__(lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True))


class Xad(Peer):
    name = "XAD"

    def __init__(self) -> None:
        import xad.adj_1st as xad  # type: ignore[import-not-found]
        import xad.math as math

        self.xad, self.math = xad, math
        super().__init__(xad.Real)

    def function(self, name: str) -> Callable[[Any], Any]:
        return getattr(self.math, name) if name != "relu" else lambda x: self.math.max(x, 0.0)

    def run(self, task: Task, numbers: Sequence[float]) -> list[float]:
        with self.xad.Tape() as tape:
            leaves = [self.xad.Real(x) for x in numbers]
            for x in leaves:
                tape.registerInput(x)
            tape.newRecording()
            out = task(self, leaves)
            tape.registerOutput(out)
            out.setDerivative(1.0)
            tape.computeAdjoints()
            return [x.getDerivative() for x in leaves]


class CasADi(Peer):
    name = "CasADi SX"

    def __init__(self) -> None:
        import casadi  # type: ignore[import-not-found]

        self.casadi = casadi

    def function(self, name: str) -> Callable[[Any], Any]:
        return getattr(self.casadi, name) if name != "relu" else lambda x: self.casadi.fmax(x, 0)

    def run(self, task: Task, numbers: Sequence[float]) -> list[float]:
        leaves = [self.casadi.SX.sym(f"x{i}") for i in range(len(numbers))]
        inputs = self.casadi.vertcat(*leaves)
        slopes = self.casadi.gradient(task(self, leaves), inputs)
        return [float(x) for x in self.casadi.Function("slopes", [inputs], [slopes])(list(numbers)).full().ravel()]


class Autograd(Peer):
    name = "HIPS autograd"

    def __init__(self) -> None:
        import autograd
        import autograd.numpy as numpy

        self.autograd, self.numpy = autograd, numpy

    def function(self, name: str) -> Callable[[Any], Any]:
        return getattr(self.numpy, name) if name != "relu" else lambda x: self.numpy.maximum(x, 0.0)

    def run(self, task: Task, numbers: Sequence[float]) -> list[float]:
        slopes = self.autograd.grad(lambda *leaves: task(self, leaves), tuple(range(len(numbers))))
        return list(map(float, slopes(*numbers)))


class MyGrad(Peer):
    name = "MyGrad"

    def __init__(self) -> None:
        import mygrad  # type: ignore[import-not-found]

        self.mygrad = mygrad
        super().__init__(mygrad.tensor)

    def function(self, name: str) -> Callable[[Any], Any]:
        return getattr(self.mygrad, name) if name != "relu" else lambda x: self.mygrad.maximum(x, 0.0)


def pure_engine() -> ModuleType:
    """Return engine.py as it reads, loaded beside the engine in use."""
    path = Path(micrograd_like.__file__).with_name("engine.py")
    spec = importlib.util.spec_from_file_location("micrograd_like.pure", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def importable() -> list[Peer]:
    """Return our engines and every peer that is installed."""
    found: list[Peer] = [Ours("ours, in C", Value)] if _engine.c else []
    found.append(Ours("ours, in Python", pure_engine().Value))
    for kind in (Micrograd, Torch, Xad, CasADi, Autograd, MyGrad):
        try:
            found.append(kind())
        except ImportError:
            print(f"{kind.name} is not installed, and left out.")
    return found
