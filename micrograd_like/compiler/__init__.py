"""Find the matrices in the scalars: a recorded graph as array instructions, to run and to export.

`capture` makes lists of the graph, `lanes` finds what is done alike, `plan` writes the instructions, `program` is
what one uses; docs/compile.md says how and why.
"""

from .captured import RefusedError
from .inputs import Rows
from .program import Program, compile

__all__ = ["Program", "RefusedError", "Rows", "compile"]
