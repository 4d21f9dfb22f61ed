"""What Python allows and nobody means: an error or a warning at once, with the line to write; and no word otherwise."""

import ast
import subprocess
import sys
import warnings
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import micrograd_like
from micrograd_like import (
    MLP,
    OPS,
    SGD,
    Adam,
    Layer,
    Module,
    Neuron,
    Value,
    clip_gradients,
    doctor,
    fit,
    ieee,
    losses,
    mean,
    save_model,
    softmax,
    topological_order,
)  # fmt: skip
from micrograd_like.base.checks import MicrogradLikeWarning
from micrograd_like.data import Dataset, batches, iris, moons, train_val_split
from micrograd_like.nn import Parameter
from micrograd_like.optim import TrainingDivergedError

X, Y = [[0.5, -1.0], [1.5, 2.0], [-1.0, 0.5]], [1, -1, 1]


@pytest.fixture
def model() -> MLP:
    return MLP(2, [3, 1], rng=1)


class Line(Module):
    """A network of a learner's own."""

    def __init__(self) -> None:
        self.slope, self.start = Parameter(0.5), Parameter(0.0)

    def __call__(self, x: Any) -> Any:
        return self.slope * x[0] + self.start


ERRORS: list[tuple[Any, type[Exception], str]] = [
    (lambda m: SGD([1.0, 2.0]), TypeError, r"Parameter 0 is 1.0, .* not a Value. Write w = Value"),
    (lambda m: SGD(m), TypeError, r"SGD was given MLP.*Write SGD\(model.parameters\(\)"),
    (lambda m: Adam(m, lr=0.1), TypeError, r"Write Adam\(model.parameters\(\)"),
    (lambda m: SGD(m.parameters), TypeError, r"\(\) is missing. Write SGD\(model.parameters\(\)"),
    (lambda m: SGD(m.parameters()[0]), TypeError, r"one Value, .* Write SGD\(\[w\]"),
    (lambda m: SGD("abc"), TypeError, r"given 'abc', which is not a list of parameters"),
    (lambda m: SGD(m.named_parameters()), TypeError, r"Parameter 0 is \('.*Write SGD\(model.parameters\(\)"),
    (lambda m: SGD(m.layers[0].W), TypeError, r"Parameter 0 is \[.*, a list. Write SGD\(model.parameters"),
    (lambda m: SGD([Value(1.0) + Value(2.0)]), ValueError, r"was computed from others.* Give the Values"),
    (lambda m: SGD(m.parameters(), lr="fast"), TypeError, r"lr = 'fast' is of type str, not a number. Write lr=0.1"),
    (lambda m: fit(X, Y, m), TypeError, r"fit takes the network first, .* Write fit\(model, X, y"),
    (lambda m: fit(MLP, X, Y), TypeError, r"MLP is a class, not a network. Write model = MLP"),
    (lambda m: fit(m, X, Y, "hinge", SGD(m.parameters())), TypeError, r"fifth argument of fit is epochs.*optimizer="),
    (lambda m: fit(m, X, Y, "hinge", lr=1.0, optimizer=SGD(m.parameters())), TypeError, r"Write optimizer.lr = 1.0"),
    (lambda m: fit(m, X, Y, "hinge", optimizer=0.1), TypeError, r"optimizer = 0.1 is not one. Write optimizer=SGD"),
    (lambda m: fit(m, X, Y, "hinge", optimizer=SGD(MLP(2, [1]).parameters(), 0.5)), ValueError,
     r"No parameter of the optimizer belongs to this network.*optimizer=SGD\(model.parameters\(\), lr=0.5\)"),
    (lambda m: fit(m, X, Y), ValueError, r"classes -1, 1, and no loss was named. Write loss='hinge'.*loss='mse'"),
    (lambda m: fit(m, X, [0, 1, 1]), ValueError, r"Write loss='bce_with_logits'"),
    (lambda m: fit(MLP(2, [1], output="sigmoid"), X, [0, 1, 1]), ValueError, r"Write loss='bce' "),
    (lambda m: fit(MLP(2, [3]), X, [0, 1, 2]), ValueError, r"Write loss='cross_entropy' to tell them apart\."),
    (lambda m: fit(MLP(2, [3], output="softmax"), X, [0, 1, 2]), ValueError, r"Write loss='nll'"),
    (lambda m: fit(MLP(2, [3], output="softmax"), X, [0, 1, 2], "cross_entropy"), ValueError, r"Write loss='nll'"),
    (lambda m: fit(MLP(2, [1], output="sigmoid"), X, [0, 1, 1], "bce_with_logits"), ValueError, r"Write loss='bce'"),
    (lambda m: fit(m, X, [[1.0], [0.0], [1.0]], "mse"), ValueError, r"y is a column.*Write \[row\[0\] for row in y\]"),
    (lambda m: fit(m, X, [[1], [0], [1]], "bce"), ValueError, r"y is a column"),
    (lambda m: fit(MLP(2, [3]), X, [[1], [0], [1]], "cross_entropy"), ValueError, r"y is a column of classes, write"),
    *[
        (lambda m, f=f: f([m(X[0])], [[1]]), ValueError, r"one target for an example.*Write \[row")
        for f in (losses.hinge, losses.bce, losses.bce_with_logits)
    ],
    (lambda m: fit(m, X, ["a", "b", "a"], "hinge"), TypeError, r"y\[0\] is the name 'a'.*names.index"),
    (lambda m: fit(m, [["a", 1.0]] * 3, Y, "hinge"), TypeError, r"X\[0\]\[0\] .*is the text 'a'"),
    (lambda m: fit(m, X, Y, lambda outputs, targets: 3.0), TypeError, r"The loss gave 3.0, which is not a Value"),
    (lambda m: fit(m, X, Y, "mse", lr=1e10), TrainingDivergedError, r"learning overshot.*Try lr="),
    (lambda m: MLP(2, [3, 1], activation=Value(1.0)), TypeError, r"is a number, not a function. Write act"),
    (lambda m: Neuron(2, activation=Value(1.0).tanh()), TypeError, r"is a number, not a function. Write act"),
    (lambda m: MLP(2, [1], output=OPS["maximum"]), ValueError, r"takes 2 numbers, and a neuron has one. Write 'relu'"),
    (lambda m: MLP(2, [1], activation=lambda z: 3.0, output=lambda z: 3.0)([1.0, 2.0]), TypeError,
     r"The activation '<lambda>' gave 3.0, which is not a Value. Write it with operations"),
    (lambda m: fit(m, X, Y, "msee"), ValueError, r"Did you mean 'mse'\? Write one of: 'mse', 'hinge'"),
    (lambda m: losses.mse(m(X[0]), 2.0), TypeError, r"mse averages over examples.*Write mse\(\[output\], \[target\]\)"),
    (lambda m: softmax(Value(1.0)), TypeError, r"take a list of numbers.*Write softmax\(\[a, b, c\]\)"),
    (lambda m: Line().diagram(), TypeError, r"A diagram shows an MLP.* Line is a Module of another kind. Write draw"),
    (lambda m: save_model("model.json", Line()), TypeError, r"A file holds an MLP, .* type Line\..*state_dict"),
    (lambda m: save_model(m, "model.json"), TypeError, r"Write save_model\('model.json', model\)"),
    (lambda m: Module()([1.0]), NotImplementedError, r"Module does not say what its output is. Write def __call__"),
    (lambda m: m.load_state_dict({"a": 1.0}), ValueError, r"does not go with this network"),
    (lambda m: list(Value(1.0)), TypeError, r"holds no others. Write for x in xs"),
    (lambda m: 1 in Value(1.0), TypeError, r"holds no others. Write x.data == 1"),
    (lambda m: SGD([Value(1.0)], lr=Value(0.1)), TypeError, r"lr = Value.* is of type Value, not a number"),
    (lambda m: Value(1.0)(2.0), TypeError, r"called like a function. Write \* to multiply"),
    (lambda m: Value(1.0) @ Value(2.0), TypeError, r"@ multiplies matrices. Write x \* y"),
    (lambda m: [1.0] @ Value(2.0), TypeError, r"@ multiplies matrices. Write x \* y"),
    (lambda m: Value(1.0) ^ 2, TypeError, r"\^ is not a power in Python.*Write x \*\* 2"),
    (lambda m: pow(Value(1.0), 2, 3), TypeError, r"pow of a Value takes two numbers. Write x \*\* 2 % 3"),
    (lambda m: topological_order(3), TypeError, r"A Value was expected, and 3 was given. Write x = Value"),
    (lambda m: topological_order([Value(1.0)]), TypeError, r"A Value was expected, and \[Value"),
    (lambda m: Value(1.0, 2.0), TypeError, r"is its label, a text, and 2.0 was given. Write Value\(1.0\)"),
    (lambda m: Value(1.0, label=2), TypeError, r"is its label, a text, and 2 was given"),
    (lambda m: Value(1.0).item(), AttributeError, r"Write x.data for its number"),
    (lambda m: Value(1.0).detach(), AttributeError, r"Write Value\(x.data\)"),
    (lambda m: Value(1.0).zero_grad(), AttributeError, r"Write x.grad = 0.0"),
    (lambda m: clip_gradients(m.parameters, 1.0), TypeError, r"\(\) is missing. Write clip_gradients\(model.par"),
    (lambda m: clip_gradients(3, 1.0), TypeError, r"Write clip_gradients\(model.parameters\(\), 1.0\)"),
    (lambda m: losses.l2(m.parameters), TypeError, r"Write l2\(model.parameters\(\)\)"),
    (lambda m: mean(3), TypeError, r"A list was expected, and 3 is of type int. Write mean\(\[a, b, c\]\)"),
    (lambda m: train_val_split(3, 4), TypeError, r"Write train_val_split\(X, y\)"),
    (lambda m: batches(3, 4), TypeError, r"Write batches\(X, y, 16\)"),
    (lambda m: losses.accuracy(Value(1.0), 1), TypeError, r"Write \[output\] and \[target\]"),
    (lambda m: doctor(3).__enter__(), TypeError, r"doctor takes the network.*Write with doctor\(model\):"),
    *[
        (lambda m, slip=slip: setattr(Value(1.0), slip, 0.0), AttributeError, rf"'{slip}'. Write x.{right}")
        for right, slips in {"grad": "gard grda grd gradd Grad GRAD", "data": "dtaa daat dat dataa Data",
                             "label": "lable labell"}.items() for slip in slips.split()
    ],
]  # fmt: skip


