import micrograd.engine as mg

x = mg.Value(0.5)
for _ in range(10):
    y = (x**3 - 2 * x) ** 2
    x.grad = 0
    y.backward()
    x.data -= 0.01 * x.grad
    print(x.data)
