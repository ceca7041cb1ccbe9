"""Apply a review to the clips of a collection: labels that change, clips that go, and windows that are added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from generate.audio.equal_files import EqualFiles
from generate.dataset.folder import audio_folder_of
from generate.dataset.tables import REVIEWED
from generate.dataset.tables.schema import ADDED
from generate.readers.collection.source_pattern import source_in_name
from generate.readers.review import CHANGED, CONFIRMED, DROPPED, SAME_START_S, added_id, read_reviews
from generate.rendering.options import RenderOptions
from generate.runtime.os_compat import nfc
from generate.runtime.safe_names import path_on_disk, printable, unique_ids
from generate.runtime.wording import count, listed

NOT_THERE, NOT_ADDED, TWO_CLASSES = "not there", "not added", "two classes"
"""What became of a row of the review, beside its decision: no such clip; a new window of no class, or that another row
gives its class; a window of two classes, which is left out."""


@dataclass(frozen=True)
class Relabelled:
    """Clips after a review.

    Parameters
    ----------
    clips : pandas.DataFrame
        The clips table with a column `reviewed`, as in `metadata.csv`.
    log : pandas.DataFrame
        The review, and in `outcome` what became of each row: `confirmed`, `changed`, `dropped`, `added`, `not added`,
        `two classes` or `not there`.
    missing : list of (str, str, str)
        `(path, label, reason)` of recordings that are not there.
    notes : tuple of str
        For the plan.
    """

    clips: pd.DataFrame
    log: pd.DataFrame
    missing: list[tuple[str, str, str]]
    notes: tuple[str, ...]


def reviews_of(options: RenderOptions, images: Path, audio_folder: Path) -> pd.DataFrame:
    """Read the reviews that were applied to an image folder before, and those that are given now.

    Parameters
    ----------
    options : RenderOptions
    images : Path
        The image folder, which need not exist. What was applied to it stays with `overwrite` too.
    audio_folder : Path

    Raises
    ------
    FileNotFoundError, ValueError
        If a review cannot be read, or one is given to a run of a part of the collection; or if one was applied to the
        images of another audio folder, which `overwrite` replaces.
    """
    if options.labels_from and (options.limit or options.classes or options.leave_out):
        raise ValueError(
            "--labels-from must be given to a run of all clips, since a clip may move to a class that is left out. Got "
            "--limit, --classes or --leave-out with it. Leave these out."
        )
    applied = images / REVIEWED
    if options.overwrite and applied.is_file() and audio_folder_of(images) != audio_folder.resolve():
        raise ValueError(
            f"{str(images)!r} holds {REVIEWED}, a review of another audio folder, which --overwrite must not lose. "
            "Give another OUTPUT; or move the file away, and give it with --labels-from if it is of these recordings."
        )
    return read_reviews([*([applied] if applied.is_file() else []), *options.labels_from], audio_folder)


def relabel(
    clips: pd.DataFrame, review: pd.DataFrame, audio_folder: Path, *, source_pattern: str = "", is_given: bool = True
) -> Relabelled:
    """Apply a review.

    A row with a `clip_id` is of that clip. One without is of a window of a recording: of the clip that begins there, if
    there is one; else the window becomes a clip, with its recording as `source_id`, unless it was dropped. A clip or
    window in which rows confirm two classes is left out.

    Parameters
    ----------
    clips : pandas.DataFrame
        The clips table of the whole collection.
    review : pandas.DataFrame
        As `generate.readers.review.read_reviews` gives it.
    audio_folder : Path
    source_pattern : str
        Regular expression for the original recording in the names of files that are not in the collection; empty:
        each is its own.
    is_given : bool
        Whether a part of the review is given now; all of it may have been applied before, and its clips be gone.

    Raises
    ------
    ValueError
        If none of the clips of a review that is given is there.
    """
    paths = [_path(file, window, audio_folder) for file, window in zip(review["file"], review["path"], strict=True)]
    place = _places(clips, review, paths)
    of_collection = (review["path"] == "").to_numpy()
    lost = of_collection & (place < 0)
    if is_given and lost.any() and lost.sum() == of_collection.sum():
        first = review[lost].iloc[0]
        raise ValueError(
            f"--labels-from must be a review of this collection. Got {count(int(lost.sum()), 'clip')}, such as "
            f"{first['clip_id']!r} ({first['file']}, from {first['start_s']:g} s), none of which is in this file from "
            "this second on. Give the folder of their recordings, and the options with which their images were made."
        )
    _check_spelling(clips, review)
    decision = review["decision"].to_numpy(dtype=object)
    is_added = (place < 0) & ~of_collection & (decision != DROPPED)
    is_absent = is_added & ~np.array([(audio_folder / path).is_file() for path in paths], dtype=bool)
    missing = [
        (path, label, f"no such file: {path}")
        for path, label, absent in zip(paths, review["new_label"], is_absent, strict=True)
        if absent
    ]
    outcome = np.where(place >= 0, decision, np.where(is_added, ADDED, NOT_ADDED)).astype(object)
    outcome[lost | is_absent] = NOT_THERE
    outcome = _one_class_each(review, np.array(paths, dtype=object), place, outcome)
    with_two = place[(outcome == TWO_CLASSES) & (place >= 0)]  # clips of the collection
    place = np.where(np.isin(outcome, [NOT_ADDED, TWO_CLASSES]), -1, place)
    labels = clips["label"].to_numpy(dtype=object)[place]
    outcome[(outcome == CHANGED) & (review["new_label"] == labels)] = CONFIRMED  # the collection says so by now
    outcome[(outcome == CONFIRMED) & (place >= 0) & (review["new_label"] != labels)] = CHANGED
    changed = _changed(clips, review.assign(decision=outcome), place).drop(index=with_two)
    paths = [paths[k] for k in np.flatnonzero(outcome == ADDED)]
    added = _added(clips, review[outcome == ADDED], paths, audio_folder, source_pattern)
    log = review.assign(outcome=outcome)
    notes = _notes(clips, log, place, n_lost=int(lost.sum())) + _other_folders(added["path"])
    return Relabelled(pd.concat([changed, added], ignore_index=True), log.drop(columns="path"), missing, notes)


def _path(file: str, window: str, audio_folder: Path) -> str:
    """Path of a recording as in the clips table: relative to the audio folder if it is in it, else absolute."""
    if not window:
        return path_on_disk(file, audio_folder)
    path = Path(path_on_disk(window, Path()))
    for folder in (audio_folder.absolute(), audio_folder.resolve()):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.as_posix()


def _places(clips: pd.DataFrame, review: pd.DataFrame, paths: Sequence[str]) -> np.ndarray:
    """Row of the clip that each row of the review is of, shape=(n,), int; -1: there is none."""
    row_of_id = {clip_id: row for row, clip_id in enumerate(clips["clip_id"])}
    starts = clips["start_s"].to_numpy(dtype=float)
    rows_of_path: dict[str, list[int]] = {}
    for row, path in enumerate(clips["path"]):
        rows_of_path.setdefault(path, []).append(row)
    place = np.full(len(review), -1)
    clip_ids = review["clip_id"].where(review["path"] == "", "")  # a window is known by where it begins
    for k, (clip_id, path, start_s) in enumerate(zip(clip_ids, paths, review["start_s"], strict=True)):
        # A clip is called otherwise once another file of its name is there, so its file is looked for too.
        rows = [row_of_id[clip_id]] if clip_id in row_of_id else rows_of_path.get(path, [])
        place[k] = next(
            (row for row in rows if clips["path"].iat[row] == path and abs(starts[row] - start_s) <= SAME_START_S), -1
        )
    return place


def _check_spelling(clips: pd.DataFrame, review: pd.DataFrame) -> None:
    """Raise for a class that differs from one of the collection in its letters' case alone."""
    spelled = {label.casefold(): label for label in clips["label"].unique()}
    for label in review["new_label"].unique():
        known = spelled.get(label.casefold(), label)
        if known != label:
            raise ValueError(
                f"A class of --labels-from must be spelled as in the collection: {known!r}. Got {label!r}. Correct "
                "it in the column new_label."
            )


