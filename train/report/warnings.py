"""Reasons to doubt a figure, in words: what a report warns of."""

from __future__ import annotations

from collections.abc import Iterator

from generate.runtime.os_compat import quoted
from generate.runtime.wording import count
from train.report.interval_text import tested
from train.report.intervals import recordings_needed
from train.wording import listed, percent

HIGHEST_FROM_NOTHING = 0.97
"""No clean split of ESC-10 has given more without pretrained weights; the leaky one gives 98 to 99 %."""
HIGHEST_NEIGHBOUR = 0.90
"""Of the nearest neighbour on pixels: 62 % on the honest split of ESC-10, 98 % on the leaky one."""
LOOK_FOR = (
    "the same recording under two names, several files that were cut from one recording (`--source-pattern` of "
    "`python -m generate` tells which), files of one class that differ from the others in more than the sound "
    "(recorder, sample rate, length, loudness). If the classes are easy to tell apart, all may be well"
)


def warnings_of(report: dict[str, object]) -> list[str]:
    """What the reader of a report must know before believing its figures.

    Parameters
    ----------
    report : dict
        As `train.report.report.build_report` makes it; its `warnings` are not looked at.

    Returns
    -------
    list of str
        One or two sentences each, the gravest first.
    """
    return [*_of_the_split(report), *_of_the_figure(report), *_of_classes(report)]


def _of_the_split(report: dict[str, object]) -> Iterator[str]:
    pooled, protocol = report["pooled"], report["protocol"]
    if report["leaky"]:
        yield (
            f"Leaky: {protocol['relatives_in_training']:,} of {count(pooled['n_images'], 'test image')} have a "
            "relative in training, so the figures do not hold on new sounds."
        )
    if report["folds_missing"]:
        yield (
            f"Only {len(report['folds'])} of {count(len(report['all_folds']), 'fold')} finished: all figures are of "
            f"those alone. For the others: python -m train --resume {quoted(report['run'])} --folds "
            f"{','.join(report['folds_missing'])}"
        )
    n_left_out = protocol["left_out"]
    if n_left_out:
        yield (
            f"{count(n_left_out, 'image')} left out of training because relatives of theirs are tested"
            + (" or chosen by" if report["recipe"]["select"] == "validation" else "")
            + (" (all folds together)." if len(report["folds"]) > 1 else ".")
        )
    weights = report["recipe"]["weights"]
    if weights not in ("none", "imagenet"):
        yield (
            f"Training began with the weights in {weights}. If those have seen sounds that are tested here, the figure "
            "is leaky, and no meter can tell."
        )


def _of_the_figure(report: dict[str, object]) -> Iterator[str]:
    pooled = report["pooled"]
    value, neighbour = pooled["accuracy"], pooled["nearest_neighbour_accuracy"]
    if not report["leaky"]:
        if value > HIGHEST_FROM_NOTHING and report["recipe"]["weights"] == "none":
            yield (
                f"{percent(value)} is more than models reach from scratch as a rule (never above 97 % on ESC-10, a "
                f"well-known collection, where nothing leaks). Look for a leak: {LOOK_FOR}."
            )
        if neighbour is not None and neighbour > HIGHEST_NEIGHBOUR:
            yield (
                f"The nearest neighbour on the pixels, which learns nothing, is right in {percent(neighbour)}; on "
                f"ESC-10, a well-known collection, it is in 66 % where nothing leaks. Look for a leak: {LOOK_FOR}."
            )
    if neighbour is not None and pooled["most_frequent_class_accuracy"] < value < neighbour:
        yield (
            f"{_leaky(report)}{percent(value)} is less than the nearest neighbour on the pixels reaches, which learns "
            f"nothing ({percent(neighbour)}): as a rule the model was trained for too short a time; raise --epochs."
        )
    if value <= pooled["most_frequent_class_accuracy"]:
        yield (
            f"{_leaky(report)}{percent(value)} is no better than always answering with the most frequent class "
            f"({percent(pooled['most_frequent_class_accuracy'])}): nothing was learnt that helps."
        )
    if pooled["low"] is None:
        needed = recordings_needed()
        yield (
            f"{_leaky(report)}Only {count(pooled['n_recordings'], 'recording')} tested, so nobody can say how far off "
            f"{percent(value)} may be: an interval takes at least {needed} recordings, "
            f"{needed - pooled['n_recordings']} more. More clips of the same recordings do not help: they are alike."
        )
    elif value == 1 and not report["leaky"]:
        yield (
            f"All of {tested(pooled)} are right. Clips of one recording may be right together, so these tests do not "
            f"rule out {percent(pooled['low'])}."
        )


def _of_classes(report: dict[str, object]) -> Iterator[str]:
    classes = report["classes"]
    never = [row["label"] for row in classes if row["n"] and not row["recall"]]
    if never:
        yield f"{_leaky(report)}Not one test image was recognised of: {listed(never)}."
    untested = [row["label"] for row in classes if not row["n"]]
    if untested:
        yield f"Not tested at all: {listed(untested)}."
    needed = recordings_needed()
    few = [f"{row['label']} ({row['n_recordings']})" for row in classes if 0 < row["n_recordings"] < needed]
    if few and report["pooled"]["low"] is not None:
        yield (
            f"Fewer than {needed} test recordings, so there is no interval and the figures of the class say little: "
            f"{listed(few)}."
        )


def _leaky(report: dict[str, object]) -> str:
    return "Leaky figure: " if report["leaky"] else ""
