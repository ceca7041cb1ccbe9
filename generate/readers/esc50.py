"""ESC-50: 2,000 environmental recordings of 5 s in 50 classes and five folds."""

from __future__ import annotations

from pathlib import Path

from generate.readers.audio_folder.walk import folder_of_most, not_named
from generate.readers.collection.clips import Collection
from generate.readers.collection.named_files import named_files
from generate.readers.collection.reader import Reader, ReaderOptions
from generate.readers.csv_tables.csv_text import read_table, require_columns

TABLES = ("meta/esc50.csv", "esc50.csv")
"""Paths of the table: as published, and in the copies of Kaggle."""
AUDIO = ("audio", "audio/audio", "")
"""Folders of the audio files in these."""
CITATION = (
    'K. J. Piczak. "ESC: Dataset for Environmental Sound Classification". Proceedings of the 23rd ACM '
    "International Conference on Multimedia, 2015. https://doi.org/10.1145/2733373.2806390"
)

CLASS_GROUPS = {
    "Animals": "dog rooster pig cow frog cat hen insects sheep crow",
    "Natural soundscapes and water sounds": "rain sea_waves crackling_fire crickets chirping_birds water_drops wind "
    "pouring_water toilet_flush thunderstorm",
    "Human, non-speech sounds": "crying_baby sneezing clapping breathing coughing footsteps laughing brushing_teeth "
    "snoring drinking_sipping",
    "Interior and domestic sounds": "door_wood_knock mouse_click keyboard_typing door_wood_creaks can_opening "
    "washing_machine vacuum_cleaner clock_alarm clock_tick glass_breaking",
    "Exterior and urban noises": "helicopter chainsaw siren car_horn engine train church_bells airplane fireworks "
    "hand_saw",
}
"""The five groups of ten classes of the collection's README (https://github.com/karolpiczak/ESC-50)."""


def recognises(folder: Path) -> bool:
    """Whether `esc50.csv` exists, in `meta/` or at the top."""
    return _table(folder) is not None


def _table(folder: Path) -> str | None:
    return next((table for table in TABLES if (folder / table).is_file()), None)


def read(folder: Path, options: ReaderOptions) -> Collection:
    """Read `esc50.csv` and the audio files; the subset `esc10` takes the clips that the table flags so.

    Raises
    ------
    FileNotFoundError
        If the table does not exist.
    ValueError
        If the table is not as published, or the subset is unknown.
    """
    if options.subset not in ("", "esc10"):
        raise ValueError(f"--subset must be esc10 for ESC-50. Got {options.subset!r}.")
    name = _table(folder)
    if name is None:
        raise FileNotFoundError(f"{str(folder)!r} has none of ESC-50's tables: {', '.join(TABLES)}.")
    table = whole = read_table(folder / name)
    require_columns(table, ("filename", "fold", "category", "esc10", "src_file"), folder / name)
    if options.subset == "esc10":
        table = table[table["esc10"].str.strip().str.casefold() == "true"]  # Excel writes TRUE
    prefix = folder_of_most(folder, AUDIO, whole["filename"])
    collection = named_files(
        folder,
        name,
        paths=prefix + table["filename"],
        labels=table["category"],
        folds=table["fold"],
        sources=table["src_file"],
        names=table["filename"].str.removesuffix(".wav"),
    )
    collection.skipped += not_named(folder, {*prefix + whole["filename"], *collection.clips["path"]})
    return collection


READER = Reader(
    title="ESC-50",
    recognises=recognises,
    read=read,
    options=frozenset({"subset"}),
    defaults={"seconds": 5.0, "long": "first"},
    citation=CITATION,
    class_groups={group: tuple(names.split()) for group, names in CLASS_GROUPS.items()},
    licence="CC BY-NC 3.0; the clips of its subset ESC-10 CC BY 3.0",
    url="https://github.com/karoldvl/ESC-50/archive/master.zip",
    # Its host packs the archive again at times; both sums are published, the first by soundata.
    md5=("7771e4b9d86d0945acce719c7a59305a", "629e8e9ebc1592bcceb06da6bec40275"),
    archive_folder="ESC-50-master",
    download_size_mb=620,
    class_from="its table",
    fold_from="its table",
    recording_from="its table (src_file)",
)
