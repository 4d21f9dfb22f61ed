"""What learners believe that is not so, beside the mistakes of a backward pass: a name, and what to say of it."""

from __future__ import annotations

from ..mistakes.mistake import MISTAKES

OWN = {
    "upside_down": "This is input over output. A slope is the move of the output over that of the input.",
    "not_divided": "This is how far the output moved. Divide it by how far the input moved.",
    "smallest_h": "A smaller h helps only at first. Then both values agree in nearly all their digits.",
    "largest_h": "A large h measures the curve far away, not at the point.",
    "times_nothing": "The slope is the move for one whole unit. The input moved by another amount.",
    "shared_out": "A sum shares nothing out. Move one term by 1, and the sum moves by 1.",
    "value_given": "This is the value. A gradient says how the value moves.",
    "no_log": "This is how far the probability is from 1. The loss is minus its logarithm.",
    "deviation": "This is the standard deviation. The variance is its square.",
    "height": "This is how high the curve is. The slope is how fast it rises.",
    "run_over_rise": "This is run over rise. A slope is rise over run.",
    "slopes_added": "Along a chain the slopes multiply, because each step scales what comes in.",
    "outer_at_input": "The outer slope is taken where the outer function is: at g(x), not at x.",
    "outer_alone": "This is the slope of the outer function alone. The inner one scales the move before it gets there.",
    "inner_alone": "This is the slope of the inner function alone. The outer one scales the move once more.",
    "harmless_bug": "This is the right gradient. Do the steps as this engine does them.",
    "bias_forgotten": "The bias is missing. It is added to the weighted sum.",
    "not_squashed": "This is the weighted sum. The activation comes after it.",
    "flat_learns": "Where the curve is flat its slope is nearly 0, and so is every gradient behind it.",
    "wrong_class": "The loss looks at the probability of the right class.",
    "log_sign": "The logarithm of a number below 1 is below 0, and the loss turns its sign.",
    "error_itself": "The gradient of a square is twice the error, and this is the error itself.",
    "uphill": "The gradient points uphill, so the step goes against it: subtract.",
    "no_rate": "The learning rate is missing: the step is lr times the gradient.",
    "momentum_forgotten": "A part of the last step comes along. Add momentum times the last step.",
    "adam_scales": "Adam divides by the size of the gradient. Its first step is lr, however steep the slope is.",
    "cleared_by_itself": "Nothing clears gradients but zero_grad(). backward() adds to what is there.",
    "epoch_is_update": "An epoch is a pass over all examples. It has one update for each batch.",
    "example_is_update": "One update uses a whole batch of examples, not one.",
    "training_judges": "Learnt by heart, examples have a low loss. Look at examples it has not seen.",
    "last_epoch": "More training is not always better. The loss on unseen examples tells when to stop.",
    "layers_add": "Through the layers the slopes multiply.",
    "one_layer": "This is one layer. Every layer multiplies once more.",
    "spread_by_sum": "A sum of n terms is wider than one term: its variance is n times as large.",
    "skip_forgotten": "The way around the layer has a slope of its own, 1, and it is added.",
    "transposed": "Rows and columns are exchanged. A gradient has the shape of the array it belongs to.",
    "averaged": "A number that is used many times gets the sum of its contributions, not their mean.",
    "one_example": "This is the contribution of one example. The others add theirs.",
    "modes_swapped": "Forward mode takes a pass for each input, reverse mode one for each output.",
    "both_counted": "One of the two is enough: the passes go over inputs, or over outputs.",
    "speed_is_value": "This is the value. The speed moves along with it, by the slopes.",
    "first_again": "This is the first derivative. Differentiate once more.",
    "second_of_value": "This is the value of the function. The second derivative is how its slope moves.",
    "newton_uphill": "Newton's step goes to where the slope is 0: subtract slope over curvature.",
    "curvature_forgotten": "Newton divides the slope by the curvature.",
    "diagonal_hessian": "The mixed second derivatives are missing: moving one input changes the slope by the other.",
    "mean_fixed": "The mean was taken as fixed. Every input moves it, by 1/n.",
    "own_score_only": "The scores share one sum, so each moves every probability.",
    "values_unweighted": "Attention mixes the values by their weights: the gradient is scaled by the weight.",
    "log_of_share": "The loss of a guess is -log of its probability. For n equal guesses that is log n.",
    "use_forgotten": "The letter stands at several places, so its row of numbers gets a contribution from each.",
    "first_bug_seen": "This bug would give another number here. Work out what each of them gives.",
}  # fmt: skip


def idea(name: str) -> str:
    """Return what to say of a mistake, one of a backward pass or one of these."""
    return OWN[name] if name in OWN else MISTAKES[name].idea
