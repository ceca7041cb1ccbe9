"""A few clips with the probabilities to expect, and a script that checks them on another device."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from generate.runtime.safe_names import safe_name
from train.export.clips import Checked, Clips, read_clips
from train.export.runtimes import Runner
from train.export.subject import Subject

FOLDER = "golden"
N_CLIPS = 5
TOLERANCE = {"none": 0.01, "dynamic": 0.05, "int8": 0.1}
"""By how much probabilities may differ on another device: other processors round sums in another order, and whole
numbers of 8 bits in another way."""
UNLIKENESS_TOLERANCE = {"none": 0.05, "dynamic": 0.15, "int8": 0.3}
"""The same of the unlikeness, as a share of it."""


def golden_rows(table: pd.DataFrame) -> list[int]:
    """Choose clips of as many classes as there are, and of those evenly.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a clip, with `label`.

    Returns
    -------
    list of int
        Rows.
    """
    places = table.groupby("label").cumcount()
    order = np.lexsort((table["label"], places))
    n_classes = table["label"].nunique()
    of_each = order[:n_classes]
    if n_classes >= N_CLIPS:
        return [int(of_each[k * n_classes // N_CLIPS]) for k in range(N_CLIPS)]
    return [int(row) for row in order[:N_CLIPS]]


def write_golden_set(folder: Path, subject: Subject, clips: Clips, runner: Runner) -> list[dict[str, object]]:
    """Write the clips, as mono FLAC of 24 bits at the run's rate, or images as arrays.

    Parameters
    ----------
    folder : Path
        Of the export.
    subject : Subject
    clips : Clips
        Those that can be read.
    runner : callable
        The exported file.

    Returns
    -------
    list of dict
        `file`, `clip_id`, `label`, `probabilities` and perhaps `unlikeness` of the file, read from the clip as it was
        written, and `program`, the probabilities of the program.
    """
    (folder / FOLDER).mkdir()
    chosen = Clips(clips.table.iloc[golden_rows(clips.table)].reset_index(drop=True), clips.audio_folder, True)
    golden = []
    for number, clip in enumerate(read_clips(chosen, subject, unreadable=[]), start=1):
        row = chosen.table.iloc[clip.row]
        file, given = _write(folder, f"{number}-{safe_name(row['clip_id'])}", clip, subject)
        probabilities, unlikeness = runner(given[None])
        golden.append(
            {
                "file": file,
                "clip_id": row["clip_id"],
                "label": row["label"],
                "probabilities": _numbers(probabilities[0]),
                **({} if unlikeness is None else {"unlikeness": round(float(unlikeness[0]), 6)}),
                "program": _numbers(subject.predict(clip.window.pixels[None])[0][0]),
            }
        )
    return golden


def _write(folder: Path, stem: str, clip: Checked, subject: Subject) -> tuple[str, np.ndarray]:
    """Write one input; its path in the folder, and what is read from it."""
    if subject.input == "image":
        file = f"{FOLDER}/{stem}.npy"
        np.save(folder / file, clip.input.astype(np.uint8))
        return file, clip.input
    file = f"{FOLDER}/{stem}.flac"
    soundfile.write(folder / file, clip.input, subject.front.settings.sr, subtype="PCM_24")
    return file, soundfile.read(folder / file, dtype="float32")[0]


def _numbers(probabilities: np.ndarray) -> list[float]:
    return [round(float(p), 6) for p in probabilities]
