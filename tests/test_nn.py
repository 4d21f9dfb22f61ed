"""Networks: micrograd's by default, named in the notation of the textbooks, reproducible, and clear about shapes."""

import gc
import subprocess
import sys
import weakref
from math import sqrt
from random import Random
from typing import Any

import pytest
from hypothesis import given, strategies as st

from micrograd_like import Value
from micrograd_like.nn import (
    INITS,
    MLP,
    AutoLabel,
    Layer,
    LogisticRegression,
    Module,
    Neuron,
    Parameter,
    activation_named,
    label_parameters,
    seed,
)
from micrograd_like.ops import OPS, exp, relu, sigmoid, tanh


def numbers(parameters: Any) -> Any:
    return [p.data for p in parameters]


def test_the_network_of_the_lecture_to_the_bit() -> None:
    rng, expected = Random(1337), []
    for nin, nout in (2, 16), (16, 16), (16, 1):
        for _ in range(nout):
            expected += [*[rng.uniform(-1, 1) for _ in range(nin)], 0]
    assert numbers(MLP(2, [16, 16, 1], rng=1337).parameters()) == expected


def test_a_forward_pass_is_micrograds() -> None:
    model = MLP(2, [3, 2])
    x = [0.5, -2.0]
    hidden = []
    for neuron in model.layers[0].neurons:
        total = neuron.b.data
        for w, a in zip(neuron.w, x):
            total += w.data * a
        hidden.append(max(total, 0.0))
    for neuron, out in zip(model.layers[1].neurons, model(x)):
        total = neuron.b.data
        for w, a in zip(neuron.w, hidden):
            total += w.data * a
        assert out.data == total


def test_one_output_gives_a_value_and_several_a_list() -> None:
    assert isinstance(MLP(2, [3, 1])([1.0, 2.0]), Value)
    assert [type(out) for out in MLP(2, [3, 2])([1.0, 2.0])] == [Value, Value]
    assert isinstance(MLP(2, [1, 1])([1.0, 2.0]), Value)
    assert isinstance(Layer(2, 1)([1.0, 2.0]), Value) and isinstance(Neuron(2)([1.0, 2.0]), Value)


def test_a_neuron_may_leave_its_function_out() -> None:
    neuron = Neuron(1, nonlin=False)
    neuron.w[0].data = -2.0
    assert neuron([3.0]).data == neuron.predict([3.0]) == -6.0
    assert Neuron(1, activation="linear").activation is None


@pytest.mark.parametrize("name", [op.name for op in OPS.values() if op.arity - len(op.defaults) == 1])
def test_any_operation_on_one_number_is_an_activation(name: str) -> None:
    neuron = Neuron(1, activation=name)
    neuron.w[0].data = 0.5
    x = sum(OPS[name].sample[0]) / 2 or 0.4
    assert neuron([2 * x]).data == neuron.predict([2 * x]) == OPS[name](x)
    assert repr(neuron) == f"Neuron(1, activation={name!r})"


def test_a_function_of_ones_own_is_an_activation() -> None:
    def swish(z: Any) -> Any:
        return z * sigmoid(z)

    neuron = Neuron(1, activation=swish)
    assert neuron([2.0]).data == swish(neuron.w[0].data * 2.0) and "swish" in repr(neuron)


@pytest.mark.parametrize("name, near", [("rellu", "'relu'"), ("sigmoyd", "'sigmoid'"), ("add", "'"), (3, "'tanh'")])
def test_an_unknown_activation_is_refused_with_the_one_that_is_near_and_the_whole_list(name: str, near: str) -> None:
    with pytest.raises(ValueError, match=rf"There is no activation {name!r}.* Write one of: .*") as error:
        MLP(2, [3, 1], activation=name)
    assert near in str(error.value)
    takes_one = [op.name for op in OPS.values() if op.arity - len(op.defaults) == 1]
    assert all(repr(known) in str(error.value) for known in [*takes_one, "linear"])


