"""A network trained in the browser: the same numbers as the engine's, and everything that one may change."""

import json
import shutil
import subprocess
from math import isfinite
from pathlib import Path
from random import Random
from typing import Any

import pytest
from browser import chromium as chromium, opened as opened

from micrograd_like import MLP, SGD, Adam, Value, fit
from micrograd_like.data import moons
from micrograd_like.losses import LOSSES
from micrograd_like.ops import OPS
from micrograd_like.optim import Optimizer
from micrograd_like.views.bundle import bundle, script_json
from micrograd_like.views.javascript import is_written, kernels
from micrograd_like.views.playground import programs
from micrograd_like.views.training import playground, told

node = pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")


def run(text: str, tmp_path: Path) -> Any:
    """Return what a script prints as JSON, behind the modules that train."""
    script = tmp_path / "script.mjs"
    script.write_text(f"{bundle('numbers.js')}\n{bundle('columns.js')}\n{text}", "utf-8")
    return json.loads(subprocess.run(["node", str(script)], capture_output=True, text=True, check=True).stdout)


def trained(labels: Any, sizes: Any, loss: str, optimizer: type[Optimizer], settings: Any, **options: Any) -> Any:
    activation, output = options.pop("activation", "tanh"), options.pop("output", "linear")
    X, y = moons(12, 0.1, labels=labels)
    model = MLP(2, sizes, rng=1, activation=activation, output=output)
    steps = optimizer(model.parameters(), **settings)
    options |= {"epochs": 6, "record_weights": True, "progress": False}
    return fit(model, X, y, loss, optimizer=steps, **options)


CASES = [
    ((-1, 1), [3, 1], "hinge", SGD, {"lr": 0.3}, {}),
    ((-1, 1), [3, 1], "hinge", SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}, {"activation": "relu"}),
    ((0, 1), [3, 2, 1], "bce_with_logits", Adam, {"lr": 0.05}, {"l2": 0.01, "activation": "gelu"}),
    ((0, 1), [3, 1], "bce", SGD, {"lr": 0.5}, {"output": "sigmoid", "clip": 0.05, "activation": "softplus"}),
    ((0, 1), [3, 2], "cross_entropy", SGD, {"lr": 0.5, "maximize": False}, {"activation": "sin"}),
    ((0, 1), [3, 2], "nll", SGD, {"lr": 0.2}, {"output": "softmax", "activation": "sigmoid"}),
]


@node
@pytest.mark.parametrize("labels, sizes, loss, optimizer, settings, options", CASES, ids=lambda x: str(x)[:20])
def test_training_in_the_browser_gives_the_engines_weights_and_gradients(
    tmp_path: Path, labels: Any, sizes: Any, loss: str, optimizer: type[Optimizer], settings: Any, options: Any
) -> None:
    history = trained(labels, sizes, loss, optimizer, settings, **options)
    found = told(history)
    _, X, y, _ = history.about
    used = {x["op"] for one in found["train"]["programs"] for x in one["lesson"]["nodes"] if "op" in x}
    rows = run(
        f"""const told = {script_json(found)}, count = told.train.start.length;
        const pass = trainer(told.train.programs, {kernels(sorted(used))}, count);
        const now = {{ weights: Float64Array.from(told.train.start), gradients: new Float64Array(count), updates: 0,
          memory: told.train.start.map(() => [0, 0, 0]) }}, rows = [], free = [...told.train.start.keys()];
        for (let i = 0; i < 6; i++) {{
          learn({{ pass, told, free }}, now, {json.dumps([[*x, label] for x, label in zip(X, y)])}, told.train.lr);
          rows.push([[...now.weights], [...now.gradients]]);
        }}
        console.log(JSON.stringify(rows));""",
        tmp_path,
    )
    for (weights, gradients), row in zip(rows, history.rows[1:]):
        assert weights == pytest.approx(row.weights, rel=1e-12, abs=1e-13)
        assert gradients == pytest.approx(row.gradients, rel=1e-12, abs=1e-13)


