"""How much time the training of a pretrained model gets: `--quality`."""

from __future__ import annotations

from typing import Any

QUALITIES: dict[str, dict[str, Any]] = {
    "fast": {"views": 0, "input_size": 160},
    "standard": {"views": 20},
    "best": {"views": 40},
}
"""Options by name: `fast` fits the last layer alone, in smaller images; `standard` and `best` train every layer, and
show each clip so often. See docs/accuracy.md for what each gives."""
SIZED = "efficientnet_lite0"
"""The model of which `fast` sets the input size: at 160 x 160 its features take half the time, and a linear classifier
of them is as accurate on inner folds of ESC-10 (92.5 and 92.8 %; 400 clips, standard error 1.3 points). Others see
images of the size that they were pretrained with."""


def quality_values(quality: str, model: str) -> dict[str, Any]:
    """The options of a recipe that a quality stands for.

    Parameters
    ----------
    quality : str
        A key of `QUALITIES`.
    model : str
        A key of `train.models.registry.MODELS`.
    """
    return {name: value for name, value in QUALITIES[quality].items() if name != "input_size" or model == SIZED}
