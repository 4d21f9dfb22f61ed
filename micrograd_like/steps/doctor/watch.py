"""What a learner's loop does, watched from outside: backward passes, steps, graphs, gradients, parameters and the loss.

Methods of `Value`, `Optimizer` and `Module` are wrapped while somebody watches, and are what they were afterwards.
"""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from ...base.checks import MicrogradLikeWarning
from ...engine import Value, tick, topological_order
from ...optim import Optimizer
from ...recipe.module import Module
from ...train import Trainer
from .strange import of_leaves, of_losses, of_rest

CLOSELY = 8  # backward passes from one line whose graphs are looked at, node by node
LOOSELY = 120  # of which the loss is noted
NOW_AND_THEN = (16, 32, 64)  # later ones that are looked at too


class BackwardPass:
    """One backward pass: from where, over what, and what it found."""

    root: Value
    line: int
    loss: float
    closely: bool
    time: int
    size: int
    leaves: list[Value]
    relus: list[Any]
    slopes: list[Any]

    def __init__(self, root: Value, line: int, closely: bool) -> None:
        self.root, self.line, self.loss, self.closely = root, line, root.data, closely
        self.time = tick()
        order = topological_order(root) if closely else []
        self.size = len(order)
        self.inner: list[Any] = [node for node in order if node.op is not None]
        self.leaves = [node for node in order if node.op is None and not node.constant]
        self.before: dict[Value, float] = {}
        self.after: dict[Value, float] = {}
        self.relus = [node.data for node in self.inner if node.op.name == "relu"]
        self.slopes = [abs(node.local_grads[0]) for node in self.inner if node.op.name in ("tanh", "sigmoid")]


