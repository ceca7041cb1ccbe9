"""Windows of a recording as model inputs, rendered as `generate` rendered the images that the run was trained on."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from threadpoolctl import ThreadpoolController

from generate.audio import LONGEST_BEGINNING, BadAudio, Loaded
from generate.audio.decode import decode_overlapping
from generate.audio.load import checked
from generate.dataset.settings import Settings
from generate.features import FEATURES
from generate.features.spectrogram import check_denoising, spectrogram_image
from train.data.decode import image_palette, prepare_pixels
from train.runs.run_folder import SETTINGS, Run


@dataclass(frozen=True)
class FrontEnd:
    """From audio to the model's input: how the images of a run are made.

    Parameters
    ----------
    settings : Settings
        Of the images that the run was trained on.
    size : tuple of (int, int)
        Height and width of the models' input.
    palette : np.ndarray or None, shape=(256, 3), uint8
        None: the images have three planes.
    """

    settings: Settings
    size: tuple[int, int]
    palette: np.ndarray | None

    @property
    def n_channels(self) -> int:
        """How many channels of a recording the images show: 2 of stereo, else 1."""
        return 2 if self.settings.channels == "stereo" else 1

    def silent_pixels(self) -> np.ndarray:
        """The image of digital silence, shape=size or (*size, 3), uint8."""
        silence = np.zeros((self.n_channels, self.settings.n_samples), np.float32)
        image = spectrogram_image(silence if self.n_channels == 2 else silence[0], self.settings)
        return prepare_pixels(image, size=self.size)


@dataclass(frozen=True)
class Window:
    """A window of a recording, as the model's input.

    Parameters
    ----------
    start_s, end_s : float
        Its place in the recording; the last window of a recording may be shorter than an image.
    is_silent : bool
    peak_dbfs : float
        Peak of all channels as in the file, in dB of full scale; -inf for digital silence.
    pixels : np.ndarray, shape=(height, width) or (height, width, 3), uint8
        Of the size of the models' input.
    sha256 : str
        Of the samples that were read for it, as in the column `audio_sha256` of `metadata.csv`.
    y : np.ndarray, shape=(n,) or (2, n), float32, optional
        The samples that were rendered, n <= settings.n_samples, if they were asked for.
    """

    start_s: float
    end_s: float
    is_silent: bool
    peak_dbfs: float
    pixels: np.ndarray
    sha256: str
    y: np.ndarray | None = None


def front_end(run: Run) -> FrontEnd:
    """Rebuild the front end of a run from its own settings.

    Raises
    ------
    FileNotFoundError, ValueError
        If the run's settings are not there or cannot be used, or a package that they need is missing.
    """
    values = cast(Mapping[str, object], run.image_settings()["settings"])
    try:
        settings = Settings.from_json(values)
        if settings.feature not in FEATURES:
            raise ValueError(f"feature must be one of {', '.join(FEATURES)}. Got {settings.feature!r}")
        palette = image_palette(settings)
        check_denoising(settings)
    except (ValueError, TypeError) as error:
        path = run.folder / SETTINGS
        raise ValueError(f"The settings in {str(path)!r} are not as this program wrote them ({error}).") from None
    return FrontEnd(settings, run.input_size, palette)


def read_window(path: Path, start_s: float, front: FrontEnd, *, with_audio: bool = False) -> Window:
    """Read one window of a recording and render it.

    Parameters
    ----------
    path : Path
        The recording.
    start_s : float
        One of those that `generate.rendering.segments.window_starts` gives.
    front : FrontEnd
    with_audio : bool
        Whether the samples are kept.

    Raises
    ------
    BadAudio
        If it cannot be read; the message is the reason.
    """
    windows, _ = read_windows(path, (start_s,), front, with_audio=with_audio)
    return windows[0]


def read_windows(
    path: Path, starts_s: Sequence[float], front: FrontEnd, *, with_audio: bool = False
) -> tuple[list[Window], str]:
    """Read and render windows of a recording as `read_window`, and decode what they share once.

    Parameters
    ----------
    path : Path
    starts_s : sequence of float
        In order.
    front, with_audio
        See `read_window`.

    Returns
    -------
    windows : list of Window
    reason : str
        Why the next window could not be read; empty: all are there.

    Raises
    ------
    BadAudio
        If not even the first window can be read.
    """
    settings, windows = front.settings, list[Window]()
    try:
        parts = [(start_s, _longest_s(start_s, settings)) for start_s in starts_s]
        for start_s, decoded in zip(starts_s, decode_overlapping(path, parts), strict=True):
            loaded = checked(
                decoded,
                settings.sr,
                shown_s=settings.seconds,
                channels=settings.channels,
                keep_level=settings.shows_level,
            )
            windows.append(render_window(loaded, start_s, front, with_audio=with_audio))
    except BadAudio as error:
        if not windows:
            raise
        return windows, str(error)
    return windows, ""


def render_window(loaded: Loaded, start_s: float, front: FrontEnd, *, with_audio: bool = False) -> Window:
    """Render the samples of one window.

    Parameters
    ----------
    loaded : Loaded
        Samples at the rate of the run's images; what is longer than these is not shown.
    start_s : float
        Where the window begins.
    front, with_audio
        See `read_window`.
    """
    settings = front.settings
    y = loaded.y[..., : settings.n_samples]
    # On one thread, like the workers of `generate`: with more, matrix products are summed in another order, and one
    # pixel in some ten thousand differs by one level.
    with _thread_pools().limit(limits=1):
        image = spectrogram_image(y, settings, noise=loaded.noise)
    return Window(
        start_s=start_s,
        end_s=round(start_s + y.shape[-1] / settings.sr, 6),
        is_silent=loaded.silent,
        peak_dbfs=loaded.peak_dbfs,
        pixels=prepare_pixels(image, size=front.size),
        sha256=loaded.sha256,
        y=y if with_audio else None,
    )


def _longest_s(start_s: float, settings: Settings) -> float:
    """How much `generate` read of a clip: resampling and full scale depend on the samples around."""
    is_beginning = start_s == 0 and settings.long != "split"
    return settings.seconds * (LONGEST_BEGINNING if is_beginning else 1)


@functools.cache
def _thread_pools() -> ThreadpoolController:
    """Of the libraries that are loaded; kept, since finding them is slow."""
    return ThreadpoolController()
