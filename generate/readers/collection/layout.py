"""Detect the layout of a collection, or stop with what was found and the options that settle it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from generate.readers.annotations.detect import note_annotations
from generate.readers.audio_folder.tree import Tree, judge, look, only_folder, some
from generate.readers.audio_folder.walk import find_audio_files
from generate.readers.collection.reader import Reader, ReaderOptions
from generate.readers.csv_tables.label_tables import LabelTable, label_tables
from generate.runtime.os_compat import quoted
from generate.runtime.safe_names import printable
from generate.runtime.wording import count, on_lines, shown

MAX_LISTED = 6
LEVEL_OF_CLASSES = {"folders": 0, "splits": 1, "folds": 1}
"""Number of folders above the class folders."""


@dataclass(frozen=True)
class Found:
    """How a collection is to be read.

    Parameters
    ----------
    folder : Path
        The given one, or the one in it that holds the collection.
    layout : str
        A key of `READERS`.
    notes : tuple of str
        Notes for the plan.
    """

    folder: Path
    layout: str
    notes: tuple[str, ...] = ()


def find(folder: Path, options: ReaderOptions, readers: Mapping[str, Reader], *, layout: str = "") -> Found:
    """Detect the layout of a collection, and the folder that holds it.

    Parameters
    ----------
    folder : Path
        The given one.
    options : ReaderOptions
        A table or a name pattern decides the layout.
    readers : Mapping of str to Reader
        By layout; see `Reader.is_published`.
    layout : str
        As the user chose it, or empty.

    Raises
    ------
    FileNotFoundError
        If the folder is not there.
    ValueError
        If the layout is not certain; the message lists what was found and what settles it.
    """
    if not folder.is_dir():
        what = "It is a file; give" if folder.exists() else "Give"
        raise FileNotFoundError(f"There is no folder {str(folder)!r}. {what} the folder of the audio collection.")
    if layout and not (layout in readers and readers[layout].is_published):
        return Found(folder, layout)
    if not layout and options.annotations is not None:
        return Found(folder, "annotations")
    if not layout and (options.labels is not None or options.name_pattern):
        return Found(folder, "names" if options.labels is None else _of_table(options.labels, readers))
    published = [layout] if layout else [name for name, reader in readers.items() if reader.is_published]
    for name in published:
        if readers[name].recognises(folder):
            return Found(folder, name)

    paths = find_audio_files(folder)[0]
    # From the given folder down through folders that hold only one folder with audio.
    places = [(folder, look(paths))]
    while inner := only_folder(places[-1][1]):
        place = places[-1][0] / inner
        paths = [path[len(inner) + 1 :] for path in paths if path.startswith(f"{inner}/")]
        places.append((place, look(paths)))
        for name in published:
            if readers[name].recognises(place):
                return Found(place, name, _read_as(folder, places))
    return Found(folder, layout) if layout else _of_the_users_own(folder, places, paths, readers)


def _of_table(table: Path, readers: Mapping[str, Reader]) -> str:
    """The layout of the table that the user named."""
    return next((name for name, reader in readers.items() if reader.reads_table(table)), "csv")


def _of_the_users_own(
    folder: Path, places: Sequence[tuple[Path, Tree]], paths: Sequence[str], readers: Mapping[str, Reader]
) -> Found:
    """Distinguish tables, classes, splits and folds in the innermost folder."""
    place, tree = places[-1]
    layout, why = judge(tree)
    level = LEVEL_OF_CLASSES.get(layout, 0)
    labels = {path: path.split("/")[level] for path in paths if path.count("/") > level}
    tables = [
        table
        for outer, outer_tree in places
        for table in label_tables(outer, labels, with_audio=frozenset(outer_tree.folders))
    ]
    telling = [table for table in tables if table.has_classes]
    for number, (outer, _) in enumerate(places, start=1):
        is_for_audio = not layout or any(table.n_named for table in telling if table.path.parent == outer)
        if is_for_audio and readers["csv"].recognises(outer):
            return Found(outer, "csv", _read_as(folder, places[:number]))
    if not tree.n_files and any(child.is_dir() and not child.name.startswith(".") for child in folder.iterdir()):
        return Found(folder, "folders")  # its error lists what was skipped
    if not tree.n_files:
        raise ValueError(f"No class folders were found in {str(folder)!r}, and no audio files. {_expected(readers)}")
    inside = [
        name
        for name, branch in tree.folders.items()
        if branch.below
        for reader in readers.values()
        if reader.is_published and reader.recognises(place / name)
    ]
    differing = [table for table in telling if table.n_named and not table.classes_agree]
    if inside:
        why = f"its folder {inside[0]!r} is a published collection, and it has other folders of audio besides"
    elif layout and differing:
        why = (
            f"{differing[0].name!r} has a class of {count(differing[0].n_named, 'audio file')} "
            f"(column {differing[0].label_column!r}), and these classes are not those of the folders"
        )
    if why:
        if not inside:  # times in the table of a published collection are no annotations
            note_annotations(folder, is_settled=False)
        raise ValueError(_message(folder, places, paths, tables, why, inside, readers))
    agreeing = tuple(
        f"{table.name} has the same classes as the folders (column {table.label_column!r}); it is not used"
        for table in telling
        if table.classes_agree
    )
    unreadable = tuple(f"{table.name} is not read: {table.why_not}" for table in tables if table.why_not)
    return Found(place, layout, _read_as(folder, places) + agreeing + unreadable)


def _read_as(folder: Path, places: Sequence[tuple[Path, Tree]]) -> tuple[str, ...]:
    """A note of the folder that is read, and of what is left out."""
    place = places[-1][0]
    if place == folder:
        return ()
    here = Path(folder.resolve().name) / place.relative_to(folder)
    note = f"read as {printable(here.as_posix())}: the only folder with audio files in it"
    beside = [(outer / name).relative_to(folder).as_posix() for outer, tree in places[:-1] for name in tree.loose]
    if beside:
        note += f"; not read: {count(len(beside), 'audio file')} outside of it, such as {printable(beside[0])}"
    return (note,)


def _message(
    folder: Path,
    places: Sequence[tuple[Path, Tree]],
    paths: Sequence[str],
    tables: Sequence[LabelTable],
    why: str,
    inside: Sequence[str],
    readers: Mapping[str, Reader],
) -> str:
    """The error: what was found, and the options that settle it."""
    place, tree = places[-1]
    lines = [f"It is not certain what the classes in {str(place)!r} are: {why}.", *_seen(place, tree, tables)]
    ways = [f"{shown(place / name)} in place of {shown(folder)}" for name in inside]
    telling = [table for table in tables if table.has_classes]
    for table in sorted(telling, key=lambda table: -table.n_named)[:3]:
        named = (
            f"it names {table.n_named:,} of the audio files" if table.n_named else "it names none of these audio files"
        )
        ways.append(
            f"--labels {quoted(shown(table.path))} --file-column {quoted(table.file_column)} "
            f"--label-column {quoted(table.label_column)}    a table has the classes; {named}"
        )
    if not telling:
        ways.append("--labels FILE.csv    a table has the classes, one row for each audio file")
    ways += [
        f"{shown(place / inner)} in place of {shown(folder)}    its folders are the classes: {names}"
        for inner, names in _inner_collections(tree, paths)
        if inner not in inside
    ]
    ways.append(f'--name-pattern "{{label}}_{{any}}"    the file names have the classes, such as {_a_name(paths)}')
    if tree.folders:
        few = len(tree.folders) == 1
        outer = "" if place == folder else f"{shown(place)} "
        without = ", and audio files outside them are not read" if tree.loose else ""
        ways.append(
            f"{outer}--layout folders    {some(list(tree.folders))} {'is' if few else 'are'} the "
            f"{'class' if few else 'classes'}{without}"
        )
    else:
        lines.append(f"  {_expected(readers)}")
    return on_lines([*lines, "Choose one of these:", *(f"  {way}" for way in ways)])


def _expected(readers: Mapping[str, Reader]) -> str:
    published = ", ".join(name for name, reader in readers.items() if reader.is_published)
    return (
        f"Expected one folder for each class, a published collection ({published}), a table (--labels "
        "FILE.csv), or file names with the class (--name-pattern)."
    )


def _seen(place: Path, tree: Tree, tables: Sequence[LabelTable]) -> list[str]:
    lines = []
    for name, branch in list(tree.folders.items())[:MAX_LISTED]:
        below = f", in {count(len(branch.below), 'folder')} of its own: {some(sorted(branch.below))}"
        lines.append(f"  {name}/ has {count(branch.n_files, 'audio file')}{below if branch.below else ''}")
    if len(tree.folders) > MAX_LISTED:
        lines.append(f"  and {len(tree.folders) - MAX_LISTED:,} folders more")
    if tree.loose:
        lines.append(f"  {count(len(tree.loose), 'audio file')} directly in {place.name}/, such as {tree.loose[0]}")
    lines += [f"  table {table}" for table in tables[:MAX_LISTED]]
    return [printable(line) for line in lines]


def _inner_collections(tree: Tree, paths: Sequence[str]) -> list[tuple[str, str]]:
    """Subfolders whose own subfolders may be the classes, and some of these."""
    found = []
    for name in list(tree.folders)[:MAX_LISTED]:
        inner, prefix = look(path[len(name) + 1 :] for path in paths if path.startswith(f"{name}/")), name
        while deeper := only_folder(inner):
            prefix = f"{prefix}/{deeper}"
            inner = look(path[len(prefix) + 1 :] for path in paths if path.startswith(f"{prefix}/"))
        if len(inner.folders) > 1 and judge(inner)[0]:
            found.append((prefix, some(list(inner.folders))))
    return found[:3]


def _a_name(paths: Sequence[str]) -> str:
    return printable(paths[0].rpartition("/")[2]) if paths else "7_jackson_32.wav"
