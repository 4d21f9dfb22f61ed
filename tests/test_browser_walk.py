"""The live view in a real browser: by keyboard, by mouse, at any width."""

import json
import re
import shutil
import subprocess
from math import e, isclose, pi
from pathlib import Path
from typing import Any

import pytest
from browser import chromium as chromium, opened as opened
from random_graphs import random_graph
from sizes import long, many, some

from micrograd_like import Value
from micrograd_like.graph.names import Graph
from micrograd_like.losses import hinge
from micrograd_like.mistakes.passes import grads
from micrograd_like.nn import MLP
from micrograd_like.ops import OPS
from micrograd_like.ops.notation import short
from micrograd_like.steps.walk import Backward, walk
from micrograd_like.steps.what_if import what_if
from micrograd_like.views.bundle import asset, bundle, script_json
from micrograd_like.views.javascript import operations
from micrograd_like.views.walk_page import columns, lesson


def example() -> tuple[Value, dict[str, Value]]:
    a, b, c = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c")
    d = a * b
    L = (d + c).tanh() + a * 0.5 + d.relu()
    return L, {"a": a, "b": b, "c": c}


@pytest.fixture
def shown(opened: Any, tmp_path: Path) -> Any:
    """Return a function that shows a walk in a new page."""
    return lambda w, *width, **options: opened(w.save(tmp_path / "lesson.html"), ".mgl .bar", *width, **options)


def press(page: Any, *keys: str) -> None:
    page.locator(".mgl").focus()
    for key in keys:
        page.keyboard.press(key)


def read(page: Any, what: str) -> dict[str, str]:
    """Return what stands in the boxes, by name."""
    boxes = page.locator(".box:not(.constant)")
    texts = [(box.locator(".name").text_content(), box.locator(f".{what}").text_content()) for box in boxes.all()]
    return {re.sub(r"(×|÷|−|\+|\*\*|tanh|relu)$", "", name): text for name, text in texts}


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def test_stepping_to_the_end_by_keyboard_shows_the_engines_grads(shown: Any) -> None:
    L, _ = example()
    w = walk(L)
    page = shown(w)
    press(page, *["ArrowRight"] * len(w))
    assert page.locator(".counter").text_content() == f"{len(w)} / {len(w)}"
    found = read(page, "grad")
    for node, grad in w.grads.items():
        assert found[w.graph.name(node)] == short(grad), w.graph.name(node)


READ_FORMULAS = """() => {
  const root = document.querySelector(".mgl"), found = [];
  const all = (x) => [...x.children].map(read).join("");
  const read = (x) => {
    const [a, b] = [...x.children].map(read);
    switch (x.tagName) {
      case "mfrac": return `((${a})/(${b}))`;
      case "msup": return `((${a})**(${b}))`;
      case "msub": return a + b;
      case "msqrt": return `sqrt(${all(x)})`;
      case "mrow": return x.firstChild?.textContent === "|" ? `abs(${all(x).slice(1, -1)})` : all(x);
      default: return x.children.length ? all(x) : x.textContent === "mod" ? "%" : x.textContent;
    }
  };
  const total = +root.querySelector(".where").max;
  for (let i = 0; i < total; i++) {
    root.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
    found.push([...root.querySelectorAll(".big math")].map(read).join(""));
  }
  return found;
}"""


@long
@pytest.mark.parametrize("rule", some(["right", "overwrite", "no_upstream", "multiply", "tanh_of_input"], 3))
def test_every_formula_on_the_screen_gives_its_number(chromium: Any, tmp_path: Path, rule: str) -> None:
    page = chromium.new_page()
    for seed in range(many(6, 15) if rule == "right" else many(2, 4)):
        output, _ = random_graph(seed, 8)
        w = walk(output, rule)
        page.goto(w.save(tmp_path / "lesson.html").as_uri())
        page.wait_for_selector(".mgl .bar")
        names = {w.graph.name(node): node.data for node in w.graph.nodes if not node.constant}
        scope = {"e": e, "π": pi} | OPS | {"abs": abs} | names
        formulas = page.evaluate(READ_FORMULAS)
        assert len(formulas) == len(w)
        for event, text in zip(w, formulas):
            _, *parts, result = text.translate({0x2212: "-", 0xB7: "*", 0x5B: "(", 0x5D: ")"}).split("=")
            for part in parts:
                upstream = f"({getattr(event, 'upstream', '')!r})"
                slope = re.sub(r"\(∂[^()]*\)/\(∂[^()]*\)", upstream, part)
                scale = abs(event.before) + abs(event.contribution) if isinstance(event, Backward) else 0.0
                assert eval(slope, scope) == pytest.approx(float(result), rel=1.1e-3, abs=1.1e-3 * scale), text
    page.close()


