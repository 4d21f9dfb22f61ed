"""Special numbers: ours and PyTorch's results differ only where a reason is written down."""

import pytest
from edges import REASONS, differences, pytorch, reason


def test_what_differs_from_pytorch_has_a_reason() -> None:
    pytest.importorskip("torch")
    found = list(differences(pytorch))
    bare = [
        (op.name, point, what, mine, theirs) for op, point, what, mine, theirs in found if not reason(op, point, mine)
    ]
    assert not bare, bare[:20]
    used = {reason(op, point, mine) for op, point, _, mine, _ in found}
    assert {why for _, _, why in REASONS} <= used, "a reason that nothing needs any more"
