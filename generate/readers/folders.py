"""A user's own sounds: a folder a class, by itself or in folders of a split or of folds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from generate.readers.collection import Collection, Reader, ReaderOptions, clips_table
from generate.readers.folder_names import fold_of, split_of
from generate.readers.tree import judge, look, some
from generate.readers.walk import find_audio_files


def recognises(folder: Path) -> bool:
    """Whether its folders are classes for certain."""
    return _judged(folder) == "folders"


def read(folder: Path, options: ReaderOptions) -> Collection:
    """Read class folders; sounds at any depth below one belong to its class.

    Sounds beside the class folders belong to none and are skipped.

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
    """Read class folders in the folders of a split, as one collection; the split is kept as a column.

    Raises
    ------
    ValueError
        If a folder is not named as a part of a split.
    """
    paths, skipped = find_audio_files(folder)
    in_classes = _outside_counted(paths, 2, skipped)
    splits = _of_the_top_folder(in_classes, split_of, "a part of a split, such as train, test or validation", "splits")
    counts = Counter(splits)
    notes = []
    if counts:
        numbers = ", ".join(f"{split} {counts[split]:,}" for split in ("train", "validation", "test") if counts[split])
        notes.append(
            f"{numbers} audio files, in folders of those names: kept as the column `split` of metadata.csv, and not "
            "used for folds. Training makes folds of its own, that never separate clips of one recording; a split by "
            "folders cannot promise that"
        )
    labels = [path.split("/")[1] for path in in_classes]
    return _collection(in_classes, skipped, labels=labels, splits=splits, notes=notes)


def read_folds(folder: Path, options: ReaderOptions) -> Collection:
    """Read class folders in folders named as folds, as one collection.

    Raises
    ------
    ValueError
        If a folder is not named as a fold.
    """
    paths, skipped = find_audio_files(folder)
    in_classes = _outside_counted(paths, 2, skipped)
    folds = _of_the_top_folder(in_classes, fold_of, "a fold, such as fold1", "folds")
    labels = [path.split("/")[1] for path in in_classes]
    return _collection(in_classes, skipped, labels=labels, folds=folds)


def _judged(folder: Path) -> str:
    return judge(look(find_audio_files(folder)[0]))[0]


def _outside_counted(paths: list[str], depth: int, skipped: Counter) -> list[str]:
    """The paths that lie as deep as the class folders or deeper; the others are named."""
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
            f"With --layout {layout} each folder must be named as {expected}. Got {wrong[0]!r}. Rename it, or read the "
            "folders as classes with --layout folders."
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
    """What is strange in class folders, and yet no reason to stop."""
    tree, notes = look(paths), []
    for name in tree.folders:
        if name.startswith("_"):
            notes.append(
                f"the folder {name!r} ({tree.folders[name].n_files:,} audio files) is read as a class; if it is none, "
                f"leave it out: --leave-out {name}"
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
    title="class folders in the folders of a split",
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
