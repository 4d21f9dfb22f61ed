"""Write what is generated: methods that editors see, operations, mistakes, the pictures. `python docs/make.py`"""

import json
import re
from pathlib import Path
from typing import Any

import micrograd_like
from micrograd_like import MLP, Value, data, draw, losses, walk
from micrograd_like.mistakes.mistake import MISTAKES
from micrograd_like.ops import OPS, Op
from micrograd_like.ops.notation import LaTeX, MathML, Python
from micrograd_like.steps.doctor import ENTRIES
from micrograd_like.steps.doctor.examine import SEEN

ROOT = Path(__file__).parent.parent


def methods() -> str:
    """Return micrograd_like/ops/methods.pyi: the type of every operation's method."""
    lines = [
        '"""Written by `python docs/make.py` from the table in ops.py."""',
        "",
        "from typing import Any, Literal, Self",
        "",
        f"OfOne = Literal[{', '.join(repr(op.name) for op in OPS.values() if op.arity - len(op.defaults) == 1)}]",
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


def surface() -> str:
    """Return micrograd_like/__init__.pyi: the public names and the operations, for editors and type checkers."""
    lines = ['"""Written by `python docs/make.py` from __init__.py and the table of operations."""', ""]
    for module, names in micrograd_like.PUBLIC.items():
        lines += [f"from .{module} import {', '.join(f'{name} as {name}' for name in sorted(names.split()))}"]
    names = "".join(f'    "{name}",\n' for name in micrograd_like.__all__)
    lines += ["", "__version__: str"]
    return "\n".join([*lines, *[f"{name}: Op" for name in OPS], f"__all__ = [\n{names}]"]) + "\n"


def operations(as_mathml: bool = False) -> str:
    """Return docs/operations.md: a row for every operation, with its formulas in LaTeX, or as browsers read them."""
    head = (
        "# All operations\n\n"
        "Written by `python docs/make.py` from the table in `micrograd_like/ops/table.py`; *y* is the output.\n\n"
        f"Values are within 3 units in the last place (ULP), local derivatives within 5.{_rough()}\n\n"
        "| operation | in Python | value | local derivatives | why |\n|---|---|---|---|---|\n"
    )
    return head + "".join([_row(op, as_mathml) for op in OPS.values()])


def _rough() -> str:
    """Return where fewer digits are correct."""
    near = [f"{op.name} (less than {op.rough[1]:g} from {op.rough[0]:.4f})" for op in OPS.values() if op.rough]
    slopes = f" Near their own zeros, those of {' and '.join(near)} are within 1e-15 instead." if near else ""
    return slopes + " Below 10, lgamma and digamma are within 3e-15 of their value, or of 1 if that is larger."


def _row(op: Op, as_mathml: bool) -> str:
    letters, kind = "abc"[: op.arity], MathML if as_mathml else LaTeX
    inputs, out = [kind(letter) for letter in letters], kind("y")
    slopes = [str(kind(x) if isinstance(x, float) else x) for x in op.textbook(out, *inputs)]
    cells = [op.name, f"`{op(*map(Python, letters))}`"]
    if as_mathml:
        cells += [f"<math>{op(*inputs)}</math>", ", ".join([f"<math>{slope}</math>" for slope in slopes])]
    else:
        cells += [f"${op(*inputs)}$", "$" + r",\ ".join(slopes) + "$"]
    bar = "&#124;" if as_mathml else chr(92) + "vert "
    return f"| {' | '.join(cell.replace('|', bar) for cell in [*cells, op.why])} |\n"


def doctor() -> str:
    """Return docs/doctor.md: every mistake of a training loop, with the evidence for each."""
    head = """# The doctor: what is wrong with a training loop

Written by `python docs/make.py` from `micrograd_like/steps/doctor`.

```
micrograd-like doctor script.py
```

runs a script or a notebook, watches its backward passes, steps, graphs, gradients, parameters and losses, and names
what is wrong: what it saw, why that is a mistake, and the line to write. It tries that line on a copy of the script,
which it runs again, and calls a mistake proved only if what it saw is gone. The copies write no files. The exit status
is 0 where it has nothing to say, 1 where it names something, and 2 where the script could not be watched; a script is
watched for 20 seconds. In a program or a notebook, `with doctor(model):` around the loop watches in the same way, and
says what is likely, because there it cannot try a line. Where nobody asks for it, nothing is watched and nothing costs.

```python
>>> from micrograd_like import MLP, SGD, doctor, losses
>>> model = MLP(2, [1], seed=1)
>>> optimizer = SGD(model.parameters())
>>> with doctor(model):
...     for _ in range(3):
...         loss = losses.mse([model([1.0, 2.0])], [1.0])
...         loss.backward()
...         optimizer.step()
line 4: gradients of the step before
  Seen:  2 of 3 updates used gradients that still held those of the update before.
  Why:   backward() adds to the gradients, and they still hold those of the step before.
  Write: Set the gradients to 0 before backward().
  Not tried: judge for yourself.

```

What is certainly wrong needs no doctor: it raises an error or a `MicrogradLikeWarning` at once.

"""
    table = "| mistake | why it is one | what shows it | what to write |\n|---|---|---|---|\n"
    rows = []
    for entry in ENTRIES.values():
        shown = [SEEN[symptom].split("{")[0].strip() or SEEN[symptom] for symptom in entry.symptoms if symptom in SEEN]
        seen = ", ".join(f"`{symptom}`" for symptom in entry.symptoms) if shown else "the text of the script"
        rows.append(f"| {entry.id} | {entry.idea} | {seen} | {entry.remedy} |\n")
    evidence = "".join([f"* `{name}`: {text}\n" for name, text in SEEN.items()]).replace("{names}", "")
    for number in re.findall(r"\{\w+(?::[^}]*)?\}", evidence):
        evidence = evidence.replace(number, "N")
    return head + table + "".join(rows) + "\nWhat is seen, with N for its numbers:\n\n" + evidence


def mistakes() -> str:
    """Return docs/mistakes.md: every wrong rule."""
    head = (
        "# Wrong on purpose\n\n"
        "Written by `python docs/make.py` from `micrograd_like/mistakes`. Each changes one part of the\n"
        "backward pass, and runs on any graph: `walk(root, rule=...)`.\n\n"
        "| rule | what goes wrong | it agrees with the right rule where | seen |\n|---|---|---|---|\n"
    )
    cells = [(f"`{x.name}`", x.idea, x.harmless, x.source) for x in MISTAKES.values()]
    return head + "".join(f"| {' | '.join(row)} |\n" for row in cells)


def course() -> str:
    """Return docs/course.md, with the table of chapters as their notebooks say."""
    from micrograd_like.course import CHAPTERS

    rows = ["| chapter | afterwards you can | minutes | exercises | cures |", "|---|---|--:|---|---|"]
    for chapter in CHAPTERS:
        notebook = json.loads((ROOT / "notebooks" / "course" / f"{chapter.file}.ipynb").read_text(encoding="utf-8"))
        head = " ".join("".join(notebook["cells"][0]["source"]).split())
        title = head.partition(" **")[0].lstrip("# ")
        minutes = "+".join(re.findall(r"\d+", head.partition("**")[2].partition("**")[0]))
        able = re.search(r"Afterwards you can (.*?)\.(?: |$)", head)
        asked = len(chapter.exercise) + len(chapter.returns)
        asked_too = f"{asked}, {len(chapter.returns)} of them again; 5 to check" if chapter.check else f"{asked}"
        cures = ", ".join(f"`{name}`" for name in chapter.cures)
        page = f"course/{chapter.file}.ipynb"
        rows.append(f"| [{title}]({page}) | {able[1] if able else ''} | {minutes} | {asked_too} | {cures} |")
    text = (ROOT / "docs" / "course.md").read_text(encoding="utf-8")
    first, _, rest = text.partition("<!-- chapters -->")
    last = rest.partition("<!-- end of chapters -->")[2]
    return "\n".join([f"{first}<!-- chapters -->", "", *rows, "", f"<!-- end of chapters -->{last}"])


def picture() -> str:
    """Return docs/picture.svg: the neuron of the micrograd lecture, after its backward pass."""
    x1, x2, w1, w2, b = Value(2.0), Value(0.0), Value(-3.0), Value(1.0), Value(6.8813735870195432)
    n = x1 * w1 + x2 * w2 + b
    o = n.tanh()
    o.backward()
    return draw(o).svg


def walked() -> str:
    """Return docs/walk.svg: both passes of the README's first example, as a moving picture."""
    a, b = Value(2.0), Value(-3.0)
    e = a * b
    L = e + a
    return str(walk(L).animation().svg)


def arrays() -> str:
    """Return docs/arrays.svg: what is found in the network of micrograd's demo and its loss, on 100 examples."""
    from micrograd_like.compiler import compile

    X, y = data.moons(100, labels=(-1, 1))
    model = MLP(2, [16, 16, 1])

    def loss(X: Any, y: Any) -> Any:
        return losses.hinge([model(x) for x in X], y) + losses.l2(model.parameters())

    return compile(loss, X, y).explain().picture.svg


GENERATED = {
    "micrograd_like/ops/methods.pyi": methods,
    "micrograd_like/__init__.pyi": surface,
    "docs/operations.md": operations,
    "docs/mistakes.md": mistakes,
    "docs/doctor.md": doctor,
    "docs/course.md": course,
    "docs/picture.svg": picture,
    "docs/walk.svg": walked,
    "docs/arrays.svg": arrays,
}

if __name__ == "__main__":
    for path, text in GENERATED.items():
        (ROOT / path).write_text(text(), encoding="utf-8")
        print("wrote", path)
