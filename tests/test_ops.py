"""Every operation of the table, by the same tests: a new entry adds no line here."""

import itertools
import math
import random
import subprocess
import sys
from pathlib import Path

import pytest

from micrograd_like import Value, ieee
from micrograd_like.engine import topological_order
from micrograd_like.graph.gradcheck import Precise, grade
from micrograd_like.graph.gradients import gradients
from micrograd_like.ops import OPS, DivisionByZeroError, DomainError, NoFiniteGradientError, Op, TooLargeError
from micrograd_like.ops.notation import LaTeX, Python

ROOT = Path(__file__).parent.parent
NAMES = {op.name: op for op in OPS.values()} | {"pi": math.pi}
every_op = pytest.mark.parametrize("op", OPS.values(), ids=list(OPS))


def samples(op: Op, count: int = 25) -> list[list[float]]:
    """Points that the table samples, away from kinks."""
    draw, points = random.Random(op.name), []
    while len(points) < count:
        point = [draw.uniform(*interval) for interval in op.sample]
        if op.kink is None or abs(op.kink(*point)) > 0.01:
            points.append(point)
    return points


def bits(number: float) -> str:
    return float(number).hex()


def ulps(number: float, exact: Precise) -> float:
    return float(abs(exact.number - number)) / math.ulp(float(exact.number))


@every_op
def test_value_within_3_ulp(op: Op) -> None:
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(60):
        for point in samples(op):
            assert ulps(op(*point), op(*[Precise(mpmath.mpf(x)) for x in point])) <= 3, point


@every_op
def test_local_derivatives_within_5_ulp_of_nudging_50_digit_numbers(op: Op) -> None:
    pytest.importorskip("mpmath")
    report = grade(op)
    assert report, report
    assert max(slope.ulps or 0.0 for slope in report) <= 5


@every_op
def test_local_derivatives_against_nudging_floats(op: Op, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    narrow = [interval for interval in op.sample if interval[1] <= 30]
    if len(narrow) == op.arity:
        report = grade(op)
        assert report, report


@every_op
def test_textbook_form_is_the_same_slope(op: Op) -> None:
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(400):
        for point in samples(op, 5):
            inputs = [Precise(mpmath.mpf(x)) for x in point]
            slopes = zip(op.rule(op(*inputs), *inputs), op.textbook(op(*inputs), *inputs))
            for rule, textbook in slopes:
                a, b = (x.number if isinstance(x, Precise) else x for x in (rule, textbook))
                assert abs(a - b) <= 1e-14 * abs(a)


@every_op
def test_definition_gives_the_bits_of_the_value(op: Op) -> None:
    if op.definition:
        for point in samples(op):
            assert bits(op.definition(*point)) == bits(op.value(*point))


@every_op
def test_function_method_and_recording_agree(op: Op) -> None:
    for point in samples(op, 5):
        values = [Value(x) for x in point]
        assert isinstance(op(*point), float)
        assert bits(op(*values).data) == bits(op(*point)) == bits(getattr(values[0], op.name)(*values[1:]).data)
        assert op(*values).local_grads == tuple(op.rule(op(*point), *point))
        written = op(*map(Python, "abc"[: op.arity]))
        assert bits(eval(str(written), dict(zip("abc", point)) | NAMES)) == bits(op(*point))


@every_op
def test_against_pytorch(op: Op) -> None:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    reference = op.found_in("torch", torch, functional, torch.special)
    if reference is None:
        pytest.skip(f"PyTorch has no {op.name}")
    for point in samples(op):
        tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
        values = [Value(x) for x in point]
        expected, got = reference(*tensors), op(*values)
        assert got.data == pytest.approx(expected.item(), rel=1e-9, abs=1e-15)
        if expected.grad_fn and op.name != "floordiv":
            expected.backward()
            got.backward()
            if all(abs(x) < 15 for x in point):  # further out PyTorch loses the digits of a saturated slope
                for tensor, value in zip(tensors, values):
                    if tensor.grad is None:  # PyTorch takes it as a whole number: how often to differentiate
                        assert value.grad == 0.0
                        continue
                    assert value.grad == pytest.approx(tensor.grad.item(), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("op", [op for op in OPS.values() if op.kink is None], ids=lambda op: op.name)
def test_second_derivatives(op: Op) -> None:
    mpmath = pytest.importorskip("mpmath")
    for point in samples(op, 3):
        point = [math.copysign(min(abs(x), 3.0), x) for x in point]
        values = [Value(x) for x in point]
        for i, first in enumerate(gradients(op(*values), values)):
            for j, second in enumerate(gradients(first, values)):
                with mpmath.workdps(60):
                    order = [0] * op.arity
                    order[i] += 1
                    order[j] += 1
                    f = lambda *xs: op(*map(Precise, xs)).number  # noqa: E731
                    expected = mpmath.diff(f, tuple(map(mpmath.mpf, point)), tuple(order))
                assert second.data == pytest.approx(float(expected), rel=1e-9, abs=1e-9)


def test_second_derivatives_against_pytorch() -> None:
    torch = pytest.importorskip("torch")
    x, y = Value(0.7), Value(-1.3)
    tx, ty = (torch.tensor(v.data, dtype=torch.float64, requires_grad=True) for v in (x, y))
    [slope] = gradients((x * y).tanh() * x.exp() + (x / y).sigmoid().log() + y**4, [y])
    expected = (tx * ty).tanh() * tx.exp() + (tx / ty).sigmoid().log() + ty**4
    (first,) = torch.autograd.grad(expected, ty, create_graph=True)
    for mine, theirs in zip(gradients(slope, [x, y]), torch.autograd.grad(first, [tx, ty])):
        assert mine.data == pytest.approx(theirs.item(), rel=1e-12)


@every_op
def test_gradients_are_those_of_backward(op: Op) -> None:
    for point in samples(op, 5):
        values = [Value(x) for x in point]
        out = op(*values)
        out.backward()
        assert [g.data for g in gradients(out, values)] == [v.grad for v in values]


@every_op
def test_latex_is_balanced_and_says_why(op: Op) -> None:
    inputs = [LaTeX(letter) for letter in "abc"[: op.arity]]
    for text in (op(*inputs), *op.textbook(LaTeX("y"), *inputs)):
        written = str(text)
        assert written.count("{") == written.count("}")
        assert written.count(r"\left") == written.count(r"\right")
    assert op.why.endswith(".") and 20 < len(op.why) < 130


def test_what_is_generated_is_fresh() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    import make

    for path, text in make.GENERATED.items():
        assert (ROOT / path).read_text(encoding="utf-8") == text(), f"{path} is stale: run python docs/make.py"


def test_editors_see_the_methods() -> None:
    pytest.importorskip("mypy")
    code = "from micrograd_like import Value\nreveal_type(Value(1.0).tanh())\nreveal_type(2 ** Value(1.0))\n"
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "-c", code], capture_output=True, text=True, cwd=ROOT
    )
    assert result.stdout.count('"micrograd_like.engine.Value"') == 2, result.stdout


