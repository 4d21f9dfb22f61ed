#!/usr/bin/env bash
# The core in a browser's Python, as WebAssembly under node: `tests/pyodide.sh [TESTS]`. Needs npm and pip.
set -euo pipefail
cd "$(dirname "$0")/.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip download --quiet --no-deps --only-binary=:all: --platform any --python-version 3.14 --dest "$place/wheels" \
    pytest pluggy iniconfig packaging pygments sortedcontainers hypothesis mpmath
npm install --silent --no-audit --no-fund --prefix "$place" pyodide >/dev/null 2>&1
[ $# -gt 0 ] || set -- tests/test_engine.py tests/test_nn.py tests/test_losses.py \
    tests/test_walk.py
NODE_PATH="$place/node_modules" WHEELS="$place/wheels" node tests/pyodide.cjs "$@"
