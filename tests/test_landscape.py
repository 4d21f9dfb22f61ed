"""Landscapes: what they draw is what the engine computes."""

import xml.etree.ElementTree as ET

import pytest

from micrograd_like import SGD, Value
from micrograd_like.ops import OPS
from micrograd_like.views.landscape import activation, contour, descend, slope, valley


def bowl(x: Value) -> Value:
    return x * x


def test_a_descent_is_the_optimizers() -> None:
    assert descend(bowl, [1.0], lambda p: SGD(p, lr=0.25), steps=3) == [[1.0], [0.5], [0.25], [0.125]]
    assert descend(bowl, [-1.0], lambda p: SGD(p, lr=1.5), steps=2) == [[-1.0], [2.0], [-4.0]]


def test_a_negative_slope_sends_the_ball_to_the_right() -> None:
    for start in (-2.0, 3.0):
        height, [gradient] = slope(bowl, start)
        assert (height, gradient) == (start**2, 2 * start)
        moved = descend(bowl, [start], steps=1)[1][0] - start
        assert moved * gradient < 0


@pytest.mark.parametrize(
    "picture",
    [
        lambda: valley(bowl, descend(bowl, [1.0]), title="<b> & co"),
        lambda: valley(lambda x: x.log(), [[1.0]], interval=(-1, 2)),
        lambda: contour(lambda x, y: x * x + y * y, {"a <b>": [[1.0, 1.0], [0.5, 0.5]]}),
        *[lambda op=op: activation(op) for op in ("sigmoid", "tanh", "relu", "gelu")],
    ],
)
def test_pictures_are_well_formed_and_say_what_they_show(picture: object) -> None:
    drawn = picture()  # type: ignore[operator]
    root = ET.fromstring(drawn.svg)
    assert drawn.title and any(element.tag.endswith("desc") for element in root.iter())


def test_a_balls_places_are_the_descents() -> None:
    path = descend(bowl, [1.0], steps=4)
    svg = ET.fromstring(valley(bowl, path).svg)
    values = [e.attrib["values"] for e in svg.iter() if e.attrib.get("attributeName") == "cx"]
    assert len(values) == 1 and len(values[0].split(";")) == len(path)
    assert OPS["relu"].why in activation("relu").svg


@pytest.mark.parametrize(("name", "pieces"), [("sigmoid", 2), ("tanh", 2), ("relu", 1), ("sin", 4), ("softplus", 1)])
def test_an_activation_shows_where_it_is_flat(name: str, pieces: int) -> None:
    svg = activation(name, -5.0, 5.0).svg
    assert svg.count('stroke-width="7') == pieces + 1 and "below 5% of its steepest" in svg  # one is in the legend
    assert "below 5%" not in activation("neg").svg
