"""One scalar program, trained on several processes: `python examples/processes.py [--processes 2]`.

The loss is written for single numbers. compile finds the arrays in it, `to_jax` gives them to JAX, and JAX divides the
examples over all processes, here on this machine; the processes add up their gradients once a step. On several hosts,
start the program on each with --process, its number, and --address, where the first one listens.
"""

import argparse
import random
import subprocess
import sys

EXAMPLES, STEPS, RATE = 64, 20, 0.5


def points(count):
    """Return points of a square, and whether each is in the circle: 1.0 or -1.0."""
    rng = random.Random(1)
    X = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(count)]
    return X, [1.0 if x * x + y * y < 0.6 else -1.0 for x, y in X]


def scalar_program():
    """Return the program of the whole batch, as one writes it for one machine."""
    from micrograd_like import MLP, compile, losses

    model = MLP(2, [8, 1], activation="tanh", seed=1)
    X, y = points(EXAMPLES)
    return compile(lambda X, y: losses.mse([model(x) for x in X], y), X, y)


def train(process, processes, address):
    """Train this process's part of the examples together with all others; return the losses."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    if processes > 1:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(address, num_processes=processes, process_id=process)
    import numpy
    from jax.sharding import Mesh, NamedSharding, PartitionSpec

    loss, parameters = scalar_program().to_jax()
    mesh = Mesh(numpy.array(jax.devices()), ("examples",))
    divided = NamedSharding(mesh, PartitionSpec("examples"))
    everywhere = NamedSharding(mesh, PartitionSpec())
    part = slice(process * EXAMPLES // processes, (process + 1) * EXAMPLES // processes)
    X, y = [
        jax.make_array_from_process_local_data(divided, numpy.array(column)[part], numpy.array(column).shape)
        for column in points(EXAMPLES)
    ]
    weights = {
        name: jax.make_array_from_process_local_data(everywhere, numpy.asarray(numbers))
        for name, numbers in parameters.items()
    }

    @jax.jit
    def step(weights, X, y):
        now, gradients = jax.value_and_grad(loss)(weights, X, y)
        return now, {name: weights[name] - RATE * gradients[name] for name in weights}

    losses = []
    for _ in range(STEPS):
        now, weights = step(weights, X, y)
        losses.append(float(now))
    return losses


def main():
    parser = argparse.ArgumentParser(description="Train one scalar program on several processes.")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--process", type=int, help="the number of this one; without it, all are started here")
    parser.add_argument("--address", default="127.0.0.1:12321", help="where process 0 listens")
    options = parser.parse_args()
    if options.process is None and options.processes > 1:
        command = [sys.executable, __file__, "--processes", str(options.processes), "--address", options.address]
        started = [subprocess.Popen([*command, "--process", str(i)]) for i in range(options.processes)]
        sys.exit(max(process.wait() for process in started))
    losses = train(options.process or 0, options.processes, options.address)
    if not options.process:
        for number in range(0, STEPS, 5):
            print(f"step {number:3}  loss {losses[number]:.12f}")
        print(f"step {STEPS - 1:3}  loss {losses[-1]:.12f}")


if __name__ == "__main__":
    main()
