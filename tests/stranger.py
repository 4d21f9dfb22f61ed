"""Do what CONTRIBUTING.md says to this tree, and look whether it works; `tests/stranger.sh` does it in a clone."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(
    r"(?:[Aa]t the end of `(?P<file>[^`]+)`:|\*\*In your own program\*\*[^\n]*)\n\n```python\n(?P<code>.*?)```",
    re.DOTALL,
)
SUITE = [f"tests/test_{name}.py" for name in ("ops", "native", "mutations", "javascript", "walk", "explain", "compile")]
LEARNER = """
from micrograd_like import Graph, Value, answer_key, compile, draw, explain, gradcheck, gradients, nudge, walk
{code}
name, op = {name!r}, {name}
x, w = Value(0.5, "x"), Value(-1.5, "w")
L = (op(x) * w + getattr(x * w, name)()).tanh()
L.backward()
assert gradcheck(lambda x, w: (op(x) * w + op(x * w)).tanh(), [0.5, -1.5])
assert name in str(Graph(L)) and draw(L).svg and str(walk(L)) and str(answer_key(L)) and str(explain(x)) and nudge(L, x)
[slope] = gradients(L, [x])
assert abs(slope.data - x.grad) < 1e-12 and gradients(slope, [x])
rows = [[0.1 * i, 0.2 * i - 1] for i in range(40)]
theta = [Value(0.5), Value(-1.5)]
def loss(X):
    return sum([(op(a * theta[0]) + op(b * theta[1])) ** 2 for a, b in X], Value(0.0))
right = loss(rows)
right.backward()
grads = [p.grad for p in theta]
for backend in ["auto", "numpy", "source"]:
    program = compile(loss, rows, parameters=theta, backend=backend)
    for p in theta:
        p.grad = 0.0
    assert abs(program(rows) - right.data) < 1e-9 * right.data, backend
    assert all(abs(p.grad - g) < 1e-9 * abs(g) for p, g in zip(theta, grads)), (backend, grads)
program = compile(loss, rows, parameters=theta)
assert name in str(program)
walk(L).save({page!r})
"""
EXPORTS = """
from importlib.util import find_spec
for export, library in [("to_jax", "jax"), ("to_torch", "torch"), ("to_onnx", "onnxruntime")]:
    if find_spec(library):
        getattr(program, export)()
        print("exported by", export)
"""
MISTAKE = """
from micrograd_like import Value, draw, walk
from micrograd_like.exercises import Exercise
from micrograd_like.steps.walk import compare
x, w = Value(0.5, "x"), Value(-1.5, "w")
L = (x.sin() * w + x * w) * x
w_ = walk(L, rule={name!r})
assert w_.differences or str(w_)
wrong = compare(L)[{name!r}]
assert wrong, "the mistake changes nothing"
numbers = {{node.label: typed for node, (right, typed) in wrong.items() if node.label}}
marking = Exercise(L, ask=[x]).check(x=numbers["x"])
assert {name!r} in marking.mistakes, (marking.mistakes, numbers)
w_.save({page!r})
"""
BACKEND = """
from micrograd_like import MLP, SGD, compile, data, losses
from micrograd_like.compiler import backends
X, y = data.moons(30, labels=(-1, 1))
model = MLP(2, [4, 1])
loss = lambda X, y: losses.hinge([model(x) for x in X], y)
assert abs(compile(loss, X, y, backend="counted")(X, y) - loss(X, y).data) < 1e-12
before = backends.Counted.runs
compile(loss, X, y, backend="counted").fit(X, y, optimizer=SGD(model.parameters(), 0.1), epochs=5)
assert backends.Counted.runs > before
"""


def run(*command: str) -> None:
    """Run a command, and raise what it said if it failed."""
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)[:200]}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def code(text: str) -> None:
    """Run a program of Python."""
    run(sys.executable, "-c", text)


def tested(*files: str) -> None:
    """Run files of the suite."""
    run(sys.executable, "-m", "pytest", "-q", "-x", "--engine", "C", "-p", "no:cacheprovider", *files)


def rebuilt() -> None:
    """Build the engine in C and write what is generated, as CONTRIBUTING says."""
    run(sys.executable, "setup.py", "-q", "build_ext", "--inplace")
    run(sys.executable, "docs/make.py")


def opened(page: Path) -> None:
    """Open a page in Chromium, walk to its end, and raise what it complains about."""
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("  (no playwright: the page was not opened)")
        return
    from browser import CHROMIUM, FLAGS

    if not CHROMIUM:
        print("  (no chromium: the page was not opened)")
        return
    problems: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        shown = browser.new_page()
        shown.on("pageerror", lambda error: problems.append(str(error)))
        shown.goto(page.as_uri())
        shown.wait_for_selector("svg")
        for _ in range(60):
            shown.keyboard.press("ArrowRight")
        text = shown.inner_text("body")
        browser.close()
    assert not problems, problems
    assert "NaN" not in text and "undefined" not in text, text[:500]


def operation(name: str, block: str) -> None:
    """Try an operation that is in the table."""
    page = ROOT / f"{name}.html"
    code(LEARNER.format(code=f"from micrograd_like import {name}", name=name, page=str(page)) + EXPORTS)
    opened(page)


def own(name: str, block: str) -> None:
    """Try a learner's own operation."""
    page = ROOT / f"{name}.html"
    code(LEARNER.format(code=block, name=name, page=str(page)))
    opened(page)


def mistake(name: str, block: str) -> None:
    """Try a mistake on a graph, in an exercise and in a page."""
    page = ROOT / f"{name}.html"
    code(MISTAKE.format(name=name, page=str(page)))
    opened(page)


def backend(name: str, block: str) -> None:
    """Try a backend."""
    code(BACKEND)


WHAT: dict[str, tuple[str, Callable[[str, str], None]]] = {
    "cube": ("an operation by definition", operation),
    "degrees": ("an operation of math", operation),
    "swish": ("a learner's own operation", own),
    "cosine_kept": ("a mistake in a local derivative", mistake),
    "halved": ("a mistake in the whole pass", mistake),
    "counted": ("a backend", backend),
}


def main() -> int:
    """Apply every block, then try them one by one."""
    blocks: dict[str, str] = {}
    for found in BLOCK.finditer((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")):
        [name] = [x for x in WHAT if f'"{x}"' in found["code"]]
        blocks[name] = found["code"]
        if found["file"]:
            with (ROOT / found["file"]).open("a", encoding="utf-8") as file:
                file.write("\n" + found["code"])
            print(f"{name}: appended to {found['file']}")
    assert blocks.keys() == WHAT.keys(), blocks.keys()
    rebuilt()
    works = 0
    for name, (what, tries) in WHAT.items():
        try:
            tries(name, blocks[name])
        except AssertionError as error:
            print(f"FAILED: {what} ({name})\n{error}")
        else:
            works += 1
            print(f"ok: {what} ({name})")
    print(f"{works} of {len(WHAT)}")
    try:
        tested(*SUITE)
    except AssertionError as error:
        print(f"FAILED: the suite, after all that was added\n{error}")
        return 1
    print("ok: the suite, after all that was added")
    return works < len(WHAT)


if __name__ == "__main__":
    sys.exit(main())
