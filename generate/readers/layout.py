"""Find out how a folder is laid out, or stop with what was seen and the options that settle it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from generate.readers import csv_file
from generate.readers.annotations import note_annotations
from generate.readers.collection import Reader, ReaderOptions
from generate.readers.label_tables import LabelTable, label_tables
from generate.readers.tree import Tree, judge, look, only_folder, some
from generate.readers.walk import find_audio_files
from generate.runtime.os_compat import quoted
from generate.runtime.safe_names import printable
from generate.runtime.wording import count, shown

MOST_SHOWN = 6
OUTER_LEVELS = {"folders": 0, "splits": 1, "folds": 1}
"""How many folders are above the class folder."""


@dataclass(frozen=True)
class Found:
    """How a collection is to be read.

    Parameters
    ----------
    folder : Path
        The one that was given, or the one in it that holds the collection.
    layout : str
        A key of `READERS`.
    notes : tuple of str
        What the user should know of the decision.
    """

    folder: Path
    layout: str
    notes: tuple[str, ...] = ()


def find(folder: Path, options: ReaderOptions, readers: Mapping[str, Reader], *, layout: str = "") -> Found:
    """Find out how a folder is laid out, and in which folder of it the collection is.

    Parameters
    ----------
    folder : Path
        As the user gave it.
    options : ReaderOptions
        A table or a name pattern settles it alone.
    readers : Mapping of str to Reader
        Those that may be found; the ones with a `url` are published collections.
    layout : str
        As the user gave it, or empty.

    Raises
    ------
    FileNotFoundError
        If the folder is not there.
    ValueError
        If no layout fits, or more than one might; the message says what was seen and what settles it.
    """
    if not folder.is_dir():
        hint = " It is a file; give the folder of the collection." if folder.exists() else ""
        raise FileNotFoundError(f"There is no folder {str(folder)!r}.{hint}")
    if layout and not (layout in readers and readers[layout].url):
        return Found(folder, layout)
    if not layout and (options.labels is not None or options.name_pattern):
        return Found(folder, "csv" if options.labels is not None else "names")
    published = [layout] if layout else [name for name, reader in readers.items() if reader.url]
    for name in published:
        if readers[name].recognises(folder):
            return Found(folder, name)

    paths = find_audio_files(folder)[0]
    # From the folder that was given down through those that hold nothing but one folder with audio in it.
    places = [(folder, look(paths))]
    while inner := only_folder(places[-1][1]):
        place = places[-1][0] / inner
        paths = [path[len(inner) + 1 :] for path in paths if path.startswith(f"{inner}/")]
        places.append((place, look(paths)))
        for name in published:
            if readers[name].recognises(place):
                return Found(place, name, _read_as(folder, places))
    return Found(folder, layout) if layout else _of_the_users_own(folder, places, paths, readers)


def _of_the_users_own(
    folder: Path, places: Sequence[tuple[Path, Tree]], paths: Sequence[str], readers: Mapping[str, Reader]
) -> Found:
    """Tell tables, classes, splits and folds from one another in the innermost of the folders."""
    place, tree = places[-1]
    layout, why = judge(tree)
    level = OUTER_LEVELS.get(layout, 0)
    labels = {path: path.split("/")[level] for path in paths if path.count("/") > level}
    tables = [
        table
        for outer, outer_tree in places
        for table in label_tables(outer, labels, with_audio=frozenset(outer_tree.folders))
    ]
    telling = [table for table in tables if table.tells_classes]
    for number, (outer, _) in enumerate(places, start=1):
        if csv_file.recognises(outer) and (not layout or any(t.n_named for t in telling if t.path.parent == outer)):
            return Found(outer, "csv", _read_as(folder, places[:number]))
    if not tree.n_files and any(child.is_dir() and not child.name.startswith(".") for child in folder.iterdir()):
        return Found(folder, "folders")  # which says what is there instead
    if not tree.n_files:
        raise ValueError(f"No class folders were found in {str(folder)!r}, and no audio files. {_expected(readers)}")
    inside = [
        name
        for name, branch in tree.folders.items()
        if branch.below
        for reader in readers.values()
        if reader.url and reader.recognises(place / name)
    ]
    differing = [table for table in telling if table.n_named and not table.classes_agree]
    if inside:
        why = f"its folder {inside[0]!r} is a published collection, and it has other folders of audio besides"
    elif layout and differing:
        why = (
            f"{differing[0].name!r} tells a class of {count(differing[0].n_named, 'audio file')} "
            f"(column {differing[0].label_column!r}), and these classes are not those of the folders"
        )
    if why:
        if not inside:  # the times in the table of a published collection are no fault of the folder
            note_annotations(folder, is_settled=False)
        raise ValueError(_message(folder, places, paths, tables, why, inside, readers))
    agreeing = tuple(
        f"{table.name} tells the same classes as the folders (column {table.label_column!r}); it is not used"
        for table in telling
        if table.classes_agree
    )
    unreadable = tuple(f"{table.name} is not read: {table.why_not}" for table in tables if table.why_not)
    return Found(place, layout, _read_as(folder, places) + agreeing + unreadable)


def _read_as(folder: Path, places: Sequence[tuple[Path, Tree]]) -> tuple[str, ...]:
    """Say which folder is read, and what is left out by that."""
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
    """What was seen, and what settles it."""
    place, tree = places[-1]
    lines = [f"It is not certain what the classes in {str(place)!r} are: {why}.", *_seen(place, tree, tables)]
    ways = [f"{shown(place / name)} in place of {shown(folder)}" for name in inside]
    telling = [table for table in tables if table.tells_classes]
    for table in sorted(telling, key=lambda table: -table.n_named)[:3]:
        named = (
            f"it names {table.n_named:,} of the audio files" if table.n_named else "it names none of these audio files"
        )
        ways.append(
            f"--labels {quoted(shown(table.path))} --file-column {quoted(table.file_column)} "
            f"--label-column {quoted(table.label_column)}    a table tells the classes; {named}"
        )
    if not telling:
        ways.append("--labels FILE.csv    a table tells the classes, one row for each audio file")
    ways += [
        f"{shown(place / inner)} in place of {shown(folder)}    its folders are the classes: {names}"
        for inner, names in _inner_collections(tree, paths)
        if inner not in inside
    ]
    ways.append(f'--name-pattern "{{label}}_{{any}}"    the names tell the classes, such as {_a_name(paths)}')
    if tree.folders:
        few = len(tree.folders) == 1
        outer = "" if place == folder else f"{shown(place)} "
        without = ", and what lies outside is not read" if tree.loose else ""
        ways.append(
            f"{outer}--layout folders    {some(list(tree.folders))} {'is' if few else 'are'} the "
            f"{'class' if few else 'classes'}{without}"
        )
    else:
        lines.append(f"  {_expected(readers)}")
    return "\n".join([*lines, "Say it with one of these:", *(f"  {way}" for way in ways)])


def _expected(readers: Mapping[str, Reader]) -> str:
    published = ", ".join(name for name, reader in readers.items() if reader.url)
    return (
        f"Expected one folder a class with audio files in it, a published collection ({published}), a table (--labels "
        "FILE.csv), or names that tell the class (--name-pattern)."
    )


def _seen(place: Path, tree: Tree, tables: Sequence[LabelTable]) -> list[str]:
    lines = []
    for name, branch in list(tree.folders.items())[:MOST_SHOWN]:
        below = f", in {count(len(branch.below), 'folder')} of its own: {some(sorted(branch.below))}"
        lines.append(f"  {name}/ has {count(branch.n_files, 'audio file')}{below if branch.below else ''}")
    if len(tree.folders) > MOST_SHOWN:
        lines.append(f"  and {len(tree.folders) - MOST_SHOWN:,} folders more")
    if tree.loose:
        lines.append(f"  {count(len(tree.loose), 'audio file')} straight in {place.name}/, such as {tree.loose[0]}")
    lines += [f"  table {table}" for table in tables[:MOST_SHOWN]]
    return [printable(line) for line in lines]


def _inner_collections(tree: Tree, paths: Sequence[str]) -> list[tuple[str, str]]:
    """Folders inside whose own folders may be the classes, and some of these."""
    found = []
    for name in list(tree.folders)[:MOST_SHOWN]:
        inner, prefix = look(path[len(name) + 1 :] for path in paths if path.startswith(f"{name}/")), name
        while deeper := only_folder(inner):
            prefix = f"{prefix}/{deeper}"
            inner = look(path[len(prefix) + 1 :] for path in paths if path.startswith(f"{prefix}/"))
        if len(inner.folders) > 1 and judge(inner)[0]:
            found.append((prefix, some(list(inner.folders))))
    return found[:3]


def _a_name(paths: Sequence[str]) -> str:
    return printable(paths[0].rpartition("/")[2]) if paths else "7_jackson_32.wav"
