"""Recordings to windows: found in folders, and read in worker processes, since a decoder may crash or hang."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from generate.readers.audio_folder.walk import find_audio_files
from generate.rendering.segments import window_starts
from generate.runtime.os_compat import expand_wildcards
from generate.runtime.progress import Progress
from generate.runtime.safe_names import printable
from generate.workers.durations import durations
from generate.workers.pool import usable_cores
from generate.workers.processes import map_ordered
from train.predict.recording_page.listening import is_copy
from train.predict.windows import FrontEnd, Window, read_window

COPY_IS_SKIPPED = "copies of recordings, on pages of events"
MAX_READERS = 2
"""Processes that decode and render: the models need cores too."""


class Rejected(NamedTuple):
    """A recording that could not be read; `from_s` is above 0 if its beginning could."""

    file: str
    from_s: float
    reason: str


@dataclass(frozen=True)
class WindowStream:
    """Windows of recordings while they are read.

    Parameters
    ----------
    starts : dict of Path to np.ndarray
        Start times of the windows of each recording, in seconds.
    windows : iterator of (Path, Window)
        In order; a few are read ahead.
    rejected : list of Rejected
        Recordings, or the rest of one, that could not be read. Complete and in order once the stream is closed.
    """

    starts: dict[Path, np.ndarray]
    windows: Iterator[tuple[Path, Window]]
    rejected: list[Rejected]


def find_recordings(paths: Sequence[Path]) -> tuple[list[Path], list[Rejected], Counter[str]]:
    """Find audio files: those given, and those in the folders given, at any depth.

    Returns
    -------
    recordings : list of Path
        Without duplicates, in the order given.
    rejected : list of Rejected
        Paths that do not exist, and folders without audio files.
    skipped : collections.Counter
        Other files in the folders, by their suffix, hidden ones, and copies that pages play.
    """
    recordings: list[Path] = []
    rejected: list[Rejected] = []
    skipped: Counter[str] = Counter()
    for path in expand_wildcards(paths):
        if os.path.isdir(path):
            try:
                found, others = find_audio_files(path)
            except OSError as error:
                rejected.append(_rejected(path, f"not readable: {error.strerror or error}"))
                continue
            copies = [name for name in found if is_copy(path / name)]
            found = [name for name in found if name not in copies]
            recordings += [path / name for name in found]
            skipped += others + Counter({COPY_IS_SKIPPED: len(copies)} if copies else {})
            if not found:
                rejected.append(_rejected(path, "no audio file in this folder (.wav, .flac, .ogg, .mp3 and others)"))
        elif os.path.isfile(path):
            recordings.append(path)
        else:
            what = "neither a file nor a folder" if os.path.exists(path) else "no such file or folder"
            rejected.append(_rejected(path, what))
    return list(dict.fromkeys(recordings)), rejected, skipped


@contextmanager
def stream_windows(
    recordings: Sequence[Path], front: FrontEnd, *, hop_s: float | None = None, with_audio: bool = False
) -> Iterator[WindowStream]:
    """Read every window of every recording, and show the progress.

    Parameters
    ----------
    recordings : sequence of Path
    front : FrontEnd
    hop_s : float, optional
        From one window's start to the next; default: the length of a window.
    with_audio : bool
        Whether the windows keep their samples.

    Yields
    ------
    WindowStream
    """
    workers = min(MAX_READERS, usable_cores())
    lengths = dict(zip(recordings, durations(recordings, workers=workers), strict=True))
    rejected = [_rejected(path, reason) for path, reason in lengths.items() if isinstance(reason, str)]
    starts = {
        path: window_starts(length, seconds=front.settings.seconds, hop_s=hop_s)
        for path, length in lengths.items()
        if not isinstance(length, str)
    }
    parts = ((path, start_s) for path, starts_s in starts.items() for start_s in map(float, starts_s))
    read = partial(read_window, front=front, with_audio=with_audio)
    with (
        tempfile.TemporaryDirectory(prefix="train-", ignore_cleanup_errors=True) as temporary,
        Progress(sum(map(len, starts.values()))) as progress,
        closing(map_ordered(read, parts, workers=workers, temporary_folder=Path(temporary))) as outcomes,
    ):
        yield WindowStream(starts, _readable(outcomes, starts, rejected, progress), rejected)
    order = {printable(str(path)): number for number, path in enumerate(recordings)}
    rejected.sort(key=lambda entry: order[entry.file])


def _readable(
    outcomes: Iterator[tuple[tuple[Path, float], Window | str]],
    starts: dict[Path, np.ndarray],
    rejected: list[Rejected],
    progress: Progress,
) -> Iterator[tuple[Path, Window]]:
    """Yield the windows that could be read, and add the others to `rejected`."""
    for (path, start_s), outcome in outcomes:
        n_windows = 1
        if isinstance(outcome, str):
            rejected.append(_rejected(path, outcome, from_s=start_s))
            n_windows = int((starts[path] >= start_s).sum())  # the later windows of this recording do not come
        else:
            yield path, outcome
        for _ in range(n_windows):
            progress.step(n_rejected=len(rejected))


def _rejected(path: Path, reason: str, *, from_s: float = 0.0) -> Rejected:
    return Rejected(printable(str(path)), from_s, printable(reason))
