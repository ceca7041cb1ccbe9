"""The colours of the pages by the formula of WCAG 2: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""

import re

import pytest

from generate.gallery.fill_page import STYLE

BACKGROUNDS = ("paper", "raised", "sunk")
TEXT = ("ink", "soft", "accent", "good", "warn", "bad")
MARKS = ("bar", "edge")
"""What has no text but a meaning: bars, and the borders of fields."""


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_the_formula():
    assert contrast("#000000", "#ffffff") == 21
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the known grey that just fails


@pytest.mark.parametrize("number", [0, 1], ids=["light", "dark"])
def test_text_and_marks_stand_out_from_every_background(number):
    style = STYLE.read_text(encoding="utf-8")
    block = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[number]
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", block))
    for names, least in ((TEXT, 4.5), (MARKS, 3.0)):
        for name in names:
            for background in BACKGROUNDS:
                assert contrast(colours[name], colours[background]) >= least, (name, background)
