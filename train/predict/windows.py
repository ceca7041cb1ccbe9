"""From a recording to the images that a run's models know, drawn as stage one drew those that they learnt from."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from threadpoolctl import ThreadpoolController

from generate.audio import LONGEST_BEGINNING, Loaded, load
from generate.dataset.settings import Settings
from generate.features import FEATURES
from generate.features.spectrogram import spectrogram_image
from generate.rendering.segments import SHORTEST_LAST_PIECE, count_pieces
from train.data.decode import palette_of, prepare_pixels
from train.runs.run_folder import SETTINGS, Run

SHORTEST_HOP_S = 0.01
ROUNDING = 1e-9
"""Of a division of two lengths; less than a sample of any recording."""


@dataclass(frozen=True)
class FrontEnd:
    """How a run's images are made of sound.

    Parameters
    ----------
    settings : Settings
        Of the images that the run was trained on.
    size : tuple of (int, int)
        Height and width of what the models see.
    silent_ends : {"loop", "keep"}
        See `train.data.decode.prepare_pixels`.
    palette : np.ndarray, shape=(256, 3), uint8
    """

    settings: Settings
    size: tuple[int, int]
    silent_ends: str
    palette: np.ndarray


@dataclass(frozen=True)
class Window:
    """A part of a recording as a model sees it.

    Parameters
    ----------
    start_s, end_s : float
        Where it stands in the recording; shorter than an image where the recording ends.
    is_silent : bool
        Whether there is nothing to hear in it.
    pixels : np.ndarray, shape=(height, width), uint8
        Of the size of the models' input.
    sha256 : str
        Of the samples that were read for it, as in the column `audio_sha256` of `metadata.csv`.
    """

    start_s: float
    end_s: float
    is_silent: bool
    spectrogram_image: np.ndarray
    sha256: str


def front_end(run: Run) -> FrontEnd:
    """Rebuild the front end of a run from its own settings.

    Raises
    ------
    FileNotFoundError, ValueError
        If the run's settings are not there or cannot be used.
    """
    values = run.image_settings()["settings"]
    try:
        settings = Settings.from_json(values)
        if settings.feature not in FEATURES:
            raise ValueError(f"there is no feature {settings.feature!r}; this program has {', '.join(FEATURES)}")
        palette = palette_of(settings.colormap)
    except (ValueError, TypeError) as error:
        path = run.folder / SETTINGS
        raise ValueError(f"The settings in {str(path)!r} are not as this program wrote them ({error}).") from None
    return FrontEnd(settings, tuple(run.input_size), run.recipe.silent_ends, palette)


def window_starts(duration_s: float, *, seconds: float, hop_s: float | None = None) -> np.ndarray:
    """Where the windows of a recording begin.

    A recording that fits one window is one window. In a longer one they follow each other by `hop_s` until one
    reaches its end; what is left there is a window if it is at least half of one, as in `generate.rendering.segments`.

    Parameters
    ----------
    duration_s : float
        Of the recording.
    seconds : float
        Length of a window.
    hop_s : float, optional
        From one window to the next, 0.01 or more; default: `seconds`, so that they do not overlap.

    Returns
    -------
    np.ndarray, shape=(n,), n > 0
        In seconds, rounded to millionths as stage one does.

    Raises
    ------
    ValueError
        If the hop is too short.
    """
    hop_s = seconds if hop_s is None else hop_s
    if not SHORTEST_HOP_S <= hop_s < math.inf:
        raise ValueError(f"The hop between windows is {hop_s:g} s; expected {SHORTEST_HOP_S:g} or more, such as 1.")
    if hop_s == seconds:
        n_windows = count_pieces(duration_s, seconds)
    else:
        until_the_end = math.ceil((duration_s - seconds) / hop_s - ROUNDING)
        with_half_a_window = math.floor((duration_s - SHORTEST_LAST_PIECE * seconds) / hop_s + ROUNDING)
        n_windows = 1 + max(0, min(until_the_end, with_half_a_window))
    return np.round(np.arange(n_windows) * hop_s, 6)


def read_window(path: Path, start_s: float, front: FrontEnd) -> Window:
    """Read one window of a recording and draw it.

    Parameters
    ----------
    path : Path
        The recording.
    start_s : float
        One of those that `window_starts` gives.
    front : FrontEnd

    Raises
    ------
    BadSound
        If it cannot be read; the message is the reason.
    """
    return read_window_and_audio(path, start_s, front)[0]


def read_window_and_audio(path: Path, start_s: float, front: FrontEnd) -> tuple[Window, np.ndarray]:
    """The same with the samples that it was drawn of, shape=(n,), n <= settings.n_samples, float32."""
    settings = front.settings
    loaded = _load_window(path, start_s, settings)
    y = loaded.y
    # On one thread, as stage one's workers: with more, matrices are added up in another order, and a pixel in some ten
    # thousand comes out one level off.
    with _thread_pools().limit(limits=1):
        image = spectrogram_image(y, settings, noise=loaded.noise)
    window = Window(
        start_s=start_s,
        end_s=round(start_s + len(y) / settings.sr, 6),
        is_silent=loaded.silent,
        spectrogram_image=prepare_pixels(image, size=front.size, silent_ends=front.silent_ends),
        sha256=loaded.sha256,
    )
    return window, y


def _load_window(path: Path, start_s: float, settings: Settings) -> Loaded:
    """As much as stage one read of a clip: resampling and full scale depend on what else is read."""
    is_beginning = start_s == 0 and settings.long != "split"
    loaded = load(
        path,
        settings.sr,
        start_s=start_s,
        longest_s=settings.seconds * (LONGEST_BEGINNING if is_beginning else 1),
        shown_s=settings.seconds,
        channels=settings.channels,
    )
    return replace(loaded, y=loaded.y[: settings.n_samples])


@functools.cache
def _thread_pools() -> ThreadpoolController:
    """Those of the libraries that are loaded; finding them takes a while."""
    return ThreadpoolController()
