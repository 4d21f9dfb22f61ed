"""Written by `python docs/make.py` from __init__.py and the table of operations."""

from . import data as data, losses as losses
from ._engine.choose import use as use
from .base.checks import MicrogradLikeWarning as MicrogradLikeWarning
from .checkpoint import load_model as load_model, save_model as save_model
from .compiler import compile as compile
from .drawing.draw import draw as draw, draw_dot as draw_dot
from .drawing.plots import decision_boundary as decision_boundary
from .engine import Value as Value, backward_steps as backward_steps, ieee as ieee, topological_order as topological_order
from .functions import clamp as clamp, dot as dot, logsumexp as logsumexp, mean as mean, softmax as softmax, where as where
from .graph.gradcheck import gradcheck as gradcheck, grade as grade
from .graph.gradients import gradients as gradients
from .graph.names import Graph as Graph
from .nn import Layer as Layer, LogisticRegression as LogisticRegression, MLP as MLP, Module as Module, Neuron as Neuron, seed as seed
from .ops import OPS as OPS, Op as Op
from .optim import Adam as Adam, SGD as SGD, TrainingDivergedError as TrainingDivergedError, clip_gradients as clip_gradients
from .steps.answer_key import answer_key as answer_key
from .steps.doctor import doctor as doctor
from .steps.explain import explain as explain, paths as paths
from .steps.walk import walk as walk
from .steps.what_if import nudge as nudge, what_if as what_if
from .train import TrainingHistory as TrainingHistory, fit as fit

__version__: str
add: Op
sub: Op
mul: Op
div: Op
neg: Op
pow: Op
floordiv: Op
mod: Op
abs: Op
maximum: Op
minimum: Op
step: Op
exp: Op
exp2: Op
expm1: Op
log: Op
log2: Op
log10: Op
log1p: Op
sqrt: Op
cbrt: Op
sin: Op
cos: Op
tan: Op
asin: Op
acos: Op
atan: Op
atan2: Op
sinh: Op
cosh: Op
asinh: Op
acosh: Op
atanh: Op
hypot: Op
tanh: Op
erf: Op
erfc: Op
lgamma: Op
digamma: Op
floor: Op
ceil: Op
trunc: Op
round: Op
fmod: Op
copysign: Op
sign: Op
rsqrt: Op
xlogy: Op
sigmoid: Op
logsigmoid: Op
logaddexp: Op
relu: Op
relu6: Op
hardtanh: Op
clamp_min: Op
clamp_max: Op
leaky_relu: Op
elu: Op
softplus: Op
silu: Op
mish: Op
gelu: Op
__all__ = [
    "Adam",
    "Graph",
    "Layer",
    "LogisticRegression",
    "MLP",
    "MicrogradLikeWarning",
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
    "clamp",
    "clip_gradients",
    "compile",
    "data",
    "decision_boundary",
    "doctor",
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
    "use",
    "walk",
    "what_if",
    "where",
]
