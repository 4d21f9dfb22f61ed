"""The classical mistakes in a backward pass: each one changes a single part of the right one, and runs on any graph.

Those in a local derivative are in `slopes`. To see one at work, read `steps.walk`.
"""

from __future__ import annotations

from .mistake import enter

# What is done with the contributions

enter(
    "overwrite",
    "`=` for `+=`: a later contribution replaces the earlier ones, though each use adds to the effect.",
    "CS231n notes, Backpropagation: use += instead of =, otherwise we would overwrite it",
    "no node is used more than once",
    accumulate=lambda before, contribution: contribution,
)
enter(
    "first_path",
    "Stopped at the first use found: the effect through the other uses is missing.",
    "PyTorch forum 107728; forgetting to sum over the uses is a common error",
    "no node is used more than once",
    accumulate=lambda before, contribution: before,
)
enter(
    "multiply",
    "Contributions were multiplied with each other; along a path one multiplies, over the paths one adds.",
    "karpathy/micrograd#72",
    "no node is used more than once",
    accumulate=lambda before, contribution: before * contribution,
)
enter(
    "no_upstream",
    "Only the local derivative: it must still be multiplied by the gradient that comes from above.",
    "a frequent error in lecture notes on backpropagation; micrograd's `out.grad` left out",
    "every upstream gradient happens to be 1",
    contribution=lambda slope, upstream: slope,
)
enter(
    "no_local",
    "The gradient was passed straight through; it must be multiplied by the local derivative.",
    "triwei.ai: forgetting to multiply by the activation derivative",
    "every local derivative happens to be 1, as in a sum",
    contribution=lambda slope, upstream: upstream,
)
# In which order

enter(
    "depth_first",
    "Each node passes back at once, every time something arrives: what arrived before is sent again.",
    "karpathy/micrograd#64, #68, #91, #96; SethHWeidman/DLFS_code#13 (28 for 24)",
    "no inner node is used more than once",
    order="depth first",
)
enter(
    "first_reach",
    "Each node passes back once, but when it is first reached: what arrives later is not passed back any more.",
    "karpathy/micrograd#21, #23",
    "no inner node is used more than once",
    order="first reach",
)
enter(
    "not_reversed",
    "The nodes were taken in the forward order: each passes back before anything has arrived.",
    "the topological list of micrograd's backward() without reversed()",
    "there is a single operation",
    order="forward",
)
enter(
    "no_visited",
    "The list of nodes holds a node once for each path to it: it passes back as often.",
    "tinygrad#165: remove `visited`; it can have diamonds",
    "no inner node is used more than once",
    order="every path",
)
# From where it starts

enter(
    "no_zero",
    "The gradients of the pass before were not cleared: backward() adds to what it finds in a leaf.",
    "karpathy/micrograd#53, #63: 1.0 becomes 3.0; PyTorch forum 107728",
    "the gradients from before are 0",
    keeps="leaves",
)
enter(
    "no_zero_inside",
    "Leaves were cleared, but inner nodes kept their gradients from the pass before and send them again.",
    "karpathy/micrograd#102: zero_grad() only zeros the leaf nodes; x*x*x at 3 gives 45 for 27",
    "no inner node lies between the leaves and the output",
    keeps="inner",
)
enter(
    "no_zero_anywhere",
    "Nothing was cleared, neither leaves nor inner nodes: old gradients stay, and are sent again.",
    "micrograd's backward() called twice",
    "the gradients from before are 0",
    keeps="all",
)
enter(
    "no_seed",
    "The output's own gradient was not set to 1, so that every product is 0.",
    "karpathy/micrograd#30; nn-zero-to-hero#40",
    "every gradient is 0 anyway",
    seed=lambda value: value * 0.0,
)
enter(
    "seed_is_value",
    "The pass started from the output's value; it starts from dL/dL, which is 1.",
    "nn-zero-to-hero#80, #81",
    "the output happens to be 1",
    seed=lambda value: value,
)
# What is written down in the end

enter(
    "negated",
    "The sign is turned: a minus was lost, or that of the descent was built in, which the update puts there.",
    "karpathy/micrograd#57",
    "every gradient is 0",
    report=lambda grad, slope, data, lr, n: -grad,
)
enter(
    "update",
    "This is the step -lr * grad, which gradient descent takes; the gradient itself has no learning rate.",
    "the gradient mistaken for the update",
    "every gradient is 0",
    report=lambda grad, slope, data, lr, n: -lr * grad,
)
enter(
    "updated",
    "This is the value after the step, x - lr * grad; the gradient is only what the step is made of.",
    "the gradient mistaken for the updated weight",
    "it never agrees, but by chance",
    report=lambda grad, slope, data, lr, n: data - lr * grad,
)
enter(
    "inverted",
    "The wrong way round: how the node would follow the output, not how the output follows the node.",
    "the chain rule written upside down, dx/dL for dL/dx",
    "every gradient is 1 or -1",
    report=lambda grad, slope, data, lr, n: 1.0 / grad,
)
enter(
    "step_too_far",
    "The node's own local derivative was multiplied on as well: that belongs to the gradient of its input.",
    "the gradient of a node confused with the derivative of its own operation",
    "every local derivative is 1",
    report=lambda grad, slope, data, lr, n: grad * slope,
)
enter(
    "times_n",
    "The 1/n of the mean is missing: this is the gradient of the sum.",
    "forgetting the 1/n of a mean loss",
    "the output is not divided by a whole number",
    report=lambda grad, slope, data, lr, n: grad * n,
)
enter(
    "over_n",
    "Divided by n once more than the loss does.",
    "texts disagree whether a loss is a sum or a mean",
    "the output is not divided by a whole number",
    report=lambda grad, slope, data, lr, n: grad / n,
)
enter(
    "double",
    "A factor 2 too many: the 1/2 that some write before a squared error cancels it, or is not in this loss.",
    "texts disagree: 1/2, 1/n or 1/2n before the sum of squares",
    "every gradient is 0",
    report=lambda grad, slope, data, lr, n: 2.0 * grad,
)
enter(
    "half",
    "The factor 2 of a square is missing, as if the loss had a 1/2 before it.",
    "half the right size: the 1/2 of another text's squared error",
    "every gradient is 0",
    report=lambda grad, slope, data, lr, n: grad / 2.0,
)
