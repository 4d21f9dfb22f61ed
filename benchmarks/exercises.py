"""Is the right mistake named? `python -m benchmarks exercises` writes the table in docs/exercises.md."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite
from pathlib import Path
from random import Random
from statistics import median
from time import process_time

from micrograd_like import Value
from micrograd_like.exercises.answers import read
from micrograd_like.exercises.concepts import CONCEPTS
from micrograd_like.exercises.diagnosis import digits, is_right
from micrograd_like.exercises.exercise import Exercise
from micrograd_like.exercises.generator import generate, mistakes_on
from micrograd_like.exercises.marking import Marking
from micrograd_like.exercises.messages import idea_of
from micrograd_like.exercises.questions import Task
from micrograd_like.mistakes.mistake import MISTAKES as LISTED
from micrograd_like.mistakes.passes import Pass, grad_from, grads

DOCS = Path(__file__).parent.parent / "docs" / "exercises.md"
LOOK = 24  # exercises of a concept, in which each mistake that can be seen there has been seen
MARKS = "<!-- measured -->", "<!-- end of measured -->"
MISTAKES = [*LISTED, "forgot_path", "unreached"]


def typed(number: float, many: int = 4) -> str:
    """Return a number as a learner types it."""
    return f"{number if abs(number) > 1e-12 else 0.0:.{many}g}"


def forgetful(ex: Exercise, rng: Random) -> dict[Value, float]:
    """Return gradients in which a node of three contributions or more misses a use, and the rest follows from it."""
    task = ex.task
    several = [x for x in ex.asked if len(task.edges_of(x)) > 2 and len(set(task.uses[x])) > 1]
    if not several:
        return task.right
    node = rng.choice(several)
    edges = task.edges_of(node)
    lost = rng.choice([use for use, _ in edges])
    kept = [use.local_grads[i] * task.right[use] for use, i in edges if use is not lost]
    return carried(task, node, sum(kept)) if len(kept) > 1 else task.right  # one alone is what first_path leaves


def carried(task: Task, node: Value, number: float) -> dict[Value, float]:
    """Return all gradients if one node's is this number and the others follow from it."""
    effect = Pass(node).grads()
    return {x: g + (number - task.right[node]) * effect.get(x, 0.0) for x, g in task.right.items()}


def made_with(mistake: str, ex: Exercise, rng: Random) -> dict[Value, float]:
    """Return what a mistake gives for every node."""
    if mistake == "forgot_path":
        return forgetful(ex, rng)
    if mistake == "unreached":
        outside = [x for x in ex.asked if x not in ex.task.reached and not x.constant]
        return ex.task.right | {x: rng.choice([1.0, x.data, 2.5]) for x in outside} if outside else ex.task.right
    return Pass(ex.root, replace(LISTED[mistake], lr=ex.task.lr)).grads()


def made_once(mistake: str, ex: Exercise, rng: Random) -> dict[Value, float]:
    """Return the gradients if a mistake is made at one node, and the rest follows from it."""
    task, rule = ex.task, mistakes_on(ex.task).get(mistake)
    if rule is None or rule.is_whole:
        return task.right
    numbers = {x: grad_from(rule, x, task.uses[x], task.right, ex.root) for x in ex.asked if x in task.reached}
    bitten = [x for x, y in numbers.items() if isfinite(y) and not is_right(read(typed(y)), task.right[x])]
    return carried(task, node := rng.choice(bitten), numbers[node]) if bitten else task.right


def answers(ex: Exercise, numbers: dict[Value, float]) -> dict[str, str]:
    """Return typed answers to the gradients asked; what is not a number is left out."""
    found = {ex.task.gradient(x).key: numbers.get(x, 0.0) for x in ex.asked}
    return {key: typed(number) for key, number in found.items() if isfinite(number)}


def changes(ex: Exercise, given: dict[str, str]) -> bool:
    """Tell whether any of the answers is wrong."""
    return any(not is_right(read(x), ex.questions[key].right) for key, x in given.items())


@dataclass
class Row:
    """What became of one mistake on many graphs, made wherever it can be; and `once`, at a single node."""

    graphs: int = 0
    alone: int = 0
    first: int = 0  # of several that give the same numbers
    among: int = 0  # named together with one that gives the same numbers, but not first
    others: Counter[str] = field(default_factory=Counter)

    @cached_property
    def once(self) -> Row:
        """What became of it if it was made at one node only, and the rest followed from that."""
        return Row()

    @property
    def named(self) -> float:
        """The share of the graphs on which it was named, alone or as the first."""
        return (self.alone + self.first) / max(self.graphs, 1)

    def enter(self, mistake: str, marking: Marking) -> None:
        """Count what a marking says."""
        self.graphs += 1
        wrong = [m for m in marking.messages if m.mistakes[:1] != (mistake,)]
        if wrong and all(mistake in m.mistakes for m in marking.messages):
            self.among += 1
        elif wrong or not marking.messages:
            self.others[wrong[0].mistakes[0] if wrong and wrong[0].mistakes else "none"] += 1
        elif any(len(m.mistakes) > 1 for m in marking.messages):
            self.first += 1
        else:
            self.alone += 1


def exercises(concept: str) -> Iterator[Exercise]:
    """Yield the generated exercises of a concept, of all difficulties."""
    seed = 0
    while True:
        yield generate(concept, 1 + seed % 3, seed)
        seed += 1


