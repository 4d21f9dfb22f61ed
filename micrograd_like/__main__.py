"""The command line: learn, train, predict, draw, walk, exercise. `micrograd-like --help`"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from shutil import which
from statistics import fmean, pstdev
from typing import TYPE_CHECKING, Any

from . import __version__, _engine
from .classroom import commands as classroom
from .steps import migrate
from .views import learn, terminal, terminal_exercise, worksheets
from .views.worksheets import counted

if TYPE_CHECKING:
    from .engine import Value
    from .losses import LossName
    from .nn import MLP
    from .train import TrainingHistory

FIRST_MINUTE = """
Next:
  {call} learn
      open the lessons
  {call} walk "(a*b + c).tanh()" a=2 b=-3 c=10
      step through backpropagation
  {call} exercise fan-out
      do it by hand, and be told which mistake you made
  {call} --help
      see everything else
"""
PYTHON_ADVICE: tuple[
    tuple[str, Any], ...
] = (  # what a message advises in Python, and what a command line writes for it
    (r",? or compute inside `with ieee\(\):`[^.]*(?=\.)", ""),
    (r", or write target=None to read inputs alone", ""),
    (r"\bMLP\(\d+, \[(\d+(?:, \d+)*), \d+\]\)", lambda found: "--hidden " + found[1].replace(" ", "")),
    (
        r"\b(activation|batch_size|epochs|lr|momentum|seed|target|validation) ?= ?(?!=)(\S*[^\s.,:;])",
        lambda found: f"--{found[1].replace('_', '-')} {found[2]}",
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, or 1 after one sentence about what is wrong on stderr."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = make_parser()
    options = parser.parse_args(arguments or ["train", "moons"])
    try:
        code = options.run(options)
        print("" if arguments else FIRST_MINUTE.format(call=options.call), end="")
        return code or 0
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # who read along has stopped, as `head` does
        sys.stderr.close()
        return 0
    except OSError as error:
        print(f"micrograd-like: {about_files(error)}", file=sys.stderr)
        return 1
    except (ValueError, TypeError, ArithmeticError, ImportError, RuntimeError) as error:
        print(f"micrograd-like: {as_command_line(str(error))}", file=sys.stderr)
        return 1


def called() -> str:
    """Return the words by which this command line was called, so that what it advises can be typed.

    That is the name alone only where the shell finds it; else its path, or `python3 -m micrograd_like`.
    """
    script = sys.argv[0]
    if Path(script).name == "__main__.py":
        return f"{sys.orig_argv[0]} -m micrograd_like"
    if Path(script).stem != "micrograd-like":  # called from Python
        return "micrograd-like"
    found = which("micrograd-like")
    return "micrograd-like" if found and Path(found).resolve() == Path(script).resolve() else script


def as_command_line(message: str) -> str:
    """Return an error's message with options where it advises Python.

    >>> as_command_line("batch_size = 0 is too small. Write batch_size=10.")
    '--batch-size 0 is too small. Write --batch-size 10.'
    """
    for python, words in PYTHON_ADVICE:
        message = re.sub(python, words, message)
    return message


def about_files(error: OSError) -> str:
    """Return in a sentence what could not be read or written, why, and what to do."""
    name = error.filename
    if name is None:
        return str(error)
    if isinstance(error, FileNotFoundError) and Path(name).suffix == ".json":
        return f"There is no file {name}. Write {called()} train iris first: it makes out/model.json."
    if isinstance(error, FileNotFoundError) and Path(name).suffix == ".csv":
        return f"There is no file {name}. Write the path of one that exists, or the name of a data set, such as iris."
    if isinstance(error, FileNotFoundError) and Path(name).parent.is_dir():
        return f"There is no file {name}. Write the path of one that exists."
    if isinstance(error, FileNotFoundError):
        return f"There is no folder for {name}. Make it first, or write another path."
    return f"{name}: {error.strerror}. Write another path, one that you may read and write."


def make_parser() -> argparse.ArgumentParser:
    """Return the parser; each command's function is its `run`."""
    parser = argparse.ArgumentParser(
        prog="micrograd-like",
        description="Understand backpropagation by doing it. Without a command: train on moons and draw.",
    )
    parser.add_argument("--version", action="version", version=version_line())
    parser.set_defaults(call=called(), numbers=assigned)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    train = commands.add_parser("train", help="train a network on a data set or a CSV file")
    train.add_argument("data", help="moons, circles, spirals, xor, glyphs, iris, digits, wine, breast_cancer, FILE.csv")
    train.add_argument("--target", help="the column of FILE.csv that holds what to learn (default: the last)")
    kinds = train.add_mutually_exclusive_group()
    kinds.add_argument(
        "--regression", action="store_true", default=None, help="learn the targets of FILE.csv as numbers"
    )
    kinds.add_argument("--classes", dest="regression", action="store_false", help="tell them apart as classes")
    train.add_argument("--hidden", type=sizes, metavar="N,N", help="hidden neurons (default: 16,16, in a plane 8,8)")
    train.add_argument("--activation", default="relu", help="of the hidden layers (default: %(default)s)")
    train.add_argument("--epochs", type=int, help="passes over the data")
    train.add_argument("--batch-size", type=int, help="examples for each update (default: 16, in a plane all)")
    train.add_argument("--lr", type=float, help="learning rate at the start; it falls towards a tenth of it")
    train.add_argument("--momentum", type=float, default=0.0)
    train.add_argument("--validation", type=float, metavar="SHARE", help="the share to validate with, such as 0.2")
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where to write (default: out)")
    train.set_defaults(run=run_train)

    predict = commands.add_parser("predict", help="predict with a trained network, a line for each row")
    predict.add_argument("model", type=Path, help="the model.json that train wrote")
    predict.add_argument("csv", metavar="FILE.csv", help="what to predict for; or the name of a data set, such as iris")
    predict.set_defaults(run=run_predict)

    draw = commands.add_parser("draw", help="draw an expression, with its gradients")
    add_expression(draw)
    draw.add_argument("-o", dest="output", type=Path, default=Path("graph.svg"), help=".svg, .png, .dot or .html")
    draw.set_defaults(run=run_draw)
    doctor = commands.add_parser("doctor", help="say what is wrong with a training loop of your own")
    doctor.add_argument("script", help="a Python script or a notebook; it is run")
    doctor.set_defaults(run=run_doctor)
    terminal.add_commands(commands, add_expression)
    for room in (learn, terminal_exercise, worksheets, classroom, migrate):
        room.add_commands(commands)
    return parser


