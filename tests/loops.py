# ruff: noqa: E501
"""Training loops, right ones and wrong ones, that the doctor is held against: each wrong one is a right one, changed."""

LECTURE = """
import random
from micrograd_like import Value
random.seed(3)

class Neuron:
    def __init__(self, nin):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(random.uniform(-1, 1))
    def __call__(self, x):
        act = sum((wi * xi for wi, xi in zip(self.w, x)), self.b)
        return act.tanh()
    def parameters(self):
        return self.w + [self.b]

class Layer:
    def __init__(self, nin, nout):
        self.neurons = [Neuron(nin) for _ in range(nout)]
    def __call__(self, x):
        outs = [n(x) for n in self.neurons]
        return outs[0] if len(outs) == 1 else outs
    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]

class MLP:
    def __init__(self, nin, nouts):
        sz = [nin] + nouts
        self.layers = [Layer(sz[i], sz[i + 1]) for i in range(len(nouts))]
    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]

n = MLP(3, [4, 4, 1])
xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
ys = [1.0, -1.0, -1.0, 1.0]
for k in range(20):
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt)**2 for ygt, yout in zip(ys, ypred))
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    for p in n.parameters():
        p.data += -0.05 * p.grad
    print(k, loss.data)
"""

MICROGRAD = """
import random
from micrograd.engine import Value
from micrograd.nn import Neuron, Layer, MLP
from micrograd_like.data import moons
random.seed(1337)
X, y = moons(20, noise=0.1, labels=(-1, 1))
model = MLP(2, [8, 8, 1])

def loss():
    inputs = [list(map(Value, xrow)) for xrow in X]
    scores = list(map(model, inputs))
    losses = [(1 + -yi*scorei).relu() for yi, scorei in zip(y, scores)]
    data_loss = sum(losses) * (1.0 / len(losses))
    alpha = 1e-4
    reg_loss = alpha * sum((p*p for p in model.parameters()))
    total_loss = data_loss + reg_loss
    accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(y, scores)]
    return total_loss, sum(accuracy) / len(accuracy)

for k in range(15):
    total_loss, acc = loss()
    model.zero_grad()
    total_loss.backward()
    learning_rate = 1.0 - 0.9*k/100
    for p in model.parameters():
        p.data -= learning_rate * p.grad
    print(f"step {k} loss {total_loss.data}, accuracy {acc*100}%")
"""

OURS = """
from micrograd_like import MLP, SGD, Adam, Value, losses
from micrograd_like.data import batches, moons
X, y = moons(20, labels=(-1, 1))
model = MLP(2, [6, 1], activation="tanh")
optimizer = SGD(model.parameters(), lr=0.2)
for epoch in range(15):
    outputs = [model(x) for x in X]
    loss = losses.hinge(outputs, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(epoch, loss.data, losses.accuracy(outputs, y))
"""

HAND = """
from micrograd_like import Value
xs, ys = [0.0, 1.0, 2.0, 3.0], [1.0, 3.0, 5.0, 7.0]
w = Value(0.5)
b = Value(0.0)
lr = 0.05
for step in range(30):
    loss = Value(0.0)
    for x, y in zip(xs, ys):
        pred = w * x + b
        loss = loss + (pred - y)**2
    loss = loss / len(xs)
    w.grad = 0.0
    b.grad = 0.0
    loss.backward()
    w.data -= lr * w.grad
    b.data -= lr * b.grad
print(w.data, b.data, loss.data)
"""

FIT = """
from micrograd_like import MLP, SGD, fit, data
from micrograd_like.data import train_val_split, moons
X, y = moons(40, labels=(-1, 1))
train, held_out = train_val_split(X, y, 0.2)
model = MLP(2, [4, 1])
other = MLP(2, [4, 1])
optimizer = SGD(model.parameters(), lr=0.2)
history = fit(model, *train, "hinge", 5, optimizer=optimizer, validation=held_out, progress=False)
print(history)
"""

RIGHT = {"lecture": LECTURE, "micrograd": MICROGRAD, "ours": OURS, "hand": HAND, "fit": FIT}

