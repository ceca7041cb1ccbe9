"""The reader of one layout of collections, and its options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from generate.readers.collection.clips import Collection
from generate.runtime.json_check import OF_ANNOTATION, check
from generate.runtime.one_or_several import as_tuple


@dataclass(frozen=True)
class ReaderOptions:
    """Options of the readers; `generate.readers.read` refuses those that the layout does not use.

    Parameters
    ----------
    subset : str
        Of the collection: `esc10` with the ESC-50 reader, `fault-filtered` with the GTZAN reader, else empty.
    source_pattern : str
        Regular expression for the original recording in the file name (every layout).
    name_pattern : str
        Such as `{label}_{source}_{take}` (reader `names`).
    labels : Path or None
        The table of labels (reader `csv`).
    file_column, label_column, fold_column, source_column : str
        Columns of that table, or of the annotations; empty: by their usual names.
    label_columns : tuple of str
        Of a table with several labels a clip: the column of each class, which holds 1 or 0 (reader `csv`).
    label_separator : str
        Of a table with several labels a clip: what separates them in the column of the label (reader `csv`).
    annotations : Path or None
        File or folder of annotations (reader `annotations`).
    """

    subset: str = ""
    source_pattern: str = ""
    name_pattern: str = ""
    labels: Path | None = None
    file_column: str = ""
    label_column: str = ""
    fold_column: str = ""
    source_column: str = ""
    label_columns: tuple[str, ...] = ()
    label_separator: str = ""
    annotations: Path | None = None

    def __post_init__(self) -> None:
        """Check the types, and accept a list of columns."""
        object.__setattr__(self, "label_columns", as_tuple(self.label_columns))
        texts = {f.name: OF_ANNOTATION[str(f.type)] for f in fields(self) if f.type in OF_ANNOTATION}
        check(vars(self), {}, optional=texts)


@dataclass(frozen=True)
class Reader:
    """One layout of an audio collection.

    Parameters
    ----------
    title : str
        The collection's name, or what the layout is.
    recognises : callable
        `recognises(folder: Path) -> bool`, fast and without opening an audio file.
    reads_table : callable
        `reads_table(path: Path) -> bool`: whether `--labels` names a table of this layout, and not any table.
    read : callable
        `read(folder: Path, options: ReaderOptions) -> Collection`; raises `ValueError` where the folder
        or an option does not fit.
    options : frozenset of str
        The fields of `ReaderOptions` that it uses, without `source_pattern`, which every layout uses.
    defaults : Mapping
        Defaults of settings for this layout, such as `{"seconds": 4.0}`.
    citation, licence : str
        How to cite the collection and under what terms it may be used.
    class_groups : Mapping of str to sequence of str
        Classes that its authors put together, by the name of the group; empty where they did not.
    url : str
        URL of the published archive; empty where there is none.
    md5 : tuple of str
        All published MD5 sums of the archive; empty: not known.
    archive_folder : str
        The folder inside the archive that holds the collection.
    download_size_mb : int
        Approximate size of the archive in megabytes.
    known_broken : Mapping
        `clip_id` to a reason, for files that are broken in the published archive.
    class_from, fold_from, recording_from : str
        Where they come from, for the plan: words that follow "from".
    """

    title: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, ReaderOptions], Collection]
    reads_table: Callable[[Path], bool] = lambda path: False
    options: frozenset[str] = frozenset()
    defaults: Mapping[str, object] = field(default_factory=dict)
    citation: str = ""
    licence: str = ""
    class_groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    url: str = ""
    md5: Sequence[str] = ()
    archive_folder: str = ""
    download_size_mb: int = 0
    known_broken: Mapping[str, str] = field(default_factory=dict)
    class_from: str = ""
    fold_from: str = ""
    recording_from: str = ""

    @property
    def is_published(self) -> bool:
        """Whether it is a published collection, with layout and tables of its own."""
        return bool(self.citation)


def origins_text(reader: Reader, collection: Collection, options: ReaderOptions) -> str:
    """Where class, fold and recording come from: "class from the folder; no folds; ...".

    Parameters
    ----------
    reader : Reader
    collection : Collection
        As it was read, before recordings are split into pieces.
    options : ReaderOptions
        That it was read with.
    """
    clips = collection.clips
    parts = [f"class from {reader.class_from}"]
    parts.append(f"fold from {reader.fold_from or 'the folder'}" if (clips["fold"] != "").any() else "no folds")
    if (clips["split"] != "").any():
        parts.append(f"split from {'its table' if reader.is_published else 'the top folder'}")
    if (clips["source_id"] != clips["clip_id"]).any():
        told = "--source-pattern" if options.source_pattern else reader.recording_from
        parts.append(f"recording from {told}")
    elif reader.is_published:
        parts.append("each file is its own recording")
    else:
        parts.append("each file is its own recording (--source-pattern tells which belong together)")
    return "; ".join(parts)
