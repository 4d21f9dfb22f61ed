from micrograd.engine import Value


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


x, y = Value(-1.2), Value(1.0)
for k in range(50):
    f = rosenbrock(x, y)
    x.grad, y.grad = 0, 0
    f.backward()
    x.data -= 0.001 * x.grad
    y.data -= 0.001 * y.grad
    if k % 10 == 0:
        print(k, f.data, x.data, y.data)
