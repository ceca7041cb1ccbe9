"""Windows of audio that comes in blocks: those of the whole recording, each once, with its own samples."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from generate.rendering.segments import window_starts
from train.listen.incoming_windows import MAX_WAITING, IncomingWindows
from train.listen.sources import Block

SR, SECONDS = 100, 2.0


def blocks(n, sizes):
    """The numbers 0 to n - 1 as samples, in blocks."""
    start = 0
    for k in range(n):
        end = min(n, start + sizes[k % len(sizes)])
        yield Block(start, np.arange(start, end, dtype=np.float32)[:, None])
        start = end
        if start == n:
            return


@given(
    n=st.integers(1, 1500),
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=5),
    hop=st.sampled_from([0.33, 0.5, 1.0, 2.0, 3.7]),
)
def test_every_window_of_a_recording_comes_once_with_its_samples(n, sizes, hop):
    windows = IncomingWindows(SR, seconds=SECONDS, hop_s=hop, is_live=False)
    found = []
    for block in blocks(n, sizes):
        windows.add(block)
        found += windows.complete()
    found += windows.rest()
    assert [start for start, _ in found] == window_starts(n / SR, seconds=SECONDS, hop_s=hop).tolist()
    for start, samples in found:
        first = round(start * SR)
        np.testing.assert_array_equal(samples[:, 0], np.arange(first, min(first + 200, n)))
    assert windows.n_skipped == windows.n_lost == 0


def test_a_live_source_that_is_ahead_costs_windows_and_no_memory():
    windows = IncomingWindows(SR, seconds=SECONDS, hop_s=1.0, is_live=True)
    found = []
    for block in blocks(10_000, [1000]):  # ten windows at a time
        windows.add(block)
        found += [start for start, _ in windows.complete()]
        assert len(windows._kept) <= 1000 + 200 + 100
    assert found == [start for end in range(10, 101, 10) for start in (end - 3, end - 2)]
    assert MAX_WAITING == 2
    assert len(found) + windows.n_skipped == 99


def test_windows_with_lost_samples_are_skipped_and_the_clock_stays():
    windows = IncomingWindows(SR, seconds=SECONDS, hop_s=1.0, is_live=True)
    found = []
    for start in [0, 100, 200, 550, 650, 750, 850]:
        windows.add(Block(start, np.arange(start, start + 100, dtype=np.float32)[:, None]))
        found += windows.complete()
    assert [start for start, _ in found] == [0, 1, 6, 7]
    assert found[2][1][0, 0] == 600
    assert (windows.n_skipped, windows.n_lost) == (4, 250)
