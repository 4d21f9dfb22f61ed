"""Every operation at every special number, against PyTorch and JAX: `python tests/edges.py` lists what differs.

Values and slopes in `with ieee():`, where nothing raises. What differs from PyTorch has one of the `REASONS`; JAX is a
second opinion, because it takes the smallest numbers for 0.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from micrograd_like import Value, ieee
from micrograd_like.ops import OPS, Op

SPECIAL = [0.0, -0.0, 5e-324, -1e-310, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, 709.0, -746.0, 1e22, 1e200, -1e200, 1.7e308,
           math.inf, -math.inf, math.nan]  # fmt: skip
Answer = tuple[float, tuple[float, ...]]


def ours(op: Op, point: tuple[float, ...]) -> Answer:
    """Return the value and the gradients that backward gives."""
    with ieee():
        inputs = [Value(x) for x in point]
        out = op(*inputs)
        out.backward()
        return out.data, tuple([x.grad for x in inputs])


def pytorch(op: Op, point: tuple[float, ...]) -> Answer | None:
    """Return what PyTorch gives, or None where it has no such operation, or refuses."""
    import torch

    function = op.found_in("torch", torch, torch.nn.functional, torch.special)
    inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    try:
        out = function(*inputs)  # type: ignore[misc]
        if out.grad_fn is not None:
            out.backward()
    except (TypeError, RuntimeError, ValueError, OverflowError):
        return None
    return out.item(), tuple([0.0 if x.grad is None else x.grad.item() for x in inputs])


def jax(op: Op, point: tuple[float, ...]) -> Answer | None:
    """Return what JAX gives, or None where it has no such operation, or refuses."""
    import jax

    jax.config.update("jax_enable_x64", True)
    function = op.found_in("jax", jax, jax.numpy, jax.nn, jax.scipy.special) or JAX.get(op.name, lambda _: None)(jax)
    if function is None:
        return None
    try:
        out = function(*point)
        return float(out), tuple([float(x) for x in jax.grad(function, tuple(range(len(point))))(*point)])
    except (TypeError, ValueError):
        return None


JAX: dict[str, Callable[[Any], Any]] = {
    "sub": lambda jax: jax.numpy.subtract, "mul": lambda jax: jax.numpy.multiply, "div": lambda jax: jax.numpy.divide,
    "neg": lambda jax: jax.numpy.negative, "lgamma": lambda jax: jax.lax.lgamma,
}  # fmt: skip


# Why ours differs from PyTorch, where both are numbers: what the operation is, at which points, and why.
REASONS: list[tuple[str, Callable[..., bool], str]] = [
    ("atan2 asinh acosh", lambda *x: True, "PyTorch squares, and squares over- and underflow"),
    ("hypot", lambda a, b: a == b == 0, "the corner of a norm: the slope of least size, 0"),
    ("copysign", lambda a, b: math.isinf(a), "PyTorch divides inf by inf"),
    ("xlogy", lambda a, b: a == b == 0, "0 whatever b is, so that b passes nothing"),
    ("xlogy", lambda a, b: a == 0 and b < 0, "there is no logarithm below 0, so no slope by a"),
    ("silu mish gelu", math.isinf, "PyTorch multiplies 0 by inf; ours is the limit"),
    ("logaddexp", lambda a, b: a == b == math.inf, "two that are equal share"),
    (
        "clamp_min clamp_max",
        lambda a, b: a == b,
        "at a bound a clamp passes all, as torch.clamp does; a maximum shares",
    ),
    ("digamma", lambda a, n: n > 0 and a > 1e22, "PyTorch has no digits left"),
    ("leaky_relu elu", lambda a, b: math.isinf(a) or math.isinf(b), "0 times inf is not a number"),
]


def reason(op: Op, point: tuple[float, ...], mine: float) -> str:
    """Say why ours is another number than PyTorch's, or nothing."""
    value, _ = ours(op, point)
    if value != value and mine != mine:
        return "of what does not exist there is no slope"
    return next((why for names, where, why in REASONS if op.name in names.split() and where(*point)), "")


def near(a: float, b: float) -> bool:
    """Tell whether two numbers are the same one, or close."""
    return a == b or (a != a and b != b) or abs(a - b) <= 1e-7 * max(abs(a), abs(b)) or abs(a - b) < 1e-300


def differences(
    theirs: Callable[[Op, tuple[float, ...]], Answer | None],
) -> Iterator[tuple[Op, tuple[float, ...], str, float, float]]:
    """Yield (operation, point, "value" or "slope 0", ours, theirs) for all that differs."""
    for op in list(OPS.values()):
        for point in itertools.product(SPECIAL, repeat=op.arity):
            answer = theirs(op, point)
            if answer is None:
                continue
            value, slopes = ours(op, point)
            if not near(value, answer[0]):
                yield op, point, "value", value, answer[0]
            for i, (mine, other) in enumerate(zip(slopes, answer[1])):
                if not near(mine, other):
                    yield op, point, f"slope {i}", mine, other


def main() -> None:
    """List what differs, by operation."""
    for name, theirs in (("PyTorch", pytorch), ("JAX", jax)):
        if name.lower() not in sys.argv[1:] and len(sys.argv) > 1:
            continue
        found = list(differences(theirs))
        print(f"{name}: {len(found)} differ")
        for op, point, what, mine, other in found:
            why = reason(op, point, mine) if theirs is pytorch else ""
            print(f"  {op.name}{point} {what}: ours {mine!r}, {name} {other!r}  {why}")
        print(Counter(op.name for op, *_ in found).most_common())


if __name__ == "__main__":
    main()
