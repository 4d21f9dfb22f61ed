"""What is said about an answer: what seems to have been done, the idea, the step to redo; hints, and reasons."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..engine import Value
from ..graph.names import changed_after_use
from ..mistakes.mistake import MISTAKES, RIGHT, Mistake
from ..ops.notation import PRODUCT, Text, short
from ..steps.symbols import in_symbols, value_text
from .diagnosis import Diagnosis, Slip
from .hypotheses.sheet import Hypothesis
from .questions import Task

UNREACHED = "A node from which no path leads to the output cannot move it: its gradient is 0."
MOST_KEYS, MOST_LETTERS = 6, 200  # of a message at first
TWO = "A node holds two numbers: its value, and its gradient, which tells how the output moves with it."
NOTHING_ELSE = "The gradient is local derivative times upstream gradient, added over the uses, and nothing else."
IDEAS = {"unreached": UNREACHED, "value": TWO}
UNREAD = '{key}: "{text}" is not a number. Type one, as in -1.5, a fraction as -3/2, or an expression as 2*3 + 1.'
ROUNDED = "Type one more digit than you are sure of."
SEED = "A number moves with itself one for one."
NONE = "{} fit no mistake that I know."
SLOPE = "{s} comes out if {slope}"  # for every listed mistake in a local derivative
DID = {  # {s} is what was typed
    "overwrite": "{s} is the contribution through {last} alone; what came through {others} was overwritten",
    "first_path": "{s} is the contribution through {first} alone",
    "square_once": "{s} counts one use of {name}, where {uses} has it as both factors",
    "multiply": "{s} comes out if the contributions are multiplied with each other",
    "no_upstream": "{s} is the local derivative, without the upstream gradient of {uses}",
    "no_local": "{s} is the upstream gradient of {uses}, without the local derivative",
    "negated": "{s} has the right size and the wrong sign",
    "update": "{s} = -{lr} · gradient: the step of an update",
    "updated": "{s} = {data} - {lr} · gradient: the value after an update",
    "inverted": "{s} is one over the gradient",
    "step_too_far": "{s} is the gradient times the derivative of {name}'s own operation, {formula}",
    "times_n": "{s} is n times the gradient, where n is what the output is divided by",
    "over_n": "{s} is the gradient divided by n, by which the output is divided already",
    "double": "{s} is twice the gradient",
    "half": "{s} is half the gradient",
    "constants": "{s} was given to the constant {data}",
    "unreached": "{s} was given to {name}, from which {output} was not made",
    "no_zero": "{s} is the gradient together with that of an earlier pass",
    "no_zero_inside": "{s} is what comes down if inner nodes still hold the gradients of an earlier pass",
    "no_zero_anywhere": "{s} is what comes down if all nodes still hold the gradients of an earlier pass",
    "diagonal_only": "{s} is what comes down if a score moves no probability but its own",
    "target_forgotten": "{s} is what comes down if nothing is subtracted for the target",
    "no_seed": "{s} is what comes down if d{output}/d{output} is 0",
    "seed_is_value": "{s} is what comes down if the pass starts with {output} = {value}",
    "not_reversed": "{s} had arrived when the nodes were taken in the forward order",
    "depth_first": "{s} is what comes down if every node passes back each time that something arrives",
    "first_reach": "{s} is what comes down if a node passes back before all has arrived",
    "breadth_first": "{s} is what comes down if nodes pass back by their distance from the output",
    "no_visited": "{s} is what comes down if a node that is used twice passes back twice",
    "changed": "{s} comes from local derivatives at numbers that were set later",
}
EVERYWHERE = {  # if it explains several answers, of which each may be a sum
    "no_upstream": "{s} comes out if the upstream gradient is left out at every node",
    "no_local": "{s} comes out if the local derivative is left out at every node",
    "overwrite": "{s} comes out if a later contribution overwrites the earlier ones",
    "first_path": "{s} comes out if only the first use of each node is followed",
}
COPIED = {
    "gradient": "{s} is the gradient of {site}",
    "value": "{s} is the value of {site}, not a gradient",
    "slope": "{s} is a local derivative of {site}, not yet multiplied",
}
ON_EDGE = "{s} comes out if what {site} contributes to {wrong} is {words}"
ARITHMETIC = {
    "point": ("{s} has the right digits: look at the decimal point.", "The decimal point is elsewhere."),
    "digit": ("{s}: one digit differs, or two are exchanged.", "The method is right; compute it once more."),
    "close": ("{s} is close to what your other numbers give.", "Look for a slip of arithmetic."),
}
COUNTS = ("no", "one", "two", "three", "four", "five", "six")


@dataclass(frozen=True)
class Message:
    """What to tell the learner about one or several answers: three parts, and the mistakes it names, if any."""

    keys: tuple[str, ...]
    mistakes: tuple[str, ...]
    did: str
    idea: str
    redo: str
    verdict: str = "known"
    hypotheses: tuple[Hypothesis, ...] = field(default=(), repr=False, compare=False)
    picture: str = field(default="", repr=False, compare=False)  # HTML

    def __str__(self) -> str:
        """Return what was done, and of an answer as much of the rest as fits into 200 letters."""
        start = self.did if self.did.startswith(("Your ", f"{self.keys[0]}: ")) else f"{self.where}: {self.did}"
        text = start
        for part in (self.redo, self.idea) if self.verdict == "unknown" else (self.idea, self.redo):
            if part and part not in text and (len(text) + 1 + len(part) < MOST_LETTERS or text[:5] != "Your "):
                text += f" {part}"
        return text

    @property
    def where(self) -> str:
        """The keys, of many the first."""
        more = len(self.keys) - MOST_KEYS
        return ", ".join(self.keys[:MOST_KEYS]) + f" and {more} more" * (more > 0)


def of_slips(diagnosis: Diagnosis, tries: Mapping[str, int] | None = None) -> list[Message]:
    """Return a message for each mistake, wherever it was made; `tries` counts the earlier ones for each answer."""
    tries = tries or {}
    groups: dict[object, list[Slip]] = {}
    for slip in diagnosis.slips:
        name = slip.rivals[0].name if slip.rivals else slip.verdict
        groups.setdefault(name, []).append(slip)
    return [_of_group(diagnosis, slips, tries) for slips in groups.values()]


def _of_group(diagnosis: Diagnosis, slips: Sequence[Slip], tries: Mapping[str, int]) -> Message:
    task, slip = diagnosis.task, slips[0]
    nodes = [x for each in slips for x in each.nodes]
    keys = tuple(task.gradient(x).key for x in nodes)
    typed = listed([f"{key} = {diagnosis.answers[x].text}" for key, x in zip(keys, nodes)])
    redo = with_blank(diagnosis, nodes[0]) if tries.get(keys[0]) else again(task, nodes[0])
    if slip.verdict in ("constants", "unreached"):
        x, name = nodes[0], slip.verdict
        did = f"Your {DID[name].format_map(fields(task, x) | {'s': typed})}."
        return Message(keys, (name,), did, idea_of(name), with_blank(diagnosis, x))
    if slip.verdict == "seed":
        output = task.names[task.root]
        did = f"Your {typed}: the pass starts from d{output}/d{output}, which is 1."
        return Message(keys, (), did, SEED, redo, "seed")
    if not slip.rivals:
        return _unnamed(diagnosis, slip.verdict, nodes, keys, typed, redo)
    first, *others = slip.rivals
    several = len(nodes) > 1
    part = said(task, first, nodes[0], several or hides_uses(diagnosis, nodes[0]))
    start, rest = typed if several else f"{keys[0]} = {diagnosis.answers[nodes[0]].text}", part.removeprefix("{s} ")
    if several:
        rest = re.sub("^comes out", "come out", rest)
    others = [h for h in others if diagnosis.search.differ(first, h)]
    sort = ":" if several and not rest.startswith(("come out", "had")) else ""
    did = f"Your {start}{sort} {'each ' if sort else ''}{rest}."
    if others:
        far = several or hides_uses(diagnosis, nodes[0])
        second = said(task, others[0], nodes[0], far).removeprefix("{s} ")
        did = f"Your {start}{sort} {rest}; or it {second}: which was it?"
        redo = asked_back(diagnosis, nodes[0]) or redo
    elif slip.asks:
        did = f"{did[:-1]}: is that what you did?"
    names = tuple(dict.fromkeys(h.name for h in slip.rivals if h.listed or not first.listed))
    return Message(keys, names, did, missed(first), redo, "known", slip.rivals)


def _unnamed(
    diagnosis: Diagnosis, verdict: str, nodes: Sequence[Value], keys: tuple[str, ...], typed: str, redo: str
) -> Message:
    if verdict in ARITHMETIC:
        did, idea = ARITHMETIC[verdict]
        return Message(keys, (), f"Your {did.format(s=typed)}", idea, redo, "arithmetic")
    if verdict == "rounded":
        few = min(len(re.sub(r"^[+-]?[0.]*|\.", "", diagnosis.answers[x].text)) for x in nodes)
        right, wanted = (COUNTS[n] if n < len(COUNTS) else str(n) for n in (few, diagnosis.wanted))
        plural = "s" * (few != 1)
        did = f"Your {typed} {'is' if len(nodes) == 1 else 'are'} right to {right} digit{plural}; {wanted} are wanted."
        return Message(keys, (), did, ROUNDED, "", "arithmetic")
    did = NONE.format(f"Your {typed}")
    did = did if len(nodes) > 1 else did.replace(" fit ", " fits ")
    return Message(keys, (), did, RIGHT.idea, question(diagnosis, nodes[0]), "unknown")


def question(diagnosis: Diagnosis, node: Value) -> str:
    """Return what to ask back: the number that was not typed and tells most, or how the node's was computed."""
    return (
        asked_back(diagnosis, node)
        or f"Type {diagnosis.task.gradient(node).key} as you computed it, such as 3*2 + 4*1."
    )


