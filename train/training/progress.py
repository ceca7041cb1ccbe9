"""How far a run is: a bar on a terminal, a line now and then elsewhere, with the time left for all folds."""

from __future__ import annotations

import sys
import time

from tqdm import tqdm

from generate.runtime.progress import terminal_bar
from generate.runtime.wording import count
from train.data.split import Split
from train.wording import percent

LINE_EVERY_S = 20.0


class Progress:
    """Counts training images over all folds.

    Parameters
    ----------
    n_images : int
        That will go through the models, over all folds and epochs.
    """

    def __init__(self, n_images: int) -> None:
        self._n_images = n_images
        self._n_seen = self._n_left_of_fold = 0
        self._fold = ""
        self._started = self._last_line = time.monotonic()
        self._bar = None
        if n_images and sys.stderr.isatty():
            layout = "{desc}  {percentage:3.0f} % |{bar}| {elapsed}, {remaining} left"
            self._bar = terminal_bar(total=n_images, bar_format=layout, smoothing=0)

    def __enter__(self) -> Progress:
        """Begin."""
        return self

    def __exit__(self, *error: object) -> None:
        """End the bar's line."""
        if self._bar is not None:
            self._bar.close()

    def begin(self, fold: str, n_images: int, *, n_after: int = 0) -> None:
        """A fold begins, called so, in which so many images are still to be seen, and so many in those after it."""
        self._n_images = self._n_seen + n_images + n_after
        if self._bar is not None:
            self._bar.total = self._n_images
        self._fold, self._n_left_of_fold = fold, n_images
        if not self._n_seen:
            self._started = self._last_line = time.monotonic()

    def epoch(self, row: dict[str, object], n_images: int) -> None:
        """An epoch is done.

        Parameters
        ----------
        row : dict
            Of the history.
        n_images : int
            Seen in this epoch.
        """
        self._n_seen += n_images
        self._n_left_of_fold -= n_images
        text = f"{self._fold}  epoch {row['epoch']}  loss {row['loss']:.3f}  accuracy {percent(row['accuracy'])}"
        if "val_accuracy" in row:
            text += f"  validation {percent(row['val_accuracy'])}"
        if self._bar is not None:
            self._bar.set_description_str(text, refresh=False)
            self._bar.update(n_images)
        elif (now := time.monotonic()) - self._last_line >= LINE_EVERY_S:
            self._last_line = now
            left_s = (now - self._started) / self._n_seen * (self._n_images - self._n_seen)
            print(f"{text}  {tqdm.format_interval(round(left_s))} left", flush=True)

    def end(self, split: Split, accuracy: float, seconds: float) -> None:
        """A fold is trained and tested, perhaps sooner than it could have been.

        Parameters
        ----------
        split : Split
            Of the fold.
        accuracy : float
            On its test, 0 to 1.
        seconds : float
            That both took.
        """
        self._n_images -= self._n_left_of_fold
        if self._bar is not None:
            self._bar.total = self._n_images
        leaky = " (leaky)" if split.is_leaky else ""
        text = (
            f"fold {split.name}: {percent(accuracy)} of {count(len(split.test), 'test image')}{leaky}, in "
            f"{tqdm.format_interval(round(seconds))}"
        )
        if self._bar is not None:
            self._bar.write(text, file=sys.stdout)
        else:
            print(text, flush=True)
