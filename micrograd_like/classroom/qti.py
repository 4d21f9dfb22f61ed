"""Questions as QTI 2.1 and QTI 3: one writer, because QTI 3 is 2.1 with other names for the same elements.

https://www.imsglobal.org/question/qtiv2p1/imsqti_implv2p1.html, https://www.imsglobal.org/spec/qti/v3p0/impl
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from .items import WRONG, Blank, Cloze
from .moodle import HOW, picture

SPACES = {"2.1": "http://www.imsglobal.org/xsd/imsqti_v2p1", "3.0": "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"}
PLACES = {
    "2.1": "http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd",
    "3.0": "https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_asiv3p0_v1p0.xsd",
}
HTML = {"p", "pre", "ul", "li", "img", "div"}
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def named(item: Cloze, i: int) -> str:
    """Return the identifier of an item, which has letters and digits only."""
    return f"item-{i}-{re.sub(r'[^A-Za-z0-9]+', '-', item.title)}"[:60].strip("-")


def question(x: Cloze, i: int, version: str = "2.1") -> str:
    """Return an exercise as an assessmentItem of QTI "2.1" or "3.0"."""
    top = ET.Element("assessmentItem", identifier=named(x, i), title=x.title, adaptive="false", timeDependent="false")
    for k, part in enumerate(x.parts, 1):
        declared = ET.SubElement(top, "responseDeclaration", identifier=f"R{k}", cardinality="single", baseType="float")
        _value(ET.SubElement(declared, "correctResponse"), part.replies[0].text)
    for name, number in (("SCORE", 0), ("MAXSCORE", x.points)):
        outcome = ET.SubElement(top, "outcomeDeclaration", identifier=name, cardinality="single", baseType="float")
        _value(ET.SubElement(outcome, "defaultValue"), str(number))
    ET.SubElement(top, "outcomeDeclaration", identifier="FEEDBACK", cardinality="multiple", baseType="identifier")
    _body(ET.SubElement(top, "itemBody"), x)
    processing = ET.SubElement(top, "responseProcessing")
    for k, part in enumerate(x.parts, 1):
        _condition(processing, part, k)
    for k, part in enumerate(x.parts, 1):
        for j, said in enumerate([*[reply.said for reply in part.replies], WRONG]):
            shown = ET.SubElement(
                top, "modalFeedback", outcomeIdentifier="FEEDBACK", identifier=f"R{k}-{j}", showHide="show"
            )
            shown = ET.SubElement(shown, "contentBody") if version == "3.0" else shown
            ET.SubElement(shown, "p").text = f"{part.key}: {said}"
    return _written(top, version)


def _value(parent: ET.Element, text: str) -> None:
    ET.SubElement(parent, "value").text = text


def _body(body: ET.Element, x: Cloze) -> None:
    ET.SubElement(body, "pre").text = x.program
    ET.SubElement(body, "p").append(_image(x))
    ET.SubElement(body, "p").text = HOW
    rows = ET.SubElement(body, "ul")
    for k, part in enumerate(x.parts, 1):
        row = ET.SubElement(ET.SubElement(rows, "li"), "p")
        row.text = f"{part.asked}: "
        ET.SubElement(row, "textEntryInteraction", responseIdentifier=f"R{k}", expectedLength="12")


def _image(x: Cloze) -> ET.Element:
    found = re.search(r'src="([^"]*)"', picture(x))
    return ET.Element("img", src=found[1] if found else "", alt=x.program)


def _condition(processing: ET.Element, part: Blank, k: int) -> None:
    condition = ET.SubElement(processing, "responseCondition")
    for j, reply in enumerate(part.replies):
        branch = ET.SubElement(condition, "responseElseIf" if j else "responseIf")
        equal = ET.SubElement(branch, "equal", toleranceMode="absolute", tolerance=reply.margin)
        ET.SubElement(equal, "variable", identifier=f"R{k}")
        ET.SubElement(equal, "baseValue", baseType="float").text = reply.text
        if reply.share:
            score = ET.SubElement(ET.SubElement(branch, "setOutcomeValue", identifier="SCORE"), "sum")
            ET.SubElement(score, "variable", identifier="SCORE")
            ET.SubElement(score, "baseValue", baseType="float").text = f"{reply.share * part.points:g}"
        _say(branch, f"R{k}-{j}")
    _say(ET.SubElement(condition, "responseElse"), f"R{k}-{len(part.replies)}")


def _say(branch: ET.Element, which: str) -> None:
    more = ET.SubElement(ET.SubElement(branch, "setOutcomeValue", identifier="FEEDBACK"), "multiple")
    ET.SubElement(more, "variable", identifier="FEEDBACK")
    ET.SubElement(more, "baseValue", baseType="identifier").text = which


def _written(top: ET.Element, version: str) -> str:
    for element in top.iter() if version == "3.0" else ():
        if element.tag not in HTML:
            element.tag = f"qti-{_kebab(element.tag)}"
            element.attrib = {_kebab(name): text for name, text in element.attrib.items()}
    top.set("xmlns", SPACES[version])
    top.set("xmlns:xsi", XSI)
    top.set("xsi:schemaLocation", f"{SPACES[version]} {PLACES[version]}")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(top, encoding="unicode") + "\n"


def _kebab(name: str) -> str:
    return re.sub(r"([A-Z])", lambda letter: f"-{letter[1].lower()}", name)


def package(items: Sequence[Cloze], version: str = "2.1") -> bytes:
    """Return a package, a zip with a manifest, of items in QTI "2.1" or "3.0"."""
    kind = "imsqti_item_xmlv2p1" if version == "2.1" else "imsqti_item_xmlv3p0"
    space = "http://www.imsglobal.org/xsd/imscp_v1p1" if version == "2.1" else (
        "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"
    )  # fmt: skip
    manifest = ET.Element("manifest", xmlns=space, identifier="micrograd-like")
    about = ET.SubElement(manifest, "metadata")
    ET.SubElement(about, "schema").text = "QTIv2.1 Package" if version == "2.1" else "QTI Package"
    ET.SubElement(about, "schemaversion").text = "1.0.0" if version == "2.1" else "3.0.0"
    ET.SubElement(manifest, "organizations")
    resources = ET.SubElement(manifest, "resources")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, x in enumerate(items, 1):
            href = f"items/{named(x, i)}.xml"
            resource = ET.SubElement(resources, "resource", identifier=f"resource-{i}", type=kind, href=href)
            ET.SubElement(resource, "file", href=href)
            archive.writestr(href, question(x, i, version))
        ET.indent(manifest)
        text = '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(manifest, encoding="unicode")
        archive.writestr("imsmanifest.xml", text)
    return made.getvalue()
