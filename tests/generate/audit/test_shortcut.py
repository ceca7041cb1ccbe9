"""Whether one number predicts the class by more than chance, where recordings hold several classes."""

from __future__ import annotations

import numpy as np
import pytest

from generate.audit.shortcut import could_be_chance, shortcut


def collection(n_recordings: int, classes: list[str], values_of):
    """One clip of each class in each recording, in the order of the classes, as a table of windows may be."""
    labels = np.repeat(np.array(classes, dtype=object), n_recordings)
    sources = np.tile([f"r{k}" for k in range(n_recordings)], len(classes))
    return np.array([values_of(label) for label in labels], dtype=float), labels, sources


@pytest.mark.parametrize(("n_recordings", "is_chance"), [(3, True), (4, True), (12, False)])
def test_a_class_in_each_recording_may_be_told_apart_by_chance_where_there_are_few(n_recordings, is_chance):
    """Of three recordings with two classes each, one of four arrangements of these is as well separated."""
    values, labels, sources = collection(n_recordings, ["_background", "wren"], ["_background", "wren"].index)
    found = shortcut(values, labels, sources, width=0.1)
    assert found.by_class.max() == 1
    assert could_be_chance(found, values, labels, sources, width=0.1) == (is_chance, is_chance)


def test_numbers_that_tell_nothing_are_seldom_more_than_chance():
    rng = np.random.default_rng(1)
    n_high = alarms = 0
    for _ in range(200):
        values, labels, sources = collection(4, ["_background", "robin", "wren"], lambda label: rng.normal(-20, 8))
        found = shortcut(values, labels, sources, width=1)
        if found.by_class.max() >= 0.8:
            n_high += 1
            alarms += not could_be_chance(found, values, labels, sources, width=1)[0]
    assert n_high > 5 and alarms <= 5
