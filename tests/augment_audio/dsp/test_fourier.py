"""Blocks of spectra against librosa and numpy, at every kind of length."""

import librosa
import numpy as np
import pytest

from augment_audio.dsp import fourier
from tests.conftest import white

LENGTHS = [1, 10, 511, 512, 513, 2047, 2048, 20_000, fourier.FRAMES_A_BLOCK * 512, fourier.FRAMES_A_BLOCK * 512 + 1]


def unpacked(packed: np.ndarray) -> np.ndarray:
    """Complex spectra, a row a frame."""
    n = packed.shape[1]
    spectrum = np.zeros((len(packed), n // 2 + 1), np.complex128)
    spectrum.real[:, 0] = packed[:, 0]
    last = (n - 1) // 2
    spectrum[:, 1 : last + 1] = packed[:, 1 : 2 * last : 2] + 1j * packed[:, 2 : 2 * last + 1 : 2]
    if n % 2 == 0:
        spectrum.real[:, n // 2] = packed[:, n - 1]
    return spectrum


@pytest.mark.parametrize("n", [64, 65, 1000, 1023, 2048])
def test_packed_spectra_are_numpys(n):
    frames = white(1)[: 3 * n].reshape(3, n).copy()
    expected = np.fft.rfft(frames.astype(np.float64), axis=1)
    fourier.transform(frames)
    np.testing.assert_allclose(unpacked(frames), expected, atol=1e-5 * np.abs(expected).max())


def test_back_again():
    frames = white(1)[: 3 * 2048].reshape(3, 2048)
    packed = frames.copy()
    fourier.transform(packed)
    fourier.transform_back(packed)
    np.testing.assert_allclose(packed / 2048, frames, atol=1e-6)


@pytest.mark.filterwarnings("ignore:n_fft=.* is too large")
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(("n_fft", "hop_length"), [(2048, 512), (1024, 1024), (1001, 300)])
def test_power_is_librosas(length, n_fft, hop_length):
    y = white(2)[:length]
    expected = np.abs(librosa.stft(y, n_fft=n_fft, hop_length=hop_length)) ** 2
    blocks = list(fourier.power_blocks(y, n_fft=n_fft, hop_length=hop_length))
    power = np.concatenate([block for _, block in blocks], axis=1)
    assert [first for first, _ in blocks] == list(range(0, power.shape[1], fourier.FRAMES_A_BLOCK))
    if n_fft % 2:  # librosa leaves the last frame out where it lacks one sample of the silence behind
        power = power[:, : expected.shape[1]]
    np.testing.assert_allclose(power, expected, atol=1e-5 * expected.max())


def test_the_input_is_not_modified():
    y = white(1)
    before = y.copy()
    list(fourier.spectrum_blocks(y, n_fft=2048, hop_length=512))
    np.testing.assert_array_equal(y, before)
