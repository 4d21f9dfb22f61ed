"""Exercises on any graph: the learner types numbers, and is told which mistake was made.

>>> from micrograd_like import Value
>>> a, b = Value(2.0, "a"), Value(-3.0, "b")
>>> L = a * b + a
>>> ex = Exercise(L, ask=[a, b])
>>> bool(ex.check(a=-2, b="6/3"))
True
>>> marking = ex.check(a=1, b=2)
>>> bool(marking), marking["b"].note
(False, 'b.grad = 2 (through v1 = a*b: a · 1)')
>>> [message] = marking.messages
>>> print(message.did)
Your a = 1 comes out if only the first use of each node is followed.
>>> print(message.redo)
Redo a: local derivative times upstream gradient, for each of its 2 uses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

from ..base.shows import SHOWS
from ..engine import Value
from ..graph.names import callers_variables
from ..graph.parse import ExpressionError
from ..ops.notation import short
from ..steps.explain import Ledger
from ..steps.walk import Backward, Walk
from . import confusions, messages
from .answers import DIGITS, Answer, read
from .diagnosis import Diagnosis
from .hypotheses.search import Search
from .marking import Mark, Marking
from .messages import Message
from .progress import Attempt, Progress
from .questions import Question, Task, spellings

HINTS = 4
CORNER = "At a corner any slope between its sides' is right; this library takes that of PyTorch"
FOLLOWS = "it follows from a number of yours further up, and will change with it"


class Exercise:
    """Questions about the graph of `root`, which hides what is asked and shows the rest.

    `ask` names kinds of question ("gradients", "leaves", "constants", "local", "contributions", "values",
    "updates", "order"), nodes whose gradient is meant, or keys as they stand in answers: "a", "dc/da", "c->a",
    "c.data", "w.new". `given` names what else is shown beside the values: "gradients", those that are not asked, and
    "local", the local derivatives, which are half of a gradient's answer. lr, momentum and deltas (the last updates,
    by node) are those of the update. An answer must be right to `digits` significant digits. With keep=True, or a
    Progress of several exercises, attempts are kept.
    """

    task: Task
    questions: dict[str, Question]
    root: Value
    given: Collection[str]
    concept: str
    code: str = ""  # by which a generated one is made again
    title: str

    def __init__(
        self,
        root: Value,
        ask: Any = "gradients",
        *,
        given: Collection[str] = ("gradients",),
        lr: float = 0.1,
        momentum: float = 0.0,
        deltas: Mapping[Value, float] | None = None,
        concept: str = "",
        title: str = "",
        keep: bool | Progress = False,
        names: Mapping[str, Any] | None = None,
        digits: int = DIGITS,
    ) -> None:
        if digits not in range(1, 13):
            raise ValueError(f"digits={digits!r} cannot be asked. Write a number from 1 to 12, such as 3.")
        variables = callers_variables() if names is None else names
        nodes = [ask] if isinstance(ask, Value) else [x for x in ask if isinstance(x, Value)] if ask else []
        self.task = Task(root, *nodes, lr=lr, momentum=momentum, deltas=deltas, names=variables)
        self.questions = {question.key: question for question in self.task.questions(ask)}
        self.root, self.given, self.concept = root, given, concept
        self.title = title or f"The graph of {self.task.names[root]}"
        self.digits = digits
        self._kept = Progress() if keep is True else keep or None
        self._levels: dict[str, int] = {}
        self._tries: Counter[str] = Counter()
        self._searches: dict[frozenset[Value], Search] = {}
        self._keys = {other: key for key in self.questions for other in (*spellings(key), key)}

    @property
    def kinds(self) -> set[str]:
        """The kinds of question asked."""
        return {question.kind for question in self.questions.values()}

    @property
    def asked(self) -> list[Value]:
        """The nodes whose gradients are asked."""
        return [question.node for question in self.questions.values() if question.kind == "gradient"]

    def check(self, answers: Mapping[str, object] | None = None, /, **named: object) -> Marking:
        """Mark answers: numbers, fractions, expressions, for `order` names; what is not given is not yet done.

        The gradient of a node that is not asked may be given too: it is not marked, and tells where a slip was made.
        """
        first = answers if isinstance(answers, Mapping) else {}  # a grader's students begin with answers = ...
        typed = {self._key(key): x for key, x in {**first, **named}.items() if x is not None and x != ""}
        order = typed.pop("order", None) if "order" in self.questions else None
        task, found = self.task, dict[str, str]()
        told: list[Message] = []
        numbers = self._read(typed, told)
        asked = {task.gradient(node).key: node for node in [*self.asked, *task.nodes]}
        gradients = {node: numbers[key] for key, node in asked.items() if key in numbers}
        diagnosis = Diagnosis(task, gradients, self._search(frozenset(gradients) - {*self.asked}), self.digits)
        told += messages.of_slips(diagnosis, self._tries)
        for node in gradients:
            key = task.gradient(node).key
            found[key] = "right" if node in diagnosis.right else "carried" if node in diagnosis.carried else "wrong"
        for key, answer in numbers.items():
            if key not in found:
                found[key], message = confusions.mark(task, self.questions[key], answer, numbers, self.digits)
                told += [message] if message else []
        if order is not None:
            found["order"], message = confusions.mark_order(task, order)  # type: ignore[arg-type]
            told += [message] if message else []
        typed |= {"order": order}
        told = confusions.together(told)
        self._tries.update(key for key, verdict in found.items() if verdict == "wrong")
        marking = Marking([self._mark(x, found, typed, diagnosis) for x in self.questions.values()], told)
        self._keep(marking)
        return marking

    def _key(self, key: str) -> str:
        if key in self._keys:
            return self._keys[key]
        aside = {self.task.gradient(node).key for node in self.task.nodes} if self.asked else set()
        if key.removesuffix(".grad") in aside:
            return key.removesuffix(".grad")
        raise ValueError(f"{key!r} is not asked here. Answer {', '.join(self.questions)}.")

    def _read(self, typed: Mapping[str, object], told: list[Message]) -> dict[str, Answer]:
        """Return the answers that can be read; of the others it is told why not."""
        values = {} if "value" in self.kinds else {name: node.data for node, name in self.task.names.items()}
        found: dict[str, Answer] = {}
        for key, text in typed.items():
            grads = {f"{name}.grad": answer.number for name, answer in found.items()}
            try:
                found[key] = read(text, values | grads)
            except (ExpressionError, TypeError):
                told.append(Message((key,), (), messages.UNREAD.format(key=key, text=text), "", "", "unreadable"))
        return found

    @property
    def search(self) -> Search:
        """All hypotheses about what is asked here."""
        return self._search(frozenset())

    def _search(self, aside: frozenset[Value]) -> Search:
        """Return all hypotheses, with these nodes answered beside what is asked; built once."""
        if aside not in self._searches:
            asked = [x for x in self.task.nodes if x in aside or x in self.asked]
            self._searches[aside] = Search(self.task, asked, self.shown)
        return self._searches[aside]

    def _mark(
        self, question: Question, found: Mapping[str, str], typed: Mapping[str, object], diagnosis: Diagnosis
    ) -> Mark:
        key = question.key
        verdict = found.get(key, "not yet")
        text = "" if typed.get(key) is None else str(typed[key])
        if verdict == "carried":
            return Mark(key, "not yet", text, FOLLOWS)
        if verdict != "right":
            return Mark(key, verdict, text)
        if question.kind == "gradient" and question.node in diagnosis.corner:
            return Mark(key, verdict, text, f"{CORNER}: {short(question.right)}")
        return Mark(key, verdict, text, self.reason(key))

    def _keep(self, marking: Marking) -> None:
        if self._kept:
            blamed = {key: message.mistakes for message in marking.messages for key in message.keys}
            tried = [mark for mark in marking.marks.values() if mark.typed]
            self._kept.extend(
                Attempt(self.concept, self.title, x.key, x.typed, x.verdict, blamed.get(x.key, ())) for x in tried
            )

    def skip(self, key: str) -> None:
        """Keep, if attempts are kept, that an answer was not found; it is then not right at once."""
        if self._kept:
            self._kept.extend([Attempt(self.concept, self.title, self._key(key), "", "skipped")])

    def progress(self) -> Progress:
        """Return the attempts that were kept."""
        if self._kept is None:
            raise ValueError("No attempt was kept, for none is unless asked. Write Exercise(..., keep=True).")
        return self._kept

    def reason(self, key: str) -> str:
        """Return why the right answer is what it is, with its numbers."""
        question = self.questions[self._key(key)]
        node, task = question.node, self.task
        if question.kind == "order":
            return f"{self.order}: each node after all of its uses"
        if question.kind == "value":
            return str(next(event for event in self.walk.forward if event.node is node))
        if question.kind == "update":
            return task.equation(node, task.right[node])
        if question.kind == "gradient":
            if node not in task.reached:
                return messages.UNREACHED if not node.constant else messages.idea_of("constants")
            return str(self._ledgers[node])
        event = next(e for e in self.walk.backward if e.node is node and e.position == question.position)
        if question.kind == "local":
            return " = ".join(
                dict.fromkeys([key, str(event.symbols()), str(event.numbers()[0]), short(question.right)])
            )
        slope = messages.factor(task, node, question.position)
        return f"{key} = {slope} · {short(event.upstream)} = {short(question.right)}"

    @property
    def order(self) -> str:
        """The engine's own order of passing back, in names."""
        handing = [node for node in reversed(self.task.graph.nodes) if node in self.task.reached and node.inputs]
        return " ".join(map(self.task.names.__getitem__, handing))

    @cached_property
    def walk(self) -> Walk:
        """Both passes, step by step."""
        return Walk(self.root, names={name: node for node, name in self.task.names.items()})

    @cached_property
    def _ledgers(self) -> dict[Value, Ledger]:
        entries: dict[Value, list[Backward]] = {node: [] for node in self.task.nodes}
        for event in self.walk.backward:
            entries[event.input].append(event)
        return {node: Ledger(self.walk, node, found[::-1]) for node, found in entries.items()}

    def hint(self, key: str, level: int | None = None) -> str:
        """Return the next hint: where, which rule, the product with a blank, the answer; or that of `level` 1 to 4."""
        key = self._key(key)
        self._levels[key] = level or min(self._levels.get(key, 0) + 1, HINTS)
        return self.hints(key)[self._levels[key] - 1]

    def hints(self, key: str) -> list[str]:
        """Return the whole ladder of hints for a question."""
        question, task = self.questions[self._key(key)], self.task
        node, name = question.node, task.names[question.node]
        answer = self.reason(key)
        if question.kind == "order":
            first, *rest = self.order.split()
            return [f"Start at {first}.", confusions.ORDER, f"{first} {'___ ' * len(rest)}".strip(), answer]
        if question.kind != "gradient":
            rule = confusions.idea(self.task, question)
            return [f"This is {question.asked}.", rule, confusions.blank(task, question), answer]
        if node is task.root:
            return [f"{name} is the output.", "How does a number move with itself?", f"d{name}/d{name} = ___", answer]
        uses = list(dict.fromkeys(use for use, _ in task.edges_of(node)))
        if node.constant:
            return [f"{name} is a number in {task.names[uses[0]]}.", "Can it move?", f"{key} = ___", answer]
        if not uses:
            return [f"Does {task.names[task.root]} move if {name} does?", "Follow the arrows.", f"{key} = ___", answer]
        terms = messages.terms(task, node)
        made = " and ".join(f"{task.names[use]} = {task.graph.formula(use)}" for use in uses)
        where = f"{name} is used in {made}: {len(terms)} contribution{'s' * (len(terms) > 1)}."
        rule = " ".join(dict.fromkeys(use.op.why for use in uses if use.op))
        product = messages.explained(f"{name}.grad = {' + '.join(terms)} = ___")
        return [where, rule, product, answer]

    @property
    def answers(self) -> dict[str, str]:
        """The right answers, to four significant digits."""
        return {
            key: self.order if question.kind == "order" else short(question.right)
            for key, question in self.questions.items()
        }

    def program(self) -> str:
        """Return the graph as a straight-line program, with the values that are not asked."""
        asked = {question.node for question in self.questions.values() if question.kind == "value"}
        lines = []
        for node in self.task.graph.nodes:
            if not node.constant:
                line = f"{self.task.names[node]} = {self.task.graph.formula(node)}"
                hidden = "value" in self.kinds and (node in asked or node.op is not None)
                lines.append((line, "" if not node.op else "# ___" if hidden else f"# {short(node.data)}"))
        width = max(len(line) for line, value in lines)
        return "\n".join(f"{line:{width}}   {value}".rstrip() for line, value in lines)

    @property
    def shown(self) -> list[Value]:
        """The nodes whose gradients are shown, because others are asked."""
        asked = set(self.asked)
        if not asked or "gradients" not in self.given or self.kinds & {"local", "value"}:
            return []
        return [x for x in self.task.nodes if x not in asked and x in self.task.reached]

    def given_numbers(self) -> dict[str, float]:
        """Return the gradients that are shown, by name."""
        return {self.task.names[x]: self.task.right[x] for x in self.shown}

    def __str__(self) -> str:
        lines = [self.title, "", self.program(), ""]
        lines += [f"{name}.grad = {short(number)}" for name, number in self.given_numbers().items()]
        lines += [f"{key} = ?   {question.asked}" for key, question in self.questions.items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return str(SHOWS["exercise in a notebook"](self))

    def __repr__(self) -> str:
        return f"<Exercise {self.title!r}: {', '.join(self.questions)}>"
