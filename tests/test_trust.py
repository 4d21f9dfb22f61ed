"""Every promise on docs/trust.md names tests that exist."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))
import trust  # noqa: E402


@pytest.mark.parametrize("test", trust.wanted())
def test_the_tests_of_a_promise_exist(test: str) -> None:
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert not name or name in functions


def test_the_page_has_every_promise() -> None:
    page = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
    for rows in trust.PROMISES.values():
        assert all(promise in page for promise in rows), "run python docs/trust.py"
