# ruff: noqa: E501
"""Wrong loops in many styles, by the mistake that the doctor names in each: `python -m benchmarks doctor` counts."""

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
xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
ys = [1.0, -1.0, -1.0, 1.0]
n = MLP(3, [4, 4, 1])
"""
DEMO = """
import random
from micrograd_like import Value, MLP, data
random.seed(1337)
X, y = data.moons(20, labels=(-1, 1))
model = MLP(2, [8, 8, 1], seed=2)
def loss():
    scores = [model(x) for x in X]
    losses = [(1 + -yi * si).relu() for yi, si in zip(y, scores)]
    data_loss = sum(losses) * (1.0 / len(losses))
    reg_loss = 1e-4 * sum((p * p for p in model.parameters()))
    return data_loss + reg_loss, sum((yi > 0) == (si.data > 0) for yi, si in zip(y, scores)) / len(y)
"""
LINE = """
from micrograd_like import Value
X = [0.1 * i for i in range(-10, 11)]
Y = [2.0 * x - 0.7 for x in X]
w, b = Value(0.3, label="w"), Value(0.0, label="b")
"""
OURS = """
from micrograd_like import MLP, SGD, Adam, Value, data, losses, Module, Neuron, Layer, softmax
X, y = data.moons(24, labels=(-1, 1))
model = MLP(2, [8, 1], seed=3)
optimizer = SGD(model.parameters(), lr=0.5)
"""
WRONG: dict[str, tuple[str, str]] = {}  # name: (what the doctor calls it, the script)


def w(name: str, id: str, prelude: str, body: str) -> None:
    WRONG[name] = id, prelude + body


w(
    "demo_never_zeroed",
    "gradients of the step before",
    DEMO,
    """
for k in range(20):
    total, acc = loss()
    total.backward()
    for p in model.parameters():
        p.data -= 0.1 * p.grad
    print(k, total.data, acc)
""",
)
w(
    "demo_rate_goes_negative",
    "learning rate below 0",
    DEMO,
    """
for k in range(140):
    total, acc = loss()
    model.zero_grad()
    total.backward()
    learning_rate = 1.0 - 0.9 * k / 60
    for p in model.parameters():
        p.data -= learning_rate * p.grad
""",
)
w(
    "lecture_plus_sign",
    "wrong sign",
    LECTURE,
    """
for k in range(20):
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    for p in n.parameters():
        p.data += 0.05 * p.grad
    print(k, loss.data)
""",
)
w(
    "lecture_saturates",
    "saturated",
    LECTURE,
    """
for k in range(30):
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    for p in n.parameters():
        p.data += -8.0 * p.grad
    print(k, loss.data)
""",
)
w(
    "lecture_bias_forgotten",
    "parameter never updated",
    LECTURE,
    """
for k in range(30):
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    for layer in n.layers:
        for neuron in layer.neurons:
            for w in neuron.w:
                w.data -= 0.05 * w.grad
""",
)
w(
    "lecture_last_layer_forgotten",
    "parameter never updated",
    LECTURE,
    """
def train(steps):
    for k in range(steps):
        ypred = [n(x) for x in xs]
        loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
        for p in n.parameters():
            p.grad = 0.0
        loss.backward()
        for layer in n.layers[:-1]:
            for p in layer.parameters():
                p.data -= 0.05 * p.grad
    return loss.data
print(train(25))
""",
)
w(
    "lecture_compare_instead_of_assign",
    "gradients of the step before",
    LECTURE,
    """
for k in range(20):
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
    for p in n.parameters():
        p.grad == 0.0
    loss.backward()
    for p in n.parameters():
        p.data += -0.05 * p.grad
""",
)
w(
    "lecture_equals_minus",
    "wrong side of the update",
    LECTURE,
    """
for k in range(20):
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    for p in n.parameters():
        p.data =- 0.05 * p.grad
    print(loss.data)
""",
)
w(
    "lecture_data_times_data",
    "wrong side of the update",
    LECTURE,
    """
lr = 0.05
for k in range(20):
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    for p in n.parameters():
        p.data -= lr * p.data
""",
)
w(
    "lecture_rebinds",
    "loop variable",
    LECTURE,
    """
lr = 0.05
for k in range(20):
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    for p in n.parameters():
        p = p - lr * p.grad
""",
)
w(
    "lecture_loss_outside",
    "loss of an earlier step",
    LECTURE,
    """
ypred = [n(x) for x in xs]
loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
k = 0
while k < 20:
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    for p in n.parameters():
        p.data -= 0.05 * p.grad
    k += 1
""",
)
w(
    "lecture_prediction_outside",
    "loss of an earlier step",
    LECTURE,
    """
ypred = [n(x) for x in xs]
for k in range(20):
    loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    for p in n.parameters():
        p.data -= 0.05 * p.grad
    print(k, loss.data)
""",
)
w(
    "lecture_model_in_loop",
    "made anew in every step",
    LECTURE,
    """
