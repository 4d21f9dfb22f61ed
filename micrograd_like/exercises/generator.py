"""Exercises made by the thousand: `generate("fan-out", seed=7)` is the same on every machine.

>>> print(generate("fan-out", seed=7).program())
a = 3
b = -7
c = -8
v1 = a * b    # -21
v2 = a * c    # -24
L = v1 + v2   # -45
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from math import isfinite, sqrt
from typing import Any

from ..engine import Value, topological_order
from ..mistakes.mistake import MISTAKES, Mistake
from ..mistakes.passes import Pass, grad_from
from ..mistakes.script import can_bite
from ..steps.what_if import what_if
from .answers import digits
from .concepts import CONCEPTS, NUMBERS, Concept, Dice
from .exercise import Exercise
from .progress import Progress
from .questions import Task

ATTEMPTS = 4000
USUAL = 7  # exercises, of which the commonest effort is taken for all variants
VARIANT = "v"  # after the seed of an exercise that asks for as much work as everyone else's
AGAIN = 50  # draws for a student before two sheets are let be alike
SAME = 1.1e-3  # numbers as close as that cannot be told apart when typed to four digits
NEAR = 0.01  # a mistake that comes so close to the right number would pass for rounding
LARGEST = 200.0


def generate(
    concept: Concept,
    difficulty: int = 1,
    seed: int = 0,
    *,
    student: str = "",
    ambiguous: bool = False,
    keep: bool | Progress = False,
    effort: tuple[object, ...] | None = None,
) -> Exercise:
    """Return an exercise on a concept of CONCEPTS, of difficulty 1 to 3; each student has a variant of each seed.

    On its graph no listed mistake gives the right number by chance, and no two give the same, unless `ambiguous`.
    With `effort`, it asks for as much work as another exercise, of which `effort_of` is that.
    """
    if concept not in CONCEPTS:
        raise ValueError(f"There is no concept {concept!r}. Write one of: {', '.join(CONCEPTS)}.")
    if difficulty not in NUMBERS:
        raise ValueError(f"There is no difficulty {difficulty!r}. Write 1, 2 or 3.")
    dice = Dice(difficulty, concept, seed, student)
    for _ in range(ATTEMPTS):
        try:
            draft = CONCEPTS[concept](dice)
        except (ArithmeticError, ValueError):
            continue
        draft.root.label = "L"
        title = f"{concept}, number {seed}{draft.note}"
        options: dict[str, Any] = {"given": (), "concept": concept, "title": title, "keep": keep, "names": {}}
        exercise = Exercise(draft.root, draft.ask, **options, **draft.options)
        if effort is not None and effort_of(exercise) != effort:
            continue
        if by_hand(exercise.task) and (ambiguous or not coincidences(exercise.task, exercise.asked)):
            exercise.code = code_of(concept, difficulty, seed, student, effort is not None)
            return exercise
    raise RuntimeError(f"No numbers were found for {concept!r} with seed {seed}. Write another seed.")


def code_of(concept: str, difficulty: int, seed: int, student: str = "", is_variant: bool = False) -> str:
    """Return the code of an exercise, which stands on its sheet; `codes.exercise_of` makes it again."""
    return f"{concept}/{difficulty}/{seed}{VARIANT * is_variant}{'/' * bool(student)}{student}"


def effort_of(ex: Exercise) -> tuple[object, ...]:
    """Return how much work an exercise is: its operations, its answers, its products, and how long its numbers are.

    The products are those of the backward pass by something else than 1 or -1. The length is that of a node's value and
    gradient together, four digits each at most: the mean over all nodes, in whole digits.
    """
    nodes = [x for x in ex.task.graph.nodes if not x.constant]
    kinds = Counter(x.op.name for x in nodes if x.op)
    products = sum([abs(slope) != 1.0 for use, i, _ in ex.task.edges() for slope in [use.local_grads[i]]])
    long = sum([min(digits(x.data), 4) + min(digits(ex.task.right[x]), 4) for x in nodes])
    return tuple(sorted(kinds.items())), len(ex.questions), products, round(long / max(len(nodes), 1))


def answers_of(ex: Exercise) -> tuple[str, ...]:
    """Return the gradients that an exercise asks for, as one types them, in order of size."""
    return tuple([f"{number:.4g}" for number in sorted([ex.task.right[x] for x in ex.asked])])


@cache
def usual_effort(concept: Concept, difficulty: int, seed: int = 0) -> tuple[object, ...]:
    """Return the commonest effort of exercises on a concept, so that many variants of it are found."""
    seen = Counter(effort_of(generate(concept, difficulty, seed + i)) for i in range(USUAL))
    return seen.most_common(1)[0][0]


def variant(concept: Concept, difficulty: int, student: str, seed: int = 0) -> Exercise:
    """Return a student's variant of an exercise, which asks for as much work as everyone else's."""
    return generate(concept, difficulty, seed, student=student, effort=usual_effort(concept, difficulty, seed))


def variants(concept: Concept, difficulty: int, seed: int, students: Sequence[str]) -> list[Exercise]:
    """Return a variant for each student, no two with the same answers, of which each asks for as much work.

    Where chance draws the same answers twice, the later student gets others: those of "student, again".
    """
    seen: set[tuple[str, ...]] = set()
    found = []
    for student in students:
        name = student
        for _ in range(AGAIN):
            ex = variant(concept, difficulty, name, seed)
            if answers_of(ex) not in seen:
                break
            name += ", again"
        seen.add(answers_of(ex))
        found.append(ex)
    return found


def by_hand(task: Task) -> bool:
    """Tell whether all numbers are of a size to compute with."""
    numbers = [*(node.data for node in task.graph.nodes), *task.right.values()]
    return all(x == 0.0 or 0.002 < abs(x) <= LARGEST for x in numbers) and task.root.data not in (0.0, 1.0)


def coincidences(task: Task, asked: Sequence[Value]) -> list[str]:
    """Return where, by chance of the numbers, mistakes give the right gradient or one another's.

    What falls together for other numbers too, as with a twin of the graph, is not chance: on a chain there is
    nothing to overwrite.
    """
    nodes = topological_order(task.root)
    leaves = [x for x in nodes if not x.inputs and not x.constant]
    others = {x: x.data * (1 + 0.007 * sqrt(i + 2)) for i, x in enumerate(leaves)}
    twin = Task(what_if(task.root, others, names={}), lr=task.lr * 1.0123, names={})
    pairs = dict(zip(nodes, twin.graph.nodes))
    asked = [x for x in asked if x in pairs]
    here, there = outcomes(task, asked), outcomes(twin, [pairs[x] for x in asked])
    there = {name: there.get(name, there["right"]) for name in here}
    found = []
    for i, node in enumerate(asked):
        right, always = here["right"][i], there["right"][i]
        for name, found_here in here.items():
            if same(found_here[i], right, NEAR) and not same(there[name][i], always, 1e-9):
                found.append(f"{task.names[node]}: {name} gives {found_here[i]:.4g}, and {right:.4g} is right")
        order = sorted([name for name in here if isfinite(here[name][i])], key=lambda name: here[name][i])
        for one, two in pairwise(order):
            if same(here[one][i], here[two][i]) and not same(there[one][i], there[two][i]):
                found.append(f"{task.names[node]}: {one} and {two} give {here[one][i]:.4g}")
    return found


def mistakes_on(task: Task) -> dict[str, Mistake]:
    """Return the listed mistakes that can be made on a graph."""
    nodes = topological_order(task.root)
    return {name: replace(x, lr=task.lr) if x.is_reported else x for name, x in MISTAKES.items() if can_bite(nodes, x)}


def outcomes(task: Task, asked: Sequence[Value]) -> dict[str, list[float]]:
    """Return what the right rule and each mistake give for some nodes, made everywhere and made there only."""
    found = {"right": [task.right[x] for x in asked]}
    for name, rule in mistakes_on(task).items():
        grads = Pass(task.root, rule).grads()
        found[name] = [grads.get(x, 0.0) for x in asked]
        if not rule.is_whole:
            found[f"{name} once"] = [grad_from(rule, x, task.uses[x], task.right, task.root) for x in asked]
    return found


def same(x: float, y: float, tolerance: float = SAME) -> bool:
    """Tell whether two numbers would be typed alike; what is not a number is nothing that a learner types."""
    return abs(x - y) <= tolerance * max(abs(x), abs(y))
