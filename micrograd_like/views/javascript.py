"""The table of operations as JavaScript, for the pages that compute in the reader's browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from ..mistakes.mistake import MISTAKES
from ..ops import OPS, Op
from ..ops.notation import JavaScript, MathML, Written

SIGNS = {"mul": "×", "sub": "−", "neg": "−", "div": "÷"}  # in a box
LETTERS = "abc"


def operations(names: Iterable[str]) -> str:
    """Return the JavaScript object with these operations; `primitives`, of walk.js, must be in scope.

    What an operation has no definition for is a function of that name among the primitives.
    """
    wanted = {name: _operation(OPS[name]) for name in names}
    needed = _needed(list(wanted.values()))
    helpers = "".join(f"const {name} = {_function(_value(OPS[name]), _letters(OPS[name]))};" for name in needed)
    return f"(() => {{ {helpers} return {{ {', '.join(f'{name}: {text}' for name, text in wanted.items())} }}; }})()"


def _letters(op: Op, out: bool = False) -> list[str]:
    return ["out"] * out + list(LETTERS[: op.arity])


def _function(body: object, letters: list[str]) -> str:
    return f"({', '.join(letters)}) => {body}"


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
        "sign": _json(SIGNS.get(op.name, op.sign or op.name)),
        "why": _json(op.why),
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
    return f"{{ {', '.join(f'{key}: {text}' for key, text in fields.items())} }}"


def _needed(texts: list[str]) -> list[str]:
    """Return the operations with a definition that the texts call, those that others call first."""
    called = [x for x in OPS if OPS[x].definition and any(re.search(rf"\b{x}\(", text) for text in texts)]
    inner = [_needed([str(_value(OPS[x]))]) for x in called]
    return list(dict.fromkeys([*[y for part in inner for y in part], *called]))


def _json(text: str | list[str]) -> str:
    return json.dumps(text, ensure_ascii=False, separators=(",", ":"))
