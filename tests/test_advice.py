"""Advice is executed: what an error of training, data and networks says to write is written, and works.

Every `raise` of the modules is found by query. Each needs a case here that reaches it, or an entry that says why not.
"""

import ast
import math
import re
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import micrograd_like
from micrograd_like import Value, data, functions, losses, nn, optim, train
from micrograd_like.drawing.draw import draw
from micrograd_like.nn import MLP, Module, Parameter
from micrograd_like.ops import OPS

ROOT = Path(micrograd_like.__file__).parent
SEARCHED = [
    *[ROOT / f"{name}.py" for name in ("nn", "losses", "optim", "data", "train", "functions", "base/checks")],
    *sorted((ROOT / "recipe").glob("*.py")),
]
MODULES = (nn, losses, optim, data, functions, train)
NAMES: dict[str, Any] = (
    {op.name: op for op in OPS.values() if not op.sign}
    | {"Value": Value, "draw": draw, "math": math, "losses": losses, "optim": optim}
    | {name: getattr(module, name) for module in MODULES for name in dir(module) if not name.startswith("_")}
)
# In a case, {} is where the advice goes that the machine finds in the message; without it, the case does by hand what
# the message says in words. `model`, `X` and `y` are a network and data that fit together, `file` writes a CSV file.
CASES = [
    ("MLP(2, 16)", "{}"),
    ("MLP(2, [4, 0])", "{}"),
    ("MLP(-2, [4])", "{}"),
    ("MLP(2, [4], seed='x')", "MLP(2, [4], {})"),
    ("MLP(2, [4], seed=1, rng=2)", "MLP(2, [4], seed=1)"),
    ("MLP(2, [4, 1], activation='Relu')", "MLP(2, [4, 1], activation={})"),
    ("MLP(2, [4, 1], activation=Value(3.0))", "MLP(2, [4, 1], {})"),
    ("MLP(2, [4, 1], activation=maximum)", "MLP(2, [4, 1], activation={})"),
    ("MLP(2, [4, 1], activation=lambda z: 1.0)([1.0, 2.0])", "MLP(2, [4, 1], {})([1.0, 2.0])"),
    ("MLP(2, [4], init='kaiming')", "MLP(2, [4], init={})"),
    ("MLP(2, [4], bias='one')", "MLP(2, [4], bias={})"),
    ("MLP(2, [4], output='sotfmax')", "MLP(2, [4], output={})"),
    ("model(1.0)", "model([0.5, -1.0])"),
    ("x = ['1', '2']; model(x)", "model({})"),
    ("model(X)", "{}"),
    ("model([1.0, 2.0, 3.0])", "model([1.0, 2.0])"),
    ("output, target = Value(2.0), 1.0; mse(output, target)", "{}"),
    ("output, target = Value(2.0), 1.0; mse([output], target)", "{}"),
    ("y = [0, 1]; hinge([Value(1.0), Value(2.0)], y)", "hinge([Value(1.0), Value(2.0)], {})"),
    ("bce([Value(2.0)], [1])", "losses.bce_with_logits([Value(2.0)], [1])"),
    ("argmax([])", "argmax([1.0])"),
    ("mse([Value(1.0)], [1.0, 2.0])", "mse([Value(1.0)], [1.0])"),
    ("mse([], [])", "mse([Value(1.0)], [1.0])"),
    ("mse([[Value(1.0), Value(2.0)]], [1.0])", "mse([[Value(1.0), Value(2.0)]], [[1.0, 2.0]])"),
    ("hinge([[Value(1.0), Value(2.0)]], [1])", "cross_entropy([[Value(1.0), Value(2.0)]], [1])"),
    ("y = [[1], [0]]; bce([Value(0.5)] * 2, y)", "bce([Value(0.5)] * 2, {})"),
    ("y = [-1, 1]; bce([Value(0.5)] * 2, y)", "bce([Value(0.5)] * 2, {})"),
    ("cross_entropy([Value(1.0)], [0])", "bce([Value(0.5)], [0])"),
    (
        "cross_entropy([[Value(1.0), Value(2.0)]], [[0.5, 2.0]])",
        "cross_entropy([[Value(1.0), Value(2.0)]], [[0.5, 0.5]])",
    ),
    ("w = Value(0.5); SGD([w, w])", "SGD([w])"),
    ("SGD(model.parameters(), lr=-1)", "SGD(model.parameters(), {})"),
    ("SGD(model.parameters(), lr=math.nan)", "SGD(model.parameters(), {})"),
    ("SGD(model.parameters(), lr='fast')", "SGD(model.parameters(), {})"),
    ("SGD(model.parameters(), lr=lambda epoch: -1.0).step()", "SGD(model.parameters(), {})"),
    ("SGD(model.parameters(), momentum=-1)", "SGD(model.parameters(), {})"),
    ("Adam(model.parameters(), betas=(2.0, 0.9))", "Adam(model.parameters())"),
    ("Mine(model.parameters()).step()", "class Mine2(optim.Optimizer):\n    {}\nMine2(model.parameters()).step()"),
    ("Still()([1.0])", "class Still2(Module):\n    {} return x\nStill2()([1.0])"),
    ("SGD(model.parameters()).load_state_dict(3)", "s = SGD(model.parameters()); s.load_state_dict(s.state_dict())"),
    (
        "SGD(model.parameters()).load_state_dict(Adam(model.parameters()).state_dict())",
        "s = SGD(model.parameters()); s.load_state_dict(s.state_dict())",
    ),
    (
        "s = SGD(model.parameters()); s.load_state_dict(s.state_dict() | {'steps': -1})",
        "s = SGD(model.parameters()); s.load_state_dict(s.state_dict())",
    ),
    ("w = Value(1.0); SGD([w * 2])", "SGD([w])"),
    ("SGD([])", "SGD(model.parameters())"),
    ("SGD(model)", "{}"),
    ("SGD(model, lr=0.5)", "{}"),
    ("w = Value(1.0); SGD(w)", "{}"),
    ("SGD(model.parameters)", "{}"),
    ("SGD('model')", "{}"),
    ("SGD(3)", "{}"),
    ("SGD([[Value(1.0)]])", "{}"),
    ("SGD([1.0, 2.0])", "{}; SGD([w])"),
    ("p = Parameter(1e308); p.grad = -1e308; SGD([p], lr=10.0).step()", "SGD([Parameter(1.0)], {}).step()"),
    ("p = Parameter(1.0); p.grad = math.inf; SGD([p], lr=1.0).step()", "SGD([Parameter(1.0)], {}).step()"),
    ("moons(0)", "moons({})"),
    ("moons(2.5)", "moons({})"),
    ("moons(1)", "moons({})"),
    ("moons(9, noise=-1)", "moons(9, {})"),
    ("glyphs(9, noise=2)", "glyphs(9, {})"),
    ("train_val_split(X, y[1:])", "train_val_split(X, y)"),
    ("train_val_split(X, y, 0)", "train_val_split(X, y, {})"),
    ("train_val_split(X, y, 1.5)", "train_val_split(X, y, {})"),
    ("train_val_split(3, y)", "{}"),
    ("Standardize([1.0], [0.0])", "{}"),
    ("Standardize.fit(X)([[1.0]])", "Standardize.fit(X)(X)"),
    ("Standardize.fit([])", "Standardize.fit(X)"),
    ("list(batches(X, y, 0))", "list(batches(X, y, {}))"),
    ("list(batches(X, y[1:], 2))", "list(batches(X, y, 2))"),
    ("one_hot(0.5, 3)", "one_hot(2, 3)"),
    ("one_hot(7, 3)", "one_hot(2, 3)"),
    ("dot([Value(1.0)], [1.0, 2.0])", "dot([Value(1.0)], [1.0])"),
    ("mean([])", "mean([Value(1.0)])"),
    ("x = Value(1.0); clamp(x, 2, 1)", "{}"),
    ("x = a = b = Value(1.0); where(x, a, b)", "{}"),
    ("a = b = c = Value(1.0); softmax(a)", "{}"),
    ("softmax([])", "softmax([Value(1.0)])"),
    ("fit(X, y, model)", "{}"),
    ("fit(model, model, y)", "{}"),
    ("fit(3, X, y)", "{}"),
    ("fit(Fixed, X, y)", "{}"),
    ("fit(Still(), X, y)", "fit(model, X, y, 'mse', epochs=1)"),
    ("optimizer = SGD(model.parameters()); fit(model, X, y, 'mse', optimizer)", "fit(model, X, y, 'mse', {})"),
    (
        "optimizer = SGD(model.parameters()); fit(model, X, y, 'mse', 1, optimizer=optimizer, lr=0.5)",
        "{}; fit(model, X, y, 'mse', 1, optimizer=optimizer)",
    ),
    ("fit(model, X, y, 'mse', 1, optimizer='SGD')", "fit(model, X, y, 'mse', 1, {})"),
    ("fit(model, X, y, 'mse', 1, optimizer=SGD(MLP(2, [1]).parameters()))", "fit(model, X, y, 'mse', 1, {})"),
    ("fit(model, X, y, epochs=1)", "fit(model, X, y, {}, epochs=1)"),
    ("fit(model, X, [2 * k - 1 for k in y], epochs=1)", "fit(model, X, [2 * k - 1 for k in y], {}, epochs=1)"),
    ("fit(MLP(2, [3]), X, y, epochs=1)", "fit(MLP(2, [3]), X, y, {}, epochs=1)"),
    ("fit(MLP(2, [3], output='softmax'), X, y, epochs=1)", "fit(MLP(2, [3], output='softmax'), X, y, {}, epochs=1)"),
    (
        "fit(MLP(2, [3], output='softmax'), X, y, 'cross_entropy', 1)",
        "fit(MLP(2, [3], output='softmax'), X, y, {}, epochs=1)",
    ),
    (
        "fit(MLP(2, [1], output='sigmoid'), X, y, 'bce_with_logits', 1)",
        "fit(MLP(2, [1], output='sigmoid'), X, y, {}, epochs=1)",
    ),
    ("fit(model, X, y, 'msee', 1)", "fit(model, X, y, {}, 1)"),
    ("fit(model, X, y, 'mse', 1, compile='yes')", "fit(model, X, y, 'mse', 1, {})"),
    ("fit(model, X, y, 'mse', 1, watch=[99])", "fit(model, X, y, 'mse', 1, watch=[0, len(X) - 1])"),
    ("fit(model, X, y, 'mse', 1, validation=3)", "{}"),
    ("fit(model, X, y[1:], 'mse', 1)", "fit(model, X, y, 'mse', 1)"),
    ("y = [[k] for k in y]; fit(model, X, y, 'mse', 1)", "fit(model, X, {}, 'mse', 1)"),
    ("fit(model, X, y, 'mse', 0)", "fit(model, X, y, 'mse', {})"),
    ("fit(model, X, y, 'mse', 1, l2=-1)", "fit(model, X, y, 'mse', 1, {})"),
    ("fit(model, X, y, 'mse', 1, clip='a')", "fit(model, X, y, 'mse', 1, {})"),
    ("fit(model, X, y, 'mse', 1, batch_size=0)", "fit(model, X, y, 'mse', 1, {})"),
    ("fit(model, X, y, 'mse', 1, patience=0.5)", "fit(model, X, y, 'mse', 1, {})"),
    ("fit(model, X, y, 'mse', 1, lr=-0.1)", "fit(model, X, y, 'mse', 1, {})"),
    ("fit(model, X, y, lambda outputs, targets: 0.5, 1)", "fit(model, X, y, mse, 1)"),
    ("fit(model, X, y, 'mse', 40, lr=1e6)", "fit(model, X, y, 'mse', 40, {})"),
    ("fit(model, X, y, 'mse', 40, lr=1e200)", "fit(model, X, y, 'mse', 40, {})"),
    (
        "steep = lambda outputs, targets: sum([(9 * (a - k)).cosh() for a, k in zip(outputs, targets)]); "
        "optimizer = SGD(model.parameters(), lr=1e3)\nfor _ in range(9): learn(model, X, y, steep, optimizer)",
        "learn(model, X, y, mse, SGD(model.parameters(), {}))",
    ),
    (
        "w = Value(1.0); loss = lambda ys, _: [log(x) for x in [ys[0] * 0]][0]; learn(model, X, y, loss, SGD([w]))",
        "loss = lambda outputs, _: [{} for x in [outputs[0] * 0]][0]; learn(model, X, y, loss, SGD([w]))",
    ),
    (
        "learn(model, [[1e200, 1e200]], [1.0], mse, SGD(model.parameters()))",
        "learn(model, X, y, mse, SGD(model.parameters(), {}))",
    ),
    (
        "learn(model, X, y, lambda *_: Value(math.inf), SGD(model.parameters()))",
        "learn(model, X, y, mse, SGD(model.parameters(), {}))",
    ),
    ("fit(model, [[1e200, 1e200]] * 6, [1.0] * 6, 'mse', 1)", "fit(model, X, y, 'mse', 1, {})"),
    ("fit(model, 3, y, 'mse', 1)", "{}; fit(model, X, [1.0], 'mse', 1)"),
    ("fit(model, [1.0, 2.0], y, 'mse', 1)", "{}; fit(model, X, [1.0], 'mse', 1)"),
    ("fit(model, [[1.0, 2.0], [1.0]], y, 'mse', 1)", "fit(model, X, y, 'mse', 1)"),
    ("fit(model, [[1.0, math.nan]], [1.0], 'mse', 1)", "fit(model, X, y, 'mse', 1)"),
    ("fit(model, [[1.0, 'red']], [1.0], 'mse', 1)", "fit(model, X, y, 'mse', 1)"),
    ("fit(model, [[1.0, None]], [1.0], 'mse', 1)", "fit(model, X, y, 'mse', 1)"),
    ("fit(model, X, 3, 'mse', 1)", "{}; fit(model, X[:len(y)], y, 'mse', 1)"),
    (
        "y = ['a', 'b'] * 3; fit(MLP(2, [2]), X, y, 'cross_entropy', 1)",
        "{}; fit(MLP(2, [2]), X, y, 'cross_entropy', 1)",
    ),
    ("model.load_state_dict(MLP(2, [9, 1]).state_dict())", "model.load_state_dict(MLP(2, [3, 1]).state_dict())"),
    ("model = Fixed(); x = [1.0]; model.diagram()", "{}"),
    ("read_csv(file(b'\\xff\\xfe1'))", "read_csv(file('1,2'))"),
    ("read_csv(file('\"' + 'x' * 1_100_000))", "read_csv(file('1,2'))"),
    ("read_csv(file(''))", "read_csv(file('1,2,a'))"),
    ("read_csv(file('1\\n2'))", "read_csv(file('1\\n2'), {})"),
    ("read_csv(file('a,b\\n1,2'), features=['z'])", "read_csv(file('a,b\\n1,2'), features=['a'])"),
    ("read_csv(file('a,b\\n1,2'), target='z')", "read_csv(file('a,b\\n1,2'), target='a')"),
    ("read_csv(file('a,b\\n1,2'), target=5)", "read_csv(file('a,b\\n1,2'), target='a')"),
    ("read_csv(file('a,b\\n1,2\\n3'))", "read_csv(file('a,b\\n1,2\\n3,4'))"),
    ("read_csv(file('a,b\\n1,2\\n3,'))", "read_csv(file('a,b\\n1,2'))"),
    ("read_csv(file('a,b\\n'))", "read_csv(file('a,b\\n1,2'))"),
    ("read_csv(file('a;b\\n1;2\\n1,5;4\\n'))", "read_csv(file('a;b\\n1;2\\n{};4\\n'))"),
    ("read_csv(file('a,b\\n1,2\\nred,4\\n'))", "read_csv(file('a,b\\n1,2\\n'))"),
    ("read_csv(file('a,b\\n1,2\\nnan,4\\n'))", "read_csv(file('a,b\\n1,2\\n'))"),
]
# Why no case reaches a `raise`: (file, part of its message).
OTHERWISE = [
    ("data.py", "comes with scikit-learn", "an installation is not tried here: tests/test_data.py"),
    ("base/checks.py", "stands where", "of files: tests/test_train.py changes each part of one"),
    ("recipe/history.py", "does not go with the rest", "of files: tests/test_train.py changes each part of one"),
]
# What a message states as the cause, and what must then be so of the numbers in it.
CAUSES: list[tuple[str, Callable[..., bool]]] = [
    (r"= (\S+) is not a whole number from 1 up", lambda x: not (x.isdigit() and int(x) >= 1)),
    (r"= (\S+) is not a finite number from 0 up", lambda x: not (math.isfinite(float(x)) and float(x) >= 0)),
    (r"noise = (\S+) is not a probability", lambda x: not 0 <= float(x) <= 1),
    (r"noise = (\S+) is not a standard deviation", lambda x: float(x) < 0),
    (r"takes (\d+) inputs, and (\d+) were given", lambda a, b: a != b),
    (r"There are (\d+) [^.]*?(\d+) targets", lambda a, b: a != b),
    (r"has (\d+) (?:cells|numbers), and (?:row 0|the first line) has (\d+)", lambda a, b: a != b),
    (r"have (\d+) columns, and (\d+) were measured", lambda a, b: a != b),
    (r"bce takes a probability, and (\S+) was given", lambda x: not 0 <= float(x) <= 1),
    (r"label (\S+) is outside the (\d+) classes", lambda k, n: not 0 <= int(k) < int(n)),
    (r"The loss rose from (\S+) to (\S+?):? ", lambda a, b: float(b) > float(a)),
    (r"The loss is (inf|nan|[^ .,]+)", lambda x: not math.isfinite(float(x))),
    (r"'([^']*)', which is not a number", lambda x: not re.fullmatch(r"-?\d+(\.\d+)?", x)),
]  # fmt: skip
PROSE = ("Write a number, or drop", "Write numbers from", "Write one line for each")


