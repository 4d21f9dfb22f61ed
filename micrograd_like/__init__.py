"""A scalar autograd engine to read in one sitting, step through by hand, and train tiny networks with."""

from . import copying as copying
from .engine import Value, history, ieee

__all__ = ["Value", "history", "ieee"]
