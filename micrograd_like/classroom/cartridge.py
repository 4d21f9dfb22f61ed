"""A chapter as a Common Cartridge 1.1: for each concept a page to practise on, and a quiz of all exercises.

https://www.imsglobal.org/cc/ccv1p1/imscc_profilev1p1.html. Its quizzes are QTI 1.2.1, in which
what is typed into a blank is compared as text.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Sequence
from html import escape
from pathlib import Path
from xml.etree import ElementTree as ET

from ..views import practice
from .items import WRONG, Blank, Cloze, Reply

SPACE = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
LOM = "http://ltsc.ieee.org/xsd/imsccv1p1/LOM/manifest"
QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
KIND = "imsqti_xmlv1p2/imscc_xmlv1p1/assessment"


def chapter(items: Sequence[Cloze], title: str = "Backpropagation by hand") -> bytes:
    """Return a cartridge (.imscc) with a page to practise on for each item, and one quiz with a blank a question."""
    manifest = ET.Element("manifest", xmlns=SPACE, identifier="micrograd-like-chapter")
    manifest.set("xmlns:lomimscc", LOM)
    about = ET.SubElement(manifest, "metadata")
    ET.SubElement(about, "schema").text = "IMS Common Cartridge"
    ET.SubElement(about, "schemaversion").text = "1.1.0"
    general = ET.SubElement(ET.SubElement(about, "lomimscc:lom"), "lomimscc:general")
    ET.SubElement(ET.SubElement(general, "lomimscc:title"), "lomimscc:string", language="en").text = title
    organizations = ET.SubElement(manifest, "organizations")
    tree = ET.SubElement(organizations, "organization", identifier="chapter", structure="rooted-hierarchy")
    root = ET.SubElement(tree, "item", identifier="root")
    resources = ET.SubElement(manifest, "resources")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, tempfile.TemporaryDirectory() as folder:
        for i, x in enumerate(items, 1):
            href = f"pages/{i}.html"
            page = practice.save(x.exercise, Path(folder) / "page.html")
            archive.writestr(href, page.read_text("utf-8"))
            _listed(root, resources, f"page-{i}", f"{i}. {x.title}", "webcontent", href)
        archive.writestr("quiz/quiz.xml", quiz(items, title))
        _listed(root, resources, "quiz", f"{title}: quiz", KIND, "quiz/quiz.xml")
        ET.indent(manifest)
        text = '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(manifest, encoding="unicode")
        archive.writestr("imsmanifest.xml", text)
    return made.getvalue()


def _listed(root: ET.Element, resources: ET.Element, name: str, title: str, kind: str, href: str) -> None:
    ET.SubElement(ET.SubElement(root, "item", identifier=f"item-{name}", identifierref=name), "title").text = title
    resource = ET.SubElement(resources, "resource", identifier=name, type=kind)
    if kind == "webcontent":
        resource.set("href", href)
    ET.SubElement(resource, "file", href=href)


def quiz(items: Sequence[Cloze], title: str) -> str:
    """Return the quiz of a cartridge: each blank is a question, in which a diagnosed number has its feedback."""
    top = ET.Element("questestinterop", xmlns=QTI)
    assessment = ET.SubElement(top, "assessment", ident="quiz", title=title)
    _metadata(assessment, {"cc_profile": "cc.exam.v0p1", "qmd_assessmenttype": "Examination"})
    section = ET.SubElement(assessment, "section", ident="section")
    for i, x in enumerate(items, 1):
        for k, part in enumerate(x.parts, 1):
            _blank(section, x, part, f"q{i}-{k}")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(top, encoding="unicode") + "\n"


def _metadata(parent: ET.Element, fields: dict[str, str]) -> None:
    place = ET.SubElement(parent, "qtimetadata")
    for label, entry in fields.items():
        field = ET.SubElement(place, "qtimetadatafield")
        ET.SubElement(field, "fieldlabel").text = label
        ET.SubElement(field, "fieldentry").text = entry


def _material(parent: ET.Element, html: str) -> None:
    text = ET.SubElement(ET.SubElement(parent, "material"), "mattext", texttype="text/html")
    text.text = html


def spellings(x: Reply) -> list[str]:
    """Return how a number is likely to be typed: 0.5 also as .5, 12 also as 12.0."""
    found = [x.text]
    found += [f"{x.text}.0"] if "." not in x.text and "e" not in x.text else []
    found += [x.text.replace("0.", ".", 1)] if x.text.lstrip("-").startswith("0.") else []
    return found


def _blank(section: ET.Element, x: Cloze, part: Blank, ident: str) -> None:
    item = ET.SubElement(section, "item", ident=ident, title=f"{x.title}: {part.key}")
    _metadata(ET.SubElement(item, "itemmetadata"), {"cc_profile": "cc.fib.v0p1", "cc_weighting": str(part.points)})
    presentation = ET.SubElement(item, "presentation")
    _material(presentation, f"<pre>{escape(x.program)}</pre><p>{escape(part.asked)}</p>")
    response = ET.SubElement(presentation, "response_str", ident="answer", rcardinality="Single")
    ET.SubElement(response, "render_fib", prompt="Dashline")
    processing = ET.SubElement(item, "resprocessing")
    ET.SubElement(
        ET.SubElement(processing, "outcomes"),
        "decvar",
        varname="SCORE",
        vartype="Decimal",
        minvalue="0",
        maxvalue="100",
    )
    for j, reply in enumerate(part.replies):
        condition = ET.SubElement(processing, "respcondition", attrib={"continue": "No"})
        places = ET.SubElement(condition, "conditionvar")
        for text in spellings(reply):
            ET.SubElement(places, "varequal", respident="answer", case="No").text = text
        ET.SubElement(condition, "setvar", varname="SCORE", action="Set").text = f"{100 * reply.share:g}"
        ET.SubElement(condition, "displayfeedback", feedbacktype="Response", linkrefid=f"f{j}")
    last = ET.SubElement(processing, "respcondition", attrib={"continue": "No"})
    ET.SubElement(ET.SubElement(last, "conditionvar"), "other")
    ET.SubElement(last, "displayfeedback", feedbacktype="Response", linkrefid="f-wrong")
    told = [(f"f{j}", reply.said) for j, reply in enumerate(part.replies)]
    for name, said in [*told, ("f-wrong", WRONG)]:
        feedback = ET.SubElement(item, "itemfeedback", ident=name)
        _material(ET.SubElement(feedback, "flow_mat"), f"<p>{escape(said)}</p>")
