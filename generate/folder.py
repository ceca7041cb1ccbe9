"""The picture folder: who may write into it, and what stands in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

import pandas as pd
from filelock import FileLock, Timeout

from generate import manifest, mp3, png
from generate.picture_name import FANNED, SUFFIX
from generate.systems import composed, holds_something, is_of_the_system, remove_empty

LOCK = ".lock"
TABLES = (manifest.METADATA, manifest.REJECTED, manifest.SETTINGS, manifest.JOURNAL)
PAGE = "index.html"
LEVELS = ".levels-"
"""How files of `train.levels_on_disk` begin, which hold what the pictures show."""
COUNTED = ".started/"
"""Where a run on a cluster counts the clips that its workers began; see `generate.cluster`."""
OWN_LEVELS = re.compile(re.escape(LEVELS) + r"[0-9a-f]{1,16}\.npy(\.\d+\.tmp|\.lock|\.holder)?")
"""What they are called, and what stands beside them while one is made."""
SOUND_SUFFIX = ".mp3"
"""Of the sounds that stand beside some pictures: the format that every browser plays."""
TEMPORARY = re.compile(rf"(.+\.(png|mp3)|{'|'.join(map(re.escape, [*TABLES, PAGE]))})\.\d+\.tmp")
"""What a file is called that is not whole yet; see `whole_file`."""


def check_ours(images: Path) -> None:
    """See that a folder is new, or was made by this program.

    Parameters
    ----------
    images : Path
        The picture folder, which need not exist.

    Raises
    ------
    ValueError
        If it is a file, or holds something else.
    """
    if not images.exists():
        return
    if not images.is_dir():
        raise ValueError(f"{str(images)!r} is a file; give a folder for the pictures.")
    if (images / manifest.SETTINGS).exists():
        manifest.read_settings(images / manifest.SETTINGS)
        return
    foreign = sorted(
        name
        for name in os.listdir(images)
        if name != LOCK and not TEMPORARY.fullmatch(name) and not is_of_the_system(name)
    )
    if foreign:
        raise ValueError(
            f"{str(images)!r} holds {foreign[0]!r} and no {manifest.SETTINGS}, so this program did not make it; give "
            "another OUTPUT."
        )


def check_finished(images: Path) -> None:
    """See that a folder holds pictures that this program made; nothing is written.

    Parameters
    ----------
    images : Path

    Raises
    ------
    FileNotFoundError
        If it lacks a table of a finished run.
    """
    for name in (manifest.SETTINGS, manifest.METADATA):
        if not (images / name).is_file():
            raise FileNotFoundError(
                f"The folder {str(images)!r} holds no {name}; give a folder of pictures. To make one: "
                "python -m generate SOUNDS"
            )


def check_settings(images: Path, wanted: Mapping[str, object]) -> None:
    """See that a folder is new, or was made with the same settings.

    Parameters
    ----------
    images : Path
        The picture folder, which need not exist.
    wanted : Mapping
        What `settings.json` would hold.

    Raises
    ------
    ValueError
        If the folder holds something else, or pictures of other settings; both are named.
    """
    check_ours(images)
    if not (images / manifest.SETTINGS).exists():
        return
    there = manifest.read_settings(images / manifest.SETTINGS)
    collections = [dict(side.get("collection", {})) for side in (there, wanted)]
    for name in ("layout", "subset", "labels", "source_pattern", "name_pattern", "source_column"):
        before, now = (collection.get(name, "") for collection in collections)
        if before != now:
            raise ValueError(
                f"{str(images)!r} holds pictures of a collection that was read in another way: {name} is {before!r} "
                f"there and {now!r} here. Give the same, another OUTPUT, or replace the pictures with --overwrite."
            )
    before, now = (bool(side.get("fan_out", False)) for side in (there, wanted))
    if before != now:
        ways = {True: "in folders of two digits below each class (--fan-out)", False: "straight in the class folders"}
        raise ValueError(
            f"{str(images)!r} holds its pictures {ways[before]}, and this run would put them {ways[now]}. Give the "
            "same, another OUTPUT, or replace the pictures with --overwrite."
        )
    if there["fingerprint"] != wanted["fingerprint"]:
        raise ValueError(
            f"{str(images)!r} holds pictures of other settings: {_differences(there, wanted)}. Give another OUTPUT, "
            "the same settings, or replace the pictures with --overwrite."
        )


def _differences(there: Mapping, wanted: Mapping) -> str:
    """Both sides of every setting that is not the same."""
    before = {**there["settings"], "engine": there.get("engine")}
    now = {**wanted["settings"], "engine": wanted.get("engine")}
    pairs = [
        f"{name} is {before.get(name)} there and {now.get(name)} here"
        for name in now
        if name not in ("variants", "class_variants") and before.get(name) != now.get(name)
    ]
    return "; ".join(pairs) or "they were rendered by another version of this program or of a variants file"


@contextmanager
def locked(images: Path) -> Iterator[None]:
    """Make the folder and keep other runs out of it.

    Raises
    ------
    ValueError
        If another run is at work in it.
    """
    images.mkdir(parents=True, exist_ok=True)
    lock = FileLock(images / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ValueError(f"Another run is at work in {str(images)!r}; wait for it, or give another OUTPUT.") from None
    try:
        yield
    finally:
        lock.release()


def list_pictures(images: Path) -> frozenset[str]:
    """All PNG files of the classes, by their names in the folder; empty ones, of a power cut, do not count."""
    return frozenset(name for name, file in _files(images) if name.endswith(SUFFIX) and _n_bytes(file))


def list_sounds(images: Path) -> frozenset[str]:
    """All sounds that this program wrote beside pictures, by their names in the folder.

    Parameters
    ----------
    images : Path
        The picture folder, which need not exist.
    """
    return frozenset(name for name, file in _files(images) if name.endswith(SOUND_SUFFIX) and mp3.is_ours(file.path))


def sound_of(picture: str) -> str:
    """Name of the sound of a picture, by the picture's name."""
    return picture.removesuffix(SUFFIX) + SOUND_SUFFIX


