"""Watching a network learn: live in a notebook, and as a page on which one moves through the epochs."""

from __future__ import annotations

import struct
import time
import zlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from inspect import signature
from pathlib import Path
from typing import Any

from ..base.files import FilePath as AnyPath, write_whole
from ..drawing.picture import SERIES, framed, text
from ..nn import Module, name_of
from ..ops import OPS, Op
from ..ops.notation import short_name
from ..optim import SGD
from ..train import Trainer, fit
from .bundle import asset, bundle, classic, packed, script_json
from .javascript import kernels, operations
from .playground import MOST, programs, refusal
from .walk_page import document

BUDGET, WITH_PROGRAMS = (
    150_000,
    60_000,
)  # bytes of numbers in a page, alone or beside programs; beyond, it has fewer epochs


class live(list[int]):
    """Numbers of examples to watch, and a view in the notebook that follows the training in place.

    Loss, decision boundary, weights and gradients; what is there last is saved with the notebook. Drawing takes
    about a tenth of the time at most.
    """

    took: float
    last: float

    def __init__(self, examples: Iterable[int] = ()) -> None:
        super().__init__(examples)
        try:
            from IPython.display import HTML, display
        except ImportError:
            raise ImportError(
                "The live view needs a notebook, and the package IPython is not installed. Write pip install "
                "'micrograd-like[notebook]', or history.save('training.html') afterwards."
            ) from None
        self.html: Any = HTML
        self.display: Any = display
        self.handle: Any = None
        self.took, self.last = 0.0, 0.0

    def show(self, history: Any) -> None:
        """Draw how far it has come, unless that was done a moment ago."""
        start = time.monotonic()
        if self.handle and not history.stopped and start - self.last < 9 * self.took:
            return
        content = self.html(snapshot(history))
        if self.handle is None:
            self.handle = self.display(content, display_id=True)
        else:
            self.handle.update(content)
        self.last = time.monotonic()
        self.took = self.last - start


def snapshot(history: Any) -> str:
    """Return pictures of a training as it stands, as HTML that a notebook keeps."""
    from ..drawing.plots import curves, decision_boundary

    model, X, y, _ = history.about
    pictures = [curves(history, title=f"epoch {history.epochs}")]
    if len(X[0]) == 2:
        pictures.append(decision_boundary(model, X, y, threshold=None))
    images = [picture.svg for picture in pictures] + [strips(model)]
    told = ["Loss over the epochs", "What the network makes of the plane", "Weights and gradients"]
    told = told if len(images) == 3 else told[::2]
    shown = [
        f'<img src="data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}" alt="{words}">'
        for words, svg in zip(told, images)
    ]
    row = history.rows[-1]
    watched = ", ".join(f"example {i}: {_outputs(x)}" for i, x in zip(history.watch, row.predictions))
    accuracy = "" if row.accuracy is None else f", accuracy {row.accuracy:.1%}"
    words = f"Epoch {row.epoch}: loss {row.loss:.4g}{accuracy}. {watched}"
    return f"<p>{escape(words)}</p>{''.join(shown)}"


def _outputs(prediction: Any) -> str:
    numbers = prediction if isinstance(prediction, list) else [prediction]
    return ", ".join(f"{x:.4g}" for x in numbers)


def strips(model: Module) -> str:
    """Draw all parameters, and below them their gradients: a bar for each, up for plus and down for minus."""
    parameters = model.parameters()
    width, parts = max(360.0, 2.0 * len(parameters)), []
    for row, (what, numbers) in enumerate(
        [("weights", [p.data for p in parameters]), ("gradients", [p.grad for p in parameters])]
    ):
        top, most = 24 + 90 * row, max([abs(x) for x in numbers]) or 1.0
        parts.append(text(8, top, f"{what}, up to {most:.3g} (above the line plus, below it minus)", "dim", 11))
        parts.append(f'<path class="line" d="M8 {top + 40}h{width}"/>')
        step = width / len(numbers)
        for i, x in enumerate(numbers):
            high = 30 * abs(x) / most
            y = top + 40 - (high if x > 0 else 0)
            kind = "plus" if x > 0 else "minus"
            place = f'x="{8 + i * step:.1f}" y="{y:.1f}" width="{0.8 * step:.2f}" height="{high:.1f}"'
            parts.append(f'<rect class="{kind}" {place}/>')
    return framed("\n".join(parts), (width + 16, 196), "Weights and gradients", "A bar for each parameter")


