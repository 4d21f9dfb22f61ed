"""What ends a cell shows itself: every public name, and what each public function returns for a small graph."""

import re
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from types import ModuleType
from typing import Any

import pytest

import micrograd_like as ml
from micrograd_like import MLP, SGD, Value, data, exercises, losses

LONGEST = 4_000  # characters


def graph() -> tuple[Value, Value, Value]:
    x, w = Value(2.0, "x"), Value(-3.0, "w")
    L = (x * w + 1.0).tanh() * x
    L.label = "L"
    L.backward()
    return L, x, w


L, x, w = graph()
model = MLP(2, [3, 1], seed=1)
X, y = data.moons(12, labels=(-1, 1))
ex = exercises.Exercise(L)

SHOWN: dict[str, Callable[[], Any]] = {  # what a call of each public function gives; other names show themselves
    "Adam": lambda: ml.Adam(model.parameters()),
    "Graph": lambda: ml.Graph(L),
    "Layer": lambda: ml.Layer(2, 2),
    "LogisticRegression": lambda: ml.LogisticRegression(2),
    "MLP": lambda: model,
    "Module": lambda: ml.Module(),
    "MicrogradLikeWarning": lambda: ml.MicrogradLikeWarning("Write x."),
    "Neuron": lambda: ml.Neuron(2),
    "Op": lambda: ml.OPS["tanh"],
    "SGD": lambda: SGD(model.parameters(), 0.1),
    "TrainingDivergedError": lambda: ml.TrainingDivergedError("Write lr=0.1."),
    "TrainingHistory": lambda: ml.fit(MLP(2, [1]), X, y, "hinge", 2),
    "Value": lambda: L,
    "answer_key": lambda: ml.answer_key(L),
    "backward_steps": lambda: ml.backward_steps(L),
    "clamp": lambda: ml.clamp(x, 0.0, 1.0),
    "clip_gradients": lambda: ml.clip_gradients(model.parameters(), 1.0),
    "compile": lambda: compiled(),
    "decision_boundary": lambda: ml.decision_boundary(model, X, y),
    "doctor": lambda: ml.doctor(model),
    "dot": lambda: ml.dot([x], [w]),
    "draw": lambda: ml.draw(L),
    "draw_dot": lambda: graphviz(),
    "explain": lambda: [ml.explain(L), ml.explain(x)],
    "fit": lambda: ml.fit(MLP(2, [1]), X, y, "hinge", 2),
    "gradcheck": lambda: ml.gradcheck(lambda a: a * a, [3.0]),
    "grade": lambda: ml.grade(ml.OPS["tanh"]),
    "gradients": lambda: ml.gradients(L, [x, w]),
    "ieee": lambda: ml.ieee(),
    "load_model": lambda: model,
    "logsumexp": lambda: ml.logsumexp([x, w]),
    "mean": lambda: ml.mean([x, w]),
    "nudge": lambda: ml.nudge(L, x),
    "paths": lambda: ml.paths(L, x),
    "save_model": lambda: None,
    "seed": lambda: ml.seed(1),
    "softmax": lambda: ml.softmax([x, w]),
    "topological_order": lambda: ml.topological_order(L),
    "use": lambda: None,
    "walk": lambda: [ml.walk(L), ml.walk(L).differences, ml.walk(L, rule="overwrite").differences, [*ml.walk(L)]],
    "what_if": lambda: ml.what_if(L, {x: 3.0}),
    "where": lambda: ml.where(True, x, w),
    "data.Dataset": lambda: data.xor(8),
    "data.Standardize": lambda: data.Standardize.fit(X),
    "data.batches": lambda: data.batches(X, y, 4),
    "data.one_hot": lambda: data.one_hot(1, 3),
    "data.read_csv": lambda: data.iris(),
    "data.train_val_split": lambda: data.train_val_split(X, y),
    "exercises.Exercise": lambda: ex,
    "exercises.Mark": lambda: ex.check(L=1)["L"],
    "exercises.Marking": lambda: [ex.check(L=1), ex.check(L=5, x=3), ex.check(ex.answers)],
    "exercises.Progress": lambda: practised(),
    "exercises.generate": lambda: exercises.generate("chain", seed=1),
}  # fmt: skip
NOT_OURS = {"draw_dot"}  # graphviz's own object, which a notebook shows as a picture
RICH = {
    "Graph", "SGD", "Adam", "TrainingHistory", "answer_key", "compile", "decision_boundary", "draw", "draw_dot",
    "explain", "gradcheck", "nudge", "paths", "walk", "data.read_csv", "exercises.Exercise", "exercises.Marking",
}  # fmt: skip


