"""Written by `python docs/make.py` from __init__.py and the table of operations."""

from . import data as data, losses as losses
from .checkpoint import load_model as load_model, save_model as save_model
from .compiler import compile as compile
from .drawing.draw import draw as draw, draw_dot as draw_dot
from .drawing.plots import decision_boundary as decision_boundary
from .engine import Value as Value, backward_steps as backward_steps, ieee as ieee, topological_order as topological_order
from .functions import dot as dot, logsumexp as logsumexp, mean as mean, softmax as softmax
from .graph.gradcheck import gradcheck as gradcheck, grade as grade
from .graph.gradients import gradients as gradients
from .graph.names import Graph as Graph
from .nn import Layer as Layer, LogisticRegression as LogisticRegression, MLP as MLP, Module as Module, Neuron as Neuron, seed as seed
from .ops import OPS as OPS, Op as Op
from .optim import Adam as Adam, SGD as SGD, TrainingDivergedError as TrainingDivergedError, clip_gradients as clip_gradients
from .steps.answer_key import answer_key as answer_key
from .steps.explain import explain as explain, paths as paths
from .steps.walk import walk as walk
from .steps.what_if import nudge as nudge, what_if as what_if
from .train import TrainingHistory as TrainingHistory, fit as fit

__version__: str
add: Op
sub: Op
mul: Op
div: Op
floordiv: Op
mod: Op
pow: Op
neg: Op
exp: Op
expm1: Op
log: Op
log1p: Op
sqrt: Op
sin: Op
cos: Op
tan: Op
asin: Op
acos: Op
atan: Op
atan2: Op
sinh: Op
cosh: Op
tanh: Op
sigmoid: Op
relu: Op
leaky_relu: Op
softplus: Op
silu: Op
gelu: Op
erf: Op
erfc: Op
abs: Op
maximum: Op
minimum: Op
step: Op
hypot: Op
__all__ = [
    "Adam",
    "Graph",
    "Layer",
    "LogisticRegression",
    "MLP",
    "Module",
    "Neuron",
    "OPS",
    "Op",
    "SGD",
    "TrainingDivergedError",
    "TrainingHistory",
    "Value",
    "answer_key",
    "backward_steps",
    "clip_gradients",
    "compile",
    "data",
    "decision_boundary",
    "dot",
    "draw",
    "draw_dot",
    "explain",
    "fit",
    "gradcheck",
    "grade",
    "gradients",
    "ieee",
    "load_model",
    "logsumexp",
    "losses",
    "mean",
    "nudge",
    "paths",
    "save_model",
    "seed",
    "softmax",
    "topological_order",
    "walk",
    "what_if",
]
