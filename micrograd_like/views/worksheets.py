"""Worksheets to print, each with a key: HTML, PDF or Markdown; and the command `worksheet`."""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Literal

from ..drawing.picture import NoConverterError
from ..exercises.concepts import CONCEPTS, NUMBERS, Concept
from ..exercises.credit import points_of
from ..exercises.exercise import Exercise
from ..exercises.generator import answers_of, generate, variants
from .blanks import sketch

PaperSize = Literal["A4", "Letter"]
PAPERS: dict[PaperSize, tuple[int, int]] = {"A4": (210, 297), "Letter": (216, 279)}  # millimetres
MARGIN = 14
LEGIBLE = 0.17  # millimetres a pixel; in a smaller drawing nobody can write, so all is listed below it
HOW = "Write every number to four significant digits. Fill in the blanks from the output back to the inputs."
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
STYLE = """
@page { size: %(paper)s; margin: %(margin)dmm; }
body { font: 11pt/1.4 system-ui, "DejaVu Sans", sans-serif; color: #1b1f24; margin: 0; }
section { break-after: page; box-sizing: border-box; min-height: %(height)dmm; width: %(width)dmm;
  display: flex; flex-direction: column; }
@media screen { section { margin: 0 auto 20mm; } body { padding: 5mm 2mm; } }
section:last-child { break-after: auto; }
header { display: flex; justify-content: space-between; gap: 8mm; border-bottom: 0.3mm solid #7d8793; }
h1 { font-size: 14pt; margin: 0 0 2mm; } p { margin: 2mm 0; }
.name { white-space: nowrap; text-align: right; } .small { font-size: 8.5pt; color: #5a6470; }
.code { display: flex; align-items: center; gap: 2mm; font: 7.5pt "DejaVu Sans Mono", monospace; }
.code img { margin: 0; width: 16mm; height: 16mm; }
footer { display: flex; justify-content: flex-end; margin-top: 2mm; overflow-wrap: anywhere; }
.blanks { display: grid; grid-template-columns: repeat(auto-fill, minmax(40mm, 1fr)); gap: 2mm 4mm; margin: 2mm 0; }
.blanks span { display: flex; align-items: center; gap: 2mm; white-space: nowrap; }
.blanks i { flex: 1; min-width: 22mm; height: 9mm; border: 0.3mm solid #7d8793; border-radius: 1mm; }
section.key { break-after: auto; break-inside: avoid; min-height: 0; margin-bottom: 6mm; }
img { display: block; margin: 4mm auto; max-width: 100%%; }
ol { margin: 2mm 0; padding-left: 7mm; } li { margin: 1mm 0; }
.space { flex: 1; min-height: 25mm; border: 0.3mm solid #7d8793; border-radius: 2mm; padding: 2mm; color: #5a6470;
  background: repeating-linear-gradient(#fff 0 7.7mm, #e3e7ec 7.7mm 8mm); print-color-adjust: exact; }
.steps { display: flex; gap: 6mm; } .steps ul { margin: 0; }
ul { font: 7.5pt/1.4 "DejaVu Sans Mono", monospace; padding-left: 4mm; text-indent: -4mm; list-style: none;
  margin: 1mm 0; }
.steps img { margin: 2mm 0; align-self: start; flex: none; } .answers { columns: 2; }
.program { columns: 3; white-space: pre; } .program + ol { columns: 2; font-size: 10pt; }
h2 { font-size: 10pt; margin: 2mm 0 1mm; break-after: avoid; }
"""


