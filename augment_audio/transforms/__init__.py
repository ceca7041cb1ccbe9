"""The audio augmentations, one effect a file, and the presets made of them."""

from augment_audio.transforms import (
    background,
    clip,
    denoise,
    gain,
    lowpass,
    mp3,
    noise,
    pitch,
    remove_silence,
    reverb,
    roll,
    shift,
    speed,
    stretch,
    trim,
)
from augment_audio.variant import Variant

VARIANTS: dict[str, Variant] = {
    "pitch": pitch.VARIANT,
    "stretch": stretch.VARIANT,
    "trim": trim.VARIANT,
    "remove_silence": remove_silence.VARIANT,
    "shift": shift.VARIANT,
    "roll": roll.VARIANT,
    "noise": noise.VARIANT,
    "gain": gain.VARIANT,
    "speed": speed.VARIANT,
    "background": background.VARIANT,
    "reverb": reverb.VARIANT,
    "mp3": mp3.VARIANT,
    "lowpass": lowpass.VARIANT,
    "clip": clip.VARIANT,
    "denoise": denoise.VARIANT,
}
"""To add one, write its file and add its line."""

PRESETS: dict[str, tuple[str, ...]] = {
    # Mushtaq, Su, Tran: "Spectral images based environmental sound classification using CNN with meaningful
    # data augmentation", Applied Acoustics 172 (2021): the variants of its "NAA".
    "paper": ("pitch=+2", "pitch=-2", "stretch=0.7", "stretch=1.2", "trim"),
    "none": (),
}
