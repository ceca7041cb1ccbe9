"""The audio files beside the images: of which clips, and how to write those that are missing."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL, Request, folder_name, parse_request
from generate.audio import BadAudio
from generate.dataset import clip_audio
from generate.dataset.allowed_recordings import leads_out
from generate.dataset.clip_audio import audio_beside
from generate.dataset.file_names import image_name
from generate.dataset.folder import list_audio
from generate.features.spectrogram import shown_audio
from generate.rendering.clip import Front, Job, known_variants, open_clip, variant_of
from generate.rendering.clip_selection import first_of_each_class
from generate.runtime.progress import Progress
from generate.runtime.safe_names import path_on_disk
from generate.workers.processes import map_unordered

LEADS_OUT = "its path leads out of the audio folder, so it is not read"


def choose(metadata: pd.DataFrame, images: Path, *, clips_a_class: int, multilabel: bool = False) -> pd.DataFrame:
    """Rows of the first audible clips of each class, and of those that have audio files already.

    Parameters
    ----------
    metadata : pandas.DataFrame
        As in `metadata.csv`.
    images : Path
        The image folder.
    clips_a_class : int
        At most so many.
    multilabel : bool
        Whether a clip may have several classes (`generate.dataset.label_sets`).

    Returns
    -------
    pandas.DataFrame
        Some of the rows.
    """
    there = list_audio(images)
    have_audio = metadata.loc[[audio_beside(name) in there for name in metadata["file_name"]], "clip_id"]
    originals = metadata[(metadata["variant"] == ORIGINAL) & ~metadata["silent"].astype(bool)]
    chosen = first_of_each_class(originals, clips_a_class, multilabel=multilabel)
    return metadata[metadata["clip_id"].isin({*chosen, *have_audio})]


def stale(rows: pd.DataFrame, images: Path) -> pd.DataFrame:
    """Rows of the images without an audio file beside them, or with one that is older than they are.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of `metadata.csv`.
    images : Path
        The image folder.
    """
    return rows[np.array([_is_stale(images / file_name) for file_name in rows["file_name"]], dtype=bool)]


def with_known_variants(rows: pd.DataFrame, front: Front) -> tuple[pd.DataFrame, list[str]]:
    """Rows whose variant can be made, and the names of the others: of a file or of a folder that was not given.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of `metadata.csv`.
    front : Front
        With what the user gave.
    """
    names = rows["variant"].unique()
    unknown = sorted(name for name in names if name != ORIGINAL and request_of(name, front) is None)
    return rows[~rows["variant"].isin(unknown)], unknown


def request_of(name: str, front: Front) -> Request | None:
    """The variant of a name, with the folder of recordings that the user gave; None if it cannot be made.

    Parameters
    ----------
    name : str
        As in `metadata.csv`.
    front : Front
    """
    for folder in front.backgrounds:
        name = name.replace(f"={folder_name(folder)}@", f"={folder}@")
    try:
        request = parse_request(name, known_variants(front.settings.variants_file))
    except ValueError:
        return None
    return request if request.background is None or request.background.folder in front.backgrounds else None


def write_audio(rows: pd.DataFrame, front: Front, *, workers: int, follow_links: bool = False) -> dict[str, str]:
    """Write audio files beside images.

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
    """Write the audio files of one clip, as long as its images; what a worker does.

    Raises
    ------
    BadAudio
        If the clip, or a variant of it, cannot be made any more, or its audio is not that of its image.
    """
    settings = front.settings
    _, loaded, audio = open_clip(job, front)
    if loaded.sha256 != job.audio_sha256:
        raise BadAudio("its audio has changed since its image was rendered; run python -m generate again")
    for request in job.requests:
        y = audio.y if request is None else variant_of(audio, request, front, job.clip_id)
        name = ORIGINAL if request is None else request.name
        image = front.images / image_name(job.clip_folder, job.clip_id, name)
        if not clip_audio.write(image, shown_audio(y, settings), settings.sr):
            raise BadAudio(f"{audio_beside(image.name)} was not written by this program; it is left alone")
    return []


def _is_stale(image: Path) -> bool:
    """Whether an image is there, and its audio file is missing or older than the image."""
    audio = image.with_name(audio_beside(image.name))
    if not audio.exists() or not image.exists():
        return image.is_file()
    return audio.stat().st_mtime_ns < image.stat().st_mtime_ns


def job_of(clip: pd.DataFrame, front: Front) -> Job:
    """The job that makes the rows of one clip."""
    first = clip.iloc[0]
    requests = [None if name == ORIGINAL else request_of(name, front) for name in clip["variant"]]
    return Job(
        clip_id=first["clip_id"],
        path=path_on_disk(first["audio_file"], front.audio_folder),
        label=first["label"],
        clip_folder=first["file_name"].rpartition("/")[0],
        fold=first["fold"],
        recording=first["recording"],
        start_s=float(first["start_s"]),
        reviewed=first["reviewed"],
        audio_sha256=first["audio_sha256"],
        requests=tuple(requests),
    )
