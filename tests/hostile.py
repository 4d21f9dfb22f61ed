"""Hostile input: files and expressions that were changed at random. `python tests/hostile.py 100000` tries so many.

Whatever comes in, one class of error comes out, or a right result; in a second, in bounded memory, and nothing is run.
`python tests/hostile.py --only 4711` shows what number 4711 is and does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from micrograd_like import MLP, SGD, data, fit, load_model, save_model
from micrograd_like.checkpoint import CheckpointError, _hash
from micrograd_like.graph.parse import ExpressionError, parse
from micrograd_like.ops import OPS

SECONDS = 1.0
TOKENS = [
    b"", b"0", b"-1", b"1e999", b"NaN", b"Infinity", b"null", b"true", b"[]", b"{}", b'""', b"9" * 400,
    b"0x" + b"f" * 6000, b"1e-400", b"[" * 2000, b"(" * 300, b"\x00", b"\xff\xfe", b'"\\ud800"', b"\r", b"\n", b",",
    b'"', b";", b"\t", b"-" * 500, b"__import__('os').system('touch pwned')", b"**", b"//", b"%", b".", b"lambda: 0",
    b"a" * 5000, b"\xe2\x80\xae", b"1_0", b"=HYPERLINK(1)", b"'" * 3, b"tanh(", b").relu", b"*9**9**9",
    b"\xef\xbb\xbf", b"1j", b"a@b", b"[a]", b"{a}", b"x:=1",
]  # fmt: skip


class SlowError(Exception):
    """A case that took longer than a second."""


@contextlib.contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """Raise SlowError after so long, where the system has an alarm."""

    def stop(*_: object) -> None:
        raise SlowError(f"more than {seconds} s")

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def mangled(raw: bytes, dice: random.Random) -> bytes:
    """Return bytes with a few changes: bits, cuts, repetitions, and tokens that are often not thought of."""
    for _ in range(dice.choice((1, 1, 2, 3, 8))):
        i, j = sorted(dice.randrange(len(raw) + 1) for _ in "ij")
        kind = dice.randrange(6)
        if kind == 0 and raw:
            i = dice.randrange(len(raw))
            raw = raw[:i] + bytes([raw[i] ^ 1 << dice.randrange(8)]) + raw[i + 1 :]
        elif kind == 1:
            raw = raw[:i]
        elif kind == 2:
            raw = raw[:i] + raw[j:]
        elif kind == 3 and len(raw) < 20_000:
            raw = raw[:j] + raw[i:j] * dice.choice((1, 2, 5)) + raw[j:]
        else:
            raw = raw[:i] + dice.choice(TOKENS) + raw[i + dice.choice((0, 0, 1, 3)) :]
    return raw


ODD: list[Any] = [
    None, True, -1, 0, 1.5, 1e300, 10**400, 2**63, "", "tanh", "\ud800", [], [[]], {}, {"a": 1}, [0] * 50, ["x"],
    -1e-300, "relu\n",
]  # fmt: skip


def rearranged(contents: Any, dice: random.Random) -> Any:
    """Return contents of JSON with one part exchanged, so that the signature is right and the types are wrong."""
    if isinstance(contents, dict) and contents and dice.random() < 0.8:
        key = dice.choice(sorted(contents))
        copy = dict(contents)
        if dice.random() < 0.1:
            del copy[key]
        else:
            copy[key] = rearranged(contents[key], dice)
        return copy
    if isinstance(contents, list) and contents and dice.random() < 0.6:
        i = dice.randrange(len(contents))
        return [*contents[:i], rearranged(contents[i], dice), *contents[i + 1 :]]
    return dice.choice(ODD)


Kind = tuple[Callable[[random.Random], Any], Callable[[Any], None], tuple[type[Exception], ...]]


class Attack:
    """A set of right inputs, and what is done with changed ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model = MLP(2, [3, 1], rng=1)
        self.X, self.y = data.moons(12, labels=(-1, 1))
        save_model(folder / "model.json", self.model, loss="hinge", features=["x", "y"])
        fit(self.model, self.X, self.y, "hinge", epochs=2, optimizer=SGD(self.model.parameters(), lr=0.1),
            validation=(self.X, self.y), checkpoint=folder / "checkpoint.json", progress=False)  # fmt: skip
        self.saved = {name: (folder / f"{name}.json").read_bytes() for name in ("model", "checkpoint")}
        rows = "\n".join(f"{a:.3f},{b:.3f},{'yes' if k > 0 else 'no'}" for (a, b), k in zip(self.X, self.y))
        self.csv = f"height,width,kind\n{rows}\n".encode()
        self.weights = [p.data for p in self.model.parameters()]
        self.kinds: dict[str, Kind] = {
            "model": (lambda dice: self.file("model", dice), self.load, (CheckpointError,)),
            "checkpoint": (lambda dice: self.file("checkpoint", dice), self.resume, (CheckpointError,)),
            "csv": (lambda dice: mangled(self.csv, dice), self.read, (ValueError,)),
            "expression": (self.expression, self.compute, (ExpressionError, ArithmeticError, ValueError)),
        }

    def file(self, name: str, dice: random.Random) -> bytes:
        """Return a file of JSON: changed anywhere, or rightly signed with a part exchanged."""
        if dice.random() < 0.4:
            return mangled(self.saved[name], dice)
        contents = json.loads(self.saved[name])
        del contents["sha256"]
        for _ in range(dice.choice((1, 1, 2))):
            contents = rearranged(contents, dice)
        if not isinstance(contents, dict):
            return json.dumps(contents).encode()
        with contextlib.suppress(ValueError):
            contents["sha256"] = _hash(contents)
        return json.dumps(contents).encode("utf-8", "surrogatepass")

    def expression(self, dice: random.Random) -> str:
        """Return an expression of the table's operations, most often with a flaw."""
        text = dice.choice(["(a*b + c).tanh()", "a**2 + exp(b) / c", "relu(a - 1) * maximum(b, c)", "log(a) % 3 // b"])
        for _ in range(dice.randrange(3)):
            text = f"{dice.choice(list(OPS))}({text}{dice.choice(('', ', b', ', 1e308', ', -0.0', ', c, c'))})"
        return mangled(text.encode(), dice).decode("utf-8", "replace") if dice.random() < 0.8 else text

    def load(self, raw: bytes) -> None:
        """Load a model, which must then predict."""
        path = self.folder / "hostile.json"
        path.write_bytes(raw)
        trained = load_model(path)
        with contextlib.suppress(ArithmeticError, ValueError):  # enormous weights may overflow
            trained.predict([[0.5] * trained.model.sizes[0]])

    def resume(self, raw: bytes) -> None:
        """Go on from a checkpoint; one that is refused leaves the network as it was."""
        path = self.folder / "resume.json"
        path.write_bytes(raw)
        for p, number in zip(self.model.parameters(), self.weights):
            p.data, p.grad = number, 0.0
        try:
            fit(self.model, self.X, self.y, "hinge", epochs=2, optimizer=SGD(self.model.parameters(), lr=0.1),
                validation=(self.X, self.y), checkpoint=path, resume=True, progress=False)  # fmt: skip
        except CheckpointError:
            assert [p.data for p in self.model.parameters()] == self.weights, "a refused checkpoint changed the network"
            raise

    def read(self, raw: bytes) -> None:
        """Read a table of examples."""
        path = self.folder / "hostile.csv"
        path.write_bytes(raw)
        data.read_csv(path)

    def compute(self, text: str) -> None:
        """Compute an expression and its gradients."""
        root, _ = parse(text, {"a": 2.0, "b": -3.0, "c": 10.0})
        root.backward()

    def attempt(self, number: int) -> tuple[str, str, Any]:
        """Do one attempt; return its kind, what came out, and what went in."""
        dice = random.Random(number)
        kind = [*self.kinds][number % len(self.kinds)]
        make, use, errors = self.kinds[kind]
        given = make(dice)
        begun = time.process_time()
        try:
            with limited(60 * SECONDS):  # of the clock, which a busy machine makes longer
                use(given)
            came = "accepted"
        except errors as error:
            came = type(error).__name__
            size = len(given) if isinstance(given, str | bytes) else 0
            if len(str(error)) > 2000 + size / 100:
                came = f"!! a message of {len(str(error))} characters"
        except BaseException as error:
            came = f"!! {type(error).__name__}: {error!s:.100}"
        if time.process_time() - begun > SECONDS:
            came = f"!! {time.process_time() - begun:.1f} s"
        return kind, came, given


def attack(numbers: range) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Do these attempts; return how often each kind came out how, and what must not be."""
    found: Counter[tuple[str, str]] = Counter()
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        tried = Attack(Path(folder))
        for number in numbers:
            kind, came, given = tried.attempt(number)
            found[kind, came if not came.startswith("!!") else "!!"] += 1
            if came.startswith("!!"):
                wrong.append(f"number {number}, {kind}: {came[3:]} for {given!r:.200}")
        left = {path.name for path in Path(folder).iterdir()} - {
            "model.json", "checkpoint.json", "hostile.json", "resume.json", "hostile.csv",
        }  # fmt: skip
        wrong += [f"{name} was left behind" for name in left]
    return found, wrong


def main() -> int:
    """Attack, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    if options.only is not None:
        with tempfile.TemporaryDirectory() as folder:
            print(*Attack(Path(folder)).attempt(options.only), sep="\n")
        return 0
    found, wrong = attack(range(options.count))
    for (kind, came), count in sorted(found.items()):
        print(f"{kind:12} {came:24} {count:8,}")
    print(*wrong[:40], sep="\n")
    with contextlib.suppress(ImportError):
        import resource

        print(f"most memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    print(f"{options.count:,} attempts, {len(wrong)} wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
