"""Read annotation files: the format is told by the content, whatever the file's name."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from generate.audio.formats import AUDIO_SUFFIXES
from generate.readers.annotations import audacity, kaleidoscope, label_studio, raven, table
from generate.readers.annotations.detect import KNOWN_SUFFIXES, TABLE_SUFFIXES
from generate.readers.annotations.event_tables import Chosen, choose_tables, of_recordings
from generate.readers.annotations.events import AnnotationFile, Columns
from generate.readers.audio_folder.walk import SYSTEM_FOLDERS, unreadable
from generate.readers.csv_tables.csv_text import MAX_TABLE_BYTES, read_table
from generate.readers.csv_tables.encoding import decoded
from generate.runtime.wording import on_a_line

FORMATS = {
    "raven": "Raven selection table",
    "audacity": "Audacity label track",
    "kaleidoscope": "Kaleidoscope table",
    "label-studio": "Label Studio export",
    "table": "table of events",
    "empty": "empty file",
}
"""What can be read, in words."""
USES = {"file": ("raven", "label-studio", "table"), "label": ("raven", "kaleidoscope", "table")}
"""Formats in which a column can be chosen, of the recording and of the label."""
MAX_FILES = 100_000


def read_annotations(path: Path, chosen: Columns | None = None) -> tuple[dict[str, AnnotationFile], Counter[str]]:
    """Read an annotation file, or all that are in a folder at any depth.

    Parameters
    ----------
    path : Path
    chosen : Columns, optional
        Columns that are not to be guessed.

    Returns
    -------
    files : dict of str to AnnotationFile
        By their paths, relative to the folder, with `/`.
    skipped : collections.Counter
        Other text files, by their suffix. Audio is not counted.

    Raises
    ------
    FileNotFoundError
        If there is no such file or folder.
    ValueError
        If a file cannot be read, or none was found; with its name and the line.
    """
    chosen = chosen or Columns()
    if path.is_file():
        found = read_file(path, chosen)
        if found is None:
            raise ValueError(f"--annotations must be {_expected()}. Got {str(path)!r}, which is none of these.")
        _refuse_unused(chosen, [found])
        return {path.name: found}, Counter()
    if not path.is_dir():
        raise FileNotFoundError(f"There is no file or folder {str(path)!r} (--annotations).")
    files: dict[str, AnnotationFile] = {}
    skipped: Counter[str] = Counter()
    texts = _texts(path)
    tables = _event_tables(path, texts)
    for name in texts:
        own = tables.get(os.path.dirname(name))
        own_name = os.path.basename(name)
        if own and own_name in own.skipped:
            continue
        found = read_file(path / name, chosen)
        if found is None:
            skipped[os.path.splitext(name)[1].lower()] += 1
        elif own and own_name in own.recordings:
            files[name] = of_recordings(found, own_name, own)
        else:
            files[name] = found
    if not files:
        kinds = on_a_line(", ".join(f"{n} {kind}" for kind, n in sorted(skipped.items())))
        others = f" Skipped: {kinds}." if skipped else ""
        raise ValueError(f"--annotations must be {_expected()}, or a folder of them. Got {str(path)!r}.{others}")
    _refuse_unused(chosen, files.values())
    return files, skipped


def _refuse_unused(chosen: Columns, files: Iterable[AnnotationFile]) -> None:
    """Raise for a chosen column that no file can have."""
    formats = {file.format for file in files}
    for what, users in USES.items():
        if getattr(chosen, what) and formats.isdisjoint(users):
            found, possible = (" or ".join(sorted(FORMATS[name] for name in names)) for names in (formats, users))
            raise ValueError(
                f"--{what}-column must be given with annotations in which that column can be chosen: {possible}. "
                f"Got {getattr(chosen, what)!r} with {found}. Leave it out."
            )


def read_file(path: Path, chosen: Columns) -> AnnotationFile | None:
    """Read an annotation file; None: it is another text.

    Parameters
    ----------
    path : Path
    chosen : Columns

    Raises
    ------
    ValueError
        If it is one, and cannot be read; with its name and the line.
    """
    suffix = path.suffix.lower()
    if suffix in KNOWN_SUFFIXES:
        raise ValueError(
            f"{str(path)!r} is of {KNOWN_SUFFIXES[suffix]}, which is not read. Export it as a table with a start, an "
            "end and a label."
        )
    if path.stat().st_size > MAX_TABLE_BYTES:
        raise ValueError(f"{str(path)!r} must have at most {MAX_TABLE_BYTES // 10**6} MB. Give it in parts.")
    try:
        lines = re.split(r"\r\n|\r|\n", decoded(path.read_bytes()))
        if suffix == ".lab":
            lines = [re.sub(r"[ \t]+", "\t", line.strip(), count=2) for line in lines]
        first = [line for line in lines if line.strip()][: audacity.FIRST_LINES]
        if not first:
            return AnnotationFile("empty", ())
        return audacity.read(lines) if audacity.recognises(first) else _read_table(path, chosen, first)
    except ValueError as error:
        raise ValueError(f"{str(path)!r}: {error}") from None


def _read_table(path: Path, chosen: Columns, first_lines: list[str]) -> AnnotationFile | None:
    if not any(separator in first_lines[0] for separator in ",;\t"):
        return None
    is_of_raven = raven.recognises([name.strip() for name in first_lines[0].split("\t")])
    try:
        rows = read_table(path, is_quoted=not is_of_raven)
    except ValueError:
        if path.suffix.lower() == ".txt" and "Time" not in first_lines[0]:
            return None  # prose
        raise
    columns = list(rows.columns)
    if len(set(columns)) < len(columns):
        twice = next(column for column in columns if columns.count(column) > 1)
        raise ValueError(f"it must have one column {twice!r}. Got {columns.count(twice)}. Rename or delete the others.")
    if raven.recognises(columns):
        return raven.read(rows, chosen)
    if kaleidoscope.recognises(columns):
        return kaleidoscope.read(rows, chosen)
    if any(label_studio.recognises(row) for row in rows.to_dict("records")):
        return label_studio.read(rows, chosen)
    return table.read(rows, chosen) if table.recognises(columns) else None


def _event_tables(folder: Path, texts: Sequence[str]) -> dict[str, Chosen]:
    """Which of the tables that this program wrote are read, by their folders."""
    names = defaultdict(set)
    for text in texts:
        names[os.path.dirname(text)].add(os.path.basename(text))
    found = {within: choose_tables(folder / within, own) for within, own in names.items()}
    return {within: chosen for within, chosen in found.items() if chosen is not None}


def _texts(folder: Path) -> list[str]:
    """Files that may hold annotations, at any depth, relative with `/`; without hidden ones."""
    found = []
    for place, folders, names in os.walk(folder, onerror=_refuse, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in SYSTEM_FOLDERS)
        within = Path(place).relative_to(folder).as_posix()
        for name in sorted(names):
            suffix = os.path.splitext(name)[1].lower()
            is_text = suffix in TABLE_SUFFIXES or suffix in KNOWN_SUFFIXES
            if is_text and suffix not in AUDIO_SUFFIXES and not name.startswith("."):
                found.append(name if within == "." else f"{within}/{name}")
        if len(found) > MAX_FILES:
            raise ValueError(
                f"--annotations must hold at most {MAX_FILES:,} text files. Give a part of {str(folder)!r}."
            )
    return found


def _refuse(error: OSError) -> None:
    """Raise for a folder that cannot be listed, which `os.walk` would skip."""
    raise unreadable(error) if isinstance(error, PermissionError) else error


def _expected() -> str:
    return (
        "a Raven selection table, an Audacity label track, a Kaleidoscope or Label Studio export, or a table with a "
        "start, an end and a label"
    )
