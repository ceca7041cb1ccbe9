"""The engines that change tempo and pitch: Rubber Band as a library or as a program, and librosa's phase vocoder."""

from __future__ import annotations

import numpy as np

from augment_audio.engines.librosa import LibrosaSound
from augment_audio.engines.rubberband import RubberBandSound
from augment_audio.engines.rubberband_program import RubberBandProgramSound
from augment_audio.sound import Sound

ENGINES: dict[str, type[Sound]] = {
    "rubberband": RubberBandSound,
    "rubberband-program": RubberBandProgramSound,
    "librosa": LibrosaSound,
}
"""In order of preference: `auto` is the first that is installed."""


def open_audio(y: np.ndarray, sr: int, *, engine: str = "librosa", n_shown: int | None = None) -> Sound:
    """Prepare a waveform for several variants, which share the engine's analysis of it.

    Parameters
    ----------
    y : np.ndarray, shape=(n,) or (2, n)
        Mono samples, or those of the left and of the right channel, n > 0; full scale is 1.
    sr : int
        Sample rate in hertz.
    engine : str
        A key of `ENGINES`.
    n_shown : int, optional
        How many samples of it an image shows; default: all.

    Returns
    -------
    Sound

    Raises
    ------
    ValueError
        If there is no such engine, or `y` has another shape.

    Examples
    --------
    >>> import numpy as np
    >>> sound = open_audio(np.ones(22050), 22050, engine="librosa")
    >>> sound.time_stretch(rate=2).shape, sound.pitch_shift(n_semitones=3).shape
    ((11025,), (22050,))
    """
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}. Got {engine!r}.")
    return ENGINES[engine](y, sr, n_shown=n_shown)


def choose_engine(engine: str = "auto") -> str:
    """Resolve `auto` to the first of `ENGINES` that is installed.

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

    Examples
    --------
    >>> choose_engine("librosa")
    'librosa'
    """
    if engine == "auto":
        return next(name for name in ENGINES if _is_installed(name))
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of auto, {', '.join(ENGINES)}. Got {engine!r}.")
    return engine


def _is_installed(engine: str) -> bool:
    try:
        ENGINES[engine].version()
    except FileNotFoundError:
        return False
    return True
