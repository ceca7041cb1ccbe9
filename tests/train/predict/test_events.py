"""Events from the probabilities of windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from train.calibration.thresholds import NEVER, reaches
from train.predict.events import STAYS, find_events

SECONDS = 4.0


def events_of(p, *, hop=1.0, threshold=0.5, min_gap=0.0, classes=("wren",)):
    p = np.atleast_2d(np.asarray(p, float).T).T
    starts = np.arange(len(p)) * hop
    return find_events(
        starts,
        starts + SECONDS,
        p,
        classes,
        thresholds=dict.fromkeys(classes, threshold),
        hop_s=hop,
        min_gap_s=min_gap,
    )


@pytest.mark.parametrize("length_s", [6.0, 11.0])
def test_a_long_event_is_found_to_the_hop(length_s):
    """Windows that hold half of it, or that are half full of it, are right; its ends are found to a hop."""
    hop, start = 0.5, 20.0
    starts = np.arange(0, 60, hop)
    shared = np.clip(np.minimum(starts + SECONDS, start + length_s) - np.maximum(starts, start), 0, None)
    p = np.maximum(shared / SECONDS, shared / length_s)  # 0.5 where half of either is shared
    (event,) = find_events(starts, starts + SECONDS, p[:, None], ["wren"], thresholds={"wren": 0.5 / STAYS}, hop_s=hop)
    assert abs(event.start_s - start) <= hop and abs(event.end_s - (start + length_s)) <= hop


def test_a_window_just_below_the_threshold_does_not_cut_an_event():
    (event,) = events_of([0, 0, 0.9, 0.4, 0.8, 0, 0])
    assert (event.start_s, event.end_s) == (3.5, 6.5)
    assert event.peak_probability == 0.9 and event.mean_probability == pytest.approx(0.7)
    assert len(events_of([0, 0, 0.9, 0.3, 0.8, 0, 0])) == 2
    assert events_of([0, 0.45, 0.4, 0]) == [], "it begins at the threshold alone"


def test_what_nobody_listened_to_is_in_no_event():
    """With a hop longer than a window, unless the gap is one to close."""
    found = events_of([0.9, 0.9, 0, 0.9, 0.9], hop=10.0)
    assert [(event.start_s, event.end_s) for event in found] == [(0, 4), (10, 14), (30, 34), (40, 44)]
    found = events_of([0.9, 0.9, 0, 0.9, 0.9], hop=10.0, min_gap=7.0)
    assert [(event.start_s, event.end_s) for event in found] == [(0, 14), (30, 44)]


def test_a_silent_window_ends_an_event():
    assert len(events_of([0.9, 0.9, np.nan, 0.9, 0.0])) == 2


def test_a_short_gap_is_closed():
    p = [0, 0.9, 0, 0, 0.9, 0, 0, 0]
    assert len(events_of(p, min_gap=2.0)) == 2
    (event,) = events_of(p, min_gap=2.1)
    assert (event.start_s, event.end_s) == (2.5, 6.5) and event.mean_probability == 0.9


@pytest.mark.parametrize("seconds", [0.96, 2.2, 4.1, 5.0])
def test_a_gap_is_as_long_wherever_it_is(seconds):
    """Half a window of hop and of shortest gap, the defaults: a window below the threshold is no shorter gap."""
    starts_s = np.round(np.arange(200) * seconds / 2, 3)
    p = np.where(np.arange(200) % 2, 0.0, 0.9)[:, None]
    found = find_events(
        starts_s, starts_s + seconds, p, ["a"], thresholds={"a": 0.5}, hop_s=seconds / 2, min_gap_s=seconds / 2
    )
    assert len(found) == 100


def test_the_ends_of_a_recording_are_reached():
    (event,) = events_of([0.9, 0.9, 0.9])
    assert (event.start_s, event.end_s) == (0.0, 6.0)


def test_background_is_no_event():
    p = np.array([[0.1, 0.9], [0.9, 0.1], [0.1, 0.9]])
    assert [event.label for event in events_of(p, classes=("wren", "_background"))] == ["wren"]


@given(
    p=st.lists(st.one_of(st.floats(0, 1), st.just(np.nan)), min_size=1, max_size=40),
    hop=st.sampled_from([0.5, 1.0, 4.0]),
    threshold=st.floats(0.05, 1),
    gap=st.floats(0, 5),
)
@example(p=[0.2, 1.0, 1.0], hop=1.0, threshold=NEVER, gap=0.0)
def test_what_holds_of_any_events(p, hop, threshold, gap):
    events = events_of(p, hop=hop, threshold=threshold, min_gap=gap)
    middles = np.arange(len(p)) * hop + SECONDS / 2
    for event in events:
        assert 0 <= event.start_s < event.end_s <= (len(p) - 1) * hop + SECONDS
        assert event.peak_probability >= round(threshold, 6) - 1e-6
    for one, other in zip(events, events[1:], strict=False):
        assert other.start_s - one.end_s >= gap - 2e-3
    above = reaches(np.asarray(p), threshold)
    assert bool(events) == above.any()
    for middle in middles[above]:
        assert any(event.start_s - 1e-3 <= middle <= event.end_s + 1e-3 for event in events)
