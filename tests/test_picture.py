"""What all pictures have in common: colours that are told apart, text that is safe, short numbers."""

import pytest

from micrograd_like.drawing import picture
from micrograd_like.drawing.picture import visible
from micrograd_like.ops.notation import short


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("mode", [1, 2], ids=["light", "dark"])
@pytest.mark.parametrize("letters", ["ink", "dim", "slope"])
@pytest.mark.parametrize("ground", ["paper", "op", "input", "parameter", "output"])
def test_text_is_legible_in_light_and_dark(ground, letters, mode):
    """Contrast of at least 4.5 to 1: WCAG 2.2, success criterion 1.4.3."""
    low, high = sorted(luminance(picture.PALETTE[name][mode]) for name in (ground, letters))
    assert (high + 0.05) / (low + 0.05) >= 4.5


@pytest.mark.parametrize("mode", [1, 2], ids=["light", "dark"])
@pytest.mark.parametrize("k", range(6))
def test_lines_and_signs_stand_out_from_what_is_behind_them(k, mode):
    """Contrast of at least 3 to 1: WCAG 2.2, success criterion 1.4.11."""
    for front, behind in ((f"line{k}", "paper"), (f"mark{k}", f"area{k}"), ("line", "paper")):
        low, high = sorted(luminance(picture.PALETTE[name][mode]) for name in (front, behind))
        assert (high + 0.05) / (low + 0.05) >= 3.0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\0b", "a␀b"),
        ("a\nb\t", "a␊b␉"),
        ("\x7f\x85\u202e\ud800\uffff", "␡\ufffd\ufffd\ufffd\ufffd"),
        ("𝜕 🧠 é", "𝜕 🧠 é"),
    ],
)
def test_control_characters_are_seen_and_do_nothing(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("x", "shown"),
    [
        (-0.0, "0"),
        (1e22, "1e22"),
        (-1.5e-300, "-1.5e-300"),
        (123456.0, "123500"),
        (float("inf"), "inf"),
        (0.1 + 0.2, "0.3"),
    ],
)
def test_numbers_are_short(x, shown):
    assert short(x) == shown
    assert float(short(x, 17)) == x
