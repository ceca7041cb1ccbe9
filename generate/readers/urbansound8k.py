"""UrbanSound8K: 8,732 street recordings of up to 4 s in ten classes and ten folds."""

from __future__ import annotations

from pathlib import Path

from generate.readers.audio_folder.walk import folder_of_most, not_named
from generate.readers.collection.clips import Collection
from generate.readers.collection.named_files import named_files
from generate.readers.collection.reader import Reader, ReaderOptions
from generate.readers.csv_tables.csv_text import line_numbers, read_table, require_columns

TABLES = ("metadata/UrbanSound8K.csv", "UrbanSound8K.csv")
"""Paths of the table: as published, and in the copies of Kaggle."""
SALIENCES = ("1", "2")
"""In the foreground, in the background."""
AUDIO = ("audio", "")
"""Parents of `fold1` to `fold10` in these."""


def recognises(folder: Path) -> bool:
    """Whether `UrbanSound8K.csv` exists, in `metadata/` or at the top."""
    return _table(folder) is not None


def _table(folder: Path) -> str | None:
    return next((table for table in TABLES if (folder / table).is_file()), None)


def read(folder: Path, options: ReaderOptions) -> Collection:
    """Read `UrbanSound8K.csv` and the audio files of its folds; `fsID` is the recording, `salience` is kept.

    Raises
    ------
    FileNotFoundError
        If the table does not exist.
    ValueError
        If the table is not as published.
    """
    name = _table(folder)
    if name is None:
        raise FileNotFoundError(f"{str(folder)!r} has none of UrbanSound8K's tables: {', '.join(TABLES)}.")
    table = read_table(folder / name)
    require_columns(table, ("slice_file_name", "fsID", "fold", "class"), folder / name)
    salience = table["salience"].str.strip() if "salience" in table else None
    if salience is not None and not (known := salience.isin(SALIENCES)).all():
        lines = list(table.index[~known])
        raise ValueError(
            f"{name}: salience must be 1 (foreground) or 2 (background). Got {salience[lines[0]]!r} in "
            f"{line_numbers(lines)}. Correct it there."
        )
    in_fold = "fold" + table["fold"] + "/" + table["slice_file_name"]
    paths = folder_of_most(folder, AUDIO, in_fold) + in_fold
    collection = named_files(
        folder,
        name,
        paths=paths,
        labels=table["class"],
        folds=table["fold"],
        sources=table["fsID"],
        names=table["slice_file_name"].str.removesuffix(".wav"),
        salience=salience,
    )
    collection.skipped += not_named(folder, {*paths, *collection.clips["path"]})
    return collection


READER = Reader(
    title="UrbanSound8K",
    recognises=recognises,
    read=read,
    defaults={"seconds": 4.0, "long": "first"},
    citation=(
        'J. Salamon, C. Jacoby, J. P. Bello. "A Dataset and Taxonomy for Urban Sound Research". 22nd ACM '
        "International Conference on Multimedia, 2014. https://doi.org/10.1145/2647868.2655045"
    ),
    licence="CC BY-NC 3.0",
    url="https://zenodo.org/record/1203745/files/UrbanSound8K.tar.gz?download=1",
    md5=("9aa69802bbf37fb986f71ec1483a196e",),
    archive_folder="UrbanSound8K",
    download_size_mb=6020,
    class_from="its table",
    fold_from="its table",
    recording_from="its table (fsID)",
)
