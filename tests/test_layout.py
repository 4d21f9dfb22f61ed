"""Drawings: boxes apart, edges forward and around boxes, the same on every run."""

from itertools import combinations, pairwise, product

import pytest
from hypothesis import example, given, settings, strategies as st

from benchmarks import layout as benchmark
from micrograd_like.drawing.layering import crossings, ordered, ranks
from micrograd_like.drawing.layout import Layout, layout

LENGTHS = st.sampled_from([0.0, 0.5, 10.0, 60.0, 4000.0]) | st.floats(0.0, 1e6)


@st.composite
def graphs(draw, most=12):
    """Sizes, edges from lower to higher numbers (some twice), label sizes, numbers shuffled."""
    count = draw(st.integers(0, most))
    sizes = draw(st.lists(st.tuples(LENGTHS, LENGTHS), min_size=count, max_size=count))
    pairs = list(combinations(draw(st.permutations(range(count))), 2))
    edges = draw(st.lists(st.sampled_from(pairs), max_size=2 * count)) if pairs else []
    labels = draw(st.lists(st.tuples(LENGTHS, LENGTHS), min_size=len(edges), max_size=len(edges)))
    return sizes, edges, labels


def boxes(sizes, drawn: Layout):
    return [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for (x, y), (w, h) in zip(drawn.centres, sizes)]


def points_between(route):
    """Points on each Bézier curve of the chain."""
    for i in range(1, len(route), 3):
        p, q, r, s = route[i - 1 : i + 3]
        for t in (0.1, 0.3, 0.5, 0.7, 0.9):
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            yield tuple(sum(w * a[axis] for w, a in zip(weights, (p, q, r, s))) for axis in (0, 1))


@given(graphs(), st.booleans())
def test_boxes_do_not_overlap_and_stay_inside(graph, vertical):
    sizes, edges, labels = graph
    drawn = layout(sizes, edges, labels, vertical=vertical)
    slack = 1e-6 * (1 + max(drawn.size))
    for (a, b, c, d), (e, f, g, h) in combinations(boxes(sizes, drawn), 2):
        assert c <= e + slack or g <= a + slack or d <= f + slack or h <= b + slack
    for left, top, right, bottom in boxes(sizes, drawn):
        assert left >= -slack and top >= -slack
        assert right <= drawn.size[0] + slack and bottom <= drawn.size[1] + slack


@given(graphs(), st.booleans())
def test_edges_start_and_end_on_their_boxes_and_run_forward_around_the_others(graph, vertical):
    sizes, edges, labels = graph
    drawn = layout(sizes, edges, labels, vertical=vertical)
    slack = 1e-6 * (1 + max(drawn.size))
    flow = 1 if vertical else 0
    drawn_boxes = boxes(sizes, drawn)
    for (tail, head), route in zip(edges, drawn.routes):
        assert len(route) % 3 == 1
        for node, end, side in (tail, route[0], 2), (head, route[-1], 0):
            box = drawn_boxes[node]
            assert end[flow] == pytest.approx(box[side + flow], abs=slack)
            assert box[1 - flow] - slack <= end[1 - flow] <= box[3 - flow] + slack
        assert all(before[flow] <= after[flow] + slack for before, after in pairwise(route))
        for (x, y), (left, top, right, bottom) in product(points_between(route), drawn_boxes):
            assert not (left + slack < x < right - slack and top + slack < y < bottom - slack)


@given(graphs())
def test_the_answer_is_the_same_on_every_run(graph):
    assert layout(*graph) == layout(*graph)


@given(graphs())
def test_data_flows_downward_if_vertical_and_else_to_the_right(graph):
    sizes, edges, labels = graph
    across = layout(sizes, edges, labels)
    down = layout([size[::-1] for size in sizes], edges, [size[::-1] for size in labels], vertical=True)
    assert [centre[::-1] for centre in down.centres] == across.centres