def test_nothing_is_shown_before_its_time(shown: Any) -> None:
    L, _ = example()
    page = shown(walk(L))
    assert set(read(page, "data").values()) == {""}
    press(page, "ArrowRight")
    assert read(page, "data")["a"] == "2"
    assert set(read(page, "grad").values()) == {""}


def test_home_end_back_slider_and_jumps(shown: Any) -> None:
    L, _ = example()
    w = walk(L)
    page = shown(w)
    press(page, "End", "ArrowLeft")
    assert page.locator(".counter").text_content() == f"{len(w) - 1} / {len(w)}"
    press(page, "Home")
    assert page.locator(".counter").text_content() == f"0 / {len(w)}"
    page.locator(".where").fill("5")
    assert page.locator(".counter").text_content() == f"5 / {len(w)}"
    page.locator("select[aria-label='Go to node']").select_option(label="c")
    assert "c.grad" in page.locator(".tell .big").text_content()
    press(page, "p")
    assert page.locator("button[aria-label=Pause]").count() == 1
    press(page, "p")


def test_the_step_says_symbols_numbers_sum_and_what_is_pending(shown: Any) -> None:
    L, _ = example()
    w = walk(L)
    page = shown(w)
    event = next(step for step in w.backward if step.pending)
    press(page, *["ArrowRight"] * (event.index + 1))
    text = page.locator(".tell").text_content()
    pending = w.graph.name(event.pending[0])
    assert f"{event.target} still waits for {pending}" in text
    assert event.why in text
    assert "is the output" in text or "is complete" in text


def test_code_formula_and_node_are_marked_together(shown: Any) -> None:
    a, b = Value(2.0), Value(-3.0)
    c = a * b
    L = c + a
    page = shown(walk(L))
    press(page, *["ArrowRight"] * 3)
    assert page.locator(".code mark").text_content() == "a * b"
    page.locator(".code mark").hover()
    assert page.locator(".box.linked").count() == 1


@pytest.mark.parametrize("how", ["type", "slide", "drag the box"])
def test_a_leaf_moves_and_everything_is_computed_again(shown: Any, how: str) -> None:
    L, leaves = example()
    page = shown(walk(L))
    press(page, "End")
    field = page.locator("input[aria-label='b']")
    if how == "type":
        field.fill("-4.5")
    else:
        handle = page.locator("input[aria-label='b, slide']" if how == "slide" else ".box.leaf[data-node='1']")
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 15, y, steps=5)
        page.mouse.up()
    moved = float(field.input_value())
    assert moved != -3.0
    other = what_if(L, {leaves["b"]: moved})
    found, expected = read(page, "grad"), grads(other)
    for name, leaf in leaves.items():
        twin = next(x for x in expected if x.label == name)
        assert found[name] == short(expected[twin])
        assert leaf.grad == 0.0
    assert read(page, "data")["b"] == short(moved)


def test_predict_hides_the_number_and_waits(shown: Any) -> None:
    a, b = Value(2.0, "a"), Value(3.0, "b")
    c = a * b
    L = c + a
    page = shown(walk(L))
    page.locator("[value=predict]").check()
    press(page, "ArrowRight", "ArrowRight", "ArrowRight")
    assert read(page, "data")["c"] == "?"
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    assert "Not yet" in page.locator(".tell .bad").text_content()
    press(page, "ArrowRight")
    assert page.locator(".counter").text_content() == "3 / 9"  # it waits
    page.locator(".answer").fill("6")
    page.keyboard.press("Enter")
    assert page.locator(".tell .good").text_content() == "Right: 6."
    press(page, "ArrowRight")
    page.locator(".answer").fill("8")
    page.keyboard.press("Enter")
    press(page, "ArrowRight")
    assert page.locator(".chain .grad").text_content().endswith("∂L∂L?")
    page.locator(".answer").fill("1")
    page.keyboard.press("Enter")
    press(page, "ArrowRight")
    page.locator(".answer").fill("1")
    page.keyboard.press("Enter")
    press(page, "ArrowRight")
    page.locator(".answer").fill("1")
    page.keyboard.press("Enter")
    press(page, "ArrowRight")  # a.grad = 1 + b · 1
    for typed, reply in [
        ("3", "this contribution alone"),
        ("2", "upstream gradient alone"),
        ("-4", "sign"),
        ("x", "Type a"),
    ]:
        page.locator(".answer").fill(typed)
        page.keyboard.press("Enter")
        assert reply in page.locator(".tell .bad").text_content(), typed
    page.locator(".answer").fill("8/2")
    page.keyboard.press("Enter")
    assert page.locator(".tell .good").text_content() == "Right: 4."


