import random

from micrograd import nn

random.seed(1)
net = nn.MLP(2, [4, 1])
data = [([0, 0], -1), ([0, 1], 1), ([1, 0], 1), ([1, 1], -1)]
for _epoch in range(30):
    loss = 0
    for x, t in data:
        loss = loss + (net(x) - t) ** 2
    net.zero_grad()
    loss.backward()
    for p in net.parameters():
        p.data -= 0.05 * p.grad
print(loss.data, [round(net(x).data, 9) for x, _ in data])