def test_capitals_are_no_other_activation() -> None:
    with pytest.raises(ValueError, match=r"There is no activation 'Relu'. Did you mean 'relu'.*'tanh'"):
        MLP(2, [4, 1], activation="Relu")


def test_a_softmax_output_is_a_distribution() -> None:
    model = MLP(2, [4, 3], output="softmax")
    p = model([0.5, -1.0])
    assert sum(numbers(p)) == pytest.approx(1) and model.predict([0.5, -1.0]) == numbers(p)
    assert [a.label for a in p] == ["ŷ[0]", "ŷ[1]", "ŷ[2]"] and "softmax(W2·a1 + b2)" in model.summary()


def test_logistic_regression_is_one_sigmoid_neuron() -> None:
    model = LogisticRegression(2)
    (p1, p2, b), out = model.parameters(), model([1.0, 2.0])
    assert out.data == sigmoid(b.data + p1.data * 1.0 + p2.data * 2.0) and out.op is sigmoid


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=3), st.sampled_from(["relu", "tanh", "gelu"]))
def test_predict_gives_the_bits_of_the_recorded_pass(x: Any, activation: Any) -> None:
    model = MLP(3, [4, 1, 2], activation=activation, bias="random")
    assert model.predict(x) == numbers(model(x))


def test_the_default_predict_serves_networks_of_ones_own() -> None:
    class Sum(Module):
        def __init__(self) -> None:
            self.w = Parameter(2.0)

        def __call__(self, x: Any) -> Any:
            return x[0] * self.w + x[1]

    assert Sum().predict([Value(3.0), 1.0]) == 7.0 and len(Sum().parameters()) == 1


# Names.


def test_parameters_are_named_by_the_path_that_leads_to_them() -> None:
    model = MLP(2, [3, 1])
    for name, p in model.named_parameters():
        assert p is eval(f"model.{name}") and p.label == name and type(p.label) is AutoLabel
    assert model.layers[0].neurons[2].w[1].label == "layers[0].neurons[2].w[1]"
    assert [p.label for p in Neuron(2).parameters()] == ["w[0]", "w[1]", "b"]


def test_modules_find_parameters_in_lists_and_dicts_and_a_shared_one_once() -> None:
    class Net(Module):
        def __init__(self) -> None:
            self.heads = {"a": Neuron(1), "b": Layer(1, 2)}
            self.scale = Parameter(1.0)
            self.also = (self.scale, [Value(2.0)])
            self.seen = self.scale * 2

    assert [path for path, _ in Net().named_parameters()] == [
        "heads['a'].w[0]", "heads['a'].b", "heads['b'].neurons[0].w[0]", "heads['b'].neurons[0].b",
        "heads['b'].neurons[1].w[0]", "heads['b'].neurons[1].b", "scale", "also[1][0]",
    ]  # fmt: skip


def test_a_label_of_the_learners_own_stays() -> None:
    model = MLP(1, [1])
    model.layers[0].neurons[0].b.label = "bias"
    label_parameters(model)
    assert model.layers[0].neurons[0].b.label == "bias"


def test_what_layers_compute_is_called_z_and_a_and_the_output_y() -> None:
    model = MLP(2, [2, 1], output="sigmoid")
    (z1, a1), (z2, a2) = model.trace([1.0, 2.0])
    assert [node.label for node in (*z1, *a1, *z2, *a2)] == ["z1[0]", "z1[1]", "a1[0]", "a1[1]", "z2[0]", "ŷ"]
    assert z1[0].inputs[0].inputs[1].inputs[1].label == "x[0]"
    assert [a.label for a in MLP(1, [2])([1.0])] == ["ŷ[0]", "ŷ[1]"]


