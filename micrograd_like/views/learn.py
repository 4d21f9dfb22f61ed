"""`micrograd-like learn`: the lessons in JupyterLab, as pages in a browser, or in the terminal."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import textwrap
import traceback
import webbrowser
from pathlib import Path
from typing import Any

from .lessons import PACKAGE, Lesson, Shown, execute, lessons, write_pages
from .terminal import wrapped
from .terminal_exercise import ask_all

WAYS = ("jupyter", "browser", "terminal")


def add_commands(commands: Any) -> None:
    """Add `learn` to the commands of an argument parser."""
    learn = commands.add_parser("learn", help="open the lessons")
    learn.add_argument("number", nargs="?", type=int, help="of the lesson to open (default: 1)")
    where = "default: JupyterLab where it is installed, else a browser, else the terminal"
    learn.add_argument("--in", dest="way", choices=WAYS, help=where)
    copies = "where your own copies go (default: %(default)s)"
    learn.add_argument("--to", type=Path, default=Path("lessons"), metavar="DIR", help=copies)
    learn.set_defaults(run=run_learn)


def run_learn(options: argparse.Namespace) -> None:
    """List the lessons, and open one."""
    course = lessons()
    number = 1 if options.number is None else options.number
    if number not in [lesson.number for lesson in course]:
        raise ValueError(f"There is no lesson {number}. Write a number from 1 to {len(course)}.")
    for lesson in course:
        mark = "->" if lesson.number == number else "  "
        print(wrapped(f"{mark} {lesson.number}. {lesson.title}, {lesson.minutes} minutes", 6))
    [chosen] = [lesson for lesson in course if lesson.number == number]
    way = options.way or default_way()
    print(f"\nOpening lesson {number} in {'JupyterLab' if way == 'jupyter' else f'the {way}'}.\n", flush=True)
    if way == "jupyter":
        in_jupyter(chosen, course, options.to)
    elif way == "browser":
        in_browser(chosen, course, options.to)
    else:
        in_terminal(chosen, options.call, options.to, last=chosen is course[-1])


def default_way() -> str:
    """Return the best way to learn that works here."""
    if importlib.util.find_spec("jupyterlab"):
        return "jupyter"
    screen = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    try:
        return "browser" if screen and webbrowser.get() else "terminal"
    except webbrowser.Error:
        return "terminal"


def in_jupyter(chosen: Lesson, course: list[Lesson], folder: Path) -> None:
    """Open copies of the lessons in JupyterLab; a copy that is there already is the learner's, and stays."""
    if not importlib.util.find_spec("jupyterlab"):
        raise ImportError("JupyterLab is not installed. Write: pip install jupyterlab, or learn --in browser.")
    folder.mkdir(parents=True, exist_ok=True)
    for lesson in course:
        if not (folder / lesson.path.name).exists():
            shutil.copyfile(lesson.path, folder / lesson.path.name)
    paths = [str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    command = [sys.executable, "-m", "jupyterlab", str(folder / chosen.path.name)]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)}, check=False)


def in_browser(chosen: Lesson, course: list[Lesson], folder: Path) -> None:
    """Write the lessons as pages, and open the chosen one as soon as it is there."""
    for number, path in enumerate(write_pages(folder, chosen, course)):
        print(f"wrote {path}", flush=True)
        if number == 0 and not webbrowser.open(path.resolve().as_uri()):
            print(f"Open {path} in your browser.", flush=True)


def in_terminal(lesson: Lesson, call: str, folder: Path, last: bool = False) -> None:
    """Show a lesson piece by piece; after each piece of code the learner may try Python of her own."""
    space: dict[str, Any] = {}
    asks = sys.stdin.isatty()
    own = f"To change the code of a cell and run it again:  {call} learn {lesson.number} --in jupyter"
    print(wrapped(own if importlib.util.find_spec("jupyterlab") else f"{own}  (first: pip install jupyterlab)") + "\n")
    for number, (_, source, shown) in enumerate(lesson.run(space)):
        if shown is None:
            print(f"{wrapped(plain(source))}\n")
            continue
        print(textwrap.indent(source, "    ") + "\n")
        present(shown, folder / f"{lesson.number}-{number}.svg" if asks else None)
        if asks and not try_things(space):
            return
    if last:
        print(f"That was the last lesson. Go on by hand:  {call} exercise fan-out --difficulty 2")
    else:
        print(f"Next:  {call} learn {lesson.number + 1} --in terminal")


def present(shown: Shown, picture: Path | None) -> None:
    """Print what a cell gives as far as a terminal can show it.

    A walk is a table and an exercise its program. With a path for a `picture` somebody reads along: then a picture
    is saved there, and an exercise asks.
    """
    from ..drawing.picture import Picture
    from ..exercises.exercise import Exercise
    from ..steps.walk import Walk

    value = shown.value
    if isinstance(value, Walk | Exercise):
        print(shown.text.removesuffix(f"{value!r}\n"), end="")
        if isinstance(value, Exercise) and picture:
            ask_all(value)
        else:
            print(value)
        print()
        return
    print(shown.text)
    if isinstance(value, Picture) and picture:
        picture.parent.mkdir(parents=True, exist_ok=True)
        print(f"To see it, open {value.save(picture)} in a browser.\n")


def plain(markdown: str) -> str:
    """Return Markdown with each paragraph on one line, to be cut where the terminal ends."""
    blocks = []
    for block in markdown.split("\n\n"):
        is_text = not block.startswith(("    ", "- ", "* ", "1. "))
        blocks.append(" ".join(block.splitlines()) if is_text and not block.startswith("#") else block)
    return "\n\n".join(blocks).replace("**", "")


def try_things(space: dict[str, Any]) -> bool:
    """Run what the learner types until she presses Enter alone; tell whether to go on."""
    while True:
        try:
            typed = input("Enter: go on   q: stop   or type Python >>> ").strip()
        except EOFError:
            return False
        if typed in ("", "q"):
            return typed == ""
        try:
            present(execute(typed, space), None)
        except Exception:
            print(traceback.format_exc(limit=0).strip())
