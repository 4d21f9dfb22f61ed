"""Write docs/trust.md: each promise, the test that holds it, and what its last run gave. `python docs/trust.py`

It takes some minutes. `--attacks N` sets how many hostile inputs are tried.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import house

ROOT = Path(__file__).parent.parent
PROMISES: dict[str, dict[str, list[str]]] = tomllib.loads((ROOT / "docs" / "promises.toml").read_text(encoding="utf-8"))


def wanted() -> list[str]:
    """Return what pytest is to run: whole files, or functions in them."""
    tests = sorted({test for rows in PROMISES.values() for tests in rows.values() for test in tests})
    return [f"tests/{_shown(test)}" for test in tests]


def outcomes() -> Counter[tuple[str, str, str]]:
    """Run the tests; return how often each (file, function) passed, failed or was skipped."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "--engine", "C", f"--junitxml={report}", *wanted()]
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        found: Counter[tuple[str, str, str]] = Counter()
        for case in ElementTree.parse(report).iter("testcase"):
            file = case.get("classname", "").rpartition("test_")[2]
            name = re.sub(r"\[.*", "", case.get("name", ""), flags=re.DOTALL)
            bad = case.find("failure") is not None or case.find("error") is not None
            how = "**failed**" if bad else "skipped" if case.find("skipped") is not None else "passed"
            found[file, name, how] += 1
    return found


def counted(found: Counter[tuple[str, str, str]], tests: list[str]) -> str:
    """Return how the tests of one promise went."""
    total: Counter[str] = Counter()
    for test in tests:
        file, _, name = test.partition("::")
        for (its_file, its_name, how), count in found.items():
            if its_file == file and name in ("", its_name):
                total[how] += count
    said = [f"{total[how]:,} {how}" for how in ("passed", "**failed**", "skipped") if total[how]]
    return ", ".join(said) or "not run"


def measured(attacks: int) -> list[tuple[str, str, str]]:
    """Return what commands measure: promise, command, figure."""
    hostile = [sys.executable, "tests/hostile.py", str(attacks)]
    said = subprocess.run(hostile, cwd=ROOT, text=True, capture_output=True, env=_environment()).stdout.splitlines()
    code = "import time; t = time.perf_counter(); import micrograd_like; print(time.perf_counter() - t)"
    times = sorted(
        float(subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True).stdout)
        for _ in range(9)
    )
    found = house.all_imports()
    climbs, circles = len(house.climbs(found)), len(house.circles(found))
    shape = f"{len(house.modules())} modules, {len(found)} imports, {climbs} that climb, {circles} circles"
    return [
        ("Hostile input does no harm", f"`python tests/hostile.py {attacks}`", "; ".join(said[-2:])),
        ("`import micrograd_like` takes at most 0.08 s", "the median of 9 processes", f"{times[4]:.3f} s"),
        ("The house has no circles", "`docs/house.py`", shape),
    ]


def _environment() -> dict[str, str]:
    import os

    return os.environ | {"PYTHONPATH": str(ROOT)}


def page(attacks: int) -> str:
    """Return the page."""
    import micrograd_like
    from micrograd_like import _engine

    begun = time.monotonic()
    found, figures = outcomes(), measured(attacks)
    lines = [
        "# What you can rely on",
        "",
        "Written by `python docs/trust.py`, which runs what it names. Each row: a promise, the test that fails",
        "where it is broken, and what the last run of that test gave. Each case of a test counts.",
        "",
        f"Last run: {datetime.date.today()}, version {micrograd_like.__version__}, engine in {_engine.NAME}, "
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}.",
    ]
    for title, rows in PROMISES.items():
        lines += ["", f"## {title}", "", "| promise | held by | last run |", "|---|---|---|"]
        for promise, tests in rows.items():
            held = ", ".join(f"`{_shown(test)}`" for test in tests)
            lines.append(f"| {promise} | {held} | {counted(found, tests)} |")
    lines += ["", "## Measured", "", "| promise | command | last run |", "|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in figures]
    lines += ["", *BESIDE, "", f"The run took {(time.monotonic() - begun) / 60:.0f} minutes."]
    return "\n".join(lines) + "\n"


def _shown(test: str) -> str:
    file, _, name = test.partition("::")
    return f"test_{file}.py" + f"::{name}" * bool(name)


BESIDE = [
    "## What is not promised",
    "",
    "* **Pickles from strangers are not safe**, as no pickle is. `save_model` and `load_model` are.",
    "  [SECURITY.md](../SECURITY.md) has the rest.",
    "* **Threads**: one graph belongs to one thread at a time.",
    "* **Subinterpreters, and Python without the GIL**: the one in C is not loaded there; the one in Python runs.",
    "* **Attackers**: a learner's code is run with limits against accidents, not in a sandbox.",
    "* Compiled programs may add in another order than the engine, to a relative 1e-12, unless `exact=True`.",
    "",
    "`.ci/run` runs all of the suite from a fresh clone with the newest of every package, on every other Python that",
    "it finds all but what asks a browser, and parts in a browser's Python and under sanitizers. It plays a newcomer",
    "and a stranger too.",
]


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attacks", type=int, default=100_000)
    text = page(parser.parse_args().attacks)
    (ROOT / "docs" / "trust.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