# (the right one, what stands there, what a beginner wrote, the mistake)
WRONG = [
    ("lecture", "p.data += -0.05 * p.grad", "p -= 0.05 * p.grad", "loop variable"),
    ("micrograd", "p.data -= learning_rate * p.grad", "p -= learning_rate * p.grad", "loop variable"),
    ("ours", "    optimizer.step()", "    for p in model.parameters():\n        p = p - 0.1 * p.grad", "loop variable"),
    ("hand", "w.data -= lr * w.grad", "w -= lr * w.grad", "update in the graph"),
    ("hand", "w.data -= lr * w.grad\n    b.data -= lr * b.grad", "w = w - lr * w.grad\n    b = b - lr * b.grad",
     "update in the graph"),
    ("lecture", "    for p in n.parameters():\n        p.data += -0.05 * p.grad",
     "    for layer in n.layers:\n        for neuron in layer.neurons:\n            for i in range(len(neuron.w)):\n"
     "                neuron.w[i] -= 0.05 * neuron.w[i].grad", "update in the graph"),
    ("ours", "    loss.backward()\n", "", "no backward pass"),
    ("lecture", "    loss.backward()\n", "", "no backward pass"),
    ("micrograd", "    total_loss.backward()\n", "", "no backward pass"),
    ("fit", "optimizer = SGD(model.parameters()", "optimizer = SGD(other.parameters()", "parameters of another network"),
    ("ours", 'optimizer = SGD(model.parameters(), lr=0.2)',
     'other = MLP(2, [6, 1])\noptimizer = SGD(other.parameters(), lr=0.2)', "parameters of another network"),
    ("lecture", "    for p in n.parameters():\n        p.data", "    for p in m.parameters():\n        p.data",
     "parameters of another network"),
    ("ours", "    optimizer.zero_grad()\n", "", "gradients of the step before"),
    ("lecture", "    for p in n.parameters():\n        p.grad = 0.0\n", "", "gradients of the step before"),
    ("micrograd", "    model.zero_grad()\n", "", "gradients of the step before"),
    ("hand", "    w.grad = 0.0\n    b.grad = 0.0\n", "", "gradients of the step before"),
    ("ours", "for epoch in range(15):", "optimizer.zero_grad()\nfor epoch in range(15):", ""),
    ("ours", "    loss.backward()\n", "    loss.backward()\n    loss.backward()\n", "backward twice"),
    ("micrograd", "    total_loss.backward()\n", "    total_loss.backward()\n    total_loss.backward()\n", "backward twice"),
    ("ours", "loss.backward()", "loss.backward", "not called"),
    ("ours", "optimizer.step()", "optimizer.step", "not called"),
    ("micrograd", "model.zero_grad()", "model.zero_grad", "not called"),
    ("micrograd", "total_loss.backward()", "total_loss.backward", "not called"),
    ("ours", "loss = losses.hinge(outputs, y)", "loss = losses.hinge([Value(a.data) for a in outputs], y)",
     "cut out of the graph"),
    ("lecture", "ypred = [n(x) for x in xs]", "ypred = [Value(n(x).data) for x in xs]", "cut out of the graph"),
    ("hand", "pred = w * x + b", "pred = w.data * x + b", "cut out of the graph"),
    ("lecture", "(wi * xi for", "(wi.data * xi for", "cut out of the graph"),
    ("hand", "w = Value(0.5)\n", "w = Value(0.5)\nq = Value(3.0)\nq = q * q + w\n(q * 2).backward()\nprint(q.grad)\n",
     "name used again"),
    ("lecture", "self.b)\n        return act.tanh()", "Value(0.0))\n        return act.tanh()", "part of a network unused"),
    ("hand", "pred = w * x + b", "pred = w * x", "parameter unused"),
    ("lecture", "return self.w + [self.b]", "return self.w", "parameters left out"),
    ("ours", 'model = MLP(2, [6, 1], activation="tanh")',
     'model = MLP(2, [6, 1])\nfor n in model.layers[0].neurons:\n    n.b.data = -50.0', "dead relus"),
    ("fit", '"hinge", 5', '"cross_entropy", 5', "error"),
    ("ours", "optimizer = SGD(model.parameters(), lr=0.2)", "optimizer = SGD([1.0, 2.0], lr=0.2)",
     "numbers for the optimizer"),
    ("hand", "lr = 0.05", "lr = 5.0", "learning rate too large"),
    ("fit", '"hinge", 5, optimizer=optimizer', '"mse", 50, lr=1e10', "learning rate too large"),
    ("lecture", "p.data += -0.05 * p.grad", "p.data += 0.05 * p.grad", "wrong sign"),
    ("hand", "w.data -= lr * w.grad\n    b.data -= lr * b.grad", "w.data += lr * w.grad\n    b.data += lr * b.grad",
     "wrong sign"),
    ("micrograd", "p.data -= learning_rate * p.grad", "p.data += learning_rate * p.grad", "wrong sign"),
    ("lecture", "for k in range(20):\n    ypred = [n(x) for x in xs]\n", "ypred = [n(x) for x in xs]\nfor k in range(20):\n",
     "loss of an earlier step"),
    ("lecture", "    for p in n.parameters():\n        p.data += -0.05 * p.grad",
     "    params = [p - 0.05 * p.grad for p in n.parameters()]", "loop variable"),
    ("hand", "        loss = loss + (pred - y)**2\n", "        loss = loss + (pred - y)**2\n        loss.backward()\n", "backward twice"),
    ("ours", "SGD(model.parameters(), lr=0.2)", "Adam(model.parameters(), lr=1000.0)", "learning rate too large"),
    ("ours", "    optimizer.zero_grad()\n    loss.backward()\n", "    loss.backward()\n    optimizer.zero_grad()\n",
     "gradients cleared before the step"),
    ("micrograd", "    model.zero_grad()\n    total_loss.backward()\n", "    total_loss.backward()\n    model.zero_grad()\n",
     "gradients cleared before the step"),
    ("ours", "for epoch in range(15):\n    outputs = [model(x) for x in X]\n    loss = losses.hinge(outputs, y)\n",
     "outputs = [model(x) for x in X]\nloss = losses.hinge(outputs, y)\nfor epoch in range(15):\n", "loss of an earlier step"),
    ("hand", "for step in range(30):\n    loss = Value(0.0)\n", "loss = Value(0.0)\nfor step in range(30):\n",
     "loss of an earlier step"),
    ("ours", 'model = MLP(2, [6, 1], activation="tanh")\noptimizer = SGD(model.parameters(), lr=0.2)\nfor epoch in range(15):\n',
     'for epoch in range(15):\n    model = MLP(2, [6, 1], activation="tanh")\n'
     '    optimizer = SGD(model.parameters(), lr=0.2)\n', "made anew in every step"),
    ("ours", "optimizer = SGD(model.parameters(), lr=0.2)\nfor epoch in range(15):\n",
     "for epoch in range(15):\n    optimizer = Adam(model.parameters(), lr=0.2)\n", "made anew in every step"),
    ("hand", "loss = loss + (pred - y)**2", "loss = (pred - y)**2", "only the last example"),
    ("lecture", "p.data += -0.05 * p.grad", "p.data = -0.05 * p.grad", "wrong side of the update"),
    ("micrograd", "p.data -= learning_rate * p.grad", "p.grad -= learning_rate * p.grad", "wrong side of the update"),
    ("lecture", "p.grad = 0.0", "p.gard = 0.0", "misspelt attribute"),
    ("ours", "    optimizer.step()\n    print(epoch, loss.data, losses.accuracy(outputs, y))",
     "    print(epoch, loss.data)\noptimizer.step()", "update after the loop"),
    ("ours", "lr=0.2", "lr=1 // 5", "learning rate of 0"),
    ("lecture", "(yout - ygt)**2", "(ygt - ygt)**2 * 1", "compared with itself"),
    ("fit", "fit(model, *train,", "fit(model, X, y,", "validation data in training"),
]  # fmt: skip


