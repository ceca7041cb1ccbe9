"""Sound collections: one file a layout. To add one, write its file and add its line to `READERS`."""

from __future__ import annotations

from pathlib import Path

from generate.readers import csv_file, esc10, esc50, folders, gtzan, names, urbansound8k
from generate.readers import layout as layout_of
from generate.readers.collection import Collection, Reader, ReaderOptions
from generate.readers.layout import Found

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


def read(folder: Path, layout: str, options: ReaderOptions) -> Collection:
    """Read a collection's clips table.

    Parameters
    ----------
    folder : Path
    layout : str
        A key of `READERS`.
    options : ReaderOptions

    Raises
    ------
    ValueError
        If the layout is not known or does not fit, or the folder holds no clips.
    """
    if layout not in READERS:
        raise ValueError(f"There is no layout {layout!r}; choose from {', '.join(READERS)}.")
    if options.subset and layout != "esc50":
        raise ValueError(f"--subset {options.subset} goes with the layout esc50; this folder is read as {layout}.")
    collection = READERS[layout].read(folder, options)
    if collection.clips.empty:
        absent = (
            f"; the {len(collection.missing)} files that its table names are not there" if collection.missing else ""
        )
        passed = ", ".join(f"{count} {kind}" for kind, count in sorted(collection.passed_over.items()))
        raise ValueError(
            f"{str(folder)!r} holds no sounds (layout {layout}{absent})."
            + (f" Passed over: {passed}." if passed else "")
        )
    return collection
