"""The operations as methods: every `Op` enters itself here, and `methods.pyi` tells editors so."""

OfOne = str  # the name of an operation on one number; methods.pyi lists them


class Methods:
    """`x.tanh()` for `tanh(x)`, and so on for every operation of the table."""

    __slots__ = ()
