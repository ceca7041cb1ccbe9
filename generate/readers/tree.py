"""How the audio files of a folder lie in the folders below it, and whether those name classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from generate.readers.folder_names import fold_of, is_no_class, split_of

MOST_OUTSIDE = 0.05
"""Part of the audio files that may lie outside of the class folders and be left out with a line in the plan: a demo, a
jingle, a file put aside. Where it is more, they belong to something that was not understood."""


@dataclass
class Branch:
    """One folder of the top level, with audio somewhere in it.

    Parameters
    ----------
    n_files : int
        Audio files in it, at any depth.
    n_direct : int
        Those that lie straight in it.
    below : Counter
        Its own folders with audio, and how many files each has, at any depth.
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
        Names of those that lie straight in it.
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
    """Sort paths by their folders.

    Parameters
    ----------
    paths : iterable of str
        Of audio files, with `/`, as `generate.readers.walk.find_sounds` gives them.
    """
    loose, folders = [], {}
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
    """Whether the folders are classes, parts of a split or folds with classes in them, or none of these for certain.

    Parameters
    ----------
    tree : Tree

    Returns
    -------
    layout : str
        `folders`, `splits` or `folds`; empty where it is not certain.
    why : str
        Then, what is in doubt, as the end of a sentence.
    """
    names = list(tree.folders)
    if not names:
        return "", "it has no class folders; its audio files lie straight in it"
    for layout, value_of, what in (
        ("splits", split_of, "the parts of a split"),
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
    if all(map(is_no_class, names)):
        return "", (
            f"{_all(names)} ({some(names)}) {'is' if len(names) == 1 else 'are'} named as a place, a part, a speaker "
            "or a date is, and not for what is heard"
        )
    if len(names) == 1:
        return "", f"it has one class alone, {names[0]!r}"
    if not is_little(len(tree.loose), tree.n_files):
        return "", (
            f"{len(tree.loose):,} of its {tree.n_files:,} audio files lie outside the class folders, such as "
            f"{tree.loose[0]!r}"
        )
    return "folders", ""


def have_the_same_classes(branches: Sequence[Branch]) -> bool:
    """Whether folders have mostly the same folders below, two or more, and next to no audio files beside those.

    Parameters
    ----------
    branches : sequence of Branch
        Two or more.
    """
    shared = Counter(name for branch in branches for name in branch.below)
    in_two = {name for name, n in shared.items() if n > 1}
    return (
        len(in_two) >= 2
        and not all(map(is_no_class, in_two))
        and all(2 * len(in_two & set(branch.below)) >= len(branch.below) > 0 for branch in branches)
        and all(is_little(branch.n_direct, branch.n_files) for branch in branches)
    )


def is_little(n: int, of: int) -> bool:
    """Whether some of the files are few enough to be left out with a line in the plan."""
    return n <= MOST_OUTSIDE * of


def only_folder(tree: Tree) -> str:
    """The one folder in which (nearly) all audio lies, in folders of its own: perhaps the collection; else empty."""
    if len(tree.folders) != 1:
        return ""
    ((name, branch),) = tree.folders.items()
    outside = len(tree.loose) + branch.n_direct
    return name if branch.below and is_little(outside, tree.n_files) else ""


def _all(names: Sequence[str]) -> str:
    return "its only folder" if len(names) == 1 else "all its folders"


def some(names: Sequence[str], most: int = 4) -> str:
    """The first of some names, and three dots where there are more."""
    return ", ".join(names[:most]) + (" ..." if len(names) > most else "")
