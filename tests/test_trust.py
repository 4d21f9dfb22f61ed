"""The pages about the code name what is there: docs/trust.md its tests, docs/architecture.md its functions."""

import ast
import re
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


def test_the_page_of_the_house_names_what_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"\[`([\w.]+)`\]\(\.\./([\w/]+\.py)\) \|", page)
    assert len(named) > 30
    for place, path in named:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"def {place.rpartition('.')[2]}\(", source), f"{place}: run python docs/architecture.py"
    picture = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    assert picture == architecture.picture(), "run python docs/architecture.py"
