"""The model card of a run: what the model does, how accurate it is, and what that does not mean."""

from __future__ import annotations

import re

from generate.dataset.settings import Settings
from generate.dataset.settings_file import CollectionOrigin, SettingsFile
from generate.runtime.os_compat import quoted
from generate.runtime.wording import count, listed, on_a_line
from train.data.clip_statistics import limits_in_words
from train.recipe import Recipe
from train.report.card_thresholds import card_false_alarms, thresholds_text
from train.report.interval_text import ends_in_words, no_interval, tested, tested_in
from train.report.intervals import recordings_needed
from train.report.multilabel_text import average_precision_text, classes_table
from train.report.report import Report
from train.report.result_records import PooledResult
from train.report.summary import accuracy_text
from train.runs import run_folder
from train.wording import LEAKY_MEANS, duration, escaped, percent, start_in_words

MOST_CLASSES_NAMED = 12


def card_text(report: Report, settings: SettingsFile) -> str:
    """Write the model card of a run, in Markdown.

    Parameters
    ----------
    report : Report
    settings : SettingsFile
        The run's `settings.json`: how the images were rendered, from which collection, under which licence.

    Returns
    -------
    str
        Every heading, sentence and table row with a result of a leaky run says "leaky".
    """
    leaky = " (leaky)" if report.is_leaky else ""
    rendering, collection = Settings.from_json(settings["settings"]), settings["collection"]
    parts = [
        f"# {escaped(report.recipe.model)}, trained on {escaped(report.collection)}{leaky}",
        *([_banner(report)] if leaky else []),
        _what_it_is(report, rendering),
        f"## Accuracy{leaky}",
        *([f"**Mean average precision{leaky}: {average_precision_text(report)}.**"] if report.multilabel else []),
        _accuracy(report, leaky),
        "## How it was measured",
        _measured(report),
        *([f"## Warnings{leaky}", _bullets(list(report.warnings))] if report.warnings else []),
        *([f"## Results by group of classes{leaky}", _groups(report, leaky)] if report.groups else []),
        f"## Results by class{leaky}",
        classes_table(report, leaky) if report.multilabel else _classes(report, leaky),
        *(["## Thresholds", thresholds_text(report.calibration)] if report.calibration else []),
        *([f"## Most frequent errors{leaky}", _confusions(report, leaky)] if report.confusions else []),
        "## How to use it",
        _use(report),
        "## Limits",
        _limits(report, rendering),
        "## Training data and recipe",
        _origin(report, collection),
    ]
    return "\n\n".join(parts) + "\n"


def _banner(report: Report) -> str:
    return (
        f"> **LEAKY. Do not quote this accuracy.** {LEAKY_MEANS[0].upper()}{LEAKY_MEANS[1:]}. "
        f"{report.protocol.n_leaked:,} of {count(report.pooled.n_images, 'test image')} have images of the same "
        "recording in training. This run exists to show how much that inflates an accuracy. For one that holds, train "
        "with `--protocol folds` and without `--allow-recording-overlap`."
    )


def _what_it_is(report: Report, rendering: Settings) -> str:
    names = [escaped(row.label) for row in report.classes]
    recipe = report.recipe
    n_folds, n_models = len(report.folds), recipe.ensemble or 1
    each = f"an ensemble of {n_models} models" if n_models > 1 else "one model"
    per_fold = f" for each of {n_folds} folds, each" if n_folds > 1 else ","
    selected = "" if recipe.select == "last" else " but one, which selected the epoch"
    trained_on = f"the other folds{selected}" if n_folds > 1 else "a part of the clips"
    return (
        f"It classifies audio clips of {rendering.seconds:g} s by their spectrogram image, into "
        f"{count(len(names), 'class')}: {listed(names, most=MOST_CLASSES_NAMED)}.{_chosen(recipe)} This folder "
        f"holds {each} ({escaped(recipe.model)}){per_fold} trained {escaped(start_in_words(recipe.weights))} on "
        f"{trained_on}.{_final(report)}"
    )


def _final(report: Report) -> str:
    """What the final model is, and whose accuracy its is."""
    final = report.final
    if final is None:
        return ""
    which = f"the {len(report.folds)} models of the folds" if len(report.folds) > 1 else "the model of the fold"
    return (
        f"\n\nIt also holds a final model (`{run_folder.FINAL}`), trained on all {count(final.n_clips, 'clip')} of "
        f"{count(final.n_recordings, 'recording')} by the same recipe. No recording was left to test it: the accuracy "
        f"below is that of {which}, each trained on fewer recordings, and is what to expect of the final one."
    )


