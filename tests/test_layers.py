"""The architecture, as far as a program can see it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "micrograd_like"
ORDER = {
    "": """
        shows ops engine _engine graph
        functions data losses nn optim checkpoint train
        drawing mistakes steps exercises compiler views __main__
    """,
    "graph": "columns copies names gradcheck parse",
    "drawing": "layering layout picture boxes fold draw plots",
    "mistakes": "mistake passes whole_pass slopes script",
    "steps": "source_lines formulas walk explain what_if answer_key",
    "exercises": """
        progress questions answers diagnosis messages marking confusions exercise concepts generator bugs build
    """,
    "views": """
        javascript walk_page animation training widget terminal landscape blanks practice worksheets
        terminal_exercise
    """,
}


def imports(path: Path, dots: int) -> set[str]:
    """The modules that a module imports when it is loaded, from the package that many dots up; later ones are free."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level == dots:
            found |= {node.module.split(".")[0]} if node.module else {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("package", ORDER)
def test_imports_point_down(package: str) -> None:
    order, outer = ORDER[package].split(), ORDER[""].split()
    for path in (PACKAGE / package).glob("*.py"):
        if path.stem != "__init__":
            assert not imports(path, 1) & set(order[order.index(path.stem) :]), path
            assert not package or not imports(path, 2) & set(outer[outer.index(package) :]), path


def test_the_engine_is_read_in_one_sitting() -> None:
    assert len((PACKAGE / "engine.py").read_text(encoding="utf-8").splitlines()) <= 150
    assert imports(PACKAGE / "engine.py", 1) == {"ops"}


def test_the_core_needs_the_standard_library_only() -> None:
    import sys

    for path in [*PACKAGE.glob("*.py"), *[p for name in ORDER if name for p in (PACKAGE / name).glob("*.py")]]:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names, path
