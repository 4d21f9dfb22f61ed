"""`micrograd-like exercise`: one question after the other, marked at once, with hints, and asked again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from ..exercises.concepts import CONCEPTS
from ..exercises.exercise import HINTS, Exercise
from ..exercises.generator import generate
from ..exercises.practise import next_exercise
from ..exercises.progress import Progress
from .terminal import wrapped
from .worksheets import PrintedSheet, add_seed

HOW = "Type a number, a fraction such as -3/2, or 2*3 + 1.  ?: a hint   s: skip   q: stop"
WORDS = {"": "?", "hint": "?", "help": "?", "skip": "s", "stop": "q", "quit": "q", "exit": "q"}  # typed in full


def add_commands(commands: Any) -> None:
    """Add `exercise` to the commands of an argument parser."""
    one = commands.add_parser("exercise", help="do an exercise by hand, and be told which mistake you made")
    one.add_argument("concept", help=f"one or several, as in chain,max, of: {', '.join(CONCEPTS)}")
    one.add_argument("--check", nargs="+", metavar="NAME=NUMBER", help="mark these answers, such as a=-3 b=3/2")
    one.add_argument("--student", default="", metavar="ID", help="a variant of one's own")
    one.add_argument("--hint", nargs="+", metavar=("NAME", "NUMBER"), help="show one hint, as in --hint a, then a 2")
    one.add_argument("--key", action="store_true", help="show the answers and every step")
    add_seed(one)
    one.set_defaults(run=run_exercise)


def run_exercise(options: argparse.Namespace) -> None:
    """Ask an exercise in a terminal; else show it, or mark answers to it, or show one hint or its key."""
    ex = generate(options.concept.split(",")[0], options.difficulty, options.seed, student=options.student)
    words = f"{options.call} exercise {options.concept} --seed {options.seed}"
    words += f" --difficulty {options.difficulty}" if options.difficulty > 1 else ""
    words += f" --student {options.student}" if options.student else ""
    if options.key:
        print(wrapped(PrintedSheet(ex).steps()))
    elif options.hint:
        print(one_hint(ex, options.hint, words))
    elif options.check:
        if bare := [answer for answer in options.check if "=" not in answer]:
            raise ValueError(f"{bare[0]!r} gives no name a number. Write it as in {next(iter(ex.questions))}=1.")
        print(wrapped(str(ex.check(dict(answer.rpartition("=")[::2] for answer in options.check)))))
    elif sys.stdin.isatty() and sys.stdout.isatty():
        practise(options)
    else:
        first = next(iter(ex.questions))
        print(f"{wrapped(str(ex))}\n\nMark answers:  {words} --check {first}=1 ...")
        print(f"A hint:        {words} --hint {first}")


def one_hint(ex: Exercise, asked: list[str], words: str) -> str:
    """Return one rung of the ladder of hints, and how to ask for the next one."""
    key, *number = asked
    if len(number) > 1 or not all(x in map(str, range(1, HINTS + 1)) for x in number):
        raise ValueError(f"--hint {' '.join(asked)} is not one hint. Write --hint {key} 1, up to --hint {key} {HINTS}.")
    level = int(number[0]) if number else 1
    text = wrapped(f"Hint {level} of {HINTS}: {ex.hint(key, level)}")
    return text if level == HINTS else f"{text}\nThe next one:  {words} --hint {key} {level + 1}"


def practise(options: argparse.Namespace) -> None:
    """Ask exercises until the learner stops; what comes next follows from what was right at once, and it is said why.

    The concept may be several, as in fan-out,diamond: one that was mastered comes back now and then.
    """
    mine, concepts = Progress(), options.concept.split(",")
    ex = generate(concepts[0], options.difficulty, options.seed, student=options.student, keep=mine)
    while ask_all(ex):
        answer = _typed("\nEnter: another one, with new numbers   q: stop  ")
        if answer is None or answer.lower().startswith(("q", "n")):
            break
        ex, why = next_exercise(mine, concepts, options.difficulty, options.seed, options.student)
        print(f"\n{wrapped(why)}\n")


def ask_all(ex: Exercise, typed: Callable[[str], str | None] | None = None) -> bool:
    """Ask for each answer until it is right or skipped, and tell whether the learner went through to the end."""
    answers: dict[str, str] = {}
    at_once = 0
    print(f"{wrapped(str(ex))}\n\n{wrapped(HOW)}")
    for key in ex.questions:
        tries = 0
        while True:
            answer = (typed or _typed)(f"\n{key} = ")
            answer = "q" if answer is None else WORDS.get(answer.lower(), answer)
            if answer.lower() == "q":
                return False
            if answer.lower() == "s":
                print(wrapped(f"Skipped. It is {ex.hint(key, HINTS)}"))
                ex.skip(key)
                break
            tries += 1
            if answer == "?":
                print(wrapped(ex.hint(key)))
                continue
            try:
                marking = ex.check({**answers, key: answer})
            except ValueError as error:
                print(wrapped(str(error)))
                continue
            if marking[key].verdict == "right":
                print(wrapped(f"Right. {marking[key].note}"))
                answers[key] = answer
                at_once += tries == 1
                break
            told = [str(message) for message in marking.messages if key in message.keys]
            print(wrapped("\n".join(told) or "Not yet right. Type ? for a hint."))
    print(f"\n{len(answers)} of {len(ex.questions)} right, {at_once} of them at once.")
    return True


def _typed(prompt: str) -> str | None:
    """Return what the learner typed, or None at the end of input."""
    try:
        return input(prompt).strip()
    except EOFError:
        print()
        return None
