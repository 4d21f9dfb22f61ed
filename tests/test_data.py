"""Data: shapes with public seeds, tables, CSV files, and what is done to them before training."""

import math
import sys
import tracemalloc
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, strategies as st

from micrograd_like.data import (
    DATASETS,
    Standardize,
    batches,
    circles,
    digits,
    glyphs,
    iris,
    moons,
    one_hot,
    read_csv,
    spirals,
    table,
    targets,
    train_val_split,
    xor,
)

SHAPES = [moons, circles, spirals, xor, glyphs]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_seed_gives_the_same_points_and_another_seed_others(shape: Any) -> None:
    assert shape(50, seed=3) == shape(50, seed=3) != shape(50, seed=4)


def test_a_seed_gives_the_same_bits_on_every_machine() -> None:
    everything = repr([list(shape(20)) for shape in SHAPES])
    assert sha256(everything.encode()).hexdigest().startswith("f7bb002be7036086")


@pytest.mark.parametrize("shape", [moons, circles, spirals, xor])
def test_classes_are_called_as_asked_and_equally_many(shape: Any) -> None:
    X, y = shape(100, labels=(-1, 1))
    assert len(X) == 100 and sorted(y) == [-1] * 50 + [1] * 50
    assert len(shape(101).X) == 101


def test_spirals_have_an_arm_for_each_label() -> None:
    assert sorted(spirals(9, labels=(0, 1, 2)).y) == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_moons_without_noise_lie_on_half_circles() -> None:
    for (x, y), k in zip(*moons(40, noise=0)):
        centre_x, centre_y = (1, 0.5) if k else (0, 0)
        assert math.hypot(x - centre_x, y - centre_y) == pytest.approx(1, abs=1e-5)
        assert (y - centre_y) * (-1 if k else 1) >= 0


def test_xor_is_the_exclusive_or_of_its_corners() -> None:
    assert all(k == (round(x) != round(y)) for (x, y), k in zip(*xor(40, noise=0.05)))


def test_glyphs_without_noise_are_the_letters() -> None:
    X, y = glyphs(8, noise=0)
    assert X[y.index(2)] == [float(pixel) for pixel in "1111100100001000010000100"]  # T


@pytest.mark.parametrize(
    "ask, message",
    [
        (lambda: moons(0), "n = 0 is not a whole number from 1 up. Write n=100"),
        (lambda: moons(1), "n = 1 points are too few. Write n=100"),
        (lambda: moons(noise=-0.1), "noise = -0.1 is not a standard deviation"),
        (lambda: circles(noise=math.nan), "noise = nan"),
        (lambda: glyphs(noise=2), "noise = 2"),
    ],
)
def test_shapes_that_cannot_be_made(ask: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ask()


def test_iris_is_bundled_and_as_in_scikit_learn() -> None:
    flowers = iris()
    assert flowers.classes == ["setosa", "versicolor", "virginica"]
    assert flowers.features == ["sepal length", "sepal width", "petal length", "petal width"]
    theirs = pytest.importorskip("sklearn.datasets").load_iris()
    assert theirs.data.tolist() == flowers.X and flowers.y == theirs.target.tolist()


@pytest.mark.parametrize(
    "name, rows, columns, classes", [("digits", 1797, 64, 10), ("wine", 178, 13, 3), ("breast_cancer", 569, 30, 2)]
)
def test_tables_of_scikit_learn(name: str, rows: Any, columns: Any, classes: Any) -> None:
    pytest.importorskip("sklearn")
    data = DATASETS[name]()
    assert (len(data.X), len(data.X[0]), len(data.features), len(data.classes)) == (rows, columns, columns, classes)
    assert set(data.y) == set(range(classes)) and type(data.X[0][0]) is float and type(data.y[0]) is int


def test_without_scikit_learn_one_sentence_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r"Type: pip install 'micrograd-like\[data\]'"):
        digits()


@pytest.fixture
def csv(tmp_path: Path) -> Any:
    """Write a text into a file and return its path."""

    def write(text: str, **options: Any) -> Any:
        path = tmp_path / "table.csv"
        path.write_text(text, **{"encoding": "utf-8"} | options)
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        "a,b,kind\n1,2,cat\n3,4,dog\n",
        "\ufeffa;b;kind\n1;2;cat\n\n3;4;dog",
        'a\tb\tkind\n1\t"2"\tcat\n3\t4\tdog\n',
        "a,b,kind\r\n 1, 2,cat\r\n3,4, dog \r\n",
    ],
)
def test_csv_with_a_header(csv: Any, text: str) -> None:
    data = read_csv(csv(text))
    assert (data.X, data.y) == ([[1.0, 2.0], [3.0, 4.0]], [0, 1])
    assert (data.features, data.classes) == (["a", "b"], ["cat", "dog"])


