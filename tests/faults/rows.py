"""What is injected, how often at full count, and what must hold; docs/reliability.md shows this table."""

from __future__ import annotations

import os

import pytest

IS_FULL = os.environ.get("FAULTS") == "full"
"""`make faults` sets it; the tests of every day take a part of most counts."""
only_at_full_count = pytest.mark.skipif(not IS_FULL, reason="starts whole programs many times: make faults")

ROWS: dict[int, tuple[str, int, str]] = {
    1: (
        "thirty kinds of bad audio, three each, among 210 good sounds",
        300,
        "the good ones' bytes are those of a clean run; each bad one is rejected with its reason; exit status 3",
    ),
    2: ("WAV, Ogg, FLAC and MP3 files that were cut short", 40, "none is drawn as if it were whole"),
    3: (
        "NaN, infinity, 1e20, a square wave at full scale, a constant",
        15,
        "rejected, or drawn finite, and the same whatever the engine",
    ),
    4: ("silent and nearly silent clips", 10, "flagged, and every pixel at the floor"),
    5: ("sounds of 0 to 2,047 samples, every variant, every engine", 0, "no hang; the image has its fixed size"),
    6: (
        "a `rubberband` that sleeps, fails, writes nothing or garbage",
        20,
        "ends within the time limit; no process and no temporary file is left",
    ),
    7: (
        "SIGKILL of the main process (50) and of a worker (20)",
        70,
        "the next run's files equal an uninterrupted one's; a clip that kills its worker twice is rejected",
    ),
    8: (
        "disk full, read-only folder, file-size limit, both stages",
        20,
        "old files whole, a clear error, and it goes on",
    ),
    9: (
        "names with spaces, newlines, a leading `-`, 255 bytes, NFC and NFD, no UTF-8, differing by case, `a.wav` beside "
        "`a.flac`",
        25,
        "no collision, no crash, no loss",
    ),
    10: (
        "link loops, a folder named `x.wav`, empty classes, hidden folders, links out of the sound folder",
        12,
        "the classes are exactly the user's",
    ),
    11: (
        "`metadata.csv` with `../`, absolute, doubled or missing rows, other settings, edits by hand",
        20,
        "refused or fixed before any work, naming the rows",
    ),
    12: ("broken PNGs: empty, cut short, text, 15,000 pixels square", 20, "all are named before the first epoch"),
    13: ("hostile and broken files of models", 10, "refused with a clear message; nothing runs"),
    14: (
        "1, 2 and 4 workers, folders listed in any order, two runs at once",
        12,
        "the same files; the second is refused",
    ),
    15: (
        "a thread that makes batches fails, a process is killed in training, a checkpoint is cut short",
        25,
        "an error or recovery within a minute; the weights before it load",
    ),
    16: ("eight workers without numba's cache, and with one that cannot be written", 30, "no crash"),
    17: ("real sounds with bytes changed, headers and all", 2000, "an image or a reason within 10 s; the run goes on"),
    18: ("2,000 images and 50 epochs in one process", 1, "memory grows by less than 50 MB after the first tenth"),
    19: (
        "random tables of clips, recordings and folds, through every protocol",
        1000,
        "no recording on two sides but where the protocol says leaky",
    ),
    20: (
        "tables that cannot be understood: extra fields, encodings, times, doubled names, paths that lead out",
        54,
        "refused with the line, column or file, and nothing written; or read right",
    ),
    21: (
        "folders that are not laid out as class folders: splits, folds, published copies, one too high, one class",
        38,
        "read as what they are, or stopped with what was seen and the options that settle it",
    ),
    22: (
        "audio beyond or short of what its header counts, in every container",
        40,
        "read to its end, or rejected with that reason",
    ),
    23: (
        "headers that ask for impossible rates, channels and sizes",
        12,
        "rejected before memory is taken",
    ),
    24: (
        "faint, silent, constant, cancelling and offset audio in every format of samples",
        24,
        "sounds are drawn, silence is dark and flagged, the offset and the channel are told",
    ),
    25: (
        "folders of images and runs from a stranger: code, paths and numbers in their tables",
        1000,
        "nothing runs, nothing outside is read or written; one clear line for each",
    ),
    26: (
        "foreign files in an output folder: reruns, `--overwrite`, links",
        15,
        "none is written over or removed, and the plan counts them",
    ),
}
"""Number to what is injected, how often at full count (0: all combinations), and what must hold."""


def times(full: int, *, daily: int) -> int:
    """How often to inject something: `full` under `make faults`, else `daily`.

    Parameters
    ----------
    full, daily : int
    """
    return full if IS_FULL else daily
