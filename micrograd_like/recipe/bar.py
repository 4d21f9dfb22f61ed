"""A bar on the terminal that tells how far a training is."""

from __future__ import annotations

import sys
import time


class Bar:
    """A bar on the terminal, at most ten times a second; nothing where the errors do not go to a terminal."""

    epochs: int
    updates: int
    first: int
    done: int
    start: float
    last: float
    shown: bool

    def __init__(self, epoch: int, epochs: int, updates: int, shown: bool | None = None) -> None:
        self.epochs, self.updates = epochs, updates  # the latter in each epoch
        self.first = self.done = epoch * updates
        self.shown = sys.stderr.isatty() if shown is None else shown
        self.start = self.last = time.monotonic()

    def __enter__(self) -> Bar:
        return self

    def __call__(self, loss: float) -> None:
        """Count one update, after which the loss was this."""
        self.done += 1
        now = time.monotonic()
        if not self.shown or now < self.last + 0.1:
            return
        self.last, total = now, self.epochs * self.updates
        bar = ("#" * (20 * self.done // total)).ljust(20, ".")
        left = (now - self.start) / (self.done - self.first) * (total - self.done)
        epoch = -(-self.done // self.updates)
        self._show(f"epoch {epoch}/{self.epochs} [{bar}] loss {loss:.4g}, {left:.0f} s left")

    def __exit__(self, *exception: object) -> None:
        if self.shown:
            self._show("")

    def _show(self, text: str) -> None:
        sys.stderr.write(f"\r{text}\x1b[K")
        sys.stderr.flush()
