from micrograd.engine import Value

print(Value(2.0), Value(3))
total = sum([Value(i) for i in range(5)])
print(total, -total, 1 - total, 12 / Value(4.0))