def _one_class_each(review: pd.DataFrame, paths: np.ndarray, place: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """What becomes of each row where a clip or a window has several, one for each event in it."""
    outcome = outcome.copy()
    where = [
        f"{row}" if row >= 0 else f"{path} {start_s:.2f}"
        for row, path, start_s in zip(place, paths, review["start_s"], strict=True)
    ]
    for _, own in review[outcome != NOT_THERE].groupby(pd.Series(where, index=review.index)):
        of_clip = own[own["path"] == ""]
        labels = set(own["new_label"]) - {""}
        if len(own) == 1 or not labels:
            continue
        if len(of_clip):  # what was decided of the clip is valid before what was decided of an event in it
            outcome[own.index.difference([of_clip.index[-1]])] = NOT_ADDED
        elif len(labels) > 1:
            outcome[own.index] = TWO_CLASSES
        else:  # the first row that gives the class is valid
            outcome[own.index.difference([own.index[own["new_label"] != ""][0]])] = NOT_ADDED
    return outcome


def _changed(clips: pd.DataFrame, review: pd.DataFrame, place: np.ndarray) -> pd.DataFrame:
    """The clips of the collection, with their labels by the review, without those that it dropped."""
    labels, reviewed = list(clips["label"]), [""] * len(clips)
    for row, decision, label in zip(place, review["decision"], review["new_label"], strict=True):
        if row >= 0:
            labels[row], reviewed[row] = label or labels[row], decision
    table = clips.assign(label=pd.Series(labels, dtype=object), reviewed=pd.Series(reviewed, dtype=object))
    return table[table["reviewed"] != DROPPED]


def _added(
    clips: pd.DataFrame, review: pd.DataFrame, paths: Sequence[str], audio_folder: Path, source_pattern: str
) -> pd.DataFrame:
    """Windows of recordings as clips, named after the recording and where they begin.

    A file that is a copy of one of the collection is that recording; another is the one that `source_pattern` finds in
    its name, or that is called as it is (clips may be cut from it), or its own.
    """
    source_of = dict(zip(clips["path"], clips["source_id"], strict=True))
    of_collection = {audio_folder / path: source for path, source in source_of.items()}
    files, sources_there = EqualFiles(of_collection), set(source_of.values())
    for path in dict.fromkeys(paths):
        if path in source_of:
            continue
        same = files.first_equal(audio_folder / path)
        source = of_collection[same] if same else source_in_name(path, source_pattern)
        if source or (source := nfc(printable(Path(path).stem))) in sources_there:
            source_of[path] = source
    new = [path for path in dict.fromkeys(paths) if path not in source_of]
    taken = [*clips["source_id"].unique(), *clips["clip_id"]]
    names = unique_ids([*(Path(path).stem for path in new), *taken], [*new, *taken])[: len(new)]
    source_of |= dict(zip(new, names, strict=True))
    sources = [source_of[path] for path in paths]
    ids = [added_id(source, start_s) for source, start_s in zip(sources, review["start_s"], strict=True)]
    taken = list(clips["clip_id"])
    ids = unique_ids([*ids, *taken], [*paths, *taken])[: len(ids)]
    texts = {"clip_id": ids, "path": list(paths), "label": list(review["new_label"]), "source_id": sources}
    texts["reviewed"] = [ADDED] * len(ids)
    table = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in texts.items()})
    table["start_s"] = review["start_s"].to_numpy(dtype=float)
    return table.reindex(columns=[*clips.columns, "reviewed"], fill_value="")