def confusion(graphs: int, most: int = 30) -> dict[str, Row]:
    """Return for each mistake what is said about it on generated graphs on which it changes an answer.

    Concepts are gone through in turn; one on which no mistake is seen any more that still lacks graphs is left.
    """
    rows, rng = {name: Row() for name in MISTAKES}, Random(0)
    streams = {name: exercises(name) for name in CONCEPTS}
    shown: dict[str, set[str]] = {name: set() for name in CONCEPTS}
    for turn in range(most * graphs):
        wanted = {name for name in MISTAKES if rows[name].graphs < graphs}
        for concept in CONCEPTS:
            names = wanted if turn < LOOK else wanted & shown[concept]
            ex = next(streams[concept]) if names else None
            for name in MISTAKES if ex else ():
                if name in names and changes(ex, given := answers(ex, made_with(name, ex, rng))):
                    shown[concept].add(name)
                    rows[name].enter(name, ex.check(given))
                    if changes(ex, given := answers(ex, made_once(name, ex, rng))):
                        rows[name].once.enter(name, ex.check(given))
        if turn % 50 == 0:
            few = ", ".join(f"{name} {rows[name].graphs}" for name in sorted(wanted)[:4])
            print(f"turn {turn}: {len(wanted)} mistakes want more graphs: {few}", file=sys.stderr, flush=True)
        if not wanted:
            break
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
        found.update(
            {mistake for message in marking.messages for mistake in message.mistakes[:1] if key in message.keys}
        )
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
            wrong = made_with(mistake, ex, rng)[node]
            number = wrong if not is_right(read(typed(wrong)), ex.task.right[node]) else number
        number = float(typed(number))
        marking = ex.check(answers(ex, carried(ex.task, node, number)))
        good += [message.keys for message in marking.messages] == [(ex.task.gradient(node).key,)]
    return good, trials


def speed(checks: int) -> tuple[float, float]:
    """Return the median and the longest time, in milliseconds of the processor, of a check of 30 nodes, half wrong."""
    rng, times = Random(3), []
    for _ in range(checks):
        ex = Exercise(random_output(rng, 30), names={})
        given = answers(ex, {x: g * rng.choice([1, 1, -1, 2, 1.234]) for x, g in ex.task.right.items()})
        start = process_time()
        str(ex.check(given))
        times.append(1e3 * (process_time() - start))
    return median(times), max(times)


def told(row: Row) -> str:
    """Return how often the mistake was named alone, as the first of several, and as another of several."""
    return " + ".join(f"{x / row.graphs:.1%}" for x in (row.alone, row.first, row.among)) if row.graphs else "-"


def report(graphs: int) -> str:
    """Return what was measured as Markdown."""
    rows = confusion(graphs)
    lines = [
        f"Each mistake on {graphs} generated graphs or more on which it changes an answer, all answers typed to four",
        "digits: made throughout, wherever it can be, and made once, at one node, with all else following from that.",
        "The shares are of the graphs on which it was named alone + first of several that give the same numbers +",
        "among several, but not first. What is made once is often the very answer of another mistake made throughout",
        "(a sign lost at the only subtraction), which then is named, because it explains all numbers.",
        "",
        "| mistake | graphs | made throughout | made once | named otherwise | its idea |",
        "|---|---:|---:|---:|---|---|",
    ]
    for name, row in sorted(rows.items(), key=lambda pair: (pair[1].named, pair[1].once.named)):
        others = (row.others + row.once.others).most_common(3)
        share = ", ".join(f"`{x}` {n / (row.graphs + row.once.graphs):.1%}" for x, n in others) or "-"
        idea = idea_of(name).replace("|", "\\|")
        lines.append(f"| `{name}` | {row.graphs} | {told(row)} | {told(row.once)} | {share} | {idea} |")
    lines += ["", "| what | measured |", "|---|---|"]
    once = [row.once for row in rows.values() if row.once.graphs]
    for way, of_way in (("throughout", list(rows.values())), ("once", once)):
        good = sum(row.named >= 0.97 for row in of_way)
        lines.append(f"| mistakes named in at least 97 %, made {way} | {good} of {len(of_way)} |")
    for one in (False, True):
        for many in (4, 6):
            wrong, count, of_what = accused(graphs, many, one)
            asked = f"a random number of {many} digits, {'the only one asked' if one else 'among right ones'}"
            most = ", ".join(f"`{x}` {n}" for x, n in of_what.most_common(2))
            lines.append(f"| accused of a mistake: {asked} | {wrong / count:.2%} ({most or '-'}) |")
    right, count = accepted(graphs)
    lines.append(f"| right answers to four digits accepted | {right / count:.2%} of {count} |")
    good, count = misread(graphs)
    lines.append(f"| one digit of three or more is wrong: called a slip | {good / count:.1%} of {count} |")
    good, trials = carried_forward(graphs)
    lines.append(f"| one slip among 12 nodes: one message, at the slip | {good / trials:.1%} of {trials} |")
    middle, longest = speed(max(graphs // 5, 10))
    checked = "a check of 30 nodes, half of them wrong, with its text"
    lines.append(f"| {checked} | {middle:.1f} ms of processor time, at most {longest:.1f} ms |")
    return "\n".join(lines)


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