def test_wrong_on_purpose_stands_beside_the_right_one(shown: Any) -> None:
    a = Value(1.0, "a")
    b = a + a
    c = b + b
    page = shown(walk(c, "depth_first"))
    press(page, "End")
    rows = page.locator(".compare tbody tr").all_text_contents()
    assert rows == ["c11same", "b22same", "a48differs"]
    page.locator("select[aria-label=Mistake]").select_option("first_reach")
    assert "happens to give the right gradients" in page.locator(".card").text_content()


def test_every_mistake_on_the_page_is_that_of_python(shown: Any) -> None:
    a, b = Value(0.7, "a"), Value(2.5, "b")
    v = a * b
    L = ((v * v - a) / 2.0 + v.tanh()) ** 2
    page = shown(walk(L, "double"))
    press(page, "End")
    assert read(page, "grad")["a"] == short(2 * grads(L)[a])
    chooser = page.locator("select[aria-label=Mistake]")
    names = [x.get_attribute("value") for x in chooser.locator("option").all()]
    assert len(names) > 30 and {"double", "inverted", "step_too_far", "square_once", "constants"} <= {*names}
    for name in names:
        chooser.select_option(name)
        press(page, "End")
        cells = page.locator(".compare tbody tr").all_text_contents()
        right, wrong = grads(L), grads(L, name)
        node = {"a": a, "b": b}
        for key, x in node.items():
            [row] = [cell for cell in cells if cell.startswith(key)]
            expected = "same" if isclose(right[x], wrong[x], rel_tol=1e-9) else "differs"
            assert row == f"{key}{short(right[x])}{short(wrong[x])}{expected}", name


def test_what_a_page_cannot_show_is_refused(tmp_path: Path) -> None:
    x = Value(2.0, "x")
    y = x * x
    x.data = 5.0
    with pytest.raises(ValueError, match=r"no number is changed after it was used\. Write print\(walk"):
        walk(y, "changed").save(tmp_path / "page.html")


def test_nudging_warns_at_a_kink(shown: Any) -> None:
    x = Value(0.05, "x")
    y = x.relu() * 2.0
    page = shown(walk(y))
    page.locator("[value=nudge]").check()
    text = page.locator(".result").text_content()
    assert "measured 1.5" in text and "backward 2" in text and "A kink was crossed" in text


def test_a_hostile_label_is_text(shown: Any) -> None:
    hostile = '</script><img src=x onerror="document.title=1"><b>\\u0000"\'{a}'
    a = Value(2.0, hostile)
    L = a * a
    page = shown(walk(L))
    press(page, "End")
    assert page.title() == "Walk through L"
    assert page.locator(".mgl img").count() == 0
    assert hostile in page.locator(".tell").text_content()


@pytest.mark.parametrize("width", [320, 390, 800, 1280])
def test_numbers_never_overlap(shown: Any, width: int) -> None:
    a, b = Value(-1.2345e-10, "a"), Value(-98765.4321, "b")
    L = (a * b - 1234567.0) * (a + b) / 3.0
    page = shown(walk(L), width)
    press(page, "End")
    overlaps = page.evaluate("""() => {
      const rects = [...document.querySelectorAll(".graph text")].filter((t) => t.textContent)
        .map((t) => [t.textContent, t.getBoundingClientRect()]);
      const meet = (p, q) => p.left < q.right - 1 && p.top < q.bottom - 3;
      return rects.flatMap(([a, p], i) =>
        rects.slice(i + 1).flatMap(([b, q]) => (meet(p, q) && meet(q, p) ? [a + " | " + b] : [])));
    }""")
    assert overlaps == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def large() -> Value:
    model = MLP(2, [8, 1], rng=1)
    outputs = [model([0.1 * i, -0.2 * i]) for i in range(15)]
    loss = outputs[0]
    for output in outputs[1:]:
        loss = loss + output * output
    return loss


