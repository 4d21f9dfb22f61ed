"""What benchmarks/exercises.py measures on 1,000 graphs, on a few."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import exercises as measured


def test_mistakes_are_named_alone_or_first_among_ties() -> None:
    for name, row in measured.confusion(4).items():
        assert row.graphs >= 4 and row.named >= 0.75, (name, row)


def test_random_numbers_are_not_accused() -> None:
    for one in (False, True):
        wrong, count, _ = measured.accused(38, 4, one)
        assert wrong <= 1, (one, wrong, count)


def test_right_answers_to_four_digits_are_accepted() -> None:
    right, count = measured.accepted(38)
    assert right == count


def test_an_error_is_carried_forward_with_one_message_at_the_slip() -> None:
    good, _ = measured.carried_forward(40)
    assert good >= 39
