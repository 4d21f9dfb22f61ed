"""The pages about the code name what is there: docs/trust.md its tests, docs/architecture.md its functions."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))
import architecture  # noqa: E402
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


def test_the_ways_through_the_house_end_where_the_page_says() -> None:
    forward, backward = architecture.run(architecture.FIT, ["Value.apply", "chain_rule"], "1")
    assert forward[1] == backward[1] == "micrograd_like.train:fit"
    assert forward[-1].endswith("engine:Value.apply") and backward[-1].endswith("engine:chain_rule")
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert "engine.Value.apply`" in page and "engine.chain_rule`" in page and "the loop in C" in page
    assert {room for edge in architecture.edges() for room in edge} == set(architecture.ROOMS)
