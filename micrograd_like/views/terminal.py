"""`micrograd-like walk` and `explain`: both passes in a terminal, a step for each press of an arrow key."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..exercises.answers import read
from ..graph.parse import ExpressionError
from ..mistakes.mistake import MISTAKES, RIGHT
from ..ops.notation import short
from ..steps.events import Backward, Event, Forward, Seed
from ..steps.walk import Walk, compare

KEYS = {
    b"\x1b[C": "next", b"\x1b[B": "next", b"\x1bOC": "next", b" ": "next", b"\r": "next", b"\n": "next", b"n": "next",
    b"\x1b[D": "back", b"\x1b[A": "back", b"\x1bOD": "back", b"b": "back",
    b"\x1b[H": "first", b"\x1b[1~": "first", b"\x1bOH": "first", b"\x1b[F": "last", b"\x1b[4~": "last",
    b"\x1bOF": "last", b"q": "quit", b"\x1b": "quit", b"\x03": "quit", b"\x04": "quit",
    b"\xe0M": "next", b"\xe0P": "next", b"\xe0K": "back", b"\xe0H": "back",
    b"\xe0G": "first", b"\xe0O": "last",
}  # fmt: skip
BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
CLEAR = "\x1b[H\x1b[2J"
MOST_ROWS = 30
SELF = "How much does the output move with itself?"  # the reason would tell the number that is asked
STEPPING = "right, left: step   p: predict   m: mistake   Home, End   q: quit"
PREDICTING = "Type your number and press Enter   ?: show it   Esc: stop predicting"


def add_commands(commands: Any, add_expression: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add `walk` and `explain` to the commands; `add_expression` gives them an expression and its numbers."""
    walk = commands.add_parser("walk", help="step through both passes of an expression")
    add_expression(walk)
    walk.add_argument(
        "--rule", choices=[RIGHT.name, *MISTAKES], default="right", metavar="RULE", help="a mistake, as in overwrite"
    )
    walk.add_argument("--html", type=Path, metavar="FILE", help="write a page to step through instead")
    walk.set_defaults(run=run_walk)
    explain = commands.add_parser("explain", help="say where each gradient of an expression comes from")
    add_expression(explain)
    explain.set_defaults(run=run_explain)


def run_walk(options: argparse.Namespace) -> None:
    """Step through an expression: by keys in a terminal, else as a table; or write the page."""
    from ..graph.parse import parse

    root, variables = parse(options.expression, options.numbers(options.values))
    names = variables | {"out": root}
    walk = Walk(root, options.rule, names=names, code=options.expression)
    if options.html:
        print(f"wrote {walk.save(options.html, options.expression)}")
    elif sys.stdin.isatty() and sys.stdout.isatty():
        stepper = Stepper(walk, names, options.expression)
        for key in _keys():
            if not stepper.press(key):
                break
            sys.stdout.write(CLEAR + "\n".join(stepper.screen()) + "\n")
            sys.stdout.flush()
    elif max(map(len, str(walk).splitlines())) > (columns() or sys.maxsize):
        print("\n".join(wrapped(f"{event.index + 1}. {event}", 4) for event in walk))
    else:
        print(walk)


def run_explain(options: argparse.Namespace) -> None:
    """Print the contributions of every gradient."""
    from ..graph.parse import parse
    from ..steps.explain import explain

    root, variables = parse(options.expression, options.numbers(options.values))
    root.backward()
    print(wrapped(str(explain(root, names=variables | {"out": root})), 4))


def columns() -> int:
    """Return how wide the terminal is, as it says or as COLUMNS says; 0 where nobody reads along."""
    return shutil.get_terminal_size((0, 0)).columns


def wrapped(text: str, indent: int = 0) -> str:
    """Return the text with its lines cut between words where the terminal is narrower."""
    width, lines = columns() or sys.maxsize, []
    for line in text.splitlines():
        deeper = " " * (len(line) - len(line.lstrip()) + indent)
        lines += textwrap.wrap(line, max(width, 20), subsequent_indent=deeper, drop_whitespace=True) or [""]
    return "\n".join(lines)


