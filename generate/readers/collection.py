"""What every reader gives: the clips table, and what it skipped on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from generate.runtime.os_compat import nfc
from generate.runtime.safe_names import printable, unique_ids

CLIP_COLUMNS = ("clip_id", "path", "label", "fold", "split", "source_id", "start_s")


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
            "label": [nfc(printable(str(label).strip())) for label in labels],
            "fold": list(folds) if folds is not None else [""] * n,
            "split": list(splits) if splits is not None else [""] * n,
            "source_id": [nfc(printable(source)) for source in sources] if sources is not None else [""] * n,
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


def _name(path: str) -> str:
    """What to call a clip by its path."""
    parts = (path.rpartition(".")[0] or path).split("/")
    kept = [folder for folder, following in zip(parts, parts[1:], strict=False) if not following.startswith(folder)]
    return "/".join([*kept, parts[-1]])
