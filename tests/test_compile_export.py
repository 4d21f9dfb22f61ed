"""A compiled program in JAX, PyTorch and ONNX computes what the engine computes."""

from __future__ import annotations

import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from micrograd_like import MLP, SGD, losses
from micrograd_like.compiler import Program, RefusedError, Rows, compile
from micrograd_like.data import one_hot
from micrograd_like.nn import Parameter

np = pytest.importorskip("numpy")
X, Y = [[(7 * i + 3 * j) % 11 / 5 - 1 for j in range(3)] for i in range(6)], [one_hot(i % 2, 2) for i in range(6)]


@pytest.fixture(params=["tanh", "relu", "sigmoid"])
def program(request: Any) -> Program:
    model = MLP(3, [5, 4, 2], activation=request.param)

    def loss(X: Any, y: Any) -> Any:
        return losses.cross_entropy([model(x) for x in X], y) + losses.l2(model.parameters(), 0.01)

    return compile(loss, X, Y)


def agree(program: Program, loss: Any, gradients: Any, *inputs: Any) -> None:
    assert float(loss) == pytest.approx(program(*inputs), rel=1e-12)
    for name, gradient in program.gradients.items():
        assert np.allclose(np.asarray(gradients[name]), gradient, rtol=1e-10, atol=1e-14)


def test_jax(program: Program) -> None:
    jax = pytest.importorskip("jax")
    loss, parameters = program.to_jax()
    for inputs in ((X, Y), (X[::-1], Y)):
        inputs = [np.array(x) for x in inputs]
        agree(program, jax.jit(loss)(parameters, *inputs), jax.jit(jax.grad(loss))(parameters, *inputs), *inputs)


