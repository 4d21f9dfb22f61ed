"""Two moons told apart by a network, as a notebook would write it: `python examples/moons.py [--compile]`.

The loss reads its data from outside, makes Values of it, and returns how many examples are right beside the loss.
compile takes it as it is: the numbers that come from .data stay part of the program, without a gradient.
"""

import argparse

from micrograd_like import MLP, SGD, Value, compile, data, seed

seed(2)
X, y = data.moons(100, labels=(-1, 1))
model = MLP(2, [16, 16, 1])


def loss():
    """Return the mean hinge loss with a penalty for large weights, and the share of examples that are right."""
    inputs = [list(map(Value, row)) for row in X]
    scores = list(map(model, inputs))
    hinges = [(1 + -yi * score).relu() for yi, score in zip(y, scores)]
    penalty = 1e-4 * sum(p * p for p in model.parameters())
    right = [(yi > 0) == (score.data > 0) for yi, score in zip(y, scores)]
    return sum(hinges) * (1.0 / len(hinges)) + penalty, sum(right) / len(right)


def eager_step(optimizer):
    """Make one step of training as the engine does it; return the loss before, and the share that is right."""
    total, right = loss()
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
    return total.data, right


def main():
    parser = argparse.ArgumentParser(description="Tell two moons apart.")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--compile", action="store_true", help="find the matrices in the scalars, and run those")
    options = parser.parse_args()
    optimizer = SGD(model.parameters(), lr=0.5)
    program = compile(loss) if options.compile else None
    for step in range(options.steps):
        total, right = (program.step(optimizer), program.outputs) if program else eager_step(optimizer)
        if step % (options.steps // 10 or 1) == 0 or step == options.steps - 1:
            print(f"step {step:4}  loss {total:.4f}  right {right:.0%}")


if __name__ == "__main__":
    main()
