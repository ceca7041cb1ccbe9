"""Events that are found while windows come: those that are found when all are there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.listen.online_events import OnlineEvents
from train.predict.events import find_events

SECONDS = 4.0
CLASSES = ("wren", "robin", "_background")
levels = st.sampled_from([0.0, 0.3, 0.36, 0.49, 0.5, 0.9])


def online_and_offline(p, *, hop, gap, last_s=SECONDS):
    starts = np.arange(len(p)) * hop
    ends = starts + SECONDS
    ends[-1] = starts[-1] + last_s
    options = {"thresholds": dict.fromkeys(CLASSES, 0.5), "hop_s": hop, "min_gap_s": gap, "file": "a.wav"}
    online = OnlineEvents(CLASSES, **options)
    found = [
        online.add(start, end, None if np.isnan(row).any() else row)
        for start, end, row in zip(starts, ends, p, strict=True)
    ]
    return [*found, online.finish()], find_events(starts, ends, p, CLASSES, **options)


@given(
    rows=st.lists(st.one_of(st.tuples(levels, levels, levels), st.just((np.nan,) * 3)), min_size=1, max_size=40),
    hop=st.sampled_from([0.5, 1.0, 2.0, 4.0, 5.0, 30.0]),
    gap=st.one_of(st.floats(0, 9), st.sampled_from([0.0, 0.5, 1.0, 2.0, 4.0])),
    last_s=st.sampled_from([2.0, 3.0, SECONDS]),
)
def test_they_equal_those_of_the_whole_recording(rows, hop, gap, last_s):
    found, expected = online_and_offline(np.array(rows, float), hop=hop, gap=gap, last_s=last_s)
    flat = [event for events in found for event in events]
    assert sorted(flat, key=lambda event: (event.start_s, event.end_s, event.label)) == expected


def test_an_event_is_told_when_no_later_one_can_join_it():
    p = np.zeros((10, 3))
    p[2:4, 0] = 0.9
    found, _ = online_and_offline(p, hop=2.0, gap=2.0)  # as by default: half windows
    assert [len(events) for events in found] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0], "two windows after its last"


@pytest.mark.parametrize(("next_s", "n_events"), [(4.0, 1), (20.0, 2)])
def test_skipped_windows_end_an_event_where_they_leave_a_gap(next_s, n_events):
    online = OnlineEvents(["wren"], thresholds={"wren": 0.5}, hop_s=1.0)
    found = online.add(0, SECONDS, np.array([0.9])) + online.add(next_s, next_s + SECONDS, np.array([0.9]))
    assert len(found + online.finish()) == n_events


def test_a_class_that_is_never_named_has_no_event_however_sure_the_model_is():
    online = OnlineEvents(["wren"], thresholds={"wren": 1.0}, hop_s=1.0)
    found = [event for k in range(4) for event in online.add(k, k + SECONDS, np.array([float(k % 2)]))]
    assert [*found, *online.finish()] == []
