"""Denoised images: of the denoised audio, whoever renders them."""

from __future__ import annotations

import inspect
import json
from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pytest
import soundfile

from augment_audio.transforms.denoise import REDUCTION_DB, reduce_noise
from generate.__main__ import main
from generate.dataset import png, tables
from generate.dataset.settings import DENOISE_DB, Settings
from generate.features.spectrogram import shown_audio, spectrogram_image
from generate.gallery.make import front_of
from tests.conftest import SR, tone, white

noisereduce = pytest.importorskip("noisereduce")

QUICK = ["--engine", "librosa", "--image-size", "64", "--sr", str(SR), "--seconds", "1", "--variants", "noise=10"]


@pytest.fixture
def noisy(tmp_path):
    """Two classes of noisy bursts of tones."""
    for label, hz in (("low", 300), ("high", 3000)):
        (tmp_path / "audio" / label).mkdir(parents=True)
        for number in range(2):
            y = white(1.0, seed=number, rms=0.02)
            y[5000:9000] += tone(hz)[:4000]
            soundfile.write(tmp_path / "audio" / label / f"{number}.wav", y, SR)
    return tmp_path / "audio"


def test_an_image_is_that_of_the_denoised_audio(clips):
    settings = Settings(denoise_db=12)
    for y, sr in clips[:3]:
        y = y[: 5 * sr]
        expected = spectrogram_image(reduce_noise(y, sr), replace(settings, denoise_db=0))
        np.testing.assert_array_equal(spectrogram_image(y, settings), expected)
        np.testing.assert_array_equal(shown_audio(y, settings), reduce_noise(y, sr))
        assert np.abs(expected.astype(int) - spectrogram_image(y, Settings())).mean() > 2
    assert DENOISE_DB == REDUCTION_DB


def test_silence_stays_dark_and_short_audio_is_denoised_alone():
    settings = Settings(sr=SR, seconds=1, denoise_db=12)
    assert not spectrogram_image(np.zeros(SR, np.float32), settings).any()
    y = white(0.3) + tone(440, seconds=0.3)
    padded = np.pad(reduce_noise(y, SR), (0, SR - len(y)))
    np.testing.assert_array_equal(
        spectrogram_image(y, settings), spectrogram_image(padded, replace(settings, denoise_db=0))
    )


def test_a_silent_channel_stays_silent_beside_another():
    y = white(1.0) + tone(440)
    denoised = reduce_noise(y, SR)
    for channels in ([y, 0 * y], [0 * y, y]):
        expected = [denoised if channel is y else channel for channel in channels]
        np.testing.assert_array_equal(reduce_noise(np.stack(channels), SR), expected)
    settings = Settings(sr=SR, seconds=1, channels="stereo", denoise_db=12)
    left, right, mid = np.moveaxis(spectrogram_image(np.stack([y, 0 * y]), settings), -1, 0)
    assert not right.any() and left.max() > 240 and mid.max() > 220


def test_the_command_writes_the_setting_and_every_image_by_it(noisy, tmp_path, capsys):
    images = tmp_path / "images"
    assert main([str(noisy), str(images), *QUICK, "--denoise", "--listen", "1"]) == 0
    assert "magma; noise reduced by 12 dB" in capsys.readouterr().out
    described = json.loads((images / "settings.json").read_text())
    assert described["settings"]["denoise_db"] == 12 and described["versions"]["noisereduce"] == version("noisereduce")
    table = tables.read_metadata(images / "metadata.csv")
    for _, row in table[table["variant"] == "original"].iterrows():
        y, _ = soundfile.read(noisy / row["audio_file"], dtype="float32")
        settings = Settings(sr=SR, seconds=1, image_size=64, denoise_db=12)
        difference = png.read(images / row["file_name"])[0].astype(int) - spectrogram_image(y - y.mean(), settings)
        assert np.abs(difference).max() <= 1
    # What is heard beside an image is what it shows: before the burst, 12 dB less noise.
    y, sr = soundfile.read(images / "low" / "low-0__original.flac")
    before, _ = soundfile.read(noisy / "low" / "0.wav")
    change_db = 20 * np.log10(np.std(y[2000:4500]) / np.std(before[2000:4500]))
    assert sr == SR and change_db == pytest.approx(-12, abs=3)
    assert main([str(noisy), str(images), *QUICK]) == 1
    assert "denoise_db is 12.0 there and 0.0 here" in capsys.readouterr().err


def test_where_the_package_is_missing_it_is_said_before_work(noisy, tmp_path, monkeypatch, capsys):
    assert main([str(noisy), str(tmp_path / "images"), *QUICK, "--denoise", "20"]) == 0
    monkeypatch.setattr("augment_audio.packages.find_spec", lambda name: None)
    assert main([str(noisy), str(tmp_path / "other"), *QUICK, "--denoise"]) == 1
    assert "needs noisereduce. Install it with `pip install noisereduce`" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
    described = json.loads((tmp_path / "images" / "settings.json").read_text())
    front, why_not = front_of(tmp_path / "images", described, audio_folder=noisy)
    assert front is None and "pip install noisereduce" in why_not


@pytest.mark.parametrize("value", ["0.5", "101", "-3"])
def test_values_out_of_range(noisy, tmp_path, value, capsys):
    assert main([str(noisy), str(tmp_path / "images"), *QUICK, f"--denoise={value}"]) == 1
    assert "denoise_db must be 1 to 100 decibels" in capsys.readouterr().err


def test_the_library_has_the_default_that_is_documented():
    """Three times the mean, over two seconds."""
    parameters = inspect.signature(noisereduce.reduce_noise).parameters
    assert parameters["thresh_n_mult_nonstationary"].default == 2 and parameters["time_constant_s"].default == 2.0
    assert parameters["stationary"].default is False
