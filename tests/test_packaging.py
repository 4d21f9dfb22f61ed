"""What is installed: light to import, typed, complete, with its bounds, the same bytes from the same sources."""

import ast
import hashlib
import importlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import micrograd_like

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
HEAVY = {
    "subprocess", "http", "email", "tempfile", "socket", "ssl", "urllib.request", "asyncio", "shutil", "difflib",
    "inspect", "xml", "json", "argparse", "numpy", "importlib.metadata", "importlib.resources",
}  # fmt: skip
FIRST_LINES = "import micrograd_like; from micrograd_like import Value; (Value(2.0) * 3.0).tanh().backward()"


@pytest.mark.parametrize("pure", ["0", "1"])
def test_an_import_waits_for_nothing_that_a_first_line_does_not_need(pure: str) -> None:
    code = f"import sys; before = set(sys.modules); {FIRST_LINES}; print(*sys.modules.keys() - before)"
    env = os.environ | {"MICROGRAD_LIKE_PURE": pure}
    python = [sys.executable, "-S", "-c", code]
    said = subprocess.run(python, cwd=ROOT, env=env, text=True, capture_output=True, check=True)
    assert not HEAVY & set(said.stdout.split())
    rooms = {name.split(".")[1] for name in said.stdout.split() if name.startswith("micrograd_like.")}
    assert rooms <= {"_engine", "base", "engine", "graph", "ops", "views"}


def test_editors_and_dir_show_what_is_public_and_every_operation() -> None:
    shown = dir(micrograd_like)
    assert {*micrograd_like.__all__, *micrograd_like.OPS, "__version__"} <= set(shown)
    assert all(hasattr(micrograd_like, name) for name in shown)
    stub = ast.parse((ROOT / "micrograd_like" / "__init__.pyi").read_text(encoding="utf-8"))
    typed = {alias.asname or alias.name for x in ast.walk(stub) if isinstance(x, ast.ImportFrom) for alias in x.names}
    typed |= {x.target.id for x in stub.body if isinstance(x, ast.AnnAssign) and isinstance(x.target, ast.Name)}
    assert {*micrograd_like.__all__, *micrograd_like.OPS} <= typed
    with pytest.raises(AttributeError, match="no attribute 'tahn'"):
        _ = micrograd_like.tahn


def test_a_misspelt_import_does_not_pass_a_type_checker() -> None:
    pytest.importorskip("mypy")
    code = "from micrograd_like import Value, tanh, tahn\nreveal_type(tanh(Value(1.0)))\n"
    mypy = [sys.executable, "-m", "mypy", "--strict", "-c", code]
    said = subprocess.run(mypy, cwd=ROOT, text=True, capture_output=True).stdout
    assert 'no attribute "tahn"' in said and said.count("<string>:1: error") == 1 and "<string>:2: error" not in said
    assert "micrograd_like.engine.Value" in said


def test_the_version_is_said_in_one_place_and_has_its_entry_in_the_changelog() -> None:
    assert "version" in PROJECT["dynamic"] and "version" not in PROJECT
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", micrograd_like.__version__)
    number = micrograd_like.__version__.split("rc")[0]
    assert f"## [{number}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"version: {micrograd_like.__version__}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


@pytest.mark.parametrize("extra", EXTRAS)
def test_every_extra_says_from_which_version_on(extra: str) -> None:
    for requirement in EXTRAS[extra]:
        assert requirement.startswith("micrograd-like[") or re.fullmatch(r"[a-z-]+>=[\d.]+", requirement)


def test_all_is_every_extra_but_what_only_tests_need() -> None:
    [everything] = EXTRAS["all"]
    assert set(re.split(r"[\[\],]", everything)[1:-1]) == EXTRAS.keys() - {"all", "docs", "test"}


MODULES = {"scikit-learn": "sklearn"}
INSTALLED_AS_PROGRAMS = {"ruff", "jupyterlab", "setuptools", "build", "mypy"}


