"""Right loops in many styles, most of which look suspicious: the doctor says nothing of them."""

from loops_wrong import DEMO, GAN, LECTURE, LINE, OURS

RIGHT: dict[str, str] = {}


def r(name: str, prelude: str, body: str) -> None:
    RIGHT[name] = prelude + body


r(
    "own_module_dict",
    OURS,
    """
class Net(Module):
    def __init__(self):
        self.body = Layer(2, 6, activation="tanh", seed=1)
        self.heads = {id(self): Layer(6, 1, activation="linear", seed=2)}
        self.w0 = Value(0.5)
    def __call__(self, x):
        return [h for h in self.heads.values()][0](self.body(x)) * self.w0
net = Net()
opt = SGD(net.parameters(), lr=0.2)
for epoch in range(20):
    cost = losses.hinge([net(x) for x in X], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
r(
    "demo",
    DEMO,
    """
for k in range(20):
    total, acc = loss()
    model.zero_grad()
    total.backward()
    learning_rate = 1.0 - 0.9 * k / 100
    for p in model.parameters():
        p.data -= learning_rate * p.grad
    print(f"step {k} loss {total.data}, accuracy {acc*100}%")
""",
)
r(
    "lecture",
    LECTURE,
    """
for k in range(20):
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    for p in n.parameters():
        p.data += -0.1 * p.grad
    print(k, loss.data)
""",
)
r(
    "lecture_zero_after",
    LECTURE,
    """
k = 0
while True:
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
    loss.backward()
    for p in n.parameters():
        p.data += -0.05 * p.grad
        p.grad = 0
    k += 1
    if loss.data < 0.05 or k > 60:
        break
""",
)
r(
    "lecture_head_only",
    LECTURE,
    """
head = n.layers[-1].parameters()
for k in range(30):
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    for p in head:            # the body stays as it was drawn, on purpose
        p.data -= 0.05 * p.grad
""",
)
r(
    "accumulate_on_purpose",
    OURS,
    """
accumulate = 4
for epoch in range(10):
    optimizer.zero_grad()
    for i in range(0, 24, 6):
        cost = losses.hinge([model(x) for x in X[i:i+6]], y[i:i+6]) / accumulate
        cost.backward()
    optimizer.step()
""",
)
r(
    "accumulate_every_second",
    OURS,
    """
step = 0
optimizer.lr = 0.2
for epoch in range(8):
    for xb, yb in data.batches(X, y, 4, __import__("random").Random(epoch)):
        cost = losses.hinge([model(x) for x in xb], yb) / 2
        cost.backward()
        step += 1
        if step % 2 == 0:
            optimizer.step()
            optimizer.zero_grad()
""",
)
r(
    "two_losses_added_by_backward",
    OURS,
    """
for epoch in range(20):
    optimizer.zero_grad()
    losses.hinge([model(x) for x in X], y).backward()
    losses.l2(model.parameters(), 1e-3).backward()
    optimizer.step()
""",
)
r(
    "gan",
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
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()
""",
)
r(
    "gan_two_d_steps",
    GAN,
    """
def d_step():
    real = [[rng.gauss(2, 0.3)] for _ in range(6)]
    fake = [[G([rng.gauss(0, 1)]).data] for z in range(6)]
    d_opt.zero_grad()
    losses.bce_with_logits([D(x) for x in real + fake], [1] * 6 + [0] * 6).backward()
    d_opt.step()
def g_step():
    for p in G.parameters() + D.parameters():
        p.grad = 0.0
    losses.bce_with_logits([D([G([rng.gauss(0, 1)])]) for z in range(6)], [1] * 6).backward()
    g_opt.step()
for step in range(15):
    d_step(); d_step(); g_step()
""",
)
r(
    "frozen_body",
    OURS,
    """
net = MLP(2, [6, 6, 1], activation="tanh", seed=1)
for p in net.layers[0].parameters():
    p.freeze()
opt = SGD(net.parameters(), lr=0.2)
for epoch in range(20):
    cost = losses.hinge([net(x) for x in X], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
r(
    "gradual_unfreezing",
    OURS,
    """
net = MLP(2, [6, 6, 1], activation="tanh", seed=1)
for p in net.parameters():
    p.freeze()
for stage in reversed(net.layers):
    for p in stage.parameters():
        p.freeze(False)
    opt = Adam(net.parameters(), lr=0.02)
    for epoch in range(8):
        cost = losses.hinge([net(x) for x in X], y)
        opt.zero_grad()
        cost.backward()
        opt.step()
""",
)
r(
    "cosine_with_warmup",
    OURS,
    """
import math
total = 40
for t in range(total):
    optimizer.lr = 0.4 * t / 5 if t < 5 else 0.2 * (1 + math.cos(math.pi * (t - 5) / (total - 5)))
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
r(
    "cyclic_rate",
    OURS,
    """
for t in range(40):
    optimizer.lr = 0.05 + 0.3 * abs((t % 10) - 5) / 5
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
r(
    "l1_penalty",
    OURS,
    """
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y) + 0.002 * sum(p.abs() for p in model.parameters())
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
r(
    "tied_autoencoder",
    OURS,
    """
class Auto(Module):
    def __init__(self):
        self.enc = Layer(2, 2, activation="tanh", seed=1)
    def __call__(self, x):
        h = self.enc(x)
        return [sum(self.enc.W[k][i] * h[k] for k in range(2)) for i in range(2)]
net = Auto()
opt = SGD(net.parameters(), lr=0.1)
for epoch in range(20):
    cost = losses.mse([net(x) for x in X], X)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
RNN = """
from micrograd_like import Value
import math, random
random.seed(1)
wx, wh, b, wo = params = [Value(random.uniform(-1, 1), label=s) for s in ("wx", "wh", "b", "wo")]
seq = [math.sin(0.5 * t) for t in range(24)]
"""
r(
    "rnn",
    RNN,
    """
for epoch in range(20):
    h, loss = Value(0.0), Value(0.0)
    for now, nxt in zip(seq, seq[1:]):
        h = (wx * now + wh * h + b).tanh()
        loss = loss + (wo * h - nxt) ** 2
    for p in params:
        p.grad = 0.0
    (loss / len(seq)).backward()
    for p in params:
        p.data -= 0.1 * p.grad
""",
)
r(
    "rnn_truncated",
    RNN,
    """
for epoch in range(8):
    h = Value(0.0)
    for start in range(0, 20, 5):
        h = Value(h.data)          # the past is cut off on purpose
        loss = Value(0.0)
        for now, nxt in zip(seq[start:start + 5], seq[start + 1:]):
            h = (wx * now + wh * h + b).tanh()
            loss = loss + (wo * h - nxt) ** 2
        for p in params:
            p.grad = 0.0
        loss.backward()
        for p in params:
            p.data -= 0.02 * p.grad
""",
)
r(
    "k_fold",
    OURS,
    """
k, n = 4, len(X)
scores = []
for fold in range(k):
    net = MLP(2, [6, 1], seed=fold)
    opt = SGD(net.parameters(), lr=0.3)
    test = range(fold * n // k, (fold + 1) * n // k)
    train = [i for i in range(n) if i not in test]
    for epoch in range(8):
        cost = losses.hinge([net(X[i]) for i in train], [y[i] for i in train])
        opt.zero_grad()
        cost.backward()
        opt.step()
    scores.append(losses.accuracy([net(X[i]) for i in test], [y[i] for i in test]))
print(scores)
""",
)
r(
    "early_stopping_with_copies",
    OURS,
    """
train, val = data.train_val_split(X, y, 0.25)
best, kept, bad = float("inf"), None, 0
for epoch in range(60):
    cost = losses.hinge([model(x) for x in train[0]], train[1])
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
    v = losses.hinge([model(x) for x in val[0]], val[1]).data
    if v < best:
        best, bad, kept = v, 0, [p.data for p in model.parameters()]
    else:
        bad += 1
    if bad > 5:
        break
for p, number in zip(model.parameters(), kept):
    p.data = number
""",
)
r(
    "refit_on_everything",
    OURS,
    """
(Xt, yt), (Xv, yv) = data.train_val_split(X, y, 0.25)
def train(net, X, y, lr, epochs=10):
    opt = SGD(net.parameters(), lr=lr)
    for _ in range(epochs):
        cost = losses.hinge([net(x) for x in X], y)
        opt.zero_grad()
        cost.backward()
        opt.step()
def score(lr):
    net = MLP(2, [6, 1], seed=1)
    train(net, Xt, yt, lr)
    return losses.hinge([net(x) for x in Xv], yv).data
best = min([0.05, 0.2, 0.5], key=score)
final = MLP(2, [6, 1], seed=1)
train(final, X, y, best)          # the rate is chosen; now use all the data
""",
)
r(
    "momentum_by_hand",
    OURS,
    """
v = {p: 0.0 for p in model.parameters()}
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    model.zero_grad()
    cost.backward()
    for p in model.parameters():
        v[p] = 0.8 * v[p] - 0.05 * p.grad
        p.data += v[p]
""",
)
r(
    "nesterov",
    OURS,
    """
ps = model.parameters()
v = [0.0] * len(ps)
for epoch in range(20):
    for i, p in enumerate(ps):
        p.data += 0.8 * v[i]
    cost = losses.hinge([model(x) for x in X], y)
    for p in ps: p.grad = 0.0
    cost.backward()
    for i, p in enumerate(ps):
        p.data -= 0.8 * v[i]
        v[i] = 0.8 * v[i] - 0.05 * p.grad
        p.data += v[i]
""",
)
r(
    "adam_by_hand",
    OURS,
    """
for p in model.parameters():
    p.m = p.s = 0.0
for t in range(1, 25):
    cost = losses.hinge([model(x) for x in X], y)
    for p in model.parameters():
        p.grad = 0.0
    cost.backward()
    for p in model.parameters():
        p.m = 0.9 * p.m + 0.1 * p.grad
        p.s = 0.99 * p.s + 0.01 * p.grad ** 2
        p.data -= 0.02 * (p.m / (1 - 0.9 ** t)) / ((p.s / (1 - 0.99 ** t)) ** 0.5 + 1e-8)
""",
)
r(
    "two_optimizers",
    OURS,
    """
weights = [p for layer in model.layers for row in layer.W for p in row]
biases = [p for layer in model.layers for p in layer.b]
slow, fast = SGD(weights, lr=0.1), SGD(biases, lr=0.4)
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    slow.zero_grad(); fast.zero_grad()
    cost.backward()
    slow.step(); fast.step()
""",
)
r(
    "generator_of_batches",
    OURS,
    """
import random
def batches(size, rng=random.Random(1)):
    while True:
        picked = rng.sample(range(len(X)), size)
        yield [X[i] for i in picked], [y[i] for i in picked]
stream = batches(6)
for _ in range(40):
    xb, yb = next(stream)
    optimizer.zero_grad()
    losses.hinge([model(x) for x in xb], yb).backward()
    optimizer.step()
""",
)
r(
    "ascent_of_likelihood",
    LINE,
    """
labels = [1 if t > 0 else 0 for t in Y]
for epoch in range(40):
    ll = Value(0.0)
    for x, t in zip(X, labels):
        p = (w * x + b).sigmoid()
        ll += p.log() if t else (1 - p).log()
    w.grad = b.grad = 0.0
    ll.backward()
    w.data += 0.1 * w.grad
    b.data += 0.1 * b.grad
""",
)
r(
    "maximize_option",
    LINE,
    """
from micrograd_like import SGD
opt = SGD([w, b], lr=0.05, maximize=True)
for epoch in range(40):
    score = -sum((w * x + b - t) ** 2 for x, t in zip(X, Y))
    opt.zero_grad()
    score.backward()
    opt.step()
""",
)
r(
    "reinforce",
    "",
    """
import random
from micrograd_like import MLP, SGD, Value, softmax
random.seed(3)
logits = [Value(0.0), Value(0.0)]
opt = SGD(logits, lr=0.3)
baseline = 0.0
for episode in range(60):
    p = softmax(logits)
    arm = 0 if random.random() < p[0].data else 1
    reward = random.gauss([0.2, 1.0][arm], 0.1)
    loss = -(reward - baseline) * p[arm].log()
    baseline += 0.1 * (reward - baseline)
    opt.zero_grad()
    loss.backward()
    opt.step()
""",
)
r(
    "target_network",
    OURS,
    """
import copy, random
rng = random.Random(1)
target = copy.deepcopy(model)
for step in range(40):
    x = rng.choice(X)
    goal = 0.9 * target.predict(x) + x[0]
    loss = (model(x) - goal) ** 2
    optimizer.lr = 0.05
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 9:
        for p, q in zip(target.parameters(), model.parameters()):
            p.data = q.data
""",
)
r(
    "ema_copy",
    OURS,
    """
import copy
average = copy.deepcopy(model)
for step in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
    for a, p in zip(average.parameters(), model.parameters()):
        a.data = 0.9 * a.data + 0.1 * p.data
print(losses.accuracy([average(x) for x in X], y))
""",
)
r(
    "dropout",
    OURS,
    """
import random
rng = random.Random(1)
body, head = Layer(2, 8, activation="tanh", seed=1), Neuron(8, nonlin=False, seed=2)
opt = SGD(body.parameters() + head.parameters(), lr=0.1)
for epoch in range(25):
    outs = []
    for x in X:
        h = [a * 2.0 if rng.random() < 0.5 else Value(0.0) for a in body(x)]
        outs.append(head(h))
    cost = losses.hinge(outs, y)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
r(
    "bigram_table",
    "",
    """
import random
from micrograd_like import Value, SGD, losses
rng = random.Random(0)
table = [[Value(rng.gauss(0, 0.1)) for _ in range(5)] for _ in range(5)]
flat = [v for row in table for v in row]
text = [rng.randrange(4) for _ in range(60)]
pairs = list(zip(text, text[1:]))
opt = SGD(flat, lr=1.0)
for step in range(20):
    batch = rng.sample(pairs, 6)
    loss = losses.cross_entropy([table[a] for a, _ in batch], [b for _, b in batch])
    opt.zero_grad()
    loss.backward()
    opt.step()
""",
)
r(
    "line_search",
    OURS,
    """
for epoch in range(12):
    cost = losses.hinge([model(x) for x in X], y)
    model.zero_grad()
    cost.backward()
    before = [p.data for p in model.parameters()]
    rate = 4.0
    while rate > 1e-4:
        for p, was in zip(model.parameters(), before):
            p.data = was - rate * p.grad
        if losses.hinge([model(x) for x in X], y).data < cost.data:
            break
        rate /= 2
""",
)
r(
    "clip",
    OURS,
    """
from micrograd_like import clip_gradients
for epoch in range(20):
    cost = losses.mse([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    clip_gradients(model.parameters(), 0.5)
    optimizer.step()
""",
)
r(
    "streaming",
    LINE,
    """
import random
rng = random.Random(3)
for step in range(200):
    x = rng.uniform(-1, 1)
    err = w * x + b - (2 * x - 0.7 + rng.gauss(0, 0.1))
    w.grad = b.grad = 0.0
    (err * err).backward()
    for p in (w, b):
        p.data -= 0.1 * p.grad
""",
)
r(
    "newton",
    "",
    """
from micrograd_like import Value, gradients
x = Value(2.0, label="x")
for _ in range(8):
    y = x ** 4 - 3 * x ** 2 + x
    [slope] = gradients(y, [x])
    [curve] = gradients(slope, [x])
    x.data -= slope.data / curve.data
print(x.data)
""",
)
r(
    "coordinate_descent",
    OURS,
    """
ps = model.parameters()
for sweep in range(60):
    cost = losses.hinge([model(x) for x in X], y)
    model.zero_grad()
    cost.backward()
    p = ps[sweep % len(ps)]
    p.data -= 0.3 * p.grad
""",
)
r(
    "alternate_layers",
    OURS,
    """
a, b = SGD(model.layers[0].parameters(), lr=0.3), SGD(model.layers[1].parameters(), lr=0.3)
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    model.zero_grad()
    cost.backward()
    (a if epoch % 2 else b).step()
""",
)
r(
    "restarts",
    OURS,
    """
found = []
for s in range(4):
    model = MLP(2, [6, 1], seed=s)
    optimizer = SGD(model.parameters(), lr=0.3)
    for epoch in range(8):
        cost = losses.hinge([model(x) for x in X], y)
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
    found.append((cost.data, s))
print(min(found))
""",
)
r(
    "rate_finder",
    OURS,
    """
saved = [p.data for p in model.parameters()]
first, rate, seen = None, 1e-3, []
while rate < 100:
    cost = losses.mse([model(x) for x in X], y)
    first = first or cost.data
    seen.append((rate, cost.data))
    if cost.data > 4 * first:
        break
    optimizer.lr = rate
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
    rate *= 1.6
for p, was in zip(model.parameters(), saved):
    p.data = was
optimizer.lr = 0.1
for epoch in range(20):
    cost = losses.mse([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
r(
    "adversarial_example",
    OURS,
    """
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
x = [Value(a) for a in X[0]]
for _ in range(5):
    for a in x: a.grad = 0.0
    loss = losses.hinge([model(x)], [y[0]])
    loss.backward()
    for a in x:
        a.data += 0.05 * (1 if a.grad > 0 else -1 if a.grad < 0 else 0)
""",
)
r(
    "optimise_the_input",
    OURS,
    """
for p in model.parameters():
    p.freeze()
x = [Value(0.1, label="x0"), Value(0.2, label="x1")]
opt = SGD(x, lr=0.05)
for _ in range(20):
    loss = (model(x) - 1.0) ** 2
    opt.zero_grad()
    loss.backward()
    opt.step()
""",
)
r(
    "sign_sgd",
    OURS,
    """
for epoch in range(25):
    cost = losses.hinge([model(x) for x in X], y)
    model.zero_grad()
    cost.backward()
    for p in model.parameters():
        p.data -= 0.02 * ((p.grad > 0) - (p.grad < 0))
""",
)
r(
    "looks_at_gradients_only",
    OURS,
    """
norms = []
for i, (x, t) in enumerate(zip(X, y)):
    model.zero_grad()
    losses.hinge([model(x)], [t]).backward()
    norms.append(sum(p.grad ** 2 for p in model.parameters()) ** 0.5)
print(max(norms))
""",
)
r(
    "distillation",
    OURS,
    """
teacher = MLP(2, [12, 1], seed=7)
topt = SGD(teacher.parameters(), lr=0.3)
for _ in range(10):
    topt.zero_grad(); losses.hinge([teacher(x) for x in X], y).backward(); topt.step()
optimizer.lr = 0.05
for epoch in range(20):
    soft = [teacher(x).data for x in X]
    cost = losses.mse([model(x) for x in X], soft)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
r(
    "curriculum",
    OURS,
    """
order = sorted(range(len(X)), key=lambda i: abs(X[i][0]))
for share in (8, 16, 24):
    easy = order[:share]
    for epoch in range(8):
        cost = losses.hinge([model(X[i]) for i in easy], [y[i] for i in easy])
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
""",
)
r(
    "perceptron",
    LINE,
    """
labels = [1 if t > 0 else -1 for t in Y]
for epoch in range(10):
    for x, t in zip(X, labels):
        s = w * x + b
        if s.data * t <= 0:
            w.grad = b.grad = 0.0
            (-t * s).backward()
            w.data -= 0.1 * w.grad
            b.data -= 0.1 * b.grad
""",
)
r(
    "weight_decay_by_hand",
    OURS,
    """
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    for p in model.parameters():
        p.data *= 1 - 0.01
    optimizer.step()
""",
)
r(
    "stochastic",
    OURS,
    """
import random
rng = random.Random(5)
optimizer.lr = 0.05
for step in range(100):
    i = rng.randrange(len(X))
    cost = (1 - y[i] * model(X[i])).relu()
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
r(
    "pruning",
    OURS,
    """
import random
rng = random.Random(1)
mask = {p: rng.random() < 0.7 for p in model.parameters()}
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
    for p in model.parameters():
        if not mask[p]:
            p.data = 0.0
""",
)
r(
    "projection",
    OURS,
    """
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
    for p in model.parameters():
        p.data = min(1.5, max(-1.5, p.data))
""",
)
r(
    "logistic_from_zero",
    LINE,
    """
from micrograd_like import losses
w.data = 0.0
labels = [1 if t > 0 else 0 for t in Y]
for epoch in range(40):
    cost = losses.bce_with_logits([w * x + b for x in X], labels)
    w.grad = b.grad = 0.0
    cost.backward()
    w.data -= 1.0 * w.grad
    b.data -= 1.0 * b.grad
""",
)
r(
    "validation_watched",
    OURS,
    """
(X, y), (X_val, y_val) = data.train_val_split(X, y, 0.25)
history = []
for epoch in range(20):
    cost = losses.hinge([model(x) for x in X], y)
    held = losses.hinge([model(x) for x in X_val], y_val)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
    history.append((cost.data, held.data))
""",
)
r(
    "multi_task",
    OURS,
    """
class Net(Module):
    def __init__(self):
        self.body = Layer(2, 6, activation="tanh", seed=1)
        self.side, self.sum = Neuron(6, nonlin=False, seed=2), Neuron(6, nonlin=False, seed=3)
    def __call__(self, x):
        h = self.body(x)
        return self.side(h), self.sum(h)
net = Net()
opt = Adam(net.parameters(), lr=0.02)
for epoch in range(20):
    both = [net(x) for x in X]
    cost = losses.hinge([a for a, _ in both], y) + 0.5 * losses.mse([b for _, b in both], [x[0] + x[1] for x in X])
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
r(
    "heads_in_turn",
    OURS,
    """
class Net(Module):
    def __init__(self):
        self.body = Layer(2, 6, activation="tanh", seed=1)
        self.heads = [Neuron(6, nonlin=False, seed=2), Neuron(6, nonlin=False, seed=3)]
    def __call__(self, x, task):
        return self.heads[task](self.body(x))
net = Net()
opt = SGD(net.parameters(), lr=0.1)
for epoch in range(20):
    task = epoch % 2
    goal = y if task == 0 else [1 if x[0] > 0 else -1 for x in X]
    cost = losses.hinge([net(x, task) for x in X], goal)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
r(
    "fit_twice",
    OURS,
    """
from micrograd_like import fit
fit(model, X, y, "hinge", epochs=10, optimizer=optimizer, progress=False)
optimizer.lr = 0.1
fit(model, X, y, "hinge", epochs=10, optimizer=optimizer, l2=1e-3, progress=False)
""",
)
r(
    "swap_labels_noise",
    OURS,
    """
import random
rng = random.Random(2)
noisy = [-t if rng.random() < 0.1 else t for t in y]
for epoch in range(25):
    optimizer.lr = 0.3 if epoch < 15 else 0.03
    cost = losses.hinge([model(x) for x in X], noisy)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
""",
)
r(
    "overfit_one_batch",
    OURS,
    """
xb, yb = X[:4], y[:4]
for step in range(60):
    cost = losses.hinge([model(x) for x in xb], yb)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
assert losses.hinge([model(x) for x in xb], yb).data < 0.2
""",
)
r(
    "converged_long_ago",
    LINE,
    """
for epoch in range(400):
    loss = sum((w * x + b - t) ** 2 for x, t in zip(X, Y)) / len(X)
    w.grad = b.grad = 0.0
    loss.backward()
    w.data -= 0.5 * w.grad
    b.data -= 0.5 * b.grad
""",
)
r(
    "plateau_halves_rate",
    OURS,
    """
best, wait = float("inf"), 0
for epoch in range(40):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
    if cost.data < best - 1e-3:
        best, wait = cost.data, 0
    else:
        wait += 1
        if wait == 3:
            optimizer.lr, wait = optimizer.lr / 2, 0
""",
)
r(
    "closure_style",
    OURS,
    """
def make_step(net, rate):
    def step(xs, ts):
        cost = losses.hinge([net(x) for x in xs], ts)
        net.zero_grad()
        cost.backward()
        for p in net.parameters():
            p.data -= rate * p.grad
        return cost.data
    return step
step = make_step(model, 0.3)
print([round(step(X, y), 3) for _ in range(15)])
""",
)
r(
    "class_trainer",
    OURS,
    """
class Trainer:
    def __init__(self, net, rate):
        self.net, self.rate, self.log = net, rate, []
    def epoch(self):
        for xb, yb in data.batches(X, y, 8, __import__("random").Random(len(self.log))):
            loss = losses.hinge([self.net(x) for x in xb], yb)
            self.net.zero_grad()
            loss.backward()
            self.update()
        self.log.append(loss.data)
    def update(self):
        for p in self.net.parameters():
            p.data -= self.rate * p.grad
t = Trainer(model, 0.2)
while len(t.log) < 10:
    t.epoch()
""",
)
r(
    "learnable_activation",
    OURS,
    """
slope = Value(0.1, label="slope")
def act(z): return z.relu() - slope * (-z).relu()
lay, head = Layer(2, 6, activation="linear", seed=1), Neuron(6, nonlin=False, seed=2)
ps = lay.parameters() + head.parameters() + [slope]
opt = SGD(ps, lr=0.1)
for epoch in range(20):
    cost = losses.hinge([head([act(z) for z in lay(x)]) for x in X], y)
    opt.zero_grad()
    cost.backward()
    opt.step()
""",
)
r(
    "hidden_markov_of_loss",
    LINE,
    """
# iteratively reweighted: the weights of the examples are numbers on purpose
for epoch in range(30):
    errors = [w * x + b - t for x, t in zip(X, Y)]
    trust = [1.0 / (1.0 + abs(e.data)) for e in errors]
    loss = sum(c * e * e for c, e in zip(trust, errors)) / len(X)
    w.grad = b.grad = 0.0
    loss.backward()
    w.data -= 0.3 * w.grad
    b.data -= 0.3 * b.grad
""",
)

r(
    "val_split_val_only_watch",
    OURS,
    """
n = 18
Xtr, Xva, ytr, yva = X[:n], X[n:], y[:n], y[n:]
best = (9e9, None)
for epoch in range(15):
    cost = losses.hinge([model(x) for x in Xtr], ytr)
    optimizer.zero_grad(); cost.backward(); optimizer.step()
    v = losses.hinge([model(x) for x in Xva], yva).data
    best = min(best, (v, epoch))
""",
)
r(
    "slices_for_minibatches",
    OURS,
    """
first, second = X[:12], X[12:]
a, b = y[:12], y[12:]
for epoch in range(10):
    for xs, ts in ((first, a), (second, b)):
        cost = losses.hinge([model(x) for x in xs], ts)
        optimizer.zero_grad(); cost.backward(); optimizer.step()
print(losses.accuracy([model(x) for x in X], y))
""",
)
r(
    "lr_constant_small_many",
    LINE,
    """
for epoch in range(300):
    loss = sum((w * x + b - t) ** 2 for x, t in zip(X, Y)) / len(X)
    w.grad = b.grad = 0.0
    loss.backward()
    for p in (w, b): p.data -= 0.005 * p.grad
""",
)
r(
    "tanh_saturated_success",
    LECTURE,
    """
for k in range(120):
    loss = sum((n(x) - t) ** 2 for x, t in zip(xs, ys))
    for p in n.parameters(): p.grad = 0.0
    loss.backward()
    for p in n.parameters(): p.data -= 0.2 * p.grad
""",
)
r(
    "sampled_shuffle_both",
    OURS,
    """
import random
pairs = list(zip(X, y))
for epoch in range(10):
    random.shuffle(pairs)
    for i in range(0, 24, 8):
        part = pairs[i:i + 8]
        cost = losses.hinge([model(x) for x, _ in part], [t for _, t in part])
        optimizer.zero_grad(); cost.backward(); optimizer.step()
""",
)
r(
    "index_shuffle",
    OURS,
    """
import random
order = list(range(24))
for epoch in range(8):
    random.shuffle(order)
    for i in order:
        cost = (1 - y[i] * model(X[i])).relu()
        model.zero_grad(); cost.backward()
        for p in model.parameters(): p.data -= 0.05 * p.grad
""",
)
r(
    "fine_tune_slice",
    OURS,
    """
net = MLP(2, [6, 6, 1], activation="tanh", seed=1)
trainable = net.parameters()[-7:]
for epoch in range(15):
    cost = losses.hinge([net(x) for x in X], y)
    net.zero_grad(); cost.backward()
    for p in trainable: p.data -= 0.1 * p.grad
""",
)
r(
    "wgan_clip",
    GAN,
    """
for step in range(12):
    real = [[rng.gauss(2, 0.3)] for _ in range(5)]; noise = [[rng.gauss(0, 1)] for _ in range(5)]
    critic = sum(D([G(z).data]) for z in noise) / 5 - sum(D(x) for x in real) / 5
    d_opt.zero_grad(); critic.backward(); d_opt.step()
    for p in D.parameters(): p.data = max(-0.5, min(0.5, p.data))
    g = -sum(D([G(z)]) for z in noise) / 5
    g_opt.zero_grad(); g.backward(); g_opt.step()
""",
)
r(
    "vae_like_two_terms",
    OURS,
    """
enc, dec = MLP(2, [4, 2], activation="tanh", seed=1), MLP(1, [4, 2], activation="tanh", seed=2)
import random
rng = random.Random(0)
opt = Adam(enc.parameters() + dec.parameters(), lr=0.01)
for epoch in range(12):
    total = 0.0
    for x in X[:8]:
        m, s = enc(x)
        z = m + s.exp() * rng.gauss(0, 1)
        out = dec([z])
        total = total + sum((o - a) ** 2 for o, a in zip(out, x)) + 0.1 * (m * m + (2 * s).exp() - 2 * s - 1)
    opt.zero_grad(); (total / 8).backward(); opt.step()
""",
)
r(
    "grad_noise",
    OURS,
    """
import random
rng = random.Random(1)
for epoch in range(15):
    cost = losses.hinge([model(x) for x in X], y)
    model.zero_grad(); cost.backward()
    for p in model.parameters():
        p.grad += rng.gauss(0, 0.01)
        p.data -= 0.2 * p.grad
""",
)
r(
    "zero_init_bias_only_twins_table",
    "",
    """
from micrograd_like import Value, losses
W = [[Value(0.0) for _ in range(4)] for _ in range(4)]
pairs = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)]
for k in range(20):
    loss = losses.cross_entropy([W[a] for a, _ in pairs], [b for _, b in pairs])
    for row in W:
        for p in row: p.grad = 0.0
    loss.backward()
    for row in W:
        for p in row: p.data -= 1.0 * p.grad
""",
)
r(
    "softmax_regression_zero_init",
    OURS,
    """
net = MLP(2, [2], init=lambda nin, nout, rng: 0.0)
Y = [(t + 1) // 2 for t in y]
opt = SGD(net.parameters(), lr=0.5)
for epoch in range(20):
    cost = losses.cross_entropy([net(x) for x in X], Y)
    opt.zero_grad(); cost.backward(); opt.step()
""",
)
r(
    "meta_step_size_by_val",
    OURS,
    """
Xt, yt, Xv, yv = X[:16], y[:16], X[16:], y[16:]
rate = 0.3
last = 9e9
for epoch in range(12):
    cost = losses.hinge([model(x) for x in Xt], yt)
    model.zero_grad(); cost.backward()
    for p in model.parameters(): p.data -= rate * p.grad
    now = losses.hinge([model(x) for x in Xv], yv).data
    rate = rate * 0.7 if now > last else rate
    last = now
""",
)
r(
    "mean_teacher_frozen",
    OURS,
    """
import copy
teacher = copy.deepcopy(model)
for p in teacher.parameters(): p.freeze()
for epoch in range(12):
    out = [model(x) for x in X]
    cost = losses.hinge(out, y) + 0.1 * sum((a - teacher(x)) ** 2 for a, x in zip(out, X)) / len(X)
    optimizer.zero_grad(); cost.backward(); optimizer.step()
    for a, p in zip(teacher.parameters(), model.parameters()): a.data = 0.9 * a.data + 0.1 * p.data
""",
)
r(
    "schedule_that_ends_with_the_loop",
    OURS,
    """
for epoch in range(30):
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad(); cost.backward()
    optimizer.lr = 0.3 * (1 - epoch / 29)
    optimizer.step()
""",
)
r(
    "one_optimizer_for_two_that_work_together",
    OURS,
    """
enc, dec = MLP(2, [2], seed=1), MLP(2, [2], seed=2)
both = SGD(enc.parameters() + dec.parameters(), lr=0.05)
for epoch in range(10):
    cost = sum(losses.mse(dec(enc(x)), x) for x in X) / len(X)
    both.zero_grad(); cost.backward(); both.step()
    size = 0.001 * sum(a * a for x in X for a in enc(x))
    both.zero_grad(); size.backward(); both.step()
""",
)
r(
    "return_of_the_first_that_fits",
    OURS,
    """
def first_wrong(rows):
    seen = 0
    for x, t in rows:
        seen += 1
        if (model(x).data > 0) != (t > 0):
            return seen
    return seen
for epoch in range(10):
    cost = sum((1 + -t * model(x)).relu() for x, t in zip(X, y)) / len(X)
    optimizer.zero_grad(); cost.backward(); optimizer.step()
    print(first_wrong(list(zip(X, y))))
""",
)
r(
    "examples_shuffled_with_their_labels",
    OURS,
    """
import random
X, y = list(X), list(y)
for epoch in range(10):
    random.seed(epoch); random.shuffle(X)
    random.seed(epoch); random.shuffle(y)
    cost = losses.hinge([model(x) for x in X], y)
    optimizer.zero_grad(); cost.backward(); optimizer.step()
""",
)
r(
    "hinge_with_labels_changed_in_place",
    OURS,
    """
y = [int(t > 0) for t in y]
for epoch in range(10):
    cost = sum((1 - (2 * t - 1) * model(x)).relu() for x, t in zip(X, y)) / len(X)
    optimizer.zero_grad(); cost.backward(); optimizer.step()
""",
)
