"""ESC-50: 2,000 environmental sounds of 5 s in 50 classes and five folds."""

from __future__ import annotations

from pathlib import Path

from generate.readers.collection import Collection, Reader, ReaderOptions
from generate.readers.table import named_files, read_table, require_columns

TABLE = "meta/esc50.csv"
CITATION = (
    'K. J. Piczak. "ESC: Dataset for Environmental Sound Classification". Proceedings of the 23rd ACM '
    "International Conference on Multimedia, 2015. https://doi.org/10.1145/2733373.2806390"
)


def recognises(folder: Path) -> bool:
    """Whether `meta/esc50.csv` is there."""
    return (folder / TABLE).is_file()


def read(folder: Path, options: ReaderOptions) -> Collection:
    """Read `meta/esc50.csv` and `audio/`; the subset `esc10` takes the clips that the table flags so.

    Raises
    ------
    ValueError
        If the table is not as published, or the subset is not known.
    """
    if options.subset not in ("", "esc10"):
        raise ValueError(f"There is no subset {options.subset!r} of ESC-50; there is esc10.")
    table = read_table(folder / TABLE)
    require_columns(table, ("filename", "fold", "category", "esc10", "src_file"), folder / TABLE)
    if options.subset == "esc10":
        table = table[table["esc10"].str.strip().str.casefold() == "true"]  # Excel writes TRUE
    return named_files(
        folder,
        TABLE,
        paths="audio/" + table["filename"],
        labels=table["category"],
        folds=table["fold"],
        sources=table["src_file"],
        names=table["filename"].str.removesuffix(".wav"),
    )


READER = Reader(
    title="ESC-50",
    recognises=recognises,
    read=read,
    options=frozenset({"subset"}),
    defaults={"seconds": 5.0, "long": "first"},
    citation=CITATION,
    licence="CC BY-NC 3.0; the clips of its subset ESC-10 CC BY 3.0",
    url="https://github.com/karoldvl/ESC-50/archive/master.zip",
    # The archive is packed anew by its host; both sums were seen published, the first by soundata.
    md5=("7771e4b9d86d0945acce719c7a59305a", "629e8e9ebc1592bcceb06da6bec40275"),
    archive_folder="ESC-50-master",
    download_size_mb=620,
)
