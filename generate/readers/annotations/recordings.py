"""Which audio file each annotation is of."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence

from generate.readers.annotations.events import AnnotationFile
from generate.readers.audio_folder.found_by_name import find_by_name
from generate.runtime.os_compat import nfc

ENDINGS = ("", ".", "_", "-", " ")
"""What may follow the name of a recording in that of its annotation file: `a.txt`, `a.Table.1.selections.txt`,
`a_labels.txt`."""
MAX_LISTED = 3


def find_recordings(
    files: Mapping[str, AnnotationFile], audio_files: Sequence[str]
) -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    """Find the recording of each annotation file, and those that it names.

    Parameters
    ----------
    files : Mapping of str to AnnotationFile
        By their paths, with `/`.
    audio_files : sequence of str
        Relative to the audio folder, with `/`.

    Returns
    -------
    found : dict of (str, str) to str
        Annotation file, and recording as it names it (empty: it is named after it), to the audio file.
    missing : dict of str to str
        Recordings that a file names and that are not there, and why.

    Raises
    ------
    ValueError
        If no audio file, or several, are called as an annotation file that names none.
    """
    found: dict[tuple[str, str], str] = {}
    missing: dict[str, str] = {}
    stems = _by_stem(audio_files)
    for path, content in files.items():
        if not content.recordings:
            found[path, ""] = _of_its_name(path, stems)
            continue
        for name, audio_file in _named(content.recordings, audio_files).items():
            if audio_file:
                found[path, name] = audio_file
        for name in content.recordings:
            if (path, name) not in found:
                missing[name] = f"named in {path}, but not there"
    return found, missing


def _named(names: Sequence[str], audio_files: Sequence[str]) -> dict[str, str]:
    """The audio file of each name: at its path, else by its name."""
    by_path = {nfc(path): path for path in audio_files}
    plain = {name: nfc(name.strip().replace("\\", "/")) for name in names}
    found = {name: by_path[path] for name, path in plain.items() if path in by_path}
    others = sorted({path for name, path in plain.items() if name not in found})
    elsewhere, _ = find_by_name(others, list(audio_files))
    return found | {name: elsewhere[path] for name, path in plain.items() if name not in found and path in elsewhere}


def _by_stem(audio_files: Sequence[str]) -> dict[str, list[str]]:
    """Audio files by their names, with and without the suffix, in lower case."""
    stems: dict[str, list[str]] = defaultdict(list)
    for path in audio_files:
        name = nfc(path.rpartition("/")[2]).casefold()
        for key in {name, os.path.splitext(name)[0]}:
            stems[key].append(path)
    return stems


def _of_its_name(path: str, stems: Mapping[str, Sequence[str]]) -> str:
    """The audio file that an annotation file is named after: the longest name that it begins with."""
    folder, _, name = path.rpartition("/")
    stem = nfc(os.path.splitext(name)[0]).casefold()
    for length in range(len(stem), 0, -1):
        candidates = stems.get(stem[:length], [])
        if candidates and (length == len(stem) or stem[length] in ENDINGS[1:]):
            if stem[length + 1 :].isdigit():  # site_2.txt is of site_2.wav, not of site.wav
                break
            beside = [candidate for candidate in candidates if candidate.rpartition("/")[0] == folder]
            if len(candidates) == 1 or len(beside) == 1:
                return (beside or candidates)[0]
            raise ValueError(
                f"{path!r} must be the annotations of one recording. Got {len(candidates)} of that name: "
                f"{', '.join(map(repr, candidates[:MAX_LISTED]))}. Put it beside its recording, or add a column `file`."
            )
    raise ValueError(
        f"{path!r} must be named after its recording, such as monday.txt or monday.Table.1.selections.txt for "
        "monday.wav, or have a column `file`. There is no audio file of its name. Rename it, or add its recording."
    )
