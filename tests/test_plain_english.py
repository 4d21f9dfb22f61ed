"""Plain English: words that must not come back, and texts for learners that are easy to read."""

import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
INSTEAD = {  # what must not come back, and what to write
    r"\bhand(s|ed|ing)? (it |them |its gradients? |the gradient |that )?(on|back)\b(?! paper)": "passes back",
    r"\bderiv(e|ed|es|ing)\b(?! (from|that))": "differentiate",
    r", for (it|they|there|that|this|then|no|nothing|one|what|all|each|only|here|behind|its|a node) (?!of\b)"
    r"[a-z]* ?(is|are|has|have|was|were|can|does|moves|takes|gives|named|explains)\b": "because",
    r"(?<!there )\bis no (?!longer\b|more than\b|less\b)[a-z]+\b": "is not a",
    r"\bcomes? out otherwise\b": "differs",
    r"\bin the place of\b": "instead of",
    r"\bis another (?!name\b|way\b|one\b)": "differs",
    r"\bit may as well have been\b": "another possible cause",
    r"\bby hand-?ful\b|\bunto\b|\bwhereof\b|\bthereof\b": "the usual word",
}
BANNED = re.compile("|".join(f"(?:{pattern})" for pattern in INSTEAD), re.IGNORECASE)
GRADE = 8.0
PAGES = [ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in ("glossary", "walk", "classrooms"))]
LESSONS = sorted((ROOT / "notebooks").rglob("[0-9]*.ipynb"))


def files() -> Iterator[Path]:
    """Every file in which a person reads sentences."""
    yield from sorted(ROOT.glob("*.md"))
    for folder in ("docs", "notebooks", "micrograd_like", "examples", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".md", ".py", ".ipynb", ".js", ".pyi", ".c", ".h") and "lessons" not in path.parts:
                yield path


def sentences(path: Path) -> Iterator[str]:
    """The text of a file: all of a page, the cells of a notebook, the strings and comments of a program."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        for cell in json.loads(text)["cells"]:
            yield "".join(cell["source"])
    elif path.suffix in (".py", ".pyi"):
        kinds = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", -1)}
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in kinds:
                yield token.string
    else:
        yield re.sub(r"<!-- measured -->.*?<!-- end of measured -->", "", text, flags=re.DOTALL)


def found(path: Path) -> list[str]:
    return [hit[0] for text in sentences(path) for hit in BANNED.finditer(re.sub(r"\s+", " ", text))]


@pytest.mark.parametrize("path", [*files()], ids=lambda path: str(path.relative_to(ROOT)))
def test_words_that_must_not_come_back(path: Path) -> None:
    assert not found(path), f"Write plain English: {INSTEAD.values()}"


@pytest.mark.parametrize(
    "text",
    ["it hands on its gradient", "derived again", "a list is no answer", "right, for it is open", "is another graph"],
)
def test_the_list_finds_what_it_is_for(text: str) -> None:
    assert BANNED.search(text)


@pytest.mark.parametrize("path", [*PAGES, *LESSONS], ids=lambda path: path.stem)
def test_a_learners_text_is_easy_to_read(path: Path) -> None:
    if path.suffix == ".ipynb":
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    else:
        text = path.read_text(encoding="utf-8")
    assert grade(prose(text)) <= GRADE


def grade(text: str) -> float:
    """The school grade that a text asks for (Kincaid et al., 1975), its syllables counted by Pyphen.

    Not textstat, which fetches a dictionary from the network when it is first used.
    """
    dictionary = pytest.importorskip("pyphen").Pyphen(lang="en_US")
    words = re.findall(r"[A-Za-z][A-Za-z'-]*", text)
    ends = max(len(re.findall(r"[.!?]+(?=\s|$)", text)), 1)
    syllables = sum(dictionary.inserted(word).count("-") + 1 for word in words)
    return 0.39 * len(words) / ends + 11.8 * syllables / len(words) - 15.59


def prose(markdown: str) -> str:
    """The sentences of a page: no code, no tables, no headings, no pictures; a link is its text."""
    text = re.sub(r"```.*?```", "", markdown, flags=re.DOTALL)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)|^[|#>].*$|^    .*$|^<.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`[^`]*`", "it", text).replace("*", "")
    blocks = [" ".join(block.split()) for block in re.split(r"\n\s*\n|\n(?=[-*] |\d+\. )", text)]
    ended = [block if block.endswith((".", "?", "!")) else block.rstrip(" :;,") + "." for block in blocks if block]
    return " ".join(ended)
