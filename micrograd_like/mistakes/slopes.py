"""The classical mistakes in local derivatives: of one operation, or of a constant, a square, a softmax."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..engine import Value
from ..ops import exp, step, tanh
from .mistake import LocalRule, enter, made_by


def _exponentials(node: Value) -> bool:
    while made_by(node, "add") and made_by(node.inputs[1], "exp"):
        node = node.inputs[0]
    return made_by(node, "exp")


def _stands_out(term: Value, uses: Mapping[Value, list[Value]]) -> bool:
    """Tell whether an exponential is divided, as in a softmax, or its score subtracted, as in cross-entropy."""
    [power] = term.inputs
    score = power.inputs[0] if made_by(power, "sub") else power
    return any(made_by(use, "div") for use in uses[term]) or any(
        made_by(use, "sub") and use.inputs[1] is score for use in uses[score]
    )


def _other_terms(node: Value, uses: Mapping[Value, list[Value]]) -> Iterable[int]:
    """Return the terms of a sum of exponentials that stand in it only."""
    if not (made_by(node, "add") and all(map(_exponentials, node.inputs))):
        return ()
    return [i for i, x in enumerate(node.inputs) if made_by(x, "exp") and not _stands_out(x, uses)]


def _second_factor(node: Value) -> Iterable[int]:
    return (1,) if made_by(node, "mul") and node.inputs[0] is node.inputs[1] else ()


def _target(node: Value) -> Iterable[int]:
    """Return where the score of the right class comes in: subtracted from a log-sum-exp, or above in a softmax."""
    if made_by(node, "sub"):
        sums = node.inputs[0].inputs if made_by(node.inputs[0], "add") else (node.inputs[0],)  # the maximum put back
        return (1,) if any(made_by(x, "log") and _exponentials(x.inputs[0]) for x in sums) else ()
    return (0,) if made_by(node, "div") and made_by(node.inputs[0], "exp") and _exponentials(node.inputs[1]) else ()


enter(
    "constants",
    "A constant got a gradient; nothing can move it, so it has none.",
    "karpathy/micrograd#17, on the exponent of a power",
    "there is no constant",
    constants=True,
)
enter(
    "changed",
    "The local derivatives were taken at numbers that were set afterwards; those of the forward pass count.",
    "measured on micrograd, whose closures read .data during backward()",
    "no number was changed after it was used",
    changed=True,
)
enter(
    "square_once",
    "a * a uses a twice: each use gives a contribution of a, together 2 * a.",
    "karpathy/micrograd#72, #77",
    "no product has the same factor twice",
    shut=_second_factor,
)
enter(
    "diagonal_only",
    "In a softmax every score moves every probability, because all share one sum; only its own was counted.",
    "makemore, part 4, exercise 2",
    "no exponential is divided by a sum with others",
    shut_around=_other_terms,
)
enter(
    "target_forgotten",
    "The part of the target is missing: for softmax with cross-entropy this gives p for p - y.",
    "makemore, part 4, exercise 2",
    "no score is subtracted from a log-sum-exp, or divided by a sum of exponentials",
    shut=_target,
)


def _wrong(name: str, operations: str, rule: LocalRule, idea: str, source: str, harmless: str = "") -> None:
    """Enter another local derivative for operations, written as the table writes its own."""
    harmless = harmless or f"there is no {' or '.join(operations.split())}"
    enter(name, idea, source, harmless, local_rules=dict.fromkeys(operations.split(), rule))


# fmt: off
_wrong("mul_own", "mul", lambda out, a, b: (a, b),
    "Each factor was scaled by itself; the derivative of a product by one factor is the other one.",
    "gradients swapped", "both factors are equal")
_wrong("add_like_mul", "add", lambda out, a, b: (b, a),
    "A sum was treated as a product; a sum passes its gradient back unchanged.", "mul's rule pasted into add")
_wrong("add_own", "add", lambda out, a, b: (a, b),
    "A sum was scaled by its own terms; a sum passes its gradient back unchanged.", "mul's rule pasted into add")
_wrong("sub_sign", "sub", lambda out, a, b: (1.0, 1.0),
    "What is subtracted got a plus; raising it lowers the result.", "karpathy/micrograd#57, #58")
_wrong("sub_flipped", "sub", lambda out, a, b: (-1.0, 1.0),
    "Both signs are turned: for an error y - t this gives 2(t - y).", "2(t - y) for 2(y - t)")
_wrong("neg_sign", "neg", lambda out, a: (1.0,),
    "The minus was lost on the way back; a negation turns the sign of the gradient too.", "karpathy/micrograd#57")
_wrong("pow_keeps_power", "pow", lambda out, a, b: (b * a ** b, out),
    "The exponent came down, but one must be taken off above: n * x ** (n - 1).", "a distractor of calculus tests")
_wrong("pow_no_factor", "pow", lambda out, a, b: (a ** (b - 1.0), out),
    "One was taken off the exponent, but it must also come down as a factor: n * x ** (n - 1).",
    "a distractor of calculus tests; e for 2e in a squared error")
_wrong("exp_input", "exp", lambda out, a: (a,),
    "The input was taken; the slope of the exponential is its output.", "nn-zero-to-hero#52")
_wrong("exp_power_rule", "exp", lambda out, a: (a * exp(a - 1.0),),
    "The rule for powers was used; here the variable is above, and the slope is the output itself.",
    "a distractor of calculus tests")
_wrong("log_itself", "log", lambda out, a: (out,),
    "The logarithm itself was taken; its slope is one over the input.", "exp's rule pasted into log")
_wrong("log_over_output", "log", lambda out, a: (1.0 / out,),
    "One over the output was taken; the slope is one over the input.", "output and input exchanged")
_wrong("tanh_of_input", "tanh", lambda out, a: (1.0 - a ** 2,),
    "1 - t² wants the output t, not the input.", "not 1 - x²")
_wrong("tanh_no_square", "tanh", lambda out, a: (1.0 - out,),
    "The square is missing: the slope is 1 - t².", "tanh derivative as 1 - h")
_wrong("tanh_square_only", "tanh", lambda out, a: (out ** 2,),
    "The 1 - is missing: the slope is 1 - t².", "t² for 1 - t²")
_wrong("tanh_twice", "tanh", lambda out, a: (1.0 - tanh(out) ** 2,),
    "tanh was taken once more of what was a tanh already: the slope is 1 - t².", "1 - tanh(y)² with y the output")
_wrong("sigmoid_itself", "sigmoid", lambda out, a: (out,),
    "The output was passed back; the slope is s * (1 - s).", "just pass s(z) backward")
_wrong("sigmoid_of_input", "sigmoid", lambda out, a: (a * (1.0 - a),),
    "s * (1 - s) wants the output s, not the input.", "x * (1 - x)")
_wrong("relu_open", "relu", lambda out, a: (1.0,),
    "The gate was taken as open; at and below 0 nothing passes.",
    "pytorch/tutorials#269", "no relu is shut")
_wrong("relu_reversed", "relu", lambda out, a: (step(-a),),
    "The gate was taken the wrong way round: it is open above 0.", "blocks at z > 0")
_wrong("relu_scaled", "relu", lambda out, a: (out,),
    "The gradient was multiplied by the value; an open gate passes it whole.", "multiplies by z")
_wrong("max_both", "maximum minimum", lambda out, a, b: (1.0, 1.0),
    "Both got the gradient; only the one that won moves the result.", "gradient to both inputs of a max")
_wrong("div_sign", "div", lambda out, a, b: (1.0 / b, a / b ** 2),
    "The minus is missing: a larger divisor makes the quotient smaller.", "the sign in the quotient rule")
_wrong("div_no_square", "div", lambda out, a, b: (1.0 / b, -a / b),
    "The square is missing: by the divisor the slope is -a / b².", "the square in the quotient rule")
_wrong("div_divisor_fixed", "div", lambda out, a, b: (1.0 / b, 0.0),
    "The divisor was taken as fixed; it moves the quotient too, by -a / b².", "only the numerator was differentiated")
_wrong("abs_corner", "abs", lambda out, a: (step(a) - step(-a) + (1.0 - step(abs(a))),),
    "At the corner, 0, the slope was taken as 1; it is taken as 0, between -1 and 1.",
    "KhawajaAbaid/micrograd_c#4", "no input of abs is 0")
# fmt: on
