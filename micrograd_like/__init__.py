"""Understand backpropagation by doing it: a scalar autograd engine, and what draws, checks and trains its graphs."""

from . import _native as _native, copying as copying, data, losses
from .check import grade, gradcheck
from .checkpoint import load_model, save_model
from .draw import draw, draw_dot
from .engine import Value, backward_steps, history, ieee
from .functions import dot, logsumexp, mean, softmax
from .graph import Graph, gradients
from .nn import MLP, Layer, LogisticRegression, Module, Neuron
from .ops import OPS, Op
from .optim import SGD, Adam, TrainingDiverged, clip_gradients
from .train import History, fit

__all__ = [
    "MLP", "OPS", "SGD", "Adam", "Graph", "History", "Layer", "LogisticRegression", "Module", "Neuron", "Op",
    "TrainingDiverged", "Value", "backward_steps", "clip_gradients", "data", "dot", "draw", "draw_dot", "fit",
    "grade", "gradcheck", "gradients", "history", "ieee", "load_model", "logsumexp", "losses", "mean", "save_model",
    "softmax",
]  # fmt: skip


def __getattr__(name: str) -> Op:
    """Let `from micrograd_like import tanh` find every operation of the table."""
    if name in OPS:
        return OPS[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
