"""A user's own sounds: a folder a class."""

from __future__ import annotations

from pathlib import Path

from generate.readers.collection import Collection, Reader, ReaderOptions, clips_table
from generate.readers.walk import find_sounds


def recognises(folder: Path) -> bool:
    """Whether there is a folder in it; this layout is tried last."""
    return any(child.is_dir() and not child.name.startswith(".") for child in folder.iterdir())


def read(folder: Path, options: ReaderOptions) -> Collection:
    """Read class folders; sounds at any depth below one belong to its class.

    Sounds beside the class folders belong to none and are passed over.

    Raises
    ------
    ValueError
        If there are no class folders.
    """
    paths, passed_over = find_sounds(folder)
    in_classes = [path for path in paths if "/" in path]
    if len(in_classes) < len(paths):
        passed_over["sounds outside the class folders"] += len(paths) - len(in_classes)
    clips = clips_table(paths=in_classes, labels=[path.partition("/")[0] for path in in_classes])
    return Collection(clips, passed_over)


READER = Reader(title="one folder for each class", recognises=recognises, read=read, defaults={"long": "split"})
