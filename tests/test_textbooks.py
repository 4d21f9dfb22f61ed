"""Published computations, reproduced to every printed digit, by plain Values and by our networks."""

import pytest

from micrograd_like import Value
from micrograd_like.nn import MLP, Neuron
from micrograd_like.ops import sigmoid, tanh


def test_the_readme_example_of_micrograd() -> None:
    """github.com/karpathy/micrograd, README: the bits that micrograd 0.1.0 and PyTorch 2.13 give."""
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert (g.data, a.grad, b.grad) == (24.70408163265306, 138.83381924198252, 645.5772594752186)


def test_the_neuron_of_the_micrograd_lecture() -> None:
    """A. Karpathy, "The spelled-out intro to neural networks and backpropagation: building micrograd", 2022."""
    x1, x2, w1, w2, b = (Value(x) for x in (2.0, 0.0, -3.0, 1.0, 6.8813735870195432))
    o = (x1 * w1 + x2 * w2 + b).tanh()
    o.backward()
    assert round(o.data, 4) == 0.7071
    assert [round(v.grad, 4) for v in (x1, w1, x2, w2)] == [-1.5, 1.0, 0.5, 0.0]
    e = (2 * (x1 * w1 + x2 * w2 + b)).exp()  # the lecture takes tanh apart
    assert ((e - 1) / (e + 1)).data == pytest.approx(o.data, abs=1e-15)


def test_the_circuits_of_cs231n() -> None:
    """Stanford CS231n, course notes "Backpropagation, Intuitions": (x + y) z, and a sigmoid neuron."""
    x, y, z = Value(-2.0), Value(5.0), Value(-4.0)
    f = (x + y) * z
    f.backward()
    assert (f.data, x.grad, y.grad, z.grad) == (-12.0, -4.0, -4.0, 3.0)

    w = [Value(2.0), Value(-3.0), Value(-3.0)]
    xs = [Value(-1.0), Value(-2.0)]
    out = 1 / (1 + (-(w[0] * xs[0] + w[1] * xs[1] + w[2])).exp())
    out.backward()
    assert f"{out:.2f}" == "0.73"
    printed = ["-0.20", "-0.39", "0.20", "0.39", "-0.59"]
    assert [f"{v.grad:.2f}" for v in (*w, *xs)] == printed

    neuron = Neuron(2, activation="sigmoid")
    for parameter, number in zip(neuron.parameters(), (2.0, -3.0, -3.0)):
        parameter.data = number
    xs = [Value(-1.0), Value(-2.0)]
    neuron(xs).backward()
    assert [f"{v.grad:.2f}" for v in (*neuron.parameters(), *xs)] == printed


MAZUR_W = [0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55]
MAZUR_GRADS = {4: "0.082167041", 0: "0.000438568"}
MAZUR_NEXT = [
    "0.149780716", "0.19956143", "0.24975114", "0.29950229", "0.35891648", "0.408666186", "0.511301270", "0.561370121"
]  # fmt: skip


def test_a_step_by_step_backpropagation_example() -> None:
    """M. Mazur, "A Step by Step Backpropagation Example", 2015: two inputs, two hidden, two output neurons."""
    w = [Value(x) for x in MAZUR_W]
    i1, i2, b1, b2 = 0.05, 0.10, 0.35, 0.60
    h1 = sigmoid(w[0] * i1 + w[1] * i2 + b1)
    h2 = sigmoid(w[2] * i1 + w[3] * i2 + b1)
    o1 = sigmoid(w[4] * h1 + w[5] * h2 + b2)
    o2 = sigmoid(w[6] * h1 + w[7] * h2 + b2)
    total = 0.5 * (0.01 - o1) ** 2 + 0.5 * (0.99 - o2) ** 2
    total.backward()
    assert [f"{v:.9f}" for v in (h1, h2)] == ["0.593269992", "0.596884378"]
    assert [f"{v:.9f}" for v in (o1, o2, total)] == ["0.751365070", "0.772928465", "0.298371109"]
    check_mazur(w)


def test_a_step_by_step_backpropagation_example_by_a_network() -> None:
    model = MLP(2, [2, 2], activation="sigmoid", output="sigmoid")
    weights = [w for layer in model.layers for neuron in layer.neurons for w in neuron.w]
    for weight, number in zip(weights, MAZUR_W):
        weight.data = number
    for layer, number in zip(model.layers, (0.35, 0.60)):
        for neuron in layer.neurons:
            neuron.b.data = number
    total = sum((0.5 * (y - out) ** 2 for y, out in zip((0.01, 0.99), model([0.05, 0.10]))), Value(0.0))
    total.backward()
    assert f"{total:.9f}" == "0.298371109"
    check_mazur(weights)


def check_mazur(weights: list[Value]) -> None:
    assert {i: f"{weights[i].grad:.9f}" for i in MAZUR_GRADS} == MAZUR_GRADS
    for weight, printed in zip(weights, MAZUR_NEXT):
        digits = len(printed.partition(".")[2])
        assert f"{weight.data - 0.5 * weight.grad:.{digits}f}" == printed


def test_tanh_of_a_value_and_of_a_float_agree() -> None:
    assert tanh(Value(0.3)).data == tanh(0.3)
