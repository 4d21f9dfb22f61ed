"""Random programs that decide by their numbers, compiled and by the engine: `python -m benchmarks decisions [count]`.

Each is written as text, with `if` on Values, inputs and `.data`, `!=`, `min`, `max`, `sorted`, argmax by key, `round`,
lists that change in place, early exit, default arguments, closures, random leaves, dropout and frozen numbers, and is
run on other inputs that take other ways. A program is known by its number: `python -m benchmarks decisions 1 NUMBER`.
"""

from __future__ import annotations

import math
import sys
import warnings
from contextlib import nullcontext
from random import Random
from types import SimpleNamespace
from typing import Any

from micrograd_like import Value, ieee
from micrograd_like.compiler import AuditError, RefusedError, Rows, compile, cost

NUMBERS = [0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, -2.0, 0.3, 1.7, -0.8]
ERRORS = (ArithmeticError, ValueError, TypeError, IndexError, KeyError, AttributeError, AuditError)


class Writer:
    """Writes the text of one function `loss(xs, k)`: xs are three numbers, k is a whole one from 0 to 2."""

    def __init__(self, rng: Random) -> None:
        self.rng, self.count = rng, 0
        self.lines: list[str] = []
        self.values = ["w[0]", "w[1]", "w[2]", "net.a", "net.b"]
        self.numbers = ["xs[0]", "xs[1]", "xs[2]", "lam[0]", "net.rate"]

    def value(self) -> str:
        return self.rng.choice(self.values[-6:] if self.rng.random() < 0.6 else self.values)

    def number(self) -> str:
        kind = self.rng.random()
        if kind < 0.5:
            return self.rng.choice(self.numbers)
        return f"{self.value()}.data" if kind < 0.75 else repr(self.rng.choice(NUMBERS))

    def question(self) -> str:
        rng, sign = self.rng, self.rng.choice(["<", "<=", ">", ">=", "==", "!="])
        return rng.choice([
            f"{self.value()} {sign} {rng.choice(NUMBERS)}", f"{self.number()} {sign} {self.number()}",
            f"{self.value()} {rng.choice(['<', '>'])} {self.value()}",
            f"xs[{rng.randrange(3)}] {sign} {rng.choice(NUMBERS)}",
            f"round({self.number()}) {sign} {rng.randint(-2, 2)}", f"int({self.number()}) % 2 == 0",
            f"{self.number()} in (0.0, 1.0, 2.0, 0.5)", f"math.floor({self.number()}) {sign} 0", f"not {self.number()}",
            f"k {sign} {rng.randint(0, 2)}", "net.training", f"math.copysign(1.0, {self.number()}) > 0",
            f"math.isfinite({self.number()})", f"abs({self.number()}) < 1",
            f"{self.number()} > 0 and {self.number()} < 1",
        ])  # fmt: skip

    def expression(self) -> str:
        rng, a, b = self.rng, self.value(), self.value()
        return rng.choice([
            f"{a} + {b}", f"{a} * {b}", f"{a} - {b} * {self.number()}", f"{a} * {self.number()}", f"({a}).tanh()",
            f"({a} * {b}).relu()", f"{a} if {self.question()} else {b}", f"{a} if {self.question()} else 0 * {b}",
            f"max({a}, {b})", f"min({a}, {b}, {self.value()})", f"max({a}, {self.number()}) * {b}",
            f"sorted([{a}, {b}, {self.value()}])[{rng.randrange(3)}] * 1.5",
            f"[{a}, {b}, {self.value()}][max(range(3), key=lambda i: [{a}, {b}, w[0]][i].data)]",
            f"table[k] * {self.number()}", f"plain[k] + {a}", f"plain[round({self.number()}) % 3] * {b}",
            f"Value({self.number()}) * {a}", f"Value({rng.choice(NUMBERS)}) + {a}", f"({a} - {self.number()}) ** 2",
            f"{a} / (1.0 + {b} * {b})", f"{a} * max({self.number()}, {self.number()})", f"helper({a}, {self.number()})",
            f"{a} * math.tanh({self.number()})", f"{a} * ({self.number()} > 0)", f"{a} * float({self.number()})",
            f"{a} * {{0.0: 2.0, 1.0: 3.0}}.get({self.number()}, 0.7)", f"{a} * sum(xs)", f"{a} * len({{*xs}})",
            f"{a} * abs({self.number()})", f"{a} * ({self.number()} // 1)", f"{a} * int({self.number()})",
            f"{a} * sorted(xs)[{rng.randrange(3)}]", f"{a} * xs[{rng.randrange(3)}] * xs[k]",
            f"sum(x * {a} for x in xs)",
            f"sum(({a} if x > 0 else {b}) * x for x in xs)", f"{a} * (1 if {self.question()} else 0)",
        ])  # fmt: skip

    def statement(self, depth: str = "    ") -> None:
        rng, name = self.rng, f"v{self.count}"
        self.count += 1
        kind = rng.random()
        if kind < 0.6:
            self.lines.append(f"{depth}{name} = {self.expression()}")
        elif kind < 0.75:
            self.lines += [f"{depth}{name} = {self.value()} * 1.0", f"{depth}if {self.question()}:",
                           f"{depth}    {name} = {self.expression()}"]  # fmt: skip
        elif kind < 0.8:
            self.lines += [f"{depth}h = [{self.value()}, {self.value()}]", f"{depth}for x in xs:",
                           f"{depth}    h[0 if x > {rng.choice(NUMBERS)} else 1] = h[1] * x + {self.value()}",
                           f"{depth}{name} = h[0] + h[1]"]  # fmt: skip
        elif kind < 0.84:
            self.lines += [f"{depth}if {self.question()}:", f"{depth}    return {self.value()} * 1.0 + {self.value()}",
                           f"{depth}{name} = {self.value()} * 1.0"]  # fmt: skip
        elif kind < 0.88:
            self.lines += [f"{depth}try:", f"{depth}    {name} = {self.value()} / {self.number()}",
                           f"{depth}except ZeroDivisionError:", f"{depth}    {name} = {self.value()} * 3"]  # fmt: skip
        elif kind < 0.9:
            self.lines.append(f"{depth}{name} = {self.value()} * (rng.random() < 0.5)")
        elif kind < 0.92:
            self.lines += [f"{depth}seen[0] = seen[0] + {self.number()}", f"{depth}{name} = {self.value()} * seen[0]"]
        else:
            self.lines += [f"{depth}{name} = {self.value()} * 1.0", f"{depth}for x in xs:",
                           f"{depth}    if x {rng.choice(['<', '>', '!='])} {rng.choice(NUMBERS)}: break",
                           f"{depth}    {name} = {name} + x * {self.value()}"]  # fmt: skip
        self.values.append(name)

    def text(self) -> str:
        """Return the whole program."""
        for _ in range(self.rng.randint(2, 7)):
            self.statement()
        made = self.rng.sample(self.values, 3)
        return "\n".join([
            "def helper(a, c, d=[1.5]):", "    return a * c * scale * d[0] if c > 0 else a * scale",
            "def loss(xs, k):", *self.lines, f"    return {made[0]} * 1.0 + {made[1]} * {made[2]} + {self.values[-1]}",
        ])  # fmt: skip


