"""SqueezeNet 1.1: AlexNet's accuracy with a fiftieth of its parameters."""

from __future__ import annotations

from keras import KerasTensor, layers

SQUEEZES = {3: 16, 4: 16, 6: 32, 7: 32, 9: 48, 10: 48, 11: 64, 12: 64}
"""Place of a fire module to the channels that it squeezes to; in the gaps, at 5 and 8, the map is halved."""


def squeezenet(x: KerasTensor) -> KerasTensor:
    """Eight fire modules; a feature map of 512 channels out.

    Layers are named as in torchvision.

    References
    ----------
    Iandola, F. N., and others. "SqueezeNet", 2016 (https://arxiv.org/abs/1602.07360), in its version 1.1;
    1,235,496 parameters with 1,000 classes.
    """
    x = layers.Conv2D(64, 3, strides=2, activation="relu", name="features.0")(x)
    x = _halved(x)
    for place, squeeze in SQUEEZES.items():
        x = _fire(_halved(x) if place in (6, 9) else x, squeeze, name=f"features.{place}")
    return x


def squeezenet_head(x: KerasTensor, n_classes: int, dropout: float) -> KerasTensor:
    """The classifier: a 1 x 1 convolution, then the mean over the map; logits, shape=(batch, n_classes)."""
    x = layers.Dropout(dropout)(x)
    x = layers.Conv2D(n_classes, 1, activation="relu")(x)
    return layers.GlobalAveragePooling2D()(x)


def _halved(x: KerasTensor) -> KerasTensor:
    """Maxima of 3 x 3 in steps of two; the last window may reach beyond the map, as in torchvision."""
    height, width = (size - 3 for size in x.shape[1:3])
    return layers.MaxPooling2D(3, strides=2)(layers.ZeroPadding2D(((0, height % 2), (0, width % 2)))(x))


def _fire(x: KerasTensor, squeeze: int, *, name: str) -> KerasTensor:
    x = layers.Conv2D(squeeze, 1, activation="relu", name=f"{name}.squeeze")(x)
    narrow = layers.Conv2D(4 * squeeze, 1, activation="relu", name=f"{name}.expand1x1")(x)
    wide = layers.Conv2D(4 * squeeze, 3, padding="same", activation="relu", name=f"{name}.expand3x3")(x)
    return layers.Concatenate()([narrow, wide])
