"""What every network is: something with parameters, which training changes. `nn` has the networks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..base.atomic import all_or_nothing
from ..base.checks import plain, warn
from ..base.shows import SHOWS
from ..engine import Value
from ..ops import add, real, sub


class AutoLabel(str):
    """A label that the network gave by itself: the learner's own names go before it."""

    __slots__ = ()


class Parameter(Value):
    """A number that training changes; one that is frozen keeps its value.

    >>> w = Parameter(0.5, "w")
    >>> w.prune()
    >>> w.data, w.frozen
    (0.0, True)
    """

    __slots__ = ()
    parameter = True
    frozen: bool = False

    def freeze(self, frozen: bool = True) -> None:
        """Keep the value from now on, whatever the gradient; `freeze(False)` lets it learn again."""
        self.frozen = frozen

    def prune(self) -> None:
        """Delete the connection: a weight of 0 that stays 0."""
        self.data = 0.0
        self.freeze()


class Module:
    """Something with parameters: those in its attributes, in lists of them, and in other modules there."""

    def __call__(self, x: Sequence[Any]) -> Any:
        """Return the output for one example: a Value, or a list of them."""
        raise NotImplementedError(
            f"{type(self).__name__} does not say what its output is. Write def __call__(self, x): in the class."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._count()}>"

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Return each parameter once, with the Python path that leads to it."""
        found = {parameter: path for path, parameter in reversed(list(_parameters(self, "")))}
        return [(path, parameter) for parameter, path in reversed(found.items())]

    def parameters(self) -> list[Value]:
        """Return each parameter once."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Set every gradient to 0, for the next backward pass adds to it."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def predict(self, x: Sequence[Any]) -> Any:
        """Return outputs as plain numbers: those of one example, or a list with those of each row of a table.

        >>> from micrograd_like import MLP
        >>> model = MLP(2, [1], init=lambda nin, nout, rng: 1.0)
        >>> model.predict([1.0, 2.0]), model.predict([[1.0, 2.0], [3.0, 4.0]])
        (3.0, [3.0, 7.0])
        """
        x = plain(x)
        return [self._predicted(row) for row in x] if _is_table(x) else self._predicted(x)

    def _predicted(self, x: Sequence[Any]) -> Any:
        out = self(x)
        return [a.data for a in out] if isinstance(out, list | tuple) else out.data

    def state_dict(self) -> dict[str, float]:
        """Return the number of each parameter by its path, to keep or to give to another network of this shape."""
        return {path: parameter.data for path, parameter in self.named_parameters()}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Take over the numbers of a `state_dict()`, all of them or, with a ValueError, none."""
        mine = dict(self.named_parameters())
        if not isinstance(state, dict) or set(state) != set(mine):
            other = next(iter(set(mine) ^ set(state)), "") if isinstance(state, dict) else ""
            raise ValueError(
                f"The state does not go with this network{other and f': {other} is in one of them only'}. "
                "Give the state_dict() of a network of the same shape."
            )
        wanted = {path: real(state[path]) for path in mine}
        before = self.state_dict()

        def give(numbers: dict[str, float]) -> None:
            for path, number in numbers.items():
                mine[path].data = number

        all_or_nothing(lambda: give(wanted), lambda: give(before))

    def summary(self) -> str:
        """Return what the network is made of, and how many parameters it has."""
        return f"{self!r}\n{self._count()}"

    def _count(self) -> str:
        parameters = self.parameters()
        frozen = sum([getattr(parameter, "frozen", False) for parameter in parameters])
        return f"{len(parameters)} parameters" + (f", {frozen} of them frozen" if frozen else "")

    def diagram(self, **options: Any) -> Any:
        """Draw columns of neurons, whose connections show the weights."""
        if not hasattr(self, "w") and not hasattr(self, "neurons") and not hasattr(self, "layers"):
            raise TypeError(
                f"A diagram shows an MLP, a Layer or a Neuron, and {type(self).__name__} is a Module of another kind. "
                "Write draw(model(x)) for its graph, or the diagram() of one of its layers."
            )
        return SHOWS["network diagram"](self, **options)


def _parameters(part: Any, path: str) -> Iterator[tuple[str, Value]]:
    if isinstance(part, Value):
        if part.op is None and not part.constant:
            yield path, part
        elif _was_parameter(part):
            warn(
                "A parameter was replaced by what was computed from it, so it is not a parameter any more "
                "and its graph grows. Write p.data -= lr * p.grad, which changes the number and keeps the parameter."
            )
    elif isinstance(part, Module):
        for name, inner in vars(part).items():
            yield from _parameters(inner, f"{path}.{name}" if path else name)
    elif isinstance(part, list | tuple):
        for i, inner in enumerate(part):
            yield from _parameters(inner, f"{path}[{i}]")
    elif isinstance(part, dict):
        for key, inner in part.items():
            yield from _parameters(inner, f"{path}[{key!r}]")


def _was_parameter(value: Value) -> bool:
    """Whether it is parameter - number, or such a one less another number, as `w -= lr * w.grad` leaves."""
    steps = 0
    while value.op in (sub, add) and value.inputs[1].constant and steps < 1000:
        value, steps = value.inputs[0], steps + 1
    return steps > 0 and value.op is None and isinstance(value, Parameter)


def label_parameters(module: Module) -> None:
    """Call every parameter by the path that leads to it from `module`, as in layers[0].neurons[2].w[1]."""
    for path, parameter in module.named_parameters():
        if not parameter.label or isinstance(parameter.label, AutoLabel):
            parameter.label = AutoLabel(path)


def _is_table(x: Any) -> bool:
    return hasattr(x, "__len__") and len(x) > 0 and hasattr(x[0], "__len__") and not isinstance(x[0], str)
