"""What a class finds hard: misconceptions by concept, what to say on Monday, who needs help, how good each item is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from ..exercises import messages
from ..exercises.concepts import CONCEPTS
from ..exercises.exercise import Exercise
from ..exercises.generator import generate, outcomes, same
from .records import StudentRecord

SAY, LOOKED_AT, FEW = 3, 30, 5
HELP, OFTEN = 0.5, 3  # share right at once below which someone needs help; answers that show one mistake
RIGHT = ("right", "carried")


@dataclass(frozen=True)
class ItemFigures:
    """One blank over the class: `difficulty` is the share right at once, `discrimination` is from -1 to 1."""

    concept: str
    title: str
    key: str
    answers: int
    difficulty: float
    discrimination: float | None


@dataclass(frozen=True)
class Advice:
    """What to say: a mistake, who made it, and an exercise on whose numbers it shows."""

    mistake: str
    idea: str
    concept: str
    students: int
    exercise: Exercise
    shows: str


@dataclass(frozen=True)
class Help:
    """Who needs help, and why."""

    student: str
    share: float
    why: str


class Analysis:
    """The figures of a class."""

    students: int
    heat: dict[str, dict[str, int]]
    concepts: list[str]
    help: list[Help]
    items: list[ItemFigures]
    records: list[StudentRecord]
    share: dict[str, float]

    def __init__(self, records: Sequence[StudentRecord]) -> None:
        self.records = [x for x in records if x.attempts]
        self.students = len(self.records)
        first = [_first(x) for x in self.records]
        self.heat = _heat(self.records)
        self.concepts = list(dict.fromkeys(x.concept for record in self.records for x in record.attempts))
        self.share = {x.student: _share(tries) for x, tries in zip(self.records, first)}
        self.help = sorted(filter(None, map(self._helped, self.records)), key=lambda x: x.share)
        self.items = _items(first)

    def _helped(self, record: StudentRecord) -> Help | None:
        share = self.share[record.student]
        shown = Counter(x.mistakes[0] for x in record.attempts if x.mistakes).most_common(1)
        why = [f"{share:.0%} right at once"] if share < HELP else []
        why += [f"{shown[0][0]} in {shown[0][1]} answers"] if shown and shown[0][1] >= OFTEN else []
        return Help(record.student, share, "; ".join(why)) if why else None

    def monday(self) -> list[Advice]:
        """Return the three mistakes that most students made, each with an exercise to show."""
        totals = Counter({name: max(row.values()) for name, row in self.heat.items()})
        found: list[Advice] = []
        for name, _ in totals.most_common():
            concept, many = max(self.heat[name].items(), key=lambda x: x[1])
            shown = _shown(name, concept)
            if shown and len(found) < SAY:
                found.append(Advice(name, messages.idea_of(name), concept, many, *shown))
        return found


def _first(record: StudentRecord) -> dict[tuple[str, str, str], float]:
    """Return for each blank whether it was right at once; what follows from an earlier slip is."""
    found: dict[tuple[str, str, str], float] = {}
    for x in record.attempts:
        if x.verdict in (*RIGHT, "wrong"):
            found.setdefault((x.concept, x.exercise, x.key), float(x.verdict in RIGHT))
    return found


def _share(tries: dict[tuple[str, str, str], float]) -> float:
    return fmean(tries.values()) if tries else 0.0


def _heat(records: Sequence[StudentRecord]) -> dict[str, dict[str, int]]:
    """Return how many students showed each mistake in each concept, the commonest first."""
    seen: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for record in records:
        for x in record.attempts:
            if x.mistakes:
                seen[x.mistakes[0]][x.concept].add(record.student)
    found = {name: {concept: len(who) for concept, who in row.items()} for name, row in seen.items()}
    return dict(sorted(found.items(), key=lambda x: (-max(x[1].values()), x[0])))


def _items(first: Sequence[dict[tuple[str, str, str], float]]) -> list[ItemFigures]:
    keys = dict.fromkeys(key for tries in first for key in tries)
    found = []
    for key in keys:
        pairs = [(tries[key], _share({k: x for k, x in tries.items() if k != key})) for tries in first if key in tries]
        scores = [x for x, _ in pairs]
        found.append(ItemFigures(*key, len(pairs), fmean(scores), _correlation(pairs)))
    return sorted(found, key=lambda x: x.difficulty)


def _correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return how an answer goes with all others of the same student; None with few students, or where all are alike."""
    xs, ys = zip(*pairs)
    spread = pstdev(xs) * pstdev(ys)
    if len(pairs) < FEW or spread < 1e-12:
        return None
    return (fmean([x * y for x, y in pairs]) - fmean(xs) * fmean(ys)) / float(spread)


def _shown(name: str, concept: str) -> tuple[Exercise, str] | None:
    """Return an exercise on whose numbers a mistake shows, and what it gives there; None if none does."""
    if concept not in CONCEPTS:
        return None
    for seed in range(LOOKED_AT):
        ex = generate(concept, 1, seed)
        found = outcomes(ex.task, ex.asked)
        for x, right, wrong in zip(ex.asked, found["right"], found.get(name, [])):
            if not same(right, wrong, 0.05):
                key = ex.task.gradient(x).key
                return ex, f"{key}.grad is {right:.4g}; with this mistake it comes out as {wrong:.4g}."
    ex = generate(concept, 1, 0)
    return ex, ""
