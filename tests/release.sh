#!/usr/bin/env bash
# Rehearses a release, publishes nothing: `tests/release.sh [FOLDER]` leaves in it what would be published.
#   two builds from two copies have the same bytes; twine and auditwheel accept them; no path of this machine is inside;
#   the wheel runs in a bare environment; the source distribution passes its own tests; an SBOM names what is inside.
# PYTHON says with which Python; `tests/release.sh --wheel` builds the wheel only, and tests it where nothing else is.
set -euo pipefail
only_wheel=""
[ "${1:-}" != --wheel ] || { only_wheel=1 && shift; }
python=$(command -v "${PYTHON:-python3}")
out=$(realpath -m "${1:-$(mktemp -d)}")
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m venv "$work/tools"
"$work/tools/bin/pip" install --quiet build "setuptools>=77" twine auditwheel
for n in 1 2; do
    mkdir -p "$work/a/path/of/length-$n" && tree="$work/a/path/of/length-$n/tree"
    git clone -q . "$tree"
    (cd "$tree" && "$work/tools/bin/python" -m build --no-isolation ${only_wheel:+--wheel} --outdir "$work/built$n" >"$work/log$n" 2>&1) || { tail -30 "$work/log$n"; exit 1; }
done
(cd "$work/built1" && sha256sum ./*) >"$work/hashes"
(cd "$work/built2" && sha256sum --check --quiet "$work/hashes") && echo "two builds, one hash"
"$work/tools/bin/twine" check --strict "$work"/built1/*

wheel=$(ls "$work"/built1/*.whl)
mkdir "$work/inside" && "$python" -m zipfile -e "$wheel" "$work/inside"
if grep -rlaF "$work" "$work/inside"; then echo "the path of the build is inside" && exit 1; fi
case "$wheel" in *linux*) "$work/tools/bin/auditwheel" show "$wheel" | tr '\n' ' ' && echo ;; esac

"$python" -m venv "$work/bare"
"$work/bare/bin/pip" install --quiet --no-index "$wheel"
(cd "$work" && bare/bin/micrograd-like --version | tee version && grep -q "engine in C" version)
(cd "$work" && bare/bin/python -c "import micrograd_like as m; from pathlib import Path; v = m.Value(3.0); (v * v).backward(); assert v.grad == 6.0; assert len(list(Path(m.__file__).parent.glob('lessons/*.ipynb'))) >= 8")

if [ -n "$only_wheel" ]; then # the engine's tests, on what was installed and not on the tree
    "$work/bare/bin/pip" install --quiet pytest hypothesis numpy
    mkdir -p "$work/apart" && cp -r tests "$work/apart" && cp pyproject.toml "$work/apart"
    sed -i 's/^pythonpath.*//' "$work/apart/pyproject.toml"
    (cd "$work/apart" && PYTHONSAFEPATH=1 ../bare/bin/pytest -q -p no:cacheprovider --engine C tests/test_engine.py tests/test_optim.py tests/test_nn.py)
    mkdir -p "$out" && cp "$work"/built1/* "$out"
    exit
fi

sdist=$(ls "$work"/built1/*.tar.gz)
mkdir "$work/sources" && tar xzf "$sdist" -C "$work/sources" --strip-components=1
"$work/bare/bin/pip" install --quiet pytest hypothesis numpy mpmath
(cd "$work/sources" && MICROGRAD_LIKE_PURE=1 ../bare/bin/python -m pytest -q --engine Python tests/test_engine.py tests/test_ops.py \
    tests/test_graph.py tests/test_nn.py tests/test_layers.py tests/test_docs.py tests/test_notebooks.py -p no:cacheprovider)

mkdir -p "$out" && cp "$work"/built1/* "$out"
"$python" tests/sbom.py "$wheel" >"$out/micrograd-like.cdx.json"
ls -l "$out"
