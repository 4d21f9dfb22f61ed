"""One run of a script under watch, in a process of its own with limits; `python -m` runs it there.

The first run is the learner's. Later ones try a change, so they write no file of the learner's.
"""

from __future__ import annotations

import json
import linecache
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from typing import Any

SECONDS = 20  # of one run; what was seen until then counts
MEMORY = 4 << 30  # bytes


def run(text: str, path: str, trial: bool) -> dict[str, Any]:
    """Run the text as the script at `path`; return what was strange, how it ended, and its names."""
    with tempfile.TemporaryDirectory() as folder:
        script, result = os.path.join(folder, "script.py"), os.path.join(folder, "result.json")
        with open(script, "w", encoding="utf-8") as file:
            file.write(text)
        arguments = script, path, result, folder if trial else ""
        ended = _forked(*arguments) if hasattr(os, "fork") and threading.active_count() == 1 else _started(*arguments)
        if not ended:
            return {"ended": "timeout", "symptoms": {}, "warnings": []}
        try:
            with open(result, encoding="utf-8") as file:
                found: dict[str, Any] = json.load(file)
        except (OSError, ValueError):
            return {"ended": "died", "symptoms": {}, "warnings": []}
    return found


def _started(*arguments: str) -> bool:
    """Run it in a new process of Python; return whether it ended in time."""
    root = os.path.dirname(__file__)
    for _ in __name__.split(".")[:-1]:
        root = os.path.dirname(root)
    env = os.environ | {"MPLBACKEND": "Agg", "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    nothing = subprocess.DEVNULL
    try:
        subprocess.run(
            [sys.executable, "-m", __name__, *arguments], env=env, stdin=nothing, stdout=nothing, stderr=nothing,
            timeout=SECONDS + 20, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    return True


def _forked(*arguments: str) -> bool:
    """Run it in a copy of this process, which has loaded everything already; return whether it ended in time."""
    from . import watch  # noqa: F401  so that no copy has to load it

    child = os.fork()
    if not child:
        try:
            os.environ["MPLBACKEND"] = "Agg"
            nothing = os.open(os.devnull, os.O_RDWR)
            for stream in 0, 1, 2:
                os.dup2(nothing, stream)
            sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
            sys.stdin = open(os.devnull)  # noqa: SIM115
            sys.settrace(None)
            main(*arguments)
        finally:
            os._exit(1)
    end = time.monotonic() + SECONDS + 20
    while time.monotonic() < end:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.005)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False


class EnoughError(BaseException):
    """The time for watching is over."""


def _limits() -> None:
    try:
        import resource
        import signal

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

        def over(*_: Any) -> None:
            raise EnoughError

        signal.signal(signal.SIGALRM, over)
        signal.alarm(SECONDS)
    except (ImportError, AttributeError, ValueError, OSError):
        pass  # a system without them: the parent's timeout is left


def _write_nothing(folder: str) -> None:
    """Let what the script writes go into a folder that is thrown away."""
    import builtins

    opened = builtins.open

    def divert(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if isinstance(file, str | os.PathLike) and set(mode) & set("wax+"):
            file = os.path.join(folder, f"written-{os.path.basename(os.fspath(file))}")
        return opened(file, mode, *arguments, **options)

    builtins.open = divert


def main(script: str, path: str, result: str, folder: str) -> None:
    """Run the script and write what was seen."""
    from ...graph import parse  # noqa: F401  loads the engine before memory is limited
    from ...nn import seed
    from ...ops import DomainError
    from .watch import Watch

    with open(script, encoding="utf-8") as file:
        text = file.read()
    opened = open
    _alias_micrograd()
    _limits()
    if folder:
        _write_nothing(folder)
    watch, ended = Watch(path), {"ended": "end", "message": "", "line": 0}
    names: dict[str, Any] = {"__name__": "__main__", "__file__": path, "__builtins__": __builtins__, "display": print}
    linecache.cache[path] = len(text), None, text.splitlines(keepends=True), path  # also where it is a changed copy
    sys.argv, sys.path[0] = [path], os.path.dirname(os.path.abspath(path))
    seed(1)  # as a new process begins
    random.seed()
    warnings.resetwarnings()
    warnings.simplefilter("default")
    watch.start()
    try:
        exec(compile(text, path, "exec"), names)
    except EnoughError:
        ended["ended"] = "enough"
    except SystemExit:
        pass
    except BaseException as error:
        place: Any = error.__traceback__
        while place:
            if place.tb_frame.f_code.co_filename == path:
                ended["line"] = place.tb_lineno
            place = place.tb_next
        arithmetic = isinstance(error, ArithmeticError | DomainError)
        ended |= {"ended": type(error).__name__, "message": str(error)[:500], "arithmetic": arithmetic}
    watch.stop()
    losses = [seen.loss for seen in watch.passes]
    ended |= {
        "symptoms": watch.symptoms(), "warnings": watch.warned, "names": _roles(names, watch),
        "losses": [losses[0], losses[-1]] if losses else [], "updates": watch.updates,
        "passes": len(watch.passes),
        "size": max([seen.size for seen in watch.passes], default=0),
    }  # fmt: skip
    with opened(result, "w", encoding="utf-8") as file:
        json.dump(ended, file)
    sys.stdout.flush()
    os._exit(0)


def _alias_micrograd() -> None:
    """Let `from micrograd.engine import Value` find ours, the only one that can be watched, also where theirs is."""
    import micrograd_like
    from micrograd_like import engine, nn

    sys.modules.update({"micrograd": micrograd_like, "micrograd.engine": engine, "micrograd.nn": nn})


def _roles(names: dict[str, Any], watch: Any) -> dict[str, Any]:
    """Tell which of the script's names are what: reached models, optimizers, values that were computed."""
    from ...engine import Value
    from ...optim import Optimizer

    reached = {p for seen in watch.passes for p in seen.leaves}
    roles: dict[str, Any] = {"models": {}, "optimizers": [], "inner": [], "leaves": {}, "unstepped": []}
    for name, thing in names.items():
        if name.startswith("_") or isinstance(thing, type):
            continue
        if isinstance(thing, Optimizer):
            roles["optimizers"].append(name)
            moves = watch.changed.keys() & set(thing.parameters)
            roles["unstepped"] += [name] * (not thing.steps and not moves and bool(reached & set(thing.parameters)))
        elif callable(getattr(thing, "parameters", None)):
            try:
                own = {p for p in thing.parameters() if isinstance(p, Value) and not getattr(p, "frozen", False)}
                roles["models"][name] = bool(own & reached)
                if own & reached and own - reached:
                    labels = sorted([p.label for p in own - reached if p.label])[:3]
                    roles["missed"] = {"count": len(own - reached), "of": len(own), "names": labels, "line": 0}
            except Exception:
                continue
        elif isinstance(thing, Value) and thing.op is not None:
            roles["inner"].append(name)
        elif isinstance(thing, Value):
            roles["leaves"][name] = thing in reached
        elif isinstance(thing, list | tuple) and len(thing) > 2:
            _of_list(roles, name, thing, reached)
        for attribute, inner in getattr(thing, "__dict__", {}).items() if name in roles["models"] else ():
            if isinstance(inner, list) and len(inner) > 2:
                _of_list(roles, attribute, inner, reached)
    return roles


def _of_list(roles: dict[str, Any], name: str, thing: Any, reached: set[Any]) -> None:
    """Tell whether a list has labels of two classes, or is a table of parameters of which one row is used."""
    from ...engine import Value

    if all(isinstance(x, int | float) for x in thing):
        kind = {(0, 1): "01", (-1, 1): "-1 1"}.get(tuple(sorted({*thing})))
        roles.setdefault("labels", {}).update({name: kind} if kind else {})
    elif all(
        isinstance(row, list) and row and all(isinstance(p, Value) and p.op is None for p in row) for row in thing
    ):
        used = [row for row in thing if any(p in reached for p in row)]
        roles.setdefault("tables", []).extend([name] * (len(used) == 1))


if __name__ == "__main__":
    main(*sys.argv[1:])
