from micrograd.engine import Value
from micrograd.nn import Layer, Module, Neuron


class Gate(Module):
    def __init__(self):
        self.a = Neuron(2)
        self.b = Layer(2, 3, nonlin=False)
        self.scale = Value(0.5)

    def __call__(self, x):
        return self.a(x) * self.scale + sum(self.b(x))

    def parameters(self):
        return [*self.a.parameters(), *self.b.parameters(), self.scale]


gate = Gate()
out = gate([1.0, -2.0])
out.backward()
print(out.data, len(gate.parameters()))
print([round(p.grad, 9) for p in gate.parameters()])
gate.zero_grad()
print([p.grad for p in gate.parameters()])
