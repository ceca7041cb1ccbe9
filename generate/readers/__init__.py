"""Sound collections: one file a layout. To add one, write its file and add its line to `READERS`."""

from __future__ import annotations

from pathlib import Path

from generate.readers import csv_file, esc10, esc50, folders, gtzan, names, urbansound8k
from generate.readers.collection import Collection, Reader, ReaderOptions

__all__ = ["READERS", "Collection", "Reader", "ReaderOptions", "find_layout", "read"]

READERS: dict[str, Reader] = {
    "esc50": esc50.READER,
    "esc10": esc10.READER,
    "urbansound8k": urbansound8k.READER,
    "gtzan": gtzan.READER,
    "csv": csv_file.READER,
    "names": names.READER,
    "folders": folders.READER,
}
"""In the order in which a folder is tried: the particular before the general."""


def find_layout(folder: Path, options: ReaderOptions) -> str:
    """Find out how a folder is laid out.

    Parameters
    ----------
    folder : Path
        The sound folder.
    options : ReaderOptions
        A table or a name pattern settles it alone.

    Returns
    -------
    str
        A key of `READERS`.

    Raises
    ------
    FileNotFoundError
        If the folder is not there.
    ValueError
        If no layout fits.
    """
    if not folder.is_dir():
        hint = " It is a file; give the folder of the collection." if folder.exists() else ""
        raise FileNotFoundError(f"There is no folder {str(folder)!r}.{hint}")
    if options.labels is not None:
        return "csv"
    if options.name_pattern:
        return "names"
    for layout, reader in READERS.items():
        if reader.recognises(folder):
            return layout
    published = ", ".join(name for name, reader in READERS.items() if reader.url)
    raise ValueError(
        f"No class folders were found in {str(folder)!r}. Expected one folder a class with sounds in it, a published "
        f"collection ({published}), a table (--labels FILE.csv), or names that tell the class (--name-pattern)."
    )


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
