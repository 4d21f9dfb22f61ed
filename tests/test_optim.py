"""Optimizers: their updates to the bit, and their refusal to spoil the parameters."""

import math
from random import Random
from typing import Any

import pytest

from micrograd_like import Value
from micrograd_like.nn import Parameter
from micrograd_like.optim import SGD, Adam, Optimizer, TrainingDivergedError, clip_gradients


def parameters(*numbers: Any) -> Any:
    return [Parameter(x, name) for x, name in zip(numbers, "uvw")]


def bowl(u: Any, v: Any) -> Any:
    return (u - 3) ** 2 + 10 * (v + 1) ** 2


def descend(optimizer: Any, f: Any, steps: int) -> Any:
    for _ in range(steps):
        optimizer.zero_grad()
        f(*optimizer.parameters).backward()
        optimizer.step()
    return [p.data for p in optimizer.parameters]


def test_momentum_0_is_plain_descent_to_the_bit() -> None:
    rng = Random(1)
    plain, ours = parameters(0.1, -0.0, 7.0), parameters(0.1, -0.0, 7.0)
    optimizer = SGD(ours, lr=0.3)
    for _ in range(50):
        for p, q in zip(plain, ours):
            p.grad = q.grad = rng.choice([0.0, -0.0, rng.uniform(-1e3, 1e3)])
            p.data -= 0.3 * p.grad
        optimizer.step()
        assert [p.data.hex() for p in plain] == [q.data.hex() for q in ours]


def test_momentum_adds_a_share_of_the_update_before() -> None:
    (w,) = parameters(1.0)
    optimizer = SGD([w], lr=0.1, momentum=0.9)
    w.grad = 2.0
    optimizer.step()
    assert (w.data, optimizer.delta[w]) == (0.8, -0.2)
    w.grad = 1.0
    optimizer.step()
    assert optimizer.delta[w] == pytest.approx(0.9 * -0.2 - 0.1) and w.data == pytest.approx(0.52)


def test_weight_decay_pulls_to_0() -> None:
    (w,) = parameters(2.0)
    w.grad = 1.0
    SGD([w], lr=0.1, weight_decay=0.5).step()
    assert w.data == pytest.approx(2.0 - 0.1 * (1.0 + 0.5 * 2.0))


def test_adam_corrects_its_first_step_to_the_length_of_lr() -> None:
    u, v = parameters(1.0, 1.0)
    u.grad, v.grad = 1e-3, -50.0
    Adam([u, v], lr=0.01).step()
    assert u.data == pytest.approx(0.99, abs=1e-6) and v.data == pytest.approx(1.01)


@pytest.mark.parametrize(
    "ours, theirs",
    [
        (lambda p: SGD(p, 0.02), lambda torch, p: torch.optim.SGD(p, 0.02)),
        (lambda p: SGD(p, 0.02, momentum=0.9), lambda torch, p: torch.optim.SGD(p, 0.02, momentum=0.9)),
        (lambda p: SGD(p, 0.02, weight_decay=0.1), lambda torch, p: torch.optim.SGD(p, 0.02, weight_decay=0.1)),
        (lambda p: Adam(p, 0.1), lambda torch, p: torch.optim.Adam(p, 0.1)),
        (lambda p: Adam(p, 0.1, (0.8, 0.9), 1e-3), lambda torch, p: torch.optim.Adam(p, 0.1, (0.8, 0.9), 1e-3)),
    ],
)
def test_against_pytorch(ours: Any, theirs: Any) -> None:
    torch = pytest.importorskip("torch")
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (0.5, -0.5)]
    assert descend(ours(parameters(0.5, -0.5)), bowl, 30) == pytest.approx(
        [t.item() for t in _torch_descend(theirs(torch, tensors), tensors)]
    )


def _torch_descend(optimizer: Any, tensors: Any) -> Any:
    for _ in range(30):
        optimizer.zero_grad()
        bowl(*tensors).backward()
        optimizer.step()
    return tensors