def test_weighted_sums_are_reachable_and_stand_before_the_activation() -> None:
    model = MLP(2, [3, 1], activation="tanh")
    for layer, (z, a) in zip(model.layers, model.trace([0.3, -0.4])):
        assert [tanh(x.data) if layer.activation else x.data for x in z] == numbers(a)
    neuron = Neuron(1)
    neuron.w[0].data = -3.0
    z = neuron.weighted_sum([Value(2.0)])
    assert z.data == -6.0 and neuron.activate(z).data == 0.0


def test_a_network_does_not_keep_its_graphs_alive() -> None:
    model = MLP(2, [3, 1])
    gc.disable()
    try:
        out = model([1.0, 2.0])
        out.backward()
        nodes = [weakref.ref(out), weakref.ref(out.inputs[0])]
        del out
        assert [node() for node in nodes] == [None, None]
    finally:
        gc.enable()


# Weights.


def test_weights_are_a_matrix_and_biases_a_vector() -> None:
    layer = Layer(2, 3, activation="linear", bias="random")
    x = [0.5, -1.5]
    products = [b.data + row[0].data * x[0] + row[1].data * x[1] for row, b in zip(layer.W, layer.b)]
    assert (len(layer.W), len(layer.W[0])) == (3, 2) and numbers(layer(x)) == products
    layer.W[2][1].data = 9.0
    assert layer.neurons[2].w[1].data == 9.0


@pytest.mark.parametrize("init, bound", [("uniform", 1), ("xavier", sqrt(6 / 50)), ("he", sqrt(6 / 20))])
def test_initial_weights_fill_the_interval_of_their_scheme(init: Any, bound: float) -> None:
    W = [w.data for row in Layer(20, 30, init=init).W for w in row]
    assert 0.98 * bound < max(map(abs, W)) < bound and abs(sum(W) / len(W)) < 0.1 * bound


def test_initial_weights_may_be_a_function_of_ones_own() -> None:
    assert set(numbers(MLP(2, [2, 1], init=lambda nin, nout, rng: 0.5).parameters())) == {0.5, 0.0}
    assert set(INITS) == {"uniform", "xavier", "he"}


def test_biases_are_zero_or_drawn() -> None:
    assert {b.data for b in Layer(2, 5).b} == {0.0}
    assert len({b.data for b in Layer(2, 5, bias="random").b}) == 5


def weights(module: Any) -> Any:
    return numbers(module.parameters())


@pytest.mark.parametrize("make", [lambda **rng: Neuron(2, **rng), lambda **rng: Layer(2, 3, **rng),
                                  lambda **rng: MLP(2, [3, 1], **rng)])  # fmt: skip
def test_every_new_network_has_other_weights_and_a_seed_gives_them_again(make: Any) -> None:
    seed(5)
    made = [weights(make()) for _ in range(4)]
    assert len({*map(tuple, made)}) == 4
    seed(5)
    assert [weights(make()) for _ in range(4)] == made
    assert weights(make(seed=7)) == weights(make(rng=7)) == weights(make(rng=Random(7))) != made[0]
    seed(5)
    make(seed=3)
    assert weights(make()) == made[0], "a network with a seed of its own takes nothing from the others"


def test_a_process_begins_with_the_weights_of_seed_1() -> None:
    program = "from micrograd_like import MLP; print([p.data for p in MLP(2, [3]).parameters()])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == str(weights(MLP(2, [3], seed=1)))


