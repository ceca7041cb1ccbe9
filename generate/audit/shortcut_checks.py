"""Shortcuts that predict the class: padding, level, or the edge that a codec leaves in the spectrum."""

from __future__ import annotations

import numpy as np
import pandas as pd

from generate.audit.checks import MOST_NAMES, MUCH
from generate.audit.cutoff import SHARP
from generate.audit.shortcut import could_be_chance, shortcut
from generate.dataset.settings import Settings
from generate.rendering.settings_advice import missing_frequencies
from generate.runtime.findings import Finding
from generate.runtime.wording import count

HIGH_ACCURACY = 0.8
"""Balanced accuracy (0.5 is chance) of one number alone from which on a class is named. On ESC-10 the highest by the
cut-off is 0.72; with one class resampled to 16 kHz and back that class is at 0.95 to 1.0."""
FAR_ABOVE_CHANCE = 0.25
"""The same for all classes together: accuracy above chance."""
SAME_LENGTH = 0.02
"""Share of the width of the image."""
SAME_CUTOFF_OCTAVES = 0.07
"""5 %: one and a half bands of an image of 128 mel bands."""
SAME_PEAK_DB = 1.0
STILL_CUT = 0.05
"""Share of the clips of a class that may end in an edge below an advised `--fmax-hz`."""
LOW_CUTOFF = 0.75
"""Share of the highest frequency of the image: an upper quarter that is dark in nearly all clips is wasted."""


def duration_by_class(clips: pd.DataFrame, settings: Settings) -> Finding:
    """Whether the padding of short clips predicts the class."""
    shown = np.minimum(clips["seconds"].to_numpy(float) / settings.seconds, 1)
    fix = (
        "a model would learn how much of the image is padding: give a --seconds that all clips fill, cut all clips to "
        "one duration, or fill them with --pad repeat"
    )
    finding = _shortcut_finding("the duration", clips, shown, fix, width=SAME_LENGTH)
    if settings.pad == "repeat" and finding.status == "warning":
        return Finding("ok", f"{finding.what}; no padding shows it, only how often a clip is repeated")
    return finding


def level_by_class(clips: pd.DataFrame, settings: Settings) -> Finding:
    """Whether the level alone predicts the class, where the images show the level."""
    level = np.maximum(clips["peak_dbfs"].to_numpy(float), -120)
    fix = "render with --reference peak, which leaves the level out"
    finding = _shortcut_finding("the peak level", clips, level, fix, width=SAME_PEAK_DB)
    if settings.reference == "peak" and finding.status == "warning":
        return Finding("ok", f"{finding.what}; harmless, since each image is relative to its own peak")
    return finding


def bandwidth(clips: pd.DataFrame, settings: Settings) -> Finding:
    """Whether the upper frequencies of the image are empty in nearly all clips."""
    cutoff = clips["cutoff_hz"].astype(float)
    if settings.feature not in SHARP:
        return Finding(
            "ok", f"{settings.feature} images show no cut-off frequency: audit with --feature mel to find one"
        )
    cut = cutoff[cutoff.notna()]
    if not len(cut):
        return Finding("ok", f"no clip is cut off below the image's {settings.highest_hz:g} Hz")
    what = (
        f"{len(cut):,} of {count(len(clips), 'clip')} end in an edge below the image's {settings.highest_hz:g} Hz, "
        f"as codecs, sample rates and clean tones do: the lowest at {_hz(cut.min())}, half of these below "
        f"{_hz(cut.median())}"
    )
    low = cutoff < LOW_CUTOFF * settings.highest_hz
    if low.mean() < 1 - MUCH:
        return Finding("ok", what)
    why, option = missing_frequencies(clips["sample_rate_hz"].to_numpy(float, na_value=np.nan), settings)
    if option:
        return Finding("warning", what, f"{why}: {option}")
    highest = 100 * np.ceil(1.05 * cut[low].max() / 100)
    return Finding("warning", what, f"the upper frequencies are empty in nearly all images: --fmax-hz {highest:.0f}")


def bandwidth_by_class(clips: pd.DataFrame, settings: Settings) -> Finding:
    """Whether the codec or the sample rate alone predicts the class."""
    if settings.feature not in SHARP:
        return Finding("ok", f"{settings.feature} images show no codec or sample rate that could predict a class")
    cutoff = clips["cutoff_hz"].astype(float).fillna(settings.highest_hz)
    octaves = np.log2(cutoff.to_numpy())
    of_class = cutoff.groupby(clips["label"])
    # A few clips of another class may end low by their sound, and all would lose what is above.
    is_cut = of_class.median() < settings.highest_hz
    lowest = of_class.quantile(STILL_CUT)[is_cut | ~is_cut.any()].min()
    fix = (
        "where it is not the sound itself, a model would learn the codec: show only what all classes have, "
        f"--fmax-hz {100 * np.floor(0.95 * lowest / 100):.0f}, or take all classes from recordings of one kind"
    )
    return _shortcut_finding(
        "the frequency at which spectra end in an edge (codec, sample rate, or clean tones)",
        clips,
        octaves,
        fix,
        width=SAME_CUTOFF_OCTAVES,
    )


def _shortcut_finding(name: str, clips: pd.DataFrame, values: np.ndarray, fix: str, *, width: float) -> Finding:
    """A warning where one number predicts a class, or the classes, far and significantly above chance."""
    found = shortcut(values, clips["label"], clips["source_id"], width=width)
    what = f"{name} alone predicts {100 * found.accuracy:.0f} % of the classes ({100 * found.chance:.0f} % by chance)"
    if not len(found.by_class):
        return Finding("ok", what)
    predicted = found.by_class[found.by_class >= HIGH_ACCURACY]
    named = predicted[:MOST_NAMES] if len(predicted) else found.by_class[:1]
    what += "; it predicts " if len(predicted) else "; best predicted: "
    what += ", ".join(f"{label} ({100 * share:.0f} %, 50 % by chance)" for label, share in named.items())
    is_high = found.accuracy > found.chance + FAR_ABOVE_CHANCE
    if not len(predicted) and not is_high:
        return Finding("ok", what)
    class_by_chance, accuracy_by_chance = could_be_chance(
        found, values, clips["label"], clips["source_id"], width=width
    )
    if (len(predicted) and not class_by_chance) or (is_high and not accuracy_by_chance):
        return Finding("warning", what, fix)
    return Finding("ok", f"{what}; with so few recordings this may be chance")


def _hz(hz: float) -> str:
    """Such as `16.1 kHz`."""
    return f"{hz / 1000:.1f} kHz"