def sites() -> dict[tuple[str, int, int], str]:
    """Return each `raise` with a message of its own, by its file and lines."""
    found = {}
    for path in SEARCHED:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.end_lineno:
                found[path.relative_to(ROOT).as_posix(), node.lineno, node.end_lineno] = ast.unparse(node.exc)
    return found


class Mine(optim.Optimizer):
    """An optimizer without an update."""


class Still(Module):
    """A network without an output."""


class Fixed(Module):
    """A network of one's own."""

    def __init__(self) -> None:
        self.weight = Parameter(1.0)

    def __call__(self, x: Any) -> Any:
        return self.weight * x[0]


def bench(tmp_path: Path) -> dict[str, Any]:
    """Return the names that a case may use."""

    def file(text: str | bytes) -> Path:
        path = tmp_path / "data.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    X = [[0.1 * i, 0.5 - 0.1 * i] for i in range(6)]
    made = {"model": MLP(2, [3, 1], seed=1), "X": X, "y": [0, 1] * 3, "file": file}
    return NAMES | made | {"Mine": Mine, "Still": Still, "Fixed": Fixed}


def advised(message: str, template: str) -> list[str]:
    """Return the programs that a message advises: what stands after "Write", as far as Python understands it."""
    if meant := re.search(r"Did you mean (\S+)\? ", message):
        return [template.replace("{}", meant[1])]
    [_, *rest] = re.split(r"\b(?:[Ww]rite|Try) ", message)
    assert rest, f"The message advises nothing: {message}"
    text = re.sub(r".* as in |, with a point.*| and give w", "", " ".join(rest).rstrip("."))
    if choices := re.match(r"one of: (.*)", text):
        return [template.replace("{}", choice) for choice in choices[1].split(", ")]
    text = re.sub(r" in place of .*|^(\w) as (?=\[)", lambda m: f"{m[1]} = " if m[1] else "", text)
    text = re.sub(r"\.\.\.(?=\])", "", re.sub(r"\) and |\] and |(?<=\.\.\.\)) first$", lambda m: m[0][:1] + "; ", text))
    for end in [len(text), *[m.start() for m in reversed([*re.finditer(r"[ ,.]", text)])]]:
        part = text[:end].rstrip(" ,.;").replace("(...)", "()")
        with suppress(SyntaxError):
            ast.parse(program := template.replace("{}", part))
            return [program]
    raise AssertionError(f"Python does not understand the advice of: {message}")


