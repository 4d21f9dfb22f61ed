"""The table of operations as JavaScript, for the pages that compute in the reader's browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from ..mistakes.mistake import MISTAKES
from ..ops import OPS, Op
from ..ops.notation import JavaScript, MathML, Written
from .bundle import asset

SIGNS = {"mul": "×", "sub": "−", "neg": "−", "div": "÷"}  # in a box
LETTERS = "abc"
STEPS, TAKES = "IJK", "pqr"  # of a loop over lanes: from one operand to the next, and whether it takes a gradient


def operations(names: Iterable[str | Op]) -> str:
    """Return the JavaScript object with these operations; the primitives of numbers.js must be in scope.

    An operation without a definition is a function of that name among the primitives, or says itself how it is
    written, in `spelled`. One that cannot be written
    in JavaScript has a sign and a sentence only: a page shows the numbers that were recorded.
    """
    found = {op.name: op for op in [OPS[x] if isinstance(x, str) else x for x in names]}
    wanted = {name: _operation(op) if is_written(op) else f"{{ {_words(op)} }}" for name, op in found.items()}
    needed = _needed(list(wanted.values()))
    helpers = "".join(f"const {name} = {_function(_helper(OPS[name]), _letters(OPS[name]))};" for name in needed)
    return f"(() => {{ {helpers} return {{ {', '.join(f'{name}: {text}' for name, text in wanted.items())} }}; }})()"


def kernels(names: Iterable[str | Op]) -> str:
    """Return the JavaScript object with the loops of these operations over lanes, one lane an example.

    `forward(x, n, o, A, I, ...)` puts n results into the numbers x from place o on; operand a stands at A, A + I,
    A + 2 I, ..., so that a step of 0 is one number for all. `backward(x, g, n, o, p, A, I, ...)` adds, where p is true,
    local derivative times upstream gradient to the gradients g: the chain rule, as the engine does it.
    """
    ops = [OPS[x] if isinstance(x, str) else x for x in names]
    wanted = {op.name: f"{{ forward: {_forward(op)}, backward: {_backward(op)} }}" for op in ops}
    needed = _needed(list(wanted.values()))
    helpers = "".join(f"const {name} = {_function(_helper(OPS[name]), _letters(OPS[name]))};" for name in needed)
    return f"(() => {{ {helpers} return {{ {', '.join(f'{name}: {text}' for name, text in wanted.items())} }}; }})()"


def _forward(op: Op) -> str:
    places = ", ".join(f"{x.upper()}, {step}" for x, step in zip(_letters(op), STEPS))
    body = "".join(f"const {x} = x[{x.upper()} + {step} * l]; " for x, step in zip(_letters(op), STEPS))
    return f"(x, n, o, {places}) => {{ for (let l = 0; l < n; l++) {{ {body}x[o + l] = {_value(op)}; }} }}"


def _backward(op: Op) -> str:
    letters = _letters(op)
    places = ", ".join(f"{takes}, {x.upper()}, {step}" for x, step, takes in zip(letters, STEPS, TAKES))
    body = "const u = g[o + l], out = x[o + l]; "
    body += "".join(f"const {x} = x[{x.upper()} + {step} * l]; " for x, step in zip(letters, STEPS))
    slopes = _slopes(op.rule, op, JavaScript, "out", letters)
    for x, step, takes, slope in zip(letters, STEPS, TAKES, slopes):
        gate = f"const s = {slope}; if (s !== 0) " if op.gate else f"const s = {slope}; "
        body += f"if ({takes}) {{ {gate}g[{x.upper()} + {step} * l] += s * u; }} "
    return f"(x, g, n, o, {places}) => {{ for (let l = 0; l < n; l++) {{ {body}}} }}"


@cache
def primitives() -> frozenset[str]:
    """Return the names of the functions that numbers.js has."""
    [names] = re.findall(r"export const primitives = \{(.*?)\}", asset("numbers.js"), flags=re.S)
    return frozenset(re.findall(r"\w+", names))


def is_written(op: Op) -> bool:
    """Tell whether an operation and its local derivatives can be computed in JavaScript."""
    if OPS.get(op.name, op) is not op:
        return False
    try:
        text = _operation(op)
    except Exception:  # a learner's rule may ask anything of its numbers
        return False
    text = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    called = {*re.findall(r"\b([a-z]\w*)\(", text)} - {"out", *LETTERS}
    return called <= primitives() | {name for name, other in OPS.items() if _has_helper(other)}


def _words(op: Op) -> str:
    return f"sign: {_json(SIGNS.get(op.name, op.sign or op.name))}, why: {_json(op.why)}"


def _letters(op: Op, out: bool = False) -> list[str]:
    return ["out"] * out + list(LETTERS[: op.arity])


def _function(body: object, letters: list[str]) -> str:
    return f"({', '.join(letters)}) => {body}"


def _has_helper(op: Op) -> bool:
    """Tell whether an operation is written by its definition or its own text, rather than found in numbers.js."""
    return op.name not in primitives() and bool(op.definition or op.spelled.get("javascript"))


def _helper(op: Op) -> str:
    return op.spelled.get("javascript") or str(_value(op))


def _value(op: Op) -> JavaScript:
    """Return the operation on a, b, c as JavaScript: by its definition, else by its sign or its name."""
    operands = [JavaScript(x) for x in _letters(op)]
    return op.definition(*operands) if op.definition else op(*operands)


def _slopes(rule: Callable[..., tuple[Any, ...]], op: Op, kind: type[Written], out: str, names: list[str]) -> list[str]:
    return [str(x if isinstance(x, kind) else kind(x)) for x in rule(kind(out), *map(kind, names))]


def _rule(rule: Callable[..., tuple[Any, ...]], op: Op) -> str:
    slopes = _slopes(rule, op, JavaScript, "out", _letters(op))
    return _function(f"[{', '.join(slopes)}]", _letters(op, out=True))


def _texts(rule: Callable[..., tuple[Any, ...]], op: Op) -> str:
    return _json(_slopes(rule, op, MathML, "{out}", [f"{{{x}}}" for x in _letters(op)]))


def _operation(op: Op) -> str:
    fields = {
        "value": _function(_value(op), _letters(op)),
        "rule": _rule(op.rule, op),
        "texts": _texts(op.rule, op),
        "text": _json(str(op(*[MathML(f"{{{x}}}") for x in _letters(op)]))),
    }
    if op.textbook is not op.rule:
        fields |= {"book": _rule(op.textbook, op), "bookTexts": _texts(op.textbook, op)}
    if op.gate:
        fields["gate"] = "true"
    if op.kink:
        fields["kink"] = _function(op.kink(*map(JavaScript, _letters(op))), _letters(op))
    wrong = {
        name: f"{{ rule: {_rule(rule, op)}, texts: {_texts(rule, op)} }}"
        for name, mistake in MISTAKES.items()
        if (rule := mistake.local_rules.get(op.name))
    }
    if wrong:
        fields["wrong"] = f"{{ {', '.join(f'{name}: {text}' for name, text in wrong.items())} }}"
    return f"{{ {_words(op)}, {', '.join(f'{key}: {text}' for key, text in fields.items())} }}"


def _needed(texts: list[str]) -> list[str]:
    """Return the operations with a definition that the texts call, those that others call first."""
    called = [x for x in OPS if _has_helper(OPS[x]) and any(re.search(rf"(?<![.\w]){x}\(", text) for text in texts)]
    inner = [_needed([_helper(OPS[x])]) for x in called]
    return list(dict.fromkeys([*[y for part in inner for y in part], *called]))


def _json(text: str | list[str]) -> str:
    return json.dumps(text, ensure_ascii=False, separators=(",", ":"))
