"""Write what is generated: the methods that editors see, the page of all operations. `python docs/make.py`"""

from pathlib import Path

from micrograd_like.notation import LaTeX, Python
from micrograd_like.ops import OPS, Op

ROOT = Path(__file__).parent.parent


def methods() -> str:
    """Return micrograd_like/methods.pyi: the type of every operation's method."""
    lines = [
        '"""Written by `python docs/make.py` from the table in ops.py."""',
        "",
        "from typing import Any, Self",
        "",
        "class Methods:",
    ]
    for op in OPS.values():
        others = "".join(
            f", {name}: Any{'' if i < op.arity - len(op.defaults) else f' = {op.defaults[i - op.arity]!r}'}"
            for i, name in enumerate("abc"[: op.arity])
            if i
        )
        lines += [f"    def {op.name}(self{others}) -> Self:", f'        """{op.why}"""']
    return "\n".join(lines) + "\n"


def operations() -> str:
    """Return docs/operations.md: a row for every operation."""
    head = (
        "# All operations\n\n"
        "Written by `python docs/make.py` from the table in `micrograd_like/ops.py`; *y* is the output.\n\n"
        "| operation | in Python | value | local derivatives | why |\n|---|---|---|---|---|\n"
    )
    return head + "".join(map(_row, OPS.values()))


def _row(op: Op) -> str:
    letters = "abc"[: op.arity]
    inputs, out = [LaTeX(letter) for letter in letters], LaTeX("y")
    slopes = r",\ ".join(str(LaTeX(x) if isinstance(x, float) else x) for x in op.textbook(out, *inputs))
    cells = (op.name, f"`{op(*map(Python, letters))}`", f"${op(*inputs)}$", f"${slopes}$", op.why)
    return f"| {' | '.join(cell.replace('|', chr(92) + 'vert ') for cell in cells)} |\n"


GENERATED = {"micrograd_like/methods.pyi": methods, "docs/operations.md": operations}

if __name__ == "__main__":
    for path, text in GENERATED.items():
        (ROOT / path).write_text(text(), encoding="utf-8")
        print("wrote", path)