ERRORS = [
    ("log", (-1.0,), DomainError, ValueError),
    ("log", (0.0,), DomainError, ValueError),
    ("log1p", (-1.0,), DomainError, ValueError),
    ("sqrt", (-4.0,), DomainError, ValueError),
    ("asin", (1.5,), DomainError, ValueError),
    ("acos", (-1.5,), DomainError, ValueError),
    ("div", (1.0, 0.0), DivisionByZeroError, ZeroDivisionError),
    ("floordiv", (1.0, 0.0), DivisionByZeroError, ZeroDivisionError),
    ("mod", (1.0, 0.0), DivisionByZeroError, ZeroDivisionError),
    ("pow", (-8.0, 1 / 3), DomainError, ValueError),
    ("pow", (0.0, -1.0), DivisionByZeroError, ZeroDivisionError),
    ("pow", (1e200, 2.0), TooLargeError, OverflowError),
    ("exp", (1000.0,), TooLargeError, OverflowError),
    ("expm1", (1000.0,), TooLargeError, OverflowError),
    ("sinh", (-711.0,), TooLargeError, OverflowError),
    ("cosh", (711.0,), TooLargeError, OverflowError),
    ("sin", (math.inf,), DomainError, ValueError),
]
STEEP = [("sqrt", (0.0,)), ("pow", (0.0, 0.5)), ("asin", (1.0,)), ("acos", (-1.0,)), ("atan2", (0.0, 0.0))]


def advice(message: str) -> str:
    return message.partition("Write ")[2].partition(", or compute")[0]


@pytest.mark.parametrize(("name", "point", "ours", "pythons"), ERRORS)
def test_errors_name_the_numbers_and_their_advice_works(
    name: str, point: tuple[float, ...], ours: type[Exception], pythons: type[Exception]
) -> None:
    labels = dict(zip(("height", "width"), point))
    values = {label: Value(x, label) for label, x in labels.items()}
    with pytest.raises(ours) as caught:
        OPS[name](*values.values())
    message = str(caught.value)
    assert issubclass(ours, pythons)
    assert all(f"{label} = {x!r}" in message for label, x in labels.items())
    with ieee():
        assert not math.isfinite(OPS[name](*point))
    if remedy := advice(message):
        result = eval(remedy, values | NAMES)
        result.backward()
        assert math.isfinite(result.data)


