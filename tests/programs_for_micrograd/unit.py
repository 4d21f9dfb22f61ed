from micrograd.engine import Value
from micrograd.nn import Neuron

neuron = Neuron(3)
neuron.w[0].data, neuron.w[1].data, neuron.w[2].data, neuron.b.data = 1.0, -2.0, 0.5, 0.25
out = neuron([Value(1.0), Value(0.5), Value(4.0)])
out.backward()
print(out.data, [w.grad for w in neuron.w], neuron.b.grad)