def asked_back(diagnosis: Diagnosis, node: Value) -> str:
    """Return the question for the number further up that tells most of those not typed, "" if there is none."""
    hidden = diagnosis.search.asks_back(node, diagnosis.answers)
    return f"What did you get for {diagnosis.task.names[hidden[0]]}.grad?" if hidden else ""


def listed(texts: Sequence[str]) -> str:
    """Return texts as a list in words, of many the first."""
    if len(texts) > MOST_KEYS - 1:
        return f"{', '.join(texts[:3])} and {len(texts) - 3} more"
    return " and ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))


def idea_of(name: str) -> str:
    """Return the idea that a mistake misses, in one sentence."""
    return IDEAS.get(name) or (MISTAKES[name].idea if name in MISTAKES else NOTHING_ELSE)


def missed(h: Hypothesis) -> str:
    """Return the idea that a hypothesis misses, in one sentence."""
    if h.name.startswith("factor_"):
        return NOTHING_ELSE
    if h.parts:
        return missed(h.parts[0])
    if h.listed or h.name in IDEAS:
        return idea_of(h.name)
    if h.wrong is not None and h.wrong.op and not h.name.startswith(("contribution_", "copied_")):
        return h.wrong.op.why
    return TWO if h.name == "copied_value" else NOTHING_ELSE


