import micrograd.engine

Value = micrograd.engine.Value
x = Value(3)
y = x**2 + 4 * x - 1
y.backward()
print(y.data, x.grad)
