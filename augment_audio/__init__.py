"""Audio augmentation: variants of a waveform by pitch, tempo, trimmed silence, shift, noise and more.

>>> import numpy as np
>>> y = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)
>>> augment(y, 22050, "stretch=0.5", engine="librosa").shape
(44100,)
"""

from augment_audio.augmentation import augment
from augment_audio.background import Background
from augment_audio.engines import ENGINES, choose_engine, open_audio
from augment_audio.make import background_recording, make_variant, random_generator
from augment_audio.packages import check_package, check_packages
from augment_audio.request import (
    Request,
    background_folders,
    check_sample_rate,
    folder_name,
    parse_request,
    parse_requests,
)
from augment_audio.sound import Sound
from augment_audio.transforms import PRESETS, VARIANTS
from augment_audio.variant import ORIGINAL, Variant
from augment_audio.variants_file import load_variants_file

__all__ = [
    "ENGINES",
    "ORIGINAL",
    "PRESETS",
    "VARIANTS",
    "Background",
    "Request",
    "Sound",
    "Variant",
    "augment",
    "background_folders",
    "background_recording",
    "check_package",
    "check_packages",
    "check_sample_rate",
    "choose_engine",
    "folder_name",
    "load_variants_file",
    "make_variant",
    "open_audio",
    "parse_request",
    "parse_requests",
    "random_generator",
]
