"""Curves, network diagrams and decision boundaries: what is in them, and that the files stay well-formed."""

import re
from math import inf, nan, tanh
from xml.etree import ElementTree

import pytest
from hypothesis import given, strategies as st

from micrograd_like.drawing.plots import curves, decision_boundary, diagram, mark, ticks
from micrograd_like.nn import MLP, Layer, Neuron

SVG = "{http://www.w3.org/2000/svg}"
CORNERS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]


def texts(shown):
    return [element.text for element in ElementTree.fromstring(shown.svg).iter(f"{SVG}text")]


def paths(shown, kind):
    """The drawn paths of a class, without those of the legend, which are last."""
    return re.findall(rf'<path class="{kind}"[^>]* d="([^"]*)"', shown.svg)


@given(st.floats(-1e150, 1e150), st.floats(1e-6, 1e3))
def test_ticks_are_few_and_in_between(low, share):
    high = low + (abs(low) or 1.0) * share
    slack = 1e-9 * (high - low) + 1e-11 * max(abs(low), abs(high))  # they have 12 digits
    marks = ticks(low, high)
    assert 2 <= len(marks) <= 8
    assert all(low - slack <= x <= high + slack for x in marks)


def test_curves_have_a_line_and_a_legend_each():
    shown = curves({"training": [3.0, 2.0, 1.0], "validation": [3.5, 3.0, 2.9]}, title="Moons")
    assert {"training", "validation", "Moons", "epoch", "loss"} <= set(texts(shown))
    line, _ = paths(shown, "line0")
    heights = [float(y) for y in re.findall(r"[\d.]+ ([\d.]+)", line)]
    assert heights == sorted(heights) and len(heights) == 3  # downward in the picture as in the numbers


def test_lines_differ_in_more_than_colour():
    shown = curves({f"line {i}": [0.0, i] for i in range(6)})
    assert len(set(re.findall(r'stroke-dasharray="([^"]*)"', shown.svg))) == 6
    assert len({re.sub(r"^.*?M[\d. ]+", "", mark(0.0, 0.0, k)) for k in range(6)}) == 6


@pytest.mark.parametrize("gap", [None, nan, inf, -inf, 1e300])
def test_what_is_no_number_interrupts_a_line(gap):
    assert len(paths(curves({"loss": [3.0, 2.0, gap, 1.0, 0.5]}), "line0")) == 2 + 1


def test_a_logarithmic_axis_leaves_out_what_has_no_logarithm():
    shown = curves({"loss": [100.0, 0.0, 10.0, 1.0]}, log=True)
    assert {"1", "10", "100"} <= set(texts(shown)) and len(paths(shown, "line0")) == 2 + 1


@pytest.mark.parametrize("numbers", [[5.0], [0.0, 0.0], [1e-300, 2e-300], [-1e149, 1e149], [7] * 3])
def test_curves_of_any_range(numbers):
    assert "nan" not in curves({"loss": numbers}).svg


@pytest.mark.parametrize("series", [{}, {"loss": []}, {"loss": [nan, None]}])
def test_curves_of_nothing(series):
    with pytest.raises(ValueError, match="There is no number to draw"):
        curves(series)


def test_names_are_text():
    shown = curves({'<script>"\0\\': [1.0, 2.0]}, title="a & b\n")
    assert '<script>"␀\\' in texts(shown) and "a & b␊" in texts(shown)


def test_a_connection_shows_the_size_and_sign_of_its_weight():
    neuron = Neuron(3)
    neuron.w[0].data, neuron.w[1].data, neuron.w[2].data = 2.0, -1.0, 0.0
    drawn = re.findall(
        r'<path class="(line\d)"( stroke-dasharray="5 3")? fill="none" stroke-width="([\d.]+)"', diagram(neuron).svg
    )
    assert drawn == [("line0", "", "4.30"), ("line1", ' stroke-dasharray="5 3"', "2.30"), ("line0", "", "0.30")]


