"""What gives the class away without the sound: padding, level, or the edge that a codec leaves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from generate.audit.checks import MOST_NAMES, MUCH
from generate.audit.cutoff import SHARP
from generate.audit.finding import Finding
from generate.audit.shortcut import could_be_chance, shortcut
from generate.dataset.settings import Settings
from generate.rendering.image_fit import dark_frequencies
from generate.runtime.wording import count

TELLING = 0.8
"""How well a class may be told by one number alone (0.5 is chance) before it is named. On ESC-10 the highest by the
cut-off is 0.72; with one class brought to 16 kHz and back that class is at 0.95 to 1.0."""
FAR_ABOVE_CHANCE = 0.25
"""The same for all classes together: share of clips whose class is guessed, above blind guessing."""
SAME_LENGTH = 0.02
"""Of the image's width."""
SAME_CUTOFF_OCTAVES = 0.07
"""5 %: one and a half bands of an image of 128 mel bands."""
SAME_PEAK_DB = 1.0
LOW_CUTOFF = 0.75
"""Of the highest frequency in the image: an upper quarter that is dark in nearly all clips is given away."""


def duration_by_class(clips: pd.DataFrame, settings: Settings) -> Finding:
    """Whether the padding of a short clip gives its class away."""
    shown = np.minimum(clips["seconds"].to_numpy(float) / settings.seconds, 1)
    fix = (
        "a model would learn how much of the image is padding: give a --seconds that all clips fill, cut all clips to "
        "one length, or fill them with --pad repeat"
    )
    return _shortcut_finding("the duration", clips, shown, fix, width=SAME_LENGTH)


def level_by_class(clips: pd.DataFrame, settings: Settings) -> Finding:
    """Whether the level alone gives the class away, where the images show the level."""
    level = np.maximum(clips["peak_dbfs"].to_numpy(float), -120)
    fix = "render with --reference peak, which leaves the level out"
    finding = _shortcut_finding("the peak level", clips, level, fix, width=SAME_PEAK_DB)
    if settings.reference == "peak" and finding.status == "warning":
        return Finding("ok", f"{finding.what}; no harm, since an image's brightest point is its own peak")
    return finding


def bandwidth(clips: pd.DataFrame, settings: Settings) -> Finding:
    """Whether the image's upper part is dark in nearly all clips."""
    cutoff = clips["cutoff_hz"].astype(float)
    if settings.feature not in SHARP:
        return Finding("ok", f"{settings.feature} images show no cut-off: audit with --feature mel to look for one")
    cut = cutoff[cutoff.notna()]
    if not len(cut):
        return Finding("ok", f"no clip is cut off below the image's {settings.highest_hz:g} Hz")
    what = (
        f"{len(cut):,} of {count(len(clips), 'clip')} are cut off by a codec or a sample rate below the image's "
        f"{settings.highest_hz:g} Hz: the lowest at {_hz(cut.min())}, half of these below {_hz(cut.median())}"
    )
    low = cutoff < LOW_CUTOFF * settings.highest_hz
    if low.mean() < 1 - MUCH:
        return Finding("ok", what)
    why, option = dark_frequencies(clips["sample_rate_hz"].to_numpy(float, na_value=np.nan), settings)
    if option:
        return Finding("warning", what, f"{why}: {option}")
    highest = 100 * np.ceil(1.05 * cut[low].max() / 100)
    return Finding("warning", what, f"the upper part is dark in nearly all images: --fmax-hz {highest:.0f}")


def bandwidth_by_class(clips: pd.DataFrame, settings: Settings) -> Finding:
    """Whether the codec or the sample rate alone gives the class away."""
    if settings.feature not in SHARP:
        return Finding("ok", f"{settings.feature} images show no codec or sample rate that could tell a class")
    cutoff = clips["cutoff_hz"].astype(float).fillna(settings.highest_hz)
    octaves = np.log2(cutoff.to_numpy())
    lowest = cutoff.groupby(clips["label"]).median().min()
    fix = (
        "a model would learn the codec: show only what all classes have, "
        f"--fmax-hz {100 * np.floor(0.95 * lowest / 100):.0f}, or take all classes from like recordings"
    )
    return _shortcut_finding("the cut-off of codec or sample rate", clips, octaves, fix, width=SAME_CUTOFF_OCTAVES)


def _shortcut_finding(name: str, clips: pd.DataFrame, values: np.ndarray, fix: str, *, width: float) -> Finding:
    """A warning where one number tells a class, or the classes, by far above chance, and more than chance can."""
    told = shortcut(values, clips["label"], clips["source_id"], width=width)
    what = f"{name} alone guesses {100 * told.accuracy:.0f} % of the classes ({100 * told.chance:.0f} % by chance)"
    telling = told.by_class[told.by_class >= TELLING]
    if len(told.by_class):
        best = "; told best: " if not len(telling) else "; it tells "
        names = telling.index[:MOST_NAMES] if len(telling) else told.by_class.index[:1]
        what += best + ", ".join(f"{label} ({100 * told.by_class[label]:.0f} %, 50 % by chance)" for label in names)
    tells_all = told.accuracy > told.chance + FAR_ABOVE_CHANCE
    if len(told.by_class) and (len(telling) or tells_all):
        best, accuracy = could_be_chance(told, values, clips["label"], clips["source_id"], width=width)
        if (len(telling) and not best) or (tells_all and not accuracy):
            return Finding("warning", what, fix)
        return Finding("ok", f"{what}; with so few recordings chance may do so")
    return Finding("ok", what)


def _hz(hz: float) -> str:
    """Such as `16.1 kHz`."""
    return f"{hz / 1000:.1f} kHz"
