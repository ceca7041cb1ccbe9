"""Audio variants of a sound: pitch, stretch, trimmed silence, shift, noise and more.

>>> sound = open_sound(y, sr, engine="librosa")
>>> y_up = make_variant(sound, parse_request("pitch=+2", VARIANTS), VARIANTS, seed=0, clip_id="dog-1")
"""

import numpy as np

from augment_audio import gain, noise, pitch, roll, shift, speed, stretch, trim
from augment_audio.librosa_engine import LibrosaSound
from augment_audio.rubberband_engine import RubberBandSound
from augment_audio.rubberband_program import RubberBandProgramSound
from augment_audio.sound import Sound
from augment_audio.variant import ORIGINAL, Request, Variant, make_variant, parse_request, parse_requests
from augment_audio.variants_file import load_variants_file

__all__ = [
    "ENGINES",
    "ORIGINAL",
    "PRESETS",
    "VARIANTS",
    "Request",
    "Sound",
    "Variant",
    "choose_engine",
    "load_variants_file",
    "make_variant",
    "open_sound",
    "parse_request",
    "parse_requests",
]

VARIANTS: dict[str, Variant] = {
    "pitch": pitch.VARIANT,
    "stretch": stretch.VARIANT,
    "trim": trim.VARIANT,
    "shift": shift.VARIANT,
    "roll": roll.VARIANT,
    "noise": noise.VARIANT,
    "gain": gain.VARIANT,
    "speed": speed.VARIANT,
}

PRESETS: dict[str, tuple[str, ...]] = {
    # Mushtaq, Su, Tran: "Spectral images based environmental sound classification using CNN with meaningful
    # data augmentation", Applied Acoustics 172 (2021): the variants of its "NAA".
    "paper": ("pitch=+2", "pitch=-2", "stretch=0.7", "stretch=1.2", "trim"),
    "none": (),
}

ENGINES: dict[str, type[Sound]] = {
    "rubberband": RubberBandSound,
    "rubberband-program": RubberBandProgramSound,
    "librosa": LibrosaSound,
}
"""The first of them that is there is taken where nothing else is said."""


def open_audio(y: np.ndarray, sr: int, *, engine: str = "librosa", n_shown: int | None = None) -> Sound:
    """Hold one sound, to make its variants.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
        Mono samples, n > 0.
    sr : int
        Sample rate in hertz.
    engine : str
        A key of `ENGINES`.
    n_shown : int, optional
        How many samples of it an image shows; default: all.
    """
    if engine not in ENGINES:
        raise ValueError(f"There is no engine {engine!r}; choose from {', '.join(ENGINES)}.")
    return ENGINES[engine](y, sr, n_shown=n_shown)


def choose_engine(engine: str = "auto") -> str:
    """Settle which engine changes tempo and pitch: `auto` takes the first of `ENGINES` that is there.

    Parameters
    ----------
    engine : str
        `auto`, or a key of `ENGINES`.

    Returns
    -------
    str
        A key of `ENGINES`.

    Raises
    ------
    ValueError
        If there is no such engine.
    """
    if engine == "auto":
        return next(name for name in ENGINES if _is_there(name))
    if engine not in ENGINES:
        raise ValueError(f"There is no engine {engine!r}; choose from auto, {', '.join(ENGINES)}.")
    return engine


def _is_there(engine: str) -> bool:
    try:
        ENGINES[engine].version()
    except FileNotFoundError:
        return False
    return True
