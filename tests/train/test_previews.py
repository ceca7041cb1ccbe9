"""The gallery's previews know stage two's values only by heart."""

from dataclasses import asdict

from generate.gallery.page_data import IMAGE_PRESET, SPECTROGRAM_PRESET
from train.augment.image_transforms import PRESETS
from train.augment.spectrogram_transforms import SpectrogramTransforms


def test_image_transforms():
    assert IMAGE_PRESET.items() <= PRESETS["paper"].items()


def test_spectrogram_transforms():
    assert SPECTROGRAM_PRESET.items() <= asdict(SpectrogramTransforms()).items()
