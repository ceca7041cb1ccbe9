"""What every reader gives: the clips table, and what it skipped on the way."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from generate.runtime.os_compat import composed

CLIP_COLUMNS = ("clip_id", "path", "label", "fold", "split", "source_id", "start_s")
LONGEST_CLIP_ID = 120
"""Bytes; leaves room for `__<variant>.png` and a temporary suffix in the 255 bytes of a file name."""

PRINTED = re.compile(r"\\(?:udc([89a-f][0-9a-f])|r)")
"""What `printable` writes in place of what a table cannot hold."""
DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³")})
"""Names that Windows keeps for itself, whatever the ending."""


@dataclass(frozen=True)
class ReaderOptions:
    """What a user may tell a reader; `generate.readers.read` refuses what the layout does not use.

    Parameters
    ----------
    subset : str
        Part of the collection; `esc10` with the ESC-50 reader, else empty.
    source_pattern : str
        Regular expression on the file name that finds the original recording (every layout).
    name_pattern : str
        Such as `{label}_{source}_{take}` (reader `names`).
    labels : Path or None
        The table of labels (reader `csv`).
    file_column, label_column, fold_column, source_column : str
        Columns of that table; empty: found by their usual names.
    """

    subset: str = ""
    source_pattern: str = ""
    name_pattern: str = ""
    labels: Path | None = None
    file_column: str = ""
    label_column: str = ""
    fold_column: str = ""
    source_column: str = ""


@dataclass
class Collection:
    """A sound collection as a table.

    Parameters
    ----------
    clips : pandas.DataFrame
        One row a clip, columns `CLIP_COLUMNS`, all text but `start_s` (seconds): `clip_id` is unique and
        safe as a file name; `path` is relative to the sound folder, with `/`; `label` is the class as the
        user wrote it, each letter as one code (NFC); `fold` may be empty, and `split` is `train`, `validation`, `test`
        or empty; `source_id` names the original recording.
    skipped : collections.Counter
        What was there and is not a sound, by kind ("hidden", ".txt"), with its count.
    missing : list of (str, str, str)
        `(path, label, reason)` of files that a table names and that are not there.
    notes : list of str
        What the user should know of how it was read.
    recordings_from : str
        What told the original recordings, such as "the column 'fsID' of metadata/UrbanSound8K.csv"; empty where each
        clip is its own.
    """

    clips: pd.DataFrame
    skipped: Counter = field(default_factory=Counter)
    missing: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    recordings_from: str = ""


@dataclass(frozen=True)
class Reader:
    """One layout of a sound collection.

    Parameters
    ----------
    title : str
        The collection's name, or what the layout is.
    recognises : callable
        `recognises(folder: Path) -> bool`, quick and without opening a sound.
    read : callable
        `read(folder: Path, options: ReaderOptions) -> Collection`; raises `ValueError` where the folder
        or an option does not fit.
    options : frozenset of str
        The fields of `ReaderOptions` that it uses, `source_pattern` aside, which every layout takes.
    defaults : Mapping
        Settings that this layout wants unless the user says otherwise, such as `{"seconds": 4.0}`.
    citation, licence : str
        How to cite the collection and under what terms it may be used.
    url : str
        Where the published archive is; empty where there is none.
    md5 : tuple of str
        MD5 of the archive, all that were seen published; empty: not known.
    archive_folder : str
        The folder inside the archive that holds the collection.
    download_size_mb : int
        Size of the archive in megabytes, about.
    known_broken : Mapping
        `clip_id` to words, for files that are broken in the published archive.
    class_from, fold_from, recording_from : str
        What tells them, in words that follow "from"; the plan prints it.
    """

    title: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, ReaderOptions], Collection]
    options: frozenset[str] = frozenset()
    defaults: Mapping[str, object] = field(default_factory=dict)
    citation: str = ""
    licence: str = ""
    url: str = ""
    md5: Sequence[str] = ()
    archive_folder: str = ""
    download_size_mb: int = 0
    known_broken: Mapping[str, str] = field(default_factory=dict)
    class_from: str = ""
    fold_from: str = ""
    recording_from: str = ""


def clips_table(
    *,
    paths: Sequence[str],
    labels: Sequence[str],
    names: Sequence[str] | None = None,
    folds: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Put a clips table together, with ids that are unique and safe as file names.

    Parameters
    ----------
    paths, labels : sequence of str
        File, relative to the sound folder with `/`, and class of each clip.
    names : sequence of str, optional
        What to call each clip; by default its path without the ending, and without folders that the next name
        begins with: `bell/bell-01.wav` is `bell-01`, `bell/01.wav` is `bell-01` too if it is alone.
    folds : sequence of str, optional
        Default: empty.
    sources : sequence of str, optional
        The original recording; default, and where empty: the clip itself.
    splits : sequence of str, optional
        `train`, `validation` or `test`; default: empty.

    Returns
    -------
    pandas.DataFrame
        Columns `CLIP_COLUMNS`, sorted by label, then path, whatever the order of the arguments.

    Raises
    ------
    ValueError
        If a label is empty, or one file has two rows.
    """
    n = len(paths)
    clips = pd.DataFrame(
        {
            "name": list(names) if names is not None else [_name(path) for path in paths],
            "path": list(paths),
            "label": [composed(printable(str(label).strip())) for label in labels],
            "fold": list(folds) if folds is not None else [""] * n,
            "split": list(splits) if splits is not None else [""] * n,
            "source_id": [composed(printable(source)) for source in sources] if sources is not None else [""] * n,
        },
        dtype=object,  # pandas' own text type refuses names that are not UTF-8
    ).assign(start_s=0.0)
    if (clips["label"] == "").any():
        first = clips.loc[clips["label"] == "", "path"].iloc[0]
        raise ValueError(f"{first!r} has an empty label; give it one.")
    twice = clips.loc[clips["path"].duplicated(), "path"]
    if len(twice):
        raise ValueError(f"{len(twice)} file(s) are named more than once, {twice.iloc[0]!r} first; name each once.")
    # Not by pandas, which may hand text to pyarrow, and that takes UTF-8 alone.
    places = list(zip(clips["label"], clips["path"], strict=True))
    clips = clips.iloc[sorted(range(n), key=places.__getitem__)].reset_index(drop=True)
    clips["clip_id"] = pd.Series(unique_ids(clips["name"], clips["path"]), dtype=object)
    nameless = clips["source_id"] == ""
    clips.loc[nameless, "source_id"] = clips.loc[nameless, "clip_id"]
    return clips[list(CLIP_COLUMNS)]