def test_csv_without_a_header_names_its_columns(csv: Any) -> None:
    data = read_csv(csv("1,2,cat\n3,4,dog\n"))
    assert (data.X, data.features) == ([[1.0, 2.0], [3.0, 4.0]], ["x0", "x1"])


def test_csv_target_is_a_column_by_name_or_index_or_none(csv: Any) -> None:
    path = csv("kind,a,b\ncat,1,2\ndog,3,4\n")
    assert list(read_csv(path, target="kind")) == list(read_csv(path, target=0)) == [[[1, 2], [3, 4]], [0, 1]]
    assert list(read_csv(csv("a,b\n1,2\n"), target=None)) == [[[1, 2]], []]


def test_csv_features_are_picked_by_name_and_in_that_order(csv: Any) -> None:
    data = read_csv(csv("a,b,kind\n1,2,cat\n"), target=None, features=["b", "a"])
    assert (data.X, data.features) == ([[2, 1]], ["b", "a"])


def test_csv_whole_targets_are_classes_in_their_order_and_others_numbers(csv: Any) -> None:
    assert read_csv(csv("1,10\n1,9\n1,10\n")).y == [1, 0, 1]
    assert read_csv(csv("1,10\n1,9\n1,10\n")).classes == ["9", "10"]
    assert read_csv(csv("1,10\n1,9\n"), regression=True).y == [10.0, 9.0]
    assert read_csv(csv("1,0.5\n1,2\n")).y == [0.5, 2.0]
    assert read_csv(csv("".join([f"1,{price}\n" for price in range(21)]))).classes == []


