"""Trim: silent ends go, everything else stays to the sample."""

import librosa
import numpy as np
import pytest

from tests.augment_audio.conftest import make
from tests.conftest import SR, tone, white

FRAME = 2048
"""Silence is measured in frames of 2048 samples, so that much of it may be left at either end."""


def between(y, *, before: int, after: int, rms: float = 0.0):
    """Samples between two ends of white noise, or of nothing."""
    noise = white((before + after) / SR, seed=9, rms=rms)
    return np.concatenate([noise[:before], y, noise[before:]])


def find(piece, y) -> int:
    """Where the piece stands in the whole, sample for sample."""
    starts = [start for start in np.flatnonzero(y == piece[0]) if np.array_equal(y[start : start + len(piece)], piece)]
    assert starts, "what is left is no unchanged piece of the sound"
    return starts[-1]


@pytest.mark.parametrize(("before", "after"), [(11025, 22050), (22050, 0), (0, 7000)])
@pytest.mark.parametrize("rms", [0.0, 1e-4])
def test_only_the_silent_ends_are_cut(before, after, rms):
    """1e-4 is 65 dB below the signal: silence as well, by the default of 60 dB."""
    sound = white(0.5, rms=0.18)
    whole = between(sound, before=before, after=after, rms=rms)
    trimmed = make(whole, "trim")
    kept_before = before - find(trimmed, whole) if before else 0
    kept_after = len(trimmed) - len(sound) - kept_before
    assert 0 <= kept_before <= min(before, FRAME)
    assert 0 <= kept_after <= min(after, FRAME)


def test_a_clip_without_silent_ends_is_unchanged():
    y = white(1, rms=0.2)
    np.testing.assert_array_equal(make(y, "trim"), y)


def test_silence_inside_stays():
    y = between(np.concatenate([tone(440), np.zeros(SR, np.float32), tone(880)]), before=SR, after=SR)
    assert 3 * SR <= len(make(y, "trim")) <= 3 * SR + 2 * FRAME


@pytest.mark.parametrize(("text", "cut"), [("trim=30", True), ("trim=38", True), ("trim=46", False), ("trim", False)])
def test_the_value_is_the_depth_in_decibels_below_the_loudest_frame(text, cut):
    """The ends are 40 dB below the signal, and 43 in the half-empty frames at the very ends."""
    sound = white(1, rms=0.2)
    y = between(sound, before=SR, after=SR, rms=0.002)
    if cut:
        assert len(sound) <= len(make(y, text)) <= len(sound) + 2 * FRAME
    else:
        np.testing.assert_array_equal(make(y, text), y)


def test_the_default_is_60_decibels():
    y = between(white(1, rms=0.2), before=SR, after=SR, rms=0.00035)  # 55 dB down, 58 at the very ends
    np.testing.assert_array_equal(make(y, "trim=60"), make(y, "trim"))
    assert len(make(y, "trim=52")) < len(make(y, "trim")) == 3 * SR


@pytest.mark.parametrize("text", ["trim", "trim=90", "trim=120"])
@pytest.mark.parametrize("kind", ["tone", "click"])
def test_true_silence_goes_at_every_depth(kind, text):
    """A click is the hard case: the mean power of its frame is 33 dB below its peak."""
    sound = tone(440) if kind == "tone" else np.array([1.0], np.float32)
    y = between(sound, before=SR, after=SR)
    assert len(sound) <= len(make(y, text)) <= len(sound) + 2 * FRAME


@pytest.mark.parametrize("top_db", [20, 40, 60])
def test_it_cuts_where_librosa_cuts(clips, top_db):
    for y, sr in clips:
        loud = y / np.abs(y).max()  # librosa calls nothing silent that is less than 100 dB below full scale
        _, (start, end) = librosa.effects.trim(loud, top_db=top_db)
        np.testing.assert_array_equal(make(y, f"trim={top_db}", sr=sr), y[start:end])


@pytest.mark.parametrize("length", [1, 511, 512, 513, 1024, 2048, 5000])
def test_it_cuts_where_librosa_cuts_at_any_length(length):
    y = np.concatenate([np.zeros(1500, np.float32), white(1)])[:length]
    _, (start, end) = librosa.effects.trim(y)
    np.testing.assert_array_equal(make(y, "trim"), y[start:end] if end > start else y)


@pytest.mark.parametrize("text", ["trim", "trim=90"])
def test_a_quiet_copy_is_cut_at_the_same_places(text):
    y = between(tone(440), before=SR, after=SR)
    assert len(make(y, text)) < 2 * SR
    quiet = y * np.float32(2.0**-7)  # 42 dB quieter, and exact
    np.testing.assert_array_equal(make(quiet, text), make(y, text) * np.float32(2.0**-7))