@pytest.mark.parametrize("wrong, message", [
    (lambda: MLP(2, [1], rng=1, seed=1), "rng = 1 and seed = 1 were both given. Give one"),
    (lambda: MLP(2, [1], seed="x"), "'x' is not a seed. Write a whole number, as in seed=1"),
    (lambda: seed(0.5), "0.5 is not a seed"),
])  # fmt: skip
def test_a_seed_that_is_none(wrong: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        wrong()


def test_a_seed_gives_the_same_network_and_one_generator_gives_different_ones() -> None:
    first, same, other = [MLP(2, [3, 1], rng=n) for n in (1, 1, 7)]
    assert numbers(first.parameters()) == numbers(same.parameters()) != numbers(other.parameters())
    rng = Random(7)
    assert numbers(MLP(2, [3, 1], rng=rng).parameters()) == numbers(other.parameters())
    assert numbers(MLP(2, [3, 1], rng=rng).parameters()) != numbers(other.parameters())


def test_a_pruned_weight_is_0_and_frozen_and_thaws() -> None:
    model = MLP(2, [3, 1])
    w = model.layers[0].W[1][0]
    w.prune()
    assert (w.data, w.frozen, model.layers[0].W[0][0].frozen) == (0.0, True, False)
    assert "13 parameters, 1 of them frozen" in model.summary()
    w.freeze(False)
    assert not w.frozen


def test_zero_grad_sets_every_gradient_to_0() -> None:
    model = MLP(2, [3, 1])
    model([1.0, 2.0]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert not any(p.grad for p in model.parameters())


def test_text_forms() -> None:
    assert repr(MLP(2, [4, 1], activation=exp)) == "MLP(2, [4, 1], activation='exp', output='linear')"
    assert repr(Layer(2, 3, activation=relu)) == "Layer(2, 3, activation='relu')"
    assert MLP(2, [4, 1]).sizes == [2, 4, 1]
    assert Neuron(2).summary() == "Neuron(2, activation='relu')\n3 parameters"


# What cannot be.


@pytest.mark.parametrize("call", [lambda model, x: model(x), lambda model, x: model.predict(x)])
@pytest.mark.parametrize(
    "x, error, message",
    [
        ([1.0, 2.0, 3.0], ValueError, r"MLP\(2, \[3, 1\], .*\) takes 2 inputs, and 3 were given. Give 2"),
        ([1.0], ValueError, "takes 2 inputs, and 1 were given"),
        ([], ValueError, "takes 2 inputs, and 0 were given"),
        (["1", "2"], TypeError, r"was called on texts, such as '1', .* Write \[float\(text\) for text in x\]"),
        (1.0, TypeError, r"was called on 1.0. Give a list of its 2 inputs"),
        ("ab", TypeError, "was called on 'ab'"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(call: Any, x: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(MLP(2, [3, 1]), x)


def test_a_call_takes_one_example_and_predict_one_or_many() -> None:
    model, rows = MLP(2, [3, 1]), [[1.0, 2.0], [3.0, 4.0]]
    with pytest.raises(TypeError, match=r"one example at a time, and several were given. Write \[model\(row\)"):
        model(rows)
    for module in model, Layer(2, 3), Neuron(2), LogisticRegression(2):
        assert module.predict(rows) == [module.predict(row) for row in rows]


@pytest.mark.parametrize("module", [Neuron(2), Layer(2, 3)])
def test_neurons_and_layers_check_their_inputs_too(module: Any) -> None:
    with pytest.raises(ValueError, match=r"takes 2 inputs, and 1 were given"):
        module([1.0])


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: MLP(2, 16), TypeError, r"16 are not the sizes of layers. Write a list, .* MLP\(2, \[16, 1\]\)"),
        (lambda: MLP(2, []), TypeError, r"\[\] are not the sizes"),
        (lambda: MLP(2, [3, 0]), ValueError, "0 is not a number of inputs or neurons"),
        (lambda: MLP(-2, [3]), ValueError, "-2 is not a number of inputs"),
        (lambda: Layer(2, 1.5), ValueError, "1.5 is not a number of inputs"),
        (lambda: MLP(2, [1], init="kaiming"), ValueError, "There is no init 'kaiming'. Write one of: "),
        (lambda: MLP(2, [1], bias="one"), ValueError, "There is no bias 'one'. Write one of: 'zero', 'random'"),
    ],
)
def test_networks_that_cannot_be_made(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_linear_is_no_function_at_all() -> None:
    assert activation_named("linear") is activation_named("identity") is None
