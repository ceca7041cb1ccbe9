"""The main function: the learning curve over a run's recordings, and what the second half of these was worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from augment_audio import ORIGINAL
from generate.dataset.background_classes import counted
from generate.runtime.progress import Progress
from train.budget.results import HALF, Gain, Point, gain_of, points_of
from train.report.intervals import recordings_needed
from train.runs.run_folder import Run
from train.training.frozen_run import check_run, prepare_frozen

SHARES = (0.2, 0.4, HALF, 0.6, 0.8, 1.0)
N_DRAWS = 5


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a part of the recordings gives, and what more are worth.

    Parameters
    ----------
    run : str
        The folder of the run whose clips, classes and folds these are.
    trained : str
        What was trained with each part, in words.
    n_draws : int
        Random parts of each share.
    points : tuple of Point
        The curve of all classes, then that of each.
    gains : tuple of Gain
        All classes first, then each: those that gained most first.
    """

    run: str
    trained: str
    n_draws: int
    points: tuple[Point, ...]
    gains: tuple[Gain, ...]


def learning_curve(
    run: Run,
    *,
    n_draws: int | None = None,
    seed: int = 0,
    full: bool = False,
    log: Callable[[str], None] = lambda text: None,
) -> Budget:
    """Fit the last layer of a pretrained model to parts of the recordings, and test it: `python -m train.budget`.

    Parameters
    ----------
    run : Run
        With a grouped split and one label a clip: its images, classes and folds are used, and its pretrained model (the
        default one for a run from scratch); not what it trained.
    n_draws : int, optional
        Random parts of each share; 2 or more, so that their spread is known. Default: `N_DRAWS`; with `full` one.
    seed : int
        Of these.
    full : bool
        Train by the run's recipe instead, on half of the recordings, and compare with the run: each draw takes about
        half of its time.
    log : callable
        Called with a line on what is trained.

    Raises
    ------
    FileNotFoundError, ValueError
        If the run is leaky or of several labels a clip, its images are not there any more, or there are too few
        recordings to halve.
    """
    n_draws = (1 if full else N_DRAWS) if n_draws is None else n_draws
    if n_draws < 2 and not full:
        raise ValueError(f"n_draws must be 2 or more, so that their spread is known. Got {n_draws}. Give such as 5.")
    check_run(run)
    if full:
        from train.budget.full_training import right_by_training

        right, truth, sources, train = right_by_training(run, n_draws=n_draws, seed=seed, log=log)
        trained = f"{run.recipe.model}, trained as the run was"
        return _budget(run, trained, n_draws, seed, right, truth, sources, train)
    prepared = prepare_frozen(run)
    from train.budget.subsets import right_by_share
    from train.training.frozen_features import frozen_features

    truth, sources = prepared.targets.argmax(axis=1), prepared.table["source_id"].to_numpy()
    if len(set(sources)) < recordings_needed():
        raise ValueError(
            f"There must be {recordings_needed()} recordings or more. Got {len(set(sources))}. Add recordings, or tell "
            "them apart with `--source-pattern` of `python -m generate`."
        )
    features = frozen_features(prepared, np.flatnonzero((prepared.table["variant"] == ORIGINAL).to_numpy()))
    splits, recipe = prepared.splits, prepared.run.recipe
    with Progress(len(splits) * (n_draws * (len(SHARES) - 1) + 1), noun="fit") as progress:
        right = right_by_share(
            features,
            truth,
            sources,
            splits,
            n_classes=len(run.classes),
            shares=SHARES,
            n_draws=n_draws,
            class_weights=recipe.class_weights,
            seed=seed,
            on_fit=lambda: progress.step(n_rejected=0),
        )
    trained = f"the last layer of {recipe.model}, fitted to originals"
    return _budget(run, trained, n_draws, seed, right, truth, sources, {split.name: split.train for split in splits})


def _budget(
    run: Run,
    trained: str,
    n_draws: int,
    seed: int,
    right: Mapping[float, np.ndarray],
    truth: np.ndarray,
    sources: np.ndarray,
    train: Mapping[str, np.ndarray],
) -> Budget:
    from train.budget.subsets import n_recordings_drawn

    n_classes = len(run.classes)
    n_train = {
        share: n_recordings_drawn(train, truth, sources, share, n_classes=n_classes, n_draws=len(found), seed=seed)
        for share, found in right.items()
    }
    return Budget(
        run=str(run.folder),
        trained=trained,
        n_draws=n_draws,
        **_results(right, truth, sources, run.classes, n_train),
    )


def _results(
    right: Mapping[float, np.ndarray],
    truth: np.ndarray,
    sources: np.ndarray,
    classes: Sequence[str],
    n_train: Mapping[float, np.ndarray],
) -> dict:
    """Points and gains of all classes, without background, and of each."""
    is_tested = np.isfinite(right[1.0][0])
    is_counted = counted([classes[k] for k in truth])
    groups = {"": is_tested & is_counted} | {name: is_tested & (truth == k) for k, name in enumerate(classes)}
    groups = {label: rows for label, rows in groups.items() if rows.any()}
    points, gains = [], []
    for label, rows in groups.items():
        own = {share: found[:, rows] for share, found in right.items()}
        n = {share: float(drawn[classes.index(label) if label else -1]) for share, drawn in n_train.items()}
        points += points_of(own, sources[rows], n, label=label)
        gains.append(gain_of(own[HALF], own[1.0], sources[rows], label=label))
    return {"points": tuple(points), "gains": (gains[0], *sorted(gains[1:], key=lambda gain: -gain.gain))}
