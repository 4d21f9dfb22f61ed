"""Our compiled programs, as peers of the others."""

from __future__ import annotations

from functools import lru_cache, partial
from time import process_time
from typing import Any

import numpy as np

from micrograd_like.compiler import Program, compile
from micrograd_like.compiler.backends.native import FUSED, MAP, PRODUCT
from micrograd_like.compiler.extra import loops
from micrograd_like.optim import Optimizer

from .array_peers import ArrayPeer
from .eager import timed
from .networks import Arrays, Task

ARRAYS: Any = "native" if loops() else "numpy"  # asked for by name, it compiles what the engine would run in less time


class Ours(ArrayPeer):
    name = "ours, one call a step"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.program, self.optimizer, self.built, self.seconds = self.compiled(task)

    @staticmethod
    @lru_cache(1)
    def compiled(task: Task) -> tuple[Program, Optimizer, float, float]:
        """Return the program, what it learns by, and the seconds to build a graph given as such, and to compile."""
        start = built = process_time()
        if len(task.plain) > 1:
            program = compile(task.scalars, *task.plain[0], backend=ARRAYS)
            for example in task.plain:
                program(*example)
        else:
            loss = task.scalars(*task.plain[0])
            built = process_time()
            program = compile(loss, backend=ARRAYS)
        return program, task.rule.ours(task.values), built - start, process_time() - built

    def first(self) -> tuple[Any, Arrays]:
        for value, number in zip(self.task.values, np.concatenate([w.ravel() for w in self.task.weights]).tolist()):
            value.data = number
        loss = self.program(*(self.task.given[0] if self.steps > 1 else ()))
        return loss, self.task.split(np.array([value.grad for value in self.task.values]))

    def run(self) -> None:
        for example in self.task.given:
            self.program.step(self.optimizer, *(example if self.steps > 1 else ()))

    def bytes_a_node(self) -> float:
        """Return the memory that a run needs, for each scalar that was recorded."""
        now: Any = self.program.now
        used = [now.memory, now.runner.lists, *now.runner.words]
        return float(sum([part.nbytes for part in used]) / len(now.graph))

    def parts(self) -> tuple[int, float, float]:
        """Return the instructions of a step, and the seconds of those that multiply matrices and of all others."""
        runner: Any = self.program.now.runner
        instructions = []
        for words in runner.words:
            start = 0
            while start < len(words):
                instructions.append(words[start : start + words[start + 1]])
                start += words[start + 1]
        seconds = []
        for kinds in ((), (PRODUCT,), (MAP, FUSED)):
            chosen = np.array([x for words in instructions if words[0] in kinds for x in words], dtype=np.int64)
            run = partial(runner.c.run, runner.memory, chosen, runner.lists)
            seconds.append(min([timed(run, 50) for _ in range(20)]))
        return len(instructions), seconds[1] - seconds[0], seconds[2] - seconds[0]


class OursLooped(Ours):
    name = "ours, the loop inside"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.program.step(self.optimizer, *(task.given[0] if self.steps > 1 else ()))
        now: Any = self.program.now
        if self.steps > 1:
            self.rows = np.array([np.concatenate([part.ravel() for part in example]) for example in task.examples])
        else:
            self.rows = np.repeat(now.memory[now.inputs][None], task.loop, 0)
        self.steps = len(self.rows)

    def run(self) -> None:
        self.program.now.train(self.rows)  # type: ignore[union-attr]


class OursFit(Ours):
    name = "ours, program.fit"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        start = process_time()
        self.program = compile(task.scalars, *task.plain[0], backend=ARRAYS)
        self.optimizer = task.rule.ours(task.values)
        self.seconds = process_time() - start
        self.columns = [np.concatenate(column) for column in zip(*task.examples)]
        self.size, self.epochs = len(task.examples[0][0]), max(task.loop, 20)
        self.steps *= self.epochs

    def run(self) -> None:
        self.program.fit(*self.columns, optimizer=self.optimizer, epochs=self.epochs, batch_size=self.size)
