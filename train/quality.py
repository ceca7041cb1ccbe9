"""How much time the training of a pretrained model gets: `--quality`."""

from __future__ import annotations

from typing import Any

QUALITIES: dict[str, dict[str, Any]] = {
    "fast": {"views": 0},
    "standard": {"views": 20},
    "best": {"views": 40, "input_size": 224, "unfreeze": "all"},
}
"""Options by name: `fast` fits the last layer alone; `best` shows each clip twice as often as `standard`, in images
twice as large, and trains every layer. See docs/accuracy.md for what each gives."""
SIZED = "efficientnet_lite0"
"""The model of which `best` sets the input size; others see images of the size that they were pretrained with."""


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