def test_a_thousand_nodes_are_folded_and_groups_open(shown: Any) -> None:
    w = walk(large())
    assert len(w.graph) > 1000 or len(w.graph) > 600
    page = shown(w)
    assert page.locator(".box").count() <= 100
    page.evaluate("document.querySelector('.box .behind').closest('.box').dispatchEvent(new Event('click'))")
    assert "stands for" in page.locator(".group").text_content()
    page.locator(".group .head button").click()
    page.locator('.box[role="button"]').first.focus()
    page.keyboard.press("Enter")
    assert "stands for" in page.locator(".group").text_content()
    page.locator(".members button").first.click()
    press(page, "End")
    total = len(w)
    assert page.locator(".counter").text_content() == f"{total} / {total}"
    assert page.evaluate("document.getElementById('walk').walk.grads")[w.graph.name(w.graph.nodes[0])] == pytest.approx(
        w.grads[w.graph.nodes[0]], rel=1e-9
    )
    assert page.locator(".zoom button").count() == 3
    press(page, "+", "-", "0")


def network(examples: int) -> Value:
    model = MLP(2, [16, 16, 1], rng=1)
    loss = hinge([model([0.1 * i, 1.0 - 0.2 * i]) for i in range(examples)], [(-1) ** i for i in range(examples)])
    loss.label = "loss"
    return loss


def test_any_scalar_of_a_network_is_three_clicks_away(shown: Any) -> None:
    loss = network(5)
    w, right = walk(loss), grads(loss)
    page = shown(w)
    press(page, "End")
    page.locator(".box", has=page.locator(".name", has_text="z² ×80")).click()  # the box
    canvas = page.locator(".matrix canvas")
    assert canvas.count() == 2
    place = canvas.first.bounding_box()
    rows, columns = 16, 5
    x, y = place["width"] * 3.5 / columns, place["height"] * 2.5 / rows
    canvas.first.click(position={"x": x, "y": y})  # the cell: neuron 2, example 3
    by_name = {w.graph.name(node): node for node in w.graph.nodes}
    z = by_name["z2[2]_4"]
    assert page.locator(".group h3").text_content() == f"z²₂ (4) = {short(z.data)}, gradient {short(right[z])}"
    inside = page.locator(".group .members button")
    assert inside.count() == 2 * 16 - 1  # 16 products, and the sums between; the last sum is z itself
    product = next(
        x for x in inside.all_text_contents() if w.graph.nodes and by_name[x.split(" = ")[0]].op.name == "mul"
    )
    inside.filter(has_text=product.split(" = ")[0] + " ").first.click()  # a product in it
    node = by_name[product.split(" = ")[0]]
    told = page.locator(".group h3").text_content()
    assert told == f"{w.graph.name(node)} = {short(node.data)}, gradient {short(right[node])}"
    page.get_by_role("button", name="Back to").click()
    assert canvas.count() == 2


def test_a_large_page_sends_what_repeats_once(tmp_path: Path) -> None:
    small, large = (walk(network(n)).save(tmp_path / f"{n}.html").stat().st_size for n in (3, 9))
    assert large < 100_000 and (large - small) / 6 < 2_000  # so 100 examples, 65,000 nodes, stay below 300 kB


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_the_columns_of_a_lesson_are_its_nodes(tmp_path: Path) -> None:
    loss = network(2)
    for node, label in zip(loss.inputs[0].inputs, ("constructor", "__proto__")):
        node.label = label
    told = lesson(walk(loss))
    script = f"{bundle('model.js')}\nconst ops = {operations(OPS)};\nconst lesson = {script_json(columns(told))};\n"
    (tmp_path / "script.mjs").write_text(script + "console.log(JSON.stringify(expanded(lesson, ops)));", "utf-8")
    run = subprocess.run(["node", str(tmp_path / "script.mjs")], capture_output=True, text=True, check=True)
    nodes = json.loads(run.stdout)
    numbers = [[node.pop("data") for node in both] for both in (nodes, told["nodes"])]
    assert numbers[0] == pytest.approx(numbers[1], rel=1e-13)
    assert nodes == json.loads(json.dumps(told["nodes"]))


