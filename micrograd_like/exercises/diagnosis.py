"""Which mistake gives exactly this number on this graph? Every candidate is computed, by running the mistake.

Each node is held against the learner's own upstream numbers, so that one slip is found once, where it was made.
What is then said about it stands in `messages`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from math import isfinite

from ..engine import Value
from ..mistakes.mistake import MISTAKES, Gradient, Mistake
from ..mistakes.passes import Pass, examples, grad_from
from .answers import FLOOR, Answer, unit
from .questions import CORNERS, Task

TOLERANCE = 5.0001e-4  # of a right answer, relative: half a unit of the fourth digit of 1.000
LIKELY = [  # of the mistakes that give the same number, the first comes first; the unlikely ones come last
    "square_once", "overwrite", "first_path", "sub_sign", "neg_sign", "mul_own", "no_upstream", "no_local", "times_n",
    "over_n", "pow_no_factor", "seed_is_value", "no_seed",
]  # fmt: skip
UNLIKELY = ["update", "updated", "negated", "double", "half", "inverted"]
MOST_LOST = 6  # uses of a node of which any may have been forgotten
SMALL_SLIP = 0.02
TELLING = 3  # digits that an answer must have for a guess: two mistakes can be found behind any 2 or 12


@dataclass(frozen=True)
class Suspicion:
    """A mistake that gives the learner's number at `node`, or two of them together."""

    names: tuple[str, ...]
    rules: tuple[Mistake, ...]
    node: Value
    lost: tuple[int, ...] = ()  # places, among the uses, of the contributions that are missing

    @property
    def name(self) -> str:
        """What the mistake is called."""
        return " + ".join(self.names)


@dataclass(frozen=True)
class Slip:
    """A wrong number that does not follow from earlier ones, with what may have been done, the likeliest first.

    `verdict` is "known", "arithmetic" for a slip or too few digits, or "unknown"; `certain` is false for a guess
    of two mistakes, or of one at a node that was not asked.
    """

    node: Value
    answer: Answer
    suspicions: tuple[Suspicion, ...]
    verdict: str
    certain: bool = True


class Both(Mistake):
    """Two mistakes at once."""

    def __init__(self, first: Mistake, second: Mistake) -> None:
        sums = first if first.number is not Gradient else second
        super().__init__(
            f"{first.name} + {second.name}", "", "", accumulate=sums.accumulate, contribution=sums.contribution
        )
        object.__setattr__(self, "parts", (first, second))

    def slopes(self, node: Value) -> tuple[float, ...]:
        changed = (rule.slopes(node) for rule in self.parts)
        return next((slopes for slopes in changed if slopes != node.local_grads), node.local_grads)

    def reported(self, node: Value, grad: float, n: float = 1.0) -> float:
        for rule in self.parts:
            grad = rule.reported(node, grad, n)
        return grad


def mistakes_on(task: Task) -> dict[str, Mistake]:
    """Return the mistakes that can be made on a graph: none about an operation that is not there."""
    ops = {node.op.name for node in task.graph.nodes if node.op}
    rules = {name: replace(x, lr=task.lr) if x.is_reported else x for name, x in MISTAKES.items()}
    if examples(task.root) == 1.0:
        del rules["times_n"], rules["over_n"]
    return {
        name: rule
        for name, rule in rules.items()
        if not rule.local_rules or not ops.isdisjoint(rule.local_rules)
    }