def world(text: str, seed: int) -> dict[str, Any]:
    """Return the names of a program, each time the same ones."""
    rng = Random(seed)
    leaves = [Value(rng.choice(NUMBERS) + 0.1 * rng.random()) for _ in range(11)]
    space = {
        "math": math, "Value": Value, "w": leaves[:3], "lam": [0.7], "scale": 1.25, "rng": Random(seed), "seen": [0.0],
        "net": SimpleNamespace(a=leaves[3], b=leaves[4], rate=0.4, training=True), "table": Rows(leaves[5:8]),
        "plain": leaves[8:], "leaves": leaves,
    }  # fmt: skip
    exec(text, space)
    return space


def changed(space: dict[str, Any], rng: Random) -> None:
    """Change something besides the inputs."""
    kind = rng.randrange(8)
    if kind == 0:
        space["lam"][0] = rng.choice(NUMBERS)
    elif kind == 1:
        space["net"].training = not space["net"].training
    elif kind == 2:
        space["net"].rate = rng.choice(NUMBERS)
    elif kind == 3:
        space["scale"] = rng.choice(NUMBERS)
    elif kind == 4:
        for leaf in space["leaves"]:
            leaf.data = rng.choice(NUMBERS)
    elif kind == 5:
        space["net"].a, space["net"].b = space["net"].b, space["net"].a


def result(call: Any, leaves: list[Value]) -> list[Any]:
    """Return the loss and all gradients, or what kind of error there was."""
    for leaf in leaves:
        leaf.grad = 0.0
    try:
        return [call(), *[leaf.grad for leaf in leaves]]
    except ERRORS as error:
        return [type(error).__name__]


def by_engine(space: dict[str, Any], inputs: Any) -> Any:
    def call() -> float:
        out = space["loss"](*inputs)
        out.backward()
        return float(out.data)

    return result(call, space["leaves"])


def same(ours: list[Any], engine: list[Any], exact: bool) -> bool:
    if len(ours) != len(engine) or len(ours) == 1:
        return ours == engine
    if exact:
        return all(a == b or (a != a and b != b) for a, b in zip(ours, engine))
    scale = max([1.0, *[abs(x) for x in engine if math.isfinite(x)]])
    return all(a == b or (a != a and b != b) or abs(a - b) <= 1e-9 * scale for a, b in zip(ours, engine))


def differs(number: int, in_ieee: bool = False, **options: Any) -> str:
    """Return how program `number` differs from the engine: "" if it does not, "refused" if it says so."""
    rng = Random(number)
    text = Writer(rng).text()
    ours, engine = world(text, number), world(text, number)
    with ieee() if in_ieee else nullcontext():
        inputs: Any = [[rng.choice(NUMBERS) for _ in range(3)], rng.randrange(3)]
        try:
            for space in (ours, engine):
                space["loss"](*inputs)
                space["rng"].seed(number)
            program = compile(ours["loss"], *inputs, **options)
            ours["seen"][0] = engine["seen"][0]
            ours["rng"].setstate(engine["rng"].getstate())
        except RefusedError:
            return "refused"
        except ERRORS:
            return "no program"
        for call in range(6):
            inputs = [[rng.choice(NUMBERS) for _ in range(3)], rng.randrange(3)]
            if rng.random() < 0.4:
                seed = rng.random()
                for space in (ours, engine):
                    changed(space, Random(seed))
            found = result(lambda: program(*inputs), ours["leaves"])  # noqa: B023
            right = by_engine(engine, inputs)
            if not same(found, right, program.exact):
                return f"program {number}, call {call + 1}: {found} for {right}\n{text}"
    return "run by the engine" if program.reason else ""


def count(numbers: range, **options: Any) -> dict[str, int]:
    """Run many programs, and count how they end; those that differ are printed."""
    cost.AT_ONCE = True  # small as they are, they are to be compiled
    ends = {"right": 0, "run by the engine": 0, "refused": 0, "no program": 0, "different": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in numbers:
            end = differs(number, **options) or "right"
            if end not in ends:
                print(end)
            ends[end if end in ends else "different"] += 1
    return ends


def main() -> None:
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    numbers = range(first, first + int(float(sys.argv[1]) if len(sys.argv) > 1 else 10**6))
    print(count(numbers))


if __name__ == "__main__":
    main()