@long
@pytest.mark.parametrize("nodes", some([10, 4_501, 20_000, 1_700], 2))
def test_the_gradients_of_every_page_are_the_engines(shown: Any, nodes: int) -> None:
    x, y = Value(0.3, "x"), Value(-1.2, "y")
    z = x * y
    while len(Graph(z)) < nodes:
        for _ in range(max(nodes // 12, 1)):
            z = z * 0.999 + x * y
        z = z.tanh() + y
    w = walk(z)
    page = shown(w)
    found = page.evaluate("Object.values(document.getElementById('walk').walk.grads)")
    expected = [grad for node, grad in grads(z).items() if not node.constant]
    assert len(found) == len(expected) >= nodes // 3
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-300)
    press(page, "End")
    assert page.locator(".counter").text_content() == f"{len(w)} / {len(w)}"


def test_a_pass_along_every_path_is_refused_with_a_sentence(shown: Any) -> None:
    x = Value(1.01, "x")
    y = x
    for _ in range(20):
        y = (y + y) * 0.5
    page = shown(walk(y, "no_visited"))
    assert "more than 100000 steps on this graph" in page.locator(".side .card").text_content()
    assert page.evaluate("document.getElementById('walk').walk.grads.x") == pytest.approx(grads(y)[x], rel=1e-9)


def test_after_a_mode_is_chosen_by_mouse_the_arrow_keys_step(shown: Any) -> None:
    page = shown(walk(example()[0]))
    page.locator("[value=predict]").click()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.locator(".mgl").get_attribute("data-mode") == "predict"
    assert page.locator(".counter").text_content().startswith("3 / ")
    page.keyboard.press("ArrowLeft")
    assert page.locator(".counter").text_content().startswith("2 / ")
    page.locator("[value=nudge]").focus()
    page.keyboard.press("Space")
    assert page.locator(".mgl").get_attribute("data-mode") == "nudge"
    assert page.locator("input[type=radio]:checked").count() == 1


def test_jupyter_leaves_the_keys_alone(shown: Any) -> None:
    page = shown(walk(example()[0]))
    assert page.locator(".mgl").get_attribute("tabindex") == "0"
    left = """[...document.querySelectorAll(".mgl, .mgl *")]
      .filter((x) => x.tabIndex >= 0 && !x.dataset.lmSuppressShortcuts).map((x) => x.outerHTML)"""
    assert page.evaluate(left) == []


def test_on_paper_there_are_no_buttons(shown: Any) -> None:
    page = shown(walk(example()[0]))
    press(page, "End")
    page.emulate_media(media="print")
    assert not page.locator(".bar").is_visible()
    assert page.locator(".trace table").is_visible()


def test_a_page_of_25_nodes_is_under_90_kilobytes(tmp_path: Path) -> None:
    model = MLP(2, [2], activation="tanh", rng=1)
    first, second = model([1.0, -2.0])
    L = (first - second) ** 2 + first / (1 + second.exp() * first)
    w = walk(L)
    assert len(w.graph) == 25
    assert w.save(tmp_path / "lesson.html").stat().st_size < 90_000


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("text", ["ink", "dim", "slope", "warn", "good", "go"])
@pytest.mark.parametrize("behind", ["paper", "op", "input", "parameter", "output"])
def test_contrast(text: str, behind: str) -> None:
    if text in ("warn", "good", "go") and behind != "paper":
        return
    colours = dict(re.findall(r"--(\w+):light-dark\((#\w+,#\w+)\)", asset("walk.css")))
    for front, back in zip(colours[text].split(","), colours[behind].split(",")):
        light, dark = sorted([luminance(front), luminance(back)], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_the_look_is_written_down() -> None:
    tokens = dict(re.findall(r"--(\w+):light-dark\((#\w+,#\w+)\)", asset("look.css")))
    text = (Path(__file__).parent.parent / "docs/look.md").read_text("utf-8")
    told = re.findall(r"\| `--(\w+)` \| [^|]+ \| `(#\w+)` \| `(#\w+)` \|", text)
    assert {name: f"{light},{dark}" for name, light, dark in told} == tokens
