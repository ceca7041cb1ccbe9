"""The librosa engine against librosa, in single and in double precision."""

import librosa
import numpy as np
import pytest

from augment_audio import open_audio
from augment_audio.dsp.phase_vocoder import PhaseVocoder
from augment_audio.engines.librosa import LibrosaSound
from tests.conftest import SR, tone, white


def stretched_in_double_precision(y: np.ndarray, rate: float) -> np.ndarray:
    """`librosa.effects.time_stretch`, whose angles lose their digits in single precision."""
    spectrum = librosa.stft(y.astype(np.float64), dtype=np.complex128)
    stretched = librosa.phase_vocoder(spectrum, rate=rate)
    return librosa.istft(stretched, dtype=np.float64, length=round(len(y) / rate))


def rms(y: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(y, dtype=np.float64))))


def test_the_version_is_that_of_the_librosa_it_is_tested_against():
    assert LibrosaSound.version() == "librosa " + ".".join(librosa.__version__.split(".")[:2])


@pytest.mark.parametrize("rate", [0.7, 1.2])
def test_stretch_is_librosas_on_clips(clips, rate):
    """Bins with next to nothing in them have a phase by chance: there no two precisions agree."""
    errors = []
    for y, sr in clips:
        ours = open_audio(y, sr, engine="librosa").time_stretch(rate=rate)
        exact = stretched_in_double_precision(y, rate)
        theirs = librosa.effects.time_stretch(y, rate=rate)
        assert ours.dtype == np.float32
        assert rms(ours - exact) < 0.05 * rms(exact)
        errors.append((rms(ours - exact), rms(theirs - exact)))
    our_error, their_error = np.median(errors, axis=0)
    assert our_error < their_error / 2, "multiplied phasors keep more digits than angles that are added up"


@pytest.mark.parametrize("n_semitones", [2, -2])
def test_pitch_is_librosas_on_clips(clips, n_semitones):
    """As spectra: the ratio as a fraction shifts the end by up to three samples."""
    for y, sr in clips:
        ours = open_audio(y, sr, engine="librosa").pitch_shift(n_semitones=n_semitones)
        theirs = librosa.effects.pitch_shift(y, sr=sr, n_steps=n_semitones)
        assert ours.shape == theirs.shape
        ours, theirs = (librosa.power_to_db(librosa.feature.melspectrogram(y=z, sr=sr)) for z in (ours, theirs))
        assert np.abs(ours - theirs).mean() < 0.2
        assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.9995


@pytest.mark.parametrize("n_samples", [2048, 2049, 2560, 22050])
@pytest.mark.parametrize("rate", [0.25, 0.9, 1, 1.0, 4.0])
def test_stretch_is_librosas_at_any_length_and_rate(n_samples, rate):
    y = white(1)[:n_samples]
    ours = open_audio(y, SR, engine="librosa").time_stretch(rate=rate)
    exact = stretched_in_double_precision(y, rate)
    assert ours.shape == exact.shape
    assert rms(ours - exact) < 1e-3 * rms(exact)


@pytest.mark.parametrize("n_semitones", [-24, -0.5, 0, 0.03, 7, 24])
def test_pitch_is_librosas_by_any_number_of_semitones(n_semitones):
    y = white(0.5) + tone(440, seconds=0.5)
    ours = open_audio(y, SR, engine="librosa").pitch_shift(n_semitones=n_semitones)
    theirs = librosa.effects.pitch_shift(y, sr=SR, n_steps=n_semitones)
    assert ours.shape == theirs.shape
    assert np.corrcoef(ours, theirs)[0, 1] > 0.999


@pytest.mark.filterwarnings("ignore:n_fft=.* is too large")
def test_short_audio_is_padded_with_silence():
    y = white(1)[:700]
    padded = np.concatenate([y, np.zeros(2048 - 700, np.float32)])
    ours = open_audio(y, SR, engine="librosa").time_stretch(rate=0.7)
    exact = stretched_in_double_precision(padded, 0.7)[:1000]
    assert rms(ours - exact) < 1e-3 * rms(exact)


def test_one_analysis_serves_all_variants_in_any_order(monkeypatch):
    lengths = []
    analyse = PhaseVocoder.__init__

    def counted(self, y):
        lengths.append(len(y))
        analyse(self, y)

    monkeypatch.setattr(PhaseVocoder, "__init__", counted)
    y = white(1)
    there, back = open_audio(y, SR), open_audio(y, SR)
    first = [there.pitch_shift(n_semitones=2), there.time_stretch(rate=0.7), there.pitch_shift(n_semitones=-2)]
    assert lengths == [len(y)]
    second = [back.pitch_shift(n_semitones=-2), back.time_stretch(rate=0.7), back.pitch_shift(n_semitones=2)]
    assert lengths == [len(y)] * 2, "another sound has an analysis of its own"
    for one, other in zip(first, reversed(second), strict=True):
        np.testing.assert_array_equal(one, other)
