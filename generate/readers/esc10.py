"""ESC-10, the older release: 400 environmental recordings in ten classes and five folds, as Ogg files."""

from __future__ import annotations

import re
from pathlib import Path

from generate.readers.audio_folder.walk import find_audio_files
from generate.readers.collection.clips import Collection, clips_table
from generate.readers.collection.reader import Reader, ReaderOptions
from generate.readers.esc50 import CITATION

CLASS_FOLDER = re.compile(r"\d{3} - (?P<label>.+)")
FILE = re.compile(r"(?P<fold>\d)-(?P<source>\d+)-(?P<take>[A-Z])\.\w+")


def recognises(folder: Path) -> bool:
    """Whether there are folders named `NNN - Name`."""
    return any(CLASS_FOLDER.fullmatch(child.name) and child.is_dir() for child in folder.iterdir())


def read(folder: Path, options: ReaderOptions) -> Collection:
    """Read folders `NNN - Name` of files `<fold>-<source>-<take>.ogg`.

    Raises
    ------
    ValueError
        If the path of an audio file is not of this form.
    """
    paths, skipped = find_audio_files(folder)
    labels, folds, sources, names = [], [], [], []
    for path in paths:
        parts = path.split("/")
        in_class = CLASS_FOLDER.fullmatch(parts[0])
        named = FILE.fullmatch(parts[-1])
        if len(parts) != 2 or not in_class or not named:
            raise ValueError(
                f"In ESC-10 each path must be 'NNN - Class/<fold>-<source>-<take>.ogg'. Got {path!r}. For audio files "
                "of your own in class folders use --layout folders."
            )
        labels.append(in_class["label"])
        folds.append(named["fold"])
        sources.append(named["source"])
        names.append(parts[-1].rpartition(".")[0])
    clips = clips_table(paths=paths, labels=labels, folds=folds, sources=sources, names=names)
    return Collection(clips, skipped, recordings_from="the published file names")


READER = Reader(
    title="ESC-10",
    recognises=recognises,
    read=read,
    defaults={"seconds": 5.0, "long": "first"},
    citation=CITATION,
    licence="CC BY 3.0; its README credits every recording",
    url="https://github.com/karoldvl/ESC-10/archive/master.zip",
    archive_folder="ESC-10-master",
    download_size_mb=40,
    class_from="the folder",
    fold_from="the file's name",
    recording_from="the file's name",
)