def printable(text: str) -> str:
    """The text as a table in UTF-8 can hold it.

    Other bytes of a file name become a backslash and their number, and a carriage return a backslash and `r`: Python's
    `csv` writes it without quotes, and then takes it for the end of a row.
    """
    return text.encode("utf-8", "backslashreplace").decode().replace("\r", "\\r")


def as_on_disk(printed: str, folder: Path) -> str:
    """A path as the system knows it, by what `printable` made of it.

    Parameters
    ----------
    printed : str
        Relative to the folder.
    folder : Path
        The sound folder.
    """
    if os.path.lexists(folder / printed):
        return printed
    return PRINTED.sub(lambda found: chr(0xDC00 + int(found[1], 16)) if found[1] else "\r", printed)


def _name(path: str) -> str:
    """What to call a clip by its path."""
    parts = (path.rpartition(".")[0] or path).split("/")
    kept = [folder for folder, following in zip(parts, parts[1:], strict=False) if not following.startswith(folder)]
    return "/".join([*kept, parts[-1]])


def safe_name(text: str, *, longest: int = LONGEST_CLIP_ID) -> str:
    """Turn any text into a file name that every system takes, the same for the same text.

    Letters and marks of any script, digits, space and `. _ + = - ( )` stay, `/` becomes `-`, and so does the rest.
    Where something else than a path separator had to go, or the name was cut, or Windows keeps it for a device, eight
    digits of the text's SHA-1 follow, so that two texts do not become one.

    Parameters
    ----------
    text : str
        A name or a relative path.
    longest : int
        Bytes in UTF-8, at most.
    """
    text = composed(text)
    without_slash = text.replace("/", "-")
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" or c in " ._+=()-" else "-" for c in without_slash)
    kept = kept.strip(" .")
    if not kept or kept[0] == "-" or kept.partition(".")[0].rstrip().casefold() in DEVICES:
        kept = "x" + kept
    if kept != without_slash or len(kept.encode()) > longest:
        kept = _shortened(kept, longest - 9) + "-" + _digits(text)
    return kept


def unique_ids(names: Sequence[str], paths: Sequence[str]) -> list[str]:
    """Give each clip an id that no other has, on systems that ignore case too.

    Clips whose names would become one id (`a.wav` beside `a.flac`, `Dog.wav` beside `dog.wav`) all get eight
    digits of their path's SHA-1, so that no id depends on the order of the files.

    Parameters
    ----------
    names, paths : sequence of str
        What to call each clip, and its file; both in the same order.

    Returns
    -------
    list of str
        Safe as file names, in the same order.
    """
    ids = [safe_name(name) for name in names]
    counts = Counter(clip_id.casefold() for clip_id in ids)
    return [
        clip_id
        if counts[clip_id.casefold()] == 1
        else _shortened(clip_id, LONGEST_CLIP_ID - 9) + "-" + _digits(f"{path} {clip_id}")
        for clip_id, path in zip(ids, paths, strict=True)
    ]


def _shortened(text: str, n_bytes: int) -> str:
    """As many whole letters as fit into some bytes of UTF-8."""
    return text.encode()[:n_bytes].decode("utf-8", "ignore")


def _digits(text: str) -> str:
    """Eight digits that tell one text from another (names that are not UTF-8 included)."""
    return hashlib.sha1(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
