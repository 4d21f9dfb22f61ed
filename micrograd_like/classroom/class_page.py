"""The page of a class: one file that needs nothing else, in light and dark, to print, and to hear as tables."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

from ..exercises.marking import coded
from ..views.blanks import sketch
from ..views.worksheets import counted
from .analysis import Advice, Analysis, ItemFigures

MOST_ROWS, MOST_HELP, MOST_ITEMS = 15, 30, 40
TEXTS = ("why", "exercise")  # columns of words
STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --page: #fff; --line: #d0d7de; --heat: 194 65 12; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9aa5b1; --page: #14181d; --line: #3a434d; --heat: 240 110 50; } }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --page: #fff; --line: #999; --heat: 194 65 12; }
  section { break-inside: avoid; } * { print-color-adjust: exact; } }
body { font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; color: var(--ink); background: var(--page);
  max-width: 62rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem; } h3 { font-size: 1rem; margin: 0; }
p { margin: .3rem 0; } .soft, caption { color: var(--soft); } caption { text-align: left; padding: .2rem 0 .5rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: right; }
th[scope=row], thead th:first-child, thead .text, td.text { text-align: left; font-weight: 500; }
thead th { font-weight: 600; vertical-align: bottom; } .heat td { min-width: 3.2rem; text-align: center; }
ol { padding-left: 1.4rem; } ol > li { margin: 1rem 0; padding-left: .3rem; }
figure { margin: .6rem 0; } img { max-width: 100%; }
code { font: .92em "DejaVu Sans Mono", ui-monospace, monospace; }
"""


def page(found: Analysis, refused: Sequence[str] = ()) -> str:
    """Return the page of a class; `refused` are files that could not be read, with the reason."""
    parts = [f"<h1>The class: {counted(found.students, 'student')}</h1>", _summary(found), _monday(found.monday())]
    parts += [_heat(found), _help(found), _items(found.items)]
    if refused:
        rows = "".join(f"<li>{escape(x)}</li>" for x in refused)
        parts.append(f"<section><h2>Not read</h2><ul>{rows}</ul></section>")
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>The class</title><style>{STYLE}</style>\n<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _summary(found: Analysis) -> str:
    answers = sum([x.answers for x in found.items])
    shares = [*found.share.values()]
    mean = f", {sum(shares) / len(shares):.0%} right at once" if shares else ""
    return f'<p class="soft">{counted(answers, "answer")} in {counted(len(found.concepts), "concept")}{mean}.</p>'


def _monday(advice: Sequence[Advice]) -> str:
    if not advice:
        return "<section><h2>What to say on Monday</h2><p>No mistake was named: nothing to say.</p></section>"
    return f"<section><h2>What to say on Monday</h2><ol>{''.join(map(_advice, advice))}</ol></section>"


def _advice(x: Advice) -> str:
    data = b64encode(sketch(x.exercise, answers=True).svg.encode()).decode()
    command = f"micrograd-like exercise {x.concept} --seed {x.exercise.code.split('/')[2]}"
    return (
        f"<li><h3>{escape(_words(x.mistake))}</h3><p>{coded(x.idea)}</p>"
        f'<p class="soft">{counted(x.students, "student")}, in {escape(x.concept)}. {escape(x.shows)}</p>'
        f'<figure><img alt="{escape(x.exercise.program())}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption>Show it: <code>{escape(command)}</code></figcaption></figure></li>"
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


def table(title: str, caption: str, heads: Sequence[str], rows: Iterable[str], kind: str = "", left: int = 0) -> str:
    """Return a section with a table; `left` rows are not in it."""
    head = "".join(f'<th scope="col"{" class=text" * (x in TEXTS)}>{escape(x)}</th>' for x in heads)
    more = f'<p class="soft">And {left} more.</p>' if left > 0 else ""
    return (
        f'<section><h2>{title}</h2><div class="scroll" tabindex="0"><table class="{kind}"><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>{more}</section>"
    )


def _row(name: str, *cells: str) -> str:
    return f'<tr><th scope="row">{escape(name)}</th>{"".join(cells)}</tr>'


def _heat(found: Analysis) -> str:
    if not found.heat:
        return ""
    most = max(x for row in found.heat.values() for x in row.values())
    rows = [
        _row(_words(name), *[_cell(row.get(x, 0), most) for x in found.concepts])
        for name, row in [*found.heat.items()][:MOST_ROWS]
    ]
    caption = "How many students showed each misconception in each concept. A stronger colour is more."
    heads = ["misconception", *found.concepts]
    return table("Misconceptions", caption, heads, rows, "heat", len(found.heat) - MOST_ROWS)


def _cell(many: int, most: int) -> str:
    if not many:
        return "<td>0</td>"
    return f'<td style="background:rgb(var(--heat) / {0.08 + 0.4 * many / most:.2f})"><b>{many}</b></td>'


def _help(found: Analysis) -> str:
    if not found.help:
        return "<section><h2>Who needs help</h2><p>Nobody stands out.</p></section>"
    rows = [
        _row(x.student, f"<td>{x.share:.0%}</td>", f'<td class="text">{escape(_words(x.why))}</td>')
        for x in found.help[:MOST_HELP]
    ]
    caption = "Less than half right at once, or one mistake again and again."
    heads = ["student", "right at once", "why"]
    return table("Who needs help", caption, heads, rows, left=len(found.help) - MOST_HELP)


def _items(items: Sequence[ItemFigures]) -> str:
    rows = [
        _row(f"{x.concept}: {x.key}", f'<td class="text">{escape(x.title)}</td>', f"<td>{x.answers}</td>",
             f"<td>{x.difficulty:.0%}</td>", f"<td>{_signed(x.discrimination)}</td>")
        for x in items[:MOST_ITEMS]
    ]  # fmt: skip
    caption = (
        "The hardest first. Discrimination is how an answer goes with all others of the same student: below 0.2, look "
        "at the item; below 0, those who know more got it wrong. A dash stands where too few answered, or all alike."
    )
    heads = ["item", "exercise", "answers", "right at once", "discrimination"]
    return table("Items", caption, heads, rows, left=len(items) - MOST_ITEMS)


def _signed(x: float | None) -> str:
    return "–" if x is None else f"{x:.2f}".replace("-", "\N{MINUS SIGN}")
