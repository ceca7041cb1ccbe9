"""`--source-pattern`: the original recording from the file name, for every layout."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from generate.readers.collection.clips import Collection
from generate.runtime.os_compat import nfc
from generate.runtime.safe_names import printable
from generate.runtime.wording import count


def with_source_pattern(collection: Collection, pattern: str) -> Collection:
    """Replace the recordings of a collection by what a pattern matches in the file names.

    The first group of the pattern (or, without a group, the whole match) is the recording. Where the pattern does not
    match, the recording stays.

    Parameters
    ----------
    collection : Collection
    pattern : str
        A regular expression.

    Returns
    -------
    Collection
        With another `source_id`, and notes of what the pattern replaces and where it does not match.

    Raises
    ------
    ValueError
        If it is not a regular expression, or matches no name.
    """
    found = sources_in_names(list(collection.clips["path"]), pattern)
    own = list(collection.clips["source_id"])
    notes = list(collection.notes)
    if collection.recordings_from:
        notes.append(f"recordings by --source-pattern, and not from {collection.recordings_from}")
    n_without = found.count("")
    if n_without:
        stays = f"the recording stays that of {collection.recordings_from}" if collection.recordings_from else ""
        kept = stays or f"{'it is its' if n_without == 1 else 'each is its'} own recording"
        notes.append(f"--source-pattern does not match {count(n_without, 'name')}; {kept}")
    sources = [source or before for source, before in zip(found, own, strict=True)]
    clips = collection.clips.assign(source_id=pd.Series(sources, index=collection.clips.index, dtype=object))
    return replace(collection, clips=clips, notes=notes)


def sources_in_names(paths: Sequence[str], pattern: str) -> list[str]:
    """The recording of each file by its name; empty where the pattern does not match."""
    sources = [source_in_name(path, pattern) for path in paths]
    if paths and not any(sources):
        raise ValueError(
            f"--source-pattern must match file names, such as {paths[0].rpartition('/')[2]!r}. Got {pattern!r}, which "
            "matches none."
        )
    return sources


def source_in_name(path: str, pattern: str) -> str:
    """The recording of a file by its name; empty without a pattern, and where it does not match.

    Parameters
    ----------
    path : str
        With `/`.
    pattern : str
        As in `with_source_pattern`; empty: none.

    Raises
    ------
    ValueError
        If it is not a regular expression.
    """
    if not pattern:
        return ""
    try:
        compiled = re.compile(nfc(pattern))
    except re.error as error:
        raise ValueError(f"--source-pattern must be a regular expression. Got {pattern!r}: {error}.") from None
    match = compiled.search(nfc(path.rpartition("/")[2]))
    return nfc(printable((match[1] if compiled.groups else match[0]) or "")) if match else ""
