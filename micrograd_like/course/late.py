"""What the chapters 9 to 17 ask: steps, training, depth, matrices, modes, curvature, attention, a GPT, a diagnosis."""

from __future__ import annotations

from math import log, sqrt

from ..exercises.concepts import Dice
from ..exercises.exercise import Exercise
from ..exercises.generator import outcomes
from ..ops.notation import short
from .asked import Asked
from .drawn import asks, choice, number
from .early import FEW, LINES, SIGNED, _program

# Chapter 9: descent.


@asks("step", "uphill no_rate update")
def step(dice: Dice) -> Asked:
    """One step of gradient descent."""
    w, g, lr = dice.pick(FEW), dice.pick(SIGNED), dice.pick((0.1, 0.01, 0.2, 0.05))
    text = f"w = {short(w)}, its gradient is {short(g)}, and lr = {short(lr)}. What is w after one step?"
    why = f"{short(w)} - {short(lr)} · ({short(g)})."
    return number(text, w - lr * g, why, uphill=w + lr * g, no_rate=w - g, update=-lr * g)


@asks("rolling step", "momentum_forgotten uphill")
def rolling_step(dice: Dice) -> Asked:
    """One step with momentum."""
    w, g, lr = dice.pick(FEW), dice.pick(SIGNED), dice.pick((0.1, 0.2))
    last, m = dice.pick((0.5, -0.4, 0.8, -1.0)), dice.pick((0.9, 0.5))
    text = (
        f"w = {short(w)}, gradient {short(g)}, lr = {short(lr)}, momentum {short(m)}. "
        f"The last step was {short(last)}. What is w after this step?"
    )
    why = f"Δw = {short(m)} · ({short(last)}) - {short(lr)} · ({short(g)})."
    return number(text, w + m * last - lr * g, why, momentum_forgotten=w - lr * g, uphill=w + m * last + lr * g)


@asks("adam", "adam_scales uphill")
def adam(dice: Dice) -> Asked:
    """Adam's first step."""
    w, g, lr = dice.pick(FEW), dice.pick((-20.0, 30.0, 0.4, -0.05, 50.0)), dice.pick((0.1, 0.01))
    text = f"Adam with lr = {short(lr)} makes its very first step. w = {short(w)}, gradient {short(g)}. What is w then?"
    sign = 1.0 if g > 0 else -1.0
    if round(w - lr * sign, 2) == round(w, 2):
        return None  # type: ignore[return-value]
    why = "Both averages begin with this gradient, so the step is lr times its sign."
    return number(text, w - lr * sign, why, adam_scales=w - lr * g, uphill=w + lr * sign)


@asks("which way", "uphill")
def which_way(dice: Dice) -> Asked:
    """The side to which a step goes."""
    slope = dice.pick(SIGNED)
    right, wrong_way = ("to the left", "to the right") if slope > 0 else ("to the right", "to the left")
    text = f"The slope under a ball is {short(slope)}. To which side does gradient descent move it?"
    return choice(text, right, "Against the slope.", [("uphill", wrong_way)], dice)


# Chapter 10: training.