for k in range(20):
    n = MLP(3, [4, 4, 1])
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    for p in n.parameters():
        p.data -= 0.05 * p.grad
    print(k, loss.data)
""",
)
w(
    "line_cut_by_data",
    "cut out of the graph",
    LINE,
    """
for epoch in range(30):
    preds = [w * x + b for x in X]
    loss = sum((Value(p.data) - t) ** 2 for p, t in zip(preds, Y)) / len(X)
    w.grad = b.grad = 0.0
    loss.backward()
    w.data -= 0.1 * w.grad
    b.data -= 0.1 * b.grad
""",
)
w(
    "line_b_never_moved",
    "parameter never updated",
    LINE,
    """
for epoch in range(40):
    loss = sum((w * x + b - t) ** 2 for x, t in zip(X, Y)) / len(X)
    w.grad = 0.0
    b.grad = 0.0
    loss.backward()
    w.data -= 0.1 * w.grad
print(w.data, b.data, loss.data)
""",
)
w(
    "line_b_moved_by_w",
    "gradient of another parameter",
    LINE,
    """
for epoch in range(40):
    loss = sum((w * x + b - t) ** 2 for x, t in zip(X, Y)) / len(X)
    w.grad = 0.0
    b.grad = 0.0
    loss.backward()
    w.data -= 0.1 * w.grad
    b.data -= 0.1 * w.grad
""",
)
w(
    "line_only_w_zeroed",
    "gradients of the step before",
    LINE,
    """
for epoch in range(40):
    loss = sum((w * x + b - t) ** 2 for x, t in zip(X, Y)) / len(X)
    w.grad = 0.0
    loss.backward()
    w.data -= 0.1 * w.grad
    b.data -= 0.1 * b.grad
""",
)
w(
    "line_diverges",
    "learning rate too large",
    LINE,
    """
for epoch in range(60):
    loss = sum((w * x + b - t) ** 2 for x, t in zip(X, Y))
    w.grad = b.grad = 0.0
    loss.backward()
    w.data -= 0.2 * w.grad
    b.data -= 0.2 * b.grad
    print(epoch, loss.data)
""",
)
w(
    "line_total_grows",
    "loss of an earlier step",
    LINE,
    """
total = 0
for epoch in range(25):
    for x, t in zip(X, Y):
        total = total + (w * x + b - t) ** 2
    w.grad = b.grad = 0.0
    total.backward()
    w.data -= 0.001 * w.grad
    b.data -= 0.001 * b.grad
""",
)
w(
    "line_tiny_rate",
    "learning rate too small",
    LINE,
    """
lr = 1e-8
for epoch in range(40):
    loss = sum((w * x + b - t) ** 2 for x, t in zip(X, Y)) / len(X)
    w.grad = b.grad = 0.0
    loss.backward()
    for p in (w, b):
        p.data -= lr * p.grad
""",
)
w(
    "line_one_shared_momentum",
    "one momentum for all",
    LINE,
    """
v = 0.0
for epoch in range(60):
    loss = sum((w * x + b - t) ** 2 for x, t in zip(X, Y)) / len(X)
    w.grad = b.grad = 0.0
    loss.backward()
    for p in (w, b):
        v = 0.9 * v - 0.1 * p.grad
        p.data += v
""",
)
w(
    "line_wrong_target",
    "target lost",
    LINE,
    """
for epoch in range(40):
    preds = [w * x + b for x in X]
    loss = sum((p - q) ** 2 for p, q in zip(preds, preds)) / len(X)
    w.grad = b.grad = 0.0
    loss.backward()
    w.data -= 0.1 * w.grad
    b.data -= 0.1 * b.grad
""",
)
w(
    "ours_backward_not_called",
    "not called",
    OURS,
    """
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward
    optimizer.step()
""",
)
w(
    "ours_step_not_called",
    "not called",
    OURS,
    """
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step
""",
)
w(
    "ours_zero_not_called",
    "not called",
    OURS,
    """
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad
    cost.backward()
    optimizer.step()
""",
)
w(
    "ours_zero_between",
    "gradients cleared before the step",
    OURS,
    """
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    cost.backward()
    optimizer.zero_grad()
    optimizer.step()
""",
)
w(
    "ours_zero_step_backward",
    "no backward pass",
    OURS,
    """
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    optimizer.step()
    cost.backward()
""",
)
w(
    "ours_zero_now_and_then",
    "gradients of the step before",
    OURS,
    """
for epoch in range(30):
    cost = losses.hinge([model(x) for x in X], y)
    if epoch % 10 == 0:
        optimizer.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
