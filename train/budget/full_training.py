"""What a run gives that is trained by its recipe, but on half of the recordings of each class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from generate.runtime.lock import locked
from train import backend
from train.budget.results import HALF
from train.runs.run_folder import BUDGET_PLOT, Run, write_run


def right_by_training(
    run: Run, *, n_draws: int, seed: int = 0, log: Callable[[str], None] = lambda text: None
) -> tuple[dict[float, np.ndarray], np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Train the folds of a run again on half of its recordings, and compare with what the run predicted.

    Each half is a run of its own in `RUN/budget`; one that was interrupted resumes.

    Parameters
    ----------
    run : Run
        With finished folds.
    n_draws : int
        Random halves.
    seed : int
        Of these.
    log : callable
        Called with a line before each half.

    Returns
    -------
    right : dict of float to np.ndarray, shape=(n_draws or 1, n_images)
        As `train.budget.subsets.right_by_share` gives it, for `HALF` and 1.
    truth, sources : np.ndarray, shape=(n_images,)
        Class and recording of each image.
    train : dict of str to np.ndarray
        Training images of each fold of the run.

    Raises
    ------
    FileNotFoundError, ValueError
        If the images are not there any more, or not those that the run began with.
    """
    backend.set_up()
    from train.budget.subsets import generator_of, part_of_recordings
    from train.training.fit import n_images_to_see
    from train.training.prepare import resume
    from train.training.progress import Progress
    from train.training.train_fold import fold_of, train_fold

    prepared = resume(run.folder, folds=run.finished_folds)
    truth, sources = prepared.targets.argmax(axis=1), prepared.table["source_id"].to_numpy()
    row_of = {name: row for row, name in enumerate(prepared.table["file_name"])}

    def right_of(trained: Run) -> np.ndarray:
        found = np.full(len(truth), np.nan)
        for split in prepared.splits:
            predictions = trained.read_fold_predictions(split.name)
            rows = [row_of[name] for name in predictions["file_name"]]
            found[rows] = (predictions["predicted"] == predictions["label"]).to_numpy()
        return found

    halves = []
    for draw in range(n_draws):
        splits = []
        for split in prepared.splits:
            rng = generator_of(seed, draw, split.name)
            splits.append(replace(split, train=part_of_recordings(split.train, truth, sources, HALF, rng=rng)))
        half = replace(prepared.run, folder=run.folder / BUDGET_PLOT.parent / f"half-{draw + 1}-seed-{seed}")
        reduced = replace(prepared, run=half, splits=splits)
        with locked(half.folder):
            write_run(half, prepared.settings)
            left = [split for split in splits if not half.is_finished(split.name)]
            log(f"half {draw + 1} of {n_draws}, {len(left)} of {len(splits)} folds to train")
            with Progress({split.name: n_images_to_see(half.recipe, fold_of(reduced, split)) for split in left}) as bar:
                for split in left:
                    bar.end(train_fold(reduced, split, on_epoch=partial(bar.epoch, split.name)))
        halves.append(right_of(half))
    right = {HALF: np.stack(halves), 1.0: right_of(prepared.run)[None]}
    return right, truth, sources, {split.name: split.train for split in prepared.splits}