class Diagnosis:
    """What a learner's gradients say: `right`, `carried` forward from an earlier slip, `corner`, and the `slips`."""

    def __init__(self, task: Task, answers: Mapping[Value, Answer]) -> None:
        self.task, self.answers = task, answers
        self.rules = mistakes_on(task)
        self.right: set[Value] = set()
        self.carried: set[Value] = set()
        self.corner: set[Value] = set()
        self.upstream: dict[Value, float] = {}  # the learner's, where they differ from the right ones
        self._typed: dict[Value, float] = {}
        self._rest: dict[Value, float] = {}  # how far a number may be off, having been rounded
        wrong = [node for node in [*task.nodes, *answers] if self._place(node) and node in answers]
        self.slips = self._rank([self._slip(node) for node in dict.fromkeys(wrong)])

    def edges(self, node: Value) -> list[tuple[Value, float]]:
        """Return (use, local derivative) for each use of a node through which the output can be reached."""
        return [(use, use.local_grads[i]) for use, i in self.task.edges_of(node)]

    def own(self, node: Value) -> float:
        """Return the gradient that follows from the learner's own upstream numbers."""
        return float(node is self.task.root) + sum([slope * self.upstream[use] for use, slope in self.edges(node)])

    def _place(self, node: Value) -> bool:
        """Enter a node, whose uses have been entered, and tell whether its answer is a slip."""
        if node in self.upstream:
            return node not in self.right | self.carried
        task, right, edges = self.task, self.task.right[node], self.edges(node)
        own = self.own(node)
        typed = float(node is task.root) + sum([slope * self._typed[use] for use, slope in edges])
        drift = sum([abs(slope) * (TOLERANCE * abs(self._typed[use]) + self._rest[use]) for use, slope in edges])
        answer = self.answers.get(node)
        if answer is None:
            self.upstream[node], self._typed[node] = own, typed
            self._rest[node] = sum([abs(slope) * self._rest[use] for use, slope in edges])
            return False
        self.upstream[node] = self._typed[node] = answer.number
        self._rest[node] = answer.slack
        if is_right(answer, right, task.scale):
            self.right.add(node)
            self.upstream[node] = right
        elif self._on_a_corner(node, answer, edges):
            self.right.add(node)
            self.corner.add(node)
        elif answer.means(own, abs(own) * TOLERANCE * (own != right)) or answer.means(typed, drift):
            follows = all(use in self.right or self.upstream[use] == task.right[use] for use, _ in edges)
            if follows and own == right:
                self.right.add(node)
                self.upstream[node] = right
            else:
                self.carried.add(node)
        else:
            return True
        return False

    def _on_a_corner(self, node: Value, answer: Answer, edges: list[tuple[Value, float]]) -> bool:
        """Tell whether another slope at the kink of a use, as good as the library's, gives the answer."""
        reach = [self.own(node)] * 2
        for use, slope in edges:
            if corner(use):
                assert use.op is not None
                ends = sorted([(end - slope) * self.upstream[use] for end in (0.0, CORNERS[use.op.name])])
                reach = [reach[0] + ends[0], reach[1] + ends[1]]
        return reach[0] != reach[1] and reach[0] - answer.slack <= answer.number <= reach[1] + answer.slack

    @cached_property
    def everywhere(self) -> set[str]:
        """The mistakes which, made wherever they can be made, give all of the learner's numbers."""
        return {name for name, rule in self.rules.items() if self._gives_all(rule)}

    def _gives_all(self, rule: Mistake) -> bool:
        nodes = self.task.graph.nodes if len(self.task.graph.outputs) == 1 else None
        try:
            numbers = Pass(self.task.root, rule, nodes).grads()
        except OverflowError:  # it goes along too many paths
            return False
        return all(
            answer.means(number := numbers.get(node, 0.0), TOLERANCE * abs(number) * (node in self.right))
            for node, answer in self.answers.items()
        )

    def _slip(self, node: Value) -> Slip:
        answer = self.answers[node]
        found = list(self._alone(node, answer))
        if found:
            return Slip(node, answer, tuple(found), "known")
        own = self.own(node)
        if answer.means(node.data):
            return Slip(node, answer, (Suspicion(("value",), (), node),), "known")
        if abs(answer.number - own) <= SMALL_SLIP * abs(own) or _one_digit_off(answer, own):
            return Slip(node, answer, (), "arithmetic")
        telling = digits(answer.number) >= TELLING
        guesses = (list(self._earlier(node, answer)) or list(self._pairs(node, answer))) if telling else []
        return Slip(node, answer, tuple(guesses), "known" if guesses else "unknown", False)

    def _alone(self, node: Value, answer: Answer) -> Iterator[Suspicion]:
        """Yield the mistakes that give the answer from the learner's own upstream numbers."""
        if node.constant or node not in self.task.reached:
            yield Suspicion(("constants" if node.constant else "unreached",), (), node)
            yield from [Suspicion((name,), (self.rules[name],), node) for name in self.everywhere - {"constants"}]
            return
        own = self.own(node)
        blur = max([self._rest[use] / abs(x) for use, _ in self.edges(node) if (x := self._typed[use])], default=0.0)
        for name, rule in self.rules.items():
            if name in self.everywhere:
                yield Suspicion((name,), (rule,), node)
            elif not rule.is_whole:
                number = self.by(rule, node)
                if number != own and answer.means(number, blur * abs(number)):
                    yield Suspicion((name,), (rule,), node)
        edges = self.edges(node)
        for count in range(1, len(edges) if 2 < len(edges) <= MOST_LOST else 0):
            for kept in combinations(range(len(edges)), count):
                number = sum([edges[i][1] * self.upstream[edges[i][0]] for i in kept])
                if answer.means(number, blur * abs(number)):
                    lost = tuple(i for i in range(len(edges)) if i not in kept)
                    yield Suspicion(("forgot_path",), (), node, lost)

    def by(self, rule: Mistake, node: Value) -> float:
        """Return what a mistake gives at one node, from the learner's own upstream numbers."""
        uses = [use for use in self.task.uses[node] if use in self.task.reached]
        return grad_from(rule, node, uses, self.upstream, self.task.root)

    @cached_property
    def _hidden(self) -> list[tuple[Suspicion, float, dict[Value, float]]]:
        """The mistakes at one node that was not asked: (suspicion, change of its gradient, effect on the others)."""
        found = []
        for x in self.task.nodes:
            if x not in self.answers and x in self.task.reached and x.inputs:
                own, effect = self.own(x), Pass(x).grads()
                changes = {name: self.by(rule, x) - own for name, rule in self.rules.items() if not rule.is_whole}
                found += [(Suspicion((name,), (self.rules[name],), x), y, effect) for name, y in changes.items() if y]
        return found

    def _earlier(self, node: Value, answer: Answer) -> Iterator[Suspicion]:
        """Yield mistakes at one node further up that was not asked, after which all went right."""
        own = self.own(node)
        for suspicion, change, effect in self._hidden:
            if effect.get(node) and _exactly(answer, own + change * effect[node]):
                yield suspicion

    def _pairs(self, node: Value, answer: Answer) -> Iterator[Suspicion]:
        """Yield two mistakes that give the answer together, and neither alone."""
        own = self.own(node)
        biting = {name: rule for name, rule in self.rules.items() if not rule.is_whole and self.by(rule, node) != own}
        for one, two in combinations(biting, 2):
            rules = biting[one], biting[two]
            if _part(rules[0]) != _part(rules[1]) and _exactly(answer, self.by(Both(*rules), node)):
                yield Suspicion((one, two), rules, node)

    def _rank(self, slips: list[Slip]) -> list[Slip]:
        """Put first, at each slip, what explains all of the learner's numbers, then what explains most slips."""
        count: dict[str, int] = {}
        for slip in slips:
            for name in {suspicion.name for suspicion in slip.suspicions}:
                count[name] = count.get(name, 0) + 1

        def place(suspicion: Suspicion) -> tuple[bool, int, int]:
            return suspicion.name not in self.everywhere, -count[suspicion.name], likelihood(suspicion.names[0])

        ranked = []
        for slip in slips:
            order = sorted(slip.suspicions, key=place)
            first = [x for x in order if place(x)[:2] == place(order[0])[:2]]
            ranked.append(Slip(slip.node, slip.answer, tuple(first), slip.verdict, slip.certain))
        return ranked


