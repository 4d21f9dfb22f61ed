import random

from micrograd.nn import MLP

random.seed(7)
X = [[random.uniform(-1, 1) for _ in range(3)] for _ in range(24)]
y = [2 * a - b + 0.5 * c for a, b, c in X]
model = MLP(3, [5, 1])
for epoch in range(4):
    order = list(range(len(X)))
    random.shuffle(order)
    for start in range(0, len(X), 8):
        rows = order[start : start + 8]
        loss = sum((model(X[i]) - y[i]) ** 2 for i in rows) * (1 / len(rows))
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad
    print(epoch, loss.data)
