"""Both passes as steps: to read, to touch, to get wrong on purpose, and to explain."""

from . import mutations as mutations, wrong_slopes as wrong_slopes  # which fill the table of rules
