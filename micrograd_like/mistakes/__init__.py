"""The classical mistakes, one entry each."""

# isort: off
from . import whole_pass as whole_pass, slopes as slopes  # which fill the table of rules, in this order
