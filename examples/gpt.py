"""A GPT in single numbers: it reads names, letter by letter, and learns to invent new ones.

Everything a language model does is here, and every number in it is a `Value` that can be asked how it was made:

    python examples/gpt.py                       # on the names beside this file
    python examples/gpt.py names.txt --steps 1000
    python examples/gpt.py --compile             # the same scalars, run as the matrices found in them

The model is GPT-2 (Radford et al., 2019) at its smallest: one layer, 16 dimensions, 4 heads, at most 16 letters.
It has rmsnorm for layernorm, relu for gelu, and no biases, as later models have. The program needs of its numbers
+ - * / **, exp, log and relu, so it runs on any engine that has these, with `Rows = list` for the second import.
"""

import argparse
import random
from itertools import pairwise
from pathlib import Path

from micrograd_like import Value
from micrograd_like.compiler import Rows

DIMENSIONS, HEADS, BLOCK = 16, 4, 16
END = 0  # the token before and after every name


# ---- letters to tokens ----


def read_names(path):
    """Return the names of a file, one a line, in random order that is always the same."""
    names = Path(path).read_text(encoding="utf-8").split()
    random.Random(42).shuffle(names)
    return names


def alphabet(names):
    """Return the letters; the token of a letter is its place among them, counted from 1."""
    return sorted(set("".join(names)))


def tokens(name, letters):
    """Return the name as numbers, between two marks for its ends, as far as the model reads."""
    return [END, *[1 + letters.index(letter) for letter in name], END][: BLOCK + 1]


# ---- the parameters: random at first, and all that is ever learnt ----


def matrix(rows, columns, rng, spread=0.08):
    """Return rows of small random numbers; a token that chooses from `Rows` is data of a compiled program."""
    return Rows([[Value(rng.gauss(0, spread)) for _ in range(columns)] for _ in range(rows)])


def new_model(letters, rng):
    """Return the matrices by name: about 4,000 parameters."""
    n, size = DIMENSIONS, len(letters) + 1
    return {
        "token": matrix(size, n, rng),  # what each letter means
        "place": matrix(BLOCK, n, rng),  # what standing at each place means
        "query": matrix(n, n, rng),  # what a letter looks for in those before it
        "key": matrix(n, n, rng),  # by what it is found
        "value": matrix(n, n, rng),  # what it tells the one that found it
        "heard": matrix(n, n, rng),
        "wide": matrix(4 * n, n, rng),
        "narrow": matrix(n, 4 * n, rng),
        "next": matrix(size, n, rng),  # which letter follows
    }


def parameters(model):
    return [p for rows in model.values() for row in rows for p in row]


# ---- the parts: each takes lists of numbers and returns lists of numbers ----


def linear(x, w):
    """Return w x: each row of w asks one question about x."""
    return [sum([wi * xi for wi, xi in zip(row, x)]) for row in w]


