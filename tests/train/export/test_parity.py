from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from train.export.parity import Parity, _compared, accuracy_in_words, parity_text

PARITY = Parity(
    n_clips=100,
    n_recordings=80,
    n_same=100,
    n_as_like=None,
    unlikeness_difference=None,
    largest_difference=0.012,
    mean_difference=0.001,
    n_tested=100,
    n_tested_recordings=80,
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


@pytest.mark.parametrize(("n_unreadable", "holds"), [(11, True), (12, False)])
def test_it_holds_for_clips_that_could_be_read(n_unreadable, holds):
    assert replace(PARITY, n_unreadable=n_unreadable).holds == holds


def test_both_are_told():
    text = parity_text(replace(PARITY, n_same=99, n_as_like=96, unlikeness_difference=0.012))
    assert text.startswith(
        "the same class as the program for 99 of 100 clips, and the same likeness to the training clips for 96 "
        "(unlikeness 1.2 % off);"
    )
    assert "likeness" not in parity_text(PARITY)


def test_the_accuracy_of_a_file_leaves_out_background_as_that_of_the_run_does():
    labels = np.array(["wren"] * 8 + ["_background"] * 8, dtype=object)
    table = pd.DataFrame({"clip_id": range(16), "source_id": range(16), "label": labels})
    found = np.where(np.arange(16) < 2, "_background", labels).astype(object)  # two wrens are missed
    given = np.zeros((16, 2))
    subject = SimpleNamespace(labels=lambda probabilities: found, run=SimpleNamespace(multilabel=False))
    clips = SimpleNamespace(are_held_out=True)
    parity = _compared((given, None), (given, None), table, subject, clips, [1.0], 0).parity
    assert (parity.accuracy, parity.program_accuracy) == (0.75, 0.75)
    assert (parity.n_clips, parity.n_same, parity.n_tested, parity.n_tested_recordings) == (16, 16, 8, 8)
    assert "8 held-out clips of 8 recordings, without those of background" in accuracy_in_words(
        parity, cross_validated=""
    )


@pytest.mark.parametrize(("factor", "holds"), [(1.05, True), (0.5, False), (0.0, False)])
def test_a_file_whose_unlikeness_tells_nothing_does_not_hold(factor, holds):
    """Though it agrees for all but the few clips that are unlike."""
    own = np.append(np.linspace(0.2, 0.9, 39), 1.2)
    table = pd.DataFrame({"clip_id": range(40), "source_id": range(40), "label": "wren"})
    subject = SimpleNamespace(labels=lambda p: np.full(40, "wren", object), run=SimpleNamespace(multilabel=False))
    clips = SimpleNamespace(are_held_out=False)
    parity = _compared(
        (np.ones((40, 1)), own), (np.ones((40, 1)), factor * own), table, subject, clips, [1.0], 0
    ).parity
    assert parity.n_as_like >= 39 and parity.unlikeness_difference == pytest.approx(abs(1 - factor))
    assert parity.holds == holds
