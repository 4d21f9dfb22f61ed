"""Every notebook runs from top to bottom, is committed without outputs, and asserts what its text claims."""

import json
import os
import re
from pathlib import Path
from random import Random

import pytest
from notebook_runner import Mutant, code_cells, mutants, run, survives
from sizes import long, many

from micrograd_like.exercises.build import check_backward, check_manual, check_mul, check_rule, check_value

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SAMPLED = many(1, 3)  # constants changed in each notebook; MUTANTS=all changes every one
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def markdown(path: Path) -> list[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]


@each
def test_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": path.parent}}).execute()


@each
def test_has_no_outputs(path: Path) -> None:
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs") and not cell.get("execution_count")
        assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", cell["id"])


@each
@long
def test_a_changed_constant_is_noticed(path: Path) -> None:
    """Each check cell asserts what the text around it claims, so a result that changes makes one fail."""
    cells = code_cells(path)
    if any("compile" in cell.source for cell in cells):
        pytest.importorskip("numpy")
    run([cell.source for cell in cells])
    found = [*mutants(cells)]
    chosen: list[Mutant] = found if os.environ.get("MUTANTS") == "all" else Random(path.stem).sample(found, SAMPLED)
    missed = [m for m in chosen if survives(cells, m)]
    assert not missed, [(m.before, m.source.splitlines()[m.line - 1]) for m in missed]


@pytest.mark.parametrize("number", range(1, len(NOTEBOOKS) + 1))
def test_a_lesson_says_its_number_time_and_what_comes_next(number: int) -> None:
    path = NOTEBOOKS[number - 1]
    head, *rest = markdown(path)
    assert path.stem.startswith(f"{number:02}") and head.startswith(f"# {number}. ")
    assert re.search(r"\*\*\d+ minutes", head) and "You need" in head and "Afterwards you can" in head
    assert re.search(r"\*\*Next:\*\* " + (f"lesson {number + 1}" if number < len(NOTEBOOKS) else "your own"), head)
    asked = "\n".join([head, *rest]).lower()
    assert "predict" in asked, "a learner predicts before seeing"


SOLUTIONS = [  # of lesson 6: the one change that mends each cell, and how it is then marked
    (check_rule, ("1 - x**2", "1 - out**2"), "slope_of_tanh", ("tanh",)),
    (check_mul, ("self.grad = other", "self.grad += other"), "mul", ()),
    (check_backward, ("in topological_order(root)", "in reversed(topological_order(root))"), "backward", ()),
    (check_value, ("    def __mul__", "    __radd__ = __add__\n\n    def __mul__"), "Value", ()),
    (check_manual, ('v["z"] ** 2', 'v["h"] ** 2'), "by_hand", ()),
]


@pytest.mark.parametrize(("check", "mend", "name", "first"), SOLUTIONS, ids=lambda x: getattr(x, "__name__", ""))
def test_a_small_change_solves_each_task_and_the_next_cell_does_not_show_it(check, mend, name, first) -> None:  # type: ignore[no-untyped-def]
    [path] = [path for path in NOTEBOOKS if path.stem.startswith("06")]
    cells = [cell.source for cell in code_cells(path) if not cell.is_check]
    [attempt] = [source for source in cells if (check.__name__ + "(" in source and f"def {name}(" in source) or
                 (f"class {name}:" in source and check is check_value)]  # fmt: skip
    before, after = mend
    assert before in attempt and after not in "".join(cells[cells.index(attempt) :][:2])
    space = run([*cells[: cells.index(attempt)], attempt])
    assert not check(*first, space[name])
    mended = attempt.replace(before, after).replace("other.grad = self", "other.grad += self")
    space = run([*cells[: cells.index(attempt)], mended])
    assert check(*first, space[name])


@each
def test_no_cell_after_an_exercise_tells_its_answers(path: Path) -> None:
    cells = [cell.source for cell in code_cells(path) if not cell.is_check]
    shown = [source for source in cells if re.search(r"\.answers\b|level=[2-4]|\.key\(|hints\(", source)]
    assert not shown
