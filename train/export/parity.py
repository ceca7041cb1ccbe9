"""Whether an exported file gives what the program gives."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from generate.dataset.background_classes import counted
from generate.runtime.wording import count
from train.export.clips import Clips, read_clips
from train.export.runtimes import Outputs, Runner, joined
from train.export.subject import Subject
from train.report.intervals import share_interval
from train.wording import percent

LEAST_SAME = 0.98
"""Share of the clips for which an export must give the same class; a change in one of fifty is within the interval of
any accuracy that was measured on as many."""
LEAST_AS_LIKE = 0.95
"""Share of the clips for which it must give the same of whether they are unlike the training clips: by definition the
limit of that is where one in twenty test clips is beyond it, and 8 bits change what is at the limit (of the default
model on ESC-10 8 of 400 held-out clips, with 398 of 400 classes the same)."""
MOST_UNLIKENESS_OFF = 0.25
"""Largest relative difference of the unlikeness, the median of the clips: hardly any clip is unlike the training clips,
so that a file whose unlikeness is always 0 would agree for nearly all. Of the default model on ESC-10 it is 0.005 in 32
bits, and 0.07 with activations of 8 bits."""
LEAST_READ = 0.9
"""Share of the clips whose audio must be readable: the rest may be of other classes."""
BATCH = 16


@dataclass(frozen=True)
class Parity:
    """How an exported file compares with the program on the same clips.

    Parameters
    ----------
    n_clips, n_recordings : int
    n_same : int
        Clips for which both give the same class.
    n_as_like : int or None
        Clips that for both are unlike the training clips, or for both are not; None where the file does not give it.
    unlikeness_difference : float or None
        Of the unlikeness of a clip, as a share of the program's, the median.
    largest_difference, mean_difference : float
        Of the probabilities of a clip, the class that differs most.
    n_tested, n_tested_recordings : int
        Clips that the accuracy counts, without those of background, and their recordings.
    accuracy, low, high : float or None
        Of the file, with its interval over recordings; None where the models were trained on these clips.
    program_accuracy : float or None
        Of the program on the same clips.
    window_ms : float
        Time of one window on this machine, the median.
    n_unreadable : int
        Clips whose audio could not be read.
    multilabel : bool
        Whether clips may have several labels: the same class, and right, are then all that reach their thresholds.
    """

    n_clips: int
    n_recordings: int
    n_same: int
    n_as_like: int | None
    unlikeness_difference: float | None
    largest_difference: float
    mean_difference: float
    n_tested: int
    n_tested_recordings: int
    accuracy: float | None
    low: float | None
    high: float | None
    program_accuracy: float | None
    window_ms: float
    n_unreadable: int
    multilabel: bool = False

    @property
    def holds(self) -> bool:
        """Whether the file may be used in place of the program."""
        is_as_like = (self.n_as_like is None or self.n_as_like >= LEAST_AS_LIKE * self.n_clips) and (
            self.unlikeness_difference is None or self.unlikeness_difference <= MOST_UNLIKENESS_OFF
        )
        return self.has_enough_clips and self.n_same >= LEAST_SAME * self.n_clips and is_as_like

    @property
    def has_enough_clips(self) -> bool:
        """Whether so many clips could be read that the others do not matter."""
        return self.n_clips >= LEAST_READ * (self.n_clips + self.n_unreadable)


@dataclass(frozen=True)
class Compared:
    """An exported file beside the program.

    Parameters
    ----------
    parity : Parity
    clips : pandas.DataFrame
        One row a clip that was read, with its row of `Clips.table` as index: `clip_id`, `source_id`, `label`, the
        labels `by_program` and `by_file`, where the file gives it whether it is unlike the training clips
        (`unlike_by_program`, `unlike_by_file`), and the largest `difference` of their probabilities.
    """

    parity: Parity
    clips: pd.DataFrame


def compare(subject: Subject, clips: Clips, runners: Mapping[str, Runner]) -> dict[str, Compared]:
    """Run exported files on clips, and compare them with the program.

    Parameters
    ----------
    subject : Subject
    clips : Clips
    runners : mapping of str to callable
        The files, by a name.

    Returns
    -------
    dict of str to Compared

    Raises
    ------
    ValueError
        If no clip could be read, or a file gives what are no probabilities.
    """
    unreadable: list[str] = []
    rows: list[int] = []
    own: list[Outputs] = []
    given: dict[str, list[Outputs]] = {name: [] for name in runners}
    ms: dict[str, list[float]] = {name: [] for name in runners}
    stream = read_clips(clips, subject, unreadable=unreadable)
    while batch := list(itertools.islice(stream, BATCH)):
        rows += [clip.row for clip in batch]
        own.append(subject.predict(np.stack([clip.window.pixels for clip in batch])))
        for name, runner in runners.items():
            for clip in batch:
                began = time.perf_counter()
                given[name].append(runner(clip.input[None]))
                ms[name].append(1000 * (time.perf_counter() - began))
    if not rows:
        why = f" {unreadable[0]}" if unreadable else ""
        raise ValueError(f"At least one clip must be readable, to check an export with it. Got none.{why}")
    table = clips.table.iloc[rows]
    return {
        name: _compared(joined(own), joined(given[name]), table, subject, clips, ms[name], len(unreadable))
        for name in runners
    }


def _compared(
    of_program: Outputs,
    of_file: Outputs,
    table: pd.DataFrame,
    subject: Subject,
    clips: Clips,
    ms: list[float],
    n_unreadable: int,
) -> Compared:
    (own, own_unlikeness), (given, unlikeness) = of_program, of_file
    labels, sources = table["label"].to_numpy(dtype=object), table["source_id"]
    is_finite = np.isfinite(given).all() and (unlikeness is None or np.isfinite(unlikeness).all())
    if given.shape != own.shape or not is_finite:
        raise ValueError(f"The exported file must give {own.shape[1]} probabilities. Got {given.shape} or no numbers.")
    by_program, by_file = subject.labels(own), subject.labels(given)
    by_both = {"by_program": by_program, "by_file": by_file}
    n_as_like = unlikeness_difference = None
    if unlikeness is not None and own_unlikeness is not None:
        by_both |= {"unlike_by_program": own_unlikeness > 1, "unlike_by_file": unlikeness > 1}
        n_as_like = int((by_both["unlike_by_program"] == by_both["unlike_by_file"]).sum())
        off = np.abs(unlikeness - own_unlikeness) / np.maximum(own_unlikeness, 1e-9)
        unlikeness_difference = float(np.median(off))
    difference = np.abs(own - given).max(axis=1)
    is_tested = np.ones(len(labels), bool) if subject.run.multilabel else counted(labels)
    is_right, was_right = (by_file == labels)[is_tested], (by_program == labels)[is_tested]
    interval = share_interval(is_right, sources[is_tested]) if clips.are_held_out else None
    parity = Parity(
        n_clips=len(own),
        n_recordings=sources.nunique(),
        n_same=int((by_program == by_file).sum()),
        n_as_like=n_as_like,
        unlikeness_difference=unlikeness_difference,
        largest_difference=float(difference.max()),
        mean_difference=float(difference.mean()),
        n_tested=int(is_tested.sum()),
        n_tested_recordings=sources[is_tested].nunique(),
        accuracy=float(is_right.mean()) if interval else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        program_accuracy=float(was_right.mean()) if interval else None,
        window_ms=float(np.median(ms)),
        n_unreadable=n_unreadable,
        multilabel=subject.run.multilabel,
    )
    by_both |= {"difference": difference.round(6)}
    return Compared(parity, table[["clip_id", "source_id", "label"]].assign(**by_both))


def parity_text(parity: Parity) -> str:
    """Such as `the same class for 400 of 400 clips; probabilities differ by at most 0.012, 0.001 on average`."""
    what = "labels" if parity.multilabel else "class"
    like = ""
    if parity.n_as_like is not None and parity.unlikeness_difference is not None:
        off = f"unlikeness {percent(parity.unlikeness_difference)} off"
        like = f", and the same likeness to the training clips for {parity.n_as_like:,} ({off})"
    text = (
        f"the same {what} as the program for {parity.n_same:,} of {count(parity.n_clips, 'clip')}{like}; probabilities "
        f"differ by at most {parity.largest_difference:.2g}, on average {parity.mean_difference:.2g}"
    )
    if parity.n_unreadable:
        text += f" ({count(parity.n_unreadable, 'clip')} could not be read)"
    return text


def accuracy_in_words(parity: Parity, *, cross_validated: str) -> str:
    """The accuracy of this file on held-out clips, or whose accuracy is to be expected.

    Parameters
    ----------
    parity : Parity
    cross_validated : str
        That of the run, in words.
    """
    if parity.accuracy is None:
        return (
            f"{cross_validated}, cross-validated, of the models of the folds. The clips above were trained on, so this "
            "file has no accuracy of its own"
        )
    interval = (
        "too few recordings for an interval"
        if parity.low is None
        else f"95 % interval {100 * parity.low:.1f} to {100 * (parity.high or 0):.1f}"
    )
    without = ", without those of background" if parity.n_tested < parity.n_clips else ""
    return (
        f"{percent(parity.accuracy)} ({interval}; {count(parity.n_tested, 'held-out clip')} of "
        f"{count(parity.n_tested_recordings, 'recording')}{without}), of this very file; the program "
        f"{percent(parity.program_accuracy)}"
    )
