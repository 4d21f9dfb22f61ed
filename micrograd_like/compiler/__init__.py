"""Find the matrices in the scalars: a recorded graph as array instructions, to run and to export.

`trace` records what a function does, `vectorize` finds what is done alike, `lower` writes instructions, `autodiff`
their chain rule, `backends` run them; `program` is what one uses. docs/compile.md says how and why.
"""

from .computing import AuditError
from .executable import RefusedError
from .program import Program, compile
from .trace.inputs import Rows

__all__ = ["AuditError", "Program", "RefusedError", "Rows", "compile"]
