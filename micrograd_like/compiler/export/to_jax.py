"""A program as a pure function for JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..extra import package
from .arrays import Export
from .library import Library


def function(export: Export) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Return (parameters, *inputs) -> loss, and the parameters."""
    jax = package("jax", "to_jax", "jax")
    if not jax.config.jax_enable_x64:
        jax.config.update("jax_enable_x64", True)
    jnp, special = jax.numpy, jax.scipy.special
    names = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "pow": "power",
             "add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negative",
             "mod": "mod", "floordiv": "floor_divide"}  # fmt: skip
    same = ["abs", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "maximum",
            "minimum", "hypot"]  # fmt: skip
    named = {op: getattr(jnp, name) for op, name in [*names.items(), *zip(same, same)]}
    named |= {"erf": special.erf, "erfc": special.erfc, "sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}
    named |= {"step": lambda a: jnp.where(a > 0, 1.0, 0.0), "softplus": jax.nn.softplus, "silu": jax.nn.silu}

    class Jax(Library):
        def detach(self, x: Any) -> Any:
            return jax.lax.stop_gradient(x)

    library = Jax(jnp, named)
    parameters = {name: jnp.asarray(numbers) for name, numbers in export.arrays().items()}
    return lambda parameters, *inputs: export.loss(library, parameters, [jnp.asarray(x) for x in inputs]), parameters
