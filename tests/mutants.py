"""How many small mistakes in our own code the tests notice: `python tests/mutants.py optim --sample 30`.

Each mutant is one change of one module: a comparison, a sign, a number, a condition turned round, a statement left
out. A process is forked for each, so that what the tests import is imported once. A mutant that no test notices is
printed with its line and number; `--module optim.py --only 17` shows what the tests say of one.
`python tests/mutants.py all` asks every module.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.util
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parent.parent
SECONDS = 120  # of the processor: a mutant that runs for longer is noticed
TESTS = {  # what is asked first stands first
    "ops/table.py": "ops native functions silent",
    "ops/op.py": "ops engine functions native",
    "ops/numerics.py": "ops native",
    "engine.py": "engine native graph silent engine_faults",
    "graph/gradients.py": "graph ops engine",
    "graph/names.py": "graph steps explain",
    "graph/copies.py": "engine graph native",
    "graph/forward.py": "graph ops functions",
    "losses.py": "losses train silent nn",
    "optim.py": "optim train silent engine_faults",
    "checkpoint.py": "train faults hostile",
    "base/files.py": "faults train",
    "_engine/passes.h": "native engine engine_faults graph optim",
}
GROUPS = {
    "ops": ["ops/table.py", "ops/op.py", "ops/numerics.py"],
    "engine": ["engine.py"],
    "graph": ["graph/gradients.py", "graph/names.py", "graph/copies.py", "graph/forward.py"],
    "losses": ["losses.py"],
    "optim": ["optim.py"],
    "checkpoint": ["checkpoint.py", "base/files.py"],
    "passes": ["_engine/passes.h"],
}
COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
SIGNS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.Mod: ast.Mult,
    ast.FloorDiv: ast.Div, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
PYTEST = ["-x", "-q", "-p", "no:cacheprovider"]


def places(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield what can be changed: the number of a node in the order of `ast.walk`, and how."""
    annotations = {id(x) for node in ast.walk(tree) for x in _annotations(node)}
    texts = {id(x) for x in ast.walk(tree) if isinstance(x, ast.Expr) and isinstance(x.value, ast.Constant)}
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in annotations or id(node) in texts:
            continue
        if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
            yield number, "compare"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in SIGNS:
            yield number, "sign"
        elif isinstance(node, ast.BoolOp):
            yield number, "and or"
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
            yield number, "unary"
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
            yield number, "constant"
        elif isinstance(node, ast.If | ast.IfExp | ast.While):
            yield number, "condition"
        elif isinstance(node, ast.Raise | ast.Continue | ast.Break | ast.Expr):
            yield number, "leave out"
        elif isinstance(node, ast.Return) and node.value is not None:
            yield number, "return"


def _annotations(node: ast.AST) -> Iterator[ast.AST]:
    for name in ("annotation", "returns"):
        if isinstance(found := getattr(node, name, None), ast.AST):
            yield from ast.walk(found)
    if isinstance(node, ast.FunctionDef) and any(_is_overload(x) for x in node.decorator_list):
        yield from ast.walk(node)
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        yield from ast.walk(node)


