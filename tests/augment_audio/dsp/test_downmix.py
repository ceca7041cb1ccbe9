import numpy as np
import pytest
import soundfile

from augment_audio.audio_files import read_mono
from augment_audio.background_files import read_part
from augment_audio.dsp.downmix import downmix
from augment_audio.dsp.offset import without_offset
from generate.audio.channels import one_channel
from generate.audio.noise_floor import SILENCE


@pytest.fixture
def noise():
    return (0.1 * np.random.default_rng(0).standard_normal(2000)).astype(np.float32)


def test_channels_are_averaged(noise):
    channels = np.stack([noise, 0.5 * noise, np.roll(noise, 7)], axis=1)
    np.testing.assert_array_equal(downmix(channels), channels.mean(axis=1))


def test_of_channels_that_cancel_the_loudest_is_used(noise):
    np.testing.assert_array_equal(downmix(np.stack([0.9 * noise, -noise], axis=1)), -noise)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_no_samples(n_channels):
    assert downmix(np.zeros((0, n_channels), dtype=np.float32)).shape == (0,)


@pytest.mark.parametrize("factor", [-1.0, -0.8, -0.2, 0.0, 0.7])
def test_images_and_audio_files_are_of_the_same_channel(noise, factor):
    channels = np.stack([noise, np.float32(factor) * noise], axis=1)
    y, _ = one_channel(channels, "auto", noise=SILENCE)
    np.testing.assert_array_equal(downmix(channels), y)


def test_files_whose_channels_cancel_keep_their_sound(tmp_path, noise):
    soundfile.write(tmp_path / "wide.wav", np.stack([noise, -noise], axis=1), 8000, subtype="FLOAT")
    expected, _ = without_offset(noise, 8000)
    np.testing.assert_array_equal(read_mono(tmp_path / "wide.wav")[0], expected)
    np.testing.assert_array_equal(read_part(tmp_path / "wide.wav", 8000, start_s=0, longest_s=1), expected)
