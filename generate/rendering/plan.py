"""What a run will do: which images are wanted, which are there, which are left to render."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from generate.dataset import folder, own_files, tables
from generate.readers.review import DROPPED
from generate.rendering.backgrounds import with_sources_of_now
from generate.rendering.clip import Job
from generate.rendering.clip_selection import first_of_each_class
from generate.rendering.disk_space import check_disk_space
from generate.rendering.prepare import Prepared
from generate.rendering.relabel import TWO_CLASSES
from generate.rendering.wanted_images import jobs_of, wanted_images
from generate.runtime.atomic_write import temporary_suffix
from generate.runtime.os_compat import max_path_length
from generate.runtime.safe_names import path_on_disk, printable
from generate.runtime.wording import count

SAME_AUDIO = (
    *("recording", "audio_file", "start_s", "audio_bytes", "audio_mtime_ns"),
    *("background_file", "background_bytes", "background_mtime_ns"),
)
"""Columns by which an image is known to be of the audio that is there now."""
CORRECTABLE = ("label", "clip_id", "variant", "fold", "split", "events", "salience", "reviewed")
"""Columns that are brought up to date without rendering the image again."""
FILES_COMPARED = 3
"""Of two audio folders, to tell a copy from another collection."""


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
        Rows of `metadata.csv` that stay, images of clips outside this run included.
    jobs : list of Job
        What is left to render, in the order of the clips table.
    left : frozenset of str
        The images of `jobs`, as `file_name`.
    corrected : tuple of str
        Images, as `file_name`, whose class, fold or split has changed; their rows are corrected.
    removed : tuple of str
        Images that will be removed, together with the audio files that this program wrote beside them.
    foreign : tuple of str
        Files in the folder that this program did not write; they are left alone.
    """

    clips: pd.DataFrame
    n_wanted: int
    done: pd.DataFrame
    jobs: list[Job]
    left: frozenset[str]
    corrected: tuple[str, ...]
    removed: tuple[str, ...]
    foreign: tuple[str, ...]


def make_plan(prepared: Prepared) -> Plan:
    """Compare the images that are wanted with those in the folder; nothing is written.

    An image is done if `metadata.csv` or the journal names it, its file is there, and its audio file still has the
    size and the time of modification that it had then.

    Parameters
    ----------
    prepared : Prepared

    Raises
    ------
    ValueError
        If the folder is another program's, holds images of other settings, recordings or variants, or the disk is full.
    """
    images, clips, options = prepared.front.images, prepared.clips, prepared.options
    named, on_disk = _images_there(prepared)
    known = named[named["file_name"].isin(on_disk) & ~named["file_name"].duplicated(keep="last")]
    wanted = wanted_images(clips, prepared.requests, prepared.front, fan_out=options.fan_out)
    place = pd.Index(wanted["file_name"]).get_indexer(known["file_name"])  # in `wanted`; -1: not wanted
    known, corrected = _corrected(known, wanted, place)
    is_in_collection = known["clip_id"].isin(prepared.whole_collection["clip_id"])
    gone = known[~is_in_collection & ~known["clip_id"].isin(_dropped(prepared))]
    is_of_run = known["clip_id"].isin(clips["clip_id"])
    _refuse_other_collection(known, gone, has_windows=prepared.collection.events is not None)
    _refuse_fewer_variants(wanted, known[is_of_run])

    is_current = _is_current(known, wanted, place)
    _refuse_other_folder(prepared, known[~is_current & (place >= 0)])
    is_left = np.ones(len(wanted), dtype=bool)
    is_left[place[is_current]] = False
    left = frozenset(wanted.loc[is_left, "file_name"])
    kept = known[is_in_collection & ~is_of_run]
    _refuse_other_reading(kept, prepared.whole_collection)
    done = with_sources_of_now(pd.concat([known[is_current], kept], ignore_index=True), prepared.front.backgrounds)
    _check_path_lengths(images, left)
    heard = first_of_each_class(clips, options.listen, multilabel=prepared.collection.multilabel)
    jobs = jobs_of(wanted[is_left], with_audio=set(heard))
    check_disk_space(jobs, prepared.front.settings, images)
    removed, foreign = _other_files(prepared, named, left=left, done=done)
    return Plan(
        clips=clips,
        n_wanted=len(wanted),
        done=done,
        jobs=jobs,
        left=left,
        corrected=corrected,
        removed=removed,
        foreign=foreign,
    )


def _images_there(prepared: Prepared) -> tuple[pd.DataFrame, Set[str]]:
    """The rows of the images that the folder names, and the images that are in it; none with `--overwrite`."""
    images = prepared.front.images
    if prepared.options.overwrite:
        folder.check_ours(images)
        return pd.DataFrame(columns=list(tables.COLUMNS)), frozenset()
    folder.check_settings(images, prepared.settings_json)
    return folder.known_images(images), folder.list_images(images)


def _is_current(known: pd.DataFrame, wanted: pd.DataFrame, place: np.ndarray) -> np.ndarray:
    """Which of the known images are wanted and of the audio that is there now, shape=(known,), bool."""
    is_current = place >= 0
    for column in SAME_AUDIO:
        is_current &= known[column].to_numpy() == wanted[column].to_numpy()[place]
    return is_current


