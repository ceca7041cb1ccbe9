"""Downmix to mono, and the channel that is reported."""

import numpy as np
import pytest
import soundfile

from generate.audio import BadAudio, load
from tests.conftest import SR, tone, white


@pytest.fixture
def loaded(tmp_path):
    def load_them(*channels, channels_wanted="auto", subtype="FLOAT", **options):
        soundfile.write(tmp_path / "a.wav", np.stack(channels, axis=1), SR, subtype=subtype)
        return load(tmp_path / "a.wav", SR, channels=channels_wanted, **options)

    return load_them


def near(a, b):
    np.testing.assert_allclose(a, b - b.mean(), atol=1e-6)


def test_channels_that_cancel_give_the_loudest(loaded):
    found = loaded(0.4 * tone(440, peak=1), -0.5 * tone(440, peak=1))
    assert (found.channel, found.silent) == ("2", False)
    near(found.y, -0.5 * tone(440, peak=1))
    assert found.peak_dbfs == pytest.approx(-6.02, abs=0.01), "of the file, not of what is taken"


def test_an_offset_does_not_hide_that_they_cancel(loaded):
    assert loaded(0.3 + tone(440, peak=0.1), 0.3 - tone(440, peak=0.1)).channel == "1"


@pytest.mark.parametrize("n_channels", [2, 4, 8])
def test_what_does_not_cancel_is_averaged(loaded, n_channels):
    noises = [white(seed=k) for k in range(n_channels)]
    found = loaded(*noises)
    assert found.channel == "mean"
    near(found.y, np.mean(noises, axis=0))
    assert loaded(*[tone(440)] * n_channels).channel == "mean"
    assert loaded(tone(440), *[np.zeros(SR)] * (n_channels - 1)).channel == "mean", "one microphone of many"


@pytest.mark.parametrize(("likeness", "channel"), [(-0.8, "mean"), (-0.95, "1")])
def test_nine_tenths_opposite_is_where_it_begins(loaded, likeness, channel):
    a, b = white(seed=1), white(seed=2)
    assert loaded(1.01 * a, likeness * a + np.sqrt(1 - likeness**2) * b).channel == channel


def test_a_mean_that_is_silent_gives_way_to_a_channel_that_is_not(loaded):
    found = loaded(*[np.zeros(SR)] * 3, 1.5e-4 * tone(440, peak=1), subtype="PCM_16")
    assert (found.channel, found.silent) == ("4", False)
    assert loaded(*[np.zeros(SR)] * 4).channel == "mean"


@pytest.mark.parametrize(("wanted", "expected"), [("left", "1"), ("right", "2"), ("loudest", "2"), ("mean", "mean")])
def test_what_is_asked_for(loaded, wanted, expected):
    channels = [tone(440, peak=0.2), tone(3000, peak=0.4)]
    found = loaded(*channels, channels_wanted=wanted)
    assert found.channel == expected
    near(found.y, {"1": channels[0], "2": channels[1], "mean": np.mean(channels, axis=0)}[expected])


def test_the_mean_that_is_asked_for_is_the_mean(loaded):
    found = loaded(tone(440), -tone(440), channels_wanted="mean")
    assert (found.channel, found.silent) == ("mean", True)
    assert found.peak_dbfs == pytest.approx(-6.02, abs=0.01)


@pytest.mark.parametrize("wanted", ["auto", "mean", "left", "loudest"])
def test_a_file_of_one_channel_is_that(loaded, wanted):
    assert loaded(tone(440), channels_wanted=wanted).channel == "mono"


def test_a_file_of_one_channel_has_no_right_one(loaded):
    with pytest.raises(BadAudio, match="one channel, and no right one. Use --channels auto"):
        loaded(tone(440), channels_wanted="right")


def test_a_value_that_is_no_number_counts_in_any_channel(loaded):
    bad = tone(440)
    bad[7] = np.nan
    with pytest.raises(BadAudio, match="not finite"):
        loaded(tone(440), bad, channels_wanted="left")


def test_stereo_keeps_two_channels(loaded):
    left, right = 0.1 + tone(440, peak=0.2), tone(3000, peak=0.4)
    found = loaded(left, right, channels_wanted="stereo")
    assert found.channel == "stereo"
    near(found.y[0], left)
    near(found.y[1], right)
    assert found.dc_offset == pytest.approx(0.1, abs=1e-4)
    assert found.sha256 != loaded(right, left, channels_wanted="stereo").sha256
    quiet = loaded(0 * left, right, channels_wanted="stereo")
    assert not quiet.silent
    assert not quiet.y[0].any()


def test_of_a_mono_file_left_and_right_are_equal(loaded):
    found, same = loaded(tone(440), channels_wanted="stereo"), loaded(*[tone(440)] * 2, channels_wanted="stereo")
    assert (found.channel, same.channel) == ("mono", "stereo")
    assert found.y.shape == (2, SR)
    np.testing.assert_array_equal(found.y, same.y)
    assert found.sha256 == same.sha256, "equal audio in different files"


def test_stereo_is_resampled_and_stays_within_full_scale(tmp_path):
    channels = np.stack([0.99 * np.sign(tone(1000, sr=48000)), tone(440, sr=48000)], axis=1)
    soundfile.write(tmp_path / "a.wav", channels, 48000, subtype="FLOAT")
    both = load(tmp_path / "a.wav", SR, channels="stereo").y
    apart = [load(tmp_path / "a.wav", SR, channels=name).y for name in ("left", "right")]
    assert both.shape == (2, SR)
    assert np.abs(both).max() <= 1
    # One factor for both, so that their levels can be compared.
    np.testing.assert_allclose(both[0], apart[0], atol=1e-6)
    np.testing.assert_allclose(both[1] / np.abs(both[1]).max(), apart[1] / np.abs(apart[1]).max(), atol=1e-5)
    assert np.abs(both[1]).max() < np.abs(apart[1]).max()


def test_more_than_two_channels_are_not_stereo(loaded):
    with pytest.raises(BadAudio, match="it has 6 channels"):
        loaded(*[tone(440)] * 6, channels_wanted="stereo")
