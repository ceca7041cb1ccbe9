"""How many files of a collection have one channel, two or more, for images of left and right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from generate.audio.decode import Length
from generate.runtime.wording import count
from generate.workers.durations import lengths

MOST_FILES = 500
"""Of a larger collection so many files are opened, evenly spaced."""


def stereo_text(paths: Sequence[Path], *, known: Mapping[Path, Length], workers: int) -> str:
    """Count the files by their channels, in a line.

    Parameters
    ----------
    paths : sequence of Path
        Each once.
    known : Mapping of Path to Length
        Lengths that were measured before; these files are not opened again.
    workers : int
        Processes, at most.

    Returns
    -------
    str
        Such as `2 files of two channels, 1 file of one (left and right are equal)`.
    """
    some = paths[:: max(1, -(-len(paths) // MOST_FILES))]
    unknown = [path for path in some if path not in known]
    found = [known[path] for path in some if path in known] + lengths(unknown, workers=workers)
    channels = Counter(length.n_channels for length in found if not isinstance(length, str))
    n_more = sum(n for n_channels, n in channels.items() if n_channels > 2)
    parts = [
        f"{count(channels[2], 'file')} of two channels",
        *([f"{channels[1]:,} of one, whose left and right are equal"] if channels[1] else []),
        *([f"{n_more:,} of more, which will be rejected"] if n_more else []),
    ]
    return ", ".join(parts) + (f" (of {len(some):,} that were opened)" if len(some) < len(paths) else "")
