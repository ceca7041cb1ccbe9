"""The tree of folders with audio files, and whether the folders are classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from generate.readers.audio_folder.folder_names import fold_of, is_not_a_class, split_of

MOST_OUTSIDE = 0.05
"""Fraction of the audio files that may lie outside the class folders and be left out with a note, such as a demo. More
files belong to something that was not understood."""


@dataclass
class Branch:
    """One folder of the top level, with audio somewhere in it.

    Parameters
    ----------
    n_files : int
        Audio files in it, at any depth.
    n_direct : int
        Audio files directly in it.
    below : Counter
        Its own folders, with the number of their audio files at any depth.
    """

    n_files: int = 0
    n_direct: int = 0
    below: Counter = field(default_factory=Counter)


@dataclass
class Tree:
    """The audio files of a folder, by its folders.

    Parameters
    ----------
    loose : list of str
        Audio files directly in it.
    folders : dict of str to Branch
        By name, sorted.
    """

    loose: list[str]
    folders: dict[str, Branch]

    @property
    def n_files(self) -> int:
        """All audio files."""
        return len(self.loose) + sum(branch.n_files for branch in self.folders.values())


def look(paths: Iterable[str]) -> Tree:
    """Group paths by their folders.

    Parameters
    ----------
    paths : iterable of str
        Of audio files, with `/`, as `find_audio_files` returns them.
    """
    loose: list[str] = []
    folders: dict[str, Branch] = {}
    for path in paths:
        top, slash, rest = path.partition("/")
        if not slash:
            loose.append(path)
            continue
        branch = folders.setdefault(top, Branch())
        branch.n_files += 1
        second, slash, _ = rest.partition("/")
        if slash:
            branch.below[second] += 1
        else:
            branch.n_direct += 1
    return Tree(loose, dict(sorted(folders.items())))


def judge(tree: Tree) -> tuple[str, str]:
    """Decide whether the folders are classes, splits or folds.

    Parameters
    ----------
    tree : Tree

    Returns
    -------
    layout : str
        `folders`, `splits` or `folds`; empty where it is not certain.
    why : str
        The reason then, as the end of a sentence.
    """
    names = list(tree.folders)
    if not names:
        return "", "it has no class folders; its audio files lie directly in it"
    for layout, value_of, what in (
        ("splits", split_of, "splits"),
        ("folds", fold_of, "folds"),
    ):
        named = {name: branch for name, branch in tree.folders.items() if value_of(name)}
        if len({value_of(name) for name in named}) < 2:
            continue
        same = have_the_same_classes(list(named.values()))
        if len(named) == len(names):
            if same and is_little(len(tree.loose), tree.n_files):
                return layout, ""
            return "", f"its folders are named as {what} ({some(names)}), and not by classes that they all have"
        if same or 2 * len(named) >= len(names):
            others = [name for name in names if name not in named]
            return "", f"some of its folders are named as {what} ({some(list(named))}) and some not ({some(others)})"
    if all(map(is_not_a_class, names)):
        return "", (
            f"{_all(names)} ({some(names)}) {'is' if len(names) == 1 else 'are'} named like a place, a part, a "
            "speaker or a date, and not like a class"
        )
    if len(names) == 1:
        return "", f"it has only one class, {names[0]!r}"
    if not is_little(len(tree.loose), tree.n_files):
        return "", (
            f"{len(tree.loose):,} of its {tree.n_files:,} audio files lie outside the class folders, such as "
            f"{tree.loose[0]!r}"
        )
    return "folders", ""


def have_the_same_classes(branches: Sequence[Branch]) -> bool:
    """Whether folders mostly have the same subfolders, two or more, and almost no audio files beside them.

    Parameters
    ----------
    branches : sequence of Branch
        Two or more.
    """
    shared = Counter(name for branch in branches for name in branch.below)
    in_two = {name for name, n in shared.items() if n > 1}
    return (
        len(in_two) >= 2
        and not all(map(is_not_a_class, in_two))
        and all(2 * len(in_two & set(branch.below)) >= len(branch.below) > 0 for branch in branches)
        and all(is_little(branch.n_direct, branch.n_files) for branch in branches)
    )


def is_little(n: int, of: int) -> bool:
    """Whether files are few enough to be left out with a note in the plan."""
    return n <= MOST_OUTSIDE * of


def only_folder(tree: Tree) -> str:
    """The only folder that holds (nearly) all audio, in subfolders; else empty."""
    if len(tree.folders) != 1:
        return ""
    ((name, branch),) = tree.folders.items()
    outside = len(tree.loose) + branch.n_direct
    return name if branch.below and is_little(outside, tree.n_files) else ""


def _all(names: Sequence[str]) -> str:
    return "its only folder" if len(names) == 1 else "all its folders"


def some(names: Sequence[str], most: int = 4) -> str:
    """The first names, and three dots where there are more."""
    return ", ".join(names[:most]) + (" ..." if len(names) > most else "")
