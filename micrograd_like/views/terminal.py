"""`micrograd-like walk` and `explain`: both passes in a terminal, a step for each press of an arrow key."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..mistakes.mistake import MISTAKES, RIGHT
from ..ops.notation import short
from ..steps.walk import Backward, Event, Walk

KEYS = {
    b"\x1b[C": "next", b"\x1b[B": "next", b"\x1bOC": "next", b" ": "next", b"\r": "next", b"\n": "next", b"n": "next",
    b"\x1b[D": "back", b"\x1b[A": "back", b"\x1bOD": "back", b"b": "back",
    b"\x1b[H": "first", b"\x1b[1~": "first", b"\x1bOH": "first", b"\x1b[F": "last", b"\x1b[4~": "last",
    b"\x1bOF": "last", b"q": "quit", b"\x1b": "quit", b"\x03": "quit", b"\x04": "quit", b"": "quit",
    b"\xe0M": "next", b"\xe0P": "next", b"\xe0K": "back", b"\xe0H": "back",
    b"\xe0G": "first", b"\xe0O": "last",
}  # fmt: skip
BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
CLEAR = "\x1b[H\x1b[2J"


def add_commands(commands: Any, add_expression: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add `walk` and `explain` to the commands; `add_expression` gives them an expression and its numbers."""
    walk = commands.add_parser("walk", help="step through both passes of an expression")
    add_expression(walk)
    walk.add_argument("--rule", choices=[RIGHT.name, *MISTAKES], default="right", metavar="RULE", help="a mistake, as in overwrite")
    walk.add_argument("--html", type=Path, metavar="FILE", help="write a page to step through instead")
    walk.set_defaults(run=run_walk)
    explain = commands.add_parser("explain", help="say where each gradient of an expression comes from")
    add_expression(explain)
    explain.set_defaults(run=run_explain)


def run_walk(options: argparse.Namespace) -> None:
    """Step through an expression: by keys in a terminal, else as a table; or write the page."""
    from ..graph.parse import parse

    root, variables = parse(options.expression, dict(options.values))
    walk = Walk(root, options.rule, names=variables | {"out": root}, code=options.expression)
    if options.html:
        print(f"wrote {walk.save(options.html, options.expression)}")
    elif sys.stdin.isatty() and sys.stdout.isatty():
        step_through(walk)
    else:
        print(walk)


def run_explain(options: argparse.Namespace) -> None:
    """Print the contributions of every gradient."""
    from ..graph.parse import parse
    from ..steps.explain import explain

    root, variables = parse(options.expression, dict(options.values))
    print(explain(root, names=variables | {"out": root}))


def step_through(walk: Walk) -> None:
    """Show one event after the other, as the keys ask for them."""
    event = walk.next()
    moves: dict[str, Callable[[], Event]] = {
        "next": walk.next, "back": walk.back, "first": lambda: walk.goto(0), "last": lambda: walk.goto(-1),
    }  # fmt: skip
    for key in _keys():
        if key in moves:
            event = moves[key]()
        elif key == "quit":
            break
        sys.stdout.write(CLEAR + "\n".join(screen(walk, event)) + "\n")
        sys.stdout.flush()


def screen(walk: Walk, event: Event) -> list[str]:
    """Return the lines that show one event."""
    bold, dim, plain = ("", "", "") if os.environ.get("NO_COLOR") else (BOLD, DIM, PLAIN)
    backward = isinstance(event, Backward)
    lines = [f"{dim}step {event.index + 1} of {len(walk)}, {'backward' if backward else 'forward'}{plain}"]
    if line := event.line:
        text = line.text
        lines += ["", f"  {text[: line.start]}{bold}{text[line.start : line.end]}{plain}{text[line.end :]}"]
        lines.append(f"  {' ' * line.start}{'^' * (line.end - line.start)}")
    lines += ["", f"  {bold}{event}{plain}", "", event.why]
    if isinstance(event, Backward):
        lines.append(event.reason)
        names = ", ".join(map(walk.graph.name, event.pending))
        lines.append(f"{event.target} still waits for {names}." if names else f"{event.target} is complete now.")
    lines += ["", *_table(walk, event), "", f"{dim}right and left: step   Home, End: all   q: quit{plain}"]
    return lines


def _table(walk: Walk, event: Event) -> Iterator[str]:
    seen = walk[: event.index + 1]
    grads = {walk.root: 1.0} if isinstance(event, Backward) else {}
    grads |= {e.input: e.after for e in seen if isinstance(e, Backward)}
    nodes = [e.node for e in seen if not isinstance(e, Backward)][-30:]
    width = max(len(walk.graph.name(node)) for node in nodes)
    for node in nodes:
        mark = "<-" if isinstance(event, Backward) and node is event.input else ""
        grad = short(grads[node]) if node in grads else ""
        yield f"  {walk.graph.name(node):{width}}  data {short(node.data):>10}  grad {grad:>10} {mark}".rstrip()


def _keys() -> Iterator[str]:
    """Yield "" once keys are heard, then what each key pressed asks for."""
    try:
        import termios
        import tty
    except ImportError:  # Windows
        import msvcrt

        yield ""
        while True:
            key = msvcrt.getch()  # type: ignore[attr-defined]
            yield KEYS.get(key + msvcrt.getch() if key in b"\x00\xe0" else key, "")  # type: ignore[attr-defined]
    stream = sys.stdin.fileno()
    before = termios.tcgetattr(stream)
    try:
        tty.setcbreak(stream)
        yield ""
        while True:
            yield KEYS.get(os.read(stream, 8), "")
    finally:
        termios.tcsetattr(stream, termios.TCSADRAIN, before)
