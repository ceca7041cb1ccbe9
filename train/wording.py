"""Numbers, names and protocols in words: the same on the terminal, in the plots, in the model card and on the page."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence

from train.recipe import Recipe

LONGEST_NAME = 28
LEAKY_MEANS = (
    "test images have images of the same recording in training, so this accuracy does not hold for new recordings"
)
LEAKY_OR_GROUPED = {True: "leaky", False: "grouped"}
"""What a split is called, by `is_leaky`."""


def percent(fraction: float | None) -> str:
    """Such as `92.5 %`; `-` for None and NaN."""
    return "-" if fraction is None or math.isnan(fraction) else f"{100 * fraction:.1f} %"


def folds_in_words(folds: Sequence[str]) -> str:
    """Names of folds as `--folds` takes them, such as `1,3`; one that has a comma is in quotation marks."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(folds)
    return text.getvalue()


def shortened(name: str, *, longest: int = LONGEST_NAME) -> str:
    """The name on one line, with an ellipsis in its middle where it is too long."""
    name = " ".join(name.split())
    if len(name) <= longest:
        return name
    head = longest // 2
    return f"{name[:head]}…{name[len(name) - (longest - 1 - head) :]}"


def escaped(text: str) -> str:
    """Text that Markdown shows literally: a class may be named `<b>`, `a|b` or `*`."""
    text = re.sub(r"[\r\n\t]+", " ", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|#~$])", r"\\\1", text)


def duration(seconds: float) -> str:
    """Such as `48 s`, `12 min`, `3.4 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def start_in_words(weights: str) -> str:
    """The initial weights, after "trained"."""
    if weights == "none":
        return "from scratch"
    if weights == "imagenet":
        return "from ImageNet weights"
    return f"from the weights in {weights}"


def protocol_in_words(recipe: Recipe, *, is_leaky: bool) -> str:
    """How the images were divided into training and test, in a few sentences.

    Parameters
    ----------
    recipe : Recipe
    is_leaky : bool
        Whether, in any fold, images of one recording are in both training and test.
    """
    if recipe.protocol == "paper":
        division = (
            "LEAKY: all images, originals and variants, were pooled and split at random, 80 % for training and 20 % "
            "for the test. Nearly every test image has a variant of the same clip in training."
        )
    elif recipe.protocol == "random-clips":
        division = (
            "LEAKY: the clips were split at random, 80 % for training and 20 % for the test, regardless of their "
            "recording. Clips of one recording are in both training and test."
        )
    else:
        others = "the others" if recipe.select == "last" else "the others but one, the validation fold"
        division = (
            f"Cross-validation with {_folds_in_words(recipe)}. Each fold is the test set once, for a model trained on "
            f"{others}. Only original clips are tested; audio variants are used for training only."
        )
        if is_leaky:
            division = (
                f"LEAKY: {division} Some recordings are in two folds, and they were kept in training even where they "
                "are tested (--allow-recording-overlap)."
            )
        else:
            division += " No recording is in both training and test."
    if not recipe.fine_tunes:
        return division + " The last layer is fitted in one step: nothing was selected."
    if recipe.select == "last":
        tested = "The weights of the last epoch" if recipe.weights == "none" else "The mean weights of the last steps"
        return f"{division} {tested} of a fixed schedule are tested: nothing was selected."
    return division + " The tested epoch was selected on validation clips that are in neither training nor test."


def _folds_in_words(recipe: Recipe) -> str:
    if recipe.ignore_folds:
        return "random folds of whole recordings (the collection's own folds were ignored)"
    if recipe.n_folds is None:
        return "the collection's own folds, or random folds of whole recordings where it has none"
    return "random folds of whole recordings"
