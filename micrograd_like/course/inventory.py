"""The eight questions before the course, and after it: one for each idea, each wrong answer a belief."""

from __future__ import annotations

from ..exercises.concepts import Dice
from .asked import Asked
from .drawn import asks, choice, number


@asks("inventory 1", "upside_down not_divided")
def slope(dice: Dice) -> Asked:
    """A slope is a ratio."""
    text = "w goes from 2 to 2.1, and L goes from 7 to 7.3. What is the slope of L by w?"
    return number(text, 3.0, "0.3 over 0.1.", upside_down=1 / 3, not_divided=0.3)


@asks("inventory 2", "mul_own")
def product(dice: Dice) -> Asked:
    """A product swaps."""
    return number(
        "c = a · b with a = 4 and b = 9. What is dc/da?", 9.0, "a is scaled by b.", mul_own=4.0, value_given=36.0
    )


@asks("inventory 3", "slopes_added")
def chain(dice: Dice) -> Asked:
    """Slopes multiply."""
    text = "dL/db = 5 and db/da = 2. What is dL/da?"
    return number(text, 10.0, "5 · 2.", slopes_added=7.0, outer_alone=5.0, inner_alone=2.0)


@asks("inventory 4", "overwrite")
def uses(dice: Dice) -> Asked:
    """Contributions add."""
    return number("y = x · x. What is dy/dx at x = 3?", 6.0, "3 from each use.", overwrite=3.0, multiply=9.0)


@asks("inventory 5", "depth_first")
def order(dice: Dice) -> Asked:
    """A node waits for all its uses."""
    text = "A node is used twice. When does it pass its gradient back?"
    others = [("depth_first", "each time that something arrives"), ("first_reach", "as soon as something has arrived")]
    return choice(text, "when both uses are done", "Before that, a part of its gradient is missing.", others, dice)


@asks("inventory 6", "cleared_by_itself")
def clear(dice: Dice) -> Asked:
    """Gradients of leaves add up over passes."""
    text = "x.grad is 6 after backward(). You call backward() once more. What is x.grad?"
    return number(text, 12.0, "Gradients of leaves add up until they are cleared.", cleared_by_itself=6.0)


@asks("inventory 7", "uphill")
def descent(dice: Dice) -> Asked:
    """Against the gradient."""
    text = "w = 1, its gradient is -2, lr = 0.1. Gradient descent makes one step. What is w?"
    return number(text, 1.2, "1 - 0.1 · (-2).", uphill=0.8, update=0.2, no_rate=3.0)


@asks("inventory 8", "flat_learns")
def flat(dice: Dice) -> Asked:
    """A saturated neuron hardly learns."""
    text = "A neuron gives tanh(8), which is nearly 1. How much do its weights learn from an error?"
    others = [("flat_learns", "much, because its output is large"), ("flat_learns", "as much as any other neuron's")]
    return choice(text, "almost nothing", "tanh is flat there: its slope is nearly 0.", others, dice)
