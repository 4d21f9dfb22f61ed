"""`python -m benchmarks NAME` runs benchmarks/NAME.py; without a name it lists them."""

import sys
from importlib import import_module
from pathlib import Path

files = Path(__file__).parent.glob("[!_]*.py")
names = sorted(path.stem for path in files if "\ndef main(" in path.read_text(encoding="utf-8"))
if len(sys.argv) < 2 or sys.argv[1] not in names:
    sys.exit(f"Write: python -m benchmarks NAME, where NAME is one of {', '.join(names)}.")
name = sys.argv.pop(1)
import_module(f"benchmarks.{name}").main()
