"""What a report warns of: reasons to doubt its accuracy."""

from __future__ import annotations

from collections.abc import Iterator

from generate.dataset.background_classes import NOT_EVENTS
from generate.runtime.one_or_several import option_text
from generate.runtime.os_compat import quoted
from generate.runtime.wording import count, listed
from train.data.reviewed import review_in_words
from train.report.interval_text import tested
from train.report.intervals import recordings_needed
from train.report.report import Report
from train.wording import folds_in_words, percent

HIGHEST_FROM_SCRATCH = 0.97
"""No grouped split of ESC-10 gave more without pretrained weights; the leaky one gives 98 to 99 %."""
HIGHEST_BASELINE = 0.90
"""Of the nearest-neighbour baseline: 63 % on the grouped split of ESC-10, 91 % on the leaky one."""
LOOK_FOR = (
    "one recording under two names; several files cut from one recording (tell `python -m generate` by "
    "`--source-pattern`); files of one class that differ from the others in more than the sound (recorder, sample "
    "rate, duration, loudness). If the classes are easy to tell apart, there may be no leak"
)


def warnings_of(report: Report) -> list[str]:
    """What the reader of a report must know before believing it.

    Parameters
    ----------
    report : Report
        Its own `warnings` are ignored.

    Returns
    -------
    list of str
        One or two sentences each, the most serious first.
    """
    of_accuracy = _of_the_accuracy if report.multilabel is None else _of_average_precision
    return [*_of_the_split(report), *of_accuracy(report), *_of_classes(report)]


def _of_the_split(report: Report) -> Iterator[str]:
    if report.is_leaky:
        yield (
            f"Leaky: {report.protocol.n_leaked:,} of {count(report.pooled.n_images, 'test image')} have images of the "
            "same recording in training, so the results do not hold for new recordings."
        )
    if report.folds_missing:
        yield (
            f"Only {len(report.folds)} of {count(len(report.all_folds), 'fold')} finished, and all results are of "
            f"these. To train the others: python -m train --resume {quoted(report.run)} "
            + option_text("--folds", [folds_in_words(report.folds_missing)])
        )
    if report.protocol.n_left_out:
        yield (
            f"{count(report.protocol.n_left_out, 'image')} left out of training because images of the same recording "
            "are in the test"
            + (" or validation" if report.recipe.select == "validation" else "")
            + (" (all folds together)." if len(report.folds) > 1 else ".")
        )
    if reviewed := review_in_words(report.trained_on):
        yield reviewed
    if report.recipe.weights not in ("none", "imagenet"):
        yield (
            f"Training started from the weights in {report.recipe.weights}. If these were trained on clips that are "
            "tested here, the accuracy is leaky, and this program cannot detect it."
        )


def _beyond_the_most_frequent(report: Report) -> str:
    """What a model that is right no more often than the most frequent class has learnt, by the mean recall."""
    recalls = [row.recall for row in report.classes if row.recall is not None and row.label not in NOT_EVENTS]
    mean = sum(recalls) / len(recalls)
    if mean <= 1 / len(recalls):
        return "the model has learnt nothing useful"
    return f"but it finds {percent(mean)} of each class on average, so look at the recalls"


def _of_the_accuracy(report: Report) -> Iterator[str]:
    pooled = report.pooled
    accuracy, baseline = pooled.accuracy, pooled.nearest_neighbour_accuracy
    leaky = "Leaky accuracy: " if report.is_leaky else ""
    if not report.is_leaky:
        if accuracy > HIGHEST_FROM_SCRATCH and report.recipe.weights == "none":
            yield (
                f"{percent(accuracy)} is unusually high for a model trained from scratch (on ESC-10, a well-known "
                f"collection, never above 97 % without a leak). Look for a leak: {LOOK_FOR}."
            )
        if baseline is not None and baseline > HIGHEST_BASELINE:
            yield (
                f"The nearest-neighbour baseline, which only compares pixels, reaches {percent(baseline)}; on ESC-10, "
                f"a well-known collection, it reaches 63 % without a leak. Look for a leak: {LOOK_FOR}."
            )
    often = pooled.most_frequent_class_accuracy
    if baseline is not None and (often or 0) < accuracy < baseline:
        yield (
            f"{leaky}{percent(accuracy)} is below the nearest-neighbour baseline ({percent(baseline)}), which only "
            "compares pixels. Usually the model was trained too little; "
            + ("raise --epochs." if report.recipe.fine_tunes else "leave out --quality fast or --epochs 0.")
        )
    if often is not None and accuracy <= often:
        yield (
            f"{leaky}{percent(accuracy)} is no better than always predicting the most frequent class "
            f"({percent(often)}): {_beyond_the_most_frequent(report)}."
        )
    if pooled.low is None:
        needed = recordings_needed()
        yield (
            f"{leaky}Only {count(pooled.n_recordings, 'recording')} tested, so the uncertainty of {percent(accuracy)} "
            f"is unknown: an interval takes at least {needed} recordings, {needed - pooled.n_recordings} more. More "
            "clips of the same recordings do not help: they are alike."
        )
    elif accuracy == 1 and not report.is_leaky:
        yield (
            f"All of {tested(pooled)} are correct. Clips of one recording tend to be right together, so this test does "
            f"not rule out {percent(pooled.low)}."
        )


def _of_average_precision(report: Report) -> Iterator[str]:
    result, leaky = report.multilabel, "Leaky: " if report.is_leaky else ""
    if result is None or result.mean_average_precision is None or result.chance is None:
        return
    if result.mean_average_precision <= result.chance:
        yield (
            f"{leaky}a mean average precision of {percent(result.mean_average_precision)} is no better than "
            f"probabilities that say nothing ({percent(result.chance)}): the model has learnt nothing useful."
        )


def _of_classes(report: Report) -> Iterator[str]:
    leaky = "Leaky recall: " if report.is_leaky else ""
    never = [row.label for row in report.classes if row.n_images and not row.recall]
    if never:
        yield f"{leaky}Not one test image was recognised of: {listed(never, most=6)}."
    untested = [row.label for row in report.classes if not row.n_images]
    if untested:
        yield f"Not tested at all: {listed(untested, most=6)}."
    needed = recordings_needed()
    few = [f"{row.label} ({row.n_recordings})" for row in report.classes if 0 < row.n_recordings < needed]
    if few and report.pooled.low is not None:
        yield (
            f"Fewer than {needed} test recordings, so there is no interval and the results of the class say little: "
            f"{listed(few, most=6)}."
        )
