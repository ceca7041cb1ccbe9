"""Audio files with the class in their names, such as `7_jackson_32.wav` of the Free Spoken Digit Dataset."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from generate.readers.audio_folder.walk import find_audio_files
from generate.readers.collection.clips import Collection, clips_table
from generate.readers.collection.reader import Reader, ReaderOptions
from generate.runtime.os_compat import nfc

USED = frozenset({"label", "source", "fold"})
FIELDS = USED | {"take", "any"}


def recognises(folder: Path) -> bool:
    """Never: the pattern of the names cannot be guessed."""
    return False


def name_expression(pattern: str, *, greedy: bool = False) -> re.Pattern:
    """Turn `{label}_{source}_{take}` into a regular expression for the file name without its suffix.

    The fields are `label` (required), `source` (the recording, or the speaker), `fold`, and `take` and `any`, which are
    not used.

    Parameters
    ----------
    pattern : str
        Fields in braces; everything else is literal.
    greedy : bool
        Whether the first fields are as long as they can be, instead of as short.

    Returns
    -------
    re.Pattern
        With a group named for each field.

    Raises
    ------
    ValueError
        If a field is unknown or repeated, or `{label}` is missing.
    """
    pieces = re.split(r"\{(\w*)\}", nfc(pattern))
    fields = pieces[1::2]
    known = set(fields) <= FIELDS and len(fields) == len(set(fields))
    if not known or "label" not in fields:
        raise ValueError(
            "The name pattern must have {label} and, at most once each, {source} {fold} {take} {any}, such as "
            f'"{{label}}_{{source}}_{{take}}". Got {pattern!r}.'
        )
    any_text = ".+" if greedy else ".+?"
    return re.compile(
        "".join(f"(?P<{piece}>{any_text})" if number % 2 else re.escape(piece) for number, piece in enumerate(pieces))
    )


def read(folder: Path, options: ReaderOptions) -> Collection:
    """Read the label, and optionally the recording and fold, of each file from its name.

    Raises
    ------
    ValueError
        If the pattern is missing or invalid, or matches no file.
    """
    if not options.name_pattern:
        raise ValueError("The layout 'names' needs --name-pattern, such as --name-pattern \"{label}_{source}_{take}\".")
    expression = name_expression(options.name_pattern)
    paths, skipped = find_audio_files(folder)
    matches = {path: expression.fullmatch(nfc(path.rpartition("/")[2].rpartition(".")[0])) for path in paths}
    fitting = {path: match.groupdict() for path, match in matches.items() if match}
    if paths and not fitting:
        raise ValueError(
            f"The name pattern {options.name_pattern!r} matches no file, such as {paths[0].rpartition('/')[2]!r}."
        )
    if len(fitting) < len(paths):
        skipped["names that the pattern does not match"] += len(paths) - len(fitting)
    clips = clips_table(
        paths=list(fitting),
        labels=[found["label"] for found in fitting.values()],
        folds=[found.get("fold", "") for found in fitting.values()],
        sources=[found.get("source", "") for found in fitting.values()],
    )
    notes = _several_readings(fitting, name_expression(options.name_pattern, greedy=True))
    source = f"{{source}} in {options.name_pattern!r}" if "source" in expression.groupindex else ""
    return Collection(clips, skipped, recordings_from=source, notes=notes)


def _several_readings(fitting: Mapping[str, Mapping[str, str]], greedy: re.Pattern) -> list[str]:
    """A note of names that the pattern fits in more than one way, such as `great_tit_park_1`."""
    for path, found in fitting.items():
        stem = nfc(path.rpartition("/")[2].rpartition(".")[0])
        match = greedy.fullmatch(stem)
        others = {field: text for field, text in match.groupdict().items() if field in USED} if match else {}
        if any(found[field] != text for field, text in others.items()):
            readings = (", ".join(f"{field} {one[field]!r}" for field in others) for one in (found, others))
            return [
                f"the name pattern fits some names in several ways: {stem!r} is read as {next(readings)}, and could be "
                f"{next(readings)}; if that is meant, give a table (--labels), or other separators"
            ]
    return []


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
