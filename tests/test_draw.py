"""Drawings of graphs: what is in them, in every format, at every size."""

import base64
import re
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from micrograd_like import Value
from micrograd_like.drawing import picture
from micrograd_like.drawing.draw import draw, draw_dot
from micrograd_like.drawing.picture import NoConverterError
from micrograd_like.nn import MLP, Neuron, Parameter

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz's dot")
HOSTILE = ['say "hi"', "<script>alert(1)</script>", "nul\0bell\x07", "{a|b}", "back\\slash\\n", "𝜕𝕏 🧠", "&lt;&amp;",
           "two\nlines", "\u202eright to left", "\ud800 alone", "]]>", "--><!--", "%s {0}", "x" * 500]  # fmt: skip


def texts(svg):
    """All text that a reader of the SVG sees."""
    root = ElementTree.fromstring(svg)
    return [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]


def arrows(svg):
    return re.findall(r'<path class="line"[^>]* d="([^"]*)"', svg)


@pytest.fixture
def expression():
    """The lecture's L = (a*b + c) * f."""
    a, b, c, f = Value(2.0), Value(-3.0), Value(10.0), Value(-2.0)
    e = a * b
    d = e + c
    L = d * f
    return {"a": a, "b": b, "c": c, "e": e, "d": d, "f": f, "L": L}


def test_a_box_has_name_data_grad_and_op_and_an_edge_its_local_derivative(expression):
    expression["L"].backward()
    seen = texts(draw(expression["L"], names=expression).svg)
    start = seen.index("e")
    assert seen[start - 1 : start + 5] == ["*", "e", "data", "-6", "grad", "-2"]
    assert sorted(seen[: seen.index("a")]) == ["-2", "-3", "1", "1", "2", "4"]  # the arrows come first


def test_nodes_have_the_names_of_the_callers_variables():
    a = Value(2.0)
    square = a * a
    assert {"a", "square"} <= set(texts(draw(square).svg))


def test_both_edges_of_a_square_are_drawn(tmp_path):
    a = Value(3.0)
    drawing = draw(a * a)
    assert len(set(arrows(drawing.svg))) == 2
    assert drawing.dot.count("n0 -> n1") == 2


@pytest.mark.parametrize("form", ["svg", "dot"])
def test_before_backward_it_says_so_instead_of_0(expression, form):
    written = getattr(draw(expression["L"]), form)
    assert "no backward yet" in written and "–" in written
    expression["L"].backward()
    assert "no backward yet" not in getattr(draw(expression["L"]), form)


@pytest.mark.parametrize("form", ["svg", "dot"])
def test_what_was_computed_before_an_input_changed_is_marked(expression, form):
    assert "dashed:" not in getattr(draw(expression["L"]), form)
    expression["a"].data = 5.0
    written = getattr(draw(expression["L"], names=expression), form)
    assert "dashed: an input was changed after this was computed" in written and written.count("new data") == 1
    assert written.count('class="op warn-edge dashed"' if form == "svg" else 'style="filled,dashed"') == 1


def test_constants_are_small_and_grey_and_have_no_local_derivative():
    x = Value(3.0)
    svg = draw(2 * x).svg
    assert '<text class="dim" x=' in svg and ">2</text>" in svg
    labels = re.findall(r'class="slope halo"[^>]*>([^<]*)<', svg)
    assert labels == ["2"]  # of x, not of the constant


def test_parameters_inputs_and_outputs_have_shapes_of_their_own():
    neuron = Neuron(1)
    svg = draw(neuron([2.0])).svg
    shapes = {kind: re.search(rf'class="{kind} {kind}-edge" d="([^"]*)"', svg)[1] for kind in
              ("input", "parameter", "op", "output")}  # fmt: skip
    commands = {kind: re.sub(r"[-\d. ]", "", shape) for kind, shape in shapes.items()}
    assert commands["parameter"] == "Mhvhlz" and "l" not in commands["input"]
    assert re.search(r"q0 0 0 0", shapes["input"])  # square on the right
    assert 'class="output-edge" fill="none"' in svg  # a second line around the output


def test_numbers_have_four_significant_digits_unless_asked():
    x = Value(1.23456789, "x")
    assert "1.235" in texts(draw(x.exp()).svg)
    assert "1.2345679" in texts(draw(x.exp(), digits=8).svg)


@pytest.mark.parametrize("label", HOSTILE)
@pytest.mark.parametrize("fold", [False, True])
def test_any_label_is_drawn_as_text_and_files_stay_well_formed(label, fold, tmp_path):
    x = Value(1.5, label)
    y = x * x
    y.label = label
    y.backward()
    drawing = draw(y, fold=fold)
    seen = texts(drawing.svg)
    expected = picture.shortened(picture.visible(label), 26)
    assert [t for t in seen if t.startswith(expected[:20])]
    assert not re.search("[\0-\x08\x0b-\x1f\x7f\u202a-\u202e\ud800-\udfff]", drawing.svg + drawing.dot)
    assert "<script>alert" not in drawing.html
    html = drawing.save(tmp_path / "x.html").read_text(encoding="utf-8")
    assert html.count("<script>") == 1
    ElementTree.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])
    ElementTree.fromstring(drawing._repr_html_())


