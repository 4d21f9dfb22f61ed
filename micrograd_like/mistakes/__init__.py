"""The classical mistakes, one entry each: see `mistake`; `passes` runs one, `script` writes it for a page."""

# isort: off
from . import whole_pass as whole_pass, slopes as slopes  # which fill the list, in this order
from .mistake import MISTAKES

__all__ = ["MISTAKES"]