@pytest.mark.parametrize("call, error, message", ERRORS)
def test_what_is_certainly_wrong_is_refused_with_the_line_to_write(
    model: MLP, call: Any, error: type[Exception], message: str
) -> None:
    before = model.state_dict()
    with pytest.raises(error, match=message):
        call(model)
    assert model.state_dict() == before


def test_an_older_python_is_told_which_one_is_needed() -> None:
    text = Path(micrograd_like.__file__).read_text("utf-8")
    ast.parse(text, feature_version=(3, 7))  # else it could not say so
    lie = "import sys; sys.version_info = (3, 10, 4, 'final', 0)"
    root = Path(micrograd_like.__file__).parent.parent
    for then, status in ("sys.argv = ['-m']; import micrograd_like", 1), ("import micrograd_like", 1):
        done = subprocess.run(
            [sys.executable, "-c", f"{lie}; {then}"], cwd=root, capture_output=True, text=True, check=False
        )
        assert done.returncode == status and "needs Python 3.11 or newer, and this is 3.10" in done.stderr
        assert ("Traceback" in done.stderr) == ("argv" not in then)


class Own(Value):
    """A learner's own kind, which has a name that would be a slip elsewhere."""

    gard = 7.0


def test_a_network_of_a_learners_own_says_what_it_is() -> None:
    assert repr(Line()) == "<Line: 2 parameters>" and repr(ieee()) == "ieee()"