@dataclass(frozen=True)
class PrintedSheet:
    """One exercise for one reader, whose name may be left to be written."""

    exercise: Exercise
    student: str = ""

    @property
    def name(self) -> str:
        """The name, or the line to write it on."""
        return self.student or "_" * 24

    @property
    def heading(self) -> str:
        """What the exercise is about, in words."""
        about = CONCEPTS[self.exercise.concept].__doc__ if self.exercise.concept in CONCEPTS else ""
        return f"{self.exercise.concept}: {about.rstrip('.')}" if about else self.exercise.title

    @property
    def points(self) -> int:
        """How many points there are: a gradient has one for each contribution, everything else has one."""
        return sum([points_of(self.exercise, x) for x in self.exercise.questions.values()])

    def blanks(self) -> str:
        """Return a blank for each answer, large enough to write in, as HTML."""
        cells = "".join(f"<span>{escape(key)} = <i></i></span>" for key in self.exercise.questions)
        return f'<div class="blanks">{cells}</div>'

    def code(self) -> str:
        """Return the code of the sheet as HTML, and if segno is there a QR code of it."""
        code = self.exercise.code
        return f'<footer><span class="code">{escape(code)}{qr(code)}</span></footer>' if code else ""

    def beside(self, small: bool) -> list[str]:
        """Return what is asked and has no place in the drawing, or needs a word; all, if the drawing is small."""
        asked = self.exercise.questions.values()
        apart = [x for x in asked if small or x.kind in ("update", "order") or x.node.constant]
        return [f"{x.key}: {x.asked}" for x in apart]

    def picture(self, width: float, height: float) -> tuple[float, str]:
        """Return the scale, in millimetres a pixel, and the graph as an <img> for a paper of this size."""
        ways = []
        for vertical in (False, True):
            drawing = sketch(self.exercise, False, vertical)
            w, h = size_of(drawing.svg)
            scale = min(width / w, 0.45 * height / h, 0.36)  # letters of 4 mm at most
            ways.append((scale, w * scale, drawing.svg))
        scale, wide, svg = max(ways, key=lambda way: way[0])
        return scale, image(svg, wide, self.exercise.program())

    def html(self, width: float, height: float) -> str:
        """Return the page to fill in."""
        scale, picture = self.picture(width, height)
        small = scale < LEGIBLE
        program = listed(self.exercise.program().splitlines(), "program") if small else ""
        items = "".join(f"<li>{escape(x)}</li>" for x in self.beside(small))
        return (
            f"<section><header><div><h1>{escape(self.heading)}</h1>"
            f'<span class="small">{escape(self.exercise.title)}, ____ of {counted(self.points, "point")}</span></div>'
            f'<span class="name">Name: {escape(self.name)}<br>Date: {"_" * 24}</span></header>'
            f"<p>{HOW}</p>{picture}{program}"
            f"{f'<ol>{items}</ol>' if items else ''}{self.blanks()}"
            f'<div class="space">Space to calculate</div>{self.code()}</section>'
        )

    def html_key(self, width: float, height: float) -> str:
        """Return the page with the answers and every step."""
        drawn = sketch(self.exercise, True).svg
        w, h = size_of(drawn)
        walk, code = self.exercise.walk, escape(self.exercise.code)
        return (
            f'<section class="key"><header><h1>{escape(self.exercise.title)}: key</h1>'
            f'<span class="name">{escape(self.student)} <span class="small">{code}</span></span></header>'
            f'<div class="steps">{image(drawn, w * min(0.38 * width / w, 0.24 * height / h, 0.3))}'
            f"<div><h2>Forward</h2>{listed(map(str, walk.forward))}</div>"
            f"<div><h2>Backward</h2>{listed(map(str, walk.backward))}</div></div>"
            f"<h2>Answers</h2>{listed(self.reasons(), 'answers')}</section>"
        )

    def reasons(self) -> list[str]:
        """Return each answer with its reason."""
        ex = self.exercise
        found = {key: ex.reason(key) for key in ex.questions}
        return [x if x.startswith(key) else f"{key} = {ex.answers[key]}: {x}" for key, x in found.items()]

    def steps(self) -> str:
        """Return both passes step by step, and the reason of each answer."""
        return "\n".join([str(self.exercise.walk), "", *self.reasons()])

    def markdown(self) -> str:
        """Return the exercise as Markdown, without a picture."""
        ex = self.exercise
        given = [f"- {name}.grad = {number:.6g}" for name, number in ex.given_numbers().items()]
        rows = [f"| {key} | {question.asked.replace('|', ' ')} |  |" for key, question in ex.questions.items()]
        table = ["| | asked | answer |", "|---|---|---|", *rows]
        return "\n".join([f"# {ex.title}", "", f"Name: {self.name}", "", HOW, "", "```python", ex.program(), "```", "",
                          *given, *([""] if given else []), *table, ""])  # fmt: skip

    def markdown_key(self) -> str:
        """Return the key as Markdown."""
        return f"# {self.exercise.title}: key {self.student}\n\n```\n{self.steps()}\n```\n"


@cache
def segno() -> Any:
    """Return the library that draws QR codes, None if it is not installed."""
    try:
        import segno as found
    except ImportError:
        return None
    return found


