"""What the chapters 0 to 8 ask: slopes, gates, chains, uses, order, engines, neurons, losses."""

from __future__ import annotations

from math import exp, log, tanh
from typing import Any

from ..engine import Value
from ..exercises.concepts import SMALL, Dice
from ..exercises.exercise import Exercise
from ..exercises.generator import outcomes
from ..graph.names import Graph
from ..mistakes.passes import Pass
from ..ops.notation import short
from .asked import Asked
from .drawn import asks, choice, number

FEW = (2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
SIGNED = (-5.0, -4.0, -3.0, -2.0, 2.0, 3.0, 4.0, 5.0)
LINES = {  # what a bug is in an engine's code
    "overwrite": "x.grad = local * node.grad      # = for +=",
    "not_reversed": "for node in order:              # not reversed",
    "no_visited": "order.append(node)              # without `if node not in visited`",
    "no_seed": "# root.grad = 1.0               # left out",
    "depth_first": "node.grad was passed back       # at once, each time that something arrived",
    "sub_sign": "a.grad += out.grad; b.grad += out.grad    # of a - b",
}


# Chapter 1: a slope is a ratio.


@asks("ratio", "upside_down not_divided height")
def ratio(dice: Dice) -> Asked:
    """Two points of a curve."""
    x, h, slope = dice.pick(FEW), dice.pick((0.1, 0.2, 0.01, 0.5)), dice.pick(SIGNED)
    y = dice.pick(FEW) * 3
    moved = y + slope * h
    text = f"At x = {short(x)} a function is {short(y)}. At x = {short(x + h)} it is {short(moved)}. What is its slope?"
    why = f"The output moved by {short(slope * h)} while the input moved by {short(h)}."
    return number(text, slope, why, upside_down=1 / slope, not_divided=slope * h, height=y)


@asks("secant", "not_divided upside_down height")
def secant(dice: Dice) -> Asked:
    """The difference quotient of x², whose h is not small."""
    x, h = dice.pick(FEW), dice.pick((0.5, 1.0, 2.0, 0.1))
    right = ((x + h) ** 2 - x**2) / h
    text = f"f(x) = x². Move x from {short(x)} to {short(x + h)}. By how much does f move for each unit of x?"
    why = f"({short((x + h) ** 2)} - {short(x * x)}) / {short(h)}."
    return number(text, right, why, not_divided=right * h, upside_down=1 / right, height=x * x)


@asks("moves", "upside_down times_nothing")
def moves(dice: Dice) -> Asked:
    """What a slope says of a small move."""
    slope, h = dice.pick(SIGNED), dice.pick((0.1, 0.01, 0.2, -0.1))
    text = f"The slope of L by w is {short(slope)}. Move w by {short(h)}. By about how much does L move?"
    return number(text, slope * h, f"{short(slope)} · {short(h)}.", upside_down=h / slope, times_nothing=slope)


@asks("best h", "smallest_h largest_h")
def best_h(dice: Dice) -> Asked:
    """Which step measures a slope best."""
    scale = dice.pick((1e-5, 1e-6, 3e-6))
    text = "You measure a slope as (f(x+h) - f(x-h)) / 2h, in ordinary floats. Which h comes closest to the truth?"
    others = [("smallest_h", "1e-15"), ("largest_h", "0.5")]
    why = "A large h measures a curve, a tiny one loses the digits in the difference. The best is in between."
    return choice(text, f"{scale:g}", why, others, dice)


@asks("why worse", "smallest_h largest_h")
def why_worse(dice: Dice) -> Asked:
    """Why a tiny step measures badly."""
    small = dice.pick((1e-12, 1e-13, 1e-14))
    text = f"From h = 1e-6 to h = {small:g} a measured slope gets worse. Why?"
    others = [
        ("smallest_h", "it does not: a smaller h is always closer"),
        ("largest_h", "a curve bends more over a small h"),
    ]
    right = "the two values agree in nearly all their digits"
    return choice(text, right, "Few digits are left in their difference.", others, dice)


# Chapter 2: one gate.


@asks("product gate", "mul_own add_like_mul")
def product_gate(dice: Dice) -> Asked:
    """c = a * b."""
    a, b = dice.leaves("a b")
    text = "c = a * b. How far does c move for each unit of a?"
    program = f"a = {short(a.data)}\nb = {short(b.data)}\nc = a * b   # {short(a.data * b.data)}"
    why = "Each factor is scaled by the other."
    return number(text, b.data, why, program, mul_own=a.data, add_like_mul=1.0, value_given=a.data * b.data)


@asks("sum gate", "add_own shared_out")
def sum_gate(dice: Dice) -> Asked:
    """L = (a + b) * k: what reaches a through the sum."""
    a, b, k = dice.leaves("a b k")
    text = "s = a + b, and L = s * k. What is dL/da?"
    program = f"a = {short(a.data)}\nb = {short(b.data)}\nk = {short(k.data)}\ns = a + b   # {short(a.data + b.data)}"
    why = f"dL/ds is k, {short(k.data)}, and a sum passes it back as it is."
    return number(
        text, k.data, why, program, add_own=a.data * k.data, shared_out=k.data / 2, value_given=a.data + b.data
    )


@asks("max gate", "max_both shared_out")
def max_gate(dice: Dice) -> Asked | None:
    """L = max(a, b) * k + a * c, asked of the smaller of the two."""
    a, b, k, c = dice.leaves("a b k c")
    if a.data > b.data:
        return None
    text = "m = max(a, b), and L = m * k + a * c. What is dL/da?"
    program = "\n".join([f"{x.label} = {short(x.data)}" for x in (a, b, k, c)])
    why = "a is the smaller one, so nothing reaches it through max. What is left comes through a * c."
    return number(text, c.data, why, program, max_both=k.data + c.data, shared_out=k.data / 2 + c.data)


@asks("rise", "run_over_rise height")
def rise(dice: Dice) -> Asked:
    """A local derivative read off the tangent of a curve."""
    x, run, up = dice.pick(FEW), dice.pick((2.0, 4.0, 5.0)), dice.pick(SIGNED)
    y = dice.pick(SIGNED) * 3
    text = (
        f"A curve goes through ({short(x)}, {short(y)}). Its tangent there also goes through "
        f"({short(x + run)}, {short(y + up)}). What is the local derivative?"
    )
    why = f"Up {short(up)} over {short(run)} to the right."
    return number(text, up / run, why, run_over_rise=run / up, height=y, not_divided=up)


@asks("local")
def local(dice: Dice) -> Exercise:
    """The local derivatives of two gates."""
    a, b, c = dice.leaves("a b c")
    shape = dice.pick([lambda: a * b + c, lambda: (a + b) * c, lambda: (a - b) * c, lambda: (a * b).maximum(c)])
    return _exercise(shape(), "local", "local derivatives")


# Chapter 3: chains.


@asks("chain rule", "outer_at_input slopes_added inner_alone outer_alone")
def chain_rule(dice: Dice) -> Asked:
    """f(g(x)) with f(u) = u² and g(x) = a·x + b."""
    x, a, b = dice.pick(FEW), dice.pick(SIGNED), dice.pick(SIGNED)
    u = a * x + b
    if abs(u) < 2 or u == x:
        return None  # type: ignore[return-value]
    text = f"u = {short(a)} · x {'+' if b > 0 else '-'} {short(abs(b))} and y = u². What is dy/dx at x = {short(x)}?"
    why = f"u = {short(u)}, so dy/du = {short(2 * u)}; du/dx = {short(a)}; their product."
    slips = {"outer_at_input": 2 * x * a, "slopes_added": 2 * u + a, "inner_alone": a, "outer_alone": 2 * u}
    return number(text, 2 * u * a, why, **slips)


@asks("three in a row", "slopes_added outer_alone inner_alone")
def three_in_a_row(dice: Dice) -> Asked:
    """Three slopes on a path."""
    p, q, r = dice.pick(SIGNED), dice.pick(SIGNED), dice.pick((0.5, 1.5, 3.0, -2.0))
    text = f"dL/dc = {short(p)}, dc/db = {short(q)} and db/da = {short(r)}. What is dL/da?"
    why = f"{short(p)} · {short(q)} · {short(r)}."
    return number(text, p * q * r, why, slopes_added=p + q + r, outer_alone=p, inner_alone=r)


# Chapter 5: order.


def _exercise(root: Value, ask: Any, title: str, **options: Any) -> Exercise:
    root.label = root.label or "L"
    return Exercise(root, ask, title=title, concept=title, names={}, **options)


@asks("order")
def order(dice: Dice) -> Exercise:
    """In which order the nodes pass back."""
    a, b, c = dice.leaves("a b c")
    v = a * b
    v.label = "v"
    shape = dice.pick([lambda: (v + c) * v, lambda: v * c + v * v, lambda: (v * c).tanh() + v])
    return _exercise(shape(), "order", "order")


@asks("too early", "depth_first first_reach")
def too_early(dice: Dice) -> Asked:
    """The gradient of a leaf under a node that is used twice."""
    a, b, c = dice.leaves("a b c")
    v = a * b
    v.label = "v"
    L = dice.pick([lambda: v * c + v, lambda: v * c + a * v, lambda: (v + c) * v, lambda: v * v + v * c])()
    L.label = "L"
    found = outcomes(Exercise(L, [a], names={}).task, [a])
    names = ("depth_first", "first_reach", "not_reversed", "overwrite")
    slips = {name: found[name][0] for name in names if name in found}
    [right] = found["right"]
    text = "v is used twice. What is dL/da, when every node waits until all its uses are done?"
    why = f"v gets {short(Pass(L).grads()[v])} in all, and passes it on times b."
    return number(text, right, why, _program(L), **slips)


def _program(L: Value) -> str:
    """Return a graph as a program with its values, names as they are labelled."""
    graph = Graph(L, names={})
    return "\n".join(
        f"{graph.name(x)} = {graph.formula(x)}" + (f"   # {short(x.data)}" if x.op else "")
        for x in graph.nodes
        if not x.constant
    )


# Chapter 6: what a broken engine gives.


@asks("bug", "harmless_bug")
def bug(dice: Dice) -> Asked | None:
    """The number that an engine with a known bug gives for a leaf."""
    a, b, c = dice.leaves("a b c")
    v = a * b
    v.label = "v"
    L = dice.pick([lambda: v * c + v, lambda: v * v + a, lambda: (v + c) * a, lambda: (v - c) * v])()
    L.label = "L"
    name = dice.pick([*LINES])
    right, gives = Pass(L).grads(), Pass(L, name).grads()
    node = dice.pick([x for x in (a, b, c) if x in right])
    if abs(gives.get(node, 0.0)) > 5000:
        return None
    text = f"An engine has the first line in its backward pass. What does it give for {node.label}.grad?"
    why = "Do its steps one by one, with the line as it stands."
    program = f"{LINES[name]}\n\n{_program(L)}"
    return number(text, gives.get(node, 0.0), why, program, harmless_bug=right[node])


# Chapter 7: the neuron.


@asks("neuron out", "bias_forgotten not_squashed")
def neuron_out(dice: Dice) -> Asked:
    """What a tanh neuron gives."""
    w, x, b = (leaf.data for leaf in dice.leaves("w x b", SMALL))
    z = w * x + b
    text = f"a = tanh(w·x + b) with w = {short(w)}, x = {short(x)}, b = {short(b)}. What is a?"
    return number(text, tanh(z), f"tanh({short(z)}).", bias_forgotten=tanh(w * x), not_squashed=z)


@asks("neuron slope", "tanh_of_input no_local tanh_square_only")
def neuron_slope(dice: Dice) -> Asked:
    """The gradient of a weight through tanh, from the output."""
    z, x, g = dice.pick((0.5, 1.1, -0.7, 1.5, -0.3)), dice.pick(SIGNED), dice.pick((1.0, 2.0, -1.0, 3.0))
    a = round(tanh(z), 3)
    text = f"a = tanh(z) is {a:g}, where z = w·x + b is {z:g} and x = {x:g}. dL/da is {g:g}. What is dL/dw?"
    why = f"dL/dz = {g:g} · (1 - {a:g}²), and dz/dw = x."
    slips = {"tanh_of_input": g * (1 - z * z) * x, "no_local": g * x, "tanh_square_only": g * a * a * x}
    return number(text, g * (1 - a * a) * x, why, no_upstream=(1 - a * a) * x, **slips)


@asks("neuron weight", "tanh_of_input bias_forgotten")
def neuron_weight(dice: Dice) -> Asked:
    """The gradient of a weight, from the numbers of a neuron."""
    w, x, b = (leaf.data for leaf in dice.leaves("w x b", SMALL))
    z = w * x + b
    text = f"a = tanh(w·x + b) with w = {short(w)}, x = {short(x)}, b = {short(b)}. What is da/dw?"
    why = f"(1 - a²) · x, with a = tanh({short(z)}) = {short(tanh(z))}."
    slips = {"tanh_of_input": (1 - z * z) * x, "bias_forgotten": (1 - tanh(w * x) ** 2) * x}
    return number(text, (1 - tanh(z) ** 2) * x, why, no_local=x, **slips)


@asks("saturated", "flat_learns")
def saturated(dice: Dice) -> Asked:
    """Which neuron learns most."""
    z = dice.pick((0.1, -0.2, 0.3))
    far = dice.pick((6.0, 8.0, -7.0))
    text = "Three tanh neurons get the same gradient from above. Which one changes its weights most?"
    others = [("flat_learns", f"the one at z = {short(far)}"), ("flat_learns", f"the one at z = {short(-3.0)}")]
    why = f"The slope of tanh at {short(z)} is nearly 1. At {short(far)} it is nearly 0."
    return choice(text, f"the one at z = {short(z)}", why, others, dice)


# Chapter 8: losses.


@asks("squared error", "error_itself double times_n")
def squared_error(dice: Dice) -> Asked:
    """The gradient of a mean squared error by one output."""
    n, y, t = dice.pick((2.0, 4.0, 5.0)), dice.pick(FEW), dice.pick(SIGNED)
    e = y - t
    if e == 0 or n == 2.0:
        return None  # type: ignore[return-value]
    text = (
        f"The loss is the mean of {short(n)} squared errors. One output is {short(y)}, its target {short(t)}. "
        "What is the gradient of that output?"
    )
    why = f"2 · ({short(y)} - {short(t)}) / {short(n)}."
    return number(text, 2 * e / n, why, error_itself=e / n, times_n=2 * e, sub_flipped=-2 * e / n, double=4 * e / n)


@asks("p minus y", "target_forgotten negated")
def p_minus_y(dice: Dice) -> Asked:
    """The gradient of a score under softmax and cross-entropy."""
    scores = [dice.pick((0.0, 1.0, 2.0, -1.0, 0.5)) for _ in range(3)]
    k = int(dice.random() * 3)
    p = round(exp(scores[k]) / sum(map(exp, scores)), 3)
    text = (
        f"Softmax gives class {k} the probability {p:g}, and {k} is the right class. "
        "The loss is the cross-entropy. What is the gradient of its score?"
    )
    return number(text, p - 1, f"p - y = {p:g} - 1.", target_forgotten=p, negated=1 - p, log_sign=log(p))


@asks("surprise", "log_sign wrong_class")
def surprise(dice: Dice) -> Asked:
    """The cross-entropy of one prediction."""
    p = dice.pick((0.5, 0.25, 0.1, 0.8, 0.2))
    q = dice.pick((0.05, 0.15))
    text = f"The right class got the probability {short(p)}, another one {short(q)}. What is the cross-entropy?"
    return number(text, -log(p), f"-ln {short(p)}.", log_sign=log(p), wrong_class=-log(q), no_log=1 - p)