@pytest.mark.parametrize("requirement", sorted({x for name, xs in EXTRAS.items() if name != "all" for x in xs}))
def test_what_is_required_can_be_imported_in_a_version_that_is_new_enough(requirement: str) -> None:
    from importlib import metadata

    name, least = requirement.split(">=")
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        pytest.skip(f"{name} is not installed")
    numbers = [[int(x) for x in re.findall(r"\d+", text)[:3]] for text in (version, least)]
    assert numbers[0] >= numbers[1], f"{name} {version} is older than pyproject.toml asks for"
    if name not in INSTALLED_AS_PROGRAMS and name != "torch":  # importing PyTorch takes seconds, and its tests do it
        importlib.import_module(MODULES.get(name, name))


LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "*.so", "__pycache__", "build", "dist", "out", "*.egg-info", ".*_cache"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two folders, each with a source distribution and the wheel without C, built from two copies of the tree."""
    pytest.importorskip("build.env")
    pytest.importorskip("setuptools", minversion="77")
    env = os.environ | {"MICROGRAD_LIKE_PURE": "1", "SOURCE_DATE_EPOCH": "1700000000"}
    running, folders = [], []
    for name in ("one", "another"):
        tree = tmp_path_factory.mktemp(name) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tree.parent / "built")]
        running.append(subprocess.Popen(command, cwd=tree, env=env, text=True, stdout=-1, stderr=-2))
        folders.append(tree.parent / "built")
    for process in running:
        said = process.communicate()[0]
        assert process.returncode == 0, said[-3000:]
    return folders


def test_two_builds_have_one_hash(built: list[Path]) -> None:
    hashes = [{p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()} for folder in built]
    assert hashes[0] == hashes[1] and len(hashes[0]) == 2


def test_a_wheel_without_c_runs_everywhere_and_has_types_and_lessons(built: list[Path]) -> None:
    [wheel] = built[0].glob("*.whl")
    assert "py3-none-any" in wheel.name
    names = zipfile.ZipFile(wheel).namelist()
    assert not any(name.endswith((".so", ".pyd", ".c", ".h")) for name in names)
    assert {"micrograd_like/py.typed", "micrograd_like/__init__.pyi", "micrograd_like/iris.csv"} <= set(names)
    lessons = {f"micrograd_like/lessons/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert lessons and lessons <= set(names)


def test_the_source_distribution_has_what_its_own_tests_need(built: list[Path]) -> None:
    [sdist] = built[0].glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    names = {name.partition("/")[2] for name in [member.name for member in members]}
    wanted = ["tests/*", "docs/*", "notebooks/*.ipynb", "examples/*", "benchmarks/*.py", "micrograd_like/**/*", "*.md"]
    there = {p.relative_to(ROOT).as_posix() for pattern in wanted for p in ROOT.glob(pattern) if p.is_file()}
    assert there and not {x for x in there if not re.search(r"__pycache__|\.(so|pyd|pyc)$", x)} - names
    assert {(member.uid, member.gid, member.uname) for member in members} == {(0, 0, "")}


@pytest.mark.parametrize("name", ["_interpreters", "_xxsubinterpreters"])
def test_a_subinterpreter_gets_the_engine_that_one_reads_and_is_told_so(name: str) -> None:
    interpreters = pytest.importorskip(name)
    code = (
        "import sys; sys.path.insert(0, '.'); from micrograd_like import Value, _engine; x = Value(3.0); "
        "(x * x).backward(); assert x.grad == 6.0; assert 'subinterpreter' in _engine.which(), _engine.which()"
    )
    run = f"import {name} as i; new = i.create(); said = i.run_string(new, {code!r}); i.destroy(new); assert not said"
    env = os.environ | {"MICROGRAD_LIKE_PURE": "0"}
    subprocess.run([sys.executable, "-c", run], cwd=ROOT, check=True, env=env)
    assert interpreters.get_current() == interpreters.get_main()


def test_a_python_without_the_gil_gets_the_engine_that_one_reads_and_is_told_so() -> None:
    code = (
        "import sys; sys._is_gil_enabled = lambda: False; from micrograd_like import Value, _engine; "
        "assert _engine.c is None and 'without the GIL' in _engine.which(), _engine.which()"
    )
    env = os.environ | {"MICROGRAD_LIKE_PURE": "0"}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True)
