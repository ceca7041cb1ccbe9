"""Which audio file each annotation is of."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from generate.readers.annotations.events import AnnotationFile
from generate.readers.audio_folder.found_by_name import find_by_name
from generate.runtime.os_compat import nfc
from generate.runtime.wording import count, listed

WORDS = frozenset(
    ("annotation", "annotations", "audacity", "birdnet", "detection", "detections", "event", "events", "label")
    + ("labels", "raven", "region", "regions", "result", "results", "selection", "selections", "table")
)
"""What may follow the name of a recording after `_`, `-` or a space: `dawn_labels.txt` is of `dawn.wav`, but
`dawn_chorus.txt` and `dawn_2.txt` are of other recordings."""
MAX_LISTED = 3
_OUTWARDS = re.compile(r"^(?:\.\.?/)+")


class Found(NamedTuple):
    """The recordings of annotation files.

    Parameters
    ----------
    audio_files : dict of (str, str) to str
        Annotation file, and recording as it names it (empty: it is named after it), to the audio file.
    missing : dict of str to str
        Recordings that a file names and that are not there, and why.
    notes : list of str
        Of recordings that are in other folders than those that are named.
    """

    audio_files: dict[tuple[str, str], str]
    missing: dict[str, str]
    notes: list[str]


def find_recordings(
    files: Mapping[str, AnnotationFile], audio_files: Sequence[str], *, folder: str = "", place: str = ""
) -> Found:
    """Find the recording of each annotation file, and those that it names.

    Recorders give recordings of several sites one name, so the folder counts: the one that is named with the
    recording, else that of the annotation file. Where it holds recordings, one that is not in it is missing. Otherwise
    a recording is found by its name (see `find_by_name`).

    Parameters
    ----------
    files : Mapping of str to AnnotationFile
        By their paths, with `/`.
    audio_files : sequence of str
        Relative to the audio folder, with `/`.
    folder : str
        The absolute path of the audio folder, with `/`, with which the paths of recordings may agree.
    place : str
        The folder of the annotations relative to the audio folder; empty: they are that one, or elsewhere.

    Raises
    ------
    ValueError
        If no audio file, or several, are called as an annotation file that names none.
    """
    audio = _Audio(audio_files, folder)
    found: dict[tuple[str, str], str] = {}
    named: dict[tuple[str, str], str] = {}
    left: dict[tuple[str, str], str] = {}
    for path, content in files.items():
        within = path.rpartition("/")[0]
        folders = list(dict.fromkeys([nfc(f"{place}/{within}").strip("/"), nfc(within)]))
        if not content.recordings:
            found[path, ""] = _of_its_name(path, folders, audio)
        for name in content.recordings:
            key = path, name
            named[key] = wanted = _OUTWARDS.sub("", nfc(name.strip().replace("\\", "/")))
            its_folder = wanted.rpartition("/")[0]
            beside = [f"{own}/{wanted}" for own in folders if own]
            is_held = audio.are_in([its_folder] if its_folder else folders)
            if at := audio.at(beside if is_held and not its_folder else [*beside, wanted]):
                found[key] = at
            elif not is_held:
                left[key] = wanted if its_folder or not beside else beside[0]
    taken = set(found.values())
    elsewhere, why_not = find_by_name(sorted(set(left.values())), [file for file in audio_files if file not in taken])
    moved = {key: elsewhere[wanted] for key, wanted in left.items() if wanted in elsewhere}
    missing = {}
    for key, wanted in named.items():
        if key not in found and key not in moved:
            same = listed(map(repr, audio.by_name.get(_name(wanted), [])))
            why = why_not.get(left.get(key, "")) or (f"{same} has its name, in another folder" if same else "")
            missing[key[1]] = f"named in {key[0]}, but not there" + (f": {why}" if why else "")
    return Found(found | moved, missing, _notes({key[1]: at for key, at in moved.items() if "/" in named[key]}))


class _Audio:
    """Audio files by their names, and by what their absolute paths end with."""

    def __init__(self, audio_files: Sequence[str], folder: str) -> None:
        self._by_path = {nfc(path): path for path in audio_files}
        above = nfc(folder).strip("/")
        self._absolute = {path: f"/{above}/{own}" for own, path in self._by_path.items()}
        self._folders = {end for path in self._absolute.values() for end in _ends(path.rpartition("/")[0])}
        self.by_name: dict[str, list[str]] = defaultdict(list)
        self.by_stem: dict[str, list[str]] = defaultdict(list)
        for path in audio_files:
            name = _name(path)
            self.by_name[name].append(path)
            for key in {name.casefold(), os.path.splitext(name.casefold())[0]}:
                self.by_stem[key].append(path)

    def at(self, wanted: Iterable[str]) -> str:
        """The file at the first of several paths where one is, or the only one that ends so; empty: there is none.

        Names without a suffix, and in another case, match where no other does.
        """
        for path in wanted:
            folder, _, name = path.strip("/").rpartition("/")
            end = f"/{folder}" if folder else ""
            of_name = self.by_name.get(name) or self.by_stem.get(name.casefold(), [])
            files = [file for file in of_name if self._absolute[file].rpartition("/")[0].endswith(end)]
            if path in self._by_path or len(files) == 1:
                return self._by_path.get(path) or files[0]
        return ""

    def are_in(self, folders: Iterable[str]) -> bool:
        """Whether one of the folders holds audio files."""
        return any(folder.strip("/") in self._folders for folder in folders if folder)


def _ends(folder: str) -> list[str]:
    parts = folder.strip("/").split("/")
    return ["/".join(parts[k:]) for k in range(len(parts))]


def _name(path: str) -> str:
    return nfc(path.rpartition("/")[2])


def _notes(moved: Mapping[str, str]) -> list[str]:
    if not moved:
        return []
    name = min(moved)
    return [
        f"{count(len(moved), 'recording')} found by name in other folders than the annotations name, such as {name!r} "
        f"at {moved[name]!r}"
    ]


def _of_its_name(path: str, folders: Sequence[str], audio: _Audio) -> str:
    """The audio file that an annotation file is named after: the longest name that it begins with."""
    stem = os.path.splitext(_name(path))[0].casefold()
    for length in range(len(stem), 0, -1):
        candidates, rest = audio.by_stem.get(stem[:length], []), stem[length:]
        if not candidates or rest[:1] not in ("", ".", "_", "-", " "):
            continue
        if not _is_of_recording(rest):
            break
        beside = [file for file in candidates if nfc(file.rpartition("/")[0]) in folders]
        if not beside and audio.are_in(folders):
            break
        if len(candidates) == 1 or len(beside) == 1:
            return (beside or candidates)[0]
        raise ValueError(
            f"{path!r} must be the annotations of one recording. Got {len(candidates)} of that name: "
            f"{', '.join(map(repr, candidates[:MAX_LISTED]))}. Put it beside its recording, or add a column `file`."
        )
    raise ValueError(
        f"{path!r} must be named after its recording, such as monday.txt, monday_labels.txt or "
        "monday.Table.1.selections.txt for monday.wav, or have a column `file`. There is no audio file of its name. "
        "Rename it, or add its recording."
    )


def _is_of_recording(rest: str) -> bool:
    """Whether an annotation file may add this to the name of its recording, and no other recording is called so."""
    if rest.startswith("."):
        return not rest[1:2].isdigit()
    return not rest or all(word in WORDS for word in re.split(r"[ ._-]+", rest[1:]))
