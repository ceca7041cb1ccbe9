"""The main function: suspected labels from the predictions of a run, with the nearest training clips of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from train.data.reviewed import FACT
from train.report.label_quality import ranked, suspects_table
from train.report.results import read_predictions
from train.runs.run_folder import Run
from train.training.embedding import embed, nearest
from train.training.frozen_run import check_run, prepare_frozen

N_NEAREST = 5


def find_suspects(run: Run, *, most: int | None = None) -> pd.DataFrame:
    """Rank the clips whose label is probably wrong: `python -m train.suspects`.

    A clip is predicted by the model that was not trained on its recording. Near in the embedding of a pretrained model
    (`train.training.embedding`) are training clips of that fold, so no clip of the same recording is among them.

    Parameters
    ----------
    run : Run
        With a grouped split and one label a clip.
    most : int, optional
        Find the nearest clips of the first so many alone; default: of all.

    Returns
    -------
    pandas.DataFrame
        As `train.report.label_quality.suspects_table` gives it, and of each clip `audio_file`, `start_s`, `end_s`,
        `file_name`, `nearest_labels` (such as `Rooster 4, Dog bark 1`, of the five nearest training clips) and
        `nearest_clips`.

    Raises
    ------
    FileNotFoundError, ValueError
        If no fold is finished, the run is leaky or of several labels a clip, or its images are not there any more.
    """
    check_run(run)
    suspects = suspects_table(read_predictions(run), run.classes)
    prepared = prepare_frozen(run)
    table = prepared.table
    originals = np.flatnonzero((table["variant"] == ORIGINAL).to_numpy())
    row_of = dict(zip(table["clip_id"].iloc[originals], originals.tolist(), strict=True))
    rows = np.array([row_of[clip_id] for clip_id in suspects["clip_id"]], dtype=int)
    for name in ("audio_file", "start_s", "file_name"):
        suspects[name] = table[name].to_numpy()[rows]
    suspects["end_s"] = (suspects["start_s"] + table["seconds"].to_numpy()[rows]).round(6)
    suspects["nearest_labels"] = suspects["nearest_clips"] = ""
    suspects[FACT] = table[FACT].to_numpy(dtype=object)[rows]  # as the images say by now
    suspects = ranked(suspects)
    explained = suspects.index if most is None else suspects.index[:most]
    if not len(explained):
        return suspects
    # Only now: computing them takes the longest.
    from train.training.frozen_features import frozen_features

    features = frozen_features(prepared, originals)
    vectors = embed(features)
    splits = {split.name: split for split in prepared.splits}
    for fold, own in suspects.loc[explained].groupby("fold"):
        train = splits[str(fold)].train
        _, found = nearest(vectors[[row_of[clip_id] for clip_id in own["clip_id"]]], vectors[train], n=N_NEAREST)
        for index, near in zip(own.index, train[found], strict=True):
            suspects.loc[index, "nearest_labels"] = _counted(table["label"].iloc[near])
            suspects.loc[index, "nearest_clips"] = " | ".join(table["clip_id"].iloc[near])
    return suspects


def _counted(labels: Sequence[str]) -> str:
    """Such as `Rooster 4, Dog bark 1`."""
    return ", ".join(f"{label} {n}" for label, n in Counter(labels).most_common())
