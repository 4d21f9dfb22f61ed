"""Large graphs made small: what is one group, and that nothing is lost or drawn twice."""

import random

import pytest

from micrograd_like import Value, topological_order
from micrograd_like.drawing.draw import draw
from micrograd_like.drawing.fold import ROLES, folded, lanes
from micrograd_like.drawing.layering import longest_paths
from micrograd_like.nn import MLP

EACH, *_ = ROLES


def summary(groups):
    return [(group.what, len(group.nodes)) for group in groups]


def members(groups):
    return [node for group in groups for node in group.nodes + group.inside]


@pytest.fixture(scope="module")
def moons():
    """micrograd's loss: 100 examples, hinge and L2."""
    rng = random.Random(1)
    model = MLP(2, [16, 16, 1])
    inputs = [[Value(rng.uniform(-1, 2)), Value(rng.uniform(-1, 1))] for _ in range(100)]
    losses = [(1 + -rng.choice([-1, 1]) * model(x)).relu() for x in inputs]
    return sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())


def chain(length):
    x = Value(0.5, "start")
    for i in range(length):
        x = x.tanh() if i % 2 else x * 1.1
    return x


def test_examples_are_lanes_of_one_group():
    w = Value(2.0, "w")
    w.parameter = True
    outputs = [(w * float(i)).tanh() for i in range(5)]
    loss = outputs[0]
    for y in outputs[1:]:
        loss = loss + y
    groups = lanes(topological_order(loss), {}, EACH)
    assert ("mul", 5) in summary(groups) and ("tanh", 5) in summary(groups)
    assert ("sum", 1) in summary(folded(topological_order(loss), 10))


def test_a_sum_of_products_is_a_dot_with_the_slopes_of_the_products():
    x, w = [Value(float(i)) for i in range(1, 4)], [Value(float(10 * i)) for i in range(1, 4)]
    total = w[0] * x[0] + w[1] * x[1] + w[2] * x[2]
    groups = folded(topological_order(total), 10)
    assert summary(groups) == [("leaf", 3), ("leaf", 3), ("dot", 1)]
    slopes = {source: (link.low, link.high) for (source, _), link in groups[2].links.items()}
    values = {i: (group.nodes[0].data, group.nodes[-1].data) for i, group in enumerate(groups[:2])}
    assert slopes == {0: values[1], 1: values[0]}


def test_a_named_sum_stands_for_itself():
    a, b, c = Value(1.0), Value(2.0), Value(3.0)
    z = a + b
    z.label = "z"
    assert [group.what for group in folded(topological_order(z + c), 9)].count("add") == 2


def test_leaves_that_are_used_alike_are_one_group_and_others_are_not():
    """x[0] and x[1] of all examples, although both are just numbers."""
    w = [Value(1.0), Value(2.0)]
    for parameter in w:
        parameter.parameter = True
    rows = [[Value(0.1), Value(0.2)] for _ in range(4)]
    outputs = [w[0] * x + w[1] * y.tanh() for x, y in rows]
    total = outputs[0] * outputs[1] * outputs[2] * outputs[3]
    groups = lanes(topological_order(total), {}, EACH)
    assert [len(group.nodes) for group in groups if group.what == "leaf"] == [1, 1, 4, 4]


def test_both_edges_of_a_square_stay():
    a = Value(3.0)
    group = lanes(topological_order(a * a), {}, EACH)[1]
    assert list(group.links) == [(0, 0), (0, 1)]


@pytest.mark.parametrize("most", [8, 60, 2000])
@pytest.mark.parametrize("kind", ["moons", "chain"])
def test_every_node_is_in_one_group_and_no_arrow_goes_back(kind, most, moons):
    nodes = topological_order(moons if kind == "moons" else chain(3000))
    groups = folded(nodes, most)
    assert len(groups) <= most
    found = members(groups)
    assert len(found) == len(set(found))
    assert all(node.constant and node.data == 0.0 for node in set(nodes) - set(found))
    longest_paths(len(groups), [(tail, i) for i, group in enumerate(groups) for tail, _ in group.links])


def test_up_to_300_nodes_have_a_box_each():
    assert draw(chain(199)).dot.count("[label=") - draw(chain(199)).dot.count("->") == 300
    assert "more" in draw(chain(201)).dot
    assert "more" not in draw(chain(201), fold=False).dot


def test_the_loss_of_moons_reads_as_its_equations(moons):
    moons.backward()
    drawing = draw(moons)
    assert len(topological_order(moons)) > 60_000
    text = drawing.svg
    for name, lanes_of in (("z1[·]", "×16 ×100"), ("a2[·]", "×16 ×100"), ("layers[1].neurons[·].w[·]", "×256")):
        assert f">{name}</text>" in text and f">{lanes_of}</text>" in text
    assert text.count('<path class="head"') < 60


def test_a_chain_shows_its_ends_and_counts_the_rest():
    svg = draw(chain(100_000)).svg
    assert ">start</text>" in svg and "more</text>" in svg and ">49,995</text>" in svg


def test_a_folded_box_is_marked_if_an_input_changed(moons):
    assert "dashed:" not in draw(moons).svg
    weight = topological_order(moons)[0]
    before, weight.data = weight.data, 5.0
    assert "dashed:" in draw(moons).svg
    weight.data = before