@pytest.mark.parametrize("copies", [2, 3, 7])
def test_edges_between_the_same_two_nodes_are_apart(copies):
    """Both edges of a * a are seen."""
    drawn = layout([(60.0, 40.0)] * 2, [(0, 1)] * copies, [(20.0, 10.0)] * copies)
    assert len({tuple(route) for route in drawn.routes}) == copies
    assert len(set(drawn.labels)) == copies


def test_labels_before_one_box_do_not_overlap_if_it_is_high_enough():
    sizes = [(60.0, 40.0)] * 5
    edges = [(0, 4), (1, 4), (2, 4), (2, 4), (0, 3), (3, 4)]
    drawn = layout([*sizes[:4], (60.0, 60.0)], edges, [(20.0, 12.0)] * len(edges))
    at_box = sorted(y for (_, head), (_, y) in zip(edges, drawn.labels) if head == 4)
    assert all(below - above >= 12.0 - 1e-9 for above, below in pairwise(at_box))


def test_an_empty_graph_and_a_single_node():
    assert layout([], []) == Layout((0.0, 0.0), [], [], [])
    assert layout([(30.0, 20.0)], []) == Layout((30.0, 20.0), [(15.0, 10.0)], [], [])


def test_a_cycle_is_refused():
    with pytest.raises(ValueError, match="cycle"):
        layout([(1.0, 1.0)] * 3, [(0, 1), (1, 2), (2, 1)])


def test_a_chain_needs_no_recursion():
    count = 3000
    drawn = layout([(10.0, 10.0)] * count, [(i, i + 1) for i in range(count - 1)])
    assert len({y for _, y in drawn.centres}) == 1


@st.composite
def connected(draw, count=6):
    """Edges between `count` nodes that hang together."""
    order = draw(st.permutations(range(count)))
    pairs = [(draw(st.integers(0, i - 1)), i) for i in range(1, count)]
    pairs += draw(st.lists(st.sampled_from(list(combinations(range(count), 2))), max_size=4))
    return [(min(order[a], order[b]), max(order[a], order[b])) for a, b in pairs]


@settings(max_examples=50)
@given(connected())
@example([(0, 1), (0, 3), (0, 4), (0, 5), (1, 5), (1, 5), (2, 5), (3, 4), (4, 5)])  # 1 has room, and belongs late
def test_ranks_are_the_shortest_there_are(edges):
    rank = ranks(6, edges)
    assert all(rank[tail] < rank[head] for tail, head in edges)
    length = sum(rank[head] - rank[tail] for tail, head in edges)
    for other in product(range(6), repeat=6):
        if all(other[tail] < other[head] for tail, head in edges):
            assert length <= sum(other[head] - other[tail] for tail, head in edges)


def test_trees_are_drawn_without_crossings():
    """Six layers of a binary tree that flows to its root, its leaves in any order."""
    heads = {i: (i - 1) // 2 for i in range(1, 63)}
    layers = [sorted(range(2**k - 1, 2 ** (k + 1) - 1), key=lambda i: i * 37 % 64) for k in range(5, -1, -1)]
    tails = [[i for i, head in heads.items() if head == node] for node in range(63)]
    assert crossings(layers, tails) > 0
    assert crossings(ordered(layers, tails, [[heads[i]] if i else [] for i in range(63)]), tails) == 0


@pytest.mark.parametrize("sizes", [[1, 1], [2, 3, 1], [2, 8, 1], [2, 4, 4, 1], [4, 5, 3], [6, 4, 2], [5, 5, 5, 1]])
def test_networks_cross_no_more_than_graphviz_lets_them(sizes):
    """`python -m benchmarks layout` counts them beside dot's of version 2.43 and newer: these are dot's."""
    dots = {(1, 1): 0, (2, 3, 1): 4, (2, 8, 1): 52, (2, 4, 4, 1): 32, (4, 5, 3): 49, (6, 4, 2): 17, (5, 5, 5, 1): 108}
    assert benchmark.crossings(benchmark.ours(*benchmark.network(sizes[0], sizes[1:]))) <= dots[tuple(sizes)]
