"""Silence removed: what is audible stays to the sample, long pauses go but for their margins, and no joint clicks."""

import librosa
import numpy as np
import pytest

from tests.augment_audio.conftest import make
from tests.conftest import SR, tone, white

PAUSE_S, MARGIN_S, FADE_S = 0.25, 0.05, 0.01
HOP_LENGTH = 512


def kept_by_librosa(y: np.ndarray, sr: int, top_db: float) -> list[tuple[int, int]]:
    """The intervals of `librosa.effects.split` without what frames overlap of silence, joined and widened."""
    pieces = [[0, 0]]
    for start, end in librosa.effects.split(y, top_db=top_db) + [HOP_LENGTH, -2 * HOP_LENGTH]:
        if start - pieces[-1][1] > PAUSE_S * sr:
            pieces[-1][1] += round(MARGIN_S * sr)
            pieces.append([start - round(MARGIN_S * sr), end])
        pieces[-1][1] = end
    if len(y) - pieces[-1][1] > PAUSE_S * sr:
        pieces[-1][1] += round(MARGIN_S * sr)
    else:
        pieces[-1][1] = len(y)
    return [(start, end) for start, end in pieces if end > round(MARGIN_S * sr)]


@pytest.mark.parametrize("top_db", [20, 30, 40])
def test_it_keeps_what_librosa_keeps(real_clips, top_db):
    n_cut = 0
    for y, sr in real_clips:
        pieces = kept_by_librosa(y / np.abs(y).max(), sr, top_db)
        made = make(y, f"remove_silence={top_db}", sr=sr)
        fade = round(FADE_S * sr)
        assert len(made) == sum(end - start for start, end in pieces) - fade * (len(pieces) - 1)
        at = 0
        for start, end in pieces:
            np.testing.assert_array_equal(made[at + fade : at + end - start - fade], y[start + fade : end - fade])
            at += end - start - fade
        n_cut += len(pieces) - 1
    assert n_cut > 1, "some clips have pauses inside"


@pytest.mark.parametrize("sr", [1000, 8000, 22050, 44100, 48000])
def test_a_pause_is_as_long_at_any_sample_rate(sr):
    for pause_s, left_s in ((0.2, 0.2), (0.25, 0.25), (0.28, 2 * MARGIN_S - FADE_S), (2.0, 2 * MARGIN_S - FADE_S)):
        for seed in range(5):
            bursts = white(0.5 + 0.01 * seed, sr=sr, seed=seed), white(0.5, sr=sr, seed=9)
            y = np.concatenate([bursts[0], np.zeros(round(pause_s * sr), np.float32), bursts[1]])
            made = make(y, "remove_silence", sr=sr)
            left = (len(made) - len(bursts[0]) - len(bursts[1])) / sr
            assert left_s - 2 / sr <= left <= left_s + 0.025, "two hops"
            fade = round(0.02 * sr)
            np.testing.assert_array_equal(made[: len(bursts[0]) + fade], y[: len(bursts[0]) + fade])
            np.testing.assert_array_equal(made[-len(bursts[1]) - fade :], y[-len(bursts[1]) - fade :])


def with_pauses(seconds: float, *, hum: float) -> np.ndarray:
    """Three bursts, two pauses and two silent ends, over a mains hum."""
    silence = np.zeros(round(seconds * SR), np.float32)
    burst = white(0.5)
    y = np.concatenate([silence, burst, silence, burst, silence, burst, silence])
    return y + tone(50, seconds=len(y) / SR, peak=hum) if hum else y


def test_no_joint_clicks():
    """A click is a jump: with a hum in the pauses, no step between bursts is larger than some of the hum itself."""
    y = with_pauses(0.637, hum=1e-3)
    made = make(y, "remove_silence")
    assert len(made) < len(y) - 2 * 0.5 * SR
    quiet = np.convolve(np.abs(made), np.ones(64) / 64, "same") < 2e-3
    steps = np.abs(np.diff(made))[quiet[1:] & quiet[:-1]]
    of_the_hum = np.abs(np.diff(tone(50, peak=1e-3))).max()
    assert quiet.sum() > 4 * 0.04 * SR and steps.max() < 3 * of_the_hum
    start, end = round(1.2 * SR), round(1.637 * SR)
    assert np.abs(y[start] - y[end]) > 10 * of_the_hum, "else a hard cut would not click either"


def test_a_clip_without_long_pauses_is_unchanged():
    for y in (white(1, rms=0.2), with_pauses(PAUSE_S, hum=0)):
        np.testing.assert_array_equal(make(y, "remove_silence"), y)


def test_a_clip_of_one_click_is_the_click_with_its_margins():
    y = np.zeros(2 * SR, np.float32)
    y[SR] = 1
    made = make(y, "remove_silence")
    assert 2 * MARGIN_S * SR < len(made) <= 2 * MARGIN_S * SR + HOP_LENGTH
    assert made.sum() == made.max() == 1 and MARGIN_S * SR < made.argmax() < len(made) - MARGIN_S * SR


def test_the_value_is_the_depth_in_decibels():
    y = with_pauses(0.6, hum=1e-3)  # 43 dB below the bursts
    assert len(make(y, "remove_silence=40")) == len(make(y, "remove_silence")) < len(y)
    np.testing.assert_array_equal(make(y, "remove_silence=60"), y)
