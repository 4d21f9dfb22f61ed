"""What a lecturer types: `assignment`, `lms`, `class`, `mark`, `key`."""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path
from typing import Any

from ..base.files import write_whole
from ..exercises.apart import isolation
from ..exercises.codes import exercise_of
from ..exercises.concepts import NUMBERS
from ..exercises.exercise import Exercise
from ..exercises.generator import generate
from ..views.terminal import wrapped
from ..views.worksheets import PrintedSheet, add_seed, counted, read_roster

SECONDS = 5.0  # for code
LMS = {"moodle": ".xml", "gift": ".gift", "qti2": ".zip", "qti3": ".zip", "cartridge": ".imscc"}

# Each command loads what it needs, so that all the others start as fast as before.


def add_commands(commands: Any) -> None:
    """Add the commands of a lecturer to an argument parser."""
    one = commands.add_parser("assignment", help="make an assignment for a class, and mark what is handed in")
    kinds = one.add_subparsers(title="what to do", metavar="new | mark", required=True)
    new = kinds.add_parser("new", help="make the folder of an assignment, with other numbers for each student")
    new.add_argument("folder", type=Path, help="a new folder")
    new.add_argument("--students", type=Path, required=True, metavar="FILE.csv", help="a student in each line")
    new.add_argument("--concepts", default="chain,fan-out", help="with commas between (default: %(default)s)")
    new.add_argument("--difficulty", type=int, choices=tuple(NUMBERS), default=1)
    new.add_argument("--code", action="store_true", help="ask for a class Value too")
    new.set_defaults(run=run_new)
    mark = kinds.add_parser("mark", help="mark a folder of submissions, each of which is marked or refused by name")
    mark.add_argument("folder", type=Path, help="the folder of the assignment")
    mark.add_argument("submissions", type=Path, help="the folder of what was handed in")
    mark.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: marks, in the assignment)")
    mark.add_argument("--gradescope", type=Path, metavar="FILE", help="write the results.json of one submission")
    mark.add_argument("--seconds", type=float, default=SECONDS, help="for code (default: %(default)s)")
    mark.set_defaults(run=run_mark)
    lms = commands.add_parser("lms", help="write questions for a learning management system, with a diagnosis in each")
    lms.add_argument("kind", choices=tuple(LMS), help="Moodle XML, GIFT, QTI 2.1 or 3, or a Common Cartridge")
    lms.add_argument("--concepts", default="chain,fan-out", help="with commas between (default: %(default)s)")
    lms.add_argument("--count", type=int, default=3, help="exercises on each concept (default: %(default)s)")
    lms.add_argument("--out", type=Path, metavar="FILE", help="(default: questions.xml, .gift, .zip or .imscc)")
    add_seed(lms)
    lms.set_defaults(run=run_lms)
    room = commands.add_parser("class", help="make one page of what a class answered, and what to say on Monday")
    room.add_argument("answers", type=Path, help="a folder of progress files, typed tables, or exports of Moodle")
    room.add_argument("--out", type=Path, default=Path("class.html"), metavar="FILE", help="(default: %(default)s)")
    room.add_argument("--concepts", default="", help="of an export of Moodle: as for lms")
    room.add_argument("--count", type=int, default=3, help="of an export of Moodle: as for lms (default: %(default)s)")
    add_seed(room)
    room.set_defaults(run=run_class)
    typed = commands.add_parser("mark", help="mark a typed table of answers from paper, with diagnoses")
    typed.add_argument("table", type=Path, metavar="FILE.csv", help="columns: code, student, and one for each answer")
    typed.add_argument("--out", type=Path, metavar="FILE.csv", help="(default: FILE-marked.csv)")
    typed.set_defaults(run=run_typed)
    key = commands.add_parser("key", help="print the key of a sheet")
    key.add_argument("code", help="what stands below the QR code of the sheet, as in fan-out/1/7v/Ada")
    key.set_defaults(run=run_key)


