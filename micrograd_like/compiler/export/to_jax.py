"""A program as a pure function for JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...ops import OPS
from ..extra import package
from .arrays import Export
from .library import Library


def function(export: Export) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Return (parameters, *inputs) -> loss, and the parameters."""
    jax = package("jax", "to_jax", "jax")
    if not jax.config.jax_enable_x64:
        jax.config.update("jax_enable_x64", True)
    jnp, special = jax.numpy, jax.scipy.special
    named: dict[str, Any] = {op.name: f for op in OPS.values() if (f := op.found_in("numpy", jnp))}
    named |= {op.name: op.found_in("jax", special, jax.nn) for op in OPS.values() if op.spelled.get("jax")}
    named["step"] = lambda a: jnp.where(a > 0, 1.0, 0.0)

    class Jax(Library):
        def detach(self, x: Any) -> Any:
            return jax.lax.stop_gradient(x)

    library = Jax(jnp, named)
    parameters = {name: jnp.asarray(numbers) for name, numbers in export.arrays().items()}
    return lambda parameters, *inputs: export.loss(library, parameters, [jnp.asarray(x) for x in inputs]), parameters
