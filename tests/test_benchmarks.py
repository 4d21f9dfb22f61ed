"""Whom the benchmarks compare compute the same; nothing here looks at a clock."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sizes import long, some

pytest.importorskip("numpy")

from benchmarks import array_peers as peers, programs
from benchmarks.networks import Letters, Network, Task

X = [[0.5, -1.0], [1.0, 2.0], [-0.3, 0.2]]
TARGETS: dict[str, list[Any]] = {"hinge": [1, -1, 1], "softmax": [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]}
KINDS = [programs.Ours, programs.OursLooped, programs.OursFit, peers.NumPy, peers.Torch, peers.Jax, peers.JaxScan,
         peers.CasADi, peers.MyGrad, peers.Autograd]  # fmt: skip


class ShortNames(Letters):
    lengths = 3, 4


def check(kind: type[peers.ArrayPeer], task: Task) -> None:
    try:
        peer = kind(task)
    except ImportError as missing:
        pytest.skip(str(missing))
    peer.run()
    task.agree(kind.name, *peer.first())


@long
@pytest.mark.parametrize("batches", [1, 2])
@pytest.mark.parametrize("loss", TARGETS)
@pytest.mark.parametrize("kind", some(KINDS, 4))
def test_a_network_has_one_loss_and_gradient_for_everybody(
    kind: type[peers.ArrayPeer], loss: str, batches: int
) -> None:
    y = TARGETS[loss]
    check(kind, Network([2, 3, len(y[0]) if loss == "softmax" else 1], [(X, y)] * batches, loss, 1e-3, loop=2))


@long
@pytest.mark.parametrize("kind", some([programs.Ours, peers.NumPy, peers.Torch, peers.Jax], 2))
def test_so_has_the_gpt(kind: type[peers.ArrayPeer]) -> None:
    check(kind, ShortNames())


def test_what_the_command_lists_can_be_run() -> None:
    command = [sys.executable, "-m", "benchmarks", "peers"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent.parent)
    names = done.stderr.rpartition("one of ")[2].strip().rstrip(".").split(", ")
    assert done.returncode == 1 and "eager" in names and "peers" not in names
    for name in names:
        assert callable(import_module(f"benchmarks.{name}").main)


def test_a_published_program_runs_with_the_import_changed_and_learns_the_same() -> None:
    from benchmarks.microgpt import milliseconds

    text = """
import math
names = open("input.txt").read().split()
class Value:
    def __init__(self, data, children=(), grads=()):
        self.data, self.grad, self.children, self.grads = data, 0, children, grads
    def __mul__(self, other): return Value(self.data * other.data, (self, other), (other.data, self.data))
    def backward(self):
        for x, slope in zip(self.children, self.grads): x.grad += slope
w = Value(len(names) / 10)
num_steps = 1000
for step in range(num_steps):
    loss = w * w
    loss.backward()
    w.data -= 0.1 * w.grad
    w.grad = 0
    print(f"step {step} | loss {loss.data:.4f}")
raise SystemExit("what comes after the training is left out")
"""
    (_, theirs), (_, ours) = milliseconds(text, False), milliseconds(text, True)
    assert ours == theirs and len(ours) == 6