def rmsnorm(x):
    """Return x at length sqrt(n), so that no layer sees numbers too large or too small."""
    mean_square = sum([xi * xi for xi in x]) / len(x)
    scale = (mean_square + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def softmax(scores):
    """Return probabilities. The largest score is taken off first, as a plain number, so that no exp overflows."""
    largest = max(score.data for score in scores)
    exps = [(score - largest).exp() for score in scores]
    total = sum(exps)
    return [e / total for e in exps]


def attention(x, model, keys, values):
    """Return what x hears from the letters so far: of each by how well its key answers the query of x."""
    query = linear(x, model["query"])
    keys.append(linear(x, model["key"]))
    values.append(linear(x, model["value"]))
    heard, width = [], DIMENSIONS // HEADS
    for start in range(0, DIMENSIONS, width):  # each head asks in its own part of the dimensions
        head = slice(start, start + width)
        scores = [sum([q * k for q, k in zip(query[head], key[head])]) / width**0.5 for key in keys]
        weights = softmax(scores)
        heard += [sum([w * v for w, v in zip(weights, column)]) for column in zip(*[v[head] for v in values])]
    return linear(heard, model["heard"])


def think(x, model):
    """Return what x makes of what it heard: a network with one hidden layer of relus."""
    return linear([z.relu() for z in linear(x, model["wide"])], model["narrow"])


def predict(token, place, model, keys, values):
    """Return a score for each token that may come next; keys and values remember what came before."""
    x = rmsnorm([a + b for a, b in zip(model["token"][token], model["place"][place])])
    x = [a + b for a, b in zip(x, attention(rmsnorm(x), model, keys, values))]  # what is heard is added, not put
    x = [a + b for a, b in zip(x, think(rmsnorm(x), model))]  # in its place: gradients pass straight through
    return linear(x, model["next"])


# ---- learning ----


def loss_of(text, model):
    """Return the average surprise at each next token, in nats."""
    keys, values, surprises = [], [], []
    for place, (token, following) in enumerate(pairwise(text)):
        probabilities = Rows(softmax(predict(token, place, model, keys, values)))
        surprises.append(-probabilities[following].log())
    return sum(surprises) / len(surprises)


class Adam:
    """Move each parameter at its own pace: by the mean of its gradient over the root of that of its square."""

    def __init__(self, params):
        self.params, self.steps = params, 0
        self.means, self.squares = [0.0] * len(params), [0.0] * len(params)

    def step(self, lr, beta1=0.85, beta2=0.99, eps=1e-8):
        self.steps += 1
        young1, young2 = 1 - beta1**self.steps, 1 - beta2**self.steps  # means that started from 0 are too small
        for i, p in enumerate(self.params):
            self.means[i] = beta1 * self.means[i] + (1 - beta1) * p.grad
            self.squares[i] = beta2 * self.squares[i] + (1 - beta2) * p.grad**2
            p.data -= lr * (self.means[i] / young1) / ((self.squares[i] / young2) ** 0.5 + eps)
            p.grad = 0.0


def train_step(name, model, letters, optimizer, lr):
    """Learn from one name, and return the loss before."""
    loss = loss_of(tokens(name, letters), model)
    loss.backward()
    optimizer.step(lr)
    return loss.data


def compiled_step(model):
    """Return what learns as `train_step` does, from a graph recorded once for each length of name."""
    from micrograd_like import Adam
    from micrograd_like.compiler import compile

    program = compile(lambda text: loss_of(text, model), [END, END])
    optimizer = Adam(parameters(model), betas=(0.85, 0.99))

    def step(name, model, letters, _, lr):
        optimizer.lr = lr
        return program.step(optimizer, tokens(name, letters))

    return step


# ---- inventing ----


def invent(model, letters, rng, temperature=0.5):
    """Return a new name: draw letter after letter, with the odds the model gives, until the end is drawn."""
    token, keys, values, name = END, [], [], ""
    for place in range(BLOCK):
        scores = predict(token, place, model, keys, values)
        odds = [p.data for p in softmax([score / temperature for score in scores])]
        token = rng.choices(range(len(odds)), odds)[0]
        if token == END:
            break
        name += letters[token - 1]
    return name


def main():
    parser = argparse.ArgumentParser(description="Learn names and invent new ones.")
    parser.add_argument("names", nargs="?", default=Path(__file__).with_name("names.txt"), help="one name a line")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--compile", action="store_true", help="find the matrices in the scalars, and run those")
    options = parser.parse_args()
    names, rng = read_names(options.names), random.Random(42)
    letters = alphabet(names)
    model = new_model(letters, rng)
    optimizer = Adam(parameters(model))
    learn = compiled_step(model) if options.compile else train_step
    print(f"{len(names)} names of {len(letters)} letters, {len(optimizer.params)} parameters")
    for step in range(options.steps):
        lr = 0.01 * (1 - step / options.steps)
        loss = learn(names[step % len(names)], model, letters, optimizer, lr)
        if step % (options.steps // 10 or 1) == 0 or step == options.steps - 1:
            print(f"step {step:4}  loss {loss:.3f}")
    print("It invents:", ", ".join([invent(model, letters, rng) for _ in range(12)]))


if __name__ == "__main__":
    main()