class Watch:
    """Notes what happens between `start` and `stop`; `symptoms` says what is strange about it."""

    blind: bool
    dirty_updates: int
    updates: int
    since_step: int

    def __init__(self, source: str | None = None) -> None:
        self.source = source  # the file whose lines count; None for any
        self.passes: list[BackwardPass] = []
        self.roots: dict[int, Value] = {}  # keeps what was a root alive, so that identities stay
        self.numbers: dict[Value, float] = {}  # of every leaf, as last seen
        self.gradients: dict[Value, float] = {}
        self.changed: dict[Value, list[int]] = {}  # when a leaf was seen to have another number
        self.clean: dict[Value, bool] = {}  # whether the gradient was put to 0 since the last change
        self.counts: dict[str, int] = {}
        self.lines: dict[str, int] = {}  # where a symptom was seen first
        self.optimizers: dict[Optimizer, int] = {}
        self.blind = False  # whether a pass was made since the last step that nobody looked at
        self.polluted: set[Value] = set()  # gradients that hold those of an earlier update
        self.dirty: list[Value] = []
        self.dirty_updates = self.updates = self.since_step = 0
        self.warned: list[tuple[str, int]] = []
        self.sites: dict[int, int] = {}
        self._undo: list[tuple[type, str, Any]] = []
        self._catch: Any = None

    # what is wrapped

    def start(self) -> None:
        """Begin to watch."""
        self._wrap(Value, "backward", self._backward)
        self._wrap(Optimizer, "step", self._step)
        self._wrap(Trainer, "train", self._train)
        for kind in Optimizer, Module:
            self._wrap(kind, "zero_grad", self._zero_grad)
        self._catch = warnings.catch_warnings(record=False)
        self._catch.__enter__()
        shown = warnings.showwarning

        def note(message: Any, category: Any, filename: str, line: int, *rest: Any) -> None:
            if issubclass(category, MicrogradLikeWarning):
                self.warned.append((str(message), line))
            else:
                shown(message, category, filename, line, *rest)

        warnings.showwarning = note  # type: ignore[assignment]

    def expect(self, parameters: Sequence[Value]) -> None:
        """Look at these leaves from the beginning."""
        for p in parameters:
            self.numbers[p], self.gradients[p], self.clean[p] = p.data, p.grad, True

    def stop(self) -> None:
        """Leave everything as it was."""
        for kind, name, method in reversed(self._undo):
            setattr(kind, name, method)
        self._undo = []
        if self._catch:
            self._catch.__exit__(None, None, None)
            self._catch = None
        self._look()

    def _wrap(self, kind: type, name: str, around: Callable[..., Any]) -> None:
        method = getattr(kind, name)
        inherited = name not in vars(kind)

        def wrapper(self_: Any, *arguments: Any, **options: Any) -> Any:
            return around(method, self_, *arguments, **options)

        setattr(kind, name, wrapper)
        if not inherited:
            self._undo.append((kind, name, method))

    # what is noted

    def _line(self) -> int:
        frame: Any = sys._getframe(2)
        while frame:
            name = frame.f_globals.get("__name__", "")
            if frame.f_code.co_filename == self.source or (
                self.source is None and not name.startswith(__package__[:14])
            ):
                return int(frame.f_lineno)
            frame = frame.f_back
        return 0

    def _look(self) -> list[Value]:
        """Compare every leaf with what it was; return those that changed."""
        now, moved = tick(), []
        for p, number in self.numbers.items():
            other = p.grad != self.gradients.get(p, 0.0)
            if p.data != number and (p.data == p.data or number == number):
                self.changed.setdefault(p, []).append(now)
                moved.append(p)
                if p in self.polluted and self._trained(p):
                    self.dirty.append(p)
                    self.polluted.discard(p)
                self.clean[p] = other
            elif other:
                self.clean[p] = True
                self.polluted.discard(p)
        for p in moved:
            self.numbers[p] = p.data
        if moved:
            self.updates += 1
            self.dirty_updates += bool(self.dirty)
            self.dirty = []
        return moved

    def _trained(self, p: Value) -> bool:
        """Whether gradients move it: not where it is frozen, or where optimizers move others and leave it out."""
        listed = not self.optimizers or any(p in optimizer.parameters for optimizer in self.optimizers)
        return listed and not getattr(p, "frozen", False)

    def _backward(self, method: Any, root: Value) -> None:
        line = self._line()
        self.sites[line] = count = self.sites.get(line, 0) + 1
        if count > LOOSELY:
            method(root)
            self.since_step, self.blind = self.since_step + 1, True
            return
        self._look()
        seen = BackwardPass(root, line, count <= CLOSELY or count in NOW_AND_THEN)
        known = seen.leaves if seen.closely else list(self.numbers)
        seen.before = {p: p.grad for p in known}
        self.polluted |= {p for p in known if p.grad and self.clean.get(p) is False}
        if seen.closely:
            self._strange(seen)
        method(root)
        seen.after = {p: p.grad for p in known}
        for p in known:
            if p not in self.numbers:
                self.numbers[p], self.clean[p] = p.data, True
            self.gradients[p] = p.grad
        self.since_step += 1
        self.passes.append(seen)
        self.roots[id(root)] = root

    def _strange(self, seen: BackwardPass) -> None:
        """Note a root that was one before, roots within roots, and nodes older than what they were made from."""
        inner = set(seen.inner)
        for earlier in self.passes[-8:]:
            again = earlier.root is seen.root or (earlier.root in inner and bool(earlier.leaves))
            if again and not self._moved(earlier.time) and self._dirty(seen, earlier):
                self._count("doubled", seen.line)
                break
        old: set[Value] = set()
        for node in seen.inner:
            if any(x in old or (x.op is None and getattr(x, "_changed", 0) > node._born) for x in node.inputs):
                old.add(node)
        if old:
            self._count("stale", seen.line)
            self.counts["stale nodes"] = max(self.counts.get("stale nodes", 0), len(old))

    def _moved(self, time: int) -> bool:
        return any(times[-1] > time for times in self.changed.values())

    def _dirty(self, seen: BackwardPass, earlier: BackwardPass) -> bool:
        """Whether a gradient is still what the earlier pass left."""
        return any(seen.before[p] and seen.before[p] == earlier.after.get(p) for p in seen.leaves)

    def _step(self, method: Any, optimizer: Optimizer) -> Any:
        line = self._line()
        self._look()
        self.optimizers.setdefault(optimizer, line)
        free = [p for p in optimizer.parameters if not getattr(p, "frozen", False)]
        empty = not any(p.grad for p in free)
        if empty and not self.since_step:
            self._count("idle", line)
        elif empty and not self.blind and any(self.gradients.get(p) for p in free):
            self._count("wiped", line)
        met = set().union(*[seen.leaves for seen in self.passes]) if all(seen.closely for seen in self.passes) else None
        if self.passes and met is not None and not met & set(optimizer.parameters):
            self._count("elsewhere", line)
        if optimizer.steps == 0 and len(self.optimizers) > 2 and self._remembers(optimizer):
            earlier = [o for o in self.optimizers if o is not optimizer and o.steps == 1]
            if sum([set(o.parameters) == set(optimizer.parameters) for o in earlier]) >= 2:
                self._count("forgetful", line)
        for p in optimizer.parameters:
            self.numbers.setdefault(p, p.data)
            self.gradients.setdefault(p, p.grad)
            self.clean.setdefault(p, True)
        self._count("steps", line)
        result = method(optimizer)
        self.since_step, self.blind = 0, False
        self._look()
        return result

    def _train(self, method: Any, trainer: Any) -> Any:
        if trainer.held_out:
            rows = set(map(tuple, trainer.X))
            if all(tuple(row) in rows for row in trainer.held_out[0]):
                self._count("leak", self._line())
                self.counts["rows"] = len(trainer.held_out[0])
        return method(trainer)

    def _remembers(self, optimizer: Optimizer) -> bool:
        return optimizer.memory > 1 or bool(getattr(optimizer, "momentum", 0.0))

    def _zero_grad(self, method: Any, owner: Any) -> Any:
        self._look()
        result = method(owner)
        with suppress(Exception):
            parameters = owner.parameters() if callable(owner.parameters) else owner.parameters
            for p in parameters:
                self.clean[p] = True
                self.polluted.discard(p)
        return result

    def _count(self, what: str, line: int) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
        self.lines.setdefault(what, line)

    # what is strange

    def symptoms(self) -> dict[str, dict[str, Any]]:
        """Return what was strange, by name, each with numbers and the line where it was seen."""
        found: dict[str, dict[str, Any]] = {}
        for name in "idle", "wiped", "elsewhere", "doubled", "stale", "forgetful", "leak":
            times = self.counts.get(name, 0)
            if times > (name in ("doubled", "stale")):
                found[name] = {"times": times, "line": self.lines[name], "nodes": self.counts.get("stale nodes", 0),
                               "rows": self.counts.get("rows", 0)}  # fmt: skip
        close = [seen for seen in self.passes if seen.closely]
        sizes = [seen.size for seen in close]
        if self.dirty_updates > 1:
            found["accumulated"] = {"times": self.dirty_updates, "of": self.updates, "line": self.passes[-1].line}
        if len(close) >= 2 and not self.changed:
            again = [p for seen in close[1:] for p in seen.leaves if p in close[0].before]
            found["unchanged"] = {"passes": len(self.passes), "line": close[0].line, "leaves": len({*again})}
        if len(sizes) >= 3 and all(b > a for a, b in itertools.pairwise(sizes)):
            found["growing"] = {"sizes": sizes[:4], "line": close[0].line}
        same = len(self.passes) >= 3 and self.updates == 1 and len({seen.loss for seen in self.passes}) == 1
        if same and max(min(times) for times in self.changed.values()) > self.passes[-1].time:
            found["late"] = {"passes": len(self.passes), "line": self.passes[-1].line}
        wanted = {p for optimizer in self.optimizers for p in optimizer.parameters if not getattr(p, "frozen", False)}
        found |= of_rest(self.passes, max([times[-1] for times in self.changed.values()], default=0))
        found |= of_losses(self.passes) | of_leaves(close, self.passes, set(self.changed), wanted)
        return found
