"""The librosa engine against librosa itself."""

import librosa
import numpy as np
import pytest

from augment_audio import open_sound
from augment_audio.librosa_engine import LibrosaSound
from tests.conftest import SR, tone, white

# Nothing to hear or see: 16-bit samples have steps of 3e-5.
TOLERANCE = 1e-6


def test_version_names_the_library():
    assert LibrosaSound.version() == f"librosa {librosa.__version__}"


@pytest.mark.parametrize("rate", [0.7, 1.2])
def test_stretch_is_librosas_on_real_clips(real_clips, rate):
    for y, sr in real_clips:
        ours = open_sound(y, sr, engine="librosa").time_stretch(rate=rate)
        theirs = librosa.effects.time_stretch(y, rate=rate)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("n_semitones", [2, -2])
def test_pitch_is_librosas_on_real_clips(real_clips, n_semitones):
    for y, sr in real_clips:
        ours = open_sound(y, sr, engine="librosa").pitch_shift(n_semitones=n_semitones)
        theirs = librosa.effects.pitch_shift(y, sr=sr, n_steps=n_semitones)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("n_samples", [2048, 2049, 22050])
@pytest.mark.parametrize("rate", [0.25, 0.9, 1.0, 4.0])
def test_stretch_is_librosas_at_any_length_and_rate(n_samples, rate):
    y = white(1)[:n_samples]
    ours = open_sound(y, SR, engine="librosa").time_stretch(rate=rate)
    np.testing.assert_allclose(ours, librosa.effects.time_stretch(y, rate=rate), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("n_semitones", [-24, -0.5, 0, 7, 24])
def test_pitch_is_librosas_by_any_number_of_semitones(n_semitones):
    y = white(0.5) + tone(440, seconds=0.5)
    ours = open_sound(y, SR, engine="librosa").pitch_shift(n_semitones=n_semitones)
    theirs = librosa.effects.pitch_shift(y, sr=SR, n_steps=n_semitones)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE)


@pytest.mark.filterwarnings("ignore:n_fft=.* is too large")
def test_a_short_sound_is_one_with_silence_behind_it():
    y = white(1)[:700]
    padded = np.concatenate([y, np.zeros(2048 - 700, np.float32)])
    ours = open_sound(y, SR, engine="librosa").time_stretch(rate=0.7)
    np.testing.assert_allclose(ours, librosa.effects.time_stretch(padded, rate=0.7)[:1000], rtol=0, atol=TOLERANCE)


def test_one_analysis_serves_all_variants_in_any_order(monkeypatch):
    lengths = []
    stft = librosa.stft

    def counted(y, **options):
        lengths.append(len(y))
        return stft(y, **options)

    monkeypatch.setattr(librosa, "stft", counted)
    y = white(1)
    there, back = open_sound(y, SR), open_sound(y, SR)
    first = [there.pitch_shift(n_semitones=2), there.time_stretch(rate=0.7), there.pitch_shift(n_semitones=-2)]
    assert lengths == [len(y)]
    second = [back.pitch_shift(n_semitones=-2), back.time_stretch(rate=0.7), back.pitch_shift(n_semitones=2)]
    assert lengths == [len(y)] * 2, "another sound has an analysis of its own"
    for one, other in zip(first, reversed(second), strict=True):
        np.testing.assert_array_equal(one, other)
