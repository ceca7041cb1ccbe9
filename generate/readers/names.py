"""Sounds whose file names tell their class, such as `7_jackson_32.wav` of the Free Spoken Digit Dataset."""

from __future__ import annotations

import re
from pathlib import Path

from generate.readers.collection import Collection, Reader, ReaderOptions, clips_table
from generate.readers.walk import find_audio_files
from generate.runtime.os_compat import nfc

FIELDS = frozenset({"label", "source", "fold", "take", "any"})


def recognises(folder: Path) -> bool:
    """Never: a name's pattern cannot be guessed."""
    return False


def name_expression(pattern: str) -> re.Pattern:
    """Turn `{label}_{source}_{take}` into a regular expression on the file name without its ending.

    The fields are `label` (must be there), `source` (the recording, or who spoke), `fold`, and `take` and `any`,
    which are read and not used.

    Parameters
    ----------
    pattern : str
        Fields in braces; all else stands for itself.

    Returns
    -------
    re.Pattern
        With a group named for each field.

    Raises
    ------
    ValueError
        If a field is not known or stands twice, or `{label}` is not there.
    """
    pieces = re.split(r"\{(\w*)\}", nfc(pattern))
    fields = pieces[1::2]
    known = set(fields) <= FIELDS and len(fields) == len(set(fields))
    if not known or "label" not in fields:
        raise ValueError(
            f"The name pattern is {pattern!r}; expected {{label}} and, once each at most, "
            '{source} {fold} {take} {any}, such as "{label}_{source}_{take}".'
        )
    expression = "".join(f"(?P<{piece}>.+?)" if number % 2 else re.escape(piece) for number, piece in enumerate(pieces))
    return re.compile(expression)


def read(folder: Path, options: ReaderOptions) -> Collection:
    """Read the label, and if they are there the recording and fold, of each sound from its name.

    Raises
    ------
    ValueError
        If the pattern is missing or wrong, or fits no file.
    """
    if not options.name_pattern:
        raise ValueError("The layout 'names' needs --name-pattern, such as --name-pattern \"{label}_{source}_{take}\".")
    expression = name_expression(options.name_pattern)
    paths, skipped = find_audio_files(folder)
    matches = {path: expression.fullmatch(nfc(path.rpartition("/")[2].rpartition(".")[0])) for path in paths}
    fitting = {path: match.groupdict() for path, match in matches.items() if match}
    if paths and not fitting:
        raise ValueError(
            f"The name pattern {options.name_pattern!r} fits no file, such as {paths[0].rpartition('/')[2]!r}."
        )
    if len(fitting) < len(paths):
        skipped["names that the pattern does not fit"] += len(paths) - len(fitting)
    clips = clips_table(
        paths=list(fitting),
        labels=[found["label"] for found in fitting.values()],
        folds=[found.get("fold", "") for found in fitting.values()],
        sources=[found.get("source", "") for found in fitting.values()],
    )
    told = f"{{source}} in {options.name_pattern!r}" if "source" in expression.groupindex else ""
    return Collection(clips, skipped, recordings_from=told)


READER = Reader(
    title="classes in the file names",
    recognises=recognises,
    read=read,
    options=frozenset({"name_pattern"}),
    defaults={"long": "split"},
    class_from="the file's name",
    fold_from="the file's name",
    recording_from="the file's name",
)
