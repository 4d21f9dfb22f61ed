"""The whole suite runs on both engines: on that in C, where it was built, and then on the Python that one reads.

`pytest --engine C` or `--engine Python` runs it on one. Engines are chosen when the package is imported, so the
second run is a process of its own.
"""

import os
import subprocess
import sys
from collections.abc import Generator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=("both", "C", "Python"), default="both", help="the engine to test")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("engine") == "Python":
        os.environ["MICROGRAD_LIKE_PURE"] = "1"


def pytest_report_header() -> str:
    from micrograd_like import _native

    return f"engine: {_native.NAME}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Run what was asked for once more, on the other engine."""
    yield
    from micrograd_like import _native

    stopped = session.exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.USAGE_ERROR)
    if session.config.getoption("engine") == "both" and _native.c and not stopped:
        print("\nOnce more, on the engine in Python:", flush=True)
        again = [sys.executable, "-m", "pytest", *session.config.invocation_params.args, "--engine", "Python"]
        other = subprocess.run(again, check=False).returncode
        session.exitstatus = session.exitstatus or other
