"""Cut long recordings into consecutive pieces, each a clip of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from generate.audio import duration_s
from generate.readers.collection import unique_ids

SHORTEST_LAST_PIECE = 0.5
"""What is left at the end becomes a piece if it is at least this part of a whole one."""
ROUNDING_S = 1e-9
"""Exactly half a piece is one, whatever the last digit of the division says."""
HEADER_READERS = 8
"""Threads that read headers: the disk is waited for, not the processor."""


def cut_into_pieces(clips: pd.DataFrame, folder: Path, *, seconds: float) -> pd.DataFrame:
    """Replace each recording longer than one picture by its pieces.

    Pieces keep the recording's label, fold and `source_id`, so that no split separates them; their `clip_id` ends in
    `-piece000`, `-piece001`, ... A recording that fits one picture, or whose header cannot be read, stays one clip.

    Parameters
    ----------
    clips : pandas.DataFrame
        The clips table.
    folder : Path
        The sound folder.
    seconds : float
        Length of a piece.

    Returns
    -------
    pandas.DataFrame
        The clips table, with more rows; `start_s` says where each piece begins.
    """
    with ThreadPoolExecutor(HEADER_READERS) as pool:
        durations = list(pool.map(duration_s, [folder / path for path in clips["path"]]))
    n_pieces = np.array([count_pieces(duration or 0, seconds) for duration in durations])
    number = np.concatenate([np.arange(n) for n in n_pieces])
    pieces = clips.loc[np.repeat(clips.index, n_pieces)].reset_index(drop=True)
    is_piece = np.repeat(n_pieces > 1, n_pieces)
    endings = [f"-piece{n:03d}" if cut else "" for n, cut in zip(number, is_piece, strict=True)]
    # Once more, since another recording may be called as a piece of this one is.
    ids = unique_ids([a + b for a, b in zip(pieces["clip_id"], endings, strict=True)], pieces["path"])
    return pieces.assign(clip_id=pd.Series(ids, dtype=object), start_s=np.round(number * seconds, 6))


def count_pieces(duration_s: float, seconds: float) -> int:
    """How many pieces a recording gives: at least one, and a last short one only from half its length on."""
    whole, rest = divmod(duration_s, seconds)
    return max(1, int(whole) + (rest >= SHORTEST_LAST_PIECE * seconds - ROUNDING_S))
