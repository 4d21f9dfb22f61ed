"""An SVG picture that shows itself in a notebook and saves itself as a file; `draw` and `plots` make them."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from html import escape as escape_html
from pathlib import Path
from unicodedata import east_asian_width

from ..ops.notation import visible as visible

FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"

# Text has a contrast of at least 4.5 to 1 on what is behind it, in the light and in the dark.
# fmt: off
SERIES = [  # (line, area) of several things in one picture, light and dark
    (("#1d4ed8", "#79a8ff"), ("#d6e4ff", "#16305c")), (("#c2410c", "#fb923c"), ("#ffe2cc", "#4a230b")),
    (("#15803d", "#4ade80"), ("#d3f5de", "#0f3a20")), (("#7e22ce", "#d8b4fe"), ("#efe0ff", "#35194f")),
    (("#854d0e", "#facc15"), ("#fbeebc", "#40330a")), (("#0f766e", "#5eead4"), ("#cdf3ee", "#0e3a36")),
]
PALETTE = {  # class: (property, light, dark)
    "paper":     ("fill", "#ffffff", "#0f141a"),
    "ink":       ("fill", "#1b1f24", "#e8edf2"),
    "dim":       ("fill", "#5a6470", "#a3adb8"),
    "warn":      ("fill", "#9a3412", "#fdba74"),
    "slope":     ("fill", "#6d28d9", "#c4b5fd"),
    "plus":      ("fill", "#1d4ed8", "#79a8ff"),
    "minus":     ("fill", "#c2410c", "#fb923c"),
    "head":      ("fill", "#5a6470", "#a3adb8"),
    "line":      ("stroke", "#7d8793", "#7d8793"),
    "grid":      ("stroke", "#e3e7ec", "#2a323c"),
    "more":      ("fill", "#ffffff", "#0f141a"),
    "op":        ("fill", "#eef2f7", "#1c2430"),
    "input":     ("fill", "#dff5e5", "#12301d"),
    "parameter": ("fill", "#fff1d0", "#3a2a08"),
    "output":    ("fill", "#dbe9ff", "#13294d"),
    "more-edge":      ("stroke", "#5a6470", "#8b96a3"),
    "op-edge":        ("stroke", "#5a6470", "#8b96a3"),
    "input-edge":     ("stroke", "#1a7f37", "#4ac26b"),
    "parameter-edge": ("stroke", "#9a6700", "#d4a72c"),
    "output-edge":    ("stroke", "#1d4ed8", "#79a8ff"),
    "warn-edge":      ("stroke", "#c2410c", "#fb923c"),
}
for _i, (_line, _area) in enumerate(SERIES):
    PALETTE |= {f"line{_i}": ("stroke", *_line), f"mark{_i}": ("fill", *_line), f"area{_i}": ("fill", *_area)}
# fmt: on

SCRIPT = """
const svg = document.querySelector("svg"), box = svg.viewBox.baseVal, whole = [box.x, box.y, box.width, box.height];
svg.removeAttribute("width"); svg.removeAttribute("height");
function set(x, y, w, h) { [box.x, box.y, box.width, box.height] = [x, y, w, h]; }
function zoom(factor, fx = 0.5, fy = 0.5) {
  const w = box.width * factor, h = box.height * factor;
  set(box.x + (box.width - w) * fx, box.y + (box.height - h) * fy, w, h);
}
function scale() { return Math.max(box.width / svg.clientWidth, box.height / svg.clientHeight); }
svg.addEventListener("wheel", e => {
  e.preventDefault();
  zoom(Math.exp(e.deltaY / 500), e.offsetX / svg.clientWidth, e.offsetY / svg.clientHeight);
}, { passive: false });
svg.addEventListener("pointermove", e => {
  if (e.buttons) set(box.x - e.movementX * scale(), box.y - e.movementY * scale(), box.width, box.height);
});
svg.addEventListener("dblclick", () => set(...whole));
document.addEventListener("keydown", e => {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
  if (step) set(box.x + step[0] * box.width / 8, box.y + step[1] * box.height / 8, box.width, box.height);
  else if (e.key === "+" || e.key === "=") zoom(0.8);
  else if (e.key === "-") zoom(1.25);
  else if (e.key === "0") set(...whole);
  else return;
  e.preventDefault();
});
"""


class NoConverterError(RuntimeError):
    """No program that can make the format is installed."""


class Picture:
    """An SVG file with a title, which stands for it where it cannot be seen.

    A notebook shows it as an <img>, which survives where scripts and inline SVG are taken out.
    """

    svg: str
    title: str

    formats: tuple[str, ...] = ("svg", "png", "html")

    def __init__(self, svg: str, title: str) -> None:
        self.svg, self.title = svg, title

    @property
    def html(self) -> str:
        """A page of its own, on which the wheel zooms, the mouse moves and a double click shows all."""
        return (
            f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{escape(self.title)}</title>\n'
            "<style>html, body { margin: 0; height: 100%; color-scheme: light dark; } "
            "svg { width: 100%; height: 100vh; cursor: grab; touch-action: none; }</style>\n"
            f"{self.svg[self.svg.index('<svg') :]}<script>{SCRIPT}</script></html>\n"
        )

    @property
    def png(self) -> bytes:
        """The picture in pixels, two for each unit of length where that is not too many for a converter."""
        lengths = [float(length) for length in re.findall(r'(?:width|height)="([\d.]+)', self.svg)[:2]]
        zoom = min(2.0, 16000 / max(lengths))
        if found("rsvg-convert"):
            return run(["rsvg-convert", "--zoom", f"{zoom:.3f}", "--unlimited"], self.svg)
        try:
            from cairosvg import svg2png  # type: ignore[import-not-found]
        except ImportError:
            raise NoConverterError(
                "To make a PNG, a converter is needed and none is here. Write pip install cairosvg, or save "
                'as "picture.svg" or "picture.html".'
            ) from None
        return bytes(svg2png(bytestring=self.svg.encode(), scale=zoom))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file, whose ending says in which format, and return the path."""
        path = Path(path)
        form = path.suffix[1:].lower()
        if form not in self.formats:
            ways = ", ".join(f"{path.stem or 'picture'}.{ending}" for ending in self.formats)
            raise ValueError(f"{str(path)!r} does not end in a format that can be written. Write one of: {ways}.")
        content = getattr(self, form)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def _repr_html_(self) -> str:
        data = b64encode(self.svg.encode()).decode()
        style = "max-width:100%;height:auto"  # all of it: what a box that scrolls hides is not printed either
        return f'<div><img src="data:image/svg+xml;base64,{data}" alt="{escaped(self.title)}" style="{style}"/></div>'

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.title}>"