def save(history: Any, path: AnyPath) -> Path:
    """Write the page to a file that ends in .html, and return its path."""
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"{str(path)!r} is not a page. Write a name that ends in .html, as in 'training.html'.")
    write_whole(path, page(history))
    return path


def playground(path: AnyPath, model: Module, X: Any, y: Any, loss: Any = None, **options: Any) -> Path:
    """Write a page on which the network is trained in the browser from its weights of now on, and return its path.

    Needs no Python then: examples can be added, moved and deleted, and rate, batch and activation changed. `options`
    are those of `fit`. Raises ValueError where a page cannot do that.
    """
    given = signature(fit).bind(model, X, y, loss, 1, **{"record_weights": True} | options)
    given.apply_defaults()
    training = Trainer(**given.arguments)
    if why := refusal(training.history):
        raise ValueError(why)
    training.measure()
    return save(training.history, path)


def page(history: Any, title: str = "How it learned") -> str:
    """Return the page for a history that has recorded the weights."""
    if history.about is None or not history.rows[-1].weights:
        raise ValueError("The weights were not recorded. Train with fit(..., record_weights=True), then save.")
    found = told(history)
    train = found["train"] or {"programs": [], "activations": _activations(history)}
    nodes = [node for program in train["programs"] for node in program["lesson"]["nodes"]]
    used = sorted({node["op"] for node in nodes if "op" in node} | set(train["activations"] + _activations(history)))
    script = (
        f"{classic(bundle('training.js'))}\nconst ops = {operations(used)};\n"
        f"const kernels = {kernels(used if nodes else ())};\nconst told = {script_json(found)};\n"
        "await show(document.getElementById('training'), told, ops, kernels);"
    )
    style = f"{asset('training.css')}{_series()}"
    return document(title, style, "training", packed(script), still(history)).replace(
        '<div id="training">', '<div id="training" class="mgl">'
    )


def still(history: Any) -> str:
    """Return what the page shows without a script: the losses, and the numbers of the last epoch."""
    from ..drawing.plots import curves

    last = history.rows[-1]
    accuracy = "" if last.accuracy is None else f", accuracy {last.accuracy:.1%}"
    return f"{curves(history).svg}<p>Epoch {last.epoch}: loss {last.loss:.4g}{accuracy}.</p>"


def _series() -> str:
    """Return the colours of classes, as in the drawings: --mark0 and --area0 to --mark5 and --area5."""
    pairs = [(f"--mark{i}", line) for i, (line, _) in enumerate(SERIES)]
    pairs += [(f"--area{i}", area) for i, (_, area) in enumerate(SERIES)]
    return f".mgl{{{''.join([f'{name}:light-dark({light},{dark});' for name, (light, dark) in pairs])}}}"


def _activations(history: Any) -> list[str]:
    named = [name_of(layer.activation) for layer in getattr(history.about[0], "layers", ())]
    return [name for name in dict.fromkeys(named) if name in OPS]


