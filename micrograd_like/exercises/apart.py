"""Code of learners in a process of its own, with limits of time, memory and output; the verdict comes from outside.

The process that runs a learner's code is asked for numbers only, and cannot import this library. What is right is
decided here. So code that ends the process, never ends, fills the memory or prints without end is marked wrong by name,
and nothing that it does can make it right but the right numbers. It starts in an empty folder, with the standard
library only. If root marks, the code runs as a user of its own who may start no other process: it can read what
everybody may. It is not a jail: it may use the network, and if somebody else marks, it may read what that one may;
see `isolation`.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from . import engines
from .marking import Mark, Marking
from .messages import Message

SECONDS, MEGABYTES, MOST_OUTPUT = 20.0, 1024, 4_000_000
USERS = 50_000  # the first of those that nobody has, for code of learners
WORKER = """from __future__ import annotations
import json, os, sys
sys.modules["micrograd_like"] = None  # the library cannot do the work
answers = os.fdopen(os.dup(1), "w")
nowhere = os.open(os.devnull, os.O_WRONLY)
os.dup2(nowhere, 1); os.dup2(nowhere, 2)
Step = Sequence = Any = object
{applied}
asked = json.loads(sys.stdin.readline())
names = {{"__name__": "learner"}}
try:
    exec(compile(asked["source"], "learner.py", "exec"), names)
    cls = names[asked["name"]]
except Exception as error:
    answers.write(json.dumps([type(error).__name__, str(error)[:200]]) + "\\n")
    answers.flush()
    raise
for leaves, steps in asked["plans"]:
    try:
        made = [cls(x) for x in leaves]
        nodes = list(made)
        for step in steps:
            nodes.append(applied(step, nodes))
        nodes[-1].backward()
        found = [float(nodes[-1].data), [float(x.grad) for x in made]]
    except Exception as error:
        found = [type(error).__name__, str(error)[:200]]
    answers.write(json.dumps(found) + "\\n")
    answers.flush()
"""
DIAGNOSE = """
import json, os, sys
out = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
sys.path[:0] = json.loads(sys.argv[1])
asked = json.loads(sys.stdin.readline())
names = {"__name__": "learner"}
exec(compile(asked["source"], "learner.py", "exec"), names)
from micrograd_like.exercises.build import check_value
marking = check_value(names[asked["name"]])
out.write(json.dumps([[m.keys, m.mistakes, m.did, m.idea, m.redo, m.verdict] for m in marking.messages]))
out.flush()
os._exit(0)
"""


def limits(seconds: float, megabytes: int) -> Callable[[], None] | None:
    """Return what sets the limits of a process before it starts, where the system has them."""
    try:
        import resource
    except ImportError:  # Windows: time is limited all the same
        return None

    def limit() -> None:
        most = megabytes * 2**20
        alone = [("NPROC", 1)] if user() is not None else []  # else it would count all processes of the one who marks
        for kind, amount in (("CPU", int(seconds) + 1), ("AS", most), ("FSIZE", MOST_OUTPUT), ("CORE", 0), *alone):
            name = getattr(resource, f"RLIMIT_{kind}", None)
            if name is not None:
                _, hard = resource.getrlimit(name)
                amount = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
                resource.setrlimit(name, (amount, amount))

    return limit


@cache
def user() -> int | None:
    """Return the number of a user for code of learners: one of its own if root marks, and that user can run Python."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    number = USERS + os.getpid() % 10_000
    try:
        probe = [sys.executable, "-I", "-c", f"open({__file__!r}).close()"]
        done = subprocess.run(probe, user=number, group=number, extra_groups=[], capture_output=True, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return None if done.returncode else number


def isolation() -> str:
    """Return in words what code of learners is kept from here."""
    if user() is not None:
        return "Code of students runs as a user of its own: it cannot read your files, or start other processes."
    return "Code of students runs as you: it can read what you can. Mark as root in a container to keep it from that."


def run(code: str, asked: dict[str, Any], seconds: float, megabytes: int, *words: str) -> tuple[str, str]:
    """Return (what the code wrote, why it did not end well or ""), run in a process of its own in an empty folder."""
    number = user()
    other: dict[str, Any] = {} if number is None else {"user": number, "group": number, "extra_groups": []}
    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "out", "wb+") as out:
        if number is not None:
            os.chown(folder, number, number)
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", code, *words],
            stdin=subprocess.PIPE, stdout=out, stderr=subprocess.DEVNULL, cwd=folder, start_new_session=True,
            env={"PATH": os.defpath, "HOME": folder, "LANG": "C.UTF-8"}, preexec_fn=limits(seconds, megabytes), **other,
        )  # fmt: skip
        why = ""
        try:
            process.communicate(json.dumps(asked).encode() + b"\n", timeout=seconds)
        except subprocess.TimeoutExpired:
            why = f"It did not end within {seconds:g} seconds."
        finally:
            _end(process)
        out.seek(0)
        text = out.read(MOST_OUTPUT).decode("utf-8", "replace")
    if not why and process.returncode:
        why = f"It ended the process with exit code {process.returncode}."
        why = f"It used more than {seconds:g} seconds or {megabytes} MB." if process.returncode < 0 else why
    return text, why


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process with all that it started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, 9)
    process.kill()
    process.wait()