def said(task: Task, h: Hypothesis, node: Value, everywhere: bool) -> str:
    """Return what a hypothesis says was done, as a text that goes on from "{s}", the number typed.

    With `everywhere`, it explains several answers, or one of which the uses were not asked.
    """
    known = fields(task, node) | {"s": "{s}", "words": h.words}
    known |= {"site": called(task, h.site)} if h.site is not None else {}
    if h.name.startswith("factor_"):
        assert h.site is not None and h.wrong is not None
        words = h.words.format(other=called(task, h.parts[0]), use=called(task, h.site))
        return ON_EDGE.format_map(known | {"wrong": called(task, h.wrong), "words": f"taken with {words}"})
    if h.parts:
        return f"{said(task, h.parts[0], node, everywhere)}, with {h.parts[1]}: two things at once"
    if h.listed:
        template = EVERYWHERE.get(h.name) if everywhere else None
        if not template and h.name not in DID:
            rule = MISTAKES[h.name]
            where = node if h.site is None else h.site
            return SLOPE.format_map(known | {"slope": wrong_slope(task, rule, where, h.site)})
        return (template or DID[h.name]).format_map(known)
    if h.name.startswith("copied_"):
        return COPIED[h.words].format_map(known)
    if h.name.startswith("contribution_"):
        assert h.site is not None and h.wrong is not None
        words = h.words.format(name=called(task, h.wrong), use=called(task, h.site))
        return ON_EDGE.format_map(known | {"wrong": called(task, h.wrong), "words": words})
    if h.wrong is not None:
        place = "" if h.site is None else f" at {known['site']}"
        return f"{{s}} comes out if {h.words}{place}"
    is_what = h.quantity and not h.words.startswith("the pass")
    return f"{{s}} is {h.words}" if is_what else f"{{s}} comes out if {h.words}"


def hides_uses(diagnosis: Diagnosis, node: Value) -> bool:
    """Tell whether a use of a node was not answered, so that what happened there is not known."""
    task = diagnosis.task
    return any(use not in diagnosis.answers and use is not task.root for use, _ in task.edges_of(node))


def fields(task: Task, node: Value) -> dict[str, str]:
    """Return what the templates of DID say about a node, whatever the learner typed."""
    uses = [called(task, use) for use, _ in task.edges_of(node)]
    return {
        "name": called(task, node), "uses": " and ".join(dict.fromkeys(uses)), "formula": task.graph.formula(node),
        "first": (uses or [""])[-1], "last": (uses or [""])[0], "others": " and ".join(dict.fromkeys(uses[1:])),
        "data": short(node.data), "lr": short(task.lr),
        "output": task.names[task.root], "value": short(task.root.data),
    }  # fmt: skip


