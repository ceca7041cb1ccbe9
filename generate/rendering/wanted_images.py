"""The images that a run wants, as a table, and the jobs that render some of them."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from augment_audio import ORIGINAL, Request
from generate.dataset.file_names import clip_folder, image_name
from generate.rendering.backgrounds import NO_BACKGROUND, mixed_in
from generate.rendering.clip import Front, Job
from generate.runtime.safe_names import printable, safe_name


def wanted_images(
    clips: pd.DataFrame, requests: Mapping[str, tuple[Request, ...]], front: Front, *, fan_out: bool
) -> pd.DataFrame:
    """List every image that a run wants.

    Parameters
    ----------
    clips : pandas.DataFrame
        The clips table of the run; with a column `events` for windows of annotated recordings.
    requests : Mapping of str to tuple of Request
        Variants of each label, beside the original.
    front : Front
    fan_out : bool
        See `generate.dataset.file_names.clip_folder`.

    Returns
    -------
    pandas.DataFrame
        One row an image: the columns of the clips table (with `source_id` as `recording`), `variant`, `request` (None
        for the original), `clip_folder` and `file_name`, and `audio_file`, `audio_bytes`, `audio_mtime_ns` of the file
        as it is now, with the same of the background recording, if there is one.

    Raises
    ------
    ValueError
        If two classes would share a folder.
    """
    variants = pd.DataFrame(
        [(label, request) for label, of_label in requests.items() for request in (None, *of_label)],
        columns=["label", "request"],
        dtype=object,
    )
    variants["variant"] = [request.name if request else ORIGINAL for request in variants["request"]]
    sizes, times = zip(*(_size_and_time(front.audio_folder / path) for path in clips["path"]), strict=True)
    class_folders = name_class_folders(sorted(requests))
    folders = [
        clip_folder(class_folders[label], clip_id, fan_out=fan_out)
        for label, clip_id in zip(clips["label"], clips["clip_id"], strict=True)
    ]
    clips = clips.rename(columns={"source_id": "recording"}).assign(
        audio_file=pd.Series([printable(path) for path in clips["path"]], dtype=object),
        audio_bytes=sizes,
        audio_mtime_ns=times,
        clip_folder=pd.Series(folders, dtype=object),
    )
    for name in ("events", "reviewed"):
        if name not in clips:
            clips[name] = pd.Series([""] * len(clips), dtype=object)
    wanted = clips.merge(variants, on="label", how="left")
    wanted["file_name"] = image_name(wanted["clip_folder"], wanted["clip_id"], wanted["variant"])
    mixed = [
        mixed_in(request, front.backgrounds, seed=front.settings.seed, clip_id=clip_id)
        for request, clip_id in zip(wanted["request"], wanted["clip_id"], strict=True)
    ]
    return wanted.join(pd.DataFrame(mixed, columns=list(NO_BACKGROUND), index=wanted.index))


def name_class_folders(labels: list[str]) -> dict[str, str]:
    """Give each class a folder name that every operating system accepts.

    Parameters
    ----------
    labels : list of str
        Each once.

    Returns
    -------
    dict of str to str
        Label to folder.

    Raises
    ------
    ValueError
        If two classes would share a folder on a system that ignores case.
    """
    folders = {label: safe_name(label) for label in labels}
    owner: dict[str, str] = {}
    for label, folder in folders.items():
        other = owner.setdefault(folder.casefold(), label)
        if other != label:
            raise ValueError(
                f"The classes {other!r} and {label!r} would share the folder {folder!r}. Rename one of them."
            )
    return folders


def jobs_of(wanted: pd.DataFrame, *, with_audio: Collection[str]) -> list[Job]:
    """Group images by clip, in their order.

    Parameters
    ----------
    wanted : pandas.DataFrame
        Some rows of `wanted_images`.
    with_audio : collection of str
        `clip_id` of the clips whose audio variants are written beside their images.
    """
    requests: dict[str, list[Request | None]] = {}
    for clip_id, request in zip(wanted["clip_id"], wanted["request"], strict=True):
        requests.setdefault(clip_id, []).append(request)
    copied = ["split", "events", "salience", "reviewed"]
    columns = ["clip_id", "path", "label", "clip_folder", "fold", "recording", "start_s", *copied]
    return [
        Job(
            clip_id,
            path,
            label,
            folder,
            fold,
            recording,
            start_s,
            requests=tuple(requests[clip_id]),
            with_audio=clip_id in with_audio,
            **dict(zip(copied, values, strict=True)),
        )
        for clip_id, path, label, folder, fold, recording, start_s, *values in wanted.drop_duplicates("clip_id")[
            columns
        ].itertuples(index=False, name=None)
    ]


def _size_and_time(path: Path) -> tuple[int, int]:
    """Bytes, and time of modification in nanoseconds; -1 where the file is no longer there."""
    try:
        stat = os.stat(path)
    except OSError:
        return -1, -1
    return stat.st_size, stat.st_mtime_ns
