"""A saved program runs alone, and trains as the program does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from micrograd_like import MLP, OPS, SGD, Value, losses
from micrograd_like.compiler import Program, RefusedError, Rows, compile
from micrograd_like.data import one_hot
from micrograd_like.functions import softmax

np = pytest.importorskip("numpy")
CC = shutil.which("cc") or shutil.which("gcc")
X, Y = [[(7 * i + 3 * j) % 11 / 5 - 1 for j in range(3)] for i in range(6)], [one_hot(i % 2, 2) for i in range(6)]
RATE, TIMES = 0.05, 5


def network() -> tuple[Any, tuple[Any, ...], list[Value]]:
    model = MLP(3, [5, 4, 2], activation="tanh", seed=1)

    def loss(X: Any, y: Any) -> Any:
        return losses.cross_entropy([model(x) for x in X], y) + losses.l2(model.parameters(), 0.01)

    return loss, (X, Y), model.parameters()


def attention() -> tuple[Any, tuple[Any, ...], list[Value]]:
    wq, wk = [[[Value(0.1 * (i - j) + 0.05 * k) for j in range(3)] for i in range(2)] for k in range(2)]

    def loss(X: Any) -> Any:
        total: Any = 0.0
        qs = [[sum(w * a for w, a in zip(row, x)) for row in wq] for x in X]
        ks = [[sum(w * a for w, a in zip(row, x)) for row in wk] for x in X]
        for i, q in enumerate(qs):
            weights = softmax([sum(a * b for a, b in zip(q, k)) for k in ks[: i + 1]])
            total = total + sum(w * x[0] for w, x in zip(weights, X)) ** 2
        return total

    return loss, (X,), [p for w in (wq, wk) for row in w for p in row]


def chosen() -> tuple[Any, tuple[Any, ...], list[Value]]:
    table = Rows([[Value(0.3 * i - j) for j in range(2)] for i in range(4)])

    def loss(ks: Any, ys: Any) -> Any:
        return sum((table[k][0] * y + table[k][1]).tanh() ** 2 for k, y in zip(ks, ys))

    return loss, ([0, 2, 3, 2, 1, 0], [0.5, -1.0, 0.2, 0.7, 1.5, -0.4]), [w for row in table for w in row]


def one_number() -> tuple[Any, tuple[Any, ...], list[Value]]:
    w, b = Value(0.5), Value(0.1)
    return lambda x, y: (w * x + b - y) ** 2, (1.5, 2.0), [w, b]


MADE = {made.__name__: made for made in (network, attention, chosen, one_number)}


@pytest.fixture(params=MADE)
def made(request: pytest.FixtureRequest) -> tuple[Program, tuple[Any, ...], list[Value]]:
    loss, inputs, parameters = MADE[request.param]()
    return compile(loss, *inputs), inputs, parameters


def trained(program: Program, inputs: Any) -> list[float]:
    optimizer = SGD(program.parameters, lr=RATE)
    return [program.step(optimizer, *inputs) for _ in range(TIMES)]


def test_in_numpy(made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, inputs, _ = made
    path = program.save(tmp_path / "step.py")
    space: dict[str, Any] = {"__name__": "step"}
    exec(compile_text(path), space)
    assert space["forward"](*inputs) == pytest.approx(program(*inputs), rel=1e-12)
    space["backward"]()
    for name, gradient in program.gradients.items():
        assert np.allclose(space["gradients"]()[name], gradient, rtol=1e-10, atol=1e-14)
    losses = [space["step"](*inputs, rate=RATE) for _ in range(TIMES)]
    assert losses == pytest.approx(trained(program, inputs), rel=1e-10)


def compile_text(path: Path) -> Any:
    import builtins

    return builtins.compile(path.read_text(encoding="utf-8"), str(path), "exec")


def test_it_runs_without_this_package(tmp_path: Path) -> None:
    loss, inputs, _ = one_number()
    compile(loss, *inputs).save(tmp_path / "step.py")
    code = "import sys, step; print(step.step(1.5, 2.0)); assert 'micrograd_like' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert float(done.stdout) == pytest.approx((0.5 * 1.5 + 0.1 - 2.0) ** 2)


@pytest.mark.skipif(CC is None, reason="there is no C compiler")
def test_in_c(made: Any, tmp_path: Path) -> None:
    program, inputs, _ = made
    program.save(tmp_path / "step.c")
    command = [CC, "-O1", "-std=c99", "-Wall", "-Wextra", "-Werror", "-o", "step", "step.c", "-lm"]
    subprocess.run(command, cwd=tmp_path, check=True)
    rows = zip(*inputs) if isinstance(inputs[0], list) else [inputs]
    lines = [",".join(map(repr, np.hstack([np.ravel(x) for x in row]).tolist())) for row in rows]
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n")

    def run(times: int) -> list[list[str]]:
        words = [str(tmp_path / "step"), "data.csv", str(times), str(RATE)]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
        return [line.split() for line in done.stdout.splitlines()]

    (_, loss), *gradients = run(0)
    assert float(loss) == pytest.approx(program(*inputs), rel=1e-12)
    expected = {name: np.ravel(gradient) for name, gradient in program.gradients.items()}
    assert [name for name, *_ in gradients] == [*expected]
    for name, *found in gradients:
        assert np.allclose([float(x) for x in found], expected[name], rtol=1e-10, atol=1e-14)
    told = run(TIMES)
    assert [float(loss) for _, loss in told[:TIMES]] == pytest.approx(trained(program, inputs), rel=1e-10)
    weights = [float(x) for _, *numbers in told[TIMES:] for x in numbers]
    assert weights == pytest.approx([p.data for p in program.parameters], rel=1e-10)


@pytest.mark.parametrize("language", [".py", ".c"])
def test_every_operation_has_a_spelling_or_is_refused_by_name(language: str, tmp_path: Path) -> None:
    written, w = [], Value(0.4)
    for name, op in OPS.items():
        if op.arity == 1 and name != "acosh":
            program = compile(lambda x, op=op: op(w * x) * w, 0.9)
            try:
                program.save(tmp_path / f"{name}{language}")
                written.append(name)
            except RefusedError as error:
                assert "no way yet to write" in str(error)
    assert len(written) > 20


def test_what_cannot_be_saved_says_why(tmp_path: Path) -> None:
    w = Value(1.0)
    with pytest.raises(RefusedError, match="decides by its numbers"):
        compile(lambda x: w * x if x > 0 else w, 1.0).save(tmp_path / "step.py")
    with pytest.raises(ValueError, match=r"end in \.py or in \.c"):
        compile(lambda x: w * x, 1.0).save(tmp_path / "step.txt")
    with pytest.raises(RefusedError, match="different lengths"):
        compile(lambda X: sum(w * x for row in X for x in row), [[1.0], [1.0, 2.0]]).save(tmp_path / "step.c")


def test_stages_show_every_stage() -> None:
    loss, inputs, _ = network()
    told = compile(loss, *inputs).stages()
    for name in ("trace", "decisions", "groups", "loops, forward", "loops, backward", "equations"):
        assert f"\n{name} (" in f"\n{told}"
    assert "Z1 = X @ W1.T + b1" in told and "for 6×5" in told and "more" in told