def test_a_learner_may_set_every_other_attribute_and_a_slip_is_not_offered() -> None:
    p = Value(1.0)
    for name in ("m", "v", "momentum", "name", "grad2", "grads", "gradient", "prev_grad", "old_data", "rad", "drag"):
        setattr(p, name, 0.5)
        assert getattr(p, name) == 0.5
    own = Own(1.0)
    own.gard = 3.0
    assert own.gard == 3.0 and (own * own).data == 1.0
    assert not hasattr(p, "gard") and "gard" not in dir(p) and "item" not in dir(p) and "grad" in dir(p)


def step_without_backward(model: MLP) -> None:
    optimizer = SGD(model.parameters(), 0.1)
    loss = losses.mse([model(X[0])], [1.0])
    optimizer.zero_grad()
    optimizer.step()
    assert loss.data


def step_twice_after_one_backward(model: MLP) -> None:
    optimizer = SGD(model.parameters(), 0.1)
    losses.mse([model(X[0])], [1.0]).backward()
    optimizer.step()
    optimizer.zero_grad()
    optimizer.step()


def replaced_parameter(model: MLP) -> None:
    neuron = Neuron(2, rng=1)
    neuron([1.0, 2.0]).backward()
    neuron.w[0] -= 0.1 * neuron.w[0].grad
    neuron.parameters()


def softmax_twice(model: MLP) -> None:
    losses.cross_entropy([MLP(2, [3], output="softmax", rng=1)(X[0])], [1])


def sigmoid_twice(model: MLP) -> None:
    losses.bce_with_logits([model(X[0]).sigmoid()], [1])


WARNINGS: list[tuple[Any, str]] = [
    (step_without_backward, r"no backward pass before it. Write loss.backward\(\)"),
    (step_twice_after_one_backward, r"no backward pass before it. Write loss.backward\(\)"),
    (replaced_parameter, r"A parameter was replaced.*Write p.data -= lr \* p.grad"),
    (softmax_twice, r"applies softmax itself.*Leave the softmax out, or write losses.nll"),
    (sigmoid_twice, r"applies sigmoid itself"),
]


