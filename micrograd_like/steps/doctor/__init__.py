"""What is wrong with a learner's own training loop: watched, named, and proved by trying the line that mends it."""

from __future__ import annotations

import inspect
from types import TracebackType
from typing import Any

from .entry import ENTRIES
from .examine import NO_PROOF_NEEDED, Finding, main, said
from .watch import Watch

__all__ = ["ENTRIES", "Finding", "doctor", "main"]


class doctor:
    """Watch the training loop inside `with doctor(model):`, and say in the end what is wrong with it.

    `findings` has what was said. Outside of the context nothing is watched, and nothing costs anything. The command
    `micrograd-like doctor script.py` can say more, because it tries each line that it advises.

    >>> from micrograd_like import MLP, SGD, losses
    >>> model = MLP(2, [1], seed=1)
    >>> optimizer = SGD(model.parameters())
    >>> with doctor(model) as seen:
    ...     for _ in range(3):
    ...         loss = losses.mse([model([1.0, 2.0])], [1.0])
    ...         loss.backward()
    ...         optimizer.step()
    line 4: gradients of the step before
      Seen:  2 of 3 updates used gradients that still held those of the update before.
      Why:   backward() adds to the gradients, and they still hold those of the step before.
      Write: Set the gradients to 0 before backward().
      Not tried: judge for yourself.
    """

    model: Any
    quiet: bool
    findings: list[Finding]
    watch: Watch

    def __init__(self, model: Any = None, *, quiet: bool = False) -> None:
        self.model, self.quiet, self.findings = model, quiet, list[Finding]()

    def __enter__(self) -> doctor:
        if self.model is not None and not callable(getattr(self.model, "parameters", None)):
            raise TypeError(
                f"doctor takes the network to watch, and {self.model!r:.60} is none. Write with doctor(model):"
            )
        frame = inspect.currentframe()
        assert frame and frame.f_back
        self.watch = Watch(frame.f_back.f_code.co_filename)
        self.watch.start()
        if self.model is not None:
            self.watch.expect(self.model.parameters())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.watch.stop()
        for name, numbers in self.watch.symptoms().items():
            if name in SAYS:
                entry = ENTRIES[SAYS[name]]
                seen = said(name, numbers)
                self.findings.append(Finding(entry.id, numbers["line"], seen, entry.idea, entry.remedy, False))
        for message, line in dict(self.watch.warned).items():
            self.findings.append(Finding("warning", line, message, "It is not what was meant.", "See above.", False))
        if not self.quiet:
            for finding in self.findings:
                print(finding)

    def __repr__(self) -> str:
        return "\n".join(map(str, self.findings)) or "Nothing to say: no mistake was seen."


SAYS = NO_PROOF_NEEDED | {  # inside of a program nothing can be tried, so these are said as what is likely
    "unchanged": "loop variable",
    "stale": "loss of an earlier step",
    "growing": "update in the graph",
    "rising": "learning rate too large",
    "no parameter": "cut out of the graph",
    "dead": "dead relus",
    "late": "update after the loop",
}
