"""A program as a file that runs alone and trains: NumPy, or C99 with a `main` that reads a CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from json import dumps
from math import inf, isnan, prod
from pathlib import Path
from typing import Any

from ...engine import Value
from ..executable import Executable, RefusedError
from ..extra import numpy as np
from ..lower.expression import Expr, in_order
from ..lower.plan import Block, Instruction, Plan, View
from ..printing.algebra import lines
from ..printing.naming import ParameterArray, parameter_arrays
from .frames import C_FILE, PY_FILE

SIGNS = {"add": "({} + {})", "sub": "({} - {})", "mul": "({} * {})", "div": "({} / {})", "neg": "(-{})"}
IN_C = SIGNS | {
    "abs": "fabs({})", "maximum": "fmax({}, {})", "minimum": "fmin({}, {})", "step": "({} > 0.0)",
    "relu": "fmax({}, 0.0)", "sigmoid": "(1.0 / (1.0 + exp(-{})))", "detach": "{}", "round": "rint({})",
    "floordiv": "floor({} / {})",
}  # fmt: skip
IN_C |= {name: f"{name}({{}})" for name in (
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "cbrt", "sin", "cos", "tan", "asin", "acos",
    "atan", "sinh", "cosh", "asinh", "acosh", "atanh", "tanh", "erf", "erfc", "floor", "ceil", "trunc",
)} | {name: f"{name}({{}}, {{}})" for name in ("pow", "atan2", "hypot", "fmod", "copysign")}  # fmt: skip
IN_NUMPY = SIGNS | {
    "pow": "({} ** {})", "floordiv": "({} // {})", "mod": "({} % {})", "step": "np.where({} > 0.0, 1.0, 0.0)",
    "relu": "np.maximum({}, 0.0)", "sigmoid": "(1.0 / (1.0 + np.exp(-{})))", "detach": "{}",
    "erf": "np.vectorize(math.erf, otypes=[float])({})", "erfc": "np.vectorize(math.erfc, otypes=[float])({})",
    "round": "np.rint({})", "asin": "np.arcsin({})", "acos": "np.arccos({})", "atan": "np.arctan({})",
    "asinh": "np.arcsinh({})", "acosh": "np.arccosh({})", "atanh": "np.arctanh({})", "atan2": "np.arctan2({}, {})",
}  # fmt: skip
IN_NUMPY |= {name: f"np.{name}({{}})" for name in (
    "abs", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "cbrt", "sin", "cos", "tan", "sinh",
    "cosh", "tanh", "floor", "ceil", "trunc",
)} | {name: f"np.{name}({{}}, {{}})" for name in ("maximum", "minimum", "hypot", "fmod", "copysign")}  # fmt: skip


def save(program: Executable, path: Any, names: Mapping[Value, str], inputs: Sequence[str]) -> Path:
    """Write the program into a file ending in .py or .c, and return its path."""
    place = Path(path)
    kinds: dict[str, type[AsText]] = {".py": InNumPy, ".c": InC}
    if place.suffix not in kinds:
        raise ValueError(f"{place.name!r} is not the name of a program. Let it end in .py or in .c.")
    text = kinds[place.suffix](program, names, inputs).text(place.name)
    place.write_text(text, encoding="utf-8")
    return place


class AsText:
    """A program as text: parts that both languages share."""

    spelled: Mapping[str, str]
    program: Executable
    plan: Plan
    shapes: tuple[Any, ...]
    inputs: list[str]
    parameters: list[ParameterArray]
    said: dict[int, str]
    lists: count[int]

    def __init__(self, program: Executable, names: Mapping[Value, str], inputs: Sequence[str]) -> None:
        self.program, self.plan, self.shapes = program, program.plan, program.shapes
        self.inputs = [name if name.isidentifier() else f"x{i}" for i, name in enumerate(inputs)]
        self.parameters = parameter_arrays(self.plan, names)
        self.said = {id(line.block): line.text for line in lines(self.plan, names)}
        self.lists = count()
        if not all(isinstance(n, int) for lengths in program.shapes for n in lengths):
            raise RefusedError("The rows of an input have different lengths, which no array has. Pad them.")

    def kept(self) -> Iterator[tuple[Block, list[float]]]:
        """Yield the arrays that are there before the program runs, with their numbers."""
        for block in self.plan.blocks:
            if block.kind != "lanes":
                yield block, self.program.memory[block.offset : block.offset + block.size].tolist()

    def comment(self, made: Instruction, back: bool) -> str:
        """Return what an instruction is for: the equation of its array, or whose chain rule it is a part of."""
        if made.lanes < 0:
            return "the loss has the gradient 1"
        told = self.said.get(id(self.plan.blocks[made.lanes]), "a part of the next array")
        return f"back through {told.partition(' = ')[0]}" if back else told

    def formula(self, expr: Expr, operands: Sequence[str]) -> tuple[list[tuple[str, str]], str]:
        """Return what is computed first, by name, because it is used twice; and the formula."""
        uses: dict[Expr, int] = {}
        order = in_order(expr)
        for x in order:
            for part in x.inputs:
                uses[part] = uses.get(part, 0) + 1
        first: list[tuple[str, str]] = []
        text: dict[Expr, str] = {}
        for x in order:
            if x.op is None:
                text[x] = operands[x.key] if isinstance(x.key, int) else self.number(x.key)
                continue
            if x.op.name not in self.spelled:
                raise RefusedError(f"There is no way yet to write {x.op.name!r} there.")
            text[x] = self.spelled[x.op.name].format(*[text[part] for part in x.inputs])
            if uses.get(x, 0) > 1:
                name = f"t{len(first)}"
                first.append((name, text[x]))
                text[x] = name
        return first, text[expr]

    def number(self, x: float) -> str:
        raise NotImplementedError

    def text(self, name: str) -> str:
        """Return the whole program, which is to stand in a file of this name."""
        raise NotImplementedError


class InC(AsText):
    """C99: loops over one array of doubles."""

    spelled = IN_C

    def number(self, x: float) -> str:
        if abs(x) == inf or isnan(x):
            return "NAN" if isnan(x) else "INFINITY" if x > 0 else "-INFINITY"
        return repr(x)

    def table(self, kind: str, numbers: Any, write: Any = str) -> str:
        """Return the name of a new constant array, whose text is kept."""
        name = f"list{next(self.lists)}"
        rows = [write(x) for x in np().asarray(numbers).reshape(-1).tolist()]
        text = ", ".join(rows)
        self.tables.append(f"static const {kind} {name}[] = {{{text}}};")
        return name

    def place(self, view: View, shape: Sequence[int]) -> str:
        """Return the place that a view sees in the loops i0, i1, ..."""
        if view.index is None:
            steps = [f"{s} * i{k}" if s != 1 else f"i{k}" for k, s in enumerate(view.strides) if s]
            return f"m[{' + '.join([str(view.offset), *steps])}]"
        lane = "0"
        for k, n in enumerate(shape):
            lane = f"i{k}" if lane == "0" else f"({lane}) * {n} + i{k}"
        if view.table is None:
            return f"m[{self.table('int', view.index)}[{lane}]]"
        table, chosen = self.table("int", view.table), self.table("int", view.chosen)
        return f"m[{table}[({lane}) * {view.table.shape[1]} + (int)m[{chosen}[{lane}]]]]"

    def loop(self, made: Instruction) -> Iterator[str]:
        """Yield the lines of one instruction: outer loops over what is written, inner ones over what is added up."""
        out, lengths = made.out, made.shape
        inner = [k for k, s in enumerate(out.strides) if not s and lengths[k] > 1] if out.index is None else []
        outer = [k for k in range(len(lengths)) if k not in inner]
        first, text = self.formula(made.expr, [self.place(view, lengths) for view in made.views])
        depth = 1

        def head(k: int) -> str:
            nonlocal depth
            depth += 1
            return f"{'    ' * (depth - 1)}for (int i{k} = 0; i{k} < {lengths[k]}; i{k}++) {{"

        yield from [head(k) for k in outer]
        if inner:
            yield f"{'    ' * depth}double sum = 0.0;"
        base = depth
        yield from [head(k) for k in inner]
        yield from [f"{'    ' * depth}const double {name} = {value};" for name, value in first]
        sign = "+=" if made.add or out.index is not None else "="
        target = self.place(out, lengths)
        yield f"{'    ' * depth}sum += {text};" if inner else f"{'    ' * depth}{target} {sign} {text};"
        yield from [f"{'    ' * (base + k)}}}" for k in reversed(range(len(inner)))]
        if inner:
            yield f"{'    ' * base}{target} {sign} sum;"
        yield from [f"{'    ' * (1 + k)}}}" for k in reversed(range(len(outer)))]

    def body(self, instructions: Sequence[Instruction], back: bool) -> list[str]:
        made, said = [], ""
        for instruction in instructions:
            if (told := self.comment(instruction, back)) != said:
                made.append(f"    /* {told.replace('*/', '* /')} */")
                said = told
            loop = [*self.loop(instruction)]
            made += (
                loop if loop[0].lstrip().startswith("for") else ["    {", *[f"    {line}" for line in loop], "    }"]
            )
        return made

    def text(self, name: str) -> str:
        self.tables: list[str] = []
        plan, size = self.plan, self.program.size
        forward, backward = self.body(plan.forward, False), self.body(plan.backward, True)
        starts = [
            f"    memcpy(m + {block.offset}, {self.table('double', numbers, self.number)}, {8 * block.size});"
            for block, numbers in self.kept()
        ]
        places = self.program.inputs.tolist()
        batched = [lengths for lengths in self.shapes if lengths]
        rows = batched[0][0] if batched and all(lengths[0] == batched[0][0] for lengths in batched) else 1
        rows = rows if len(batched) == len(self.shapes) else 1
        wide, order, at = len(places) // rows, [], 0
        for lengths in self.shapes:  # the columns of the CSV, example by example
            each = prod(lengths) // rows
            order.append((at, each))
            at += prod(lengths)
        by_row = [places[start + row * each + k] for row in range(rows) for start, each in order for k in range(each)]
        inputs = self.table("int", by_row)
        columns = ", ".join([f"{name} ({each})" for name, (_, each) in zip(self.inputs, order)])
        shown = []
        for p in self.parameters:
            shown.append(f"    show({dumps(p.name, ensure_ascii=False)}, from + {p.offset}, {prod(p.shape)});")
        return C_FILE.format(
            name=name, stem=name[:-2], rows=rows, wide=wide, columns=columns, size=plan.size, parameters=size,
            tables="\n".join(self.tables), starts="\n".join(starts), forward="\n".join(forward),
            backward="\n".join(backward), loss=plan.loss, inputs=inputs, shown="\n".join(shown),
        )  # fmt: skip


class InNumPy(AsText):
    """NumPy: each array is a view of one long one, and loops over what is added up are a sum over axes."""

    spelled = IN_NUMPY

    def number(self, x: float) -> str:
        if abs(x) == inf or isnan(x):
            return "np.nan" if isnan(x) else "np.inf" if x > 0 else "-np.inf"
        return repr(x)

    def seen(self, view: View, shape: Sequence[int]) -> str:
        """Return what a view sees, with an axis of length 1 where it stands still."""
        if view.index is None:
            lengths = tuple([n if s else 1 for n, s in zip(shape, view.strides)])
            return f"at({view.offset}, {lengths}, {tuple(view.strides)})"
        if view.table is None:
            return f"m[{view.index.tolist()}]"
        table = f"np.array({view.table.tolist()})"
        chosen = f"m[{view.chosen.tolist()}].astype(int)"
        return f"m[{table}[range({len(view.table)}), {chosen}].reshape({tuple(view.index.shape)})]"

    def place(self, view: View) -> str:
        if view.table is None:
            return str(view.index.tolist())
        seen = self.seen(view, ())
        return seen[2:-1]

    def statement(self, made: Instruction) -> Iterator[str]:
        operands = [chr(ord("a") + i) if i < 20 else f"x{i}" for i in range(len(made.views))]
        for name, view in zip(operands, made.views):
            yield f"    {name} = {self.seen(view, made.shape)}"
        first, text = self.formula(made.expr, operands)
        yield from [f"    {name} = {value}" for name, value in first]
        out, shape = made.out, tuple(made.shape)
        if out.index is not None:
            yield f"    np.add.at(m, {self.place(out)}, {text})"
            return
        summed = tuple([k for k, s in enumerate(out.strides) if not s])
        text = f"np.broadcast_to({text}, {shape}).sum({summed}, keepdims=True)" if summed else text
        yield f"    {self.seen(out, shape)}[...] {'+=' if made.add else '='} {text}"

    def body(self, instructions: Sequence[Instruction], back: bool) -> str:
        made, said = [], ""
        for instruction in instructions:
            if (told := self.comment(instruction, back)) != said:
                made.append(f"    # {told}")
                said = told
            made += self.statement(instruction)
        return "\n".join(made) or "    pass"

    def text(self, name: str) -> str:
        starts = [f"m[{b.offset}:{b.offset + b.size}] = {numbers}" for b, numbers in self.kept()]
        takes = [
            f"    m[{self.program.inputs[start : start + prod(lengths)].tolist()}] = np.reshape({name}, -1)"
            for name, lengths, start in zip(self.inputs, self.shapes, self._starts())
        ]
        arrays = [
            f"    {p.name!r}: at({p.offset}, {p.shape or (1,)}, {_steps(p.shape or (1,))})," for p in self.parameters
        ]
        shapes = [f"{name} {tuple(lengths)}" for name, lengths in zip(self.inputs, self.shapes)]
        return PY_FILE.format(
            name=name, shapes=", ".join(shapes), size=self.plan.size, starts="\n".join(starts),
            arrays="\n".join(arrays), inputs=", ".join(self.inputs), takes="\n".join(takes),
            forward=self.body(self.plan.forward, False), backward=self.body(self.plan.backward, True),
            loss=self.plan.loss, parameters=self.program.size, stem=name[:-3],
        )  # fmt: skip

    def _starts(self) -> list[int]:
        starts, at = [], 0
        for lengths in self.shapes:
            starts.append(at)
            at += prod(lengths)
        return starts


def _steps(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple([prod(shape[k + 1 :]) for k in range(len(shape))])
