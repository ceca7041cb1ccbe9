"""Sound collections: one file a layout. To add one, write its file and add its line to `READERS`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from generate.readers import csv_file, esc10, esc50, folders, gtzan, names, urbansound8k
from generate.readers import layout as layout_of
from generate.readers.annotations import note_annotations
from generate.readers.collection import Collection, Reader, ReaderOptions
from generate.readers.layout import Found
from generate.readers.source_pattern import with_source_pattern

__all__ = ["READERS", "Collection", "Found", "Reader", "ReaderOptions", "find", "find_layout", "read"]

READERS: dict[str, Reader] = {
    "esc50": esc50.READER,
    "esc10": esc10.READER,
    "urbansound8k": urbansound8k.READER,
    "gtzan": gtzan.READER,
    "csv": csv_file.READER,
    "names": names.READER,
    "splits": folders.SPLITS_READER,
    "folds": folders.FOLDS_READER,
    "folders": folders.READER,
}
"""In the order in which a folder is tried: the particular before the general."""


def find(folder: Path, options: ReaderOptions, *, layout: str = "") -> Found:
    """Find out how a folder is laid out, and in which folder of it the collection is.

    Parameters
    ----------
    folder : Path
        The sound folder, or one above it.
    options : ReaderOptions
        A table or a name pattern settles it alone.
    layout : str
        What the user said, if anything: then only the folder of a published collection is looked for.

    Raises
    ------
    FileNotFoundError
        If the folder is not there.
    ValueError
        If no layout fits, or it is not certain which one does.
    """
    return layout_of.find(folder, options, READERS, layout=layout)


def find_layout(folder: Path, options: ReaderOptions) -> str:
    """Find out how a folder is laid out: a key of `READERS`; see `find`."""
    return find(folder, options).layout


FOR_EVERY_LAYOUT = frozenset({"source_pattern"})
"""Fields of `ReaderOptions` that no reader needs to know: they are applied to what it read."""


def read(folder: Path, layout: str, options: ReaderOptions, *, is_explicit: bool = False) -> Collection:
    """Read a collection's clips table.

    Parameters
    ----------
    folder : Path
    layout : str
        A key of `READERS`.
    options : ReaderOptions
    is_explicit : bool
        Whether the user gave the layout, and it was not found out: then the folders are the classes, whatever files
        beside the recordings say.

    Raises
    ------
    ValueError
        If the layout is not known or does not fit, an option is given that it does not use, files label parts of the
        recordings, or the folder holds no clips.
    """
    if layout not in READERS:
        raise ValueError(f"There is no layout {layout!r}; choose from {', '.join(READERS)}.")
    _refuse_unused(layout, options)
    collection = READERS[layout].read(folder, options)
    if collection.clips.empty:
        raise ValueError(_nothing_read(folder, layout, collection))
    if not READERS[layout].url:  # who published a collection knew of the text files in it
        is_settled = is_explicit or options.labels is not None or bool(options.name_pattern)
        collection.notes += note_annotations(folder, is_settled=is_settled)
    return with_source_pattern(collection, options.source_pattern) if options.source_pattern else collection


def _refuse_unused(layout: str, options: ReaderOptions) -> None:
    """Raise `ValueError` if an option is given that the layout does not use, or two that tell the same."""
    given = [item.name for item in fields(ReaderOptions) if getattr(options, item.name) != item.default]
    for name in given:
        if name not in READERS[layout].options | FOR_EVERY_LAYOUT:
            users = [other for other, reader in READERS.items() if name in reader.options]
            raise ValueError(
                f"{_typed(name)} {getattr(options, name)} is not used: {READERS[layout].title} (layout {layout}) "
                f"is what is read. It goes with the layout {' or '.join(users)}. Leave it out, or give "
                f"{' or '.join(f'--layout {user}' for user in users)}."
            )
    in_names = "{source}" in options.name_pattern
    if options.source_pattern and (options.source_column or in_names):
        other = "{source} in --name-pattern" if in_names else f"--source-column {options.source_column}"
        raise ValueError(
            f"--source-pattern and {other} both tell the original recording. Give one of them."
            + (" (In the name pattern write {any} for a part that is not used.)" if in_names else "")
        )


def _typed(name: str) -> str:
    """An option as it is typed."""
    return "--" + name.replace("_", "-")


def _nothing_read(folder: Path, layout: str, collection: Collection) -> str:
    """Why a folder gave no clips."""
    missing, skipped = collection.missing, collection.skipped
    absent = ""
    if missing:
        reasons = [reason.partition(": ")[2] for _, _, reason in missing if ": " in reason]
        absent = f"; the {len(missing)} files that its table names are not there" + (
            f" (of {len(reasons)} it cannot be told which file is meant: {reasons[0]})" if reasons else ""
        )
    passed = ", ".join(f"{count} {kind}" for kind, count in sorted(skipped.items()))
    return f"{str(folder)!r} holds no sounds (layout {layout}{absent})." + (
        f" Passed over: {passed}." if passed else ""
    )
