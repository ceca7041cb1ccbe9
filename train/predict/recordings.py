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
from generate.runtime.one_or_several import as_tuple
from generate.runtime.os_compat import expand_wildcards
from generate.runtime.progress import Progress
from generate.runtime.safe_names import printable
from generate.workers.durations import durations
from generate.workers.pool import usable_cores
from generate.workers.processes import map_ordered
from train.predict.recording_page.listening import is_copy
from train.predict.windows import FrontEnd, Window, read_windows

COPY_IS_SKIPPED = "copies of recordings, on pages of events"
MAX_READERS = 2
"""Processes that decode and render: the models need cores too."""
SHARED_S, MOST_TOGETHER = 20.0, 16
"""Overlapping windows within so many seconds, at most so many, are read together, so that what they share is decoded
once. Spectrograms are not shared: at 44.1 kHz and a hop of 512 samples a second is 86.13 frames, so that windows begin
between frames, and the offset, the full scale and the noise floor are each window's own. A spectrogram takes 1.2 of the
15 ms of a window with one model. A crash of the decoder costs all windows that are read together."""


SHORTEST_REST_S = 0.1
"""That is worth a note: coders make recordings a little longer, such as 5.01 s."""


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
    rests_s : dict of str to float
        By recording: seconds at its end that are in no window, where they are more than `SHORTEST_REST_S`.
    """

    starts: dict[Path, np.ndarray]
    windows: Iterator[tuple[Path, Window]]
    rejected: list[Rejected]
    rests_s: dict[str, float]


def find_recordings(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
) -> tuple[list[Path], list[Rejected], Counter[str]]:
    """Find audio files: those given, and those in the folders given, at any depth.

    Parameters
    ----------
    paths : str, path, or sequence of them

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
    given = as_tuple(paths)
    for path in expand_wildcards([Path(one) for one in given]):
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
    ends_s = {path: float(starts_s[-1]) + front.settings.seconds for path, starts_s in starts.items()}
    rests_s = {printable(str(path)): float(lengths[path]) - end_s for path, end_s in ends_s.items()}
    rests_s = {name: rest_s for name, rest_s in rests_s.items() if rest_s > SHORTEST_REST_S}
    n_together = windows_together(front.settings.seconds, hop_s)
    parts = (
        (path, tuple(map(float, starts_s[first : first + n_together])))
        for path, starts_s in starts.items()
        for first in range(0, len(starts_s), n_together)
    )
    read = partial(read_windows, front=front, with_audio=with_audio)
    with (
        tempfile.TemporaryDirectory(prefix="train-", ignore_cleanup_errors=True) as temporary,
        Progress(sum(map(len, starts.values()))) as progress,
        closing(map_ordered(read, parts, workers=workers, temporary_folder=Path(temporary))) as outcomes,
    ):
        yield WindowStream(starts, _readable(outcomes, starts, rejected, progress), rejected, rests_s)
    order = {printable(str(path)): number for number, path in enumerate(recordings)}
    rejected.sort(key=lambda entry: order[entry.file])


def _readable(
    outcomes: Iterator[tuple[tuple[Path, tuple[float, ...]], tuple[list[Window], str] | str]],
    starts: dict[Path, np.ndarray],
    rejected: list[Rejected],
    progress: Progress,
) -> Iterator[tuple[Path, Window]]:
    """Yield the windows that could be read, and add the others to `rejected`."""
    damaged: set[Path] = set()
    for (path, starts_s), outcome in outcomes:
        if path in damaged:
            continue
        windows, reason = ([], outcome) if isinstance(outcome, str) else outcome
        for window in windows:
            yield path, window
            progress.step(n_rejected=len(rejected))
        if reason:
            damaged.add(path)
            from_s = starts_s[len(windows)]
            rejected.append(_rejected(path, reason, from_s=from_s))
            for _ in range(int((starts[path] >= from_s).sum())):  # the later windows of this recording do not come
                progress.step(n_rejected=len(rejected))


def windows_together(seconds: float, hop_s: float | None) -> int:
    """How many windows are read together: those that overlap, within `SHARED_S`.

    Parameters
    ----------
    seconds : float
        Length of a window.
    hop_s : float, optional
        From one start to the next; default: the length of a window.

    Examples
    --------
    >>> windows_together(5, 1), windows_together(5, 2.5), windows_together(5, None), windows_together(30, 15)
    (16, 7, 1, 1)
    """
    if hop_s is None or hop_s >= seconds:
        return 1
    return int(np.clip((SHARED_S - seconds) // hop_s + 1, 1, MOST_TOGETHER))


def _rejected(path: Path, reason: str, *, from_s: float = 0.0) -> Rejected:
    return Rejected(printable(str(path)), from_s, printable(reason))
