"""The health of a labelled collection: what each clip measures, what that says of all, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from generate.audit import checks, shortcut_checks
from generate.audit.cutoff import cutoff_hz
from generate.audit.finding import Finding
from generate.audit.near_duplicates import near_duplicates, small_image
from generate.dataset import png, settings_file, source_ids, tables
from generate.dataset.folder import check_finished
from generate.dataset.settings import Settings
from generate.rendering.plan import spread

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
frequency above which there is nothing, NaN where no edge was found."""


@dataclass(frozen=True)
class Measures:
    """What one clip's image tells.

    Parameters
    ----------
    small : np.ndarray, shape=(32, columns), uint8
        For comparing with others; see `generate.audit.near_duplicates.small_image`.
    cutoff_hz : float
        The frequency above which there is nothing, where the spectrum ends in an edge; else NaN.
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
        That it was drawn with.

    Returns
    -------
    Measures
    """
    return Measures(small=small_image(pixels, settings), cutoff_hz=round(cutoff_hz(pixels, settings), 1))


def findings(clips: pd.DataFrame, small: np.ndarray, *, settings: Settings) -> list[Finding]:
    """Make every check, and say also where all is well.

    Parameters
    ----------
    clips : pandas.DataFrame
        One row a clip, columns `CLIP_COLUMNS`.
    small : np.ndarray, shape=(n, 32, columns), uint8
        `Measures.small` of each.
    settings : Settings
        That the images were drawn with.

    Returns
    -------
    list of Finding
        Always the same checks in the same order; none where there is no clip.
    """
    return assess(clips, small, settings=settings)[1]


def table(clips: pd.DataFrame, small: np.ndarray, *, settings: Settings) -> pd.DataFrame:
    """The clips with what is to be said of each; parameters as of `findings`.

    Returns
    -------
    pandas.DataFrame
        The clips table with one column more, `flags`: words with a space between them, of `silent`, `clipped`
        (reaches full scale), `quiet`, `short`, `long` (cut by the image), `cut-off`, `equal-to:<clip_id>` and
        `near-duplicate-of:<clip_id>`.
    """
    return assess(clips, small, settings=settings)[0]


def assess(clips: pd.DataFrame, small: np.ndarray, *, settings: Settings) -> tuple[pd.DataFrame, list[Finding]]:
    """Both `table` and `findings`, comparing all clips with all once."""
    if not len(clips):
        return clips.assign(flags=pd.Series(dtype=object)), []
    # What is silent is alike, and says nothing of two recordings.
    audible = np.flatnonzero(~clips["silent"].to_numpy(bool))
    sources = clips["source_id"].to_numpy()
    copies = near_duplicates(small[audible], sources[audible], seconds=settings.seconds, feature=settings.feature)
    pairs = copies.pairs.assign(a=audible[copies.pairs["a"]], b=audible[copies.pairs["b"]])
    found = [
        checks.balance(clips),
        checks.durations(clips, settings),
        shortcut_checks.duration_by_class(clips, settings),
        checks.peaks(clips, settings),
        shortcut_checks.level_by_class(clips, settings),
        checks.equal_audio(clips),
        checks.near_duplicates(clips, pairs, n_untold=int((~copies.tellable).sum())),
        shortcut_checks.bandwidth(clips, settings),
        shortcut_checks.bandwidth_by_class(clips, settings),
    ]
    return clips.assign(flags=_flags(clips, pairs, settings)), found


def sorted_clips(clips: pd.DataFrame) -> pd.DataFrame:
    """By class and clip, with one `source_id` for recordings that share equal audio: so the order of reading and the
    number of workers change nothing.
    """
    clips = source_ids.unite_equal_audio(clips)
    return clips.sort_values(["label", "clip_id"], ignore_index=True)


def from_images(images: Path) -> tuple[pd.DataFrame, list[Finding]]:
    """Check the collection that a folder of images was made of, without its sounds.

    Parameters
    ----------
    images : Path
        Made by `python -m generate`.

    Returns
    -------
    clips : pandas.DataFrame
        As `table` gives it.
    findings : list of Finding
        Those of `python -m generate.audit` of the same sounds with the same settings.

    Raises
    ------
    FileNotFoundError, ValueError
        If it is no such folder, or an image is gone or damaged.
    """
    check_finished(images)
    settings = Settings.from_json(settings_file.read_settings(images / settings_file.SETTINGS)["settings"])
    return of_metadata(images, settings, tables.read_metadata(images / tables.METADATA))


def of_metadata(
    images: Path, settings: Settings, metadata: pd.DataFrame, *, most: int | None = None
) -> tuple[pd.DataFrame, list[Finding]]:
    """As `from_images`, by tables that are read already.

    Parameters
    ----------
    images : Path
    settings : Settings
        That the images were drawn with.
    metadata : pandas.DataFrame
        Of `metadata.csv`.
    most : int, optional
        Check only so many clips, as evenly from all classes as they allow; default: all.
    """
    originals = sorted_clips(metadata[metadata["variant"] == ORIGINAL])
    originals = spread(originals, most) if most else originals
    measures = [_measure_file(images / name, settings) for name in originals["file_name"]]
    clips = originals.assign(cutoff_hz=[m.cutoff_hz for m in measures])[list(CLIP_COLUMNS)]
    return assess(clips, stacked([m.small for m in measures]), settings=settings)


def stacked(small: list[np.ndarray]) -> np.ndarray:
    """Small images as one array, shape=(n, 32, columns), uint8; also where there is none."""
    return np.stack(small) if small else np.empty((0, 0, 0), dtype=np.uint8)


def _measure_file(path: Path, settings: Settings) -> Measures:
    try:
        return measure(png.read(path)[0], settings)
    except (OSError, SyntaxError) as error:
        raise ValueError(
            f"The image {str(path)!r} cannot be read ({error}). Run python -m generate again, which draws what is "
            "missing; a damaged one must be removed first."
        ) from None


def _flags(clips: pd.DataFrame, pairs: pd.DataFrame, settings: Settings) -> list[str]:
    """The words of each clip."""
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
    ids = clips["clip_id"].tolist()
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
