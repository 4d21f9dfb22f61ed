"""Is the right mistake named? `python -m benchmarks exercises` writes the table in docs/exercises.md."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import isclose, isfinite
from pathlib import Path
from random import Random
from statistics import median
from time import process_time

from micrograd_like import Value
from micrograd_like.exercises.answers import digits, read
from micrograd_like.exercises.concepts import CONCEPTS
from micrograd_like.exercises.diagnosis import is_right
from micrograd_like.exercises.exercise import Exercise
from micrograd_like.exercises.generator import generate
from micrograd_like.exercises.marking import Marking
from micrograd_like.exercises.questions import Task
from micrograd_like.mistakes.mistake import MISTAKES
from micrograd_like.mistakes.passes import Pass, grads

from .blind import BLIND
from .learners import DEVELOPED, MEASURED, Mistake

DOCS = Path(__file__).parent.parent / "docs" / "exercises.md"
MARKS = "<!-- measured -->", "<!-- end of measured -->"
LOOK = 12  # exercises of each concept that are looked at for one mistake, before it is left
GIVEN = (
    "update",
    "updated",
    "uphill",
    "downhill",
    "lr_times",
    "minus_lr_times",
    "updated_factor",
)  # which depend on the learning rate, another one on the twin


def typed(number: float, many: int = 4) -> str:
    """Return a number as a learner types it."""
    return f"{number if abs(number) > 1e-12 else 0.0:.{many}g}"


def carried(task: Task, node: Value, number: float) -> dict[Value, float]:
    """Return all gradients if one node's is this number and the others follow from it."""
    effect = Pass(node).grads()
    return {x: g + (number - task.right[node]) * effect.get(x, 0.0) for x, g in task.right.items()}


def answers(ex: Exercise, numbers: Mapping[Value, float]) -> dict[str, str]:
    """Return typed answers to the gradients asked; what is not a number is left out."""
    found = {ex.task.gradient(x).key: numbers.get(x, 0.0) for x in ex.asked}
    return {key: typed(number) for key, number in found.items() if isfinite(number)}


def changes(ex: Exercise, given: Mapping[str, str]) -> bool:
    """Tell whether any of the answers is wrong."""
    return any(not is_right(read(x), ex.questions[key].right) for key, x in given.items())


def listed(name: str) -> Mistake:
    """Return a listed mistake as a program on a graph."""
    return lambda root: grads(root, replace(MISTAKES[name], lr=0.1))


def exercises(concept: str) -> Iterator[Exercise]:
    """Yield the generated exercises of a concept, of all difficulties."""
    seed = 0
    while True:
        yield generate(concept, 1 + seed % 3, seed)
        seed += 1


@dataclass
class Row:
    """What became of one mistake on many graphs."""

    graphs: int = 0
    named: int = 0
    others: Counter[str] = field(default_factory=Counter)  # what was said instead


def verdict(ex: Exercise, marking: Marking, mistake: Mistake) -> str:
    """Return "named" if what is said is the same program as the mistake: if it gives the same on a twin graph.

    Else "other" if another program is named with certainty, or "asked", or "none".
    """
    [search] = ex._searches.values()
    sheet, twin = search.sheet, search.twin_sheet
    there = dict(zip(sheet.nodes, twin.nodes))
    true = mistake(twin.root)
    keys = {ex.task.gradient(x).key: there[x] for x in sheet.asked}
    worst = "named" if marking.messages else "none"
    for message in marking.messages:
        if message.verdict == "seed" or message.mistakes[:1] in [(x,) for x in GIVEN]:
            continue
        if not message.hypotheses:
            return "none"
        likely = [search.twin.get(h.key) for h in message.hypotheses[: 2 if "?" in message.did else 1]]
        if not any(h and all(_gives(h, keys[key], twin, true) for key in message.keys) for h in likely):
            worst = "asked" if "?" in message.did else "other"
    return worst


def _gives(h: object, x: Value, sheet: object, true: Mapping[Value, float]) -> bool:
    upstream = {y: true[y] for y in sheet.asked}  # type: ignore[attr-defined]
    numbers = h.at(x, sheet, upstream), h.whole.get(x, float("nan"))  # type: ignore[attr-defined]
    return any(isclose(y, true[x], rel_tol=1e-6, abs_tol=1e-9) for y in numbers)