def compiled() -> Any:
    pytest.importorskip("numpy")
    program = ml.compile(lambda a: a * x + w, 3.0)
    return [program, program.explain()]


def graphviz() -> Any:
    pytest.importorskip("graphviz")
    return ml.draw_dot(L)


def practised() -> list[Any]:
    mine = exercises.Progress()
    exercises.generate("chain", seed=1, keep=mine).check(L=5)
    return [exercises.Progress(), mine]


def public() -> Iterator[tuple[str, Any]]:
    """Yield every public name and what it is; of the rooms that are public, those in their __all__."""
    for name in ml.__all__:
        yield name, getattr(ml, name)
    for module in (data, exercises):
        yield from ((f"{module.__name__.rpartition('.')[2]}.{name}", getattr(module, name)) for name in module.__all__)
    yield from ((f"losses.{name}", thing) for name, thing in vars(losses).items() if isinstance(thing, losses.Loss))


NAMES = dict(public())


def given(name: str) -> list[Any]:
    """Return what ends a cell that uses this name: what a call gives, or a thing itself."""
    thing = NAMES[name]
    if name in SHOWN:
        found = SHOWN[name]()
        return [found, *(found if type(found) is list else [])]
    if name in data.DATASETS or name.removeprefix("data.") in data.DATASETS:
        return [made(name.removeprefix("data."))]
    assert not callable(thing) or isinstance(thing, losses.Loss), f"{name} is new: say in SHOWN what a call gives"
    return [thing]


def made(name: str) -> Any:
    if name in ("digits", "wine", "breast_cancer"):
        pytest.importorskip("sklearn")
    return data.DATASETS[name]()


@pytest.mark.parametrize("name", NAMES)
def test_what_ends_a_cell_shows_itself(name: str) -> None:
    for thing in given(name):
        shown = repr(thing)
        if isinstance(thing, ModuleType | dict) or name in NOT_OURS:
            continue
        assert not re.search(r"0x[0-9a-f]{6,}", shown), f"{name} shows an address: {shown:.200}"
        assert len(shown) < LONGEST, f"{name} shows {len(shown)} characters"
        dump = is_dataclass(thing) and shown.startswith(f"{type(thing).__name__}(")
        assert not dump, f"{name} shows what it is made of: {shown:.200}"


@pytest.mark.parametrize("name", sorted(RICH))
def test_what_a_notebook_can_show_better_has_a_rich_form(name: str) -> None:
    for thing in given(name):
        forms = ("_repr_html_", "_repr_markdown_", "_repr_mimebundle_", "_ipython_display_")
        assert isinstance(thing, list) or any(getattr(thing, form, None) for form in forms), f"{name}: {thing!r:.200}"


def test_the_steps_of_a_backward_pass_say_how_they_are_used_and_go_on() -> None:
    steps = ml.backward_steps(L)
    assert "for node, input, local_grad in backward_steps(L)" in repr(steps)
    first = next(steps)
    assert first[0] is L and len([first, *steps]) == sum(len(node.inputs) for node in ml.topological_order(L))
    assert "3 batches" in repr(data.batches(X, y, 4)) and [len(rows) for rows, _ in data.batches(X, y, 4)] == [4] * 3
