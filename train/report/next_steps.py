"""What to do after a run, for its page: at most a few steps, each with its reason or its command."""

from __future__ import annotations

from collections.abc import Iterator

from generate.runtime.one_or_several import option_text
from generate.runtime.wording import count
from train.quality import QUALITIES
from train.recipe import NONE, Recipe
from train.report.report import Report
from train.wording import folds_in_words, percent

RUN, IMAGES = "{run}", "{images}"
"""Stand for the run's folder and that of its images in a command: a page knows where it lies, even if it was moved."""
HIGHER = {"standard": "Fine-tune all layers", "best": "Fine-tune a larger model, for longer"}
"""What a quality does more than the one before."""


def next_steps(report: Report) -> list[tuple[str, str]]:
    """Sentences, and a command or an empty text for each.

    Parameters
    ----------
    report : Report
    """
    return list(_steps(report))


def _steps(report: Report) -> Iterator[tuple[str, str]]:
    if report.is_leaky:
        yield (
            "Train again with a grouped split, which shows what new recordings would give:",
            f"python -m train {IMAGES}{_options(report.recipe)}",
        )
        return
    if report.folds_missing:
        left = count(len(report.folds_missing), "fold")
        folds = option_text("--folds", [folds_in_words(report.folds_missing)])
        yield f"Train the {left} left:", f"python -m train --resume {RUN} {folds}"
    if report.suspects and report.suspects.n_suspects:
        suspects, first = count(report.suspects.n_suspects, "label"), report.suspects.first
        yield f"Review {suspects} that may be wrong, first {first}:", f"python -m train.suspects {RUN}"
    tested = [(row.recall, row) for row in report.counted_classes if row.recall is not None and row.recall < 1]
    if tested:
        recall, worst = min(tested, key=lambda pair: pair[0])
        yield (
            f"Collect more recordings of {worst.label}, whose recall is the lowest: {percent(recall)}, tested on "
            f"{count(worst.n_recordings, 'recording')}. More clips of the same recordings do not help.",
            "",
        )
    if quality := _higher(report):
        yield f"{HIGHER[quality]}:", f"python -m train {IMAGES} --quality {quality}{_options(report.recipe)}"
    yield "Classify new recordings:", f"python -m train.predict {RUN} new.wav"


def _options(recipe: Recipe) -> str:
    """The options of the model and of the classes, variants and folds that differ from the defaults, quoted."""
    texts, default = [], Recipe(model=recipe.model)
    if recipe.model != Recipe.model:
        texts.append(f"--model {recipe.model}")
    if recipe.weights != default.weights:
        texts.append(option_text("--weights", [recipe.weights]))
    for name in ("classes", "leave_out", "train_variants"):
        if (values := getattr(recipe, name)) != getattr(default, name):
            texts.append(option_text(f"--{name.replace('_', '-')}", values or [NONE]))
    if recipe.ignore_folds:
        texts.append("--ignore-folds")
    if recipe.n_folds is not None:
        texts.append(f"--n-folds {recipe.n_folds}")
    return "".join(f" {text}" for text in texts)


def _higher(report: Report) -> str:
    """The next higher quality, for a recipe that is one of them; else empty."""
    recipe = report.recipe
    if recipe.weights != "imagenet" or recipe.epochs is not None:
        return ""
    if recipe.views == QUALITIES["fast"]["views"]:
        return "standard"
    standard = QUALITIES["standard"]
    return "best" if (recipe.model, recipe.views) == (standard["model"], standard["views"]) else ""
