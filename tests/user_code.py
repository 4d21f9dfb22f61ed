"""Ordinary code of a user, as an editor reads it: test_types.py has pyright find no error in it."""

import micrograd_like as mg
from micrograd_like import MLP, SGD, Adam, Op, Value, data, draw, explain, fit, gradcheck, gradients, losses, tanh, walk
from micrograd_like.exercises import generate

# the first hour
a, b = Value(2.0, label="a"), Value(-3.0, label="b")
L = (a * b + a).tanh()
L.backward()
print(a.grad, b.grad, L.data, L.inputs, L.op, L.local_grads, 2**a > 0, -a / 3 - abs(b))
for node in mg.topological_order(L):
    print(node.label, node.data)
draw(L)
drawing = draw(L, fold=True, vertical=True)
print(drawing.svg, drawing.save("graph.svg"))
w = walk(L, rule="overwrite")
print(w, w.grads, w.agrees)
for event in w:
    print(event.index, event.node, event.name, event)
w.save("walk.html")
print(explain(L, a), mg.paths(L, a), mg.nudge(L, a), mg.what_if(L, {a: 3.0}), mg.answer_key(L))
print(gradients(L, [a, b]), sorted([a, b], key=lambda x: x.grad))
print(gradcheck(lambda x, y: x * y + x.tanh(), [2.0, -3.0]), gradcheck(lambda x: x.exp(), 1.0))

# a network
X, y = data.moons(100)
model = MLP(2, [16, 16, 1], activation="tanh", seed=1)
history = fit(model, X, y, "mse", epochs=3, lr=0.1, progress=False)
print(history.loss, history, model.predict([[1.0, 2.0], [2.0, 1.0]]))
fit(model, X, y, lambda outputs, targets: losses.mse(outputs, targets), epochs=1)
for optimizer in (SGD(model.parameters(), momentum=0.9), Adam(model.parameters())):
    for _ in range(3):
        loss = losses.mse([model(x) for x in X], y) + losses.l2(model.parameters(), 1e-4)
        optimizer.zero_grad()
        loss.backward()
        mg.clip_gradients(model.parameters(), 1.0)
        optimizer.step()
scheduled = SGD(model.parameters(), lr=lambda epoch: 0.1 / (1 + epoch))
mg.decision_boundary(model, X, y).save("boundary.svg")
mg.save_model("model.json", model)
print(mg.load_model("model.json").predict([1.0, 2.0]))
with mg.doctor(model):
    fit(model, X, y, "mse", epochs=1)

# an operation, a program, an exercise
cube = Op(
    "cube", None, lambda out, a: (3.0 * a * a,), definition=lambda a: a * a * a, sample=((-1.0, 1.0),),
    why="The slope grows with the square.",
)  # fmt: skip
print(cube(Value(2.0)).data, cube(2.0), tanh(a), mg.relu(b), a.relu(), mg.exp(1.0), mg.OPS["cube"].why)


def mean_square(X: list[list[Value]], y: list[Value]) -> Value:
    return losses.mse([model(x) for x in X], y)


program = mg.compile(mean_square, X, y)
print(program.explain(), program(X, y))
mg.compile(lambda X, y: losses.mse([model(x) for x in X], y), X, y, backend="numpy")
ex = generate("fan-out", difficulty=2, seed=1)
print(ex, ex.check({"a": 1}), ex.hint("a"))
with mg.ieee():
    print(mg.exp(1000.0), mg.softmax([a, b])[0].data, mg.mean([a, b]), mg.dot([a, b], [1.0, 2.0]), mg.where(True, a, b))
mg.use("python")
