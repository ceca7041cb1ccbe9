"""How figures and protocols are put in words, the same on the terminal, in the plots and in the model card."""

from __future__ import annotations

import math
from collections.abc import Iterable

from train.recipe import Recipe

LONGEST_NAME = 28
LEAKY_MEANS = "relatives of test images were trained on, so this figure does not hold on new sounds"


def percent(part: float | None) -> str:
    """Such as `92.5 %`; `-` for nothing."""
    return "-" if part is None or math.isnan(part) else f"{100 * part:.1f} %"


def listed(names: Iterable[str], *, most: int = 6) -> str:
    """Such as `a, b and 3 more`."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def shortened(name: str, *, longest: int = LONGEST_NAME) -> str:
    """The name on one line, its middle left out where it is too long."""
    name = " ".join(name.split())
    if len(name) <= longest:
        return name
    head = longest // 2
    return f"{name[:head]}…{name[len(name) - (longest - 1 - head) :]}"


def duration(seconds: float) -> str:
    """Such as `48 s`, `12 min`, `3.4 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def start_in_words(weights: str) -> str:
    """Where the model's weights came from."""
    if weights == "none":
        return "from scratch"
    if weights == "imagenet":
        return "from weights that were learnt on photographs (ImageNet)"
    return f"from the weights in {weights}"


def _whose_folds(recipe: Recipe) -> str:
    if recipe.ignore_folds:
        return "of whole recordings, drawn at random; the collection's own were skipped"
    return (
        "the collection's own, where it has some" if recipe.n_folds is None else "of whole recordings, drawn at random"
    )


def protocol_in_words(recipe: Recipe, *, leaky: bool) -> str:
    """How training and test were divided, in a few sentences for a reader who is new to this.

    Parameters
    ----------
    recipe : Recipe
    leaky : bool
        Whether relatives of what was tested were trained on, in any fold.
    """
    if recipe.protocol == "paper":
        division = (
            "LEAKY: all images, originals and variants, were put in one pot and divided at random, 80 % to train on "
            "and 20 % to test. Nearly every test image has a variant of itself among those trained on."
        )
    elif recipe.protocol == "random-clips":
        division = (
            "LEAKY: the clips were divided at random, 80 % to train on and 20 % to test, whatever their recording. "
            "Clips of one recording stand on both sides."
        )
    else:
        division = (
            f"The sounds are divided into folds ({_whose_folds(recipe)}). Each fold is the test once, for a model that "
            "was trained on the others. Only original sounds are tested; variants are trained on alone."
        )
        if leaky:
            division = (
                f"LEAKY: {division} Some recordings stand in two folds, and they were trained on even where they are "
                "tested (--keep-relatives)."
            )
        else:
            division += " No recording is on both sides: whatever was tested, the model had never heard."
    if recipe.select == "last":
        return division + " The weights after the last epoch of a fixed schedule are tested, so nothing is chosen."
    return division + " The epoch that is tested was chosen on sounds that are kept aside from training and test."
