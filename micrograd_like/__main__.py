"""The command line: train, predict, draw, walk and explain. `micrograd-like --help`"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, pstdev
from typing import TYPE_CHECKING, Any

from . import __version__, _engine
from .views import terminal, worksheets

if TYPE_CHECKING:
    from .nn import MLP
    from .train import History

FIRST_MINUTE = """
Next:
  micrograd-like walk "(a*b + c).tanh()" a=2 b=-3 c=10            step through backpropagation
  micrograd-like draw "(a*b + c).tanh()" a=2 b=-3 c=10 -o g.svg   draw an expression of your own
  micrograd-like train iris --validation 0.2                      train on real flowers
  micrograd-like --help                                           see everything else
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, or 1 after one sentence about what is wrong on stderr."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = make_parser()
    options = parser.parse_args(arguments or ["train", "moons"])
    try:
        options.run(options)
        if not arguments:
            print(FIRST_MINUTE, end="")
    except KeyboardInterrupt:
        return 130
    except (ValueError, TypeError, ArithmeticError, ImportError, OSError, RuntimeError) as error:
        print(f"micrograd-like: {error}", file=sys.stderr)
        return 1
    return 0


def make_parser() -> argparse.ArgumentParser:
    """Return the parser; each command's function is its `run`."""
    parser = argparse.ArgumentParser(
        prog="micrograd-like",
        description="Understand backpropagation by doing it. Without a command: train on moons and draw.",
    )
    parser.add_argument("--version", action="version", version=version_line())
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    train = commands.add_parser("train", help="train a network on a data set or a CSV file")
    train.add_argument("data", help="moons, circles, spirals, xor, glyphs, iris, digits, wine, breast_cancer, FILE.csv")
    train.add_argument("--target", help="the column of FILE.csv that holds what to learn (default: the last)")
    train.add_argument("--hidden", type=sizes, metavar="N,N", help="neurons in each hidden layer (default: 16,16)")
    train.add_argument("--activation", default="relu", help="of the hidden layers (default: %(default)s)")
    train.add_argument("--epochs", type=int, help="passes over the data")
    train.add_argument("--batch-size", type=int, help="examples for each update (default: 16, in a plane all)")
    train.add_argument("--lr", type=float, help="learning rate at the start; it falls to a tenth of it")
    train.add_argument("--momentum", type=float, default=0.0)
    train.add_argument("--validation", type=float, metavar="SHARE", help="the share to validate with, such as 0.2")
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where to write (default: out)")
    train.set_defaults(run=run_train)

    predict = commands.add_parser("predict", help="predict with a trained network, a line for each row")
    predict.add_argument("model", type=Path, help="the model.json that train wrote")
    predict.add_argument("csv", type=Path, metavar="FILE.csv")
    predict.set_defaults(run=run_predict)

    draw = commands.add_parser("draw", help="draw an expression, with its gradients")
    add_expression(draw)
    draw.add_argument("-o", dest="output", type=Path, default=Path("graph.svg"), help=".svg, .png, .dot or .html")
    draw.set_defaults(run=run_draw)
    terminal.add_commands(commands, add_expression)
    worksheets.add_commands(commands)
    return parser


def add_expression(command: argparse.ArgumentParser) -> None:
    """Let a command take an expression and the numbers of its variables."""
    command.add_argument("expression", help='such as "(a*b + c).tanh()"')
    command.add_argument("values", nargs="*", type=assignment, metavar="NAME=NUMBER", help="such as a=2 b=-3 c=10")


def sizes(text: str) -> list[int]:
    """Read "16,16" as [16, 16], and "" as no hidden layer."""
    return [int(size) for size in text.split(",") if size]


def assignment(text: str) -> tuple[str, float]:
    """Read "a=2" as ("a", 2.0)."""
    name, sign, number = text.partition("=")
    if not (sign and name.isidentifier()):
        raise argparse.ArgumentTypeError(f"{text!r} gives no name a number, as in a=2")
    return name, float(number)


def version_line() -> str:
    """Return the version, and which engine runs."""
    return f"micrograd-like {__version__}, engine in {_engine.NAME}"