def add_expression(command: argparse.ArgumentParser) -> None:
    """Let a command take an expression and the numbers of its variables."""
    command.add_argument("expression", help='such as "(a*b + c).tanh()"')
    command.add_argument("values", nargs="*", type=assignment, metavar="NAME=NUMBER", help="such as a=2 b=-3 c=10")


def sizes(text: str) -> list[int]:
    """Read "16,16" as [16, 16], and "" as no hidden layer."""
    numbers = [size.strip() for size in text.split(",") if size.strip()]
    if not all(size.isdecimal() for size in numbers):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of layer sizes. Write --hidden 16,16")
    return [int(size) for size in numbers]


def assignment(text: str) -> tuple[str, float]:
    """Read "a=2" as ("a", 2.0)."""
    name, sign, number = text.partition("=")
    try:
        if sign and name.isidentifier():
            return name, float(number)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} does not give a name a number. Write it as in a=2")


def assigned(pairs: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Return the numbers by name; a name that has two of them is an error."""
    numbers = dict(pairs)
    for name, number in pairs:
        if numbers[name] != number:
            raise ValueError(f"{name} has two numbers, {number:g} and {numbers[name]:g}. Write {name}={number:g} once.")
    return numbers


def version_line() -> str:
    """Return the version, and which engine runs."""
    return f"micrograd-like {__version__}, engine in {_engine.NAME}"


def run_train(options: argparse.Namespace) -> None:
    """Train, and write the network, how it went, and pictures of both."""
    from .checkpoint import save_model
    from .data import Standardize, train_val_split
    from .drawing.draw import draw
    from .drawing.plots import decision_boundary
    from .nn import MLP
    from .optim import SGD, TrainingDivergedError
    from .train import fit

    check_ranges(options)
    dataset = load(options.data, options.target, options.regression)
    options.out.mkdir(parents=True, exist_ok=True)
    shape = len(dataset.features) == 2 and len(dataset.classes) == 2  # points in a plane, to be told apart
    X, y = dataset
    held_out = None
    if options.validation is not None:
        (X, y), held_out = train_val_split(X, y, options.validation, options.seed)
    epochs = chosen(options.epochs, 80 if shape else 20 if len(X) * len(X[0]) < 10_000 else 5)
    usual = 1.0 if shape else 0.1
    lr = chosen(options.lr, usual)

    standardize, task = Standardize.fit(X), Goal(dataset.classes, y)
    model = MLP(
        len(X[0]), [*chosen(options.hidden, [8, 8] if shape else [16, 16]), task.outputs], options.activation,
        init="he", rng=options.seed,
    )  # fmt: skip
    print(f"Training on {options.data}: {counted(len(X), 'example')}, {counted(epochs, 'epoch')}.")
    print(model.summary(), flush=True)
    inputs, targets = standardize(X), task.encode(y)
    optimizer = SGD(model.parameters(), lambda epoch: lr * (1 - 0.9 * epoch / max(epochs, 1)), options.momentum)
    try:
        history = fit(
            model, inputs, targets, task.loss, epochs,
            optimizer=optimizer, batch_size=chosen(options.batch_size, None if shape else 16),
            validation=held_out and (standardize(held_out[0]), task.encode(held_out[1])), seed=options.seed,
            l2=1e-4 if shape else 0.0, watch=Lines(epochs),
        )  # fmt: skip
    except TrainingDivergedError as error:
        history = error.history
    print(report(history), flush=True)
    files: dict[str, Callable[[Path], object]] = {"history.csv": history.to_csv, "loss.svg": history.plot().save}
    if learnt := history.loss[-1] < history.loss[0]:
        files["graph.svg"] = draw(teaching_example(model, inputs, targets, task.loss)).save
        task.restore_units(model)
        names = {"classes": dataset.classes, "features": dataset.features}
        files["model.json"] = lambda path: save_model(path, model, standardize=standardize, loss=task.loss, **names)
        if shape:
            border = decision_boundary(lambda x: model.predict(standardize([x])[0]), X, y, threshold=0.0, **names)
            files["boundary.svg"] = border.save
    for name, save in files.items():
        save(options.out / name)
        print(f"wrote {options.out / name}")
    if not learnt:
        smaller = usual if lr > usual else lr / 10
        raise TrainingDivergedError(
            f"The loss rose from {history.loss[0]:.4g} to {history.loss[-1] if history.epochs else inf:.4g}: "
            "the steps are too large. "
            f"Write --lr {smaller:g}{' and leave out --momentum' * (options.momentum > 0)}."
        )


class Lines(list[int]):
    """Watches no example, and prints a line at each tenth of a training where no bar is shown."""

    epochs: int
    printed: int

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self.epochs, self.printed = epochs, 0

    def show(self, history: TrainingHistory) -> None:
        """Print how far the training is, if that has not been said."""
        tenth = 10 * history.epochs // max(self.epochs, 1)
        if 0 < tenth < 10 and tenth > self.printed and not sys.stderr.isatty():
            print(f"epoch {history.epochs} of {self.epochs}: loss {history.loss[-1]:.4g}", flush=True)
            self.printed = tenth


def check_ranges(options: argparse.Namespace) -> None:
    """Raise an error that names the option which is out of its range, and a number to write."""
    for option, number, fits, example in (
        ("--hidden", min(options.hidden or [1]), (1, inf), 16),
        ("--epochs", options.epochs, (1, inf), 20),
        ("--batch-size", options.batch_size, (1, inf), 16),
        ("--lr", options.lr, (1e-12, 1e12), 0.1),
        ("--momentum", options.momentum, (0, 0.999), 0.9),
        ("--validation", options.validation, (0.001, 0.999), 0.2),
    ):
        if number is not None and not fits[0] <= number <= fits[1]:
            raise ValueError(f"{option} {number:g} is out of range. Write {option} {example}.")


def teaching_example(model: MLP, inputs: Sequence[Any], targets: Sequence[Any], loss: str) -> Value:
    """Return, after its backward pass, the loss of an example from which one learns most.

    That is one whose loss is not 0, with some gates open and some shut; of these, the one of the smallest loss.
    """
    from .engine import topological_order
    from .losses import LOSSES

    def dullness(root: Value) -> tuple[bool, bool, float]:
        gates = [node.local_grads[0] for node in topological_order(root)[:-1] if node.op is not None and node.op.gate]
        return root.data == 0.0, len({gate == 0.0 for gate in gates}) == 1, root.data

    with_losses = (LOSSES[loss].one(model(x), target) for x, target in zip(inputs, targets))
    root: Value = min(with_losses, key=dullness)
    model.zero_grad()
    root.backward()
    return root


def chosen(option: Any, otherwise: Any) -> Any:
    """Return what was asked for, or else the default."""
    return otherwise if option is None else option


def load(name: str, target: str | None, regression: bool | None = None) -> Any:
    """Return the data set of that name, or the file's; say how whole numbers are taken where nobody asked."""
    from .data import DATASETS, read_csv

    if name in DATASETS:
        if regression is not None:
            raise ValueError(f"--regression and --classes are for files, and {name} is not one. Leave them out.")
        return DATASETS[name]()
    if not name.endswith(".csv"):
        raise ValueError(f"There is no data set {name!r}. Name a file .csv, or one of: {', '.join(DATASETS)}.")
    dataset = read_csv(name, target=-1 if target is None else target, regression=regression)
    if regression is None and len(dataset.classes) > 1 and all(text.lstrip("-").isdigit() for text in dataset.classes):
        print(
            f"The targets are whole numbers of {len(dataset.classes)} kinds, so they are taken as classes. "
            "To learn them as numbers, add --regression."
        )
    if len(dataset.classes) == 1:
        only = f"{name} has one class only, {dataset.classes[0]!r}, so there is nothing to tell apart."
        raise ValueError(f"{only} Add rows of another class, or write --target and the name of another column.")
    return dataset


class Goal:
    """What a network is to do with the targets: tell two classes or several apart, or give a number."""

    classes: int
    outputs: int
    middle: float
    spread: float | Any

    def __init__(self, classes: Sequence[str], y: Sequence[Any]) -> None:
        self.classes = len(classes)
        self.loss: LossName = "mse" if not classes else "hinge" if len(classes) == 2 else "cross_entropy"
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


def report(history: TrainingHistory) -> str:
    """Return in a line or two how the training went."""
    parts = [f"loss {history.loss[0]:.4g} -> {history.loss[-1]:.4g}"]
    for name, share in (("accuracy", history.accuracy[-1]), ("validation accuracy", history.val_accuracy[-1])):
        if share is not None:
            parts.append(f"{name} {share:.1%}")
    return f"{counted(history.epochs, 'epoch')}: {', '.join(parts)}"


def run_predict(options: argparse.Namespace) -> None:
    """Print the prediction for each row of the file."""
    from .checkpoint import load_model
    from .data import DATASETS, read_csv

    trained = load_model(options.model)
    if options.csv in DATASETS:
        rows = DATASETS[options.csv]().X
    else:
        with Path(options.csv).open(encoding="utf-8-sig", errors="replace") as file:
            header = {cell.strip().strip('"') for cell in file.readline().split(",")}
        named = trained.features if header >= set(trained.features) else None  # else its columns are in order
        rows = read_csv(options.csv, target=None, features=named).X
    for prediction in trained.predict(rows):
        print(prediction)


def run_doctor(options: argparse.Namespace) -> int:
    """Say what is wrong with a script; the exit code is 1 if something is."""
    from .steps.doctor import main as examine

    return examine(options.script)


def run_draw(options: argparse.Namespace) -> None:
    """Draw an expression after its backward pass."""
    from .drawing.draw import draw
    from .graph.parse import parse

    root, variables = parse(options.expression, assigned(options.values))
    root.backward()
    draw(root).save(options.output)
    print(f"{options.expression} = {root.data:.6g}")
    for name, variable in variables.items():
        print(f"{name}.grad = {variable.grad:.6g}")
    print(f"wrote {options.output}")


if __name__ == "__main__":
    sys.exit(main())
