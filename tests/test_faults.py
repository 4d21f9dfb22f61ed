"""Training under faults: interrupted at every instant, saved by many at once, resumed from changed files."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from micrograd_like import optim
from micrograd_like.base.files import write_whole
from micrograd_like.checkpoint import CheckpointError, load_model, save_model, write
from micrograd_like.data import Standardize, moons
from micrograd_like.nn import MLP, Parameter
from micrograd_like.optim import SGD, Adam, Optimizer, TrainingDivergedError
from micrograd_like.train import fit

X, Y = moons(6, labels=(-1, 1))
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals, links or modes")


# Ctrl-C at every instant.

BY_LINE = sys.version_info >= (3, 13)  # which does not tell a tracer of every instruction


class Interrupter:
    """Raises KeyboardInterrupt at the k-th instruction, or line, that runs in the files named."""

    def __init__(self, k: int, files: tuple[str, ...], lines: bool = False) -> None:
        self.left, self.files, self.lines = k, files, lines

    def trace(self, frame: Any, event: str, argument: Any) -> Any:
        if not frame.f_code.co_filename.endswith(self.files):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = not self.lines, self.lines
        if event in ("opcode", "line"):
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self.trace

    def run(self, call: Callable[[], Any]) -> tuple[bool, Any]:
        """Return whether the interrupt came out of the call, and what the call returned."""
        sys._getframe().f_trace_opcodes = not self.lines  # Python 3.12 asks for it before tracing begins
        sys.settrace(self.trace)
        try:
            return False, call()
        except KeyboardInterrupt:
            return True, None
        finally:
            sys.settrace(None)


def instants(make: Callable[[], tuple[Callable[[], Any], Any]], files: tuple[str, ...], lines: bool) -> Iterator[Any]:
    """Interrupt a fresh call at each of its instants, and yield what `make` has to show and what came of it."""
    k = 0
    Interrupter(10**9, files, lines).run(make()[0])  # from Python 3.12 on, code is prepared for tracing as it runs
    while True:
        k += 1
        call, shown = make()
        interrupter = Interrupter(k, files, lines)
        outcome = interrupter.run(call)
        yield shown, outcome
        if interrupter.left > 0:
            return


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_a_step_is_made_whole_or_not_at_all_at_every_instruction(kind: str) -> None:
    class Mine(getattr(optim, kind)):  # type: ignore[misc]
        """One that C does not know."""

    def state(optimizer: Optimizer) -> Any:
        return [p.data for p in optimizer.parameters], optimizer.state_dict()

    def make(kind: Any = Mine) -> Any:
        optimizer = kind([Parameter(1.0), Parameter(2.0), Parameter(3.0)], 0.1)
        for p in optimizer.parameters:
            p.grad = p.data
        optimizer.step()
        return optimizer.step, optimizer

    old, new = make()[1], make()[1]
    new.step()
    states = [state(old), state(new)]
    seen = [states.index(state(optimizer)) for optimizer, _ in instants(make, ("optim.py", "atomic.py"), lines=BY_LINE)]
    assert set(seen) == {0, 1} and len(seen) > (20 if BY_LINE else 100)
    seen = [
        states.index((state(optimizer)[0], {**state(optimizer)[1], "kind": "Mine"}))
        for optimizer, _ in instants(lambda: make(getattr(optim, kind)), ("optim.py", "atomic.py"), lines=BY_LINE)
    ]
    assert set(seen) == {0, 1}


@pytest.mark.parametrize("options", [{}, {"patience": 1}, {"batch_size": 2}])
def test_after_an_interrupt_network_optimizer_and_history_agree(options: dict[str, Any]) -> None:
    def make(epochs: int = 3) -> Any:
        model = MLP(2, [2, 1], activation="tanh", rng=1)
        optimizer = SGD(model.parameters(), [0.1, 0.1, 9.0, 0.1].__getitem__, 0.9)
        settings = {"optimizer": optimizer, "record_weights": True, "progress": False, **options}
        return lambda: fit(model, X, Y, "hinge", epochs, **settings), (model, optimizer)

    def state(model: Any, optimizer: Any) -> Any:
        return [p.data for p in model.parameters()], optimizer.steps, [*map(list, optimizer.remembered.values())]

    call, (model, optimizer) = make()
    initial = state(model, optimizer)
    whole = call()
    final = state(model, optimizer)
    zeros = [[0.0]] * len(initial[0])
    states = [(r.weights, r.updates, r.memory if r.epoch else zeros) for r in whole.rows]
    files, came, partial = ("train.py", "optim.py", "atomic.py", "history.py", "progress.py"), 0, set()
    for (model, optimizer), (raised, history) in instants(make, files, lines=True):
        assert state(model, optimizer) in [initial, final, *states]
        came += 1
        if not raised:
            assert history.rows == whole.rows[: len(history.rows)]
            if history.stopped == "interrupted":
                assert state(model, optimizer) == states[history.best]
                partial.add(len(history.rows))
    assert came > 100 and len(partial) > 1


def test_a_resume_that_is_interrupted_changes_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.json"

    def make() -> Any:
        model = MLP(2, [2, 1], rng=2)
        optimizer = Adam(model.parameters())
        options = {"optimizer": optimizer, "checkpoint": path, "resume": True, "progress": False}
        return lambda: fit(model, X, Y, "hinge", 2, **options), (model, optimizer)

    trained = MLP(2, [2, 1], rng=1)
    fit(trained, X, Y, "hinge", 2, optimizer=Adam(trained.parameters()), checkpoint=path)
    before = [p.data for p in MLP(2, [2, 1], rng=2).parameters()], 0
    after = [p.data for p in trained.parameters()], 2
    for (model, optimizer), _ in instants(make, ("train.py", "checkpoint.py", "atomic.py"), lines=True):
        assert ([p.data for p in model.parameters()], optimizer.steps) in (before, after)


# Files that somebody changed, and signed.


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write thousands of files without waiting for the disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


ODD = [
    None, True, False, -1, 0, 1, 2**31, 2**64, 10**400, -0.5, 1.5, 1e308, "", "x", "1.0", [], {}, [[]], [None], [1.0],
    {"a": 1}, [[1.0]] * 3,
]  # fmt: skip


def mutated(contents: Any, rng: Random) -> None:
    """Change one place in a tree of lists and dicts."""
    place = contents
    while True:
        keys = [*place] if isinstance(place, dict) else range(len(place))
        if not keys:
            return
        key = rng.choice([*keys])
        if isinstance(place[key], dict | list) and place[key] and rng.random() < 0.75:
            place = place[key]
            continue
        change = rng.randrange(4)
        if change == 0:
            del place[key]
        elif change == 1 and isinstance(place, list):
            place.insert(key, place[key])
        elif change == 2:
            place[key] = place[rng.choice([*keys])]
        else:
            place[key] = rng.choice(ODD)
        return


def rewritten(path: Path, text: str, rng: Random) -> None:
    contents = json.loads(text)
    kind = contents.pop("format").split()[1]
    del contents["version"], contents["sha256"]
    for _ in range(rng.choice([1, 1, 2])):
        mutated(contents, rng)
    write(path, kind, contents)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.1, 0.9), Adam])
def test_a_signed_but_wrong_checkpoint_is_refused_as_a_whole(make: Any, tmp_path: Path) -> None:
    path, rng, refused = tmp_path / "run.json", Random(1), 0
    model = MLP(2, [2, 1], rng=1)
    options: dict[str, Any] = {"checkpoint": path, "progress": False, "batch_size": 4, "validation": (X[:2], Y[:2])}
    model.parameters()[1].freeze()
    fit(model, X, Y, "hinge", 2, optimizer=make(model.parameters()), watch=[1], record_weights=True, **options)
    text = path.read_text()
    for _ in range(200):
        rewritten(path, text, rng)
        model = MLP(2, [2, 1], rng=2)
        optimizer = make(model.parameters())
        before = [p.data for p in model.parameters()], optimizer.state_dict(), [p.frozen for p in model.parameters()]
        try:
            fit(model, X, Y, "hinge", 3, optimizer=optimizer, watch=[1], record_weights=True, resume=True, **options)
        except CheckpointError as error:
            refused += 1
            assert "run.json cannot be used: " in str(error) and len(str(error)) < 500
            after = [p.data for p in model.parameters()], optimizer.state_dict(), [p.frozen for p in model.parameters()]
            assert after == before
        except TrainingDivergedError:
            pass  # a weight of 1e308 is a number
    assert refused > 100


@pytest.mark.usefixtures("quick")
def test_a_signed_but_wrong_model_is_refused(tmp_path: Path) -> None:
    path, rng, refused = tmp_path / "model.json", Random(1), 0
    about: dict[str, Any] = {"loss": "hinge", "classes": ["a", "b"], "features": ["x", "y"]}
    save_model(path, MLP(2, [2, 1], rng=1), standardize=Standardize.fit(X), **about)
    text = path.read_text()
    for _ in range(400):
        rewritten(path, text, rng)
        try:
            trained = load_model(path)
        except CheckpointError as error:
            refused += 1
            assert "model.json cannot be used: " in str(error) and len(str(error)) < 500
        else:
            try:
                trained.predict([[0.5, 0.5]])
            except ArithmeticError:
                pass  # as for an activation log
            except ValueError as error:
                assert "log" in str(error) or "takes 2 inputs" in str(error) or "sqrt" in str(error), error
    assert refused > 200


# Saving.


def test_threads_that_save_at_once_tear_nothing(tmp_path: Path) -> None:
    path, torn = tmp_path / "model.json", []
    texts = [letter * 100_000 for letter in "abc"]
    write_whole(path, texts[0])
    end = time.monotonic() + 0.7

    def save(text: str) -> None:
        while time.monotonic() < end:
            write_whole(path, text)

    threads = [threading.Thread(target=save, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        if (found := path.read_text()) not in texts:
            torn.append(len(found))
    for thread in threads:
        thread.join()
    assert not torn and [entry.name for entry in tmp_path.iterdir()] == ["model.json"]


@posix
def test_no_planted_link_is_followed_and_the_mode_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim, path = tmp_path / "victim", tmp_path / "model.json"
    victim.write_text("mine")
    given = iter([b"\1", b"\2"])
    monkeypatch.setattr(os, "urandom", lambda n: next(given) * n)
    for name in (f"model.json.{os.getpid()}.unfinished", f".model.json.{'01' * 8}.unfinished"):
        (tmp_path / name).symlink_to(victim)
    write_whole(path, "new")
    assert victim.read_text() == "mine" and path.read_text() == "new" and not path.is_symlink()
    monkeypatch.undo()
    for mode in 0o600, 0o640, 0o666:
        path.chmod(mode)
        write_whole(path, "newer")
        assert path.stat().st_mode & 0o777 == mode
    old = os.umask(0o027)
    write_whole(tmp_path / "fresh", "")
    os.umask(old)
    assert (tmp_path / "fresh").stat().st_mode & 0o777 == 0o640
    link = tmp_path / "link"
    link.symlink_to(path)
    write_whole(link, "through the learner's own link")
    assert link.is_symlink() and path.read_text() == "through the learner's own link"


@posix
def test_a_pipe_and_a_device_are_written_to(tmp_path: Path) -> None:
    pipe, found = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: found.append(pipe.read_text()))
    reader.start()
    write_whole(pipe, "through")
    reader.join()
    assert found == ["through"] and pipe.is_fifo()
    write_whole("/dev/null", "nothing")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(OSError, match="No space left on device, so nothing was written"):
        write_whole("/dev/full", "too much")
    program = "from micrograd_like.base.files import write_whole; write_whole('/dev/stdout', 'a'); print('b')"
    for target in (subprocess.PIPE, open(tmp_path / "out", "w+")):  # noqa: SIM115
        ran = subprocess.run([sys.executable, "-c", program], stdout=target, text=True, check=True)
        assert (ran.stdout or (tmp_path / "out").read_text()).strip() in ("ab", "b\na", "a\nb", "ab\n", "b")


@posix
def test_what_killed_saves_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    path, program = tmp_path / "model.json", (
        "import os, signal, sys; from micrograd_like.base.files import write_whole\n"
        "kill = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        "if sys.argv[2] == 'whole': os.replace = kill\n"  # when all is written, but under another name
        "if sys.argv[2] == 'begun': os.fsync = kill\n"
        "while True: write_whole(sys.argv[1], 'x' * 3_000_000)\n"
    )  # fmt: skip
    left, rng = 0, Random(1)
    for when in ("whole", "begun", "whole", "any", "begun", "any"):
        process = subprocess.Popen([sys.executable, "-c", program, str(path), when])
        if when == "any":
            time.sleep(rng.uniform(0.05, 0.3))
            process.send_signal(signal.SIGKILL)
        process.communicate()
        left = max(left, len([*tmp_path.glob(".model.json.*.unfinished")]))
        assert not path.exists() or path.read_text() == "x" * 3_000_000
    (tmp_path / ".other.json.01.unfinished").write_text("another file's")
    write_whole(path, "whole")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".other.json.01.unfinished", "model.json"]
    assert left == 1, "each save sweeps what the one before left"
