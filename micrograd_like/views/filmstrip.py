"""A walk as a film strip: a picture for each step, for slides and papers, as one SVG file or as the pages of a PDF."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from ..base.files import write_whole
from ..drawing.picture import FONT, escaped, visible
from ..drawing.rows import Pair
from ..steps.walk import Walk
from .animation import MOST, Film, colours, staged
from .worksheets import pdf

WIDE = 1600.0  # of the frames that stand beside each other in one picture


@dataclass
class Frame(Film):
    """One moment of the film: what is seen then, where it is then, and nothing that moves."""

    def seen(self, shape: str, start: float, end: float | None = None) -> None:
        """Add a shape if this is its time."""
        if start <= self.length and (end is None or self.length < end):
            self.parts.append(shape)

    def hidden(self, shape: str, spans: Sequence[Pair]) -> None:
        """Add a shape unless it is hidden now."""
        if not any(start <= self.length < end for start, end in spans):
            self.parts.append(shape)

    def moved(self, shape: str, stops: Sequence[tuple[float, Pair]]) -> None:
        """Leave out what is on its way: each frame shows where it has arrived."""


def filmstrip(walk: Walk, path: str | os.PathLike[str]) -> Path:
    """Write a frame for each stop of a walk, or for each step where none was named, and return the path.

    "strip.svg" is one picture of all frames; "strip.pdf" has a page for each, as LaTeX includes it with
    \\includegraphics[page=3]{strip.pdf}, and needs chromium or Chrome. Raises ValueError for more than 60 frames.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in (".svg", ".pdf"):
        raise ValueError(f"A film strip is a file .svg or .pdf, and {str(path)!r} is neither. Write 'strip.svg'.")
    steps = [index for _, index, *_ in walk.named_stops] or list(range(len(walk)))
    if len(steps) > MOST:
        raise ValueError(f"A strip of {len(steps)} frames is too long. Name at most {MOST} with walk(...).stops(...).")
    frames, size = _frames(walk, steps)
    if kind == ".svg":
        write_whole(path, _strip(walk, steps, frames, size))
    else:
        pdf(_pages(walk, frames, size), path)
    return path


def _frames(walk: Walk, steps: Sequence[int]) -> tuple[list[str], Pair]:
    """Return the shapes of each frame, at the end of its step, and the size of all."""
    scene, found, size = staged(walk), [], (0.0, 0.0)
    for step in steps:
        frame = Frame(scene.starts[step + 1] - 0.05)
        size = scene.draw(frame)
        found.append("".join(frame.parts))
    return found, size


def _strip(walk: Walk, steps: Sequence[int], frames: Sequence[str], size: Pair) -> str:
    (width, height), title = size, _title(walk)
    columns = max(1, min(len(frames), int(WIDE // width)))
    rows = ceil(len(frames) / columns)
    parts = []
    for k, (step, frame) in enumerate(zip(steps, frames)):
        x, y = k % columns * width, k // columns * (height + 24)
        told = f'<text class="dim" x="18" y="18" font-size="14">step {step + 1} of {len(walk)}</text>'
        parts.append(f'<g transform="translate({x:.0f} {y:.0f})">{told}<g transform="translate(0 20)">{frame}</g></g>')
    box = f'width="{columns * width:.0f}" height="{rows * (height + 24):.0f}"'
    view = f'viewBox="0 0 {columns * width:.0f} {rows * (height + 24):.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} {view} role="img" font-family="{FONT}">'
        f"<title>{escaped(title)}</title><desc>{escaped(visible(str(walk)))}</desc><style>{colours()}</style>"
        f'<rect class="paper" width="100%" height="100%"/>\n{"".join(parts)}\n</svg>\n'
    )


def _pages(walk: Walk, frames: Sequence[str], size: Pair) -> str:
    """Return HTML of which each printed page is a frame, and as large as it."""
    width, height = (f"{ceil(x)}px" for x in size)
    start = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="{FONT}">'
    pages = "".join([f"{start}{frame}</svg>" for frame in frames])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escaped(_title(walk))}</title><style>'
        f"@page{{size:{width} {height};margin:0}}body{{margin:0}}svg{{display:block;break-after:page}}"
        f"svg:last-child{{break-after:auto}}:root{{color-scheme:light}}{colours()}</style>{pages}</html>"
    )


def _title(walk: Walk) -> str:
    return f"Backpropagation through {visible(walk.graph.name(walk.root))}, step by step"
