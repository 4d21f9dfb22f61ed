"""Questions for Moodle: its XML, with multi-answer and calculated questions, and GIFT, which other systems read too.

https://docs.moodle.org/en/Moodle_XML_format, https://docs.moodle.org/en/Embedded_Answers_(Cloze)_question_type
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from xml.etree import ElementTree as ET

from ..views.blanks import sketch
from .calculated import Calculated, FormulaReply
from .items import WRONG, Blank, Cloze, Reply

SHARES = (100, 90, 83.33333, 80, 75, 70, 66.66667, 60, 50, 40, 33.33333, 30, 25, 20, 16.66667, 14.28571, 12.5,
          11.11111, 10, 5, 0)  # those that Moodle takes  # fmt: skip
HOW = "Write every number to four significant digits."


def xml(items: Sequence[Cloze], calculated: Sequence[Calculated] = (), category: str = "Backpropagation") -> str:
    """Return questions as Moodle XML: each exercise as one multi-answer question, and those that Moodle calculates."""
    quiz = ET.Element("quiz")
    top = ET.SubElement(quiz, "question", type="category")
    _text(ET.SubElement(top, "category"), f"$course$/top/{category}")
    for x in items:
        question = ET.SubElement(quiz, "question", type="cloze")
        _text(ET.SubElement(question, "name"), x.title)
        _text(ET.SubElement(question, "questiontext", format="html"), cloze(x))
        _text(ET.SubElement(question, "generalfeedback", format="html"), "")
        for name, value in (("penalty", "0.3333333"), ("hidden", "0")):
            ET.SubElement(question, name).text = value
    for made in calculated:
        _calculated(quiz, made)
    ET.indent(quiz)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(quiz, encoding="unicode") + "\n"


def _text(parent: ET.Element, text: str) -> None:
    ET.SubElement(parent, "text").text = text


def picture(x: Cloze) -> str:
    """Return the graph of an exercise with its blanks, as an image that needs no file."""
    data = b64encode(sketch(x.exercise).svg.encode()).decode()
    return f'<img alt="{escape(x.program)}" src="data:image/svg+xml;base64,{data}" style="max-width:100%">'


def cloze(x: Cloze) -> str:
    """Return an exercise as the text of a multi-answer question."""
    rows = "".join(f"<li><label>{escape(part.asked)}: {_blank(part)}</label></li>" for part in x.parts)
    return f"<pre>{_safe(escape(x.program))}</pre>{picture(x)}<p>{HOW}</p><ul>{rows}</ul>"


def _blank(part: Blank) -> str:
    replies = [f"%{_share(x):.7g}%{x.text}:{x.margin}#{_safe(escape(x.said, quote=False))}" for x in part.replies]
    return f"{{{part.points}:NUMERICAL:{'~'.join(replies)}~%0%*#{_safe(WRONG)}}}"


def _safe(text: str) -> str:
    """Return a text in which nothing ends a blank: } # ~ / and \\ are written with a backslash before them."""
    return re.sub(r"([}#~/\\])", r"\\\1", text)


def _share(x: Reply | FormulaReply) -> float:
    return min(SHARES, key=lambda share: abs(share - 100 * x.share))


def _calculated(quiz: ET.Element, made: Calculated) -> None:
    question = ET.SubElement(quiz, "question", type="calculated")
    _text(ET.SubElement(question, "name"), made.title)
    _text(
        ET.SubElement(question, "questiontext", format="html"), f"<pre>{escape(made.program)}</pre><p>{made.asked}</p>"
    )
    _text(ET.SubElement(question, "generalfeedback", format="html"), "")
    plain = {
        "defaultgrade": "1", "penalty": "0.3333333", "hidden": "0", "synchronize": "0", "single": "0",
        "answernumbering": "abc", "shuffleanswers": "0",
    }  # fmt: skip
    for name, value in plain.items():
        ET.SubElement(question, name).text = value
    for reply in made.replies:
        answer = ET.SubElement(
            question, "answer", fraction=f"{min(SHARES, key=lambda s: abs(s - 100 * reply.share)):g}"
        )
        ET.SubElement(answer, "text").text = reply.formula
        fields = {"tolerance": "0.0005", "tolerancetype": "1", "correctanswerformat": "2", "correctanswerlength": "4"}
        for name, value in fields.items():
            ET.SubElement(answer, name).text = value
        _text(ET.SubElement(answer, "feedback", format="html"), escape(reply.said, quote=False))
    for name, value in {"unitgradingtype": "0", "unitpenalty": "0.1", "showunits": "3", "unitsleft": "0"}.items():
        ET.SubElement(question, name).text = value
    sets = ET.SubElement(question, "dataset_definitions")
    for name, numbers in made.numbers.items():
        one = ET.SubElement(sets, "dataset_definition")
        for field, text in (("status", "private"), ("name", name)):
            _text(ET.SubElement(one, field), text)
        ET.SubElement(one, "type").text = "calculated"
        spans = {
            "distribution": "uniform",
            "minimum": f"{min(numbers):g}",
            "maximum": f"{max(numbers):g}",
            "decimals": "2",
        }
        for field, text in spans.items():
            _text(ET.SubElement(one, field), text)
        ET.SubElement(one, "itemcount").text = str(len(numbers))
        rows = ET.SubElement(one, "dataset_items")
        for i, number in enumerate(numbers, 1):
            row = ET.SubElement(rows, "dataset_item")
            ET.SubElement(row, "number").text = str(i)
            ET.SubElement(row, "value").text = f"{number:g}"
        ET.SubElement(one, "number_of_items").text = str(len(numbers))


def gift(items: Sequence[Cloze], category: str = "Backpropagation") -> str:
    """Return questions as GIFT: each blank as one numerical question, https://docs.moodle.org/en/GIFT_format."""
    parts = [f"$CATEGORY: {category}"]
    for x in items:
        program = "<br>".join(escape(line, quote=False) for line in x.program.splitlines())
        for part in x.parts:
            head = f"::{_gift(f'{x.title}: {part.key}')}::[html]<p>{_gift(program)}</p>"
            replies = [
                f"\t={'' if reply.share == 1 else f'%{_share(reply):.7g}%'}{reply.text}:{reply.margin}"
                f"#{_gift(escape(reply.said, quote=False))}"
                for reply in part.replies
            ]
            wrong = f"\t~#{_gift(WRONG)}"
            parts.append("\n".join([f"{head}<p>{_gift(part.asked)}</p>{{#", *replies, wrong, "}"]))
    return "\n\n".join(parts) + "\n"


def _gift(text: str) -> str:
    return re.sub(r"([~=#{}:\\])", r"\\\1", text)
