from dataclasses import replace

import pytest

from train.export.parity import Parity, parity_text

PARITY = Parity(
    n_clips=100,
    n_recordings=80,
    n_same=100,
    n_as_like=None,
    largest_difference=0.012,
    mean_difference=0.001,
    accuracy=None,
    low=None,
    high=None,
    program_accuracy=None,
    window_ms=10.0,
    n_unreadable=0,
)


@pytest.mark.parametrize(
    ("n_same", "n_as_like", "holds"),
    [(98, None, True), (97, None, False), (98, 95, True), (97, 100, False), (100, 94, False)],
)
def test_a_file_holds_where_class_and_likeness_are_those_of_the_program(n_same, n_as_like, holds):
    assert replace(PARITY, n_same=n_same, n_as_like=n_as_like).holds == holds


def test_both_are_told():
    text = parity_text(replace(PARITY, n_same=99, n_as_like=96))
    assert text.startswith(
        "the same class as the program for 99 of 100 clips, and the same likeness to the training clips for 96;"
    )
    assert "likeness" not in parity_text(PARITY)