def _chosen(recipe: Recipe) -> str:
    """That the collection has other classes too."""
    if recipe.leave_out:
        return f" Left out of the collection: {escaped(listed(recipe.leave_out, most=MOST_CLASSES_NAMED))}."
    return "" if recipe.classes is None else " The other classes of the collection were left out."


def _accuracy(report: Report, leaky: str) -> str:
    pooled = report.pooled
    if leaky:
        meaning = f"This is leaky: {LEAKY_MEANS}. This run cannot tell the accuracy on new recordings."
    else:
        correctly = "given exactly their labels" if report.multilabel else "classified correctly"
        meaning = (
            f"Of 100 new clips of these classes, recorded like those of {escaped(report.collection)}, expect about "
            f"{round(100 * pooled.accuracy)} to be {correctly}. {_uncertainty(pooled)} On other kinds of "
            "recordings, from other recorders or places, the accuracy is unknown: test some of your own before you "
            "rely on it."
        )
    rows = [
        f"| fold {escaped(fold.name)}{leaky} | {percent(fold.accuracy)} | {ends_in_words(fold)} | {tested_in(fold)} |"
        for fold in report.folds
    ]
    table = "\n".join([f"| fold | accuracy{leaky} | {_level(report)} | test |", "|---|---|---|---|", *rows])
    others = [
        f"- Macro F1{leaky}: {percent(pooled.macro_f1)} (without an interval). Like accuracy, with equal weight for "
        "each class."
    ]
    if report.multilabel is None:
        others += _baselines(report, leaky)
    bullets = "\n".join(others)
    what = "All labels right" if report.multilabel else "Accuracy"
    alarms = (
        f"{card_false_alarms(report.false_alarms, multilabel=report.multilabel is not None)}\n\n"
        if report.false_alarms
        else ""
    )
    headline = f"**{what}{leaky}: {escaped(accuracy_text(report))}.**"
    return f"{headline}\n\n{meaning}\n\n{alarms}{table}\n\nFor comparison:\n\n{bullets}"


def _baselines(report: Report, leaky: str) -> list[str]:
    pooled = report.pooled
    nearest = percent(pooled.nearest_neighbour_accuracy)
    lines = [f"- Nearest-neighbour baseline on the pixels, without any learning{leaky}: {nearest}."]
    if pooled.most_frequent_class_accuracy is not None:
        often = percent(pooled.most_frequent_class_accuracy)
        lines.append(f"- Always predicting the most frequent class{leaky}: {often}.")
    return lines


def _measured(report: Report) -> str:
    n_left_out = report.protocol.n_left_out
    left_out = (
        f" {count(n_left_out, 'image')} left out of training because images of the same recording are tested."
        if n_left_out
        else ""
    )
    return (
        f"{report.protocol.description}{left_out} Intervals are over recordings, because clips of one recording tend "
        "to be right or wrong together: exact (Clopper-Pearson) intervals for the effective number of independent "
        f"clips. With fewer than {recordings_needed()} recordings there is none. They cover the choice of the test "
        "recordings, not the randomness of training, which another `--seed` shows."
    )


def _uncertainty(pooled: PooledResult) -> str:
    if pooled.low is None:
        return (
            f"Only {tested(pooled)} were tested, too few to say how uncertain that is "
            f"({no_interval(pooled.n_recordings)})."
        )
    return (
        f"{tested(pooled)} were tested; other recordings might have given anything from {percent(pooled.low)} to "
        f"{percent(pooled.high)}."
    )


def _level(report: Report) -> str:
    return f"{100 * report.pooled.level:g} % interval"


def _classes(report: Report, leaky: str) -> str:
    rows = [
        f"| {escaped(row.label)}{leaky} | {percent(row.recall)} | {ends_in_words(row)} | "
        f"{percent(row.precision)} | {percent(row.f1)} | {row.n_images:,} | {row.n_recordings:,} |"
        for row in report.counted_classes
    ]
    header = f"| class | recall{leaky} | {_level(report)} | precision{leaky} | F1{leaky} | test images | recordings |"
    note = (
        "Recall: the fraction of this class's clips that were recognised; the interval is of the recall. Precision: "
        "the fraction of the clips predicted as this class that are of it. F1: the harmonic mean of both."
    )
    return "\n".join([header, "|---|---|---|---|---|---|---|", *rows]) + f"\n\n{note}"


def _groups(report: Report, leaky: str) -> str:
    rows = [
        f"| {escaped(row.name)}{leaky} | {row.n_classes} | {percent(row.accuracy)} | {ends_in_words(row)} | "
        f"{percent(row.accuracy_of_group)} | {row.n_images:,} | {row.n_recordings:,} |"
        for row in report.groups
    ]
    header = f"| group | classes | accuracy{leaky} | {_level(report)} | group right{leaky} | test images | recordings |"
    note = "Group right: the fraction of the clips predicted as some class of their own group; it has no interval."
    return "\n".join([header, "|---|---|---|---|---|---|---|", *rows]) + f"\n\n{note}"


