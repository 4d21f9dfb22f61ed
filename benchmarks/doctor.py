"""How many wrong training loops the doctor names, and of how many right ones it says something."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from micrograd_like.steps.doctor.examine import examine

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))


def main() -> None:
    """Examine every loop of tests/loops_wrong.py and tests/loops_right.py, and print what was missed or alarmed."""
    from loops_right import RIGHT
    from loops_wrong import WRONG

    named = proved = silent = 0
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "loop.py"
        for name, (id, text) in WRONG.items():
            script.write_text(text, "utf-8")
            found = [finding for finding in examine(str(script))[0] if finding.id == id]
            named, proved = named + bool(found), proved + any(finding.proved for finding in found)
            if not found:
                print(f"not named: {name} ({id})")
        for name, text in RIGHT.items():
            script.write_text(text, "utf-8")
            findings, _ = examine(str(script))
            silent += not findings
            for finding in findings:
                print(f"false alarm: {name}: {finding.id}")
    print(f"{named} of {len(WRONG)} wrong loops named, {proved} of them proved")
    print(f"nothing said of {silent} of {len(RIGHT)} right ones")