class Stepper:
    """A walk in a terminal: where it is, whether the next number is to be predicted, and what was typed for it."""

    walk: Walk
    names: dict[str, Any]
    code: str
    rules: list[str]
    event: Event
    predicting: bool
    hidden: bool
    typed: str
    told: str

    def __init__(self, walk: Walk, names: dict[str, Any], code: str) -> None:
        self.walk, self.names, self.code = walk, names, code
        self.rules = ["right", *[name for name, wrong in compare(walk.root).items() if wrong]]
        self.event = walk.next()
        self.predicting = self.hidden = False
        self.typed = self.told = ""

    def press(self, key: bytes) -> bool:
        """Do what a key says, and tell whether to go on."""
        word = "" if self.hidden and key == b"b" else KEYS.get(key, "")  # a letter of what is typed
        self.told = ""
        if self.hidden and key not in (b"\x03", b"\x04", b"") and word not in ("back", "first", "last"):
            self._answer(key)
        elif word == "quit" and key:
            return False
        elif key == b"p":
            self.predicting = not self.predicting
            self.told = f"Predict is {'on: the next number waits for yours' if self.predicting else 'off'}."
        elif key == b"m":
            self._next_mistake()
        elif word in ("next", "back", "first", "last"):
            self._go(word)
        return True

    def _go(self, word: str) -> None:
        before = self.event
        walk = self.walk
        if word in ("next", "back"):
            self.event = walk.next() if word == "next" else walk.back()
        else:
            self.event = walk.goto(0 if word == "first" else -1)
        forward = word == "next" and self.event is not before
        self.typed = ""
        self.hidden = self.predicting and forward and (not isinstance(self.event, Forward) or bool(self.event.node.op))

    def _next_mistake(self) -> None:
        at = self.rules.index(self.walk.rule.name) if self.walk.rule.name in self.rules else -1
        rule = self.rules[(at + 1) % len(self.rules)]
        place = self.event.index
        self.walk = Walk(self.walk.root, rule, names=self.names, code=self.code)
        self.event = self.walk.goto(min(place, len(self.walk) - 1))

    def _answer(self, key: bytes) -> None:
        """Take one key of a predicted number; Enter marks it."""
        if key in (b"\x7f", b"\x08"):
            self.typed = self.typed[:-1]
        elif key == b"\x1b":
            self.predicting = self.hidden = False
        elif key == b"?":
            self.hidden, self.told = False, "Here it is."
        elif key in (b"\r", b"\n"):
            self._mark()
        elif KEYS.get(key) == "next" and key.startswith((b"\x1b", b"\xe0")):
            self.told = "Your number first."
        else:
            self.typed += "".join(filter(str.isprintable, key.decode(errors="ignore")))

    def _mark(self) -> None:
        event = self.event
        try:
            answer = read(self.typed)
        except ExpressionError as error:
            self.told = str(error)
            return
        if answer.means(event.after if isinstance(event, Backward | Seed) else event.node.data):
            self.hidden, self.told = False, "Right."
        else:
            self.told, self.typed = f"It is not {self.typed}. Try again; ? shows it.", ""

    def screen(self) -> list[str]:
        """Return the lines that show where the walk is."""
        lines = screen(self.walk, self.event, self.hidden)
        if self.hidden:
            lines.append(wrapped(f"your number: {self.typed}_"))
        return [*lines, *([wrapped(self.told)] if self.told else []), "", _dim(PREDICTING if self.hidden else STEPPING)]


def _dim(text: str) -> str:
    return wrapped(text) if os.environ.get("NO_COLOR") else f"{DIM}{wrapped(text)}{PLAIN}"


def screen(walk: Walk, event: Event, hidden: bool = False) -> list[str]:
    """Return the lines that show one event; `hidden` leaves its number out."""
    bold, plain = ("", "") if os.environ.get("NO_COLOR") else (BOLD, PLAIN)
    backward = isinstance(event, Backward | Seed)
    lines = [_dim(f"step {event.index + 1} of {len(walk)}, {'backward' if backward else 'forward'}")]
    if walk.rule.name != "right":
        lines.append(wrapped(f"Wrong on purpose: {walk.rule.name}. {walk.rule.idea}"))
    if line := event.line:
        room = (columns() or 100) - 4
        first = max(min(line.start - room // 3, len(line.text) - room), 0)
        start, end, text = line.start - first, min(line.end - first, room), line.text[first : first + room]
        lines += ["", f"  {text[:start]}{bold}{text[start:end]}{plain}{text[end:]}"]
        lines.append(f"  {' ' * start}{'^' * (end - start)}")
    equation = " = ".join([*str(event).split(" = ")[:-1][:2], "___"]) if hidden else str(event)
    width = (columns() or 100) - 2
    why = SELF if hidden and isinstance(event, Seed) else event.why
    lines += ["", *[f"  {bold}{part}{plain}" for part in textwrap.wrap(equation, width)], "", wrapped(why)]
    if isinstance(event, Backward):
        lines.append(wrapped(event.reason))
        names = ", ".join(map(walk.graph.name, event.pending))
        lines.append(wrapped(f"{event.target} {f'still waits for {names}' if names else 'is complete now'}."))
    lines += ["", *_table(walk, event, hidden)]
    if walk.rule.name != "right" and event.index == len(walk) - 1:
        lines += ["", *[wrapped(line, 4) for line in walk.side_by_side()]]
    return lines


def _table(walk: Walk, event: Event, hidden: bool) -> Iterator[str]:
    seen = walk[: event.index + (not hidden)]
    grads = {e.node: e.after for e in seen if isinstance(e, Seed)}
    grads |= {e.input: e.after for e in seen if isinstance(e, Backward)}
    nodes = [e.node for e in seen if isinstance(e, Forward)][-MOST_ROWS:]
    room = max((columns() or 100) - len(f"    data {'':10}  grad {'':10} <-"), 8)
    shown = {node: _short_name(walk.graph.name(node), room) for node in nodes}
    width = max(map(len, shown.values()), default=0)
    for node in nodes:
        mark = "<-" if isinstance(event, Backward) and node is event.input else ""
        grad = short(grads[node]) if node in grads else ""
        yield f"  {shown[node]:{width}}  data {short(node.data):>10}  grad {grad:>10} {mark}".rstrip()


def _short_name(name: str, room: int) -> str:
    """Return the name, without its middle where it is longer than its room."""
    return name if len(name) <= room else f"{name[: room // 2]}…{name[len(name) - (room - 1) // 2 :]}"


def _keys() -> Iterator[bytes]:
    """Yield b"" once keys are heard, then each key pressed, as the bytes that it sends."""
    try:
        import termios
        import tty
    except ImportError:  # Windows
        import msvcrt

        yield b""
        while True:
            key = msvcrt.getch()  # type: ignore[attr-defined]
            yield key + msvcrt.getch() if key in b"\x00\xe0" else key  # type: ignore[attr-defined]
    stream = sys.stdin.fileno()
    before = termios.tcgetattr(stream)
    try:
        tty.setcbreak(stream)
        yield b""
        while True:
            yield os.read(stream, 8) or b"q"  # the end of input
    finally:
        termios.tcsetattr(stream, termios.TCSADRAIN, before)
