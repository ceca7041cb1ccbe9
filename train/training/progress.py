"""How far a run is: a bar on a terminal, a line now and then elsewhere, with the time left for all folds."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from tqdm import tqdm

from generate.runtime.progress import terminal_bar
from generate.runtime.wording import count
from train.runs.run_folder import FINAL
from train.wording import percent

if TYPE_CHECKING:
    from train.runs.history import EpochRow
    from train.training.train_fold import TestedFold

LINE_EVERY_S = 20.0


class Progress:
    """Counts training images over all folds, several of which may be trained at once.

    Parameters
    ----------
    n_images : dict of str to int
        For each fold, how many images are still to go through the model, over all epochs.
    """

    def __init__(self, n_images: dict[str, int]) -> None:
        self._n_left = dict(n_images)
        self._n_seen = 0
        self._began = time.monotonic()
        self._last_line = dict.fromkeys(n_images, self._began)
        self._bar = None
        if n_images and sys.stderr.isatty():
            layout = "{desc}  {percentage:3.0f} % |{bar}| {elapsed}, {remaining} left"
            self._bar = terminal_bar(total=sum(n_images.values()), bar_format=layout, smoothing=0)

    def __enter__(self) -> Progress:
        """Begin."""
        return self

    def __exit__(self, *error: object) -> None:
        """End the bar's line."""
        if self._bar is not None:
            self._bar.close()

    def epoch(self, fold: str, row: EpochRow, n_images: int) -> None:
        """Show an epoch that is done.

        Parameters
        ----------
        fold : str
        row : dict
            Of the history.
        n_images : int
            Seen in this epoch.
        """
        self._n_seen += n_images
        self._n_left[fold] = max(0, self._n_left[fold] - n_images)
        name = "final model" if fold == FINAL else f"fold {fold}"
        text = f"{name}  epoch {row['epoch']}  loss {row['loss']:.3f}  accuracy {percent(row['accuracy'])}"
        if "val_accuracy" in row:
            text += f"  validation {percent(row['val_accuracy'])}"
        if self._bar is not None:
            self._bar.set_description_str(text, refresh=False)
            self._bar.update(n_images)
        elif (now := time.monotonic()) - self._last_line[fold] >= LINE_EVERY_S:
            self._last_line[fold] = now
            left_s = (now - self._began) / self._n_seen * sum(self._n_left.values())
            print(f"{text}  {tqdm.format_interval(round(left_s))} left", flush=True)

    def end(self, fold: TestedFold) -> None:
        """Show the result of a fold, which may have ended early."""
        self._n_left[fold.name] = 0
        leaky = " (leaky)" if fold.is_leaky else ""
        text = (
            f"fold {fold.name}: {fold.score_name} {percent(fold.score)} on {count(fold.n_test, 'test image')}{leaky}, "
            f"in {tqdm.format_interval(round(fold.seconds))}"
        )
        if self._bar is None:
            print(text, flush=True)
            return
        self._bar.total = self._n_seen + sum(self._n_left.values())
        self._bar.write(text, file=sys.stdout)
