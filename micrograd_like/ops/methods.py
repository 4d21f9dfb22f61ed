"""The operations as methods: `ops` fills this class from its table, and `methods.pyi` tells editors so."""


class Methods:
    """`x.tanh()` for `tanh(x)`, and so on for every operation of the table."""

    __slots__ = ()
