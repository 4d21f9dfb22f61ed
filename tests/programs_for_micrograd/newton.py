from micrograd.engine import Value

x = Value(1.0)
for _ in range(6):
    f = x**2 - 2
    x.grad = 0
    f.backward()
    x = Value(x.data - f.data / x.grad)
    print(f"{x.data:.12f}")