@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.05, 0.5), lambda p: Adam(p, 0.3)])
def test_descent_finds_the_bottom_and_ascent_the_top(make: Any) -> None:
    assert descend(make(parameters(0.0, 0.0)), bowl, 300) == pytest.approx([3.0, -1.0], abs=1e-3)
    climber = make(parameters(0.0, 0.0))
    climber.maximize = True
    assert descend(climber, lambda u, v: -bowl(u, v), 300) == pytest.approx([3.0, -1.0], abs=1e-3)


def test_a_frozen_parameter_stays() -> None:
    u, v = parameters(1.0, 2.0)
    v.freeze()
    u.grad = v.grad = 1.0
    SGD([u, v], lr=0.1).step()
    assert (u.data, v.data) == (0.9, 2.0)


def test_the_learning_rate_may_be_a_function_of_the_epoch() -> None:
    (w,) = parameters(1.0)
    optimizer = SGD([w], lr=lambda epoch: 1.0 - 0.9 * epoch / 100)
    optimizer.epoch = 50
    w.grad = 1.0
    optimizer.step()
    assert optimizer.lr == 0.55 and w.data == 1.0 - 0.55


@pytest.mark.parametrize(
    "make, equation",
    [
        (lambda p: SGD(p, 0.1), "u = 0.5 - 0.1 * 2 = 0.3"),
        (lambda p: SGD(p, 0.1, maximize=True), "u = 0.5 + 0.1 * 2 = 0.7"),
        (lambda p: SGD(p, 0.1, momentum=0.9), "u = 0.5 - 0.1 * 2 + 0.9 * 0 = 0.3"),
        (lambda p: SGD(p, 0.1, weight_decay=0.2), "u = 0.5 - 0.1 * 2 - 0.1 * 0.2 * 0.5 = 0.29"),
        (lambda p: Adam(p, 0.1), "u = 0.5 - 0.1 * 2 / (sqrt(4) + 1e-08) = 0.4"),
    ],
)
def test_the_equation_says_what_the_step_will_do(make: Any, equation: str) -> None:
    (u,) = parameters(0.5)
    u.grad = 2.0
    optimizer = make([u])
    assert optimizer.equation(u) == equation
    right = equation.split(" = ")[1]
    optimizer.step()
    assert u.data == pytest.approx(eval(right, {"sqrt": math.sqrt}))


def test_the_equation_of_a_frozen_parameter_changes_nothing() -> None:
    (u,) = parameters(0.5)
    u.freeze()
    assert SGD([u], 0.1).equation(u) == "u = 0.5, frozen"


def test_clipping_shrinks_all_gradients_together() -> None:
    u, v = parameters(0.0, 0.0)
    u.grad, v.grad = 3.0, -4.0
    assert clip_gradients([u, v], 10.0) == 5.0 and (u.grad, v.grad) == (3.0, -4.0)
    assert clip_gradients([u, v], 1.0) == 5.0 and (u.grad, v.grad) == pytest.approx((0.6, -0.8))
    u.grad = 1e300
    assert clip_gradients([u, v], 1.0) == 1e300 and u.grad == 1.0


@pytest.mark.parametrize("lr", [-0.1, math.nan, math.inf, lambda epoch: -1.0])
def test_a_learning_rate_that_is_none_is_refused(lr: Any) -> None:
    for kind in SGD, Adam:
        with pytest.raises(ValueError, match=r"lr = .* is not a finite number from 0 up. Write lr=0.1"):
            kind(parameters(1.0), lr)


@pytest.mark.parametrize("lr", ["0.1", None, [0.1], 1j])
def test_a_learning_rate_that_is_no_number_is_refused(lr: Any) -> None:
    with pytest.raises(TypeError, match=r"lr = .* Write lr=0.1"):
        SGD(parameters(1.0), lr)


