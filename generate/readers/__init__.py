"""Readers of audio collections, one file a layout. To add one, write its file and add a line to `READERS`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from generate.readers import annotated, audioset, csv_file, esc10, esc50, folders, gtzan, names, urbansound8k
from generate.readers.annotations.detect import note_annotations
from generate.readers.collection import layout as layout_of
from generate.readers.collection.clips import Collection
from generate.readers.collection.layout import Found
from generate.readers.collection.reader import Reader, ReaderOptions
from generate.readers.collection.source_pattern import with_source_pattern
from generate.runtime.wording import on_a_line

__all__ = ["READERS", "Collection", "Found", "Reader", "ReaderOptions", "find", "read"]

READERS: dict[str, Reader] = {
    "esc50": esc50.READER,
    "esc10": esc10.READER,
    "urbansound8k": urbansound8k.READER,
    "gtzan": gtzan.READER,
    "audioset": audioset.READER,
    "csv": csv_file.READER,
    "annotations": annotated.READER,
    "names": names.READER,
    "splits": folders.SPLITS_READER,
    "folds": folders.FOLDS_READER,
    "folders": folders.READER,
}
"""By layout, in the order in which they are tried: the specific before the general."""


def find(folder: Path, options: ReaderOptions, *, layout: str = "") -> Found:
    """Detect the layout of a collection, and the folder that holds it.

    Parameters
    ----------
    folder : Path
        The audio folder, or one above it.
    options : ReaderOptions
        A table or a name pattern decides the layout.
    layout : str
        As the user chose it, or empty: then only the folder of a published collection is searched.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    ValueError
        If the layout is not certain.
    """
    return layout_of.find(folder, options, READERS, layout=layout)


FOR_EVERY_LAYOUT = frozenset({"source_pattern"})
"""Fields of `ReaderOptions` that are applied to what a reader returned."""


def read(folder: Path, layout: str, options: ReaderOptions, *, is_explicit: bool = False) -> Collection:
    """Read a collection's clips table.

    Parameters
    ----------
    folder : Path
    layout : str
        A key of `READERS`.
    options : ReaderOptions
    is_explicit : bool
        Whether the user chose the layout: then annotations beside the recordings are no reason to refuse it.

    Raises
    ------
    ValueError
        If the layout is unknown or does not fit, does not use an option, the folder holds annotations, or no clips.
    """
    if layout not in READERS:
        raise ValueError(f"--layout must be one of {', '.join(READERS)}. Got {layout!r}.")
    _refuse_unused(layout, options)
    collection = READERS[layout].read(folder, options)
    if collection.clips.empty:
        raise ValueError(_nothing_read(folder, layout, collection))
    if (
        not READERS[layout].is_published and collection.events is None
    ):  # the readers of published collections know the text files in them
        is_settled = is_explicit or options.labels is not None or bool(options.name_pattern)
        collection.notes += note_annotations(folder, is_settled=is_settled)
    return with_source_pattern(collection, options.source_pattern) if options.source_pattern else collection


def _refuse_unused(layout: str, options: ReaderOptions) -> None:
    """Raise `ValueError` for an option that the layout does not use, or two that exclude each other."""
    given = [item.name for item in fields(ReaderOptions) if getattr(options, item.name) != item.default]
    for name in given:
        if name not in READERS[layout].options | FOR_EVERY_LAYOUT:
            users = [other for other, reader in READERS.items() if name in reader.options]
            value = getattr(options, name)
            text = " ".join(value) if isinstance(value, tuple) else value
            raise ValueError(
                f"{_typed(name)} {text} is not used by the layout {layout} "
                f"({READERS[layout].title}). Leave it out, or give {' or '.join(f'--layout {user}' for user in users)}."
            )
    in_names = "{source}" in options.name_pattern
    if options.source_pattern and (options.source_column or in_names):
        other = "{source} in --name-pattern" if in_names else f"--source-column {options.source_column}"
        raise ValueError(
            f"--source-pattern and {other} both define the original recording. Give one of them."
            + (" (In the name pattern write {any} for a part that is not used.)" if in_names else "")
        )


def _typed(name: str) -> str:
    """An option of the command line."""
    return "--" + name.replace("_", "-")


def _nothing_read(folder: Path, layout: str, collection: Collection) -> str:
    """The error for a folder without clips."""
    missing, skipped = collection.missing, collection.skipped
    absent = ""
    if missing:
        reasons = [reason.partition(": ")[2] for _, _, reason in missing if ": " in reason]
        absent = f"; the {len(missing)} files that its table names do not exist" + (
            f" ({len(reasons)} of them are ambiguous: {reasons[0]})" if reasons else ""
        )
    listed = on_a_line(", ".join(f"{count} {kind}" for kind, count in sorted(skipped.items())))
    return f"{str(folder)!r} holds no audio files (layout {layout}{absent})." + (
        f" Skipped: {listed}." if listed else ""
    )