def run_lms(options: argparse.Namespace) -> None:
    """Write questions for a learning management system."""
    from . import cartridge, moodle, qti
    from .calculated import calculated
    from .items import items

    if options.count < 1:
        raise ValueError(f"--count {options.count} asks for no exercise. Write --count 1.")
    made = items(made_for_lms(options))
    path = options.out or Path(f"questions{LMS[options.kind]}")
    written: str | bytes
    if options.kind == "moodle":
        concepts = options.concepts.split(",")
        written = moodle.xml(made, [x for name in concepts for x in calculated(name, options.difficulty, options.seed)])
    elif options.kind == "gift":
        written = moodle.gift(made)
    elif options.kind == "cartridge":
        written = cartridge.chapter(made)
    else:
        written = qti.package(made, "2.1" if options.kind == "qti2" else "3.0")
    path.write_bytes(written if isinstance(written, bytes) else written.encode())
    blanks = sum([len(x.parts) for x in made])
    told = sum([len(part.replies) - 1 for x in made for part in x.parts])
    print(f"wrote {path}: {counted(len(made), 'exercise')}, {blanks} blanks, {told} wrong numbers with their diagnosis")


def made_for_lms(options: argparse.Namespace) -> list[Exercise]:
    """Return the exercises that `lms` writes with these options, in its order."""
    seeds = range(options.seed, options.seed + options.count)
    concepts = filter(None, options.concepts.split(","))
    return [generate(concept, options.difficulty, k) for concept in concepts for k in seeds]


def run_class(options: argparse.Namespace) -> None:
    """Write the page of a class."""
    from . import class_page, records
    from .analysis import Analysis

    found, refused = records.collected(options.answers, made_for_lms(options))
    for x in refused:
        print(f"not read: {x}")
    made = Analysis(found)
    if not made.students:
        raise ValueError(
            f"There is no answer in {options.answers}. Write the folder answers that `assignment mark` made."
        )
    write_whole(options.out, class_page.page(made, refused))
    print(f"wrote {options.out}: {counted(made.students, 'student')}, {counted(len(made.items), 'item')}")
    for i, say in enumerate(made.monday(), 1):
        print(f"{i}. {say.mistake}: {counted(say.students, 'student')}. {say.idea}")


def run_typed(options: argparse.Namespace) -> None:
    """Mark a typed table."""
    from . import records
    from .grading import plain

    if not options.table.exists():
        raise ValueError(f"There is no file {options.table}. Write the path of the table that you typed.")
    rows = records.marked(options.table)
    out = options.out or options.table.with_name(f"{options.table.stem}-marked.csv")
    with out.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["student", "code", "points", "of", "diagnoses"])
        for x in rows:
            told = " ".join(map(str, x.found.marking.messages))
            cells = [plain(text) for text in (x.student, x.code)]
            table.writerow([*cells, f"{x.found.earned:g}", x.found.of, plain(told)])
            print(f"{x.student}: {x.found.earned:g} of {x.found.of} points in {x.code.partition('/')[0]}")
    print(f"wrote {out}")


def run_key(options: argparse.Namespace) -> None:
    """Print the key of a sheet."""
    ex = exercise_of(options.code)
    print(wrapped(f"{ex.title}\n\n{PrintedSheet(ex).steps()}"))


def run_new(options: argparse.Namespace) -> None:
    """Write the folder of an assignment."""
    from . import assignment

    students, concepts = read_roster(options.students), options.concepts.split(",")
    made = assignment.new(options.folder, students, concepts, options.difficulty, options.code)
    differ = len({x["program"] for paper in made.papers for x in paper.exercises})
    all_of_them = len(made.papers) * len(concepts)
    print(f"wrote {options.folder}: {counted(len(students), 'paper')}, {made.points} points each")
    print(f"{differ} of {all_of_them} exercises differ; all ask for as much work: {'yes' if made.equal() else 'no'}")
    print(f"Give out {options.folder / 'release'}. The rest is yours: read {options.folder / 'README.md'}.")


def run_mark(options: argparse.Namespace) -> None:
    """Mark a folder of submissions."""
    from . import grading

    begun = time.perf_counter()
    results = grading.mark_all(options.folder, options.submissions, seconds=options.seconds)
    if options.gradescope:
        last = max(results, key=lambda x: (not x.refused, x.points))
        write_whole(options.gradescope, grading.for_gradescope(last))
        return
    out = options.out or options.folder / "marks"
    grading.write_marks(results, out)
    refused = [x for x in results if x.refused]
    for x in refused:
        print(f"refused {x.path}: {x.refused}")
    took = time.perf_counter() - begun
    many = counted(len(results), "submission")
    print(f"{many}: {len(results) - len(refused)} marked, {len(refused)} refused, in {took:.0f} s. {isolation()}")
    print(f"wrote {out}")