@needs_dot
@pytest.mark.parametrize("label", HOSTILE)
def test_dot_reads_any_label_as_text(label):
    drawing = draw(Value(1.5, label) * 2, engine="dot")
    root = ElementTree.fromstring(drawing.svg[drawing.svg.index("<svg") :])
    seen = "".join(t.replace("\xa0", " ") for t in root.itertext())
    assert picture.shortened(picture.visible(label), 26) in seen


def test_a_notebook_gets_an_image_that_survives_without_trust_and_a_line_of_text(expression):
    drawing = draw(expression["L"], names=expression)
    image = ElementTree.fromstring(drawing._repr_html_()).find("img")
    kind, data = image.get("src").split(",")
    assert kind == "data:image/svg+xml;base64" and base64.b64decode(data).decode() == drawing.svg
    assert image.get("alt") == "L = -8, a graph of 7 nodes"
    assert repr(drawing) == "<Drawing: L = -8, a graph of 7 nodes>"


def test_those_who_do_not_see_it_hear_the_program(expression):
    root = ElementTree.fromstring(draw(expression["L"], names=expression).svg)
    assert root.get("role") == "img"
    assert "\nd = e + c " in root.find("{http://www.w3.org/2000/svg}desc").text


@pytest.mark.parametrize("ending", ["svg", "dot", "html"])
def test_a_file_is_what_its_ending_says(ending, tmp_path, expression):
    drawing = draw(expression["L"])
    path = drawing.save(tmp_path / f"graph.{ending}")
    assert path.read_text(encoding="utf-8") == getattr(drawing, ending)
    assert drawing.render(str(tmp_path / "again"), format=ending).endswith(f"again.{ending}")


def test_an_unknown_ending_says_which_there_are(expression, tmp_path):
    with pytest.raises(ValueError, match=r"graph\.jpg.*Write one of: graph\.svg, graph\.png"):
        draw(expression["L"]).save(tmp_path / "graph.jpg")


@pytest.mark.skipif(not (shutil.which("rsvg-convert") or shutil.which("dot")), reason="needs a converter")
def test_png(tmp_path, expression):
    assert draw(expression["L"]).save(tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")


def test_without_programs_everything_but_png_works(monkeypatch, expression):
    monkeypatch.setattr(shutil, "which", lambda program: None)
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    drawing = draw(expression["L"], names=expression)
    assert drawing.svg and drawing.dot and drawing.html
    with pytest.raises(NoConverterError, match="pip install cairosvg"):
        _ = drawing.png
    with pytest.raises(NoConverterError, match="Leave engine out"):
        draw(expression["L"], engine="dot")
    assert draw_dot(expression["L"], names=expression).source == drawing.dot


def test_draw_dot_without_the_package(monkeypatch, expression):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    assert draw_dot(expression["L"]).source.startswith("digraph")


@needs_dot
def test_draw_dot_is_a_digraph_as_in_the_lecture(expression):
    graphviz = pytest.importorskip("graphviz")
    dot = draw_dot(expression["L"])
    assert isinstance(dot, graphviz.Digraph)
    assert b"<svg" in dot.pipe(format="svg")


@pytest.mark.parametrize("given", [3.0, "L", None, [1.0]])
def test_what_is_no_graph_is_refused(given):
    with pytest.raises(TypeError, match="which has no graph"):
        draw(given)


def test_no_root_and_no_such_engine():
    with pytest.raises(TypeError, match="Give a Value"):
        draw()
    with pytest.raises(ValueError, match='Write engine="dot"'):
        draw(Value(1.0), engine="neato")


def test_several_outputs_and_a_list_of_them():
    model = MLP(2, [2])
    svg = draw(model([1.0, 2.0])).svg
    assert svg.count('class="output output-edge"') == 3  # the third is in the legend


def test_a_single_leaf_and_special_numbers():
    x = Value(float("nan"), "x")
    x.grad = float("-inf")
    assert {"nan", "-inf"} <= set(texts(draw(x).svg))


def test_vertical_flows_downward(expression):
    for path in arrows(draw(expression["L"], vertical=True).svg):
        heights = [float(y) for y in re.findall(r"[-\d.]+ ([-\d.]+)", path)]
        assert heights == sorted(heights)


def test_a_frozen_or_plain_parameter_is_a_parameter():
    assert 'class="parameter parameter-edge"' in draw(Parameter(1.0, "w") * 2).svg


def test_the_drawing_is_the_same_in_every_process():
    program = (
        "from micrograd_like.nn import MLP; from micrograd_like.drawing.draw import draw;"
        "print(ascii(draw(MLP(2, [4, 4, 1])([1.0, 2.0])).svg))"
    )
    command = [sys.executable, "-c", program]
    first, second = (subprocess.run(command, capture_output=True, check=True).stdout for _ in range(2))
    assert first == second