def test_jax_shards_the_examples_over_devices() -> None:
    pytest.importorskip("jax")
    code = """
import os; os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
import jax, numpy as np, re
from jax.sharding import Mesh, NamedSharding, PartitionSpec as P
from micrograd_like import MLP, SGD, losses
from micrograd_like.compiler import compile
model = MLP(2, [4, 1], activation="tanh")
X, y = np.random.default_rng(1).normal(size=(16, 2)), np.zeros(16)
program = compile(lambda X, y: losses.mse([model(x) for x in X], y), X.tolist(), y.tolist())
loss, parameters = program.to_jax()
over = NamedSharding(Mesh(np.array(jax.devices()), ("examples",)), P("examples"))
X, y = jax.device_put(X, over), jax.device_put(y, over)
assert len(X.sharding.device_set) == 8
step = jax.jit(jax.value_and_grad(loss)).lower(parameters, X, y).compile()
sharded = step(parameters, X, y)
exchanges = re.findall(r" = .* (all-[a-z]+|collective-[a-z]+)\\(", step.as_text())
assert exchanges == ["all-reduce"], exchanges  # the loss and every gradient, once a step
assert abs(float(sharded[0]) - program()) < 1e-12
for name, gradient in program.gradients.items():
    assert np.allclose(sharded[1][name], gradient, rtol=1e-10)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_torch(program: Program) -> None:
    torch = pytest.importorskip("torch")
    module = program.to_torch()
    assert [*module.network.state_dict()] == [f"{i}.{what}" for i in (0, 2, 4) for what in ("weight", "bias")]
    for inputs in ((X, Y), (X[::-1], Y)):
        module.zero_grad()
        loss = module(*inputs)
        loss.backward()
        agree(program, loss.detach(), dict(zip(program.gradients, [p.grad for p in module.parameters()])), *inputs)
    pairs = (module.network, X), (torch.clone, Y)
    by_torch = torch.nn.functional.cross_entropy(*[f(torch.tensor(x, dtype=torch.float64)) for f, x in pairs])
    weights = sum([(p**2).sum() for p in module.parameters()])
    assert float((by_torch + 0.01 * weights).detach()) == pytest.approx(program(X, Y), rel=1e-12)


@pytest.mark.parametrize("activation", ["gelu", "silu", "softplus", "leaky_relu", "sigmoid"])
def test_a_stack_of_layers_is_a_sequential_that_predicts_what_the_network_does(activation: str) -> None:
    torch = pytest.importorskip("torch")
    model = MLP(3, [4, 1], activation=activation, output=activation)
    network = compile(lambda X, y: losses.mse([model(x) for x in X], y), X, [0.0] * 6).to_torch().network
    assert [type(layer).__name__ for layer in network][::2] == ["Linear", "Linear"] and len(network) == 4
    found = network(torch.tensor(X, dtype=torch.float64)).detach().squeeze()
    assert np.allclose(found, [model.predict(x) for x in X], rtol=1e-12)


def test_what_is_no_stack_of_layers_has_its_own_names_in_torch() -> None:
    pytest.importorskip("torch")
    table, scale = [[Parameter(0.1 * i + j) for j in range(3)] for i in range(2)], Parameter(2.0)
    program = compile(lambda x: sum([(w * a).tanh() * scale for row in table for w, a in zip(row, x)]), X[0])
    module = program.to_torch()
    module(X[0]).backward()
    assert {name: p.shape for name, p in module.named_parameters()} == {"table": (2, 3), "scale": ()}
    agree(program, module(X[0]).detach(), {n: p.grad for n, p in module.named_parameters()}, X[0])


@pytest.mark.parametrize("name", ["parameters", "forward", "training", "type", "own", "network"])
def test_a_name_that_a_module_has_already_gets_a_line_behind_it(name: str) -> None:
    torch, space = pytest.importorskip("torch"), {"Parameter": Parameter}
    exec(
        "def made():\n"
        f"    {name}, {name}_ = [Parameter(0.5), Parameter(-0.3)], [Parameter(0.1), Parameter(0.2)]\n"
        f"    return lambda x: sum([(p * a).tanh() * q for p, q, a in zip({name}, {name}_, x)])",
        space,
    )
    program = compile(space["made"](), [1.5, 0.5])  # type: ignore[operator]
    assert {*program.gradients} == {name, name + "_"}
    module = program.to_torch()
    found = module([1.0, -2.0])
    found.backward()
    free = name + "__" if hasattr(torch.nn.Module(), name) else name
    grads = {x: p.grad for x, p in module.named_parameters()}
    assert {*grads} == {free, name + "_"}
    agree(program, found.detach(), {name: grads[free], name + "_": grads[name + "_"]}, [1.0, -2.0])


def test_onnx(program: Program) -> None:
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    model = program.to_onnx()
    onnx.checker.check_model(model, full_check=True)
    named = [line.partition(" = ")[0] for line in str(program).splitlines()]
    assert {*named[:-1]} <= {name for node in model.graph.node for name in (node.name, *node.output)}
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for inputs in ((X, Y), (X[::-1], Y)):
        [loss] = session.run(None, dict(zip("Xy", map(np.array, inputs))))
        assert float(loss) == pytest.approx(program(*inputs), rel=1e-12)


def test_rows_that_an_input_chooses_are_exported() -> None:
    torch = pytest.importorskip("torch")
    table = Rows([[Parameter(0.1 * i + j) for j in range(3)] for i in range(5)])

    def loss(tokens: Any) -> Any:
        chosen = [table[t] for t in tokens]
        return sum([(x * x).tanh() for row in chosen for x in row])

    program = compile(loss, [0, 1, 2, 1])
    module = program.to_torch()
    assert float(module(torch.tensor([4, 1, 3, 3])).detach()) == pytest.approx(program([4, 1, 3, 3]), rel=1e-12)


def test_an_exact_program_has_nothing_to_export() -> None:
    x = Parameter(2.0)
    with pytest.raises(RefusedError, match="exact"):
        compile(x * x, exact=True).to_torch()


def test_other_shapes_are_refused_instead_of_divided_by_the_recorded_number() -> None:
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    w = Parameter(0.5)
    program = compile(lambda X: sum((w * x) ** 2 for x in X) / len(X), [1.0, 2.0, 3.0, 4.0])
    program.fit([float(i) for i in range(10)], optimizer=SGD([w], 0.001), batch_size=4)
    module, (loss, parameters) = program.to_torch(), program.to_jax()
    X = [1.0, 2.0, 3.0, 4.0]
    assert float(module(X).detach()) == pytest.approx(program(X)) == pytest.approx(float(loss(parameters, X)))
    for call in (lambda: module(X[:2]), lambda: loss(parameters, X[:2])):
        with pytest.raises(RefusedError, match=r"shape \(4,\), and its export was given \(2,\)"):
            call()
    assert torch and jax


def test_numbers_read_from_data_pass_no_gradient_in_exports() -> None:
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    w = Parameter(0.5)
    program = compile(lambda x: (w * x) ** 2 * (w * x).data, 3.0)
    program(2.0)
    loss, parameters = program.to_jax()
    assert float(jax.grad(loss)(parameters, 2.0)["w"]) == pytest.approx(w.grad)
    module = program.to_torch()
    module(2.0).backward()
    assert float(next(iter(module.parameters())).grad) == pytest.approx(w.grad) and torch


def test_the_network_trains_on_in_pytorch_with_the_same_losses() -> None:
    torch = pytest.importorskip("torch")
    model = MLP(3, [5, 4, 2], activation="tanh", seed=1)
    targets = [0, 1, 0, 1, 1, 0]

    def loss(X: Any) -> Any:
        return losses.cross_entropy([model(x) for x in X], targets)

    program, optimizer = compile(loss, X), SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        program.step(optimizer, X)
    network = program.to_torch().network
    theirs = torch.optim.SGD(network.parameters(), lr=0.1)
    for _ in range(5):
        now = torch.nn.functional.cross_entropy(network(torch.tensor(X, dtype=torch.float64)), torch.tensor(targets))
        assert float(now.detach()) == pytest.approx(program.step(optimizer, X), rel=1e-10)
        theirs.zero_grad()
        now.backward()
        theirs.step()


def test_processes_train_one_program_together() -> None:
    pytest.importorskip("jax")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    example = Path(__file__).parent.parent / "examples" / "processes.py"
    command = [sys.executable, str(example), "--address", f"127.0.0.1:{port}"]
    here = dict(os.environ, PYTHONPATH=str(example.parent.parent))
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=here)
    assert done.returncode == 0, done.stderr
    told = [line.split() for line in done.stdout.splitlines() if line.startswith("step")]
    space = runpy.run_path(str(example))
    program = space["scalar_program"]()
    optimizer = SGD(program.parameters, lr=space["RATE"])
    alone = [program.step(optimizer, *space["points"](space["EXAMPLES"])) for _ in range(space["STEPS"])]
    assert len(told) == 5
    for _, step, _, loss in told:
        assert float(loss) == pytest.approx(alone[int(step)], rel=1e-9)