FITS = "svg:root{max-width:100%;height:auto}"  # a file of its own, on a narrow screen


def framed(body: str, size: tuple[float, float], title: str, description: str) -> str:
    """Return SVG elements as a file: light, and dark where the reader prefers that."""
    width, height = (f"{max(length, 1):.0f}" for length in size)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" font-family="{FONT}">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc><style>{style(body)}{FITS}</style>\n"
        f'<rect class="paper" width="{width}" height="{height}"/>\n{body}\n</svg>\n'
    )


def style(body: str) -> str:
    """Return the style sheet for the classes that SVG elements use."""
    used = {name for names in re.findall(r'class="([^"]*)"', body) for name in names.split()} | {"paper"}
    kept = {name: rule for name, rule in PALETTE.items() if name in used}
    halo = ".halo{{paint-order:stroke;stroke:{};stroke-width:6;stroke-linejoin:round}}"
    light, dark = (
        "".join([f".{name}{{{rule[0]}:{rule[mode]}}}" for name, rule in kept.items()])
        + (halo.format(PALETTE["paper"][mode]) if "halo" in used else "")
        for mode in (1, 2)
    )
    fixed = ".strong{font-weight:600}.dashed{stroke-dasharray:5 3}"
    return f"{fixed}{light}@media(prefers-color-scheme:dark){{{dark}}}"


def found(program: str) -> bool:
    """Tell whether a program is installed."""
    import shutil  # here and below: `import micrograd_like` is not to wait for what few pictures need

    return shutil.which(program) is not None


def run(command: list[str], source: str) -> bytes:
    """Return what a program writes when it is given `source`."""
    import subprocess

    return subprocess.run(command, input=source.encode(), capture_output=True, check=True).stdout


def escape(text: str) -> str:
    """Return text for XML, between tags."""
    return escape_html(text, quote=False)


def escaped(text: str) -> str:
    """Return text for XML, also for an attribute between double quotes."""
    return escape(text).replace('"', "&quot;")


def shortened(text: str, most: int) -> str:
    """Return text of at most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def text_width(text: str, size: float) -> float:
    """Return about how long a line of text is: a wide guess, for the fonts differ."""
    return size * sum([1.1 if east_asian_width(c) in "WF" else 0.62 for c in text])


def text(x: float, y: float, content: str, kind: str = "ink", size: float = 12.0, anchor: str = "start") -> str:
    """Return a line of text as an SVG element, and nothing for no text."""
    if not content:
        return ""
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}">'
        f"{escaped(content)}</text>"
    )
