"""Write the table of operations as one C header, by the `C` notation: `python -m micrograd_like._engine.generate`."""

from __future__ import annotations

import hashlib
import math
import re
from pathlib import Path
from typing import Any

from ..ops import OPS, Op
from ..ops.notation import C

PRELUDE = Path(__file__).with_name("prelude.h")
BY_HAND = re.findall(r"^(?:RULE|static) double op_(\w+)\(", PRELUDE.read_text(), re.MULTILINE)
OTHER_BITS = {"hypot", "gamma", "lgamma"}  # Python computes these by itself, the C library otherwise
LETTERS = "abc"


def header() -> str:
    """Return the header: a function for the value and one for the slopes of each operation, and a list of all."""
    ops = [op for op in OPS.values() if op.arity <= 2 and _is_written(op)]
    lines = ["/* Written from the table of operations by generate.py. */", ""]
    lines += [f"RULE double op_{op.name}({_parameters(op)});" for op in ops]
    lines += [_value(op) for op in ops if op.name not in BY_HAND]
    lines += [_slopes(op) for op in ops]
    lines += ["#define EACH_OP(UNARY, BINARY) \\"]
    lines += [f"  {('UNARY', 'BINARY')[op.arity - 1]}({op.name}, {int(op.gate)}, {_quoted(_doc(op))}) \\" for op in ops]
    text = "\n".join(lines) + "\n\n"
    return f'{text}#define RULES_DIGEST "{hashlib.sha256((PRELUDE.read_text() + text).encode()).hexdigest()}"\n'


def _is_written(op: Op) -> bool:
    """Say whether C can have the operation: if it is of ops, of `math` or of the prelude, and has no branch."""
    try:
        return bool(_value(op) and _slopes(op))
    except (TypeError, AttributeError):
        return False


def _value(op: Op) -> str:
    if op.name in BY_HAND:
        body = "by hand"
    elif op.definition:
        body = str(_as_c(op.definition(*_operands(op))))
    elif op.name in C.tightness:
        body = C("a").write(op, *_operands(op)).replace("op_", "")
    elif hasattr(math, op.name):
        body = f"{'python_' if op.name in OTHER_BITS else ''}{op.name}({', '.join(LETTERS[: op.arity])})"
    else:
        raise TypeError
    return f"RULE double op_{op.name}({_parameters(op)}) {{ return {body}; }}"


def _slopes(op: Op) -> str:
    unused = " ".join([f"(void){name};" for name in ("out", *LETTERS[: op.arity])])
    return "\n".join(
        [
            f"RULE double slope{i}_{op.name}(double out, {_parameters(op)}) {{ {unused} return {_as_c(slope)}; }}"
            for i, slope in enumerate(op.rule(C("out"), *_operands(op)))
        ]
    )


def _operands(op: Op) -> list[C]:
    return [C(letter) for letter in LETTERS[: op.arity]]


def _parameters(op: Op) -> str:
    return ", ".join([f"double {letter}" for letter in LETTERS[: op.arity]])


def _as_c(number: Any) -> C:
    return number if isinstance(number, C) else C(number)


def _doc(op: Op) -> str:
    """Return the docstring of the method, with its signature as CPython reads it."""
    others = [f", {x}" for x in LETTERS[1 : op.arity]]
    for i, number in enumerate(reversed(op.defaults), 1):
        others[-i] += f"={number!r}"
    return f"{op.name}($self{''.join(others)}, /)\n--\n\n{op.why}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


if __name__ == "__main__":
    print(header(), end="")