def named_pictures(images: Path) -> frozenset[str]:
    """The pictures that the tables of a folder name; none where those cannot be read (`--overwrite` mends that)."""
    try:
        return frozenset(known_pictures(images)["file_name"])
    except (ValueError, OSError):
        return frozenset()


def known_pictures(images: Path) -> pd.DataFrame:
    """Rows of the pictures that were noted, by a finished run or by one that was stopped.

    Parameters
    ----------
    images : Path
        The picture folder, which need not exist.

    Returns
    -------
    pandas.DataFrame
        Columns `manifest.COLUMNS`; where a picture has two rows, the last one holds.
    """
    tables = []
    if (images / manifest.METADATA).exists():
        tables.append(manifest.read_metadata(images / manifest.METADATA))
    if (images / manifest.JOURNAL).exists():
        tables.append(manifest.read_journal(images / manifest.JOURNAL))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(manifest.COLUMNS))


def remove_temporary(images: Path) -> None:
    """Remove what a run that was killed had not finished writing."""
    for name, file in _files(images):
        if TEMPORARY.fullmatch(file.name) and not _is_behind_a_link(images, name):
            (images / name).unlink(missing_ok=True)
    for path in images.glob("*.tmp"):
        if TEMPORARY.fullmatch(path.name):
            path.unlink(missing_ok=True)


def remove_levels(images: Path) -> None:
    """Remove what training made of pictures that are no longer those of the folder."""
    for path in images.glob(f"{LEVELS}*"):
        if not OWN_LEVELS.fullmatch(path.name):
            continue
        with suppress(PermissionError):  # on Windows, while it is trained from; nothing else will open it
            path.unlink(missing_ok=True)


def sort_out(images: Path, file_names: Iterable[str], known: Set[str]) -> tuple[list[str], list[str]]:
    """Tell the pictures that may be removed from those that are somebody else's.

    Parameters
    ----------
    images : Path
        The picture folder.
    file_names : iterable of str
        As `list_pictures` gives them.
    known : set of str
        Pictures that a row of `metadata.csv` or of the journal names, or that this run was to draw.

    Returns
    -------
    own, foreign : list of str
        Own are those that are known, lie behind no link, and say themselves what they are called. A copy that the user
        put into another place is foreign.
    """
    own, foreign = [], []
    for name in sorted(file_names):
        is_own = name in known and not _is_behind_a_link(images, name) and png.is_named(images / name)
        (own if is_own else foreign).append(name)
    return own, foreign