@node
def test_the_loops_of_every_operation_give_its_value_and_local_derivatives(tmp_path: Path) -> None:
    ops = [op for op in OPS.values() if is_written(op)]
    rng = Random(1)
    samples = {
        op.name: [[rng.uniform(max(low, -9.0), min(high, 9.0)) for low, high in op.sample] for _ in range(5)]
        for op in ops
    }
    found = run(
        f"""const loops = {kernels(ops)}, samples = {json.dumps(samples)}, found = {{}};
        for (const [name, rows] of Object.entries(samples)) {{
          const many = rows[0].length, n = rows.length, x = new Float64Array((many + 1) * n), g = x.slice();
          rows.forEach((row, l) => row.forEach((number, k) => (x[k * n + l] = number)));
          loops[name].forward(x, n, many * n, ...rows[0].flatMap((_, k) => [k * n, 1]));
          g.fill(1, many * n);
          loops[name].backward(x, g, n, many * n, ...rows[0].flatMap((_, k) => [true, k * n, 1]));
          found[name] = rows.map((_, l) => [x[many * n + l], rows[0].map((_, k) => g[k * n + l])]);
        }}
        console.log(JSON.stringify(found));""",
        tmp_path,
    )
    for op in ops:
        for numbers, (value, slopes) in zip(samples[op.name], found[op.name]):
            inputs = [Value(x) for x in numbers]
            out = op(*inputs)
            out.backward()
            assert value == pytest.approx(out.data, rel=1e-12, abs=1e-300), op.name
            assert slopes == pytest.approx([x.grad for x in inputs], rel=1e-11, abs=1e-14), op.name


def page(opened: Any, tmp_path: Path, **options: Any) -> Any:
    history = trained((-1, 1), [4, 1], "hinge", SGD, {"lr": 0.3})
    return history, opened(history.save(tmp_path / "training.html"), ".train", **options)


def test_a_weight_of_epoch_17_is_walked_back_to_the_example_that_moved_it(opened: Any, tmp_path: Path) -> None:
    history, page_ = page(opened, tmp_path)
    model, X, y, _ = history.about
    for _ in range(12):
        page_.get_by_role("button", name="One epoch").click()
    page_.locator(".where").fill("17")
    assert page_.locator(".counter").text_content() == "epoch 17"
    page_.get_by_label("Weight", exact=True).select_option("4")
    page_.locator(".pull").first.click()
    page_.wait_for_selector(".walked .box.aim")
    told_ = page_.evaluate("""() => {
      const { at, source, points, told } = document.getElementById("training").training;
      const { walk } = document.querySelector(".walked");
      return { before: [...source[at].before], now: [...source[at].columns[0]], grads: walk.grads, leaves: walk.leaves,
        gradient: source[at].columns[1][4], lr: told.rows[at][2] };
    }""")
    example = next(i for i, x in enumerate(X) if x == [told_["leaves"]["x[0]"], told_["leaves"]["x[1]"]])
    for p, number in zip(model.parameters(), told_["before"]):
        p.data, p.grad = number, 0.0
    LOSSES["hinge"].one(model(X[example]), y[example]).backward()
    mine = {p.label: p.grad for p in model.parameters()}
    assert {name: told_["grads"][name] for name in mine} == pytest.approx(mine, rel=1e-12, abs=1e-15)
    for p in model.parameters():
        p.grad = 0.0
    LOSSES["hinge"]([model(x) for x in X], y).backward()
    assert told_["gradient"] == pytest.approx(model.parameters()[4].grad, rel=1e-12)
    steps = [w - told_["lr"] * p.grad for w, p in zip(told_["before"], model.parameters())]
    assert told_["now"] == pytest.approx(steps, rel=1e-12)
    assert "w¹₁₁" in page_.locator(".walked h2").first.text_content()  # the weight, by its short name