def _is_overload(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "overload"


def mutated(tree: ast.Module, number: int, how: str) -> tuple[ast.Module, int]:
    """Return a copy of a module with one change, and its line."""
    tree = copy.deepcopy(tree)
    node: Any = next(x for i, x in enumerate(ast.walk(tree)) if i == number)
    if how == "compare":
        node.ops[0] = COMPARED[type(node.ops[0])]()
    elif how == "sign":
        node.op = SIGNS[type(node.op)]()
    elif how == "and or":
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif how == "constant":
        node.value = (not node.value) if isinstance(node.value, bool) else node.value + 1
    elif how == "condition":
        node.test = ast.UnaryOp(ast.Not(), node.test)
    else:
        new: Any = {"unary": getattr(node, "operand", None), "return": ast.Return(ast.Constant(None))}.get(how)
        if how == "leave out":
            new = ast.Pass()
        _replace(tree, node, new)
    return ast.fix_missing_locations(tree), node.lineno


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, ast.copy_location(new, old))
            elif isinstance(value, list):
                value[:] = [ast.copy_location(new, old) if x is old else x for x in value]


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module of ours as it was changed."""

    def __init__(self, path: str, tree: ast.Module) -> None:
        self.name, self.tree, self.file = _module_name(path), tree, ROOT / "micrograd_like" / path

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.file, loader=self)

    def create_module(self, spec: Any) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.tree, str(self.file), "exec"), module.__dict__)

    def get_source(self, name: str) -> str:
        return self.file.read_text(encoding="utf-8")


def _module_name(path: str) -> str:
    return "micrograd_like." + path.removesuffix(".py").replace("/", ".")


def asked(path: str) -> list[str]:
    """Return the files of tests that look at a module."""
    return [str(ROOT / "tests" / f"test_{name}.py") for name in TESTS[path].split()]


def outcome(path: str, tree: ast.Module | None, quiet: bool = True) -> str:
    """Run the tests with a module as it was changed, in a fork; return what happened."""
    child = os.fork()
    if not child:
        os.environ["CI"] = "1"  # the same examples for each mutant
        if path != "_engine/passes.h":
            os.environ["MICROGRAD_LIKE_PURE"] = "1"
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
        if tree is not None:
            sys.meta_path.insert(0, Changed(path, tree))
        if quiet:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1), os.dup2(nowhere, 2)
        import pytest

        engine = "C" if path == "_engine/passes.h" else "Python"
        left_out = "pytorch or fresh or ctrl_c or million or killed or editors or process or disk or torch"
        code = 3
        try:
            code = int(
                pytest.main(
                    ["-x", "-q", "-p", "no:cacheprovider", "--engine", engine, "-k", f"not ({left_out})", *asked(path)]
                )
            )
        finally:
            os._exit(code)
    end = time.monotonic() + 20 * SECONDS
    while not (done := os.waitpid(child, os.WNOHANG))[0]:
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.05)
    return "survived" if os.waitstatus_to_exitcode(done[1]) == 0 else "noticed"


def of_python(path: str, sample: int, seed: int, only: int | None) -> tuple[int, list[str]]:
    """Try mutants of a module in Python; return how many, and those that nothing noticed."""
    source = (ROOT / "micrograd_like" / path).read_text(encoding="utf-8")
    tree, lines, survivors = ast.parse(source), source.splitlines(), []
    found = list(places(tree))
    chosen = sorted(random.Random(f"{seed} {path}").sample(range(len(found)), min(sample, len(found))))
    if only is None and outcome(path, tree) == "noticed":
        raise SystemExit(f"the tests of {path} fail without a change: {' '.join(asked(path))}")
    for k in chosen if only is None else [only]:
        changed, line = mutated(tree, *found[k])
        before, after = ast.unparse(tree).splitlines(), ast.unparse(changed).splitlines()
        new = next((b.strip() for a, b in zip(before, after) if a != b), "")
        if outcome(path, changed, quiet=only is None) == "survived":
            survivors.append(f"{path}:{line}, number {k}, {found[k][1]}: {lines[line - 1].strip()}  ->  {new}")
            print("  survived:", survivors[-1], flush=True)
    return len(chosen) if only is None else 1, survivors


IN_C = [
    (r" < ", " <= "), (r" > ", " >= "), (r" <= ", " < "), (r" == ", " != "), (r" != ", " == "), (r" && ", " || "),
    (r" \|\| ", " && "), (r" \+ ", " - "), (r" - ", " + "), (r"\+\+", "--"), (r" \+= ", " -= "), (r" \* ", " + "),
    (r"\b0\b", "1"), (r"\b1\b", "2"), (r"\bif \((?!UNLIKELY)", "if (!"),
    (r"^    [\w>.\[\]-]+ [+|&]?= [^;{}]+;$", "    ;"),
    (r"^ +(?:Py_INCREF|Py_DECREF|Py_XDECREF|CLEAR|PyMem_\w+|PyErr_\w+)\([^;]*\);$", ";"),
]  # fmt: skip


def of_c(path: str, sample: int, seed: int, only: int | None) -> tuple[int, list[str]]:
    """Try mutants of a header, each compiled in a copy of the tree."""
    text = (ROOT / "micrograd_like" / path).read_text(encoding="utf-8")
    code = re.sub(r"/\*.*?\*/", lambda x: re.sub(r"[^\n]", "\0", x[0]), text, flags=re.DOTALL)
    found = [(m.span(), new) for old, new in IN_C for m in re.finditer(old, code, re.MULTILINE)]
    chosen = sorted(random.Random(f"{seed} {path}").sample(range(len(found)), min(sample, len(found))))
    survivors, tried = [], 0
    with tempfile.TemporaryDirectory() as folder:
        parts = ["micrograd_like", "docs", "examples", "tests", "setup.py", "pyproject.toml", "README.md", "notebooks"]
        subprocess.run(["cp", "-r", *parts, folder], cwd=ROOT, check=True)
        for k in chosen if only is None else [only]:
            (start, end), new = found[k]
            (Path(folder) / "micrograd_like" / path).write_text(text[:start] + new + text[end:], encoding="utf-8")
            built = subprocess.run([sys.executable, "setup.py", "-q", "build_ext", "--inplace", "--force"], cwd=folder,
                                   capture_output=True, env=os.environ | {"CFLAGS": "-O1"})  # fmt: skip
            if built.returncode or b"error" in built.stderr:
                continue  # it does not compile
            tried += 1
            tests = [x.replace(str(ROOT), folder) for x in asked(path)]
            try:
                words = [*PYTEST, "--engine", "C", "-k", "not (million or fresh or pytorch)", *tests]
                ran = subprocess.run([sys.executable, "-m", "pytest", *words], cwd=folder, capture_output=only is None,
                                     timeout=20 * SECONDS, env=os.environ | {"CI": "1"})  # fmt: skip
                code_of = ran.returncode
            except subprocess.TimeoutExpired:
                code_of = 1
            if code_of == 0:
                line = text.count("\n", 0, start) + 1
                survivors.append(f"{path}:{line}, number {k}: {text.splitlines()[line - 1].strip()}  ->  {new.strip()}")
                print("  survived:", survivors[-1], flush=True)
    return tried, survivors


def main(arguments: Sequence[str] | None = None) -> int:
    """Try mutants of what is asked for, and say how many the tests notice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("group", choices=[*GROUPS, "all"])
    parser.add_argument("--sample", type=int, default=10**6, help="how many of each module (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the number of one mutant; give --module too")
    parser.add_argument("--module", choices=TESTS, help="one module of the group")
    options = parser.parse_args(arguments)
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    import hypothesis, mpmath, numpy, pytest  # noqa: E401, F401, I001  # once, before the forks

    total, left = 0, 0
    for group in GROUPS if options.group == "all" else [options.group]:
        tried, survivors = 0, []
        modules = [options.module] if options.module else GROUPS[group]
        share = -(-options.sample // len(modules))
        for path in modules:
            count, found = (of_c if path.endswith(".h") else of_python)(path, share, options.seed, options.only)
            tried, survivors = tried + count, survivors + found
        print(
            f"{group}: {tried - len(survivors)} of {tried} noticed ({1 - len(survivors) / max(tried, 1):.1%})",
            flush=True,
        )
        total, left = total + tried, left + len(survivors)
    print(f"mutation score {1 - left / max(total, 1):.1%}: {total - left} of {total} noticed")
    return int(left > 0)


if __name__ == "__main__":
    sys.exit(main())