def _corrected(known: pd.DataFrame, wanted: pd.DataFrame, place: np.ndarray) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The rows with class, clip, variant, fold and split as they are now, and the images of which that changes."""
    columns, differs = {}, np.zeros(len(known), dtype=bool)
    for name in CORRECTABLE:
        before = known[name].to_numpy()
        columns[name] = np.where(place >= 0, wanted[name].to_numpy()[place], before)
        differs |= columns[name] != before
    return known.assign(**columns), tuple(known.loc[differs, "file_name"])


def _other_files(
    prepared: Prepared, named: pd.DataFrame, *, left: frozenset[str], done: pd.DataFrame
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Files of this program that the run will remove, and files that are not this program's."""
    images = prepared.front.images
    if prepared.options.overwrite:
        ours, kept = frozenset(folder.named_images(images)), frozenset[str]()
    else:
        ours, kept = frozenset(named["file_name"]), left | set(done["file_name"])
    removed, _ = own_files.sort_out(images, (ours & folder.list_images(images)) - kept, ours)
    return tuple(removed), tuple(own_files.foreign_files(images, ours | left))


def _refuse_other_collection(known: pd.DataFrame, gone: pd.DataFrame, *, has_windows: bool) -> None:
    """Images of another collection, or of one whose disk is not connected, must not be deleted."""
    n_known, n_gone = known["clip_id"].nunique(), gone["clip_id"].nunique()
    other = "another collection, other windows (--window-hop-s)" if has_windows else "another collection"
    if 2 * n_gone > n_known:
        raise ValueError(
            f"The folder holds images of {n_known:,} clips, and {n_gone:,} of them (such as "
            f"{gone['clip_id'].iloc[0]!r}) are not in this audio folder: {other}, or a disk that is not "
            "connected? Give another OUTPUT, or start again with --overwrite."
        )


def _dropped(prepared: Prepared) -> Set[str]:
    """The clips that a review dropped, or left out."""
    review = prepared.review
    return set() if review is None else set(review.loc[review["outcome"].isin([DROPPED, TWO_CLASSES]), "clip_id"])


def _refuse_other_folder(prepared: Prepared, replaced: pd.DataFrame) -> None:
    """Folders of several collections may have one name, and their clips too; but one may be a copy of the other."""
    there, here = folder.audio_folder_of(prepared.front.images), prepared.front.audio_folder.resolve()
    if not len(replaced) or there is None or not os.path.isdir(there) or os.path.samefile(there, here):
        return
    printed = replaced.sort_values("audio_bytes")["audio_file"].drop_duplicates()[:FILES_COMPARED]
    for file in (path_on_disk(name, here) for name in printed):
        if (there / file).is_file() and not filecmp.cmp(there / file, here / file, shallow=False):
            raise ValueError(
                f"The folder holds images of {str(there)!r}. Got {str(here)!r}, whose files have the same names and "
                f"hold other audio, such as {printable(file)!r}; {count(len(replaced), 'image')} would be replaced. "
                "Give another OUTPUT, or start again with --overwrite; or if it is the same collection, rename the old "
                "folder."
            )


def _refuse_other_reading(kept: pd.DataFrame, collection: pd.DataFrame) -> None:
    """Images outside this run are left as they are, so what the collection says of their clips must be the same."""
    now = collection.rename(columns={"source_id": "recording"}).set_index("clip_id").reindex(kept["clip_id"])
    for column, what in (("label", "class"), ("recording", "recording"), ("fold", "fold"), ("split", "split")):
        differs = kept[column].to_numpy() != now[column].to_numpy()
        if differs.any():
            first = int(differs.argmax())
            raise ValueError(
                f"A run of some clips must leave those of others as they are. Got a collection in which "
                f"{count(kept.loc[differs, 'clip_id'].nunique(), 'clip')} of others, such as "
                f"{kept['clip_id'].iloc[first]!r}, have another {what} than in the folder "
                f"({now[column].iloc[first]!r}, there {kept[column].iloc[first]!r}). Run it once without --limit, "
                "--classes and --leave-out, or start again with --overwrite."
            )


def _refuse_fewer_variants(wanted: pd.DataFrame, known: pd.DataFrame) -> None:
    """Training reads all images of a folder, so those of variants that are no longer wanted must not stay unnoticed."""
    requested = pd.MultiIndex.from_frame(wanted[["clip_id", "variant"]].astype(str))
    # An image of another class is removed: classes may have variants of their own, and a review may move a clip.
    label_of = dict(zip(wanted["clip_id"], wanted["label"], strict=True))
    known = known[known["label"] == known["clip_id"].map(label_of).fillna(known["label"])]
    unwanted = known[~pd.MultiIndex.from_frame(known[["clip_id", "variant"]].astype(str)).isin(requested)]
    if len(unwanted):
        names = ", ".join(sorted(unwanted["variant"].unique()))
        raise ValueError(
            f"The folder holds {len(unwanted):,} images of variants that were not requested ({names}). Add them to "
            "--variants, give another OUTPUT, or start again with --overwrite."
        )


def _check_path_lengths(images: Path, file_names: Set[str]) -> None:
    """Check that the system accepts the paths of all images."""
    most, longest = max_path_length(), max(file_names, key=len, default="")
    n = len(str(images)) + 1 + len(longest) + len(temporary_suffix())
    if most is not None and n > most:
        raise ValueError(
            f"The path of {longest!r} in {str(images)!r} takes {n} characters while it is written, and Windows accepts "
            f"{most}. Give an OUTPUT that is {n - most} shorter, or enable long paths (search for 'Windows enable "
            "long paths')."
        )