def test_examples_rate_batch_and_activation_can_be_changed(opened: Any, tmp_path: Path) -> None:
    _, page_ = page(opened, tmp_path)
    state = "document.getElementById('training').training"
    canvas = page_.locator("canvas").bounding_box()
    page_.mouse.click(canvas["x"] + 8, canvas["y"] + 8)  # far from every example: a new one
    assert page_.evaluate(f"{state}.points.length") == 13
    page_.mouse.down()
    page_.mouse.move(canvas["x"] + 60, canvas["y"] + 90)
    page_.mouse.up()
    x, _, label = page_.evaluate(f"{state}.points[12]")
    spans = page_.evaluate(f"{state}.spans")
    part = (x - spans[0][0]) / (spans[0][1] - spans[0][0])
    assert part == pytest.approx(60 / canvas["width"], abs=0.01) and label == -1
    page_.get_by_label("x0 of the example").fill("0.5")
    page_.get_by_label("x0 of the example").press("Tab")
    assert page_.evaluate(f"{state}.points[12][0]") == 0.5
    assert "as they are now" in page_.locator(".points").text_content()
    page_.get_by_label("Learning rate").select_option("1")
    page_.get_by_label("Batch").select_option("4")
    page_.get_by_role("button", name="One epoch").click()
    row = page_.evaluate(f"{state}.told.rows.at(-1)")
    assert row[:3] == [7, 6 + 4, 1]  # 13 examples in batches of 4
    page_.get_by_label("Activation").select_option("relu")
    assert page_.locator(".network text").all_text_contents()[1] == "relu"
    page_.get_by_role("button", name="One epoch").click()
    page_.locator("canvas").focus()
    page_.keyboard.press("Delete")
    assert page_.evaluate(f"{state}.points.length") == 12
    page_.get_by_role("button", name="Start again").click()
    assert page_.locator(".counter").text_content() == "epoch 0"


def test_training_runs_until_it_is_stopped_and_can_be_scrubbed(opened: Any, tmp_path: Path) -> None:
    _, page_ = page(opened, tmp_path, reduced_motion="reduce")
    page_.get_by_role("button", name="Train on").click()
    while page_.evaluate("document.getElementById('training').training.told.rows.length") < 12:
        page_.wait_for_timeout(50)
    page_.get_by_role("button", name="Stop training").click()
    rows = page_.evaluate("document.getElementById('training').training.told.rows.length")
    page_.locator(".mgl").first.focus()
    page_.keyboard.press("Home")
    assert page_.locator(".counter").text_content() == "epoch 0"
    page_.keyboard.press("End")
    assert page_.locator(".counter").text_content() == f"epoch {rows - 1}"
    page_.get_by_label("Learning rate").select_option("3")
    for _ in range(3):
        page_.get_by_role("button", name="One epoch").click()
    losses = page_.evaluate("document.getElementById('training').training.told.losses.map((x) => x[0])")
    assert len(losses) == rows + 3 and losses[rows - 1] < losses[0]


def test_training_goes_on_from_the_row_that_is_shown_wherever_the_model_is_now(opened: Any, tmp_path: Path) -> None:
    X, y = moons(12, 0.1, labels=(-1, 1))
    model = MLP(2, [4, 1], rng=1, activation="tanh")
    steps = Adam(model.parameters(), lr=0.05)
    options = {"optimizer": steps, "record_weights": True, "progress": False}
    history = fit(model, X, y, "hinge", 4, **options)
    later = fit(model, X, y, "hinge", 1, **options)  # the model is an epoch further than the history
    page_ = opened(history.save(tmp_path / "training.html"), ".train")
    page_.get_by_role("button", name="One epoch").click()
    now = page_.evaluate("[...document.getElementById('training').training.source.at(-1).columns[0]]")
    assert now == pytest.approx(later.rows[1].weights, rel=1e-12)


def test_what_is_frozen_or_not_the_optimizers_stays(opened: Any, tmp_path: Path) -> None:
    X, y = moons(12, 0.1, labels=(-1, 1))
    model = MLP(2, [4, 1], rng=1, activation="tanh")
    model.layers[1].neurons[0].b.freeze()
    steps = SGD(model.layers[1].parameters(), lr=0.3)
    options = {"optimizer": steps, "record_weights": True, "progress": False}
    history = fit(model, X, y, "hinge", 1, **options)
    page_ = opened(history.save(tmp_path / "training.html"), ".train")
    page_.get_by_role("button", name="One epoch").click()
    now = page_.evaluate("[...document.getElementById('training').training.source.at(-1).columns[0]]")
    assert now == pytest.approx(fit(model, X, y, "hinge", 1, **options).rows[1].weights, rel=1e-12)


