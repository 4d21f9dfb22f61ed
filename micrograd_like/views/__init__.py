"""What a person sees and touches: pages, notebook views, the terminal.

What is shown knows nothing of it: a walk asks `shows` for its page, and this is where the pages are named.
"""

from ..base.shows import shown_by

for _name, _module, _function in (
    ("walk as a page", "walk_page", "save"),
    ("walk in a notebook", "walk_page", "notebook"),
    ("walk as a widget", "widget", "widget"),
    ("walk as slides", "walk_page", "slides"),
    ("walk as a film", "animation", "animation"),
    ("walk as a strip", "filmstrip", "filmstrip"),
    ("exercise in a notebook", "practice", "notebook"),
    ("training as a page", "training", "save"),
    ("question in a notebook", "course", "question"),
    ("prediction in a notebook", "course", "prediction"),
    ("questions in a notebook", "course", "questions"),
    ("worked example in a notebook", "course", "example"),
):
    shown_by(_name, f"{__name__}.{_module}", _function)
for _name, _function in ("loss curves", "curves"), ("network diagram", "diagram"):
    shown_by(_name, "micrograd_like.drawing.plots", _function)
