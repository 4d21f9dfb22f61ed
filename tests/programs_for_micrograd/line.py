from micrograd.engine import Value

w, b = Value(0), Value(0)
points = [(x, 3 * x + 1) for x in range(-3, 4)]
for _ in range(200):
    loss = sum(((w * x + b - y) ** 2 for x, y in points), Value(0)) / len(points)
    w.grad = b.grad = 0
    loss.backward()
    w.data -= 0.05 * w.grad
    b.data -= 0.05 * b.grad
print("w", round(w.data, 6), "b", round(b.data, 6))
