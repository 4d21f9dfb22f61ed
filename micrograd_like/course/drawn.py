"""Questions drawn by number: the same number gives the same question on every machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any, cast

from ..engine import Value
from ..exercises.concepts import CONCEPTS, Concept, Dice
from ..exercises.exercise import Exercise
from ..exercises.generator import generate, outcomes
from ..ops.notation import short
from .asked import Asked, WrongAnswer, same
from .misconceptions import idea

Item = Asked | Exercise
DRAWS = 200
MAKERS: dict[str, tuple[Callable[[Dice], Item | None], tuple[str, ...]]] = {}


def asks(name: str, bites: str = "") -> Callable[[Callable[[Dice], Item | None]], Callable[[Dice], Item | None]]:
    """Enter a function that draws a question under a name; with each mistake of `bites` its answer is wrong."""

    def enter(make: Callable[[Dice], Item | None]) -> Callable[[Dice], Item | None]:
        MAKERS[name] = make, tuple(bites.split())
        return make

    return enter


def number(text: str, right: float, why: str, program: str = "", /, **slips: float) -> Asked:
    """Return a question for a number; each slip is a mistake by name, and what it gives."""
    found = tuple([WrongAnswer(name, x, idea(name)) for name, x in slips.items() if isfinite(x)])
    return Asked(text, right, f"{why} The answer is {short(right)}.", found, (), program)


def choice(text: str, right: str, why: str, others: Sequence[tuple[str, str]], dice: Dice, program: str = "") -> Asked:
    """Return a question with choices in the order that the dice give; the others are (mistake, choice)."""
    choices = [right, *[words for _, words in others]]
    for i in range(len(choices) - 1, 0, -1):
        j = int(dice.random() * (i + 1))
        choices[i], choices[j] = choices[j], choices[i]
    slips = tuple([WrongAnswer(name, words, idea(name)) for name, words in others])
    return Asked(text, right, why, slips, tuple(choices), program)


def draw(spec: str, seed: int, cures: Sequence[str] = ()) -> Item:
    """Return an item: "name" of MAKERS, "concept 2" with its difficulty, or "of concept" for one of its gradients."""
    name, _, rest = spec.partition(" ")
    if name == "of":
        concept, _, difficulty = rest.partition(" ")
        return one_gradient(cast(Concept, concept), int(difficulty or 1), seed, cures)
    if spec not in MAKERS and name in CONCEPTS:
        return generate(name, int(rest or 1), seed)
    make, bites = MAKERS[spec]
    for again in range(DRAWS):
        item = make(Dice(1, spec, seed, again))
        if item is not None and all(wrong(item, x) is not None for x in bites):
            return item
    raise RuntimeError(f"No numbers were found for {spec!r} with seed {seed}. Write another seed.")


def one_gradient(concept: Concept, difficulty: int, seed: int, cures: Sequence[str]) -> Asked:
    """Ask for one gradient of a generated graph: a leaf for which as many as possible of the mistakes show."""
    best: tuple[int, Asked] | None = None
    for k in range(4):
        ex = generate(concept, difficulty, 1000 * (seed + 1) + k)
        nodes = [x for x in ex.asked if not x.inputs and not x.constant]
        found = outcomes(ex.task, nodes)
        for i, node in enumerate(nodes):
            ask = _of_node(ex, node, {name: numbers[i] for name, numbers in found.items()}, cures)
            shows = sum(ask.by(name) is not None for name in cures)
            if best is None or shows > best[0]:
                best = shows, ask
        if best and best[0] == len(cures):
            break
    assert best
    return best[1]


def _of_node(ex: Exercise, node: Value, gives: Mapping[str, float], cures: Sequence[str]) -> Asked:
    names = ex.task.names
    order = [*cures, *[x for x in gives if x not in cures]]
    wrong = {x: gives[x] for x in order if x in gives and x != "right" and not x.endswith(" once")}
    text = f"What is the gradient of {names[node]}, d{names[ex.root]}/d{names[node]}?"
    kept = tuple([WrongAnswer(x, y, idea(x)) for x, y in wrong.items() if isfinite(y) and not same(y, gives["right"])])
    return Asked(text, gives["right"], ex.reason(ex.task.gradient(node).key), kept, (), ex.program())


def wrong(item: Item, mistake: str) -> Any:
    """Return the answer, or answers, of who makes this mistake; None where it changes nothing."""
    if isinstance(item, Asked):
        return item.by(mistake)
    nodes = item.asked
    found = outcomes(item.task, nodes)
    if mistake not in found:
        return None
    right = dict(item.answers)
    keys = [item.task.gradient(node).key for node in nodes]
    changed = {key: short(x) for key, x, y in zip(keys, found[mistake], found["right"]) if not same(x, y)}
    return right | changed if changed else None
