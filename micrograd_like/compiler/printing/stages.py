"""What each stage of the compiler made of a graph, as text for those who maintain it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...engine import Value
from ...graph.columns import KINDS
from ..lower.expression import Expr
from ..lower.plan import Instruction, Plan, View
from .algebra import algebra

MOST = 40  # lines of a stage that may be as long as the graph


def stages(plan: Plan, guards: Any, names: Mapping[Value, str]) -> str:
    """Return the trace, the decisions, the groups, the instructions as loops, and the equations."""
    parts = {
        "trace": list(_trace(plan)),
        "decisions": [f"{guard.test.form()} is {guard.outcome}{guard.line}" for guard in guards],
        "groups": list(_groups(plan)),
        "loops, forward": [_loop(plan, made) for made in plan.forward],
        "loops, backward": [_loop(plan, made) for made in plan.backward],
        "equations": algebra(plan, names).splitlines(),
    }
    made = []
    for name, lines in parts.items():
        shown = lines if name == "equations" else lines[:MOST]
        more = [f"... and {len(lines) - len(shown)} more"] if len(lines) > len(shown) else []
        made += [f"{name} ({len(lines)})", *[f"    {line}" for line in [*shown, *more]]]
    return "\n".join(made)


def _trace(plan: Plan) -> Iterator[str]:
    """Yield each scalar: its number, what made it from which others, and its value."""
    graph = plan.graph
    for i, op in enumerate(graph.ops):
        made = f"{op.name} {' '.join([f'%{x}' for x in graph.inputs[i]])}" if op else KINDS[graph.columns.kind[i]]
        yield f"%{i} = {made}  # {graph.data[i]:.6g}"


def _groups(plan: Plan) -> Iterator[str]:
    """Yield each array: how many scalars are its lanes, from which place on, and of what it is the sum."""
    for number, block in enumerate(plan.blocks):
        parts = [part.op.name if part.op else "sum" for part in block.lanes.parts] if block.lanes else [block.kind]
        first = int(block.nodes[0])
        yield f"#{number} at {block.offset}: {block.size} × {' + '.join(parts)}, the first %{first}"


def _loop(plan: Plan, made: Instruction) -> str:
    """Return an instruction as the loops it is: lengths, places and what is computed."""
    views = [_view(view) for view in made.views]
    sign = "+=" if made.add else "="
    lengths = "×".join(map(str, made.shape)) or "1"
    return f"for {lengths}: {_view(made.out)} {sign} {_text(made.expr, views)}"


def _view(view: View) -> str:
    if view.index is not None:
        return "m[chosen]" if view.table is not None else "m[listed]"
    return "m[" + " + ".join([str(view.offset), *[f"{s}·i{k}" for k, s in enumerate(view.strides) if s]]) + "]"


def _text(expr: Expr, views: list[str]) -> str:
    if expr.op is None:
        return views[expr.key] if isinstance(expr.key, int) else f"{expr.key:g}"
    return expr.op.write(*[f"({_text(x, views)})" if x.op and expr.op.sign else _text(x, views) for x in expr.inputs])
