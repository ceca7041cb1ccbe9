"""Which pretrained model is trained, and for how long: `--quality`."""

from __future__ import annotations

from typing import Any

QUALITIES: dict[str, dict[str, Any]] = {
    "fast": {"model": "efficientnet_lite0", "input_size": 160, "views": 0},
    "standard": {"model": "efficientnet_lite0", "views": 20},
    "best": {"model": "efficientnet_lite2", "input_size": 224, "views": 40},
}
"""Options by name: `fast` fits the last layer alone, in smaller images; `standard` and `best` train every layer, and
show each clip so often. All were chosen on inner folds of ESC-10; see docs/accuracy.md for what each gives."""


def quality_values(quality: str, model: str | None = None) -> dict[str, Any]:
    """The options of a recipe that a quality stands for.

    Parameters
    ----------
    quality : str
        A key of `QUALITIES`.
    model : str, optional
        The model that was asked for; default: that of the quality. Another one sees images of the size that it was
        pretrained with.

    Examples
    --------
    >>> quality_values("best")
    {'model': 'efficientnet_lite2', 'input_size': 224, 'views': 40}
    >>> quality_values("best", "resnet152")
    {'views': 40}
    """
    values = QUALITIES[quality]
    return dict(values) if model in (None, values["model"]) else {"views": values["views"]}
