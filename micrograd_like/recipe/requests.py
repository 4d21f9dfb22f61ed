"""What `fit` was asked, checked, with errors that say what to write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base.checks import count, not_negative, table, targets
from ..functions import softmax
from ..optim import SGD, Optimizer
from .module import Module


def check_model(model: Any) -> None:
    """Raise an error if it is not a network with something to train."""
    if not hasattr(model, "parameters") or not callable(model):
        raise TypeError(
            f"fit takes the network first, and {model!r:.60} was given. Write fit(model, X, y, loss='mse', epochs=100)."
        )
    if isinstance(model, type):
        raise TypeError(f"{model.__name__} is a class, not a network. Write model = {model.__name__}(...) first.")
    if not model.parameters():
        raise ValueError(f"{model!r:.60} has no parameters to train. Keep Parameter(0.5) or layers in its attributes.")


def optimizer_of(model: Module, epochs: Any, optimizer: Any, lr: Any) -> Optimizer:
    """Return the optimizer, SGD unless one was given, or raise an error if it does not train this network."""
    if isinstance(epochs, Optimizer):
        raise TypeError(
            f"The fifth argument of fit is epochs, and {type(epochs).__name__} was given. Write optimizer=optimizer."
        )
    if optimizer is None:
        return SGD(model.parameters(), 0.1 if lr is None else lr)
    if lr is not None:
        raise TypeError(f"lr = {lr!r} was given beside an optimizer, which has its own. Write optimizer.lr = {lr!r}.")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer = {optimizer!r:.60} is not one. Write optimizer=SGD(model.parameters(), lr=0.1).")
    if not set(optimizer.parameters) & set(model.parameters()):
        raise ValueError(
            "No parameter of the optimizer belongs to this network, so nothing would be trained. "
            f"Write optimizer={type(optimizer).__name__}(model.parameters(), lr={optimizer.lr:g})."
        )
    return optimizer


def only_loss(y: Sequence[Any], model: Module) -> str:
    """Return the loss for targets that are numbers; classes could mean several."""
    if not all(type(t) is int for t in y):
        return "mse"
    output, kinds = getattr(getattr(model, "layers", [None])[-1], "activation", None), sorted(set(y))
    many = getattr(model, "sizes", [1])[-1] > 1
    if many:
        name = "nll" if output is softmax else "cross_entropy"
    elif kinds in ([0, 1], [-1, 1]):
        sigmoid = getattr(output, "name", "") == "sigmoid"
        name = "hinge" if kinds[0] < 0 else "bce" if sigmoid else "bce_with_logits"
    else:
        return "mse"
    raise ValueError(
        f"y holds the classes {', '.join(map(str, kinds[:4]))}{', ...' * (len(kinds) > 4)}, and no loss was named. "
        f"Write loss={name!r} to tell them apart" + ("." if many else ", or loss='mse' to learn them as numbers.")
    )


def check_output(model: Module, cost: Any) -> None:
    """Raise an error where the network does already what the loss does itself."""
    output = getattr(getattr(model, "layers", [None])[-1], "activation", None)
    name = getattr(cost, "name", "")
    if name == "cross_entropy" and output is softmax:
        raise ValueError(
            "The network ends in softmax, and cross_entropy applies softmax itself. "
            "Write loss='nll', or leave output='softmax' out."
        )
    if name == "bce_with_logits" and getattr(output, "name", "") == "sigmoid":
        raise ValueError(
            "The network ends in sigmoid, and bce_with_logits applies sigmoid itself. "
            "Write loss='bce', or leave output='sigmoid' out."
        )


def check_options(epochs: int, examples: int, options: dict[str, Any]) -> None:
    """Raise an error that names the option which cannot be."""
    if options["compile"] not in (None, "auto"):
        raise ValueError(f'compile = {options["compile"]!r} is unknown. Write compile="auto", or leave it out.')
    not_negative("l2", options["l2"], 1e-4)
    count("epochs", epochs, 100)
    if options["clip"] is not None:
        not_negative("clip", options["clip"], 1.0)
    for name in "batch_size", "patience":
        if options[name] is not None:
            count(name, options[name], 10)
    if unknown := [i for i in options["watch"] if i not in range(examples)]:
        raise ValueError(f"watch names example {unknown[0]!r}. Write numbers from 0 to {examples - 1}.")


def pair(validation: Any) -> tuple[Any, Any]:
    """Return the inputs and targets to validate with."""
    try:
        X, y = validation
    except (TypeError, ValueError):
        raise TypeError(
            f"validation = {validation!r:.60} is not a pair (X, y). "
            "Write train, validation = train_val_split(X, y, 0.2) and "
            "fit(model, *train, loss='mse', validation=validation)."
        ) from None
    return X, y


def examples_of(X: Any, y: Any, model: Module) -> tuple[list[list[float]], list[Any]]:
    """Return X as rows and y as targets, or raise an error that names the place."""
    if isinstance(X, Module) or isinstance(y, Module):
        raise TypeError("fit takes the network first. Write fit(model, X, y, loss='mse', epochs=100).")
    X, y = table(X), targets(y)
    if len(X) != len(y):
        raise ValueError(f"There are {len(X)} examples in X and {len(y)} targets in y. Give one target for each.")
    if isinstance(y[0], list) and len(y[0]) == 1 and not isinstance(model.predict(X[0]), list):
        raise ValueError(
            f"y[0] is {y[0]!r}, a row of one number: y is a column, and the network has one output. "
            "Write [row[0] for row in y] in place of y."
        )
    return X, y
