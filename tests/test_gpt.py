"""The lesson in examples/gpt.py learns, as scalars and as the matrices found in them."""

import os
import random
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from micrograd_like import Value

LESSON = Path(__file__).parent.parent / "examples" / "gpt.py"


def test_a_name_learnt_again_and_again_surprises_less() -> None:
    gpt = runpy.run_path(str(LESSON))
    names = gpt["read_names"](LESSON.with_name("names.txt"))
    letters = gpt["alphabet"](names)
    model = gpt["new_model"](letters, random.Random(1))
    optimizer = gpt["Adam"](gpt["parameters"](model))
    assert 4000 < len(optimizer.params) < 4300 and all(isinstance(p, Value) for p in optimizer.params)
    losses = [gpt["train_step"]("ada", model, letters, optimizer, 0.02) for _ in range(4)]
    assert losses == sorted(losses, reverse=True) and losses[-1] < 0.8 * losses[0]
    assert set(gpt["invent"](model, letters, random.Random(1))) <= set(letters)


def test_compiled_it_learns_the_same() -> None:
    pytest.importorskip("numpy")
    gpt = runpy.run_path(str(LESSON))
    letters, found = gpt["alphabet"](["ada", "bea", "dan"]), []
    for compiled in (False, True):
        model = gpt["new_model"](letters, random.Random(1))
        optimizer = gpt["Adam"](gpt["parameters"](model))
        step = gpt["compiled_step"](model) if compiled else gpt["train_step"]
        found.append([step(name, model, letters, optimizer, 0.02) for name in ("ada", "be", "dan", "be")])
    assert found[1] == pytest.approx(found[0], rel=1e-9)


def test_the_lesson_is_a_program_that_takes_any_file_of_names(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("ann\nnan\n")
    run = [sys.executable, str(LESSON), str(tmp_path / "names.txt"), "--steps", "2"]
    env = os.environ | {"PYTHONPATH": str(LESSON.parent.parent)}
    shown = subprocess.run(run, capture_output=True, text=True, check=True, env=env).stdout
    assert shown.startswith("2 names of 2 letters") and "It invents:" in shown
