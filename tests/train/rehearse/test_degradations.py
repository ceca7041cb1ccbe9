"""What is done to the audio, measured on real clips and on tones."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import SR, tone, white
from train.rehearse.degradations import DEGRADATIONS, ClipAudio, degradations_for


def clip(y, sr, *, background=None):
    noise = np.random.default_rng(1).standard_normal(len(y), dtype=np.float32)
    return ClipAudio(y, sr, noise, background)


def decibels(y):
    return 10 * np.log10(np.mean(np.asarray(y, float) ** 2))


def lag(y, reference):
    """Samples by which a signal is later than another."""
    n = 2 * len(y)
    similarity = np.fft.irfft(np.fft.rfft(y, n) * np.conj(np.fft.rfft(reference, n)))
    return (int(similarity.argmax()) + len(y)) % n - len(y)


@pytest.mark.parametrize("snr_db", [20, 10, 0])
@pytest.mark.parametrize("kind", ["white noise", "background"])
def test_the_signal_to_noise_ratio_is_what_was_asked(clips, kind, snr_db):
    for (y, sr), (other, _) in zip(clips, clips[1:] + clips[:1], strict=True):
        y = y.copy()
        before = y.copy()
        noisy = DEGRADATIONS[f"{kind} {snr_db} dB"].apply(clip(y, sr, background=np.resize(other, len(y))))
        np.testing.assert_array_equal(y, before)
        assert decibels(y) - decibels(noisy.astype(float) - y) == pytest.approx(snr_db, abs=0.1)


@pytest.mark.parametrize(
    ("name", "levels"),
    [("distance 100 m", {500: -20.1, 4000: -23.2, 8000: -29.5}), ("distance 300 m", {500: -30.2, 2000: -33.2})],
)
def test_air_takes_high_frequencies_more(name, levels):
    """The levels of ISO 9613-2 to 3 dB, as far as two filters of first order have them."""
    for hz, expected_db in levels.items():
        y = tone(hz, sr=44100, seconds=2)
        far = DEGRADATIONS[name].apply(clip(y, 44100))
        line = np.abs(np.fft.rfft(far[44100:] * np.hanning(44100)))[hz]
        before = np.abs(np.fft.rfft(y[44100:] * np.hanning(44100)))[hz]
        assert 20 * np.log10(line / before) == pytest.approx(expected_db, abs=0.3)


def test_the_recorder_of_a_distant_source_has_noise(clips):
    for y, sr in clips:
        audio = clip(y, sr)
        far = DEGRADATIONS["distance 300 m"].apply(audio)
        without_noise = DEGRADATIONS["distance 300 m"].apply(ClipAudio(y, sr, -audio.white))
        assert decibels((far - without_noise) / 2) == pytest.approx(decibels(y) - 40, abs=0.1)


@pytest.mark.parametrize(
    ("name", "kept_hz", "lost_hz"),
    [("16 kHz sample rate", (100, 5000), (8500, 12000)), ("8 kHz, from 300 Hz", (1000, 3000), (60, 4500, 9000))],
)
def test_the_band_of_a_recorder(name, kept_hz, lost_hz):
    for hz in (*kept_hz, *lost_hz):
        y = tone(hz, sr=44100)
        change_db = decibels(DEGRADATIONS[name].apply(clip(y, 44100))[4410:-4410]) - decibels(y)
        assert change_db > -1.5 if hz in kept_hz else change_db < -20, hz


@pytest.mark.parametrize("sr", [8000, 16000, 22050, 44100, 96000])
def test_mp3_is_aligned_and_lossy(sr):
    y = white(2.0, sr=sr)
    decoded = DEGRADATIONS["MP3 32 kbit/s"].apply(clip(y, sr))
    assert decoded.shape == y.shape and lag(decoded, y) == 0
    power = np.abs(np.fft.rfft(decoded)) ** 2
    hz = np.fft.rfftfreq(len(decoded), 1 / sr)
    assert power[hz > 10_000].sum() < 0.001 * power.sum(), "LAME keeps up to about 8 kHz at this bit rate"
    assert 0.2 < np.corrcoef(decoded, y)[0, 1] < 0.999


@pytest.mark.parametrize(("name", "seconds"), [("reverberation 0.8 s", 0.8), ("reverberation 2.4 s", 2.4)])
@pytest.mark.parametrize("sr", [22050, 44100])
def test_reverberation_decays_in_its_time_and_is_as_loud_as_the_direct_sound(name, seconds, sr):
    impulse = np.zeros(6 * sr, np.float32)
    impulse[0] = 1
    response = DEGRADATIONS[name].apply(clip(impulse, sr)).astype(float)
    direct, reverberant = response[0] ** 2, response[1:] ** 2
    assert 10 * np.log10(reverberant.sum() / direct) == pytest.approx(0, abs=0.5)
    # T30 of ISO 3382: twice the time of the backward-integrated energy from -5 to -35 dB.
    left_db = 10 * np.log10(np.cumsum(reverberant[::-1])[::-1] / reverberant.sum() + 1e-20)
    assert 2 * (np.argmax(left_db < -35) - np.argmax(left_db < -5)) / sr == pytest.approx(seconds, rel=0.1)


def test_all_keep_the_length(clips):
    for y, sr in clips[:3]:
        audio = clip(y[: 2 * sr + 7], sr, background=white(2.0, sr=sr)[:1].repeat(2 * sr + 7))
        for name, degradation in DEGRADATIONS.items():
            out = degradation.apply(audio)
            assert out.shape == audio.y.shape and out.dtype == np.float32 and np.isfinite(out).all(), name


def test_a_row_that_would_change_nothing_is_left_out():
    assert {"16 kHz sample rate", "8 kHz, from 300 Hz"} <= set(degradations_for(SR, with_background=False))
    low = degradations_for(16000, with_background=False)
    assert "16 kHz sample rate" not in low and "8 kHz, from 300 Hz" in low
    assert not any(degradation.needs_background for degradation in low.values())
    assert len(degradations_for(SR, with_background=True)) == len(DEGRADATIONS)
