"""Understand backpropagation by doing it: a scalar autograd engine, and what draws, checks and trains its graphs."""

from typing import Any

from . import _engine as _engine, data as data, losses as losses, views as views
from .checkpoint import load_model, save_model
from .drawing.draw import draw, draw_dot
from .drawing.plots import decision_boundary
from .engine import Value, backward_steps, ieee, topological_order
from .functions import dot, logsumexp, mean, softmax
from .graph import copies as copies
from .graph.gradcheck import gradcheck, grade
from .graph.names import Graph, gradients
from .nn import MLP, Layer, LogisticRegression, Module, Neuron, seed
from .ops import OPS, Op
from .optim import SGD, Adam, TrainingDivergedError, clip_gradients
from .steps.answer_key import answer_key
from .steps.explain import explain, paths
from .steps.walk import walk
from .steps.what_if import nudge, what_if
from .train import History, fit

__all__ = [
    "Adam", "Graph", "History", "Layer", "LogisticRegression", "MLP", "Module", "Neuron", "OPS", "Op", "SGD",
    "TrainingDivergedError", "Value", "answer_key", "backward_steps", "clip_gradients", "compile", "data",
    "decision_boundary", "dot", "draw", "draw_dot", "explain", "fit", "gradcheck", "grade", "gradients",
    "ieee", "load_model", "logsumexp", "losses", "mean", "nudge", "paths", "save_model", "seed", "softmax",
    "topological_order", "walk", "what_if",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Let `from micrograd_like import tanh` find every operation of the table; `compile` is loaded when it is used."""
    if name in OPS:
        return OPS[name]
    if name == "compile":
        from .compiler import compile

        return compile
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
