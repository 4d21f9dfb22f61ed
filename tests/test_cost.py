"""The engine goes on where compiling costs more than it saves, and everything is right either way."""

from __future__ import annotations

import random
import runpy
import warnings
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numpy")

from benchmarks.ordinary import PROGRAMS, by_engine, by_program
from micrograd_like import MLP, SGD, Adam, Value, losses
from micrograd_like.compiler import compile, cost

POINTS = [[0.1 * i, 0.5 - 0.1 * i] for i in range(40)]


def small() -> tuple[Any, Value]:
    w = Value(0.5)
    return lambda x: (w * x - 1) ** 2, w


def large() -> tuple[Any, MLP]:
    model = MLP(2, [8, 8, 1], seed=1)
    return lambda X: losses.mse([model(x) for x in X], [1.0] * len(X)), model


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("name", PROGRAMS)
def test_ordinary_programs_train_as_they_do_by_the_engine(
    name: str, at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "AT_ONCE", at_once)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, ours, program = by_program(PROGRAMS[name], steps=40)
    _, engine = by_engine(PROGRAMS[name], steps=40)
    assert (
        ours == pytest.approx(engine, rel=1e-9, abs=1e-12) or "draws" in program.reason or "changes" in program.reason
    )
    assert sum(map(len, program.variants.values())) <= 16 and program.recorded <= 17


def test_a_small_program_is_the_engines_until_somebody_wants_its_arrays() -> None:
    function, w = small()
    program = compile(function, 3.0)
    assert [program(3.0), w.grad] == [0.25, 3.0] and not program.reason
    assert program.recorded == program.uses == 0
    assert "v1 = x * w" in str(program).replace("w * x", "x * w") and program.recorded == 1
    assert program.gradients == {"w": pytest.approx([3.0])} or list(program.gradients.values()) == [pytest.approx(3.0)]
    assert program(5.0) == 2.25 and program.uses == 0


def test_a_nan_is_named_whoever_runs_the_function() -> None:
    w = Value(0.5)
    program = compile(lambda X: sum(w * x for row in X for x in row), [[1.0, 2.0]])
    with pytest.raises(ValueError, match=r"X\[0\]\[1\] is nan"):
        program([[1.0, float("nan")]])
    assert program([[1.0, 2.0]]) == 1.5 and program.uses == 0


def test_a_large_program_is_compiled_at_once() -> None:
    function, _ = large()
    program = compile(function, POINTS)
    program(POINTS)
    assert program.uses == program.recorded == 1


@pytest.mark.parametrize("options", [{"exact": True}, {"backend": "numpy"}])
def test_who_says_how_to_compile_has_it_compiled(options: Any) -> None:
    function, _ = small()
    program = compile(function, 3.0, **options)
    program(4.0)
    assert program.uses == program.recorded == 1


def test_many_steps_at_once_are_worth_a_graph() -> None:
    function, w = small()
    xs = [1.0, 2.0] * 10
    program = compile(lambda xs: sum([function(x) for x in xs]), xs)
    program.fit(xs, optimizer=SGD([w], 0.01), epochs=2000)
    assert program.uses == 2000 and w.data == pytest.approx(0.6)


def test_what_was_lost_is_bounded_however_calls_go() -> None:
    account, rng = cost.Account(), random.Random(1)
    account.measure(cost.of_engine(500, 10), 500, 20)
    engine = ours = 0.0
    for _ in range(3000):
        engine, ours = engine + account.engine, ours + account.engine
        account.left += account.allowance
        if account.affords:
            account.compiled()
            ours += account.compiling
        elif rng.random() < 0.1:
            account.in_vain()
            account.left -= account.allowance
            ours += account.call
        assert ours <= (1.0 + cost.MORE) * engine + account.compiling


@pytest.mark.parametrize("rows", ["Rows", "list"])
def test_a_language_model_learns_the_same_with_plain_lists(rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if rows == "list":  # as it stands in code for another engine
        monkeypatch.setattr("micrograd_like.compiler.Rows", list)
    lesson = runpy.run_path(str(Path(__file__).parent.parent / "examples" / "gpt.py"))
    names = ["ada", "eve", "ada", "bob"]

    def learnt(compiled: bool) -> list[float]:
        model = lesson["new_model"](["a", "b", "d", "e", "o", "v"], random.Random(1))
        parameters = lesson["parameters"](model)
        optimizer = Adam(parameters, lr=0.01)
        texts = [lesson["tokens"](name, ["a", "b", "d", "e", "o", "v"]) for name in names]
        program = compile(lambda text: lesson["loss_of"](text, model), texts[0]) if compiled else None
        found = []
        for text in texts:
            if program:
                found.append(program.step(optimizer, text))
                continue
            loss = lesson["loss_of"](text, model)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            found.append(loss.data)
        assert program is None or not program.reason
        return found

    assert learnt(True) == pytest.approx(learnt(False), rel=1e-9)
