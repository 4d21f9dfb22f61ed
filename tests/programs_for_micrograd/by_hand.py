from micrograd.engine import Value

a, b = Value(2.0), Value(-3.0)
c = a * b
d = c + a
o = d.relu() + d
o.grad = 1.0
o._backward()
print(d.grad, c.grad)
for node in o._prev - {d}:
    node._backward()
print(d.grad)
d._backward()
c._backward()
print(a.grad, b.grad)
