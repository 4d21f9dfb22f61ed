#!/usr/bin/env bash
# Plays a newcomer's first hour in a fresh clone, as the README prints it: with a compiler, without one, and without an
# installation. It types what is printed, and looks at what it sees, the numbers in the pictures too.
# `bash tests/newcomer.sh` takes about a minute of processor time; PYTHON is the Python to begin with.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHON=${PYTHON:-python3} PIP_DISABLE_PIP_VERSION_CHECK=1 NO_COLOR=1
unset PYTHONPATH MICROGRAD_LIKE_PURE DISPLAY WAYLAND_DISPLAY || true

say() { printf '\n-- %s\n' "$*"; }
fail() { echo "newcomer.sh: $*" >&2; exit 1; }
sees() { grep -qF -- "$2" "$1" || { tail -30 "$1" >&2; fail "$1 does not show: $2"; }; } # sees FILE TEXT
printed() { grep -m 1 -- "$1" "$repository/README.md" | sed "s|python3 -m venv|$PYTHON -m venv|"; } # a line of the README

check_pictures() { # check_pictures PYTHON: the numbers in out/graph.svg are one example's gradients, by the engine
    "$1" - <<'END'
import re
from micrograd_like import data, load_model, losses, topological_order
text = re.findall(r"<text[^>]*>([^<]*)</text>", open("out/graph.svg", encoding="utf-8").read())
spans = [text[i + 1] for i, word in enumerate(text) if word == "grad"]
drawn = {float(x) for span in spans for x in re.findall(r"-?\d[\d.]*(?:e-?\d+)?", span)}
assert len(drawn) > 5 and any(drawn), "the picture shows no gradients"
trained = load_model("out/model.json")
X, y = data.moons()
def near(a, b): return abs(a - b) <= 5e-3 * abs(b)
for x, label in zip(trained.standardize(X), y):
    loss = losses.hinge([trained.model(x)], [2 * label - 1])
    trained.model.zero_grad()
    loss.backward()
    grads = [node.grad for node in topological_order(loss)]
    gates = {n.local_grads[0] for n in topological_order(loss)[:-1] if n.op and n.op.gate}
    if loss.data > 0 and gates == {0.0, 1.0} and all(any(near(d, g) for g in grads) for d in drawn if d):
        break
else:
    raise SystemExit("newcomer.sh: out/graph.svg does not show the gradients of an example")
END
}

type_next() { # type_next FILE: each command below "Next:" works as it is printed
    local count=0 command
    while IFS= read -r command; do
        say "\$ $command"
        [[ $command == *" learn" ]] && command+=" --in terminal"
        bash -c "$command" </dev/null >next.txt 2>&1 || { tail -5 next.txt >&2; fail "does not work: $command"; }
        count=$((count + 1))
    done < <(sed -n '/^Next:/,$p' "$1" | grep -E '^  [^ ]' | sed 's/^  //')
    [ "$count" -ge 3 ] || fail "$1 says nothing of what comes next"
}

hour() { # hour NAME ENGINE: the README's first command, and what a newcomer does after it
    say "the first command, engine in $2"
    git clone -q "$repository" "$work/$1" && cd "$work/$1"
    bash -euo pipefail -c "$(printed 'venv .*micrograd-like$')" >first.txt 2>errors.txt </dev/null || { cat errors.txt; fail "the first command fails"; }
    sees first.txt "Training on moons"
    sees first.txt "wrote out/graph.svg"
    .venv/bin/micrograd-like --version | grep -q "engine in $2" || fail "the engine is not in $2"
    (cd out && ls boundary.svg graph.svg loss.svg history.csv model.json >/dev/null)
    check_pictures .venv/bin/python
    type_next first.txt
    say "the lines below 'From the terminal'"
    PATH="$PWD/.venv/bin:$PATH"
    while IFS= read -r command; do
        say "\$ $command"
        bash -c "$command" </dev/null >line.txt 2>&1 || { tail -5 line.txt >&2; fail "does not work: $command"; }
    done < <(sed -n '/^## From the terminal/,/^## /p' README.md | sed -n '/^```sh/,/^```/p' | grep '^micrograd-like')
    sees line.txt "wrote worksheets/sheets.html"
    micrograd-like worksheet </dev/null >again.txt 2>&1 && fail "worksheet writes over 30 sheets unasked"
    sees again.txt "there already"
    micrograd-like exercise fan-out --seed 7 --hint a >hint.txt
    [ "$(grep -c '^Hint' hint.txt)" = 1 ] || fail "--hint shows more than one hint"
    micrograd-like train iris --lr 1e9 --epochs 2 >bad.txt 2>&1 && fail "training that diverged ends with status 0"
    sees bad.txt "Write --lr"
    micrograd-like learn 4 --in browser --to pages </dev/null >pages.txt 2>&1 || true
    sees pages/04_why_this_order.html "<h1>4. Why this order"
}

say "without an installation"
git clone -q "$repository" "$work/bare" && cd "$work/bare"
"$PYTHON" -m micrograd_like >first.txt 2>errors.txt </dev/null &
process=$!
for _ in $(seq 50); do [ -s first.txt ] && break || sleep 0.1; done
[ -s first.txt ] || fail "nothing is said in the first seconds"
wait $process || { cat errors.txt; fail "python3 -m micrograd_like fails"; }
check_pictures "$PYTHON"
type_next first.txt

hour compiled C
(export CC=false; hour pure Python)
echo
echo "newcomer.sh: all as printed"