def run_train(options: argparse.Namespace) -> None:
    """Train, and write the network, how it went, and pictures of both."""
    from .checkpoint import save_model
    from .data import Standardise, train_val_split
    from .drawing.draw import draw
    from .drawing.plots import decision_boundary
    from .losses import LOSSES
    from .nn import MLP
    from .optim import SGD
    from .train import fit

    dataset = load(options.data, options.target)
    options.out.mkdir(parents=True, exist_ok=True)
    shape = len(dataset.features) == 2 and len(dataset.classes) == 2  # points in a plane, to be told apart
    X, y = dataset
    held_out = None
    if options.validation is not None:
        (X, y), held_out = train_val_split(X, y, options.validation, options.seed)
    epochs = chosen(options.epochs, 100 if shape else 20 if len(X) * len(X[0]) < 10_000 else 5)
    lr = chosen(options.lr, 1.0 if shape else 0.1)

    standardise, task = Standardise.fit(X), Task(dataset.classes, y)
    model = MLP(
        len(X[0]), [*chosen(options.hidden, [16, 16]), task.outputs], options.activation,
        init="uniform" if shape else "he", rng=options.seed,
    )  # fmt: skip
    print(model.summary())
    inputs, targets = standardise(X), task.encode(y)
    history = fit(
        model, inputs, targets, task.loss,
        SGD(model.parameters(), lambda epoch: lr * (1 - 0.9 * epoch / max(epochs, 1)), options.momentum),
        epochs, chosen(options.batch_size, None if shape else 16),
        held_out and (standardise(held_out[0]), task.encode(held_out[1])), options.seed, l2=1e-4 if shape else 0.0,
    )  # fmt: skip
    print(report(history))

    example = LOSSES[task.loss].one(model(inputs[0]), targets[0])
    example.backward()
    task.restore_units(model)
    about = {"loss": task.loss, "classes": dataset.classes, "features": dataset.features}
    files: dict[str, Callable[[Path], object]] = {
        "model.json": lambda path: save_model(path, model, standardise=standardise, **about),
        "history.csv": history.to_csv,
        "loss.svg": history.plot().save,
        "graph.svg": draw(example).save,
    }
    if shape:
        files["boundary.svg"] = decision_boundary(lambda x: model.predict(standardise([x])[0]), X, y).save
    for name, save in files.items():
        save(options.out / name)
        print(f"wrote {options.out / name}")


def chosen(option: Any, otherwise: Any) -> Any:
    """Return what was asked for, or else the default."""
    return otherwise if option is None else option


def load(name: str, target: str | None) -> Any:
    """Return the data set of that name, or the file's."""
    from .data import DATASETS, read_csv

    if name in DATASETS:
        return DATASETS[name]()
    if not name.endswith(".csv"):
        raise ValueError(f"There is no data set {name!r}. Name a file .csv, or one of: {', '.join(DATASETS)}.")
    return read_csv(name, target=-1 if target is None else target)


class Task:
    """What a network is to do with the targets: tell two classes or several apart, or give a number."""

    def __init__(self, classes: Sequence[str], y: Sequence[Any]) -> None:
        self.classes = len(classes)
        self.loss = "mse" if not classes else "hinge" if len(classes) == 2 else "cross_entropy"
        self.outputs = 1 if len(classes) <= 2 else len(classes)
        self.middle = 0.0 if classes else fmean(y)
        self.spread = 1.0 if classes else pstdev(y) or 1.0

    def encode(self, y: Sequence[Any]) -> list[Any]:
        """Return the targets as the loss wants them: -1 and 1 for two classes, numbers in units of their spread."""
        if self.classes:
            return [2 * k - 1 for k in y] if self.classes == 2 else list(y)
        return [(number - self.middle) / self.spread for number in y]

    def restore_units(self, model: MLP) -> None:
        """Let a network that has learnt encoded numbers give them in their own units."""
        for neuron in model.layers[-1].neurons if not self.classes else ():
            for p in neuron.parameters():
                p.data *= self.spread
            neuron.b.data += self.middle


def report(history: History) -> str:
    """Return in a line or two how the training went."""
    parts = [f"loss {history.loss[0]:.4g} -> {history.loss[-1]:.4g}"]
    for name, share in (("accuracy", history.accuracy[-1]), ("validation accuracy", history.val_accuracy[-1])):
        if share is not None:
            parts.append(f"{name} {share:.1%}")
    return f"{history.epochs} epochs: {', '.join(parts)}"


def run_predict(options: argparse.Namespace) -> None:
    """Print the prediction for each row of the file."""
    from .checkpoint import load_model
    from .data import read_csv

    trained = load_model(options.model)
    with options.csv.open(encoding="utf-8-sig", errors="replace") as file:
        header = {cell.strip().strip('"') for cell in file.readline().split(",")}
    named = trained.features if header >= set(trained.features) else None  # else its columns are in order
    rows = read_csv(options.csv, target=None, features=named).X
    for prediction in trained.predict(rows):
        print(prediction)


def run_draw(options: argparse.Namespace) -> None:
    """Draw an expression after its backward pass."""
    from .drawing.draw import draw
    from .graph.parse import parse

    root, variables = parse(options.expression, dict(options.values))
    root.backward()
    draw(root).save(options.output)
    print(f"{options.expression} = {root.data:.6g}")
    for name, variable in variables.items():
        print(f"{name}.grad = {variable.grad:.6g}")
    print(f"wrote {options.output}")


if __name__ == "__main__":
    sys.exit(main())
