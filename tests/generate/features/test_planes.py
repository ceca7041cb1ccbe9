"""Planes of images against librosa, on real clips."""

import librosa
import numpy as np
import pytest

from generate.dataset.settings import Settings
from generate.features.harmonic_percussive import harmonic_percussive
from generate.features.planes import plane_values
from generate.features.spectrogram import spectrogram_image
from tests.conftest import tone, white


def librosas(y: np.ndarray, sr: int, n_fft: int) -> np.ndarray:
    """Mel-spectrogram as power, full scale at 1 for a sine of 1 in its band, about."""
    return librosa.feature.melspectrogram(y=y, sr=sr, n_fft=n_fft, hop_length=n_fft // 4)


def in_range(power: np.ndarray, top: float) -> np.ndarray:
    return librosa.power_to_db(power, ref=top, top_db=None).clip(-80, 0) / 80 + 1


def levels(values: np.ndarray) -> np.ndarray:
    return values * 255


def test_each_window_is_librosas_and_the_brightest_of_all_is_white(clips):
    settings = Settings(planes=("mel:2048", "mel:1024", "delta"))
    for y, sr in clips[:3]:
        longer, shorter, _ = plane_values(y, settings)
        assert longer.shape[1] == 1 + len(y) // 512
        assert shorter.shape[1] == 1 + len(y) // 256
        assert max(longer.max(), shorter.max()) == 1
        for values, n_fft in ((longer, 2048), (shorter, 1024)):
            power = librosas(y, sr, n_fft)
            # Both are relative to the louder one, whose distance librosa does not know.
            top = power.max() * 10 ** ((1 - values.max()) * 8)
            np.testing.assert_allclose(levels(values), levels(in_range(power, top)), atol=0.02)


@pytest.mark.parametrize(
    "planes", [("mel:2048", "mel:512", "delta"), ("mel", "harmonic", "percussive"), ("left", "mid")]
)
@pytest.mark.parametrize("noise", [1e-4, 1e-4 / 256])
def test_planes_do_not_depend_on_the_level_or_the_bits_of_the_file(clips, planes, noise):
    """Of 24 bits all that was more than 48 dB below full scale was white."""
    settings = Settings(planes=(*planes, "side") if planes[0] == "left" else planes)
    for y, _ in clips[:3]:
        y = np.stack([y, np.roll(y, 99)]) if planes[0] == "left" else y
        expected = spectrogram_image(y, settings).astype(int)
        for factor in (1, 64, 0.5):
            image = spectrogram_image(y * np.float32(factor), settings, noise=noise)
            assert np.abs(image - expected).max() <= 1


def test_a_sine_is_as_bright_in_each_window():
    y = tone(1000, sr=44100, seconds=5).astype(np.float32)
    values = plane_values(y, Settings(planes=("log:4096", "log:2048", "log:512")))
    assert [float(plane.max()) for plane in values] == pytest.approx([1, 1, 1], abs=1.5 / 80)


def test_derivatives_are_librosas_of_the_first_plane(clips):
    settings = Settings(planes=("mel", "delta", "delta2"))
    for y, _ in clips[:3]:
        values, delta, delta2 = plane_values(y, settings)
        for found, order, white_db in ((delta, 1, 8), (delta2, 2, 4)):
            change_db = librosa.feature.delta(80 * values, order=order)
            np.testing.assert_allclose(found, (0.5 + change_db / (2 * white_db)).clip(0, 1), atol=1e-4)
            assert np.mean((found == 0) | (found == 1)) < 0.01


def test_harmonic_and_percussive_parts_are_librosas(clips):
    y, sr = clips[0]
    ours, theirs = harmonic_percussive(y, n_fft=2048, hop_length=512), librosa.effects.hpss(y)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    whole, harmonic, percussive = plane_values(y, Settings(planes=("mel", "harmonic", "percussive")))
    top = librosas(y, sr, 2048).max() * 10 ** ((1 - whole.max()) * 8)
    for values, part in ((harmonic, theirs[0]), (percussive, theirs[1])):
        np.testing.assert_allclose(levels(values), levels(in_range(librosas(part, sr, 2048), top)), atol=0.1)


def test_a_tone_is_harmonic_and_clicks_are_percussive():
    y = tone(1000, sr=44100, seconds=5).astype(np.float32)
    clicks = np.zeros_like(y)
    clicks[:: 44100 // 4] = 1
    for sound, stronger in ((y, 1), (clicks, 2)):
        _, *parts = plane_values(sound, Settings(planes=("mel", "harmonic", "percussive")))
        loudest = [part.max() for part in parts]
        assert loudest[stronger - 1] > loudest[2 - stronger] + 0.1


def test_channels_keep_their_difference_and_their_phase():
    y = tone(1000, sr=44100, seconds=5, peak=0.5).astype(np.float32)
    planes = Settings(planes=("left", "right", "mid"))

    def brightest(left, right, settings=planes):
        return [float(values.max()) for values in plane_values(np.stack([left, right]), settings)]

    assert brightest(y, y) == pytest.approx([1, 1, 1], abs=1e-3)
    assert brightest(0.1 * y, y) == pytest.approx([1 - 20 / 80, 1, 1 - 5.19 / 80], abs=1e-3)
    assert brightest(y, -y) == pytest.approx([1, 1, 0], abs=1e-3)
    assert brightest(y, -y, Settings(planes=("mid", "side", "left"))) == pytest.approx([0, 1, 1], abs=1e-3)


def test_a_mono_recording_is_grey_and_as_without_planes(clips):
    stereo, usual = Settings(channels="stereo"), Settings()
    for y, _ in clips[:3]:
        image = spectrogram_image(np.stack([y, y]), stereo)
        assert image.shape == (224, 224, 3)
        assert (image == image[..., :1]).all()
        assert np.abs(image[..., 0].astype(int) - spectrogram_image(y, usual)).max() <= 1


@pytest.mark.parametrize(
    "planes", [("left", "right", "side"), ("mel", "mel:512", "delta"), ("log", "percussive", "delta2")]
)
@pytest.mark.parametrize("pad", ["silence", "repeat", "random"])
def test_any_length_and_silence(planes, pad):
    settings = Settings(planes=planes, pad=pad, seconds=1, image_size=(48, 32))
    shape = (2,) if settings.channels == "stereo" else ()
    for n_samples in (1, 700, 44100, 60000):
        y = np.broadcast_to(white(2, sr=44100)[:n_samples].astype(np.float32), (*shape, n_samples))
        assert spectrogram_image(y, settings, clip_id="a").shape == (32, 48, 3)
    silence = spectrogram_image(np.zeros((*shape, 44100), np.float32), settings)
    assert [int(silence[..., k].max()) for k in range(3)] == [128 if "delta" in name else 0 for name in planes]
    assert silence.std(axis=(0, 1)).max() == 0


def test_a_native_image_has_a_pixel_a_frame_and_band():
    settings = Settings(planes=("mel:512", "delta", "delta2"), image_size=None)
    assert spectrogram_image(white(5, sr=44100), settings).shape == (128, 1 + 5 * 44100 // 128, 3)
