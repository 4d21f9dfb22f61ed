"""Which of the learner's gradients are right, which follow from an earlier slip, and what explains the slips.

Each node is held against the learner's own upstream numbers, so that one slip is found once, where it was made.
What explains it is searched for in `hypotheses`; what is then said about it stands in `messages`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..engine import Value
from .answers import FLOOR, Answer, digits, typed_digits, unit
from .hypotheses.search import TOLERANCE, Search, Sighting
from .hypotheses.sheet import Hypothesis
from .questions import CORNERS, Task

SMALL_SLIP = 0.02
TELLING = 3  # digits that an answer must have before one wrong digit in it is called so


@dataclass(frozen=True)
class Slip:
    """Wrong numbers that do not follow from earlier ones, with what explains them, the likeliest first.

    `verdict` is "known"; or "rounded", "point", "digit" or "close" for a slip of arithmetic; or "unknown".
    """

    nodes: tuple[Value, ...]
    rivals: tuple[Hypothesis, ...]
    verdict: str
    asks: bool = False


class Diagnosis:
    """What a learner's gradients say: `right`, `carried` forward from an earlier slip, `corner`, and the `slips`.

    `digits` are the significant ones that are wanted.
    """

    task: Task
    answers: Mapping[Value, Answer]
    wanted: int
    search: Search
    slips: list[Slip]

    def __init__(
        self, task: Task, answers: Mapping[Value, Answer], search: Search | None = None, wanted: int = 4
    ) -> None:
        self.task, self.answers, self.wanted = task, answers, wanted
        self.search = search or Search(task, answers)
        self.right: set[Value] = set()
        self.carried: set[Value] = set()
        self.corner: set[Value] = set()
        self.upstream: dict[Value, float] = {}  # the learner's, where they differ from the right ones
        self._typed: dict[Value, float] = {}
        self._rest: dict[Value, float] = {}  # how far a number may be off, having been rounded
        wrong = [node for node in [*task.nodes, *answers] if self._place(node) and node in answers]
        self.slips = self._slips(list(dict.fromkeys(wrong)))

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
        drift = sum([abs(slope) * self._rest[use] for use, slope in edges])
        answer = self.answers.get(node)
        if answer is None:
            self.upstream[node], self._typed[node] = own, typed
            self._rest[node] = sum([abs(slope) * self._rest[use] for use, slope in edges])
            return False
        self.upstream[node] = self._typed[node] = answer.number
        self._rest[node] = answer.slack
        if is_right(answer, right, task.scale, self.wanted):
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

    def _slips(self, wrong: list[Value]) -> list[Slip]:
        """Return what is wrong, with what explains it."""
        inside = [x for x in wrong if x in self.search.sheet.own]
        answers = {x: answer for x, answer in self.answers.items() if x in self.search.sheet.own}
        seen = Sighting(answers, self.upstream, inside, frozenset(self.right), self._blur)
        found = [Slip((x,), (), "constants" if x.constant else "unreached") for x in wrong if x not in inside]
        plain = {x: self._arithmetic(x) for x in inside}
        for finding in self.search.explain(seen) if inside else ():
            first = finding.rivals[0] if finding.rivals else None
            sure = first is not None and (first.listed or len(finding.nodes) > 1) and not finding.asks
            slip = [plain[x] for x in finding.nodes if plain[x]]
            if self.task.root in finding.nodes and not sure and len(finding.nodes) == 1:
                found.append(Slip(finding.nodes, (), "seed"))
            elif first is None or (slip and not sure):
                found += [Slip((x,), (), plain[x] or "unknown") for x in finding.nodes]
            else:
                found.append(Slip(finding.nodes, finding.rivals, "known", finding.asks))
        return found

    def _blur(self, node: Value, number: float) -> float:
        """Return how far a number for a node may be off because what is above it was rounded."""
        edges = self.edges(node)
        shares = [self._rest[use] / abs(x) for use, _ in edges if (x := self._typed[use])]
        return max(shares, default=0.0) * abs(number)

    def _arithmetic(self, node: Value) -> str:
        """Return what slip of arithmetic an answer looks like, "" if none."""
        answer, own = self.answers[node], self.own(node)
        few = typed_digits(answer)
        if not own or not answer.number:
            return ""
        if few < self.wanted and abs(answer.number - own) <= 0.5001 * unit(own, few) and digits(own) > few:
            return "rounded"
        ratio = answer.number / own
        if any(abs(ratio / power - 1.0) < TOLERANCE for power in (0.01, 0.1, 10.0, 100.0)):
            return "point"
        if _one_digit_off(answer, own):
            return "digit"
        return "close" if abs(ratio - 1.0) <= SMALL_SLIP else ""


def corner(node: Value) -> bool:
    """Tell whether a node stands on a kink at which more than one slope is right."""
    op = node.op
    return op is not None and op.name in CORNERS and op.kink is not None and not op.kink(*[x.data for x in node.inputs])


def is_right(answer: Answer, right: float, scale: float = 1.0, wanted: int = 4) -> bool:
    """Tell whether an answer is right to so many significant digits; next to 0, against the size of the others."""
    floor = FLOOR * max(scale, 1.0)
    tolerance = 5.0001 * 10.0**-wanted
    return abs(answer.number - right) <= max(tolerance * max(abs(right), abs(answer.number)), floor)


def _one_digit_off(answer: Answer, right: float) -> bool:
    """Tell whether one digit differs, or two were exchanged, in a number of three digits or more."""
    written = [f"{round(abs(x) / unit(right)):d}" for x in (answer.number, right)]
    if digits(answer.number) < TELLING or len(written[0]) != len(written[1]) or answer.number * right < 0:
        return False
    differ = [i for i, (x, y) in enumerate(zip(*written)) if x != y]
    exchanged = len(differ) == 2 and differ[1] == differ[0] + 1 and sorted(written[0]) == sorted(written[1])
    return len(differ) == 1 or exchanged
