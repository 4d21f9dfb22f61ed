"""The course as something to touch: predictions, examples that fade, sets of exercises, self-checks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape
from typing import Any

from ..course.asked import Asked
from ..course.chapters import NEED, Questions, SelfCheck
from ..course.lesson import Fading, Prediction
from ..exercises.exercise import Exercise
from .bundle import asset, bundle, classic, packed

LIVE = "\nstart();"


def shown(thing: Any) -> str:
    """Return what a notebook shows of a thing, as HTML."""
    rich: Callable[[], str] | None = getattr(thing, "_repr_html_", None)
    return rich() if rich else f"<pre>{escape(str(thing))}</pre>"


def live(html: str) -> str:
    """Return HTML with the script that makes its questions answer."""
    script = packed(classic(bundle("asked.js")) + LIVE)
    return f'{html}<style>{asset("asked.css")}</style><script type="module">\n{script}\n</script>'


def _text(text: str) -> str:
    """Return a text as HTML, in which what stands in `these` is code."""
    return re.sub("`([^`]*)`", r"<code>\1</code>", escape(text))


def _asked(ask: Asked) -> str:
    """Return a question, with its answer folded away for who has no script."""
    program = f"<pre>{escape(ask.program)}</pre>" if ask.program else ""
    choices = "".join([f"<li><code>{escape(choice)}</code></li>" for choice in ask.choices])
    answer = f"{ask.right} " if isinstance(ask.right, str) else ""
    folded = f"<details><summary>Answer</summary>{_text(answer + ask.why)}</details>"
    plain = f'<div class="plain"><ul>{choices}</ul>{folded}</div>'
    told = escape(json.dumps(ask.told(), ensure_ascii=False))
    return f'<div class="mgl asked" data-asked="{told}"><p>{_text(ask.text)}</p>{program}{plain}</div>'


def question(ask: Asked) -> str:
    """Return a question for a notebook."""
    return live(_asked(ask))


def prediction(made: Prediction) -> str:
    """Return a prediction for a notebook: the question, and what it is about folded away until it is answered."""
    then = f'<details class="then"><summary>Look</summary>{shown(made.then)}</details>' if made.then is not None else ""
    return live(f'<div class="mgl-set"><b>Predict</b>{_asked(made.asked)}{then}</div>')


def _item(item: Asked | Exercise) -> str:
    return _asked(item) if isinstance(item, Asked) else item._repr_html_()


def questions(made: Questions) -> str:
    """Return questions for a notebook, in a row; a self-check counts what is right at once."""
    if isinstance(made, SelfCheck):
        sets = [[ask.told() for ask in more] for more in made.more]
        told = escape(json.dumps({"need": NEED, "chapter": made.chapter, "sets": sets}, ensure_ascii=False))
        rows = "".join([f"<li>{_item(item)}</li>" for item in made])
        return live(
            f'<div class="mgl-set selfcheck" data-check="{told}"><b>{escape(made.title)}</b><ol>{rows}</ol></div>'
        )
    rows = ""
    for i, item in enumerate(made):
        name = item.title if isinstance(item, Exercise) else "a question"
        opened = " open" if i == 0 else ""
        rows += f"<li><details{opened}><summary>{escape(name)}</summary>{_item(item)}</details></li>"
    return live(f'<div class="mgl-set"><b>{escape(made.title)}</b><ol>{rows}</ol></div>')


def example(made: Fading) -> str:
    """Return a worked example for a notebook: solved, with blanks, and empty."""
    whole = made.whole
    rows = "".join([f"<li><code>{escape(whole.reason(key))}</code></li>" for key in whole.questions])
    return live(
        f'<div class="mgl-set"><b>1. Read it</b><pre>{escape(whole.program())}</pre><ol>{rows}</ol>'
        f"<b>2. Fill in the blanks</b>{made.blanks._repr_html_()}"
        f"<details><summary><b>3. Do it alone</b></summary>{made.empty._repr_html_()}</details></div>"
    )