@pytest.mark.parametrize(("name", "point"), STEEP)
def test_an_infinite_slope_stops_backward_before_any_grad_is_written(name: str, point: tuple[float, ...]) -> None:
    values = {label: Value(x, label) for label, x in zip("uv", point)}
    out = OPS[name](*values.values()) * 1.0 + Value(2.0)
    with pytest.raises(NoFiniteGradientError) as caught:
        out.backward()
    assert all(node.grad == 0.0 for node in topological_order(out))
    eval(advice(str(caught.value)), values | NAMES).backward()
    with ieee():
        out.backward()
    assert not all(math.isfinite(v.grad) for v in values.values())


AWKWARD = [0.0, -1.0, 1.0, -0.5, 5e-324, 1e-200, -1e-320, 1e200, 1.7e308, -800.0, 800.0, math.inf, -math.inf, math.nan]


@every_op
def test_at_awkward_points_every_cause_is_so_and_every_advice_works(op: Op) -> None:
    """An advice is carried out; a stated cause that speaks of 0, nan or infinity is looked for in the numbers."""
    for point in itertools.product(AWKWARD, repeat=op.arity):
        values = {label: Value(x, label) for label, x in zip(("height", "width"), point)}
        try:
            op(*values.values()).backward()
        except ArithmeticError as error:
            message = str(error)
        except ValueError as error:
            message = str(error)
        else:
            continue
        why = message.partition(": ")[2].partition(". ")[0]
        assert "nan" not in why or any(x != x for x in point), message
        said = [label for label in values if f"{label} is infinite" in why]
        assert all(math.isinf(values[label].data) for label in said), message
        assert "divided by 0" not in why or point[-1] == 0.0, message
        assert "below 0" not in why or min(point) <= 0.0, message
        if remedy := advice(message):
            for value in values.values():
                value.grad = 0.0
            result = eval(remedy, values | NAMES)
            result.backward()
            assert math.isfinite(result.data) and all(math.isfinite(x.grad) for x in values.values()), message


def test_different_operands_of_one_name_are_told_apart() -> None:
    with pytest.raises(ZeroDivisionError, match=r"x / x_2 with x = 2\.0 and x_2 = 0\.0: nothing can be divided by 0"):
        Value(2.0, "x") / Value(0.0, "x")
    with pytest.raises(ZeroDivisionError, match=r"y / x with y = 2\.0 and x = 0\.0"):
        Value(2.0) / Value(0.0, "x")
    with pytest.raises(ArithmeticError, match=r"a \* a with a = 1e\+200: the result is larger than any float"):
        a = Value(1e200, "a")
        (a * a).backward()


def log_uniform(draw: random.Random, low: float, high: float) -> float:
    """A number whose magnitude is drawn evenly among magnitudes, from an interval."""
    if low < 0.0 and draw.random() < 0.3:
        return draw.uniform(max(low, -1e6), min(high, 1e6))
    bound = high if low >= 0.0 or draw.random() < 0.5 else low
    least = max(low, 1e-300)
    return min(max(math.copysign(math.exp(draw.uniform(math.log(least), math.log(abs(bound)))), bound), low), high)


@every_op
def test_values_and_slopes_over_the_whole_domain(op: Op) -> None:
    """Within 3 and 5 ULP of numbers of up to 700 digits, but for numbers too small for all their bits, and `rough`."""
    mpmath = pytest.importorskip("mpmath")
    draw = random.Random(op.name)
    for _ in range(40):
        point = [log_uniform(draw, *interval) for interval in op.domain]
        try:
            out = op.value(*point)
        except ArithmeticError:
            continue
        if (op.kink and abs(op.kink(*point)) < 1e-9) or not 1e-290 < abs(out) < 1e300:
            continue
        with mpmath.workdps(700 if max(map(abs, point)) > 10 or min(map(abs, point)) < 1e-4 else 60):
            exact = [Precise(mpmath.mpf(x)) for x in point]
            truth = [op(*exact), *op.textbook(op(*exact), *exact)]
            for i, (found, true) in enumerate(zip([out, *op.local_grads(out, *point)], truth)):
                number = true.number if isinstance(true, Precise) else mpmath.mpf(true)
                near = op.rough and abs(point[0] - op.rough[0]) < op.rough[1]
                if 1e-290 < abs(number) < 1e300 and not (i and near):
                    error = float(abs(number - found)) / math.ulp(float(number))
                    assert error <= (5 if i else 3), (point, i)
                elif near:
                    assert abs(number - found) < 1e-15


