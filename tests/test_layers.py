"""The architecture, as far as a program can see it."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "micrograd_like"
sys.path.insert(0, str(ROOT / "docs"))
import house  # noqa: E402


@pytest.mark.parametrize("source", house.modules())
def test_imports_point_down(source: str) -> None:
    found = house.climbs(list(house.imports(source)))
    climbing = [str(x) for x in found if x.where != "types"]
    assert not climbing, f"{climbing}: an import points down, also one in a function; the order is in docs/house.py"


def test_there_are_no_circles() -> None:
    assert house.circles(house.all_imports()) == []


def test_a_climb_and_a_circle_would_be_seen() -> None:
    down = house.Import("steps.walk", "engine", 1, "module")
    up = house.Import("engine", "steps.walk", 1, "function")
    own = house.Import("drawing.boxes", "drawing.__init__", 1, "module")
    assert house.climbs([down, up, own]) == [up, own]
    assert house.circles([down, up]) == [["engine", "steps.walk"]]
    assert {x.where for x in house.all_imports()} == {"module", "function"}


def test_the_figures_of_the_house() -> None:
    figures = house.figures()
    assert figures["circles of imports"] == figures["imports that climb"] == "0"
    rules = figures["statements of the chain rule"]
    assert "engine.py" in rules and "passes.h" in rules and "plan.py" in rules
    assert int(rules.partition(":")[0]) <= 7, "The chain rule is the engine's. Use chain_rule or backward_steps."


def test_the_engine_is_read_in_one_sitting() -> None:
    assert len((PACKAGE / "engine.py").read_text(encoding="utf-8").splitlines()) <= 150
    assert {x.target.split(".")[0] for x in house.imports("engine")} == {"ops"}


@pytest.mark.parametrize("source", house.modules())
def test_the_core_needs_the_standard_library_only(source: str) -> None:
    for node in ast.parse(house.modules()[source].read_text(encoding="utf-8")).body:
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names, source
