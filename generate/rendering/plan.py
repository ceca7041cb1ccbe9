"""What a run will do: which images are wanted, which are there, which are left to render."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL, Request
from generate.dataset.file_names import clip_folder, image_name
from generate.rendering.clip import Job
from generate.runtime.safe_names import printable, safe_name

BYTES_A_PIXEL = 0.47
"""Of a palette PNG of a mel-spectrogram: 23 KB at 224 x 224, measured on ESC-10."""


@dataclass(frozen=True)
class Plan:
    """What is wanted, there and left to do.

    Parameters
    ----------
    clips : pandas.DataFrame
        The clips table of this run.
    n_wanted : int
        How many images are wanted.
    done : pandas.DataFrame
        Rows of `metadata.csv` that still stand, images of clips outside this run included.
    jobs : list of Job
        What is left to render, in the order of the clips table.
    left : frozenset of str
        The images of `jobs`, as `file_name`.
    n_gone : int
        Images of clips that are no longer in the collection; they will be removed.
    removed, foreign : tuple of str
        Images that will be removed, with the sounds that this program wrote beside them; and files that it did not
        make, which are left alone. By their names in the folder.
    corrected : tuple of str
        Images, as `file_name`, of whose rows class, fold or split was another one; it is taken as it is now.
    """

    clips: pd.DataFrame
    n_wanted: int
    done: pd.DataFrame
    jobs: list[Job]
    left: frozenset[str]
    n_gone: int
    corrected: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()


def make_plan(
    clips: pd.DataFrame,
    requests: Mapping[str, tuple[Request, ...]],
    *,
    audio_folder: Path,
    known: pd.DataFrame,
    on_disk: frozenset[str],
    whole_collection: pd.DataFrame,
    listen: int = 0,
    fan_out: bool = False,
) -> Plan:
    """Hold what is wanted against what is there.

    An image is done if its row is known, its file is on the disk, and the sound has the size and the time of change
    that it had then.

    Parameters
    ----------
    clips : pandas.DataFrame
        The clips table of this run.
    requests : Mapping of str to tuple of Request
        Variants wanted of each label, beside the original.
    audio_folder : Path
        The sound folder.
    known : pandas.DataFrame
        Rows of `metadata.csv` and of a journal, of the same settings.
    on_disk : frozenset of str
        Images that are there, as `file_name`.
    whole_collection : pandas.DataFrame
        The clips table of all there is; images of clips that are in it and not in `clips` (`--limit`,
        `--classes`, `--leave-out`) stay.
    listen : int
        Clips of each class whose sounds are written with their images.
    fan_out : bool
        See `generate.dataset.file_names.clip_folder`.

    Raises
    ------
    ValueError
        If the images that are there are mostly of other clips, or of variants that are not wanted now.
    """
    wanted = _wanted(clips, requests, name_class_folders(sorted(requests)), audio_folder, fan_out)
    known = known[known["file_name"].isin(on_disk) & ~known["file_name"].duplicated(keep="last")]
    place = pd.Index(wanted["file_name"]).get_indexer(known["file_name"])  # in `wanted`; -1: not wanted
    known, corrected = _corrected(known, wanted, place)
    gone = known[~known["clip_id"].isin(whole_collection["clip_id"])]
    _refuse_strangers(known, gone)
    _refuse_fewer_variants(wanted, known[known["clip_id"].isin(clips["clip_id"])])
    is_current = place >= 0
    for fact in ("recording", "audio_file", "start_s", "audio_bytes", "audio_mtime_ns"):
        is_current &= known[fact].to_numpy() == wanted[fact].to_numpy()[place]
    current = known[is_current]
    is_left = np.ones(len(wanted), dtype=bool)
    is_left[place[is_current]] = False
    left = wanted[is_left]
    outside = known[~known["clip_id"].isin(clips["clip_id"]) & ~known["clip_id"].isin(gone["clip_id"])]
    return Plan(
        clips=clips,
        n_wanted=len(wanted),
        done=pd.concat([current, outside], ignore_index=True),
        jobs=_jobs(left, heard=set(first_of_each_class(clips, listen))),
        left=frozenset(left["file_name"]),
        n_gone=len(gone),
        corrected=corrected,
    )


def name_class_folders(labels: list[str]) -> dict[str, str]:
    """Give each class a folder name that every system takes.

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
                f"The classes {other!r} and {label!r} would share the folder {folder!r}; rename one of them."
            )
    return folders


