"""Files of trained networks: strict JSON with a hash, written whole or not at all, checked when read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite
from os import PathLike
from typing import Any

from .checks import table
from .data import Standardize
from .engine import Value
from .losses import LOSSES, decide
from .nn import MLP, name_of

Path = str | PathLike[str]

LARGEST = 200_000_000  # bytes; a network that needs more would not train in a lifetime


@dataclass
class Trained:
    """A network, and what its use needs: how inputs are standardized, and what outputs mean."""

    model: MLP
    loss: str = "mse"
    classes: list[str] = field(default_factory=list)  # none: the outputs are the prediction
    features: list[str] = field(default_factory=list)
    standardize: Standardize | None = None

    def __post_init__(self) -> None:
        nin, *_, nout = self.model.sizes
        if self.loss not in LOSSES:
            raise ValueError(f"there is no loss {self.loss!r}")
        if self.classes and len(self.classes) != max(nout, 2):
            raise ValueError(f"{len(self.classes)} classes do not go with {nout} outputs")
        if self.features and len(self.features) != nin:
            raise ValueError(f"{len(self.features)} features do not go with {nin} inputs")
        if self.standardize and len(self.standardize.means) != nin:
            raise ValueError(f"{len(self.standardize.means)} means do not go with {nin} inputs")

    def predict(self, X: Any) -> list[Any]:
        """Return for each row the name of its class, or the network's output where there are no classes."""
        outputs = [self.model.predict(row) for row in (self.standardize or table)(X)]
        if not self.classes:
            return outputs
        return [self.classes[decide(output, LOSSES[self.loss].threshold)] for output in outputs]


def save_model(path: Path, model: MLP, **about: Any) -> None:
    """Write the network into a file, with what else `Trained` may hold; `load_model` reads it."""
    trained = Trained(model, **about)
    activation, output = name_of(model.layers[0].activation), name_of(model.layers[-1].activation)
    MLP(1, [1, 1], activation, output, rng=1)  # refuses a function of the learner's own, which a file cannot hold
    shape = {"sizes": model.sizes, "activation": activation, "output": output}
    use = {name: about for name, about in vars(trained).items() if name != "model"}
    use["standardize"] = trained.standardize and vars(trained.standardize)
    write(path, "model", shape | use | parameters_of(model.parameters()))


def load_model(path: Path) -> Trained:
    """Read a file that `save_model` wrote; one that was cut short or changed is refused with a ValueError."""
    saved = read(path, "model")
    with understood(path):
        sizes, parameters = [_whole(size) for size in saved["sizes"]], len(saved["parameters"])
        if sum([(a + 1) * b for a, b in pairwise(sizes)]) != parameters:  # before so many are made
            raise ValueError(f"its sizes {sizes} do not go with {parameters} parameters")
        model = MLP(sizes[0], sizes[1:], _text(saved["activation"]), _text(saved["output"]), rng=1)
        restore(model.parameters(), saved)
        columns = saved["standardize"]
        standardize = columns and Standardize(_numbers(columns["means"]), _numbers(columns["scales"]))
        classes, features = [[_text(name) for name in saved[names]] for names in ("classes", "features")]
        return Trained(model, _text(saved["loss"]), classes, features, standardize)


def parameters_of(parameters: Sequence[Value]) -> dict[str, Any]:
    """Return what a file holds of the parameters."""
    frozen = [i for i, p in enumerate(parameters) if getattr(p, "frozen", False)]
    return {"parameters": [p.data for p in parameters], "frozen": frozen}


def restore(parameters: Sequence[Value], saved: dict[str, Any]) -> None:
    """Give the parameters what `parameters_of` returned."""
    numbers = _numbers(saved["parameters"])
    if len(numbers) != len(parameters):
        raise ValueError(f"it holds {len(numbers)} parameters, and the network has {len(parameters)}")
    frozen: list[Any] = [parameters[_whole(i)] for i in saved["frozen"]]
    for p, number in zip(parameters, numbers):
        p.data = number
    for p in frozen:
        p.frozen = True


def write(path: Path, kind: str, contents: dict[str, Any]) -> None:
    """Write contents with a hash."""
    contents = {"format": f"micrograd-like {kind}", "version": 1, **contents}
    write_whole(path, json.dumps({**contents, "sha256": _hash(contents)}, indent=1, allow_nan=False) + "\n")


def read(path: Path, kind: str) -> dict[str, Any]:
    """Return what `write` wrote, or raise a ValueError that says what is wrong with the file."""
    with understood(path):
        with open(path, "rb") as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise ValueError(f"it is larger than {LARGEST} bytes")
        try:
            contents = json.loads(raw)
        except ValueError as error:
            raise ValueError(f"it is cut short, or no JSON ({error})") from None
        if not isinstance(contents, dict) or contents.get("format") != f"micrograd-like {kind}":
            raise ValueError(f"it is not a micrograd-like {kind}")
        if contents.get("version") != 1:
            raise ValueError(f"it is of version {contents.get('version')}, and this program knows version 1")
        if contents.pop("sha256") != _hash(contents):
            raise ValueError("it was changed after it was written: its sha256 is another")
        return contents


@contextmanager
def understood(path: Path) -> Iterator[None]:
    """Whatever is wrong with what the file holds, and found within this context, becomes one sentence about it."""
    try:
        yield
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        why = str(error) if isinstance(error, ValueError) else f"it is not arranged as one ({error})"
        raise ValueError(f"{os.fspath(path)} cannot be used: {why}. Take another copy of it, or train again.") from None


def write_whole(path: Path, text: str) -> None:
    """Replace the file in one move, so that at any moment it holds the old text or the new one."""
    target = os.path.realpath(path)
    unfinished = f"{target}.{os.getpid()}.unfinished"
    try:
        with open(unfinished, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, target)
    except BaseException as error:
        with suppress(OSError):
            os.remove(unfinished)
        if isinstance(error, OSError):
            why = f"{error.strerror}, so nothing was written. Give a place where you may write"
            raise type(error)(error.errno, why, os.fspath(path)) from None
        raise


def _hash(contents: dict[str, Any]) -> str:
    from hashlib import sha256  # slow to import: it loads OpenSSL

    return sha256(json.dumps(contents, sort_keys=True, allow_nan=False).encode()).hexdigest()


def _numbers(numbers: Any) -> list[float]:
    for number in numbers:
        if type(number) is not float or not isfinite(number):
            raise ValueError(f"{number!r} stands where a decimal number belongs")
    return list(numbers)


def _whole(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise ValueError(f"{number!r} stands where a whole number belongs")
    return number


def _text(text: Any) -> str:
    if type(text) is not str:
        raise ValueError(f"{text!r} stands where a name belongs")
    return text