def refused(wrong: str, names: dict[str, Any]) -> tuple[str, set[tuple[str, int]]]:
    """Run a program that fails; return the message, and the files and lines at which it was raised."""
    with pytest.raises((ValueError, TypeError, ArithmeticError, NotImplementedError, RuntimeError)) as caught:
        exec(wrong, names)
    error: BaseException | None = caught.value
    reached = set()
    while error is not None:
        for frame in traceback.extract_tb(error.__traceback__):
            with suppress(ValueError):
                reached.add((Path(frame.filename).relative_to(ROOT).as_posix(), frame.lineno or 0))
        error = error.__cause__ or error.__context__
    return str(caught.value), reached


@pytest.mark.filterwarnings("ignore::micrograd_like.MicrogradLikeWarning")
@pytest.mark.parametrize(("wrong", "right"), CASES, ids=[wrong[:60] for wrong, _ in CASES])
def test_advice_works_and_its_cause_is_so(wrong: str, right: str, tmp_path: Path) -> None:
    message, _ = refused(wrong, bench(tmp_path))
    for cause, is_so in CAUSES:
        if seen := re.search(cause, message):
            assert is_so(*seen.groups()), message
    if "{}" not in right:
        assert "Write" not in message or any(words in message for words in PROSE), f"{{}} is missing for: {message}"
    for program in advised(message, right) if "{}" in right else [right]:
        names = bench(tmp_path)
        for statement in ast.parse(wrong).body[:-1]:  # what it needs, such as its y
            exec(ast.unparse(statement), names)
        exec(program, names)


@pytest.mark.filterwarnings("ignore::micrograd_like.MicrogradLikeWarning")
def test_every_error_has_a_case_or_a_reason(tmp_path: Path) -> None:
    reached = set().union(*[refused(wrong, bench(tmp_path))[1] for wrong, _ in CASES])
    missing = [
        f"{file}:{first}: {text}"
        for (file, first, last), text in sites().items()
        if not any(file == where and first <= line <= last for where, line in reached)
        and not any(file == where and part in text for where, part, _ in OTHERWISE)
    ]
    assert not missing, "Give each a case, in which its advice is tried:\n" + "\n".join(missing)