def wrong(which: str, old: str, new: str) -> str:
    """Return the right loop with a beginner's mistake in it."""
    assert old in RIGHT[which], (which, old)
    text = RIGHT[which].replace(old, new, 1)
    return (
        text.replace("n = MLP(3, [4, 4, 1])", "n = MLP(3, [4, 4, 1])\nm = MLP(3, [4, 4, 1])")
        if "in m." in text
        else text
    )


# Right, and suspicious to look at: each is changed from a right one above, or stands alone.
SUSPICIOUS = {
    "accumulation over batches on purpose": OURS.replace(
        "    outputs = [model(x) for x in X]\n    loss = losses.hinge(outputs, y)\n    optimizer.zero_grad()\n    loss.backward()\n",
        "    optimizer.zero_grad()\n    for rows, labels in batches(X, y, 5):\n        outputs = [model(x) for x in rows]\n"
        "        loss = losses.hinge(outputs, labels) / 4\n        loss.backward()\n",
    ).replace("accuracy(outputs, y)", "accuracy(outputs, labels)"),
    "a loss for each example": HAND.replace(
        "        loss = loss + (pred - y)**2\n", "        ((pred - y)**2 / 4).backward()\n"
    )
    .replace("    loss = loss / len(xs)\n    w.grad = 0.0\n    b.grad = 0.0\n    loss.backward()\n", "")
    .replace("    loss = Value(0.0)\n", "    w.grad = b.grad = 0.0\n")
    .replace(", loss.data", ""),
    "zero_grad at the end": OURS.replace("    optimizer.zero_grad()\n", "").replace(
        "    optimizer.step()\n", "    optimizer.step()\n    optimizer.zero_grad()\n"
    ),
    "zero_grad at the top": OURS.replace("    optimizer.zero_grad()\n", "").replace(
        "    outputs =", "    optimizer.zero_grad()\n    outputs ="
    ),
    "two optimizers against each other": """
import random
from micrograd_like import MLP, SGD, Adam, Value, losses
random.seed(0)
G, D = MLP(1, [4, 1], activation="tanh"), MLP(1, [4, 1], activation="tanh")
g_step, d_step = Adam(G.parameters(), lr=0.01), Adam(D.parameters(), lr=0.01)
for k in range(10):
    real = [[random.gauss(3, 1)] for _ in range(4)]
    noise = [[random.gauss(0, 1)] for _ in range(4)]
    fake = [G(z) for z in noise]
    d_step.zero_grad()
    d_loss = losses.bce_with_logits([D(x) for x in real] + [D([Value(f.data)]) for f in fake], [1] * 4 + [0] * 4)
    d_loss.backward()
    d_step.step()
    g_step.zero_grad()
    g_loss = losses.bce_with_logits([D([G(z)]) for z in noise], [1] * 4)
    g_loss.backward()
    g_step.step()
    print(d_loss.data, g_loss.data)
""",
    "frozen first layer": OURS.replace(
        "optimizer = SGD", "for p in model.layers[0].parameters():\n    p.freeze()\noptimizer = SGD"
    ),
    "only the last layer is trained": OURS.replace("SGD(model.parameters()", "SGD(model.layers[-1].parameters()"),
    "evaluation only": """
from micrograd_like import MLP, losses
from micrograd_like.data import moons
X, y = moons(20, labels=(-1, 1))
model = MLP(2, [4, 1])
for k in range(3):
    print(losses.hinge([model(x) for x in X], y).data, losses.accuracy([model.predict(x) for x in X], y))
""",
    "a schedule by hand": OURS.replace(
        "    optimizer.step()", "    optimizer.lr = 0.2 * 0.9**epoch\n    optimizer.step()"
    ),
    "warmup from 0": OURS.replace("lr=0.2", "lr=lambda k: min(k, 5) * 0.04").replace(
        "    optimizer.step()", "    optimizer.epoch = epoch\n    optimizer.step()"
    ),
    "early stopping that restores": OURS.replace("for epoch", "best, kept = 1e9, []\nfor epoch").replace(
        "    optimizer.zero_grad()",
        "    if loss.data < best:\n        best, kept = loss.data, [p.data for p in model.parameters()]\n    optimizer.zero_grad()",
    )
    + "for p, number in zip(model.parameters(), kept):\n    p.data = number\n",
    "weights that are tied": """
from micrograd_like import Value
w = Value(0.3)
for step in range(20):
    h = [w * x for x in (1.0, -2.0)]
    out = [w * a for a in h]
    loss = sum([(o - t)**2 for o, t in zip(out, (0.5, -1.0))], Value(0.0))
    w.grad = 0.0
    loss.backward()
    w.data -= 0.02 * w.grad
    print(loss.data)
""",
    "an optimizer of one's own": MICROGRAD.replace(
        "for k in range(15):", "velocity = {p: 0.0 for p in model.parameters()}\nfor k in range(15):"
    ).replace(
        "        p.data -= learning_rate * p.grad",
        "        velocity[p] = 0.9 * velocity[p] - 0.1 * learning_rate * p.grad\n        p.data += velocity[p]",
    ),
    "adam of one's own": LECTURE.replace(
        "for k in range(20):", "for p in n.parameters():\n    p.m = p.v = 0.0\nfor k in range(20):"
    ).replace(
        "        p.data += -0.05 * p.grad",
        "        p.m = 0.9 * p.m + 0.1 * p.grad\n        p.v = 0.99 * p.v + 0.01 * p.grad**2\n"
        "        p.data -= 0.01 * (p.m / (1 - 0.9**(k + 1))) / ((p.v / (1 - 0.99**(k + 1)))**0.5 + 1e-8)",
    ),
    "second derivatives": """
from micrograd_like import Value, gradients
x = Value(2.0)
y = x**3
[first] = gradients(y, [x])
[second] = gradients(first, [x])
print(second.data)
for k in range(20):
    f = (x - 1)**4 + x**2
    [slope] = gradients(f, [x])
    [curve] = gradients(slope, [x])
    x.data -= slope.data / curve.data
print(x.data)
""",
    "a Hessian by backward": """
from micrograd_like import Value, gradients
a, b = Value(1.0), Value(2.0)
f = a**2 * b + b**3
rows = []
for g in gradients(f, [a, b]):
    a.grad = b.grad = 0.0
    g.backward()
    rows.append([a.grad, b.grad])
print(rows)
""",
    "gradient ascent on purpose": """
from micrograd_like import Value
x = Value(0.0)
for k in range(20):
    reward = -(x - 3)**2
    x.grad = 0.0
    reward.backward()
    x.data += 0.1 * x.grad
    print(reward.data)
""",
    "an input that fools a network": """
from micrograd_like import MLP, Value, losses
model = MLP(2, [4, 1], activation="tanh", rng=1)
x = [Value(0.5), Value(-0.5)]
for k in range(8):
    loss = losses.mse([model(x)], [1.0])
    model.zero_grad()
    for a in x:
        a.grad = 0.0
    loss.backward()
    for a in x:
        a.data += 0.1 * a.grad
    print(loss.data)
""",
    "maximize": """
from micrograd_like import SGD, Value
p = Value(0.2)
optimizer = SGD([p], lr=0.1, maximize=True)
for k in range(12):
    gain = (p * (1 - p)).log()
    optimizer.zero_grad()
    gain.backward()
    optimizer.step()
print(p.data)
""",
    "a penalty by hand": OURS.replace(
        "    optimizer.zero_grad()",
        "    loss = loss + 0.001 * sum([p * p for p in model.parameters()], Value(0.0))\n    optimizer.zero_grad()",
    ),
    "weights that decay by hand": MICROGRAD.replace(
        "p.data -= learning_rate * p.grad", "p.data = 0.999 * p.data - learning_rate * p.grad"
    ),
    "gradients that are clipped by hand": LECTURE.replace(
        "p.data += -0.05 * p.grad", "p.grad = max(-1.0, min(1.0, p.grad))\n        p.data += -0.05 * p.grad"
    ),
    "backward twice to show that gradients add up": """
from micrograd_like import Value
a = Value(3.0)
y = a * a
y.backward()
print(a.grad)
y.backward()
print(a.grad)
""",
    "a neuron by hand, as in the lecture": """
from micrograd_like import Value
x1, x2 = Value(2.0, label='x1'), Value(0.0, label='x2')
w1, w2 = Value(-3.0, label='w1'), Value(1.0, label='w2')
b = Value(6.8813735870195432, label='b')
n = x1 * w1 + x2 * w2 + b
e = (2 * n).exp()
o = (e - 1) / (e + 1)
o.grad = 1.0
o.backward()
print(x1.grad, w1.grad, o.data)
x1.data += 0.01 * x1.grad
""",
    "nudging every number uphill, as in the lecture": """
from micrograd_like import Value
a, b, c, f = Value(2.0), Value(-3.0), Value(10.0), Value(-2.0)
L = (a * b + c) * f
L.backward()
for v in [a, b, c, f]:
    v.data += 0.01 * v.grad
L = (a * b + c) * f
print(L.data)
""",
    "x = layer(x)": """
from micrograd_like import Value
x = Value(0.5)
w = Value(1.5)
h = x
for k in range(3):
    h = (h * w).tanh()
h.backward()
print(x.grad, w.grad)
""",
    "several starts": """
from micrograd_like import MLP, SGD, losses
from micrograd_like.data import moons
X, y = moons(10, labels=(-1, 1))
for seed in range(3):
    model = MLP(2, [4, 1], rng=seed)
    optimizer = SGD(model.parameters(), lr=0.2, momentum=0.9)
    for epoch in range(4):
        loss = losses.hinge([model(x) for x in X], y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(seed, loss.data)
""",
    "gradients of several fresh networks": """
from micrograd_like import MLP
for seed in range(5):
    model = MLP(2, [4, 1], rng=seed)
    model([1.0, 2.0]).backward()
    print(sum(p.grad**2 for p in model.parameters()))
""",
    "rows of a table that few examples use": """
import random
from micrograd_like import Value, losses
random.seed(1)
table = [[Value(random.gauss(0, 0.5)) for _ in range(3)] for _ in range(40)]
parameters = [p for row in table for p in row]
words = [3, 17, 5, 9, 3, 5]
for k in range(6):
    scores = [a * b for a, b in zip(table[words[k]], table[words[(k + 1) % 6]])]
    loss = losses.cross_entropy([scores], [k % 3])
    for p in parameters:
        p.grad = 0.0
    loss.backward()
    for p in parameters:
        p.data -= 0.1 * p.grad
    print(loss.data)
""",
    "a baseline without a gradient": """
import random
from micrograd_like import SGD, Value
random.seed(2)
logit = Value(0.0)
optimizer = SGD([logit], lr=0.1)
average = 0.0
for k in range(15):
    p = logit.sigmoid()
    action = random.random() < p.data
    reward = 1.0 if action else 0.0
    loss = -(p if action else 1 - p).log() * (reward - average)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    average += 0.1 * (reward - average)
print(logit.data)
""",
    "a state that is cut from step to step": """
from micrograd_like import Value
w, u = Value(0.5), Value(0.3)
h = Value(0.0)
for k in range(12):
    h = (w * h + u * (k % 3)).tanh()
    loss = (h - 0.2)**2
    w.grad = u.grad = 0.0
    loss.backward()
    w.data -= 0.1 * w.grad
    u.data -= 0.1 * u.grad
    h = Value(h.data)
    print(loss.data)
""",
    "backpropagation through time": """
from micrograd_like import Value
w, u = Value(0.5), Value(0.3)
for k in range(8):
    h, loss = Value(0.0), Value(0.0)
    for x, t in [(1.0, 0.2), (0.5, 0.4), (-1.0, 0.1)]:
        h = (w * h + u * x).tanh()
        loss = loss + (h - t)**2
    w.grad = u.grad = 0.0
    loss.backward()
    w.data -= 0.1 * w.grad
    u.data -= 0.1 * u.grad
    print(loss.data)
""",
    "losses kept for a plot": OURS.replace("for epoch", "seen = []\nfor epoch").replace(
        "    optimizer.step()", "    optimizer.step()\n    seen.append(loss)"
    )
    + "print([l.data for l in seen])\n",
    "a total for the report": OURS.replace("for epoch", "total = 0.0\nfor epoch").replace(
        "    optimizer.step()", "    optimizer.step()\n    total += loss.data"
    ),
    "a rate that is halved when the loss rises": HAND.replace("lr = 0.05", "lr = 0.09\nlast = 1e9").replace(
        "    w.grad = 0.0\n", "    if loss.data > last:\n        lr = lr / 2\n    last = loss.data\n    w.grad = 0.0\n"
    ),
    "a loss of its own that is negative": """
from micrograd_like import Value
m, s = Value(0.0), Value(1.0)
data = [1.0, 2.0, 1.5]
for k in range(20):
    nll = sum([((x - m) / s)**2 / 2 + s.log() for x in data], Value(0.0))
    m.grad = s.grad = 0.0
    nll.backward()
    m.data -= 0.02 * m.grad
    s.data -= 0.02 * s.grad
print(m.data, s.data)
""",
    "stochastic descent that jumps": HAND.replace(
        "    loss = Value(0.0)\n    for x, y in zip(xs, ys):\n        pred = w * x + b\n        loss = loss + (pred - y)**2\n    loss = loss / len(xs)\n",
        "    x, y = xs[step % 4], ys[step % 4]\n    loss = (w * x + b - y)**2\n",
    ),
    "a perceptron's dead units": MICROGRAD.replace("[8, 8, 1]", "[16, 16, 1]"),
    "a network that is right already": OURS.replace(
        "losses.hinge(outputs, y)", "losses.hinge([a * 3 for a in outputs], y)"
    ).replace("range(15)", "range(40)"),
    "line search": """
from micrograd_like import Value
x, y = Value(3.0), Value(-2.0)
def f():
    return (x - 1)**2 + 5 * (y + 1)**2
for k in range(8):
    x.grad = y.grad = 0.0
    here = f()
    here.backward()
    old, t = (x.data, y.data), 1.0
    while True:
        x.data, y.data = old[0] - t * x.grad, old[1] - t * y.grad
        if f().data < here.data:
            break
        t = t / 2
    print(here.data)
""",
    "gradients checked by nudging": """
from micrograd_like import Value
w = Value(0.7)
def f():
    return (w * 3.0).tanh() ** 2
f().backward()
h = 1e-6
w.data += h
up = f().data
w.data -= 2 * h
down = f().data
w.data += h
print(w.grad, (up - down) / (2 * h))
""",
    "numerical gradients": """
from micrograd_like import Value
w = Value(0.7)
for k in range(10):
    h = 1e-6
    def f(a): return ((Value(a) * 3.0 - 1)**2).data
    w.grad = (f(w.data + h) - f(w.data - h)) / (2 * h)
    w.data -= 0.05 * w.grad
print(w.data)
""",
    "clear with None is not used, clear by a function": LECTURE.replace(
        "    for p in n.parameters():\n        p.grad = 0.0\n", "    clear(n)\n"
    ).replace("for k in", "def clear(net):\n    for p in net.parameters():\n        p.grad = 0.0\nfor k in"),
    "compiled": OURS.replace(
        "for epoch in range(15):",
        "from micrograd_like import compile\nprogram = compile(lambda X, y: losses.hinge([model(x) for x in X], y), X, y)\nfor k in range(5):\n    program.step(optimizer, X, y)\nfor epoch in range(15):",
    ),
    "an autoencoder": """
from micrograd_like import MLP, Adam, fit
X = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
model = MLP(3, [2, 3], activation="tanh")
fit(model, X, X, "mse", 20, optimizer=Adam(model.parameters(), 0.05), progress=False)
""",
    "momentum kept in the gradient": HAND.replace(
        "    w.grad = 0.0\n    b.grad = 0.0\n", "    w.grad *= 0.5\n    b.grad *= 0.5\n"
    ).replace("lr = 0.05", "lr = 0.02"),
    "a head that another task uses": """
from micrograd_like import Layer, Module, SGD, losses
class Two(Module):
    def __init__(self):
        self.body, self.a, self.b = Layer(2, 3, activation="tanh"), Layer(3, 1), Layer(3, 1)
    def __call__(self, x, head="a"):
        h = self.body(x)
        return self.a(h) if head == "a" else self.b(h)
net = Two()
optimizer = SGD(net.parameters(), lr=0.1)
for k in range(10):
    loss = losses.mse([net([1.0, 2.0])], [0.5])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
""",
    "a slow start": """
from micrograd_like import MLP, SGD, losses
model = MLP(1, [1])
optimizer = SGD(model.parameters(), lr=1e-9)
for k in range(10):
    loss = losses.mse([model([1.0])], [5.0])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
""",
}
