"""The live view as an anywidget: what the reader does is seen from Python, and the other way round.

Needs the extra `notebook`. The plain output of a `Walk` needs nothing, and survives where widgets are blank.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from ..mistakes.passes import grads
from ..ops import OPS
from ..steps.walk import Walk
from ..steps.what_if import what_if
from .bundle import asset
from .javascript import operations
from .walk_page import lesson, walk_script

RENDER = """
export default { render({ model, el }) {
  const root = document.createElement("div");
  el.append(root);
  const told = ({ step, leaves }) => { model.set("step", step); model.set("leaves", leaves); model.save_changes(); };
  const view = mount(root, model.get("lesson"), ops, told);
  const follow = () => {
    const [step, leaves] = [model.get("step"), model.get("leaves")];
    if (step !== view.step || JSON.stringify(leaves) !== JSON.stringify(view.leaves)) view.set({ step, leaves });
  };
  follow();
  model.on("change:step change:leaves", follow);
  return () => model.off("change:step change:leaves", follow);
} };
"""


def widget(walk: Walk) -> Any:
    """Return a widget with `step` (how many events are shown) and `leaves` (by name), to observe and to set.

    Its `value` and `grads` follow the leaves; the graph of the walk stays as it is.
    """
    return _kind()(walk)


@contextmanager
def anywidget_needed(otherwise: str) -> Iterator[None]:
    """Say what can be shown without the packages that are imported within this context, if they are missing."""
    try:
        yield
    except ImportError:
        raise ImportError(
            "The widget needs the package anywidget, which is not installed. Write pip install "
            f"'micrograd-like[notebook]', or show {otherwise} itself, which needs nothing."
        ) from None


@cache
def _kind() -> Any:
    """Return the class, once anywidget is needed."""
    with anywidget_needed("the walk"):
        import anywidget
        import traitlets

    class WalkWidget(anywidget.AnyWidget):
        _esm = f"{walk_script()}\nconst ops = {operations(OPS)};\n{RENDER}"
        _css = asset("walk.css")
        lesson = traitlets.Dict().tag(sync=True)
        step = traitlets.Int(0).tag(sync=True)
        leaves = traitlets.Dict(value_trait=traitlets.Float(), key_trait=traitlets.Unicode()).tag(sync=True)

        def __init__(self, walk: Walk) -> None:
            self.walk = walk
            nodes = [node for node in walk.graph.nodes if not (node.op or node.constant)]
            self._named = {walk.graph.name(node): node for node in nodes}
            super().__init__(lesson=lesson(walk, "widget"), leaves={name: x.data for name, x in self._named.items()})

        @traitlets.validate("leaves")
        def _known(self, proposal: Any) -> dict[str, float]:
            if unknown := [name for name in proposal["value"] if name not in self._named]:
                raise traitlets.TraitError(f"There is no leaf {unknown[0]!r}. Name one of: {', '.join(self._named)}.")
            return {name: proposal["value"].get(name, x.data) for name, x in self._named.items()}

        def _moved(self) -> Any:
            moved = {self._named[name]: x for name, x in self.leaves.items()}
            return what_if(self.walk.root, moved, names={name: x for x, name in self.walk.graph.names.items()})

        @property
        def value(self) -> float:
            """The output at these leaves."""
            return float(self._moved().data)

        @property
        def grads(self) -> dict[str, float]:
            """The gradient of each leaf at these leaves."""
            found = {node.label: grad for node, grad in grads(self._moved()).items() if node.op is None}
            return {name: found[name] for name in self._named}

    return WalkWidget