w(
    "ours_other_models_optimizer",
    "made before the network",
    OURS,
    """
model = MLP(2, [16, 1], seed=5)
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
w(
    "ours_wrong_zero_grad",
    "gradients of the step before",
    OURS,
    """
other = MLP(2, [8, 1], seed=4)
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    other.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
w(
    "ours_step_outside_batches",
    "only the last batch",
    OURS,
    """
for epoch in range(20):
    for xb, yb in data.batches(X, y, 6, __import__("random").Random(epoch)):
        cost = losses.hinge([model(x) for x in xb], yb)
        optimizer.zero_grad()
        cost.backward()
    optimizer.step()
""",
)
w(
    "ours_batches_used_up",
    "batches used up",
    OURS,
    """
batches = data.batches(X, y, 6)
for epoch in range(20):
    for xb, yb in batches:
        cost = losses.hinge([model(x) for x in xb], yb)
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
""",
)
w(
    "ours_split_ignored",
    "validation data in training",
    OURS,
    """
(Xt, yt), (Xv, yv) = data.train_val_split(X, y, 0.25)
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
print(losses.accuracy([model(x) for x in Xv], yv))
""",
)
w(
    "own_split_ignored",
    "validation data in training",
    OURS,
    """
import random
idx = list(range(len(X)))
random.Random(0).shuffle(idx)
train, val = idx[:18], idx[18:]
Xtr, ytr = [X[i] for i in train], [y[i] for i in train]
Xte, yte = [X[i] for i in val], [y[i] for i in val]
def epoch():
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
for _ in range(20):
    epoch()
held = losses.hinge([model(x) for x in Xte], yte)
print("validation", held.data)
""",
)
w(
    "slices_split_trains_on_validation",
    "training on validation data",
    OURS,
    """
cut = int(0.75 * len(X))
X_train, X_val = X[:cut], X[cut:]
y_train, y_val = y[:cut], y[cut:]
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X_train], y_train)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
    val = losses.hinge([model(x) for x in X_val], y_val)
    optimizer.zero_grad()
    val.backward()
    optimizer.step()
    print(cost.data, val.data)
""",
)
w(
    "k_fold_one_model",
    "one network for all folds",
    OURS,
    """
k, n = 4, len(X)
scores = []
for fold in range(k):
    test = range(fold * n // k, (fold + 1) * n // k)
    for epoch in range(10):
        out = [model(X[i]) for i in range(n) if i not in test]
        cost = losses.hinge(out, [y[i] for i in range(n) if i not in test])
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
    scores.append(losses.accuracy([model(X[i]) for i in test], [y[i] for i in test]))
print(scores)
""",
)
w(
    "own_module_layer_forgotten",
    "parameters left out",
    OURS,
    """
class Net:
    def __init__(self):
        self.first, self.second = Layer(2, 6, activation="tanh", seed=1), Layer(6, 1, activation="linear", seed=2)
    def __call__(self, x):
        return self.second(self.first(x))
    def parameters(self):
        return self.second.parameters()
net = Net()
opt = SGD(net.parameters(), lr=0.2)
for epoch in range(20):
    cost = losses.hinge([net(x) for x in X], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
w(
    "weights_made_in_call",
    "made anew in every call",
    OURS,
    """
import random
class Net(Module):
    def __init__(self):
        self.hidden = Layer(2, 6, activation="tanh", seed=1)
    def __call__(self, x):
        out = Neuron(6, nonlin=False)
        return out(self.hidden(x))
net = Net()
opt = SGD(net.parameters(), lr=0.2)
for epoch in range(20):
    cost = losses.hinge([net(x) for x in X], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
w(
    "unused_layer",
    "part of a network unused",
    OURS,
    """
class Net(Module):
    def __init__(self):
        self.a, self.b, self.c = Layer(2, 6, activation="tanh", seed=1), Layer(6, 6, activation="tanh", seed=2), Layer(6, 1, activation="linear", seed=3)
    def __call__(self, x):
        h = self.a(x)
        g = self.b(h)
        return self.c(h)
net = Net()
opt = SGD(net.parameters(), lr=0.2)
for epoch in range(20):
    cost = losses.hinge([net(x) for x in X], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
w(
    "unused_part_fits_nowhere",
    "part of a network unused",
    OURS,
    """
class Net(Module):
    def __init__(self):
        self.net = MLP(2, [6, 1], seed=4)
        self.gate = Layer(5, 3, seed=5)
    def __call__(self, x):
        return self.net(x)
net = Net()
opt = SGD(net.parameters(), lr=0.2)
for epoch in range(20):
    cost = losses.hinge([net(x) for x in X], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
w(
    "softmax_twice",
    "softmax twice",
    OURS,
    """
y = [(t + 1) // 2 for t in y]
class Net(Module):
    def __init__(self):
        self.body = MLP(2, [8, 2], seed=1)
    def __call__(self, x):
        return softmax(self.body(x))
net = Net()
opt = SGD(net.parameters(), lr=0.5)
for epoch in range(20):
    cost = losses.cross_entropy([net(x) for x in X], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
w(
    "softmax_twice_by_hand",
    "softmax twice",
    OURS,
    """
y = [(t + 1) // 2 for t in y]
net = MLP(2, [8, 2], seed=1)
def probs(x):
    e = [o.exp() for o in net(x)]
    s = e[0] + e[1]
    return [k / s for k in e]
opt = SGD(net.parameters(), lr=0.5)
for epoch in range(20):
    cost = losses.cross_entropy([probs(x) for x in X], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
w(
    "sigmoid_twice",
    "sigmoid twice",
    OURS,
    """
y = [(t + 1) // 2 for t in y]
net = MLP(2, [8, 1], output="sigmoid", seed=1)
opt = Adam(net.parameters(), lr=0.05)
for epoch in range(20):
    cost = losses.bce_with_logits([net(x) for x in X], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
w(
    "numbers_in_sgd",
    "cut out of the graph",
    OURS,
    """
start = [p.data for p in model.parameters()]
opt = SGD(start, lr=0.1)
for epoch in range(10):
    cost = losses.hinge([model(x) for x in X], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
w(
    "relu_output_regression",
    "dead relus",
    LINE,
    """
from micrograd_like import MLP, SGD, losses
net = MLP(1, [6, 1], output="relu", seed=2)
T = [-abs(t) - 1 for t in Y]
opt = SGD(net.parameters(), lr=0.05)
for epoch in range(30):
    cost = losses.mse([net([x]) for x in X], T)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
w(
    "dead_by_first_rate",
    "learning rate too large",
    OURS,
    """
opt = SGD(model.parameters(), lr=300.0)
for epoch in range(30):
    cost = losses.mse([model(x) for x in X], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
    opt.lr = 0.1
    print(cost.data)
""",
)
w(
    "unscaled_inputs_saturate",
    "saturated",
    OURS,
    """
net = MLP(2, [8, 1], activation="tanh", output="tanh", seed=1)
big = [[3000 * a for a in x] for x in X]
opt = SGD(net.parameters(), lr=0.1)
for epoch in range(25):
    cost = losses.mse([net(x) for x in big], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
w(
    "rnn_state_kept_across_epochs",
    "loss of an earlier step",
    "",
    """
from micrograd_like import Value
import math, random
random.seed(1)
wx, wh, b, wo = [Value(random.uniform(-1, 1), label=s) for s in ("wx", "wh", "b", "wo")]
seq = [math.sin(0.5 * t) for t in range(12)]
h = Value(0.0)
for epoch in range(20):
    loss = Value(0.0)
    for now, nxt in zip(seq, seq[1:]):
        h = (wx * now + wh * h + b).tanh()
        loss = loss + (wo * h - nxt) ** 2
    for p in (wx, wh, b, wo):
        p.grad = 0.0
    loss.backward()
    for p in (wx, wh, b, wo):
        p.data -= 0.01 * p.grad
""",
)
w(
    "rnn_state_reset_each_step",
    "state cleared in every step",
    "",
    """
from micrograd_like import Value
import math, random
random.seed(1)
wx, wh, b, wo = [Value(random.uniform(-1, 1), label=s) for s in ("wx", "wh", "b", "wo")]
seq = [math.sin(0.5 * t) for t in range(12)]
for epoch in range(20):
    loss = Value(0.0)
    for now, nxt in zip(seq, seq[1:]):
        h = 0.0
        h = (wx * now + wh * h + b).tanh()
        loss = loss + (wo * h - nxt) ** 2
    for p in (wx, wh, b, wo):
        p.grad = 0.0
    loss.backward()
    for p in (wx, wh, b, wo):
        p.data -= 0.01 * p.grad
""",
)
GAN = """
import random
from micrograd_like import MLP, SGD, Adam, losses
rng = random.Random(0)
G, D = MLP(1, [4, 1], activation="tanh", seed=1), MLP(1, [6, 1], activation="tanh", seed=2)
g_opt, d_opt = SGD(G.parameters(), lr=0.05), SGD(D.parameters(), lr=0.05)
"""
w(
    "gan_generator_never_steps",
    "optimizer without a step",
    GAN,
    """
for step in range(25):
    real = [[rng.gauss(2, 0.3)] for _ in range(6)]
    noise = [[rng.gauss(0, 1)] for _ in range(6)]
    fake = [[G(z).data] for z in noise]
    d_loss = losses.bce_with_logits([D(x) for x in real + fake], [1] * 6 + [0] * 6)
    d_opt.zero_grad()
    d_loss.backward()
    d_opt.step()
    g_loss = losses.bce_with_logits([D([G(z)]) for z in noise], [1] * 6)
    d_opt.zero_grad()
    g_loss.backward()
    d_opt.step()
""",
)
w(
    "gan_generator_cut",
    "cut out of the graph",
    GAN,
    """
for step in range(25):
    real = [[rng.gauss(2, 0.3)] for _ in range(6)]
    noise = [[rng.gauss(0, 1)] for _ in range(6)]
    fake = [[G(z).data] for z in noise]
    d_loss = losses.bce_with_logits([D(x) for x in real + fake], [1] * 6 + [0] * 6)
    d_opt.zero_grad()
    d_loss.backward()
    d_opt.step()
    g_loss = losses.bce_with_logits([D(f) for f in fake], [1] * 6)
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()
""",
)
w(
    "gan_d_keeps_gradients_of_g",
    "gradients of the step before",
    GAN,
    """
for step in range(25):
    real = [[rng.gauss(2, 0.3)] for _ in range(6)]
    noise = [[rng.gauss(0, 1)] for _ in range(6)]
    fake = [[G(z).data] for z in noise]
    d_loss = losses.bce_with_logits([D(x) for x in real + fake], [1] * 6 + [0] * 6)
    d_loss.backward()
    d_opt.step()
    g_loss = losses.bce_with_logits([D([G(z)]) for z in noise], [1] * 6)
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()
""",
)
w(
    "accumulation_never_cleared",
    "gradients of the step before",
    OURS,
    """
optimizer.lr = 0.05
optimizer.zero_grad()
for epoch in range(15):
    for i in range(0, 24, 6):
        cost = losses.hinge([model(x) for x in X[i:i+6]], y[i:i+6]) / 4
        cost.backward()
    optimizer.step()
""",
)
w(
    "penalty_made_before",
    "loss of an earlier step",
    OURS,
    """
penalty = losses.l2(model.parameters(), 0.01)
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y) + penalty
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
w(
    "penalty_subtracted",
    "penalty with the wrong sign",
    OURS,
    """
for epoch in range(60):
    cost = losses.hinge([model(x) for x in X], y) - 0.1 * sum(p * p for p in model.parameters())
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
    print(cost.data)
""",
)
w(
    "rate_grows",
    "learning rate too large",
    OURS,
    """
net = MLP(2, [8, 1], activation="tanh", seed=1)
opt = SGD(net.parameters(), lr=0.1)
for epoch in range(80):
    opt.lr = 0.1 * 1.2 ** epoch
    cost = losses.mse([net(x) for x in X], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
    print(cost.data)
""",
)
w(
    "best_weights_not_copied",
    "kept without a copy",
    OURS,
    """
(X, y), (Xv, yv) = data.train_val_split(X, y, 0.25)
best, best_loss = None, float("inf")
for epoch in range(30):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
    v = losses.hinge([model(x) for x in Xv], yv).data
    if v < best_loss:
        best_loss, best = v, model.parameters()
for p, q in zip(model.parameters(), best):
    p.data = q.data
""",
)
w(
    "labels_shuffled_alone",
    "labels shuffled alone",
    OURS,
    """
import random
random.seed(0)
for epoch in range(20):
    random.shuffle(y)
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
    print(cost.data)
""",
)
w(
    "all_frozen",
    "everything frozen",
    OURS,
    """
for p in model.parameters():
    p.freeze()
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
w(
    "backward_twice",
    "backward twice",
    OURS,
    """
for epoch in range(20):
    data_loss = losses.hinge([model(x) for x in X], y)
    total = data_loss + losses.l2(model.parameters(), 1e-3)
    optimizer.zero_grad()
    data_loss.backward()
    total.backward()
    optimizer.step()
""",
)
w(
    "optimizer_in_loop",
    "made anew in every step",
    OURS,
    """
for epoch in range(20):
    optimizer = Adam(model.parameters(), lr=0.02)
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
w(
    "same_example_always",
    "always the same example",
    OURS,
    """
for epoch in range(20):
    cost = losses.hinge([model(X[0]) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
w(
    "trains_a_copy",
    "parameters of another network",
    OURS,
    """
import copy
def train(net, epochs):
    net = copy.deepcopy(net)
    for epoch in range(epochs):
        cost = losses.hinge([net(x) for x in X], y)
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
    return cost.data
print(train(model, 20))
""",
)
w(
    "weights_replaced_by_graph",
    "update in the graph",
    OURS,
    """
import random
rng = random.Random(2)
ws = [Value(rng.uniform(-1, 1)) for _ in range(2)]
for epoch in range(12):
    outs = [(ws[0] * x[0] + ws[1] * x[1]).tanh() for x in X]
    cost = losses.mse(outs, y)
    for q in ws:
        q.grad = 0.0
    cost.backward()
    for i in range(len(ws)):
        ws[i] = ws[i] - 0.1 * ws[i].grad
""",
)
w(
    "zero_weights",
    "neurons all alike",
    OURS,
    """
net = MLP(2, [8, 1], activation="tanh", init=lambda nin, nout, rng: 0.0)
opt = SGD(net.parameters(), lr=0.2)
for epoch in range(20):
    cost = losses.hinge([net(x) for x in X], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
w(
    "equal_weights",
    "neurons all alike",
    OURS,
    """
net = MLP(2, [8, 1], activation="tanh", init=lambda nin, nout, rng: 0.5)
opt = SGD(net.parameters(), lr=0.2)
for epoch in range(20):
    cost = losses.hinge([net(x) for x in X], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
w(
    "tied_by_copy",
    "cut out of the graph",
    OURS,
    """
class Auto(Module):
    def __init__(self):
        self.enc = Layer(2, 2, activation="tanh", seed=1)
        self.dec = [[Value(w.data) for w in row] for row in self.enc.W]
    def __call__(self, x):
        h = self.enc(x)
        return [sum(self.dec[k][i] * h[k] for k in range(2)) for i in range(2)]
    def parameters(self):
        return self.enc.parameters()
net = Auto()
opt = SGD(net.parameters(), lr=0.1)
for epoch in range(20):
    cost = losses.mse([net(x) for x in X], X)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
w(
    "clip_before_backward",
    "clipped too early",
    OURS,
    """
from micrograd_like import clip_gradients
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    clip_gradients(model.parameters(), 1.0)
    cost.backward()
    optimizer.step()
""",
)
w(
    "inputs_shadow",
    "target lost",
    OURS,
    """
for epoch in range(20):
    outs = []
    for x, t in zip(X, y):
        t = model(x)
        outs.append((model(x) - t) ** 2)
    cost = sum(outs) / len(outs)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
w(
    "loss_of_last_example",
    "only the last example",
    OURS,
    """
for epoch in range(20):
    for x, t in zip(X, y):
        cost = (1 - t * model(x)).relu()
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
w(
    "sigmoid_for_minus_one",
    "target out of reach",
    OURS,
    """
net = MLP(2, [8, 1], activation="tanh", output="sigmoid", seed=1)
opt = SGD(net.parameters(), lr=0.5)
for epoch in range(20):
    cost = losses.mse([net(x) for x in X], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)

w(
    "enumerate_p_rebinds",
    "loop variable",
    LECTURE,
    """
for k in range(15):
    loss = sum((n(x) - t) ** 2 for x, t in zip(xs, ys))
    for p in n.parameters(): p.grad = 0.0
    loss.backward()
    for i, p in enumerate(n.parameters()):
        p = Value(p.data - 0.05 * p.grad)
""",
)
w(
    "squared_then_mean_cut",
    "parameters of another network",
    OURS,
    """
for epoch in range(15):
    out = [float(model(x).data) for x in X]
    cost = Value(sum((o - t) ** 2 for o, t in zip(out, y)) / len(y))
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
w(
    "while_zero_once",
    "gradients of the step before",
    DEMO,
    """
k = 0
model.zero_grad()
while k < 15:
    total, acc = loss()
    total.backward()
    for p in model.parameters():
        p.data -= 0.05 * p.grad
    k += 1
""",
)
w(
    "adam_lr_huge",
    "learning rate too large",
    OURS,
    """
opt = Adam(model.parameters(), lr=50.0)
for epoch in range(30):
    cost = losses.mse([model(x) for x in X], y)
    opt.zero_grad(); cost.backward(); opt.step()
""",
)
w(
    "nested_function_forgets_backward",
    "no backward pass",
    OURS,
    """
def train_step(xs, ts):
    optimizer.zero_grad()
    cost = losses.hinge([model(x) for x in xs], ts)
    optimizer.step()
    return cost.data
for epoch in range(10):
    print(train_step(X, y))
""",
)
w(
    "embedding_unused",
    "part of a network unused",
    OURS,
    """
class Net(Module):
    def __init__(self):
        self.layers = [Layer(2, 5, activation="tanh", seed=1), Layer(5, 5, activation="tanh", seed=2), Layer(5, 1, activation="linear", seed=3)]
    def __call__(self, x):
        for layer in (self.layers[0], self.layers[2]):
            x = layer(x)
        return x
net = Net()
opt = SGD(net.parameters(), lr=0.1)
for epoch in range(12):
    cost = losses.hinge([net(x) for x in X], y)
    opt.zero_grad(); cost.backward(); opt.step()
""",
)
w(
    "class_trainer_no_zero",
    "gradients of the step before",
    OURS,
    """
class Trainer:
    def __init__(self, net): self.net, self.opt = net, SGD(net.parameters(), lr=0.1)
    def epoch(self):
        loss = losses.hinge([self.net(x) for x in X], y)
        loss.backward()
        self.opt.step()
        return loss.data
t = Trainer(model)
for _ in range(12): print(t.epoch())
""",
)
w(
    "test_then_train_all",
    "validation data in training",
    OURS,
    """
split = 18
Xtrain, Xtest, ytrain, ytest = X[:split], X[split:], y[:split], y[split:]
for epoch in range(12):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad(); cost.backward(); optimizer.step()
print(losses.accuracy([model.predict(x) for x in Xtest], ytest))
""",
)
w(
    "detach_target_bug_selftrain",
    "compared with itself",
    LINE,
    """
for epoch in range(20):
    loss = 0
    for x, t in zip(X, Y):
        out = w * x + b
        loss += (out - out) ** 2
    w.grad = b.grad = 0
    loss.backward()
    w.data -= 0.1 * w.grad; b.data -= 0.1 * b.grad
""",
)
w(
    "momentum_sign",
    "wrong sign",
    LINE,
    """
vw = vb = 0.0
for epoch in range(60):
    loss = sum((w * x + b - t) ** 2 for x, t in zip(X, Y)) / len(X)
    w.grad = b.grad = 0.0
    loss.backward()
    vw = 0.9 * vw + w.grad; vb = 0.9 * vb + b.grad
    w.data += 0.05 * vw; b.data += 0.05 * vb
""",
)
w(
    "lr_schedule_kills",
    "learning rate 0 too soon",
    OURS,
    """
lr = 0.5
for epoch in range(30):
    lr = lr * 0.01
    optimizer.lr = lr
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad(); cost.backward(); optimizer.step()
""",
)
w(
    "relu_biases_negative",
    "dead relus",
    LECTURE.replace("act.tanh()", "act.relu()").replace(
        "self.b = Value(random.uniform(-1, 1))", "self.b = Value(-30.0)"
    ),
    """
for k in range(15):
    loss = sum((n(x) - t) ** 2 for x, t in zip(xs, ys))
    for p in n.parameters(): p.grad = 0.0
    loss.backward()
    for p in n.parameters(): p.data -= 0.05 * p.grad
""",
)
w(
    "range_off_by_one",
    "parameter never updated",
    LINE,
    """
params = [w, b]
for epoch in range(20):
    loss = sum((w * x + b - t) ** 2 for x, t in zip(X, Y)) / len(X)
    for p in params: p.grad = 0.0
    loss.backward()
    for i in range(len(params) - 1):
        params[i].data -= 0.1 * params[i].grad
""",
)
w(
    "accuracy_backward",
    "parameters of another network",
    OURS,
    """
for epoch in range(10):
    out = [model(x) for x in X]
    cost = Value(1.0 - losses.accuracy(out, y))
    optimizer.zero_grad(); cost.backward(); optimizer.step()
""",
)
w(
    "return_in_the_loop",
    "returned too early",
    OURS,
    """
optimizer.lr = 0.01
def cost_of(outputs, targets):
    total = 0
    for a, t in zip(outputs, targets):
        total = total + (a - t) ** 2
        return total
for epoch in range(10):
    cost = cost_of([model(x) for x in X], y)
    optimizer.zero_grad(); cost.backward(); optimizer.step()
""",
)
w(
    "no_square",
    "difference not squared",
    OURS,
    """
for epoch in range(10):
    cost = sum(model(x) - t for x, t in zip(X, y)) / len(X)
    optimizer.zero_grad(); cost.backward(); optimizer.step()
""",
)
w(
    "hinge_by_hand_of_0_and_1",
    "labels of another loss",
    OURS,
    """
y = [int(t > 0) for t in y]
for epoch in range(10):
    cost = sum((1 + -t * model(x)).relu() for x, t in zip(X, y)) / len(X)
    optimizer.zero_grad(); cost.backward(); optimizer.step()
""",
)
w(
    "schedule_that_ends_early",
    "learning rate 0 too soon",
    OURS,
    """
for epoch in range(40):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad(); cost.backward()
    optimizer.lr = max(0.0, 0.1 - 0.02 * epoch)
    optimizer.step()
""",
)
w(
    "one_optimizer_for_both",
    "one optimizer for two players",
    """
import random
from micrograd_like import MLP, SGD
random.seed(1)
G, D = MLP(1, [4, 1], seed=1), MLP(1, [4, 1], seed=2)
optimizer = SGD(G.parameters() + D.parameters(), lr=0.05)
""",
    """
for step in range(8):
    real, noise = [[random.gauss(2, 0.3)] for _ in range(4)], [[random.random()] for _ in range(4)]
    d_loss = -sum(D(x).sigmoid().log() for x in real) - sum((1 - D([G(z)]).sigmoid()).log() for z in noise)
    optimizer.zero_grad(); d_loss.backward(); optimizer.step()
    g_loss = -sum(D([G(z)]).sigmoid().log() for z in noise)
    optimizer.zero_grad(); g_loss.backward(); optimizer.step()
""",
)
w(
    "one_row_of_a_table",
    "always the same row",
    """
from micrograd_like import Value, losses
table = [[Value(0.1 * (i + 1) * (j - 1)) for j in range(3)] for i in range(4)]
parameters = [p for row in table for p in row]
""",
    """
for k in range(8):
    loss = sum(losses.cross_entropy([table[0]], [t]) for i, t in [(0, 1), (1, 2), (2, 0), (3, 1)])
    for p in parameters: p.grad = 0.0
    loss.backward()
    for p in parameters: p.data -= 0.5 * p.grad
""",
)
w(
    "all_weights_0",
    "weights all set alike",
    OURS,
    """
optimizer.lr = 0.1
for p in model.parameters(): p.data = 0.0
for epoch in range(10):
    cost = losses.mse([model(x) for x in X], y)
    optimizer.zero_grad(); cost.backward(); optimizer.step()
""",
)
w(
    "a_generator_without_a_step",
    "optimizer without a step",
    OURS,
    """
def train(epochs):
    for epoch in range(epochs):
        cost = losses.hinge([model(x) for x in X], y)
        optimizer.zero_grad()
        cost.backward()
        yield cost.data
print([*train(10)])
""",
)
w(
    "examples_shuffled_alone",
    "labels shuffled alone",
    OURS,
    """
import random
X, y = list(X), list(y)
for epoch in range(10):
    random.shuffle(X)
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad(); cost.backward(); optimizer.step()
""",
)
w(
    "validation_step_on_one_line",
    "training on validation data",
    OURS,
    """
X, Xv, y, yv = X[:16], X[16:], y[:16], y[16:]
for epoch in range(8):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad(); cost.backward(); optimizer.step()
    val = losses.hinge([model(x) for x in Xv], yv)
    optimizer.zero_grad(); val.backward(); optimizer.step()
""",
)
w(
    "biases_of_a_list_unused",
    "part of a network unused",
    OURS,
    """
class Net:
    def __init__(self):
        self.w = [[Value(0.1 * (i - j)) for j in range(2)] for i in range(3)]
        self.b = [Value(0.0) for _ in range(3)]
        self.v = [Value(0.2 * i - 0.1) for i in range(3)]
    def __call__(self, x):
        h = [(w[0] * x[0] + w[1] * x[1]).tanh() for w in self.w]
        return sum(v * a for v, a in zip(self.v, h))
    def parameters(self):
        return [p for row in self.w for p in row] + self.b + self.v
net = Net()
for epoch in range(10):
    cost = sum((net(x) - t) ** 2 for x, t in zip(X, y)) / len(X)
    for p in net.parameters(): p.grad = 0.0
    cost.backward()
    for p in net.parameters(): p.data -= 0.1 * p.grad
""",
)
w(
    "compared_with_its_own_number",
    "compared with itself",
    OURS,
    """
for epoch in range(10):
    out = [model(x) for x in X]
    cost = sum((a - a.data) ** 2 for a, t in zip(out, y)) / len(y)
    optimizer.zero_grad(); cost.backward(); optimizer.step()
""",
)
w(
    "update_between_clear_and_backward",
    "gradients cleared before the step",
    OURS,
    """
for epoch in range(10):
    cost = losses.hinge([model(x) for x in X], y)
    for p in model.parameters(): p.grad = 0.0
    for p in model.parameters(): p.data -= 0.1 * p.grad
    cost.backward()
""",
)
w(
    "loss_wrapped_again",
    "cut out of the graph",
    OURS,
    """
for epoch in range(10):
    out = [model(x).data for x in X]
    mean = sum((a - t) ** 2 for a, t in zip(out, y)) / len(y)
    cost = Value(mean)
    optimizer.zero_grad(); cost.backward()
    for p in model.parameters(): p.data -= 0.1 * p.grad
""",
)
w(
    "gradient_of_the_loss",
    "gradient of another parameter",
    LINE,
    """
for epoch in range(20):
    loss = sum((w * x + b - t) ** 2 for x, t in zip(X, Y)) / len(X)
    w.grad = b.grad = 0.0
    loss.backward()
    w.data -= 0.1 * loss.grad
    b.data -= 0.1 * loss.grad
""",
)
w(
    "result_in_a_name_that_nobody_reads",
    "update in the graph",
    OURS,
    """
for epoch in range(10):
    cost = losses.hinge([model(x) for x in X], y)
    model.zero_grad(); cost.backward()
    for p in model.parameters():
        g = max(-1.0, min(1.0, p.grad))
        p_data = p.data - 0.1 * g
""",
)
w(
    "own_neurons_all_alike",
    "neurons all alike",
    OURS,
    """
class Unit:
    def __init__(self, n):
        self.w = [Value(0.5) for _ in range(n)]; self.b = Value(0.5)
    def __call__(self, x):
        return (sum(w * a for w, a in zip(self.w, x)) + self.b).tanh()
    def parameters(self):
        return self.w + [self.b]
hidden, out = [Unit(2) for _ in range(4)], Unit(4)
parameters = [p for unit in [*hidden, out] for p in unit.parameters()]
for epoch in range(20):
    cost = sum((out([unit(x) for unit in hidden]) - t) ** 2 for x, t in zip(X, y)) / len(X)
    for p in parameters: p.grad = 0.0
    cost.backward()
    for p in parameters: p.data -= 0.1 * p.grad
""",
)
w(
    "hinge_with_a_plus",
    "hinge with the wrong sign",
    OURS,
    """
for epoch in range(10):
    cost = sum((1 + t * model(x)).relu() for x, t in zip(X, y)) / len(X)
    optimizer.zero_grad(); cost.backward(); optimizer.step()
""",
)
w(
    "examples_sampled_alone",
    "labels shuffled alone",
    OURS,
    """
import random
for epoch in range(10):
    X = random.sample(list(X), len(X))
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad(); cost.backward(); optimizer.step()
""",
)
w(
    "wrapper_with_one_layer",
    "parameters left out",
    OURS,
    """
class Wrapper:
    def __init__(self, model):
        self.model = model
    def __call__(self, x):
        return self.model(x)
    def parameters(self):
        return self.model.layers[0].parameters()
net = Wrapper(model)
optimizer = SGD(net.parameters(), lr=0.1)
for epoch in range(10):
    cost = losses.hinge([net(x) for x in X], y)
    model.zero_grad(); cost.backward(); optimizer.step()
""",
)
