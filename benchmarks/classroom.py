"""A class that hands in: seeded submissions, one in ten of them broken or hostile, marked against the clock.

`python -m benchmarks classroom --students 400` makes the assignment, the submissions and the marks, and tells how long
each took, whether all papers differ, and what became of each kind of submission.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from micrograd_like.classroom import assignment, grading, notebooks
from micrograd_like.exercises.apart import isolation
from micrograd_like.exercises.exam import key

EVERY = 10  # one submission of so many is hostile
VALUE = notebooks.VALUE
HOSTILE_CODE = {  # code that is run; each is marked, and earns nothing for the class
    "endless": "while True: pass\n" + VALUE,
    "endless and catching": "while True:\n try:\n  while True: pass\n except BaseException: pass\n" + VALUE,
    "asleep": "import time; time.sleep(10**6)\n" + VALUE,
    "huge": "x = bytearray(10**11)\n" + VALUE,
    "growing": "x = []\nwhile True: x.append(bytearray(10**6))\n" + VALUE,
    "noisy": "import os\nwhile True: os.write(1, b'x' * 10**6); os.write(2, b'x' * 10**6)\n" + VALUE,
    "a large file": "open('x', 'w').write('x' * 10**9)\n" + VALUE,
    "exit": "raise SystemExit(0)\n" + VALUE,
    "hard exit": "import os; os._exit(0)\n" + VALUE,
    "its own end": "import os; os.kill(os.getpid(), 9)\n" + VALUE,
    "the library": "from micrograd_like import Value as V\nclass Value(V): pass",
    "the library, found again": "import sys; sys.modules.pop('micrograd_like')\nfrom micrograd_like import Value as V\n"
    "class Value(V): pass",
    "reads the grader": "import glob\nassert open('sealed/assignment.json').read()\n" + VALUE,
    "forged answers": "import os\nfor i in range(3, 10):\n try: os.write(i, b'[1.0, [1.0]]\\n' * 1000)\n"
    " except OSError: pass\nos._exit(0)\n" + VALUE,
    "deep recursion": "import sys; sys.setrecursionlimit(10**9)\ndef f(): f()\nf()\n" + VALUE,
    "no engine": "class Value: pass",
    "raises": "class Value:\n    def __init__(self, data): raise RuntimeError('no')",
    "endless backward": "class Value:\n    def __init__(self, data): self.data = data; self.grad = 0\n"
    "    def __add__(self, x): return self\n    __mul__ = __radd__ = __rmul__ = __add__\n"
    "    def backward(self):\n        while True: pass",
    "all is equal": "class Any:\n    def __eq__(self, x): return True\n    def __float__(self): return 1.0\n"
    "class Value:\n    def __init__(self, *x): self.data = self.grad = Any()\n"
    "    def __add__(self, x): return self\n    __mul__ = __radd__ = __rmul__ = __add__\n    def backward(self): pass",
}  # fmt: skip
BROKEN = {  # files; each is refused by name
    "empty": "", "not JSON": "{", "a list": "[]", "no cells": "{}", "cells of another kind": '{"cells": 3}',
    "deep": "[" * 200_000, "binary": "\x00\x01", "large": " " * 6_000_000, "another student": "Somebody Else",
}  # fmt: skip
ANSWERS = {  # what is written for the answers of exercise 1 and 2; it earns nothing there
    "the answers of the exercise": "ex.answers", "a list for the answers": "[1, 2, 3]", "code": "exec('x')",
    "nan": "dict.fromkeys(asked, float('nan'))", "the questions cleared": "ex.questions.clear()",
    "very long": '{"L": "' + "1" * 90_000 + '"}', "not a key": '{"zebra": 1}', "powers": '{"L": 9**9**9**9}',
    "nested": '{"L": ' + "(" * 150 + "2" + ")" * 150 + "}", "a call": '{"L": __import__("os").system("exit")}',
}  # fmt: skip


def submission(student: str, answers: list[Mapping[str, str]], code: str) -> dict[str, Any]:
    """Return the notebook that a student hands in."""
    made = notebooks.solved("ps", answers, student, True)
    for x in made["cells"]:
        x["source"] = code if x["source"] == VALUE else x["source"]
    return made


def hand_in(folder: Path, made: assignment.Assignment, seed: int = 0) -> dict[str, str]:
    """Write a submission for each student, and return of which kind each is, by name of file."""
    folder.mkdir(parents=True)
    random, kinds = Random(seed), {}
    hostile = [*HOSTILE_CODE, *BROKEN, *ANSWERS]
    random.shuffle(hostile)
    for i, paper in enumerate(made.papers):
        answers: list[Mapping[str, str]] = [dict(ex.answers) for ex in key(paper, made.secret)]
        kind, code = random.choice(["right", "one slip", "half done", "wrong class"]), VALUE
        name = f"{paper.student}_{1000 + i}_ps.ipynb"
        if i % EVERY == EVERY - 1:
            kind = hostile[i // EVERY % len(hostile)]
        if kind == "one slip":
            which = dict(answers[0])
            slip = random.choice([*which])
            answers[0] = which | {slip: str(float(which[slip]) * -3.0)}
        elif kind == "half done":
            answers[1] = {}
        elif kind == "wrong class":
            code = VALUE.replace("x.grad +=", "x.grad =")
        text = json.dumps(submission(paper.student, answers, HOSTILE_CODE.get(kind, code)))
        if kind in BROKEN:
            text = BROKEN[kind] or "" if kind != "another student" else text.replace(paper.student, BROKEN[kind])
        if kind in ANSWERS:
            text = json.dumps(submission(paper.student, [{}, {}], VALUE))
            for number in (1, 2):
                text = text.replace(
                    f"mine.answer({number}, {{}})", json.dumps(f"mine.answer({number}, {ANSWERS[kind]})")[1:-1]
                )
        (folder / name).write_text(text, encoding="utf-8")
        kinds[name] = kind
    return kinds


def wrong(results: list[grading.Result], kinds: Mapping[str, str]) -> list[str]:
    """Return what should not have happened: nothing, if each is marked or refused as it should be."""
    found = []
    for x in results:
        kind, code = kinds[x.path], {name: earned for name, earned, _, _ in x.tests}.get("class Value", 0.0)
        numbers = x.points - code
        expected = {
            "right": not x.refused and x.points == x.of, "one slip": not x.refused and x.of - 4 <= x.points < x.of,
            "half done": not x.refused and 0 < x.points < x.of,
            "wrong class": not x.refused and numbers == x.of - assignment.CODE_POINTS and code < assignment.CODE_POINTS,
        }  # fmt: skip
        if kind in BROKEN:
            right = bool(x.refused)
        elif kind in ANSWERS:
            right = bool(x.refused) or numbers == 0
        elif kind in HOSTILE_CODE:
            right = not x.refused and numbers == x.of - assignment.CODE_POINTS and code < assignment.CODE_POINTS / 2
        else:
            right = expected[kind]
        if not right or not x.student:
            found.append(f"{x.path} ({kind}): {x.points} of {x.of}, {x.refused} {x.tests}")
    return found


def main() -> None:
    """Play a class, and tell how long it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=400)
    many = parser.parse_args().students
    with tempfile.TemporaryDirectory() as place:
        folder, times = Path(place) / "ps", [time.perf_counter()]
        made = assignment.new(folder, [f"student {i + 1}" for i in range(many)], code=True)
        times.append(time.perf_counter())
        kinds = hand_in(Path(place) / "handed in", made)
        times.append(time.perf_counter())
        results = grading.mark_all(folder, Path(place) / "handed in")
        grading.write_marks(results, folder / "marks")
        times.append(time.perf_counter())
    differ = len({x["program"] for paper in made.papers for x in paper.exercises})
    new, _, marked = (later - earlier for earlier, later in pairwise(times))
    bad = wrong(results, kinds)
    refused = Counter(kinds[x.path] for x in results if x.refused)
    print(f"| {many} students | |\n|---|---|")
    print(f"| assignment made in | {new:.0f} s |\n| exercises that differ | {differ} of {2 * many} |")
    print(f"| all papers ask for as much work | {made.equal()} |\n| marked in | {marked:.0f} s |")
    print(f"| refused by name | {sum(refused.values())} |\n| not as it should be | {len(bad)} |")
    print(isolation(), *bad, sep="\n")
    scores = defaultdict(list)
    for x in results:
        scores[kinds[x.path]].append(f"{x.points:g}")
    for kind in (k for k in scores if k not in ("right", "one slip", "half done", "wrong class")):
        print(f"{kind}: {', '.join(scores[kind])}")
