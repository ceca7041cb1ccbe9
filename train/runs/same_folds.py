"""Whether folds that are made again are those that a run tested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from train.runs.run_folder import Run


def check_same_folds(run: Run, tested: Mapping[str, Iterable[str]]) -> None:
    """Check that the folds of a run, which are made again, test what they tested: scikit-learn may change.

    Parameters
    ----------
    run : Run
    tested : Mapping of str to iterable of str
        The images that each fold would test, by `file_name`.

    Raises
    ------
    ValueError
        If a finished fold tested other images.
    """
    for fold in run.finished_folds:
        if fold in tested and set(run.read_fold_predictions(fold)["file_name"]) != set(tested[fold]):
            raise ValueError(
                f"The folds of the run {str(run.folder)!r} are no longer those that it began with: fold {fold} would "
                "test other images, of which it may have trained on some. Install the packages that it was trained "
                "with, or train again."
            )
