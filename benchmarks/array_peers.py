"""The libraries of arrays to compare with: each makes steps of a task, and raises ImportError where it is missing."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from micrograd_like.graph.names import topological_order

from . import peers
from .networks import Arrays, Task


class ArrayPeer:
    """Something that learns a task: `run()` makes `steps` steps, and `seconds` is what it took to compile."""

    name = ""
    compiles = False
    seconds: float | None = None

    def __init__(self, task: Task) -> None:
        self.task, self.steps = task, len(task.examples)

    def run(self) -> Any:
        """Make a step with each example."""
        raise NotImplementedError

    def first(self) -> tuple[Any, Arrays]:
        """Return loss and gradients of the first example, from the weights at the start."""
        raise NotImplementedError


class NumPy(ArrayPeer):
    name = "NumPy by hand"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.flat = np.concatenate([w.ravel() for w in task.weights])
        self.slopes, self.t = np.zeros_like(self.flat), 0
        self.weights, self.out = task.split(self.flat), task.split(self.slopes)
        self.memory = [np.zeros_like(self.flat) for _ in range(task.rule.memory)]

    def first(self) -> tuple[Any, Arrays]:
        out = [np.zeros_like(w) for w in self.weights]
        return self.task.by_hand(self.task.weights, out, *self.task.examples[0]), out

    def run(self) -> None:
        for example in self.task.examples:
            self.task.by_hand(self.weights, self.out, *example)
            self.t += 1
            self.flat[:], *self.memory = self.task.rule.update(self.flat, self.slopes, self.t, *self.memory)


class Torch(ArrayPeer):
    name = "PyTorch"

    def __init__(self, task: Task) -> None:
        import torch

        super().__init__(task)
        torch.set_num_threads(1)
        self.torch, self.weights = torch, [torch.tensor(w, requires_grad=True) for w in task.weights]
        self.examples = [tuple(map(torch.tensor, example)) for example in task.examples]
        settings = {key: getattr(task.rule, key) for key in ("lr", "betas") if hasattr(task.rule, key)}
        self.optimizer = getattr(torch.optim, "Adam" if task.rule.memory else "SGD")(self.weights, **settings)

    def first(self) -> tuple[Any, Arrays]:
        weights = [self.torch.tensor(w, requires_grad=True) for w in self.task.weights]
        loss = self.task.arrays(self.torch, weights, *self.examples[0])
        return loss.detach(), list(self.torch.autograd.grad(loss, weights))

    def run(self) -> None:
        for example in self.examples:
            self.optimizer.zero_grad()
            self.task.arrays(self.torch, self.weights, *example).backward()
            self.optimizer.step()


class Functional(ArrayPeer):
    """Arrays that do not change: a step makes a new state of steps done, weights, and what the rule remembers."""

    def __init__(self, task: Task, array: Callable[[Any], Any]) -> None:
        super().__init__(task)
        self.examples = [tuple(map(array, example)) for example in task.examples]
        rows = [(array(w), *[array(np.zeros_like(w)) for _ in range(task.rule.memory)]) for w in task.weights]
        self.start = self.state = array(np.zeros(())), rows
        self.step: Callable[..., Any] = self.learn

    def both(self, weights: Arrays, *example: Any) -> tuple[Any, Arrays]:
        """Return loss and gradients."""
        raise NotImplementedError

    def learn(self, state: Any, *example: Any) -> Any:
        t, rows = state
        loss, gradients = self.both([row[0] for row in rows], *example)
        return (t + 1.0, [self.task.rule.update(row[0], g, t + 1.0, *row[1:]) for row, g in zip(rows, gradients)]), loss

    def first(self) -> tuple[Any, Arrays]:
        (_, rows), loss = self.step(self.start, *self.examples[0])
        return loss, [self.task.rule.slope(w, [*map(np.asarray, row)]) for w, row in zip(self.task.weights, rows)]

    def run(self) -> Any:
        for example in self.examples:
            self.state, _ = self.step(self.state, *example)


class TorchCompile(Functional):
    name, compiles = "torch.compile", True

    def __init__(self, task: Task) -> None:
        import torch

        torch.set_num_threads(1)
        torch._dynamo.reset()
        super().__init__(task, torch.tensor)
        self.derived = torch.func.grad_and_value(lambda w, *example: task.arrays(torch, w, *example))
        self.step = torch.no_grad()(torch.compile(self.learn, dynamic=False))

    def both(self, weights: Arrays, *example: Any) -> tuple[Any, Arrays]:
        gradients, loss = self.derived(weights, *example)
        return loss, gradients


class Jax(Functional):
    name, compiles = "JAX jit", True

    def __init__(self, task: Task) -> None:
        import jax  # type: ignore[import-not-found,unused-ignore]

        jax.config.update("jax_enable_x64", True)
        super().__init__(task, jax.numpy.array)
        self.jax, self.step = jax, jax.jit(self.learn)
        self.derived = jax.value_and_grad(lambda w, *example: task.arrays(jax.numpy, w, *example))

    def both(self, weights: Arrays, *example: Any) -> tuple[Any, Arrays]:
        return self.derived(weights, *example)  # type: ignore[no-any-return]

    def run(self) -> None:
        super().run()
        self.jax.block_until_ready(self.state)


class JaxScan(Jax):
    name = "JAX scan"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.steps *= task.loop
        if len(self.examples) > 1:
            stacked = tuple(map(self.jax.numpy.stack, zip(*self.examples)))
            many = lambda state: self.jax.lax.scan(lambda s, e: self.learn(s, *e), state, stacked)[0]  # noqa: E731
        else:
            step = lambda s, _: self.learn(s, *self.examples[0])  # noqa: E731
            many = lambda state: self.jax.lax.scan(step, state, None, task.loop)[0]  # noqa: E731
        self.many = self.jax.jit(many)

    def run(self) -> None:
        self.state = self.jax.block_until_ready(self.many(self.state))


class Autograd(Functional):
    name = "HIPS autograd"

    def __init__(self, task: Task) -> None:
        import autograd
        import autograd.numpy as numpy

        super().__init__(task, np.array)
        self.derived = autograd.value_and_grad(lambda w, example: task.arrays(numpy, w, *example))

    def both(self, weights: Arrays, *example: Any) -> tuple[Any, Arrays]:
        return self.derived(weights, example)  # type: ignore[no-any-return]


class MyGrad(Functional):
    name = "MyGrad"

    def __init__(self, task: Task) -> None:
        import mygrad  # type: ignore[import-not-found,unused-ignore]

        self.mygrad = mygrad
        super().__init__(task, np.array)

    def both(self, weights: Arrays, *example: Any) -> tuple[Any, Arrays]:
        tensors = [*map(self.mygrad.tensor, weights)]
        loss = self.task.arrays(self.mygrad, tensors, *example)
        loss.backward()
        return loss.data, [tensor.grad for tensor in tensors]


class PyTensor(ArrayPeer):
    """Its virtual machine, called without what surrounds it in a call of a function."""

    name, compiles = "PyTensor", True

    def __init__(self, task: Task) -> None:
        import pytensor  # type: ignore[import-not-found,unused-ignore]
        import pytensor.tensor as tensor  # type: ignore[import-not-found,unused-ignore]

        super().__init__(task)
        self.shared = [pytensor.shared(w) for w in task.weights]
        self.index = pytensor.shared(np.int64(0))
        if self.steps > 1:
            example = [pytensor.shared(np.array(column))[self.index] for column in zip(*task.examples)]
        else:
            example = [*map(pytensor.shared, task.examples[0])]
        loss = task.arrays(tensor, self.shared, *example)
        updates = [(w, task.rule.update(w, g, 0)[0]) for w, g in zip(self.shared, pytensor.grad(loss, self.shared))]
        if self.steps > 1:
            updates.append((self.index, (self.index + 1) % self.steps))
        self.function = pytensor.function([], loss, updates=updates)
        self.function.vm.allow_gc = False

    def first(self) -> tuple[Any, Arrays]:
        self.index.set_value(np.int64(0))
        for w, start in zip(self.shared, self.task.weights):
            w.set_value(start)
        loss = self.function()
        return loss, [self.task.rule.slope(b, [a.get_value()]) for a, b in zip(self.shared, self.task.weights)]

    def run(self) -> None:
        for _ in self.task.examples:
            self.function.vm()


class CasADi(ArrayPeer):
    """The recorded scalars, one by one, in CasADi's virtual machine: a function for each example."""

    name, compiles = "CasADi", True

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.peer = peers.CasADi()
        self.before = np.concatenate([w.ravel() for w in task.weights])
        self.state = np.concatenate([self.before, np.zeros(len(self.before) * task.rule.memory)])
        self.after, self.t, self.loss = np.zeros_like(self.state), np.zeros(1), np.zeros(1)
        self.calls = [self.call(*example) for example in task.plain]

    def call(self, *example: Any) -> Callable[[], None]:
        casadi, rule, size = self.peer.casadi, self.task.rule, len(self.before)
        state, t = casadi.SX.sym("state", len(self.state)), casadi.SX.sym("t")
        w, *memory = casadi.vertsplit(state, size)
        made = dict(zip(self.task.values, casadi.vertsplit(w)))
        root = self.task.scalars(*example)
        for node in topological_order(root):
            if node.op:
                made[node] = self.operation(node.op.name)(*[made[x] for x in node.inputs])
            else:
                made.setdefault(node, node.data)
        after = casadi.vertcat(*rule.update(w, casadi.gradient(made[root], w), t + 1, *memory))
        buffer, call = casadi.Function("step", [state, t], [after, made[root], t + 1]).buffer()
        for i, given in enumerate((self.state, self.t)):
            buffer.set_arg(i, memoryview(given))
        for i, taken in enumerate((self.after, self.loss, self.t)):
            buffer.set_res(i, memoryview(taken))
        self.buffers = [*getattr(self, "buffers", ()), buffer]
        return call  # type: ignore[no-any-return]

    def operation(self, name: str) -> Callable[..., Any]:
        name = {"div": "truediv", "maximum": "fmax"}.get(name, name)
        return getattr(operator, name, None) or self.peer.function(name)

    def first(self) -> tuple[Any, Arrays]:
        self.state[:], self.t[:] = 0.0, 0.0
        self.state[: len(self.before)] = self.before
        self.calls[0]()
        rows = self.after.reshape(-1, len(self.before))
        return self.loss[0], self.task.split(self.task.rule.slope(self.before, rows))

    def run(self) -> None:
        for call in self.calls:
            call()
            self.state[:] = self.after


LIBRARIES = [NumPy, Torch, TorchCompile, Jax, PyTensor, CasADi, MyGrad, Autograd]
