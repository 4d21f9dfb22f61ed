"""What an editor knows of the library: pyright, which CI installs for this file alone, reads it as an editor does."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyright", reason="pyright is not installed: pip install 'pyright[nodejs]'")
ROOT = Path(__file__).parent.parent
MISTAKES = [  # lines in which an editor must see what is wrong
    "from micrograd_like import tanhh",
    "from micrograd_like import Valeu",
    "from micrograd_like.steps import walkk",
    "import micrograd_like as m; m.drow",
    "from micrograd_like import Value; Value(1.0).tahn()",
    "from micrograd_like import draw, Value; draw(Value(1.0), engine='graphwiz')",
    "from micrograd_like import MLP; MLP(2, [1], activation='tahn')",
    "from micrograd_like import MLP; MLP(2, [1], init='xaver')",
    "from micrograd_like import MLP, fit; fit(MLP(2, [1]), [], [], 'hindge')",
    "from micrograd_like import MLP, fit; fit(MLP(2, [1]), [], [], compile='atuo')",
    "from micrograd_like.exercises import generate; generate('fan-outt')",
    "from micrograd_like import Value, compile; compile(Value(1.0), backend='cuda')",
    "from micrograd_like import use; use('rust')",
]


def pyright(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run pyright on a folder, with this repository on the path, and return what it says."""
    settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_ordinary_code_has_no_error_and_misspelt_code_has(tmp_path: Path) -> None:
    (tmp_path / "user_code.py").write_bytes((ROOT / "tests" / "user_code.py").read_bytes())
    for i, line in enumerate(MISTAKES):
        (tmp_path / f"wrong_{i}.py").write_text(line + "\n", encoding="utf-8")
    found = pyright(tmp_path)["generalDiagnostics"]
    wrong = {Path(x["file"]).stem for x in found if x["severity"] == "error"}
    assert "user_code" not in wrong, [x for x in found if "user_code" in x["file"]]
    missed = [line for i, line in enumerate(MISTAKES) if f"wrong_{i}" not in wrong]
    assert not missed, f"{missed} type-check"


def test_types_are_complete(tmp_path: Path) -> None:
    report = pyright(tmp_path, "--verifytypes", "micrograd_like", "--ignoreexternal")["typeCompleteness"]
    unknown = [x["name"] for x in report["symbols"] if x["isExported"] and not x["isTypeKnown"]]
    assert report["completenessScore"] >= 0.95, f"unknown: {unknown}"
