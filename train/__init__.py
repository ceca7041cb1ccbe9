"""Train image classifiers on spectrogram images, and test them on recordings that are not in their training set.

>>> run = fit("outputs/images/my_sounds", model="cnn7", epochs=20)  # doctest: +SKIP
>>> run.report.pooled.accuracy  # doctest: +SKIP
>>> load_run("outputs/runs/my_sounds-cnn7").predict(["new.wav"])  # doctest: +SKIP
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from train.trained_run import TrainedRun

__all__ = ["fit", "load_run"]


def fit(
    images: str | os.PathLike[str],
    *,
    folds: Collection[str] | None = None,
    name: str = "",
    runs: str | os.PathLike[str] = Path("outputs", "runs"),
    cluster: str = "",
    quality: str | None = None,
    final: bool = False,
    **recipe: object,
) -> TrainedRun:
    """Train and test a classifier for each fold, and write the report: `python -m train`.

    Parameters
    ----------
    images : str or path
        The image folder.
    folds : collection of str, optional
        Train only these.
    name : str
        Of the run's folder in `runs`; default: from the images and the model.
    runs : str or path
        Where run folders are.
    cluster : str
        Address of a Dask cluster whose workers train the folds, or such as `local:4` for workers of this machine; call
        `fit` below `if __name__ == "__main__":` then.
    quality : {"fast", "standard", "best"}, optional
        Of a pretrained model: fit its last layer alone, fine-tune all layers, which is the default, or do so
        with a larger model and for longer.
    final : bool
        Train one model on all recordings after the folds; see `TrainedRun.finalize`.
    **recipe
        Any field of `train.recipe.Recipe`, such as `model`, `epochs`, `augment`, `seed`.

    Returns
    -------
    TrainedRun

    Raises
    ------
    TypeError
        If a recipe has no such field.
    FileNotFoundError, ValueError
        If the images or the recipe do not fit; nothing is written then.

    Examples
    --------
    >>> run = train.fit("outputs/images/ESC-10", folds=["1"], quality="fast")  # doctest: +SKIP
    """
    from generate.workers.dask_cluster import check_address
    from train import backend

    if cluster:
        check_address(cluster)
    backend.set_up(shares_gpu=bool(cluster))
    from train.recipe import Recipe
    from train.trained_run import TrainedRun
    from train.training.cross_validation import execute
    from train.training.final_model import check_final
    from train.training.prepare import prepare

    prepared = prepare(Path(images), Recipe.of_quality(quality, recipe), folds=folds, name=name, runs=Path(runs))
    if final:
        check_final(prepared.run.recipe)
    execute(prepared, cluster=cluster)
    run = TrainedRun(prepared.run.folder)
    if final:
        run.finalize()
    return run


def load_run(folder: str | os.PathLike[str]) -> TrainedRun:
    """Open a run that was trained before.

    Parameters
    ----------
    folder : str or path
        Such as `outputs/runs/ESC-10-cnn9`.

    Raises
    ------
    FileNotFoundError, ValueError
        If it is no run.

    Examples
    --------
    >>> train.load_run("outputs/runs/ESC-10-cnn9").predict(["dog.wav"])[["file", "top_1", "p_1"]]  # doctest: +SKIP
    """
    from train.trained_run import TrainedRun

    return TrainedRun(Path(folder))
