"""What is said of settings that do not fit the sounds, and that it gets better where one does what is said."""

import numpy as np
import pytest

from generate.dataset.settings import Settings
from generate.features.mel import mel_filters, n_empty_bands
from generate.rendering.settings_advice import (
    fitting_seconds,
    little_audio,
    missing_frequencies,
    share_of_audio,
    window_warnings,
)

DIGITS = np.random.default_rng(0).uniform(0.3, 0.8, 1000)


def test_the_share_of_sound():
    assert share_of_audio(np.array([0.4]), image_s=5, long="split") == pytest.approx(0.08)
    assert share_of_audio(np.array([1.0, 20]), image_s=5, long="first") == pytest.approx(6 / 10)
    assert share_of_audio(np.array([1.0, 20]), image_s=5, long="split") == pytest.approx(21 / 25)


def test_short_clips_in_long_images_are_named_with_the_95th_percentile():
    what, advice = little_audio(DIGITS, Settings(long="split"))
    assert what == "images of 5 s are 11 % audio, the rest is padding"
    assert advice == "--seconds 0.78 --long first makes them 72 % audio"
    assert fitting_seconds(DIGITS) == 0.78
    assert (DIGITS > 0.78).mean() <= 0.05, "and not a quarter of them is cut"


@pytest.mark.parametrize("seconds", [DIGITS, [0.3] * 90 + [20.0] * 10, [0.5, 2.0] * 20, [0.01] * 20, [2.6] * 4])
@pytest.mark.parametrize("long", ["first", "split"])
def test_the_advice_makes_it_better(seconds, long):
    seconds = np.array(seconds)
    _, advice = little_audio(seconds, Settings(long=long))
    if advice.startswith("--seconds"):
        better = Settings(seconds=float(advice.split()[1]), long="first")
        before = share_of_audio(seconds, image_s=5, long=long)
        assert share_of_audio(seconds, image_s=better.seconds, long="first") > before
        assert (seconds > better.seconds).mean() <= 0.05
    elif advice:
        assert advice.startswith("--pad repeat")
        assert little_audio(seconds, Settings(long=long, pad="repeat")) == ("", "")


def test_nothing_is_said_where_it_fits():
    assert little_audio(np.full(10, 5.0), Settings()) == ("", "")
    assert little_audio(np.full(10, 3.0), Settings()) == ("", "")
    assert little_audio(np.array([]), Settings()) == ("", "")


def test_rates():
    what, option = missing_frequencies(np.full(3, 8000.0), Settings())
    assert what == "all files are of 8,000 Hz: above 4,000 Hz the images are empty" and option == "--sr 8000"
    assert missing_frequencies(np.full(3, 8000.0), Settings(sr=8000)) == ("", "")
    assert missing_frequencies(np.full(3, 8000.0), Settings(fmax_hz=4000)) == ("", "")
    assert missing_frequencies(np.array([8000.0, 16000]), Settings(fmax_hz=10_000))[1] == "--fmax-hz 8000"
    assert missing_frequencies(np.array([8000.0, 44100]), Settings()) == ("", "")
    assert missing_frequencies(np.array([8000.0, np.nan]), Settings()) == ("", ""), "of one it is not known"
    what, option = missing_frequencies(np.full(3, 384_000.0), Settings())
    assert what.endswith("the images leave out what is above 22,050 Hz") and option == "--sr 384000"


@pytest.mark.parametrize("sr", [4000, 8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000, 384_000])
def test_the_window_is_as_long_at_every_rate(sr):
    settings = Settings(sr=sr)
    assert 0.032 < settings.n_fft / sr < 0.066
    assert settings.hop_length == settings.n_fft // 4
    assert window_warnings(settings) == []


def test_the_window_of_the_usual_rates():
    windows = {sr: Settings(sr=sr).n_fft for sr in (1000, 8000, 22050, 24000, 44100, 48000)}
    assert windows == {1000: 64, 8000: 512, 22050: 1024, 24000: 1024, 44100: 2048, 48000: 2048}
    assert Settings(n_fft=4096).hop_length == 1024
    assert (Settings(sr=8000, n_fft=2048).n_fft, Settings(hop_length=100).n_fft) == (2048, 2048)


def test_a_long_window_is_named():
    ((what, advice),) = window_warnings(Settings(sr=8000, n_fft=2048))
    assert what == "the window of 2,048 samples is 256 ms long, and blurs what is shorter"
    assert advice == "--n-fft 512 is 64 ms"
    ((what, advice),) = window_warnings(Settings(seconds=0.1))
    assert "46 ms" in what and advice == "--n-fft 1024 is 23 ms"


@pytest.mark.parametrize(
    "values",
    [
        {"fmax_hz": 1000},
        {"n_bands": 512},
        {"sr": 1000},
        {"sr": 22050, "n_fft": 256},
        {"n_bands": 200, "feature": "mfcc"},
    ],
)
def test_bands_that_stay_dark_are_counted_and_the_advice_mends_it(values):
    settings = Settings(**values)
    filters = mel_filters(settings.sr, settings.n_fft, settings.n_bands, settings.fmin_hz, settings.highest_hz)[0]
    assert n_empty_bands(settings) == int((filters.sum(axis=1) == 0).sum())
    found = [advice for what, advice in window_warnings(settings) if "stay dark" in what]
    assert bool(found) == bool(n_empty_bands(settings))
    for option in found[0].split(", or ") if found else ():
        words = option.split()
        changed = dict(zip([word[2:].replace("-", "_") for word in words[::2]], map(int, words[1::2]), strict=True))
        assert n_empty_bands(Settings(**values | changed)) == 0


def test_each_window_of_several_planes_is_judged():
    (warning,) = window_warnings(Settings(planes=("mel:2048", "mel:512", "delta")))
    assert warning[0].startswith("11 of the 128 mel bands")
    assert warning[1] == "--n-bands 91, or mel:1024"
    assert window_warnings(Settings(planes=("mel:4096", "mel:2048", "mel:1024"))) == []


def test_a_window_that_its_frequencies_do_not_allow_is_not_advised():
    """Of a fin whale: bins of a shorter window are wider than the range."""
    settings = Settings(sr=1000, n_fft=1024, fmin_hz=15, fmax_hz=30)
    assert "a longer --seconds" in [advice for _, advice in window_warnings(settings)]
