"""Denoised images: predictions, rehearsals and explanations denoise what they are given, as the images were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augment_audio.transforms.denoise import reduce_noise
from generate.dataset import png, settings_file, tables
from generate.features.spectrogram import shown_audio, spectrogram_image
from generate.gallery.listen import job_of
from generate.gallery.make import front_of
from tests.conftest import SR
from tests.train.conftest import draw
from train.data.decode import palette_of, prepare_pixels
from train.explain.masked_audio import mask_audio
from train.predict.windows import FrontEnd, read_window
from train.rehearse.degradations import DEGRADATIONS
from train.rehearse.degraded_clip import DegradingFront, clip_audio, degrade_clip

pytest.importorskip("noisereduce")
SIZE = (48, 48)


@pytest.fixture
def denoised(audio_folder, tmp_path) -> tuple[Path, pd.DataFrame]:
    """An image folder and its table."""
    images = draw(audio_folder, tmp_path / "images", "--variants", "none", "--denoise", "20")
    return images, tables.read_metadata(images / "metadata.csv")


def test_a_window_is_denoised_as_the_stored_image_was(denoised, audio_folder):
    images, table = denoised
    front, _ = front_of(images, settings_file.read_settings(images / "settings.json"), audio_folder=audio_folder)
    assert front.settings.denoise_db == 20
    for _, row in table.iterrows():
        window = read_window(audio_folder / row["audio_file"], 0, FrontEnd(front.settings, SIZE, palette_of("magma")))
        np.testing.assert_array_equal(window.pixels, png.read(images / row["file_name"])[0])
        plain = FrontEnd(replace(front.settings, denoise_db=0), SIZE, palette_of("magma"))
        assert (
            np.abs(read_window(audio_folder / row["audio_file"], 0, plain).pixels - window.pixels.astype(int)).mean()
            > 5
        )


def test_a_rehearsal_denoises_after_the_noise_was_added(denoised, audio_folder):
    images, table = denoised
    front, _ = front_of(images, settings_file.read_settings(images / "settings.json"), audio_folder=audio_folder)
    how = DegradingFront(front, SIZE, ("white noise 10 dB",), None, 0)
    clip = table.iloc[[3]]
    found = degrade_clip(clip["clip_id"].iloc[0], job_of(clip, front), clip["file_name"].iloc[0], how=how)
    assert found.largest_difference == 0
    plain = replace(front.settings, denoise_db=0)
    window = read_window(
        audio_folder / clip["audio_file"].iloc[0],
        0,
        FrontEnd(plain, SIZE, palette_of("magma")),
        with_audio=True,
    )
    noisy = DEGRADATIONS["white noise 10 dB"].apply(clip_audio(window.y, clip["clip_id"].iloc[0], how))
    expected = spectrogram_image(reduce_noise(noisy, SR, reduction_db=20), plain)
    np.testing.assert_array_equal(found.pixels[1], prepare_pixels(expected, size=SIZE))


def test_what_mattered_is_a_part_of_the_denoised_audio(denoised, audio_folder, real_clips):
    images, _ = denoised
    settings = front_of(images, settings_file.read_settings(images / "settings.json"), audio_folder=audio_folder)[
        0
    ].settings
    y = real_clips[0][0][:SR]
    masked = mask_audio(y, np.ones(SIZE), settings)
    np.testing.assert_allclose(masked, shown_audio(y, settings), atol=1e-5)