@pytest.mark.parametrize(
    "text, options, message",
    [
        ("", {}, "table.csv is empty"),
        ("a,b\n", {}, "has a header and no rows"),
        ("a,b\n1,2\n3\n", {}, "line 3 has 1 cells, and the first line has 2"),
        ("a,b\n1,2\nx,4\n", {}, "line 3, column 'a' is 'x', which is not a number"),
        ("a,b\n1,2\n,4\n", {}, "line 3, column 'a' is empty. Fill it in, or drop the line."),
        ("a;b\n1;2\n1,5;4\n", {}, "line 3, column 'a' is '1,5', which is not a number. Write 1.5, with a point."),
        ("a,b\nred,2\n", {}, "'red', which is not a number. Write a number, or drop the line or the column."),
        ("a,b\n1,2\nnan,4\n", {}, "line 3, column 'a' is nan"),
        ("a,b\n1,2\n5,\n", {}, "line 3, column 'b' is empty"),
        ("a,b\n1,2\n5,inf\n", {}, "line 3, column 'b' is inf"),
        ("a,b\n1,cat\n", {"regression": True}, "line 2, column 'b' is 'cat', which is not a number"),
        ("a,b\n1,2\n", {"target": "kind"}, "has no column 'kind'. Its first line is: a, b"),
        ("a,b\n1,2\n", {"target": 2}, "has no column 2"),
        ("a,b\n1,2\n", {"features": ["c"]}, "has no column 'c'. Its columns are: a, b"),
    ],
)
def test_csv_errors_say_where(csv: Any, text: str, options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_csv(csv(text), **options)


def test_csv_in_another_encoding_is_refused(csv: Any) -> None:
    with pytest.raises(ValueError, match=r"not a CSV text in UTF-8"):
        read_csv(csv("a,größe\n1,2\n", encoding="latin-1"))


@pytest.mark.parametrize(
    "X, error, message",
    [
        ([[1.0, 2.0], [1.0, math.nan]], ValueError, r"X\[1\]\[1\] \(row 1, column 1\) is nan"),
        ([[1.0, 2.0], [1.0]], ValueError, r"X\[1\] \(row 1\) has 1 numbers, and row 0 has 2"),
        ([], ValueError, "X is empty"),
        ([[1.0, "2"]], TypeError, r"X\[0\]\[1\] \(row 0, column 1\): .*'2' is of type str"),
        ([1.0, 2.0], TypeError, r"X\[0\] is 1.0, and a row of numbers was expected"),
    ],
)
def test_tables_that_cannot_be_learnt(X: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        table(X)


def test_arrays_become_lists_of_floats_and_ints() -> None:
    numpy = pytest.importorskip("numpy")
    assert table(numpy.array([[1, 2]])) == [[1.0, 2.0]]
    assert [type(t) for t in targets(numpy.array([1, 2]))] == [int, int]
    assert targets(numpy.array([[0.5], [1.0]])) == [[0.5], [1.0]]


@given(st.integers(2, 40), st.integers(0, 5))
def test_a_split_keeps_every_example_with_its_target_once(n: int, seed: int) -> None:
    X, y = [[float(i)] for i in range(n)], list(range(n))
    (X1, y1), (X2, y2) = train_val_split(X, y, 0.5, seed)
    assert sorted(y1 + y2) == y and [[float(i)] for i in y1 + y2] == X1 + X2
    assert train_val_split(X, y, 0.5, seed) == ((X1, y1), (X2, y2))
    assert n < 20 or y1 != sorted(y1)


@pytest.mark.parametrize("share", [0, 1, -0.2, math.nan, 0.01])
def test_a_split_with_an_empty_side_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match=r"leaves none on one side. Write validation=0.2"):
        train_val_split([[1.0]] * 10, [0] * 10, share)


def test_standardized_columns_have_mean_0_and_deviation_1_and_serve_for_new_rows() -> None:
    X = [[1.0, 100.0, 7.0], [2.0, 300.0, 7.0], [6.0, 200.0, 7.0]]
    standardize = Standardize.fit(X)
    for column in list(zip(*standardize(X)))[:2]:
        assert sum(column) == pytest.approx(0) and sum(x * x for x in column) / 3 == pytest.approx(1)
    assert standardize([[3.0, 200.0, 9.0]]) == [[0.0, 0.0, 2.0]]
    with pytest.raises(ValueError, match=r"The rows have 2 columns, and 3 were measured"):
        standardize([[1.0, 2.0]])


@pytest.mark.parametrize("k, error", [(3, ValueError), (-1, ValueError), (0.5, TypeError), ("a", TypeError)])
def test_a_label_outside_the_classes_is_refused(k: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"[Cc]lass"):
        one_hot(k, 3)


@given(st.integers(1, 30), st.one_of(st.none(), st.integers(1, 40)), st.integers(0, 5))
def test_batches_deal_every_example_once(n: int, size: Any, seed: int) -> None:
    X, y = [[float(i)] for i in range(n)], list(range(n))
    dealt = list(batches(X, y, size, Random(seed)))
    assert sorted(i for _, part in dealt for i in part) == y
    assert all(rows == [[float(i)] for i in part] for rows, part in dealt)
    assert all(len(part) == (size or n) for _, part in dealt[:-1])


def test_batches_are_shuffled_anew_each_epoch_by_the_seed() -> None:
    X = y = list(range(20))
    rng, again = Random(1), Random(1)
    first, second = list(batches(X, y, 5, rng)), list(batches(X, y, 5, rng))
    assert first != second and [first, second] == [list(batches(X, y, 5, again)) for _ in range(2)]
    assert next(batches(X, y)) == next(batches(X, y, 20)) == (X, y)


@pytest.mark.parametrize("size", [0, -1, 2.0, "all"])
def test_a_batch_size_that_is_none_is_refused(size: Any) -> None:
    with pytest.raises(ValueError, match=rf"batch_size = {size!r} is not a whole number from 1 up."):
        batches([[1.0]], [1], size)


# Hostile and odd files.


def test_a_column_of_ids_as_target_is_read_in_linear_time(csv: Any) -> None:
    ids = [f"id{i:06}" for i in range(40_000)]
    found = read_csv(csv("x,id\n" + "".join([f"{i % 7},{name}\n" for i, name in enumerate(reversed(ids))])))
    assert found.classes == ids and found.y == list(range(40_000))[::-1]


@pytest.mark.parametrize("cell", ["1,", "x", '"a\n",'])
def test_a_row_without_an_end_is_refused_in_little_memory(csv: Any, cell: str) -> None:
    path = csv(cell * (5_000_000 // len(cell)))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"a row of more than 1,000,000 characters|not a CSV text in UTF-8"):
            read_csv(path)
        assert tracemalloc.get_traced_memory()[1] < 10 * 5_000_000
    finally:
        tracemalloc.stop()


def test_one_column_is_no_target_without_inputs(csv: Any) -> None:
    with pytest.raises(ValueError, match=r"has one column, and a target needs inputs .* target=None"):
        read_csv(csv("y\n1\n2\n"))
    assert read_csv(csv("y\n1\n2\n"), target=None).X == [[1.0], [2.0]]


def test_a_column_that_is_named_makes_a_header(csv: Any) -> None:
    found = read_csv(csv("1,2,y\n3,4,5\n"), target="y")
    assert (found.features, found.X) == (["1", "2"], [[3.0, 4.0]])


def test_a_data_set_says_what_it_holds() -> None:
    assert iris().name == "iris"
    assert repr(iris()) == (
        "<iris: 150 examples, 4 features (sepal length, sepal width, petal length, petal width), "
        "3 classes (setosa, versicolor, virginica)>"
    )


def test_circles_repeat_no_point() -> None:
    assert len({*map(tuple, circles(100, noise=0).X)}) == 100
