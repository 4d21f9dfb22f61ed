"""Files that are replaced in one move: at any moment, and after any accident, they hold the old text or the new one."""

from __future__ import annotations

import os
from contextlib import suppress
from os import PathLike
from stat import S_IMODE, S_ISDIR, S_ISREG
from typing import Any

FilePath = str | PathLike[str]

UNFINISHED = ".unfinished"  # how the name of a file ends that is still being written


def write_whole(path: FilePath, text: str) -> None:
    """Replace the file by one that holds the text; a pipe or a device is written to.

    The new file is written beside the old one, under a name that nobody can know beforehand, brought to the disk, and
    then takes the old one's place and mode. Raises OSError, and leaves the old file, where that is not possible.
    """
    try:
        old = _status(path)
        if _written_through(path, old):
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        else:
            _replace(os.path.realpath(path), text.encode(), old)
    except OSError as error:
        why = f"{error.strerror}, so nothing was written. Give a place where you may write"
        raise type(error)(error.errno, why, os.fspath(path)) from None


def _status(path: FilePath) -> os.stat_result | None:
    with suppress(FileNotFoundError):
        return os.stat(path)
    return None


def _written_through(path: FilePath, old: os.stat_result | None) -> bool:
    """Whether the path leads to something that is written to and not replaced, such as /dev/stdout."""
    if os.name == "posix" and os.path.abspath(path).startswith(("/dev/fd/", "/dev/std", "/proc/")):
        return True
    return old is not None and not S_ISREG(old.st_mode) and not S_ISDIR(old.st_mode)


def _replace(target: str, text: bytes, old: os.stat_result | None) -> None:
    folder, name = os.path.split(target)
    prefix = f".{name[:60]}."
    _sweep(folder, prefix)
    unfinished, descriptor = _opened(os.path.join(folder, prefix), S_IMODE(old.st_mode) if old else 0o666)
    try:
        with open(descriptor, "wb") as file:
            if old and os.name == "posix":
                os.fchmod(descriptor, S_IMODE(old.st_mode))  # which umask made smaller
                if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                    with suppress(OSError):
                        os.fchown(descriptor, old.st_uid, old.st_gid)
            file.write(text)
            file.flush()
            os.fsync(descriptor)
            if os.name == "posix":
                os.replace(unfinished, target)  # while the lock is held, so that nobody sweeps it
        if os.name != "posix":
            os.replace(unfinished, target)
    except BaseException:
        with suppress(OSError):
            os.remove(unfinished)
        raise
    _synchronize(folder)


def _opened(prefix: str, mode: int) -> tuple[str, int]:
    """Make a file that was not there, which no link can lead elsewhere, and lock it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    while True:
        path = f"{prefix}{os.urandom(8).hex()}{UNFINISHED}"
        try:
            descriptor = os.open(path, flags, mode)
        except FileExistsError:
            continue
        _lock(descriptor)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.stat(path), os.fstat(descriptor)):
                return path, descriptor
        os.close(descriptor)  # it was swept between the two lines above


def _sweep(folder: str, prefix: str) -> None:
    """Remove what a writer left that was killed: its lock ended with it."""
    with suppress(OSError):
        for entry in os.scandir(folder or "."):
            mine = entry.name.startswith(prefix) and entry.name.endswith(UNFINISHED)
            if mine and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    _remove_unlocked(entry.path)


def _remove_unlocked(path: str) -> None:
    if os.name != "posix":
        os.remove(path)  # which fails for a file that somebody writes
        return
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if _lock(descriptor, wait=False):
            os.remove(path)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, wait: bool = True) -> bool:
    """Lock the file for as long as it is open; tell whether that was possible."""
    try:
        import fcntl
    except ImportError:  # Windows, where an open file cannot be removed anyway
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:  # somebody else has it, or this disk knows no locks
        return False
    return True


def _synchronize(folder: str) -> None:
    """Bring the move itself to the disk, where a folder can be opened."""
    with suppress(OSError):
        descriptor: Any = os.open(folder or ".", os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
