"""Files of trained networks: strict JSON with a hash, written whole or not at all, read and checked before use."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from .base.checks import listed, numbers, table, whole
from .base.files import FilePath, write_whole
from .data import Standardize
from .engine import Value
from .losses import LOSSES, decide
from .nn import MLP, name_of

LARGEST = 200_000_000  # bytes; a network that needs more would not train in a lifetime


class CheckpointError(ValueError):
    """A file cannot be used as a network or a checkpoint; nothing was changed by it."""


@dataclass
class Trained:
    """A network, and what its use needs: how inputs are standardized, and what outputs mean."""

    model: MLP
    loss: str = "mse"
    classes: list[str] = field(default_factory=list)  # none: the outputs are the prediction
    features: list[str] = field(default_factory=list)
    standardize: Standardize | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.model, MLP):
            raise TypeError(
                f"A file holds an MLP, and this is of type {type(self.model).__name__}. "
                "Keep model.state_dict() with json, or train with fit(..., checkpoint='run.json')."
            )
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


def save_model(path: FilePath, model: MLP, **about: Any) -> None:
    """Write the network into a file, with what else `Trained` may hold; `load_model` reads it."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"The path is of type {type(path).__name__}. Write save_model('model.json', model).")
    trained = Trained(model, **about)
    activation, output = name_of(model.layers[0].activation), name_of(model.layers[-1].activation)
    MLP(1, [1, 1], activation, output, rng=1)  # refuses a function of the learner's own, which a file cannot hold
    shape = {"sizes": model.sizes, "activation": activation, "output": output}
    use = {name: about for name, about in vars(trained).items() if name != "model"}
    use["standardize"] = trained.standardize and vars(trained.standardize)
    write(path, "model", shape | use | parameters_of(model.parameters()))


def load_model(path: FilePath) -> Trained:
    """Read a file that `save_model` wrote; one that was cut short or changed is refused with a CheckpointError."""
    saved = read(path, "model")
    with understood(path):
        sizes = [whole(size) for size in listed(saved["sizes"])]
        count, wanted = len(listed(saved["parameters"])), sum([(a + 1) * b for a, b in pairwise(sizes)])
        if count != wanted:  # before so many are made
            raise ValueError(f"its sizes {sizes!s:.60} do not go with {count} parameters")
        parameters = Parameters.of(saved, count)
        model = MLP(sizes[0], sizes[1:], _text(saved["activation"]), _text(saved["output"]), rng=1)
        parameters.give(model.parameters())
        columns = saved["standardize"]
        standardize = None if columns is None else Standardize(*[numbers(columns[key]) for key in ("means", "scales")])
        classes, features = [[_text(name) for name in listed(saved[names])] for names in ("classes", "features")]
        return Trained(model, _text(saved["loss"]), classes, features, standardize)


def parameters_of(parameters: Sequence[Value]) -> dict[str, Any]:
    """Return what a file holds of the parameters."""
    frozen = [i for i, p in enumerate(parameters) if getattr(p, "frozen", False)]
    return {"parameters": [p.data for p in parameters], "frozen": frozen}


@dataclass
class Parameters:
    """What a file holds of the parameters, checked."""

    data: list[float]
    frozen: list[int]

    @classmethod
    def of(cls, saved: dict[str, Any], count: int) -> Parameters:
        """Read them, or raise an error if they are not those of `count` parameters."""
        data = numbers(saved["parameters"])
        if len(data) != count:
            raise ValueError(f"it holds {len(data)} parameters, and the network has {count}")
        return cls(data, [whole(i, below=count) for i in listed(saved["frozen"])])

    def give(self, parameters: Sequence[Any]) -> None:
        """Let the parameters have these numbers."""
        for p, number in zip(parameters, self.data):
            p.data = number
        for i in self.frozen:
            parameters[i].frozen = True


def write(path: FilePath, kind: str, contents: dict[str, Any]) -> None:
    """Write contents with a hash."""
    contents = {"format": f"micrograd-like {kind}", "version": 1, **contents}
    write_whole(path, json.dumps({**contents, "sha256": _hash(contents)}, indent=1, allow_nan=False) + "\n")


def read(path: FilePath, kind: str) -> dict[str, Any]:
    """Return what `write` wrote, or raise a CheckpointError that says what is wrong with the file."""
    with understood(path):
        with open(path, "rb") as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise ValueError(f"it is larger than {LARGEST} bytes")
        try:
            contents = json.loads(raw, parse_constant=_no_number)
        except ValueError as error:
            raise ValueError(f"it is cut short, or not JSON ({error})") from None
        if not isinstance(contents, dict) or contents.get("format") != f"micrograd-like {kind}":
            raise ValueError(f"it is not a micrograd-like {kind}")
        if contents.get("version") != 1:
            raise ValueError(f"it is of version {contents.get('version')!r:.20}, and this program knows version 1")
        if contents.pop("sha256") != _hash(contents):
            raise ValueError("it was changed after it was written: its sha256 differs")
        return contents


@contextmanager
def understood(path: FilePath) -> Iterator[None]:
    """Whatever is wrong with what the file holds, and found within this context, becomes one sentence about it."""
    try:
        yield
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError) as error:
        why = str(error) if isinstance(error, ValueError) else f"it is not arranged as one ({error})"
        why = why if len(why) < 300 else f"{why[:300]}..."
        raise CheckpointError(
            f"{os.fspath(path)} cannot be used: {why.rstrip('.')}. Take another copy of it, or train again."
        ) from None


def _hash(contents: dict[str, Any]) -> str:
    from hashlib import sha256  # slow to import

    return sha256(json.dumps(contents, sort_keys=True, allow_nan=False).encode()).hexdigest()


def _no_number(name: str) -> float:
    raise ValueError(f"it holds {name}")


def _text(text: Any) -> Any:
    if type(text) is not str:
        raise ValueError(f"{text!r:.60} stands where a name belongs")
    return text