def test_a_network_has_a_column_for_each_layer():
    shown = MLP(2, [3, 1], activation="tanh", output="sigmoid").diagram()
    assert {"inputs", "tanh", "sigmoid", "x₁", "a¹₂", "ŷ"} <= set(texts(shown))
    root = ElementTree.fromstring(shown.svg)
    assert len({circle.get("cx") for circle in root.iter(f"{SVG}circle")}) == 3
    assert len(list(root.iter(f"{SVG}circle"))) == 2 + 3 + 1
    assert len(paths(shown, "line0")) + len(paths(shown, "line1")) == 2 * 3 + 3 + 2


def test_a_wide_layer_says_how_many_neurons_are_left_out():
    shown = diagram(Layer(64, 20), most=10)
    assert {"⋮ 54 more", "⋮ 10 more"} <= set(texts(shown))


def test_all_weights_0():
    model = MLP(2, [2, 1])
    for parameter in model.parameters():
        parameter.data = 0.0
    assert "nan" not in model.diagram().svg


def area(shown, k):
    """How much of the plane class k has, by the corners of the pieces of its area."""
    total = 0.0
    for piece in paths(shown, f"area{k}")[0].removesuffix("z").split("z"):
        points = [tuple(map(float, p.split())) for p in re.split("[ML]", piece) if p]
        total += sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, points[1:] + points[:1]))
    return abs(total) / 2 / 420**2


@pytest.mark.parametrize(("labels", "model"), [([-1, 1], lambda x: tanh(x[0] - 0.25)), ([0, 1], lambda x: x[0] + 0.25)])
def test_the_border_is_midway_between_the_labels(labels, model):
    """At x = 0.25, of a plane from -0.04 to 1.04."""
    low, high = labels
    shown = decision_boundary(model, CORNERS, [low, low, high, high])
    assert area(shown, 1) == pytest.approx((1.04 - 0.25) / 1.08, abs=1e-3)
    assert {str(low), str(high)} <= set(texts(shown))


def test_a_threshold_moves_the_border():
    shown = decision_boundary(lambda x: x[0], CORNERS, [0, 0, 1, 1], threshold=0.75)
    assert area(shown, 1) == pytest.approx((1.04 - 0.75) / 1.08, abs=1e-3)


def test_the_largest_of_several_outputs_wins():
    shown = decision_boundary(lambda x: [1 - x[0], x[0], 0.0], CORNERS, [0, 0, 1, [0, 0, 1]])
    assert area(shown, 1) == pytest.approx(0.5, abs=1e-3) and 'class="mark2"' in shown.svg


def test_a_network_is_asked_for_plain_numbers():
    shown = decision_boundary(MLP(2, [4, 1]), CORNERS, [-1, 1, 1, -1])
    ElementTree.fromstring(shown.svg)
    assert shown.title == "4 examples of 2 classes, and the area that the model gives to each"


@pytest.mark.parametrize("value", [inf, -inf, nan])
def test_a_model_that_overflows_still_has_a_picture(value):
    ElementTree.fromstring(decision_boundary(lambda x: value if x[0] > 0.5 else 0.0, CORNERS, [0, 0, 1, 1]).svg)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [([], [], "Give at least one"), ([[1.0, 2.0]], [0, 1], "1 examples and 2 labels"),
     ([[1.0, 2.0], [1.0, 2.0, 3.0]], [0, 1], r"Example 1 has 3 inputs.*row\[:2\]")],
)  # fmt: skip
def test_data_that_have_no_plane(X, y, message):
    with pytest.raises(ValueError, match=message):
        decision_boundary(lambda x: 0.0, X, y)


def test_what_is_0_but_for_rounding_is_called_0() -> None:
    told = curves({"wave": [-1.2e-16, 1.0, 1.2e-16]}).svg
    assert "wave from 0 to 0" in told and "e-16" not in told
