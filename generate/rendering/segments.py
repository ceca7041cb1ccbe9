"""Cut long recordings into consecutive pieces, each a clip of its own; where the windows of a recording begin."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from generate.audio.containers.header_durations import is_surely_short
from generate.audio.decode import Length
from generate.rendering.options import SHORTEST_HOP_S
from generate.runtime.safe_names import unique_ids
from generate.workers.durations import lengths

HEADER_READERS = 8
"""Threads: reading headers is bound by the disk, not by the processor."""
SHORTEST_LAST_PIECE = 0.5
"""What is left at the end becomes a piece if it has at least this share of the length of a whole one."""
ROUNDING_S = 1e-9
"""Exactly half a piece counts as one, whatever the rounding of the division."""


def cut_into_pieces(
    clips: pd.DataFrame, folder: Path, *, seconds: float, workers: int
) -> tuple[pd.DataFrame, dict[str, str], dict[str, Length]]:
    """Replace each recording longer than one image by its pieces.

    Pieces keep the recording's label, fold and `source_id`, so that no split separates them; their `clip_id` ends in
    `-piece000`, `-piece001`, ... A recording that fits one image, or cannot be used, stays one clip.

    Parameters
    ----------
    clips : pandas.DataFrame
        The clips table.
    folder : Path
        The audio folder.
    seconds : float
        Length of a piece.
    workers : int
        Processes that read lengths, at most.

    Returns
    -------
    pieces : pandas.DataFrame
        The clips table, with more rows; `start_s` is where each piece begins.
    unusable : dict of str to str
        Path and reason of recordings that cannot be used: they are truncated, not understood, or crash or hang the
        decoder. Each stays one clip.
    known : dict of str to Length
        Path and length of the others; those whose header shows that they are short are left out.
    """
    two_pieces_s = (1 + SHORTEST_LAST_PIECE) * seconds - ROUNDING_S
    paths = list(clips["path"])
    with ThreadPoolExecutor(HEADER_READERS) as threads:
        is_short = list(threads.map(lambda path: is_surely_short(folder / path, two_pieces_s), paths))
    others = [path for path, short in zip(paths, is_short, strict=True) if not short]
    found = lengths([folder / path for path in others], workers=workers)
    length_of = dict(zip(others, found, strict=True))
    unusable = {path: reason for path, reason in length_of.items() if isinstance(reason, str)}
    known = {path: length for path, length in length_of.items() if path not in unusable}
    durations_s = [known[path].seconds if path in known else 0 for path in paths]
    n_pieces = np.array([count_pieces(duration_s, seconds) for duration_s in durations_s], dtype=int)
    number = np.concatenate([np.arange(n) for n in n_pieces])
    pieces = clips.loc[np.repeat(clips.index, n_pieces)].reset_index(drop=True)
    is_piece = np.repeat(n_pieces > 1, n_pieces)
    endings = [f"-piece{n:03d}" if cut else "" for n, cut in zip(number, is_piece, strict=True)]
    # Made unique again, since the name of another recording may equal that of a piece.
    ids = unique_ids([a + b for a, b in zip(pieces["clip_id"], endings, strict=True)], pieces["path"])
    pieces = pieces.assign(clip_id=pd.Series(ids, dtype=object), start_s=np.round(number * seconds, 6))
    return pieces, unusable, known


def count_pieces(duration_s: float, seconds: float) -> int:
    """How many pieces a recording gives: at least one, and a shorter last one only if it is at least half as long."""
    whole, rest = divmod(duration_s, seconds)
    return max(1, int(whole) + (rest >= SHORTEST_LAST_PIECE * seconds - ROUNDING_S))


def window_starts(duration_s: float, *, seconds: float, hop_s: float | None = None) -> np.ndarray:
    """Start times of the windows of a recording.

    A recording that fits in one window is one window. In a longer one, a window starts every `hop_s` until one reaches
    the end; what is left there is a window if it is at least half of one.

    Parameters
    ----------
    duration_s : float
        Of the recording.
    seconds : float
        Length of a window.
    hop_s : float, optional
        From one start to the next, 0.01 or more; default: `seconds`, so that windows do not overlap.

    Returns
    -------
    np.ndarray, shape=(n,), n > 0
        In seconds, rounded to microseconds as in `metadata.csv`.

    Raises
    ------
    ValueError
        If the hop is too short.
    """
    hop_s = seconds if hop_s is None else hop_s
    if not SHORTEST_HOP_S <= hop_s < math.inf:
        raise ValueError(f"hop_s must be {SHORTEST_HOP_S:g} s or more. Got {hop_s:g}. Give a length such as 1.")
    if hop_s == seconds:
        n_windows = count_pieces(duration_s, seconds)
    else:
        until_the_end = math.ceil((duration_s - seconds) / hop_s - ROUNDING_S)
        with_half_a_window = math.floor((duration_s - SHORTEST_LAST_PIECE * seconds) / hop_s + ROUNDING_S)
        n_windows = 1 + max(0, min(until_the_end, with_half_a_window))
    return np.round(np.arange(n_windows) * hop_s, 6)