def likelihood(name: str) -> int:
    """Return the place of a mistake among those that give the same number."""
    if name in LIKELY:
        return LIKELY.index(name)
    return len(LIKELY) + (1 + UNLIKELY.index(name) if name in UNLIKELY else 0)


def corner(node: Value) -> bool:
    """Tell whether a node stands on a kink at which more than one slope is right."""
    op = node.op
    return op is not None and op.name in CORNERS and op.kink is not None and not op.kink(*[x.data for x in node.inputs])


def is_right(answer: Answer, right: float, scale: float = 1.0) -> bool:
    """Tell whether an answer is right to four significant digits; next to 0, against the size of the others."""
    floor = FLOOR * max(scale, 1.0)
    return abs(answer.number - right) <= max(TOLERANCE * max(abs(right), abs(answer.number)), floor)


def _part(rule: Mistake) -> str:
    """Return which part of the right rule a mistake changes."""
    if rule.number is not Gradient:
        return "number"
    return "report" if rule.is_reported else "slopes"


def _exactly(answer: Answer, number: float) -> bool:
    """Tell whether an answer hits a number more closely than chance would; guesses need that."""
    return isfinite(number) and abs(answer.number - number) <= answer.slack / 50 + 1e-9 * abs(number)


def digits(number: float) -> int:
    """Return how many significant digits a number has, zeros at its ends not counted.

    >>> digits(120.0), digits(0.305)
    (2, 3)
    """
    return len(f"{abs(number):.12e}".partition("e")[0].replace(".", "").strip("0"))


def _one_digit_off(answer: Answer, right: float) -> bool:
    """Tell whether one digit differs, two were exchanged, or the point moved, in a number of three digits or more."""
    if not right or not answer.number:
        return False
    ratio = answer.number / right
    if any(abs(ratio / power - 1.0) < TOLERANCE for power in (0.01, 0.1, 10.0, 100.0)):
        return True
    written = [f"{round(abs(x) / unit(right)):d}" for x in (answer.number, right)]
    if digits(answer.number) < TELLING or len(written[0]) != len(written[1]) or ratio < 0:
        return False
    differ = [i for i, (x, y) in enumerate(zip(*written)) if x != y]
    exchanged = len(differ) == 2 and differ[1] == differ[0] + 1 and sorted(written[0]) == sorted(written[1])
    return len(differ) == 1 or exchanged
