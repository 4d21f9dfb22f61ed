"""The whole suite runs on both engines: on that in C, where it was built, and on the Python that one reads.

`pytest --engine C` or `--engine Python` runs it on one. Engines are chosen when the package is imported, so the
second run is a process of its own; it leaves out pages, which compute in JavaScript, and statistics, and without
`--long` also what hardly asks an engine.
`pytest --long` tries everything that a test marked `long` can try, and else a part: see sizes.py. `pytest --shuffle 7`
runs the files, and the tests in each, in an order drawn with the seed 7.
"""

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Generator

import pytest
import sizes
from hypothesis import settings

# How long an example takes says more of the machine than of us; in CI, the same code is tested by the same examples.
settings.register_profile("ours", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("ours")
ONCE = [
    f"--ignore-glob=*{name}*"
    for name in ("test_browser_", "_measured", "test_benchmarks", "test_doctor", "test_migrate")
]
LONG_AGAIN = """
    advice_commands animation apart class classroom course docs drawn engines exam fold generate house javascript
    landscape layers layout learn lms main mistakes_everywhere names notebooks packaging picture plain_english plots
    sentences shows site terminal training types widget worksheet
"""  # what hardly asks an engine: on a second one only with --long


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=("both", "C", "Python"), default="both", help="the engine to test")
    parser.addoption("--again", action="store_true", help="as the second run does: leave out what needs no second")
    parser.addoption("--long", action="store_true", help="try all that the tests marked `long` can try")
    parser.addoption("--shuffle", metavar="SEED", help="run the files, and the tests in each, in a drawn order")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("engine") == "Python":
        os.environ["MICROGRAD_LIKE_PURE"] = "1"
    sizes.LONG = config.getoption("long")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests in the order that was asked for; a file stays together, because its tests share a browser."""
    if config.getoption("again"):
        late = [item for item in items if item.path.stem.removeprefix("test_") in LONG_AGAIN.split()]
        for item in late:
            item.add_marker(pytest.mark.long)
        if not sizes.LONG:
            items[:] = [item for item in items if item not in set(late)]
            config.hook.pytest_deselected(items=late)
    seed = config.getoption("shuffle")
    if seed is not None:
        keys = {item: random.Random(f"{seed} {item.nodeid}").random() for item in items}
        items.sort(key=lambda item: (random.Random(f"{seed} {item.path}").random(), str(item.path), keys[item]))


def pytest_report_header() -> str:
    from micrograd_like import _engine

    return f"engine: {_engine.NAME}"


@pytest.fixture(autouse=True)
def same_weights() -> None:
    """Each test draws the weights that it would draw alone in a process."""
    from micrograd_like import seed

    seed(1)


@pytest.fixture(autouse=True)
def compiled_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of what is compiled compile small programs too, which the engine runs in less time otherwise."""
    if request.module.__name__.startswith(("test_compile", "test_gpt")):
        monkeypatch.setattr("micrograd_like.compiler.cost.AT_ONCE", True)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Run what was asked for on the other engine too, at the same time, and show how it went in the end."""
    from micrograd_like import _engine

    both = session.config.getoption("engine") == "both" and _engine.c and not session.config.option.collectonly
    if not both:
        return (yield)
    again = [
        sys.executable,
        "-m",
        "pytest",
        *session.config.invocation_params.args,
        "--engine",
        "Python",
        "--again",
        *ONCE,
    ]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        here = dict(os.environ)  # and not what readline adds behind Python's back: the width of a terminal
        other = subprocess.Popen(again, env=here, stdout=output, stderr=subprocess.STDOUT)
        try:
            return (yield)
        finally:
            session.testsfailed += other.wait() not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
            output.seek(0)
            print("\n\nOn the engine in Python:\n" + output.read(), end="\nOn the engine in C:\n")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Skip what needs a process of its own where there are none, in a browser's Python."""
    try:
        return (yield)
    except OSError as error:
        if sys.platform != "emscripten" or "does not support processes" not in str(error):
            raise
        pytest.skip("there are no processes here")