def test_a_rate_that_is_too_large_is_said_and_nothing_is_lost(opened: Any, tmp_path: Path) -> None:
    X, y = moons(12, 0.1, labels=(0, 1))
    model = MLP(2, [8, 8, 2], rng=1)
    history = fit(model, X, y, "cross_entropy", 1, lr=0.1, l2=1.0, record_weights=True, progress=False)
    page_ = opened(history.save(tmp_path / "training.html"), ".train")
    page_.get_by_label("Learning rate").select_option("3")
    page_.get_by_role("button", name="Train on").click()
    page_.wait_for_selector(".now-said:text('not finite')", timeout=20_000)
    losses = page_.evaluate("document.getElementById('training').training.told.losses.map((x) => x[0])")
    assert all(map(isfinite, losses))
    page_.get_by_role("button", name="Start again").click()
    assert page_.locator(".counter").text_content() == "epoch 0"


def test_a_network_has_a_page_before_it_is_trained(opened: Any, tmp_path: Path) -> None:
    X, y = moons(10, 0.1, labels=(0, 1))
    model = MLP(2, [3, 2], rng=1, activation="tanh")
    before = [p.data for p in model.parameters()]
    path = playground(tmp_path / "playground.html", model, X, y, "cross_entropy", lr=0.5)
    assert [p.data for p in model.parameters()] == before
    page_ = opened(path, ".train")
    page_.get_by_role("button", name="One epoch").click()
    assert page_.locator(".counter").text_content() == "epoch 1"
    history = fit(model, X, y, "cross_entropy", 1, lr=0.5, progress=False, record_weights=True)
    now = page_.evaluate("[...document.getElementById('training').training.source[1].columns[0]]")
    assert now == pytest.approx(history.rows[1].weights, rel=1e-12)


def test_what_a_page_cannot_train_is_said(tmp_path: Path) -> None:
    X, y = moons(10, 0.1, labels=(-1, 1))
    wide = [[*x, 1.0] for x in X]
    with pytest.raises(ValueError, match="Give examples of two numbers"):
        playground(tmp_path / "page.html", MLP(3, [2, 1], rng=1), wide, y, "hinge")
    with pytest.raises(ValueError, match="Write loss="):
        playground(tmp_path / "page.html", MLP(2, [2, 1], rng=1), X, [x[0] for x in X], "mse")
    with pytest.raises(TypeError, match="nonsense"):
        playground(tmp_path / "page.html", MLP(2, [2, 1], rng=1), X, y, "hinge", nonsense=1)
    history = fit(MLP(3, [2, 1], rng=1), wide, y, "hinge", 1, record_weights=True, progress=False)
    assert programs(history) is None and history.save(tmp_path / "plain.html").exists()  # the page as it was


def test_the_six_steps_of_the_recipe_are_walked_down_to_each_update(opened: Any, tmp_path: Path) -> None:
    history, page_ = page(opened, tmp_path)
    model, X, y, _ = history.about
    said, steps = page_.locator(".recipe .told"), page_.get_by_role("button", name="Next", exact=True)
    steps.click()
    assert "17 weights and biases" in said.text_content() and page_.locator(".counter").text_content() == "epoch 0"
    before = history.rows[0].weights
    for p, number in zip(model.parameters(), before):
        p.data = number
    steps.click()
    assert page_.locator(".counter").text_content() == "epoch 1"
    assert f"gives {model.predict(X[0]):.4g}." in said.text_content()
    steps.click()
    assert f"its loss is {LOSSES['hinge'].one(model.predict(X[0]), y[0]):.4g}." in said.text_content()
    assert f"L = {history.rows[0].loss:.4g}." in said.text_content()
    steps.click()
    assert f"∂L/∂w¹₀₀ = {history.rows[1].gradients[0]:.3g}"[:14] in said.text_content()
    steps.click()
    equations = page_.locator(".updates li").all_text_contents()
    assert len(equations) == 17
    for equation, number in zip(equations, history.rows[1].weights):
        assert float(equation.split(" = ")[-1].replace("−", "-")) == pytest.approx(number, rel=2e-3, abs=1e-6)
    steps.click()
    assert "That was epoch 1" in said.text_content()
    steps.click()  # an epoch more, and forward again
    assert page_.locator(".counter").text_content() == "epoch 2"