@pytest.mark.parametrize("program, message", WARNINGS)
def test_what_is_certainly_not_meant_is_warned_of_once_a_place(model: MLP, program: Any, message: str) -> None:
    with pytest.warns(MicrogradLikeWarning, match=message) as said:
        program(model)
    assert said[0].filename == __file__
    with warnings.catch_warnings(record=True) as said_again:
        warnings.simplefilter("default")
        for _ in range(3):
            program(MLP(2, [3, 1], rng=1))
    assert len(said_again) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", MicrogradLikeWarning)
        program(MLP(2, [3, 1], rng=1))


def plain_loop(model: MLP) -> None:
    optimizer = SGD(model.parameters(), 0.1)
    for _ in range(3):
        cost = losses.hinge([model(x) for x in X], Y)
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()


def satisfied(model: MLP) -> None:
    optimizer = SGD(model.parameters(), 0.1)
    for _ in range(3):
        (model(X[0]) * 0.0).backward()
        optimizer.step()


def by_hand(model: MLP) -> None:
    optimizer = SGD(model.parameters(), 0.1)
    for p in model.parameters():
        p.grad = 1.0
    optimizer.step()


def kept_activations(model: MLP) -> None:
    class Recurrent(Module):
        def __init__(self) -> None:
            self.w, self.h = Parameter(0.5), Value(0.0)

        def __call__(self, x: Any) -> Any:
            self.h = (self.w * self.h + x[0]).tanh() - 1.0
            return self.h

    net = Recurrent()
    net([1.0]).backward()
    assert len(net.parameters()) == 1


def own_quotients(model: MLP) -> None:
    a, b = Value(1.0), Value(2.0)
    losses.cross_entropy([[a / b, b / a]], [0])


@pytest.mark.parametrize("program", [plain_loop, satisfied, by_hand, kept_activations, own_quotients])
def test_what_is_right_is_not_spoken_of(model: MLP, program: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        program(model)


def test_a_training_that_ends_above_its_start_says_so() -> None:
    model = MLP(1, [1], init=lambda nin, nout, rng: 0.0)
    with pytest.warns(MicrogradLikeWarning, match=r"The loss rose from 1 to .*: learning overshot. Try lr="):
        fit(model, [[3.0], [-3.0]], [1.0, -1.0], "mse", 3, lr=0.3)


def test_a_training_that_changes_nothing_says_so() -> None:
    model = MLP(2, [2, 1], init=lambda nin, nout, rng: -1.0)
    for p in model.layers[1].parameters():
        p.freeze()
    with pytest.warns(MicrogradLikeWarning, match=r'changed no parameter: .*Write activation="leaky_relu"'):
        fit(model, [[1.0, 2.0], [2.0, 1.0]], [0.5, 0.7], "mse", 3)


def rows() -> Iterator[Any]:
    yield SGD(Neuron(2).parameters(), 0.5, momentum=0.9), "SGD(3 parameters, lr=0.5, momentum=0.9): no step made yet"
    yield Adam(Neuron(1).parameters()), "Adam(2 parameters, lr=0.001, betas=(0.9, 0.999)): no step made yet"
    yield SGD(Neuron(2).parameters(), lambda k: 0.1), "SGD(3 parameters, lr=a function of the epoch): no step made yet"
    yield Layer(2, 3), "Layer(2, 3, activation='relu')"


@pytest.mark.parametrize("thing, text", [*rows()])
def test_things_say_what_they_are(thing: Any, text: str) -> None:
    assert repr(thing) == text


def test_state_dicts_carry_a_network_over(model: MLP) -> None:
    other = MLP(2, [3, 1], rng=2)
    other.load_state_dict(model.state_dict())
    assert other.predict(X) == model.predict(X) and "layers[0].neurons[0].w[0]" in model.state_dict()


def test_what_ends_a_cell_shows_itself_richly(model: MLP) -> None:
    optimizer, k = SGD(model.parameters(), 0.1), Value(2.0, "k")
    losses.mse([model(X[0])], [1.0]).backward()
    assert optimizer.equation(optimizer.parameters[0]) in unescape(optimizer._repr_html_() or "")
    for data in (iris(), moons(), Dataset("few", [[1.0]], [], ["<a>"])):
        html = data._repr_html_()
        assert all(name in unescape(html) for name in [data.name, *data.features]) and "<a>" not in html
    assert "virginica" in iris()._repr_html_() and "setosa" in iris()._repr_html_().split("<table>")[1]
    program = pytest.importorskip("micrograd_like.compiler").compile(lambda x: (k * x - 1.0) ** 2, 3.0)
    assert f"{program.explain()}".split()[0] in (program._repr_html_() or "")
