"""Names, as far as a program can judge them: one thing has one name, and one name is one thing."""

import ast
import importlib
import inspect
import sys
from collections import defaultdict
from pathlib import Path

import pytest

import micrograd_like

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))
import house  # noqa: E402

TREES = {module: ast.parse(path.read_text(encoding="utf-8")) for module, path in house.modules().items()}
CLASSES = [
    (module, node) for module, tree in TREES.items() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
]


def test_no_two_modules_have_one_name() -> None:
    homes = defaultdict(list)
    for module in TREES:
        homes[module.rpartition(".")[2]].append(module)
    assert not {name: where for name, where in homes.items() if len(where) > 1 and not name.startswith("__")}


def test_no_class_name_has_two_meanings() -> None:
    homes = defaultdict(list)
    for module, node in CLASSES:
        homes[node.name].append(module)
    for module, tree in TREES.items():  # a name for a type, too
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if name in homes and not (isinstance(node.value, ast.Attribute) and node.value.attr == name):
                    homes[name].append(module)
    twice = [f"{name}: {' and '.join(where)}" for name, where in homes.items() if len(where) > 1]
    assert not twice, twice


def test_exceptions_end_in_error_and_warnings_in_warning() -> None:
    wrong = []
    for module, node in CLASSES:
        found = getattr(importlib.import_module(f"micrograd_like.{module.removesuffix('.__init__')}"), node.name, None)
        if isinstance(found, type) and issubclass(found, BaseException):
            end = "Warning" if issubclass(found, Warning) else "Error"
            wrong += [] if node.name.endswith(end) else [f"{module}.{node.name}"]
    assert not wrong


def test_siblings_take_the_output_first_and_then_with_respect_to_what() -> None:
    taken = {name: [*inspect.signature(getattr(micrograd_like, name)).parameters][:2] for name in (
        "explain", "paths", "nudge", "gradients"
    )}  # fmt: skip
    assert set(map(tuple, taken.values())) == {("output", "wrt")}, taken
    for optimizer in (micrograd_like.SGD, micrograd_like.Adam):
        parameters = inspect.signature(optimizer).parameters
        assert [*parameters][:2] == ["parameters", "lr"] and [*parameters][-1] == "maximize"
        assert all(x.default is not inspect.Parameter.empty for x in [*parameters.values()][1:])
    options = inspect.signature(micrograd_like.fit).parameters.values()
    assert [x.name for x in options if x.kind is not inspect.Parameter.KEYWORD_ONLY] == [
        "model",
        "X",
        "y",
        "loss",
        "epochs",
    ]


@pytest.mark.parametrize("names", [micrograd_like.__all__])
def test_the_public_surface_is_small(names: list[str]) -> None:
    assert len(names) <= 45, "A public name is kept for years. Put this one into a room instead."
    assert not [name for name in names if not hasattr(micrograd_like, name)]