def remove_pictures(images: Path, own: Iterable[str]) -> None:
    """Remove pictures, the sounds that this program wrote beside them, and the folders that this empties.

    Parameters
    ----------
    images : Path
        The picture folder.
    own : iterable of str
        As `sort_out` gives them.
    """
    own = list(own)
    for name in own:
        (images / name).unlink(missing_ok=True)
        sound = images / sound_of(name)
        if not sound.is_symlink() and mp3.is_ours(sound):
            sound.unlink(missing_ok=True)
    emptied = {parent for name in own for parent in PurePosixPath(name).parents[:-1]}
    for folder in sorted(emptied, reverse=True):  # the deeper ones first
        if (images / folder).is_dir() and not holds_something(images / folder):
            remove_empty(images / folder)


def foreign_files(images: Path, known: Set[str]) -> list[str]:
    """What lies in a picture folder that this program did not put there; links to folders are not followed.

    Parameters
    ----------
    images : Path
        The picture folder, which need not exist.
    known : set of str
        Its pictures; see `sort_out`.

    Returns
    -------
    list of str
        Relative to the folder, with `/`, sorted.
    """
    linked = {parent for name in known for parent in map(str, PurePosixPath(name).parents)}
    found = []
    for place, folders, files in os.walk(images):
        inside = composed(Path(place).relative_to(images).as_posix())
        prefix = "" if inside == "." else f"{inside}/"
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        found += [name for name in (prefix + composed(link) for link in links) if name not in linked]
        found += [prefix + composed(name) for name in files if not _is_own(images, prefix + composed(name), known)]
    return sorted(found)


def _is_own(images: Path, name: str, known: Set[str]) -> bool:
    """Whether a file is one that this program, or the system, puts into a picture folder."""
    file = name.rpartition("/")[2]
    if is_of_the_system(file) or TEMPORARY.fullmatch(file) or name.startswith(COUNTED):
        return True
    if "/" not in name:
        return file in (LOCK, PAGE, *TABLES) or OWN_LEVELS.fullmatch(file) is not None
    if name.endswith(SOUND_SUFFIX):
        return name.removesuffix(SOUND_SUFFIX) + SUFFIX in known and mp3.is_ours(images / name)
    return name in known


def _is_behind_a_link(images: Path, name: str) -> bool:
    """Whether a picture, or a folder between it and the picture folder, is a link."""
    return any((images / part).is_symlink() for part in (name, *PurePosixPath(name).parents[:-1]))


def clear(images: Path, own: Iterable[str]) -> None:
    """Remove what this program made in the folder (`--overwrite`), but for `settings.json`.

    That one says whose folder it is, and is replaced in one step afterwards.

    Parameters
    ----------
    images : Path
        The picture folder.
    own : iterable of str
        Its pictures, as `sort_out` gives them.
    """
    # The tables go last: if this is cut short, they still say which pictures are this program's.
    remove_pictures(images, own)
    for name in (manifest.METADATA, manifest.JOURNAL, manifest.REJECTED, PAGE):
        (images / name).unlink(missing_ok=True)


def _files(images: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """What lies in the class folders and in those that `--fan-out` makes in them, with its name in the folder."""
    # All names that this program writes are composed; some disks of macOS give them back decomposed.
    classes = _folders(images) if images.is_dir() else []
    for a_class in classes:
        with os.scandir(a_class.path) as files:
            for file in files:
                if FANNED.fullmatch(file.name) and file.is_dir():
                    with os.scandir(file.path) as fanned:
                        yield from ((composed(f"{a_class.name}/{file.name}/{entry.name}"), entry) for entry in fanned)
                else:
                    yield composed(f"{a_class.name}/{file.name}"), file


def _folders(images: Path) -> list[os.DirEntry[str]]:
    with os.scandir(images) as entries:
        return [entry for entry in entries if entry.is_dir() and not entry.name.startswith(".")]


def _n_bytes(file: os.DirEntry[str]) -> int:
    """Size of a file; 0 of a link that leads nowhere and of a folder, neither of which is a picture."""
    try:
        return file.stat().st_size if file.is_file() else 0
    except OSError:
        return 0
