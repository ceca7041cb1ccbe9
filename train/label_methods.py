"""The methods of a trained run that are about labels: which may be wrong, what more are worth, and which come next."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from train.runs.run_folder import Run

if TYPE_CHECKING:
    import pandas as pd

    from train.budget.learning_curve import Budget
    from train.suggest.suggest import Suggestions


class LabelMethods:
    """Methods of `train.trained_run.TrainedRun`; all need a grouped split and one label a clip."""

    _run: Run

    def suspects(self, *, most: int | None = None) -> pd.DataFrame:
        """Rank the clips whose label is probably wrong, as `python -m train.suspects` does; nothing is written.

        Parameters
        ----------
        most : int, optional
            Find the nearest clips of the first so many alone; default: of all.

        Returns
        -------
        pandas.DataFrame
            See `train.suspects.find_suspects.find_suspects`.

        Raises
        ------
        FileNotFoundError, ValueError
            If the run is leaky or its images are not there any more.

        Examples
        --------
        >>> suspects = train.load_run("outputs/runs/ESC-10-cnn9").suspects(most=10)  # doctest: +SKIP
        >>> suspects[["clip_id", "label", "suggested"]].head(10)  # doctest: +SKIP
        """
        from train.suspects.find_suspects import find_suspects

        return find_suspects(self._run, most=most)

    def budget(self, *, n_draws: int | None = None, seed: int = 0, full: bool = False) -> Budget:
        """Say what more recordings were worth, as `python -m train.budget` does; without `full` nothing is written.

        Parameters
        ----------
        n_draws : int, optional
            Random parts of each share of the recordings; default: 5, with `full` 1.
        seed : int
            Of these.
        full : bool
            Train by the run's recipe on half of the recordings, instead of fitting the last layer alone.

        Returns
        -------
        Budget
            With `points` and `gains`.

        Raises
        ------
        FileNotFoundError, ValueError
            If the run is leaky, its images are not there any more, or there are too few recordings to halve.

        Examples
        --------
        >>> whole, *classes = train.load_run("outputs/runs/ESC-10-cnn9").budget().gains  # doctest: +SKIP
        >>> whole.gain, whole.low, whole.high  # doctest: +SKIP
        """
        from train.budget.learning_curve import learning_curve

        return learning_curve(self._run, n_draws=n_draws, seed=seed, full=full)

    def suggest(
        self,
        recordings: Sequence[str | os.PathLike[str]],
        *,
        most: int = 40,
        n_random: int = 10,
        hop_s: float | None = None,
        folds: Sequence[str] | None = None,
        seed: int = 0,
    ) -> Suggestions:
        """Rank windows of new recordings by what their labels would teach, as `python -m train.suggest` does.

        Parameters
        ----------
        recordings, most, n_random, hop_s, folds, seed
            See `train.suggest.suggest.suggest`.

        Returns
        -------
        Suggestions
            With `table`.

        Raises
        ------
        FileNotFoundError, ValueError
            If the run or its images cannot be used, or no recording could be read.

        Examples
        --------
        >>> train.load_run("outputs/runs/ESC-10-cnn9").suggest(["nights/"]).table.head()  # doctest: +SKIP
        """
        from train.suggest.suggest import suggest

        return suggest(self._run, recordings, most=most, n_random=n_random, hop_s=hop_s, folds=folds, seed=seed)
