"""From prepared images to a report: one fold after the other."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path

from generate.runtime.lock import locked
from generate.runtime.os_compat import quoted
from train.defaults import EXPLAINED_TESTS
from train.report.make_report import make_report
from train.report.report import Report
from train.runs.run_folder import CONFIG, Run, with_folds_of, write_run
from train.training.cluster import connected_workers, train_on_cluster
from train.training.fit import n_images_to_see
from train.training.prepare import Prepared
from train.training.progress import Progress
from train.training.train_fold import TestedFold, fold_of, train_fold


def execute(
    prepared: Prepared,
    *,
    cluster: str = "",
    tensorboard: bool = False,
    n_explained: int = EXPLAINED_TESTS,
    recordings: Path | None = None,
) -> Report:
    """Train and test each fold that is not finished, and write the report.

    Parameters
    ----------
    prepared : Prepared
    cluster : str
        Address of a Dask cluster whose workers train the folds; see `generate.workers.dask_cluster.check_address`.
        Empty: this process does, one fold after the other.
    tensorboard : bool
        Write logs for it into the run's folder.
    n_explained : int
        Test images for which the run's page shows what the model attends to.
    recordings : Path, optional
        Their folder; see `train.explain.explain_run.explain_run`.

    Returns
    -------
    Report

    Raises
    ------
    generate.runtime.lock.LockedError
        If another process trains this run.
    ValueError
        If another process has begun a run in this folder since it was prepared, or the cluster cannot be used.
    """
    with connected_workers(cluster, prepared.run) if cluster else nullcontext() as workers, locked(prepared.run.folder):
        run = _begin(prepared)
        left = [split for split in prepared.splits if not run.is_finished(split.name)]
        n_to_see = {split.name: n_images_to_see(run.recipe, fold_of(prepared, split)) for split in left}
        with Progress(n_to_see) as progress:
            tested: Generator[TestedFold, None, None]
            if workers is None:
                tested = (
                    train_fold(prepared, split, on_epoch=partial(progress.epoch, split.name), with_logs=tensorboard)
                    for split in left
                )
            else:
                tested = train_on_cluster(workers, prepared, list(n_to_see), progress.epoch, with_logs=tensorboard)
            with closing(tested):
                for fold in tested:
                    progress.end(fold)
        shrunk = dict(zip(prepared.table["file_name"], prepared.shrunk, strict=True))
        return make_report(run, n_explained=n_explained, recordings=recordings, shrunk=shrunk)


def _begin(prepared: Prepared) -> Run:
    """Write what the run is, with all folds that any command has requested."""
    run = prepared.run
    if (run.folder / CONFIG).exists():
        if not prepared.is_resumed:
            raise ValueError(
                f"Another process has begun a run in {str(run.folder)!r} meanwhile. To resume that run: python -m "
                f"train --resume {quoted(run.folder)}. For a new run, give another --name."
            )
        run = with_folds_of(run)
    write_run(run, prepared.settings)
    return run
