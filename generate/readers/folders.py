"""A user's own audio: one folder for each class, perhaps in folders of splits or of folds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from generate.readers.audio_folder.folder_names import fold_of, split_of
from generate.readers.audio_folder.tree import judge, look, some
from generate.readers.audio_folder.walk import find_audio_files
from generate.readers.collection.clips import Collection, clips_table
from generate.readers.collection.reader import Reader, ReaderOptions


def recognises(folder: Path) -> bool:
    """Whether its folders are certainly classes."""
    return _judged(folder) == "folders"


def read(folder: Path, options: ReaderOptions) -> Collection:
    """Read class folders; audio files at any depth below one belong to its class.

    Audio files outside the class folders are skipped.

    Raises
    ------
    ValueError
        If there are no class folders.
    """
    paths, skipped = find_audio_files(folder)
    in_classes = _outside_counted(paths, 1, skipped)
    labels = [path.partition("/")[0] for path in in_classes]
    return _collection(in_classes, skipped, labels=labels, notes=_notes(in_classes))


def read_splits(folder: Path, options: ReaderOptions) -> Collection:
    """Read class folders in folders of splits, as one collection; the split is kept as a column.

    Raises
    ------
    ValueError
        If the name of a folder is not a split.
    """
    paths, skipped = find_audio_files(folder)
    in_classes = _outside_counted(paths, 2, skipped)
    splits = _of_the_top_folder(in_classes, split_of, "a split, such as train, test or validation", "splits")
    counts = Counter(splits)
    notes = []
    if counts:
        numbers = ", ".join(f"{split} {counts[split]:,}" for split in ("train", "validation", "test") if counts[split])
        notes.append(
            f"{numbers} audio files, in folders of those names: kept as the column `split` of metadata.csv, and not "
            "used for folds. Training makes its own folds, which never separate clips of one recording; splits by "
            "folders may do so"
        )
    labels = [path.split("/")[1] for path in in_classes]
    return _collection(in_classes, skipped, labels=labels, splits=splits, notes=notes)


def read_folds(folder: Path, options: ReaderOptions) -> Collection:
    """Read class folders in folders named as folds, as one collection.

    Raises
    ------
    ValueError
        If the name of a folder is not a fold.
    """
    paths, skipped = find_audio_files(folder)
    in_classes = _outside_counted(paths, 2, skipped)
    folds = _of_the_top_folder(in_classes, fold_of, "a fold, such as fold1", "folds")
    labels = [path.split("/")[1] for path in in_classes]
    return _collection(in_classes, skipped, labels=labels, folds=folds)


def _judged(folder: Path) -> str:
    return judge(look(find_audio_files(folder)[0]))[0]


def _outside_counted(paths: list[str], depth: int, skipped: Counter) -> list[str]:
    """The paths at the depth of the class folders or deeper; the others are counted as skipped."""
    inside = [path for path in paths if path.count("/") >= depth]
    if len(inside) < len(paths):
        first = next(path for path in paths if path.count("/") < depth)
        skipped[f"audio files outside the class folders, such as {first}"] += len(paths) - len(inside)
    return inside


def _of_the_top_folder(paths: list[str], value_of: Callable[[str], str], expected: str, layout: str) -> list[str]:
    tops = [path.partition("/")[0] for path in paths]
    values = {top: value_of(top) for top in set(tops)}
    if wrong := sorted(top for top, value in values.items() if not value):
        raise ValueError(
            f"With --layout {layout} each folder must be named like {expected}. Got {wrong[0]!r}. Rename it, or read "
            "the folders as classes with --layout folders."
        )
    return [values[top] for top in tops]


def _collection(
    paths: list[str],
    skipped: Counter,
    *,
    labels: list[str],
    folds: list[str] | None = None,
    splits: list[str] | None = None,
    notes: list[str] | None = None,
) -> Collection:
    clips = clips_table(paths=paths, labels=labels, folds=folds, splits=splits)
    return Collection(clips, skipped, notes=notes or [])


def _notes(paths: list[str]) -> list[str]:
    """Notes of unusual class folders."""
    tree, notes = look(paths), []
    for name in tree.folders:
        if name.startswith("_"):
            notes.append(
                f"the folder {name!r} ({tree.folders[name].n_files:,} audio files) is read as a class; if it is not "
                f"one, leave it out: --leave-out {name}"
            )
    deeper = {name: branch for name, branch in tree.folders.items() if branch.below}
    if deeper:
        examples = [f"{name}/{next(iter(sorted(branch.below)))}" for name, branch in deeper.items()]
        n = sum(branch.n_files - branch.n_direct for branch in deeper.values())
        notes.append(f"{n:,} audio files in folders below the classes ({some(examples)}) belong to the class above")
    return notes


READER = Reader(
    title="one folder for each class",
    recognises=recognises,
    read=read,
    defaults={"long": "split"},
    class_from="the folder",
)
SPLITS_READER = Reader(
    title="class folders in folders of splits",
    recognises=lambda folder: _judged(folder) == "splits",
    read=read_splits,
    defaults={"long": "split"},
    class_from="the folder in train, test or validation",
)
FOLDS_READER = Reader(
    title="class folders in folders of folds",
    recognises=lambda folder: _judged(folder) == "folds",
    read=read_folds,
    defaults={"long": "split"},
    class_from="the folder in the fold's",
    fold_from="the top folder",
)
