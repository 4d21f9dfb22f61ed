"""An exercise as something to type into: in a notebook, or as a page of its own."""

from __future__ import annotations

from base64 import b64encode
from html import escape

from .exercises import Exercise
from .sketch import sketch


def notebook(ex: Exercise) -> str:
    """Return HTML for a notebook: the graph with its blanks, and what is asked."""
    data = b64encode(sketch(ex).svg.encode()).decode()
    asked = "".join(f"<li><code>{escape(key)}</code>: {escape(x.asked)}</li>" for key, x in ex.questions.items())
    return (
        f'<div><b>{escape(ex.title)}</b><br><img alt="{escape(ex.program())}" src="data:image/svg+xml;base64,{data}">'
        f"<ul>{asked}</ul></div>"
    )