def measured(mistakes: Mapping[str, Mistake], graphs: int, leaves: bool, left_out: bool = False) -> dict[str, Row]:
    """Return what is said of each mistake on graphs on which it changes an answer; with `leaves` only those are asked.

    With `left_out`, the mistake is taken out of the list that is searched.
    """
    rows = {name: Row() for name in mistakes}
    for concept in CONCEPTS:
        stream = exercises(concept)
        for _ in range(max(LOOK, graphs)):
            whole = next(stream)
            asked = [x for x in whole.asked if not leaves or not x.inputs]
            if not asked:
                break
            ex = Exercise(whole.root, asked, names={}, lr=0.1, given=())
            all_known = list(ex.search.hypotheses)
            for name, mistake in mistakes.items():
                row = rows[name]
                if row.graphs >= graphs:
                    continue
                try:
                    given = answers(ex, mistake(ex.root))
                except (ArithmeticError, ValueError):
                    continue
                if len(given) < len(asked) or not changes(ex, given):
                    continue
                if left_out:
                    ex.search.hypotheses = [h for h in all_known if not (h.listed and h.name == name)]
                found = verdict(ex, ex.check(given), mistake)
                ex.search.hypotheses = all_known
                row.graphs += 1
                row.named += found == "named"
                row.others[found] += found != "named"
    return rows


def accused(graphs: int, many: int, one: bool) -> tuple[int, int, Counter[str]]:
    """Return (accusations, answers, of what) for one random wrong number; with `one` it is the only answer asked."""
    rng, count = Random(1), 0
    found: Counter[str] = Counter()
    streams = [exercises(name) for name in CONCEPTS]
    while count < graphs:
        ex = next(streams[count % len(streams)])
        node = rng.choice([x for x in ex.asked if ex.task.right[x]])
        number = ex.task.right[node] * rng.choice([rng.uniform(-2.5, 0.9), rng.uniform(1.1, 4.0)])
        key, right = ex.task.gradient(node).key, answers(ex, ex.task.right)
        if one:
            ex = Exercise(ex.root, [key], names={})
            right = {}
        marking = ex.check(right | {key: typed(number, many)})
        count += 1
        found.update({m.mistakes[0] for m in marking.messages if m.mistakes and key in m.keys and "?" not in m.did})
    return found.total(), count, found


def accepted(graphs: int) -> tuple[int, int]:
    """Return (accepted, answers) for right answers typed to four significant digits, of every kind of question."""
    streams, right, count = [exercises(name) for name in CONCEPTS], 0, 0
    kinds = ["gradients", "local", "contributions", "values", "updates", "order"]
    for i in range(graphs):
        ex = next(streams[i % len(streams)])
        every = Exercise(ex.root, kinds, names={}, lr=ex.task.lr, momentum=ex.task.momentum, deltas=ex.task.deltas)
        given = {k: every.order if k == "order" else typed(q.right) for k, q in every.questions.items()}
        marking = every.check(given)
        right += sum(mark.verdict == "right" for mark in marking.marks.values())
        count += len(given)
    return right, count


def misread(graphs: int) -> tuple[int, int]:
    """Return (called a slip of arithmetic, answers) for numbers of three digits or more, of which one is another."""
    streams, rng, good, count, turn = [exercises(name) for name in CONCEPTS], Random(4), 0, 0, 0
    while count < graphs:
        ex, turn = next(streams[turn % len(streams)]), turn + 1
        right = answers(ex, ex.task.right)
        if long := [key for key, x in right.items() if digits(float(x)) > 2]:
            key = rng.choice(long)
            *_, at = [i for i, x in enumerate(right[key]) if x.isdigit()][: rng.choice([-1, None])]
            digit = rng.choice([x for x in "0123456789" if x != right[key][at]])
            marking = ex.check(right | {key: right[key][:at] + digit + right[key][at + 1 :]})
            count += not marking  # in the fourth digit, it may still be right
            good += any(message.verdict == "arithmetic" for message in marking.messages)
    return good, count


