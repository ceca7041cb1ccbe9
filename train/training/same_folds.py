"""Whether folds that are made again are those that a run tested."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from train.data.split import Split
from train.runs.run_folder import Run


def check_same_folds(splits: Sequence[Split], table: pd.DataFrame, run: Run) -> None:
    """Check that the folds of a run, which are made again, test what they tested: scikit-learn may change.

    Parameters
    ----------
    splits : sequence of Split
        Made of the images of the run.
    table : pandas.DataFrame
        Of these images.
    run : Run

    Raises
    ------
    ValueError
        If a finished fold tested other images.
    """
    for split in splits:
        if split.name not in run.finished_folds:
            continue
        tested = set(run.read_fold_predictions(split.name)["file_name"])
        if tested != set(table["file_name"].iloc[split.test]):
            raise ValueError(
                f"The folds of the run {str(run.folder)!r} are no longer those that it began with: fold {split.name} "
                "would test other images, of which it may have trained on some. Install the packages that it was "
                "trained with, or train again."
            )
