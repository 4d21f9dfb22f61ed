"""The examples in the docs give what they print."""

import doctest
from pathlib import Path

import pytest

from micrograd_like import Value
from micrograd_like.exercises.concepts import CONCEPTS
from micrograd_like.ops.errors import DomainError

PAGES = sorted((Path(__file__).parent.parent / "docs").glob("*.md"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_examples_run(path: Path) -> None:
    failed, _ = doctest.testfile(str(path), module_relative=False, encoding="utf-8")
    assert not failed


def test_what_the_readme_counts_and_quotes_is_so() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    assert f"[{len(CONCEPTS)} concepts" in readme
    with pytest.raises(DomainError) as told:
        Value(-1.0, label="p").log()
    kind = type(told.value)
    assert f"{kind.__module__}.{kind.__qualname__}: {told.value}\n" in readme