def spread(clips: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Take a number of clips, as evenly as they allow from all classes and, in each class, from folds and recordings.

    In each class every recording has its turn before one has its second, and recordings take turns by their folds.
    Each class begins with another fold, and where recordings (speakers) are in several classes with another one, so
    that few clips of many classes are not all of the first. What a smaller number takes, a larger one takes too.

    Parameters
    ----------
    clips : pandas.DataFrame
        Columns `label`, `fold`, `source_id`, in order of name.
    limit : int
        How many.

    Returns
    -------
    pandas.DataFrame
        So many of the rows, in the order in which they stood.
    """
    names = ("label", "fold", "source_id")
    label, fold, source = (pd.Series(pd.factorize(clips[name], sort=True)[0]) for name in names)
    rows = pd.DataFrame({"label": label, "fold": fold, "source": source})
    rows["take"] = rows.groupby(["label", "source"]).cumcount()
    sources = rows.drop_duplicates(["label", "source"])[["label", "source", "fold"]]
    shared = sources["source"].duplicated().any()
    sources = sources.sort_values(["label", "fold", "source"])
    sources["turn"] = _turn(sources, ["label", "fold"], "source", begins_by_class=bool(shared))
    folds = sources.drop_duplicates(["label", "fold"])[["label", "fold"]]
    folds["fold_turn"] = _turn(folds, ["label"], "fold", begins_by_class=True)
    turns = sources.merge(folds, on=["label", "fold"]).drop(columns="fold")
    rows = rows.merge(turns, on=["label", "source"], how="left").sort_values(
        ["label", "take", "turn", "fold_turn"], kind="stable"
    )
    rows["place"] = rows.groupby("label").cumcount()
    taken = rows.sort_values(["place", "label"], kind="stable").index[:limit]
    return clips.iloc[sorted(taken)].reset_index(drop=True)


def _turn(rows: pd.DataFrame, within: list[str], what: str, *, begins_by_class: bool) -> pd.Series:
    """The turn of each row in its group; if wanted, class number k begins with the k-th one, round again."""
    groups = rows.groupby(within)[what]
    first = rows["label"] if begins_by_class else 0
    return (groups.cumcount() - first) % groups.transform("size")


def first_of_each_class(clips: pd.DataFrame, n: int) -> list[str]:
    """The first clips of each class, by `clip_id`."""
    return clips.sort_values("clip_id").groupby("label")["clip_id"].head(n).tolist()


def estimated_bytes(n_images: int, *, width: int, height: int) -> int:
    """Disk space that images will take, about."""
    return int(n_images * width * height * BYTES_A_PIXEL)


def _wanted(
    clips: pd.DataFrame,
    requests: Mapping[str, tuple[Request, ...]],
    class_folders: Mapping[str, str],
    audio_folder: Path,
    fan_out: bool,
) -> pd.DataFrame:
    """One row a wanted image; `request` is None for the original."""
    images = pd.DataFrame(
        [(label, request) for label, asked in requests.items() for request in (None, *asked)],
        columns=["label", "request"],
        dtype=object,
    )
    images["variant"] = [request.name if request else ORIGINAL for request in images["request"]]
    sizes, times = zip(*(_size_and_time(audio_folder / path) for path in clips["path"]), strict=True)
    folders = [
        clip_folder(class_folders[label], clip_id, fan_out=fan_out)
        for label, clip_id in zip(clips["label"], clips["clip_id"], strict=True)
    ]
    clips = clips.rename(columns={"source_id": "recording"}).assign(
        sound=pd.Series([printable(path) for path in clips["path"]], dtype=object),
        audio_bytes=sizes,
        audio_mtime_ns=times,
        clip_folder=pd.Series(folders, dtype=object),
    )
    wanted = clips.merge(images, on="label", how="left")
    wanted["file_name"] = image_name(wanted["clip_folder"], wanted["clip_id"], wanted["variant"])
    return wanted


def _corrected(known: pd.DataFrame, wanted: pd.DataFrame, place: np.ndarray) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The rows with class, clip, variant, fold and split as they are now, and the images of which that changes."""
    columns, differs = {}, np.zeros(len(known), dtype=bool)
    for name in ("label", "clip_id", "variant", "fold", "split"):
        before = known[name].to_numpy()
        columns[name] = np.where(place >= 0, wanted[name].to_numpy()[place], before)
        differs |= columns[name] != before
    return known.assign(**columns), tuple(known.loc[differs, "file_name"])


def _size_and_time(path: Path) -> tuple[int, int]:
    """Bytes, and time of change in nanoseconds; -1 where the file went meanwhile."""
    try:
        stat = os.stat(path)
    except OSError:
        return -1, -1
    return stat.st_size, stat.st_mtime_ns


def _jobs(left: pd.DataFrame, *, heard: Collection[str]) -> list[Job]:
    """Group the images that are left by clip, in their order."""
    requests: dict[str, list[Request | None]] = {}
    for clip_id, request in zip(left["clip_id"], left["request"], strict=True):
        requests.setdefault(clip_id, []).append(request)
    columns = ["clip_id", "path", "label", "clip_folder", "fold", "recording", "start_s"]
    clips = left.drop_duplicates("clip_id")
    return [
        Job(*clip, requests=tuple(requests[clip[0]]), is_heard=clip[0] in heard, split=split)
        for clip, split in zip(clips[columns].itertuples(index=False, name=None), clips["split"], strict=True)
    ]


def _refuse_strangers(known: pd.DataFrame, gone: pd.DataFrame) -> None:
    """Images of another collection, or of one whose disk is not there, are not to be deleted."""
    if 2 * gone["clip_id"].nunique() > known["clip_id"].nunique():
        raise ValueError(
            f"The folder holds images of {known['clip_id'].nunique():,} clips, and {gone['clip_id'].nunique():,} of "
            f"them (such as {gone['clip_id'].iloc[0]!r}) are not among these sounds: another collection, or a disk "
            "that is not there? Give another OUTPUT, or start again with --overwrite."
        )


def _refuse_fewer_variants(wanted: pd.DataFrame, known: pd.DataFrame) -> None:
    """A trainer reads all that is in the folder, so images that nobody asked for must not stay unnoticed."""
    asked = pd.MultiIndex.from_frame(wanted[["clip_id", "variant"]].astype(str))
    unwanted = known[~pd.MultiIndex.from_frame(known[["clip_id", "variant"]].astype(str)).isin(asked)]
    if len(unwanted):
        names = ", ".join(sorted(unwanted["variant"].unique()))
        raise ValueError(
            f"The folder holds {len(unwanted)} images of variants that this run does not ask for ({names}). Name "
            "them in --variants too, give another OUTPUT, or start again with --overwrite."
        )
