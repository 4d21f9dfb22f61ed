"""The architecture, as far as a program can see it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "micrograd_like"
MODULES = """
    methods ops engine _native copying capture notation graph check expression
    functions data losses nn optim checkpoint train
    layering layout picture boxes fold draw plots landscape
    mutations source formulas walk explain replay key
    progress questions answers diagnosis messages confusions exercises generate sketch build
    javascript page training widget practice worksheet terminal compile __main__
"""
ORDER = MODULES.split()


def imports(path: Path) -> set[str]:
    """The modules of this package that a module imports when it is loaded; later ones are its own affair."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            found |= {node.module.split(".")[0]} if node.module else {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_imports_point_down(path: Path) -> None:
    if path.stem != "__init__":
        above = ORDER[ORDER.index(path.stem) :]
        assert not imports(path) & set(above)


def test_the_engine_is_read_in_one_sitting() -> None:
    assert len((PACKAGE / "engine.py").read_text(encoding="utf-8").splitlines()) <= 150
    assert imports(PACKAGE / "engine.py") == {"ops"}


def test_the_core_needs_the_standard_library_only() -> None:
    import sys

    for path in PACKAGE.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names, path