def random_output(rng: Random, size: int) -> Value:
    """Return the output of a random graph of so many nodes, all of which reach it."""
    while True:
        nodes = [Value(rng.choice([-1, 1]) * rng.choice([0.5, 1.5, 2, 2.5, 3, 4]), x) for x in "abcd"]
        loose = list(nodes)
        while len(nodes) < size:
            x = rng.choice(loose[-5:])
            y = rng.choice(loose if len(loose) > (size - len(nodes)) // 2 else nodes)  # in the end, one is loose
            z = rng.choice([x * y, x + y, x - y, x * y, x.tanh(), x.relu(), x.sigmoid(), (x * 0.1).exp()])
            if 0.01 < abs(z.data) < 50:
                nodes.append(z)
                loose = [node for node in loose if node not in z.inputs] + [z]
        right = grads(nodes[-1])
        if sum(not x.constant for x in right) == size and all(0.01 < abs(g) < 500 for g in right.values()):
            return nodes[-1]


def carried_forward(trials: int) -> tuple[int, int]:
    """Return (one message, at the slip; trials) for one slip in a graph of 12 nodes, from which the rest follows."""
    rng, good = Random(2), 0
    for trial in range(trials):
        root = random_output(rng, 12)
        ex = Exercise(root, names={})
        node = rng.choice(ex.asked)
        number = ex.task.right[node] * rng.choice([-1.0, 0.5, 2.0, rng.uniform(-2.0, 0.9), rng.uniform(1.1, 3.0)])
        if trial % 2:
            mistake = rng.choice(["no_upstream", "no_local", "mul_own", "overwrite", "sub_sign"])
            wrong = grads(ex.root, mistake)[node]
            number = wrong if not is_right(read(typed(wrong)), ex.task.right[node]) else number
        number = float(typed(number))
        marking = ex.check(answers(ex, carried(ex.task, node, number)))
        good += [message.keys for message in marking.messages] == [(ex.task.gradient(node).key,)]
    return good, trials


def speed(checks: int) -> tuple[float, float, float]:
    """Return the median and longest time of a check of 30 nodes, half wrong, and the median of a first, in ms."""
    rng, times, firsts = Random(3), [], []
    for _ in range(checks):
        ex = Exercise(random_output(rng, 30), names={})
        for found in (firsts, times):
            given = answers(ex, {x: g * rng.choice([1, 1, -1, 2, 1.234]) for x, g in ex.task.right.items()})
            start = process_time()
            str(ex.check(given))
            found.append(1e3 * (process_time() - start))
    return median(times), max(times), median(firsts)


LISTS: dict[str, Callable[[], dict[str, Mistake]]] = {
    "the list": lambda: {name: listed(name) for name in MISTAKES if name not in ("changed", "constants")},
    "those of the list, each taken out of it": lambda: {
        name: listed(name) for name in MISTAKES if name not in ("changed", "constants")
    },
    "the list it was developed on": lambda: DEVELOPED,
    "the list it was only measured on": lambda: MEASURED,
    "the further list": lambda: BLIND,
}


def shares(rows: Mapping[str, Row]) -> tuple[float, float, float]:
    """Return the shares, each mistake counting alike: named; another named; only asked about."""
    seen = [row for row in rows.values() if row.graphs]
    kinds = ("named", "other", "asked")
    found = [[row.named if kind == "named" else row.others[kind] for row in seen] for kind in kinds]
    return tuple(sum(n / row.graphs for n, row in zip(counts, seen)) / len(seen) for counts in found)  # type: ignore[return-value]


def report(graphs: int, worst: int = 12) -> str:
    """Return what was measured as Markdown."""
    lines = [
        f"On up to {graphs} generated graphs for each mistake on which it changes an answer, typed to four digits.",
        "Named is what is the same program: it gives the same numbers on a twin of the graph with other numbers.",
        "",
        "| mistakes | asked | how many | named | another one named | asked about |",
        "|---|---|---:|---:|---:|---:|",
    ]
    weak: list[str] = []
    for what, mistakes in LISTS.items():
        for leaves in (False, True):
            rows = measured(mistakes(), graphs, leaves, "taken out" in what)
            named, other, asked = shares(rows)
            count = sum(row.graphs > 0 for row in rows.values())
            way = "leaves" if leaves else "all"
            lines.append(f"| {what} | {way} | {count} | {named:.1%} | {other:.1%} | {asked:.1%} |")
            print(lines[-1], file=sys.stderr, flush=True)
            low = sorted((r.named / r.graphs, n) for n, r in rows.items() if r.graphs)[:worst]
            weak.append(f"- {what}, {way}: " + ", ".join(f"{n} {share:.0%}" for share, n in low if share < 0.97))
    lines += ["", "The weakest:", "", *weak, "", "| what | measured |", "|---|---|"]
    for one in (False, True):
        for many in (4, 6):
            wrong, count, of_what = accused(graphs * 20, many, one)
            asked_what = f"a random number of {many} digits, {'the only one asked' if one else 'among right ones'}"
            most = ", ".join(f"`{x}` {n}" for x, n in of_what.most_common(2))
            lines.append(f"| accused of a mistake: {asked_what} | {wrong / count:.2%} of {count} ({most or '-'}) |")
    right, count = accepted(graphs * 4)
    lines.append(f"| right answers to four digits accepted | {right / count:.2%} of {count} |")
    good, count = misread(graphs * 4)
    lines.append(f"| one digit of three or more is wrong: called a slip | {good / count:.1%} of {count} |")
    good, trials = carried_forward(graphs * 4)
    lines.append(f"| one slip among 12 nodes: one message, at the slip | {good / trials:.1%} of {trials} |")
    middle, longest, first = speed(20)
    lines.append(f"| a check of 30 nodes | {middle:.0f} ms, at most {longest:.0f}; the first one {first:.0f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, and write into the docs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks exercises", description=__doc__)
    parser.add_argument("--graphs", type=int, default=1000, help="for each mistake (default: %(default)s)")
    parser.add_argument("--print", action="store_true", help="leave docs/exercises.md as it is")
    options = parser.parse_args(sys.argv[1:])
    text = report(options.graphs)
    print(text)
    if not options.print:
        before, _, rest = DOCS.read_text(encoding="utf-8").partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        DOCS.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}", encoding="utf-8")
