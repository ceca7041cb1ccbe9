"""Whether the settings of an image fit the audio: its length, its highest frequency, and its analysis window.

Each warning is what is wrong and an option that improves it; there is none where all is well.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from generate.dataset.settings import Settings, default_n_fft
from generate.features.mel import n_empty_bands
from generate.rendering.segments import count_pieces

LITTLE_AUDIO = 0.5
"""Share of the images that is audio; with less, most of what a model sees is padding. Spoken digits of 0.4 s in images
of 5 s (8 %) were classified with 70 % accuracy, and with 91 % in images of a fitting length."""
MOST_CUT = 0.95
"""Quantile of the lengths that an image should show whole: one clip in twenty loses its end. Cutting a quarter of the
clips, or cutting them in two, loses more than it gains."""
SHORTEST_S, LONGEST_S = 0.05, 600.0
"""Range of `Settings.seconds`."""
LONGEST_WINDOW_S = 0.1
"""A longer window blurs syllables, steps and calls into one."""
WINDOWS_AN_IMAGE = 4
ULTRASOUND_SR = 100_000
"""Recordings of bats and insects have a higher sample rate than this; music and speech do not."""


def share_of_audio(seconds: np.ndarray, *, image_s: float, long: str) -> float:
    """Share of the images that is audio and not padding, 0 to 1.

    Parameters
    ----------
    seconds : np.ndarray, shape=(n,)
        Lengths of the files, n > 0.
    image_s : float
        Length of an image.
    long : {"first", "split"}
        See `Settings`.
    """
    n_images = np.ones(len(seconds))
    if long == "split":
        n_images = np.array([count_pieces(float(length), image_s) for length in seconds])
    shown = np.minimum(seconds, n_images * image_s)
    return float(shown.sum() / (n_images.sum() * image_s))


def fitting_seconds(seconds: np.ndarray) -> float:
    """Length of an image that shows 95 % of the files whole, rounded up to hundredths of a second."""
    wanted = np.ceil(100 * np.quantile(seconds, MOST_CUT) - 1e-6) / 100
    return float(np.clip(wanted, SHORTEST_S, LONGEST_S))


def little_audio(seconds: np.ndarray, settings: Settings) -> tuple[str, str]:
    """Warn where most of the images is padding.

    Parameters
    ----------
    seconds : np.ndarray, shape=(n,)
        Lengths of the files.
    settings : Settings

    Returns
    -------
    what, advice : str
        Both empty where at least half of the images is audio, or clips are repeated to fill them.
    """
    if not len(seconds) or settings.pad == "repeat":
        return "", ""
    share = share_of_audio(seconds, image_s=settings.seconds, long=settings.long)
    if share >= LITTLE_AUDIO:
        return "", ""
    what = f"images of {settings.seconds:g} s are {_percent(share)} audio, the rest is padding"
    better = fitting_seconds(seconds)
    fitting = share_of_audio(seconds, image_s=better, long="first")
    if better < settings.seconds and fitting > share:
        return what, f"--seconds {better:g} --long first makes them {_percent(fitting)} audio"
    return what, "--pad repeat fills them by repeating the clip"


def missing_frequencies(sample_rates_hz: np.ndarray, settings: Settings) -> tuple[str, str]:
    """Warn where the images go higher than the files, or leave out their ultrasound.

    Parameters
    ----------
    sample_rates_hz : np.ndarray, shape=(n,)
        Of the files; NaN where it is not known.
    settings : Settings

    Returns
    -------
    what, advice : str
        Both empty where the frequencies fit.
    """
    if not len(sample_rates_hz) or np.isnan(sample_rates_hz).any():
        return "", ""
    lowest, highest = int(sample_rates_hz.min()), int(sample_rates_hz.max())
    rates = f"{highest:,} Hz" if lowest == highest else f"at most {highest:,} Hz"
    if highest < settings.sr and settings.highest_hz > highest / 2:
        option = f"--sr {highest}" if settings.fmax_hz is None else f"--fmax-hz {highest / 2:g}"
        return f"all files are of {rates}: above {highest / 2:,.0f} Hz the images are empty", option
    if lowest > ULTRASOUND_SR and settings.highest_hz < 0.25 * lowest and settings.sr <= 48_000:
        rates = f"{lowest:,} Hz" if lowest == highest else f"{lowest:,} Hz or more"
        return f"all files are of {rates}: the images leave out what is above {settings.highest_hz:,.0f} Hz", (
            f"--sr {lowest}"
        )
    return "", ""


def window_warnings(settings: Settings) -> list[tuple[str, str]]:
    """Warn where the analysis window is too long or mel bands are empty.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    list of (str, str)
        What is wrong, and an option that improves it.
    """
    if settings.feature == "cqt":  # its filters have lengths of their own
        return []
    if settings.planes:
        by_window = {of.n_fft: of for of in settings.of_spectrograms}
        found = [warning for of_window in by_window.values() for warning in window_warnings(of_window)]
        return [(what, advice.replace("--n-fft ", f"{settings.feature}:")) for what, advice in found]
    found = []
    window_s = settings.n_fft / settings.sr
    if window_s > min(LONGEST_WINDOW_S, settings.seconds / WINDOWS_AN_IMAGE):
        found_n_fft = default_n_fft(settings.sr)
        while found_n_fft > 64 and found_n_fft / settings.sr > settings.seconds / WINDOWS_AN_IMAGE:
            found_n_fft //= 2
        advice = "a longer --seconds"
        shorter = _with_window(settings, found_n_fft)
        if shorter and found_n_fft < settings.n_fft:
            advice = f"--n-fft {found_n_fft} is {_milliseconds(found_n_fft / settings.sr)}"
            advice += f" (with {_fewer_bands(shorter)})" if _n_empty(shorter) else ""
        what = f"the window of {settings.n_fft:,} samples is {_milliseconds(window_s)} long, and blurs what is shorter"
        found.append((what, advice))
    if n_empty := _n_empty(settings):
        what = f"{n_empty:,} of the {settings.n_bands} mel bands are narrower than the bins of the STFT, and stay dark"
        found.append((what, _without_empty_bands(settings)))
    return found


def _with_window(settings: Settings, n_fft: int) -> Settings | None:
    """The settings with another window; None where the range of frequencies is too narrow for it."""
    try:
        return replace(settings, n_fft=n_fft, hop_length=n_fft // 4)
    except ValueError:
        return None


def _n_empty(settings: Settings) -> int:
    """How many bands are always dark; 0 for a feature without mel bands."""
    return n_empty_bands(settings) if settings.feature in ("mel", "mfcc", "pcen") else 0


def _without_empty_bands(settings: Settings) -> str:
    """Options that leave no band empty: fewer bands, or a longer window where that is still short enough."""
    n_fft = 2 ** math.ceil(math.log2(settings.n_fft))
    while n_fft < LONGEST_WINDOW_S * settings.sr and n_empty_bands(replace(settings, n_fft=n_fft)):
        n_fft *= 2
    is_short = n_fft / settings.sr <= min(LONGEST_WINDOW_S, settings.seconds / WINDOWS_AN_IMAGE)
    return _fewer_bands(settings) + (f", or --n-fft {n_fft}" if is_short else "")


def _fewer_bands(settings: Settings) -> str:
    """The option for as many bands as possible with none empty."""
    n_bands = settings.n_bands
    while n_bands > 8 and n_empty_bands(replace(settings, n_bands=n_bands, n_mfcc=min(settings.n_mfcc, n_bands))):
        n_bands -= 1
    is_mfcc = settings.feature == "mfcc" and settings.n_mfcc > n_bands
    return f"--n-bands {n_bands}" + (f" --n-mfcc {n_bands}" if is_mfcc else "")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"
