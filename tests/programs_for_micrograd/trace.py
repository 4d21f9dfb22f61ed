from micrograd.engine import Value


def trace(root):
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(root)
    return nodes, edges


a, b = Value(2.0), Value(-3.0)
out = (a * b + a).relu() * a
nodes, edges = trace(out)
print(len(nodes), len(edges))
print(sorted(v._op for v in nodes))
