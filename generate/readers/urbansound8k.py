"""UrbanSound8K: 8,732 street sounds of up to 4 s in ten classes and ten folds."""

from __future__ import annotations

from pathlib import Path

from generate.readers.collection import Collection, Reader, ReaderOptions
from generate.readers.table import named_files, read_table, require_columns

TABLE = "metadata/UrbanSound8K.csv"


def recognises(folder: Path) -> bool:
    """Whether `metadata/UrbanSound8K.csv` is there."""
    return (folder / TABLE).is_file()


def read(folder: Path, options: ReaderOptions) -> Collection:
    """Read `metadata/UrbanSound8K.csv` and `audio/fold<k>/`; `fsID` is the recording.

    Raises
    ------
    ValueError
        If the table is not as published.
    """
    table = read_table(folder / TABLE)
    require_columns(table, ("slice_file_name", "fsID", "fold", "class"), folder / TABLE)
    return named_files(
        folder,
        TABLE,
        paths="audio/fold" + table["fold"] + "/" + table["slice_file_name"],
        labels=table["class"],
        folds=table["fold"],
        sources=table["fsID"],
        names=table["slice_file_name"].str.removesuffix(".wav"),
    )


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
)
