"""Makes the built site small: what the theme repeats stands once, and what no page asks for is left out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

KEPT = re.compile(r"(<(pre|script|style|textarea)\b.*?</\2>)", re.DOTALL)  # where white space counts
SPRITE = re.compile(r'<svg xmlns="[^"]*" style="display: none;">.*?\n</svg>', re.DOTALL)
COLOURS = re.compile(r"<style>\s*(body \{\s*--color-code-background.*?)</style>", re.DOTALL)
TREE = re.compile(r'<div class="sidebar-tree">.*?\n</div>', re.DOTALL)
ATTRIBUTE = re.compile(r'(data-(?:asked|check))="([^"]*)"')
UNUSED = ("basic.css", "debug.css", "skeleton.css", "slides.css")
SAID = {  # what a screen reader needs, and the theme does not say
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer': '<aside aria-label="This page" class="toc-drawer',
    '<summary aria-label="Toggle hidden content">': "<summary>",
}
DOORS = {"course": "The course", "playground": "Playground", "mistakes": "All mistakes", "howto": "How to"}


def shrink(site: Path) -> None:
    """Write the icons and colours of the theme once, drop white space, and leave out files that nothing asks for."""
    static = site / "_static"
    once: dict[str, str] = {}
    for path in sorted(site.rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        up = "../" * (len(path.relative_to(site).parts) - 1)
        text = SPRITE.sub(_take(once, "icons"), text)
        text = COLOURS.sub(_take(once, "colours"), text)
        text = text.replace('<use href="#svg-', f'<use href="{up}_static/icons.svg#svg-')
        if path.parent.name == "mistakes":
            doors = "".join(
                f'<li class="toctree-l1"><a class="reference internal" href="../{x}.html">{y}</a></li>'
                for x, y in DOORS.items()
            )
            text = TREE.sub(f'<div class="sidebar-tree"><ul>{doors}</ul></div>', text)
        text = ATTRIBUTE.sub(lambda found: f"{found[1]}='{found[2].replace('&quot;', chr(34))}'", text)
        for theirs, ours in SAID.items():
            text = text.replace(theirs, ours)
        path.write_text(_without_space(text), encoding="utf-8")
    (static / "icons.svg").write_text(once["icons"].replace(' style="display: none;"', ""), encoding="utf-8")
    with (static / "cells.css").open("a", encoding="utf-8") as styles:
        styles.write(once["colours"])
    for path in (static / "pictures").glob("*.svg"):
        path.write_text(picture(path.read_text(encoding="utf-8")), encoding="utf-8")
    lock = site / "python" / "pyodide-lock.json"  # lists packages of which the site has none
    lock.write_text(json.dumps(json.loads(lock.read_text(encoding="utf-8")) | {"packages": {}}), encoding="utf-8")
    for name in UNUSED:
        (static / name).unlink(missing_ok=True)


def _take(once: dict[str, str], name: str) -> Callable[[re.Match[str]], str]:
    def take(found: re.Match[str]) -> str:
        text = found[found.re.groups]
        if once.setdefault(name, text) != text:
            return found[0]
        return ""

    return take


def _without_space(text: str) -> str:
    """Return HTML without indentation and empty lines, but where they are shown or are code."""
    parts = KEPT.split(text)
    return "".join(re.sub(r"\s*\n\s*", "\n", part) if i % 3 == 0 else part for i, part in enumerate(parts) if i % 3 < 2)


def picture(svg: str) -> str:
    """Return a picture that looks the same and takes fewer bytes."""
    svg = re.sub(r' d="([^"]*)"', lambda found: f' d="{_path(found[1])}"', svg)
    svg = re.sub(r'="(-?\d+)\.0"', r'="\1"', svg)
    return svg.replace(' text-anchor="start"', "")


def _path(d: str) -> str:
    """Return a path with each point as seen from the one before, in tenths, where it has only straight lines."""
    if re.search(r"[^MLz\d. -]|\.\d\d", d):
        return re.sub(r" -", "-", re.sub(r"\.0(?!\d)", "", d))
    x = y = 0
    parts, begin = [], (0, 0)
    for command, text in re.findall(r"([MLz])([^MLz]*)", d):
        numbers = [round(10 * float(number)) for number in text.split()]
        for at in zip(numbers[::2], numbers[1::2]):
            dx, dy = at[0] - x, at[1] - y
            x, y = at
            if command == "M":
                parts.append(f"M{_joined(*at)}")
                command, begin = "L", at
            else:
                parts.append(f"v{_joined(dy)}" if not dx else f"h{_joined(dx)}" if not dy else f"l{_joined(dx, dy)}")
        if command == "z":
            parts.append("z")
            x, y = begin
    return "".join(parts)


def _joined(*tenths: int) -> str:
    """Return numbers of tenths as they stand in a path: 0.5 as .5, and no space before a sign."""
    texts = [f"{n / 10:g}".replace("0.", ".") if abs(n) < 10 else f"{n / 10:.1f}".removesuffix(".0") for n in tenths]
    return " ".join(texts).replace(" -", "-")