def test_a_learning_rate_that_goes_wrong_later_changes_nothing() -> None:
    (w,) = parameters(1.0)
    optimizer = SGD([w], lambda epoch: 0.1 - epoch)
    optimizer.epoch, w.grad = 1, 5.0
    with pytest.raises(ValueError, match=r"lr = -0.9"):
        optimizer.step()
    assert (w.data, optimizer.steps) == (1.0, 0)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda p: SGD(p, 0.1, momentum=-0.5), "momentum = -0.5 is not a finite number from 0 up"),
        (lambda p: SGD(p, 0.1, weight_decay=math.nan), "weight_decay = nan"),
        (lambda p: Adam(p, betas=(0.9, 1.0)), r"betas = \(0.9, 1.0\) must be below 1"),
        (lambda p: Adam(p, eps=0.0), "eps = 0.0 above 0"),
        (lambda p: SGD([], 0.1), "no parameter to train. Give model.parameters()"),
        (lambda p: SGD([*p, p[0]], 0.1), "label='u'.* is given more than once"),
        (lambda p: clip_gradients(p, -1.0), "max_norm = -1.0"),
    ],
)
def test_settings_that_cannot_be(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(parameters(1.0, 2.0))


@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.1, 0.9), lambda p: Adam(p, 0.1)])
@pytest.mark.parametrize("bad", [math.nan, math.inf, 1e308])
def test_divergence_is_raised_before_any_parameter_is_written(make: Any, bad: float) -> None:
    u, v = parameters(1.0, 2.0)
    optimizer = make([u, v])
    if bad == 1e308:
        optimizer, v.data = SGD([u, v], 100.0), 1e308
    u.grad, v.grad = 1.0, -bad
    what = "v would become -?inf" if bad == 1e308 else "The gradient of v is"
    before = (u.data, v.data, optimizer.state_dict())
    with pytest.raises(TrainingDivergedError, match=rf"{what}.*: learning overshot.* Try lr="):
        optimizer.step()
    assert (u.data, v.data, optimizer.state_dict()) == before


def test_clipping_refuses_a_gradient_that_is_not_finite() -> None:
    u, v = parameters(1.0, 2.0)
    u.grad, v.grad = 4.0, math.inf
    with pytest.raises(TrainingDivergedError, match=r"The gradient of v is inf.* Try a lower learning rate"):
        clip_gradients([u, v], 1.0)
    assert u.grad == 4.0


@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.02, 0.9), lambda p: Adam(p, 0.1)])
def test_an_optimizer_goes_on_from_its_state(make: Any) -> None:
    straight = descend(make(parameters(0.5, -0.5)), bowl, 20)
    first = make(parameters(0.5, -0.5))
    half = descend(first, bowl, 10)
    second = make(parameters(*half))
    second.load_state_dict(first.state_dict())
    assert descend(second, bowl, 10) == straight and second.steps == 20


def test_the_state_of_another_optimizer_is_refused() -> None:
    u, v = parameters(1.0, 2.0)
    for other in Adam([u, v]), SGD([u], 0.1):
        with pytest.raises(ValueError, match=r"The state is of .* and this is SGD with 2. Use the optimizer"):
            SGD([u, v], 0.1).load_state_dict(other.state_dict())


def test_a_kind_of_ones_own_says_only_its_update() -> None:
    class Sign(Optimizer):
        def update(self, p: Any, rate: Any) -> Any:
            return (-rate if p.grad > 0 else rate,)

    assert descend(Sign(parameters(0.0, 0.0), 0.5), bowl, 6) == pytest.approx([3.0, -1.0])
    assert isinstance(next(iter(Sign([Value(1.0)], 0.1).delta)), Value)


@pytest.mark.parametrize(
    "wrong", [{"steps": -1}, {"epoch": 0.5}, {"memory": [(math.nan,)]}, {"memory": [("1",)]}, {"memory": [(1e308,)]}]
)
def test_a_state_with_one_impossible_part_is_refused(wrong: dict[str, object]) -> None:
    w = Value(1.0)
    optimizer = SGD([w], 0.1, momentum=0.9)
    w.grad = 1.0
    optimizer.step()
    state = optimizer.state_dict()
    with pytest.raises(ValueError, match="numbers that no optimizer has"):
        optimizer.load_state_dict(state | wrong)
    assert optimizer.state_dict() == state


@pytest.mark.parametrize("count", [3, 4])
def test_a_notebook_shows_three_equations_and_says_where_more_follow(count: int) -> None:
    shown = SGD([Value(float(i), f"w{i}") for i in range(count)], 0.1)._repr_html_()
    assert shown and ("…" in shown) == (count > 3)
