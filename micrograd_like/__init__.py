"""Understand backpropagation by doing it: a scalar autograd engine, and what draws, checks and trains its graphs.

The engine is loaded at once, and a tool when its name is first used. `__init__.pyi`, which `python docs/make.py`
writes from this file, tells editors the same names.
"""

import sys
from importlib import import_module
from typing import Any

if sys.version_info < (3, 11):  # noqa: UP036 -- said here, where every Python that there is can read it
    _old = "micrograd-like needs Python 3.11 or newer, and this is %d.%d. Write python3.11 -m micrograd_like."
    _old = _old % tuple(sys.version_info[:2])
    raise SystemExit(_old) if sys.argv[:1] == ["-m"] else ImportError(_old)

from . import _engine as _engine, views as views  # which says how a walk is shown; it loads no page
from .base.shows import shown_by
from .graph import copies as copies
from .ops import OPS as _operations

shown_by("training as a program", f"{__name__}.compiler.learning", "Learner")  # for fit(compile="auto")

__version__ = "1.0.0rc1"

PUBLIC = {  # where each public name lives; "" is for modules
    "": "data losses",
    "_engine.choose": "use",
    "base.checks": "MicrogradLikeWarning",
    "checkpoint": "load_model save_model",
    "compiler": "compile",
    "drawing.draw": "draw draw_dot",
    "drawing.plots": "decision_boundary",
    "engine": "Value backward_steps ieee topological_order",
    "functions": "clamp dot logsumexp mean softmax where",
    "graph.gradcheck": "gradcheck grade",
    "graph.gradients": "gradients",
    "graph.names": "Graph",
    "nn": "MLP Layer LogisticRegression Module Neuron seed",
    "ops": "OPS Op",
    "optim": "SGD Adam TrainingDivergedError clip_gradients",
    "steps.answer_key": "answer_key",
    "steps.doctor": "doctor",
    "steps.explain": "explain paths",
    "steps.walk": "walk",
    "steps.what_if": "nudge what_if",
    "train": "TrainingHistory fit",
}
_HOME = {name: module for module, names in PUBLIC.items() for name in names.split()}
_ROOMS = {
    "checkpoint", "compiler", "drawing", "exercises", "functions", "graph", "mistakes", "nn", "optim", "ops", "steps",
    "train",
}  # fmt: skip
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Find a public name where it lives, and every operation of the table: `from micrograd_like import tanh`."""
    if _HOME.get(name):
        found = getattr(import_module(f".{_HOME[name]}", __name__), name)
    elif name in _HOME or name in _ROOMS:
        found = import_module(f".{name}", __name__)
    elif name in _operations:
        return _operations[name]
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the public names, the operations among them."""
    return sorted({*__all__, *_operations, *_ROOMS, "views", "__version__", "__doc__", "__all__"})
