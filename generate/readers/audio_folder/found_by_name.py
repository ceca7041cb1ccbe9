"""Find audio files by their names, where a table names other folders than they are in."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from generate.audio.formats import AUDIO_SUFFIXES
from generate.runtime.os_compat import nfc

MAX_LISTED = 2


def find_by_name(wanted: Sequence[str], audio_files: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Find the file that each path of a table means, by its name.

    Of several files with the name, the one that shares most parent folders with the path is taken, or the one below
    whose folder all others lie (`audio/x.wav` before `audio/16000/x.wav`); else none. Names that differ in case, and
    names without a suffix, match where nothing else does. No file is taken twice.

    Parameters
    ----------
    wanted : sequence of str
        Paths of a table that do not exist, each once, with `/`.
    audio_files : sequence of str
        Candidates, relative to the audio folder.

    Returns
    -------
    found : dict of str to str
        Path of the table to file.
    reasons : dict of str to str
        Path of the table to the reason why none was taken, where a file has its name.
    """
    found: dict[str, str] = {}
    reasons: dict[str, str] = {}
    left, free = list(wanted), list(audio_files)
    for key in (_name, _name_in_any_case, _stem):
        of_name = _grouped(free, key)
        chosen, left_after = {}, []
        for path in left:
            suffix = os.path.splitext(path)[1].lower()
            if key is _stem and suffix in AUDIO_SUFFIXES:
                continue  # another format under that name may be another recording
            # A name without a suffix is all stem.
            candidates = of_name.get(_name(path) if key is _stem else key(path), [])
            best = _best(path, candidates)
            if best:
                chosen[path] = best
            elif candidates:
                reasons[path] = f"{len(candidates)} files have its name: {_some(candidates)}"
            else:
                left_after.append(path)
        claims = Counter(chosen.values())
        for path, file in chosen.items():
            if claims[file] == 1:
                found[path] = file
            else:
                reasons[path] = f"{file!r} has its name, and so have {claims[file]} rows of the table"
        taken = set(claims)
        left, free = left_after, [file for file in free if file not in taken]
    return found, reasons


def _best(path: str, candidates: Sequence[str]) -> str:
    """The one of several files with the name that a path means, or empty."""
    if len(candidates) < 2:
        return candidates[0] if candidates else ""
    shared = {file: _n_shared_folders(path, file) for file in candidates}
    most = max(shared.values())
    closest = [file for file in candidates if shared[file] == most]
    if most and len(closest) == 1:
        return closest[0]
    top = min(closest, key=lambda file: file.count("/"))
    folder = top[: top.rfind("/") + 1]
    are_below = all(file.startswith(folder) and file.count("/") > top.count("/") for file in closest if file != top)
    return top if are_below else ""


def _n_shared_folders(path: str, file: str) -> int:
    """How many parent folders are the same, from the name upwards."""
    n = 0
    for one, other in zip(_folders(path), _folders(file), strict=False):
        if one != other:
            break
        n += 1
    return n


def _folders(path: str) -> list[str]:
    return nfc(path).casefold().split("/")[-2::-1]


def _grouped(files: Iterable[str], key: Callable[[str], str]) -> Mapping[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for file in files:
        groups[key(file)].append(file)
    return groups


def _name(path: str) -> str:
    return nfc(path.rpartition("/")[2])


def _name_in_any_case(path: str) -> str:
    return _name(path).casefold()


def _stem(path: str) -> str:
    return os.path.splitext(_name(path))[0]


def _some(files: Sequence[str]) -> str:
    return ", ".join(map(repr, sorted(files)[:MAX_LISTED])) + (" ..." if len(files) > MAX_LISTED else "")