def qr(text: str) -> str:
    """Return a QR code as an <img>, "" where segno is not installed."""
    library = segno()
    if library is None:
        return ""
    made = library.make(text, error="m", micro=False)
    return f'<img alt="QR code" src="{escape(made.svg_data_uri(scale=4, border=2))}">'


def image(svg: str, width: float, alt: str = "") -> str:
    """Return a drawing as an <img> of so many millimetres."""
    data = b64encode(svg.encode()).decode()
    return f'<img alt="{escape(alt)}" style="width:{width:.0f}mm" src="data:image/svg+xml;base64,{data}">'


def listed(lines: Iterable[str], kind: str = "") -> str:
    """Return lines as an HTML list."""
    return f'<ul class="{kind}">{"".join(f"<li>{escape(line)}</li>" for line in lines)}</ul>'


def size_of(svg: str) -> tuple[float, float]:
    """Return the width and height of a drawing."""
    head = svg[svg.index("<svg") :]
    width, height = (head.split(f'{side}="')[1].split('"')[0] for side in ("width", "height"))
    return float(width), float(height)


def worksheet(
    exercises: Iterable[Exercise],
    path: str | os.PathLike[str],
    *,
    paper: PaperSize = "A4",
    students: Sequence[str] = (),
) -> list[Path]:
    """Write a worksheet, a page for each exercise, and beside it a key, and return both paths.

    "sheet.html" makes "sheet-key.html" too; .pdf needs chromium or Chrome, .md has no picture. Paper is "A4" or
    "Letter"; `students` are names for the sheets, in order.
    """
    path = Path(path)
    if paper not in PAPERS:
        raise ValueError(f"There is no paper {paper!r}. Write one of: {', '.join(PAPERS)}.")
    kind = path.suffix.lower()
    if kind not in (".html", ".pdf", ".md"):
        raise ValueError(f"A worksheet is a file .html, .pdf or .md, and {str(path)!r} is none. Write 'sheet.html'.")
    names = [*students]
    sheets = [PrintedSheet(ex, names[i] if i < len(names) else "") for i, ex in enumerate(exercises)]
    if not sheets:
        raise ValueError("There is no exercise to print. Give at least one, as in [generate('chain')].")
    written = path, path.with_name(f"{path.stem}-key{path.suffix}")
    for target, is_key in zip(written, (False, True)):
        if kind == ".md":
            texts = [sheet.markdown_key() if is_key else sheet.markdown() for sheet in sheets]
            target.write_text("\n".join(texts), encoding="utf-8")
        else:
            text = page(sheets, is_key, paper)
            if kind == ".pdf":
                pdf(text, target)
            else:
                target.write_text(text, encoding="utf-8")
    return list(written)


def page(sheets: Sequence[PrintedSheet], is_key: bool, paper: PaperSize = "A4") -> str:
    """Return the worksheet or its key as one HTML page."""
    width, height = (side - 2 * MARGIN for side in PAPERS[paper])
    style = STYLE % {"paper": paper, "margin": MARGIN, "width": width, "height": height - 2}
    body = "".join(x.html_key(width, height) if is_key else x.html(width, height) for x in sheets)
    title = "Key" if is_key else "Worksheet"
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title><style>{style}</style>\n'
        f"<body>{body}</body></html>\n"
    )


