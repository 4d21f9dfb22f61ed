"""Whatever a file or an expression holds: one class of error or a right result, soon, in little memory."""

import sys

import hostile
import pytest


def test_a_thousand_attacks() -> None:
    """`python tests/hostile.py 100000` does more of the same."""
    found, wrong = hostile.attack(range(1000))
    assert wrong == []
    kinds = {kind for kind, _ in found}
    assert len(kinds) == 4 and all(found[kind, "accepted"] for kind in kinds)  # some changes do no harm


def test_a_wrong_outcome_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile.Attack, "compute", lambda self, text: {}["not there"])
    found, wrong = hostile.attack(range(40))
    assert found["expression", "!!"] == 10 and len(wrong) == 10 and "KeyError" in wrong[0]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no alarm")
def test_an_endless_case_would_be_ended() -> None:
    with pytest.raises(hostile.SlowError), hostile.limited(0.05):
        while True:
            pass
