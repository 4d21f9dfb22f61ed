#!/usr/bin/env bash
# Plays the stranger: does what CONTRIBUTING.md says, word for word, in a fresh clone, and looks whether it works.
# An operation by definition, one of Python's math, a learner's own, a local mistake, one of the whole pass, a backend.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(command -v "${PYTHON:-python3}")
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
git clone -q . "$tree"
cd "$tree"
PYTHONPATH="$tree" "$python" tests/stranger.py
