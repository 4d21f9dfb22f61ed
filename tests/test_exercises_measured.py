"""What benchmarks/exercises.py measures on 1,000 graphs, on a few."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from sizes import only_long

from benchmarks import exercises as measured


@only_long("every mistake on several graphs")
def test_most_mistakes_are_named_and_hardly_any_gets_the_name_of_another() -> None:
    named, other, _ = measured.shares(measured.measured(measured.LISTS["the list"](), 2, leaves=True))
    assert named >= 0.9 and other <= 0.03


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