def check_code(source: str, name: str = "Value", *, seconds: float = SECONDS, megabytes: int = MEGABYTES) -> Marking:
    """Mark the source of a class as `check_value` does, in processes of their own.

    `seconds` and `megabytes` limit each of the two processes: one for the numbers, by which it is judged here, and if
    they are wrong one more that says what may be the reason.
    """
    ops = [x for x in ("neg", "sub", "div", "pow", "exp", "log", "tanh", "relu", "sigmoid") if _mentions(source, x)]
    alone = [plan for _, plans in engines.singles(ops) for plan in plans]
    graphs = [*engines.TELLING, *islice(engines.plans([x for x in ops if x != "div"]), engines.GRAPHS)]
    plans = [*engines.FIRST, *alone, *graphs]
    asked = {"source": source, "name": name, "plans": [(x.leaves, x.steps) for x in plans]}
    worker = WORKER.format(applied=inspect.getsource(engines.applied))
    text, why = run(worker, asked, seconds, megabytes)
    got = [_answer(line) for line in text.splitlines()]
    marks = [_judged(plan, got[i] if i < len(got) else None) for i, plan in enumerate(plans)]
    right = sum(not bad for bad in marks)
    key = f"{len(plans)} graphs"
    if right == len(plans):
        return Marking([Mark(key, "right", "", f"looked at +, *{''.join(f', {x}' for x in ops)}")], [])
    first = next(bad for bad in marks if bad)
    missing = len(got) < len(plans)
    did = why or ("It ended before it had answered." if missing else first)
    if why and len(got) == 1 and got[0] and isinstance(got[0][0], str):
        did = f"{why} It raised {got[0][0]}: {got[0][1]}."
    told = [] if missing else _diagnosed(source, name, seconds, megabytes)
    verdict = Mark(key, "wrong", f"{right} right")
    plain = Message((key,), (), did, "Every number must be there, and right.", "")
    return Marking([verdict], told or [plain])


def _mentions(source: str, op: str) -> bool:
    method = engines.METHODS.get(op, op)
    return f"def {method}(" in source


def _answer(line: str) -> Any:
    try:
        found = json.loads(line)
        if isinstance(found, list) and len(found) == 2 and isinstance(found[1], list):
            return float(found[0]), [float(x) for x in found[1]]
        return str(found[0]), str(found[1])
    except (ValueError, TypeError, IndexError, KeyError):
        return None


def _judged(plan: engines.Blueprint, got: Any) -> str:
    """Return "" if what was answered is right, else what is wrong with it."""
    if got is None:
        return "It gave no answer."
    if isinstance(got[0], str):
        return f"On {plan} with {plan.numbers} it raised {got[0]}: {got[1]}."
    value, grads = engines.ours(plan)
    named = dict(zip(engines.LETTERS, got[1]))
    if len(got[1]) == len(plan.leaves) and engines.agree((value, grads), (got[0], named)):
        return ""
    return (
        f"On {plan} with {plan.numbers} it gave {got[0]:.6g} with gradients {named}; {value:.6g} and {grads} are right."
    )


def _diagnosed(source: str, name: str, seconds: float, megabytes: int) -> list[Message]:
    """Return what a process of its own says about the code, nothing if it says nothing that can be read."""
    path = json.dumps([str(Path(__file__).parents[2]), *[x for x in sys.path if x]])
    text, _ = run(DIAGNOSE, {"source": source, "name": name}, seconds, megabytes, path)
    try:
        return [
            Message(tuple(keys), tuple(names), *map(str, rest))  # type: ignore[arg-type]
            for keys, names, *rest in json.loads(text)
        ]
    except (ValueError, TypeError):
        return []


def check_file(path: str | os.PathLike[str], **options: Any) -> Marking:
    """Mark a file of a learner's, whose class is called Value."""
    return check_code(Path(path).read_text("utf-8"), **options)
