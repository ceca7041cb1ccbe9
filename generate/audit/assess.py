"""Judge a labelled collection: measure each clip, then check them together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from generate.audit import checks, shortcut_checks
from generate.audit.cutoff import cutoff_hz
from generate.audit.flag_words import quoted_id
from generate.audit.near_duplicates import near_duplicates, small_image
from generate.dataset import png, source_ids
from generate.dataset.settings import Settings
from generate.rendering.clip_selection import stratified_limit
from generate.runtime.findings import Finding

CLIP_COLUMNS = (
    "clip_id",
    "label",
    "fold",
    "source_id",
    "recording",
    "seconds",
    "peak_dbfs",
    "dc_offset",
    "channel",
    "sample_rate_hz",
    "silent",
    "audio_sha256",
    "audio_file",
    "cutoff_hz",
)
"""Of the table of clips, one row a clip, as in `metadata.csv` (`generate.dataset.tables.COLUMNS`); `cutoff_hz` is the
frequency above which the spectrum is empty, NaN where no edge was found."""


NOT_LOOKED_FOR = Finding(
    "ok",
    "near duplicates were not looked for, since --pad random puts clips at other places of their images; python -m "
    "generate.audit AUDIO_FOLDER does",
)


@dataclass(frozen=True)
class Measures:
    """What is measured on the image of one clip.

    Parameters
    ----------
    small : np.ndarray, shape=(32, columns), uint8
        For comparing with others; see `generate.audit.near_duplicates.small_image`.
    cutoff_hz : float
        Frequency above which the spectrum is empty, if it ends in an edge; else NaN.
    """

    small: np.ndarray
    cutoff_hz: float


def measure(pixels: np.ndarray, settings: Settings) -> Measures:
    """Measure one clip's image.

    Parameters
    ----------
    pixels : np.ndarray, shape=(height, width), uint8
        As `generate.features.spectrogram.spectrogram_image` gives them: row 0 is the highest frequency, 0 the floor.
    settings : Settings
        That it was rendered with.

    Returns
    -------
    Measures
    """
    return Measures(small=small_image(pixels, settings), cutoff_hz=round(cutoff_hz(pixels, settings), 1))


def assess(
    clips: pd.DataFrame,
    small: np.ndarray,
    *,
    settings: Settings,
    whole: pd.DataFrame | None = None,
    multilabel: bool = False,
    are_placed: bool = False,
) -> tuple[pd.DataFrame, list[Finding]]:
    """Check all clips together.

    Parameters
    ----------
    clips : pandas.DataFrame
        One row a clip, columns `CLIP_COLUMNS`.
    small : np.ndarray, shape=(n, 32, columns), uint8
        `Measures.small` of each.
    settings : Settings
        That the images were rendered with.
    whole : pandas.DataFrame, optional
        All clips of the collection, of which `clips` is a part that has as many of each class; same columns but
        `cutoff_hz`. What a part would not show is counted in it: balance, durations, peaks and equal audio.
    multilabel : bool
        Whether a clip may have several labels: then there are no checks of what predicts the class.
    are_placed : bool
        Whether clips are at random places of their images, where near duplicates cannot be compared.

    Returns
    -------
    clips : pandas.DataFrame
        The table with one column more, `flags`: space-separated words out of `silent`, `clipped` (reaches full scale),
        `quiet`, `short`, `long` (cut by the image), `cut-off`, `equal-to:<clip_id>` and
        `near-duplicate-of:<clip_id>`, with spaces of a clip_id as `%20`.
    findings : list of Finding
        Always the same checks in the same order, those that found nothing too; empty if there is no clip.
    """
    if not len(clips):
        return clips.assign(flags=pd.Series(dtype=object)), []
    # Silent clips are all alike, whatever their recordings.
    audible = np.flatnonzero(~clips["silent"].to_numpy(bool) & (not are_placed))
    sources = clips["source_id"].to_numpy()
    copies = near_duplicates(small[audible], sources[audible], seconds=settings.seconds, feature=settings.feature)
    pairs = copies.pairs.assign(a=audible[copies.pairs["a"]], b=audible[copies.pairs["b"]])
    whole = clips if whole is None else whole
    found = [
        checks.balance(whole, multilabel=multilabel),
        checks.durations(whole, settings),
        *([] if multilabel else [shortcut_checks.duration_by_class(clips, settings)]),
        checks.peaks(whole, settings),
        *([] if multilabel else [shortcut_checks.level_by_class(clips, settings)]),
        checks.equal_audio(whole),
        NOT_LOOKED_FOR
        if are_placed
        else checks.near_duplicates(clips, pairs, n_not_comparable=int((~copies.comparable).sum())),
        shortcut_checks.bandwidth(clips, settings),
        *([] if multilabel else [shortcut_checks.bandwidth_by_class(clips, settings)]),
    ]
    return clips.assign(flags=_flags(clips, pairs, settings)), found


def sorted_clips(clips: pd.DataFrame) -> pd.DataFrame:
    """Sort by class and clip, and give recordings that share equal audio one `source_id`.

    So the order of reading and the number of workers change nothing.
    """
    clips = source_ids.unite_equal_audio(clips)
    return clips.sort_values(["label", "clip_id"], ignore_index=True)


def of_metadata(
    images: Path, settings: Settings, metadata: pd.DataFrame, *, most: int | None = None, multilabel: bool = False
) -> tuple[pd.DataFrame, list[Finding]]:
    """Check the collection that an image folder was made of, without its audio.

    Parameters
    ----------
    images : Path
    settings : Settings
        That the images were rendered with.
    metadata : pandas.DataFrame
        Of `metadata.csv`.
    most : int, optional
        Measure the images of at most so many clips, as many of each class (`stratified_limit`); default: of all.
    multilabel : bool
        See `assess`.

    Returns
    -------
    clips : pandas.DataFrame
        As of `assess`.
    findings : list of Finding
        Those of `python -m generate.audit` on the same audio with the same settings; but with `pad="random"` without
        near duplicates.

    Raises
    ------
    FileNotFoundError, ValueError
        If an image is missing or damaged.
    """
    whole = sorted_clips(metadata[metadata["variant"] == ORIGINAL])
    originals = stratified_limit(whole, most, multilabel=multilabel) if most else whole
    settings = settings.of_first_plane
    measures = [_measure_file(images / name, settings) for name in originals["file_name"]]
    clips = originals.assign(cutoff_hz=[m.cutoff_hz for m in measures])[list(CLIP_COLUMNS)]
    small = stacked([m.small for m in measures])
    are_placed = settings.pad == "random"
    return assess(clips, small, settings=settings, whole=whole, multilabel=multilabel, are_placed=are_placed)


def stacked(small: list[np.ndarray]) -> np.ndarray:
    """Stack small images into one array, shape=(n, 32, columns), uint8; there may be none."""
    return np.stack(small) if small else np.empty((0, 0, 0), dtype=np.uint8)


def _measure_file(path: Path, settings: Settings) -> Measures:
    try:
        pixels, _ = png.read(path)
        return measure(pixels if pixels.ndim == 2 else pixels[..., 0], settings)
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(
            f"The image {str(path)!r} cannot be read ({error}). Remove it if it is damaged, and run "
            "python -m generate again, which renders missing images."
        ) from None


def _flags(clips: pd.DataFrame, pairs: pd.DataFrame, settings: Settings) -> list[str]:
    """The flags of each clip."""
    seconds = clips["seconds"].astype(float)
    marks = {
        "silent": checks.is_silent(clips),
        "clipped": checks.is_clipped(clips),
        "quiet": checks.is_quiet(clips),
        "short": seconds < checks.LITTLE * settings.seconds,
        "long": seconds > checks.LONGER * settings.seconds,
        "cut-off": clips["cutoff_hz"].notna(),
    }
    words = [[word for word, holds in marks.items() if holds.iloc[row]] for row in range(len(clips))]
    ids = [quoted_id(clip_id) for clip_id in clips["clip_id"]]
    audible = clips.reset_index(drop=True)[~marks["silent"].to_numpy(bool)]
    for rows in audible.groupby("audio_sha256").indices.values():
        rows = audible.index[rows]
        for row in rows[1:]:
            words[row].append(f"equal-to:{ids[rows[0]]}")
            words[rows[0]].append(f"equal-to:{ids[row]}")
    for a, b in zip(pairs["a"], pairs["b"], strict=True):
        words[a].append(f"near-duplicate-of:{ids[b]}")
        words[b].append(f"near-duplicate-of:{ids[a]}")
    return [" ".join(of_clip) for of_clip in words]
