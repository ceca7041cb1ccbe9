"""What a run will do: which pictures are wanted, which are there, which are left to render."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from augment_audio import ORIGINAL, Request
from generate.readers.collection import printable, safe_name
from generate.render import Job

BYTES_A_PIXEL = 0.7
"""Of a palette PNG of a mel-spectrogram: 34 KB at 224 x 224, measured on ESC-10."""


@dataclass(frozen=True)
class Plan:
    """What is wanted, there and left to do.

    Parameters
    ----------
    clips : pandas.DataFrame
        The clips table of this run.
    class_folders : Mapping of str to str
        Label to folder name.
    n_pictures : int
        How many pictures are wanted.
    done : pandas.DataFrame
        Rows of `metadata.csv` that still stand, pictures of clips outside this run included.
    jobs : list of Job
        What is left to render, in the order of the clips table.
    """

    clips: pd.DataFrame
    class_folders: Mapping[str, str]
    n_pictures: int
    done: pd.DataFrame
    jobs: list[Job]


def make_plan(
    clips: pd.DataFrame,
    requests: Mapping[str, tuple[Request, ...]],
    *,
    sounds: Path,
    known: pd.DataFrame,
    on_disk: frozenset[str],
    whole_collection: bool,
) -> Plan:
    """Hold what is wanted against what is there.

    A picture is done if its row is known, its file is on the disk, and the sound has the size and the time of change
    that it had then.

    Parameters
    ----------
    clips : pandas.DataFrame
        The clips table of this run.
    requests : Mapping of str to tuple of Request
        Variants wanted of each label, beside the original.
    sounds : Path
        The sound folder.
    known : pandas.DataFrame
        Rows of `metadata.csv` and of a journal, of the same settings.
    on_disk : frozenset of str
        Pictures that are there, as `file_name`.
    whole_collection : bool
        Whether `clips` is all there is; if not (`--limit`), pictures of other clips stay.

    Raises
    ------
    ValueError
        If the pictures that are there are of another collection, or of variants that are not wanted now.
    """
    class_folders = name_class_folders(sorted(requests))
    wanted = _wanted(clips, requests, class_folders, sounds)
    known = known[known["file_name"].isin(on_disk)].drop_duplicates("file_name", keep="last")
    _refuse_strangers(clips, known, whole_collection)
    _refuse_fewer_variants(clips, wanted, known)
    facts = ["file_name", "recording", "fold", "sound", "start_s", "sound_bytes", "sound_mtime_ns"]
    current = known.merge(wanted[facts], on=facts)
    left = wanted[~wanted["file_name"].isin(current["file_name"])]
    others = known[~known["clip_id"].isin(clips["clip_id"])] if not whole_collection else known.iloc[:0]
    jobs = [Job(**clip._asdict(), requests=tuple(pictures)) for clip, pictures in _by_clip(left)]
    return Plan(clips, class_folders, len(wanted), pd.concat([current, others]), jobs)


def name_class_folders(labels: list[str]) -> dict[str, str]:
    """Give each class a folder name that every system takes.

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
                f"The classes {other!r} and {label!r} would share the folder {folder!r}; rename one of them."
            )
    return folders


def spread(clips: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Take a number of clips, as evenly from all classes as they allow, the first of each class."""
    turn = clips.groupby("label").cumcount()
    taken = turn.sort_values(kind="stable").index[:limit]
    return clips.loc[sorted(taken)].reset_index(drop=True)


def estimated_bytes(n_pictures: int, *, width: int, height: int) -> int:
    """Disk space that pictures will take, about."""
    return int(n_pictures * width * height * BYTES_A_PIXEL)


def _wanted(
    clips: pd.DataFrame, requests: Mapping[str, tuple[Request, ...]], class_folders: Mapping[str, str], sounds: Path
) -> pd.DataFrame:
    """One row a wanted picture; `request` is None for the original."""
    pictures = pd.DataFrame(
        [(label, request) for label, asked in requests.items() for request in (None, *asked)],
        columns=["label", "request"],
        dtype=object,
    )
    pictures["variant"] = [request.name if request else ORIGINAL for request in pictures["request"]]
    sizes, times = zip(*(_size_and_time(sounds / path) for path in clips["path"]), strict=True)
    clips = clips.rename(columns={"source_id": "recording"}).assign(
        sound=pd.Series([printable(path) for path in clips["path"]], dtype=object),
        sound_bytes=sizes,
        sound_mtime_ns=times,
        class_folder=clips["label"].map(class_folders),
    )
    wanted = clips.merge(pictures, on="label", how="left")
    wanted["file_name"] = wanted["class_folder"] + "/" + wanted["clip_id"] + "__" + wanted["variant"] + ".png"
    return wanted


def _size_and_time(path: Path) -> tuple[int, int]:
    """Bytes, and time of change in nanoseconds; -1 where the file went meanwhile."""
    try:
        stat = os.stat(path)
    except OSError:
        return -1, -1
    return stat.st_size, stat.st_mtime_ns


def _by_clip(left: pd.DataFrame):
    """Group the pictures that are left by clip, in their order."""
    columns = ["clip_id", "path", "label", "class_folder", "fold", "recording", "start_s"]
    for _, group in left.groupby("clip_id", sort=False):
        first = next(group[columns].itertuples(index=False, name="Clip"))
        yield first, list(group["request"])


def _refuse_strangers(clips: pd.DataFrame, known: pd.DataFrame, whole_collection: bool) -> None:
    """Pictures of another collection are not to be taken for this one's, and not to be deleted either."""
    if len(known) and whole_collection and not known["clip_id"].isin(clips["clip_id"]).any():
        raise ValueError(
            f"The folder holds pictures of another collection (such as clip {known['clip_id'].iloc[0]!r}, which is not "
            "among these sounds). Give another OUTPUT, or replace them with --overwrite."
        )


def _refuse_fewer_variants(clips: pd.DataFrame, wanted: pd.DataFrame, known: pd.DataFrame) -> None:
    """A trainer reads all that is in the folder, so pictures that nobody asked for must not stay unnoticed."""
    of_these = known[known["clip_id"].isin(clips["clip_id"])]
    unwanted = of_these[~of_these["file_name"].isin(wanted["file_name"])]
    unwanted = unwanted[unwanted["variant"] != ORIGINAL]
    if len(unwanted):
        names = ", ".join(sorted(unwanted["variant"].unique()))
        raise ValueError(
            f"The folder holds {len(unwanted)} pictures of variants that this run does not ask for ({names}). Name "
            "them in --variants too, give another OUTPUT, or start anew with --overwrite."
        )
