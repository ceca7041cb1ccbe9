import numpy as np
import pytest
import scipy.stats
from PIL import Image

from generate.dataset.settings import Settings
from generate.features import FEATURES
from generate.features.cqt import row_frequencies_hz
from generate.features.spectrogram import fit_length, is_silent, padded_before, spectrogram_image
from tests.conftest import tone, white


def test_native_image_is_the_feature_upside_down():
    y = white(5, sr=44100)
    settings = Settings(image_size=None)
    expected = np.rint(FEATURES["mel"](y, settings)[::-1] * 255)
    assert np.array_equal(spectrogram_image(y, settings), expected)
    assert spectrogram_image(y, settings).shape == (128, 431)


def test_low_frequencies_are_at_the_bottom():
    settings = Settings()
    low, high = (
        spectrogram_image(tone(200, sr=44100, seconds=5), settings),
        spectrogram_image(tone(9000, sr=44100, seconds=5), settings),
    )
    assert low[:, 100].argmax() > 200 > 60 > high[:, 100].argmax()


@pytest.mark.parametrize(
    ("feature", "size"),
    [("mel", (224, 224)), ("mel", (320, 240)), ("mel", (8, 8)), *((feature, None) for feature in FEATURES)],
)
def test_size_is_fixed_whatever_the_length(feature, size):
    settings = Settings(feature=feature, image_size=size)
    rows = {"log": settings.n_fft // 2 + 1, "mfcc": settings.n_mfcc}.get(feature, settings.n_bands)
    if feature == "cqt":
        rows = len(row_frequencies_hz(settings))
    n_frames = 1 + settings.n_samples // settings.hop_length
    for n_samples in (1, 10, 100, 512, 2047, 44100, 400_000):
        y = (0.1 * np.sin(np.arange(n_samples))).astype(np.float32)
        image = spectrogram_image(y, settings)
        assert image.dtype == np.uint8
        assert image.shape == (size[::-1] if size else (rows, n_frames)), n_samples


def test_resizing_averages_and_loses_no_frame():
    clicks = np.zeros(5 * 44100, np.float32)
    clicks[::4410] = 0.9
    native, small = (
        spectrogram_image(clicks, Settings(image_size=None)),
        spectrogram_image(clicks, Settings(image_size=(108, 128))),
    )
    expected = native[:, : 108 * 3].mean()
    assert small.mean() == pytest.approx(native.mean(), abs=1.5), expected
    columns = small.max(axis=0).astype(int)
    assert (columns > 60).sum() >= 50


def test_stretching_is_seen():
    """The time axis is fixed before rendering: a clip at half speed ends at twice the position."""
    y = white(1, sr=44100)
    once, twice = spectrogram_image(y, Settings()), spectrogram_image(np.repeat(y, 2), Settings())
    ends = [int(np.flatnonzero(image.max(axis=0) > 60)[-1]) for image in (once, twice)]
    assert ends[0] == pytest.approx(224 / 5, abs=3)
    assert ends[1] == pytest.approx(2 * 224 / 5, abs=3)


def test_pad():
    y = np.arange(1, 4, dtype=np.float32)
    assert fit_length(y, 7, pad="silence").tolist() == [1, 2, 3, 0, 0, 0, 0]
    assert fit_length(y, 7, pad="repeat").tolist() == [1, 2, 3, 1, 2, 3, 1]
    assert fit_length(y, 2, pad="repeat").tolist() == [1, 2]


def test_each_random_place_is_equally_likely():
    """Three samples in seven: five places."""
    settings = Settings(pad="random", seed=3)
    y = np.arange(1, 4, dtype=np.float32)
    shares = [padded_before(settings, f"clip-{n}") for n in range(2000)]
    placed = [fit_length(y, 7, pad="random", before=share).tolist() for share in shares]
    places = [made.index(1) for made in placed]
    assert all(
        made[place : place + 3] == [1, 2, 3] and sum(made) == 6 for made, place in zip(placed, places, strict=True)
    )
    assert scipy.stats.chisquare(np.bincount(places)).pvalue > 0.001 and set(places) == {0, 1, 2, 3, 4}
    assert shares[0] == padded_before(settings, "clip-0") != padded_before(Settings(pad="random", seed=4), "clip-0")


def test_a_random_place_changes_nothing_but_the_place():
    """The image is that of the clip in silence, whose length is a whole number of hops here; a faint one's too."""
    settings, plain = Settings(pad="random", seconds=3, image_size=None), Settings(seconds=3, image_size=None)
    y = white(1.0, sr=44100)
    n_before = int(padded_before(settings, "dog") * (2 * 44100 + 1))
    by_hand = np.concatenate([np.zeros(n_before, np.float32), y])
    assert n_before > 1000
    np.testing.assert_array_equal(spectrogram_image(y, settings, clip_id="dog"), spectrogram_image(by_hand, plain))
    faint = y * np.float32(2.0**-13)  # peaks at 24 bits' -90 dB: far above their noise, below that of 16 bits
    np.testing.assert_array_equal(
        spectrogram_image(faint, settings, noise=1e-4 / 256, clip_id="dog"),
        spectrogram_image(y, settings, clip_id="dog"),
    )
    assert spectrogram_image(faint * np.float32(0.01), settings, noise=1e-4, clip_id="dog").max() == 0
    assert np.array_equal(spectrogram_image(y, settings), spectrogram_image(y, plain)), "a recording of no collection"
    assert np.array_equal(spectrogram_image(y, plain, clip_id="dog"), spectrogram_image(y, plain))


def test_silence_is_the_floor_and_nothing_else_is():
    for y in (np.zeros(1000), np.full(1000, 0.3), 0.3 + 1e-5 * np.sin(np.arange(1000.0))):
        assert is_silent(y.astype(np.float32))
        assert spectrogram_image(y.astype(np.float32), Settings()).max() == 0
    quiet = tone(440, peak=3e-4, sr=44100)
    assert not is_silent(quiet)
    assert spectrogram_image(quiet, Settings()).max() > 200


def test_input_is_not_modified():
    y = white(1)
    before = y.copy()
    spectrogram_image(y, Settings())
    assert np.array_equal(y, before)


def test_resize_is_pillows_bilinear():
    y = white(5, sr=44100)
    native = Image.fromarray(spectrogram_image(y, Settings(image_size=None)))
    assert np.array_equal(
        spectrogram_image(y, Settings()), np.asarray(native.resize((224, 224), Image.Resampling.BILINEAR))
    )
