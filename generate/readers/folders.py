"""A user's own sounds: a folder a class."""

from __future__ import annotations

import re
from pathlib import Path

from generate.readers.collection import Collection, Reader, ReaderOptions, clips_table
from generate.readers.walk import find_sounds
from generate.systems import composed


def recognises(folder: Path) -> bool:
    """Whether there is a folder in it; this layout is tried last."""
    return any(child.is_dir() and not child.name.startswith(".") for child in folder.iterdir())


def read(folder: Path, options: ReaderOptions) -> Collection:
    """Read class folders; sounds at any depth below one belong to its class.

    With `source_pattern`, what its first group (or, without a group, the whole pattern) finds in the file's name is
    the original recording. Sounds beside the class folders belong to none and are passed over.

    Raises
    ------
    ValueError
        If there are no class folders, or the pattern is no regular expression or finds nothing anywhere.
    """
    paths, passed_over = find_sounds(folder)
    in_classes = [path for path in paths if "/" in path]
    if len(in_classes) < len(paths):
        passed_over["sounds outside the class folders"] += len(paths) - len(in_classes)
    sources, notes = None, []
    if options.source_pattern:
        sources = _sources(in_classes, options.source_pattern)
        nameless = sources.count("")
        if nameless:
            notes.append(f"--source-pattern finds nothing in {nameless:,} names; each is its own recording")
    clips = clips_table(paths=in_classes, labels=[path.partition("/")[0] for path in in_classes], sources=sources)
    return Collection(clips, passed_over, notes=notes)


def _sources(paths: list[str], pattern: str) -> list[str]:
    """The recording of each file by its name; empty where the pattern finds nothing."""
    try:
        compiled = re.compile(composed(pattern))
    except re.error as error:
        raise ValueError(f"--source-pattern {pattern!r} is not a regular expression: {error}.") from None
    matches = [compiled.search(composed(path.rpartition("/")[2])) for path in paths]
    if paths and not any(matches):
        raise ValueError(
            f"--source-pattern {pattern!r} finds nothing in any file name, such as {paths[0].rpartition('/')[2]!r}."
        )
    return [(match[1] if compiled.groups else match[0]) or "" if match else "" for match in matches]


READER = Reader(title="one folder for each class", recognises=recognises, read=read, defaults={"long": "split"})