def _notes(clips: pd.DataFrame, log: pd.DataFrame, place: np.ndarray, *, n_lost: int) -> tuple[str, ...]:
    n = Counter(log["outcome"])
    parts = [
        f"{n[CHANGED]:,} changed",
        f"{n[CONFIRMED]:,} confirmed",
        f"{n[DROPPED]:,} dropped",
        f"{n[ADDED]:,} windows added as new clips (trained on, never tested)",
    ] + ([f"{n[TWO_CLASSES]:,} left out, of windows with two classes"] if n[TWO_CLASSES] else [])
    notes = [f"labels by review: {', '.join(parts)}"]
    new = sorted(set(log.loc[log["outcome"].isin([CHANGED, ADDED]), "new_label"]) - set(clips["label"]))
    if new:
        notes.append(f"{count(len(new), 'class')} that the collection does not have: {listed(map(repr, new))}")
    there = log[place >= 0]
    now = clips["label"].to_numpy(dtype=object)[place[place >= 0]]
    if n_other := int(((there["label"] != now) & (there["new_label"] != now)).sum()):
        notes.append(
            f"{count(n_other, 'reviewed clip')} had another label when reviewed than the collection gives now; the "
            "review is valid"
        )
    if n_lost:
        first = log[(log["outcome"] == NOT_THERE) & (log["path"] == "")].iloc[0]["clip_id"]
        notes.append(f"{count(n_lost, 'reviewed clip')} not in this collection, such as {printable(first)}: left out")
    return tuple(notes)


def _other_folders(paths: pd.Series) -> tuple[str, ...]:
    """Name the folders outside the collection that recordings are read from: a review may be another person's."""
    outside = {path for path in paths if Path(path).is_absolute()}
    if not outside:
        return ()
    folders = sorted({str(Path(path).parent) for path in outside})
    return (f"reads {count(len(outside), 'recording')} outside the collection, in {listed(folders)}",)