@pytest.mark.parametrize(("name", "more", "exact"), [("lgamma", (), "loggamma"), ("digamma", (0.0,), "digamma")])
def test_the_gamma_functions_are_as_close_as_the_docs_say(name: str, more: tuple[float, ...], exact: str) -> None:
    mpmath = pytest.importorskip("mpmath")
    draw = random.Random(name)
    for _ in range(2000):
        x = draw.choice([log_uniform(draw, 1e-6, 10.0), -draw.uniform(0.01, 20.0)])
        if x > 0 or abs(x - round(x)) > 1e-3:
            with mpmath.workdps(40):
                truth = getattr(mpmath, exact)(x).real
                assert abs(OPS[name](x, *more) - truth) <= 3e-15 * max(1, abs(truth)), x


CONVENTIONS = [  # conventions at the awkward points: operation, numbers, value, gradients; None: not asked
    ("mul", (-0.0, 5.0), -0.0, (5.0, -0.0)),
    ("neg", (0.0,), -0.0, (-1.0,)),
    ("div", (49.0, 49.0), 1.0, None),
    ("div", (1e-320, 1e-320), 1.0, None),
    ("pow", (0.0, 0.0), 1.0, None),
    ("pow", (-8.0, 3.0), -512.0, None),
    ("relu", (0.0,), 0.0, (0.0,)),
    ("relu", (-0.0,), 0.0, (0.0,)),
    ("abs", (0.0,), 0.0, (0.0,)),
    ("leaky_relu", (0.0, 0.01), 0.0, (0.01, 0.0)),
    ("maximum", (2.0, 2.0), 2.0, (0.5, 0.5)),
    ("minimum", (2.0, 2.0), 2.0, (0.5, 0.5)),
    ("hypot", (0.0, 0.0), 0.0, (0.0, 0.0)),
    ("sigmoid", (-800.0,), 0.0, (0.0,)),
    ("sigmoid", (800.0,), 1.0, (0.0,)),
    ("mod", (-7.0, 3.0), 2.0, (1.0, 3.0)),
    ("pow", (0.0, 2.0), 0.0, (0.0, 0.0)),
    ("softplus", (1000.0,), 1000.0, (1.0,)),
    ("atan2", (0.0, 0.0), 0.0, None),
]


@pytest.mark.parametrize(("name", "point", "value", "grads"), CONVENTIONS)
def test_conventions(name: str, point: tuple[float, ...], value: float, grads: tuple[float, ...] | None) -> None:
    inputs = [Value(x) for x in point]
    out = OPS[name](*inputs)
    assert bits(out.data) == bits(value)
    if grads:
        out.backward()
        assert [x.grad for x in inputs] == list(grads)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3])
def test_powers_at_0_have_all_their_derivatives(exponent: int) -> None:
    x, factorial = Value(0.0), math.factorial(exponent)
    slope = x**exponent
    for order in range(4):
        assert slope.data == (factorial if order == exponent else 0.0)
        [slope] = gradients(slope, [x])


IEEE = [
    ("div", (1.0, 0.0), math.inf, (math.inf, -math.inf)),
    ("log", (0.0,), -math.inf, (math.inf,)),
    ("log", (-1.0,), math.nan, (math.nan,)),
    ("sqrt", (0.0,), 0.0, (math.inf,)),
    ("relu", (math.nan,), math.nan, (math.nan,)),
    ("maximum", (math.nan, 1.0), math.nan, (math.nan, math.nan)),
    ("silu", (-math.inf,), 0.0, (0.0,)),
    ("silu", (math.inf,), math.inf, (1.0,)),
    ("gelu", (-math.inf,), 0.0, (0.0,)),
    ("gelu", (math.inf,), math.inf, (1.0,)),
    ("exp", (1000.0,), math.inf, (math.inf,)),
    ("pow", (0.0, -1.0), math.inf, None),
    ("pow", (-8.0, 0.5), math.nan, (math.nan, math.nan)),
]


@pytest.mark.parametrize(("name", "point", "value", "grads"), IEEE)
def test_ieee_goes_on(name: str, point: tuple[float, ...], value: float, grads: tuple[float, ...] | None) -> None:
    with ieee():
        inputs = [Value(x) for x in point]
        out = OPS[name](*inputs)
        out.backward()
    assert out.data == pytest.approx(value, nan_ok=True)
    if grads:
        assert [x.grad for x in inputs] == pytest.approx(list(grads), nan_ok=True)


def test_a_shut_gate_passes_nothing_not_even_infinity() -> None:
    x = Value(-1.0)
    with ieee():
        (x.relu().sqrt() + x).backward()
    assert x.grad == 1.0