@asks("updates", "epoch_is_update example_is_update")
def updates(dice: Dice) -> Asked:
    """How many updates some epochs make."""
    n, size, epochs = dice.pick((60, 120, 240)), dice.pick((10, 20, 30)), dice.pick((2, 3, 5))
    text = f"{n} examples, batches of {size}, {epochs} epochs. How many updates of the weights is that?"
    slips = {"epoch_is_update": float(epochs), "example_is_update": float(n * epochs)}
    return number(text, float(n // size * epochs), f"{n // size} batches an epoch, {epochs} times.", **slips)


@asks("second pass", "cleared_by_itself")
def second_pass(dice: Dice) -> Asked:
    """The gradient in the second step of a loop that clears none."""
    first, second = dice.pick(SIGNED), dice.pick(SIGNED)
    if first == -second:
        return None  # type: ignore[return-value]
    text = (
        f"In step 1 the gradient of w is {short(first)}. In step 2 the loss has the slope {short(second)}. "
        "zero_grad() was forgotten in between. What is w.grad now?"
    )
    return number(text, first + second, "The second is added to the first.", cleared_by_itself=second)


@asks("piled up", "cleared_by_itself epoch_is_update")
def piled_up(dice: Dice) -> Asked:
    """The gradient after some epochs without zero_grad."""
    g, batches, epochs = dice.pick(SIGNED), dice.pick((3, 5, 6)), dice.pick((2, 4))
    text = (
        f"{batches} batches an epoch, {epochs} epochs, lr = 0. Each batch gives w the slope {short(g)}. "
        "zero_grad() is never called. What is w.grad in the end?"
    )
    why = f"{batches * epochs} passes, and all add up."
    return number(text, g * batches * epochs, why, cleared_by_itself=g, epoch_is_update=g * epochs)


@asks("stop", "training_judges last_epoch")
def stop(dice: Dice) -> Asked:
    """Which epoch to keep."""
    best = dice.pick((20, 30, 40))
    text = "Which weights do you keep?"
    program = (
        "epoch   training loss   validation loss\n"
        f"   10   0.61            0.70\n   {best}   0.35            0.48\n  100   0.02            0.93"
    )
    others = [("training_judges", "those with the lowest training loss"), ("last_epoch", "those of the last epoch")]
    return choice(text, f"those of epoch {best}", "The loss on unseen examples is lowest there.", others, dice, program)


# Chapter 11: depth.


@asks("vanishing", "layers_add one_layer")
def vanishing(dice: Dice) -> Asked:
    """What is left of a gradient behind many layers."""
    slope, n = dice.pick((0.25, 0.5, 0.8, 1.5, 2.0)), dice.pick((3, 4, 5, 6))
    text = f"Each of {n} layers has the slope {short(slope)}. The gradient at the top is 1. What arrives at the bottom?"
    return number(text, slope**n, f"{short(slope)} to the power {n}.", layers_add=slope * n, one_layer=slope)


@asks("spread", "spread_by_sum")
def spread(dice: Dice) -> Asked:
    """The variance of weights that keeps a weighted sum as wide as its inputs."""
    n = dice.pick((4.0, 10.0, 16.0, 25.0, 50.0, 100.0))
    text = (
        f"A neuron adds {short(n)} inputs of variance 1, each times a weight. "
        "Which variance of the weights gives a sum of variance 1?"
    )
    return number(
        text, 1 / n, f"The sum has {short(n)} times the variance of one term.", spread_by_sum=1.0, deviation=1 / sqrt(n)
    )


@asks("around", "skip_forgotten")
def around(dice: Dice) -> Asked:
    """A residual layer, y = x + f(x)."""
    slope = dice.pick((0.1, -0.2, 0.5, 0.25, -0.6))
    text = f"y = x + f(x), and f has the slope {short(slope)} here. What is dy/dx?"
    return number(text, 1 + slope, f"1 + ({short(slope)}).", skip_forgotten=slope)


# Chapter 12: from scalars to matrices.


@asks("outer", "transposed")
def outer(dice: Dice) -> Asked:
    """One entry of dW = δ xᵀ."""
    x, d = [dice.pick(FEW) for _ in range(2)], [dice.pick(SIGNED) for _ in range(2)]
    i, j = int(dice.random() * 2), int(dice.random() * 2)
    text = (
        f"z = W x. x = ({short(x[0])}, {short(x[1])}), and dL/dz = δ = ({short(d[0])}, {short(d[1])}). "
        f"What is dL/dW[{i}][{j}]?"
    )
    if i == j:
        return None  # type: ignore[return-value]
    return number(text, d[i] * x[j], f"δ[{i}] · x[{j}].", transposed=d[j] * x[i], no_upstream=x[j])


@asks("bias", "averaged one_example")
def bias(dice: Dice) -> Asked:
    """The gradient of a bias that is added to every row."""
    d = [dice.pick(SIGNED) for _ in range(4)]
    text = f"One bias is added in four examples. Their dL/dz are {', '.join(map(short, d))}. What is dL/db?"
    return number(text, sum(d), "It is used four times: add.", averaged=sum(d) / 4, one_example=d[-1])


@asks("shape", "transposed")
def shape(dice: Dice) -> Asked:
    """The shape of a gradient."""
    n, into, out = dice.pick((10, 20)), dice.pick((3, 4)), dice.pick((5, 7))
    text = f"X is {n}×{into}, W is {out}×{into}, and Z = X @ W.T is {n}×{out}. What shape has dL/dW?"
    others = [("transposed", f"{into}×{out}"), ("one_example", f"{n}×{out}")]
    return choice(text, f"{out}×{into}", "That of W: each number has a slope of its own.", others, dice)


# Chapter 13: forward and reverse.


@asks("passes", "modes_swapped both_counted")
def passes(dice: Dice) -> Asked:
    """How many passes a Jacobian takes."""
    n, m = dice.pick((3, 5, 100, 1000)), dice.pick((1, 2, 4))
    forward = dice.random() < 0.5
    mode, right, swapped = ("forward", n, m) if forward else ("reverse", m, n)
    text = f"A function has {n} inputs and {m} outputs. How many passes of {mode} mode give all its derivatives?"
    why = f"One for each {'input' if forward else 'output'}."
    return number(
        text, float(right), why, modes_swapped=float(swapped), both_counted=float(n * m) if m > 1 else float(n + m)
    )


@asks("speed", "speed_is_value")
def speed(dice: Dice) -> Asked:
    """A product of numbers that move."""
    a, b, da, db = dice.pick(FEW), dice.pick(SIGNED), dice.pick((1.0, 2.0)), dice.pick((3.0, -1.0))
    text = (
        f"a = {short(a)} moves with speed {short(da)}, b = {short(b)} with speed {short(db)}. How fast does a·b move?"
    )
    why = f"{short(da)} · ({short(b)}) + {short(a)} · ({short(db)})."
    return number(text, da * b + a * db, why, speed_is_value=a * b, slopes_added=da + db, overwrite=a * db)


# Chapter 14: again.


@asks("curvature", "first_again second_of_value")
def curvature(dice: Dice) -> Asked:
    """The second derivative of x³, or of x⁴."""
    x, n = dice.pick((2.0, 3.0, 4.0, -3.0)), dice.pick((3, 4))
    right = n * (n - 1) * x ** (n - 2)
    text = f"f(x) = x{'³' if n == 3 else '⁴'}. What is its second derivative at x = {short(x)}?"
    return number(
        text, right, f"{n} · {n - 1} · x{'' if n == 3 else '²'}.", first_again=n * x ** (n - 1), second_of_value=x**n
    )


@asks("newton", "newton_uphill curvature_forgotten")
def newton(dice: Dice) -> Asked:
    """One step of Newton's method."""
    x, slope, bend = dice.pick(FEW), dice.pick((6.0, -6.0, 12.0, 3.0)), dice.pick((2.0, 3.0, 4.0))
    text = f"x = {short(x)}, slope {short(slope)}, second derivative {short(bend)}. Where does Newton's step lead?"
    why = f"{short(x)} - ({short(slope)}) / {short(bend)}."
    return number(text, x - slope / bend, why, newton_uphill=x + slope / bend, curvature_forgotten=x - slope)


@asks("newton on a cube", "first_again curvature_forgotten")
def newton_on_a_cube(dice: Dice) -> Asked:
    """One step of Newton's method down x³, from its formula."""
    x = dice.pick((2.0, 3.0, 4.0, 5.0, 6.0))
    text = f"f(x) = x³. From x = {short(x)}, where does Newton's step for a flat place of f lead?"
    why = f"Slope 3x² = {short(3 * x * x)}, curvature 6x = {short(6 * x)}: x - slope / curvature."
    return number(text, x / 2, why, first_again=x - x / 3, curvature_forgotten=x - 3 * x * x)


@asks("hessian", "diagonal_hessian")
def hessian(dice: Dice) -> Asked:
    """One entry of a Hessian-vector product."""
    a, b = dice.pick((2.0, 4.0, 6.0)), dice.pick((1.0, -1.0, 3.0))
    v = dice.pick((1.0, 2.0)), dice.pick((3.0, -2.0))
    text = (
        f"H = [[{short(a)}, {short(b)}], [{short(b)}, 8]], v = ({short(v[0])}, {short(v[1])}). "
        "What is the first entry of H v?"
    )
    why = f"{short(a)} · {short(v[0])} + ({short(b)}) · ({short(v[1])})."
    return number(text, a * v[0] + b * v[1], why, diagonal_hessian=a * v[0], transposed=b * v[0] + 8 * v[1])


# Chapter 15: normalisation and attention.


@asks("centred", "mean_fixed averaged")
def centred(dice: Dice) -> Asked:
    """The gradient of an input behind y = x - mean(x)."""
    g = [dice.pick(SIGNED) for _ in range(4)]
    mean = sum(g) / 4
    if mean == 0:
        return None  # type: ignore[return-value]
    text = f"y[i] = x[i] - mean(x) for four numbers, and dL/dy = ({', '.join(map(short, g))}). What is dL/dx[0]?"
    return number(
        text, g[0] - mean, f"{short(g[0])} minus the mean of all four, {short(mean)}.", mean_fixed=g[0], averaged=mean
    )


@asks("shared sum", "own_score_only")
def shared_sum(dice: Dice) -> Asked:
    """How one softmax probability moves with the score of another."""
    p = dice.pick((0.2, 0.3, 0.5, 0.1))
    q = dice.pick((0.4, 0.25, 0.35))
    text = f"Softmax gives p[0] = {short(p)} and p[1] = {short(q)}. How does p[0] move with the score of class 1?"
    return number(text, -p * q, f"-p[0] · p[1] = -{short(p)} · {short(q)}.", own_score_only=0.0, negated=p * q)


@asks("mixed", "values_unweighted")
def mixed(dice: Dice) -> Asked:
    """The gradient of a value that attention mixes in."""
    p, g = dice.pick((0.1, 0.3, 0.6, 0.25)), dice.pick(SIGNED)
    text = f"Attention gives out = Σ p[i] · v[i]. dL/dout = {short(g)} and p[2] = {short(p)}. What is dL/dv[2]?"
    return number(text, p * g, f"{short(p)} · ({short(g)}).", values_unweighted=g, no_upstream=p)


@asks("attention score", "own_score_only values_unweighted")
def attention_score(dice: Dice) -> Asked:
    """How what attention gives moves with one score."""
    p, v, out = dice.pick((0.2, 0.4, 0.1)), dice.pick(SIGNED), dice.pick((0.5, -1.0, 1.5))
    text = (
        f"out = Σ p[i] · v[i] is {short(out)}. p[1] = {short(p)} and v[1] = {short(v)}. How does out move with score 1?"
    )
    why = f"p[1] · (v[1] - out): {short(p)} · ({short(v)} - ({short(out)}))."
    slips = {"own_score_only": p * (1 - p) * v, "values_unweighted": v - out}
    return number(text, p * (v - out), why, **slips)


# Chapter 16: a GPT.


@asks("guess", "log_of_share log_sign")
def guess(dice: Dice) -> Asked:
    """The loss of a model that knows nothing."""
    n = dice.pick((10, 27, 50, 65, 100))
    text = f"A model that knows nothing gives each of {n} letters the same probability. What is its loss?"
    return number(text, log(n), f"-ln(1/{n}) = ln {n}.", log_of_share=1 / n, log_sign=-log(n))


@asks("letter twice", "use_forgotten averaged")
def letter_twice(dice: Dice) -> Asked:
    """The gradient of a letter's numbers, which are looked up at several places."""
    d = [dice.pick(SIGNED) for _ in range(3)]
    text = (
        f"The letter 'a' stands at three places. Its number there gets {', '.join(map(short, d))} from above. "
        "What is its gradient?"
    )
    return number(text, sum(d), "One number, three uses: add.", use_forgotten=d[-1], averaged=sum(d) / 3)


@asks("next letter", "target_forgotten")
def next_letter(dice: Dice) -> Asked:
    """The gradient of a score of a language model."""
    p, n = dice.pick((0.1, 0.2, 0.05, 0.3)), dice.pick((2, 4, 5, 8))
    text = (
        f"At one of {n} places the model gives the letter that comes next the probability {short(p)}. "
        f"The loss is the mean over the {n} places. What is the gradient of that letter's score there?"
    )
    return number(text, (p - 1) / n, f"({short(p)} - 1) / {n}.", target_forgotten=p / n, times_n=p - 1)


@asks("two places", "log_of_share")
def two_places(dice: Dice) -> Asked:
    """The mean loss over two places of a text."""
    p, q = dice.pick((0.5, 0.2, 0.1)), dice.pick((0.25, 0.4, 0.05))
    text = f"The letters that come next got the probabilities {short(p)} and {short(q)}. What is the mean loss?"
    why = f"(-ln {short(p)} - ln {short(q)}) / 2."
    return number(text, -(log(p) + log(q)) / 2, why, log_of_share=1 - (p + q) / 2, times_n=-(log(p) + log(q)))


@asks("untrained", "use_forgotten target_forgotten")
def untrained(dice: Dice) -> Asked:
    """The gradient of one output's bias in the first step."""
    n = dice.pick((4, 5, 10, 20))
    text = (
        f"An untrained model gives each of {n} letters the same probability. 'a' comes next at two places. "
        "The losses of both are added. What is the gradient of the bias of the score of 'a'?"
    )
    why = f"1/{n} - 1 from each of the two places."
    return number(text, 2 * (1 / n - 1), why, use_forgotten=1 / n - 1, target_forgotten=2 / n)


# Chapter 17: someone else's engine.


@asks("diagnose", "first_bug_seen")
def diagnose(dice: Dice) -> Asked | None:
    """Which line is wrong in an engine, from the number that it gives."""
    a, b, c = dice.leaves("a b c")
    v = a * b
    v.label = "v"
    L = dice.pick([lambda: v * v - a, lambda: (v - c) * v, lambda: v * c + v * a])()
    L.label = "L"
    node = dice.pick([a, b])
    [right], gives = outcomes(Exercise(L, [node], names={}).task, [node])["right"], {}
    for name, numbers in outcomes(Exercise(L, [node], names={}).task, [node]).items():
        if name in LINES and abs(numbers[0] - right) > 0.02 * abs(right):
            gives[name] = numbers[0]
    gives = {name: x for name, x in gives.items() if [*gives.values()].count(x) == 1}  # the others cannot be told apart
    if len(gives) < 3:
        return None
    names = sorted(gives, key=lambda name: dice.random())
    found, *others = names[:3]
    text = f"Here an engine gives {node.label}.grad = {short(gives[found])} for {short(right)}. Which line is it?"
    return choice(
        text, LINES[found], f"Only this one gives {short(gives[found])}.",
        [("first_bug_seen", LINES[name]) for name in others], dice, _program(L),
    )  # fmt: skip
