"""The MP3 files beside the images: of which clips, and how to write those that are missing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL, Variant, parse_request
from generate.audio import BadAudio
from generate.dataset import mp3
from generate.dataset.file_names import image_name
from generate.dataset.folder import audio_of, list_audio
from generate.dataset.recordings import leads_out
from generate.rendering.clip import Front, Job, known_variants, open_clip, variant_of
from generate.rendering.clip_selection import first_of_each_class
from generate.runtime.progress import Progress
from generate.runtime.safe_names import path_on_disk
from generate.workers.processes import map_unordered

LEADS_OUT = "its path leads out of the audio folder, so it is not read"


def choose(metadata: pd.DataFrame, images: Path, *, clips_a_class: int) -> pd.DataFrame:
    """Rows of the first audible clips of each class, and of those that have MP3 files already.

    Parameters
    ----------
    metadata : pandas.DataFrame
        As in `metadata.csv`.
    images : Path
        The image folder.
    clips_a_class : int
        At most so many.

    Returns
    -------
    pandas.DataFrame
        Some of the rows.
    """
    there = list_audio(images)
    have_audio = metadata.loc[[audio_of(name) in there for name in metadata["file_name"]], "clip_id"]
    originals = metadata[(metadata["variant"] == ORIGINAL) & ~metadata["silent"].astype(bool)]
    chosen = first_of_each_class(originals, clips_a_class)
    return metadata[metadata["clip_id"].isin({*chosen, *have_audio})]


def stale(rows: pd.DataFrame, images: Path) -> pd.DataFrame:
    """Rows of the images without an MP3 file beside them, or with one that is older than they are.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of `metadata.csv`.
    images : Path
        The image folder.
    """
    return rows[np.array([_is_stale(images / file_name) for file_name in rows["file_name"]], dtype=bool)]


def with_known_variants(rows: pd.DataFrame, variants_file: str) -> tuple[pd.DataFrame, list[str]]:
    """Rows whose variant can be made, and the names of the other variants: those of a file that was not given.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of `metadata.csv`.
    variants_file : str
        As the user gave it; empty: none.
    """
    known, names = known_variants(variants_file), rows["variant"].unique()
    unknown = sorted(name for name in names if name != ORIGINAL and not _can_be_read(name, known))
    return rows[~rows["variant"].isin(unknown)], unknown


def _can_be_read(name: str, variants: Mapping[str, Variant]) -> bool:
    try:
        parse_request(name, variants)
    except ValueError:
        return False
    return True


def write_audio(rows: pd.DataFrame, front: Front, *, workers: int, follow_links: bool = False) -> dict[str, str]:
    """Write MP3 files beside images.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of `metadata.csv`, with known variants.
    front : Front
    workers : int
        Processes.
    follow_links : bool
        Whether links may lead out of the audio folder; only where the user named that folder.

    Returns
    -------
    dict of str to str
        Clips of which no audio could be written, and the reason.
    """
    is_out = [leads_out(path, front.audio_folder, by_links=not follow_links) for path in rows["audio_file"]]
    reasons = dict.fromkeys(rows.loc[is_out, "clip_id"], LEADS_OUT)
    left = rows[~np.array(is_out, dtype=bool)]
    if left.empty:
        return reasons
    jobs = [job_of(clip, front) for _, clip in left.groupby("clip_id", sort=True)]
    with (
        tempfile.TemporaryDirectory(prefix="generate-", ignore_cleanup_errors=True) as temporary,
        Progress(len(jobs)) as progress,
        closing(
            map_unordered(write_audio_of, jobs, front, workers=workers, temporary_folder=Path(temporary))
        ) as outcomes,
    ):
        for job, outcome in outcomes:
            if isinstance(outcome, str):
                reasons[job.clip_id] = outcome
            progress.step(n_rejected=len(reasons))
    return reasons


def write_audio_of(job: Job, front: Front) -> list[dict[str, object]]:
    """Write the MP3 files of one clip, as long as its images; what a worker does.

    Raises
    ------
    BadAudio
        If the clip, or a variant of it, cannot be made any more.
    """
    settings = front.settings
    _, _, audio = open_clip(job, front)
    for request in job.requests:
        y = audio.y if request is None else variant_of(audio, request, front, job.clip_id)
        name = ORIGINAL if request is None else request.name
        path = front.images / audio_of(image_name(job.clip_folder, job.clip_id, name))
        if os.path.lexists(path) and not mp3.is_ours(path):
            raise BadAudio(f"{path.name} was not written by this program; it is left alone")
        mp3.write(path, mp3.audible(y[..., : settings.n_samples]), settings.sr)
    return []


def _is_stale(image: Path) -> bool:
    """Whether the MP3 file of an image is missing, or older than the image."""
    try:
        return image.with_name(audio_of(image.name)).stat().st_mtime_ns < image.stat().st_mtime_ns
    except FileNotFoundError:
        return image.is_file()


def job_of(clip: pd.DataFrame, front: Front) -> Job:
    """The job that makes the rows of one clip."""
    first = clip.iloc[0]
    variants = known_variants(front.settings.variants_file)
    requests = [None if name == ORIGINAL else parse_request(name, variants) for name in clip["variant"]]
    return Job(
        clip_id=first["clip_id"],
        path=path_on_disk(first["audio_file"], front.audio_folder),
        label=first["label"],
        clip_folder=first["file_name"].rpartition("/")[0],
        fold=first["fold"],
        recording=first["recording"],
        start_s=float(first["start_s"]),
        requests=tuple(requests),
    )