def pdf(html: str, path: Path) -> None:
    """Print a page to a PDF by the browser that is installed."""
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise NoConverterError(
            "To make a PDF, chromium or Chrome is needed, and none is here. Write 'sheet.html' and print that."
        )
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "sheet.html"
        source.write_text(html, encoding="utf-8")
        ways = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
        places = [f"--user-data-dir={folder}/profile", f"--print-to-pdf={path.resolve()}", source.as_uri()]
        done = subprocess.run([browser, *ways, *places], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode or not path.exists():
        raise NoConverterError(
            f"{browser} could not print: {done.stderr.strip()[-200:]}. Write 'sheet.html' and print it."
        )


def read_roster(path: Path) -> list[str]:
    """Return the names in the first column of a CSV file, or in that which is called name, student or id."""
    if not path.exists():
        raise ValueError(f"There is no file {path}. Write the path of a file that names a student in each line.")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    if not rows:
        raise ValueError(f"{path} names no student. Write one in each line.")
    head = [cell.strip().lower() for cell in rows[0]]
    column = next((head.index(word) for word in ("name", "student", "id") if word in head), None)
    students = rows if column is None else rows[1:]
    if short := [row for row in students if len(row) <= (column or 0)]:
        raise ValueError(f"{path}: the line {','.join(short[0])!r} has no cell below {head[column or 0]}. Fill it in.")
    names = [row[column or 0].strip() for row in students]
    if not names:
        raise ValueError(f"{path} has a heading and no student below it. Write one in each line.")
    return names


def add_commands(commands: Any) -> None:
    """Add `worksheet` to the commands of an argument parser."""
    sheets = commands.add_parser("worksheet", help="print worksheets with keys, one variant for each student")
    sheets.add_argument("--concepts", default="chain,fan-out", help="with commas between (default: %(default)s)")
    sheets.add_argument("--count", type=int, help="how many different sheets (default: one for each student, or 1)")
    sheets.add_argument("--students", type=Path, metavar="FILE.csv", help="a student in each line; each gets a variant")
    sheets.add_argument("--format", choices=("html", "pdf", "md"), default="html", help="(default: %(default)s)")
    sheets.add_argument("--paper", choices=tuple(PAPERS), default="A4", help="(default: %(default)s)")
    sheets.add_argument("--out", type=Path, default=Path("worksheets"), metavar="DIR", help="(default: %(default)s)")
    sheets.add_argument("--force", action="store_true", help="write over sheets that are there")
    add_seed(sheets)
    sheets.set_defaults(run=run_worksheet)


def add_seed(command: argparse.ArgumentParser) -> None:
    """Let a command take the seed and the difficulty of an exercise."""
    command.add_argument(
        "--seed",
        type=int,
        default=0,
        help="the same seed makes the same exercise; two seeds may give the same answers",
    )
    command.add_argument("--difficulty", type=int, choices=tuple(NUMBERS), default=1)


def run_worksheet(options: argparse.Namespace) -> None:
    """Write the worksheets, and the keys to them, for all students into two files."""
    concepts = options.concepts.split(",")
    names = names_of_sheets(options)
    path = options.out / f"sheets.{options.format}"
    if path.exists() and not options.force:
        raise ValueError(
            f"{path} is there already, and nothing was written. "
            f"Write --out {options.out}-2 to keep it, or --force to write over it."
        )
    exercises = for_all(names, concepts, options.difficulty, options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    labels = [name for name in names for _ in concepts]
    for written in worksheet(exercises, path, paper=options.paper, students=labels):
        numbers = f"{counted(len(names), 'sheet')}, {counted(len(exercises), 'exercise')}"
        print(f"wrote {written}: {numbers}")
    for i, concept in enumerate(concepts):
        column = exercises[i :: len(concepts)]
        if alike := len(column) - len({answers_of(ex) for ex in column}):
            print(f"{concept}: {alike} of {len(column)} sheets repeat the answers of another. Try --difficulty 3.")
    if segno() is None and options.format != "md":
        print("The code of each sheet is printed as text. For a QR code of it: pip install 'micrograd-like[paper]'")


def names_of_sheets(options: argparse.Namespace) -> list[str]:
    """Return a name for each sheet, "" for a spare one."""
    students = read_roster(options.students) if options.students else []
    count = len(students) or 1 if options.count is None else options.count
    if count < 1:
        raise ValueError(f"--count {count} asks for no sheet. Write --count 1.")
    if count < len(students):
        raise ValueError(f"--count {count} is less than the {len(students)} students. Leave it out.")
    return students + [""] * (count - len(students))


def for_all(names: Sequence[str], concepts: Sequence[Concept], difficulty: int, seed: int) -> list[Exercise]:
    """Return the exercises of all sheets, sheet by sheet; those of a spare one say which sheet it is."""
    if len(names) == 1:
        return [generate(concept, difficulty, seed, student=names[0]) for concept in concepts]
    whose = [name or f"sheet {i + 1}" for i, name in enumerate(names)]
    columns = [variants(concept, difficulty, seed, whose) for concept in concepts]
    exercises = [column[i] for i in range(len(names)) for column in columns]
    for i, ex in enumerate(exercises):
        if not names[i // len(concepts)]:
            ex.title += f", sheet {i // len(concepts) + 1}"  # which tells whose key is whose
    return exercises


def counted(number: int, noun: str) -> str:
    """Return "1 sheet", "2 sheets"."""
    return f"{number} {noun}{'s' * (number != 1)}"