def called(task: Task, node: Value) -> str:
    """Return what the learner calls a node: its name, or where it has none, its formula if that is short."""
    return task.spoken[node]


def wrong_slope(task: Task, rule: Mistake, node: Value, site: Value | None = None) -> str:
    """Say which local derivative was used instead of the right one."""
    differs = _differs(task, rule, node) if site is None else _at(rule, site)
    if not differs:
        return briefly(rule)
    use, i, wrong = differs
    number = short(wrong)
    names = [called(task, x) for x in (use, *use.inputs)]
    inside = [
        f"({name})" if re.search(r"\W", name) and not re.fullmatch(r"\w+\[\w+\]", name) else name for name in names
    ]
    symbols = str(in_symbols(Text, use, i, inside, rule) if rule.written(use) else "")
    formula = f"{folded(symbols)} = " if symbols not in ("", number) and "step(" not in symbols else ""
    return f"d{inside[0]}/d{inside[1 + i]} is taken as {formula}{number}"


def briefly(rule: Mistake) -> str:
    """Return what was done wrong in a few words: how the idea of a mistake begins."""
    text = re.split("[:;.] |[.]$", rule.idea)[0]
    return text[0].lower() + text[1:] if text[1:2].islower() else text


def _at(rule: Mistake, use: Value) -> tuple[Value, int, float] | None:
    pairs = enumerate(zip(rule.slopes(use), use.local_grads))
    return next(((use, i, wrong) for i, (wrong, right) in pairs if wrong != right), None)


def _differs(task: Task, rule: Mistake, node: Value) -> tuple[Value, int, float] | None:
    """Return where a rule has another local derivative, and which: at a use of the node, or else further up."""
    for use in [*(use for use, _ in task.edges_of(node)), *task.nodes]:
        for i, (x, wrong) in enumerate(zip(use.inputs, rule.slopes(use))):
            if wrong != use.local_grads[i] and (x is node or node not in use.inputs):
                return use, i, wrong
    return None


def folded(text: str) -> str:
    """Return a formula with whole exponents computed: v for v ** (2 - 1)."""
    lower = re.sub(r" \*\* \((\d+) - 1\)", lambda match: f" ** {int(match[1]) - 1}", text)
    return re.sub(r" \*\* 1\b(?![.\d])", "", lower)


def factor(task: Task, node: Value, position: int) -> str:
    """Return a local derivative in the names of the graph, as a factor of a product.

    One that was computed from numbers that have been changed since is that of before.
    """
    slope = in_symbols(Text, node, position, [task.names[x] for x in (node, *node.inputs)])
    text = folded(f"({slope})" if str(slope).startswith("-") else slope.within(PRODUCT))
    return f"({text} before the change)" if changed_after_use(node) and not text.isdigit() else text


def terms(task: Task, node: Value, typed: Mapping[Value, float] | None = None) -> list[str]:
    """Return each contribution to a node's gradient as "b · v1.grad", with the upstream numbers that were typed."""
    return [
        f"{factor(task, use, i)} · {value_text(typed[use], 4) if typed and use in typed else f'{task.names[use]}.grad'}"
        for use, i in task.edges_of(node)
    ]


def again(task: Task, node: Value) -> str:
    """Return what to do again at the first try: no more than the second hint tells."""
    key, uses = task.gradient(node).key, list(dict.fromkeys(use for use, _ in task.edges_of(node)))
    if node is task.root:
        return f"Redo {key}: how does a number move with itself?"
    if len(uses) == 1:
        return f"Redo {key}: the local derivative of {called(task, uses[0])} times its gradient."
    return f"Redo {key}: local derivative times upstream gradient, for each of its {len(uses)} uses."


def with_blank(diagnosis: Diagnosis, node: Value) -> str:
    """Return the sum to redo for a node, with the learner's own upstream numbers and a blank for the result."""
    task = diagnosis.task
    key = task.gradient(node).key
    if node is task.root:
        return f"Redo: {key}.grad = d{key}/d{key} = ___."
    if node.constant:
        return f"Redo: can {short(node.data)} move? Its gradient is ___."
    if node not in task.reached:
        return f"Redo: does {task.names[task.root]} move if {key} does? {key}.grad = ___."
    typed = {x: diagnosis.upstream[x] for x in diagnosis.answers if x in diagnosis.upstream}
    sums = " + ".join(terms(task, node, typed))
    return f"Redo: {explained(f'{key}.grad = {sums} = ___')}."


def explained(text: str) -> str:
    """Return a formula with a word on step, which no textbook calls so."""
    return f"{text}, where step is 1 above 0, else 0" if "step(" in text else text
