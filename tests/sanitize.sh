#!/usr/bin/env bash
# The engine in C under AddressSanitizer and UndefinedBehaviorSanitizer, in a copy of the tree: each node is then a
# block of malloc's own, so that a use after its end is seen. Other arguments are those of pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(command -v "${PYTHON:-python3}")
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
tar cf - --exclude='*.so' micrograd_like docs examples notebooks tests setup.py pyproject.toml README.md | tar xf - -C "$tree"
cd "$tree"
flags="-fsanitize=address,undefined"
CFLAGS="$flags -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g -DMICROGRAD_LIKE_NO_POOL" LDFLAGS="$flags" \
    "$python" setup.py -q build_ext --inplace
[ $# -gt 0 ] || set -- tests/test_native.py tests/test_engine.py tests/test_ops.py tests/test_optim.py tests/test_graph.py
LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)" \
    ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc PYTHONPATH="$tree" \
    "$python" -m pytest -p no:cacheprovider --engine C \
    --deselect tests/test_native.py::test_memory_is_flat_over_many_graphs_and_free_at_once "$@"