def _confusions(report: Report, leaky: str) -> str:
    return _bullets(
        [
            f"{row.label} predicted as {row.predicted}: {row.count:,} of {row.n_images:,}{leaky}"
            for row in report.confusions
        ],
        f"All of them: `{run_folder.CONFUSION_PNG}`, `{run_folder.CONFUSION_CSV}`. Each test image with its "
        f"probabilities: `{run_folder.PREDICTIONS}`.",
    )


def _use(report: Report) -> str:
    command = on_a_line(f"python -m train.predict {quoted(report.run)} file.wav").replace("```", "` ` `")
    single = "" if report.is_leaky else " The accuracy above is that of a single fold's model on clips it never saw."
    does = "averages the probabilities of all models of this folder"
    if report.final is not None:
        does = "asks the final model (`--folds all`: it averages the probabilities of the models of the folds)"
    return (
        f"In the folder of the program:\n\n```\n{command}\n```\n\nIt renders the audio exactly as the training images "
        f"(`{run_folder.SETTINGS}`) and {does}. Long recordings are classified window by window.{single}"
    )


def _limits(report: Report, rendering: Settings) -> str:
    limits = [
        (
            "It may predict its classes for any other sound too."
            if report.multilabel
            else f"It always predicts one of its {len(report.classes)} classes, also for any other sound."
        ),
        *(
            []
            if report.calibration
            else [
                "Its probabilities are not calibrated: fewer than 9 in 10 predictions of probability 0.9 may be right."
            ]
        ),
        *([] if report.multilabel else ["Where several classes are audible at once, it names one."]),
        "It was trained on these recordings with their recorders, rooms and places, and may rely on those rather than "
        "on the sound itself.",
        "Nothing serious (health, safety, a person's rights) should depend on its predictions alone.",
    ]
    limits[1:1] = limits_in_words(report.trained_on, highest_hz=rendering.highest_hz, seconds=rendering.seconds)
    return _bullets(limits)


def _origin(report: Report, collection: CollectionOrigin) -> str:
    recipe, times = report.recipe, report.times
    variants = "all in the image folder" if recipe.train_variants is None else " ".join(recipe.train_variants)
    rows = [
        f"Collection: {report.collection}",
        f"Licence of the recordings: {collection['licence'] or 'none is stated; ask whoever recorded them'}",
        f"Please cite: {collection['citation']}" if collection["citation"] else "",
        f"Image augmentation in training: {', '.join(recipe.augment) or 'none'}",
        f"Audio variants in training, besides the originals: {variants or 'none'}",
        f"Training: {_schedule(report)}; {duration(times.train_seconds)}, {times.images_seen:,} images seen",
        f"Versions: {', '.join(f'{name} {version}' for name, version in report.versions.items())}",
    ]
    return _bullets(
        [row for row in rows if row],
        f"All options are in `{run_folder.CONFIG}`, all results in `{run_folder.REPORT}`, the training curves in "
        f"`{run_folder.CURVES}`.",
    )


def _schedule(report: Report) -> str:
    recipe = report.recipe
    if not recipe.fine_tunes:
        return f"the last layer fitted by logistic regression, all others left as they were, seed {recipe.seed}"
    epochs = sorted({fold.epochs - fold.n_fitted for fold in report.folds})
    n_epochs = count(epochs[0], "epoch") if len(epochs) == 1 else f"{epochs[0]:,} to {epochs[-1]:,} epochs"
    fitted = (
        "the last layer fitted by logistic regression, then " if any(fold.n_fitted for fold in report.folds) else ""
    )
    rate = f" {'to' if recipe.warmup else 'from'} {recipe.learning_rate:g}" if recipe.learning_rate else ""
    return (
        f"{fitted}{n_epochs} in batches of {recipe.batch_size}, learning rate{' with warm-up' if recipe.warmup else ''}"
        f"{rate} and cosine decay to 0, seed {recipe.seed}"
    )


def _bullets(lines: list[str], after: str = "") -> str:
    return "\n".join(f"- {_escaped_but_code(line)}" for line in lines) + (f"\n\n{after}" if after else "")


def _escaped_but_code(text: str) -> str:
    """A sentence in which text in backticks stays code; a name with backticks cannot smuggle HTML in by them."""
    parts = re.split(r"(`[^`\r\n<>&]*`)", text)
    return "".join(part if number % 2 else escaped(part) for number, part in enumerate(parts))
