"""Changes that are made as a whole or not at all, whenever Ctrl-C comes."""

from __future__ import annotations

from collections.abc import Callable


def all_or_nothing(change: Callable[[], object], undo: Callable[[], object]) -> None:
    """Make the change; if it is interrupted or fails, undo it and raise what ended it.

    `undo` may be done twice without harm, because a second Ctrl-C lets it begin again.
    """
    try:
        change()
    except BaseException:
        until_done(undo)
        raise


def until_done(action: Callable[[], object]) -> None:
    """Do it, again if Ctrl-C comes meanwhile: something was interrupted already, and this puts it in order."""
    while True:
        try:
            action()
            return
        except KeyboardInterrupt:
            continue
