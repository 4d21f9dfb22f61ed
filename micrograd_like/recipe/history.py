"""What was seen of a training: one row for each epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any, NamedTuple

from ..base.checks import listed, numbers, whole
from ..base.files import FilePath, write_whole
from ..base.shows import SHOWS


class Row(NamedTuple):
    """What was seen after an epoch; None where it was not measured."""

    epoch: int  # passes over the training set so far
    updates: int  # steps of the optimizer so far, also called iterations
    lr: float | None  # the learning rate of this epoch
    loss: float
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    predictions: list[Any]  # of the watched examples
    weights: list[float]  # of all parameters, if asked for
    gradients: list[float]  # with which the last update was made, if asked for
    memory: list[list[float]]  # what the optimizer remembers of each parameter, if asked for


@dataclass
class TrainingHistory:
    """One `Row` for each epoch, the first one before any training; losses are without the l2 penalty."""

    watch: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    best: int = 0  # the epoch of the lowest loss, in validation if there was one
    stopped: str = ""  # what ended it: "epochs", "patience", "goal", "interrupted" or "diverged"
    about: Any = field(default=None, repr=False, compare=False)  # (model, X, y, optimizer), for `save`
    cost: Any = field(default=None, repr=False, compare=False)  # (name of the loss, l2, batch_size, clip)

    @classmethod
    def of(cls, saved: Any, examples: int, parameters: int) -> TrainingHistory:
        """Return the history that a file holds, or raise a ValueError if it is not one of such a training."""
        watch = [whole(i, below=examples) for i in listed(saved["watch"])]
        rows = [_row(row, k, len(watch), parameters) for k, row in enumerate(listed(saved["rows"]))]
        return cls(watch, rows, whole(saved["best"], below=len(rows)))

    def column(self, name: str) -> list[Any]:
        """Return one field of all rows."""
        return [getattr(row, name) for row in self.rows]

    @property
    def epochs(self) -> int:
        return len(self.rows) - 1

    @property
    def lr(self) -> list[float | None]:
        return self.column("lr")

    @property
    def loss(self) -> list[float]:
        return self.column("loss")

    @property
    def accuracy(self) -> list[float | None]:
        return self.column("accuracy")

    @property
    def val_loss(self) -> list[float | None]:
        return self.column("val_loss")

    @property
    def val_accuracy(self) -> list[float | None]:
        return self.column("val_accuracy")

    @property
    def weights(self) -> list[list[float]]:
        return self.column("weights")

    def score(self, epoch: int = -1) -> float:
        """Return the loss after that epoch, in validation if there was one."""
        row = self.rows[epoch]
        return row.loss if row.val_loss is None else row.val_loss

    @property
    def predictions(self) -> dict[int, list[Any]]:
        """For each watched example, its outputs over the epochs."""
        return {i: [row.predictions[k] for row in self.rows] for k, i in enumerate(self.watch)}

    def plot(self, **options: Any) -> Any:
        """Draw the loss curves."""
        return SHOWS["loss curves"](self, **options)

    def to_csv(self, path: FilePath) -> None:
        """Write one line for each epoch."""
        import csv  # slow to import
        import io

        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow([*Row._fields[:7], *[f"prediction {i}" for i in self.watch]])
        lines.writerows([[*row[:7], *row.predictions] for row in self.rows])
        write_whole(path, text.getvalue())

    def save(self, path: FilePath) -> Any:
        """Write a page on which one moves through the epochs: boundary, losses, each weight and its update.

        `fit` must have been called with record_weights=True.
        """
        return SHOWS["training as a page"](self, path)

    def __repr__(self) -> str:
        return f"<TrainingHistory of {self.epochs} epochs: loss {self.loss[0]:.4g} -> {self.loss[-1]:.4g}>"

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>{self.plot()._repr_html_()}"


def _row(saved: Any, epoch: int, watched: int, parameters: int) -> Row:
    row = Row(*listed(saved))
    whole(row.updates)
    numbers([row.loss, *[x for x in (row.lr, row.accuracy, row.val_loss, row.val_accuracy) if x is not None]])
    for prediction in listed(row.predictions):
        numbers(prediction if isinstance(prediction, list) else [prediction])
    recorded = [len(listed(part)) for part in (row.weights, row.gradients, row.memory)]
    if row.epoch != epoch or len(row.predictions) != watched or recorded not in ([0] * 3, [parameters] * 3):
        raise ValueError(f"row {epoch} of its history does not go with the rest")
    for part in row.weights, row.gradients, *row.memory:
        numbers(part)
    return row
