"""The model card: what a run has learnt, what its figure means and what not, in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from generate.runtime.os_compat import quoted
from generate.runtime.wording import count, on_a_line
from train.data.clip_statistics import limits_in_words
from train.report.interval_text import ends_in_words, no_interval, tested
from train.report.intervals import recordings_needed
from train.report.markdown import escaped
from train.report.summary import accuracy_text
from train.runs import run_folder
from train.wording import LEAKY_MEANS, duration, listed, percent, start_in_words

MOST_CLASSES_NAMED = 12


def card_text(report: Mapping[str, object], settings: Mapping[str, object]) -> str:
    """Write the model card of a run, in Markdown.

    Parameters
    ----------
    report : dict
        As `train.report.report.make_report` gives it.
    settings : dict
        The run's `settings.json`: how the images were made, of which collection, under which licence.

    Returns
    -------
    str
        Every heading, sentence and table row with a figure of a leaky run says "leaky".
    """
    leaky = " (leaky)" if report["leaky"] else ""
    title = f"# {escaped(report['recipe']['model'])}, trained on {escaped(report['collection'])}{leaky}"
    parts = [
        title,
        *([_banner(report)] if leaky else []),
        _what_it_is(report, settings),
        f"## How good it is{leaky}",
        _figure(report, leaky),
        "## How that was measured",
        _measured(report),
        *([f"## What to mind{leaky}", _bullets(report["warnings"])] if report["warnings"] else []),
        f"## Class by class{leaky}",
        _classes(report, leaky),
        *([f"## What it mixes up most{leaky}", _confusions(report, leaky)] if report["confusions"] else []),
        "## How to use it",
        _use(report),
        "## Limits",
        _limits(report, settings),
        "## Where it comes from",
        _origin(report, settings),
    ]
    return "\n\n".join(parts) + "\n"


def _banner(report: Mapping[str, object]) -> str:
    pooled = report["pooled"]
    return (
        f"> **LEAKY. Do not quote this figure.** {LEAKY_MEANS[0].upper()}{LEAKY_MEANS[1:]}. "
        f"{report['protocol']['relatives_in_training']:,} of {count(pooled['n_images'], 'test image')} have a "
        "relative in training. This run exists to show what that does to a figure. For one that holds, train with "
        "`--protocol folds` and without `--keep-relatives`."
    )


def _what_it_is(report: Mapping[str, object], settings: Mapping[str, object]) -> str:
    names = [escaped(row["label"]) for row in report["classes"]]
    seconds = settings["settings"].get("seconds")
    length = f" of {seconds:g} seconds" if isinstance(seconds, int | float) else ""
    recipe = report["recipe"]
    ensemble_size = len(report["folds"])
    each, part = (", each", "another part") if ensemble_size > 1 else (",", "a part")
    side_by_side = recipe["ensemble"] or 1
    if side_by_side > 1:
        each = f", {side_by_side} side by side whose mean counts" + each
    return (
        f"It listens to a sound{length} by looking at its spectrogram, an image of pitch over time, and says which of "
        f"{count(len(names), 'class')} it is: {listed(names, most=MOST_CLASSES_NAMED)}.{_chosen(recipe)} This "
        f"folder holds {count(ensemble_size, 'model')} of the kind {escaped(recipe['model'])}{each} trained "
        f"{escaped(start_in_words(recipe['weights']))} on {part} of the sounds."
    )


def _chosen(recipe: Mapping[str, object]) -> str:
    """That the collection has other classes too."""
    if recipe.get("leave_out"):
        return f" Left out of the collection: {escaped(listed(recipe['leave_out'], most=MOST_CLASSES_NAMED))}."
    return "" if recipe.get("classes") is None else " The other classes of the collection were left out."


def _figure(report: Mapping[str, object], leaky: str) -> str:
    pooled = report["pooled"]
    of_100 = round(100 * pooled["accuracy"])
    if leaky:
        meaning = f"This is leaky: {LEAKY_MEANS}. How good it is on new sounds, this run cannot say."
    else:
        meaning = (
            f"In words: of 100 new sounds of these classes, recorded as those of {escaped(report['collection'])}, "
            f"it names about {of_100} rightly. Only {tested(pooled)} were tested; {_with_others(pooled)}. "
            "Of sounds of another kind, from another recorder or another place, this "
            "says nothing: test some of your own before you rely on it."
        )
    rows = [
        f"| fold {escaped(fold['name'])}{leaky} | {percent(fold['accuracy'])} | {ends_in_words(fold)} | "
        f"{tested(fold)} |"
        for fold in report["folds"]
    ]
    neighbour = percent(pooled["nearest_neighbour_accuracy"])
    others = [
        f"- Macro F1{leaky}: {percent(pooled['macro_f1'])} (no interval is known for it). Like accuracy, with each "
        "class counting the same.",
        f"- Nearest neighbour on the pixels, which learns nothing{leaky}: {neighbour}.",
        f"- Always the most frequent class{leaky}: {percent(pooled['most_frequent_class_accuracy'])}.",
    ]
    table = "\n".join([f"| fold | accuracy{leaky} | {_level(report)} | tested on |", "|---|---|---|---|", *rows])
    bullets = "\n".join(others)
    return f"**Accuracy{leaky}: {accuracy_text(report)}.**\n\n{meaning}\n\n{table}\n\nTo hold it against:\n\n{bullets}"


def _measured(report: Mapping[str, object]) -> str:
    left_out = report["protocol"]["left_out"]
    more = (
        f" {count(left_out, 'image')} left out of training because relatives of theirs are tested." if left_out else ""
    )
    return (
        f"{report['protocol']['in_words']}{more} The intervals are over recordings, since clips of one recording are "
        f"right or wrong together: exact ones for so many clips as these are worth. With fewer than "
        f"{recordings_needed()} recordings there is none. They cover the chance in which recordings were tested, not "
        "the chance in training, which another `--seed` shows."
    )


def _with_others(pooled: Mapping[str, object]) -> str:
    """What else the figure might have been."""
    if pooled["low"] is None:
        return f"from so few recordings nobody can say how far off that is ({no_interval(pooled['n_recordings'])})"
    return f"with others it might have been anything from {percent(pooled['low'])} to {percent(pooled['high'])}"


def _level(report: Mapping[str, object]) -> str:
    return f"{100 * report['pooled']['level']:g} % interval"


def _classes(report: Mapping[str, object], leaky: str) -> str:
    rows = [
        f"| {escaped(row['label'])}{leaky} | {percent(row['recall'])} | {ends_in_words(row)} | "
        f"{percent(row['precision'])} | {percent(row['f1'])} | {row['n']:,} | {row['n_recordings']:,} |"
        for row in report["classes"]
    ]
    header = f"| class | recall{leaky} | {_level(report)} | precision{leaky} | F1{leaky} | images tested | recordings |"
    note = (
        "Recall: of the clips of this class, how many were recognised; the interval is of this. Precision: of those "
        "that it called so, how many were. F1: the harmonic mean of both."
    )
    return "\n".join([header, "|---|---|---|---|---|---|---|", *rows]) + f"\n\n{note}"


def _confusions(report: Mapping[str, object], leaky: str) -> str:
    return _bullets(
        [
            f"{row['label']} predicted as {row['predicted']}: {row['count']:,} of {row['n']:,}{leaky}"
            for row in report["confusions"]
        ],
        f"All of them: `{run_folder.CONFUSION_PNG}`, `{run_folder.CONFUSION_CSV}`. Each test sound with its "
        f"probabilities: `{run_folder.PREDICTIONS}`.",
    )


def _use(report: Mapping[str, object]) -> str:
    command = on_a_line(f"python -m train.predict {quoted(report['run'])} file.wav").replace("```", "` ` `")
    single = "" if report["leaky"] else " The accuracy above is that of one fold's model, on sounds new to it."
    return (
        f"In the folder of the program:\n\n```\n{command}\n```\n\nIt draws the image just as those that were trained "
        f"on were drawn (`{run_folder.SETTINGS}`), asks all models of this folder and averages their answers. Long "
        f"recordings are heard piece by piece.{single}"
    )


def _limits(report: Mapping[str, object], settings: Mapping[str, object]) -> str:
    drawn = settings["settings"]
    limits = [
        f"It answers with one of its {len(report['classes'])} classes always, for any other sound too.",
        "A probability is how sure the model is, not how often it is right; nobody has tuned it to be that.",
        "Of several sounds at once it names one.",
        "It has learnt from these recordings with their recorders, rooms and places, and may hold those for the sound.",
        "Nothing of weight (health, safety, a person's rights) should hang on its answer alone.",
    ]
    sr, fmax_hz, seconds = (drawn.get(name) for name in ("sr", "fmax_hz", "seconds"))
    highest_hz = fmax_hz if isinstance(fmax_hz, int | float) else sr / 2 if isinstance(sr, int | float) else None
    seconds = seconds if isinstance(seconds, int | float) else None
    limits[1:1] = limits_in_words(report.get("trained_on"), highest_hz=highest_hz, seconds=seconds)
    return _bullets(limits)


def _origin(report: Mapping[str, object], settings: Mapping[str, object]) -> str:
    collection, recipe, times = settings.get("collection") or {}, report["recipe"], report["times"]
    variants = "all in the folder" if recipe["train_variants"] is None else " ".join(recipe["train_variants"])
    rows = [
        f"Sounds: {report['collection']}",
        f"Licence of the sounds: {collection.get('licence') or 'none is stated; ask whoever recorded them'}",
        f"Please cite: {collection['citation']}" if collection.get("citation") else "",
        f"Augmentation, drawn afresh each epoch: {', '.join(recipe['augment']) or 'none'}",
        f"Variants trained on beside the originals: {variants or 'none'}",
        f"Training: {_schedule(report)}; {duration(times['train_seconds'])}, {times['images_seen']:,} images seen",
        f"Made with: {', '.join(f'{name} {version}' for name, version in report['versions'].items())}",
    ]
    return _bullets(
        [row for row in rows if row],
        f"All options are in `{run_folder.CONFIG}`, all figures in `{run_folder.REPORT}`, the course of training in "
        f"`{run_folder.CURVES}`.",
    )


def _schedule(report: Mapping[str, object]) -> str:
    recipe = report["recipe"]
    epochs = sorted({fold["epochs"] for fold in report["folds"]})
    passes = count(epochs[0], "epoch") if len(epochs) == 1 else f"{epochs[0]:,} to {epochs[-1]:,} epochs"
    rate = recipe["learning_rate"]
    return (
        f"{passes} (passes over the training images) in batches of {recipe['batch_size']}, at a learning rate that "
        f"rises{f' to {rate:g}' if rate else ''} and falls to 0, seed {recipe['seed']}"
    )


def _bullets(lines: list[str], after: str = "") -> str:
    return "\n".join(f"- {_escaped_but_code(line)}" for line in lines) + (f"\n\n{after}" if after else "")


def _escaped_but_code(text: str) -> str:
    """A sentence in which what stands in backticks stays code; no name of a stranger's becomes HTML by way of them."""
    parts = re.split(r"(`[^`\r\n<>&]*`)", text)
    return "".join(part if number % 2 else escaped(part) for number, part in enumerate(parts))