def told(history: Any) -> dict[str, Any]:
    """Return all that the page shows; where the numbers would be too many, they are shorter, or have fewer epochs."""
    model, X, y, optimizer = history.about
    kept, drop, train = list(range(len(history.rows))), 8, programs(history)
    while len(packed := pack(history, kept, drop)) > (WITH_PROGRAMS if train else BUDGET) and len(kept) > 2:
        kept, drop = (kept, 12) if drop == 8 else ([*kept[:-1:2], kept[-1]], 12)
    rows = [history.rows[i] for i in kept]
    net, parameters = _net(model), model.parameters()
    plane = net and len(X[0]) == 2
    return {
        "names": [path for path, _ in model.named_parameters()],
        "short": [short_name(path) for path, _ in model.named_parameters()],
        "train": train,
        "frozen": [i for i, p in enumerate(parameters) if getattr(p, "frozen", False)],
        "columns": _columns(optimizer),
        "optimizer": _settings(optimizer),
        "rows": [[r.epoch, r.updates, r.lr, _short(r.loss), r.accuracy, _short(r.val_loss)] for r in rows],
        "losses": [[_short(r.loss), _short(r.val_loss)] for r in history.rows],
        "numbers": packed,
        "drop": drop,
        "net": net if plane else None,
        "points": [[*(x if train else map(_short, x)), _label(label)] for x, label in zip(X, y)][:MOST]
        if plane
        else [],
        "watch": history.watch,
        "predictions": [
            [list(map(_short, p)) if isinstance(p, list) else [_short(p)] for p in r.predictions] for r in rows
        ],
    }


def _label(label: Any) -> float:
    return float(label.index(max(label)) if isinstance(label, list) else label)


def _short(x: float | None) -> float | None:
    return None if x is None else float(f"{x:.5g}")


def _columns(optimizer: Any) -> list[str]:
    if isinstance(optimizer, SGD):
        return ["value", "gradient", *(["Δθ"] if optimizer.momentum else [])]
    return ["value", "gradient", *["Δθ", "m", "v"][: optimizer.memory]]


def _settings(optimizer: Any) -> dict[str, Any]:
    names = ("momentum", "weight_decay", "maximize", "betas", "eps")
    found = {name: getattr(optimizer, name) for name in names if hasattr(optimizer, name)}
    return found | {"kind": type(optimizer).__name__}


def _net(model: Any) -> list[dict[str, Any]] | None:
    """Return a network of layers as numbers of parameters, so that the page can compute the boundary."""
    if not hasattr(model, "layers"):
        return None
    number = {p: i for i, p in enumerate(model.parameters())}
    layers = []
    for layer in model.layers:
        activation = layer.activation
        if activation is not None and not isinstance(activation, Op) and name_of(activation) != "softmax":
            return None
        weights = [[number[w] for w in neuron.w] for neuron in layer.neurons]
        layers.append({"w": weights, "b": [number[b] for b in layer.b], "activation": name_of(activation)})
    return layers


def pack(history: Any, kept: Sequence[int], drop: int) -> str:
    """Return the numbers of all parameters in these epochs, for each epoch and column, compressed.

    Each is a float32 without its lowest bits, of which `drop` are dropped, as its difference to the epoch before;
    the high bytes of all stand together, then the middle and the low ones, which compresses well.
    """
    rows, optimizer = [history.rows[i] for i in kept], history.about[3]
    count, columns = len(rows[0].weights), _columns(optimizer)
    table: list[list[float]] = []
    for row in rows:
        memory = [[m[k] for m in row.memory] for k in range(len(columns) - 2)]
        table += [row.weights, row.gradients, *memory]
    before = [[0] * count for _ in columns]
    planes = [bytearray(), bytearray(), bytearray()]
    for i, numbers in enumerate(table):
        single = struct.unpack(f"<{count}I", struct.pack(f"<{count}f", *numbers))
        bits = [(x + (1 << drop >> 1)) >> drop for x in single]
        for new, old in zip(bits, before[i % len(columns)]):
            change = (new - old) & (0xFFFFFFFF >> drop)
            for plane, shift in zip(planes, (16, 8, 0)):
                plane.append(change >> shift & 0xFF)
        before[i % len(columns)] = bits
    return b64encode(zlib.compress(b"".join(planes), 9)).decode()
